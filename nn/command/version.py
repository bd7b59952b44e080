"""The version, and whether it runs compiled."""

from __future__ import annotations

from pathlib import Path

import engine


def version() -> str:
    """ "chainrule 0.1.0, compiled: yes", or no, with the reason if the build left one."""
    answer = f"chainrule {engine.__version__}, compiled: "
    if engine.compiled:
        return answer + "yes"
    if hasattr(engine, "switch"):  # which engine imports only then
        return answer + "no (CHAINRULE_PURE is set)"
    folder = Path(engine.__file__).parent
    if (folder / "pure.txt").exists():
        return answer + f"no ({(folder / 'pure.txt').read_text('utf-8').strip()})"
    checkout = (folder.parent / "setup.py").exists()
    return answer + ("no (it runs from a checkout)" if checkout else "no")
