"""A file of JSON that is read only as it was written: with a format, a version and a checksum.

The content is a dict, and the last entry is a SHA-256 checksum of all before it. A file is refused
that is too large, or is not, to the last bit, as it was written.
"""

from __future__ import annotations

import json
import os
import stat
from hashlib import sha256

from nn.saving.strictjson import check_parts, number_of_parts, parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Path = str | os.PathLike[str]

VERSION = 1
LARGEST = 64 * 2**20  # bytes; two and a half million parameters
# What a file that anyone wrote may make the reader raise.
REFUSED = (KeyError, TypeError, ValueError, OverflowError, RecursionError, MemoryError)


def refusal(path: Path, error: BaseException) -> ValueError:
    """The error that names the file and the reason."""
    reason = (
        "it is nested too deep"
        if isinstance(error, RecursionError)
        else str(error) or type(error).__name__
    )
    return ValueError(f"cannot load {os.fsdecode(path)}: {reason}")


def content_of(path: Path) -> bytes:
    """The bytes of a file or pipe. Raises ValueError for more than LARGEST."""
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        most = min(status.st_size, LARGEST) if stat.S_ISREG(status.st_mode) else LARGEST
        raw = file.read(most + 1)
    check_length(len(raw))
    return raw


def check_length(n: int) -> None:
    if n > LARGEST:
        raise ValueError(f"it has more than the {LARGEST} bytes that are read")


def check_version(found: dict[str, Any], kind: str, wanted: int | str) -> None:
    if found.get("format") != kind:
        raise ValueError(f"it is not of the format {kind!r}")
    version = found.get("version")
    if type(version) is not type(wanted) or version != wanted:
        raise ValueError(f"it has version {version!r:.60} of the format, this is version {VERSION}")


def text(content: dict[str, Any]) -> bytes:
    """The content as it stands in a file, with its checksum as the last entry."""
    body = json.dumps(content, indent=1, allow_nan=False).encode()
    check_parts(number_of_parts(body))
    return body.removesuffix(b"\n}") + last_entry(checksum(body))


def last_entry(sum_of_body: Any) -> bytes:
    return f',\n "checksum": "{sum_of_body}"\n}}\n'.encode()


def read(path: Path, kind: str, entries: list[str]) -> dict[str, Any]:
    """The content of a file. Raises ValueError unless it is whole, ours and as it was written."""
    raw = content_of(path)
    found = parsed(raw)
    if not isinstance(found, dict):
        raise ValueError(f"it is not of the format {kind!r}")
    check_version(found, kind, VERSION)
    wanted = ["format", "version", *entries, "checksum"]
    if list(found) != wanted:
        raise ValueError(f"it has {list(found)!r:.200}, wanted {wanted}")
    end = last_entry(found["checksum"])
    body = raw.removesuffix(end) + b"\n}"
    if not raw.endswith(end) or found["checksum"] != checksum(body):
        raise ValueError("it is not as it was written: its checksum does not fit")
    return {name: found[name] for name in wanted[:-1]}


def checksum(raw: bytes) -> str:
    return "sha256:" + sha256(raw).hexdigest()
