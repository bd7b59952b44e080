"""Embedding: a row of a table for each token."""

import random
from fractions import Fraction

import pytest

from engine import Value
from nn import Embedding, Flatten, Linear, Sequential, load, save
from nn.evaluation import outputs_of, outputs_one_by_one


def table(*sizes, **settings):
    return Embedding(*(sizes or (4, 3)), rng=random.Random(0), **settings)


def test_its_numbers_are_normal_and_follow_the_seed():
    numbers = [v.data for row in table(200, 10).weight for v in row]
    rng = random.Random(0)

    assert numbers == [rng.gauss(0.0, 1.0) for _ in range(2000)]
    assert abs(sum(numbers) / 2000) < 0.1
    assert 0.9 < sum(x * x for x in numbers) / 2000 < 1.1


def test_a_token_gives_the_parameters_of_its_row():
    model = table()

    assert all(a is b for a, b in zip(model(2), model.weight[2], strict=True))
    assert model([[0, 1], [3, 3]]) == [
        [model.weight[0], model.weight[1]],
        [model.weight[3], model.weight[3]],
    ]
    assert len(model.parameters()) == 12


def test_a_row_that_is_changed_leaves_the_table_alone():
    model = table()
    model(1).clear()

    assert len(model.weight[1]) == 3


@pytest.mark.parametrize("token", [2, 2.0, Fraction(2)])
def test_a_token_may_be_any_whole_number(token):
    model = table()

    assert model(token) == model.weight[2]


def test_a_value_chooses_with_a_gradient_for_its_row():
    model, token = table(), Value(2.0)
    z = sum(model(token), Value(0.0))
    z.backward()

    grads = [[v.grad for v in row] for row in model.weight]
    assert grads == [[x] * 3 for x in (0.0, 0.0, 1.0, 0.0)]
    assert token.grad == 0.0


@pytest.mark.parametrize("make", [lambda x: x, float, Value])
@pytest.mark.parametrize("token", [-1, 4, 2**40])
def test_a_token_outside_is_named_with_the_size_of_the_table(token, make):
    with pytest.raises(
        IndexError, match=rf"a token of an embedding of 4 rows is from 0 to 3, got {token}$"
    ):
        table()([0, make(token)])


@pytest.mark.parametrize("make", [float, Value])
def test_a_token_that_is_not_whole_is_refused(make):
    with pytest.raises(ValueError, match=r"of an embedding of 4 rows is a whole number, got 1\.5"):
        table()(make(1.5))


@pytest.mark.parametrize("token", ["1", None, "ab"])
def test_a_token_that_is_no_number_is_refused(token):
    with pytest.raises(TypeError, match="expected a number"):
        table()([token])


@pytest.mark.parametrize("padding", [0, 3, -1, -4])
def test_the_row_of_the_padding_is_zeros_without_a_gradient(padding):
    model = table(padding_idx=padding)
    row, k = model(padding % 4), padding % 4

    assert model.padding_idx == k
    assert row == [0.0] * 3
    z = sum(v for token in range(4) for v in model(token))
    z.backward()
    assert [v.grad for v in model.weight[k]] == [0.0] * 3
    assert [v.grad for v in model.weight[(k + 1) % 4]] == [1.0] * 3


def test_the_other_rows_are_drawn_as_without_padding():
    drawn, padded = table(), table(padding_idx=1)

    assert [v.data for v in padded.weight[2]] == [v.data for v in drawn.weight[2]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 3), ValueError, "embedding has at least 1 row, got 0"),
        ((3, 0), ValueError, "embedding has at least 1 column, got 0"),
        ((2.5, 3), TypeError, "embedding has a whole number of rows, got 2.5"),
        ((4, 3, 4), ValueError, "padding_idx is from -4 to 3, got 4"),
        ((4, 3, -5), ValueError, "padding_idx is from -4 to 3, got -5"),
        ((4, 3, 1.0), TypeError, "padding_idx is None or a whole number, got 1.0"),
        ((4, 3, True), TypeError, "padding_idx is None or a whole number, got True"),
    ],
)
def test_what_makes_no_table_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Embedding(*arguments)


def test_it_says_what_it_is():
    assert repr(Embedding(4, 3)) == "Embedding(4, 3)"
    assert repr(Embedding(4, 3, padding_idx=-1)) == "Embedding(4, 3, padding_idx=3)"
    assert [*table().state_dict()] == ["weight"]


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
@pytest.mark.parametrize("padding", [None, 2])
def test_a_file_has_its_table_and_its_padding(tmp_path, name, padding):
    model = Sequential(table(padding_idx=padding), Flatten(), Linear(6, 2))
    save(model, tmp_path / name)
    found = load(tmp_path / name)

    assert repr(found) == repr(model)
    assert found.state_dict() == model.state_dict()
    assert [v.data for v in found([1, 2])] == [v.data for v in model([1, 2])]


@pytest.mark.parametrize("padding", [None, 0])
def test_many_samples_are_evaluated_to_the_bits_of_one(padding):
    rng = random.Random(1)
    model = Sequential(table(padding_idx=padding), Flatten(), Linear(6, 2)).eval()
    tokens = [[rng.randrange(4), rng.randrange(4)] for _ in range(100)]

    assert outputs_of(model, tokens) == outputs_one_by_one(model, tokens)
    tokens[70][1] = 4
    with pytest.raises(IndexError, match="a token of an embedding of 4 rows is from 0 to 3, got 4"):
        outputs_of(model, tokens)
