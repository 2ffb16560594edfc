//! Pages for people, through the crate `maud`: the index of all topics, and for each topic its newest stories and how to
//! follow it.
//!
//! A page has no script, style or handler in it, and a policy that forbids them; what it needs besides lies in `assets/`, and
//! is named relative to the page, so that pages can be looked at wherever they lie. It works without its script, which copies,
//! filters, and names pictures that do not come.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use maud::{DOCTYPE, Markup, html};

use crate::article::Language;
use crate::feed::Entry;
use crate::format::{Format, Formats, GENERATOR};
use crate::link::Link;
use crate::site::Site;
use crate::text::Line;
use crate::topic::Slug;
use tongue::{Tongue, direction};
use words::{ENGLISH, Words};

mod assets;
mod index;
mod read_back;
mod tongue;
mod topic;
mod words;

pub use assets::{ASSETS, Asset, assets};

/// The name of a page's file.
const FILE_NAME: &str = Formats::PAGE_FILE_NAME;

/// What a page may load: pictures from anywhere, all else from its own place, and nothing that stands in the page.
const POLICY: &str = "default-src 'none'; img-src 'self' https: http:; style-src 'self'; script-src 'self'; base-uri 'none'; \
    form-action 'none'";

/// A page to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it goes, relative to the output folder, with `/`.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The addresses of the stories and feeds in it: what whoever reads it must find.
    pub links: Vec<String>,
}

/// A topic in a list of topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its folder.
    pub slug: Slug,
    /// What it is called.
    pub name: Line,
    /// What it is about, if its owner says so.
    pub about: Option<Line>,
    /// How many entries its feed has.
    pub entries: usize,
    /// When the newest of them was published.
    pub newest: Option<DateTime<Utc>>,
    /// Its language, if it is not that of the publication.
    pub language: Option<Language>,
    /// Whether it is no topic, but a feed of the owner's own.
    pub is_own: bool,
}

/// A topic beside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its folder.
    pub slug: Slug,
    /// What it is called.
    pub name: Line,
}

/// The page of a topic, with the formats of its feed, its entries, and topics beside it.
#[must_use]
pub fn topic(site: &Site, topic: &Listed, formats: &[Format], entries: &[Entry], neighbours: &[Neighbour]) -> Page {
    let mut frame = Frame::new(site, formats, "../");
    frame.language = topic.language.as_ref().unwrap_or(&site.language);
    let addresses = frame.addresses(Some(&topic.slug)).into_iter().chain(frame.stories_addresses(Some(&topic.slug)));
    let links = entries.iter().map(|entry| entry.link.as_str().to_owned()).chain(addresses).collect();
    let path = path(Some(&topic.slug));
    Page { path, bytes: bytes(frame.topic(topic, entries, neighbours)), links }
}

/// The index: every topic with its feeds, and the feed of them all, under the `title` of the publication.
#[must_use]
pub fn index(site: &Site, title: &Line, topics: &[Listed]) -> Page {
    let frame = Frame::new(site, &site.formats.feeds, "");
    let of_topics = topics.iter().flat_map(|topic| frame.addresses(Some(&topic.slug)));
    let links = frame.addresses(None).into_iter().chain(frame.stories_addresses(None)).chain(of_topics).collect();
    Page { path: path(None), bytes: bytes(frame.index(title, topics)), links }
}

/// The page that stands in a folder which a topic had, and leads to the one that it has.
#[must_use]
pub fn moved(site: &Site, former: &Slug, topic: &Listed) -> Page {
    let frame = Frame::new(site, &site.formats.feeds, "../");
    let new = site.home_of(Some(&topic.slug));
    let links = std::iter::once(new.as_str().to_owned()).chain(frame.addresses(Some(&topic.slug))).collect();
    Page { path: path(Some(former)), bytes: bytes(frame.left(topic, Some(&new))), links }
}

