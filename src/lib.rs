//! feedmill turns a folder of published articles into an RSS, an Atom and a JSON feed for each topic, with the coverage that
//! the articles link to as entries of their own, an OPML that lists the feeds, and pages for people.
//!
//! This page is the map of the house. The program reads like this:
//!
//! ```text
//! articles/ ─ index ─▶ Index ─ group ─▶ Grouping ─ fetch ─▶ Material ─ compose ─▶ Feed ─ write ─▶ Document ─ publish ─▶ feeds/
//!               │                 │                  │                                │               │
//!               └── Diagnostic ───┴──────────────────┴──────▶ Report ◀────────────────┴─── Changes ───┘
//! ```
//!
//! Verbs are stages, nouns are data; [`build`] below and `run.rs`, its second half, are the only places that know the order.
//!
//! | stage | what it does |
//! | --- | --- |
//! | [`mod@index`] | reads every file once, in parallel, and keeps a small row for each article |
//! | [`mod@group`] | decides from rows alone which articles are one story, what a topic is, and what enters each feed |
//! | [`mod@fetch`] | reads the chosen few again, whole |
//! | [`mod@compose`] | says what a feed says |
//! | [`mod@write`] | turns it into bytes, and reads them back: XML with a parser that did not write it, JSON into types of its own |
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
//! - Only `read` opens articles, only `publish` changes the output folder, only [`cache`] keeps anything elsewhere, only
//!   [`aside`] opens what the command line names besides, only [`deliver`] talks to the network, and only `main` prints.
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
//! - The canonical key is made of the address as it is encoded for documents, so `|` and `%7C` are one; and `videoseries` and
//!   `live_stream`, which stand where a video of `YouTube` would, are none: see [`link`].
//! - Of several pictures the one nearest at or above 1200 pixels is shown, and not simply the first: see [`mod@compose`].
//! - The full text of an article is made HTML in the second reading, once for each feed, and cleaned until nothing changes, so
//!   that readers' own sanitisers find nothing to cut: see [`text::html`]. The first reading only looks for template tags, since
//!   `check` is to find them.
//! - An article without an excerpt has its first paragraph for one, and one that is shown as coverage in another's feed shows its
//!   excerpt: its full text stands in the feeds that it is an article of.
//! - What a text shows is not shown above it again, so a picture or a player that is in both stands once in a body.
//! - An entry without an excerpt has its body as RSS `description`, and no `content:encoded`: a body without a description
//!   before it is a fault to the W3C validator.
//! - What is withdrawn is cut out of a feed that is held back, or kept without its topic, and nothing else of it changes: what it
//!   was made of may be gone. See `run/withdrawn.rs` and [`write::cut()`].
//! - A name that a topic had is its name still: one article that has it must not move a feed. See [`group::topics`].
//! - An OPML is made of what is published after the run, and not of what was written in it: a feed that was held back, or whose
//!   articles changed while they were read, is there to subscribe to all the same: see [`compose::subscriptions`].
//! - The feed of all topics is in the OPML only where there is no topic: an import would bring every story twice.
//! - The page of a topic names the neighbours that the group stage finds from rows, and not how many entries they have: what
//!   stands in one feed does not show on the page of another. The index counts what is published after the run.
//! - Pages are not read back by an HTML parser, which takes anything, but by the few rules that they are written by: see
//!   [`write::page::verify`].
//! - What the owner's theme brings is read with the site file and told by its digest, so that a run with nothing new sees it
//!   change: see [`site::theme`].
//! - Of what a host reads the manifest has the names alone, so that it can go with the host: it is no part of what is published,
//!   and some of it is the owner's. In a file of the owner's, only a block is ours: see [`write::host::merge`].
//! - A hub is told by a command of its own, since it fetches what it is told of: when that is uploaded, only the owner knows. See
//!   [`deliver::hub`].
//! - What enters a feed is decided from rows, by [`group::sieve`], story by story: a threshold is asked only where a story could
//!   have a place, and the first reading keeps what [`dial`] looks at only where some dial wants it.
//! - Measures move, and a story must not come and go with them: the manifest has what let the stories of a feed in, and while that
//!   is the same, those that are there stay. See [`manifest::Feed::selection`].
//! - A feed of the owner's own is a topic to everything but the grouping: it has a name, a folder, an id and a page. Its key has a
//!   control character in it, which no topic's can have.
//! - A topic that the site file names has a feed before its first article, so that nobody meets an error of the server; its date is
//!   that of the oldest story, which hardly ever moves.
//! - [`mod@explain`] makes the feeds that can hold a story, and asks the rules only about those that do not: so it cannot say
//!   another thing than the feeds.
//! - `rss` and `atom_syndication` are pinned: what [`write`](mod@write) makes up for are faults of these versions.
//!
//! # Features
//!
//! `hub`, on unless `default-features = false`: the HTTP client for [`deliver::hub`]. Without it feeds name their hub all the same,
//! and `feedmill ping` says what is missing.
//!
//! # Example
//!
//! ```
//! use feedmill::{Action, Progress, Request, build, group::Clock, site::{Overrides, Site}};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("alexa.md"), "---\ntitle: Alexa moves\ndate: 2020-11-13\nlink: https://example.org/a\ntopics: [AI]\n---\n")?;
//!
//! let overrides = Overrides { base_url: Some("https://feeds.example.org/".into()), out: Some(folder.path().join("feeds")), ..Overrides::default() };
//! let site = Site::load(None, &overrides)?;
//! let report = build(&Request {
//!     articles: &[folder.path().to_owned()],
//!     site: &site,
//!     clock: Clock { now: "2020-11-20T00:00:00Z".parse()?, preview: false },
//!     action: Action::Publish,
//!     strict: false,
//!     adopt: false,
//!     force: false,
//!     wait: false,
//!     threads: 2,
//!     progress: &Progress::default(),
//!     program: 0,
//!     cache: None,
//! })?;
//! assert_eq!(report.counts.published, 1);
//! assert!(std::fs::read_to_string(folder.path().join("feeds/ai/atom.xml"))?.contains("<title>Alexa moves</title>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cache::{Answer, Cache, Said};
use crate::error::{Diagnostic, Error, FolderError, Severity, shown};
use crate::group::story::State;
use crate::group::{Clock, Grouping};
use crate::index::Index;
use crate::publish::Folder;
use crate::publish::lock::{Attempt, Lock};
use crate::publish::stage::{self, Stage};
use crate::read::walk::{self, Selection, Sources};
use crate::read::{Keep, Rules, Span};
use crate::report::{Changes, Counts, Fate, Report};
use crate::run::Mill;
use crate::site::{Site, SiteError};

