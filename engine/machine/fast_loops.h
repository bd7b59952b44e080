/* The fast loops: what exact.h does, where other last bits will do.

   fast.h includes this once for each kind of processor. The lanes behind the last sample hold
   numbers that belong to no sample, so a sum leaves them out. */

#include "vector_type.h"
#if FUSED
#define MADD(a, b, c) \
    ((NAME(Vector))_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif
#define AT(p) (*(NAME(Vector) *)(p)) /* the vector that begins there */

#include "fast_math.h"
#include "fast_vectors.h"
#include "fast_sums.h"

/* ---- operands ---- */

/* n lanes of an operand; a scalar is spread over the scratch row. */
TARGET static INLINE const double *NAME(spread)(const Machine *m, const Rows *rows, int operand,
                                                ptrdiff_t n, double *scratch) {
    const double *at = value_at(m, rows, operand, 0);
    if (operand >= 0 || n == 1) return at;
    for (ptrdiff_t s = 0; s < n; s++) scratch[s] = *at;
    return scratch;
}

/* Where n lanes of contributions to an operand go: a scratch row if it is a scalar. */
TARGET static INLINE double *NAME(target)(const Machine *m, const Rows *rows, int operand,
                                          ptrdiff_t n, int *first) {
    if (operand >= 0 || n == 1) return grad_at(m, rows, operand, 0);
    *first = 1;
    return m->g;
}

/* Adds the contributions in the scratch row to the gradient of the scalar; rows have none there. */
TARGET static INLINE void NAME(settle)(const Machine *m, int operand, ptrdiff_t n) {
    if (operand < 0 && n > 1) m->scalar_grads[~operand] += NAME(sum)(m->g, n);
}

/* ---- ops of one or two inputs; `together` of them at once ---- */

TARGET static int NAME(elementwise)(const Machine *m, const Rows *rows, const Instruction *c,
                                    int together) {
    const ptrdiff_t n = rows->lanes;
    const Loops *loops = NAME(LOOPS) + c->loop;
    const double *x = NAME(spread)(m, rows, c->operands[0], n, m->x);
    const double *y = c->count == 1 ? x : NAME(spread)(m, rows, c->operands[1], n, m->y);
    double *z = value_at(m, rows, c->out, 0);
    int f = 0;
    if (n == rows->stride) return loops->forward(together * n, z, x, y); /* no gaps between them */
    for (ptrdiff_t at = 0; at < together * rows->stride; at += rows->stride)
        f |= loops->forward(n, z + at, x + at, y + at);
    return f;
}

TARGET static int NAME(elementwise_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                         int together) {
    const ptrdiff_t n = rows->lanes, stride = rows->stride;
    const Loops *loops = NAME(LOOPS) + c->loop;
    const double *z = value_at(m, rows, c->out, 0), *gz = grad_at(m, rows, c->out, 0);
    const double *x = NAME(spread)(m, rows, c->operands[0], n, m->x);
    const double *y = c->count == 1 ? x : NAME(spread)(m, rows, c->operands[1], n, m->y);
    int f = 0;
    for (int i = 0; i < c->count; i++) {
        if (loops->backward[i] == NULL || !has_gradient(m, rows, c->operands[i])) continue;
        int first = c->fresh[i];
        double *g = NAME(target)(m, rows, c->operands[i], n, &first);
        if (n == stride)
            f |= loops->backward[i](together * n, first, gz, z, x, y, g);
        else
            for (ptrdiff_t at = 0; at < together * stride; at += stride)
                f |= loops->backward[i](n, first, gz + at, z + at, x + at, y + at, g + at);
        NAME(settle)(m, c->operands[i], n);
    }
    return f;
}

/* ---- dot: bias + w0*x0 + w1*x1 + ... ---- */

TARGET static void NAME(dot)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t n = rows->lanes;
    const int pairs = c->count / 2, *w = c->operands;
    double *RESTRICT z = value_at(m, rows, c->out, 0);
    if (c->count % 2)
        memcpy(z, NAME(spread)(m, rows, w[2 * pairs], n, m->x), n * sizeof(double));
    else
        memset(z, 0, n * sizeof(double));
    if (c->in_place) *z += NAME(product)(m->scalars + ~w[0], m->scalars + ~w[pairs], pairs);
    for (int i = c->in_place ? pairs : 0; i < pairs; i++) {
        const double *x = NAME(spread)(m, rows, w[i], n, m->x);
        const double *y = NAME(spread)(m, rows, w[pairs + i], n, m->y);
        for (ptrdiff_t s = 0; s < n; s++) z[s] += x[s] * y[s];
    }
}

/* g += gz * x, or g = gz * x if that comes to it first. */
TARGET static INLINE void NAME(scaled)(ptrdiff_t n, int first, const double *gz, const double *x,
                                       double *RESTRICT g) {
    if (first)
        for (ptrdiff_t s = 0; s < n; s++) g[s] = gz[s] * x[s];
    else
        for (ptrdiff_t s = 0; s < n; s++) g[s] += gz[s] * x[s];
}

TARGET static void NAME(dot_back)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t n = rows->lanes;
    const int pairs = c->count / 2;
    const double *gz = grad_at(m, rows, c->out, 0);
    if (c->in_place) {
        const double grad = *gz;
        for (int side = 0; side < 2; side++) {
            double *RESTRICT g = m->scalar_grads + ~c->operands[side * pairs];
            const double *x = m->scalars + ~c->operands[(1 - side) * pairs];
            for (int i = 0; i < pairs; i++) g[i] += grad * x[i];
        }
    }
    for (int i = c->in_place ? 2 * pairs : 0; i < c->count; i++) {
        if (!has_gradient(m, rows, c->operands[i])) continue;
        int first = c->fresh[i];
        double *g = NAME(target)(m, rows, c->operands[i], n, &first);
        const double *x = m->ones;
        if (i < 2 * pairs)
            x = NAME(spread)(m, rows, c->operands[i < pairs ? i + pairs : i - pairs], n, m->x);
        NAME(scaled)(n, first, gz, x, g);
        NAME(settle)(m, c->operands[i], n);
    }
}

