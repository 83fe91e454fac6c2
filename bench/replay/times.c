/* times.c: see times.h. */
#include "times.h"

#include "replay.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *const span_names[N_SPANS] = {"all", "alloc", "free", "order-alloc", "order-free"};

static bool is_in(const struct op *op, enum span span) {
    switch (span) {
    case SPAN_ALLOCS:
        return !op->is_free;
    case SPAN_FREES:
        return op->is_free;
    case SPAN_ORDER_ALLOCS:
        return !op->is_free && op->order > 0;
    case SPAN_ORDER_FREES:
        return op->is_free && op->order > 0;
    default:
        return true;
    }
}

static unsigned bucket_of(uint32_t ticks) {
    unsigned shift = ticks < 128 ? 0 : 25u - (unsigned)__builtin_clz(ticks);
    return (shift << 6) + (ticks >> shift);
}

double bucket_ticks(unsigned bucket) {
    unsigned shift = bucket < 128 ? 0 : bucket / 64 - 1;
    uint32_t from = (bucket - (shift << 6)) << shift;
    return from + (double)((1u << shift) - 1) / 2;
}

void histogram_make(struct histogram *h, const struct trace *trace, const uint32_t *ticks, enum span span,
                    struct clock_cost cost) {
    uint32_t own_ticks = (uint32_t)(cost.own_ticks + 0.5);
    memset(h, 0, sizeof *h);
    for (uint32_t i = trace->n_before; i < trace->n_ops; i++) {
        uint32_t took = ticks[i - trace->n_before];
        if (took == NOT_CLOCKED || !is_in(&trace->ops[i], span)) {
            continue;
        }
        uint32_t left = took > own_ticks ? took - own_ticks : 0;
        h->n++;
        h->sum += took;
        h->worst = left > h->worst ? left : h->worst;
        h->buckets[bucket_of(left)]++;
    }
}

static double percentile(const struct histogram *h, double share) {
    uint64_t wanted = (uint64_t)ceil(share * (double)h->n), seen = 0;
    for (unsigned i = 0; i < N_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= wanted) {
            return bucket_ticks(i);
        }
    }
    return NAN;
}

struct times times_of(const struct histogram *h, struct clock_cost cost) {
    if (h->n == 0) {
        return (struct times){NAN, NAN, NAN, NAN, NAN};
    }
    double ns = cost.ns_per_tick;
    return (struct times){
        .mean = ns * ((double)h->sum / (double)h->n - cost.own_ticks),
        .p50 = ns * percentile(h, 0.5),
        .p99 = ns * percentile(h, 0.99),
        .p999 = ns * percentile(h, 0.999),
        .worst = ns * h->worst,
    };
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the field that lies `at` bytes into each. */
static double median_at(const struct times *of, unsigned n, size_t at) {
    double values[MAX_REPETITIONS];
    for (unsigned i = 0; i < n; i++) {
        memcpy(&values[i], (const char *)&of[i] + at, sizeof values[i]);
    }
    qsort(values, n, sizeof values[0], by_value);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

struct times times_median(const struct times *of, unsigned n) {
    return (struct times){
        .mean = median_at(of, n, offsetof(struct times, mean)),
        .p50 = median_at(of, n, offsetof(struct times, p50)),
        .p99 = median_at(of, n, offsetof(struct times, p99)),
        .p999 = median_at(of, n, offsetof(struct times, p999)),
        .worst = median_at(of, n, offsetof(struct times, worst)),
    };
}
