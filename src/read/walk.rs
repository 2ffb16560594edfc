//! Which files of a folder can be articles.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::SystemTime;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Diagnostic, Severity, is_exhausted};
use crate::files::Files;
use crate::stamp;
use crate::threads::together;

/// Endings of files that can hold an article.
const ENDINGS: &[&str] = &["md", "markdown", "html", "txt"];
/// Folders that begin with `_` and hold articles all the same.
const UNDERSCORED: &[&str] = &["_posts", "_news"];
/// Folders of other people's files.
const FOREIGN: &[&str] = &["node_modules", "vendor"];

/// Which paths below a folder of articles are read: `include` and `exclude` of the site file, and what is never read.
#[derive(Clone, Debug)]
pub struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
    /// Words of the `include` globs: a folder that is named there is read even if its like is not.
    named: HashSet<String>,
    /// The output folder, as the system knows it.
    out: Option<PathBuf>,
}

impl Selection {
    /// Globs of the site file; a glob without `/` is about the name of a file or folder anywhere. `Err`: one that is none.
    pub fn new(include: &[String], exclude: &[String], out: &Path) -> Result<Self, String> {
        Ok(Self {
            include: if include.is_empty() { None } else { Some(globs(include)?) },
            exclude: globs(exclude)?,
            named: include.iter().flat_map(|glob| glob.split('/')).map(str::to_owned).collect(),
            out: out.canonicalize().ok(),
        })
    }

    /// Whether a file at this path below the folder of articles is read.
    fn reads(&self, path: &Path) -> bool {
        path.parent().is_none_or(|parent| parent.ancestors().all(|folder| folder.as_os_str().is_empty() || self.enters(folder)))
            && self.takes(path)
    }

    fn takes(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        self.takes_name(name) && self.include.as_ref().is_none_or(|globs| globs.is_match(path)) && !self.exclude.is_match(path)
    }

    /// Whether a folder's own name, or a file's, speaks against it.
    fn enters(&self, path: &Path) -> bool {
        self.enters_name(path.file_name().unwrap_or_default()) && !self.exclude.is_match(path)
    }

    /// As [`Self::takes`], as far as the name tells. Most files need no more than that, nor a path of their own.
    fn takes_name(&self, name: &OsStr) -> bool {
        let ending = || {
            let name = name.as_encoded_bytes();
            let dot = memchr::memrchr(b'.', name).filter(|dot| *dot > 0)?;
            Some(&name[dot + 1..])
        };
        let included = self.include.is_some()
            || ending().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes())));
        included && self.enters_name(name)
    }

    fn enters_name(&self, name: &OsStr) -> bool {
        let is_among = |names: &[&str]| names.iter().any(|known| name == *known);
        let unusual = match name.as_encoded_bytes().first() {
            Some(b'.') => true,
            Some(b'_') => !is_among(UNDERSCORED),
            _ => is_among(FOREIGN),
        };
        !unusual || self.named.contains(&*name.to_string_lossy())
    }

    /// Whether the path of a file matters besides its name.
    fn has_globs(&self) -> bool {
        self.include.is_some() || !self.exclude.is_empty()
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anchored = pattern.trim_end_matches('/').trim_start_matches("./");
        let pattern = if anchored.contains('/') { anchored.trim_start_matches('/').to_owned() } else { format!("**/{anchored}") };
        set.add(GlobBuilder::new(&pattern).literal_separator(true).build().map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// The files to read, in the order of their folders until they are sorted.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The files.
    pub files: Files,
    /// What could not be read, or must not.
    pub diagnostics: Vec<Diagnostic>,
    /// A number that changes when any file is changed, comes or goes.
    pub stamp: u64,
    /// The newest time of any file.
    pub newest: SystemTime,
    /// A folder that could not be opened for want of what every file needs, and what the system said.
    pub exhausted: Option<(PathBuf, String)>,
}

impl Default for Sources {
    fn default() -> Self {
        Self { files: Files::default(), diagnostics: Vec::new(), stamp: 0, newest: SystemTime::UNIX_EPOCH, exhausted: None }
    }
}

impl Sources {
    /// The same in the order of paths.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.files.sort();
        self.diagnostics.sort_by(Diagnostic::order);
        self
    }

    fn add(&mut self, folder: &Path, name: &OsStr, metadata: &Metadata) {
        // A sum does not depend on the order of a folder.
        self.stamp = self.stamp.wrapping_add(stamp::of(folder, name, metadata));
        self.newest = self.newest.max(stamp::newest(metadata));
        self.files.push(folder, name);
    }

    /// As [`Self::add`], of a file that was named by itself.
    fn add_file(&mut self, path: &Path, metadata: &Metadata) {
        self.add(path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default(), metadata);
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.stamp = self.stamp.wrapping_add(stamp::digest((&diagnostic.path, &diagnostic.message)));
        self.diagnostics.push(diagnostic);
    }

    fn warn(&mut self, path: &Path, message: &str, help: &str) {
        self.report(Diagnostic::of_file(Severity::Warning, &path.to_string_lossy(), message, help));
    }

    fn special(&mut self, path: &Path, kind: FileType) {
        let what = what(kind);
        self.report(Diagnostic::of_file(
            Severity::Error,
            &path.to_string_lossy(),
            format!("this is {what} and not a regular file; it is not read"),
            "take it out of the folder, or leave it out with `exclude`",
        ));
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        if is_exhausted(error) {
            self.exhausted = Some((path.to_owned(), error.to_string()));
        }
        self.report(Diagnostic::of_file(
            Severity::Error,
            &path.to_string_lossy(),
            format!("this folder cannot be read: {error}"),
            "make it readable for this user, or leave it out with `exclude`",
        ));
    }

    fn merge(&mut self, other: Self) {
        self.files.append(other.files);
        self.diagnostics.extend(other.diagnostics);
        self.stamp = self.stamp.wrapping_add(other.stamp);
        self.newest = self.newest.max(other.newest);
        self.exhausted = self.exhausted.take().or(other.exhausted);
    }
}

