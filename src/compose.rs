//! What a feed says: its entries, one for each story, in their order; and which feeds there are to subscribe to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::article::{Article, Image, Language, RelatedLink, Story};
use crate::dial::{Dial, Published};
use crate::feed::{Author, Entry, EntryKind, Feed, PREVIEW, Reference, Subscription, SubscriptionList};
use crate::fetch::Material;
use crate::format::Format;
use crate::group::story::State;
use crate::group::topics::Topic;
use crate::group::{Clock, Grouping, Plan};
use crate::index::Index;
use crate::link::{EntryId, Fingerprint, feed_id};
use crate::manifest::{self, Manifest};
use crate::site::Site;
use crate::text::{self, Line, Mojibake, line_of_clean as line};
use crate::topic::{Slug, TopicKey};

mod trace;

pub use trace::{Met, NoEntry, trace};

/// Entries of a feed: Feedbin reads only the first 300.
const MAX_ENTRIES: usize = 300;
/// Bytes of full text in a feed, of the newest articles; older ones show their excerpts. Documents of some formats have twice as
/// many bytes, and readers cut feeds of 10 MB.
const MAX_TEXT: usize = 2 * 1024 * 1024;
/// The first category of a related link's entry, by which readers can filter.
const RELATED_LABEL: &str = "Related link";
/// The width that a picture should have at least, so that no reader has to enlarge it.
const GOOD_WIDTH: u32 = 1200;
/// The width that a picture without one is taken to have.
const UNSAID_WIDTH: u32 = 300;

/// Composes one feed. Nothing if none of its articles could be read again.
#[must_use]
///
/// `published` is what the feed was: an entry keeps its date as long as any of its tellings says it.
pub fn compose(
    index: &Index,
    site: &Site,
    clock: Clock,
    grouping: &Grouping,
    plan: &Plan,
    material: &Material,
    published: Option<&manifest::Feed>,
) -> Option<Feed> {
    let composer = Composer { index, site, clock, grouping, material, published, plan };
    let entries = composer.entries();
    let newest = entries.iter().map(|entry| entry.updated).max();
    // One that is meant to be empty has a date that does not move.
    let updated = newest.or_else(|| plan.chosen.is_empty().then_some(grouping.oldest))?;
    let topic = plan.topic.map(|topic| &grouping.topics[topic]);
    let (title, description) = names(site, clock, grouping, plan);
    let slug = topic.map(|topic| topic.slug.clone());
    let key = grouping.key(plan);
    Some(Feed {
        id: topic.map_or_else(|| feed_id(&site.id, key.as_str()), |topic| topic.feed_id.clone()),
        key,
        title,
        description,
        home: site.home_of(slug.as_ref()),
        base_url: site.base_url.clone(),
        slug,
        language: plan.rules.language.clone(),
        author: site.author.clone(),
        look: site.look(plan.rules.image.as_ref()),
        ttl: site.ttl,
        hub: site.hub_of_feeds(clock.preview),
        updated,
        ended: false,
        entries,
    })
}

/// The feed beside another that has its articles only, for readers that cannot leave out the coverage.
#[must_use]
pub fn stories(site: &Site, feed: &Feed) -> Feed {
    let key = feed.key.stories();
    let entries: Vec<Entry> = feed.entries.iter().filter(|entry| entry.kind == EntryKind::Article).cloned().collect();
    Feed {
        id: feed_id(&site.id, key.as_str()),
        slug: Some(Slug::stories(feed.slug.as_ref())),
        title: line(&format!("{} – stories", feed.title)),
        description: line(&format!("{}: articles only, without entries for related coverage", feed.title)),
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(feed.updated),
        key,
        entries,
        ..feed.clone()
    }
}

