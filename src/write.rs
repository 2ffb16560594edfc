//! Writing: a feed to the bytes of a document. Adding a format is one file below and one arm in each `match` here.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::feed::Feed;
use crate::format::Format;
use crate::link::EntryId;

mod atom1;
mod body;
mod rss2;

/// Bytes of a document from which on its owner is warned: JSON Feed 1.1 advises to stay well below it, for any format.
pub const LARGE: usize = 512 * 1024;
/// Bytes that no document may have: Feedbin cuts feeds at 10 MB.
const TOO_LARGE: usize = 8 * 1024 * 1024;

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

impl Document {
    /// The SHA-256 of the bytes, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.bytes))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
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
    write_with(feed, &bodies(feed), format)
}

/// As [`write()`], with the [`bodies`] of the entries, which are made once for all formats.
pub fn write_with(feed: &Feed, bodies: &[String], format: Format) -> Result<Document, String> {
    let mut bytes = match format {
        Format::Rss => rss2::write(feed, bodies)?,
        Format::Atom => atom1::write(feed, bodies)?,
    };
    // Neither crate ends its document with a newline.
    bytes.push(b'\n');
    let ids = feed.entries.iter().map(|entry| entry.id.clone()).collect();
    Ok(Document { path: format.path(feed.slug.as_ref()), format, bytes, ids })
}

/// Reads a document back with a parser that did not write it, and compares what it is and the ids of its entries.
pub fn verify(document: &Document) -> Result<(), String> {
    if document.bytes.len() > TOO_LARGE {
        return Err(format!("it has {} bytes, and readers cut feeds of more than {TOO_LARGE}", document.bytes.len()));
    }
    let text = std::str::from_utf8(&document.bytes).map_err(|error| error.to_string())?;
    let tree = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let (list, entry, id) = parts(&tree, document.format)?;
    let ids = children(list, entry).map(|entry| text_of(entry, id));
    if ids.eq(document.ids.iter().map(EntryId::as_str)) {
        Ok(())
    } else {
        Err("its entries are not those that were to be written".into())
    }
}

/// What a document of an earlier run says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The title of the feed.
    pub title: String,
    /// The id of the feed, if its format has one.
    pub id: Option<String>,
    /// When it last changed.
    pub updated: Option<DateTime<Utc>>,
    /// The ids of its entries.
    pub ids: Vec<String>,
    /// Every address in it: of entries, and in their bodies.
    pub links: Vec<String>,
}

/// Reads what a document of an earlier run says. Nothing if it is none.
#[must_use]
pub fn outline(bytes: &[u8], format: Format) -> Option<Outline> {
    let tree = roxmltree::Document::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    let (list, entry, id) = parts(&tree, format).ok()?;
    let mut links = Vec::new();
    for entry in children(list, entry) {
        for node in entry.descendants() {
            links.extend(node.attribute("href").map(str::to_owned));
            let text = node.text().filter(|_| node.is_element()).unwrap_or_default();
            match node.tag_name().name() {
                "link" => links.push(text.to_owned()),
                "description" | "encoded" | "content" => links.extend(body::links(text)),
                _ => {}
            }
        }
    }
    Some(Outline {
        title: text_of(list, "title").to_owned(),
        id: Some(text_of(list, "id").to_owned()).filter(|id| !id.is_empty()),
        updated: match format {
            Format::Rss => DateTime::parse_from_rfc2822(text_of(list, "lastBuildDate")),
            Format::Atom => DateTime::parse_from_rfc3339(text_of(list, "updated")),
        }
        .ok()
        .map(|date| date.to_utc()),
        ids: children(list, entry).map(|entry| text_of(entry, id).to_owned()).collect(),
        links,
    })
}

/// The element that holds the entries, and what an entry and its id are called.
fn parts<'a>(
    tree: &'a roxmltree::Document,
    format: Format,
) -> Result<(roxmltree::Node<'a, 'a>, &'static str, &'static str), String> {
    let root = tree.root_element();
    let (name, list, entry, id) = match format {
        Format::Rss => ("rss", root.first_element_child(), "item", "guid"),
        Format::Atom => ("feed", Some(root), "entry", "id"),
    };
    if root.tag_name().name() != name {
        return Err(format!("its root is `{}` and not `{name}`", root.tag_name().name()));
    }
    list.map(|list| (list, entry, id)).ok_or_else(|| "it is empty".to_owned())
}

fn children<'a>(node: roxmltree::Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = roxmltree::Node<'a, 'a>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// The text of the first child of that name.
fn text_of<'a>(node: roxmltree::Node<'a, 'a>, name: &'static str) -> &'a str {
    children(node, name).next().and_then(|child| child.text()).unwrap_or_default()
}
