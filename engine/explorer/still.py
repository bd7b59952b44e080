"""The still: the graph of the explorer as a picture, for where no script runs.

It shows the numbers and the gradients that the page shows after its last step.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from engine.explorer.placement import BADGE, CARD

# The look of each kind of element, in the order in which they are drawn.
LOOKS = {
    "edge": 'fill="none" stroke="#aab3c3" stroke-width="1.5"',
    "card": 'fill="white" stroke="#d5dae4" stroke-width="1.5"',
    "leaf": 'fill="#eef4fb" stroke="#aab3c3" stroke-width="1.5"',
    "badge": 'fill="#151a26"',
    "name": 'fill="#151a26" font-weight="bold"',
    "small": 'fill="#566076" font-size="12"',
    "data": 'fill="#0b5cad" text-anchor="end"',
    "grad": 'fill="#b04300" text-anchor="end"',
    "sign": 'fill="white" text-anchor="middle" font-size="17"',
    "called": 'fill="#566076" text-anchor="end"',
    "constant": 'fill="#566076" text-anchor="middle"',
}
MARGIN = 6
WIDEST = 900.0  # pixels of a cell: a picture of inputs to the left is turned if it is wider


def still(contents: dict[str, Any]) -> str:
    """The graph as SVG: a card for each value, with its operation, its data and its grad."""
    nodes, numbers = contents["nodes"], contents["numbers"]
    tall = contents["placements"]["wide"]["width"] > WIDEST
    plan = contents["placements"]["tall" if tall else "wide"]
    drawn: dict[str, list[str]] = {kind: [] for kind in LOOKS}
    drawn["edge"] = [f'<path d="{d}"/>' for *_, d in plan["edges"]]
    for i, k, x, y in plan["numbers"]:
        drawn["constant"].append(text(x, y + 4.5, short(nodes[i]["inputs"][k]["number"])))
    grads = gradients(nodes, numbers["slopes"])
    for (x, y), node, data, grad in zip(plan["cards"], nodes, numbers["data"], grads):
        for kind, element in card(x, y, node, short(data), short(grad), tall):
            drawn[kind].append(element)
    groups = [f"<g {LOOKS[kind]}>{''.join(inside)}</g>" for kind, inside in drawn.items() if inside]
    width, height = plan["width"] + 2 * MARGIN, plan["height"] + 2 * MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}"'
    place = f'x="{-MARGIN}" y="{-MARGIN}" {size}'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="{-MARGIN} {-MARGIN} '
        f'{width:.0f} {height:.0f}" font-family="Helvetica,Arial,sans-serif" font-size="14">\n'
        f'<rect {place} fill="white"/>\n' + "\n".join(groups) + "\n</svg>\n"
    )


def card(
    x: float, y: float, node: dict[str, Any], data: str, grad: str, tall: bool
) -> Iterator[tuple[str, str]]:
    """The elements of a card, whose top left corner is at x, y; each with its kind."""
    (width, height), leaf, infix = CARD, node["op"] is None, node["op"] and node["infix"]
    rect = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="9"/>'
    yield "leaf" if leaf else "card", rect
    yield "name", text(x + 10, y + 18, cut(node["name"], 14 if leaf or infix else 7))
    yield "small", text(x + 10, y + 38, "data")
    yield "data", text(x + width - 9, y + 38, data)
    yield "small", text(x + 10, y + 57, "grad")
    yield "grad", text(x + width - 9, y + 57, grad)
    if not leaf:
        cx, cy = (x + width / 2, y + 15 - BADGE) if tall else (x + 15 - BADGE, y + height / 2)
        yield "badge", f'<circle cx="{cx:g}" cy="{cy:g}" r="15"/>'
        sign = {"*": "×", "**": "^"}.get(node["called"], node["called"]) if infix else "f"
        yield "sign", text(cx, cy + 5.5, sign)
        if not infix:
            yield "called", text(x + width - 9, y + 18, cut(node["called"], 9))


def text(x: float, y: float, said: str) -> str:
    return f'<text x="{round(x, 1):g}" y="{round(y, 1):g}">{escape(said)}</text>'


def cut(name: str, columns: int) -> str:
    return name if len(name) <= columns else f"{name[: columns - 1]}…"


def short(x: float | str) -> str:
    """A number in four digits, as the page shows it; nan and the infinities are texts already."""
    return repr(float(f"{float(x):.4g}"))


def gradients(nodes: list[dict[str, Any]], slopes: list[list[Any]]) -> list[float]:
    """The gradient of the last node by each node, added up as the page does it."""
    found, reached = [0.0] * len(nodes), {len(nodes) - 1}
    found[-1] = 1.0
    for i in reversed(range(len(nodes))):
        for x, slope in zip(nodes[i]["inputs"], slopes[i]):
            if slope is not None and i in reached:
                found[x] += found[i] * float(slope)
                reached.add(x)
    return found