/// Walks folders of articles, with so many threads. `Err`: a folder that is not there or cannot be read.
pub fn walk(folders: &[PathBuf], selection: &Selection, threads: usize) -> Result<Sources, (PathBuf, std::io::Error)> {
    let mut walk = Walk { selection, threads, sources: Sources::default(), entered: HashSet::new() };
    for folder in folders {
        let failed = |error| (folder.clone(), error);
        let metadata = fs::metadata(folder).map_err(failed)?;
        if metadata.is_file() {
            walk.sources.add_file(folder, &metadata);
            continue;
        }
        let root = folder.canonicalize().map_err(failed)?;
        list(folder).map_err(failed)?;
        let Found { sources, mut links, .. } = walk.below(folder, PathBuf::new(), &root);
        walk.sources.merge(sources);
        // What a link leads to may be a file that is read anyway, and that is known only after everything else.
        links.sort_unstable();
        for link in links {
            walk.link(folder, &link, &root);
        }
    }
    Ok(walk.sources)
}

/// Opens a folder, however often that is interrupted: the standard library sees to it for files alone.
fn list(folder: &Path) -> std::io::Result<fs::ReadDir> {
    loop {
        match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            listed => return listed,
        }
    }
}

struct Walk<'a> {
    selection: &'a Selection,
    threads: usize,
    sources: Sources,
    /// Folders and linked files that were read, as the system knows them: each is read once.
    entered: HashSet<PathBuf>,
}

/// What one thread has found.
#[derive(Default)]
struct Found {
    sources: Sources,
    /// Symbolic links, relative to the folder of articles.
    links: Vec<PathBuf>,
    /// Folders that were read, as the system knows them.
    entered: Vec<PathBuf>,
    /// Folders still to be read, relative to the folder of articles.
    folders: Vec<PathBuf>,
}

/// The folders that wait to be read, and how many are being read, each of which may hold more.
struct Queue {
    waiting: Vec<PathBuf>,
    busy: usize,
}

/// A folder is being read, until this is dropped: also by a panic, after which the others would wait for ever.
struct Busy<'q> {
    queue: &'q Mutex<Queue>,
    changed: &'q Condvar,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).busy -= 1;
        self.changed.notify_all();
    }
}

