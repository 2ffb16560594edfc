//! The report as JSON, for programs: everything that was found and done, in one form that `docs/report.schema.json` describes.
//!
//! Every key is always there, in one order; what there is nothing of is `null` or empty. Source lines are left out.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::error::{Diagnostic, shown};
use crate::link::Link;
use crate::report::{Counts, EntryChange, Fate, FeedChange, Ping, Report};
use crate::topic::Slug;

/// The form of the report. It is another one when a program that reads this one would be misled.
pub const FORM: u32 = 1;

/// What a report says of its run besides what the run did. What a run that failed early never came to know is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What was asked: `build`, `dry-run`, `check`, `publish` or `ping`.
    pub action: &'a str,
    /// The exit status.
    pub status: u8,
    /// The time that the run went by.
    pub now: Option<DateTime<Utc>>,
    /// How long it took.
    pub took: Duration,
    /// The output folder.
    pub out: Option<&'a Path>,
    /// Where that is served.
    pub base_url: Option<&'a Link>,
}

/// The text of the report.
#[must_use]
pub fn render(report: &Report, facts: &Facts) -> String {
    let Report { counts, diagnostics, changes, others, feeds, delivery, pings, .. } = report;
    let wire = Wire {
        feedmill_report: FORM,
        action: facts.action,
        status: facts.status,
        now: facts.now.map(time),
        seconds: (facts.took.as_secs_f64() * 1000.0).round() / 1000.0,
        out: facts.out.map(shown),
        base_url: facts.base_url.map(Link::as_str),
        counts: *counts,
        diagnostics: diagnostics.iter().map(WireDiagnostic::of).collect(),
        others: others.iter().map(|(path, reason)| Other { path: path.to_string_lossy().into_owned(), reason }).collect(),
        changes: WireChanges {
            written: changes.written.iter().map(String::as_str).collect(),
            removed: changes.removed.iter().map(String::as_str).collect(),
            unchanged: changes.unchanged.len(),
        },
        feeds: feeds.iter().map(WireFeed::of).collect(),
        delivery: delivery.as_ref().map(|delivered| WireDelivery {
            destination: &delivered.destination,
            sent: delivered.changes.written.iter().map(String::as_str).collect(),
            deleted: delivered.changes.removed.iter().map(String::as_str).collect(),
            unchanged: delivered.changes.unchanged.len(),
            left: delivered.left.iter().map(String::as_str).collect(),
            feeds: delivered.feeds.iter().map(WireFeed::of).collect(),
            requests: delivered.requests,
            bytes: delivered.bytes,
        }),
        pings: pings.iter().map(WirePing::of).collect(),
    };
    // Only a map with keys that are no text could fail, and there is none.
    serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
}

/// A time to the second, as everywhere.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[derive(Serialize)]
struct Wire<'a> {
    feedmill_report: u32,
    action: &'a str,
    status: u8,
    now: Option<String>,
    seconds: f64,
    out: Option<String>,
    base_url: Option<&'a str>,
    counts: Counts,
    diagnostics: Vec<WireDiagnostic<'a>>,
    others: Vec<Other<'a>>,
    changes: WireChanges<'a>,
    feeds: Vec<WireFeed<'a>>,
    delivery: Option<WireDelivery<'a>>,
    pings: Vec<WirePing<'a>>,
}

#[derive(Serialize)]
struct WireDelivery<'a> {
    destination: &'a str,
    sent: Vec<&'a str>,
    deleted: Vec<&'a str>,
    unchanged: usize,
    left: Vec<&'a str>,
    feeds: Vec<WireFeed<'a>>,
    requests: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct WireDiagnostic<'a> {
    severity: &'a str,
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
}

impl<'a> WireDiagnostic<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let Diagnostic { severity, path, line, column, message, help, .. } = diagnostic;
        Self {
            severity: severity.word(),
            path: Some(path.as_str()).filter(|path| !path.is_empty()),
            line: Some(*line).filter(|line| *line > 0),
            column: Some(*column).filter(|column| *line > 0 && *column > 0),
            message,
            help: Some(help.as_str()).filter(|help| !help.is_empty()),
        }
    }
}

#[derive(Serialize)]
struct Other<'a> {
    path: String,
    reason: &'a str,
}

#[derive(Serialize)]
struct WireChanges<'a> {
    written: Vec<&'a str>,
    removed: Vec<&'a str>,
    unchanged: usize,
}

#[derive(Serialize)]
struct WireFeed<'a> {
    slug: Option<&'a str>,
    title: &'a str,
    fate: &'static str,
    entries: usize,
    new: Vec<WireEntry<'a>>,
    older: Vec<WireEntry<'a>>,
    gone: Vec<WireEntry<'a>>,
}

impl<'a> WireFeed<'a> {
    fn of(feed: &'a FeedChange) -> Self {
        let entries = |entries: &'a [EntryChange]| entries.iter().map(WireEntry::of).collect();
        Self {
            slug: feed.slug.as_ref().map(Slug::as_str),
            title: &feed.title,
            fate: match feed.fate {
                Fate::Written => "written",
                Fate::Held => "held",
                Fate::Kept => "kept",
                Fate::Ended => "ended",
                Fate::Removed => "removed",
            },
            entries: feed.entries,
            new: entries(&feed.new),
            older: entries(&feed.older),
            gone: entries(&feed.gone),
        }
    }
}

#[derive(Serialize)]
struct WireEntry<'a> {
    id: &'a str,
    date: String,
    title: Option<&'a str>,
}

impl<'a> WireEntry<'a> {
    fn of(entry: &'a EntryChange) -> Self {
        Self { id: &entry.id, date: time(entry.date), title: entry.title.as_deref() }
    }
}

#[derive(Serialize)]
struct WirePing<'a> {
    url: &'a str,
    ok: bool,
    status: Option<u16>,
    message: Option<&'a str>,
}

impl<'a> WirePing<'a> {
    fn of(ping: &'a Ping) -> Self {
        let Ping { topic, status, failure } = ping;
        let message = failure.as_ref().map(|failure| failure.message.as_str());
        Self { url: topic.as_str(), ok: failure.is_none(), status: *status, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Severity;

    /// A report of little, word for word: keys stand in one order, and what there is nothing of is there too.
    #[test]
    fn a_report_has_every_key_in_one_order() {
        let mut report = Report::default();
        report.diagnostics.push(Diagnostic::of_file(Severity::Error, "", "what", ""));
        let facts = Facts {
            action: "check",
            status: 2,
            now: "2020-11-23T00:00:00.7Z".parse().ok(),
            took: Duration::from_micros(1_234_567),
            out: Some(Path::new("seeds/../feeds")),
            base_url: None,
        };
        let expected = r#"{
  "feedmill_report": 1,
  "action": "check",
  "status": 2,
  "now": "2020-11-23T00:00:00Z",
  "seconds": 1.235,
  "out": "feeds",
  "base_url": null,
  "counts": {
    "files": 0,
    "others": 0,
    "left_out": 0,
    "published": 0,
    "unpublished": 0,
    "withdrawn": 0,
    "waiting": 0,
    "stories": 0,
    "feeds": 0
  },
  "diagnostics": [
    {
      "severity": "error",
      "path": null,
      "line": null,
      "column": null,
      "message": "what",
      "help": null
    }
  ],
  "others": [],
  "changes": {
    "written": [],
    "removed": [],
    "unchanged": 0
  },
  "feeds": [],
  "delivery": null,
  "pings": []
}
"#;
        assert_eq!(render(&report, &facts), expected);
    }
}
