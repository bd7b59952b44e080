/* exp, expm1, log1p and tanh of several numbers at once, with the bits of the C library.

   NAME(exp_of)(n, z, x) puts exp of the n numbers from x on into z, and so do NAME(expm1_of),
   NAME(log1p_of) and NAME(tanh_of). z may be x itself. The bits are those of exp(), expm1(),
   log1p() and tanh() of <math.h> with any C library: the formulas below are glibc's, and
   NAME(choose_functions) compares their results with the C library's before they are ever used.
   Where one result differs, the C library is called number by number. So another C library, or
   another processor, is slower and never different.

   exp is Arm's formula ("Optimized Routines", 2018: 2**(k/128) from a table, and a polynomial). The
   others are Sun's (fdlibm, 1993), with the polynomials in the order in which glibc adds them up
   (Shimizu 1997). glibc has each of them twice, and takes the version that multiplies and adds with
   one rounding (FMA) where the processor can, except in tanh around its expm1. Here is the version
   with FMA. No lane has a branch: all ways are computed, and each lane picks its own.

   exact.h includes this once for each width of vectors. MATH_TARGET is what the compiler is told
   about the processor. With vectors of two, without FMA, exp alone would be faster than the C
   library; so there everything is left to the C library. */

#ifndef ELEMENTARY_ONCE
#define ELEMENTARY_ONCE
#include <stdint.h>

#include "powers.h" /* POWERS, made by engine/native/powers.py */

/* Added to a number below 2**51 it leaves no room behind the point: the sum ends in the nearest
   whole number, in two's complement. */
#define WHOLE 0x1.8p52
#define LOG2_HIGH 0x1.62e42feep-1 /* log 2 in 32 bits: its products with whole numbers are exact */
#define LOG2_LOW 0x1.a39ef35793c76p-33

enum { EXP, EXPM1, LOG1P, TANH, FUNCTIONS };
enum { TRIALS = 16384 }; /* numbers at which each is compared: a millisecond in all */

#define ONE_BY_ONE_OF(name) \
    static void name##_one_by_one(ptrdiff_t n, double *z, const double *x) { \
        for (ptrdiff_t i = 0; i < n; i++) z[i] = name(x[i]); \
    }
ONE_BY_ONE_OF(exp)
ONE_BY_ONE_OF(expm1)
ONE_BY_ONE_OF(log1p)
ONE_BY_ONE_OF(tanh)
#undef ONE_BY_ONE_OF

static const Function ONE_BY_ONE[FUNCTIONS] = {exp_one_by_one, expm1_one_by_one,
                                               log1p_one_by_one, tanh_one_by_one};

/* Where it is easiest to be wrong: the ends of the intervals in which a formula holds. */
static const double EDGES[] = {
    0.0,          0x1p-1074,    0x1p-1022,    0x1p-55,      0x1p-54,       0x1p-29,  0x1p-21,
    0x1p-20,      0x1.8p-20,    0x1.62e43p-2, 0x1.0a2b2p0,  0x1.3687ap5,   22.0,     0.25,
    0x1.a827ap-2, 0x1.2bec3p-2, 1.0,          0x1.5bf0ap3,  0x1.bb9d4p4,   512.0,    1024.0,
    0x1p53,       0x1p54,       0x1.6232bp9,  0x1.74910p9,  0x1.74385p9,   745.1332, 709.7827,
    DBL_MAX,      INFINITY,     NAN,          0x1.4p1,      0x1.fp2,       37.5,     19.0625,
};

/* Fills x with numbers at which the functions are compared: the edges and their neighbours, of
   either sign, and numbers spread over the ranges that matter. */
static void fill_trials(ptrdiff_t n, double *x) {
    static const double ranges[] = {1.0, 4.0, 50.0, 1500.0};
    const int edges = sizeof EDGES / sizeof *EDGES;
    uint64_t state = 0x9e3779b97f4a7c15; /* a linear congruence (Knuth's MMIX) */
    for (ptrdiff_t i = 0; i < n; i++) {
        const int edge = (int)(i / 10), near = (int)(i % 5) - 2;
        state = state * 6364136223846793005 + 1442695040888963407;
        if (edge < edges) {
            x[i] = EDGES[edge];
            for (int k = 0; k < near; k++) x[i] = nextafter(x[i], INFINITY);
            for (int k = 0; k > near; k--) x[i] = nextafter(x[i], 0.0);
            if (i % 10 >= 5) x[i] = -x[i];
        } else {
            x[i] = ((double)(int64_t)state * 0x1p-63) * ranges[i % 4];
            if (i % 8 == 7) x[i] = ldexp(x[i], -(int)(state >> 32 & 63));
        }
    }
}

