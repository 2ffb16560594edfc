//! What an owner says of single feeds: of topics, and of feeds of the owner's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_yaml::Spanned;

use super::catalogue::{self, CatalogueError};
use super::dials::{WireDials, with_dials};
use super::{Also, Check, Content, Related, Said, SiteError, Text, clean, number, theme};
use crate::article::Language;
use crate::dial::{Age, Dials};
use crate::error::shown;
use crate::format::Formats;
use crate::link::Link;
use crate::text::Line;
use crate::topic::{Slug, TopicKey};

/// What holds for one feed: what its owner says of it, and else what is said for all.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRules {
    /// Its title.
    pub title: Option<Line>,
    /// What it is about.
    pub description: Option<Line>,
    /// Articles in it, at most.
    pub limit: usize,
    /// Articles in it, at least: with fewer it is not written.
    pub min_items: usize,
    /// Whether it is named nowhere.
    pub hidden: bool,
    /// Its picture.
    pub image: Option<Link>,
    /// Its language.
    pub language: Language,
    /// What it shows of articles.
    pub content: Content,
    /// Old addresses of it.
    pub also: Vec<Also>,
    /// What enters it.
    pub dials: Dials,
    /// What becomes of related links in it.
    pub related: Related,
}

impl FeedRules {
    /// Whether a measure decides what enters it, which moves from run to run.
    #[must_use]
    pub fn measures(&self) -> bool {
        let Self { dials, related, .. } = self;
        dials.min_quality.is_some() || dials.min_heat.is_some() || related.min_quality.is_some()
    }

    /// Everything that lets stories in: where it is another text, they come and go on purpose.
    #[must_use]
    pub fn selection(&self) -> String {
        let Related { min_quality, max_age, providers, .. } = &self.related;
        let of_links = Dials { min_quality: *min_quality, max_age: *max_age, providers: providers.clone(), ..Dials::default() };
        format!("{}; related: {}", self.dials.text(), of_links.text())
    }
}

/// What the owner says of a topic.
#[derive(Clone, Debug)]
pub struct TopicRules {
    /// What it is called.
    pub name: Line,
    /// Its folder.
    pub slug: Option<Slug>,
    /// Its folder, if it has none yet: a catalogue says so.
    pub wanted: Option<Slug>,
    /// Folders that it had.
    pub former: Vec<Slug>,
    /// What stands for its name in the feed id.
    pub key: Option<TopicKey>,
    /// Other names of it.
    pub aliases: BTreeSet<TopicKey>,
    /// Words for it that a catalogue has: its names too, where they are not a topic's own.
    pub words: BTreeSet<TopicKey>,
    /// The topic that its articles count in too.
    pub parent: Option<Named>,
    /// Where in the site file its folders stand: line and column.
    pub places: BTreeMap<Slug, (usize, usize)>,
    /// Where its key stands.
    pub key_place: (usize, usize),
    /// What holds for its feed.
    pub feed: Arc<FeedRules>,
}

/// A topic that the site file names elsewhere than under `topics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The topic.
    pub key: TopicKey,
    /// As it is written.
    pub name: String,
    /// Where: line and column.
    pub place: (usize, usize),
    /// The file, if it is not the site file.
    pub file: Option<PathBuf>,
}

/// A feed of the owner's own.
#[derive(Clone, Debug)]
pub struct OwnFeed {
    /// What it is called.
    pub name: Line,
    /// What stands for it in its id, and in the manifest.
    pub key: TopicKey,
    /// Its folder.
    pub slug: Option<Slug>,
    /// Folders that it had.
    pub former: Vec<Slug>,
    /// Where its folders stand.
    pub places: BTreeMap<Slug, (usize, usize)>,
    /// Articles on any of these topics; empty: all articles.
    pub any: Vec<Named>,
    /// Articles on all of these.
    pub all: Vec<Named>,
    /// Articles on none of these.
    pub none: Vec<Named>,
    /// The hottest articles instead of the newest.
    pub top: bool,
    /// Not one feed, but one for each of these.
    pub each: Option<Each>,
    /// What holds for it.
    pub feed: Arc<FeedRules>,
}

/// What there can be a feed for each of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Each {
    /// Who published articles.
    Provider,
    /// Their `category`.
    Category,
}

