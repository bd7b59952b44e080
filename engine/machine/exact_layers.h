/* The exact loops of layers: several dots of the same inputs, each with its own weights and bias.

   exact.h includes this, once for each width of vectors. */

/* ---- forward ---- */

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
            for (int v = 0; v < V; v++)
                sums[q][v] = NAME(more)(J * V, SPLAT(w[q * width + i]), in[v], sums[q][v]);
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

/* Copies the gradients that the weights of a layer have so far into its slopes, or back. */
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

#if WIDTH >= 4
/* Four lanes of four rows, turned in registers: pairs of lanes first, then their halves. */
TARGET static INLINE void NAME(turn_square)(const double *x0, const double *x1, const double *x2,
                                            const double *x3, double *sample, ptrdiff_t width) {
    typedef NAME(Four) V;
    const V a = *(const V *)x0, b = *(const V *)x1, c = *(const V *)x2, d = *(const V *)x3;
    const V ab02 = SHUFFLE(a, b, 0, 4, 2, 6), ab13 = SHUFFLE(a, b, 1, 5, 3, 7);
    const V cd02 = SHUFFLE(c, d, 0, 4, 2, 6), cd13 = SHUFFLE(c, d, 1, 5, 3, 7);
    *(V *)sample = SHUFFLE(ab02, cd02, 0, 1, 4, 5);
    *(V *)(sample + width) = SHUFFLE(ab13, cd13, 0, 1, 4, 5);
    *(V *)(sample + 2 * width) = SHUFFLE(ab02, cd02, 2, 3, 6, 7);
    *(V *)(sample + 3 * width) = SHUFFLE(ab13, cd13, 2, 3, 6, 7);
}
#endif

/* Writes the inputs of a layer sample by sample. Behind them are a 1 and zeros, which stay. */
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
#if WIDTH >= 4
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
   They begin at g; the next neuron has its own `width` further. Of the last vector, only the
   first `kept` numbers belong to the neuron. */
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
            for (int v = 0; v < V; v++)
                sums[q][v] = NAME(more)(J * V, SPLAT(gz[q * stride + s]), in[v], sums[q][v]);
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
    double sums[16];
    ptrdiff_t s = lanes;
    for (int q = 0; q < J; q++) sums[q] = g[q * width];
#if WIDTH >= 4
    if (J % 4 == 0) { /* a vector holds four neurons */
        for (; s % 4; s--)
            for (int q = 0; q < J; q++) sums[q] += gz[q * stride + s - 1];
        for (; s > 0; s -= 4)
            for (int q = 0; q < J; q += 4) {
                const double *d = gz + q * stride + s - 4;
                NAME(Four) turned[4];
                NAME(turn_square)(d, d + stride, d + 2 * stride, d + 3 * stride,
                                  (double *)turned, 4);
                for (int k = 4; k-- > 0;) *(NAME(Four) *)(sums + q) += turned[k];
            }
    }
#endif
    for (; s > 0; s--)
        for (int q = 0; q < J; q++) sums[q] += gz[q * stride + s - 1];
    for (int q = 0; q < J; q++) g[q * width] = sums[q];
}

/* The gradients of all weights of J neurons, from the j-th on, and of their biases, with V vectors
   of inputs at a time. */
TARGET static INLINE void NAME(neuron_slopes)(const int J, const int V, const Instruction *c,
                                              const double *gz, ptrdiff_t stride, ptrdiff_t lanes,
                                              double *g, ptrdiff_t width, int j) {
    const int end = c->count + c->biased;
    int i = 0;
    for (; i + V * WIDTH <= end; i += V * WIDTH)
        NAME(weight_slopes)(J, V, c, gz, stride, lanes, g, width, j, i, WIDTH);
    const int left = end - i, kept = (left + WIDTH - 1) % WIDTH + 1; /* of the last vector */
    if (V > 3 && left > 3 * WIDTH)
        NAME(weight_slopes)(J, 4, c, gz, stride, lanes, g, width, j, i, kept);
    else if (V > 2 && left > 2 * WIDTH)
        NAME(weight_slopes)(J, 3, c, gz, stride, lanes, g, width, j, i, kept);
    else if (V > 1 && left > WIDTH)
        NAME(weight_slopes)(J, 2, c, gz, stride, lanes, g, width, j, i, kept);
    else if (left > 0)
        NAME(weight_slopes)(J, 1, c, gz, stride, lanes, g, width, j, i, kept);
}

/* The gradients of all weights. Several sums go on at once, because each addition has to wait for
   the one before it in its sum. A bias is the weight of one more input, which is 1, if a vector has
   room for it. Otherwise it is summed by itself. */
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
    for (j = 0; alone && j < fours;) {
        const double *d = gz + j * stride;
        double *to = g + j * width + end;
        if (j + 16 <= fours)
            NAME(bias_slopes)(16, d, stride, lanes, to, width), j += 16;
        else if (j + 8 <= fours)
            NAME(bias_slopes)(8, d, stride, lanes, to, width), j += 8;
        else
            NAME(bias_slopes)(4, d, stride, lanes, to, width), j += 4;
    }
    if (c->neurons - fours == 3)
        NAME(neuron_slopes)(3, 2, c, gz, stride, lanes, g, width, fours);
    else if (c->neurons - fours == 2)
        NAME(neuron_slopes)(2, 4, c, gz, stride, lanes, g, width, fours);
    else if (c->neurons - fours == 1)
        NAME(neuron_slopes)(1, 4, c, gz, stride, lanes, g, width, fours);
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
            for (int v = 0; v < V; v++)
                sums[q][v] =
                    NAME(more)(C * V, ((const NAME(Vector) *)d)[v], SPLAT(w[q]), sums[q][v]);
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

