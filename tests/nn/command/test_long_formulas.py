"""Formulas of many inputs: the work done, or one clear line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.command.main import main


@pytest.mark.parametrize("name", ["maximum", "minimum", "logsumexp"])
def test_a_program_that_would_grow_as_the_square_is_refused_in_a_line(name, capsys):
    for language in ("python", "c", "numpy", "javascript", "torch"):
        formula = f"{name}({', '.join(['x'] * 5000)})"

        assert main(["source", formula, "--language", language]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "an operation of 5000 inputs has a slope for each" in err
        assert err.count("\n") == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 120), st.sampled_from(["maximum", "minimum"]))
def test_a_program_of_fewer_inputs_is_written(n, name):
    assert main(["source", f"{name}({', '.join([f'x{i}' for i in range(n)])})"]) == 0


@pytest.mark.parametrize("command", [["explain", "x", "x=1"], ["explore", "x=1", "-o", "x.html"]])
def test_an_explanation_that_would_grow_as_the_square_is_refused(command, capsys):
    formula = f"maximum({', '.join(['x'] * 5000)})"

    assert main([command[0], formula, *command[1:]]) == 2
    assert "an operation of 5000 inputs has a slope for each" in capsys.readouterr().err
