/* The strict limit: the training steps of W1 and W2 by hand, with the bits of eager.

   As limit.c: no graph, no instruction, every size known to the compiler. But every sum is made in
   the order of eager, as replay has to: over the samples from the last to the first. What lies side
   by side in a register are therefore neurons, and their numbers lie sample by sample. Where a
   gradient is complete its parameter makes its step at once, and is never stored.
   Compiled without -ffast-math and without contraction to FMA: every operation is IEEE's.

   Parameters lie neuron by neuron, weights and then the bias. data is a row for each input and one
   of the targets; a row of W2 has room for 104 samples. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#if defined(__AVX2__) && defined(__FMA__)
/* Four tanh at once, with the bits of the C library: those of the machine. */
#include <immintrin.h>
typedef void (*Function)(ptrdiff_t n, double *z, const double *x);
#define WIDTH 4
#define INLINE inline __attribute__((always_inline))
#define MATH_TARGET
#define NAME(f) f##_4
#include "vector_type.h"
#include "elementary.h"
#undef WIDTH
#undef INLINE
#define TANH4(x) ((Four)tanh_4((Vector_4)(x)))
#else
#define TANH4(x) ((Four){tanh((x)[0]), tanh((x)[1]), tanh((x)[2]), tanh((x)[3])})
#endif

#ifdef __AVX512F__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef double Vector __attribute__((vector_size(8 * WIDTH), aligned(8)));
typedef long long Mask __attribute__((vector_size(8 * WIDTH)));
typedef double Four __attribute__((vector_size(32), aligned(8)));
typedef long long Places __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))

INLINE Vector where(Mask mask, Vector x) { return (Vector)(mask & (Mask)x); }

INLINE Vector *at(double *x) { return (Vector *)x; }

/* Four rows of four, turned. */
INLINE void turn(Four *x) {
    const Places even = {0, 4, 2, 6}, odd = {1, 5, 3, 7}, low = {0, 1, 4, 5}, high = {2, 3, 6, 7};
    Four ab0 = __builtin_shuffle(x[0], x[1], even), ab1 = __builtin_shuffle(x[0], x[1], odd);
    Four cd0 = __builtin_shuffle(x[2], x[3], even), cd1 = __builtin_shuffle(x[2], x[3], odd);
    x[0] = __builtin_shuffle(ab0, cd0, low), x[1] = __builtin_shuffle(ab1, cd1, low);
    x[2] = __builtin_shuffle(ab0, cd0, high), x[3] = __builtin_shuffle(ab1, cd1, high);
}

/* ---- W2: 2-16-16-1, relu, 100 samples, hinge loss and L2 penalty ---- */

enum { SAMPLES = 100, LANES = 104, HIDDEN = 16, COUNT = 337 };
enum { PARTS = HIDDEN / WIDTH, GROUP = 8 / PARTS }; /* eight sums at once, in registers */

static const double PULL = 2e-4; /* of the penalty, on each parameter */
static double input[SAMPLES][2], hidden1[SAMPLES][HIDDEN], hidden2[SAMPLES][HIDDEN];
static double slope1[SAMPLES][HIDDEN], slope2[SAMPLES][HIDDEN], slope[SAMPLES];
static double first[3][HIDDEN], second[HIDDEN + 1][HIDDEN]; /* input by input, the bias last */

/* out[s] = relu(bias + sum of in[s][i] * w[i]), for a group of samples. */
INLINE void dense(int inputs, double (*w)[HIDDEN], const double *in, double *out) {
    Vector sum[GROUP][PARTS];
    for (int q = 0; q < GROUP; q++)
        for (int v = 0; v < PARTS; v++) sum[q][v] = at(w[inputs])[v];
#pragma GCC unroll 16
    for (int i = 0; i < inputs; i++)
        for (int q = 0; q < GROUP; q++)
            for (int v = 0; v < PARTS; v++) sum[q][v] += in[q * inputs + i] * at(w[i])[v];
    for (int q = 0; q < GROUP; q++)
        for (int v = 0; v < PARTS; v++)
            at(out + q * HIDDEN)[v] = where(sum[q][v] > 0.0, sum[q][v]);
}

