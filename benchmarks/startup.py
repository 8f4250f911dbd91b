"""How long a person waits before the first word: whole processes, interleaved, median of several.

    python benchmarks/startup.py

Goal: ``mekiki --help`` under half a second on 2 cores.
"""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import mekiki": [sys.executable, "-c", "import mekiki"],
    "mekiki --help": [sys.executable, "-m", "mekiki", "--help"],
    "mekiki train --help": [sys.executable, "-m", "mekiki", "train", "--help"],
}
ROUNDS = 9


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - began)
    for name, each in seconds.items():
        print(f"{name:22} median {statistics.median(each):.3f} s, {min(each):.3f} to {max(each):.3f} s")


if __name__ == "__main__":
    main()
