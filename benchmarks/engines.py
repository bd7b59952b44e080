"""The engines: how each of them makes leaves, applies functions and gives gradients.

A workload sees an engine only through `Engine`; `+ - * / **` are those of the engine's own nodes.
The imports stand inside the functions, since each engine runs in a process of its own.
"""

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

Function = Callable[[Any], Any]
Loss = Callable[["Engine", Sequence[Any]], Any]  # (engine, parameters as nodes) -> a node


def spelled_out(weights: Sequence[Any], inputs: Sequence[Any], bias: Any = None) -> Any:
    """bias + w0*x0 + w1*x1 + ..., for the engines that have no node for it."""
    products = map(operator.mul, weights, inputs)
    total = next(products) if bias is None else bias
    for product in products:
        total = total + product
    return total


class Engine:
    """What a workload asks of an engine. This one keeps the parameters as plain numbers."""

    relu: Function
    tanh: Function
    exp: Function
    log: Function
    number: Callable[[Any], float]  # a node's value
    constant: Callable[[float], Any] = float  # a number for many nodes, as the engine likes it best
    dot: Callable[..., Any] = staticmethod(spelled_out)  # (weights, inputs, bias=None)
    softmax: Callable[[list[Any]], list[Any]] | None = None  # if it is to be the engine's own
    Value: Any = None
    MLP: Any = None  # its own multi-layer perceptron, if it is called as micrograd's is

    def start(self, numbers: Sequence[float]) -> None:
        """Make the parameters."""
        self.numbers = list(numbers)

    def update(self, numbers: Sequence[float]) -> None:
        """Give the parameters their next values."""
        self.numbers = list(numbers)

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        """The loss at the parameters, and its gradient in their order."""
        raise NotImplementedError


class Leaves(Engine):
    """An engine whose leaves have `data` and `grad`, and whose nodes have `backward()`."""

    relu: Function = staticmethod(operator.methodcaller("relu"))
    tanh: Function = staticmethod(operator.methodcaller("tanh"))
    exp: Function = staticmethod(operator.methodcaller("exp"))
    log: Function = staticmethod(operator.methodcaller("log"))
    number = staticmethod(operator.attrgetter("data"))

    def __init__(self, value: Any, mlp: Any = None) -> None:
        self.Value = self.constant = value  # a number wrapped once is not wrapped at every use
        self.MLP = mlp

    def start(self, numbers: Sequence[float]) -> None:
        self.leaves = [self.Value(x) for x in numbers]

    def update(self, numbers: Sequence[float]) -> None:
        for leaf, x in zip(self.leaves, numbers):
            leaf.data = x
            leaf.grad = 0.0

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        output = loss(self, self.leaves)
        output.backward()
        return output.data, [leaf.grad for leaf in self.leaves]


def chainrule() -> Engine:
    import engine
    import nn
    from engine.value import constant

    ours = Leaves(engine.Value, nn.MLP)
    ours.relu, ours.tanh, ours.exp, ours.log = engine.relu, engine.tanh, engine.exp, engine.log
    ours.constant, ours.dot = constant, engine.dot
    return ours


