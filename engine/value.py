"""The graph: a Value remembers how it was computed, so that it can be differentiated."""

from __future__ import annotations

from itertools import count

from engine import ops
from engine.op import Op, number, total
from engine.recording import depth, paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, SupportsFloat

ADD, SUB, MUL, DIV, POW, DOT = ops.add, ops.sub, ops.mul, ops.div, ops.power, ops.dot

# Marks a number that an expression uses: no leaf, since nobody differentiates it.
CONSTANT = Op("constant", "", float, gradient=lambda *_: [])


class Value:
    """A number that remembers how it was made: data == op(x, y).

    A leaf (an input, a parameter) was made by no op. `grad` is d output / d self, summed over
    the calls of `output.backward()` for a leaf, and the latest call's for an inner node.

    >>> a = Value(2.0, label="a")
    >>> z = a * a + 3
    >>> z.backward()
    >>> z.data, a.grad
    (7.0, 4.0)
    """

    # _x and _y are what the op took: two Values, or one and None, or a tuple and None.
    __slots__ = ("__dict__", "_data", "_grad", "_mark", "_x", "_y", "op")
    __array_priority__ = 1000.0  # NumPy's scalars leave `scalar * value` to us

    label: str = ""

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        """A leaf. Raises TypeError if data is not a number."""
        self._data = number(data)
        self._grad = 0.0
        self._mark = 0  # the number of the last sort that met this node
        self._x: Any = None
        self._y: Any = None
        self.op: Op | None = None
        if label:
            self.label = label

    # ---- forward: an operation computes its number and remembers its inputs ----

    def __add__(self, other: SupportsFloat) -> Value:
        y = other if isinstance(other, Value) else constant(other)
        return node(ADD, self._data + y._data, self, y)

    def __radd__(self, other: SupportsFloat) -> Value:
        x = constant(other)
        return node(ADD, x._data + self._data, x, self)

    def __sub__(self, other: SupportsFloat) -> Value:
        y = other if isinstance(other, Value) else constant(other)
        return node(SUB, self._data - y._data, self, y)

    def __rsub__(self, other: SupportsFloat) -> Value:
        x = constant(other)
        return node(SUB, x._data - self._data, x, self)

    def __mul__(self, other: SupportsFloat) -> Value:
        y = other if isinstance(other, Value) else constant(other)
        return node(MUL, self._data * y._data, self, y)

    def __rmul__(self, other: SupportsFloat) -> Value:
        x = constant(other)
        return node(MUL, x._data * self._data, x, self)

    def __truediv__(self, other: SupportsFloat) -> Value:
        return self.apply_op(DIV, (self, other))

    def __rtruediv__(self, other: SupportsFloat) -> Value:
        return self.apply_op(DIV, (other, self))

    def __pow__(self, other: SupportsFloat) -> Value:
        return self.apply_op(POW, (self, other))

    def __rpow__(self, other: SupportsFloat) -> Value:
        return self.apply_op(POW, (other, self))

    def __neg__(self) -> Value:
        return self.apply_op(ops.neg, (self,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return self.apply_op(ops.absolute, (self,))

    def apply_op(self, op: Op, inputs: Sequence[Any], evaluate: Any = None) -> Value:
        """op of the inputs, Values or numbers, as a new Value: what every op of the table calls."""
        evaluate = evaluate or op.evaluate
        if op.arity == 1:
            return node(op, evaluate(self._data), self, None)
        args = [v if isinstance(v, Value) else constant(v) for v in inputs]
        if op.arity == 2:
            x, y = args
            return node(op, evaluate(x._data, y._data), x, y)
        return node(op, evaluate(*[v._data for v in args]), tuple(args), None)

    # ---- backward: the chain rule, from the output back to its leaves ----

    def backward(self, gradient: SupportsFloat = 1.0) -> None:
        """Set node.grad to gradient * d self / d node, for every node self depends on.

        A leaf adds it to the grad it has, so that the gradients of several outputs sum up;
        `zero_grad` starts afresh. If anything interrupts the sweep, an exception in an op of
        yours or Ctrl-C, every leaf keeps the grad it had. Raises TypeError if gradient is not
        a number.
        """
        seed = number(gradient)
        order = topological_order(self)
        leaves = [(v, v._grad) for v in order if v._x is None]
        try:
            for v in order:
                v._grad = 0.0
            self._grad = seed
            chain_rule(order)
            for v, before in leaves:
                v._grad += before
        except BaseException:
            for v, before in leaves:
                v._grad = before
            raise

    def zero_grad(self) -> None:
        """Set grad to 0 here and in every node self depends on."""
        for v in topological_order(self):
            v._grad = 0.0

    def detach(self) -> Value:
        """A new leaf with the same data, cut off from the graph."""
        return Value(self._data)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Value]:
            """Every op is a method: x.tanh(). The loop below the class puts them there."""

    # ---- what a reader of the graph asks for ----

    @property
    def data(self) -> float:
        """The number itself; writing it changes this node only, not what was computed from it."""
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        self._data = number(data)

    @property
    def grad(self) -> float:
        """d output / d self, as the last `output.backward()` left it."""
        return self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat) -> None:
        self._grad = number(grad)

    @property
    def inputs(self) -> tuple[Value | float, ...]:
        """What op took, in order: Values, and constants as plain floats. Empty for a leaf."""
        return tuple([v._data if v.op is CONSTANT else v for v in arguments(self)])

    @property
    def _prev(self) -> set[Value]:
        """micrograd's name for the inputs: a set, with each constant as a Value."""
        return {Value(v) if isinstance(v, float) else v for v in self.inputs}

    @property
    def _op(self) -> str:
        """micrograd's name for the symbol of the op, empty for a leaf."""
        return "" if self.op is None else self.op.symbol

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={self._grad!r}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    # fmt: off
    def __float__(self) -> float: return self._data
    def __int__(self) -> int: return int(self._data)
    def __bool__(self) -> bool: return self._data != 0.0
    def __round__(self, digits: int | None = None) -> float: return round(self._data, digits)
    def __lt__(self, other: SupportsFloat) -> bool: return self._data < compared(other)
    def __le__(self, other: SupportsFloat) -> bool: return self._data <= compared(other)
    def __gt__(self, other: SupportsFloat) -> bool: return self._data > compared(other)
    def __ge__(self, other: SupportsFloat) -> bool: return self._data >= compared(other)
    # fmt: on


