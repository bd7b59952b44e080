"""The operation: a function that knows its own derivatives, and the numbers it takes.

Values are strict, derivatives are total. Where a function is undefined, it raises what Python
raises (`log(-1.0): math domain error`). Where a function has a value but an infinite derivative
(`sqrt` at 0), the partial is carried on by the rules of IEEE 754: 1/0 is inf, 0/0 is nan.
"""

from __future__ import annotations

from math import nan
from numbers import Complex, Real
from numbers import Number as PythonsNumber
from types import MethodType

TYPE_CHECKING = False  # typing takes longer to import than all of this package
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, SupportsFloat, overload

    from engine.value import Value

# Whether this file runs as C: engine's binaries are built, and found, all of them or none.
compiled: bool = __file__.endswith((".so", ".pyd"))
TABLE: dict[str, Op] = {}  # every op the engine knows, by its name: ops.py writes the rows


class Number:
    """What ops compute with besides floats, such as a Value: `apply_op` says what they make of it.

    A subclass has a method `apply_op(self, op, inputs, evaluate=None)`: op of the inputs, at least
    one of them of its kind. `evaluate` computes op's number, if op is not to do it itself.
    """

    __slots__ = ()


class Op:
    """A differentiable function of numbers: z = f(x), z = f(x, y), or z = f(*xs).

    `partials` are dz/dx (and dz/dy) as functions of (z, x) or (z, x, y); None says that z is flat
    in that input, with jumps at most. An op of any number of inputs gives `gradient` instead: one
    function of (z, *xs) that returns the list of its partials. Write them with ops and infix
    arithmetic, so that they accept what the op accepts: on floats they yield the derivative, on
    Values they record it, ready to be differentiated again.

    `beyond` says what IEEE 754 makes of f where f raises (nan, if not given). `unfold` spells a
    fused op out in simpler ones, for pictures.

    >>> cube = Op("cube", "cube", lambda x: x * x * x, lambda z, x: 3 * x * x)
    >>> cube(2.0)
    8.0
    """

    __module__ = "engine"

    def __init__(
        self,
        name: str,
        symbol: str,
        f: Callable[..., Any],
        *partials: Callable[..., Any] | None,
        gradient: Callable[..., Any] | None = None,
        beyond: Callable[..., float] | None = None,
        unfold: Callable[..., Any] | None = None,
        doc: str = "",
    ) -> None:
        if not callable(f):
            raise TypeError(f"op {name!r} needs a function for its value, got {f!r}")
        if bool(partials) == (gradient is not None):
            raise TypeError(f"op {name!r} needs its partials, one for each input, or gradient=")
        for partial in partials:
            if partial is not None and not takes(partial, 1 + len(partials)):
                wanted = ", ".join(["z", *[f"x{i}" for i in range(len(partials))]])
                raise TypeError(f"op {name!r} needs partials that are functions of ({wanted})")
        if partials and not takes(f, len(partials)):
            raise TypeError(f"op {name!r} needs as many partials as f takes inputs")
        self.name, self.symbol, self.f, self.partials = name, symbol, f, partials
        self.gradient, self.unfold, self.__doc__ = gradient, unfold, doc
        self.beyond = beyond or undefined
        self.arity = len(partials) or None  # None: any number of inputs
        self.narrow = self.arity in (1, 2)  # value and slope below serve it
        self.flat = None in partials
        self.defaults = defaults(f, len(partials))
        self.kernel: Any = None  # the row in C, which the compiled build adds
        self.__name__, self.__text_signature__ = name, signature(f, partials)  # for help()

    if TYPE_CHECKING:
        # A float is a SupportsFloat too, hence the overlap; the first that fits is taken.
        @overload
        def __call__(self, *inputs: float) -> float: ...  # type: ignore[overload-overlap]
        @overload
        def __call__(self, *inputs: SupportsFloat | Sequence[SupportsFloat]) -> Value: ...

    def __call__(self, *inputs: Any) -> Any:
        """A float if all inputs are numbers; otherwise what the other kind of number makes of it.

        An op of any number of inputs also takes them as one sequence, as Python's max does.
        Raises TypeError for a wrong number of inputs or an input that is not a number, and
        Python's own ArithmeticError or ValueError outside the op's domain.
        """
        if len(inputs) != self.arity:
            inputs = self._complete(inputs)
        floats = True
        for x in inputs:
            if type(x) is not float:
                if isinstance(x, Number):
                    kind: Any = x
                    return kind.apply_op(self, inputs)
                floats = False
        return self.evaluate(*(inputs if floats else map(number, inputs)))

    def __get__(self, instance: Any, owner: type) -> Any:
        """An op stored on a class is a method of it: x.tanh() is tanh(x)."""
        return self if instance is None else MethodType(self, instance)

    def evaluate(self, *numbers: float) -> float:
        """f of floats, as a float; an exception of f names the op and its numbers."""
        try:
            z = self.f(*numbers)
        except (ArithmeticError, ValueError) as error:
            self._blame(error, *numbers)
            raise
        return z if type(z) is float else number(z)

    def value(self, x: float, y: float) -> float:
        """What evaluate answers, for an op of one input (y is ignored) or two."""
        if self.kernel is not None:
            answer: float = self.kernel.value(x, y)
            if answer == answer:  # a kernel leaves to Python, with nan, whatever might raise there
                return answer
        try:
            z = self.f(x) if self.arity == 1 else self.f(x, y)
        except (ArithmeticError, ValueError) as error:
            self._blame(error, *[x, y][: self.arity])
            raise
        return z if type(z) is float else number(z)

    def slope(self, i: int, z: float, x: float, y: float) -> float:
        """dz/dx (i = 0) or dz/dy (i = 1) of an op of one input (y is ignored) or two, on floats."""
        if self.kernel is not None:
            answer: float = self.kernel.slope(i, z, x, y)
            if answer == answer:
                return answer
        partial: Any = self.partials[i]
        try:
            slope = partial(z, x) if self.arity == 1 else partial(z, x, y)
        except (ArithmeticError, ValueError):
            slope = total(partial, *[z, x, y][: 1 + len(self.partials)])
        return slope if type(slope) is float else number(slope)

    def _blame(self, error: Exception, *numbers: float) -> None:
        reason = error.args[-1] if error.args else type(error).__name__
        error.args = (f"{self.spell(*map(repr, numbers))}: {reason}",)
        mark: Any = error
        mark.op = self.name  # what `leaves_domain` looks for

    def evaluate_beyond(self, *numbers: float) -> float:
        """f of floats as IEEE 754 has it: where f raises, its limit (an infinity) or nan."""
        try:
            return self.evaluate(*numbers)
        except (ArithmeticError, ValueError):
            return self.beyond(*numbers)

    def slopes(self, z: Any, xs: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
        """dz/dx for each of xs, None for one that is not wanted, at z = f(*xs)."""
        if self.gradient is not None:
            slopes = list(total(self.gradient, z, *xs))
            if len(slopes) != len(xs):
                raise ValueError(f"{self.name} has {len(slopes)} slopes for {len(xs)} inputs")
            return slopes
        slopes = []
        for partial, needed in zip(self.partials, wanted):
            slopes.append(total(partial, z, *xs) if needed and partial else None)
        return slopes

    def passes(self, i: int) -> bool:
        """Whether a gradient passes from the op to its input number i at all."""
        return self.gradient is not None or self.partials[i] is not None

    def spell(self, *inputs: str) -> str:
        """One application of the op as Python writes it: `1.0 / 0.0` or `log(-1.0)`."""
        if self.symbol.isidentifier():
            return f"{self.name}({', '.join(inputs)})"
        operands = [f"({x})" if x.startswith("-") else x for x in inputs]
        if len(inputs) == 2:
            return f" {self.symbol} ".join(operands)
        return f"{self.symbol}{operands[0]}" if len(inputs) == 1 else f"{self.name}{inputs}"

    def _complete(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs with defaults filled in, or taken out of the one sequence they came in."""
        if self.arity is None:
            one_sequence = len(inputs) == 1 and hasattr(inputs[0], "__iter__")
            inputs = tuple(inputs[0]) if one_sequence else inputs
            if not inputs:
                raise TypeError(f"{self.name} takes at least 1 input, got 0")
            return inputs
        missing = self.arity - len(inputs)
        if 0 < missing <= len(self.defaults):
            return inputs + self.defaults[-missing:]
        least = f"{self.arity - len(self.defaults)} to " if self.defaults else ""
        plural = "" if self.arity == 1 else "s"
        raise TypeError(f"{self.name} takes {least}{self.arity} input{plural}, got {len(inputs)}")

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __deepcopy__(self, memo: Any) -> Op:
        return self  # the nodes of a copied graph are made by the same ops

    def __reduce__(self) -> Any:
        """An op of the table pickles as its name, another as what it was made of."""
        if TABLE.get(self.name) is self:
            return op_called, (self.name,)
        row = (self.name, self.symbol, self.f, *self.partials)
        options = {"gradient": self.gradient, "beyond": self.beyond, "unfold": self.unfold}
        return op_made_of, (type(self), row, options | {"doc": self.__doc__})


def op_called(name: str) -> Op:
    """What a pickle of an op of the table calls."""
    return TABLE[name]


def op_made_of(kind: type[Op], row: tuple[Any, ...], options: dict[str, Any]) -> Op:
    """What a pickle of an op of one's own calls."""
    return kind(*row, **options)


def leaves_domain(error: Exception) -> bool:
    """Whether an error says that numbers went where a function has no value, and nothing else.

    So does every ArithmeticError, and a ValueError of an op or of the module math.
    """
    if isinstance(error, ArithmeticError):
        return True
    return isinstance(error, ValueError) and (hasattr(error, "op") or "math domain" in str(error))


def undefined(*_numbers: float) -> float:
    """nan, whatever the numbers."""
    return nan


def takes(function: Any, n: int) -> bool:
    """Whether a function can be called with n arguments, as far as one can see."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & 0x04:  # not written in Python, or it takes *args
        return callable(function)
    most = code.co_argcount - hasattr(function, "__self__")
    return bool(most - len(function.__defaults__ or ()) <= n <= most)


def defaults(function: Any, n: int) -> tuple[float, ...]:
    """What stands in for the last of a function's first n inputs if they are not given."""
    code, values = getattr(function, "__code__", None), getattr(function, "__defaults__", None)
    if code is None or not values:
        return ()
    required = code.co_argcount - hasattr(function, "__self__") - len(values)
    return tuple(values[: max(0, n - required)])


def signature(f: Any, partials: Sequence[Any]) -> str:
    """How one calls an op, as inspect.signature reads it: "(x)", "(x, alpha=1.0)" or "(*xs)"."""
    n, given = len(partials), defaults(f, len(partials))
    # A function of C, such as math.exp, does not say what it calls its inputs: the partials do.
    known = [input_names(f), *[input_names(partial)[1:] for partial in partials]]
    names = [names[:n] for names in known if len(names) >= n] or [[f"x{i}" for i in range(n)]]
    required = names[0][: n - len(given)]
    optional = [f"{name}={value}" for name, value in zip(names[0][len(required) :], given)]
    return f"({', '.join([*required, *optional])})" if n else "(*xs)"


def input_names(function: Any) -> list[str]:
    """What a function calls its inputs; empty if it is not written in Python."""
    code = getattr(function, "__code__", None)
    return [*code.co_varnames[hasattr(function, "__self__") : code.co_argcount]] if code else []


def number(x: Any) -> float:
    """The float that x is: an int, float, bool, Fraction, Decimal, NumPy scalar or 0-d array.

    Raises TypeError for anything else: text, None, complex numbers, lists, arrays, Values.
    """
    if type(x) is float:
        return x
    if type(x) is int:
        return float(x)
    if isinstance(x, Number):
        raise TypeError("expected a number, got a Value: take its .data, or v.detach()")
    # An array of one element converts to float too, but is not a number: it has a length.
    if isinstance(x, Real) or (
        hasattr(x, "__float__") and not hasattr(x, "__len__") and not isinstance(x, Complex)
    ):
        z = float(x)
        if z == z or not foreign(x):
            return z  # an expression of symbols, such as CasADi's, calls itself nan
    elif is_array(x) and x.shape == () and x.dtype.kind in "biufO" and type(x[()]) is not type(x):
        return number(x[()])
    raise TypeError(f"expected a number or a Value, got {type(x).__name__} {x!r:.60}")


def foreign(x: Any) -> bool:
    """Whether x, no Value, has operators of its own, which may know what to do with a Value.

    Numbers have them too, but know no Value. Python's own types, such as str, know neither.
    """
    kind = type(x)
    if kind is float or kind is int or kind.__module__ == "builtins" or isinstance(x, Real):
        return False
    if is_array(x):  # one without axes is a number, unless it holds a Value
        return bool(x.shape) or isinstance(x[()], Number)
    # Decimal, which is a Number of Python's, but neither Real nor Complex.
    if isinstance(x, PythonsNumber) and not isinstance(x, Complex):
        return False
    return not OPERATORS.isdisjoint([name for base in kind.__mro__[:-1] for name in vars(base)])


# What Python asks another class for, where a Value does not know it.
OPERATORS = {"__radd__", "__rsub__", "__rmul__", "__rtruediv__", "__rpow__"}
OPERATORS |= {"__lt__", "__le__", "__gt__", "__ge__"}


def is_array(x: Any) -> bool:
    """Whether x is an array of NumPy, or one of NumPy's scalars."""
    return hasattr(x, "__array_interface__") and hasattr(x, "dtype")


def total(partial: Callable[..., Any], *zxs: Any) -> Any:
    """partial(*zxs), carried on by IEEE 754 where plain arithmetic raises."""
    try:
        return partial(*zxs)
    except (ArithmeticError, ValueError):
        return inner(partial(*map(Extended, zxs)))


# ---- the extended numbers: arithmetic that goes on, by IEEE 754, where Python's raises ----


class Extended(Number):
    """A number that obeys IEEE 754 where Python raises: 1/0 is inf, 0/0 is nan.

    Partials are evaluated on it when plain arithmetic has failed. `inner` is a float or a Value.
    """

    def __init__(self, x: Any) -> None:
        self.inner = x

    def apply_op(self, op: Op, inputs: Sequence[Any]) -> Extended:
        held = inner(list(inputs))
        for x in held:
            if isinstance(x, Number):
                kind: Any = x
                return Extended(kind.apply_op(op, held, op.evaluate_beyond))
        return Extended(op.evaluate_beyond(*map(number, held)))

    # fmt: off
    def __float__(self) -> float: return float(self.inner)
    def __bool__(self) -> bool: return bool(self.inner)
    def __eq__(self, other: Any) -> bool: return float(self) == float(other)
    def __lt__(self, other: Any) -> bool: return float(self) < float(other)
    def __le__(self, other: Any) -> bool: return float(self) <= float(other)
    def __gt__(self, other: Any) -> bool: return float(self) > float(other)
    def __ge__(self, other: Any) -> bool: return float(self) >= float(other)
    def __abs__(self) -> Any: return TABLE["abs"](self)
    def __pos__(self) -> Any: return self
    def __neg__(self) -> Any: return TABLE["neg"](self)
    def __add__(self, other: Any) -> Any: return TABLE["add"](self, other)
    def __radd__(self, other: Any) -> Any: return TABLE["add"](other, self)
    def __sub__(self, other: Any) -> Any: return TABLE["sub"](self, other)
    def __rsub__(self, other: Any) -> Any: return TABLE["sub"](other, self)
    def __mul__(self, other: Any) -> Any: return TABLE["mul"](self, other)
    def __rmul__(self, other: Any) -> Any: return TABLE["mul"](other, self)
    def __truediv__(self, other: Any) -> Any: return TABLE["div"](self, other)
    def __rtruediv__(self, other: Any) -> Any: return TABLE["div"](other, self)
    def __pow__(self, other: Any) -> Any: return TABLE["pow"](self, other)
    def __rpow__(self, other: Any) -> Any: return TABLE["pow"](other, self)
    # fmt: on


def inner(x: Any) -> Any:
    """What an Extended number, or a list of them, holds."""
    if isinstance(x, list):
        return [inner(item) for item in x]
    return x.inner if isinstance(x, Extended) else x
