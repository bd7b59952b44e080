"""The house: which room may import which, no circle of files, and each room's purpose."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import engine
import nn

ROOT = Path(engine.__file__).parents[1]  # the checkout, unless a wheel is tested
PACKAGES = [
    path.parent for name in ("engine", "nn") for path in ROOT.glob(f"{name}/**/__init__.py")
]

# What each room of engine may import besides itself; "" is the shelf, the files beside the rooms.
ENGINE = {
    "native": [],
    "saving": [],
    "machine": [],
    "": ["native"],
    "languages": ["", "native"],
    "formulas": [""],
    "renderers": ["", "formulas"],
    "programs": ["", "languages", "formulas", "machine"],
    "diagrams": ["", "formulas", "renderers", "saving"],
    "explanations": ["", "formulas"],
    "explorer": ["", "formulas", "renderers", "diagrams", "languages", "saving"],
}
# The shelf of engine is read in this order; a file imports from those before it. The first two are
# of the face, which alone imports them.
SHELF = ["lazy", "former", "op", "ops", "reach", "sourceline", "recording"]
SHELF += [
    "keepers",
    "callsite",
    "lostgradient",
    "value",
    "copying",
    "unfolding",
    "calculus",
    "differences",
    "check",
]
# Each room of nn imports itself and the rooms of the lines above its own.
NN = [
    [""],
    ["layers"],
    ["data", "optim"],
    ["schedules"],
    ["saving", "pictures"],
    ["training"],
    ["plot"],
]
NN += [["film"], ["estimators"], ["command"]]
# The rooms of engine that nn may know, and those that its command asks too.
NN_TAKES = ["", "saving", "programs", "diagrams", "formulas"]
COMMAND_TAKES = ["languages"]
TYPE_ONLY = ("engine.op", "engine.value")  # what an op makes of Values is said in its types


def sources() -> dict[str, str]:
    """The text of every module of both packages, by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in package.glob("*.p*"):
            if path.suffix in (".py", ".pyx"):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found[name.removesuffix(".__init__")] = path.read_text("utf-8")
    return found


def room(module: str, modules: dict[str, str]) -> str:
    """The room a module stands in; "" for the shelf."""
    _, *inner = module.split(".")
    if inner == ["__main__"]:
        return "command"
    if inner == ["estimators"]:  # a file of the shelf that stands above most rooms
        return "estimators"
    is_room = len(inner) > 1 or any(name.startswith(f"{module}.") for name in modules)
    return inner[0] if inner and is_room else ""


@cache
def imported(text: str) -> list[tuple[str, str]]:
    """What a module's text imports, anywhere in it: a module, and a name of it or nothing."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:  # Cython, of which its lines of imports are read
        lines = [line.strip().replace(" cimport ", " import ") for line in text.splitlines()]
        ours = [line for line in lines if line.startswith(("from engine", "import engine"))]
        nodes = list(ast.walk(ast.parse("\n".join(ours))))
    found = [(x.name, "") for node in nodes if isinstance(node, ast.Import) for x in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), x.name) for x in node.names]
    return found


def imports(module: str, text: str, modules: dict[str, str]) -> list[str]:
    """The modules of ours that a module imports."""
    found = [f"{m}.{n}" if f"{m}.{n}" in modules else m for m, n in imported(text)]
    assert not [m for m in found if m.startswith(".")], f"{module} has a relative import"
    return [m for m in dict.fromkeys(found) if m in modules and m != module]


def allowed(module: str, other: str, modules: dict[str, str]) -> bool:
    """Whether the rooms and the shelf's order let a module import another."""
    (package, *_), here, there = module.split("."), room(module, modules), room(other, modules)
    if other == package or module == package:  # the package's own face: nobody, and it may do all
        return module == package
    if package == "engine":
        if not other.startswith("engine."):
            return False
        if here == there == "":
            place = {f"engine.{name}": i for i, name in enumerate(SHELF)}  # a new file needs one
            earlier = place.get(other, len(place)) < place.get(module, -1)
            return earlier or (module, other) == TYPE_ONLY
        return here == there or there in ENGINE[here]
    if other.split(".")[0] == "engine":
        return there in (NN_TAKES + COMMAND_TAKES if here == "command" else NN_TAKES)
    floor = {name: i for i, line in enumerate(NN) for name in line}
    return here == there or floor[there] < floor[here]


def violations(modules: dict[str, str]) -> list[str]:
    """What breaks the rules in modules of these texts, a line each."""
    graph = {name: imports(name, text, modules) for name, text in modules.items()}
    found = [
        f"{name} imports {other}"
        for name, others in graph.items()
        for other in others
        if not allowed(name, other, modules)
    ]
    inside = {name: {x for x in others if (name, x) != TYPE_ONLY} for name, others in graph.items()}
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        found.append("a circle: " + " <- ".join(error.args[1]))
    return found


def test_rooms_import_one_way_and_no_files_form_a_circle():
    assert violations(sources()) == []


def test_every_file_of_both_packages_is_judged():
    files = [path for name in ("engine", "nn") for path in ROOT.glob(f"{name}/**/*.p*")]

    assert sum(path.suffix in (".py", ".pyx") for path in files) == len(sources())
    assert {room(name, sources()) for name in sources() if name.startswith("engine.")} == {*ENGINE}


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("engine.op", "from engine.ops import TABLE", "engine.op imports engine.ops"),
        ("engine.ops", "from engine.value import Value", "engine.ops imports engine.value"),
        ("engine.op", "def f():\n    from engine import ops", "engine.op imports engine.ops"),
        ("engine.renderers.svg", "import engine.diagrams.boxes", "engine.diagrams.boxes"),
        ("engine.saving.files", "from engine.op import Op", "engine.saving.files imports"),
        ("engine.machine.machine", "from engine.op cimport Op", "engine.machine.machine imports"),
        ("engine.check", "from engine import Value", "engine.check imports engine"),
        ("engine.check", "import nn", "engine.check imports nn"),
        ("engine.check", "from nn.mlp import MLP", "engine.check imports nn.mlp"),
        ("nn.mlp", "from nn.training.loop import fit", "nn.mlp imports nn.training.loop"),
        ("nn.module", "if T:\n    from nn.mlp import MLP", "a circle: "),
        ("nn.mlp", "from nn import Module", "nn.mlp imports nn"),
        ("nn.mlp", "from engine.machine import machine", "nn.mlp imports engine.machine"),
        ("nn.plot.curves", "from nn import film", "nn.plot.curves imports nn.film"),
        ("nn.optim.sgd", "from nn.schedules import StepLR", "nn.optim.sgd imports nn.schedules"),
    ],
)
def test_a_planted_violation_is_caught(module, line, complaint):
    modules = sources()
    before = violations(modules)
    modules[module] = modules.get(module, "") + f"\n{line}\n"

    assert [x for x in violations(modules) if x not in before and complaint in x]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_says_in_its_first_line_what_it_is_for(package):
    doc = ast.get_docstring(ast.parse(package.joinpath("__init__.py").read_text("utf-8")))

    assert doc
    assert doc.splitlines()[0].endswith(".")


def test_no_room_bears_the_name_of_a_public_function():
    rooms = [path for path in PACKAGES if path.parent != ROOT]
    public = {*engine.__all__, *nn.__all__, "draw", "explore"}
    modules = {"data"}  # public as the module it is

    assert not {path.name for path in rooms} & public - modules
