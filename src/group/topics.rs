//! Names that are one topic, what the topic is called, and the folder that it keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::own::Own;
use super::sieve::Wants;
use super::story::{State, Stories};
use super::{Spellings, narrow, warning};
use crate::error::{Diagnostic, Severity};
use crate::format::{Format, Formats};
use crate::index::Index;
use crate::link::feed_id;
use crate::manifest::Manifest;
use crate::site::{FeedRules, Named, Site, TopicRules, nearest};
use crate::text::{self, Line};
use crate::topic::{Slug, TopicKey};

/// A topic that published articles have, or that the site file names; or a feed of the owner's own.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // independent facts
pub struct Topic {
    /// What it is called: in categories, and as the title of its feed unless the owner gives one.
    pub name: Line,
    /// Its folder.
    pub slug: Slug,
    /// What stands for it in its feed's id, and in the manifest.
    pub key: TopicKey,
    /// What its name says: the same, unless the site file gives it another key, or it had another name when it was published.
    pub name_key: TopicKey,
    /// Folders that it had, which lead to the one that it has.
    pub former: Vec<Slug>,
    /// The id of its feed.
    pub feed_id: String,
    /// What the owner says of its feed.
    pub rules: Arc<FeedRules>,
    /// The topics that its articles count in too, as places: its parent first.
    pub above: Vec<u32>,
    /// What its articles are on, if it is a feed of the owner's own.
    pub wants: Option<Wants>,
    /// Whether the site file names it.
    pub named: bool,
    /// Whether it is a feed of the owner's own, and no topic.
    pub is_own: bool,
    /// Whether its feed is written: not when another topic has its key, or when nothing is in it.
    pub written: bool,
}

/// The topics of an index.
pub(super) struct Topics {
    /// By key; behind them the feeds of the owner's own.
    pub list: Vec<Topic>,
    /// For each spelling of the index, the topic that it names.
    pub of_spelling: Vec<u32>,
}

/// Finds the topics of published stories, and those that the site file names; and gives feeds of the owner's own, which come
/// behind them, what a topic has.
pub(super) fn topics(
    index: &Index,
    stories: &Stories,
    site: &Site,
    published: &Manifest,
    own: &[Own],
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
    let old_names = naming.old_names(&spelled);
    let mut named: BTreeMap<TopicKey, Spellings> = BTreeMap::new();
    for (name, spellings) in spelled {
        named.entry(newest_name(&old_names, &name).clone()).or_default().extend(spellings);
    }
    // One that no article has is there for those who subscribe to it all the same.
    for key in site.topics.keys().filter(|key| newest_name(&old_names, key) == *key) {
        named.entry(key.clone()).or_default();
    }
    let mut topics: Vec<Topic> = Vec::new();
    let mut places: BTreeMap<TopicKey, u32> = BTreeMap::new();
    for (key, spellings) in &named {
        places.insert(key.clone(), narrow(topics.len()));
        let inherited = naming.inherited(key, &named);
        topics.push(naming.topic(key, inherited, spellings, &named));
    }
    let mut firsts: Vec<Option<usize>> =
        named.values().map(|spellings| spellings.values().map(|(_, first)| *first).min()).collect();
    topics.extend(own.iter().map(|own| naming.own(own)));
    firsts.resize(topics.len(), None);
    naming.keys(&mut topics);
    naming.slugs(&mut topics, &firsts);
    let place = |key: &TopicKey| places.get(newest_name(&old_names, key)).copied();
    let of_spelling = keys.iter().map(|key| place(key).unwrap_or(u32::MAX)).collect();
    naming.above(&mut topics, place);
    naming.unknown(&topics, own, place);
    let of_own = topics.iter_mut().filter(|topic| topic.is_own).zip(own);
    of_own.for_each(|(topic, own)| topic.wants = Some(Wants::new(own, place)));
    Topics { list: topics, of_spelling }
}

/// The name that a topic has now which had this one. Whatever the site file says, there is an end to it.
fn newest_name<'n>(old_names: &'n BTreeMap<TopicKey, TopicKey>, name: &'n TopicKey) -> &'n TopicKey {
    let mut name = name;
    for _ in 0..old_names.len() {
        name = old_names.get(name).unwrap_or(name);
    }
    name
}

