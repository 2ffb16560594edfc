//! Writing: a feed to the bytes of a document. Adding a format is one file below and one arm in each `match` here.

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

/// Writes a feed in one format. `Err`: what the feed crate said; it has no reason to.
pub fn write(feed: &Feed, format: Format) -> Result<Document, String> {
    let mut bytes = match format {
        Format::Rss => rss2::write(feed)?,
        Format::Atom => atom1::write(feed)?,
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
    let root = tree.root_element();
    let (name, list, entry, id) = match document.format {
        Format::Rss => ("rss", root.first_element_child(), "item", "guid"),
        Format::Atom => ("feed", Some(root), "entry", "id"),
    };
    if root.tag_name().name() != name {
        return Err(format!("its root is `{}` and not `{name}`", root.tag_name().name()));
    }
    let entries = list.into_iter().flat_map(|list| list.children()).filter(|child| child.tag_name().name() == entry);
    let ids = entries.map(|entry| {
        let id = entry.children().find(|child| child.tag_name().name() == id);
        id.and_then(|id| id.text()).unwrap_or_default()
    });
    if ids.eq(document.ids.iter().map(EntryId::as_str)) {
        Ok(())
    } else {
        Err("its entries are not those that were to be written".into())
    }
}
