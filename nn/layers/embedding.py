"""Embedding: a table that has a row of learned numbers for each token."""

from __future__ import annotations

from engine import Value
from nn.checks import check_size
from nn.choosing import picked, place
from nn.init import normal_
from nn.module import Module
from nn.settings import SIZE, START, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    import random
    from typing import Any, ClassVar

    from nn.module import Step

ROW = Rule("None or a whole number", lambda x: x is None or type(x) is int)


class Embedding(Module):
    """The row of a table for each token: num_embeddings rows of embedding_dim numbers.

    weight: [num_embeddings][embedding_dim]. A token is a whole number, the number of its row. The
    row padding_idx is zeros, and its tokens give it no gradient.

    >>> from random import Random
    >>> table = Embedding(3, 2, padding_idx=0, rng=Random(0))
    >>> table([0, 0])
    [[0.0, 0.0], [0.0, 0.0]]
    >>> table(2) == table.weight[2]
    True
    """

    __module__ = "nn"
    settings: ClassVar = {
        "num_embeddings": SIZE,
        "embedding_dim": SIZE,
        "padding_idx": ROW,
        "rng": START,
    }

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        rng: random.Random | None = None,
    ) -> None:
        """Numbers, row by row, are normal with mean 0 and deviation 1, as PyTorch's are.

        They are drawn from rng or else from the module random. A negative padding_idx counts from
        the end. Raises ValueError for a size below 1 and for a padding_idx outside of the table.
        """
        check_size(num_embeddings, "embedding", "row")
        check_size(embedding_dim, "embedding", "column")
        if padding_idx is not None:
            if isinstance(padding_idx, bool) or not hasattr(padding_idx, "__index__"):
                raise TypeError(f"padding_idx is None or a whole number, got {padding_idx!r:.60}")
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"padding_idx is from {-num_embeddings} to {num_embeddings - 1}, "
                    f"got {padding_idx}"
                )
            padding_idx = padding_idx.__index__() % num_embeddings
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx
        self.weight = [[Value(0.0) for _ in range(embedding_dim)] for _ in range(num_embeddings)]
        normal_(self.weight, rng=rng)
        if padding_idx is not None:
            for v in self.weight[padding_idx]:
                v.data = 0.0

    def __call__(self, x: Any) -> list[Any]:
        """x: a token -> [embedding_dim], or lists of tokens, with a row in the place of each.

        A token may be a float or a Value that is whole. Raises IndexError for one outside of the
        table, ValueError for one that is not whole.
        """
        if hasattr(x, "__len__") and not isinstance(x, str) and getattr(x, "ndim", 1) > 0:
            return [self(token) for token in x]
        k = place(f"a token of an embedding of {self.num_embeddings} rows", x, self.num_embeddings)
        if isinstance(x, Value):
            row: list[Any] = picked(self.weight, x, self.padding_idx)
            return row
        if k == self.padding_idx:
            return [v.data for v in self.weight[k]]  # plain numbers have no gradient
        return [*self.weight[k]]

    def steps(self) -> list[Step]:
        given = {"weight": self.weight, "padding_idx": self.padding_idx}
        return [("embedding", given)]

    @classmethod
    def parameter_count(cls, num_embeddings: int, embedding_dim: int, **_: Any) -> int:
        return num_embeddings * embedding_dim

    def __repr__(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"Embedding({self.num_embeddings}, {self.embedding_dim}{padding})"
