//! Stories that are withdrawn, taken out of what is published and not made again: out of feeds that are held back or whose
//! topic has gone, out of folders that were left, and out of formats and copies that are no longer written.
//!
//! What else these documents say cannot be made again, so it is kept, byte for byte: the entries are cut out. An entry that
//! mentions what is withdrawn goes too, since nothing of it may be anywhere.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::pages::named;
use super::{Done, Mill, Piece};
use crate::error::{Diagnostic, FolderError, Severity};
use crate::feed::Feed;
use crate::format::{Format, Formats};
use crate::group::story::State;
use crate::link::{EntryId, Fingerprint, Link};
use crate::manifest::{self, Manifest};
use crate::publish::stage::Turn;
use crate::report::{EntryChange, Fate, FeedChange};
use crate::topic::{Slug, TopicKey};
use crate::write::page::{self, Left, Listed};
use crate::write::{Outline, sha256};
use crate::{link, text, write};

/// A published document that was not made in this run.
struct Kept {
    path: String,
    /// None if it is a page.
    format: Option<Format>,
    bytes: Vec<u8>,
    outline: Outline,
    /// Whether it is as it was written.
    ours: bool,
}

/// What goes out of the documents of a feed.
#[derive(Default)]
struct Goes {
    /// Entries, by their ids.
    ids: BTreeSet<String>,
    /// What stands for the addresses of these entries.
    links: BTreeSet<Fingerprint>,
    /// Other names of stories that are withdrawn, which only the documents know.
    names: BTreeSet<Fingerprint>,
}

