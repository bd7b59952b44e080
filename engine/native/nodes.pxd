cdef class Nodes:
    cdef object dot(self, object weights, object inputs, object bias)
    cdef bint sweep(self, object output, double seed, unsigned long long entered, object chain_rule) except -1
    cdef void put(self, object node, object op, object x, object y) noexcept
    cdef void forked(self) noexcept
