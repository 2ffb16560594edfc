//! What a run did: what `main` prints, and what it writes for other programs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Diagnostic, Severity};
use crate::link::Link;
use crate::manifest;
use crate::topic::Slug;

pub mod addresses;
pub mod feeds;
pub mod json;
pub mod topics;

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
    /// Something was said that the next run has no reason to say again: of feeds that came or went, say.
    pub told_once: bool,
    /// What becomes of each feed that does not stay as it is, and of those that are not let: the feed of all topics first, then
    /// by slug.
    pub feeds: Vec<FeedChange>,
    /// What was done at the destination, if the output was published to one.
    pub delivery: Option<Delivered>,
    /// What a hub was told, in the order of addresses.
    pub pings: Vec<Ping>,
}

/// What was done at a destination, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Its address.
    pub destination: String,
    /// What happened to its objects, by the files that they hold.
    pub changes: Changes,
    /// Files that are no longer part of the output, and whose objects stay.
    pub left: BTreeSet<String>,
    /// What becomes of each feed that differs from what was published there.
    pub feeds: Vec<FeedChange>,
    /// How many requests it took.
    pub requests: u64,
    /// How many bytes were sent in them, without headers.
    pub bytes: u64,
}

/// What came of telling a hub that a document has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Where the document is served, which is its topic in the words of `WebSub`.
    pub topic: Link,
    /// The HTTP status that the hub answered with, if it answered.
    pub status: Option<u16>,
    /// Why the hub was not told; nothing if it was.
    pub failure: Option<Failure>,
}

/// Why a hub was not told of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong: a sentence about the hub, to stand after a colon.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// What becomes of one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedChange {
    /// Its folder; the feed of all topics has none.
    pub slug: Option<Slug>,
    /// What it is called.
    pub title: String,
    /// What is done with it.
    pub fate: Fate,
    /// How many entries it has after the run.
    pub entries: usize,
    /// Entries that were not in it when it was published last, newest first. Every one, where it was not published before.
    pub new: Vec<EntryChange>,
    /// Those of them that are older than the newest entry that was published: a reader shows them as unread all the same. None,
    /// where the feed was not published before.
    pub older: Vec<EntryChange>,
    /// Entries that were in it and are no longer.
    pub gone: Vec<EntryChange>,
}

impl FeedChange {
    /// What becomes of a feed that has these entries from now on (ids, dates, and titles if they are known), and is written.
    /// `published` is what it was.
    pub fn between<'e>(
        slug: Option<Slug>,
        title: &str,
        entries: impl Iterator<Item = (&'e str, DateTime<Utc>, Option<&'e str>)> + Clone,
        published: Option<&manifest::Feed>,
    ) -> Self {
        let had: BTreeSet<&str> = published.iter().flat_map(|feed| &feed.entries).map(|entry| entry.id.as_str()).collect();
        let has: BTreeSet<&str> = entries.clone().map(|(id, ..)| id).collect();
        let new = entries.filter(|(id, ..)| !had.contains(id));
        let new: Vec<EntryChange> =
            new.map(|(id, date, title)| EntryChange { id: id.to_owned(), date, title: title.map(str::to_owned) }).collect();
        let newest = published.and_then(|feed| feed.entries.iter().map(|entry| entry.date).max());
        let older = new.iter().filter(|entry| newest.is_some_and(|newest| entry.date < newest)).cloned().collect();
        let gone = published.iter().flat_map(|feed| &feed.entries).filter(|entry| !has.contains(entry.id.as_str()));
        Self {
            slug,
            title: title.to_owned(),
            fate: Fate::Written,
            entries: has.len(),
            gone: gone.map(EntryChange::untitled).collect(),
            new,
            older,
        }
    }

    /// The name of its folder; empty for the feed of all topics.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.slug.as_ref().map_or("", Slug::as_str)
    }
}

/// What is done with a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is written, the first time or again.
    Written,
    /// It stays as it is, since too much of it would go with files that vanished.
    Held,
    /// Its topic has gone, and it stays as it is but for what is withdrawn.
    Kept,
    /// Its topic has gone since the last run, and a last entry says so.
    Ended,
    /// Its topic has gone since the last run, and so do its files.
    Removed,
}

/// An entry that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryChange {
    /// Its id.
    pub id: String,
    /// When it was published.
    pub date: DateTime<Utc>,
    /// What it is called; nothing is known of one that goes.
    pub title: Option<String>,
}

impl EntryChange {
    /// An entry of which only the manifest is known.
    #[must_use]
    pub fn untitled(entry: &manifest::Entry) -> Self {
        Self { id: entry.id.clone(), date: entry.date, title: None }
    }
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
    /// Files that are taken away.
    pub removed: BTreeSet<String>,
    /// Feeds whose topic has gone since the last run: their folders, kept as they are.
    pub gone: BTreeSet<String>,
    /// Feeds whose topic went before.
    pub stale: BTreeSet<String>,
}

impl Changes {
    /// Adds what happened to other files.
    pub fn add(&mut self, other: Self) {
        let Self { written, unchanged, removed, gone, stale } = other;
        self.written.extend(written);
        self.unchanged.extend(unchanged);
        self.removed.extend(removed);
        self.gone.extend(gone);
        self.stale.extend(stale);
    }
}
