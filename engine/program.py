"""The program: a graph recorded once and computed again on other numbers, without being built anew.

    program = trace(loss, inputs=[x, y], parameters=[w, b])
    program([0.5, 1.0])                      # the loss at x = 0.5, y = 1
    program.value_and_grad([0.5, 1.0])       # and its gradient with respect to w and b

Only operations are recorded. A Python `if` that chose among them is not in the graph: its choice is
frozen, and so is every number that a program took out of a Value, as `float(x)` does. relu, maximum
and abs are operations, and safe.
"""

from __future__ import annotations

from array import array

from engine.op import number
from engine.plan import lowered
from engine.tape import Tape
from engine.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def trace(
    outputs: Value | Sequence[Value],
    inputs: Sequence[Value],
    parameters: Sequence[Value] = (),
) -> Program:
    """The program of the graph behind the outputs.

    inputs: the leaves that get other numbers in each call. parameters: the leaves whose own `data`
    is read in each call, so that a program follows a training. Raises ValueError for a leaf of the
    graph that is neither, for an input that is not in the graph, and for one that was computed.

    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> program = trace(w * x + 1, inputs=[x], parameters=[w])
    >>> program([5.0])
    11.0
    >>> program.value_and_grad([5.0])
    (11.0, [5.0])
    """
    return Program(outputs, inputs, parameters)


