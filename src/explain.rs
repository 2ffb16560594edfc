//! Why a story is in a feed, or is not: one story asked through all that decides, by its address, its id or a file of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::article::{Article, Story};
use crate::compose::{self, NoEntry};
use crate::error::{Diagnostic, Error, FolderError, Severity};
use crate::feed::{EntryKind, Feed};
use crate::fetch::Material;
use crate::group::Plan;
use crate::group::sieve::{Judge, Out};
use crate::group::story::State;
use crate::index::Row;
use crate::link::{EntryId, Fingerprint, Link};
use crate::read::{self, Desk, Found, Rules};
use crate::text::Line;
use crate::topic::Slug;
use crate::{Request, Survey, fetch, look, manifest};

mod json;
mod words;

pub use json::render;
pub use words::lines;

/// What there is to know of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it is called, if that is known.
    pub title: Option<Line>,
    /// The address that names it, in the one form that all ways of writing it have.
    pub key: Option<String>,
    /// The id of its entries.
    pub id: Option<EntryId>,
    /// Whether it may be shown at all.
    pub standing: Standing,
    /// The files that are it, the one that stands for it first.
    pub files: Vec<Copy>,
    /// Related links that are it.
    pub links: Vec<Telling>,
    /// What each feed does with it: those that have it first.
    pub feeds: Vec<Verdict>,
}

/// Whether a story may be shown at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is published.
    Published(DateTime<Utc>),
    /// Its date has not come.
    Waits(DateTime<Utc>),
    /// It has no entry of its own, for this reason; others may link to it.
    Unpublished(&'static str),
    /// It is nowhere, for this reason; the file that says so, unless it is the site file.
    Withdrawn(&'static str, Option<PathBuf>),
    /// Only other articles tell of it.
    Told,
    /// The file that was asked for is no article, for this reason.
    NoArticle(String),
    /// The file that was asked for has errors.
    Faulty(Vec<Diagnostic>),
}

/// A file that is a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The file.
    pub path: PathBuf,
    /// Why it stands for the story; or what becomes of it, if another one does.
    pub why: &'static str,
    /// Whether it stands for the story.
    pub wins: bool,
}

/// A related link that is a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The file of the article that has it.
    pub path: PathBuf,
    /// Which of its related links it is, from 1.
    pub number: usize,
    /// What it calls the story.
    pub title: Line,
}

/// What a feed does with a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The folder of the feed; that of all topics has none.
    pub slug: Option<Slug>,
    /// What the feed is called: its topic, or the title of the publication.
    pub name: Line,
    /// Where its entry stands in the feed, from 1, and of how many, if there is one.
    pub place: Option<(usize, usize)>,
    /// What decides.
    pub why: Why,
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is an article of the feed.
    Article,
    /// It is coverage of these articles of the feed.
    Coverage(Vec<Line>),
    /// It may not be shown at all: see [`Explanation::standing`].
    Standing,
    /// It is not among the articles of the feed, and none of these links to it.
    Out(Out),
    /// Articles of the feed link to it, and this keeps it from being an entry, in the first of them.
    NoEntry(NoEntry, Line),
    /// It is known from related links, and no article of the feed has it.
    NotLinked,
    /// No feed is written, since there are fewer articles than its owner wants: how many there are, and should be.
    Few(usize, usize),
    /// No feed is written, since another topic has its key.
    NoFeed,
    /// The feed takes no more entries, or what there is cannot be read any more.
    NotMade,
}

impl Verdict {
    /// Whether the feed has it.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.place.is_some()
    }
}

/// Explains the story of a file, of an address or of an entry id. `None`: nothing is known of it.
pub fn explain(request: &Request, asked: &str) -> Result<Option<Explanation>, Error> {
    Asking::new(request, &look(request)?).about(asked)
}

/// Whoever asks for explanations, of one reading of all articles.
pub struct Asking<'a> {
    request: &'a Request<'a>,
    survey: &'a Survey,
    rules: Rules,
    desk: Desk,
    /// Every related link, for whoever asks often: what it is known by, its row, and its place there from 1.
    links: Option<Vec<(Vec<Fingerprint>, u32, usize)>>,
    /// Feeds that were made.
    made: BTreeMap<usize, Rc<Made>>,
}

