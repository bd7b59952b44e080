"""Checkpoints: all that the next epoch of a run depends on, in a file, and back from there."""

from __future__ import annotations

from nn.training.history import EARLY
from nn.training.randomness import random_sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

    from nn.training.run import Run


def save_run(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the states of a run to a file, whole or not at all."""
    from nn.saving.checkpoints import save_checkpoint

    save_checkpoint(path, states_of(run))


def resume_run(run: Run, path: str | os.PathLike[str]) -> None:
    """Take over all states of a checkpoint, or raise ValueError and leave the run as it was."""
    from nn.saving.checkpoints import load_checkpoint

    states, before = load_checkpoint(path), states_of(run)
    try:
        check_same_settings(states.get("settings"), run.settings)
        if set(states) != set(before):
            raise ValueError(f"it has {sorted(states)}, wanted {sorted(before)}")
        take_over(run, states)
    except (KeyError, TypeError, ValueError) as error:
        take_over(run, before)
        reason = str(error) if len(str(error)) < 300 else f"{str(error)[:300]}..."
        raise ValueError(f"cannot resume from {path}: {reason}") from None


def stateful(run: Run) -> dict[str, Any]:
    """The objects of a run that have a state_dict, by the name they have in a checkpoint."""
    named = {
        "model": run.model,
        "optimizer": run.optimizer,
        "schedule": run.schedule,
        "loader": run.loader,
        "early_stopping": run.stopping,
        "history": run.history,
    }
    return {name: x for name, x in named.items() if x is not None}


def states_of(run: Run) -> dict[str, Any]:
    """The state of each object of a run, its settings, and the states of the random sources."""
    states = {name: x.state_dict() for name, x in stateful(run).items()}
    states["settings"] = run.settings
    return {**states, "random": [source.getstate() for source in random_sources(run.model)]}


def take_over(run: Run, states: dict[str, Any]) -> None:
    """Set the run to these states. Raises an error for states that do not fit."""
    for name, x in stateful(run).items():
        x.load_state_dict(states[name])
    sources = random_sources(run.model)
    if len(states["random"]) != len(sources):
        raise ValueError(f"the model has {len(sources)} random sources")
    for source, (version, words, extra) in zip(sources, states["random"]):
        source.setstate((version, tuple(words), extra))
    run.last_finite = [p.data for p in run.parameters]
    if run.stopping is not None and run.stopping.over:  # what it ended stays ended
        run.history.stopped = EARLY


def check_same_settings(there: Any, here: dict[str, Any]) -> None:
    """Raise ValueError, with what differs, unless a run was started with the same settings."""
    there = there if isinstance(there, dict) else {}
    different = [
        f"{name} was {there.get(name)!r:.40} and is {here.get(name)!r:.40} now"
        for name in {**here, **there}
        if there.get(name) != here.get(name)
    ]
    if different:
        raise ValueError("; ".join(different))
