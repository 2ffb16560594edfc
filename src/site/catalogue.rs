//! A topic catalogue: files of the owner's, often kept for other programs, that say what topics there are and what is of them.
//!
//! Each file is a map that describes one topic, or a list of such maps, or several YAML documents of these. Of what stands in
//! them only five keys are known; the value of any other is read over and never in memory. The files are read in the order of
//! their paths, so that nothing depends on how a folder lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_yaml::Spanned;

use super::{SiteError, clean, number};
use crate::error::shown;
use crate::link::{Link, LinkError};
use crate::read::field::Names;
use crate::read::front_matter::position;
use crate::read::tree::Tree;
use crate::read::yaml::parse_any;
use crate::text::Line;
use crate::topic::{Slug, TopicKey};

/// Bytes that a file of a catalogue may have, as front matter may.
const LARGEST: u64 = 256 * 1024;

/// Characters that make a glob of a name.
const OF_GLOBS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// What is wrong with the YAML of an article, and not with that of a catalogue: it may be a list, or several documents.
const OF_ARTICLES: [&str; 2] = ["this is not a list of `key: value` lines", "a second YAML document begins here"];

/// What a catalogue says of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub name: Line,
    /// Its folder: its `_id`, where that can be one.
    pub slug: Option<Slug>,
    /// Its `_id`; empty if it has none.
    pub id: String,
    /// The topic above it as it is written: its name, or its `_id`.
    pub parent: Option<String>,
    /// Other words for it: none is its name, and none is there twice.
    pub keywords: Vec<Line>,
    /// The first of its pictures.
    pub image: Option<Link>,
    /// The file that says so.
    pub path: PathBuf,
    /// Where in it the name stands: the line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// Why a catalogue cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// One of the globs, whose place only the site file knows.
    #[error("{message}\n  help: {help}")]
    Glob {
        /// Which of them, from 0.
        number: usize,
        /// What is wrong, after the name of the key.
        message: String,
        /// What to do.
        help: String,
    },
    /// A file, or something in it.
    #[error(transparent)]
    File(#[from] SiteError),
}

/// Reads the topics of all files that the globs name, relative to `folder`.
pub fn read(folder: &Path, globs: &[String]) -> Result<Vec<Entry>, CatalogueError> {
    let mut paths = BTreeSet::new();
    for (number, glob) in globs.iter().enumerate() {
        let wrong = |(message, help): (String, &str)| CatalogueError::Glob { number, message, help: help.to_owned() };
        paths.extend(files(folder, glob.trim()).map_err(wrong)?);
    }
    let mut entries: Vec<Entry> = Vec::new();
    for path in &paths {
        entries.extend(File { path }.entries()?);
    }
    let (mut names, mut ids) = (BTreeMap::new(), BTreeMap::new());
    for entry in &entries {
        if let Some(other) = names.insert(TopicKey::of(entry.name.as_str()), entry) {
            return Err(twice(entry, other, &format!("the topic `{}`", entry.name), "take one of them out").into());
        }
        if let Some(other) = ids.insert(&entry.id, entry).filter(|_| !entry.id.is_empty()) {
            return Err(twice(entry, other, &format!("the `_id` `{}`", entry.id), "give each topic an `_id` of its own").into());
        }
    }
    Ok(entries)
}

fn twice(entry: &Entry, other: &Entry, what: &str, help: &str) -> SiteError {
    let message = format!("{what} stands at {}:{}:{} already", shown(&other.path), other.line, other.column);
    SiteError { path: entry.path.clone(), line: entry.line, column: entry.column, message, help: help.to_owned() }
}

