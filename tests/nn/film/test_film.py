"""Films of a training: which frames are taken, what they hold, and what is refused."""

import math
import re
from itertools import pairwise

import pytest

from engine import Value
from nn import (
    Film,
)
from nn.film.page import page
from tests.nn.film.films import XOR, filmed, still, trained

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
