//! Scores from embeddings, each with its scale stated: CLIPScore, RefCLIPScore, PickScore, HPS, and affine heads.
//!
//! Embeddings come from an ONNX file or from the caller; here is the arithmetic only.

use super::WordError;

/// Cosine of two embeddings of one length.
///
/// # Errors
/// Lengths that differ, no number at all, a number that is not finite, or a vector without length.
pub fn cosine(one: &[f64], other: &[f64]) -> Result<f64, WordError> {
    if one.len() != other.len() || one.is_empty() {
        return Err(WordError::new(format!(
            "embeddings have {} and {} numbers; expected as many, and at least one",
            one.len(),
            other.len()
        )));
    }
    let dot: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    let cosine = dot / (length(one)? * length(other)?);
    Ok(cosine.clamp(-1.0, 1.0))
}

fn length(values: &[f64]) -> Result<f64, WordError> {
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length.is_finite() && length > 0.0 {
        return Ok(length);
    }
    Err(WordError::new(format!(
        "an embedding has length {length}; expected finite numbers that are not all 0"
    )))
}

/// CLIPScore: `2.5 max(cos, 0)`, 0 to 2.5 (Hessel et al. 2021, arXiv 2104.08718, section 3).
///
/// Other programs print `100 max(cos, 0)` or the cosine itself under the same name.
///
/// # Errors
/// As [`cosine`].
pub fn clip_score(image: &[f64], text: &[f64]) -> Result<f64, WordError> {
    Ok(2.5 * cosine(image, text)?.max(0.0))
}

/// RefCLIPScore: the harmonic mean of the CLIPScore and the best cosine of the text with a reference text (the same).
///
/// # Errors
/// As [`cosine`]; no reference at all.
pub fn reference_clip_score(
    image: &[f64],
    text: &[f64],
    references: &[&[f64]],
) -> Result<f64, WordError> {
    let clip = clip_score(image, text)?;
    let mut best: Option<f64> = None;
    for reference in references {
        let near = cosine(text, reference)?;
        best = Some(best.map_or(near, |best| best.max(near)));
    }
    let best = best.ok_or_else(|| WordError::new("RefCLIPScore needs a reference text"))?;
    let best = best.max(0.0);
    if clip + best <= 0.0 {
        return Ok(0.0);
    }
    Ok(2.0 * clip * best / (clip + best))
}

/// PickScore: the cosine times the model's own scale, about 100 (Kirstain et al. 2023, arXiv 2305.01569). Unbounded in
/// principle; the difference of two images' scores is the log-odds of preferring one.
///
/// # Errors
/// As [`cosine`]; a scale that is not above 0.
pub fn pick_score(image: &[f64], text: &[f64], scale: f64) -> Result<f64, WordError> {
    if !(scale > 0.0 && scale.is_finite()) {
        return Err(WordError::new(format!(
            "the scale is {scale}; expected exp(logit_scale) of the model, about 100"
        )));
    }
    Ok(scale * cosine(image, text)?)
}

/// An affine head on a unit embedding: `w . x / |x| + b`.
///
/// LAION's aesthetic predictors have no activation between their layers, so that they are exactly this (checked to
/// 2e-15 on their weights); ImageReward's head likewise.
#[derive(Debug, Clone, PartialEq)]
pub struct AffineHead {
    weights: Vec<f64>,
    bias: f64,
    normalised: bool,
}

impl AffineHead {
    /// A head; `normalised` says that embeddings are brought to length 1 first.
    ///
    /// # Errors
    /// No weight, or a number that is not finite.
    pub fn new(weights: Vec<f64>, bias: f64, normalised: bool) -> Result<Self, WordError> {
        let finite = weights.iter().all(|weight| weight.is_finite()) && bias.is_finite();
        if weights.is_empty() || !finite {
            return Err(WordError::new(
                "a head has finite weights, at least one, and a finite bias",
            ));
        }
        Ok(AffineHead {
            weights,
            bias,
            normalised,
        })
    }

    /// The same head on features as they are, whatever their length: ImageReward's takes BLIP's text feature so.
    #[must_use]
    pub fn on_features(self) -> Self {
        AffineHead {
            normalised: false,
            ..self
        }
    }

    /// The score of an embedding; an embedding of length 0 keeps it, as the authors' code divides by 1 there.
    ///
    /// # Errors
    /// An embedding of another length, or with a number that is not finite.
    pub fn score(&self, embedding: &[f64]) -> Result<f64, WordError> {
        if embedding.len() != self.weights.len() || embedding.iter().any(|x| !x.is_finite()) {
            return Err(WordError::new(format!(
                "the embedding has {} numbers; this head takes {} finite ones",
                embedding.len(),
                self.weights.len()
            )));
        }
        let length = embedding.iter().map(|x| x * x).sum::<f64>().sqrt();
        let unit = if self.normalised && length > 0.0 {
            length
        } else {
            1.0
        };
        let dot: f64 = embedding
            .iter()
            .zip(&self.weights)
            .map(|(x, w)| x * w)
            .sum();
        Ok(dot / unit + self.bias)
    }
}

/// ImageReward's normalisation of its head's output: mean 0 and deviation 1 over its authors' data (Xu et al. 2023, arXiv
/// 2304.05977, repository zai-org/ImageReward). Unbounded; .98 of the authors' images lie within -2 to 2.
pub fn image_reward(head: f64) -> f64 {
    (head - 0.167_173_628_300_524_26) / 1.033_339_496_605_407_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_cases() {
        let (x, y) = ([3.0, 4.0], [4.0, 3.0]);
        let near = |found: Result<f64, WordError>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-12);
        };
        near(cosine(&x, &y), 0.96);
        near(clip_score(&x, &y), 2.4);
        near(clip_score(&x, &[-3.0, -4.0]), 0.0);
        near(reference_clip_score(&x, &y, &[&x, &y]), 2.0 * 2.4 / 3.4);
        near(reference_clip_score(&x, &[-3.0, -4.0], &[&x]), 0.0);
        near(pick_score(&x, &y, 100.0), 96.0);
        let head = AffineHead::new(vec![1.0, 2.0], 0.5, true).unwrap();
        near(head.score(&x), 11.0 / 5.0 + 0.5);
        near(head.score(&[0.0, 0.0]), 0.5);
        near(
            Ok(image_reward(
                0.167_173_628_300_524_26 + 1.033_339_496_605_407_2,
            )),
            1.0,
        );
    }

    #[test]
    fn what_is_no_embedding_is_refused() {
        assert!(cosine(&[1.0], &[1.0, 2.0]).is_err());
        assert!(cosine(&[], &[]).is_err());
        assert!(cosine(&[0.0], &[1.0]).is_err());
        assert!(cosine(&[f64::NAN], &[1.0]).is_err());
        assert!(reference_clip_score(&[1.0], &[1.0], &[]).is_err());
        assert!(pick_score(&[1.0], &[1.0], 0.0).is_err());
        assert!(AffineHead::new(Vec::new(), 0.0, true).is_err());
        assert!(
            AffineHead::new(vec![1.0], 0.0, true)
                .unwrap()
                .score(&[1.0, 2.0])
                .is_err()
        );
    }
}
