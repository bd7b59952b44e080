/* The fast limit: the training steps of W1 and W2 by hand, for one network and one data set only.

   What a good programmer with a C compiler can reach who has no care for the last bits: no graph,
   no instruction, every size known to the compiler, samples side by side in vector registers, sums
   kept in registers. The sums over the samples run across the lanes, in another order than eager's,
   and a product and a sum may be rounded once, as FMA: strict.c does neither.
   Compiled without -ffast-math.

   Parameters lie neuron by neuron, weights and then the bias. data is a row for each input and one
   of the targets, each of LANES numbers, those behind the last sample being 0. */

#include <math.h>
#include <string.h>

#ifdef __AVX512F__
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef double Vector __attribute__((vector_size(8 * WIDTH)));
typedef long long Mask __attribute__((vector_size(8 * WIDTH)));
typedef double Four __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))

INLINE Vector where(Mask mask, Vector x) { return (Vector)(mask & (Mask)x); }

INLINE double total(Vector x) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++) sum += x[k];
    return sum;
}

/* ---- W2: 2-16-16-1, relu, 100 samples, hinge loss and L2 penalty ---- */

enum { SAMPLES = 100, LANES = 104, BLOCKS = LANES / WIDTH, HIDDEN = 16, COUNT = 337 };
typedef Vector Row[BLOCKS];

static Row hidden1[HIDDEN], hidden2[HIDDEN], slope1[HIDDEN], slope2[HIDDEN], slope;
static double gradient[COUNT];

/* out[t] = relu(bias[t] + sum of w[t][i] * in[i]), where w[t] is at w + t * (inputs + 1). */
INLINE void dense(int inputs, int outputs, const double *w, const Row *in, Row *out) {
    for (int t = 0; t < outputs; t += 8)
        for (int b = 0; b < BLOCKS; b++) {
            Vector sum[8];
            for (int q = 0; q < 8; q++) sum[q] = (Vector){0} + w[(t + q) * (inputs + 1) + inputs];
#pragma GCC unroll 16
            for (int i = 0; i < inputs; i++)
                for (int q = 0; q < 8; q++) sum[q] += w[(t + q) * (inputs + 1) + i] * in[i][b];
            for (int q = 0; q < 8; q++) out[t + q][b] = where(sum[q] > 0.0, sum[q]);
        }
}

/* The gradients of such weights and biases: g[t][i] = sum over samples of d[t] * in[i]. */
INLINE void weights(int inputs, int outputs, const Row *d, const Row *in, double *g) {
    for (int t = 0; t < outputs; t += 4) {
        for (int i = 0; i < inputs; i += 2) {
            Vector sum[4][2] = {{{0}}};
            for (int b = 0; b < BLOCKS; b++)
                for (int q = 0; q < 4; q++)
                    for (int r = 0; r < 2; r++) sum[q][r] += d[t + q][b] * in[i + r][b];
            for (int q = 0; q < 4; q++)
                for (int r = 0; r < 2; r++) g[(t + q) * (inputs + 1) + i + r] = total(sum[q][r]);
        }
        for (int q = 0; q < 4; q++) {
            Vector sum = {0};
            for (int b = 0; b < BLOCKS; b++) sum += d[t + q][b];
            g[(t + q) * (inputs + 1) + inputs] = total(sum);
        }
    }
}

/* d_in[i] = sum over neurons of d[t] * w[t][i], where in[i] > 0. */
INLINE void inputs_of(int inputs, int outputs, const double *w, const Row *d, const Row *in,
                      Row *d_in) {
    for (int i = 0; i < inputs; i += 8)
        for (int b = 0; b < BLOCKS; b++) {
            Vector sum[8] = {{0}};
#pragma GCC unroll 16
            for (int t = 0; t < outputs; t++)
                for (int q = 0; q < 8; q++) sum[q] += w[t * (inputs + 1) + i + q] * d[t][b];
            for (int q = 0; q < 8; q++) d_in[i + q][b] = where(in[i + q][b] > 0.0, sum[q]);
        }
}

