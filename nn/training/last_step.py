"""The last step: what the machine did in it, so that the parameters can have its gradient.

The machine moves the parameters many times without Python. Afterwards each parameter has the grad
that it has after a step on a graph: that of the last step, clipped if the training clips.
"""

from __future__ import annotations

from typing import NamedTuple

from nn.optim.clip import clip_grad_norm_

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from engine import Value


class LastStep(NamedTuple):
    """A step of the machine.

    numbers: the parameters before it. rows: the numbers of its samples. classes: their classes.
    variant: which of the machine's losses it was.
    """

    machine: Any
    numbers: Any
    rows: Any
    classes: Any
    variant: int = 0

    def give_gradient(self, parameters: Sequence[Value], max_norm: float | None) -> None:
        """Give the parameters the grads of the step."""
        answer = self.machine.evaluate(self.numbers, self.rows, self.classes, True, self.variant)
        if answer is None:
            return
        for p, grad in zip(parameters, answer[1]):
            p.grad = grad
        if max_norm is not None:
            clip_grad_norm_(parameters, max_norm)