def micrograd() -> Engine:
    """micrograd has no tanh, exp and log: ours, as its own relu is written."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    def tanh(x: Any) -> Any:
        out = Value(math.tanh(x.data), (x,), "tanh")

        def _backward() -> None:
            x.grad += (1 - out.data * out.data) * out.grad

        out._backward = _backward
        return out

    def exp(x: Any) -> Any:
        out = Value(math.exp(x.data), (x,), "exp")

        def _backward() -> None:
            x.grad += out.data * out.grad

        out._backward = _backward
        return out

    def log(x: Any) -> Any:
        out = Value(math.log(x.data), (x,), "log")

        def _backward() -> None:
            x.grad += out.grad / x.data

        out._backward = _backward
        return out

    theirs = Leaves(Value, MLP)
    theirs.tanh, theirs.exp, theirs.log = tanh, exp, log
    return theirs


def scalargrad() -> Engine:
    from scalargrad import MLP, Scalar

    return Leaves(Scalar, MLP)


def propgrad() -> Engine:
    from propgrad.engine import Value
    from propgrad.nn import MLP

    return Leaves(Value, MLP)


def lilgrad() -> Engine:
    """lilgrad calls its package micrograd. Its MLP draws other weights and has tanh inside."""
    from micrograd import Value

    return Leaves(Value)


class Xad(Engine):
    """XAD in adjoint mode: one tape, cleared and recorded anew for every gradient."""

    def __init__(self) -> None:
        import xad.adj_1st
        import xad.math

        self.Real = xad.adj_1st.Real
        self.relu = lambda x: xad.math.max(x, 0.0)
        self.tanh, self.exp, self.log = xad.math.tanh, xad.math.exp, xad.math.log
        self.number = operator.methodcaller("getValue")
        self.tape = xad.adj_1st.Tape()
        self.tape.activate()

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        self.tape.clearAll()
        leaves = [self.Real(x) for x in self.numbers]
        self.tape.registerInputs(leaves)
        self.tape.newRecording()
        output = loss(self, leaves)
        self.tape.registerOutput(output)
        output.setDerivative(1.0)
        self.tape.computeAdjoints()
        return output.getValue(), [leaf.getDerivative() for leaf in leaves]


class Autograd(Engine):
    """HIPS autograd: value_and_grad of a function of an array, taken apart into its numbers.

    A list of numbers instead costs a new list for every number used, three to six times in all.
    """

    def __init__(self) -> None:
        import autograd
        import autograd.numpy as np
        from autograd.tracer import getval

        self.relu = lambda x: np.maximum(x, 0.0)
        self.tanh, self.exp, self.log, self.number = np.tanh, np.exp, np.log, getval
        self.array, self.value_and_grad = np.array, autograd.value_and_grad

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        def of_array(numbers: Any) -> Any:
            return loss(self, [numbers[i] for i in range(len(self.numbers))])

        value, gradients = self.value_and_grad(of_array)(self.array(self.numbers))
        return float(value), gradients.tolist()


class Jax(Engine):
    """JAX without jit, each operation on its own: value_and_grad of a list of 64-bit numbers."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as np

        jax.config.update("jax_enable_x64", True)
        self.relu = lambda x: np.maximum(x, 0.0)
        self.tanh, self.exp, self.log = np.tanh, np.exp, np.log
        self.number = lambda x: float(jax.lax.stop_gradient(x))
        self.value_and_grad = jax.value_and_grad

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        value, gradients = self.value_and_grad(partial(loss, self))(self.numbers)
        return float(value), [float(g) for g in gradients]


class Torch(Engine):
    """PyTorch on one thread: each number a tensor of no dimension, in 64 bits."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        self.torch = torch
        self.relu, self.tanh, self.exp, self.log = torch.relu, torch.tanh, torch.exp, torch.log
        self.number = operator.methodcaller("item")

    def start(self, numbers: Sequence[float]) -> None:
        leaf = partial(self.torch.tensor, dtype=self.torch.float64, requires_grad=True)
        self.leaves = [leaf(x) for x in numbers]

    def update(self, numbers: Sequence[float]) -> None:
        with self.torch.no_grad():
            for leaf, x in zip(self.leaves, numbers):
                leaf.fill_(x)
                leaf.grad = None

    def gradients(self, loss: Loss) -> tuple[float, list[float]]:
        output = loss(self, self.leaves)
        output.backward()
        # A leaf that the loss does not depend on has None for a gradient.
        return output.item(), [0.0 if x.grad is None else x.grad.item() for x in self.leaves]


LOAD: dict[str, Callable[[], Engine]] = {
    "micrograd": micrograd,
    "scalargrad": scalargrad,
    "propgrad": propgrad,
    "lilgrad": lilgrad,
    "xad": Xad,
    "autograd": Autograd,
    "torch": Torch,
    "jax": Jax,
    "chainrule-pure": chainrule,
    "chainrule": chainrule,
}
