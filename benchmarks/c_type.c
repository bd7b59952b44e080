/* The limit of eager nodes: a C type of scalar nodes, by hand, for one purpose.

   What a good programmer can reach who writes the type for speed alone: seven operations, known to
   the compiler, of Values of this very type. There is no op of one's own, no subclass, no attribute,
   no no_grad, no second thread, and no error but a wrong type. Deep chains are freed without
   recursion, and the memory of nodes serves the next ones, as in engine/native/freeing.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stddef.h>
#include <structmember.h>

enum { LEAF, ADD, MUL, TANH, RELU, DOT };
enum { MOST_SPARE = 4096 };

typedef struct Node {
    PyObject_HEAD
    double data, grad;
    struct Node *x, *y;
    struct Node **inputs; /* of a dot: weights, then inputs, then perhaps a bias */
    unsigned long long mark;
    int op, n;
} Node;

static PyTypeObject node_type;
static Node *spare[MOST_SPARE], **waiting;
static size_t spares, waiting_n, waiting_room;
static int freeing;

static Node *made(int op, double data) {
    Node *v;
    if (spares) {
        v = spare[--spares];
        _Py_NewReference((PyObject *)v);
    } else if (!(v = PyObject_New(Node, &node_type))) {
        return NULL;
    }
    v->op = op;
    v->n = 0;
    v->data = data;
    v->grad = 0;
    v->mark = 0;
    v->x = v->y = NULL;
    v->inputs = NULL;
    return v;
}

static void let_go(Node *v) {
    if (Py_REFCNT(v) > 1) {
        Py_SET_REFCNT(v, Py_REFCNT(v) - 1);
        return;
    }
    if (waiting_n == waiting_room) {
        waiting_room = waiting_room ? 2 * waiting_room : 1024;
        waiting = realloc(waiting, waiting_room * sizeof *waiting);
        if (!waiting) Py_FatalError("no memory");
    }
    waiting[waiting_n++] = v;
}

static void dealloc(PyObject *self) {
    Node *v = (Node *)self;
    if (v->x) let_go(v->x);
    if (v->y) let_go(v->y);
    for (int i = 0; i < v->n; i++) let_go(v->inputs[i]);
    free(v->inputs);
    if (spares < MOST_SPARE)
        spare[spares++] = v;
    else
        PyObject_Free(v);
    if (freeing) return;
    freeing = 1;
    while (waiting_n) Py_DECREF(waiting[--waiting_n]);
    freeing = 0;
}

static PyObject *of_two(int op, PyObject *a, PyObject *b) {
    if (Py_TYPE(a) != &node_type || Py_TYPE(b) != &node_type) Py_RETURN_NOTIMPLEMENTED;
    Node *x = (Node *)a, *y = (Node *)b, *v = made(op, op == ADD ? x->data + y->data : x->data * y->data);
    if (!v) return NULL;
    Py_INCREF(x);
    Py_INCREF(y);
    v->x = x;
    v->y = y;
    return (PyObject *)v;
}

static PyObject *add(PyObject *a, PyObject *b) { return of_two(ADD, a, b); }
static PyObject *mul(PyObject *a, PyObject *b) { return of_two(MUL, a, b); }

static PyObject *of_one(int op, Node *x, double data) {
    Node *v = made(op, data);
    if (!v) return NULL;
    Py_INCREF(x);
    v->x = x;
    return (PyObject *)v;
}

static PyObject *tanh_of(PyObject *self, PyObject *nothing) {
    (void)nothing;
    return of_one(TANH, (Node *)self, tanh(((Node *)self)->data));
}

static PyObject *relu_of(PyObject *self, PyObject *nothing) {
    const double x = ((Node *)self)->data;
    (void)nothing;
    return of_one(RELU, (Node *)self, x <= 0 ? 0.0 : x);
}

static PyObject *dot(PyObject *module, PyObject *const *args, Py_ssize_t given) {
    (void)module;
    if (given < 2 || given > 3 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1])
        || PyList_GET_SIZE(args[0]) != PyList_GET_SIZE(args[1]))
        return PyErr_Format(PyExc_TypeError, "dot takes two lists of a length");
    const Py_ssize_t n = PyList_GET_SIZE(args[0]), m = 2 * n + (given == 3);
    if (given == 3 && Py_TYPE(args[2]) != &node_type)
        return PyErr_Format(PyExc_TypeError, "dot takes Values");
    PyObject **w = ((PyListObject *)args[0])->ob_item, **x = ((PyListObject *)args[1])->ob_item;
    Node **inputs = malloc((size_t)(m ? m : 1) * sizeof *inputs);
    if (!inputs) return PyErr_NoMemory();
    double sum = given == 3 ? ((Node *)args[2])->data : 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (Py_TYPE(w[i]) != &node_type || Py_TYPE(x[i]) != &node_type) {
            while (i-- > 0) {
                Py_DECREF(w[i]);
                Py_DECREF(x[i]);
            }
            free(inputs);
            return PyErr_Format(PyExc_TypeError, "dot takes Values");
        }
        Py_INCREF(w[i]);
        Py_INCREF(x[i]);
        inputs[i] = (Node *)w[i];
        inputs[n + i] = (Node *)x[i];
        sum += inputs[i]->data * inputs[n + i]->data;
    }
    if (given == 3) {
        Py_INCREF(args[2]);
        inputs[2 * n] = (Node *)args[2];
    }
    Node *v = made(DOT, sum);
    if (!v) return NULL; /* where memory is out, so is the program */
    v->n = (int)m;
    v->inputs = inputs;
    return (PyObject *)v;
}