pub mod article;
pub mod aside;
pub mod cache;
pub mod compose;
pub mod deliver;
pub mod destination;
pub mod dial;
pub mod encoding;
pub mod error;
pub mod explain;
pub mod feed;
pub mod fetch;
pub mod files;
pub mod format;
pub mod group;
pub mod host;
pub mod index;
pub mod link;
pub mod manifest;
pub mod overview;
pub mod publish;
pub mod read;
pub mod report;
mod run;
pub mod site;
pub mod stamp;
pub mod text;
mod threads;
pub mod topic;
pub mod write;

/// What is asked of a run.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent wishes
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
    /// Let feeds lose their entries though it looks like a mistake.
    pub force: bool,
    /// Wait for another run that is changing the output folder.
    pub wait: bool,
    /// How many threads to use. It never shows in the output.
    pub threads: usize,
    /// Where to count, for whoever wants to show it.
    pub progress: &'a Progress,
    /// A number that is another one when the program is; for who keeps what was found from one program to the next.
    pub program: u64,
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
    let sources = walk::walk(request.articles, &selection(site)?, request.threads)
        .map_err(|(path, cause)| Error::Articles { path, cause })?;
    let (articles, settings) = (sources.stamp, settings(request));
    let known = cache.as_ref().and_then(|cache| cache.answer(articles, settings, &site.out, request.clock.now.timestamp()));
    if let Some(answer) = known {
        let mut changes = Changes::default();
        if request.action != Action::Check {
            changes.unchanged = answer.files.into_iter().collect();
        }
        let Answer { counts, diagnostics, others, .. } = answer.said;
        return Ok(Report { counts, diagnostics, changes, others, ..Report::default() });
    }
    let publishes = request.action == Action::Publish;
    let _lock = if publishes { Some(lock(&site.out, request.wait)?) } else { None };
    let recovered = if publishes { stage::recover(&site.out)? } else { Changes::default() };
    let folder = match Folder::open(&site.out) {
        // What is wrong with the output folder is no business of a run that only reads.
        Err(_) if request.action == Action::Check => Folder::new(&site.out),
        folder => folder?,
    };
    permit(request, &folder)?;
    let newest = sources.newest;
    let Survey { folder, rules, index, grouping, diagnostics, unread } = survey(request, sources, folder)?;
    let dates = Arc::clone(&rules.dates);
    let mut report = Report { counts: counts(&index, &grouping), diagnostics, ..Report::default() };
    report.others = index.others.iter().map(|&(file, reason)| (index.files.path(file), reason.to_owned())).collect();

    report.diagnostics.extend(toml_found(&report.others));
    if request.action == Action::Check && grouping.feeds.is_empty() {
        report.diagnostics.push(nothing_found(request));
    }
    let stop = request.action == Action::Check || (request.strict && report.has_errors());
    if !stop {
        let rules = Rules { whole: true, ..rules };
        let stage = Stage::new(&site.out);
        let mill = Mill { request, folder: &folder, rules: &rules, index: &index, grouping: &grouping, unread, stage: &stage };
        let outcome = if grouping.feeds.is_empty() {
            let taken_back = mill.take_back(&mut report).and_then(|()| stage.apply());
            taken_back.and_then(|()| nothing_to_publish(request, &folder, &mut report))
        } else {
            mill.publish(&mut report).and_then(|()| stage.apply())
        };
        // What was found in the articles is told all the same.
        if let Err(error) = outcome {
            report.failed = true;
            if !grouping.feeds.is_empty() {
                // The next run tells what becomes of them.
                (report.changes, report.feeds) = (Changes::default(), Vec::new());
            }
            report.diagnostics.push(Diagnostic::of_file(Severity::Error, &shown(&error.path), error.message, error.help));
        }
    }
    report.changes.unchanged.retain(|path| !recovered.written.contains(path));
    report.changes.add(recovered);
    report.diagnostics.sort_by(Diagnostic::order);
    report.diagnostics.dedup();
    // What is said once, of feeds that come and go, must not be said again: then the next run reads everything.
    // A report names the feeds that are held back for as long as they are, and a state does not know them.
    let held = report.feeds.iter().any(|feed| feed.fate == Fate::Held);
    let settled = !report.failed && !report.told_once && !held && !index.unsteady;
    if let Some(cache) = cache.filter(|_| settled && request.action != Action::DryRun) {
        // They have served.
        drop((index, grouping));
        let mut files: Vec<String> = report.changes.written.union(&report.changes.unchanged).cloned().collect();
        let kept = folder.published.files.keys().filter(|path| files.binary_search(path).is_err()).cloned();
        let kept = kept.chain(folder.published.host_files.iter().cloned());
        // What a killed run left is to be seen to, and is not there otherwise.
        let kept: Vec<String> = kept.chain([stage::FOLDER.to_owned()]).collect();
        if files.is_empty() {
            // Whoever writes nothing looks at the manifest all the same.
            files.push(manifest::FILE_NAME.to_owned());
        }
        let Report { counts, diagnostics, others, .. } = &report;
        let said = Said { counts: *counts, diagnostics, others, files: &files, kept: &kept };
        cache.keep(articles, settings, &site.out, (newest, dates.get()), said);
    }
    Ok(report)
}

