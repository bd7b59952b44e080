/* The loops of the tail: each row is a single number, and a vector holds neighbouring rows.

   exact.h includes this, once for each width of vectors. */

/* ---- repeats: an op of one or two inputs, row after row ---- */

/* An operand for each of the rows; one that stays the same is spread over the scratch row. */
TARGET static INLINE const double *NAME(taken)(const Machine *m, const Rows *rows,
                                               const Instruction *c, int i, double *scratch) {
    const double *at = value_at(m, rows, c->operands[i], 0);
    if (c->moves[i] || c->rows == 1 || c->serial) return at;
    for (int r = 0; r < c->rows; r++) scratch[r] = *at;
    return scratch;
}

TARGET static int NAME(repeat)(const Machine *m, const Rows *rows, const Instruction *c) {
    const Loops *loops = EXACT(LOOPS) + c->loop;
    double *z = value_at(m, rows, c->out, 0);
    const double *x = NAME(taken)(m, rows, c, 0, m->x), *y = x;
    int f = 0;
    if (c->count == 2) y = NAME(taken)(m, rows, c, 1, m->y);
    if (!c->serial) return loops->forward(c->rows, z, x, y);
    for (ptrdiff_t r = 0; r < c->rows; r++)
        f |= loops->forward(1, z + r, x + r * c->moves[0], y + r * c->moves[1]);
    return f;
}

/* The gradients that `length` rows, from number `first` on, give to their operands. */
TARGET static INLINE int NAME(repeat_part_back)(const Machine *m, const Rows *rows,
                                             const Instruction *c, ptrdiff_t first,
                                             ptrdiff_t length, const double *x, const double *y) {
    const Loops *loops = EXACT(LOOPS) + c->loop;
    const double *z = value_at(m, rows, c->out, 0) + first;
    const double *gz = grad_at(m, rows, c->out, 0) + first;
    int f = 0;
    x += first * c->moves[0], y += first * c->moves[1];
    for (int i = 0; i < c->count; i++) {
        if (loops->backward[i] == NULL || !has_gradient(m, rows, c->operands[i])) continue;
        double *g = grad_at(m, rows, c->operands[i], 0) + first * c->moves[i];
        if (c->moves[i] || length == 1) {
            f |= loops->backward[i](length, 0, gz, z, x, y, g);
            continue;
        }
        f |= loops->backward[i](length, 1, gz, z, x, y, m->g);
        double total = *g;
        for (ptrdiff_t r = length; r-- > 0;) total += m->g[r];
        *g = total;
    }
    return f;
}

TARGET static int NAME(repeat_back)(const Machine *m, const Rows *rows, const Instruction *c) {
    const double *x = NAME(taken)(m, rows, c, 0, m->x), *y = x;
    int f = 0;
    if (c->count == 2) y = NAME(taken)(m, rows, c, 1, m->y);
    if (!c->serial) return NAME(repeat_part_back)(m, rows, c, 0, c->rows, x, y);
    for (ptrdiff_t r = c->rows; r-- > 0;) f |= NAME(repeat_part_back)(m, rows, c, r, 1, x, y);
    return f;
}

/* ---- products: several dots of the same inputs, a matrix times a vector ---- */

