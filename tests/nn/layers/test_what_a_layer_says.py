"""What a layer says of itself is held to what it does; nn's own classes are, too."""

import copy
import dataclasses
import math
import random
from typing import ClassVar

import pytest

from engine import Op, Value, draw, softplus, tan, tanh
from nn import (
    MLP,
    Embedding,
    Flatten,
    Layer,
    Module,
    Neuron,
    Sequential,
    Tanh,
    activation_names,
    load,
    save,
    to_onnx,
    to_torch,
)
from nn.module import ASKED
from nn.saving import export
from nn.saving.description import description, parameters_of
from nn.settings import KINDS, NUMBER, SIZE, UNSAVED, is_own
from nn.steps import computed, steps_of
from tests.nn.layers.own_layers import Snake
from tests.nn.saving.saved_models import MODELS

# ---- what a class forgets, or says wrong ----


def forgets_a_setting():
    class Scale(Module):
        settings = {"n": SIZE}

        def __init__(self, n, by=2.0):
            self.n, self.by = n, by


def has_a_setting_too_many():
    class Scale(Module):
        settings = {"n": SIZE, "by": NUMBER}

        def __init__(self, n):
            self.n = n


def has_no_rule():
    class Scale(Module):
        settings = {"n": SIZE, "by": float}

        def __init__(self, n, by):
            self.n, self.by = n, by


def takes_a_name_of_nn():
    class Linear(Module):
        settings = {}


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (forgets_a_setting, "^Scale is made with 'by', which is none of its settings: name it the"),
        (has_a_setting_too_many, "^Scale has the setting 'by', but is not made with it$"),
        (has_no_rule, "^Scale has the setting 'by', which takes a rule such as nn.settings.SIZE"),
        (takes_a_name_of_nn, "^nn has a class Linear: take another name for yours$"),
    ],
)
def test_settings_that_do_not_fit_a_class_are_refused_where_it_is_defined(define, message):
    with pytest.raises(TypeError, match=message):
        define()
    assert is_own(KINDS["Linear"])
    assert "Scale" not in KINDS


def test_a_dataclass_is_a_layer_too(tmp_path):
    @dataclasses.dataclass(eq=False)
    class Shift(Module):
        settings: ClassVar = {"by": NUMBER}
        by: float = 1.0

        def __call__(self, x):
            return [v + self.by for v in x]

    save(Shift(0.5), tmp_path / "model.json")

    assert load(tmp_path / "model.json").by == 0.5


def test_a_dataclass_that_forgets_a_setting_is_refused_when_it_is_saved(tmp_path):
    @dataclasses.dataclass(eq=False)
    class ShiftTwice(Module):
        settings: ClassVar = {"by": NUMBER}
        by: float = 1.0
        then: float = 2.0

    with pytest.raises(TypeError, match=r"^cannot save: ShiftTwice is made with 'then', which is "):
        save(ShiftTwice(0.5), tmp_path / "model.json")


def test_a_setting_that_is_not_kept_is_named_when_it_is_saved(tmp_path):
    class Forgetful(Module):
        settings = {"by": NUMBER}

        def __init__(self, by):
            self.factor = by

    with pytest.raises(
        TypeError, match=r"^cannot save: Forgetful has a setting that it does not ke"
    ):
        save(Forgetful(2.0), tmp_path / "model.json")


def test_a_setting_that_breaks_its_rule_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match=r"^cannot save: Snake has a = inf, wanted a finite fl"):
        save(Sequential(Snake(math.inf)), tmp_path / "model.json")


class Wrong(Snake):
    """Its call is another than its steps."""

    settings = {"a": NUMBER, "said": UNSAVED}

    def __init__(self, a=1.0, said=()):
        self.a, self.said = a, list(said)

    def __call__(self, x):
        return [2 * v for v in x]

    def steps(self):
        return self.said


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([("tanh", {})], r"Wrong makes \[0\.5, .* of \[0\.25, .*, its steps make \[0\.24"),
        (
            [("affine", {"weight": [[2.0, 0.0]], "bias": None})],
            r"makes .*, its steps make \[0\.5\]$",
        ),
        ([("tangent", {})], r"its steps: there is no step 'tangent': see nn\.steps$"),
        ([("elementwise", {"f": abs, "weight": [1.0, 2.0]})], "abs\\(\\) takes no keyword"),
        ([("affine", {"weight": [[2.0]]})], "its steps: 'bias'$"),
    ],
)
def test_steps_that_disagree_with_the_call_are_refused_with_what_each_makes(exporter, said, reason):
    with pytest.raises(ValueError, match=f"^the model, module 1 cannot be exported: .*{reason}"):
        exporter(Sequential(Tanh(), Wrong(said=said)))