/// The files that a glob names. `Err`: what is wrong with it, and what to do.
fn files(folder: &Path, glob: &str) -> Result<BTreeSet<PathBuf>, (String, &'static str)> {
    const RELATIVE: &str = "paths are relative to the site file";
    let plain = glob.split_inclusive('/').take_while(|part| !part.contains(OF_GLOBS)).map(str::len).sum();
    let (base, rest) = glob.split_at(plain);
    let base = folder.join(base.trim_start_matches("./"));
    let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base };
    if rest.is_empty() {
        return match fs::metadata(&base) {
            _ if glob.is_empty() => Err(("is empty".to_owned(), "write a glob such as `topics/*.yaml`")),
            Ok(metadata) if metadata.is_file() => Ok([base].into()),
            Ok(_) => Err((format!("names {}, which is no file", shown(&base)), "write a glob such as `topics/*.yaml`")),
            Err(error) => Err((format!("names {}, which cannot be read: {error}", shown(&base)), RELATIVE)),
        };
    }
    let matcher = GlobBuilder::new(rest).literal_separator(true).build();
    let matcher =
        matcher.map_err(|error| (format!("has a glob that cannot be read: {error}"), "write it like `topics/*.yaml`"))?;
    let mut walk = Walk {
        base: &base,
        matcher: matcher.compile_matcher(),
        depth: if rest.contains("**") { usize::MAX } else { rest.split('/').count() },
        hidden: rest.split('/').any(|part| part.starts_with('.')),
        entered: BTreeSet::new(),
        found: BTreeSet::new(),
    };
    walk.folder(Path::new(""), 1)
        .map_err(|(path, error)| (format!("leads to {}, which cannot be read: {error}", shown(&path)), RELATIVE))?;
    match walk.found {
        found if found.is_empty() => Err((format!("names no file: nothing in {} is like `{rest}`", shown(&base)), RELATIVE)),
        found => Ok(found),
    }
}

/// Looks for the files that a glob names.
struct Walk<'a> {
    /// As far as the glob is a plain path.
    base: &'a Path,
    /// The rest of it.
    matcher: GlobMatcher,
    /// How deep below the base a file can be that it names.
    depth: usize,
    /// Whether it asks for names that begin with a dot, which editors and systems give to files of their own.
    hidden: bool,
    /// Folders as the system knows them: a link may lead to one again.
    entered: BTreeSet<PathBuf>,
    found: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    fn folder(&mut self, below: &Path, depth: usize) -> Result<(), (PathBuf, std::io::Error)> {
        // Joining nothing would add a slash.
        let path = if below.as_os_str().is_empty() { self.base.to_owned() } else { self.base.join(below) };
        let failed = |error| (path.clone(), error);
        if !self.entered.insert(path.canonicalize().map_err(failed)?) {
            return Ok(());
        }
        let names = fs::read_dir(&path).map_err(failed)?.map(|entry| entry.map(|entry| entry.file_name()));
        let mut names = names.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        // Where links lead to one folder twice, the first by name counts.
        names.sort_unstable();
        for name in names {
            if !self.hidden && name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let below = below.join(&name);
            let whole = self.base.join(&below);
            // What a link leads to may be gone, as what is not named by the glob may.
            let is_folder = fs::metadata(&whole).is_ok_and(|metadata| metadata.is_dir());
            if is_folder && depth < self.depth {
                self.folder(&below, depth + 1)?;
            } else if !is_folder && self.matcher.is_match(&below) {
                self.found.insert(whole);
            }
        }
        Ok(())
    }
}

/// What a topic is described by. Unknown keys are read over.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "_id")]
    id: Option<Spanned<String>>,
    name: Option<Spanned<String>>,
    parent: Option<Spanned<String>>,
    keywords: Option<Spanned<Texts>>,
    images: Option<Spanned<Texts>>,
}

/// One document of a file: the topics in it. Nothing, if it is neither a map nor a list.
struct Wires(Option<Vec<Spanned<Option<Wire>>>>);

impl<'de> Deserialize<'de> for Wires {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WiresVisitor)
    }
}

/// By hand, since what serde keeps back to look at it twice has lost its place.
struct WiresVisitor;

