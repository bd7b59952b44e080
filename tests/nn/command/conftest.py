"""A folder for the files that the command writes, and no figures, which take long."""

import pytest


@pytest.fixture
def a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_plots(monkeypatch):
    monkeypatch.setattr("nn.command.report.write_figures", lambda *_: [])
