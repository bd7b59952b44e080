"""The examples of the pages: each page's run in a folder of their own, for the files they write."""

import pytest


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
