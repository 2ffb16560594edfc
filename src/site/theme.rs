//! What an owner adds to the pages: a stylesheet, a logo and an icon, read along with the site file that names them.

use std::fmt;
use std::path::Path;

/// Bytes that a file of the theme may have: whoever opens a page fetches it.
const LARGEST: u64 = 1024 * 1024;

/// Pictures that every browser shows, by the ending of their files.
const PICTURES: [(&str, &str); 6] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("svg", "image/svg+xml"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
];

/// Files of the owner's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// A stylesheet, after that of feedmill.
    pub css: Option<File>,
    /// At the top of every page, and the picture of every feed.
    pub logo: Option<File>,
    /// The sign of the pages in a row of tabs, and of the feeds in a list.
    pub icon: Option<File>,
    /// The pictures of single feeds.
    pub pictures: Vec<File>,
}

impl Theme {
    /// Those that there are.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        [&self.css, &self.logo, &self.icon].into_iter().flatten().chain(&self.pictures)
    }
}

/// A file of the owner's own, which is published as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What it is called in `assets`.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl File {
    /// Where it goes, relative to the output folder, with `/`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("assets/{}", self.name)
    }

    /// Reads a file of the owner's, which is called `stem` when it is published. `Err`: what is wrong, and what to do.
    pub(super) fn read(path: &Path, stem: &str) -> Result<Self, (String, String)> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let known: Vec<(&str, &str)> = match stem {
            "theme" => vec![("css", "text/css")],
            "icon" => PICTURES.into_iter().chain([("ico", "image/vnd.microsoft.icon")]).collect(),
            _ => PICTURES.to_vec(),
        };
        let Some((ending, content_type)) = known.iter().copied().find(|(known, _)| *known == ending) else {
            let endings = known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(("is a file of another kind".to_owned(), format!("the name of the file ends in one of: {endings}")));
        };
        let unread =
            |error: std::io::Error| (format!("cannot be read: {error}"), "paths are relative to the site file".to_owned());
        let metadata = std::fs::metadata(path).map_err(unread)?;
        if !metadata.is_file() {
            return Err(("is not a regular file".to_owned(), "paths are relative to the site file".to_owned()));
        }
        if metadata.len() > LARGEST {
            let help = format!("everybody who opens a page fetches it; at most {} KiB are taken", LARGEST / 1024);
            return Err((format!("has {} KiB", metadata.len() / 1024), help));
        }
        let bytes = std::fs::read(path).map_err(unread)?;
        Ok(Self { name: format!("{stem}.{ending}"), content_type, bytes })
    }
}

/// Without the bytes: what they are, in short. A run with nothing new is told by it.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, content_type, bytes } = self;
        f.debug_tuple("File").field(name).field(content_type).field(&crate::stamp::digest(bytes)).finish()
    }
}
