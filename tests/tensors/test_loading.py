import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError
from mekiki.records.card import Preprocessing
from mekiki.tensors.ahead import prepared_ahead
from mekiki.tensors.cache import PictureCache, list_kept, picture_name
from mekiki.tensors.geometry import square
from mekiki.tensors.loading import PhotoSet
from tests.conftest import draw_photo, write_photos

PREPROCESSING = Preprocessing(image_size=32, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
ORDER = [[3, 0, 7], [35, 1], [2]]  # 36 photos: draw 35 is the last photo, and so is 71


def photo_set(folder: Path, cache: PictureCache | None = None, margin: float = 1.25, size: int = 32) -> PhotoSet:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    labels = [sorted(path.name for path in folder.iterdir()).index(path.split("/")[0]) for path in paths]
    sha256s = [hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths]
    preprocessing = PREPROCESSING.model_copy(update={"image_size": size})
    return PhotoSet(folder, paths, labels, preprocessing, margin=margin, sha256s=sha256s, cache=cache)


def silent(line: str) -> None:
    raise AssertionError(line)


@pytest.fixture
def cache(tmp_path: Path) -> PictureCache:
    return PictureCache(tmp_path / "decoded", 10**9, silent)


@pytest.mark.parametrize("workers", [1, 4])
def test_pictures_do_not_depend_on_the_number_of_workers(shared_photos: Path, workers: int) -> None:
    alone = list(photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, workers=0))
    together = list(photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, workers=workers))
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first.pictures, second.pictures)
        np.testing.assert_array_equal(first.labels, second.labels)


def test_pictures_do_not_depend_on_the_batch_size(shared_photos: Path) -> None:
    whole = np.concatenate(
        [b.pictures for b in photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, 0)]
    )
    single = [[sample] for batch in ORDER for sample in batch]
    one_by_one = np.concatenate(
        [b.pictures for b in photo_set(shared_photos).augmented_batches(single, AugmentSettings(), 1, 2, 0)]
    )
    np.testing.assert_array_equal(whole, one_by_one)


def everything(photos: PhotoSet, workers: int) -> np.ndarray:
    """All pictures of two epochs and of the plain photos, so that each is read, kept and recalled."""
    mixed = AugmentSettings(preset="keras-2017+dust", mixup=0.4, cutmix=0.4)
    batches = [b for epoch in (1, 2) for b in photos.augmented_batches(ORDER, mixed, 1, epoch, workers)]
    return np.concatenate([b.pictures for b in (*batches, *photos.plain_batches(8, workers))])


@pytest.mark.parametrize("workers", [0, 1, 8])
@pytest.mark.parametrize("margin", [1.0, 1.25])
def test_pictures_are_the_same_with_and_without_the_cache(
    shared_photos: Path, cache: PictureCache, workers: int, margin: float, tmp_path: Path
) -> None:
    without = everything(photo_set(shared_photos, margin=margin), 0)
    for _ in range(2):
        np.testing.assert_array_equal(everything(photo_set(shared_photos, cache, margin), workers), without)
    assert len(list_kept(tmp_path / "decoded")) == 36


def test_what_is_kept_is_not_read_again(photos: Path, cache: PictureCache) -> None:
    chosen = photo_set(photos, cache)
    first = [batch.pictures for batch in chosen.plain_batches(8, 2)]
    shutil.rmtree(photos)
    for before, again in zip(first, chosen.plain_batches(8, 2), strict=True):
        np.testing.assert_array_equal(before, again.pictures)


def test_a_damaged_file_of_the_cache_is_made_anew(shared_photos: Path, cache: PictureCache, tmp_path: Path) -> None:
    expected = everything(photo_set(shared_photos, cache), 2)
    for kept in list_kept(tmp_path / "decoded"):
        Path(kept.path).write_bytes(b"mekiki 1" + bytes(500))
    np.testing.assert_array_equal(everything(photo_set(shared_photos, cache), 2), expected)
    assert all(kept.size > 1000 for kept in list_kept(tmp_path / "decoded"))