/* Whether two numbers are the same to Python: all bits, but those of a nan. */
static INLINE int same(double x, double y) {
    return memcmp(&x, &y, sizeof x) == 0 || (x != x && y != y);
}
#endif

static Function NAME(MANY)[FUNCTIONS] = {exp_one_by_one, expm1_one_by_one, log1p_one_by_one,
                                         tanh_one_by_one};

#if WIDTH >= 4
typedef NAME(Vector) NAME(V);
typedef int64_t NAME(Bits) __attribute__((vector_size(8 * WIDTH)));

/* ---- what the processor has ---- */

#if WIDTH == 8
#define MASK __mmask8
#define LESS(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LT_OQ)
#define EQUAL(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_EQ_OQ)
#define ALL(m) ((m) == 255)
#define TOWARD_ZERO(x) ((NAME(V))_mm512_roundscale_pd((__m512d)(x), _MM_FROUND_TO_ZERO | 8))
#define PICK(m, a, b) ((NAME(V))_mm512_mask_blend_pd(m, (__m512d)(b), (__m512d)(a)))
#define FMA(a, b, c) ((NAME(V))_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#else
#define MASK __m256d
#define LESS(a, b) _mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_LT_OQ)
#define EQUAL(a, b) _mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_EQ_OQ)
#define ALL(m) (_mm256_movemask_pd(m) == 15)
#define TOWARD_ZERO(x) ((NAME(V))_mm256_round_pd((__m256d)(x), _MM_FROUND_TO_ZERO | 8))
#define PICK(m, a, b) ((NAME(V))_mm256_blendv_pd((__m256d)(b), (__m256d)(a), m))
#define FMA(a, b, c) ((NAME(V))_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#endif

MATH_TARGET static INLINE NAME(V) NAME(sized)(NAME(V) x) {
    return (NAME(V))((NAME(Bits))x & INT64_MAX);
}

/* x with the sign of y; x has none. */
MATH_TARGET static INLINE NAME(V) NAME(signed_as)(NAME(V) x, NAME(V) y) {
    return (NAME(V))((NAME(Bits))x | ((NAME(Bits))y & INT64_MIN));
}

/* 2**(k/128) from the table: a double without its whole part of k/128, and what it lacks. */
MATH_TARGET static INLINE NAME(V) NAME(looked_up)(const double *table, NAME(Bits) k) {
#if WIDTH == 8
    return (NAME(V))_mm512_i64gather_pd((__m512i)k, table, 8);
#else
    NAME(V) found;
    for (int i = 0; i < WIDTH; i++) found[i] = table[k[i]];
    return found;
#endif
}

/* ---- the functions ---- */

MATH_TARGET static INLINE NAME(V) NAME(exp)(NAME(V) x) {
    const NAME(V) size = NAME(sized)(x), one = SPLAT(1.0);
    /* x = k log 2 / 128 + r. Where |x| is above 1024, r makes no sense and does not matter. */
    const NAME(V) sum = FMA(SPLAT(0x1.71547652b82fep7), x, SPLAT(WHOLE));
    const NAME(V) k = sum - WHOLE;
    NAME(V) r = FMA(k, SPLAT(-0x1.62e42fefa0000p-8), x);
    r = FMA(k, SPLAT(-0x1.cf79abc9e3b3ap-47), r);
    const NAME(Bits) bits = (NAME(Bits))sum, place = bits & 127;
    const NAME(V) r2 = r * r;
    const NAME(V) low = FMA(r, SPLAT(0x1.555555555543cp-3), SPLAT(0x1.ffffffffffdbdp-2));
    const NAME(V) high = FMA(r, SPLAT(0x1.1111167a4d017p-7), SPLAT(0x1.55555cf172b91p-5));
    NAME(V) rest = NAME(looked_up)(POWERS.lacking, place) + r;
    rest = FMA(r2 * r2, high, FMA(r2, low, rest));
    const NAME(Bits) scale = (NAME(Bits))NAME(looked_up)(POWERS.power, place) + (bits << 45);
    NAME(V) z = FMA((NAME(V))scale, rest, (NAME(V))scale);
    const MASK close = LESS(size, SPLAT(512.0));
    if (!ALL(close)) { /* rare: where 2**(k/128) itself may be too large or too small */
        const NAME(V) down = (NAME(V))(scale - (1009LL << 52));
        const NAME(V) up = (NAME(V))(scale + (1022LL << 52));
        const NAME(V) above = 0x1p1009 * FMA(down, rest, down), part = up * rest;
        NAME(V) below = up + part;
        const NAME(V) whole = one + below; /* below 1, the sum is rounded as a subnormal is */
        const NAME(V) near = (whole + (((one - whole) + below) + ((up - below) + part))) - one;
        below = PICK(LESS(below, one), near, below) * 0x1p-1022;
        NAME(V) there = PICK(LESS(x, SPLAT(0.0)), below, above);
        there = PICK(LESS(SPLAT(0x1.fffffffffffffp9), x), SPLAT(INFINITY), there);
        there = PICK(LESS(x, SPLAT(-0x1.fffffffffffffp9)), SPLAT(0.0), there);
        z = PICK(close, z, there);
    }
    return PICK(LESS(size, SPLAT(INFINITY)), z,
                PICK(LESS(x, SPLAT(0.0)), SPLAT(0.0), x + one)); /* -inf gives 0 */
}

