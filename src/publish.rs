//! Publishing: the only stage that touches the output folder. First everything is looked at, and what differs is laid out in
//! a [`stage`]; then files are replaced one by one, each at once, the manifest last. A [`lock`] keeps other runs away.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::encoding::Encoding;
use crate::error::FolderError;
use crate::format::{self, Format, Formats};
use crate::manifest::{self, Manifest};
use crate::report::Changes;
use crate::topic::Slug;

pub mod lock;
mod place;
pub mod stage;

/// An output folder, and what it holds from earlier runs.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// What was published before.
    pub published: Manifest,
    /// Whether feedmill wrote here before.
    pub used: bool,
}

impl Folder {
    /// A folder in which nothing was published yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), published: Manifest::default(), used: false }
    }

    /// Looks at an output folder; it need not exist yet. Nothing is changed.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        refuse_file(path)?;
        let file = path.join(manifest::FILE_NAME);
        if fs::metadata(&file).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(FolderError::new(
                &file,
                "this is not a regular file",
                "take it away, or choose another folder with `--out`",
            ));
        }
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == NotFound => {
                return Ok(Self::new(path));
            }
            Err(error) => return Err(FolderError::new(&file, format!("cannot be read: {error}"), "")),
        };
        let published = Manifest::parse(&bytes).map_err(|why| {
            let help = "if it was damaged, delete it: the next run writes it anew; topics whose folders were decided by it may then get others";
            FolderError::new(&file, format!("this is not a manifest of feedmill: {why}"), help)
        })?;
        Ok(Self { path: path.to_owned(), published, used: true })
    }

    /// Refuses files of others where ours would go, unless they are to be adopted. Nothing is changed.
    ///
    /// With each path comes the id of the feed that is to stand there: where the manifest is lost, a feed with another id is
    /// another topic's, or another site's.
    pub fn claim<'p>(&self, feeds: impl IntoIterator<Item = (&'p str, &'p str)>, adopt: bool) -> Result<(), FolderError> {
        for (path, id) in feeds.into_iter().chain([(manifest::FILE_NAME, "")]) {
            let file = self.path.join(path);
            let problem = folders(&self.path, path).find_map(|folder| in_the_way(&folder, false));
            let problem = problem.or_else(|| in_the_way(&file, true));
            if let Some(problem) = problem {
                return Err(problem);
            }
            // People write an `index.html` of their own more readily than a feed: one that has taken the place of ours since is
            // theirs, though the manifest has it.
            let ours = path == manifest::FILE_NAME || (self.published.files.contains_key(path) && !is_page(path));
            if ours || adopt || !file.exists() {
                continue;
            }
            let start = start(&file);
            if let Some(other) = format::feed_id(&start).filter(|other| *other != id) {
                let message = format!("this is the feed {other}, and another one would take its place");
                return Err(FolderError::new(
                    &file,
                    message,
                    "choose another folder with `--out`, or let it be replaced with `--adopt`",
                ));
            }
            if !format::is_marked(&start) {
                let pages = if path.ends_with(Formats::PAGE_FILE_NAME) { "leave `pages` out of `formats`, " } else { "" };
                return Err(FolderError::new(
                    &file,
                    "feedmill did not write this file, and does not replace it",
                    format!("{pages}choose another folder with `--out`, or let it be replaced with `--adopt`"),
                ));
            }
        }
        Ok(())
    }

    /// The start of a file, as far as what tells one feed from another stands in it; empty if there is none.
    #[must_use]
    pub fn start(&self, path: &str) -> String {
        start(&self.path.join(path))
    }

    /// Folders for topics in which a feed of ours lies, as far as it says so.
    #[must_use]
    pub fn feed_folders(&self) -> BTreeSet<Slug> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let slugs = folders.filter_map(|entry| Slug::parse(entry.file_name().to_str()?).ok());
        let is_ours = |slug: &Slug| Format::ALL.iter().any(|format| format::is_marked(&self.start(&format.path(Some(slug)))));
        slugs.filter(is_ours).collect()
    }

    /// Whether a file is there, or something keeps from seeing whether it is.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        !fs::symlink_metadata(self.path.join(path)).is_err_and(|error| is_gone(&error))
    }

    /// What a file holds; nothing if there is none. `Err`: it is there, and cannot be read.
    pub fn read_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let file = self.path.join(path);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            // A folder in its place is somebody else's.
            Err(error) if is_gone(&error) || error.kind() == IsADirectory => Ok(None),
            Err(error) => Err(FolderError::new(&file, format!("cannot be read: {error}"), "make it readable for this user")),
        }
    }

    /// Whether the file has other bytes, or is not there.
    pub fn differs(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        let file = self.path.join(path);
        match fs::metadata(&file) {
            Ok(metadata) if metadata.len() != bytes.len() as u64 => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == NotFound => return Ok(true),
            Err(error) => return Err(FolderError::new(&file, format!("cannot be read: {error}"), "")),
        }
        holds_other(&file, bytes).map_err(|error| FolderError::new(&file, format!("cannot be read: {error}"), ""))
    }
}

