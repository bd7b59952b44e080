"""Embedding beside PyTorch's: outputs, gradients, names and errors."""

import random

import pytest

from nn import Embedding, Flatten, Linear, Sequential, Tanh, cross_entropy, to_torch

torch = pytest.importorskip("torch", reason="needs torch, of the extra torch")

TOKENS = [[0, 2], [2, 2], [4, 1], [3, 0]]
TARGETS = [0, 1, 1, 0]


def made(**settings):
    rng = random.Random(0)
    return Sequential(
        Embedding(5, 3, rng=rng, **settings),
        Flatten(),
        Linear(6, 4, rng=rng),
        Tanh(),
        Linear(4, 2, rng=rng),
    )


def here(model):
    return [[v.data for v in model(x)] for x in TOKENS]


@pytest.mark.parametrize("padding", [None, 0, 2])
def test_torch_has_the_same_outputs_and_gradients(padding):
    model = made(padding_idx=padding)
    twin = to_torch(model)
    found = twin(torch.tensor(TOKENS))

    for a, b in zip(found.tolist(), here(model), strict=True):
        assert a == pytest.approx(b, abs=1e-14)
    torch.nn.functional.cross_entropy(found, torch.tensor(TARGETS)).backward()
    cross_entropy([model(x) for x in TOKENS], TARGETS).backward()
    for own, theirs in zip(model[0].weight, twin[0].weight.grad.tolist()):
        assert [v.grad for v in own] == pytest.approx(theirs, abs=1e-14)


@pytest.mark.parametrize("padding", [None, 1, -1])
def test_arguments_and_state_have_pytorchs_names(padding):
    own, theirs = [kind(5, 3, padding_idx=padding) for kind in (Embedding, torch.nn.Embedding)]

    assert repr(own) == repr(theirs)
    assert [*own.state_dict()] == [*theirs.state_dict()]
    for name in ("num_embeddings", "embedding_dim", "padding_idx"):
        assert getattr(own, name) == getattr(theirs, name)


@pytest.mark.parametrize("token", [-1, 5])
def test_a_token_outside_is_an_index_error_in_both(token):
    with pytest.raises(IndexError):
        Embedding(5, 3)([token])
    with pytest.raises(IndexError):
        torch.nn.Embedding(5, 3)(torch.tensor([token]))
