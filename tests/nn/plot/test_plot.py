"""The plots: what they show, on which axes, and what they refuse. Nothing here opens a window."""

import random
import re
import sys

import pytest

from engine import Value
from nn import MLP, SGD, Dropout, History, Linear, Module, Sequential, Tanh, data, fit
from nn.plot import (
    plot_confusion_matrix,
    plot_decision_regions,
    plot_decision_surface,
    plot_histograms,
    plot_learning_rate,
    plot_loss,
    plot_losses,
)

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


def history_of(*epochs):
    history = History()
    history.epochs += epochs
    return history


def right_of_the_middle(x):
    """A model of one output: a logit that is 0 where input 0 is 0.5."""
    return Value(x[0]) - 0.5


# Each plot with something it can draw.
DRAWN = {
    "loss": lambda ax=None: plot_loss([0.5, 0.2, 0.1], ax),
    "losses": lambda ax=None: plot_losses(history_of({"loss": 0.5, "val_loss": 0.6}), ax),
    "learning_rate": lambda ax=None: plot_learning_rate(history_of({"loss": 1.0, "lr": 0.1}), ax),
    "histograms": lambda ax=None: plot_histograms(MLP(2, [3, 1], rng=random.Random(0)), ax),
    "surface": lambda ax=None: plot_decision_surface(right_of_the_middle, SQUARE, [0, 0, 1, 1], ax),
    "regions": lambda ax=None: plot_decision_regions(
        right_of_the_middle, SQUARE, [0, 0, 1, 1], ax, 5
    ),
    "confusion": lambda ax=None: plot_confusion_matrix([0, 1, 1], [0, 1, 0], ax),
}
every_plot = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


# ---- all of them ----


@every_plot
def test_a_plot_is_drawn_on_the_axes_it_is_given(draw, ax):
    assert draw(ax) is ax
    assert ax.has_data()


@every_plot
def test_a_plot_has_a_title_and_names_both_axes(draw, ax):
    draw(ax)

    assert all([ax.get_title(), ax.get_xlabel(), ax.get_ylabel()])


@every_plot
def test_a_plot_makes_a_figure_where_none_is_given(draw):
    from matplotlib import pyplot

    pyplot.switch_backend("agg")
    made = draw()

    assert pyplot.get_fignums() == [made.figure.number]
    pyplot.close(made.figure)


@every_plot
def test_a_plot_can_be_written_as_svg(draw, ax, tmp_path):
    draw(ax).figure.savefig(tmp_path / "plot.svg")

    assert "</svg>" in (tmp_path / "plot.svg").read_text()


@every_plot
def test_no_text_of_a_plot_leaves_the_picture(draw, ax):
    draw(ax).figure.draw_without_rendering()
    width, height = ax.figure.canvas.get_width_height()
    legend = [ax.get_legend()] if ax.get_legend() else []
    boxes = [x.get_window_extent() for x in (ax.title, ax.xaxis.label, ax.yaxis.label, *legend)]

    # A constrained layout is exact to a pixel or so.
    assert all(b.x0 >= -1 and b.y0 >= -1 and b.x1 <= width + 1 for b in boxes)
    assert all(b.y1 <= height + 1 for b in boxes)


@every_plot
def test_what_is_no_axes_is_refused(draw, ax):
    with pytest.raises(TypeError, match=r"ax is one Axes, as of figure.subplots\(\), got Figure <"):
        draw(ax.figure)


@every_plot
def test_without_matplotlib_a_plot_says_what_to_install(draw, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)

    with pytest.raises(ImportError, match=re.escape("pip install 'chainrule[plot]'")):
        draw()


# ---- losses and learning rates ----


def test_the_plot_of_a_loss_counts_steps_from_one(ax):
    line = plot_loss([0.5, Value(0.25)], ax).lines[0]

    assert (list(line.get_xdata()), list(line.get_ydata())) == ([1, 2], [0.5, 0.25])


def test_the_loss_is_called_loss_unless_another_name_is_given(ax):
    assert plot_loss([0.5], ax).get_ylabel() == "loss"
    assert plot_loss([0.5], ax, ylabel="mean squared error").get_ylabel() == "mean squared error"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([2.0, 0.5], "log"), ([2.0, 0.0], "linear"), ([2.0, -0.5], "linear")],
)
def test_the_scale_is_logarithmic_if_all_losses_are_above_zero(losses, scale, ax):
    assert plot_loss(losses, ax).get_yscale() == scale


