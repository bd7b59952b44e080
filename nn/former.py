"""Former paths of nn's modules, for programs and pickles from before they moved."""

from __future__ import annotations

import sys
from types import ModuleType

from engine.former import FORMER
from engine.lazy import lazy_names

FORMER.update(
    {
        "nn.adaptive": "nn.optim.adaptive",
        "nn.clip": "nn.optim.clip",
        "nn.export": "nn.saving.export",
        "nn.history": "nn.training.history",
        "nn.lbfgs": "nn.optim.lbfgs",
        "nn.loader": "nn.data",
        "nn.onecycle": "nn.schedules.onecycle",
        "nn.plateau": "nn.schedules.plateau",
        "nn.run": "nn.training.run",
        "nn.schedule": "nn.schedules.schedule",
        "nn.serialize": "nn.saving.models",
        "nn.stopping": "nn.training.stopping",
        "nn.tables": "nn.data",
    }
)

# To import a module nn.fit would put it in the place of the function nn.fit: this one is there.
fit = sys.modules["nn.fit"] = ModuleType("nn.fit", "Where nn.fit was before.")
vars(fit)["__getattr__"], _ = lazy_names(vars(fit), {"nn.training.loop": "fit"}, {})
