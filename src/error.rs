//! What is said to people: [`Error`] stops a run, a [`Diagnostic`] concerns one article or one feed and stops nothing else.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::site::SiteError;

/// Why a run could not be carried out. The exit status is 2, and what was published stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The site file cannot be used.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// An article folder that cannot be read.
    #[error("{}: cannot read this folder: {cause}", shown(.path))]
    Articles {
        /// The folder as it was given.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// An article that cannot be read for want of what all reading needs: that it is left out must not pass for news.
    #[error("{}: cannot be read: {cause}\n  help: {EXHAUSTED}", shown(.path))]
    Exhausted {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// The output folder cannot be used, or must not be touched.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The output cannot be brought to its destination.
    #[error("{place}: {message}{}", help_line(.help))]
    Delivery {
        /// The destination, or one object in it.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// Another run is publishing to the same destination.
    #[error("{place}: {OVERTAKEN}\n  help: {AGAIN}")]
    Overtaken {
        /// The destination.
        place: String,
    },
    /// What this build of the program cannot do.
    #[error("{what}: this feedmill was built without it\n  help: build it with `--features {feature}`")]
    LeftOut {
        /// What was asked for.
        what: &'static str,
        /// The Cargo feature that it takes.
        feature: &'static str,
    },
    /// Another run is changing the output folder.
    #[error("{}: another run is writing here; with `--wait` this one waits for it", shown(.path))]
    Busy {
        /// The output folder.
        path: PathBuf,
    },
}

const OVERTAKEN: &str = "another run is publishing here, and has the last word";
const AGAIN: &str = "let one publish at a time; the next run completes what is missing";

/// What to do where too many files are open.
pub(crate) const EXHAUSTED: &str = "let the run have more open files (`ulimit -n`); nothing was published";

/// Whether the system has run out of what every file needs to be opened: then it is not the file that is wrong.
#[must_use]
pub fn is_exhausted(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    {
        let code = error.raw_os_error();
        [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::NOMEM]
            .iter()
            .any(|exhausted| code == Some(exhausted.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        error.kind() == std::io::ErrorKind::OutOfMemory
    }
}

impl Error {
    /// The same as a finding, for who lists findings.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::Site(error) => {
                let whole = Diagnostic::of_file(Severity::Error, &shown(&error.path), &error.message, &error.help);
                Diagnostic { line: error.line, column: error.column, ..whole }
            }
            Self::Articles { path, cause } => {
                Diagnostic::of_file(Severity::Error, &shown(path), format!("cannot read this folder: {cause}"), "")
            }
            Self::Exhausted { path, cause } => {
                Diagnostic::of_file(Severity::Error, &shown(path), format!("cannot be read: {cause}"), EXHAUSTED)
            }
            Self::Delivery { place, message, help } => Diagnostic::of_file(Severity::Error, place, message, help),
            Self::Overtaken { place } => Diagnostic::of_file(Severity::Error, place, OVERTAKEN, AGAIN),
            Self::LeftOut { what, feature } => {
                let message = format!("{what}: this feedmill was built without it");
                Diagnostic::of_file(Severity::Error, "", message, format!("build it with `--features {feature}`"))
            }
            Self::Folder(error) => Diagnostic::of_file(Severity::Error, &shown(&error.path), &error.message, &error.help),
            Self::Busy { path } => {
                Diagnostic::of_file(Severity::Error, &shown(path), "another run is writing here", "wait for it with `--wait`")
            }
        }
    }
}

/// Why an output folder cannot be used, or must not be touched.
#[derive(Debug, thiserror::Error)]
#[error("{}: {message}{}", shown(.path), help_line(.help))]
pub struct FolderError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl FolderError {
    /// An error about this file or folder.
    #[must_use]
    pub fn new(path: &Path, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into(), help: help.into() }
    }
}

/// What to do, on a line of its own below what is wrong.
#[must_use]
pub fn help_line(help: &str) -> String {
    if help.is_empty() { String::new() } else { format!("\n  help: {help}") }
}

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something was left out; `check` and `--strict` fail.
    Error,
    /// Something was mended or guessed; worth a look.
    Warning,
    /// Shown with `-v` only.
    Note,
}

impl Severity {
    /// The word that stands in the message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A finding about one place in one file.
///
/// Its text never holds a value that could be secret: only the names of known fields, and the source line where that line
/// belongs to a known field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// The file (or folder) as the user would name it.
    pub path: String,
    /// Line, counted from 1 in the file; 0 when the file as a whole is meant.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the line is 0.
    pub column: usize,
    /// What is wrong: one lowercase sentence without a full stop.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
    /// The source line, if it may be shown.
    pub excerpt: Option<Excerpt>,
}

