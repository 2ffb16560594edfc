//! Why a story is no entry of a feed as coverage: the questions that composing asks, asked of one story.

use super::{Composer, Covered, Known, MAX_ENTRIES};
use crate::dial::Dial;
use crate::fetch::Material;
use crate::group::{Clock, Grouping, Plan};
use crate::index::Index;
use crate::link::Fingerprint;
use crate::manifest;
use crate::site::Site;

/// What keeps a related link from being an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoEntry {
    /// The owner blocks it.
    Blocked,
    /// It leads to the article that it stands in.
    Itself,
    /// A dial keeps it out, by `related`.
    Dial(Dial),
    /// It stands in the list of its article alone, or nowhere: what `related.mode` says.
    Mode(&'static str),
    /// It is called like its article, or like a better link beside it.
    SameTitle,
    /// Its date has not come.
    Waits,
    /// There is no room for it: how many an article brings, and where it stands.
    PerArticle(usize, usize),
    /// There is no room for it in the feed.
    Full,
}

/// A related link, where it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The story of the article that it stands in.
    pub parent: u32,
    /// What keeps it from being an entry there.
    pub why: NoEntry,
}

/// What becomes in a feed of related links that are a story known by these names, for each that is met; as if it were no entry
/// of the feed.
#[must_use]
pub fn trace(
    index: &Index,
    site: &Site,
    clock: Clock,
    grouping: &Grouping,
    plan: &Plan,
    material: &Material,
    (published, names): (Option<&manifest::Feed>, &[Fingerprint]),
) -> Vec<Met> {
    let composer = Composer { index, site, clock, grouping, material, published, plan };
    let story = grouping.stories.find(names.iter().copied());
    let mut met = Vec::new();
    for (parent, (of, article)) in material.chosen.iter().enumerate() {
        for link in &article.related {
            let own = link.story.known_by.all();
            let found = grouping.stories.find(own.iter().copied());
            let is_it = own.iter().any(|name| names.contains(name)) || (story.is_some() && found == story);
            if is_it {
                let why = composer.refused(*of, article, link, found).or_else(|| composer.left_out(parent, own));
                met.push(Met { parent: *of, why: why.unwrap_or(NoEntry::Full) });
            }
        }
    }
    met
}

impl Composer<'_> {
    /// What keeps a link that is wanted from being an entry.
    fn left_out(&self, parent: usize, names: &[Fingerprint]) -> Option<NoEntry> {
        let related = &self.plan.rules.related;
        if !related.entries {
            return Some(NoEntry::Mode(if related.list { "list" } else { "none" }));
        }
        // An article beyond the entries of a feed brings none.
        let (story, article) = self.material.chosen.get(parent).filter(|_| parent < MAX_ENTRIES)?;
        let coverage = self.coverage(*story, article);
        let told = self.told_already(parent, &coverage);
        let is_it = |covered: &Covered| covered.names.iter().any(|name| names.contains(name));
        let mut place = 0;
        for (covered, told) in coverage.links.iter().zip(told) {
            let is_entry = !told && self.own_entry(covered);
            place += usize::from(is_entry);
            if !is_it(covered) {
                continue;
            }
            return match covered.known {
                _ if told => Some(NoEntry::SameTitle),
                Known::No if !is_entry => Some(NoEntry::Waits),
                _ if place > related.per_article => Some(NoEntry::PerArticle(related.per_article, place)),
                _ => None,
            };
        }
        None
    }
}
