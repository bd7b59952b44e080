/* The vector: WIDTH numbers that the processor computes with at once. */

#if WIDTH == 8
typedef double NAME(Vector) __attribute__((vector_size(64), aligned(8), may_alias));
#define SPLAT(x) ((NAME(Vector)){(x), (x), (x), (x), (x), (x), (x), (x)})
#elif WIDTH == 4
typedef double NAME(Vector) __attribute__((vector_size(32), aligned(8), may_alias));
#define SPLAT(x) ((NAME(Vector)){(x), (x), (x), (x)})
#elif WIDTH == 2
typedef double NAME(Vector) __attribute__((vector_size(16), aligned(8), may_alias));
#define SPLAT(x) ((NAME(Vector)){(x), (x)})
#else
typedef double NAME(Vector);
#define SPLAT(x) (x)
#endif
