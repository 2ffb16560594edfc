//! The formats that feeds are written in, what their files are called, and how a later run knows its own.

use crate::topic::Slug;

/// The name of the program in every document, by which a later run knows its own files. Never with a version: a new release
/// would change every byte of every feed.
pub const GENERATOR: &str = "feedmill";

/// What stands before the entries of every document of ours, in one form or another: in RSS and Atom, JSON Feed, OPML, and
/// in the head of a page.
const MARKS: [&str; 4] = [
    "<generator>feedmill</generator>",
    "\"_feedmill\": {\n  \"generator\": \"feedmill\"",
    "<!-- generator=\"feedmill\" -->",
    "<meta name=\"generator\" content=\"feedmill\">",
];

/// How a stylesheet, a script or the settings of a server begin that are ours.
const COMMENTS: [&str; 3] = ["/* feedmill: ", "// feedmill: ", "# feedmill: "];

/// A format of feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// RSS 2.0 (rssboard.org/rss-specification).
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// JSON Feed 1.1 (jsonfeed.org/version/1.1).
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    /// Every format, the one first that subscribers are best sent to: of Atom, readers get the most right, and not all read JSON.
    pub const ADVISED: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// Its name in the site file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
        }
    }

    /// The name of its files.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rss => "rss.xml",
            Self::Atom => "atom.xml",
            // NewsBlur tries JSON only where the address has the word.
            Self::Json => "feed.json",
        }
    }

    /// Where this format of a topic's feed goes, relative to the output folder; the feed of all topics lies at its top.
    #[must_use]
    pub fn path(self, slug: Option<&Slug>) -> String {
        match slug {
            None => self.file_name().to_owned(),
            Some(slug) => format!("{slug}/{}", self.file_name()),
        }
    }

    /// The format of this media type.
    #[must_use]
    pub fn of_type(content_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.content_type() == content_type)
    }

    /// The format that a file of another program has by its name, where the name says it: `index.xml` is what Hugo calls its RSS.
    #[must_use]
    pub fn of_old_name(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?.to_ascii_lowercase();
        let ending = name.rsplit('.').next()?;
        if ending == "json" {
            return Some(Self::Json);
        }
        if name.contains("atom") {
            return Some(Self::Atom);
        }
        (name.contains("rss") || name == "index.xml").then_some(Self::Rss)
    }

    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }
}

/// What is made, as `formats` in the site file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formats {
    /// The formats of the feeds, in the order of [`Format::ALL`].
    pub feeds: Vec<Format>,
    /// Whether there is a list of the topics' feeds, in OPML.
    pub opml: bool,
    /// Whether there are pages for people.
    pub pages: bool,
}

impl Formats {
    /// The file that lists the topics' feeds, at the top of the output folder.
    pub const OPML_FILE_NAME: &str = "feeds.opml";
    /// Its media type. None is registered; this is the one that browsers and readers know.
    pub const OPML_CONTENT_TYPE: &str = "text/x-opml";

    /// The page of a topic in its folder, and the index of all at the top: what a server shows of a folder.
    pub const PAGE_FILE_NAME: &str = "index.html";
    /// Its media type.
    pub const PAGE_CONTENT_TYPE: &str = "text/html; charset=utf-8";

    const OPML: &str = "opml";
    const PAGES: &str = "pages";

    /// Everything that can be made.
    #[must_use]
    pub fn all() -> Self {
        Self { feeds: Format::ALL.to_vec(), opml: true, pages: true }
    }

    /// The names of everything that can be made.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Format::ALL.into_iter().map(Format::name).chain([Self::OPML, Self::PAGES])
    }

    /// Adds what has this name, and says whether there is such a thing. The order in which they are added does not show.
    pub fn add(&mut self, name: &str) -> bool {
        if let Some(format) = Format::ALL.into_iter().find(|format| format.name() == name) {
            self.feeds.push(format);
            self.feeds.sort_unstable();
            self.feeds.dedup();
            return true;
        }
        self.opml |= name == Self::OPML;
        self.pages |= name == Self::PAGES;
        [Self::OPML, Self::PAGES].contains(&name)
    }

    /// Whether a file of this name is made, wherever it lies.
    #[must_use]
    pub fn has(&self, file_name: &str) -> bool {
        self.feeds.iter().any(|format| format.file_name() == file_name)
            || (self.opml && file_name == Self::OPML_FILE_NAME)
            || (self.pages && file_name == Self::PAGE_FILE_NAME)
    }
}

/// Whether the start of a file says that feedmill made it.
#[must_use]
pub fn is_marked(start: &str) -> bool {
    MARKS.iter().any(|mark| start.contains(mark)) || COMMENTS.iter().any(|comment| start.starts_with(comment))
}

/// The id of a feed of ours, where its format has one and the start of the file holds it; it stands before the entries.
#[must_use]
pub fn feed_id(start: &str) -> Option<&str> {
    let json = start.starts_with('{');
    let (begin, end, entries) = if json { ("\n  \"id\": \"", '"', "\n \"items\": [") } else { ("<id>", '<', "<entry>") };
    let head = start.split_once(entries).map_or(start, |(head, _)| head);
    let (_, rest) = head.split_once(begin).filter(|_| is_marked(head))?;
    rest.split_once(end).map(|(id, _)| id)
}

/// What the beginning of a feed holds whose title begins like this, in any format.
#[must_use]
pub fn is_titled(start: &str, title: &str) -> bool {
    start.contains(&format!("<title>{title}")) || start.contains(&format!("\n \"title\": \"{title}"))
}
