/* The kernels: what an instruction does, forward and backward, lane beside lane.

   machine.h includes this once for each width of vectors. Lanes never mix, so that each lane's
   numbers are what Python's are for its sample, however many the processor computes at once. The
   sums over samples, which are the gradients of scalars, run lane by lane, the last lane first:
   there, what lies side by side in a vector are neighbouring weights. */

#if WIDTH == 4
typedef double NAME(Vector) __attribute__((vector_size(32), aligned(8), may_alias));
typedef long long NAME(Lanes) __attribute__((vector_size(32)));
#define SPLAT(x) ((NAME(Vector)){(x), (x), (x), (x)})
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (NAME(Lanes)){__VA_ARGS__})
#endif
#elif WIDTH == 2
typedef double NAME(Vector) __attribute__((vector_size(16), aligned(8), may_alias));
#define SPLAT(x) ((NAME(Vector)){(x), (x)})
#else
typedef double NAME(Vector);
#define SPLAT(x) (x)
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

/* Where n lanes of contributions to an operand are added up: a scratch row if it is a scalar. */
TARGET static INLINE double *NAME(target)(const Machine *m, const Rows *rows, int operand,
                                          ptrdiff_t first, ptrdiff_t n) {
    return operand >= 0 || n == 1 ? grad_at(m, rows, operand, first) : m->g;
}

/* The contributions in the scratch row, if it has any, summed into the scalar's gradient. */
TARGET static INLINE void NAME(settle)(const Machine *m, int operand, ptrdiff_t n) {
    if (operand >= 0 || n == 1) return;
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
            NAME(settle)(m, operand, n);
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
                *grad_at(m, rows, w[i], first) += grad * *value_at(m, rows, x[i], first);
        for (int i = 0; i < pairs; i++)
            if (has_gradient(m, rows, x[i]))
                *grad_at(m, rows, x[i], first) += grad * *value_at(m, rows, w[i], first);
        if (c->count % 2 && has_gradient(m, rows, w[2 * pairs]))
            *grad_at(m, rows, w[2 * pairs], first) += grad;
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
        NAME(settle)(m, c->operands[i], n);
    }
}

/* ---- the other ops of any number of inputs, lane by lane ---- */

TARGET static int NAME(few)(const Machine *m, const Rows *rows, const Instruction *c,
                            ptrdiff_t first, ptrdiff_t n) {
    double *xs = m->few;
    int f = 0;
    for (ptrdiff_t s = first; s < first + n; s++) {
        double *z = value_at(m, rows, c->out, s);
        for (int i = 0; i < c->count; i++) {
            xs[i] = *value_at(m, rows, c->operands[i], s);
            if (c->kind == MINIMUM) xs[i] = -xs[i];
        }
        *z = c->kind == LOGSUMEXP ? log_sum_exp(c->count, xs) : largest(c->count, xs);
        if (c->kind == MINIMUM) *z = -*z;
        if (c->kind == LOGSUMEXP) f |= *z != *z;
    }
    return f;
}

TARGET static int NAME(few_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                 ptrdiff_t first, ptrdiff_t n) {
    int f = 0;
    for (ptrdiff_t s = first + n; s-- > first;) {
        double z = *value_at(m, rows, c->out, s), gz = *grad_at(m, rows, c->out, s), ties = 0.0;
        for (int i = 0; i < c->count; i++) ties += *value_at(m, rows, c->operands[i], s) == z;
        if (c->kind != LOGSUMEXP && ties == 0) f = 1;
        for (int i = 0; i < c->count; i++) {
            if (!has_gradient(m, rows, c->operands[i])) continue;
            double x = *value_at(m, rows, c->operands[i], s);
            double slope = c->kind == LOGSUMEXP ? regular(exp(x - z), &f) : (x == z) / ties;
            *grad_at(m, rows, c->operands[i], s) += gz * slope;
        }
    }
    return f;
}

/* ---- layers: several dots of the same inputs, each with weights and a bias of its own ---- */

/* J neurons, whose weights begin at w, on V vectors of lanes: so many that each input, once loaded,
   is used J times, and so few that all sums stay in registers. */
