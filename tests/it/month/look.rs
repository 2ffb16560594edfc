//! Looks at the output folder: what each file is, whether it is whole, and of which stories it speaks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;

use chrono::DateTime;
use sha2::{Digest, Sha256};

/// A published file. What does not change is looked at once.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As it lies there.
    pub bytes: Vec<u8>,
    /// What tells whether it was touched: its place on the disk, and when it was modified.
    pub touched: (u64, i64, i64),
    pub sha256: String,
    /// What is compressed in it, or what it is itself.
    pub plain: Vec<u8>,
    /// Stories whose address, id or title is in it.
    pub stories: BTreeSet<usize>,
    /// What only one file says, in one version.
    pub texts: BTreeSet<(usize, usize)>,
    /// Ids that are made of addresses.
    pub ids: BTreeSet<String>,
    /// Of a feed or a list, what it says.
    pub document: Option<Document>,
}

#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The id of the feed, where the format has one.
    pub id: Option<String>,
    /// Ids and dates of the entries.
    pub entries: Vec<(String, i64)>,
    /// Of a list of feeds, their addresses.
    pub addresses: Vec<String>,
}

pub type Output = BTreeMap<String, Rc<Seen>>;

/// The folder in which a run lays out what it is going to change.
pub const STAGE: &str = ".feedmill-run";

/// Looks at all that lies in the output folder but the stage. Panics where a file is not whole.
pub fn look(out: &Path, known: &Output) -> Output {
    let mut found = Output::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(out.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let path = format!("{folder}{}", entry.file_name().to_string_lossy());
            let metadata = entry.metadata().expect("metadata");
            if path == STAGE {
                continue;
            }
            if metadata.is_dir() {
                folders.push(format!("{path}/"));
                continue;
            }
            let seen = look_at(&path, &out.join(&path), known);
            found.insert(path, seen);
        }
    }
    found
}

/// Looks at the file that lies, or is to lie, at a path in the output folder.
pub fn look_at(path: &str, place: &Path, known: &Output) -> Rc<Seen> {
    let metadata = fs::metadata(place).expect("metadata");
    let touched = (metadata.ino(), metadata.mtime(), metadata.mtime_nsec());
    let known = known.get(path).filter(|seen| seen.bytes.len() as u64 == metadata.len());
    if let Some(seen) = known.filter(|seen| seen.touched == touched) {
        return Rc::clone(seen);
    }
    let bytes = fs::read(place).expect("a file");
    Rc::new(match known.filter(|seen| seen.bytes == bytes) {
        Some(seen) => Seen { touched, ..(**seen).clone() },
        None => see(path, bytes, touched),
    })
}

fn see(path: &str, bytes: Vec<u8>, touched: (u64, i64, i64)) -> Seen {
    use std::io::Read;
    let mut plain = Vec::new();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    let whole = match ending {
        "gz" => flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(&*bytes, 4096).read_to_end(&mut plain),
        _ => (&*bytes).read_to_end(&mut plain),
    };
    assert!(whole.is_ok(), "{path} is not whole: {whole:?}");
    // What is compressed is what lies beside it, and was looked at there.
    let document = if ["gz", "br"].contains(&ending) { None } else { document(path, &plain) };
    let (stories, texts, ids) = tokens(&plain);
    let sha256 = Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    Seen { bytes, touched, sha256, plain, stories, texts, ids, document }
}

/// What a document says; nothing if it is no feed and no list. Panics where it is not whole.
fn document(path: &str, bytes: &[u8]) -> Option<Document> {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|why| panic!("{path}: {why}"));
    if path.ends_with("feedmill.json") {
        feedmill::manifest::Manifest::parse(bytes).unwrap_or_else(|why| panic!("{path}: {why}"));
        return None;
    }
    if path.rsplit('.').next() == Some("html") {
        assert!(text.trim_end().ends_with("</html>"), "{path} is not whole");
        assert!(feedmill::write::page::outline(bytes).is_some(), "{path} cannot be read back");
        return None;
    }
    let document = if text.starts_with('{') {
        json(path, text)
    } else if text.starts_with("<?xml") {
        xml(path, text)
    } else {
        assert!(path.starts_with("assets/"), "{path} is nothing that is published");
        return None;
    };
    let ids: BTreeSet<&String> = document.entries.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), document.entries.len(), "an id twice in {path}");
    assert!(document.entries.is_sorted_by_key(|(_, date)| std::cmp::Reverse(*date)), "{path} is not in order");
    if document.addresses.is_empty() {
        let count = count(bytes).unwrap_or_else(|why| panic!("{path}: {why}"));
        assert_eq!(count, document.entries.len(), "{path} has entries that are not read");
    }
    Some(document)
}

