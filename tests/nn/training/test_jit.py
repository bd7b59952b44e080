"""A plain loop with jit has the bits of the loop without it, or says why it is not replayed."""

import math
import random
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, grad, logsumexp, no_grad, ops
from nn import (
    MLP,
    SGD,
    Adam,
    AdamW,
    DataLoader,
    Dropout,
    LayerNorm,
    Linear,
    Module,
    RMSprop,
    Sequential,
    Tanh,
    binary_cross_entropy_with_logits,
    cross_entropy,
    data,
    jit,
    l2_penalty,
    mse_loss,
)

MOONS = data.moons(24)


def loop(model, function, optimizer, loader, epochs=4):
    """The losses and the last weights of a loop as people write it, to the bit."""
    losses = []
    for _ in range(epochs):
        for inputs, targets in loader:
            loss = function(inputs, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.data.hex())
    return losses, [p.data.hex() for p in model.parameters()]


def loss_of(model, loss=mse_loss, penalty=0.0):
    def function(inputs, targets):
        total = loss([model(x) for x in inputs], targets)
        return total + penalty * l2_penalty(model.parameters()) if penalty else total

    return function


def both(make, loss, optimizer, size, penalty=0.0, data=MOONS):
    """What the loop gives without jit, and with it; and the jitted function."""
    found = []
    for wrap in (lambda f: f, jit):
        model = make()
        function = wrap(loss_of(model, loss, penalty))
        loader = DataLoader(*data, batch_size=size, shuffle=True)
        found.append(loop(model, function, optimizer(model.parameters()), loader))
    return (*found, function)


def mlp(*sizes, activation="tanh"):
    return lambda: MLP(2, [*sizes], activation=activation, rng=random.Random(0))


def with_dropout():
    rng = random.Random(1)
    return Sequential(
        Linear(2, 4, rng=rng), Tanh(), Dropout(0.4, rng=random.Random(2)), Linear(4, 2, rng=rng)
    )


def with_layer_norm():
    rng = random.Random(1)
    return Sequential(Linear(2, 4, rng=rng), LayerNorm(4), Tanh(), Linear(4, 2, rng=rng))


@pytest.mark.parametrize(
    ("make", "loss", "optimizer", "size", "penalty"),
    [
        (mlp(4, 1), binary_cross_entropy_with_logits, SGD, None, 0.0),
        (mlp(4, 1), mse_loss, Adam, 10, 0.0),
        (mlp(4, 2), cross_entropy, AdamW, 6, 0.01),
        (mlp(1), mse_loss, RMSprop, 1, 0.0),
        (with_dropout, cross_entropy, SGD, 8, 0.0),
        (with_layer_norm, cross_entropy, Adam, 8, 0.0),
    ],
    ids=["full batch", "a smaller last batch", "penalty", "one at a time", "dropout", "layer norm"],
)
def test_the_loop_has_the_same_bits_with_jit(make, loss, optimizer, size, penalty):
    plain, jitted, function = both(make, loss, lambda p: optimizer(p, lr=0.05), size, penalty)

    assert jitted == plain
    assert function.calls - function.replayed <= 2 * len(function.recordings) + 1
    assert function.reason == ""


@settings(max_examples=15)
@given(
    st.integers(0, 99),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from(["tanh", "relu", "sigmoid", "gelu"]),
    st.integers(1, 9),
)
def test_any_network_has_the_same_bits_with_jit(seed, sizes, activation, size):
    def make():
        return MLP(2, [*sizes, 1], activation=activation, rng=random.Random(seed))

    plain, jitted, function = both(make, mse_loss, lambda p: SGD(p, lr=0.01), size)

    assert jitted == plain
    assert function.replayed > 0


def test_numbers_may_be_arrays():
    np = pytest.importorskip("numpy", reason="needs numpy, of the extra test")
    model = mlp(3, 1)()
    function = jit(loss_of(model))
    x, y = np.array(MOONS[0]), np.array(MOONS[1], dtype=float)
    wanted = loss_of(model)(*MOONS)

    for _ in range(4):
        model.parameters()[0].data += 0.5
        wanted = loss_of(model)(*MOONS)
        assert function(x, y).data == wanted.data
    assert function.replayed == 2


def test_sequences_of_one_length_are_replayed():
    cell = Linear(2, 1, rng=random.Random(0))

    def final(sequence):
        state = Value(0.0)
        for x in sequence:
            (state,) = Tanh()(cell([x, state]))
        return state

    plain = lambda xs, ts: mse_loss([final(x) for x in xs], ts)  # noqa: E731
    function, rng = jit(plain), random.Random(0)

    for _ in range(5):
        xs = [[rng.random() for _ in range(4)] for _ in range(3)]
        ts = [rng.random() for _ in xs]
        assert function(xs, ts).data == plain(xs, ts).data
    assert function.replayed == 3