class Program:
    """A recorded graph, as `trace` makes it.

    It runs as Python source of one line an operation or, if it is long and the build compiled, in
    the machine of `engine.machine`. Either gives the numbers and gradients of the graph to the last
    bit. Where they cannot, the operations themselves are asked, one by one: they raise the error
    that the graph would have raised, with the label of the node, or know the gradient that is
    infinite.
    """

    def __init__(
        self, outputs: Value | Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]
    ) -> None:
        self.single = isinstance(outputs, Value)
        self.tape = Tape(
            values("outputs", [outputs] if isinstance(outputs, Value) else outputs),
            values("inputs", inputs),
            values("parameters", parameters),
        )
        if not self.tape.outputs:
            raise ValueError("a program has at least 1 output, got 0")
        self._compiled: dict[str, Callable[..., Any]] = {}
        self._machine = machine_of(self.tape)

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The outputs for these inputs; a list of them for a list of inputs, sample by sample.

        inputs: [n] -> a float, or a list where several outputs were traced. Raises ValueError for
        another number of inputs, TypeError for what is no number, and what the operations raise.
        """
        if is_batch(inputs):
            return [self(sample) for sample in inputs]
        outputs = self._run("program", inputs)
        return outputs[0] if self.single else list(outputs)

    def value_and_grad(self, inputs: Sequence[Any]) -> tuple[float, list[float]]:
        """The output for these inputs, and its derivative with respect to each parameter.

        Raises ValueError if several outputs were traced, and as a call does.
        """
        value, of_inputs_and_parameters = self._gradient(inputs)
        return value, of_inputs_and_parameters[len(self.tape.inputs) :]

    def input_grad(self, inputs: Sequence[Any]) -> list[float]:
        """The derivative of the output with respect to each input. Errors as of value_and_grad."""
        return self._gradient(inputs)[1][: len(self.tape.inputs)]

    def backward(self, inputs: Sequence[Any]) -> float:
        """Refresh the graph: the Values that were traced get the data and grads for these inputs.

        As if it had been built anew and `backward` called on its output: the inputs and parameters
        add up what they get. Returns the output. If it raises, the graph is as it was.
        """
        tape = self.tape
        self._check_single()
        numbers = tape.numbers(self._inputs(inputs), self._parameters())
        grads = tape.gradients(numbers)
        leaves = len(tape.parameters) + len(tape.inputs)
        for slot, node in enumerate(tape.nodes):
            if node is not None:
                node.data = numbers[slot]
                node.grad = node.grad + grads[slot] if slot < leaves else grads[slot]
        return numbers[tape.outputs[0]]

    def source(self, language: str = "python") -> str:
        """The program as text that runs as it stands, one line an operation, with its label.

        "python" and "numpy" define program(inputs, parameters) and gradient(inputs, parameters),
        "torch" the first of them, "c" a function of both. With numpy an input is an array of one
        number for each sample, and the gradients are summed over the samples. Raises ValueError for
        another language, and for an operation of your own in any but Python.
        """
        from engine.source import written

        return written(self.tape, language)

    def __len__(self) -> int:
        """How many operations it has."""
        return len(self.tape)

    def __repr__(self) -> str:
        tape = self.tape
        return (
            f"Program({len(tape.inputs)} inputs, {len(tape.parameters)} parameters, "
            f"{len(tape)} operations)"
        )

    # ---- how it runs ----

    def _gradient(self, inputs: Sequence[Any]) -> tuple[float, list[float]]:
        self._check_single()
        if self._machine is not None:
            numbers, parameters = self._inputs(inputs), self._parameters()
            answer = self._machine.evaluate(array("d", parameters + numbers), array("d"))
            if answer is not None:
                value, found = answer
                n = len(parameters)
                return value, [*found[n:], *found[:n]]
        value, grads = self._run("gradient", inputs)
        return value, list(grads)

    def _run(self, name: str, inputs: Sequence[Any]) -> Any:
        numbers, parameters = self._inputs(inputs), self._parameters()
        try:
            return self._function(name)(numbers, parameters)
        except (ArithmeticError, ValueError):
            return self._interpreted(name, numbers, parameters)

    def _interpreted(self, name: str, inputs: list[float], parameters: list[float]) -> Any:
        """The same, by the operations themselves."""
        tape = self.tape
        numbers = tape.numbers(inputs, parameters)
        if name == "program":
            return [numbers[slot] for slot in tape.outputs]
        grads, n = tape.gradients(numbers), len(parameters)
        of_both = grads[n : n + len(inputs)] + grads[:n]
        return numbers[tape.outputs[0]], of_both

    def _function(self, name: str) -> Callable[..., Any]:
        """A function of the Python source, compiled when it is first needed."""
        if name not in self._compiled:
            from engine.source import compiled

            self._compiled = compiled(self.tape)
        return self._compiled[name]

    def _inputs(self, inputs: Any) -> list[float]:
        wanted = len(self.tape.inputs)
        if isinstance(inputs, str) or not hasattr(inputs, "__len__"):
            raise TypeError(f"a program takes a list of its {wanted} inputs, got {inputs!r:.60}")
        if len(inputs) != wanted:
            raise ValueError(f"a program of {wanted} input{'s' * (wanted != 1)} got {len(inputs)}")
        return [x.data if isinstance(x, Value) else number(x) for x in inputs]

    def _parameters(self) -> list[float]:
        for i, p in enumerate(self.tape.parameters):
            if p.op is not None:
                raise ValueError(f"parameter {i} of the program has become the result of {p.op}")
        return [p.data for p in self.tape.parameters]

    def _check_single(self) -> None:
        if len(self.tape.outputs) != 1:
            raise ValueError(
                f"a gradient is that of one output, the program has {len(self.tape.outputs)}"
            )


LONG = 100  # operations: a shorter program is over before the machine has been called


def machine_of(tape: Tape) -> Any:
    """The machine for the gradient of a tape, None where it has none."""
    if len(tape) < LONG or len(tape.outputs) != 1:
        return None
    try:
        from engine.machine import Machine

        return Machine(lowered(tape.without_inputs(), 1), 1)
    except (ImportError, ValueError):
        return None


def is_batch(inputs: Any) -> bool:
    """Whether these are the inputs of several samples."""
    if not isinstance(inputs, list | tuple) or not inputs or isinstance(inputs[0], str):
        return False
    return hasattr(inputs[0], "__len__")


def values(name: str, given: Any) -> list[Value]:
    """The Values that were given. Raises TypeError for what is none."""
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"{name} are a list of Values, got {given!r:.60}")
    found = list(given)
    for i, v in enumerate(found):
        if not isinstance(v, Value):
            raise TypeError(f"{name} are Values, number {i} is {type(v).__name__} {v!r:.60}")
    return found
