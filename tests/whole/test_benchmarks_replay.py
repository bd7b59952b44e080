"""Replay's benchmark: the contenders do the same work, and the tables hide none of them.

Nothing here asserts how fast anything is.
"""

import math
import os
from dataclasses import replace
from importlib.util import find_spec
from xml.etree import ElementTree

import pytest

import engine
from benchmarks import gpt, growth, replay
from benchmarks.contenders import W1, W2, Eager, Limit
from benchmarks.entries import ENTRIES, PROBLEMS
from benchmarks.gpt_contenders import W3
from benchmarks.process import WorkerError
from benchmarks.turns import Worker

compiled = pytest.mark.skipif(not engine.compiled, reason="the machine is in the compiled build")


def made(name, problem):
    """The contender; skips the test where what it needs is not there."""
    if not ENTRIES[name].enters(problem.name):
        pytest.skip(f"{name} takes no part in {problem.name}")
    package = ENTRIES[name].package
    if package and find_spec(package) is None:
        pytest.skip(f"needs {package}")
    if name in ("replay", "replay-fast", "fit") and not engine.compiled:
        pytest.skip("the machine is in the compiled build")
    try:
        contender = ENTRIES[name].make(problem)
    except ImportError as error:
        pytest.skip(str(error))
    contender.start()
    return contender


# ---- the contenders ----


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "eager"])
def test_a_contender_has_the_losses_of_eager(name, problem):
    contender, eager = made(name, problem), made("eager", problem)

    losses = [float(x) for x in contender.train(4)]

    assert losses == pytest.approx(eager.train(4), rel=0, abs=1e-9)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_contender_that_starts_again_is_where_it_was(name):
    contender = made(name, W2)
    first = [float(x) for x in contender.train(3)]

    contender.start()

    assert [float(x) for x in contender.train(3)] == first


@pytest.mark.parametrize("problem", [W1, W3], ids=["w1", "w3"])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_second_call_goes_on_where_the_first_ended(name, problem):
    contender, other = made(name, problem), made(name, problem)

    parts = [float(x) for _ in range(2) for x in contender.train(2)]

    assert parts == [float(x) for x in other.train(4)]


@pytest.mark.parametrize("name", [name for name in replay.EXACT if name != "eager"])
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_replay_and_strict_c_have_the_bits_of_eager(name, problem):
    contender, eager = made(name, problem), made("eager", problem)

    losses = list(contender.train(9))

    assert losses == eager.train(9)
    assert contender.parameters() == eager.parameters()


@pytest.mark.parametrize("name", ["limit", "limit-avx2"])
def test_the_limit_of_a_gpt_has_the_bits_of_eager_with_other_numbers(name):
    settings = {"lr": 0.003, "betas": (0.9, 0.95), "eps": 1e-5}
    problem = replace(W3, numbers=[3 * x for x in gpt.initial(seed=7)], **settings)
    limit, eager = made(name, problem), made("eager", problem)

    assert list(limit.train(4)) == eager.train(4)
    assert limit.parameters() == eager.parameters()


@pytest.mark.parametrize("problem", [W2, W3], ids=["w2", "w3"])
def test_a_wrong_step_is_caught(problem):
    limit, eager = made("limit", problem), made("eager", problem)
    limit.current[-10] += 1e-6

    off = replay.differences({"limit": list(limit.train(3)), "eager": list(eager.train(3))})

    assert off["limit"] > replay.TOLERANCE


def test_who_takes_no_part_in_a_problem_says_so():
    with pytest.raises(ValueError, match=r"^arrays of the batch, by hand: takes no part in w3$"):
        ENTRIES["numpy"].make(W3)


@pytest.mark.parametrize("problem", [W1, W3], ids=["w1", "w3"])
def test_the_limit_without_a_compiler_says_so(monkeypatch, problem):
    monkeypatch.setattr("shutil.which", lambda name: None)

    with pytest.raises(ImportError, match=r"^there is no C compiler, cc$"):
        ENTRIES["limit"].make(problem)


def test_a_flag_that_the_compiler_does_not_know_is_named():
    made("limit", W1)

    with pytest.raises(ImportError, match=r"^cc: .*-fno-such-thing"):
        Limit(W1, "-fno-such-thing")


