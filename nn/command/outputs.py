"""Files of a training: found to be writable before it starts, written when it is done."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nn.command.figures import warnings_as_lines
from nn.data.columns import columns_as_notes
from nn.saving.models import save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nn.command.rows import Rows
    from nn.command.settings import Settings
    from nn.data.tables import Table
    from nn.film.film import Film
    from nn.module import Module
    from nn.training.history import History


def check_outputs(settings: Settings, task: str) -> None:
    """Raise OSError or ValueError if a file of the training cannot be written, or resumed from.

    task: its name, or the CSV file, which no output may take the place of.
    """
    checkpoint = settings.output / "checkpoint.json"
    if settings.resume and not checkpoint.exists():
        raise ValueError(f"there is no checkpoint in {settings.output} to resume from")
    make_writable(settings.output)
    beside = Path(task).parent.resolve() == settings.output.resolve()
    if beside and Path(task).suffix in (".json", ".svg"):  # a table under the name of a picture
        raise ValueError(f"{task} is where files of the training go: take another --output")
    own = {"the checkpoint of the training": checkpoint, "the table": Path(task)}
    if settings.save is not None:
        check_apart(settings.save, own, "save it elsewhere")
    if settings.film is not None:
        own["the network of the training"] = settings.output / "weights.json"
        own |= {} if settings.save is None else {"what --save writes": settings.save}
        check_apart(settings.film, own, "film it elsewhere")
    if settings.save is not None:
        check_savable(settings.save)
    if settings.film is not None:
        make_writable_beside(settings.film)


def write_outputs(
    name: str,
    model: Module,
    table: Table,
    held_out: Rows,
    history: History,
    film: Film | None,
    settings: Settings,
    say: Callable[..., None],
) -> None:
    """Write the network, its pictures and the film, and say where they are."""
    notes: dict[str, Any] = {
        "task": name,
        "inputs": table.feature_names,
        "target": table.target_name,
        "classes": table.class_names,
    }
    if columns := columns_as_notes(table.columns):
        notes["columns"] = columns
    names = ["weights.json"]
    if (settings.output / "checkpoint.json").exists():  # an early Ctrl-C comes before the first
        names.append("checkpoint.json")
    save(model, settings.output / "weights.json", notes)
    if settings.save is not None:
        save_as(model, settings.save, notes)
    if settings.pictures:
        from nn.command.report import write_pictures  # which imports what draws

        names += write_pictures(settings.output, model, table, held_out, history, settings.seed)
    say(f"wrote {', '.join(names)} in {settings.output}{os.sep}")
    if settings.save is not None:
        say(f"wrote {settings.save}")
    if film is not None and settings.film is not None:
        with warnings_as_lines():
            film.save(settings.film)
        say(f"wrote {settings.film}")


def make_writable(folder: Path) -> None:
    """Make the folder if need be. Raises OSError unless files can be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"cannot write into the folder {folder}: {error.strerror}") from None


def check_apart(path: Path, own: dict[str, Path], advice: str) -> None:
    """Raise ValueError if a path, or a link there, is one of these files."""
    for kind, file in own.items():
        one = path.resolve() == file.resolve()
        if one or (path.exists() and file.exists() and path.samefile(file)):
            raise ValueError(f"{path} is {kind}: {advice}")


FORMATS = (".json", ".safetensors", ".onnx")


def check_savable(path: Path) -> None:
    """Raise ValueError or OSError, before the training, for a file that cannot be written."""
    if path.suffix not in FORMATS:
        raise ValueError(f"a network is saved as {', '.join(FORMATS)}, got {str(path)!r:.60}")
    make_writable_beside(path)


def make_writable_beside(path: Path) -> None:
    """Raise OSError unless a file can be written there."""
    if path.is_dir():
        raise OSError(f"cannot write {path}: it is a folder")
    make_writable(path.parent)


def save_as(model: Module, path: Path, notes: dict[str, Any]) -> None:
    """Write the model in the format that the path ends in."""
    if path.suffix == ".onnx":
        from nn.saving.export import to_onnx

        to_onnx(model, path)
    else:
        save(model, path, notes)
