"""The estimators: scikit-learn's own checks of them, and what they add to it."""

import pickle
import subprocess
import sys

import pytest

import nn
from engine import compiled, no_grad
from nn.optim.by_name import OPTIMIZERS

pytest.importorskip("sklearn", "1.6", reason="needs scikit-learn 1.6, of the extra sklearn")
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nn.estimators import ChainruleClassifier, ChainruleRegressor

X, Y = make_moons(40, noise=0.1, random_state=0)
LINE = np.linspace(-1.0, 1.0, 20).reshape(-1, 1)


def classifier(**settings):
    return ChainruleClassifier(**{"hidden": (4,), "epochs": 5, "random_state": 0, **settings})


def regressor(**settings):
    return ChainruleRegressor(**{"hidden": (4,), "epochs": 5, "random_state": 0, **settings})


def bits(estimator):
    return [p.data.hex() for p in estimator.model_.parameters()]


# ---- scikit-learn's word for it ----


# The defaults, but for what takes Python half a minute.
SETTINGS = {} if compiled else {"epochs": 10, "lr": 0.1}


@parametrize_with_checks([ChainruleClassifier(**SETTINGS), ChainruleRegressor(**SETTINGS)])
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    check(estimator)


# ---- how it is trained ----


@pytest.mark.parametrize("make", [classifier, regressor])
def test_training_is_replayed_where_it_can_be_and_has_the_bits_of_eager(make, monkeypatch):
    asked = []

    def eager(*arguments, replay, **options):
        asked.append(replay)
        return nn.fit(*arguments, replay=False, **options)

    replayed = bits(make().fit(X, Y))
    monkeypatch.setattr("nn.estimators.fit", eager)

    assert bits(make().fit(X, Y)) == replayed
    assert asked == ["auto"]


def test_an_optimizer_that_cannot_be_replayed_trains_too():
    assert classifier(optimizer="lbfgs", batch_size=None).fit(X, Y).n_iter_ == 5


# ---- in company ----


def test_a_grid_search_over_a_pipeline_learns_iris():
    inputs, targets = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), ChainruleClassifier(epochs=20, random_state=0))
    grid = {"chainruleclassifier__hidden": [(4,), (8,)], "chainruleclassifier__lr": [0.01, 0.03]}

    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(inputs, targets)

    assert search.best_score_ > 0.93


def test_cross_validation_scores_a_regressor_by_r2():
    rng = np.random.RandomState(0)
    inputs = rng.uniform(-3, 3, size=(90, 1))

    scores = cross_val_score(ChainruleRegressor(random_state=0), inputs, np.sin(inputs[:, 0]), cv=3)

    assert min(scores) > 0.9


def test_a_clone_has_the_settings_and_is_not_fitted():
    fitted = classifier(lr=0.02).fit(X, Y)

    copy = clone(fitted)

    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError, match="ChainruleClassifier instance is not fitted yet"):
        copy.predict(X)


def test_a_pickled_estimator_predicts_to_the_last_bit_what_it_did():
    fitted = classifier().fit(X, Y)

    copy = pickle.loads(pickle.dumps(fitted))

    assert copy.predict_proba(X).tolist() == fitted.predict_proba(X).tolist()


def test_names_of_the_features_are_kept_from_a_data_frame():
    pandas = pytest.importorskip("pandas", reason="needs pandas, whose columns have names")

    fitted = classifier().fit(pandas.DataFrame(X, columns=["height", "width"]), Y)

    assert fitted.feature_names_in_.tolist() == ["height", "width"]


# ---- classes ----


def test_classes_can_be_text():
    names = np.array(["left", "right"])[Y]

    fitted = classifier(epochs=100, lr=0.05).fit(X, names)

    assert fitted.classes_.tolist() == ["left", "right"]
    assert fitted.score(X, names) > 0.95


def test_classes_need_not_be_0_to_n():
    fitted = classifier().fit(X, np.array([7, -3])[Y])

    assert fitted.classes_.tolist() == [-3, 7]
    assert set(fitted.predict(X).tolist()) <= {-3, 7}


def test_probabilities_of_a_sample_sum_to_one():
    inputs, targets = load_iris(return_X_y=True)

    probabilities = classifier().fit(inputs, targets).predict_proba(inputs)

    assert probabilities.shape == (150, 3)
    # The roundings of 3 exponentials, their sum and its logarithm.
    assert abs(probabilities.sum(axis=1) - 1).max() < 1e-15


