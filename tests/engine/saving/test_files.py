"""Writing files: the old content or the new, and nothing beside it."""

import errno
import importlib
import os
import stat
import sys
import zipfile

import pytest

from engine.saving.files import text_beside, write_file

posix = pytest.mark.skipif(os.name != "posix", reason="needs the file modes of POSIX")


class InterruptionError(Exception):
    """Stands for whatever ends a program in the middle of writing."""


def interrupt(*_arguments):
    raise InterruptionError


@pytest.fixture(params=["os.fsync", "os.chmod", "os.replace"])
def interrupted(request, monkeypatch):
    monkeypatch.setattr(request.param, interrupt)


@pytest.fixture
def umask():
    """A function that sets the umask until the end of the test."""
    before = os.umask(0)
    os.umask(before)
    yield os.umask
    os.umask(before)


def test_a_new_file_holds_the_bytes(tmp_path):
    write_file(tmp_path / "new", b"\x00\xff\r\n")

    assert (tmp_path / "new").read_bytes() == b"\x00\xff\r\n"


def test_text_is_written_as_utf8_with_its_own_line_ends(tmp_path):
    write_file(tmp_path / "new", "∂\n")

    assert (tmp_path / "new").read_bytes() == "∂\n".encode()


def test_an_old_file_is_replaced_whole(tmp_path):
    (tmp_path / "file").write_text("a longer text than the new one")

    write_file(tmp_path / "file", "new")

    assert (tmp_path / "file").read_text() == "new"


def test_nothing_is_left_beside_the_file(tmp_path):
    write_file(tmp_path / "file", "new")

    assert os.listdir(tmp_path) == ["file"]


def test_a_path_may_be_text_relative_to_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    write_file("file", "new")

    assert (tmp_path / "file").read_text() == "new"


def test_what_interrupts_is_raised(tmp_path, interrupted):
    (tmp_path / "file").write_text("old")

    with pytest.raises(InterruptionError):
        write_file(tmp_path / "file", "new")


def test_an_interrupted_write_keeps_the_old_content(tmp_path, interrupted):
    (tmp_path / "file").write_text("old")

    with pytest.raises(InterruptionError):
        write_file(tmp_path / "file", "new")

    assert (tmp_path / "file").read_text() == "old"


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, interrupted):
    (tmp_path / "file").write_text("old")

    with pytest.raises(InterruptionError):
        write_file(tmp_path / "file", "new")

    assert os.listdir(tmp_path) == ["file"]


def test_ctrl_c_leaves_nothing_behind(tmp_path, monkeypatch):
    def ctrl_c(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", ctrl_c)

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "file", "new")

    assert os.listdir(tmp_path) == []


def test_text_that_no_encoding_holds_leaves_nothing_behind(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        write_file(tmp_path / "file", "\ud800")

    assert os.listdir(tmp_path) == []


@posix
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_a_new_file_has_the_permissions_of_any_other(tmp_path, umask, mask):
    umask(mask)

    write_file(tmp_path / "file", "new")

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


@posix
def test_writing_does_not_change_the_umask(tmp_path, umask):
    umask(0o037)

    write_file(tmp_path / "file", "new")

    assert umask(0o037) == 0o037


@posix
def test_a_private_file_stays_private(tmp_path, umask):
    umask(0o022)
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o600)

    write_file(tmp_path / "file", "new")

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


@posix
def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")

    write_file(tmp_path / "link", "new")

    assert ((tmp_path / "link").is_symlink(), (tmp_path / "file").read_text()) == (True, "new")


@posix
def test_a_device_or_pipe_is_written_into_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "new")

        assert (pipe.is_fifo(), os.read(reader, 10)) == (True, b"new")
    finally:
        os.close(reader)


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".svg")

    write_file(path, "new")

    assert path.read_text() == "new"


def test_a_missing_folder_is_named_in_the_error(tmp_path):
    path = tmp_path / "missing" / "file"

    with pytest.raises(FileNotFoundError) as caught:
        write_file(path, "new")

    assert caught.value.filename == str(path)


def test_a_file_in_place_of_the_folder_is_an_oserror(tmp_path):
    (tmp_path / "file").write_text("old")

    with pytest.raises(OSError, match="file"):
        write_file(tmp_path / "file" / "inner", "new")


def test_a_folder_in_place_of_the_file_is_an_oserror(tmp_path):
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="folder"):
        write_file(tmp_path / "folder", "new")


def test_a_folder_in_place_of_the_file_leaves_nothing_beside(tmp_path):
    (tmp_path / "folder").mkdir()

    with pytest.raises(OSError, match="folder"):
        write_file(tmp_path / "folder", "new")

    assert os.listdir(tmp_path) == ["folder"]


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_write_permission_is_an_oserror(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="file"):
            write_file(tmp_path / "file", "new")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no such names")
@posix
def test_a_name_that_is_no_text_is_written(tmp_path):
    path = os.path.join(tmp_path, os.fsdecode(b"\xff.svg"))

    write_file(path, "new")

    assert os.listdir(os.fsencode(tmp_path)) == [b"\xff.svg"]


def test_a_file_beside_a_module_is_read_from_a_zip_file_too(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("zipped_room/__init__.py", "")
        packed.writestr("zipped_room/words.txt", b"one\r\ntwo\n")
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    importlib.import_module("zipped_room")

    assert text_beside("zipped_room", "words.txt") == "one\ntwo\n"
    del sys.modules["zipped_room"]


def test_a_missing_file_beside_a_module_is_an_oserror():
    with pytest.raises(FileNotFoundError, match=r"nothing\.js"):
        text_beside("engine.explorer.assets", "nothing.js")


@pytest.mark.parametrize("call", ["os.fsync", "os.chmod", "os.replace"])
def test_a_full_disk_names_the_file(tmp_path, monkeypatch, call):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "new.txt").write_text("old")
    monkeypatch.setattr(call, full)

    with pytest.raises(OSError, match=r"No space left on device: '.*new\.txt'$"):
        write_file(tmp_path / "new.txt", "text")
    assert os.listdir(tmp_path) == ["new.txt"]
