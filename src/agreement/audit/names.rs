//! A column of names, held as numbers.

use std::collections::BTreeMap;

/// A column of names, each counted once.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Distinct names in order of appearance.
    pub(super) names: Vec<String>,
    /// For each row the place of its name, `NONE` where the cell is empty.
    pub(super) codes: Vec<u32>,
    known: BTreeMap<String, u32>,
}

/// The code of an empty cell.
pub(super) const NONE: u32 = u32::MAX;

impl Names {
    /// Adds the name of the next row.
    pub(super) fn push(&mut self, name: Option<String>) {
        let code = match name {
            None => NONE,
            Some(name) => match self.known.get(&name) {
                Some(code) => *code,
                None => {
                    let code = u32::try_from(self.names.len()).unwrap_or(NONE);
                    self.names.push(name.clone());
                    self.known.insert(name, code);
                    code
                }
            },
        };
        self.codes.push(code);
    }
}
