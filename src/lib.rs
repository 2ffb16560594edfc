//! feedmill turns a folder of published articles into an RSS and an Atom feed for each topic, with the coverage that the
//! articles link to as entries of their own.
//!
//! This page is the map of the house. The program reads like this:
//!
//! ```text
//! articles/ ─ index ─▶ Index ─ group ─▶ Grouping ─ fetch ─▶ Material ─ compose ─▶ Feed ─ write ─▶ Document ─ publish ─▶ feeds/
//!               │                 │                  │                                │               │
//!               └── Diagnostic ───┴──────────────────┴──────▶ Report ◀────────────────┴─── Changes ───┘
//! ```
//!
//! Verbs are stages, nouns are data; [`build`] below is the only place that knows the order.
//!
//! | stage | what it does |
//! | --- | --- |
//! | [`mod@index`] | reads every file once, in parallel, and keeps a small row for each article |
//! | [`mod@group`] | decides from rows alone which articles are one story, what a topic is, and what enters each feed |
//! | [`mod@fetch`] | reads the chosen few again, whole |
//! | [`mod@compose`] | says what a feed says |
//! | [`mod@write`] | turns it into bytes, and reads them back with a parser that did not write them |
//! | [`mod@publish`] | compares with what is published, and replaces what differs |
//!
//! Why two readings, and not one that keeps the newest of each topic: two files may be one story, an address may join two
//! others, a retracted article suppresses a story elsewhere, two spellings may be one topic. Each of these can need an article
//! that has been dropped already, and then the order of files and the number of threads would show in the feeds.
//!
//! A run with nothing new is answered by [`cache`] from what `index` would be given: the walk with the stamps of the files.
//!
//! # What must never be
//!
//! - No stage uses another. `index` and `fetch` share [`read`].
//! - `group`, `compose` and `write` are pure: no files, clock, environment, randomness, or maps in hash order. The clock is
//!   read once, in `main`, and what was published before is a value, [`manifest::Manifest`].
//! - Only `read` opens articles, only `publish` touches the output folder, only [`cache`] keeps anything elsewhere, and only
//!   `main` prints.
//! - No unchecked string reaches a document: text is cleaned ([`text`]) and addresses are parsed ([`link`]) where they are
//!   read, and the types say so. Writers only escape.
//! - The value of an unknown key of front matter is never in memory, so that none can leak.
//! - Nothing is lost in silence: every file is in the feeds' input, or in the [`Report`] with a reason.
//!
//! A test (`tests/it/tidy.rs`) checks these by reading `src`.
//!
//! # Choices that want a reason
//!
//! - Front matter is read from the events of the YAML parser and not through serde: see [`read::yaml`].
//! - An AMP address joins two stories at most: see [`group::story`].
//! - `rss` and `atom_syndication` are pinned: what [`write`](mod@write) makes up for are faults of these versions.
//!
//! # Example
//!
//! ```
//! use feedmill::{Action, Progress, Request, build, group::Clock, site::{Overrides, Site}};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("alexa.md"), "---\ntitle: Alexa moves\ndate: 2020-11-13\nlink: https://example.org/a\ntopics: [AI]\n---\n")?;
//!
//! let overrides = Overrides { base_url: Some("https://feeds.example.org/".into()), out: Some(folder.path().join("feeds")) };
//! let site = Site::load(None, &overrides)?;
//! let report = build(&Request {
//!     articles: &[folder.path().to_owned()],
//!     site: &site,
//!     clock: Clock { now: "2020-11-20T00:00:00Z".parse()?, preview: false },
//!     action: Action::Publish,
//!     strict: false,
//!     adopt: false,
//!     threads: 2,
//!     progress: &Progress::default(),
//!     cache: None,
//! })?;
//! assert_eq!(report.counts.published, 1);
//! assert!(std::fs::read_to_string(folder.path().join("feeds/ai/atom.xml"))?.contains("<title>Alexa moves</title>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::cache::{Answer, Cache};
use crate::error::{Diagnostic, Error, FolderError, Severity, shown};
use crate::feed::Feed;
use crate::format::Format;
use crate::group::story::State;
use crate::group::{Clock, Grouping, Plan};
use crate::index::Index;
use crate::link::EntryId;
use crate::manifest::Manifest;
use crate::publish::Folder;
use crate::read::walk::{self, Selection};
use crate::read::{Rules, Span};
use crate::report::{Changes, Counts, Report};
use crate::site::{Site, SiteError};
use crate::text::Mojibake;
use crate::topic::Slug;

