//! Reading: a file's bytes to an article. Used by the first reading ([`crate::index`]) and the second ([`crate::fetch`]).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::article::{Article, KnownBy};
use crate::error::{Diagnostic, Severity};
use crate::text::Mojibake;

pub mod date;
pub mod embed;
pub mod front_matter;
pub mod plain_yaml;
mod salvage;
mod showable;
mod sound;
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
    pub names: yaml::Names,
    /// The zone of dates that have none.
    pub zone: Tz,
    /// Whether mojibake is repaired.
    pub mojibake: Mojibake,
    /// The run's one reading of the clock.
    pub now: DateTime<Utc>,
    /// Whether what an article says is wanted. Where it is not, texts, pictures and related links are only checked: the
    /// first reading keeps nothing of them.
    pub whole: bool,
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
        let date = date.timestamp();
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
}

/// Reads the file at `path`, whose name for people is `source`, through a buffer that is used again.
pub fn file(rules: &Rules, path: &Path, source: &str, buffer: &mut Vec<u8>, diagnostics: &mut Vec<Diagnostic>) -> Found {
    match contents(path, buffer) {
        Ok(Contents::Whole) => {}
        Ok(Contents::NoFrontMatter) => return Found::Other("no front matter"),
        Ok(Contents::Toml) => return Found::Other(TOML),
        Ok(Contents::TooLarge(bytes)) => {
            let message = format!("the file has {bytes} bytes, and more than 1 MiB is not read");
            diagnostics.push(Diagnostic::of_file(Severity::Error, source, message, "split it, or leave it out with `exclude`"));
            return Found::Faulty;
        }
        Err(error) => {
            diagnostics.push(Diagnostic::of_file(
                Severity::Error,
                source,
                format!("cannot be read: {error}"),
                "make it readable for this user, or leave it out with `exclude`",
            ));
            return Found::Faulty;
        }
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    front_matter::read(rules, source, name, buffer, diagnostics)
}

enum Contents {
    Whole,
    NoFrontMatter,
    Toml,
    TooLarge(u64),
}

/// Reads a file that begins with front matter; of any other no more than its start.
fn contents(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Contents> {
    let mut file = open(path)?;
    let size = file.metadata()?.len();
    buffer.clear();
    // As much as most articles have: a file without front matter is let go after it.
    Read::by_ref(&mut file).take(16 * 1024).read_to_end(buffer)?;
    if !front_matter::begins(buffer) {
        let toml = buffer.starts_with(b"+++\n") || buffer.starts_with(b"+++\r");
        return Ok(if toml { Contents::Toml } else { Contents::NoFrontMatter });
    }
    if size > MAX_FILE {
        return Ok(Contents::TooLarge(size));
    }
    file.take(MAX_FILE + 1 - buffer.len() as u64).read_to_end(buffer)?;
    if buffer.len() as u64 > MAX_FILE {
        return Ok(Contents::TooLarge(buffer.len() as u64));
    }
    Ok(Contents::Whole)
}

/// Opens a regular file. The walk has seen that it is one, but it may have been replaced since: a FIFO must not block.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}
