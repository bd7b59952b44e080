/* The exact loops: what an instruction does, forward and backward, with Python's bits.

   machine.h includes this once for each width of vectors. Lanes never mix: each lane has the
   numbers that Python has for its sample, however many lanes the processor does at once. The
   gradient of a scalar is a sum over samples, which takes the last lane first and the first lane
   last. There a vector holds neighbouring weights instead of lanes. */

#include "vector_type.h"
#if WIDTH == 4
typedef long long NAME(Lanes) __attribute__((vector_size(32)));
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (NAME(Lanes)){__VA_ARGS__})
#endif
#endif

#include "vectors.h"

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
    double total = m->scalar_grads[~operand];
    for (ptrdiff_t s = n; s-- > 0;) total += m->g[s];
    m->scalar_grads[~operand] = total;
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
        f |= NAME(LOOPS)[c->loop].forward(length, value_at(m, rows, c->out + r, first), x, y);
    }
    return f;
}

TARGET static int NAME(elementwise_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                         ptrdiff_t first, ptrdiff_t n) {
    const Loops *loops = NAME(LOOPS) + c->loop;
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
            for (int i = 0; i < pairs; i++) sum += ws[i] * xs[i];
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

/* ---- the other ops of any number of inputs, lane by lane ---- */

TARGET static void NAME(few)(const Machine *m, const Rows *rows, const Instruction *c,
                             ptrdiff_t first, ptrdiff_t n) {
    double *xs = m->few;
    for (ptrdiff_t s = first; s < first + n; s++) {
        double *z = value_at(m, rows, c->out, s);
        for (int i = 0; i < c->count; i++) {
            xs[i] = *value_at(m, rows, c->operands[i], s);
            if (c->kind == MINIMUM) xs[i] = -xs[i];
        }
        *z = c->kind == LOGSUMEXP ? log_sum_exp(c->count, xs) : largest(c->count, xs);
        if (c->kind == MINIMUM) *z = -*z;
    }
}

/* Where inputs or z are nan, none of them ties, and 0 / 0 is nan, as Python's slope. */
TARGET static void NAME(few_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                  ptrdiff_t first, ptrdiff_t n) {
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
            f |= NAME(repeat)(m, rows, c);
        else if (c->kind == PRODUCTS)
            NAME(products)(m, rows, c);
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
            f |= NAME(repeat_back)(m, rows, c);
        else if (c->kind == PRODUCTS)
            NAME(products_back)(m, rows, c);
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

static const Version NAME(VERSION) = {WIDTH, NAME(forward), NAME(backward), NULL};
#undef SPLAT
