//! The site file, `feedmill.yaml`: what an owner can set, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use uuid::Uuid;

use crate::article::{Embeds, Language};
use crate::destination::Destination;
use crate::dial::{Age, Choice, Dials, Publisher};
use crate::encoding::Encoding;
use crate::error::{help_line, shown};
use crate::feed::{Author, Look};
use crate::format::{Format, Formats};
use crate::host::{self, Deployment, Host};
use crate::link::{FEED_NAMESPACE, Key, Link};
use crate::read::field::{Names, NotAdded};
use crate::read::front_matter::position;
use crate::read::tree::Tree;
use crate::read::yaml::parse_any;
use crate::text::{self, Line, Mojibake};
use crate::topic::{Slug, TopicKey};
use dials::{WireChoice, WireScalar, with_dials};
pub use rules::{Each, FeedRules, Named, OwnFeed, TopicRules};
use rules::{Rules, WireFeed, WireRules, WireTopic};
use theme::Theme;

pub mod catalogue;
mod dials;
pub mod pin;
mod rules;
pub mod theme;

/// The name of the site file.
pub const FILE_NAME: &str = "feedmill.yaml";

/// The JSON Schema of the site file, for editors.
pub const SCHEMA: &str = include_str!("site/schema.json");

/// Where feeds are said to be until the owner says otherwise.
pub const DEFAULT_BASE_URL: &str = "http://localhost:8000/";

/// The id of a site that has neither an id nor an address yet.
pub const UNSET_ID: &str = "localhost:8000";

/// How long a copy of a feed serves, unless the owner says otherwise: half an hour; an hour more while a new one is fetched, and a
/// day if that fails.
pub const DEFAULT_CACHE_CONTROL: &str = "public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400";

/// Minutes after which readers are told to ask again, unless the owner says otherwise.
const DEFAULT_TTL: u32 = 60;

/// The longest `cache_control`: Cloudflare takes no longer lines than 2,000 characters in `_headers`.
const LONGEST_CACHE_CONTROL: usize = 500;

/// A publication and what its owner wants of its feeds.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent words of the site file
pub struct Site {
    /// The site file, if there is one.
    pub file: Option<PathBuf>,
    /// Names the site for ever in feed ids.
    pub id: String,
    /// Where the output folder will be served; ends with `/`.
    pub base_url: Link,
    /// Whether the owner said so, or it is the default.
    pub base_url_given: bool,
    /// What the publication is called.
    pub title: Line,
    /// Whether the owner said so, or it is the host.
    pub title_given: bool,
    /// What the publication is about; may be empty.
    pub description: Line,
    /// The language of the publication.
    pub language: Language,
    /// The zone of dates that have none.
    pub zone: Tz,
    /// Who publishes.
    pub author: Author,
    /// The site that people read.
    pub home: Link,
    /// Whether the owner said so, or it is where the feeds are.
    pub home_given: bool,
    /// Folders to read, if the command line names none.
    pub articles: Vec<PathBuf>,
    /// Globs of files to read; empty: those with the usual endings.
    pub include: Vec<String>,
    /// Globs of files and folders not to read.
    pub exclude: Vec<String>,
    /// The output folder.
    pub out: PathBuf,
    /// What holds for every feed that does not say otherwise, and for that of all topics.
    pub rules: Arc<FeedRules>,
    /// What holds for the feeds of topics that it does not name: the same, without what is that feed's own.
    pub topic_rules: Arc<FeedRules>,
    /// Articles that do not say `published: true` are left out.
    pub require_published: bool,
    /// Addresses and domains that appear nowhere.
    pub block: Vec<Blocked>,
    /// The names of front matter keys.
    pub names: Names,
    /// Stands for what the site file says of which files are articles, the same in every run and on every machine.
    pub selection: String,
    /// Whether mojibake is repaired.
    pub mojibake: Mojibake,
    /// Whether players are shown in frames.
    pub embeds: Embeds,
    /// What the owner says of single topics.
    pub topics: BTreeMap<TopicKey, TopicRules>,
    /// Feeds of the owner's own, by name.
    pub feeds: Vec<OwnFeed>,
    /// Beside each feed there is one with the articles only.
    pub stories: bool,
    /// What to make.
    pub formats: Formats,
    /// Whether a browser is to show RSS and Atom as text instead of markup.
    pub browser_style: bool,
    /// What the owner adds to the pages.
    pub theme: Theme,
    /// What becomes of a feed whose topic has gone.
    pub stale: Stale,
    /// What files are compressed in beforehand.
    pub precompress: Vec<Encoding>,
    /// Minutes after which a reader may ask again.
    pub ttl: u32,
    /// `Cache-Control` of every file, where a host can be told.
    pub cache_control: String,
    /// Where the output is served, if there are settings to be written for it.
    pub deployment: Option<Deployment>,
    /// Where `publish` sends the output, if nothing else is said.
    pub destination: Option<Destination>,
    /// The `WebSub` hub that distributes the feeds: https, or http on this machine.
    pub hub: Option<Link>,
}

/// An old address of a feed, where a copy of it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Also {
    /// Where, relative to the output folder, with `/`.
    pub path: String,
    /// Of which format: one that is written.
    pub format: Format,
    /// Where the site file says so: line and column, or 0.
    pub place: (usize, usize),
}

/// What becomes of a feed whose topic has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// It stays as it is.
    #[default]
    Keep,
    /// A last entry says so.
    Tombstone,
    /// Its files go.
    Remove,
}

impl Site {
    /// The page for people of a topic's feed, or of that of all topics.
    #[must_use]
    pub fn home_of(&self, slug: Option<&Slug>) -> Link {
        match slug {
            Some(slug) if self.formats.pages => self.base_url.child(&format!("{slug}/")),
            _ => self.home.clone(),
        }
    }

