"""The graph: a Value remembers how it was computed, so that it can be differentiated.

This file is what runs. Where a C compiler was there when chainrule was installed, it runs as C,
with the types that value.pxd gives its variables; the numbers are the same to the last bit.
"""

from __future__ import annotations

import os
from _thread import RLock

from engine import keepers, ops
from engine.lostgradient import watch
from engine.op import Number, Op, compiled, foreign, number
from engine.recording import blocks, calling_line, no_grad_depth, source_lines_depth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, SupportsFloat, SupportsIndex

    from engine.sourceline import SourceLine

    Text = str  # Python's own str, which C would take to exclude its subclasses

ADD, SUB, MUL, DIV, POW, DOT = ops.add, ops.sub, ops.mul, ops.div, ops.power, ops.dot
NEG, ABS, CONSTANT = ops.neg, ops.absolute, ops.CONSTANT


class Value(Number):
    """A number that remembers how it was made: data == op(x, y).

    A leaf (an input, a parameter) was made by no op. `grad` is d output / d self. In a leaf it is
    summed over all calls of `output.backward()`, in an inner node it is from the latest call.

    >>> a = Value(2.0, label="a")
    >>> z = a * a + 3
    >>> z.backward()
    >>> z.data, a.grad
    (7.0, 4.0)
    """

    __module__ = "engine"

    # _x and _y are what the op took: two Values, or one and None. An op of any number of inputs
    # took two tuples: for dot the weights, with the bias behind them, and the inputs; for any
    # other all that it took, and nothing.
    __slots__ = ("__dict__", "_data", "_grad", "_mark", "_x", "_y", "op", *keepers.SLOTS)
    # NumPy's scalars, of priority -1e6, leave `scalar * value` to us; its arrays, of 0, do not.
    __array_priority__ = -1.0

    label = ""
    is_constant = False  # a derivative that is the same number everywhere, as `grad` finds it
    source_line: SourceLine | None = None  # where it was written, if that was noted

    def __init__(self, data: SupportsFloat, label: Text = "", *others: Any) -> None:
        """A leaf. Raises TypeError if data is not a number, or label not text."""
        if others or not isinstance(label, str):
            raise no_label(label)
        self._data = number(data)
        self._grad = 0.0
        self._mark = 0  # how far the last sort that met this node had come with it
        self.op: Op | None = None
        self._x: Any = None
        self._y: Any = None
        if label:
            self.label = label
        if blocks and source_lines_depth.get():
            self.source_line = calling_line()

    # ---- forward: an operation computes its number and remembers its inputs ----

    def __add__(self, other: SupportsFloat) -> Value:
        y: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if y is None else node(ADD, self._data + y._data, self, y)

    def __radd__(self, other: SupportsFloat) -> Value:
        x: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if x is None else node(ADD, x._data + self._data, x, self)

    def __sub__(self, other: SupportsFloat) -> Value:
        y: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if y is None else node(SUB, self._data - y._data, self, y)

    def __rsub__(self, other: SupportsFloat) -> Value:
        x: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if x is None else node(SUB, x._data - self._data, x, self)

    def __mul__(self, other: SupportsFloat) -> Value:
        y: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if y is None else node(MUL, self._data * y._data, self, y)

    def __rmul__(self, other: SupportsFloat) -> Value:
        x: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if x is None else node(MUL, x._data * self._data, x, self)

    def __truediv__(self, other: SupportsFloat) -> Value:
        y: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if y is None else binary(DIV, self, y)

    def __rtruediv__(self, other: SupportsFloat) -> Value:
        x: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if x is None else binary(DIV, x, self)

    def __pow__(self, other: SupportsFloat) -> Value:
        y: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if y is None else binary(POW, self, y)

    def __rpow__(self, other: SupportsFloat) -> Value:
        x: Value | None = other if isinstance(other, Value) else operand(other)
        return NotImplemented if x is None else binary(POW, x, self)

    def __neg__(self) -> Value:
        return unary(NEG, self)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return unary(ABS, self)

    def apply_op(self, op: Op, inputs: Sequence[Any], evaluate: Any = None) -> Value:
        """op of the inputs, Values or numbers, as a new Value: what every op of the table calls.

        `evaluate` computes its number, if not op itself.
        """
        if evaluate is None:
            if op.arity == 1:
                return unary(op, self)
            if op.arity == 2:
                return binary(op, inputs[0], inputs[1])
            evaluate = op.evaluate
        args = tuple([v if isinstance(v, Value) else constant(v) for v in inputs])
        data = evaluate(*[v.data for v in args])
        x, y = stored(op, args)
        return node(op, data, x, y)

    # ---- backward: the chain rule, from the output back to its leaves ----

    def backward(self, gradient: SupportsFloat = 1.0) -> None:
        """Set node.grad to gradient * d self / d node, for every node self depends on.

        A leaf adds it to the grad it has, so that the gradients of several outputs sum up;
        `zero_grad` starts afresh. If anything interrupts the sweep, an exception in an op of
        yours or Ctrl-C, every leaf keeps the grad it had. Threads may share leaves and nodes: one
        sweeps at a time. Raises TypeError if gradient is not a number.
        """
        seed = number(gradient)
        with sweeping:
            sweep(self, seed)

    def zero_grad(self) -> None:
        """Set grad to 0 here and in every node self depends on."""
        v: Value
        for v in topological_order(self):
            v._grad = 0.0

    def detach(self) -> Value:
        """A new leaf with the same data, cut off from the graph."""
        return Value(self._data)

    if TYPE_CHECKING:  # every op is a method, x.tanh(), which the loop below the class puts there
        # fmt: off
        def abs(self) -> Value: ...
        def acos(self) -> Value: ...
        def add(self, y: SupportsFloat, /) -> Value: ...
        def arccos(self) -> Value: ...
        def arcsin(self) -> Value: ...
        def arctan(self) -> Value: ...
        def asin(self) -> Value: ...
        def atan(self) -> Value: ...
        def cos(self) -> Value: ...
        def cosh(self) -> Value: ...
        def div(self, y: SupportsFloat, /) -> Value: ...
        def dot(self, *xs: SupportsFloat) -> Value: ...
        def elu(self, alpha: SupportsFloat = 1.0, /) -> Value: ...
        def equal(self, y: SupportsFloat, /) -> Value: ...
        def erf(self) -> Value: ...
        def erfc(self) -> Value: ...
        def exp(self) -> Value: ...
        def expm1(self) -> Value: ...
        def gelu(self) -> Value: ...
        def heaviside(self, y: SupportsFloat, /) -> Value: ...
        def hypot(self, *xs: SupportsFloat) -> Value: ...
        def leaky_relu(self, negative_slope: SupportsFloat = 0.01, /) -> Value: ...
        def log(self) -> Value: ...
        def log1p(self) -> Value: ...
        def logsigmoid(self) -> Value: ...
        def logsumexp(self, *xs: SupportsFloat) -> Value: ...
        def maximum(self, *xs: SupportsFloat) -> Value: ...
        def minimum(self, *xs: SupportsFloat) -> Value: ...
        def mul(self, y: SupportsFloat, /) -> Value: ...
        def neg(self) -> Value: ...
        def origin(self, y: SupportsFloat, /) -> Value: ...
        def pow(self, y: SupportsFloat, /) -> Value: ...
        def relu(self) -> Value: ...
        def sigmoid(self) -> Value: ...
        def sign(self) -> Value: ...
        def silu(self) -> Value: ...
        def sin(self) -> Value: ...
        def sinh(self) -> Value: ...
        def softplus(self) -> Value: ...
        def sqrt(self) -> Value: ...
        def stop_gradient(self) -> Value: ...
        def sub(self, y: SupportsFloat, /) -> Value: ...
        def tan(self) -> Value: ...
        def tanh(self) -> Value: ...
        # fmt: on

    # ---- what a reader of the graph asks for ----

    @property
    def data(self) -> float:
        """The number itself; writing it changes this node only, not what was computed from it."""
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        self._data = data if type(data) is float else number(data)

    @property
    def grad(self) -> float:
        """d output / d self, as the last `output.backward()` left it."""
        return self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat) -> None:
        self._grad = grad if type(grad) is float else number(grad)

    @property
    def inputs(self) -> tuple[Value | float, ...]:
        """What op took, in order: Values, and constants as plain floats. Empty for a leaf."""
        return tuple([v.data if v.op is CONSTANT else v for v in arguments(self)])

    @property
    def _prev(self) -> set[Value]:
        """micrograd's name for the inputs: a set, with each constant as a Value."""
        for v in arguments(self):
            if v.op is CONSTANT:
                v.grad = 0.0  # what a sweep left there means nothing
        return set(arguments(self))

    @property
    def _op(self) -> str:
        """micrograd's name for the symbol of the op, empty for a leaf."""
        return "" if self.op is None else self.op.symbol

    @property
    def _backward(self) -> Any:
        """micrograd's name for how a node passes its grad on, which an op says here."""
        raise AttributeError(NO_BACKWARD)

    @_backward.setter
    def _backward(self, _function: Any) -> None:
        raise AttributeError(NO_BACKWARD)

    # ---- copies: copying.py has deepcopy and pickle take graphs of any depth ----

    def __copy__(self) -> Value:
        """A node like this one, made by the same op of the same inputs."""
        twin: Value = Value.__new__(type(self))
        twin.__setstate__(self.__getstate__())
        return twin

    def __getstate__(self) -> tuple[Any, ...]:
        return self.op, self._data, self._grad, arguments(self), vars(self)

    def __setstate__(self, state: Any) -> None:
        """Become the node that gave the state. Raises TypeError for anything else."""
        if type(state) is not tuple or len(state) != 5:
            raise TypeError(f"expected the state of a Value, got {state!r:.60}")
        op, data, grad, inputs, attributes = state
        x, y = stored(op, inputs)
        data, grad, attributes = number(data), number(grad), dict(attributes)
        self._data = data
        self._grad = grad
        self._mark = 0
        if in_c is not None:
            in_c.put(self, op, x, y)
        else:
            self.op = op
            self._x = x
            self._y = y
        vars(self).update(attributes)

    # ---- a Value among other numbers ----

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={self._grad!r}{label})"

    def __format__(self, spec: Text) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __float__(self) -> float:
        """Its number, alone. Warns if a function of math is what asks for it: watch says when."""
        if not (blocks and no_grad_depth.get()):
            watch(self)
        return self._data

    # fmt: off
    def __int__(self) -> int: return int(self._data)
    def __bool__(self) -> bool: return self._data != 0.0
    def __round__(self, n: SupportsIndex | None = None) -> float: return round(self._data, n)
    # fmt: on

    def __lt__(self, other: SupportsFloat) -> bool:
        if isinstance(other, Value):
            return self._data < other.data
        return NotImplemented if foreign(other) else self._data < number(other)

    def __le__(self, other: SupportsFloat) -> bool:
        if isinstance(other, Value):
            return self._data <= other.data
        return NotImplemented if foreign(other) else self._data <= number(other)

    def __gt__(self, other: SupportsFloat) -> bool:
        if isinstance(other, Value):
            return self._data > other.data
        return NotImplemented if foreign(other) else self._data > number(other)

    def __ge__(self, other: SupportsFloat) -> bool:
        if isinstance(other, Value):
            return self._data >= other.data
        return NotImplemented if foreign(other) else self._data >= number(other)


