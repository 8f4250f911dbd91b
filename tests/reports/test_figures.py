"""Figures draw what they are given: read back from the axes."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from mekiki.errors import DataError
from mekiki.reports.figures import confusion_figure, curves_figure, png_bytes, prediction_figure, save_png
from tests.reports.made_runs import make_evaluation, make_history, noise

JAPANESE = ["ストラトキャスター", "レスポール", "ジャガー"]
RANKED = [("Jaguar", 0.7), ("Mustang", 0.2), ("SG", 0.1)]


def line(figure, axes_label, line_label):
    (axes,) = [axes for axes in figure.axes if axes.get_label() == axes_label]
    (found,) = [line for line in axes.lines if line.get_label() == line_label]
    return found


def bars(figure):
    (axes,) = [axes for axes in figure.axes if axes.get_label() == "bars"]
    return axes


def is_red(colour):
    red, green, blue = to_rgb(colour[:3])
    return red > 0.6 and green < 0.4 and blue < 0.4


def is_blue(colour):
    red, green, blue = to_rgb(colour[:3])
    return blue > 0.5 and red < 0.3 and green < 0.5


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_curves_are_the_history() -> None:
    history = make_history(5)
    figure = curves_figure(history)
    validation = line(figure, "accuracy", "validation")
    assert list(validation.get_xdata()) == [0, 1, 2, 3, 4, 5]
    assert list(validation.get_ydata()) == [epoch.val_accuracy for epoch in history]
    assert list(line(figure, "loss", "training").get_ydata())[1:] == [epoch.train_loss for epoch in history[1:]]


def test_a_missing_or_infinite_value_leaves_a_gap() -> None:
    history = make_history(3)
    history[2] = replace(history[2], val_loss=math.nan, train_loss=math.inf)
    figure = curves_figure(history)
    assert math.isnan(line(figure, "loss", "training").get_ydata()[0])
    assert math.isnan(line(figure, "loss", "training").get_ydata()[2])
    assert math.isnan(line(figure, "loss", "validation").get_ydata()[2])
    assert png_bytes(figure, 40)


def test_the_best_snapshot_is_ringed_and_the_probe_is_named() -> None:
    figure = curves_figure(make_history(5))
    ring = line(figure, "accuracy", "best: 86.7 %")
    assert list(ring.get_xdata()) == [3]
    assert ring.get_ydata()[0] == pytest.approx(1 - 0.4 / 3)
    figure.canvas.draw()
    assert "probe" in [label.get_text() for label in figure.axes[0].get_xticklabels()]


@pytest.mark.parametrize("epochs", [[], make_history(0), make_history(1)[1:], make_history(300)])
@pytest.mark.parametrize("stacked", [False, True])
def test_curves_of_any_length_can_be_drawn(epochs, stacked) -> None:
    assert png_bytes(curves_figure(epochs, stacked=stacked), 40)


def test_curves_of_nothing_but_nan_can_be_drawn() -> None:
    nothing = [
        replace(epoch, val_loss=math.nan, val_accuracy=math.nan, train_loss=None, train_accuracy=None)
        for epoch in make_history(2)
    ]
    assert png_bytes(curves_figure(nothing), 40)


def test_the_counts_stand_in_the_confusion_matrix() -> None:
    figure = confusion_figure(make_evaluation("val", ["a", "b", "c"], [[5, 1, 0], [0, 7, 2], [3, 0, 9]]))
    cells = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in figure.axes[0].texts}
    assert cells == {(0, 0): "5", (0, 1): "1", (1, 1): "7", (1, 2): "2", (2, 0): "3", (2, 2): "9"}
    assert figure.axes[0].get_title(loc="left") == "val: 21 of 27 right"


def test_right_cells_are_blue_and_mistakes_red_by_their_share_of_the_row() -> None:
    figure = confusion_figure(make_evaluation("val", ["a", "b"], [[50, 50], [0, 2]]))
    colours = figure.axes[0].images[0].get_array()
    assert is_blue(colours[1, 1])
    assert colours[0, 1][0] > colours[0, 1][2]
    assert np.allclose(colours[1, 0][:3], 1)


def test_a_class_without_photos_can_be_drawn() -> None:
    assert png_bytes(confusion_figure(make_evaluation("val", ["a", "b"], [[5, 1], [0, 0]])), 40)


def test_a_crowded_matrix_has_names_but_no_counts() -> None:
    names = [f"class {number}" for number in range(100)]
    figure = confusion_figure(make_evaluation("test", names, np.eye(100, dtype=int).tolist()))
    assert not figure.axes[0].texts
    assert png_bytes(figure, 30)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == names


def test_names_with_dollars_line_ends_and_great_length_are_drawn_as_they_are() -> None:
    names = ["$\\frac$ and $x$", "two\nlines\tand\x07", "a" * 300, "a" * 150 + "b" + "a" * 149]
    figure = confusion_figure(make_evaluation("val", names, np.eye(4, dtype=int).tolist()))
    assert png_bytes(figure, 40)
    drawn = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "$\\frac$ and $x$" in drawn[0] and "two lines and" in drawn[1]
    assert len(set(drawn)) == 4, "two names that look alike when shortened are told apart"
    assert png_bytes(prediction_figure(noise(0, 20), [(name, 0.25) for name in names], names[2]), 40)


@pytest.mark.parametrize("fonts", ["installed", "none for Japanese"])
def test_japanese_names_give_no_warning_with_or_without_a_font_for_them(fonts, monkeypatch) -> None:
    if fonts != "installed":
        monkeypatch.setattr("mekiki.reports.fonts._OTHERS", ("DejaVu Sans",))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert png_bytes(confusion_figure(make_evaluation("val", JAPANESE, np.eye(3, dtype=int).tolist())), 40)
        assert png_bytes(prediction_figure(noise(0, 20), [(name, 0.3) for name in JAPANESE], JAPANESE[1]), 40)
    assert not caught


def test_the_predicted_bar_is_red_the_true_one_blue_and_others_grey() -> None:
    axes = bars(prediction_figure(noise(0, 20), RANKED, "Mustang"))
    predicted, true, other = (bar.get_facecolor() for bar in axes.patches)
    assert is_red(predicted) and is_blue(true)
    assert max(other[:3]) - min(other[:3]) < 0.1
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["predicted", "true"]


def test_a_right_prediction_is_red_with_a_blue_edge_and_says_so() -> None:
    axes = bars(prediction_figure(noise(0, 20), RANKED, "Jaguar"))
    assert is_red(axes.patches[0].get_facecolor()) and is_blue(axes.patches[0].get_edgecolor())
    assert axes.patches[0].get_linewidth() > 1
    assert not any(is_blue(bar.get_facecolor()) for bar in axes.patches)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["predicted = true"]


def test_bars_descend_and_bear_their_percentages() -> None:
    axes = bars(prediction_figure(noise(0, 20), RANKED[::-1], "SG"))
    assert [bar.get_width() for bar in axes.patches] == [0.7, 0.2, 0.1]
    assert texts(axes) == ["70.0 %", "20.0 %", "10.0 %"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Jaguar", "Mustang", "SG"]
    assert axes.yaxis_inverted()


def test_the_title_says_what_was_predicted_and_what_is_true() -> None:
    assert prediction_figure(noise(0, 20), [("X", 0.931)], "Y").get_suptitle() == "predicted X 93.1 % — true Y"
    assert prediction_figure(noise(0, 20), [("X", 0.931)], None).get_suptitle() == "predicted X 93.1 %"


def test_of_many_classes_the_true_one_is_always_drawn() -> None:
    ranked = [(f"c{number}", 0.3 / (number + 1)) for number in range(40)]
    axes = bars(prediction_figure(noise(0, 20), ranked, "c33"))
    assert len(axes.patches) == 11
    assert is_blue(axes.patches[-1].get_facecolor())


def test_a_true_class_outside_the_ranking_is_mentioned() -> None:
    axes = bars(prediction_figure(noise(0, 20), RANKED, "Explorer"))
    assert axes.get_legend().get_texts()[1].get_text() == "true: not among the ranked"


def test_the_heat_map_stands_beside_the_picture() -> None:
    picture = noise(0, 20)
    figure = prediction_figure(picture, RANKED, "SG", 255 - picture)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert np.array_equal(shown[0], picture) and np.array_equal(shown[1], 255 - picture)
    figure.canvas.draw()
    left, right = (axes.get_position() for axes in figure.axes if axes.images)
    assert left.x1 <= right.x0


def test_an_empty_ranking_is_refused() -> None:
    with pytest.raises(DataError, match="the ranking is empty"):
        prediction_figure(noise(0, 20), [], "SG")


def test_save_png_writes_a_whole_file_and_nothing_else(tmp_path: Path) -> None:
    save_png(curves_figure(make_history(2)), tmp_path / "new" / "curves.png", dpi=50)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["curves.png"]
    with Image.open(tmp_path / "new" / "curves.png") as image:
        assert (image.format, image.width) == ("PNG", 420)


def test_drawing_in_threads_gives_the_same_bytes_and_leaves_no_trace() -> None:
    before = dict(mpl.rcParams)
    alone = png_bytes(prediction_figure(noise(0, 20), RANKED, "SG"), 40)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: png_bytes(prediction_figure(noise(0, 20), RANKED, "SG"), 40), range(6)))
    assert set(together) == {alone}
    assert dict(mpl.rcParams) == before