/// A feed as it would be made, and of what.
struct Made {
    feed: Option<Feed>,
    material: Material,
}

/// A related link that is the story that is asked for.
struct Linked {
    telling: Telling,
    /// The story of the article that it stands in, if that article stands for it.
    parent: Option<u32>,
    story: Story,
}

impl<'a> Asking<'a> {
    /// Begins to ask.
    #[must_use]
    pub fn new(request: &'a Request<'a>, survey: &'a Survey) -> Self {
        let rules = Rules { whole: true, full_text: false, ..survey.rules.clone() };
        Self { request, survey, rules, desk: Desk::default(), links: None, made: BTreeMap::new() }
    }

    /// Remembers every related link, so that not every question reads all articles again.
    pub fn remember(&mut self) {
        let mut links = Vec::new();
        for (number, row) in (0..).zip(&self.survey.index.rows) {
            let related = self.article(row).map(|article| article.related).unwrap_or_default();
            links.extend((1..).zip(&related).map(|(place, link)| (link.story.known_by.all().to_vec(), number, place)));
        }
        self.links = Some(links);
    }

    /// What there is to know of the story of a file, of an address or of an entry id. `None`: nothing is known of it.
    pub fn about(&mut self, asked: &str) -> Result<Option<Explanation>, Error> {
        let survey = self.survey;
        if let Some(file) = self.file(Path::new(asked)) {
            let place = u32::try_from(file).unwrap_or(u32::MAX);
            let Some(row) = survey.index.rows.iter().find(|row| row.file == place) else {
                return Ok(Some(self.no_article(file)));
            };
            let (own, amp) = survey.index.names(row);
            return self.explanation(&[own, amp].concat()).map(Some);
        }
        if Path::new(asked).is_file() {
            let why = "it is not among the files that are read: see `articles`, `include` and `exclude`";
            return Ok(Some(Self::not_read(PathBuf::from(asked), Standing::NoArticle(why.to_owned()))));
        }
        let asked = asked.trim();
        // The key of a story is its address without the scheme.
        let bare = || Link::parse(&format!("https://{asked}")).ok().filter(|_| asked.contains('.') && !asked.contains("://"));
        let address = Link::parse(asked).ok().or_else(bare).map(|link| link.key().fingerprint());
        let id = EntryId::own(asked).ok().map(|id| id.fingerprint());
        let names: Vec<Fingerprint> = address.into_iter().chain(id).collect();
        let stories = &survey.grouping.stories;
        let known = stories.find(names.iter().copied()).is_some() || stories.withdrawn(names.iter().copied());
        let explanation = self.explanation(&names)?;
        Ok(Some(explanation).filter(|explanation| known || !explanation.links.is_empty()))
    }

    /// The place of a file that was read, if this is one.
    fn file(&self, asked: &Path) -> Option<usize> {
        let files = &self.survey.index.files;
        let real = asked.canonicalize().ok()?;
        (0..files.len()).find(|number| {
            let path = files.path(*number);
            path.file_name() == real.file_name() && path.canonicalize().is_ok_and(|path| path == real)
        })
    }

    fn read(&mut self, path: &Path) -> (Found, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let found = read::file(&self.rules, path, &path.to_string_lossy(), &mut self.desk, &mut diagnostics);
        (found, diagnostics)
    }

    fn article(&mut self, row: &Row) -> Option<Article> {
        let path = self.survey.index.file(row);
        match self.read(&path).0 {
            Found::Article(article) => Some(*article),
            _ => None,
        }
    }

    /// What there is to know of a file that is no article, or none that can be read.
    fn no_article(&mut self, file: usize) -> Explanation {
        let path = self.survey.index.files.path(file);
        let standing = match self.read(&path) {
            (Found::Other(why), _) => Standing::NoArticle(why.to_owned()),
            (_, mut diagnostics) => {
                diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
                Standing::Faulty(diagnostics)
            }
        };
        Self::not_read(path, standing)
    }

