"""The multi-layer perceptron: neurons, layers of neurons, and layers in a row."""

from __future__ import annotations

from itertools import pairwise

from engine import Value, dot
from engine.value import constant
from nn.activation_names import ACTIVATION, activation_called, linear, name_of, shared_name
from nn.checks import check_size, random_source
from nn.module import Module
from nn.sample import refuse_batch, vector
from nn.settings import SIZE, SIZES, START, UNSAVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from typing import Any, ClassVar, SupportsFloat

    from nn.activation_names import Activation
    from nn.module import Step
    from nn.sample import Vector


class Neuron(Module):
    """activation(bias + w0*x0 + w1*x1 + ...): one number out of nin numbers.

    >>> Neuron(3, activation="tanh")
    Neuron(3, activation='tanh')
    """

    __module__ = "nn"
    settings: ClassVar = {"nin": SIZE, "activation": ACTIVATION, "nonlin": UNSAVED, "rng": START}

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Activation = "relu",
        rng: random.Random | None = None,
    ) -> None:
        """Weights are uniform in [-1, 1], drawn in order from rng or else from the module random.

        The bias is 0. `activation` is a name or a function of one Value; `nonlin=False` makes it
        "linear". Raises ValueError for nin below 1 or an unknown activation.
        """
        check_size(nin, "a neuron", "input")
        if not isinstance(nonlin, bool):
            raise TypeError(f"nonlin is True or False, got {nonlin!r}: say activation={nonlin!r}")
        self.weights = [Value(uniform(rng)) for _ in range(nin)]
        self.bias = Value(0.0)
        self.activation = activation_called(activation if nonlin else "linear")

    def __call__(self, x: Vector | SupportsFloat) -> Value:
        """x: [nin] -> one Value. Raises ValueError for another length of x."""
        if (type(x) is not list and type(x) is not tuple) or len(x) != len(self.weights):
            x = vector(x, len(self.weights), "neuron")
        try:
            z = dot(self.weights, x, self.bias)
        except TypeError:
            refuse_batch(x, len(self.weights), "neuron")
            raise
        z = self.activation(z)
        if not isinstance(z, Value):
            got = type(z).__name__
            raise TypeError(
                f"the activation returned {got}, not a Value: use the engine's functions"
            )
        return z

    def steps(self) -> list[Step]:
        affine = {"weight": [self.weights], "bias": [self.bias]}
        return [("affine", affine), ("activation", {"functions": [self.activation]})]

    def setting_values(self) -> dict[str, Any]:
        return {"nin": len(self.weights), "activation": shared_name([self.activation])}

    @classmethod
    def parameter_count(cls, nin: int, **_: Any) -> int:
        return nin + 1

    # micrograd's names
    w = property(lambda self: self.weights)
    b = property(lambda self: self.bias)
    nonlin = property(lambda self: self.activation is not linear)

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)}, activation={name_of(self.activation)!r})"


