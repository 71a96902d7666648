//! Correlations averaged over groups: the ways in which it is right, and the one in which it was published.

use crate::stats::fisher_mean;

/// What [`Averages::of`] calls the published way.
pub(super) const LEGACY: &str = "tanh of the arithmetic mean of correlations, which undoes a Fisher transform that was never done and pulls every figure towards 0; the Fisher mean and the arithmetic mean stand beside it";

/// One group's correlations, averaged; nothing where one of them does not exist.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Averages {
    /// `tanh(mean(r))`.
    pub(super) tanh_of_mean: Option<f64>,
    /// `tanh(mean(atanh(r)))`.
    pub(super) fisher: Option<f64>,
    /// `mean(r)`.
    pub(super) arithmetic: Option<f64>,
}

impl Averages {
    /// Averages correlations; `published` are the same ones as the authors' program computes them.
    pub(super) fn of(published: &[Option<f64>], correlations: &[Option<f64>]) -> Self {
        Averages {
            tanh_of_mean: whole(published).and_then(|all| mean(&all)).map(f64::tanh),
            fisher: whole(correlations).and_then(|all| fisher_mean(&all)),
            arithmetic: whole(correlations).and_then(|all| mean(&all)),
        }
    }

    /// Averages averages, each by its own way.
    pub(super) fn nested(groups: &[Averages]) -> Self {
        let column = |pick: fn(&Averages) -> Option<f64>| {
            whole(&groups.iter().map(pick).collect::<Vec<_>>())
        };
        Averages {
            tanh_of_mean: column(|group| group.tanh_of_mean)
                .and_then(|all| mean(&all))
                .map(f64::tanh),
            fisher: column(|group| group.fisher).and_then(|all| fisher_mean(&all)),
            arithmetic: column(|group| group.arithmetic).and_then(|all| mean(&all)),
        }
    }
}

fn whole(values: &[Option<f64>]) -> Option<Vec<f64>> {
    values.iter().copied().collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_way_shrinks_and_the_others_do_not() {
        let same = [Some(0.6); 3];
        let averages = Averages::of(&same, &same);
        assert!((averages.fisher.unwrap() - 0.6).abs() < 1e-12);
        assert!((averages.arithmetic.unwrap() - 0.6).abs() < 1e-12);
        assert!((averages.tanh_of_mean.unwrap() - 0.6_f64.tanh()).abs() < 1e-12);
        let nested = Averages::nested(&[averages, averages]);
        assert!((nested.fisher.unwrap() - 0.6).abs() < 1e-12);
        assert!((nested.tanh_of_mean.unwrap() - 0.6_f64.tanh().tanh()).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_exist_leaves_no_average() {
        let averages = Averages::of(&[Some(0.5), None], &[Some(0.5), None]);
        assert_eq!(
            (averages.fisher, averages.arithmetic, averages.tanh_of_mean),
            (None, None, None)
        );
        assert_eq!(Averages::of(&[], &[]).fisher, None);
    }
}
