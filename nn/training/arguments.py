"""Arguments: what a function of data is called with, as a structure and as numbers side by side.

    [[1.0, 2.0], [3.0, 4.0]]      shape ("list", 2, ("list", 2, None)), numbers 1.0 2.0 3.0 4.0

The arguments of `jit` are those of the function. The arguments of `fit` are its data: the inputs,
the targets, and what else the loss takes of each sample.
"""

from __future__ import annotations

from array import array
from itertools import chain

from engine import Value
from engine.programs.given import side_by_side
from engine.programs.kinds import NoPlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Shape = Any  # None for a number, a tuple of shapes for a list, (n, shape) where all are alike

PLAIN, ROWS = {int, float}, {list, tuple}
SETTINGS = (bool, str, bytes)  # are passed on as they are, as None and functions are
DEEPEST = 50  # lists in lists: more are a list that holds itself


class Argument:
    """One argument: numbers in lists of any depth, or a setting, which is passed on as it is.

    shape: None for a number, ("list", n, shape) for n items of the same shape, a tuple of shapes
    otherwise. numbers: [all of them]. whole: whether all of them are whole numbers, such as ints.
    """

    def __init__(self, given: Any) -> None:
        """Raises NoPlanError for an argument that holds Values, and for what is no data."""
        self.given, self.numbers, self.whole = given, array("d"), False
        if isinstance(given, Value):
            raise NoPlanError("an argument is a Value: its gradient is that of a graph")
        if hasattr(given, "ndim") and hasattr(given, "tolist") and given.ndim:
            rows = side_by_side(given, given.shape[1]) if given.ndim == 2 and len(given) else None
            if rows is not None:
                n, m = given.shape
                self.shape: Any = ("list", n, ("list", m, None))
                self.numbers = rows
                return
            given = given.tolist()
        elif hasattr(given, "ndim") and hasattr(given, "tolist"):
            given = given.tolist()  # one number
        items = items_of(given)
        if items is not None:
            self.read(items)
        elif type(given) in PLAIN:
            self.shape, self.numbers = None, array("d", [given])
            self.whole = type(given) is int
        elif given is None or isinstance(given, SETTINGS) or is_function(given):
            self.shape = ("object", type(given), given)
        elif hasattr(given, "__float__"):
            self.shape, self.numbers = None, array("d", [float(given)])
        else:  # such as a dict, which may be another one inside, or a generator, which ends
            raise NoPlanError(f"an argument is {given!r:.40}, which is neither data nor a setting")

    def read(self, given: Sequence[Any]) -> None:
        """Read a list of numbers, a list of rows, or a list of lists of any depth."""
        types = set(map(type, given))
        flat: list[Any] = []
        if types and types <= PLAIN:
            self.shape, flat = ("list", len(given), None), [*given]
        elif types <= ROWS and len(widths := set(map(len, given))) == 1:
            flat = [*chain.from_iterable(given)]
            types = set(map(type, flat))
            self.shape = ("list", len(given), ("list", *widths, None))
        if not (flat and types <= PLAIN):
            flat = []
            self.shape = shape_of(given, flat)
            types = set(map(type, flat))
            flat = [x if type(x) in PLAIN else plain(x) for x in flat]
        whole = types != {float} and all(
            hasattr(kind, "__index__") and kind is not bool for kind in types
        )
        try:
            self.numbers, self.whole = array("d", flat), whole
        except OverflowError as error:
            raise NoPlanError(str(error)) from None

    @property
    def key(self) -> Any:
        """What has to be the same for a recording to fit."""
        return self.shape, self.whole

    @property
    def samples(self) -> int | None:
        """How many items it lists, if they are all of the same shape."""
        if self.shape is not None and self.shape[0] == "list":
            n: int = self.shape[1]
            return n
        return None

    @property
    def passed_on(self) -> bool:
        """Whether it holds no numbers."""
        return self.shape is not None and self.shape[0] == "object"

    def filled(self, leaves: Sequence[Any]) -> Any:
        """The argument with these in the places of its numbers."""
        return self.given if self.passed_on else filled(self.shape, iter(leaves))


def shape_of(tree: Any, flat: list[Any], depth: int = 0) -> Any:
    """The shape of a tree of lists; its numbers are added to flat."""
    items = items_of(tree)
    if items is None:
        flat.append(tree)
        return None
    if depth == DEEPEST:
        raise NoPlanError(f"an argument has more than {DEEPEST} lists inside each other")
    shapes = [shape_of(branch, flat, depth + 1) for branch in items]
    if shapes and shapes.count(shapes[0]) == len(shapes):
        return ("list", len(shapes), shapes[0])
    return ("each", *shapes)


def items_of(x: Any) -> Sequence[Any] | None:
    """What a list, a tuple, an array or a range lists; None for a number."""
    if isinstance(x, list | tuple):
        return x
    if hasattr(x, "ndim") and hasattr(x, "tolist"):
        return x.tolist() if x.ndim else None
    return list(x) if isinstance(x, array | range) else None


def each_shape(shape: Any) -> list[Any]:
    """The shape of each item of a list."""
    return [shape[2]] * shape[1] if shape[0] == "list" else list(shape[1:])


def size_of(shape: Any) -> int:
    """How many numbers a tree of that shape has."""
    if shape is None:
        return 1
    return shape[1] * size_of(shape[2]) if shape[0] == "list" else sum(map(size_of, shape[1:]))


def filled(shape: Any, leaves: Iterator[Any]) -> Any:
    """A tree of lists of that shape, with the next leaves in the places of its numbers."""
    if shape is None:
        return next(leaves)
    if shape[0] == "list":
        return [filled(shape[2], leaves) for _ in range(shape[1])]
    return [filled(branch, leaves) for branch in shape[1:]]


def is_function(given: Any) -> bool:
    """Whether that is called, as a function or a model is, and known from any other."""
    return callable(given) and type(given).__hash__ is not None


def plain(x: Any) -> float:
    """A number of another kind, such as NumPy's, as a float. Raises NoPlanError for no number."""
    if isinstance(x, Value):
        raise NoPlanError("an argument holds Values: their gradient is that of a graph")
    if isinstance(x, str) or not hasattr(x, "__float__"):
        raise NoPlanError(f"an argument holds {x!r:.40}, which is no number")
    return float(x)


def columns(arguments: Sequence[Argument], samples: int) -> Any:
    """The numbers of all arguments sample by sample: [samples * (numbers of a sample)]."""
    widths = [len(argument.numbers) // samples for argument in arguments]
    if len(arguments) == 1 or samples == 1:
        return array("d", chain.from_iterable([a.numbers for a in arguments]))
    width, first = sum(widths), 0
    rows = array("d", bytes(8 * samples * width))
    for argument, own in zip(arguments, widths):
        numbers = argument.numbers
        for j in range(own):
            rows[first + j :: width] = array("d", numbers[j::own])
        first += own
    return rows