class Layer(Module):
    """nout neurons that look at the same inputs: nin numbers make nout numbers."""

    __module__ = "nn"
    settings: ClassVar = {
        "nin": SIZE,
        "nout": SIZE,
        "activation": ACTIVATION,
        "nonlin": UNSAVED,
        "rng": START,
    }

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        *,
        activation: str | Activation = "relu",
        rng: random.Random | None = None,
    ) -> None:
        """nonlin, activation and rng go to each Neuron. Raises ValueError as Neuron does."""
        check_size(nout, "a layer", "neuron")
        self.neurons = [Neuron(nin, nonlin, activation=activation, rng=rng) for _ in range(nout)]

    def __call__(self, x: Vector | SupportsFloat) -> Any:
        """x: [nin] -> a list [nout] of Values, or the one Value if nout is 1.

        Raises ValueError for another length of x.
        """
        x = vector(x, len(self.neurons[0].weights), "layer")
        try:
            x = tuple([v if isinstance(v, Value) else constant(v) for v in x])  # dot shares a tuple
        except TypeError:
            refuse_batch(x, len(x), "layer")
            raise
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def steps(self) -> list[Step]:
        affine = {
            "weight": [neuron.weights for neuron in self.neurons],
            "bias": [neuron.bias for neuron in self.neurons],
        }
        functions = [neuron.activation for neuron in self.neurons]
        return [("affine", affine), ("activation", {"functions": functions})]

    def setting_values(self) -> dict[str, Any]:
        """Raises TypeError for neurons of another class or of several activations."""
        odd = next((type(neuron) for neuron in self.neurons if type(neuron) is not Neuron), None)
        if odd is not None:
            raise TypeError(f"a layer with a neuron of the class {odd.__name__}")
        return {
            "nin": len(self.neurons[0].weights),
            "nout": len(self.neurons),
            "activation": shared_name([neuron.activation for neuron in self.neurons]),
        }

    @classmethod
    def parameter_count(cls, nin: int, nout: int, **_: Any) -> int:
        return nout * (nin + 1)

    def __repr__(self) -> str:
        first = self.neurons[0]
        nin, nout, name = len(first.weights), len(self.neurons), name_of(first.activation)
        return f"Layer({nin}, {nout}, activation={name!r})"


class MLP(Module):
    """Layers in a row: MLP(2, [4, 1]) takes 2 numbers, has 4 hidden neurons and gives 1 number.

    >>> MLP(2, [4, 1], activation="tanh")
    MLP(2, [4, 1], activation='tanh', parameters=17)
    """

    __module__ = "nn"
    settings: ClassVar = {"nin": SIZE, "nouts": SIZES, "activation": ACTIVATION, "rng": START}

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Activation = "relu",
        rng: random.Random | None = None,
    ) -> None:
        """Every layer has this activation, but the last layer is linear.

        Weights are drawn from rng as in Neuron. Raises ValueError for a size below 1, no layer, or
        an unknown activation.
        """
        if not hasattr(nouts, "__len__"):
            raise TypeError(f"nouts takes a list of layer sizes, got {nouts!r}")
        if not len(nouts):
            raise ValueError("an MLP has at least 1 layer, got 0")
        last = len(nouts) - 1
        self.layers = [
            Layer(n, m, nonlin=i != last, activation=activation, rng=rng)
            for i, (n, m) in enumerate(pairwise([nin, *nouts]))
        ]

    def __call__(self, x: Vector | SupportsFloat) -> Any:
        """x: [nin] -> a list [nouts[-1]] of Values, or the one Value if nouts[-1] is 1.

        Raises ValueError for another length of x.
        """
        for layer in self.layers:
            x = layer(x)
        return x

    def steps(self) -> list[Step]:
        return [(f"layers.{i}", layer) for i, layer in enumerate(self.layers)]

    def setting_values(self) -> dict[str, Any]:
        """Raises TypeError for layers that an MLP is not made with."""
        changed = TypeError("an MLP whose layers were changed: put them in a Sequential")
        if any(type(layer) is not Layer for layer in self.layers):
            raise changed
        *hidden, last = [layer.setting_values() for layer in self.layers]
        names = {layer["activation"] for layer in hidden} or {"relu"}
        if len(names) > 1 or last["activation"] != "linear":
            raise changed
        nouts = [layer["nout"] for layer in (*hidden, last)]
        return {"nin": (*hidden, last)[0]["nin"], "nouts": nouts, "activation": names.pop()}

    @classmethod
    def parameter_count(cls, nin: int, nouts: Sequence[int], **_: Any) -> int:
        return sum([(n + 1) * m for n, m in pairwise([nin, *nouts])])

    def __repr__(self) -> str:
        nin, nouts = len(self.layers[0].neurons[0].weights), [len(x.neurons) for x in self.layers]
        name = name_of(self.layers[0].neurons[0].activation)
        total = len(self.parameters())
        return f"MLP({nin}, {nouts}, activation={name!r}, parameters={total})"


def uniform(rng: random.Random | None) -> float:
    """A number between -1 and 1 from rng, or from the module random."""
    number: float = random_source(rng).uniform(-1, 1)
    return number
