//! What `preprocessor_config.json` says is done to a picture, and doing it.
//!
//! The file may ask for anything; what is not known here is refused by the name of its key, for a step
//! left out would move every answer and nobody would see it.

mod file;

use std::path::Path;

use super::error::FolderError;
use super::folder::read_json;
use crate::pixels::{
    self, DEFAULT_BACKGROUND, Decoding, Filter, ImageFault, Limits, Preparation, Rgb8, Step, Tensor,
};

/// The steps from a picture to the numbers of a vision tower.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Processor {
    /// Pads to a square of this colour first.
    square: Option<[u8; 3]>,
    resize: Option<(Target, Filter)>,
    /// Width and height that are cut out of the middle.
    crop: Option<(u32, u32)>,
    mean: [f32; 3],
    scale: [f32; 3],
}

/// Which size a picture is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Exactly this width and height, whatever the proportions.
    Exactly(u32, u32),
    /// The shorter side becomes this long and the proportions stay.
    Shortest(u32),
    /// The longer side becomes `longest`, then the whole a square of `side`: one view of Idefics3.
    OneView { longest: u32, side: u32 },
}

impl Processor {
    pub(super) fn load(path: &Path) -> Result<Self, FolderError> {
        let fields = read_json(path)?;
        file::understood(fields)
            .map_err(|message| FolderError::not_understood(path.display().to_string(), message))
    }

    /// Decodes a picture and prepares it: `[1, 3, height, width]`.
    ///
    /// Transparent pixels are laid over white.
    pub(super) fn tensor(&self, bytes: &[u8], limits: &Limits) -> Result<Tensor, ImageFault> {
        let picture = pixels::decode(bytes, limits, DEFAULT_BACKGROUND)?;
        let preparation = Preparation {
            decoding: Decoding::Full,
            background: DEFAULT_BACKGROUND,
            steps: self.steps(&picture),
            mean: self.mean,
            scale: self.scale,
        };
        let mut tensors = preparation.apply(picture)?;
        Ok(tensors.swap_remove(0))
    }

    /// Short text that names every step and number: two processors with one id make the same numbers.
    pub(super) fn id(&self) -> String {
        let Processor { mean, scale, .. } = *self;
        let rest = Preparation {
            decoding: Decoding::Full,
            background: DEFAULT_BACKGROUND,
            steps: Vec::new(),
            mean,
            scale,
        };
        let rest = rest.id();
        let (first, last) = rest.rsplit_once('|').expect("an id has several parts");
        let square = self
            .square
            .map(|color| Step::PadSquare { color }.to_string());
        let resize = self.resize.map(|(target, filter)| target.id(filter));
        let crop = self
            .crop
            .map(|(width, height)| Step::CenterCrop { width, height }.to_string());
        let parts = [
            Some(first.to_owned()),
            square,
            resize,
            crop,
            Some(last.to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("|")
    }

    /// Width and height that every picture is given, where it is one size.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        match self.resize {
            _ if self.crop.is_some() => self.crop,
            Some((Target::Exactly(width, height), _)) => Some((width, height)),
            Some((Target::OneView { side, .. }, _)) => Some((side, side)),
            Some((Target::Shortest(_), _)) | None => None,
        }
    }

    fn steps(&self, picture: &Rgb8) -> Vec<Step> {
        let (mut width, mut height) = (picture.width(), picture.height());
        let mut steps = Vec::new();
        if let Some(color) = self.square {
            steps.push(Step::PadSquare { color });
            (width, height) = (width.max(height), width.max(height));
        }
        if let Some((target, filter)) = self.resize {
            let sizes = target.sizes(width, height);
            steps.extend(sizes.into_iter().map(|(width, height)| Step::Resize {
                width,
                height,
                filter,
            }));
        }
        if let Some((width, height)) = self.crop {
            steps.push(Step::CenterCrop { width, height });
        }
        steps
    }
}

impl Target {
    fn id(self, filter: Filter) -> String {
        let resize = |width, height| {
            Step::Resize {
                width,
                height,
                filter,
            }
            .to_string()
        };
        match self {
            Target::Exactly(width, height) => resize(width, height),
            Target::Shortest(side) => format!("shortest={side}:{}", filter.name()),
            Target::OneView { longest, side } => {
                format!("longest={longest}:{}|{}", filter.name(), resize(side, side))
            }
        }
    }

    /// The sizes that a picture takes, one after another.
    fn sizes(self, width: u32, height: u32) -> Vec<(u32, u32)> {
        match self {
            Target::Exactly(width, height) => vec![(width, height)],
            Target::Shortest(side) if width <= height => {
                vec![(side, proportional(side, height, width))]
            }
            Target::Shortest(side) => vec![(proportional(side, width, height), side)],
            Target::OneView { longest, side } => {
                // The shorter side is rounded down, then up to an even number, as the authors do.
                let even = |length: u32| (length + length % 2).max(1);
                let first = if width >= height {
                    (longest, even(proportional(longest, height, width)))
                } else {
                    (even(proportional(longest, width, height)), longest)
                };
                vec![first, (side, side)]
            }
        }
    }
}

