"""DOT, the language of diagrams, read back: the nodes, the edges and their attributes.

A subgraph loses its frame, and a label in HTML its tags.
"""

import html
import re
from dataclasses import dataclass, field
from itertools import pairwise

Attributes = dict[str, str]

TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r"|<(?P<markup>(?:[^<>]|<[^<>]*>)*)>"
    r"|(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/)"
    r"|(?P<sign>->|--|[\[\]{}=;,:])"
    r'|(?P<bare>[^\s\[\]{}=;,:"<>-]+|-(?![->])[^\s\[\]{}=;,:"<>-]*|[<>])',
    re.DOTALL,
)


@dataclass(eq=False)
class Node:
    """A box to place; or a bend of an edge, which is a node without text."""

    attributes: Attributes = field(default_factory=dict)
    fields: list[list[str]] = field(default_factory=list)
    width: float = 0.0
    height: float = 8.0
    rank: int = 0
    column: float = 0.0  # the width of the widest box of its rank
    x: float = 0.0
    y: float = 0.0


@dataclass
class Edge:
    tail: Node
    head: Node
    attributes: Attributes
    bends: list[Node] = field(default_factory=list)
    aside: float = 0.0  # how far from the line between its ends, where several edges share both
    label_size: tuple[float, float] | None = None  # None, if it has no label
    label_at: tuple[float, float] = (0.0, 0.0)  # the middle of its label


def parse(source: str) -> tuple[Attributes, dict[str, Node], list[Edge]]:
    """The graph's attributes, its nodes by name, and its edges."""
    tokens = [m for m in TOKEN.finditer(source) if m.lastgroup != "comment"]
    start = next((i for i, m in enumerate(tokens) if m["sign"] == "{"), -1) + 1
    words = [(m.lastgroup, word(m)) for m in tokens[start:]] + [("sign", "}")] * 4
    graph: Attributes = {}
    defaults: dict[str, Attributes] = {"node": {}, "edge": {}, "graph": graph}
    outer: list[dict[str, Attributes]] = []  # the defaults around each subgraph that is open
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    i = 0
    while i < len(words):
        kind, name = words[i]
        i += 1
        if kind == "sign":
            if name == "{":
                outer.append(defaults)
                defaults = {key: dict(value) for key, value in defaults.items()}
            elif name == "}" and outer:
                defaults = outer.pop()
            continue
        if (kind, name) == ("bare", "subgraph"):
            i += words[i][0] != "sign"  # its name
            continue
        names = [name]
        while words[i] in (("sign", "->"), ("sign", "--"), ("sign", ":")):
            if words[i] != ("sign", ":") and words[i + 1][0] != "sign":
                names.append(words[i + 1][1])
            i += 2
        attributes: Attributes = {}
        if words[i] == ("sign", "="):
            defaults["graph"][name] = words[i + 1][1]
            i += 2
            continue
        if words[i] == ("sign", "["):
            i += 1
            while words[i] not in (("sign", "]"), ("sign", "}")):
                if words[i + 1] == ("sign", "="):
                    attributes[words[i][1]] = words[i + 2][1]
                    i += 2
                i += 1
        if kind == "bare" and name in defaults:
            defaults[name].update(attributes)
            continue
        ends = []
        for name in names:
            ends.append(nodes.setdefault(name, Node(dict(defaults["node"]))))
        if len(ends) == 1:
            ends[0].attributes.update(attributes)
        for tail, head in pairwise(ends):
            edges.append(Edge(tail, head, {**defaults["edge"], **attributes}))
    return graph, nodes, edges


def word(match: re.Match[str]) -> str:
    """The text of a token; the escapes of labels stay in it."""
    if match.lastgroup == "quoted":
        return re.sub(r'\\(\\|")', lambda m: '"' if m[1] == '"' else m[0], match["quoted"])
    if match.lastgroup == "markup":
        return re.sub(r"<[^<>]*>", " ", match["markup"]).replace("\\", r"\\")
    return match[match.lastgroup or 0]


def size_of(attributes: Attributes, name: str, otherwise: float) -> float:
    """The number that an attribute gives, or `otherwise` if the attribute is not a size."""
    try:
        number = float(attributes.get(name, otherwise))
    except ValueError:
        return otherwise
    return number if 0 <= number < 10_000 else otherwise


def texts(label: str, record: bool) -> list[list[str]]:
    """The lines of each field of a label. Only a record has more than one field."""
    fields = [""]
    for piece in re.findall(r"\\.|<[^<>\\]*>|[^\\]" if record else r"\\.|[^\\]", label, re.DOTALL):
        if record and len(piece) > 1 and piece[0] == "<":
            continue  # the name of a port
        if record and piece == "|":
            fields.append("")
        elif piece[0] != "\\":
            fields[-1] += "" if record and piece in "{}" else piece
        else:
            fields[-1] += "\n" if piece[1] in "nlr" else piece[1]
    return [html.unescape(field).split("\n") for field in fields]