# Every op is a method: x.tanh() is tanh(x), and so np.tanh(x) works; NumPy renames three.
NUMPY = {"arcsin": ops.asin, "arccos": ops.acos, "arctan": ops.atan}
# In C a class that defines < would else have no hash, and errors would call it engine.value.Value.
SAME_IN_C = {"__hash__": object.__hash__, "__name__": "Value"}
for _name, _attribute in {**ops.TABLE, **NUMPY, **SAME_IN_C}.items():
    setattr(Value, _name, _attribute)

in_c: Any = None  # what does in C what C can do by itself: see engine/native/nodes.pyx
if compiled:
    from engine.native.nodes import nodes_in_c

    in_c = nodes_in_c(Value, blocks, CONSTANT, ops.TABLE)


# ---- making nodes ----


OWN_OP = "an operation of your own is an engine.Op, a row with its value and its slopes"
NO_BACKWARD = f"a Value has no _backward of its own: {OWN_OP}"


def no_label(label: Any) -> TypeError:
    """What Value(data, label) raises for what is no label, such as micrograd's children."""
    if isinstance(label, str):
        return TypeError(f"a Value takes its data and a label, got more than that: {OWN_OP}")
    kind = type(label).__name__
    return TypeError(f"the label of a Value is text, got {kind} {label!r:.60}: {OWN_OP}")


