//! What becomes of what was published and is no longer made: feeds whose topic has gone, and folders that were left.

use std::collections::{BTreeMap, BTreeSet};

use super::guard::Doubt;
use super::{Done, Mill, NAMED, Piece};
use crate::error::{Diagnostic, FolderError, Severity};
use crate::feed::Feed;
use crate::format::{Format, Formats};
use crate::link::EntryId;
use crate::manifest::{self, Manifest};
use crate::publish::stage::Turn;
use crate::report::{EntryChange, Fate, FeedChange};
use crate::site::{Each, Stale};
use crate::topic::{Slug, TopicKey};
use crate::write::page;
use crate::{compose, link, write};

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
            if new && (policy != Stale::Keep || self.doubt(published).is_some()) {
                let all = FeedChange { gone: published.entries.iter().map(EntryChange::untitled).collect(), ..change.clone() };
                if self.shrinks(published, &all) {
                    done.told.push(FeedChange { fate: Fate::Held, ..all });
                    done.changes.gone.remove(slug.as_str());
                    manifest.feeds.insert(key.clone(), manifest::Feed { held: true, ..published.clone() });
                    done.held.insert(key);
                    continue;
                }
            }
            let is_there = manifest.files.values().any(|file| file.feed.as_ref() == Some(&key));
            match policy {
                Stale::Keep => {}
                // Its files went long ago, and nothing says anything.
                Stale::Tombstone if !is_there => {}
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
                    let mut files: Vec<String> = Vec::new();
                    for (path, _) in manifest.files.iter().filter(|(_, file)| file.feed.as_ref() == Some(&key)) {
                        match self.is_ours(path) {
                            Ok(true) => files.push(path.clone()),
                            Ok(false) => {}
                            Err(error) => {
                                let message = format!("{}; it stays, though it would be taken away", error.message);
                                done.diagnostics.push(self.about(Severity::Error, path, message, "take it away by hand"));
                            }
                        }
                    }
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
    fn is_ours(&self, path: &str) -> Result<bool, FolderError> {
        let known = self.folder.published.files.get(path);
        let bytes = self.folder.read_if_there(path)?;
        Ok(known.is_some_and(|known| bytes.is_some_and(|bytes| write::sha256(&bytes) == known.sha256)))
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
            self.ended_page(slug, &feed.title, key, manifest, &mut made)?;
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
    pub(super) fn rewrite(
        &self,
        path: &str,
        feed: &Feed,
        bodies: &[String],
        format: Format,
        done: &mut Done,
    ) -> Result<(), FolderError> {
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

    /// Tells of feeds that have another folder than before: once, since then the manifest knows it.
    pub(super) fn moved(&self, manifest: &Manifest) -> Vec<Diagnostic> {
        let former: BTreeSet<Slug> = self.led();
        let mut told = Vec::new();
        // One beside another moves with it, which is said of that one.
        for (key, feed) in manifest.feeds.iter().filter(|(key, _)| !key.is_stories()) {
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

    /// Tells of files that are kept and no longer written, and of feeds whose topic has gone; and whether an address was left now,
    /// which is worth a warning once, and marked in the manifest.
    pub(super) fn kept(&self, manifest: &mut Manifest, cut: &BTreeSet<String>, done: &Done) -> (Vec<Diagnostic>, bool) {
        let mut told = Vec::new();
        let mut left: BTreeMap<String, Diagnostic> = BTreeMap::new();
        let mut any_left = false;
        let Manifest { files, feeds, .. } = manifest;
        for (path, file) in files {
            let written = done.changes.unchanged.contains(path) || (done.changes.written.contains(path) && !cut.contains(path));
            let feed = file.feed.as_ref().map(|key| (key, feeds.get(key)));
            let is_live = feed.is_none_or(|(key, feed)| {
                feed.is_some_and(|feed| !feed.stale && !done.held.contains(key) && !done.stay.contains(key))
            });
            if written || !is_live || file.source.is_some() {
                continue;
            }
            let slug = feed.and_then(|(_, feed)| feed?.slug.clone());
            let format = Format::of_type(&file.content_type);
            let own = match format {
                Some(format) => format.path(slug.as_ref()),
                None if file.content_type == Formats::PAGE_CONTENT_TYPE => page::path(slug.as_ref()),
                None => path.clone(),
            };
            let (message, help) = if *path != own {
                if !std::mem::replace(&mut file.left, true) {
                    any_left = true;
                    if let Some((place, finding)) = self.left(path, file.feed.as_ref(), slug.as_ref()) {
                        left.insert(place, finding);
                    }
                    continue;
                }
                ("this address was left; the file stays as it is", "delete it, if nobody subscribes to it any more")
            } else if format.is_some() || is_page_or_list(file) {
                ("this format is no longer written; the file stays as it is", "delete it, or add it to `formats`")
            } else {
                ("this file is no longer written; it stays as it is", "delete it")
            };
            told.push(self.about(Severity::Note, path, message, help));
        }
        told.extend(left.into_values());
        for slug in &done.changes.gone {
            told.push(self.gone(slug, done));
        }
        for slug in &done.changes.stale {
            let message = format!("{}; {}", self.why(slug).told("", ""), self.as_it_is(slug, manifest));
            told.push(self.about(Severity::Note, slug, message, ""));
        }
        (told, any_left)
    }

    /// That nothing new comes to an address of a feed any more, and where that is said; nothing where the feed has moved away,
    /// which is said of the folder.
    fn left(&self, path: &str, key: Option<&TopicKey>, slug: Option<&Slug>) -> Option<(String, Diagnostic)> {
        let folder = path.rsplit_once('/').and_then(|(folder, _)| Slug::parse_folder(folder).ok());
        let of_folder = folder.filter(|folder| {
            page::path(Some(folder)) == path || Format::ALL.iter().any(|format| format.path(Some(folder)) == path)
        });
        let Some(folder) = of_folder else {
            let message = "this copy of a feed is no longer written; it stays as it is";
            let help = "subscribers of this address get nothing new: add it to `also` again, or delete it";
            return Some((path.to_owned(), self.about(Severity::Warning, path, message, help)));
        };
        if key.and_then(|key| self.folder.published.slug(key)) == Some(&folder) {
            return None;
        }
        let now = slug.map_or_else(String::new, ToString::to_string);
        let message = format!("this folder does not lead to `{now}` any more; its files stay as they are");
        let help =
            format!("subscribers of this address get nothing new; with `former: [{folder}]` below the topic it does again");
        Some((folder.to_string(), self.about(Severity::Warning, folder.as_str(), message, help)))
    }

    /// That a feed is written no more: its topic has gone or seems to have, or its owner wants it so.
    fn gone(&self, slug: &str, done: &Done) -> Diagnostic {
        let fate = done.told.iter().find(|feed| feed.folder() == slug).map(|feed| feed.fate);
        let why = self.why(slug);
        let published = self.published_in(slug).map(|(_, published)| published).filter(|_| why.is_of_articles());
        let doubt = match published.and_then(|published| self.doubt(published)) {
            Some(Doubt::Unread) => " that can be read",
            Some(Doubt::Clock) => " that is dated before the clock",
            None => "",
        };
        let told = why.told(doubt, " any more");
        let (then, help) = match fate {
            Some(Fate::Ended) => ("; a last entry says so", why.help(true)),
            Some(Fate::Removed) => ("; its files are taken away", why.help(true)),
            _ => ("", why.help(false)),
        };
        let help = if doubt.is_empty() { help } else { DOUBTFUL };
        self.about(Severity::Warning, slug, format!("{told}{then}"), help)
    }

    /// The feed that was published in a folder.
    fn published_in(&self, slug: &str) -> Option<(&TopicKey, &manifest::Feed)> {
        let is_it = |feed: &manifest::Feed| feed.slug.as_ref().is_some_and(|own| own.as_str() == slug);
        self.folder.published.feeds.iter().find(|(_, feed)| is_it(feed))
    }

    /// Why the feed that was published in a folder is not written.
    fn why(&self, slug: &str) -> Why {
        let Some((key, _)) = self.published_in(slug) else { return Why::Topic };
        let site = self.request.site;
        // Beside another feed, what is so of that one is so of this one.
        let beside = self.folder.published.feeds.keys().find(|other| other.stories() == *key);
        let written = |key: &TopicKey| self.grouping.plan_of(key).is_some();
        if key.is_stories() && beside.is_none_or(written) {
            return Why::Stories;
        }
        let key = beside.unwrap_or(key);
        if let Some(count) = self.grouping.few.get(key) {
            let rules = self.grouping.topics.iter().find(|topic| topic.key == *key).map(|topic| &topic.rules);
            return Why::Few(*count, rules.map_or(0, |rules| rules.min_items));
        }
        let is_of = |own: &TopicKey| key.as_str().starts_with(own.of_each("").as_str());
        let each = site.feeds.iter().find_map(|own| own.each.filter(|_| is_of(&own.key)));
        match each {
            Some(each) => Why::Each(each),
            None if key.as_str().starts_with(TopicKey::all().of_feed().as_str()) => Why::Unsaid,
            None => Why::Topic,
        }
    }

    /// That feeds are kept whose files are not there: as where the manifest alone was brought back. From this run on the manifest
    /// does not list the files, so it is said once.
    pub(super) fn kept_in_name(&self, manifest: &Manifest) -> Option<Diagnostic> {
        // Whether any of its files is there, of each feed that has any.
        let mut there: BTreeMap<&TopicKey, bool> = BTreeMap::new();
        for (path, file) in &self.folder.published.files {
            if let Some(key) = file.feed.as_ref().filter(|key| manifest.feeds.get(*key).is_some_and(|feed| feed.stale)) {
                *there.entry(key).or_default() |= manifest.files.contains_key(path);
            }
        }
        let lost = there.into_iter().filter(|(_, there)| !there).filter_map(|(key, _)| manifest.feeds[key].slug.as_ref());
        let lost: Vec<&Slug> = lost.collect();
        // Where they are to be removed, nobody misses them.
        if lost.is_empty() || self.request.site.stale == Stale::Remove {
            return None;
        }
        let message = format!(
            "the files of feeds whose topics have gone are listed here, and are not there: {}; they are not kept any more",
            named(&lost)
        );
        let help = "if they were lost, put them back together with this file as it was before this run; if you deleted them, all is well";
        Some(self.about(Severity::Warning, manifest::FILE_NAME, message, help))
    }

    /// What lies in the folder of a feed whose topic went before.
    fn as_it_is(&self, slug: &str, manifest: &Manifest) -> &'static str {
        let found =
            manifest.feeds.iter().find(|(_, feed)| feed.stale && feed.slug.as_ref().is_some_and(|own| own.as_str() == slug));
        let Some((key, feed)) = found else { return "it is kept as it is" };
        let ending = EntryId::ending(&link::feed_id(&self.request.site.id, key.as_str()));
        match &feed.entries[..] {
            _ if !manifest.files.values().any(|file| file.feed.as_ref() == Some(key)) => "its files are taken away",
            [only] if only.id == ending.as_str() => "a last entry says so",
            _ => "it is kept as it is",
        }
    }
}

/// Why a feed that was published is not written.
#[derive(Clone, Copy)]
enum Why {
    /// No published article has its topic.
    Topic,
    /// There are so many articles for it, and its owner wants at least so many.
    Few(usize, usize),
    /// No published article is of its provider or category.
    Each(Each),
    /// The site file does not have it.
    Unsaid,
    /// The site file wants no feeds with articles only.
    Stories,
}

impl Why {
    /// Whether there would be a feed if there were more articles.
    fn is_of_articles(self) -> bool {
        matches!(self, Self::Topic | Self::Few(..) | Self::Each(_))
    }

    /// A sentence. `doubt` is about the articles, and `more` says that this is news.
    fn told(self, doubt: &str, more: &str) -> String {
        match self {
            Self::Topic => format!("no published article{doubt} has the topic of this feed{more}"),
            Self::Few(count, least) => {
                let articles = match count {
                    0 => "is no article".to_owned(),
                    1 => "is 1 article".to_owned(),
                    count => format!("are {count} articles"),
                };
                format!("there {articles} for this feed{doubt}, fewer than the {least} of `min_items`")
            }
            Self::Each(each) => format!("no published article{doubt} has the {} of this feed{more}", each.name()),
            Self::Unsaid => format!("the site file does not have this feed{more}"),
            Self::Stories => format!("the site file does not want feeds with articles only{more}"),
        }
    }

    /// What to do. `ended`: what becomes of the feed has become of it.
    fn help(self, ended: bool) -> &'static str {
        match (self, ended) {
            (Self::Topic, true) => RENAMED,
            (Self::Topic, false) => KEPT,
            (Self::Unsaid, true) => "if it has a new name, write the old one as `key` below that under `feeds`",
            (Self::Unsaid, false) => KEPT_OWN,
            (Self::Few(..) | Self::Each(_) | Self::Stories, true) => "",
            (Self::Few(..) | Self::Each(_), false) => KEPT_FOR_NOW,
            (Self::Stories, false) => "it is kept as it is; `stale` in the site file says what becomes of it",
        }
    }
}

/// Folders, as they are named in one finding; of more than a few, there is a count.
pub(super) fn named(slugs: &[&Slug]) -> String {
    let mut names: Vec<String> = slugs.iter().take(NAMED).map(|slug| format!("`{slug}`")).collect();
    names.extend((slugs.len() > NAMED).then(|| format!("{} more", slugs.len() - NAMED)));
    names.join(", ")
}

/// Whether a file is a page or the list of feeds.
fn is_page_or_list(file: &manifest::File) -> bool {
    [Formats::OPML_CONTENT_TYPE, Formats::PAGE_CONTENT_TYPE].contains(&file.content_type.as_str())
}

const RENAMED: &str = "if the topic has a new name, write `former` below that under `topics`";
const KEPT: &str = "it is kept as it is; if the topic has a new name, write `former` below that under `topics`, else `stale` in the site file says what becomes of it";
const KEPT_OWN: &str = "it is kept as it is; if it has a new name, write the old one as `key` below that under `feeds`, else `stale` in the site file says what becomes of it";
const KEPT_FOR_NOW: &str = "meanwhile it is kept as it is; `stale` in the site file says what becomes of it";
const DOUBTFUL: &str = "when its articles are there again, so is the feed";
