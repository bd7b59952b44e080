"""Source lines: which line a Value is said to come from, and that nobody else pays for it."""

import copy
import linecache
import pickle
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from engine import Value, dot, draw, grad, no_grad, source_lines, tanh, topological_order
from engine.formulas.reading import expression
from engine.recording import blocks
from nn import MLP, mse_loss


def marked(v):
    """The line of a Value, its part in brackets."""
    return "{1}[{2}]{3}".format(*v.source_line)


def run(code, name="<a cell>", **names):
    """Run code whose lines linecache knows, as a notebook's cells; the names it defines."""
    linecache.cache[name] = len(code), None, code.splitlines(True), name
    exec(compile(code, name, "exec"), names)
    return names


# ---- which line ----


def test_a_value_knows_the_part_of_the_line_that_made_it():
    x = Value(2.0)
    with source_lines():
        y = tanh(x * 3 + 1)

    (product, total) = topological_order(y)[1:3]
    assert marked(y) == "y = [tanh(x * 3 + 1)]"
    assert marked(total) == "y = tanh([x * 3 + 1])"
    assert marked(product) == "y = tanh([x * 3] + 1)"
    assert y.source_line.place.startswith("test_sourceline.py:")


def test_a_leaf_knows_its_line():
    with source_lines():
        x = Value(2.0)

    assert marked(x) == "x = [Value(2.0)]"


def test_what_the_engine_and_nn_compute_has_the_line_of_their_caller():
    model = MLP(2, [3, 1])
    with source_lines():
        loss = mse_loss([model([1.0, 2.0])], [1.0])
        (slope,) = grad(loss, [model.layers[0].neurons[0].bias])

    made = {marked(v) for v in topological_order(loss) if v.op}
    assert made == {
        "loss = [mse_loss([model([1.0, 2.0])], [1.0])]",
        "loss = mse_loss([[model([1.0, 2.0])]], [1.0])",
    }
    assert marked(slope) == "(slope,) = [grad(loss, [model.layers[0].neurons[0].bias])]"


def test_an_expression_of_several_lines_is_shown_as_one():
    code = "y = (x\n     + x *\n    2)  # twice\n"
    with source_lines():
        y = run(code, x=Value(1.0))["y"]

    assert y.source_line == ("<a cell>:1", "y = (", "x + x * 2", ")  # twice")
    assert y.inputs[1].source_line == ("<a cell>:2", "+ ", "x * 2", ")  # twice")


def test_columns_count_characters_and_not_bytes():
    with source_lines():
        y = run("größe = 'Δ😀'; y = größe and x * 2; größe = 1", x=Value(1.0))["y"]

    assert marked(y) == "größe = 'Δ😀'; y = größe and [x * 2]; größe = 1"


def test_a_long_line_is_cut_around_its_part():
    long = "x" * 400
    with source_lines():
        y = run(f"{long} = 1; y = x * 2; {long} = 2", x=Value(1.0))["y"]

    assert [len(text) for text in y.source_line[1:]] == [160, 5, 160]
    assert y.source_line.before.startswith("…x")
    assert y.source_line.before.endswith("x = 1; y = ")
    assert y.source_line.after.endswith("x…")


def test_where_nobody_has_the_line_none_is_noted():
    names = {"x": Value(1.0)}
    with source_lines():
        exec("y = x * 2", names)

    assert names["y"].source_line is None


def test_without_columns_the_line_is_the_part():
    code = (
        "from engine import Value, source_lines\n"
        "with source_lines():\n"
        "    y = Value(1.0) * 2\n"
        "print(y.source_line)\n"
    )
    where = {"capture_output": True, "text": True, "check": True}
    name = "import linecache; linecache.cache['<string>'] = (1, None, CODE.splitlines(True), '')\n"
    text = f"CODE = {code!r}\n{name}exec(compile(CODE, '<string>', 'exec'))"
    out = subprocess.run([sys.executable, "-X", "no_debug_ranges", "-c", text], **where).stdout

    assert out.strip().endswith("before='', part='y = Value(1.0) * 2', after='')")


