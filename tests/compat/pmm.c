/* pmm.c: compat/pmm as a kernel uses it. */
#include "tests/unit/unit.h"

#include "compat/pmm/pmm.h"
#include <quire/port.h>
#include <stdio.h>
#include <string.h>

#define BASE (1 * GIB)

static struct quire *q;
static char *ram; /* where BASE is mapped */

void *paddr_to_kvaddr(paddr_t pa) {
    return quire_port_map(pa);
}

paddr_t vaddr_to_paddr(void *va) {
    return BASE + (paddr_t)((char *)va - ram);
}

#define RAM_BYTES (32 * MIB)

/* n_bytes of memory, of which the kernel can reach what lies below kmap_end. There is more, for arenas. */
static void make(uint64_t n_bytes, paddr_t kmap_end) {
    const struct quire_config config = {.n_cpus = 2, .user_bytes = sizeof(vm_page_t)};
    const struct quire_region region = USABLE(BASE, BASE + n_bytes);
    host_ram_add(BASE, RAM_BYTES);
    ram = quire_port_map(BASE);
    assert_int_equal(quire_init(&q, &config, &region, 1), QUIRE_OK);
    assert_true(pmm_init(q, kmap_end));
}

static size_t length(struct list_node *list) {
    size_t n = 0;
    for (struct list_node *node = list->next; node != list; node = node->next) {
        assert_ptr_equal(node->next->prev, node);
        n++;
    }
    return n;
}

static paddr_t address_of(struct list_node *node) {
    return vm_page_to_paddr((vm_page_t *)node);
}

static void expect_held(paddr_t pa) {
    struct quire_frame frame;
    assert_true(quire_frame_at(q, pa, &frame));
    assert_int_equal(frame.state, QUIRE_STATE_HELD);
}

static void one_page(void **state) {
    (void)state;
    make(8 * MIB, 0);
    uint64_t before = n_free(q);
    vm_page_t *a = pmm_alloc_page(), *b = pmm_alloc_page();
    assert_non_null(a);
    assert_non_null(b);
    assert_true(vm_page_to_paddr(a) != vm_page_to_paddr(b));
    expect_held(vm_page_to_paddr(a));
    assert_ptr_equal(paddr_to_vm_page(vm_page_to_paddr(a)), a);
    assert_ptr_equal(paddr_to_vm_page(vm_page_to_paddr(b) + 123), b);
    assert_int_equal(n_free(q), before - 2);
    assert_int_equal(pmm_free_page(a), 1);
    assert_int_equal(pmm_free_page(b), 1);
    assert_int_equal(n_free(q), before);
}

/* They go behind what is on the list already; all come back by one call. */
static void pages_on_a_list(void **state) {
    (void)state;
    make(8 * MIB, 0);
    uint64_t before = n_free(q);
    struct list_node list;
    list_initialize(&list);
    vm_page_t *first = pmm_alloc_page();
    list_add_tail(&list, &first->node);
    const unsigned counts[] = {1, 31, 32, 33, 64, 200};
    size_t n = 1;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        assert_int_equal(pmm_alloc_pages(counts[i], &list), counts[i]);
        n += counts[i];
        assert_int_equal(length(&list), n);
    }
    assert_int_equal(pmm_alloc_pages(0, &list), 0);
    assert_ptr_equal(list.next, &first->node);
    assert_int_equal(n_free(q), before - n);
    for (struct list_node *node = list.next; node != &list; node = node->next) {
        expect_held(address_of(node));
    }
    assert_int_equal(pmm_free(&list), n);
    assert_true(list_is_empty(&list));
    assert_int_equal(n_free(q), before);
    assert_int_equal(pmm_free(&list), 0);
}

/* More than there is: all that there is, each page once, and the caller keeps them. */
static void exhaustion(void **state) {
    (void)state;
    make(4 * MIB, 0);
    for (int round = 0; round < 2; round++) {
        uint64_t before = n_free(q);
        struct list_node list;
        list_initialize(&list);
        assert_int_equal(pmm_alloc_pages(100000, &list), before);
        assert_int_equal(length(&list), before);
        assert_null(pmm_alloc_page());
        assert_null(pmm_alloc_kpage());
        assert_int_equal(pmm_alloc_pages(1, &list), 0);
        assert_int_equal(pmm_alloc_contiguous(1, 0, NULL, &list), 0);
        assert_int_equal(length(&list), before);
        assert_int_equal(pmm_free(&list), before);
    }
    expect_consistent(q);
}

