/* Sums of the fast mode: over lanes, several of them at a time.

   fast_loops.h includes this, once for each kind of processor. */

/* The first n numbers there, fewer than a vector has, and zeros. */
TARGET static INLINE NAME(Vector) NAME(part)(const double *p, ptrdiff_t n) {
    double numbers[WIDTH] = {0};
    for (ptrdiff_t k = 0; k < n; k++) numbers[k] = p[k];
    return AT(numbers);
}

/* Adds the total of each of four vectors to g[0], g[step], g[2 * step] and g[3 * step]. */
TARGET static INLINE void NAME(add_totals)(double *g, ptrdiff_t step, const NAME(Vector) *sums) {
#if FUSED
    __m256d ab = _mm256_hadd_pd((__m256d)sums[0], (__m256d)sums[1]);
    __m256d cd = _mm256_hadd_pd((__m256d)sums[2], (__m256d)sums[3]);
    NAME(Vector) totals = (NAME(Vector))(_mm256_permute2f128_pd(ab, cd, 0x21) +
                                         _mm256_blend_pd(ab, cd, 0xc));
    if (step == 1) {
        AT(g) += totals;
        return;
    }
    for (int q = 0; q < 4; q++) g[q * step] += totals[q];
#else
    for (int q = 0; q < 4; q++) {
        double numbers[WIDTH];
        AT(numbers) = sums[q];
        for (int k = 0; k < WIDTH; k++) g[q * step] += numbers[k];
    }
#endif
}

/* The sum of x[s] * y[s], or of x[s] if y is NULL. */
TARGET static INLINE double NAME(summed)(const double *x, const double *y, ptrdiff_t n) {
    NAME(Vector) sums[4] = {SPLAT(0.0), SPLAT(0.0), SPLAT(0.0), SPLAT(0.0)};
    double total[4] = {0};
    ptrdiff_t s = 0;
    for (; s + 4 * WIDTH <= n; s += 4 * WIDTH)
        for (int k = 0; k < 4; k++) {
            if (y)
                sums[k] = MADD(AT(x + s + k * WIDTH), AT(y + s + k * WIDTH), sums[k]);
            else
                sums[k] += AT(x + s + k * WIDTH);
        }
    for (; s + WIDTH <= n; s += WIDTH) {
        if (y)
            sums[0] = MADD(AT(x + s), AT(y + s), sums[0]);
        else
            sums[0] += AT(x + s);
    }
    NAME(add_totals)(total, 1, sums);
    for (; s < n; s++) total[0] += y ? x[s] * y[s] : x[s];
    return (total[0] + total[1]) + (total[2] + total[3]);
}

TARGET static double NAME(product)(const double *x, const double *y, ptrdiff_t n) {
    return NAME(summed)(x, y, n);
}

TARGET static double NAME(sum)(const double *x, ptrdiff_t n) {
    return NAME(summed)(x, NULL, n);
}
