"""Data: data sets made by formula, tables, and what prepares and batches them."""

from nn.data.csv_files import read_csv as read_csv
from nn.data.loader import DataLoader as DataLoader
from nn.data.preparation import Standardizer as Standardizer
from nn.data.preparation import one_hot as one_hot
from nn.data.preparation import train_test_split as train_test_split
from nn.data.synthetic import blobs as blobs
from nn.data.synthetic import circles as circles
from nn.data.synthetic import moons as moons
from nn.data.synthetic import spirals as spirals
from nn.data.synthetic import xor as xor
from nn.data.tables import Table as Table
from nn.data.tables import breast_cancer as breast_cancer
from nn.data.tables import digits as digits
from nn.data.tables import iris as iris
from nn.data.tables import wine as wine
