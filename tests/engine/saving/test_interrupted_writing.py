"""Writing files, interrupted at every place: the old content or the new, and nothing beside it."""

import errno
import gc
import os
import stat
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.saving import files
from engine.saving.files import write_file

OLD, NEW = b"old", b"a longer new text"
# A Ctrl-C between the open and the with leaves the file to Python, which closes it and says so.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def interrupted_at(n, write):
    """Run write(), with a Ctrl-C before the n-th instruction of the writer, or line it calls.

    True if there was such an instruction. It runs in a thread of its own: an exception between two
    instructions of an `except` leaves the thread with an error that it still handles.
    """
    found = []
    thread = threading.Thread(target=lambda: found.append(interrupted_here(n, write)))
    thread.start()
    thread.join()
    return found[0]


def interrupted_here(n, write):
    seen = 0
    before = sys.gettrace()

    def trace(frame, event, _argument):
        nonlocal seen
        own = frame.f_code.co_filename == files.__file__
        frame.f_trace_opcodes = own
        if event == ("opcode" if own else "line"):
            seen += 1
            if seen == n:
                raise KeyboardInterrupt
        return trace

    gc.disable()  # nobody hears of an exception in what the collector calls
    sys.settrace(trace)
    try:
        write()
    except KeyboardInterrupt:
        return True
    except OSError:  # a full disk, which comes before the n-th instruction
        return False
    finally:
        sys.settrace(before)
        gc.enable()
    return False


def umask():
    """The umask of this process, which is read and not set, where the system tells it."""
    with open("/proc/self/status") as status:
        found = [line for line in status if line.startswith("Umask")]
    return found[0] if found else pytest.skip("this system does not tell its umask")


def check(folder, mode):
    """What any interruption must leave behind."""
    path = folder / "file"
    assert set(os.listdir(folder)) <= {"file"}
    if mode is None:
        assert not path.exists() or path.read_bytes() == NEW
    else:
        assert path.read_bytes() in (OLD, NEW)
        assert stat.S_IMODE(path.stat().st_mode) == mode


def prepared(folder, mode):
    path = folder / "file"
    path.unlink(missing_ok=True)
    if mode is not None:
        path.write_bytes(OLD)
        path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [None, 0o600, 0o644])
def test_ctrl_c_at_any_instruction_leaves_the_old_file_or_the_new(tmp_path, monkeypatch, mode):
    monkeypatch.setattr("os.fsync", lambda _file: None)  # which takes long
    n, written = 1, set()

    while True:
        path = prepared(tmp_path, mode)
        there = interrupted_at(n, lambda to=path: write_file(to, NEW))
        check(tmp_path, mode)
        if not there:
            break
        written.add(path.exists() and path.read_bytes() == NEW)
        n += 1

    assert n > 100
    assert written == {False, True}  # it was interrupted before the move, and after it


@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_ctrl_c_after_a_full_disk_leaves_the_old_file_alone(tmp_path, monkeypatch, call):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, full)
    n = 1

    while True:
        path = prepared(tmp_path, 0o600)
        there = interrupted_at(n, lambda to=path: write_file(to, NEW))
        assert (os.listdir(tmp_path), path.read_bytes()) == (["file"], OLD)
        if not there:
            break
        n += 1

    assert n > 100


@pytest.mark.parametrize("call", ["os.open", "os.fsync", "os.chmod", "os.replace", "os.unlink"])
def test_ctrl_c_as_a_call_returns_is_what_is_raised(tmp_path, monkeypatch, call):
    path = prepared(tmp_path, 0o600)
    done = []
    real = getattr(os, call[3:])

    def interrupt(*arguments, **named):
        result = real(*arguments, **named)
        if not done:
            done.append(call)
            if call == "os.open":
                os.close(result)
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(call, interrupt)

    if call == "os.unlink":  # in the clean-up after an error
        monkeypatch.setattr("os.replace", lambda *_: 1 / 0)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, NEW)
    monkeypatch.undo()
    check(tmp_path, 0o600)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks Linux for the umask")
def test_no_instruction_of_the_writer_has_another_umask(tmp_path, monkeypatch):
    monkeypatch.setattr("os.umask", lambda _mask: pytest.fail("the umask is of all threads"))
    before = umask()

    write_file(tmp_path / "file", NEW)

    assert umask() == before


@pytest.mark.skipif(os.name != "posix", reason="needs the file modes of POSIX")
def test_a_file_that_is_private_is_never_open_to_others(tmp_path, monkeypatch):
    path = prepared(tmp_path, 0o600)
    seen = []
    monkeypatch.setattr("os.fsync", lambda file: seen.append(stat.S_IMODE(os.fstat(file).st_mode)))

    write_file(path, NEW)

    assert seen == [0o600]


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=1000), st.integers(2, 5))
def test_threads_that_write_one_file_leave_the_content_of_one(tmp_path_factory, content, n):
    folder = tmp_path_factory.mktemp("shared")
    contents = [bytes([i]) + content for i in range(n)]
    threads = [threading.Thread(target=write_file, args=(folder / "file", one)) for one in contents]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert os.listdir(folder) == ["file"]
    assert (folder / "file").read_bytes() in contents
