//! The manifest, `feedmill.json`: what was published. It is part of the output, and what a later run knows of earlier ones.
//!
//! It holds no time of a run and nothing else about one: the same feeds have the same manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::error::safe;
use crate::host;
use crate::link::{EntryId, Fingerprint};
use crate::topic::{Slug, TopicKey};

/// Its name in the output folder.
pub const FILE_NAME: &str = "feedmill.json";

/// The form of the file. A manifest of a later form is not read by an earlier program.
const FORM: u32 = 1;

/// What an output folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Names the site.
    pub site: String,
    /// Whether a site file said what the site is.
    pub site_file: bool,
    /// Whether the feeds hold what is not public.
    pub preview: bool,
    /// Stands for what the site file says of which files are articles: where it is another one, articles go on purpose.
    pub selection: String,
    /// Every file that feedmill wrote but this one, by path.
    pub files: BTreeMap<String, File>,
    /// Every feed, by key.
    pub feeds: BTreeMap<TopicKey, Feed>,
    /// Where something is written for a host, relative to the output folder, which it may lie above: so that it can go when the
    /// host does. No more is known of these files, since they may be the owner's too.
    pub host_files: BTreeSet<String>,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its media type; of a compressed file, that of what is compressed.
    pub content_type: String,
    /// The feed that it is of: of its documents, wherever they lie, and of its page.
    pub feed: Option<TopicKey>,
    /// Of a compressed file, the SHA-256 of what is compressed in it.
    pub source: Option<String>,
    /// Whether its address was left: its feed is there, and nothing new comes here. It has been said.
    pub left: bool,
}

/// One feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Its folder; the feed of all topics has none.
    pub slug: Option<Slug>,
    /// What it is called.
    pub title: String,
    /// The key of its topic's name, if that is another one: the topic was renamed, and its feed is the same.
    pub topic: Option<TopicKey>,
    /// Stands for what let its stories in; empty where no measure did. Those that it holds stay while it is the same, though their
    /// measures move.
    pub selection: String,
    /// Whether its topic has gone: its files are kept as they were, or say so, or are gone too.
    pub stale: bool,
    /// Whether it was held back, since too much of it would have gone with files that vanished.
    pub held: bool,
    /// Its entries, as they stand in it.
    pub entries: Vec<Entry>,
}

/// One entry of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When it was published.
    pub date: DateTime<Utc>,
    /// Of a related link, the ids of the articles that it belongs to.
    pub parents: Vec<String>,
}

/// When each entry was published, by what stands for its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates(Vec<(Fingerprint, i64)>);

impl Dates {
    /// When the entry with this id was published, in seconds of Unix time; where feeds differ, the earliest.
    #[must_use]
    pub fn of(&self, id: Fingerprint) -> Option<i64> {
        let place = self.0.partition_point(|(known, _)| *known < id);
        self.0.get(place).filter(|(known, _)| *known == id).map(|(_, date)| *date)
    }
}

impl Manifest {
    /// When each entry of any feed was published.
    #[must_use]
    pub fn dates(&self) -> Dates {
        let entries = self.feeds.values().flat_map(|feed| &feed.entries);
        let date = |entry: &Entry| Some((EntryId::own(&entry.id).ok()?.fingerprint(), entry.date.timestamp()));
        let mut dates: Vec<(Fingerprint, i64)> = entries.filter_map(date).collect();
        dates.sort_unstable();
        Dates(dates)
    }

    /// The folder that a topic has.
    #[must_use]
    pub fn slug(&self, key: &TopicKey) -> Option<&Slug> {
        self.feeds.get(key)?.slug.as_ref()
    }

    /// Every name at the top that no other topic can have for its folder: of the folder of a feed, of a topic that has it or one
    /// that had it, and of a file that stands where the folder would, in upper or lower case.
    pub fn slugs(&self) -> impl Iterator<Item = Slug> {
        let names = self.files.keys().filter_map(|path| path.split('/').next());
        let names = names.filter_map(|name| Slug::parse(&name.to_lowercase()).ok());
        self.feeds.values().filter_map(|feed| feed.slug.clone()).chain(names)
    }

    /// The feed that was published where one with the articles of all topics would be.
    #[must_use]
    pub fn holder_of_stories(&self) -> Option<&Feed> {
        let stories = Slug::stories(None);
        self.feeds.iter().find(|(key, feed)| !key.is_stories() && feed.slug.as_ref() == Some(&stories)).map(|(_, feed)| feed)
    }

