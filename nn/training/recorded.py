"""A recorded loss: the function behind it, lowered to a plan, and the machine that replays it."""

from __future__ import annotations

from array import array
from itertools import chain

from engine import Value, topological_order
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_of_plan
from engine.programs.tape import Tape, is_choice
from engine.recording import no_grad_depth, tracing
from engine.value import data_of
from nn.training.arguments import columns
from nn.training.number import NUMBER, Number, WholeNumber
from nn.training.plans import plan_of, same
from nn.training.randomness import RandomState, undrawn
from nn.training.replayed_loss import Again, replayed_loss
from nn.training.samples import drawn, shared_draws
from nn.training.tapes import WRONG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from nn.training.arguments import Argument
    from nn.training.samples import Draws


class Recording:
    """What was recorded of a function for arguments of one structure, and its machine.

    lanes: how many samples the machine does at once. parameters: the leaves behind the loss that
    are no arguments. compared: whether the machine is known to have the bits of the graph.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: list[Argument],
        classes: int,
        sources: list[Any],
    ) -> None:
        """sources: what the function may draw random numbers from. classes: how many there are, if
        the last argument holds the classes of the samples.

        Raises NoPlanError, with the reason, where the function cannot be replayed.
        """
        self.function, self.compared = function, False
        self.sources = sources
        self.places = [i for i, a in enumerate(arguments) if not a.passed_on]  # of numbers
        reason: NoPlanError | None = None
        for self.lanes, self.classes in ways(arguments, classes):
            try:
                self.record(arguments)
            except NoPlanError as error:
                reason = reason or error
            else:
                break
        else:
            raise reason or NoPlanError("it has no numbers")
        self.start = [a.numbers.tobytes() for a in arguments], self.values()

    def record(self, arguments: list[Argument]) -> None:
        """Record the loss, and make its machine."""
        given, leaves = self.given(arguments)
        before = repr(given)
        with undrawn(self.sources):
            try:
                with tracing() as block:
                    loss = self.function(*given)
            except NoPlanError:
                raise
            except WRONG as error:
                raise NoPlanError(f"{type(error).__name__}: {error}") from None
        if not isinstance(loss, Value):
            raise NoPlanError(f"it returned no Value but {type(loss).__name__}")
        if repr(given) != before:
            raise NoPlanError("the function changes its arguments")
        self.draws: Draws = shared_draws(block.drawn, leaves)
        flat = [x for own in leaves for x in own]
        inputs = {id(x) for x in flat}
        order = topological_order(loss)
        self.parameters = tuple([v for v in order if v.op is None and id(v) not in inputs])
        try:
            tape = Tape([loss], flat, self.parameters)
        except ValueError as error:
            raise NoPlanError(str(error)) from None
        self.guards = guards(self.leaves_of)
        choices = [args[1:] for op, args in zip(tape.ops, tape.args) if is_choice(op)]
        slots = {*chain.from_iterable(choices)} & {*range(len(self.parameters))}
        self.candidates = {self.parameters[slot] for slot in slots}  # may be chosen, or not
        chosen = [k % self.classes for k in range(self.lanes)] if self.classes else None
        self.machine = machine_of_plan(plan_of(tape, self.lanes, chosen))

    def given(self, arguments: list[Argument]) -> tuple[list[Any], list[list[Any]]]:
        """What the function is called with to be recorded, and the leaves of each sample.

        Every class occurs among the targets.
        """
        if self.classes > self.lanes:
            raise NoPlanError(f"a batch of {self.lanes} has not all of {self.classes} classes")
        leaves: list[list[Any]] = [[] for _ in range(self.lanes)]
        given = []
        self.leaves_of: list[list[Any]] = [[] for _ in arguments]
        for i, argument in enumerate(arguments):
            if self.classes and argument is arguments[-1]:
                given.append(argument.filled([k % self.classes for k in range(self.lanes)]))
                continue
            own = [*map(WholeNumber if argument.whole else Number, argument.numbers)]
            self.leaves_of[i] = own
            each = len(own) // self.lanes
            for k, of_sample in enumerate(leaves):
                of_sample += own[k * each : (k + 1) * each]
            given.append(argument.filled(own))
        return given, leaves

    def fits(self, classes: int) -> bool:
        """Whether there are no new classes."""
        return not self.classes or classes <= self.classes

    def was_recorded_with(self, arguments: list[Argument]) -> bool:
        """Whether the data and the parameters are those of the recording."""
        return ([a.numbers.tobytes() for a in arguments], self.values()) == self.start

    def has_bits_of(self, loss: Value, answer: tuple[float, Any]) -> bool:
        """Whether an answer of the machine is that of the graph of the loss, to the bit.

        A leaf that the function makes in each call, such as a state of zeros, has another number
        in no call.
        """
        own = [v for v in topological_order(loss) if v.op is None]
        recorded, there = {*self.parameters}, {*own}
        new = [v for v in own if v not in recorded]
        gone = [p for p in self.parameters if p not in there and p not in self.candidates]
        if [v.data.hex() for v in new] != [p.data.hex() for p in gone]:
            return False
        grads = dict(zip(own, gradients(loss, own)))
        grads.update(zip(gone, [grads[v] for v in new]))
        return same(*answer) == same(loss.data, [grads.get(p, 0.0) for p in self.parameters])

    # ---- what it computes ----

    def loss(self, arguments: list[Argument]) -> Value | None:
        """The loss of these arguments; None where only the graph has the answer."""
        before = RandomState(self.sources if self.draws else ())
        given = self.given_to_machine(arguments)
        answer = None if given is None else self.machine.evaluate(*given)
        if given is None or answer is None:
            before.restore()
            return None
        data, grads = answer
        if no_grad_depth.get():
            return Value(data)
        return replayed_loss(data, self.parameters, grads.tolist(), Again(self.machine, given))

    def evaluate(self, arguments: list[Argument]) -> tuple[float, Any] | None:
        """The loss and its gradient, or None."""
        given = self.given_to_machine(arguments)
        found: tuple[float, Any] | None = None if given is None else self.machine.evaluate(*given)
        return found

    def given_to_machine(self, arguments: list[Argument]) -> tuple[Any, Any, Any] | None:
        """What the machine evaluates: parameters, numbers, classes. None for what nn has to check.

        It draws random numbers, if the function does.
        """
        if not all(guard.lets(arguments) for guard in self.guards):
            return None
        given, classes = [arguments[i] for i in self.places], None
        if self.classes:
            classes = array("i", map(int, given.pop().numbers))
            if min(classes) < 0:
                return None
        rows = columns(given, self.lanes)
        return self.values(), self.with_draws(rows) if self.draws else rows, classes

    def learn(self, arguments: list[Argument]) -> None:
        """Let the numbers of these arguments pass from now on: nn has checked them."""
        for guard in self.guards:
            guard.learn(arguments)

    def with_draws(self, rows: Any) -> Any:
        """The rows, behind each the random numbers that its sample draws."""
        each, longer = len(rows) // self.lanes, array("d")
        for k in range(self.lanes):
            longer += rows[k * each : (k + 1) * each]
            longer.extend(drawn(self.draws))
        return longer

    def values(self) -> Any:
        """The numbers of the parameters."""
        return array("d", data_of(self.parameters))


class Guard:
    """What nn has checked of an argument: numbers of a range, or these very numbers, may pass.

    Others are checked by nn once, in the function itself.
    """

    def __init__(self, place: int, leaves: Sequence[Any]) -> None:
        """place: of the argument. leaves: its numbers."""
        self.place = place
        numbers = [x.data for x in leaves if x.asked]
        self.known = {*numbers} if any(x.asked == NUMBER for x in leaves) else None
        self.low, self.high = min(numbers), max(numbers)

    def lets(self, arguments: list[Argument]) -> bool:
        """Whether the numbers may pass."""
        numbers = arguments[self.place].numbers
        if self.known is not None:
            return self.known.issuperset(numbers)
        return bool(self.low <= min(numbers) and max(numbers) <= self.high)

    def learn(self, arguments: list[Argument]) -> None:
        numbers = arguments[self.place].numbers
        if self.known is not None:
            self.known.update(numbers)
        self.low, self.high = min(self.low, *numbers), max(self.high, *numbers)


def guards(leaves: list[list[Any]]) -> list[Guard]:
    """The guards of the arguments of which nn has checked numbers. leaves: of each argument."""
    return [Guard(i, own) for i, own in enumerate(leaves) if any(x.asked for x in own)]


def ways(arguments: list[Argument], classes: int) -> Iterator[tuple[int, int]]:
    """The ways to record, the fastest first: (samples at once, classes of the last argument)."""
    lists = [a for a in arguments if not a.passed_on]
    sizes = {a.samples for a in lists}
    n = sizes.pop() if len(sizes) == 1 else None
    if n and n > 1:
        yield n, 0
    if n and len(lists) > 1 and lists[-1] is arguments[-1]:
        last = arguments[-1]
        if last.whole and len(last.numbers) == n and min(last.numbers) >= 0:
            yield n, classes  # where the function picks by them without nn.chosen
    yield 1, 0


def gradients(loss: Value, parameters: list[Value]) -> list[float]:
    """d loss / d p for each of the parameters, whose grads stay what they are."""
    before = [p.grad for p in parameters]
    try:
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        return [p.grad for p in parameters]
    finally:
        for p, grad in zip(parameters, before):
            p.grad = grad
