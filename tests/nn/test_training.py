"""The loss, the optimiser, the data, and the three together."""

import random
import sys

import pytest

from engine import Value, check_gradients
from nn import MLP, SGD, data, mse_loss


def test_mse_is_the_mean_of_squared_errors():
    assert mse_loss([Value(1.0), Value(2.0)], [0.0, 5.0]).data == 5.0


def test_mse_of_plain_numbers_is_a_float():
    assert mse_loss([1.0, 2.0], [0.0, 5.0]) == 5.0


def test_mse_of_a_single_prediction():
    assert mse_loss(Value(3.0), 1.0).data == 4.0


def test_mse_goes_through_nested_lists():
    assert (
        mse_loss([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], [[1, 2], [3, 0]]).data == 4
    )


def test_mse_gradients_agree_with_differences():
    check_gradients(lambda a, b: mse_loss([a, b], [0.3, -1.0]), [1.5, 2.0])


@pytest.mark.parametrize(
    ("predictions", "targets", "message"),
    [
        ([1.0], [1.0, 2.0], "as many predictions as targets are needed, got 1 and 2"),
        ([1.0], 2.0, "differ in shape: a list of 1 and the number 2"),
        ([1.0, 2.0], [[1.0], [2.0]], "differ in shape: the number 1 and a list of 1"),
        ([], [], "mse_loss takes at least 1 prediction, got 0"),
    ],
)
def test_mse_refuses_shapes_that_differ(predictions, targets, message):
    with pytest.raises(ValueError, match=message):
        mse_loss(predictions, targets)


def test_mse_refuses_text():
    with pytest.raises(TypeError, match="expected numbers, got str 'ab'"):
        mse_loss("ab", "ab")


def test_a_learning_rate_that_is_no_number_is_a_type_error():
    with pytest.raises(TypeError, match="expected a number or a Value, got str"):
        SGD([Value(1.0)], lr="0.1")


def test_a_step_moves_parameters_against_their_gradient():
    p = Value(1.0)
    p.grad = 2.0

    SGD([p], lr=0.25).step()

    assert p.data == 0.5


def test_momentum_adds_up_velocity_as_in_pytorch():
    p = Value(0.0)
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    for _ in range(3):
        p.grad = 1.0
        optimizer.step()

    assert p.data == -(1.0 + 1.5 + 1.75)


def test_zero_grad_of_the_optimizer_reaches_its_parameters():
    p = Value(0.0)
    p.grad = 3.0

    SGD([p], lr=1.0).zero_grad()

    assert p.grad == 0.0


def test_the_learning_rate_may_be_changed_between_steps():
    p = Value(0.0)
    p.grad = 1.0
    optimizer = SGD([p], lr=1.0)
    optimizer.lr = 0.5
    optimizer.step()

    assert p.data == -0.5


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda _: SGD([], lr=0.1), ValueError, "the optimiser got no parameters"),
        (lambda _: SGD([1.0], lr=0.1), TypeError, "a parameter is a Value, got float 1.0"),
        (lambda _: SGD(MLP(2, [1]), lr=0.1), TypeError, r"as of model.parameters\(\), got MLP\(2"),
        (lambda p: SGD([p], lr=-0.1), ValueError, "positive number, got -0.1"),
        (lambda p: SGD([p], lr=0.0), ValueError, "positive number, got 0.0"),
        (lambda p: SGD([p], lr=float("nan")), ValueError, "positive number, got nan"),
        (lambda p: SGD([p], lr=float("inf")), ValueError, "positive number, got inf"),
        (lambda p: SGD([p], 0.1, momentum=1.0), ValueError, "at least 0 and below 1, got 1.0"),
        (lambda p: SGD([p], 0.1, momentum=-0.5), ValueError, "at least 0 and below 1, got -0.5"),
        (lambda p: SGD([p, p], lr=0.1), ValueError, "to be given once, number 1 is given again"),
    ],
)
def test_an_impossible_optimizer_is_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make(Value(1.0))


def test_xor_is_one_where_exactly_one_input_is():
    inputs, targets = data.xor()

    assert [float(a != b) for a, b in inputs] == targets


def test_xor_hands_out_fresh_lists():
    data.xor()[0][0][0] = 9.0

    assert data.xor()[0][0][0] == 0.0


def trained(activation="tanh", hidden=(4,), steps=300):
    inputs, targets = data.xor()
    model = MLP(2, [*hidden, 1], activation=activation, rng=random.Random(0))
    optimizer = SGD(model.parameters(), lr=0.3)
    for _ in range(steps):
        loss = mse_loss([model(x) for x in inputs], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, loss.data


def test_an_mlp_learns_xor_by_gradient_descent():
    model, loss = trained()

    assert loss < 1e-3
    assert [round(model(x)) for x in data.xor()[0]] == [0, 1, 1, 0]


def test_a_network_without_a_hidden_layer_ends_at_a_quarter():
    _, loss = trained(hidden=())

    assert loss == pytest.approx(0.25, abs=1e-9)  # the best linear fit predicts 1/2 everywhere


def test_the_same_seed_trains_to_the_same_bits():
    assert trained(steps=50)[0].state_dict() == trained(steps=50)[0].state_dict()


def test_nn_refuses_an_engine_of_another_distribution(tmp_path):
    import subprocess
    from pathlib import Path

    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text("")
    root = Path(__file__).parents[2]
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(root)!r}]; import nn"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)

    assert (
        "ImportError: nn needs chainrule's package `engine`, but `import engine` found"
        in run.stderr
    )
    assert str(tmp_path / "engine" / "__init__.py") in run.stderr
