//! The formats that feeds are written in, and what their files are called.

use crate::topic::Slug;

/// The name of the program in every document, by which a later run knows its own files. Never with a version: a new release
/// would change every byte of every feed.
pub const GENERATOR: &str = "feedmill";

/// A format of feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// RSS 2.0 (rssboard.org/rss-specification).
    Rss,
    /// Atom 1.0 (RFC 4287).
    Atom,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Rss, Self::Atom];

    /// Its name in the site file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
        }
    }

    /// The name of its files.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Rss => "rss.xml",
            Self::Atom => "atom.xml",
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

    /// Its media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
        }
    }
}