@pytest.mark.parametrize(
    ("figures", "scale"), [({"val_loss": 0.5}, "log"), ({"val_loss": 0.0}, "linear")]
)
def test_a_held_out_loss_of_zero_makes_the_scale_linear(figures, scale, ax):
    assert plot_losses(history_of({"loss": 1.0} | figures), ax).get_yscale() == scale


def test_a_second_curve_keeps_the_zero_of_the_first_in_the_picture(ax):
    plot_loss([1.0, 0.0], ax)

    assert plot_loss([1.0, 0.5], ax).get_yscale() == "linear"


@pytest.mark.parametrize(
    ("losses", "names"),
    [
        ([1e-5, 1.0], {"1e-05", "0.0001", "0.001", "0.01", "0.1", "1"}),
        ([0.03, 1.0], {"0.05", "0.1", "0.2", "0.5", "1"}),
        ([0.11, 0.6], {"0.2", "0.3", "0.5"}),
        ([0.62, 0.93], {"0.7", "0.8", "0.9"}),
    ],
)
def test_a_logarithmic_axis_has_numbers_to_read_off_whatever_its_range(losses, names, ax):
    plot_loss(losses, ax).figure.draw_without_rendering()
    low, high = ax.get_ylim()
    ticks = [*ax.yaxis.get_major_ticks(), *ax.yaxis.get_minor_ticks()]
    shown = {t.label1.get_text() for t in ticks if low <= t.get_loc() <= high}

    assert shown - {""} == names


def test_the_plot_of_losses_has_a_line_for_each(ax):
    history = history_of({"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 1.5})
    plot_losses(history, ax)

    assert [list(line.get_ydata()) for line in ax.lines] == [[1.0, 0.5], [2.0, 1.5]]
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")


def test_the_plot_of_losses_does_without_held_out_data(ax):
    assert len(plot_losses(history_of({"loss": 1.0}), ax).lines) == 1


def test_held_out_losses_of_some_epochs_stand_at_these(ax):
    plot_losses(history_of({"loss": 1.0}, {"loss": 0.5, "val_loss": 0.75}), ax)

    assert list(ax.lines[1].get_xdata()) == [2]
    assert list(ax.lines[1].get_ydata()) == [0.75]


@pytest.mark.parametrize("plot", [plot_losses, plot_learning_rate])
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_epochs_are_counted_in_whole_numbers(plot, n, ax):
    plot(history_of(*[{"loss": 1.0, "lr": 0.1}] * n), ax).figure.draw_without_rendering()

    assert {float(x) % 1 for x in ax.get_xticks()} == {0.0}


def test_a_single_epoch_is_a_point_that_can_be_seen(ax):
    assert plot_losses(history_of({"loss": 1.0}), ax).lines[0].get_marker() == "o"


def test_the_learning_rate_of_each_epoch_is_shown_from_zero_up(ax):
    history = history_of({"loss": 1.0, "lr": 0.2}, {"loss": 0.5, "lr": 0.1})
    plot_learning_rate(history, ax)

    assert list(ax.lines[0].get_ydata()) == [0.2, 0.1]
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 0.2


def test_a_second_learning_rate_is_not_cut_off_above(ax):
    for lr in (0.1, 0.5):
        plot_learning_rate(history_of({"loss": 1.0, "lr": lr}), ax)

    assert ax.get_ylim()[1] > 0.5


def test_the_history_that_fit_returns_can_be_plotted(ax):
    model = MLP(2, [1], rng=random.Random(0))
    optimizer = SGD(model.parameters(), lr=0.25)
    history = fit(model, data.xor(), optimizer=optimizer, epochs=3, progress=False)

    assert list(plot_learning_rate(history, ax).lines[0].get_ydata()) == [0.25] * 3


@pytest.mark.parametrize("plot", [plot_losses, plot_learning_rate])
def test_a_history_without_epochs_is_refused(plot):
    with pytest.raises(ValueError, match=r"^the history has no epochs yet$"):
        plot(History())


@pytest.mark.parametrize("plot", [plot_losses, plot_learning_rate])
def test_what_is_no_history_is_refused(plot):
    with pytest.raises(TypeError, match="takes a History, as fit returns it, got list"):
        plot([0.5, 0.2])


def test_a_history_without_learning_rates_says_what_it_has():
    with pytest.raises(KeyError, match="no figure 'lr'; there are loss"):
        plot_learning_rate(history_of({"loss": 1.0}))


@pytest.mark.parametrize(
    ("losses", "error", "message"),
    [
        ([], ValueError, "plot_loss takes at least 1 loss, got 0"),
        (History(), TypeError, "a list of losses, such as history.losses, got History History("),
        (0.5, TypeError, "plot_loss takes a list of losses, such as history.losses, got float 0.5"),
        (["0.5"], TypeError, "expected a number or a Value, got str '0.5'"),
    ],
)
def test_what_is_no_list_of_losses_is_refused(losses, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot_loss(losses)


# ---- histograms ----


def names_in_the_legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


class Line(Module):
    def __init__(self):
        self.slope, self.offset = Value(2.0), Value(1.0)


class Net(Module):
    """Layers in an attribute, in a dict, and a number of its own."""

    def __init__(self):
        self.body = MLP(2, [3, 1], rng=random.Random(0))
        self.heads = {"left": Linear(1, 2), "right": Linear(1, 2, bias=False)}
        self.scale = Value(1.0)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (MLP(2, [4, 1]), ["layers.0 (12)", "layers.1 (5)"]),
        (MLP(2, [4, 1]).layers[0], ["Layer (12)"]),
        (MLP(2, [4, 1]).layers[0].neurons[0], ["Neuron (3)"]),
        (Sequential(Linear(2, 3), Tanh(), Linear(3, 1)), ["0 (9)", "2 (4)"]),
        (Sequential(Sequential(Linear(2, 3))), ["0.0 (9)"]),
        (Linear(2, 3), ["Linear (9)"]),
        (Line(), ["Line (2)"]),
        (
            Net(),
            ["body.layers.0 (9)", "body.layers.1 (4)", "heads.left (4)", "heads.right (2)"]
            + ["Net (1)"],
        ),
    ],
    ids=lambda x: type(x).__name__,
)
def test_the_weights_and_biases_of_a_layer_make_one_histogram(model, names, ax):
    assert names_in_the_legend(plot_histograms(model, ax)) == names
    assert len(ax.patches) == len(names)


def heights(patch):
    """The heights of a histogram's bins, of the outline that goes around them."""
    return [y for _, y in patch.get_xy()[1:-1:2]]


def test_a_histogram_shows_the_share_of_parameters_in_each_bin(ax):
    model = Linear(1, 2)
    model.load_state_dict({"weight": [[0.0], [1.0]], "bias": [1.0, 2.0]})

    assert heights(plot_histograms(model, ax, bins=2).patches[0]) == [0.25, 0.75]


def test_histograms_of_gradients_show_these(ax):
    model = Line()
    model.slope.grad, model.offset.grad = -3.0, 5.0
    plot_histograms(model, ax, gradients=True, bins=2)

    assert ax.patches[0].get_xy()[:, 0].tolist()[0::4] == [-3.0, 5.0]
    assert (ax.get_title(), ax.get_xlabel()) == ("Gradients of each layer", "gradient")


def test_twelve_layers_can_be_told_apart_by_colour_and_line(ax):
    model = Sequential(*[Linear(1, 1) for _ in range(12)])
    lines = plot_histograms(model, ax).get_legend().get_lines()

    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 12


@pytest.mark.parametrize("x", [0.0, 3.0, -1e-300, 1e100])
def test_parameters_that_are_all_the_same_stand_in_one_bin(x, ax):
    model = Line()
    model.slope.data = model.offset.data = x
    outline = plot_histograms(model, ax, bins=5).patches[0]

    assert sorted(heights(outline)) == [0, 0, 0, 0, 1]
    assert len(set(outline.get_xy()[:, 0])) == 6


def test_parameters_that_differ_in_their_last_bit_have_bins_that_can_be_drawn(ax):
    model = Line()
    model.slope.data, model.offset.data = 1.0, 1.0 + 2**-52
    outline = plot_histograms(model, ax).patches[0]

    assert len(set(outline.get_xy()[:, 0])) == 31


def test_a_gradient_that_is_not_finite_is_refused_with_its_name():
    model = MLP(2, [2, 1], rng=random.Random(0))
    model.layers[0].neurons[1].bias.grad = float("inf")

    with pytest.raises(ValueError, match=r"^the gradient of layers.0.neurons.1.bias is inf$"):
        plot_histograms(model, gradients=True)


def test_a_parameter_that_is_not_finite_is_refused_with_its_name():
    model = MLP(2, [1], rng=random.Random(0))
    model.layers[0].neurons[0].weights[1].data = float("nan")

    with pytest.raises(ValueError, match=r"^layers.0.neurons.0.weights.1 is nan$"):
        plot_histograms(model)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plot_histograms([Value(1.0)]), TypeError, "takes a Module, got list [Value("),
        (lambda: plot_histograms(MLP), TypeError, "takes a Module, got type <class 'nn.MLP'>"),
        (lambda: plot_histograms(Tanh()), ValueError, "the model has no parameters: Tanh()"),
        (lambda: plot_histograms(Line(), bins=0), ValueError, "bins is a whole number of at least"),
        (lambda: plot_histograms(Line(), bins="10"), TypeError, "bins is a whole number, got str"),
        (
            lambda: plot_histograms(Line(), gradients=1),
            TypeError,
            "gradients is True or False, got 1",
        ),
    ],
)
def test_what_has_no_histogram_is_refused(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


# ---- decisions ----


def wrong_ones(ax):
    """The points with a black edge."""
    marked = [c for c in ax.collections[1:] if len(c.get_offsets()) and not any(edge(c))]
    return [tuple(map(float, point)) for c in marked for point in c.get_offsets()]


def edge(collection):
    return collection.get_edgecolor()[0][:3]


def test_decision_regions_show_every_point_and_a_name_for_each_class(ax):
    model = MLP(2, [3], rng=random.Random(0))
    inputs, targets = data.blobs(n=30)
    plot_decision_regions(model, inputs, targets, ax, resolution=5)

    assert sum(len(c.get_offsets()) for c in ax.collections[1:]) == 30
    assert names_in_the_legend(ax) == [f"class {k}" for k in range(3)]


def test_points_in_the_region_of_another_class_have_a_black_edge(ax):
    plot_decision_regions(lambda x: [x[0], x[1]], [[1, 0], [0, 1], [3, 2]], [0, 1, 1], ax)

    assert wrong_ones(ax) == [(3.0, 2.0)]


@pytest.mark.parametrize(
    "model",
    [right_of_the_middle, lambda x: [x[0] - 0.5], lambda x: x[0] - 0.5],
    ids=["a Value", "a list of one", "a float"],
)
def test_a_model_of_one_output_means_class_one_above_zero(model, ax):
    plot_decision_regions(model, SQUARE, [0, 0, 1, 0], ax, resolution=5)

    assert wrong_ones(ax) == [(1.0, 1.0)]


def test_the_threshold_of_a_model_of_one_output_can_be_that_of_probabilities(ax):
    plot_decision_regions(lambda x: x[0], [[0.4, 0.0], [0.6, 0.0]], [0, 1], ax, 5, threshold=0.5)

    assert wrong_ones(ax) == []


def test_targets_of_xor_are_classes_though_they_are_floats(ax):
    plot_decision_regions(right_of_the_middle, *data.xor(), ax, resolution=5)

    assert names_in_the_legend(ax) == ["class 0", "class 1"]


def test_eight_classes_can_be_told_apart_by_colour_and_shape(ax):
    inputs = [[float(k), 0.0] for k in range(8)]
    plot_decision_regions(lambda x: [-abs(x[0] - k) for k in range(8)], inputs, range(8), ax, 9)
    points = [c for c in ax.collections[1:] if len(c.get_offsets())]
    looks = {(*c.get_facecolor()[0], c.get_paths()[0].vertices.tobytes()) for c in points}

    assert len(points) == len(looks) == 8


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
def test_a_plot_in_the_middle_of_a_training_leaves_no_trace(plot, ax):
    rng = random.Random(0)
    model = Sequential(Linear(2, 1, rng=random.Random(1)), Dropout(0.5, rng=rng), Dropout().eval())
    before = rng.getstate()
    plot(model, *data.xor(), ax, 5)

    assert rng.getstate() == before
    assert [module.training for module in model.modules()] == [True, True, True, False]


def test_a_surface_has_a_line_where_the_prediction_is_a_half(ax):
    plot_decision_surface(lambda x: x[0], SQUARE, [0, 0, 1, 1], ax)
    line = ax.collections[1].get_paths()[0].vertices

    # On a grid an affine function is interpolated exactly, up to rounding.
    assert {round(float(x), 12) for x in line[:, 0]} == {0.5}


@pytest.mark.parametrize("x", [0.2, 0.5])
def test_a_model_that_says_the_same_everywhere_makes_a_surface_without_a_line(x, ax):
    plot_decision_surface(lambda _: x, SQUARE, [0, 0, 1, 1], ax)

    assert len(ax.collections) == 1 + 2  # the surface and the points of either kind


def test_a_model_that_says_the_same_everywhere_has_a_scale_that_can_be_read(ax):
    levels = plot_decision_surface(lambda _: 0.2, SQUARE, [0, 0, 1, 1], ax).collections[0].levels

    assert (levels[0], levels[-1]) == pytest.approx((0.1, 0.3), abs=1e-15)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("name", ["surface", "regions"])
def test_the_legend_stands_below_the_name_of_the_axis(name, rows):
    figure = Figure(figsize=(6, 4.5 + rows), layout="constrained")
    ax = figure.subplots(rows, squeeze=False)[0][0]
    DRAWN[name](ax).figure.draw_without_rendering()

    below = [text.get_window_extent().y1 for text in ax.get_legend().get_texts()]

    assert max(below) < ax.xaxis.label.get_window_extent().y0


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
@pytest.mark.parametrize(
    ("inputs", "targets", "error", "message"),
    [
        ([], [], ValueError, "there are no samples"),
        ([[0.0, 1.0]], [0, 1], ValueError, "a target for each input is needed, got 2 for 1"),
        ([[0.0]], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 1: [0.0]"),
        ([[1, 2, 3]], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 3"),
        ([0.5], [0], ValueError, "a point in the plane has 2 numbers, input 0 has 1: 0.5"),
        ([[0, 1], [0]], [0, 1], ValueError, "input 1 has another shape than the first: [0]"),
        ([[0, 1], [0, float("nan")]], [0, 1], ValueError, "input 1, column 1 is nan"),
        ([[0, "1"]], [0], TypeError, "input 0, column 1 is text: '1'"),
        ("ab", [0, 1], TypeError, "inputs are a list, got str 'ab'"),
    ],
)
def test_points_that_are_not_in_the_plane_are_refused(plot, inputs, targets, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot(right_of_the_middle, inputs, targets)


@pytest.mark.parametrize(
    ("targets", "error", "message"),
    [
        ([0, 0.5], ValueError, "target 1 is a class, 0, 1, 2 and so on, got 0.5"),
        ([0, -1], ValueError, "target 1 is a class, 0, 1, 2 and so on, got -1"),
        (["a", "b"], TypeError, "expected a number or a Value, got str 'a'"),
        ([[0.0, 1.0], [1.0, 0.0]], TypeError, "a number or a Value, got list [0.0, 1.0]"),
    ],
)
def test_targets_that_are_no_classes_have_no_regions(targets, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot_decision_regions(right_of_the_middle, [[0, 0], [1, 1]], targets)


@pytest.mark.parametrize("plot", [plot_decision_surface, plot_decision_regions])
@pytest.mark.parametrize(
    ("model", "resolution", "error", "message"),
    [
        (MLP(3, [1]), 5, ValueError, "layer takes 3 inputs, got 2"),
        ([1.0], 5, TypeError, "the model is a function of two inputs, got list [1.0]"),
        (lambda x: None, 5, TypeError, "expected a number or a Value, got NoneType None"),
        (lambda x: float("nan"), 5, ValueError, "the model gives nan at the point [-0.25, -0.25]"),
        (lambda x: 0.0, 1, ValueError, "resolution is a whole number of at least 2, got 1"),
    ],
)
def test_what_is_no_model_of_two_inputs_is_refused(plot, model, resolution, error, message):
    with pytest.raises(error, match=re.escape(message)):
        plot(model, SQUARE, [0, 0, 1, 1], resolution=resolution)


def test_a_surface_of_several_outputs_is_refused_with_the_plot_that_shows_them():
    message = "shows a model of 1 output, got 3: plot_decision_regions shows those of more"

    with pytest.raises(ValueError, match=message):
        plot_decision_surface(MLP(2, [3]), SQUARE, [0, 0, 1, 1])


def test_a_threshold_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"expected a number or a Value, got str '0\.5'"):
        plot_decision_regions(right_of_the_middle, SQUARE, [0, 0, 1, 1], threshold="0.5")


# ---- the confusion matrix ----


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
