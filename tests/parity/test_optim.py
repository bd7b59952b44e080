"""Optimisers, schedules and clipping give PyTorch's numbers, over 50 steps of random problems.

COMPARED says what is compared with what settings; `difference(case)` does it.
"""

import math
import random

import pytest

from engine import Value
from nn import optim, schedules
from nn.optim import clip
from nn.optim.linesearch import Point, strong_wolfe

torch = pytest.importorskip("torch", reason="needs torch, of the extra parity")

STEPS = 50
SEEDS = (0, 1)
TOLERANCE = 1e-12  # times the number, or 1 if that is more
MODULES = (optim, schedules, clip)


def named(name):
    """Ours of that name."""
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def case(kind, name, **settings):
    return {"kind": kind, "name": name, "settings": settings}


def optimiser(name, **settings):
    return case("optimiser", name, **settings)


def schedule(name, **settings):
    return case("schedule", name, **settings)


def power(epoch):
    return 0.95**epoch


def inverse(epoch):
    return 1 / (1 + epoch)


WOLFE = {"line_search_fn": "strong_wolfe"}
COMPARED = [
    optimiser("SGD", lr=0.1),
    optimiser("SGD", lr=0.1, weight_decay=0.1),
    optimiser("SGD", lr=0.1, momentum=0.9),
    optimiser("SGD", lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01),
    optimiser("SGD", lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
    optimiser("Adagrad"),
    optimiser("Adagrad", lr=0.1, lr_decay=0.05, initial_accumulator_value=0.2, eps=1e-6),
    optimiser("Adagrad", lr=0.1, weight_decay=0.1),
    optimiser("RMSprop"),
    optimiser("RMSprop", lr=0.02, alpha=0.95, eps=1e-3, weight_decay=0.1),
    optimiser("RMSprop", momentum=0.9),
    optimiser("RMSprop", centered=True),
    optimiser("RMSprop", alpha=0.9, momentum=0.5, centered=True, weight_decay=0.01),
    optimiser("Adam"),
    optimiser("Adam", lr=0.1, betas=(0.8, 0.95), eps=1e-6),
    optimiser("Adam", lr=0.1, weight_decay=0.1),
    optimiser("Adam", lr=0.1, amsgrad=True, betas=(0.5, 0.6)),
    optimiser("AdamW"),
    optimiser("AdamW", lr=0.1, weight_decay=0.2),
    optimiser("AdamW", lr=0.1, amsgrad=True, betas=(0.5, 0.6)),
    optimiser("LBFGS", lr=0.1, max_iter=1),
    optimiser("LBFGS", lr=0.5, max_iter=3, history_size=2),
    optimiser("LBFGS", lr=0.5),
    optimiser("LBFGS", max_iter=1, **WOLFE),
    optimiser("LBFGS", max_iter=4, max_eval=6, history_size=5, **WOLFE),
    optimiser("LBFGS", lr=8.0, max_iter=2, **WOLFE),
    optimiser("LBFGS", lr=30.0, **WOLFE),
    optimiser("LBFGS", tolerance_grad=1e-3, tolerance_change=1e-4, **WOLFE),
    schedule("StepLR", step_size=7),
    schedule("StepLR", step_size=3, gamma=0.7),
    schedule("MultiStepLR", milestones=[5, 12, 12, 30], gamma=0.5),
    schedule("ExponentialLR", gamma=0.9),
    schedule("ConstantLR"),
    schedule("ConstantLR", factor=0.5, total_iters=12),
    schedule("LinearLR"),
    schedule("LinearLR", start_factor=0.8, end_factor=0.1, total_iters=20),
    schedule("CosineAnnealingLR", T_max=50),
    schedule("CosineAnnealingLR", T_max=12, eta_min=0.01),
    schedule("CosineAnnealingLR", T_max=1),
    schedule("CosineAnnealingWarmRestarts", T_0=8),
    schedule("CosineAnnealingWarmRestarts", T_0=5, T_mult=2, eta_min=0.01),
    schedule("LambdaLR", lr_lambda=power),
    schedule("LambdaLR", lr_lambda=[power, inverse]),
    schedule("OneCycleLR", max_lr=0.3, total_steps=50),
    schedule("OneCycleLR", max_lr=[0.3, 0.1], epochs=10, steps_per_epoch=5, pct_start=0.5),
    schedule("OneCycleLR", max_lr=0.3, total_steps=60, anneal_strategy="linear"),
    schedule("OneCycleLR", max_lr=0.3, total_steps=60, three_phase=True, base_momentum=0.5),
    schedule("OneCycleLR", max_lr=0.3, total_steps=50, pct_start=0.0, final_div_factor=10.0),
    schedule("OneCycleLR", max_lr=0.3, total_steps=50, cycle_momentum=False, div_factor=5.0),
    schedule("ReduceLROnPlateau", patience=2),
    schedule("ReduceLROnPlateau", patience=1, factor=0.5, cooldown=3, min_lr=0.02),
    schedule("ReduceLROnPlateau", patience=1, mode="max", threshold=0.1, min_lr=[0.01, 0.0]),
    schedule("ReduceLROnPlateau", patience=0, threshold_mode="abs", threshold=0.2, factor=0.9),
    schedule("ReduceLROnPlateau", patience=0, threshold_mode="abs", mode="max", eps=0.01),
    schedule(
        "SequentialLR",
        milestones=[6],
        parts=[("LinearLR", {"total_iters": 6}), ("CosineAnnealingLR", {"T_max": 44})],
    ),
    schedule(
        "SequentialLR",
        milestones=[4, 20],
        parts=[
            ("ConstantLR", {}),
            ("CosineAnnealingWarmRestarts", {"T_0": 3}),
            ("ExponentialLR", {"gamma": 0.9}),
        ],
    ),
    case("clipping", "clip_grad_norm_", max_norm=0.5),
    case("clipping", "clip_grad_norm_", max_norm=0.5, norm_type=1.0),
    case("clipping", "clip_grad_norm_", max_norm=0.5, norm_type=3.5),
    case("clipping", "clip_grad_norm_", max_norm=0.2, norm_type=float("inf")),
    case("clipping", "clip_grad_norm_", max_norm=1e6),
    case("clipping", "clip_grad_value_", clip_value=0.1),
]


class Network:
    """Two layers of tanh, six parameters in two groups, fitted to eight random numbers."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.start = [[rng.gauss(0, 1) for _ in range(4)], [rng.gauss(0, 1) for _ in range(2)]]
        self.rows = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(8)]

    def loss(self, inner, outer):
        total = 0.0
        for x0, x1, target in self.rows:
            h0 = (inner[0] * x0 + inner[1] * x1).tanh()
            h1 = (inner[2] * x0 + inner[3] * x1).tanh()
            total = total + (outer[0] * h0 + outer[1] * h1 - target) ** 2
        for p in (*inner, *outer):
            total = total + 0.8 * p * p  # or the minimum may lie at infinity
        return total / 8


class Bowl(Network):
    """Squares and fourth powers, convex, for L-BFGS: it goes by differences of gradients, which
    elsewhere can be so small that in 50 steps the rounding errors grow to any size.
    """

    def __init__(self, seed):
        super().__init__(seed)
        rng = random.Random(seed)
        self.rows = [[rng.gauss(0, 1) for _ in range(7)] for _ in range(12)]

    def loss(self, inner, outer):
        total = 0.0
        for *xs, target in self.rows:
            error = -target
            for p, x in zip((*inner, *outer), xs, strict=True):
                error = error + p * x
            total = total + error**2 + 0.1 * error**4
        return total / 12


class Ours:
    def __init__(self, problem):
        self.problem = problem
        self.groups = [[Value(x) for x in group] for group in problem.start]

    def optimiser(self, name, settings):
        members = [p for group in self.groups for p in group]
        grouped = [{"params": group} for group in self.groups]
        return named(name)(members if name == "LBFGS" else grouped, **settings)

    def schedule(self, name, optimizer, settings):
        return named(name)(optimizer, **settings)

    def closure(self, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = self.problem.loss(*self.groups)
            loss.backward()
            return loss

        return closure

    def clip(self, name, settings):
        return named(name)([p for group in self.groups for p in group], **settings)

    def number(self, x):
        return x.data

    def numbers(self):
        return [p.data for group in self.groups for p in group]


class Theirs(Ours):
    def __init__(self, problem):
        self.problem = problem
        self.groups = [
            torch.tensor(group, dtype=torch.float64, requires_grad=True) for group in problem.start
        ]

    def optimiser(self, name, settings):
        if name == "LBFGS":
            return torch.optim.LBFGS(self.groups, **settings)
        grouped = [{"params": [group]} for group in self.groups]
        return getattr(torch.optim, name)(grouped, **settings, foreach=False)

    def schedule(self, name, optimizer, settings):
        return getattr(torch.optim.lr_scheduler, name)(optimizer, **settings)

    def clip(self, name, settings):
        norm = getattr(torch.nn.utils, name)(self.groups, **settings)
        return None if norm is None else norm.item()

    def number(self, x):
        return x.item()

    def numbers(self):
        return [x for group in self.groups for x in group.tolist()]


def trajectory(side, case):
    """Everything there is to see, step by step: parameters, loss, rates, momenta, norms."""
    name, settings = case["name"], case["settings"]
    if case["kind"] == "optimiser":
        optimizer = side.optimiser(name, settings)
    else:
        base = "Adam" if "max_lr" in settings and "epochs" in settings else "SGD"
        optimizer = side.optimiser(
            base, {"lr": 0.1, **({"momentum": 0.9} if base == "SGD" else {})}
        )
    timing = None
    if case["kind"] == "schedule":
        timing = scheduled(side, optimizer, name, settings)
    closure = side.closure(optimizer)
    noise = random.Random(0)
    for _ in range(STEPS):
        if name == "LBFGS":
            loss = optimizer.step(closure)
        else:
            loss = closure()
            if case["kind"] == "clipping":
                yield [side.clip(name, settings) or 0.0]
            optimizer.step()
        yield [side.number(loss), *side.numbers()]
        if timing is not None:
            timing.step(*[noise.random()] if name == "ReduceLROnPlateau" else [])
            groups = optimizer.param_groups
            momenta = [group.get("momentum") or group["betas"][0] for group in groups]
            yield [*timing.get_last_lr(), *[group["lr"] for group in groups], *momenta]


def scheduled(side, optimizer, name, settings):
    if "parts" not in settings:
        return side.schedule(name, optimizer, settings)
    parts = [side.schedule(part, optimizer, own) for part, own in settings["parts"]]
    rest = {"schedulers": parts, "milestones": settings["milestones"]}
    return side.schedule(name, optimizer, rest)


def difference(case, seed=0):
    """The largest difference from PyTorch in 50 steps, and how many numbers were compared."""
    problem = (Bowl if case["name"] == "LBFGS" else Network)(seed)
    largest, count = 0.0, 0
    for mine, its in zip(
        trajectory(Ours(problem), case), trajectory(Theirs(problem), case), strict=True
    ):
        for x, y in zip(mine, its, strict=True):
            count += 1
            largest = max(abs(x - y) / max(1.0, abs(y)), largest)
            if x != x:
                largest = x
    return largest, count


def title(case):
    return f"{case['name']}({', '.join(f'{k}={shown(x)}' for k, x in case['settings'].items())})"


def shown(x):
    if isinstance(x, list):
        return f"[{', '.join(map(shown, x))}]"
    return getattr(x, "__name__", repr(x))


@pytest.mark.parametrize("case", COMPARED, ids=title)
@pytest.mark.parametrize("seed", SEEDS)
def test_fifty_steps_are_those_of_pytorch(case, seed):
    largest, count = difference(case, seed)

    assert count >= STEPS * 7
    assert largest <= TOLERANCE


def test_a_slightly_wrong_formula_is_caught(monkeypatch):
    class Wrong(optim.Adam):
        def update(self, group, state):
            super().update({**group, "eps": 1.01e-8}, state)

    monkeypatch.setattr(optim, "Adam", Wrong)

    assert difference(optimiser("Adam"))[0] > TOLERANCE


def test_every_optimiser_and_schedule_is_compared():
    kinds = [kind for module in MODULES for kind in vars(module).values() if isinstance(kind, type)]
    parts = optim.Optimizer, schedules.Schedule
    ours = {kind.__name__ for kind in kinds if issubclass(kind, parts) and kind not in parts}

    assert ours <= {case["name"] for case in COMPARED}


@pytest.mark.parametrize("norm_type", [1.0, 2.0, math.inf])
@pytest.mark.parametrize("grads", [[math.inf, 1.0], [math.nan, 2.0], [1.0, math.nan, -math.inf]])
def test_grads_that_are_not_finite_are_clipped_as_by_pytorch(grads, norm_type):
    ours = [Value(0.0) for _ in grads]
    theirs = torch.zeros(len(grads), dtype=torch.float64)
    theirs.grad = torch.tensor(grads, dtype=torch.float64)
    for p, grad in zip(ours, grads):
        p.grad = grad

    norm = clip.clip_grad_norm_(ours, 1.0, norm_type)
    its = torch.nn.utils.clip_grad_norm_(theirs, 1.0, norm_type)

    assert repr([norm, *[p.grad for p in ours]]) == repr([its.item(), *theirs.grad.tolist()])


def wavy(seed):
    """A loss along a line and its slope, downhill at 0 and bumpy further on."""
    rng = random.Random(seed)
    waves = [(rng.gauss(0, 1), rng.uniform(0.1, 9), rng.uniform(0, 6)) for _ in range(3)]
    bend = 10 ** rng.uniform(-3, 3)

    def f(t):
        return bend * (t - 1) ** 2 + sum(a * math.sin(w * t + b) for a, w, b in waves)

    def slope(t):
        return 2 * bend * (t - 1) + sum(a * w * math.cos(w * t + b) for a, w, b in waves)

    return f, slope


def our_search(f, slope, first):
    """The places tried, where the search ends, and the evaluations it counts."""
    tried = []

    def trial(t):
        tried.append(t)
        return Point(t, f(t), [slope(t)], slope(t))

    start = Point(0.0, f(0.0), [slope(0.0)], slope(0.0))
    end, tries = strong_wolfe(trial, start, first, 1.0, 25)
    return [*tried, end.t, tries]


def its_search(f, slope, first):
    from torch.optim.lbfgs import _strong_wolfe

    tried = []
    one = torch.ones(1, dtype=torch.float64)

    def objective(x, t, d):
        tried.append(float(t))
        return f(float(t)), one * slope(float(t))

    grad = one * slope(0.0)
    _, _, t, tries = _strong_wolfe(objective, None, first, one, f(0.0), grad, grad.dot(one))
    return [*tried, float(t), tries]


@pytest.mark.parametrize("first", [1e-3, 1.0, 50.0])
def test_the_line_search_tries_what_that_of_pytorch_tries(first):
    downhill = [case for case in map(wavy, range(200)) if case[1](0.0) < 0]

    for f, slope in downhill:
        assert our_search(f, slope, first) == pytest.approx(its_search(f, slope, first), rel=1e-9)
