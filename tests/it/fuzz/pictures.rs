//! Decoding, and the blocks that say how a camera was held.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use opine::pixels::{DEFAULT_BACKGROUND, Limits, decode};

use super::changed;
use crate::support::app::TestApp;
use crate::support::lots::Lots;

/// Pictures are of files up to this size, so that many can be tried.
const LONGEST: usize = 64 << 10;

/// Changed copies of each picture.
const COPIES: usize = 300;

/// No picture may take longer, on a machine that does other things as well.
const MOST: Duration = Duration::from_secs(2);

const LIMITS: Limits = Limits {
    max_bytes: 1 << 20,
    max_pixels: 1_000_000,
    max_side: 4_096,
};

fn read(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .filter(|(_, bytes)| bytes.len() <= LONGEST)
        .collect();
    files.sort();
    files
}

/// What comes of a picture, the same each time: its sides, or the code of its fault.
fn outcome(name: &str, bytes: &[u8]) -> Result<(u32, u32), &'static str> {
    let once = || {
        let began = Instant::now();
        let decoded = decode(bytes, &LIMITS, DEFAULT_BACKGROUND);
        assert!(began.elapsed() < MOST, "{name}: {:?}", began.elapsed());
        decoded
    };
    let decoded = once();
    match &decoded {
        Ok(picture) => {
            let pixels = u64::from(picture.width()) * u64::from(picture.height());
            assert!(pixels <= LIMITS.max_pixels, "{name}");
            assert_eq!(picture.data().len() as u64, 3 * pixels, "{name}");
        }
        Err(fault) => assert!(fault.code().starts_with("image_"), "{name}: {fault}"),
    }
    decoded
        .map(|picture| (picture.width(), picture.height()))
        .map_err(|fault| fault.code())
}

#[test]
fn a_changed_picture_is_decoded_or_refused_by_name_and_in_time() {
    let mut lots = Lots(0xdec0_de01);
    let pictures = [read("tests/images/good"), read("tests/images/bad")].concat();
    assert!(pictures.len() > 60, "{}", pictures.len());
    let (mut decoded, mut refused) = (0, 0);
    for (name, bytes) in &pictures {
        for copy in 0..COPIES {
            let changed = changed(bytes, &mut lots);
            let first = outcome(name, &changed);
            if copy == 0 {
                assert_eq!(first, outcome(name, &changed), "{name}");
            }
            match first {
                Ok(_) => decoded += 1,
                Err(_) => refused += 1,
            }
        }
    }
    // Both happen often: the changes are neither all harmless nor all at the signature.
    assert!(decoded > 100 && refused > 100, "{decoded} {refused}");
}

#[test]
fn every_picture_is_answered_over_http_by_one_process() {
    let app = TestApp::with(|config| config.limits.image_pixels = LIMITS.max_pixels);
    let (mut scored, mut refused) = (0, 0);
    for (name, bytes) in [read("tests/images/good"), read("tests/images/bad")].concat() {
        let judge = ("judge", None, &b"brightness"[..]);
        let results = app
            .score_form(&[judge, ("image", Some("a"), &bytes)])
            .results();
        let decoded = decode(&bytes, &LIMITS, DEFAULT_BACKGROUND);
        match decoded {
            Ok(_) => {
                assert_eq!(results[0]["status"], "scored", "{name}: {}", results[0]);
                scored += 1;
            }
            Err(fault) => {
                assert_eq!(results[0]["reason"], fault.code(), "{name}");
                refused += 1;
            }
        }
    }
    assert!(scored > 30 && refused > 20, "{scored} {refused}");
}

/// A block as cameras write it, of entries by chance; some say how the camera was held.
fn exif(lots: &mut Lots) -> Vec<u8> {
    let is_little = lots.below(2) == 0;
    let two = |number: u16| {
        if is_little {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        }
    };
    let four = |number: u32| {
        if is_little {
            number.to_le_bytes()
        } else {
            number.to_be_bytes()
        }
    };
    let mut block = if is_little {
        b"II".to_vec()
    } else {
        b"MM".to_vec()
    };
    block.extend(two(42));
    // Where the first directory begins: mostly here.
    block.extend(four([0, 4, u32::MAX, 1 << 20, 8][lots.place(16).min(4)]));
    let entries = 1 + lots.below(5);
    let stated = [0xffff, 0, entries][lots.place(12).min(2)];
    block.extend(two(u16::try_from(stated).unwrap()));
    for _ in 0..entries {
        block.extend(two([274, 274, 0x8769, 271, 0xffff][lots.place(5)]));
        block.extend(two([4, 2, 0, 77, 3][lots.place(16).min(4)]));
        block.extend(four([0, 2, u32::MAX, 1][lots.place(16).min(3)]));
        block.extend(two(u16::try_from(lots.below(12)).unwrap()));
        block.extend(two(0));
    }
    block.extend(four([0, 8, u32::MAX][lots.place(3)]));
    match lots.below(4) {
        0 => changed(&block, lots),
        _ => block,
    }
}

/// The same pixels in any of the eight ways in which a camera may be held.
fn ways(pixels: &[u8], (width, height): (usize, usize)) -> Vec<Vec<u8>> {
    let at = |x: usize, y: usize| &pixels[3 * (y * width + x)..][..3];
    let upright = |x: usize, y: usize, mirrored: bool, flipped: bool| {
        let x = if mirrored { width - 1 - x } else { x };
        let y = if flipped { height - 1 - y } else { y };
        at(x, y)
    };
    let mut all = Vec::new();
    for (mirrored, flipped) in [(false, false), (true, false), (false, true), (true, true)] {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let columns = (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
        let of = |places: &mut dyn Iterator<Item = (usize, usize)>| {
            places
                .flat_map(|(x, y)| upright(x, y, mirrored, flipped).to_vec())
                .collect()
        };
        all.push(of(&mut rows.into_iter()));
        all.push(of(&mut columns.into_iter()));
    }
    all
}

#[test]
fn whatever_a_camera_block_says_the_picture_is_upright_or_as_stored() {
    let jpeg = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images/good/base.jpg"));
    let jpeg = jpeg.unwrap();
    let plain = decode(&jpeg, &LIMITS, DEFAULT_BACKGROUND).unwrap();
    let sides = (plain.width() as usize, plain.height() as usize);
    let ways = ways(plain.data(), sides);
    let mut lots = Lots(0xe81f_0274);
    let mut met = vec![0; ways.len()];
    for _ in 0..4_000 {
        let block = [b"Exif\0\0".to_vec(), exif(&mut lots)].concat();
        let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
        // Right after the beginning of the picture.
        let held = [&jpeg[..2], &[0xff, 0xe1], &length, &block, &jpeg[2..]].concat();
        let picture = decode(&held, &LIMITS, DEFAULT_BACKGROUND).unwrap();
        let way = ways.iter().position(|way| way == picture.data());
        met[way.expect("it is one of the eight")] += 1;
    }
    // Every way is met, and most blocks say nothing.
    assert!(met.iter().all(|count| *count > 0), "{met:?}");
}
