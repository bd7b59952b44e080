/* The fast loops of layers: what exact_layers.h does, where other last bits will do.

   fast_loops.h includes this, once for each kind of processor. */

/* J neurons, whose weights begin at w, on V vectors of lanes. */
TARGET static INLINE void NAME(neurons)(const int J, const int V, const Instruction *c,
                                        const double *const *x, const double *w, ptrdiff_t width,
                                        double *z, ptrdiff_t stride, ptrdiff_t s) {
    NAME(Vector) sums[4][4];
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) sums[q][v] = SPLAT(c->biased ? w[q * width + c->count] : 0.0);
    for (int i = 0; i < c->count; i++)
        for (int q = 0; q < J; q++)
            for (int v = 0; v < V; v++)
                sums[q][v] = MADD(SPLAT(w[q * width + i]), AT(x[i] + s + v * WIDTH), sums[q][v]);
    for (int q = 0; q < J; q++)
        for (int v = 0; v < V; v++) AT(z + q * stride + s + v * WIDTH) = sums[q][v];
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
        for (; s + 2 * WIDTH < lanes; s += 3 * WIDTH)
            NAME(neurons)(4, 3, c, x, w, width, z, stride, s);
        for (; s < lanes; s += WIDTH) NAME(neurons)(4, 1, c, x, w, width, z, stride, s);
    }
    for (; j < c->neurons; j++, w += width, z += stride) {
        ptrdiff_t s = 0;
        for (; s + 3 * WIDTH < lanes; s += 4 * WIDTH)
            NAME(neurons)(1, 4, c, x, w, width, z, stride, s);
        for (; s < lanes; s += WIDTH) NAME(neurons)(1, 1, c, x, w, width, z, stride, s);
    }
}

/* The gradients of J neurons' weights for C inputs, from g on; the next neuron's are `width` on. */
TARGET static INLINE void NAME(weight_slopes)(const int J, const int C, const double *gz,
                                              ptrdiff_t stride, ptrdiff_t lanes,
                                              const double *const *x, double *g,
                                              ptrdiff_t width) {
    NAME(Vector) sums[4][8], d[4], column[4];
    ptrdiff_t s = 0;
    for (int q = 0; q < J; q++)
        for (int i = 0; i < C; i++) sums[q][i] = SPLAT(0.0);
    for (; s + WIDTH <= lanes; s += WIDTH)
        for (int i = 0; i < C; i++)
            for (int q = 0; q < J; q++)
                sums[q][i] = MADD(AT(gz + q * stride + s), AT(x[i] + s), sums[q][i]);
    if (s < lanes) {
        for (int q = 0; q < J; q++) d[q] = NAME(part)(gz + q * stride + s, lanes - s);
        for (int i = 0; i < C; i++)
            for (int q = 0; q < J; q++)
                sums[q][i] = MADD(d[q], NAME(part)(x[i] + s, lanes - s), sums[q][i]);
    }
    if (C % 4 == 0) {
        for (int q = 0; q < J; q++)
            for (int i = 0; i < C; i += 4) NAME(add_totals)(g + q * width + i, 1, sums[q] + i);
        return;
    }
    for (int i = 0; i < C; i++) { /* four neurons at a time */
        for (int q = 0; q < 4; q++) column[q] = sums[q][i];
        NAME(add_totals)(g + i, width, column);
    }
}

