from pathlib import Path

import cv2
import numpy as np
import pytest

from mekiki.config import AugmentSettings
from mekiki.data.pictures import read_picture
from mekiki.errors import DataError
from mekiki.records.card import Preprocessing
from mekiki.tensors.geometry import square
from mekiki.tensors.loading import PhotoSet, prepared_ahead

PREPROCESSING = Preprocessing(image_size=32, fit="letterbox", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
ORDER = [[3, 0, 7], [35, 1], [2]]  # 36 photos: draw 35 is the last photo, and so is 71


def photo_set(folder: Path, cache_megabytes: int = 1024, margin: float = 1.25) -> PhotoSet:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    labels = [sorted(path.name for path in folder.iterdir()).index(path.split("/")[0]) for path in paths]
    return PhotoSet(folder, paths, labels, PREPROCESSING, margin=margin, cache_megabytes=cache_megabytes)


@pytest.mark.parametrize("workers", [1, 4])
def test_pictures_do_not_depend_on_the_number_of_workers(shared_photos: Path, workers: int) -> None:
    alone = list(photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, workers=0))
    together = list(photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, workers=workers))
    for first, second in zip(alone, together, strict=True):
        np.testing.assert_array_equal(first.pictures, second.pictures)
        np.testing.assert_array_equal(first.labels, second.labels)


def test_pictures_do_not_depend_on_the_batch_size_or_the_cache(shared_photos: Path) -> None:
    whole = np.concatenate(
        [b.pictures for b in photo_set(shared_photos).augmented_batches(ORDER, AugmentSettings(), 1, 2, 0)]
    )
    single = [[sample] for batch in ORDER for sample in batch]
    uncached = photo_set(shared_photos, cache_megabytes=0)
    one_by_one = np.concatenate([b.pictures for b in uncached.augmented_batches(single, AugmentSettings(), 1, 2, 0)])
    np.testing.assert_array_equal(whole, one_by_one)


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


def test_the_cache_is_bounded(shared_photos: Path) -> None:
    photos = photo_set(shared_photos)
    photos._room = 3 * 40 * 40 * 3
    list(photos.plain_batches(8, 2))
    assert len(photos._kept) == 3


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
