//! The neutral model: what a feed says, before it is RSS, Atom or JSON. Each field tells what it becomes.
//!
//! Where only two are named, JSON Feed has no field for it, or one that the feed does not need.

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
    /// Atom `id`, JSON `_feedmill.id`. Its slug, title and address may change; this may not.
    pub id: String,
    /// What names the topic in `id`; in the manifest.
    pub key: TopicKey,
    /// Its folder; the feed of all topics has none.
    pub slug: Option<Slug>,
    /// `title` in every format.
    pub title: Line,
    /// RSS and JSON `description`, Atom `subtitle`.
    pub description: Line,
    /// RSS `link`, Atom `link rel="alternate"`, JSON `home_page_url`: a page for people.
    pub home: Link,
    /// Where the output folder is served: the start of RSS `atom:link rel="self"`, Atom `link rel="self"` and JSON `feed_url`.
    pub base_url: Link,
    /// RSS and JSON `language`, Atom `xml:lang`.
    pub language: Language,
    /// Atom `author`: the publication.
    pub author: Author,
    /// How it looks.
    pub look: Look,
    /// RSS `ttl`, `sy:updatePeriod` and `sy:updateFrequency`: minutes after which a reader may ask again.
    pub ttl: u32,
    /// RSS `lastBuildDate`, Atom `updated`: that of the entry that changed last, never the time of the run.
    pub updated: DateTime<Utc>,
    /// RSS `atom:link rel="hub"`, Atom `link rel="hub"`, JSON `hubs`: who tells subscribers of what is new (`WebSub`, 4. Discovery).
    pub hub: Option<Link>,
    /// JSON `expired`: nothing will come any more, which its last entry says too.
    pub ended: bool,
    /// RSS `item`, Atom `entry`, JSON `items`; newest first, then articles before related links, then by id.
    pub entries: Vec<Entry>,
}

impl Feed {
    /// Where a format of the feed is served.
    #[must_use]
    pub fn address(&self, format: Format) -> Link {
        self.base_url.child(&format.path(self.slug.as_ref()))
    }
}

/// How a feed looks, where more than its text is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// RSS and Atom `xml-stylesheet`: a browser shows text instead of markup.
    pub style: bool,
    /// RSS `image`, Atom `logo`, JSON `icon`.
    pub logo: Option<Link>,
    /// Atom `icon`, JSON `favicon`.
    pub icon: Option<Link>,
}

/// The stylesheet of feeds in a browser, relative to the output folder.
pub const STYLE: &str = "assets/feed.css";

/// One story in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// RSS `guid isPermaLink="false"`, Atom and JSON `id`: the same in every format and feed.
    pub id: EntryId,
    /// Whether it is an article, or coverage of one.
    pub kind: EntryKind,
    /// `title`, plain text.
    pub title: Line,
    /// RSS `link`, Atom `link rel="alternate" type="text/html"`, JSON `url`.
    pub link: Link,
    /// RSS `pubDate`, Atom `published`, JSON `date_published`.
    pub published: DateTime<Utc>,
    /// Atom `updated`, JSON `date_modified` where it differs.
    pub updated: DateTime<Utc>,
    /// RSS `dc:creator`, Atom `author`, JSON `authors`: the authors in one name, else the provider.
    pub author: Author,
    /// Who published it, for "Read at …".
    pub provider: Line,
    /// `category` each, JSON `tags`: a marker for related links, then the topics.
    pub categories: Vec<Line>,
    /// RSS `description`, Atom and JSON `summary`; may be empty.
    pub summary: Prose,
    /// `media:content`, `media:thumbnail`, JSON `image` and the picture in the body.
    pub image: Option<Image>,
    /// The player in the body.
    pub embed: Option<Embed>,
    /// The full text, which stands in the body instead of the summary.
    pub text: Option<Html>,
    /// "Related coverage" in the body, JSON `_feedmill.related`.
    pub related: Vec<Reference>,
    /// RSS `dc:language`, Atom `xml:lang`, JSON `language`, where it differs from the feed's.
    pub language: Option<Language>,
}

/// What an entry is in its feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An article of the topic.
    Article,
    /// A related link of articles of the feed, newest first: "Related to …" in the body, Atom `thr:in-reply-to`, JSON
    /// `_feedmill.parents`.
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

/// What people can subscribe to, for import into a reader (OPML 2.0, "Subscription lists").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionList {
    /// `title`: the publication.
    pub title: Line,
    /// `dateModified`: the newest entry of all, never the time of the run.
    pub modified: Option<DateTime<Utc>>,
    /// `outline type="rss"` each.
    pub subscriptions: Vec<Subscription>,
}

/// One feed of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// `text` and `title`.
    pub title: Line,
    /// `description`.
    pub description: Line,
    /// `language`.
    pub language: Language,
    /// `htmlUrl`: a page for people.
    pub home: Link,
    /// `xmlUrl`: the feed.
    pub address: Link,
}
