"""Writing files: whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_file(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write content to path: into a file beside it, then moved into place.

    Whatever interrupts, path holds the old content or the new, never a part. Raises OSError.
    """
    target = Path(path).absolute()
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:  # it would name the file beside
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)  # mkstemp makes files that nobody else can read
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
