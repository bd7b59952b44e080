"""A plain loop, compiled: `jit` records a loss once, and the machine replays it.

    @jit
    def loss_of(inputs, targets):
        return mse_loss([model(x) for x in inputs], targets)

    for inputs, targets in loader:
        loss = loss_of(inputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

The loop stays as it was, and its numbers too, to the last bit. The first call records the graph of
the loss. The second call compares the machine with the graph, on other data and other weights. From
the third call on the machine computes the loss and its gradient.
"""

from __future__ import annotations

from functools import update_wrapper
from inspect import signature
from sys import modules
from threading import RLock

from engine import Value
from engine.programs.kinds import NoPlanError
from engine.recording import no_grad_depth
from nn.training.arguments import Argument
from nn.training.randomness import RandomState
from nn.training.recorded import Recording
from nn.training.structures import MOST, Structures
from nn.training.surroundings import Surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

RESTLESS, REST = 3, 4  # jit gives up after 3 changes, where fewer than 4 calls lie between them
UNLIKE = "the machine has not the bits of the graph: is there an `if` in it, or a random number?"
DRAWS = "the function draws random numbers of its own"
CHANGES = "the function changes the data of its parameters"


def jit(function: Callable[..., Any]) -> Replay:
    """The function, replayed by the machine from its third call on.

    function: takes numbers, in lists of any depth or in arrays, and returns a loss, one Value. The
    leaves behind the loss are its parameters. Its result has the same `data`, and `loss.backward()`
    gives the parameters the same grads, to the last bit, also as part of another loss, such as
    `loss / 3`. What cannot be replayed is computed as before; `reason` says why.

    A recording is for one structure: the same number of samples, the same settings (True, None, a
    name), and all modules in the mode, train or eval, in which they were. Another structure is
    recorded anew; the latest 8 are kept. After 24 structures that were hardly ever replayed, only
    one that comes again soon is recorded. So it is where the function reads something else than
    before: another model or number under a global name, another layer, weight or attribute.

    As in JAX, only operations on Values are recorded. An `if` on a number of an argument is left to
    the function itself. An `if` on a number that was computed, a number drawn at random, or one
    from a file, a clock or inside an array stays as it was in the first call; the second call finds
    that out if it makes a difference there. `clear()` makes jit begin anew.

    >>> from nn import mse_loss
    >>> w = Value(3.0)
    >>> loss_of = jit(lambda xs, ts: mse_loss([w * x for x in xs], ts))
    >>> for xs in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]):
    ...     loss = loss_of(xs, [1.0, 1.0])
    ...     w.grad = 0.0
    ...     loss.backward()
    ...     print(loss.data, w.grad)
    14.5 12.0
    92.5 68.0
    242.5 172.0
    >>> loss_of.calls, loss_of.replayed
    (3, 1)
    """
    return Replay(function)