def unary(op: Op, x: Value) -> Value:
    return node(op, op.value(x._data, 0.0), x, None)


def binary(op: Op, x: Any, y: Any) -> Value:
    """op of two inputs, at least one of them a Value."""
    u: Value = x if isinstance(x, Value) else constant(x)
    v: Value = y if isinstance(y, Value) else constant(y)
    return node(op, op.value(u._data, v._data), u, v)


def node(op: Op, data: float, x: Any, y: Any) -> Value:
    """A Value made by an operation (skips __init__, which costs more than the arithmetic)."""
    v: Value = Value.__new__(Value)
    v._data = data
    v._grad = 0.0
    v._mark = 0
    v.op = op
    v._x = x
    v._y = y
    if blocks:
        if no_grad_depth.get():
            v.op = v._x = v._y = None
        elif source_lines_depth.get():
            v.source_line = calling_line()
    return v


def node_of_many(kind: Any, op: Op, data: float, inputs: tuple[Value, ...]) -> Value:
    """A node of a subclass, made by an op of any number of inputs, whose number is known."""
    v: Value = kind.__new__(kind)
    v._data = data
    v._grad = 0.0
    v._mark = 0
    v.op = op
    v._x = inputs
    v._y = ()
    return v


def operand(x: Any) -> Value | None:
    """The number x as a constant, or None if it is for x's own class to say what is to be done.

    Raises TypeError for what neither is a number nor knows of other classes, such as text.
    """
    v: Value = Value.__new__(Value)  # as in constant, whose call would cost a tenth of a sum
    if type(x) is float:
        v._data = x
    elif type(x) is int:
        v._data = float(x)
    elif foreign(x):
        return None
    else:
        v._data = number(x)
    v._grad = 0.0
    v._mark = 0
    v.op = CONSTANT
    v._x = v._y = None
    return v


