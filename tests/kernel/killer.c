/* killer.c: a plugin for QEMU that ends it, as SIGKILL does, in the middle of what the machine does: at its n-th store.
 *
 *     -plugin killer.so,n=NUMBER
 *
 * The declarations are those of QEMU's plugin interface, version 1 (docs/devel/tcg-plugins.rst); its header is not
 * packaged. */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, STORES = 2 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      void (*call)(unsigned hart, uint32_t info, uint64_t address, void *data),
                                      int flags, int which, void *data);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

static _Atomic uint64_t n_left;

static void store(unsigned hart, uint32_t info, uint64_t address, void *data) {
    (void)hart, (void)info, (void)address, (void)data;
    if (atomic_fetch_sub(&n_left, 1) == 1) {
        raise(SIGKILL);
    }
}

static void translate(uint64_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), store, NO_REGISTERS, STORES, NULL);
    }
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv) {
    (void)info;
    if (argc != 1 || strncmp(argv[0], "n=", 2) != 0) {
        return 1;
    }
    atomic_init(&n_left, strtoull(argv[0] + 2, NULL, 0));
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
