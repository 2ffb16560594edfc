//! Every feed from its plan to its published files: fetch, compose, write, publish, one in memory for each thread; then the
//! list of feeds and the manifest. The second half of [`crate::build`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::DateTime;

use crate::error::{Diagnostic, FolderError, Severity, shown};
use crate::feed::{Feed, PREVIEW};
use crate::format::{self, Format, Formats};
use crate::group::{Grouping, Plan};
use crate::index::Index;
use crate::link::{EntryId, Link};
use crate::manifest::{self, Manifest};
use crate::publish::{self, Folder};
use crate::read::Rules;
use crate::report::{Changes, Report};
use crate::text;
use crate::topic::{Slug, TopicKey};
use crate::write::{Outline, page};
use crate::{Action, Request, compose, fetch, link, write};

mod hosting;
mod pages;

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
}

/// What was made; whatever the order, the same.
#[derive(Default)]
struct Done {
    files: BTreeMap<String, manifest::File>,
    feeds: BTreeMap<TopicKey, manifest::Feed>,
    changes: Changes,
    diagnostics: Vec<Diagnostic>,
    failed: bool,
    errors: BTreeMap<PathBuf, FolderError>,
}

impl Done {
    fn add(&mut self, one: Self) {
        self.files.extend(one.files);
        self.feeds.extend(one.feeds);
        self.changes.add(one.changes);
        self.diagnostics.extend(one.diagnostics);
        self.failed |= one.failed;
    }
}

