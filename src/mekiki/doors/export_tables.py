"""What an export's proof looks like in a terminal."""

from __future__ import annotations

import json

from mekiki.doors.terminal import without_controls
from mekiki.records.exported import Parity


def show_parity(parity: Parity, as_json: bool) -> None:
    """Print how far an exported model says what the run says."""
    if as_json:
        print(json.dumps(parity.model_dump(), ensure_ascii=False))
        return
    print(f"{parity.to}, asked about the run's {parity.n:,} {parity.part} photos beside the run:")
    print(f"  same class            {parity.agreement:.2%}")
    if parity.unknown_agreement is not None:
        print(f"  same known/unknown    {parity.unknown_agreement:.2%}")
    worst = without_controls(parity.largest_at)
    print(f"  largest difference    {parity.largest_difference:.2g} of a probability, at {worst}")
    for name, share in (("run", parity.run_accuracy), (parity.to, parity.accuracy)):
        print(f"  right: {name:<15}{share.value:.1%} ({share.low:.1%} to {share.high:.1%})")
    if parity.alone is not None:
        print(f"  plain timm, its own preparation and one look: same class for {parity.alone:.1%}")
    if parity.engine_agreement is not None:
        print(f"  predict --engine      {parity.engine_agreement:.2%} the same class as the whole graph")
    if parity.speed is not None:
        print(
            f"  ms a picture          {parity.speed.int8_milliseconds:.1f}, in float32 "
            f"{parity.speed.float32_milliseconds:.1f}: {parity.speed.ratio:.2f} times as fast"
        )
