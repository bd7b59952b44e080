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


def leak(x: float, negative_slope: float = 0.01) -> float:
    return x if x > 0 else negative_slope * x


def exponential_linear(x: float, alpha: float = 1.0) -> float:
    return x if x > 0 else alpha * math.expm1(x)


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


def named_one(index: float, *candidates: float) -> float:
    """The candidate of that number, from 0 on. Raises IndexError if there is none."""
    n = len(candidates)
    if not (0 <= index < n and index == int(index)):
        raise IndexError(f"expected a whole number from 0 to {n - 1}, got {index:g}")
    return candidates[int(index)]


def picks(_z: Any, index: Any, *candidates: Any) -> list[Any]:
    return [0.0, *[equal(index, float(k)) for k in range(len(candidates))]]


class Picks:
    """The slopes of a choice where candidate number `blind` gets no gradient."""

    def __init__(self, blind: int) -> None:
        self.blind = blind

    def __call__(self, z: Any, index: Any, *candidates: Any) -> list[Any]:
        slopes = picks(z, index, *candidates)
        slopes[1 + self.blind] = 0.0
        return slopes


def dot_unfolded(*args: Any) -> Any:
    n = len(args) // 2
    z = args[-1] if len(args) % 2 else None
    for w, x in zip(args[:n], args[n:]):
        z = w * x if z is None else z + w * x
    return z


def share_of_ties(z: Any, *xs: Any) -> list[Any]:
    """1 for the input that is z, 0 for the others; inputs that tie share equally."""
    ties = [equal(x, z) for x in xs]
    number_of_ties = sum(ties)
    return [tie / number_of_ties for tie in ties]


# ---- the table ----
# A kink has no derivative; the row says which value between the two sides it takes there:
# heaviside(x, 0.0) is 0 at x = 0, sign(0) is 0, and inputs of maximum or minimum that tie share.
# fmt: off
#               name        symbol        z = f(x, y)                dz/dx                       dz/dy
add        = Op("add",      "+",          lambda x, y: x + y,        lambda z, x, y: 1.0,        lambda z, x, y: 1.0,
                doc="x + y, of any two numbers.\nSlopes 1 and 1.")
sub        = Op("sub",      "-",          lambda x, y: x - y,        lambda z, x, y: 1.0,        lambda z, x, y: -1.0,
                doc="x - y, of any two numbers.\nSlopes 1 and -1.")
mul        = Op("mul",      "*",          lambda x, y: x * y,        lambda z, x, y: y,          lambda z, x, y: x,
                doc="x * y, of any two numbers.\nSlopes y and x.")
div        = Op("div",      "/",          lambda x, y: x / y,        lambda z, x, y: 1 / y,      lambda z, x, y: -z / y,
                beyond=quotient_beyond,
                doc="x / y, for y other than 0; ZeroDivisionError at y = 0.\nSlopes 1 / y and -x / y**2.")
power      = Op("pow",      "**",         real_power,
                lambda z, x, y: y * power(x, y - 1 + origin(x, y)),
                lambda z, x, y: z * log(x + equal(x, 0.0)),
                beyond=power_beyond,
                doc="x**y, for x > 0, or x = 0 and y >= 0, or x < 0 and a whole y.\n"
                    "Elsewhere ZeroDivisionError or ValueError, and OverflowError where the result is too large.\nSlopes y * x**(y - 1) and x**y * log(x).\n"
                    "x**0 has slope 0 everywhere. The exponent's slope is 0 at x = 0, nan at x < 0.")
neg        = Op("neg",      "-",          lambda x: -x,              lambda z, x: -1.0,
                doc="-x, of any number.\nSlope -1.")
absolute   = Op("abs",      "abs",        abs,                       lambda z, x: sign(x),
                doc="|x|, of any number.\nSlope -1 for x < 0, 1 for x > 0, and 0 at the kink x = 0.")

exp        = Op("exp",      "exp",        math.exp,                  lambda z, x: z,             beyond=lambda x: inf,
                doc="e**x, of any number; OverflowError for x above 709.78.\nSlope e**x.")
expm1      = Op("expm1",    "expm1",      math.expm1,                lambda z, x: exp(x),        beyond=lambda x: inf,
                doc="e**x - 1, accurate near x = 0, of any number; OverflowError for x above 709.78.\nSlope e**x.")
log        = Op("log",      "log",        math.log,                  lambda z, x: 1 / x,         beyond=lambda x: -inf if x == 0 else nan,
                doc="The natural logarithm of x, for x > 0; ValueError elsewhere.\nSlope 1 / x.")
log1p      = Op("log1p",    "log1p",      math.log1p,                lambda z, x: 1 / (1 + x),   beyond=lambda x: -inf if x == -1 else nan,
                doc="log(1 + x), accurate near x = 0, for x > -1; ValueError elsewhere.\nSlope 1 / (1 + x).")