/// The page of a topic whose feed has ended, with the formats that there are of it.
#[must_use]
pub fn ended(site: &Site, topic: &Listed, formats: &[Format]) -> Page {
    let frame = Frame::new(site, formats, "../");
    let links = frame.addresses(Some(&topic.slug));
    Page { path: path(Some(&topic.slug)), bytes: bytes(frame.left(topic, None)), links }
}

/// Where a topic's page goes, relative to the output folder; the index lies at its top.
#[must_use]
pub fn path(slug: Option<&Slug>) -> String {
    slug.map_or_else(|| FILE_NAME.to_owned(), |slug| format!("{slug}/{FILE_NAME}"))
}

/// Reads a page back: that it is whole, that every element in it is closed and none has a script or style of its own, that
/// every address is one that a page may have, and that those of its stories and feeds are there.
pub fn verify(page: &Page) -> Result<(), String> {
    let seen = read_back::read(&page.bytes)?;
    match page.links.iter().find(|link| !seen.links.contains(*link)) {
        None => Ok(()),
        Some(link) => Err(format!("the address {link} is not in it")),
    }
}

/// What a page of an earlier run says: its heading, and every address in its stories. Nothing if it is none.
#[must_use]
pub fn outline(bytes: &[u8]) -> Option<super::Outline> {
    let seen = read_back::read(bytes).ok()?;
    let links = seen.stories.into_iter().flat_map(|story| story.links).collect();
    Some(super::Outline { title: seen.heading, links, ..super::Outline::default() })
}

/// What is left of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// All of it.
    Whole,
    /// Some of its stories.
    Part(Vec<u8>),
    /// None of them, or it is not a page.
    Nothing,
}

/// Cuts every story out of the page of a topic that `goes`, which is told the addresses in it, its own first. What else stands
/// in the page stays, but for how many entries the `topic` has, if that is known.
#[must_use]
pub fn cut(site: &Site, topic: Option<&Listed>, bytes: &[u8], goes: impl Fn(&[String]) -> bool) -> Left {
    let Ok(seen) = read_back::read(bytes) else { return Left::Nothing };
    let all = seen.stories.len();
    let gone: Vec<_> = seen.stories.into_iter().filter(|story| goes(&story.links)).map(|story| story.place).collect();
    if gone.is_empty() {
        return Left::Whole;
    }
    if gone.len() == all {
        return Left::Nothing;
    }
    let facts = topic.map(|topic| Frame::new(site, &[], "../").facts(topic).into_string());
    let facts = seen.facts.zip(facts.as_deref());
    let mut left = Vec::with_capacity(bytes.len());
    let mut at = 0;
    // What a topic has stands above its stories.
    for (place, instead) in facts.into_iter().chain(gone.into_iter().map(|place| (place, ""))) {
        left.extend_from_slice(&bytes[at..place.start]);
        left.extend_from_slice(instead.as_bytes());
        at = place.end;
    }
    left.extend_from_slice(&bytes[at..]);
    // It is read back as any other.
    if read_back::read(&left).is_ok() { Left::Part(left) } else { Left::Nothing }
}

fn bytes(page: Markup) -> Vec<u8> {
    let mut bytes = page.into_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// What all pages of a site have in common, and how one of them leads to the output folder.
struct Frame<'a> {
    site: &'a Site,
    /// Of the feeds that it is about, the one first that people are best sent to.
    formats: Vec<Format>,
    words: &'static Words,
    root: &'static str,
    /// What it is written in.
    language: &'a Language,
}

impl<'a> Frame<'a> {
    fn new(site: &'a Site, formats: &[Format], root: &'static str) -> Self {
        let formats = Format::ADVISED.into_iter().filter(|format| formats.contains(format)).collect();
        Self { site, formats, words: &ENGLISH, root, language: &site.language }
    }

    /// The address of a format of a topic's feed, or of the feed of all.
    fn address(&self, format: Format, slug: Option<&Slug>) -> Link {
        self.site.base_url.child(&format.path(slug))
    }

