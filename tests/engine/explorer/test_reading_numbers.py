"""The page reads a number that is typed; a word of JavaScript is none."""

import json
import shutil
import subprocess

import pytest

from engine.explorer.assets import script

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node, Node.js")


def test_only_numbers_are_read_as_numbers(tmp_path):
    numbers = {"inf": "inf", "-Inf": "-inf", "NaN": "nan", " 2 ": "2.0", "-1e-7": "-1e-07"}
    words = [
        "constructor",
        "toString",
        "valueOf",
        "__proto__",
        "hasOwnProperty",
        "x",
        "",
        "Infinit",
    ]
    (tmp_path / "explorer.mjs").write_text(script(), "utf-8")
    (tmp_path / "run.mjs").write_text(
        'import { read, repr } from "./explorer.mjs";\n'
        f"const texts = {json.dumps([*numbers, *words])};\n"
        "const found = texts.map(read).map((x) => (x === undefined ? null : repr(x)));\n"
        "console.log(JSON.stringify(found));\n",
        "utf-8",
    )
    done = subprocess.run([NODE, "run.mjs"], cwd=tmp_path, capture_output=True, check=True)

    assert json.loads(done.stdout) == [*numbers.values(), *[None] * len(words)]
