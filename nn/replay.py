"""Replay: training steps in the machine, without a graph for each of them, and with the same bits.

The loss of one batch is traced and lowered to a plan; from then on a step is a run of the plan,
and the optimiser's formula, in C; in a pure build the plan runs in Python. Steps that the machine
cannot answer for, such as one whose loss is not finite, are done again on a graph, which knows the
number or the error.
"""

from __future__ import annotations

from array import array
from time import perf_counter

from engine import Value, compiled
from engine.plan import NoPlanError, Plan, lowered
from engine.recording import tracing
from engine.rowsource import RowMachine
from engine.tape import Tape
from nn.adaptive import Adam, AdamW
from nn.layers import Dropout
from nn.optim import SGD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from nn.run import Run

SECONDS = 0.05  # in the machine at a time: then Python may see a Ctrl-C, and move the bar
SETTINGS = {
    SGD: ("sgd", ("momentum", "dampening", "weight_decay", "nesterov"), ("momentum_buffer",)),
    Adam: ("adam", ("betas", "eps", "weight_decay", "amsgrad"), ("exp_avg", "exp_avg_sq")),
    AdamW: ("adamw", ("betas", "eps", "weight_decay", "amsgrad"), ("exp_avg", "exp_avg_sq")),
}


class Replay:
    """The machines of a run, one for each size of batch, and the numbers they work on."""

    def __init__(self, run: Run) -> None:
        """Raises NoPlanError, with the reason, where steps cannot be replayed."""
        check(run)
        self.run = run
        inputs, targets = run.loader.inputs, run.loader.targets
        whole = all(hasattr(t, "__index__") and not isinstance(t, bool) for t in targets)
        size = run.loader.batch_size or len(inputs)
        self.classes: list[int] | None = [int(t) for t in targets] if whole else None
        try:
            plan = self.plan(min(size, len(inputs)))
        except NoPlanError as error:
            if self.classes is None:
                raise
            self.classes = None  # they are numbers, unless the loss wants classes
            try:
                plan = self.plan(min(size, len(inputs)))
            except NoPlanError:
                raise error from None
        self.machines: dict[int, Any] = {plan.lanes: machine(plan)}
        self.width = plan.inputs  # of a sample in data
        self.data = array("d", [x for i in range(len(inputs)) for x in self.numbers(i)])
        self.labels = array("i", self.classes) if self.classes is not None else None
        self.pace = 1  # steps at a time
        self.check_bits(plan.lanes)

    # ---- from a batch to a plan ----

    def plan(self, lanes: int) -> Plan:
        """The plan of a batch of that many samples, in which every class occurs."""
        run = self.run
        places = list(range(len(run.loader.inputs)))
        if self.classes is not None:
            firsts = [self.classes.index(c) for c in sorted(set(self.classes))]
            if len(firsts) > lanes:
                raise NoPlanError(f"a batch of {lanes} has not all of {len(firsts)} classes")
            chosen = set(firsts)
            places = firsts + [i for i in places if i not in chosen]
        places = places[:lanes]
        rows = [[Value(x) for x in vector(run.loader.inputs[i])] for i in places]
        goals = [run.loader.targets[i] for i in places]
        if self.classes is None:
            if any(hasattr(t, "__len__") for t in goals):
                raise NoPlanError("a target is several numbers")
            goals = [Value(t) for t in goals]
            leaves = [x for row, goal in zip(rows, goals) for x in (*row, goal)]
        else:
            leaves = [x for row in rows for x in row]
        try:
            with tracing():
                loss = run.loss_of(rows, goals)
            tape = Tape([loss], leaves, run.parameters)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise NoPlanError(str(error)) from None
        classes = None if self.classes is None else [self.classes[i] for i in places]
        return lowered(tape, lanes, classes)

    def numbers(self, i: int) -> list[float]:
        """The inputs of a plan for sample i: its own, and its target if that is a number."""
        row = [float(x) for x in vector(self.run.loader.inputs[i])]
        return row if self.classes is not None else [*row, float(self.run.loader.targets[i])]

    def batch(self, places: Sequence[int]) -> tuple[Any, Any]:
        """What a machine evaluates: the numbers of the samples there, and their classes."""
        rows, n = array("d"), self.width
        for i in places:
            rows += self.data[i * n : (i + 1) * n]
        labels = self.labels
        return rows, None if labels is None else array("i", [labels[i] for i in places])

    def machine(self, lanes: int) -> Any:
        """The machine for batches of that size; None if there is no plan for them."""
        if lanes not in self.machines:
            try:
                self.machines[lanes] = machine(self.plan(lanes))
            except NoPlanError:
                self.machines[lanes] = None
        return self.machines[lanes]

    def check_bits(self, lanes: int) -> None:
        """Raise NoPlanError unless another batch, with other weights, has the bits of its graph.

        A program that takes another way for other numbers, by an `if`, is seen here at the latest.
        """
        run = self.run
        order = run.loader.order(run.loader.epoch)[:lanes]
        before = [(p, p.data, p.grad) for p in run.parameters]
        try:
            for i, (p, data, _) in enumerate(before):  # zeros, as of biases, are special cases
                p.data, p.grad = data + (1 + i % 7) * 2.0**-10, 0.0
            shifted = array("d", [p.data for p in run.parameters])
            answer = self.machines[lanes].evaluate(shifted, *self.batch(order))
            loss = run.loss_of(*run.loader.samples(order))
            loss.backward()
            found = same(loss.data, [p.grad for p in run.parameters])
        except ArithmeticError as error:
            raise NoPlanError(str(error)) from None
        finally:
            for p, data, grad in before:
                p.data, p.grad = data, grad
        if answer is None or same(*answer) != found:
            raise NoPlanError("a step of the machine has not the bits of its graph")

    def check_parameters(self) -> None:
        """Raise ValueError if the model has other Values now: those of the plan would be moved."""
        there = {id(p) for p in self.run.model.parameters()}
        for i, p in enumerate(self.run.parameters):
            if id(p) not in there:
                raise ValueError(
                    f"parameter {i} of the recorded graph, {p!r:.60}, is the model's no longer"
                )

    # ---- an epoch ----

    def epoch(self, batches: Sequence[Sequence[int]], advance: Callable[[int], None]) -> None:
        """The steps of these batches of places, in the machine as far as it can."""
        self.check_parameters()
        if not compiled:
            for batch in batches:
                self.python_step(batch)
                advance(1)
            return
        state = State(self.run)
        done = 0
        try:
            while done < len(batches):
                size, steps = len(batches[done]), 0
                machine = self.machine(size)
                chunk = [b for b in batches[done : done + self.pace] if len(b) == size]
                if machine is not None:
                    steps = self.steps(machine, state, chunk, [state.group["lr"]] * len(chunk))
                    done += steps
                    advance(steps)
                if steps < len(chunk):
                    self.eager_step(state, batches[done])
                    done += 1
                    advance(1)
        finally:
            state.give_back()

    def epochs(self, most: int) -> int:
        """As many epochs of one batch each, at most, as the machine can do; 0 if none.

        Their figures go into the record, and the schedule is stepped after each.
        """
        run, most = self.run, min(most, self.pace)
        if len(run.loader) != 1 or most < 2 or not compiled:
            return 0
        self.check_parameters()
        machine, state = self.machine(len(run.loader.inputs)), State(run)
        if machine is None:
            return 0
        first, schedule = run.loader.epoch, run.schedule
        earlier = None if schedule is None else schedule.state_dict()
        chunk: list[Sequence[int]] = []
        lrs = []
        for _ in range(most):
            chunk += run.loader.batches()
            lrs.append(run.optimizer.lr)
            if schedule is not None:
                schedule.step()
        done = 0
        try:
            done = self.steps(machine, state, chunk, lrs)
        finally:
            state.give_back()
            if done < most:
                run.loader.epoch = first + done
                if schedule is not None:
                    schedule.load_state_dict(earlier)
                    for _ in range(done):
                        schedule.step()
        losses = run.history.losses[len(run.history.losses) - done :]
        run.history.epochs += [{"loss": x, "lr": lr} for x, lr in zip(losses, lrs)]
        return done

    def python_step(self, batch: Sequence[int]) -> None:
        """A step whose gradient is computed in Python, without a graph."""
        run, machine = self.run, self.machine(len(batch))
        before = [p.data for p in run.parameters]
        answer = None
        if machine is not None:
            answer = machine.evaluate(before, *self.batch(batch))
        if answer is None:
            run.step(*run.loader.samples(batch))
            return
        loss, grads = answer
        for p, grad in zip(run.parameters, grads):
            p.grad = grad
        run.last_finite = before
        run.optimizer.step()
        run.history.losses.append(loss)

    def eager_step(self, state: State, batch: Sequence[int]) -> None:
        """A step on a graph. Raises TrainingError for a loss that is not finite."""
        state.give_back()
        try:
            self.run.step(*self.run.loader.samples(batch))
        finally:
            state.read()

    def steps(
        self, machine: Any, state: State, chunk: list[Sequence[int]], lrs: list[float]
    ) -> int:
        """As many of these steps as the machine can do.

        The last of them apart: the weights before it are those that Run gives back if the next
        step has no loss.
        """
        start, saved = perf_counter(), state.copy()

        def train(first: int, last: int) -> Any:
            part = slice(first, last)
            return state.train(machine, self.data, self.labels, chunk[part], lrs[part])

        losses = train(0, len(chunk) - 1)
        if len(losses) == len(chunk) - 1:
            before = state.parameters[:]
            losses += train(len(chunk) - 1, len(chunk))
            if len(losses) == len(chunk):
                self.run.last_finite = list(before)
        if len(losses) == len(chunk):
            seconds = perf_counter() - start
            self.pace = max(1, min(2**20, int(self.pace * SECONDS / max(seconds, 1e-6))))
        elif len(losses) > 0:
            done = len(losses)
            state.restore(saved)
            train(0, done - 1)
            self.run.last_finite = list(state.parameters)
            train(done - 1, done)
        self.run.history.losses += list(losses)
        return len(losses)


