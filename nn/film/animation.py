"""The film as an animated picture, GIF or APNG, drawn by matplotlib (extra `plot`)."""

from __future__ import annotations

import io
from textwrap import fill

from nn.film.recording import loss_curve, middle_lead
from nn.plot.axes import COLORS, MARKERS
from nn.plot.curves import draw_curve, scale
from nn.plot.decisions import legend_below, scatter
from nn.plot.names import as_written, write_names, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from matplotlib.axes import Axes

    from nn.film.recording import Frame, Recording

    View = tuple[list[Any], Callable[[Frame], None]]

SIDE = 200  # pixels of the surface, which the figure then scales
MILLISECONDS, PAUSE = 125, 2000  # of a frame, and of the last


def animation(film: Recording, gif: bool) -> bytes:
    """The file of the animation, which goes on for ever."""
    reel = film.reel()
    shown = images(film, reel)
    times = [MILLISECONDS] * (len(reel) - 1) + [PAUSE]
    file = io.BytesIO()
    if gif:
        # One palette for all frames, of first and last, so that colours do not flicker.
        width, height = shown[0].size
        both = shown[0].resize((width, 2 * height))
        both.paste(shown[-1], (0, height))
        both.paste(shown[0], (0, 0))
        palette = both.quantize(256)
        shown = [image.quantize(palette=palette, dither=0) for image in shown]
    options: dict[str, Any] = {"append_images": shown[1:], "duration": times, "loop": 0}
    shown[0].save(file, "GIF" if gif else "PNG", save_all=True, **options)
    return file.getvalue()


def images(film: Recording, reel: list[Frame]) -> list[Any]:
    """A picture of each frame."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=(9.6, 4.8), dpi=100, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    title = figure.suptitle(written(film.title, 80), fontsize="x-large")
    write_names(left, " ", *film.names)
    left.set_title(fill(film.held, 60) or " ", fontsize="medium")
    write_names(right, " ", "step", "loss")
    points = loss_curve(film, {frame.step for frame in reel})
    draw_curve(right, [step for step, _ in points], [x for _, x in points], color="lightgray")
    scale(right)
    (passed,) = right.plot([], [], color=COLORS[0], linewidth=2.5)
    (dot,) = right.plot([], [], "o", color=COLORS[0], markersize=11)
    view = plane_view if film.in_the_plane else curve_view
    artists, change = view(film, left, reel)
    as_written(left, title, calls=4)
    artists += [*left.spines.values(), passed, dot, right.title]
    for artist in artists:
        artist.set_animated(True)
    canvas.draw()  # all that stays, once: axes are most of the work
    background = canvas.copy_from_bbox(figure.bbox)
    made = []
    for frame in reel:
        canvas.restore_region(background)
        change(frame)
        before = [(step, loss) for step, loss in points if step <= frame.step]
        passed.set_data([step for step, _ in before], [loss for _, loss in before])
        dot.set_data([frame.step], [frame.loss])
        words = f"step {frame.step}, loss {frame.loss:.4g}" if frame.step else "before the training"
        right.set_title(words, fontsize="large")
        for artist in artists:
            artist.draw(canvas.renderer)
        made.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))
    return made


def plane_view(film: Recording, ax: Axes, reel: list[Frame]) -> View:
    """What is drawn anew for each frame, and what draws the regions of a frame."""
    lead = middle_lead(reel[-1].numbers)
    extent = (film.xs[0], film.xs[-1], film.ys[0], film.ys[-1])
    picture = ax.imshow([[0]], extent=extent, origin="lower", aspect="auto")
    keys = []
    for k, label in enumerate(film.labels):
        look: dict[str, Any] = {"color": COLORS[k % len(COLORS)], "edgecolor": "white", "s": 60}
        marked = [(x, y) for x, y, mark in film.points if mark == k]
        marker = MARKERS[k % len(MARKERS)]
        keys.append(scatter(ax, marked, marker=marker, label=label, **look))
    legend_below(ax, keys, film.labels)
    return [picture, *ax.collections], lambda frame: picture.set_data(regions(film, frame, lead))


def curve_view(film: Recording, ax: Axes, _reel: list[Frame]) -> View:
    """What is drawn anew for each frame, and what draws the curve of a frame."""
    scatter(ax, [(x, y) for x, y, _ in film.points], color=COLORS[0], edgecolor="white", s=60)
    (line,) = ax.plot([], [], color=COLORS[4], linewidth=3)
    ax.set(xlim=(film.xs[0], film.xs[-1]), ylim=(film.ys[0], film.ys[-1]))
    return [line], lambda frame: line.set_data(film.xs, frame.numbers)


def regions(film: Recording, frame: Frame, scale: float) -> Any:
    """Colours [SIDE][SIDE][4] of the classes that win, stronger where they are further ahead."""
    import numpy as np
    from matplotlib.colors import to_rgba

    shape = (len(film.ys), len(film.xs))
    winners = np.frombuffer(frame.winners, "uint8").reshape(shape)
    leads = np.array(frame.numbers).reshape(shape)
    leads = leads / (leads + scale)
    places = [np.linspace(0, n - 1, SIDE) for n in shape]
    scores = []
    for k in range(len(film.labels)):  # interpolated one direction after the other
        known = np.where(winners == k, leads, -leads)
        tall = np.array([np.interp(places[0], range(shape[0]), c) for c in known.T]).T
        scores.append([np.interp(places[1], range(shape[1]), row) for row in tall])
    best = np.argmax(scores, axis=0)
    colors = np.array([to_rgba(COLORS[k % len(COLORS)]) for k in range(len(film.labels))])[best]
    colors[..., 3] = 0.2 + 0.5 * np.clip(np.max(scores, axis=0), 0, 1)
    return colors
