// quire.hpp: Quire as types of C++20. Who holds a frame has an object; where the object ends, the frame goes back. Owners are
// the kernel's own enumeration. Nothing is added to what quire.h does, and no library is needed.
#ifndef QUIRE_HPP
#define QUIRE_HPP

#include <quire/port.h>
#include <quire/quire.h>

namespace frames {

// One reference to one frame, or none. It can be moved; a second reference comes from share().
class Frame {
  public:
    constexpr Frame() = default;
    Frame(struct quire *from, quire_pa address) : from_(from), address_(address) {}
    Frame(Frame &&other) noexcept : from_(other.from_), address_(other.release()) {}
    Frame &operator=(Frame &&other) noexcept {
        if (this != &other) {
            reset();
            from_ = other.from_;
            address_ = other.release();
        }
        return *this;
    }
    ~Frame() { reset(); }

    explicit operator bool() const { return address_ != QUIRE_NONE; }
    quire_pa address() const { return address_; }
    uint32_t references() const { return quire_refs(from_, address_); }
    template <class T> T *as() const { return static_cast<T *>(quire_port_map(address_)); }

    // Another reference to the same frame; an empty object where that can not be.
    [[nodiscard]] Frame share() const {
        enum quire_status status = quire_get(from_, address_);
        return status == QUIRE_OK || status == QUIRE_SATURATED ? Frame(from_, address_) : Frame();
    }

    // Before a write: a frame of its own, a copy if it is shared. False: there is no memory, and nothing changed.
    [[nodiscard]] bool make_own() {
        quire_pa own;
        bool done = quire_cow(from_, address_, &own) == QUIRE_OK;
        address_ = done ? own : address_;
        return done;
    }

    void reset() {
        if (*this) {
            quire_put(from_, release());
        }
    }
    // The reference is the caller's from here on.
    quire_pa release() {
        quire_pa address = address_;
        address_ = QUIRE_NONE;
        return address;
    }

  private:
    struct quire *from_ = nullptr;
    quire_pa address_ = QUIRE_NONE;
};

// 2^order frames side by side, aligned to their size, or none. It can be moved.
class Run {
  public:
    Run(struct quire *from, quire_pa address, unsigned order) : from_(from), address_(address), order_(order) {}
    Run(Run &&other) noexcept : from_(other.from_), address_(other.address_), order_(other.order_) {
        other.address_ = QUIRE_NONE;
    }
    ~Run() {
        if (*this) {
            quire_free_order(from_, address_, order_);
        }
    }

    explicit operator bool() const { return address_ != QUIRE_NONE; }
    quire_pa address() const { return address_; }

  private:
    struct quire *from_;
    quire_pa address_;
    unsigned order_;
};

template <class T>
concept OwnerName = __is_enum(T) && sizeof(T) == 1;

// An allocator whose frames belong to owners of one enumeration, `enum class Owner : uint8_t`.
template <OwnerName Owner> class Allocator {
  public:
    enum quire_status init(const struct quire_config &config, const struct quire_region *regions, size_t n) {
        return quire_init(&quire_, &config, regions, n);
    }
    Frame alloc(Owner owner) { return Frame(quire_, quire_alloc(quire_, static_cast<uint8_t>(owner))); }
    Run alloc_run(unsigned order, Owner owner) {
        quire_pa address = QUIRE_NONE;
        quire_alloc_order(quire_, order, static_cast<uint8_t>(owner), &address);
        return Run(quire_, address, order);
    }
    uint64_t n_free() const { return quire_n_free(quire_); }
    struct quire *c() {
        return quire_;
    } // for all other calls

    // Calls visit(const struct quire_run &) for each run of equal frames, until it returns false.
    template <class Visit> void walk(Visit visit) const {
        quire_walk(
            quire_, [](void *context, const struct quire_run *run) { return (*static_cast<Visit *>(context))(*run); },
            &visit);
    }

  private:
    struct quire *quire_ = nullptr;
};

} // namespace frames

#endif
