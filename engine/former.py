"""Former paths: where modules were before they moved, for old programs and pickles.

An old pickle of an Adam asks for `nn.adaptive`, which is `nn.optim.adaptive` now.
"""

from __future__ import annotations

import sys

from engine.lazy import IMPORTING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

FORMER = {  # nn adds its own
    "engine.diagram": "engine.diagrams.diagram",
    "engine.drawing": "engine.diagrams.drawing",
    "engine.explanation": "engine.explanations.explanation",
    "engine.plan": "engine.programs.plan",
    "engine.program": "engine.programs.program",
    "engine.tape": "engine.programs.tape",
}


class FormerPaths:
    """Finds a module under its former path, once nothing else has found it; its own loader."""

    def find_spec(self, name: str, *_others: Any) -> ModuleSpec | None:
        if name not in FORMER:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module as it is called today, so that no thread ever meets another."""
        from importlib import import_module

        with IMPORTING:
            module = import_module(FORMER[spec.name])
        own: Any = module.__spec__
        spec.loader_state = own.loader_state if own.loader is self else own
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module back its own spec, which Python has replaced, for importlib.reload."""
        spec: Any = module.__spec__
        if spec.loader is self:
            module.__spec__ = spec.loader_state


sys.meta_path.append(FormerPaths())
