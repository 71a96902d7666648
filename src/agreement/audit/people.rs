//! Do people agree with each other? Where the human file has a column for each rater.

use super::draws::Draws;
use super::join::{Item, Joined};
use super::model::Row;
use crate::stats::raters::{
    IntraclassForm, Measurement, Ratings, intraclass_correlation, krippendorff_alpha,
};
use crate::stats::{Estimate, StatsError};

/// The ratings of the used items, a row for each rater; nothing without two columns of raters.
pub(super) fn ratings(joined: &Joined, used: &[Item]) -> Option<Result<Ratings, StatsError>> {
    let raters = &joined.human.raters;
    if raters.len() < 2 {
        return None;
    }
    let rows: Vec<Vec<Option<f64>>> = raters
        .iter()
        .map(|rater| {
            used.iter()
                .map(|item| rater[item.human_row as usize])
                .collect()
        })
        .collect();
    Some(Ratings::new(&rows))
}

/// Krippendorff's alpha and intraclass correlations of the raters.
pub(super) fn rows(ratings: &Ratings, draws: Draws<'_>) -> Vec<Row> {
    let plan = draws.plan_for(ratings.items(), 4 * ratings.raters());
    let alpha = |measurement| krippendorff_alpha(ratings, measurement, plan.resamples, plan.seed);
    let correlation = |form| intraclass_correlation(ratings, form).map(|found| found.estimate);
    let all: [(&str, Result<Estimate, StatsError>); 8] = [
        ("krippendorff_alpha_nominal", alpha(Measurement::Nominal)),
        ("krippendorff_alpha_ordinal", alpha(Measurement::Ordinal)),
        ("krippendorff_alpha_interval", alpha(Measurement::Interval)),
        ("icc_1_1", correlation(IntraclassForm::OneWaySingle)),
        ("icc_2_1", correlation(IntraclassForm::AgreementSingle)),
        ("icc_3_1", correlation(IntraclassForm::ConsistencySingle)),
        ("icc_2_k", correlation(IntraclassForm::AgreementMean)),
        ("icc_3_k", correlation(IntraclassForm::ConsistencyMean)),
    ];
    all.into_iter()
        .map(|(name, found)| {
            let mut row = Row::from_result(name, ratings.items(), &found);
            if draws.clusters.is_some() {
                row.add_note("takes items as independent");
            }
            row.warn_of_no_width();
            row
        })
        .collect()
}
