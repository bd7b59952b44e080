"""The confusion matrix."""

import re

import pytest

from engine import Value
from nn import History, Tanh
from nn.plot import (
    plot_confusion_matrix,
    plot_decision_regions,
    plot_histograms,
    plot_losses,
)
from tests.nn.plot.drawn import SQUARE

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib.colors import to_rgb


def cells(ax):
    """The numbers in the cells, by (row, column)."""
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts}


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_the_rows_of_a_confusion_matrix_are_true_and_its_columns_predicted(ax):
    plot_confusion_matrix([0, 0, 0, 1], [0, 1, 1, 1], ax)

    assert cells(ax) == {(0, 0): "1", (0, 1): "2", (1, 0): "0", (1, 1): "1"}
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    assert ax.get_title() == "Confusion matrix: 2 of 4 right"


def test_labels_name_the_classes_also_those_that_do_not_occur(ax):
    plot_confusion_matrix([0, 2], [0, 2], ax, labels=["cat", "dog", "fox"])

    assert ticks(ax.xaxis) == ticks(ax.yaxis) == ["cat", "dog", "fox"]
    assert len(cells(ax)) == 9


@pytest.mark.parametrize(
    ("y_true", "names"),
    [([3, 1, 3], ["1", "3"]), ([1.0, Value(0.0), 1], ["0", "1"]), (["b", "a", "b"], ["a", "b"])],
)
def test_without_labels_the_classes_that_occur_are_shown(y_true, names, ax):
    assert ticks(plot_confusion_matrix(y_true, y_true, ax).xaxis) == names


def test_outputs_of_a_number_for_each_class_count_as_a_prediction(ax):
    plot_confusion_matrix([0, 1], [[0.9, 0.1], [0.6, 0.4]], ax)

    assert cells(ax)[(1, 0)] == "1"


def contrast(one, other):
    """How many times brighter the one is than the other, as WCAG 2.1 has it: 1 to 21."""

    def luminance(color):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
        return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear))

    dark, bright = sorted([luminance(one) + 0.05, luminance(other) + 0.05])
    return bright / dark


def test_numbers_can_be_read_on_every_shade_from_none_to_all(ax):
    # Row i has i right ones: every share of the largest, 20, is the shade of a cell.
    y_true = [i for i in range(21) for _ in range(i)]
    image = plot_confusion_matrix(y_true, y_true, ax).images[0]
    shades = [image.cmap(image.norm(float(t.get_text())))[:3] for t in ax.texts]

    # 4.5 is WCAG's level AA for text of any size.
    assert min(contrast(to_rgb(t.get_color()), s) for t, s in zip(ax.texts, shades)) >= 4.5


@pytest.mark.parametrize(("classes", "each"), [(2, 5), (10, 50), (10, 5000), (20, 100)])
def test_numbers_stay_inside_their_cells(classes, each, ax):
    y_true = [i % classes for i in range(classes * each)]
    plot_confusion_matrix(y_true, y_true, ax).figure.draw_without_rendering()
    cell = ax.transData.transform((1, 0)) - ax.transData.transform((0, 0))

    assert max(t.get_window_extent().width for t in ax.texts) < cell[0]


def test_long_names_of_many_classes_are_turned_so_that_they_do_not_overlap(ax):
    names = [f"a long name {i}" for i in range(6)]
    plot_confusion_matrix([0], [0], ax, labels=names)

    assert {label.get_rotation() for label in ax.get_xticklabels()} == {45.0}


@pytest.mark.parametrize(
    ("arguments", "labels", "error", "message"),
    [
        (([0, 1], [0]), None, ValueError, "takes a prediction for each target, got 1 for 2"),
        (([], []), None, ValueError, "plot_confusion_matrix takes at least 1 prediction, got 0"),
        (([0], [0.3]), None, ValueError, "takes classes, got 0.3: classes(outputs) makes them"),
        ((0, [0]), None, TypeError, "plot_confusion_matrix takes lists of classes, got int 0"),
        (([0], "a"), None, TypeError, "plot_confusion_matrix takes lists of classes, got str 'a'"),
        (([0], [2]), ["a", "b"], ValueError, "there are labels for the classes 0 to 1, got 2"),
        ((["a"], ["a"]), ["a"], ValueError, "there are labels for the classes 0 to 0, got 'a'"),
        (([0], [0]), "ab", TypeError, "labels are a list of names, got str 'ab'"),
        (([0], [0]), 2, TypeError, "labels are a list of names, got int 2"),
        (([0], [0]), [], ValueError, "labels are the names of at least 1 class, got 0"),
    ],
)
def test_what_makes_no_confusion_matrix_is_refused(arguments, labels, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot_confusion_matrix(*arguments, labels=labels)


@pytest.mark.parametrize(
    "call",
    [
        lambda: plot_losses(History()),
        lambda: plot_histograms(Tanh()),
        lambda: plot_decision_regions(lambda x: float("nan"), SQUARE, [0, 0, 1, 1]),
        lambda: plot_confusion_matrix([], []),
    ],
)
def test_an_error_leaves_no_empty_figure_behind(call):
    from matplotlib import pyplot

    with pytest.raises(ValueError, match=r"no epochs|no parameters|gives nan|at least 1"):
        call()

    assert pyplot.get_fignums() == []
