//! Input that is refused, and what the message says.

use super::{Bench, human, judged, message, with};

/// What is wrong, the file that is, and parts of the message.
struct Bad {
    judged: Vec<u8>,
    human: Vec<u8>,
    more: &'static [&'static str],
    says: &'static [&'static str],
}

fn bad(judged: impl Into<Vec<u8>>, says: &'static [&'static str]) -> Bad {
    Bad {
        judged: judged.into(),
        human: human().into_bytes(),
        more: &[],
        says,
    }
}

#[test]
fn bad_input_is_refused_with_file_line_column_and_what_to_do() {
    let cases = [
        bad(
            with("NaN"),
            &[
                "judged.csv, line 4, column `score`",
                "not a finite number",
                "--missing-text",
            ],
        ),
        bad(
            with("inf"),
            &["line 4, column `score`", "not a finite number"],
        ),
        bad(
            with("\"1,234.5\""),
            &["line 4, column `score`", "separators", "1234.5"],
        ),
        bad(
            with("good"),
            &["line 4, column `score`", "`good` is not a number"],
        ),
        bad(
            judged() + "item3,9\n",
            &[
                "line 14, column `id`",
                "`item3` is on lines 4, 14",
                "--duplicates first",
            ],
        ),
        bad(
            "id,score\nx,1\ny,2\n",
            &["no id of", "`x`, `y`", "`item1`", "--on"],
        ),
        bad("id,score\na/item1.png,1\n", &["--match stem"]),
        bad(
            "id,score\nitem1,1\n",
            &["needs at least", "at least three items"],
        ),
        bad("id,score\n", &["no row"]),
        bad("", &["the file is empty"]),
        bad(judged().replace(',', ";"), &["line 1", "--delimiter ';'"]),
        bad(
            b"id,score\nitem1,1\nitem\xe9,2\n".as_slice(),
            &["line 3, column `id`", "not UTF-8", "iconv"],
        ),
        bad(
            judged().replace("id,score", "id,score,other"),
            &["line 2", "2 cells where the header has 3"],
        ),
        bad(
            "id,first,second\nitem1,1,2\n",
            &[
                "no column holds the judged value",
                "`first`, `second`",
                "--judged-column",
            ],
        ),
        bad(
            "id,score,rating\nitem1,1,2\n",
            &["could be any of `score`, `rating`", "--judged-column"],
        ),
        bad(
            "image,path,score\nitem1,x,1\n",
            &["the id could be any of `image`, `path`", "--on"],
        ),
        bad(
            "id,score\nitem1,3\nitem2,3\nitem3,3\n",
            &["judged.csv, column `score`", "constant", "the same value"],
        ),
        bad(
            "id,score\nitem1,\nitem2,N/A\n",
            &[
                "no matched row has a value of the judge",
                "an empty cell",
                "line 2",
            ],
        ),
        Bad {
            human: human().replace(",mos", ",score").into(),
            more: &["--human-column", "mos"],
            ..bad(
                judged(),
                &["human.csv", "no column is called `mos`", "`score`"],
            )
        },
        Bad {
            human: "id,mos\nitem1,5\nitem2,5\nitem3,5\n".into(),
            ..bad(judged(), &["human.csv, column `mos`", "constant"])
        },
        Bad {
            more: &["--group", "nothing"],
            ..bad(judged(), &["no column `nothing`", "--group", "`prompt`"])
        },
        Bad {
            more: &["--report", "report.pdf"],
            ..bad(judged(), &["report.pdf", ".html, .md or .json"])
        },
    ];
    for case in cases {
        let bench = Bench::new();
        let (judged, human) = (
            bench.file("judged.csv", &case.judged),
            bench.file("human.csv", &case.human),
        );
        let output = bench.audit(&judged, &human, case.more);
        let text = message(&output);
        assert_eq!(output.status.code(), Some(2), "{:?}: {text}", case.says);
        for part in case.says {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    }
}
