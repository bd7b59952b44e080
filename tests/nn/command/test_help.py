"""Help: what the command says of itself, at once, and that its examples run."""

import re
import subprocess
import sys

import pytest

from nn.command.main import main
from nn.command.parser import SUBCOMMANDS
from tests.nn.command.shell import needs_bash, shell

EXAMPLE = re.compile(r"^  ((?:eval|chainrule) .*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def help_of(*words):
    """What a new process prints, which must end well."""
    process = subprocess.run(
        [sys.executable, "-m", "nn", *words], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout


def printed(capsys, *words):
    with pytest.raises(SystemExit, match=r"^0$"):
        main(words)
    return capsys.readouterr().out


def test_the_command_alone_prints_its_help(capsys):
    assert printed(capsys) == printed(capsys, "--help")


def test_python_m_nn_is_the_command(capsys):
    assert help_of() == printed(capsys, "--help")
    assert help_of("--version") == printed(capsys, "--version")


def test_the_help_names_every_subcommand(capsys):
    text = printed(capsys, "--help")

    assert [name for name in SUBCOMMANDS if f"\n    {name}" not in text] == []


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_of_a_subcommand_has_a_description_and_an_example(name, capsys):
    usage, description, *_ = printed(capsys, name, "--help").split("\n\n")

    assert usage.startswith(f"usage: chainrule {name}")
    assert re.match(r"[A-Z].*\.", description, re.DOTALL)
    assert examples(name, capsys)


@pytest.mark.parametrize("words", [[], *[[name] for name in SUBCOMMANDS]])
def test_the_texts_of_a_help_fit_a_terminal_of_80_columns(words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = printed(capsys, *words, "--help").partition("\ntasks, and")[0]

    lines = [line for line in text.splitlines() if "chainrule" not in line]
    assert max(map(len, lines)) <= 80


def examples(name, capsys):
    """The command lines below the word examples."""
    text = printed(capsys, name, "--help").partition("\nexamples:\n")[2]
    return EXAMPLE.findall(text.partition("\n\n")[0])


@needs_bash
@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_examples_of_a_subcommand_run_one_after_the_other(name, tmp_path, capsys):
    if name == "completion":
        pytest.importorskip("shtab", reason="needs shtab, of the extra completion")
    for line in examples(name, capsys):
        process = shell(line, tmp_path)

        assert process.returncode == 0, f"{line}: {process.stderr}"


@needs_bash
def test_the_examples_of_the_command_run(tmp_path, capsys):
    lines = EXAMPLE.findall(printed(capsys, "--help"))

    assert len(lines) >= 2
    assert [shell(line, tmp_path).returncode for line in lines] == [0] * len(lines)


# ---- what is imported ----


MODULES = "import sys; print(*sorted(set(sys.modules) - before), sep='\\n', file=sys.stderr)"
CODE = f"""if True:
    import sys, nn
    before = set(sys.modules)
    try:
        from nn.command.main import main
        main(sys.argv[1:])
    except SystemExit:
        pass
    {MODULES}
"""


def imported(*words):
    """The modules that a command imports beside those of `import nn`."""
    process = subprocess.run(
        [sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True
    )
    return set(process.stderr.split())


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_import_the_parser_and_no_subcommand(word):
    ours = {name for name in imported(word) if name.startswith(("nn.", "engine."))}

    files = ("main", "parser", "terminal", "version")
    assert ours == {"nn.command", *[f"nn.command.{name}" for name in files]}


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(word):
    code = f"import sys\nsys.argv = ['chainrule', {word!r}]\ntry:\n    import nn.__main__\nexcept "
    code += "SystemExit:\n    print(*sys.modules, sep='\\n', file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"graphviz", "matplotlib", "numpy", "shtab", "sklearn", "tqdm"}
    found = set(process.stderr.split())

    assert "nn.command.main" in found
    assert heavy & found == set()
    assert {name for name in found if name.startswith(("nn.training", "nn.data"))} == set()


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_the_help_of_a_subcommand_imports_no_other_program(name):
    heavy = {"graphviz", "matplotlib", "numpy", "shtab", "sklearn", "tqdm", "nn.command.job"}

    assert heavy & imported(name, "--help") == set()


def test_a_formula_is_explained_without_graphviz_and_without_the_training():
    found = imported("explain", "a*a", "a", "a=3")

    assert "engine.explanations.explanation" in found
    assert {"graphviz", "nn.command.job", "nn.command.train"} & found == set()
