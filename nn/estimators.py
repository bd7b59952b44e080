"""The estimators: a network behind the interface of scikit-learn (extra `sklearn`).

They go where any estimator of scikit-learn goes, into a Pipeline or a grid search, and what they
have learned is an MLP like any other, to be drawn, saved and taken apart. Numbers come in as
arrays and leave as arrays; in between there is `fit`, on lists of floats.

>>> from sklearn.datasets import load_iris
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> X, y = load_iris(return_X_y=True)
>>> pipeline = make_pipeline(StandardScaler(), ChainruleClassifier(epochs=5, random_state=0))
>>> pipeline.fit(X, y)[-1].model_
MLP(4, [16, 3], activation='tanh', parameters=131)
"""

# ruff: noqa: N803, N806 - X is the name that scikit-learn passes the inputs by

from __future__ import annotations

import math
import random
import warnings
from typing import TYPE_CHECKING, Any, Self

from engine.op import number
from nn.checks import flag, whole
from nn.data.preparation import train_test_split
from nn.evaluation import outputs_side_by_side
from nn.init import xavier_uniform_
from nn.losses import cross_entropy, mse_loss
from nn.mlp import MLP
from nn.optim.by_name import make_optimizer
from nn.training.loop import fit
from nn.training.stopping import EarlyStopping

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.utils import check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "nn.estimators needs scikit-learn: pip install 'chainrule[sklearn]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ChainruleEstimator(BaseEstimator):
    """What both estimators share: the settings, and the training."""

    def __init__(
        self,
        hidden: int | Sequence[int] = (16,),
        *,
        activation: str = "tanh",
        optimizer: str = "adam",
        lr: float = 0.01,
        weight_decay: float = 0.0,
        epochs: int = 100,
        batch_size: int | None = 16,
        patience: int | None = None,
        validation_fraction: float = 0.1,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        # Kept as they are: clone and a grid search compare them, and `fit` says what is wrong.
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose

    def _train(
        self,
        inputs: list[list[float]],
        targets: list[Any],
        outputs: int,
        loss: Callable[[Sequence[Any], Sequence[Any]], Any],
        classes: list[Any] | None = None,
    ) -> None:
        """Make a network for these samples and train it: `model_`, `history_` and `n_iter_`.

        classes: the labels; then a target is the place of its label among them.
        """
        sizes: Any = self.hidden if hasattr(self.hidden, "__len__") else [self.hidden]
        hidden = [whole("a size in hidden", size) for size in sizes]
        share = number(self.validation_fraction)
        if not 0 < share < 1:
            raise ValueError(f"validation_fraction is between 0 and 1, got {share}")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        stopping = validation = None
        if self.patience is not None:
            stopping = EarlyStopping(patience=self.patience)
            for place, label in enumerate(classes or []):
                n = targets.count(place)
                if math.ceil(share * n) == n:
                    raise ValueError(
                        f"validation_fraction={share} leaves nothing of class {label!r:.60} to "
                        f"train on: {n} of {n} held out"
                    )
            inputs, held_out, targets, held_out_targets = train_test_split(
                inputs, targets, share, seed=seed, stratify=classes is not None
            )
            validation = (held_out, held_out_targets)

        rng = random.Random(seed)
        model = MLP(len(inputs[0]), [*hidden, outputs], activation=self.activation, rng=rng)
        for layer in model.layers:  # smaller where inputs are many, which would saturate tanh
            xavier_uniform_([neuron.weights for neuron in layer.neurons], rng=rng)
        optimizer = make_optimizer(self.optimizer, model, self.lr, 0.0, self.weight_decay)
        history = fit(
            model,
            (inputs, targets),
            optimizer=optimizer,
            loss=loss,
            epochs=self.epochs,
            batch_size=self.batch_size,
            replay="auto",
            seed=seed,
            validation=validation,
            early_stopping=stopping,
            progress=flag("verbose", self.verbose),
        )
        self.model_, self.history_, self.n_iter_ = model, history, len(history.epochs)
        if history.stopped == "interrupted":
            warnings.warn(f"training interrupted after {self.n_iter_} epochs", stacklevel=3)

    def _outputs(self, X: Any) -> Any:
        """What the network gives for each row of X. X: [n][features] -> [n] or [n][outputs]."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        found = np.frombuffer(outputs_side_by_side(self.model_, X)).reshape(len(X), -1)
        return found[:, 0] if found.shape[1] == 1 else found


class ChainruleClassifier(ClassifierMixin, ChainruleEstimator):
    """A network with an output for each class, trained on the cross-entropy.

    hidden: the sizes of the hidden layers, or the one size. activation: a name that MLP knows.
    optimizer: "adam", "adamw", "adagrad", "rmsprop", "sgd" or "lbfgs", with lr and weight_decay.
    epochs: passes over the samples, in batches of batch_size, None for all at once. With patience,
    training ends after as many epochs without gain on a validation_fraction of the samples, which
    is held out.
    random_state: None, an int or a RandomState, for the weights, the order of the samples and the
    part held out. verbose: whether to show a bar. Features of unlike size are learned badly: put a
    StandardScaler before it, in a Pipeline.

    Once fitted it has `model_` (the MLP), `history_` (the record of `fit`), `n_iter_` (the
    epochs done), `classes_`, `n_features_in_` and, if the inputs named them, `feature_names_in_`.
    """

    __module__ = "nn"

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network. X: [n][features], y: [n] labels, numbers or text.

        Raises ValueError or TypeError for samples of fewer than 2 classes and for settings out of
        their range, TrainingError for a loss that is not finite.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        classes, places = np.unique(y, return_inverse=True)
        n = len(classes)
        if n < 2:
            raise ValueError(f"a classifier learns from 2 classes or more, got {n} class")
        self._train(X.tolist(), places.tolist(), n, cross_entropy, classes.tolist())
        self.classes_ = classes
        return self

    def predict(self, X: Any) -> Any:
        """The class of the largest output. X: [n][features] -> [n] labels."""
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of `classes_`: softmax(outputs).

        X: [n][features] -> [n][classes].
        """
        outputs = self._outputs(X)
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of predict_proba, also where a probability is too small for a float."""
        outputs = self._outputs(X)
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class ChainruleRegressor(MultiOutputMixin, RegressorMixin, ChainruleEstimator):
    """A network with an output for each target, trained on the mean squared error.

    It has the settings of ChainruleClassifier and, once it is fitted, the same attributes without
    `classes_`. Targets that are large, or far from 0, take many epochs to reach: scikit-learn's
    TransformedTargetRegressor brings them to the size that a network learns fast.
    """

    __module__ = "nn"

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network. X: [n][features], y: [n], or [n][targets] for several at once.

        Raises ValueError or TypeError for settings out of their range, TrainingError for a loss
        that is not finite.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        outputs = 1 if y.ndim == 1 else y.shape[1]
        self._train(X.tolist(), y.astype(np.float64).tolist(), outputs, mse_loss)
        return self

    def predict(self, X: Any) -> Any:
        """The outputs of the network. X: [n][features] -> [n], or [n][targets]."""
        return self._outputs(X)
