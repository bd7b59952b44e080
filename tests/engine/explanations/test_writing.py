"""Explanations as text, LaTeX and Markdown, in Python and by the command."""

import re
import subprocess
import sys

import pytest

import engine
from engine import Op, Value, explain, explore, maximum, tanh
from engine.formulas.escapes import in_code, in_formula, in_tex
from engine.formulas.names import names, short_names
from engine.ops import TABLE
from nn import MLP
from nn.command.main import main

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "markup": "<b>&amp;</b>",
    "LaTeX": r"\input{/etc/passwd}",
    "the end of a formula": "$$ \\] \\end{aligned}",
    "Markdown": "**x** [a](http://b) `c` ```d```",
    "DOT": 'x"]; y -> z [label="w',
    "lines": "a\nb\r\n# c",
    "a terminal's escapes": "\x1b[31mred\x07",
    "a turn of direction": "a\u202eb",
    "percent": "100 % {0} %s",
    "an index": "w_1^2~",
}
hostile = pytest.mark.parametrize(
    "label", HOSTILE.values(), ids=[name.replace(" ", "-") for name in HOSTILE]
)


def square_and_more():
    a = Value(3.0, "a")
    z = a * a + a
    z.label = "z"
    return z, a


# ---- how it is written ----


def test_a_neuron_is_a_lesson_in_text():
    w, x, b = Value(2.0, "w"), Value(-0.5, "x"), Value(1.5, "b")
    y = tanh(w * x + b)
    y.label = "y"

    assert str(explain(y, w)).splitlines() == [
        "dy/dw at w = 2: 1 path",
        "  v1 = w * x = 2 * (-0.5) = -1",
        "  v2 = v1 + b = -1 + 1.5 = 0.5",
        "  y = tanh(v2) = tanh(0.5) = 0.4621",
        "  w -> v1 -> v2 -> y:",
        "    = dy/dv2 * dv2/dv1 * dv1/dw",
        "    = (1 - y * y) * 1 * x",
        "    = 0.7864 * 1 * (-0.5)",
        "    = -0.3932",
        "  dy/dw = -0.3932",
    ]


def test_two_uses_by_one_operation_are_told_apart():
    assert str(explain(*square_and_more())).splitlines() == [
        "dz/da at a = 3: 3 paths",
        "  v1 = a * a = 3 * 3 = 9",
        "  z = v1 + a = 9 + 3 = 12",
        "  a -(input 1)-> v1 -> z: dz/dv1 * dv1/da = 1 * a = 1 * 3 = 3",
        "  a -(input 2)-> v1 -> z: dz/dv1 * dv1/da = 1 * a = 1 * 3 = 3",
        "  a -> z: dz/da = 1",
        "  dz/da = 3 + 3 + 1 = 7",
    ]


def test_the_formulas_are_latex():
    assert explain(*square_and_more()).latex().splitlines() == [
        r"\begin{aligned}",
        r"v_{1} &= a \cdot a = 3 \cdot 3 = 9 \\",
        r"z &= v_{1} + a = 9 + 3 = 12 \\",
        r"a \xrightarrow{1} v_{1} \to z\colon\quad & \frac{\partial z}{\partial v_{1}} \cdot "
        r"\frac{\partial v_{1}}{\partial a} = 1 \cdot a = 1 \cdot 3 = 3 \\",
        r"a \xrightarrow{2} v_{1} \to z\colon\quad & \frac{\partial z}{\partial v_{1}} \cdot "
        r"\frac{\partial v_{1}}{\partial a} = 1 \cdot a = 1 \cdot 3 = 3 \\",
        r"a \to z\colon\quad & \frac{\partial z}{\partial a} = 1 \\",
        r"\frac{\partial z}{\partial a} &= 3 + 3 + 1 = 7",
        r"\end{aligned}",
    ]


def test_a_notebook_shows_markdown_and_latex():
    explanation = explain(*square_and_more())

    assert explanation._repr_markdown_() == (
        f"`dz/da` at `a = 3`: 3 paths\n\n$$\n{explanation.latex()}\n$$\n"
    )
    assert explanation._repr_latex_() == f"$$\n{explanation.latex()}\n$$"