class Replay:
    """A function of data that returns a loss, as `jit` makes it.

    calls: how often it was called. replayed: how many of these calls the machine did. reason: why
    the latest call was not replayed; empty if it was, or if the next of its kind will be.
    """

    __module__ = "nn"

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"jit takes a function, got {type(function).__name__} {function!r:.60}")
        self.function = function
        self.lock = RLock()
        self.classes = 1  # how many there are, as far as the targets have shown
        self.clear()
        update_wrapper(self, function)

    def clear(self) -> None:
        """Forget what was recorded, and count anew."""
        self.recordings: dict[Any, Recording | NoPlanError] = {}
        self.surroundings: Surroundings | None = None
        self.settings: list[Any] = []  # that it was called with
        self.structures = Structures()
        self.calls = self.replayed = self.changes = 0
        self.reason = ""

    def __get__(self, instance: Any, owner: type) -> Any:
        """A function that is jitted in a class is a method of it; each instance has its own."""
        if instance is None:
            return self
        own = Replay(self.function.__get__(instance, owner))
        vars(instance)[self.__name__] = own  # type: ignore[attr-defined]
        return own

    def __reduce__(self) -> Any:
        """A copy has recorded nothing; that of a function in a module is the function itself."""
        owner = getattr(self.function, "__self__", None)
        name = self.__name__  # type: ignore[attr-defined]
        if getattr(owner, "__dict__", {}).get(name) is self:
            return getattr, (owner, name)
        found: Any = modules.get(self.__module__)
        for part in self.__qualname__.split("."):  # type: ignore[attr-defined]
            found = getattr(found, part, None)
        return self.__qualname__ if found is self else (jit, (self.function,))

    def __call__(self, *args: Any, **named: Any) -> Value:
        """The loss of these arguments. Raises what the function raises."""
        if named:
            bound = signature(self.function).bind(*args, **named)
            args, named = bound.args, bound.kwargs
        with self.lock:
            self.calls += 1
            self.reason = ""
            if named:
                self.reason = f"{next(iter(named))} is no argument by its place, but by its name"
                return self.computed(args, named)
            try:
                arguments = [Argument(x) for x in args]
                recording = self.recording(arguments)
            except (NoPlanError, OverflowError) as error:
                self.reason = str(error)
                return self.computed(args)
            if recording is None:
                return self.computed(args)
            if not recording.compared:
                return self.compared(recording, arguments, args)
            found = recording.loss(arguments)
            if found is None:
                self.reason = "the machine has no answer for these numbers"
                loss = self.computed(args)
                recording.learn(arguments)
                return loss
            self.replayed += 1
            self.changes = 0
            self.structures.replayed()
            return found

    def computed(self, args: Sequence[Any], named: Mapping[str, Any] | None = None) -> Value:
        """The loss, by the function itself."""
        loss = self.function(*args, **(named or {}))
        if not isinstance(loss, Value):
            got = f"{type(loss).__name__} {loss!r:.60}"
            raise TypeError(f"a jitted function returns a Value, the loss, got {got}")
        return loss

    def recording(self, arguments: list[Argument]) -> Recording | None:
        """The recording of that structure; None if it has just been made, for calls to come.

        Raises NoPlanError where it cannot be replayed.
        """
        surroundings = self.look_around(arguments)
        key = self.key(arguments)
        known = self.recordings.get(key)
        if no_grad_depth.get() and not (known and getattr(known, "compared", True)):
            raise NoPlanError("it is recorded where gradients are wanted, outside of no_grad")
        self.recordings.pop(key, None)
        classes = 0
        if arguments and arguments[-1].whole and arguments[-1].samples:
            classes = int(max(arguments[-1].numbers)) + 1
        stale = isinstance(known, Recording) and not known.fits(classes)
        made = known
        if known is None or stale:
            if not self.structures.are_worth(key):
                raise NoPlanError("the structure of the arguments changes from call to call")
            self.classes = max(self.classes, classes)
            made = self.recorded(arguments, surroundings)
        self.recordings[key] = made  # type: ignore[assignment]
        for oldest in list(self.recordings)[:-MOST]:
            del self.recordings[oldest]
        if isinstance(made, NoPlanError):
            raise made
        return None if known is None or stale else made

    def recorded(
        self, arguments: list[Argument], surroundings: Surroundings
    ) -> Recording | NoPlanError:
        """A new recording, or why there is none. The parameters have the same data as before."""
        before = [(v, v.data) for v in surroundings.values()]
        made: Recording | NoPlanError
        try:
            made = Recording(self.function, arguments, self.classes, surroundings.sources)
        except NoPlanError as error:
            made = error
        changed = [(v, data) for v, data in before if v.data.hex() != data.hex()]
        for v, data in changed:  # once more by the function itself, which is called again
            v.data = data
        return NoPlanError(CHANGES) if changed else made

    def key(self, arguments: list[Argument]) -> Any:
        """What has to be the same for a recording to fit."""
        modes = self.surroundings.modes() if self.surroundings else ()
        return tuple([argument.key for argument in arguments]), modes

    def look_around(self, arguments: list[Argument]) -> Surroundings:
        """What the function reads; if that has changed, the recordings are forgotten.

        Raises NoPlanError where it changes again and again.
        """
        if self.changes > (RESTLESS - 1) * REST:
            raise NoPlanError("what the function reads changes from call to call")
        given = [a.given for a in arguments if a.passed_on and callable(a.given)]
        new = [x for x in given if not any(x is known for known in self.settings)]
        changed = self.surroundings is not None and self.surroundings.changed()
        if changed:
            self.recordings.clear()
            self.changes += REST
        elif self.changes:
            self.changes -= 1
        if self.surroundings is None or changed or new:
            self.settings = (self.settings + new)[-MOST:]
            self.surroundings = Surroundings([self.function, *self.settings])
        return self.surroundings

    def compared(self, recording: Recording, arguments: list[Argument], args: Any) -> Value:
        """The loss, by the function itself, and whether the machine has its bits."""
        before, parameters = RandomState(recording.sources), recording.values().tobytes()
        loss = self.computed(args)
        if recording.values().tobytes() != parameters:
            self.reason = CHANGES
            self.recordings[self.key(arguments)] = NoPlanError(CHANGES)
            return loss
        if recording.was_recorded_with(arguments):  # the same numbers prove nothing
            return loss
        recording.learn(arguments)
        after = RandomState(recording.sources)
        before.restore()
        answer = recording.evaluate(arguments)
        drew_alike = RandomState(recording.sources).states == after.states
        after.restore()
        if answer is None:
            return loss
        if drew_alike and recording.has_bits_of(loss, answer):
            recording.compared = True
        else:
            self.reason = UNLIKE if drew_alike else DRAWS
            self.recordings[self.key(arguments)] = NoPlanError(self.reason)
        return loss

    def __repr__(self) -> str:
        return f"<jit of {self.function!r:.60}: {self.replayed} of {self.calls} calls replayed>"