pub mod article;
pub mod cache;
pub mod compose;
pub mod error;
pub mod feed;
pub mod fetch;
pub mod format;
pub mod group;
pub mod index;
pub mod link;
pub mod manifest;
pub mod publish;
pub mod read;
pub mod report;
pub mod site;
pub mod stamp;
pub mod text;
pub mod topic;
pub mod write;

/// What is asked of a run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Folders (or single files) of articles.
    pub articles: &'a [PathBuf],
    /// The publication.
    pub site: &'a Site,
    /// What time it is, and whether the unpublished is shown.
    pub clock: Clock,
    /// How far to go.
    pub action: Action,
    /// Publish nothing if there is any error.
    pub strict: bool,
    /// Replace files of others where feeds go.
    pub adopt: bool,
    /// How many threads to use. It never shows in the output.
    pub threads: usize,
    /// Where to count, for whoever wants to show it.
    pub progress: &'a Progress,
    /// Where to keep what was found, so that a run with nothing new need not read the articles; nowhere if there is none.
    pub cache: Option<&'a Path>,
}

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read everything and report.
    Check,
    /// Also compose and write everything, and say what would change.
    DryRun,
    /// Also publish it.
    Publish,
}

/// How far a run has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that may be articles; 0 until they are counted.
    pub files: AtomicUsize,
    /// Those of them that were read.
    pub read: AtomicUsize,
}

