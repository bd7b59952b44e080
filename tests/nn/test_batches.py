"""A batch where a model takes one sample: the error says so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value
from nn import MLP, DataLoader, Layer, Linear, Neuron, Sequential, Tanh

MODELS = {
    "neuron": Neuron,
    "layer": lambda n: MLP(n, [3, 1]),
    "linear": lambda n: Sequential(Linear(n, 2), Tanh()),
}


@pytest.mark.parametrize("taker", MODELS)
@given(
    n=st.integers(1, 4),
    rows=st.integers(1, 5),
    kind=st.sampled_from([np.zeros, lambda s: np.zeros(s).tolist(), lambda s: [*np.zeros(s)]]),
)
def test_a_batch_is_named_as_one_with_what_to_do(taker, n, rows, kind):
    model, batch = MODELS[taker](n), kind((rows, n))
    message = (
        rf"^{taker} takes {n} inputs?, got a batch of {rows} samples?: "
        r"call the model for each sample, as in \[model\(x\) for x in batch\]$"
    )

    with pytest.raises(ValueError, match=message):
        model(batch)
    assert len([model(x) for x in batch]) == rows


def test_a_table_of_pandas_is_a_batch():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, 3.0]})

    with pytest.raises(ValueError, match=r"batch of 3 samples: .* for x in batch.to_numpy\(\)\]$"):
        Layer(2, 1)(table)


def test_one_sample_of_another_length_is_no_batch():
    for sample in ([1.0, 2.0, 3.0], np.zeros(3), [Value(1.0)] * 3, [np.array(1.0)] * 3):
        with pytest.raises(ValueError, match=r"^layer takes 2 inputs, got 3$"):
            Layer(2, 1)(sample)


def test_an_array_without_axes_is_a_sample_of_one_number():
    model = Layer(1, 1)

    assert model(np.array(2.0)).data == model(2.0).data == model([np.array(2.0)]).data


@pytest.mark.parametrize("size", [None, 5, 9])
def test_a_batch_of_all_samples_keeps_their_order(size):
    loader = DataLoader([*range(5)], [*range(5)], batch_size=size, shuffle=True)

    assert [loader.order(epoch) for epoch in range(3)] == [[*range(5)]] * 3


def test_smaller_batches_have_another_order_in_each_epoch():
    loader = DataLoader([*range(5)], [*range(5)], batch_size=4, shuffle=True)

    assert len({tuple(loader.order(epoch)) for epoch in range(9)}) > 1
