//! What a run would do to those who subscribe: which entries come and go, and whether it is a mistake.

use std::collections::BTreeSet;

use super::{Done, Mill};
use crate::error::{Diagnostic, Severity};
use crate::feed::Feed;
use crate::group::story::State;
use crate::link::EntryId;
use crate::manifest::{self, Manifest};
use crate::report::{Fate, FeedChange};

/// A feed with fewer entries may lose them as it likes.
const GUARDED: usize = 10;
/// Entries that readers show as unread though they are old: with more of them in one run the owner is told.
const FLOOD: usize = 20;

const CLOCK: &str = "set the clock right; or, if this is meant, run once with `--force`";

/// Why an entry goes though nobody said so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Nothing is known of its article any more.
    Vanished,
    /// It was published, and is dated in the future now.
    Ahead,
}

/// Why a topic may not have gone, though no article has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Its articles may be among files that cannot be read.
    Unread,
    /// They are dated after the clock.
    Clock,
}

/// What becomes of a feed that is written. `published` is what it was.
pub(super) fn change(feed: &Feed, published: Option<&manifest::Feed>) -> FeedChange {
    let entries = feed.entries.iter().map(|entry| (entry.id.as_str(), entry.published, Some(entry.title.as_str())));
    FeedChange::between(feed.slug.clone(), feed.title.as_str(), entries, published)
}

impl Mill<'_> {
    /// Whether so much of a feed would go with files that vanished that it is more likely a mistake than news.
    pub(super) fn shrinks(&self, published: &manifest::Feed, change: &FeedChange) -> bool {
        let had = published.entries.len();
        let unguarded = self.request.force || self.folder.published.selection != self.request.site.selection;
        // What is withdrawn does not wait for anybody, and is taken out of a feed that is held back: it is no smaller for it.
        if unguarded || (had < GUARDED && !published.held) {
            return false;
        }
        self.lost_of(published, change).len() * 2 > had
    }

    /// Says of the feeds that are held back what they would lose: of what they have when what is withdrawn is cut out, so that the
    /// next run says the same.
    pub(super) fn tell_held(&self, manifest: &Manifest, done: &mut Done) {
        for key in &done.held {
            let Some(feed) = manifest.feeds.get(key) else { continue };
            let Some(change) = done.told.iter().find(|told| told.slug == feed.slug) else { continue };
            done.diagnostics.extend(self.held(feed, &self.lost_of(feed, change)));
        }
    }

    /// Why entries of a feed would go that nobody said are to go.
    fn lost_of(&self, feed: &manifest::Feed, change: &FeedChange) -> Vec<Lost> {
        let gone: BTreeSet<&str> = change.gone.iter().map(|entry| entry.id.as_str()).collect();
        let gone = feed.entries.iter().filter(|entry| gone.contains(entry.id.as_str()));
        gone.filter_map(|entry| self.lost(entry)).collect()
    }

    /// That a feed is held back; nothing where what would go has been cut out.
    fn held(&self, feed: &manifest::Feed, lost: &[Lost]) -> Option<Diagnostic> {
        let (count, had) = (lost.len(), feed.entries.len());
        if count == 0 {
            return None;
        }
        let path = feed.slug.as_ref().map_or(String::new(), ToString::to_string);
        let would = format!("this feed would lose {count} of its {had} entries");
        let (message, help) = if lost.iter().filter(|lost| **lost == Lost::Ahead).count() * 2 > count {
            let now = self.request.clock.now.format("%Y-%m-%dT%H:%M:%SZ");
            (format!("{would}, since they are dated after the clock, which says {now}; it stays as it is"), CLOCK)
        } else {
            let help = "put the articles back; or, if this is meant, run once with `--force`";
            (format!("{would}, since their files are gone or cannot be read; it stays as it is"), help)
        };
        Some(self.about(Severity::Error, &path, message, help))
    }

    /// Why an entry goes, if its owner has not said that it is to go. Of a related link, all articles that it belongs to are
    /// looked at.
    fn lost(&self, entry: &manifest::Entry) -> Option<Lost> {
        let stories = &self.grouping.stories;
        let print = |id: &str| EntryId::own(id).ok().map(|id| id.fingerprint());
        if stories.withdrawn(print(&entry.id)) {
            return None;
        }
        let articles = if entry.parents.is_empty() { std::slice::from_ref(&entry.id) } else { &entry.parents[..] };
        let found = articles.iter().filter_map(|id| stories.find(print(id)));
        let states: Vec<State> = found.map(|story| stories.list[story as usize].state).collect();
        let waits = states.iter().any(|state| matches!(state, State::Published | State::Waiting));
        match () {
            () if states.is_empty() => Some(Lost::Vanished),
            // What was published has been there before, so it is the clock that is wrong.
            () if waits && entry.date > self.request.clock.now => Some(Lost::Ahead),
            () => None,
        }
    }

    /// What may be wrong where the topic of a feed seems to have gone: nothing is known of its articles, and as many files cannot
    /// be read; or it is the clock.
    pub(super) fn doubt(&self, published: &manifest::Feed) -> Option<Doubt> {
        let articles = published.entries.iter().filter(|entry| entry.parents.is_empty());
        let lost: Vec<Lost> = articles.filter_map(|entry| self.lost(entry)).collect();
        let vanished = lost.iter().filter(|lost| **lost == Lost::Vanished).count();
        match () {
            () if lost.len() > vanished => Some(Doubt::Clock),
            () if vanished > 0 && vanished <= self.unread => Some(Doubt::Unread),
            () => None,
        }
    }

    /// Tells of entries that are new to readers and old by their date, where they are many.
    pub(super) fn flood(&self, told: &[FeedChange]) -> Option<Diagnostic> {
        let written = told.iter().filter(|feed| feed.fate == Fate::Written);
        let older: BTreeSet<&str> = written.clone().flat_map(|feed| &feed.older).map(|entry| entry.id.as_str()).collect();
        if older.len() <= FLOOD {
            return None;
        }
        let most = written.max_by_key(|feed| (feed.older.len(), std::cmp::Reverse(&feed.slug)))?;
        let path = most.slug.as_ref().map_or(String::new(), ToString::to_string);
        let message = format!(
            "{} entries are new to readers and older than what was published: they show as unread; {} of them are in this feed",
            older.len(),
            most.older.len()
        );
        let help = "`--dry-run` and `--report` list them before they go out";
        Some(self.about(Severity::Warning, &path, message, help))
    }
}
