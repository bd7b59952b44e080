"""Writing files: the whole file or nothing."""

import os
import stat
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write content into a new file beside path, and move that file to path.

    Whatever interrupts this, and wherever, path holds all of the old content or all of the new, and
    nothing is left beside it. Raises OSError.
    """
    target = Path(path).resolve()
    data = content.encode() if isinstance(content, str) else content
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):  # a device or pipe holds nothing to replace
        target.write_bytes(data)  # for a folder this raises the right error
        return
    # The name is known before the file is there: an interruption finds what it has to remove.
    beside = target.with_name(f".writing.{os.urandom(8).hex()}")
    try:
        try:
            write_new(beside, data, None if mode is None else stat.S_IMODE(mode))
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        if error.errno is None:
            raise
        # Its own message would name the new file, or none.
        raise type(error)(error.errno, error.strerror, str(path)) from None
    finally:  # again, for an interruption of the first time
        beside.unlink(missing_ok=True)


def write_new(path: Path, data: bytes, mode: int | None) -> None:
    """Write a file that is not there yet, down to the disk.

    mode: its permissions. Without them it has those that the system gives to any new file. (To read
    the umask a program has to change it, for all of its threads.)
    """
    with open(path, "xb", opener=None if mode is None else opened_for_us_alone) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        os.chmod(path, mode)


def opened_for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def text_beside(module: str, name: str) -> str:
    """A text file in the folder of a module, also where that folder is in a zip file."""
    from pkgutil import get_data

    raw = get_data(module, name)
    if raw is None:
        raise FileNotFoundError(f"there is no file {name} beside {module}")
    return raw.decode("utf-8").replace("\r\n", "\n")