static Node **order, **stack;
static size_t order_n, order_room, stack_n, stack_room;

static void append(Node ***list, size_t *n, size_t *room, Node *v) {
    if (*n == *room) {
        *room = *room ? 2 * *room : 4096;
        *list = realloc(*list, *room * sizeof **list);
        if (!*list) Py_FatalError("no memory");
    }
    (*list)[(*n)++] = v;
}

static void meet(Node *v, unsigned long long entered) {
    if (v->mark >= entered) return;
    if (v->op == LEAF)
        v->mark = entered + 1;
    else
        append(&stack, &stack_n, &stack_room, v);
}

/* As chainrule does it, but a leaf's grad is what earlier calls left there. */
static PyObject *backward(PyObject *self, PyObject *nothing) {
    static unsigned long long sorts;
    (void)nothing;
    sorts += 2;
    order_n = 0;
    meet((Node *)self, sorts);
    while (stack_n) {
        Node *v = stack[stack_n - 1];
        if (v->mark >= sorts) {
            stack_n--;
            if (v->mark == sorts + 1) continue;
            v->mark = sorts + 1;
            v->grad = 0;
            append(&order, &order_n, &order_room, v);
            continue;
        }
        v->mark = sorts;
        for (int i = v->n; i-- > 0;) meet(v->inputs[i], sorts);
        if (v->y) meet(v->y, sorts);
        if (v->x) meet(v->x, sorts);
    }
    ((Node *)self)->grad = 1;
    for (size_t k = order_n; k-- > 0;) {
        Node *v = order[k], *x = v->x, *y = v->y, **w = v->inputs, **u = w + v->n / 2;
        const double grad = v->grad;
        switch (v->op) {
            case ADD: x->grad += grad, y->grad += grad; break;
            case MUL: x->grad += grad * y->data, y->grad += grad * x->data; break;
            case TANH: x->grad += grad * (1 - v->data * v->data); break;
            case RELU: x->grad += v->data > 0 ? grad : 0; break;
            case DOT:
                for (int i = 0; i < v->n / 2; i++) w[i]->grad += grad * u[i]->data;
                for (int i = 0; i < v->n / 2; i++) u[i]->grad += grad * w[i]->data;
                if (v->n % 2) w[v->n - 1]->grad += grad;
        }
    }
    Py_RETURN_NONE;
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *options) {
    double data;
    (void)type, (void)options;
    return PyArg_ParseTuple(args, "d", &data) ? (PyObject *)made(LEAF, data) : NULL;
}

static PyMemberDef members[] = {{"data", T_DOUBLE, offsetof(Node, data), 0, NULL},
                                {"grad", T_DOUBLE, offsetof(Node, grad), 0, NULL},
                                {NULL}};
static PyMethodDef methods[] = {{"tanh", tanh_of, METH_NOARGS, NULL},
                                {"relu", relu_of, METH_NOARGS, NULL},
                                {"backward", backward, METH_NOARGS, NULL},
                                {NULL}};
static PyNumberMethods numbers = {.nb_add = add, .nb_multiply = mul};
static PyTypeObject node_type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "c_type.Value",
                                 .tp_basicsize = sizeof(Node),
                                 .tp_dealloc = dealloc,
                                 .tp_flags = Py_TPFLAGS_DEFAULT,
                                 .tp_new = new,
                                 .tp_methods = methods,
                                 .tp_members = members,
                                 .tp_as_number = &numbers};
static PyMethodDef functions[] = {{"dot", (PyCFunction)(void (*)(void))dot, METH_FASTCALL, NULL},
                                  {NULL}};
static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "c_type", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_c_type(void) {
    if (PyType_Ready(&node_type) < 0) return NULL;
    PyObject *made_module = PyModule_Create(&module);
    if (made_module) PyModule_AddObjectRef(made_module, "Value", (PyObject *)&node_type);
    return made_module;
}
