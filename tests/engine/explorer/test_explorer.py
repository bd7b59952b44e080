"""The explorer: what its page holds, what it refuses, and where the cards stand."""

import html
import json
import math
import re
import shutil
from html.parser import HTMLParser

import pytest

import engine
from engine import Op, Value, dot, explore, log, stop_gradient, tanh
from engine.explorer.assets import script
from engine.explorer.contents import boxes_of
from engine.explorer.explorer import NEEDS
from engine.explorer.placement import BADGE, CARD, placement
from nn import MLP
from nn.command.main import main

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror=window.hacked=1>",
    '"; digraph { a -> b }',
    "]]>--><!--",
    "&lt;b&gt;",
]


def neuron():
    w, x, b = Value(2.0, label="w"), Value(-0.5, label="x"), Value(1.5, label="b")
    return tanh(w * x + b)


class Reader(HTMLParser):
    """The elements of a page, and the text in each."""

    def __init__(self, page):
        super().__init__()
        self.elements = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self.elements:
            self.elements[-1][2] += data


def contents_of(page):
    elements = Reader(page).elements
    (text,) = [text for tag, attributes, text in elements if attributes.get("id") == "data"]
    return json.loads(text)


# ---- what it shows ----


def test_an_explorer_has_the_numbers_of_the_engine():
    y = neuron()
    contents = explore(y).contents

    assert [node["name"] for node in contents["nodes"]] == ["w", "x", "v1", "b", "v2", "L"]
    assert contents["numbers"]["data"][-1] == y.data
    assert contents["numbers"]["slopes"][2] == [-0.5, 2.0]
    assert contents["numbers"]["slopes"][5] == [1 - y.data**2]


def test_rules_are_in_symbols():
    a, b = Value(3.0, label="a"), Value(2.0, label="b")
    contents = explore((a / b) ** 3 + a**b + log(b)).contents

    rules = {node["name"]: node["slopes"] for node in contents["nodes"] if node["op"]}
    assert rules["v1"] == ["(1 / b)", "(-v1 / b)"]
    assert rules["v2"] == ["(3 * v1**2)", None]
    assert rules["v3"] == ["(b * a**(b - 1))", "(v3 * log(a))"]
    assert rules["v5"] == ["(1 / b)"]


def test_a_graph_is_left_as_it_is():
    x = Value(3.0)
    y = x * x
    y.backward()
    before = x.grad, y.grad, x.data

    explore(y).html()

    assert (x.grad, y.grad, x.data) == before


def test_a_dot_product_is_shown_as_products_and_sums():
    contents = explore(dot([Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], Value(5.0))).contents

    assert [node["called"] for node in contents["nodes"] if node["op"]] == ["*", "+", "*", "+"]


def test_names_are_distinct():
    x, again, named = Value(1.0, label="x"), Value(2.0, label="x"), Value(3.0, label="v1")
    contents = explore(x * again + named).contents

    assert [node["name"] for node in contents["nodes"]] == ["x", "x_2", "v2", "v1", "L"]


def test_a_models_parameters_are_called_by_their_place_in_it():
    model = MLP(2, [2, 1], activation="tanh")
    nodes = explore(model([1.0, Value(2.0, label="x")]), model=model).contents["nodes"]

    found = {node["name"]: node["path"] for node in nodes if "path" in node}
    assert len(found) == 9
    assert found["w0_1_0"] == "layers.0.neurons.1.weights.0"
    assert found["b1_0"] == "layers.1.neurons.0.bias"
    assert {"x", "v1", "L"} <= {node["name"] for node in nodes} - set(found)


def test_a_graph_is_boxed_once(monkeypatch):
    boxed = []
    monkeypatch.setattr(
        "engine.explorer.explorer.boxes_of", lambda *x: boxed.append(x) or boxes_of(*x)
    )
    explore(neuron()).html()

    assert len(boxed) == 1


def test_a_flat_op_passes_no_gradient():
    x = Value(2.0)

    assert explore(stop_gradient(x) * x).contents["nodes"][1]["slopes"] == [None]


def test_nan_and_infinity_are_carried():
    contents = contents_of(explore(Value(math.nan) * Value(math.inf) + -math.inf).html())

    assert contents["numbers"]["data"] == ["nan", "inf", "nan", "nan"]
    assert contents["nodes"][3]["inputs"][1] == {"number": "-inf"}


