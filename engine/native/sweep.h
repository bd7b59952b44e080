/* The sweep in C: what sweep, sort and chain_rule of value.py do, on references that it borrows.

   A node holds its inputs, and who asks for the gradient holds the output. So nothing of the graph
   goes while no Python runs: before any does, the sweep holds every node itself. What C does not
   know, an op of one's own or of many inputs, chain_rule of value.py does, for one node. */
#include <stdlib.h>

/* A list of nodes. */
typedef struct {
    Node **at;
    size_t n, room;
} Nodes;

enum { FEW = 1024, MANY_NODES = 65536 };

static int make_room(Nodes *nodes, size_t more) {
    size_t room = nodes->room ? 2 * nodes->room : FEW;
    if (room < nodes->n + more) room = nodes->n + more;
    Node **at = PyMem_RawRealloc(nodes->at, room * sizeof *at);
    if (!at) return 0;
    nodes->at = at;
    nodes->room = room;
    return 1;
}

static inline int has_room(Nodes *nodes, size_t more) {
    return nodes->n + more <= nodes->room || make_room(nodes, more);
}

/* Everything that one sweep knows. */
typedef struct {
    Nodes stack, inner, leaves; /* inner: the nodes of ops, each after its inputs */
    double *earlier;            /* what the leaves had; NULL if that was 0 everywhere */
    int held;
} Sweep;

static Sweep last; /* the lists of the last sweep, for the next one */

enum { FAILED = -1, DECLINED = 0, DONE = 1 };

/* Put u where it belongs if it is a leaf or a constant; otherwise onto the stack, which has room. */
static inline int meet(Sweep *s, PyObject *object, unsigned long long entered) {
    Node *u = (Node *)object;
    if (!is_value(object)) return 0;
    if (u->mark >= entered) return 1;
    if (u->x != Py_None) {
        s->stack.at[s->stack.n++] = u;
        return 1;
    }
    u->mark = entered + 1;
    if (u->op == constant_op) return 1;
    if (!has_room(&s->leaves, 1)) return 0;
    s->leaves.at[s->leaves.n++] = u;
    return 1;
}

/* Whether the lists of the sweep have all that the output depends on. As in value.py, each inner
   node comes after its inputs, in the same order. */
static int sorted(Sweep *s, PyObject *output, unsigned long long entered) {
    const unsigned long long done = entered + 1;
    if (!has_room(&s->stack, 1) || !meet(s, output, entered)) return 0;
    while (s->stack.n) {
        Node *v = s->stack.at[s->stack.n - 1];
        if (v->mark >= entered) {
            s->stack.n--;
            if (v->mark == done) continue;
            v->mark = done;
            if (!has_room(&s->inner, 1)) return 0;
            s->inner.at[s->inner.n++] = v;
            continue;
        }
        v->mark = entered;
        const OpHead *op = (OpHead *)v->op;
        if (v->op == Py_None || op->flat) return 0;
        if (PyTuple_CheckExact(v->x)) {
            const Py_ssize_t n = PyTuple_GET_SIZE(v->y), m = PyTuple_GET_SIZE(v->x);
            if (op->narrow || !has_room(&s->stack, (size_t)(n + m))) return 0;
            for (Py_ssize_t i = n; i-- > 0;)
                if (!meet(s, PyTuple_GET_ITEM(v->y, i), entered)) return 0;
            for (Py_ssize_t i = m; i-- > 0;)
                if (!meet(s, PyTuple_GET_ITEM(v->x, i), entered)) return 0;
        } else {
            if (!op->narrow || !has_room(&s->stack, 2)) return 0;
            if (v->y != Py_None && !meet(s, v->y, entered)) return 0;
            if (!meet(s, v->x, entered)) return 0;
        }
    }
    return 1;
}

/* Set every grad to 0, and keep what leaves had. Whether there was memory for it. */
static int start_from_zero(Sweep *s) {
    Node **leaf = s->leaves.at, **inner = s->inner.at;
    for (size_t i = 0; i < s->leaves.n && !s->earlier; i++)
        if (leaf[i]->grad != 0.0 && !(s->earlier = PyMem_RawMalloc(s->leaves.n * sizeof(double))))
            return 0;
    for (size_t i = 0; i < s->leaves.n; i++) {
        if (s->earlier) s->earlier[i] = leaf[i]->grad;
        leaf[i]->grad = 0.0;
    }
    for (size_t i = 0; i < s->inner.n; i++) inner[i]->grad = 0.0;
    return 1;
}

static void hold(Sweep *s) {
    for (size_t i = 0; i < s->inner.n; i++) Py_INCREF(s->inner.at[i]);
    for (size_t i = 0; i < s->leaves.n; i++) Py_INCREF(s->leaves.at[i]);
    s->held = 1;
}