impl Walk<'_> {
    /// Everything below one folder, however deep; what is found does not depend on the order of folders.
    fn below(&mut self, base: &Path, start: PathBuf, root: &Path) -> Found {
        let queue = Mutex::new(Queue { waiting: vec![start], busy: 0 });
        let changed = Condvar::new();
        let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
        let work = || {
            let mut found = Found::default();
            let mut state = lock();
            loop {
                if let Some(folder) = state.waiting.pop() {
                    state.busy += 1;
                    drop(state);
                    let busy = Busy { queue: &queue, changed: &changed };
                    self.folder(base, &folder, root, &mut found);
                    lock().waiting.append(&mut found.folders);
                    drop(busy);
                    state = lock();
                } else if state.busy == 0 {
                    return found;
                } else {
                    state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        let mut all = Found::default();
        for found in together(self.threads, work) {
            all.sources.merge(found.sources);
            all.links.extend(found.links);
            all.entered.extend(found.entered);
        }
        self.entered.extend(all.entered.drain(..));
        all
    }

    /// The files of one folder, and the folders and links in it.
    fn folder(&self, base: &Path, below: &Path, root: &Path, found: &mut Found) {
        let path = base.join(below);
        // Only links can lead to a folder twice, and links are resolved: the name that the system knows is unique.
        let known = root.join(below);
        if self.selection.out.as_ref() == Some(&known) || self.entered.contains(&known) {
            return;
        }
        found.entered.push(known);
        let entries = match list(if path.as_os_str().is_empty() { Path::new(".") } else { &path }) {
            Ok(entries) => entries,
            Err(error) => return found.sources.unreadable(&path, &error),
        };
        for entry in entries {
            let (entry, kind) = match entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind))) {
                Ok(found) => found,
                Err(error) => return found.sources.unreadable(&path, &error),
            };
            let name = entry.file_name();
            let below = || below.join(&name);
            if kind.is_dir() || kind.is_symlink() {
                let below = below();
                if self.selection.enters(&below) {
                    if kind.is_dir() { &mut found.folders } else { &mut found.links }.push(below);
                }
                continue;
            }
            if !self.selection.takes_name(&name) || (self.selection.has_globs() && !self.selection.takes(&below())) {
                continue;
            }
            if !kind.is_file() {
                found.sources.special(&path.join(&name), kind);
                continue;
            }
            // Relative to the open folder, which is half the cost of asking by path.
            match entry.metadata() {
                Ok(metadata) => found.sources.add(&path, &name, &metadata),
                // It vanished since the folder was read.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => found.sources.unreadable(&path.join(&name), &error),
            }
        }
    }

    /// A symbolic link: followed only to a place below the folder of articles.
    fn link(&mut self, base: &Path, below: &Path, root: &Path) {
        let path = base.join(below);
        let Ok((target, metadata)) = path.canonicalize().and_then(|target| Ok((target.clone(), target.metadata()?))) else {
            if self.selection.takes(below) {
                self.sources.warn(&path, "this link leads nowhere; it is not read", "mend the link, or take it away");
            }
            return;
        };
        if !wanted(self.selection, below, &metadata) {
            return;
        }
        let Ok(inside) = target.strip_prefix(root) else {
            self.sources.warn(
                &path,
                "this link leads out of the article folder; it is not read",
                "name the folder that it leads to as well: `feedmill build ARTICLES…`",
            );
            return;
        };
        if metadata.is_dir() {
            // The links in it are those of the folder itself, which were found under its own name.
            let readable = inside.ancestors().all(|folder| folder.as_os_str().is_empty() || self.selection.enters(folder));
            if !readable && !inside.as_os_str().is_empty() {
                let mut sources = self.below(root, inside.to_owned(), root).sources;
                // Shown under the name that the user gave them.
                sources.files.rename_folders(|folder| {
                    let rest = folder.strip_prefix(&target).ok()?;
                    // Joining nothing would add a slash.
                    Some(if rest.as_os_str().is_empty() { path.clone() } else { path.join(rest) })
                });
                self.sources.merge(sources);
            }
        } else if metadata.is_file() {
            if !self.selection.reads(inside) && self.entered.insert(target) {
                self.sources.add_file(&path, &metadata);
            }
        } else {
            self.sources.special(&path, metadata.file_type());
        }
    }
}

/// Whether a link is of interest: any folder, and files that look like articles.
fn wanted(selection: &Selection, below: &Path, target: &Metadata) -> bool {
    target.is_dir() || selection.takes(below)
}

#[cfg(unix)]
fn what(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn what(_: FileType) -> &'static str {
    "something special"
}
