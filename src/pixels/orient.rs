//! Undoes the orientation that a camera wrote instead of turning the pixels.

use image::metadata::Orientation;

use super::Rgb8;

/// Reads the orientation of an EXIF block; what is missing or makes no sense means "as stored".
pub(super) fn stated(exif: Option<&[u8]>) -> Orientation {
    exif.map(|block| block.strip_prefix(b"Exif\0\0").unwrap_or(block))
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

/// Turns the picture upright.
pub(super) fn upright(mut picture: Rgb8, orientation: Orientation) -> Rgb8 {
    match orientation {
        Orientation::NoTransforms => picture,
        Orientation::FlipHorizontal => {
            mirror_rows(&mut picture);
            picture
        }
        Orientation::Rotate180 => {
            reverse_pixels(picture.data_mut());
            picture
        }
        Orientation::FlipVertical => {
            mirror_rows(&mut picture);
            reverse_pixels(picture.data_mut());
            picture
        }
        Orientation::Rotate90FlipH => transposed(&picture),
        Orientation::Rotate90 => {
            let mut turned = transposed(&picture);
            mirror_rows(&mut turned);
            turned
        }
        Orientation::Rotate270FlipH => {
            let mut turned = transposed(&picture);
            reverse_pixels(turned.data_mut());
            turned
        }
        Orientation::Rotate270 => {
            let mut turned = transposed(&picture);
            mirror_rows(&mut turned);
            reverse_pixels(turned.data_mut());
            turned
        }
    }
}

fn mirror_rows(picture: &mut Rgb8) {
    let row_length = 3 * picture.width() as usize;
    picture
        .data_mut()
        .chunks_exact_mut(row_length)
        .for_each(reverse_pixels);
}

fn reverse_pixels(data: &mut [u8]) {
    data.as_chunks_mut::<3>().0.reverse();
}

/// Rows become columns. Walks in square blocks, since a column of a large picture touches a cache line per pixel.
fn transposed(picture: &Rgb8) -> Rgb8 {
    const BLOCK: usize = 32;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (source, _) = picture.data().as_chunks::<3>();
    let mut data = vec![0; 3 * width * height];
    let (target, _) = data.as_chunks_mut::<3>();
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for row in top..height.min(top + BLOCK) {
                for column in left..width.min(left + BLOCK) {
                    target[column * height + row] = source[row * width + column];
                }
            }
        }
    }
    Rgb8::made(picture.height(), picture.width(), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters as pixels.
    fn picture(rows: &[&str]) -> Rgb8 {
        let data: Vec<u8> = rows
            .concat()
            .bytes()
            .flat_map(|letter| [letter; 3])
            .collect();
        let side = |length: usize| u32::try_from(length).unwrap();
        Rgb8::made(side(rows[0].len()), side(rows.len()), data)
    }

    #[test]
    fn every_orientation_is_undone() {
        // What each EXIF value says of the stored rows (EXIF 2.32, tag 274: where the 0th row and column are).
        let upright_rows = picture(&["abc", "def"]);
        for (value, stored) in [
            (1, &["abc", "def"][..]),
            (2, &["cba", "fed"]),
            (3, &["fed", "cba"]),
            (4, &["def", "abc"]),
            (5, &["ad", "be", "cf"]),
            (6, &["cf", "be", "ad"]),
            (7, &["fc", "eb", "da"]),
            (8, &["da", "eb", "fc"]),
        ] {
            let orientation = Orientation::from_exif(value).unwrap();
            assert_eq!(
                upright(picture(stored), orientation).data(),
                upright_rows.data(),
                "{value}"
            );
        }
    }
}
