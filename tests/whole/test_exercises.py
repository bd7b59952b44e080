"""The checks of the lessons: right answers pass, wrong ones are told why in a sentence.

The answers are in exercise_answers.py: for each exercise wrong ones, as students give them, and
right ones, written differently. Each is run against the check of the notebook.
"""

import ast
import contextlib
import io
import re
import traceback
from functools import cache
from pathlib import Path

import pytest

from tests.whole.exercise_answers import RIGHT, WRONG

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, which comes with nbclient")
pytest.importorskip("matplotlib", reason="needs matplotlib, which the lessons import")
pytest.importorskip("numpy", reason="needs NumPy, which some of the answers use")

ROOT = Path(__file__).parents[2]
LESSONS = {path.stem[:2]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
DATA = {"inputs", "targets", "rng", "xs", "ys"}  # what the checks use besides functions


@cache
def cells(number):
    notebook = nbformat.read(LESSONS[number], as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(number, tag):
    return [cell.source for cell in cells(number) if tag in cell.metadata.get("tags", [])]


@cache
def exercises():
    """The id of each exercise, such as "04.5", with the head of its function and its check."""
    found = {}
    for number in LESSONS:
        pairs = zip(tagged(number, "exercise"), tagged(number, "check"), strict=True)
        for i, (asked, check) in enumerate(pairs, 1):
            found[f"{number}.{i}"] = asked.splitlines()[0], check
    return found


@cache
def prelude(number):
    """What a lesson has defined when its checks run: without its trainings and its plots."""
    kept = []
    for cell in cells(number):
        if not {"exercise"} & {*cell.metadata.get("tags", [])}:
            kept += [node for node in ast.parse(cell.source).body if defines(node)]
    return compile(ast.Module(kept, []), f"lesson {number}", "exec")


def defines(node):
    if isinstance(node, ast.Assign):
        names = {x.id for x in ast.walk(node.targets[0]) if isinstance(x, ast.Name)}
        return names <= DATA
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


@cache
def judged(name, body):
    """What the check of an exercise says to a function with this body: printed, raised."""
    head, check = exercises()[name]
    answer = "\n".join([head, *[f"    {line}" for line in body.splitlines()]])
    space = {"__name__": "__main__"}
    exec(prelude(name[:2]), space)
    exec(compile(answer, "the answer", "exec"), space)
    printed, raised = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(check, "the check", "exec"), space)
        except Exception as error:
            raised = error
    return printed.getvalue(), raised


def table(answers):
    rows = [(name, body) for name, bodies in answers.items() for body in bodies]
    return [pytest.param(*row, id=f"{row[0]} {row[1]:.60}") for row in rows]


@pytest.mark.parametrize(("name", "body"), table(RIGHT))
def test_a_right_answer_is_accepted_however_it_is_written(name, body):
    printed, raised = judged(name, body)

    assert raised is None
    assert f"exercise {int(name[3:])}: correct\n" in printed


@pytest.mark.parametrize(("name", "body"), table(WRONG))
def test_a_wrong_answer_is_told_why_in_one_sentence(name, body):
    printed, raised = judged(name, body)

    assert "correct" not in printed
    assert type(raised) is AssertionError
    assert len(str(raised).splitlines()) == 1
    assert re.search(r"your|yours|it is|by differences|too", str(raised))


@pytest.mark.parametrize(("name", "body"), table(WRONG))
def test_no_traceback_comes_from_inside(name, body):
    _, raised = judged(name, body)
    files = [frame.filename for frame in traceback.extract_tb(raised.__traceback__)[1:]]

    assert raised.__suppress_context__
    assert {*files} <= {"the check", f"lesson {name[:2]}"}


@pytest.mark.parametrize("name", exercises())
def test_every_exercise_has_answers_of_both_kinds(name):
    assert len(WRONG[name]) >= 4
    assert len(RIGHT[name]) >= 2


# What no exercise asks for: (an answer, what the sentence has to say).
NEVER = [
    ("pass", "None"),
    ("return 'abc'", "'abc'"),
    ("return {}", "{}"),
    ("return [[1.0], [2.0]]", "[[1.0], [2.0]]"),
    ("return iter([1.0, 2.0])", "iterator"),
    ("return [None, None, None]", "None"),
    ("return float('nan')", "nan"),
    ("return 1j", "1j"),
    ("return print", "built-in function print"),
    ("return undefined_name", "line 2 of your answer raises NameError: name 'undefined_name'"),
    ("return 1.0 / 0.0", "line 2 of your answer raises ZeroDivisionError"),
    ("x = {}\nreturn x['key']", "line 3 of your answer raises KeyError: no entry for 'key'"),
    ("return None + 1", "line 2 of your answer raises TypeError"),
    ("return [][0]", "line 2 of your answer raises IndexError"),
]


@pytest.mark.parametrize("name", exercises())
@pytest.mark.parametrize(("body", "said"), NEVER)
def test_what_nobody_asked_for_is_named(name, body, said):
    printed, raised = judged(name, body)

    assert "correct" not in printed
    assert type(raised) is AssertionError
    assert said in str(raised)


@pytest.mark.parametrize("name", exercises())
def test_an_exercise_that_nobody_has_tried_is_passed_over(name):
    printed, raised = judged(name, "raise NotImplementedError")

    assert raised is None
    assert printed == f"exercise {int(name[3:])}: not solved yet\n"
