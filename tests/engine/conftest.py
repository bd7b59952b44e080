"""Machines without Graphviz, without any renderer, or where no program starts."""

import errno
import stat
import subprocess

import pytest


@pytest.fixture
def no_choice_of_renderer_and_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.delenv("CHAINRULE_DOT", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_dot(monkeypatch):
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def no_renderer(no_dot, monkeypatch):
    monkeypatch.setattr("engine.renderers.render.graphviz_pure", lambda: None)


@pytest.fixture
def no_processes(monkeypatch):
    """As under Pyodide, or where a policy forbids to start programs."""

    def refuse(*_arguments, **_options):
        raise OSError(errno.EPERM, "no processes here")

    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.fixture
def program(tmp_path):
    """A function that makes a renderer out of the lines of a shell script."""

    def script(*lines):
        path = tmp_path / "renderer"
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return script
