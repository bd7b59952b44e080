"""Layers: the parts of a network under PyTorch's names, and Sequential to put them in a row.

Each takes one sample, a list of Values or numbers (a bare number is a list of one), and always
gives a list, also of one output. A batch is a loop over its samples.

>>> from random import Random
>>> from nn.activations import Tanh
>>> model = Sequential(Linear(2, 4, rng=Random(0)), Tanh(), Linear(4, 1, rng=Random(1)))
>>> len(model([0.5, -1.0]))
1
"""

from nn.layers.dropout import Dropout as Dropout
from nn.layers.embedding import Embedding as Embedding
from nn.layers.linear import Linear as Linear
from nn.layers.normalization import LayerNorm as LayerNorm
from nn.layers.normalization import Normalization as Normalization
from nn.layers.sequential import Sequential as Sequential
from nn.layers.shape import Flatten as Flatten
from nn.layers.shape import Identity as Identity
