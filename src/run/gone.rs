//! What becomes of what was published and is no longer made: feeds whose topic has gone, folders that were left, and stories
//! that are withdrawn.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::{Done, Mill, Piece};
use crate::error::{Diagnostic, FolderError, Severity};
use crate::feed::Feed;
use crate::format::{Format, Formats};
use crate::link::{EntryId, Link};
use crate::manifest::{self, Manifest};
use crate::publish::stage::Turn;
use crate::report::{EntryChange, Fate, FeedChange};
use crate::site::Stale;
use crate::topic::{Slug, TopicKey};
use crate::write::{Outline, page};
use crate::{compose, link, text, write};

impl Mill<'_> {
    /// Does with feeds whose topic has gone what the site file says.
    pub(super) fn leave(&self, manifest: &mut Manifest, done: &mut Done) -> Result<(), FolderError> {
        let left: Vec<TopicKey> = manifest.feeds.iter().filter(|(_, feed)| feed.stale).map(|(key, _)| key.clone()).collect();
        for key in left {
            let Some(published) = self.folder.published.feeds.get(&key) else { continue };
            let Some(slug) = published.slug.clone() else { continue };
            let new = !published.stale;
            let policy = self.request.site.stale;
            let mut change = FeedChange {
                slug: Some(slug.clone()),
                title: published.title.clone(),
                fate: Fate::Kept,
                entries: published.entries.len(),
                new: Vec::new(),
                older: Vec::new(),
                gone: Vec::new(),
            };
            if policy != Stale::Keep && new {
                let all = FeedChange { gone: published.entries.iter().map(EntryChange::untitled).collect(), ..change.clone() };
                if self.shrinks(&key, published, &all, done) {
                    done.told.push(FeedChange { fate: Fate::Held, ..all });
                    done.changes.gone.remove(slug.as_str());
                    manifest.feeds.insert(key, published.clone());
                    continue;
                }
            }
            match policy {
                Stale::Keep => {}
                Stale::Tombstone => {
                    let feed = compose::ended(self.request.site, self.request.clock, &key, published);
                    if published
                        .entries
                        .iter()
                        .map(|entry| entry.id.as_str())
                        .eq(feed.entries.iter().map(|entry| entry.id.as_str()))
                    {
                        continue;
                    }
                    change.fate = Fate::Ended;
                    change.gone = published.entries.iter().map(EntryChange::untitled).collect();
                    change.entries = feed.entries.len();
                    self.end(&key, &feed, manifest, done)?;
                }
                Stale::Remove => {
                    // With its documents goes what tells whether one of its stories is withdrawn later.
                    if let Some(feed) = manifest.feeds.get_mut(&key) {
                        feed.entries.clear();
                    }
                    let of_it = |(path, file): (&String, &manifest::File)| {
                        (file.feed.as_ref() == Some(&key) && self.is_ours(path)).then(|| path.clone())
                    };
                    let files: Vec<String> = manifest.files.iter().filter_map(of_it).collect();
                    if files.is_empty() {
                        continue;
                    }
                    change.fate = Fate::Removed;
                    change.gone = published.entries.iter().map(EntryChange::untitled).collect();
                    change.entries = 0;
                    for path in files {
                        self.remove(&path, manifest, &mut done.changes);
                    }
                }
            }
            if new || change.fate != Fate::Kept {
                done.told.push(change);
            }
        }
        Ok(())
    }

    /// Whether a file that the manifest has is still the one that was written: an owner may have put their own in its place.
    fn is_ours(&self, path: &str) -> bool {
        let known = self.folder.published.files.get(path);
        known.is_some_and(|known| self.folder.read(path).is_some_and(|bytes| write::sha256(&bytes) == known.sha256))
    }

    /// Writes the last entry of a feed in the place of all others, wherever it lies.
    fn end(&self, key: &TopicKey, feed: &Feed, manifest: &mut Manifest, done: &mut Done) -> Result<(), FolderError> {
        let bodies = write::bodies(feed);
        let mut made = Done::default();
        for (path, file) in manifest.files.iter().filter(|(_, file)| file.feed.as_ref() == Some(key) && file.source.is_none()) {
            if let Some(format) = Format::of_type(&file.content_type) {
                self.folder.claim([(path.as_str(), feed.id.as_str())], true)?;
                self.rewrite(path, feed, &bodies, format, &mut made)?;
            }
        }
        if let Some(slug) = feed.slug.clone().filter(|slug| manifest.files.contains_key(&page::path(Some(slug)))) {
            self.empty_page(slug, &feed.title, key, manifest, &mut made)?;
        }
        manifest.files.extend(std::mem::take(&mut made.files));
        if let Some(published) = manifest.feeds.get_mut(key) {
            let entry = |entry: &crate::feed::Entry| manifest::Entry {
                id: entry.id.as_str().to_owned(),
                date: entry.published,
                parents: Vec::new(),
            };
            published.entries = feed.entries.iter().map(entry).collect();
        }
        done.add(made);
        Ok(())
    }

    /// Writes a feed to a path at which one of it lies.
    fn rewrite(&self, path: &str, feed: &Feed, bodies: &[String], format: Format, done: &mut Done) -> Result<(), FolderError> {
        let document = match write::write_with(feed, bodies, format, Vec::new()) {
            Ok(document) => document,
            Err(why) => {
                self.hold_back(path, &why, done);
                return Ok(());
            }
        };
        let content_type = format.content_type();
        let piece = Piece { path, bytes: &document.bytes, content_type, turn: Turn::Feed, feed: Some(&feed.key) };
        self.document(piece, || write::verify(&document), done)
    }

    /// Empties documents that are kept, and no longer written, if they name a story that is withdrawn: what else they said
    /// cannot be made again, and a retraction must not wait for it.
    pub(super) fn retract(
        &self,
        manifest: &mut Manifest,
        written: &BTreeSet<String>,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let kept = manifest.files.iter().filter(|(path, file)| !written.contains(*path) && file.source.is_none());
        let kept: Vec<(String, manifest::File)> = kept.map(|(path, file)| (path.clone(), file.clone())).collect();
        for (path, file) in kept {
            if done.changes.written.contains(&path) {
                // It was ended just now.
                continue;
            }
            if file.content_type == Formats::PAGE_CONTENT_TYPE {
                self.retract_page(&path, &file, manifest, done)?;
                continue;
            }
            let Some(format) = Format::of_type(&file.content_type) else { continue };
            let Some(outline) = self.folder.read(&path).map(|bytes| write::outline(&bytes, format)) else { continue };
            let Some(outline) = outline else {
                done.diagnostics.extend(self.unreadable(&path));
                continue;
            };
            if !self.names_withdrawn(&outline) {
                continue;
            }
            // It is ours, but a link may have been put in its way since.
            self.folder.claim([(path.as_str(), "")], true)?;
            let key = file.feed.unwrap_or_else(TopicKey::all);
            let folder = path.split_once('/').and_then(|(folder, _)| Slug::parse(folder).ok());
            let slug = match manifest.feeds.get_mut(&key) {
                Some(feed) => {
                    if feed.stale {
                        feed.entries.clear();
                    }
                    feed.slug.clone()
                }
                None => folder,
            };
            let empty = self.empty(key, slug, &outline);
            let mut made = Done::default();
            self.rewrite(&path, &empty, &[], format, &mut made)?;
            manifest.files.extend(std::mem::take(&mut made.files));
            done.add(made);
        }
        Ok(())
    }

    /// A feed without entries, in the place of one that said this.
    fn empty(&self, key: TopicKey, slug: Option<Slug>, outline: &Outline) -> Feed {
        let site = self.request.site;
        let title = text::line_of_clean(&outline.title);
        Feed {
            id: outline.id.clone().unwrap_or_else(|| link::feed_id(&site.id, key.as_str())),
            key,
            description: title.clone(),
            title,
            home: site.home_of(slug.as_ref()),
            slug,
            base_url: site.base_url.clone(),
            language: site.language.clone(),
            author: site.author.clone(),
            look: site.look(),
            updated: outline.updated.unwrap_or(DateTime::UNIX_EPOCH),
            ttl: site.ttl,
            hub: site.hub_of_feeds(self.request.clock.preview),
            ended: false,
            entries: Vec::new(),
        }
    }

    /// Whether a document names a story that is withdrawn, as an entry or in a list.
    pub(super) fn names_withdrawn(&self, outline: &Outline) -> bool {
        let stories = &self.grouping.stories;
        let ids = outline.ids.iter().filter_map(|id| EntryId::own(id).ok()).map(|id| id.fingerprint());
        let links: Vec<Link> = outline.links.iter().filter_map(|link| Link::parse(link).ok()).collect();
        let blocked = links.iter().any(|link| self.request.site.block.iter().any(|rule| rule.covers(link)));
        blocked || stories.withdrawn(ids.chain(links.iter().map(|link| link.key().fingerprint())))
    }

    /// That nobody can tell whether a withdrawn story is in a kept file which somebody else has worked on; where nothing is
    /// withdrawn, there is nothing to tell.
    pub(super) fn unreadable(&self, path: &str) -> Option<Diagnostic> {
        let any = !self.request.site.block.is_empty() || self.grouping.stories.any_withdrawn();
        let message =
            "this file is kept, but is not as feedmill wrote it: whether a story that is withdrawn is in it cannot be told";
        any.then(|| self.about(Severity::Warning, path, message, "delete it, if nobody subscribes to it any more"))
    }

    /// Tells of feeds that have another folder than before: once, since then the manifest knows it.
    pub(super) fn moved(&self, manifest: &Manifest) -> Vec<Diagnostic> {
        let former: BTreeSet<&Slug> = self.request.site.topics.values().flat_map(|rules| &rules.former).collect();
        let mut told = Vec::new();
        for (key, feed) in &manifest.feeds {
            let before = self.folder.published.slug(key);
            let Some(old) = before.filter(|old| feed.slug.as_ref() != Some(old) && !former.contains(old)) else {
                continue;
            };
            let now = feed.slug.as_ref().map_or_else(String::new, ToString::to_string);
            let message = format!("the feed that was here is written to `{now}` now; these files stay as they are");
            let help = format!(
                "subscribers of this address get nothing new; with `former: [{old}]` below the topic it leads to the new one"
            );
            told.push(self.about(Severity::Warning, old.as_str(), message, help));
        }
        told
    }

    /// Tells of files that are kept and no longer written, and of feeds whose topic has gone.
    pub(super) fn kept(&self, manifest: &Manifest, done: &Done) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let written = |path: &String| done.changes.written.contains(path) || done.changes.unchanged.contains(path);
        let live: BTreeSet<&TopicKey> = manifest.feeds.iter().filter(|(_, feed)| !feed.stale).map(|(key, _)| key).collect();
        let guarded: BTreeSet<&str> = done.told.iter().filter(|feed| feed.fate == Fate::Held).map(FeedChange::folder).collect();
        for (path, file) in manifest.files.iter().filter(|(path, _)| !written(path)) {
            let of_live = file.feed.as_ref().is_none_or(|key| live.contains(key));
            let of_guarded = file
                .feed
                .as_ref()
                .and_then(|key| manifest.feeds.get(key))
                .is_some_and(|feed| guarded.contains(feed.slug.as_ref().map_or("", Slug::as_str)));
            if !of_live || of_guarded || file.source.is_some() {
                continue;
            }
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let in_place = file
                .feed
                .as_ref()
                .and_then(|key| manifest.feeds.get(key))
                .is_none_or(|feed| feed.slug.as_ref().map_or("", Slug::as_str) == folder);
            let (message, help) = match Format::of_type(&file.content_type) {
                Some(_) if in_place => {
                    ("this format is no longer written; the file stays as it is", "delete it, or add it to `formats`")
                }
                Some(_) => {
                    ("this copy is no longer written; it stays as it is", "delete it, if nobody subscribes to it any more")
                }
                None if [Formats::OPML_CONTENT_TYPE, Formats::PAGE_CONTENT_TYPE].contains(&file.content_type.as_str()) => {
                    ("this format is no longer written; the file stays as it is", "delete it, or add it to `formats`")
                }
                None => ("this file is no longer written; it stays as it is", "delete it"),
            };
            told.push(self.about(Severity::Note, path, message, help));
        }
        for slug in &done.changes.gone {
            let fate = done.told.iter().find(|feed| feed.folder() == slug).map(|feed| feed.fate);
            let (then, help) = match fate {
                Some(Fate::Ended) => ("; a last entry says so", RENAMED),
                Some(Fate::Removed) => ("; its files are taken away", RENAMED),
                _ => ("", KEPT),
            };
            let message = format!("no published article has the topic of this feed any more{then}");
            told.push(self.about(Severity::Warning, slug, message, help));
        }
        for slug in &done.changes.stale {
            let then = match self.request.site.stale {
                Stale::Keep => "it is kept as it is",
                Stale::Tombstone => "a last entry says so",
                Stale::Remove => "its files are taken away",
            };
            let message = format!("no published article has the topic of this feed; {then}");
            told.push(self.about(Severity::Note, slug, message, ""));
        }
        told
    }
}

const RENAMED: &str = "if the topic has a new name, write `former` below that under `topics`";
const KEPT: &str = "it is kept as it is; if the topic has a new name, write `former` below that under `topics`, else `stale` in the site file says what becomes of it";
