"""Which machine runs a plan: the one in C, or the one in Python where the build is pure."""

from __future__ import annotations

from engine.op import compiled
from engine.programs.plan import NoPlanError, lowered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.programs.tape import Tape

LONG = 100  # operations: a shorter program is over before the machine has been called


def machine_in_c(plan: Any, lanes: int, fast: bool = False) -> Any:
    """The machine of `engine.machine` for a plan.

    Raises NoPlanError in a pure build, and for an operation that the machine does not have.
    """
    if not compiled:
        raise NoPlanError("the machine in C is part of the compiled build")
    from engine.machine.machine import Machine

    try:
        return Machine(plan, lanes, fast)
    except ValueError as error:
        raise NoPlanError(str(error)) from None


def machine_of_plan(plan: Any, fast: bool = False) -> Any:
    """The machine of a plan: in C, or in Python if the build is pure, where `fast` has no effect.

    Raises NoPlanError for an operation that the machine does not have.
    """
    if compiled:
        return machine_in_c(plan, plan.lanes, fast)
    from engine.programs.rows import RowMachine

    return RowMachine(plan)


def watch_of(machine: Any, rows: Any, classes: Any, wanted: Any) -> Any:
    """What another machine can look at between the steps of its training: see `Watch`.

    machine: one in C, which has these rows and classes. wanted: the rows of its body that are kept.
    """
    from engine.machine.machine import Watch

    return Watch(machine, rows, classes, wanted, keeps=True)


def trained_together(courses: Any, which: Any, *arguments: Any) -> Any:
    """The losses of a training in which machines take turns: see `train_together`.

    courses: for each of them its machine, its data, their classes and the number of its loss.
    which: the course of each step. arguments: the others of the machine's `train`.
    """
    from engine.machine.machine import train_together

    return train_together(courses, which, *arguments)


def machine_of_tape(tape: Tape) -> Any:
    """The machine for the gradient of a program; None where Python source is all there is."""
    if len(tape) < LONG or len(tape.outputs) != 1:
        return None
    try:
        return machine_in_c(lowered(tape.without_inputs(), 1), 1)
    except NoPlanError:
        return None
