"""Variants: which instructions of a tail each of several losses runs."""

from types import SimpleNamespace

import pytest

from engine.machine.choices import Places
from engine.machine.instructions import Checked
from engine.machine.variants import read_variants


def tail(*outs):
    return [Checked("maximum", 0, out, True, [~0, ~1], 2) for out in outs]


def parts(blocks, outputs, instructions):
    plan = SimpleNamespace(blocks=blocks, outputs=outputs)
    return read_variants(plan, instructions, 9, outputs[0], Places(8))[1]


def test_a_plan_without_blocks_has_one_variant_that_runs_all():
    made, variants = read_variants(SimpleNamespace(), tail(0, 1, 2), 3, 2, Places(8))

    assert variants == [([(0, len(made), 0, 3)], 2)]


def test_blocks_that_follow_one_another_are_one_part():
    found = parts([(1, [0, 1]), (2, [0]), (1, [1])], [3, 4], tail(1, 2, 3, 4))

    assert [output for _, output in found] == [3, 4]
    assert [part[2:] for part in found[0][0]] == [(0, 4)]
    assert [part[2:] for part in found[1][0]] == [(0, 2), (4, 5)]


@pytest.mark.parametrize(
    ("blocks", "outputs", "outs", "message"),
    [
        ([(1, [0])], [0], [0, 1], "the blocks have 1 instructions, the tail has 2"),
        ([(3, [0])], [0], [0, 1], "^block 0 is from 1 to 2, got 3$"),
        ([(1, [1]), (1, [0])], [1], [0, 1], "^block 0: a variant is from 0 to 0, got 1$"),
        ([(1, [0]), (1, [0])], [1], [1, 0], "^block 1: its rows come behind"),
        ([(1, [0]), (1, [1])], [1, 1], [0, 1], "^variant 0 does not compute its output, row 1$"),
        ([(2, [0])], [9], [0, 1], "^an output is from 0 to 8, got 9$"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(blocks, outputs, outs, message):
    with pytest.raises(ValueError, match=message):
        parts(blocks, outputs, tail(*outs))
