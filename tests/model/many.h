/* many.h: operations about any number of frames (many.c), and what they share with the others (operations.c). */
#ifndef MANY_H
#define MANY_H

#include "oracle.h"

void many_start(struct quire *q);

void do_alloc_for(void);
void do_alloc_large(void);
void do_alloc_range(void);
void do_free_frames(void);
void do_free_all(void);
void do_alloc_bulk(void);
void do_free_bulk(void);
void do_bad_request(void); /* of what means nothing */
void do_bad_number(void);

/* ---- operations.c --------------------------------------------------------------------------------------- */

/* Whether the call is a proper one. */
bool begin(enum call call, quire_pa pa, uint64_t n);

/* Whether the call is made in the middle of another one; whether that is about one of these frames; whether it may have
 * frames in hand that the oracle knows as free. */
bool is_nested(void);
bool is_outers(quire_pa pa, uint64_t n);
bool in_the_way(void);

/* Whether there is an address to call something with. Mostly it is of a frame that is held, now and then anything. */
bool any_address(quire_pa *pa);
quire_pa anywhere(void);
uint8_t any_tag(void);

void put(quire_pa pa);

/* The call that frees the operation's frames ended so. */
void end_free(enum quire_status status);

#endif
