"""The benchmarks: the same mathematics for every engine, and a report that hides nothing.

Nothing here asserts how fast anything is.
"""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as cli
from benchmarks import gpt, mlps, nodes, overfitting, peers, process, report
from benchmarks.agreement import deviations, verdict
from benchmarks.chart import svg
from benchmarks.engines import LOAD, spelled_out
from benchmarks.process import Worker, WorkerError
from benchmarks.race import Plan, fits, run
from benchmarks.results import Results
from benchmarks.training import Adam
from benchmarks.workloads import PROGRAMS, TRAINING, WORKLOADS
from engine import topological_order

ROOT = Path(__file__).parents[2]


@pytest.fixture
def chainrule():
    return LOAD["chainrule"]()


@pytest.fixture
def results():
    """Made-up figures: micrograd 8 ms, chainrule 2 ms; torch is missing and xad is wrong."""
    w1 = {"micrograd": [0.008, 0.009, 0.007], "chainrule": [0.002, 0.002, 0.001]}
    return Results(
        steps={"w1": {"on": w1}},
        deviations={"w1": {"micrograd": 0.0, "chainrule": 1e-17, "xad": 0.5}},
        versions={"micrograd": "0.1.0", "xad": "1.5.2", "chainrule": "0.1.0"},
        missing={"torch": "not installed: say please"},
        imports={"micrograd": [0.002], "chainrule": [0.004, 0.005, 0.009]},
    )


# ---- the workloads ----


@pytest.mark.parametrize("name", [*TRAINING, *PROGRAMS])
def test_chainrule_and_micrograd_find_the_same_losses_and_gradients(name, chainrule):
    pytest.importorskip("micrograd", reason="the peer to agree with")
    step, peer_step = (WORKLOADS[name].start(e) for e in (chainrule, LOAD["micrograd"]()))

    for _ in range(2):
        (loss, gradient), (peer_loss, peer_gradient) = step(), peer_step()

        assert loss == pytest.approx(peer_loss, rel=1e-12)  # sums in another order
        assert gradient == pytest.approx(peer_gradient, rel=1e-9, abs=1e-12)


def test_the_gradient_of_xor_is_that_of_central_differences(chainrule):
    numbers = mlps.initial(mlps.XOR_SIZES, seed=42)
    h = 1e-5

    def loss_at(i, shift):
        chainrule.start([x + shift * (i == j) for j, x in enumerate(numbers)])
        return chainrule.gradients(mlps.xor_loss)[0]

    chainrule.start(numbers)
    _, gradient = chainrule.gradients(mlps.xor_loss)

    slopes = [(loss_at(i, h) - loss_at(i, -h)) / (2 * h) for i in range(len(numbers))]
    assert gradient == pytest.approx(slopes, abs=1e-8)  # h^2, and rounding over h


def test_the_gpt_has_4192_parameters_and_predicts_8_tokens():
    assert len(gpt.initial()) == 4192
    assert len(gpt.TOKENS) - 1 == 8


@pytest.mark.parametrize("name", TRAINING)
def test_training_lowers_the_loss(name, chainrule):
    step = TRAINING[name].start(chainrule)

    losses = [step()[0] for _ in range(20)]

    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", [*TRAINING, *PROGRAMS])
def test_every_start_begins_afresh(name, chainrule):
    first = WORKLOADS[name].start(chainrule)
    losses = [first()[0] for _ in range(3)]

    second = WORKLOADS[name].start(chainrule)

    assert [second()[0] for _ in range(3)] == losses


def test_the_first_step_of_adam_is_lr_against_the_gradient():
    numbers = Adam(lr=0.5)([1.0, 2.0, 3.0], [1e-3, -7.0, 0.0])

    assert numbers == pytest.approx([0.5, 2.5, 3.0], rel=1e-4)  # 1e-8 beside a gradient of 1e-3


@pytest.mark.parametrize(("shape", "slack"), [("chain", 0), ("tree", 0), ("dot", 33)])
@pytest.mark.parametrize("n", [1000, 10_000])
def test_a_graph_has_the_nodes_it_counts_when_spelled_out(shape, slack, n, chainrule):
    chainrule.dot = spelled_out
    chainrule.start(nodes.LEAVES)

    output = nodes.SHAPES[shape](chainrule, chainrule.leaves, n)

    inner = [v for v in topological_order(output) if v.inputs]
    assert n - slack <= len(inner) <= n


@pytest.mark.parametrize("shape", nodes.SHAPES)
def test_memory_of_a_graph_is_found(shape, chainrule):
    grown = nodes.traced_memory(chainrule, nodes.SHAPES[shape], 1000)

    assert 0 < grown["graph"] <= grown["peak"]


# ---- agreement ----


def test_an_engine_with_a_wrong_gradient_is_the_one_that_deviates():
    right, wrong = [[1.0, 20.0]], [[1.0, 20.1]]

    found = deviations({"a": right, "b": wrong, "c": right})

    assert found == {"a": 0.0, "b": pytest.approx(0.1 / 20), "c": 0.0}


