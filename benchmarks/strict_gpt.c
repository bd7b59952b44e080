/* The strict limit of W3: the training step of the GPT by hand, with the bits of eager.

   As strict.c: no graph, no instruction, every size known to the compiler, and every sum in the
   order of eager. Eight tokens lie side by side in a Row, so a sum over neurons is one of Rows.
   A gradient of weights is a sum over the tokens, from the last to the first; there neighbouring
   weights lie side by side. Where it is complete, Adam moves the weights at once.
   The sums that eager makes in an order of their own:
   - Of a token, the score of its target comes first in the graph, so its gradient comes last.
   - The inputs of attention get their gradients head by head, from values, keys and queries.
   A token that is not seen has the weight 0: what it adds to a sum is 0.
   Compiled without -ffast-math and without contraction to FMA: every operation is IEEE's. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#ifdef __AVX512F__
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define NAME(f) f##_of
#define INLINE inline __attribute__((always_inline))
#if defined(__AVX2__) && defined(__FMA__)
/* exp of a vector, with the bits of the C library: that of the machine. */
#include <immintrin.h>
typedef void (*Function)(ptrdiff_t n, double *z, const double *x);
#define MATH_TARGET
#include "vector_type.h"
#include "elementary.h"
#else
#include "vector_type.h"
#endif
typedef Vector_of Vector;
typedef long long Mask __attribute__((vector_size(8 * WIDTH)));
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));
typedef long long Places __attribute__((vector_size(32)));
#undef INLINE
#define INLINE static inline __attribute__((always_inline))

enum { TOKENS = 8, SIZE = 16, WORDS = 27, PLACES = 16, HEADS = 4, HEAD = 4, WIDE = 64 };
enum { PARTS = TOKENS / WIDTH, GROUP = 8 / PARTS }; /* eight sums at once, in registers */
enum { /* where the matrices begin; rows are outputs, columns are inputs */
    POSITION = WORDS * SIZE,
    QUERY = POSITION + PLACES * SIZE,
    KEY = QUERY + SIZE * SIZE,
    VALUE = KEY + SIZE * SIZE,
    OUTPUT = VALUE + SIZE * SIZE,
    WIDEN = OUTPUT + SIZE * SIZE,
    NARROW = WIDEN + WIDE * SIZE,
    SCORES = NARROW + WIDE * SIZE
};

typedef Vector Row[PARTS]; /* a number of each token */

#define EACH_PART for (int v = 0; v < PARTS; v++)

INLINE double *of(Row *x) { return (double *)x; }

INLINE Vector where(Mask mask, Vector x) { return (Vector)(mask & (Mask)x); }

INLINE Vector larger(Vector x, Vector y) {
    const Mask is_x = x > y;
    return (Vector)((is_x & (Mask)x) | (~is_x & (Mask)y));
}

INLINE Vector root(Vector x) {
#if WIDTH == 8
    return (Vector)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX__)
    return (Vector)_mm256_sqrt_pd((__m256d)x);
#else
    for (int k = 0; k < WIDTH; k++) x[k] = sqrt(x[k]);
    return x;
#endif
}

INLINE Vector exponential(Vector x) {
#if defined(__AVX2__) && defined(__FMA__)
    return exp_of(x);
#else
    for (int k = 0; k < WIDTH; k++) x[k] = exp(x[k]);
    return x;
#endif
}

/* to[b][a] = from[a][b], for the four a and b of a square. */
INLINE void turn_square(const double *from, int stride, double *to, int height) {
    const Places even = {0, 4, 2, 6}, odd = {1, 5, 3, 7}, low = {0, 1, 4, 5}, high = {2, 3, 6, 7};
    Four x[4];
    for (int a = 0; a < 4; a++) x[a] = *(const Four *)(from + a * stride);
    const Four ab0 = __builtin_shuffle(x[0], x[1], even), ab1 = __builtin_shuffle(x[0], x[1], odd);
    const Four cd0 = __builtin_shuffle(x[2], x[3], even), cd1 = __builtin_shuffle(x[2], x[3], odd);
    *(Four *)to = __builtin_shuffle(ab0, cd0, low);
    *(Four *)(to + height) = __builtin_shuffle(ab1, cd1, low);
    *(Four *)(to + 2 * height) = __builtin_shuffle(ab0, cd0, high);
    *(Four *)(to + 3 * height) = __builtin_shuffle(ab1, cd1, high);
}

