"""Columns that are taken or left out."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from nn.data.csv_files import read_csv

TABLE = ",id,a,b,y,\n0,x7,1,2,u,\n1,x8,3,4,v,\n"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_text(TABLE)
    return path


def test_columns_are_taken_or_dropped(path):
    for chosen in ({"columns": ["b", "a"]}, {"drop": ["", "id"]}, {"columns": ["a", "b", "y"]}):
        table = read_csv(path, "y", **chosen)

        assert table.feature_names == ["a", "b"]
        assert table.inputs == [[1.0, 2.0], [3.0, 4.0]]
        assert table.class_names == ["u", "v"]


@of_hypothesis(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from("abcdef")))
def test_what_is_dropped_is_what_is_not_taken(tmp_path_factory, kept):
    path = tmp_path_factory.getbasetemp() / "letters.csv"
    path.write_text("a,b,c,y,d,e,f\n1,2,3,u,4,5,6\n")
    dropped = set("abcdef") - kept

    if kept:
        one = read_csv(path, "y", columns=sorted(kept))
        other = read_csv(path, "y", drop=sorted(dropped))
        assert (one.feature_names, one.inputs) == (other.feature_names, other.inputs)
        assert one.feature_names == sorted(kept)
    else:
        with pytest.raises(ValueError, match="no column besides the target 'y'"):
            read_csv(path, "y", columns=[])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"columns": ["c"]}, ValueError, "no column 'c', there is '', 'id', 'a', 'b', 'y', ''"),
        ({"drop": ["c"]}, ValueError, "no column 'c', there is '', 'id', 'a', 'b', 'y', ''"),
        ({"drop": ["y"]}, ValueError, "the target 'y' cannot be left out"),
        ({"drop": ["a"], "columns": ["b"]}, ValueError, "columns says which are taken and drop"),
        ({"drop": "a"}, TypeError, "drop are names of columns in a list, got 'a'"),
        ({"columns": [1]}, TypeError, "columns are names of columns in a list, got [1]"),
        ({"drop": ["id"]}, ValueError, "column 1 has no name, and counts the rows: leave such"),
    ],
)
def test_names_of_no_column_are_refused(path, settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        read_csv(path, "y", **settings)
