"""How many planted copies are found, and how many look-alikes are taken for copies.

    python benchmarks/copies.py PHOTOS [--half first|second|all] [--rounds 3] [--sheets FOLDER]

In each round every photo gets one copy of some kind (``planting.py``); originals and copies are then compared
together, so that each copy must be told from all look-alikes. Recall is the share of copies that are paired with
their own original. A pair of two photos that are not one photo is false. Photos that were copies of each other
before anything was planted count as one photo if ``copies_judged.csv`` says so, where each pair was looked at by
eye ("same": one photograph, changed by software; "different": anything else, also the same object photographed
twice). A pair that nobody judged counts as false; ``--sheets`` draws those side by side, to be judged.

The bounds were chosen on the first half of the guitar photos (``--half first``). Goal: recall and precision at
least 0.98.
"""

import argparse
import io
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from planting import HARDER, KINDS, planted

from mekiki.config import ScanSettings
from mekiki.data.copies.duplicates import Groups, Pair, near_pairs
from mekiki.data.copies.hashing import Sketch, sha256_of, sketch
from mekiki.data.pictures import PICTURE_ENDINGS, decode
from mekiki.records.tables import read_rows
from mekiki.scoring.intervals import wilson
from mekiki.seeds import stream

JUDGED = Path(__file__).with_name("copies_judged.csv")
ALL_KINDS = [*KINDS, *HARDER]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen by eye: two photos (folder/name) are one ("same") or not ("different")."""

    first: str
    second: str
    verdict: str


@dataclass
class Tally:
    """What is counted over all rounds."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    likeness: Counter[str] = field(default_factory=Counter)
    false_with_copy: int = 0
    natural: dict[tuple[int, int], float] = field(default_factory=dict)
    false_pairs: dict[tuple[int, int], float] = field(default_factory=dict)
    seconds_sketching: float = 0.0
    seconds_comparing: float = 0.0
    compared: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--half", choices=["first", "second", "all"], default="second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--near-similarity", type=float, default=ScanSettings().near_similarity)
    given = parser.parse_args()
    names = chosen_photos(given.photos, given.half)
    contents = [(given.photos / name).read_bytes() for name in names]
    groups, judged = families(names, contents)
    tally = Tally()
    originals = [sketch(decode(content, at_least=128)[0]) for content in contents]
    for number in range(given.rounds):
        one_round(number, contents, originals, groups, given.near_similarity, tally)
    report(given, names, groups, judged, tally)
    if given.sheets is not None:
        unjudged = [pair for pair in sorted(tally.false_pairs, key=lambda pair: -tally.false_pairs[pair]) if
                    frozenset((names[pair[0]], names[pair[1]])) not in judged]  # fmt: skip
        draw_sheets(given.sheets, names, contents, unjudged, tally)


def chosen_photos(root: Path, half: str) -> list[str]:
    """Return the photos below a folder as folder/name, one of two halves drawn by name, or all."""
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS)
    names = [path.relative_to(root).as_posix() for path in paths]
    if half != "all":
        names = [
            name for name in names if (stream(0, "half", *name.rsplit("/", 1)).random() < 0.5) == (half == "first")
        ]
    if not names:
        raise SystemExit(f"no photos below {root}")
    return names


def families(names: list[str], contents: list[bytes]) -> tuple[Groups, dict[frozenset[str], str]]:
    """Join the originals that are one photo: the same bytes, or judged so."""
    groups, seen = Groups(len(names)), dict[str, int]()
    for index, content in enumerate(contents):
        groups.join(seen.setdefault(sha256_of(content), index), index)
    places = {name: index for index, name in enumerate(names)}
    judged = {}
    for row in read_rows(JUDGED, Verdict):
        judged[frozenset((row.first, row.second))] = row.verdict
        if row.verdict == "same" and row.first in places and row.second in places:
            groups.join(places[row.first], places[row.second])
    return groups, judged


def one_round(
    number: int, contents: list[bytes], originals: list[Sketch], groups: Groups, near_similarity: float, tally: Tally
) -> None:
    count = len(originals)
    kinds = [ALL_KINDS[(index + 7 * number) % len(ALL_KINDS)] for index in range(count)]
    copies = []
    for index, (content, kind) in enumerate(zip(contents, kinds, strict=True)):
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        copy = decode(planted(picture, kind, stream(1, kind, index)), at_least=128)[0]
        began = time.perf_counter()
        copies.append(sketch(copy))
        tally.seconds_sketching += time.perf_counter() - began
    began = time.perf_counter()
    pairs = [
        pair
        for _, found in near_pairs([*originals, *copies], near_similarity, ScanSettings().near_exact)
        for pair in found
    ]
    tally.seconds_comparing += time.perf_counter() - began
    tally.compared += 2 * count
    tally.planted.update(kinds)
    for pair in pairs:
        count_pair(pair, kinds, groups, tally)


