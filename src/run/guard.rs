//! What a run would do to those who subscribe: which entries come and go, and whether it is a mistake.

use std::collections::BTreeSet;

use super::{Done, Mill};
use crate::error::{Diagnostic, Severity};
use crate::feed::Feed;
use crate::format::Format;
use crate::link::EntryId;
use crate::manifest;
use crate::report::{Fate, FeedChange};
use crate::topic::TopicKey;
use crate::write;

/// A feed with fewer entries may lose them as it likes.
const GUARDED: usize = 10;
/// Entries that readers show as unread though they are old: with more of them in one run the owner is told.
const FLOOD: usize = 20;

/// What becomes of a feed that is written. `published` is what it was.
pub(super) fn change(feed: &Feed, published: Option<&manifest::Feed>) -> FeedChange {
    let entries = feed.entries.iter().map(|entry| (entry.id.as_str(), entry.published, Some(entry.title.as_str())));
    FeedChange::between(feed.slug.clone(), feed.title.as_str(), entries, published)
}

impl Mill<'_> {
    /// Whether so much of a feed would go with files that vanished that it is more likely a mistake than news. Then it is said.
    pub(super) fn shrinks(&self, key: &TopicKey, published: &manifest::Feed, change: &FeedChange, done: &mut Done) -> bool {
        let had = published.entries.len();
        let unguarded = self.request.force || self.folder.published.selection != self.request.site.selection;
        if unguarded || had < GUARDED {
            return false;
        }
        let gone: BTreeSet<&str> = change.gone.iter().map(|entry| entry.id.as_str()).collect();
        let gone = published.entries.iter().filter(|entry| gone.contains(entry.id.as_str()));
        let vanished = gone.filter(|entry| self.vanished(entry)).count();
        // What is withdrawn must not wait for anybody.
        if vanished * 2 <= had || self.holds_withdrawn(key, published) {
            return false;
        }
        let path = published.slug.as_ref().map_or(String::new(), ToString::to_string);
        let message = format!(
            "this feed would lose {vanished} of its {had} entries, since their files are gone or cannot be read; it stays as it is"
        );
        let help = "put the articles back; or, if this is meant, run once with `--force`";
        done.diagnostics.push(self.about(Severity::Error, &path, message, help));
        true
    }

    /// Whether nothing is known any more of the article of an entry; of a related link, of all articles that it belongs to.
    fn vanished(&self, entry: &manifest::Entry) -> bool {
        let stories = &self.grouping.stories;
        let print = |id: &str| EntryId::own(id).ok().map(|id| id.fingerprint());
        let known = |id: &str| print(id).is_some_and(|print| stories.find([print]).is_some());
        let withdrawn = print(&entry.id).is_some_and(|print| stories.withdrawn([print]));
        let articles: Vec<&str> = match &entry.parents[..] {
            [] => vec![&entry.id],
            parents => parents.iter().map(String::as_str).collect(),
        };
        !withdrawn && !articles.into_iter().any(known)
    }

    /// Whether a document in the folder of a feed, as it is published, names a story that is withdrawn. What lies in folders that
    /// it had says what it was long ago.
    fn holds_withdrawn(&self, key: &TopicKey, published: &manifest::Feed) -> bool {
        let outline = |format: Format| {
            let path = format.path(published.slug.as_ref());
            self.folder.published.files.get(&path).filter(|file| file.feed.as_ref() == Some(key))?;
            write::outline(&self.folder.read(&path)?, format)
        };
        Format::ALL.into_iter().filter_map(outline).any(|outline| self.names_withdrawn(&outline))
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
            "{} entries are new to their feeds and older than what was published there before: readers show them as unread ({} of them here)",
            older.len(),
            most.older.len()
        );
        let help = "`--dry-run` and `--report` list them before they go out";
        Some(self.about(Severity::Warning, &path, message, help))
    }
}
