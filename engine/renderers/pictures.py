"""The pictures that programs write: whether their bytes are of the format that was asked for."""

from xml.etree import ElementTree

# How the files of a format begin, and what stands in the last bytes of a whole one.
BEGINNINGS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "pdf": b"%PDF-",
    "ps": b"%!PS",
    "ps2": b"%!PS",
    "eps": b"%!PS",
    "jpg": b"\xff\xd8",
    "jpeg": b"\xff\xd8",
    "jpe": b"\xff\xd8",
    "gif": b"GIF8",
    "bmp": b"BM",
    "svgz": b"\x1f\x8b",
    "vmlz": b"\x1f\x8b",
    "webp": b"RIFF",
    "psd": b"8BPS",
    "json": b"{",
    "json0": b"{",
    "dot_json": b"{",
    "xdot_json": b"{",
}
ENDINGS = {"png": b"IEND\xaeB`\x82", "pdf": b"%%EOF", "jpg": b"\xff\xd9", "jpeg": b"\xff\xd9"}
# Windows write nothing, and a map of a graph without links has no lines.
EMPTY = ("gtk", "x11", "xlib", "imap", "imap_np", "cmap", "cmapx", "cmapx_np", "ismap")


def is_picture(data: bytes, format: str) -> bool:
    """Whether data looks like a whole file of the format. Of a rare format, anything does.

    >>> is_picture(b"<svg/>", "svg"), is_picture(b"<svg>", "svg"), is_picture(b"", "tga")
    (True, False, False)
    """
    if format in ("svg", "svg_inline"):
        try:
            return ElementTree.fromstring(data).tag.rpartition("}")[2] == "svg"
        except (ElementTree.ParseError, ValueError, LookupError):
            return False
    begins = data.lstrip() if format.endswith(("json", "json0")) else data
    ends = ENDINGS.get(format, b"") in data[-64:]
    return (
        (bool(data) or format in EMPTY) and begins.startswith(BEGINNINGS.get(format, b"")) and ends
    )
