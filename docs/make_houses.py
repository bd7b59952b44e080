"""Make houses.csv: 120 houses that nobody built, with prices by a formula and some chance.

`python docs/make_houses.py` writes the file anew, the same each time.
"""

import csv
import random
from pathlib import Path

COLUMNS = ["area", "rooms", "age", "distance", "price"]  # m2, -, years, km to the centre, euros


def houses(n: int = 120, seed: int = 0) -> list[list[float]]:
    """n houses. A square metre costs less far from the centre, and in an old house."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        area = round(rng.uniform(45, 220))
        rooms = max(1, round(area / 28 + rng.gauss(0, 0.7)))
        age = round(rng.uniform(0, 90))
        distance = round(rng.uniform(0.5, 25), 1)
        metre = 1500 + 4000 / (1 + distance / 5) - 8 * age
        price = 20_000 + 6_000 * rooms + area * metre * rng.gauss(1, 0.04)
        rows.append([area, rooms, age, distance, round(price, -2)])
    return rows


if __name__ == "__main__":
    with open(Path(__file__).with_name("houses.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([[f"{x:g}" if x < 1e5 else f"{x:.0f}" for x in row] for row in houses()])