/// Reads articles and publishes their feeds, as far as the request says.
pub fn build(request: &Request) -> Result<Report, Error> {
    let site = request.site;
    let same = |path: &PathBuf| path.canonicalize().is_ok_and(|path| site.out.canonicalize().is_ok_and(|out| out == path));
    if request.action != Action::Check && request.articles.iter().any(same) {
        let help = "the output folder is never read for articles; choose another one with `--out`";
        return Err(FolderError::new(&site.out, "the folder of articles is the output folder", help).into());
    }
    let cache = request.cache.map(|folder| Cache::new(folder, run_name(request)));
    let sources = walk::walk(request.articles, &selection(site)?).map_err(|(path, cause)| Error::Articles { path, cause })?;
    let (articles, settings) = (sources.stamp, settings(request));
    let known = cache.as_ref().and_then(|cache| cache.answer(articles, settings, &site.out, request.clock.now.timestamp()));
    if let Some(answer) = known {
        let mut changes = Changes::default();
        if request.action == Action::Publish {
            changes.unchanged = answer.files.into_iter().collect();
        }
        let Answer { counts, diagnostics, others, .. } = answer.said;
        return Ok(Report { counts, diagnostics, changes, others, ..Report::default() });
    }
    let folder = match Folder::open(&site.out) {
        // What is wrong with the output folder is no business of a run that only reads.
        Err(_) if request.action == Action::Check => Folder::new(&site.out),
        folder => folder?,
    };
    permit(request, &folder)?;
    let dates = Arc::new(Span::default());
    let rules = Rules {
        names: site.names.clone(),
        zone: site.zone,
        mojibake: site.mojibake,
        now: request.clock.now,
        whole: false,
        dates: Arc::clone(&dates),
    };
    let newest = sources.newest;
    let sources = sources.sorted();
    request.progress.files.store(sources.files.len(), Ordering::Relaxed);
    let mut diagnostics = sources.diagnostics;
    let (index, found) = index::index(sources.files, &rules, &site.block, request.threads, &request.progress.read);
    diagnostics.extend(found);

    let grouping = group::group(&index, site, request.clock, &folder.published, &mut diagnostics);
    let mut report = Report { counts: counts(&index, &grouping), diagnostics, ..Report::default() };
    report.others = index.others.iter().map(|&(file, reason)| (index.files[file].clone(), reason.to_owned())).collect();

    let toml: Vec<&PathBuf> = report.others.iter().filter(|(_, reason)| reason == read::TOML).map(|(path, _)| path).collect();
    if let Some(first) = toml.first() {
        let message = format!("this file and {} others have TOML front matter (`+++`), which is not read", toml.len() - 1);
        let help = "write the front matter in YAML, between lines of `---`";
        report.diagnostics.push(Diagnostic::of_file(Severity::Warning, &first.to_string_lossy(), message, help));
    }
    if request.action == Action::Check && grouping.feeds.is_empty() {
        report.diagnostics.push(nothing_found(request));
    }
    let stop = request.action == Action::Check || (request.strict && report.has_errors());
    if !stop {
        let outcome = if grouping.feeds.is_empty() {
            nothing_to_publish(request, &folder, &mut report)
        } else {
            publish(request, &folder, &Rules { whole: true, ..rules }, &index, &grouping, &mut report)
        };
        // What was found in the articles is told all the same.
        if let Err(error) = outcome {
            report.failed = true;
            report.diagnostics.push(Diagnostic::of_file(Severity::Error, &shown(&error.path), error.message, error.help));
        }
    }
    report.diagnostics.sort_by(Diagnostic::order);
    report.diagnostics.dedup();
    // What is said once, of feeds that come and go, must not be said again: then the next run reads everything.
    let settled = !report.failed && report.changes.gone.is_empty() && !report.feeds_changed;
    if let Some(cache) = cache.filter(|_| settled && request.action != Action::DryRun) {
        let said = Answer { counts: report.counts, diagnostics: report.diagnostics.clone(), others: report.others.clone() };
        let mut files: Vec<String> = report.changes.written.union(&report.changes.unchanged).cloned().collect();
        if files.is_empty() {
            // Whoever writes nothing looks at the manifest all the same.
            files.push(manifest::FILE_NAME.to_owned());
        }
        cache.keep(articles, settings, &site.out, (newest, dates.get()), files, said);
    }
    Ok(report)
}

/// What a run's state is called: runs of other articles, output or purpose have states of their own.
fn run_name(request: &Request) -> u64 {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let articles: Vec<PathBuf> = request.articles.iter().map(|path| absolute(path)).collect();
    stamp::digest((articles, absolute(&request.site.out), request.action == Action::Check, request.clock.preview))
}

/// Everything but the articles, the clock and the published files that a run depends on, and how it names files.
fn settings(request: &Request) -> u64 {
    let site = format!("{:?}", request.site);
    stamp::digest((env!("CARGO_PKG_VERSION"), site, request.articles, request.strict, request.adopt))
}

/// Refuses to publish over feeds that a run like this did not make.
fn permit(request: &Request, folder: &Folder) -> Result<(), Error> {
    let site = request.site;
    let refuse = |message: &str, help: &str| Err(Error::Folder(FolderError::new(&site.out, message, help)));
    if request.action == Action::Check || !folder.used {
        return Ok(());
    }
    if folder.published.site_file && site.file.is_none() {
        return refuse(
            "these feeds were made with a site file, and none was found now; every feed would get another id",
            "name it with `--site`, or choose another folder with `--out`",
        );
    }
    let other = &folder.published.site;
    // Nobody can have subscribed to what was made before the site had an address.
    if *other != site.id && other != site::UNSET_ID {
        let help = format!("write `id: {other}` in the site file to keep it, or choose another folder with `--out`");
        return refuse("these feeds are of a site with another `id`; every feed would get another id", &help);
    }
    match (request.clock.preview, folder.published.preview) {
        (true, false) => {
            refuse("these feeds are for the public, and a preview must not replace them", "choose another folder with `--out`")
        }
        (false, true) => refuse("these feeds are a preview", "choose another folder with `--out`, or delete this one"),
        _ => Ok(()),
    }
}

