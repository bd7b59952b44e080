"""Writing files: whole or not at all."""

import os
import stat
import tempfile
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write content to path: into a file beside it, then moved into place.

    Whatever interrupts, path holds the old content or the new, never a part. Raises OSError.
    """
    target = Path(path).resolve()
    data = content.encode() if isinstance(content, str) else content
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):  # a device or pipe holds nothing to replace
        target.write_bytes(data)  # and of a folder this says what it is
        return
    try:
        handle, beside = tempfile.mkstemp(prefix=".writing.", dir=target.parent)
    except OSError as error:  # it would name the file beside
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        # The permissions of the old file, or the usual ones: mkstemp's are for us alone.
        os.chmod(beside, 0o666 & ~umask if mode is None else stat.S_IMODE(mode))
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