TARGET static void NAME(layer_weights_back)(const Machine *m, const Rows *rows,
                                            const Instruction *c) {
    const double *gz = grad_at(m, rows, c->out, 0), **x = m->inputs;
    const ptrdiff_t stride = rows->stride, n = rows->lanes;
    const int columns = c->count + c->biased, fours = columns / 4 * 4, each = columns;
    const ptrdiff_t width = c->in_place ? each : c->width;
    double *g = c->in_place ? m->scalar_grads + ~c->operands[c->count] : c->slopes;
    int j = 0;
    for (int i = 0; i < c->count; i++) x[i] = value_at(m, rows, c->operands[i], 0);
    x[c->count] = m->ones; /* the bias is its weight */
    if (!c->in_place) memset(g, 0, c->neurons * width * sizeof(double));
    for (; j + 3 <= c->neurons; j += 3)
        for (int i = 0; i < fours; i += 4)
            NAME(weight_slopes)(3, 4, gz + j * stride, stride, n, x + i, g + j * width + i, width);
    for (; j < c->neurons; j++) {
        int i = 0;
        for (; i + 8 <= fours; i += 8)
            NAME(weight_slopes)(1, 8, gz + j * stride, stride, n, x + i, g + j * width + i, width);
        if (i < fours)
            NAME(weight_slopes)(1, 4, gz + j * stride, stride, n, x + i, g + j * width + i, width);
    }
    x += fours;
    for (j = 0; j + 4 <= c->neurons; j += 4) {
        const double *d = gz + j * stride;
        double *to = g + j * width + fours;
        if (columns - fours == 1) NAME(weight_slopes)(4, 1, d, stride, n, x, to, width);
        if (columns - fours == 2) NAME(weight_slopes)(4, 2, d, stride, n, x, to, width);
        if (columns - fours == 3) NAME(weight_slopes)(4, 3, d, stride, n, x, to, width);
    }
    for (; j < c->neurons; j++)
        for (int i = 0; i < columns - fours; i++)
            g[j * width + fours + i] += NAME(product)(gz + j * stride, x[i], n);
    if (c->in_place) return;
    const int *scalar = c->operands + c->count;
    for (j = 0; j < c->neurons; j++)
        for (int i = 0; i < each; i++) m->scalar_grads[~*scalar++] += g[j * width + i];
}

/* The gradients of C inputs, on V vectors of lanes; `first` if none has come to them yet. */
TARGET static INLINE void NAME(input_slopes)(const int C, const int V, int first,
                                             const Instruction *c, const int *inputs,
                                             double *const *targets, const double *w,
                                             ptrdiff_t width, const double *gz, ptrdiff_t stride,
                                             ptrdiff_t s) {
    NAME(Vector) sums[4][3];
    const double *of[4];
    gz += s;
    for (int q = 0; q < C; q++)
        for (int v = 0; v < V; v++)
            sums[q][v] = first ? SPLAT(0.0) : AT(targets[q] + s + v * WIDTH);
    for (int q = 0; q < C; q++) of[q] = w + inputs[q];
    for (ptrdiff_t j = 0; j < c->neurons * width; j += width, gz += stride)
        for (int q = 0; q < C; q++)
            for (int v = 0; v < V; v++)
                sums[q][v] = MADD(AT(gz + v * WIDTH), SPLAT(of[q][j]), sums[q][v]);
    for (int q = 0; q < C; q++)
        for (int v = 0; v < V; v++) AT(targets[q] + s + v * WIDTH) = sums[q][v];
}

TARGET static void NAME(layer_inputs_back)(const Machine *m, const Rows *rows,
                                           const Instruction *c) {
    const double *gz = grad_at(m, rows, c->out, 0);
    const ptrdiff_t stride = rows->stride, n = rows->lanes;
    const int count = c->wanted_count, *wanted = c->wanted;
    double **to = m->targets;
    ptrdiff_t width;
    const double *w = weights_of(m, c, &width);
    int q = 0, firsts = 0;
    for (int i = 0; i < count; i++) {
        to[i] = grad_at(m, rows, c->operands[wanted[i]], 0);
        firsts += c->fresh[wanted[i]];
    }
    const int fresh = firsts == count;
    if (!fresh)
        for (int i = 0; i < count; i++)
            if (c->fresh[wanted[i]]) memset(to[i], 0, n * sizeof(double));
    for (; q + 4 <= count && !c->direct; q += 4) {
        ptrdiff_t s = 0;
        for (; s + 2 * WIDTH < n; s += 3 * WIDTH)
            NAME(input_slopes)(4, 3, fresh, c, wanted + q, to + q, w, width, gz, stride, s);
        for (; s < n; s += WIDTH)
            NAME(input_slopes)(4, 1, fresh, c, wanted + q, to + q, w, width, gz, stride, s);
    }
    for (; q < count; q++)
        for (ptrdiff_t s = 0; s < n; s += WIDTH)
            NAME(input_slopes)(1, 1, fresh, c, wanted + q, to + q, w, width, gz, stride, s);
}