/* x = k log 2 + r, where k is x / log 2 to the nearest whole number. of_tanh: whether x is -0.0 to
   -2, or 2 to 40, where fewer ways lead to the result; below_20: whether k is. */
MATH_TARGET static INLINE NAME(V) NAME(expm1_from)(NAME(V) x, const int of_tanh,
                                                   const int below_20) {
    const NAME(V) size = NAME(sized)(x), one = SPLAT(1.0), zero = SPLAT(0.0);
    const NAME(V) half = NAME(signed_as)(SPLAT(0.5), x), sign = half + half;
    const NAME(V) near = of_tanh ? x : PICK(LESS(size, SPLAT(1000.0)), x, zero);
    NAME(V) k = TOWARD_ZERO(near * 0x1.71547652b82fep0 + half);
    k = PICK(LESS(size, SPLAT(0x1.0a2b2p0)), sign, k);
    k = PICK(LESS(size, SPLAT(0x1.62e43p-2)), zero, k);
    const NAME(V) high = near - k * LOG2_HIGH, low = k * LOG2_LOW;
    const NAME(V) r = high - low, c = (high - r) - low; /* r lacks c */
    const NAME(V) r_half = 0.5 * r, q = r * r_half, q2 = q * q, q4 = q2 * q2;
    const NAME(V) s1 = FMA(q, SPLAT(-0x1.11111111110f4p-5), one);
    const NAME(V) s2 = FMA(q, SPLAT(-0x1.4ce199eaadbb7p-14), SPLAT(0x1.a01a019fe5585p-10));
    const NAME(V) s3 = FMA(q, SPLAT(-0x1.afdb76e09c32dp-23), SPLAT(0x1.0cfca86e65239p-18));
    const NAME(V) s = FMA(q4, s3, FMA(q2, s2, s1));
    const NAME(V) t = FMA(-s, r_half, SPLAT(3.0));
    NAME(V) e = q * ((s - t) / FMA(-t, r, SPLAT(6.0)));
    const NAME(V) at0 = r - FMA(e, r, -q);
    e = FMA(e - c, r, -c) - q;
    const NAME(V) d = r - e, back = one - (e - r);
    const NAME(Bits) shift = (NAME(Bits))(k + WHOLE) << 52;
    const NAME(V) part = (NAME(V))((NAME(Bits))one - shift); /* 2**-k */
    const MASK low_k = LESS(k, SPLAT(-1.5)), high_k = LESS(SPLAT(56.0), k);
    NAME(V) left = (one - part) - (e - r);
    if (!below_20) left = PICK(LESS(k, SPLAT(20.0)), left, (r - (e + part)) + one);
    left = PICK(low_k, back, of_tanh ? left : PICK(high_k, back, left));
    NAME(V) z = (NAME(V))((NAME(Bits))left + shift);
    z = PICK(low_k, z - one, of_tanh ? z : PICK(high_k, z - one, z));
    z = PICK(EQUAL(k, -one), 0.5 * d - 0.5, z);
    if (!of_tanh) {
        const NAME(V) low_r = -2.0 * (e - (r + 0.5));
        z = PICK(EQUAL(k, one), PICK(LESS(r, SPLAT(-0.25)), low_r, one + 2.0 * d), z);
    }
    z = PICK(EQUAL(k, zero), at0, z);
    if (of_tanh) return z;
    z = PICK(LESS(size, SPLAT(0x1p-54)), x, z);
    z = PICK(LESS(x, SPLAT(-0x1.3687afffffffp5)), -one, z);
    z = PICK(LESS(SPLAT(7.09782712893383973096e+02), x), SPLAT(INFINITY), z);
    return PICK(EQUAL(x, x), z, x + x);
}

