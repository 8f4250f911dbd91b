"""Another tool on a folder of pictures, in a process of its own: pictures per second. Called by ``scan.py``.

PYTHON benchmarks/peers.py imagededup FOLDER
"""

import contextlib
import io
import sys
import time
from pathlib import Path


def imagededup(folder: str) -> str:
    from imagededup.methods import PHash

    method = PHash(verbose=False)
    hashes = method.encode_images(image_dir=folder, recursive=True)
    method.find_duplicates(encoding_map=hashes)
    return "perceptual hashes and their duplicates"


def cleanvision(folder: str) -> str:
    from cleanvision import Imagelab

    lab = Imagelab(data_path=folder)
    lab.find_issues(verbose=False)
    return "all its checks"


def main() -> None:
    name, folder = sys.argv[1:]
    count = sum(1 for _ in Path(folder).rglob("*.jpg"))
    began = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            what = {"imagededup": imagededup, "cleanvision": cleanvision}[name](folder)
    except ImportError as error:
        print(f"not installed: {error}")
        return
    seconds = time.perf_counter() - began
    print(f"{count / seconds:10,.0f} /s  {what}, start included")


if __name__ == "__main__":
    main()
