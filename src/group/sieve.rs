//! What enters each feed: the newest of what its rules let in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::own::{self, Own};
use super::story::{State, Stories};
use super::topics::Topic;
use super::{Clock, Grouping, narrow};
use crate::dial::{Dial, Facts, Published};
use crate::index::Index;
use crate::link::{EntryId, FEED_NAMESPACE, Fingerprint};
use crate::manifest::{self, Manifest};
use crate::site::{Each, FeedRules, Named, Site};
use crate::topic::TopicKey;

/// What a feed holds.
pub(super) struct Held {
    /// Its stories, newest first.
    pub chosen: Vec<u32>,
    /// How many its rules let in, as far as there is room.
    pub passed: usize,
    /// Stands for these rules.
    pub selection: String,
}

/// Why a story is not among the articles of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// It is not on the topic of the feed.
    OffTopic,
    /// There is no room for it: how many the feed takes, and where it stands.
    Beyond(usize, usize),
    /// It has none of the topics of the feed.
    NoneOf(Vec<String>),
    /// It does not have this one of the topics that it must have.
    Lacks(String),
    /// It has a topic that it must not have.
    Has(String),
    /// It is of another provider or category.
    Other(Each),
    /// A dial keeps it out.
    Dial(Dial),
}

/// Sorts stories into feeds: that of all topics, then one for each topic, then those of the owner's own.
pub(super) struct Sieve<'a> {
    index: &'a Index,
    clock: Clock,
    stories: &'a Stories,
    feeds: Vec<Candidate<'a>>,
    /// For each topic, the topics above it.
    above: Vec<&'a [u32]>,
    /// Feeds of the owner's own that want one of these topics; those that want one of these words; and all others.
    by_topic: Vec<Vec<u32>>,
    by_word: BTreeMap<&'a (Each, TopicKey), Vec<u32>>,
    open: Vec<u32>,
    /// What there may be a feed for each of.
    eachs: Vec<Each>,
    /// The last and the next time at which a story grows too old.
    pub turns: (i64, i64),
}

/// A feed that takes stories.
struct Candidate<'a> {
    rules: &'a FeedRules,
    newest: Newest,
    passed: usize,
    selection: String,
    /// Stories that are in it already, and stay though their measures move; sorted.
    stay: Vec<u32>,
    own: Option<&'a Wants>,
}

/// Topics by their places, with their names.
type Places = Vec<(u32, String)>;

/// What stories of a feed of the owner's own are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    any: Option<Places>,
    all: Places,
    none: Places,
    of: Option<(Each, TopicKey)>,
    top: bool,
}

impl Wants {
    /// What an owner says, where `place` knows topics.
    pub(super) fn new(own: &Own, place: impl Fn(&TopicKey) -> Option<u32>) -> Self {
        let places = |named: &[Named]| -> Places {
            named.iter().map(|named| (place(&named.key).unwrap_or(u32::MAX), named.name.clone())).collect()
        };
        let said = own.said;
        let any = (!said.any.is_empty()).then(|| places(&said.any));
        Self { any, all: places(&said.all), none: places(&said.none), of: own.of.clone(), top: said.top }
    }

    /// Why a story on these topics does not belong here, if it does not.
    fn keep_out(&self, topics: &[u32], index: &Index, row: usize) -> Option<Out> {
        let has = |place: &u32| topics.contains(place);
        if let Some(any) = self.any.as_ref().filter(|any| !any.iter().any(|(place, _)| has(place))) {
            return Some(Out::NoneOf(any.iter().map(|(_, name)| name.clone()).collect()));
        }
        if let Some((_, name)) = self.all.iter().find(|(place, _)| !has(place)) {
            return Some(Out::Lacks(name.clone()));
        }
        if let Some((_, name)) = self.none.iter().find(|(place, _)| has(place)) {
            return Some(Out::Has(name.clone()));
        }
        let (each, word) = self.of.as_ref()?;
        (own::value(*each, index, row).as_ref() != Some(word)).then_some(Out::Other(*each))
    }
}

impl<'a> Sieve<'a> {
    pub(super) fn new(
        index: &'a Index,
        site: &'a Site,
        clock: Clock,
        published: &'a Manifest,
        stories: &'a Stories,
        topics: &'a [Topic],
    ) -> Self {
        let of_articles = topics.iter().position(|topic| topic.is_own).unwrap_or(topics.len());
        let mut feeds = vec![Candidate::new(&site.rules, published.feeds.get(&TopicKey::all()), stories, None)];
        let of_topic =
            |topic: &'a Topic| Candidate::new(&topic.rules, published.feeds.get(&topic.key), stories, topic.wants.as_ref());
        feeds.extend(topics.iter().map(of_topic));
        let first = narrow(of_articles + 1);
        let mut by_topic = vec![Vec::new(); of_articles];
        let mut by_word: BTreeMap<&(Each, TopicKey), Vec<u32>> = BTreeMap::new();
        let mut open = Vec::new();
        for (number, candidate) in (first..).zip(&feeds[first as usize..]) {
            let Some(conditions) = candidate.own else { continue };
            match (&conditions.of, &conditions.any, conditions.all.first()) {
                (Some(word), ..) => by_word.entry(word).or_default().push(number),
                (None, Some(any), _) => {
                    for (place, _) in any.iter().filter(|(place, _)| *place != u32::MAX) {
                        by_topic[*place as usize].push(number);
                    }
                }
                (None, None, Some((place, _))) if *place != u32::MAX => by_topic[*place as usize].push(number),
                // It can have no article.
                (None, None, Some(_)) => {}
                (None, None, None) => open.push(number),
            }
        }
        let eachs = Each::ALL.into_iter().filter(|each| by_word.keys().any(|(of, _)| of == each)).collect();
        let above = topics[..of_articles].iter().map(|topic| &topic.above[..]).collect();
        Self { index, clock, stories, feeds, above, by_topic, by_word, open, eachs, turns: (i64::MIN, i64::MAX) }
    }

