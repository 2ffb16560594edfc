//! Every feed from its plan to its files: fetch, compose, write, one in memory for each thread; then the pages, the list of
//! feeds and the manifest. What differs is laid out, and put in its place when all is there. The second half of
//! [`crate::build`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::encoding;
use crate::error::{Diagnostic, FolderError, Severity, shown};
use crate::feed::{EntryKind, Feed, PREVIEW};
use crate::format::{self, Format, Formats};
use crate::group::{Grouping, Plan};
use crate::index::Index;
use crate::manifest::{self, Manifest};
use crate::publish::stage::{Stage, Turn};
use crate::publish::{self, Folder};
use crate::read::Rules;
use crate::report::{Changes, Fate, FeedChange, Report};
use crate::site::Also;
use crate::threads::together;
use crate::topic::{Slug, TopicKey};
use crate::write::page;
use crate::{Action, Request, compose, fetch, link, write};

mod gone;
mod guard;
mod hosting;
mod pages;
mod withdrawn;

/// What it takes to make feeds.
pub(crate) struct Mill<'a> {
    /// What is asked.
    pub(crate) request: &'a Request<'a>,
    /// Where the feeds go.
    pub(crate) folder: &'a Folder,
    /// How articles are read.
    pub(crate) rules: &'a Rules,
    /// What is known of all articles.
    pub(crate) index: &'a Index,
    /// What goes into which feed.
    pub(crate) grouping: &'a Grouping,
    /// How many files may be articles and could not be read; very many where it is a folder.
    pub(crate) unread: usize,
    /// Where it waits until all of it is there.
    pub(crate) stage: &'a Stage<'a>,
}

const SMALLER: &str = "lower `limit` or `related.per_article` in the site file, or set `content: excerpt`";

/// Folders that are named in one finding; of more, there is a count.
const NAMED: usize = 5;

/// What was made; whatever the order, the same.
#[derive(Default)]
struct Done {
    files: BTreeMap<String, manifest::File>,
    feeds: BTreeMap<TopicKey, manifest::Feed>,
    changes: Changes,
    told: Vec<FeedChange>,
    diagnostics: Vec<Diagnostic>,
    failed: bool,
    /// Feeds that stay as they are, since too much of them would go.
    held: BTreeSet<TopicKey>,
    errors: BTreeMap<PathBuf, FolderError>,
    /// Feeds that stay as they are, since they did not come out, or their files changed during the run.
    stay: BTreeSet<TopicKey>,
    /// Whether something is left to the next run though nothing will have changed.
    unsteady: bool,
}

impl Done {
    fn add(&mut self, one: Self) {
        self.files.extend(one.files);
        self.feeds.extend(one.feeds);
        self.changes.add(one.changes);
        self.told.extend(one.told);
        self.diagnostics.extend(one.diagnostics);
        self.failed |= one.failed;
        self.held.extend(one.held);
        self.stay.extend(one.stay);
        self.unsteady |= one.unsteady;
    }
}

/// A file that is to be published.
#[derive(Clone, Copy)]
struct Piece<'p> {
    path: &'p str,
    bytes: &'p [u8],
    content_type: &'static str,
    turn: Turn,
    /// The feed that it is of.
    feed: Option<&'p TopicKey>,
}

