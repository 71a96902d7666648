//! Numbers and names as people read them.

/// A figure with three decimals, or fewer where it is large; a minus sign that is one.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    let text = if size != 0.0 && size < 0.000_5 {
        format!("{value:.1e}")
    } else if size < 100.0 {
        format!("{value:.3}")
    } else if size < 10_000.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    text.replace('-', "\u{2212}")
}

/// A whole number without decimals, anything else as a figure.
pub(super) fn count_or_figure(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}").replace('-', "\u{2212}")
    } else {
        figure(value)
    }
}

/// A figure, or a dash.
pub(super) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "\u{2013}".to_owned(), figure)
}

/// Both ends of an interval, or a dash.
pub(super) fn interval(ends: Option<[f64; 2]>) -> String {
    ends.map_or_else(
        || "\u{2013}".to_owned(),
        |[low, high]| format!("{} to {}", figure(low), figure(high)),
    )
}

/// A p-value, never 0.
pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => "\u{2013}".to_owned(),
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// The name of a statistic as it is printed.
pub(super) fn statistic(name: &str) -> String {
    for (ending, test) in [
        ("_difference_williams", "Williams"),
        ("_difference_steiger", "Steiger"),
    ] {
        if let Some(of) = name.strip_suffix(ending) {
            return format!("{}, {test}", statistic(of));
        }
    }
    if let Some(of) = name.strip_suffix("_difference") {
        return format!("{}, paired bootstrap", statistic(of));
    }
    for (ending, average) in [
        ("_fisher_z_mean", "Fisher-z mean"),
        ("_tanh_of_mean", "tanh of the mean (legacy)"),
        ("_weighted_mean", "mean weighted by items"),
        ("_mean", "arithmetic mean"),
    ] {
        if let Some(of) = name.strip_suffix(ending) {
            return format!("{}, {average}", statistic(of));
        }
    }
    let known = match name {
        "pearson" => "Pearson r",
        "spearman" => "Spearman \u{3c1}",
        "kendall_tau_b" => "Kendall \u{3c4}-b",
        "plcc_logistic_4" => "Pearson r after 4-parameter logistic",
        "plcc_logistic_5" => "Pearson r after 5-parameter logistic",
        "plcc_monotone_cubic" => "Pearson r after monotone cubic",
        "kendall_tau_a" => "Kendall \u{3c4}-a",
        "kendall_tau_c" => "Kendall \u{3c4}-c",
        "weighted_tau" => "Weighted \u{3c4}",
        "rmse_star" => "RMSE*",
        "outlier_ratio" => "Outlier ratio",
        "outlier_ratio_two_deviations" => "Outlier ratio, two deviations",
        "pairwise_accuracy_calibrated" => "Pairwise accuracy, ties calibrated",
        "tau_eq_calibrated" => "\u{3c4}-eq, ties calibrated",
        "krippendorff_alpha_nominal" => "Krippendorff \u{3b1}, nominal",
        "krippendorff_alpha_ordinal" => "Krippendorff \u{3b1}, ordinal",
        "krippendorff_alpha_interval" => "Krippendorff \u{3b1}, interval",
        "icc_1_1" => "ICC(1,1)",
        "icc_2_1" => "ICC(2,1)",
        "icc_3_1" => "ICC(3,1)",
        "icc_2_k" => "ICC(2,k)",
        "icc_3_k" => "ICC(3,k)",
        "rmse_logistic_4" => "RMSE after 4-parameter logistic",
        "rmse" => "RMSE",
        "pairwise_accuracy" => "Pairwise accuracy",
        "pairwise_accuracy_without_human_ties" => "Pairwise accuracy, human ties left out",
        "pairwise_accuracy_half_for_judge_ties" => "Pairwise accuracy, judge\u{2019}s ties half",
        "tau_eq" => "\u{3c4}-eq",
        "cohen_kappa" => "Cohen \u{3ba}",
        "preference_accuracy" => "Preference accuracy",
        "preference_accuracy_without_human_ties" => "Preference accuracy, human ties left out",
        "ece_equal_width" => "ECE, equal width",
        "ece_equal_mass" => "ECE, equal mass",
        "mce" => "MCE",
        "brier" => "Brier score",
        other => return sentence_case(&other.replace('_', " ")),
    };
    known.to_owned()
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_for_people() {
        let cases = [
            (0.735_137, "0.735"),
            (-0.5, "\u{2212}0.500"),
            (0.0, "0.000"),
            (1234.56, "1234.6"),
            (0.000_01, "1.0e\u{2212}5"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
        assert_eq!(count_or_figure(247.0), "247");
        assert_eq!(p_value(Some(0.0)), "< 0.001");
        assert_eq!(
            statistic("spearman_difference_williams"),
            "Spearman \u{3c1}, Williams"
        );
    }
}