impl Each {
    /// What there is.
    pub const ALL: [Self; 2] = [Self::Provider, Self::Category];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Category => "category",
        }
    }
}

with_dials! {
/// A topic as it is written.
pub(super) struct WireTopic {
    slug: Option<Spanned<String>>,
    former: Option<Spanned<Said>>,
    key: Option<Spanned<String>>,
    aliases: Option<Spanned<Said>>,
    parent: Option<Spanned<String>>,
    title: Option<String>,
    description: Option<String>,
    limit: Option<Spanned<i64>>,
    min_items: Option<Spanned<i64>>,
    hidden: Option<bool>,
    image: Option<Spanned<String>>,
    language: Option<Spanned<String>>,
    content: Option<Spanned<String>>,
    also: Option<Spanned<Said>>,
}
}

with_dials! {
/// A feed of the owner's own as it is written.
pub(super) struct WireFeed {
    any: Option<Spanned<Said>>,
    all: Option<Spanned<Said>>,
    none: Option<Spanned<Said>>,
    top: Option<bool>,
    each: Option<Spanned<String>>,
    slug: Option<Spanned<String>>,
    former: Option<Spanned<Said>>,
    key: Option<Spanned<String>>,
    title: Option<String>,
    description: Option<String>,
    limit: Option<Spanned<i64>>,
    min_items: Option<Spanned<i64>>,
    hidden: Option<bool>,
    image: Option<Spanned<String>>,
    language: Option<Spanned<String>>,
    content: Option<Spanned<String>>,
    also: Option<Spanned<Said>>,
}
}

/// What topics and feeds of the owner's own have alike.
#[derive(Default)]
pub(super) struct WireRules {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) limit: Option<Spanned<i64>>,
    pub(super) min_items: Option<Spanned<i64>>,
    pub(super) hidden: Option<bool>,
    pub(super) image: Option<(Spanned<String>, Slug)>,
    pub(super) language: Option<Spanned<String>>,
    pub(super) content: Option<Spanned<String>>,
    pub(super) also: Option<Spanned<Said>>,
    pub(super) dials: WireDials,
}

/// Takes what topics and feeds of the owner's own have alike, of which a picture is named after `key`.
macro_rules! rules_of {
    ($wire:expr, $name:expr, $key:expr) => {{
        let dials = $wire.dials();
        WireRules {
            title: $wire.title.take(),
            description: $wire.description.take(),
            limit: $wire.limit.take(),
            min_items: $wire.min_items.take(),
            hidden: $wire.hidden,
            image: $wire.image.take().map(|image| (image, Slug::of($name, $key).with_suffix($key))),
            language: $wire.language.take(),
            content: $wire.content.take(),
            also: $wire.also.take(),
            dials,
        }
    }};
}

/// Checks what is said of single feeds.
pub(super) struct Rules<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) folder: &'a Path,
    pub(super) base_url: &'a Link,
    pub(super) formats: &'a Formats,
    /// Pictures that go out with the feeds.
    pub(super) pictures: &'a mut Vec<theme::File>,
}

