"""Figures that cannot be drawn: a line says why, and the training is not lost."""

import builtins

from nn.command.figures import write_figures


def test_a_setting_that_matplotlib_refuses_is_a_line(monkeypatch, tmp_path, capsys):
    """Such as MPLBACKEND=nosuch, which it reads when it is imported."""
    importing = builtins.__import__

    def refusing(name, *given):
        if name == "matplotlib.figure":
            raise ValueError("Key backend: 'nosuch' is not a valid value for backend")
        return importing(name, *given)

    monkeypatch.setattr(builtins, "__import__", refusing)
    written = write_figures(tmp_path, lambda: {"a.svg": print})

    assert written == []
    assert "no plots of the loss and the decisions: Key backend" in capsys.readouterr().err