def test_a_choice_that_a_function_makes_by_an_if_is_noticed():
    class Choosy(Snake):
        settings = {"a": NUMBER}

        def of(self, x):
            return x if x > 0 else 0.0 * x

        def __call__(self, x):
            return [self.of(v) for v in x]

        def steps(self):
            return [("elementwise", {"f": self.of})]

    with pytest.raises(ValueError, match=r"Choosy makes .*, its steps make "):
        to_onnx(Choosy())


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
def test_a_choice_far_from_the_numbers_that_are_compared_is_noticed(exporter):
    class Clipped(Snake):
        settings = {"a": NUMBER}

        def of(self, x):
            return x if x < 3.0 else 3.0 + 0.1 * (x - 3.0)

        def __call__(self, x):
            return [self.of(v) for v in x]

        def steps(self):
            return [("elementwise", {"f": self.of})]

    with pytest.raises(ValueError, match=r"^the model, module 1 .* other operations for x = 5\.0"):
        exporter(Sequential(Tanh(), Clipped()))


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_setting_that_would_hide_a_method_is_refused(name):
    with pytest.raises(TypeError, match=f"^Hiding has the setting '{name}', which would hide"):
        type("Hiding", (Module,), {"settings": {name: NUMBER}})


def test_a_setting_called_like_a_method_may_be_kept_elsewhere():
    class Kept(Module):
        settings = {"train": NUMBER}

        def __init__(self, train=1.0):
            self.rate = train

        def setting_values(self):
            return {"train": self.rate}

    assert description(Kept(0.5)) == {"kind": "Kept", "train": 0.5}


def test_a_module_that_contains_itself_is_refused_in_words(tmp_path):
    loop = Sequential(Tanh())
    loop.append(loop)

    with pytest.raises(ValueError, match=r"^cannot save: .* one contains itself$"):
        save(loop, tmp_path / "loop.json")
    with pytest.raises(ValueError, match=r"or one that contains itself$"):
        to_onnx(loop)


def test_a_sequential_is_made_without_counting_its_modules_each_time():
    class Counting(Sequential):
        def __iter__(self):
            raise AssertionError

    assert len(vars(Counting(Tanh(), Tanh(), Tanh()))) == 3


def test_a_value_that_is_no_operand_is_refused():
    slope = Value(2.0)

    class Hidden(Snake):
        settings = {"a": NUMBER}

        def of(self, x):
            return slope * x

        def __call__(self, x):
            return [self.of(v) for v in x]

        def steps(self):
            return [("elementwise", {"f": self.of})]

    with pytest.raises(ValueError, match=r"f has the Value .*2.* in it: give it as an operand$"):
        to_torch(Hidden())


def applied(f):
    """A module that says in its steps that it applies f."""

    class Applied(Module):
        def __call__(self, x):
            return [f(v) for v in x]

        def steps(self):
            return [("elementwise", {"f": f})]

    return Applied()


def test_an_operation_that_onnx_has_not_is_refused_by_name():
    pytest.importorskip("onnx", reason="needs onnx, of the extra onnx")

    with pytest.raises(ValueError, match=r"^the operation 'tan' cannot be exported to ONNX$"):
        to_onnx(applied(lambda x: 2 * tan(x)))


def test_an_operation_of_your_own_is_refused_by_name():
    pytest.importorskip("torch", reason="needs torch, of the extra parity")
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x * x)

    with pytest.raises(ValueError, match=r"^the operation 'cube' cannot be exported to PyTorch$"):
        to_torch(applied(cube))


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
def test_a_subclass_that_computes_something_else_does_not_inherit_the_steps(exporter):
    class Doubled(Snake):
        def __call__(self, x):
            return [2 * v for v in super().__call__(x)]

    with pytest.raises(TypeError, match=r"^only nn's own modules .* is of the class Doubled$"):
        exporter(Doubled())


