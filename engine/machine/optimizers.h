/* The optimisers of nn/optim, and its clipping, to the last bit; and the loop of a training.

   machine.pyx gives every number. Here nothing has a default. */

/* A loop that is compiled once for each width of vectors, of which the processor takes its own. No
   bit depends on the width: roots and quotients are exact, and nothing is contracted. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define OF_ANY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define OF_ANY_WIDTH
#endif

enum { SGD, ADAGRAD, RMSPROP, ADAM, ADAMW };

/* What moves a group of parameters. The group has `count` of them, from number `first` on. */
typedef struct {
    int rule, first, count;
    double step; /* how many steps were made; SGD counts only steps with momentum */
    double weight_decay;
    double momentum, dampening, alpha, beta1, beta2, eps, lr_decay;
    int nesterov, centered, amsgrad;
    double *velocity, *mean, *square, *largest; /* of the group's first parameter */
    double lr, scale, pace;                     /* of the next step */
} Optimizer;

/* Whether these are numbers at which Python divides by no 0 and takes no root of a negative number.
   nn/optim refuses all others. This guards against numbers that were changed afterwards. */
static int tame(const Optimizer *o) {
    return o->eps > 0 && o->lr_decay >= 0 && o->alpha >= 0 && o->alpha < 1 && o->beta1 >= 0 &&
           o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1;
}

/* Makes a step ready; returns whether Python has to do it. */
static int prepare(Optimizer *o, double lr, const double *momentum) {
    const int is_adam = o->rule == ADAM || o->rule == ADAMW;
    int flag = 0;
    o->lr = lr;
    if (momentum) *(is_adam ? &o->beta1 : &o->momentum) = *momentum;
    if (o->rule == SGD) return 0;
    if (!tame(o)) return 1;
    if (o->rule == ADAGRAD) o->pace = lr / (1 + o->step * o->lr_decay);
    if (is_adam) {
        double unseen1 = 1 - power(o->beta1, o->step + 1, &flag);
        double unseen2 = 1 - power(o->beta2, o->step + 1, &flag);
        o->pace = lr / unseen1;
        o->scale = sqrt(unseen2);
        if (unseen1 == 0 || !(o->scale > 0)) flag = 1;
    }
    return flag;
}

/* Whether the squares have real roots; a step keeps them so. */
static int has_roots(const Optimizer *o) {
    for (int i = 0; o->rule != SGD && i < o->count; i++)
        if (o->square[i] < 0 || (o->amsgrad && o->largest[i] < 0)) return 0;
    return 1;
}

/* Without a question inside: a loop of vectors. */
OF_ANY_WIDTH static void plain_sgd(double lr, int count, double *RESTRICT p,
                                   const double *RESTRICT g) {
    for (int i = 0; i < count; i++) p[i] -= lr * g[i];
}

static void sgd(Optimizer *o, double *RESTRICT p, const double *RESTRICT g) {
    double share = o->step == 0 ? 1.0 : 1 - o->dampening, lr = o->lr;
    if (!o->weight_decay && !o->momentum) {
        plain_sgd(lr, o->count, p, g);
        return;
    }
    for (int i = 0; i < o->count; i++) {
        double direction = o->weight_decay ? g[i] + o->weight_decay * p[i] : g[i];
        if (o->momentum) {
            double velocity = o->momentum * o->velocity[i] + share * direction;
            o->velocity[i] = velocity;
            direction = o->nesterov ? direction + o->momentum * velocity : velocity;
        }
        p[i] -= lr * direction;
    }
    if (o->momentum) o->step++;
}

static void adagrad(Optimizer *o, double *p, const double *g) {
    for (int i = 0; i < o->count; i++) {
        double grad = o->weight_decay ? g[i] + o->weight_decay * p[i] : g[i];
        double square = o->square[i] + grad * grad;
        o->square[i] = square;
        p[i] -= o->pace * grad / (sqrt(square) + o->eps);
    }
    o->step++;
}

static void rmsprop(Optimizer *o, double *p, const double *g) {
    for (int i = 0; i < o->count; i++) {
        double grad = o->weight_decay ? g[i] + o->weight_decay * p[i] : g[i];
        double square = o->alpha * o->square[i] + (1 - o->alpha) * grad * grad;
        o->square[i] = square;
        if (o->centered) {
            double mean = o->alpha * o->mean[i] + (1 - o->alpha) * grad;
            o->mean[i] = mean;
            square -= mean * mean;
            if (0.0 > square) square = 0.0;
        }
        double direction = grad / (sqrt(square) + o->eps);
        if (o->momentum) o->velocity[i] = direction = o->momentum * o->velocity[i] + direction;
        p[i] -= o->lr * direction;
    }
}