def test_an_op_of_ones_own_has_its_slope_by_name():
    cube = Op("cube", "cube", lambda x: x**3, lambda z, x: 3 * x**2)
    contents = explore(cube(Value(2.0, label="x"))).contents

    assert contents["nodes"][1]["slopes"] == ["dL/dx"]
    assert contents["numbers"]["slopes"][1] == [12.0]


def test_a_leaf_alone_can_be_explored():
    assert len(explore(Value(1.0)).contents["nodes"]) == 1


# ---- what is refused ----


def test_a_graph_too_large_is_refused_with_the_number_and_what_to_do():
    x = Value(1.0)
    y = x
    for _ in range(400):
        y = y * x

    with pytest.raises(
        ValueError,
        match=r"^the graph has 401 values to step through, more than max_nodes=300: explore a part "
        r"of it, .* or all of it with max_nodes=None$",
    ):
        explore(y)
    with pytest.raises(ValueError, match="more than max_nodes=2: "):
        explore(neuron(), max_nodes=2)


def test_the_number_counts_what_a_dot_product_unfolds_to():
    n = 3
    y = dot([Value(1.0)] * n, [Value(2.0)] * n, Value(3.0))

    size = len(explore(y, max_nodes=None).contents["nodes"])
    with pytest.raises(ValueError, match=f"^the graph has {size} values"):
        explore(y, max_nodes=size - 1)
    assert len(explore(y, max_nodes=size).contents["nodes"]) == size


def test_no_limit_is_no_limit(monkeypatch):
    monkeypatch.setenv("CHAINRULE_DOT", "builtin")
    x = Value(1.0)
    y = x
    for _ in range(400):
        y = y * x

    assert len(explore(y, max_nodes=None).contents["nodes"]) == 401


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match=r"^explore takes a Value, got float 2\.0$"):
        explore(2.0)


def test_an_unknown_language_is_refused_with_the_known():
    with pytest.raises(ValueError, match=r"^unknown lang 'fr': take one of en, zh$"):
        explore(neuron(), lang="fr")


# ---- the page ----


def test_the_page_is_one_file_that_may_ask_for_nothing():
    page = explore(neuron()).html()

    elements = Reader(page).elements
    policy = [a["content"] for _, a, _ in elements if a.get("http-equiv")]
    assert policy[0].startswith("default-src 'none'; script-src 'sha256-")
    assert not [a for _, a, _ in elements if "src" in a or "href" in a]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_script_is_small_and_sets_no_markup():
    text = script()

    assert len(text.encode()) < 60_000
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert "</script" not in text


def test_labels_stay_text():
    values = [Value(float(i), label=label) for i, label in enumerate(HOSTILE)]
    explorer = explore(engine.maximum(*values), title=HOSTILE[0])
    page = explorer.html()

    assert [tag for tag, _, _ in Reader(page).elements].count("script") == 2
    assert not [tag for tag, _, _ in Reader(page).elements if tag == "img"]
    names = [node["name"] for node in contents_of(page)["nodes"]]
    assert names[1] == "<img src=x onerror=wind…"
    assert names[3:5] == HOSTILE[3:]


def test_characters_that_nothing_shows_are_replaced():
    contents = explore(Value(1.0, label="a\n\tb\x00\ud800\u202e")).contents

    assert contents["nodes"][0]["name"] == "a b\ufffd\ufffd\ufffd"


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    explorer = explore(neuron(), title='a "title"')

    elements = Reader(explorer._repr_html_()).elements
    (attributes,) = [attributes for tag, attributes, _ in elements if tag == "iframe"]
    assert attributes["srcdoc"] == explorer.page(NEEDS)
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["title"] == 'a "title"'
    assert repr(explorer) == "<Explorer of 6 values>"


def test_save_writes_the_page(tmp_path):
    explorer = explore(neuron(), lang="zh", title="a < b")

    path = explorer.save(tmp_path / "steps.html")

    assert path == tmp_path / "steps.html"
    text = path.read_text("utf-8")
    assert text == explorer.html()
    assert '<html lang="zh">' in text
    assert f"<title>{html.escape('a < b')}</title>" in text
    assert [file.name for file in tmp_path.iterdir()] == ["steps.html"]


# ---- where the cards stand ----

SHAPE = [[], [], [0, 1], [2, 0], [3, 3], [{"number": 2.0}, 4]]


