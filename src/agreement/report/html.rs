//! The audit as one HTML file: no script, no font, no link to anywhere; opens offline, prints well.

use super::figure_tables;
use super::number::{interval, maybe, statistic};
use super::style::STYLE;
use super::svg::{self, Mark, escaped};
use super::tables::{self, Table};
use crate::agreement::audit::{Audit, Row, percent, thousands};

/// Most groups in a figure; the table holds all.
const MOST_ROWS: usize = 40;

/// An HTML document.
pub fn html(audit: &Audit) -> String {
    let title = format!("Audit of judge {}", escaped(&audit.judge));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    head(&mut page, audit, &title);
    agreement(&mut page, audit);
    comparison(&mut page, audit);
    groups(&mut page, audit);
    coverage(&mut page, audit);
    bias(&mut page, audit);
    calibration(&mut page, audit);
    disagreements(&mut page, audit);
    conventions(&mut page, audit);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, audit: &Audit, title: &str) {
    page.push_str(&format!("<header>\n<h1>{title}</h1>\n<p class=\"sub\">How far its values agree with people\u{2019}s</p>\n"));
    page.push_str(&format!(
        "<blockquote><p>{}</p></blockquote>\n",
        inline(&audit.sentence)
    ));
    page.push_str("<dl class=\"keys\">\n");
    for name in ["spearman", "pearson", "kendall_tau_b"] {
        if let Some(row) = overall(audit, name) {
            key(
                page,
                &statistic(name),
                &maybe(row.value),
                &format!("95 % interval {}", interval(row.ci)),
            );
        }
    }
    let items = format!(
        "{} of {} items that people rated",
        thousands(audit.counts.scored),
        thousands(audit.counts.human_items)
    );
    key(
        page,
        "Coverage",
        &format!("{} %", percent(audit.coverage)),
        &items,
    );
    page.push_str("</dl>\n");
    if !audit.warnings.is_empty() {
        page.push_str("<section class=\"warnings\" aria-labelledby=\"know-first\"><h2 id=\"know-first\">Know first</h2>\n<ul>\n");
        for warning in &audit.warnings {
            page.push_str(&format!("<li>{}</li>\n", inline(warning)));
        }
        page.push_str("</ul></section>\n");
    }
    page.push_str("<nav aria-label=\"Sections\">");
    for (id, name) in sections(audit) {
        page.push_str(&format!("<a href=\"#{id}\">{name}</a> "));
    }
    page.push_str("</nav>\n</header>\n");
}

fn sections(audit: &Audit) -> Vec<(&'static str, &'static str)> {
    let has_groups = audit.estimates.iter().any(|row| row.group.is_some());
    let all = [
        (true, ("agreement", "Agreement")),
        (
            !audit.comparisons.is_empty(),
            ("comparison", "Against other judges"),
        ),
        (has_groups, ("groups", "Groups")),
        (true, ("coverage", "Coverage")),
        (true, ("bias", "Biases")),
        (audit.calibration.is_some(), ("calibration", "Calibration")),
        (true, ("disagreements", "Disagreements")),
        (true, ("conventions", "Conventions")),
    ];
    all.into_iter()
        .filter(|(shown, _)| *shown)
        .map(|(_, section)| section)
        .collect()
}

fn key(page: &mut String, name: &str, value: &str, detail: &str) {
    page.push_str(&format!(
        "<div class=\"key\"><dt>{name}</dt><dd><div class=\"big\">{value}</div><div class=\"small\">{detail}</div></dd></div>\n"
    ));
}

fn overall<'a>(audit: &'a Audit, name: &str) -> Option<&'a Row> {
    audit
        .estimates
        .iter()
        .find(|row| row.name == name && row.is_overall())
}

