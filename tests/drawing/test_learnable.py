"""The instrument names the class; colours, backgrounds and light do not."""

import cv2
import numpy as np
import pytest
from scipy.stats import f_oneway
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mekiki.drawing import GUITAR_MODELS, draw_guitar
from mekiki.drawing.instruments import draw_instrument, extent
from mekiki.drawing.looks import choose_look
from mekiki.drawing.models import MODELS
from mekiki.drawing.poses import choose_pose
from mekiki.seeds import stream

SEED, PER_CLASS, SIZE = 11, 18, 96
CHANCE = 1 / len(GUITAR_MODELS)
LABELS = np.repeat(np.arange(len(GUITAR_MODELS)), PER_CLASS)
TRAINED = np.tile(np.arange(PER_CLASS), len(GUITAR_MODELS)) < PER_CLASS * 2 // 3


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_guitar(model, SEED, n, SIZE) for model in GUITAR_MODELS for n in range(PER_CLASS)])


def turned_upright(picture: np.ndarray, model: str, number: int) -> np.ndarray:
    """The body's part of a drawing, 64 x 64, as it lies before its pose is drawn by lot."""
    look = choose_look(MODELS[model], stream(SEED, "guitar", model, number))
    pose = choose_pose(stream(SEED, "guitar pose", model, number), extent(MODELS[model], look), SIZE)
    to_mm = np.array([[9.5, 0, -304], [0, 10.5, -325], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(picture, pose.matrix @ to_mm, (64, 64), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def edges(picture: np.ndarray) -> np.ndarray:
    """How strong the edges of eight directions are in each of 8 x 8 cells."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength, direction = np.hypot(x, y), (np.arctan2(y, x) % np.pi * 8 / np.pi).astype(int) % 8
    cells = [np.where(direction == n, strength, 0).reshape(8, 8, 8, 8).sum((1, 3)) for n in range(8)]
    histogram = np.stack(cells, -1)
    return np.sqrt(histogram / (histogram.sum(-1, keepdims=True) + 20)).ravel()


def corners(picture: np.ndarray) -> np.ndarray:
    """Mean and spread of each colour in the four corners."""
    edge = SIZE // 10
    parts = [
        picture[rows, columns]
        for rows in (slice(edge), slice(-edge, None))
        for columns in (slice(edge), slice(-edge, None))
    ]
    return np.concatenate([np.concatenate([part.mean((0, 1)), part.std((0, 1))]) for part in parts])


def accuracy(features: np.ndarray, strength: float) -> float:
    """Accuracy on the later third of a linear classifier of the first two thirds."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
    model.fit(features[TRAINED], LABELS[TRAINED])
    return float(model.score(features[~TRAINED], LABELS[~TRAINED]))


def test_the_edges_of_the_instrument_name_the_class(pictures: np.ndarray) -> None:
    upright = [
        turned_upright(picture, GUITAR_MODELS[n // PER_CLASS], n % PER_CLASS) for n, picture in enumerate(pictures)
    ]
    assert accuracy(np.stack([edges(picture) for picture in upright]), 0.01) > 0.7


def test_the_corners_of_the_scene_do_not_name_the_class(pictures: np.ndarray) -> None:
    assert accuracy(np.stack([corners(picture) for picture in pictures]), 0.1) < 2.2 * CHANCE


def test_a_background_that_told_the_class_would_be_found(pictures: np.ndarray) -> None:
    tinted = pictures.copy()
    for picture, label in zip(tinted, LABELS, strict=True):
        picture[: SIZE // 10, : SIZE // 10] = [120 * (label // 3**power % 3) for power in range(3)]
    assert accuracy(np.stack([corners(picture) for picture in tinted]), 1.0) > 4 * CHANCE


def test_corner_colours_are_alike_in_all_classes(pictures: np.ndarray) -> None:
    levels = np.stack([corners(picture)[:3] for picture in pictures])
    for channel in range(3):
        groups = [levels[LABELS == label, channel] for label in range(len(GUITAR_MODELS))]
        assert f_oneway(*groups).pvalue > 0.002


def silhouette(name: str, number: int) -> np.ndarray:
    """Coverage of an upright instrument about its bridge, whatever it wears."""
    lots = stream(4, "silhouette", name, number)
    canvas = draw_instrument(MODELS[name], choose_look(MODELS[name], lots), 0.3, lots)
    sheet = np.zeros((390, 190), bool)
    left, top = np.rint((canvas.origin - (-300, -900)) * 0.3).astype(int)
    cover = canvas.pixels[..., 3] > 127
    sheet[top : top + cover.shape[0], left : left + cover.shape[1]] = cover
    return sheet


def test_the_silhouette_alone_names_the_model() -> None:
    templates = [(name, silhouette(name, number)) for name in GUITAR_MODELS for number in range(4)]
    for name in GUITAR_MODELS:
        for number in range(10, 12):
            shape = silhouette(name, number)
            overlap = [(shape & other).sum() / (shape | other).sum() for _, other in templates]
            assert templates[int(np.argmax(overlap))][0] == name
