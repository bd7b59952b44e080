"""The calculus: every operation the engine knows, in one table.

A row gives an op's name, its symbol, its value and its partial derivatives. Everything else in
the project reads this table: computing, differentiating, checking, drawing. To add an op, add a row.
"""

from __future__ import annotations

import math
from math import copysign, inf, nan

from engine.op import TABLE as TABLE  # which the rows below fill
from engine.op import Op, compiled
from engine.op import op_called as op_called  # where older pickles look for it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# ---- values that need more than one line ----


def real_power(x: float, y: float) -> float:
    """x**y, real or not at all: Python answers (-8.0) ** (1/3) with a complex number."""
    z: float | complex = x**y
    if isinstance(z, complex):
        raise ValueError("a negative number has no real power with a fractional exponent")
    return z


def power_beyond(x: float, y: float) -> float:
    """inf for 0 to a negative power and for overflow, signed as an odd power is (C99, F.9.4.4)."""
    if x < 0 and y != math.floor(y):
        return nan
    return copysign(inf, x) if y % 2 == 1 else inf


def quotient_beyond(x: float, y: float) -> float:
    return nan if x == 0 or x != x else copysign(inf, x) * copysign(1.0, y)


def logistic(x: float) -> float:
    """1 / (1 + e**-x), from the side on which e**-|x| cannot overflow."""
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e) if x == x else x


def log_one_plus_exp(x: float) -> float:
    return (0.0 if x <= 0 else x) + math.log1p(math.exp(-abs(x)))


def largest(*xs: float) -> float:
    """The maximum; nan if any of xs is nan, whatever their order."""
    z = xs[0]
    for x in xs:
        if x > z or x != x:
            z = x
    return z


def smallest(*xs: float) -> float:
    """The minimum; nan if any of xs is nan."""
    return -largest(*[-x for x in xs])


def log_sum_exp(*xs: float) -> float:
    """log(sum of e**x), with the largest x taken out so that nothing overflows."""
    m = largest(*xs)
    if math.isinf(m):
        return m
    largest_at = xs.index(m)
    others = 0.0
    for i, x in enumerate(xs):
        if i != largest_at:
            others += math.exp(x - m)
    return m + math.log1p(others)


def log_logistic(x: float) -> float:
    return -log_one_plus_exp(-x)


def leak(x: float, y: float = 0.01) -> float:
    return x if x > 0 else y * x


def exponential_linear(x: float, y: float = 1.0) -> float:
    return x if x > 0 else y * math.expm1(x)


def signum(x: float) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else x + 0.0


def step(x: float, y: float) -> float:
    return 1.0 if x > 0 else 0.0 if x < 0 else y if x == 0 else x


def normal_cdf(x: Any) -> Any:
    """P(X <= x) for a standard normal X, accurate in both tails."""
    return 0.5 * erfc(-x / math.sqrt(2))


def dot_product(*args: float) -> float:
    """((bias + w0*x0) + w1*x1) + ... for args = w0, w1, ..., x0, x1, ... and maybe a bias.

    A plain loop on purpose: since Python 3.12 the built-in sum rounds floats differently.
    """
    n = len(args) // 2
    z = args[-1] if len(args) % 2 else 0.0
    for i in range(n):
        z += args[i] * args[n + i]
    return z


def dot_gradient(_z: Any, *args: Any) -> list[Any]:
    n = len(args) // 2
    return [*args[n : 2 * n], *args[:n], *[1.0] * (len(args) % 2)]


def dot_unfolded(*args: Any) -> Any:
    n = len(args) // 2
    z = args[-1] if len(args) % 2 else None
    for w, x in zip(args[:n], args[n:]):
        z = w * x if z is None else z + w * x
    return z


def share_of_ties(z: Any, *xs: Any) -> list[Any]:
    """1 for the input that is z, 0 for the others; inputs that tie share equally."""
    ties = [equal(x, z) for x in xs]
    return [tie / sum(ties) for tie in ties]