static void let_go_of(Nodes *nodes) {
    for (size_t i = 0; i < nodes->n; i++) Py_DECREF(nodes->at[i]);
}

/* What chain_rule of value.py does for one node. */
static int ask_python(Sweep *s, Node *v, PyObject *chain_rule) {
    if (!s->held) hold(s);
    PyObject *order = PyList_New(1), *answer;
    if (!order) return 0;
    Py_INCREF(v);
    PyList_SET_ITEM(order, 0, (PyObject *)v);
    answer = PyObject_CallOneArg(chain_rule, order);
    Py_DECREF(order);
    Py_XDECREF(answer);
    return answer != NULL;
}

/* Pass the grad of v on by its row in C; 0 if Python is to do it. */
static inline int pass_on(Node *v) {
    const OpHead *op = (OpHead *)v->op;
    const Row *row = op->narrow ? row_of(v->op) : NULL;
    Node *x = (Node *)v->x, *y = v->y == Py_None ? NULL : (Node *)v->y;
    const double at_y = y ? y->data : 0.0;
    const int to_x = row && x->op != constant_op, to_y = row && y && y->op != constant_op;
    double slope_x = 0.0, slope_y = 0.0;
    if (!row) return 0;
    if (to_x) slope_x = row->slopes[0] ? row->slopes[0](v->data, x->data, at_y) : NAN;
    if (to_y) slope_y = row->slopes[1] ? row->slopes[1](v->data, x->data, at_y) : NAN;
    if (slope_x != slope_x || slope_y != slope_y) return 0;
    if (to_x) x->grad += v->grad * slope_x;
    if (to_y) y->grad += v->grad * slope_y;
    return 1;
}

static int chain(Sweep *s, PyObject *chain_rule) {
    for (size_t i = s->inner.n; i-- > 0;) {
        Node *v = s->inner.at[i];
        const double grad = v->grad;
        if (v->op == dot_op) {
            const Py_ssize_t n = PyTuple_GET_SIZE(v->y), m = PyTuple_GET_SIZE(v->x);
            Node **w = (Node **)((PyTupleObject *)v->x)->ob_item;
            Node **x = (Node **)((PyTupleObject *)v->y)->ob_item;
            for (Py_ssize_t j = 0; j < n; j++) w[j]->grad += grad * x[j]->data;
            for (Py_ssize_t j = 0; j < n; j++) x[j]->grad += grad * w[j]->data;
            if (m > n) w[n]->grad += grad;
        } else if (v->op == add_op) {
            ((Node *)v->x)->grad += grad;
            ((Node *)v->y)->grad += grad;
        } else if (v->op == mul_op) {
            Node *x = (Node *)v->x, *y = (Node *)v->y;
            x->grad += grad * y->data;
            y->grad += grad * x->data;
        } else if (v->op == sub_op) {
            ((Node *)v->x)->grad += grad;
            ((Node *)v->y)->grad -= grad;
        } else if (v->op != Py_None && !pass_on(v) && !ask_python(s, v, chain_rule)) {
            return 0;
        }
    }
    return 1;
}

static void give_lists_back(Sweep *s) {
    Nodes *lists[] = {&s->stack, &s->inner, &s->leaves};
    Nodes *kept[] = {&last.stack, &last.inner, &last.leaves};
    PyMem_RawFree(s->earlier);
    for (int i = 0; i < 3; i++) {
        if (kept[i]->at || lists[i]->room > MANY_NODES) {
            PyMem_RawFree(lists[i]->at);
        } else {
            *kept[i] = *lists[i];
            kept[i]->n = 0;
        }
    }
}

/* DONE if every grad is what `sweep` of value.py makes it, FAILED if Python raised, and then every
   leaf has the grad it had; DECLINED, with nothing changed, if value.py is to do it. */
static int swept(PyObject *output, double seed, unsigned long long entered, PyObject *chain_rule) {
    Sweep s = last;
    int answer = DECLINED;
    memset(&last, 0, sizeof last);
    if (sorted(&s, output, entered) && start_from_zero(&s)) {
        ((Node *)output)->grad = seed;
        answer = chain(&s, chain_rule) ? DONE : FAILED;
        for (size_t i = 0; i < s.leaves.n; i++) {
            Node *leaf = s.leaves.at[i];
            const double earlier = s.earlier ? s.earlier[i] : 0.0;
            if (answer == FAILED)
                leaf->grad = earlier != 0.0 ? earlier : 0.0;
            else if (earlier != 0.0)
                leaf->grad += earlier;
        }
    }
    if (s.held) {
        PyObject *type, *error, *traceback;
        PyErr_Fetch(&type, &error, &traceback);
        let_go_of(&s.inner);
        let_go_of(&s.leaves);
        PyErr_Restore(type, error, traceback);
    }
    give_lists_back(&s);
    return answer;
}
