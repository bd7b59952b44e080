"""Formulas as text: what they mean, what they refuse, and that they never run as Python."""

import math
import random
import re

import pytest

from engine import Value, dot
from engine.formulas.reading import FUNCTIONS, expression, names_in
from engine.ops import TABLE

# What a formula calls by name, with as many inputs as it takes (two, if it takes any number).
CALLS = [(op, [0.5, 0.75][: op.arity or 2]) for op in FUNCTIONS.values()]
# How deep a nest must be to be too deep for any version of Python.
DEEP = 100_000


def value_of(text, **variables):
    return expression(text, {name: Value(x, name) for name, x in variables.items()}).data


def refusal(text, **variables):
    """The message of the ValueError that text meets."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is what is returned
        value_of(text, **variables)
    return str(caught.value)


# ---- what a formula means ----


@pytest.mark.parametrize(("op", "point"), CALLS, ids=[op.name for op, _ in CALLS])
def test_an_op_by_name_is_that_op(op, point):
    names = "abc"[: len(point)]
    variables = dict(zip(names, point))

    assert value_of(f"{op.name}({', '.join(names)})", **variables) == op(*point)


@pytest.mark.parametrize(("op", "point"), CALLS, ids=[op.name for op, _ in CALLS])
def test_a_call_records_the_op(op, point):
    variables = {name: Value(x) for name, x in zip("abc", point)}

    assert expression(f"{op.name}({', '.join(variables)})", variables).op is op


def test_every_function_of_the_table_can_be_called_but_dot():
    named = {name for name, op in TABLE.items() if op.symbol.isidentifier()}

    assert set(FUNCTIONS) == named - {"dot"}


@pytest.mark.parametrize(
    "text",
    [
        "a + b * c",
        "(a + b) * c",
        "a - b - c",
        "a - (b - c)",
        "a / b / c",
        "a / b * c",
        "a * b / c",
        "a ** b ** c",
        "(a ** b) ** c",
        "-a ** b",
        "(-a) * b",
        "a ** -b",
        "2 ** -1",
        "--a",
        "-+-a",
        "a - -b",
        "+a",
        "a+b-c*a/b**c",
        "1.5e-3 * a + .5 - 5.",
        "1_000 * a",
        "0x10 * a",
    ],
)
def test_precedence_is_that_of_python(text):
    numbers = {"a": 1.7, "b": 0.6, "c": 2.3}

    assert value_of(text, **numbers) == eval(text, dict(numbers))


def random_formula(rng, depth):
    if depth == 0:
        return rng.choice(["a", "b", "c", "2", "0.5", "3.25"])
    x, y = random_formula(rng, depth - 1), random_formula(rng, depth - 1)
    return rng.choice([f"{x} + {y}", f"{x} - {y}", f"{x} * {y}", f"({x})", f"-{x}", f"({x}) - {y}"])


@pytest.mark.parametrize("seed", range(50))
def test_a_random_formula_has_the_number_that_python_finds(seed):
    text = random_formula(random.Random(seed), 4)
    numbers = {"a": 1.7, "b": -0.6, "c": 2.3}

    assert value_of(text, **numbers) == eval(text, dict(numbers))


def test_a_formula_is_a_graph_of_the_variables_given():
    a, b = Value(2.0), Value(3.0)

    expression("a * b + a", {"a": a, "b": b}).backward()

    assert (a.grad, b.grad) == (4.0, 2.0)


def test_a_variable_alone_is_that_value():
    a = Value(2.0)

    assert expression("a", {"a": a}) is a


def test_a_number_alone_is_a_value():
    assert repr(expression("2", {})) == "Value(data=2.0, grad=0.0)"


def test_a_part_without_variables_is_a_constant():
    assert expression("a + 2 * 3", {"a": Value(1.0)}).inputs[1] == 6.0


def test_whole_numbers_are_floats():
    assert value_of("2 ** 0.5 * 7") == 2.0**0.5 * 7.0


@pytest.mark.parametrize(("name", "number"), [("pi", math.pi), ("e", math.e)])
def test_a_constant_has_a_name(name, number):
    assert value_of(name) == number


def test_a_variable_comes_before_a_constant_of_its_name():
    assert value_of("e", e=5.0) == 5.0


def test_a_variable_may_have_the_name_of_a_function():
    assert value_of("tanh(tanh)", tanh=0.5) == math.tanh(0.5)


def test_a_variable_may_have_a_name_in_any_script():
    assert value_of("2 * 权重", 权重=1.5) == 3.0


def test_space_around_a_formula_is_ignored():
    assert value_of(" \t a + 1 \n", a=1.0) == 2.0


def test_a_missing_input_takes_the_default_of_its_op():
    assert value_of("leaky_relu(a)", a=-2.0) == -0.02


# ---- what a formula refuses ----


def test_an_unknown_name_is_named():
    assert refusal("w*x", x=1.0) == "w has no value: give it one, as in w=1"


def test_an_unknown_function_is_named_with_those_there_are():
    message = refusal("f(x)", x=1.0)

    assert message == f"unknown function f: take one of {', '.join(FUNCTIONS)}"


@pytest.mark.parametrize("name", ["eval", "exec", "open", "print", "__import__", "dot", "add"])
def test_only_the_functions_of_the_table_are_known(name):
    assert refusal(f"{name}(x)", x=1.0).startswith(f"unknown function {name}: ")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1 + x.data", "x.data"),
        ("1 + x.__class__", "x.__class__"),
        ("tanh.f(x)", "tanh.f(x)"),
        ("1 + x[0]", "x[0]"),
        ("1 + [x]", "[x]"),
        ("1 + (x, x)", "(x, x)"),
        ("1 + {x: x}", "{x: x}"),
        ("1 + {x}", "{x}"),
        ("tanh(x)(x)", "tanh(x)(x)"),
        ("(lambda y: y)(x)", "(lambda y: y)(x)"),
        ("1 + (lambda: x)", "lambda: x"),
        ("1 + [y for y in x]", "[y for y in x]"),
        ("maximum(y for y in x)", "(y for y in x)"),
        ("1 + (y := x)", "(y := x)"),
        ("1 + (x if x else x)", "x if x else x"),
        ("tanh(x=x)", "tanh(x=x)"),
        ("tanh(**x)", "tanh(**x)"),
        ("tanh(*x)", "*x"),
        ("1 + 'a'", "'a'"),
        ("1 + b'a'", "b'a'"),
        ("1 + f'{x}'", "f'{x}'"),
        ("1 + True", "True"),
        ("1 + None", "None"),
        ("1 + ...", "..."),
        ("1 + 2j", "2j"),
        ("1 + (x and x)", "x and x"),
        ("1 + (not x)", "not x"),
        ("1 + (x < 1)", "x < 1"),
        ("1 + ~x", "~x"),
        ("1 + x % 2", "x % 2"),
        ("1 + x // 2", "x // 2"),
        ("1 + (x | 2)", "x | 2"),
        ("1 + (x << 2)", "x << 2"),
        ("1 + (x @ x)", "x @ x"),
        ("1 + (await x)", "await x"),
    ],
)
def test_a_part_with_no_place_in_a_formula_is_quoted(text, part):
    assert refusal(text, x=1.0) == f"{part!r} has no place in a formula"


def test_a_caret_is_answered_with_the_way_to_write_a_power():
    assert refusal("1 + (x^2)", x=1.0) == "'x ^ 2': a power is written **, not ^"


@pytest.mark.parametrize(
    "text",
    ["x +", "x y", "2x", "(x", "x)", "x; x", "x = 1", "import os", "del x", "$", "x\n+ 1", "x\\"],
)
def test_text_that_is_no_expression_is_quoted(text):
    assert refusal(text, x=1.0).startswith(f"{text.strip()!r} is not a formula: ")


def test_a_mistake_is_placed_by_its_column():
    assert refusal("1 + (x", x=1.0).endswith("at column 5")


@pytest.mark.parametrize("text", ["", "  ", "\n", "# x"])
def test_nothing_is_not_a_formula(text):
    assert "is not a formula" in refusal(text)


@pytest.mark.parametrize("text", ["x\x00", "\x00", "tanh(\x00x)"])
def test_a_null_byte_is_refused(text):
    assert "null bytes" in refusal(text, x=1.0)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        value_of("x + \ud800", x=1.0)


NESTS = {
    "parentheses": "(" * DEEP + "x" + ")" * DEEP,
    "minus signs": "-" * DEEP + "x",
    "calls": "tanh(" * DEEP + "x" + ")" * DEEP,
    "powers": "x**" * DEEP + "x",
    "sums": "x+" * DEEP + "x",
    "subscripts": "x" + "[0]" * DEEP,
    "open brackets": "[" * DEEP,
}


@pytest.mark.parametrize("text", NESTS.values(), ids=NESTS)
def test_a_formula_that_is_nested_too_deep_is_refused(text):
    assert re.search(r"nested|is not a formula|no place in a formula", refusal(text, x=1.0))


@pytest.mark.parametrize(
    "text",
    [*NESTS.values(), "9" * 5000, "x" * 5000, "x" * 5000 + "(1)", "x +" + " 1" * 5000, "1 +" * 500],
    ids=[*NESTS, "digits", "a name", "a function", "numbers", "a sum without an end"],
)
def test_a_message_about_a_long_formula_is_short(text):
    with pytest.raises((ValueError, ArithmeticError)) as caught:
        value_of(text)

    assert len(str(caught.value)) < 500


# ---- numbers out of range ----


@pytest.mark.parametrize("text", ["9**9**9**9", "10**400", "x**x", "exp(1000)"])
def test_a_result_out_of_range_is_an_error_that_names_the_op(text):
    with pytest.raises(OverflowError, match=r"\*\*|exp"):
        value_of(text, x=1e200)


def test_a_literal_out_of_range_is_an_error():
    with pytest.raises((ValueError, OverflowError)):
        value_of("1" + "0" * 400)


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_literal_out_of_range_is_quoted(digits):
    with pytest.raises((ValueError, OverflowError), match="1000"):
        value_of("2 * 1" + "0" * digits)


def test_an_error_of_an_op_is_its_own():
    with pytest.raises(ZeroDivisionError, match=r"2\.0 / 0\.0"):
        value_of("x / 0", x=2.0)


def test_an_op_outside_its_domain_is_a_value_error():
    assert refusal("log(x)", x=-1.0).startswith("log(-1.0): ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tanh()", "tanh takes 1 input, got 0"),
        ("tanh(x, x)", "tanh takes 1 input, got 2"),
        ("leaky_relu(x, x, x)", "leaky_relu takes 1 to 2 inputs, got 3"),
        ("hypot()", "hypot takes at least 1 input, got 0"),
    ],
)
def test_a_wrong_number_of_inputs_is_a_type_error(text, message):
    with pytest.raises(TypeError, match=message):
        value_of(text, x=1.0)


# ---- it is never run as Python ----


class Trap:
    """Notes every use that is made of it."""

    def __init__(self):
        object.__setattr__(self, "uses", [])

    def __getattribute__(self, name):
        object.__getattribute__(self, "uses").append(name)
        raise AttributeError(name)

    def __call__(self):
        object.__getattribute__(self, "uses").append("call")


@pytest.mark.parametrize(
    "text", ["t()", "t.x", "t[0]", "[y for y in t]", "(lambda: t())()", "f'{t}'", "t.f(t)", "*t"]
)
def test_nothing_of_a_variable_is_used_by_what_is_refused(text):
    trap = Trap()

    refused = pytest.raises(ValueError, match=r"formula|unknown function")
    with refused:
        expression(text, {"t": trap})

    assert object.__getattribute__(trap, "uses") == []


def test_a_formula_cannot_open_a_file(tmp_path):
    path = tmp_path / "opened"

    refusal(f"open({str(path)!r}, 'w')")

    assert not path.exists()


def test_a_formula_cannot_reach_a_name_of_this_module():
    assert (
        refusal("FUNCTIONS + ast + dot") == "FUNCTIONS has no value: give it one, as in FUNCTIONS=1"
    )


def test_dot_of_the_engine_is_not_for_formulas():
    w, x = Value(2.0), Value(3.0)

    assert (dot([w], [x]).data, refusal("dot(w, x)", w=2.0, x=3.0)[:20]) == (
        6.0,
        "unknown function dot",
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tanh(w*x + b)", ["w", "x", "b"]),
        ("x*x + pi*y - e", ["x", "y"]),
        ("2 + 3", []),
        ("x +", []),
        ("sin(sin)", ["sin"]),
    ],
)
def test_the_variables_of_a_formula_come_in_order(text, names):
    assert names_in(text) == names
