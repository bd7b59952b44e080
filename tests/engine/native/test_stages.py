"""Loops in stages: calls of exp and its like for many lanes, then the row from their results."""

from pathlib import Path

import pytest

import engine
from engine.native.csource import vector_source

CALCULUS = Path(engine.__file__).with_name("ops.py").read_text("utf-8")


def loop(name, row="", functions=""):
    """The loop of that name in stages; of the rows of ops.py, unless a row is given."""
    source = vector_source(f"{functions}\n{row}\n" if row else CALCULUS)
    start = source.find(f"int NAME({name})(")
    return "" if start < 0 else source[start : source.index("\n}\n", start)]


def test_a_call_of_an_input_takes_the_numbers_where_they_are():
    assert "NAME(exp_of)(length, t0, x);" in loop("forward_exp")
    assert "z[s] = regular(t0[s], x[s], flag);" in loop("forward_exp")


def test_tanh_raises_no_flag_and_needs_no_second_loop():
    assert "NAME(tanh_of)(n, z, x);" in loop("forward_tanh")
    assert "for (" not in loop("forward_tanh")


def test_functions_are_inlined_down_to_their_calls():
    text = loop("forward_softplus")

    assert "t0[s] = (-fabs(x[s]));" in text
    assert text.index("NAME(exp_of)(length, t0, t0);") < text.index(
        "NAME(log1p_of)(length, t1, t0);"
    )


def test_calls_that_differ_by_a_sign_under_abs_are_one():
    text = loop("backward0_silu")

    assert text.count("_of)(length") == 1
    assert "t1" not in text


def test_a_flag_is_raised_only_where_a_branch_is_taken():
    text = loop("forward_elu")

    assert "((x[s] > 0.0) ? x[s] : (y[s] * regular(t0[s], x[s], flag)))" in text


@pytest.mark.parametrize("name", ["forward_add", "forward_sin", "backward0_tanh", "forward_pow"])
def test_a_row_that_calls_none_of_them_has_no_stages(name):
    assert loop(name) == ""


@pytest.mark.parametrize(
    "f",
    [
        "lambda x: math.exp(x) + len(x)",
        "lambda x: math.exp(x) ** 2",
        "lambda x: math.exp(x) + math.gamma(x)",
        "math.exp if odd else math.exp",
    ],
)
def test_what_is_beyond_the_stages_is_left_to_the_other_loop(f):
    assert loop("forward_odd", f'odd = Op("odd", "odd", {f}, lambda z, x: z)') == ""


def test_a_function_given_too_few_numbers_is_beyond_the_stages():
    functions = "def two(x, y):\n    return math.exp(x) + y\n"
    row = 'odd = Op("odd", "odd", lambda x: two(x), lambda z, x: z)'

    assert loop("forward_odd", row, functions) == ""


def test_a_quotient_has_its_flag_in_the_row_and_none_in_the_stages():
    row = 'odd = Op("odd", "odd", lambda x: math.tanh(1 / x) / x, lambda z, x: z)'
    text = loop("forward_odd", row)

    assert "t0[s] = (1.0 / x[s]);" in text
    assert "z[s] = quotient(t0[s], x[s], flag);" in text
