"""The format safetensors: named tensors in a file that PyTorch and others read and write.

A state_dict goes there as float64, each entry a tensor. Beside the tensors stands text: of a file
of ours also a SHA-256 checksum over the whole file, its own digits taken as zeros.
"""

from __future__ import annotations

import json
import re

from nn.saving.json_file import checksum
from nn.saving.strictjson import check_parts, number_of_parts, parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLANK = "sha256:" + 64 * "0"
KINDS = ("F64", "F32")  # both exact as floats


def packed(state: dict[str, Any], metadata: dict[str, str]) -> bytes:
    """The file of a state_dict and of texts by name, with its checksum.

    A scalar is a tensor of no dimension. Raises ValueError for an entry whose rows differ in
    length, which no tensor is, and ImportError without the extra `safetensors`.
    """
    numpy, _ = packages()
    if "__metadata__" in state:
        raise ValueError("an entry cannot be called __metadata__")
    entries: dict[str, Any] = {"__metadata__": {**metadata, "checksum": BLANK}}
    data = bytearray()
    for name, tree in state.items():
        try:
            array = numpy.array(tree, "<f8")
        except ValueError:
            raise ValueError(
                f"{name} has rows of different lengths and is no tensor: save it as JSON"
            ) from None
        ends = [len(data), len(data) + array.nbytes]
        entries[name] = {"dtype": "F64", "shape": array.shape, "data_offsets": ends}
        data += array.tobytes()
    # By hand, since the package puts the metadata in another order each time.
    head = json.dumps(entries).encode()
    check_parts(number_of_parts(head))
    check_parts(len(data) // 8)
    head += b" " * (-len(head) % 8)  # the numbers start at a multiple of their size
    raw = len(head).to_bytes(8, "little") + head + data
    return raw.replace(BLANK.encode(), checksum(raw).encode(), 1)


def unpacked(raw: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """The state_dict and the texts of a file of anyone's.

    Raises ValueError for what is damaged, empty tensors, other numbers than F64 and F32, and more
    numbers than JSON may have.
    """
    numpy, safetensors = packages()
    entries = parsed(header(raw))
    metadata = entries.pop("__metadata__", {}) if isinstance(entries, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(x, str) for x in metadata.values()):
        raise ValueError("it is no safetensors file")
    for name, entry in entries.items():
        check_entry(name, entry)
    try:
        arrays = safetensors.load(raw)
    except Exception as error:  # of types of its own
        raise ValueError(f"it is no safetensors file, or damaged: {error!s:.200}") from None
    check_parts(sum([array.size for array in arrays.values()]))
    state = {name: numpy.asarray(arrays[name], "float64").tolist() for name in entries}
    return state, metadata


def check_entry(name: str, entry: Any) -> None:
    """Raise ValueError for a tensor that is not taken: a shape such as [10**9, 0] is a trap."""
    if not isinstance(entry, dict) or not isinstance(entry.get("shape"), list):
        raise ValueError(f"its entry {name!r:.60} is no tensor")
    kind, shape = entry.get("dtype"), entry["shape"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"{name:.60} is a tensor of {kind!r:.60}, wanted F64 or F32")
    if len(shape) > 32 or not all(type(n) is int and 0 < n < 2**31 for n in shape):
        raise ValueError(f"{name:.60} has the shape {shape!r:.60}, wanted sizes of at least 1")


def header(raw: bytes) -> bytes:
    """The JSON in front of the tensors, whose length is the first 8 bytes."""
    n = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or len(raw) - 8 < n:
        raise ValueError("it is no safetensors file, or not all of it")
    return raw[8 : 8 + n]


def as_written(raw: bytes, stated: str) -> bool:
    """Whether the checksum that a file states is its own."""
    if not re.fullmatch("sha256:[0-9a-f]{64}", stated):
        return False
    return stated == checksum(raw.replace(stated.encode(), BLANK.encode()))


def packages() -> tuple[Any, Any]:
    """numpy, and safetensors for it."""
    try:
        import numpy
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            f"{error}: files that end in .safetensors need pip install 'chainrule[safetensors]'"
        ) from None
    return numpy, safetensors.numpy
