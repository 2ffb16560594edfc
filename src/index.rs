//! The first reading: every file once, in parallel, to a small row for each article.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::article::{Article, KnownBy, Status};
use crate::dial::Facts;
use crate::error::Diagnostic;
use crate::files::Files;
use crate::link::{EntryId, Fingerprint};
use crate::read::{self, Desk, Found, Rules};
use crate::site::Blocked;
use crate::text::Line;
use crate::threads::together;

mod facts;

/// What is known of every article. Everything that decides what goes into a feed is here; what an article says is not.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The files that were read, sorted; a row names its file by its place here.
    pub files: Files,
    /// The articles, in the order of their files.
    pub rows: Vec<Row>,
    /// Topic names as written, sorted.
    pub topics: Vec<Line>,
    /// Files that are no articles, and why.
    pub others: Vec<(usize, &'static str)>,
    /// Articles with errors.
    pub faulty: usize,
    /// Whether a file may be another one the next time though nothing of it has changed.
    pub unsteady: bool,
    /// A file that could not be opened for want of what every file needs, and what the system said.
    pub exhausted: Option<(usize, String)>,
    names: Vec<Fingerprint>,
    topic_lists: Vec<u32>,
    own_ids: HashMap<Fingerprint, (usize, EntryId)>,
    facts: facts::Table,
}

/// What is known of one article.
#[derive(Clone, Debug)]
pub struct Row {
    /// The place of its file in [`Index::files`].
    pub file: u32,
    /// When it was published, in seconds of Unix time.
    pub published: i64,
    /// When it last changed.
    pub updated: i64,
    /// Whether it may be shown.
    pub status: Status,
    /// Whether the owner blocks it.
    pub blocked: bool,
    /// Where its names and its topics begin in the long lists of the index, and how many there are. The numbers lie beside
    /// each other so that none of the row is wasted: there may be a million.
    names_start: u32,
    topics_start: u32,
    /// Where dials find what they look at.
    facts: u32,
    names_len: u8,
    own_names: u8,
    topics_len: u8,
}

/// A part of one of the long lists.
fn part<T>(list: &[T], start: u32, len: u8) -> &[T] {
    &list[start as usize..][..usize::from(len)]
}

impl Index {
    /// What an article is known by: its own addresses and id first, then its AMP pages.
    #[must_use]
    pub fn names(&self, row: &Row) -> (&[Fingerprint], &[Fingerprint]) {
        part(&self.names, row.names_start, row.names_len).split_at(usize::from(row.own_names))
    }

    /// The topics of an article, as places in [`Index::topics`].
    #[must_use]
    pub fn topics(&self, row: &Row) -> &[u32] {
        part(&self.topic_lists, row.topics_start, row.topics_len)
    }

    /// The id that some article gives itself, if a story known by this name has one.
    #[must_use]
    pub fn own_id(&self, name: Fingerprint) -> Option<&EntryId> {
        self.own_ids.get(&name).map(|(_, id)| id)
    }

    /// What dials look at in an article; `None` unless the rules say that it is kept.
    #[must_use]
    pub fn facts(&self, row: &Row) -> Option<Facts<'_>> {
        self.facts.get(row.facts, row.published)
    }

    /// The file of a row.
    #[must_use]
    pub fn file(&self, row: &Row) -> PathBuf {
        self.files.path(row.file as usize)
    }
}

/// Files are taken in runs: neighbours in a folder are neighbours on the disk.
const RUN: usize = 32;

/// Reads all files with so many threads; `read` counts them for whoever wants to show it.
#[must_use]
pub fn index(files: Files, rules: &Rules, block: &[Blocked], threads: usize, read: &AtomicUsize) -> (Index, Vec<Diagnostic>) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut part = Part::default();
        let mut desk = Desk::default();
        loop {
            let start = next.fetch_add(RUN, Ordering::Relaxed);
            if start >= files.len() {
                return part;
            }
            let end = (start + RUN).min(files.len());
            for number in start..end {
                part.read(number, &files.path(number), rules, block, &mut desk);
            }
            read.fetch_add(end - start, Ordering::Relaxed);
        }
    };
    let parts = together(threads, work);
    merge(files, parts)
}

/// What one thread has read.
#[derive(Default)]
struct Part {
    index: Index,
    spellings: HashMap<Line, u32>,
    diagnostics: Vec<Diagnostic>,
}

