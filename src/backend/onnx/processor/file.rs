//! The keys of `preprocessor_config.json`.

use serde_json::{Map, Value};

use super::{Processor, Target};
use crate::pixels::Filter;

/// Keys that say nothing about the pixels.
const SAY_NOTHING: &[&str] = &[
    "_processor_class",
    "_valid_processor_keys",
    "auto_map",
    "data_format",
    "default_to_square",
    "disable_grouping",
    "feature_extractor_type",
    "image_processor_type",
    "image_seq_length",
    "num_additional_image_tokens",
    "num_channels",
    "patch_size",
    "processor_class",
    "return_tensors",
    "video_sampling",
    "vision_feature_select_strategy",
];

type Understood<T> = Result<T, String>;

/// The keys that nobody has read yet.
struct Keys(Map<String, Value>);

/// Reads every key or says which one cannot be followed.
pub(super) fn understood(fields: Map<String, Value>) -> Understood<Processor> {
    let kind = ["image_processor_type", "feature_extractor_type"]
        .iter()
        .find_map(|key| fields.get(*key))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let mut keys = Keys(fields);
    let one_view = kind.starts_with("Idefics3") || kind.starts_with("SmolVLM");
    keys.one_picture(one_view)?;
    let image_mean = keys.colours("image_mean")?;
    let (mean, scale) = keys.normalisation(image_mean)?;
    let processor = Processor {
        square: keys.square(&kind, one_view, image_mean)?,
        resize: keys.resize(&kind, one_view)?,
        crop: keys.crop()?,
        mean,
        scale,
    };
    keys.nothing_left()?;
    Ok(processor)
}

impl Keys {
    /// Pictures are never cut into several views: each would need its own marks in the prompt.
    fn one_picture(&mut self, one_view: bool) -> Understood<()> {
        if self.switch("do_image_splitting", one_view)? {
            return Err(
                "`do_image_splitting` is not done here; set it to false, and a picture is seen as one view"
                    .into(),
            );
        }
        if !self.switch("do_convert_rgb", true)? {
            return Err("`do_convert_rgb` is false; pictures are always made RGB".into());
        }
        Ok(())
    }

