"""The digits of predictions: as many as tell rows apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.command.digits import told_apart
from nn.command.main import main
from tests.nn.command.own_tables import table


@pytest.mark.parametrize(
    ("numbers", "spread", "texts"),
    [
        ([0.1 + 0.2, 1.0, 0.0, -2.5], None, ["0.3", "1", "0", "-2.5"]),
        ([2601948.2], None, ["2601948"]),
        ([999999.7, 1e15], None, ["1000000", "1000000000000000"]),
        ([1700003600.0], 3600.0, ["1700003600"]),
        ([1700003600.25], 1e-3, ["1700003600.25"]),
        ([1.0, 1.0 + 2**-52], None, ["1", "1.0000000000000002"]),
        ([1e-7, 1e300, float("inf")], None, ["1e-07", "1e+300", "inf"]),
        ([], None, []),
    ],
)
def test_numbers_are_written_with_the_digits_that_tell(numbers, spread, texts):
    assert told_apart(numbers, spread) == texts


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=6), st.floats(0, 60), st.booleans())
def test_different_numbers_have_different_texts(numbers, ulps, close):
    if close and numbers and abs(numbers[0]) < 1e300:
        numbers = [*numbers, numbers[0] * (1 + ulps * 2**-52)]
    texts = dict(zip(numbers, told_apart(numbers)))

    assert len(set(texts.values())) == len(texts)
    assert all(float(t) == pytest.approx(x, rel=1e-5, abs=0) for x, t in texts.items())


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e15, 1e15), st.floats(1e-3, 1e3))
def test_a_lone_number_is_written_to_a_part_of_the_spread(x, spread):
    [text] = told_apart([x], spread)

    assert abs(float(text) - x) <= 1e-5 * spread + abs(x) * 2**-52
    assert "e+" not in text


@pytest.mark.usefixtures("a_folder_of_its_own")
def test_predict_tells_near_amounts_apart(capsys, no_plots):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    rows = [[a % 3 - 1, a % 5, 1700000000 + 3600 * (a % 3 - 1)] for a in range(60)]
    path = table("times.csv", [["a", "b", "time"], *rows])

    assert main(["train", path, "--target", "time", "--kind", "numbers", "--quiet"]) == 0
    capsys.readouterr()
    for row in ("1,0", "-1,0", "0,0"):  # each is a command of its own
        assert main(["predict", "times/weights.json", row]) == 0
    answers = capsys.readouterr().out.split()
    assert len(set(answers)) == 3
    assert [float(y) for y in answers] == pytest.approx(
        [1700003600, 1699996400, 1700000000], abs=900
    )
