//! What dials look at in articles, in little memory: a number for each word, since there are few words and many articles.

use std::collections::HashMap;

use super::offset;
use crate::article::Story;
use crate::dial::{Facts, Published, measured};
use crate::text::Line;

/// What dials look at, for every article of an index.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    /// Every type, category and provider that occurs, once.
    words: Vec<Box<str>>,
    places: HashMap<Box<str>, u32>,
    /// All titles, one behind the other.
    titles: String,
}

#[derive(Clone, Debug)]
struct Row {
    quality: Option<i32>,
    heat: Option<i32>,
    /// Type, category, and the provider's name, domain and address.
    words: [u32; 5],
    /// Where its title ends; it begins where the one before it ends.
    title: u32,
}

impl Table {
    /// Keeps what there is to know of a story, and says where.
    pub(super) fn add(&mut self, story: &Story, title: bool) -> u32 {
        let Published { name, domain, site } = Published::of(story);
        let [kind, category] = [&story.kind, &story.category].map(|word| word.as_ref().map_or("", Line::as_str));
        let words = [kind, category, name, domain, site].map(|word| self.word(word));
        if title {
            self.titles.push_str(story.title.as_str());
        }
        let place = offset(self.rows.len());
        self.rows.push(Row { quality: story.quality, heat: measured(story.heat), words, title: offset(self.titles.len()) });
        place
    }

    fn word(&mut self, word: &str) -> u32 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let place = offset(self.words.len());
        self.words.push(word.into());
        self.places.insert(word.into(), place);
        place
    }

    /// Adds another table, and says by how much its places move.
    pub(super) fn append(&mut self, other: Self) -> u32 {
        let (places, titles) = (offset(self.rows.len()), offset(self.titles.len()));
        let words: Vec<u32> = other.words.iter().map(|word| self.word(word)).collect();
        self.rows.extend(other.rows.into_iter().map(|row| Row {
            words: row.words.map(|word| words[word as usize]),
            title: row.title + titles,
            ..row
        }));
        self.titles.push_str(&other.titles);
        places
    }

    /// What is known of the article at a place, if anything is.
    pub(super) fn get(&self, place: u32, published: i64) -> Option<Facts<'_>> {
        let row = self.rows.get(place as usize)?;
        let before = (place as usize).checked_sub(1).and_then(|before| self.rows.get(before));
        let start = before.map_or(0, |before| before.title as usize);
        let [kind, category, name, domain, site] = row.words.map(|word| &*self.words[word as usize]);
        Some(Facts {
            quality: row.quality,
            heat: row.heat,
            published,
            kind,
            category,
            publisher: Published { name, domain, site },
            title: self.titles.get(start..row.title as usize).unwrap_or_default(),
        })
    }
}
