//! Scales with round numbers on them.

use super::canvas::{Anchor, Canvas};

/// A linear scale from values to places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    step: f64,
}

impl Scale {
    /// A scale that covers the values, widened to round numbers, drawn between two places.
    pub(super) fn covering(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-12 * low.abs().max(high.abs()) {
            let half = if low == 0.0 { 0.5 } else { low.abs() / 10.0 };
            (low, high) = (low - half, high + half);
        }
        let step = round_step((high - low) / 5.0);
        Scale {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            from,
            to,
            step,
        }
    }

    /// The place of a value.
    pub(super) fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The place of a value, held inside the scale.
    pub(super) fn inside(&self, value: f64) -> f64 {
        self.place(value.clamp(self.low, self.high))
    }

    /// The round numbers on the scale and their texts.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = decimals(self.step);
        let mut ticks = Vec::new();
        let mut index = 0.0;
        loop {
            let value = self.low + index * self.step;
            if value > self.high + self.step / 2.0 {
                return ticks;
            }
            // Half a step below zero and above is zero, not minus zero.
            let value = if value.abs() < self.step / 2.0 {
                0.0
            } else {
                value
            };
            ticks.push((
                self.place(value),
                format!("{value:.decimals$}").replace('-', "\u{2212}"),
            ));
            index += 1.0;
        }
    }

    /// Both ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

/// 1, 2 or 5 times a power of ten, at least as large.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let part = step / power;
    let round = if part <= 1.0 + 1e-9 {
        1.0
    } else if part <= 2.0 + 1e-9 {
        2.0
    } else if part <= 5.0 + 1e-9 {
        5.0
    } else {
        10.0
    };
    round * power
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a logarithm of a finite positive step is small, and negative ones are cut"
)]
fn decimals(step: f64) -> usize {
    (-(step * 1.000_001).log10().floor()).clamp(0.0, 12.0) as usize
}

/// Grid lines and numbers below a plot, and what the numbers are.
pub(super) fn bottom(canvas: &mut Canvas, scale: &Scale, top: f64, floor: f64, name: &str) {
    for (x, text) in scale.ticks() {
        canvas.line("grid", (x, top), (x, floor));
        canvas.text("tick", (x, floor + 16.0), Anchor::Middle, &text);
    }
    let middle = f64::midpoint(scale.from, scale.to);
    canvas.text("axis", (middle, floor + 36.0), Anchor::Middle, name);
}

/// Grid lines and numbers left of a plot, and what the numbers are.
pub(super) fn left(canvas: &mut Canvas, scale: &Scale, wall: f64, right: f64, name: &str) {
    for (y, text) in scale.ticks() {
        canvas.line("grid", (wall, y), (right, y));
        canvas.text("tick", (wall - 8.0, y + 4.0), Anchor::End, &text);
    }
    let middle = f64::midpoint(scale.from, scale.to);
    canvas.text_upwards("axis", (wall - 48.0, middle), name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let texts = |values: [f64; 2]| -> Vec<String> {
            let scale = Scale::covering(values, 0.0, 100.0);
            scale.ticks().into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            texts([0.03, 0.97]),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            texts([-2.0, 31.0]),
            ["\u{2212}10", "0", "10", "20", "30", "40"]
        );
        assert_eq!(texts([7.0, 7.0]), ["6.0", "6.5", "7.0", "7.5", "8.0"]);
    }

    #[test]
    fn a_scale_can_be_read_back() {
        let scale = Scale::covering([0.0, 10.0], 300.0, 0.0);
        assert!((scale.place(5.0) - 150.0).abs() < 1e-9);
        assert!((scale.inside(1e9)).abs() < 1e-9);
    }
}
