/* The fast mode of the machine: the same plan, where other last bits will do.

   It multiplies and adds with one rounding where the processor can (FMA). It sums over samples
   several lanes at a time. It has its own functions (fast_math.h). It raises a flag where the exact
   loops raise theirs. machine.h includes this. */
#include <stdint.h>

#if defined(__GNUC__)
#define WIDTH 2
#else
#define WIDTH 1
#endif
#define FUSED 0
#define TARGET
#define NAME(f) f##_fast
#include "fast_loops.h"
#undef WIDTH
#undef FUSED
#undef TARGET
#undef NAME
#if defined(__GNUC__) && defined(__x86_64__)
#define WIDTH 4
#define FUSED 1
#define TARGET __attribute__((target("avx2,fma")))
#define NAME(f) f##_fast_fma
#include "fast_loops.h"
#undef WIDTH
#undef FUSED
#undef TARGET
#undef NAME
#endif

/* As version_for. */
static const Version *fast_version_for(int width) {
#if defined(__GNUC__) && defined(__x86_64__)
    __builtin_cpu_init();
    if ((width == 0 || width == 4) && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma"))
        return &VERSION_fast_fma;
#endif
    return width == 0 || width == VERSION_fast.width ? &VERSION_fast : NULL;
}

/* Whether b may be done in one loop with the `count` ops from a on: b is the same op of the next
   row, its result is the next row too, and it takes no result of theirs. */
static int goes_on(const Instruction *a, const Instruction *b, int count) {
    return b->kind == ELEMENTWISE && b->loop == a->loop && b->count == 1 &&
           b->differentiated == a->differentiated && b->fresh[0] == a->fresh[0] &&
           b->operands[0] == a->operands[0] + count && b->out == a->out + count &&
           b->operands[0] < a->out;
}

/* Finds which gradient comes to a row first, and which instructions are done in one loop.
   seen: a 0 for each row of the body; it becomes 1 where a gradient has come. */
static void arrange(Machine *m, char *seen) {
    Rows *body = &m->body;
    for (const Sum *sum = m->sums; sum < m->sums + m->sum_count; sum++)
        for (int k = 0; k < sum->classes; k++) seen[sum->rows[k]] = 1;
    for (int i = body->length; i-- > 0;) {
        Instruction *c = body->code + i;
        if (!c->differentiated) continue;
        for (int q = 0; q < c->count; q++) {
            int row = c->operands[q];
            if (row < body->inputs) continue; /* or a scalar */
            if (c->kind == ELEMENTWISE && !LOOPS_fast[c->loop].backward[q]) continue;
            c->fresh[q] = !seen[row];
            seen[row] = 1;
        }
    }
    for (int i = 0; i < body->length; i += body->code[i].together) {
        Instruction *c = body->code + i;
        int count = 1;
        if (c->kind == ELEMENTWISE && c->count == 1 && c->operands[0] >= body->inputs)
            while (i + count < body->length && goes_on(c, c + count, count)) count++;
        c->together = count;
    }
}
