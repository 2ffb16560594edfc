//! Names that are one topic, what the topic is called, and the folder that it keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::story::{State, Stories};
use super::{Spellings, narrow, warning};
use crate::error::{Diagnostic, Severity};
use crate::index::Index;
use crate::link::feed_id;
use crate::manifest::Manifest;
use crate::site::{Content, Site, TopicRules};
use crate::text::{self, Line};
use crate::topic::{Slug, TopicKey};

/// A topic that published articles have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is called: in categories, and as the title of its feed unless the owner gives one.
    pub name: Line,
    /// Its folder.
    pub slug: Slug,
    /// What stands for it in its feed's id, and in the manifest.
    pub key: TopicKey,
    /// What its name says: the same, unless the site file gives it another key, or it had another name when it was published.
    pub name_key: TopicKey,
    /// The id of its feed.
    pub feed_id: String,
    /// The title that the owner gives its feed.
    pub title: Option<Line>,
    /// What the owner says that it is about.
    pub description: Option<Line>,
    /// Whether its feed shows the full text of articles.
    pub full_text: bool,
    /// Whether its feed can be written: not when another topic has its key.
    pub written: bool,
}

/// The topics of an index.
pub(super) struct Topics {
    /// By key.
    pub topics: Vec<Topic>,
    /// For each spelling of the index, the topic that it names.
    pub of_spelling: Vec<u32>,
}

/// Finds the topics of published stories.
pub(super) fn topics(
    index: &Index,
    stories: &Stories,
    site: &Site,
    published: &Manifest,
    diagnostics: &mut Vec<Diagnostic>,
) -> Topics {
    let mut spelled: BTreeMap<TopicKey, Spellings> = BTreeMap::new();
    let keys: Vec<TopicKey> = index.topics.iter().map(|name| TopicKey::of(name.as_str())).collect();
    let mut counts = vec![(0_usize, usize::MAX); index.topics.len()];
    for story in stories.list.iter().filter(|story| story.state == State::Published) {
        for row in stories.rows(story).filter(|&row| stories.public[row]) {
            for &spelling in index.topics(&index.rows[row]) {
                let (count, first) = &mut counts[spelling as usize];
                *count += 1;
                *first = (*first).min(row);
            }
        }
    }
    for (spelling, (key, &(count, first))) in (0..).zip(keys.iter().zip(&counts)) {
        if count > 0 {
            spelled.entry(key.clone()).or_default().insert(spelling, (count, first));
        }
    }
    let renamed = published.feeds.iter().filter_map(|(key, feed)| Some((feed.topic.clone()?, key.clone()))).collect();
    let mut naming = Naming { index, site, published, renamed, diagnostics };
    let mut topics: Vec<Topic> = Vec::new();
    let mut places: BTreeMap<TopicKey, u32> = BTreeMap::new();
    for (key, spellings) in &spelled {
        places.insert(key.clone(), narrow(topics.len()));
        let inherited = naming.inherited(key, &spelled);
        topics.push(naming.topic(key, inherited, spellings));
    }
    let firsts: Vec<usize> =
        spelled.values().map(|spellings| spellings.values().map(|(_, first)| *first).min().unwrap_or(0)).collect();
    naming.keys(&mut topics, &spelled);
    naming.slugs(&mut topics, &spelled, &firsts);
    let of_spelling = keys.iter().map(|key| places.get(key).copied().unwrap_or(u32::MAX)).collect();
    Topics { topics, of_spelling }
}

