"""The escapes: text as a formula, TeX or Markdown writes it, so that it shows as it is."""

import re

# Controls, line breaks, marks that turn the direction of what follows, halves of characters.
UNWRITTEN = r"[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"

# The signs that TeX reads as more than text. In a formula < is put in braces, so that the page
# around the formula does not read a tag.
ESCAPED = {sign: f"\\{sign}" for sign in "#$%&_{}"}
IN_FORMULAS = ESCAPED | {sign: f"{{{sign}}}" for sign in "<>'-*/"}
IN_FORMULAS |= {"\\": r"{\backslash}", "^": r"{\wedge}", "~": r"{\sim}", " ": r"\ "}
IN_TEXT = ESCAPED | {sign: f"{{{sign}}}" for sign in "[],-"}
IN_TEXT |= {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
IN_TEXT |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
IN_TEXT |= {"'": r"\textquotesingle{}", "`": r"\textasciigrave{}", '"': r"{''}"}


def one_line(text: str) -> str:
    """Text in one line: an escape for each character that a line cannot hold."""
    return re.sub(UNWRITTEN, lambda m: ascii(m[0])[1:-1], text)


def in_formula(name: str) -> str:
    r"""A name as TeX writes it in a formula: one letter, one with indices, or upright text.

    >>> in_formula("w"), in_formula("v12"), in_formula("w0_1"), in_formula("hidden_1")
    ('w', 'v_{12}', 'w_{0,1}', '\\mathrm{hidden\\_1}')
    """
    if re.fullmatch(r"[A-Za-z](\d+(_\d+)*)?", name):
        indices = name[1:].replace("_", ",")
        return f"{name[0]}_{{{indices}}}" if indices else name
    return rf"\mathrm{{{''.join([IN_FORMULAS.get(sign, sign) for sign in name])}}}"


def in_tex(text: str) -> str:
    """Text as TeX writes it outside of formulas."""
    return "".join([IN_TEXT.get(sign, sign) for sign in one_line(text)])


def in_code(text: str) -> str:
    """Text between backquotes, which Markdown shows as it is."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if "`" in text else ""
    return f"{fence}{room}{text}{room}{fence}"