TARGET static INLINE void NAME(neurons)(const int J, const int V, const Instruction *c,
                                        const double *const *x, const double *w, ptrdiff_t width,
                                        double *z, ptrdiff_t stride, ptrdiff_t s) {
    NAME(Vector) sums[4][4];
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) sums[q][v] = SPLAT(c->biased ? w[q * width + c->count] : 0.0);
    for (int i = 0; i < c->count; i++) {
        const NAME(Vector) *in = (const NAME(Vector) *)(x[i] + s);
        for (int q = 0; q < J; q++)
            for (int v = 0; v < V; v++) sums[q][v] += SPLAT(w[q * width + i]) * in[v];
    }
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) ((NAME(Vector) *)(z + q * stride + s))[v] = sums[q][v];
}

TARGET static void NAME(layer)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t stride = rows->stride, lanes = rows->lanes;
    ptrdiff_t width;
    const double *w = weights_of(m, c, &width), **x = m->inputs;
    double *z = value_at(m, rows, c->out, 0);
    int j = 0;
    for (int i = 0; i < c->count; i++) x[i] = value_at(m, rows, c->operands[i], 0);
    for (; j + 4 <= c->neurons; j += 4, w += 4 * width, z += 4 * stride) {
        ptrdiff_t s = 0;
        for (; s + WIDTH < lanes; s += 2 * WIDTH)
            NAME(neurons)(4, 2, c, x, w, width, z, stride, s);
        if (s < lanes) NAME(neurons)(4, 1, c, x, w, width, z, stride, s);
    }
    for (; j < c->neurons; j++, w += width, z += stride) {
        ptrdiff_t s = 0;
        for (; s + 3 * WIDTH < lanes; s += 4 * WIDTH)
            NAME(neurons)(1, 4, c, x, w, width, z, stride, s);
        for (; s + WIDTH < lanes; s += 2 * WIDTH)
            NAME(neurons)(1, 2, c, x, w, width, z, stride, s);
        if (s < lanes) NAME(neurons)(1, 1, c, x, w, width, z, stride, s);
    }
}

/* Takes the gradients of a layer's weights so far to its slopes, or brings them back. */
TARGET static INLINE void NAME(exchange)(const Machine *m, const Instruction *c, const int back) {
    const int *scalar = c->operands + c->count;
    for (int j = 0; j < c->neurons; j++, scalar += c->count + c->biased) {
        double *slopes = c->slopes + j * c->width, *grads = m->scalar_grads + ~*scalar;
        int i = c->neighbours ? c->count : 0;
        memcpy(back ? grads : slopes, back ? slopes : grads, i * sizeof(double));
        for (; i < c->count + c->biased; i++) {
            double *grad = m->scalar_grads + ~scalar[i];
            *(back ? grad : slopes + i) = *(back ? slopes + i : grad);
        }
    }
}

#if WIDTH == 4
/* Four lanes of four rows, turned in registers: pairs of lanes first, then their halves. */
TARGET static INLINE void NAME(turn_square)(const double *x0, const double *x1, const double *x2,
                                            const double *x3, double *sample, ptrdiff_t width) {
    typedef NAME(Vector) V;
    const V a = *(const V *)x0, b = *(const V *)x1, c = *(const V *)x2, d = *(const V *)x3;
    const V ab02 = SHUFFLE(a, b, 0, 4, 2, 6), ab13 = SHUFFLE(a, b, 1, 5, 3, 7);
    const V cd02 = SHUFFLE(c, d, 0, 4, 2, 6), cd13 = SHUFFLE(c, d, 1, 5, 3, 7);
    *(V *)sample = SHUFFLE(ab02, cd02, 0, 1, 4, 5);
    *(V *)(sample + width) = SHUFFLE(ab13, cd13, 0, 1, 4, 5);
    *(V *)(sample + 2 * width) = SHUFFLE(ab02, cd02, 2, 3, 6, 7);
    *(V *)(sample + 3 * width) = SHUFFLE(ab13, cd13, 2, 3, 6, 7);
}
#endif

