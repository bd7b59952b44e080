"""A dot on PATH that fails, hangs or writes rubbish costs a line on stderr, and no picture."""

import os
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine.renderers.processes
import engine.renderers.render
from engine import Value, draw
from engine.explorer.placement import placement
from engine.renderers.pictures import is_picture
from engine.renderers.render import RendererFailed, RendererNotFound
from tests.engine.pictures import PNG_SIGNATURE, needs_dot, needs_pure, posix, square, texts

pytestmark = [
    pytest.mark.usefixtures("no_choice_of_renderer_and_a_folder_of_its_own"),
    posix,
]

# What a broken dot does, as the lines of a shell script, and what is said of it.
BROKEN = {
    "exits with 1": (["exit 1"], "exited with 1"),
    "is half installed": (
        ["echo 'no layout plugin; run dot -c' >&2", "exit 1"],
        "exited with 1: no layout plugin; run dot -c",
    ),
    "draws and then fails": (["echo '<svg/>'", "exit 3"], "exited with 3"),
    "is killed": (["kill -SEGV $$"], "was ended by signal 11"),
    "hangs": (["exec sleep 60"], "took more than 0.3 s"),
    "hangs in a program of its own": (["sleep 60"], "took more than 0.3 s"),
    "leaves a program that hangs": (["sleep 60 &"], "took more than 0.3 s"),
    "reads and then hangs": (["cat > /dev/null; sleep 60"], "took more than 0.3 s"),
    "is deaf to polite signals": (["trap '' TERM INT", "sleep 60"], "took more than 0.3 s"),
    "writes nothing": ([":"], "wrote no {}, but nothing"),
    "writes a usage message": (["echo usage: dot"], "wrote no {}, but b'usage: dot\\n'"),
    "writes half a picture": (["echo '<svg><g>'"], "wrote no {}, but b'<svg><g>\\n'"),
    "writes another format": (["echo '<html></html>'"], "wrote no {}, but b'<html></html>\\n'"),
    "writes bytes that are no text": (["head -c 64 /dev/zero"], "wrote no {}, but b'\\x00"),
    "writes much to stderr": (["yes oops | head -c 300000 >&2", "exit 1"], "exited with 1: oops"),
    "may not be executed": (None, "cannot be started: Permission denied"),
    "has no interpreter": ("#!/no/such/shell\n", "cannot be started: No such file"),
    "is no program": ("\x7fELF rubbish", "cannot be started: Exec format error"),
}
every_break = pytest.mark.parametrize("kind", BROKEN)


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A function that puts a broken dot first on PATH."""
    engine.renderers.render.said.clear()
    engine.renderers.render.slow.clear()

    def install(lines):
        path = tmp_path / "bin" / "dot"
        path.parent.mkdir(exist_ok=True)
        text = lines if isinstance(lines, str) else "\n".join(["#!/bin/sh", *(lines or []), ""])
        path.write_text(text)
        if lines is not None:
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("CHAINRULE_DOT_SECONDS", "0.3" if "sleep" in text else "60")
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin" if lines else str(path.parent))
        return str(path)

    return install


@pytest.fixture
def without_pure(monkeypatch):
    monkeypatch.setattr(engine.renderers.render, "graphviz_pure", lambda: None)


@every_break
def test_a_picture_is_drawn_whatever_dot_does(kind, broken, without_pure):
    broken(BROKEN[kind][0])

    assert "grad 6" in texts(draw(square()).pipe())


@every_break
def test_one_line_says_what_dot_did(kind, broken, without_pure, capsys):
    lines, what = BROKEN[kind]
    path = broken(lines)

    draw(square()).pipe()

    line = capsys.readouterr().err
    assert line.startswith(f"chainrule: {path} {what.format('SVG')}")
    assert line.endswith("; our own layout draws the picture\n")
    assert line.count("\n") == 1


@every_break
def test_a_png_that_nothing_draws_is_an_error_with_what_dot_did(kind, broken, without_pure):
    lines, what = BROKEN[kind]
    path = broken(lines)

    with pytest.raises(RendererNotFound) as caught:
        draw(square()).pipe("png")

    assert str(caught.value).startswith(
        f"nothing here draws PNG: {path} {what.format('PNG')}".replace("\n", " ")
    )
    assert str(caught.value).endswith("SVG needs none of them: format='svg'")


@needs_pure
@pytest.mark.parametrize("kind", ["exits with 1", "writes nothing", "may not be executed"])
def test_the_next_program_draws_a_png(kind, broken, capsys):
    path = broken(BROKEN[kind][0])

    assert draw(square()).pipe("png").startswith(PNG_SIGNATURE)
    assert capsys.readouterr().err.startswith(f"chainrule: {path} ")


def test_a_program_that_fails_after_dot_has_failed_is_named_too(
    broken, program, monkeypatch, capsys
):
    broken(["exit 1"])
    monkeypatch.setattr(engine.renderers.render, "graphviz_pure", lambda: program("exit 2"))

    picture = draw(square()).pipe()

    assert "grad 6" in texts(picture)
    assert "dot exited with 1; " in (said := capsys.readouterr().err)
    assert "renderer exited with 2; our own layout draws the picture" in said


def test_render_writes_the_picture_that_dot_did_not_draw(broken, without_pure):
    broken(["exit 1"])

    with open(draw(square()).render("z"), "rb") as file:
        assert "grad 6" in texts(file.read())


def test_a_program_that_failed_is_spoken_of_once(broken, without_pure, capsys):
    broken(["exit 1"])

    for _ in range(3):
        draw(square()).pipe()

    assert capsys.readouterr().err.count("\n") == 1


def test_quiet_says_nothing_about_a_program_that_failed(broken, without_pure, capsys):
    broken(["exit 1"])

    draw(square()).pipe(quiet=True)

    assert capsys.readouterr().err == ""


@needs_dot
def test_nothing_is_said_of_a_dot_that_works(capsys):
    draw(square()).pipe()

    assert capsys.readouterr().err == ""


def test_a_program_that_hangs_is_ended_with_what_it_has_started(broken, without_pure, tmp_path):
    broken([f"(sleep 1.5; echo alive > {tmp_path}/alive) & sleep 60"])

    draw(square()).pipe(quiet=True)

    time.sleep(1.7)
    assert not (tmp_path / "alive").exists()


def test_the_next_picture_does_not_wait_as_long_again(broken, without_pure, monkeypatch):
    waited = []

    def hang(command, text, seconds, folder):
        waited.append(seconds)
        raise subprocess.TimeoutExpired(command, seconds)

    broken(["exit 1"])
    monkeypatch.setattr(engine.renderers.render, "output_of", hang)
    for seconds in ("40", "40", "40", "50"):  # a new limit is a new chance
        monkeypatch.setenv("CHAINRULE_DOT_SECONDS", seconds)
        draw(square()).pipe(quiet=True)

    assert waited == [40, 3, 3, 50]


def test_a_program_that_writes_without_end_is_not_waited_for(broken, without_pure, monkeypatch):
    monkeypatch.setattr(engine.renderers.processes, "MOST_BYTES", 1 << 20)
    broken(["exec yes"])

    assert "grad 6" in texts(draw(square()).pipe(quiet=True))


@pytest.mark.parametrize("program", ["dot", None])
def test_a_program_asked_for_by_name_that_hangs_is_an_error(program, broken):
    path = broken(["sleep 60"])

    with pytest.raises(RendererFailed, match=r"dot took more than 0\.3 s \(CHAINRULE_DOT_SECONDS"):
        draw(square(), program=program or path).pipe()


def test_dot_asked_for_by_name_that_writes_rubbish_is_an_error(broken):
    broken(["echo rubbish"])

    with pytest.raises(RendererFailed, match=r"dot wrote no SVG, but b'rubbish"):
        draw(square(), program="dot").pipe()


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "1e9"])
def test_a_time_limit_that_is_none_is_refused(text, monkeypatch, broken):
    broken(["exit 1"])
    monkeypatch.setenv("CHAINRULE_DOT_SECONDS", text)

    with pytest.raises(ValueError, match="CHAINRULE_DOT_SECONDS is a number of seconds above 0"):
        draw(square()).pipe()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.binary(max_size=200), code=st.sampled_from([0, 1, 255]))
def test_whatever_dot_writes_a_picture_comes_back(written, code, broken, without_pure, tmp_path):
    (tmp_path / "written").write_bytes(written)
    broken([f"cat {tmp_path / 'written'}", f"exit {code}"])

    assert "grad 6" in texts(draw(square()).pipe(quiet=True))


@needs_dot
@pytest.mark.parametrize(
    "format", ["svg", "png", "pdf", "ps", "eps", "jpg", "gif", "json", "dot", "plain", "svgz"]
)
def test_what_a_working_dot_writes_is_taken_for_a_picture(format):
    picture = draw(square(), program="dot").pipe(format, quiet=True)

    assert is_picture(picture, format)
    assert not is_picture(b"", format)


@needs_dot
@given(share=st.floats(0, 0.99))
def test_a_picture_cut_short_is_none(share):
    assert not is_picture(WHOLE[: int(share * len(WHOLE))], "svg")


WHOLE = draw(square(), program="builtin").pipe()


@pytest.mark.parametrize("arguments", [["train", "xor", "--steps", "200"], ["draw", "x*x", "x=3"]])
def test_the_command_goes_on_where_dot_is_broken(arguments, broken, tmp_path):
    broken(["exit 1"])
    more = ["-o", "x.svg"] if arguments[0] == "draw" else []
    command = [sys.executable, "-m", "nn", *arguments, *more]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    done = subprocess.run(command, env=environment, capture_output=True, text=True)

    name = "x.svg" if more else "xor/loss.svg"
    assert (done.returncode, (tmp_path / name).exists()) == (0, True), done.stderr
    assert done.stderr.count("dot exited with 1; ") == 1


def test_the_command_says_in_a_line_that_no_png_can_be_drawn(broken, monkeypatch, capsys):
    from nn.command.main import main

    monkeypatch.setattr(engine.renderers.render, "graphviz_pure", lambda: None)
    broken(["echo boom >&2", "exit 1"])

    assert main(["draw", "x", "x=1", "-o", "x.png"]) == 2
    assert "dot exited with 1: boom. Install Graphviz" in (said := capsys.readouterr().err)
    assert said.count("\n") == 1


@every_break
def test_the_explorer_places_its_cards_whatever_dot_does(kind, broken, capsys):
    broken(BROKEN[kind][0])

    assert placement([[], [], [0, 1]], "LR")["cards"] == placement_of_our_own([[], [], [0, 1]])


def placement_of_our_own(inputs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_DOT", "builtin")
        return placement(inputs, "LR")["cards"]


@needs_pure
def test_a_graph_of_one_value_is_drawn_where_dot_is_broken(broken):
    broken(["exit 1"])

    assert "data 1" in texts(draw(Value(1.0)).pipe(quiet=True))
