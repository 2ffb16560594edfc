//! RSS 2.0 through the crate `rss`.
//!
//! Its faults that are made up for: it writes what is not XML as it is (text is cleaned where articles are read), it declares
//! the prefix of an extension only if told so, and in plain text it writes `&lt;` where the best practices profile of RSS wants
//! `&#x3C;` (rssboard.org/rss-profile, character data).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use memchr::memmem;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap, atom};
use rss::{Category, Channel, Guid, Item};

use super::body;
use super::read_back::Shape;
use crate::article::Image;
use crate::feed::{Entry, Feed};
use crate::format::{Format, GENERATOR};
use crate::link::Link;

pub(super) const SHAPE: Shape = Shape { root: "rss", depth: 2, entry: "item", address: "href" };

const NAMESPACES: [(&str, &str); 2] =
    [("media", "http://search.yahoo.com/mrss/"), ("sy", "http://purl.org/rss/1.0/modules/syndication/")];

/// The bytes of the document.
pub(super) fn write(feed: &Feed, bodies: &[String], memory: Vec<u8>) -> Result<Vec<u8>, String> {
    let self_link = atom::Link {
        href: feed.address(Format::Rss).as_str().to_owned(),
        rel: "self".to_owned(),
        mime_type: Some(Format::Rss.content_type().to_owned()),
        ..atom::Link::default()
    };
    let hub =
        feed.hub.as_ref().map(|hub| atom::Link { href: hub.as_str().to_owned(), rel: "hub".to_owned(), ..atom::Link::default() });
    let channel = Channel {
        title: feed.title.as_str().to_owned(),
        link: feed.home.as_str().to_owned(),
        description: feed.description.as_str().to_owned(),
        language: Some(feed.language.as_str().to_owned()),
        last_build_date: Some(date(feed.updated)),
        generator: Some(GENERATOR.to_owned()),
        docs: Some("https://www.rssboard.org/rss-specification".to_owned()),
        ttl: Some(feed.ttl.to_string()),
        image: logo(feed),
        atom_ext: Some(atom::AtomExtension { links: std::iter::once(self_link).chain(hub).collect() }),
        extensions: syndication(feed.ttl),
        items: feed.entries.iter().zip(bodies).map(|(entry, body)| item(entry, body)).collect(),
        namespaces: NAMESPACES.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect(),
        ..Channel::default()
    };
    channel.pretty_write_to(memory, b' ', 1).map(less_than_by_number).map_err(|error| error.to_string())
}

/// Writes `&lt;` as `&#x3C;` wherever it is plain text: some readers take `<AMZN.O>` for a tag otherwise. Not so `&amp;`, since
/// one reader leaves `&#x26;` in links as it is.
fn less_than_by_number(document: Vec<u8>) -> Vec<u8> {
    const NAMED: &[u8] = b"&lt;";
    if memmem::find(&document, NAMED).is_none() {
        return document;
    }
    let mut written = Vec::with_capacity(document.len() + 64);
    let mut rest = &document[..];
    while !rest.is_empty() {
        let section = memmem::find(rest, b"<![CDATA[").unwrap_or(rest.len());
        let (plain, section) = rest.split_at(section);
        let mut done = 0;
        for at in memmem::find_iter(plain, NAMED) {
            written.extend_from_slice(&plain[done..at]);
            written.extend_from_slice(b"&#x3C;");
            done = at + NAMED.len();
        }
        written.extend_from_slice(&plain[done..]);
        // What stands in a section of CDATA is HTML, and is what it says.
        let end = memmem::find(section, b"]]>").map_or(section.len(), |end| end + 3);
        written.extend_from_slice(&section[..end]);
        rest = &section[end..];
    }
    written
}

/// The picture of the channel, of a kind that RSS knows. Its title and link are those of the channel, as the specification
/// wants; without a size it is taken for a small one.
fn logo(feed: &Feed) -> Option<rss::Image> {
    let known = |link: &&Link| ["gif", "jpeg", "jpg", "png"].iter().any(|ending| link.as_str().ends_with(&format!(".{ending}")));
    let link = [&feed.look.logo, &feed.look.icon].into_iter().flatten().find(known)?;
    let (title, home) = (feed.title.as_str().to_owned(), feed.home.as_str().to_owned());
    Some(rss::Image { url: link.as_str().to_owned(), title, link: home, ..rss::Image::default() })
}

/// Thunderbird asks again as `sy:` says. Not through the crate's own type for it, which adds an `updateBase` in 1970.
fn syndication(minutes: u32) -> ExtensionMap {
    let (period, frequency) = update(minutes);
    let element = |name: &str, value: &str| {
        vec![Extension { name: format!("sy:{name}"), value: Some(value.to_owned()), ..Extension::default() }]
    };
    let elements = BTreeMap::from([
        ("updateFrequency".to_owned(), element("updateFrequency", &frequency.to_string())),
        ("updatePeriod".to_owned(), element("updatePeriod", period)),
    ]);
    BTreeMap::from([("sy".to_owned(), elements)])
}