# ---- what a replayed loss is ----


def replayed(value=3.0):
    """A loss w*w + 2*w at w = value, by the machine, and w."""
    w = Value(1.0)
    function = jit(lambda xs: sum([w * w * x + 2 * w for x in xs]))
    function([1.0])
    w.data = 2.0
    function([1.0])
    w.data = value
    loss = function([1.0])
    assert function.replayed == 1
    return loss, w


def test_grads_add_up_in_a_parameter():
    loss, w = replayed(3.0)
    w.grad = 100.0
    loss.backward()

    assert (loss.data, w.grad, loss.grad) == (15.0, 108.0, 1.0)


def test_backward_takes_a_gradient():
    loss, w = replayed(3.0)
    loss.backward(-0.5)

    assert w.grad == -4.0


def test_a_replayed_loss_may_be_part_of_a_graph():
    loss, w = replayed(3.0)
    (loss * 2 + w).backward()

    assert w.grad == 17.0


def test_a_replayed_loss_keeps_the_slopes_of_its_own_call():
    first, w = replayed(3.0)
    second, _ = replayed(5.0)
    second.backward()
    first.backward()

    assert w.grad == 8.0


def test_a_replayed_loss_has_no_second_derivative():
    loss, w = replayed()

    with pytest.raises(NotImplementedError, match="take the function without jit"):
        grad(loss, [w])


def test_no_gradient_is_kept_in_no_grad():
    w = Value(1.0)
    function = jit(lambda xs: w * xs[0])
    for value in (1.0, 2.0, 3.0):
        w.data = value
        with no_grad():
            loss = function([2.0])
    assert (loss.data, loss.op, function.replayed) == (6.0, None, 0)

    for value in (1.0, 2.0, 3.0):  # is recorded here
        w.data = value
        function([2.0])
    with no_grad():
        loss = function([2.0])
    assert (loss.data, loss.op, function.replayed) == (6.0, None, 2)


# ---- what cannot be replayed ----


def test_an_if_that_goes_another_way_is_seen():
    w = Value(1.0)
    plain = lambda x: w * x if w.data < 2 else w * w * x  # noqa: E731
    function = jit(plain)
    found = []
    for value in (1.0, 3.0, 4.0, 1.0):
        w.data = value
        found.append(function(2.0).data)

    assert found == [2.0, 18.0, 32.0, 2.0]
    assert function.replayed == 0
    assert "has not the bits of the graph" in function.reason


def test_random_numbers_of_its_own_are_seen():
    w, rng, twin = Value(1.0), random.Random(0), random.Random(0)
    function = jit(lambda x: w * x * rng.random())
    for value in (1.0, 2.0, 3.0):
        w.data = value
        loss = function(1.0)

    assert function.replayed == 0
    assert loss.data == 3.0 * [twin.random() for _ in range(3)][-1]


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        (Value(2.0), "an argument is a Value"),
        ([Value(2.0)], "an argument holds Values"),
        ([[2.0], "two"], "'two', which is no number"),
        ([None], "None, which is no number"),
    ],
    ids=["a Value", "Values", "text", "None"],
)
def test_what_is_no_data_is_left_to_the_graph(argument, reason):
    w = Value(1.0)
    function = jit(lambda x: w * 3.0)

    assert [function(argument).data for _ in range(3)] == [3.0] * 3
    assert function.replayed == 0
    assert reason in function.reason


def test_a_function_that_changes_its_arguments_is_not_replayed():
    w = Value(1.0)
    function = jit(lambda xs: w * xs.pop())
    given = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]

    assert [function(xs).data for xs in given] == [2.0, 4.0, 6.0]
    assert given == [[1.0], [3.0], [5.0]]
    assert function.reason == "the function changes its arguments"


def test_an_error_is_that_of_the_function():
    w = Value(1.0)
    function = jit(lambda xs: ops.log(w * xs[0]))
    for value in (1.0, 2.0, 3.0):
        w.data = value
        function([1.0])

    assert function.replayed == 1
    with pytest.raises(ValueError, match=r"log\(-3.0\): math domain error"):
        function([-1.0])


def test_an_infinite_loss_is_that_of_the_function():
    w = Value(1.0)
    function = jit(lambda xs: w * xs[0])
    for value in (1.0, 2.0, 3.0):
        w.data = value
        function([1.0])

    assert function([math.inf]).data == math.inf
    assert function.reason == "the machine has no answer for these numbers"


