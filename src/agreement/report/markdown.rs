//! The audit as Markdown: the sentence, what to know first, and every table.

use super::figure_tables;
use super::tables::{self, Table};
use crate::agreement::audit::Audit;

/// A Markdown document, without figures.
pub fn markdown(audit: &Audit) -> String {
    let mut text = format!(
        "# Audit of judge {}\n\n> {}\n",
        escaped(&audit.judge),
        escaped(&audit.sentence)
    );
    if !audit.warnings.is_empty() {
        text.push_str("\n## Know first\n\n");
        for warning in &audit.warnings {
            text.push_str(&format!("* {}\n", escaped(warning)));
        }
    }
    for comparison in &audit.comparisons {
        text.push_str(&format!(
            "\n**Against `{}`:** {}.\n",
            comparison.baseline.replace('`', "'"),
            escaped(&comparison.verdict)
        ));
    }
    for table in all(audit) {
        section(&mut text, &table);
    }
    text.push_str(&format!(
        "\nMade by opine {}, report schema `{}`.\n",
        audit.opine, audit.schema
    ));
    text
}

fn all(audit: &Audit) -> Vec<Table> {
    let mut found = vec![tables::agreement(audit)];
    found.extend(tables::further(audit));
    found.extend(tables::groups(audit));
    found.extend(tables::averages(audit));
    found.extend(tables::judges(audit));
    found.extend(audit.comparisons.iter().map(tables::differences));
    found.push(tables::counts(audit));
    found.extend(tables::policies(audit));
    found.push(tables::baselines(audit));
    found.extend(tables::raters(audit));
    found.push(tables::bias(audit));
    found.extend(tables::calibration(audit));
    found.extend(figure_tables::bins(audit));
    found.extend(figure_tables::residuals(audit));
    found.push(figure_tables::ranks(audit));
    found.push(figure_tables::disagreements(audit));
    found.push(tables::conventions(audit));
    found.push(tables::inputs(audit));
    found
}

fn section(text: &mut String, table: &Table) {
    text.push_str(&format!("\n## {}\n\n|", table.caption));
    for name in &table.header {
        text.push_str(&format!(" {name} |"));
    }
    text.push_str("\n|");
    for column in 0..table.header.len() {
        text.push_str(if table.numbers.contains(&column) {
            "--:|"
        } else {
            "---|"
        });
    }
    text.push('\n');
    for row in &table.rows {
        text.push('|');
        for cell in row {
            text.push_str(&format!(" {} |", escaped(cell)));
        }
        text.push('\n');
    }
}

/// Names from files must not become markup; what stands between backquotes is code already.
fn escaped(text: &str) -> String {
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut code = false;
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '`' if paired => {
                code = !code;
                safe.push('`');
            }
            // A table ends a cell at a bar, in code too.
            '|' => safe.push_str("\\|"),
            '\n' | '\r' => safe.push(' '),
            other if code => safe.push(other),
            '*' | '_' | '[' | ']' | '#' | '\\' | '`' => {
                safe.push('\\');
                safe.push(character);
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_become_markup() {
        assert_eq!(escaped("a|b\n<x>_y_"), "a\\|b &lt;x&gt;\\_y\\_");
        assert_eq!(escaped("judge `a_b|c` is_x"), "judge `a_b\\|c` is\\_x");
        assert_eq!(escaped("odd ` one"), "odd \\` one");
    }
}
