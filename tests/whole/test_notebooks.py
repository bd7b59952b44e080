"""Every lesson runs from a clean state, and every exercise can be solved, and failed.

`python tests/whole/test_notebooks.py` runs the lessons and renews the outputs that are committed.
"""

import ast
import copy
import os
import re
import tempfile
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, which comes with nbclient")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient, to run the notebooks")
pytest.importorskip("ipykernel", reason="needs ipykernel, to run the notebooks")
# Its first import may say that it builds its fonts: here, so that it is said in no notebook.
pytest.importorskip("matplotlib.pyplot", reason="needs matplotlib, which the notebooks plot with")

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
INLINE = "module://matplotlib_inline.backend_inline"
SOLUTION = re.compile(r"<details>\n<summary>Solution</summary>.*?```python\n(.*?)```", re.DOTALL)

# What a reader may get nearly right: (a part of the solutions, the same part with a mistake).
SLIPS = {
    "01_xor": [
        ("return 3 * u**2 * 2 * x", "return 3 * u**2"),
        ("dz = z + z + 3", "dz = z + 3"),
        ("return [-2 * error * x[0], -2 *", "return [2 * error * x[0], -2 *"),
        ("return [dot(weights, x, bias)", "return [dot(weights, x)"),
        ("b = t00 + error\n", "b = t00\n"),
        ("return [model([1.0, 0.0]).data - b,", "return [model([1.0, 0.0]).data,"),
        ("lambda z, x: -2 * x * z)", "lambda z, x: -2 * x)"),
        ('"bias": -15}', '"bias": -5}'),
    ],
    "02_training": [
        ("[1 - c * lr, 2 / c]", "[1 - c * lr, 1 / c]"),
        ("sum(2 * e for e in errors)", "sum(e for e in errors)"),
        ("(1 - alpha) * g * g", "(1 - alpha) * g"),
        ("return end + (start - end) * ahead", "return start * ahead"),
        ("- (k == target)", "- 1"),
        ("epoch - best >= patience", "epoch - best > patience"),
    ],
    "03_from_graph_to_program": [
        ("d_x += d_v3 * w", "d_x = d_v3 * w"),
        ("(y * (1 - y))", "(1 - y * y)"),
        ("counts.get(op.name, 0) + 1", "1"),
        ("depends.add(tape.first + k)", "depends.add(k)"),
        ("program([there])", "program([here])"),
        ("reversed(list(zip(xs, ts)))", "list(zip(xs, ts))"),
    ],
    "04_backpropagation_step_by_step": [
        ("[dz * b, dz * a]", "[dz * a, dz * b]"),
        ("product *= derivative", "product += derivative"),
        ("paths.get(x, 0) + paths[v]", "paths[v]"),
        ("sum(n > 1 for n in uses.values())", "len(uses)"),
        ("x not in seen", "x not in values"),
        ("grad += slope(w)", "grad = slope(w)"),
    ],
}


# ---- what a lesson is made of ----


def lesson(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook, tag=None):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in cells if tag is None or tag in cell.metadata.get("tags", [])]


def solutions(notebook):
    """The folded code, in order: one for each exercise."""
    markdown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [code for source in markdown for code in SOLUTION.findall(source)]


def with_attempts(notebook, attempts):
    """The notebook with several answers to each exercise, one after another, each checked.

    attempts: for each exercise the answers. They are all run in one go, since a lesson takes its
    time; the last one stands when the lesson goes on.
    """
    attempts, cells = iter(attempts), []
    for cell in copy.deepcopy(notebook.cells):
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            answers = next(attempts)
        elif "check" in tags:
            for answer in answers:
                cells += [nbformat.v4.new_code_cell(answer), copy.deepcopy(cell)]
        else:
            cells.append(cell)
    for i, cell in enumerate(cells):
        cell.id = str(i)
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def constant_answers(notebook, answer):
    """Functions named as the exercises ask for, which return the same whatever they are given."""
    names = [ast.parse(cell.source).body[0].name for cell in code_cells(notebook, "exercise")]
    return [f"def {name}(*inputs):\n    return {answer}" for name in names]


# ---- running it ----


