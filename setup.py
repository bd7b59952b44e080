"""The build: five modules of engine as C where there is a C compiler, as Python elsewhere.

Everything else about the package stands in pyproject.toml. Two environment variables decide.
CHAINRULE_PURE=1 leaves all in Python. CHAINRULE_COMPILE=1 also compiles an editable install, which
stays in Python without it: otherwise an old binary would hide what one edits.
"""

import ast
import os
import re
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ENGINE = Path(__file__).parent / "engine"
DIRECTIVES = {"language_level": 3, "cpow": True, "nonecheck": True, "auto_pickle": False}
# The modules, by their files in engine/, and what each tells Cython besides. Annotations are for
# readers and type checkers: C's types stand in the .pxd files. Only value.py has annotations for C,
# of local variables in methods such as __add__.
MODULES = {
    "native/nodes.pyx": {},
    "native/kernels.pyx": {},
    "machine/machine.pyx": {},
    "op.py": {"annotation_typing": False},
    "value.py": {"annotation_typing": True},
}
# Python's bits: no fused multiply-add, and no sum in another order. The other two flags change no
# number. They say that nobody reads the processor's flags or errno; so loops can become vectors.
STRICT = ["-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"]
FLAGS = {"msvc": ["/O2", "/fp:precise"], "unix": ["-O3", "-g0", *STRICT]}
# What is changed in the C that Cython writes. Cython makes the dict of an object's attributes at
# once. When it frees the object, it empties the dict by recursion, even if someone else holds it.
# CPython makes the dict when it is asked for, and only lets go of it. And refcounts.h makes
# Py_DECREF quicker on Python 3.12 and 3.13.
DICT = "p->__dict__"
CHANGES = {
    f"{DICT} = PyDict_New(); if (unlikely(!{DICT})) goto bad;": f"{DICT} = NULL; if (0) goto bad;",
    f"if ({DICT}) PyDict_Clear({DICT});": "",
    '#include "Python.h"\n': '#include "Python.h"\n#include "native/refcounts.h"\n'
    '#include "native/node.h"\n',
}
# The same, but all of it or nothing. A new node comes from node.h, with nothing in it where Cython
# has None. So what is put into it may take the place of nothing.
VALUE = "((PyTypeObject *)__pyx_mstate_global->__pyx_ptype_6engine_5value_Value)"
BLANK_NODES = {
    f"__pyx_tp_new_6engine_5value_Value({VALUE}, __pyx_mstate_global->__pyx_empty_tuple, NULL)": (
        f"blank_node({VALUE})"
    ),
    "#define __Pyx_DECREF_SET(r, v)": (
        "#define __Pyx_DECREF_SET __Pyx_XDECREF_SET\n#define CYTHONS_DECREF_SET(r, v)"
    ),
}


def asked_for(variable: str) -> bool:
    return os.environ.get(variable, "0") not in ("", "0")


def why_pure() -> str:
    """Why everything stays in Python; empty if it is to be compiled."""
    if asked_for("CHAINRULE_PURE"):
        return "CHAINRULE_PURE was set when it was installed"
    if "editable_wheel" in sys.argv and not asked_for("CHAINRULE_COMPILE"):
        return "an editable install, without CHAINRULE_COMPILE=1"
    from distutils.ccompiler import new_compiler  # setuptools' own, once that is imported
    from distutils.sysconfig import customize_compiler

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "trial.c")
        source.write_text("#include <Python.h>\nint main(void) { return 0; }\n")
        try:
            compiler = new_compiler()
            customize_compiler(compiler)
            include = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
            compiler.compile([str(source)], output_dir=folder, include_dirs=include)
        except Exception as error:
            return f"no C compiler that works: {one_line(error)}"
    return ""


def one_line(error: BaseException) -> str:
    """What went wrong, in one line; a command as its first word: "gcc returned exit status 1"."""
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"Command '\['([^']*)'.*\]' returned", r"\1 returned", text)


