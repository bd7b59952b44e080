"""The pictures of a small network: what is on them, and that they fit a projector."""

import random
import re
import shutil
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diagrams import colors
from nn import MLP
from nn.activation_names import ACTIVATIONS
from nn.command.main import main
from nn.command.report import picture_of_loss, untrained
from nn.data.tables import Table
from tests.engine.pictures import RENDERERS, texts


@pytest.fixture(scope="module")
def xor(tmp_path_factory):
    """The folder of `chainrule train xor`."""
    return trained(tmp_path_factory.mktemp("job") / "xor")


def trained(folder, *more):
    assert main(["train", "xor", "--quiet", "--output", str(folder), *more]) == 0
    return folder


def size(svg):
    """The width and the height in points."""
    root = ElementTree.fromstring(svg)
    return [float(root.attrib[side].removesuffix("pt")) for side in ("width", "height")]


def gradients(svg):
    return [abs(float(x)) for text in texts(svg) if text.startswith("grad")
            for x in re.findall(r"-?[\d.]+(?:e[-+]\d+)?", text)]  # fmt: skip


def fits(svg):
    """Whether the picture fits on 1280 x 720 dots, as it is."""
    width, height = size(svg)
    return width <= 1280 and height <= 720


@pytest.mark.parametrize("program", RENDERERS)
def test_the_loss_of_the_main_job_fits_a_projector(program, monkeypatch, tmp_path):
    monkeypatch.setenv("CHAINRULE_DOT", program)

    assert fits((trained(tmp_path / "xor") / "loss.svg").read_bytes())


def test_the_gradients_of_the_loss_are_those_of_the_untrained_network(xor):
    from nn import data, mse_loss

    model = MLP(2, [4, 1], activation="tanh", rng=random.Random(0))
    inputs, targets = data.xor()
    mse_loss([model(x) for x in inputs], targets).backward()

    first = [p.grad for p in model.layers[0].parameters()]
    found = texts((xor / "loss.svg").read_bytes())
    assert f"grad {min(first):.4g} to {max(first):.4g}" in found
    assert max(gradients((xor / "loss.svg").read_bytes())) > 0.1


def test_the_loss_says_in_its_title_that_the_network_is_untrained(xor):
    title = "The loss of the untrained network, over 4 rows: where its training begins"

    assert title in texts((xor / "loss.svg").read_bytes())


@pytest.mark.parametrize("name", ["loss.svg", "prediction.svg"])
def test_no_zero_of_the_main_job_has_a_sign(xor, name):
    assert [text for text in texts((xor / name).read_bytes()) if text.endswith(" -0")] == []


def test_inputs_parameters_targets_and_constants_are_told_apart(xor):
    picture = (xor / "loss.svg").read_text()
    legend = ["input", "parameter", "target", "computed", "operation", "constant"]

    assert [text for text in legend if text in texts(picture.encode())] == legend
    assert all(f'fill="{fill}"' in picture for fill in (colors.INPUT, colors.PARAMETER))
    assert f'fill="{colors.TARGET}"' in picture


def test_inputs_and_parameters_of_the_prediction_are_told_apart(xor):
    picture = (xor / "prediction.svg").read_text().partition("</style>")[2]

    assert picture.count(f'fill="{colors.PARAMETER}"') == 17 + 1  # and the legend
    assert picture.count(f'fill="{colors.INPUT}"') == 2 + 1


def test_the_picture_of_a_resumed_training_is_the_same(xor, tmp_path):
    shutil.copytree(xor, tmp_path / "xor")

    trained(tmp_path / "xor", "--resume", "--epochs", "1100")

    assert (tmp_path / "xor" / "loss.svg").read_bytes() == (xor / "loss.svg").read_bytes()


def test_the_trained_network_is_left_as_it_is():
    model = MLP(2, [3, 1], activation="tanh", rng=random.Random(5))
    for p in model.parameters():
        p.data += 1.0
    before = [p.data for p in model.parameters()]

    fresh = untrained(model, 5)

    assert [p.data for p in model.parameters()] == before
    assert [p.data + 1.0 for p in fresh.parameters()] == before


@settings(max_examples=25, deadline=None)
@given(
    nin=st.integers(1, 6),
    hidden=st.lists(st.integers(1, 4), max_size=2),
    rows=st.integers(1, 8),
    classes=st.sampled_from([0, 2, 3]),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    seed=st.integers(0, 99),
)
def test_the_loss_of_any_small_network_fits_a_projector(
    nin, hidden, rows, classes, activation, seed
):
    rng = random.Random(seed)
    inputs = [[rng.uniform(0.1, 1) for _ in range(nin)] for _ in range(rows)]
    targets = [rng.randrange(classes) if classes else rng.uniform(-1, 1) for _ in range(rows)]
    names = [f"c{i}" for i in range(classes)] or None
    table = Table(inputs, targets, [f"x{i}" for i in range(nin)], "y", names)
    model = MLP(nin, [*hidden, classes or 1], activation=activation, rng=rng)

    diagram = picture_of_loss(model, table, (inputs, targets))
    diagram.program = "builtin"
    picture = diagram.pipe()

    width, height = size(picture)
    assert height <= 720
    assert width <= 2.2 * 1280  # deep ones are wide, and shrink to half at most
    assert "loss" in texts(picture)


def test_a_value_takes_the_name_of_its_column_in_the_loss():
    table = Table([[1.0, 2.0]], [3.0], ["length", "width"], "price")
    model = MLP(2, [1], rng=random.Random(0))

    source = picture_of_loss(model, table, ([[1.0, 2.0]], [3.0])).source

    assert all(f'label="{name}|' in source for name in ("length", "width", "price"))