impl<'de> Visitor<'de> for WiresVisitor {
    type Value = Wires;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map that describes a topic, or a list of these")
    }

    fn visit_str<E>(self, _: &str) -> Result<Wires, E> {
        Ok(Wires(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Wires, E> {
        Ok(Wires(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Wires, E> {
        Ok(Wires(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Wires, E> {
        Ok(Wires(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Wires, E> {
        Ok(Wires(None))
    }

    fn visit_unit<E>(self) -> Result<Wires, E> {
        Ok(Wires(Some(Vec::new())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Wires, A::Error> {
        let mut wires = Vec::new();
        while let Some(wire) = list.next_element()? {
            wires.push(wire);
        }
        Ok(Wires(Some(wires)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Wires, A::Error> {
        let wire = Wire::deserialize(MapAccessDeserializer::new(map))?;
        let nowhere = serde_yaml::Location::UNKNOWN;
        Ok(Wires(Some(vec![Spanned::new(Some(wire), nowhere, nowhere)])))
    }
}

/// One text or several, each with its place if it has one of its own; of a map, what it says under `url`.
struct Texts(Vec<Option<Spanned<String>>>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl TextsVisitor {
    fn one(text: impl fmt::Display) -> Texts {
        let nowhere = serde_yaml::Location::UNKNOWN;
        Texts(vec![Some(Spanned::new(text.to_string(), nowhere, nowhere))])
    }
}

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a map with `url`, or a list of these")
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Self::one(text))
    }

    fn visit_bool<E>(self, word: bool) -> Result<Texts, E> {
        Ok(Self::one(word))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Texts, E> {
        Ok(Self::one(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Texts, E> {
        Ok(Self::one(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Texts, E> {
        Ok(Self::one(number))
    }

    fn visit_unit<E>(self) -> Result<Texts, E> {
        Ok(Texts(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = list.next_element::<Option<Spanned<Texts>>>()? {
            let Some(item) = item else { continue };
            let (here, defined) = (item.referenced, item.defined);
            texts.extend(item.value.0.into_iter().flatten().map(|text| {
                let has_place = text.referenced != serde_yaml::Location::UNKNOWN;
                Some(if has_place { text } else { Spanned::new(text.value, here, defined) })
            }));
        }
        Ok(Texts(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "url" {
                texts.push(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Texts(texts))
    }
}

/// A file of a catalogue that is being read.
struct File<'a> {
    path: &'a Path,
}

impl File<'_> {
    fn entries(&self) -> Result<Vec<Entry>, SiteError> {
        let text = self.text()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! { max_depth: 32, max_aliases: 0, max_anchors: 0 },
            with_snippet: false,
        };
        let nothing =
            || self.error((0, 0), "this file describes no topic", "write at least a `name`, or let no glob name the file");
        let documents: Vec<Wires> =
            serde_yaml::from_multiple_with_options(text, options).map_err(|error| self.yaml(text, &error))?;
        let mut entries = Vec::new();
        for document in documents {
            for wire in document.0.ok_or_else(nothing)? {
                let place = number(wire.referenced);
                entries.push(self.entry(place, wire.value)?);
            }
        }
        if entries.is_empty() { Err(nothing()) } else { Ok(entries) }
    }

    fn text(&self) -> Result<String, SiteError> {
        let unread = |message: String, help| self.error((0, 0), message, help);
        let failed = |error| unread(format!("cannot read this file: {error}"), "make it readable for this user");
        // A named pipe would block.
        if !fs::metadata(self.path).map_err(failed)?.is_file() {
            return Err(unread("this is not a regular file".to_owned(), "take it away, or let no glob name it"));
        }
        let mut bytes = Vec::new();
        fs::File::open(self.path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
        if bytes.len() as u64 > LARGEST {
            let message = format!("this file has more than {} KiB, which is not read", LARGEST / 1024);
            return Err(unread(message, "split it, or let no glob name it"));
        }
        String::from_utf8(bytes).map_err(|_| unread("this file is not UTF-8".to_owned(), "save it as UTF-8"))
    }

    fn entry(&self, place: (usize, usize), wire: Option<Wire>) -> Result<Entry, SiteError> {
        let nameless = |place| self.error(place, "this topic has no `name`", "add one, such as `name: AI Builder`");
        let Some(wire) = wire else { return Err(nameless(place)) };
        // Where the map begins is not known if it is the whole document; what stands in it is near enough.
        let (line, column) = wire.name.as_ref().or(wire.id.as_ref()).map_or(place, |text| number(text.referenced));
        let name = wire.name.map(|name| clean(&name.value)).unwrap_or_default();
        let key = TopicKey::of(name.as_str());
        if key == TopicKey::all() {
            return Err(nameless((line, column)));
        }
        let text = |text: Option<Spanned<String>>| text.map(|text| clean(&text.value).to_string()).unwrap_or_default();
        let id = text(wire.id);
        let mut known = BTreeSet::from([TopicKey::all(), key]);
        let keywords = wire.keywords.map(|keywords| keywords.value.0).unwrap_or_default().into_iter().flatten();
        let keywords = keywords.map(|keyword| clean(&keyword.value));
        let keywords = keywords.filter(|keyword| known.insert(TopicKey::of(keyword.as_str()))).collect();
        Ok(Entry {
            name,
            slug: Slug::parse(&id).ok(),
            id,
            parent: Some(text(wire.parent)).filter(|parent| !parent.is_empty()),
            keywords,
            image: wire.images.map(|images| self.image(images)).transpose()?.flatten(),
            path: self.path.to_owned(),
            line,
            column,
        })
    }

    /// The first picture that there is. One that feeds cannot show is no reason to look for another: the owner means the first.
    fn image(&self, images: Spanned<Texts>) -> Result<Option<Link>, SiteError> {
        let place = images.referenced;
        let Some(first) = images.value.0.into_iter().flatten().find(|text| !text.value.trim().is_empty()) else {
            return Ok(None);
        };
        let place = if first.referenced == serde_yaml::Location::UNKNOWN { place } else { first.referenced };
        let wrong = |error: LinkError| self.error(number(place), format!("this picture in `images` {error}"), error.help());
        Link::parse(first.value.trim()).map(Some).map_err(wrong)
    }

    fn yaml(&self, text: &str, error: &serde_yaml::Error) -> SiteError {
        let error = error.without_snippet();
        // What is wrong with the YAML itself is said as it is of an article.
        if let Err(fault) = parse_any(text, &Names::default(), &mut Tree::default())
            && !OF_ARTICLES.contains(&fault.message.as_str())
        {
            return self.error(position(text, fault.at), fault.message, fault.help);
        }
        let help = "`_id`, `name` and `parent` are texts, `keywords` texts in a list, `images` addresses, or maps with `url`";
        self.error(error.location().map_or((0, 0), number), "a value of another kind is wanted here", help)
    }

    fn error(&self, (line, column): (usize, usize), message: impl Into<String>, help: &str) -> SiteError {
        SiteError { path: self.path.to_owned(), line, column, message: message.into(), help: help.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn globs(globs: &[&str]) -> Vec<String> {
        globs.iter().map(|glob| (*glob).to_owned()).collect()
    }

    #[track_caller]
    fn names(folder: &tempfile::TempDir, given: &[&str]) -> Vec<String> {
        let entries = read(folder.path(), &globs(given)).unwrap_or_else(|error| panic!("{error}"));
        entries.iter().map(|entry| entry.name.to_string()).collect()
    }

    /// What is said of one file, without where the test lies.
    fn said(text: &str) -> String {
        let folder = folder(&[("t/a.yaml", text)]);
        match read(folder.path(), &globs(&["t/*.yaml"])) {
            Err(error) => error.to_string().replace(&format!("{}/", folder.path().display()), "").replace("\n  help: ", " | "),
            Ok(entries) => format!("{} topics", entries.len()),
        }
    }

    fn one(text: &str) -> Entry {
        let folder = folder(&[("a.yaml", text)]);
        read(folder.path(), &globs(&["a.yaml"])).unwrap_or_else(|error| panic!("{error}")).remove(0)
    }

    #[test]
    fn a_topic_is_read_whole() {
        let text = "\u{feff}taxonomy: topic\n_id: sea-kayaks\nname:  Sea \tkayaks &amp; boats\nparent: Boats\nkeywords:\n  - sea kayak\n  - Sea  Kayak\n  - sea KAYAKS & boats\n  - ''\n  -\n  - 2020\nhashtags: [\"#a #b\"]\nimages:\n  - width: 1\n    url: https://example.org/a.png\n  - https://example.org/b.png\nservices: {x: [1, {y: z}]}\n";
        let entry = one(text);
        assert_eq!((entry.name.as_str(), entry.id.as_str()), ("Sea kayaks & boats", "sea-kayaks"));
        assert_eq!(entry.slug.as_ref().map(Slug::as_str), Some("sea-kayaks"));
        assert_eq!(entry.parent.as_deref(), Some("Boats"));
        assert_eq!(entry.keywords.iter().map(Line::as_str).collect::<Vec<_>>(), ["sea kayak", "2020"]);
        assert_eq!(entry.image.as_ref().map(Link::as_str), Some("https://example.org/a.png"));
        assert_eq!((entry.line, entry.column), (3, 8));
        assert!(entry.path.ends_with("a.yaml"));
    }

    #[test]
    fn hardly_anything_must_be_there() {
        let entry = one("name: 007\n");
        assert_eq!((entry.name.as_str(), entry.id.as_str(), entry.slug), ("007", "", None));
        assert_eq!((entry.parent, entry.keywords, entry.image), (None, Vec::new(), None));
        let entry = one("name: yes\n_id: No Slug\nparent: ''\nkeywords:\nimages: []\n");
        assert_eq!((entry.name.as_str(), entry.id.as_str(), entry.slug), ("yes", "No Slug", None));
        assert_eq!((entry.parent, entry.keywords, entry.image), (None, Vec::new(), None));
        assert_eq!(one("{\"name\": \"A\", \"keywords\": \"b\"}").keywords[0].as_str(), "b");
    }

    #[test]
    fn pictures_are_written_in_many_ways() {
        for images in [
            "https://example.org/a.png",
            "{url: https://example.org/a.png, alt: b}",
            "[https://example.org/a.png, https://example.org/b.png]",
            "[{alt: b}, {url: https://example.org/a.png}]",
            "[~, '', {url: }, https://example.org/a.png]",
        ] {
            let entry = one(&format!("name: A\nimages: {images}\n"));
            assert_eq!(entry.image.as_ref().map(Link::as_str), Some("https://example.org/a.png"), "{images}");
        }
        for images in ["", "~", "''", "[]", "{}", "[{alt: b}]"] {
            assert_eq!(one(&format!("name: A\nimages: {images}\n")).image, None, "{images}");
        }
    }

    #[test]
    fn a_file_may_hold_several_topics() {
        let folder = folder(&[("a.yaml", "- name: A\n- _id: b\n  name: B\n"), ("b.yaml", "---\nname: C\n---\n- name: D\n...\n")]);
        assert_eq!(names(&folder, &["*.yaml"]), ["A", "B", "C", "D"]);
        let entries = read(folder.path(), &globs(&["*.yaml"])).expect("topics");
        let places: Vec<_> = entries.iter().map(|entry| (entry.line, entry.column)).collect();
        assert_eq!(places, [(1, 9), (3, 9), (2, 7), (4, 9)]);
    }

    #[test]
    fn the_order_is_that_of_paths_and_each_file_is_read_once() {
        let folder = folder(&[
            ("t/b.yaml", "name: B"),
            ("t/a.yaml", "name: A"),
            ("t/a/c.yaml", "name: C"),
            ("t/.hidden.yaml", "name: H"),
            ("t/.git/x.yaml", "name: H"),
            ("t/n.txt", "no topic"),
            ("u/d.yml", "name: D"),
        ]);
        assert_eq!(names(&folder, &["t/*.yaml"]), ["A", "B"]);
        assert_eq!(names(&folder, &["t/b.yaml", "./t/[ab].yaml", "t/{a,b}.yaml"]), ["A", "B"]);
        assert_eq!(names(&folder, &["t/**/*.yaml"]), ["C", "A", "B"]);
        assert_eq!(names(&folder, &["**/*.{yaml,yml}"]), ["C", "A", "B", "D"]);
        assert_eq!(names(&folder, &["*/*.y*ml"]), ["A", "B", "D"]);
        assert_eq!(names(&folder, &["t/.h*.yaml"]), ["H"]);
        assert_eq!(names(&folder, &["t/../u/d.yml"]), ["D"]);
        let whole = folder.path().join("u/*.yml");
        assert_eq!(names(&folder, &[whole.to_str().expect("a path")]), ["D"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_not_in_circles() {
        let folder = folder(&[("t/a.yaml", "name: A"), ("u/b.yaml", "name: B")]);
        std::os::unix::fs::symlink("..", folder.path().join("t/up")).expect("a link");
        std::os::unix::fs::symlink("../u/b.yaml", folder.path().join("t/c.yaml")).expect("a link");
        assert_eq!(names(&folder, &["t/*.yaml"]), ["A", "B"]);
        assert_eq!(names(&folder, &["u/**/*.yaml"]), ["B"]);
        assert_eq!(names(&folder, &["t/**/b.yaml"]), ["B"]);
        std::os::unix::fs::symlink("nowhere", folder.path().join("t/d.yaml")).expect("a link");
        let error = read(folder.path(), &globs(&["t/*.yaml"])).expect_err("a link to nowhere").to_string();
        assert!(error.contains("t/d.yaml: cannot read this file"), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        const KINDS: &str =
            "`_id`, `name` and `parent` are texts, `keywords` texts in a list, `images` addresses, or maps with `url`";
        let kind = |place: &str| format!("t/a.yaml:{place}: a value of another kind is wanted here | {KINDS}");
        let nameless = |place: &str| format!("t/a.yaml{place}: this topic has no `name` | add one, such as `name: AI Builder`");
        let nothing = "t/a.yaml: this file describes no topic | write at least a `name`, or let no glob name the file".to_owned();
        for (text, expected) in [
            ("", nothing.clone()),
            ("# nothing\n", nothing.clone()),
            ("[]", nothing.clone()),
            ("only words", nothing.clone()),
            ("365", nothing),
            ("_id: a\n", nameless(":1:6")),
            ("keywords: [a]\n", nameless("")),
            ("name: ' '\n", nameless(":1:7")),
            ("- name: A\n- _id: b\n", nameless(":2:8")),
            ("- name: A\n- keywords: []\n", nameless(":2:3")),
            ("- name: A\n-\n", nameless(":2:2")),
            ("name: [A]\n", kind("1:7")),
            ("- name: A\n- name: {b: c}\n", kind("2:9")),
            ("name: A\n---\nname: [B]\n", kind("3:7")),
            ("- A\n", kind("1:3")),
            ("name: \"A\n", "t/a.yaml:1:7: a quoted text is not closed | close the quotes; inside double quotes write `\\\"` for a quote".into()),
            ("name: A\nx: &y 1\n", "t/a.yaml:2:4: a YAML anchor (`&…`) stands here, which is not read | put text that begins with `&` in quotes, or take the anchor out".into()),
            ("name: A\nname: B\n", "t/a.yaml:2:1: a key stands here a second time | keep one of the two".into()),
            ("name: A\nimages: /a.png\n", "t/a.yaml:2:9: this picture in `images` is not an absolute address | write the whole address, beginning with https://".into()),
            ("name: A\nimages:\n- url: ftp://a/b\n", "t/a.yaml:3:8: this picture in `images` is not an http or https address | write an address that begins with https:// or http://".into()),
        ] {
            assert_eq!(said(text), expected, "{text:?}");
        }
        assert_eq!(said(&format!("name: A\n# {}", "x".repeat(256 * 1024 - 10))), "1 topics");
        let large = said(&format!("name: A\n# {}", "x".repeat(256 * 1024 - 9)));
        assert!(large.starts_with("t/a.yaml: this file has more than 256 KiB"), "{large}");
        let deep = said(&format!("name: A\nx: {}", "[".repeat(10_000)));
        assert!(deep.contains("deep in each other"), "{deep}");
    }

    #[test]
    fn what_is_not_utf_8_is_said() {
        let folder = folder(&[]);
        fs::write(folder.path().join("a.yaml"), b"name: \xff").expect("a file");
        let error = read(folder.path(), &globs(&["a.yaml"])).expect_err("not UTF-8").to_string();
        assert!(error.ends_with("a.yaml: this file is not UTF-8\n  help: save it as UTF-8"), "{error}");
    }

    #[test]
    fn no_topic_and_no_id_stands_twice() {
        let twice = |a: &str, b: &str| {
            let folder = folder(&[("a.yaml", a), ("b.yaml", b)]);
            let found = read(folder.path(), &globs(&["*.yaml"]));
            found.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), "")).err()
        };
        let expected = "b.yaml:1:7: the topic `a  b` stands at a.yaml:2:7 already\n  help: take one of them out";
        assert_eq!(twice("_id: x\nname: A b", "name: \"a  b\"").as_deref(), Some(expected.replace("  b`", " b`").as_str()));
        let expected = "b.yaml:2:7: the `_id` `x` stands at a.yaml:2:7 already\n  help: give each topic an `_id` of its own";
        assert_eq!(twice("_id: x\nname: A", "_id: x\nname: B").as_deref(), Some(expected));
        assert_eq!(twice("name: A", "name: B"), None);
    }

    #[test]
    fn a_glob_that_names_nothing_is_an_error() {
        let folder = folder(&[("t/a.yaml", "name: A")]);
        let said = |glob: &str| match read(folder.path(), &globs(&["t/*.yaml", glob])) {
            Err(CatalogueError::Glob { number: 1, message, .. }) => message.replace(&folder.path().display().to_string(), "…"),
            other => format!("{other:?}"),
        };
        assert_eq!(said("t/*.yml"), "names no file: nothing in …/t is like `*.yml`");
        assert_eq!(said("*.yaml"), "names no file: nothing in … is like `*.yaml`");
        assert_eq!(said("t"), "names …/t, which is no file");
        assert_eq!(said("t/"), "names …/t, which is no file");
        assert_eq!(said(" "), "is empty");
        assert!(said("u/*.yaml").starts_with("leads to …/u, which cannot be read: "), "{}", said("u/*.yaml"));
        assert!(said("t/b.yaml").starts_with("names …/t/b.yaml, which cannot be read: "), "{}", said("t/b.yaml"));
        assert!(said("t/[a.yaml").starts_with("has a glob that cannot be read: "), "{}", said("t/[a.yaml"));
    }
}