/// What the site file says of the folders of a feed.
struct Folders<'s> {
    slug: Option<&'s Slug>,
    former: &'s [Slug],
    /// Where each stands.
    places: &'s BTreeMap<Slug, (usize, usize)>,
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
    /// Names that topics had before they were renamed, each with the key of the next: an article that still says the old one is
    /// on the same topic. A feed that was published must not move for it, nor be parted in two.
    fn old_names(&self, spelled: &BTreeMap<TopicKey, Spellings>) -> BTreeMap<TopicKey, TopicKey> {
        let mut old_names = BTreeMap::new();
        for (name, rules) in &self.site.topics {
            // What the owner calls one topic is one.
            old_names.extend(rules.aliases.iter().map(|alias| (alias.clone(), name.clone())));
            // A word of a catalogue is less: what people subscribe to by itself stays by itself.
            let words = rules.words.iter().filter(|word| !self.is_alive(self.key_of(word)));
            old_names.extend(words.map(|word| (word.clone(), name.clone())));
        }
        for (name, rules) in &self.site.topics {
            for folder in &rules.former {
                let holder = self.published.feeds.iter().find(|(_, feed)| feed.slug.as_ref() == Some(folder));
                let Some((key, feed)) = holder else { continue };
                // Of two topics that people can subscribe to, none becomes the other while it has articles.
                let old = feed.topic.as_ref().unwrap_or(key);
                // One of which there were too few has not gone either.
                let has_articles = spelled.contains_key(name) && self.published.feeds.contains_key(self.key_of(name));
                let two = *self.key_of(name) != *key && (has_articles || self.is_alive(self.key_of(name)));
                if old != name && !two && !self.is_apart(old) {
                    old_names.entry(old.clone()).or_insert_with(|| name.clone());
                }
            }
            if let Some(old) = rules.key.as_ref().filter(|old| *old != name && self.is_unknown(old)) {
                old_names.entry(old.clone()).or_insert_with(|| name.clone());
            }
        }
        // What the site file does not say any more, the manifest does.
        for (now, old) in &self.renamed {
            let is_said = |rules: &TopicRules| !rules.former.is_empty() || !self.site.topics.contains_key(old);
            let is_named = spelled.contains_key(now) || self.site.topics.get(now).is_some_and(is_said);
            if old != now && is_named && !self.is_apart(old) && !old_names.contains_key(now) {
                old_names.entry(old.clone()).or_insert_with(|| now.clone());
            }
        }
        old_names
    }

    /// The key of the feed that a topic of this name was published with, if it was.
    fn key_of<'n>(&'n self, name: &'n TopicKey) -> &'n TopicKey {
        self.renamed.get(name).unwrap_or(name)
    }

    /// Whether people can subscribe to a feed, and its topic had articles when it was published last.
    fn is_alive(&self, key: &TopicKey) -> bool {
        self.published.feeds.get(key).is_some_and(|feed| !feed.stale)
    }

    /// Whether the owner says what makes a topic of this name one of its own.
    fn is_apart(&self, name: &TopicKey) -> bool {
        self.site.topics.get(name).is_some_and(|rules| rules.slug.is_some() || rules.key.is_some())
    }

    /// Whether nothing is known of a topic of this name.
    fn is_unknown(&self, name: &TopicKey) -> bool {
        !self.site.topics.contains_key(name) && !self.published.feeds.contains_key(name)
    }

    /// The key of the feed that a renamed topic was published with: the site file names its folder under `former`. Nothing, if
    /// that is another topic still, or if people can subscribe to the topic under its new name already.
    fn inherited(&self, key: &TopicKey, named: &BTreeMap<TopicKey, Spellings>) -> Option<TopicKey> {
        if let Some(key) = self.renamed.get(key) {
            return Some(key.clone());
        }
        let rules = self.site.topics.get(key)?;
        let has_articles = |name: &TopicKey| named.get(name).is_some_and(|spellings| !spellings.is_empty());
        if self.is_alive(key) || (has_articles(key) && self.published.feeds.contains_key(key)) {
            return None;
        }
        let had = |slug: &Slug| self.published.feeds.iter().find(|(_, feed)| feed.slug.as_ref() == Some(slug));
        let by_folder = rules.former.iter().find_map(had);
        let by_folder = by_folder.filter(|(old, feed)| !has_articles(feed.topic.as_ref().unwrap_or(old))).map(|(old, _)| old);
        // A feed that has another name by now is that topic's.
        let is_others = |old: &TopicKey| self.renamed.iter().any(|(now, key)| key == old && has_articles(now));
        let alive = |key: &&TopicKey| self.is_alive(key) && !is_others(key);
        let by_alias = || rules.aliases.iter().map(|alias| self.key_of(alias)).find(alive);
        by_folder.or_else(by_alias).cloned()
    }

    /// Folders of feeds whose topics go by another name now: the site file says that they are one, so they lead to it.
    /// `slug` is the folder that the site file gives it, if it does and may.
    fn led_by_names(&self, topic: &Topic, slug: Option<&Slug>, owners: &BTreeMap<Slug, BTreeSet<&TopicKey>>) -> Vec<Slug> {
        let rules = self.site.topics.get(&topic.name_key).filter(|rules| !rules.aliases.is_empty());
        let Some(rules) = rules else { return Vec::new() };
        // One that was published by an alias alone has its folder still, unless the owner gives it another one.
        let has_left = |key: &TopicKey| *key != topic.key || slug.is_some();
        let keys = rules.aliases.iter().map(|alias| self.key_of(alias)).filter(|key| has_left(key));
        let mut led: Vec<Slug> = keys.filter_map(|key| self.published.slug(key).cloned()).collect();
        // Once it leads there, its files are those of the one feed.
        let is_led = |slug: &Slug| {
            let folder = format!("{slug}/");
            let of_it = |file: &crate::manifest::File| file.feed.as_ref() == Some(&topic.key) && !file.left;
            self.published
                .files
                .range(folder.clone()..)
                .take_while(|(path, _)| path.starts_with(&folder))
                .any(|(_, file)| of_it(file))
        };
        let own = self.published.slug(&topic.key);
        let more = owners.iter().filter(|(slug, keys)| keys.contains(&topic.key) && own != Some(slug) && is_led(slug));
        led.extend(more.map(|(slug, _)| slug.clone()));
        // One that led there before, and was left meanwhile, does so again.
        let named = rules.aliases.iter().map(|alias| Slug::of(alias.as_str(), alias));
        led.extend(named.filter(|slug| own != Some(slug) && owners.get(slug).is_some_and(|keys| keys.contains(&topic.key))));
        led.sort_unstable();
        led.dedup();
        led
    }

    /// A feed of the owner's own, as if it were a topic.
    fn own(&self, own: &Own) -> Topic {
        let key = own.key.clone();
        Topic {
            feed_id: feed_id(&self.site.id, key.as_str()),
            name: own.name.clone(),
            slug: Slug::of(own.name.as_str(), &key),
            name_key: key.clone(),
            key,
            former: Vec::new(),
            rules: Arc::clone(&own.said.feed),
            above: Vec::new(),
            wants: None,
            named: own.of.is_none(),
            is_own: true,
            written: true,
        }
    }

    /// Finds what is above each topic. A circle ends where it began.
    fn above(&self, topics: &mut [Topic], place: impl Fn(&TopicKey) -> Option<u32>) {
        let parent = |topic: &Topic| place(&self.site.topics.get(&topic.name_key)?.parent.as_ref()?.key);
        let parents: Vec<Option<u32>> = topics.iter().map(parent).collect();
        for (number, topic) in (0..).zip(topics) {
            let mut next = parents[number as usize];
            while let Some(parent) = next.filter(|parent| *parent != number && !topic.above.contains(parent)) {
                topic.above.push(parent);
                next = parents[parent as usize];
            }
        }
    }

    /// Says of topics that the site file wants in a feed, or above another, and that nobody knows.
    fn unknown(&mut self, topics: &[Topic], own: &[Own], place: impl Fn(&TopicKey) -> Option<u32>) {
        let site = self.site;
        let parents = site.topics.values().filter_map(|rules| Some(("parent", rules.parent.as_ref()?)));
        let mut named: Vec<(&str, &Named)> = parents.collect();
        for said in own.iter().map(|own| own.said) {
            for (key, list) in [("any", &said.any), ("all", &said.all), ("none", &said.none)] {
                named.extend(list.iter().map(|name| (key, name)));
            }
        }
        named.sort_by_key(|(_, name)| (&name.file, name.place));
        named.dedup_by_key(|(_, name)| (&name.file, name.place));
        let known_before = |name: &TopicKey| {
            let is_it = |known: &Line| TopicKey::of(known.as_str()) == *name;
            self.published.feeds.contains_key(name) || self.index.topics.iter().any(is_it)
        };
        let mut faults = Vec::new();
        for (key, name) in named {
            if place(&name.key).is_some() || known_before(&name.key) {
                continue;
            }
            let known = topics.iter().filter(|topic| !topic.is_own).map(|topic| topic.name.as_str());
            let help = match nearest(&name.name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`feedmill topics` lists those that there are; name it under `topics` if it is still to come".to_owned(),
            };
            faults.push((name, format!("`{key}` names the topic `{}`, which no article has", name.name), help));
        }
        for (name, message, help) in faults {
            let file = name.file.as_ref().map_or_else(|| self.site_file(), |file| file.to_string_lossy().into_owned());
            let (line, column) = name.place;
            let error = Diagnostic::of_file(Severity::Error, &file, message, help);
            self.diagnostics.push(Diagnostic { line, column, ..error });
        }
    }

    fn topic(
        &mut self,
        key: &TopicKey,
        inherited: Option<TopicKey>,
        spellings: &Spellings,
        named: &BTreeMap<TopicKey, Spellings>,
    ) -> Topic {
        let rules = self.site.topics.get(key);
        let says = |spelling: u32| TopicKey::of(self.index.topics[spelling as usize].as_str()) == *key;
        let (own, old): (Spellings, Spellings) = spellings.iter().partition(|(spelling, _)| says(**spelling));
        let spellings = if own.is_empty() { &old } else { &own };
        let most = spellings.iter().max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
        let usual = most.map(|(spelling, _)| *spelling);
        let written = usual.map_or("", |usual| self.index.topics[usual as usize].as_str());
        let name = match rules {
            Some(rules) => rules.name.clone(),
            None => text::line(written, self.site.mojibake).text,
        };
        for (spelling, (_, first)) in &old {
            let is_alias =
                |aliases: &BTreeSet<TopicKey>| aliases.contains(&TopicKey::of(self.index.topics[*spelling as usize].as_str()));
            if rules.is_some_and(|rules| is_alias(&rules.aliases) || is_alias(&rules.words)) {
                continue;
            }
            let message = format!("the topic `{}` is called `{name}` now", self.index.topics[*spelling as usize]);
            let path = self.index.file(&self.index.rows[*first]);
            let help = "give this article the new name";
            self.diagnostics.push(Diagnostic::of_file(Severity::Note, &path.to_string_lossy(), message, help));
        }
        if rules.is_none() {
            for (other, (_, first)) in spellings.iter().filter(|(spelling, _)| Some(**spelling) != usual) {
                let message =
                    format!("the topic `{written}` is written `{}` here; both are one topic", self.index.topics[*other as usize]);
                let help = "spell it alike everywhere, or name it under `topics` in the site file";
                self.diagnostics.push(warning(&self.index.file(&self.index.rows[*first]), message, help));
            }
        }
        if let Some((_, (_, first))) = most.filter(|_| written.contains([',', '/'])) {
            let message = format!("the topic `{written}` has a comma or slash in it, where some readers part it in two");
            let path = self.index.file(&self.index.rows[*first]);
            self.diagnostics.push(Diagnostic::of_file(
                Severity::Note,
                &path.to_string_lossy(),
                message,
                "another name would be safer",
            ));
        }
        let name_key = key.clone();
        let wanted_key = rules.and_then(|rules| rules.key.as_ref());
        let given = wanted_key.filter(|given| **given == *key || !named.contains_key(given));
        if let Some((taken, rules)) = wanted_key.zip(rules).filter(|_| given.is_none()) {
            let taken = taken.as_str();
            let message =
                format!("`key` is the name of the topic `{taken}`, which has articles; the feed of `{name}` keeps its id");
            self.refuse(rules.key_place, message, "two feeds cannot have one id: write another `key`, or take the line out");
        }
        let key = given.cloned().or(inherited).unwrap_or_else(|| key.clone());
        let wanted = rules.and_then(|rules| rules.wanted.clone());
        let slug = wanted.unwrap_or_else(|| Slug::of(name.as_str(), &key));
        Topic {
            feed_id: feed_id(&self.site.id, key.as_str()),
            name,
            slug,
            key,
            rules: Arc::clone(self.site.rules_of(&name_key)),
            name_key,
            former: Vec::new(),
            above: Vec::new(),
            wants: None,
            named: rules.is_some(),
            is_own: false,
            written: true,
        }
    }

    /// Two topics may have one key by the site file: then their feeds would have one id.
    fn keys(&mut self, topics: &mut [Topic]) {
        let mut taken: BTreeMap<TopicKey, Line> = BTreeMap::new();
        for given in [true, false] {
            for topic in &mut *topics {
                let rules = self.site.topics.get(&topic.name_key);
                let place = rules.map_or((0, 0), |rules| rules.key_place);
                let has_key = topic.key != topic.name_key || rules.is_some_and(|rules| rules.key.is_some());
                if has_key != given {
                    continue;
                }
                if let Some(other) = taken.get(&topic.key) {
                    topic.written = false;
                    let name = &topic.name;
                    let message = format!("the topics `{other}` and `{name}` have one key; no feed is written for `{name}`");
                    self.refuse(place, message, "give one of them another `key` under `topics`");
                } else {
                    taken.insert(topic.key.clone(), topic.name.clone());
                }
            }
        }
    }

    /// Gives every topic a folder of its own: what the owner says, else what it had, else what its name makes.
    fn slugs(&mut self, topics: &mut [Topic], firsts: &[Option<usize>]) {
        let (site, published) = (self.site, self.published);
        let owners = owners(published);
        let has = |key: &TopicKey, slug: &Slug| owners.get(slug).is_some_and(|keys| keys.contains(key));
        let mut taken: BTreeSet<Slug> = BTreeSet::new();
        let mut settled = vec![false; topics.len()];
        let by_key: BTreeMap<TopicKey, usize> =
            topics.iter().enumerate().rev().map(|(number, topic)| (topic.key.clone(), number)).collect();
        if site.stories {
            self.stories_of_all(&mut taken);
        }
        for number in 0..topics.len() {
            let topic = &topics[number];
            let said = site.topics.get(&topic.name_key);
            let of_own = site.feeds.iter().find(|own| own.key == topic.key);
            let rules = match (said, of_own) {
                (Some(rules), _) => Folders { slug: rules.slug.as_ref(), former: &rules.former, places: &rules.places },
                (None, Some(own)) => Folders { slug: own.slug.as_ref(), former: &own.former, places: &own.places },
                (None, None) => continue,
            };
            // A folder that was published is not given to another topic while its own has articles. One that is called as this
            // topic is, and that the other has left, is this one's again.
            let left = |other: &Topic, slug: &Slug| {
                let said = site.topics.get(&other.name_key);
                let is_former = said.is_some_and(|rules| rules.former.contains(slug));
                *slug == Slug::of(topic.name.as_str(), &topic.key)
                    && published.slug(&other.key) != Some(slug)
                    && !is_former
                    && !self.led_by_names(other, said.and_then(|rules| rules.slug.as_ref()), &owners).contains(slug)
            };
            let living = |slug: &Slug| {
                let keys = owners.get(slug).filter(|keys| !keys.contains(&topic.key))?;
                let others = keys.iter().filter_map(|key| Some(&topics[*by_key.get(*key)?]));
                others.filter(|other| other.written).find(|other| !left(other, slug))
            };
            let mut refused = Vec::new();
            let mut own = |slug: &&Slug, why: &str| {
                let Some(other) = living(slug) else { return true };
                let place = rules.places.get(*slug).copied().unwrap_or_default();
                refused.push((place, format!("`{slug}` is the folder of the topic `{}`, which has articles; {why}", other.name)));
                false
            };
            let slug = rules.slug.filter(|slug| own(slug, &format!("the feed of `{}` stays where it is", topic.name)));
            let leads = format!("it does not lead to `{}`", topic.name);
            let mut former: Vec<Slug> = rules.former.iter().filter(|slug| own(slug, &leads)).cloned().collect();
            let by_names = self.led_by_names(topic, slug, &owners);
            former.extend(by_names.into_iter().filter(|slug| !rules.former.contains(slug) && living(slug).is_none()));
            let had = published.slug(&topic.key).filter(|slug| !former.contains(slug));
            let wanted = slug.or(had).unwrap_or(&topic.slug).clone();
            let count = former.len();
            former.retain(|slug| *slug != wanted);
            if former.len() < count && rules.former.contains(&wanted) {
                let message = format!("`{wanted}` is the folder that the topic `{}` has", topic.name);
                let (line, column) = rules.places.get(&wanted).copied().unwrap_or_default();
                let help = "under `former` stand folders that it had; this one is left alone";
                let note = Diagnostic::of_file(Severity::Note, &self.site_file(), message, help);
                self.diagnostics.push(Diagnostic { line, column, ..note });
            }
            for (place, message) in refused {
                self.refuse(place, message, "choose another; a topic that was renamed has its new name in all articles first");
            }
            taken.extend(former.iter().cloned());
            if let Some(slug) = slug {
                taken.insert(slug.clone());
                settled[number] = true;
                topics[number].slug = slug.clone();
            }
            topics[number].former = former;
        }
        // A folder that people subscribe to stays with its topic, even while the topic has no article.
        for (topic, settled) in topics.iter_mut().zip(&mut settled) {
            let Some(slug) = published.slug(&topic.key).filter(|_| !*settled && topic.written) else { continue };
            if !topic.former.contains(slug) && taken.insert(slug.clone()) {
                topic.slug = slug.clone();
                *settled = true;
            }
        }
        let mut kept: BTreeSet<Slug> = published.slugs().collect();
        kept.extend(site.topics.values().flat_map(|rules| rules.slug.iter().chain(&rules.former)).cloned());
        kept.extend(site.feeds.iter().flat_map(|own| own.slug.iter().chain(&own.former)).cloned());
        for ((number, topic), settled) in topics.iter_mut().enumerate().zip(&settled) {
            // What it had long ago is its own.
            let said = site.topics.get(&topic.name_key);
            let is_named = |slug: &Slug| said.is_some_and(|rules| rules.former.contains(slug));
            let free = |slug: &Slug| !kept.contains(slug) || has(&topic.key, slug) || is_named(slug);
            if *settled || !topic.written || (free(&topic.slug) && taken.insert(topic.slug.clone())) {
                continue;
            }
            let wanted = topic.slug.clone();
            let mut slug = wanted.with_suffix(&topic.key);
            // Two names can have one suffix, if hardly ever: then the name of the name decides.
            let mut again = topic.key.clone();
            while !(free(&slug) && taken.insert(slug.clone())) {
                again = TopicKey::of(&format!("{} 2", again.as_str()));
                slug = wanted.with_suffix(&again);
            }
            topic.slug = slug;
            let (what, key) = if topic.is_own { ("feed", "feeds") } else { ("topic", "topics") };
            let message = format!("the {what} `{}` gets the folder `{}`, since `{wanted}` is taken", topic.name, topic.slug);
            // It is news only once: afterwards the folder is its own.
            let path = match firsts[number] {
                Some(first) => self.index.file(&self.index.rows[first]),
                None => self.site_file().into(),
            };
            let help = format!("choose a `slug` for it under `{key}` in the site file");
            self.diagnostics.push(warning(&path, message, &help));
        }
    }

    /// Takes the folder of all articles' feed without coverage, unless people subscribe to something else there.
    fn stories_of_all(&mut self, taken: &mut BTreeSet<Slug>) {
        let Some(feed) = self.published.holder_of_stories() else {
            taken.insert(Slug::stories(None));
            return;
        };
        let message = format!(
            "`stories` is the folder that the feed `{}` was published in: beside that of all topics there is none with articles only",
            feed.title
        );
        let help = "with another `slug` for it, there is one from the next run on";
        self.diagnostics.push(Diagnostic::of_file(Severity::Warning, &self.site_file(), message, help));
    }

    /// Says of something in the site file that it is not followed.
    fn refuse(&mut self, (line, column): (usize, usize), message: String, help: &str) {
        let error = Diagnostic::of_file(Severity::Error, &self.site_file(), message, help);
        self.diagnostics.push(Diagnostic { line, column, ..error });
    }

    fn site_file(&self) -> String {
        let file = self.site.file.as_deref();
        file.map_or_else(|| crate::site::FILE_NAME.to_owned(), |file| file.to_string_lossy().into_owned())
    }
}

/// Whose folders hold what, by the manifest: the feed that a folder is of, and all that have files in it.
fn owners(published: &Manifest) -> BTreeMap<Slug, BTreeSet<&TopicKey>> {
    let mut owners: BTreeMap<Slug, BTreeSet<&TopicKey>> = BTreeMap::new();
    for (key, feed) in &published.feeds {
        if let Some(slug) = &feed.slug {
            owners.entry(slug.clone()).or_default().insert(key);
        }
    }
    for (path, file) in &published.files {
        // A copy under any other name may lie anywhere.
        let Some((folder, name)) = path.split_once('/') else { continue };
        let is_own = name == Formats::PAGE_FILE_NAME || Format::ALL.iter().any(|format| format.file_name() == name);
        let folder = Slug::parse(folder).ok().filter(|_| is_own);
        if let Some((folder, key)) = folder.zip(file.feed.as_ref()) {
            owners.entry(folder).or_default().insert(key);
        }
    }
    owners
}