# ---- the table ----
# A kink has no derivative; the row says which value between the two sides it takes there:
# heaviside(x, 0.0) is 0 at x = 0, sign(0) is 0, and inputs of maximum or minimum that tie share.
# fmt: off
#               name        symbol        z = f(x, y)                dz/dx                       dz/dy
add        = Op("add",      "+",          lambda x, y: x + y,        lambda z, x, y: 1.0,        lambda z, x, y: 1.0)
sub        = Op("sub",      "-",          lambda x, y: x - y,        lambda z, x, y: 1.0,        lambda z, x, y: -1.0)
mul        = Op("mul",      "*",          lambda x, y: x * y,        lambda z, x, y: y,          lambda z, x, y: x)
div        = Op("div",      "/",          lambda x, y: x / y,        lambda z, x, y: 1 / y,      lambda z, x, y: -z / y,
                beyond=quotient_beyond)
power      = Op("pow",      "**",         real_power,
                lambda z, x, y: y * power(x, y - 1 + origin(x, y)),
                lambda z, x, y: z * log(x + equal(x, 0.0)),
                beyond=power_beyond,
                doc="x**y. x**0 has slope 0 everywhere. The exponent's slope is 0 at x = 0, nan at x < 0.")
neg        = Op("neg",      "-",          lambda x: -x,              lambda z, x: -1.0)
absolute   = Op("abs",      "abs",        abs,                       lambda z, x: sign(x),
                doc="|x|, with slope 0 at 0.")

exp        = Op("exp",      "exp",        math.exp,                  lambda z, x: z,             beyond=lambda x: inf)
expm1      = Op("expm1",    "expm1",      math.expm1,                lambda z, x: exp(x),        beyond=lambda x: inf)
log        = Op("log",      "log",        math.log,                  lambda z, x: 1 / x,         beyond=lambda x: -inf if x == 0 else nan)
log1p      = Op("log1p",    "log1p",      math.log1p,                lambda z, x: 1 / (1 + x),   beyond=lambda x: -inf if x == -1 else nan)
sqrt       = Op("sqrt",     "sqrt",       math.sqrt,                 lambda z, x: 0.5 / z)
sin        = Op("sin",      "sin",        math.sin,                  lambda z, x: cos(x))
cos        = Op("cos",      "cos",        math.cos,                  lambda z, x: -sin(x))
tan        = Op("tan",      "tan",        math.tan,                  lambda z, x: 1 + z * z)
asin       = Op("asin",     "asin",       math.asin,                 lambda z, x: 1 / sqrt((1 - x) * (1 + x)))
acos       = Op("acos",     "acos",       math.acos,                 lambda z, x: -1 / sqrt((1 - x) * (1 + x)))
atan       = Op("atan",     "atan",       math.atan,                 lambda z, x: 1 / (1 + x * x))
sinh       = Op("sinh",     "sinh",       math.sinh,                 lambda z, x: cosh(x),       beyond=lambda x: copysign(inf, x))
cosh       = Op("cosh",     "cosh",       math.cosh,                 lambda z, x: sinh(x),       beyond=lambda x: inf)
tanh       = Op("tanh",     "tanh",       math.tanh,                 lambda z, x: 1 - z * z)
erf        = Op("erf",      "erf",        math.erf,                  lambda z, x: 2 / math.sqrt(math.pi) * exp(-x * x))
erfc       = Op("erfc",     "erfc",       math.erfc,                 lambda z, x: -2 / math.sqrt(math.pi) * exp(-x * x))

sigmoid    = Op("sigmoid",  "sigmoid",    logistic,                  lambda z, x: z * sigmoid(-x),
                doc="1 / (1 + e**-x), the logistic function.")
logsigmoid = Op("logsigmoid", "logsigmoid", log_logistic,              lambda z, x: sigmoid(-x),
                doc="log(sigmoid(x)), without underflow.")
softplus   = Op("softplus", "softplus",   log_one_plus_exp,          lambda z, x: sigmoid(x),
                doc="log(1 + e**x), a smooth relu, without overflow.")
relu       = Op("relu",     "relu",       lambda x: 0.0 if x <= 0 else x, lambda z, x: sign(z),
                doc="max(x, 0), with slope 0 at 0.")