def test_the_class_predicted_is_the_most_probable():
    inputs, targets = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[targets]
    fitted = classifier().fit(inputs, names)

    probable = fitted.classes_[fitted.predict_proba(inputs).argmax(axis=1)]

    assert fitted.predict(inputs).tolist() == probable.tolist()


def test_the_logarithm_of_a_probability_that_no_float_holds_is_finite():
    fitted = classifier().fit(X, Y)
    fitted.model_.layers[-1].neurons[0].bias.data = 1000.0

    logarithms = fitted.predict_log_proba(X)

    assert fitted.predict_proba(X)[:, 1].max() == 0.0
    assert -1010 < logarithms.min() < -990


def test_one_class_is_nothing_to_tell_apart():
    message = "a classifier learns from 2 classes or more, got 1 class"
    with pytest.raises(ValueError, match=f"^{message}$"):
        classifier().fit(X, np.ones(40))


def test_a_sample_that_is_alone_cannot_be_held_out():
    with pytest.raises(ValueError, match=r"^nothing is left to train on: 1 of 1 held out$"):
        regressor(patience=2).fit(X[:1], Y[:1])


def test_classes_of_text_may_be_held_out():
    names = np.array(["left", "right"])[Y]

    assert bits(classifier(patience=2).fit(X, names)) == bits(classifier(patience=2).fit(X, Y))


def test_a_class_too_rare_to_hold_a_sample_out_is_named():
    targets = ["rare", *["left", "right"] * 19, "left"]

    message = "validation_fraction=0.1 leaves nothing of class 'rare' to train on: 1 of 1 held out"
    with pytest.raises(ValueError, match=f"^{message}$"):
        classifier(patience=2).fit(X, targets)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_targets_in_a_column_are_taken_with_a_warning(make):
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        fitted = make().fit(X, Y.reshape(-1, 1))

    assert bits(fitted) == bits(make().fit(X, Y))


# ---- numbers ----


def test_a_regressor_learns_several_targets_at_once():
    targets = np.column_stack([LINE[:, 0], -LINE[:, 0]])

    fitted = regressor(epochs=100, lr=0.05).fit(LINE, targets)

    assert fitted.predict(LINE).shape == (20, 2)
    assert fitted.score(LINE, targets) > 0.95


# ---- what it learned ----


@pytest.mark.parametrize("seed", [3, np.int64(3)])
def test_the_same_random_state_gives_the_same_bits(seed):
    assert bits(classifier(random_state=seed).fit(X, Y)) == bits(
        classifier(random_state=3).fit(X, Y)
    )


def test_another_random_state_gives_another_network():
    assert bits(classifier(random_state=1).fit(X, Y)) != bits(classifier(random_state=2).fit(X, Y))


def test_a_shared_random_state_gives_each_fit_a_network_of_its_own():
    estimator = classifier(random_state=np.random.RandomState(0))

    first = bits(estimator.fit(X, Y))

    assert bits(estimator.fit(X, Y)) != first


def test_a_saved_network_predicts_the_same(tmp_path):
    fitted = regressor().fit(X, Y)
    nn.save(fitted.model_, tmp_path / "model.json")

    model = nn.load(tmp_path / "model.json")

    with no_grad():
        assert [float(model(x)) for x in X.tolist()] == fitted.predict(X).tolist()


def test_training_is_recorded():
    fitted = classifier(batch_size=10).fit(X, Y)

    assert fitted.n_iter_ == len(fitted.history_["loss"]) == 5
    assert fitted.history_.steps == 20


def test_without_a_batch_size_a_step_sees_all_samples():
    assert classifier(batch_size=None).fit(X, Y).history_.steps == 5


@pytest.mark.parametrize("make", [classifier, regressor])
def test_with_patience_training_ends_when_held_out_samples_gain_nothing(make):
    fitted = make(epochs=1000, lr=0.1, patience=3).fit(X, Y)

    losses = fitted.history_["val_loss"]
    assert fitted.history_.stopped == "early stopping"
    assert min(losses) == losses[-4]


def test_one_hidden_layer_may_be_given_as_its_size():
    assert bits(classifier(hidden=4).fit(X, Y)) == bits(classifier(hidden=(4,)).fit(X, Y))