@pytest.mark.parametrize(
    ("f", "symbols"),
    [
        (lambda a, b: a / b, "1 / b"),
        (lambda a, b: b / a, "-z / a"),
        (lambda a, b: b - a, "-1"),
        (lambda a, b: a**2, "2 * a"),
        (lambda a, b: a**3, "3 * a**2"),
        (lambda a, b: b**a, "z * log(b)"),
        (lambda a, b: a.log(), "1 / a"),
        (lambda a, b: a.sin(), "cos(a)"),
        (lambda a, b: a.exp(), "z"),
        (lambda a, b: a.asin(), "1 / sqrt((1 - a) * (1 + a))"),
        (lambda a, b: a.sigmoid(), "z * sigmoid(-a)"),
        (lambda a, b: maximum(b, a), "0"),
        (lambda a, b: a.cube(), "3 * a**2"),
    ],
)
def test_a_derivative_is_written_in_symbols(f, symbols, monkeypatch):
    cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x**2)
    monkeypatch.setattr(Value, "cube", cube, raising=False)
    a, b = Value(0.5, "a"), Value(2.0, "b")
    z = f(a, b)
    z.label = "z"

    assert f"\n  a -> z: dz/da = {symbols}" in explain(z, a).text()


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_every_op_of_the_table_is_explained(op):
    xs = [Value(0.25 + 0.5 * i, f"x{i}") for i in range(op.arity or 2)]
    z = op(*xs)
    z.backward()

    for x in xs:
        explanation = explain(z, x)
        assert explanation.gradient == x.grad
        assert explanation.latex().count("{") == explanation.latex().count("}")
        assert len(explanation.paths) == 0 or f"/d{x.label}" in explanation.text()


def test_a_derivative_too_long_to_read_is_a_number():
    def slope(z, x):
        return sum([x * i for i in range(1, 40)]) + 0 * x

    long = Op("long", "long", lambda x: 390 * x * x, slope)
    a = Value(2.0, "a")

    assert "  a -> v1: dv1/da = 1560" in explain(long(a), a).text()


def test_numbers_in_latex_have_powers_of_ten():
    a = Value(2e-9, "a")

    assert r"= 2 \cdot 10^{-9}" in explain(a * 2, a).latex()


def test_names_are_labels_and_all_different():
    labels = ["w", "", "x", "x", "v1", "x_2", "", "x"]

    assert names(labels) == ["w", "v2", "x", "x_3", "v1", "x_2", "v3", "x_4"]


def test_parameters_are_called_by_their_place_in_the_model():
    model = MLP(2, [2, 1], activation="tanh")
    x = Value(0.5, "x")
    model.layers[0].neurons[1].bias.label = "mine"
    y = model([x, 1.0])

    text = explain(y, model.layers[0].neurons[1].weights[0], model=model).text()
    assert text.startswith("dv14/dw0_1_0 at w0_1_0 = ")
    assert "w0_1_0 * x" in text
    assert "v7 = mine + v6 = 0 + " in text
    assert r"w_{0,1,0} \cdot x" in explain(y, x, model=model).latex()


@pytest.mark.parametrize(
    ("paths", "short"),
    [
        (["weights.0", "weights.1", "bias"], ["w0", "w1", "b"]),
        (["0.weight.1.0", "0.bias.1", "2.weight.1.0"], ["w0_1_0", "b0_1", "w2_1_0"]),
        (["block.0.key.0", "block.0.kind.0"], ["key0_0", "kind0_0"]),
        (
            ["a.q.weight.0", "a.k.weight.0", "b.k.weight.0"],
            ["a_q_weight0", "a_k_weight0", "b_k_weight0"],
        ),
        ([], []),
        (["0.1"], ["p0_1"]),
        (["0.1", "01"], ["p0_1", "p01"]),
    ],
)
def test_short_names_take_as_many_words_as_tell_them_apart(paths, short):
    assert short_names(paths) == short


@pytest.mark.parametrize("show", [lambda y: explain(y, y, model=1), lambda y: explore(y, model=1)])
def test_what_is_no_model_is_refused(show):
    with pytest.raises(TypeError, match=r"^model has named_parameters, got int 1$"):
        show(Value(1.0) * 2)


def test_a_name_of_several_words_is_held_together():
    a = Value(2.0, "my input")

    assert explain(a * 3, a).text().splitlines()[0] == "dv1/d(my input) at my input = 2: 1 path"


@hostile
def test_no_label_breaks_a_line_of_text(label):
    a = Value(2.0, label)

    text = explain(a * a, a).text()

    assert all(line.startswith("  ") for line in text.splitlines()[1:])
    assert text.splitlines()[-1].endswith(" = 2 + 2 = 4")
    assert all(character.isprintable() for character in text.replace("\n", ""))


