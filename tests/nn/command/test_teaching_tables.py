"""Tables as courses hand them out: trained as they are, or after the steps that messages name."""

import random
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.command.main import main
from nn.command.options import as_options

pytestmark = pytest.mark.usefixtures("a_folder_of_its_own", "no_plots")
ROWS = 60


def table(columns, delimiter=",", quote=""):
    """The text of a table: a function from a row's number to a cell, for each column."""
    lines = [[name, *[str(cell(i)) for i in range(ROWS)]] for name, cell in columns.items()]
    return "\n".join([delimiter.join([f"{quote}{c}{quote}" for c in row]) for row in zip(*lines)])


def pick(*cells):
    return lambda i: cells[i * i * 7 % 11 % len(cells)]


def noise(i):
    return round(random.Random(i).gauss(10, 3), 3)


def gaps(cell, gap="", every=9):
    return lambda i: gap if i % every == 4 else cell(i)


SPECIES = pick("Adelie", "Chinstrap", "Gentoo")
# The kinds of columns of the tables that are used most, rebuilt small: the target, and the columns.
TABLES = {
    "penguins": ("kind", {"kind": SPECIES, "island": pick("B", "T"), "bill": gaps(noise)}),
    "titanic": (
        "survived",
        {
            "survived": pick(0, 1),
            "class": pick("First", "Third"),
            "adult": pick("True", "False"),
            "deck": gaps(pick("A", "B"), every=5),
        },
    ),
    "titanic train": (
        "Survived",
        {
            "Survived": pick(0, 1),
            "Name": lambda i: f"Braund Mr. {i}",
            "Ticket": lambda i: f"A/5 {i}" if i % 3 else str(i),
            "Cabin": lambda i: "" if i % 2 else f"C{i}",
            "Age": gaps(noise),
        },
    ),
    "mpg": ("mpg", {"mpg": noise, "hp": gaps(noise), "name": lambda i: f"ford {i}"}),
    "tips": ("tip", {"tip": noise, "sex": pick("Female", "Male"), "size": pick(1, 2, 3)}),
    "car_crashes": ("total", {"total": noise, "alcohol": noise, "abbrev": lambda i: f"S{i}"}),
    "exercise": ("pulse", {"": lambda i: i, "pulse": noise, "diet": pick("no fat", "low fat")}),
    "planets": ("mass", {"method": pick("Transit", "Imaging"), "mass": gaps(noise), "y": noise}),
    "taxis": (
        "fare",
        {
            "pickup": lambda i: f"2019-03-{i % 28 + 1:02} 20:{i % 60:02}:09",
            "dropoff": lambda i: f"2019-03-{i % 28 + 1:02} 21:{i % 60:02}:10",
            "fare": noise,
            "zone": lambda i: f"UN/Turtle Bay {i}",
            "colour": gaps(pick("yellow", "green")),
        },
    ),
    "flights": ("passengers", {"year": lambda i: 1949 + i, "passengers": noise}),
    "geyser": ("kind", {"duration": noise, "kind": pick("long", "short")}),
    "lifesat": (
        "Life satisfaction",
        {"Country": lambda i: f"Land {i}", "GDP (USD)": noise, "Life satisfaction": noise},
    ),
    "housing": ("value", {"value": noise, "rooms": gaps(noise), "near": pick("BAY", "OCEAN")}),
    "wide numbers": (
        "y",
        {"y": noise, "time": lambda i: 1_700_000_000 + i, "big": lambda i: 1e155},
    ),
    "NA of R": ("y", {"y": noise, "x": gaps(noise, "NA"), "u": gaps(noise, "NaN")}),
}
STEPS = {  # what a message says, and the words that follow it
    r"--drop ((?:'[^']*'|\S)+(?: \S+)*?) leaves out all": lambda found: ["--drop", *found],
    r"leave such an index out by --drop ''": lambda _: ["--drop", ""],
    r"column '(.*?)': .*\(--drop leaves a column out\)": lambda found: ["--drop", *found],
    r"--missing drop leaves such rows out, --missing mean": lambda _: ["--missing", "mean"],
    r"--missing drop leaves such rows out": lambda _: ["--missing", "drop"],
    r"is the delimiter '(.)'": lambda found: ["--delimiter", *found],
    r"--decimal , reads it": lambda _: ["--decimal", ","],
}


def next_words(message):
    for pattern, words in STEPS.items():
        found = re.search(pattern, message)
        if found:
            return words([name for group in found.groups() for name in shlex.split(group)])
    raise AssertionError(f"no step in {message}")


def steps_until_trained(text, target, capsys):
    """How many messages come before the training."""
    with open("own.csv", "w", encoding="utf-8") as file:
        file.write(text)
    words = []
    for n in range(4):
        capsys.readouterr()
        code = main(["train", "own.csv", "--target", target, "--epochs", "2", "--quiet", *words])
        if code == 0:
            return n
        words += next_words(capsys.readouterr().err)
    raise AssertionError(f"not trained after {words}")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_trained_after_at_most_two_steps_that_messages_name(name, capsys):
    target, columns = TABLES[name]

    assert steps_until_trained(table(columns), target, capsys) <= 2


def test_a_table_with_semicolons_and_quotes_is_trained_after_a_step(capsys):
    columns = {"fixed acidity": noise, "pH": noise, "quality": pick(5, 6, 7)}

    assert steps_until_trained(table(columns, ";"), "quality", capsys) == 1


def test_all_columns_of_text_are_named_at_once(capsys):
    columns = {"a b": lambda i: f"t{i}", "y": noise, "c": noise, "d": lambda i: f"u{i}"}
    with open("own.csv", "w") as file:
        file.write(table(columns))

    assert main(["train", "own.csv", "--target", "y"]) == 2
    assert "; --drop 'a b' d leaves out all columns of such text" in capsys.readouterr().err


@pytest.mark.parametrize("gap", ["NA", "?", "<NA>", "nan"])
def test_a_gap_in_the_target_is_told_to_be_dropped(capsys, gap):
    with open("own.csv", "w") as file:
        file.write(table({"x": noise, "y": gaps(noise, gap)}))

    assert main(["train", "own.csv", "--target", "y"]) == 2
    said = capsys.readouterr().err
    assert said.endswith(" (--missing drop leaves such rows out)\n")


def test_infinity_is_no_gap_for_an_option_to_fill(capsys):
    with open("own.csv", "w") as file:
        file.write(table({"x": gaps(noise, "inf"), "y": noise}))

    assert main(["train", "own.csv", "--target", "y"]) == 2
    assert capsys.readouterr().err.endswith(": inf is not finite\n")


def test_the_gaps_of_r_are_called_gaps(capsys):
    with open("own.csv", "w") as file:
        file.write(table({"x": gaps(noise, "NA"), "y": noise}))

    assert main(["train", "own.csv", "--target", "y"]) == 2
    assert "'NA' is no number (--missing drop leaves such rows out" in capsys.readouterr().err


@given(st.lists(st.text(max_size=8), min_size=2, max_size=5))
def test_a_shell_reads_the_names_of_the_option_as_they_are(names):
    said = as_options(f"drop={names} leaves out all columns of such text")
    words = shlex.split(said.removesuffix(" leaves out all columns of such text"))

    assert words == ["--drop", *names]


@given(st.text())
def test_a_cell_that_looks_like_a_list_is_no_error(text):
    assert as_options(f"drop=[{text}] leaves") is not None
