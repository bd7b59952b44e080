"""PDF: a picture in SVG as a page of PDF, written with nothing installed.

It knows the SVG that Graphviz, our own renderer and the explorer write: boxes, lines, curves and
text. LaTeX takes such a page as a figure, so a notebook that holds one becomes a PDF as it is.
"""

import re
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from unicodedata import east_asian_width

# The widths of Helvetica's glyphs from " " to "~", in thousandths of the size (Adobe's metrics).
WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 "
    "556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 "
    "722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 "
    "556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 "
    "260 334 584"
)
WIDTH_OF = {chr(32 + i): int(width) for i, width in enumerate(WIDTHS.split())}
NAMED = {
    "black": "000000", "white": "ffffff", "gray": "808080", "grey": "808080", "red": "ff0000",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "green": "008000", "blue": "0000ff",
    "yellow": "ffff00", "orange": "ffa500", "lightblue": "add8e6", "lightgreen": "90ee90",
}  # fmt: skip
ROUND = 0.5523  # how far the handles of a quarter of a circle reach
INHERITED = ("fill", "stroke", "stroke-width", "font-size", "font-weight", "text-anchor")

# Letters that Helvetica does not have come from the font for Chinese that PDF readers know by name:
# it has Greek and mathematical signs as well. So the page holds no font, and is small.
FONTS = """\
<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>
<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>
<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H \
/DescendantFonts [7 0 R] >>
<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light \
/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 8 0 R >>
<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] \
/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"""


def pdf(svg: str) -> bytes:
    """A picture in SVG as a document of PDF, one page of the picture's size.

    Raises ValueError for text that is no SVG.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"no picture in SVG: {error}") from None
    left, top, width, height = numbers(root.get("viewBox", "0 0 100 100"))
    size = re.fullmatch(r"([\d.]+)(pt|px|)", root.get("width", ""))
    scale = float(size[1]) * (1 if size[2] == "pt" else 0.75) / width if size else 0.75
    place = f"{scale:.4f} 0 0 {-scale:.4f} {-left * scale:.2f} {(top + height) * scale:.2f} cm"
    drawn = "\n".join([place, *elements(root, {"fill": "black", "font-size": "14"})])
    packed = zlib.compress(drawn.encode("ascii"), 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width * scale:.2f} {height * scale:.2f}] "
        f"/Contents 9 0 R /Resources << /Font << /F1 4 0 R /F2 5 0 R /F3 6 0 R >> >> >>".encode(),
        *[font.encode() for font in FONTS.splitlines()],
        f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        + packed
        + b"\nendstream",
    ]
    return document(objects)


def document(objects: list[bytes]) -> bytes:
    """The file that holds these objects, the first of which is the catalogue."""
    text, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for i, held in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%b\nendobj\n" % (i, held)
    table = "".join([f"{place:010} 00000 n \n" for place in places])
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return text + f"{end}startxref\n{len(text)}\n%%EOF\n".encode()


# ---- elements: what each of them draws ----


def elements(parent: ElementTree.Element, look: dict[str, str]) -> Iterator[str]:
    """The drawing of all that is in an element. look: the attributes that come from outside."""
    for element in parent:
        tag = str(element.tag).rpartition("}")[2]
        own = look | {k: v for k, v in element.attrib.items() if k in INHERITED}
        if tag in ("g", "a"):
            moves = list(transforms(element.get("transform", "")))
            yield from ["q", *moves] if moves else []
            yield from elements(element, own)
            yield from ["Q"] if moves else []
        elif tag == "text":
            yield from written(element, own)
        elif outline := outlined(tag, element):
            yield from painted(outline, element, own)


def transforms(text: str) -> Iterator[str]:
    for kind, inside in re.findall(r"(translate|scale)\(([^)]*)\)", text):
        x, y = (numbers(inside) * 2)[:2]
        if kind == "translate":
            yield f"1 0 0 1 {x:.2f} {y if len(numbers(inside)) > 1 else 0:.2f} cm"
        elif (x, y) != (1, 1):
            yield f"{x:.4f} 0 0 {y:.4f} 0 0 cm"


def outlined(tag: str, element: ElementTree.Element) -> str:
    """The outline of a shape, as PDF draws it; nothing for what is no shape."""

    def of(name: str) -> float:
        return float(element.get(name) or 0)

    match tag:
        case "polygon" | "polyline":
            points = numbers(element.get("points", ""))
            corners = [f"{x:.2f} {y:.2f}" for x, y in zip(points[::2], points[1::2])]
            return " l ".join(corners).replace(" l ", " m ", 1) + (
                " l h" if tag == "polygon" else " l"
            )
        case "line":
            return f"{of('x1'):.2f} {of('y1'):.2f} m {of('x2'):.2f} {of('y2'):.2f} l"
        case "path":
            return " ".join(curves(element.get("d", "")))
        case "ellipse":
            return rounded(of("cx"), of("cy"), of("rx"), of("ry"), of("rx"), of("ry"))
        case "circle":
            return rounded(of("cx"), of("cy"), of("r"), of("r"), of("r"), of("r"))
        case "rect":
            w, h = of("width") / 2, of("height") / 2
            return rounded(of("x") + w, of("y") + h, w, h, of("rx"), of("rx"))
    return ""


def rounded(x: float, y: float, w: float, h: float, rx: float, ry: float) -> str:
    """A box around a middle, with corners that are quarters of an ellipse."""
    parts, turns = [], [(1, -1), (1, 1), (-1, 1), (-1, -1)]
    for k, (i, j) in enumerate(turns):
        a = (x + i * (w - rx), y + j * h), (x + i * (w - rx + ROUND * rx), y + j * h)
        b = (x + i * w, y + j * (h - ry)), (x + i * w, y + j * (h - ry + ROUND * ry))
        (start, first), (end, second) = (a, b) if k % 2 == 0 else (b, a)
        parts.append(f"{start[0]:.2f} {start[1]:.2f} {'l' if k else 'm'}")
        if rx:
            corners = " ".join([f"{p:.2f} {q:.2f}" for p, q in (first, second, end)])
            parts.append(f"{corners} c")
    return " ".join([*parts, "h"])


def curves(path: str) -> Iterator[str]:
    """A path of M, L, C and Z, with numbers from the picture's corner."""
    for kind, inside in re.findall(r"([MLCZz])([^A-Za-z]*)", path):
        found, step = numbers(inside), 6 if kind == "C" else 2
        for i in range(0, len(found) - step + 1, step):
            operator = "l" if kind == "M" and i else kind.lower()
            yield " ".join([f"{x:.2f}" for x in found[i : i + step]]) + f" {operator}"
        if kind in "Zz":
            yield "h"


