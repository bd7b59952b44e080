/* The loops of matrices: dots of several inputs, each with the same weights.

   tail.h includes this, once for each width of vectors. Of T inputs and n neurons, input q begins
   at inputs[q], and the weights of neuron j begin at weights[j]. Row q * n + j is the dot of both.

   Forward, a vector holds neighbouring neurons, so the weights are needed input by input: the first
   matrix of a step that has these weights turns them. Backward, a vector holds neighbouring weights
   or inputs. Each sum has its order: of the gradient of an input, the last neuron comes first; of
   the gradient of a weight, the last input. If the inputs have the neurons in orders of their own,
   `order` has the neuron of each row, and `rank` the row of each neuron of an input.

   A copy of a number of an input passes on its gradient between those of two neurons, at a stop: how
   many neurons come before. The stops of an input stand at stops[first_stop[q]], the highest first,
   -1 behind them. At each of them a row of `late` is added to the gradients of the input. It holds
   the gradients of copies; elsewhere it is -0.0, which changes no number that it is added to. */

/* Writes the weights as [inputs of a neuron][height], and the biases, or zeros, behind them. */
TARGET static void NAME(turn_weights)(const Machine *m, const Instruction *c) {
    const double *t = m->scalars;
    const ptrdiff_t height = c->height, k = c->count;
    int j = 0;
#if WIDTH >= 4
    for (; j + 4 <= c->neurons; j += 4) {
        const double *w0 = t + c->weights_at[j], *w1 = t + c->weights_at[j + 1];
        const double *w2 = t + c->weights_at[j + 2], *w3 = t + c->weights_at[j + 3];
        double *to = c->by_input + j;
        ptrdiff_t i = 0;
        for (; i + 4 <= k; i += 4, to += 4 * height)
            NAME(turn_square)(w0 + i, w1 + i, w2 + i, w3 + i, to, height);
        for (; i < k; i++, to += height) to[0] = w0[i], to[1] = w1[i], to[2] = w2[i], to[3] = w3[i];
    }
#endif
    for (; j < c->neurons; j++)
        for (ptrdiff_t i = 0; i < k; i++) c->by_input[i * height + j] = t[c->weights_at[j] + i];
    for (j = 0; j < c->neurons && c->biased; j++)
        c->by_input[k * height + j] = t[c->biases_at[j]];
}

/* Q inputs and V vectors of neurons, from the j-th on, of which there are `kept`. */
TARGET static INLINE void NAME(matrix_part)(const int Q, const int V, const Machine *m,
                                            const Instruction *c, const int *inputs, double *z,
                                            const int *rank, int j, int kept) {
    typedef NAME(Vector) Part;
    const ptrdiff_t height = c->height;
    const double *w = c->by_input + j, *x[8];
    Part sums[8][4];
    for (int q = 0; q < Q; q++) {
        x[q] = m->scalars + inputs[q];
        for (int v = 0; v < V; v++) sums[q][v] = ((const Part *)(w + c->count * height))[v];
    }
    for (int i = 0; i < c->count; i++, w += height)
        for (int v = 0; v < V; v++) {
            const Part in = ((const Part *)w)[v];
            for (int q = 0; q < Q; q++) sums[q][v] += in * SPLAT(x[q][i]);
        }
    for (int q = 0; q < Q; q++) {
        double *to = z + (ptrdiff_t)q * c->neurons + j;
        if (rank)
            for (int r = 0; r < kept; r++)
                to[rank[q * c->neurons + j + r] - j] = ((const double *)sums[q])[r];
        else if (kept == V * WIDTH)
            for (int v = 0; v < V; v++) ((Part *)to)[v] = sums[q][v];
        else
            for (int r = 0; r < kept; r++) to[r] = ((const double *)sums[q])[r];
    }
}