/// The shortest period, and how many times in it, that come to as many minutes; if none does, those of the longest, which come
/// nearest.
fn update(minutes: u32) -> (&'static str, u32) {
    const PERIODS: [(&str, u32); 3] = [("hourly", 60), ("daily", 24 * 60), ("weekly", 7 * 24 * 60)];
    let minutes = minutes.max(1);
    let exact = PERIODS.into_iter().find(|(_, period)| period.is_multiple_of(minutes));
    let (name, period) = exact.unwrap_or(PERIODS[2]);
    (name, ((period + minutes / 2) / minutes).max(1))
}

fn item(entry: &Entry, body: &str) -> Item {
    let dublin_core = DublinCoreExtension {
        creators: vec![entry.author.name.as_str().to_owned()],
        languages: entry.language.iter().map(|language| language.as_str().to_owned()).collect(),
        ..DublinCoreExtension::default()
    };
    // `content:encoded` without a description before it is taken for the description by some readers, and for a fault by the
    // W3C validator: where there is no excerpt the body is the description.
    let body = body.to_owned();
    let (description, content) =
        if entry.summary.is_empty() { (body, None) } else { (body::paragraphs(&entry.summary), Some(body)) };
    Item {
        title: Some(entry.title.as_str().to_owned()),
        link: Some(entry.link.as_str().to_owned()),
        // Plain text in a description is HTML to every reader, so it is made HTML here.
        description: Some(description),
        categories: entry.categories.iter().map(|name| Category { name: name.as_str().to_owned(), domain: None }).collect(),
        // With `isPermaLink` absent newsboat resolves the guid as an address.
        guid: Some(Guid { value: entry.id.as_str().to_owned(), permalink: false }),
        pub_date: Some(date(entry.published)),
        content,
        extensions: entry.image.as_ref().map(media).unwrap_or_default(),
        dublin_core_ext: Some(dublin_core),
        ..Item::default()
    }
}

/// `media:content` and `media:thumbnail` (Media RSS 1.5.1).
fn media(image: &Image) -> ExtensionMap {
    let element = |name: &str, more: Option<(&str, &str)>| {
        let mut attrs = BTreeMap::from([("url".to_owned(), image.link.as_str().to_owned())]);
        attrs.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for (name, size) in [("width", image.width), ("height", image.height)] {
            attrs.extend(size.map(|size| (name.to_owned(), size.to_string())));
        }
        // An empty value keeps the indentation out of the element, which has to be empty.
        Extension { name: format!("media:{name}"), value: Some(String::new()), attrs, children: BTreeMap::new() }
    };
    let elements = BTreeMap::from([
        ("content".to_owned(), vec![element("content", Some(("medium", "image")))]),
        ("thumbnail".to_owned(), vec![element("thumbnail", None)]),
    ]);
    BTreeMap::from([("media".to_owned(), elements)])
}

/// RFC 822 with four digits for the year and `+0000`, the form that every aggregator of the profile's test understood.
pub(super) fn date(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_said_as_times_in_a_period() {
        for (minutes, said) in [
            (1, ("hourly", 60)),
            (15, ("hourly", 4)),
            (60, ("hourly", 1)),
            (90, ("daily", 16)),
            (720, ("daily", 2)),
            (1440, ("daily", 1)),
            (5040, ("weekly", 2)),
            (10_080, ("weekly", 1)),
            // 10,080 minutes over 202 are 49.9, and over 1 they are all of them.
            (50, ("weekly", 202)),
            (7000, ("weekly", 1)),
        ] {
            assert_eq!(update(minutes), said, "{minutes}");
        }
    }

    #[test]
    fn less_than_is_a_number_in_plain_text_only() {
        for (given, written) in [
            ("<a>x</a>", "<a>x</a>"),
            ("<a b=\"&lt;\">&lt;&amp;lt;&lt;b&gt;</a>", "<a b=\"&#x3C;\">&#x3C;&amp;lt;&#x3C;b&gt;</a>"),
            ("<![CDATA[&lt;]]>", "<![CDATA[&lt;]]>"),
            (
                "&lt;<![CDATA[&lt;]]>&lt;<![CDATA[]]&lt;]]><![CDATA[>]]>&lt;",
                "&#x3C;<![CDATA[&lt;]]>&#x3C;<![CDATA[]]&lt;]]><![CDATA[>]]>&#x3C;",
            ),
            ("&lt;<![CDATA[&lt;", "&#x3C;<![CDATA[&lt;"),
        ] {
            assert_eq!(String::from_utf8(less_than_by_number(given.into())).as_deref(), Ok(written));
        }
    }
}