    /// What there is to know of a file that is no story.
    fn not_read(path: PathBuf, standing: Standing) -> Explanation {
        let copy = Copy { path, why: "", wins: false };
        Explanation { title: None, key: None, id: None, standing, files: vec![copy], links: Vec::new(), feeds: Vec::new() }
    }

    /// Explains the story that is known by these names.
    fn explanation(&mut self, names: &[Fingerprint]) -> Result<Explanation, Error> {
        let survey = self.survey;
        let stories = &survey.grouping.stories;
        let story = stories.find(names.iter().copied());
        let rows: Vec<&Row> = story
            .iter()
            .flat_map(|story| stories.rows(&stories.list[*story as usize]))
            .map(|row| &survey.index.rows[row])
            .collect();
        let mut names = names.to_vec();
        for row in &rows {
            let (own, amp) = survey.index.names(row);
            names.extend(own.iter().chain(amp));
        }
        let links = self.links(&mut names, story);
        names.sort_unstable();
        names.dedup();
        let winner = story.map(|story| &survey.index.rows[stories.list[story as usize].winner as usize]);
        let told = winner.and_then(|row| self.article(row)).map(|article| article.story);
        let told = told.or_else(|| links.first().map(|link| link.story.clone()));
        let mut ids: BTreeSet<EntryId> = names.iter().map(|name| EntryId::from_fingerprint(*name)).collect();
        ids.extend(names.iter().filter_map(|name| survey.index.own_id(*name)).cloned());
        ids.extend(links.iter().filter_map(|link| link.story.own_id.clone()));
        let standing = self.standing(story, &names);
        let parents: BTreeSet<u32> = links.iter().filter_map(|link| link.parent).collect();
        let feeds = self.feeds(story, &standing, &names, &parents, &ids)?;
        let found_id = feeds.iter().find_map(|(_, id)| id.clone());
        let own_id = || names.iter().find_map(|name| survey.index.own_id(*name)).cloned();
        let made = || winner.and_then(|row| survey.index.names(row).0.first()).map(|name| EntryId::from_fingerprint(*name));
        let id = found_id.or_else(own_id).or_else(made).or_else(|| told.as_ref().map(Story::entry_id));
        let mut feeds: Vec<Verdict> = feeds.into_iter().map(|(verdict, _)| verdict).collect();
        feeds.sort_by_key(|verdict| !verdict.is_in());
        Ok(Explanation {
            title: told.as_ref().map(|story| story.title.clone()),
            key: told.as_ref().map(|story| story.identity.key().as_str().to_owned()),
            id,
            standing,
            files: story.map(|story| self.copies(story)).unwrap_or_default(),
            links: links.into_iter().map(|link| link.telling).collect(),
            feeds,
        })
    }

    /// Related links that are the story known by these names, or `story`; best first. What these links are known by is added to
    /// the names.
    fn links(&mut self, names: &mut Vec<Fingerprint>, story: Option<u32>) -> Vec<Linked> {
        let survey = self.survey;
        let stories = &survey.grouping.stories;
        let is_it = |own: &[Fingerprint], names: &[Fingerprint]| {
            own.iter().any(|name| names.contains(name)) || (story.is_some() && stories.find(own.iter().copied()) == story)
        };
        let candidates: Vec<u32> = match &self.links {
            Some(links) => {
                let mut rows: Vec<u32> = links.iter().filter(|(own, ..)| is_it(own, names)).map(|(_, row, _)| *row).collect();
                rows.dedup();
                rows
            }
            None => (0..).take(survey.index.rows.len()).collect(),
        };
        let mut links: Vec<Linked> = Vec::new();
        for number in candidates {
            let row = &survey.index.rows[number as usize];
            let Some(article) = self.article(row) else { continue };
            for (place, link) in (1..).zip(article.related) {
                let own = link.story.known_by.all();
                if !is_it(own, names) {
                    continue;
                }
                if story.is_none() {
                    names.extend(own);
                }
                let of = stories.find(survey.index.names(row).0.iter().copied());
                let parent = of.filter(|of| stories.list[*of as usize].winner == number);
                let telling = Telling { path: survey.index.file(row), number: place, title: link.story.title.clone() };
                links.push(Linked { telling, parent, story: link.story });
            }
        }
        links.sort_by_key(|link| std::cmp::Reverse(link.story.quality));
        links
    }