impl Mill<'_> {
    /// Takes withdrawn stories out of what is published, and does nothing else.
    pub(crate) fn take_back(&self, report: &mut Report) -> Result<(), FolderError> {
        let mut manifest = self.folder.published.clone();
        for feed in manifest.feeds.values_mut() {
            // No topic has an article.
            feed.stale = true;
        }
        let mut changes = Changes::default();
        self.retract(&mut manifest, &BTreeSet::new(), &mut changes)?;
        if !changes.written.is_empty() {
            self.put_manifest(&manifest, &mut changes)?;
        }
        report.changes = changes;
        Ok(())
    }

    /// Composes, writes and publishes every feed with its page; then the list of feeds, and the index; then the manifest.
    pub(crate) fn publish(&self, report: &mut Report) -> Result<(), FolderError> {
        let Self { request, folder, .. } = self;
        let site = request.site;
        self.claim()?;
        let Done { files, feeds, mut changes, diagnostics, failed, errors } = self.every_feed();
        if let Some((_, error)) = errors.into_iter().next() {
            return Err(error);
        }
        report.diagnostics.extend(diagnostics);

        let written: BTreeSet<String> = files.keys().cloned().collect();
        let former = site.topics.values().flat_map(|rules| &rules.former).map(|slug| slug.as_str().to_owned()).collect();
        let next =
            Manifest { site: site.id.clone(), site_file: site.file.is_some(), preview: request.clock.preview, files, feeds };
        let mut manifest = publish::succeed(&folder.published, next, &former, &mut changes);
        self.retract(&mut manifest, &written, &mut changes)?;
        report.failed = failed;
        for more in [self.list(&manifest)?, self.assets()?, self.index_page(&manifest)?] {
            report.failed |= more.failed;
            report.diagnostics.extend(more.diagnostics);
            manifest.files.extend(more.files);
            changes.add(more.changes);
        }
        self.hosting(&manifest, &mut report.diagnostics, &mut changes)?;
        self.put_manifest(&manifest, &mut changes)?;

        let feeds = |manifest: &Manifest| {
            manifest.feeds.iter().map(|(key, feed)| (key.clone(), feed.slug.clone(), feed.stale)).collect::<Vec<_>>()
        };
        report.feeds_changed = feeds(&folder.published) != feeds(&manifest);
        report.diagnostics.extend(self.moved(&manifest, &former));
        report.diagnostics.extend(self.kept(&manifest, &changes));
        report.changes = changes;
        Ok(())
    }

    /// Refuses what is in the way of the feeds, before anything is written.
    fn claim(&self) -> Result<(), FolderError> {
        let Self { request, folder, grouping, .. } = self;
        let site = request.site;
        let all = link::feed_id(&site.id, TopicKey::all().as_str());
        let id = |plan: &Plan| plan.topic.map_or(all.as_str(), |topic| grouping.topics[topic].feed_id.as_str());
        let paths = |plan: &Plan| site.formats.feeds.iter().map(|format| format.path(grouping.slug(plan))).collect::<Vec<_>>();
        let mut files: Vec<(String, &str)> =
            grouping.feeds.iter().flat_map(|plan| paths(plan).into_iter().map(|path| (path, id(plan)))).collect();
        files.extend(site.formats.opml.then(|| (Formats::OPML_FILE_NAME.to_owned(), "")));
        files.extend(self.page_paths().into_iter().map(|path| (path, "")));
        folder.claim(files.iter().map(|(path, id)| (path.as_str(), *id)), request.adopt)?;
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
        std::thread::scope(|scope| {
            for _ in 1..self.request.threads.max(1) {
                scope.spawn(work);
            }
            work();
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of feeds that have another folder than before: once, since then the manifest knows it.
    fn moved(&self, manifest: &Manifest, former: &BTreeSet<String>) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        for (key, feed) in &manifest.feeds {
            let before = self.folder.published.slug(key);
            let Some(old) = before.filter(|old| feed.slug.as_ref() != Some(old) && !former.contains(old.as_str())) else {
                continue;
            };
            let now = feed.slug.as_ref().map_or_else(String::new, ToString::to_string);
            let message = format!("the feed that was here is written to `{now}` now; these files stay as they are");
            let help =
                format!("subscribers of this address get nothing new; `former: [{old}]` below the topic says that this is meant");
            told.push(self.about(Severity::Warning, old.as_str(), message, help));
        }
        told
    }

    /// Tells of files that are kept and no longer written.
    fn kept(&self, manifest: &Manifest, changes: &Changes) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let written = |path: &str| self.request.site.formats.has(file_name(path));
        let live = |path: &str| {
            let folder = path.split_once('/').map(|(folder, _)| folder);
            manifest.feeds.values().any(|feed| !feed.stale && feed.slug.as_ref().map(Slug::as_str) == folder)
        };
        for path in manifest.files.keys().filter(|path| !written(path) && live(path)) {
            let message = "this format is no longer written; the file stays as it is";
            told.push(self.about(Severity::Note, path, message, "delete it, or add it to `formats`"));
        }
        let assets = page::assets(self.request.site);
        let asset = |path: &&String| path.starts_with(page::ASSETS) && !assets.iter().any(|asset| asset.path == **path);
        for path in manifest.files.keys().filter(asset) {
            told.push(self.about(Severity::Note, path, "this file is no longer written; it stays as it is", "delete it"));
        }
        for slug in &changes.gone {
            let message = "no published article has the topic of this feed any more";
            let help = "it is kept as it is; if the topic has a new name, write `former` below that under `topics`, else delete its folder";
            told.push(self.about(Severity::Warning, slug, message, help));
        }
        for slug in &changes.stale {
            let message = "no published article has the topic of this feed; it is kept as it is";
            told.push(self.about(Severity::Note, slug, message, ""));
        }
        told
    }

    fn about(&self, severity: Severity, path: &str, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic::of_file(severity, &shown(&self.request.site.out.join(path)), message, help)
    }

    /// Empties documents that are kept, and no longer written, if they name a story that is withdrawn: what else they said
    /// cannot be made again, and a retraction must not wait for it.
    fn retract(&self, manifest: &mut Manifest, written: &BTreeSet<String>, changes: &mut Changes) -> Result<(), FolderError> {
        let site = self.request.site;
        let kept: Vec<String> = manifest.files.keys().filter(|path| !written.contains(*path)).cloned().collect();
        for path in kept {
            if file_name(&path) == Formats::PAGE_FILE_NAME {
                self.retract_page(&path, manifest, changes)?;
                continue;
            }
            let Some(format) = Format::ALL.into_iter().find(|format| format.file_name() == file_name(&path)) else { continue };
            let Some(outline) = self.folder.read(&path).and_then(|bytes| write::outline(&bytes, format)) else { continue };
            if !self.names_withdrawn(&outline) {
                continue;
            }
            // It is ours, but a link may have been put in its way since.
            self.folder.claim([(path.as_str(), "")], true)?;
            let slug = path.split_once('/').and_then(|(folder, _)| Slug::parse(folder).ok());
            let feed = manifest.feeds.iter_mut().find(|(_, feed)| feed.stale && feed.slug == slug);
            let key = match feed {
                Some((key, feed)) => {
                    feed.entries.clear();
                    key.clone()
                }
                None => TopicKey::all(),
            };
            let title = text::line_of_clean(&outline.title);
            let empty = Feed {
                id: outline.id.unwrap_or_else(|| link::feed_id(&site.id, key.as_str())),
                key,
                description: title.clone(),
                title,
                home: site.home_of(slug.as_ref()),
                slug,
                base_url: site.base_url.clone(),
                language: site.language.clone(),
                author: site.author.clone(),
                look: site.look(),
                ttl: site.ttl,
                updated: outline.updated.unwrap_or(DateTime::UNIX_EPOCH),
                entries: Vec::new(),
            };
            let mut done = Done::default();
            self.feed_document(&empty, &[], format, &mut Vec::new(), &mut done)?;
            manifest.files.extend(done.files);
            self.settle(&done.changes);
            changes.written.extend(done.changes.written);
        }
        Ok(())
    }

    /// Whether a document names a story that is withdrawn, as an entry or in a list.
    fn names_withdrawn(&self, outline: &Outline) -> bool {
        let stories = &self.grouping.stories;
        let ids = outline.ids.iter().filter_map(|id| EntryId::own(id).ok()).map(|id| id.fingerprint());
        let links: Vec<Link> = outline.links.iter().filter_map(|link| Link::parse(link).ok()).collect();
        let blocked = links.iter().any(|link| self.request.site.block.iter().any(|rule| rule.covers(link)));
        blocked || stories.withdrawn(ids.chain(links.iter().map(|link| link.key().fingerprint())))
    }

    /// Makes the feed of a plan; `memory` serves for one document after another.
    fn feed(&self, plan: &Plan, memory: &mut Vec<u8>) -> Result<Done, FolderError> {
        let mut done = Done::default();
        let site = self.request.site;
        let material = fetch::fetch(self.index, self.rules, self.grouping, plan, &mut done.diagnostics);
        let Some(feed) = compose::compose(self.index, site, self.request.clock, self.grouping, plan, &material) else {
            // Its files changed during the run: what was published stays, and is no less alive for it.
            let key = plan.topic.map_or_else(TopicKey::all, |topic| self.grouping.topics[topic].key.clone());
            let published = self.folder.published.feeds.get(&key).cloned();
            done.feeds.extend(published.map(|feed| (key, feed)));
            return Ok(done);
        };
        let bodies = write::bodies(&feed);
        for &format in &site.formats.feeds {
            self.feed_document(&feed, &bodies, format, memory, &mut done)?;
        }
        self.topic_page(plan, &feed, &mut done)?;
        self.settle(&done.changes);
        let entries =
            feed.entries.iter().map(|entry| manifest::Entry { id: entry.id.as_str().to_owned(), date: entry.published });
        let entry =
            manifest::Feed { slug: feed.slug, title: feed.title.as_str().to_owned(), stale: false, entries: entries.collect() };
        done.feeds.insert(feed.key, entry);
        Ok(done)
    }

    /// Writes a feed in one format, and publishes it if it differs from what is published and comes out right.
    fn feed_document(
        &self,
        feed: &Feed,
        bodies: &[String],
        format: Format,
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
        self.document(&path, &document.bytes, format.content_type(), || write::verify(&document), done)?;
        if document.bytes.len() > write::LARGE && done.files.contains_key(&path) {
            let message = format!("this feed has {} KiB, which readers fetch again and again", document.bytes.len() / 1024);
            let help = "lower `limit` or `related.per_article` in the site file, or set `content: excerpt`";
            done.diagnostics.push(self.about(Severity::Warning, &path, message, help));
        }
        *memory = document.bytes;
        Ok(())
    }

    /// Writes the list of the topics' feeds that there are after the run, and publishes it.
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
                self.document(path, &bytes, Formats::OPML_CONTENT_TYPE, || write::verify_list(&bytes, &list), &mut done)?;
            }
            Err(why) => self.hold_back(path, &why, &mut done),
        }
        self.settle(&done.changes);
        Ok(done)
    }

    /// Publishes a file if it differs from what is published and comes out right.
    fn document(
        &self,
        path: &str,
        bytes: &[u8],
        content_type: &str,
        verify: impl FnOnce() -> Result<(), String>,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        // What equals the published file was read back when it was published.
        let differs = self.folder.differs(path, bytes)?;
        if differs && let Err(why) = verify() {
            self.hold_back(path, &why, done);
            return Ok(());
        }
        self.put(path, bytes, differs, &mut done.changes)?;
        let content_type = content_type.to_owned();
        let file = manifest::File { sha256: write::sha256(bytes), bytes: bytes.len() as u64, content_type };
        done.files.insert(path.to_owned(), file);
        Ok(())
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
        let mut own = Changes::default();
        self.put(manifest::FILE_NAME, &bytes, self.folder.differs(manifest::FILE_NAME, &bytes)?, &mut own)?;
        self.settle(&own);
        changes.add(own);
        Ok(())
    }

    /// Sees to it that what was written into one folder stays there.
    fn settle(&self, changes: &Changes) {
        if let Some(path) = changes.written.first().filter(|_| self.request.action == Action::Publish) {
            self.folder.settle(path);
        }
    }

    /// Replaces a file if it differs and if files are to be replaced at all.
    fn put(&self, path: &str, bytes: &[u8], differs: bool, changes: &mut Changes) -> Result<(), FolderError> {
        if !differs {
            changes.unchanged.insert(path.to_owned());
            return Ok(());
        }
        if self.request.action == Action::Publish {
            self.folder.replace(path, bytes)?;
        }
        changes.written.insert(path.to_owned());
        Ok(())
    }
}

/// The name of a file of the output folder.
fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
