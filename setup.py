"""The build: engine's inner files as C where that can be done, as Python where it cannot.

Everything else about the package stands in pyproject.toml. Two environment variables decide:
CHAINRULE_PURE=1 leaves all in Python; CHAINRULE_COMPILE=1 compiles an editable install as well,
which is pure without it, since a stale binary would hide what one edits.
"""

import ast
import os
import re
import sys
import sysconfig
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ENGINE = Path(__file__).parent / "engine"
DIRECTIVES = {"language_level": 3, "cpow": True, "nonecheck": True, "auto_pickle": False}
# Annotations are for readers and type checkers; C's types stand in the .pxd files. Only value.py
# needs some of its annotations: those of local variables in methods such as __add__.
MODULES = {
    "native.collector": ("native/collector.pyx", {}),
    "native.kernels": ("native/kernels.pyx", {}),
    "machine.machine": ("machine/machine.pyx", {}),
    "op": ("op.py", {"annotation_typing": False}),
    "value": ("value.py", {"annotation_typing": True}),
}
# The bits of Python: no fused multiply-add, and nothing that reorders a sum. Nobody asks for the
# processor's own flags or for errno, which no number depends on, so that loops become vectors.
STRICT = ["-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"]
FLAGS = {"msvc": ["/O2", "/fp:precise"], "unix": ["-O3", "-g0", *STRICT]}
# Cython gives every object a dict for its attributes at once, and in the end empties it, whoever
# else holds it, by recursion. CPython makes one when it is asked for, and then lets go of it.
DICT = "p->__dict__"
CPYTHONS_WAY = {
    f"{DICT} = PyDict_New(); if (unlikely(!{DICT})) goto bad;": f"{DICT} = NULL; if (0) goto bad;",
    f"if ({DICT}) PyDict_Clear({DICT});": "",
}


def asked_for(variable: str) -> bool:
    return os.environ.get(variable, "0") not in ("", "0")


def why_pure() -> str:
    """Why everything stays in Python; empty if it is to be compiled."""
    if asked_for("CHAINRULE_PURE"):
        return "CHAINRULE_PURE is set"
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
    """What went wrong, of a command its first word: "gcc returned non-zero exit status 1"."""
    text = " ".join(str(error).split()) or type(error).__name__
    return re.sub(r"Command '\['([^']*)'.*\]' returned", r"\1 returned", text)


class BuildPython(build_py):
    """Also says in pure.txt, beside the modules, why they are not compiled."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            for name in MODULES:  # what an earlier build left would be imported
                path = ENGINE.joinpath(*name.split("."))
                path.with_name(path.name + sysconfig.get_config_var("EXT_SUFFIX")).unlink(True)
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
        name = extension.name.removeprefix("engine.")
        # A Value takes part in no reference cycle of its own making, so the collector need not
        # look at it. Cython takes this one as a default only, not as a directive.
        Options.get_directive_defaults()["no_gc"] = name == "value"
        here = Path.cwd()
        os.chdir(folder)  # so that tracebacks say engine/value.py
        try:
            directives = DIRECTIVES | MODULES[name][1]
            (made,) = cythonize([extension], compiler_directives=directives, force=True, quiet=True)
        finally:
            os.chdir(here)
        extension.sources = [str(Path(self.build_temp, source)) for source in made.sources]
        for source in map(Path, extension.sources):
            text = source.read_text("utf-8")
            for cython, cpython in CPYTHONS_WAY.items():
                text = text.replace(cython, cpython)
            source.write_text(text, "utf-8")
        extension.include_dirs += [str(folder / "engine"), str(folder / "engine/machine")]
        extension.extra_compile_args += FLAGS.get(self.compiler.compiler_type, FLAGS["unix"])
        # Types made at run time, so that value.py can add the ops to Value as methods.
        extension.define_macros.append(("CYTHON_USE_TYPE_SPECS", "1"))


def gather(folder: Path) -> None:
    """Put into the folder what Cython and C read, and the table of ops.py in C."""
    sources = [*ENGINE.rglob("*.p[xy][dx]"), *ENGINE.rglob("*.h")]
    for package in {folder / source.relative_to(ENGINE).parent for source in sources} | {folder}:
        package.mkdir(parents=True, exist_ok=True)
        Path(package, "__init__.py").touch()
    for source in [*sources, ENGINE / "op.py", ENGINE / "value.py"]:
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".py":
            text = without_type_checking(text)
        Path(folder, source.relative_to(ENGINE)).write_text(text, encoding="utf-8")
    # By its file, since importing engine.native would import all of engine, which is being built.
    spec = spec_from_file_location("csource", ENGINE / "native/csource.py")
    csource = module_from_spec(spec)
    spec.loader.exec_module(csource)
    calculus = (ENGINE / "ops.py").read_text(encoding="utf-8")
    Path(folder, "rows.h").write_text(csource.c_source(calculus), encoding="utf-8")
    Path(folder, "vectors.h").write_text(csource.vector_source(calculus), encoding="utf-8")
    Path(folder, "fastvectors.h").write_text(csource.fast_source(calculus), encoding="utf-8")


def without_type_checking(text: str) -> str:
    """Python without `if TYPE_CHECKING:` in classes: Cython would believe in the methods there."""
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
    else [Extension(f"engine.{name}", [f"engine/{file}"]) for name, (file, _) in MODULES.items()],
    setup_requires=[] if PURE else ["cython>=3.1"],
)