/* largest: NULL but for amsgrad. */
static INLINE void adam_loop(const Optimizer *o, double *RESTRICT p, const double *RESTRICT g,
                             double *RESTRICT means, double *RESTRICT squares,
                             double *RESTRICT largest, double decay, double shrink) {
    const double beta1 = o->beta1, beta2 = o->beta2, scale = o->scale, pace = o->pace;
    const double eps = o->eps;
    for (int i = 0; i < o->count; i++) {
        double grad = decay ? g[i] + decay * p[i] : g[i];
        double mean = beta1 * means[i] + (1 - beta1) * grad;
        double square = beta2 * squares[i] + (1 - beta2) * grad * grad;
        if (shrink != 1) p[i] *= shrink;
        means[i] = mean;
        squares[i] = square;
        if (largest) {
            if (largest[i] > square) square = largest[i];
            largest[i] = square;
        }
        p[i] -= pace * mean / (sqrt(square) / scale + eps);
    }
}

/* Without a question inside: a loop of vectors. */
OF_ANY_WIDTH static void plain_adam(const Optimizer *o, double *RESTRICT p,
                                    const double *RESTRICT g) {
    adam_loop(o, p, g, o->mean, o->square, NULL, 0, 1);
}

static void adam(Optimizer *o, double *p, const double *g) {
    double shrink = o->rule == ADAMW ? 1 - o->lr * o->weight_decay : 1;
    double decay = o->rule == ADAM ? o->weight_decay : 0;
    if (shrink == 1 && decay == 0 && !o->amsgrad)
        plain_adam(o, p, g);
    else
        adam_loop(o, p, g, o->mean, o->square, o->amsgrad ? o->largest : NULL, decay, shrink);
    o->step++;
}

static void move(Optimizer *o, double *parameters, const double *grads) {
    double *p = parameters + o->first;
    const double *g = grads + o->first;
    if (o->rule == SGD)
        sgd(o, p, g);
    else if (o->rule == ADAGRAD)
        adagrad(o, p, g);
    else if (o->rule == RMSPROP)
        rmsprop(o, p, g);
    else
        adam(o, p, g);
}

/* The length of n numbers, nan if one of them is. */
static double length_of(const double *xs, int n) {
    double largest = 0.0, total = 0.0;
    for (int i = 0; i < n; i++) {
        if (xs[i] != xs[i]) return xs[i];
        if (fabs(xs[i]) > largest) largest = fabs(xs[i]);
    }
    if (largest == 0 || isinf(largest)) return largest;
    for (int i = 0; i < n; i++) {
        double part = fabs(xs[i]) / largest;
        total += part * part;
    }
    return largest * sqrt(total);
}

static void clip(double *grads, int n, double max_norm) {
    double scale = max_norm / (length_of(grads, n) + 1e-6);
    if (scale >= 1.0) return; /* nan is passed on */
    for (int i = 0; i < n; i++) grads[i] *= scale;
}

/* What some steps of a training run: a machine, of whose tail they run some parts, up to a loss, and
   the data that it reads. Samples of one shape have one course. */
typedef struct {
    Machine *machine;
    const Version *version;
    const Part *parts;
    int part_count, output;
    const double *data;
    const int *classes;
    ptrdiff_t samples;
    double *scalars, *scalar_grads, *values, *grads; /* the machine's own, meanwhile */
} Course;

/* How many numbers a machine has side by side: its scalars, and behind them the rows of its tail. */
static ptrdiff_t room(const Machine *m) {
    return m->tail.values - m->scalars + m->tail.count;
}

/* All machines of a training work on the scalars of the largest, and on the rows behind them. Then
   nothing is copied between steps but constants, and the cache holds one set of numbers. */
static void share(Course *courses, int count) {
    const Machine *most = courses->machine;
    for (Course *c = courses; c < courses + count; c++) {
        Machine *m = c->machine;
        c->scalars = m->scalars, c->scalar_grads = m->scalar_grads;
        c->values = m->tail.values, c->grads = m->tail.grads;
        if (room(m) > room(most)) most = m;
    }
    double *scalars = most->scalars, *scalar_grads = most->scalar_grads;
    for (Course *c = courses; c < courses + count; c++) {
        Machine *m = c->machine;
        m->scalars = scalars, m->tail.values = scalars + (c->values - c->scalars);
        m->scalar_grads = scalar_grads, m->tail.grads = scalar_grads + (c->grads - c->scalar_grads);
    }
}

