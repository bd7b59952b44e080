"""The benchmark of set-up sets up what it says. Nothing here asserts how fast anything is."""

import pytest

import engine
from benchmarks import setup

NAME = "RNN, one sequence at a time"


@pytest.mark.skipif(not engine.compiled, reason="the machine is in the compiled build")
def test_setting_up_takes_time_and_memory(capsys):
    setup.set_up(NAME)

    milliseconds, megabytes = map(float, capsys.readouterr().out.split())
    assert milliseconds > 0
    assert megabytes >= 0


def test_each_row_is_of_its_own_processes(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(setup, "asked", lambda name: asked.append(name) or [len(asked), 2.0])

    assert setup.main(["--rounds", "3", "--only", NAME]) == 0

    assert asked == [NAME] * 3
    _, _, row = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in row.strip("|").split("|")] == [NAME, "2", "2"]
