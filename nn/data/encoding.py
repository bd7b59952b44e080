"""The encoding: the text in the bytes of a file, or the name of what they are instead."""

from __future__ import annotations

MARKS = {
    b"\xff\xfe\x00\x00": "in UTF-32",
    b"\x00\x00\xfe\xff": "in UTF-32",
    b"\xff\xfe": "in UTF-16",
    b"\xfe\xff": "in UTF-16",
    b"PK\x03\x04": "a zip file, such as a workbook of Excel",
    b"\xd0\xcf\x11\xe0": "a workbook of an older Excel",
    b"\x1f\x8b": "packed by gzip",
}
ANEW = "save it anew as CSV in UTF-8"


def text_in(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a mark. Raises ValueError for other files."""
    for mark, kind in MARKS.items():
        if content.startswith(mark):
            raise ValueError(f"the file is {kind}: {ANEW}")
    if content[:100].count(0) * 3 >= len(content[:100]) > 0:
        raise ValueError(f"the file is in UTF-16 without a mark, or not text: {ANEW}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = error.object.count(b"\n", 0, error.start) + 1, error.object[error.start]
    name = "Latin-1" if byte >= 0xA0 else "Windows-1252"
    try:
        letter = bytes([byte]).decode("latin-1" if byte >= 0xA0 else "cp1252")
    except UnicodeDecodeError:  # one of five bytes that have no letter there
        raise ValueError(f"line {line}: byte 0x{byte:02x} is not UTF-8: {ANEW}") from None
    raise ValueError(
        f"line {line}: byte 0x{byte:02x} is not UTF-8 (it is {letter!r} in {name}): {ANEW}"
    )