leaky_relu = Op("leaky_relu", "leaky_relu", leak,
                lambda z, x, y: heaviside(x, 0.0) + y * heaviside(-x, 1.0),
                lambda z, x, y: -relu(-x),
                doc="x where x > 0, else negative_slope * x (Maas et al. 2013); the slope is an input too, 0.01 if left out.")
elu        = Op("elu",      "elu",        exponential_linear,
                lambda z, x, y: heaviside(x, 0.0) + y * exp(-relu(-x)) * heaviside(-x, 1.0),
                lambda z, x, y: expm1(-relu(-x)),
                doc="x where x > 0, else alpha * (e**x - 1) (Clevert et al. 2015); alpha is an input too, 1 if left out.")
gelu       = Op("gelu",     "gelu",       lambda x: x * normal_cdf(x),
                lambda z, x: normal_cdf(x) + x * exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
                doc="x * P(X <= x) for a standard normal X, exactly (Hendrycks & Gimpel 2016).")
silu       = Op("silu",     "silu",       lambda x: x * logistic(x), lambda z, x: sigmoid(x) * (1 + x * sigmoid(-x)),
                doc="x * sigmoid(x), also called swish (Elfwing et al. 2017).")

maximum    = Op("maximum",  "maximum",    largest,                   gradient=lambda z, *xs: share_of_ties(maximum(*xs), *xs),
                doc="The largest of its inputs; inputs that tie share the gradient equally.")
minimum    = Op("minimum",  "minimum",    smallest,                  gradient=lambda z, *xs: share_of_ties(minimum(*xs), *xs),
                doc="The smallest of its inputs; inputs that tie share the gradient equally.")
hypot      = Op("hypot",    "hypot",      math.hypot,                gradient=lambda z, *xs: [x / (z + equal(z, 0.0)) for x in xs],
                doc="sqrt(x*x + y*y + ...), with slope 0 at the origin.")
logsumexp  = Op("logsumexp", "logsumexp",  log_sum_exp,               gradient=lambda z, *xs: [exp(x - z) for x in xs],
                doc="log(e**x0 + e**x1 + ...), without overflow.")
dot        = Op("dot",      "dot",        dot_product,               gradient=dot_gradient,      unfold=dot_unfolded,
                doc="One node for ((bias + w0*x0) + w1*x1) + ...; call it as engine.dot(weights, inputs, bias).")

sign       = Op("sign",     "sign",       signum,                    None,
                doc="-1, 0 or 1.")
heaviside  = Op("heaviside", "heaviside",  step,                      None,                       lambda z, x, y: equal(x, 0.0),
                doc="0 where x < 0, 1 where x > 0, y at 0.")
equal      = Op("equal",    "equal",      lambda x, y: float(x == y), None,                       None,
                doc="1 where x = y, else 0.")
origin     = Op("origin",   "origin",     lambda x, y: float(x == 0 == y), None,                       None,
                doc="1 at x = y = 0, else 0.")
stop_gradient = Op("stop_gradient", "stop_gradient", lambda x: x, None,
                doc="x, which every derivative takes for a constant.")
# fmt: on

TABLE.update({op.name: op for op in list(vars().values()) if isinstance(op, Op)})

# No row: it marks a number that an expression uses, which is no leaf, since nobody differentiates it.
CONSTANT = Op("constant", "", float, gradient=lambda *_: [])

if compiled:  # the same rows in C, as csource.py translates them when chainrule is built
    from engine.native.kernels import KERNELS

    for _name, _kernel in KERNELS.items():
        TABLE[_name].kernel = _kernel


def softmax(xs: Sequence[Any]) -> list[Any]:
    """[e**x / (sum of e**x) for each x]: positive numbers that sum to 1.

    xs: [n] -> [n]. The largest x is taken out first, which changes nothing but the overflow
    (Bridle 1990; Goodfellow et al. 2016, section 4.1). Raises ValueError if xs is empty.
    """
    if not len(xs):
        raise ValueError("softmax takes at least 1 input, got 0")
    shift = stop_gradient(maximum(*xs))
    powers = [exp(sub(x, shift)) for x in xs]
    whole = powers[0]
    for p in powers[1:]:
        whole = add(whole, p)
    return [div(p, whole) for p in powers]