static void ranges(void **state) {
    (void)state;
    make(16 * MIB, 0);
    struct list_node list;
    list_initialize(&list);
    paddr_t at = BASE + 8 * MIB;
    assert_int_equal(pmm_alloc_range(at + 5 * PAGE, 1, &list), 1);
    assert_int_equal(pmm_alloc_range(at + 17, 100, &list), 5); /* rounded down, and as far as they are free */
    assert_int_equal(length(&list), 6);
    assert_true(address_of(list.next->next) == at);
    assert_true(address_of(list.prev) == at + 4 * PAGE);
    assert_int_equal(pmm_alloc_range(at, 1, &list), 0);
    assert_int_equal(pmm_alloc_range(at + 6 * PAGE, 0, &list), 0);
    assert_int_equal(pmm_alloc_range(BASE - PAGE, 1, &list), 0);
    assert_int_equal(pmm_alloc_range(BASE + 16 * MIB - PAGE, 10, &list), 1);
    assert_int_equal(pmm_free(&list), 7);
}

static void arenas(void **state) {
    (void)state;
    make(16 * MIB, 0);
    uint64_t before = n_free(q);
    pmm_arena_t arena = {.name = "more", .base = BASE + 16 * MIB, .size = 4 * MIB, .priority = 1};
    assert_int_equal(pmm_add_arena(&arena), -QUIRE_INVALID); /* it does not say that it is mapped */
    arena.flags = PMM_ARENA_FLAG_KMAP;
    assert_int_equal(pmm_add_arena(&arena), 0);
    assert_true(n_free(q) > before + (3 * MIB) / PAGE);
    assert_true(pmm_add_arena(&arena) < 0); /* it is there already */
    const pmm_arena_t beyond = {.base = UINT64_MAX - PAGE, .size = 2 * MIB, .flags = PMM_ARENA_FLAG_KMAP};
    assert_true(pmm_add_arena(&beyond) < 0);
}

/* From one arena into the next one. */
static void a_range_goes_on(void **state) {
    (void)state;
    make(16 * MIB, 0);
    const pmm_arena_t arena = {.base = BASE + 16 * MIB, .size = 4 * MIB, .flags = PMM_ARENA_FLAG_KMAP};
    assert_int_equal(pmm_add_arena(&arena), 0);
    struct list_node list;
    list_initialize(&list);
    paddr_t at = arena.base - 10 * PAGE;
    assert_int_equal(pmm_alloc_range(at, 20, &list), 20);
    for (struct list_node *node = list.next; node != &list; node = node->next, at += PAGE) {
        assert_true(address_of(node) == at);
    }
    assert_int_equal(pmm_free(&list), 20);
}

static void side_by_side(void **state) {
    (void)state;
    make(16 * MIB, 0);
    struct list_node list;
    list_initialize(&list);
    for (uint8_t align = 0; align <= 22; align++) {
        paddr_t pa = 0;
        assert_int_equal(pmm_alloc_contiguous(7, align, &pa, &list), 7);
        assert_true(pa % ((paddr_t)1 << align) == 0);
        assert_int_equal(length(&list), 7);
        paddr_t next = pa;
        for (struct list_node *node = list.next; node != &list; node = node->next, next += PAGE) {
            assert_true(address_of(node) == next);
            expect_held(next);
        }
        assert_int_equal(pmm_free(&list), 7);
    }
    assert_int_equal(pmm_alloc_contiguous(3, 0, NULL, &list), 3); /* the list alone is enough */
    assert_int_equal(pmm_free(&list), 3);
    paddr_t pa = 42;
    const unsigned bad_counts[] = {0, 1u << 20, UINT32_MAX};
    for (size_t i = 0; i < COUNT_OF(bad_counts); i++) {
        assert_int_equal(pmm_alloc_contiguous(bad_counts[i], 12, &pa, &list), 0);
    }
    assert_int_equal(pmm_alloc_contiguous(1, 31, &pa, &list), 0); /* no such address in this memory */
    assert_int_equal(pmm_alloc_contiguous(1, 32, &pa, &list), 0);
    assert_int_equal(pmm_alloc_contiguous(1, 255, &pa, &list), 0);
    assert_true(pa == 42 && list_is_empty(&list));
}

static void kernel_pages(void **state) {
    (void)state;
    make(8 * MIB, 0);
    uint64_t before = n_free(q);
    char *three = pmm_alloc_kpages(3, NULL), *one = pmm_alloc_kpage();
    assert_non_null(three);
    assert_non_null(one);
    memset(three, 3, 3 * PAGE);
    memset(one, 1, PAGE);
    assert_int_equal(three[3 * PAGE - 1], 3);
    vm_page_t *middle = paddr_to_vm_page(vaddr_to_paddr(three + PAGE)); /* also of pages that are on no list */
    assert_non_null(middle);
    assert_int_equal(pmm_free_page(middle), 1);
    assert_int_equal(pmm_free_kpages(three, 1), 1);
    assert_int_equal(pmm_free_kpages(three + 2 * PAGE, 1), 1);
    assert_int_equal(pmm_free_kpages(one, 1), 1);
    assert_null(pmm_alloc_kpages(0, NULL));
    assert_int_equal(n_free(q), before);
}

