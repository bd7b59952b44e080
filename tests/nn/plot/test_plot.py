"""The plots: what holds for all of them. Nothing here opens a window."""

import re
import sys

import pytest

from tests.nn.plot.drawn import every_plot

pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")


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