struct Naming<'a> {
    index: &'a Index,
    site: &'a Site,
    published: &'a Manifest,
    /// Topics that were published under another name: the key of the name that they have now, and that of their feed.
    renamed: BTreeMap<TopicKey, TopicKey>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Naming<'_> {
    /// The key of the feed that a renamed topic was published with: the site file names its folder under `former`. Nothing, if
    /// that is another topic still, or if people can subscribe to the topic under its new name already.
    fn inherited(&self, key: &TopicKey, spelled: &BTreeMap<TopicKey, Spellings>) -> Option<TopicKey> {
        if let Some(key) = self.renamed.get(key) {
            return Some(key.clone());
        }
        let former = &self.site.topics.get(key)?.former;
        if former.is_empty() || self.published.feeds.get(key).is_some_and(|feed| !feed.stale) {
            return None;
        }
        let had = |slug: &Slug| self.published.feeds.iter().find(|(_, feed)| feed.slug.as_ref() == Some(slug));
        let old = former.iter().find_map(had).map(|(key, _)| key);
        old.filter(|old| !spelled.contains_key(old)).cloned()
    }

    fn topic(&mut self, key: &TopicKey, inherited: Option<TopicKey>, spellings: &Spellings) -> Topic {
        let rules = self.site.topics.get(key);
        let most = spellings.iter().max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
        let usual = most.map_or(0, |(spelling, _)| *spelling);
        let written = self.index.topics[usual as usize].as_str();
        let name = match rules {
            Some(rules) => rules.name.clone(),
            None => text::line(written, self.site.mojibake).text,
        };
        if rules.is_none() {
            for (other, (_, first)) in spellings.iter().filter(|(spelling, _)| **spelling != usual) {
                let message =
                    format!("the topic `{written}` is written `{}` here; both are one topic", self.index.topics[*other as usize]);
                let help = "spell it alike everywhere, or name it under `topics` in the site file";
                self.diagnostics.push(warning(&self.index.file(&self.index.rows[*first]), message, help));
            }
        }
        if written.contains([',', '/']) {
            let message = format!("the topic `{written}` has a comma or slash in it, where some readers part it in two");
            let path = self.index.file(&self.index.rows[spellings[&usual].1]);
            self.diagnostics.push(Diagnostic::of_file(
                Severity::Note,
                &path.to_string_lossy(),
                message,
                "another name would be safer",
            ));
        }
        let own = TopicRules::default();
        let rules = rules.unwrap_or(&own);
        let name_key = key.clone();
        let key = rules.key.clone().or(inherited).unwrap_or_else(|| key.clone());
        let slug = Slug::of(name.as_str(), &key);
        Topic {
            feed_id: feed_id(&self.site.id, key.as_str()),
            name,
            slug,
            key,
            name_key,
            title: rules.title.clone(),
            description: rules.description.clone(),
            full_text: rules.content.unwrap_or(self.site.content) == Content::Full,
            written: true,
        }
    }

    /// A key that the site file gives to one topic may be the name of another: then their feeds would have one id.
    fn keys(&mut self, topics: &mut [Topic], spelled: &BTreeMap<TopicKey, Spellings>) {
        let mut taken: BTreeMap<TopicKey, Line> = BTreeMap::new();
        for given in [true, false] {
            for (topic, key) in topics.iter_mut().zip(spelled.keys()) {
                let has_key = topic.key != *key || self.site.topics.get(key).is_some_and(|rules| rules.key.is_some());
                if has_key != given {
                    continue;
                }
                if let Some(other) = taken.get(&topic.key) {
                    topic.written = false;
                    self.diagnostics.push(Diagnostic::of_file(
                        Severity::Error,
                        &self.site_file(),
                        format!(
                            "the topics `{other}` and `{}` have one key; no feed is written for `{}`",
                            topic.name, topic.name
                        ),
                        "give one of them another `key` under `topics`",
                    ));
                } else {
                    taken.insert(topic.key.clone(), topic.name.clone());
                }
            }
        }
    }

    /// Gives every topic a folder of its own: what the owner says, else what it had, else what its name makes.
    fn slugs(&mut self, topics: &mut [Topic], spelled: &BTreeMap<TopicKey, Spellings>, firsts: &[usize]) {
        let published = self.published;
        let mut taken: BTreeSet<Slug> = BTreeSet::new();
        for rules in self.site.topics.values() {
            taken.extend(rules.slug.iter().chain(&rules.former).cloned());
        }
        let mut settled = vec![false; topics.len()];
        for ((topic, key), settled) in topics.iter_mut().zip(spelled.keys()).zip(&mut settled) {
            if let Some(slug) = self.site.topics.get(key).and_then(|rules| rules.slug.clone()) {
                topic.slug = slug;
                *settled = true;
            }
        }
        // A folder that people subscribe to stays with its topic, even while the topic has no article.
        for ((topic, key), settled) in topics.iter_mut().zip(spelled.keys()).zip(&mut settled) {
            let Some(slug) = published.slug(&topic.key).filter(|_| !*settled) else { continue };
            let own_former = self.site.topics.get(key).is_some_and(|rules| rules.former.contains(slug));
            if !own_former && taken.insert(slug.clone()) {
                topic.slug = slug.clone();
                *settled = true;
            }
        }
        taken.extend(published.slugs());
        for ((number, topic), settled) in topics.iter_mut().enumerate().zip(&settled) {
            if *settled || taken.insert(topic.slug.clone()) {
                continue;
            }
            let wanted = topic.slug.clone();
            topic.slug = wanted.with_suffix(&topic.key);
            // Two names can have one suffix, if hardly ever: then the name of the name decides.
            let mut again = topic.key.clone();
            while !taken.insert(topic.slug.clone()) {
                again = TopicKey::of(&format!("{} 2", again.as_str()));
                topic.slug = wanted.with_suffix(&again);
            }
            let message =
                format!("the topic `{}` gets the folder `{}`, since `{wanted}` is another topic's", topic.name, topic.slug);
            // It is news only once: afterwards the folder is its own.
            let path = self.index.file(&self.index.rows[firsts[number]]);
            self.diagnostics.push(warning(&path, message, "choose a `slug` for it under `topics` in the site file"));
        }
    }

    fn site_file(&self) -> String {
        let file = self.site.file.as_deref();
        file.map_or_else(|| crate::site::FILE_NAME.to_owned(), |file| file.to_string_lossy().into_owned())
    }
}
