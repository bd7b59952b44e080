"""Tables of one's own, as CSV files."""

import csv
import random


def table(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def flowers(path="flowers.csv", n=60):
    """A table of two classes that one column tells apart."""
    rng = random.Random(0)
    rows = [[rng.gauss(40 + 20 * (i % 2), 2), rng.gauss(0, 1), "ab"[i % 2]] for i in range(n)]
    return table(path, [["length", "width", "kind"], *rows])


def houses(path="houses.csv", n=60):
    """A table of amounts that are a line of one column."""
    rng = random.Random(0)
    sizes = [rng.uniform(50, 200) for _ in range(n)]
    return table(path, [["size", "price"], *[[x, 3000 * x + 50000] for x in sizes]])
