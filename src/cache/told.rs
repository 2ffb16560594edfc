//! What was told on standard error of late, so that a run from cron does not say every few minutes what was said.
//!
//! Of each finding a number is kept, and when it was told: outside the output, beside the state of the runs of that name.
//! Whatever is in doubt is told: a state that is damaged, a clock that went back. What is found no more is forgotten, so that it
//! is news when it comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Severity};
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
    /// What this run found, told or not.
    found: BTreeSet<u64>,
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
        Self { path, now, outdated: before.len() < count, before, news: BTreeMap::new(), found: BTreeSet::new() }
    }

    /// Notes that it was found, and says whether no run before this one told it of late.
    pub fn is_news(&mut self, diagnostic: &Diagnostic) -> bool {
        let number = number(diagnostic);
        self.found.insert(number);
        !self.before.contains_key(&number)
    }

    /// Notes that it was told now.
    pub fn remember(&mut self, diagnostic: &Diagnostic) {
        self.news.insert(number(diagnostic), self.now);
    }

    /// Forgets what this run did not find. Not for a run that ended early: it may just not have come to it.
    pub fn forget(&mut self) {
        let count = self.before.len();
        self.before.retain(|number, _| self.found.contains(number));
        self.outdated |= self.before.len() < count;
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

/// What makes two findings one. A warning of a whole file or feed may count something that is never the same twice, such as how
/// long a feed is; an error counts what is wrong, and one that grows is news.
fn number(diagnostic: &Diagnostic) -> u64 {
    let Diagnostic { severity, path, line, column, message, .. } = diagnostic;
    let counts = *line == 0 && *severity != Severity::Error;
    let message = if counts { without_numbers(message) } else { message.clone() };
    stamp::digest((severity.word(), path, line, column, message))
}

/// The text with a `0` for every run of digits, but in names, which stand between backquotes.
fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_name = false;
    for c in text.chars() {
        match c {
            '0'..='9' if !in_name && plain.ends_with('0') => {}
            '0'..='9' if !in_name => plain.push('0'),
            c => {
                in_name ^= c == '`';
                plain.push(c);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: usize, message: &str) -> Diagnostic {
        Diagnostic { line, column: line, ..Diagnostic::of_file(Severity::Warning, "a.md", message, "") }
    }

    #[test]
    fn numbers_that_stand_for_a_whole_file_are_one() {
        assert_eq!(without_numbers("513 KiB, 1 of 20"), "0 KiB, 0 of 0");
        assert_eq!(without_numbers("`web3` has 10, and 20"), "`web3` has 0, and 0");
        assert_eq!(number(&finding(0, "513 KiB")), number(&finding(0, "1514 KiB")));
        assert_ne!(number(&finding(0, "513 KiB")), number(&finding(0, "513 MiB")));
        assert_ne!(number(&finding(1, "513 KiB")), number(&finding(1, "514 KiB")));
        assert_ne!(number(&finding(1, "a")), number(&finding(2, "a")));
        let loss = |count| Diagnostic { severity: Severity::Error, ..finding(0, &format!("{count} of its 30 entries")) };
        assert_ne!(number(&loss(16)), number(&loss(20)));
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

    #[test]
    fn what_is_found_no_more_is_news_when_it_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = |found: &[&str], whole: bool| {
            let mut told = Told::open(folder.path(), 7, DateTime::UNIX_EPOCH);
            let mut news = 0;
            for finding in found.iter().map(|message| finding(1, message)) {
                if told.is_news(&finding) {
                    told.remember(&finding);
                    news += 1;
                }
            }
            if whole {
                told.forget();
            }
            told.keep();
            news
        };
        assert_eq!((run(&["a", "b"], true), run(&["a", "b"], true)), (2, 0));
        assert_eq!((run(&["b"], true), run(&["a", "b"], true)), (0, 1));
        assert_eq!((run(&[], false), run(&["a", "b"], true)), (0, 0), "a run that ended early");
        assert_eq!(run(&[], true), 0);
        assert_eq!(fs::read_dir(folder.path()).map(Iterator::count).ok(), Some(0), "nothing is left to remember");
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