/// What is known before anything is made: the first half of a run.
#[derive(Debug)]
pub struct Survey {
    /// The output folder, and what it holds.
    pub folder: Folder,
    /// How articles are read.
    pub rules: Rules,
    /// What is known of all articles.
    pub index: Index,
    /// What goes into which feed.
    pub grouping: Grouping,
    /// What was found on the way.
    pub diagnostics: Vec<Diagnostic>,
    /// How many files may be articles and could not be read; very many where it is a folder.
    pub unread: usize,
}

/// Reads every article and decides what goes into which feed; nothing is written, and nothing is answered from what was kept.
pub fn look(request: &Request) -> Result<Survey, Error> {
    let sources = walk::walk(request.articles, &selection(request.site)?, request.threads)
        .map_err(|(path, cause)| Error::Articles { path, cause })?;
    let folder = Folder::open(&request.site.out)?;
    permit(request, &folder)?;
    survey(request, sources, folder)
}

fn survey(request: &Request, sources: Sources, folder: Folder) -> Result<Survey, Error> {
    let site = request.site;
    let (facts, titles) = site.looks_inside();
    let rules = Rules {
        names: site.names.clone(),
        zone: site.zone,
        mojibake: site.mojibake,
        embeds: site.embeds,
        now: request.clock.now,
        whole: false,
        full_text: site.shows_full_text(),
        keep: Keep { facts, titles },
        dates: Arc::new(Span::default()),
    };
    let sources = sources.sorted();
    if let Some((path, cause)) = sources.exhausted {
        return Err(Error::Exhausted { path, cause });
    }
    request.progress.files.store(sources.files.len(), Ordering::Relaxed);
    let folders_unread = sources.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let mut diagnostics = sources.diagnostics;
    let (index, found) = index::index(sources.files, &rules, &site.block, request.threads, &request.progress.read);
    diagnostics.extend(found);
    if let Some((file, cause)) = index.exhausted {
        return Err(Error::Exhausted { path: index.files.path(file), cause });
    }
    let grouping = group::group(&index, site, request.clock, &folder.published, &mut diagnostics);
    for turn in [grouping.turns.0, grouping.turns.1].into_iter().filter(|turn| ![i64::MIN, i64::MAX].contains(turn)) {
        rules.dates.turn(turn, request.clock.now);
    }
    let unread = if folders_unread { usize::MAX } else { index.faulty };
    Ok(Survey { folder, rules, index, grouping, diagnostics, unread })
}

