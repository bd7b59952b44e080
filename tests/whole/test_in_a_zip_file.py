"""The packages work from a zip file, as a lambda or a zipapp has them: pages, films, programs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import engine

ROOT = Path(engine.__file__).parents[1]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "chainrule.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for package in ("engine", "nn"):
            for file in (ROOT / package).rglob("*"):
                if file.suffix not in (".so", ".pyd", ".pyc") and file.is_file():
                    archive.write(file, file.relative_to(ROOT))
    return path


@pytest.mark.parametrize(
    "line",
    [
        "engine.explore(y).save('page.html')",
        "engine.trace([y], [x]).source(language='c')",
        "engine.draw(y).render(outfile='y.svg')",
        "model, data = nn.MLP(2, [2, 1]), nn.data.xor(); film = nn.Film(model, *data); "
        "optimizer = nn.SGD(model.parameters(), lr=0.1); "
        "nn.fit(model, data, optimizer=optimizer, epochs=2, callbacks=film, progress=False); "
        "film.save('film.html')",
        "from nn.command.main import main; main(['--version'])",
        "import nn.adaptive",
    ],
)
def test_what_reads_files_beside_the_code_works_in_a_zip_file(packed, line, tmp_path):
    code = f"import engine, nn; x = engine.Value(0.5, label='x'); y = (x * x).tanh(); {line}"
    environment = {**os.environ, "PYTHONPATH": str(packed)}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert found.stderr == ""
