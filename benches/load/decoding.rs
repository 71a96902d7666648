//! A photograph of twelve megapixels to 224 x 224: scaled decoding beside libjpeg-turbo's `djpeg -scale 1/8`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use opine::pixels::{Decoding, Filter, Limits, Preparation, Step};

use super::photo::{jpeg, photo};
use super::{least, median};

/// Prints the times of both, interleaved.
pub(crate) fn report(rounds: usize) {
    let file = jpeg(&photo(4_000, 3_000, 2), 90);
    let preparation = |decoding| Preparation {
        decoding,
        background: [255; 3],
        steps: vec![Step::Resize {
            width: 224,
            height: 224,
            filter: Filter::CatmullRom,
        }],
        mean: [127.0; 3],
        scale: [128.0; 3],
    };
    let read = |decoding| {
        let started = Instant::now();
        let preparation = preparation(decoding);
        let tensors = preparation.read(&file, &Limits::default()).unwrap();
        assert_eq!(tensors[0].shape(), [1, 3, 224, 224]);
        started.elapsed().as_secs_f64() * 1e3
    };
    let path = tempfile::NamedTempFile::new().unwrap();
    path.as_file().write_all(&file).unwrap();
    let djpeg = || {
        let started = Instant::now();
        let done = Command::new("djpeg")
            .args(["-scale", "1/8", "-outfile", "/dev/null"])
            .arg(path.path())
            .stderr(Stdio::null())
            .status();
        done.ok()
            .filter(std::process::ExitStatus::success)
            .map(|_| started.elapsed().as_secs_f64() * 1e3)
    };
    let (mut scaled, mut full, mut turbo) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..4 * rounds {
        scaled.push(read(Decoding::Scaled));
        full.push(read(Decoding::Full));
        turbo.extend(djpeg());
    }
    println!(
        "12-megapixel JPEG ({} kB) to 224x224, best (median) of {} interleaved: scaled decoding {:.1} ({:.1}) ms, full {:.1} ({:.1}) ms",
        file.len() / 1_000,
        scaled.len(),
        least(&scaled),
        median(&scaled),
        least(&full),
        median(&full)
    );
    if turbo.is_empty() {
        println!("`djpeg` is not installed: nothing to compare with.");
    } else {
        println!(
            "`djpeg -scale 1/8`, its process included: {:.1} ({:.1}) ms",
            least(&turbo),
            median(&turbo)
        );
    }
}