class BuildPython(build_py):
    """Also says in pure.txt, beside the modules, why they are not compiled."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            for file in MODULES:  # what an earlier build left would be imported
                path = ENGINE / file
                path.with_name(path.stem + sysconfig.get_config_var("EXT_SUFFIX")).unlink(True)
            return
        Path(self.build_lib, "engine", "pure.txt").unlink(missing_ok=True)
        if PURE:
            say_why_pure(PURE, Path(self.build_lib))


class BuildC(build_ext):
    """Compiles all modules, or none."""

    def build_extensions(self) -> None:
        self.force = True  # what was made with other flags or by another Cython is out of date
        try:
            for extension in self.extensions:
                self.translate(extension)
            super().build_extensions()
        except Exception as error:
            for extension in self.extensions:
                Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
            self.extensions = self.distribution.ext_modules = []
            wheel = self.distribution.command_obj.get("bdist_wheel")
            if wheel:  # it is for every machine now
                wheel.root_is_pure = True
            why = f"the compilation failed: {one_line(error)}"
            say_why_pure(why, None if self.editable_mode else Path(self.build_lib))

    def translate(self, extension: Extension) -> None:
        """Give the extension its source in C; all that is generated goes beside the objects."""
        from Cython.Build import cythonize
        from Cython.Compiler import Options

        folder = Path(self.build_temp).resolve()
        gather(folder / "engine")
        (source,) = extension.sources
        file = source.removeprefix("engine/")
        # A Value closes no reference cycle by itself, so the collector need not look at it. Cython
        # takes this one as a default only, not as a directive.
        Options.get_directive_defaults()["no_gc"] = file == "value.py"
        here = Path.cwd()
        os.chdir(folder)  # so that tracebacks say engine/value.py
        try:
            directives = DIRECTIVES | MODULES[file]
            (made,) = cythonize([extension], compiler_directives=directives, force=True, quiet=True)
        finally:
            os.chdir(here)
        extension.sources = [str(Path(self.build_temp, source)) for source in made.sources]
        for source in map(Path, extension.sources):
            text = source.read_text("utf-8")
            blank = BLANK_NODES if all(cython in text for cython in BLANK_NODES) else {}
            for cython, ours in {**CHANGES, **blank}.items():
                text = text.replace(cython, ours)
            source.write_text(text, "utf-8")
        extension.include_dirs += [str(folder / "engine"), str(folder / "engine/machine")]
        extension.extra_compile_args += FLAGS.get(self.compiler.compiler_type, FLAGS["unix"])
        if sys.platform == "linux":
            extension.extra_link_args.append("-Wl,-s")  # without the names of functions inside
        # Types are made at run time, so that value.py can give Value the ops as methods.
        extension.define_macros.append(("CYTHON_USE_TYPE_SPECS", "1"))


def module_name(file: str) -> str:
    """machine/machine.pyx is engine.machine.machine."""
    return f"engine.{Path(file).with_suffix('').as_posix().replace('/', '.')}"


def gather(folder: Path) -> None:
    """Put into the folder all that Cython and C read, from every room, and the table in C."""
    sources = [*ENGINE.rglob("*.p[xy][dx]"), *ENGINE.rglob("*.h")]
    for package in {folder / source.relative_to(ENGINE).parent for source in sources} | {folder}:
        package.mkdir(parents=True, exist_ok=True)
        Path(package, "__init__.py").touch()
    for source in [*sources, ENGINE / "op.py", ENGINE / "value.py"]:
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".py":
            text = without_type_checking(text)
        Path(folder, source.relative_to(ENGINE)).write_text(text, encoding="utf-8")
    calculus = (ENGINE / "ops.py").read_text(encoding="utf-8")
    for header, text in headers(calculus).items():
        Path(folder, header).write_text(text, encoding="utf-8")


def headers(calculus: str) -> dict[str, str]:
    """The headers that are made from the table of ops.py, by their names."""
    engine = ModuleType("engine")  # without its __init__.py, which imports what is being built
    engine.__path__ = [str(ENGINE)]
    with patch.dict(sys.modules, {"engine": engine}):
        from engine.native import csource, powers, prelude
    return {
        "rows.h": csource.c_source(calculus),
        "many.h": prelude.MANY,
        "powers.h": powers.powers_source(),
        "vectors.h": csource.vector_source(calculus),
    }


def without_type_checking(text: str) -> str:
    """Python without the `if TYPE_CHECKING:` of classes: Cython would take its methods for real."""
    lines = text.splitlines(keepends=True)
    for owner in ast.walk(ast.parse(text)):
        for part in owner.body if isinstance(owner, ast.ClassDef) else []:
            if isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING":
                lines[part.lineno - 1 : part.end_lineno] = "\n" * (
                    part.end_lineno - part.lineno + 1
                )
    return "".join(lines)


def say_why_pure(why: str, packages: Path | None) -> None:
    print(f"chainrule is installed in pure Python: {why}", file=sys.stderr)
    if packages:
        Path(packages, "engine", "pure.txt").write_text(f"{why}\n", encoding="utf-8")


PURE = why_pure()
setup(
    cmdclass={"build_py": BuildPython, "build_ext": BuildC},
    ext_modules=[]
    if PURE
    else [Extension(module_name(file), [f"engine/{file}"]) for file in MODULES],
    setup_requires=[] if PURE else ["cython>=3.1"],
)
