use proptest::prelude::*;

use super::*;

/// Letters as pixels.
fn picture(rows: &[&str]) -> Rgb8 {
    let data = rows
        .concat()
        .bytes()
        .flat_map(|letter| [letter; 3])
        .collect();
    let side = |length: usize| u32::try_from(length).unwrap();
    Rgb8::made(side(rows[0].len()), side(rows.len()), data)
}

fn rows(picture: &Rgb8) -> Vec<String> {
    picture
        .rows()
        .map(|row| row.chunks(3).map(|pixel| char::from(pixel[0])).collect())
        .collect()
}

fn only(step: Step, rows: &[&str]) -> Rgb8 {
    let mut pictures = step.apply(picture(rows)).unwrap();
    assert_eq!(pictures.len(), 1);
    pictures.remove(0)
}

#[test]
fn short_sides_are_mirrored_as_numpy_does() {
    // numpy 2.4: np.pad(list("abc"), (2, 3), mode="symmetric") is b a a b c c b a, and so on.
    let step = Step::ShortestSide { at_least: 8 };
    let grown = only(step, &["abc"]);
    assert_eq!(rows(&grown), ["baabccba"; 8]);
    let grown = only(Step::ShortestSide { at_least: 5 }, &["abcdef", "ghijkl"]);
    assert_eq!(
        rows(&grown),
        ["abcdef", "abcdef", "ghijkl", "ghijkl", "abcdef"]
    );
}

#[test]
fn padding_keeps_the_picture_in_the_middle() {
    let step = Step::PadSquare { color: [b'.'; 3] };
    assert_eq!(
        rows(&only(step, &["abcd"])),
        ["....", "abcd", "....", "...."]
    );
    assert_eq!(rows(&only(step, &["a", "b", "c"])), [".a.", ".b.", ".c."]);
}

#[test]
fn center_crop_rounds_to_the_top_left() {
    let step = Step::CenterCrop {
        width: 2,
        height: 1,
    };
    assert_eq!(rows(&only(step, &["abcde", "fghij"])), ["bc"]);
    let fault = step.apply(picture(&["a"])).unwrap_err();
    assert_eq!(fault.code(), "image_too_small");
}

#[test]
fn longest_side_keeps_proportions_and_never_enlarges() {
    let step = |at_most| Step::LongestSide {
        at_most,
        filter: Filter::Bilinear,
    };
    for (width, height, at_most, expected) in [
        (400, 300, 200, (200, 150)),
        (300, 401, 200, (150, 200)),
        (400, 1, 100, (100, 1)),
        (40, 30, 200, (40, 30)),
    ] {
        let flat = Rgb8::made(width, height, vec![7; 3 * (width * height) as usize]);
        let small = step(at_most).apply(flat).unwrap().remove(0);
        assert_eq!((small.width(), small.height()), expected);
        assert!(small.data().iter().all(|value| *value == 7));
    }
}

#[test]
fn a_step_cannot_make_a_picture_beyond_all_limits() {
    let long = Rgb8::made(16_384, 1, vec![0; 3 * 16_384]);
    let fault = Step::PadSquare { color: [0; 3] }.apply(long).unwrap_err();
    assert_eq!(fault.code(), "image_too_large");
}

proptest! {
    #[test]
    fn tiles_hold_every_pixel_once_and_differ_by_one_at_most(
        width in 1u32..70, height in 1u32..70, side in 1u32..40,
    ) {
        let data: Vec<u8> = (0..3 * width * height).map(|index| (index % 251) as u8).collect();
        let whole = Rgb8::made(width, height, data);
        let tiles = Step::Tiles { side }.apply(whole.clone()).unwrap();
        let (across, down) = (width.div_ceil(side), height.div_ceil(side));
        prop_assert_eq!(tiles.len(), (across * down) as usize);
        let mut rebuilt = Vec::new();
        for line in tiles.chunks(across as usize) {
            for row in 0..line[0].height() as usize {
                for tile in line {
                    rebuilt.extend_from_slice(tile.rows().nth(row).unwrap());
                }
            }
        }
        prop_assert_eq!(&rebuilt, whole.data());
        let least = tiles.iter().map(|tile| tile.width()).min().unwrap();
        let most = tiles.iter().map(|tile| tile.width()).max().unwrap();
        prop_assert!(most <= side && most - least <= 1);
    }
}
