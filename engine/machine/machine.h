/* The machine: runs a plan, which is a recorded graph as a list of instructions, on many samples.

   Each number that a graph computes for a sample is a row of the body, with one lane for each
   sample; an instruction computes a whole row (a layer: several), one loop over its lanes. What is
   computed once, of all samples, stands in the tail: rows of a single lane, where sums over lanes
   begin. Parameters and constants are scalars.

   The gradients are those that engine/value.py computes, to the last bit: all that is summed is
   summed in its order. Where a kernel raises its flag the run is abandoned, for Python to repeat.

   All indices in a plan have been checked, in machine.pyx, before anything here runs. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "many.h"
#include "rows.h"

#ifdef _MSC_VER
#define RESTRICT __restrict
#define INLINE __forceinline
#else
#define RESTRICT restrict
#define INLINE inline __attribute__((always_inline))
#endif

/* An op of one or two inputs as loops over lanes; each returns whether it raised its flag. The
   first contribution to a gradient is added to 0, whatever stands there: -0.0 becomes 0.0. */
typedef struct {
    const char *name;
    int inputs;
    int (*forward)(ptrdiff_t n, double *z, const double *x, const double *y);
    int (*backward[2])(ptrdiff_t n, int first, const double *gz, const double *z, const double *x,
                       const double *y, double *g);
} Loops;

/* RUN and PRODUCTS are of the tail alone: see engine/runs.py. */
enum { ELEMENTWISE, DOT, MAXIMUM, MINIMUM, LOGSUMEXP, LAYER, RUN, PRODUCTS };

/* An operand is an int: row r, or scalar ~k if it is negative. */
typedef struct {
    int kind;
    int loop;            /* which of LOOPS, if it is elementwise */
    int out;             /* the row it computes, or the first of them */
    int rows;            /* how many; of an op of one or two inputs: the same op, row by row */
    int differentiated;  /* whether the output depends on it */
    int count;           /* operands; of a layer, inputs */
    const int *operands; /* of a layer: its inputs, then neuron by neuron weights and bias */
    int first[2];        /* whether no gradient came to an input before; of a layer, to any */
    int steps[2];        /* of a run: whether an operand moves on from row to row */
    int serial;          /* of a run: whether its rows have to take turns */
    /* and for a layer alone: */
    int neurons, biased;
    int direct;        /* whether something in it occurs twice, so that lanes must take turns */
    int neighbours;    /* whether each neuron's weights, or a dot's, follow one another as scalars */
    int in_place;      /* whether all its scalars do, and are used where they are */
    ptrdiff_t width;   /* of a row of weights: inputs + 1, padded to whole vectors */
    ptrdiff_t height;  /* neurons, padded likewise */
    int *wanted;       /* which of its inputs have a gradient */
    int wanted_count;
    double *weights;   /* [neurons][width]; behind each neuron's weights its bias */
    double *slopes;    /* their gradients, likewise */
    double *by_input;  /* the weights as [width][height] */
    double *turned;    /* the inputs as [lanes][width]; the bias is the weight of one more, of 1 */
    /* and in fast mode: */
    int together;      /* how many instructions from here on are one loop */
    char *fresh;       /* for each operand, whether no gradient has come to it before */
} Instruction;

/* A row of the tail: the sum over lanes of a row of the body, one row for each class of sample. */
typedef struct {
    int out, classes;
    const int *rows;
} Sum;

/* Rows, and their gradients; row r begins at r * stride. */
typedef struct {
    double *values, *grads;
    ptrdiff_t stride;
    ptrdiff_t lanes;
    int inputs; /* the first rows, which have no gradient */
    int count;
    Instruction *code;
    int length;
    int *zeroed; /* which rows' gradients begin with 0, and not with what first comes to them */
    int zeroed_count;
} Rows;

typedef struct {
    int parameters, scalar_count;
    double *scalars, *scalar_grads;
    Rows body, tail;
    /* The body's lanes are done in chunks that fit into the cache: body is the chunk that is on.
       Its gradients are in the same place for all, and where only the inputs are kept its numbers,
       too: they are computed again before the gradients are. */
    ptrdiff_t lanes;
    int chunks, kept; /* rows of a chunk that are kept: all, or the inputs */
    double *values;   /* of all chunks, [chunks][kept][stride] */
    int *classes;     /* of all lanes */
    Sum *sums;
    int sum_count, has_classes, class_count;
    int *chosen; /* classes of the lanes that are on */
    int output, sequential;
    /* scratch */
    double *x, *y, *g;     /* as long as a row of the body, or the longest run of the tail */
    double *few;           /* the operands of one lane */
    const double **inputs; /* where the rows of a layer's inputs are */
    double **targets;      /* where their gradients are */
    int fast;
    double *slope, *ones; /* in fast mode: a row more, and one of ones */
} Machine;