impl Mill<'_> {
    /// Takes withdrawn stories out of what is published, and does nothing else.
    pub(crate) fn take_back(&self, report: &mut Report) -> Result<(), FolderError> {
        let mut manifest = self.folder.published.clone();
        let mut done = Done::default();
        self.retract(&mut manifest, &BTreeSet::new(), &mut done)?;
        if !done.changes.written.is_empty() {
            self.unmade(&mut manifest, &mut done.changes);
            self.put_manifest(&manifest, &mut done.changes)?;
        }
        report.failed |= done.failed;
        report.diagnostics.extend(done.diagnostics);
        report.feeds = done.told;
        report.changes.add(done.changes);
        Ok(())
    }

    /// Composes and writes every feed with its page; then the list of feeds, and the index; then the manifest.
    pub(crate) fn publish(&self, report: &mut Report) -> Result<(), FolderError> {
        let Self { request, folder, .. } = self;
        let site = request.site;
        self.claim()?;
        let lost = self.manifest_is_lost();
        let mut done = self.every_feed();
        if let Some((_, error)) = std::mem::take(&mut done.errors).into_iter().next() {
            return Err(error);
        }
        let written: BTreeSet<String> = done.files.keys().cloned().collect();
        let next = Manifest {
            site: site.id.clone(),
            site_file: site.file.is_some(),
            preview: request.clock.preview,
            selection: site.selection.clone(),
            files: std::mem::take(&mut done.files),
            feeds: std::mem::take(&mut done.feeds),
            host_files: BTreeSet::new(),
        };
        let mut manifest = publish::succeed(folder, next, &self.led(), &mut done.changes);
        let kept_in_name = self.kept_in_name(&manifest);
        report.told_once |= kept_in_name.is_some();
        report.diagnostics.extend(kept_in_name);
        self.leave(&mut manifest, &mut done)?;
        let made = done.changes.written.clone();
        self.retract(&mut manifest, &written, &mut done)?;
        self.tell_held(&manifest, &mut done);
        // What something was taken out of is not written any more for that.
        let cut: BTreeSet<String> = done.changes.written.difference(&made).cloned().collect();
        for more in [self.assets()?, self.list(&manifest)?, self.index_page(&manifest)?] {
            manifest.files.extend(more.files.clone());
            done.add(more);
        }
        self.unmade(&mut manifest, &mut done.changes);
        if lost {
            self.begin_anew(&mut manifest, &mut done);
        }
        report.told_once |= lost;
        self.hosting(&mut manifest, &mut done)?;
        let (kept, left) = self.kept(&mut manifest, &cut, &done);
        self.put_manifest(&manifest, &mut done.changes)?;

        let feeds = |manifest: &Manifest| {
            manifest.feeds.iter().map(|(key, feed)| (key.clone(), feed.slug.clone(), feed.stale)).collect::<Vec<_>>()
        };
        report.told_once |= feeds(&folder.published) != feeds(&manifest);
        report.diagnostics.extend(self.moved(&manifest));
        report.diagnostics.extend(kept);
        report.told_once |= left | done.unsteady;
        let flood = self.flood(&done.told);
        report.told_once |= flood.is_some();
        report.diagnostics.extend(flood);
        report.diagnostics.append(&mut done.diagnostics);
        report.failed |= done.failed;
        done.told.sort_by(|a, b| a.slug.cmp(&b.slug));
        report.feeds = done.told;
        report.changes.add(done.changes);
        Ok(())
    }

    /// Refuses what is in the way of the feeds, before anything is written.
    fn claim(&self) -> Result<(), FolderError> {
        let Self { request, folder, .. } = self;
        let site = request.site;
        let mut files = self.documents();
        files.extend(site.formats.opml.then(|| (Formats::OPML_FILE_NAME.to_owned(), String::new())));
        files.extend(self.page_paths().into_iter().map(|path| (path, String::new())));
        distinct(&files).map_err(|clash| self.crowded(&clash))?;
        let compressed = |(path, id): &(String, String)| {
            site.precompress.iter().map(|encoding| (format!("{path}{}", encoding.ending()), id.clone())).collect::<Vec<_>>()
        };
        let compressed: Vec<(String, String)> = files.iter().flat_map(compressed).collect();
        let paths = files.iter().map(|(path, id)| (path.as_str(), id.as_str()));
        let compressed = compressed.iter().map(|(path, id)| (path.as_str(), id.as_str()));
        folder.claim(paths.chain(compressed), request.adopt)?;
        self.claim_assets()?;
        self.claim_hosting()?;
        // Without a manifest nothing tells whether the feeds that are there are for the public.
        if folder.used || request.adopt {
            return Ok(());
        }
        for start in files.iter().map(|(path, _)| folder.start(path)).filter(|start| !start.is_empty()) {
            let message = match (request.clock.preview, format::is_titled(&start, PREVIEW)) {
                (true, false) => "there are feeds here, and a preview must not replace them",
                (false, true) => "these feeds are a preview",
                _ => continue,
            };
            return Err(FolderError::new(
                &site.out,
                message,
                "choose another folder with `--out`, or let them be replaced with `--adopt`",
            ));
        }
        Ok(())
    }

    /// Two files that want one place. Where the site file says it of one of them, that is where it can be said otherwise.
    fn crowded(&self, clash: &Clash) -> FolderError {
        let site = self.request.site;
        let Clash { path, below } = clash;
        let is_meant = |also: &&Also| {
            let also = also.path.to_lowercase();
            also == path.to_lowercase() || below.as_ref().is_some_and(|below| also == *below)
        };
        let also = site.every_rules().flat_map(|rules| &rules.also);
        let message = match below {
            None => format!("two files would be at `{path}`"),
            Some(below) => format!("a file would be at `{path}`, and a folder for {below}"),
        };
        match (also.filter(is_meant).max_by_key(|also| also.place), &site.file) {
            (Some(Also { place: (line, column), .. }), Some(file)) => {
                let place = PathBuf::from(format!("{}:{line}:{column}", shown(file)));
                FolderError::new(&place, message, "write another path here, or give the topic another `slug`")
            }
            _ => FolderError::new(&site.out, message, "write another `slug` or `former` in the site file"),
        }
    }

    /// Where every document of a feed goes, and the id of its feed.
    fn documents(&self) -> Vec<(String, String)> {
        let Self { request, grouping, .. } = self;
        let site = request.site;
        let mut documents = Vec::new();
        for plan in &grouping.feeds {
            let key = grouping.key(plan);
            let id = link::feed_id(&site.id, key.as_str());
            let stories = self
                .has_stories(plan)
                .then(|| (Slug::stories(grouping.slug(plan)), link::feed_id(&site.id, key.stories().as_str())));
            for &format in &site.formats.feeds {
                let own = format.path(grouping.slug(plan));
                let copies = self.copies(plan, format).into_iter().filter(|copy| *copy != own).collect::<Vec<_>>();
                documents.extend(std::iter::once(own).chain(copies).map(|path| (path, id.clone())));
                if let Some((slug, id)) = &stories {
                    let own = format.path(Some(slug));
                    let copies = self.copies_of_stories(plan, format).into_iter().filter(|copy| *copy != own).collect::<Vec<_>>();
                    documents.extend(std::iter::once(own).chain(copies).map(|path| (path, id.clone())));
                }
            }
        }
        documents
    }

    /// Whether there is beside a feed one with its articles only.
    fn has_stories(&self, plan: &Plan) -> bool {
        let is_free = plan.topic.is_some() || self.folder.published.holder_of_stories().is_none();
        self.request.site.stories && is_free
    }

    /// Whether feeds of this site are here without the manifest, which is written with them.
    fn manifest_is_lost(&self) -> bool {
        let is_here = |(path, id): (String, String)| {
            let start = self.folder.start(&path);
            format::is_marked(&start) && format::feed_id(&start).is_none_or(|other| other == id)
        };
        !self.folder.used && self.documents().into_iter().any(is_here)
    }

    /// Says what was lost with the manifest, and takes away compressed files that would never be made again: a server would
    /// show them instead of what is new.
    fn begin_anew(&self, manifest: &mut Manifest, done: &mut Done) {
        let siblings = |path: &String| encoding::Encoding::ALL.map(|encoding| format!("{path}{}", encoding.ending()));
        let is_left = |path: &String| !manifest.files.contains_key(path) && format::is_marked(&self.folder.start(path));
        let left: Vec<String> = manifest.files.keys().flat_map(siblings).filter(is_left).collect();
        for path in left {
            self.remove(&path, manifest, &mut done.changes);
        }
        let message = "this file is gone, and feeds of this site are here: it is written anew, without the dates at which entries \
                       came, the folders of renamed topics, and feeds whose topics have gone";
        let help = "put it back if there is a copy of it, and keep it with the feeds";
        done.diagnostics.push(self.about(Severity::Warning, manifest::FILE_NAME, message, help));
        let known: BTreeSet<Slug> = manifest.slugs().collect();
        let orphans: Vec<Slug> = self.folder.feed_folders().into_iter().filter(|slug| !known.contains(slug)).collect();
        if orphans.is_empty() {
            return;
        }
        let names = gone::named(&orphans.iter().collect::<Vec<_>>());
        let message = format!("feeds that are no longer written are in {names}, and stay as they are");
        let help = "delete them, if nobody subscribes to them; `stale` in the site file is about feeds that are in the manifest";
        done.diagnostics.push(self.about(Severity::Warning, "", message, help));
    }

    /// Folders that a topic had: they lead to the one that it has.
    fn former(&self, plan: &Plan) -> &[Slug] {
        plan.topic.map_or(&[], |topic| &self.grouping.topics[topic].former)
    }

    /// Every folder that leads to that of a feed.
    fn led(&self) -> BTreeSet<Slug> {
        let folders = |plan: &Plan| {
            let stories = self.former(plan).iter().filter(|_| self.has_stories(plan)).map(|slug| Slug::stories(Some(slug)));
            self.former(plan).iter().cloned().chain(stories).collect::<Vec<_>>()
        };
        self.grouping.feeds.iter().flat_map(folders).collect()
    }

    /// Where copies of the feed with the articles only go: where it was beside a feed that is led elsewhere now.
    fn copies_of_stories(&self, plan: &Plan, format: Format) -> Vec<String> {
        self.former(plan).iter().map(|slug| format.path(Some(&Slug::stories(Some(slug))))).collect()
    }

    /// Where copies of a feed in one format go: to old addresses of it.
    fn copies(&self, plan: &Plan, format: Format) -> Vec<String> {
        let also = plan.rules.also.iter().filter(|also| also.format == format).map(|also| also.path.clone());
        also.chain(self.former(plan).iter().map(|slug| format.path(Some(slug)))).collect()
    }

    /// Makes every feed, on as many threads as are asked for.
    fn every_feed(&self) -> Done {
        let done = Mutex::new(Done::default());
        let next = AtomicUsize::new(0);
        let work = || {
            let mut memory = Vec::new();
            while let Some(plan) = self.grouping.feeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = self.feed(plan, &mut memory);
                // A thread that panicked ends the run anyway.
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                match outcome {
                    Ok(one) => done.add(one),
                    Err(error) => {
                        done.errors.insert(error.path.clone(), error);
                        next.store(usize::MAX / 2, Ordering::Relaxed);
                    }
                }
            }
        };
        together(self.request.threads, work);
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn about(&self, severity: Severity, path: &str, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic::of_file(severity, &shown(&self.request.site.out.join(path)), message, help)
    }

    /// Makes the feed of a plan; `memory` serves for one document after another.
    fn feed(&self, plan: &Plan, memory: &mut Vec<u8>) -> Result<Done, FolderError> {
        let mut done = Done::default();
        let site = self.request.site;
        let key = self.grouping.key(plan);
        let known = self.folder.published.feeds.get(&key);
        let published = known.filter(|feed| !feed.stale);
        let material = fetch::fetch(self.index, self.rules, self.grouping, plan, &mut done.diagnostics)
            .map_err(|(path, cause)| FolderError::new(&path, format!("cannot be read: {cause}"), crate::error::EXHAUSTED))?;
        let Some(feed) = compose::compose(self.index, site, self.request.clock, self.grouping, plan, &material, published) else {
            // Its files changed during the run: what was published stays, and is no less alive for it.
            let beside = key.stories();
            let stories = self.folder.published.feeds.get(&beside).filter(|feed| !feed.stale && site.stories);
            done.stay.extend([key.clone(), beside.clone()]);
            done.feeds.extend(stories.map(|feed| (beside, feed.clone())));
            done.feeds.extend(published.map(|feed| (key, feed.clone())));
            done.unsteady = true;
            return Ok(done);
        };
        done.unsteady |= material.unsteady;
        self.meet(plan, &material);
        let name_key = plan.topic.map(|topic| &self.grouping.topics[topic].name_key).filter(|name| **name != feed.key).cloned();
        let stories = self.has_stories(plan).then(|| compose::stories(site, &feed));
        let place = Placed { copies: &|format| self.copies(plan, format), plan, name_key };
        if let Some(change) = self.made(&feed, &place, memory, &mut done)? {
            self.topic_page(plan, &feed, &mut done)?;
            tell(change, 0, &mut done);
        }
        if let Some(stories) = stories {
            let before = done.changes.written.len();
            let place = Placed { copies: &|format| self.copies_of_stories(plan, format), plan, name_key: None };
            if let Some(change) = self.made(&stories, &place, memory, &mut done)? {
                tell(change, before, &mut done);
            }
        }
        Ok(done)
    }

    /// Notes when related links grow too old for a feed: until then, a run with nothing new finds what this one found.
    fn meet(&self, plan: &Plan, material: &fetch::Material) {
        let Some(most) = plan.rules.related.max_age else { return };
        for (story, article) in &material.chosen {
            let of_article = self.grouping.stories.date(self.index, *story);
            for link in &article.related {
                let date = link.published.map_or(of_article, |date| date.timestamp());
                self.rules.dates.turn(most.end(date), self.request.clock.now);
            }
        }
    }

    /// Lays out a feed, unless it is to stay as it is; what comes and goes then.
    fn made(
        &self,
        feed: &Feed,
        place: &Placed,
        memory: &mut Vec<u8>,
        done: &mut Done,
    ) -> Result<Option<FeedChange>, FolderError> {
        let site = self.request.site;
        let known = self.folder.published.feeds.get(&feed.key);
        let published = known.filter(|feed| !feed.stale);
        // Who reads an address has what was there: of this feed, even if its topic had gone, or of another one.
        let there = known.filter(|known| known.slug == feed.slug);
        let there = there.or_else(|| self.folder.published.feeds.values().find(|there| there.slug == feed.slug));
        let mut change = guard::change(feed, there.or(known));
        if let Some(published) = published.filter(|published| published.slug == feed.slug)
            && self.shrinks(published, &change)
        {
            change.fate = Fate::Held;
            change.entries = published.entries.len();
            done.told.push(change);
            done.feeds.insert(feed.key.clone(), manifest::Feed { held: true, ..published.clone() });
            done.held.insert(feed.key.clone());
            return Ok(None);
        }
        let bodies = write::bodies(feed);
        if let Some((path, bytes)) = self.too_large(feed, &bodies, memory) {
            let kib = bytes / 1024;
            let stays = if published.is_some() { "it stays as it is" } else { "it is not published" };
            let message = format!("this feed would have {kib} KiB, and readers cut feeds of that size; {stays}");
            done.diagnostics.push(self.about(Severity::Error, &path, message, SMALLER));
            done.failed = true;
            done.feeds.extend(published.map(|there| (feed.key.clone(), there.clone())));
            done.stay.insert(feed.key.clone());
            return Ok(None);
        }
        for &format in &site.formats.feeds {
            self.feed_document(feed, &bodies, format, &(place.copies)(format), memory, done)?;
        }
        let entries = feed.entries.iter().map(|entry| {
            let parents = match &entry.kind {
                EntryKind::Article => Vec::new(),
                EntryKind::Related { parents } => parents.iter().map(|parent| parent.id.as_str().to_owned()).collect(),
            };
            manifest::Entry { id: entry.id.as_str().to_owned(), date: entry.published, parents }
        });
        let entry = manifest::Feed {
            slug: feed.slug.clone(),
            title: feed.title.as_str().to_owned(),
            topic: place.name_key.clone(),
            selection: place.plan.selection.clone(),
            stale: false,
            held: false,
            entries: entries.collect(),
        };
        done.feeds.insert(feed.key.clone(), entry);
        Ok(Some(change))
    }

    /// Writes a feed in one format, if it differs from what is published and comes out right; and the `copies` of it.
    fn feed_document(
        &self,
        feed: &Feed,
        bodies: &[String],
        format: Format,
        copies: &[String],
        memory: &mut Vec<u8>,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let path = format.path(feed.slug.as_ref());
        let document = match write::write_with(feed, bodies, format, std::mem::take(memory)) {
            Ok(document) => document,
            Err(why) => {
                self.hold_back(&path, &why, done);
                return Ok(());
            }
        };
        let piece = |path| Piece {
            path,
            bytes: &document.bytes,
            content_type: format.content_type(),
            turn: Turn::Feed,
            feed: Some(&feed.key),
        };
        self.document(piece(&path), || write::verify(&document), done)?;
        if done.files.contains_key(&path) {
            for copy in copies.iter().filter(|copy| **copy != path) {
                // It was read back as what it is a copy of.
                self.document(piece(copy), || Ok(()), done)?;
            }
            if document.bytes.len() > write::LARGE {
                let message = format!("this feed has {} KiB, which readers fetch again and again", document.bytes.len() / 1024);
                done.diagnostics.push(self.about(Severity::Warning, &path, message, SMALLER));
            }
        }
        *memory = document.bytes;
        Ok(())
    }

    /// The first document of a feed that has more bytes than readers take, and how many.
    fn too_large(&self, feed: &Feed, bodies: &[String], memory: &mut Vec<u8>) -> Option<(String, usize)> {
        // What makes a feed large stands in bodies and texts; all else, and what escaping adds, is far from seven times as much.
        let texts = feed.entries.iter().filter_map(|entry| entry.text.as_ref()).map(|text| text.as_str().len());
        if bodies.iter().map(String::len).chain(texts).sum::<usize>() < write::TOO_LARGE / 8 {
            return None;
        }
        for &format in &self.request.site.formats.feeds {
            // What cannot be written is told where it is to be.
            let Ok(document) = write::write_with(feed, bodies, format, std::mem::take(memory)) else { continue };
            *memory = document.bytes;
            if memory.len() > write::TOO_LARGE {
                return Some((format.path(feed.slug.as_ref()), memory.len()));
            }
        }
        None
    }

    /// Writes the list of the topics' feeds that there are after the run.
    fn list(&self, manifest: &Manifest) -> Result<Done, FolderError> {
        let Self { request, grouping, .. } = self;
        let mut done = Done::default();
        if !request.site.formats.opml {
            return Ok(done);
        }
        let list = compose::subscriptions(request.site, request.clock, grouping, manifest);
        if list.subscriptions.is_empty() {
            // Every feed was held back, and none was there before.
            return Ok(done);
        }
        let path = Formats::OPML_FILE_NAME;
        match write::write_list(&list) {
            Ok(bytes) => {
                let content_type = Formats::OPML_CONTENT_TYPE;
                let piece = Piece { path, bytes: &bytes, content_type, turn: Turn::List, feed: None };
                self.document(piece, || write::verify_list(&bytes, &list), &mut done)?;
            }
            Err(why) => self.hold_back(path, &why, &mut done),
        }
        Ok(done)
    }

    /// Lays out a file if it differs from what is published and comes out right, and what it is compressed to.
    fn document(&self, piece: Piece, verify: impl FnOnce() -> Result<(), String>, done: &mut Done) -> Result<(), FolderError> {
        let Piece { path, bytes, content_type, turn, feed } = piece;
        // What equals the published file was read back when it was published.
        let differs = self.folder.differs(path, bytes)?;
        if differs && let Err(why) = verify() {
            self.hold_back(path, &why, done);
            return Ok(());
        }
        self.put(turn, path, bytes, differs, &mut done.changes)?;
        let file = |bytes: &[u8], source| manifest::File {
            sha256: write::sha256(bytes),
            bytes: bytes.len() as u64,
            content_type: content_type.to_owned(),
            feed: feed.cloned(),
            source,
            left: false,
        };
        let whole = file(bytes, None);
        for encoding in self.request.site.precompress.iter().filter(|_| encoding::pays(content_type)) {
            let path = format!("{path}{}", encoding.ending());
            let made = self.folder.published.files.get(&path).filter(|made| made.source.as_ref() == Some(&whole.sha256));
            // It is made again only with its source, whatever another version of the compressor would make of it.
            // What cannot be read is no reason to keep it.
            let there = made.and_then(|_| self.folder.read_if_there(&path).ok().flatten());
            if let Some(made) = made.filter(|made| there.is_some_and(|bytes| write::sha256(&bytes) == made.sha256)) {
                done.files.insert(path.clone(), manifest::File { feed: feed.cloned(), ..made.clone() });
                done.changes.unchanged.insert(path);
                continue;
            }
            let compressed = encoding.compress(bytes);
            self.put(turn, &path, &compressed, self.folder.differs(&path, &compressed)?, &mut done.changes)?;
            done.files.insert(path, file(&compressed, Some(whole.sha256.clone())));
        }
        done.files.insert(path.to_owned(), whole);
        Ok(())
    }

    /// Takes away compressed files that are no longer made, or whose source is another one now: a server would show them
    /// instead.
    fn unmade(&self, manifest: &mut Manifest, changes: &mut Changes) {
        let unmade = |path: &String, file: &manifest::File| {
            let (encoding, of) = encoding::Encoding::of(path)?;
            let source = file.source.as_ref()?;
            let made = self.request.site.precompress.contains(&encoding);
            let same = manifest.files.get(of).is_some_and(|of| of.sha256 == *source);
            (!(made && same)).then(|| path.clone())
        };
        let unmade: Vec<String> = manifest.files.iter().filter_map(|(path, file)| unmade(path, file)).collect();
        for path in unmade {
            self.remove(&path, manifest, changes);
        }
    }

    /// Takes a file away.
    fn remove(&self, path: &str, manifest: &mut Manifest, changes: &mut Changes) {
        if self.request.action == Action::Publish {
            self.stage.remove(path);
        }
        manifest.files.remove(path);
        changes.removed.insert(path.to_owned());
    }

    /// Leaves what was published, and says so.
    fn hold_back(&self, path: &str, why: &str, done: &mut Done) {
        done.failed = true;
        let message = format!("this file did not come out right and is held back: {why}");
        let help = "what was published stays; this is a fault of feedmill, please report it";
        done.diagnostics.push(self.about(Severity::Error, path, message, help));
    }

    fn put_manifest(&self, manifest: &Manifest, changes: &mut Changes) -> Result<(), FolderError> {
        let bytes = manifest.bytes();
        let differs = self.folder.differs(manifest::FILE_NAME, &bytes)?;
        self.put(Turn::Manifest, manifest::FILE_NAME, &bytes, differs, changes)
    }

    /// Lays out a file if it differs and if files are to be replaced at all.
    fn put(&self, turn: Turn, path: &str, bytes: &[u8], differs: bool, changes: &mut Changes) -> Result<(), FolderError> {
        if !differs {
            changes.unchanged.insert(path.to_owned());
            return Ok(());
        }
        if self.request.action == Action::Publish {
            self.stage.put(turn, path, bytes)?;
        }
        changes.written.insert(path.to_owned());
        Ok(())
    }
}