    /// The hub that feeds name. A preview names none: it is not to be announced.
    #[must_use]
    pub fn hub_of_feeds(&self, preview: bool) -> Option<Link> {
        self.hub.clone().filter(|_| !preview)
    }

    /// How a feed looks, which may have an `image` of its own. Some readers show the logo and some the icon: where one is missing,
    /// the other stands for both.
    #[must_use]
    pub fn look(&self, image: Option<&Link>) -> Look {
        let address = |file: &Option<theme::File>| file.as_ref().map(|file| self.base_url.child(&file.path()));
        let (logo, icon) = (image.cloned().or_else(|| address(&self.theme.logo)), address(&self.theme.icon));
        Look { style: self.browser_style, logo: logo.clone().or(icon.clone()), icon: icon.or(logo) }
    }
}

/// What a feed shows of an article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Its full text, if there is one below the front matter.
    #[default]
    Full,
    /// Its excerpt.
    Excerpt,
}

/// What becomes of related links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// They are entries of their own.
    pub entries: bool,
    /// They are listed in their article.
    pub list: bool,
    /// Entries that one article brings at most, best quality first.
    pub per_article: usize,
    /// Links that are known to be worse are left out.
    pub min_quality: Option<i32>,
    /// Older links are left out; one without a date has that of its article.
    pub max_age: Option<Age>,
    /// Links of others are left out.
    pub providers: Option<Choice<Publisher>>,
    /// A link that is called like its article, or like a better one beside it, is no entry.
    pub merge_same_title: bool,
}

/// An address, or a domain with all below it, that appears nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// One story.
    Story(Key),
    /// A domain and its subdomains, without `www.`.
    Domain(String),
}

impl Default for Related {
    fn default() -> Self {
        Self {
            entries: true,
            list: true,
            per_article: 10,
            min_quality: None,
            max_age: None,
            providers: None,
            merge_same_title: false,
        }
    }
}

