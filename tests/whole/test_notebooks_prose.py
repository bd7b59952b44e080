"""The numbers in the prose of the lessons are the numbers that the cells print."""

from pathlib import Path

import pytest

from engine.languages.by_name import LANGUAGES

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, which comes with nbclient")

LESSONS = {p.stem[:2]: p for p in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")}

# What the prose of a lesson says, and what its cells have printed.
QUOTES = [
    (
        "01",
        "The loss sinks to 0.25 and stays there, with the same prediction, 0.5",
        "loss 0.250000",
    ),
    ("01", "with the same prediction, 0.5", "['0.500', '0.500', '0.500', '0.500']"),
    ("01", "A loss of 0, without a hidden layer?", "loss 0.000000"),
    ("01", "which is 6 at $x = 3$", "9.0 6.0"),
    ("02", "5.9, 2.9, 1.4", "samples of 16: -13.3 on average, give or take 1.4"),
    ("02", "5.9, 2.9, 1.4", "give or take 2.9"),
    ("02", "$-13.3$, give or take 5.9", "samples of  1: -13.3 on average, give or take 5.9"),
    ("02", "they made 10, 80, and 640 steps", "batches of  1: 640 steps"),
    ("02", "they made 10, 80, and 640 steps", "batches of  8:  80 steps"),
    ("02", "Two of 50 are wrong", "held out: loss 0.16, accuracy 96%"),
    ("02", "522 parameters can learn 160 points", "522 parameters for 40 points"),
    ("02", "with $p = 0.2$ a 0.5 becomes $0.5 / 0.8 = 0.625$", "by hand: [0.625, "),
    (
        "02",
        "ends exactly where 0.05 did",
        "lr 0.95   w:   0.00   5.70   0.57   5.19   1.03 ...   1.71",
    ),
    ("02", "points ends above 0.69", "new points:      loss 0.24, then 0.97 at last"),
    ("03", "Only two calls built a graph", "200 calls, 198 of them without building a graph"),
    ("03", "Its graph has three operations", "Program(1 inputs, 2 parameters, 3 operations)"),
    ("03", "At $-3$ the program is wrong", "program: [3.0, -3.0]"),
    ("03", "It does not replay a function that asks a question", "25.0] 0 replayed"),
    ("04", "$2a + 1 = 7$", "dy/da = 3 + 3 + 1 = 7"),
    ("04", "From $a$ three edges lead on", "dy/da at a = 3: 3 paths"),
    ("04", "a path can take either factor: four paths", "dloss/dx0 at x0 = 1: 4 paths"),
]


def cells(number, kind):
    notebook = nbformat.read(LESSONS[number], as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


@pytest.mark.parametrize(("number", "said", "printed"), QUOTES)
def test_a_number_in_the_prose_is_one_that_is_printed(number, said, printed):
    prose = " ".join(" ".join(cell.source for cell in cells(number, "markdown")).split())
    outputs = [output for cell in cells(number, "code") for output in cell.outputs]
    text = "".join(output.get("text", "") for output in outputs)

    assert said in prose
    assert printed in text


def test_lesson_3_counts_the_languages():
    words = ["no", "one", "two", "three", "four", "five", "six", "seven"]
    prose = " ".join(cell.source for cell in cells("03", "markdown"))

    assert f"`source` writes it in {words[len(LANGUAGES)]}:" in prose


def test_the_functions_that_lessons_count_have_so_many_lines():
    for number, name, lines, said in (
        ("03", "listing", 11, "in eleven lines"),
        ("04", "gradients", 7, "in seven lines"),
    ):
        prose = " ".join(cell.source for cell in cells(number, "markdown"))
        [code] = [c.source for c in cells(number, "code") if f"def {name}(output)" in c.source]
        body = code[code.index(f"def {name}(output)") :].partition("\n\n\n")[0]

        assert len(body.splitlines()) == lines
        assert said in prose


def test_lesson_4_calls_weights_by_their_places():
    [text] = [
        output.text
        for cell in cells("04", "code")
        if "explain(loss" in cell.source
        for output in cell.outputs
    ]

    assert "= w0_0_0 * x0" in text
    assert "= w1_0_1 * v" in text