def count_pair(pair: Pair, kinds: list[str], groups: Groups, tally: Tally) -> None:
    count = len(kinds)
    one, other = sorted((pair.first % count, pair.second % count))
    if one == other:
        tally.found[kinds[one]] += 1
        tally.likeness[pair.likeness] += 1
    elif pair.second < count:
        tally.natural[one, other] = pair.similarity
    if groups.first_of(one) != groups.first_of(other):
        tally.false_with_copy += pair.second >= count
        tally.false_pairs[one, other] = max(pair.similarity, tally.false_pairs.get((one, other), 0.0))


def report(
    given: argparse.Namespace, names: list[str], groups: Groups, judged: dict[frozenset[str], str], tally: Tally
) -> None:
    print(f"{given.photos.name}, {given.half} half: {len(names)} photos, {given.rounds} rounds, similarity from "
          f"{given.near_similarity}")  # fmt: skip
    for kind in ALL_KINDS:
        print(f"  {'(harder) ' if kind in HARDER else ''}{kind:33} {shown(tally.found[kind], tally.planted[kind])}")
    for title, kinds in (("recall, all kinds", list(KINDS)), ("recall, harder kinds", list(HARDER))):
        found, all_planted = (sum(counts[kind] for kind in kinds) for counts in (tally.found, tally.planted))
        print(f"{title:28} {shown(found, all_planted)}")
    found = sum(tally.found.values())
    print(f"{'precision, planted pairs':28} {shown(found, found + tally.false_with_copy)}")
    same = sum(groups.first_of(one) == groups.first_of(other) for one, other in tally.natural)
    print(f"{'precision, natural pairs':28} {shown(same, len(tally.natural)) if tally.natural else 'none found'}")
    unjudged = sum(frozenset((names[one], names[other])) not in judged for one, other in tally.false_pairs)
    print(f"{'false pairs of originals':28} {len(tally.false_pairs)}, of which {unjudged} were judged by nobody")
    chained = Groups(len(names))
    for one, other in tally.natural:
        chained.join(one, other)
    print(f"{'largest group of originals':28} {max(map(len, chained.members().values()), default=1)} photos")
    print(f"sketching {tally.seconds_sketching / (tally.compared / 2) * 1e3:.3f} ms a photo; comparing "
          f"{tally.seconds_comparing / given.rounds:.1f} s for {tally.compared // given.rounds} photos")  # fmt: skip


def shown(part: int, whole: int) -> str:
    share = wilson(part, whole)
    return f"{share.value:.4f} [{share.low:.4f}, {share.high:.4f}]  {part} of {whole}"


def draw_sheets(
    folder: Path, names: list[str], contents: list[bytes], pairs: list[tuple[int, int]], tally: Tally
) -> None:
    """Draw pairs side by side, 12 on a sheet, and list them as rows to fill in."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 300
    for start in range(0, len(pairs), 12):
        sheet = Image.new("RGB", (3 * (2 * size + 12), 4 * (size + 16)), "red")
        draw = ImageDraw.Draw(sheet)
        for place, pair in enumerate(pairs[start : start + 12]):
            x, y = place % 3 * (2 * size + 12), place // 3 * (size + 16)
            for side, index in enumerate(pair):
                picture = Image.open(io.BytesIO(contents[index])).convert("RGB")
                sheet.paste(picture.resize((size, size)), (x + side * size, y + 14))
            draw.text(
                (x, y), f"{start + place}: {names[pair[0]]} {names[pair[1]]} {tally.false_pairs[pair]:.3f}", "white"
            )
        sheet.save(folder / f"unjudged-{start // 12:02}.png")
    rows = "".join(f"{names[one]},{names[other]},\n" for one, other in pairs)
    (folder / "unjudged.csv").write_text("first,second,verdict\n" + rows, encoding="utf-8")
    print(f"{len(pairs)} pairs to judge: {np.ceil(len(pairs) / 12):.0f} sheets in {folder}")


if __name__ == "__main__":
    main()
