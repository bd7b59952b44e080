# The types that make op.py C.
cimport cython

from engine.native.kernels cimport Kernel


cdef class Number:
    pass


cdef class Op:
    # native/making.h looks into these four, in this order; `call` is how Python calls the op.
    cdef void *call
    cdef readonly bint narrow, flat
    cdef public Kernel kernel
    cdef readonly object name, symbol, f, partials, gradient, unfold, beyond, arity, defaults
    cdef dict __dict__

    @cython.locals(answer=double)
    cdef double value(self, double x, double y) except? -1
    @cython.locals(answer=double)
    cdef double slope(self, int i, double z, double x, double y) except? -1


cpdef bint foreign(object x) except -1
