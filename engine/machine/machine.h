/* The machine: runs a plan on many samples.

   A plan is a recorded graph as a list of instructions. A number that the graph computes for each
   sample is a row of the body. The row has one lane for each sample, and an instruction computes
   the row in one loop over its lanes. (A layer computes several rows.) A number that the graph
   computes once, from all samples, is a row of the tail. It has a single lane. Sums over the lanes
   of the body are the first rows of the tail. Parameters and constants are scalars.

   The gradients have the last bits of engine/value.py, because all sums keep its order. Where a
   loop raises its flag, the step is abandoned, and Python does it.

   All indices of a plan were checked, in instructions.py, before anything here runs. */
#include "state.h"

/* exact.h for vectors that every processor of this kind has, and for wider, newer ones. The fused
   versions are for machines that give up the last bits: a product and a sum of a layer are one FMA,
   which rounds once instead of twice. Everything else is that of the exact versions. Among those,
   the functions of elementary.h alone use FMA. */
#if defined(__GNUC__)
#define WIDTH 2
#else
#define WIDTH 1
#endif
#define FUSED 0
#define TARGET
#define NAME(f) f##_everywhere
#include "exact.h"
#undef WIDTH
#undef TARGET
#undef NAME
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#define WIDTH 4
#define TARGET __attribute__((target("avx2")))
#define MATH_TARGET __attribute__((target("avx2,fma")))
#define NAME(f) f##_avx2
#include "exact.h"
#undef TARGET
#undef NAME
#undef FUSED
#define FUSED 1
#define TARGET MATH_TARGET
#define NAME(f) f##_fused_avx2
#define EXACT(f) f##_avx2
#include "exact.h"
#undef EXACT
#undef NAME
#undef TARGET
#undef MATH_TARGET
#undef FUSED
#undef WIDTH
#define WIDTH 8
#define FUSED 0
#ifdef __clang__
#define AVX512 "avx512f,avx512dq,avx512vl,avx512bw"
#else
#define AVX512 "avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512"
#endif
#define TARGET __attribute__((target(AVX512)))
#define MATH_TARGET TARGET
#define NAME(f) f##_avx512
#include "exact.h"
#undef NAME
#undef FUSED
#define FUSED 1
#define NAME(f) f##_fused_avx512
#define EXACT(f) f##_avx512
#include "exact.h"
#undef EXACT
#undef NAME
#undef TARGET
#undef MATH_TARGET
#undef FUSED
#undef WIDTH

/* Whether this processor has vectors of 4 numbers, or of 8. The first time, the functions of that
   version are chosen. */
static int has_vectors_of(int width) {
    static int asked_4, asked_8;
    __builtin_cpu_init();
    if (width == 4) {
        if (!__builtin_cpu_supports("avx2")) return 0;
        if (!asked_4 && __builtin_cpu_supports("fma")) choose_functions_avx2();
        return asked_4 = 1;
    }
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512bw"))
        return 0;
    if (!asked_8) choose_functions_avx512();
    return asked_8 = 1;
}
#endif

/* The version with vectors of that width; if it is 0, the widest that this processor has. fused:
   whether the last bits may be others; where there is no FMA, they are the same. */
static const Version *version_for(int width, int fused) {
#if defined(__GNUC__) && defined(__x86_64__)
    if ((width == 0 || width == 8) && has_vectors_of(8))
        return fused ? &VERSION_fused_avx512 : &VERSION_avx512;
    if ((width == 0 || width == 4) && has_vectors_of(4))
        return fused && __builtin_cpu_supports("fma") ? &VERSION_fused_avx2 : &VERSION_avx2;
#endif
    return width == 0 || width == VERSION_everywhere.width ? &VERSION_everywhere : NULL;
}

/* ---- forward and backward ---- */

/* Puts the weights of each layer side by side, as its loops read them. */
static void pack(const Machine *m, const Rows *rows) {
    for (int c = 0; c < rows->length; c++) {
        const Instruction *layer = rows->code + c;
        if (layer->kind != LAYER || layer->in_place) continue;
        const int *scalar = layer->operands + layer->count;
        for (int j = 0; j < layer->neurons; j++) {
            double *w = layer->weights + j * layer->width;
            int i = layer->neighbours ? layer->count : 0;
            memcpy(w, m->scalars + ~*scalar, i * sizeof(double));
            for (; i < layer->count + layer->biased; i++) w[i] = m->scalars[~scalar[i]];
            scalar += layer->count + layer->biased;
        }
        if (rows->lanes > 1) continue;
        for (int j = 0; j < layer->neurons; j++)
            for (int i = 0; i <= layer->count; i++)
                layer->by_input[i * layer->height + j] = layer->weights[j * layer->width + i];
    }
}

static void pack_layers(Machine *m) {
    pack(m, &m->body);
    pack(m, &m->tail);
}

static void set_parameters(Machine *m, const double *parameters) {
    memcpy(m->scalars, parameters, m->parameters * sizeof(double));
    pack_layers(m);
}

/* The first lane of a chunk; for chunk number m->chunks, how many lanes there are. A machine of one
   chunk needs no division for it. */
static INLINE ptrdiff_t first_lane(const Machine *m, int chunk) {
    return chunk == 0 ? 0 : chunk == m->chunks ? m->lanes : m->lanes * chunk / m->chunks;
}

