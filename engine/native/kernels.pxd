cdef extern from "rows.h":
    ctypedef struct Row:
        const char *name
        double (*value)(double x, double y) noexcept
        double (*slopes[2])(double z, double x, double y) noexcept


cdef class Kernel:
    cdef const Row *row
    cdef double value(self, double x, double y) noexcept
    cdef double slope(self, int i, double z, double x, double y) noexcept