    /// Puts a published story on these topics into every feed that it belongs to.
    pub(super) fn put(&mut self, story: u32, topics: &[u32]) {
        let row = self.stories.list[story as usize].winner as usize;
        let name = self.index.names(&self.index.rows[row]).0.first().copied().unwrap_or_default();
        let date = self.stories.date(self.index, story);
        let with_above = with_above(topics, |topic| self.above[topic as usize]);
        let members = with_above.as_deref().unwrap_or(topics);
        let words: Vec<(Each, TopicKey)> =
            self.eachs.iter().filter_map(|each| Some((*each, own::value(*each, self.index, row)?))).collect();
        let mut wanted: Vec<u32> = self.open.clone();
        wanted.extend(members.iter().flat_map(|topic| &self.by_topic[*topic as usize]));
        wanted.extend(words.iter().filter_map(|word| self.by_word.get(word)).flatten());
        if !wanted.is_empty() {
            wanted.sort_unstable();
            wanted.dedup();
            wanted.retain(|number| {
                let conditions = self.feeds[*number as usize].own;
                conditions.is_none_or(|conditions| conditions.keep_out(members, self.index, row).is_none())
            });
        }
        let facts = facts_of(self.index, row, date);
        let of_topics = std::iter::once(0).chain(members.iter().map(|topic| topic + 1));
        for number in of_topics.chain(wanted) {
            let candidate = &mut self.feeds[number as usize];
            let place = candidate.place(&facts, date, name, story);
            if !candidate.newest.wants(&place) {
                continue;
            }
            let dials = &candidate.rules.dials;
            if let Some(age) = dials.max_age {
                let end = age.end(date);
                let (last, next) = &mut self.turns;
                if end > self.clock.now.timestamp() { *next = end.min(*next) } else { *last = end.max(*last) }
            }
            let stays = candidate.stay.binary_search(&story).is_ok();
            if dials.keep_out(&facts, self.clock.now, stays).is_none() {
                candidate.newest.add(place);
                candidate.passed += 1;
            }
        }
    }

    /// What each feed holds, in their order.
    pub(super) fn finish(self) -> Vec<Held> {
        let finish = |candidate: Candidate| {
            let Candidate { newest, passed, selection, .. } = candidate;
            Held { chosen: newest.finish(), passed, selection }
        };
        self.feeds.into_iter().map(finish).collect()
    }
}

/// The topics with all above them, each once; nothing if none has any.
pub(super) fn with_above<'t>(topics: &[u32], above: impl Fn(u32) -> &'t [u32]) -> Option<Vec<u32>> {
    if topics.iter().all(|topic| above(*topic).is_empty()) {
        return None;
    }
    let mut all = topics.to_vec();
    for topic in topics.iter().flat_map(|topic| above(*topic)) {
        if !all.contains(topic) {
            all.push(*topic);
        }
    }
    Some(all)
}

/// What dials look at in a row; only its date, if nothing else was kept.
fn facts_of(index: &Index, row: usize, date: i64) -> Facts<'_> {
    let publisher = Published { name: "", domain: "", site: "" };
    let dated = Facts { quality: None, heat: None, published: date, kind: "", category: "", publisher, title: "" };
    index.facts(&index.rows[row]).map_or(dated, |facts| Facts { published: date, ..facts })
}

impl<'a> Candidate<'a> {
    fn new(rules: &'a FeedRules, published: Option<&manifest::Feed>, stories: &Stories, own: Option<&'a Wants>) -> Self {
        let selection = selection(rules, own);
        let stay = staying(rules, published, &selection, stories);
        Self { rules, newest: Newest::new(rules.limit), passed: 0, selection, stay, own }
    }

    fn place(&self, facts: &Facts, date: i64, name: Fingerprint, story: u32) -> Place {
        place(self.own, facts, date, name, story)
    }
}

/// Stands for what lets stories into a feed; empty where no measure does.
fn selection(rules: &FeedRules, own: Option<&Wants>) -> String {
    if !rules.measures() {
        return String::new();
    }
    // Places of topics move with every new topic, their names do not.
    let names = |places: &Places| places.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(" ");
    let lists = |own: &Wants| {
        let any = own.any.as_ref().map(names).unwrap_or_default();
        format!("; any {any}; all {}; none {}; top {}", names(&own.all), names(&own.none), own.top)
    };
    let said = format!("{}{}", rules.selection(), own.map(lists).unwrap_or_default());
    Uuid::new_v5(&FEED_NAMESPACE, said.as_bytes()).simple().to_string()
}