    fn standing(&self, story: Option<u32>, names: &[Fingerprint]) -> Standing {
        let Survey { index, grouping, .. } = self.survey;
        let stories = &grouping.stories;
        let Some(story) = story else {
            let is_blocked = stories.withdrawn(names.iter().copied());
            return if is_blocked { Standing::Withdrawn(BLOCKED, None) } else { Standing::Told };
        };
        let found = &stories.list[story as usize];
        let winner = &index.rows[found.winner as usize];
        let date = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        match found.state {
            State::Published => Standing::Published(date(stories.date(index, story))),
            State::Waiting => Standing::Waits(date(winner.published)),
            State::Unpublished => Standing::Unpublished(match winner.status.published {
                Some(_) => "it says `published: false`",
                None => "it does not say `published: true`, which `require_published` wants",
            }),
            State::Withdrawn => {
                let rows = || stories.rows(found).map(|row| &index.rows[row]);
                let preview = self.request.clock.preview;
                let says = |row: &&Row| row.status.deleted || row.status.private || (row.status.draft && !preview);
                let Some(row) = rows().find(says) else { return Standing::Withdrawn(BLOCKED, None) };
                let word = match row.status {
                    status if status.deleted => "it says `deleted` or `removed`",
                    status if status.private => "it says `private`",
                    _ => "it says `draft`",
                };
                Standing::Withdrawn(word, Some(index.file(row)))
            }
        }
    }

    /// The files of a story, and why one of them stands for it.
    fn copies(&self, story: u32) -> Vec<Copy> {
        let Survey { index, grouping, .. } = self.survey;
        let stories = &grouping.stories;
        let found = &stories.list[story as usize];
        let winner = &index.rows[found.winner as usize];
        let others: Vec<usize> = stories.rows(found).filter(|row| *row != found.winner as usize).collect();
        let public = |row: usize| stories.public[row];
        let loses = |row: usize| {
            let other = &index.rows[row];
            match () {
                () if public(found.winner as usize) && !public(row) => "it is not to be shown, and a copy is",
                () if other.published < winner.published => "it is older",
                () if other.updated < winner.updated => "it changed earlier",
                () => "its file comes later",
            }
        };
        let mut reasons: Vec<&str> = others.iter().map(|row| loses(*row)).collect();
        reasons.dedup();
        let why = match reasons[..] {
            [] => "",
            ["it is not to be shown, and a copy is"] => "the others are not to be shown",
            ["it is older"] => "it is the newest",
            ["it changed earlier"] => "it changed last",
            ["its file comes later"] => "its file comes first",
            _ => "it is the newest that is to be shown",
        };
        let first = Copy { path: index.file(winner), why, wins: true };
        let others = others.into_iter().map(|row| Copy { path: index.file(&index.rows[row]), why: loses(row), wins: false });
        std::iter::once(first).chain(others).collect()
    }

