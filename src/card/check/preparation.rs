//! What is done to the pixels.

use std::ops::Range;

use toml::Spanned;

use super::Place;
use crate::card::CardError;
use crate::card::file::{
    DecodeFile, FilterFile, FormatFile, ImageFile, PreprocessingFile, StepFile,
};
use crate::pixels::{Decoding, Encoding, Filter, Preparation, Reencoding, Step};

/// Quality of a JPEG unless a card says another.
const DEFAULT_QUALITY: u8 = 90;

impl Place<'_> {
    pub(super) fn reencoding(&self, typed: &Spanned<ImageFile>) -> Result<Reencoding, CardError> {
        let ImageFile {
            longest_side,
            format,
            quality,
        } = *typed.as_ref();
        let encoding = match (format, quality) {
            (FormatFile::Png, None) => Encoding::Png,
            (FormatFile::Png, Some(_)) => {
                return Err(self.error(typed.span(), "a PNG has no `quality`"));
            }
            (FormatFile::Jpeg, quality) => Encoding::Jpeg(quality.unwrap_or(DEFAULT_QUALITY)),
        };
        let quality_fits =
            !matches!(encoding, Encoding::Jpeg(quality) if !(1..=100).contains(&quality));
        if longest_side == Some(0) || !quality_fits {
            let message = "`longest_side` is at least 1 and `quality` lies in 1..=100";
            return Err(self.error(typed.span(), message));
        }
        Ok(Reencoding {
            longest_side,
            encoding,
        })
    }

    pub(super) fn preparation(
        &self,
        typed: Spanned<PreprocessingFile>,
    ) -> Result<Preparation, CardError> {
        let span = typed.span();
        let typed = typed.into_inner();
        let background = self.colour(typed.background.as_ref(), typed.background.span())?;
        let mut steps = Vec::with_capacity(typed.steps.len());
        for step in typed.steps {
            let here = step.span();
            steps.push(self.step(step.into_inner(), here)?);
        }
        let preparation = Preparation {
            decoding: match typed.decode {
                DecodeFile::Full => Decoding::Full,
                DecodeFile::Scaled => Decoding::Scaled,
            },
            background,
            steps,
            mean: typed.mean,
            scale: typed.scale,
        };
        preparation
            .check()
            .map_err(|fault| self.error(span, fault.to_string()))?;
        Ok(preparation)
    }

    fn step(&self, step: StepFile, span: Range<usize>) -> Result<Step, CardError> {
        let step = match step {
            StepFile::LongestSide { at_most, filter } => Step::LongestSide {
                at_most,
                filter: filter.into(),
            },
            StepFile::ShortestSide { at_least } => Step::ShortestSide { at_least },
            StepFile::Tiles { side } => Step::Tiles { side },
            StepFile::PadSquare { color } => Step::PadSquare {
                color: self.colour(&color, span.clone())?,
            },
            StepFile::Resize {
                width,
                height,
                filter,
            } => Step::Resize {
                width,
                height,
                filter: filter.into(),
            },
            StepFile::CenterCrop { width, height } => Step::CenterCrop { width, height },
        };
        step.check()
            .map_err(|fault| self.error(span, fault.to_string()))?;
        Ok(step)
    }

    fn colour(&self, text: &str, span: Range<usize>) -> Result<[u8; 3], CardError> {
        let channel = |range| {
            text.get(range)
                .and_then(|digits: &str| u8::from_str_radix(digits, 16).ok())
        };
        match (
            text.len(),
            text.starts_with('#'),
            channel(1..3),
            channel(3..5),
            channel(5..7),
        ) {
            (7, true, Some(red), Some(green), Some(blue)) => Ok([red, green, blue]),
            _ => Err(self.error(
                span,
                format!("`{text}` is not a colour; write it as `#ffffff`"),
            )),
        }
    }
}

impl From<FilterFile> for Filter {
    fn from(filter: FilterFile) -> Self {
        match filter {
            FilterFile::Lanczos3 => Filter::Lanczos3,
            FilterFile::CatmullRom => Filter::CatmullRom,
            FilterFile::Bilinear => Filter::Bilinear,
        }
    }
}
