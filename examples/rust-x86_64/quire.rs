//! Quire for Rust: frames that go back when they are dropped, shared as by `Rc` and copied when they are written to, as by
//! `Rc::make_mut`. No standard library, no other crate.
#![no_std]
pub mod sys;

pub const PAGE_BYTES: usize = 4096;

pub struct FrameAllocator(*mut sys::Quire);

// Any call may come on any CPU, also in the middle of another one.
unsafe impl Send for FrameAllocator {}
unsafe impl Sync for FrameAllocator {}

impl FrameAllocator {
    /// # Safety
    /// The usable regions are memory that nothing else uses, and `quire_port_map` says where each frame of it is.
    pub unsafe fn new(n_cpus: u32, regions: &[sys::Region]) -> Result<Self, u32> {
        let config = sys::Config { n_cpus, ..core::mem::zeroed() };
        let mut quire = core::ptr::null_mut();
        match sys::quire_init(&mut quire, &config, regions.as_ptr(), regions.len()) {
            sys::OK => Ok(FrameAllocator(quire)),
            status => Err(status),
        }
    }

    /// A frame with whatever is in it; None: none is free.
    pub fn alloc(&self, owner: u8) -> Option<Frame<'_>> {
        let address = unsafe { sys::quire_alloc(self.0, owner) };
        (address != sys::NONE).then(|| Frame { from: self, address })
    }

    pub fn n_free(&self) -> u64 {
        unsafe { sys::quire_n_free(self.0) }
    }

    /// For the calls that have no safe form here.
    pub fn as_ptr(&self) -> *mut sys::Quire {
        self.0
    }
}

/// One reference to a frame.
pub struct Frame<'a> {
    from: &'a FrameAllocator,
    address: u64,
}

impl Frame<'_> {
    pub fn address(&self) -> u64 {
        self.address
    }

    pub fn references(&self) -> u32 {
        unsafe { sys::quire_refs(self.from.0, self.address) }
    }

    /// What is in it; nobody writes while it is shared.
    pub fn bytes(&self) -> &[u8; PAGE_BYTES] {
        unsafe { &*sys::quire_port_map(self.address).cast() }
    }

    /// The same to write to, of a copy if the frame is shared. None: no frame is free for the copy, and nothing changed.
    pub fn bytes_mut(&mut self) -> Option<&mut [u8; PAGE_BYTES]> {
        let mut own = sys::NONE;
        if unsafe { sys::quire_cow(self.from.0, self.address, &mut own) } != sys::OK {
            return None;
        }
        self.address = own;
        Some(unsafe { &mut *sys::quire_port_map(own).cast() })
    }
}

/// Another reference to the same frame.
impl Clone for Frame<'_> {
    fn clone(&self) -> Self {
        unsafe { sys::quire_get(self.from.0, self.address) };
        Frame { from: self.from, address: self.address }
    }
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        unsafe { sys::quire_put(self.from.0, self.address) };
    }
}