@pytest.mark.parametrize("exporter", [to_onnx, to_torch])
def test_a_neuron_that_computes_something_else_is_noticed_inside_a_layer(exporter):
    class Clipped(Neuron):
        def __call__(self, x):
            return super().__call__(x).minimum(100.0)

    layer = Layer(2, 2)
    layer.neurons[1] = Clipped(2)

    with pytest.raises(TypeError, match="exported: the Clipped inside it does not say its own st"):
        exporter(layer)


def test_attributes_called_settings_and_steps_are_a_models_own_affair(tmp_path):
    class Configured(Module):
        settings = "of mine"
        steps = 3

        def __init__(self):
            self.w, self.settings, self.steps = Value(1.0), {"lr": 0.1}, 7

    save(Configured(), tmp_path / "model.json")

    assert load(tmp_path / "model.json", into=Configured()).w.data == 1.0
    with pytest.raises(TypeError, match=r"is of the class Configured$"):
        to_onnx(Configured())
    with pytest.raises(TypeError, match="it has no picture of Configured"):
        draw(Configured())
    model = Configured()
    assert "Configured, 1 parameter" in draw(model.w * 2, collapse=model).source


def test_a_method_called_steps_may_be_about_something_else():
    class Walker(Module):
        def __init__(self):
            self.w = Value(2.0)

        def __call__(self, x):
            return [self.w * v for v in x]

        def steps(self, n=10_000):
            return n

    model = Walker()

    assert "Walker, 1 parameter" in draw(model([1.0])[0] ** 2, collapse=model).source
    with pytest.raises(TypeError, match=r"exported: the steps of Walker are 10000: see nn\.steps$"):
        to_torch(model)


# ---- what nn's own classes say ----

PARTS = [part for model in MODELS for part in model.modules()]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: repr(part)[:40])
def test_nns_own_classes_count_their_parameters_before_they_are_made(part):
    assert parameters_of(description(part)) == (len(part.parameters()), True)


def test_an_activation_by_name_that_is_a_formula_is_exported_without_a_row_of_its_own(monkeypatch):
    def mish(x):
        return x * tanh(softplus(x))

    monkeypatch.setitem(activation_names.ACTIVATIONS, "mish", mish)
    model = MLP(2, [3, 1], activation="mish", rng=random.Random(0))
    (f,) = [step["f"] for name, step in export.steps("to_onnx", model) if name == "elementwise"]

    assert f is mish


@pytest.mark.parametrize("part", PARTS, ids=lambda part: repr(part)[:40])
def test_the_steps_of_nns_own_classes_make_what_the_module_makes(part):
    part = seeded_small(copy.deepcopy(part).eval())
    for n in range(1, 6):
        x = [0.3, -0.7, 1.1, -0.2, 0.9][:n]
        if any(isinstance(module, Embedding) for module in part.modules()):
            x = [1.0, 0.0, 1.0, 1.0, 0.0][:n]
        try:
            made = part(x)
        except ValueError:
            continue  # of another width
        made = Flatten()(made) if isinstance(made, list) else [made]

        assert [float(y) for y in computed(steps_of(part), x)] == pytest.approx(
            [float(y) for y in made], rel=1e-13, abs=1e-15
        )
        return
    assert isinstance(part, Sequential)  # in which widths change on the way


def seeded_small(model):
    rng = random.Random(0)
    for p in model.parameters():
        p.data = rng.gauss(0, 1)
    return model


def test_every_class_of_nn_says_its_steps():
    own = [kind for kind in KINDS.values() if is_own(kind)]

    assert [kind.__name__ for kind in own if kind.steps is Module.steps] == []


def test_an_mlp_of_one_activation_is_a_row_of_its_layers():
    model = MLP(2, [3, 1])

    assert [name for name, _ in steps_of(model)] == ["layers.0", "layers.1"]
