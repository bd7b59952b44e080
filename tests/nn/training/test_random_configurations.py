"""Random trainings: replayed to the bits of eager training, or refused with the reason.

CHAINRULE_CONFIGURATIONS says how many there are, from which seed on CHAINRULE_SEED: see
CONTRIBUTING.
"""

import os

import pytest

from engine import compiled
from engine.programs.plan import NoPlanError
from tests.nn.training.configurations import Configuration, differences, main

COUNT = int(os.environ.get("CHAINRULE_CONFIGURATIONS", "40" if compiled else "16"))
FIRST = int(os.environ.get("CHAINRULE_SEED", "0"))
SEEDS = range(FIRST, FIRST + COUNT)
REFUSED = 0.02  # of the configurations, at most


@pytest.mark.parametrize("seed", SEEDS)
def test_replay_has_the_bits_of_eager_training_or_refuses(seed):
    try:
        found = differences(seed)
    except NoPlanError as error:
        found = [] if str(error) else ["refused without a reason"]

    assert found == [], str(Configuration(seed))


@pytest.mark.skipif(not compiled, reason="a pure build has a limit for what is done one by one")
def test_nearly_all_configurations_are_replayed():
    """Those that pick by a class as `outputs[t]`, in batches without all classes, are not."""
    refused = []
    for seed in SEEDS:
        try:
            Configuration(seed).run(True)
        except NoPlanError:
            refused.append(str(Configuration(seed)))

    assert len(refused) <= max(1, REFUSED * COUNT), refused


def test_the_list_of_configurations_says_how_many_are_refused(capsys):
    assert main(["2", "--seed", str(FIRST)]) == 0

    assert "2 configurations: 0 refused, 0 with other bits" in capsys.readouterr().out


def test_a_difference_is_found():
    """The judge is judged: a training with another learning rate differs in all it leaves."""
    one, other = Configuration(FIRST), Configuration(FIRST)
    other.optimizer = "sgd" if one.optimizer != "sgd" else "adam"

    assert one.run(False) != other.run(False)
