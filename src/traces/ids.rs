//! Names of traces and spans: drawn here, or taken over from a `traceparent`.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Draws ids that no other process draws.
#[derive(Debug, Default)]
pub(super) struct Ids {
    random: RandomState,
    drawn: AtomicU64,
}

impl Ids {
    /// A trace, never 0.
    pub(super) fn trace(&self) -> u128 {
        u128::from(self.span()) << 64 | u128::from(self.span())
    }

    /// A span, never 0.
    pub(super) fn span(&self) -> u64 {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        self.random.hash_one(count).max(1)
    }
}

/// The span of somebody else that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) sampled: bool,
}

impl Parent {
    /// Reads `00-<trace>-<span>-<flags>`; whoever records it has checked its form.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').skip(1);
        let trace = u128::from_str_radix(parts.next()?, 16).ok()?;
        let span = u64::from_str_radix(parts.next()?, 16).ok()?;
        let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
        Some(Parent {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_a_parent_is_read() {
        let ids = Ids::default();
        assert_ne!(ids.span(), ids.span());
        assert_ne!(ids.trace(), Ids::default().trace());
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(Parent::parse(text), Some(parent));
        assert_eq!(Parent::parse("00-x"), None);
    }
}
