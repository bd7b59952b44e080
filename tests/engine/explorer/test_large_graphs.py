"""The explorer of large graphs: placed by our own layout, and refused where no browser holds it."""

import pytest

from engine import Value, draw, explore, maximum, tanh
from engine.explorer import placement
from engine.explorer.contents import MOST


def chain(n):
    """A chain of n values."""
    x = Value(0.5)
    for _ in range(n - 1):
        x = tanh(x)
    return x


@pytest.fixture
def asked(monkeypatch):
    """How many cards Graphviz is asked to place, at each time; it never places any."""
    asked = []

    def by_dot(program, names, uses, rankdir):
        asked.append(len(names))
        raise ValueError("no places")

    monkeypatch.delenv("CHAINRULE_DOT", raising=False)
    monkeypatch.setattr(placement, "by_dot", by_dot)
    return asked


def test_graphviz_places_few_cards_and_our_own_layout_many(asked):
    explore(chain(300))
    explore(chain(3_100), max_nodes=None)

    assert asked == [300, 300]


def test_who_insists_has_graphviz_place_many_cards(asked, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "dot")
    explore(chain(3_100), max_nodes=None)

    assert asked == [3_100, 3_100]


@pytest.mark.parametrize("max_nodes", [None, 300, 10_000])
def test_more_cards_than_a_browser_holds_are_refused_before_anything_is_placed(asked, max_nodes):
    with pytest.raises(
        ValueError,
        match=r"^the graph has 5,001 values to step through, more than the 5,000 that a browser "
        r"can hold: explore a part of it, .*, or draw\(value, collapse=True\), which folds what "
        r"repeats, or draw\(value, depth=3\), the last steps$",
    ):
        explore(chain(MOST + 1), max_nodes=max_nodes)
    assert asked == []


def test_what_is_to_do_instead_can_be_done():
    w = Value(0.5)
    total = sum([w * Value(float(i)) for i in range(2_000)])

    with pytest.raises(ValueError, match="more than the 5,000 that a browser can hold"):
        explore(total)
    assert 0 < draw(total, collapse=True).source.count("->") < 20
    assert 0 < draw(total, depth=3).source.count("->") < 20


def test_slopes_that_all_name_very_many_inputs_are_refused():
    many = maximum(*[Value(float(i)) for i in range(600)])

    with pytest.raises(
        ValueError, match=r"^an operation of 600 inputs has a slope for each, which"
    ):
        explore(many, max_nodes=None)
    assert len(explore(maximum(*many.inputs[:200])).contents["nodes"]) == 201


def test_many_values_of_one_label_get_a_name_each(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "builtin")
    total = Value(0.0)
    for _ in range(1_000):
        total = total + Value(1.0, label="x")
    named = [node["name"] for node in explore(total, max_nodes=None).contents["nodes"]]

    assert {"x", "x_2", "x_1000"} <= set(named)
    assert len(set(named)) == 2_001
