//! A kernel in Rust for a PC that starts it by PVH, as QEMU's -kernel does.
#![no_std]
#![no_main]
use quire::{sys, FrameAllocator};

const USER: u8 = 1; // an owner

extern "C" {
    // Of pvh-x86_64 and of examples/common.
    fn pvh_memory(map: *mut sys::Regions, info: u64) -> bool;
    fn exercise(q: *mut sys::Quire) -> i32;
    fn fault_exit(fault: *const u8) -> !;
    fn machine_exit(status: i32) -> !;
}

// ---- the port

#[no_mangle]
extern "C" fn quire_port_cpu() -> u32 {
    0
}

#[no_mangle]
extern "C" fn quire_port_map(pa: u64) -> *mut u8 {
    pa as *mut u8
}

#[no_mangle]
extern "C" fn quire_port_fault(fault: *const u8) {
    unsafe { fault_exit(fault) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { machine_exit(4) }
}

// ---- frames

/// None: there is no memory. False: something is not as it should be.
fn share_and_write(frames: &FrameAllocator) -> Option<bool> {
    let before = frames.n_free();
    let mut page = frames.alloc(USER)?;
    page.bytes_mut()?[0] = b'a';
    let mut other = page.clone();
    let shared = page.references() == 2 && other.address() == page.address();
    other.bytes_mut()?[0] = b'b';
    let apart = page.bytes()[0] == b'a' && other.bytes()[0] == b'b' && frames.n_free() == before - 2;
    drop((page, other));
    Some(shared && apart && frames.n_free() == before)
}

static mut SPACE: [sys::Region; 128] = [sys::Region { base: 0, end: 0, kind: 0, node: 0 }; 128];

#[no_mangle]
unsafe extern "C" fn start(info: u64) -> ! {
    let at = core::ptr::addr_of_mut!(SPACE).cast::<sys::Region>();
    let mut map = sys::Regions { at, capacity: 128, n: 0 };
    if !pvh_memory(&mut map, info) {
        machine_exit(3);
    }
    let frames = FrameAllocator::new(1, core::slice::from_raw_parts(at, map.n)).unwrap_or_else(|_| machine_exit(3));
    let good = share_and_write(&frames) == Some(true);
    machine_exit(if good { exercise(frames.as_ptr()) } else { 1 })
}
