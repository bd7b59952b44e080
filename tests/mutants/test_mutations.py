"""The maker of mutants: each is the file with one fault, and nothing that cannot be read is one."""

import ast
import re
from pathlib import Path

import engine
from tests.mutants.mutations import mutants_of

ROOT = Path(__file__).parents[2]


def changes(text):
    return [f"{mutant.was} -> {mutant.now}" for mutant in mutants_of(text)]


def test_an_operator_becomes_its_opposite():
    assert changes("z = x + y") == ["x + y -> (x - y)"]
    assert changes("z = x * y") == ["x * y -> (x / y)"]


def test_a_comparison_is_off_by_one():
    assert changes("z = x < y") == ["x < y -> (x <= y)"]


def test_a_chain_of_comparisons_has_a_mutant_for_each():
    assert changes("z = x < y <= w") == ["x < y <= w -> (x < y < w)", "x < y <= w -> (x <= y <= w)"]


def test_a_word_of_logic_becomes_the_other_or_none():
    assert changes("z = not (x and y)") == ["not (x and y) -> (x and y)", "x and y -> (x or y)"]


def test_a_number_moves_by_one_and_a_text_is_another():
    assert changes("z = 1, 'mean', True") == [
        "'mean' -> 'mean?'",
        "1 -> 0",
        "1 -> 2",
        "True -> False",
    ]


def test_a_condition_that_is_only_a_name_is_negated():
    assert changes("if x:\n    pass\nz = [y for y in w if y]") == ["x -> (not x)", "y -> (not y)"]


def test_a_statement_that_acts_is_left_out():
    assert changes("xs.sort()\nn += k") == [
        "xs.sort() -> pass",
        "n += k -> n -= k",
        "n += k -> pass",
    ]


def test_a_call_loses_an_argument_that_may_have_a_default():
    assert changes("z = f(x, key=y)") == ["f(x, key=y) -> f(x)"]
    assert changes("z = d.get(x, y)") == ["d.get(x, y) -> d.get(x)"]
    assert changes("z = isinstance(x, y)") == []


def test_a_call_of_min_asks_max():
    assert changes("z = min(xs)") == ["min(xs) -> max(xs)"]


def test_a_default_is_mutated_and_an_annotation_is_not():
    assert changes("def f(x: 'a' = 0.5) -> 'b': ...") == ["0.5 -> 1.5"]


def test_what_only_people_read_is_left_alone():
    text = '"""Doc 1."""\nif TYPE_CHECKING:\n    x = 1\nif y:\n    raise ValueError("a" + "b")\n'

    assert changes(text) == ["y -> (not y)"]


def test_every_mutant_of_a_file_is_a_program_that_differs_from_it_in_one_line_or_expression():
    text = (Path(engine.__file__).parent / "reach.py").read_text("utf-8")
    mutants = mutants_of(text)

    assert len({mutant.text for mutant in mutants}) == len(mutants) > 5
    assert all(ast.dump(ast.parse(m.text)) != ast.dump(ast.parse(text)) for m in mutants)


def test_every_equivalent_mutant_is_a_mutant_of_a_line_that_is_there():
    path, found = "", {}
    for line in (ROOT / "tests/mutants/equivalent.md").read_text("utf-8").splitlines():
        path = line[3:] if line.startswith("## ") else path
        if match := re.match(r"- `` (.*) ``: `` (.*) ``$", line):
            found.setdefault(path, []).append((match[1], match[2]))

    assert found
    for path, listed in found.items():
        text = (ROOT / path).read_text("utf-8")
        lines = text.splitlines()
        known = {(lines[m.line - 1].strip(), f"{m.was} -> {m.now}") for m in mutants_of(text)}
        assert [entry for entry in listed if entry not in known] == []
