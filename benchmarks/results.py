"""What was measured, what could not be, and why."""

from dataclasses import dataclass, field
from statistics import median

TOLERANCE = 1e-9

ByEngine = dict[str, list[float]]


@dataclass
class Results:
    """The figures of a run; the first key of each dict, but for the last two, is the workload."""

    steps: dict[str, dict[str, ByEngine]] = field(default_factory=dict)  # collector -> engine
    memory: dict[str, dict[str, dict[str, float | None]]] = field(default_factory=dict)
    deviations: dict[str, dict[str, float]] = field(default_factory=dict)
    unmeasured: dict[str, dict[str, str]] = field(default_factory=dict)  # engine -> why
    imports: ByEngine = field(default_factory=dict)  # seconds
    versions: dict[str, str] = field(default_factory=dict)  # of the engines that are there
    missing: dict[str, str] = field(default_factory=dict)  # of those that are not: why

    def seconds(self, workload: str, collector: str, engine: str) -> float | None:
        """Seconds a step, the median of the rounds; None if it was not measured."""
        rounds = self.steps.get(workload, {}).get(collector, {}).get(engine)
        return median(rounds) if rounds else None

    def ratio(self, workload: str, collector: str, engine: str, reference: str) -> float | None:
        """How many times as long as the reference the engine takes; None if one is missing."""
        ours = self.seconds(workload, collector, engine)
        theirs = self.seconds(workload, collector, reference)
        return ours / theirs if ours and theirs else None

    def disagreeing(self, workload: str) -> dict[str, float]:
        """The engines whose losses or gradients are not those of the others, and by how much."""
        found = self.deviations.get(workload, {})
        return {engine: d for engine, d in found.items() if not d <= TOLERANCE}
