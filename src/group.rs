//! Rows to feeds: which articles are one story, what a topic is, and which stories enter each feed.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::error::{Diagnostic, Severity};
use crate::index::Index;
use crate::manifest::{Dates, Manifest};
use crate::site::{Content, Site};
use crate::topic::Slug;

pub mod doubles;
pub mod story;
pub mod topics;

use story::{State, Stories};
use topics::Topic;

/// What goes into which feed, decided from rows alone.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Which articles are one story, and which stories may be shown.
    pub stories: Stories,
    /// The topics, by key.
    pub topics: Vec<Topic>,
    /// The feeds: that of all topics first, then by slug.
    pub feeds: Vec<Plan>,
    /// The topics of each story, as places in `topics`.
    story_topics: Lists,
    /// When entries were published.
    pub dates: Dates,
}

/// What one feed will hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The place of its topic in [`Grouping::topics`]; none for the feed of all topics.
    pub topic: Option<usize>,
    /// Its articles, as places in [`Stories::list`]: newest first.
    pub chosen: Vec<u32>,
    /// Whether it shows their full text.
    pub full_text: bool,
}

impl Grouping {
    /// The slug of a feed; the feed of all topics has none.
    #[must_use]
    pub fn slug(&self, plan: &Plan) -> Option<&Slug> {
        plan.topic.map(|topic| &self.topics[topic].slug)
    }

    /// The topics beside that of a plan: those which most of its stories have too; if there are none, those beside it by slug.
    /// As places in `topics`, so many at most.
    #[must_use]
    pub fn neighbours(&self, plan: &Plan, most: usize) -> Vec<usize> {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for &story in &plan.chosen {
            for &topic in self.story_topics.get(story) {
                *shared.entry(topic as usize).or_default() += 1;
            }
        }
        let written = |topic: &usize| self.topics[*topic].written && Some(*topic) != plan.topic;
        let mut near: Vec<usize> = shared.keys().copied().filter(written).collect();
        near.sort_by_key(|topic| (std::cmp::Reverse(shared[topic]), &self.topics[*topic].slug));
        if near.is_empty() {
            let found = self.feeds.binary_search_by(|other| self.slug(other).cmp(&self.slug(plan)));
            let place = found.unwrap_or_else(|place| place);
            let first = place.saturating_sub(most / 2);
            near = self.feeds.iter().skip(first).filter_map(|other| other.topic).filter(written).take(most).collect();
        }
        near.truncate(most);
        near
    }

    /// The topics of a story: those of the copy that stands for it first.
    pub fn topics_of(&self, story: u32) -> impl Iterator<Item = &Topic> {
        self.story_topics.get(story).iter().map(|&topic| &self.topics[topic as usize])
    }
}

/// How the public is told from the rest.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The run's one reading of the clock: what is dated later waits.
    pub now: DateTime<Utc>,
    /// Unpublished articles, drafts and future ones are shown too.
    pub preview: bool,
}

/// Groups an index. `published` is what the output folder holds from earlier runs.
#[must_use]
pub fn group(index: &Index, site: &Site, clock: Clock, published: &Manifest, diagnostics: &mut Vec<Diagnostic>) -> Grouping {
    let dates = published.dates();
    let stories = story::stories(index, site, clock, &dates, diagnostics);
    let found = topics::topics(index, &stories, site, published, diagnostics);
    let mut story_topics = Lists::default();
    let mut latest: Vec<Newest> = vec![Newest::new(site.limit); found.topics.len()];
    let mut all = Newest::new(site.limit);
    for (number, story) in (0..).zip(&stories.list) {
        let topics = story_topics.begin();
        if story.state != State::Published {
            continue;
        }
        let winner = story.winner as usize;
        let name = index.names(&index.rows[winner]).0.first().copied().unwrap_or_default();
        let place = (std::cmp::Reverse(stories.date(index, number)), name, number);
        all.add(place);
        // The winner's topics come first, then what its other copies add.
        for row in std::iter::once(winner).chain(stories.rows(story).filter(|&row| row != winner && stories.public[row])) {
            for spelling in index.topics(&index.rows[row]) {
                let topic = found.of_spelling[*spelling as usize];
                if !story_topics.all[topics..].contains(&topic) {
                    story_topics.all.push(topic);
                    latest[topic as usize].add(place);
                }
            }
        }
    }
    let mut feeds: Vec<Plan> = Vec::new();
    for (number, latest) in latest.into_iter().enumerate() {
        if !latest.best.is_empty() && found.topics[number].written {
            let full_text = found.topics[number].full_text;
            feeds.push(Plan { topic: Some(number), chosen: latest.finish(), full_text });
        }
    }
    feeds.sort_by(|a, b| slug_of(&found.topics, a).cmp(&slug_of(&found.topics, b)));
    if !all.best.is_empty() {
        feeds.insert(0, Plan { topic: None, chosen: all.finish(), full_text: site.content == Content::Full });
    }
    Grouping { stories, topics: found.topics, feeds, story_topics, dates }
}

fn slug_of<'t>(topics: &'t [Topic], plan: &Plan) -> Option<&'t Slug> {
    plan.topic.map(|topic| &topics[topic].slug)
}

/// Rows, stories and topics are numbered in 32 bits: four thousand million are more than memory holds.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Very many short lists, one behind the other.
#[derive(Clone, Debug, Default)]
struct Lists {
    all: Vec<u32>,
    /// Where each list begins.
    starts: Vec<u32>,
}

impl Lists {
    /// Begins the next list, and says where.
    fn begin(&mut self) -> usize {
        self.starts.push(narrow(self.all.len()));
        self.all.len()
    }

    fn get(&self, number: u32) -> &[u32] {
        let place = |number: usize| self.starts.get(number).map_or(self.all.len(), |start| *start as usize);
        self.all.get(place(number as usize)..place(number as usize + 1)).unwrap_or_default()
    }
}

/// Newest first; stories of one second by name, so that no order of files shows.
type Place = (std::cmp::Reverse<i64>, crate::link::Fingerprint, u32);

/// The newest few of many stories, in memory for not many more than a few.
#[derive(Clone)]
struct Newest {
    limit: usize,
    best: Vec<Place>,
}

impl Newest {
    fn new(limit: usize) -> Self {
        Self { limit, best: Vec::new() }
    }

    fn add(&mut self, place: Place) {
        self.best.push(place);
        if self.best.len() >= 4 * self.limit + 64 {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        self.best.sort_unstable();
        self.best.truncate(self.limit);
    }

    fn finish(mut self) -> Vec<u32> {
        self.shrink();
        self.best.into_iter().map(|(_, _, story)| story).collect()
    }
}

/// A warning about grouping, at the file that gives rise to it.
fn warning(path: &Path, message: String, help: &str) -> Diagnostic {
    Diagnostic::of_file(Severity::Warning, &path.to_string_lossy(), message, help)
}

/// How often each of several spellings occurs, and the first row that has it.
type Spellings = BTreeMap<u32, (usize, usize)>;