def executed(notebook, allow_errors=False):
    """The notebook after a run from the start, in a new kernel and a new, empty folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    notebook = copy.deepcopy(notebook)
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(
            notebook,
            timeout=120,
            allow_errors=allow_errors,
            record_timing=False,
            coalesce_streams=True,  # one output, in however many pieces it is printed
            resources={"metadata": {"path": folder}},
        )
        # Without folders to search, python3 is the interpreter that runs the tests.
        kernel = client.create_kernel_manager()
        kernel.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        own = {"PYTHONPATH": path, "IPYTHONDIR": folder, "MPLBACKEND": INLINE}
        client.execute(env={**os.environ, **own})
    return notebook


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def raised(cell):
    """The name of the exception that ended the cell, or an empty string."""
    return "".join(output.ename for output in cell.outputs if output.output_type == "error")


def tidy(notebook):
    """Take out what differs from one machine or run to the next."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            for kind, text in output.get("data", {}).items():
                text = re.sub(r" at 0x[0-9a-f]+(?=>)", "", text)
                text = re.sub(r"<!-- Generated by graphviz.*?-->\n?", "", text, flags=re.DOTALL)
                output.data[kind] = text
    return notebook


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def committed(path):
    return lesson(path)


@pytest.fixture(scope="module")
def fresh(committed):
    return executed(committed, allow_errors=True)


CONSTANTS = ["None", "41.5", "[1.0, 2.0, 3.0]"]


@pytest.fixture(scope="module")
def attempts(path, committed):
    """What the checks said to each exercise's constants, slip and solution, in this order."""
    right = solutions(committed)
    slips = [answer.replace(*slip) for answer, slip in zip(right, SLIPS[path.stem], strict=True)]
    wrong = [constant_answers(committed, answer) for answer in CONSTANTS]
    ran = executed(with_attempts(committed, zip(*wrong, slips, right)), allow_errors=True)
    checks, n = code_cells(ran, "check"), len(CONSTANTS) + 2
    others = [raised(cell) for cell in code_cells(ran) if cell not in checks]
    assert not any(others)
    return [checks[i : i + n] for i in range(0, len(checks), n)]


# ---- it runs ----


def test_there_are_lessons():
    assert LESSONS


def test_every_cell_runs_without_an_error(fresh):
    failures = {cell.id: raised(cell) for cell in code_cells(fresh) if raised(cell)}

    assert not failures


def test_nothing_is_printed_to_stderr(fresh):
    streams = [output for cell in code_cells(fresh) for output in cell.outputs]
    warnings = [output.text for output in streams if output.get("name") == "stderr"]

    assert not warnings


def test_an_unsolved_exercise_is_said_to_be_unsolved(fresh):
    verdicts = [printed(cell) for cell in code_cells(fresh, "check")]

    for number, verdict in enumerate(verdicts, 1):
        assert verdict == f"exercise {number}: not solved yet\n"


# ---- its exercises ----


def test_every_exercise_has_a_check_and_a_solution(committed):
    exercises = code_cells(committed, "exercise")

    assert len(exercises) >= 6
    assert len(code_cells(committed, "check")) == len(solutions(committed)) == len(exercises)
    for cell in exercises:
        assert "raise NotImplementedError" in cell.source


def test_every_solution_is_correct(attempts):
    for number, (*_, cell) in enumerate(attempts, 1):
        assert not raised(cell)
        assert f"exercise {number}: correct\n" in printed(cell)


def test_a_solution_defines_what_its_exercise_asks_for(committed):
    for cell, solution in zip(code_cells(committed, "exercise"), solutions(committed)):
        asked, given = ast.parse(cell.source).body[0], ast.parse(solution).body[0]
        assert asked.name == given.name
        assert ast.dump(asked.args) == ast.dump(given.args)
        assert ast.get_docstring(asked) == ast.get_docstring(given)


def test_an_answer_that_ignores_the_question_is_refused(attempts):
    for *constants, _slip, _solution in attempts:
        for cell in constants:
            assert "correct" not in printed(cell)
            assert raised(cell) == "AssertionError", cell.source


