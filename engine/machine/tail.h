/* The loops of the tail: each row is a single number, and a vector holds neighbouring rows.

   exact.h includes this, once for each width of vectors. In the tail, an operand is a place: the
   scalars and the rows of the tail are one block of numbers, and so are their gradients. An
   instruction of the tail does many like things, one after the other; backward, the last one comes
   first. So the gradients have the order that single instructions would give them. */

/* ---- repeats: an op of one or two inputs, piece after piece ---- */

/* The operand of each row. One that does not move on by one is written to the scratch row. */
TARGET static INLINE const double *NAME(taken)(const double *at, ptrdiff_t move, ptrdiff_t n,
                                               double *scratch) {
    if (move == 1 || n == 1) return at;
    for (ptrdiff_t r = 0; r < n; r++) scratch[r] = at[r * move];
    return scratch;
}

TARGET static int NAME(repeat)(const Machine *m, const Instruction *c) {
    int (*const forward)(ptrdiff_t, double *, const double *, const double *) =
        EXACT(LOOPS)[c->loop].forward;
    double *z = m->scalars + c->out;
    int f = 0;
    for (const Piece *p = c->pieces; p < c->pieces + c->rows; z += p->rows, p++) {
        const double *x = m->scalars + p->at[0], *y = m->scalars + p->at[1];
        if (c->adds && p->rows == 1) {
            *z = *x + *y;
            continue;
        }
        if (c->adds && p->rows < SHORT_PIECE) {
            for (int r = 0; r < p->rows; r++) z[r] = x[r * p->moves[0]] + y[r * p->moves[1]];
            continue;
        }
        x = NAME(taken)(x, p->moves[0], p->rows, m->x);
        y = c->count == 2 ? NAME(taken)(y, p->moves[1], p->rows, m->y) : x;
        f |= forward(p->rows, z, x, y);
    }
    return f;
}

TARGET static int NAME(repeat_back)(const Machine *m, const Instruction *c) {
    const Loops *loops = EXACT(LOOPS) + c->loop;
    const Piece *p = c->pieces + c->rows;
    const double *z = m->scalars + c->end, *gz = m->scalar_grads + c->end;
    int f = 0;
    while (p-- > c->pieces) {
        const ptrdiff_t n = p->rows;
        z -= n, gz -= n;
        if (c->adds && n < SHORT_PIECE) {
            double *gx = m->scalar_grads + p->at[0], *gy = m->scalar_grads + p->at[1];
            if (n == 1) {
                *gx += *gz, *gy += *gz;
                continue;
            }
            for (ptrdiff_t r = n; r-- > 0;)
                gx[r * p->moves[0]] += gz[r], gy[r * p->moves[1]] += gz[r];
            continue;
        }
        const double *x = NAME(taken)(m->scalars + p->at[0], p->moves[0], n, m->x), *y = x;
        if (c->count == 2) y = NAME(taken)(m->scalars + p->at[1], p->moves[1], n, m->y);
        for (int i = 0; i < c->count; i++) {
            if (loops->backward[i] == NULL || !p->wanted[i]) continue;
            const ptrdiff_t move = p->moves[i];
            double *g = m->scalar_grads + p->at[i];
            if (move == 1 || n == 1) {
                f |= loops->backward[i](n, 0, gz, z, x, y, g);
                continue;
            }
            f |= loops->backward[i](n, 1, gz, z, x, y, m->g);
            if (move) {
                for (ptrdiff_t r = 0; r < n; r++) g[r * move] += m->g[r];
                continue;
            }
            double total = *g;
            for (ptrdiff_t r = n; r-- > 0;) total += m->g[r];
            *g = total;
        }
    }
    return f;
}

/* ---- dots: their operands are anywhere; each may take the one before it ---- */

TARGET static void NAME(dots)(const Machine *m, const Instruction *c) {
    const double *t = m->scalars;
    const ptrdiff_t pairs = c->count / 2;
    double *z = m->scalars + c->out;
    const int *w = c->operands;
    for (int r = 0; r < c->rows; r++, w += c->count) {
        const int *x = w + pairs;
        double sum = c->count % 2 ? t[x[pairs]] : 0.0;
        if (c->follow[0] && c->follow[1])
            for (ptrdiff_t i = 0; i < pairs; i++) sum += t[w[0] + i] * t[x[0] + i];
        else
            for (ptrdiff_t i = 0; i < pairs; i++) sum += t[w[i]] * t[x[i]];
        z[r] = sum;
    }
}

/* Adds grad * factors to the gradients; `follow` says of which of both that they are neighbours. */
TARGET static INLINE void NAME(dot_slopes)(const Machine *m, double grad, ptrdiff_t pairs,
                                           const int *to, int follow, const int *factors,
                                           int factors_follow) {
    double *RESTRICT g = m->scalar_grads;
    const double *t = m->scalars;
    if (follow && factors_follow)
        for (ptrdiff_t i = 0; i < pairs; i++) g[*to + i] += grad * t[*factors + i];
    else
        for (ptrdiff_t i = 0; i < pairs; i++) g[to[i]] += grad * t[factors[i]];
}

TARGET static void NAME(dots_back)(const Machine *m, const Instruction *c) {
    const ptrdiff_t pairs = c->count / 2;
    const double *gz = m->scalar_grads + c->out;
    const int *follow = c->follow;
    for (int r = c->rows; r-- > 0;) {
        const int *w = c->operands + (ptrdiff_t)r * c->count, *x = w + pairs;
        NAME(dot_slopes)(m, gz[r], pairs, w, follow[0], x, follow[1]);
        NAME(dot_slopes)(m, gz[r], pairs, x, follow[1], w, follow[0]);
        if (c->count % 2) m->scalar_grads[x[pairs]] += gz[r];
    }
}

/* ---- the other ops of any number of inputs ---- */

TARGET static void NAME(manies)(const Machine *m, const Instruction *c) {
    double *z = m->scalars + c->out, *xs = m->few;
    const int *x = c->operands;
    for (int r = 0; r < c->rows; r++, x += c->count) {
        for (int i = 0; i < c->count; i++)
            xs[i] = c->many == MINIMUM ? -m->scalars[x[i]] : m->scalars[x[i]];
        z[r] = c->many == LOGSUMEXP ? log_sum_exp(c->count, xs) : largest(c->count, xs);
        if (c->many == MINIMUM) z[r] = -z[r];
    }
}

/* Where inputs or z are nan, none of them ties, and 0 / 0 is nan, as Python's slope. */
TARGET static void NAME(manies_back)(const Machine *m, const Instruction *c) {
    const double *t = m->scalars;
    for (int r = c->rows; r-- > 0;) {
        const int *x = c->operands + (ptrdiff_t)r * c->count;
        const double z = t[c->out + r], gz = m->scalar_grads[c->out + r];
        double ties = 0.0;
        for (int i = 0; i < c->count; i++) ties += t[x[i]] == z;
        for (int i = 0; i < c->count; i++) {
            double slope = c->many == LOGSUMEXP ? exp(t[x[i]] - z) : (t[x[i]] == z) / ties;
            m->scalar_grads[x[i]] += gz * slope;
        }
    }
}

#include "matrix.h"