/* The inputs of a layer sample by sample. What stands behind them, a 1 and zeros, stays. */
TARGET static void NAME(turn)(const Machine *m, const Rows *rows, const Instruction *c) {
    const ptrdiff_t width = c->width, lanes = rows->lanes;
    int i = 0;
    for (; i + 4 <= c->count; i += 4) {
        const double *x0 = value_at(m, rows, c->operands[i], 0);
        const double *x1 = value_at(m, rows, c->operands[i + 1], 0);
        const double *x2 = value_at(m, rows, c->operands[i + 2], 0);
        const double *x3 = value_at(m, rows, c->operands[i + 3], 0);
        double *RESTRICT sample = c->turned + i;
        ptrdiff_t s = 0;
#if WIDTH == 4
        for (; s + 4 <= lanes; s += 4, sample += 4 * width)
            NAME(turn_square)(x0 + s, x1 + s, x2 + s, x3 + s, sample, width);
#endif
        for (; s < lanes; s++, sample += width)
            sample[0] = x0[s], sample[1] = x1[s], sample[2] = x2[s], sample[3] = x3[s];
    }
    for (; i < c->count; i++) {
        const double *x = value_at(m, rows, c->operands[i], 0);
        for (ptrdiff_t s = 0; s < lanes; s++) c->turned[s * width + i] = x[s];
    }
}

/* The gradients of J neurons' weights, from the j-th on, for V vectors of inputs, from the i-th on.
   They stand from g on, `width` for each neuron; `kept` of the last vector are its own. */
TARGET static INLINE void NAME(weight_slopes)(const int J, const int V, const Instruction *c,
                                              const double *gz, ptrdiff_t stride,
                                              ptrdiff_t lanes, double *g, ptrdiff_t width, int j,
                                              int i, int kept) {
    NAME(Vector) sums[8][4];
    gz += j * stride, g += j * width + i;
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) sums[q][v] = ((NAME(Vector) *)(g + q * width))[v];
    for (ptrdiff_t s = lanes; s-- > 0;) {
        const NAME(Vector) *in = (const NAME(Vector) *)(c->turned + s * c->width + i);
        for (int q = 0; q < J; q++)
            for (int v = 0; v < V; v++) sums[q][v] += SPLAT(gz[q * stride + s]) * in[v];
    }
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) {
            double *to = g + q * width + v * WIDTH;
            const double *from = (const double *)&sums[q][v];
            if (v < V - 1 || kept == WIDTH)
                *(NAME(Vector) *)to = sums[q][v];
            else
                for (int k = 0; k < WIDTH - 1; k++)
                    if (k < kept) to[k] = from[k];
        }
}

/* The gradients of J biases. */
TARGET static INLINE void NAME(bias_slopes)(const int J, const double *gz, ptrdiff_t stride,
                                            ptrdiff_t lanes, double *g, ptrdiff_t width) {
    double sums[8];
    for (int q = 0; q < J; q++) sums[q] = g[q * width];
    for (ptrdiff_t s = lanes; s-- > 0;)
        for (int q = 0; q < J; q++) sums[q] += gz[q * stride + s];
    for (int q = 0; q < J; q++) g[q * width] = sums[q];
}

/* Several sums at once, since each must wait for what was added to it last. A bias is the weight
   of one more input, of 1, if there is room in a vector, and else is summed by itself. */
TARGET static void NAME(layer_weights_back)(const Machine *m, const Rows *rows,
                                            const Instruction *c) {
    const ptrdiff_t stride = rows->stride, lanes = rows->lanes;
    const int each = c->count + c->biased, alone = c->biased && each % WIDTH == 1;
    const int end = each - alone, pairs = end / (2 * WIDTH) * (2 * WIDTH);
    const ptrdiff_t width = c->in_place ? each : c->width;
    const double *gz = grad_at(m, rows, c->out, 0);
    double *g = c->in_place ? m->scalar_grads + ~c->operands[c->count] : c->slopes;
    int fours = c->neurons / 4 * 4, j = 0;
    NAME(turn)(m, rows, c);
    if (!c->in_place) NAME(exchange)(m, c, 0);
    for (; j < fours; j += 4)
        for (int i = 0; i < pairs; i += 2 * WIDTH)
            NAME(weight_slopes)(4, 2, c, gz, stride, lanes, g, width, j, i, WIDTH);
    for (int i = pairs; i < end; i += WIDTH) {
        const int kept = end - i < WIDTH ? end - i : WIDTH;
        for (j = 0; j + 8 <= fours; j += 8)
            NAME(weight_slopes)(8, 1, c, gz, stride, lanes, g, width, j, i, kept);
        if (j < fours) NAME(weight_slopes)(4, 1, c, gz, stride, lanes, g, width, j, i, kept);
    }
    for (j = fours; j < c->neurons; j++) {
        int i = 0;
        for (; i + 4 * WIDTH <= end; i += 4 * WIDTH)
            NAME(weight_slopes)(1, 4, c, gz, stride, lanes, g, width, j, i, WIDTH);
        for (; i < end; i += WIDTH) {
            const int kept = end - i < WIDTH ? end - i : WIDTH;
            NAME(weight_slopes)(1, 1, c, gz, stride, lanes, g, width, j, i, kept);
        }
    }
    if (alone) {
        for (j = 0; j + 8 <= c->neurons; j += 8)
            NAME(bias_slopes)(8, gz + j * stride, stride, lanes, g + j * width + end, width);
        for (; j < c->neurons; j++)
            NAME(bias_slopes)(1, gz + j * stride, stride, lanes, g + j * width + end, width);
    }
    if (!c->in_place) NAME(exchange)(m, c, 1);
}

