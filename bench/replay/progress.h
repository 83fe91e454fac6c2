/* progress.h: how far it is, on stderr: a line that is redrawn on a terminal, else one line every ten seconds. */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

void progress(unsigned n_done, unsigned n_steps, const char *what);
void progress_clear(void); /* before something else is printed */

#endif
