"""What a number of the data chooses, a token's row or a class's logit, is replayed to the bit."""

import random

import pytest

from engine import Value, compiled, dot
from nn import (
    MLP,
    SGD,
    Adam,
    DataLoader,
    Embedding,
    Flatten,
    Linear,
    LogSoftmax,
    Module,
    Sequential,
    Tanh,
    chosen,
    cross_entropy,
    fit,
    jit,
    mse_loss,
    nll_loss,
)
from nn.training.objective import Objective
from nn.training.plans import BatchPlans

TOKENS, CONTEXT = 6, 3


def tokens(n, seed=0, classes=TOKENS):
    """Contexts of tokens, some of them twice in one, and a class for each."""
    rng = random.Random(seed)
    contexts = [[rng.randrange(TOKENS) for _ in range(CONTEXT)] for _ in range(n)]
    return contexts, [rng.randrange(classes) for _ in range(n)]


def language(seed=0, columns=4, **settings):
    """The next token, by a layer that looks at the rows of three tokens."""
    rng = random.Random(seed)
    return Sequential(
        Embedding(TOKENS, columns, rng=rng, **settings),
        Flatten(),
        Linear(CONTEXT * columns, 5, rng=rng),
        Tanh(),
        Linear(5, TOKENS, rng=rng),
    )


def wide():
    """Rows that are longer than the vectors of the machine."""
    return language(columns=11)


class Tied(Module):
    """The rows of the tokens are summed, and are the weights of the outputs as well."""

    def __init__(self, seed=0):
        self.table = Embedding(TOKENS, 4, rng=random.Random(seed))

    def __call__(self, x):
        first, *others = self.table(x)
        for row in others:
            first = [a + b for a, b in zip(first, row)]
        return [dot(row, first) for row in self.table.weight]


class Scaled(Module):
    """One token whose row is scaled by the row of another token of the same table."""

    def __init__(self, seed=0):
        rng = random.Random(seed)
        self.table, self.out = Embedding(TOKENS, 4, rng=rng), Linear(4, TOKENS, rng=rng)

    def __call__(self, x):
        a, b, c = self.table(x)
        return self.out([u * v + w for u, v, w in zip(a, b, c)])


def trained(make, data, replay, loss=cross_entropy, optimizer=SGD, **options):
    model = make()
    history = fit(
        model,
        data,
        optimizer=optimizer(model.parameters(), lr=0.05),
        loss=loss,
        replay=replay,
        progress=False,
        **{"epochs": 3, **options},
    )
    return [x.hex() for x in history.losses], [p.data.hex() for p in model.parameters()]


def plans(make, data, loss=cross_entropy, size=None):
    model = make()
    loader = DataLoader(*data, batch_size=size)
    return BatchPlans(loader, Objective(model, loss), model.parameters(), list)


REPLAY = True if compiled else "auto"


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("size", [1, 7, 32])
@pytest.mark.parametrize("make", [language, wide, Tied, Scaled])
def test_a_model_of_tokens_has_the_bits_of_its_graph(make, size, optimizer):
    given = {"batch_size": size, "optimizer": optimizer}

    assert trained(make, tokens(32), REPLAY, **given) == trained(make, tokens(32), False, **given)


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("padding", [0, -1])
def test_the_padding_of_a_table_stays_as_it_is(padding, size):
    def make():
        return language(padding_idx=padding)

    given = {"batch_size": size, "optimizer": Adam}
    losses, parameters = trained(make, tokens(20), REPLAY, **given)

    assert (losses, parameters) == trained(make, tokens(20), False, **given)
    start = padding % TOKENS * 4
    assert parameters[start : start + 4] == [(0.0).hex()] * 4


@pytest.mark.parametrize("size", [1, 4, 30])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_classes_need_not_all_be_in_a_batch(size, smoothing):
    def loss(outputs, targets):
        return cross_entropy(outputs, targets, label_smoothing=smoothing)

    def make():
        return MLP(2, [4, 9], activation="tanh", rng=random.Random(0))

    rng = random.Random(1)
    data = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(30)], [i % 9 for i in range(30)]

    given = {"loss": loss, "batch_size": size}
    assert trained(make, data, True, **given) == trained(make, data, False, **given)


@pytest.mark.parametrize("size", [1, 5, 20])
def test_classes_are_numbers_that_choose(size):
    data = [[0.1 * i, 1.0] for i in range(20)], [i % 3 for i in range(20)]
    made = plans(lambda: MLP(2, [4, 3], rng=random.Random(0)), data, size=size)

    assert made.samples.labels is None
    assert made.machine(size) is not None


