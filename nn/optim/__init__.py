"""Optimisers: what moves parameters down their gradients."""

from nn.optim.adaptive import Adagrad as Adagrad
from nn.optim.adaptive import Adam as Adam
from nn.optim.adaptive import AdamW as AdamW
from nn.optim.adaptive import RMSprop as RMSprop
from nn.optim.lbfgs import LBFGS as LBFGS
from nn.optim.optimizer import Optimizer as Optimizer
from nn.optim.sgd import SGD as SGD