/* The gradients of C inputs that follow one another, on V vectors of lanes; the last neuron
   contributes first. */
TARGET static INLINE void NAME(input_slopes)(const int C, const int V, const Instruction *c,
                                             const double *w, ptrdiff_t width,
                                             double *const *targets, const double *gz,
                                             ptrdiff_t stride, ptrdiff_t s) {
    NAME(Vector) sums[4][2];
    for (int q = 0; q < C; q++)
        for (int v = 0; v < V; v++)
            sums[q][v] = c->first[0] ? SPLAT(0.0) : ((NAME(Vector) *)(targets[q] + s))[v];
    const double *d = gz + s + (c->neurons - 1) * stride;
    w += (c->neurons - 1) * width;
    for (int j = c->neurons; j-- > 0; w -= width, d -= stride)
        for (int q = 0; q < C; q++)
            for (int v = 0; v < V; v++) sums[q][v] += ((const NAME(Vector) *)d)[v] * SPLAT(w[q]);
    for (int q = 0; q < C; q++)
        for (int v = 0; v < V; v++) ((NAME(Vector) *)(targets[q] + s))[v] = sums[q][v];
}

TARGET static void NAME(layer_inputs_back)(const Machine *m, const Rows *rows,
                                           const Instruction *c) {
    const ptrdiff_t stride = rows->stride, lanes = rows->lanes;
    const double *gz = grad_at(m, rows, c->out, 0);
    double **to = m->targets;
    ptrdiff_t width;
    const double *weights = weights_of(m, c, &width);
    int q = 0;
    for (int i = 0; i < c->wanted_count; i++)
        to[i] = grad_at(m, rows, c->operands[c->wanted[i]], 0);
    for (int step; q < c->wanted_count; q += step) {
        const double *w = weights + c->wanted[q];
        ptrdiff_t s = 0;
        step = q + 4 <= c->wanted_count && c->wanted[q + 3] == c->wanted[q] + 3 ? 4 : 1;
        if (step == 4) {
            for (; s + WIDTH < lanes; s += 2 * WIDTH)
                NAME(input_slopes)(4, 2, c, w, width, to + q, gz, stride, s);
            if (s < lanes) NAME(input_slopes)(4, 1, c, w, width, to + q, gz, stride, s);
        } else {
            for (; s + WIDTH < lanes; s += 2 * WIDTH)
                NAME(input_slopes)(1, 2, c, w, width, to + q, gz, stride, s);
            if (s < lanes) NAME(input_slopes)(1, 1, c, w, width, to + q, gz, stride, s);
        }
    }
}

/* A layer of a single lane: what lie side by side are neurons. */
TARGET static void NAME(layer_lane)(const Machine *m, const Rows *rows, const Instruction *c) {
    const double *w = c->by_input + c->count * c->height;
    double *RESTRICT z = c->slopes; /* scratch here, which has room for as many neurons */
    for (int j = 0; j < c->neurons; j++) z[j] = w[j];
    for (int i = 0; i < c->count; i++) {
        double x = *value_at(m, rows, c->operands[i], 0);
        w = c->by_input + i * c->height;
        for (int j = 0; j < c->neurons; j++) z[j] += w[j] * x;
    }
    for (int j = 0; j < c->neurons; j++) *value_at(m, rows, c->out + j, 0) = z[j];
}

