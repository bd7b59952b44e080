"""TikZ: the same graph as in DOT, for LaTeX, in which every label is text."""

import re
import shutil
import subprocess

import pytest

from engine import Diagram, Value, draw, tanh
from engine.formulas.escapes import in_tex
from engine.renderers.tikz import tikz
from nn.command.main import main
from tests.engine.renderers.odd_labels import LABELS

NODE = re.compile(r"  \\node\[(.*)\] \((n\d+)\) at \((-?[\d.]+), (-?[\d.]+)\) \{(.*)\};")
POINT = r"\((?:n\d+|-?[\d.]+, -?[\d.]+)\)"
LABEL = r"(?:node\[.*\] \{.*\} )?"
EDGE = re.compile(rf"  \\draw\[->, .*\] ({POINT})(?: -- {LABEL}{POINT})* -- {LABEL}\((n\d+)\);")


def square():
    a = Value(3.0, "a")
    z = tanh(a * a + 1)
    z.backward()
    return z


def nodes(text):
    return [m for m in map(NODE.fullmatch, text.splitlines()) if m]


def test_every_line_is_a_node_or_an_edge():
    lines = tikz(draw(square(), derivatives=True).source).splitlines()

    assert lines[0].startswith("% ")
    assert lines[1].startswith(r"\begin{tikzpicture}[")
    assert all(NODE.fullmatch(line) or EDGE.fullmatch(line) for line in lines[2:-1])
    assert lines[-1] == r"\end{tikzpicture}"


def test_there_are_as_many_nodes_and_edges_as_in_dot():
    diagram = draw(square())
    text = tikz(diagram.source)

    assert len(nodes(text)) == 4 + 3 + 1  # values, ops, the constant
    assert text.count(r"\draw") == diagram.source.count("->")


def test_ranks_run_to_the_right_or_down():
    for rankdir, axis in (("LR", 3), ("TB", 4)):
        found = nodes(tikz(draw(square(), rankdir=rankdir).source))
        leaf = next(m for m in found if m[5].startswith(r"a \\"))
        assert float(leaf[axis]) == min(float(m[axis]) for m in found)


def test_no_box_lies_on_another():
    boxes = []
    for m in nodes(tikz(draw(square()).source)):
        width, height = (
            float(re.search(rf"minimum {side}=([\d.]+)bp", m[1])[1]) for side in ("width", "height")
        )
        boxes.append((float(m[3]), float(m[4]), width, height))

    for i, (x, y, w, h) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[:i]:
            assert abs(x - x2) >= (w + w2) / 2 - 0.2 or abs(y - y2) >= (h + h2) / 2 - 0.2


def test_the_two_edges_of_a_square_stand_apart():
    found = [m for m in map(EDGE.fullmatch, tikz(draw(square()).source).splitlines()) if m]
    first, second = [m[1] for m in found if "," in m[1]]

    assert first != second


def test_a_derivative_stands_on_its_edge():
    assert "text=black] {3} " in tikz(draw(square(), derivatives=True).source).replace(
        "{rgb,255:red,160;green,64;blue,0}", "black"
    )


def test_a_colour_is_given_by_its_parts_and_an_unknown_one_is_black():
    diagram = Diagram()
    diagram.node("a", style="filled", fillcolor="#d6e6f5", fontcolor="]evil")

    text = tikz(diagram.source)

    assert "fill={rgb,255:red,214;green,230;blue,245}, text=black]" in text


def test_a_loop_and_a_dashed_box_are_drawn():
    diagram = Diagram()
    diagram.node("a", style="dashed")
    diagram.edge("a", "a", label="x_1")

    text = tikz(diagram.source)

    assert ", dashed" in text
    assert r"(n0) to[loop right] node[midway" in text
    assert r"{x\_1} (n0);" in text


@pytest.mark.parametrize("label", LABELS.values(), ids=[k.replace(" ", "-") for k in LABELS])
def test_any_label_is_text(label):
    [node] = nodes(tikz(draw(Value(1.0, label)).source))

    assert node[5] == rf"{in_tex(label)} \\ data 1 \\ grad 0"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex on PATH")
def test_latex_sets_the_picture(tmp_path):
    a = Value(3.0, "".join([label for label in LABELS.values() if label.isascii()]))
    draw(a * a, derivatives=True).render(outfile=tmp_path / "g.tex")
    document = r"\documentclass{article}\usepackage{tikz}\begin{document}\input{g}\end{document}"
    (tmp_path / "page.tex").write_text(document)

    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
    )

    assert done.returncode == 0
    assert (tmp_path / "page.pdf").exists()


@pytest.mark.parametrize("format", ["tikz", "tex"])
def test_draw_takes_the_format(format):
    assert b"tikzpicture" in draw(square(), format=format).pipe()


def test_the_command_writes_tikz(tmp_path, capsys):
    path = tmp_path / "g.tex"

    assert main(["draw", "w*x", "w=2", "x=3", "-o", str(path)]) == 0
    assert r"\begin{tikzpicture}" in path.read_text()
    assert capsys.readouterr().out.startswith("w*x = 6\n")
