//! What was told on standard error of late, so that a run from cron does not say every few minutes what was said.
//!
//! Of each finding a number is kept, and when it was told: outside the output, beside the state of the runs of that name.
//! Whatever is in doubt is told: a state that is damaged, a clock that went back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::Diagnostic;
use crate::stamp;

/// For how many seconds a finding that was told is not told again.
const QUIET: i64 = 24 * 60 * 60;

/// The form of the file.
const FORM: u32 = 1;

/// What runs of one name told in the last 24 hours.
#[derive(Debug)]
pub struct Told {
    path: PathBuf,
    now: i64,
    /// When each was told, as it was kept by runs before this one.
    before: BTreeMap<u64, i64>,
    /// What this run tells.
    news: BTreeMap<u64, i64>,
    /// Whether the file holds more than what counts.
    outdated: bool,
}

impl Told {
    /// What runs of that name told until now.
    #[must_use]
    pub fn open(folder: &Path, name: u64, now: DateTime<Utc>) -> Self {
        let (path, now) = (folder.join(format!("{name:016x}.told")), now.timestamp());
        let state = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<State>(&bytes).ok());
        let mut before = state.filter(|state| state.feedmill_told == FORM).map(|state| state.told).unwrap_or_default();
        let count = before.len();
        // What was told in the future was told by another clock.
        before.retain(|_, then| *then <= now && now.saturating_sub(*then) < QUIET);
        Self { path, now, outdated: before.len() < count, before, news: BTreeMap::new() }
    }

    /// Whether no run before this one told it of late.
    #[must_use]
    pub fn is_news(&self, diagnostic: &Diagnostic) -> bool {
        !self.before.contains_key(&number(diagnostic))
    }

    /// Notes that it was told now.
    pub fn remember(&mut self, diagnostic: &Diagnostic) {
        self.news.insert(number(diagnostic), self.now);
    }

    /// Keeps what was told for the runs that follow. That it cannot be kept is no reason to fail: it is told again.
    pub fn keep(mut self) {
        if self.news.is_empty() && !self.outdated {
            return;
        }
        self.before.append(&mut self.news);
        if self.before.is_empty() {
            let _ = fs::remove_file(&self.path);
            return;
        }
        let _ = put(&self.path, &State { feedmill_told: FORM, told: self.before });
    }
}

fn put(path: &Path, state: &State) -> Option<()> {
    let folder = path.parent()?;
    fs::create_dir_all(folder).ok()?;
    let file = tempfile::NamedTempFile::new_in(folder).ok()?;
    serde_json::to_writer(&file, state).ok()?;
    file.persist(path).ok().map(|_| ())
}

/// The file: the number of each finding, and the second in which it was told.
#[derive(Serialize, Deserialize)]
struct State {
    feedmill_told: u32,
    told: BTreeMap<u64, i64>,
}

/// What makes two findings one. Those of a whole file or feed may count something that is never the same twice.
fn number(diagnostic: &Diagnostic) -> u64 {
    let Diagnostic { severity, path, line, column, message, .. } = diagnostic;
    let message = if *line == 0 { without_numbers(message) } else { message.clone() };
    stamp::digest((severity.word(), path, line, column, message))
}

/// The text with a `0` for every run of digits.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if plain.ends_with('0') => {}
            '0'..='9' => plain.push('0'),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Severity;

    fn finding(line: usize, message: &str) -> Diagnostic {
        Diagnostic { line, column: line, ..Diagnostic::of_file(Severity::Warning, "a.md", message, "") }
    }

    #[test]
    fn numbers_that_stand_for_a_whole_file_are_one() {
        assert_eq!(without_numbers("513 KiB, 1 of 20"), "0 KiB, 0 of 0");
        assert_eq!(number(&finding(0, "513 KiB")), number(&finding(0, "1514 KiB")));
        assert_ne!(number(&finding(0, "513 KiB")), number(&finding(0, "513 MiB")));
        assert_ne!(number(&finding(1, "513 KiB")), number(&finding(1, "514 KiB")));
        assert_ne!(number(&finding(1, "a")), number(&finding(2, "a")));
        let error = Diagnostic { severity: Severity::Error, ..finding(1, "a") };
        assert_ne!(number(&finding(1, "a")), number(&error));
        let elsewhere = Diagnostic { path: "b.md".to_owned(), ..finding(1, "a") };
        assert_ne!(number(&finding(1, "a")), number(&elsewhere));
        let column = Diagnostic { column: 7, ..finding(1, "a") };
        assert_ne!(number(&finding(1, "a")), number(&column));
    }

    /// The file does not grow with what is no longer there.
    #[test]
    fn what_is_older_than_a_day_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |hours: i64| DateTime::from_timestamp(1_606_089_600 + hours * 3600, 0).expect("a time");
        let tell = |hours, message: &str| {
            let mut told = Told::open(folder.path(), 7, at(hours));
            let finding = finding(1, message);
            let news = told.is_news(&finding);
            if news {
                told.remember(&finding);
            }
            told.keep();
            news
        };
        let kept = |hours| Told::open(folder.path(), 7, at(hours)).before.len();
        assert!(tell(0, "a") && tell(1, "b") && !tell(2, "a"));
        assert_eq!(kept(2), 2);
        assert!(tell(24, "c"));
        assert_eq!(kept(24), 2);
        assert!(Told::open(folder.path(), 8, at(24)).before.is_empty(), "another run");
        // What is all too old leaves no file.
        Told::open(folder.path(), 7, at(72)).keep();
        assert_eq!(fs::read_dir(folder.path()).map(Iterator::count).ok(), Some(0));
    }

    /// One run tells all that it has to say.
    #[test]
    fn what_a_run_tells_twice_is_told_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut told = Told::open(folder.path(), 7, DateTime::UNIX_EPOCH);
        told.remember(&finding(0, "513 KiB"));
        assert!(told.is_news(&finding(0, "514 KiB")));
    }
}