TARGET static INLINE void NAME(matrix_inputs)(const int Q, const Machine *m, const Instruction *c,
                                              int q) {
    const int *inputs = c->inputs_at + q;
    double *z = m->scalars + c->out + (ptrdiff_t)q * c->neurons;
    const int *rank = c->rank ? c->rank + (ptrdiff_t)q * c->neurons : NULL;
    const int V = Q == 8 && WIDTH < 8 ? 1 : Q > 1 ? 2 : 4;
    int j = 0;
    for (; j + V * WIDTH <= c->neurons; j += V * WIDTH)
        NAME(matrix_part)(Q, V, m, c, inputs, z, rank, j, V * WIDTH);
    for (; j < c->neurons; j += WIDTH) {
        const int left = c->neurons - j;
        NAME(matrix_part)(Q, 1, m, c, inputs, z, rank, j, left < WIDTH ? left : WIDTH);
    }
}

TARGET static void NAME(matrix)(const Machine *m, const Instruction *c) {
    int q = 0;
    for (const Copy *copy = c->copies; copy < c->copies + c->copy_count; copy++)
        m->scalars[copy->to] = m->scalars[copy->from];
    if (c->turns) NAME(turn_weights)(m, c);
    for (; q + 8 <= c->rows; q += 8) NAME(matrix_inputs)(8, m, c, q);
    if (q + 4 <= c->rows) NAME(matrix_inputs)(4, m, c, q), q += 4;
    if (q + 2 <= c->rows) NAME(matrix_inputs)(2, m, c, q), q += 2;
    if (q < c->rows) NAME(matrix_inputs)(1, m, c, q);
}

/* The gradients of V vectors of Q inputs, from their i-th numbers on. Part is a vector. An input that
   has copies comes alone. */
#define INPUT_SLOPES(name, Part) \
    TARGET static INLINE void NAME(name)(const int Q, const int V, const int copies, \
                                         const Machine *m, const Instruction *c, int q, \
                                         ptrdiff_t i) { \
        const int n = c->neurons; \
        const double *gz = m->scalar_grads + c->out + (ptrdiff_t)q * n; \
        double *g = m->scalar_grads + i; \
        const int *stop = copies ? c->stops + c->first_stop[q] : NULL; \
        const double *late = copies ? m->late + i + (ptrdiff_t)(c->first_stop[q] - q) * c->count \
                                    : NULL; \
        Part sums[8][4]; \
        for (int p = 0; p < Q; p++) \
            for (int v = 0; v < V; v++) \
                sums[p][v] = ((const Part *)(g + c->inputs_at[q + p]))[v]; \
        for (int r = n; r-- > 0;) { \
            const int j = Q == 1 && c->order ? c->order[q * n + r] : r; \
            const Part *w = (const Part *)(m->scalars + i + c->weights_at[j]); \
            for (; copies && *stop > r; stop++, late += c->count) \
                for (int v = 0; v < V; v++) sums[0][v] += ((const Part *)late)[v]; \
            for (int v = 0; v < V; v++) \
                for (int p = 0; p < Q; p++) sums[p][v] += gz[p * n + r] * w[v]; \
        } \
        for (; copies && *stop >= 0; stop++, late += c->count) \
            for (int v = 0; v < V; v++) sums[0][v] += ((const Part *)late)[v]; \
        for (int p = 0; p < Q; p++) \
            for (int v = 0; v < V; v++) ((Part *)(g + c->inputs_at[q + p]))[v] = sums[p][v]; \
    }

/* The gradients of a vector of all weights, from Q inputs. */
#define WEIGHT_SLOPES(name, Part) \
    TARGET static INLINE void NAME(name)(const int Q, const Machine *m, const Instruction *c, \
                                         int q, ptrdiff_t i) { \
        const int n = c->neurons; \
        const double *gz = m->scalar_grads + c->out + (ptrdiff_t)q * n; \
        const int *rank = c->rank ? c->rank + (ptrdiff_t)q * n : NULL; \
        Part x[8]; \
        for (int p = 0; p < Q; p++) x[p] = *(const Part *)(m->scalars + c->inputs_at[q + p] + i); \
        for (int j = 0; j < n; j++) { \
            Part *g = (Part *)(m->scalar_grads + c->weights_at[j] + i), sum = *g; \
            if (rank) \
                for (int p = Q; p-- > 0;) sum += gz[p * n + rank[p * n + j]] * x[p]; \
            else \
                for (int p = Q; p-- > 0;) sum += gz[p * n + j] * x[p]; \
            *g = sum; \
        } \
    }

