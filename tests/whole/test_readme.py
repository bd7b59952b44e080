"""What the README says is so."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| \[`([\w/.]+)`\]\(([\w/.]+)\) \| (\d+) \|", README, re.MULTILINE)


@pytest.mark.parametrize(("name", "link", "lines"), TABLE)
def test_line_counts_of_the_reading_list_are_true(name, link, lines):
    assert name == link
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) == int(lines)


def test_the_reading_list_is_found():
    assert len(TABLE) >= 8


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_to_files(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize("path", sorted([*ROOT.glob("engine/*.py"), *ROOT.glob("nn/*.py")]))
def test_every_module_is_mentioned(path):
    assert path.name == "__init__.py" or f"{path.parent.name}/{path.name}" in README


def test_extras_in_the_commands_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    named = {x for group in re.findall(r'"\.\[([\w,]+)\]"', README) for x in group.split(",")}

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