    /// The addresses of all formats.
    fn addresses(&self, slug: Option<&Slug>) -> Vec<String> {
        self.formats.iter().map(|&format| self.address(format, slug).as_str().to_owned()).collect()
    }

    /// The addresses of the feed with the articles only, if there is one.
    fn stories_addresses(&self, slug: Option<&Slug>) -> Vec<String> {
        if self.site.stories { self.addresses(Some(&Slug::stories(slug))) } else { Vec::new() }
    }

    /// A whole page: its head, what stands above and below all pages, and what it is about.
    fn page(&self, class: &str, head: &Head, masthead: &Markup, main: &Markup) -> Markup {
        let page = self.language;
        let lang = page.as_str();
        html! {
            (DOCTYPE) "\n"
            html lang=(lang) dir=(direction(page)) { "\n"
                head { "\n" (self.head(head)) } "\n"
                body { "\n"
                    a.skip href="#main" lang=[self.ours().lang] dir=[self.ours().dir] { (self.words.skip) } "\n"
                    (masthead)
                    main #main class=(class) tabindex="-1" { "\n" (main) } "\n"
                    footer { "\n"
                        @if self.site.home_given { a href=(self.site.home.as_str()) { (self.site.home.site()) } " " }
                        a href={ (self.root) (FILE_NAME) } lang=[self.ours().lang] dir=[self.ours().dir] { (self.words.all_topics) }
                        (self.opml(" "))
                        "\n"
                    } "\n"
                } "\n"
            }
        }
    }

    fn head(&self, head: &Head) -> Markup {
        let Head { title, description, slug, name, moved } = head;
        html! {
            meta charset="utf-8"; "\n"
            meta http-equiv="Content-Security-Policy" content=(POLICY); "\n"
            meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
            meta name="color-scheme" content="light dark"; "\n"
            meta name="generator" content=(GENERATOR); "\n"
            title { (title) } "\n"
            @if let Some(description) = description { meta name="description" content=(description); "\n" }
            @if let Some(moved) = moved {
                link rel="canonical" href=(moved); "\n"
                meta http-equiv="refresh" content={ "0; url=" (moved) }; "\n"
                meta name="robots" content="noindex"; "\n"
            }
            @for &format in &self.formats {
                link rel="alternate" type=(format.content_type()) title={ (name) " (" (label(format)) ")" }
                    href=(self.address(format, *slug));
                "\n"
            }
            @if self.site.stories && moved.is_none() {
                @let stories = Slug::stories(*slug);
                @for &format in &self.formats {
                    link rel="alternate" type=(format.content_type()) title={ (name) " – " (self.words.stories) " (" (label(format)) ")" }
                        href=(self.address(format, Some(&stories)));
                    "\n"
                }
            }
            link rel="stylesheet" href={ (self.root) "assets/feedmill.css" }; "\n"
            @if let Some(file) = &self.site.theme.css { link rel="stylesheet" href={ (self.root) (file.path()) }; "\n" }
            @if let Some(file) = &self.site.theme.icon {
                link rel="icon" type=(file.content_type) href={ (self.root) (file.path()) }; "\n"
            }
            script src={ (self.root) "assets/feedmill.js" } defer {} "\n"
        }
    }

