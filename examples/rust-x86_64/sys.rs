//! Raw bindings: the part of quire.h and boot/regions.h that is used here. What is missing is declared in the same way. Owners,
//! statuses and kinds are plain numbers, as a C function may return any.

#[repr(C)]
pub struct Quire {
    opaque: [u8; 0],
}

pub const NONE: u64 = u64::MAX;
pub const OK: u32 = 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Region {
    pub base: u64,
    pub end: u64,
    pub kind: u32,
    pub node: u32,
}

#[repr(C)]
pub struct Regions {
    pub at: *mut Region,
    pub capacity: usize,
    pub n: usize,
}

#[repr(C)]
pub struct Config {
    pub n_cpus: u32,
    pub mapped_end: u64,
    pub content: u32,
    pub n_nodes: u32,
    pub node_of_cpu: *const u16,
    pub distance: *const u8,
    pub cuts: [u64; 3],
    pub user_bytes: u32,
}

extern "C" {
    pub fn quire_init(out: *mut *mut Quire, config: *const Config, regions: *const Region, n: usize) -> u32;
    pub fn quire_alloc(q: *mut Quire, tag: u8) -> u64;
    pub fn quire_get(q: *mut Quire, pa: u64) -> u32;
    pub fn quire_put(q: *mut Quire, pa: u64) -> u32;
    pub fn quire_cow(q: *mut Quire, shared: u64, own: *mut u64) -> u32;
    pub fn quire_refs(q: *const Quire, pa: u64) -> u32;
    pub fn quire_n_free(q: *const Quire) -> u64;
    pub fn quire_port_map(pa: u64) -> *mut u8;
}
