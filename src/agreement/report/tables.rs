//! The tables of a report, the same in HTML and in Markdown.

use super::number::{count_or_figure, figure, interval, maybe, p_value, statistic};
use crate::agreement::audit::{Audit, Comparison, Row, percent, thousands};

/// A table: header, rows, and which columns hold numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// Columns of numbers, aligned to the right.
    pub(super) numbers: Vec<usize>,
}

/// A table from rows of as many cells as its header.
pub(super) fn table<const N: usize>(
    caption: &str,
    header: [&'static str; N],
    numbers: &[usize],
    rows: Vec<[String; N]>,
) -> Table {
    Table {
        caption: caption.to_owned(),
        header: header.to_vec(),
        rows: rows.into_iter().map(|row| row.to_vec()).collect(),
        numbers: numbers.to_vec(),
    }
}

/// The usual coefficients over all items.
pub(super) fn agreement(audit: &Audit) -> Table {
    let rows = audit.estimates.iter();
    estimates(
        "Agreement over all items",
        rows.filter(|row| row.is_overall() && !row.further),
    )
}

/// The other coefficients over all items.
pub(super) fn further(audit: &Audit) -> Option<Table> {
    let rows = audit.estimates.iter().filter(|row| row.further);
    let table = estimates("Further coefficients over all items", rows);
    (!table.rows.is_empty()).then_some(table)
}

/// Agreement of the raters with each other.
pub(super) fn raters(audit: &Audit) -> Option<Table> {
    let table = estimates(
        "Agreement of the raters with each other",
        audit.raters.iter(),
    );
    (!table.rows.is_empty()).then_some(table)
}

fn estimates<'a>(caption: &str, rows: impl Iterator<Item = &'a Row>) -> Table {
    table(
        caption,
        [
            "Statistic",
            "Value",
            "95 % interval",
            "p",
            "n",
            "Interval by",
            "Convention",
        ],
        &[1, 2, 3, 4],
        rows.map(estimate_cells).collect(),
    )
}

fn estimate_cells(row: &Row) -> [String; 7] {
    let convention = match &row.note {
        Some(note) if row.convention.is_empty() => note.clone(),
        Some(note) => format!("{}; {note}", row.convention),
        None => row.convention.clone(),
    };
    [
        statistic(&row.name),
        row.value.map_or_else(|| "undefined".to_owned(), figure),
        interval(row.ci),
        p_value(row.p_value),
        thousands(row.n),
        row.ci_method
            .clone()
            .unwrap_or_else(|| "\u{2013}".to_owned()),
        convention,
    ]
}

/// Coefficients of every group.
pub(super) fn groups(audit: &Audit) -> Option<Table> {
    let of_groups: Vec<&Row> = audit
        .estimates
        .iter()
        .filter(|row| row.group.is_some())
        .collect();
    let named = |name: &'static str| of_groups.iter().filter(move |row| row.name == name);
    let find = |name: &'static str, group: &Option<String>| {
        named(name).find(|row| row.group == *group).copied()
    };
    let cell = |row: Option<&Row>| {
        row.and_then(|row| row.value)
            .map_or_else(|| "undefined".to_owned(), figure)
    };
    let rows: Vec<[String; 7]> = named("spearman")
        .map(|spearman| {
            [
                spearman.group.clone().unwrap_or_default(),
                thousands(spearman.n),
                cell(Some(spearman)),
                interval(spearman.ci),
                cell(find("pearson", &spearman.group)),
                cell(find("kendall_tau_b", &spearman.group)),
                spearman.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        table(
            "Agreement within each group",
            [
                "Group",
                "n",
                "Spearman \u{3c1}",
                "95 % interval",
                "Pearson r",
                "Kendall \u{3c4}-b",
                "Note",
            ],
            &[1, 2, 3, 4, 5],
            rows,
        )
    })
}