def test_a_cell_of_a_notebook_has_its_number(monkeypatch):
    compiler = SimpleNamespace(
        format_code_name=lambda name: ("Cell", "In[3]") if name == "<a cell>" else None
    )
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(compile=compiler))
    monkeypatch.setitem(sys.modules, "IPython", shell)
    with source_lines():
        y = run("\ny = x * 2", x=Value(1.0))["y"]
        z = y * 2

    assert y.source_line.place == "Cell In[3]:2"
    assert z.source_line.place.startswith("test_sourceline.py:")


def test_a_real_shell_of_ipython_is_understood():
    shell = pytest.importorskip("IPython.core.interactiveshell", reason="needs IPython")
    shell = shell.InteractiveShell.instance()
    try:
        shell.run_cell("from engine import Value, source_lines")
        shell.run_cell("with source_lines():\n    y = Value(2.0) * 3", store_history=True)
        line = shell.user_ns["y"].source_line
    finally:
        type(shell).clear_instance()

    assert line[1:] == ("y = ", "Value(2.0) * 3", "")
    assert line.place == "Cell In[1]:2"


def test_a_part_of_a_formula_is_its_line():
    x = Value(2.0)
    y = expression(" a * (x +\n 1)", {"a": Value(3.0), "x": x})

    assert y.source_line == ("", "", "a * (x + 1)", "")
    assert y.inputs[1].source_line == ("", "a * (", "x + 1", ")")
    assert x.source_line is None


# ---- where it holds ----


def test_outside_a_block_nothing_is_noted():
    with source_lines():
        x = Value(2.0)
    y = x * 2

    assert y.source_line is None
    assert vars(y) == {}
    assert blocks == []


def test_a_function_may_note_its_lines():
    @source_lines()
    def twice(x):
        return x * 2

    assert marked(twice(Value(1.0))) == "return [x * 2]"


def test_a_generator_cannot():
    def values():
        yield Value(1.0)

    with pytest.raises(
        TypeError,
        match=r"^source_lines\(\) cannot wrap a generator or coroutine: open a block inside it$",
    ):
        source_lines()(values)


def test_blocks_nest_and_end_with_an_exception():
    with source_lines():
        with pytest.raises(ZeroDivisionError), source_lines():
            Value(1.0) / 0
        y = Value(1.0) * 2
    z = Value(1.0) * 2

    assert (marked(y), z.source_line) == ("y = [Value(1.0) * 2]", None)


def test_no_grad_records_nothing_and_notes_nothing():
    x = Value(1.0)
    with source_lines(), no_grad():
        y = x * 2

    assert (y.op, y.source_line) == (None, None)


def test_no_grad_of_one_thread_and_lines_of_another_do_not_meet():
    x, made = Value(1.0), []
    thread = threading.Thread(target=lambda: made.append(x * 2))
    with source_lines():
        thread.start()
        thread.join()

    assert made[0].source_line is None
    assert made[0].inputs == (x, 2.0)


def test_the_numbers_are_the_same():
    def loss():
        a = Value(0.3)
        y = tanh(dot([a, a], [Value(2.0), a * 3], a) / 7)
        y.backward()
        return y.data, a.grad

    plain = loss()
    with source_lines():
        assert loss() == plain


def test_copies_keep_the_line():
    with source_lines():
        y = Value(1.0) * 2

    assert copy.deepcopy(y).source_line == y.source_line
    assert pickle.loads(pickle.dumps(y)).source_line == y.source_line


# ---- pictures ----


def test_a_picture_has_the_line_where_the_pointer_rests():
    with source_lines():
        w, x = Value(2.0), Value(3.0)
        y = dot([w], [x], Value(1.0))
    source = draw(y).source

    place = y.source_line.place
    assert f'tooltip="add: dot([w], [x], Value(1.0)) ({place})"' in source
    assert f'tooltip="mul: dot([w], [x], Value(1.0)) ({place})"' in source
    assert f'tooltip="Value(2.0) ({w.source_line.place})"' in source


def test_a_picture_of_a_formula_has_its_part_there():
    assert 'tooltip="mul: a*a"' in draw(expression("1 + a*a", {"a": Value(2.0)})).source
