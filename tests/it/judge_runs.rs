//! Every judge, asked of the run that is recorded beside its card: the verdicts are those of independent formulas.
//!
//! The recorded answers are specimens, not measurements; tests/golden/judge_runs.py wrote them and the verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opine::backend::Backend;
use opine::backend::recorded::Recorded;
use opine::card::{JudgeCard, Recipe, builtin_cards, load_folder};
use opine::engine::{AnswerCache, BackendState, Engine, Judge, Judges, RunLimits};
use opine::judging::protocol::{Chosen, ClosedQuestion, Compare, Compared, ListRecipe};
use opine::judging::{Image, IntervalKind, Subject, Unscored, Verdict};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// What a judge is shown and what it must say; `unscored` stands alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    judge: String,
    images: Vec<String>,
    #[serde(default)]
    texts: BTreeMap<String, String>,
    origin: String,
    tolerance: f64,
    /// The reason.
    unscored: Option<String>,
    coverage: Option<f64>,
    readout: Option<String>,
    // Of judges that score or rate.
    score: Option<f64>,
    spread: Option<f64>,
    probabilities: Option<Vec<f64>>,
    /// Hard bounds, where some level was not listed.
    interval: Option<[f64; 2]>,
    // Of judges that compare.
    first: Option<f64>,
    second: Option<f64>,
    tie: Option<f64>,
    order_effect: Option<f64>,
    orders_disagree: Option<bool>,
    // Of judges that put lists in order: the items where they are no pictures, and their places, the best first.
    #[serde(default)]
    responses: Vec<String>,
    order: Option<Vec<Vec<usize>>>,
}

fn judges_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("judges")
}

fn cards() -> Vec<JudgeCard> {
    load_folder(&judges_folder()).unwrap()
}

fn cases() -> Vec<Case> {
    let table: Table = toml::from_str(include_str!("../golden/judge_runs.toml")).unwrap();
    table.case
}

/// The judge of a card, answered by its recorded run and by nobody else.
fn replayed(card: JudgeCard) -> Judge {
    let run = judges_folder().join(&card.id).join("run.jsonl");
    let recorded = Recorded::load("run", &run).unwrap();
    Judge {
        card: Arc::new(card),
        state: BackendState::Ready(Arc::new(recorded)),
    }
}

fn engine() -> Engine {
    let judges = cards().into_iter().map(replayed);
    Engine::new(Judges::new(judges, BTreeMap::new()), AnswerCache::new(0))
}

impl Case {
    fn subject(&self) -> Subject {
        let pictures = judges_folder().join("technical-quality/examples");
        let image = |name: &String| Image::new(std::fs::read(pictures.join(name)).unwrap());
        Subject::new(self.images.iter().map(image).collect(), self.texts.clone())
    }

    /// The list as it is shown: what is beside the items, and the items.
    fn list(&self) -> (Subject, Vec<Subject>) {
        let whole = self.subject();
        if self.responses.is_empty() {
            let alone = |image: &Image| whole.with_images(vec![image.clone()]);
            let items = whole.images().iter().map(alone).collect();
            return (whole.with_images(vec![]), items);
        }
        let item = |response: &String| {
            let texts = BTreeMap::from([("response".to_owned(), response.clone())]);
            Subject::new(vec![], texts)
        };
        let items = self.responses.iter().map(item).collect();
        (whole, items)
    }

    async fn check_order(&self, backend: &Arc<dyn Backend>, recipe: &ListRecipe) {
        let (shared, items) = self.list();
        let shown: Vec<&Subject> = items.iter().collect();
        let prompt = recipe.prompt(&shared, &shown, 0).unwrap();
        let mut answers = backend.ask(&[prompt]).await;
        let answered = answers.remove(0).map_err(Unscored::from);
        match recipe.read(answered, shown.len()) {
            Ok(order) => assert_eq!(Some(&order.tiers), self.order.as_ref(), "{}", self.name()),
            Err(unscored) => self.check_unscored(&unscored),
        }
    }

