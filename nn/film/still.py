"""The still: the last frame of a film as a picture in PNG, for where no script runs."""

from __future__ import annotations

import struct
import zlib

from nn.film.recording import middle_lead
from nn.plot.axes import COLORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nn.film.recording import Frame, Recording

SIDE = 400  # pixels
SHADES = 24  # of each colour, so that all colours of a picture fit into a palette of 256
RADIUS = 5  # of a point, in pixels
WHITE, CURVE = 0, 4  # numbers of a palette, and of a colour

Rows = list[bytearray]


def still(film: Recording, frame: Frame) -> bytes:
    """The model as it is in a frame, and the data: regions and points, or a curve and points."""
    rows = [bytearray(SIDE) for _ in range(SIDE)]
    if film.in_the_plane:
        paint_regions(rows, film, frame)
    else:
        paint_curve(rows, film, frame)
    for x, y, k in film.points:
        column, row = place(x, film.xs), SIDE - 1 - place(y, film.ys)
        paint_point(rows, column, row, RADIUS + 1, WHITE)
        paint_point(rows, column, row, RADIUS, entry(k, SHADES - 1))
    return png(rows, palette())


def place(x: float, ends: list[float]) -> int:
    """The pixel of a number between the first and the last of `ends`."""
    return round((x - ends[0]) / (ends[-1] - ends[0]) * (SIDE - 1))


def paint_regions(rows: Rows, film: Recording, frame: Frame) -> None:
    """The class that wins at each place, darker where it is further ahead."""
    width, height, scale = len(film.xs), len(film.ys), middle_lead(frame.numbers)
    for j, row in enumerate(reversed(rows)):
        start = round(j / (SIDE - 1) * (height - 1)) * width
        for i in range(SIDE):
            at = start + round(i / (SIDE - 1) * (width - 1))
            lead = frame.numbers[at]
            shade = 3 + round((SHADES // 2 - 3) * lead / (lead + scale))
            row[i] = entry(frame.winners[at], shade)


def paint_curve(rows: Rows, film: Recording, frame: Frame) -> None:
    last = len(frame.numbers) - 1
    for i in range(SIDE):
        y = frame.numbers[round(i / (SIDE - 1) * last)]
        paint_point(rows, i, SIDE - 1 - place(y, film.ys), 1, entry(CURVE, SHADES - 1))


def paint_point(rows: Rows, column: int, row: int, radius: int, color: int) -> None:
    for j in range(-radius, radius + 1):
        reach = int((radius * radius - j * j) ** 0.5)
        first, after = max(0, column - reach), min(SIDE, column + reach + 1)
        if 0 <= row + j < SIDE and first < after:
            rows[row + j][first:after] = bytes([color]) * (after - first)


def entry(k: int, shade: int) -> int:
    """The number in the palette of a shade of the colour of class k."""
    return 1 + k % len(COLORS) * SHADES + shade


def palette() -> bytes:
    """White, and then each colour from white to full."""
    found = bytearray([255, 255, 255])
    for color in COLORS:
        parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        for shade in range(SHADES):
            found += bytes([255 - (255 - part) * shade // (SHADES - 1) for part in parts])
    return bytes(found)


def png(rows: Rows, palette: bytes) -> bytes:
    """A picture with a palette, whose pixels are numbers in it (PNG, 2nd edition, 11.2)."""

    def chunk(kind: bytes, held: bytes) -> bytes:
        return (
            struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
        )

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    pixels = zlib.compress(b"".join([b"\0" + row for row in rows]), 9)
    parts = [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(*part) for part in parts])
