//! What a run did: what `main` prints.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Severity};

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many of what.
    pub counts: Counts,
    /// Findings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// What happened to the output folder, or would.
    pub changes: Changes,
    /// Files that are no articles, and why.
    pub others: Vec<(PathBuf, String)>,
    /// Feeds could not be published, or one of them came out wrong and was held back; an error says why.
    pub failed: bool,
    /// Feeds came, went, or got another folder.
    pub feeds_changed: bool,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Files that were read.
    pub files: usize,
    /// Files that are no articles.
    pub others: usize,
    /// Articles with errors, which are left out.
    pub left_out: usize,
    /// Articles that are shown.
    pub published: usize,
    /// Articles that say they are not to be shown.
    pub unpublished: usize,
    /// Articles whose story is retracted or blocked.
    pub withdrawn: usize,
    /// Articles whose date has not come.
    pub waiting: usize,
    /// Stories that are shown.
    pub stories: usize,
    /// Feeds.
    pub feeds: usize,
}

impl Report {
    /// Whether anything was left out because of an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// What a run does to the output folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that are new or have other bytes than before.
    pub written: BTreeSet<String>,
    /// Files that stay as they are.
    pub unchanged: BTreeSet<String>,
    /// Feeds whose topic has gone since the last run: their folders, kept as they are.
    pub gone: BTreeSet<String>,
    /// Feeds whose topic went before.
    pub stale: BTreeSet<String>,
}

impl Changes {
    /// Adds what happened to other files.
    pub fn add(&mut self, other: Self) {
        let Self { written, unchanged, gone, stale } = other;
        self.written.extend(written);
        self.unchanged.extend(unchanged);
        self.gone.extend(gone);
        self.stale.extend(stale);
    }
}
