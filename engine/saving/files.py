"""Writing files: the whole file or nothing."""

import os
import stat
import tempfile
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write content into a new file beside path, and move that file to path.

    If anything interrupts this, path holds all of the old content or all of the new. Raises
    OSError.
    """
    target = Path(path).resolve()
    data = content.encode() if isinstance(content, str) else content
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):  # a device or pipe holds nothing to replace
        target.write_bytes(data)  # for a folder this raises the right error
        return
    try:
        handle, beside = tempfile.mkstemp(prefix=".writing.", dir=target.parent)
    except OSError as error:  # its message would name the new file
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        # The permissions of the old file, or the usual ones: mkstemp lets nobody else read.
        os.chmod(beside, 0o666 & ~umask if mode is None else stat.S_IMODE(mode))
        os.replace(beside, target)
    except BaseException as error:
        os.unlink(beside)
        if isinstance(error, OSError) and error.errno is not None:  # such as of a full disk
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise


def text_beside(module: str, name: str) -> str:
    """A text file in the folder of a module, also where that folder is in a zip file."""
    from pkgutil import get_data

    raw = get_data(module, name)
    if raw is None:
        raise FileNotFoundError(f"there is no file {name} beside {module}")
    return raw.decode("utf-8").replace("\r\n", "\n")
