//! The neutral model: what a feed says, before it is RSS or Atom. Each field tells what it becomes.

use chrono::{DateTime, Utc};

use crate::article::{Embed, Image, Language};
use crate::format::Format;
use crate::link::{EntryId, Link};
use crate::text::html::Html;
use crate::text::{Line, Prose};
use crate::topic::{Slug, TopicKey};

/// What the titles of a preview begin with.
pub const PREVIEW: &str = "[Preview]";

/// A feed of one topic, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Atom `id`. Its slug, title and address may change; this may not.
    pub id: String,
    /// What names the topic in `id`; in the manifest.
    pub key: TopicKey,
    /// Its folder; the feed of all topics has none.
    pub slug: Option<Slug>,
    /// RSS and Atom `title`.
    pub title: Line,
    /// RSS `description`, Atom `subtitle`.
    pub description: Line,
    /// RSS `link`, Atom `link rel="alternate"`: a page for people.
    pub home: Link,
    /// Where the output folder is served: the start of RSS `atom:link rel="self"` and Atom `link rel="self"`.
    pub base_url: Link,
    /// RSS `language`, Atom `xml:lang`.
    pub language: Language,
    /// Atom `author`: the publication.
    pub author: Author,
    /// RSS `lastBuildDate`, Atom `updated`: that of the entry that changed last, never the time of the run.
    pub updated: DateTime<Utc>,
    /// RSS `item`, Atom `entry`; newest first, then articles before related links, then by id.
    pub entries: Vec<Entry>,
}

impl Feed {
    /// Where a format of the feed is served.
    #[must_use]
    pub fn address(&self, format: Format) -> Link {
        self.base_url.child(&format.path(self.slug.as_ref()))
    }
}

/// One story in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// RSS `guid isPermaLink="false"`, Atom `id`: the same in every format and feed.
    pub id: EntryId,
    /// Whether it is an article, or coverage of one.
    pub kind: EntryKind,
    /// `title`, plain text.
    pub title: Line,
    /// RSS `link`, Atom `link rel="alternate" type="text/html"`.
    pub link: Link,
    /// RSS `pubDate`, Atom `published`.
    pub published: DateTime<Utc>,
    /// Atom `updated`.
    pub updated: DateTime<Utc>,
    /// RSS `dc:creator`, Atom `author`: the authors in one name, else the provider.
    pub author: Author,
    /// Who published it, for "Read at …".
    pub provider: Line,
    /// `category` each: a marker for related links, then the topics.
    pub categories: Vec<Line>,
    /// RSS `description`, Atom `summary`; may be empty.
    pub summary: Prose,
    /// `media:content`, `media:thumbnail` and the picture in the body.
    pub image: Option<Image>,
    /// The player in the body.
    pub embed: Option<Embed>,
    /// The full text, which stands in the body instead of the summary.
    pub text: Option<Html>,
    /// "Related coverage" in the body.
    pub related: Vec<Reference>,
    /// RSS `dc:language`, Atom `xml:lang`, where it differs from the feed's.
    pub language: Option<Language>,
}

/// What an entry is in its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An article of the topic.
    Article,
    /// A related link of articles of the feed, newest first: "Related to …" in the body, Atom `thr:in-reply-to`.
    Related {
        /// The articles.
        parents: Vec<Reference>,
    },
}

/// A story that another one points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The id of its entry.
    pub id: EntryId,
    /// What it is called.
    pub title: Line,
    /// Where it is read.
    pub link: Link,
    /// Who published it.
    pub provider: Line,
}

/// Somebody who writes or publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: Line,
    /// A page about them.
    pub uri: Option<Link>,
}