def test_without_hidden_layers_the_network_is_linear():
    assert repr(classifier(hidden=()).fit(X, Y).model_).startswith("MLP(2, [2],")


def test_a_bar_is_shown_only_to_who_asks(capsys):
    classifier().fit(X, Y)
    silent = capsys.readouterr()
    classifier(verbose=True).fit(X, Y)

    assert silent.err == ""
    assert "training: 100%" in capsys.readouterr().err


# ---- what goes wrong ----

BAD = [
    ({"hidden": (4, 0)}, ValueError, "a size in hidden is a whole number of at least 1, got 0"),
    ({"hidden": 2.5}, TypeError, "a size in hidden is a whole number, got float 2.5"),
    ({"hidden": None}, TypeError, "a size in hidden is a whole number, got NoneType None"),
    ({"activation": "cosine"}, ValueError, "unknown activation 'cosine': take one of linear, relu"),
    ({"optimizer": "newton"}, ValueError, "unknown optimizer 'newton': take one of sgd, adagrad"),
    ({"optimizer": ["adam"]}, ValueError, r"unknown optimizer \['adam'\]: take one of sgd, "),
    ({"lr": 0.0}, ValueError, "the learning rate is a positive number, got 0.0"),
    ({"lr": "fast"}, TypeError, "the learning rate: expected a number or a Value, got str 'fast'"),
    ({"weight_decay": -1}, ValueError, "weight_decay is a finite number of at least 0, got -1.0"),
    ({"epochs": 0}, ValueError, "epochs is a whole number of at least 1, got 0"),
    ({"batch_size": 0}, ValueError, "batch_size is a whole number of at least 1, got 0"),
    ({"patience": 0}, ValueError, "patience is a whole number of at least 1, got 0"),
    ({"validation_fraction": 1.0}, ValueError, "validation_fraction is between 0 and 1, got 1.0"),
    ({"random_state": "x"}, ValueError, "'x' cannot be used to seed"),
    ({"verbose": 2}, TypeError, "verbose is True or False, got 2"),
]


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize(("settings", "kind", "message"), BAD)
def test_a_setting_out_of_its_range_is_refused_by_fit(make, settings, kind, message):
    estimator = make(**settings)

    with pytest.raises(kind, match=f"^{message}"):
        estimator.fit(X, Y)


def test_a_loss_that_is_not_finite_names_the_step():
    targets = np.full(20, 1e154)  # the square is a float, the sum of two of them is not

    with pytest.raises(nn.TrainingError, match=r"^step 1: the loss is inf$"):
        regressor().fit(LINE, targets)


def test_a_learning_rate_that_lets_the_loss_run_away_is_named():
    message = r"^step \d+: .*: try a smaller learning rate$"

    with pytest.raises(nn.TrainingError, match=message):
        regressor(hidden=(), optimizer="sgd", lr=1e6, epochs=100).fit(LINE, LINE[:, 0])


def test_a_fit_that_fails_leaves_the_classes_of_the_network_that_is_there():
    fitted = classifier().fit(X, Y)

    with pytest.raises(ValueError, match=r"^epochs is a whole number of at least 1, got 0$"):
        fitted.set_params(epochs=0).fit(X, np.array(["left", "right"])[Y])
    assert fitted.classes_.tolist() == [0, 1]


def test_ctrl_c_keeps_what_was_learned_and_warns(monkeypatch):
    class Interrupted(nn.Adam):
        steps = 0

        def step(self, closure=None):
            self.steps += 1
            if self.steps == 6:
                raise KeyboardInterrupt
            return super().step(closure)

    monkeypatch.setitem(OPTIMIZERS, "adam", Interrupted)

    with pytest.warns(UserWarning, match=r"^training interrupted after 2 epochs$"):
        fitted = classifier(batch_size=20).fit(X, Y)
    assert fitted.predict(X).shape == (40,)


def test_without_scikit_learn_the_error_says_what_to_install():
    program = "import sys; sys.modules['sklearn'] = None; import nn.estimators"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    message = "ImportError: nn.estimators needs scikit-learn: pip install 'chainrule[sklearn]'"
    assert done.stderr.splitlines()[-1] == message


def test_nn_itself_loads_neither_numpy_nor_scikit_learn():
    program = "import sys, nn; print(sorted({'numpy', 'sklearn'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