fn selection(site: &Site) -> Result<Selection, SiteError> {
    Selection::new(&site.include, &site.exclude, &site.out).map_err(|message| SiteError {
        path: site.file.clone().unwrap_or_else(|| PathBuf::from(site::FILE_NAME)),
        line: 0,
        column: 0,
        message: format!("`include` or `exclude` has a glob that cannot be read: {message}"),
        help: "write globs such as `drafts/**` or `*.draft.md`".into(),
    })
}

fn counts(index: &Index, grouping: &Grouping) -> Counts {
    let mut counts = Counts {
        files: index.files.len(),
        others: index.others.len(),
        left_out: index.faulty,
        feeds: grouping.feeds.len(),
        ..Counts::default()
    };
    for story in &grouping.stories.list {
        for row in grouping.stories.rows(story) {
            match story.state {
                State::Withdrawn => counts.withdrawn += 1,
                State::Waiting => counts.waiting += 1,
                State::Published if grouping.stories.public[row] => counts.published += 1,
                _ => counts.unpublished += 1,
            }
        }
        counts.stories += usize::from(story.state == State::Published);
    }
    counts
}

const NOTHING_FOUND: &str = "no published article was found";

fn nothing_found(request: &Request) -> Diagnostic {
    let source = request.articles.iter().map(|path| shown(path)).collect::<Vec<_>>().join(", ");
    let help = "is this the folder of articles? `-v` lists what was found and why it is not shown";
    Diagnostic::of_file(Severity::Warning, &source, NOTHING_FOUND, help)
}

/// An empty folder is more likely a mistake than news: what people subscribe to stays.
fn nothing_to_publish(request: &Request, folder: &Folder, report: &mut Report) -> Result<(), FolderError> {
    if folder.published.feeds.is_empty() {
        report.diagnostics.push(nothing_found(request));
        return Ok(());
    }
    let message = format!("{NOTHING_FOUND}, and there are feeds here; they stay as they are");
    let help = "if this is meant, delete the folder; `feedmill check -v` lists what was found and why it is not shown";
    Err(FolderError::new(&request.site.out, message, help))
}

