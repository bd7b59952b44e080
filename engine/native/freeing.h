/* Freeing: how nodes go, without recursion, and how their memory serves the next ones. */
#include "node.h"

/* How much memory of nodes that are gone stays with their type. Python keeps some of its floats,
   lists and tuples in the same way. Not where a build of Python keeps a record of all objects. */
#if defined(Py_GIL_DISABLED) || defined(Py_TRACE_REFS) || defined(Py_REF_DEBUG) \
    || defined(PYPY_VERSION)
enum { MOST_SPARE = 0 };
#else
enum { MOST_SPARE = 1024 };
#endif

static PyTypeObject *value_type;
static Node *spare; /* each has the next one in its mark */
static int spares;

/* What one thread is freeing: dead nodes that wait for their turn, each with the next in its mark.
   It is not on the thread's stack, which may go or be swapped while Python runs in between. */
typedef struct Freeing {
    unsigned long thread; /* 0: of none at present */
    Node *waiting;
    struct Freeing *other; /* of another thread */
} Freeing;

static Freeing first_freeing, *freeings = &first_freeing;

static inline Node *next_of(const Node *node) {
    return (Node *)(uintptr_t)node->mark;
}

static inline void set_next(Node *node, Node *next) {
    node->mark = (unsigned long long)(uintptr_t)next;
}

static PyObject *node_alloc(PyTypeObject *type, Py_ssize_t items) {
    Node *node = spare;
    if (type != value_type || !node) return PyType_GenericAlloc(type, items);
    spare = next_of(node);
    spares--;
    node->data = node->grad = 0.0;
    node->mark = 0;
    _Py_NewReference((PyObject *)node);
    return (PyObject *)node;
}

/* Give back the memory of a node that holds nothing any more. A spare one still counts for its
   type. */
static inline void give_back(Node *node) {
    PyTypeObject *type = Py_TYPE(node);
    if (type == value_type && spares < MOST_SPARE) {
        set_next(node, spare);
        spare = node;
        spares++;
        return;
    }
    type->tp_free((PyObject *)node);
    Py_DECREF(type);
}

/* What this thread frees now; otherwise a place for it in `unused`, NULL if there is no memory. */
static inline Freeing *freeing_of(unsigned long thread, Freeing **unused) {
    *unused = NULL;
    for (Freeing *freeing = freeings; freeing; freeing = freeing->other) {
        if (freeing->thread == thread) return freeing;
        if (!freeing->thread) *unused = freeing;
    }
    if (!*unused && (*unused = PyMem_RawCalloc(1, sizeof **unused))) {
        (*unused)->other = freeings;
        freeings = *unused;
    }
    return NULL;
}

/* In a forked process no other thread goes on with what it was freeing. */
static void free_alone(void) {
    const unsigned long thread = PyThread_get_thread_ident();
    for (Freeing *freeing = freeings; freeing; freeing = freeing->other)
        if (freeing->thread != thread) {
            freeing->thread = 0;
            freeing->waiting = NULL;
        }
}

/* Let go of an input of a dead node. If it dies of that, it waits. */
static inline void let_go(PyObject *held, Freeing *freeing) {
    if (MOST_SPARE && held && Py_TYPE(held) == value_type && Py_REFCNT(held) == 1
        && !value_type->tp_finalize) {
        set_next((Node *)held, freeing->waiting); /* what node_dealloc would do, without a call */
        freeing->waiting = (Node *)held;
        return;
    }
    Py_XDECREF(held);
}

static void free_all(Node *node, Freeing *freeing) {
    while (node) {
        PyObject *x = node->x, *y = node->y, *op = node->op, *dict = node->dict;
        node->x = node->y = node->op = node->dict = NULL;
        give_back(node);
        let_go(y, freeing);
        let_go(x, freeing);
        Py_XDECREF(op);
        Py_XDECREF(dict);
        node = freeing->waiting;
        if (node) freeing->waiting = next_of(node);
    }
}

/* Whether nothing dies of letting go of it once, or of both. */
static inline int shared(PyObject *held) {
    return !held || Py_REFCNT(held) > 1;
}

static inline int both_shared(PyObject *x, PyObject *y) {
    return shared(x) && shared(y) && (x != y || !x || Py_REFCNT(x) > 2);
}

static void node_dealloc(PyObject *self) {
    Node *node = (Node *)self;
    PyTypeObject *type = Py_TYPE(self);
    Freeing mine = {0, NULL, NULL}, *freeing, *unused;
    if (type->tp_finalize && type->tp_dealloc == node_dealloc
        && PyObject_CallFinalizerFromDealloc(self))
        return;
    if (!node->dict && shared(node->op) && both_shared(node->x, node->y)) {
        PyObject *x = node->x, *y = node->y, *op = node->op;
        node->x = node->y = node->op = NULL;
        give_back(node);
        Py_XDECREF(op);
        Py_XDECREF(y);
        Py_XDECREF(x);
        return;
    }
    mine.thread = PyThread_get_thread_ident();
    if ((freeing = freeing_of(mine.thread, &unused))) { /* we are below a node that is being freed */
        set_next(node, freeing->waiting);
        freeing->waiting = node;
        return;
    }
    if (!unused) unused = &mine; /* for this call alone */
    unused->thread = mine.thread;
    free_all(node, unused);
    unused->thread = 0;
}

/* What a subclass of Value shows to Python's garbage collector. */
static int node_traverse(PyObject *self, visitproc visit, void *arg) {
    Node *node = (Node *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(node->x);
    Py_VISIT(node->y);
    Py_VISIT(node->op);
    Py_VISIT(node->dict);
    return 0;
}

static int node_clear(PyObject *self) {
    Node *node = (Node *)self;
    Py_INCREF(Py_None); /* not NULL: Python may see the node once more */
    Py_XSETREF(node->x, Py_None);
    Py_INCREF(Py_None);
    Py_XSETREF(node->y, Py_None);
    Py_INCREF(Py_None);
    Py_XSETREF(node->op, Py_None);
    Py_CLEAR(node->dict);
    return 0;
}

static void set_freeing(PyTypeObject *type) {
    Py_INCREF(type); /* for good */
    value_type = type;
    type->tp_alloc = node_alloc;
    type->tp_dealloc = node_dealloc;
    type->tp_traverse = node_traverse;
    type->tp_clear = node_clear;
}
