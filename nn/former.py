"""Former paths of nn's modules, for programs and pickles from before they moved."""

from __future__ import annotations

import sys
from types import ModuleType

from engine.former import FORMER
from engine.lazy import lazy_names

MODULES = {  # where a module is now that was called nn.adaptive
    "adaptive": "nn.optim.adaptive",
    "cli": "nn.command.main",  # a `chainrule` that was installed before asks for it
    "clip": "nn.optim.clip",
    "export": "nn.saving.export",
    "history": "nn.training.history",
    "lbfgs": "nn.optim.lbfgs",
    "loader": "nn.data",
    "onecycle": "nn.schedules.onecycle",
    "plateau": "nn.schedules.plateau",
    "run": "nn.training.run",
    "schedule": "nn.schedules.schedule",
    "serialize": "nn.saving.models",
    "stopping": "nn.training.stopping",
    "tables": "nn.data",
}
FORMER.update({f"nn.{name}": path for name, path in MODULES.items()})

# To import a module nn.fit would put it in the place of the function nn.fit: this one is there.
fit = sys.modules["nn.fit"] = ModuleType("nn.fit", "Where nn.fit was before.")
vars(fit)["__getattr__"], _ = lazy_names(vars(fit), {"nn.training.loop": "fit"}, {})
