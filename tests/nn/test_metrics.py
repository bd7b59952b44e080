"""The metrics: numbers by hand, the cases of 0/0, and what they refuse."""

import re

import pytest

from engine import Value
from nn.metrics import (
    accuracy_score,
    classes,
    confusion_matrix,
    f1_score,
    precision_score,
    r2_score,
    recall_score,
)

TRUE = [0, 0, 0, 1, 1, 2]
PREDICTED = [0, 0, 1, 1, 0, 2]


def test_accuracy_is_the_share_of_right_ones():
    assert accuracy_score(TRUE, PREDICTED) == 4 / 6


def test_values_count_as_their_numbers():
    assert accuracy_score([1.0, 0.0], [Value(1.0), Value(1.0)]) == 0.5


def test_outputs_of_a_number_for_each_class_count_as_the_class_of_the_largest():
    assert accuracy_score([1, 0], [[0.1, Value(0.7)], [0.2, 0.3]]) == 0.5


def test_a_confusion_matrix_has_targets_for_rows():
    assert confusion_matrix(TRUE, PREDICTED) == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_the_labels_give_a_confusion_matrix_its_order():
    assert confusion_matrix(["a", "b"], ["b", "b"], labels=["b", "a"]) == [[1, 0], [1, 0]]


@pytest.mark.parametrize(
    ("score", "single", "macro"),
    [
        (precision_score, [2 / 3, 0.5, 1.0], (2 / 3 + 0.5 + 1.0) / 3),
        (recall_score, [2 / 3, 0.5, 1.0], (2 / 3 + 0.5 + 1.0) / 3),
        (f1_score, [4 / 6, 0.5, 1.0], (4 / 6 + 0.5 + 1.0) / 3),
    ],
)
def test_scores_of_several_classes(score, single, macro):
    assert score(TRUE, PREDICTED, average="none") == single
    assert score(TRUE, PREDICTED, average="macro") == pytest.approx(macro, rel=1e-15)


def test_binary_scores_are_those_of_class_one():
    true, predicted = [0, 1, 1, 1, 1], [1, 1, 1, 0, 0]

    assert precision_score(true, predicted) == 2 / 3
    assert recall_score(true, predicted) == 2 / 4
    assert f1_score(true, predicted) == 4 / 7


@pytest.mark.parametrize("score", [precision_score, recall_score, f1_score])
def test_a_class_that_nobody_has_and_nobody_predicts_scores_zero(score):
    assert score([0, 0], [0, 0]) == 0.0


def test_r2_of_the_mean_is_zero_and_of_the_truth_one():
    assert r2_score([1.0, 2.0, 6.0], [3.0, 3.0, 3.0]) == 0.0
    assert r2_score([1.0, 2.0, 6.0], [1.0, 2.0, 6.0]) == 1.0
    assert r2_score([1.0, 3.0], [2.0, 4.0]) == 1 - 2 / 2


@pytest.mark.parametrize(("predicted", "score"), [([2.0, 2.0], 1.0), ([2.0, 3.0], 0.0)])
def test_r2_where_all_targets_are_the_same(predicted, score):
    assert r2_score([2.0, 2.0], predicted) == score


def test_classes_are_the_places_of_the_largest():
    assert classes([[Value(0.1), Value(2.0)], [1.0, 1.0]]) == [1, 0]
    assert classes([Value(-0.1), 0.1]) == [0, 1]
    assert classes([0.4, 0.6], threshold=0.5) == [0, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy_score([1], [1, 0]), "takes a prediction for each target, got 2 for 1"),
        (
            lambda: accuracy_score([1], [0.3]),
            "accuracy_score takes classes, got 0.3: classes(outputs)",
        ),
        (lambda: r2_score([], []), "r2_score takes at least 1 prediction, got 0"),
        (lambda: f1_score([2], [2]), "f1_score of classes [2] takes average='macro' or 'none'"),
        (lambda: f1_score([1], [1], average="micro"), "one of binary, macro, none, got 'micro'"),
        (
            lambda: confusion_matrix([1], [3], labels=[1, 2]),
            "class 3 is not among the labels [1, 2]",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_got(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
