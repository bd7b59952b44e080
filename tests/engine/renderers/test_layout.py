"""The layout of last resort: where it puts boxes and curves."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value, draw
from engine.renderers.svg import svg
from tests.engine.renderers.svg_pictures import (
    ROUNDING,
    SVG,
    boxes,
    curves,
    digraph,
    parsed,
    random_edges,
)


def along(curve, steps=20):
    """Points on a curve of cubic pieces."""
    for i in range(0, len(curve) - 1, 3):
        p, q, r, s = curve[i : i + 4]
        for k in range(steps + 1):
            t = k / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * c[j] for w, c in zip(weights, (p, q, r, s))) for j in (0, 1))


def overlapping(a, b):
    return (
        min(a[2], b[2]) - max(a[0], b[0]) > ROUNDING
        and min(a[3], b[3]) - max(a[1], b[1]) > ROUNDING
    )


many_graphs = pytest.mark.parametrize("seed", range(25))
BEFORE = {  # by rankdir: whether box a lies wholly before box b
    "LR": lambda a, b: a[2] < b[0],
    "RL": lambda a, b: a[0] > b[2],
    "TB": lambda a, b: a[3] < b[1],
    "BT": lambda a, b: a[1] > b[3],
}


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_every_edge_leads_to_a_later_rank(seed, rankdir):
    edges = random_edges(seed)
    box = boxes(digraph(edges, f"rankdir={rankdir}"))

    assert [e for e in edges if not BEFORE[rankdir](box[e[0]], box[e[1]])] == []


def test_ranks_run_downwards_if_nothing_else_is_said():
    box = boxes("digraph { a -> b }")

    assert BEFORE["TB"](box["a"], box["b"])


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_no_two_boxes_overlap(seed, rankdir):
    box = boxes(digraph(random_edges(seed), f"rankdir={rankdir}"))

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_no_two_boxes_overlap_in_any_graph(edges):
    box = boxes(digraph([(f"n{a}", f"n{b}") for a, b in edges]))

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@pytest.mark.parametrize("rankdir", BEFORE)
def test_boxes_of_different_sizes_do_not_overlap(rankdir):
    lines = r'"a\nb\nc\nd"'
    box = boxes(
        f"digraph {{ rankdir={rankdir} node [shape=box] x [width=3] y [height=2] z [label={lines}]"
        " r -> x; r -> y; r -> z; r -> w; x -> e; y -> e; w -> e }"
    )

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@many_graphs
def test_every_node_lies_on_the_picture(seed):
    source = digraph(random_edges(seed))
    left, top, width, height = map(float, parsed(source).attrib["viewBox"].split())

    outside = [
        name
        for name, box in boxes(source).items()
        if box[0] < left or box[1] < top or box[2] > left + width or box[3] > top + height
    ]

    assert outside == []


@many_graphs
@pytest.mark.parametrize("rankdir", BEFORE)
def test_every_curve_lies_on_the_picture(seed, rankdir):
    source = digraph(random_edges(seed), f"rankdir={rankdir}")
    left, top, width, height = map(float, parsed(source).attrib["viewBox"].split())

    outside = [
        (x, y)
        for curve in curves(source)
        for x, y in along(curve)
        if not (left <= x <= left + width and top <= y <= top + height)
    ]

    assert outside == []


def test_a_leaf_stands_just_before_what_uses_it():
    box = boxes(digraph([("a", "b"), ("b", "c"), ("late", "c")], "rankdir=LR"))

    assert box["b"][0] < box["late"][2]


@pytest.mark.parametrize("rankdir", BEFORE)
def test_an_edge_starts_at_its_tail_and_ends_at_its_head(rankdir):
    source = digraph([("tail", "head")], f"rankdir={rankdir}")
    box, [curve] = boxes(source), curves(source)

    def distance(point, corners):
        x, y = point
        return max(corners[0] - x, x - corners[2], corners[1] - y, y - corners[3])

    # The arrow's tip, 7 points long, stands between the curve and its head.
    assert [distance(curve[0], box["tail"]), distance(curve[-1], box["head"])] == pytest.approx(
        [0.0, 7.0], abs=ROUNDING
    )


@pytest.mark.parametrize("rankdir", BEFORE)
@pytest.mark.parametrize("times", [2, 3, 4])
def test_parallel_edges_are_different_curves(rankdir, times):
    paths = curves(digraph([("a", "b")] * times, f"rankdir={rankdir}"))

    assert len(set(map(tuple, paths))) == times


def test_both_edges_of_a_square_are_different_curves():
    a = Value(3.0, "a")

    paths = curves(draw(a * a).source)

    assert len(set(map(tuple, paths))) == 3  # two to the operation, one from it


def test_an_edge_to_the_next_rank_is_one_piece():
    [path] = curves(digraph([("a", "b")]))

    assert len(path) == 4


def test_a_long_edge_has_a_bend_for_each_rank_it_skips():
    paths = curves(digraph([*pairwise("abcde"), ("a", "e")]))

    # A curve in each of the four gaps, and a straight line across each of the three ranks.
    assert len(paths[-1]) == 1 + 3 * (4 + 3)


@pytest.mark.parametrize("rankdir", BEFORE)
def test_a_long_edge_goes_around_the_boxes_between(rankdir):
    source = digraph([*pairwise("abcde"), ("a", "e")], f"rankdir={rankdir}")
    between = [box for name, box in boxes(source).items() if name in "bcd"]

    met = [
        (x, y)
        for x, y in along(curves(source)[-1])
        for box in between
        if box[0] < x < box[2] and box[1] < y < box[3]
    ]

    assert met == []


@settings(max_examples=60, deadline=None)
@given(
    ends=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=16),
    widths=st.lists(st.integers(1, 40), min_size=10, max_size=10),
    rankdir=st.sampled_from(sorted(BEFORE)),
)
def test_no_edge_runs_over_a_box_of_another_width(ends, widths, rankdir):
    names = [f"{'abcdefghij'[i]}{'_' * width}" for i, width in enumerate(widths)]
    edges = sorted({(names[min(e)], names[max(e)]) for e in ends if e[0] != e[1]})
    source = digraph(edges, f"rankdir={rankdir}")
    box = boxes(source)

    met = [
        (edge, name)
        for edge, curve in zip(edges, curves(source))
        for x, y in along(curve)
        for name, (left, top, right, bottom) in box.items()
        if name not in edge and left + 0.2 < x < right - 0.2 and top + 0.2 < y < bottom - 0.2
    ]

    assert met == []


@pytest.mark.parametrize(
    "edges",
    [
        [("a", "a")],
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("a", "b"), ("b", "b"), ("b", "c"), ("c", "b"), ("d", "a"), ("c", "d")],
    ],
    ids=["a self-loop", "back and forth", "a triangle", "several"],
)
def test_a_cycle_is_drawn_with_all_its_edges(edges):
    assert len(curves(digraph(edges))) == len(edges)


def test_only_one_edge_of_a_cycle_goes_back():
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    box = boxes(digraph(edges))

    assert [BEFORE["TB"](box[tail], box[head]) for tail, head in edges].count(False) == 1


def test_a_self_loop_leaves_its_box():
    source = digraph([("loop", "loop")])
    left, _, right, _ = boxes(source)["loop"]

    [curve] = curves(source)

    assert any(x < left or x > right for x, _ in along(curve))


def test_nodes_without_edges_stand_apart():
    box = boxes("digraph { node [shape=box] a; b; c }")

    assert [pair for pair in combinations(box, 2) if overlapping(*map(box.get, pair))] == []


@pytest.mark.parametrize("source", ["digraph {}", "digraph {\n}\n", "graph x {}", "", "}", "{"])
def test_an_empty_graph_is_an_empty_picture(source):
    assert [element.tag for element in parsed(source)] == [f"{SVG}rect"]


def test_the_same_source_gives_the_same_picture():
    source = digraph(random_edges(0))

    assert svg(source) == svg(source)


def test_a_graph_of_2000_nodes_is_drawn():
    edges = [(f"n{i}", f"n{i + 1 + i * i % 7}") for i in range(2000)]

    assert len(curves(digraph(edges))) == 2000


def test_a_chain_of_2000_nodes_is_drawn():
    assert len(boxes(digraph([(f"n{i}", f"n{i + 1}") for i in range(1999)]))) == 2000