/// Whether nothing is there, nor can be: a file may lie where a folder on the way was.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), NotFound | NotADirectory)
}

/// Refuses a file that is named for the output folder.
pub fn refuse_file(path: &Path) -> Result<(), FolderError> {
    if path.exists() && !path.is_dir() {
        return Err(FolderError::new(path, "the output folder is a file", "choose another folder with `--out`"));
    }
    if path.is_symlink() && !path.exists() {
        let help = "make the folder that it leads to, or choose another one with `--out`";
        return Err(FolderError::new(path, "the output folder is a symbolic link that leads nowhere", help));
    }
    Ok(())
}

/// Every folder between the output folder and a file in it, from the top.
fn folders(out: &Path, path: &str) -> impl Iterator<Item = PathBuf> {
    path.match_indices('/').map(move |(at, _)| out.join(&path[..at]))
}

/// What is wrong with what lies where a folder or a file of ours goes; nothing is wrong with nothing.
fn in_the_way(place: &Path, file: bool) -> Option<FolderError> {
    let metadata = fs::symlink_metadata(place).ok()?;
    let (message, help) = match file {
        _ if metadata.is_symlink() => ("this is a symbolic link, which is not written through", ELSEWHERE),
        true if metadata.is_dir() => ("a folder is where a file has to go", ELSEWHERE),
        true if !metadata.is_file() => ("this is not a regular file", ELSEWHERE),
        false if !metadata.is_dir() => ("a file is where a folder has to go", "take it away, or give the topic another `slug`"),
        _ => return None,
    };
    Some(FolderError::new(place, message, help))
}

const ELSEWHERE: &str = "take it away, or choose another folder with `--out`";

/// Whether a path of ours is that of a page.
fn is_page(path: &str) -> bool {
    path.rsplit('/').next() == Some(Formats::PAGE_FILE_NAME)
}

/// Whether a file has other bytes than these; no more of it is read than is needed to tell.
fn holds_other(file: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let mut rest = bytes;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(!rest.is_empty()),
            Ok(read) => match rest.strip_prefix(&buffer[..read]) {
                Some(more) => rest = more,
                None => return Ok(true),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes within which the mark stands: before it come a title and a few addresses, which can be long.
const MARK_WITHIN: u64 = 64 * 1024;

/// The start of a file, as far as what tells one feed from another stands in it.
fn start(file: &Path) -> String {
    // What cannot be read has no mark.
    let Ok(opened) = File::open(file) else { return String::new() };
    let mut start = Vec::new();
    match file.to_str().and_then(Encoding::of) {
        Some((encoding, _)) => start = encoding.start(opened, MARK_WITHIN),
        None => drop(opened.take(MARK_WITHIN).read_to_end(&mut start)),
    }
    String::from_utf8_lossy(&start).into_owned()
}

/// The manifest of a run: what is written now, and what is kept of what was there.
///
/// A feed whose topic has gone stays, with its files, unless its folder is `led` to another feed now; so does a file of a format
/// that is no longer written. A file that somebody took away is not ours any more.
#[must_use]
pub fn succeed(folder: &Folder, mut next: Manifest, led: &BTreeSet<Slug>, changes: &mut Changes) -> Manifest {
    let published = &folder.published;
    for (path, file) in &published.files {
        if !next.files.contains_key(path) && folder.has(path) {
            next.files.insert(path.clone(), file.clone());
        }
    }
    for (key, feed) in &published.feeds {
        if next.feeds.contains_key(key) || feed.slug.as_ref().is_some_and(|slug| led.contains(slug)) {
            continue;
        }
        let name = feed.slug.as_ref().map(|slug| slug.as_str().to_owned()).unwrap_or_default();
        if feed.stale {
            changes.stale.insert(name)
        } else {
            changes.gone.insert(name)
        };
        next.feeds.insert(key.clone(), manifest::Feed { stale: true, held: false, ..feed.clone() });
    }
    next
}
