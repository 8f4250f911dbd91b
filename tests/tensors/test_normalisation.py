"""Each normalisation is Keras', measured on the training photos alone, and never anything but finite numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from mekiki.config import NormaliseSettings, build
from mekiki.errors import DataError, SettingsError
from mekiki.progress import Silent
from mekiki.records.card import Preprocessing
from mekiki.tensors.fitting import LevelCounts, fit_normaliser
from mekiki.tensors.loading import PhotoSet
from mekiki.tensors.normalisation import Normaliser
from mekiki.tensors.whitening import most_photos
from tests.tensors.keras.differences import read_goldens
from tests.tensors.keras_numpy import KerasNumpy

SIZE = 8
WEIGHTS = Preprocessing(image_size=SIZE, fit="squash", mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
KINDS = [
    "none",
    "samplewise_center",
    "samplewise_center,samplewise_std_normalization",
    "featurewise_center",
    "featurewise_center,featurewise_std_normalization",
    "featurewise_center,zca_whitening",
]


def pictures(n: int, seed: int = 0, size: int = SIZE) -> np.ndarray:
    """Pictures with brightness, colour and detail, so that no two normalisations agree on them."""
    numbers = np.random.default_rng(seed)
    base = numbers.uniform(30, 200, (n, 1, 1, 3)) + numbers.normal(0, 25, (n, size, size, 3))
    return np.clip(base, 0, 255).round().astype(np.uint8)


def photo_set(folder: Path, content: np.ndarray, preprocessing: Preprocessing = WEIGHTS) -> PhotoSet:
    folder.mkdir(parents=True)
    for number, picture in enumerate(content):
        Image.fromarray(picture).save(folder / f"{number:03}.png")
    paths = [f"{number:03}.png" for number in range(len(content))]
    return PhotoSet(folder, paths, [0] * len(content), preprocessing)


def fitted(photos: PhotoSet, names: str, seed: int = 0, batch_size: int = 7, epsilon: float = 1e-6) -> Normaliser:
    values = {"normalise": names} | ({"zca_epsilon": epsilon} if epsilon != 1e-6 else {})
    settings = build(NormaliseSettings, values)
    return fit_normaliser(settings, photos.preprocessing, photos, seed, batch_size, 0, Silent())


@pytest.mark.parametrize("names", KINDS)
@pytest.mark.parametrize("count", [20, 300])
def test_every_kind_is_kerass(tmp_path: Path, names: str, count: int) -> None:
    """20 photos span 20 of the 192 dimensions, and 300 span all of them."""
    content = pictures(count)
    normaliser = fitted(photo_set(tmp_path / "photos", content), names, epsilon=1e-3 if "zca" in names else 1e-6)
    keras = KerasNumpy(names.split(","), 1e-3 if "zca" in names else 1e-6, np.float64).fit(content)
    for batch in (content, pictures(12, seed=1)):
        expected = np.stack([keras.standardize(picture) for picture in batch])
        got = normaliser(batch).permute(0, 2, 3, 1).numpy()
        assert np.abs(expected).max() > 0.3
        np.testing.assert_allclose(got, expected, atol=3e-5 * max(1, np.abs(expected).max()), rtol=0)


@pytest.mark.parametrize(
    ("title", "names", "levels"),
    [
        ("samplewise_center", "samplewise_center", 255),
        ("samplewise std", "samplewise_std_normalization", 1),
        ("featurewise_center", "featurewise_center", 255),
        ("featurewise std, rescaled", "featurewise_std_normalization", 1),
        ("zca", "zca_whitening", 1),
        ("zca, epsilon 0.1", "zca_whitening", 1),
    ],
)
def test_keras_itself_agrees(tmp_path: Path, title: str, names: str, levels: int) -> None:
    """The goldens were made with Keras; those that only centre are in grey levels."""
    goldens = read_goldens()
    content, keras = goldens["tiny"], goldens[f"standardised/{title}"]
    preprocessing = WEIGHTS.model_copy(update={"image_size": content.shape[1]})
    photos = photo_set(tmp_path / "photos", content, preprocessing)
    normaliser = fitted(photos, names, epsilon=0.1 if "0.1" in title else 1e-6)
    got = normaliser(content[: len(keras)]).permute(0, 2, 3, 1).numpy() * levels
    np.testing.assert_allclose(got, keras, rtol=1e-3, atol=1e-3 * np.abs(keras).max())


def test_kerass_own_float32_agrees_too(tmp_path: Path) -> None:
    content = pictures(40)
    normaliser = fitted(photo_set(tmp_path / "photos", content), "zca_whitening")
    keras = KerasNumpy(("featurewise_center", "zca_whitening")).fit(content)
    expected = np.stack([keras.standardize(picture) for picture in content])
    np.testing.assert_allclose(normaliser(content).permute(0, 2, 3, 1).numpy(), expected, atol=2e-3, rtol=0)


def test_the_weights_and_imagenets_numbers(tmp_path: Path) -> None:
    photos = photo_set(tmp_path / "photos", pictures(4))
    batch = pictures(5)
    for names, mean, std in (
        ("weights", WEIGHTS.mean, WEIGHTS.std),
        ("imagenet", IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD),
    ):
        normaliser = fitted(photos, names)
        assert (normaliser.preprocessing.mean, normaliser.preprocessing.std) == (mean, std)
        expected = (batch / 255 - np.array(mean)) / np.array(std)
        np.testing.assert_allclose(normaliser(batch).permute(0, 2, 3, 1), expected, atol=1e-5)


def test_what_needs_no_measuring_opens_no_photo(tmp_path: Path) -> None:
    nowhere = PhotoSet(tmp_path, ["gone.png"], [0], WEIGHTS)
    for names in ("weights", "imagenet", "none", "samplewise_std_normalization"):
        assert fitted(nowhere, names).preprocessing.normalise[0].startswith(names.split("_")[0])
    with pytest.raises(DataError, match=r"gone.png could be read when it was scanned and cannot now"):
        fitted(nowhere, "featurewise_center")


@pytest.mark.parametrize("names", KINDS)
def test_a_plain_picture_and_a_black_one_stay_finite(tmp_path: Path, names: str) -> None:
    normaliser = fitted(photo_set(tmp_path / "photos", pictures(10)), names)
    for level in (0, 1, 77, 255):
        out = normaliser(np.full((2, SIZE, SIZE, 3), level, np.uint8))
        assert out.isfinite().all()
        if names.startswith("samplewise"):
            assert out.abs().max() < 0.2, "a plain picture has nothing to show"


@pytest.mark.parametrize("names", ["weights", *KINDS])
def test_arrays_and_tensors_of_any_kind_and_order_give_the_same(tmp_path: Path, names: str) -> None:
    normaliser = fitted(photo_set(tmp_path / "photos", pictures(10)), names)
    batch = pictures(6, seed=3)
    expected = normaliser(batch)
    assert (expected.dtype, expected.shape) == (torch.float32, (6, 3, SIZE, SIZE))
    planes = torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    for given in (torch.from_numpy(batch), torch.from_numpy(batch).float(), torch.from_numpy(batch).double(), planes):
        before = given.clone()
        out = normaliser(given)
        torch.testing.assert_close(out, expected, atol=1e-5, rtol=1e-5)
        assert out.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(given, before)
    one_by_one = torch.cat([normaliser(batch[number : number + 1]) for number in range(6)])
    torch.testing.assert_close(one_by_one, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("names", ["weights", *KINDS])
def test_it_stays_in_float32_where_the_network_does_not(tmp_path: Path, names: str) -> None:
    normaliser = fitted(photo_set(tmp_path / "photos", pictures(10)), names)
    batch = pictures(6, seed=3)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(normaliser(batch), normaliser(batch.copy()))
        inside = normaliser(batch)
    assert torch.equal(inside, normaliser(batch))


@pytest.mark.parametrize("names", ["weights", *KINDS])
def test_it_can_be_exported(tmp_path: Path, names: str) -> None:
    normaliser = fitted(photo_set(tmp_path / "photos", pictures(10)), names)
    batch = torch.from_numpy(pictures(6, seed=3))
    program = torch.export.export(normaliser, (batch,), dynamic_shapes=({0: torch.export.Dim("n", min=2, max=64)},))
    other = torch.from_numpy(pictures(4, seed=4))
    torch.testing.assert_close(program.module()(other), normaliser(other), atol=1e-5, rtol=1e-5)


def test_levels_are_counted_without_rounding_however_they_come() -> None:
    content = pictures(33)
    whole, parts = LevelCounts(), LevelCounts()
    whole.add(content)
    for start in range(0, 33, 5):
        parts.add(content[start : start + 5])
    exact = content.reshape(-1, 3).astype(np.float64) / 255
    assert parts.mean() == whole.mean() == pytest.approx(exact.mean(0), rel=1e-12)
    assert parts.std() == whole.std() == pytest.approx(exact.std(0), rel=1e-12)


def test_a_tiny_spread_on_a_bright_ground_is_not_lost() -> None:
    """The textbook case in which mean(x²) - mean(x)² in float32 is rounding alone."""
    content = np.full((400, 50, 50, 3), 254, np.uint8)
    content[:, 0, 0] = 255
    counts = LevelCounts()
    counts.add(content)
    share = 1 / 2500
    assert counts.std() == pytest.approx([np.sqrt(share * (1 - share)) / 255] * 3, rel=1e-12)


@pytest.mark.parametrize("names", KINDS[3:])
def test_the_fit_does_not_depend_on_batches_or_threads(tmp_path: Path, names: str) -> None:
    photos = photo_set(tmp_path / "photos", pictures(30))
    one, other = fitted(photos, names, batch_size=4), fitted(photos, names, batch_size=64)
    threaded = fit_normaliser(build(NormaliseSettings, {"normalise": names}), WEIGHTS, photos, 0, 5, 3, Silent())
    for again in (other, threaded):
        assert again.preprocessing == one.preprocessing
        for name, tensor in one.state_dict().items():
            assert torch.equal(tensor, again.state_dict()[name])


def test_a_whitening_of_many_photos_rests_on_a_seeded_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = pictures(60)
    photos = photo_set(tmp_path / "photos", content)
    monkeypatch.setattr("mekiki.tensors.whitening.MOST_PHOTOS", 25)
    first, again, other = (fitted(photos, "zca_whitening", seed) for seed in (1, 1, 2))
    assert first.preprocessing.zca_components == 25
    assert torch.equal(first.basis, again.basis)
    assert not torch.equal(first.basis, other.basis)
    assert first.preprocessing.mean == pytest.approx(content.mean((0, 1, 2)) / 255), "the mean is that of all photos"
    spans = [np.linalg.norm(first.basis.numpy().T @ (p.ravel() / 255 - np.tile(first.preprocessing.mean, 64))) for p in content]  # fmt: skip
    whole = [np.linalg.norm(p.ravel() / 255 - np.tile(first.preprocessing.mean, 64)) for p in content]
    assert sum(np.isclose(spans, whole, rtol=1e-4)) == 25, "25 photos lie in the span, and no others"


def test_the_bound_keeps_the_file_small() -> None:
    assert [most_photos(size) for size in (32, 96, 160, 224, 256)] == [2048, 1213, 436, 222, 170]
    assert all(3 * size**2 * most_photos(size) * 4 <= 128 * 2**20 for size in range(16, 257))


def test_pictures_too_large_to_whiten_are_refused(tmp_path: Path) -> None:
    photos = PhotoSet(tmp_path, ["a.png"], [0], WEIGHTS.model_copy(update={"image_size": 320}))
    with pytest.raises(
        SettingsError, match=r"of 320 px pictures: each has 307,200 numbers.*256 px\nhint: --image-size"
    ):
        fitted(photos, "zca_whitening")


def test_photos_without_any_spread_are_refused(tmp_path: Path) -> None:
    grey = pictures(6)
    grey[..., 2] = 90
    with pytest.raises(DataError, match=r"that of blue is 0.0000; expected at least 0.001\nhint: --normalise featurew"):
        fitted(photo_set(tmp_path / "grey", grey), "featurewise_std_normalization")
    plain = np.full((5, SIZE, SIZE, 3), 120, np.uint8)
    with pytest.raises(DataError, match=r"all of one plain colour\nhint: --normalise weights"):
        fitted(photo_set(tmp_path / "plain", plain), "zca_whitening")


def test_a_whitening_without_its_factors_is_a_programming_error() -> None:
    whitened = WEIGHTS.model_copy(update={"normalise": ("featurewise_center", "zca_whitening"), "zca_components": 3})
    with pytest.raises(ValueError, match="a whitening goes with zca_whitening"):
        Normaliser(whitened)
