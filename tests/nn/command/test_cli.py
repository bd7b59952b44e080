"""The command, as a user runs it: another folder, no display, a plain terminal."""

import math
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import engine
from nn.command.main import main

ROOT = Path(__file__).parents[3]
COMMAND = Path(sys.executable).with_name("chainrule")


def run(folder, *arguments, **variables):
    """The installed command in its own process, with no display and in another folder."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "PYTHONPATH")}
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=600,  # of a machine that does much else
    )


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, run(folder, "train", "xor")


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The same training in another folder, quietly."""
    folder = tmp_path_factory.mktemp("again")
    return folder, run(folder, "train", "xor", "--quiet")


# ---- chainrule train xor ----


def test_training_with_the_defaults_learns_xor(trained):
    _, process = trained

    assert process.returncode == 0, process.stderr


def test_training_prints_the_table_of_predictions(trained):
    _, process = trained
    rows = [line.split() for line in process.stdout.splitlines()]
    table = [[float(x) for x in row] for row in rows if len(row) == 4 and row[0] in "01"]

    assert [row[:3] for row in table] == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert all(abs(row[3] - row[2]) < 0.1 for row in table)


def test_training_shows_its_progress_with_the_loss(trained):
    _, process = trained

    assert "training: 100%" in process.stderr
    assert "loss=" in process.stderr


@pytest.mark.parametrize(
    "name", ["prediction.svg", "loss.svg", "loss_curve.svg", "decision_surface.svg"]
)
def test_training_leaves_its_pictures(trained, name):
    folder, _ = trained

    assert ElementTree.parse(folder / "xor" / name).getroot().tag.endswith("svg")


def test_the_picture_of_the_prediction_names_weights_and_inputs(trained):
    folder, _ = trained
    text = (folder / "xor" / "prediction.svg").read_text(encoding="utf-8")

    assert all(label in text for label in ("w0_3_1", "b1_0", "x1", "prediction", "tanh"))


def test_the_saved_weights_make_the_trained_network(trained):
    from nn import data, load

    folder, _ = trained
    model = load(folder / "xor" / "weights.json")

    assert [round(model(x)) for x in data.xor()[0]] == [0, 1, 1, 0]


def test_training_leaves_nothing_but_its_results(trained):
    folder, _ = trained

    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "checkpoint.json",
        "decision_surface.svg",
        "loss.svg",
        "loss_curve.svg",
        "prediction.svg",
        "weights.json",
        "weights.svg",
    ]


def test_the_same_seed_leaves_the_same_bytes(trained, again):
    one, two = trained[0], again[0]

    assert all(
        path.read_bytes() == (two / "xor" / path.name).read_bytes()
        for path in (one / "xor").iterdir()
    )


