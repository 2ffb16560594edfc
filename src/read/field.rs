//! The fields of an article, and what their keys are called in files.

use std::borrow::Cow;

/// A field that feedmill knows, whatever its key is called in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// What the story is called.
    Title,
    /// What it says in short.
    Excerpt,
    /// When it was published.
    Date,
    /// When it last changed.
    Updated,
    /// The address that names it.
    OriginalUrl,
    /// Where it is read.
    WebUrl,
    /// Its AMP page.
    AmpWebUrl,
    /// Its AMP page on a cache.
    CdnAmpWebUrl,
    /// Article, video …
    Type,
    /// News …
    Category,
    /// What the source thinks of it.
    Quality,
    /// How much it is talked about.
    Heat,
    /// Whether it is public.
    Published,
    /// Retracted.
    Deleted,
    /// Retracted.
    Removed,
    /// Not ready.
    Draft,
    /// Not for the public.
    Private,
    /// A player.
    FeaturedContent,
    /// Who published it.
    Provider,
    /// Who wrote it.
    Authors,
    /// Names of its topics.
    Topics,
    /// Its pictures.
    Images,
    /// Its language.
    Locale,
    /// Its own entry id.
    Id,
    /// Coverage elsewhere.
    Related,
    /// Name of a provider.
    Name,
    /// Domain of a provider.
    Domain,
    /// Address of a picture.
    Url,
    /// Width of a picture.
    Width,
    /// Height of a picture.
    Height,
    /// Whom to thank for a picture.
    Attribution,
}

impl Field {
    /// How many fields there are.
    pub(super) const COUNT: usize = Self::Attribution as usize + 1;
}

/// Where in the tree a key stands: the same word means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Article,
    Provider,
    Image,
    Unknown,
}

impl Level {
    /// Where the keys below a field stand.
    pub(super) fn below(field: Field) -> Self {
        match field {
            Field::Provider | Field::Authors => Self::Provider,
            Field::Images => Self::Image,
            Field::Related => Self::Article,
            _ => Self::Unknown,
        }
    }
}

/// The keys of articles and related links, best name first: where a file has several names of one field, the first counts.
const ARTICLE_KEYS: &[(Field, &[&str])] = &[
    (Field::Title, &["title"]),
    (Field::Excerpt, &["excerpt", "description", "summary"]),
    (Field::Date, &["publishedDateTime", "date"]),
    (Field::Updated, &["updatedDateTime", "lastmod", "updated", "last_modified_at", "modified"]),
    (Field::OriginalUrl, &["originalUrl", "canonical_url"]),
    (Field::WebUrl, &["webUrl", "link"]),
    (Field::AmpWebUrl, &["ampWebUrl"]),
    (Field::CdnAmpWebUrl, &["cdnAmpWebUrl"]),
    (Field::Type, &["type"]),
    (Field::Category, &["category"]),
    (Field::Quality, &["quality"]),
    (Field::Heat, &["heat"]),
    (Field::Published, &["published"]),
    (Field::Deleted, &["deleted"]),
    (Field::Removed, &["removed"]),
    (Field::Draft, &["draft"]),
    (Field::Private, &["private"]),
    (Field::FeaturedContent, &["featuredContent"]),
    (Field::Provider, &["provider"]),
    (Field::Authors, &["authors", "author"]),
    (Field::Topics, &["topics", "tags", "categories"]),
    (Field::Images, &["images", "image"]),
    (Field::Locale, &["locale", "lang", "language"]),
    (Field::Id, &["id", "guid"]),
    (Field::Related, &["related"]),
];

const PROVIDER_KEYS: &[(Field, &[&str])] =
    &[(Field::Name, &["name"]), (Field::Domain, &["domain"]), (Field::Images, &["images"]), (Field::Authors, &["authors"])];

const IMAGE_KEYS: &[(Field, &[&str])] = &[
    (Field::Url, &["url"]),
    (Field::Width, &["width"]),
    (Field::Height, &["height"]),
    (Field::Title, &["title"]),
    (Field::Attribution, &["attribution"]),
];

/// The names of keys that are known: those above, and what `fields` in the site file adds.
#[derive(Clone, Debug)]
pub struct Names {
    /// The keys of articles by their length: each key of each file is looked up.
    by_length: Vec<Vec<(Cow<'static, str>, Known)>>,
}

/// Why a name cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// No field is called so.
    NoField {
        /// What was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// The name is another field's.
    Taken,
}

/// A key as it is found: its field, and how good a name of the field it is (0 is best).
pub(super) type Known = (Field, u8);

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { by_length: Vec::new() };
        for (field, keys) in ARTICLE_KEYS {
            for (rank, key) in (0..).zip(*keys) {
                names.insert(Cow::Borrowed(key), (*field, rank));
            }
        }
        names
    }
}

impl Names {
    fn insert(&mut self, key: Cow<'static, str>, known: Known) {
        if self.by_length.len() <= key.len() {
            self.by_length.resize(key.len() + 1, Vec::new());
        }
        self.by_length[key.len()].push((key, known));
    }

    pub(super) fn article_key(&self, key: &str) -> Option<Known> {
        let same_length = self.by_length.get(key.len())?;
        // Comparing first bytes first spares most comparisons.
        let first = key.as_bytes().first();
        let same = |name: &str| name.as_bytes().first() == first && name == key;
        same_length.iter().find(|(name, _)| same(name)).map(|(_, known)| *known)
    }

    /// Adds a name for the field that `field` already names.
    pub fn add(&mut self, field: &str, more: &str) -> Result<(), NotAdded> {
        let Some((field, _)) = look_up(ARTICLE_KEYS, field) else {
            let names = ARTICLE_KEYS.iter().flat_map(|(_, names)| names.iter().copied());
            return Err(NotAdded::NoField { nearest: crate::site::nearest(field, names) });
        };
        if self.article_key(more).is_some_and(|(other, _)| other != field) {
            return Err(NotAdded::Taken);
        }
        self.insert(Cow::Owned(more.to_owned()), (field, u8::MAX));
        Ok(())
    }

    /// Whether a key of this name has a meaning anywhere in an article, so that its line may be shown.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.article_key(key).or(look_up(PROVIDER_KEYS, key)).or(look_up(IMAGE_KEYS, key)).is_some()
    }

    pub(super) fn field(&self, level: Level, key: &str) -> Option<Known> {
        match level {
            Level::Article => self.article_key(key),
            Level::Provider => look_up(PROVIDER_KEYS, key),
            Level::Image => look_up(IMAGE_KEYS, key),
            Level::Unknown => None,
        }
    }
}

fn look_up(keys: &[(Field, &[&str])], key: &str) -> Option<Known> {
    for (field, names) in keys {
        for (rank, name) in (0..).zip(*names) {
            if *name == key {
                return Some((*field, rank));
            }
        }
    }
    None
}
