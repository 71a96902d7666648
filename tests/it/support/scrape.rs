//! What a scraper reads.

use std::collections::BTreeMap;

use super::app::TestApp;

/// Values by name and labels, as they stand in the text; every line is of a family that was announced.
pub(crate) fn scraped(app: &TestApp) -> BTreeMap<String, String> {
    let reply = app.get("/metrics");
    assert_eq!(reply.status, 200);
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut families: Vec<&str> = Vec::new();
    let mut values = BTreeMap::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            families.push(rest.split(' ').next().unwrap());
        }
        if line.starts_with('#') {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            families.iter().any(|family| name.starts_with(family)),
            "{line}"
        );
        assert!(value.parse::<f64>().unwrap().is_finite(), "{line}");
        let before = values.insert(name.to_owned(), value.to_owned());
        assert!(before.is_none(), "{name} stands there twice");
    }
    values
}

/// A count by its name and labels.
pub(crate) fn value(values: &BTreeMap<String, String>, name: &str) -> i64 {
    let found = values.get(name).unwrap_or_else(|| {
        let names: Vec<&String> = values.keys().collect();
        panic!("no {name} in {names:#?}")
    });
    found.parse().unwrap()
}
