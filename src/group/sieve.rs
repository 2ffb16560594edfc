//! What enters each feed: the newest of what its rules let in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::own::{self, Own};
use super::story::Stories;
use super::topics::Topics;
use super::{Clock, narrow};
use crate::dial::{Dial, Facts, Published};
use crate::index::Index;
use crate::link::{EntryId, FEED_NAMESPACE, Fingerprint};
use crate::manifest::{self, Manifest};
use crate::site::{Each, FeedRules, Site};
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

/// Why a story is not let into a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
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
    own: Option<Conditions<'a>>,
}

/// Topics by their places, with their names.
type Places = Vec<(u32, String)>;

/// What stories of a feed of the owner's own are on.
pub(super) struct Conditions<'a> {
    any: Option<Places>,
    all: Places,
    none: Places,
    of: Option<&'a (Each, TopicKey)>,
    top: bool,
}

impl<'a> Conditions<'a> {
    fn new(own: &'a Own, topics: &Topics) -> Self {
        let places = |named: &[crate::site::Named]| -> Places {
            named.iter().map(|named| (topics.place(&named.key).unwrap_or(u32::MAX), named.name.clone())).collect()
        };
        let said = own.said;
        let any = (!said.any.is_empty()).then(|| places(&said.any));
        Self { any, all: places(&said.all), none: places(&said.none), of: own.of.as_ref(), top: said.top }
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
        let (each, word) = self.of?;
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
        topics: &'a Topics,
        own: &'a [Own],
    ) -> Self {
        let candidate = |rules: &'a FeedRules, key: &TopicKey, own: Option<&'a Own>| {
            Candidate::new(rules, published.feeds.get(key), stories, own.map(|own| Conditions::new(own, topics)))
        };
        let of_articles = topics.list.len() - own.len();
        let mut feeds = vec![candidate(&site.rules, &TopicKey::all(), None)];
        feeds.extend(topics.list[..of_articles].iter().map(|topic| candidate(&topic.rules, &topic.key, None)));
        let first = narrow(feeds.len());
        feeds.extend(
            topics.list[of_articles..].iter().zip(own).map(|(topic, own)| candidate(&topic.rules, &topic.key, Some(own))),
        );
        let mut by_topic = vec![Vec::new(); of_articles];
        let mut by_word: BTreeMap<&(Each, TopicKey), Vec<u32>> = BTreeMap::new();
        let mut open = Vec::new();
        for (number, candidate) in (first..).zip(&feeds[first as usize..]) {
            let Some(conditions) = &candidate.own else { continue };
            match (conditions.of, &conditions.any, conditions.all.first()) {
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
        let above = topics.list[..of_articles].iter().map(|topic| &topic.above[..]).collect();
        Self { index, clock, stories, feeds, above, by_topic, by_word, open, eachs, turns: (i64::MIN, i64::MAX) }
    }

    /// Puts a published story on these topics into every feed that it belongs to.
    pub(super) fn put(&mut self, story: u32, topics: &[u32]) {
        let row = self.stories.list[story as usize].winner as usize;
        let name = self.index.names(&self.index.rows[row]).0.first().copied().unwrap_or_default();
        let date = self.stories.date(self.index, story);
        let with_above = with_above(topics, &self.above);
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
                let conditions = self.feeds[*number as usize].own.as_ref();
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
fn with_above(topics: &[u32], above: &[&[u32]]) -> Option<Vec<u32>> {
    if topics.iter().all(|topic| above[*topic as usize].is_empty()) {
        return None;
    }
    let mut all = topics.to_vec();
    for topic in topics.iter().flat_map(|topic| above[*topic as usize]) {
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
    fn new(rules: &'a FeedRules, published: Option<&manifest::Feed>, stories: &Stories, own: Option<Conditions<'a>>) -> Self {
        // Places of topics move with every new topic, their names do not.
        let names = |places: &Places| places.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
        let topics = own.as_ref().map(|own| (own.any.as_ref().map(names), names(&own.all), names(&own.none), own.top));
        let said = || format!("{} {topics:?}", rules.selection());
        let digest = || Uuid::new_v5(&FEED_NAMESPACE, said().as_bytes()).simple().to_string();
        let selection = if rules.measures() { digest() } else { String::new() };
        let same = published.filter(|published| rules.measures() && published.selection == selection && !published.stale);
        let articles = same.into_iter().flat_map(|feed| &feed.entries).filter(|entry| entry.parents.is_empty());
        let story = |entry: &manifest::Entry| stories.find([EntryId::own(&entry.id).ok()?.fingerprint()]);
        let mut stay: Vec<u32> = articles.filter_map(story).collect();
        stay.sort_unstable();
        let newest = Newest::new(rules.limit);
        Self { rules, newest, passed: 0, selection, stay, own }
    }

    fn place(&self, facts: &Facts, date: i64, name: Fingerprint, story: u32) -> Place {
        let top = self.own.as_ref().is_some_and(|own| own.top);
        let measure = |measure: Option<i32>| measure.map_or(i64::MIN, i64::from);
        let rank = if top { (measure(facts.heat), measure(facts.quality)) } else { (0, 0) };
        (Reverse(rank), Reverse(date), name, story)
    }
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
