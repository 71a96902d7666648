//! AGIQA-3K: `data.csv` with the mean and spread of two opinions, quality and alignment, of each generated image.

use std::collections::HashSet;
use std::path::Path;

use super::DatasetError;
use super::delimited::{Delimited, Delimiter};

/// How many people rated every image (Li et al. 2023, section III); the file does not say.
pub const RATERS: u32 = 21;

/// A mean opinion and its spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Opinion {
    /// Mean over people, from 0 to 5.
    pub mean: f64,
    /// Standard deviation over people.
    pub sd: f64,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Name of the image file; it begins with the generator.
    pub image: String,
    /// How good the image is.
    pub quality: Opinion,
    /// How well it fits its prompt.
    pub alignment: Opinion,
}

/// Reads `data.csv`.
///
/// # Errors
/// A file that cannot be read, is truncated or is not of this format, a repeated image, a spread below 0.
pub fn read(path: &Path) -> Result<Vec<Item>, DatasetError> {
    items(&Delimited::read(path, Delimiter::Comma)?)
}

fn items(file: &Delimited) -> Result<Vec<Item>, DatasetError> {
    let [name, quality, quality_sd, alignment, alignment_sd] = file.columns([
        "name",
        "mos_quality",
        "std_quality",
        "mos_align",
        "std_align",
    ])?;
    let mut seen = HashSet::new();
    let mut items = Vec::with_capacity(file.records.len());
    for record in &file.records {
        let image = record.cells[name].clone();
        if !seen.insert(image.clone()) {
            return Err(file.at(record, format!("`{image}` is here a second time")));
        }
        let opinion = |mean, sd| {
            let opinion = Opinion {
                mean: file.number(record, mean)?,
                sd: file.number(record, sd)?,
            };
            if opinion.sd < 0.0 {
                return Err(file.at(record, format!("`{}` is below 0", file.header()[sd])));
            }
            Ok(opinion)
        };
        items.push(Item {
            quality: opinion(quality, quality_sd)?,
            alignment: opinion(alignment, alignment_sd)?,
            image,
        });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align\r\n\
        glide_0.jpg,\"a cat, asleep\",,,,1.5,0.25,2,0.5\r\n\
        glide_1.jpg,a dog,blurred,,anime style,3.5,0,4.25,1\r\n";

    fn parse(text: &str) -> Result<Vec<Item>, DatasetError> {
        items(&Delimited::parse(
            "data.csv".into(),
            text.as_bytes(),
            Delimiter::Comma,
        )?)
    }

    #[test]
    fn prompts_may_hold_commas() {
        let items = parse(DATA).unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].image, "glide_0.jpg");
        assert_eq!(
            items[0].quality,
            Opinion {
                mean: 1.5,
                sd: 0.25
            }
        );
        assert_eq!(
            items[1].alignment,
            Opinion {
                mean: 4.25,
                sd: 1.0
            }
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            (DATA.replace("3.5", "N/A"), "line 3: `mos_quality` is `N/A`"),
            (
                DATA.replace("0.25", "-0.25"),
                "line 2: `std_quality` is below 0",
            ),
            (
                DATA.replace("glide_1", "glide_0"),
                "line 3: `glide_0.jpg` is here a second time",
            ),
            (DATA[..DATA.len() - 8].to_owned(), "line 3: 8 cells"),
            (DATA.replace("mos_align", "align"), "no column `mos_align`"),
        ];
        for (text, reason) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }
}
