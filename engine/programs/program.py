"""The program: a graph, recorded once, that computes again with other numbers.

    program = trace(loss, inputs=[x, y], parameters=[w, b])
    program([0.5, 1.0])                      # the loss at x = 0.5, y = 1
    program.value_and_grad([0.5, 1.0])       # and its gradient with respect to w and b

Only operations are recorded. An `if` of Python is not in the graph, so its choice is frozen. A
number that was taken out of a Value, as by `float(x)`, is frozen too. relu, maximum and abs are
operations, and safe.
"""

from __future__ import annotations

from array import array
from itertools import chain

from engine.formulas.names import parameter_names
from engine.programs.batch import Batch
from engine.programs.body import MANY
from engine.programs.given import floats, is_batch, side_by_side, values
from engine.programs.kinds import NoPlanError
from engine.programs.machines import machine_of_tape
from engine.programs.tape import Tape, packed, unpacked
from engine.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def trace(
    outputs: Value | Sequence[Value],
    inputs: Sequence[Value],
    parameters: Any = (),
) -> Program:
    """The program of the graph behind the outputs.

    inputs: the leaves that get other numbers in each call. parameters: the leaves whose own `data`
    is read in each call, so that a program follows a training; or a model, whose parameters have
    their names in the source, such as w0_1_0. An input that is not in the graph has gradient 0. The
    outputs may be what `grad` returns. Raises ValueError for a leaf of the graph that is neither an
    input nor a parameter, and for one of them that was computed.

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

    It runs as Python source of one line an operation. A long program runs in the machine of
    `engine.machine` if the build is compiled. Both give the numbers and gradients of the graph to
    the last bit. Where they cannot, the operations are asked one by one. They raise the error of
    the graph, with the label of the node, or they find the gradient to be infinite.
    """

    __module__ = "engine"

    def __init__(
        self, outputs: Value | Sequence[Value], inputs: Sequence[Value], parameters: Any
    ) -> None:
        self.single = isinstance(outputs, Value)
        names: list[str] = []
        if hasattr(type(parameters), "named_parameters"):
            called = parameter_names(parameters)
            parameters, names = list(called), [name for name, _ in called.values()]
        self.tape = Tape(
            values("outputs", [outputs] if isinstance(outputs, Value) else outputs),
            values("inputs", inputs),
            values("parameters", parameters),
            names,
        )
        if not self.tape.outputs:
            raise ValueError("a program has at least 1 output, got 0")
        self._prepare()

    def _prepare(self) -> None:
        """What the tape is run by: made anew for each copy."""
        self._functions: dict[str, Callable[..., Any]] = {}
        self._machine = machine_of_tape(self.tape)
        self._batch: Any = False  # not yet asked for; None where there is none

    # ---- copies: the tape, whose graph is copied as a whole; the rest is made anew ----

    def __getstate__(self) -> dict[str, Any]:
        return {"single": self.single, "tape": packed(self.tape)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.single, self.tape = state["single"], unpacked(state["tape"])
        self._prepare()

    # ---- what it computes ----

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The outputs for these inputs; for a list of samples, a list of the outputs of each.

        inputs: [n] -> a float, or a list [m] where m outputs were traced; [samples][n] ->
        [samples] or [samples][m]. Raises ValueError for another number of inputs, TypeError for
        what is no number, and what the operations raise, with the number of the sample.
        """
        if is_batch(inputs):
            return self._outputs(inputs)
        return self._output(inputs)

    def side_by_side(self, inputs: Sequence[Any]) -> Any:
        """The outputs for a list of samples as an array of floats, sample by sample.

        inputs: [samples][n] -> [samples * m], where m outputs were traced: what NumPy takes over
        without a list. Errors as of a call.

        >>> x = Value(3.0)
        >>> trace([2 * x, x + 1], inputs=[x]).side_by_side([[5.0], [6.0]])
        array('d', [10.0, 6.0, 12.0, 7.0])
        """
        if len(inputs) >= MANY and self._has_batch():
            return self._machine_outputs(inputs)
        found = self._each(self._output, inputs)
        return array("d", found if self.single else chain.from_iterable(found))

    def value_and_grad(self, inputs: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The output for these inputs, and its derivative with respect to each parameter.

        inputs: [n] -> (a float, [parameters]); [samples][n] -> ([samples],
        [samples][parameters]): each sample has its own, as under JAX's `vmap`, and nothing is
        summed. Raises ValueError if several outputs were traced, and as a call does.
        """
        if is_batch(inputs):
            found = self._each(self._gradient, inputs)
            n = len(self.tape.inputs)
            return [value for value, _ in found], [grads[n:] for _, grads in found]
        value, of_inputs_and_parameters = self._gradient(inputs)
        return value, of_inputs_and_parameters[len(self.tape.inputs) :]

    def input_grad(self, inputs: Sequence[Any]) -> list[Any]:
        """The derivative of the output with respect to each input.

        inputs: [n] -> [n]; [samples][n] -> [samples][n]. Errors as of value_and_grad.
        """
        if is_batch(inputs):
            found = self._each(self._gradient, inputs)
            return [grads[: len(self.tape.inputs)] for _, grads in found]
        return self._gradient(inputs)[1][: len(self.tape.inputs)]

    def backward(self, inputs: Sequence[Any]) -> float:
        """Refresh the graph: the Values that were traced get the data and grads for these inputs.

        The result is the same as building the graph again and calling `backward` on its output. The
        grads of inputs and parameters add up. Returns the output. If it raises, the graph stays as
        it was.
        """
        tape = self.tape
        self._check_single()
        if is_batch(inputs):
            raise TypeError(f"backward takes the inputs of one sample, got {len(inputs)} samples")
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
        number for each sample, and the gradients are summed over the samples. The first line of C
        names the options that give it the bits of the graph. A label may be any text; a variable
        is called `erf_` where its label is a word of a language. Raises ValueError for another
        language, and for an operation of your own in any language.
        """
        from engine.programs.source import source_of

        return source_of(self.tape, language)

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

    def _output(self, inputs: Sequence[Any]) -> Any:
        """The outputs for one sample."""
        outputs = self._run("program", inputs)
        return outputs[0] if self.single else list(outputs)

    def _outputs(self, samples: Sequence[Any]) -> list[Any]:
        """The outputs of each sample: many at once where there is a machine for it."""
        if len(samples) < MANY or not self._has_batch():
            return self._each(self._output, samples)
        numbers: list[float] = self._machine_outputs(samples).tolist()
        if self.single:
            return numbers
        m = len(self.tape.outputs)
        return [numbers[k : k + m] for k in range(0, len(numbers), m)]

    def _machine_outputs(self, samples: Sequence[Any]) -> Any:
        """The same numbers side by side, by the machine as far as it has answers."""
        n, m = len(self.tape.inputs), len(self.tape.outputs)
        numbers = side_by_side(samples, n)
        if numbers is None:
            numbers = array("d", chain.from_iterable(self._each(self._inputs, samples)))
        parameters, memory = array("d", self._parameters()), memoryview(numbers)
        answers = array("d")
        for first, lanes in self._batch.parts(len(samples)):
            end = first + lanes
            found = self._batch.outputs(memory[first * n : end * n], parameters, lanes)
            if found is None:
                part = self._each(self._output, samples[first:end], first)
                answers.extend(part if self.single else chain.from_iterable(part))
            else:
                answers += found[: (len(samples) - first) * m]
        return answers

    def _each(self, call: Callable[..., Any], samples: Sequence[Any], first: int = 0) -> list[Any]:
        """What call gives for each sample; its errors name the sample, counted from `first`."""
        found = []
        for i, sample in enumerate(samples, first):
            try:
                found.append(call(sample))
            except (ArithmeticError, TypeError, ValueError) as error:
                error.args = (f"sample {i}: {error}",)
                raise
        return found

    def _has_batch(self) -> bool:
        """Whether there is a machine for many samples, which is made when first asked for."""
        if self._batch is False:
            try:
                self._batch = Batch(self.tape)
            except NoPlanError:
                self._batch = None
        return self._batch is not None

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
        if name not in self._functions:
            from engine.programs.source import functions_of

            self._functions = functions_of(self.tape)
        return self._functions[name]

    def _inputs(self, inputs: Any) -> list[float]:
        return floats(inputs, len(self.tape.inputs))

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
