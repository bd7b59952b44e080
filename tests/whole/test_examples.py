"""Every command line of the README and of docs/ runs as it is printed."""

import re
import runpy
import shutil
from pathlib import Path

import pytest

from engine import compiled
from tests.nn.command.shell import needs_bash, shell

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SLOW = ("spirals", "digits", "breast_cancer")  # trainings that take long in Python
MEASURED = ("iris", "wine", "digits", "breast_cancer")  # data that scikit-learn has


def commands(text):
    """The calls of chainrule in the blocks of shell code; of a line, the parts that are such."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            plain = re.sub(r"\S*/bin/chainrule\b", "chainrule", line.partition(" # ")[0])
            parts = [part.strip() for part in plain.split(" && ")]
            found += [part for part in parts if re.search(r"(^|\$\()chainrule ", part)]
    return [re.sub(r" --open\b", "", part) for part in found]


EXAMPLES = {str(p.relative_to(ROOT)): commands(p.read_text(encoding="utf-8")) for p in PAGES}


def test_the_commands_of_a_page_are_found():
    text = """
```sh
python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/chainrule train xor   # as here
.venv/bin/chainrule explore "a * a" a=1 \\
    -o a.html --open
eval "$(chainrule completion bash)"
pip install chainrule
```
chainrule train moons
"""

    assert [" ".join(command.split()) for command in commands(text)] == [
        "chainrule train xor",
        'chainrule explore "a * a" a=1 -o a.html',
        'eval "$(chainrule completion bash)"',
    ]


def test_the_readme_has_commands():
    assert len(EXAMPLES["README.md"]) >= 4


@needs_bash
@pytest.mark.parametrize("page", [page for page, lines in EXAMPLES.items() if lines])
def test_the_commands_of_a_page_run_one_after_the_other(page, tmp_path):
    text = " ".join(EXAMPLES[page])
    if not compiled and any(task in text for task in SLOW):
        pytest.skip("takes long in Python: needs the compiled build")
    if any(task in text for task in MEASURED):
        pytest.importorskip("sklearn", reason="needs scikit-learn, of the extra data")
    (tmp_path / "docs").mkdir()
    for path in (ROOT / "docs").glob("*.csv"):
        shutil.copy(path, tmp_path / "docs")
    for command in EXAMPLES[page]:
        process = shell(command, tmp_path)

        assert process.returncode == 0, f"{command}: {process.stderr}"


def test_the_table_of_houses_is_what_its_maker_makes(tmp_path):
    shutil.copy(ROOT / "docs" / "make_houses.py", tmp_path)
    runpy.run_path(str(tmp_path / "make_houses.py"), run_name="__main__")

    made = (tmp_path / "houses.csv").read_bytes()
    assert made == (ROOT / "docs" / "houses.csv").read_bytes().replace(b"\r\n", b"\n")


@needs_bash
def test_the_prices_of_houses_are_learned(tmp_path):
    shutil.copy(ROOT / "docs" / "houses.csv", tmp_path)
    process = shell("chainrule train houses.csv --target price", tmp_path)
    [fit] = re.findall(r"R2 (\S+) on 30 held-out rows", process.stdout)

    assert process.returncode == 0, process.stderr
    assert float(fit) > 0.85
