//! Reads Rust source for what it imports. Knows no rule.

use std::collections::BTreeSet;

/// Words, `::`, and single signs of the code proper: no comments, strings, or tests.
pub(super) fn tokens(text: &str) -> Vec<String> {
    without_tests(&scan(text))
}

fn scan(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else if word(first) {
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Length of the string or character that `rest` begins with.
fn literal(rest: &str) -> Option<usize> {
    let quoted = |from: usize| {
        let mut escaped = false;
        let end = rest[from..].char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        end.map_or(rest.len(), |(at, _)| from + at + 1)
    };
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'));
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = rest.len() - raw.len() + hashes + 1;
            return Some(
                rest[start..]
                    .find(&close)
                    .map_or(rest.len(), |at| start + at + close.len()),
            );
        }
    }
    if rest.starts_with("b\"") || rest.starts_with('"') {
        return Some(quoted(rest.find('"')? + 1));
    }
    // A character such as '"' or '\''; a lifetime has no second quote so near.
    let mut signs = rest.strip_prefix('\'')?.char_indices();
    let (_, first) = signs.next()?;
    let (at, close) = if first == '\\' {
        signs.nth(1)?
    } else {
        signs.next()?
    };
    (close == '\'').then_some(at + 2)
}

/// Leaves out what `#[cfg(test)]` stands before: a block up to its closing brace, or a line.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let marked = tokens.len() >= at + 7 && MARK.iter().zip(&tokens[at..]).all(|(a, b)| a == b);
        if !marked {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        for token in &tokens[at..] {
            at += 1;
            depth += i32::from(token == "{") - i32::from(token == "}");
            if depth == 0 && (token == ";" || token == "}") {
                break;
            }
        }
    }
    kept
}

/// Names of modules that are declared as tests: `#[cfg(test)] mod NAME;`.
pub(super) fn test_modules(text: &str) -> Vec<String> {
    let tokens = scan(text);
    let declared = tokens.windows(10).filter(|window| {
        window[..7] == ["#", "[", "cfg", "(", "test", ")", "]"]
            && window[7] == "mod"
            && window[9] == ";"
    });
    declared.map(|window| window[8].clone()).collect()
}

/// Modules of a file: `http/body/json.rs` is `["http", "body", "json"]`, `http/mod.rs` is `["http"]`.
pub(super) fn module_path(file: &str) -> Vec<&str> {
    let mut steps: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if steps.last() == Some(&"mod") {
        steps.pop();
    }
    steps
}

/// Parts of the crate that a file names by `crate::`, by `opine::` or by climbing up with `super::`.
pub(super) fn parts_named(file: &str, tokens: &[String]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let depth = module_path(file).len();
    for (at, token) in tokens.iter().enumerate() {
        let path_before = at > 0 && tokens[at - 1] == "::";
        let starts = |name| token == name && !path_before;
        let mut next = at + 1;
        if starts("super") {
            let mut climbed = 1;
            while tokens.get(next + 1).is_some_and(|token| token == "super") {
                climbed += 1;
                next += 2;
            }
            // Inside an inline module a climb is shorter than it looks, which can only hide a fault
            // within one part.
            if climbed < depth {
                continue;
            }
        } else if !starts("crate") && !starts("opine") {
            continue;
        }
        if tokens.get(next).is_some_and(|token| token == "::") {
            named.extend(heads(&tokens[next + 1..]));
        }
    }
    named
}

/// First names of a path, or of each path in braces.
fn heads(tokens: &[String]) -> Vec<String> {
    if tokens.first().is_none_or(|token| token != "{") {
        return tokens.first().cloned().into_iter().collect();
    }
    let mut depth = 0;
    let mut heads = Vec::new();
    for pair in tokens.windows(2) {
        depth += i32::from(pair[0] == "{") - i32::from(pair[0] == "}");
        if depth == 0 {
            break;
        }
        if depth == 1 && (pair[0] == "{" || pair[0] == ",") && pair[1] != "}" {
            heads.push(pair[1].clone());
        }
    }
    heads
}

/// Whether a file names a crate, or a module of the standard library: `NAME::`, `use NAME`, `std::NAME`.
pub(super) fn names(tokens: &[String], name: &str) -> bool {
    (0..tokens.len()).any(|at| {
        let before = at.checked_sub(1).map(|at| tokens[at].as_str());
        let after = tokens.get(at + 1).map(String::as_str);
        if before == Some("::") {
            // `crate::image` and `self::image` are modules of ours.
            return false;
        }
        if tokens[at] == "std" && after == Some("::") {
            return heads(&tokens[at + 2..]).iter().any(|head| head == name);
        }
        tokens[at] == name && (after == Some("::") || before == Some("use"))
    })
}
