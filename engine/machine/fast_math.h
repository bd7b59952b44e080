/* exp, expm1, tanh, log and log1p for the fast loops, on doubles, within 3 ulp, as measured in
   tests/engine/machine/test_fast.py.

   None has a branch or a call, so a loop of them compiles to vectors. fast_loops.h includes this
   once for each kind of processor; FUSED says whether it multiplies and adds with one rounding. The
   methods are old. Multiples of log 2 are taken out of x in two parts, the first of which is exact
   (Cody & Waite, "Software Manual for the Elementary Functions", 1980). tanh comes from expm1, and
   log from the series of atanh (Sun's fdlibm, 1993). log1p has Kahan's correction. */

#if FUSED
#define MADD1(a, b, c) __builtin_fma(a, b, c)
#else
#define MADD1(a, b, c) ((a) * (b) + (c))
#endif

/* Added to a number below 2**51 it leaves no room behind the point: the sum ends in the nearest
   whole number, in two's complement. */
#define MAGIC 0x1.8p52
#define LN2_HIGH 0x1.62e42feep-1 /* log 2 in 32 bits: its products with whole numbers are exact */
#define LN2_LOW 0x1.a39ef35793c76p-33

TARGET static INLINE double NAME(nearest)(double x) { return (x + MAGIC) - MAGIC; }

/* 2**k of a whole k from -1022 to 1023: the bits of a double with that exponent. */
TARGET static INLINE double NAME(power_of_two)(double k) {
    double sum = k + (MAGIC + 1023), z;
    uint64_t bits;
    memcpy(&bits, &sum, 8);
    bits <<= 52;
    memcpy(&z, &bits, 8);
    return z;
}

/* e**r - 1 where x = k log 2 + r: the series to r**13, even and odd powers side by side. */
TARGET static INLINE double NAME(reduced)(double x, double *k) {
    double n = NAME(nearest)(x * 1.4426950408889634);
    double r = MADD1(-n, LN2_LOW, MADD1(-n, LN2_HIGH, x)), s = r * r;
    double even = 1.0 / 479001600, odd = 1.0 / 6227020800;
    *k = n;
    even = MADD1(even, s, 1.0 / 3628800), odd = MADD1(odd, s, 1.0 / 39916800);
    even = MADD1(even, s, 1.0 / 40320), odd = MADD1(odd, s, 1.0 / 362880);
    even = MADD1(even, s, 1.0 / 720), odd = MADD1(odd, s, 1.0 / 5040);
    even = MADD1(even, s, 1.0 / 24), odd = MADD1(odd, s, 1.0 / 120);
    even = MADD1(even, s, 0.5), odd = MADD1(odd, s, 1.0 / 6);
    return MADD1(s, MADD1(odd, r, even), r);
}

/* In two factors, since 2**k alone may be too large or too small for a double. */
TARGET static INLINE double NAME(exp)(double x) {
    double k, near = x > 710 ? 710 : x < -746 ? -746 : x, p = NAME(reduced)(near, &k);
    double half = NAME(nearest)(0.5 * k);
    return (1 + p) * NAME(power_of_two)(half) * NAME(power_of_two)(k - half);
}

TARGET static INLINE double NAME(expm1)(double x) {
    double k, near = x > 710 ? 710 : x < -40 ? -40 : x, p = NAME(reduced)(near, &k);
    double scale = NAME(power_of_two)(k - 1); /* half of it, which is finite where 2**k is not */
    double z = 2 * MADD1(scale, p, scale - 0.5);
    return k == 0 ? p : z;
}

TARGET static INLINE double NAME(tanh)(double x) {
    double size = fabs(x), near = size > 20 ? 20 : size; /* 1 to the last bit from 19.1 on */
    double e = NAME(expm1)(2 * near);
    return copysign(e / (e + 2), x);
}

/* log of x = 2**k (1 + f) with 1 + f within a factor of root 2 from 1, plus what x lacks of it. */
TARGET static INLINE double NAME(log_of)(double x, double lacking) {
    const double tiny = x < DBL_MIN ? 0x1p54 : 1, scaled = x * tiny;
    uint64_t bits, exponent, fraction;
    double k, f, s, s2, series, half;
    memcpy(&bits, &scaled, 8);
    exponent = (bits + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd)) >> 52; /* 1023 at root 1/2 */
    fraction = bits - (exponent << 52) + 0x3ff0000000000000;
    exponent |= 0x4338000000000000; /* MAGIC's bits */
    memcpy(&k, &exponent, 8);
    memcpy(&f, &fraction, 8);
    k -= MAGIC + 1023 + (x < DBL_MIN ? 54 : 0);
    f -= 1;
    s = f / (2 + f), s2 = s * s, half = 0.5 * f * f;
    series = MADD1(s2, 2.0 / 21, 2.0 / 19);
    series = MADD1(s2, series, 2.0 / 17), series = MADD1(s2, series, 2.0 / 15);
    series = MADD1(s2, series, 2.0 / 13), series = MADD1(s2, series, 2.0 / 11);
    series = MADD1(s2, series, 2.0 / 9), series = MADD1(s2, series, 2.0 / 7);
    series = MADD1(s2, series, 2.0 / 5), series = MADD1(s2, series, 2.0 / 3);
    series = MADD1(k, LN2_LOW, MADD1(s, MADD1(s2, series, half), lacking));
    series = MADD1(k, LN2_HIGH, f - (half - series));
    return x > 0 && x <= DBL_MAX ? series : x == 0 ? -INFINITY : x > 0 ? x : NAN;
}

TARGET static INLINE double NAME(log)(double x) { return NAME(log_of)(x, 0); }

/* log of u, which is 1 + x rounded, and what the rounding took away, as a share of u. */
TARGET static INLINE double NAME(log1p)(double x) {
    double u = 1 + x;
    return NAME(log_of)(u, (x - (u - 1)) / u);
}

/* The commonest powers without pow. */
TARGET static INLINE double NAME(power)(double x, double y, int *flag) {
    return y == 2 ? regular(x * x, x, flag) : y == 1 ? x : power(x, y, flag);
}
#undef MADD1
