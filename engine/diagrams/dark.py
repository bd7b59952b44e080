"""The dark: a picture in SVG that takes on other colours where the reader's screen is dark.

A style sheet in the picture says so, for pages and notebooks; other programs skip it. The
background changes with the rest, so that text is readable on any page. A picture with a colour that
is not ours, such as one that a caller has added, stays as it is.
"""

import re

from engine.diagrams.colors import IN_THE_DARK, INK, PAPER

COLOR = re.compile(r'\b(?:fill|stroke)="([^"]*)"')
NONE = {"none", "transparent"}
EDGE = re.compile(r'<g id="[^"]*" class="edge">.*?</g>\n', re.DOTALL)
HALO = f'stroke="{PAPER}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'


def for_light_and_dark(svg: str) -> str:
    """The picture, with a halo around the texts of edges, and with its colours in the dark."""
    svg = EDGE.sub(with_halo, svg)
    start = re.search(r"<svg\b[^>]*>", svg)
    used = set(COLOR.findall(svg)) - NONE
    if start is None or "class=" in start[0] or not used <= IN_THE_DARK.keys():
        return svg
    opened = start[0].replace("<svg", '<svg class="chainrule"', 1)
    return svg[: start.start()] + opened + "\n" + style(used) + svg[start.end() :]


def with_halo(edge: re.Match[str]) -> str:
    """An edge as Graphviz draws it; the halo keeps its text apart from lines behind it."""
    if "paint-order" in edge[0]:
        return edge[0]
    return edge[0].replace("<text ", f"<text {HALO} ")


def style(used: set[str]) -> str:
    """The style sheet: a rule for each colour of the picture, in the picture alone."""
    rules = [f".chainrule text:not([fill]){{fill:{IN_THE_DARK[INK]}}}"]
    for color in sorted(used):
        dark = IN_THE_DARK[color]
        rules.append(f'.chainrule [fill="{color}"]{{fill:{dark}}}')
        rules.append(f'.chainrule [stroke="{color}"]{{stroke:{dark}}}')
    return f"<style>@media (prefers-color-scheme:dark){{{''.join(rules)}}}</style>"
