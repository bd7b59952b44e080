"""Cells as people write them: labels that stay text, numbers, and what is said of other texts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.data.cells import amount, looks_like
from nn.data.csv_files import read_csv, read_rows


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "table.csv"

    def write(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def targets(cells):
    return "a;y\n" + "".join(f'1;"{cell}"\n' for cell in cells)


def read_targets(path, **settings):
    return read_csv(path, "y", delimiter=";", **settings)


# ---- labels are text ----


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["007", "7", "07", "007"], ["007", "07", "7"]),
        (["1.10", "1.1", "1.9", "1.1"], ["1.1", "1.10", "1.9"]),
        (["1.2.10", "1.2.1", "1.2.10"], ["1.2.1", "1.2.10"]),
        ([str(2**53 + 1), str(2**53), str(2**53 + 2)], [str(2**53 + i) for i in range(3)]),
        (["1e400", "2", "1e400"], ["1e400", "2"]),
    ],
)
def test_each_code_is_a_class_of_its_own(csv, cells, names):
    table = read_targets(csv(targets(cells)), classes=True)

    assert table.class_names == names
    assert [table.class_names[k] for k in table.targets] == cells


def test_codes_that_are_guessed_to_be_classes_keep_their_zeros(csv):
    assert read_targets(csv(targets(["007", "0012"] * 3))).class_names == ["007", "0012"]


codes = st.one_of(
    st.from_regex(r"0{0,3}[0-9]{1,20}", fullmatch=True),
    st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}", fullmatch=True),
    st.from_regex(r"[A-Z]?[0-9+-]{1,4}", fullmatch=True),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(codes, min_size=1, max_size=8))
def test_a_class_is_named_as_its_cells_are_written(csv, cells):
    table = read_targets(csv(targets(cells)), classes=True)

    assert [table.class_names[k] for k in table.targets] == cells
    assert len(set(table.class_names)) == len(table.class_names)


# ---- true and false ----


@pytest.mark.parametrize("cells", [("True", "False"), ("TRUE", "FALSE"), ("true", "false")])
def test_true_and_false_are_1_and_0_in_a_column_of_numbers(csv, cells):
    path = csv(f"a,b,y\n{cells[0]},1,u\n{cells[1]},2,v\n")

    assert read_csv(path, "y").inputs == [[1.0, 1.0], [0.0, 2.0]]
    assert read_rows(path, ["a"]) == [[1.0], [0.0]]


def test_true_and_false_as_a_target_are_two_classes_or_two_amounts(csv):
    path = csv(targets(["True", "False", "True"]))

    assert read_targets(path).class_names == ["False", "True"]
    assert read_targets(path).targets == [1, 0, 1]
    assert read_targets(path, classes=False).targets == [1.0, 0.0, 1.0]


# ---- an index ----


@pytest.mark.parametrize("first", [0, 1])
def test_a_column_without_a_name_that_counts_the_rows_is_called_an_index(csv, first):
    path = csv(",a,y\n" + "".join(f"{i + first},1,u\n" for i in range(5)))

    with pytest.raises(ValueError, match="column 1 has no name, and counts the rows: leave such"):
        read_csv(path, "y")
    assert read_csv(path, "y", drop=[""]).feature_names == ["a"]


def test_a_file_for_predictions_may_have_an_index(csv):
    assert read_rows(csv(",a\n0,5\n1,6\n"), ["a"]) == [[5.0], [6.0]]


# ---- the delimiter, and decimals ----


@pytest.mark.parametrize("sign", [";", "\t", "|", " "])
def test_the_delimiter_is_guessed_in_the_error(csv, sign):
    lines = ["alpha,beta,cls", "0.942,-1.397,no", "0.5,1,yes"]
    for decimal in ".,":
        text = "\n".join(
            [lines[0].replace(",", sign)]
            + [
                sign.join(cell.replace(".", decimal) for cell in line.split(","))
                for line in lines[1:]
            ]
        )

        with pytest.raises(ValueError, match=re.escape(f"(is the delimiter {sign!r}?)")):
            read_csv(csv(text), "cls")


def test_a_decimal_comma_is_named_and_read_when_given(csv):
    path = csv("alpha;beta;cls\n0,942;-1,397;no\n")

    with pytest.raises(ValueError, match="'0,942' is no number: it has a comma, for decimals"):
        read_csv(path, "cls", delimiter=";")
    assert read_csv(path, "cls", delimiter=";", decimal=",").inputs == [[0.942, -1.397]]
    assert read_rows(path, ["beta"], delimiter=";", decimal=",") == [[-1.397]]


def test_quoted_cells_may_have_decimal_commas_between_commas(csv):
    assert read_csv(csv('a,y\n"1,5",u\n'), "y", decimal=",").inputs == [[1.5]]


def test_decimal_commas_in_a_target_are_not_classes(csv):
    path = csv(targets(["0,5", "1,5", "0,5", "1,5"]))

    with pytest.raises(ValueError, match="line 2, column 'y': '0,5' has a comma, for decimals"):
        read_targets(path)
    assert read_targets(path, decimal=",").targets == [0.5, 1.5, 0.5, 1.5]
    assert read_targets(path, classes=True).class_names == ["0,5", "1,5"]


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_comma_gives_the_number_that_a_point_gives(number):
    assert amount(repr(number).replace(".", ","), 2, "a", ",") == number


def test_a_decimal_sign_is_a_point_or_a_comma(csv):
    with pytest.raises(ValueError, match=r"the decimal sign is '\.' or ',', got ';'"):
        read_csv(csv("a,y\n1,u\n"), "y", decimal=";")


def test_a_point_is_refused_where_the_sign_is_a_comma():
    with pytest.raises(ValueError, match=r"'1\.5' is no number: it has a point, where the decimal"):
        amount("1.5", 2, "a", ",")


# ---- thousands and money ----


@pytest.mark.parametrize(
    "prices", [["1,000", "2,000", "3,000"] * 2, [f"{i},022" for i in range(100, 140)]]
)
def test_thousands_separators_in_a_target_are_named(csv, prices):
    with pytest.raises(ValueError, match=r"line 2, column 'y': .* between thousands"):
        read_targets(csv(targets(prices)))
    assert read_targets(csv(targets(prices)), classes=True).class_names


@settings(max_examples=200, deadline=None)
@given(
    number=st.integers(1000, 10**15),
    mark=st.sampled_from([",", ".", " ", "'", "’", "\u00a0", "\u202f", "_"]),
    money=st.sampled_from(["", "$", "€", "£", "¥"]),
    sign=st.sampled_from(["", "-", "+"]),
    cents=st.booleans(),
)
def test_numbers_with_separators_are_named(number, mark, money, sign, cents):
    cell = sign + money + f"{number:,}".replace(",", mark)
    decimal = "," if mark == "." else "."
    cell += f"{decimal}50" if cents else ""

    assert looks_like(cell, decimal)
    with pytest.raises(ValueError, match=r"(?s)is no number: it has .*1000"):
        amount(cell, 2, "a", decimal)


@pytest.mark.parametrize("cell", ["$5", "5 €", "12.5%", "-£3", "$-3", "¥12"])
def test_money_and_percent_are_named(cell):
    with pytest.raises(ValueError, match=r"it has the sign .*, write the number alone"):
        amount(cell, 2, "a")


@pytest.mark.parametrize("cell", ["red", "", "-", "$", "1,2,3", "12,34", "2020-01-01", "A,000"])
def test_other_texts_are_not_taken_for_thousands(cell):
    assert "thousands" not in str(looks_like(cell)).replace("or between thousands", "")


# ---- encodings ----


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_of_unicode_are_named(csv, encoding):
    wanted = "UTF-32" if encoding == "utf-32" else "UTF-16"

    with pytest.raises(ValueError, match=rf"{wanted}.*: save it anew as CSV in UTF-8"):
        read_csv(csv("größe,y\n1,u\n".encode(encoding)), "y")


@settings(max_examples=50, deadline=None)
@given(st.characters(min_codepoint=0xA0, max_codepoint=0xFF))
def test_a_letter_in_latin_1_is_named(csv, letter):
    with pytest.raises(ValueError, match=rf"^.*line 1: .*{re.escape(repr(letter))} in Latin-1"):
        read_csv(csv(f"gr{letter},y\n1,u\n".encode("latin-1")), "y")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"PK\x03\x04", "Excel"), (b"\x1f\x8b\x08", "gzip"), (b"a\x81,y\n", "0x81")],
)
def test_a_file_that_is_no_text_is_named(csv, content, kind):
    with pytest.raises(ValueError, match=rf"{kind}.*: save it anew as CSV in UTF-8"):
        read_csv(csv(content), "y")
