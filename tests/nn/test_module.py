"""Modules find their own parameters, whatever they are kept in."""

import copy
import inspect
import random

import pytest

from engine import Value
from nn import MLP, Module, ReLU


class Part(Module):
    def __init__(self, *numbers):
        self.values = [Value(x) for x in numbers]


class Whole(Module):
    def __init__(self):
        self.scale = Value(2.0)
        self.parts = {"left": Part(1.0), "right": Part(3.0, 4.0)}
        self.matrix = ([Value(5.0), Value(6.0)], [Value(7.0)])
        self.name = "whole"
        self.sizes = [1, 2]
        self.nothing = []


NAMES = [
    "scale",
    "parts.left.values.0",
    "parts.right.values.0",
    "parts.right.values.1",
    "matrix.0.0",
    "matrix.0.1",
    "matrix.1.0",
]


def test_parameters_are_found_in_lists_tuples_dicts_and_modules():
    assert [p.data for p in Whole().parameters()] == [2.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_parameters_are_named_by_their_path():
    assert [name for name, _ in Whole().named_parameters()] == NAMES


def test_named_parameters_are_the_parameters_in_the_same_order():
    model = Whole()

    assert [value for _, value in model.named_parameters()] == model.parameters()


def test_a_shared_value_is_one_parameter():
    model = Whole()
    model.tied = model.scale

    assert len(model.parameters()) == len(list(model.named_parameters())) == len(NAMES)


def test_a_module_that_refers_to_its_owner_is_searched_once():
    model = Whole()
    model.parts["left"].owner = model

    assert [name for name, _ in model.named_parameters()] == NAMES


def test_a_computed_value_is_not_a_parameter():
    model = Part(1.0)
    model.output = model.values[0] * 2

    assert model.parameters() == model.values


def test_a_module_that_compares_by_content_is_searched():
    class Equal(Part):
        def __eq__(self, other):
            return True

    model = Part()
    model.parts = [Equal(1.0), Equal(2.0)]

    assert [p.data for p in model.parameters()] == [1.0, 2.0]


def test_modules_are_found_wherever_they_are_kept_each_once():
    model = Whole()
    model.again = model.parts["left"]
    model.parts["left"].owner = model

    assert model.modules() == [model, model.parts["left"], model.parts["right"]]


def test_an_owner_comes_before_its_parts():
    model = MLP(1, [1, 1])
    first, last = model.layers

    assert model.modules() == [model, first, *first.neurons, last, *last.neurons]


def test_a_module_is_in_training_at_first():
    assert all(module.training for module in Whole().modules())


def test_eval_reaches_every_module_and_gives_the_module_itself():
    model = Whole()

    assert model.eval() is model
    assert [module.training for module in model.modules()] == [False] * 3


def test_train_undoes_eval_and_gives_the_module_itself():
    model = Whole().eval()

    assert model.train() is model
    assert [module.training for module in model.modules()] == [True] * 3


def test_train_false_is_eval():
    assert Whole().train(False).parts["left"].training is False


def test_a_part_can_be_in_another_mode_than_its_owner():
    model = Whole()
    model.parts["left"].eval()

    assert [module.training for module in model.modules()] == [True, False, True]


def test_one_module_in_eval_mode_leaves_others_in_training():
    Whole().eval()

    assert Whole().training


def test_an_attribute_called_modules_does_not_stand_in_the_way():
    model = Part()
    model.modules = [Part(1.0)]

    assert model.eval().modules[0].training is False


@pytest.mark.parametrize("mode", ["eval", 1, None])
def test_a_mode_that_is_not_true_or_false_is_refused(mode):
    model = Whole()

    with pytest.raises(TypeError, match=f"mode is True or False, got {mode!r}"):
        model.train(mode)
    assert model.training


def test_the_mode_changes_no_parameter_state_or_repr():
    model = Whole()
    before = model.parameters(), model.state_dict(), repr(model)

    model.eval()

    assert (model.parameters(), model.state_dict(), repr(model)) == before


def test_a_random_source_is_no_state_of_the_parameters():
    model = Whole()
    model.rng = random.Random(0)
    model.count = 3

    assert list(model.state_dict()) == list(Whole().state_dict())


def test_zero_grad_reaches_every_parameter():
    model = Whole()
    for p in model.parameters():
        p.grad = 1.0

    model.zero_grad()

    assert [p.grad for p in model.parameters()] == [0.0] * 7


def test_state_dict_has_an_entry_for_each_attribute_with_parameters():
    assert Whole().state_dict() == {
        "scale": 2.0,
        "parts.left.values": [1.0],
        "parts.right.values": [3.0, 4.0],
        "matrix": [[5.0, 6.0], [7.0]],
    }


def test_a_loaded_state_dict_gives_the_same_state_dict_back():
    source, target = MLP(2, [3, 1]), MLP(2, [3, 1])

    target.load_state_dict(source.state_dict())

    assert target.state_dict() == source.state_dict()


def test_loading_keeps_the_parameters_themselves():
    model = Part(1.0)
    before = model.parameters()

    model.load_state_dict({"values": [5.0]})

    assert model.parameters() == before
    assert before[0].data == 5.0


BAD = {
    "missing scale": lambda state: state.pop("scale"),
    "unexpected extra": lambda state: state.update(extra=1.0),
    "parts.right.values: expected a list of 2, got 3": lambda state: state.update(
        {"parts.right.values": [1.0, 2.0, 3.0]}
    ),
    "parts.left.values: expected a list of 1, got float 1.0": lambda state: state.update(
        {"parts.left.values": 1.0}
    ),
    "matrix: expected a list of 1, got 2": lambda state: state.update(
        {"matrix": [[5.0, 6.0], [7.0, 8.0]]}
    ),
    "scale: expected a number or a Value, got str 'two'": lambda state: state.update(scale="two"),
}


@pytest.mark.parametrize(("message", "spoil"), BAD.items(), ids=BAD)
def test_a_state_dict_that_does_not_fit_is_refused_with_the_reason(message, spoil):
    state = Whole().state_dict()
    spoil(state)

    with pytest.raises(ValueError, match="state dict does not fit: ") as caught:
        Whole().load_state_dict(state)
    assert message in str(caught.value)


def test_all_that_is_wrong_with_a_state_dict_is_listed_at_once():
    with pytest.raises(ValueError, match=r"missing scale; .*missing matrix; unexpected extra"):
        Whole().load_state_dict({"extra": 1.0})


def test_a_refused_state_dict_leaves_the_module_as_it_was():
    model = Whole()
    state = model.state_dict()

    with pytest.raises(ValueError, match="unexpected"):
        model.load_state_dict({**state, "scale": 9.0, "extra": 1.0})
    assert model.state_dict() == state


def test_a_deep_copy_of_a_module_trains_on_its_own():
    model = Part(1.0)
    twin = copy.deepcopy(model)
    twin.parameters()[0].data = 9.0

    assert model.parameters()[0].data == 1.0


def test_repr_shows_the_parts_and_counts_their_parameters():
    model = Whole()
    model.first = MLP(2, [1])

    assert repr(model).splitlines() == [
        "Whole(",
        "  scale: 1 parameter",
        "  parts: 3 parameters",
        "  matrix: 3 parameters",
        "  first: MLP(2, [1], activation='linear', parameters=3)",
        ")",
    ]


def test_repr_of_a_module_without_parameters_is_short():
    assert repr(Module()) == "Module()"


def test_repr_indents_a_module_inside():
    model = Part()
    model.inner = Part(1.0)

    assert repr(model) == "Part(\n  inner: Part(\n    values: 1 parameter\n  )\n)"


def test_a_module_without_init_takes_no_arguments():
    class Plain(Module):
        pass

    with pytest.raises(TypeError, match=r"Plain\(\) takes no arguments"):
        Plain(3)
    with pytest.raises(TypeError, match=r"ReLU\(\) takes no arguments"):
        ReLU(inplace=True)


def test_a_signature_is_what_init_takes():
    class Named(Module):
        def __init__(self, size, *, scale=1.0):
            pass

    assert str(inspect.signature(Named)) == "(size, *, scale=1.0)"
    assert str(inspect.signature(ReLU)) == "()"
    assert [*inspect.signature(ReLU()).parameters] == ["x"]
