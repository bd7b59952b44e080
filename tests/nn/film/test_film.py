"""Films of a training: which frames are taken, what is in the page, and which files are written."""

import json
import math
import os
import random
import re
import sys
from base64 import b64decode
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from engine import Value
from nn import (
    MLP,
    Adam,
    Dropout,
    Film,
    LayerNorm,
    Linear,
    LogSoftmax,
    Module,
    Normalization,
    ReLU,
    Sequential,
    Softmax,
    cross_entropy,
    data,
    fit,
)
from nn.command.main import main
from nn.film.page import page
from nn.film.snapshots import program_of
from nn.plot.decisions import outputs

XOR = data.xor()


def network(nouts=(4, 1), nin=2):
    return MLP(nin, list(nouts), activation="tanh", rng=random.Random(0))


def still(y=0.0):
    """A model that stays as it is."""
    return lambda x: y


def filmed(steps=3, **options):
    film = Film(still(), *XOR, resolution=2, **options)
    for step in range(1, steps + 1):
        film.record(1.0 / step)
    return film


def trained(replay=False, epochs=30, loss=cross_entropy, film=True):
    """A model that learned moons, and the film of it."""
    inputs, targets = data.moons(n=40)
    model = network((4, 2))
    made = Film(model, inputs, targets, resolution=5, frames=10)
    fit(
        model,
        (inputs, targets),
        optimizer=Adam(model.parameters(), lr=0.05),
        loss=loss,
        epochs=epochs,
        batch_size=10,
        callbacks=made if film else (),
        replay=replay,
        progress=False,
    )
    return model, made