    /// What each feed does with the story, with the id of its entry there.
    fn feeds(
        &mut self,
        story: Option<u32>,
        standing: &Standing,
        names: &[Fingerprint],
        parents: &BTreeSet<u32>,
        ids: &BTreeSet<EntryId>,
    ) -> Result<Vec<(Verdict, Option<EntryId>)>, Error> {
        let Survey { grouping, index, folder, .. } = self.survey;
        let site = self.request.site;
        let judge = Judge::new(index, self.request.clock, &folder.published, grouping);
        let shown = story.filter(|_| matches!(standing, Standing::Published(_)));
        let mut verdicts = Vec::new();
        for (number, plan) in grouping.feeds.iter().enumerate() {
            let topic = plan.topic.map(|topic| &grouping.topics[topic]);
            let slug = topic.map(|topic| topic.slug.clone());
            let name = compose::name(site, self.request.clock, topic);
            let is_chosen = story.is_some_and(|story| plan.chosen.contains(&story));
            let is_linked = plan.chosen.iter().any(|chosen| parents.contains(chosen));
            let mut verdict = Verdict { slug, name, place: None, why: Why::NotLinked };
            let mut id = None;
            let mut met = Vec::new();
            if is_chosen || is_linked {
                let made = self.made(number, plan)?;
                met = self.trace(plan, &made.material, names);
                let entries = made.feed.as_ref().map(|feed| &feed.entries[..]).unwrap_or_default();
                if let Some(place) = entries.iter().position(|entry| ids.contains(&entry.id)) {
                    let entry = &entries[place];
                    verdict.place = Some((place + 1, entries.len()));
                    verdict.why = match &entry.kind {
                        EntryKind::Article => Why::Article,
                        EntryKind::Related { parents } => {
                            Why::Coverage(parents.iter().map(|parent| parent.title.clone()).collect())
                        }
                    };
                    id = Some(entry.id.clone());
                }
            }
            if !verdict.is_in() {
                let title = |parent: u32| {
                    let row = &index.rows[grouping.stories.list[parent as usize].winner as usize];
                    index.file(row).to_string_lossy().into_owned()
                };
                let out = shown.and_then(|story| judge.verdict(plan.topic, &site.rules, story));
                verdict.why = match (standing, met.into_iter().next(), out) {
                    (Standing::Withdrawn(..), ..) => Why::Standing,
                    // What keeps the article out is more than what keeps a link to it from standing in for it.
                    (_, _, Some(out)) if !matches!(out, Out::OffTopic | Out::Other(_)) => Why::Out(out),
                    (_, Some(met), _) => Why::NoEntry(met.why, crate::text::line_of_clean(&title(met.parent))),
                    (Standing::Waits(_) | Standing::Unpublished(_), ..) => Why::Standing,
                    (_, None, Some(out)) => Why::Out(out),
                    (_, None, None) if is_chosen => Why::NotMade,
                    _ => Why::NotLinked,
                };
            }
            verdicts.push((verdict, id));
        }
        let unwritten = (0..).zip(&grouping.topics).filter(|(_, topic)| !topic.written);
        for (number, topic) in unwritten {
            let Some(story) = shown else { continue };
            if matches!(judge.verdict(Some(number), &site.rules, story), Some(Out::OffTopic | Out::Other(_))) {
                continue;
            }
            let few = grouping.few.get(&topic.key).map(|count| Why::Few(*count, topic.rules.min_items));
            let verdict = |why| Verdict {
                slug: Some(topic.slug.clone()),
                name: compose::name(site, self.request.clock, Some(topic)),
                place: None,
                why,
            };
            let out = judge.verdict(Some(number), &site.rules, story).map(Why::Out);
            verdicts.push((verdict(few.or(out).unwrap_or(Why::NoFeed)), None));
        }
        Ok(verdicts)
    }

    /// A feed as it would be made.
    fn made(&mut self, number: usize, plan: &Plan) -> Result<Rc<Made>, Error> {
        if let Some(made) = self.made.get(&number) {
            return Ok(Rc::clone(made));
        }
        let Survey { grouping, index, rules, .. } = self.survey;
        let rules = Rules { whole: true, ..rules.clone() };
        let material = fetch::fetch(index, &rules, grouping, plan, &mut Vec::new())
            .map_err(|(path, cause)| FolderError::new(&path, format!("cannot be read: {cause}"), crate::error::EXHAUSTED))?;
        let Request { site, clock, .. } = *self.request;
        let feed = compose::compose(index, site, clock, grouping, plan, &material, self.published(plan));
        let made = Rc::new(Made { feed, material });
        self.made.insert(number, Rc::clone(&made));
        Ok(made)
    }

    /// What becomes in a feed of links to a story.
    fn trace(&self, plan: &Plan, material: &Material, names: &[Fingerprint]) -> Vec<compose::Met> {
        let Survey { grouping, index, .. } = self.survey;
        let Request { site, clock, .. } = *self.request;
        compose::trace(index, site, clock, grouping, plan, material, (self.published(plan), names))
    }

    /// What a feed was when it was published last.
    fn published(&self, plan: &Plan) -> Option<&'a manifest::Feed> {
        let Survey { grouping, folder, .. } = self.survey;
        let key = grouping.key(plan);
        folder.published.feeds.get(&key).filter(|feed| !feed.stale)
    }
}

const BLOCKED: &str = "the site file blocks it";