/* to: [columns][rows] of from: [rows][columns]. */
INLINE void turn(int rows, int columns, const double *from, double *to) {
    for (int a = 0; a < rows; a += 4)
        for (int b = 0; b < columns; b += 4)
            turn_square(from + a * columns + b, columns, to + b * rows + a, rows);
}

/* ---- a matrix and all tokens ---- */

/* z[j] = sum of w[j][i] * x[i], for groups of j. */
INLINE void linear(int group, int n, int m, const double *w, Row *x, Row *z) {
    for (int j = 0; j < n; j += group) {
        Row sum[9] = {{{0}}};
#pragma GCC unroll 4
        for (int i = 0; i < m; i++)
            for (int q = 0; q < group; q++)
                EACH_PART sum[q][v] += w[(j + q) * m + i] * x[i][v];
        for (int q = 0; q < group; q++) EACH_PART z[j + q][v] = sum[q][v];
    }
}

/* gx[i] = sum of gz[j] * w[j][i], from the last j to the first, for groups of i. */
INLINE void linear_back(int n, int m, const double *w, Row *gz, Row *gx) {
    for (int i = 0; i < m; i += GROUP) {
        Row sum[GROUP] = {{{0}}};
#pragma GCC unroll 4
        for (int j = n; j-- > 0;)
            for (int q = 0; q < GROUP; q++)
                EACH_PART sum[q][v] += gz[j][v] * w[j * m + i + q];
        for (int q = 0; q < GROUP; q++) EACH_PART gx[i + q][v] = sum[q][v];
    }
}

/* ---- Adam ---- */

typedef struct {
    double *mean, *square; /* of the first parameter */
    double beta1, beta2, eps, pace, scale;
} Adam;

INLINE void move(const Adam *o, double *p, int at, Vector g) {
    Vector *mean = (Vector *)(o->mean + at), *square = (Vector *)(o->square + at);
    *mean = o->beta1 * *mean + (1 - o->beta1) * g;
    *square = o->beta2 * *square + (1 - o->beta2) * g * g;
    *(Vector *)(p + at) -= o->pace * *mean / (root(*square) / o->scale + o->eps);
}

/* Moves the matrix at `at`: its gradient is the sum of gz[j][t] * x[i][t] over the tokens t. */
INLINE void learn(const Adam *o, double *p, int at, int n, int m, Row *gz, Row *x) {
    double turned[TOKENS][WIDE];
    turn(m, TOKENS, of(x), *turned);
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i += 2 * WIDTH) {
            Vector sum[2] = {{0}};
            for (int t = TOKENS; t-- > 0;)
                for (int k = 0; k < 2; k++)
                    sum[k] += of(gz + j)[t] * *(Vector *)(*turned + t * m + i + k * WIDTH);
            for (int k = 0; k < 2; k++) move(o, p, at + j * m + i + k * WIDTH, sum[k]);
        }
}

/* ---- root-mean-square norm ---- */

typedef struct {
    Row square, scale; /* the mean square, and what x is multiplied by */
} Norm;

INLINE void normalize(Norm *norm, Row *x, Row *y) {
    Row sum = {{0}};
    for (int i = 0; i < SIZE; i++) EACH_PART sum[v] += x[i][v] * x[i][v];
    EACH_PART norm->square[v] = sum[v] * (1.0 / SIZE) + 1e-5;
    for (int t = 0; t < TOKENS; t++) of(&norm->scale)[t] = pow(of(&norm->square)[t], -0.5);
    for (int i = 0; i < SIZE; i++) EACH_PART y[i][v] = x[i][v] * norm->scale[v];
}

