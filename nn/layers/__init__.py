"""Layers: modules that hold parameters, or change what passes between them."""

from nn.layers.linear import Dropout as Dropout
from nn.layers.linear import Flatten as Flatten
from nn.layers.linear import Identity as Identity
from nn.layers.linear import LayerNorm as LayerNorm
from nn.layers.linear import Linear as Linear
from nn.layers.linear import Normalization as Normalization
from nn.layers.linear import Sequential as Sequential
