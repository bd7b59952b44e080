/* What a machine holds: a plan, its numbers, and their gradients. */
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

/* An op of one or two inputs as loops over lanes. Each loop returns whether it raised its flag.
   `first` says that it adds its contribution to 0, whatever stands in g: so -0.0 becomes 0.0. */
typedef struct {
    const char *name;
    int inputs;
    int (*forward)(ptrdiff_t n, double *z, const double *x, const double *y);
    int (*backward[2])(ptrdiff_t n, int first, const double *gz, const double *z, const double *x,
                       const double *y, double *g);
} Loops;

/* REPEAT and what follows are in the tail alone: see repeats.py and matrices.py. */
enum { ELEMENTWISE, DOT, MAXIMUM, MINIMUM, LOGSUMEXP, LAYER, REPEAT, DOTS, MANIES, MATRIX, CHOOSE };

/* A piece of fewer sums of two is done row by row: calling its loop costs more. */
enum { SHORT_PIECE = 8 };

/* Rows that follow one another, of an op of one or two inputs. Row r takes the numbers at the places
   at[i] + r * moves[i]; the scalars come first in this, and the rows of the tail after them. */
typedef struct {
    int rows, at[2], moves[2];
    int wanted[2]; /* whether an operand has a gradient */
} Piece;

/* A copy of a number of an input of a matrix: the places of both, and where in `late` of the machine
   the gradient of the copy stands until it is added. */
typedef struct {
    int from, to, late;
} Copy;

/* What computes a row, or several. An operand is an int: row r, or scalar ~k if it is negative. For
   example, v3 = w * x is {.out = 3, .operands = {~0, 1}} where w is scalar 0 and x is row 1. */
typedef struct {
    int kind;
    int loop;            /* which of LOOPS, if it is elementwise or a repeat; of a CHOOSE, which
                            of the choices */
    int out;             /* the row that it computes; the first one, if there are several */
    int rows;            /* how many rows an elementwise instruction or a repeat computes */
    int differentiated;  /* whether the output of the plan depends on it */
    int count;           /* of operands; of a layer, its inputs */
    const int *operands; /* of a layer: its inputs, then each neuron's weights and bias */
    int first[2];        /* for each operand: whether its first gradient comes from here. Of a layer
                            first[0] alone counts, for all inputs together */
    /* the rest is for layers, but for `neighbours` and `in_place` of a dot, and for the tail: */
    int neurons, biased;
    int direct;        /* whether an input or a weight occurs twice: then lanes go one by one */
    int neighbours;    /* whether the weights of a neuron, or of a dot, are neighbouring scalars */
    int in_place;      /* whether all its scalars are neighbours: then they are not copied */
    ptrdiff_t width;   /* of a row of weights: inputs + 1, and more up to whole vectors */
    ptrdiff_t height;  /* neurons, and more up to whole vectors */
    int *wanted;       /* the inputs that have a gradient */
    int wanted_count;
    int *picked;       /* the inputs that are chosen: pairs of the first of some whose candidates
                          are neighbours, and how many they are; the exact loops' alone */
    int picked_count;  /* of pairs */
    double *weights;   /* [neurons][width]; the bias of a neuron stands behind its weights */
    double *slopes;    /* the gradients of the weights, [neurons][width] */
    double *by_input;  /* the weights as [width][height] */
    double *turned;    /* the inputs as [lanes][width]; a bias is the weight of an input of 1 */
    /* for repeats, dots, manies and matrices of the tail, where `out` is a place: */
    const Piece *pieces; /* of a repeat; `rows` says how many */
    int end;             /* of a repeat: the place behind its last row */
    int adds;            /* of a repeat: whether it is a sum of two */
    int many;            /* of manies: MAXIMUM, MINIMUM or LOGSUMEXP */
    int follow[2];       /* of dots: whether the numbers of either half always are neighbours; of a
                            matrix follow[0]: whether its biases are */
    const int *inputs_at, *weights_at, *biases_at, *order, *rank; /* of a matrix: see matrix.h */
    int turns;           /* of a matrix: whether it is the first with these weights */
    const Copy *copies;  /* of a matrix: numbers of its inputs that it copies, the last input first */
    int copy_count;
    const int *stops, *first_stop; /* for the gradients of the copies: see matrix.h */
} Instruction;

/* A row of the tail: the sum over lanes of a row of the body, one row for each class of sample. */
typedef struct {
    int out, classes;
    const int *rows;
} Sum;

/* A row that is chosen: in each lane the candidate whose number stands in row `column` of the body.
   It has no gradient of its own: what it gets goes to the candidate. */
typedef struct {
    int column, count;     /* of candidates */
    int first, step;       /* candidate k is the operand first + k * step, ... */
    const int *candidates; /* ... or stands here, if this is not NULL */
} Choice;

/* Where an operand of the tail stands that is chosen. */
typedef struct {
    int choice, *place;
} Patch;

/* A column that has to hold whole numbers from 0 to count - 1. */
typedef struct {
    int column, count;
} Bound;

/* The body or the tail: its rows and their gradients. Row r begins at r * stride. */
typedef struct {
    double *values, *grads;
    ptrdiff_t stride;
    ptrdiff_t lanes;
    int inputs; /* the first rows, which have no gradient */
    int count;
    Instruction *code;
    int length;
    int *zeroed; /* the rows whose gradients are set to 0 first; others begin with a contribution */
    int zeroed_count;
    Choice *choices;
    int *choice_of; /* of each row: 1 + the number of its choice, or 0; NULL if none is chosen */
} Rows;

