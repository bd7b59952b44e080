"""Films: what a model makes of its inputs while it learns."""

from nn.film.film import Film as Film
