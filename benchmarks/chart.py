"""The chart: how many times faster than micrograd each engine is, as an SVG."""

import math
from xml.sax.saxutils import escape

from benchmarks.report import BASE, figure
from benchmarks.results import Results
from benchmarks.workloads import TRAINING

WIDTH, LEFT, RIGHT, TOP = 760, 130, 70, 56
BAR, GAP, HEADING = 16, 4, 30  # heights

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.heading { font-weight: 600 }
.small { font-size: 11px; fill: #59636e }
.bar { fill: #8c959f }
.ours { fill: #2f81f7 }
.grid { stroke: #8c959f; stroke-opacity: .35 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.small { fill: #9198a1 }
}
"""


def svg(results: Results, collector: str = "on") -> str:
    """Bars on a logarithmic scale. Raises ValueError if micrograd was not measured."""
    groups = {name: speedups(name, collector, results) for name in TRAINING}
    groups = {name: group for name, group in groups.items() if group}
    if not groups:
        raise ValueError(f"a chart needs the times of {BASE} with the collector {collector}")
    ratios = [ratio for group in groups.values() for ratio in group.values()]
    low, high = math.floor(math.log10(min(ratios))), math.ceil(math.log10(max(ratios)))
    high = max(high, low + 1)

    def x(ratio: float) -> float:
        return LEFT + (math.log10(ratio) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    bars = []
    y = TOP
    for name, group in groups.items():
        bars.append(text(0, y + 18, TRAINING[name].title, "heading"))
        y += HEADING
        for engine, ratio in group.items():
            start, end = sorted([x(1.0), x(ratio)])
            kind = "ours" if engine.startswith("chainrule") else "bar"
            bars.append(text(LEFT - 8, y + 13, engine, anchor="end"))
            bars.append(
                f'<rect class="{kind}" x="{start:.1f}" y="{y}" '
                f'width="{max(end - start, 1):.1f}" height="{BAR}"/>'
            )
            bars.append(text(end + 5, y + 13, f"{figure(ratio)} x"))
            y += BAR + GAP
        y += GAP
    grid = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        grid.append(f'<path class="grid" d="M{at:.1f} {TOP}V{y}"/>')
        grid.append(text(at, y + 16, figure(10.0**power), "small", "middle"))
    axis = f"times faster than {BASE}, logarithmic scale; Python's garbage collector {collector}"
    grid.append(text((LEFT + WIDTH - RIGHT) / 2, y + 34, axis, "small", "middle"))
    y += 40
    absent = [f"{engine} ({why})" for engine, why in absentees(groups, results).items()]
    if absent:
        grid.append(text(0, y + 12, "not measured:", "small"))
        y += 16
    for line in absent:
        grid.append(text(0, y + 12, line, "small"))
        y += 16
    title = f"One training step, times faster than {BASE}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {WIDTH} {y + 8}" '
            f'width="{WIDTH}" height="{y + 8}" role="img" aria-labelledby="title">',
            f'<title id="title">{escape(title)}</title>',
            f"<style>{STYLE}</style>",
            text(0, 20, title, "title"),
            text(0, 38, "the same loss, one process an engine, medians of turns", "small"),
            *grid,
            *bars,
            "</svg>",
            "",
        ]
    )


def speedups(workload: str, collector: str, results: Results) -> dict[str, float]:
    ratios = {e: results.ratio(workload, collector, BASE, e) for e in results.versions}
    return {engine: ratio for engine, ratio in ratios.items() if ratio is not None}


def absentees(groups: dict[str, dict[str, float]], results: Results) -> dict[str, str]:
    """The engines without a bar somewhere, and why."""
    absent = dict(results.missing)
    for name in groups:
        absent |= {f"{name}: {e}": why for e, why in results.unmeasured.get(name, {}).items()}
        absent |= {f"{name}: {e}": "it disagrees" for e in results.disagreeing(name)}
    return absent


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'
