//! Ranking by whole lists, with a judge that puts them in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ranking::Watch;
use super::{BindError, Engine, ItemTexts, Judge, RunLimits};
use crate::judging::protocol::{ListPlan, ListRecipe, ListRun, Listwise};
use crate::judging::{Image, Reason, Subject, Unscored, WordError};

impl Engine {
    /// Shows lists as long as card and backend bear, which may be asked about itself first.
    pub(super) async fn by_lists(
        &self,
        judge: &Judge,
        (images, texts): (Vec<Image>, ItemTexts),
        mut plan: ListPlan,
        asked: (&RunLimits, Watch<'_>),
    ) -> Result<Result<ListRun, Unscored>, BindError> {
        let Some(recipe) = judge.card.recipe.list() else {
            return Err(judge.wrong_protocol("rank by lists"));
        };
        if recipe.shows_items() {
            match self.images_at_once(judge, asked.0).await? {
                Ok(most) => plan.most_items = plan.most_items.min(most),
                Err(unscored) => return Ok(Err(unscored)),
            }
        }
        let images = match self.encoded(judge, &images).await {
            Ok(images) => images,
            Err(unscored) => return Ok(Err(unscored)),
        };
        let protocol = items(recipe, &images, &texts)
            .and_then(|(shared, items)| Listwise::new(Arc::clone(recipe), shared, items, plan))
            .map_err(|error| judge.unfit(&error))?;
        let run = self.watched(judge, protocol, asked).await?;
        Ok(run.and_then(something_read))
    }

    /// How many images the backend takes in one prompt, which it may have to find out.
    async fn images_at_once(
        &self,
        judge: &Judge,
        limits: &RunLimits,
    ) -> Result<Result<usize, Unscored>, BindError> {
        let probe = judge.backend()?.probe();
        let abilities = match limits.deadline() {
            None => probe.await,
            Some(deadline) => match tokio::time::timeout_at(deadline, probe).await {
                Ok(abilities) => abilities,
                Err(_) => {
                    let detail = "the deadline of the request passed";
                    return Ok(Err(Unscored::new(Reason::Deadline, detail)));
                }
            },
        };
        Ok(abilities
            .map(|abilities| abilities.images_per_prompt)
            .map_err(Unscored::from))
    }
}

/// What all lists have in common, and the items: each an image, or texts about one image that all share.
fn items(
    recipe: &ListRecipe,
    images: &[Image],
    texts: &ItemTexts,
) -> Result<(Subject, Vec<Subject>), WordError> {
    let own = |place: usize, images: Vec<Image>| Subject::new(images, texts.of(place));
    let places = images.iter().enumerate();
    if recipe.shows_items() {
        let shared = Subject::new(Vec::new(), texts.shared.clone());
        let items = places.map(|(place, image)| own(place, vec![image.clone()]));
        return Ok((shared, items.collect()));
    }
    let mut figure: BTreeMap<_, &Image> = BTreeMap::new();
    for image in images {
        figure.entry(*image.digest().as_bytes()).or_insert(image);
    }
    let mut figures = figure.into_values();
    let (Some(figure), None) = (figures.next(), figures.next()) else {
        return Err(WordError::new(
            "it ranks texts about one picture; give each text with the same picture",
        ));
    };
    let shared = Subject::new(vec![figure.clone()], texts.shared.clone());
    Ok((
        shared,
        places.map(|(place, _)| own(place, Vec::new())).collect(),
    ))
}

/// A run without a single order ranks nothing, and its first failure says why.
fn something_read(run: ListRun) -> Result<ListRun, Unscored> {
    let mut failures = run
        .lists
        .iter()
        .filter_map(|list| list.order.as_ref().err());
    let all_failed = run.lists.iter().all(|list| list.order.is_err());
    match failures.next() {
        Some(unscored) if all_failed => Err(unscored.clone()),
        _ => Ok(run),
    }
}