/// Composes, writes and publishes every feed, one in memory for each thread; then the manifest.
fn publish(
    request: &Request,
    folder: &Folder,
    rules: &Rules,
    index: &Index,
    grouping: &Grouping,
    report: &mut Report,
) -> Result<(), FolderError> {
    let site = request.site;
    let all = link::feed_id(&site.id, topic::TopicKey::all().as_str());
    let id = |plan: &Plan| plan.topic.map_or(all.as_str(), |topic| grouping.topics[topic].feed_id.as_str());
    let feeds: Vec<(String, &str)> = grouping
        .feeds
        .iter()
        .flat_map(|plan| site.formats.iter().map(move |format| (format.path(grouping.slug(plan)), id(plan))))
        .collect();
    folder.claim(feeds.iter().map(|(path, id)| (path.as_str(), *id)), request.adopt)?;
    if request.clock.preview && !folder.used && feeds.iter().any(|(path, _)| site.out.join(path).exists()) {
        let help = "choose another folder with `--out`";
        return Err(FolderError::new(&site.out, "there are feeds here, and a preview must not replace them", help));
    }

    let mill = Mill { request, folder, rules, index, grouping };
    let done = Mutex::new(Done::default());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(plan) = grouping.feeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = mill.feed(plan);
            // A thread that panicked ends the run anyway.
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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
        for _ in 1..request.threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let Done { files, feeds, mut changes, diagnostics, failed, errors } =
        done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, error)) = errors.into_iter().next() {
        return Err(error);
    }
    report.diagnostics.extend(diagnostics);
    report.failed = failed;

    let next = Manifest { site: site.id.clone(), site_file: site.file.is_some(), preview: request.clock.preview, files, feeds };
    let former: BTreeSet<String> =
        site.topics.values().flat_map(|rules| &rules.former).map(|slug| slug.as_str().to_owned()).collect();
    let current: BTreeSet<String> = next.files.keys().cloned().collect();
    let manifest = publish::succeed(&folder.published, next, &former, &mut changes);
    let mut manifest = manifest;
    mill.retract(&mut manifest, &mut changes)?;
    let bytes = manifest.bytes();
    mill.put(manifest::FILE_NAME, &bytes, folder.differs(manifest::FILE_NAME, &bytes)?, &mut changes)?;
    let alive = |manifest: &Manifest| {
        manifest.feeds.iter().map(|(key, feed)| (key.clone(), feed.slug.clone(), feed.stale)).collect::<Vec<_>>()
    };
    report.feeds_changed = alive(&folder.published) != alive(&manifest);
    for (key, feed) in &manifest.feeds {
        let Some(old) =
            folder.published.slug(key).filter(|old| feed.slug.as_ref() != Some(old) && !former.contains(old.as_str()))
        else {
            continue;
        };
        let now = feed.slug.as_ref().map_or_else(String::new, ToString::to_string);
        let message = format!("the feed that was here is written to `{now}` now; these files stay as they are");
        let help =
            format!("subscribers of this address get nothing new; `former: [{old}]` below the topic says that this is meant");
        report.diagnostics.push(Diagnostic::of_file(Severity::Warning, &shown(&site.out.join(old.as_str())), message, help));
    }
    let live = |path: &str| {
        let folder = path.split_once('/').map(|(folder, _)| folder);
        manifest.feeds.values().any(|feed| !feed.stale && feed.slug.as_ref().map(Slug::as_str) == folder)
    };
    for path in manifest.files.keys().filter(|path| !current.contains(*path) && live(path)) {
        let message = "this format is no longer written; the file stays as it is";
        report.diagnostics.push(Diagnostic::of_file(
            Severity::Note,
            &shown(&site.out.join(path)),
            message,
            "delete it, or add it to `formats`",
        ));
    }
    for slug in &changes.gone {
        let help =
            "it is kept as it is; if the topic has a new name, write `former` below that under `topics`, else delete its folder";
        let message = "no published article has the topic of this feed any more";
        report.diagnostics.push(Diagnostic::of_file(Severity::Warning, &shown(&site.out.join(slug)), message, help));
    }
    for slug in &changes.stale {
        let message = "no published article has the topic of this feed; it is kept as it is";
        report.diagnostics.push(Diagnostic::of_file(Severity::Note, &shown(&site.out.join(slug)), message, ""));
    }
    report.changes = changes;
    Ok(())
}

/// What every thread needs to make a feed.
struct Mill<'a> {
    request: &'a Request<'a>,
    folder: &'a Folder,
    rules: &'a Rules,
    index: &'a Index,
    grouping: &'a Grouping,
}

/// What was made; whatever the order, the same.
#[derive(Default)]
struct Done {
    files: BTreeMap<String, manifest::File>,
    feeds: BTreeMap<topic::TopicKey, manifest::Feed>,
    changes: Changes,
    diagnostics: Vec<Diagnostic>,
    failed: bool,
    errors: BTreeMap<PathBuf, FolderError>,
}

impl Done {
    fn add(&mut self, one: Self) {
        self.files.extend(one.files);
        self.feeds.extend(one.feeds);
        self.changes.written.extend(one.changes.written);
        self.changes.unchanged.extend(one.changes.unchanged);
        self.diagnostics.extend(one.diagnostics);
        self.failed |= one.failed;
    }
}

