"""`chainrule completion`: what lets a shell complete the command, written by the package shtab."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Action, ArgumentParser, Namespace
    from typing import Any

DESCRIPTION = """\
Print a script that lets your shell complete this command.
After a TAB the shell then offers subcommands, tasks, options, their choices and
files. Printing the script needs the package shtab (pip install
'chainrule[completion]'); using it needs nothing.

  bash: chainrule completion bash > ~/.local/share/bash-completion/completions/chainrule
  zsh:  chainrule completion zsh > ~/.zfunc/_chainrule   # a folder of your fpath
  fish: chainrule completion fish > ~/.config/fish/completions/chainrule.fish"""
EXAMPLES = """\
  eval "$(chainrule completion bash)"          # in this shell only
  chainrule completion bash > chainrule.bash"""
SHELLS = ["bash", "zsh", "fish"]


def options(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help=", ".join(SHELLS))


def run(options: Namespace) -> int:
    """Print the script of a shell."""
    print(script(options.shell), end="")
    return 0


def script(shell: str) -> str:
    """The script of that shell. Raises ImportError without shtab."""
    try:
        import shtab
    except ImportError:
        raise ImportError(
            "completion needs the package shtab: pip install 'chainrule[completion]'"
        ) from None
    from nn.command.parser import parser

    top = parser()
    subcommands = top._subparsers._group_actions[0].choices if top._subparsers else {}
    for subcommand in dict(subcommands or {}).values():
        for action in subcommand._actions:
            complete = completed_by(action)
            if complete is not None:
                action.complete = complete
    text: str = shtab.complete(top, shell)
    return text


def completed_by(action: Action) -> Any:
    """What completes an argument, in shtab's words: files, folders, or tasks. None: its choices."""
    if action.dest == "task":
        return tasks()
    if action.metavar == "FOLDER":
        return "directory"
    return "file" if action.type is Path or action.dest == "rows" else None


def tasks() -> dict[str, Any]:
    """The names of the tasks, and CSV files, as a function of each shell."""
    from nn.command.tasks import TASKS

    names = " ".join(TASKS)
    bash = f'compgen -W "{names}" -- "$1"; compgen -f -X "!*.csv" -- "$1"'
    zsh = f"compadd {names}; _files -g '*.csv'"
    fish = f"string split ' ' '{names}'; for f in (commandline -ct)*.csv; echo $f; end"
    return {
        "bash": "_chainrule_tasks",
        "zsh": "_chainrule_tasks",
        "fish": "(_chainrule_tasks)",
        "preamble": {
            "bash": f"_chainrule_tasks() {{ {bash}; }}",
            "zsh": f"_chainrule_tasks() {{ {zsh}; }}",
            "fish": f"function _chainrule_tasks; {fish}; end",
        },
    }
