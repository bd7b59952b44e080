/* The exact loops: what an instruction does, forward and backward, with Python's bits.

   machine.h includes this once for each width of vectors. Lanes never mix: each lane has the
   numbers that Python has for its sample, however many lanes the processor does at once. The
   gradient of a scalar is a sum over samples, which takes the last lane first and the first lane
   last. There a vector holds neighbouring weights instead of lanes. */

#include "vector_type.h"
#if !FUSED
#include "elementary.h"
#define EXACT NAME
#endif
#if WIDTH >= 4
typedef double NAME(Four) __attribute__((vector_size(32), aligned(8), may_alias));
typedef long long NAME(Lanes) __attribute__((vector_size(32)));
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (NAME(Lanes)){__VA_ARGS__})
#endif
#endif

/* a * b + c, with one rounding in the fused versions. */
#if FUSED && WIDTH == 8
#define MADD(a, b, c) \
    ((NAME(Vector))_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#elif FUSED
#define MADD(a, b, c) \
    ((NAME(Vector))_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif

/* The same for one of so many sums that go on at once. Where they are few, each waits for itself,
   and an addition alone is done sooner than an FMA. */
TARGET static INLINE NAME(Vector) NAME(more)(const int sums, NAME(Vector) a, NAME(Vector) b,
                                             NAME(Vector) c) {
    if (sums < 8) return a * b + c;
    return MADD(a, b, c);
}

#if !FUSED
#include "vectors.h"
#endif

#if FUSED
/* The sum of x[i] * y[i], or of x[i] if y is NULL, in whatever order is fast. */
TARGET static double NAME(product)(const double *x, const double *y, ptrdiff_t n) {
    NAME(Vector) sums[4] = {SPLAT(0.0), SPLAT(0.0), SPLAT(0.0), SPLAT(0.0)};
    double total = 0.0;
    ptrdiff_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
        for (int k = 0; k < 4; k++) {
            const NAME(Vector) a = *(const NAME(Vector) *)(x + i + k * WIDTH);
            if (y)
                sums[k] = MADD(a, *(const NAME(Vector) *)(y + i + k * WIDTH), sums[k]);
            else
                sums[k] += a;
        }
    sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (int k = 0; k < WIDTH; k++) total += sums[0][k];
    for (; i < n; i++) total += y ? x[i] * y[i] : x[i];
    return total;
}

TARGET static double NAME(sum)(const double *x, ptrdiff_t n) { return NAME(product)(x, NULL, n); }
#endif

/* ---- operands ---- */

/* n lanes of an operand; a scalar is spread over the scratch row. */
TARGET static INLINE const double *NAME(spread)(const Machine *m, const Rows *rows, int operand,
                                                ptrdiff_t first, ptrdiff_t n, double *scratch) {
    const double *at = value_at(m, rows, operand, first);
    if (operand >= 0 || n == 1) return at;
    for (ptrdiff_t s = 0; s < n; s++) scratch[s] = *at;
    return scratch;
}

/* Where n lanes of contributions to an operand go: its gradient, or a scratch row for a scalar and
   for an operand that is chosen. */
TARGET static INLINE double *NAME(target)(const Machine *m, const Rows *rows, int operand,
                                          ptrdiff_t first, ptrdiff_t n) {
    if (n == 1) return grad_of(m, rows, operand, first);
    return operand >= 0 && !is_chosen(rows, operand) ? grad_at(m, rows, operand, first) : m->g;
}

/* Adds the contributions in the scratch row to the gradients of the candidates that were chosen. */
TARGET static void NAME(choose_back)(const Machine *m, const Rows *rows, int operand,
                                     ptrdiff_t first, ptrdiff_t n) {
    const Choice *choice = rows->choices + rows->choice_of[operand] - 1;
    const double *index = value_at(m, rows, choice->column, first);
    if (choice->candidates) {
        for (ptrdiff_t s = n; s-- > 0;) *grad_of(m, rows, operand, first + s) += m->g[s];
        return;
    }
    const Even to = even(rows, choice, m->scalar_grads, rows->grads);
    for (ptrdiff_t s = n; s-- > 0;)
        to.at[(ptrdiff_t)index[s] * to.step + (first + s) * to.lane] += m->g[s];
}

/* Adds the contributions in the scratch row to the gradient of the scalar, or to those of the
   candidates that were chosen; other rows have none there. */
TARGET static INLINE void NAME(settle)(const Machine *m, const Rows *rows, int operand,
                                       ptrdiff_t first, ptrdiff_t n) {
    if (n == 1) return;
    if (is_chosen(rows, operand)) NAME(choose_back)(m, rows, operand, first, n);
    if (operand >= 0) return;
#if FUSED
    m->scalar_grads[~operand] += NAME(sum)(m->g, n);
#else
    double total = m->scalar_grads[~operand];
    for (ptrdiff_t s = n; s-- > 0;) total += m->g[s];
    m->scalar_grads[~operand] = total;
#endif
}

/* ---- ops of one or two inputs: rows without gaps between them are one long row ---- */

TARGET static int NAME(elementwise)(const Machine *m, const Rows *rows, const Instruction *c,
                                    ptrdiff_t first, ptrdiff_t n) {
    const int whole = n == rows->stride, times = whole ? 1 : c->rows;
    const ptrdiff_t length = whole ? n * c->rows : n;
    int f = 0;
    for (int r = 0; r < times; r++) {
        const double *x = NAME(spread)(m, rows, c->operands[0] + r, first, n, m->x), *y = x;
        if (c->count == 2) y = NAME(spread)(m, rows, c->operands[1] + r, first, n, m->y);
        f |= EXACT(LOOPS)[c->loop].forward(length, value_at(m, rows, c->out + r, first), x, y);
    }
    return f;
}

TARGET static int NAME(elementwise_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                         ptrdiff_t first, ptrdiff_t n) {
    const Loops *loops = EXACT(LOOPS) + c->loop;
    const int whole = n == rows->stride, times = whole ? 1 : c->rows;
    const ptrdiff_t length = whole ? n * c->rows : n;
    int f = 0;
    for (int r = 0; r < times; r++) {
        const double *z = value_at(m, rows, c->out + r, first);
        const double *gz = grad_at(m, rows, c->out + r, first);
        const double *x = NAME(spread)(m, rows, c->operands[0] + r, first, n, m->x), *y = x;
        if (c->count == 2) y = NAME(spread)(m, rows, c->operands[1] + r, first, n, m->y);
        for (int i = 0; i < c->count; i++) {
            const int operand = c->operands[i] + r;
            if (loops->backward[i] == NULL || !has_gradient(m, rows, operand)) continue;
            double *g = NAME(target)(m, rows, operand, first, n);
            f |= loops->backward[i](length, c->first[i] || g == m->g, gz, z, x, y, g);
            NAME(settle)(m, rows, operand, first, n);
        }
    }
    return f;
}

/* ---- dot: ((bias + w0*x0) + w1*x1) + ... ---- */

TARGET static void NAME(dot)(const Machine *m, const Rows *rows, const Instruction *c,
                             ptrdiff_t first, ptrdiff_t n) {
    int pairs = c->count / 2;
    double *RESTRICT z = value_at(m, rows, c->out, first);
    if (n == 1) {
        const int *w = c->operands, *x = w + pairs;
        double sum = c->count % 2 ? *value_at(m, rows, w[2 * pairs], first) : 0.0;
        if (c->neighbours) {
            const double *ws = value_at(m, rows, w[0], first), *xs = value_at(m, rows, x[0], first);
#if FUSED
            sum += NAME(product)(ws, xs, pairs);
#else
            for (int i = 0; i < pairs; i++) sum += ws[i] * xs[i];
#endif
            *z = sum;
            return;
        }
        for (int i = 0; i < pairs; i++)
            sum += *value_at(m, rows, w[i], first) * *value_at(m, rows, x[i], first);
        *z = sum;
        return;
    }
    if (c->count % 2) {
        const double *bias = NAME(spread)(m, rows, c->operands[2 * pairs], first, n, m->x);
        memcpy(z, bias, n * sizeof(double));
    } else {
        memset(z, 0, n * sizeof(double));
    }
    for (int i = 0; i < pairs; i++) {
        const double *w = NAME(spread)(m, rows, c->operands[i], first, n, m->x);
        const double *x = NAME(spread)(m, rows, c->operands[pairs + i], first, n, m->y);
        for (ptrdiff_t s = 0; s < n; s++) z[s] += w[s] * x[s];
    }
}

TARGET static void NAME(dot_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                  ptrdiff_t first, ptrdiff_t n) {
    int pairs = c->count / 2;
    const double *gz = grad_at(m, rows, c->out, first);
    if (n == 1) {
        const int *w = c->operands, *x = w + pairs;
        const double grad = *gz;
        if (c->neighbours) {
            const double *ws = value_at(m, rows, w[0], first), *xs = value_at(m, rows, x[0], first);
            double *RESTRICT gw = grad_at(m, rows, w[0], first);
            for (int i = 0; i < pairs; i++) gw[i] += grad * xs[i];
            double *RESTRICT gx = grad_at(m, rows, x[0], first);
            for (int i = 0; i < pairs; i++) gx[i] += grad * ws[i];
            return;
        }
        for (int i = 0; i < pairs; i++)
            if (has_gradient(m, rows, w[i]))
                *grad_of(m, rows, w[i], first) += grad * *value_at(m, rows, x[i], first);
        for (int i = 0; i < pairs; i++)
            if (has_gradient(m, rows, x[i]))
                *grad_of(m, rows, x[i], first) += grad * *value_at(m, rows, w[i], first);
        if (c->count % 2 && has_gradient(m, rows, w[2 * pairs]))
            *grad_of(m, rows, w[2 * pairs], first) += grad;
        return;
    }
    for (int i = 0; i < c->count; i++) { /* the weights, then the inputs, then the bias */
        if (!has_gradient(m, rows, c->operands[i])) continue;
        double *RESTRICT g = NAME(target)(m, rows, c->operands[i], first, n);
        if (g == m->g) memset(g, 0, n * sizeof(double));
        if (i == 2 * pairs) {
            for (ptrdiff_t s = 0; s < n; s++) g[s] += gz[s];
        } else {
            int factor = c->operands[i < pairs ? i + pairs : i - pairs];
            const double *x = NAME(spread)(m, rows, factor, first, n, m->x);
            for (ptrdiff_t s = 0; s < n; s++) g[s] += gz[s] * x[s];
        }
        NAME(settle)(m, rows, c->operands[i], first, n);
    }
}

/* ---- the other ops of any number of inputs ---- */

/* m + log1p(sum of e**(x - m) of the other inputs) for n <= 64 lanes whose largest inputs m are in
   z: log_sum_exp of many.h for all lanes at once. The first input that is m is left out. */
TARGET static void NAME(log_sum_exps)(const Machine *m, const Rows *rows, const Instruction *c,
                                      ptrdiff_t first, ptrdiff_t n, double *RESTRICT z) {
    double e[64], others[64] = {0}, left_out[64] = {0};
    for (int i = 0; i < c->count; i++) {
        const double *x = NAME(spread)(m, rows, c->operands[i], first, n, m->x);
        for (ptrdiff_t s = 0; s < n; s++) e[s] = x[s] - z[s];
        EXACT(exp_of)(n, e, e);
        for (ptrdiff_t s = 0; s < n; s++) {
            const double now = x[s] == z[s] ? 1 - left_out[s] : 0;
            others[s] += now != 0 ? 0 : e[s];
            left_out[s] += now;
        }
    }
    EXACT(log1p_of)(n, e, others);
    for (ptrdiff_t s = 0; s < n; s++) z[s] = isinf(z[s]) ? z[s] : z[s] + e[s];
}

/* The largest input of each lane; nan if one of them is. */
TARGET static void NAME(extremes)(const Machine *m, const Rows *rows, const Instruction *c,
                                  ptrdiff_t first, ptrdiff_t n, double *RESTRICT z) {
    const double sign = c->kind == MINIMUM ? -1.0 : 1.0;
    for (int i = 0; i < c->count; i++) {
        const double *x = NAME(spread)(m, rows, c->operands[i], first, n, m->x);
        if (i == 0) memcpy(z, x, n * sizeof(double));
        for (ptrdiff_t s = 0; s < n; s++)
            z[s] = (sign * x[s] > sign * z[s]) | (x[s] != x[s]) ? x[s] : z[s];
    }
}

TARGET static void NAME(few)(const Machine *m, const Rows *rows, const Instruction *c,
                             ptrdiff_t first, ptrdiff_t n) {
    double *xs = m->few;
    for (ptrdiff_t s = first, length; n > 1 && s < first + n; s += length) {
        double *z = value_at(m, rows, c->out, s);
        length = first + n - s < 64 ? first + n - s : 64;
        NAME(extremes)(m, rows, c, s, length, z);
        if (c->kind == LOGSUMEXP) NAME(log_sum_exps)(m, rows, c, s, length, z);
    }
    for (ptrdiff_t s = first; n == 1 && s < first + n; s++) {
        double *z = value_at(m, rows, c->out, s);
        for (int i = 0; i < c->count; i++) {
            xs[i] = *value_at(m, rows, c->operands[i], s);
            if (c->kind == MINIMUM) xs[i] = -xs[i];
        }
        *z = c->kind == LOGSUMEXP ? log_sum_exp(c->count, xs) : largest(c->count, xs);
        if (c->kind == MINIMUM) *z = -*z;
    }
}

/* The gradients of a logsumexp whose inputs all are rows. */
TARGET static void NAME(log_sum_exp_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                          ptrdiff_t first, ptrdiff_t n) {
    const double *z = value_at(m, rows, c->out, first), *gz = grad_at(m, rows, c->out, first);
    double e[64];
    for (int i = 0; i < c->count; i++) {
        if (!has_gradient(m, rows, c->operands[i])) continue;
        const double *x = value_at(m, rows, c->operands[i], first);
        double *g = grad_at(m, rows, c->operands[i], first);
        for (ptrdiff_t at = 0, length; at < n; at += length) {
            length = n - at < 64 ? n - at : 64;
            for (ptrdiff_t s = 0; s < length; s++) e[s] = x[at + s] - z[at + s];
            EXACT(exp_of)(length, e, e);
            for (ptrdiff_t s = 0; s < length; s++) g[at + s] += gz[at + s] * e[s];
        }
    }
}

/* Whether all operands are rows of their own: no scalar, whose gradient is a sum over lanes. */
static INLINE int NAME(all_rows)(const Instruction *c) {
    int all = 1;
    for (int i = 0; i < c->count; i++) all &= c->operands[i] >= 0;
    return all;
}

/* Where inputs or z are nan, none of them ties, and 0 / 0 is nan, as Python's slope. */
TARGET static void NAME(few_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                  ptrdiff_t first, ptrdiff_t n) {
    if (c->kind == LOGSUMEXP && n > 1 && NAME(all_rows)(c)) {
        NAME(log_sum_exp_back)(m, rows, c, first, n);
        return;
    }
    for (ptrdiff_t s = first + n; s-- > first;) {
        double z = *value_at(m, rows, c->out, s), gz = *grad_at(m, rows, c->out, s), ties = 0.0;
        for (int i = 0; i < c->count; i++) ties += *value_at(m, rows, c->operands[i], s) == z;
        for (int i = 0; i < c->count; i++) {
            if (!has_gradient(m, rows, c->operands[i])) continue;
            double x = *value_at(m, rows, c->operands[i], s);
            double slope = c->kind == LOGSUMEXP ? exp(x - z) : (x == z) / ties;
            *grad_of(m, rows, c->operands[i], s) += gz * slope;
        }
    }
}

/* ---- operands that are chosen ---- */

TARGET static void NAME(choose)(const Machine *m, const Rows *rows, const Instruction *c) {
    const Choice *choice = rows->choices + c->loop;
    const double *index = value_at(m, rows, choice->column, 0);
    double *RESTRICT z = value_at(m, rows, c->out, 0);
    if (choice->candidates) {
        for (ptrdiff_t s = 0; s < rows->lanes; s++)
            z[s] = *value_at(m, rows, candidate(choice, index[s]), s);
        return;
    }
    const Even from = even(rows, choice, m->scalars, rows->values);
    for (ptrdiff_t s = 0; s < rows->lanes; s++)
        z[s] = from.at[(ptrdiff_t)index[s] * from.step + s * from.lane];
}

#include "exact_layers.h"
#include "tail.h"

/* ---- all instructions ---- */

/* Computes the rows. If `needed` is not NULL, only those whose instructions are marked there. */
TARGET static int NAME(forward)(Machine *m, const Rows *rows, const char *needed) {
    int f = 0;
    for (int i = 0; i < rows->length; i++) {
        const Instruction *c = rows->code + i;
        if (needed && !needed[i]) continue;
        if (c->kind == ELEMENTWISE)
            f |= NAME(elementwise)(m, rows, c, 0, rows->lanes);
        else if (c->kind == REPEAT)
            f |= NAME(repeat)(m, c);
        else if (c->kind == MATRIX)
            NAME(matrix)(m, c);
        else if (c->kind == DOTS)
            NAME(dots)(m, c);
        else if (c->kind == MANIES)
            NAME(manies)(m, c);
        else if (c->kind == DOT)
            NAME(dot)(m, rows, c, 0, rows->lanes);
        else if (c->kind == CHOOSE)
            NAME(choose)(m, rows, c);
        else if (c->kind != LAYER)
            NAME(few)(m, rows, c, 0, rows->lanes);
        else if (rows->lanes == 1)
            NAME(layer_lane)(m, rows, c);
        else
            NAME(layer)(m, rows, c);
    }
    return f;
}

/* Passes the gradients of n lanes on, the last instruction first. */
TARGET static int NAME(backward)(Machine *m, const Rows *rows, ptrdiff_t first, ptrdiff_t n) {
    int f = 0;
    for (int i = rows->length; i-- > 0;) {
        const Instruction *c = rows->code + i;
        if (!c->differentiated) continue;
        if (c->kind == ELEMENTWISE)
            f |= NAME(elementwise_back)(m, rows, c, first, n);
        else if (c->kind == REPEAT)
            f |= NAME(repeat_back)(m, c);
        else if (c->kind == MATRIX)
            NAME(matrix_back)(m, c);
        else if (c->kind == DOTS)
            NAME(dots_back)(m, c);
        else if (c->kind == MANIES)
            NAME(manies_back)(m, c);
        else if (c->kind == DOT)
            NAME(dot_back)(m, rows, c, first, n);
        else if (c->kind != LAYER)
            NAME(few_back)(m, rows, c, first, n);
        else if (n == 1 && c->neighbours && !c->direct)
            NAME(layer_lane_neighbours)(m, rows, c, first);
        else if (n == 1 || c->direct)
            for (ptrdiff_t s = first + n; s-- > first;) NAME(layer_lane_back)(m, rows, c, s);
        else {
            NAME(layer_weights_back)(m, rows, c);
            NAME(layer_inputs_back)(m, rows, c);
            if (c->picked_count) NAME(layer_picked_back)(m, rows, c);
        }
    }
    return f;
}

#if !FUSED
#define SUM NULL
#else
#define SUM NAME(sum)
#endif
static const Version NAME(VERSION) = {WIDTH, NAME(forward), NAME(backward), SUM, EXACT(MANY)};
#undef SUM
#undef SPLAT
#undef SHUFFLE
#undef MADD
#if !FUSED
#undef EXACT
#endif
