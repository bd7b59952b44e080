"""A label may be a macro of C: the variable is called otherwise, and another `_` is enough."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, trace
from engine.languages.by_name import LANGUAGES
from engine.languages.reserved import is_reserved

WORDS = [
    "M_PI",
    "M_2_SQRTPI",
    "M_SQRT1_2",
    "HUGE",
    "HUGE_VAL",
    "HUGE_VALF",
    "FP_NAN",
    "NAN",
    "SNAN",
]
WORDS += ["MATH_ERRNO", "DBL_MAX", "FLT_EPSILON", "LDBL_MIN", "INT_MAX", "FE_INVALID", "INFINITY"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_macro_is_a_label_like_any_other(word, language):
    x = Value(0.5, label=word)
    program = trace(x * x, inputs=[x])

    assert f"{word}_" in program.source(language)
    assert program.input_grad([0.75]) == [1.5]


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"(M|FP|HUGE|DBL|INT)_?[A-Z0-9_]{0,8}", fullmatch=True))
def test_no_word_that_ends_in_an_underscore_is_a_macro(word):
    assert not is_reserved(f"{word}_")


@pytest.mark.parametrize("label", ["x", "M_PI", "x_5"])
def test_many_leaves_of_one_label_have_short_names_of_their_own(label):
    xs = [Value(0.5, label=label) for _ in range(300)]
    xs[7].label = "x_9"
    program = trace(sum(x * x for x in xs), inputs=xs)
    names = program.source().split("\n")[1:40]

    assert max(map(len, names)) < 120
    assert program.input_grad([float(i) for i in range(300)]) == [2.0 * i for i in range(300)]
