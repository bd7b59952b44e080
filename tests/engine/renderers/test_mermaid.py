"""Mermaid: the same graph as in DOT, as a flowchart, in which every label is text."""

import html
import re

import pytest

from engine import Diagram, Value, draw, tanh
from engine.renderers.mermaid import mermaid, quoted
from nn.command.main import main
from tests.engine.renderers.odd_labels import LABELS

NODE = re.compile(r'  (n\d+)(\[|\(\[|\(\()"([^"]*)"(\]|\]\)|\)\))')
EDGE = re.compile(r'  (n\d+) -->(?:\|"([^"]*)"\|)? (n\d+)')
STYLE = re.compile(r"  style n\d+ [\w#:, -]+")


def neuron():
    w, x = Value(2.0, "w"), Value(-0.5, "x")
    y = tanh(w * x + 1)
    y.backward()
    return y


def shown(text):
    """What Mermaid makes of a label: #60; is the entity &#60; there."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text)).replace("\u2060", "")


def test_a_graph_is_a_flowchart_with_its_direction():
    assert (
        draw(neuron(), rankdir="TB").pipe("mermaid", encoding="utf-8").startswith("flowchart TB\n")
    )


def test_every_line_is_a_node_its_style_or_an_edge():
    lines = mermaid(draw(neuron(), derivatives=True).source).splitlines()[1:]

    assert all(NODE.fullmatch(x) or EDGE.fullmatch(x) or STYLE.fullmatch(x) for x in lines)


def test_there_are_as_many_nodes_and_edges_as_in_dot():
    diagram = draw(neuron())
    lines = mermaid(diagram.source).splitlines()

    assert sum(map(bool, map(EDGE.fullmatch, lines))) == diagram.source.count("->")
    assert sum(map(bool, map(NODE.fullmatch, lines))) == 5 + 3 + 1  # values, ops, the constant


def test_a_derivative_stands_on_its_edge():
    labels = [
        m[2]
        for m in map(EDGE.fullmatch, mermaid(draw(neuron(), derivatives=True).source).splitlines())
        if m
    ]

    assert "#45;0.5" in labels


def test_a_box_has_its_fields_on_lines_of_their_own():
    assert '"w<br/>data 2<br/>grad ' in mermaid(draw(neuron()).source)


@pytest.mark.parametrize("label", LABELS.values(), ids=[k.replace(" ", "-") for k in LABELS])
def test_any_label_is_shown_as_it_is(label):
    text = mermaid(draw(Value(1.0, label)).source)

    [node] = [m for m in map(NODE.fullmatch, text.splitlines()) if m]
    fields = node[3].split("<br/>")
    assert [shown(field) for field in fields] == [label, "data 1", "grad 0"]
    assert not re.search(r"[<>&\"`{}\[\]|\\*_$]", fields[0])


def test_a_list_is_not_begun_by_a_number_and_a_full_stop():
    assert quoted("1. x") == "#49;#46; x"


def test_a_backslash_and_n_are_no_line_break():
    assert quoted(r"a\n") == "a#92;\u2060n"


def test_a_colour_that_is_none_is_black():
    diagram = Diagram()
    diagram.node("a", style="filled", fillcolor="red;x:y", fontcolor="]] evil")

    assert "  style n0 fill:black,stroke:#333,color:black" in mermaid(diagram.source)


def test_shapes_by_hand_are_kept_and_the_name_is_the_label():
    diagram = Diagram()
    diagram.node("a", shape="circle")
    diagram.node("b", shape="box", label=r"\N!")

    assert mermaid(diagram.source).splitlines()[1:] == ['  n0(("a"))', '  n1["b#33;"]']


def test_draw_takes_the_format():
    diagram = draw(neuron(), format="mermaid")

    assert diagram.format == "mermaid"
    assert diagram.pipe().startswith(b"flowchart LR\n")


@pytest.mark.parametrize("program", [None, "builtin", "dot"])
def test_render_needs_no_program(program, tmp_path):
    path = draw(neuron(), program=program).render(outfile=tmp_path / "g.mmd", cleanup=True)

    assert (tmp_path / "g.mmd").read_text().startswith("flowchart LR\n")
    assert path == str(tmp_path / "g.mmd")
    assert [p.name for p in tmp_path.iterdir()] == ["g.mmd"]


def test_render_names_the_file_by_the_format(tmp_path):
    path = draw(neuron(), format="mermaid").render("g", directory=tmp_path)

    assert path == str(tmp_path / "g.mermaid")


def test_the_ending_of_the_outfile_comes_before_the_format_of_the_diagram(tmp_path):
    draw(neuron(), format="mermaid", program="builtin").render(outfile=tmp_path / "g.svg")

    assert (tmp_path / "g.svg").read_text().startswith("<?xml")


def test_an_unknown_format_lists_those_of_ours():
    with pytest.raises(ValueError, match=r"unknown format: 'bmpp' .*mermaid.*svg.*tikz"):
        draw(neuron()).pipe("bmpp")
    with pytest.raises(ValueError, match=r"unknown format: 'bmpp' .*mermaid.*svg.*tikz"):
        draw(neuron(), format="bmpp")


def test_the_command_writes_mermaid(tmp_path, capsysbinary):
    path = tmp_path / "g.mmd"
    assert main(["draw", "w*x", "w=2", "x=3", "-o", str(path)]) == 0
    capsysbinary.readouterr()
    assert main(["draw", "w*x", "w=2", "x=3", "--format", "mermaid"]) == 0

    assert path.read_text().startswith("flowchart LR\n")
    assert capsysbinary.readouterr().out == path.read_bytes()