impl Mill<'_> {
    /// Takes stories that are withdrawn out of every document that was not `written` in this run.
    pub(super) fn retract(
        &self,
        manifest: &mut Manifest,
        written: &BTreeSet<String>,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        if !self.any_withdrawn() && done.held.is_empty() {
            return Ok(());
        }
        let made: BTreeSet<TopicKey> = written
            .iter()
            .filter_map(|path| manifest.files.get(path)?.feed.clone())
            .filter(|key| !done.held.contains(key))
            .collect();
        let mut of_feeds: BTreeMap<TopicKey, Vec<Kept>> = BTreeMap::new();
        for (path, file) in manifest.files.iter().filter(|(_, file)| file.source.is_none()) {
            let format = Format::of_type(&file.content_type);
            let is_document = format.is_some() || file.content_type == Formats::PAGE_CONTENT_TYPE;
            // What ended just now is written too.
            if !is_document || written.contains(path) || done.changes.written.contains(path) {
                continue;
            }
            let bytes = match self.folder.read_if_there(path) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(error) => {
                    let message = format!("{}: whether a story that is withdrawn is in it cannot be told", error.message);
                    done.diagnostics.push(self.about(
                        Severity::Error,
                        path,
                        message,
                        "make it readable for this user, or delete it",
                    ));
                    done.failed = true;
                    continue;
                }
            };
            let outline = match format {
                Some(format) => write::outline(&bytes, format),
                None => page::outline(&bytes),
            };
            let Some(outline) = outline else {
                done.diagnostics.extend(self.unreadable(path));
                continue;
            };
            let ours = sha256(&bytes) == file.sha256;
            let key = file.feed.clone().unwrap_or_else(TopicKey::all);
            of_feeds.entry(key).or_default().push(Kept { path: path.clone(), format, bytes, outline, ours });
        }
        for (key, documents) in of_feeds {
            self.retract_feed(&key, &documents, !made.contains(&key), manifest, done)?;
        }
        // Of a feed that has gone with its files, the manifest alone knows what was in it, and what that belonged to.
        for feed in manifest.feeds.values_mut().filter(|feed| feed.stale) {
            let is_out =
                |entry: &manifest::Entry| std::iter::once(&entry.id).chain(&entry.parents).any(|id| self.is_withdrawn(id));
            feed.entries.retain(|entry| !is_out(entry));
        }
        Ok(())
    }

    fn is_withdrawn(&self, id: &str) -> bool {
        EntryId::own(id).is_ok_and(|id| self.grouping.stories.withdrawn([id.fingerprint()]))
    }

    /// Takes what goes out of the documents of one feed; `follows` if what the manifest says of it is what they say.
    fn retract_feed(
        &self,
        key: &TopicKey,
        documents: &[Kept],
        follows: bool,
        manifest: &mut Manifest,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let unpublished = manifest.feeds.get(key).filter(|_| done.held.contains(key)).map(|feed| self.unpublished(feed));
        let unpublished = unpublished.unwrap_or_default();
        if unpublished.is_empty() && !documents.iter().any(|document| self.names_withdrawn(&document.outline)) {
            return Ok(());
        }
        let goes = self.goes(unpublished, documents);
        let mut gone: Vec<manifest::Entry> = Vec::new();
        if let Some(feed) = manifest.feeds.get_mut(key).filter(|_| follows) {
            gone = feed.entries.extract_if(.., |entry| goes.ids.contains(&entry.id)).collect();
        }
        let mut made = Done::default();
        for document in documents {
            match document.format {
                Some(format) => self.cut(key, document, format, &goes, manifest, &mut made)?,
                None => self.cut_page(key, document, &goes, manifest, &mut made)?,
            }
        }
        for (path, mut file) in std::mem::take(&mut made.files) {
            // An address that was left is no less so.
            file.left = manifest.files.get(&path).is_some_and(|before| before.left);
            manifest.files.insert(path, file);
        }
        done.add(made);
        if let Some(feed) = manifest.feeds.get(key).filter(|_| !gone.is_empty()) {
            self.tell_gone(feed, &gone, done);
        }
        Ok(())
    }

    /// What goes out of the documents of a feed, besides entries of these ids.
    fn goes(&self, ids: BTreeSet<String>, documents: &[Kept]) -> Goes {
        // What is not as it was written has no entries that could be cut out.
        let entries = |document: &Kept| write::entries(&document.bytes, document.format?).ok();
        let entries: Vec<Outline> = documents.iter().filter_map(entries).flatten().collect();
        let mut goes = Goes { ids, ..Goes::default() };
        for said in &entries {
            let own = Outline {
                ids: said.ids.iter().take(1).cloned().collect(),
                links: said.links.iter().take(1).cloned().collect(),
                ..Outline::default()
            };
            if self.names_withdrawn(&own) {
                goes.names.extend(names(&own));
            }
        }
        for said in &entries {
            if self.is_out(said, &goes) {
                goes.ids.extend(said.ids.first().cloned());
            }
        }
        let out = entries.iter().filter(|said| said.ids.first().is_some_and(|id| goes.ids.contains(id)));
        goes.links = out.filter_map(|said| said.links.first()).filter_map(|link| name(link)).collect();
        goes
    }

    /// Whether something names a story that is withdrawn, by whatever name.
    fn is_out(&self, said: &Outline, goes: &Goes) -> bool {
        self.names_withdrawn(said) || names(said).any(|name| goes.names.contains(&name))
    }

    /// Entries of articles that their owner does not want to be shown: others may link to them.
    fn unpublished(&self, feed: &manifest::Feed) -> BTreeSet<String> {
        let stories = &self.grouping.stories;
        let unpublished = |id: &str| {
            let story = stories.find(EntryId::own(id).ok().map(|id| id.fingerprint()));
            story.is_some_and(|story| stories.list[story as usize].state == State::Unpublished)
        };
        let articles = feed.entries.iter().filter(|entry| entry.parents.is_empty());
        articles.map(|entry| &entry.id).filter(|id| unpublished(id)).cloned().collect()
    }

    /// Cuts entries out of a document of a feed; out of one that somebody has worked on, all of them.
    fn cut(
        &self,
        key: &TopicKey,
        document: &Kept,
        format: Format,
        goes: &Goes,
        manifest: &Manifest,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let Kept { path, bytes, outline, ours, .. } = document;
        if !self.is_out(outline, goes) && !outline.ids.iter().any(|id| goes.ids.contains(id)) {
            return Ok(());
        }
        // It is ours, but a link may have been put in its way since.
        self.folder.claim([(path.as_str(), "")], true)?;
        let out = |said: &Outline| said.ids.first().is_some_and(|id| goes.ids.contains(id));
        let left = if *ours { write::cut(path, bytes, format, out) } else { Err(CHANGED.to_owned()) };
        match left {
            Ok(left) => {
                let piece =
                    Piece { path, bytes: &left.bytes, content_type: format.content_type(), turn: Turn::Feed, feed: Some(key) };
                // It has been read back.
                self.document(piece, || Ok(()), done)
            }
            Err(why) => {
                done.diagnostics.push(self.emptied(path, &why));
                let folder = path.split_once('/').and_then(|(folder, _)| Slug::parse(folder).ok());
                let slug = manifest.feeds.get(key).map_or(folder, |feed| feed.slug.clone());
                self.rewrite(path, &self.empty(key.clone(), slug, outline), &[], format, done)
            }
        }
    }

    /// Cuts stories out of the page of a topic; out of one that somebody has worked on, all of them.
    fn cut_page(
        &self,
        key: &TopicKey,
        document: &Kept,
        goes: &Goes,
        manifest: &Manifest,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let Kept { path, bytes, outline, ours, .. } = document;
        let slug = path.strip_suffix(Formats::PAGE_FILE_NAME).and_then(|folder| Slug::parse(folder.strip_suffix('/')?).ok());
        // The index names no story.
        let Some(slug) = slug else { return Ok(()) };
        let name = text::line_of_clean(&outline.title);
        let feed = manifest.feeds.get(key).filter(|feed| feed.slug.as_ref() == Some(&slug));
        let listed = feed.map(|feed| Listed {
            entries: feed.entries.len(),
            newest: feed.entries.first().map(|entry| entry.date),
            ..named(slug.clone(), name.clone())
        });
        let out = |links: &[String]| {
            let own = links.first().and_then(|link| self::name(link)).is_some_and(|name| goes.links.contains(&name));
            own || self.is_out(&Outline { links: links.to_vec(), ..Outline::default() }, goes)
        };
        let left = page::cut(self.request.site, listed.as_ref(), bytes, out);
        if left == Left::Whole {
            return Ok(());
        }
        self.folder.claim([(path.as_str(), "")], true)?;
        match left {
            Left::Part(bytes) if *ours => {
                let content_type = Formats::PAGE_CONTENT_TYPE;
                let piece = Piece { path, bytes: &bytes, content_type, turn: Turn::List, feed: Some(key) };
                self.document(piece, || Ok(()), done)
            }
            _ => {
                done.diagnostics.extend((!ours).then(|| self.emptied(path, CHANGED)));
                self.empty_page(slug, &name, key, manifest, done)
            }
        }
    }

    /// Says of a feed that was not made what it has lost.
    fn tell_gone(&self, feed: &manifest::Feed, gone: &[manifest::Entry], done: &mut Done) {
        let folder = feed.slug.as_ref().map_or("", Slug::as_str);
        let what = if gone.len() == 1 { "1 entry is".to_owned() } else { format!("{} entries are", gone.len()) };
        let message = format!("{what} taken out of this feed, which stays as it is otherwise: withdrawn, or naming what is");
        done.diagnostics.push(self.about(Severity::Note, folder, message, ""));
        let told = done.told.iter_mut().find(|told| told.slug == feed.slug);
        if let Some(told) = told {
            told.entries = feed.entries.len();
            if told.fate == Fate::Kept {
                told.gone = gone.iter().map(EntryChange::untitled).collect();
            }
            return;
        }
        done.told.push(FeedChange {
            slug: feed.slug.clone(),
            title: feed.title.clone(),
            fate: Fate::Kept,
            entries: feed.entries.len(),
            new: Vec::new(),
            older: Vec::new(),
            gone: gone.iter().map(EntryChange::untitled).collect(),
        });
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
            look: site.look(None),
            updated: outline.updated.unwrap_or(DateTime::UNIX_EPOCH),
            ttl: site.ttl,
            hub: site.hub_of_feeds(self.request.clock.preview),
            ended: false,
            entries: Vec::new(),
        }
    }

    /// Whether a document names a story that is withdrawn, as an entry or in a list.
    fn names_withdrawn(&self, outline: &Outline) -> bool {
        let rules = &self.request.site.block;
        let blocked = |link: &String| Link::parse(link).is_ok_and(|link| rules.iter().any(|rule| rule.covers(&link)));
        let blocked = !rules.is_empty() && outline.links.iter().any(blocked);
        blocked || self.grouping.stories.withdrawn(names(outline))
    }

    /// Whether anything is withdrawn at all.
    fn any_withdrawn(&self) -> bool {
        !self.request.site.block.is_empty() || self.grouping.stories.any_withdrawn()
    }

    /// That nobody can tell whether a withdrawn story is in a kept file which somebody else has worked on; where nothing is
    /// withdrawn, there is nothing to tell.
    fn unreadable(&self, path: &str) -> Option<Diagnostic> {
        let message =
            "this file is kept, but is not as feedmill wrote it: whether a story that is withdrawn is in it cannot be told";
        let help = "delete it, if nobody subscribes to it any more";
        self.any_withdrawn().then(|| self.about(Severity::Warning, path, message, help))
    }

    /// That more had to go than was withdrawn.
    fn emptied(&self, path: &str, why: &str) -> Diagnostic {
        let message = format!("a story in this file is withdrawn, and could not be cut out of it ({why}); the file is emptied");
        self.about(Severity::Error, path, message, "it is written anew with the next news of its topic")
    }
}

const CHANGED: &str = "it is not as feedmill wrote it";

/// Every name of a story in what a document says: of its entries, and of what they mention.
fn names(outline: &Outline) -> impl Iterator<Item = Fingerprint> {
    let ids = outline.ids.iter().chain(&outline.ties).filter_map(|id| EntryId::own(id).ok()).map(|id| id.fingerprint());
    ids.chain(outline.links.iter().filter_map(|link| name(link)))
}

/// What stands for an address.
fn name(link: &str) -> Option<Fingerprint> {
    Link::parse(link).ok().map(|link| link.key().fingerprint())
}