def test_a_gradient_that_is_wrong_in_the_second_step_only_is_seen():
    found = deviations(
        {"a": [[1.0], [2.0]], "b": [[1.0], [3.0]], "c": [[1.0], [2.0]], "d": [[1.0]]}
    )

    assert found == {"a": 0.0, "b": 0.5, "c": 0.0, "d": 0.0}


def test_a_gradient_of_nan_deviates():
    results = Results(deviations={"w1": deviations({"a": [[1.0]], "b": [[float("nan")]]})})

    assert results.disagreeing("w1") == {"b": float("inf")}


def test_the_verdict_names_who_is_wrong_and_by_how_much(results):
    assert verdict("w1", results) == (
        "w1: 2 engines agree to 1e-17 (asked: 1e-09); xad differs by 5.0e-01 and is left out"
    )


def test_disagreement_ends_with_exit_code_1(results, monkeypatch, capsys):
    monkeypatch.setattr(cli, "run", lambda *_: results)

    assert cli.main(["--collector", "on"]) == 1
    assert "xad differs by 5.0e-01" in capsys.readouterr().out


# ---- processes ----


def test_a_missing_peer_is_reported_even_if_another_package_has_its_name(tmp_path):
    lines = []

    results = run(Plan(["lilgrad"], ["w1"], [], peers=tmp_path), lines.append)

    why = "not installed: python -m benchmarks --install --engines lilgrad"
    assert results.missing == {"lilgrad": why}
    assert lines[0] == f"lilgrad: {why}"
    assert f"- lilgrad: {why}" in report.text(results)


