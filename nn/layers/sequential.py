"""Sequential: modules in a row."""

from __future__ import annotations

from nn.checks import count
from nn.module import Module
from nn.settings import MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, ClassVar, Self

    from nn.module import Step


class Sequential(Module):
    """Modules in a row: each takes what the module before it gives.

    Its attributes are called "0", "1" and so on, so that its state_dict has PyTorch's names. The
    last module decides what comes out: an MLP of one output gives a bare Value.

    >>> from nn.layers import Dropout, Linear
    >>> Sequential(Linear(2, 3), Dropout(0.1))
    Sequential(
      0: Linear(2, 3)
      1: Dropout(p=0.1)
    )
    """

    __module__ = "nn"
    settings: ClassVar = {"modules": MODULES}

    def __init__(self, *modules: Module) -> None:
        """Without modules it gives what it takes. Raises TypeError for anything but modules."""
        for i, module in enumerate(modules):
            self._put(i, module)

    def append(self, module: Module) -> Self:
        """Put a module behind the others; the Sequential itself."""
        self._put(len(self), module)
        return self

    def _put(self, i: int, module: Module) -> None:
        if isinstance(module, type):
            raise TypeError(f"sequential takes modules, got a class: say {module.__name__}()")
        if not isinstance(module, Module):
            raise TypeError(f"sequential takes modules, got {type(module).__name__} {module!r:.60}")
        setattr(self, str(i), module)

    def __call__(self, x: Any) -> Any:
        """What the modules make of x, one after the other."""
        for module in self:
            x = module(x)
        return x

    def steps(self) -> list[Step]:
        return [(str(i), module) for i, module in enumerate(self)]

    def setting_values(self) -> dict[str, Any]:
        return {"modules": list(self)}

    @classmethod
    def parameter_count(cls, **_: Any) -> int:
        return 0

    @classmethod
    def from_settings(cls, modules: Sequence[Module]) -> Sequential:
        return cls(*modules)

    def __iter__(self) -> Iterator[Any]:
        return iter([module for name, module in vars(self).items() if name.isdigit()])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, i: int | slice) -> Any:
        """The module number i, or a Sequential of a slice of the modules themselves."""
        modules = list(iter(self))
        if isinstance(i, slice):
            return Sequential(*modules[i])
        try:
            return modules[i]
        except IndexError:
            raise IndexError(
                f"sequential has {count(len(modules), 'module')}, got index {i}"
            ) from None
