"""Data: data sets made by formula, tables, and what prepares and batches them."""

from nn.data.synthetic import blobs as blobs
from nn.data.synthetic import circles as circles
from nn.data.synthetic import moons as moons
from nn.data.synthetic import spirals as spirals
from nn.data.synthetic import xor as xor