    /// How to follow a topic, or all of them: one address to copy or to open, and the others.
    fn subscribe(&self, slug: Option<&Slug>, name: &str, heading: &str) -> Markup {
        let words = self.words;
        let Some((&advised, others)) = self.formats.split_first() else { return Markup::default() };
        let address = self.address(advised, slug);
        let several = !others.is_empty();
        html! {
            section.subscribe lang=[self.ours().lang] dir=[self.ours().dir] aria-labelledby="subscribe" { "\n"
                h2 #subscribe { (heading) } "\n"
                p { ((words.how)(label(advised))) } "\n"
                p.address dir="ltr" { code #address { (breakable(&address)) } } "\n"
                div.buttons { "\n"
                    button.button type="button" data-copy="address" data-copied=(words.copied) data-selected=(words.selected) hidden {
                        (words.copy)
                    } "\n"
                    a.button href={ "feed:" (address) } { (words.open) } "\n"
                    span.unseen role="status" {} "\n"
                } "\n"
                p { @if several { ((words.one_format)(label(advised))) " " } (words.once) } "\n"
                @if several { p.formats { (words.also) " " (self.formats(slug, name, others)) } "\n" }
                @if self.site.stories {
                    @let stories = Slug::stories(slug);
                    @let called = format!("{name} – {}", words.stories);
                    p.formats { (words.only_stories) " " (self.formats(Some(&stories), &called, &self.formats)) } "\n"
                }
            } "\n"
        }
    }

    /// Links to formats of a feed.
    fn formats(&self, slug: Option<&Slug>, name: &str, formats: &[Format]) -> Markup {
        html! {
            @for (place, &format) in formats.iter().enumerate() {
                @if place > 0 { " " }
                a href=(self.address(format, slug)) type=(format.content_type())
                    aria-label={ (name) ", " (label(format)) } { (label(format)) }
            }
        }
    }

    /// The link to the list of all feeds.
    fn opml(&self, before: &str) -> Markup {
        html! {
            @if self.site.formats.opml {
                (before) a href={ (self.root) (Formats::OPML_FILE_NAME) } lang=[self.ours().lang] dir=[self.ours().dir] { (self.words.opml) }
            }
        }
    }

    fn logo(&self) -> Markup {
        html! {
            @if let Some(file) = &self.site.theme.logo { img.logo src={ (self.root) (file.path()) } alt=""; }
        }
    }

    /// How many entries a topic has, and when the newest was published.
    fn facts(&self, topic: &Listed) -> Markup {
        html! {
            p.facts {
                span lang=[self.ours().lang] dir=[self.ours().dir] { ((self.words.entries)(topic.entries)) }
                @if let Some(newest) = topic.newest { " · " (self.newest(newest)) }
            } "\n"
        }
    }

    fn newest(&self, date: DateTime<Utc>) -> Markup {
        html! {
            span lang=[self.ours().lang] dir=[self.ours().dir] {
                span.word { (self.words.newest_on) " " } (self.day(date, Tongue::default()))
            }
        }
    }

    fn day(&self, date: DateTime<Utc>, tongue: Tongue) -> Markup {
        let stamp = date.to_rfc3339_opts(SecondsFormat::Secs, true);
        html! {
            time lang=[tongue.lang] dir=[tongue.dir] datetime=(stamp) { ((self.words.day)(date.day(), date.month0(), date.year())) }
        }
    }
}

/// What stands in the head of a page.
struct Head<'a> {
    title: &'a str,
    description: Option<&'a str>,
    /// The folder of its feeds.
    slug: Option<&'a Slug>,
    /// What its feeds are called.
    name: &'a str,
    /// The page that has taken its place.
    moved: Option<&'a Link>,
}

/// What people call a format.
fn label(format: Format) -> &'static str {
    match format {
        Format::Rss => "RSS",
        Format::Atom => "Atom",
        Format::Json => "JSON",
    }
}

/// An address that may be broken after each of its parts.
fn breakable(address: &Link) -> Markup {
    let mut rest = address.as_str();
    let mut parts = Vec::new();
    // Of several `/` in a row, as behind `https:`, the last.
    while let Some(at) = rest.as_bytes().windows(2).position(|pair| pair[0] == b'/' && pair[1] != b'/') {
        let (part, behind) = rest.split_at(at + 1);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    html! {
        @for (place, part) in parts.iter().enumerate() {
            @if place > 0 { wbr; }
            (part)
        }
    }
}
