"""The package engine: its public names, and what importing it loads."""

from pathlib import Path

import pytest

import engine
from tests.engine.processes import run

INSTALLED = Path(engine.__file__).parents[1]  # that is ROOT, unless a wheel is tested


# Compiled modules put one or two modules of their own making there, which no file holds.
LISTED = """
        loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
        made_by_cython = {name for name in loaded if "cython" in name}
        print(sorted(loaded - sys.stdlib_module_names - made_by_cython - {"engine", "nn"}))
"""


@pytest.mark.parametrize("package", ["engine", "nn"])
def test_importing_loads_nothing_outside_the_standard_library(package):
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(INSTALLED)!r})
        before = {{"__main__"}}
        import {package}{LISTED}
    """

    assert run(code, "-I", "-S") == "[]\n"


@pytest.mark.parametrize("package", ["engine", "nn"])
def test_importing_loads_nothing_else_where_everything_is_installed(package):
    code = f"""if True:
        import sys
        before = set(sys.modules)
        import {package}{LISTED}
    """

    assert run(code) == "[]\n"


def test_every_public_name_exists():
    assert [n for n in engine.__all__ if not hasattr(engine, n)] == []


def test_a_name_that_does_not_exist_is_an_attribute_error_naming_it():
    with pytest.raises(AttributeError, match=r"^module 'engine' has no attribute 'tanhh'$"):
        engine.tanhh