/// The feed of a topic that has gone: one entry, which says so. It is dated when it was made, which the manifest knows later.
#[must_use]
pub fn ended(site: &Site, clock: Clock, key: &TopicKey, published: &manifest::Feed) -> Feed {
    let slug = published.slug.clone();
    let title = text::line_of_clean(&published.title);
    let id = feed_id(&site.id, key.as_str());
    let entry_id = EntryId::ending(&id);
    let known = published.entries.iter().find(|entry| entry.id == entry_id.as_str());
    let now = DateTime::from_timestamp(clock.now.timestamp(), 0).unwrap_or(clock.now);
    let date = known.map_or(now, |entry| entry.date);
    let link = if site.formats.pages { site.base_url.clone() } else { site.home.clone() };
    let entry = Entry {
        id: entry_id,
        kind: EntryKind::Article,
        title: line(&format!("This feed has ended: {title}")),
        link,
        published: date,
        updated: date,
        author: site.author.clone(),
        provider: site.title.clone(),
        categories: Vec::new(),
        summary: text::prose("Nothing new will appear in it, and you can unsubscribe.", Mojibake::Off).text,
        image: None,
        embed: None,
        text: None,
        related: Vec::new(),
        language: Language::parse("en").filter(|english| !english.as_str().eq_ignore_ascii_case(site.language.as_str())),
    };
    Feed {
        id,
        key: key.clone(),
        description: title.clone(),
        title,
        home: site.home_of(slug.as_ref()),
        slug,
        base_url: site.base_url.clone(),
        language: site.language.clone(),
        author: site.author.clone(),
        look: site.look(None),
        updated: date,
        ttl: site.ttl,
        hub: site.hub_of_feeds(clock.preview),
        ended: true,
        entries: vec![entry],
    }
}

/// The title and the description of a feed.
fn names(site: &Site, clock: Clock, grouping: &Grouping, plan: &Plan) -> (Line, Line) {
    let topic = plan.topic.map(|topic| &grouping.topics[topic]);
    let title = match topic {
        Some(topic) if topic.rules.title.is_none() && site.title_given => line(&format!("{} – {}", topic.name, site.title)),
        topic => own_name(site, topic),
    };
    let description = match topic {
        None => Some(site.description.clone()).filter(|text| !text.is_empty()),
        Some(topic) => topic.rules.description.clone(),
    };
    let description = description.unwrap_or_else(|| match topic {
        Some(topic) if topic.is_own => line(&format!("Articles and related coverage from {}", site.title)),
        None => line(&format!("Articles and related coverage from {}", site.title)),
        Some(topic) => line(&format!("Articles on {}, and related coverage", topic.name)),
    });
    (if clock.preview { preview(&title) } else { title }, description)
}

/// What a page calls a topic, or the publication, whose name stands above that of the topic.
#[must_use]
pub fn name(site: &Site, clock: Clock, topic: Option<&Topic>) -> Line {
    let name = own_name(site, topic);
    if clock.preview { preview(&name) } else { name }
}

fn own_name(site: &Site, topic: Option<&Topic>) -> Line {
    topic.map_or(&site.title, |topic| topic.rules.title.as_ref().unwrap_or(&topic.name)).clone()
}

/// The feeds that people can subscribe to, each once, in the format that readers get most right. `published` is what there is
/// after the run: only files that are there are named, and no feed whose topic has gone.
///
/// The feed of all topics is left out, so that an import brings no story twice, unless it is the only one.
#[must_use]
pub fn subscriptions(site: &Site, clock: Clock, grouping: &Grouping, published: &Manifest) -> SubscriptionList {
    let plans: BTreeMap<TopicKey, &Plan> = grouping.feeds.iter().map(|plan| (grouping.key(plan), plan)).collect();
    let hidden = |key: &TopicKey| plans.get(key).is_some_and(|plan| plan.topic.is_some() && plan.rules.hidden);
    let is_listed = |(key, feed): &(&TopicKey, &manifest::Feed)| !feed.stale && !key.is_stories() && !hidden(key);
    let mut alive: Vec<(&TopicKey, &manifest::Feed)> = published.feeds.iter().filter(is_listed).collect();
    let has_topics = alive.iter().any(|(_, feed)| feed.slug.is_some());
    alive.retain(|(_, feed)| feed.slug.is_some() == has_topics);
    alive.sort_by_key(|(_, feed)| &feed.slug);
    let mut modified = None;
    let mut subscriptions = Vec::new();
    for (key, feed) in alive {
        let mut paths = Format::ADVISED.iter().filter(|format| site.formats.feeds.contains(format));
        let path =
            paths.find_map(|format| Some(format.path(feed.slug.as_ref())).filter(|path| published.files.contains_key(path)));
        let Some(path) = path else { continue };
        // A feed that is held back is there, though no article has its topic.
        let as_published = || (line(&feed.title), line(&feed.title));
        let plan = plans.get(key);
        let (title, description) = plan.map_or_else(as_published, |plan| names(site, clock, grouping, plan));
        modified = modified.max(feed.entries.iter().map(|entry| entry.date).max());
        subscriptions.push(Subscription {
            title,
            description,
            language: plan.map_or(&site.language, |plan| &plan.rules.language).clone(),
            home: site.home_of(feed.slug.as_ref()),
            address: site.base_url.child(&path),
        });
    }
    let title = if clock.preview { preview(&site.title) } else { site.title.clone() };
    SubscriptionList { title, modified, subscriptions }
}

