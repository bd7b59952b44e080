"""The rows of the table in C, by the names of their ops: what op.py calls a kernel.

The build translates them from ops.py into the file rows.h (see csource.py).
"""

from libc.math cimport NAN


cdef extern from "rows.h":
    const Row ROWS[]
    const int ROW_COUNT


cdef class Kernel:
    """One row: its value and its slopes, or nan for what only Python can answer."""

    cdef double value(self, double x, double y) noexcept:
        if self.row == NULL or self.row.value == NULL:
            return NAN
        return self.row.value(x, y)

    cdef double slope(self, int i, double z, double x, double y) noexcept:
        if self.row == NULL or self.row.slopes[i] == NULL:
            return NAN
        return self.row.slopes[i](z, x, y)


cdef Kernel kernel_of(const Row *row):
    cdef Kernel kernel = Kernel.__new__(Kernel)
    kernel.row = row
    return kernel


KERNELS = {ROWS[i].name.decode(): kernel_of(&ROWS[i]) for i in range(ROW_COUNT)}