    fn name(&self) -> String {
        format!("{} of {:?} with {:?}", self.judge, self.images, self.texts)
    }

    fn near(&self, what: &str, ours: f64, theirs: f64) {
        assert!(
            (ours - theirs).abs() <= self.tolerance,
            "{}: {what} is {ours}, {theirs} by {}",
            self.name(),
            self.origin
        );
    }

    fn near_if_known(&self, what: &str, ours: Option<f64>, theirs: Option<f64>) {
        assert_eq!(ours.is_some(), theirs.is_some(), "{}: {what}", self.name());
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            self.near(what, ours, theirs);
        }
    }

    fn check_unscored(&self, unscored: &Unscored) {
        let reason = self.unscored.as_deref();
        assert_eq!(
            Some(unscored.reason.code()),
            reason,
            "{}: {unscored}",
            self.name()
        );
    }

    fn check_verdict(&self, verdict: &Verdict) {
        assert_eq!(self.unscored, None, "{}: {verdict:?}", self.name());
        self.near("score", verdict.score.value(), self.score.unwrap());
        self.near_if_known("spread", verdict.spread, self.spread);
        let coverage = verdict.coverage.map(|coverage| coverage.value());
        self.near_if_known("coverage", coverage, self.coverage);
        assert_eq!(
            Some(verdict.readout.name()),
            self.readout.as_deref(),
            "{}",
            self.name()
        );
        let shares = verdict.opinion.as_ref().map(|one| one.probabilities());
        let expected = self.probabilities.as_deref();
        assert_eq!(
            shares.map(<[f64]>::len),
            expected.map(<[f64]>::len),
            "{}",
            self.name()
        );
        for (ours, theirs) in shares
            .unwrap_or_default()
            .iter()
            .zip(expected.unwrap_or_default())
        {
            self.near("a probability", *ours, *theirs);
        }
        assert_eq!(verdict.censored, self.interval.is_some(), "{}", self.name());
        if let Some([low, high]) = self.interval {
            let interval = verdict.interval.unwrap();
            assert_eq!(interval.kind, IntervalKind::Censored);
            self.near("lower bound", interval.low, low);
            self.near("upper bound", interval.high, high);
        }
    }

    async fn check_chosen(&self, engine: &Engine, judge: &Judge) {
        let subject = self.subject();
        // A case without its question is one that lacks a text.
        let Some(question) = self.texts.get("question") else {
            let missing = judge.card.recipe.prompts(&subject);
            assert!(missing.is_err(), "{}", self.name());
            return;
        };
        let asked = vec![ClosedQuestion::yes_no(question.as_str()).unwrap()];
        let (images, limits) = (subject.images().to_vec(), RunLimits::none());
        let chosen = engine.choose(judge, Ok(images), BTreeMap::new(), asked, &limits);
        match &chosen.await.unwrap().1[0] {
            Ok(chosen) => self.check_choice(chosen),
            Err(unscored) => self.check_unscored(unscored),
        }
    }

    fn check_choice(&self, chosen: &Chosen) {
        assert_eq!(self.unscored, None, "{}: {chosen:?}", self.name());
        let coverage = chosen.coverage.map(|coverage| coverage.value());
        self.near_if_known("coverage", coverage, self.coverage);
        assert_eq!(Some(chosen.readout.name()), self.readout.as_deref());
        let expected = self.probabilities.as_deref().unwrap();
        assert_eq!(chosen.probabilities.len(), expected.len());
        for (ours, theirs) in chosen.probabilities.iter().zip(expected) {
            self.near("a probability", *ours, *theirs);
        }
    }

    fn check_comparison(&self, compared: &Compared) {
        assert_eq!(self.unscored, None, "{}: {compared:?}", self.name());
        let comparison = &compared.comparison;
        for (what, ours, theirs) in [
            ("first", comparison.first(), self.first),
            ("second", comparison.second(), self.second),
            ("tie", comparison.tie(), self.tie),
        ] {
            self.near(what, ours, theirs.unwrap());
        }
        self.near_if_known("order effect", comparison.order_effect(), self.order_effect);
        let coverage = compared.coverage.map(|coverage| coverage.value());
        self.near_if_known("coverage", coverage, self.coverage);
        assert_eq!(Some(compared.orders_disagree), self.orders_disagree);
        assert_eq!(
            Some(compared.readout.name()),
            self.readout.as_deref(),
            "{}",
            self.name()
        );
    }
}