/* Instructions of the tail that follow one another, and the rows that they compute. */
typedef struct {
    int first, end, first_row, end_row;
} Part;

typedef struct {
    int parameters, scalar_count;
    double *scalars, *scalar_grads; /* parameters, then constants; the rows of the tail lie behind */
    double seed;         /* the gradient of the output, 1 unless the loss is part of another */
    const double *start; /* what the parameters have so far, NULL for zeros */
    double *constants;              /* they stay here where machines share their scalars */
    Rows body, tail;
    /* The lanes of the body are done in chunks that fit into the cache; `body` is the current one.
       All chunks share one place for gradients. If only the inputs are kept, they share one place
       for numbers too: then the numbers are computed again before the gradients. */
    ptrdiff_t lanes;
    int chunks, kept; /* the rows of a chunk that are kept: all, or the inputs */
    double *values;   /* of all chunks, [chunks][kept][stride] */
    int *classes;     /* of all lanes */
    Sum *sums;
    int sum_count, has_classes, class_count;
    int *chosen; /* the classes of the current lanes */
    double *late; /* of the matrix at hand: see matrix.h */
    Patch *patches;
    Bound *bounds;
    int patch_count, bound_count;
    int *silent, silent_count; /* parameters that get no gradient where they are chosen */
    int unpicked; /* whether lanes compute numbers that no choice and no sum takes */
    int output, sequential;
    const Part *parts; /* what a step runs of the tail: see Course */
    int part_count;
    /* scratch */
    double *x, *y, *g;     /* as long as a row of the body, and as the longest repeat */
    double *few;           /* the operands of one lane */
    const double **inputs; /* where the rows of a layer's inputs are */
    double **targets;      /* where their gradients are */
} Machine;

/* A function of one number, for n of them. */
typedef void (*Function)(ptrdiff_t n, double *z, const double *x);

/* The loops, compiled for a width of vectors. forward and backward return whether a flag was
   raised. sum: of n numbers, in any order; NULL where the order is fixed. */
typedef struct {
    int width;
    int (*forward)(Machine *m, const Rows *rows, const char *needed);
    int (*backward)(Machine *m, const Rows *rows, ptrdiff_t first, ptrdiff_t lanes);
    double (*sum)(const double *x, ptrdiff_t n);
    const Function *many; /* exp and others: see elementary.h */
} Version;

static INLINE int has_gradient(const Machine *m, const Rows *rows, int operand) {
    return operand < 0 ? ~operand < m->parameters : operand >= rows->inputs;
}

static INLINE double *value_at(const Machine *m, const Rows *rows, int operand, ptrdiff_t lane) {
    return operand < 0 ? m->scalars + ~operand : rows->values + operand * rows->stride + lane;
}

static INLINE double *grad_at(const Machine *m, const Rows *rows, int operand, ptrdiff_t lane) {
    return operand < 0 ? m->scalar_grads + ~operand : rows->grads + operand * rows->stride + lane;
}

/* The candidate that an index names, as an operand. The index was found to be one. */
static INLINE int candidate(const Choice *choice, double index) {
    const int k = (int)index;
    return choice->candidates ? choice->candidates[k] : choice->first + k * choice->step;
}

static INLINE int is_chosen(const Rows *rows, int operand) {
    return rows->choice_of && operand >= 0 && rows->choice_of[operand];
}

/* An operand as it is in a lane: if it is chosen, the candidate. */
static INLINE int picked(const Rows *rows, int operand, ptrdiff_t lane) {
    if (!is_chosen(rows, operand)) return operand;
    const Choice *choice = rows->choices + rows->choice_of[operand] - 1;
    return candidate(choice, rows->values[choice->column * rows->stride + lane]);
}

/* Candidates that are equally far from each other in memory: in lane s, candidate k is
   at[k * step + s * lane]. */
typedef struct {
    double *at;
    ptrdiff_t step, lane;
} Even;

/* The candidates of a choice among such numbers, or gradients, of scalars and of rows. */
static INLINE Even even(const Rows *rows, const Choice *choice, double *scalars, double *of_rows) {
    if (choice->first < 0) return (Even){scalars + ~choice->first, -choice->step, 0};
    return (Even){of_rows + choice->first * rows->stride, choice->step * rows->stride, 1};
}

/* Where the gradient of an operand is, if that is chosen the candidate's. */
static INLINE double *grad_of(const Machine *m, const Rows *rows, int operand, ptrdiff_t lane) {
    return grad_at(m, rows, picked(rows, operand, lane), lane);
}

/* The weights of a layer, and how far the next neuron's are: among the scalars, if all of them are
   neighbours there, and otherwise where `pack` has put them. */
static INLINE const double *weights_of(const Machine *m, const Instruction *c, ptrdiff_t *width) {
    *width = c->in_place ? c->count + c->biased : c->width;
    return c->in_place ? m->scalars + ~c->operands[c->count] : c->weights;
}

/* The row of the body from which a sum takes a lane. */
static INLINE int summand(const Machine *m, const Sum *sum, ptrdiff_t lane) {
    return sum->rows[sum->classes > 1 ? m->chosen[lane] : 0];
}

/* Whether all gradients are finite. A lane also has rows of classes that its sample is not of, and
   candidates that are not picked. Their gradients are 0, but 0 times an infinite slope is nan.
   Python has no such rows. */
static int known(const Machine *m) {
    for (int i = 0; i < m->parameters; i++)
        if (!isfinite(m->scalar_grads[i])) return 0;
    return 1;
}