/* The slopes of the first hidden layer, for a group of samples: the last neuron comes first. */
INLINE void passed_on(double *w, int s) {
    Vector sum[GROUP][PARTS] = {{{0}}};
#pragma GCC unroll 16
    for (int t = HIDDEN; t-- > 0;)
        for (int q = 0; q < GROUP; q++)
            for (int v = 0; v < PARTS; v++)
                sum[q][v] += slope2[s + q][t] * at(w + t * (HIDDEN + 1))[v];
    for (int q = 0; q < GROUP; q++)
        for (int v = 0; v < PARTS; v++)
            at(slope1[s + q])[v] = where(at(hidden1[s + q])[v] > 0.0, sum[q][v]);
}

/* The step of the weights of a group of neurons of the second layer. */
INLINE void learn(double *w, int t, double lr) {
    Vector sum[GROUP][PARTS];
    w += t * (HIDDEN + 1);
    for (int q = 0; q < GROUP; q++)
        for (int v = 0; v < PARTS; v++) sum[q][v] = PULL * at(w + q * (HIDDEN + 1))[v];
    for (int s = SAMPLES; s-- > 0;)
        for (int q = 0; q < GROUP; q++)
            for (int v = 0; v < PARTS; v++) sum[q][v] += slope2[s][t + q] * at(hidden1[s])[v];
    for (int q = 0; q < GROUP; q++)
        for (int v = 0; v < PARTS; v++) at(w + q * (HIDDEN + 1))[v] -= lr * sum[q][v];
}

/* Its scores; returns the sum of the losses. slope is then that of each score. */
INLINE double scored(const double *w, const double *target) {
    double loss = 0;
    for (int s = 0; s < SAMPLES; s += 4) {
        Four score = (Four){0} + w[HIDDEN], goal = *(Four *)(target + s);
        for (int i = 0; i < HIDDEN; i += 4) {
            Four in[4];
            for (int q = 0; q < 4; q++) in[q] = *(Four *)(hidden2[s + q] + i);
            turn(in);
            for (int q = 0; q < 4; q++) score += w[i + q] * in[q];
        }
        Four margin = 1.0 - goal * score;
        Places inside = margin > 0.0;
        margin = (Four)(inside & (Places)margin);
        *(Four *)(slope + s) = (Four)(inside & (Places)(goal * (-1.0 / SAMPLES)));
        for (int q = 0; q < 4; q++) loss += margin[q];
    }
    return loss;
}