struct Composer<'a> {
    index: &'a Index,
    site: &'a Site,
    clock: Clock,
    grouping: &'a Grouping,
    material: &'a Material,
    published: Option<&'a manifest::Feed>,
    plan: &'a Plan,
}

/// The coverage that one article points to.
struct Coverage<'a> {
    /// One item for each story, best quality first.
    links: Vec<Covered<'a>>,
}

/// A related link, and the story that it leads to.
#[derive(Clone)]
struct Covered<'a> {
    link: &'a RelatedLink,
    known: Known,
    names: Vec<Fingerprint>,
    /// Whether it is there only since it was let in when it was better.
    stays: bool,
}

/// Which of the stories that have files a link leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// An article of this very feed, by its place.
    Chosen(usize),
    /// Another published article.
    Linked(u32),
    /// None that may be shown on its own: the link speaks for itself.
    No,
}

/// A story that becomes an entry because articles of the feed point to it.
struct Gathered<'a> {
    /// Every copy of the link, with the place of the article that has it: newest article first.
    copies: Vec<(usize, &'a RelatedLink)>,
    known: Known,
    names: Vec<Fingerprint>,
}

impl Composer<'_> {
    fn entries(&self) -> Vec<Entry> {
        let (coverage, related) = self.covered();
        let mut entries: Vec<Entry> = Vec::new();
        let mut room = MAX_TEXT;
        for ((story, article), coverage) in self.material.chosen.iter().zip(&coverage).take(MAX_ENTRIES) {
            let related = if self.plan.rules.related.list {
                coverage.links.iter().map(|link| self.reference(link)).collect()
            } else {
                Vec::new()
            };
            let mut entry = self.entry(&article.story, self.date(*story), article.updated, EntryKind::Article);
            entry.id = self.story_id(*story, &article.story);
            entry.title = self.title(article);
            entry.categories = self.topics(*story);
            entry.related = related;
            let left = article.text.as_ref().and_then(|text| room.checked_sub(text.as_str().len()));
            entry.text = article.text.clone().filter(|_| left.is_some());
            // What is too long ends it: a feed in which a short text shows behind it would look broken.
            room = if article.text.is_some() { left.unwrap_or(0) } else { room };
            entries.push(entry);
        }
        entries.extend(related);
        entries.sort_by(|a, b| {
            let article = |entry: &Entry| entry.kind == EntryKind::Article;
            b.published.cmp(&a.published).then_with(|| article(b).cmp(&article(a))).then_with(|| a.id.cmp(&b.id))
        });
        // Own ids can still make two entries one: a reader would take the second for a change of the first.
        let mut ids = BTreeSet::new();
        entries.retain(|entry| ids.insert(entry.id.clone()));
        entries
    }

    /// What each article points to, and the entries that are made of it.
    fn covered(&self) -> (Vec<Coverage<'_>>, Vec<Entry>) {
        let mut coverage: Vec<Coverage> =
            self.material.chosen.iter().map(|(story, article)| self.coverage(*story, article)).collect();
        loop {
            let mut entries: Vec<Entry> = Vec::new();
            if self.plan.rules.related.entries {
                let room = MAX_ENTRIES.saturating_sub(self.material.chosen.len());
                entries.extend(self.gather(&coverage).iter().take(room).map(|gathered| self.related_entry(gathered)));
            }
            // What stays since it is an entry is in no list where it is none any more: the next run would take it out.
            let is_entry = |place: usize, covered: &Covered| {
                let (id, parent) = (self.link_id(covered.link, &covered.names), self.article_reference(place).id);
                let is_it = |entry: &Entry| match &entry.kind {
                    EntryKind::Related { parents } => entry.id == id && parents.iter().any(|of| of.id == parent),
                    EntryKind::Article => false,
                };
                entries.iter().any(is_it)
            };
            let before: usize = coverage.iter().map(|coverage| coverage.links.len()).sum();
            for (place, coverage) in coverage.iter_mut().enumerate() {
                coverage.links.retain(|covered| !covered.stays || is_entry(place, covered));
            }
            if coverage.iter().map(|coverage| coverage.links.len()).sum::<usize>() == before {
                return (coverage, entries);
            }
        }
    }

    /// What an article points to: without itself, what is withdrawn, what the owner does not want, and what it has twice.
    fn coverage<'s>(&'s self, story: u32, article: &'s Article) -> Coverage<'s> {
        let mut links: Vec<Covered> = Vec::new();
        // What is there only since it was let in once says nothing of an item that something better speaks for: it would
        // change what that made of it.
        let (poor, good): (Vec<_>, Vec<_>) = article.related.iter().partition(|link| self.poor(link).is_some());
        for (link, stays) in good.into_iter().map(|link| (link, false)).chain(poor.into_iter().map(|link| (link, true))) {
            let mut names = link.story.known_by.all().to_vec();
            let found = self.grouping.stories.find(names.iter().copied());
            if self.refused(story, article, link, found).is_some() {
                continue;
            }
            // Addresses of one story are one, though it has a file that is not shown.
            names.extend(found.and_then(|found| self.first_name(found)));
            let known = self.known(found);
            let same = links.iter_mut().find(|other| {
                (known != Known::No && other.known == known) || other.names.iter().any(|name| names.contains(name))
            });
            match same {
                None => links.push(Covered { link, known, names, stays }),
                Some(other) if stays && !other.stays => {}
                Some(other) => {
                    if better(link, other.link) {
                        other.link = link;
                    }
                    other.names.extend(names);
                }
            }
        }
        links.sort_by_key(|covered| std::cmp::Reverse(covered.link.story.quality));
        Coverage { links }
    }

    /// Why a link of an article is neither an entry nor in its list, if it is not; `found` is the story that it leads to.
    fn refused(&self, story: u32, article: &Article, link: &RelatedLink, found: Option<u32>) -> Option<NoEntry> {
        let names = link.story.known_by.all();
        let blocked = self.site.block.iter().any(|rule| link.story.addresses().any(|link| rule.covers(link)));
        if blocked || self.grouping.stories.withdrawn(names.iter().copied()) {
            return Some(NoEntry::Blocked);
        }
        if found == Some(story) || names.iter().any(|name| article.story.known_by.all().contains(name)) {
            return Some(NoEntry::Itself);
        }
        self.keeps_out(story, link).map(NoEntry::Dial)
    }

    /// The rule that keeps a link of an article out of its feed, if one does.
    fn keeps_out(&self, story: u32, link: &RelatedLink) -> Option<Dial> {
        let rules = &self.plan.rules.related;
        // What was let in stays though its measure moves; what another article says of it lets in nothing here.
        let stays = || {
            let here = self.published.filter(|feed| feed.selection == self.plan.selection && !feed.selection.is_empty());
            let names = link.story.known_by.all();
            here.is_some_and(|feed| {
                let id = self.link_id(link, names);
                let article = self.material.chosen.iter().find(|(chosen, _)| *chosen == story);
                let parent = article.map(|(_, article)| self.story_id(story, &article.story));
                let is_of =
                    |entry: &manifest::Entry| parent.as_ref().is_some_and(|id| entry.parents.iter().any(|of| of == id.as_str()));
                feed.entries.iter().any(|entry| entry.id == id.as_str() && is_of(entry))
            })
        };
        if let Some(dial) = self.poor(link).filter(|_| !stays()) {
            return Some(dial);
        }
        let date = || link.published.unwrap_or_else(|| self.date(story)).timestamp();
        if let Some(most) = rules.max_age.filter(|most| most.is_past(date(), self.clock.now)) {
            return Some(Dial::MaxAge(most));
        }
        let publisher = Published::of(&link.story);
        let other = rules.providers.as_ref().is_some_and(|choice| !choice.lets_pass(|wanted| wanted.is(&publisher)));
        other.then(|| Dial::Providers(provider_name(&link.story).as_str().to_owned()))
    }

    /// That a link is known to be worse than its owner wants.
    fn poor(&self, link: &RelatedLink) -> Option<Dial> {
        let known = self.plan.rules.related.min_quality.zip(link.story.quality);
        known.filter(|(least, quality)| quality < least).map(|(least, quality)| Dial::MinQuality(least, Some(quality)))
    }

    fn known(&self, found: Option<u32>) -> Known {
        let Some(story) = found else { return Known::No };
        let place = self.material.chosen.iter().position(|(chosen, _)| *chosen == story);
        match place {
            Some(place) if place < MAX_ENTRIES => Known::Chosen(place),
            _ if self.material.linked.contains_key(&story) => Known::Linked(story),
            _ => Known::No,
        }
    }

    /// The stories that become entries of their own: newest article first, then best link first, each story once.
    fn gather<'s>(&'s self, coverage: &[Coverage<'s>]) -> Vec<Gathered<'s>> {
        let mut gathered: Vec<Gathered> = Vec::new();
        for (parent, coverage) in coverage.iter().enumerate() {
            let told = self.told_already(parent, coverage);
            let wanted = coverage.links.iter().zip(told).filter(|(link, told)| !told && self.own_entry(link));
            for (covered, _) in wanted.take(self.plan.rules.related.per_article) {
                let names = covered.names.clone();
                gathered.push(Gathered { copies: vec![(parent, covered.link)], known: covered.known, names });
            }
        }
        unite(gathered)
    }

    /// For each link, whether it is called like its article or like a better link: then it says nothing new, if its owner
    /// thinks so. One that is an article is its own.
    fn told_already(&self, parent: usize, coverage: &Coverage) -> Vec<bool> {
        if !self.plan.rules.related.merge_same_title {
            return vec![false; coverage.links.len()];
        }
        let mut told = BTreeSet::from([bare_title(&self.material.chosen[parent].1.story.title)]);
        let is_told = |covered: &Covered| {
            let fresh = told.insert(bare_title(&covered.link.story.title));
            !fresh && covered.known == Known::No
        };
        coverage.links.iter().map(is_told).collect()
    }

    /// Whether a link becomes an entry: not where it is an article of the feed, nor before its date.
    fn own_entry(&self, covered: &Covered) -> bool {
        match covered.known {
            Known::Chosen(_) => false,
            Known::Linked(_) => true,
            Known::No => self.clock.preview || !self.is_future(covered.link.published, &covered.names),
        }
    }

    /// Whether a link is dated after the run's clock, by its own word or by that of the article it leads to.
    fn is_future(&self, published: Option<DateTime<Utc>>, names: &[Fingerprint]) -> bool {
        let story = self.grouping.stories.find(names.iter().copied());
        let waiting = story.is_some_and(|story| self.grouping.stories.list[story as usize].state == State::Waiting);
        waiting || published.is_some_and(|date| date > self.clock.now)
    }

    fn related_entry(&self, gathered: &Gathered) -> Entry {
        let mut parents: Vec<usize> = gathered.copies.iter().map(|(parent, _)| *parent).collect();
        parents.dedup();
        let kind = EntryKind::Related { parents: parents.iter().map(|&place| self.article_reference(place)).collect() };
        let mut entry = if let Known::Linked(story) = gathered.known {
            let article = &self.material.linked[&story];
            let mut entry = self.entry(&article.story, self.date(story), article.updated, kind);
            entry.id = self.story_id(story, &article.story);
            entry.title = self.title(article);
            entry
        } else {
            let (parent, link) = self.best(gathered);
            let id = self.link_id(link, &gathered.names);
            let of_parent = || self.date(self.material.chosen[parent].0);
            let published = self.kept_date(&id, gathered).or(link.published).unwrap_or_else(of_parent);
            let mut entry = self.entry(&link.story, published, link.updated.unwrap_or(published), kind);
            entry.id = id;
            if self.is_future(link.published, &gathered.names) {
                entry.title = preview(&entry.title);
            }
            entry
        };
        entry.categories = vec![line(RELATED_LABEL)];
        for place in parents {
            for topic in self.topics(self.material.chosen[place].0) {
                if !entry.categories.contains(&topic) {
                    entry.categories.push(topic);
                }
            }
        }
        entry
    }

    /// When a story was published.
    fn date(&self, story: u32) -> DateTime<Utc> {
        let date = self.grouping.stories.date(self.index, story);
        DateTime::from_timestamp(date, 0).unwrap_or_default()
    }

    /// The date that all tellings of a link say; or that its entry was published with, if it is to keep it: one of several
    /// tellings still says so, or none says anything, and then the entry must not move with the articles that it belongs to.
    fn kept_date(&self, id: &EntryId, gathered: &Gathered) -> Option<DateTime<Utc>> {
        let mut said: Vec<DateTime<Utc>> = gathered.copies.iter().filter_map(|(_, link)| link.published).collect();
        said.dedup();
        if let [only] = said[..] {
            return Some(only);
        }
        let here = self.published.and_then(|feed| feed.entries.iter().find(|entry| entry.id == id.as_str()));
        let elsewhere = || DateTime::from_timestamp(self.grouping.dates.of(id.fingerprint())?, 0);
        let kept = here.map(|entry| entry.date).or_else(elsewhere)?;
        (said.is_empty() || said.contains(&kept)).then_some(kept)
    }

    /// Of several copies of one link, the best; of equals, the one whose file comes first.
    fn best<'s>(&self, gathered: &Gathered<'s>) -> (usize, &'s RelatedLink) {
        let file = |parent: usize| &self.material.chosen[parent].1.source;
        let best = gathered.copies.iter().copied().reduce(|best, next| {
            let first = !better(best.1, next.1) && file(next.0) < file(best.0);
            if better(next.1, best.1) || first { next } else { best }
        });
        best.unwrap_or_else(|| unreachable!("a gathered story has the copy that it was gathered from"))
    }

    /// The id of a link's entry. A story that has a file keeps the id that it has there, whether or not the file is public:
    /// the entry is the same when it is published.
    fn link_id(&self, link: &RelatedLink, names: &[Fingerprint]) -> EntryId {
        match self.grouping.stories.find(names.iter().copied()) {
            Some(story) => self.story_id(story, &link.story),
            None => link.story.entry_id(),
        }
    }

    /// The id of a story that has files: that which a file gives it, the one that stands for it first, else one made of the
    /// address that names it there. `told` is some telling of it.
    fn story_id(&self, story: u32, told: &Story) -> EntryId {
        let stories = &self.grouping.stories;
        let story = &stories.list[story as usize];
        let names = |row: usize| self.index.names(&self.index.rows[row]).0;
        let mut rows = std::iter::once(story.winner as usize).chain(stories.rows(story));
        let own_id = rows.find_map(|row| names(row).iter().find_map(|name| self.index.own_id(*name)));
        let made = || names(story.winner as usize).first().map(|name| EntryId::from_fingerprint(*name));
        own_id.cloned().or_else(made).unwrap_or_else(|| told.entry_id())
    }

    /// The first name of a story that has files.
    fn first_name(&self, story: u32) -> Option<Fingerprint> {
        let winner = self.grouping.stories.list[story as usize].winner as usize;
        self.index.names(&self.index.rows[winner]).0.first().copied()
    }

    fn reference(&self, covered: &Covered) -> Reference {
        match covered.known {
            Known::Chosen(place) => self.article_reference(place),
            Known::Linked(story) => {
                let article = &self.material.linked[&story];
                Reference { id: self.story_id(story, &article.story), title: self.title(article), ..reference(&article.story) }
            }
            Known::No => Reference { id: self.link_id(covered.link, &covered.names), ..reference(&covered.link.story) },
        }
    }

    fn article_reference(&self, place: usize) -> Reference {
        let (story, article) = &self.material.chosen[place];
        Reference { id: self.story_id(*story, &article.story), title: self.title(article), ..reference(&article.story) }
    }

    /// The title of an article; in a preview, what the public does not see yet says so.
    fn title(&self, article: &Article) -> Line {
        let hidden = article.status.published.map_or(self.site.require_published, |published| !published);
        let hidden = hidden || article.status.draft || article.published > self.clock.now;
        if self.clock.preview && hidden { preview(&article.story.title) } else { article.story.title.clone() }
    }

    fn topics(&self, story: u32) -> Vec<Line> {
        let mut names: Vec<Line> = Vec::new();
        for topic in self.grouping.topics_of(story).filter(|topic| !topic.rules.hidden) {
            // Topics are told apart by their keys; repair can give two of them one name.
            if !names.contains(&topic.name) {
                names.push(topic.name.clone());
            }
        }
        names
    }

    fn entry(&self, story: &Story, published: DateTime<Utc>, updated: DateTime<Utc>, kind: EntryKind) -> Entry {
        Entry {
            id: story.entry_id(),
            kind,
            title: story.title.clone(),
            link: story.link.clone(),
            published,
            updated: updated.max(published),
            author: author(story),
            provider: provider_name(story),
            categories: Vec::new(),
            summary: story.excerpt.clone(),
            image: picture(&story.images).cloned(),
            embed: story.embed.clone(),
            text: None,
            related: Vec::new(),
            language: story
                .language
                .clone()
                .filter(|language| !language.as_str().eq_ignore_ascii_case(self.plan.rules.language.as_str())),
        }
    }
}