    /// Reads the file. `Err`: why it is no manifest of this form.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if wire.feedmill != FORM {
            return Err(format!("it has form {}, and this program knows form {FORM}", wire.feedmill));
        }
        let files = wire.files.iter().map(|file| &file.path).filter(|path| !is_ours(path));
        let strange = files.chain(wire.host_files.iter().filter(|path| !is_for_a_host(path))).next();
        if let Some(strange) = strange {
            return Err(format!("`{}` is no path of a file that feedmill writes", safe(strange)));
        }
        let mut feeds = BTreeMap::new();
        for feed in wire.feeds {
            let slug = feed.slug.as_deref().map(Slug::parse_folder).transpose().map_err(|error| error.to_string())?;
            let topic = feed.topic.as_deref().map(TopicKey::of);
            let entry = |entry: WireEntry| Entry { id: entry.id, date: entry.date, parents: entry.parents };
            let entries = feed.entries.into_iter().map(entry).collect();
            feeds.insert(
                TopicKey::of(&feed.key),
                Feed { slug, title: feed.title, topic, selection: feed.selection, stale: feed.stale, held: feed.held, entries },
            );
        }
        let file = |file: WireFile| {
            let WireFile { path, sha256, bytes, content_type, feed, source, left } = file;
            (path, File { sha256, bytes, content_type, feed: feed.as_deref().map(TopicKey::of), source, left })
        };
        let files = wire.files.into_iter().map(file).collect();
        let Wire { site, site_file, preview, selection, host_files, .. } = wire;
        Ok(Self { site, site_file, preview, selection, files, feeds, host_files })
    }

    /// The bytes of the file: a line for each file and each entry, so that a change can be seen in a diff.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = format!(
            "{{\n\"feedmill\": {FORM},\n\"site\": {},\n\"site_file\": {},\n\"preview\": {},\n\"selection\": {},",
            quoted(&self.site),
            self.site_file,
            self.preview,
            quoted(&self.selection)
        );
        if !self.host_files.is_empty() {
            let paths: Vec<&str> = self.host_files.iter().map(String::as_str).collect();
            let _ = write!(text, "\n\"host_files\": {},", list(&paths));
        }
        text.push_str("\n\"files\": [");
        let mut comma = "";
        for (path, file) in &self.files {
            let (sha256, content_type) = (quoted(&file.sha256), quoted(&file.content_type));
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "{comma}\n{{\"path\": {}, \"sha256\": {sha256}, \"bytes\": {}, \"content_type\": {content_type}",
                quoted(path),
                file.bytes
            );
            for (name, value) in [("feed", file.feed.as_ref().map(TopicKey::as_str)), ("source", file.source.as_deref())] {
                if let Some(value) = value {
                    let _ = write!(text, ", \"{name}\": {}", quoted(value));
                }
            }
            text.push_str(if file.left { ", \"left\": true}" } else { "}" });
            comma = ",";
        }
        text.push_str("\n],\n\"feeds\": [");
        comma = "";
        for (key, feed) in &self.feeds {
            let slug = feed.slug.as_ref().map_or_else(|| "null".to_owned(), |slug| quoted(slug.as_str()));
            let title = quoted(&feed.title);
            let stale = if feed.stale { ", \"stale\": true" } else { "" };
            let held = if feed.held { ", \"held\": true" } else { "" };
            let topic = feed.topic.as_ref().map(|topic| format!(", \"topic\": {}", quoted(topic.as_str()))).unwrap_or_default();
            let selection = match feed.selection.as_str() {
                "" => String::new(),
                selection => format!(", \"selection\": {}", quoted(selection)),
            };
            let _ = write!(
                text,
                "{comma}\n{{\"key\": {}, \"slug\": {slug}, \"title\": {title}{topic}{selection}{stale}{held}, \"entries\": [",
                quoted(key.as_str())
            );
            comma = "";
            for entry in &feed.entries {
                let date = entry.date.format("%Y-%m-%dT%H:%M:%SZ");
                let parents: Vec<&str> = entry.parents.iter().map(String::as_str).collect();
                let parents = if parents.is_empty() { String::new() } else { format!(", \"parents\": {}", list(&parents)) };
                let _ = write!(text, "{comma}\n {{\"id\": {}, \"date\": \"{date}\"{parents}}}", quoted(&entry.id));
                comma = ",";
            }
            text.push_str("]}");
            comma = ",";
        }
        text.push_str("\n]\n}\n");
        text.into_bytes()
    }
}

/// Whether a path can be that of a file of ours: what the manifest lists may be taken away, and somebody else may have written in
/// it. Names between single slashes, none of which leads elsewhere or is hidden.
fn is_ours(path: &str) -> bool {
    let is_name = |name: &str| {
        let strange = |c: char| c.is_control() || ['\\', ':'].contains(&c);
        !name.is_empty() && !name.starts_with('.') && !name.contains(strange)
    };
    path.split('/').all(is_name)
}

/// Whether a path leads to a file for a host, in the output folder or in one above it.
fn is_for_a_host(path: &str) -> bool {
    host::FILES.contains(&path.trim_start_matches("../"))
}

/// A list of texts, on one line.
fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| serde_json::Value::from(*text).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

#[derive(Deserialize)]
struct Wire {
    feedmill: u32,
    site: String,
    #[serde(default)]
    site_file: bool,
    #[serde(default)]
    preview: bool,
    #[serde(default)]
    selection: String,
    #[serde(default)]
    host_files: BTreeSet<String>,
    files: Vec<WireFile>,
    feeds: Vec<WireFeed>,
}

#[derive(Deserialize)]
struct WireFile {
    path: String,
    sha256: String,
    bytes: u64,
    content_type: String,
    feed: Option<String>,
    source: Option<String>,
    #[serde(default)]
    left: bool,
}

