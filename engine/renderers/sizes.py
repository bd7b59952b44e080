"""Sizes: which graphs our own layout draws, because Graphviz would take many times as long.

The time of `dot` grows with the boxes of a graph and with the ranks that its edges cross, and it
grows faster than they do. Below the limit, dot takes about a second, and its pictures are better.
Above it, dot soon takes ten seconds or a minute, while our own layout takes 0.3 ms for a box.
"""

from engine.renderers.dot import Edge, Node, parse
from engine.renderers.layout import ranked

BOX = 2  # what a box costs dot, where a step of an edge to the next rank costs 1
MOST = 9_000  # about 3,000 boxes without long edges, or 1,500 if edges have labels


def too_large(source: str) -> str:
    """Why Graphviz is not asked to draw the graph of this DOT source; empty if it is asked."""
    _, named, edges = parse(source)
    nodes = list(named.values())
    ranked(nodes, edges)
    labels = any(edge.attributes.get("label") for edge in edges)
    return why_not(nodes, edges, 2 if labels else 1)


def why_not(nodes: list[Node], edges: list[Edge], times: int = 1) -> str:
    """The same for nodes that have their ranks; times: how many ranks Graphviz makes of one."""
    steps = sum([abs(edge.head.rank - edge.tail.rank) for edge in edges])
    if times * (BOX * len(nodes) + steps) <= MOST:
        return ""
    far = f" with edges over {steps:,} ranks" if steps > 2 * len(edges) else ""
    return f"Graphviz would take long for {len(nodes):,} boxes{far}"
