"""Tables: what a CSV file may hold, what is said of one that does not, and scikit-learn's own."""

import re
import subprocess
import sys

import pytest

from nn.data.bundled import SOURCES, bundled_columns, by_sklearn
from nn.data.csv_files import read_csv
from nn.data.tables import Table, breast_cancer, digits, iris, wine


@pytest.fixture
def csv(tmp_path):
    """A function that writes a file of that content and gives its path."""

    def write(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def column(cells):
    """A file with a column x of zeros and a column y of these cells."""
    return "x,y\n" + "".join(f"0,{cell}\n" for cell in cells)


# ---- what is read ----


def test_a_table_has_the_numbers_and_the_names(csv):
    table = read_csv(csv("a,b,kind\n1,2.5,pear\n-3e2,4,apple\n"), "kind")

    assert table.inputs == [[1.0, 2.5], [-300.0, 4.0]]
    assert table.targets == [1, 0]
    assert table.feature_names == ["a", "b"]
    assert table.target_name == "kind"
    assert table.class_names == ["apple", "pear"]


def test_the_target_may_stand_in_any_column(csv):
    table = read_csv(csv("a,kind,b\n1,u,2\n3,v,4\n"), "kind")

    assert (table.inputs, table.feature_names) == ([[1.0, 2.0], [3.0, 4.0]], ["a", "b"])


def test_inputs_are_floats_and_class_targets_are_ints(csv):
    table = read_csv(csv("a,y\n1,u\n2,v\n"), "y")

    assert {type(x) for row in table.inputs for x in row} == {float}
    assert {type(target) for target in table.targets} == {int}


def test_a_table_tells_its_size_and_kind(csv):
    table = read_csv(csv("a,kind\n1,u\n3,v\n"), "kind")

    assert len(table) == 2
    assert repr(table) == "Table(2 rows, 1 feature, target 'kind': 2 classes)"
    assert repr(read_csv(csv("a,b,y\n1,2,0.5\n"), "y")) == (
        "Table(1 row, 2 features, target 'y': numbers)"
    )


def test_the_description_names_the_file(csv):
    path = csv("a,kind\n1,u\n")

    assert read_csv(path, "kind").description == f"the file {path}"


@pytest.mark.parametrize(
    "content",
    [
        b"a,b,y\r\n1,2,u\r\n3,4,v\r\n",
        b"a,b,y\r1,2,u\r3,4,v\r",
        b"\xef\xbb\xbfa,b,y\n1,2,u\n3,4,v\n",
        b'\xef\xbb\xbf"a","b","y"\n"1","2","u"\n3,4,v\n',
        b"a,b,y\n1,2,u\n3,4,v",
        b"\na,b,y\n\n1,2,u\n  \n3,4,v\n\n\n",
        b" a , b , y \n 1 , 2 , u\n 3 , 4 ,\tv \n",
        b'a, "b", y\n1, "2", "u"\n3, 4, v\n',
    ],
    ids=["crlf", "cr", "bom", "bom and quotes", "no last newline", "blank", "spaces", "quotes"],
)
def test_one_table_is_written_in_many_ways(csv, content):
    table = read_csv(csv(content), "y")

    assert table.feature_names == ["a", "b"]
    assert table.inputs == [[1.0, 2.0], [3.0, 4.0]]
    assert table.class_names == ["u", "v"]


def test_a_quoted_cell_may_hold_delimiters_quotes_and_newlines(csv):
    table = read_csv(csv('a,"the ""kind"", y"\n1,"u,v"\n2,"w\nx"\n'), 'the "kind", y')

    assert table.class_names == ["u,v", "w\nx"]


def test_names_may_be_in_any_script(csv):
    assert read_csv(csv("größe,種\n1,ü\n2,ö\n"), "種").class_names == ["ö", "ü"]


def test_another_delimiter_is_read_when_given(csv):
    assert read_csv(csv("a;y\n1;u\n"), "y", delimiter=";").inputs == [[1.0]]


def test_a_path_may_be_text(csv):
    assert len(read_csv(str(csv("a,y\n1,u\n")), "y")) == 1


# ---- classes or amounts ----


def test_text_is_classes_in_the_order_of_the_alphabet(csv):
    table = read_csv(csv(column(["pear", "fig", "pear", "apple"])), "y")

    assert (table.targets, table.class_names) == ([2, 1, 2, 0], ["apple", "fig", "pear"])


def test_whole_numbers_are_classes_in_the_order_of_numbers(csv):
    table = read_csv(csv(column([10, 9, -1, 10, 9, -1])), "y")

    assert (table.targets, table.class_names) == ([2, 1, 0, 2, 1, 0], ["-1", "9", "10"])


def test_numbers_with_a_point_are_amounts(csv):
    table = read_csv(csv(column(["1.0", "2", "1.0", "2"])), "y")

    assert (table.targets, table.class_names) == ([1.0, 2.0, 1.0, 2.0], None)
    assert {type(target) for target in table.targets} == {float}


@pytest.mark.parametrize(("n", "classes"), [(20, True), (21, False)])
def test_whole_numbers_of_more_than_20_values_are_amounts(csv, n, classes):
    table = read_csv(csv(column(list(range(n)) * 3)), "y")

    assert (table.class_names is not None) is classes


@pytest.mark.parametrize(("cells", "classes"), [([1, 2, 1, 2], True), ([1, 2, 3, 1, 2], False)])
def test_whole_numbers_that_seldom_come_twice_are_amounts(csv, cells, classes):
    table = read_csv(csv(column(cells)), "y")

    assert (table.class_names is not None) is classes


def test_classes_true_makes_classes_of_numbers(csv):
    table = read_csv(csv(column(["2.5", "1", "1.0", "10"])), "y", classes=True)

    assert (table.targets, table.class_names) == ([2, 0, 1, 3], ["1", "1.0", "2.5", "10"])


def test_classes_true_makes_names_of_text_and_numbers_alike(csv):
    table = read_csv(csv(column(["b", "1", "nan", "b"])), "y", classes=True)

    assert (table.targets, table.class_names) == ([1, 0, 2, 1], ["1", "b", "nan"])


def test_classes_false_makes_amounts_of_whole_numbers(csv):
    table = read_csv(csv(column([0, 1, 0, 1])), "y", classes=False)

    assert (table.targets, table.class_names) == ([0.0, 1.0, 0.0, 1.0], None)


def test_classes_false_refuses_text(csv):
    with pytest.raises(ValueError, match=r"line 3, column 'y': 'u' is no number"):
        read_csv(csv(column(["1", "u"])), "y", classes=False)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty, its first line is to name the columns"),
        ("\n\n", "the file is empty, its first line is to name the columns"),
        (b"\xef\xbb\xbf", "the file is empty, its first line is to name the columns"),
        ("a,y\n", "no rows below the names of the columns"),
        ("a,,y\n1,2,u\n", "column 2 has no name; drop=[''] leaves it out"),
        ("a,y,\n1,u,\n", "column 3 has no name; drop=[''] leaves it out"),
        ("a,b,a,y\n1,2,3,u\n", "2 columns have the name 'a'"),
        ("a,y,y\n1,u,v\n", "2 columns have the name 'y'"),
        ("y\nu\n", "no column besides the target 'y'"),
        ("a,b\n1,2\n", "no column 'y', there is 'a', 'b'"),
        ("5.1,setosa\n4.9,setosa\n", "no column 'y', there is '5.1', 'setosa'"),
        ("a;y\n1;u\n", "no column 'y', there is 'a;y' (is the delimiter ';'?)"),
        ("a\ty\n1\tu\n", r"no column 'y', there is 'a\ty' (is the delimiter '\t'?)"),
        ("a,b,y\n1,2,u\n1,u\n", "line 3: 2 cells, for 3 columns"),
        ("a,y\n1,u\n1,u,5\n", "line 3: 3 cells, for 2 columns"),
        ("a,b,y\n1,2,u\n3,red,v\n", "line 3, column 'b': 'red' is no number"),
        ('a,y\n1,"u\nv"\n\nred,w\n', "line 5, column 'a': 'red' is no number"),
        (
            "a,y\n1_000,u\n",
            "line 2, column 'a': '1_000' is no number: "
            "it has '_' between thousands, write it as in 1000",
        ),
        (
            'a,y\n"1,5",u\n',
            "line 2, column 'a': '1,5' is no number: "
            "it has a comma, for decimals (decimal=',' reads it)",
        ),
        ("a,y\n0x10,u\n", "line 2, column 'a': '0x10' is no number"),
        ("a,y\n?,u\n", "line 2, column 'a': '?' is no number"),
        ("a,y\n1,u\n,v\n", "line 3, column 'a': the cell is empty"),
        ("a,y\n1,u\n  ,v\n", "line 3, column 'a': the cell is empty"),
        ("a,y\n1,u\nNaN,v\n", "line 3, column 'a': NaN is not finite"),
        ("a,y\n-inf,u\n", "line 2, column 'a': -inf is not finite"),
        ("a,y\n1e999,u\n", "line 2, column 'a': 1e999 is not finite"),
        (f"a,y\n{'9' * 5000},u\n", f"line 2, column 'a': {'9' * 60} is not finite"),
        ("a,y\n1,u\n2,\n", "line 3, column 'y': the cell is empty"),
        ("a,y\n1,0\n2,nan\n", "line 3, column 'y': nan is not finite"),
        ("a,y\n1,u\n2,nan\n", "line 3, column 'y': nan is not finite"),
        (
            "a,y\n1,0.5\n2,0.7\n3,many\n",
            "line 4, column 'y': 'many' is text, where other cells are numbers "
            "(classes=True takes both for names)",
        ),
        (
            b"a,y\n1,u\n2,caf\xe9\n",
            "line 3: byte 0xe9 is not UTF-8 (it is 'é' in Latin-1): save it anew as CSV in UTF-8",
        ),
        (
            b"\xef\xbb\xbfa,y\n1,\xff\n",
            "line 2: byte 0xff is not UTF-8 (it is 'ÿ' in Latin-1): save it anew as CSV in UTF-8",
        ),
        (
            "a,y\n1,u\n".encode("utf-16"),
            "the file is in UTF-16: save it anew as CSV in UTF-8",
        ),
        ('a,y\n1,u\n2,"v\n3,w\n', "line 3: unexpected end of data"),
        ('a,y\n1,"u"v\n', "line 2: ',' expected after '\"'"),
        (f"a,y\n1,{'u' * 200_000}\n", "line 2: field larger than field limit (131072)"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place(csv, content, message):
    path = csv(content)

    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}: {message}')}$"):
        read_csv(path, "y")


def test_of_many_columns_20_are_listed(csv):
    names = [f"c{i}" for i in range(25)]

    with pytest.raises(ValueError, match=r"there is 'c0', .*'c19' and 5 more$"):
        read_csv(csv(",".join(names) + "\n" + ",".join("1" * 25) + "\n"), "y")


def test_an_empty_target_cell_is_refused_however_it_is_to_be_read(csv):
    for classes in (None, True, False):
        with pytest.raises(ValueError, match="line 3, column 'y': the cell is empty"):
            read_csv(csv("a,y\n1,0\n2,\n"), "y", classes=classes)


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        read_csv(tmp_path / "nothing.csv", "y")


@pytest.mark.parametrize(
    ("target", "settings", "message"),
    [
        (1, {}, "target is the name of a column, got 1"),
        ("y", {"classes": 1}, "classes is True or False, got 1"),
        ("y", {"delimiter": ";;"}, '"delimiter" must be a 1-character string'),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused(csv, target, settings, message):
    with pytest.raises(TypeError, match=message):
        read_csv(csv("a,y\n1,u\n"), target, **settings)


# ---- tables that come with scikit-learn ----


@pytest.mark.parametrize(
    ("make", "counts", "features", "names"),
    [
        (iris, [50, 50, 50], 4, ["setosa", "versicolor", "virginica"]),
        (wine, [59, 71, 48], 13, ["class_0", "class_1", "class_2"]),
        (breast_cancer, [212, 357], 30, ["malignant", "benign"]),
        (digits, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 64, list("0123456789")),
    ],
)
def test_a_table_of_scikit_learn_comes_whole(make, counts, features, names):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")

    table = make()

    assert [table.targets.count(k) for k in range(len(names))] == counts
    assert len(table.inputs) == len(table.targets) == sum(counts)
    assert {len(row) for row in table.inputs} == {features}
    assert len(set(table.feature_names)) == features
    assert table.class_names == names
    assert {type(x) for row in table.inputs for x in row} == {float}
    assert {type(target) for target in table.targets} == {int}
    assert {type(name) for name in table.feature_names + table.class_names} == {str}


def test_a_table_of_scikit_learn_has_its_description():
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")

    assert "Fisher" in iris().description


@pytest.mark.parametrize("make", [iris, wine, breast_cancer, digits])
def test_without_scikit_learn_the_error_says_what_to_install(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)

    message = f"{make.__name__} needs scikit-learn: pip install 'chainrule[data]'"
    with pytest.raises(ImportError, match=re.escape(message)):
        make()


def test_a_table_copies_its_names():
    names = ["a"]
    table = Table([[1.0]], [0], names, "y", names)

    names.append("b")

    assert table.feature_names == table.class_names == ["a"]


@pytest.mark.parametrize("name", [*SOURCES])
def test_a_table_read_from_the_files_is_what_scikit_learn_loads(name):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")

    assert bundled_columns(name) == by_sklearn(name)


def test_reading_a_bundled_table_does_not_import_scikit_learn():
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    code = "import sys; from nn import digits; digits(); print('sklearn' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "False\n"


def test_a_table_whose_files_are_elsewhere_is_asked_of_scikit_learn(monkeypatch, tmp_path):
    pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    monkeypatch.setattr("nn.data.bundled.folder_of_sklearn", lambda _: tmp_path)

    assert bundled_columns("iris") == by_sklearn("iris")