/// Keeps other runs from the output folder, until it is dropped.
pub(crate) fn lock(out: &Path, wait: bool) -> Result<Lock, Error> {
    // What is no folder has an error of its own.
    publish::refuse_file(out)?;
    let failed = |error| FolderError::new(out, format!("this folder cannot be made: {error}"), "choose another one with `--out`");
    match Lock::take(out, wait).map_err(failed)? {
        Attempt::Locked(lock) => Ok(lock),
        Attempt::Busy => Err(Error::Busy { path: out.to_owned() }),
    }
}

/// What a run's state is called: runs of other articles, output or purpose have states of their own.
#[must_use]
pub fn run_name(request: &Request) -> u64 {
    // What is not there yet has a place all the same.
    let absolute = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let articles: Vec<PathBuf> = request.articles.iter().map(|path| absolute(path)).collect();
    stamp::digest((articles, absolute(&request.site.out), request.action == Action::Check, request.clock.preview))
}

/// Everything but the articles, the clock and the published files that a run depends on, and how it names files.
fn settings(request: &Request) -> u64 {
    let site = format!("{:?}", request.site);
    let wishes = (request.strict, request.adopt, request.force);
    stamp::digest((env!("CARGO_PKG_VERSION"), request.program, site, request.articles, wishes))
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

/// That there is front matter of a kind that is not read.
fn toml_found(others: &[(PathBuf, String)]) -> Option<Diagnostic> {
    let toml: Vec<&PathBuf> = others.iter().filter(|(_, reason)| reason == read::TOML).map(|(path, _)| path).collect();
    let first = toml.first()?;
    let message = match toml.len() - 1 {
        0 => "this file has TOML front matter (`+++`), which is not read".to_owned(),
        more => format!("this file and {more} more have TOML front matter (`+++`), which is not read"),
    };
    let help = "write the front matter in YAML, between lines of `---`";
    Some(Diagnostic::of_file(Severity::Warning, &first.to_string_lossy(), message, help))
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
    let but = if report.changes.written.is_empty() { "" } else { " but for what was withdrawn" };
    let message = format!("{NOTHING_FOUND}, and there are feeds here; they stay as they are{but}");
    let help = "if this is meant, delete the folder; `feedmill check -v` lists what was found and why it is not shown";
    Err(FolderError::new(&request.site.out, message, help))
}
