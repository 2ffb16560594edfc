//! What an article says, cleaned: plain data that later stages can trust.

use chrono::{DateTime, Utc};

use crate::link::{EntryId, Fingerprint, Link};
use crate::text::html::Html;
use crate::text::{Line, Prose};

pub mod embed;

pub use embed::{Embed, Embeds};

/// One article file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// The file as the user would name it.
    pub source: String,
    /// What the article and a related link have in common.
    pub story: Story,
    /// When it was published.
    pub published: DateTime<Utc>,
    /// When it last changed by its own word; `published` if it does not say.
    pub updated: DateTime<Utc>,
    /// Whether it may be shown.
    pub status: Status,
    /// Names of its topics as written, before mojibake repair: what they are called is decided in grouping.
    pub topics: Vec<Line>,
    /// Coverage of the same story elsewhere, in file order.
    pub related: Vec<RelatedLink>,
    /// What stands below the front matter, if it is wanted and can be shown.
    pub text: Option<Html>,
}

/// What a related link says about a story on another site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedLink {
    /// What the link and an article have in common.
    pub story: Story,
    /// When it was published, if it says.
    pub published: Option<DateTime<Utc>>,
    /// When it last changed by its own word.
    pub updated: Option<DateTime<Utc>>,
    /// Whether mojibake had to be repaired in it: of several copies the undamaged one is better.
    pub repaired: bool,
}

/// A story on the web, as an article file or a related link tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// What it is called.
    pub title: Line,
    /// What it says in short; may be empty. That of an article that does not say is its first paragraph.
    pub excerpt: Prose,
    /// Where it is read: `webUrl`, else `originalUrl`.
    pub link: Link,
    /// The address that names it: `originalUrl`, else `webUrl`.
    pub identity: Link,
    /// Its AMP pages, `ampWebUrl` and `cdnAmpWebUrl`, which are never shown.
    pub amp: [Option<Link>; 2],
    /// What it is known by: its addresses, those of its AMP pages, and its id.
    pub known_by: KnownBy,
    /// Its own entry id, if the front matter gives one.
    pub own_id: Option<EntryId>,
    /// Who published it.
    pub provider: Provider,
    /// Its pictures, in file order.
    pub images: Vec<Image>,
    /// The player in `featuredContent`.
    pub embed: Option<Embed>,
    /// What the source thinks of it; higher is better.
    pub quality: Option<i32>,
    /// How much it is talked about; −1 means not measured.
    pub heat: Option<i32>,
    /// `type`, such as article or video.
    pub kind: Option<Line>,
    /// `category`, such as news.
    pub category: Option<Line>,
    /// Its language.
    pub language: Option<Language>,
}

impl Story {
    /// Every address of it.
    pub fn addresses(&self) -> impl Iterator<Item = &Link> {
        [&self.link, &self.identity].into_iter().chain(self.amp.iter().flatten())
    }

    /// The id of the story's entry: its own, else one made of the address that names it (scheme 1).
    #[must_use]
    pub fn entry_id(&self) -> EntryId {
        let made = || self.known_by.own().first().map(|name| EntryId::from_fingerprint(*name));
        self.own_id.clone().or_else(made).unwrap_or_else(|| EntryId::from_key(&self.identity.key()))
    }
}

/// What makes two records one story: their addresses and own ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownBy {
    names: Vec<Fingerprint>,
    /// How many of them are its own.
    own: usize,
}

impl KnownBy {
    /// Of a record with these addresses; the first is the one that names it.
    #[must_use]
    pub fn new<'a>(
        own: impl IntoIterator<Item = &'a Link>,
        amp: impl IntoIterator<Item = &'a Link>,
        own_id: Option<&EntryId>,
    ) -> Self {
        let mut names = Vec::new();
        let mut add = |name: Fingerprint| {
            if !names.contains(&name) {
                names.push(name);
            }
            names.len()
        };
        let addresses = own.into_iter().map(|link| link.key().fingerprint());
        let own = addresses.chain(own_id.map(EntryId::fingerprint)).map(&mut add).last().unwrap_or(0);
        for link in amp {
            add(link.key().fingerprint());
        }
        Self { names, own }
    }

    /// Of its own addresses, the one that names it first, and of its own id.
    #[must_use]
    pub fn own(&self) -> &[Fingerprint] {
        &self.names[..self.own]
    }

    /// All of it, strongest first. Behind its own names come its AMP pages: these addresses are made by others, and are more
    /// often wrong.
    #[must_use]
    pub fn all(&self) -> &[Fingerprint] {
        &self.names
    }
}

/// Who published a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Its name; may be empty.
    pub name: Line,
    /// The address of its site, from `domain`.
    pub site: Option<Link>,
    /// Who wrote the story, by name.
    pub authors: Vec<Line>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub link: Link,
    /// Width in pixels, more than 0.
    pub width: Option<u32>,
    /// Height in pixels, more than 0.
    pub height: Option<u32>,
    /// What it shows; may be empty.
    pub title: Line,
    /// Whom to thank for it; may be empty.
    pub attribution: Line,
}

/// A language tag (RFC 5646) of plain shape, such as `en` or `pt-BR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

impl Default for Language {
    /// English, unless somebody says otherwise.
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl Language {
    /// A tag of letters, digits and hyphens; `_` is taken for `-` as in POSIX locale names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.split('.').next().unwrap_or_default().replace('_', "-");
        let mut parts = tag.split('-');
        let primary = parts.next().is_some_and(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
        let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
        (primary && rest && tag.len() <= 35).then_some(Self(tag))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an article says about whether it may be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // five independent words of the front matter, kept as they were written
pub struct Status {
    /// `published`, if the file says.
    pub published: Option<bool>,
    /// `deleted` or `removed`.
    pub deleted: bool,
    /// `draft`.
    pub draft: bool,
    /// `private`.
    pub private: bool,
}

impl Status {
    /// Whether the story is retracted: then it is in no entry and no list, whoever links to it.
    #[must_use]
    pub fn withdrawn(self) -> bool {
        self.deleted || self.draft || self.private
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags() {
        for (given, tag) in
            [("en", Some("en")), ("pt_BR", Some("pt-BR")), ("en_US.UTF-8", Some("en-US")), ("zh-Hant-TW", Some("zh-Hant-TW"))]
        {
            assert_eq!(Language::parse(given).as_ref().map(Language::as_str), tag, "{given}");
        }
        for bad in ["", "e", "english language", "12", "en-", "<b>"] {
            assert_eq!(Language::parse(bad), None, "{bad}");
        }
    }
}