static double w2_step(double *p, const Row *data, double lr) {
    double *p2 = p + 3 * HIDDEN, *p3 = p2 + (HIDDEN + 1) * HIDDEN, *g3 = gradient + (p3 - p);
    Vector losses = {0}, biases = {0};
    dense(2, HIDDEN, p, data, hidden1);
    dense(HIDDEN, HIDDEN, p2, hidden1, hidden2);
    for (int b = 0; b < BLOCKS; b++) {
        Vector score = (Vector){0} + p3[HIDDEN], target = data[2][b];
        for (int i = 0; i < HIDDEN; i++) score += p3[i] * hidden2[i][b];
        Vector loss = 1.0 - target * score;
        Mask inside = (loss > 0.0) & (target != 0.0);
        losses += where(inside, loss);
        slope[b] = where(inside, target * (-1.0 / SAMPLES));
        biases += slope[b];
    }
    for (int i = 0; i < HIDDEN; i++) {
        Vector sum = {0};
        for (int b = 0; b < BLOCKS; b++) {
            sum += slope[b] * hidden2[i][b];
            slope2[i][b] = where(hidden2[i][b] > 0.0, slope[b] * p3[i]);
        }
        g3[i] = total(sum);
    }
    g3[HIDDEN] = total(biases);
    weights(HIDDEN, HIDDEN, slope2, hidden1, gradient + (p2 - p));
    inputs_of(HIDDEN, HIDDEN, p2, slope2, hidden1, slope1);
    weights(2, HIDDEN, slope1, data, gradient);
    double penalty[8] = {0};
    for (int i = 0; i < COUNT / 8 * 8; i += 8)
        for (int k = 0; k < 8; k++) penalty[k] += p[i + k] * p[i + k];
    for (int i = COUNT / 8 * 8; i < COUNT; i++) penalty[0] += p[i] * p[i];
    for (int k = 1; k < 8; k++) penalty[0] += penalty[k];
    for (int i = 0; i < COUNT; i++) p[i] -= lr * (gradient[i] + 2e-4 * p[i]);
    return total(losses) * (1.0 / SAMPLES) + 1e-4 * penalty[0];
}

void w2_train(double *p, const double *data, int steps, double lr, double *losses) {
    static Row rows[3];
    memcpy(rows, data, sizeof rows);
    for (int k = 0; k < steps; k++) losses[k] = w2_step(p, rows, lr);
}

/* ---- W1: 2-4-1, tanh, 4 samples, mean squared error: a register for each neuron ---- */

INLINE Four tanh4(Four x) { return (Four){tanh(x[0]), tanh(x[1]), tanh(x[2]), tanh(x[3])}; }

INLINE double total4(Four x) { return (x[0] + x[1]) + (x[2] + x[3]); }

static double w1_step(double *p, const Four *data, double lr) {
    Four x0 = data[0], x1 = data[1], hidden[4], y = (Four){0} + p[16];
    double g[17];
    for (int j = 0; j < 4; j++) {
        hidden[j] = tanh4(p[3 * j + 2] + p[3 * j] * x0 + p[3 * j + 1] * x1);
        y += p[12 + j] * hidden[j];
    }
    y = tanh4(y);
    Four error = y - data[2], d = 0.5 * error * (1.0 - y * y);
    for (int j = 0; j < 4; j++) {
        Four e = d * p[12 + j] * (1.0 - hidden[j] * hidden[j]);
        g[3 * j] = total4(e * x0);
        g[3 * j + 1] = total4(e * x1);
        g[3 * j + 2] = total4(e);
        g[12 + j] = total4(d * hidden[j]);
    }
    g[16] = total4(d);
    for (int i = 0; i < 17; i++) p[i] -= lr * g[i];
    return total4(error * error) * 0.25;
}

void w1_train(double *p, const double *data, int steps, double lr, double *losses) {
    Four rows[3];
    memcpy(rows, data, sizeof rows);
    for (int k = 0; k < steps; k++) losses[k] = w1_step(p, rows, lr);
}