fn agreement(page: &mut String, audit: &Audit) {
    heading(page, "agreement", "Agreement");
    page.push_str("<div class=\"pair\">\n");
    let shown = format!(
        "{} of {} items; curve: {}; band: 95 % of items if errors are normal",
        thousands(audit.figures.points.len()),
        thousands(audit.figures.points_of),
        audit.figures.curve_name
    );
    figure(
        page,
        "People\u{2019}s values against the judge\u{2019}s",
        &shown,
        &svg::scatter(audit),
        figure_tables::bins(audit),
    );
    figure(
        page,
        "Ranks by judge and by people",
        "tenths of rank; a judge that agrees has its items on the diagonal",
        &svg::ranks(audit),
        Some(figure_tables::ranks(audit)),
    );
    page.push_str("</div>\n");
    table(page, &tables::agreement(audit));
    table(page, &tables::baselines(audit));
    let beside = [tables::further(audit), tables::raters(audit)];
    for beside in beside.iter().flatten() {
        table(page, beside);
    }
}

fn comparison(page: &mut String, audit: &Audit) {
    let Some(judges) = &audit.judges else {
        return;
    };
    heading(page, "comparison", "Against other judges");
    page.push_str("<ul>\n");
    for comparison in &audit.comparisons {
        page.push_str(&format!("<li>{}.</li>\n", inline(&comparison.verdict)));
    }
    page.push_str("</ul>\n");
    let marks: Vec<Mark> = judges
        .rows
        .iter()
        .filter_map(|judge| {
            Some(Mark {
                label: format!("{} {}", symbol(&judge.row.name), judge.judge),
                value: judge.row.value?,
                ci: judge.row.ci,
                summary: false,
                other: judge.judge != audit.judge,
            })
        })
        .collect();
    if !marks.is_empty() {
        let caption = format!(
            "Every judge on the {} items that all of them scored",
            thousands(judges.n)
        );
        let drawing = svg::forest("judges", &caption, "Agreement with people", &marks);
        figure(
            page,
            &caption,
            "the intervals are of each judge alone: whether judges differ is for the tests below",
            &drawing,
            tables::judges(audit),
        );
    }
    for comparison in &audit.comparisons {
        table(page, &tables::differences(comparison));
    }
}

fn symbol(name: &str) -> &'static str {
    match name {
        "pearson" => "r",
        "spearman" => "\u{3c1}",
        _ => "\u{3c4}",
    }
}

fn groups(page: &mut String, audit: &Audit) {
    let Some(of_groups) = tables::groups(audit) else {
        return;
    };
    heading(page, "groups", "Groups");
    let spearman = || audit.estimates.iter().filter(|row| row.name == "spearman");
    let mark = |row: &Row, label: String, summary| {
        Some(Mark {
            label,
            value: row.value?,
            ci: row.ci,
            summary,
            other: false,
        })
    };
    let mut marks: Vec<Mark> = Vec::new();
    marks.extend(
        spearman()
            .filter(|row| row.is_overall())
            .filter_map(|row| mark(row, "all items".to_owned(), true)),
    );
    let mut averaged = audit.estimates.iter();
    let averaged = averaged.find(|row| row.name == "spearman_fisher_z_mean");
    marks.extend(averaged.and_then(|row| mark(row, "mean of groups (z)".to_owned(), true)));
    let each = spearman().filter_map(|row| mark(row, row.group.clone()?, false));
    marks.extend(each.take(MOST_ROWS));
    page.push_str("<div class=\"pair\">\n");
    let drawing = svg::forest(
        "by-group",
        "Spearman correlation by group",
        "Spearman \u{3c1} with people",
        &marks,
    );
    let cut = if of_groups.rows.len() > MOST_ROWS {
        format!("the first {MOST_ROWS} of {} groups; ", of_groups.rows.len())
    } else {
        String::new()
    };
    let note = format!(
        "{cut}diamonds: all items, and the mean over groups by Fisher\u{2019}s z; dashed: chance"
    );
    figure(
        page,
        "Spearman correlation by group",
        &note,
        &drawing,
        Some(of_groups),
    );
    let shown = &audit.figures.residuals[..audit.figures.residuals.len().min(MOST_ROWS)];
    if !shown.is_empty() {
        figure(
            page,
            "Residuals by group",
            "right of zero the judge is harsher on the group than people are",
            &svg::residuals(shown),
            figure_tables::residuals(audit),
        );
    }
    page.push_str("</div>\n");
    if let Some(averages) = tables::averages(audit) {
        table(page, &averages);
    }
}

