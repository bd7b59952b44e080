"""What Python's garbage collector may see of Values in the compiled build.

An operation makes a node of older nodes, which closes no cycle. So the collector is not told of
nodes, and a training step takes half the time. But an attribute can close a cycle: in `v.own = v`
it leads back to v, and v is never freed. An instance of a subclass of Value is: Python shows it to
the collector, and asks Value what it refers to. Here is the answer.
"""

from cpython.object cimport PyTypeObject


cdef extern from *:
    """
    /* A Value as value.pxd lays it out. */
    typedef struct {
        PyObject_HEAD
        double data, grad;
        unsigned long long mark;
        PyObject *x, *y, *op, *dict;
    } Node;

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
        Py_INCREF(Py_None);  /* not NULL: Python may see the node once more */
        Py_XSETREF(node->x, Py_None);
        Py_INCREF(Py_None);
        Py_XSETREF(node->y, Py_None);
        Py_INCREF(Py_None);
        Py_XSETREF(node->op, Py_None);
        Py_CLEAR(node->dict);
        return 0;
    }

    static int laid_out(PyTypeObject *type) {
        return type->tp_basicsize == sizeof(Node)
            && type->tp_dictoffset == offsetof(Node, dict);
    }

    static void set_traverse(PyTypeObject *type) {
        type->tp_traverse = node_traverse;
        type->tp_clear = node_clear;
    }
    """
    bint laid_out(PyTypeObject *type)
    void set_traverse(PyTypeObject *type)


def traverse_subclasses(type value) -> None:
    """Tell Python what an instance of a subclass of Value refers to."""
    if not laid_out(<PyTypeObject *>value):
        raise SystemError("collector.pyx and value.pxd disagree on the layout of a Value")
    set_traverse(<PyTypeObject *>value)
