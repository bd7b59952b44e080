# The types that make value.py C: a node is a struct of 72 bytes, its numbers are C's.
cimport cython

from engine.native.nodes cimport Nodes
from engine.op cimport Number, Op, foreign

cdef Op ADD, SUB, MUL, DIV, POW, DOT, NEG, ABS, CONSTANT
cdef list blocks
cdef Nodes in_c
cdef unsigned long long sorts


cdef class Value(Number):
    cdef double _data, _grad
    cdef unsigned long long _mark
    cdef object _x, _y
    cdef readonly Op op
    cdef dict __dict__


cdef Value unary(Op op, Value x)
cdef Value binary(Op op, object x, object y)
@cython.locals(v=Value)
cdef Value node(Op op, double data, object x, object y)
@cython.locals(v=Value)
cpdef Value node_of_many(object kind, Op op, double data, tuple[Value, ...] inputs)
@cython.locals(v=Value)
cdef Value operand(object x)
@cython.locals(v=Value)
cpdef Value constant(object x)
@cython.locals(factors=tuple, terms=tuple, w=Value, x=Value, data=double)
cpdef object dot(object weights, object inputs, object bias=*)

cpdef tuple stored(object op, object args)
@cython.locals(weights=tuple, inputs=tuple)
cpdef tuple arguments(Value v)
@cython.locals(v=Value, u=Value, entered="unsigned long long", done="unsigned long long",
               order=list, stack=list, weights=tuple, inputs=tuple)
cdef list[Value] sort(tuple[Value, ...] outputs)
@cython.locals(v=Value, order=list, earlier=list, grad=double)
cdef object sweep(Value output, double seed)
@cython.locals(v=Value, w=Value, x=Value, y=Value, op=Op, grad=double, at_y=double, slope=double,
               weights=tuple, inputs=tuple, args=tuple, wanted=list, slopes=list, reached=set)
cpdef object chain_rule(list[Value] order)
@cython.locals(v=Value, leaves=tuple)
cpdef object add_slopes(Value output, object slopes, double seed)
@cython.locals(v=Value, found=list)
cpdef list data_of(object values)
@cython.locals(v=Value, found=list)
cpdef list grads_of(object values)
@cython.locals(v=Value)
cpdef object clear_grads(object values)
@cython.locals(v=Value, i=Py_ssize_t)
cpdef object descend(object values, double rate, object directions)
@cython.locals(v=Value, reached=set)
cdef set[Value] reached_from(list[Value] order)