/* Makes a chunk the current one; returns its first lane. */
static ptrdiff_t turn_to(Machine *m, int chunk) {
    const ptrdiff_t first = first_lane(m, chunk);
    const ptrdiff_t size = m->kept * m->body.stride;
    if (m->kept == m->body.count)
        m->body.values = m->values + chunk * size;
    else
        memcpy(m->body.values, m->values + chunk * size, size * sizeof(double));
    m->body.lanes = first_lane(m, chunk + 1) - first;
    m->chosen = m->classes + first;
    return first;
}

/* Puts samples of the data into the lanes: the picked ones or, if that is NULL, all in their order.
   Returns whether the samples, their classes and what they choose exist. */
static int set_samples(Machine *m, const double *data, const int *classes, const int *picked,
                       ptrdiff_t samples) {
    const Rows *body = &m->body;
    for (int chunk = 0; chunk < m->chunks; chunk++) {
        const ptrdiff_t first = first_lane(m, chunk), end = first_lane(m, chunk + 1);
        double *x = m->values + chunk * m->kept * body->stride;
        for (ptrdiff_t s = first; s < end; s++) {
            ptrdiff_t sample = picked ? picked[s] : s;
            if (sample < 0 || sample >= samples) return 0;
            for (ptrdiff_t i = 0; i < body->inputs; i++)
                x[i * body->stride + s - first] = data[sample * body->inputs + i];
            for (const Bound *bound = m->bounds; bound < m->bounds + m->bound_count; bound++) {
                const double index = data[sample * body->inputs + bound->column];
                if (!(index >= 0 && index < bound->count && index == (int)index)) return 0;
            }
            int class_ = classes ? classes[sample] : 0;
            if (m->has_classes && (class_ < 0 || class_ >= m->class_count)) return 0;
            m->classes[s] = class_;
        }
    }
    for (const Patch *patch = m->patches; patch < m->patches + m->patch_count; patch++) {
        const Choice *choice = m->tail.choices + patch->choice; /* of a machine of one lane */
        const int operand = candidate(choice, m->values[choice->column * body->stride]);
        *patch->place = (int)(value_at(m, &m->tail, operand, 0) - m->scalars);
    }
    return 1;
}

/* The rows of the tail, with the instructions of a part alone. */
static INLINE Rows rows_of_part(const Machine *m, const Part *part) {
    Rows rows = m->tail;
    rows.code += part->first;
    rows.length = part->end - part->first;
    return rows;
}

/* Computes the loss. Returns whether it is known: no flag was raised, and it is finite. */
static int forward(Machine *m, const Version *version) {
    for (int chunk = 0; chunk < m->chunks; chunk++) {
        turn_to(m, chunk);
        if (version->forward(m, &m->body, NULL)) return 0;
        for (const Sum *sum = m->sums; sum < m->sums + m->sum_count; sum++) {
            double *total = m->tail.values + sum->out;
            ptrdiff_t s = 0;
            if (chunk == 0) *total = *value_at(m, &m->body, summand(m, sum, s), s), s++;
            if (sum->classes == 1 && version->sum && m->body.lanes > 32) /* few are no gain */
                *total += version->sum(value_at(m, &m->body, sum->rows[0], s), m->body.lanes - s);
            else
                for (; s < m->body.lanes; s++)
                    *total += *value_at(m, &m->body, summand(m, sum, s), s);
        }
    }
    for (const Part *part = m->parts; part < m->parts + m->part_count; part++) {
        const Rows rows = rows_of_part(m, part);
        if (version->forward(m, &rows, NULL)) return 0;
    }
    return isfinite(m->tail.values[m->output]);
}

/* The gradients of the current chunk; returns whether a flag was raised. */
static int backward_chunk(Machine *m, const Version *version) {
    Rows *body = &m->body;
    int f = 0;
    if (m->kept < body->count) version->forward(m, body, NULL); /* again, without a flag */
    for (int i = 0; i < body->zeroed_count; i++)
        memset(grad_at(m, body, body->zeroed[i], 0), 0, body->stride * sizeof(double));
    for (const Sum *sum = m->sums + m->sum_count; sum-- > m->sums;) {
        const double grad = m->tail.grads[sum->out];
        double *g = grad_at(m, body, sum->rows[0], 0);
        if (sum->classes == 1)
            for (ptrdiff_t s = 0; s < body->lanes; s++) g[s] += grad;
        else
            for (ptrdiff_t s = 0; s < body->lanes; s++)
                *grad_at(m, body, summand(m, sum, s), s) += grad;
    }
    if (!m->sequential) return version->backward(m, body, 0, body->lanes);
    for (ptrdiff_t s = body->lanes; s-- > 0 && !f;) f = version->backward(m, body, s, 1);
    return f;
}

/* Computes the gradients. Returns whether they are known. */
static int backward(Machine *m, const Version *version) {
    memset(m->scalar_grads, 0, m->scalar_count * sizeof(double));
    if (m->start) memcpy(m->scalar_grads, m->start, m->parameters * sizeof(double));
    for (const Part *part = m->parts; part < m->parts + m->part_count; part++)
        memset(m->tail.grads + part->first_row, 0,
               (part->end_row - part->first_row) * sizeof(double));
    m->tail.grads[m->output] = m->seed;
    for (const Part *part = m->parts + m->part_count; part-- > m->parts;) {
        const Rows rows = rows_of_part(m, part);
        if (version->backward(m, &rows, 0, 1)) return 0;
    }
    for (int chunk = m->chunks; chunk-- > 0;) {
        turn_to(m, chunk);
        if (backward_chunk(m, version)) return 0;
    }
    for (int i = 0; i < m->silent_count; i++)
        m->scalar_grads[m->silent[i]] = m->start ? m->start[m->silent[i]] : 0.0;
    return !m->unpicked || known(m);
}
