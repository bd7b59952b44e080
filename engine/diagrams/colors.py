"""The colours of pictures: one for each kind of box, or one for each size of gradient.

The tints come from the palette of Okabe and Ito (2008), which colour-blind eyes tell apart. The
scale of gradients runs from light to dark, and still does when it is printed in grey.
"""

import math

INPUT, PARAMETER, COMPUTED, OPERATION = "#d6e6f5", "#faf3a5", "white", "#fbe8c6"
CONSTANT = "#767676"  # of text: a constant has no box
KINDS = {"input": INPUT, "parameter": PARAMETER, "computed": COMPUTED}

ZERO, NOT_FINITE = "white", "#e6b8d2"
SCALE = ["#fdf0e3", "#fbdcbd", "#f7c08c", "#ee9f57", "#de7b22"]  # a decade each, smallest first


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

    def legend(self) -> dict[str, str]:
        """A text and its colour for each size that the picture has, the largest first."""
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
        return {text: color for text, color in entries.items() if color in used}
