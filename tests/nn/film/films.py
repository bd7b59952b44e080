"""A model, films of a training, and what is in the page of one."""

import json
import random
import re

from nn import (
    MLP,
    Adam,
    Film,
    cross_entropy,
    data,
    fit,
)

XOR = data.xor()


def network(nouts=(4, 1), nin=2):
    return MLP(nin, list(nouts), activation="tanh", rng=random.Random(0))


def still(y=0.0):
    """A model that stays as it is."""
    return lambda x: y


def filmed(steps=3, **options):
    film = Film(still(), *XOR, resolution=2, **options)
    for step in range(1, steps + 1):
        film.record(1.0 / step)
    return film


def trained(replay=False, epochs=30, loss=cross_entropy, film=True):
    """A model that learned moons, and the film of it."""
    inputs, targets = data.moons(n=40)
    model = network((4, 2))
    made = Film(model, inputs, targets, resolution=5, frames=10)
    fit(
        model,
        (inputs, targets),
        optimizer=Adam(model.parameters(), lr=0.05),
        loss=loss,
        epochs=epochs,
        batch_size=10,
        callbacks=made if film else (),
        replay=replay,
        progress=False,
    )
    return model, made


def content(text):
    """What the script of a page reads."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(found)