/// `length * part / whole`, rounded down, at least 1.
fn proportional(length: u32, part: u32, whole: u32) -> u32 {
    let exact = u64::from(length) * u64::from(part) / u64::from(whole);
    // A side beyond 32 bits is refused by the step, as any that is too long.
    u32::try_from(exact).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(fields: &Value) -> Result<Processor, String> {
        file::understood(serde_json::from_value(fields.clone()).unwrap())
    }

    fn clip() -> Value {
        json!({
            "crop_size": {"height": 336, "width": 336}, "do_center_crop": true, "do_convert_rgb": true,
            "do_normalize": true, "do_rescale": true, "do_resize": true, "resample": 3,
            "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
            "image_processor_type": "CLIPImageProcessor", "rescale_factor": 0.00392156862745098,
            "size": {"shortest_edge": 336}, "device": null,
        })
    }

    fn siglip_like() -> Value {
        json!({
            "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5], "resample": 2,
            "rescale_factor": 0.00392156862745098, "size": {"height": 384, "width": 384},
        })
    }

    fn with(mut fields: Value, key: &str, value: Value) -> Value {
        fields[key] = value;
        fields
    }

    fn steps(fields: &Value, width: u32, height: u32) -> String {
        let picture = Rgb8::new(width, height, vec![0; 3 * (width * height) as usize]).unwrap();
        let steps = read(fields).unwrap().steps(&picture);
        let steps: Vec<String> = steps.iter().map(Step::to_string).collect();
        steps.join(" ")
    }

    #[test]
    fn published_processors_are_read() {
        let crop = "center=336x336";
        // Sizes by hand from the formula of the authors: int(336 * 640 / 427) = 503.
        assert_eq!(
            steps(&clip(), 640, 427),
            format!("resize=503x336:catmullrom {crop}")
        );
        assert_eq!(
            steps(&clip(), 427, 640),
            format!("resize=336x503:catmullrom {crop}")
        );
        assert_eq!(
            read(&siglip_like()).unwrap().id(),
            "rgb8|bg=ffffff|resize=384x384:bilinear|(v-127.5)/127.5"
        );
        assert!(
            read(&clip())
                .unwrap()
                .id()
                .contains("|shortest=336:catmullrom|center=336x336|")
        );
        // An old file states numbers.
        let old = with(with(clip(), "size", json!(336)), "crop_size", json!(336));
        assert_eq!(steps(&old, 640, 427), steps(&clip(), 640, 427));
        let siglip = siglip_like();
        assert_eq!(steps(&siglip, 10, 20), "resize=384x384:bilinear");
        let read = read(&siglip).unwrap();
        assert_eq!((read.mean, read.scale), ([127.5; 3], [127.5; 3]));
        let padded = with(clip(), "image_aspect_ratio", json!("pad"));
        // int(mean * 255) of each channel: 122, 116, 104.
        assert_eq!(
            steps(&padded, 4, 2),
            format!("square:7a7468 resize=336x336:catmullrom {crop}")
        );
        let idefics = json!({
            "do_convert_rgb": true, "do_image_splitting": false, "do_normalize": true, "do_pad": true,
            "do_rescale": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5],
            "image_processor_type": "Idefics3ImageProcessor", "image_std": [0.5, 0.5, 0.5],
            "max_image_size": {"longest_edge": 512}, "resample": 1,
            "rescale_factor": 0.00392156862745098, "size": {"longest_edge": 2048},
        });
        assert_eq!(
            steps(&idefics, 64, 47),
            "resize=2048x1504:lanczos3 resize=512x512:lanczos3"
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let cases = [
            ("do_image_splitting", json!(true), "do_image_splitting"),
            (
                "image_grid_pinpoints",
                json!([[336, 672]]),
                "image_grid_pinpoints",
            ),
            ("do_sharpen", json!(true), "do_sharpen"),
            ("resample", json!(0), "resample"),
            ("size", json!({"longest_edge": 3}), "size"),
            ("size", json!({"shortest_edge": 0}), "size"),
            ("crop_size", json!("large"), "crop_size"),
            ("image_mean", json!([0.5]), "image_mean"),
            ("image_std", json!([0.5, 0.0, 0.5]), "image_std"),
            ("rescale_factor", json!(0.0), "rescale_factor"),
            ("do_resize", json!("yes"), "do_resize"),
            ("do_pad", json!(true), "do_pad"),
            ("image_aspect_ratio", json!("anyres"), "image_aspect_ratio"),
            ("do_convert_rgb", json!(false), "do_convert_rgb"),
        ];
        for (key, value, named) in cases {
            let message = read(&with(clip(), key, value.clone())).unwrap_err();
            assert!(
                message.contains(&format!("`{named}`")),
                "{key} = {value}: {message}"
            );
        }
        // A step that is switched off asks for nothing.
        for (key, value) in [("do_sharpen", json!(false)), ("pad_size", Value::Null)] {
            assert_eq!(read(&with(clip(), key, value)), read(&clip()));
        }
    }
}