static void put_constants(Machine *m) {
    const int count = m->scalar_count - m->parameters;
    memcpy(m->scalars + m->parameters, m->constants, count * sizeof(double));
}

static void share_no_longer(Course *courses, int count) {
    for (Course *c = courses; c < courses + count; c++) { /* a machine may have several */
        Machine *m = c->machine;
        m->scalars = c->scalars, m->scalar_grads = c->scalar_grads;
        m->tail.values = c->values, m->tail.grads = c->grads;
        put_constants(m);
    }
}

/* What is looked at between the steps of a training: another machine, whose samples are loaded. */
typedef struct {
    Machine *m;
    const Version *version;
    const int *wanted; /* rows of its body */
    int wanted_count;
    ptrdiff_t every, looks; /* after how many steps, and how often it was looked */
    double *losses, *outputs, *parameters; /* of each look; parameters may be NULL */
} Watched;

/* Looks once more, with these parameters. Returns whether the loss is known. */
static int look(Watched *w, const double *parameters) {
    Machine *m = w->m;
    const ptrdiff_t at = w->looks;
    Rows *body = &m->body;
    const ptrdiff_t n = w->wanted_count;
    set_parameters(m, parameters);
    if (!forward(m, w->version)) return 0;
    w->losses[at] = m->tail.values[m->output];
    if (w->parameters)
        memcpy(w->parameters + at * m->parameters, parameters, m->parameters * sizeof(double));
    for (int chunk = 0; n > 0 && chunk < m->chunks; chunk++) {
        double *out = w->outputs + (at * m->lanes + turn_to(m, chunk)) * n;
        if (m->kept < body->count) w->version->forward(m, body, NULL); /* again, for these lanes */
        for (ptrdiff_t i = 0; i < n; i++) {
            const double *row = value_at(m, body, w->wanted[i], 0);
            for (ptrdiff_t s = 0; s < body->lanes; s++) out[s * n + i] = row[s];
        }
    }
    w->looks++;
    return 1;
}

/* Steps of training, until all are done or one is abandoned; returns how many were done. An
   abandoned step changes nothing. losses[k] is the loss before step k. which: the course of each
   step; NULL if there is one. order: the samples of each step, in the data of its course. lrs has a
   learning rate for each group in each step. So has momenta, which is NULL if they stay; Adam's
   momentum is beta1. */
static ptrdiff_t train(Course *courses, int course_count, const int *which, Optimizer *groups,
                       int group_count, double max_norm, double *parameters, const int *order,
                       const double *lrs, const double *momenta, ptrdiff_t steps, double *losses,
                       Watched *watched) {
    const Course *before = NULL;
    const int *batch = order;
    ptrdiff_t step = 0;
    for (int i = 0; i < group_count; i++)
        if (!has_roots(groups + i)) return 0;
    if (course_count > 1) share(courses, course_count);
    double *scalars = courses->machine->scalars;
    const int count = courses->machine->parameters;
    memcpy(scalars, parameters, count * sizeof(double));
    for (; step < steps; step++) {
        const Course *course = courses + (which ? which[step] : 0);
        Machine *m = course->machine;
        const ptrdiff_t lanes = m->lanes;
        int flag = 0;
        if (course != before) {
            m->parts = course->parts, m->part_count = course->part_count;
            m->output = course->output;
            if (course_count > 1) put_constants(m);
        } /* a whole batch is the same at each step */
        if (course != before || memcmp(batch, batch - lanes, lanes * sizeof(int)) != 0)
            flag = !set_samples(m, course->data, course->classes, batch, course->samples);
        before = course;
        batch += lanes;
        for (int i = 0; i < group_count; i++) {
            ptrdiff_t at = step * group_count + i;
            flag |= prepare(groups + i, lrs[at], momenta ? momenta + at : NULL);
        }
        pack_layers(m);
        if (flag || !forward(m, course->version) || !backward(m, course->version)) break;
        if (max_norm > 0) clip(m->scalar_grads, m->parameters, max_norm);
        for (int i = 0; i < group_count; i++) move(groups + i, m->scalars, m->scalar_grads);
        losses[step] = m->tail.values[m->output];
        if (watched && (step + 1) % watched->every == 0 && !look(watched, scalars)) {
            step++;
            break;
        }
    }
    memcpy(parameters, scalars, count * sizeof(double));
    if (course_count > 1) share_no_longer(courses, course_count);
    return step;
}
