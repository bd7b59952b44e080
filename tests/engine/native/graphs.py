"""Random graphs of every kind of node, and what backward makes of them: the same in both builds."""

import gc
import hashlib
import random
import struct
import sys

from engine import Op, Value, dot
from engine.ops import TABLE

UNARY = [op for op in TABLE.values() if op.arity == 1]
BINARY = [op for op in TABLE.values() if op.arity == 2]
MANY = [op for op in TABLE.values() if op.arity is None and op.name != "dot"]
INFIX = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y]


class OwnError(Exception):
    """What an op of one's own raises."""


class Own:
    """Ops of one's own, whose slopes do what they like while a graph is being swept."""

    def __init__(self, rng):
        self.rng, self.nodes, self.fails = rng, [], False
        self.square = Op("square", "square", lambda x: x * x, lambda z, x: self.slope(2 * x))
        self.product = Op(
            "product",
            "product",
            lambda x, y: x * y,
            lambda z, x, y: self.slope(y),
            lambda z, x, y: self.slope(x),
        )
        self.total = Op(
            "total",
            "total",
            lambda *xs: sum(xs),
            gradient=lambda z, *xs: [self.slope(1.0)] * len(xs),
        )

    def slope(self, answer):
        """The answer, after something that a sweep might not expect."""
        if isinstance(answer, Value):
            return answer
        match self.rng.randrange(6):
            case 0:
                self.rng.choice(self.nodes).backward(0.5)  # a part of the same graph
            case 1:
                gc.collect(0)
            case 2:
                self.rng.choice(self.nodes).data += 0.25
            case 3 if self.fails:
                raise OwnError
        return answer


def graph(rng, own):
    """The leaves and then the nodes of a graph."""
    nodes = own.nodes = [Value(rng.gauss(0, 1)) for _ in range(rng.randint(1, 5))]
    wilder = rng.random() < 0.3
    for _ in range(rng.randint(1, 14)):
        x, y = rng.choice(nodes), rng.choice([*nodes, rng.gauss(0, 1), 2])
        several = rng.choices(nodes, k=rng.randint(1, 6))
        try:
            match rng.randrange(12 if wilder else 9):
                case 0 | 1 | 2:
                    z = rng.choice(INFIX)(*rng.choice([(x, y), (y, x)]))
                case 3 | 4:
                    z = rng.choice(UNARY)(x) if wilder else rng.choice([x.tanh, x.relu, x.exp])()
                case 5 | 6 | 7:
                    kind = rng.choice([list, tuple])
                    z = dot(
                        kind(rng.choices(nodes, k=len(several))),
                        rng.choice([kind(several), [0.5] * len(several)]),
                        rng.choice([None, x, 0.25, 1]),
                    )
                case 8:
                    z = rng.choice(MANY)(*several, *rng.choice([(), (1.5,)]))
                case 9:
                    z = rng.choice(BINARY)(x, y)
                case 10:
                    z = own.square(x) if rng.random() < 0.5 else own.product(x, y)
                case 11:
                    z = own.total(*several)
        except (ArithmeticError, ValueError):
            continue
        nodes.append(z)
    return nodes


def digests(seeds):
    """A digest for each 100 graphs: of every bit of data and grad, after two sweeps."""
    whole = []
    for first in range(0, len(seeds), 100):
        digest = hashlib.sha256()
        for seed in seeds[first : first + 100]:
            rng = random.Random(seed)
            own = Own(rng)
            own.fails = seed % 5 == 0
            nodes = graph(rng, own)
            for z in (nodes[-1], rng.choice(nodes)):
                try:
                    z.backward(rng.choice([1.0, -0.3]))
                except OwnError:
                    nodes = nodes[:1]  # leaves keep what they had; of inner nodes nothing is said
                for v in nodes:
                    digest.update(struct.pack("dd", v.data, v.grad))
        whole.append(digest.hexdigest()[:16])
    return whole


if __name__ == "__main__":
    print("\n".join(digests(range(*map(int, sys.argv[1:])))))
