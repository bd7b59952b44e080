"""The report: tables that read as text and as Markdown."""

import platform
from collections.abc import Sequence
from statistics import median

from benchmarks.agreement import verdict
from benchmarks.nodes import SHAPES, SIZES
from benchmarks.results import Results
from benchmarks.workloads import NODES, PROGRAMS, TRAINING

BASE = "micrograd"  # what everything is faster than


def text(results: Results) -> str:
    """The whole report. An engine or a figure that is not there is named, with the reason."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    there = ", ".join(f"{engine} {version}" for engine, version in results.versions.items())
    parts = [f"{python}, {platform.system()} {platform.machine()}\nengines: {there}"]
    if results.missing:
        parts.append(listed("Not here:", results.missing))
    checked = [name for name in TRAINING | PROGRAMS if name in results.deviations]
    if checked:
        parts.append("\n".join(["Losses and gradients:", *(verdict(n, results) for n in checked)]))
        parts.append(
            "on, off: Python's garbage collector, milliseconds a step; "
            f"faster: times faster than {BASE}; slower: times slower than {reference(results)}"
        )
    parts += [steps(name, results) for name in checked]
    if any(name in results.steps for name in NODES):
        parts += [node_times(c, results) for c in collectors(results)]
        parts += [node_memory(results), node_limits(results)]
    if results.imports:
        rows = [[e, f"{median(t) * 1e3:.1f}"] for e, t in results.imports.items()]
        parts.append("Importing the engine\n\n" + table(["engine", "ms"], rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def steps(workload: str, results: Results) -> str:
    """The times of a workload and their ratios to micrograd's and to ours."""
    ours = reference(results)
    header = ["engine"]
    for collector in results.steps.get(workload, {}):
        header += [f"{collector}: ms", "faster", "slower"]
    rows = []
    for engine in results.versions:
        row = [engine]
        for collector in results.steps.get(workload, {}):
            seconds = results.seconds(workload, collector, engine)
            row += [
                "" if seconds is None else figure(seconds * 1e3),
                times(results.ratio(workload, collector, BASE, engine)),
                times(results.ratio(workload, collector, engine, ours)),
            ]
        if any(row[1:]):
            rows.append(row)
    return f"{(TRAINING | PROGRAMS)[workload].title}\n\n{table(header, rows)}"


def node_times(collector: str, results: Results) -> str:
    rows = []
    sizes = measured_sizes(results)
    for shape in SHAPES:
        for engine in results.versions:
            cells = [results.seconds(f"{shape}-{n}", collector, engine) for n in sizes]
            row = ["" if s is None else figure(s / n * 1e9) for n, s in zip(sizes, cells)]
            if any(row):
                rows.append([shape, engine, *row])
    header = ["graph", "engine", *(f"{n:,} nodes" for n in sizes)]
    title = f"W4, ns a node to build, differentiate and free, collector {collector}"
    return f"{title}\n\n{table(header, rows)}"


def node_memory(results: Results) -> str:
    rows = []
    sizes = measured_sizes(results)
    for shape in SHAPES:
        for engine in results.versions:
            cells = [results.memory.get(f"{shape}-{n}", {}).get(engine) for n in sizes]
            found = [cell for cell in cells if cell]
            if not found:
                continue
            row = ["" if cell is None else figure(cell.get("graph")) for cell in cells]
            last = [figure(found[-1].get(kind)) for kind in ("peak", "resident")]
            rows.append([shape, engine, *row, *last])
    header = ["graph", "engine", *(f"{n:,} nodes" for n in sizes), "peak", "resident"]
    title = "W4, bytes a node; peak with backward, and growth of the process, at the largest size"
    return f"{title}\n\n{table(header, rows)}"


def node_limits(results: Results) -> str:
    """Where W4 stops for an engine, and why."""
    limits: dict[str, str] = {}
    for name, workload in NODES.items():
        shape = name.split("-")[0]
        for engine, why in results.unmeasured.get(name, {}).items():
            limits.setdefault(f"{engine}, {shape}", f"stops before {workload.size:,} nodes: {why}")
        for engine, deviation in results.disagreeing(name).items():
            limits[f"{engine}, {name}"] = f"differs by {deviation:.1e} and is left out"
    return listed("W4 ends early:", limits) if limits else ""


def measured_sizes(results: Results) -> list[int]:
    return [n for n in SIZES if any(f"{shape}-{n}" in results.steps for shape in SHAPES)]


def reference(results: Results) -> str:
    """Our fastest engine that is there, for the others to be slower than."""
    return "chainrule" if "chainrule" in results.versions else "chainrule-pure"


def collectors(results: Results) -> list[str]:
    return list(next(iter(results.steps.values())))


def listed(title: str, items: dict[str, str]) -> str:
    return "\n".join([title, *(f"- {name}: {why}" for name, why in items.items())])


def figure(x: float | None) -> str:
    """Three digits: what a benchmark can tell."""
    if x is None:
        return ""
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def times(ratio: float | None) -> str:
    return "" if ratio is None else f"{figure(ratio)} x"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns between bars, words to the left, figures to the right."""
    words = [all(not cell[:1].isdigit() for cell in column) for column in zip(*rows)]
    words = words or [True] * len(header)
    widths = [max(map(len, column)) for column in zip(header, *rows)]
    rule = ["-" * width if word else "-" * (width - 1) + ":" for width, word in zip(widths, words)]
    lines = [
        [cell.ljust(w) if word else cell.rjust(w) for cell, w, word in zip(row, widths, words)]
        for row in (header, rule, *rows)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
