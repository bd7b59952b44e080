/* What people ask of the outputs of many looks: how far off they are, and how many are right.

   The sums are those of Python's `sum`, which since 3.12 carries what rounding lost. */

/* Sizes of numbers whose squares are floats. A 0 is one, too. */
#define SMALLEST_PLAIN 1e-100
#define LARGEST_PLAIN 1e100

/* For each look: 1 - (the sum of (target - output)**2) / spread. Returns whether all outputs are
   plain. carried: whether the sum carries what rounding lost. */
static int explained(const double *outputs, ptrdiff_t looks, const double *targets, ptrdiff_t n,
                      double spread, int carried, double *shares) {
    for (ptrdiff_t k = 0; k < looks; k++, outputs += n) {
        double total = 0, lost = 0, largest = 0;
        for (ptrdiff_t i = 0; i < n; i++) {
            const double size = fabs(outputs[i]), off = targets[i] - outputs[i], x = off * off;
            if (!(size <= LARGEST_PLAIN)) return 0;
            if (size > largest) largest = size;
            if (carried && i > 0) {
                const double sum = total + x;
                lost += total >= x ? (total - sum) + x : (x - sum) + total;
                total = sum;
            } else
                total += x;
        }
        if (largest != 0 && largest < SMALLEST_PLAIN) return 0;
        if (lost != 0 && isfinite(lost)) total += lost;
        shares[k] = 1.0 - total / spread;
    }
    return 1;
}

/* For each look: in which share of the n samples the first of the largest outputs has the place that
   is the target. */
static void right(const double *outputs, ptrdiff_t looks, const double *targets, ptrdiff_t n,
                  ptrdiff_t width, double *shares) {
    for (ptrdiff_t k = 0; k < looks; k++) {
        ptrdiff_t count = 0;
        for (ptrdiff_t i = 0; i < n; i++, outputs += width) {
            ptrdiff_t best = 0;
            for (ptrdiff_t j = 1; j < width; j++)
                if (outputs[j] > outputs[best]) best = j;
            count += targets[i] == (double)best;
        }
        shares[k] = (double)count / (double)n;
    }
}
