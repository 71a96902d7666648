//! Figures as published, from the small tables beside the code.

use std::collections::BTreeMap;

/// A table whose last column is the figure, and whose other columns say what it is of.
#[derive(Debug)]
pub(super) struct Published(BTreeMap<Vec<&'static str>, f64>);

impl Published {
    /// Takes a table with comments (`#`), a header, and cells without commas.
    pub(super) fn parse(table: &'static str) -> Self {
        let rows = table.lines().filter(|line| !line.starts_with('#')).skip(1);
        let figures = rows.map(|line| {
            let (keys, figure) = line
                .rsplit_once(',')
                .expect("our own table has two columns or more");
            let figure = figure.parse().expect("our own table holds numbers");
            (keys.split(',').collect(), figure)
        });
        Published(figures.collect())
    }

    /// The figure of these keys.
    pub(super) fn get(&self, keys: &[&str]) -> Option<f64> {
        let figures: &BTreeMap<Vec<&str>, f64> = &self.0;
        figures.get(keys).copied()
    }

    /// Number of figures.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The largest difference that rounding to `decimals` makes, and what a sum of floats may add to it.
pub(super) fn half_a_digit(decimals: i32) -> f64 {
    0.5 * 10_f64.powi(-decimals) + 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_is_the_figure() {
        let table = Published::parse("# source\njudge,task,published\nllava,image,37.0\n");
        assert_eq!(table.len(), 1);
        assert_eq!(table.get(&["llava", "image"]), Some(37.0));
        assert_eq!(table.get(&["llava", "video"]), None);
        assert!((half_a_digit(2) - 0.005).abs() < 1e-8);
    }
}
