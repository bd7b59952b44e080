"""Lazy names: public names of a package, imported from their files when first asked for (PEP 562).

`from nn import Film` imports nn/film/film.py; `import nn` does not.
"""

from __future__ import annotations

from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# One thread at a time imports a file for a name. Two that came from different sides into files that
# import each other's packages would each wait for the other, and Python would raise an error in
# one of them. So no file of engine or nn may use a lazy name while it is imported.
IMPORTING = RLock()


def lazy_names(
    face: dict[str, Any],
    homes: Mapping[str, str],
    needs: Mapping[str, str],
    rooms: str = "",
    former: Mapping[str, str] | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions __getattr__ and __dir__ of a package whose globals() are `face`.

    homes: modules and the names in each, {"nn.optim.adaptive": "Adam AdamW"}. rooms: modules of
    the package that are names themselves, "data plot". needs: packages without which a name
    cannot be imported, {"draw": "graphviz"}. Where such a package is missing, __dir__ leaves the
    name out, because help() asks for all that __dir__ lists. It also leaves out what the face
    imports for itself, such as `os`. former: where a module is now that was a name of the package,
    {"adaptive": "nn.optim.adaptive"}; __dir__ leaves these out too.
    """
    package = face["__name__"]
    home_of = {name: home for home, listed in homes.items() for name in listed.split()}
    modules = {name: f"{package}.{name}" for name in rooms.split()} | dict(former or {})

    for name in face:
        hide_line(face[name])

    def attribute(name: str) -> Any:
        from importlib import import_module

        if name not in home_of and name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with IMPORTING:
            if name in home_of:
                try:
                    found = getattr(import_module(home_of[name]), name)
                except ModuleNotFoundError as error:
                    if error.name is None or error.name != needs.get(name):
                        raise
                    needed = f"the Python package {error.name}: pip install {error.name}"
                    raise ImportError(f"{name} needs {needed}") from error
                hide_line(found)
            else:
                found = import_module(modules[name])
        face[name] = found
        return found

    def names() -> list[str]:
        from importlib.util import find_spec

        missing = {name for name, needed in needs.items() if not find_spec(needed)}
        late = {*home_of, *rooms.split()}
        here = {name for name in face if name in late or is_shown(name)}
        return sorted(here | (late - missing))

    def is_shown(name: str) -> bool:
        inside = getattr(face[name], "__name__", "").startswith(f"{package}.")
        return name.startswith("__") or name in face["__all__"] or inside

    return attribute, names


def hide_line(x: Any) -> None:
    """Forget the line on which a class stands in its file.

    A public class says that its module is the face, `nn.MLP`. From Python 3.13 on, inspect would
    show that line of the face's file as the source of the class. Without the line it says, as
    earlier Pythons do, that it has no source.
    """
    if isinstance(x, type) and "__firstlineno__" in vars(x):
        delattr(x, "__firstlineno__")
