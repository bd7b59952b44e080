"""The peers: which package each engine is, where it is installed, how its process starts."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("CHAINRULE_PEERS", Path(__file__).parent / "peers"))
OURS = ("chainrule-pure", "chainrule")


@dataclass(frozen=True)
class Peer:
    """`package` and `version` name what pip installs, `modules` what a program imports of it."""

    package: str
    version: str
    modules: str


PEERS = {
    "micrograd": Peer("micrograd", "0.1.0", "micrograd.engine, micrograd.nn"),
    "scalargrad": Peer("scalargrad", "1.0.5", "scalargrad"),
    "propgrad": Peer("propgrad", "0.1.1", "propgrad"),
    "lilgrad": Peer("lilgrad", "0.6.0", "micrograd"),  # the name of its package, not ours to choose
    "xad": Peer("xad", "1.5.2", "xad.adj_1st, xad.math"),
    "autograd": Peer("autograd[numpy]", "1.9.1", "autograd.numpy"),
    "torch": Peer("torch", "2.13.0", "torch"),
    "jax": Peer("jax", "0.10.2", "jax.numpy"),
}
ENGINES = (*PEERS, *OURS)


def install(names: Sequence[str], folder: Path) -> list[str]:
    """Install each peer into a folder of its own; the names of those that pip could not."""
    failed = []
    for name in names:
        if name in OURS:
            continue
        peer = PEERS[name]
        command = [sys.executable, "-m", "pip", "install", "--upgrade", "--target"]
        command += [str(folder / name), f"{peer.package}=={peer.version}"]
        if subprocess.run(command).returncode:
            failed.append(name)
    return failed


def command(engine: str, folder: Path) -> list[str]:
    """Python for an engine: a peer in a folder of its own sees nothing else that is installed."""
    return [sys.executable, "-S"] if (folder / engine).is_dir() else [sys.executable]


def environment(engine: str, folder: Path) -> dict[str, str]:
    """The environment variables of an engine's process."""
    variables = dict(os.environ, OMP_NUM_THREADS="1")
    variables.pop("CHAINRULE_PURE", None)
    if engine == "chainrule-pure":
        variables["CHAINRULE_PURE"] = "1"
    elif engine in PEERS:
        variables["PYTHONPATH"] = str(folder / engine)
    return variables
