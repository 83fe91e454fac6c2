//! frames.rs: the crate of examples/rust-x86_64 as a program on the host: who holds a frame, and when it goes back; and whether
//! its declarations are those of C.
use quire::{sys, Frame, FrameAllocator, PAGE_BYTES};

extern "C" {
    fn host_ram_add(base: u64, n_bytes: u64);
    static layout: [usize; 18]; // layout.c
}

struct Tests {
    n: u32,
    n_failed: u32,
}

impl Tests {
    fn expect(&mut self, name: &str, is_so: bool) {
        self.n += 1;
        self.n_failed += !is_so as u32;
        println!("{}ok {} - {}", if is_so { "" } else { "not " }, self.n, name);
    }
}

macro_rules! offset {
    ($type:ty, $field:ident) => {{
        let value = std::mem::MaybeUninit::<$type>::uninit();
        unsafe { std::ptr::addr_of!((*value.as_ptr()).$field) as usize - value.as_ptr() as usize }
    }};
}

fn layouts(tests: &mut Tests) {
    use std::mem::size_of;
    let here = [
        size_of::<sys::Region>(),
        offset!(sys::Region, end),
        offset!(sys::Region, kind),
        offset!(sys::Region, node),
        size_of::<sys::Regions>(),
        offset!(sys::Regions, capacity),
        offset!(sys::Regions, n),
        size_of::<sys::Config>(),
        offset!(sys::Config, mapped_end),
        offset!(sys::Config, content),
        offset!(sys::Config, n_nodes),
        offset!(sys::Config, node_of_cpu),
        offset!(sys::Config, distance),
        offset!(sys::Config, cuts),
        offset!(sys::Config, user_bytes),
        sys::NONE as usize,
        sys::OK as usize,
        PAGE_BYTES,
    ];
    let there = unsafe { layout };
    println!("# here {:?}\n# in C {:?}", here, there);
    tests.expect("the declarations are those of C", here == there);
}

fn scopes(tests: &mut Tests, frames: &FrameAllocator, n_all: u64) {
    let frame = frames.alloc(1);
    tests.expect("a frame is taken", frame.is_some() && frames.n_free() == n_all - 1);
    drop(frame);
    tests.expect("it goes back when it is dropped", frames.n_free() == n_all);
}

fn sharing(tests: &mut Tests, frames: &FrameAllocator, n_all: u64) {
    let mut a = frames.alloc(1).unwrap();
    a.bytes_mut().unwrap().fill(b'a');
    let at = a.address();
    let mut b = a.clone();
    let one = a.address() == b.address() && a.references() == 2 && frames.n_free() == n_all - 1;
    tests.expect("a clone is the same frame, with two references", one);
    b.bytes_mut().unwrap()[0] = b'b';
    tests.expect("who writes gets a copy", b.address() != at && a.bytes()[0] == b'a' && b.bytes()[0] == b'b');
    tests.expect("of all of it", b.bytes()[1..] == a.bytes()[1..]);
    drop(b);
    a.bytes_mut().unwrap()[0] = b'c';
    tests.expect("who holds a frame alone keeps it", a.address() == at && a.bytes()[0] == b'c');
}

fn exhaustion(tests: &mut Tests, frames: &FrameAllocator, n_all: u64) {
    let a = frames.alloc(1).unwrap();
    let mut b = a.clone();
    let rest: Vec<Frame> = std::iter::from_fn(|| frames.alloc(2)).collect();
    tests.expect("every frame can be had", rest.len() as u64 == n_all - 1 && frames.n_free() == 0);
    tests.expect("without memory nothing is copied, and it stays shared", b.bytes_mut().is_none() && a.references() == 2);
}

fn main() {
    let mut tests = Tests { n: 0, n_failed: 0 };
    layouts(&mut tests);
    let regions = [sys::Region { base: 0, end: 8 << 20, kind: 1, node: 0 }];
    unsafe { host_ram_add(0, 8 << 20) };
    let wrong = unsafe { FrameAllocator::new(0, &regions) };
    tests.expect("no CPU is refused", wrong.is_err());
    let frames = unsafe { FrameAllocator::new(1, &regions) }.ok().unwrap();
    let n_all = frames.n_free();
    for test in [scopes, sharing, exhaustion] {
        test(&mut tests, &frames, n_all);
        tests.expect("  all is free again", frames.n_free() == n_all);
    }
    println!("1..{}", tests.n);
    std::process::exit((tests.n_failed != 0) as i32);
}