impl Blocked {
    /// Whether this blocks a story of that address.
    #[must_use]
    pub fn covers(&self, link: &Link) -> bool {
        match self {
            Self::Story(key) => link.key() == *key,
            Self::Domain(domain) => {
                link.site().strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

/// What the command line and the environment put above the site file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Where the output folder will be served.
    pub base_url: Option<String>,
    /// Whether the environment says so, and not the command line.
    pub base_url_by_variable: bool,
    /// The output folder.
    pub out: Option<PathBuf>,
}

/// Something in the site file that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}{}", shown(.path), at(*.line, *.column), help_line(.help))]
pub struct SiteError {
    /// The site file, or what was given for it.
    pub path: PathBuf,
    /// Line from 1; 0 if the whole file is meant.
    pub line: usize,
    /// Column from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

fn at(line: usize, column: usize) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

impl Site {
    /// What holds for a topic's feed.
    #[must_use]
    pub fn rules_of(&self, topic: &TopicKey) -> &Arc<FeedRules> {
        self.topics.get(topic).map_or(&self.topic_rules, |topic| &topic.feed)
    }

    /// The rules of every feed that there can be; those of the feed of all topics first.
    pub fn every_rules(&self) -> impl Iterator<Item = &Arc<FeedRules>> {
        let topics = self.topics.values().map(|topic| &topic.feed);
        std::iter::once(&self.rules).chain(topics).chain(self.feeds.iter().map(|feed| &feed.feed))
    }

    /// What has to be kept of articles for the dials.
    #[must_use]
    pub fn looks_inside(&self) -> (bool, bool) {
        let titles = self.every_rules().any(|rules| rules.dials.title_matches.is_some());
        let facts = self.every_rules().any(|rules| rules.dials.look_inside());
        (facts || titles || self.feeds.iter().any(|feed| feed.top || feed.each.is_some()), titles)
    }

    /// Whether any feed shows the full text of articles.
    #[must_use]
    pub fn shows_full_text(&self) -> bool {
        self.every_rules().any(|rules| rules.content == Content::Full)
    }

    /// The site file for a folder of articles: in the folder itself, else in the nearest folder above it.
    ///
    /// `Err`: it cannot be seen whether there is one. A run without it would make other feeds.
    pub fn find(folder: &Path) -> Result<Option<PathBuf>, SiteError> {
        let failed = |path: &Path, error: &std::io::Error| SiteError {
            path: path.to_owned(),
            line: 0,
            column: 0,
            message: format!("cannot see whether there is a site file: {error}"),
            help: "name it with `--site`".to_owned(),
        };
        let real = match folder.canonicalize() {
            // What is wrong with the folder is said by whoever reads it.
            Err(_) if !folder.exists() => return Ok(None),
            real => real.map_err(|error| failed(folder, &error))?,
        };
        for ancestor in real.ancestors() {
            let file = ancestor.join(FILE_NAME);
            match file.metadata() {
                Ok(metadata) if metadata.is_file() => {
                    // Shown as people write it, where it lies below the folder that they are in.
                    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
                    let near = here.and_then(|here| file.strip_prefix(here).ok().map(Path::to_path_buf));
                    return Ok(Some(near.unwrap_or(file)));
                }
                // A link that leads nowhere was to be one.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound || file.is_symlink() => {
                    return Err(failed(&file, &error));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Reads the site file at `path`; without one every setting has its default.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, SiteError> {
        let Some(path) = path else { return Check { path: Path::new(FILE_NAME), overrides }.site(Wire::default(), None) };
        let text = std::fs::read_to_string(path).map_err(|error| SiteError {
            path: path.to_owned(),
            line: 0,
            column: 0,
            message: match error.kind() {
                std::io::ErrorKind::InvalidData => "the site file is not UTF-8".to_owned(),
                _ => format!("cannot read the site file: {error}"),
            },
            help: match error.kind() {
                std::io::ErrorKind::NotFound => "`feedmill init` writes one".to_owned(),
                std::io::ErrorKind::InvalidData => "save it as UTF-8".to_owned(),
                _ => String::new(),
            },
        })?;
        Self::parse(path, &text, overrides)
    }

    /// Reads the text of a site file, and the files of its theme; `path` is where it lies.
    pub fn parse(path: &Path, text: &str, overrides: &Overrides) -> Result<Self, SiteError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_depth: 32, max_aliases: 0, max_anchors: 0 },
            with_snippet: false,
        };
        // YAML ends a line with a carriage return too.
        let empty = text.split(['\n', '\r']).all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let wire = if empty { Ok(Wire::default()) } else { serde_yaml::from_str_with_options(text, options) };
        let check = Check { path, overrides };
        let wire = wire.map_err(|error| check.yaml(text, &error))?;
        check.site(wire, Some(path.to_owned()))
    }
}

with_dials! {
/// The site file as it is written. What the values mean is checked in [`Check`].
struct Wire {
    id: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
    title: Option<String>,
    description: Option<String>,
    language: Option<Spanned<String>>,
    timezone: Option<Spanned<String>>,
    author: Option<WireAuthor>,
    home: Option<Spanned<String>>,
    articles: Option<OneOrMore>,
    include: Option<OneOrMore>,
    exclude: Option<OneOrMore>,
    out: Option<PathBuf>,
    limit: Option<Spanned<i64>>,
    min_items: Option<Spanned<i64>>,
    require_published: Option<bool>,
    block: Option<Vec<Spanned<String>>>,
    fields: Option<BTreeMap<String, Spanned<OneOrMore>>>,
    mojibake: Option<Spanned<String>>,
    embeds: Option<Spanned<String>>,
    content: Option<Spanned<String>>,
    topics: Option<BTreeMap<String, Option<WireTopic>>>,
    topics_from: Option<Spanned<Said>>,
    feeds: Option<BTreeMap<String, Option<WireFeed>>>,
    stories: Option<bool>,
    formats: Option<Spanned<Vec<Spanned<String>>>>,
    browser_style: Option<bool>,
    theme: Option<WireTheme>,
    also: Option<Spanned<Said>>,
    stale: Option<Spanned<String>>,
    precompress: Option<Spanned<Said>>,
    ttl: Option<Spanned<i64>>,
    cache_control: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    host_root: Option<Spanned<PathBuf>>,
    destination: Option<Spanned<String>>,
    hub: Option<Spanned<String>>,
}
}

/// One text or several, each with its place; in a map, each with what is said of it. Or something else, which has no place of
/// its own to be refused at.
#[derive(Clone)]
enum Said {
    Texts(Vec<Text>),
    Other,
}

/// A text, and what is said of it.
type Text = (Spanned<String>, Option<Spanned<String>>);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

/// By hand, since what serde keeps back to look at it twice has lost its place.
struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or a map of them")
    }

    fn visit_str<E>(self, text: &str) -> Result<Said, E> {
        // It is that of the value.
        let nowhere = serde_yaml::Location::UNKNOWN;
        Ok(Said::Texts(vec![(Spanned::new(text.to_owned(), nowhere, nowhere), None)]))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Said, E> {
        Ok(Said::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Said, E> {
        Ok(Said::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Said, E> {
        Ok(Said::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Said, E> {
        Ok(Said::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push((text, None));
        }
        Ok(Said::Texts(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        let mut texts = Vec::new();
        while let Some((text, of_it)) = map.next_entry()? {
            texts.push((text, Some(of_it)));
        }
        Ok(Said::Texts(texts))
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WireTheme {
    css: Option<Spanned<PathBuf>>,
    logo: Option<Spanned<PathBuf>>,
    icon: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAuthor {
    name: String,
    #[serde(default)]
    uri: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WireRelated {
    mode: Option<Spanned<String>>,
    per_article: Option<Spanned<i64>>,
    min_quality: Option<Spanned<WireScalar>>,
    max_age: Option<Spanned<WireScalar>>,
    providers: Option<Spanned<WireChoice>>,
    merge_same_title: Option<bool>,
}

/// A list, or the one thing that stands for a list of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn texts(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::More(more) => more.clone(),
        }
    }

    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// What is said of feeds.
struct Feeds {
    rules: Arc<FeedRules>,
    topic_rules: Arc<FeedRules>,
    topics: BTreeMap<TopicKey, TopicRules>,
    own: Vec<OwnFeed>,
    theme: Theme,
}

struct Check<'a> {
    path: &'a Path,
    overrides: &'a Overrides,
}

impl Check<'_> {
    fn site(&self, mut wire: Wire, file: Option<PathBuf>) -> Result<Site, SiteError> {
        // Paths in the site file are relative to it, so that cron may run from anywhere.
        let folder = self.path.parent().filter(|_| file.is_some()).unwrap_or(Path::new(""));
        let selection = selection(&wire);
        let formats = self.formats(wire.formats.take())?;
        let base_url_given = self.overrides.base_url.is_some() || wire.base_url.is_some();
        let base_url = self.base_url(wire.base_url.as_ref())?;
        let title_given = wire.title.is_some();
        let title = wire.title.as_deref().map(clean).filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| clean(base_url.site()));
        let language = self.language(wire.language.as_ref())?.unwrap_or_default();
        let author = self.author(wire.author.take(), &title)?;
        let home_given = wire.home.is_some();
        let home = match &wire.home {
            None => base_url.clone(),
            Some(home) => self.link("home", home)?,
        };
        let id = match wire.id.take() {
            None => base_url.as_str().split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/').to_owned(),
            Some(id) if id.value.trim().is_empty() => {
                return Err(self.error(
                    Some(&id),
                    "`id` is empty",
                    "write any text that no other site has; `feedmill init` makes one",
                ));
            }
            Some(id) => id.value,
        };
        let theme = self.theme(folder, &wire.theme.take().unwrap_or_default())?;
        let feeds = self.feeds(&mut wire, folder, (&base_url, &formats, &language), theme)?;
        if wire.out.as_deref().is_some_and(|out| out.as_os_str().is_empty()) {
            return Err(self.error::<()>(None, "`out` is empty", "write the folder where the feeds go"));
        }
        let out = match &self.overrides.out {
            Some(out) => out.clone(),
            None => folder.join(wire.out.as_deref().unwrap_or(Path::new("feeds"))),
        };
        let deployment = self.deployment(folder, wire.host.as_ref(), wire.host_root.as_ref(), &base_url, &out)?;
        Ok(Site {
            file,
            id,
            base_url,
            base_url_given,
            title,
            title_given,
            description: wire.description.as_deref().map(clean).unwrap_or_default(),
            language,
            zone: self.zone(wire.timezone.as_ref())?,
            author,
            home,
            home_given,
            articles: wire.articles.map(OneOrMore::list).unwrap_or_default().iter().map(|path| folder.join(path)).collect(),
            include: wire.include.map(OneOrMore::list).unwrap_or_default(),
            exclude: wire.exclude.map(OneOrMore::list).unwrap_or_default(),
            out,
            rules: feeds.rules,
            topic_rules: feeds.topic_rules,
            require_published: wire.require_published.unwrap_or(false),
            block: self.block(wire.block.unwrap_or_default())?,
            selection,
            names: self.names(wire.fields.unwrap_or_default())?,
            mojibake: self.mojibake(wire.mojibake.as_ref())?,
            embeds: self.embeds(wire.embeds.as_ref())?,
            topics: feeds.topics,
            feeds: feeds.own,
            stories: wire.stories.unwrap_or(false),
            formats,
            browser_style: wire.browser_style.unwrap_or(false),
            theme: feeds.theme,
            stale: self.stale(wire.stale.as_ref())?,
            precompress: self.precompress(wire.precompress)?,
            ttl: self.ttl(wire.ttl.as_ref())?,
            cache_control: self.cache_control(wire.cache_control.as_ref())?,
            deployment,
            destination: self.destination(wire.destination.as_ref())?,
            hub: wire.hub.as_ref().map(|hub| self.hub(hub)).transpose()?,
        })
    }

    /// What is said of all feeds and of single ones; their pictures become part of the theme.
    fn feeds(
        &self,
        wire: &mut Wire,
        folder: &Path,
        (base_url, formats, language): (&Link, &Formats, &Language),
        mut theme: Theme,
    ) -> Result<Feeds, SiteError> {
        let defaults = FeedRules {
            title: None,
            description: None,
            limit: 30,
            min_items: 0,
            hidden: false,
            image: None,
            language: language.clone(),
            content: Content::Full,
            also: Vec::new(),
            dials: Dials::default(),
            related: Related::default(),
        };
        let mut rules = Rules { check: self, folder, base_url, formats, pictures: &mut theme.pictures };
        let dials = wire.dials();
        let of_all = rules.feed(
            &defaults,
            WireRules {
                limit: wire.limit.take(),
                min_items: wire.min_items.take(),
                content: wire.content.take(),
                also: wire.also.take(),
                dials,
                ..WireRules::default()
            },
        )?;
        let topic_rules = Arc::new(FeedRules { also: Vec::new(), ..of_all.clone() });
        let of_all = Arc::new(of_all);
        let entries = rules.catalogue(wire.topics_from.take())?;
        let mut topics = rules.topics(wire.topics.take().unwrap_or_default(), &of_all)?;
        Rules::merge(entries, &mut topics, &topic_rules);
        rules.no_circles(&topics)?;
        let feeds = rules.own_feeds(wire.feeds.take().unwrap_or_default(), &of_all)?;
        rules.folders(&topics, &feeds, wire.stories.unwrap_or(false))?;
        Ok(Feeds { rules: of_all, topic_rules, topics, own: feeds, theme })
    }

    fn destination(&self, given: Option<&Spanned<String>>) -> Result<Option<Destination>, SiteError> {
        let wrong = |given, what| self.error(Some(given), format!("`destination` {what}"), Destination::HELP);
        given.map(|given| Destination::parse(&given.value).map_err(|what| wrong(given, what))).transpose()
    }

    /// Whoever could change a ping on its way could tell the hub of anything, so it goes by https.
    fn hub(&self, given: &Spanned<String>) -> Result<Link, SiteError> {
        let hub = self.link("hub", given)?;
        if hub.as_str().contains('#') {
            return Err(self.error(Some(given), "`hub` has a fragment", "write the address without the `#` and what follows"));
        }
        if hub.as_str().starts_with("http://") && !hub.is_loopback() {
            let help = "write https://; http is for a hub on this machine, at localhost, 127.0.0.1 or [::1]";
            return Err(self.error(Some(given), "`hub` is not an https address", help));
        }
        Ok(hub)
    }

    fn ttl(&self, given: Option<&Spanned<i64>>) -> Result<u32, SiteError> {
        let Some(given) = given else { return Ok(DEFAULT_TTL) };
        u32::try_from(given.value).ok().filter(|minutes| (1..=10_080).contains(minutes)).ok_or_else(|| {
            let help = format!("these are minutes, and 10080 of them are a week; without this line it is {DEFAULT_TTL}");
            self.error(Some(given), "`ttl` is not a number from 1 to 10080", help)
        })
    }

    /// It stands between quotes, or bare, in files of several languages: what has a meaning in one of them is refused.
    fn cache_control(&self, given: Option<&Spanned<String>>) -> Result<String, SiteError> {
        let Some(given) = given else { return Ok(DEFAULT_CACHE_CONTROL.to_owned()) };
        let text = given.value.as_str();
        let wrong = |what: &str| {
            let help = format!("write directives of RFC 9111, such as: {DEFAULT_CACHE_CONTROL}");
            self.error(Some(given), format!("`cache_control` {what}"), help)
        };
        match text {
            "" => Err(wrong("is empty")),
            _ if text.len() > LONGEST_CACHE_CONTROL => Err(wrong(&format!("is longer than {LONGEST_CACHE_CONTROL} bytes"))),
            _ if host::is_value(text) => Ok(text.to_owned()),
            _ if text.trim() != text => Err(wrong("begins or ends with white space")),
            _ => Err(wrong("has a character that is not a letter, a digit, a space or one of `,` `=` `-` `_` `.`")),
        }
    }

    fn deployment(
        &self,
        folder: &Path,
        host: Option<&Spanned<String>>,
        root: Option<&Spanned<PathBuf>>,
        base_url: &Link,
        out: &Path,
    ) -> Result<Option<Deployment>, SiteError> {
        let names = Host::ALL.map(Host::name);
        let Some(given) = host else {
            let help = format!("add `host`, which is one of {}", names.join(", "));
            return match root {
                None => Ok(None),
                root => Err(self.error(root, "`host_root` is for a `host`, and there is none", help)),
            };
        };
        let Some(host) = Host::ALL.into_iter().find(|host| host.name() == given.value) else {
            return Err(self.choice("host", Some(given), &names));
        };
        let path = host::prefix(base_url);
        // What the command line says otherwise is meant for this run, and is no fault of the site file.
        let (moved, address_moved) = (self.overrides.out.is_some(), self.overrides.base_url.is_some());
        let place = match root {
            None => Some(String::new()),
            Some(root) => below(&folder.join(&root.value), out),
        };
        let found = |elsewhere| {
            let below = place.clone().unwrap_or_default();
            let root = root.map_or(out.to_owned(), |root| folder.join(&root.value));
            Ok(Some(Deployment { host, root, below, elsewhere }))
        };
        if host.wants_paths() && !host::is_plain(path) {
            let message = format!("`{path}` in `base_url` has characters that may mean something to {}", host.title());
            if address_moved {
                return found(Some(message));
            }
            let help = "let the path be of letters, digits, `-`, `.`, `_`, `~` and `/`, or take `host` out";
            return Err(self.error(Some(given), message, help));
        }
        let Some(place) = &place else {
            let message = format!("the output folder {} does not lie in `host_root`", shown(out));
            if moved {
                return found(Some(message));
            }
            return Err(self.error(root, message, "write the folder that is deployed, relative to this file"));
        };
        let served = format!("/{place}");
        if host.reads_from_root() && served != path {
            let message = format!("the output is at `{served}` of what is deployed, and at `{path}` in `base_url`");
            if moved || address_moved {
                return found(Some(message));
            }
            let help = match root {
                None => format!("set `host_root` to the folder that is deployed, in which the output is at `{path}`"),
                Some(_) => {
                    format!("let `base_url` end in `{served}`, or set `host_root` so that the output is at `{path}` in it")
                }
            };
            let (line, column) = root.map_or(number(given.referenced), |root| number(root.referenced));
            return Err(SiteError { path: self.path.to_owned(), line, column, message, help });
        }
        found(None)
    }

    fn theme(&self, folder: &Path, given: &WireTheme) -> Result<Theme, SiteError> {
        let file = |key: &str, stem: &str, given: &Option<Spanned<PathBuf>>| {
            let read = |given: &Spanned<PathBuf>| {
                let path = folder.join(&given.value);
                theme::File::read(&path, stem).map_err(|(message, help)| {
                    self.error(Some(given), format!("`theme.{key}`: {} {message}", shown(&path)), help)
                })
            };
            given.as_ref().map(read).transpose()
        };
        Ok(Theme {
            css: file("css", "theme", &given.css)?,
            logo: file("logo", "logo", &given.logo)?,
            icon: file("icon", "icon", &given.icon)?,
            pictures: Vec::new(),
        })
    }

    fn base_url(&self, given: Option<&Spanned<String>>) -> Result<Link, SiteError> {
        let text = match (&self.overrides.base_url, given) {
            (Some(text), _) => text.as_str(),
            (None, Some(text)) => text.value.as_str(),
            (None, None) => DEFAULT_BASE_URL,
        };
        // An address from the command line is not in the site file.
        let place = given.filter(|_| self.overrides.base_url.is_none());
        let mut address = text.trim().to_owned();
        let wrong = |why: &str, help: &str| match &self.overrides {
            Overrides { base_url: None, .. } => self.error(place, format!("`base_url` {why}"), help),
            Overrides { base_url_by_variable, .. } => SiteError {
                path: PathBuf::from(if *base_url_by_variable { "FEEDMILL_BASE_URL" } else { "--base-url" }),
                line: 0,
                column: 0,
                message: format!("the address {why}"),
                help: help.to_owned(),
            },
        };
        if address.contains(['?', '#']) {
            let help = "write the address of the folder alone, such as https://feeds.example.org/";
            return Err(wrong("has a query or a fragment", help));
        }
        if !address.ends_with('/') {
            address.push('/');
        }
        let help = "write the address where the feeds will be served, such as https://feeds.example.org/";
        Link::parse(&address).map_err(|error| wrong(&error.to_string(), help))
    }

    fn author(&self, given: Option<WireAuthor>, title: &Line) -> Result<Author, SiteError> {
        let Some(given) = given else { return Ok(Author { name: title.clone(), uri: None }) };
        let name = Some(clean(&given.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| title.clone());
        let uri = given.uri.as_ref().map(|uri| self.link("author.uri", uri)).transpose()?;
        Ok(Author { name, uri })
    }

    fn zone(&self, given: Option<&Spanned<String>>) -> Result<Tz, SiteError> {
        let Some(given) = given else { return Ok(Tz::UTC) };
        given.value.parse().map_err(|_| {
            let near = nearest(&given.value, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            let help = near.map_or_else(
                || "write a name of the tz database, such as Europe/Berlin".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            self.error(Some(given), "`timezone` is not a time zone", help)
        })
    }

    fn related(&self, given: &WireRelated, others: &Related) -> Result<Related, SiteError> {
        let (entries, list) = match given.mode.as_ref().map(|mode| mode.value.as_str()) {
            None => (others.entries, others.list),
            Some("both") => (true, true),
            Some("entries") => (true, false),
            Some("list") => (false, true),
            Some("none") => (false, false),
            Some(_) => return Err(self.choice("related.mode", given.mode.as_ref(), &["both", "entries", "list", "none"])),
        };
        Ok(Related {
            entries,
            list,
            per_article: self.count("related.per_article", given.per_article.as_ref(), others.per_article)?,
            min_quality: self.measure("related.min_quality", given.min_quality.as_ref(), others.min_quality)?,
            max_age: self.age("related.max_age", given.max_age.as_ref(), others.max_age)?,
            providers: self.publishers("related.providers", given.providers.as_ref())?.or_else(|| others.providers.clone()),
            merge_same_title: given.merge_same_title.unwrap_or(others.merge_same_title),
        })
    }

    fn language(&self, given: Option<&Spanned<String>>) -> Result<Option<Language>, SiteError> {
        let parse = |tag: &Spanned<String>| {
            Language::parse(&tag.value)
                .ok_or_else(|| self.error(Some(tag), "`language` is not a language tag", "write it like en or pt-BR"))
        };
        given.map(parse).transpose()
    }

    fn block(&self, given: Vec<Spanned<String>>) -> Result<Vec<Blocked>, SiteError> {
        let blocked = |entry: Spanned<String>| {
            let text = entry.value.trim();
            let wrong = || {
                self.error(
                    Some(&entry),
                    "this is neither an address nor a domain",
                    "write https://example.org/story or example.org",
                )
            };
            if text.contains("://") {
                return Link::parse(text).map(|link| Blocked::Story(link.key())).map_err(|_| wrong());
            }
            Ok(Blocked::Domain(domain(text).ok_or_else(wrong)?))
        };
        given.into_iter().map(blocked).collect()
    }

    fn names(&self, given: BTreeMap<String, Spanned<OneOrMore>>) -> Result<Names, SiteError> {
        let mut names = Names::default();
        for (field, more) in given {
            let place = Spanned::new((), more.referenced, more.defined);
            for name in more.value.list() {
                names.add(&field, &name).map_err(|why| match why {
                    NotAdded::Taken => self.error(
                        Some(&place),
                        format!("`{name}` is the name of another field"),
                        "choose a name that has no meaning yet",
                    ),
                    NotAdded::NoField { nearest } => {
                        let help = nearest.map_or_else(
                            || "write the name of a field on the left, and your own names for it in a list".to_owned(),
                            |near| format!("did you mean `{near}`?"),
                        );
                        self.error(Some(&place), format!("`fields` has no field `{field}`"), help)
                    }
                })?;
            }
        }
        Ok(names)
    }

    fn mojibake(&self, given: Option<&Spanned<String>>) -> Result<Mojibake, SiteError> {
        match given.map(|mode| mode.value.as_str()) {
            None | Some("safe") => Ok(Mojibake::Safe),
            // YAML 1.1 reads the word `off` as a boolean and some writers give it as such.
            Some("off" | "false") => Ok(Mojibake::Off),
            Some(_) => Err(self.choice("mojibake", given, &["safe", "off"])),
        }
    }

    fn embeds(&self, given: Option<&Spanned<String>>) -> Result<Embeds, SiteError> {
        match given.map(|embeds| embeds.value.as_str()) {
            None | Some("iframe") => Ok(Embeds::Iframe),
            Some("link") => Ok(Embeds::Link),
            Some(_) => Err(self.choice("embeds", given, &["iframe", "link"])),
        }
    }

    fn content(&self, given: Option<&Spanned<String>>) -> Result<Option<Content>, SiteError> {
        match given.map(|content| content.value.as_str()) {
            None => Ok(None),
            Some("full") => Ok(Some(Content::Full)),
            Some("excerpt") => Ok(Some(Content::Excerpt)),
            Some(_) => Err(self.choice("content", given, &["full", "excerpt"])),
        }
    }

    fn stale(&self, given: Option<&Spanned<String>>) -> Result<Stale, SiteError> {
        match given.map(|stale| stale.value.as_str()) {
            None | Some("keep") => Ok(Stale::Keep),
            Some("tombstone") => Ok(Stale::Tombstone),
            Some("remove") => Ok(Stale::Remove),
            Some(_) => Err(self.choice("stale", given, &["keep", "tombstone", "remove"])),
        }
    }

    /// The texts that a key has.
    fn texts(&self, name: &str, given: Option<Spanned<Said>>, example: &str) -> Result<Vec<Text>, SiteError> {
        let Some(given) = given else { return Ok(Vec::new()) };
        let place = Spanned::new((), given.referenced, given.defined);
        let Said::Texts(texts) = given.value else {
            let message = format!("`{name}` wants a text or a list of texts");
            return Err(self.error(Some(&place), message, format!("write it like `{name}: {example}`")));
        };
        let placed = |(text, of_it): Text| {
            let is_lost = text.referenced == serde_yaml::Location::UNKNOWN;
            (if is_lost { Spanned::new(text.value, place.referenced, place.defined) } else { text }, of_it)
        };
        Ok(texts.into_iter().map(placed).collect())
    }

    fn precompress(&self, given: Option<Spanned<Said>>) -> Result<Vec<Encoding>, SiteError> {
        let encoding = |(name, more): &Text| {
            let known = Encoding::ALL.into_iter().find(|encoding| encoding.name() == name.value && more.is_none());
            known.ok_or_else(|| self.choice("precompress", Some(name), &Encoding::ALL.map(Encoding::name)))
        };
        let given = self.texts("precompress", given, "[gzip, brotli]")?;
        let mut encodings = given.iter().map(encoding).collect::<Result<Vec<_>, _>>()?;
        encodings.sort_unstable();
        encodings.dedup();
        Ok(encodings)
    }

    fn also(&self, given: Option<Spanned<Said>>, formats: &Formats) -> Result<Vec<Also>, SiteError> {
        let one = |(path, format): Text| {
            if let Some((fault, help)) = no_old_address(&path.value) {
                return Err(self.error(Some(&path), format!("`{}` in `also` {fault}", path.value), help));
            }
            let known = |name: &&Spanned<String>| Format::ALL.into_iter().find(|format| format.name() == name.value);
            let named = match format.as_ref().map(|name| known(&name).ok_or(name)) {
                Some(Err(name)) => return Err(self.choice("also", Some(name), &Format::ALL.map(Format::name))),
                Some(Ok(format)) => Some(format),
                None => None,
            };
            let guessed =
                || Format::of_old_name(&path.value).filter(|format| *format == Format::Json || formats.feeds.contains(format));
            let advised = || Format::ADVISED.into_iter().find(|format| formats.feeds.contains(format));
            let Some(copied) = named.or_else(guessed).or_else(advised).filter(|format| formats.feeds.contains(format)) else {
                let message = format!("`{}` in `also` is to be a copy of a format that is not written", path.value);
                let help = "add the format to `formats`, or name another one, as in `also: {feed.xml: rss}`";
                return Err(self.error(Some(format.as_ref().unwrap_or(&path)), message, help));
            };
            Ok(Also { place: number(path.referenced), path: path.value, format: copied })
        };
        self.texts("also", given, "[feed.xml]")?.into_iter().map(one).collect()
    }

    fn slug(&self, name: &str, given: &Spanned<String>) -> Result<Slug, SiteError> {
        Slug::parse(&given.value).map_err(|error| {
            self.error(
                Some(given),
                format!("`{name}` {error}"),
                "a slug is a folder name of a–z, 0–9 and hyphens, at most 64 characters",
            )
        })
    }

    fn formats(&self, given: Option<Spanned<Vec<Spanned<String>>>>) -> Result<Formats, SiteError> {
        let Some(given) = given else { return Ok(Formats::all()) };
        let mut formats = Formats::default();
        for name in &given.value {
            if !formats.add(&name.value) {
                return Err(self.choice("formats", Some(name), &Formats::names().collect::<Vec<_>>()));
            }
        }
        if formats == Formats::default() {
            return Err(self.error(Some(&given), "`formats` is empty", "name at least one format, or take the line out"));
        }
        if formats.feeds.is_empty() {
            let feeds = Format::ALL.map(Format::name).join(", ");
            let help = format!("add at least one of {feeds}: the others are about feeds, and there would be none");
            return Err(self.error(Some(&given), "`formats` names no format of feeds", help));
        }
        Ok(formats)
    }

    fn link(&self, name: &str, given: &Spanned<String>) -> Result<Link, SiteError> {
        Link::parse(given.value.trim()).map_err(|error| self.error(Some(given), format!("`{name}` {error}"), error.help()))
    }

    fn count(&self, name: &str, given: Option<&Spanned<i64>>, default: usize) -> Result<usize, SiteError> {
        let Some(given) = given else { return Ok(default) };
        usize::try_from(given.value).ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
            self.error(
                Some(given),
                format!("`{name}` is not a number from 1 to 10000"),
                format!("without this line it is {default}"),
            )
        })
    }

    /// As [`Self::count`], but 0 is a number too.
    fn least(&self, name: &str, given: Option<&Spanned<i64>>, default: usize) -> Result<usize, SiteError> {
        let Some(given) = given else { return Ok(default) };
        usize::try_from(given.value).ok().filter(|n| *n <= 10_000).ok_or_else(|| {
            let help = format!("without this line it is {default}");
            self.error(Some(given), format!("`{name}` is not a number from 0 to 10000"), help)
        })
    }

    fn choice(&self, name: &str, given: Option<&Spanned<String>>, choices: &[&'static str]) -> SiteError {
        let near = given.and_then(|given| nearest(&given.value, choices.iter().copied()));
        let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        self.error(given, format!("`{name}` is one of {}", choices.join(", ")), help)
    }

    fn error<T>(&self, place: Option<&Spanned<T>>, message: impl Into<String>, help: impl Into<String>) -> SiteError {
        let (line, column) = place.map_or((0, 0), |place| number(place.referenced));
        SiteError { path: self.path.to_owned(), line, column, message: message.into(), help: help.into() }
    }

    fn yaml(&self, text: &str, error: &serde_yaml::Error) -> SiteError {
        use serde_yaml::Error as Yaml;
        let error = error.without_snippet();
        let (line, column) = error.location().map_or((0, 0), number);
        let (message, help) = if let Yaml::SerdeUnknownField { field, expected, .. } = error {
            let help = match nearest(field, expected.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys that may stand here: {}", expected.join(", ")),
            };
            (format!("the key `{field}` is not known"), help)
        } else if let Err(fault) = parse_any(text, &Names::default(), &mut Tree::default()) {
            // What is wrong with the YAML itself is said as it is of an article.
            let (line, column) = position(text, fault.at);
            return SiteError { path: self.path.to_owned(), line, column, message: fault.message, help: fault.help.to_owned() };
        } else {
            let text = text.replace("\r\n", "\n");
            let line_of_it = text.split(['\n', '\r']).nth(line.saturating_sub(1)).unwrap_or_default();
            // The key right before the value, of several on a line; else the first.
            let before: String = line_of_it.chars().take(column.saturating_sub(1)).collect();
            let nearest = before.trim_end().strip_suffix(':').and_then(|before| before.rsplit(['{', ',']).next());
            let key = nearest.or_else(|| line_of_it.split_once(':').map(|(key, _)| key));
            let key = key.map(|key| key.trim_matches([' ', '-', '"', '\''])).filter(|key| !key.is_empty());
            let message = key.map_or_else(
                || "a value of another kind is wanted here".to_owned(),
                |key| format!("`{key}` wants a value of another kind"),
            );
            (message, "docs/settings.md has every key with its values".to_owned())
        };
        SiteError { path: self.path.to_owned(), line, column, message, help }
    }
}

/// Files that a host takes for its own settings, wherever in the output they lie.
const OF_HOSTS: [&str; 8] =
    ["_headers", "_redirects", "_routes.json", "_worker.js", "_config.yml", "cname", "netlify.toml", "web.config"];

/// How files end that a server runs instead of sending them.
const PROGRAMS: [&str; 11] = ["php", "phtml", "phar", "cgi", "pl", "py", "asp", "aspx", "ashx", "jsp", "shtml"];

/// Why there can be no copy of a feed at a path, and what to do.
fn no_old_address(path: &str) -> Option<(String, &'static str)> {
    let is_part = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
        !["", ".", ".."].contains(&part) && part.len() <= 200 && part.bytes().all(fits)
    };
    let lower = path.to_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let by_redirect = "write another path; the server can lead this one to the feed by a redirect";
    Some(if !path.split('/').all(is_part) || path.len() > 1000 {
        let help = "write it like feed.xml or blog/index.xml: letters, digits and ._~- between slashes";
        ("is not a path below the output folder".to_owned(), help)
    } else if path.split('/').any(|part| part.starts_with('.')) {
        ("has a name that begins with a dot, which servers and uploads leave out".to_owned(), by_redirect)
    } else if let Some((encoding, _)) = Encoding::of(&lower) {
        let help = "write the path of the file itself; `precompress` is for compressed files beside it";
        (format!("ends as files do that are compressed with {}", encoding.name()), help)
    } else if OF_HOSTS.contains(&name) {
        ("is a file that a host takes for its settings".to_owned(), by_redirect)
    } else if name.rsplit_once('.').is_some_and(|(_, ending)| PROGRAMS.contains(&ending)) {
        ("is a program to a server, which would run the feed instead of sending it".to_owned(), by_redirect)
    } else if lower.split('/').next() == Some("assets") {
        ("lies in the folder of the pages' own files".to_owned(), "write another path")
    } else {
        return None;
    })
}

/// A domain as addresses have it, without `www.`, if the text can be one.
fn domain(text: &str) -> Option<String> {
    let fits = !text.is_empty() && !text.contains(['/', ' ', '@', ':']);
    let link = fits.then(|| Link::parse(&format!("https://{}/", text.trim_start_matches("*."))).ok()).flatten()?;
    Some(link.site().to_owned())
}

/// Stands for what decides which files are articles.
fn selection(wire: &Wire) -> String {
    let list = |list: &Option<OneOrMore>| list.as_ref().map(OneOrMore::texts).unwrap_or_default();
    let fields = wire.fields.iter().flatten().map(|(field, names)| (field.clone(), names.value.texts()));
    let fields: Vec<(String, Vec<String>)> = fields.collect();
    let said = format!("{:?}", (list(&wire.articles), list(&wire.include), list(&wire.exclude), fields));
    Uuid::new_v5(&FEED_NAMESPACE, said.as_bytes()).simple().to_string()
}

/// The path of a folder below another, with `/` behind each name; nothing if it does not lie there. Links are not followed.
fn below(root: &Path, folder: &Path) -> Option<String> {
    let whole = |path: &Path| {
        let mut whole = PathBuf::new();
        for part in std::path::absolute(path).ok()?.components() {
            if part == Component::ParentDir {
                whole.pop();
            } else if part != Component::CurDir {
                whole.push(part);
            }
        }
        Some(whole)
    };
    let (root, folder) = (whole(root)?, whole(folder)?);
    let names = folder.strip_prefix(root).ok()?.components();
    names.map(|name| name.as_os_str().to_str().map(|name| format!("{name}/"))).collect()
}

fn number(location: serde_yaml::Location) -> (usize, usize) {
    let number = |n: u64| usize::try_from(n).unwrap_or(0);
    (number(location.line()), number(location.column()))
}

/// The owner's own text is cleaned like any other, but nothing in it is taken for mojibake.
fn clean(text: &str) -> Line {
    text::line(text, Mojibake::Off).text
}

/// The name that was most likely meant, if one is near.
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_lowercase();
    let scored = names.into_iter().map(|name| (strsim::damerau_levenshtein(&wrong, &name.to_lowercase()), name));
    let (distance, name) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + wrong.chars().count() / 4).then_some(name)
}
