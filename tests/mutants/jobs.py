"""What is to be judged: which files are mutated, by which of their mutants, under which tests."""

import random
import re
from pathlib import Path
from typing import Any, NamedTuple

from tests.mutants.mutations import mutants_of
from tests.mutants.patching import replacements

ROOT = Path(__file__).parents[2]
FILES = [f"engine/{name}.py" for name in ("op", "ops", "value", "calculus")]
FILES += [f"engine/programs/{name}.py" for name in ("plan", "grouping", "program", "tape")]
FILES += ["nn/losses.py"]
FILES += [f"nn/optim/{name}.py" for name in ("adaptive", "sgd", "optimizer")]
FILES += [
    f"nn/schedules/{name}.py"
    for name in ("formulas", "sequential", "schedule", "onecycle", "plateau")
]
IN_C = ["engine/op.py", "engine/ops.py", "engine/value.py"]  # in the compiled build
SLOW = ("memory", "against_mpmath", "of_any_label", "copies_of_programs", "copying", "resuming")
SLOW += ("estimators", "machines", "_check", "test_source")
AFAR = {
    "engine": "tests/engine/programs/test_*.py tests/nn/optim/test_*.py tests/nn/test_losses.py "
    "tests/nn/test_mlp.py tests/engine/explanations/test_*.py tests/nn/training/test_*.py "
    "tests/engine/machine/test_machine.py tests/whole/test_[pft]*s.py",
    "nn": "tests/nn/test_losses.py tests/nn/test_training.py tests/nn/training/test_*.py "
    "tests/engine/machine/test_*optimizers.py tests/nn/command/test_[cdo]*.py "
    "tests/whole/test_[pf]*s.py",
}


class Job(NamedTuple):
    """A mutant to be judged."""

    path: str
    number: int
    mutant: Any
    known: bool  # whether it stands in equivalent.md
    code: Any  # what replaces functions of the module; None if it has to be imported anew

    def __str__(self) -> str:
        return f"{self.path}:{self.number} line {self.mutant}"

    def near(self, test: str) -> bool:
        return bool(re.search(rf"test_([a-z]+_)*{Path(self.path).stem}", test))


def found(pattern: str) -> list[str]:
    return sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(pattern))


def tests_of(path: str, everything: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether a file is tested in pure Python, and by which files of tests."""
    room = Path(path).parent
    tests = found(f"tests/{room}/test_*.py")
    slow = [t for t in tests if any(name in t for name in SLOW)]
    tests = [t for t in tests if t not in slow]
    if everything:
        tests += slow
        afar = [t for pattern in AFAR[room.parts[0]].split() for t in found(pattern)]
        tests += [t for t in afar if t not in tests]
    return path in IN_C or not found("engine/value.*.*"), tuple(tests)


def equivalents() -> set[tuple[str, str, str]]:
    """(file, its line, the change) of each mutant that is known to do the same as before."""
    known, path = set(), ""
    for line in (Path(__file__).parent / "equivalent.md").read_text("utf-8").splitlines():
        path = line[3:].strip() if line.startswith("## ") else path
        if match := re.match(r"- `` (.*) ``: `` (.*) ``$", line):
            known.add((path, match[1], match[2]))
    return known


def drawn(names: list[str], seed: str, per_file: int) -> list[Job]:
    """The jobs of files, and of single mutants such as engine/op.py:17."""
    known, jobs = equivalents(), []
    for name in names:
        path, _, number = name.partition(":")
        text = (ROOT / path).read_text("utf-8")
        lines, mutants = text.splitlines(), list(enumerate(mutants_of(text)))
        draw = random.Random(f"{seed} {path}")
        sample = sorted(draw.sample(mutants, min(per_file, len(mutants))))
        for i, mutant in [mutants[int(number)]] if number else sample:
            same = (path, lines[mutant.line - 1].strip(), f"{mutant.was} -> {mutant.now}") in known
            code = replacements(str(ROOT / path), text, mutant.text)
            jobs.append(Job(path, i, mutant, same, code))
    return jobs


def tests_for(job: Job, everything: bool, near: bool) -> tuple[bool, tuple[str, ...]]:
    """The tests of a job's file; only the nearest, if there are any and that is wanted."""
    pure, tests = tests_of(job.path, everything)
    nearest = tuple([t for t in tests if job.near(t)])
    return pure, nearest if near and nearest else tests
