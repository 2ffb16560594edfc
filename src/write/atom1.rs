//! Atom 1.0 through the crate `atom_syndication`.
//!
//! Its faults that are made up for: it does not escape the attributes of extension elements (they are escaped here), and it
//! writes what is not XML as it is (text is cleaned where articles are read).

use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry as AtomEntry, Feed as AtomFeed, Generator, Link, Person, Text, WriteConfig};
use chrono::{DateTime, FixedOffset, Utc};

use super::read_back::Shape;
use crate::article::Image;
use crate::feed::{Author, Entry, EntryKind, Feed, Reference};
use crate::format::{Format, GENERATOR};

pub(super) const SHAPE: Shape = Shape { root: "feed", depth: 1, entry: "entry", address: "href" };

const NAMESPACES: [(&str, &str); 2] =
    [("media", "http://search.yahoo.com/mrss/"), ("thr", "http://purl.org/syndication/thread/1.0")];

/// The bytes of the document.
pub(super) fn write(feed: &Feed, bodies: &[String], mut memory: Vec<u8>) -> Result<Vec<u8>, String> {
    let self_link = Link {
        href: feed.address(Format::Atom).as_str().to_owned(),
        rel: "self".to_owned(),
        mime_type: Some(Format::Atom.content_type().to_owned()),
        ..Link::default()
    };
    let hub = feed.hub.as_ref().map(|hub| Link { href: hub.as_str().to_owned(), rel: "hub".to_owned(), ..Link::default() });
    let document = AtomFeed {
        title: Text::plain(feed.title.as_str()),
        id: feed.id.clone(),
        updated: date(feed.updated),
        authors: vec![person(&feed.author)],
        icon: address(feed.look.icon.as_ref()),
        logo: address(feed.look.logo.as_ref()),
        generator: Some(Generator { value: GENERATOR.to_owned(), ..Generator::default() }),
        links: [alternate(feed.home.as_str()), self_link].into_iter().chain(hub).collect(),
        subtitle: Some(Text::plain(feed.description.as_str())),
        entries: feed.entries.iter().zip(bodies).map(|(entry, body)| self::entry(entry, body)).collect(),
        namespaces: NAMESPACES.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect(),
        lang: Some(feed.language.as_str().to_owned()),
        ..AtomFeed::default()
    };
    // The crate's own declaration leaves out the encoding.
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(1) };
    memory.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    document.write_with_config(memory, config).map_err(|error| error.to_string())
}

fn address(link: Option<&crate::link::Link>) -> Option<String> {
    link.map(|link| link.as_str().to_owned())
}

fn entry(entry: &Entry, body: &str) -> AtomEntry {
    let lang = entry.language.as_ref().map(|language| language.as_str().to_owned());
    let text = |value: &str| Text { lang: lang.clone(), ..Text::plain(value) };
    AtomEntry {
        title: text(entry.title.as_str()),
        id: entry.id.as_str().to_owned(),
        updated: date(entry.updated),
        authors: vec![person(&entry.author)],
        categories: entry.categories.iter().map(|name| category(name.as_str())).collect(),
        // Feedbin takes the first link of any kind for the entry's own.
        links: vec![alternate(entry.link.as_str())],
        published: Some(date(entry.published)),
        summary: (!entry.summary.is_empty()).then(|| text(entry.summary.as_str())),
        content: Some(Content {
            value: Some(body.to_owned()),
            // Newsboat reads content without a type as XML.
            content_type: Some("html".to_owned()),
            lang: lang.clone(),
            ..Content::default()
        }),
        extensions: extensions(entry),
        ..AtomEntry::default()
    }
}

/// Feedbin accepts an alternate link only if `rel` and `type` are both written.
fn alternate(href: &str) -> Link {
    Link { href: href.to_owned(), rel: "alternate".to_owned(), mime_type: Some("text/html".to_owned()), ..Link::default() }
}

fn person(author: &Author) -> Person {
    Person {
        name: author.name.as_str().to_owned(),
        uri: author.uri.as_ref().map(|uri| uri.as_str().to_owned()),
        ..Person::default()
    }
}

/// Some readers show `term` and some `label`: both are the name.
fn category(name: &str) -> Category {
    Category { term: name.to_owned(), scheme: None, label: Some(name.to_owned()) }
}

fn extensions(entry: &Entry) -> ExtensionMap {
    let mut extensions = ExtensionMap::default();
    if let Some(image) = &entry.image {
        extensions.insert("media".to_owned(), media(image));
    }
    if let EntryKind::Related { parents } = &entry.kind {
        let replies = parents.iter().map(in_reply_to).collect();
        extensions.insert("thr".to_owned(), BTreeMap::from([("in-reply-to".to_owned(), replies)]));
    }
    extensions
}

/// `media:content` and `media:thumbnail` (Media RSS 1.5.1).
fn media(image: &Image) -> BTreeMap<String, Vec<Extension>> {
    let element = |name: &str, more: &[(&str, &str)]| {
        let mut attrs = vec![("url", image.link.as_str().to_owned())];
        attrs.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        attrs.extend(image.width.map(|width| ("width", width.to_string())));
        attrs.extend(image.height.map(|height| ("height", height.to_string())));
        extension(&format!("media:{name}"), attrs)
    };
    BTreeMap::from([
        ("content".to_owned(), vec![element("content", &[("medium", "image")])]),
        ("thumbnail".to_owned(), vec![element("thumbnail", &[])]),
    ])
}

/// RFC 4685: the only machine-readable tie of a related link to its article that no reader misuses.
fn in_reply_to(parent: &Reference) -> Extension {
    let attrs =
        vec![("ref", parent.id.as_str().to_owned()), ("href", parent.link.as_str().to_owned()), ("type", "text/html".to_owned())];
    extension("thr:in-reply-to", attrs)
}

fn extension(name: &str, attrs: Vec<(&str, String)>) -> Extension {
    // The crate writes these attributes as they are: `&` in an address would break the whole feed.
    let attrs = attrs.into_iter().map(|(name, value)| (name.to_owned(), escaped(&value))).collect();
    // An empty value keeps the indentation out of the element, which has to be empty.
    Extension { name: name.to_owned(), value: Some(String::new()), attrs, children: BTreeMap::new() }
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// RFC 3339 in UTC. Seconds are whole since articles are read: newsboat loses the zone behind a fraction.
fn date(date: DateTime<Utc>) -> DateTime<FixedOffset> {
    date.fixed_offset()
}