impl Rules<'_> {
    /// What holds for a feed: what is `given`, and else what `others` have. Title, picture and old addresses are a feed's own.
    pub(super) fn feed(&mut self, others: &FeedRules, mut given: WireRules) -> Result<FeedRules, SiteError> {
        let check = self.check;
        let text = |text: Option<&String>| text.map(|text| clean(text)).filter(|text| !text.is_empty());
        let related = given.dials.related.take().unwrap_or_default();
        Ok(FeedRules {
            title: text(given.title.as_ref()),
            description: text(given.description.as_ref()),
            limit: check.count("limit", given.limit.as_ref(), others.limit)?,
            min_items: check.least("min_items", given.min_items.as_ref(), others.min_items)?,
            hidden: given.hidden.unwrap_or(false),
            image: given.image.map(|(image, stem)| self.image(&image, &stem)).transpose()?,
            language: check.language(given.language.as_ref())?.unwrap_or_else(|| others.language.clone()),
            content: check.content(given.content.as_ref())?.unwrap_or(others.content),
            also: check.also(given.also, self.formats)?,
            dials: check.dials(&given.dials, &others.dials)?,
            related: check.related(&related, &others.related)?,
        })
    }

    /// A picture: an address, or a file that goes out with the feeds.
    fn image(&mut self, given: &Spanned<String>, stem: &Slug) -> Result<Link, SiteError> {
        if given.value.contains("://") {
            return self.check.link("image", given);
        }
        let path = self.folder.join(&given.value);
        let file = theme::File::read(&path, stem.as_str())
            .map_err(|(message, help)| self.check.error(Some(given), format!("`image`: {} {message}", shown(&path)), help))?;
        let address = self.base_url.child(&file.path());
        if self.pictures.iter().all(|known| known.name != file.name) {
            self.pictures.push(file);
        }
        Ok(address)
    }

    pub(super) fn topics(
        &mut self,
        given: BTreeMap<String, Option<WireTopic>>,
        others: &Arc<FeedRules>,
    ) -> Result<BTreeMap<TopicKey, TopicRules>, SiteError> {
        let check = self.check;
        let mut topics: BTreeMap<TopicKey, TopicRules> = BTreeMap::new();
        let mut slugs: BTreeMap<Slug, String> = BTreeMap::new();
        let mut aliases: Vec<(Spanned<String>, TopicKey)> = Vec::new();
        for (name, topic) in given {
            let mut topic = topic.unwrap_or_default();
            let key = TopicKey::of(&name);
            if key == TopicKey::all() || topics.contains_key(&key) {
                let nothing: Option<&Spanned<String>> = None;
                let message = format!("`topics` names the topic `{name}` twice, in two spellings, or not at all");
                return Err(check.error(topic.slug.as_ref().or(nothing), message, "keep one of them"));
            }
            let slug = topic.slug.as_ref().map(|slug| check.slug("slug", slug)).transpose()?;
            let given = check.texts("former", topic.former.take(), "[old-name]")?;
            let slug_of = |(slug, of_it): &Text| match of_it {
                None => check.slug("former", slug),
                Some(of_it) => Err(check.error(Some(of_it), "`former` is a list of slugs", "write it like `former: [old-name]`")),
            };
            let former = given.iter().map(slug_of).collect::<Result<Vec<_>, _>>()?;
            let topic_key = topic.key.as_ref().map(|key| TopicKey::of(&key.value));
            if topic_key == Some(TopicKey::all()) {
                return Err(check.error(
                    topic.key.as_ref(),
                    "`key` is empty",
                    "the feed of all topics has the empty key; write any other text",
                ));
            }
            let spans = topic.slug.iter().chain(given.iter().map(|(slug, _)| slug));
            let mut places = BTreeMap::new();
            for (taken, place) in slug.iter().chain(&former).zip(spans) {
                places.insert(taken.clone(), number(place.referenced));
                if let Some(other) = slugs.insert(taken.clone(), name.clone()) {
                    if other == name {
                        let (message, help) = if slug.as_ref() == Some(taken) {
                            (format!("`{taken}` is the folder that `{name}` has, and no former one"), "take it out of `former`")
                        } else {
                            (format!("`former` of `{name}` has `{taken}` twice"), "keep one of them")
                        };
                        return Err(check.error(Some(place), message, help));
                    }
                    let message = format!("the topics `{other}` and `{name}` have the slug `{taken}` both");
                    return Err(check.error(Some(place), message, "give each a slug of its own"));
                }
            }
            for alias in self.named("aliases", topic.aliases.take(), "[another name]")? {
                aliases.push((alias, key.clone()));
            }
            let parent = topic.parent.take().map(|parent| self.name("parent", &parent)).transpose()?;
            let feed = self.feed(others, rules_of!(topic, &name, &key))?;
            topics.insert(
                key,
                TopicRules {
                    name: clean(&name),
                    slug,
                    wanted: None,
                    former,
                    key: topic_key,
                    aliases: BTreeSet::new(),
                    words: BTreeSet::new(),
                    parent,
                    places,
                    key_place: topic.key.as_ref().map_or((0, 0), |key| number(key.referenced)),
                    feed: Arc::new(feed),
                },
            );
        }
        self.aliases(aliases, &mut topics)?;
        Ok(topics)
    }

    /// Gives topics their other names: each is one topic's, and none is the name of another.
    fn aliases(
        &self,
        given: Vec<(Spanned<String>, TopicKey)>,
        topics: &mut BTreeMap<TopicKey, TopicRules>,
    ) -> Result<(), SiteError> {
        let mut owners: BTreeMap<TopicKey, TopicKey> = BTreeMap::new();
        for (name, owner) in given {
            let alias = TopicKey::of(&name.value);
            let called = topics.get(&owner).map(|topic| topic.name.clone()).unwrap_or_default();
            if alias == TopicKey::all() {
                return Err(self.check.error(Some(&name), "a name in `aliases` is empty", "take it out"));
            }
            if alias == owner {
                // Another spelling of its own name changes nothing.
                continue;
            }
            if let Some(other) = topics.get(&alias) {
                let message = format!("`{}` is another name of `{called}`, and a topic of its own under `topics`", other.name);
                return Err(self.check.error(Some(&name), message, "take one of them out"));
            }
            if let Some(other) = owners.insert(alias.clone(), owner.clone()).filter(|other| *other != owner) {
                let other = topics.get(&other).map(|topic| topic.name.clone()).unwrap_or_default();
                let message = format!("`{}` is another name of `{other}` and of `{called}`", name.value);
                return Err(self.check.error(Some(&name), message, "keep one of them"));
            }
            if let Some(topic) = topics.get_mut(&owner) {
                topic.aliases.insert(alias);
            }
        }
        Ok(())
    }

    /// Refuses a topic that would be above itself.
    pub(super) fn no_circles(&self, topics: &BTreeMap<TopicKey, TopicRules>) -> Result<(), SiteError> {
        let known_as = known_as(topics);
        let own = |key: &TopicKey| known_as.get(key).unwrap_or(&key.clone()).clone();
        for (key, topic) in topics {
            let mut above = vec![topic.name.as_str().to_owned()];
            let mut next = topic.parent.as_ref();
            while let Some(parent) = next {
                above.push(parent.name.clone());
                let parent_key = own(&parent.key);
                if parent_key == *key {
                    let message = format!("`parent` leads back to where it began: {}", above.join(" → "));
                    let Some(named) = &topic.parent else { break };
                    let error = self.at(named.place, message, "take one of these `parent` lines out");
                    return Err(SiteError { path: named.file.clone().unwrap_or_else(|| error.path.clone()), ..error });
                }
                // A circle that this topic is not part of is found when its own turn comes.
                next = topics.get(&parent_key).and_then(|topic| topic.parent.as_ref()).filter(|_| above.len() <= topics.len());
            }
        }
        Ok(())
    }

    /// What the files of a topic catalogue say.
    pub(super) fn catalogue(&self, given: Option<Spanned<Said>>) -> Result<Vec<catalogue::Entry>, SiteError> {
        let globs = self.named("topics_from", given, "topics/*.yaml")?;
        let texts: Vec<String> = globs.iter().map(|glob| glob.value.clone()).collect();
        catalogue::read(self.folder, &texts).map_err(|error| match error {
            CatalogueError::Glob { number, message, help } => {
                self.check.error(globs.get(number), format!("`topics_from` {message}"), help)
            }
            CatalogueError::File(error) => error,
        })
    }

    /// Adds what a catalogue says to what the site file says, which goes over it.
    pub(super) fn merge(entries: Vec<catalogue::Entry>, topics: &mut BTreeMap<TopicKey, TopicRules>, others: &Arc<FeedRules>) {
        let known_as = known_as(topics);
        let own = |name: &str| {
            let key = TopicKey::of(name);
            known_as.get(&key).cloned().unwrap_or(key)
        };
        // A topic may be called as the `_id` of another: names come first.
        let names: BTreeMap<String, TopicKey> = entries
            .iter()
            .filter(|entry| !entry.id.is_empty())
            .map(|entry| (entry.id.clone(), own(entry.name.as_str())))
            .collect();
        let keys: BTreeSet<TopicKey> =
            entries.iter().map(|entry| own(entry.name.as_str())).chain(topics.keys().cloned()).collect();
        let mut taken: BTreeSet<TopicKey> = known_as.keys().cloned().collect();
        let mut keywords: Vec<(TopicKey, TopicKey)> = Vec::new();
        for entry in entries {
            let key = own(entry.name.as_str());
            let parent = entry.parent.map(|name| {
                let as_name = own(&name);
                let by_id = names.get(&name).filter(|_| !keys.contains(&as_name)).cloned();
                Named { key: by_id.unwrap_or(as_name), name, place: (entry.line, entry.column), file: Some(entry.path.clone()) }
            });
            let is_new = |keyword: &TopicKey| !keys.contains(keyword) && !taken.contains(keyword);
            let fresh: BTreeSet<TopicKey> =
                entry.keywords.iter().map(|keyword| TopicKey::of(keyword.as_str())).filter(is_new).collect();
            keywords.extend(fresh.into_iter().map(|keyword| (keyword, key.clone())));
            let said = topics.entry(key.clone()).or_insert_with(|| TopicRules {
                name: entry.name.clone(),
                slug: None,
                wanted: None,
                former: Vec::new(),
                key: None,
                aliases: BTreeSet::new(),
                words: BTreeSet::new(),
                parent: None,
                places: BTreeMap::new(),
                key_place: (0, 0),
                feed: Arc::clone(others),
            });
            said.wanted = said.wanted.take().or(entry.slug);
            said.parent = said.parent.take().or_else(|| parent.filter(|parent| parent.key != key));
            if said.feed.image.is_none() && entry.image.is_some() {
                said.feed = Arc::new(FeedRules { image: entry.image, ..FeedRules::clone(&said.feed) });
            }
        }
        // A word for two topics is a name of neither.
        keywords.sort_unstable();
        for group in keywords.chunk_by(|a, b| a.0 == b.0) {
            let [(keyword, key)] = group else { continue };
            if taken.insert(keyword.clone())
                && let Some(topic) = topics.get_mut(key)
            {
                topic.words.insert(keyword.clone());
            }
        }
    }

    /// Refuses a folder that two feeds want. `stories`: whether there are feeds with articles only, one of which is for all
    /// topics and has a folder beside those of topics.
    pub(super) fn folders(
        &self,
        topics: &BTreeMap<TopicKey, TopicRules>,
        own: &[OwnFeed],
        stories: bool,
    ) -> Result<(), SiteError> {
        let of_topics =
            || topics.values().flat_map(|topic| topic.places.iter().map(move |(slug, place)| (slug, (topic, *place))));
        let of_own = || own.iter().flat_map(|feed| feed.places.iter().map(move |(slug, place)| (slug, (feed, *place))));
        let of_stories = Slug::stories(None);
        let all = of_topics().map(|(slug, (_, place))| (slug, place)).chain(of_own().map(|(slug, (_, place))| (slug, place)));
        if let Some((slug, place)) = all.filter(|(slug, _)| stories && **slug == of_stories).min_by_key(|(_, place)| *place) {
            let message = format!("`{slug}` is the folder of the feed with articles only, which `stories: true` makes");
            return Err(self.at(place, message, "choose another slug"));
        }
        let taken: BTreeMap<&Slug, (&TopicRules, (usize, usize))> = of_topics().collect();
        let both = of_own().find_map(|(slug, (feed, own))| Some((slug, feed, own, taken.get(slug)?)));
        both.map_or(Ok(()), |(slug, feed, own, (topic, place))| {
            let message = format!("the topic `{}` and the feed `{}` have the slug `{slug}` both", topic.name, feed.name);
            Err(self.at(own.max(*place), message, "give each a slug of its own"))
        })
    }

    fn at(&self, (line, column): (usize, usize), message: String, help: &str) -> SiteError {
        SiteError { line, column, ..self.check.error::<()>(None, message, help) }
    }

    pub(super) fn own_feeds(
        &mut self,
        given: BTreeMap<String, Option<WireFeed>>,
        others: &Arc<FeedRules>,
    ) -> Result<Vec<OwnFeed>, SiteError> {
        let check = self.check;
        let mut feeds: Vec<OwnFeed> = Vec::new();
        for (name, feed) in given {
            let mut feed = feed.unwrap_or_default();
            let named = TopicKey::of(&name);
            let key = feed.key.as_ref().map_or_else(|| named.clone(), |key| TopicKey::of(&key.value));
            let place = feed.slug.as_ref().or(feed.key.as_ref()).or(feed.each.as_ref());
            let own_key = key.of_feed();
            if named == TopicKey::all() || key == TopicKey::all() || feeds.iter().any(|other| other.key == own_key) {
                let message = format!("`feeds` names the feed `{name}` twice, in two spellings, or not at all");
                return Err(check.error(place, message, "give each feed a name and a `key` of its own"));
            }
            let choices = Each::ALL.map(Each::name);
            let each = feed.each.as_ref().map(|each| {
                let known = Each::ALL.into_iter().find(|known| known.name() == each.value);
                known.ok_or_else(|| check.choice("each", Some(each), &choices))
            });
            let each = each.transpose()?;
            let slug = feed.slug.as_ref().map(|slug| check.slug("slug", slug)).transpose()?;
            let given = self.named("former", feed.former.take(), "[old-name]")?;
            let former = given.iter().map(|slug| check.slug("former", slug)).collect::<Result<Vec<Slug>, _>>()?;
            let spans = feed.slug.iter().chain(&given);
            let places: BTreeMap<Slug, (usize, usize)> =
                slug.iter().chain(&former).cloned().zip(spans.map(|span| number(span.referenced))).collect();
            if places.len() < former.len() + slug.iter().len() {
                let message = format!("`slug` and `former` of `{name}` have one folder twice");
                return Err(check.error(given.first(), message, "keep one of them"));
            }
            let one = [
                ("slug", feed.slug.is_some()),
                ("former", !given.is_empty()),
                ("title", feed.title.is_some()),
                ("image", feed.image.is_some()),
                ("also", feed.also.is_some()),
            ];
            if let (Some(each), Some((key, _))) = (&feed.each, one.iter().find(|(_, is_there)| *is_there)) {
                let message = format!("`{key}` is of one feed, and `each` makes many of `{name}`");
                return Err(check.error(Some(each), message, format!("take `{key}` or `each` out")));
            }
            if let Some(slug) = &slug
                && let Some(other) = feeds.iter().find(|other| other.slug.as_ref() == Some(slug))
            {
                let message = format!("the feeds `{}` and `{name}` have the slug `{slug}` both", other.name);
                return Err(check.error(feed.slug.as_ref(), message, "give each a slug of its own"));
            }
            let topics = |key: &str, given: Option<Spanned<Said>>| {
                let named = self.named(key, given, "[Artificial Intelligence]")?;
                named.iter().map(|name| self.name(key, name)).collect::<Result<Vec<Named>, _>>()
            };
            let (any, all, none) =
                (topics("any", feed.any.take())?, topics("all", feed.all.take())?, topics("none", feed.none.take())?);
            let top = feed.top.unwrap_or(false);
            let says_age = feed.max_age.is_some();
            let mut rules = self.feed(others, rules_of!(feed, &name, &own_key))?;
            if top && !says_age {
                // The hottest of all times would never change.
                let week = Some(Age::WEEK);
                rules.dials.max_age = rules.dials.max_age.filter(|age| age.delta() < Age::WEEK.delta()).or(week);
            }
            let feed = Arc::new(rules);
            feeds.push(OwnFeed { name: clean(&name), key: own_key, slug, former, places, any, all, none, top, each, feed });
        }
        Ok(feeds)
    }

    /// The names that a key has.
    fn named(&self, key: &str, given: Option<Spanned<Said>>, example: &str) -> Result<Vec<Spanned<String>>, SiteError> {
        let one = |(name, more): Text| match more {
            None => Ok(name),
            Some(more) => {
                let help = format!("write it like `{key}: {example}`");
                Err(self.check.error(Some(&more), format!("`{key}` is a list of names"), help))
            }
        };
        self.check.texts(key, given, example)?.into_iter().map(one).collect()
    }

    fn name(&self, key: &str, given: &Spanned<String>) -> Result<Named, SiteError> {
        let topic = TopicKey::of(&given.value);
        if topic == TopicKey::all() {
            return Err(self.check.error(Some(given), format!("`{key}` names no topic"), "write the name of a topic"));
        }
        Ok(Named { key: topic, name: given.value.clone(), place: number(given.referenced), file: None })
    }
}

/// Every other name of a topic, with the one that it goes by.
#[must_use]
pub(super) fn known_as(topics: &BTreeMap<TopicKey, TopicRules>) -> BTreeMap<TopicKey, TopicKey> {
    let aliases = |(key, topic): (&TopicKey, &TopicRules)| {
        topic.aliases.iter().map(|alias| (alias.clone(), key.clone())).collect::<Vec<_>>()
    };
    topics.iter().flat_map(aliases).collect()
}