sqrt       = Op("sqrt",     "sqrt",       math.sqrt,                 lambda z, x: 0.5 / z,
                doc="The square root of x, for x >= 0; ValueError elsewhere.\nSlope 1 / (2 * sqrt(x)), which is inf at x = 0.")
sin        = Op("sin",      "sin",        math.sin,                  lambda z, x: cos(x),
                doc="The sine of x radians, for finite x; ValueError for an infinite one.\nSlope cos(x).")
cos        = Op("cos",      "cos",        math.cos,                  lambda z, x: -sin(x),
                doc="The cosine of x radians, for finite x; ValueError for an infinite one.\nSlope -sin(x).")
tan        = Op("tan",      "tan",        math.tan,                  lambda z, x: 1 + z * z,
                doc="The tangent of x radians, for finite x; ValueError for an infinite one.\nSlope 1 + tan(x)**2.")
asin       = Op("asin",     "asin",       math.asin,                 lambda z, x: 1 / sqrt((1 - x) * (1 + x)),
                doc="The angle in [-pi/2, pi/2] whose sine is x, for -1 <= x <= 1; ValueError elsewhere.\n"
                    "Slope 1 / sqrt(1 - x**2), which is inf at x = -1 and x = 1.")
acos       = Op("acos",     "acos",       math.acos,                 lambda z, x: -1 / sqrt((1 - x) * (1 + x)),
                doc="The angle in [0, pi] whose cosine is x, for -1 <= x <= 1; ValueError elsewhere.\n"
                    "Slope -1 / sqrt(1 - x**2), which is -inf at x = -1 and x = 1.")
atan       = Op("atan",     "atan",       math.atan,                 lambda z, x: 1 / (1 + x * x),
                doc="The angle in [-pi/2, pi/2] whose tangent is x, of any number.\nSlope 1 / (1 + x**2).")
sinh       = Op("sinh",     "sinh",       math.sinh,                 lambda z, x: cosh(x),       beyond=lambda x: copysign(inf, x),
                doc="(e**x - e**-x) / 2, of any number; OverflowError for |x| above 710.47.\nSlope cosh(x).")
cosh       = Op("cosh",     "cosh",       math.cosh,                 lambda z, x: sinh(x),       beyond=lambda x: inf,
                doc="(e**x + e**-x) / 2, of any number; OverflowError for |x| above 710.47.\nSlope sinh(x).")
tanh       = Op("tanh",     "tanh",       math.tanh,                 lambda z, x: 1 - z * z,
                doc="(e**x - e**-x) / (e**x + e**-x), of any number.\nSlope 1 - tanh(x)**2, to an absolute 3e-16: see docs/semantics.md.")
erf        = Op("erf",      "erf",        math.erf,                  lambda z, x: 2 / math.sqrt(math.pi) * exp(-x * x),
                doc="The error function: 2 / sqrt(pi) times the integral of e**-t**2 from 0 to x, of any number.\n"
                    "Slope 2 / sqrt(pi) * e**-x**2 (Abramowitz & Stegun 1964, 7.1.1).")
erfc       = Op("erfc",     "erfc",       math.erfc,                 lambda z, x: -2 / math.sqrt(math.pi) * exp(-x * x),
                doc="1 - erf(x), accurate where erf(x) is near 1, of any number.\n"
                    "Slope -2 / sqrt(pi) * e**-x**2 (Abramowitz & Stegun 1964, 7.1.2).")

sigmoid    = Op("sigmoid",  "sigmoid",    logistic,                  lambda z, x: z * sigmoid(-x),
                doc="1 / (1 + e**-x), the logistic function, of any number.\nSlope z * (1 - z) for z = sigmoid(x) (Verhulst 1838).")
logsigmoid = Op("logsigmoid", "logsigmoid", log_logistic,              lambda z, x: sigmoid(-x),
                doc="log(sigmoid(x)), without underflow, of any number.\nSlope sigmoid(-x).")
softplus   = Op("softplus", "softplus",   log_one_plus_exp,          lambda z, x: sigmoid(x),
                doc="log(1 + e**x), a smooth relu, without overflow, of any number.\nSlope sigmoid(x) (Dugas et al. 2001).")
relu       = Op("relu",     "relu",       lambda x: 0.0 if x <= 0 else x, lambda z, x: sign(z),
                doc="max(x, 0), of any number.\nSlope 0 for x < 0, 1 for x > 0, and 0 at the kink x = 0 (Nair & Hinton 2010).")
leaky_relu = Op("leaky_relu", "leaky_relu", leak,
                lambda z, x, y: heaviside(x, 0.0) + y * heaviside(-x, 1.0),
                lambda z, x, y: -relu(-x),
                doc="x where x > 0, else negative_slope * x, of any numbers.\nSlope 1 for x > 0, else, at the kink x = 0 too,\n"
                    "negative_slope, which is an input as well, with slope min(x, 0), and 0.01 if left out (Maas et al. 2013).")
