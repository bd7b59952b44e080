"""Part of a graph: the surroundings of a value, a depth, and graphs that are too large."""

import pytest

from engine import Value, draw, tanh
from tests.engine.pictures import boxes, chain, look_of, neuron, operations

pytestmark = pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own")


def chain_of_named(n):
    values = [Value(1.0, "v0")]
    for i in range(1, n):
        values.append(values[-1] + 1.0)
        values[-1].label = f"v{i}"
    return values


def names(diagram):
    return [box[0] for box in boxes(diagram)]


def test_around_a_value_are_what_it_is_made_of_and_what_is_made_of_it():
    values = chain_of_named(9)

    assert names(draw(values[-1], around=values[4])) == ["v3", "v4", "v5"]


def test_depth_says_how_far_around_a_value_is():
    values = chain_of_named(9)

    assert names(draw(values[-1], around=values[4], depth=3)) == [f"v{i}" for i in range(1, 8)]


def test_what_a_user_of_the_value_takes_besides_is_drawn():
    a, b = Value(1.0, "a"), tanh(Value(2.0))
    b.label = "b"
    diagram = draw(a * b, around=a)

    assert names(diagram)[:2] == ["a", "b"]
    assert "dashed" in look_of(diagram, "b|")


def test_the_surroundings_are_as_near_as_the_shortest_way():
    values = chain_of_named(9)
    z = values[-1] + values[0]
    z.label = "z"

    assert names(draw(z, around=values[0])) == ["v0", "v1", "v8", "z"]


def test_a_value_that_is_not_in_the_graph_has_no_surroundings():
    with pytest.raises(ValueError, match=r"around is a Value .*, got Value.*not in it"):
        draw(Value(1.0) * 2.0, around=Value(3.0))


@pytest.mark.parametrize("wrong", ["x", 1.0, [Value(1.0), Value(2.0)]])
def test_surroundings_are_those_of_a_value(wrong):
    with pytest.raises(TypeError, match=r"around is a Value of the graph, got (str|float|list)"):
        draw(Value(1.0), around=wrong)


def test_depth_counts_operations_back_from_the_value():
    assert len(operations(draw(chain(10), depth=3))) == 3


def test_depth_beyond_the_graph_draws_all_of_it():
    assert draw(chain(4), depth=50).source == draw(chain(4)).source


def test_a_value_where_the_picture_is_cut_is_dashed():
    z = chain(2)

    assert "dashed" in look_of(draw(z, depth=1), "data 2")


def test_a_value_where_the_picture_is_cut_is_not_blue():
    assert "fillcolor=white" in look_of(draw(chain(2), depth=1), "data 2")


def test_a_leaf_where_the_picture_is_cut_is_a_leaf():
    x = Value(2.0, "x")

    assert "dashed" not in look_of(draw(x * 3, depth=1), "x|")


def test_a_value_is_as_deep_as_its_shortest_way():
    x = Value(2.0, "x")
    near = x * 3
    z = chain_from(near, 5) + near

    assert "*" in operations(draw(z, depth=2))


def chain_from(z, n):
    for _ in range(n):
        z = z + 1
    return z


def test_depth_counts_from_the_nearest_output():
    x = Value(2.0, "x")
    near = x * 3

    assert "*" in operations(draw([chain_from(near, 5), near], depth=1))


def test_a_dot_product_counts_as_one_operation():
    assert len(boxes(draw(neuron(), depth=2))) == len(boxes(draw(neuron())))


def test_a_dot_product_where_the_picture_is_cut_is_not_unfolded():
    assert operations(draw(neuron(), depth=1)) == ["tanh"]


def test_the_depth_of_a_graph_of_any_size_is_drawn():
    assert len(boxes(draw(chain(100_000), depth=3))) == 4


def test_a_graph_too_large_says_how_to_draw_it():
    with pytest.raises(ValueError, match="max_nodes") as caught:
        draw(chain(1_000))

    assert str(caught.value) == (
        "the graph has 1,001 values to draw, more than max_nodes=400: fold what repeats with "
        "collapse=True, draw the last steps with depth=3, keep dot products whole with fused=True, "
        "or draw it all with max_nodes=None"
    )


def test_a_chain_of_100_000_nodes_is_refused_without_reaching_a_limit_of_python():
    with pytest.raises(ValueError, match="the graph has 100,001 values to draw"):
        draw(chain(100_000))


def test_a_chain_of_5_000_nodes_is_drawn_on_request():
    assert len(boxes(draw(chain(5_000), max_nodes=None))) == 5_001


def test_a_graph_of_just_as_many_values_is_drawn():
    assert len(boxes(draw(chain(9), max_nodes=10))) == 10


def test_a_graph_of_one_value_more_is_refused():
    with pytest.raises(ValueError, match="has 10 values to draw, more than max_nodes=9"):
        draw(chain(9), max_nodes=9)


def test_the_values_inside_a_dot_product_are_counted():
    drawn = len(boxes(draw(neuron())))

    with pytest.raises(ValueError, match=f"has {drawn} values to draw"):
        draw(neuron(), max_nodes=drawn - 1)


def test_a_dot_product_kept_whole_counts_as_one():
    assert len(boxes(draw(neuron(), fused=True, max_nodes=7))) == 7