/* The gradients of one lane, where each neuron's weights are neighbours among the scalars. */
TARGET static void NAME(layer_lane_fast)(const Machine *m, const Rows *rows, const Instruction *c,
                                         ptrdiff_t lane) {
    const int each = c->count + c->biased;
    double *RESTRICT x = m->few, *RESTRICT gx = c->slopes;
    ptrdiff_t width;
    const double *w = weights_of(m, c, &width) + c->neurons * width;
    for (int i = 0; i < c->count; i++) {
        x[i] = *value_at(m, rows, c->operands[i], lane);
        gx[i] = *grad_at(m, rows, c->operands[i], lane);
    }
    for (int j = c->neurons; j-- > 0;) {
        const int *scalar = c->operands + c->count + j * each;
        const double gz = *grad_at(m, rows, c->out + j, lane);
        double *RESTRICT g = m->scalar_grads + ~scalar[0];
        w -= width;
        for (int i = 0; i < c->count; i++) g[i] += gz * x[i];
        for (int i = 0; i < c->count; i++) gx[i] += gz * w[i];
        if (c->biased) m->scalar_grads[~scalar[c->count]] += gz;
    }
    for (int q = 0; q < c->wanted_count; q++)
        *grad_at(m, rows, c->operands[c->wanted[q]], lane) = gx[c->wanted[q]];
}

/* The same, neuron by neuron, the last first: right whatever occurs twice. */
TARGET static void NAME(layer_lane_back)(const Machine *m, const Rows *rows, const Instruction *c,
                                         ptrdiff_t lane) {
    const int each = c->count + c->biased;
    ptrdiff_t width;
    const double *w = weights_of(m, c, &width);
    for (int j = c->neurons; j-- > 0;) {
        const int *scalar = c->operands + c->count + j * each;
        double gz = *grad_at(m, rows, c->out + j, lane);
        for (int i = 0; i < c->count; i++)
            m->scalar_grads[~scalar[i]] += gz * *value_at(m, rows, c->operands[i], lane);
        for (int q = 0; q < c->wanted_count; q++) {
            int i = c->wanted[q];
            *grad_at(m, rows, c->operands[i], lane) += gz * w[j * width + i];
        }
        if (c->biased) m->scalar_grads[~scalar[c->count]] += gz;
    }
}

#include "tail.h"

/* ---- all instructions ---- */

/* Computes the rows, those alone whose instructions are needed if that is not NULL. */
TARGET static int NAME(forward)(Machine *m, const Rows *rows, const char *needed) {
    int f = 0;
    for (int i = 0; i < rows->length; i++) {
        const Instruction *c = rows->code + i;
        if (needed && !needed[i]) continue;
        if (c->kind == ELEMENTWISE)
            f |= NAME(elementwise)(m, rows, c, 0, rows->lanes);
        else if (c->kind == RUN)
            f |= NAME(run)(m, rows, c);
        else if (c->kind == PRODUCTS)
            NAME(products)(m, rows, c);
        else if (c->kind == DOT)
            NAME(dot)(m, rows, c, 0, rows->lanes);
        else if (c->kind != LAYER)
            f |= NAME(few)(m, rows, c, 0, rows->lanes);
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
        else if (c->kind == RUN)
            f |= NAME(run_back)(m, rows, c);
        else if (c->kind == PRODUCTS)
            NAME(products_back)(m, rows, c);
        else if (c->kind == DOT)
            NAME(dot_back)(m, rows, c, first, n);
        else if (c->kind != LAYER)
            f |= NAME(few_back)(m, rows, c, first, n);
        else if (n == 1 && c->neighbours && !c->direct)
            NAME(layer_lane_fast)(m, rows, c, first);
        else if (n == 1 || c->direct)
            for (ptrdiff_t s = first + n; s-- > first;) NAME(layer_lane_back)(m, rows, c, s);
        else {
            NAME(layer_weights_back)(m, rows, c);
            NAME(layer_inputs_back)(m, rows, c);
        }
    }
    return f;
}

static const Kernels NAME(KERNELS) = {WIDTH, NAME(forward), NAME(backward), NULL};
#undef SPLAT
