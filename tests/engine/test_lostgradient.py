"""A function of math that takes a Value warns, however it is written; float and the like do not."""

import cmath
import functools
import gc
import math
import operator
import os
import subprocess
import sys
import threading
import warnings
import weakref
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import LostGradientWarning, Value, grad, no_grad
from engine.lostgradient import HARMLESS, MOST, sites


class Holder:
    static = staticmethod(math.exp)

    def __init__(self):
        self.function = math.exp

    def call(self, v):
        return self.function(v)


NAMES = {"math": math, "m": math, "cmath": cmath, "exp": math.exp, "functools": functools}
NAMES |= {"operator": operator, "threading": threading, "array": array, "engine": engine}
NAMES |= {
    "Value": Value,
    "table": {"exp": math.exp, "float": float},
    "held": Holder(),
    "Holder": Holder,
}

LOUD = r"""
math.exp(w) + w
m.exp(w)
exp(w)
3 * math.exp(-w * 2) + 1
math.exp(*[w])
math.exp.__call__(w)
math.pow(w, 2)
math.pow(2, w)
math.fsum(vs)
math.gamma(w)
math.exp(vs[0])
math.log(w, 10)
math.copysign(w, 1.0)
cmath.exp(w)
float(math.exp(w))
f"{math.sqrt(w):.3f}"
(math.exp if w else math.sin)(w)
table["exp"](w)
[table[key](w) for key in ["exp"]]
held.function(w)
held.call(w)
Holder.static(w)
(lambda v: math.exp(v))(w)
(lambda f: f(w))(math.exp)
(lambda x, f: x + f(x))(w, math.exp)
[math.exp(v) for v in vs]
sum(math.exp(v) for v in vs)
list(map(math.exp, vs))
sum(map(math.exp, vs))
max(map(math.exp, vs))
sorted(map(math.exp, vs))
[*map(math.exp, vs)]
print(*map(math.exp, vs))
list(functools.partial(map, math.exp)(vs))
list(zip(map(math.exp, vs), [math.exp(1.0)]))
[f(w) for f in (math.exp, math.sin)]
def default(v, e=math.exp): return e(v)\ndefault(w)
math.exp(float(w) + w)
next(map(math.exp, vs))
list(map(lambda v: math.exp(v), vs))
list(zip(vs, map(math.exp, vs)))
functools.partial(math.pow, 2)(w)
functools.reduce(math.hypot, vs)
operator.call(math.exp, w)
a, b = map(math.exp, vs)
for y in map(math.exp, vs): pass
later = map(math.exp, vs)\na = [y for y in later]
a = [y for y in map(math.exp, vs)]
e = math.exp; e(w)
def local(v): e = math.exp; return e(v)\nlocal(w)
def within(vs): f = math.exp; return [f(v) for v in vs]\nwithin(vs)
def closed(e): return lambda v: e(v)\nclosed(math.exp)(w)
t = threading.Thread(target=math.exp, args=(w,)); t.start(); t.join()
exec("math.exp(w)")
math.exp(\n    w\n)
for f in (float, math.exp): f(w)
""".strip().splitlines()

QUIET = """
float(w)
int(w)
complex(w)
bool(w)
round(w, 1)
format(w, ".2f")
f"{w:.3f} {math.exp(1.0)}"
"%f" % w
"%f %f" % (math.exp(1.0), w)
"{:.2f} {}".format(w, math.exp(1.0))
array("d", vs)
[float(v) for v in vs]
list(map(float, vs))
[math.exp(float(v)) for v in vs]
math.exp(w.data)
math.exp(float(w))
float(w) + math.exp(1.0)
float(w * math.exp(1.0))
math.exp(1.0) * w
w < math.exp(1.0)
(lambda f: f(w))(float)
table["float"](w)
sorted(vs, key=math.exp)
max(vs, key=math.exp)
min(w, vs[1], key=math.fabs)
any(map(math.isnan, vs))
array("d", [w, sum(map(math.exp, [1.0]))])
array("d", [w, *map(math.exp, [1.0])])
array("d", [w, (lambda f: f(1.0))(math.exp)])
math.isnan(w)
math.isinf(w)
math.isfinite(w)
math.isclose(w, 2.0)
math.floor(w)
math.ceil(w)
math.prod(vs)
engine.exp(w)
w.exp()
engine.hypot(*vs)
sum(vs)
[float(a) for a, f in zip(vs, (math.exp, math.sin))]
for f in (float, int): f(w)
""".strip().splitlines()


