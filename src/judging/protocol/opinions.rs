//! Which of two is better, by what a judge that only rates says of each.

use crate::judging::{Better, Comparison, LevelSet, Reason, Unscored, Verdict};
use crate::stats::StatsError;
use crate::stats::pairs::{better_by_levels, better_by_spread};

use super::Compared;

/// How two opinions become a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OpinionRule {
    /// `P(first) = Phi((m1 - m2) / sqrt(v1 + v2))` with the judge's own spread: Thurstone, case III.
    #[default]
    Thurstone,
    /// The exact probability over the levels, taken as independent; equal levels are ties.
    Levels,
}

impl OpinionRule {
    /// Every rule.
    pub const ALL: [OpinionRule; 2] = [OpinionRule::Thurstone, OpinionRule::Levels];

    /// Stable name in requests and results.
    pub fn name(self) -> &'static str {
        match self {
            OpinionRule::Thurstone => "thurstone",
            OpinionRule::Levels => "levels",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        OpinionRule::ALL
            .into_iter()
            .find(|rule| rule.name() == name)
    }
}

/// Compares two verdicts of one judge; `levels` are those of its card, where it has some.
///
/// # Errors
/// [`Reason::NotApplicable`] where the rule needs levels or a spread that the judge does not give.
pub fn compare_opinions(
    first: &Verdict,
    second: &Verdict,
    levels: Option<&LevelSet>,
    rule: OpinionRule,
) -> Result<Compared, Unscored> {
    let scale = first.score.scale();
    let [first_share, second_share, tie] = match rule {
        OpinionRule::Levels => by_levels(first, second, levels)?,
        OpinionRule::Thurstone => by_spread(first, second)?,
    };
    let (first_share, second_share) = match scale.better() {
        Better::Higher => (first_share, second_share),
        Better::Lower => (second_share, first_share),
    };
    let comparison = Comparison::from_probabilities(first_share, second_share, tie);
    let coverages = [first.coverage, second.coverage].into_iter().flatten();
    Ok(Compared {
        comparison: comparison.map_err(|error| unfit(error.to_string()))?,
        coverage: coverages.min_by(|a, b| a.value().total_cmp(&b.value())),
        readout: first.readout,
        orders_disagree: false,
        censored: first.censored || second.censored,
    })
}

fn by_levels(
    first: &Verdict,
    second: &Verdict,
    levels: Option<&LevelSet>,
) -> Result<[f64; 3], Unscored> {
    let (Some(levels), Some(one), Some(other)) = (levels, &first.opinion, &second.opinion) else {
        return Err(unfit(
            "the judge gives a number and no levels; compare by `thurstone`".to_owned(),
        ));
    };
    better_by_levels(one.probabilities(), other.probabilities(), levels.worths())
        .map_err(|error| stats(&error))
}

fn by_spread(first: &Verdict, second: &Verdict) -> Result<[f64; 3], Unscored> {
    let moments = |verdict: &Verdict| -> Result<(f64, f64), Unscored> {
        let spread = verdict.spread.ok_or_else(|| {
            unfit("one rating has no spread; ask for several samples, or rank by scores".to_owned())
        })?;
        Ok((verdict.score.value(), spread * spread))
    };
    let share =
        better_by_spread(moments(first)?, moments(second)?).map_err(|error| stats(&error))?;
    Ok([share, 1.0 - share, 0.0])
}

fn unfit(detail: String) -> Unscored {
    Unscored::new(Reason::NotApplicable, detail)
}

fn stats(error: &StatsError) -> Unscored {
    unfit(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::{
        AnswerOption, Choice, Level, Opinion, RawScore, Readout, Scale, Temperature,
    };

    fn levels(better: Better) -> LevelSet {
        let level = |name: &str, worth| Level {
            option: AnswerOption::new(name, vec![]).unwrap(),
            worth,
        };
        let scale = Scale::new(0.0, 2.0, better).unwrap();
        let levels = vec![level("a", 2.0), level("b", 1.0), level("c", 0.0)];
        LevelSet::new(levels, scale).unwrap()
    }

    fn verdict(shares: [f64; 3], levels: &LevelSet) -> Verdict {
        let masses = shares.map(f64::ln).to_vec();
        let choice = Choice::new(masses, None, Readout::ClosedSet).unwrap();
        let opinion = Opinion::from_choice(&choice, Temperature::ONE);
        Verdict {
            score: opinion.score(levels),
            spread: Some(opinion.spread(levels)),
            opinion: Some(opinion),
            interval: None,
            coverage: None,
            readout: Readout::ClosedSet,
            censored: false,
        }
    }

    #[test]
    fn opinions_over_levels_compare_exactly() {
        let levels = levels(Better::Higher);
        let (first, second) = (
            verdict([0.6, 0.3, 0.1], &levels),
            verdict([0.2, 0.3, 0.5], &levels),
        );
        let by = |first, second, levels: &LevelSet| {
            let rule = OpinionRule::Levels;
            compare_opinions(first, second, Some(levels), rule)
                .unwrap()
                .comparison
        };
        let straight = by(&first, &second, &levels);
        // .6 (.3 + .5) + .3 (.5), .1 (.2 + .3) + .3 (.2) and .6 .2 + .3 .3 + .1 .5, by hand.
        assert!((straight.first() - 0.63).abs() < 1e-12);
        assert!((straight.second() - 0.11).abs() < 1e-12);
        assert!((straight.tie() - 0.26).abs() < 1e-12);
        let turned = by(&second, &first, &levels);
        assert!((turned.second() - 0.63).abs() < 1e-12);
    }

    #[test]
    fn on_a_scale_of_faults_the_lower_score_is_better() {
        let higher = levels(Better::Higher);
        let lower = levels(Better::Lower);
        for rule in OpinionRule::ALL {
            let share = |levels: &LevelSet| {
                let (first, second) = (
                    verdict([0.6, 0.3, 0.1], levels),
                    verdict([0.2, 0.3, 0.5], levels),
                );
                compare_opinions(&first, &second, Some(levels), rule)
                    .unwrap()
                    .comparison
            };
            assert!((share(&higher).first() - share(&lower).second()).abs() < 1e-12);
            assert!(share(&higher).first() > 0.5);
        }
    }

    #[test]
    fn what_the_judge_does_not_give_is_named() {
        let levels = levels(Better::Higher);
        let rated = Verdict {
            score: RawScore::new(1.0, levels.scale()),
            opinion: None,
            spread: None,
            ..verdict([0.2, 0.3, 0.5], &levels)
        };
        for rule in OpinionRule::ALL {
            let error = compare_opinions(&rated, &rated, Some(&levels), rule).unwrap_err();
            assert_eq!(error.reason, Reason::NotApplicable);
        }
    }
}
