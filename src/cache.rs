//! What the last run found, so that a run with nothing new is answered without reading an article.
//!
//! The state is a cache: outside the output, and deleting it costs one full reading. It answers only if everything that a run
//! depends on is as it was: each article file by path, size, times and inode, the settings, the program, the published files,
//! and the clock within the span in which no date comes or goes. Whatever is in doubt makes a full run.

use std::borrow::Cow;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Excerpt, Severity};
use crate::report::Counts;
use crate::stamp;

pub mod told;

/// File systems keep times as coarsely as this, and so do some clocks: what changed so shortly before a run may have changed
/// again since, and show the same times.
const GRANULARITY: Duration = Duration::from_secs(2);

/// What a run has to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// How many of what.
    pub counts: Counts,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Files that are no articles, and why.
    pub others: Vec<(PathBuf, String)>,
}

/// As [`Answer`], to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Said<'s> {
    /// How many of what.
    pub counts: Counts,
    /// What was found.
    pub diagnostics: &'s [Diagnostic],
    /// Files that are no articles, and why.
    pub others: &'s [(PathBuf, String)],
    /// The files that are published.
    pub files: &'s [String],
    /// Files of earlier runs that are kept: a retraction may concern them too.
    pub kept: &'s [String],
}

/// What a run with nothing new has to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The same as the run before it.
    pub said: Answer,
    /// The files that are published.
    pub files: Vec<String>,
}

/// The place of the state of runs like this one.
#[derive(Clone, Debug)]
pub struct Cache {
    path: PathBuf,
    /// The time of the file system before anything was looked at.
    begun: Option<SystemTime>,
}

impl Cache {
    /// The state of that name, in a folder that is made if need be.
    #[must_use]
    pub fn new(folder: &Path, name: u64) -> Self {
        // The clock of the file system is what the times of the articles are to be compared with.
        let begun = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)?.metadata()?.modified()).ok();
        Self { path: folder.join(format!("{name:016x}.json")), begun }
    }

    /// What the last run found, if a run with these article files and settings would find the same at `now`.
    #[must_use]
    pub fn answer(&self, articles: u64, settings: u64, out: &Path, now: i64) -> Option<Known> {
        let state: State = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        let same = state.articles == articles
            && state.settings == settings
            && (state.span.0..state.span.1).contains(&now)
            && state.outputs == outputs(out, state.files.iter().chain(&state.kept));
        same.then(|| state.known())
    }

    /// Keeps what a run found. `dated` is the newest time of any article file, and the span of time in which no date comes or
    /// goes. A file that is as new as the run may change again without showing it: then nothing is kept. That it cannot be kept
    /// is no reason to fail.
    pub fn keep(&self, articles: u64, settings: u64, out: &Path, dated: (SystemTime, (i64, i64)), said: Said) {
        let (newest, span) = dated;
        let settled = self.begun.is_some_and(|begun| newest + GRANULARITY < begun);
        let kept = settled.then(|| {
            let outputs = outputs(out, said.files.iter().chain(said.kept));
            let diagnostics = said.diagnostics.iter().map(Found::of).collect();
            let (counts, others) = (said.counts, said.others.iter().map(Cow::Borrowed).collect());
            let (files, kept) = (said.files.to_vec(), said.kept.to_vec());
            self.put(&State { articles, settings, outputs, span, counts, diagnostics, others, files, kept })
        });
        if kept.flatten().is_none() {
            // An old state would not answer, but nobody needs it.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn put(&self, state: &State) -> Option<fs::File> {
        let file = tempfile::NamedTempFile::new_in(self.path.parent().unwrap_or(Path::new("."))).ok()?;
        // It can be as long as what there is to say about a million articles.
        let mut writer = BufWriter::new(file);
        serde_json::to_writer(&mut writer, state).ok()?;
        writer.into_inner().ok()?.persist(&self.path).ok()
    }
}

/// What the published files are: their stamps, or that they are not there.
fn outputs<'p>(folder: &Path, paths: impl Iterator<Item = &'p String>) -> u64 {
    let stamp = |path: &String| {
        let metadata = fs::symlink_metadata(folder.join(path)).ok()?;
        Some(stamp::of(folder, path.as_ref(), &metadata))
    };
    stamp::digest(paths.map(stamp).collect::<Vec<_>>())
}

/// The file: what a run depended on, and what it found.
#[derive(Serialize, Deserialize)]
struct State<'s> {
    articles: u64,
    settings: u64,
    outputs: u64,
    span: (i64, i64),
    counts: Counts,
    diagnostics: Vec<Found<'s>>,
    others: Vec<Cow<'s, (PathBuf, String)>>,
    files: Vec<String>,
    kept: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Found<'s> {
    severity: u8,
    path: Cow<'s, str>,
    line: usize,
    column: usize,
    message: Cow<'s, str>,
    help: Cow<'s, str>,
    excerpt: Option<(Cow<'s, str>, usize, usize)>,
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

impl<'s> Found<'s> {
    fn of(diagnostic: &'s Diagnostic) -> Self {
        let severity = (0..).zip(SEVERITIES).find(|(_, severity)| *severity == diagnostic.severity);
        let excerpt = diagnostic.excerpt.as_ref();
        Self {
            severity: severity.map_or(0, |(number, _)| number),
            path: Cow::Borrowed(&diagnostic.path),
            line: diagnostic.line,
            column: diagnostic.column,
            message: Cow::Borrowed(&diagnostic.message),
            help: Cow::Borrowed(&diagnostic.help),
            excerpt: excerpt.map(|excerpt| (Cow::Borrowed(&*excerpt.text), excerpt.before, excerpt.marked)),
        }
    }

    fn diagnostic(self) -> Diagnostic {
        Diagnostic {
            severity: SEVERITIES.get(usize::from(self.severity)).copied().unwrap_or(Severity::Error),
            path: self.path.into_owned(),
            line: self.line,
            column: self.column,
            message: self.message.into_owned(),
            help: self.help.into_owned(),
            excerpt: self.excerpt.map(|(text, before, marked)| Excerpt { text: text.into_owned(), before, marked }),
        }
    }
}

impl State<'_> {
    fn known(self) -> Known {
        let diagnostics = self.diagnostics.into_iter().map(Found::diagnostic).collect();
        let others = self.others.into_iter().map(Cow::into_owned).collect();
        Known { said: Answer { counts: self.counts, diagnostics, others }, files: self.files }
    }
}