fn coverage(page: &mut String, audit: &Audit) {
    heading(page, "coverage", "Coverage");
    table(page, &tables::counts(audit));
    if let Some(policies) = tables::policies(audit) {
        table(page, &policies);
    }
}

fn bias(page: &mut String, audit: &Audit) {
    heading(page, "bias", "Scale use and biases");
    table(page, &tables::bias(audit));
}

fn calibration(page: &mut String, audit: &Audit) {
    let Some(calibration) = &audit.calibration else {
        return;
    };
    heading(page, "calibration", "Calibration");
    page.push_str(&format!("<p>{}.</p>\n", sentence(&calibration.meaning)));
    figure(
        page,
        "Reliability",
        "on the dashed line stated and observed are the same; larger dots hold more items; bars: 95 % intervals",
        &svg::reliability(calibration),
        figure_tables::bins(audit),
    );
    if let Some(errors) = tables::calibration(audit) {
        table(page, &errors);
    }
}

fn disagreements(page: &mut String, audit: &Audit) {
    heading(page, "disagreements", "Disagreements");
    table(page, &figure_tables::disagreements(audit));
}

fn conventions(page: &mut String, audit: &Audit) {
    heading(page, "conventions", "Conventions and files");
    table(page, &tables::conventions(audit));
    table(page, &tables::inputs(audit));
    page.push_str(&format!(
        "<footer>Made by opine {}, report schema {}. The JSON report holds every figure in full.</footer>\n",
        audit.opine, audit.schema
    ));
}

fn heading(page: &mut String, id: &str, name: &str) {
    page.push_str(&format!("<h2 id=\"{id}\">{name}</h2>\n"));
}

/// A drawing with its caption, and its numbers as a table that opens beneath.
fn figure(page: &mut String, caption: &str, note: &str, drawing: &str, beside: Option<Table>) {
    page.push_str(&format!(
        "<figure>\n<figcaption>{}<span>{}</span></figcaption>\n{drawing}",
        escaped(caption),
        escaped(note)
    ));
    if let Some(beside) = beside {
        page.push_str("<details><summary>Numbers as a table</summary>\n");
        table(page, &beside);
        page.push_str("</details>\n");
    }
    page.push_str("</figure>\n");
}

fn table(page: &mut String, table: &Table) {
    let class = |column: usize| {
        if table.numbers.contains(&column) {
            " class=\"n\""
        } else {
            ""
        }
    };
    let (caption, label) = (
        inline(&table.caption),
        escaped(&table.caption.replace('`', "")),
    );
    page.push_str(&format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
    ));
    for (column, name) in table.header.iter().enumerate() {
        page.push_str(&format!(
            "<th scope=\"col\"{}>{}</th>",
            class(column),
            escaped(name)
        ));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell_text = inline(cell);
            if column == 0 && !table.numbers.contains(&0) {
                page.push_str(&format!("<th scope=\"row\">{cell_text}</th>"));
            } else if cell.starts_with("blake3:") {
                page.push_str(&format!("<td class=\"digest\">{cell_text}</td>"));
            } else {
                page.push_str(&format!("<td{}>{cell_text}</td>", class(column)));
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

/// Safe text, with what stands between backquotes as code.
fn inline(text: &str) -> String {
    let safe = escaped(text);
    if !safe.matches('`').count().is_multiple_of(2) {
        return safe;
    }
    let parts = safe.split('`').enumerate();
    parts
        .map(|(index, part)| {
            if index % 2 == 1 {
                format!("<code>{part}</code>")
            } else {
                part.to_owned()
            }
        })
        .collect()
}

/// Text that begins as a sentence does, unless it begins with a name.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect());
    inline(&(first + letters.as_str()))
}
