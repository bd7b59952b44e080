"""The kinds of optimisers, parameters with gradients for them, and a few steps."""

from engine import Value
from nn import SGD, mse_loss
from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.lbfgs import LBFGS

KINDS = [SGD, Adagrad, RMSprop, Adam, AdamW, LBFGS]


def parameters(*grads, at=1.0):
    ps = [Value(at) for _ in grads]
    for p, grad in zip(ps, grads):
        p.grad = grad
    return ps


def run(model, optimizer, inputs, targets, steps):
    def closure():
        optimizer.zero_grad()
        loss = mse_loss([model(x) for x in inputs], targets)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).data for _ in range(steps)]
    return losses[0], losses[-1]