static double w2_step(double *p, const double *target, double lr) {
    double *p2 = p + 3 * HIDDEN, *p3 = p2 + (HIDDEN + 1) * HIDDEN, penalty = 0;
    int squares = 0;
    for (int t = 0; t < HIDDEN; t++)
        for (int i = 0; i < 3; i++) first[i][t] = p[3 * t + i];
    for (int i = 0; i <= HIDDEN; i++)
        for (int t = 0; t < HIDDEN; t++) second[i][t] = p2[t * (HIDDEN + 1) + i];
    for (int s = 0; s < SAMPLES; s += GROUP) {
        dense(2, first, input[s], hidden1[s]);
        dense(HIDDEN, second, hidden1[s], hidden2[s]);
        /* Each square waits for the one before: here it has the others' company. */
        for (int k = 0; k < 7 * GROUP / 2 && squares < COUNT; k++, squares++)
            penalty += p[squares] * p[squares];
    }
    double loss = scored(p3, target), bias = PULL * p3[HIDDEN];

    Vector last[PARTS], biases[PARTS], old[PARTS];
    for (int v = 0; v < PARTS; v++) {
        Vector b;
        for (int k = 0; k < WIDTH; k++) b[k] = p2[(v * WIDTH + k) * (HIDDEN + 1) + HIDDEN];
        old[v] = at(p3)[v], last[v] = PULL * old[v], biases[v] = PULL * b;
    }
    for (int s = SAMPLES; s-- > 0;) {
        bias += slope[s];
        for (int v = 0; v < PARTS; v++) {
            Vector in = at(hidden2[s])[v], d = where(in > 0.0, slope[s] * old[v]);
            last[v] += slope[s] * in;
            biases[v] += d;
            at(slope2[s])[v] = d;
        }
    }
    for (int s = 0; s < SAMPLES; s += GROUP) passed_on(p2, s);
    for (int v = 0; v < PARTS; v++) at(p3)[v] -= lr * last[v];
    p3[HIDDEN] -= lr * bias;
    for (int t = 0; t < HIDDEN; t += GROUP) learn(p2, t, lr);
    for (int t = 0; t < HIDDEN; t++)
        p2[t * (HIDDEN + 1) + HIDDEN] -= lr * biases[t / WIDTH][t % WIDTH];

    Vector sum[3][PARTS];
    for (int i = 0; i < 3; i++)
        for (int v = 0; v < PARTS; v++) sum[i][v] = PULL * at(first[i])[v];
    for (int s = SAMPLES; s-- > 0;)
        for (int v = 0; v < PARTS; v++) {
            Vector d = at(slope1[s])[v];
            for (int i = 0; i < 2; i++) sum[i][v] += d * input[s][i];
            sum[2][v] += d;
        }
    for (int i = 0; i < 3; i++)
        for (int t = 0; t < HIDDEN; t++) p[3 * t + i] -= lr * sum[i][t / WIDTH][t % WIDTH];
    return loss / SAMPLES + 1e-4 * penalty;
}

void w2_train(double *p, const double *data, int steps, double lr, double *losses) {
    for (int s = 0; s < SAMPLES; s++)
        for (int i = 0; i < 2; i++) input[s][i] = data[i * LANES + s];
    for (int k = 0; k < steps; k++) losses[k] = w2_step(p, data + 2 * LANES, lr);
}

/* ---- W1: 2-4-1, tanh, 4 samples, mean squared error: a register for each sample's neurons ---- */

typedef struct {
    Four first[3], weights; /* input by input, the bias last; of the output */
    double bias;
} Network;

static double w1_step(Network *n, const double *data, double lr) {
    const double *x0 = data, *x1 = data + 4;
    Four hidden[4], turned[4], y = (Four){0} + n->bias, target = *(const Four *)(data + 8);
    for (int s = 0; s < 4; s++)
        hidden[s] = turned[s] = TANH4(n->first[2] + n->first[0] * x0[s] + n->first[1] * x1[s]);
    turn(turned);
    for (int j = 0; j < 4; j++) y += n->weights[j] * turned[j];
    y = TANH4(y);
    Four error = y - target, squares = error * error, d = 0.5 * error * (1.0 - y * y);
    Four g[3] = {{0}}, weights = {0};
    for (int s = 4; s-- > 0;) {
        Four e = d[s] * n->weights * (1.0 - hidden[s] * hidden[s]);
        g[0] += e * x0[s];
        g[1] += e * x1[s];
        g[2] += e;
        weights += d[s] * hidden[s];
    }
    for (int i = 0; i < 3; i++) n->first[i] -= lr * g[i];
    n->weights -= lr * weights;
    n->bias -= lr * (d[3] + d[2] + d[1] + d[0]);
    return (squares[0] + squares[1] + squares[2] + squares[3]) * 0.25;
}

void w1_train(double *p, const double *data, int steps, double lr, double *losses) {
    Network n = {.weights = *(Four *)(p + 12), .bias = p[16]};
    for (int i = 0; i < 3; i++) n.first[i] = (Four){p[i], p[3 + i], p[6 + i], p[9 + i]};
    for (int k = 0; k < steps; k++) losses[k] = w1_step(&n, data, lr);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) p[3 * j + i] = n.first[i][j];
    for (int j = 0; j < 4; j++) p[12 + j] = n.weights[j];
    p[16] = n.bias;
}