/* ---- the other ops of any number of inputs ---- */

/* m + log(e**(x0 - m) + ...) where m is the largest input, which stands in z. It is left out of the
   sum once: `seen` says of each lane whether it was. This is log_sum_exp of many.h for all lanes at
   once, with other functions: hence written again. */
TARGET static void NAME(log_sum_exp)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t n = rows->lanes;
    double *RESTRICT z = value_at(m, rows, c->out, 0);
    double *RESTRICT others = m->y, *RESTRICT seen = m->g;
    for (ptrdiff_t s = 0; s < n; s++) others[s] = seen[s] = 0;
    for (int i = 0; i < c->count; i++) {
        const double *x = NAME(spread)(m, rows, c->operands[i], n, m->x);
        for (ptrdiff_t s = 0; s < n; s++) {
            double e = NAME(exp)(x[s] - z[s]), largest = x[s] == z[s] ? 1 - seen[s] : 0;
            others[s] += largest != 0 ? 0 : e;
            seen[s] += largest;
        }
    }
    for (ptrdiff_t s = 0; s < n; s++)
        z[s] = fabs(z[s]) <= DBL_MAX ? z[s] + NAME(log1p)(others[s]) : z[s];
}

TARGET static void NAME(few)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t n = rows->lanes;
    const double sign = c->kind == MINIMUM ? -1 : 1;
    double *RESTRICT z = value_at(m, rows, c->out, 0);
    for (int i = 0; i < c->count; i++) {
        const double *x = NAME(spread)(m, rows, c->operands[i], n, m->x);
        if (i == 0) memcpy(z, x, n * sizeof(double));
        for (ptrdiff_t s = 0; s < n; s++)
            z[s] = (sign * x[s] > sign * z[s]) | (x[s] != x[s]) ? x[s] : z[s];
    }
    if (c->kind == LOGSUMEXP) NAME(log_sum_exp)(m, rows, c);
}

TARGET static void NAME(few_back)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t n = rows->lanes;
    const double *z = value_at(m, rows, c->out, 0), *gz = grad_at(m, rows, c->out, 0);
    double *RESTRICT ties = m->y, *RESTRICT slopes = m->slope;
    if (c->kind != LOGSUMEXP) {
        memset(ties, 0, n * sizeof(double));
        for (int i = 0; i < c->count; i++) {
            const double *x = NAME(spread)(m, rows, c->operands[i], n, m->x);
            for (ptrdiff_t s = 0; s < n; s++) ties[s] += x[s] == z[s];
        }
    }
    for (int i = 0; i < c->count; i++) {
        if (!has_gradient(m, rows, c->operands[i])) continue;
        int first = c->fresh[i];
        const double *x = NAME(spread)(m, rows, c->operands[i], n, m->x);
        double *g = NAME(target)(m, rows, c->operands[i], n, &first);
        if (c->kind == LOGSUMEXP)
            for (ptrdiff_t s = 0; s < n; s++) slopes[s] = NAME(exp)(x[s] - z[s]);
        else
            for (ptrdiff_t s = 0; s < n; s++) slopes[s] = (x[s] == z[s]) / ties[s];
        NAME(scaled)(n, first, gz, slopes, g);
        NAME(settle)(m, c->operands[i], n);
    }
}

#include "fast_layers.h"

/* ---- all instructions ---- */

/* Computes the rows. If `needed` is not NULL, only those whose instructions are marked there. */
TARGET static int NAME(forward)(Machine *m, const Rows *rows, const char *needed) {
    int f = 0;
    for (int i = 0; i < rows->length;) {
        const Instruction *c = rows->code + i;
        const int together = needed ? 1 : c->together;
        if (!needed || needed[i]) {
            if (c->kind == ELEMENTWISE)
                f |= NAME(elementwise)(m, rows, c, together);
            else if (c->kind == DOT)
                NAME(dot)(m, rows, c);
            else if (c->kind != LAYER)
                NAME(few)(m, rows, c);
            else
                NAME(layer)(m, rows, c);
        }
        i += together;
    }
    return f;
}

/* Passes the gradients of all lanes on, the last instruction first. */
TARGET static int NAME(backward)(Machine *m, const Rows *rows, ptrdiff_t first, ptrdiff_t lanes) {
    int f = 0;
    (void)first, (void)lanes;
    for (int i = rows->length; i-- > 0;) {
        const Instruction *c = rows->code + i;
        if (!c->differentiated || !c->together) continue;
        if (c->kind == ELEMENTWISE) {
            f |= NAME(elementwise_back)(m, rows, c, c->together);
        } else if (c->kind == DOT) {
            NAME(dot_back)(m, rows, c);
        } else if (c->kind != LAYER) {
            NAME(few_back)(m, rows, c);
        } else {
            NAME(layer_weights_back)(m, rows, c);
            NAME(layer_inputs_back)(m, rows, c);
        }
    }
    return f;
}

static const Version NAME(VERSION) = {WIDTH, NAME(forward), NAME(backward), NAME(sum), NULL};
#undef SPLAT
#undef MADD
#undef AT