/* Of memory that is mapped in part, pointers are to the mapped part; other pages come from anywhere. */
static void kernel_pages_are_mapped(void **state) {
    (void)state;
    make(32 * MIB, BASE + 8 * MIB);
    size_t n = 0;
    for (char *at; (at = pmm_alloc_kpage()) != NULL; n++) {
        assert_true(at < ram + 8 * MIB);
    }
    assert_true(n > 7 * MIB / PAGE && n < 8 * MIB / PAGE);
    struct list_node list;
    list_initialize(&list);
    assert_int_equal(pmm_alloc_contiguous(1, 0, NULL, &list), 0);
    assert_true(pmm_alloc_pages(100000, &list) >= 24 * MIB / PAGE);
}

static void misuse(void **state) {
    (void)state;
    make(8 * MIB, 0);
    struct list_node list;
    list_initialize(&list);
    pmm_alloc_pages(3, &list);
    vm_page_t *page = (vm_page_t *)list.next->next;
    paddr_t pa = vm_page_to_paddr(page);
    uint64_t before = n_free(q);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    assert_int_equal(pmm_free(&list), 2); /* the one that was free already is not counted */
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", pa, 0, 0, PMM_TAG);
    assert_true(list_is_empty(&list));
    assert_int_equal(pmm_free_page(page), 0);
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free", pa, 0, 0, PMM_TAG);
    assert_int_equal(n_free(q), before + 3);

    char *two = pmm_alloc_kpages(2, NULL);
    assert_int_equal(pmm_free_kpages(two + 1, 1), 0);
    expect_fault(QUIRE_FAULT_MISALIGNED, "quire_free_frames", vaddr_to_paddr(two) + 1, 0, 0, 0);
    assert_int_equal(pmm_free_kpages(two, 0), 0);
    assert_int_equal(pmm_free_kpages(two, 2), 2);
    assert_int_equal(pmm_free_kpages(two, 2), 0);
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free_frames", vaddr_to_paddr(two), 1, 0, PMM_TAG);
}

static void no_such_page(void **state) {
    (void)state;
    make(32 * MIB, 0);
    assert_null(paddr_to_vm_page(0));
    assert_null(paddr_to_vm_page(BASE - PAGE));
    assert_null(paddr_to_vm_page(BASE + 32 * MIB));
    assert_null(paddr_to_vm_page(QUIRE_NONE));
    assert_null(paddr_to_vm_page(BASE + 31 * MIB)); /* of a block that was never used */
    vm_page_t *page = pmm_alloc_page();
    paddr_t block = vm_page_to_paddr(page) & ~(paddr_t)(BLOCK - 1);
    for (paddr_t pa = block; pa < block + BLOCK; pa += PAGE) {
        assert_ptr_equal(paddr_to_vm_page(pa), pa == vm_page_to_paddr(page) ? page : NULL);
    }
}

/* An allocator without room for a page's structure, or without memory to look at, is refused. */
static void init_refuses(void **state) {
    (void)state;
    const struct quire_region region = USABLE(BASE, BASE + 4 * MIB);
    struct quire_config config = {.n_cpus = 1};
    struct quire *other = unit_make(&config, &region, 1);
    uint64_t before = n_free(other);
    assert_false(pmm_init(other, 0));
    assert_int_equal(n_free(other), before);
    config.user_bytes = sizeof(vm_page_t) - sizeof(uintptr_t);
    assert_int_equal(quire_init(&other, &config, &region, 1), QUIRE_OK);
    assert_false(pmm_init(other, 0));
    config.user_bytes = sizeof(vm_page_t);
    assert_int_equal(quire_init(&other, &config, &region, 1), QUIRE_OK);
    struct frames all = {0};
    take_all(other, &all);
    assert_false(pmm_init(other, 0));
    free_all(other, &all);
    assert_true(pmm_init(other, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(one_page),     unit_case(pages_on_a_list), unit_case(exhaustion),
        unit_case(ranges),       unit_case(arenas),          unit_case(a_range_goes_on),
        unit_case(side_by_side), unit_case(kernel_pages),    unit_case(kernel_pages_are_mapped),
        unit_case(misuse),       unit_case(no_such_page),    unit_case(init_refuses),
    };
    return cmocka_run_group_tests_name("pmm", tests, NULL, NULL);
}
