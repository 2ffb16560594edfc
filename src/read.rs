//! Reading: a file's bytes to an article. Used by the first reading ([`crate::index`]) and the second ([`crate::fetch`]).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::article::{Article, Embeds, KnownBy};
use crate::error::{Diagnostic, Severity, is_exhausted};
use crate::text::Mojibake;

mod body;
pub mod date;
pub mod embed;
pub mod field;
pub mod front_matter;
pub mod plain_yaml;
mod salvage;
mod showable;
mod sound;
pub mod tree;
pub mod walk;
pub mod yaml;

/// Why a file of Hugo's other kind is no article.
pub const TOML: &str = "its front matter is TOML (`+++`), which is not read";

/// A file larger than this is not read.
const MAX_FILE: u64 = 1024 * 1024;

/// What the meaning of an article file depends on besides its bytes.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The names of front matter keys.
    pub names: field::Names,
    /// The zone of dates that have none.
    pub zone: Tz,
    /// Whether mojibake is repaired.
    pub mojibake: Mojibake,
    /// Whether players are shown in frames.
    pub embeds: Embeds,
    /// The run's one reading of the clock.
    pub now: DateTime<Utc>,
    /// Whether what an article says is wanted. Where it is not, texts, pictures and related links are only checked: the
    /// first reading keeps nothing of them.
    pub whole: bool,
    /// Whether the full text below the front matter is wanted.
    pub full_text: bool,
    /// What the first reading takes of articles, besides what it always does.
    pub keep: Keep,
    /// Which dates were met.
    pub dates: Arc<Span>,
}

impl Rules {
    /// Reads a date, and remembers when it comes or came.
    fn date(&self, text: &str) -> Option<DateTime<Utc>> {
        date::parse(text, self.zone).inspect(|date| self.dates.meet(*date, self.now))
    }

    /// The date that a file name begins with.
    fn date_of_name(&self, name: &str) -> Option<DateTime<Utc>> {
        date::of_file_name(name, self.zone).inspect(|date| self.dates.meet(*date, self.now))
    }
}

/// What dials look at in articles: what nobody looks at need not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Measures, type, category and provider.
    pub facts: bool,
    /// The title.
    pub titles: bool,
}

/// The span of clock time, in seconds of Unix time, in which every date that was met stays in the past or in the future.
#[derive(Debug)]
pub struct Span {
    last: AtomicI64,
    next: AtomicI64,
}

impl Default for Span {
    fn default() -> Self {
        Self { last: AtomicI64::new(i64::MIN), next: AtomicI64::new(i64::MAX) }
    }
}

impl Span {
    /// The last date up to the clock that dates were met by, and the first one after it.
    #[must_use]
    pub fn get(&self) -> (i64, i64) {
        (self.last.load(Ordering::Relaxed), self.next.load(Ordering::Relaxed))
    }

    fn meet(&self, date: DateTime<Utc>, now: DateTime<Utc>) {
        self.turn(date.timestamp(), now);
    }

    /// Notes a time, in seconds of Unix time, at which something comes or goes.
    pub fn turn(&self, date: i64, now: DateTime<Utc>) {
        // Looking first keeps threads from wrestling for what hardly ever changes.
        if date > now.timestamp() {
            if date < self.next.load(Ordering::Relaxed) {
                self.next.fetch_min(date, Ordering::Relaxed);
            }
        } else if date > self.last.load(Ordering::Relaxed) {
            self.last.fetch_max(date, Ordering::Relaxed);
        }
    }
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An article.
    Article(Box<Article>),
    /// An article that is retracted and not in order otherwise: what its story is known by.
    Retracted(KnownBy),
    /// Not an article, and why.
    Other(&'static str),
    /// An article with errors, which were reported.
    Faulty,
    /// It could not be read this time, which was reported.
    Unread,
    /// It was there a moment ago.
    Vanished,
    /// Nobody knows: the system has no more of what it takes to open a file. What it said.
    Exhausted(String),
}

/// The memory that reading takes, for one file after another.
#[derive(Debug, Default)]
pub struct Desk {
    /// A file's bytes, at its start. It never gets smaller, so that it is cleared once.
    bytes: Vec<u8>,
    tree: tree::Tree,
}

/// Reads the file at `path`, whose name for people is `source`.
pub fn file(rules: &Rules, path: &Path, source: &str, desk: &mut Desk, diagnostics: &mut Vec<Diagnostic>) -> Found {
    let length = match contents(path, &mut desk.bytes) {
        Ok(Contents::Whole(length)) => length,
        Ok(Contents::NoFrontMatter) => return Found::Other("no front matter"),
        Ok(Contents::Toml) => return Found::Other(TOML),
        Ok(Contents::TooLarge(bytes)) => {
            let message = format!("the file has {bytes} bytes, and more than 1 MiB is not read");
            diagnostics.push(Diagnostic::of_file(Severity::Error, source, message, "split it, or leave it out with `exclude`"));
            return Found::Faulty;
        }
        Err(error) if is_exhausted(&error) => return Found::Exhausted(error.to_string()),
        // The walk has seen it. Whoever takes a file away while a run is at work might as well have come before.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Vanished,
        Err(error) => {
            diagnostics.push(Diagnostic::of_file(
                Severity::Error,
                source,
                format!("cannot be read: {error}"),
                "make it readable for this user, or leave it out with `exclude`",
            ));
            // What a user may do changes with the file; any other fault may be gone in the next run.
            let lasts = error.kind() == io::ErrorKind::PermissionDenied;
            return if lasts { Found::Faulty } else { Found::Unread };
        }
    };
    let name = source.rsplit(std::path::is_separator).next().unwrap_or_default();
    front_matter::read(rules, source, name, &desk.bytes[..length], &mut desk.tree, diagnostics)
}

enum Contents {
    /// So many bytes.
    Whole(usize),
    NoFrontMatter,
    Toml,
    TooLarge(u64),
}

/// What most articles have at most: a file without front matter is let go after it.
const START: usize = 16 * 1024;

/// Reads a file that begins with front matter; of any other no more than its start.
fn contents(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Contents> {
    let (mut file, size) = open(path)?;
    let start = fill(&mut file, size, buffer, 0, START)?;
    if !front_matter::begins(&buffer[..start]) {
        let toml = buffer[..start].starts_with(b"+++\n") || buffer[..start].starts_with(b"+++\r");
        return Ok(if toml { Contents::Toml } else { Contents::NoFrontMatter });
    }
    if size > MAX_FILE {
        return Ok(Contents::TooLarge(size));
    }
    // One byte more than there may be tells whether there are more.
    let most = usize::try_from(MAX_FILE).unwrap_or(usize::MAX) + 1;
    let length = if start < START { start } else { fill(&mut file, size, buffer, start, most)? };
    Ok(if length == most { Contents::TooLarge(length as u64) } else { Contents::Whole(length) })
}

/// Reads on at `length` until the file ends or `most` bytes are there; says how many are.
fn fill(file: &mut File, size: u64, buffer: &mut Vec<u8>, mut length: usize, most: usize) -> io::Result<usize> {
    if buffer.len() < most {
        buffer.resize(most, 0);
    }
    while length < most {
        let read = match file.read(&mut buffer[length..most]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        length += read;
        // A regular file gives less than it is asked for only at its end: asking again would cost as much as reading.
        if read == 0 || (length < most && length as u64 >= size) {
            break;
        }
    }
    Ok(length)
}

/// Opens a regular file, and says how long it is. The walk has seen that it is one, but it may have been replaced since: a FIFO
/// must not block.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, metadata.len()))
}
