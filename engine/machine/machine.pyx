"""The machine: runs a plan, which is a recorded graph, on many samples without Python.

It gives the numbers that the graph gives, to the last bit, or no answer. There is no answer where
Python raises an exception, and where the loss is not finite. Then the step is abandoned, and
the caller has the graph do it. What computes is C: machine.h, and what machine.h includes.
"""

from _thread import allocate_lock
from array import array

from engine.machine.choices import Places, bounds_of, evenly, in_pieces
from engine.machine.instructions import Reader, index, items_of, read_sums
from engine.machine.optimizers import MOST, copied, read_optimizer, read_steps
from engine.machine.matrices import Dots, Matrix, neighbours
from engine.machine.repeats import Repeat, Several, follow, in_layers, in_rows
from engine.machine.variants import read_variants

cimport cython
from cpython.buffer cimport PyBUF_CONTIG_RO, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release
from cpython.buffer cimport PyObject_GetBuffer
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy


ONE_OR_TWO = {LOOPS[i].name.decode(): (i, LOOPS[i].inputs) for i in range(LOOP_COUNT)}
ANY_NUMBER = {"dot": DOT, "maximum": MAXIMUM, "minimum": MINIMUM, "logsumexp": LOGSUMEXP}
KINDS = {"elementwise": ELEMENTWISE, "layer": LAYER, "choose": CHOOSE, **ANY_NUMBER}
ROOM = 2**24  # rows, lanes or parameters: more are a mistake
CACHE = 2**18  # bytes that the numbers and gradients of a chunk of lanes may have
FEWEST = 16  # lanes of a machine that is never fast: its few sums wait for themselves
FEW = 64  # lanes that a chunk has at least, if there are as many
KEPT = 2**23  # bytes of numbers that are kept from forward to backward

RULES = {"sgd": SGD, "adagrad": ADAGRAD, "rmsprop": RMSPROP, "adam": ADAM, "adamw": ADAMW}


cdef class Lent:
    """The numbers of an array, which cannot be resized as long as they are lent."""

    cdef Py_buffer view
    cdef bint held
    cdef Py_ssize_t length

    def __init__(self, name, numbers, code, bint writable=False):
        kind = "floats, array('d')" if code == "d" else "ints, array('i')"
        try:
            memory = memoryview(numbers)
        except TypeError:
            raise TypeError(f"{name} are {kind}, got {type(numbers).__name__}") from None
        if memory.format != code or memory.ndim != 1:
            raise TypeError(f"{name} are {kind}, got format {memory.format!r:.20}")
        if not memory.c_contiguous:
            raise TypeError(f"{name} lie side by side, got memory with gaps")
        if writable and memory.readonly:
            raise TypeError(f"{name} are changed, got memory that can only be read")
        flags = PyBUF_CONTIG_RO | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0)
        PyObject_GetBuffer(memory, &self.view, flags)  # of what was looked at, not of numbers
        self.held = True
        if self.view.len and <size_t>self.view.buf % self.view.itemsize:
            raise TypeError(f"{name} are {kind}, got memory that is not aligned")
        self.length = self.view.len // self.view.itemsize

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.view)

    cdef double *floats(self) noexcept nogil:
        return <double *>self.view.buf

    cdef int *ints(self) noexcept nogil:
        return <int *>self.view.buf


cdef Lent lent(name, numbers, code, length=None, bint writable=False):
    cdef Lent memory = Lent(name, numbers, code, writable)
    if length is not None and memory.length != length:
        raise ValueError(f"{name} has {length} numbers, got {memory.length}")
    return memory


cdef struct Variant:  # what one of several losses takes of the tail
    const Part *parts
    int part_count, output