INPUT_SLOPES(input_vectors, NAME(Vector))
INPUT_SLOPES(input_numbers, double)
WEIGHT_SLOPES(weight_vectors, NAME(Vector))
WEIGHT_SLOPES(weight_numbers, double)
#if WIDTH > 4
INPUT_SLOPES(input_fours, NAME(Four))
WEIGHT_SLOPES(weight_fours, NAME(Four))
#endif
#undef INPUT_SLOPES
#undef WEIGHT_SLOPES

/* The gradients of Q inputs, from the q-th on. Of inputs with orders of their own, Q is 1. */
TARGET static INLINE void NAME(slopes_of_inputs)(const int Q, const int copies, const Machine *m,
                                                 const Instruction *c, int q) {
    const int V = Q == 8 && WIDTH < 8 ? 1 : Q > 1 ? 2 : 4;
    const ptrdiff_t k = c->count;
    ptrdiff_t i = 0;
    for (; i + V * WIDTH <= k; i += V * WIDTH) NAME(input_vectors)(Q, V, copies, m, c, q, i);
    for (; i + WIDTH <= k; i += WIDTH) NAME(input_vectors)(Q, 1, copies, m, c, q, i);
#if WIDTH > 4
    for (; i + 4 <= k; i += 4) NAME(input_fours)(Q, 1, copies, m, c, q, i);
#endif
    for (; i < k; i++) NAME(input_numbers)(Q, 1, copies, m, c, q, i);
}

/* The gradients of n inputs that have copies, one after the other. */
TARGET static void NAME(slopes_with_copies)(const Machine *m, const Instruction *c, int q, int n) {
    while (n-- > 0) NAME(slopes_of_inputs)(1, 1, m, c, q + n);
}

/* The gradients that Q inputs, from the q-th on, pass on to the weights and the biases. */
TARGET static INLINE void NAME(slopes_of_weights)(const int Q, const Machine *m,
                                                  const Instruction *c, int q) {
    const ptrdiff_t k = c->count;
    ptrdiff_t i = 0;
    for (; i + WIDTH <= k; i += WIDTH) NAME(weight_vectors)(Q, m, c, q, i);
#if WIDTH > 4
    for (; i + 4 <= k; i += 4) NAME(weight_fours)(Q, m, c, q, i);
#endif
    for (; i < k; i++) NAME(weight_numbers)(Q, m, c, q, i);
    for (int p = Q; c->biased && p-- > 0;) {
        const ptrdiff_t first = (ptrdiff_t)(q + p) * c->neurons;
        const double *gz = m->scalar_grads + c->out + first;
        double *RESTRICT g = m->scalar_grads;
        if (c->follow[0])
            for (int j = 0; j < c->neurons; j++) g[c->biases_at[0] + j] += gz[j];
        else
            for (int r = c->neurons; r-- > 0;)
                g[c->biases_at[c->order ? c->order[first + r] : r]] += gz[r];
    }
}

TARGET static INLINE void NAME(matrix_slopes)(const int Q, const Machine *m, const Instruction *c,
                                              int q) {
    if (c->copy_count)
        NAME(slopes_with_copies)(m, c, q, Q);
    else if (c->order)
        for (int p = Q; p-- > 0;) NAME(slopes_of_inputs)(1, 0, m, c, q + p);
    else
        NAME(slopes_of_inputs)(Q, 0, m, c, q);
    NAME(slopes_of_weights)(Q, m, c, q);
}

TARGET static void NAME(matrix_back)(const Machine *m, const Instruction *c) {
    int q = c->rows;
    for (const Copy *copy = c->copies; copy < c->copies + c->copy_count; copy++)
        m->late[copy->late] = m->scalar_grads[copy->to];
    if (q % 2) NAME(matrix_slopes)(1, m, c, --q);
    if (q % 4) NAME(matrix_slopes)(2, m, c, q -= 2);
    if (q % 8) NAME(matrix_slopes)(4, m, c, q -= 4);
    while (q > 0) NAME(matrix_slopes)(8, m, c, q -= 8);
    for (const Copy *copy = c->copies; copy < c->copies + c->copy_count; copy++)
        m->late[copy->late] = -0.0;
}
