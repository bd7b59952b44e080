"""The words that no variable of a program may have for its name, in any of the languages.

They are the keywords, the names of the frame around the lines, and all that the lines call. What
the lines call is read from the lines themselves: a word that an op brings along is found by itself.
"""

from __future__ import annotations

import keyword
import re
from contextlib import suppress
from functools import cache
from math import inf, nan

from engine import ops
from engine.languages.by_name import LANGUAGES
from engine.languages.python import NoTranslationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.languages.python import Language

# Words of C, up to C23 and GNU's, and of JavaScript that Python would take for names.
KEYWORDS = """
alignas alignof arguments asm auto bool case catch char const constexpr debugger default delete do
double enum eval export extends extern false float fortran function goto implements inline
instanceof int interface let long new null nullptr package private protected public register
restrict short signed sizeof static static_assert struct super switch this thread_local throw true
typedef typeof typeof_unqual undefined union unsigned var void volatile
"""
# Of the functions around the lines, and of what they import.
FRAME = {"inputs", "parameters", "outputs", "grads", "program", "gradient"}
FRAME |= {"own", "np", "torch", "math"}
# What the preprocessor of C puts something else for, in math.h here and on other systems.
MACRO = re.compile(
    r"M_(\d_)?[A-Z]\w*|(FP|MATH|DBL|FLT|LDBL|INT|FE)_[A-Z]\w*|HUGE\w*|S?NAN[FL]?|INFINITY|"
    r"(MAX|MIN)(FLOAT|DOUBLE)|DOMAIN|SING|OVERFLOW|UNDERFLOW|(X_)?[TP]LOSS|EDOM|ERANGE|NULL|EOF|"
    r"errno|math_errhandling|signgam|fpclassify|signbit|is(finite|inf|nan|normal)|"
    r"linux|unix|i386|sun|vax|mips|sparc|arm|hpux|near|far|pascal|cdecl|WIN32"
)


def is_reserved(name: str) -> bool:
    """Whether that means something else in any of the languages."""
    macro = not name.endswith("_") and MACRO.fullmatch(name)  # none of them ends so
    return is_keyword(name) or name in FRAME or bool(macro) or name in called()


def is_keyword(name: str) -> bool:
    return keyword.iskeyword(name) or name in KEYWORDS.split()


@cache
def called() -> frozenset[str]:
    """The words in the lines of every op, beside its inputs, and the functions that they call."""
    found = set(ops.TABLE)
    for language in LANGUAGES.values():
        spoken = language()
        texts = [*[str(spoken.number(x)) for x in (1.0, inf, nan)], *expressions(spoken)]
        words = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", " ".join(texts)))
        found |= {word for word in words if not re.fullmatch(r"[XZ]\d*_", word)}
        found |= {*spoken.definitions, *spoken.imports}
    return frozenset(found)


def expressions(language: Language) -> Iterator[str]:
    """Each op of the table and its slopes, of the inputs X0_, X1_, ..."""
    for op in ops.TABLE.values():
        for n in [op.arity] if op.arity else [1, 2, 3]:
            inputs = [f"X{i}_" for i in range(n)]
            with suppress(NoTranslationError):
                yield language.value(op, inputs)
                for i in range(n):
                    if op.passes(i):
                        yield language.slope(op, i, "Z_", inputs)[0]