def test_the_folder_may_go_during_an_epoch(shared_photos: Path, cache: PictureCache, tmp_path: Path) -> None:
    settings = AugmentSettings()
    order = [[number] for number in range(36)] * 3
    expected = list(photo_set(shared_photos).augmented_batches(order, settings, 1, 1, 0))
    seen = []
    for number, batch in enumerate(photo_set(shared_photos, cache).augmented_batches(order, settings, 1, 1, 2)):
        if number % 20 == 10:
            shutil.rmtree(tmp_path / "decoded", ignore_errors=True)
        seen.append(batch)
    for before, now in zip(expected, seen, strict=True):
        np.testing.assert_array_equal(before.pictures, now.pictures)


def test_a_file_that_changed_since_the_scan_is_not_kept_under_its_old_name(
    photos: Path, cache: PictureCache, tmp_path: Path
) -> None:
    chosen = photo_set(photos, cache)
    (photos / "red" / "003.png").write_bytes((photos / "blue" / "003.png").read_bytes())
    number = chosen.paths.index("red/003.png")
    np.testing.assert_array_equal(chosen.plain(number), chosen.plain(chosen.paths.index("blue/003.png")))
    names = {Path(kept.path).name for kept in list_kept(tmp_path / "decoded")}
    assert names == {picture_name(chosen._sha256s[chosen.paths.index("blue/003.png")], 40, "letterbox", 1.1)}


def test_a_changed_photo_is_another_photo(photos: Path, cache: PictureCache) -> None:
    before = photo_set(photos, cache)
    number = before.paths.index("red/003.png")
    old = before.plain(number)
    (photos / "red" / "003.png").write_bytes((photos / "blue" / "003.png").read_bytes())
    assert (photo_set(photos, cache).plain(number) != old).any()


@pytest.mark.parametrize(("side", "kept"), [(39, 39), (40, 40), (44, 44), (45, 40), (80, 40)])
def test_a_photo_that_is_hardly_too_large_is_left_as_it_is(tmp_path: Path, side: int, kept: int) -> None:
    write_photos(tmp_path / "photos", 1, {"red": (200, 50, 40)})
    Image.fromarray(draw_photo((200, 50, 40), 0, side)).save(tmp_path / "photos" / "red" / "000.png")
    assert photo_set(tmp_path / "photos", margin=1.25).reduced(0).shape == (kept, kept, 3)


@pytest.mark.parametrize("training_first", [True, False])
def test_what_is_left_alone_for_training_is_not_taken_for_what_is_reduced(
    tmp_path: Path, cache: PictureCache, training_first: bool
) -> None:
    write_photos(tmp_path / "photos", 1, {"red": (200, 50, 40)})
    Image.fromarray(draw_photo((200, 50, 40), 0, 43)).save(tmp_path / "photos" / "red" / "000.png")
    training, other = photo_set(tmp_path / "photos", cache, 1.25), photo_set(tmp_path / "photos", cache, 1.0, 40)
    shapes = [photos.reduced(0).shape[0] for photos in ((training, other) if training_first else (other, training))]
    assert shapes == ([43, 40] if training_first else [40, 43])