MATH_TARGET static INLINE NAME(V) NAME(expm1)(NAME(V) x) { return NAME(expm1_from)(x, 0, 0); }

MATH_TARGET static INLINE NAME(V) NAME(log1p)(NAME(V) x) {
    const NAME(V) size = NAME(sized)(x), one = SPLAT(1.0), zero = SPLAT(0.0);
    const NAME(Bits) fraction = (NAME(Bits))zero + 0x000fffffffffffff;
    /* 1 + x is u, rounded, and c u more; u = 2**k (1 + f) with 1 + f near 1. */
    const MASK huge = LESS(SPLAT(0x1.fffffffffffffp52), x);
    const NAME(V) u = PICK(huge, x, one + x);
    const NAME(V) lost = PICK(LESS(u, SPLAT(2.0)), x - (u - one), one - (u - x));
    NAME(V) c = PICK(huge, zero, lost / u);
    const NAME(Bits) bits = (NAME(Bits))u, exponent = (NAME(Bits))((NAME(Bits))bits >> 52);
    const NAME(V) mantissa = (NAME(V))((bits & fraction) | (NAME(Bits))one);
    const MASK low = LESS(mantissa, SPLAT(0x1.6a09ep0));
    NAME(V) k = (NAME(V))(exponent | 0x4338000000000000) - (WHOLE + 1023);
    k = PICK(low, k, k + one);
    NAME(V) f = PICK(low, mantissa, 0.5 * mantissa) - one;
    /* -0.2929 < x < 0.41422: f is x itself */
    const MASK plain = LESS(SPLAT(-0x1.2bec3ffffffffp-2), x);
    const NAME(V) direct = PICK(plain, PICK(LESS(x, SPLAT(0x1.a827ap-2)), one, zero), zero);
    const MASK is_direct = EQUAL(direct, one);
    f = PICK(is_direct, x, f), k = PICK(is_direct, zero, k), c = PICK(is_direct, zero, c);
    const NAME(V) square = 0.5 * f * f, s = f / (2.0 + f), z = s * s, z2 = z * z, z4 = z2 * z2;
    const NAME(V) r2 = FMA(z, SPLAT(0x1.2492494229359p-2), SPLAT(0x1.999999997fa04p-2));
    const NAME(V) r3 = FMA(z, SPLAT(0x1.7466496cb03dep-3), SPLAT(0x1.c71c51d8e78afp-3));
    const NAME(V) r4 = FMA(z, SPLAT(0x1.2f112df3e5244p-3), SPLAT(0x1.39a09d078c69fp-3));
    NAME(V) r = FMA(z, SPLAT(0x1.5555555555593p-1), z2 * r2);
    r = FMA(z4 * z2, r4, FMA(z4, r3, r));
    const NAME(V) correction = FMA(k, SPLAT(LOG2_LOW), c), more = s * (square + r);
    const NAME(V) away = FMA(k, SPLAT(LOG2_HIGH), -((square - (more + correction)) - f));
    NAME(V) y = PICK(EQUAL(k, zero), f - (square - more), away);
    /* f below 2**-20, but for x itself */
    const NAME(V) short_r = square * FMA(SPLAT(-0x1.5555555555555p-1), f, one);
    NAME(V) small = FMA(k, SPLAT(LOG2_HIGH), -((short_r - correction) - f));
    small = PICK(EQUAL(k, zero), f - short_r, small);
    const NAME(V) exact = FMA(k, SPLAT(LOG2_HIGH), correction);
    small = PICK(EQUAL(f, zero), PICK(EQUAL(k, zero), zero, exact), small);
    small = PICK(LESS(f, SPLAT(-0x1.8p-20)), y, small);
    y = PICK(is_direct, y, PICK(LESS(f, SPLAT(0x1p-20)), small, y));
    const NAME(V) tiny = PICK(LESS(size, SPLAT(0x1p-54)), x, x - x * x * 0.5);
    y = PICK(LESS(size, SPLAT(0x1p-29)), tiny, y);
    y = PICK(LESS(x, SPLAT(INFINITY)), y, x + x);
    const NAME(V) out = PICK(EQUAL(x, -one), SPLAT(-INFINITY), SPLAT(NAN));
    return PICK(LESS(-one, x), y, PICK(EQUAL(x, x), out, x + x));
}