@pytest.mark.parametrize("result", [None, 3.0, [Value(1.0)]], ids=["None", "a float", "a list"])
def test_a_function_that_returns_no_value_is_refused(result):
    with pytest.raises(TypeError, match="a jitted function returns a Value, the loss, got"):
        jit(lambda: result)()


def test_jit_takes_a_function():
    with pytest.raises(TypeError, match=r"jit takes a function, got list \[1\]"):
        jit([1])


# ---- structures ----


def test_a_model_in_another_mode_is_recorded_anew():
    model = with_dropout()
    function = jit(loss_of(model, cross_entropy))
    for _ in range(4):
        model[0].parameters()[0].data += 0.1
        function(*MOONS)
    model.eval()
    wanted = [loss_of(model, cross_entropy)(*MOONS).data]
    found = [function(*MOONS).data]
    model[0].parameters()[0].data += 0.1
    found += [function(*MOONS).data for _ in range(3)]
    wanted += [loss_of(model, cross_entropy)(*MOONS).data] * 3

    assert found == wanted


def jitted_with_late_classes(model, plain):
    """A loss in jit, after calls in which classes come one after the other, and the inputs."""
    function, rng = jit(plain), random.Random(1)
    inputs = [[rng.random(), rng.random()] for _ in range(6)]
    for last in (0, 1, 1, 1, 2, 2, 2, 0, 2):
        model.parameters()[0].data += 0.1
        targets = [min(i, last) for i in range(6)]
        assert function(inputs, targets).data == plain(inputs, targets).data

    return function, inputs


def test_a_class_that_comes_late_is_recorded_anew():
    model = MLP(2, [3, 3], activation="tanh", rng=random.Random(0))

    def picked(outputs, targets):  # by the class itself: nn.chosen would fit every class
        return sum([logsumexp(*ys) - ys[t] for ys, t in zip(outputs, targets)])

    plain = loss_of(model, picked)
    function, inputs = jitted_with_late_classes(model, plain)

    assert function.replayed == 4
    with pytest.raises(IndexError):
        function(inputs, [0, 1, 2, 3, 0, 0])


def test_a_class_that_comes_late_is_replayed_where_the_loss_is_of_nn():
    model = MLP(2, [3, 3], activation="tanh", rng=random.Random(0))
    plain = loss_of(model, cross_entropy)
    function, inputs = jitted_with_late_classes(model, plain)

    assert function.replayed == 7
    with pytest.raises(ValueError, match="cross_entropy has classes 0 to 2, got 3"):
        function(inputs, [0, 1, 2, 3, 0, 0])


def test_only_the_latest_structures_are_kept():
    w = Value(1.0)
    function = jit(lambda xs: sum([w * x for x in xs]))
    for n in range(1, 30):
        assert function([1.0] * n).data == n

    assert len(function.recordings) == 8


def test_clear_forgets_the_recordings():
    box = [Value(1.0)]
    function = jit(lambda xs: box[0] * xs[0])
    for x in (1.0, 2.0, 3.0):
        function([x])
    box[0] = Value(10.0)
    function.clear()

    assert [function([x]).data for x in (1.0, 2.0, 3.0)] == [10.0, 20.0, 30.0]
    assert (function.calls, function.replayed) == (3, 1)


def test_a_method_may_be_jitted():
    class Line(Module):
        def __init__(self, slope):
            self.slope = Value(slope)

        @jit
        def loss(self, xs):
            return sum([(self.slope * x - 1) ** 2 for x in xs])

    two, five = Line(2.0), Line(5.0)
    for xs in ([1.0], [2.0], [3.0]):
        assert (two.loss(xs).data, five.loss(xs).data) == (
            (2 * xs[0] - 1) ** 2,
            (5 * xs[0] - 1) ** 2,
        )
    assert (two.loss.replayed, five.loss.replayed) == (1, 1)


def test_threads_may_call_one_jitted_function():
    model = mlp(3, 1)()
    plain = loss_of(model)
    function, wrong = jit(plain), []
    batches = [(MOONS[0][i : i + 4], MOONS[1][i : i + 4]) for i in range(0, 20, 4)]
    wanted = [plain(*batch).data for batch in batches]

    def work():
        for _ in range(20):
            for batch, loss in zip(batches, wanted):
                if function(*batch).data != loss:
                    wrong.append(loss)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert function.replayed > 300


def test_it_is_called_what_the_function_is_called():
    @jit
    def loss_of_line(xs):
        """The loss of a line."""
        return Value(1.0) * xs[0]

    assert loss_of_line.__name__ == "loss_of_line"
    assert loss_of_line.__doc__ == "The loss of a line."
    assert "0 of 0 calls replayed" in repr(loss_of_line)
