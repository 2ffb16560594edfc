//! Writing: a feed to the bytes of a document, and the list of all feeds to those of another. Adding a format is one file below
//! and one arm in each `match` here and in `format.rs`.

use std::ops::Range;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::feed::{Feed, STYLE, SubscriptionList};
use crate::format::Format;
use crate::link::EntryId;
pub use cut::{cut, entries};
use read_back::Said;

mod atom1;
mod body;
mod cut;
pub mod host;
mod json_feed;
mod opml2;
pub mod page;
mod read_back;
mod rss2;

/// Bytes of a document from which on its owner is warned: JSON Feed 1.1 advises to stay well below it, for any format.
pub const LARGE: usize = 512 * 1024;
/// Bytes that no document may have: Feedbin cuts feeds at 10 MB.
pub const TOO_LARGE: usize = 8 * 1024 * 1024;

/// A file to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it goes, relative to the output folder, with `/`.
    pub path: String,
    /// What it is.
    pub format: Format,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The ids of its entries, in order: what whoever reads it must find.
    pub ids: Vec<EntryId>,
}

/// The SHA-256 of bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The HTML bodies of a feed's entries, in order: the same in every format.
#[must_use]
pub fn bodies(feed: &Feed) -> Vec<String> {
    feed.entries.iter().map(body::html).collect()
}

/// Writes a feed in one format. `Err`: what the feed crate said; it has no reason to.
pub fn write(feed: &Feed, format: Format) -> Result<Document, String> {
    write_with(feed, &bodies(feed), format, Vec::new())
}

/// As [`write()`], with the [`bodies`] of the entries, which are made once for all formats, and memory for the bytes, which
/// serves for one document after another.
pub fn write_with(feed: &Feed, bodies: &[String], format: Format, mut memory: Vec<u8>) -> Result<Document, String> {
    memory.clear();
    let mut bytes = match format {
        Format::Rss => rss2::write(feed, bodies, memory)?,
        Format::Atom => atom1::write(feed, bodies, memory)?,
        Format::Json => json_feed::write(feed, bodies, memory)?,
    };
    if feed.look.style && format != Format::Json {
        insert_style(&mut bytes, feed.slug.is_some());
    }
    // No crate ends its document with a newline.
    bytes.push(b'\n');
    let ids = feed.entries.iter().map(|entry| entry.id.clone()).collect();
    Ok(Document { path: format.path(feed.slug.as_ref()), format, bytes, ids })
}

/// Names the stylesheet for browsers, relative to the document, behind its declaration: neither crate has a place for it.
fn insert_style(bytes: &mut Vec<u8>, below: bool) {
    const END: &[u8] = b"?>\n";
    let root = if below { "../" } else { "" };
    let style = format!("<?xml-stylesheet type=\"text/css\" href=\"{root}{STYLE}\"?>\n");
    if let Some(at) = bytes.windows(END.len()).position(|window| window == END).map(|at| at + END.len()) {
        bytes.splice(at..at, style.into_bytes());
    }
}

/// The list of feeds, as OPML. `Err`: what the XML crate said; it has no reason to.
pub fn write_list(list: &SubscriptionList) -> Result<Vec<u8>, String> {
    opml2::write(list)
}

/// Reads a list of feeds back, and compares the addresses in it.
pub fn verify_list(bytes: &[u8], list: &SubscriptionList) -> Result<(), String> {
    opml2::verify(bytes, list)
}

/// Reads a document back, XML with a parser that did not write it, and compares what it is and the ids of its entries.
pub fn verify(document: &Document) -> Result<(), String> {
    if document.bytes.len() > TOO_LARGE {
        return Err(format!("it has {} bytes, and readers cut feeds of more than {TOO_LARGE}", document.bytes.len()));
    }
    let id = Said::Entry(id_of_entries(document.format).as_bytes());
    let mut expected = document.ids.iter();
    let mut same = true;
    let tell = |said: Said, found: &str| {
        same &= said != id || expected.next().is_some_and(|id| id.as_str() == found);
    };
    read(&document.bytes, document.format, |said| said == id, tell)?;
    if same && expected.next().is_none() { Ok(()) } else { Err("its entries are not those that were to be written".into()) }
}

/// What a document of an earlier run says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The title of the feed.
    pub title: String,
    /// The id of the feed, if its format has one.
    pub id: Option<String>,
    /// When it last changed.
    pub updated: Option<DateTime<Utc>>,
    /// The ids of its entries.
    pub ids: Vec<String>,
    /// The ids of stories that its entries are tied to.
    pub ties: Vec<String>,
    /// Every address in it: of entries, and in their bodies.
    pub links: Vec<String>,
}

/// Reads what a document of an earlier run says. Nothing if it is none.
#[must_use]
pub fn outline(bytes: &[u8], format: Format) -> Option<Outline> {
    let id = id_of_entries(format);
    let mut outline = Outline::default();
    let tell = |said: Said, text: &str| match said {
        Said::Feed(b"title") => text.clone_into(&mut outline.title),
        Said::Feed(b"id") => outline.id = Some(text.to_owned()).filter(|id| !id.is_empty()),
        Said::Feed(b"lastBuildDate") => outline.updated = DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc()),
        Said::Feed(b"updated") => outline.updated = DateTime::parse_from_rfc3339(text).ok().map(|date| date.to_utc()),
        Said::Entry(name) if name == id.as_bytes() => outline.ids.push(text.to_owned()),
        Said::Entry(b"link") | Said::Href => outline.links.push(text.to_owned()),
        Said::Tie => outline.ties.push(text.to_owned()),
        Said::Entry(b"description" | b"encoded" | b"content") => outline.links.extend(body::links(text)),
        _ => {}
    };
    read(bytes, format, |_| true, tell).ok()?;
    Some(outline)
}

/// Reads a document, and tells what it says: of XML, what is `wanted`. `Err`: why the document is not in order.
fn read(bytes: &[u8], format: Format, wanted: impl Fn(Said) -> bool, tell: impl FnMut(Said, &str)) -> Result<(), String> {
    match format {
        Format::Rss => read_back::read(bytes, &rss2::SHAPE, wanted, tell),
        Format::Atom => read_back::read(bytes, &atom1::SHAPE, wanted, tell),
        Format::Json => json_feed::read(bytes, tell),
    }
}

/// Where each entry of a document stands. `Err`: it is not as it was written.
fn places(bytes: &[u8], format: Format) -> Result<Vec<Range<usize>>, String> {
    match format {
        Format::Rss => read_back::places(bytes, &rss2::SHAPE),
        Format::Atom => read_back::places(bytes, &atom1::SHAPE),
        Format::Json => json_feed::places(bytes),
    }
}

/// What the id of an entry is called.
fn id_of_entries(format: Format) -> &'static str {
    match format {
        Format::Rss => "guid",
        Format::Atom | Format::Json => "id",
    }
}