impl Part {
    fn read(&mut self, file: usize, path: &Path, rules: &Rules, block: &[Blocked], desk: &mut Desk) {
        let source = path.to_str().map_or_else(|| path.to_string_lossy(), Cow::Borrowed);
        match read::file(rules, path, &source, desk, &mut self.diagnostics) {
            Found::Article(article) => self.add(file, &article, rules, block),
            Found::Retracted(names) => {
                let status = Status { deleted: true, ..Status::default() };
                self.row(&names, Row::new(offset(file), 0, 0, status));
            }
            Found::Other(reason) => self.index.others.push((file, reason)),
            Found::Faulty => self.index.faulty += 1,
            Found::Unread => {
                self.index.faulty += 1;
                self.index.unsteady = true;
            }
            Found::Vanished => {
                self.index.others.push((file, "it went away during the run"));
                self.index.unsteady = true;
            }
            Found::Exhausted(why) => self.index.exhausted = Some((file, why)),
        }
    }

    fn add(&mut self, file: usize, article: &Article, rules: &Rules, block: &[Blocked]) {
        let story = &article.story;
        let mut row = Row::new(offset(file), article.published.timestamp(), article.updated.timestamp(), article.status);
        row.blocked = block.iter().any(|blocked| story.addresses().any(|link| blocked.covers(link)));
        row.topics_start = offset(self.index.topic_lists.len());
        row.topics_len = count(article.topics.len());
        for topic in &article.topics {
            let fresh = offset(self.spellings.len());
            let spelling = *self.spellings.entry(topic.clone()).or_insert(fresh);
            self.index.topic_lists.push(spelling);
        }
        if rules.keep.facts {
            row.facts = self.index.facts.add(story, rules.keep.titles);
        }
        if let Some(id) = &story.own_id {
            keep_first(&mut self.index.own_ids, id.fingerprint(), (file, id.clone()));
        }
        self.row(&story.known_by, row);
    }

    fn row(&mut self, names: &KnownBy, mut row: Row) {
        let start = offset(self.index.names.len());
        self.index.names.extend(names.all());
        row.names_start = start;
        row.names_len = count(names.all().len());
        row.own_names = count(names.own().len());
        self.index.rows.push(row);
    }
}

impl Row {
    fn new(file: u32, published: i64, updated: i64, status: Status) -> Self {
        let (names_start, topics_start, names_len, own_names, topics_len) = (0, 0, 0, 0, 0);
        let (blocked, facts) = (false, u32::MAX);
        Self { file, published, updated, status, blocked, names_start, topics_start, facts, names_len, own_names, topics_len }
    }
}

/// Parts to one index in which nothing shows how many threads there were.
fn merge(files: Files, parts: Vec<Part>) -> (Index, Vec<Diagnostic>) {
    let mut topics: Vec<Line> = parts.iter().flat_map(|part| part.spellings.keys().cloned()).collect();
    topics.sort_unstable();
    topics.dedup();
    let mut index = Index::default();
    let mut diagnostics = Vec::new();
    for mut part in parts {
        let mut places = vec![0; part.spellings.len()];
        for (spelling, number) in &part.spellings {
            places[*number as usize] = offset(topics.binary_search(spelling).unwrap_or(0));
        }
        for topic in &mut part.index.topic_lists {
            *topic = places[*topic as usize];
        }
        let (names, lists) = (offset(index.names.len()), offset(index.topic_lists.len()));
        let facts = index.facts.append(part.index.facts);
        for row in &mut part.index.rows {
            row.names_start += names;
            row.topics_start += lists;
            row.facts = row.facts.saturating_add(facts);
        }
        append(&mut index.names, part.index.names);
        append(&mut index.topic_lists, part.index.topic_lists);
        append(&mut index.rows, part.index.rows);
        index.others.extend(part.index.others);
        for (name, id) in part.index.own_ids {
            keep_first(&mut index.own_ids, name, id);
        }
        index.faulty += part.index.faulty;
        index.unsteady |= part.index.unsteady;
        index.exhausted = index.exhausted.or(part.index.exhausted);
        diagnostics.extend(part.diagnostics);
    }
    index.rows.sort_unstable_by_key(|row| row.file);
    index.others.sort_unstable();
    (Index { files, topics, ..index }, diagnostics)
}

/// Adds a long list to another, with no more memory than both have.
fn append<T>(list: &mut Vec<T>, mut more: Vec<T>) {
    if list.is_empty() {
        *list = more;
    } else {
        list.reserve_exact(more.len());
        list.append(&mut more);
    }
}

/// Of two spellings of one id (`urn:uuid:` in either case) that of the first file counts.
fn keep_first(ids: &mut HashMap<Fingerprint, (usize, EntryId)>, name: Fingerprint, id: (usize, EntryId)) {
    let kept = ids.entry(name).or_insert_with(|| id.clone());
    if id.0 < kept.0 {
        *kept = id;
    }
}

/// Rows keep places in 32 bits: four thousand million names are more than memory holds.
fn offset(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Articles have at most 20 topics and five names.
fn count(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}
