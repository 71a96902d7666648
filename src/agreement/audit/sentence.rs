//! The sentence that a reader may quote, with its conventions in it.

use super::model::{Audit, Baseline, Row};

/// On how many items, how far, with which interval, and what chance, a constant and people would reach.
pub(super) fn sentence(audit: &Audit) -> String {
    let counts = &audit.counts;
    let mut text = format!(
        "On {} of {} items ({} % coverage), judge `{}` ranks items as people do with ",
        thousands(counts.scored),
        thousands(counts.human_items),
        percent(audit.coverage),
        audit.judge
    );
    let overall = |name: &str| {
        let mut rows = audit.estimates.iter();
        rows.find(|row| row.name == name && row.is_overall() && row.value.is_some())
    };
    let spearman = overall("spearman");
    text.push_str(&spearman.map_or_else(
        || "a Spearman correlation that is undefined".to_owned(),
        |row| figure("Spearman", row, "midranks", None),
    ));
    if let Some(row) = overall("kendall_tau_b") {
        let said = spearman.and_then(|row| row.ci_method.as_deref());
        text.push_str(" and ");
        text.push_str(&figure("Kendall", row, "tau-b", said));
    }
    if counts.stood_in > 0 {
        let policy = audit
            .conventions
            .iter()
            .find(|named| named.name == "missing values");
        text.push_str(&format!(
            ", with {} items stood in for ({})",
            thousands(counts.stood_in),
            policy.map_or("", |named| named.value.as_str())
        ));
    }
    text.push_str("; chance is 0, a constant judge has no correlation");
    if let Some(ceiling) = ceiling(&audit.baselines) {
        text.push_str(&format!(", and {ceiling}"));
    }
    text.push('.');
    text
}

/// A figure with its interval; the interval's method is left out where it has just been said.
fn figure(name: &str, row: &Row, convention: &str, said: Option<&str>) -> String {
    let value = row
        .value
        .map_or_else(String::new, |value| format!("{value:.3}"));
    let Some([low, high]) = row.ci else {
        return format!("{name} {value} (no interval; {convention})");
    };
    if high - low < 1e-12 {
        return format!(
            "{name} {value} (an interval cannot be told from agreement without a flaw; {convention})"
        );
    }
    let method = row
        .ci_method
        .as_deref()
        .filter(|method| Some(*method) != said);
    let method = method.map_or_else(String::new, |method| format!("{method}; "));
    format!("{name} {value} (95 % CI {low:.3} to {high:.3}; {method}{convention})")
}

fn ceiling(baselines: &[Baseline]) -> Option<String> {
    let ceilings = || {
        baselines
            .iter()
            .filter(|baseline| baseline.kind == "ceiling")
    };
    let known = ceilings()
        .find(|baseline| baseline.statistic == "spearman" && baseline.value.is_some())
        .or_else(|| ceilings().find(|baseline| baseline.value.is_some()))?;
    let value = known.value?;
    let what = if known.meaning.starts_with("best possible") {
        "a perfect judge would reach"
    } else {
        "one person would reach"
    };
    let interval = known.ci.map_or_else(String::new, |[low, high]| {
        format!(" ({low:.3} to {high:.3})")
    });
    Some(format!(
        "{what} {} {value:.3}{interval}",
        capitalised(&known.statistic)
    ))
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A count with separators for people.
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage with one decimal; 100 only for all and 0 only for none.
pub fn percent(share: f64) -> String {
    let rounded = format!("{:.1}", 100.0 * share);
    if rounded == "100.0" && share < 1.0 {
        "> 99.9".to_owned()
    } else if rounded == "0.0" && share > 0.0 {
        "< 0.1".to_owned()
    } else if rounded == "100.0" {
        "100".to_owned()
    } else {
        rounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shares_read_as_people_write_them() {
        assert_eq!(
            [thousands(7), thousands(2_982), thousands(1_000_000)],
            ["7", "2,982", "1,000,000"]
        );
        assert_eq!(
            [percent(0.994), percent(1.0), percent(0.99999), percent(0.0)],
            ["99.4", "100", "> 99.9", "0.0"]
        );
    }
}