def test_a_slip_is_in_every_solution_once(path, committed):
    for answer, (right, _) in zip(solutions(committed), SLIPS[path.stem], strict=True):
        assert answer.count(right) == 1


def test_an_answer_that_is_nearly_right_is_refused(attempts):
    for *_, slip, _solution in attempts:
        assert "correct" not in printed(slip)
        assert raised(slip) == "AssertionError", slip.source


# ---- how it is written, and what is committed ----


def test_no_cell_is_over_25_lines(committed):
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(committed)}

    assert max(lengths.values()) <= 25


def test_a_lesson_asks_one_question_and_names_the_next(path, committed):
    heading = committed.cells[0].source.splitlines()[0]
    named = re.findall(r"\bnext lesson, `(\w+\.ipynb)`", committed.cells[-1].source)
    following = [lesson.name for lesson in LESSONS[LESSONS.index(path) + 1 :]]

    assert re.fullmatch(r"# [^?.]+\?", heading)
    assert named == following[:1]


def test_files_that_a_lesson_names_are_there(committed):
    prose = "\n".join(c.source for c in committed.cells if c.cell_type == "markdown")
    for name in re.findall(r"`([\w/]+\.(?:ipynb|py|md))`", prose):
        assert any((ROOT / folder / name).exists() for folder in (".", "notebooks")), name


def test_prose_announces_every_cell(committed):
    for before, cell in zip([None, *committed.cells], committed.cells):
        if cell.cell_type == "code" and "check" not in cell.metadata.get("tags", []):
            assert before.cell_type == "markdown", cell.source


def test_the_checks_of_all_lessons_have_the_same_helpers(committed):
    def helpers(notebook):
        sources = [cell.source for cell in code_cells(notebook)]
        return [text for text in sources if "class exercise:" in text or "def expect(" in text]

    assert len(helpers(committed)) == 2
    assert helpers(committed) == helpers(lesson(LESSONS[0]))


def test_no_cell_takes_a_name_away_from_the_helpers(committed):
    taken = []
    for cell in code_cells(committed):
        names = [x for x in ast.walk(ast.parse(cell.source)) if isinstance(x, ast.Name)]
        taken += [x.id for x in names if isinstance(x.ctx, ast.Store)]

    assert not {"exercise", "floats_of", "agree", "expect"} & {*taken}


def test_cells_import_from_the_project_and_little_else(committed):
    modules = set()
    for cell in code_cells(committed):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module.partition(".")[0])

    assert modules <= {"engine", "nn", "matplotlib", "math", "random", "time"}


def test_cells_were_executed_in_order(committed):
    counts = [cell.execution_count for cell in code_cells(committed)]

    assert counts == list(range(1, len(counts) + 1))


def test_committed_text_is_what_the_cells_print(committed, fresh):
    for before, now in zip(code_cells(committed), code_cells(fresh), strict=True):
        assert printed(before) == printed(now)


def test_committed_outputs_are_of_the_same_kinds(committed, fresh):
    def kinds(cell):
        return [sorted(output.get("data", {})) for output in cell.outputs]

    for before, now in zip(code_cells(committed), code_cells(fresh), strict=True):
        assert kinds(before) == kinds(now), before.source


def test_every_picture_has_a_caption(committed):
    captions = []
    for cell, after in zip(committed.cells, committed.cells[1:]):
        data = [output.get("data", {}) for output in cell.get("outputs", [])]
        if any(kind.startswith("image/") for kinds in data for kind in kinds):
            captions += re.findall(r"\A\*Figure (\d+)\. ", after.source) or [cell.source]

    assert captions == [str(i + 1) for i in range(len(captions))]


def test_nothing_committed_tells_of_a_machine(path, committed):
    assert committed.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in committed.cells:
        assert set(cell.metadata) <= {"tags"}
    assert tidy(copy.deepcopy(committed)) == committed
    assert not re.search(r"/home/|/Users/|/root/|/tmp/|site-packages", path.read_text("utf-8"))


if __name__ == "__main__":
    for lesson_path in LESSONS:
        written = lesson(lesson_path)
        renewed = tidy(executed(written))
        renewed.metadata = written.metadata  # a run adds the version of Python
        nbformat.write(renewed, lesson_path)