/* Adds to gx what it gets from y. */
INLINE void normalize_back(Norm *norm, Row *x, Row *gy, Row *gx) {
    Row sum = {{0}}, slope;
    for (int i = SIZE; i-- > 0;) EACH_PART sum[v] += gy[i][v] * x[i][v];
    for (int t = 0; t < TOKENS; t++) of(&slope)[t] = -0.5 * pow(of(&norm->square)[t], -1.5);
    EACH_PART slope[v] = sum[v] * slope[v] * (1.0 / SIZE);
    for (int i = 0; i < SIZE; i++)
        EACH_PART {
            const Vector once = slope[v] * x[i][v];
            gx[i][v] = gx[i][v] + gy[i][v] * norm->scale[v] + once + once;
        }
}

/* ---- attention ---- */

typedef struct {
    Row powers[TOKENS], weights[TOKENS], whole; /* of each token that is looked at */
} Head;

static const double NUMBERS[TOKENS] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Which tokens look at token u. */
INLINE Mask seeing(int u, int v) { return *(const Vector *)(NUMBERS + v * WIDTH) >= (double)u; }

INLINE void attend(Head *head, Row *query, Row *key, Row *value, Row *mixed) {
    Row scores[TOKENS], most, whole = {{0}};
    for (int u = 0; u < TOKENS; u++) {
        EACH_PART {
            Vector sum = {0};
            for (int c = 0; c < HEAD; c++) sum += query[c][v] * of(key + c)[u];
            sum *= 0.5;
            scores[u][v] = sum;
            const Mask seen = seeing(u, v);
            const Vector there = (Vector)((seen & (Mask)sum) | (~seen & (Mask)SPLAT(-INFINITY)));
            most[v] = u ? larger(there, most[v]) : there;
        }
    }
    for (int u = 0; u < TOKENS; u++)
        EACH_PART {
            const Vector x = where(seeing(u, v), scores[u][v] - most[v]);
            head->powers[u][v] = where(seeing(u, v), exponential(x));
            whole[v] += head->powers[u][v];
        }
    for (int u = 0; u < TOKENS; u++) EACH_PART head->weights[u][v] = head->powers[u][v] / whole[v];
    EACH_PART head->whole[v] = whole[v];
    for (int c = 0; c < HEAD; c++) {
        Row sum = {{0}};
        for (int u = 0; u < TOKENS; u++) EACH_PART sum[v] += head->weights[u][v] * of(value + c)[u];
        EACH_PART mixed[c][v] = sum[v];
    }
}

/* gz[c] = sum of seen[t] * z[c][t] over the tokens t, from the last to the first. */
INLINE void looked_at(Row *seen, Row *z, Row *gz) {
    Row turned[TOKENS];
    turn(TOKENS, TOKENS, of(seen), of(turned));
    for (int c = 0; c < HEAD; c++) {
        Row sum = {{0}};
        for (int t = TOKENS; t-- > 0;) EACH_PART sum[v] += of(z + c)[t] * turned[t][v];
        EACH_PART gz[c][v] = sum[v];
    }
}

INLINE void attend_back(Head *head, Row *query, Row *key, Row *value, Row *gmixed, Row *gquery,
                        Row *gkey, Row *gvalue) {
    Row slopes[TOKENS], gwhole = {{0}}, gq[HEAD] = {{{0}}};
    for (int u = TOKENS; u-- > 0;)
        EACH_PART {
            Vector sum = {0};
            for (int c = HEAD; c-- > 0;) sum += gmixed[c][v] * of(value + c)[u];
            gwhole[v] += sum * (-head->weights[u][v] / head->whole[v]);
            slopes[u][v] = sum * (1.0 / head->whole[v]);
        }
    for (int u = TOKENS; u-- > 0;)
        EACH_PART {
            slopes[u][v] = (slopes[u][v] + gwhole[v]) * head->powers[u][v] * 0.5;
            for (int c = 0; c < HEAD; c++) gq[c][v] += slopes[u][v] * of(key + c)[u];
        }
    for (int c = 0; c < HEAD; c++) EACH_PART gquery[c][v] = gq[c][v];
    looked_at(slopes, query, gkey);
    looked_at(head->weights, gmixed, gvalue);
}

