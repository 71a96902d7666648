use std::io::Write;

use super::*;

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
    (folder, path)
}

fn rows(
    name: &str,
    bytes: &[u8],
    delimiter: Option<u8>,
) -> Result<Vec<(u64, String, Reading)>, TableError> {
    let (_folder, path) = file(name, bytes);
    let table = Table::open(&path, delimiter)?;
    let mut rows = Vec::new();
    table.rows(&["id", "score"], |line, cells| {
        rows.push((
            line,
            cells[0].label().unwrap_or_default(),
            cells[1].number(&[]),
        ));
        Ok(())
    })?;
    Ok(rows)
}

fn expected() -> Vec<(String, f64)> {
    vec![("a".to_owned(), 1.5), ("b".to_owned(), 2.0)]
}

#[test]
fn the_same_rows_in_every_format() {
    let forms: [(&str, &[u8], Option<u8>); 9] = [
        ("x.csv", b"id,score\na,1.5\nb,2\n", None),
        ("x.csv", b"\xef\xbb\xbfid,score\r\na,1.5\r\nb,2\r\n", None),
        ("x.csv", b"score,other,id\n1.5,\"q, r\",a\n2,,b", None),
        ("x.tsv", b"id\tscore\na\t1.5\nb\t2\n", None),
        ("x.txt", b"id;score\na;1.5\nb;2\n", Some(b';')),
        (
            "x.jsonl",
            b"{\"id\":\"a\",\"score\":1.5}\n\n{\"id\":\"b\",\"score\":2}\n",
            None,
        ),
        (
            "x.jsonl",
            b"\xef\xbb\xbf{\"id\":\"a\",\"score\":\"1.5\"}\r\n{\"score\":2,\"id\":\"b\"}",
            None,
        ),
        (
            "x.json",
            b"[{\"id\":\"a\",\"score\":1.5},\n {\"id\":\"b\",\"score\":2.0}]\n",
            None,
        ),
        (
            "x.json",
            b" [ {\"id\":\"a\",\"score\":1.5,\"more\":{\"x\":[1]}}, {\"id\":\"b\",\"score\":2} ] ",
            None,
        ),
    ];
    for (name, bytes, delimiter) in forms {
        let found: Vec<(String, f64)> = rows(name, bytes, delimiter)
            .unwrap()
            .into_iter()
            .map(|(_, id, reading)| match reading {
                Reading::Value(value) => (id, value),
                Reading::Missing(_) | Reading::Wrong(..) => panic!("{name}: {reading:?}"),
            })
            .collect();
        assert_eq!(
            found,
            expected(),
            "{name} {}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let csv = rows("x.csv", b"id,score\n\"a\nb\",1\nc,2\n", None).unwrap();
    assert_eq!(csv.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
    let json = rows("x.json", b"[\n{\"id\":1},\n{\"id\":\n2}]", None).unwrap();
    assert_eq!(json.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
    let jsonl = rows("x.jsonl", b"{\"id\":1}\n\n{\"id\":9007199254740993}", None).unwrap();
    assert_eq!((jsonl[1].0, jsonl[1].1.as_str()), (3, "9007199254740993"));
    let most = rows(
        "x.jsonl",
        b"{\"id\":18446744073709551615}\n{\"id\":-1}",
        None,
    )
    .unwrap();
    assert_eq!(
        (most[0].1.as_str(), most[1].1.as_str()),
        ("18446744073709551615", "-1")
    );
}

/// Name, bytes and delimiter of a file, what is wrong with it, and on which line.
type BadFile<'a> = (&'a str, &'a [u8], Option<u8>, TableFault, Option<u64>);

#[test]
fn what_is_wrong_with_a_file_is_named_with_its_line() {
    use TableFault::*;
    let latin = b"id,score\na,1\nb\xe9,2\n";
    let long = [b"id,score\na,1\n\"", vec![b'x'; 9 << 20].as_slice()].concat();
    let cases: [BadFile<'_>; 14] = [
        ("x.csv", b"", None, Empty, None),
        ("x.csv", b" \n\n", None, Empty, None),
        ("x.csv", b"id;score\na;1\n", None, Header, Some(1)),
        ("x.csv", b"id\tscore\na\t1\n", None, Header, Some(1)),
        ("x.tsv", b"id,score\na,1\n", None, Header, Some(1)),
        ("x.csv", b"id,id\na,1\n", None, Header, Some(1)),
        ("x.csv", b"id,score\na,1\nb,1,000\n", None, Format, Some(3)),
        ("x.csv", latin, None, Encoding, Some(3)),
        ("x.csv", b"\xff\xfei\0d\0", None, Encoding, None),
        ("x.csv", &long, None, Format, Some(3)),
        (
            "x.jsonl",
            b"{\"id\":1}\n{\"id\":NaN}\n",
            None,
            Format,
            Some(2),
        ),
        ("x.jsonl", b"{\"id\":1}\n[1]\n", None, Format, Some(2)),
        (
            "x.jsonl",
            b"{\"id\":1}\n{\"id\":\"\xe9\"}\n",
            None,
            Encoding,
            Some(2),
        ),
        ("x.json", b"[{\"id\":1},\n{\"id\":}]", None, Format, Some(2)),
    ];
    for (name, bytes, delimiter, fault, line) in cases {
        let error = rows(name, bytes, delimiter).unwrap_err();
        assert_eq!((error.fault, error.line), (fault, line), "{error}");
    }
}

#[test]
fn a_delimiter_for_both_files_leaves_json_as_it_is() {
    let given = rows("x.jsonl", b"{\"id\":\"a\",\"score\":1.5}\n", Some(b';')).unwrap();
    assert_eq!(given[0].1, "a");
    let (_folder, path) = file("x.csv", b"[id];score\na;1\n");
    assert_eq!(
        Table::open(&path, Some(b';')).unwrap().columns(),
        ["[id]", "score"]
    );
}

#[test]
fn a_number_that_lost_digits_is_told_from_one_that_did_not() {
    assert!(Cell::Number(1e20).is_rounded() && !Cell::Number(0.5).is_rounded());
    assert!(!Cell::Whole(i128::from(u64::MAX)).is_rounded());
}

#[test]
fn a_wrong_delimiter_says_which_would_be_right() {
    let error = rows("x.csv", b"id;score;more\na;1;2\n", None).unwrap_err();
    assert!(error.remedy.contains("--delimiter ';'"), "{error}");
}

#[test]
fn columns_of_json_are_those_of_all_its_first_rows() {
    let (_folder, path) = file("x.jsonl", b"{\"id\":1}\n{\"id\":2,\"scale\":{\"min\":0}}\n");
    let table = Table::open(&path, None).unwrap();
    assert_eq!(table.columns(), ["id", "scale.min"]);
    assert!(!table.has("scale"));
}