def test_a_class_outside_is_the_error_of_the_loss():
    data = [[0.1 * i, 1.0] for i in range(20)], [i % 4 for i in range(20)]
    for replay in (REPLAY, False):
        with pytest.raises(ValueError, match="cross_entropy has classes 0 to 2, got 3"):
            trained(lambda: MLP(2, [4, 3], rng=random.Random(0)), data, replay, batch_size=5)


def test_a_class_that_is_no_whole_number_is_the_error_of_the_loss():
    data = [[0.1 * i, 1.0] for i in range(20)], [float(i % 3) for i in range(20)]
    for replay in ("auto", False):
        with pytest.raises(TypeError, match="cross_entropy takes a class as a whole"):
            trained(lambda: MLP(2, [4, 3], rng=random.Random(0)), data, replay, batch_size=5)


@pytest.mark.parametrize("token", [-1, TOKENS, 1.5])
def test_a_token_outside_is_the_error_of_the_table(token):
    contexts, targets = tokens(20)
    contexts[13][1] = token
    for replay in (REPLAY, False):
        with pytest.raises((IndexError, ValueError), match="a token of an embedding of 6 rows is"):
            trained(language, (contexts, targets), replay, batch_size=5)


def test_a_loss_of_ones_own_chooses():
    def margin(outputs, targets):
        total = 0.0
        for own, t in zip(outputs, targets):
            for x in own:
                total = total + x * x
            total = total + (1 - chosen(own, t)) * (2 - chosen(own, t))
        return total / len(outputs)

    def make():
        return MLP(2, [4, 3], activation="tanh", rng=random.Random(0))

    data = [[0.1 * i, 1.0] for i in range(20)], [i % 3 for i in range(20)]
    for size in (1, 7):
        given = {"loss": margin, "batch_size": size}
        assert trained(make, data, "auto", **given) == trained(make, data, False, **given)


@pytest.mark.parametrize("size", [7, 20])
def test_a_loss_that_picks_by_the_class_itself_is_recorded_class_by_class(size):
    def picks(outputs, targets):
        total = 0.0
        for own, t in zip(outputs, targets):
            total = total + (own[0] + own[1] + own[2]) * 0.5 - own[t]
        return total / len(outputs)

    def make():
        return MLP(2, [4, 3], activation="tanh", rng=random.Random(0))

    data = [[0.1 * i, 1.0] for i in range(20)], [i % 3 for i in range(20)]
    given = {"loss": picks, "batch_size": size}
    assert trained(make, data, "auto", **given) == trained(make, data, False, **given)


@pytest.mark.parametrize("size", [1, 6, 18])
def test_log_probabilities_have_the_bits_of_their_graph(size):
    def make():
        rng = random.Random(0)
        return Sequential(Linear(2, 4, rng=rng), Tanh(), Linear(4, 3, rng=rng), LogSoftmax())

    data = [[0.1 * i, 1.0] for i in range(18)], [i % 3 for i in range(18)]
    given = {"loss": nll_loss, "batch_size": size}
    assert trained(make, data, "auto", **given) == trained(make, data, False, **given)


def test_whole_numbers_may_be_numbers():
    data = [[i % 3, i % 4] for i in range(20)], [i % 5 for i in range(20)]

    def make():
        return MLP(2, [4, 1], activation="tanh", rng=random.Random(0))

    given = {"loss": mse_loss, "batch_size": 5}
    assert trained(make, data, True, **given) == trained(make, data, False, **given)


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("make", [language, Tied, Scaled])
def test_a_jitted_loss_of_tokens_has_the_bits_of_its_graph(make, count):
    model, twin = make(), make()

    def loss_of(model, contexts, targets):
        return cross_entropy([model(x) for x in contexts], targets)

    function = jit(lambda contexts, targets: loss_of(model, contexts, targets))
    optimizers = [Adam(m.parameters(), lr=0.05) for m in (model, twin)]
    for seed in range(6):
        given = tokens(count, seed)
        losses = [function(*given), loss_of(twin, *given)]
        for loss, optimizer in zip(losses, optimizers):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert losses[0].data.hex() == losses[1].data.hex()

    assert [p.data.hex() for p in model.parameters()] == [p.data.hex() for p in twin.parameters()]
    assert function.replayed == 4
    with pytest.raises(IndexError, match="a token of an embedding of 6 rows is from 0 to 5, got 6"):
        function([[0, 1, 6]] * count, [0] * count)


def test_a_number_of_the_data_is_no_index_of_a_list():
    function = jit(lambda xs, t: xs[t] * Value(2.0) + Value(0.0) * t)
    function([1.0, 2.0], 1)

    assert "nn.chosen picks so that it can be replayed" in function.reason