/// What a title says, without the name of who published it: that stands behind a dash or a bar.
fn bare_title(title: &Line) -> TopicKey {
    let title = title.as_str();
    let bare = title.rfind(['–', '|']).map(|end| &title[..end]).filter(|bare| !bare.trim().is_empty());
    TopicKey::of(bare.unwrap_or(title))
}

/// Makes one of all that share a name, transitively, in the place of the first. Two articles are never made one here: whether
/// they are was decided from their own addresses.
fn unite(gathered: Vec<Gathered<'_>>) -> Vec<Gathered<'_>> {
    let mut united: Vec<Gathered> = Vec::new();
    for mut next in gathered {
        let mut place = united.len();
        let mut at = 0;
        while at < united.len() {
            let other = &united[at];
            let articles = next.known != Known::No && other.known != Known::No;
            let same =
                if articles { other.known == next.known } else { other.names.iter().any(|name| next.names.contains(name)) };
            if !same {
                at += 1;
                continue;
            }
            let other = united.remove(at);
            place = place.min(at);
            let known = if other.known == Known::No { next.known } else { other.known };
            let names = [other.names, next.names].concat();
            next = Gathered { copies: [other.copies, next.copies].concat(), known, names };
        }
        next.copies.sort_by_key(|(parent, _)| *parent);
        united.insert(place.min(united.len()), next);
    }
    united
}

fn reference(story: &Story) -> Reference {
    Reference { id: story.entry_id(), title: story.title.clone(), link: story.link.clone(), provider: provider_name(story) }
}

/// The picture that is nearest at or above a good width; of those without, the widest. A picture that does not say is taken for
/// larger than an icon and smaller than a good one, and a pixel that counts readers for none.
fn picture(images: &[Image]) -> Option<&Image> {
    let seen = |image: &&Image| image.width.is_none_or(|width| width > 1) && image.height.is_none_or(|height| height > 1);
    let good = images.iter().filter(seen).filter(|image| image.width.is_some_and(|width| width >= GOOD_WIDTH));
    // Of two equals the earlier one: `max_by_key` would take the later.
    let widest = || images.iter().rev().filter(seen).max_by_key(|image| image.width.unwrap_or(UNSAID_WIDTH));
    good.min_by_key(|image| image.width).or_else(widest)
}

/// Readers show one name only, so several authors are one (format guide, section 16).
fn author(story: &Story) -> Author {
    let authors: Vec<&str> = story.provider.authors.iter().map(Line::as_str).collect();
    let name = if authors.is_empty() { provider_name(story) } else { line(&authors.join(", ")) };
    Author { name, uri: story.provider.site.clone() }
}

/// The name of the provider, else its domain, else the host of the address.
fn provider_name(story: &Story) -> Line {
    if story.provider.name.is_empty() {
        line(story.provider.site.as_ref().unwrap_or(&story.link).site())
    } else {
        story.provider.name.clone()
    }
}

/// Whether of two copies of one link the first is better: undamaged, then with an excerpt, then with a picture, then of
/// higher quality.
fn better(a: &RelatedLink, b: &RelatedLink) -> bool {
    let merit =
        |link: &RelatedLink| (!link.repaired, !link.story.excerpt.is_empty(), !link.story.images.is_empty(), link.story.quality);
    merit(a) > merit(b)
}

fn preview(title: &Line) -> Line {
    line(&format!("{PREVIEW} {title}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{KnownBy, Provider};
    use crate::link::Link;
    use crate::text::{self, Mojibake, prose};

    fn image(path: &str, width: Option<u32>) -> Image {
        Image { link: address(path), width, height: None, title: Line::default(), attribution: Line::default() }
    }

    fn address(path: &str) -> Link {
        Link::parse(&format!("https://example.org/{path}")).expect("an address")
    }

    fn name(path: &str) -> Fingerprint {
        address(path).key().fingerprint()
    }

    fn link(path: &str) -> RelatedLink {
        let story = Story {
            title: line(path),
            excerpt: text::Prose::default(),
            link: address(path),
            identity: address(path),
            amp: [None, None],
            known_by: KnownBy::new([&address(path)], [], None),
            own_id: None,
            provider: Provider::default(),
            images: Vec::new(),
            embed: None,
            quality: None,
            heat: None,
            kind: None,
            category: None,
            language: None,
        };
        RelatedLink { story, published: None, updated: None, repaired: false }
    }

    #[test]
    fn the_picture_is_the_one_that_fits_best() {
        let chosen = |widths: &[Option<u32>]| {
            let images: Vec<Image> = widths.iter().enumerate().map(|(n, width)| image(&n.to_string(), *width)).collect();
            picture(&images).and_then(|chosen| images.iter().position(|image| image == chosen))
        };
        assert_eq!(chosen(&[]), None);
        assert_eq!(chosen(&[Some(640), Some(2400), Some(1200), Some(1600)]), Some(2), "nearest at or above 1200");
        assert_eq!(chosen(&[Some(640), Some(1199), Some(50)]), Some(1), "else the widest");
        assert_eq!(chosen(&[None, Some(640), None]), Some(1), "one that says is better than one that does not");
        assert_eq!(chosen(&[Some(50), None]), Some(1), "but an icon is not");
        assert_eq!(chosen(&[Some(1), None]), Some(1), "nor a pixel that counts readers");
        assert_eq!(chosen(&[Some(1)]), None, "which is no picture at all");
        assert_eq!(chosen(&[None, None]), Some(0), "else the first");
        assert_eq!(chosen(&[Some(640), Some(640)]), Some(0), "of equals the first");
        assert_eq!(chosen(&[Some(1300), Some(1300)]), Some(0), "of equals the first");
    }

    #[test]
    fn of_two_copies_the_undamaged_one_is_better_then_the_richer() {
        let damaged = RelatedLink { repaired: true, ..link("a") };
        let mut poor = link("a");
        let mut excerpt = link("a");
        excerpt.story.excerpt = prose("Excerpt", Mojibake::Off).text;
        let mut pictured = link("a");
        pictured.story.images = vec![image("a", None)];
        poor.story.quality = Some(900);
        let mut rich_but_damaged = excerpt.clone();
        rich_but_damaged.repaired = true;
        rich_but_damaged.story.quality = Some(900);
        let mut fair = link("a");
        fair.story.quality = Some(-1);
        // Each is better than all behind it.
        let order = [&excerpt, &pictured, &poor, &fair, &link("a"), &rich_but_damaged, &damaged];
        for (place, first) in order.iter().enumerate() {
            assert!(!better(first, first));
            for second in &order[place + 1..] {
                assert!(better(first, second) && !better(second, first), "{first:?} before {second:?}");
            }
        }
    }

    /// The places of the parents of what is united, and what it is known to be.
    fn united(parts: &[(usize, &RelatedLink, Known, &[&str])]) -> Vec<(Vec<usize>, bool)> {
        let gathered = parts.iter().map(|(parent, link, known, names)| Gathered {
            copies: vec![(*parent, *link)],
            known: *known,
            names: names.iter().map(|path| name(path)).collect(),
        });
        let places = |one: &Gathered| one.copies.iter().map(|(parent, _)| *parent).collect();
        unite(gathered.collect()).iter().map(|one| (places(one), one.known != Known::No)).collect()
    }

    #[test]
    fn links_that_share_a_name_are_one_entry_in_the_place_of_the_first() {
        let link = link("a");
        let parts: &[(usize, &RelatedLink, Known, &[&str])] = &[
            (0, &link, Known::No, &["a"]),
            (0, &link, Known::No, &["b"]),
            (1, &link, Known::No, &["c"]),
            (2, &link, Known::No, &["a", "d"]),
        ];
        assert_eq!(united(parts), [(vec![0, 2], false), (vec![0], false), (vec![1], false)]);
    }

    #[test]
    fn a_link_that_comes_last_can_join_what_was_apart() {
        let link = link("a");
        let parts: &[(usize, &RelatedLink, Known, &[&str])] = &[
            (0, &link, Known::No, &["x"]),
            (1, &link, Known::No, &["a"]),
            (2, &link, Known::No, &["b"]),
            (3, &link, Known::No, &["b", "a"]),
        ];
        assert_eq!(united(parts), [(vec![0], false), (vec![1, 2, 3], false)]);
    }

    #[test]
    fn a_name_that_two_articles_seem_to_share_never_makes_them_one() {
        let link = link("a");
        let parts: &[(usize, &RelatedLink, Known, &[&str])] = &[
            (0, &link, Known::Linked(1), &["a", "amp"]),
            (1, &link, Known::Linked(2), &["b", "amp"]),
            (2, &link, Known::Linked(1), &["c"]),
            (3, &link, Known::No, &["c"]),
        ];
        assert_eq!(united(parts), [(vec![0, 2, 3], true), (vec![1], true)]);
    }

    #[test]
    fn several_authors_are_one_name_and_without_any_the_provider_is() {
        let mut story = link("a").story;
        assert_eq!(author(&story).name.as_str(), "example.org");
        story.provider.site = Some(Link::parse("https://www.paper.example/").expect("an address"));
        assert_eq!((author(&story).name.as_str(), provider_name(&story).as_str()), ("paper.example", "paper.example"));
        assert_eq!(author(&story).uri, story.provider.site);
        story.provider.name = line("The &amp; Paper");
        assert_eq!(author(&story).name.as_str(), "The &amp; Paper");
        story.provider.authors = vec![line("A. B."), line("C &lt; D")];
        assert_eq!((author(&story).name.as_str(), provider_name(&story).as_str()), ("A. B., C &lt; D", "The &amp; Paper"));
    }
}
