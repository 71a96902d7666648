//! The name of an encoded image: a digest of its bytes.

use std::fmt;

/// BLAKE3 of the encoded bytes: the same file has the same digest on every machine.
///
/// Two encodings of one picture differ; that is wanted, since their pixels may differ as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageDigest([u8; 32]);

impl ImageDigest {
    /// The 32 bytes, for use as a cache key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("blake3:")?;
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Names encoded bytes by their digest.
pub fn digest(bytes: &[u8]) -> ImageDigest {
    ImageDigest(*blake3::hash(bytes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_input_has_the_published_blake3_value() {
        // First case of test_vectors.json of the BLAKE3 reference (input_len 0), first 32 bytes.
        assert_eq!(
            digest(b"").to_string(),
            "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }
}
