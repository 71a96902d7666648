//! How jobs and their results are written: one JSON object each.

use serde::Serialize;

use super::JobSettings;
use super::operation::Asked;
use crate::store::{FinishedKind, JobRow, JobState};

/// A job as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct JobJson {
    /// Its name.
    pub id: String,
    /// `queued`, `running`, `paused`, `cancelled` or `finished`.
    pub state: &'static str,
    /// Why it is so, where that needs words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What is done with each item, and by whom.
    pub settings: Option<JobSettings>,
    /// Numbers of items.
    pub items: ItemsJson,
    /// When it was accepted (RFC 3339, UTC).
    pub created_at: String,
    /// When its last result came.
    pub finished_at: Option<String>,
    /// Seconds for which it was worked on, over all starts of the service.
    pub seconds: f64,
    /// Results for each of those seconds; `null` before the first.
    pub items_per_second: Option<f64>,
    /// Seconds until the end at that rate; `null` where it is not running.
    pub seconds_left: Option<f64>,
}

/// Numbers of items.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ItemsJson {
    /// All.
    pub total: i64,
    /// With a verdict.
    pub done: i64,
    /// With none.
    pub unscored: i64,
    /// That could not be asked, or whose backend failed each time.
    pub failed: i64,
    /// Without a result yet.
    pub waiting: i64,
}

impl JobJson {
    /// The object of a job; `is_full` says that results wait for space on the disk.
    pub fn new(row: &JobRow, is_full: bool) -> Self {
        let finished = row.counts.finished();
        let waiting = row.counts.total - finished;
        let seconds = row.working as f64 / 1e3;
        let rate = (finished > 0 && row.working > 0).then(|| finished as f64 / seconds);
        let is_running = row.state == JobState::Running;
        // On a full disk not even that a job has begun can be stored.
        let is_waiting = is_running || row.state == JobState::Queued;
        let stalled = (is_waiting && is_full).then(|| {
            "results wait for space in the data folder, and nothing new is asked".to_owned()
        });
        JobJson {
            id: row.id.clone(),
            state: row.state.name(),
            detail: row.detail.clone().or(stalled),
            settings: JobSettings::from_text(&row.settings),
            items: ItemsJson {
                total: row.counts.total,
                done: row.counts.done,
                unscored: row.counts.unscored,
                failed: row.counts.failed,
                waiting,
            },
            created_at: rfc3339(row.created),
            finished_at: row.finished.map(rfc3339),
            seconds,
            items_per_second: rate,
            seconds_left: rate
                .filter(|_| is_running)
                .map(|rate| waiting as f64 / rate),
        }
    }
}

/// One line of the results, but for the result itself.
#[derive(Debug, Serialize)]
struct Line<'a> {
    item: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// The line of an item that was asked.
pub(super) fn result_line(item: i64, id: &str, asked: &Asked) -> String {
    let line = Line {
        item,
        id: Some(id),
        line: None,
        status: asked.kind.name(),
        reason: asked.reason.as_ref().map(|(code, _)| *code),
        detail: asked.reason.as_ref().map(|(_, detail)| detail.as_str()),
    };
    let mut text = serde_json::to_string(&line).expect("strings and numbers are always JSON");
    if let Some(result) = &asked.result {
        // The result is JSON already, in the order of its fields.
        text.pop();
        text.push_str(",\"result\":");
        text.push_str(result);
        text.push('}');
    }
    text
}

/// A line of a manifest that cannot be an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// The line from 1.
    pub line: u64,
    /// What is wrong with it.
    pub detail: String,
    /// What would have worked.
    pub hint: Option<String>,
}

/// The result of the item at place `item`, whose line is bad.
pub fn bad_line(item: i64, bad: &BadLine) -> String {
    let detail = match &bad.hint {
        None => bad.detail.clone(),
        Some(hint) => format!("{}; {hint}", bad.detail),
    };
    let line = Line {
        item,
        id: None,
        line: Some(bad.line),
        status: FinishedKind::Failed.name(),
        reason: Some("bad_line"),
        detail: Some(&detail),
    };
    serde_json::to_string(&line).expect("strings and numbers are always JSON")
}

/// A moment in milliseconds since 1970, as `2026-01-31T12:00:00Z`.
fn rfc3339(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. Years begin
    // in March, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_others_write_them() {
        // `date -u -d @N +%FT%TZ` of GNU coreutils 9.
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1_000 + 999), written);
        }
    }
}
