/* board.h: scenarios that are the same for the two RISC-V kernels: how much memory the board has, and more of it later. */
#ifndef XV6_TEST_BOARD_H
#define XV6_TEST_BOARD_H

void ram_that_trees_tell(void);
void added_later(void);
void added_badly(void);
void added_at_once(void);
void strange_faults(void);

#endif
