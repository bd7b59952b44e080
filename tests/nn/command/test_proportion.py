"""Work in proportion to a table: many columns or many classes cost what they are, not the square.

Nothing is timed: the comparisons of names are counted, and the pictures.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ops
from engine.programs.neurons import layers
from nn.command.main import main
from nn.command.network import check_size
from nn.data.column_names import check_names, narrowed

FOLDER = pytest.mark.usefixtures("a_folder_of_its_own")


class Counted:
    """Something that is equal to its like, and counts how often it is asked."""

    asked = 0

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        Counted.asked += 1
        return isinstance(other, Counted) and self.name == other.name

    def __hash__(self):
        return hash(self.name)


class Name(Counted, str):
    """A name that counts how often it is compared."""

    def __new__(cls, name):
        return str.__new__(cls, name)

    __hash__ = Counted.__hash__


def comparisons(work, n):
    Counted.asked = 0
    work(n)
    return Counted.asked


def names(n):
    return [Name(f"c{i}") for i in range(n)]


def check(n):
    check_names(names(n), Name(f"c{n - 1}"), ",")


def leave_out(n):
    narrowed(names(n), [], Name("c0"), None, names(n)[1:], ",")


def take(n):
    narrowed(names(n), [], Name("c0"), names(n), [], ",")


def lower(n):
    """Two layers of n neurons, each of which has its own list of the n inputs."""
    steps = [
        (ops.dot, [*range(n), *[Counted(f"{layer}.{i}") for i in range(n)]], True)
        for layer in range(2)
        for _ in range(4)
    ]
    assert len(layers(steps, lambda x: isinstance(x, int), True)) == 2


@settings(max_examples=5, deadline=None)
@given(st.integers(50, 100))
@pytest.mark.parametrize("work", [check, leave_out, take, lower])
def test_twice_the_columns_take_twice_the_comparisons(work, n):
    assert comparisons(work, 4 * n) <= 6 * comparisons(work, n) + 100


def wide(n):
    with open("wide.csv", "w") as file:
        file.write(",".join([f"c{i}" for i in range(n)]) + "\n")
        file.writelines([",".join([str(i * k % 7) for i in range(n)]) + "\n" for k in (2, 3)])


@FOLDER
def test_a_table_of_so_many_columns_that_no_checkpoint_holds_the_network_is_refused(capsys):
    wide(60_000)

    assert main(["train", "wide.csv", "--target", "c5", "--quiet"]) == 2
    message = "59999 features and layers of 16, 1 have 960017 parameters, more than 500000"
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@FOLDER
def test_a_few_of_many_columns_are_taken(no_plots):
    wide(60_000)
    words = ["--target", "c5", "--kind", "numbers", "--epochs", "1", "--quiet"]

    assert main(["train", "wide.csv", *words, "--columns", "c1", "c2"]) == 0
    assert main(["predict", "wide/weights.json", "wide.csv"]) == 0


@pytest.mark.parametrize(("optimizer", "most"), [("adam", 500_000), ("lbfgs", 83_333)])
def test_a_network_is_refused_just_above_what_a_checkpoint_holds(optimizer, most):
    check_size(most - 1, [1], optimizer)

    with pytest.raises(ValueError, match=f"have {most + 1} parameters, more than {most}: "):
        check_size(most, [1], optimizer)


@pytest.mark.parametrize(("classes", "drawn"), [(40, 1), (41, 0)])
@FOLDER
def test_a_confusion_matrix_is_drawn_of_classes_that_can_be_read(classes, drawn, monkeypatch):
    pytest.importorskip("matplotlib")
    found = []
    monkeypatch.setattr(
        "nn.command.report.write_figures", lambda _folder, plots: found.extend(plots()) or []
    )
    with open("own.csv", "w") as file:
        file.write("x,y\n" + "".join([f"{i},k{i % classes}\n" for i in range(2 * classes)]))

    assert main(["train", "own.csv", "--target", "y", "--epochs", "1", "--quiet"]) == 0
    assert found.count("confusion_matrix.svg") == drawn


@FOLDER
def test_no_graph_of_all_held_out_rows_is_kept_for_the_pictures(monkeypatch):
    pytest.importorskip("matplotlib")
    from nn import plot

    seen = []
    monkeypatch.setattr(
        plot, "plot_confusion_matrix", lambda _targets, outputs, _ax, **_: seen.extend(outputs)
    )
    assert main(["train", "blobs", "--epochs", "1", "--output", "own", "--quiet"]) in (0, 1)

    assert {type(x) for row in seen for x in row} == {float}
