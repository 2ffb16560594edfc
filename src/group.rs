//! Rows to feeds: which articles are one story, what a topic is, and which stories enter each feed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::error::{Diagnostic, Severity};
use crate::index::Index;
use crate::manifest::{Dates, Manifest};
use crate::site::{FeedRules, Site};
use crate::topic::{Slug, TopicKey};

pub mod doubles;
mod own;
pub mod sieve;
pub mod story;
pub mod topics;

use sieve::Sieve;
use story::{State, Stories};
use topics::Topic;

/// What goes into which feed, decided from rows alone.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Which articles are one story, and which stories may be shown.
    pub stories: Stories,
    /// The topics, by key; behind them the feeds of the owner's own, which have a name, a folder and an id as a topic does.
    pub topics: Vec<Topic>,
    /// The feeds: that of all topics first, then by slug.
    pub feeds: Vec<Plan>,
    /// Feeds that are not written, since there are fewer articles than their owner wants in them: how many.
    pub few: BTreeMap<TopicKey, usize>,
    /// The topics of each story, as places in `topics`.
    story_topics: Lists,
    /// When entries were published.
    pub dates: Dates,
    /// The date of the oldest published story, which feeds without any entry have.
    pub oldest: DateTime<Utc>,
    /// The last time up to the clock at which a story grew too old for a feed, and the first one after it, in seconds of Unix
    /// time.
    pub turns: (i64, i64),
}

/// What one feed will hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The place of its topic in [`Grouping::topics`]; none for the feed of all topics.
    pub topic: Option<usize>,
    /// Its articles, as places in [`Stories::list`]: newest first.
    pub chosen: Vec<u32>,
    /// What its owner says of it.
    pub rules: Arc<FeedRules>,
    /// Stands for what lets stories in; empty where no measure does.
    pub selection: String,
}

impl Grouping {
    /// The key of a feed: that of its topic.
    #[must_use]
    pub fn key(&self, plan: &Plan) -> TopicKey {
        plan.topic.map_or_else(TopicKey::all, |topic| self.topics[topic].key.clone())
    }

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
        let named = |number: &usize| {
            let topic = &self.topics[*number];
            topic.written && !topic.is_own && !topic.rules.hidden && Some(*number) != plan.topic
        };
        let mut near: Vec<usize> = shared.keys().copied().filter(named).collect();
        near.sort_by_key(|topic| (std::cmp::Reverse(shared[topic]), &self.topics[*topic].slug));
        if near.is_empty() {
            let found = self.feeds.binary_search_by(|other| self.slug(other).cmp(&self.slug(plan)));
            let place = found.unwrap_or_else(|place| place);
            let first = place.saturating_sub(most / 2);
            near = self.feeds.iter().skip(first).filter_map(|other| other.topic).filter(named).take(most).collect();
        }
        near.truncate(most);
        near
    }

    /// The topics of a story: those of the copy that stands for it first.
    pub fn topics_of(&self, story: u32) -> impl Iterator<Item = &Topic> {
        self.story_topics.get(story).iter().map(|&topic| &self.topics[topic as usize])
    }

    /// The plan of the feed that has this key.
    #[must_use]
    pub fn plan_of(&self, key: &TopicKey) -> Option<&Plan> {
        self.feeds.iter().find(|plan| self.key(plan) == *key)
    }

    /// The topics of a story, and all that are above them; as places in `topics`.
    #[must_use]
    pub fn all_topics_of(&self, story: u32) -> Vec<u32> {
        let topics = self.story_topics.get(story);
        sieve::with_above(topics, |topic| &self.topics[topic as usize].above).unwrap_or_else(|| topics.to_vec())
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
    let own = own::feeds(index, site, &stories);
    let mut found = topics::topics(index, &stories, site, published, &own, diagnostics);
    let mut story_topics = Lists::default();
    let mut sieve = Sieve::new(index, site, clock, published, &stories, &found.list);
    let mut oldest = i64::MAX;
    for (number, story) in (0..).zip(&stories.list) {
        let topics = story_topics.begin();
        if story.state != State::Published {
            continue;
        }
        let winner = story.winner as usize;
        // The winner's topics come first, then what its other copies add.
        for row in std::iter::once(winner).chain(stories.rows(story).filter(|&row| row != winner && stories.public[row])) {
            for spelling in index.topics(&index.rows[row]) {
                let topic = found.of_spelling[*spelling as usize];
                if !story_topics.all[topics..].contains(&topic) {
                    story_topics.all.push(topic);
                }
            }
        }
        oldest = oldest.min(stories.date(index, number));
        sieve.put(number, &story_topics.all[topics..]);
    }
    let turns = sieve.turns;
    let chosen = sieve.finish();
    let nothing = oldest == i64::MAX;
    let mut feeds: Vec<Plan> = Vec::new();
    let mut few = BTreeMap::new();
    let mut chosen = chosen.into_iter();
    if let Some(all) = chosen.next().filter(|_| !nothing) {
        feeds.push(Plan { topic: None, chosen: all.chosen, rules: Arc::clone(&site.rules), selection: all.selection });
    }
    for (number, (topic, held)) in found.list.iter_mut().zip(chosen).enumerate() {
        let is_few = held.passed < topic.rules.min_items.min(topic.rules.limit);
        // Whoever subscribes, or reads of it in the site file, is never to meet an error of the server.
        let promised = topic.named || published.feeds.get(&topic.key).is_some_and(|feed| !feed.stale);
        if topic.written && is_few && (promised || held.passed > 0) {
            few.insert(topic.key.clone(), held.passed);
        }
        topic.written &= !nothing && !is_few && (promised || !held.chosen.is_empty());
        if topic.written {
            let rules = Arc::clone(&topic.rules);
            feeds.push(Plan { topic: Some(number), chosen: held.chosen, rules, selection: held.selection });
        }
    }
    for topic in &found.list {
        if let Some(count) = few.get(&topic.key) {
            diagnostics.push(too_few(site, topic, *count));
        }
    }
    feeds.sort_by(|a, b| slug_of(&found.list, a).cmp(&slug_of(&found.list, b)));
    let oldest = DateTime::from_timestamp(oldest, 0).unwrap_or_default();
    Grouping { stories, topics: found.list, feeds, few, story_topics, dates, oldest, turns }
}

fn slug_of<'t>(topics: &'t [Topic], plan: &Plan) -> Option<&'t Slug> {
    plan.topic.map(|topic| &topics[topic].slug)
}

/// That a feed is not written for want of articles.
fn too_few(site: &Site, topic: &Topic, count: usize) -> Diagnostic {
    let what = if topic.is_own { "feed" } else { "topic" };
    let articles = match count {
        0 => "no article".to_owned(),
        1 => "1 article".to_owned(),
        count => format!("{count} articles"),
    };
    let message = format!(
        "the {what} `{}` has {articles}, fewer than the {} of `min_items`: no feed is written",
        topic.name, topic.rules.min_items
    );
    let file = site.file.as_deref().unwrap_or(Path::new(crate::site::FILE_NAME));
    Diagnostic::of_file(Severity::Note, &file.to_string_lossy(), message, "")
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

/// A warning about grouping, at the file that gives rise to it.
fn warning(path: &Path, message: String, help: &str) -> Diagnostic {
    Diagnostic::of_file(Severity::Warning, &path.to_string_lossy(), message, help)
}

/// How often each of several spellings occurs, and the first row that has it.
type Spellings = BTreeMap<u32, (usize, usize)>;
