"""The colours of pictures: one for each kind of box, or one for each size of gradient.

The tints come from the palette of Okabe and Ito (2008), which colour-blind eyes tell apart. The
scale of gradients runs from light to dark, and still does when it is printed in grey. Each colour
has a second one for screens that are dark (dark.py). By the measure of WCAG 2.2 all text stands
out from what is behind it by 4.5 : 1, and all lines by 3 : 1, in the light and in the dark.
"""

import math

PAPER, INK = "white", "black"
INPUT, PARAMETER, TARGET, OPERATION = "#b5d9f5", "#f7e463", "#b4e5cb", "#fbd9a0"
COMPUTED = PAPER
QUIET = "#6b6b6b"  # of constants and their edges, and of the frame of the legend
ON_EDGES = "#a04000"  # of the numbers on edges
# Of the lines of a network: a weight by its sign, and a weight that is nan or infinite.
POSITIVE, NEGATIVE, NO_WEIGHT, NO_NUMBER = "#0072b2", "#c25400", "#8a8a8a", "#9b2d6f"

ZERO, NOT_FINITE = PAPER, "#e6b8d2"
SCALE = ["#fdf0e3", "#fbdcbd", "#f7c08c", "#ee9f57", "#de7b22"]  # a decade each, smallest first

IN_THE_DARK = {
    PAPER: "#1b1d21",
    INK: "#ececec",
    INPUT: "#1d4f7c",
    PARAMETER: "#635500",
    TARGET: "#17603f",
    OPERATION: "#6b4312",
    QUIET: "#b0b0b0",
    ON_EDGES: "#ffb380",
    POSITIVE: "#56b4e9",
    NEGATIVE: "#ff9248",
    NO_WEIGHT: "#8b8b8b",
    NO_NUMBER: "#e58ec3",
    NOT_FINITE: "#7a2f5c",
    **dict(zip(SCALE, ["#33261a", "#4a331e", "#633f1b", "#7f4c16", "#9c5a10"])),
}

# What fills a box of each kind, and the border that tells the kind without colours, as DOT has it.
KINDS = {
    "input": {"fillcolor": INPUT, "style": "filled,rounded"},
    "parameter": {"fillcolor": PARAMETER, "style": "filled", "penwidth": "2.5"},
    "target": {"fillcolor": TARGET, "style": "filled,rounded", "penwidth": "2.5"},
    "computed": {"fillcolor": COMPUTED, "style": "filled"},
    "module": {"fillcolor": COMPUTED, "style": "filled", "shape": "box", "peripheries": "2"},
    "operation": {"fillcolor": OPERATION, "style": "filled", "shape": "ellipse"},
    "constant": {"shape": "plaintext", "fontcolor": QUIET},
}


class Scale:
    """A colour for each size of gradient: one a decade, counted down from the largest gradient."""

    def __init__(self, gradients: list[float]) -> None:
        sizes = [abs(g) for g in gradients if math.isfinite(g) and g]
        self.top = math.floor(math.log10(max(sizes))) if sizes else None
        self.gradients = gradients

    def color(self, gradient: float) -> str:
        if not math.isfinite(gradient):
            return NOT_FINITE
        if self.top is None or not gradient:
            return ZERO
        below = self.top - math.floor(math.log10(abs(gradient)))
        return SCALE[max(0, len(SCALE) - 1 - below)]

    def legend(self) -> dict[str, dict[str, str]]:
        """A text and its look for each size that the picture has, the largest first."""
        entries = {}
        if any(not math.isfinite(g) for g in self.gradients):
            entries["grad inf or nan"] = NOT_FINITE
        if self.top is not None:
            for i, color in enumerate(reversed(SCALE)):
                least = self.top - i
                last = i == len(SCALE) - 1
                low, high = [f"{float(f'1e{n}'):g}" for n in (least, least + 1)]
                text = f"grad below {high}" if last else f"grad {low} to {high}"
                entries[text] = color
        if any(g == 0 for g in self.gradients):
            entries["grad 0"] = ZERO
        used = {self.color(g) for g in self.gradients}
        looks = {text: {"style": "filled", "fillcolor": color} for text, color in entries.items()}
        return {text: look for text, look in looks.items() if look["fillcolor"] in used}