@compiled
def test_a_machine_that_stops_is_an_error_not_a_short_turn():
    contender = made("replay", W2)
    contender.arrays.parameters[0] = math.inf

    with pytest.raises(ArithmeticError, match=r"^the machine stopped after 0 of 5 steps$"):
        contender.train(5)


# ---- the processes ----


@pytest.fixture
def eager_worker(tmp_path):
    worker = Worker("eager", tmp_path)
    yield worker
    worker.stop()


def test_a_peer_is_looked_for_in_its_folder_first(tmp_path, monkeypatch):
    (tmp_path / "jax").mkdir()
    monkeypatch.setenv("PYTHONPATH", "elsewhere")

    path = Worker("jax-loop", tmp_path).environment()["PYTHONPATH"]

    assert path == os.pathsep.join([str(tmp_path / "jax"), "elsewhere"])


def test_what_a_contender_cannot_do_comes_back_as_a_sentence(eager_worker):
    made("eager", W1)

    with pytest.raises(WorkerError, match=r"w9|compiled"):
        eager_worker.ask("check", problem="w9", steps=1)


# ---- the tables ----


ROUNDS = {"limit": [1e-6, 1e-6, 4e-6], "replay": [2e-6, 2e-6, 8e-6], "jax": [3e-6, 9e-6, 8e-6]}


def test_a_table_has_medians_the_best_and_the_ratios_of_rounds():
    lines = replay.contest(ROUNDS).splitlines()

    assert [cell.strip() for cell in lines[2].split("|")][3:7] == ["1", "1", "0.5 x", "1 x"]
    assert [cell.strip() for cell in lines[4].split("|")][3:7] == ["8", "3", "1.5 x", "3 x"]


def test_without_a_limit_there_are_no_ratios_to_it():
    rounds = {name: spent for name, spent in ROUNDS.items() if name != "limit"}

    assert "3 x" not in replay.contest(rounds)


@compiled
def test_the_report_has_a_row_for_each_contender_and_size(tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="needs matplotlib, of the extra plot")
    chart = tmp_path / "replay.svg"
    arguments = ["--contenders", "replay", "eager", "limit", "numpy", "--turn", "0.001"]
    arguments += ["--rounds", "2", "--largest", "10", "--svg", str(chart), "--peers", str(tmp_path)]

    code = replay.main(arguments)

    printed = capsys.readouterr().out
    assert code == 0, printed
    for name in ("replay", "eager", "limit", "numpy"):
        entered = sum(ENTRIES[name].enters(problem) for problem in PROBLEMS)
        there = printed.count(f"\n| {name} ") == entered
        assert there or f"- {name}: " in printed
    assert "w1: replay and eager, 1000 losses and 17 parameters: the same bits" in printed
    assert "w2: replay and eager, 100 losses and 337 parameters: the same bits" in printed
    assert "w3: replay and eager, 20 losses and 4192 parameters: the same bits" in printed
    if "\n- limit: " not in printed:
        assert "w3: limit and eager, 20 losses and 4192 parameters: the same bits" in printed
    assert "recording, lowering and making" in printed
    texts = "".join(ElementTree.parse(chart).getroot().itertext())
    assert "batch size (samples)" in texts
    assert "width of the hidden layer (neurons)" in texts


@compiled
def test_a_contender_that_is_not_there_is_named_with_the_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    replay.main(
        ["--contenders", "limit", "eager", "--turn", "0.001", "--rounds", "1", "--problems", "w1"]
    )

    assert "- limit: there is no C compiler, cc" in capsys.readouterr().out


# ---- growth ----


@compiled
def test_more_lanes_than_were_recorded_train_as_a_whole_recording():
    small, whole = made_for(growth.batch_of(10)), made_for(growth.batch_of(20))
    enlarged = growth.Enlarged(growth.batch_of(20), small)
    enlarged.start()

    enlarged.train(3)
    whole.train(3)

    assert enlarged.parameters() == pytest.approx(whole.parameters(), rel=0, abs=1e-12)


def made_for(problem):
    contender = ENTRIES["replay"].make(problem)
    contender.start()
    return contender


@pytest.mark.parametrize("size", [1, 10, 100])
def test_a_batch_has_its_size(size):
    assert len(growth.batch_of(size).samples) == size


def test_a_wide_network_has_its_parameters():
    problem = growth.width_of(8)

    assert len(Eager(problem).run.parameters) == len(problem.numbers) == 8 * 3 + 9
