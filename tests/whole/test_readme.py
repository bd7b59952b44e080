"""What the README and the pages in docs/ say is so."""

import re
import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLES = runpy.run_path(str(ROOT / "docs" / "make_tables.py"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks" / "README.md"])
TARGETS = [
    (page.relative_to(ROOT).as_posix(), target)
    for page in PAGES
    for target in sorted(set(re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))))
]
SOURCES = [
    path
    for package in ("engine", "nn")
    for path in sorted((ROOT / package).rglob("*"))
    if path.suffix in TABLES["SOURCES"]
]


def test_the_readme_has_at_most_150_lines():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", ["README.md", "docs/files.md"])
def test_the_tables_are_what_their_maker_makes(page):
    wanted = TABLES["pages"]()[ROOT / page]

    assert (ROOT / page).read_text(encoding="utf-8") == wanted, "run python docs/make_tables.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_has_an_idea_and_its_place_in_the_tables(path):
    name = path.relative_to(ROOT).as_posix()
    if path.name == "__init__.py":
        name = path.relative_to(ROOT).parent.as_posix() + "/"

    assert TABLES["idea"](path)
    assert f"`{name}`" in (ROOT / "docs" / "files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["op", "ops", "value", "calculus", "check"])
def test_the_readme_has_the_lines_of_the_engine(name):
    lines = len((ROOT / "engine" / f"{name}.py").read_text(encoding="utf-8").splitlines())

    assert f"| [`engine/{name}.py`](engine/{name}.py) | {lines} | " in README


@pytest.mark.parametrize(("page", "target"), TARGETS)
def test_links_lead_to_files(page, target):
    assert ((ROOT / page).parent / target).exists()


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")), ids=lambda page: page.name)
def test_every_page_is_in_the_index(page):
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")

    assert page.name == "README.md" or f"]({page.name})" in index


@pytest.mark.parametrize("last", ["chainrule train xor", "pytest"])
def test_each_of_the_two_commands_is_one_line(last):
    assert len(re.findall(rf"^python3 -m venv .*{last}$", README, re.MULTILINE)) == 1


def test_extras_in_the_commands_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = {x for group in re.findall(r'"\.\[([\w,]+)\]"', texts) for x in group.split(",")}

    assert named
    assert named <= set(extras)


def test_the_picture_shows_the_example(monkeypatch):
    from engine.formulas.reading import expression
    from engine.value import Value

    monkeypatch.setenv("CHAINRULE_DOT", "builtin")
    from engine import draw

    variables = {name: Value(x, label=name) for name, x in (("w", 2), ("x", -0.5), ("b", 1.5))}
    y = expression("tanh(w*x + b)", variables)
    y.backward()

    picture = draw(y, derivatives=True).pipe("svg", encoding="utf-8")
    assert (ROOT / "docs" / "neuron.svg").read_text(encoding="utf-8") == picture


def test_the_pages_and_the_wheels_name_the_pythons_that_are_promised():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(project["project"]["classifiers"]))
    said = f"Python {', '.join(promised[:-1])} or {promised[-1]}"

    assert said in README
    assert said in (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    assert project["project"]["requires-python"] == f">={promised[0]}"
    assert project["tool"]["cibuildwheel"]["build"] == [
        f"cp{version.replace('.', '')}-*" for version in promised
    ]