# Every op is a method: x.tanh() is tanh(x), and so np.tanh(x) works; NumPy renames three.
NUMPY = {"arcsin": ops.asin, "arccos": ops.acos, "arctan": ops.atan}
for _name, _op in (ops.TABLE | NUMPY).items():
    setattr(Value, _name, _op)


# ---- making nodes ----


def node(op: Op, data: float, x: Any, y: Any) -> Value:
    """A Value made by an operation (skips __init__, which costs more than the arithmetic)."""
    v: Value = Value.__new__(Value)
    v._data = data
    v._grad = 0.0
    v._mark = 0
    if paused and depth.get():
        v.op = v._x = v._y = None
    else:
        v.op = op
        v._x = x
        v._y = y
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
    try:
        n, m = len(weights), len(inputs)
    except TypeError:
        message = f"dot takes two lists of numbers, got {weights!r:.60} and {inputs!r:.60}"
        raise TypeError(message) from None
    if m != n:
        raise ValueError(f"dot takes as many inputs as weights: {n}, got {m}")
    args: tuple[Any, ...] = (*weights, *inputs) if bias is None else (*weights, *inputs, bias)
    if not args:
        return 0.0
    try:
        data: float = 0.0 if bias is None else args[-1]._data
        pairs: Any = zip(weights, inputs)
        for w, x in pairs:
            data += w._data * x._data
    except AttributeError:  # a plain number among them
        return DOT(*args)
    return node(DOT, data, args, None)


# ---- walking the graph ----

sorts = count(1)  # each sort has a number of its own, so no mark of an old one can mislead it


def topological_order(*outputs: Value) -> list[Value]:
    """Every Value that the outputs depend on, each one after its inputs; constants left out.

    Depth first, with a list for a stack, so that no depth of graph meets Python's limit.
    """
    sort = next(sorts)
    order: list[Value] = []
    stack: list[Any] = list(reversed(outputs))
    while stack:
        v = stack.pop()
        if v is None:  # the node below it has had all its inputs sorted
            order.append(stack.pop())
        elif v._mark != sort:
            v._mark = sort
            x, y = v._x, v._y
            if x is None:
                order.append(v)
                continue
            stack.append(v)
            stack.append(None)
            for u in (y, x) if y is not None else reversed(x) if type(x) is tuple else (x,):
                if u._mark != sort:
                    if u._x is not None:
                        stack.append(u)
                    else:
                        u._mark = sort
                        if u.op is None:
                            order.append(u)
    return order


def arguments(v: Value) -> Sequence[Value]:
    """What v's op took, as Values."""
    if v._y is not None:
        return v._x, v._y
    if v._x is None:
        return ()
    return v._x if type(v._x) is tuple else (v._x,)


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
        op, grad, x, y = v.op, v._grad, v._x, v._y
        if op is DOT:
            n = len(x) // 2
            weights, inputs = x[:n], x[n:]
            for w, u in zip(weights, inputs):
                w._grad += grad * u._data
            for w, u in zip(weights, inputs):
                u._grad += grad * w._data
            if len(x) > 2 * n:
                x[-1]._grad += grad
        elif op is ADD:
            x._grad += grad
            y._grad += grad
        elif op is MUL:
            x._grad += grad * y._data
            y._grad += grad * x._data
        elif op is SUB:
            x._grad += grad
            y._grad -= grad
        elif op is None:
            continue
        elif op.arity == 1 and op.partials[0]:
            slope = total(op.partials[0], v._data, x._data)
            x._grad += grad * (slope if type(slope) is float else number(slope))
        else:
            args = arguments(v)
            wanted = [u.op is not CONSTANT and op.passes(i) for i, u in enumerate(args)]
            if op.flat and reached is None:
                reached = reached_from(order)
            slopes = op.slopes(v._data, [u._data for u in args], wanted)
            for u, slope, needed in zip(args, slopes, wanted):
                if needed:
                    u._grad += grad * (slope if type(slope) is float else number(slope))


def reached_from(order: list[Value]) -> set[Value]:
    """The nodes with a path to the last of order that no flat op cuts: 0 * inf is nan."""
    reached = {order[-1]}
    for v in reversed(order):
        if v in reached and v.op is not None:
            reached.update([u for i, u in enumerate(arguments(v)) if v.op.passes(i)])
    return reached


def compared(other: Any) -> float:
    """The number that a comparison is with."""
    return other._data if isinstance(other, Value) else number(other)