/// The source line of a [`Diagnostic`] and the part of it that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or the part of it around the caret.
    pub text: String,
    /// Characters before the marked part.
    pub before: usize,
    /// Characters that are marked, at least one.
    pub marked: usize,
}

/// Characters of a source line that are shown at most.
const EXCERPT_WIDTH: usize = 96;

impl Diagnostic {
    /// A finding about a file as a whole.
    #[must_use]
    pub fn of_file(severity: Severity, path: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity, path: path.to_owned(), line: 0, column: 0, message: message.into(), help: help.into(), excerpt: None }
    }

    /// The order of a report: by path, then position, then text, so that threads never show.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let key = |d: &Self| (d.line, d.column, d.severity);
        self.path.cmp(&other.path).then_with(|| key(self).cmp(&key(other))).then_with(|| self.message.cmp(&other.message))
    }
}

impl Excerpt {
    /// The source line around `marked` characters after the first `before`; long lines are cut around the marked part.
    #[must_use]
    pub fn new(line: &str, before: usize, marked: usize) -> Self {
        let characters: Vec<char> = line.trim_end().chars().collect();
        let before = before.min(characters.len());
        let marked = marked.clamp(1, (characters.len() - before).max(1));
        let start = if before + marked.min(40) + 8 <= EXCERPT_WIDTH { 0 } else { before - before.min(24) };
        let end = characters.len().min(start + EXCERPT_WIDTH);
        let mut text = String::new();
        let mut shift = 0;
        if start > 0 {
            text.push('…');
            shift = 1;
        }
        text.extend(characters[start..end].iter().map(|&c| printable(c)));
        let shown = end.saturating_sub(before).max(1);
        if end < characters.len() {
            text.push('…');
        }
        Self { text, before: before - start + shift, marked: marked.min(shown) }
    }
}

/// The character itself, or a stand-in for one that could steer a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    }
}

/// Text of a stranger (a path, a name) made safe to print on a terminal.
#[must_use]
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\u{fffd}' } else { printable(c) }).collect()
}

/// A path as a user would write it: `seeds/../feeds` is `feeds`, and nothing in it steers a terminal.
#[must_use]
pub fn shown(path: &Path) -> String {
    let mut short = PathBuf::new();
    for part in path.components() {
        let above = part == Component::ParentDir && matches!(short.components().next_back(), Some(Component::Normal(_)));
        if above {
            short.pop();
        } else if part != Component::CurDir {
            short.push(part);
        }
    }
    // What is left of `.` is nothing.
    if short.as_os_str().is_empty() { ".".to_owned() } else { safe(&short.to_string_lossy()) }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&safe(&self.path))?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity.word(), safe(&self.message))?;
        if let Some(excerpt) = &self.excerpt {
            let number = self.line.to_string();
            write!(f, "\n  {number} | {}", excerpt.text)?;
            write!(
                f,
                "\n  {:width$} | {:before$}{}",
                "",
                "",
                "^".repeat(excerpt.marked),
                width = number.len(),
                before = excerpt.before
            )?;
        }
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", safe(&self.help))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_shows_place_line_caret_and_remedy() {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            path: "news/a.md".into(),
            line: 5,
            column: 20,
            message: "this date cannot be read".into(),
            help: "write it like 2020-11-13T18:07:00Z".into(),
            excerpt: Some(Excerpt::new("publishedDateTime: yesterday", 19, 9)),
        };
        assert_eq!(
            diagnostic.to_string(),
            "news/a.md:5:20: error: this date cannot be read\n  5 | publishedDateTime: yesterday\n    |                    ^^^^^^^^^\n  help: write it like 2020-11-13T18:07:00Z"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_what_is_meant() {
        let line = format!("excerpt: {}BAD{}", "a".repeat(300), "b".repeat(300));
        let excerpt = Excerpt::new(&line, 309, 3);
        assert!(excerpt.text.chars().count() <= EXCERPT_WIDTH + 2);
        let shown: String = excerpt.text.chars().skip(excerpt.before).take(excerpt.marked).collect();
        assert_eq!(shown, "BAD");
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_printed() {
        let diagnostic = Diagnostic::of_file(Severity::Warning, "a\u{1b}[31m\nb", "x\u{202e}y", "");
        assert_eq!(diagnostic.to_string(), "a\u{fffd}[31m\u{fffd}b: warning: x\u{fffd}y");
        assert_eq!(Excerpt::new("a\u{7}b", 0, 1).text, "a\u{fffd}b");
    }

    #[test]
    fn errors_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
    }
}