/// Stories that are in a feed already and stay though their measures move, as long as what lets them in is the same; sorted.
fn staying(rules: &FeedRules, published: Option<&manifest::Feed>, selection: &str, stories: &Stories) -> Vec<u32> {
    let same = published.filter(|published| rules.measures() && published.selection == selection && !published.stale);
    let articles = same.into_iter().flat_map(|feed| &feed.entries).filter(|entry| entry.parents.is_empty());
    let story = |entry: &manifest::Entry| stories.find([EntryId::own(&entry.id).ok()?.fingerprint()]);
    let mut stay: Vec<u32> = articles.filter_map(story).collect();
    stay.sort_unstable();
    stay
}

/// Where a story stands among others.
fn place(own: Option<&Wants>, facts: &Facts, date: i64, name: Fingerprint, story: u32) -> Place {
    let measure = |measure: Option<i32>| measure.map_or(i64::MIN, i64::from);
    let rank = if own.is_some_and(|own| own.top) { (measure(facts.heat), measure(facts.quality)) } else { (0, 0) };
    (Reverse(rank), Reverse(date), name, story)
}

/// Best first, then newest; stories of one second by name, so that no order of files shows.
type Place = (Reverse<(i64, i64)>, Reverse<i64>, Fingerprint, u32);

/// The newest few of many stories, in memory for not many more than a few.
#[derive(Clone)]
struct Newest {
    limit: usize,
    best: Vec<Place>,
    /// The last that has a place, as far as is known.
    last: Option<Place>,
}

impl Newest {
    fn new(limit: usize) -> Self {
        Self { limit, best: Vec::new(), last: None }
    }

    /// Whether there can be room for a story.
    fn wants(&self, place: &Place) -> bool {
        self.last.as_ref().is_none_or(|last| place < last)
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
        if self.best.len() == self.limit {
            self.last = self.best.last().copied();
        }
    }

    fn finish(mut self) -> Vec<u32> {
        self.shrink();
        self.best.sort_unstable_by_key(|(_, date, name, story)| (*date, *name, *story));
        self.best.into_iter().map(|(.., story)| story).collect()
    }
}

/// The judge of single stories, for whoever asks why.
pub struct Judge<'a> {
    index: &'a Index,
    clock: Clock,
    published: &'a Manifest,
    grouping: &'a Grouping,
}

impl<'a> Judge<'a> {
    /// A judge of what was grouped.
    #[must_use]
    pub fn new(index: &'a Index, clock: Clock, published: &'a Manifest, grouping: &'a Grouping) -> Self {
        Self { index, clock, published, grouping }
    }

    /// Why a published story is not among the articles of the feed of a topic, or of all topics, if it is not.
    #[must_use]
    pub fn verdict(&self, topic: Option<usize>, all: &FeedRules, story: u32) -> Option<Out> {
        let topic = topic.map(|number| (narrow(number), &self.grouping.topics[number]));
        let rules = topic.map_or(all, |(_, topic)| &topic.rules);
        let wants = topic.and_then(|(_, topic)| topic.wants.as_ref());
        let key = topic.map_or_else(TopicKey::all, |(_, topic)| topic.key.clone());
        let stay = staying(rules, self.published.feeds.get(&key), &selection(rules, wants), &self.grouping.stories);
        let out = |story: u32| self.keep_out(topic, rules, &stay, story);
        if let Some(out) = out(story) {
            return Some(out);
        }
        let place = |story: u32| {
            let (row, date) = self.row(story);
            let name = self.index.names(&self.index.rows[row]).0.first().copied().unwrap_or_default();
            place(wants, &facts_of(self.index, row, date), date, name, story)
        };
        let own = place(story);
        let stories = (0..).zip(&self.grouping.stories.list).filter(|(_, story)| story.state == State::Published);
        let before = stories.filter(|(other, _)| place(*other) < own && out(*other).is_none()).count();
        (before >= rules.limit).then_some(Out::Beyond(rules.limit, before + 1))
    }

    fn keep_out(&self, topic: Option<(u32, &Topic)>, rules: &FeedRules, stay: &[u32], story: u32) -> Option<Out> {
        let (row, date) = self.row(story);
        if let Some((number, topic)) = topic {
            let topics = &self.grouping.all_topics_of(story)[..];
            match &topic.wants {
                Some(wants) => {
                    if let Some(out) = wants.keep_out(topics, self.index, row) {
                        return Some(out);
                    }
                }
                None if !topics.contains(&number) => return Some(Out::OffTopic),
                None => {}
            }
        }
        let stays = stay.binary_search(&story).is_ok();
        rules.dials.keep_out(&facts_of(self.index, row, date), self.clock.now, stays).map(Out::Dial)
    }

    fn row(&self, story: u32) -> (usize, i64) {
        let stories = &self.grouping.stories;
        (stories.list[story as usize].winner as usize, stories.date(self.index, story))
    }
}