#[derive(Deserialize)]
struct WireFeed {
    key: String,
    slug: Option<String>,
    #[serde(default)]
    title: String,
    topic: Option<String>,
    #[serde(default)]
    selection: String,
    #[serde(default)]
    stale: bool,
    #[serde(default)]
    held: bool,
    entries: Vec<WireEntry>,
}

#[derive(Deserialize)]
struct WireEntry {
    id: String,
    date: DateTime<Utc>,
    #[serde(default)]
    parents: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let of = |feed: &str| Some(TopicKey::of(feed)).filter(|_| feed != "-");
        let file = |feed: &str, source: Option<&str>| File {
            sha256: "00ff".into(),
            bytes: 7,
            content_type: "application/rss+xml".into(),
            feed: of(feed),
            source: source.map(Into::into),
            left: source.is_none(),
        };
        let date = DateTime::from_timestamp(1_605_290_820, 0).unwrap_or_default();
        let entry = |id: &str, parents: &[&str]| Entry {
            id: id.into(),
            date,
            parents: parents.iter().map(|&parent| parent.into()).collect(),
        };
        let ai = Feed {
            slug: Slug::parse("ai").ok(),
            title: "AI".into(),
            topic: Some(TopicKey::of("Artificial Intelligence")),
            selection: "0f0f".into(),
            stale: true,
            held: true,
            entries: vec![entry("urn:x:\"1\"", &[]), entry("2", &["3", "\"4\""])],
        };
        Manifest {
            site: "a \"site\"".into(),
            site_file: true,
            preview: false,
            selection: "00ff".into(),
            files: [
                ("ai/rss.xml".to_owned(), file("AI", None)),
                ("ai/rss.xml.gz".to_owned(), file("AI", Some("ff00"))),
                ("feeds.opml".to_owned(), file("-", None)),
                ("rss.xml".to_owned(), file("", None)),
            ]
            .into(),
            feeds: [(TopicKey::all(), Feed::default()), (TopicKey::of("AI"), ai)].into(),
            host_files: ["../../_headers".to_owned(), ".htaccess".to_owned()].into(),
        }
    }

    #[test]
    fn a_manifest_comes_back_as_it_was() {
        for manifest in [manifest(), Manifest::default()] {
            assert_eq!(Manifest::parse(&manifest.bytes()), Ok(manifest));
        }
    }

    /// What is listed may be taken away: nothing elsewhere, and nothing of others.
    #[test]
    fn a_manifest_names_no_file_elsewhere() {
        let with = |path: &str| {
            let manifest = manifest();
            let files = [(path.to_owned(), File::default())].into();
            Manifest::parse(&Manifest { files, ..manifest }.bytes())
        };
        for path in ["rss.xml", "ai/rss.xml", "old/blog/feed", "assets/theme-00ff.css", "a~b_c.d-e"] {
            assert!(with(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc/passwd",
            "../secret.gz",
            "ai/../../secret.gz",
            "..",
            ".",
            "./rss.xml",
            "ai//rss.xml",
            "ai/",
            "ai/.",
            ".git/config.gz",
            ".htaccess",
            ".feedmill-run/1",
            "..\\secret.gz",
            "C:secret.gz",
            "C:\\secret.gz",
            "a\0b",
            "a\nb",
        ] {
            assert_eq!(with(path), Err(format!("`{}` is no path of a file that feedmill writes", safe(path))));
        }
        for path in ["../secret", "/_headers", "a/_headers", "../../", "../.htaccess/x", "x_headers"] {
            let manifest = Manifest { host_files: [path.to_owned()].into(), ..manifest() };
            let said = format!("`{path}` is no path of a file that feedmill writes");
            assert_eq!(Manifest::parse(&manifest.bytes()), Err(said));
        }
    }

    #[test]
    fn an_entry_has_the_earliest_date_that_a_feed_has_it_with() {
        let entry = |seconds| Entry {
            id: "urn:x:1".into(),
            date: DateTime::from_timestamp(seconds, 0).unwrap_or_default(),
            parents: Vec::new(),
        };
        let feed = |entries| Feed { entries, ..Feed::default() };
        let feeds = [("a", vec![entry(7)]), ("b", vec![entry(5)]), ("c", vec![entry(6)])];
        let feeds = feeds.map(|(key, entries)| (TopicKey::of(key), feed(entries))).into();
        let dates = Manifest { feeds, ..Manifest::default() }.dates();
        let print = |id: &str| EntryId::own(id).expect("an id").fingerprint();
        assert_eq!((dates.of(print("urn:x:1")), dates.of(print("urn:x:2"))), (Some(5), None));
    }

    #[test]
    fn what_is_no_manifest() {
        assert!(Manifest::parse(b"{}").is_err());
        assert!(Manifest::parse(b"").is_err());
        let later = String::from_utf8_lossy(&manifest().bytes()).replace("\"feedmill\": 1", "\"feedmill\": 2");
        assert_eq!(Manifest::parse(later.as_bytes()), Err("it has form 2, and this program knows form 1".into()));
    }
}