/* What is compiled for a width of vectors; the first two return whether a flag was raised. sum: of
   n numbers, in any order; NULL where there is but one. */
typedef struct {
    int width;
    int (*forward)(Machine *m, const Rows *rows, const char *needed);
    int (*backward)(Machine *m, const Rows *rows, ptrdiff_t first, ptrdiff_t lanes);
    double (*sum)(const double *x, ptrdiff_t n);
} Kernels;

static INLINE int has_gradient(const Machine *m, const Rows *rows, int operand) {
    return operand < 0 ? ~operand < m->parameters : operand >= rows->inputs;
}

static INLINE double *value_at(const Machine *m, const Rows *rows, int operand, ptrdiff_t lane) {
    return operand < 0 ? m->scalars + ~operand : rows->values + operand * rows->stride + lane;
}

static INLINE double *grad_at(const Machine *m, const Rows *rows, int operand, ptrdiff_t lane) {
    return operand < 0 ? m->scalar_grads + ~operand : rows->grads + operand * rows->stride + lane;
}

/* The weights of a layer and how far a neuron's are from the next one's: among the scalars, if
   they all follow one another there, or else packed. */
static INLINE const double *weights_of(const Machine *m, const Instruction *c, ptrdiff_t *width) {
    *width = c->in_place ? c->count + c->biased : c->width;
    return c->in_place ? m->scalars + ~c->operands[c->count] : c->weights;
}

/* Which row of the body a lane is summed from. */
static INLINE int summand(const Machine *m, const Sum *sum, ptrdiff_t lane) {
    return sum->rows[sum->classes > 1 ? m->chosen[lane] : 0];
}

/* Whether all gradients are finite. A lane has rows of other classes than its own, with gradients
   of 0; but 0 times inf is nan, which Python, that has no such rows, would not see. */
static int known(const Machine *m) {
    for (int i = 0; i < m->parameters; i++)
        if (!isfinite(m->scalar_grads[i])) return 0;
    return 1;
}

/* Once for the vectors of every processor of its kind, once for the wide ones of newer ones. */
#if defined(__GNUC__)
#define WIDTH 2
#else
#define WIDTH 1
#endif
#define TARGET
#define NAME(f) f##_everywhere
#include "exact.h"
#undef WIDTH
#undef TARGET
#undef NAME
#if defined(__GNUC__) && defined(__x86_64__)
#define WIDTH 4
#define TARGET __attribute__((target("avx2"))) /* not fma, which rounds once instead of twice */
#define NAME(f) f##_avx2
#include "exact.h"
#undef WIDTH
#undef TARGET
#undef NAME
#endif

/* The kernels with vectors of that width, or the widest that this processor has if it is 0. */
static const Kernels *kernels_of(int width) {
#if defined(__GNUC__) && defined(__x86_64__)
    __builtin_cpu_init();
    if ((width == 0 || width == 4) && __builtin_cpu_supports("avx2")) return &KERNELS_avx2;
#endif
    return width == 0 || width == KERNELS_everywhere.width ? &KERNELS_everywhere : NULL;
}

#include "fast.h"

/* ---- a run ---- */

/* A layer's weights side by side, as its kernels read them. */
static void pack(const Machine *m, const Rows *rows) {
    for (int c = 0; c < rows->length; c++) {
        const Instruction *layer = rows->code + c;
        if (layer->kind != LAYER || layer->in_place) continue;
        const int *scalar = layer->operands + layer->count;
        for (int j = 0; j < layer->neurons; j++) {
            double *w = layer->weights + j * layer->width;
            int i = layer->neighbours ? layer->count : 0;
            memcpy(w, m->scalars + ~*scalar, i * sizeof(double));
            for (; i < layer->count + layer->biased; i++) w[i] = m->scalars[~scalar[i]];
            scalar += layer->count + layer->biased;
        }
        if (rows->lanes > 1) continue;
        for (int j = 0; j < layer->neurons; j++)
            for (int i = 0; i <= layer->count; i++)
                layer->by_input[i * layer->height + j] = layer->weights[j * layer->width + i];
    }
}

static void pack_layers(Machine *m) {
    pack(m, &m->body);
    pack(m, &m->tail);
}

static void set_parameters(Machine *m, const double *parameters) {
    memcpy(m->scalars, parameters, m->parameters * sizeof(double));
    pack_layers(m);
}