#[tokio::test]
async fn every_recorded_run_gives_the_verdicts_of_the_formulas() {
    let engine = engine();
    for case in cases() {
        let judge = engine.judges().find(&case.judge).unwrap();
        let limits = RunLimits::none();
        if let Recipe::List(recipe) = &judge.card.recipe {
            case.check_order(judge.backend().unwrap(), recipe).await;
        } else if let Recipe::Compare(recipe) = &judge.card.recipe {
            let backend: &Arc<dyn Backend> = judge.backend().unwrap();
            let protocol = Compare::new(Arc::clone(recipe), case.subject());
            let preprocessing = backend.preprocessing();
            match engine.run(backend, &preprocessing, protocol, &limits).await {
                Ok(compared) => case.check_comparison(&compared),
                Err(unscored) => case.check_unscored(&unscored),
            }
        } else if matches!(judge.card.recipe, Recipe::Choose(_)) {
            case.check_chosen(&engine, &judge).await;
        } else {
            let judged = engine.score(&judge, case.subject(), &limits).await.unwrap();
            match judged.outcome {
                Ok(verdict) => case.check_verdict(&verdict),
                Err(unscored) => case.check_unscored(&unscored),
            }
        }
    }
}

#[test]
fn every_card_has_a_run_and_a_verdict_that_is_no_failure() {
    let scored: BTreeSet<String> = cases()
        .into_iter()
        .filter(|case| case.unscored.is_none())
        .map(|case| case.judge)
        .collect();
    let cards: BTreeSet<String> = cards().into_iter().map(|card| card.id).collect();
    assert_eq!(scored, cards);
    for id in &cards {
        let run = std::fs::read_to_string(judges_folder().join(id).join("run.jsonl")).unwrap();
        assert!(!run.trim().is_empty(), "{id}");
    }
}

#[test]
fn every_line_of_a_run_is_asked() {
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    let recipes: BTreeMap<String, Recipe> = cards()
        .into_iter()
        .map(|card| (card.id, card.recipe))
        .collect();
    for case in cases() {
        // Who lacks a text or has a picture too many is asked nothing.
        if case.unscored.as_deref() != Some("not_applicable") {
            let questions = match &recipes[&case.judge] {
                Recipe::List(_) => 1,
                recipe @ (Recipe::Score(_)
                | Recipe::Rating(_)
                | Recipe::Compare(_)
                | Recipe::Choose(_)) => recipe.prompts(&case.subject()).unwrap().len(),
            };
            *asked.entry(case.judge).or_default() += questions;
        }
    }
    for (id, questions) in asked {
        let run = std::fs::read_to_string(judges_folder().join(&id).join("run.jsonl")).unwrap();
        assert_eq!(run.lines().count(), questions, "{id}");
    }
}

#[test]
fn the_cards_of_the_folder_are_the_built_in_ones() {
    let known = |cards: Vec<JudgeCard>| -> BTreeMap<String, String> {
        let named = cards
            .into_iter()
            .map(|card| (card.id, card.digest.to_string()));
        named.collect()
    };
    assert_eq!(known(cards()), known(builtin_cards().unwrap()));
}

#[test]
fn the_table_of_the_readme_has_a_row_for_every_judge() {
    let readme = include_str!("../../judges/README.md");
    let rows: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    let cards = cards();
    assert_eq!(rows.len(), cards.len());
    for card in cards {
        let row = format!("| [{}](", card.id);
        let row = rows.iter().find(|line| line.starts_with(&row));
        let row = row.unwrap_or_else(|| panic!("no row for {}", card.id));
        assert!(row.contains(&format!("| {} |", card.protocol())), "{row}");
    }
}
