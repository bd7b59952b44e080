"""The tables of the README and of docs/files.md, made from the first lines of the files themselves.

`python docs/make_tables.py` writes them anew, between the marks `<!-- shelf -->` and
`<!-- end of shelf -->`. A test fails when they are not what this file makes.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (".py", ".pyx", ".h", ".js")
BEGIN, END = "<!-- shelf -->", "<!-- end of shelf -->"

# In which order a reader takes the files of a shelf, and the rooms beside it. What is not named
# here comes last.
SHELVES = {
    "engine": "op ops value recording sourceline copying unfolding reach calculus check"
    " lazy former",
    "nn": "module settings steps checks sample activations activation_names mlp init losses"
    " penalties metrics estimators",
}
ROOMS = {
    "engine": "native languages formulas programs machine"
    " renderers diagrams explanations explorer saving",
    "nn": "layers data optim schedules saving pictures training plot film command",
}


def idea(path: Path) -> str:
    """The first sentence that a file says of itself, on one line and without its full stop."""
    text = path.read_text(encoding="utf-8")
    said = (ast.get_docstring(ast.parse(text)) or "") if path.suffix == ".py" else comment(text)
    paragraph = " ".join(said.split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s+(?=[A-Z])", paragraph)[0].removesuffix(".").replace("|", "\\|")


def comment(text: str) -> str:
    """What a file of C, Cython or JavaScript begins with: /* one */, a docstring, or // lines."""
    if begun := re.match(r'(?:/\*|""")(.*?)(?:\*/|""")', text, re.DOTALL):
        return begun[1].strip()
    begun = re.match(r"(?://[^\n]*\n)*", text)
    return re.sub(r"^// ?", "", begun[0] if begun else "", flags=re.MULTILINE)


def files_of(package: str) -> list[Path]:
    """The files of a package's shelf, in the order in which they are read."""
    paths = [path for path in (ROOT / package).glob("*.py") if path.name != "__init__.py"]
    return sorted(paths, key=lambda path: (place(path.stem, SHELVES[package]), path.name))


def rooms_of(package: str) -> list[Path]:
    """The rooms of a package, in the order in which they are read."""
    paths = [path.parent for path in (ROOT / package).glob("*/__init__.py")]
    return sorted(paths, key=lambda path: (place(path.name, ROOMS[package]), path.name))


def place(name: str, order: str) -> int:
    names = order.split()
    return names.index(name) if name in names else len(names)


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def link(path: Path, start: Path = ROOT) -> str:
    """A file or folder as a link in Markdown, for a page in the folder `start`."""
    name = path.relative_to(ROOT).as_posix() + "/" * path.is_dir()
    return f"[`{name}`]({'../' * len(start.relative_to(ROOT).parts)}{name})"


def shelf() -> str:
    """What stands in the README: a row for each file of the two shelves, a line for each room."""
    rows = ["| file | lines | one idea |", "|---|---:|---|"]
    for package in SHELVES:
        rows += [f"| {link(p)} | {lines(p)} | {idea(p)} |" for p in files_of(package)]
    rows += ["", "| room | what it is for |", "|---|---|"]
    for package in ROOMS:
        rows += [f"| {link(p)} | {idea(p / '__init__.py')} |" for p in rooms_of(package)]
    return "\n".join(rows)


def all_files() -> str:
    """What stands in docs/files.md: every file of every room, and its idea."""
    parts = []
    for package in SHELVES:
        parts += [f"## `{package}/`, the shelf", "", *table(files_of(package)), ""]
        for room in rooms_of(package):
            sources = [p for p in sorted(room.iterdir()) if p.suffix in SOURCES]
            parts += [f"## `{package}/{room.name}/`", ""]
            parts += [f"{idea(room / '__init__.py')}.", ""]
            parts += [*table([p for p in sources if p.name != "__init__.py"]), ""]
    return "\n".join(parts).rstrip()


def table(paths: list[Path]) -> list[str]:
    docs = ROOT / "docs"
    return [
        "| file | one idea |",
        "|---|---|",
        *[f"| {link(p, docs)} | {idea(p)} |" for p in paths],
    ]


def filled(page: Path, text: str) -> str:
    """The page with the text between its two marks."""
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def pages() -> dict[Path, str]:
    """The pages that hold a table, and what they have to say."""
    return {
        page: filled(page, make())
        for page, make in ((ROOT / "README.md", shelf), (ROOT / "docs" / "files.md", all_files))
    }


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
