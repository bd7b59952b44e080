/* The optimisers: SGD, Adam and AdamW as nn/optim.py and nn/adaptive.py have them, to the last bit,
   and the loop of training that they stand in. */

enum { SGD, ADAM, ADAMW };

typedef struct {
    int rule;
    double weight_decay;
    double momentum, dampening; /* of SGD */
    int nesterov;
    double *velocity;
    double beta1, beta2, eps; /* of Adam and AdamW */
    int amsgrad;
    double *mean, *square, *largest;
} Optimizer;

/* beta**t, or a raised flag where Python might call it an underflow. */
static double decayed(double beta, double t, int *flag) {
    double z = pow(beta, t);
    if (z != 0 && z < DBL_MIN) *flag = 1;
    return z;
}

static void sgd(const Optimizer *o, double lr, int first, double *p, double *g, int n) {
    double share = first ? 1.0 : 1 - o->dampening;
    for (int i = 0; i < n; i++) {
        double direction = o->weight_decay ? g[i] + o->weight_decay * p[i] : g[i];
        if (o->momentum) {
            double velocity = o->momentum * o->velocity[i] + share * direction;
            o->velocity[i] = velocity;
            direction = o->nesterov ? direction + o->momentum * velocity : velocity;
        }
        p[i] -= lr * direction;
    }
}

/* Step number t, or nothing and a raised flag. */
static void adam(const Optimizer *o, double lr, double t, double *p, double *g, int n, int *flag) {
    double unseen1 = 1 - decayed(o->beta1, t, flag), unseen2 = 1 - decayed(o->beta2, t, flag);
    double pace = lr / unseen1, scale = sqrt(unseen2);
    double shrink = o->rule == ADAMW ? 1 - lr * o->weight_decay : 1;
    double decay = o->rule == ADAM ? o->weight_decay : 0;
    if (unseen1 == 0 || !(scale > 0)) *flag = 1;
    for (int i = 0; i < n; i++) /* no root of these is real, or 0 / 0 */
        if (o->square[i] < 0 || (o->amsgrad && o->largest[i] < 0)) *flag = 1;
    if (*flag) return;
    for (int i = 0; i < n; i++) {
        double grad = decay ? g[i] + decay * p[i] : g[i];
        double mean = o->beta1 * o->mean[i] + (1 - o->beta1) * grad;
        double square = o->beta2 * o->square[i] + (1 - o->beta2) * grad * grad;
        if (shrink != 1) p[i] *= shrink;
        o->mean[i] = mean;
        o->square[i] = square;
        if (o->amsgrad) {
            if (o->largest[i] > square) square = o->largest[i];
            o->largest[i] = square;
        }
        p[i] -= pace * mean / (sqrt(square) / scale + o->eps);
    }
}

/* Steps of training, until all are done or one is abandoned, which then has changed nothing;
   returns how many were done. Losses are those before each step. */
static ptrdiff_t train(Machine *m, const Kernels *kernels, const Optimizer *o, double *parameters,
                  const double *data, const int *classes, ptrdiff_t samples, const int *order,
                  const double *lrs, ptrdiff_t steps, ptrdiff_t before, double *losses) {
    ptrdiff_t step = 0;
    for (; step < steps; step++, before++) {
        int flag = 0;
        for (ptrdiff_t s = 0; s < m->body.lanes; s++)
            if (!set_sample(m, s, data, classes, order[step * m->body.lanes + s], samples))
                return step;
        set_parameters(m, parameters);
        if (!forward(m, kernels) || !backward(m, kernels)) return step;
        if (o->rule == SGD)
            sgd(o, lrs[step], before == 0, parameters, m->scalar_grads, m->parameters);
        else
            adam(o, lrs[step], (double)before + 1, parameters, m->scalar_grads, m->parameters,
                 &flag);
        if (flag) return step;
        losses[step] = m->tail.values[m->output];
    }
    return step;
}
