/* Making: nodes for which Python need not be asked, of ops of one input and of dot products. */
#include "node.h"

/* An Op as far as C looks into it, and its kernel: as op.pxd and kernels.pxd lay them out. */
typedef struct {
    PyObject_HEAD
    void *table;
    vectorcallfunc call;
    int narrow, flat;
    PyObject *kernel;
} OpHead;

typedef struct {
    PyObject_HEAD
    void *table;
    const Row *row;
} KernelHead;

static PyObject *blocks; /* engine.recording's: while it is empty, every node remembers its inputs */
static ternaryfunc called_in_python; /* Op.__call__, unless somebody replaces it */
static PyObject *constant_op, *dot_op, *add_op, *mul_op, *sub_op;

/* The row of an op in C; NULL if it has none. */
static inline const Row *row_of(PyObject *op) {
    PyObject *kernel = ((OpHead *)op)->kernel;
    return kernel == Py_None ? NULL : ((KernelHead *)kernel)->row;
}

static inline int is_value(PyObject *object) {
    return Py_TYPE(object) == value_type || PyType_IsSubtype(Py_TYPE(object), value_type);
}

/* What `node` of value.py makes. It takes x and y over, also where it fails. */
static inline PyObject *node_of(PyObject *op, double data, PyObject *x, PyObject *y) {
    PyObject *made = node_alloc(value_type, 0);
    if (!made) {
        Py_DECREF(x);
        Py_DECREF(y);
        return NULL;
    }
    Node *node = (Node *)made;
    Py_INCREF(op);
    node->data = data;
    node->op = op;
    node->x = x;
    node->y = y;
    node->dict = NULL;
    return made;
}

/* Put op, x and y into a node, all before what was there goes: a finaliser may look at the node. */
static void put_into(PyObject *object, PyObject *op, PyObject *x, PyObject *y) {
    Node *node = (Node *)object;
    PyObject *former[] = {node->op, node->x, node->y};
    Py_INCREF(op);
    Py_INCREF(x);
    Py_INCREF(y);
    node->op = op;
    node->x = x;
    node->y = y;
    for (int i = 0; i < 3; i++) Py_XDECREF(former[i]);
}

static PyObject *none(void) {
    Py_INCREF(Py_None);
    return Py_None;
}

/* How Python calls an op of one input. */
static PyObject *call_op(PyObject *op, PyObject *const *args, size_t flags, PyObject *names) {
    const Py_ssize_t n = PyVectorcall_NARGS(flags), named = names ? PyTuple_GET_SIZE(names) : 0;
    if (n == 1 && !named && Py_TYPE(args[0]) == value_type && !PyList_GET_SIZE(blocks)
        && Py_TYPE(op)->tp_call == called_in_python) {
        const Row *row = row_of(op);
        const double z = row && row->value ? row->value(((Node *)args[0])->data, 0.0) : NAN;
        if (z == z) { /* nan: Python is to answer, or to raise */
            Py_INCREF(args[0]);
            return node_of(op, z, args[0], none());
        }
    }
    PyObject *inputs = PyTuple_New(n), *options = named ? PyDict_New() : NULL, *answer = NULL;
    if (inputs && (options || !named)) {
        for (Py_ssize_t i = 0; i < n; i++) {
            Py_INCREF(args[i]);
            PyTuple_SET_ITEM(inputs, i, args[i]);
        }
        Py_ssize_t i = 0;
        while (i < named && !PyDict_SetItem(options, PyTuple_GET_ITEM(names, i), args[n + i])) i++;
        if (i == named) answer = Py_TYPE(op)->tp_call(op, inputs, options);
    }
    Py_XDECREF(inputs);
    Py_XDECREF(options);
    return answer;
}

/* A Value, or the constant that a float is, as an input of a dot product; NULL for anything else. */
static PyObject *factor(PyObject *item) {
    if (is_value(item)) {
        Py_INCREF(item);
        return item;
    }
    if (!PyFloat_CheckExact(item)) return NULL;
    return node_of(constant_op, PyFloat_AS_DOUBLE(item), none(), none());
}

enum { OF_SUBCLASS = 1, PLAIN = 2 };

/* 0 for a Value that is no more than that. */
static inline int kind_of(PyObject *item) {
    return Py_TYPE(item) == value_type ? 0 : is_value(item) ? OF_SUBCLASS : PLAIN;
}

static inline int is_plain(PyObject *items) {
    return PyList_CheckExact(items) || PyTuple_CheckExact(items);
}

/* Where the factors of a dot product are, where they go, and how many of them there are. Those that
   are in a tuple of Values stay there: to_w, to_x are NULL. */
typedef struct {
    PyObject **w, **x, **to_w, **to_x;
    Py_ssize_t n;
    double sum;
} Products;

/* Take the products from i on, as long as both factors are Values and no more than that. Where it
   stops. */
