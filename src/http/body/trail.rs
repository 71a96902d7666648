//! Where in a JSON document the reading is, and what ended it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use serde::de::Error;
use serde_json::error::Category;

use crate::http::problem::{Code, Problem};
use crate::near::{near, quoted};

/// Where the reading is, and the fault that ended it.
pub(super) struct Trail {
    pub(super) most_items: usize,
    steps: RefCell<Vec<String>>,
    expected: Cell<&'static str>,
    fault: RefCell<Option<Problem>>,
}

impl Trail {
    pub(super) fn new(most_items: usize) -> Self {
        Trail {
            most_items,
            steps: RefCell::default(),
            expected: Cell::default(),
            fault: RefCell::default(),
        }
    }

    /// Says what must come next.
    pub(super) fn expect(&self, what: &'static str) {
        self.expected.set(what);
    }

    /// The JSON pointer (RFC 6901) to where the reading is.
    pub(super) fn pointer(&self) -> String {
        pointer(&self.steps.borrow())
    }

    /// The last step.
    pub(super) fn last(&self) -> String {
        self.steps.borrow().last().cloned().unwrap_or_default()
    }

    /// Reads one step deeper; the step stays if the reading failed there.
    pub(super) fn step<T, E>(
        &self,
        step: String,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        self.steps.borrow_mut().push(step);
        let read = read()?;
        self.steps.borrow_mut().pop();
        Ok(read)
    }

    /// Keeps the fault and gives the error that ends the reading.
    pub(super) fn stop<E: Error>(&self, problem: Problem) -> E {
        *self.fault.borrow_mut() = Some(problem);
        E::custom("stopped")
    }

    pub(super) fn problem(&self, error: &serde_json::Error) -> Problem {
        if let Some(problem) = self.fault.take() {
            return problem;
        }
        match error.classify() {
            Category::Data => {
                let expected = self.expected.get();
                let pointer = self.pointer();
                let place = if pointer.is_empty() {
                    "the body".to_owned()
                } else {
                    format!("`{pointer}`")
                };
                Problem::new(Code::WrongType, format!("{place} must be {expected}")).at(pointer)
            }
            // The message names what was expected and where, and never what stood there.
            Category::Io | Category::Syntax | Category::Eof => {
                Problem::new(Code::MalformedJson, error.to_string())
            }
        }
    }
}

/// A field that is not known, with the ones that are, and those spelt alike first.
pub(in crate::http) fn unknown_field(name: &str, known: &[&str]) -> Problem {
    let name = clip(name);
    let problem = Problem::new(
        Code::UnknownField,
        format!("the field `{name}` is not known"),
    );
    let alike = near(&name, known.iter().copied());
    let known = quoted(known);
    problem.hint(if alike.is_empty() {
        format!("known are {known}")
    } else {
        format!("did you mean {}? known are {known}", quoted(&alike))
    })
}

/// A field that is given again.
pub(in crate::http) fn duplicate_field(name: &str) -> Problem {
    let name = clip(name);
    Problem::new(
        Code::DuplicateField,
        format!("the field `{name}` is given twice"),
    )
    .hint("give it once")
}

/// The beginning of a name that a stranger chose.
fn clip(name: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    match name.char_indices().nth(MOST) {
        None => Cow::Borrowed(name),
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
    }
}

fn pointer(steps: &[String]) -> String {
    let escaped = steps
        .iter()
        .map(|step| format!("/{}", clip(step).replace('~', "~0").replace('/', "~1")));
    escaped.collect()
}
