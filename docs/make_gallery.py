"""The gallery: every kind of picture beside the code that makes it, as a page of Markdown.

`python docs/make_gallery.py` writes docs/gallery.md and the pictures in docs/gallery again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from engine.saving.files import write_file

# A title, what there is to see, and the code. Each code goes on with the names of the codes before
# it; the value of its last line is drawn.
PICTURES = [
    (
        "An expression",
        "A box for each value, a circle for each operation, and on each edge the local derivative. "
        "The borders tell the kinds too: round corners for an input, a bold line for a parameter.",
        """\
from engine import Value, draw, grad, tanh

w, x, b = Value(2.0, "w"), Value(-0.5, "x"), Value(1.5, "b")
y = tanh(w * x + b)
y.label = "y"
y.backward()
draw(y, derivatives=True, parameters=[w, b])""",
    ),
    (
        "What each edge adds to a gradient",
        "Local derivative times the gradient behind it: a has a gradient of 3 + 3 + 1.",
        """\
a = Value(3.0, "a")
z = a * a + a
z.backward()
draw(z, derivatives="products")""",
    ),
    (
        "A gradient is a graph too",
        "The second derivative would come from this one.",
        """\
dy_dx = grad(y, x)
dy_dx.label = "dy/dx"
draw(dy_dx)""",
    ),
    (
        "A network",
        "A circle for each neuron, a line for each weight; negative ones are vermilion, dashed.",
        """\
from random import Random
from nn import MLP, data, mse_loss

model = MLP(2, [4, 1], activation="tanh", rng=Random(0))
draw(model)""",
    ),
    (
        "A wide network",
        "Only the first and the last of many neurons are drawn.",
        """\
draw(MLP(64, [32, 10], rng=Random(1)))""",
    ),
    (
        "The loss of a whole batch",
        "Each neuron is one box with a double border; what is the same for all four samples is "
        "drawn once.",
        """\
inputs, targets = data.xor()
inputs = [[Value(number) for number in row] for row in inputs]
loss = mse_loss([model(row) for row in inputs], targets)
loss.backward()
draw(loss, collapse=model)""",
    ),
    (
        "The kinds of leaves",
        "The same without the neurons: inputs, parameters, targets and constants.",
        """\
inputs, targets = data.xor()
inputs = [[Value(number, f"x{i}") for i, number in enumerate(row)] for row in inputs]
targets = [Value(number, "target") for number in targets]
model.zero_grad()
loss = mse_loss([model(row) for row in inputs], targets)
loss.label = "loss"
loss.backward()
draw(loss, collapse=True, parameters=model, targets=targets)""",
    ),
    (
        "Where gradients are large",
        "The same by layers, coloured by the largest gradient in each box.",
        """\
draw(loss, collapse=model, level="Layer", color="gradient")""",
    ),
    (
        "Without a model",
        "What repeats is folded all the same: one operation of alike inputs, used alike.",
        """\
rates = [Value(0.1 * i, f"rate{i}") for i in range(100)]
draw(sum(tanh(rate) ** 2 for rate in rates), collapse=True)""",
    ),
    (
        "The last steps",
        "Dashed values are computed by what is not shown.",
        """\
draw(loss, depth=3, color="gradient")""",
    ),
    (
        "Around a value",
        "The values that it is computed from, and the values that are computed from it.",
        """\
bias = model.layers[0].neurons[0].bias
bias.label = "bias"
draw(loss, around=bias, fused=True, parameters=model)""",
    ),
]


def gallery(folder: str | os.PathLike[str]) -> Path:
    """Write gallery.md, and its pictures into a folder gallery beside it; the path of the page.

    Our own renderer draws the pictures, so that they are the same on every machine.
    """
    page = Path(folder) / "gallery.md"
    parts = ["# Gallery", "Made by `python docs/make_gallery.py`."]
    names: dict[str, Any] = {}
    drawn = []
    for title, caption, code in PICTURES:
        *steps, last = code.split("\n")
        exec("\n".join(steps), names)
        name = re.sub(r"\W+", "-", title.lower())
        drawn.append((f"{name}.svg", eval(last, names)))
        picture = f"![{title}](gallery/{name}.svg)"
        parts += [f"## {title}", caption, f"```python\n{code}\n```", picture]
    (page.parent / "gallery").mkdir(parents=True, exist_ok=True)
    for name, diagram in drawn:
        diagram.program = "builtin"
        write_file(page.parent / "gallery" / name, diagram.pipe("svg"))
    write_file(page, "\n\n".join(parts) + "\n")
    return page


if __name__ == "__main__":
    print(gallery(Path(__file__).parent))