/// Averages over groups, by the name of the averaging.
pub(super) fn averages(audit: &Audit) -> Option<Table> {
    let rows: Vec<[String; 5]> = audit
        .estimates
        .iter()
        .filter(|row| row.average.is_some())
        .map(|row| {
            let [name, value, interval, _, n, method, convention] = estimate_cells(row);
            [
                name,
                value,
                interval,
                n,
                format!("{convention}; interval by {method}"),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        table(
            "Averages over groups",
            ["Average", "Value", "95 % interval", "Groups", "Convention"],
            &[1, 2, 3],
            rows,
        )
    })
}

/// What came together and what did not.
pub(super) fn counts(audit: &Audit) -> Table {
    let counts = &audit.counts;
    let mut rows = vec![
        [
            "Rows of the judged file".to_owned(),
            thousands(counts.judged_rows),
            String::new(),
        ],
        [
            "Rows of the human file".to_owned(),
            thousands(counts.human_rows),
            String::new(),
        ],
        [
            "Items with a human value".to_owned(),
            thousands(counts.human_items),
            String::new(),
        ],
        [
            "Scored by the judge".to_owned(),
            thousands(counts.scored),
            format!("coverage {} %", percent(audit.coverage)),
        ],
    ];
    for reason in &counts.unscored {
        let line = reason
            .first_line
            .map_or_else(String::new, |line| format!(", first on line {line}"));
        rows.push([
            format!("Not scored: {}", reason.reason),
            thousands(reason.n),
            format!("{}{line}", reason.kind.replace('_', " ")),
        ]);
    }
    if counts.stood_in > 0 {
        rows.push([
            "Items with a stand-in".to_owned(),
            thousands(counts.stood_in),
            "see conventions".to_owned(),
        ]);
    }
    for reason in &counts.human_missing {
        let line = reason
            .first_line
            .map_or_else(String::new, |line| format!("first on line {line}"));
        rows.push([
            format!("No human value: {}", reason.reason),
            thousands(reason.n),
            line,
        ]);
    }
    for (what, ids) in [
        ("Ids only in the judged file", &counts.only_judged),
        ("Ids only in the human file", &counts.only_human),
    ] {
        rows.push([what.to_owned(), thousands(ids.n), ids.first.join(", ")]);
    }
    if counts.duplicates_left_out > 0 {
        rows.push([
            "Rows left out as duplicates".to_owned(),
            thousands(counts.duplicates_left_out),
            String::new(),
        ]);
    }
    table("Rows and items", ["What", "Count", "Detail"], &[1], rows)
}

/// Coefficients under each way of treating missing values.
pub(super) fn policies(audit: &Audit) -> Option<Table> {
    let rows: Vec<[String; 6]> = audit
        .missing_policies
        .iter()
        .map(|row| {
            [
                row.policy.to_owned(),
                row.meaning.to_owned(),
                thousands(row.n),
                maybe(row.spearman),
                maybe(row.pearson),
                maybe(row.kendall_tau_b),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        table(
            "The same coefficients under each way of treating missing values",
            [
                "Policy",
                "Meaning",
                "n",
                "Spearman \u{3c1}",
                "Pearson r",
                "Kendall \u{3c4}-b",
            ],
            &[2, 3, 4, 5],
            rows,
        )
    })
}

/// Chance, a constant answer, and people.
pub(super) fn baselines(audit: &Audit) -> Table {
    let rows = audit.baselines.iter().map(|row| {
        let value = row.value.map_or_else(|| "undefined".to_owned(), figure);
        [
            row.kind.to_owned(),
            statistic(&row.statistic),
            value,
            interval(row.ci),
            row.meaning.clone(),
        ]
    });
    table(
        "What somebody else would reach",
        ["Who", "Statistic", "Value", "95 % interval", "How"],
        &[2, 3],
        rows.collect(),
    )
}

/// What moves the judge.
pub(super) fn bias(audit: &Audit) -> Table {
    let rows = audit.bias.iter().map(|row| {
        [
            row.topic.replace('_', " "),
            row.name.clone(),
            count_or_figure(row.value),
            interval(row.ci),
            thousands(row.n),
            row.meaning.clone(),
        ]
    });
    table(
        "What the judge does besides what people see",
        [
            "Topic",
            "Measured",
            "Value",
            "95 % interval",
            "n",
            "How to read it",
        ],
        &[2, 3, 4],
        rows.collect(),
    )
}

/// Calibration errors.
pub(super) fn calibration(audit: &Audit) -> Option<Table> {
    let calibration = audit.calibration.as_ref()?;
    Some(estimates(
        "Calibration errors and scores",
        calibration.estimates.iter(),
    ))
}

/// Every judge on the shared items.
pub(super) fn judges(audit: &Audit) -> Option<Table> {
    let judges = audit.judges.as_ref()?;
    let rows = judges.rows.iter().map(|judge| {
        [
            statistic(&judge.row.name),
            judge.judge.clone(),
            maybe(judge.row.value),
            interval(judge.row.ci),
            thousands(judge.row.n),
        ]
    });
    Some(table(
        "Every judge on the items that all of them scored",
        ["Statistic", "Judge", "Value", "95 % interval", "n"],
        &[2, 3, 4],
        rows.collect(),
    ))
}

/// Differences between the judge and one baseline, with their tests.
pub(super) fn differences(comparison: &Comparison) -> Table {
    let rows = comparison.differences.iter().map(|row| {
        let note = row.note.clone().unwrap_or_default();
        [
            statistic(&row.name),
            maybe(row.value),
            interval(row.ci),
            p_value(row.p_value),
            p_value(row.p_value_holm),
            row.method.clone(),
            note,
        ]
    });
    table(
        &format!(
            "Differences: the judge less `{}`, on {} items",
            comparison.baseline,
            thousands(comparison.n)
        ),
        [
            "Difference of",
            "Value",
            "95 % interval",
            "p",
            "p, Holm",
            "Test",
            "Note",
        ],
        &[1, 2, 3, 4],
        rows.collect(),
    )
}

/// Every choice that another audit might have made otherwise.
pub(super) fn conventions(audit: &Audit) -> Table {
    let rows = audit
        .conventions
        .iter()
        .map(|named| [named.name.clone(), named.value.clone()]);
    table("Conventions", ["Choice", "Here"], &[], rows.collect())
}

/// The files and what was taken from them.
pub(super) fn inputs(audit: &Audit) -> Table {
    let rows = audit.inputs.iter().map(|input| {
        let columns: Vec<String> = input
            .columns
            .iter()
            .map(|named| format!("{}: {}", named.name, named.value))
            .collect();
        [
            input.role.to_owned(),
            input.file.clone(),
            input.format.to_owned(),
            thousands(input.rows),
            columns.join("; "),
            input.digest.clone(),
        ]
    });
    table(
        "Files",
        ["Role", "File", "Format", "Rows", "Columns taken", "Digest"],
        &[3],
        rows.collect(),
    )
}