@pytest.mark.parametrize("program", ["dot", "builtin", "/nonexistent/dot", "graphviz-pure"])
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_cards_stand_apart_and_edges_lead_to_them(program, rankdir, monkeypatch):
    if program == "dot" and not shutil.which("dot"):
        pytest.skip("needs dot, of Graphviz")
    monkeypatch.setenv("CHAINRULE_DOT", program)

    placed = placement(SHAPE, rankdir)

    width, height = CARD
    cards = placed["cards"]
    for i, (x, y) in enumerate(cards):
        assert 0 <= x <= placed["width"] - width + 0.1
        assert 0 <= y <= placed["height"] - height + 0.1
        for u, v in cards[:i]:
            assert abs(x - u) >= width or abs(y - v) >= height
    assert sorted(edge[:2] for edge in placed["edges"]) == [
        [i, k] for i, inputs in enumerate(SHAPE) for k in range(len(inputs))
    ]
    for i, _, path in placed["edges"]:
        x, y = map(float, path.split()[-1].split(","))
        left, top = cards[i]
        goal = (
            (left - BADGE, top + height / 2) if rankdir == "LR" else (left + width / 2, top - BADGE)
        )
        assert (x, y) == pytest.approx(goal, abs=1.5)
    assert [number[:2] for number in placed["numbers"]] == [[5, 0]]


# ---- the command ----


def test_the_command_writes_a_page(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    path = tmp_path / "steps.html"

    assert main(["explore", "-a*b", "a=2", "b=3", "-o", str(path), "--lang", "zh", "--open"]) == 0

    assert capsys.readouterr().out == f"-a*b = -6, step by step: {path}\n"
    assert contents_of(path.read_text("utf-8"))["title"] == "-a*b"
    assert opened == [path.as_uri()]


def test_the_command_shows_which_part_of_the_formula_a_step_is(tmp_path):
    path = tmp_path / "steps.html"
    main(["explore", "-a*b + 2", "a=2", "b=3", "-o", str(path)])

    lines = [node.get("line") for node in contents_of(path.read_text("utf-8"))["nodes"]]
    assert lines == [
        None,
        ["", "", "-a", "*b + 2"],
        None,
        ["", "", "-a*b", " + 2"],
        ["", "", "-a*b + 2", ""],
    ]


def test_the_command_names_what_is_wrong(tmp_path, capsys):
    path = tmp_path / "steps.html"

    assert main(["explore", "a*c", "a=2", "-o", str(path)]) == 2
    assert capsys.readouterr().err == "chainrule: c has no value: give it one, as in c=1\n"
    assert main(["explore", "a", "a=2", "-o", str(tmp_path / "no" / "steps.html")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert not path.exists()


def test_the_command_writes_no_page_into_a_file_that_says_it_is_a_picture(capsys, tmp_path):
    path = tmp_path / "steps.svg"

    assert main(["explore", "a", "a=2", "-o", str(path)]) == 2
    assert f"the page is HTML: it goes into a .html file, got {path}" in capsys.readouterr().err
    assert not path.exists()


# ---- the widget ----


def test_the_widget_names_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    monkeypatch.delitem(__import__("sys").modules, "engine.explorer.widget", raising=False)

    with pytest.raises(ImportError, match=r"needs the package anywidget: pip install 'chainrule\["):
        explore(neuron()).widget()


def test_a_slider_of_the_widget_writes_back_to_the_value():
    pytest.importorskip("anywidget", reason="needs anywidget, of the extra widget")
    w, x = Value(2.0, label="w"), Value(-0.5, label="x")
    y = dot([w], [x], Value(1.5))
    z = tanh(y)
    widget = explore(z).widget()

    widget.moved = [0, "3.0", 1]

    again = [Value(3.0), Value(-0.5)]
    expected = tanh(dot(again[:1], again[1:], Value(1.5)))
    expected.backward()
    assert w.data == 3.0
    assert z.data == expected.data
    assert [w.grad, x.grad] == [v.grad for v in again]
    assert widget.numbers["data"][-1] == z.data
    assert widget.numbers["error"] is None


def test_a_number_that_the_widget_cannot_take_changes_nothing():
    pytest.importorskip("anywidget", reason="needs anywidget, of the extra widget")
    x = Value(2.0, label="x")
    y = log(x * 1.0)
    widget = explore(y).widget()

    widget.moved = [0, "-1.0", 1]

    assert (x.data, y.data) == (2.0, math.log(2.0))
    message = "log(-1.0): math domain error"
    assert widget.numbers["error"] == {"node": 0, "message": message, "kept": True}
    assert widget.numbers["data"][0] == 2.0