/* The gradient of what queries, keys and values are made of. */
INLINE void sources_back(const double *p, Row *gquery, Row *gkey, Row *gvalue, Row *gx) {
    const double *const w[3] = {p + VALUE, p + KEY, p + QUERY};
    Row *const gz[3] = {gvalue, gkey, gquery};
    for (int i = 0; i < SIZE; i += GROUP) {
        Row sum[GROUP] = {{{0}}};
        for (int h = HEADS; h-- > 0;)
#pragma GCC unroll 3
            for (int k = 0; k < 3; k++)
#pragma GCC unroll 4
                for (int j = (h + 1) * HEAD; j-- > h * HEAD;)
                    for (int q = 0; q < GROUP; q++)
                        EACH_PART sum[q][v] += gz[k][j][v] * w[k][j * SIZE + i + q];
        for (int q = 0; q < GROUP; q++) EACH_PART gx[i + q][v] = sum[q][v];
    }
}

/* ---- the loss ---- */

/* The mean cross-entropy of the scores, which become their own gradients; those of the targets are
   apart, in `targets`, and the scores have 0 there. */
INLINE double cross_entropy(Row *scores, const int *words, Row targets) {
    Row most, whole = {{0}}, slope, power;
    double loss = 0;
    EACH_PART most[v] = scores[0][v];
    for (int j = 1; j < WORDS; j++) EACH_PART most[v] = larger(scores[j][v], most[v]);
    for (int j = 0; j < WORDS; j++)
        EACH_PART {
            scores[j][v] = exponential(scores[j][v] - most[v]);
            whole[v] += scores[j][v];
        }
    for (int t = 0; t < TOKENS; t++) of(&power)[t] = of(scores + words[t + 1])[t];
    EACH_PART {
        const Vector share = power[v] / whole[v], g = (-1.0 / TOKENS) * (1.0 / share);
        for (int k = 0; k < WIDTH; k++) loss += log(share[k]) * -1.0;
        slope[v] = g * (-share / whole[v]);
        targets[v] = (g * (1.0 / whole[v]) + slope[v]) * power[v];
    }
    for (int j = 0; j < WORDS; j++) EACH_PART scores[j][v] *= slope[v];
    for (int t = 0; t < TOKENS; t++) of(scores + words[t + 1])[t] = 0;
    return loss * (1.0 / TOKENS);
}

/* ---- the step ---- */

static Norm norm0, norm1, norm3;
static Head heads[HEADS];
static Row x0[SIZE], x1[SIZE], x2[SIZE], query[SIZE], key[SIZE], value[SIZE], mixed[SIZE];
static Row x3[SIZE], x4[SIZE], hidden[WIDE], x5[SIZE], scores[WORDS];
static Row g5[SIZE], ghidden[WIDE], g4[SIZE], g3[SIZE], gmixed[SIZE];
static Row gquery[SIZE], gkey[SIZE], gvalue[SIZE], g2[SIZE], g1[SIZE], g0[SIZE];