def constant(x: Any) -> Value:
    """The number x as a node that nobody differentiates. Raises TypeError if x is no number."""
    v: Value = Value.__new__(Value)
    v._data = x if type(x) is float else number(x)
    v._grad = 0.0
    v._mark = 0
    v.op = CONSTANT
    v._x = v._y = None
    return v


def dot(
    weights: Sequence[SupportsFloat],
    inputs: Sequence[SupportsFloat],
    bias: SupportsFloat | None = None,
) -> Any:
    """((bias + w0*x0) + w1*x1) + ... as one node: the same number to the last bit, faster.

    weights: [n], inputs: [n]. A float if all of them are plain numbers. Raises ValueError if the
    lengths differ.
    """
    if in_c is not None:
        made = in_c.dot(weights, inputs, bias)
        if made is not None:
            return made
    try:
        n, m = len(weights), len(inputs)
    except TypeError:
        message = f"dot takes two lists of numbers, got {weights!r:.60} and {inputs!r:.60}"
        raise TypeError(message) from None
    if m != n:
        raise ValueError(f"dot takes as many inputs as weights: {n}, got {m}")
    factors: tuple[Any, ...] = tuple(weights) if bias is None else tuple(weights) + (bias,)
    terms: tuple[Any, ...] = tuple(inputs)
    if not factors:
        return 0.0
    data = 0.0
    try:
        if bias is not None:
            w = factors[n]
            data = w._data
        for i, x in enumerate(terms):
            w = factors[i]
            data += w._data * x._data
    except (AttributeError, TypeError):  # a plain number among them, in Python and in C
        return DOT(*factors[:n], *terms, *factors[n:])
    return node(DOT, data, factors, terms)


def stored(op: Any, args: Sequence[Any]) -> tuple[Any, Any]:
    """_x and _y of a node whose op took args. Raises TypeError if op cannot have taken them."""
    if op is None or op is CONSTANT:
        return None, None
    fits = isinstance(op, Op) and (len(args) == op.arity or (op.arity is None and len(args) > 0))
    if not fits or False in [isinstance(v, Value) for v in args]:
        raise TypeError(f"no node has {op!r:.60} of {args!r:.60}")
    if op is DOT:
        n = len(args) // 2
        return (*args[:n], *args[2 * n :]), tuple(args[n : 2 * n])
    if op.narrow:
        return args[0], args[1] if op.arity == 2 else None
    return tuple(args), ()


def arguments(v: Value) -> tuple[Any, ...]:
    """What v's op took, as Values, in order."""
    if v._x is None:
        return ()
    if type(v._x) is tuple:
        weights, inputs = v._x, v._y
        n = len(inputs)
        return (*weights[:n], *inputs, *weights[n:])
    return (v._x,) if v._y is None else (v._x, v._y)


if keepers.NEEDED:  # by Python 3.13, where this file is not compiled
    globals()["node"] = keepers.counted(node)
    globals()["node_of_many"] = keepers.counted_many(node_of_many)
    Value.__setstate__ = keepers.counted_state(Value.__setstate__)  # type: ignore[method-assign]


# ---- walking the graph ----

# One sweep at a time: threads that share nodes take turns.
sweeping = RLock()
sorts = 0  # each sort has marks of its own, and takes an older mark for none


def renew_lock() -> None:
    """A lock that nobody holds: the thread that did is not there in a forked process."""
    global sweeping
    sweeping = RLock()
    if in_c is not None:
        in_c.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew_lock)


def topological_order(*outputs: Value) -> list[Value]:
    """Every Value that the outputs depend on, each one after its inputs; constants left out."""
    with sweeping:
        return sort(outputs)


