"""Former paths: where modules were before they moved, for old programs and pickles.

An old pickle of an Adam asks for `nn.adaptive`, which is `nn.optim.adaptive` now.
"""

from __future__ import annotations

import sys

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

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        from importlib import import_module

        # Python gives to whoever imports what it finds in sys.modules when this is done.
        sys.modules[module.__name__] = import_module(FORMER[module.__name__])


sys.meta_path.append(FormerPaths())