def warned(text, **names):
    """The messages of the lost gradients in a program, which has w and vs to work with."""
    own = {**NAMES, "w": Value(0.75, label="w"), "vs": [Value(0.75), Value(0.5)], **names}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(text.replace("\\n", "\n"), "program.py", "exec"), own)
    return [str(x.message) for x in caught if x.category is LostGradientWarning]


@pytest.mark.parametrize("text", LOUD)
def test_a_function_of_math_says_that_it_loses_the_gradient(text):
    assert warned(text)


@pytest.mark.parametrize("text", QUIET)
def test_what_asks_for_the_number_only_is_silent(text):
    assert not warned(text)


@pytest.mark.parametrize("text", LOUD[:40])
def test_nothing_is_lost_where_no_graph_is_recorded(text):
    with no_grad():
        assert not warned(text)


@pytest.mark.parametrize("before", ["float", "math.isnan", "int", "engine.exp"])
def test_a_name_that_gets_another_meaning_is_read_anew(before):
    twice = f"for f in ({before}, math.exp, {before}, {before}, math.exp): f(w)"
    inside = f"def go(f, v): return f(v)\nfor f in ({before}, {before}, math.exp): go(f, w)"
    table = f"t = {{}}\nfor f in ({before}, math.exp): t['f'] = f; t['f'](w)"
    attribute = f"for f in ({before}, math.exp): held.function = f; held.call(w)"

    assert len(warned(twice)) == 2
    for text in (inside, table, attribute):
        assert len(warned(text, held=Holder())) == 1, text


def test_a_constant_derivative_has_no_gradient_to_lose():
    w = Value(2.0)

    assert not warned("math.exp(w)", w=grad(3 * w, w))


def test_arrays_of_numpy_are_converted_in_silence():
    numpy = pytest.importorskip("numpy")

    assert not warned("np.asarray(vs, dtype=float)", np=numpy)
    assert not warned("np.array([math.exp(1.0), w], dtype=float)", np=numpy)
    assert not warned("np.float64(w)", np=numpy)
    assert not warned("np.array(vs, float) * math.exp(1.0)", np=numpy)


def test_functions_of_numpy_keep_the_gradient_or_refuse():
    numpy = pytest.importorskip("numpy")
    ufuncs = {x for x in vars(numpy).values() if isinstance(x, numpy.ufunc) and x.nin == 1}
    answers = {"sign", "floor", "ceil", "isfinite", "logical_not"}  # whole numbers, and yes or no
    for ufunc in ufuncs:
        v = Value(0.5)
        try:
            z = ufunc(v)
        except (TypeError, AttributeError):
            continue
        assert ufunc.__name__ in answers or isinstance(z, Value), ufunc

    assert isinstance(numpy.exp(Value(0.5)), Value)


def test_the_message_says_what_to_write_instead():
    [message] = warned("y = math.exp(w) + w")

    assert message == (
        "math.exp takes the number of w alone, no gradient flows back through it: "
        "use engine.exp(w), or w.data if you want the number"
    )


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("math.pow(w, 2)", "use x ** y"),
        ("math.log10(w)", "use engine.log(w) / math.log(10)"),
        ("math.fabs(w)", "use abs(w)"),
        ("math.fsum(vs)", "use sum(values)"),
        ("math.atan2(w, 1.0)", "use an engine.Op"),
        ("math.tanh(w * 2)", "use engine.tanh(v)"),
        ("assert math.sqrt(Value(2.0)) > 1.0", "use engine.sqrt(v)"),
        ("cmath.sin(held.w)", "use engine.sin(held.w), or held.w.data"),
    ],
)
def test_the_message_names_what_the_engine_has(text, instead):
    held = Holder()
    held.w = Value(0.5)

    assert instead in warned(text, held=held)[0]


def test_what_the_message_advises_has_the_same_number():
    w = Value(0.75)
    advised = {"fabs": abs(w), "log2": engine.log(w) / math.log(2), "cbrt": w ** (1 / 3)}
    advised |= {"log10": engine.log(w) / math.log(10), "exp2": 2**w, "degrees": w * (180 / math.pi)}
    advised |= {"radians": w * (math.pi / 180), "fsum": sum([w])}
    for name, value in advised.items():
        number = 0.75 if name != "fsum" else [0.75]
        assert math.isclose(value.data, getattr(math, name)(number), rel_tol=1e-15)


# ---- every function, in every dress ----


def inputs_of(function):
    """How many numbers a function of math takes to make a float of them, or 0."""
    for n in (1, 2):
        try:
            if isinstance(function(*[0.5] * n), float):
                return n
        except (TypeError, ValueError):
            continue
    return 0