impl Mill<'_> {
    /// Empties feeds that are kept without their topic if they hold a story that is withdrawn: what else they said cannot be
    /// made again, and a retraction must not wait for it.
    fn retract(&self, manifest: &mut Manifest, changes: &mut Changes) -> Result<(), FolderError> {
        let site = self.request.site;
        let stories = &self.grouping.stories;
        let withdrawn = |entry: &manifest::Entry| EntryId::own(&entry.id).is_ok_and(|id| stories.withdrawn([id.fingerprint()]));
        for (key, feed) in manifest.feeds.iter_mut().filter(|(_, feed)| feed.stale) {
            if !feed.entries.iter().any(withdrawn) {
                continue;
            }
            let updated = feed.entries.iter().map(|entry| entry.date).max().unwrap_or(self.request.clock.now);
            let title = text::line(&feed.title.replace('&', "&amp;"), Mojibake::Off).text;
            feed.entries.clear();
            let empty = Feed {
                id: link::feed_id(&site.id, key.as_str()),
                key: key.clone(),
                slug: feed.slug.clone(),
                description: title.clone(),
                title,
                home: site.home.clone(),
                base_url: site.base_url.clone(),
                language: site.language.clone(),
                author: site.author.clone(),
                updated,
                entries: Vec::new(),
            };
            let mut done = Done::default();
            for &format in &site.formats {
                self.document(&empty, format, &mut done)?;
            }
            manifest.files.extend(done.files);
            changes.written.extend(done.changes.written);
        }
        Ok(())
    }

    fn feed(&self, plan: &Plan) -> Result<Done, FolderError> {
        let mut done = Done::default();
        let site = self.request.site;
        let material = fetch::fetch(self.index, self.rules, self.grouping, plan, &mut done.diagnostics);
        let Some(feed) = compose::compose(self.index, site, self.request.clock, self.grouping, plan, &material) else {
            // Its files changed during the run: what was published stays, and is no less alive for it.
            let key = plan.topic.map_or_else(topic::TopicKey::all, |topic| self.grouping.topics[topic].key.clone());
            let published = self.folder.published.feeds.get(&key).cloned();
            done.feeds.extend(published.map(|feed| (key, feed)));
            return Ok(done);
        };
        for &format in &site.formats {
            self.document(&feed, format, &mut done)?;
        }
        let entries =
            feed.entries.iter().map(|entry| manifest::Entry { id: entry.id.as_str().to_owned(), date: entry.published });
        let entry =
            manifest::Feed { slug: feed.slug, title: feed.title.as_str().to_owned(), stale: false, entries: entries.collect() };
        done.feeds.insert(feed.key, entry);
        Ok(done)
    }

    /// Writes a feed in one format, and publishes it if it differs from what is published and comes out right.
    fn document(&self, feed: &Feed, format: Format, done: &mut Done) -> Result<(), FolderError> {
        let path = format.path(feed.slug.as_ref());
        let shown = || shown(&self.request.site.out.join(&path));
        let mut hold_back = |why: &str| {
            done.failed = true;
            let message = format!("this feed did not come out right and is held back: {why}");
            let help = "what was published stays; this is a fault of feedmill, please report it";
            done.diagnostics.push(Diagnostic::of_file(Severity::Error, &shown(), message, help));
        };
        let document = match write::write(feed, format) {
            Ok(document) => document,
            Err(why) => {
                hold_back(&why);
                return Ok(());
            }
        };
        // What equals the published file was read back when it was published.
        let differs = self.folder.differs(&path, &document.bytes)?;
        if differs && let Err(why) = write::verify(&document) {
            hold_back(&why);
            return Ok(());
        }
        if document.bytes.len() > write::LARGE {
            let message = format!("this feed has {} KiB, which readers fetch again and again", document.bytes.len() / 1024);
            let help = "lower `limit` or `related.per_article` in the site file";
            done.diagnostics.push(Diagnostic::of_file(Severity::Warning, &shown(), message, help));
        }
        self.put(&path, &document.bytes, differs, &mut done.changes)?;
        let content_type = format.content_type().to_owned();
        let file = manifest::File { sha256: document.sha256(), bytes: document.bytes.len() as u64, content_type };
        done.files.insert(path, file);
        Ok(())
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