/* Four products at once, from the j-th on: their sums are one vector. */
TARGET static INLINE void NAME(four_products)(const Machine *m, const Rows *rows,
                                              const Instruction *c, int j, const double *x,
                                              double *z) {
    const int each = 1 + c->biased, *w = c->operands + 1 + j * each;
    const double *w0 = value_at(m, rows, w[0], 0), *w1 = value_at(m, rows, w[each], 0);
    const double *w2 = value_at(m, rows, w[2 * each], 0), *w3 = value_at(m, rows, w[3 * each], 0);
    double start[4] = {0};
    ptrdiff_t i = 0;
    for (int q = 0; q < 4 && c->biased; q++) start[q] = *value_at(m, rows, w[2 * q + 1], 0);
#if WIDTH >= 4
    typedef NAME(Four) V;
    V sums = *(V *)start;
    for (; i + 4 <= c->count; i += 4) {
        double columns[16];
        NAME(turn_square)(w0 + i, w1 + i, w2 + i, w3 + i, columns, 4);
        for (int q = 0; q < 4; q++) sums += ((V *)columns)[q] * x[i + q];
    }
    *(V *)start = sums;
#endif
    double s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3];
    for (; i < c->count; i++)
        s0 += w0[i] * x[i], s1 += w1[i] * x[i], s2 += w2[i] * x[i], s3 += w3[i] * x[i];
    z[j] = s0, z[j + 1] = s1, z[j + 2] = s2, z[j + 3] = s3;
}

TARGET static void NAME(products)(const Machine *m, const Rows *rows, const Instruction *c) {
    const double *x = value_at(m, rows, c->operands[0], 0);
    double *z = value_at(m, rows, c->out, 0);
    int j = 0;
    for (; j + 4 <= c->neurons; j += 4) NAME(four_products)(m, rows, c, j, x, z);
    for (; j < c->neurons; j++) {
        const int *w = c->operands + 1 + j * (1 + c->biased);
        const double *ws = value_at(m, rows, *w, 0);
        double sum = c->biased ? *value_at(m, rows, w[1], 0) : 0.0;
        for (int i = 0; i < c->count; i++) sum += ws[i] * x[i];
        z[j] = sum;
    }
}

/* The gradients of V vectors of inputs, from the i-th on, and of the weights beside them; the last
   product contributes first. */
TARGET static INLINE void NAME(product_slopes)(const int V, const Machine *m, const Rows *rows,
                                               const Instruction *c, ptrdiff_t i) {
    typedef NAME(Vector) Part;
    const int each = 1 + c->biased;
    const int *w = c->operands + 1 + c->neurons * each;
    const double *gz = grad_at(m, rows, c->out, 0);
    const Part *x = (const Part *)(value_at(m, rows, c->operands[0], 0) + i);
    Part *gx = (Part *)(grad_at(m, rows, c->operands[0], 0) + i);
    Part in[4], sums[4];
    for (int v = 0; v < V; v++) in[v] = x[v], sums[v] = gx[v];
    for (int j = c->neurons; j-- > 0;) {
        const Part d = SPLAT(gz[j]);
        w -= each;
        const Part *ws = (const Part *)(value_at(m, rows, *w, 0) + i);
        Part *gw = (Part *)(grad_at(m, rows, *w, 0) + i);
        for (int v = 0; v < V; v++) {
            gw[v] += d * in[v];
            sums[v] += d * ws[v];
        }
    }
    for (int v = 0; v < V; v++) gx[v] = sums[v];
}

TARGET static void NAME(products_back)(const Machine *m, const Rows *rows, const Instruction *c) {
    const int each = 1 + c->biased, *w = c->operands + 1;
    const double *gz = grad_at(m, rows, c->out, 0);
    const double *x = value_at(m, rows, c->operands[0], 0);
    double *gx = grad_at(m, rows, c->operands[0], 0);
    ptrdiff_t i = 0;
    for (; i + 4 * WIDTH <= c->count; i += 4 * WIDTH) NAME(product_slopes)(4, m, rows, c, i);
    for (; i + WIDTH <= c->count; i += WIDTH) NAME(product_slopes)(1, m, rows, c, i);
    for (; i < c->count; i++)
        for (int j = c->neurons; j-- > 0;) {
            *(grad_at(m, rows, w[j * each], 0) + i) += gz[j] * x[i];
            gx[i] += gz[j] * *(value_at(m, rows, w[j * each], 0) + i);
        }
    for (int j = c->biased ? c->neurons : 0; j-- > 0;) *grad_at(m, rows, w[2 * j + 1], 0) += gz[j];
}