def content(text):
    """What the script of a page reads."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(found)


# ---- which frames there are ----


def test_the_first_frame_shows_the_model_before_the_training():
    (frame,) = Film(still(2.0), *XOR, resolution=2).reel()

    assert (frame.step, frame.winners, list(frame.numbers)) == (0, b"\1\1\1\1", [2.0] * 4)
    assert math.isnan(frame.loss)


def test_a_short_training_has_a_frame_for_each_step():
    assert [frame.step for frame in filmed(20).frames] == list(range(21))


@pytest.mark.parametrize("steps", [59, 60, 100, 3000])
@pytest.mark.parametrize("frames", [4, 60])
def test_there_are_never_more_frames_than_were_asked_for(frames, steps):
    reel = filmed(steps, frames=frames).reel()

    assert len(reel) <= frames
    assert (reel[0].step, reel[-1].step) == (0, steps)


def test_early_steps_stay_and_late_ones_grow_apart_by_a_factor():
    steps = [frame.step for frame in filmed(3000).reel()]
    late = [after / before for before, after in pairwise(steps[12:])]

    assert steps[:12] == list(range(12))
    assert len(steps) > 50
    assert max(late) < 1.3


def test_a_long_training_evaluates_its_model_little_more_often_than_it_has_frames():
    calls = []
    film = Film(lambda x: calls.append(x) or 0.0, *XOR, resolution=2, frames=20)
    for _ in range(5000):
        film.record(1.0)

    assert len(calls) / 4 < 4 * 20


def test_the_last_frame_shows_the_model_as_it_is_when_it_is_saved():
    answers = [-1.0]
    film = Film(lambda x: answers[-1], *XOR, resolution=2)
    film.record(0.5)
    answers.append(1.0)  # as when early stopping brings back the best weights

    assert [frame.winners for frame in film.reel()] == [b"\0\0\0\0", b"\1\1\1\1"]


def test_fit_calls_a_film_after_each_epoch():
    _, film = trained(epochs=5)

    assert [frame.step for frame in film.frames] == [0, 4, 8, 12, 16, 20]
    assert film.steps == [4, 8, 12, 16, 20]


def test_a_replayed_training_has_the_same_film_to_the_last_bit():
    _, eager = trained(replay=False)
    _, replayed = trained(replay=True)

    assert len(eager.frames) == 9
    assert eager.reel()[1:] == replayed.reel()[1:]
    assert page(eager) == page(replayed)


@pytest.mark.parametrize("replay", [False, True])
def test_filming_a_training_does_not_change_it(replay):
    numbers = [
        [p.data for p in trained(replay, film=film)[0].parameters()] for film in (False, True)
    ]

    assert numbers[0] == numbers[1]


def test_a_step_may_be_said_and_a_loss_may_be_a_value():
    film = Film(still(), *XOR, resolution=2)
    film.record(Value(0.25), step=10)
    film.record(0.125)

    assert (film.steps, film.losses) == ([10, 11], [0.25, 0.125])


# ---- what a frame holds ----


def test_a_model_of_one_output_is_split_at_the_threshold():
    film = Film(lambda x: x[0], *XOR, threshold=0.5, resolution=3)  # at -0.5, 0.5 and 1.5

    assert film.reel()[0].winners == b"\0\0\1" * 3
    assert list(film.reel()[0].numbers) == [0.75, 0.0, 0.75] * 3
    assert [mark for _, _, mark in film.points] == [0, 1, 1, 0]


def test_of_several_outputs_the_largest_wins_by_its_lead_over_the_next():
    film = Film(lambda x: [0.0, 3.0, 1.0], *XOR, resolution=2)

    assert film.reel()[0].winners == b"\1\1\1\1"
    assert list(film.reel()[0].numbers) == [2.0] * 4
    assert film.labels == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize("inputs", [[0.0, 1.0], [[0.0], [1.0]]])
def test_of_one_input_a_frame_is_the_curve(inputs):
    def double(x):
        return 2 * (x[0] if isinstance(x, list) else x)

    film = Film(double, inputs, [0.0, 2.0], resolution=1 + 1)

    assert list(film.reel()[0].numbers) == [2 * x for x in film.xs]
    assert (film.xs[0], film.xs[-1], film.labels) == (-0.25, 1.25, [])


# ---- earlier ----


def test_filming_a_module_asks_it_for_nothing_before_the_film_is_shown(monkeypatch):
    model = network()
    film = Film(model, *XOR, resolution=2)
    monkeypatch.setattr(MLP, "__call__", lambda *_: pytest.fail("it was asked"))

    film.record(1.0)

    assert list(film.frames[1].state) == [p.data for p in model.parameters()]


class Branching(Module):
    """What it gives is decided by Python, which no program has."""

    def __init__(self):
        self.w = Value(0.0)

    def __call__(self, x):
        return self.w * 1.0 if x[0] > 0.5 else -self.w


@pytest.mark.parametrize(
    "model",
    [
        network(),
        network((4, 3)),
        Sequential(Linear(2, 3), ReLU(), Dropout(0.5), Linear(3, 2), Softmax()),
        Sequential(Normalization([0.5, 0.5], [0.5, 0.5]), LayerNorm(2), Linear(2, 2), LogSoftmax()),
        MLP(2, [2, 1], activation=lambda z: z if z.data > 0 else z * 0.5),
        Branching(),
    ],
    ids=["mlp", "classes", "softmax", "norms", "activation-of-ones-own", "branching"],
)
def test_an_earlier_frame_shows_what_the_model_gave_then_to_the_last_bit(model):
    film = Film(model, *XOR, resolution=9)
    expected = []
    for step in range(1, 4):
        for i, p in enumerate(model.parameters()):
            p.data = math.sin(step + i)
        film.record(1.0)
        expected.append(outputs(model, film.model.samples))
    numbers = [p.data for p in model.parameters()]

    assert [film.model.outputs(shot.state) for shot in film.frames[1:]] == expected
    assert [p.data for p in model.parameters()] == numbers
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("model", "recorded"),
    [(network(), True), (Branching(), False), (MLP(2, [2, 1], activation=lambda z: z * z), False)],
)
def test_a_program_is_made_of_what_is_sure_not_to_branch(model, recorded):
    assert (program_of(model, [0.0, 1.0]) is not None) == recorded


def test_of_a_function_the_outputs_are_kept():
    answers = [1.0]
    film = Film(lambda x: answers[-1], *XOR, resolution=2)
    answers.append(-1.0)
    film.record(1.0)
    answers.append(1.0)

    assert [shot.state[0] for shot in film.frames] == [[1.0], [-1.0]]


def test_a_model_that_has_grown_is_refused():
    model = Sequential(Linear(2, 1))
    film = Film(model, *XOR, resolution=2)
    model.append(Linear(1, 1))

    with pytest.raises(ValueError, match="the model had 3 parameters, and has 5 now"):
        film.reel()


def test_numbers_that_are_none_name_their_step_and_leave_the_model_as_it_is():
    model = network()
    film = Film(model, *XOR, resolution=2)
    bias = model.layers[1].neurons[0].bias
    bias.data = math.nan
    film.record(1.0)
    bias.data = 0.25
    film.record(1.0)

    with pytest.raises(ValueError, match=r"^after step 1 the model gives nan at the point \["):
        film.reel()
    assert bias.data == 0.25


# ---- more inputs than two ----

ROWS = [[0.0, 1.0, 10.0, 4.0], [1.0, 3.0, 30.0, 4.0], [2.0, 5.0, 80.0, 4.0]]


def test_two_of_many_inputs_are_shown_and_the_others_held_at_their_mean():
    asked = []
    film = Film(lambda x: asked.append(x) or x[2], ROWS, [0, 1, 1], shown=(2, 0), resolution=2)

    assert film.names == ["input 2", "input 0"]
    assert film.points == [(10.0, 0.0, 0), (30.0, 1.0, 1), (80.0, 2.0, 1)]
    low, high = film.xs
    assert (low, high) == (10.0 - 70 / 4, 80.0 + 70 / 4)
    assert asked == [[y, 3.0, x, 4.0] for y in (-0.5, 2.5) for x in (low, high)]


def test_a_film_says_which_inputs_are_held_where():
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b<", "c", "d"], resolution=2)
    words = "held at the mean of the data: c = 40, d = 4; the points are off this plane"

    assert film.names == ["a", "b<"]
    assert film.held == words
    assert f"<p>{words}</p>" in page(film)
    assert "<p>held" not in page(filmed())


def test_hostile_names_of_held_inputs_stay_words():
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b", HOSTILE, "d"], resolution=2)

    assert "alert(1)</script>" not in page(film)
    assert HOSTILE in unescape(page(film))


def test_of_very_many_held_inputs_the_number_is_said():
    film = Film(still(), [[float(i) for i in range(9)]] * 2, [0, 1], resolution=2)

    assert film.held.startswith("held at the mean of the data: 7 other inputs; ")


def test_the_picture_says_it_too(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.axes import Axes

    titles, set_title = [], Axes.set_title
    monkeypatch.setattr(
        Axes, "set_title", lambda ax, text, **x: titles.append(text) or set_title(ax, text, **x)
    )
    film = Film(still(), ROWS, [0, 1, 1], names=["a", "b", "$c", "d"], resolution=2)
    film.save(tmp_path / "film.gif")

    assert film.held in " ".join(titles[0].split())


# ---- the page ----


def test_the_page_has_a_picture_a_step_and_a_loss_for_each_frame():
    found = content(page(filmed(2)))

    assert [frame["step"] for frame in found["frames"]] == [0, 1, 2]
    assert [frame["loss"] for frame in found["frames"]] == [None, 1.0, 0.5]
    assert found["curve"] == [[1, 1.0], [2, 0.5]]
    assert b64decode(found["frames"][0]["picture"]) == b"\0" * 8


def test_the_lead_of_a_class_is_a_byte():
    film = Film(lambda x: [0.0, 3.0], *XOR, resolution=2)

    # A lead as large as that in the middle is half of the whole scale.
    assert b64decode(content(page(film))["frames"][0]["picture"]) == b"\1" * 4 + b"\x80" * 4


def test_the_page_of_a_long_training_draws_a_part_of_its_losses_with_those_of_all_frames():
    found = content(page(filmed(10_000)))
    known = {step for step, _ in found["curve"]}

    assert len(known) < 700
    assert {frame["step"] for frame in found["frames"]} - {0} <= known


def test_a_loss_that_is_not_finite_is_written_and_not_drawn():
    film = filmed(1)
    film.record(math.nan)
    film.record(math.inf)
    found = content(page(film))

    assert [frame["words"] for frame in found["frames"]] == ["nan", "1", "nan", "inf"]
    assert found["curve"] == [[1, 1.0], [2, None], [3, None]]


HOSTILE = "</script><script>alert(1)</script><!-- \" ' & ${data} $title \u2028"


def test_hostile_words_stay_words():
    options = {"names": [HOSTILE] * 2, "class_names": [HOSTILE] * 2}
    text = page(filmed(1, title=HOSTILE, **options))
    found = content(text)

    assert "alert(1)</script>" not in text
    assert len(re.findall("<script", text)) == 2
    assert [unescape(x) for x in re.findall("<title>(.*)</title>", text)] == [HOSTILE]
    assert found["title"] == found["names"][0] == found["labels"][1] == HOSTILE


def test_a_title_and_names_may_be_numbers():
    found = content(page(filmed(1, title=7, names=[1, 2])))

    assert (found["title"], found["names"]) == ("7", ["1", "2"])


def test_the_page_asks_for_nothing_from_elsewhere():
    text = page(filmed(1))

    assert "default-src 'none'" in text
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == []
    assert re.findall(r"https?://[\w./]+", text) == ["http://www.w3.org/2000/svg"]  # a name


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    film = filmed(1, title=HOSTILE)
    (srcdoc,) = re.findall(r'^<iframe srcdoc="([^"]*)"', film._repr_html_())

    assert unescape(srcdoc) == page(film)


# ---- files ----


def test_a_page_is_a_file_of_its_own(tmp_path):
    filmed(1).save(tmp_path / "film.HTML")

    assert (tmp_path / "film.HTML").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(("ending", "kind"), [(".gif", "GIF"), (".apng", "PNG"), (".png", "PNG")])
def test_a_picture_moves_through_all_frames(ending, kind, tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from PIL import Image

    _, film = trained(epochs=4)
    film.save(tmp_path / ("film" + ending))
    with Image.open(tmp_path / ("film" + ending)) as image:
        image.load()
        assert (image.format, image.n_frames, image.info["loop"]) == (kind, 5, 0)

    film.save(tmp_path / ("again" + ending))
    assert (tmp_path / ("film" + ending)).read_bytes() == (
        tmp_path / ("again" + ending)
    ).read_bytes()


def test_the_picture_of_a_frame_shows_who_wins_where():
    numpy = pytest.importorskip("numpy", reason="needs numpy, which matplotlib brings")
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    from matplotlib.colors import to_rgb

    from nn.film.animation import regions
    from nn.plot.axes import COLORS

    film = Film(lambda x: x[0] - 0.5, *XOR, resolution=4)
    colors = regions(film, film.reel()[0], 1.0)

    assert numpy.allclose(colors[:, :99, :3], to_rgb(COLORS[0]))
    assert numpy.allclose(colors[:, 101:, :3], to_rgb(COLORS[1]))
    assert colors[0, 0, 3] > colors[0, 99, 3]  # paler towards the border


def test_a_curve_without_losses_makes_a_picture_too(tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    Film(lambda x: x[0], [[0.0], [1.0]], [0.0, 1.0], title=r"$\no").save(tmp_path / "film.gif")

    assert (tmp_path / "film.gif").read_bytes().startswith(b"GIF89a")


def test_without_matplotlib_a_picture_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(ImportError, match=re.escape("pip install 'chainrule[plot]'")):
        filmed(1).save(tmp_path / "film.gif")
    filmed(1).save(tmp_path / "film.html")
    assert os.listdir(tmp_path) == ["film.html"]


# ---- what is refused ----


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Film(still(), [[]], [0]), "a film shows models of 1 input or more, got none"),
        (lambda: Film(still(), *XOR, shown=(0, 2)), "two of the inputs 0 to 1, got [0, 2]"),
        (lambda: Film(still(), *XOR, shown=(1, 1)), "two of the inputs 0 to 1, got [1, 1]"),
        (lambda: Film(still(), *XOR, shown=(0, True)), "two of the inputs 0 to 1, got [0, True]"),
        (lambda: Film(still(), *XOR, shown=[1]), "two of the inputs 0 to 1, got [1]"),
        (
            lambda: Film(still(), [[1.0] * 4], [0], names="abc"),
            "names are those of 2 axes, or of 4 inputs, got 3",
        ),
        (lambda: Film(still([1.0, 2.0]), [[1.0]], [0]), "of 1 input shows 1 output, got 2"),
        (lambda: Film(still(), [[0, 0]] * 3, [1, 2, 3]), "shows 2 classes, got 3 targets"),
        (lambda: Film(still([1.0, 2.0]), [[0, 0]], [2]), "of 2 outputs shows no class 2"),
        (lambda: Film(still([1.0] * 257), [[0, 0]], [2]), "up to 256 classes, got a model of 257"),
        (lambda: Film(still([1.0, 2.0]), [[0, 0]], [0.5]), "target 0 is a class"),
        (lambda: Film(still(math.nan), *XOR), "the model gives nan at the point"),
        (lambda: Film(still(), *XOR, frames=3), "frames is a whole number of at least 4, got 3"),
        (lambda: Film(still(), *XOR, resolution=1), "resolution is a whole number of at least 2"),
        (lambda: Film(still(), *XOR, names=["x"]), "names are those of 2 axes, got 1"),
        (lambda: Film(still(), *XOR, class_names=["x"]), "there are 2 classes, got 1 class_names"),
        (lambda: Film(still(), [], []), "there are no samples"),
        (lambda: filmed(3).record(1.0, step=3), "step 3 is not after step 3: a film is of one"),
        (lambda: filmed(1).save("film.mp4"), "saved as .html, .gif, .apng, .png, got 'film.mp4'"),
    ],
)
def test_what_no_film_can_show_is_refused(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Film("model", *XOR), "the model is a function of two inputs, got str"),
        (lambda: Film(still(), *XOR, class_names="ab"), "class_names are a list of texts, got str"),
        (lambda: filmed(1).record("1.0"), "str"),
    ],
)
def test_what_is_no_setting_of_a_film_is_refused(make, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


def test_a_loss_that_is_refused_leaves_the_film_as_it_was():
    film = filmed(1)
    with pytest.raises(TypeError):
        film.record("1.0")

    assert (film.steps, len(film.frames)) == ([1], 2)


# ---- the command ----


@pytest.fixture
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_the_command_films_a_training(capsys):
    assert main(["train", "xor", "--steps", "30", "--film", "films/xor.html"]) in (0, 1)
    found = content(Path("films/xor.html").read_text("utf-8"))

    assert "wrote films" in capsys.readouterr().out
    assert (found["title"], found["names"]) == ("xor", ["x0", "x1"])
    assert [found["frames"][i]["step"] for i in (0, 1, -1)] == [0, 1, 30]


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_the_command_names_the_classes_of_a_film():
    assert main(["train", "moons", "--film", "moons.html", "--steps", "2", "--quiet"]) in (0, 1)

    assert content(Path("moons.html").read_text("utf-8"))["labels"] == ["class 0", "class 1"]


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["xor", "--film", "."], "a film is saved as .html, .gif, .apng, .png"),
        (["xor", "--film", "xor.avi"], "a film is saved as .html, .gif, .apng, .png"),
    ],
)
def test_a_film_that_cannot_be_is_refused_before_the_training(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert os.listdir() == []


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_the_command_films_a_task_of_many_inputs():
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    main(["train", "iris", "--film", "iris.html", "--epochs", "5", "--quiet"])

    text = Path("iris.html").read_text("utf-8")
    assert content(text)["names"] == ["sepal length (cm)", "sepal width (cm)"]
    assert "<p>held at the mean of the data: petal length (cm) = " in text


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_a_film_that_would_replace_a_folder_is_refused_before_the_training(capsys):
    Path("film.html").mkdir()

    assert main(["train", "xor", "--film", "film.html"]) == 2
    assert "cannot write film.html: it is a folder" in capsys.readouterr().err


@pytest.mark.usefixtures("_in_a_folder_of_its_own")
def test_by_default_nothing_is_filmed():
    main(["train", "xor", "--steps", "2", "--quiet"])

    assert os.listdir() == ["xor"]