def painted(outline: str, element: ElementTree.Element, look: dict[str, str]) -> Iterator[str]:
    """An outline, filled and drawn in the colours of its element."""
    get = {**look, **element.attrib}.get
    fill = None if get("fill-opacity") == "0" else rgb(get("fill"), "d3d3d3")
    line = None if get("stroke-opacity") == "0" else rgb(get("stroke"), "000000")
    if fill is None and line is None:
        return
    yield "q" + (f" {fill} rg" if fill else "")
    if line:
        dashes = " ".join([f"{x:g}" for x in numbers(get("stroke-dasharray") or "")])
        yield f"{line} RG {float(get('stroke-width') or 1):.2f} w [{dashes}] 0 d"
    yield f"{outline} {'B' if fill and line else 'f' if fill else 'S'} Q"


def rgb(color: str | None, unknown: str) -> str | None:
    """A colour as PDF has it; None for what is not drawn. unknown: in place of other names."""
    if color in (None, "none", "transparent"):
        return None
    digits = color[1:7] if re.fullmatch(r"#[\da-fA-F]{6,8}", color) else NAMED.get(color, unknown)
    return " ".join([f"{int(digits[i : i + 2], 16) / 255:.3f}" for i in (0, 2, 4)])


# ---- text ----


def written(element: ElementTree.Element, look: dict[str, str]) -> Iterator[str]:
    """The text of an element, from its start, its middle or its end, with the halo it may have."""
    size = numbers(look["font-size"])[0]
    bold = look.get("font-weight", "normal") not in ("normal", "400")
    runs = list(runs_of("".join(element.itertext()), bold))
    width = sum([run[2] for run in runs]) * size / 1000
    x = float(element.get("x") or 0)
    x -= width * {"middle": 0.5, "end": 1.0}.get(look.get("text-anchor", ""), 0.0)
    shown = " ".join([f"/{font} {size:g} Tf <{code}> Tj" for font, code, _ in runs])
    start = f"BT 1 0 0 -1 {x:.2f} {float(element.get('y') or 0):.2f} Tm"
    if element.get("stroke"):
        halo = f"{rgb(element.get('stroke'), 'ffffff')} RG {element.get('stroke-width', '1')} w"
        yield f"q {halo} 1 j {start} 1 Tr {shown} ET Q"
    if fill := rgb(look["fill"], "000000"):
        yield f"q {fill} rg {start} {shown} ET Q"


def runs_of(text: str, bold: bool) -> Iterator[tuple[str, str, float]]:
    """Parts of a text in one font each: the font, the codes of its letters, and its width."""
    latin = re.compile(r"[ -~\xa1-\xff]+")
    at = 0
    while at < len(text):
        if found := latin.match(text, at):
            width = sum([WIDTH_OF.get(c, 556) for c in found[0]]) * (1.06 if bold else 1.0)
            yield ("F2" if bold else "F1"), found[0].encode("cp1252").hex(), width
            at = found.end()
        else:
            end = found.start() if (found := latin.search(text, at)) else len(text)
            part = text[at:end]
            yield "F3", part.encode("utf-16-be", "replace").hex(), sum(map(wide, part))
            at = end


def wide(c: str) -> float:
    return 0.0 if east_asian_width(c) == "N" and not c.isprintable() else 1000.0


def numbers(text: str) -> list[float]:
    """The numbers in a text, in their order."""
    return [float(x) for x in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text)]
