"""Another library's augmentation, in a process of its own; called by ``augment.py``, which says what each does.

PYTHON benchmarks/augment_peers.py NAME FOLDER, then a line for each round on stdin: ``files 224`` or ``cache 224``. It
answers each with the seconds that one pass over all pictures took, in batches of 32, by one thread. FOLDER holds
``photos/all/*.jpg``, and for each size the same photos as ``SIZE.npy``, uint8 (n, SIZE, SIZE, 3).
"""

import functools
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from keras_2017 import CHANGES

BATCH = 32
Rounds = Callable[[str, int], Iterator[object]]


def in_batches(items: Sequence) -> Iterator[Sequence]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


@functools.cache
def decoded(folder: str, size: int) -> np.ndarray:
    return np.load(Path(folder, f"{size}.npy"))


def files(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder, "photos", "all").glob("*.jpg"))


def keras(folder: str) -> tuple[str, Rounds]:
    import keras as library
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(**CHANGES)

    @functools.cache
    def flow(source: str, size: int) -> object:
        if source == "cache":
            return generator.flow(decoded(folder, size), batch_size=BATCH, shuffle=False)
        shape = (size, size)
        return generator.flow_from_directory(
            Path(folder, "photos"), target_size=shape, class_mode=None, batch_size=BATCH, shuffle=False
        )

    def rounds(source: str, size: int) -> Iterator[object]:
        batches = flow(source, size)
        return (batches[number] for number in range(len(batches)))

    return library.__version__, rounds


def torchvision(folder: str) -> tuple[str, Rounds]:
    import torchvision as library
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms import v2

    change = v2.Compose(
        [
            v2.RandomAffine(45, (0.2, 0.2), (0.8, 1.2), interpolation=v2.InterpolationMode.BILINEAR),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
        ]
    )

    def rounds(source: str, size: int) -> Iterator[object]:
        if source == "cache":
            pictures = torch.from_numpy(decoded(folder, size)).permute(0, 3, 1, 2)
            return (torch.stack([change(picture) for picture in some]) for some in in_batches(pictures))
        resize = v2.Resize((size, size))
        return (
            torch.stack([change(resize(decode_jpeg(read_file(path), ImageReadMode.RGB))) for path in some])
            for some in in_batches(files(folder))
        )

    return library.__version__, rounds


def albumentations(folder: str) -> tuple[str, Rounds]:
    import albumentations as library

    change = library.Compose(
        [
            library.Affine(
                rotate=(-45, 45),
                translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
                scale={"x": (0.8, 1.2), "y": (0.8, 1.2)},
                border_mode=cv2.BORDER_REPLICATE,
                p=1,
            ),
            library.HorizontalFlip(),
            library.VerticalFlip(),
        ],
        seed=0,
    )

    def rounds(source: str, size: int) -> Iterator[object]:
        if source == "cache":
            pictures = decoded(folder, size)
            return (np.stack([change(image=picture)["image"] for picture in some]) for some in in_batches(pictures))

        def read(path: str) -> np.ndarray:
            return cv2.resize(cv2.imread(path, cv2.IMREAD_COLOR_RGB), (size, size))

        return (np.stack([change(image=read(path))["image"] for path in some]) for some in in_batches(files(folder)))

    return library.__version__, rounds


def kornia(folder: str) -> tuple[str, Rounds]:
    import kornia as library
    from kornia.augmentation import AugmentationSequential, RandomAffine, RandomHorizontalFlip, RandomVerticalFlip

    change = AugmentationSequential(
        RandomAffine(45, (0.2, 0.2), (0.8, 1.2, 0.8, 1.2), padding_mode="border", p=1),
        RandomHorizontalFlip(),
        RandomVerticalFlip(),
        data_keys=["input"],
    )

    def floats(pictures: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255

    def rounds(source: str, size: int) -> Iterator[object]:
        if source == "cache":
            return (change(floats(some)) for some in in_batches(decoded(folder, size)))

        def read(path: str) -> np.ndarray:
            return cv2.resize(cv2.imread(path, cv2.IMREAD_COLOR_RGB), (size, size))

        return (change(floats(np.stack([read(path) for path in some]))) for some in in_batches(files(folder)))

    return library.__version__, rounds


def main() -> None:
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    name, folder = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries talk
    peers = {"keras": keras, "torchvision": torchvision, "albumentations": albumentations, "kornia": kornia}
    version, rounds = peers[name](folder)
    print(json.dumps(version), file=answers, flush=True)
    for line in sys.stdin:
        source, size = line.split()
        began = time.perf_counter()
        for _ in rounds(source, int(size)):
            pass
        print(json.dumps(time.perf_counter() - began), file=answers, flush=True)


if __name__ == "__main__":
    main()
