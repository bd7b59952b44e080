"""All languages by name."""

from engine.languages.arrays import NumPy, Torch
from engine.languages.c import C
from engine.languages.javascript import JavaScript
from engine.languages.python import Language

LANGUAGES: dict[str, type[Language]] = {
    "python": Language,
    "numpy": NumPy,
    "c": C,
    "torch": Torch,
    "javascript": JavaScript,
}
