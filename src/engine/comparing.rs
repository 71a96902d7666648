//! Comparing two subjects' images with any judge: by asking about the pair, or by two opinions.

use std::sync::Arc;

use super::{BindError, Engine, Judge, Judged, RunLimits, Seen};
use crate::card::Recipe;
use crate::judging::protocol::{Compare, Compared, OpinionRule, compare_opinions};
use crate::judging::{Image, Provenance, Reason, Subject, Unscored};

/// What became of a pair: always with its provenance, compared or not.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedPair {
    /// Where it comes from; its image is the first of the pair.
    pub provenance: Provenance,
    /// The rule by which two opinions were compared; `None` where the pair itself was asked about.
    pub rule: Option<OpinionRule>,
    /// Whether both images are the same bytes, which is a tie that nobody was asked about.
    pub same_image: bool,
    /// The comparison, or why there is none.
    pub outcome: Result<Compared, Unscored>,
}

impl JudgedPair {
    /// A pair of which an image never arrived whole.
    pub fn unasked(judged: Judged) -> Self {
        let outcome = judged.outcome.and_then(|_| {
            Err(Unscored::new(
                Reason::NotApplicable,
                "the pair was not asked about",
            ))
        });
        JudgedPair {
            provenance: judged.provenance,
            rule: None,
            same_image: false,
            outcome,
        }
    }
}

impl Engine {
    /// Compares the two images of `pair`: in both orders where the judge compares, by its two opinions where it rates.
    ///
    /// Two images of the same bytes are a tie by construction and are not asked about.
    ///
    /// # Errors
    /// [`BindError`] when the judge has no backend that can be asked, or puts lists in order.
    pub async fn compare(
        &self,
        judge: &Judge,
        pair: Subject,
        rule: OpinionRule,
        limits: &RunLimits,
    ) -> Result<JudgedPair, BindError> {
        let backend = judge.backend()?;
        let first_image = pair.images().first().map(Image::digest);
        let provenance = judge.provenance(backend.as_ref(), first_image);
        if let [first, second] = pair.images()
            && first.digest() == second.digest()
        {
            return Ok(JudgedPair {
                provenance,
                rule: None,
                same_image: true,
                outcome: Ok(Compared::same()),
            });
        }
        let (rule, outcome) = match &judge.card.recipe {
            Recipe::Compare(recipe) => {
                let begin = |pair| Compare::new(Arc::clone(recipe), pair);
                let outcome = self.run_on(judge, &provenance, pair, begin, limits);
                (None, outcome.await?)
            }
            Recipe::List(_) | Recipe::Choose(_) => return Err(judge.wrong_protocol("compare")),
            Recipe::Score(_) | Recipe::Rating(_) => {
                let outcome = self.compare_opinions(judge, &pair, rule, limits).await?;
                (Some(rule), outcome)
            }
        };
        // A judge that rates has told of its two opinions already.
        if rule.is_none() {
            self.seen(&provenance, Seen::of_pair(&outcome));
        }
        Ok(JudgedPair {
            provenance,
            rule,
            same_image: false,
            outcome,
        })
    }

    async fn compare_opinions(
        &self,
        judge: &Judge,
        pair: &Subject,
        rule: OpinionRule,
        limits: &RunLimits,
    ) -> Result<Result<Compared, Unscored>, BindError> {
        let [first, second] = pair.images() else {
            let detail = format!(
                "a pair has two images, this one has {}",
                pair.images().len()
            );
            return Ok(Err(Unscored::new(Reason::NotApplicable, detail)));
        };
        let alone = |image: &Image| pair.with_images(vec![image.clone()]);
        let (first, second) = futures::try_join!(
            self.score(judge, alone(first), limits),
            self.score(judge, alone(second), limits)
        )?;
        let levels = judge.card.recipe.levels();
        Ok(first.outcome.and_then(|first| {
            let second = second.outcome?;
            compare_opinions(&first, &second, levels, rule)
        }))
    }
}
