/* list.h: doubly linked lists that run in a circle through their head. A kernel that has such lists by these names puts a list.h
 * in the place of this one that includes its own. */
#ifndef PMM_LIST_H
#define PMM_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *prev, *next;
};

/* An empty list. */
static inline void list_initialize(struct list_node *list) {
    list->prev = list->next = list;
}

static inline bool list_is_empty(const struct list_node *list) {
    return list->next == list;
}

static inline void list_add_tail(struct list_node *list, struct list_node *node) {
    node->prev = list->prev;
    node->next = list;
    list->prev->next = node;
    list->prev = node;
}

/* NULL where there is none. */
static inline struct list_node *list_remove_head(struct list_node *list) {
    struct list_node *node = list->next;
    if (node == list) {
        return NULL;
    }
    list->next = node->next;
    node->next->prev = list;
    node->prev = node->next = NULL;
    return node;
}

#endif