def test_quiet_prints_nothing(again):
    _, process = again

    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_training_that_does_not_learn_says_so_and_fails(capsys):
    assert main(["train", "xor", "--steps", "1", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("chainrule: xor was not learned: the mean squared error is ")
    assert error.count("\n") == 1


def test_options_reach_the_network(capsys):
    main(["train", "xor", "--hidden", "3", "2", "--activation", "sigmoid", "--steps", "1"])

    assert "MLP(2, [3, 2, 1], activation='sigmoid', parameters=20)" in capsys.readouterr().out


def test_training_goes_on_without_matplotlib(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    assert main(["train", "xor", "--quiet"]) == 0
    assert "pip install 'chainrule[plot]'" in capsys.readouterr().err
    assert Path("xor/prediction.svg").exists()


def test_training_works_without_graphviz_on_the_path(tmp_path):
    process = run(tmp_path, "train", "xor", PATH="")

    assert process.returncode == 0, process.stderr
    assert (tmp_path / "xor" / "prediction.svg").stat().st_size > 1000


BAD_TRAINING = [
    (["--lr", "-1"], "the learning rate is a positive number, got -1.0"),
    (["--lr", "50"], "the loss is inf: try a smaller learning rate"),
    (["--momentum", "1"], "momentum is at least 0 and below 1, got 1.0"),
    (["--hidden", "0"], "a layer has at least 1 neuron, got 0"),
    (["--activation", "swish"], "unknown activation 'swish': take one of linear, relu"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_TRAINING)
def test_a_wrong_setting_is_one_line_on_stderr(arguments, message, capsys):
    assert main(["train", "xor", "--quiet", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error.replace("Numerical", "numerical")
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_said_before_training(capsys):
    Path("taken").write_text("a file")

    assert main(["train", "xor", "--output", "taken"]) == 2
    assert capsys.readouterr().err == "chainrule: cannot write into the folder taken: File exists\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "xor", "--steps", "0"], "argument --steps: expected at least 1, got 0"),
        (["train", "xor", "--steps", "x"], "argument --steps: expected a whole number, got 'x'"),
        (["train", "xor", "--lr", "x"], "argument --lr: expected a number, got 'x'"),
        (
            ["train", "xor", "--lear", "1"],
            "unrecognized arguments: --lear 1 (see chainrule train -",
        ),
        (["--lear"], "the following arguments are required: command (see chainrule --help)"),
        (["draw"], "the following arguments are required: expression (see chainrule draw --help)"),
        (["trian"], "argument command: invalid choice: 'trian' (choose from"),
    ],
)
def test_a_wrong_argument_is_one_line_on_stderr(arguments, message, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    error = capsys.readouterr().err
    assert error.startswith(f"chainrule: {message}")
    assert error.count("\n") == 1


def test_an_interruption_is_one_line_and_exit_code_130(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nn.command.formulas.expression", interrupted)

    assert main(["draw", "x", "x=1"]) == 130
    assert capsys.readouterr().err == "chainrule: interrupted\n"


# ---- chainrule draw ----

NEURON = ["draw", "tanh(w*x + b)", "w=2", "x=-0.5", "b=1.5"]


def test_draw_writes_a_picture_and_prints_value_and_gradients(tmp_path):
    process = run(tmp_path, *NEURON, "-o", "neuron.svg")

    assert process.stdout.splitlines() == [
        "tanh(w*x + b) = 0.462117",
        "  d/dw = -0.393224",
        "  d/dx = 1.5729",
        "  d/db = 0.786448",
    ]
    assert ElementTree.parse(tmp_path / "neuron.svg").getroot().tag.endswith("svg")


def test_draw_without_a_file_prints_dot(capsys):
    assert main(NEURON) == 0
    assert capsys.readouterr().out.startswith("digraph {")


def test_draw_takes_the_format_from_the_ending(capsys):
    codes = [main([*NEURON, "-o", f"neuron.{ending}"]) for ending in ("png", "gv")]

    assert (codes, capsys.readouterr().err) == ([0, 0], "")  # such as of a full disk
    assert Path("neuron.png").read_bytes().startswith(b"\x89PNG")
    assert Path("neuron.gv").read_text().startswith("digraph {")


@pytest.mark.parametrize(
    "formula", ["-h*o", "-o * h", "-o - h", "-h / o", "--o*h", "--(o + h)", "-(o*h)", "-o**h"]
)
def test_a_formula_may_begin_as_an_option_does(capsys, formula):
    assert main(["explain", formula, "h", "h=2", "o=3"]) == 0
    assert "/dh at" in capsys.readouterr().out


def test_a_file_may_stand_at_its_option_with_any_letters(capsys):
    assert main(["draw", "a + b", "a=1", "b=2", "-oa+b.gv"]) == 0
    assert Path("a+b.gv").exists()


def test_a_formula_may_begin_with_a_minus(capsys):
    assert main(["draw", "-x+1", "x=2", "-o", "m.gv"]) == 0
    assert capsys.readouterr().out == "-x+1 = -1\n  d/dx = -1\n"


def test_a_name_is_read_as_python_reads_it(capsys):
    assert main(["draw", "\u00b5*2", "\u00b5=3", "-o", "m.gv"]) == 0


def test_training_names_only_what_it_wrote(capsys):
    Path("mine.txt").write_text("mine")
    main(["train", "xor", "--output", "."])

    assert "mine.txt" not in capsys.readouterr().out


def test_draw_writes_local_derivatives_if_asked(capsys):
    main([*NEURON, "--derivatives"])

    assert "label=0.786" in capsys.readouterr().out


def test_draw_folds_what_repeats_if_asked(capsys):
    main(["draw", "tanh(x1) + tanh(x2) + tanh(x3)", "x1=1", "x2=2", "x3=3", "--collapse"])

    assert 'label="3 times tanh"' in capsys.readouterr().out


def test_draw_colours_by_gradient_if_asked(capsys):
    main([*NEURON, "--gradients"])

    assert 'label="grad 1 to 10"' in capsys.readouterr().out


def test_draw_cuts_a_formula_off_where_asked(capsys):
    main([*NEURON, "--depth", "1"])

    assert capsys.readouterr().out.count("_op [") == 1


def test_draw_shows_what_is_around_a_variable(capsys):
    main([*NEURON, "--around", "b"])
    source = capsys.readouterr().out

    assert '"b|data 1.5|' in source
    assert "tanh" not in source


def test_draw_opens_the_picture_it_wrote(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("graphviz.view", opened.append)

    main([*NEURON, "-o", "neuron.svg", "--open"])

    assert opened == [Path("neuron.svg")]
    assert Path("neuron.svg").exists()


def test_draw_opens_a_picture_without_a_name(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("graphviz.view", opened.append)

    assert main([*NEURON, "--open"]) == 0

    [path] = opened
    assert ElementTree.parse(path).getroot().tag.endswith("svg")
    assert "digraph" not in capsys.readouterr().out


def test_draw_says_what_it_misses_to_open_a_picture(monkeypatch, capsys):
    def absent(_path):
        raise FileNotFoundError(2, "No such file or directory", "xdg-open")

    monkeypatch.setattr("graphviz.view", absent)

    assert main([*NEURON, "-o", "neuron.svg", "--open"]) == 2
    error = capsys.readouterr().err
    assert error == "chainrule: cannot show neuron.svg: there is no xdg-open here\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x*2", "x=1", "--around", "y"], "unknown variable 'y': take one of x"),
        (["2*3", "--around", "y"], "unknown variable 'y': the formula has none"),
        (["x*2", "x=1", "--depth", "0"], "depth is at least 1, got 0"),
        (["x*2", "x=1", "--depth", "2", "--collapse"], "collapse draws the whole graph"),
        (["log(x)", "x=-1"], "log(-1.0): math domain error"),
        (["x + y", "x=1"], "y has no value: give it one, as in y=1"),
        (["x", "x=1", "y=2"], "y is given a value, but does not occur in the formula"),
        (["x", "x=1", "x=2"], "x is given twice"),
        (["x", "x"], "expected name=number, as in w=2, got 'x'"),
        (["x", "x=a"], "expected name=number, as in w=2, got 'x=a'"),
        (["x +", "x=1"], "'x +' is not a formula"),
        (["2x", "x=1"], "at column 1; a product is written with *, as in 2*x"),
        (["x", "x=1", "-o", "picture"], "picture has no ending to tell its format, such as .svg"),
        (["x", "x=1", "-o", "picture.foo"], "unknown format: 'foo'"),
        (["x", "x=1", "-o", "no/folder.svg"], "cannot write no/folder.svg: No such file"),
        (["+".join(["x"] * 500), "x=1"], "more than max_nodes=400"),
    ],
)
def test_a_wrong_drawing_is_one_line_on_stderr(arguments, message, capsys):
    assert main(["draw", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"chainrule: {message}") or message in error
    assert error.count("\n") == 1


def test_a_refused_drawing_leaves_the_old_file(capsys):
    Path("picture.svg").write_text("old")

    main(["draw", "log(x)", "x=-1", "-o", "picture.svg"])

    assert Path("picture.svg").read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="needs a shell with head")
def test_a_reader_that_stops_early_is_no_error(tmp_path):
    formula = "+".join(["x"] * 390)
    process = subprocess.run(
        f"'{COMMAND}' draw '{formula}' x=1 | head -n 1",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (process.stdout, process.stderr) == ("digraph {\n", "")


def test_version_names_the_distribution_and_says_whether_it_is_compiled(capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    answer = "yes" if engine.compiled else "no"
    assert capsys.readouterr().out.startswith(f"chainrule 0.1.0, compiled: {answer}")


@pytest.mark.skipif(engine.compiled, reason="needs the pure build")
def test_version_says_in_one_line_why_it_is_not_compiled(capsys, monkeypatch, tmp_path):
    reason = "no C compiler that works: " + "a long story " * 20
    (tmp_path / "pure.txt").write_text(reason + "\n")
    monkeypatch.setattr(engine, "__file__", str(tmp_path / "__init__.py"))
    monkeypatch.delattr(engine, "switch", raising=False)
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"chainrule 0.1.0, compiled: no ({reason.strip()})\n"


def test_version_says_that_python_was_asked_for():
    process = subprocess.run(
        [sys.executable, "-c", "from nn.command.main import main; main(['--version'])"],
        env={**os.environ, "CHAINRULE_PURE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert process.stdout == "chainrule 0.1.0, compiled: no (CHAINRULE_PURE is set)\n"


def test_training_begins_by_saying_what_runs(capsys):
    main(["train", "xor", "--steps", "1"])

    assert capsys.readouterr().out.startswith("chainrule 0.1.0, compiled: ")


# ---- chainrule source ----


def test_source_prints_a_program_that_runs(capsys):
    assert main(["source", "tanh(w*x + b)"]) == 0
    namespace = {}
    exec(capsys.readouterr().out, namespace)
    value, grads = namespace["gradient"]([2.0, -0.5, 1.5], [])

    assert value == math.tanh(0.5)
    assert grads == [-0.5 * (1 - value**2), 2 * (1 - value**2), 1 - value**2]


def test_source_in_c_goes_into_a_file(capsys):
    assert main(["source", "-x + sin(pi*x)", "--language", "c", "-o", "f.c"]) == 0
    text = Path("f.c").read_text()

    assert "void gradient(const double *inputs" in text
    assert "sin(" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x +"], "'x +' is not a formula"),
        (["log(x)", "x=-1"], "log(-1.0): math domain error"),
        (["f(x)"], "f"),
    ],
)
def test_a_formula_without_a_source_is_one_line_on_stderr(arguments, message, capsys):
    assert main(["source", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
