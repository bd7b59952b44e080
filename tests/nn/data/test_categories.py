"""Columns of text, and cells that are empty."""

import re
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.data.columns import Column, column_of, columns_as_notes, columns_from_notes
from nn.data.csv_files import read_csv, read_rows

GAPPY = "age,sex,y\n1,f,0\n,m,1\n3,m,0\n5,f,1\nNA,f,0\n3,,1\n"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "table.csv"

    def write(text):
        path.write_text(text)
        return path

    return write


def test_a_text_gives_a_number_for_each_category(csv):
    path = csv("age,sex,y\n1,f,0\n2,m,1\n3,m,0\n4,f,1\n")
    table = read_csv(path, "y")

    assert table.feature_names == ["age", "sex=f", "sex=m"]
    assert table.inputs == [[1, 1, 0], [2, 0, 1], [3, 0, 1], [4, 1, 0]]
    assert read_rows(path, table.columns) == table.inputs


def test_a_table_of_numbers_keeps_no_columns_in_the_file_of_the_model(csv):
    assert columns_as_notes(read_csv(csv("a,y\n1,0\n2,1\n"), "y").columns) is None


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(texts.filter(lambda x: not re.search(r"\d|nan|inf|true|false", x, re.I)), min_size=1)
)
def test_each_cell_of_a_text_has_one_number_that_is_1(cells):
    cells = [(i, cell) for i, cell in enumerate(cells * 2)]
    different = {cell for _, cell in cells}
    column = column_of("c", cells)
    if column.categories is None:
        assert len(different) > 20
        return
    rows = [column.numbers(cell, line) for line, cell in cells]

    assert [column.categories[row.index(1.0)] for row in rows] == [cell for _, cell in cells]
    assert all(fsum(row) == 1.0 and set(row) <= {0.0, 1.0} for row in rows)
    assert columns_from_notes(columns_as_notes([column])) == [column]


@pytest.mark.parametrize("n", [21, 40])
def test_text_of_many_values_is_refused(csv, n):
    rows = "".join(f"name{i % n},{i % 2}\n" for i in range(3 * n))

    with pytest.raises(ValueError, match="line 2, column 'who': 'name0' is no number"):
        read_csv(csv(f"who,y\n{rows}"), "y")


def test_a_category_that_was_not_there_is_named():
    with pytest.raises(ValueError, match="line 7, column 'sex': 'x' is none of 'f', 'm'"):
        Column("sex", ["f", "m"]).numbers("x", 7)


# ---- empty cells ----


def test_rows_with_gaps_are_dropped_when_asked(csv):
    table = read_csv(csv(GAPPY + "7,m,1\n"), "y", missing="drop", classes=True)

    assert table.inputs == [[1, 1, 0], [3, 0, 1], [5, 1, 0], [7, 0, 1]]
    assert table.targets == [0, 0, 1, 1]


def test_means_stand_for_gaps_when_asked(csv):
    path = csv(GAPPY)
    table = read_csv(path, "y", missing="mean")

    assert [row[0] for row in table.inputs] == [1, 3, 3, 5, 3, 3]
    assert table.inputs[5][1:] == [0.6, 0.4]  # of five, three are f
    assert read_rows(path, table.columns) == table.inputs


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.integers(-100, 100), min_size=1))
def test_a_mean_is_of_the_cells_that_are_there(numbers):
    cells = [(i, "" if x is None else str(x)) for i, x in enumerate(numbers)]
    there = [x for x in numbers if x is not None]
    if not there:
        with pytest.raises(ValueError, match="column 'c' has no cell that is not empty"):
            column_of("c", cells, fill=True)
    else:
        assert column_of("c", cells, fill=True).means == [sum(there) / len(there)]


@pytest.mark.parametrize(
    ("text", "missing", "message"),
    [
        (GAPPY, "error", "line 3, column 'age': the cell is empty"),
        ("a,y\n1,0\n2,\n", "mean", "line 3, column 'y': the cell is empty"),
        ("a,y\n1,\n,2\n", "drop", "each row has an empty cell: leave columns out as well"),
        ("a,y\n1,2\n", "fill", "missing is one of error, drop, mean, got 'fill'"),
        ("a,y\n,2\n", "mean", "column 'a' has no cell that is not empty"),
        ("a,y\n1,0\n, \n", "error", "line 3, column 'a': the cell is empty"),
    ],
)
def test_gaps_that_stay_are_refused(csv, text, missing, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_csv(csv(text.replace("NA", "4")), "y", missing=missing)


@pytest.mark.parametrize(
    "notes",
    [
        5,
        [5],
        [{"name": "a"}],
        [{"name": 1, "categories": None, "means": None}],
        [{"name": "a", "categories": [], "means": None}],
        [{"name": "a", "categories": [1], "means": None}],
        [{"name": "a", "categories": "ab", "means": None}],
        [{"name": "a", "categories": None, "means": [1, 2]}],
        [{"name": "a", "categories": None, "means": [True]}],
    ],
)
def test_columns_that_train_did_not_write_are_refused(notes):
    with pytest.raises(ValueError, match="are not as train writes them"):
        columns_from_notes(notes)


@pytest.mark.parametrize("gap", ["NULL", "?", "<NA>", "#N/A", "#NA", "NaT", "n.a.", "N/A", "-nan"])
def test_a_gap_may_be_written_in_many_ways(csv, gap):
    text = f"a,b,y\n1,u,5\n{gap},u,6\n3,v,7\n4,v,8\n2,u,4\n5,{gap},9\n6,u,{gap}\n"

    dropped = read_csv(csv(text), "y", classes=False, missing="drop")

    assert dropped.inputs == [[1.0, 1.0, 0.0], [3.0, 0.0, 1.0], [4.0, 0.0, 1.0], [2.0, 1.0, 0.0]]
    assert dropped.targets == [5.0, 7.0, 8.0, 4.0]


@pytest.mark.parametrize("category", ["-", ".", "none", "None"])
def test_what_may_be_a_category_is_no_gap(csv, category):
    text = f"b,y\n+,5\n+,6\n{category},7\n{category},8\n"

    table = read_csv(csv(text), "y", classes=False, missing="drop")

    assert table.feature_names == ["b=+", f"b={category}"]
    assert len(table.inputs) == 4


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_in_which_excel_names_its_delimiter_is_no_row(csv, end):
    path = csv("")
    path.write_bytes(f"\ufeffsep=;{end}a;y{end}1;2{end}x;4{end}".encode())

    with pytest.raises(ValueError, match="line 4, column 'a': 'x' is no number"):
        read_csv(path, "y", delimiter=";")


def test_a_column_may_have_the_name_sep(csv):
    assert read_csv(csv("sep=,y\n1,2\n"), "y", classes=False).feature_names == ["sep="]
