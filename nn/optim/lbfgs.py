"""L-BFGS: steps that know the curvature, from how the gradient changed along the last ones.

Worth it for small problems on the full batch, where it needs far fewer gradients than the others.
The loss is evaluated by a closure, as many times as a step finds useful.
"""

from __future__ import annotations

from math import inf

from engine.op import leaves_domain
from nn.checks import not_negative, positive, whole
from nn.optim.linesearch import Point, strong_wolfe
from nn.optim.optimizer import Optimizer
from nn.optim.states import check_list, complete, like
from nn.optim.vectors import along, inner_product, size, small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, ClassVar

    from nn.optim.vectors import Vector


def search_name(name: str, x: Any) -> str | None:
    if x not in (None, "strong_wolfe"):
        raise ValueError(f"{name} is None or 'strong_wolfe', got {x!r:.60}")
    return x  # type: ignore[no-any-return]


class LBFGS(Optimizer):
    """p <- p + t * d, where d = -H * grad, and H is an estimate of the inverse Hessian.

    H is made of the last history_size steps and changes of the grad, and is never written out
    (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.5). t is lr, at the very first step
    lr / |grad| if that is less; with line_search_fn="strong_wolfe" the search for t begins there,
    and a t is shortened where the loss is not finite, overflows, or leaves the domain of a function
    such as log.
    Up to max_iter times in one `step(closure)`, or max_eval evaluations of the loss; it stops
    early once no grad is above tolerance_grad, or neither the loss nor any parameter changes by
    more than tolerance_change.

    >>> from engine import Value
    >>> x, y = Value(-1.0), Value(2.0)
    >>> optimizer = LBFGS([x, y], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     _ = optimizer.step(closure)
    >>> print(f"{x.data:.3f} {y.data:.3f}")
    1.000 1.000
    """

    __module__ = "nn"
    rules: ClassVar = {
        "lr": positive,
        "max_iter": whole,
        "max_eval": whole,
        "tolerance_grad": not_negative,
        "tolerance_change": not_negative,
        "history_size": whole,
        "line_search_fn": search_name,
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        """max_eval is 5/4 of max_iter if None. Raises as Optimizer does, and for a second group."""
        if max_eval is None:
            max_eval = whole("max_iter", max_iter) * 5 // 4
        settings = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, settings)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("LBFGS has one group of parameters, got a second")
        super().add_param_group(param_group)

    def start(self, group: dict[str, Any]) -> dict[str, Any]:
        zeros = [0.0] * len(group["params"])
        return {
            "n_iter": 0,
            "func_evals": 0,
            "d": zeros,  # the last direction
            "t": 0.0,  # and how far the parameters went along it
            "prev_flat_grad": zeros,  # the grads before
            "H_diag": 1.0,  # the estimate H begins with: this, times the identity
            "old_dirs": [],  # by how much each of the last steps changed the grads
            "old_stps": [],  # and the parameters
            "ro": [],  # 1 / their product
        }

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go up to max_iter steps. Returns the loss before them: the first the closure gave.

        The closure sets the grads to zero, computes the loss, calls its backward and returns it.
        If it raises, the parameters and the state are those from before the call.
        """
        if not callable(closure):
            raise TypeError("LBFGS evaluates the loss itself: call step(closure)")
        params = self.param_groups[0]["params"]
        before = [p.data for p in params]
        try:
            loss, self.state[0] = self.descend(closure)
        except BaseException:
            move(params, before)
            raise
        return loss

    def descend(self, closure: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
        """Move the parameters. Returns the first loss, and the state afterwards."""
        group, state = self.param_groups[0], self.state[0]
        params, tolerance_change = group["params"], group["tolerance_change"]
        first, f, grad = evaluated(closure, params)
        evaluations, steps = 1, 0
        done = small(grad, group["tolerance_grad"])
        while not done and steps < group["max_iter"]:
            steps += 1
            state = self.remember(state, grad)
            d, t = state["d"], group["lr"]
            if state["n_iter"] == 1:
                t *= min(1.0, 1.0 / size(grad))
            slope = inner_product(grad, d)
            if slope > -tolerance_change:
                state["t"] = t
                break
            x, earlier = [p.data for p in params], f
            if group["line_search_fn"] is not None:
                start = Point(0.0, f, grad, slope)
                end, tries = searched(
                    closure, params, start, d, t, group["max_eval"] - evaluations, steps == 1
                )
                f, grad, t = end.f, end.grad, end.t
                evaluations += tries
                move(params, along(x, t, d))
            else:
                move(params, along(x, t, d))
                if steps < group["max_iter"]:  # the last point is evaluated by the next call
                    _, f, grad = evaluated(closure, params)
                    evaluations += 1
            state["t"] = t
            done = (
                evaluations >= group["max_eval"]
                or small(grad, group["tolerance_grad"])
                or small([t * part for part in d], tolerance_change)
                or abs(f - earlier) < tolerance_change
            )
        return first, {**state, "func_evals": state["func_evals"] + evaluations}

    def remember(self, state: dict[str, Any], grad: Vector) -> dict[str, Any]:
        """The state at the next iteration: the last step in its history, the new direction."""
        history_size = self.param_groups[0]["history_size"]
        changes, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        scale = state["H_diag"]
        if state["n_iter"]:
            y = [new - old for new, old in zip(grad, state["prev_flat_grad"])]
            s = [state["t"] * part for part in state["d"]]
            ys = inner_product(y, s)
            if ys > 1e-10:  # curved upwards, or H would not lead down
                kept = slice(-history_size, None)
                changes, steps, ro = [*changes, y][kept], [*steps, s][kept], [*ro, 1.0 / ys][kept]
                scale = ys / inner_product(y, y)
        return {
            **state,
            "n_iter": state["n_iter"] + 1,
            "d": direction(grad, changes, steps, ro, scale),
            "prev_flat_grad": grad,
            "H_diag": scale,
            "old_dirs": changes,
            "old_stps": steps,
            "ro": ro,
        }

    def fitting_state(self, given: Any, group: dict[str, Any]) -> dict[str, Any]:
        fresh = self.start(group)
        found = complete(given, fresh)
        n, history = len(group["params"]), found["ro"]
        if not isinstance(history, list) or len(history) > group["history_size"]:
            raise ValueError(
                f"ro is a list of at most {group['history_size']}, got {history!r:.60}"
            )
        fresh["ro"] = [0.0] * len(history)
        state = {}
        for name, x in found.items():
            if name in ("old_dirs", "old_stps"):
                check_list(name, x, len(history))
                state[name] = [like(name, vector, [0.0] * n) for vector in x]
            else:
                state[name] = like(name, x, fresh[name])
        return state


def evaluated(closure: Callable[[], Any], params: list[Any]) -> tuple[Any, float, Vector]:
    """The loss at the parameters, its number, and the grads."""
    loss = closure()
    if loss is None:
        raise TypeError("the closure returns the loss, got None")
    return loss, float(loss), [p.grad for p in params]


def searched(
    closure: Callable[[], Any],
    params: list[Any],
    start: Point,
    d: Vector,
    t: float,
    max_tries: int,
    first: bool,
) -> tuple[Point, int]:
    """Where a line search along d ends, and its number of evaluations; t is tried first.

    A trial at which the loss has no value went too far. Raises its error if all of the first search
    of a step did: then there is nowhere to go.
    """
    x = [p.data for p in params]
    errors: list[Exception] = []
    met = 0

    def trial(t: float) -> Point:
        nonlocal met
        met += 1
        move(params, along(x, t, d))
        try:
            _, f, grad = evaluated(closure, params)
        except (ArithmeticError, ValueError) as error:
            if not leaves_domain(error) or type(error) is ArithmeticError:
                raise  # a bare one is the closure's own
            errors.append(error)
            return Point(t, inf, start.grad, inf)
        return Point(t, f, grad, inner_product(grad, d))

    end, tries = strong_wolfe(trial, start, t, max([abs(part) for part in d]), max_tries)
    if first and errors and len(errors) == met:
        raise errors[-1]
    return end, tries


def direction(
    grad: Vector, changes: list[Vector], steps: list[Vector], ro: Vector, scale: float
) -> Vector:
    """-H * grad, by two loops over the history (Nocedal & Wright 2006, algorithm 7.4)."""
    d = [-g for g in grad]
    shares = []
    for y, s, r in zip(reversed(changes), reversed(steps), reversed(ro)):
        share = r * inner_product(s, d)
        shares.append(share)
        d = along(d, -share, y)
    d = [scale * part for part in d]
    for y, s, r, share in zip(changes, steps, ro, reversed(shares)):
        d = along(d, share - r * inner_product(y, d), s)
    return d


def move(params: list[Any], numbers: Vector) -> None:
    """Set the parameters to these numbers."""
    for p, x in zip(params, numbers):
        p.data = x
