//! The images, names and texts of a request as checked.

use std::collections::BTreeMap;

use base64::DecodeError;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use crate::http::problem::{Code, Problem};
use crate::judging::{Image, Reason, Unscored};

/// One image as its sender gave it.
#[derive(Debug)]
pub(in crate::http) struct GivenImage {
    /// Its id, its file name, or its place from 0.
    pub(in crate::http) name: String,
    /// The encoded bytes, or why there are none.
    pub(in crate::http) image: Result<Image, Unscored>,
    /// Texts that the judge's question quotes.
    pub(in crate::http) texts: Texts,
}

/// Texts by name.
pub(in crate::http) type Texts = BTreeMap<String, String>;

/// Most texts that may come with an image.
pub(in crate::http) const MOST_TEXTS: usize = 16;

/// Longest text, in characters.
const LONGEST_TEXT: usize = 20_000;

/// Refuses a text that no question can quote.
pub(in crate::http) fn texts_fit(texts: &Texts) -> Result<(), Problem> {
    for (name, text) in texts {
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            let detail = format!(
                "a text has at most {LONGEST_TEXT} characters, `{}` has {length}",
                name.chars().take(40).collect::<String>()
            );
            return Err(Problem::new(Code::InvalidValue, detail));
        }
    }
    Ok(())
}

/// Who judges when nobody is named.
pub(in crate::http) const DEFAULT_JUDGE: &str = "technical-quality";

/// Longest name of a judge or an image, in characters.
const LONGEST_NAME: usize = 200;

/// A name that may be looked up and repeated in messages.
pub(in crate::http) fn judge_name(name: &str) -> Result<&str, Problem> {
    of_bounded_length("the name of a judge", name)
}

/// A name that may stand in a result.
pub(in crate::http) fn image_name(name: &str) -> Result<&str, Problem> {
    of_bounded_length("the name of an image", name)
}

fn of_bounded_length<'a>(what: &str, name: &'a str) -> Result<&'a str, Problem> {
    let length = name.chars().count();
    if (1..=LONGEST_NAME).contains(&length) {
        return Ok(name);
    }
    let detail = format!("{what} has 1 to {LONGEST_NAME} characters, this one has {length}");
    Err(Problem::new(Code::InvalidValue, detail))
}

/// The fault of a request without images.
pub(in crate::http) fn nothing_given() -> Problem {
    Problem::new(Code::MissingImages, "the request has no image")
        .hint("give at least one: `images` in JSON, files named `image` in a form")
}

/// The fault of a request with more than `most` images.
pub(super) fn too_many(most: usize) -> Problem {
    Problem::new(
        Code::TooManyImages,
        format!("one request may have at most {most} images"),
    )
    .hint("send the rest in further requests")
}

/// The standard alphabet; padding may be left out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The image that base64 text or a `data:` URL holds. A fault is the image's own, not the request's.
pub(in crate::http) fn decoded(text: &str) -> Result<Image, Unscored> {
    let broken = |detail: String| Unscored::new(Reason::Image("image_base64"), detail);
    let start = data_url_prefix(text).map_err(|detail| broken(detail.to_owned()))?;
    BASE64
        .decode(&text.as_bytes()[start..])
        .map(Image::new)
        .map_err(|error| broken(explained(&error, start)))
}

/// Bytes before the base64 of a `data:` URL; 0 for bare base64.
///
/// The media type in it is not looked at: an image is what its bytes say it is.
fn data_url_prefix(text: &str) -> Result<usize, &'static str> {
    let is_data_url = text
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_data_url {
        return Ok(0);
    }
    let comma = text.find(',').ok_or("the `data:` URL has no comma")?;
    if text[..comma].to_ascii_lowercase().ends_with(";base64") {
        Ok(comma + 1)
    } else {
        Err("the `data:` URL is not base64; it must begin like `data:image/png;base64,`")
    }
}

fn explained(error: &DecodeError, start: usize) -> String {
    match *error {
        DecodeError::InvalidByte(offset, byte) => {
            let hint = match byte {
                b'-' | b'_' => "; the standard alphabet has `+` and `/` instead",
                b'\n' | b'\r' | b' ' => "; leave out line breaks (`base64 -w0`)",
                _ => "",
            };
            format!("the base64 is broken at offset {}{hint}", start + offset)
        }
        DecodeError::InvalidLastSymbol(offset, _) => format!(
            "the base64 is broken at offset {}: its last symbol has bits that belong to no byte; was it cut?",
            start + offset
        ),
        DecodeError::InvalidLength(length) => format!(
            "the base64 is broken at offset {}: it ends in the middle of a byte; was it cut?",
            start + length
        ),
        DecodeError::InvalidPadding => "the base64 is padded wrongly at its end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_bare_and_from_a_data_url_with_or_without_padding() {
        for text in [
            "aGVsbG8=",
            "aGVsbG8",
            "data:image/png;base64,aGVsbG8=",
            "DATA:;charset=x;BASE64,aGVsbG8",
        ] {
            assert_eq!(decoded(text).unwrap().bytes(), b"hello");
        }
    }

    #[test]
    fn broken_base64_says_where() {
        for (text, part) in [
            ("aGVs*G8=", "offset 4"),
            ("aGVs\nbG8=", "line breaks"),
            ("_GVs", "`+` and `/`"),
            ("aGVsb", "offset 5"),
            ("aGVsbG9=", "offset 6"),
            ("data:image/png;base64,a*Vs", "offset 23"),
            ("data:image/png,aGVs", "not base64"),
            ("data:image/png;base64", "no comma"),
            ("ä", "offset 0"),
        ] {
            let unscored = decoded(text).unwrap_err();
            assert_eq!(unscored.reason.code(), "image_base64");
            assert!(unscored.detail.contains(part), "{text}: {unscored}");
        }
    }
}