/* With t = expm1(2|x|) it is 1 - 2 / (t + 2) from 1 on; with t = expm1(-2|x|), -t / (t + 2) below.
   Above 19.07 both are 1, as doubles. */
MATH_TARGET static INLINE NAME(V) NAME(tanh_from)(NAME(V) size, const int below_20) {
    const NAME(V) one = SPLAT(1.0);
    const MASK below = LESS(size, one);
    const NAME(V) x = size * PICK(below, SPLAT(-2.0), SPLAT(2.0));
    const NAME(V) t = NAME(expm1_from)(x, 1, below_20);
    const NAME(V) q = PICK(below, -t, SPLAT(2.0)) / (t + 2.0);
    return PICK(below, q, one - q);
}

MATH_TARGET static INLINE NAME(V) NAME(tanh)(NAME(V) x) {
    const NAME(V) size = NAME(sized)(x);
    if (ALL(LESS(size, SPLAT(6.75)))) return NAME(signed_as)(NAME(tanh_from)(size, 1), x);
    const NAME(V) near = PICK(LESS(size, SPLAT(20.0)), size, SPLAT(20.0));
    const NAME(V) z = NAME(tanh_from)(near, 0);
    return PICK(EQUAL(x, x), NAME(signed_as)(z, x), x + x);
}

/* ---- of n numbers ---- */

#define OF_MANY(name) \
    MATH_TARGET static void NAME(name##_lanes)(ptrdiff_t n, double *z, const double *x) { \
        ptrdiff_t i = 0; \
        for (; i + WIDTH <= n; i += WIDTH) *(NAME(V) *)(z + i) = NAME(name)(*(NAME(V) *)(x + i)); \
        if (i < n) { \
            double rest[WIDTH] = {0}; \
            memcpy(rest, x + i, (n - i) * sizeof(double)); \
            *(NAME(V) *)rest = NAME(name)(*(NAME(V) *)rest); \
            memcpy(z + i, rest, (n - i) * sizeof(double)); \
        } \
    }
OF_MANY(exp)
OF_MANY(expm1)
OF_MANY(log1p)
OF_MANY(tanh)
#undef OF_MANY
#undef MASK
#undef LESS
#undef EQUAL
#undef ALL
#undef TOWARD_ZERO
#undef PICK
#undef FMA

static const Function NAME(LANES)[FUNCTIONS] = {NAME(exp_lanes), NAME(expm1_lanes),
                                                NAME(log1p_lanes), NAME(tanh_lanes)};

/* Takes those of the functions above that agree with the C library. */
static void NAME(choose_functions)(void) {
    static double x[TRIALS], ours[TRIALS], theirs[TRIALS];
    fill_trials(TRIALS, x);
    for (int f = 0; f < FUNCTIONS; f++) {
        int agree = 1;
        NAME(LANES)[f](TRIALS, ours, x);
        ONE_BY_ONE[f](TRIALS, theirs, x);
        for (int i = 0; i < TRIALS; i++) agree &= same(ours[i], theirs[i]);
        if (agree) NAME(MANY)[f] = NAME(LANES)[f];
    }
}
#endif

static INLINE void NAME(exp_of)(ptrdiff_t n, double *z, const double *x) {
    NAME(MANY)[EXP](n, z, x);
}

static INLINE void NAME(expm1_of)(ptrdiff_t n, double *z, const double *x) {
    NAME(MANY)[EXPM1](n, z, x);
}

static INLINE void NAME(log1p_of)(ptrdiff_t n, double *z, const double *x) {
    NAME(MANY)[LOG1P](n, z, x);
}

static INLINE void NAME(tanh_of)(ptrdiff_t n, double *z, const double *x) {
    NAME(MANY)[TANH](n, z, x);
}
