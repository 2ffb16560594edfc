//! What the last run found, so that a run with nothing new is answered without reading an article.
//!
//! The state is a cache: outside the output, and deleting it costs one full reading. It answers only if everything that a run
//! depends on is as it was: each article file by path, size, times and inode, the settings, the program, the published files,
//! and the clock within the span in which no date comes or goes. Whatever is in doubt makes a full run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Excerpt, Severity};
use crate::report::Counts;
use crate::stamp;

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
            && state.outputs == outputs(out, &state.files);
        same.then(|| state.known())
    }

    /// Keeps what a run found. `dated` is the newest time of any article file, and the span of time in which no date comes or
    /// goes. A file that is as new as the run may change again without showing it: then nothing is kept. That it cannot be kept
    /// is no reason to fail.
    pub fn keep(
        &self,
        articles: u64,
        settings: u64,
        out: &Path,
        dated: (SystemTime, (i64, i64)),
        files: Vec<String>,
        said: Answer,
    ) {
        let (newest, span) = dated;
        let settled = self.begun.is_some_and(|begun| newest + GRANULARITY < begun);
        let outputs = outputs(out, &files);
        let state = State::new(Stamps { articles, settings, outputs, span }, files, said);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let kept = settled.then(|| serde_json::to_vec(&state).ok()).flatten().and_then(|bytes| {
            let mut file = tempfile::NamedTempFile::new_in(folder).ok()?;
            file.write_all(&bytes).ok()?;
            file.persist(&self.path).ok()
        });
        if kept.is_none() {
            // An old state would not answer, but nobody needs it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What the published files are: their stamps, or that they are not there.
fn outputs(folder: &Path, paths: &[String]) -> u64 {
    let stamp = |path: &String| {
        let path = folder.join(path);
        fs::symlink_metadata(&path).ok().map(|metadata| stamp::of(&path, &metadata))
    };
    stamp::digest(paths.iter().map(stamp).collect::<Vec<_>>())
}

/// What a run depended on.
#[derive(Clone, Copy)]
struct Stamps {
    articles: u64,
    settings: u64,
    outputs: u64,
    span: (i64, i64),
}

/// The file.
#[derive(Serialize, Deserialize)]
struct State {
    articles: u64,
    settings: u64,
    outputs: u64,
    span: (i64, i64),
    counts: Counts,
    diagnostics: Vec<Found>,
    others: Vec<(PathBuf, String)>,
    files: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Found {
    severity: u8,
    path: String,
    line: usize,
    column: usize,
    message: String,
    help: String,
    excerpt: Option<(String, usize, usize)>,
}

const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

impl State {
    fn new(stamps: Stamps, files: Vec<String>, said: Answer) -> Self {
        let found = |diagnostic: Diagnostic| Found {
            severity: (0..)
                .zip(SEVERITIES)
                .find(|(_, severity)| *severity == diagnostic.severity)
                .map_or(0, |(number, _)| number),
            path: diagnostic.path,
            line: diagnostic.line,
            column: diagnostic.column,
            message: diagnostic.message,
            help: diagnostic.help,
            excerpt: diagnostic.excerpt.map(|excerpt| (excerpt.text, excerpt.before, excerpt.marked)),
        };
        let Stamps { articles, settings, outputs, span } = stamps;
        let diagnostics = said.diagnostics.into_iter().map(found).collect();
        Self { articles, settings, outputs, span, counts: said.counts, diagnostics, others: said.others, files }
    }

    fn known(self) -> Known {
        let diagnostic = |found: Found| Diagnostic {
            severity: SEVERITIES.get(usize::from(found.severity)).copied().unwrap_or(Severity::Error),
            path: found.path,
            line: found.line,
            column: found.column,
            message: found.message,
            help: found.help,
            excerpt: found.excerpt.map(|(text, before, marked)| Excerpt { text, before, marked }),
        };
        let diagnostics = self.diagnostics.into_iter().map(diagnostic).collect();
        Known { said: Answer { counts: self.counts, diagnostics, others: self.others }, files: self.files }
    }
}
