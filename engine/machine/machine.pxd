"""What machine.pyx knows of the C: see state.h, machine.h and optimizers.h."""

cdef extern from *:
    """
    #include "machine.h"
    #include "optimizers.h"
    #define LOOPS LOOPS_everywhere
    """
    ctypedef struct Loops:
        const char *name
        int inputs
        void *backward[2]  # or rather functions

    const Loops LOOPS[]
    const int LOOP_COUNT
    const int ELEMENTWISE, DOT, MAXIMUM, MINIMUM, LOGSUMEXP, LAYER, REPEAT, DOTS, MANIES, MATRIX
    const int CHOOSE
    const int SGD, ADAGRAD, RMSPROP, ADAM, ADAMW

    ctypedef struct Piece:
        int rows
        int at[2]
        int moves[2]
        int wanted[2]

    ctypedef struct Copy:
        int source "from"
        int to, late

    ctypedef struct Instruction:
        int kind, loop, out, rows, differentiated, count
        int neurons, biased, direct, neighbours, wanted_count
        const int *operands
        int first[2]
        int *wanted
        int *picked
        int picked_count
        Py_ssize_t width, height
        double *weights
        double *slopes
        double *by_input
        double *turned
        Piece *pieces
        int end, adds, many, turns
        int follow[2]
        const int *inputs_at
        const int *weights_at
        const int *biases_at
        const int *order
        const int *rank
        const Copy *copies
        int copy_count
        const int *stops
        const int *first_stop
        int in_place

    ctypedef struct Sum:
        int out, classes
        const int *rows

    ctypedef struct Part:
        int first, end, first_row, end_row

    ctypedef struct Choice:
        int column, count, first, step
        const int *candidates

    ctypedef struct Patch:
        int choice
        int *place

    ctypedef struct Bound:
        int column, count

    ctypedef struct Rows:
        double *values
        double *grads
        Py_ssize_t stride, lanes
        int inputs, count, length, zeroed_count
        int *zeroed
        Choice *choices
        int *choice_of
        Instruction *code

    # state.h calls it Machine, which is the name of the class in machine.pyx.
    ctypedef struct State "Machine":
        int parameters, scalar_count, sum_count, has_classes, class_count, output, sequential
        double *scalars
        double *scalar_grads
        double seed
        const double *start
        double *constants
        Rows body, tail
        Py_ssize_t lanes
        int chunks, kept
        double *values
        Sum *sums
        int *classes
        const Part *parts
        int part_count
        Patch *patches
        Bound *bounds
        int patch_count, bound_count, unpicked, silent_count
        int *silent
        double *x
        double *y
        double *g
        double *few
        double *late
        const double **inputs
        double **targets

    ctypedef void (*Function)(Py_ssize_t n, double *z, const double *x) noexcept nogil

    const Function ONE_BY_ONE[]

    ctypedef struct Version:
        int width
        const Function *many
        int (*forward)(State *m, const Rows *rows, const char *needed) noexcept nogil

    ctypedef struct Optimizer:
        int rule, first, count, nesterov, centered, amsgrad
        double step, weight_decay, momentum, dampening, alpha, beta1, beta2, eps, lr_decay
        double *velocity
        double *mean
        double *square
        double *largest

    ctypedef struct Course:
        State *machine
        const Version *version
        const Part *parts
        int part_count, output
        const double *data
        const int *classes
        Py_ssize_t samples

    const Version *version_for(int width, int fused)
    void set_parameters(State *m, const double *parameters) noexcept nogil
    Py_ssize_t turn_to(State *m, int chunk) noexcept nogil
    int set_samples(
        State *m, const double *data, const int *classes, const int *picked, Py_ssize_t samples
    ) noexcept nogil
    int forward(State *m, const Version *version) noexcept nogil
    int backward(State *m, const Version *version) noexcept nogil
    void put_constants(State *m) noexcept nogil
    ctypedef struct Watched:
        State *m
        const Version *version
        const int *wanted
        int wanted_count
        Py_ssize_t every, looks
        double *losses
        double *outputs
        double *parameters

    int look(Watched *w, const double *parameters) noexcept nogil
    Py_ssize_t train(
        Course *courses, int course_count, const int *which, Optimizer *groups, int group_count,
        double max_norm, double *parameters, const int *order, const double *lrs,
        const double *momenta, Py_ssize_t steps, double *losses, Watched *watched
    ) noexcept nogil