/* A layer of a single lane: a vector holds neighbouring neurons. */
TARGET static void NAME(layer_lane)(const Machine *m, const Rows *rows, const Instruction *c) {
    const double *w = c->by_input + c->count * c->height;
    double *RESTRICT z = c->slopes; /* used as scratch here: it has room for all neurons */
    for (int j = 0; j < c->neurons; j++) z[j] = w[j];
    for (int i = 0; i < c->count; i++) {
        double x = *value_at(m, rows, c->operands[i], 0);
        w = c->by_input + i * c->height;
        for (int j = 0; j < c->neurons; j++) z[j] += w[j] * x;
    }
    for (int j = 0; j < c->neurons; j++) *value_at(m, rows, c->out + j, 0) = z[j];
}

/* What a neuron gives to the inputs that are chosen. They follow one another in pieces; those of two
   pieces may be the same. */
TARGET static INLINE void NAME(picked_slopes)(const Machine *m, const Rows *rows,
                                              const Instruction *c, ptrdiff_t lane, double gz,
                                              const double *w) {
    for (int q = 0; q < c->picked_count; q++) {
        const int i = c->picked[2 * q], n = c->picked[2 * q + 1];
        double *RESTRICT g = grad_of(m, rows, c->operands[i], lane);
        const double *RESTRICT own = w + i;
        for (int k = 0; k < n; k++) g[k] += gz * own[k];
    }
}

/* The gradients of one lane, if the weights of each neuron are neighbouring scalars. */
TARGET static void NAME(layer_lane_neighbours)(const Machine *m, const Rows *rows,
                                               const Instruction *c, ptrdiff_t lane) {
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
        if (c->picked_count) NAME(picked_slopes)(m, rows, c, lane, gz, w);
        if (c->biased) m->scalar_grads[~scalar[c->count]] += gz;
    }
    for (int q = 0; q < c->wanted_count; q++)
        *grad_at(m, rows, c->operands[c->wanted[q]], lane) = gx[c->wanted[q]];
}

/* Whether no number is chosen twice in a lane; finds where the gradients of the pieces are. */
TARGET static int NAME(picks_differ)(const Machine *m, const Rows *rows, const Instruction *c,
                                     ptrdiff_t lane) {
    double **to = m->targets;
    for (int q = 0; q < c->picked_count; q++) {
        to[q] = grad_of(m, rows, c->operands[c->picked[2 * q]], lane);
        for (int p = 0; p < q; p++)
            if (to[p] < to[q] + c->picked[2 * q + 1] && to[q] < to[p] + c->picked[2 * p + 1])
                return 0;
    }
    return 1;
}

/* What all neurons give to C inputs in a lane, the last neuron first. */
TARGET static INLINE void NAME(picked_sums)(const int C, const Instruction *c, const double *w,
                                            ptrdiff_t width, const double *gz, ptrdiff_t stride,
                                            double *RESTRICT g) {
    double sums[8];
    for (int k = 0; k < C; k++) sums[k] = g[k];
    for (int j = c->neurons; j-- > 0;) {
        const double grad = gz[j * stride], *own = w + j * width;
        for (int k = 0; k < C; k++) sums[k] += grad * own[k];
    }
    for (int k = 0; k < C; k++) g[k] = sums[k];
}

/* The gradients of the inputs that are chosen, lane by lane: two lanes may choose the same. */
TARGET static void NAME(layer_picked_back)(const Machine *m, const Rows *rows,
                                           const Instruction *c) {
    ptrdiff_t width;
    const double *w = weights_of(m, c, &width);
    for (ptrdiff_t s = rows->lanes; s-- > 0;) {
        const double *gz = grad_at(m, rows, c->out, s);
        if (!NAME(picks_differ)(m, rows, c, s)) {
            for (int j = c->neurons; j-- > 0;)
                NAME(picked_slopes)(m, rows, c, s, gz[j * rows->stride], w + j * width);
            continue;
        }
        for (int q = 0; q < c->picked_count; q++) {
            const int i = c->picked[2 * q], n = c->picked[2 * q + 1];
            double *g = m->targets[q];
            int k = 0;
            for (; k + 8 <= n; k += 8)
                NAME(picked_sums)(8, c, w + i + k, width, gz, rows->stride, g + k);
            for (; k < n; k++) NAME(picked_sums)(1, c, w + i + k, width, gz, rows->stride, g + k);
        }
    }
}

/* The same, neuron by neuron, the last one first. This is right whatever occurs twice. */
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
        if (c->picked_count) NAME(picked_slopes)(m, rows, c, lane, gz, w + j * width);
        if (c->biased) m->scalar_grads[~scalar[c->count]] += gz;
    }
}