def sort(outputs: tuple[Value, ...]) -> list[Value]:
    """The topological order, depth first.

    A list is the stack, so that no depth of graph meets Python's limit. A node stays on it until
    all its inputs are sorted; they lie above it.
    """
    global sorts
    sorts += 2
    entered, done = sorts, sorts + 1
    order: list[Value] = []
    stack: list[Any] = list(reversed(outputs))
    while stack:
        v = stack[-1]
        if v._mark >= entered or v._x is None:
            stack.pop()
            if v._mark != done:
                v._mark = done
                if v.op is not CONSTANT:
                    order.append(v)
            continue
        v._mark = entered
        if type(v._x) is tuple:
            weights, inputs = v._x, v._y
            for u in reversed(inputs):
                if u._mark < entered:
                    stack.append(u)
            for u in reversed(weights):
                if u._mark < entered:
                    stack.append(u)
        else:
            u = v._y
            if u is not None and u._mark < entered:
                stack.append(u)
            u = v._x
            if u._mark < entered:
                stack.append(u)
    return order


def sweep(output: Value, seed: float) -> None:
    """What backward does: compute every grad from 0, then add to a leaf the grad it had before."""
    global sorts
    if in_c is not None:
        sorts += 2
        if in_c.sweep(output, seed, sorts, chain_rule):
            return
    order = sort((output,))
    earlier: list[Any] = []
    for v in order:
        if v._x is None and v._grad != 0.0:
            earlier.append((v, v._grad))
    try:
        for v in order:
            v._grad = 0.0
        output._grad = seed
        chain_rule(order)
        for v, grad in earlier:
            v._grad += grad
    except BaseException:
        for v in order:
            if v._x is None:
                v._grad = 0.0
        for v, grad in earlier:
            v._grad = grad
        raise


def chain_rule(order: list[Value]) -> None:
    """Pass each node's grad on to its inputs, times the slope of its op there.

    In reverse topological order a node comes after everything that uses it, so its grad is
    complete, summed over every path from the output, before it is passed on. The first lanes
    only spell out what their rows of the table say, for speed.
    """
    reached: set[Value] | None = None  # all of them, until an op is met that passes nothing on
    for v in reversed(order):
        if reached is not None and v not in reached:
            continue
        op, grad = v.op, v._grad
        if op is DOT:
            weights, inputs = v._x, v._y
            for i, x in enumerate(inputs):
                w = weights[i]
                w._grad += grad * x._data
            for i, x in enumerate(inputs):
                w = weights[i]
                x._grad += grad * w._data
            if len(weights) > len(inputs):
                w = weights[len(inputs)]
                w._grad += grad
        elif op is ADD:
            x, y = v._x, v._y
            x._grad += grad
            y._grad += grad
        elif op is MUL:
            x, y = v._x, v._y
            x._grad += grad * y._data
            y._grad += grad * x._data
        elif op is SUB:
            x, y = v._x, v._y
            x._grad += grad
            y._grad -= grad
        elif op is None:
            continue
        elif op.narrow and not op.flat:
            x, y = v._x, v._y
            at_y = 0.0 if y is None else y._data
            # A slope of your own may ask for gradients, too: grad is read when that is done.
            if x.op is not CONSTANT:
                slope = op.slope(0, v._data, x._data, at_y)
                x._grad += grad * slope
            if y is not None and y.op is not CONSTANT:
                slope = op.slope(1, v._data, x._data, at_y)
                y._grad += grad * slope
        else:
            args = arguments(v)
            wanted = [u.op is not CONSTANT and op.passes(i) for i, u in enumerate(args)]
            if op.flat and reached is None:
                reached = reached_from(order)
            slopes = op.slopes(v._data, [u.data for u in args], wanted)
            for i, x in enumerate(args):
                if wanted[i]:
                    slope = number(slopes[i])
                    x._grad += grad * slope


def add_slopes(output: Value, slopes: Any, seed: float) -> None:
    """What backward does for a node of many leaves, at which it has these slopes.

    slopes: a list of [leaves] floats.
    """
    leaves: tuple[Value, ...] = output._x
    with sweeping:
        output._grad = seed
        for i, v in enumerate(leaves):
            v._grad += seed * slopes[i]


def reached_from(order: list[Value]) -> set[Value]:
    """The nodes with a path to the last of order that no flat op cuts: 0 * inf is nan."""
    reached = {order[-1]}
    for v in reversed(order):
        if v in reached and v.op is not None:
            reached.update([u for i, u in enumerate(arguments(v)) if v.op.passes(i)])
    return reached


def number_of(x: Any) -> float:
    """The number of a Value, or the float that a number is. Raises TypeError for anything else."""
    return x.data if isinstance(x, Value) else number(x)
