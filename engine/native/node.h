/* A node in C: its layout, how it is made, and how it is freed.

   Nothing here knows calculus: value.py says what a node is made of. */
#ifndef CHAINRULE_NODE_H
#define CHAINRULE_NODE_H

#include <string.h>

/* A Value as value.pxd lays it out. */
typedef struct Node {
    PyObject_HEAD
    double data, grad;
    unsigned long long mark;
    PyObject *x, *y, *op, *dict;
} Node;

/* A node of which nothing is known yet. Cython puts None into what it makes, and takes it out again
   when value.py has something better: that costs as much as the arithmetic. */
static inline PyObject *blank_node(PyTypeObject *type) {
    PyObject *made = type->tp_alloc(type, 0);
    if (made) {
        Node *node = (Node *)made;
        node->x = node->y = node->op = node->dict = NULL;
    }
    return made;
}

#endif