static Py_ssize_t taken(Products *p, Py_ssize_t i) {
    const Py_ssize_t n = p->n;
    PyTypeObject *const type = value_type;
    PyObject **w = p->w, **x = p->x, **to_w = p->to_w, **to_x = p->to_x;
    double sum = p->sum;
    for (; i < n; i++) {
        PyObject *a = w[i], *b = x[i];
        if (Py_TYPE(a) != type || Py_TYPE(b) != type) break;
        if (to_w) {
            Py_INCREF(a);
            to_w[i] = a;
        }
        if (to_x) {
            Py_INCREF(b);
            to_x[i] = b;
        }
        sum += ((Node *)a)->data * ((Node *)b)->data;
    }
    p->sum = sum;
    return i;
}

/* Take all products. Nothing in here runs Python, so that lists stay as they are. Whether all
   factors are Values or floats; `kinds` says which there were. A subclass may have an apply_op of
   its own, which value.py asks where a number is among the factors. */
static int all_taken(Products *p, int *kinds) {
    for (Py_ssize_t i = taken(p, 0); i < p->n; i = taken(p, i + 1)) {
        PyObject *a = p->w[i], *b = p->x[i];
        *kinds |= kind_of(a) | kind_of(b);
        if (*kinds == (OF_SUBCLASS | PLAIN)) return 0;
        if (p->to_w && !(a = p->to_w[i] = factor(a))) return 0;
        if (p->to_x && !(b = p->to_x[i] = factor(b))) return 0;
        p->sum += ((Node *)a)->data * ((Node *)b)->data;
    }
    return 1;
}

/* The tuple of a node for n items: theirs, if they are a tuple of Values. */
static PyObject *room_for(PyObject *items, Py_ssize_t n) {
    Py_ssize_t i = 0;
    if (!PyTuple_CheckExact(items) || PyTuple_GET_SIZE(items) != n) return PyTuple_New(n);
    while (i < n && is_value(PyTuple_GET_ITEM(items, i))) i++;
    if (i < n) return PyTuple_New(n);
    Py_INCREF(items);
    return items;
}

/* The node that `dot` of value.py makes of two lists or tuples; None for what is not as plain. */
static PyObject *node_of_dot(PyObject *weights, PyObject *inputs, PyObject *bias) {
    if (!is_plain(weights) || !is_plain(inputs) || PyList_GET_SIZE(blocks)) return none();
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(weights), biased = bias != Py_None;
    if (!n || n != PySequence_Fast_GET_SIZE(inputs)) return none();
    if (!is_value(PySequence_Fast_GET_ITEM(weights, 0))) return none(); /* perhaps all are numbers */
    PyObject *factors = room_for(weights, n + biased), *terms, *b = NULL;
    if (factors && factors != weights) PyObject_GC_UnTrack(factors); /* nothing is in it yet */
    /* A new tuple may make Python's collector run, and that a finaliser that changes the lists. */
    terms = room_for(inputs, n);
    if (factors && terms && PySequence_Fast_GET_SIZE(weights) == n
        && PySequence_Fast_GET_SIZE(inputs) == n && (!biased || (b = factor(bias)))) {
        Products p = {PySequence_Fast_ITEMS(weights), PySequence_Fast_ITEMS(inputs),
                      ((PyTupleObject *)factors)->ob_item, ((PyTupleObject *)terms)->ob_item,
                      n, 0.0};
        int kinds = biased ? kind_of(bias) : 0;
        if (factors == weights) p.to_w = NULL;
        if (terms == inputs) p.to_x = NULL;
        if (b) {
            p.to_w[n] = b;
            p.sum = ((Node *)b)->data;
        }
        if (all_taken(&p, &kinds)) {
            if (kinds & OF_SUBCLASS) { /* nothing else in the tuples concerns the collector */
                if (p.to_w) PyObject_GC_Track(factors);
            } else if (p.to_x) {
                PyObject_GC_UnTrack(terms);
            }
            return node_of(dot_op, p.sum, factors, terms);
        }
    }
    Py_XDECREF(factors);
    Py_XDECREF(terms);
    return PyErr_Occurred() ? NULL : none();
}

static void set_making(PyObject *list, PyObject *constant, PyObject *dot, PyObject *add,
                       PyObject *mul, PyObject *sub) {
    PyObject *kept[] = {list, constant, dot, add, mul, sub};
    for (int i = 0; i < 6; i++) Py_INCREF(kept[i]); /* for good */
    blocks = list;
    constant_op = constant;
    dot_op = dot;
    add_op = add;
    mul_op = mul;
    sub_op = sub;
}

/* x.tanh() is a call of tanh with x before its inputs, so Python need not make a bound method. */
static void set_calling(PyTypeObject *op) {
    called_in_python = op->tp_call;
    op->tp_vectorcall_offset = offsetof(OpHead, call);
    op->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
    PyType_Modified(op);
}