def test_a_process_that_dies_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "command", lambda *_: [sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(WorkerError, match="its process died with exit code 3"):
        Worker("micrograd", tmp_path).ask("greet")


def test_a_process_that_does_not_answer_is_ended(tmp_path, monkeypatch):
    sleep = "import time; time.sleep(600)"
    monkeypatch.setattr(peers, "command", lambda *_: [sys.executable, "-c", sleep])
    monkeypatch.setattr(process, "TIMEOUT", 0.2)

    with pytest.raises(WorkerError, match=r"no answer in 0\.2 s"):
        Worker("micrograd", tmp_path).ask("greet")


def test_an_error_of_an_engine_is_reported_and_its_process_lives_on(tmp_path):
    worker = Worker("micrograd", tmp_path)
    try:
        worker.ask("greet")
    except WorkerError:
        pytest.skip("micrograd is not installed")

    with pytest.raises(WorkerError, match="RecursionError"):
        worker.ask("check", workload="chain-1000")

    assert worker.ask("check", workload="w1")["steps"]
    worker.stop()


def test_a_size_is_not_tried_after_a_smaller_one_failed_or_took_long():
    results = Results(
        steps={"chain-1000": {"on": {"slow": [0.5], "fast": [0.001]}}},
        unmeasured={"chain-1000": {"broken": "it broke"}},
    )
    plan = Plan([], [], [], budget=4.0)

    able = [e for e in ("slow", "fast", "broken") if fits("chain-10000", e, results, plan)]

    assert able == ["fast"]
    assert results.unmeasured["chain-10000"] == {
        "slow": "a step would take 5 s, of a budget of 4",
        "broken": "it broke",
    }


def test_each_peer_is_installed_in_its_own_folder_at_its_version(tmp_path, monkeypatch):
    commands = []

    def pip(command):
        commands.append(command)
        return SimpleNamespace(returncode="torch" in command[-1])

    monkeypatch.setattr(subprocess, "run", pip)

    failed = peers.install(["lilgrad", "torch", "chainrule"], tmp_path)

    assert [command[-2:] for command in commands] == [
        [str(tmp_path / "lilgrad"), "lilgrad==0.6.0"],
        [str(tmp_path / "torch"), "torch==2.13.0"],
    ]
    assert failed == ["torch"]


# ---- the report ----


def test_ratios_are_those_of_the_medians(results):
    rows = [line.split("|") for line in report.text(results).splitlines() if "|" in line]

    cells = {row[1].strip(): [cell.strip() for cell in row[2:-1]] for row in rows[:4]}
    assert cells["engine"] == ["on: ms", "faster", "slower"]
    assert cells["micrograd"] == ["8", "1 x", "4 x"]
    assert cells["chainrule"] == ["2", "4 x", "1 x"]


def test_the_report_names_what_is_missing_and_what_disagrees(results):
    text = report.text(results)

    assert "- torch: not installed: say please" in text
    assert "xad differs by 5.0e-01" in text


def test_the_table_of_nodes_has_the_sizes_measured_and_where_it_ends():
    results = Results(
        steps={"chain-1000": {"on": {"chainrule": [2e-4]}}},
        memory={"chain-1000": {"chainrule": {"graph": 120.0, "peak": 150.0, "resident": None}}},
        unmeasured={"chain-1000": {"micrograd": "RecursionError"}},
        versions={"micrograd": "0.1.0", "chainrule": "0.1.0"},
    )

    text = report.text(results)

    assert "| chain | chainrule |         200 |" in text  # ns a node
    assert "|         120 |  150 |" in text
    assert "10,000 nodes" not in text
    assert "- micrograd, chain: stops before 1,000 nodes: RecursionError" in text


def test_the_chart_is_well_formed_and_says_what_it_shows(results):
    picture = ElementTree.fromstring(svg(results))

    texts = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    title = picture.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "One training step, times faster than micrograd"
    assert {"micrograd", "chainrule", "1 x", "4 x"} <= set(texts)
    assert "torch (not installed: say please)" in texts
    assert "w1: xad (it disagrees)" in texts


def test_the_bars_of_the_chart_are_logarithms(results):
    def lengths():
        bars = ElementTree.fromstring(svg(results)).iter("{http://www.w3.org/2000/svg}rect")
        return [float(bar.get("width")) for bar in bars]

    results.versions["xad"] = "1.5.2"
    results.steps["w1"]["on"]["xad"] = [0.0005]

    _, sixteen, four = lengths()

    assert sixteen == pytest.approx(2 * four, abs=0.2)  # widths have one digit after the point


def test_a_chart_without_micrograd_says_what_it_lacks(results):
    del results.steps["w1"]["on"]["micrograd"]

    with pytest.raises(ValueError, match="a chart needs the times of micrograd"):
        svg(results)


# ---- the command ----


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_the_command_measures_our_engine(tmp_path):
    done = command(
        *("--quick", "--engines", "chainrule-pure", "--workloads", "w1"),
        *("--json", str(tmp_path / "figures.json")),
    )

    assert done.returncode == 0, done.stderr
    assert "| chainrule-pure |" in done.stdout
    assert "one engine, nothing to compare it with" in done.stdout
    assert '"chainrule-pure": [' in (tmp_path / "figures.json").read_text()


def test_an_unknown_engine_is_refused():
    done = command("--engines", "tensorflow")

    assert done.returncode == 2
    assert "invalid choice: 'tensorflow'" in done.stderr


def test_a_chart_that_cannot_be_drawn_is_an_error_after_the_table(results, monkeypatch, capsys):
    del results.steps["w1"]["on"]["micrograd"], results.deviations["w1"]["xad"]
    monkeypatch.setattr(cli, "run", lambda *_: results)

    assert cli.main(["--collector", "on", "--svg", "unused.svg"]) == 1
    out, err = capsys.readouterr()
    assert "| chainrule |" in out
    assert "a chart needs the times of micrograd" in err


# ---- overfitting ----


@pytest.fixture
def one_epoch(monkeypatch):
    monkeypatch.setattr(overfitting, "EPOCHS", 1)


def test_one_label_in_ten_of_a_training_set_is_wrong():
    _, targets = overfitting.training_set(seed=0)

    right = [i % 2 for i in range(overfitting.SAMPLES)]  # moons take turns
    assert len([1 for t, r in zip(targets, right) if t != r]) == 4


def test_training_validation_and_held_out_sets_share_no_sample():
    seeds = [*range(10), *overfitting.TUNING_SEEDS]
    sets = [
        make(s)[0] for s in seeds for make in (overfitting.training_set, overfitting.held_out_set)
    ]

    samples = [tuple(x) for inputs in sets for x in inputs]
    assert len(set(samples)) == len(samples)


@pytest.mark.parametrize("name", overfitting.CURES)
def test_every_cure_trains_from_its_seed_alone(name, one_epoch):
    cure, points = overfitting.CURES[name], overfitting.training_set(seed=0)

    models = [cure.trained(points, 0, cure.strengths[0]) for _ in range(2)]

    assert models[0].state_dict() == models[1].state_dict()


def test_the_strength_with_the_smallest_validation_loss_is_chosen():
    def sure_of_class_1(_points, _seed, strength):
        return lambda x: [0.0, strength]

    cure = overfitting.Cure([5.0, 0.5, -3.0], sure_of_class_1)

    assert overfitting.chosen(cure, seeds=[0]) == 0.5  # half of the samples are of class 0


def test_a_cure_is_better_seed_by_seed():
    none, cure = [(0.0, 0.9, 0.8), (0.0, 0.2, 0.9)], [(0.1, 0.5, 0.8), (0.1, 0.3, 0.95)]

    cells = overfitting.report({"none": none, "cure": cure}).splitlines()[-1].split("|")

    assert [cell.strip() for cell in cells[-3:-1]] == ["1 of 2", "1 of 2"]


def test_overfitting_prints_a_row_for_every_cure(one_epoch, monkeypatch, capsys):
    monkeypatch.setattr(overfitting, "TUNING_SEEDS", [100])
    monkeypatch.setattr(overfitting, "HELD_OUT", 20)

    assert overfitting.main(["--seeds", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 2 + len(overfitting.CURES)