static double step(const Adam *o, double *p, const int *words) {
    double rows[TOKENS][SIZE], grads[WORDS + PLACES][SIZE];
    Row targets, seldom[SIZE];
    for (int t = 0; t < TOKENS; t++)
        for (int i = 0; i < SIZE; i++)
            rows[t][i] = p[words[t] * SIZE + i] + p[POSITION + t * SIZE + i];
    turn(TOKENS, SIZE, *rows, of(x0));
    normalize(&norm0, x0, x1);
    normalize(&norm1, x1, x2);
    linear(GROUP, SIZE, SIZE, p + QUERY, x2, query);
    linear(GROUP, SIZE, SIZE, p + KEY, x2, key);
    linear(GROUP, SIZE, SIZE, p + VALUE, x2, value);
    for (int h = 0, c = 0; h < HEADS; h++, c += HEAD)
        attend(heads + h, query + c, key + c, value + c, mixed + c);
    linear(GROUP, SIZE, SIZE, p + OUTPUT, mixed, x3);
    for (int i = 0; i < SIZE; i++) EACH_PART x3[i][v] += x1[i][v];
    normalize(&norm3, x3, x4);
    linear(GROUP, WIDE, SIZE, p + WIDEN, x4, hidden);
    for (int i = 0; i < WIDE; i++) EACH_PART hidden[i][v] = where(hidden[i][v] > 0.0, hidden[i][v]);
    linear(GROUP, SIZE, WIDE, p + NARROW, hidden, x5);
    for (int i = 0; i < SIZE; i++) EACH_PART x5[i][v] += x3[i][v];
    linear(WIDTH == 8 ? 9 : 3, WORDS, SIZE, p + SCORES, x5, scores);
    const double loss = cross_entropy(scores, words, targets);

    linear_back(WORDS, SIZE, p + SCORES, scores, g5);
    for (int t = 0; t < TOKENS; t++)
        memcpy(rows[t], p + SCORES + words[t + 1] * SIZE, sizeof *rows);
    turn(TOKENS, SIZE, *rows, of(seldom));
    for (int i = 0; i < SIZE; i++) EACH_PART g5[i][v] += targets[v] * seldom[i][v];
    for (int t = 0; t < TOKENS; t++) of(scores + words[t + 1])[t] = of(&targets)[t];
    learn(o, p, SCORES, WORDS, SIZE, scores, x5);
    linear_back(SIZE, WIDE, p + NARROW, g5, ghidden);
    learn(o, p, NARROW, SIZE, WIDE, g5, hidden);
    for (int i = 0; i < WIDE; i++)
        EACH_PART ghidden[i][v] = where(hidden[i][v] > 0.0, ghidden[i][v]);
    linear_back(WIDE, SIZE, p + WIDEN, ghidden, g4);
    learn(o, p, WIDEN, WIDE, SIZE, ghidden, x4);
    memcpy(g3, g5, sizeof g3);
    normalize_back(&norm3, x3, g4, g3);
    linear_back(SIZE, SIZE, p + OUTPUT, g3, gmixed);
    learn(o, p, OUTPUT, SIZE, SIZE, g3, mixed);
    for (int h = 0, c = 0; h < HEADS; h++, c += HEAD)
        attend_back(heads + h, query + c, key + c, value + c, gmixed + c, gquery + c, gkey + c,
                    gvalue + c);
    sources_back(p, gquery, gkey, gvalue, g2);
    learn(o, p, VALUE, SIZE, SIZE, gvalue, x2);
    learn(o, p, KEY, SIZE, SIZE, gkey, x2);
    learn(o, p, QUERY, SIZE, SIZE, gquery, x2);
    memcpy(g1, g3, sizeof g1);
    normalize_back(&norm1, x1, g2, g1);
    memset(g0, 0, sizeof g0);
    normalize_back(&norm0, x0, g1, g0);
    turn(SIZE, TOKENS, of(g0), *rows);
    memset(grads, 0, sizeof grads);
    for (int t = TOKENS; t-- > 0;)
        for (int i = 0; i < SIZE; i++) {
            grads[words[t]][i] += rows[t][i];
            grads[WORDS + t][i] += rows[t][i];
        }
    for (int i = 0; i < QUERY; i += WIDTH) move(o, p, i, *(Vector *)(*grads + i));
    return loss;
}

/* words: the eight tokens and the last target; settings: lr, beta1, beta2, eps; done: steps made. */
void w3_train(double *p, double *mean, double *square, const int *words, int steps, int done,
              const double *settings, double *losses) {
    Adam o = {mean, square, settings[1], settings[2], settings[3], 0, 0};
    for (int k = 0; k < steps; k++) {
        o.pace = settings[0] / (1 - pow(o.beta1, done + k + 1));
        o.scale = sqrt(1 - pow(o.beta2, done + k + 1));
        losses[k] = step(&o, p, words);
    }
}