MEASURE = """
import resource, sys
from pathlib import Path
from mekiki.config import AugmentSettings
from mekiki.tensors.cache import PictureCache
from tests.tensors.test_loading import photo_set
decoded, *folders = map(Path, sys.argv[1:])
for folder in folders:
    photos = photo_set(folder, PictureCache(decoded, 10**9, print), margin=20.0)
    for epoch in (1, 2):
        for batch in photos.augmented_batches([[n] for n in range(len(photos))], AugmentSettings(), 1, epoch, 2):
            pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is the system's own")
def test_memory_is_flat_however_many_photos_there_are(tmp_path: Path) -> None:
    """100 pictures of 1.2 MB would be 123 MB, were they held; 20 others before them show what one needs."""
    pixels = np.zeros((640, 640, 3), dtype=np.uint8)
    for folder, first, count in (("few", 0, 20), ("many", 20, 100)):
        (tmp_path / folder / "red").mkdir(parents=True)
        for number in range(first, first + count):
            pixels[0, 0] = number
            Image.fromarray(pixels).save(tmp_path / folder / "red" / f"{number:03}.png", compress_level=1)
    folders = [str(tmp_path / name) for name in ("decoded", "few", "many")]
    command = [sys.executable, "-c", MEASURE, *folders]
    run = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    few, many = (int(line) / 1024 for line in run.stdout.split())
    assert len(list_kept(tmp_path / "decoded")) == 120
    assert many - few < 30, (few, many)


def test_a_further_pass_shows_the_same_photo_otherwise(shared_photos: Path) -> None:
    (batch,) = photo_set(shared_photos).augmented_batches([[4, 4 + 36]], AugmentSettings(), 1, 1, 0)
    assert batch.labels[0] == batch.labels[1]
    assert (batch.pictures[0] != batch.pictures[1]).any()


def test_plain_batches_hold_every_photo_in_order(shared_photos: Path) -> None:
    photos = photo_set(shared_photos)
    batches = list(photos.plain_batches(batch_size=10, workers=2))
    assert [len(batch.labels) for batch in batches] == [10, 10, 10, 6]
    np.testing.assert_array_equal(np.concatenate([batch.labels for batch in batches]), photos.labels)


def test_with_a_margin_of_1_a_plain_photo_is_what_prediction_sees(shared_photos: Path) -> None:
    plain = photo_set(shared_photos, margin=1.0)
    for number in (0, 17, 35):
        seen = square(read_picture(shared_photos / plain.paths[number]), 32, "letterbox")
        np.testing.assert_array_equal(plain.plain(number), seen)


def test_a_photo_that_vanished_is_named(photos: Path) -> None:
    chosen = photo_set(photos)
    (photos / "red" / "003.png").unlink()
    with pytest.raises(DataError, match=r"003.png could be read when it was scanned and cannot now"):
        list(chosen.plain_batches(8, workers=2))


def test_opencv_threads_are_as_before(shared_photos: Path) -> None:
    before = cv2.getNumThreads()
    batches = photo_set(shared_photos).plain_batches(8, workers=2)
    next(batches)
    batches.close()
    assert cv2.getNumThreads() == before


def test_an_error_of_an_item_is_raised_at_its_group_and_work_is_not_unbounded() -> None:
    prepared = []

    def prepare(item: int) -> int:
        prepared.append(item)
        if item == 4:
            raise RuntimeError("four")
        return item

    groups = prepared_ahead([[n] for n in range(100)], prepare, workers=2)
    assert [next(groups)[1] for _ in range(4)] == [[0], [1], [2], [3]]
    with pytest.raises(RuntimeError, match="four"):
        next(groups)
    assert max(prepared) < 20


@pytest.mark.parametrize(
    "ranges", [{"preset": "sommelier"}, {"mixup": 0.4, "cutmix": 1.0}, {"preset": "keras-2017+dust"}]
)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_device_shows_what_the_threads_show_but_for_rounding(
    shared_photos: Path, ranges: dict[str, Any], workers: int
) -> None:
    settings = AugmentSettings(**ranges)
    one_by_one = list(photo_set(shared_photos).augmented_batches(ORDER, settings, 1, 2, workers=0))
    device = torch.device("cpu")
    batched = list(photo_set(shared_photos).augmented_batches(ORDER, settings, 1, 2, workers, device))
    for mine, theirs in zip(one_by_one, batched, strict=True):
        assert isinstance(theirs.pictures, torch.Tensor)
        assert np.abs(mine.array.astype(int) - theirs.array).mean() < 1.5
        for name in ("labels", "others", "shares"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))


@pytest.mark.parametrize("margin", [1.0, 1.25])
def test_at_another_size_it_is_as_if_made_so(shared_photos: Path, cache: PictureCache, margin: float) -> None:
    smaller = photo_set(shared_photos, cache, margin, size=32).at_size(24)
    assert smaller.at_size(24) is smaller
    made = photo_set(shared_photos, None, margin, size=24)
    for ours, theirs in zip(everything(smaller, 0), everything(made, 0), strict=True):
        np.testing.assert_array_equal(ours, theirs)
