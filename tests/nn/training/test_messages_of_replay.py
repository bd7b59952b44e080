"""What a replayed training says of data that do not fit: what was got, as the data have it."""

import random

import pytest

from engine import tanh
from engine.programs.plan import NoPlanError
from nn import MLP, SGD, Embedding, Linear, Module, cross_entropy, data, fit, mse_loss

INPUTS, TARGETS = data.moons(n=12)


class Word(Module):
    """A state that looks at one letter after the other."""

    def __init__(self):
        super().__init__()
        self.table = Embedding(5, 1, rng=random.Random(0))
        self.cell = Linear(2, 2, rng=random.Random(1))

    def __call__(self, word):
        state = 0.0
        for row in self.table(word):
            outputs = self.cell([*row, state])
            state = tanh(outputs[0])
        return outputs


def trained(model, inputs, targets, replay, loss=mse_loss):
    fit(
        model,
        (inputs, targets),
        optimizer=SGD(model.parameters(), lr=0.1),
        loss=loss,
        epochs=1,
        batch_size=4,
        replay=replay,
        progress=False,
    )


@pytest.mark.parametrize(("kind", "shown"), [(bool, "bool False"), (float, "float 0.0: say int")])
def test_a_class_of_another_kind_is_named_as_the_data_have_it(kind, shown):
    targets = [kind(t) for t in TARGETS]
    message = rf"^sample \d+: cross_entropy takes a class as a whole number, got {shown}"

    with pytest.raises(NoPlanError, match=message):
        trained(MLP(2, [2]), INPUTS, targets, True, cross_entropy)
    with pytest.raises(TypeError, match=message.replace(shown.split()[1], r"\S+")):
        trained(MLP(2, [2]), INPUTS, targets, False, cross_entropy)


def test_a_reason_is_said_once():
    with pytest.raises(NoPlanError) as caught:
        trained(MLP(2, [2]), INPUTS, TARGETS, True)

    assert str(caught.value).count("differ in shape") == 1
    assert "a list of 2 and the number 0" in str(caught.value)


@pytest.mark.parametrize("replay", [False, True])
def test_a_bad_token_is_no_matter_of_how_long_the_word_is(replay):
    words = [[0, 1], [2, 3, 4], [1, 2.5, 0], [3], [2]]

    message = r"^an input, \[1, 2\.5, 0\]: a token of an embedding of 5 rows is a whole number, got"
    with pytest.raises(ValueError, match=message):
        trained(Word(), words, [0, 1, 1, 0, 1], replay, cross_entropy)


def test_a_batch_of_all_words_shows_its_numbers_as_they_are():
    words = [[0, 1], [2, 3, 4], [1, 2.5, 0], [3]]

    with pytest.raises(NoPlanError, match=r"an input, \[1\.0, 2\.5, 0\.0\]: a token of an embed"):
        trained(Word(), words, [0, 1, 1, 0], True, cross_entropy)