@cython.no_gc_clear  # its list of blocks must be there when it is freed
cdef class Machine:
    """A plan, ready to run on as many samples at once as it has lanes.

    answers: the rows of its body that are a sample's outputs, if the plan says so.
    """

    cdef readonly list answers
    cdef State m
    cdef const Version *version
    cdef list blocks  # of memory
    cdef object lock
    cdef list body    # of Checked
    cdef tuple latest # the optimizer of the latest training, its name and its groups
    cdef bytearray known
    cdef Variant *variants
    cdef Py_ssize_t variant_count
    cdef dict chosen  # of each row of the body that is chosen: its column, and the candidates
    cdef set deaf     # the places of the tail's rows that pass no gradient on

    def __cinit__(self):
        self.blocks = []
        self.deaf = set()

    def __init__(self, plan, lanes, fast=False, _width=0, _chunk=0, _kept=KEPT):
        """Raises ValueError for a plan that is not right, TypeError for what is no plan.

        fast: whether the last bits may differ from Python's: then products and sums are fused. A
        machine of few lanes is never fast. _width: doubles in a vector; 0 for as many as the
        processor has. _chunk: how many lanes are done at once, at most; 0 for as many as fit into
        the cache. _kept: how many bytes of numbers are kept for the gradients; if there are more,
        the gradients compute them again.
        """
        cdef State *m = &self.m
        if self.blocks:
            raise TypeError("a machine is made once")
        lanes = index("the number of lanes", lanes, 1, ROOM)
        fast = bool(fast) and lanes > FEWEST
        width = index("the width", _width, 0, 9)
        if width == 0 and 1 < lanes <= 4 and version_for(4, fast) != NULL:
            width = 4  # half of wider vectors would stay empty
        self.version = version_for(width, fast)
        if self.version == NULL:
            raise ValueError(f"this processor has no vectors of {_width}")
        parameters = index("parameters", plan.parameters, 0, ROOM)
        constants = [float(x) for x in plan.constants]
        rows = index("rows", plan.rows, 0, ROOM)
        inputs = index("inputs", plan.inputs, 0, rows + 1)
        tail_rows = index("tail_rows", plan.tail_rows, 0, ROOM)
        scalars = parameters + len(constants)
        index("the number of scalars", scalars, 0, 2 * ROOM)

        known = bytearray(rows)
        known[:inputs] = b"\1" * inputs
        tail_known = bytearray(tail_rows)
        reader = Reader("body", known, scalars, ONE_OR_TWO, ANY_NUMBER, inputs)
        self.body = reader.read(plan.body)
        self.known, self.answers = known, [*getattr(plan, "answers", ())]
        reader = Reader("tail", tail_known, scalars, ONE_OR_TWO, ANY_NUMBER, inputs * (lanes == 1))
        sums = read_sums(plan.sums, Reader("sums", known, 0), reader)
        tail = reader.read(plan.tail)
        chosen = [c for c in tail if c.kind == "choose"]
        self.chosen = {c.out: c.operands for c in self.body if c.kind == "choose"}
        if not fast:
            for _, summed in sums:
                if not self.chosen.keys().isdisjoint(summed):
                    raise ValueError("sums: a sum over rows that are chosen has no order")
        if fast:  # a layer of one neuron sums over lanes in another order than a dot
            self.body = in_layers(self.body)
        self.body = in_rows(self.body)
        output = index("output", plan.output, 0, tail_rows)
        if not tail_known[output]:
            raise ValueError(f"output: row {output} of the tail is never computed")
        copies = copies_in(tail, {~(parameters + i) for i, x in enumerate(constants) if x == 1.0})
        places = Places(padded(scalars), {c.out: c.operands for c in chosen}, copies)
        tail, variants = read_variants(plan, tail, tail_rows, output, places)

        silent = [index("silent", i, 0, parameters) for i in getattr(plan, "silent", ())]
        m.silent, m.silent_count = self.ints(silent), len(silent)
        m.parameters, m.scalar_count, m.seed = parameters, scalars, 1.0
        m.sequential = plan.sequential and not fast
        m.scalars = self.doubles(padded(scalars) + tail_rows + 8)
        m.scalar_grads = self.doubles(padded(scalars) + tail_rows + 8)  # for whole vectors
        m.constants = self.doubles(len(constants))
        for i, x in enumerate(constants):
            m.constants[<Py_ssize_t>i] = x
        put_constants(m)
        most = _chunk or max(FEW, CACHE // (2 * sizeof(double) * max(1, rows)))
        m.lanes, m.chunks = lanes, -(-lanes // most)
        self.lay_out_choices(&m.body, [c for c in self.body if c.kind == "choose"], rows)
        self.lay_out_choices(&m.tail, chosen, 0)
        self.lay_out(&m.body, inputs, rows, -(-lanes // m.chunks), self.body)
        self.lay_out(&m.tail, 0, tail_rows, 1, tail)
        self.lay_out_turned(tail, variants)
        self.lay_out_variants(variants)
        self.lay_out_patches(chosen, tail, places)
        self.lay_out_bounds([c for c in self.body + chosen if c.kind == "choose"])
        m.kept, m.values = rows, m.body.values
        if m.chunks > 1:
            if m.chunks * rows * m.body.stride * sizeof(double) > <size_t>_kept:
                m.kept = inputs
            m.values = self.doubles(m.chunks * m.kept * m.body.stride)
        self.lay_out_sums(sums)
        self.lay_out_gradients(sums)
        m.classes = self.ints([0] * lanes)
        pieces = [piece for c in tail if isinstance(c, Repeat) for piece in c.pieces]
        longest = max(m.body.stride, max([rows for rows, _, _ in pieces], default=1))
        m.x = self.doubles(longest)
        m.y = self.doubles(longest)
        m.g = self.doubles(longest)
        most = max([c.count for c in self.body + tail], default=1)
        m.few = self.doubles(most)
        late = max([len(c.stops()[0]) * c.count for c in tail if isinstance(c, Matrix)], default=0)
        m.late = self.doubles(late)
        for i in range(late):
            m.late[<Py_ssize_t>i] = -0.0
        m.inputs = <const double **>self.memory(most + 1, sizeof(void *))
        m.targets = <double **>self.memory(most, sizeof(void *))
        self.lock = allocate_lock()  # last: without it nothing runs

    def __dealloc__(self):
        for block in self.blocks:
            free(<void *><size_t>block)

    # ---- memory ----

    cdef void *memory(self, n, size_t size) except NULL:
        """Zeros, aligned to a line of the cache; freed with the machine."""
        bytes = n * size + 64
        if bytes >= 2**47:
            raise MemoryError(f"a plan of this size would need {bytes} bytes")
        cdef size_t block = <size_t>calloc(bytes, 1)
        if block == 0:
            raise MemoryError(f"no memory for {bytes} bytes")
        self.blocks.append(block)
        return <void *>((block + 63) // 64 * 64)

    cdef double *doubles(self, n) except NULL:
        return <double *>self.memory(n, sizeof(double))

    cdef int *ints(self, numbers) except NULL:
        cdef int *memory = <int *>self.memory(len(numbers), sizeof(int))
        for i, x in enumerate(numbers):
            memory[i] = x
        return memory

    # ---- the plan in C ----

    cdef int lay_out(self, Rows *rows, inputs, count, lanes, code) except -1:
        """Rows with room for their numbers, and the code that computes them.

        lanes: of the largest chunk.
        """
        cdef Instruction *c
        cdef Py_ssize_t i, at, choice = 0
        rows.inputs, rows.count, rows.lanes, rows.length = inputs, count, lanes, len(code)
        rows.stride = padded(lanes, self.version.width) if lanes > 1 else 1
        if rows == &self.m.tail:
            at = padded(self.m.scalar_count)
            rows.values, rows.grads = self.m.scalars + at, self.m.scalar_grads + at
        else:
            rows.values = self.doubles(count * rows.stride)
            rows.grads = self.doubles(count * rows.stride)
        rows.code = <Instruction *>self.memory(len(code), sizeof(Instruction))
        for i, checked in enumerate(code):
            c = rows.code + i
            if isinstance(checked, Repeat):
                self.lay_out_repeat(c, checked)
                continue
            if isinstance(checked, (Dots, Several)):
                self.lay_out_several(c, checked)
                continue
            if isinstance(checked, Matrix):
                self.lay_out_matrix(c, checked)
                continue
            c.kind, c.loop, c.out = KINDS[checked.kind], checked.loop, checked.out
            c.differentiated, c.count = checked.live, checked.count
            c.operands = self.ints(checked.operands)
            c.rows, c.neurons, c.biased = checked.rows, checked.rows, checked.biased
            if checked.kind == "choose":
                c.loop, c.count, choice = choice, 0, choice + 1
                c.differentiated = False  # it has no gradient of its own
            if checked.kind == "dot":
                c.neighbours = self.has_neighbours(checked.operands)
            if checked.kind == "layer":
                self.lay_out_layer(c, checked, inputs, lanes)
            c.in_place = lanes > 1 and in_place(checked)
        return 0

    cdef int lay_out_variants(self, variants) except -1:
        cdef Variant *v
        cdef Py_ssize_t i
        self.variant_count = len(variants)
        self.variants = <Variant *>self.memory(len(variants), sizeof(Variant))
        for i, (parts, output) in enumerate(variants):
            v = self.variants + i
            v.parts = <const Part *>self.ints([x for part in parts for x in part])
            v.part_count, v.output = len(parts), output
        return self.take_variant(0)

    cdef int take_variant(self, Py_ssize_t variant) except -1:
        cdef Variant *v = self.variants + variant
        self.m.parts, self.m.part_count, self.m.output = v.parts, v.part_count, v.output
        return 0

    cdef int lay_out_choices(self, Rows *rows, choices, count) except -1:
        """The choices of the rows, and which of `count` rows are chosen in each lane."""
        rows.choices = <Choice *>self.memory(len(choices), sizeof(Choice))
        number = {c.out: i for i, c in enumerate(choices, 1)}
        if number and count:
            rows.choice_of = self.ints([number.get(row, 0) for row in range(count)])
        for i, (column, *candidates) in enumerate([c.operands for c in choices]):
            rows.choices[i].column, rows.choices[i].count = column, len(candidates)
            step = evenly(candidates)
            if step is None:
                rows.choices[i].candidates = self.ints(candidates)
            else:
                rows.choices[i].first, rows.choices[i].step = candidates[0], step
        return 0

    cdef int lay_out_patches(self, chosen, tail, places) except -1:
        """The operands of the tail that are chosen: they become those that a sample chooses."""
        cdef Instruction *c
        cdef Py_ssize_t i, k, q
        number = {places.of[choice.out]: n for n, choice in enumerate(chosen)}  # by the places
        if not number:
            return 0
        found = chosen_operands(tail, number)
        self.m.patches = <Patch *>self.memory(len(found), sizeof(Patch))
        self.m.patch_count = len(found)
        for i, (k, q, operand) in enumerate(found):
            c = self.m.tail.code + k
            self.m.patches[i].choice = number[operands_of(tail[k])[q][operand]]
            if isinstance(tail[k], Repeat):
                self.m.patches[i].place = &c.pieces[q].at[<Py_ssize_t>operand]
            else:
                self.m.patches[i].place = <int *>c.operands + <Py_ssize_t>operand
        return 0

    cdef int lay_out_bounds(self, choices) except -1:
        """What the columns that choose may hold."""
        bounds = bounds_of([c.operands for c in choices])
        self.m.bounds = <Bound *>self.memory(len(bounds), sizeof(Bound))
        self.m.bound_count = len(bounds)
        for i, (column, count) in enumerate(bounds.items()):
            self.m.bounds[i].column, self.m.bounds[i].count = column, count
        rows = any(max(c.operands[1:]) >= 0 for c in choices)
        self.m.unpicked = rows or self.m.has_classes
        return 0

    cdef int lay_out_repeat(self, Instruction *c, repeat) except -1:
        cdef Piece *p
        cdef Py_ssize_t i
        c.kind, c.loop, c.out, c.count = REPEAT, repeat.loop, repeat.out, repeat.count
        c.differentiated, c.rows, c.end = repeat.live, len(repeat.pieces), repeat.out + repeat.rows
        c.adds = LOOPS[c.loop].name == b"add"
        c.pieces = <Piece *>self.memory(c.rows, sizeof(Piece))
        parameters, constants = self.m.parameters, self.m.scalar_count
        if LOOPS[c.loop].backward[0] == NULL and LOOPS[c.loop].backward[1] == NULL:
            self.deaf.update(range(repeat.out, repeat.out + repeat.rows))
        p = c.pieces
        for rows, at, moves in repeat.pieces:
            p.rows = rows
            for i in range(c.count):
                first, last = at[i], at[i] + (rows - 1) * moves[i]
                p.at[i], p.moves[i] = first, moves[i]
                p.wanted[i] = min(first, last) < parameters or max(first, last) >= constants
                # A slope of another op might be what raises: then it has to be computed.
                if LOOPS[c.loop].name == b"sub" and moves[i] == 0 and first in self.deaf:
                    p.wanted[i] = False
            p += 1
        return 0

    cdef int lay_out_several(self, Instruction *c, found) except -1:
        c.out, c.differentiated, c.rows, c.count = found.out, found.live, found.rows, found.count
        c.operands = self.ints(found.operands)
        if isinstance(found, Dots):
            c.kind, c.follow[0], c.follow[1] = DOTS, found.follow(0), found.follow(1)
        else:
            c.kind, c.many = MANIES, ANY_NUMBER[found.kind]
        return 0

    cdef int lay_out_matrix(self, Instruction *c, matrix) except -1:
        c.kind, c.out, c.differentiated, c.count = MATRIX, matrix.out, True, matrix.count
        c.rows, c.neurons, c.biased = matrix.rows, len(matrix.weights), bool(matrix.biases)
        c.inputs_at, c.weights_at = self.ints(matrix.inputs), self.ints(matrix.weights)
        c.biases_at = self.ints(matrix.biases)
        c.follow[0] = c.biased and matrix.ordered and neighbours(matrix.biases)
        if not matrix.ordered:
            n, order = c.neurons, matrix.order
            parts = [order[first : first + n] for first in range(0, len(order), n)]
            ranks = [sorted(range(n), key=part.__getitem__) for part in parts]
            c.order, c.rank = self.ints(order), self.ints([r for rank in ranks for r in rank])
        c.height = padded(c.neurons)
        if matrix.copies:
            self.lay_out_copies(c, matrix)
        return 0

    cdef int lay_out_copies(self, Instruction *c, matrix) except -1:
        cdef Copy *copy
        stops, first_stop, late = matrix.stops()
        c.stops, c.first_stop = self.ints(stops), self.ints(first_stop)
        c.copy_count = len(matrix.copies)
        copy = <Copy *>self.memory(c.copy_count, sizeof(Copy))
        c.copies = copy
        for (q, _, offset, place), at in zip(matrix.copies, late):
            copy.source, copy.to, copy.late = matrix.inputs[q] + offset, place, at
            copy += 1
        return 0

    cdef int lay_out_turned(self, tail, variants) except -1:
        """Room for the weights of matrices, input by input.

        Those that do not change are shared by the instructions that all variants run together.
        """
        cdef Instruction *c
        cdef Py_ssize_t i, first
        starts = {part[0] for parts, _ in variants for part in parts}
        starts |= {part[1] for parts, _ in variants for part in parts}
        known = {}  # by the weights and biases: the first instruction that has them
        for i, matrix in enumerate(tail):
            if i in starts:
                known = {}
            if not isinstance(matrix, Matrix):
                continue
            c = self.m.tail.code + i
            first = known.setdefault((*matrix.weights, -1, *matrix.biases, matrix.count), i)
            if first == i:
                c.by_input, c.turns = self.doubles((c.count + 1) * c.height), True
            else:
                c.by_input = self.m.tail.code[first].by_input
        return 0

    cdef int lay_out_layer(self, Instruction *c, checked, inputs, lanes) except -1:
        cdef Py_ssize_t s
        k, m = checked.count, checked.rows
        known, scalars = checked.operands[:k], checked.operands[k:]
        wanted = [i for i, row in enumerate(known) if row >= inputs]
        rows = [known[i] for i in wanted]
        if not self.chosen.keys().isdisjoint(rows):
            pieces = in_pieces([(i, self.chosen[known[i]]) for i in wanted if known[i] in self.chosen])
            c.picked, c.picked_count = self.ints([x for piece in pieces for x in piece]), len(pieces)
            wanted = [i for i in wanted if known[i] not in self.chosen]
        params = [x for x in scalars if ~x < self.m.parameters]
        each = k + checked.biased
        c.neighbours = all([follow(scalars[j * each : j * each + k]) for j in range(m)])
        c.direct = len({*rows}) < len(rows) or len({*params}) < len(params)
        c.width, c.height = padded(k + 1), padded(m)
        c.wanted, c.wanted_count = self.ints(wanted), len(wanted)
        c.weights = self.doubles(m * c.width)
        c.slopes = self.doubles(m * c.width)
        c.by_input = self.doubles(c.width * c.height)
        c.turned = self.doubles(lanes * c.width)
        for s in range(lanes):
            c.turned[s * c.width + c.count] = 1.0
        return 0

    def has_neighbours(self, operands):
        """Whether a dot has no bias, and parameters that follow one another on either side."""
        n = len(operands) // 2
        if len(operands) % 2 or not -self.m.parameters <= min(operands) <= max(operands) < 0:
            return False
        return follow(operands[:n]) and follow(operands[n:])

    cdef int lay_out_sums(self, sums) except -1:
        self.m.sums = <Sum *>self.memory(len(sums), sizeof(Sum))
        self.m.sum_count = len(sums)
        for i, (out, rows) in enumerate(sums):
            self.m.sums[i].out, self.m.sums[i].classes = out, len(rows)
            self.m.sums[i].rows = self.ints(rows)
        classes = [len(rows) for _, rows in sums if len(rows) > 1]
        self.m.has_classes, self.m.class_count = bool(classes), min(classes, default=0)
        self.m.unpicked |= self.m.has_classes
        return 0

    cdef int lay_out_gradients(self, sums) except -1:
        """Find the rows of the body whose gradients need not be set to 0 first.

        Their first contribution comes from an op of one or two inputs, or from a layer: those can
        begin a gradient instead of adding to it.
        """
        cdef Instruction *c
        cdef int k
        cdef bint able
        seen, begun = {row for _, rows in sums for row in rows}, set()
        inputs, together = self.m.body.inputs, self.m.body.lanes > 1 and not self.m.sequential
        for i in reversed(range(len(self.body))):
            c, checked = self.m.body.code + <Py_ssize_t>i, self.body[i]
            parts = [checked.operands]
            if checked.kind == "elementwise":
                parts = [checked.operands[k :: checked.count] for k in range(checked.count)]
            for k, part in enumerate(parts if checked.live and checked.kind != "choose" else []):
                rows = {row for row in part if row >= inputs}
                able = checked.kind == "layer" and together and not c.direct
                if checked.kind == "elementwise":
                    able = LOOPS[c.loop].backward[k] != NULL
                for row in rows & self.chosen.keys():  # its candidates get what it gets
                    rows.update([x for x in self.chosen[row][1:] if x >= inputs])
                    able = False
                if able and rows and seen.isdisjoint(rows):
                    c.first[k] = 1
                    begun |= rows
                seen |= rows
        zeroed = [row for row in range(inputs, self.m.body.count) if row not in begun]
        self.m.body.zeroed, self.m.body.zeroed_count = self.ints(zeroed), len(zeroed)
        return 0

    # ---- what it does ----

    @staticmethod
    def supports(name):
        """Whether the machine has the op of that name, "layer" or "choose"."""
        if not isinstance(name, str):
            return False
        return name in ONE_OR_TWO or name in ANY_NUMBER or name in ("layer", "choose")

    @staticmethod
    def _function(name, numbers, _width):
        """(what a function of elementary.h makes of an array of numbers, whether in vectors)."""
        cdef const Version *version = version_for(_width, 0)
        cdef Lent x = lent("numbers", numbers, "d")
        answer = array("d", bytes(8 * x.length))
        cdef Lent z = lent("answer", answer, "d", None, True)
        cdef int which = ["exp", "expm1", "log1p", "tanh"].index(name)
        version.many[which](x.length, z.floats(), x.floats())
        return answer, version.many[which] != ONE_BY_ONE[which]

    @property
    def width(self):
        """How many doubles a vector has."""
        return 0 if self.version == NULL else self.version.width

    def evaluate(
        self, parameters, rows, classes=None, gradient=True, variant=0, seed=1.0, start=None
    ):
        """(value, grads), or None where Python has to answer; grads is None without gradient.

        rows: [lanes * inputs], sample by sample; classes: [lanes], if the plan has classes. variant:
        which of its losses, if the plan has several. seed: the gradient of the loss. start: the
        gradient of the parameters so far, to which that of the loss is added.
        """
        cdef State *m = self.made()
        cdef double first = seed
        cdef Lent before = None if start is None else lent("start", start, "d", m.parameters)
        cdef bint differentiate = gradient, known = False
        cdef Py_ssize_t chosen = index("variant", variant, 0, self.variant_count)
        cdef Lent p = lent("parameters", parameters, "d", m.parameters)
        cdef Lent x = lent("rows", rows, "d", m.lanes * m.body.inputs)
        cdef Lent given = self.given_classes(classes, m.lanes)
        cdef const int *of_samples = NULL if given is None else given.ints()
        with self.lock:
            self.take_variant(chosen)
            with nogil:
                known = self.load(p.floats(), x.floats(), of_samples)
                known = known and forward(m, self.version)
                if differentiate:
                    m.seed, m.start = first, NULL if before is None else before.floats()
                    known = known and backward(m, self.version)
                    m.seed, m.start = 1.0, NULL
            if not known:
                return None
            return m.tail.values[m.output], self.grads() if differentiate else None

    def outputs(self, parameters, rows, wanted):
        """The wanted rows of the body, [lanes * len(wanted)] sample by sample, or None.

        Nothing is computed but what they need.
        """
        cdef State *m = self.made()
        cdef Lent p = lent("parameters", parameters, "d", m.parameters)
        cdef Lent x = lent("rows", rows, "d", m.lanes * m.body.inputs)
        cdef bint raised = False
        cdef Rows *body = &m.body
        columns = Reader("wanted", self.known, 0).operands("wanted", items_of("wanted", wanted))
        needed = self.needed(columns)
        cdef const char *chosen = needed
        answer = array("d", bytes(8 * m.lanes * len(columns)))
        cdef Lent z = lent("outputs", answer, "d", None, True)
        cdef double *out
        cdef Py_ssize_t s, i, n = len(columns)
        with self.lock:
            with nogil:
                raised = not self.load(p.floats(), x.floats(), NULL)
            for chunk in range(m.chunks):
                out = z.floats() + turn_to(m, chunk) * n
                with nogil:
                    raised |= self.version.forward(m, body, chosen)
                for i, row in enumerate(columns):
                    at = row * body.stride
                    for s in range(body.lanes):
                        out[s * n + i] = body.values[<Py_ssize_t>at + s]
        return None if raised else answer

    def train(
        self, parameters, states, optimizer, data, classes, order, lrs, step, momenta=None,
        max_norm=None, Watch watch=None
    ):
        """The loss before each step. If a step is abandoned, the losses of the steps before it.

        parameters and states change in place; an abandoned step changes nothing. optimizer: a name,
        and all numbers of the optimiser in a dict, as `nn.optim` has them in a group; for several
        groups a list of (how many parameters, a dict). data: [samples * inputs]. classes: [samples]
        or None. order: [steps * lanes], the samples that each step sees. lrs: [steps * groups].
        momenta: [steps * groups], for Adam beta1, or None if they stay the same. step: how many
        steps were made before, or a list of that for each group. max_norm: what the gradients are
        clipped to, or None. watch: what is looked at between the steps, or None; where it has no
        loss, the training ends.
        """
        courses = [(self, data, classes, 0)]
        return train_together(
            courses, None, parameters, states, optimizer, order, lrs, step, momenta, max_norm, watch
        )

    cdef int read_course(self, Course *course, data, classes, variant, list held) except -1:
        """What a step of a training runs; held: the memory that it points to."""
        cdef State *m = self.made()
        cdef Lent x = lent("data", data, "d"), given
        if m.body.inputs and x.length % m.body.inputs:
            raise ValueError(f"data has {m.body.inputs} numbers a sample, got {x.length} in all")
        if m.body.inputs:
            course.samples = x.length // m.body.inputs
        else:  # nothing says how many samples of no numbers there are
            course.samples = MOST if classes is None else lent("classes", classes, "i").length
        given = self.given_classes(classes, course.samples)
        course.machine, course.version = m, self.version
        course.data, course.classes = x.floats(), NULL if given is None else given.ints()
        held += x, given
        cdef Py_ssize_t i = index("variant", variant, 0, self.variant_count)
        course.parts, course.part_count = self.variants[i].parts, self.variants[i].part_count
        course.output = self.variants[i].output
        return 0

    # ---- on the way ----

    cdef State *made(self) except NULL:
        if self.lock is None:
            raise TypeError("this machine was never made")
        return &self.m

    cdef bint load(self, double *parameters, double *rows, const int *classes) noexcept nogil:
        set_parameters(&self.m, parameters)
        return set_samples(&self.m, rows, classes, NULL, self.m.lanes)

    cdef grads(self):
        grads = array("d", bytes(8 * self.m.parameters))
        cdef Lent z = lent("grads", grads, "d", None, True)
        memcpy(z.floats(), self.m.scalar_grads, self.m.parameters * sizeof(double))
        return grads

    cdef Lent given_classes(self, classes, samples):
        """The classes of the samples, or None where they make no difference."""
        if classes is None:
            if self.m.has_classes:
                raise ValueError("the plan sums by classes, got no classes")
            return None
        cdef Lent given = lent("classes", classes, "i", samples)
        cdef Py_ssize_t i
        if not self.m.has_classes:
            return given
        for i in range(given.length):
            if not 0 <= given.ints()[i] < self.m.class_count:
                raise ValueError(
                    f"classes are from 0 to {self.m.class_count - 1}, got {given.ints()[i]}"
                )
        return given

    cdef bytes needed(self, columns):
        """A 1 for each instruction of the body that the rows need, 0 for the others."""
        rows, marks = {*columns}, bytearray(len(self.body))
        for i in reversed(range(len(self.body))):
            c = self.body[i]
            if not rows.isdisjoint(range(c.out, c.out + c.rows)):
                marks[i] = 1
                rows.update(c.operands)
        return bytes(marks)

    cdef bytearray read_groups(self, dict held, optimizer, states, step, bint moving):
        """An Optimizer for each group of parameters; held: what it points to, by name."""
        latest = self.latest  # which another thread may replace
        if latest is None or latest[0] != optimizer:
            read = read_optimizer(optimizer, self.m.parameters)
            self.latest = latest = copied(optimizer), *read
        _, name, groups = latest
        steps = read_steps(step, len(groups))
        if not isinstance(states, dict):
            raise TypeError(f"states are a dict, got {states!r:.60}")
        memory = bytearray(len(groups) * sizeof(Optimizer))
        cdef Optimizer *o = <Optimizer *><char *>memory
        for group, before in zip(groups, steps):
            o.rule, o.first, o.count, o.step = RULES[name], group.first, group.count, before
            self.read_numbers(o, name, group.numbers, moving)
            self.read_states(o, name, states, held, moving)
            o += 1
        return memory

    cdef int read_numbers(self, Optimizer *o, name, given, bint moving) except -1:
        """The numbers of a group; C does not look at those that its optimiser does not have."""
        if moving and "momentum" not in given and "beta1" not in given:
            raise ValueError(f"{name} has no momenta")
        o.weight_decay = given["weight_decay"]
        o.momentum, o.dampening = given.get("momentum", 0.0), given.get("dampening", 0.0)
        o.alpha, o.lr_decay = given.get("alpha", 0.0), given.get("lr_decay", 0.0)
        o.beta1, o.beta2 = given.get("beta1", 0.0), given.get("beta2", 0.0)
        o.eps, o.nesterov = given.get("eps", 0.0), bool(given.get("nesterov"))
        o.centered, o.amsgrad = bool(given.get("centered")), bool(given.get("amsgrad"))
        return 0

    cdef int read_states(self, Optimizer *o, name, states, dict held, bint moving) except -1:
        """Point to the states that the rule has, under PyTorch's names."""
        cdef bint velocity = moving or o.momentum != 0
        if o.rule == SGD and velocity:
            o.velocity = self.state(o, name, "momentum_buffer", states, held)
        elif o.rule == ADAGRAD:
            o.square = self.state(o, name, "sum", states, held)
        elif o.rule == RMSPROP:
            o.square = self.state(o, name, "square_avg", states, held)
            if o.centered:
                o.mean = self.state(o, name, "grad_avg", states, held)
            if velocity:
                o.velocity = self.state(o, name, "momentum_buffer", states, held)
        elif o.rule == ADAM or o.rule == ADAMW:
            o.mean = self.state(o, name, "exp_avg", states, held)
            o.square = self.state(o, name, "exp_avg_sq", states, held)
            if o.amsgrad:
                o.largest = self.state(o, name, "max_exp_avg_sq", states, held)
        return 0

    cdef double *state(self, Optimizer *o, name, key, states, dict held) except? NULL:
        """Where the numbers of the group are in the state of that name."""
        if key not in states:
            got = ", ".join(map(str, states)) or "none"
            raise ValueError(f"{name} has the state {key}, got {got:.60}")
        if key not in held:
            held[key] = lent(key, states[key], "d", self.m.parameters, True)
        cdef Lent memory = held[key]
        return memory.floats() + o.first


cdef class Watch:
    """What is looked at between the steps of a training: another machine, on rows of its own.

    After every so many steps it computes its loss, with the parameters as they are then. losses:
    [looks] of the latest training. outputs: [looks * lanes * len(wanted)], the wanted rows of its
    body, sample by sample. parameters: [looks * n] if they are kept, else None.
    """

    cdef Machine machine
    cdef Lent rows, classes, wanted, loss, output, parameter
    cdef Py_ssize_t every
    cdef bint keeps
    cdef Watched seen
    cdef readonly object losses, outputs, parameters

    def __init__(self, Machine machine not None, rows, classes, wanted, every=1, keeps=False):
        cdef State *m = machine.made()
        columns = Reader("wanted", machine.known, 0).operands("wanted", items_of("wanted", wanted))
        self.machine, self.keeps = machine, keeps
        self.every = index("every", every, 1, MOST)
        self.rows = lent("rows", rows, "d", m.lanes * m.body.inputs)
        self.classes = machine.given_classes(classes, m.lanes)
        self.wanted = lent("wanted", array("i", columns), "i")

    def look(self, parameters):
        """Look once, with these parameters; whether the loss is known."""
        cdef Lent p = lent("parameters", parameters, "d", self.machine.m.parameters)
        cdef Watched *seen
        cdef bint known
        with self.machine.lock:
            seen = self.begin(p.length, self.every)
            with nogil:
                known = look(seen, p.floats())
            self.end()
        return known

    cdef Machine trained_by(self, machines):
        """The machine that looks, which must not be one of those that train."""
        if self.machine in machines:
            raise ValueError("a machine cannot watch its own training")
        return self.machine

    cdef Watched *begin(self, int parameters, Py_ssize_t steps) except NULL:
        """Load the samples, and make room for the looks of so many steps."""
        cdef State *m = &self.machine.m
        cdef const int *classes = NULL if self.classes is None else self.classes.ints()
        cdef Py_ssize_t looks = steps // self.every
        if m.parameters != parameters:
            raise ValueError(f"the watch has {m.parameters} parameters, got {parameters}")
        set_samples(m, self.rows.floats(), classes, NULL, m.lanes)
        self.losses = array("d", bytes(8 * looks))
        self.outputs = array("d", bytes(8 * looks * m.lanes * self.wanted.length))
        self.parameters = array("d", bytes(8 * looks * m.parameters)) if self.keeps else None
        self.loss = lent("losses", self.losses, "d", None, True)
        self.output = lent("outputs", self.outputs, "d", None, True)
        self.seen.m, self.seen.version = m, self.machine.version
        self.seen.wanted, self.seen.wanted_count = self.wanted.ints(), self.wanted.length
        self.seen.losses, self.seen.outputs = self.loss.floats(), self.output.floats()
        self.seen.every, self.seen.looks, self.seen.parameters = self.every, 0, NULL
        if self.keeps:
            self.parameter = lent("parameters", self.parameters, "d", None, True)
            self.seen.parameters = self.parameter.floats()
        return &self.seen

    cdef int end(self) except -1:
        """Keep what was seen."""
        cdef State *m = &self.machine.m
        cdef Py_ssize_t looks = self.seen.looks
        self.loss = self.output = self.parameter = None  # which may be resized now
        self.losses = self.losses[:looks]
        self.outputs = self.outputs[: looks * m.lanes * self.wanted.length]
        if self.keeps:
            self.parameters = self.parameters[: looks * m.parameters]
        return 0


cdef lock_of(Machine machine):
    return machine.lock


def train_together(
    courses, which, parameters, states, optimizer, order, lrs, step, momenta=None, max_norm=None,
    watch=None
):
    """The loss before each step of a training that goes from machine to machine.

    courses: [(machine, data, classes, variant)], which have the same parameters. which: [steps],
    the course of each step; None if there is one. order: the samples of each step, as many as its
    machine has lanes, in the data of its course. The other arguments are those of `Machine.train`.
    """
    cdef Machine machine
    cdef Py_ssize_t count = len(courses), i, k, at = 0
    cdef list held_courses = [], machines = []
    if count == 0:
        raise ValueError("a training has at least one course, got none")
    courses_memory = bytearray(count * sizeof(Course))
    cdef Course *c = <Course *><char *>courses_memory
    for i in range(count):
        machine, data, classes, variant = courses[i]
        machine.read_course(c + i, data, classes, variant, held_courses)
        machines.append(machine)
    machine = machines[0]
    cdef int parameter_count = machine.m.parameters
    for i in range(count):
        if c[i].machine.parameters != parameter_count:
            raise ValueError(
                f"all machines have {parameter_count} parameters, got {c[i].machine.parameters}"
            )
    cdef Lent p = lent("parameters", parameters, "d", parameter_count, True)
    cdef dict held = {}
    cdef bytearray memory = machine.read_groups(held, optimizer, states, step, momenta is not None)
    cdef Optimizer *groups = <Optimizer *><char *>memory
    cdef int group_count = len(memory) // sizeof(Optimizer), pick
    cdef double most = 0.0 if max_norm is None else max_norm
    if max_norm is not None and not most > 0:
        raise ValueError(f"max_norm is a positive number, got {max_norm}")
    cdef Lent rates = lent("lrs", lrs, "d")
    cdef Py_ssize_t steps = rates.length // group_count, done = 0, wanted
    if rates.length % group_count:
        raise ValueError(f"lrs has {group_count} numbers a step, got {rates.length} in all")
    cdef Lent moved = None if momenta is None else lent("momenta", momenta, "d", rates.length)
    cdef const double *of_steps = NULL if moved is None else moved.floats()
    cdef Lent chosen = None if which is None else lent("which", which, "i", steps)
    cdef const int *of_course = NULL if chosen is None else chosen.ints()
    wanted = steps * c.machine.lanes
    if of_course != NULL:
        wanted = 0
        for k in range(steps):
            if not 0 <= of_course[k] < count:
                raise ValueError(f"which has courses from 0 to {count - 1}, got {of_course[k]}")
            wanted += c[of_course[k]].machine.lanes
    cdef Lent picks = lent("order", order, "i", wanted)
    cdef Course *course = c
    for k in range(steps):
        if of_course != NULL:
            course = c + of_course[k]
        for i in range(course.machine.lanes):
            pick = picks.ints()[at]
            at += 1
            if not 0 <= pick < course.samples:
                raise ValueError(f"order has samples from 0 to {course.samples - 1}, got {pick}")
    losses = array("d", bytes(8 * steps))
    cdef Lent z = lent("losses", losses, "d", None, True)
    cdef Watched *watched = NULL
    cdef Watch watching = watch
    if watching is not None:
        machines.append(watching.trained_by(machines))
    distinct = sorted({*machines}, key=id)  # in one order: no two trainings wait in a circle
    locks = [lock_of(m) for m in distinct]
    for lock in locks:
        lock.acquire()
    try:
        if watching is not None:
            watched = watching.begin(parameter_count, steps)
        with nogil:
            done = train(
                c, count, of_course, groups, group_count, most, p.floats(), picks.ints(),
                rates.floats(), of_steps, steps, z.floats(), watched
            )
        if watching is not None:
            watching.end()
    finally:
        for lock in locks:
            lock.release()
    held.clear()
    return losses[:done]


def operands_of(made):
    """The places that an instruction of the tail takes, piece by piece."""
    if isinstance(made, Repeat):
        return [at for _, at, _ in made.pieces]
    return [made.operands] if isinstance(made, (Dots, Several)) else []


def chosen_operands(tail, number):
    """(instruction, piece, operand) of all operands of the tail that are chosen."""
    return [
        (k, j, i)
        for k, made in enumerate(tail)
        for j, at in enumerate(operands_of(made))
        for i, x in enumerate(at)
        if x in number
    ]


def copies_in(tail, ones):
    """The rows that are a number times a constant which is 1; these are the scalars `ones`."""
    mul = ONE_OR_TWO["mul"][0]
    return {
        c.out
        for c in tail
        if c.kind == "elementwise" and c.loop == mul and c.live and c.operands[1] in ones
    }


def in_place(checked):
    """Whether the scalars of a layer, or each half of a dot product, follow one another."""
    operands, n = checked.operands, checked.count // 2
    if checked.kind == "layer":
        halves = [operands[checked.count :]]
    elif checked.kind == "dot" and n > 0:
        halves = [operands[:n], operands[n : 2 * n]]
    else:
        return False
    return all(map(follow, halves))


def padded(n, width=8):
    """n, or as many more as fill whole vectors; those of 8 are whole vectors of any width."""
    return -(-n // width) * width
