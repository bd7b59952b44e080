/* Reference counts in one width, on Python 3.12 and 3.13.

   There an object has a count of 64 bits, and some objects are immortal. Py_INCREF writes the lower
   32 bits; Py_DECREF reads all 64. A processor cannot hand 32 bits that were just written to such a
   read: it waits until they are in the cache, some 4 ns. Here Py_DECREF works on the same 32 bits.
   The others are 0 in a mortal object, so both say the same. Python 3.14 does so by itself. */
#ifndef CHAINRULE_REFCOUNTS_H
#define CHAINRULE_REFCOUNTS_H

#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030E0000 && SIZEOF_VOID_P > 4 \
    && !defined(Py_GIL_DISABLED) && !defined(Py_REF_DEBUG) && !defined(Py_STATS) \
    && !defined(Py_LIMITED_API)

static inline void chainrule_decref(PyObject *op) {
    PY_UINT32_T *count = &op->ob_refcnt_split[PY_BIG_ENDIAN];
    if ((PY_INT32_T)*count >= 0 && --*count == 0)
        _Py_Dealloc(op);
}

static inline void chainrule_xdecref(PyObject *op) {
    if (op)
        chainrule_decref(op);
}

#undef Py_DECREF
#undef Py_XDECREF
#define Py_DECREF(op) chainrule_decref(_PyObject_CAST(op))
#define Py_XDECREF(op) chainrule_xdecref(_PyObject_CAST(op))

#endif
#endif
