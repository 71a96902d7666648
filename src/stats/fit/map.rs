//! Fitted maps from a judge's values to the human scale.

/// Which curve carries a judge's values to the human scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapFamily {
    /// `b2 + (b1 - b2) / (1 + exp(-(x - b3) / b4))`, the customary choice of image-quality papers.
    Logistic4,
    /// `b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5` (Sheikh, Sabir, Bovik 2006). Not always monotone.
    Logistic5,
    /// Third-order polynomial held monotone over the data's range (ITU-T P.1401, 7.3.2).
    MonotoneCubic,
}

impl MapFamily {
    /// Name in snake case.
    pub fn name(self) -> &'static str {
        match self {
            MapFamily::Logistic4 => "logistic_4",
            MapFamily::Logistic5 => "logistic_5",
            MapFamily::MonotoneCubic => "monotone_cubic",
        }
    }

    /// Number of fitted coefficients, the degrees of freedom that a root-mean-square error loses.
    pub fn coefficients(self) -> usize {
        match self {
            MapFamily::Logistic4 | MapFamily::MonotoneCubic => 4,
            MapFamily::Logistic5 => 5,
        }
    }
}

/// Which way a map leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A higher value of the judge means a higher human value.
    Increasing,
    /// A higher value of the judge means a lower human value: the judge's scale is turned around.
    Decreasing,
    /// Neither over the whole range of the data.
    Mixed,
}

impl Direction {
    /// Name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Increasing => "increasing",
            Direction::Decreasing => "decreasing",
            Direction::Mixed => "mixed",
        }
    }
}

/// A map with its coefficients, in the units of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FittedMap {
    /// See [`MapFamily::Logistic4`]; `b4` is positive, so `b1` is the value far to the right.
    Logistic4 {
        /// Value that the curve approaches for large x.
        b1: f64,
        /// Value that the curve approaches for small x.
        b2: f64,
        /// Centre, in units of x.
        b3: f64,
        /// Width, in units of x, positive.
        b4: f64,
    },
    /// See [`MapFamily::Logistic5`], written as a step between two parallel lines.
    ///
    /// `b1 = high - low`, `b2 = 1 / width`, `b3 = centre`, `b4 = slope`, `b5 = (low + high) / 2`. The two
    /// ends keep their digits where the step is much larger than the part of it that the data see.
    Logistic5 {
        /// Height at x = 0 of the line that the curve approaches for small x.
        low: f64,
        /// Height at x = 0 of the line that the curve approaches for large x.
        high: f64,
        /// Centre, in units of x.
        centre: f64,
        /// Width, in units of x, positive.
        width: f64,
        /// Slope of both lines.
        slope: f64,
    },
    /// `c0 + c1 t + c2 t^2 + c3 t^3` with `t = (x - centre) / half_range`, held to -1..=1.
    ///
    /// Outside of the data's range the polynomial need not be monotone; the value at the nearer end holds there.
    MonotoneCubic {
        /// Middle of the data's range.
        centre: f64,
        /// Half of the data's range, positive.
        half_range: f64,
        /// Coefficients of `t`, the constant first.
        c: [f64; 4],
    },
}

impl FittedMap {
    /// The human value that the map gives for a judge's value.
    pub fn evaluate(&self, x: f64) -> f64 {
        match *self {
            FittedMap::Logistic4 { b1, b2, b3, b4 } => step(b2, b1, (x - b3) / b4),
            FittedMap::Logistic5 {
                low,
                high,
                centre,
                width,
                slope,
            } => slope * x + step(low, high, (x - centre) / width),
            FittedMap::MonotoneCubic {
                centre,
                half_range,
                c,
            } => {
                let t = ((x - centre) / half_range).clamp(-1.0, 1.0);
                c[0] + t * (c[1] + t * (c[2] + t * c[3]))
            }
        }
    }

    /// Which way the map leads between the x values `from` and `to`, the smaller first.
    pub fn direction(&self, from: f64, to: f64) -> Direction {
        match *self {
            FittedMap::Logistic4 { b1, b2, .. } => of_slopes(&[b1 - b2]),
            FittedMap::Logistic5 {
                low,
                high,
                centre,
                width,
                slope,
            } => {
                // The bell of the sigmoid's derivative is highest at the centre and lowest at an end.
                let at = |x: f64| {
                    let u = (x - centre) / width;
                    slope + (high - low) / width * sigmoid(u) * sigmoid(-u)
                };
                of_slopes(&[at(from), at(to), at(centre.clamp(from, to))])
            }
            FittedMap::MonotoneCubic { .. } => {
                of_slopes(&[self.evaluate(to) - self.evaluate(from)])
            }
        }
    }

    /// Coefficients in the order of the formula: `b1, b2, ...`, or `c0, c1, c2, c3, centre, half_range`.
    pub fn parameters(&self) -> Vec<f64> {
        match *self {
            FittedMap::Logistic4 { b1, b2, b3, b4 } => vec![b1, b2, b3, b4],
            FittedMap::Logistic5 {
                low,
                high,
                centre,
                width,
                slope,
            } => vec![
                high - low,
                1.0 / width,
                centre,
                slope,
                f64::midpoint(low, high),
            ],
            FittedMap::MonotoneCubic {
                centre,
                half_range,
                c,
            } => vec![c[0], c[1], c[2], c[3], centre, half_range],
        }
    }
}

/// A sigmoid step from `low` to `high`, counted from the nearer end: a far end of any size does no harm.
fn step(low: f64, high: f64, u: f64) -> f64 {
    if u > 0.0 {
        high - (high - low) * sigmoid(-u)
    } else {
        low + (high - low) * sigmoid(u)
    }
}

fn of_slopes(slopes: &[f64]) -> Direction {
    if slopes.iter().all(|slope| *slope >= 0.0) {
        Direction::Increasing
    } else if slopes.iter().all(|slope| *slope <= 0.0) {
        Direction::Decreasing
    } else {
        Direction::Mixed
    }
}

/// `1 / (1 + exp(-u))` without overflow.
pub(in crate::stats) fn sigmoid(u: f64) -> f64 {
    if u >= 0.0 {
        1.0 / (1.0 + (-u).exp())
    } else {
        let small = u.exp();
        small / (1.0 + small)
    }
}
