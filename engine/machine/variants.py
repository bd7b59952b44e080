"""Variants: several losses of one plan, each of which runs a part of the tail.

A plan for sequences of many lengths computes what the longest one needs, and a shorter one runs
some of the instructions. The instructions are in blocks. All instructions of a block are run by the
same variants, so none of another block is done in one loop with them.
"""

from __future__ import annotations

from engine.machine.instructions import index, items_of
from engine.machine.repeats import in_repeats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from engine.machine.choices import Places
    from engine.machine.instructions import Checked

    # (first instruction, behind the last, first row, behind the last)
    Part = tuple[int, int, int, int]


def read_variants(
    plan: Any, tail: list[Checked], rows: int, output: int, places: Places
) -> tuple[list[Any], list[tuple[list[Part], int]]]:
    """The instructions of the tail, in loops; and the parts of each variant.

    A plan that has `blocks` has variants: blocks are pairs (how many instructions, the numbers of
    the variants that run them), `outputs` the row of each variant's loss. Another plan has one.
    Raises TypeError or ValueError for blocks that do not fit.
    """
    blocks = getattr(plan, "blocks", None)
    if blocks is None:
        made = in_repeats(done(tail), places)
        return made, [([(0, len(made), 0, rows)], output)]
    outputs = [index("an output", x, 0, rows) for x in items_of("outputs", plan.outputs)]
    first_row = min([c.out for c in tail], default=rows)
    parts: list[list[Part]] = [
        [(0, 0, 0, first_row)] for _ in outputs
    ]  # the sums, which come first
    made, start, first_row = [], 0, 0
    for k, (count, variants) in enumerate(items_of("blocks", blocks)):
        own = tail[start : start + index(f"block {k}", count, 1, len(tail) - start + 1)]
        rows_of_block = [c.out for c in own]
        if min(rows_of_block) < first_row:
            raise ValueError(f"block {k}: its rows come behind those of the blocks before it")
        first, start, end_row = len(made), start + len(own), max(rows_of_block) + 1
        made += in_repeats(done(own), places)
        for v in items_of(f"block {k}", variants):
            part = first, len(made), min(rows_of_block), end_row
            joined(parts[index(f"block {k}: a variant", v, 0, len(outputs))], part)
        first_row = end_row
    if start != len(tail):
        raise ValueError(f"the blocks have {start} instructions, the tail has {len(tail)}")
    for v, row in enumerate(outputs):
        if not any(first <= row < end for _, _, first, end in parts[v]):
            raise ValueError(f"variant {v} does not compute its output, row {row}")
    return made, list(zip(parts, outputs))


def done(tail: list[Checked]) -> list[Checked]:
    """The instructions that are run: an operand that is chosen needs none."""
    return [c for c in tail if c.kind != "choose"]


def joined(parts: list[Part], part: Part) -> None:
    """Add a part behind the others; the last one becomes longer if the part follows it."""
    first, end, first_row, end_row = parts[-1]
    if (end, end_row) == (part[0], part[2]):
        parts[-1] = (first, part[1], first_row, part[3])
    else:
        parts.append(part)
