//! What `opine rank` is given to rank: images, texts about one image, and anchors among the images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::RankArguments;
use crate::cli::CliError;
use crate::cli::files::{image_files, read_at_most};
use crate::engine::{ItemTexts, Judge};
use crate::judging::Image;
use crate::judging::protocol::{Anchor, Prior, RANKED_ITEMS};

/// An anchor as it was typed.
#[derive(Debug, Clone)]
pub(super) struct GivenAnchor {
    /// The file as it may stand, with nothing taken for a strength.
    whole: String,
    file: String,
    prior: Prior,
}

/// An anchor given as `FILE`, `FILE=STRENGTH` or `FILE=STRENGTH~DEVIATION`.
pub(super) fn anchor(given: &str) -> Result<GivenAnchor, String> {
    let whole = given.to_owned();
    let Some((file, known)) = given.rsplit_once('=') else {
        return Ok(GivenAnchor {
            file: whole.clone(),
            whole,
            prior: Prior::Unknown,
        });
    };
    let number = |text: &str| {
        let number = text.trim().parse::<f64>().ok();
        number.filter(|number| number.is_finite()).ok_or_else(|| {
            "an anchor is given as FILE, FILE=STRENGTH or FILE=STRENGTH~DEVIATION, such as `a.png=1.5~0.2`".to_owned()
        })
    };
    let prior = match known.split_once('~') {
        None => Prior::Exact(number(known)?),
        Some((strength, deviation)) => Prior::Around(number(strength)?, number(deviation)?),
    };
    Ok(GivenAnchor {
        whole,
        file: file.to_owned(),
        prior,
    })
}

/// What is ranked.
pub(super) struct Items {
    pub(super) names: Vec<String>,
    pub(super) images: Vec<Image>,
    pub(super) texts: ItemTexts,
    pub(super) anchors: Vec<Anchor>,
}

/// Reads the images, or the texts about one, which a panel (no one judge) does not rank.
pub(super) fn read(
    arguments: &RankArguments,
    judge: Option<&Judge>,
    most_bytes: usize,
) -> Result<Items, CliError> {
    let files = image_files(&arguments.images)?;
    let shared: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    if !arguments.items.is_empty() {
        let judge = judge.ok_or_else(|| {
            CliError::Images("`--item` is for one judge, and not for a panel".to_owned())
        })?;
        return about_one(arguments, judge, (&files, shared), most_bytes);
    }
    check_number(files.len(), "images")?;
    let images = files.iter().map(|file| image(file, most_bytes));
    let images = images.collect::<Result<Vec<_>, _>>()?;
    Ok(Items {
        names: files.iter().map(|file| shown(file)).collect(),
        images,
        texts: shared.into(),
        anchors: anchors(&arguments.anchors, &files)?,
    })
}

fn check_number(count: usize, what: &str) -> Result<(), CliError> {
    if RANKED_ITEMS.contains(&count) {
        return Ok(());
    }
    let (least, most) = (RANKED_ITEMS.start(), RANKED_ITEMS.end());
    let detail = format!("a ranking has {least} to {most} {what}, these are {count}");
    Err(CliError::Images(detail))
}

/// The texts of `--item`, each an item beside the same picture.
fn about_one(
    arguments: &RankArguments,
    judge: &Judge,
    (files, shared): (&[PathBuf], BTreeMap<String, String>),
    most_bytes: usize,
) -> Result<Items, CliError> {
    let recipe = judge.card.recipe.list().filter(|list| !list.shows_items());
    let recipe = recipe.ok_or_else(|| judge.wrong_protocol("rank texts"))?;
    let ([file], [name]) = (files, &recipe.own_texts()[..]) else {
        let detail = format!(
            "`--item` ranks texts about one picture; these are {} pictures",
            files.len()
        );
        return Err(CliError::Images(detail));
    };
    check_number(arguments.items.len(), "texts")?;
    let figure = image(file, most_bytes)?;
    let mut own = Vec::with_capacity(arguments.items.len());
    for item in &arguments.items {
        let text = std::fs::read_to_string(item);
        let text = text.map_err(|error| CliError::Unreadable(item.clone(), error))?;
        own.push(BTreeMap::from([(
            (*name).to_owned(),
            text.trim().to_owned(),
        )]));
    }
    Ok(Items {
        names: arguments.items.iter().map(|item| shown(item)).collect(),
        images: vec![figure; arguments.items.len()],
        texts: ItemTexts { shared, own },
        anchors: anchors(&arguments.anchors, &arguments.items)?,
    })
}

fn image(file: &Path, most_bytes: usize) -> Result<Image, CliError> {
    let bytes = read_at_most(file, most_bytes);
    let bytes = bytes.map_err(|error| CliError::Unreadable(file.to_owned(), error))?;
    Ok(Image::new(bytes))
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn anchors(given: &[GivenAnchor], files: &[PathBuf]) -> Result<Vec<Anchor>, CliError> {
    let place = |name: &str| {
        (0u32..)
            .zip(files)
            .find(|(_, file)| *file == Path::new(name))
    };
    let mut anchors = Vec::with_capacity(given.len());
    for anchor in given {
        let (item, prior) = match (place(&anchor.whole), place(&anchor.file)) {
            (Some((item, _)), _) => (item, Prior::Unknown),
            (None, Some((item, _))) => (item, anchor.prior),
            (None, None) => {
                let detail = format!("anchor `{}` is not among the images", anchor.file);
                return Err(CliError::Images(detail));
            }
        };
        anchors.push(Anchor { item, prior });
    }
    Ok(anchors)
}
