"""Nodes in C: how they are made, called for, swept and freed where Python need not be asked.

An operation makes a node of older nodes, which closes no cycle. So the collector is not told of
nodes, and a training step takes half the time. But an attribute can close a cycle: in `v.own = v`
it leads back to v, and v is never freed. An instance of a subclass of Value is, unless its class
has `__slots__ = ()`: Python shows it to the collector, and asks Value what it refers to
(freeing.h).
"""

from cpython.object cimport PyObject, PyTypeObject

from engine.native.kernels cimport Kernel  # and with it rows.h


cdef extern from *:
    """
    #include "native/freeing.h"
    #include "native/making.h"
    #include "native/sweep.h"

    static int node_laid_out(PyTypeObject *type) {
        return type->tp_basicsize == sizeof(Node)
            && type->tp_dictoffset == offsetof(Node, dict);
    }

    static int op_laid_out(PyObject *op, int narrow, int flat, PyObject *kernel) {
        const OpHead *head = (OpHead *)op;
        return Py_TYPE(op)->tp_basicsize > (Py_ssize_t)sizeof *head && head->narrow == narrow
            && head->flat == flat && head->kernel == kernel && !head->call;
    }

    static void set_call(PyObject *op) {
        ((OpHead *)op)->call = call_op;
    }
    """
    bint node_laid_out(PyTypeObject *type)
    bint op_laid_out(object op, bint narrow, bint flat, object kernel)
    void set_call(object op)
    void set_freeing(PyTypeObject *value)
    void free_alone()
    void set_making(object blocks, object constant, object dot, object add, object mul, object sub)
    void set_calling(PyTypeObject *op)
    void put_into(object node, object op, object x, object y)
    object node_of_dot(object weights, object inputs, object bias)
    int swept(object output, double seed, unsigned long long entered, object chain_rule) except -1


cdef class Nodes:
    """What value.py asks C for, each time with an answer that says whether C has done it."""

    cdef object dot(self, object weights, object inputs, object bias):
        """The node that value.dot makes of Values and floats, or None."""
        return node_of_dot(weights, inputs, bias)

    cdef bint sweep(self, object output, double seed, unsigned long long entered, object chain_rule) except -1:
        """Whether every grad is now what value.sweep makes it."""
        return swept(output, seed, entered, chain_rule)

    cdef void put(self, object node, object op, object x, object y) noexcept:
        """Make a Value one that the op made of x and y."""
        put_into(node, op, x, y)

    cdef void forked(self) noexcept:
        """In a forked process: there is this one thread."""
        free_alone()


def nodes_in_c(type value, list blocks, constant, dict table) -> Nodes:
    """Tell Python how Values are freed and ops are called, and C about both."""
    if not node_laid_out(<PyTypeObject *>value):
        raise SystemError("node.h and value.pxd disagree on the layout of a Value")
    for op in table.values():
        if not op_laid_out(op, op.narrow, op.flat, op.kernel):
            raise SystemError("making.h and op.pxd disagree on the layout of an Op")
    set_freeing(<PyTypeObject *>value)
    set_making(blocks, constant, table["dot"], table["add"], table["mul"], table["sub"])
    set_calling((<PyObject *>constant).ob_type)
    for op in table.values():
        if op.arity == 1 and op.kernel is not None:
            set_call(op)
    return Nodes()