@hostile
def test_no_label_gets_out_of_its_place_in_latex(label):
    a, b = Value(2.0, label), Value(2.0, "b")
    name = in_formula(names([label])[0])

    latex = explain(a * a, a).latex()

    assert name in latex
    assert latex.replace(name, "b") == explain(b * b, b).latex()
    inside = re.fullmatch(r"\\mathrm\{(.*)\}", name)[1]
    inert = re.sub(r"\\[#$%&_{} ]|\{\\(backslash|wedge|sim)\}|\{[<>'\-*/]\}", "", inside)
    assert not re.search(r"[\\#$%&_{}^~<>]", inert)


@hostile
def test_no_label_gets_out_of_its_code_in_markdown(label):
    a = Value(2.0, label)
    [name] = names([label])

    first = explain(a * a, a).markdown().splitlines()[0]

    assert f" at {in_code(f'{name} = 2')}: 2 paths" in first
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", first)
    assert outside == " at : 2 paths"


def test_code_is_fenced_by_more_backquotes_than_it_holds():
    assert in_code("a") == "`a`"
    assert in_code("a``b`") == "``` a``b` ```"


def test_text_for_tex_has_no_sign_that_tex_reads():
    assert in_tex("a_b\\c{d}~^<%$#&>|--\"`'") == (
        r"a\_b\textbackslash{}c\{d\}\textasciitilde{}\textasciicircum{}\textless{}\%\$\#\&"
        r"\textgreater{}\textbar{}{-}{-}{''}\textasciigrave{}\textquotesingle{}"
    )


# ---- errors, and the ways in ----


@pytest.mark.parametrize("wrong", [2.0, None, "z", [Value(1.0)]])
def test_anything_but_values_is_refused(wrong):
    a = Value(1.0)
    message = f"explain takes Values, got {type(wrong).__name__} "
    with pytest.raises(TypeError, match=re.escape(message)):
        explain(wrong, a)
    with pytest.raises(TypeError, match=re.escape(message)):
        explain(a, wrong)


@pytest.mark.parametrize("limit", [2.5, "3", True])
def test_a_limit_that_is_no_whole_number_is_refused(limit):
    a = Value(1.0)
    with pytest.raises(TypeError, match=r"limit is a whole number of paths or None, got "):
        explain(a, a, limit=limit)


def test_a_limit_below_0_is_refused():
    a = Value(1.0)
    with pytest.raises(ValueError, match="limit is at least 0, got -1"):
        explain(a, a, limit=-1)


def test_explain_is_loaded_when_first_asked_for_and_needs_no_graphviz():
    code = (
        "import sys, engine; assert 'engine.explanations.explanation' not in sys.modules; "
        "a = engine.Value(2.0); print(engine.explain(a * a, a).gradient); "
        "assert engine.explain(a, a).count == 1; assert 'graphviz' not in sys.modules"
    )
    folder = engine.__path__[0].removesuffix("engine")

    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("4.0\n", "")


def test_the_command_explains_a_formula(capsys):
    assert main(["explain", "w*x + b", "w", "w=2", "x=-0.5", "b=1.5"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "dv2/dw at w = 2: 1 path"


@pytest.mark.parametrize(
    ("form", "start"), [("latex", "\\begin{aligned}"), ("markdown", "`dv1/dw`")]
)
def test_the_command_explains_in_other_forms(form, start, capsys):
    assert main(["explain", "w*w", "w", "w=2", "--format", form]) == 0
    assert capsys.readouterr().out.startswith(start)


def test_the_command_takes_a_limit(capsys):
    assert main(["explain", "w*w", "w", "w=2", "--limit", "1"]) == 0
    assert "2 paths, more than limit=1" in capsys.readouterr().out


def test_the_command_names_the_variables_there_are(capsys):
    assert main(["explain", "w*w", "v", "w=2"]) == 2
    assert capsys.readouterr().err == "chainrule: v is no variable here: take one of w\n"


def test_the_command_asks_for_the_variable_if_a_number_is_in_its_place(capsys):
    assert main(["explain", "a * a", "a=3"]) == 2
    told = "before the numbers comes the variable, such as a"
    assert capsys.readouterr().err == f"chainrule: {told}\n"