elu        = Op("elu",      "elu",        exponential_linear,
                lambda z, x, y: heaviside(x, 0.0) + y * exp(-relu(-x)) * heaviside(-x, 1.0),
                lambda z, x, y: expm1(-relu(-x)),
                doc="x where x > 0, else alpha * (e**x - 1), of any numbers.\nSlope 1 for x > 0, else, at x = 0 too, alpha * e**x.\n"
                    "alpha is an input as well, with slope e**min(x, 0) - 1, and 1 if left out (Clevert et al. 2015).")
gelu       = Op("gelu",     "gelu",       lambda x: x * normal_cdf(x),
                lambda z, x: normal_cdf(x) + x * exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
                doc="x * P(X <= x) for a standard normal X, exactly, of any number.\n"
                    "Slope P(X <= x) + x * e**(-x**2 / 2) / sqrt(2 * pi) (Hendrycks & Gimpel 2016).")
silu       = Op("silu",     "silu",       lambda x: x * logistic(x), lambda z, x: sigmoid(x) * (1 + x * sigmoid(-x)),
                doc="x * sigmoid(x), also called swish, of any number.\nSlope sigmoid(x) * (1 + x * sigmoid(-x)) (Elfwing et al. 2017).")

maximum    = Op("maximum",  "maximum",    largest,                   gradient=lambda z, *xs: share_of_ties(maximum(*xs), *xs),
                doc="The largest of one or more numbers.\nSlope 1 for that input, 0 for the others; at a kink, where k inputs tie, 1 / k each.")
minimum    = Op("minimum",  "minimum",    smallest,                  gradient=lambda z, *xs: share_of_ties(minimum(*xs), *xs),
                doc="The smallest of one or more numbers.\nSlope 1 for that input, 0 for the others; at a kink, where k inputs tie, 1 / k each.")
hypot      = Op("hypot",    "hypot",      math.hypot,                gradient=lambda z, *xs: [x / (z + equal(z, 0.0)) for x in xs],
                doc="sqrt(x*x + y*y + ...), of one or more numbers.\nSlope x / hypot(x, y, ...) for x, and 0 at the kink where all inputs are 0.")
logsumexp  = Op("logsumexp", "logsumexp",  log_sum_exp,               gradient=lambda z, *xs: [exp(x - z) for x in xs],
                doc="log(e**x + e**y + ...), without overflow, of one or more numbers.\n"
                    "Slopes softmax(x, y, ...): e**x / (e**x + e**y + ...) for x (Blanchard, Higham & Higham 2021).")
dot        = Op("dot",      "dot",        dot_product,               gradient=dot_gradient,      unfold=dot_unfolded,
                doc="One node for ((bias + w0*x0) + w1*x1) + ...; call it as engine.dot(weights, inputs, bias), of any numbers.\n"
                    "Slope x0 for w0, w0 for x0, and so on, and 1 for the bias.")

sign       = Op("sign",     "sign",       signum,                    None,
                doc="-1 for x < 0, 0 at 0, 1 for x > 0.\nFlat: slope 0, at the jump x = 0 too.")
heaviside  = Op("heaviside", "heaviside",  step,                      None,                       lambda z, x, y: equal(x, 0.0),
                doc="0 for x < 0, 1 for x > 0, y at 0.\nFlat in x: slope 0, at the jump x = 0 too.\nSlope 1 for y at x = 0, else 0.")
equal      = Op("equal",    "equal",      lambda x, y: float(x == y), None,                       None,
                doc="1 where x = y, else 0.\nFlat: slopes 0, at the jump x = y too.")
origin     = Op("origin",   "origin",     lambda x, y: float(x == 0 == y), None,                       None,
                doc="1 at x = y = 0, else 0.\nFlat: slopes 0, at the jump x = y = 0 too.")
stop_gradient = Op("stop_gradient", "stop_gradient", lambda x: x, None,
                doc="x, of any number, taken for a constant by every derivative.\nSlope 0.")
# fmt: on

TABLE.update({op.name: op for op in list(vars().values()) if isinstance(op, Op)})

# No row: it marks a number that an expression uses, which is no leaf, since nobody differentiates it.
CONSTANT = Op("constant", "", float, gradient=lambda *_: [])
# No row either: the candidate that a number of the data names, as `nn.chosen` records it.
CHOOSE = Op(
    "choose",
    "choose",
    named_one,
    gradient=picks,
    doc="The candidate whose number comes first: choose(1.0, x, y, z) is y.\nSlope 1 for that candidate, 0 for the others.",
)

# The same, where the graph of one sample has all candidates in it, as that of nn.nll_loss does.
CHOOSE_AMONG = Op("choose_among", "choose", named_one, gradient=picks, doc="As choose.")
CHOICES: dict[int, Op] = {}


def choose_but(blind: int) -> Op:
    """CHOOSE where candidate number `blind` gets no gradient, as the padding of a table."""
    if blind not in CHOICES:
        CHOICES[blind] = Op("choose", "choose", named_one, gradient=Picks(blind))
    return CHOICES[blind]


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
