//! Feeds of the owner's own: which there are, where one line makes many.

use std::collections::BTreeMap;

use super::story::{State, Stories};
use crate::index::Index;
use crate::site::{Each, OwnFeed, Site};
use crate::text::{self, Line, Mojibake};
use crate::topic::TopicKey;

/// A feed of the owner's own.
pub(super) struct Own<'s> {
    /// What is said of it, and perhaps of others like it.
    pub said: &'s OwnFeed,
    /// What it is called.
    pub name: Line,
    /// What stands for it in its id.
    pub key: TopicKey,
    /// The one provider or category that it is for.
    pub of: Option<(Each, TopicKey)>,
}

/// Every feed of the owner's own, in the order of the site file; of one line that makes many, by what they are for.
pub(super) fn feeds<'s>(index: &Index, site: &'s Site, stories: &Stories) -> Vec<Own<'s>> {
    let mut feeds = Vec::new();
    for said in &site.feeds {
        let Some(each) = said.each else {
            feeds.push(Own { said, name: said.name.clone(), key: said.key.clone(), of: None });
            continue;
        };
        for (word, name) in values(each, index, stories) {
            feeds.push(Own { said, name, key: said.key.of_each(word.as_str()), of: Some((each, word)) });
        }
    }
    feeds
}

/// What a story has of what there is a feed for each of; nothing if it says nothing.
pub(super) fn value(each: Each, index: &Index, row: usize) -> Option<TopicKey> {
    let facts = index.facts(&index.rows[row])?;
    let word = match each {
        Each::Provider => facts.publisher.domain,
        Each::Category => facts.category,
    };
    Some(TopicKey::of(word)).filter(|word| *word != TopicKey::all())
}

/// Every value that published stories have, and what most of them call it.
fn values(each: Each, index: &Index, stories: &Stories) -> BTreeMap<TopicKey, Line> {
    let mut names: BTreeMap<TopicKey, BTreeMap<&str, usize>> = BTreeMap::new();
    for story in stories.list.iter().filter(|story| story.state == State::Published) {
        let row = story.winner as usize;
        let Some((facts, word)) = index.facts(&index.rows[row]).zip(value(each, index, row)) else { continue };
        let name = match each {
            Each::Provider if facts.publisher.name.is_empty() => facts.publisher.domain,
            Each::Provider => facts.publisher.name,
            Each::Category => facts.category,
        };
        *names.entry(word).or_default().entry(name).or_default() += 1;
    }
    // Of equals the first in order of letters.
    let usual = |names: BTreeMap<&str, usize>| {
        let most = names.iter().rev().max_by_key(|(_, count)| **count).map_or("", |(name, _)| *name);
        text::line(most, Mojibake::Off).text
    };
    names.into_iter().map(|(word, names)| (word, usual(names))).collect()
}
