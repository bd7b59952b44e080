"""Recording: whether operations remember their inputs, and `no_grad`, which turns it off."""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])

depth: ContextVar[int] = ContextVar("depth", default=0)  # how many no_grad blocks we are in
paused: list[bool] = []  # one entry for each no_grad block that is open in any thread
GENERATOR = 0x20 | 0x80 | 0x200  # flags of the code of a generator or coroutine function


class no_grad:  # noqa: N801 - PyTorch's name
    """A block, or as a decorator a function, in which operations compute but record no graph.

    It holds in its own thread and task; a generator suspended within a block also pauses its
    caller.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.inputs
    ()
    """

    def __enter__(self) -> None:
        paused.append(True)
        depth.set(depth.get() + 1)

    def __exit__(self, *exception: object) -> None:
        depth.set(max(0, depth.get() - 1))  # 0: a generator that ends in another context
        paused.pop()

    def __call__(self, function: Function) -> Function:
        if getattr(function, "__code__", None) and function.__code__.co_flags & GENERATOR:
            raise TypeError(
                "no_grad() cannot wrap a generator or coroutine: open a block inside it"
            )

        @wraps(function)
        def unrecorded(*args: Any, **options: Any) -> Any:
            with no_grad():
                return function(*args, **options)

        return unrecorded  # type: ignore[return-value]


recorded: ContextVar[tracing | None] = ContextVar("recorded", default=None)  # the open block


class tracing:  # noqa: N801 - as no_grad
    """A block whose graph is to be traced: numbers that a function would only take are nodes in it.

    The largest logit, which cross-entropy subtracts so that nothing overflows, is such a number: of
    a graph for one set of data a constant, of a program not. So are random numbers: `drawn` has
    what would draw them, and the leaves that stand for them, in the order of drawing.
    """

    def __init__(self) -> None:
        self.drawn: list[tuple[Any, list[Any]]] = []

    def __enter__(self) -> Self:
        self.token = recorded.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        recorded.reset(self.token)
