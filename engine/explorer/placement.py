"""The placement: where the cards of an explorer stand, and how the edges between them run."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from engine.renderers.dot import Edge, Node
from engine.renderers.layout import place, ranked, set_apart
from engine.renderers.render import RendererFailed, RendererNotFound, chosen, named, say
from engine.renderers.sizes import why_not

CARD = (148.0, 66.0)
BADGE = 24.0  # how far the circle with the operation stands out where edges arrive
NUMBER = (44.0, 22.0)  # a constant has no card

Inputs = list[list[Any]]  # of each card: the numbers of other cards, or a constant


def placement(inputs: Inputs, rankdir: str) -> dict[str, Any]:
    """Where cards that take these inputs stand; rankdir is LR or TB.

    The answer has a width and a height; `cards`, the top left corner of each; `numbers`, a list
    [card, input, x, y] with the middle of each constant; `edges`, a list [card, input, path] with
    the path in SVG. Graphviz's dot places the cards if it is installed, else our own layout does;
    and so it does if there are more cards than dot places in about a second.
    """
    sideways = rankdir == "LR"
    width, height = (CARD[0] + BADGE, CARD[1]) if sideways else (CARD[0], CARD[1] + BADGE)
    names = {f"v{i}": (width, height) for i in range(len(inputs))}
    uses: list[tuple[str, int, int]] = []
    for i, taken in enumerate(inputs):
        for k, x in enumerate(taken):
            tail = f"v{x}" if isinstance(x, int) else f"c{i}_{k}"
            names.setdefault(tail, NUMBER)
            uses.append((tail, i, k))
    places, paths, size = placed(names, uses, rankdir)
    left, top = (BADGE, 0.0) if sideways else (0.0, BADGE)
    corners = [places[f"v{i}"] for i in range(len(inputs))]
    return {
        "width": size[0],
        "height": size[1],
        "cards": [
            [round(x - width / 2 + left, 1), round(y - height / 2 + top, 1)] for x, y in corners
        ],
        "numbers": [[i, k, *places[tail]] for tail, i, k in uses if tail[0] == "c"],
        "edges": [[i, k, path] for (_, i, k), path in zip(uses, paths)],
    }


def placed(
    names: dict[str, tuple[float, float]], uses: list[tuple[str, int, int]], rankdir: str
) -> tuple[dict[str, tuple[float, float]], list[str], tuple[float, float]]:
    """The middle of each node, the path of each use, and the size of it all."""
    program = chosen(None)
    nodes, edges, layers = ranks_of(names, uses, rankdir)
    if program != "builtin" and (program or not why_not(list(nodes.values()), edges)):
        try:
            return by_dot(program or "dot", names, uses, rankdir)
        except RendererFailed as error:
            say([str(error)], "our own layout places the cards", quiet=False)
        except (RendererNotFound, ValueError, KeyError):
            pass  # dot is not there, or does not tell positions
    return by_ourselves(nodes, edges, layers, rankdir)


def by_dot(
    program: str,
    names: dict[str, tuple[float, float]],
    uses: list[tuple[str, int, int]],
    rankdir: str,
) -> tuple[dict[str, tuple[float, float]], list[str], tuple[float, float]]:
    """The places by Graphviz, which is told sizes and numbers only, never a label."""
    leaves, arrives = ("e", "w") if rankdir == "LR" else ("s", "n")
    nodes = [f"{name} [width={w / 72}, height={h / 72}]" for name, (w, h) in names.items()]
    edges = [
        f"{tail}:{leaves} -> v{head}:{arrives} [id=e{j}]" for j, (tail, head, _) in enumerate(uses)
    ]
    look = f"rankdir={rankdir}; nodesep=0.32; ranksep={gap_between(rankdir) / 72}"
    look += '; node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none]'
    source = f"digraph {{ {look}; {'; '.join([*nodes, *edges])} }}"
    answer = json.loads(named(program, source.encode(), "json", ["-Kdot", "-Tjson"], quiet=True))
    _, _, width, height = map(float, answer["bb"].split(","))

    def point(text: str) -> tuple[float, float]:
        x, y = map(float, text.split(",")[-2:])
        return round(x, 1), round(height - y, 1)

    places = {o["name"]: point(o["pos"]) for o in answer["objects"]}
    paths = [""] * len(uses)
    for edge in answer.get("edges", []):
        first, *rest = [point(text) for text in edge["pos"].split()]
        paths[int(edge["id"][1:])] = f"M{first[0]},{first[1]} C" + " ".join(
            [f"{x},{y}" for x, y in rest]
        )
    return places, paths, (width, height)


def gap_between(rankdir: str) -> float:
    """Room for an edge with a number on it."""
    return 76.0 if rankdir == "LR" else 40.0


def ranks_of(
    names: dict[str, tuple[float, float]], uses: list[tuple[str, int, int]], rankdir: str
) -> tuple[dict[str, Node], list[Edge], list[list[Node]]]:
    """The nodes and edges for our own layout, which goes sideways, and the nodes by rank."""
    sizes = {name: (w, h) if rankdir == "LR" else (h, w) for name, (w, h) in names.items()}
    nodes = {name: Node(width=w, height=h + 8) for name, (w, h) in sizes.items()}
    edges = [Edge(nodes[tail], nodes[f"v{head}"], {}) for tail, head, _ in uses]
    set_apart(edges, True)
    return nodes, edges, ranked(list(nodes.values()), edges)


def by_ourselves(
    nodes: dict[str, Node], edges: list[Edge], layers: list[list[Node]], rankdir: str
) -> tuple[dict[str, tuple[float, float]], list[str], tuple[float, float]]:
    """The places by our own layout, of nodes that have their ranks."""
    place(layers, edges, gap_between(rankdir))
    sideways = rankdir == "LR"

    def turned(x: float, y: float) -> tuple[float, float]:
        x, y = round(x, 1), round(y, 1)
        return (x, y) if sideways else (y, x)

    paths = []
    for edge in edges:
        points = [(edge.tail.x + edge.tail.width / 2, edge.tail.y + edge.aside)]
        points += [(bend.x, bend.y + edge.aside) for bend in edge.bends]
        points.append((edge.head.x - edge.head.width / 2, edge.head.y))
        path = "M{},{}".format(*turned(*points[0]))
        for (x0, y0), (x1, y1) in pairwise(points):
            middle = (x0 + x1) / 2
            curve = [turned(middle, y0), turned(middle, y1), turned(x1, y1)]
            path += " C" + " ".join([f"{x},{y}" for x, y in curve])
        paths.append(path)
    there = [node for layer in layers for node in layer]
    right = max([node.x + node.width / 2 for node in there])
    bottom = max([node.y + node.height / 2 for node in there])
    places = {name: turned(node.x, node.y) for name, node in nodes.items()}
    return places, paths, turned(right, bottom)
