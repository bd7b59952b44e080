"""The escapes: what TeX and Markdown set is the text that was given."""

import re
import shutil
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, explain
from engine.formulas.escapes import in_code, in_formula, in_tex, one_line
from engine.formulas.names import names

ANY = st.text(st.characters() | st.sampled_from("$\\^_%{}&#~<>'`\"\0\n\r\u2028\u202e\ud800"))


@given(ANY)
@settings(max_examples=100)
def test_a_line_has_no_sign_that_ends_it_or_turns_it_around(text):
    line = one_line(text)

    assert line.splitlines() == ([line] if line else [])
    assert not re.search("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line)
    assert one_line(line) == line


@given(ANY)
@settings(max_examples=100)
def test_a_name_in_tex_has_its_braces_in_pairs_and_no_sign_of_tex_alone(text):
    for written in (in_formula(one_line(text)), in_tex(text)):
        bare = re.sub(r"\\[a-zA-Z]+|\\.", "", written)
        depths = [bare[:i].count("{") - bare[:i].count("}") for i in range(len(bare) + 1)]

        assert min(depths) == 0
        assert depths[-1] == 0
        assert not set(bare) & set("\\$%&#~")
        assert "^" not in bare


@given(ANY.filter(bool))
@settings(max_examples=100)
def test_code_in_markdown_ends_at_its_own_fence(text):
    line = one_line(text)
    fence, inner, end = re.fullmatch(r"(`+)(.*?)(`+)", in_code(line), re.DOTALL).groups()

    assert fence == end
    assert fence not in re.findall("`+", inner)
    assert inner.strip(" ") == line.strip(" ")


@given(st.lists(ANY))
@settings(max_examples=100)
def test_each_of_many_values_has_a_name_of_its_own_in_one_line(labels):
    found = names(labels)

    assert len(set(found)) == len(labels)
    assert all(found)
    assert found == list(map(one_line, found))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex on PATH")
def test_latex_sets_an_explanation_of_names_of_every_sign(tmp_path):
    signs = [*string.printable, "\0", "\x1b", "\\foo", "$x$", "\\end{document}", "x_1^2", "a b"]
    a, b = Value(2.0, "".join(signs)), Value(3.0, "$\\")
    for sign in signs:
        b = b * Value(2.0, f"n{sign}n")
    formula = explain(a * b, a).latex()
    document = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}${formula}$"
    (tmp_path / "page.tex").write_text(document + r"\end{document}")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
    )

    assert done.returncode == 0
