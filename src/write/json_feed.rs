//! JSON Feed 1.1 (jsonfeed.org/version/1.1) through `serde_json`, written and read back.
//!
//! What readers make of it decided the rest: no authors of the feed, which Miniflux would add to those of every item; the
//! author of an item also as version 1.0 had it, which is all that Feedbin reads; always `content_html`, since `NetNewsWire`
//! drops an item without content.
//!
//! What no field says is in the extension `_feedmill`: of the feed, its id, which is that of the Atom feed, and what made it;
//! of an item, whether it is an article or a related link, and the stories that it belongs to. It has no `about`, since
//! feedmill has no address of its own.

use std::ops::Range;

use chrono::{DateTime, Utc};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::ser::{PrettyFormatter, Serializer};

use super::read_back::Said;
use crate::article::Language;
use crate::feed::{Author, Entry, EntryKind, Feed, Reference};
use crate::format::{Format, GENERATOR};
use crate::link::Link;
use crate::text::Line;

const VERSION: &str = "https://jsonfeed.org/version/1.1";

/// The bytes of the document, a line for each field, so that a change can be seen in a diff.
pub(super) fn write(feed: &Feed, bodies: &[String], mut memory: Vec<u8>) -> Result<Vec<u8>, String> {
    let address = feed.address(Format::Json);
    let document = Document {
        version: VERSION,
        title: feed.title.as_str(),
        home_page_url: feed.home.as_str(),
        feed_url: address.as_str(),
        description: feed.description.as_str(),
        icon: feed.look.logo.as_ref().map(Link::as_str),
        favicon: feed.look.icon.as_ref().map(Link::as_str),
        language: feed.language.as_str(),
        expired: feed.ended,
        hubs: feed.hub.iter().map(|hub| Hub { kind: "WebSub", url: hub.as_str() }).collect(),
        feedmill: About { generator: GENERATOR, id: &feed.id },
        items: feed.entries.iter().zip(bodies).map(|(entry, body)| item(entry, body)).collect(),
    };
    let mut serializer = Serializer::with_formatter(&mut memory, PrettyFormatter::with_indent(b" "));
    document.serialize(&mut serializer).map_err(|error| error.to_string())?;
    Ok(memory)
}

/// The feed, its fields in the order in which they are written: what tells one feed from another before the items.
#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    language: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expired: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    #[serde(rename = "_feedmill")]
    feedmill: About<'a>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct About<'a> {
    generator: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    content_html: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    authors: [Person<'a>; 1],
    author: Person<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(rename = "_feedmill")]
    feedmill: Ties<'a>,
}

#[derive(Clone, Copy, Serialize)]
struct Person<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

/// What an item is in its feed, and the stories that it belongs to.
#[derive(Serialize)]
struct Ties<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parents: Vec<Tie<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Tie<'a>>,
}

#[derive(Serialize)]
struct Tie<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

fn item<'a>(entry: &'a Entry, body: &'a str) -> Item<'a> {
    let author = person(&entry.author);
    Item {
        id: entry.id.as_str(),
        url: entry.link.as_str(),
        title: entry.title.as_str(),
        summary: entry.summary.as_str(),
        content_html: body,
        image: entry.image.as_ref().map(|image| image.link.as_str()),
        date_published: date(entry.published),
        date_modified: (entry.updated != entry.published).then(|| date(entry.updated)),
        authors: [author],
        author,
        tags: entry.categories.iter().map(Line::as_str).collect(),
        language: entry.language.as_ref().map(Language::as_str),
        feedmill: ties(entry),
    }
}

fn person(author: &Author) -> Person<'_> {
    Person { name: author.name.as_str(), url: author.uri.as_ref().map(Link::as_str) }
}

fn ties(entry: &Entry) -> Ties<'_> {
    let (kind, parents) = match &entry.kind {
        EntryKind::Article => ("article", Vec::new()),
        EntryKind::Related { parents } => ("related", parents.iter().map(tie).collect()),
    };
    // The title of an article stands in its own entry.
    let related = entry.related.iter().map(|to| Tie { title: Some(to.title.as_str()), ..tie(to) }).collect();
    Ties { kind, parents, related }
}

fn tie(to: &Reference) -> Tie<'_> {
    Tie { id: to.id.as_str(), url: to.link.as_str(), title: None }
}

/// RFC 3339 in UTC. Seconds are whole since articles are read.
fn date(date: DateTime<Utc>) -> String {
    date.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads a document, and tells what it says, by the names that Atom has for it. `Err`: why the document is not in order.
pub(super) fn read(bytes: &[u8], mut tell: impl FnMut(Said, &str)) -> Result<(), String> {
    let found: Found = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if found.version != VERSION {
        return Err(format!("its version is `{}` and not `{VERSION}`", found.version));
    }
    if found.title.is_empty() {
        return Err("it has no title".to_owned());
    }
    tell(Said::Feed(b"title"), &found.title);
    tell(Said::Feed(b"id"), &found.feedmill.id);
    for item in &found.items {
        if item.content_html.is_empty() {
            return Err(format!("the item {} has no content", item.id));
        }
        tell(Said::Entry(b"id"), &item.id);
        tell(Said::Entry(b"link"), &item.url);
        tell(Said::Entry(b"content"), &item.content_html);
        for tie in item.feedmill.parents.iter().chain(&item.feedmill.related) {
            tell(Said::Tie, &tie.id);
            tell(Said::Href, &tie.url);
        }
    }
    Ok(())
}

/// Where each item stands, with the line break before it and without the comma behind it. `Err`: it is not as it is written
/// here, a line for each field. No line break stands in a text, where JSON has none.
pub(super) fn places(bytes: &[u8]) -> Result<Vec<Range<usize>>, String> {
    const BEGIN: &[u8] = b"\n \"items\": [";
    let begin = memmem::find(bytes, BEGIN).ok_or("its items are not where they are written")? + BEGIN.len();
    let mut places = Vec::new();
    let mut at = begin;
    while bytes[at..].starts_with(b"\n  {\n") {
        let length = memmem::find(&bytes[at..], b"\n  }").ok_or("an item has no end")? + b"\n  }".len();
        places.push(at..at + length);
        at += length + usize::from(bytes[at + length..].starts_with(b","));
    }
    let end: &[u8] = if places.is_empty() { b"]" } else { b"\n ]" };
    if bytes[at..].starts_with(end) { Ok(places) } else { Err("its items are not as they are written".to_owned()) }
}

/// What is read of a feed. A field that stands twice is an error.
#[derive(Deserialize)]
struct Found {
    version: String,
    title: String,
    #[serde(rename = "_feedmill")]
    feedmill: FoundAbout,
    items: Vec<FoundItem>,
}

#[derive(Deserialize)]
struct FoundAbout {
    id: String,
}

#[derive(Deserialize)]
struct FoundItem {
    id: String,
    url: String,
    content_html: String,
    #[serde(rename = "_feedmill")]
    feedmill: FoundTies,
}

#[derive(Deserialize)]
struct FoundTies {
    #[serde(default)]
    parents: Vec<FoundTie>,
    #[serde(default)]
    related: Vec<FoundTie>,
}

#[derive(Deserialize)]
struct FoundTie {
    id: String,
    url: String,
}