/// How many entries a feed has to who knows its format. `Err`: why it is none.
fn count(bytes: &[u8]) -> Result<usize, String> {
    if bytes.starts_with(b"{") {
        return feed_rs::parser::parse(bytes).map(|feed| feed.entries.len()).map_err(|why| why.to_string());
    }
    let atom = atom_syndication::Feed::read_from(bytes).map(|feed| feed.entries.len());
    atom.or_else(|_| rss::Channel::read_from(bytes).map(|channel| channel.items.len())).map_err(|why| why.to_string())
}

fn json(path: &str, text: &str) -> Document {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{path}: {why}"));
    let entry = |item: &serde_json::Value| {
        let date = item["date_published"].as_str().expect("a date");
        (item["id"].as_str().expect("an id").to_owned(), DateTime::parse_from_rfc3339(date).expect("a date").timestamp())
    };
    let entries = value["items"].as_array().expect("items").iter().map(entry).collect();
    Document { id: value["_feedmill"]["id"].as_str().map(str::to_owned), entries, addresses: Vec::new() }
}

fn xml(path: &str, text: &str) -> Document {
    let tree = roxmltree::Document::parse(text).unwrap_or_else(|why| panic!("{path}: {why}"));
    let root = tree.root_element();
    let children = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children()
            .filter(|child| child.tag_name().name() == name)
            .map(|child| child.text().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let mut document = Document::default();
    match root.tag_name().name() {
        "feed" => {
            document.id = children(root, "id").pop();
            for entry in root.children().filter(|child| child.tag_name().name() == "entry") {
                let date = children(entry, "published").pop().expect("a date");
                let date = DateTime::parse_from_rfc3339(&date).expect("a date").timestamp();
                document.entries.push((children(entry, "id").pop().expect("an id"), date));
            }
        }
        "rss" => {
            let channel = root.children().find(|child| child.tag_name().name() == "channel").expect("a channel");
            for item in channel.children().filter(|child| child.tag_name().name() == "item") {
                let date = children(item, "pubDate").pop().expect("a date");
                let date = DateTime::parse_from_rfc2822(&date).expect("a date").timestamp();
                document.entries.push((children(item, "guid").pop().expect("an id"), date));
            }
        }
        "opml" => {
            let outlines = root.descendants().filter_map(|node| node.attribute("xmlUrl"));
            document.addresses = outlines.map(str::to_owned).collect();
            assert!(!document.addresses.is_empty(), "{path} lists nothing");
        }
        other => panic!("{path} is {other}"),
    }
    document
}

/// The numbers of the stories that are named in these bytes, those of the files whose own words are in it, with their versions,
/// and all ids that are made of addresses.
fn tokens(bytes: &[u8]) -> (BTreeSet<usize>, BTreeSet<(usize, usize)>, BTreeSet<String>) {
    const ID: &[u8] = b"urn:uuid:";
    let (mut stories, mut texts, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let digits = |at: usize| {
        let end = bytes[at..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |length| at + length);
        (std::str::from_utf8(&bytes[at..end]).ok().and_then(|text| text.parse::<usize>().ok()), end)
    };
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'T' => {
                let (number, end) = digits(at + 1);
                if end == at + 6 && bytes.get(end) == Some(&b'T') {
                    stories.extend(number);
                }
            }
            b's' if bytes[at..].starts_with(b"story-") => {
                let (number, end) = digits(at + 6);
                if bytes[end..].starts_with(b"-end") {
                    stories.extend(number);
                }
            }
            b'u' if bytes[at..].starts_with(ID) => {
                let id = &bytes[at..bytes.len().min(at + ID.len() + 36)];
                ids.insert(String::from_utf8_lossy(id).into_owned());
            }
            b'X' => {
                let (number, end) = digits(at + 1);
                if end != at + 6 || bytes.get(end) != Some(&b'v') {
                    continue;
                }
                let (version, end) = digits(end + 1);
                if bytes.get(end) == Some(&b'e') {
                    texts.extend(number.zip(version));
                }
            }
            _ => {}
        }
    }
    (stories, texts, ids)
}
