//! How much memory decoding takes, measured on this process: the one test of its binary, so that no other
//! test's memory is counted.
#![cfg(target_os = "linux")]

use opine::pixels::{DEFAULT_BACKGROUND, Limits, decode};

const MEBI: u64 = 1 << 20;

/// A figure of `/proc/self/status`, in bytes.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    let kibi: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    1024 * kibi
}

fn picture(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/images/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

#[test]
fn memory_is_bounded_by_what_the_header_may_claim() {
    let small = picture("good/base.png");
    let lie = picture("bad/65535_squared.png");
    let profile = picture("good/profile_bomb.png");
    let large = picture("good/49_megapixels.png");
    let decoded = |bytes: &[u8]| decode(bytes, &Limits::default(), DEFAULT_BACKGROUND);
    // The first decoding sets up what the process needs anyway.
    assert!(decoded(&small).is_ok());

    // `VmPeak` counts what was asked for, touched or not: 12.9 GB are stated in this header.
    let before = status("VmPeak");
    assert!(decoded(&lie).is_err());
    assert!(status("VmPeak") - before < MEBI);

    let before = status("VmPeak");
    assert!(decoded(&profile).is_ok());
    assert!(
        status("VmPeak") - before < 2 * MEBI,
        "a colour profile was inflated"
    );

    // 147 MB of pixels, and no second copy of them.
    let before = status("VmHWM");
    assert!(decoded(&large).is_ok());
    assert!(status("VmHWM") - before < 160 * MEBI);
}