/* The first lane of a chunk, and behind the last chunk their number; of one without a division. */
static INLINE ptrdiff_t first_lane(const Machine *m, int chunk) {
    return chunk == 0 ? 0 : chunk == m->chunks ? m->lanes : m->lanes * chunk / m->chunks;
}

/* Turn to a chunk; returns the first of its lanes. */
static ptrdiff_t turn_to(Machine *m, int chunk) {
    const ptrdiff_t first = first_lane(m, chunk);
    const ptrdiff_t size = m->kept * m->body.stride;
    if (m->kept == m->body.count)
        m->body.values = m->values + chunk * size;
    else
        memcpy(m->body.values, m->values + chunk * size, size * sizeof(double));
    m->body.lanes = first_lane(m, chunk + 1) - first;
    m->chosen = m->classes + first;
    return first;
}

/* Samples of the data into the lanes: those picked, or if that is NULL all in their order; whether
   they and their classes exist. */
static int set_samples(Machine *m, const double *data, const int *classes, const int *picked,
                       ptrdiff_t samples) {
    const Rows *body = &m->body;
    for (int chunk = 0; chunk < m->chunks; chunk++) {
        const ptrdiff_t first = first_lane(m, chunk), end = first_lane(m, chunk + 1);
        double *x = m->values + chunk * m->kept * body->stride;
        for (ptrdiff_t s = first; s < end; s++) {
            ptrdiff_t sample = picked ? picked[s] : s;
            if (sample < 0 || sample >= samples) return 0;
            for (ptrdiff_t i = 0; i < body->inputs; i++)
                x[i * body->stride + s - first] = data[sample * body->inputs + i];
            int class_ = classes ? classes[sample] : 0;
            if (m->has_classes && (class_ < 0 || class_ >= m->class_count)) return 0;
            m->classes[s] = class_;
        }
    }
    return 1;
}

/* Whether the loss is known: no flag was raised, and it is finite. */
static int forward(Machine *m, const Kernels *kernels) {
    for (int chunk = 0; chunk < m->chunks; chunk++) {
        turn_to(m, chunk);
        if (kernels->forward(m, &m->body, NULL)) return 0;
        for (const Sum *sum = m->sums; sum < m->sums + m->sum_count; sum++) {
            double *total = m->tail.values + sum->out;
            ptrdiff_t s = 0;
            if (chunk == 0) *total = *value_at(m, &m->body, summand(m, sum, s), s), s++;
            if (sum->classes == 1 && kernels->sum)
                *total += kernels->sum(value_at(m, &m->body, sum->rows[0], s), m->body.lanes - s);
            else
                for (; s < m->body.lanes; s++)
                    *total += *value_at(m, &m->body, summand(m, sum, s), s);
        }
    }
    if (kernels->forward(m, &m->tail, NULL)) return 0;
    return isfinite(m->tail.values[m->output]);
}

/* The gradients of the chunk that is on; returns whether a flag was raised. */
static int backward_chunk(Machine *m, const Kernels *kernels) {
    Rows *body = &m->body;
    int f = 0;
    if (m->kept < body->count) kernels->forward(m, body, NULL); /* it raised no flag before */
    for (int i = 0; i < body->zeroed_count; i++)
        memset(grad_at(m, body, body->zeroed[i], 0), 0, body->stride * sizeof(double));
    for (const Sum *sum = m->sums + m->sum_count; sum-- > m->sums;) {
        const double grad = m->tail.grads[sum->out];
        double *g = grad_at(m, body, sum->rows[0], 0);
        if (sum->classes == 1)
            for (ptrdiff_t s = 0; s < body->lanes; s++) g[s] += grad;
        else
            for (ptrdiff_t s = 0; s < body->lanes; s++)
                *grad_at(m, body, summand(m, sum, s), s) += grad;
    }
    if (!m->sequential) return kernels->backward(m, body, 0, body->lanes);
    for (ptrdiff_t s = body->lanes; s-- > 0 && !f;) f = kernels->backward(m, body, s, 1);
    return f;
}

/* Whether the gradients are known. */
static int backward(Machine *m, const Kernels *kernels) {
    memset(m->scalar_grads, 0, m->scalar_count * sizeof(double));
    memset(m->tail.grads, 0, m->tail.count * sizeof(double));
    m->tail.grads[m->output] = 1.0;
    if (kernels->backward(m, &m->tail, 0, 1)) return 0;
    for (int chunk = m->chunks; chunk-- > 0;) {
        turn_to(m, chunk);
        if (backward_chunk(m, kernels)) return 0;
    }
    return !m->has_classes || known(m);
}