/// Tells of a feed if more was written for it than `before`, or if anything comes or goes.
fn tell(change: FeedChange, before: usize, done: &mut Done) {
    if done.changes.written.len() > before || !change.new.is_empty() || !change.gone.is_empty() {
        done.told.push(change);
    }
}

/// What there is to know of a feed besides what it says.
struct Placed<'p> {
    /// Where copies of it go.
    copies: &'p dyn Fn(Format) -> Vec<String>,
    plan: &'p Plan,
    /// The key of its topic's name, if that is another one than its own.
    name_key: Option<TopicKey>,
}

/// A path that two files want, or one, and a folder for the other that is below it.
struct Clash {
    path: String,
    below: Option<String>,
}

/// Whether each file has a place of its own, wherever upper and lower case are one, and none is where others want a folder.
fn distinct(files: &[(String, String)]) -> Result<(), Clash> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    let reserved = [manifest::FILE_NAME.to_owned(), page::ASSETS.trim_end_matches('/').to_owned()];
    for path in reserved.iter().chain(files.iter().map(|(path, _)| path)) {
        if taken.insert(path.to_lowercase(), path).is_some() {
            return Err(Clash { path: path.clone(), below: None });
        }
    }
    for path in taken.keys() {
        let mut above = path.as_str();
        while let Some((folder, _)) = above.rsplit_once('/') {
            if taken.contains_key(folder) {
                return Err(Clash { path: folder.to_owned(), below: Some(path.clone()) });
            }
            above = folder;
        }
    }
    Ok(())
}
