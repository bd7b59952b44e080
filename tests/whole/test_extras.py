"""Extras: what is installed where, by the markers in pyproject.toml."""

import tomllib
from itertools import product
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
requirements = pytest.importorskip("packaging.requirements")

pytestmark = pytest.mark.skipif(not PYPROJECT.exists(), reason="needs pyproject.toml")

# The wheels of graphviz-pure 0.2.0 to 0.2.2; it has no source distribution.
WHEELS = [
    "win_amd64",
    "win_arm64",
    "macosx_11_0_arm64",
    "macosx_10_12_x86_64",
    "manylinux2014_x86_64",
    "manylinux2014_aarch64",
]
SYSTEMS = {"linux": "manylinux", "darwin": "macosx", "win32": "win", "emscripten": "emscripten"}
MACHINES = [
    "x86_64",
    "AMD64",
    "aarch64",
    "arm64",
    "ARM64",
    "armv6l",
    "armv7l",
    "armv8l",
    "i386",
    "i686",
] + ["x86", "ppc64le", "ppc64", "s390x", "riscv64", "loongarch64", "mips64", "wasm32", ""]


def extra(name):
    """The requirements of an extra, with those of the extras of our own that it names."""
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    found = [requirements.Requirement(text) for text in extras[name]]
    own = [inner for r in found if r.name == "chainrule" for inner in r.extras]
    return [r for r in found if r.name != "chainrule"] + [r for e in own for r in extra(e)]


def installed(requirement, system, machine):
    where = {"sys_platform": system, "platform_machine": machine}
    return requirement.marker is None or requirement.marker.evaluate(where)


@pytest.mark.parametrize("name", ["diagrams", "all", "test"])
@pytest.mark.parametrize(("system", "machine"), list(product(SYSTEMS, MACHINES)))
def test_graphviz_pure_is_wanted_where_it_has_a_wheel_and_nowhere_else(name, system, machine):
    [pure] = [r for r in extra(name) if r.name == "graphviz-pure"]
    there = any(
        wheel.startswith(f"{SYSTEMS[system]}") and wheel.endswith(f"_{machine.lower()}")
        for wheel in WHEELS
        if machine and (machine.isupper() == (system == "win32"))
    )

    assert installed(pure, system, machine) == there


@pytest.mark.parametrize("machine", ["armv7l", "ppc64le", "s390x", "riscv64"])
def test_all_still_brings_the_rest_where_graphviz_pure_has_no_wheel(machine):
    names = {r.name for r in extra("all") if installed(r, "linux", machine)}

    assert {"matplotlib", "scikit-learn", "shtab"} <= names
