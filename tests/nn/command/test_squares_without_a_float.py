"""The judge's figure where the squares of errors are larger or smaller than a float holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.command.judge import size_of_errors
from nn.command.main import main
from nn.losses import mse_loss


@given(st.integers(-290, 290), st.lists(st.sampled_from([-3.0, -1.0, 2.0, 4.0]), min_size=1))
def test_the_figure_is_neither_zero_nor_infinite_for_errors_of_any_size(exponent, shares):
    errors = [share * 10.0**exponent for share in shares]
    targets = [0.0] * len(errors)
    said = size_of_errors(mse_loss(errors, targets), errors, targets)
    figure = float(said.rsplit(" ", 1)[1])

    assert 0 < figure < float("inf")
    size = (sum([share * share for share in shares]) / len(shares)) ** 0.5
    if said.startswith("root"):
        assert figure == pytest.approx(size * 10.0**exponent, rel=0.05)  # of two digits
    else:
        assert figure == pytest.approx(size * size * 10.0 ** (2 * exponent), rel=0.05)


def test_no_error_is_a_mean_squared_error_of_zero():
    assert size_of_errors(0.0, [1e200], [1e200]) == "mean squared error 0"


@pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")
def test_amounts_of_1e155_are_judged_in_numbers(capsys):
    with open("big.csv", "w") as file:
        file.write("x,y\n" + "".join([f"{i},{i * i % 7 + 1}e155\n" for i in range(40)]))

    assert main(["train", "big.csv", "--target", "y", "--kind", "numbers", "--epochs", "2"]) == 0
    out = capsys.readouterr().out
    assert "root of the mean squared error " in out
    assert "e+155, R2 " in out
    assert "inf" not in out


@pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")
@pytest.mark.parametrize("file", ["xor/checkpoint.json", "table.csv", "xor/empty", "other.json"])
def test_a_file_that_is_no_network_is_refused_with_one_that_is(file, capsys):
    main(["train", "xor", "--steps", "1", "--quiet"])
    for name in ("table.csv", "xor/empty", "other.json"):
        with open(name, "w") as made:
            made.write("" if name == "xor/empty" else "{}")
    capsys.readouterr()

    assert main(["predict", file, "0,1"]) == 2
    err = capsys.readouterr().err
    assert err.endswith("; a network is a file that train saves, such as xor/weights.json\n")