FUNCTIONS = [(x.__name__, inputs_of(x)) for x in vars(math).values() if callable(x)]
FUNCTIONS = [(name, n) for name, n in FUNCTIONS if n and name not in HARMLESS]

DRESSES = ["{}", "1 + {} * w", "[{} for w in vs]", "(lambda w: {})(w)", "float({})", "print({})"]
DRESSES += ["sum({} for w in vs)", "f'{{{}:.3f}}'", "{{'key': {}}}['key']", "max({}, 1.0)"]
DRESSES += ["def f(w):\n    return {}\nf(w)", "if {} > 0:\n    pass", "[float(w), {}, float(w)]"]


def dressed(call, dress, *arguments):
    return dress.format(f"{call}({', '.join(arguments)})")


@given(st.sampled_from(FUNCTIONS), st.sampled_from(["math.{}", "m.{}"]), st.sampled_from(DRESSES))
@settings(max_examples=80, deadline=None)
def test_every_function_of_math_warns_in_every_expression(function, call, dress):
    name, inputs = function
    messages = warned(dressed(call.format(name), dress, *["w"] * inputs))

    assert messages
    assert all(
        message.startswith(f"math.{name} takes the number of w alone") for message in messages
    )


@given(st.sampled_from(FUNCTIONS), st.sampled_from(["float", "complex", "round"]))
@settings(max_examples=60, deadline=None)
def test_no_function_of_math_warns_beside_a_plain_number(function, plain):
    name, inputs = function
    numbers = ", ".join(["0.5"] * inputs)

    assert not warned(f"[{plain}(w), math.{name}({numbers}), {plain}(w * math.{name}({numbers}))]")


def test_there_are_functions_to_try():
    assert {"exp", "log", "pow", "atan2", "hypot", "gamma", "copysign"} <= {n for n, _ in FUNCTIONS}


# ---- where it is said ----


def test_the_warning_stands_at_the_line_of_the_program():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile("\n\ny = math.exp(\n    w)", "program.py", "exec"), {**NAMES, "w": Value(1.0)})

    assert [(x.filename, x.lineno) for x in caught] == [("program.py", 3)]


def test_the_warning_can_be_made_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", LostGradientWarning)
        with pytest.raises(LostGradientWarning, match=r"use engine\.exp\(w\)"):
            exec("math.exp(w)", {**NAMES, "w": Value(1.0)})


def run(*arguments, text):
    folder = os.path.dirname(os.path.dirname(engine.__file__))
    words = [sys.executable, *arguments]
    own = {**os.environ, "PYTHONPATH": folder}
    return subprocess.run(words, input=text, capture_output=True, text=True, env=own, timeout=60)


PROGRAM = "import math\nfrom engine import Value\nw = Value(2.0)\nprint(math.exp(w), float(w))\n"


def test_a_program_without_a_file_warns_too():
    for words, text in ((["-c", PROGRAM], ""), (["-"], PROGRAM), (["-i", "-q"], PROGRAM)):
        ran = run(*words, text=text)
        assert ran.stdout.strip() == "7.38905609893065 2.0"
        assert ran.stderr.count("LostGradientWarning") == 1


def test_without_columns_nothing_is_said():
    ran = run("-X", "no_debug_ranges", "-c", PROGRAM, text="")

    assert ran.stdout == "7.38905609893065 2.0\n"
    assert ran.stderr == ""


# ---- what it costs, and what it leaves alone ----


def test_what_is_remembered_is_bounded():
    w = Value(1.0)
    for _ in range(20):
        exec("\n".join(["float(w)"] * 500), {"w": w})

    assert len(sites) <= MOST


def test_a_graph_is_freed_though_a_function_of_math_saw_it():
    class Leaf(Value):
        pass

    def look():
        f = float
        leaf = Leaf(1.0)
        f(leaf)
        return weakref.ref(leaf)

    gone = look()
    gc.collect()

    assert gone() is None


def test_no_code_of_the_program_runs_while_a_line_is_read():
    class Trap:
        def __getattribute__(self, name):
            raise AssertionError("asked for an attribute")

    assert not warned("list(map(float, [w, trap][:1]))", trap=Trap())
    assert not warned("float([w, trap][0])", trap=Trap())


def test_threads_warn_and_convert_at_once():
    w, wrong = Value(1.0), []

    def work():
        for _ in range(300):
            space = {"w": w, "math": math}
            exec("y = float(w) + 1.0", space)
            wrong.extend([space["y"]] if space["y"] != 2.0 else [])

    with warnings.catch_warnings():
        warnings.simplefilter("error", LostGradientWarning)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []
