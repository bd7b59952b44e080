"""Plots of losses and learning rates."""

import random
import re

import pytest

from engine import Value
from nn import MLP, SGD, History, data, fit
from nn.plot import (
    plot_learning_rate,
    plot_loss,
    plot_losses,
)
from tests.nn.plot.drawn import history_of

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")


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
