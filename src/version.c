/* version.c: which Quire this is, as compiled. A kernel that prints it at boot says what its bug reports are about. */
#include <quire/quire.h>

/* In two steps: what is to become text is replaced by its number first. */
#define AS_IT_STANDS(number) #number
#define TEXT(number)         AS_IT_STANDS(number)

const char *quire_version(void) {
    return TEXT(QUIRE_VERSION_MAJOR) "." TEXT(QUIRE_VERSION_MINOR) "." TEXT(QUIRE_VERSION_PATCH);
}