    /// The colour of padding to a square, as LLaVA does it: the whole part of the mean in 0..=255.
    fn square(
        &mut self,
        kind: &str,
        one_view: bool,
        mean: Option<[f64; 3]>,
    ) -> Understood<Option<[u8; 3]>> {
        let pad = self.switch("do_pad", false)?;
        let wanted = match self.take("image_aspect_ratio") {
            None => pad && kind.starts_with("Llava"),
            Some(Value::String(ratio)) if ratio == "pad" => true,
            Some(other) => {
                return Err(format!(
                    "`image_aspect_ratio` is {other}; only \"pad\" is done here"
                ));
            }
        };
        // One view of Idefics3 fills its square, so that nothing is left to pad.
        if pad && !wanted && !one_view {
            return Err("`do_pad` is done for LLaVA's processor only".into());
        }
        let byte = |share: f64| (share * 255.0).clamp(0.0, 255.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to a byte; the authors cut the fraction off too"
        )]
        let color = mean.map(|mean| mean.map(|share| byte(share) as u8));
        match (wanted, color) {
            (true, None) => Err("`image_mean` is missing and is the colour of the padding".into()),
            (wanted, color) => Ok(color.filter(|_| wanted)),
        }
    }

    fn resize(&mut self, kind: &str, one_view: bool) -> Understood<Option<(Target, Filter)>> {
        let wanted = self.switch("do_resize", true)?;
        let size = self.take("size");
        let filter = match self
            .take("resample")
            .as_ref()
            .map(|value| (value, value.as_u64()))
        {
            None if one_view => Filter::Lanczos3,
            None => Filter::CatmullRom,
            Some((_, Some(1))) => Filter::Lanczos3,
            Some((_, Some(2))) => Filter::Bilinear,
            Some((_, Some(3))) => Filter::CatmullRom,
            Some((other, _)) => {
                return Err(format!(
                    "`resample` is {other}; 1 (Lanczos), 2 (bilinear) and 3 (bicubic) are done here"
                ));
            }
        };
        let view = match one_view {
            true => Some(self.take("max_image_size")),
            false => None,
        };
        if !wanted {
            return Ok(None);
        }
        let missing =
            || "`size` is missing; state width and height or the shortest side".to_owned();
        let size = size.ok_or_else(missing)?;
        let target = match view {
            Some(view) => Target::OneView {
                longest: only_side(&size, "longest_edge", "size")?,
                side: only_side(&view.unwrap_or_default(), "longest_edge", "max_image_size")?,
            },
            None => target(&size, kind)?,
        };
        Ok(Some((target, filter)))
    }

    fn crop(&mut self) -> Understood<Option<(u32, u32)>> {
        let wanted = self.switch("do_center_crop", false)?;
        let size = self.take("crop_size");
        match (wanted, size) {
            (false, _) => Ok(None),
            (true, None) => Err("`crop_size` is missing, and `do_center_crop` asks for it".into()),
            (true, Some(Value::Number(side))) => {
                let side = length(&Value::Number(side), "crop_size")?;
                Ok(Some((side, side)))
            }
            (true, Some(size)) => both_sides(&size, "crop_size").map(Some),
        }
    }

    /// Mean and scale on the scale 0 to 255: `(v * factor - mean) / deviation` as one subtraction and division.
    fn normalisation(&mut self, mean: Option<[f64; 3]>) -> Understood<([f32; 3], [f32; 3])> {
        let rescale = self.switch("do_rescale", true)?;
        let factor = match self.take("rescale_factor") {
            None => 1.0 / 255.0,
            Some(value) => value
                .as_f64()
                .filter(|factor| factor.is_normal())
                .ok_or_else(|| {
                    format!("`rescale_factor` is {value}; it must be a number and not 0")
                })?,
        };
        let factor = if rescale { factor } else { 1.0 };
        let normalise = self.switch("do_normalize", true)?;
        let deviation = self.colours("image_std")?;
        let (mean, deviation) = match (normalise, mean, deviation) {
            (false, _, _) => ([0.0; 3], [1.0; 3]),
            (true, Some(mean), Some(deviation)) => (mean, deviation),
            (true, None, _) => {
                return Err("`image_mean` is missing, and `do_normalize` asks for it".into());
            }
            (true, _, None) => {
                return Err("`image_std` is missing, and `do_normalize` asks for it".into());
            }
        };
        if !deviation.iter().all(|value| value.is_normal()) {
            return Err("`image_std` must be numbers other than 0".into());
        }
        Ok((
            mean.map(|value| single(value / factor)),
            deviation.map(|value| single(value / factor)),
        ))
    }

    fn nothing_left(&self) -> Understood<()> {
        let asks = |key: &str, value: &Value| {
            let off = value.is_null() || (key.starts_with("do_") && *value == Value::Bool(false));
            !off && !SAY_NOTHING.contains(&key)
        };
        match self.0.iter().find(|(key, value)| asks(key, value)) {
            None => Ok(()),
            Some((key, value)) => Err(format!("`{key}` = {value} is not done here")),
        }
    }

    /// A key with a value; `null` is none.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key).filter(|value| !value.is_null())
    }

    fn switch(&mut self, key: &str, default: bool) -> Understood<bool> {
        match self.take(key) {
            None => Ok(default),
            Some(Value::Bool(on)) => Ok(on),
            Some(other) => Err(format!("`{key}` is {other}; it must be true or false")),
        }
    }

    fn colours(&mut self, key: &str) -> Understood<Option<[f64; 3]>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| format!("`{key}` must be three numbers: {error}"))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the networks are trained in single precision"
)]
fn single(value: f64) -> f32 {
    value as f32
}

fn target(size: &Value, kind: &str) -> Understood<Target> {
    if size.is_number() {
        let side = length(size, "size")?;
        let keeps_proportions = ["CLIP", "Llava", "ChineseCLIP"];
        let square = ["ViT", "Siglip", "Blip", "Deit"];
        return if keeps_proportions.iter().any(|name| kind.starts_with(name)) {
            Ok(Target::Shortest(side))
        } else if square.iter().any(|name| kind.starts_with(name)) {
            Ok(Target::Exactly(side, side))
        } else {
            Err(format!(
                "`size` is {side}, which means one thing to one processor and another to the next; write \
                 {{\"shortest_edge\": {side}}} or {{\"height\": {side}, \"width\": {side}}}"
            ))
        };
    }
    if size.get("shortest_edge").is_some() {
        return only_side(size, "shortest_edge", "size").map(Target::Shortest);
    }
    both_sides(size, "size").map(|(width, height)| Target::Exactly(width, height))
}

fn only_side(size: &Value, side: &str, key: &str) -> Understood<u32> {
    match size.as_object() {
        Some(fields) if fields.len() == 1 && fields.contains_key(side) => {
            length(&fields[side], key)
        }
        Some(_) | None => Err(format!("`{key}` is {size}; it must state `{side}` alone")),
    }
}

fn both_sides(size: &Value, key: &str) -> Understood<(u32, u32)> {
    match (size.get("width"), size.get("height")) {
        (Some(width), Some(height)) => Ok((length(width, key)?, length(height, key)?)),
        _ => Err(format!(
            "`{key}` is {size}; it must state `width` and `height`"
        )),
    }
}

fn length(value: &Value, key: &str) -> Understood<u32> {
    value
        .as_u64()
        .and_then(|length| u32::try_from(length).ok())
        .filter(|length| *length > 0)
        .ok_or_else(|| format!("`{key}` has the length {value}; it must be at least 1 pixel"))
}
