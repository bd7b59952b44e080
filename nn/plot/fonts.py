"""Fonts: which of those installed have the letters that the usual font lacks."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Families with many letters, of Linux, macOS and Windows. They are asked first, in this order, and
# an SVG names them all, since the computer that shows it may have other fonts than this one.
FAMILIES: tuple[str, ...] = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC")
FAMILIES += ("Hiragino Sans GB", "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei")
FAMILIES += ("Droid Sans Fallback", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic")
FAMILIES += ("Noto Sans CJK KR", "Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans Arabic")
FAMILIES += ("Segoe UI", "Arial Unicode MS", "Noto Emoji", "Segoe UI Emoji", "Segoe UI Symbol")
FAMILIES += ("Symbola",)
# Matplotlib's own font with a box for every letter, from 3.11. A text that asks for it by name is
# drawn without a warning for each letter.
BOXES = "Last Resort High-Efficiency"
UNDRAWN = ("last resort", "lastresort", "adobe blank", "color emoji")  # they show no letters here
CHINESE_JAPANESE_KOREAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")


def families_for(text: str) -> tuple[list[str], str]:
    """The families that have the letters which the usual font lacks, and the letters none has."""
    lacking = {sign for sign in text if not is_unseen(sign)} - drawn_as_usual(text)
    families = []
    for family, path in candidates() if lacking else ():
        found = {sign for sign in lacking if covers(path, sign)}
        if found:
            families.append(family)
            lacking -= found
        if not lacking:
            break
    return families, "".join(sorted(lacking))


def is_unseen(sign: str) -> bool:
    """Whether a sign only changes how others look, such as a joiner of emoji."""
    return unicodedata.category(sign) == "Cf" or "\ufe00" <= sign <= "\ufe0f"


def drawn_as_usual(text: str) -> set[str]:
    """The signs of a text that are in the fonts of matplotlib's settings."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties, findfont

    paths = [findfont(FontProperties(family=[family])) for family in rcParams["font.family"]]
    return {sign for sign in text if any(covers(path, sign) for path in paths)}


def candidates() -> Iterator[tuple[str, str]]:
    """The installed families, with a file of each, those of FAMILIES first."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {entry.fname for entry in fontManager.ttflist}
    for path in findSystemFonts():  # one may be newer than the list that matplotlib keeps
        if path not in known:
            try:
                fontManager.addfont(path)
            except Exception:  # no font that matplotlib reads
                continue
    rank = {family: i for i, family in enumerate(FAMILIES)}
    fonts = sorted(
        fontManager.ttflist,
        key=lambda font: (
            rank.get(font.name, len(rank)),
            font.name,
            font.style != "normal",
            str(font.weight) not in ("400", "normal", "regular"),
            font.fname,
        ),
    )
    first = {font.name: font.fname for font in reversed(fonts)}
    for family in dict.fromkeys([font.name for font in fonts]):
        if not any(word in family.lower() for word in UNDRAWN):
            yield family, first[family]


def covers(path: str, sign: str) -> bool:
    """Whether a font has a sign."""
    return is_inside(ranges(path), ord(sign))


@cache
def ranges(path: str) -> array[int]:
    """Where the ranges of the characters in a font begin and end; none for a font in ruins."""
    from matplotlib.ft2font import FT2Font

    try:
        return ends_of(FT2Font(path).get_charmap())
    except Exception:  # a font may be broken in many ways
        return array("l")


def ends_of(codes: Iterable[int]) -> array[int]:
    """Where the ranges of numbers begin, and where they are over, in order.

    >>> list(ends_of([1, 2, 3, 7]))
    [1, 4, 7, 8]
    """
    ends = array("l")
    for code in sorted(codes):
        if ends and ends[-1] == code:
            ends[-1] = code + 1
        else:
            ends.extend([code, code + 1])
    return ends


def is_inside(ends: array[int], code: int) -> bool:
    return bisect(ends, code) % 2 == 1


def has_boxes() -> bool:
    """Whether matplotlib has its font of boxes."""
    from matplotlib.font_manager import fontManager

    return any(font.name == BOXES for font in fontManager.ttflist)


def advice(letters: str) -> str:
    """Which letters no font here has, and a font that has the first of them."""
    return (
        f"no font here has the letters {letters[:20]!r} of a plot: install one that has them, "
        f"such as {font_with(letters[0])}"
    )


def font_with(letter: str) -> str:
    """A free font that has a letter.

    >>> font_with("한"), font_with("ก"), font_with("😀")
    ('Noto Sans CJK', 'Noto Sans Thai', 'Noto Emoji')
    """
    script = unicodedata.name(letter, "").replace("-", " ").split(" ")[0]
    if script in CHINESE_JAPANESE_KOREAN:
        return "Noto Sans CJK"
    if unicodedata.category(letter) == "So":
        return "Noto Emoji"
    return f"Noto Sans {script.title()}".strip()
