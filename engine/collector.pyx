"""What Python's garbage collector may see of Values in the compiled build.

A node refers to older nodes only, so it closes no cycle, and the collector need not know it: that
halves the time of a training step. A subclass of Value is another matter. Its instances often hold
attributes that lead back to them, and Python shows them to the collector, but asks Value
what they refer to. Here is the answer.
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
        Py_VISIT(node->x);
        Py_VISIT(node->y);
        Py_VISIT(node->op);
        Py_VISIT(node->dict);
        return 0;
    }

    static int node_clear(PyObject *self) {
        PyObject *none[3], **held[3];
        int i;
        held[0] = &((Node *)self)->x; held[1] = &((Node *)self)->y; held[2] = &((Node *)self)->op;
        for (i = 0; i < 3; i++) {  /* None, not NULL: Python may see the node once more */
            none[i] = *held[i];
            Py_INCREF(Py_None);
            *held[i] = Py_None;
        }
        for (i = 0; i < 3; i++) Py_XDECREF(none[i]);
        if (((Node *)self)->dict) PyDict_Clear(((Node *)self)->dict);
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