class State:
    """The parameters and the optimiser's state, as arrays while the machine has them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.group = run.optimizer.param_groups[0]
        name, settings, states = SETTINGS[type(run.optimizer)]
        self.optimizer = (name, {key: self.group[key] for key in settings})
        self.names = [*states, *(["max_exp_avg_sq"] if self.group.get("amsgrad") else [])]
        self.read()

    def read(self) -> None:
        """Take the numbers from the Values and the optimiser."""
        self.parameters = array("d", [p.data for p in self.run.parameters])
        state = self.run.optimizer.state[0]
        self.states = {name: array("d", state[name]) for name in self.names}
        self.step: int = state["step"]

    def give_back(self) -> None:
        """Give the numbers to the Values and the optimiser."""
        for p, data in zip(self.run.parameters, self.parameters):
            p.data = data
        state = self.run.optimizer.state[0]
        state.update({name: list(numbers) for name, numbers in self.states.items()})
        state["step"] = self.step

    def copy(self) -> tuple[Any, ...]:
        return self.parameters[:], {name: x[:] for name, x in self.states.items()}, self.step

    def restore(self, saved: tuple[Any, ...]) -> None:
        self.parameters, self.states, self.step = saved

    def train(
        self,
        machine: Any,
        data: Any,
        labels: Any,
        batches: Sequence[Sequence[int]],
        lrs: Sequence[float],
    ) -> Any:
        """The losses of the steps that the machine has done."""
        if not batches:
            return array("d")
        order = array("i", [i for batch in batches for i in batch])
        rates = array("d", lrs)
        losses = machine.train(
            self.parameters, self.states, self.optimizer, data, labels, order, rates, self.step
        )
        if self.optimizer[0] != "sgd" or self.group["momentum"]:
            self.step += len(losses)
        return losses


def check(run: Run) -> None:
    """Raise NoPlanError for a run whose steps depend on more than numbers."""
    if type(run.optimizer) not in SETTINGS:
        raise NoPlanError(f"the machine has no {type(run.optimizer).__name__}")
    if len(run.optimizer.param_groups) != 1:
        raise NoPlanError("the optimiser has several groups of parameters")
    if run.max_norm is not None:
        raise NoPlanError("gradients are clipped")
    if run.schedule is not None and run.each == "step":
        raise NoPlanError("the learning rate changes at every step")
    for module in run.model.modules():
        if isinstance(module, Dropout) and module.p:
            raise NoPlanError("Dropout draws random numbers at every step")


def machine(plan: Plan) -> Any:
    """The machine of a plan: in C, or in Python where the build is pure.

    Raises NoPlanError if it has no such operation.
    """
    try:
        if not compiled:
            return RowMachine(plan)
        from engine.machine import Machine

        return Machine(plan, plan.lanes)
    except ValueError as error:
        raise NoPlanError(str(error)) from None


def same(value: float, grads: Sequence[float]) -> list[str]:
    """The bits, in which every nan is the same."""
    return [x.hex() if x == x else "nan" for x in (value, *grads)]


def vector(x: Any) -> Sequence[Any]:
    return x if hasattr(x, "__len__") else [x]
