"""Completion: what real shells offer after a TAB."""

import shutil
import subprocess
import sys

import pytest

from nn.command.completion import SHELLS
from nn.command.main import main
from nn.command.parser import SUBCOMMANDS
from nn.command.tasks import TASKS
from tests.nn.command.shell import environment, needs_bash

# What bash would call after a TAB at the end of the line, and what it would offer.
BASH = """
source chainrule.bash
COMP_LINE="$1" COMP_POINT=${#1}
read -ra COMP_WORDS <<< "$1"
[[ "$1" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_shtab_chainrule 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""
# zsh completes in a terminal only: this one types the line and a TAB into a terminal of its own.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
waits() { local text; repeat 300; do zpty -r -t shell text && seen+=$text; \
    [[ $seen == *$1* ]] && return; sleep 0.05; done; print -u2 "no $1 in $seen"; exit 1 }
seen=
zpty -w shell 'PS1=""; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; \
    zstyle ":completion:*" list-colors ""; print rea""dy'
waits ready
zpty -w -n shell "$1"$'\t'
waits "$2"
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def script(tmp_path, capsys):
    """A function that writes the script of a shell."""
    pytest.importorskip("shtab", reason="needs shtab, of the extra completion")

    def written(shell):
        assert main(["completion", shell]) == 0
        (tmp_path / f"chainrule.{shell}").write_text(capsys.readouterr().out)

    return written


def offered(program, tmp_path, *arguments):
    process = subprocess.run(
        [*program, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return [line.partition("\t")[0] for line in process.stdout.splitlines()]


def in_bash(line, tmp_path):
    return offered(["bash", "-c", BASH, "bash"], tmp_path, line)


def in_fish(line, tmp_path):
    code = "source chainrule.fish; complete --do-complete $argv[1]"
    return offered(["fish", "--no-config", "-c", code], tmp_path, line)


both = pytest.mark.parametrize(
    "shell",
    [
        pytest.param("bash", marks=needs_bash),
        pytest.param("fish", marks=pytest.mark.skipif(not shutil.which("fish"), reason="no fish")),
    ],
)
ASKED = {"bash": in_bash, "fish": in_fish}


@both
def test_tr_is_completed_to_train(shell, script, tmp_path):
    script(shell)

    assert ASKED[shell]("chainrule tr", tmp_path) == ["train"]


@both
def test_every_subcommand_is_offered(shell, script, tmp_path):
    script(shell)

    assert set(ASKED[shell]("chainrule ", tmp_path)) >= set(SUBCOMMANDS)


@both
def test_tasks_and_csv_files_are_offered(shell, script, tmp_path):
    script(shell)
    (tmp_path / "houses.csv").touch()
    (tmp_path / "notes.md").touch()

    assert set(ASKED[shell]("chainrule train ", tmp_path)) >= {*TASKS, "houses.csv"}
    assert "notes.md" not in ASKED[shell]("chainrule train ", tmp_path)


@both
def test_a_task_is_completed_though_its_folder_is_there(shell, script, tmp_path):
    script(shell)
    (tmp_path / "moons").mkdir()

    assert ASKED[shell]("chainrule train mo", tmp_path) == ["moons"]


@both
def test_an_option_is_completed_and_so_are_its_choices(shell, script, tmp_path):
    script(shell)

    assert ASKED[shell]("chainrule train moons --sched", tmp_path) == ["--schedule"]
    assert ASKED[shell]("chainrule train moons --schedule co", tmp_path) == ["constant", "cosine"]


@both
def test_files_are_offered_where_a_file_is_meant(shell, script, tmp_path):
    script(shell)
    (tmp_path / "weights.json").touch()

    assert ASKED[shell]("chainrule predict wei", tmp_path) == ["weights.json"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="no zsh")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("chainrule tr", "train"),
        ("chainrule train moo", "moons"),
        ("chainrule train moons --sched", "--schedule"),
    ],
)
def test_zsh_completes_what_is_typed(line, completed, script, tmp_path):
    script("zsh")
    (tmp_path / "chainrule.zsh").rename(tmp_path / "_chainrule")

    offered(["zsh", "-f", "-c", ZSH, "zsh"], tmp_path, line, completed)


@pytest.mark.parametrize("shell", SHELLS)
def test_without_shtab_the_command_says_what_to_install(shell, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)

    assert main(["completion", shell]) == 2
    message = "completion needs the package shtab: pip install 'chainrule[completion]'"
    assert capsys.readouterr() == ("", f"chainrule: {message}\n")
