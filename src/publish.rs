//! Publishing: the only stage that touches the output folder. First everything is looked at, then files are replaced one by
//! one, each at once and only if its bytes differ, the manifest last.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::FolderError;
use crate::format::{self, Formats};
use crate::manifest::{self, Manifest};
use crate::report::Changes;

/// How the names of temporary files begin and end.
const TEMPORARY: (&str, &str) = (".feedmill-", ".tmp");
/// How old a temporary file is that nobody is writing any more.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

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
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.exists() && !path.is_dir() {
                    return Err(FolderError::new(path, "the output folder is a file", "choose another folder with `--out`"));
                }
                return Ok(Self::new(path));
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(FolderError::new(path, "the output folder is a file", "choose another folder with `--out`"));
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
            let folder = file.parent().filter(|folder| *folder != self.path);
            for place in folder.into_iter().chain([file.as_path()]) {
                match fs::symlink_metadata(place) {
                    Ok(metadata) if metadata.is_symlink() => {
                        return Err(FolderError::new(
                            place,
                            "this is a symbolic link, which is not written through",
                            "take it away, or choose another folder with `--out`",
                        ));
                    }
                    Ok(metadata) if place == file && metadata.is_dir() => {
                        return Err(FolderError::new(
                            place,
                            "a folder is where a feed has to go",
                            "take it away, or choose another folder with `--out`",
                        ));
                    }
                    Ok(metadata) if place == file && !metadata.is_file() => {
                        return Err(FolderError::new(
                            place,
                            "this is not a regular file",
                            "take it away, or choose another folder with `--out`",
                        ));
                    }
                    Ok(metadata) if place != file && !metadata.is_dir() => {
                        return Err(FolderError::new(
                            place,
                            "a file is where a folder has to go",
                            "take it away, or give the topic another `slug`",
                        ));
                    }
                    _ => {}
                }
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

    /// What a file holds, if it can be read.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.path.join(path)).ok()
    }

    /// What a file holds; nothing if there is none. `Err`: it is there, and cannot be read.
    pub fn read_if_there(&self, path: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let file = self.path.join(path);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FolderError::new(&file, format!("cannot be read: {error}"), "")),
        }
    }

    /// Whether the file has other bytes, or is not there.
    pub fn differs(&self, path: &str, bytes: &[u8]) -> Result<bool, FolderError> {
        let file = self.path.join(path);
        match fs::metadata(&file) {
            Ok(metadata) if metadata.len() != bytes.len() as u64 => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(FolderError::new(&file, format!("cannot be read: {error}"), "")),
        }
        holds_other(&file, bytes).map_err(|error| FolderError::new(&file, format!("cannot be read: {error}"), ""))
    }

    /// Puts the bytes in the place of the file, at once: whoever reads it sees the old ones or the new ones, whole.
    pub fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let file = self.path.join(path);
        let folder = file.parent().unwrap_or(&self.path);
        let failed =
            |error: io::Error| FolderError::new(&file, format!("cannot be written: {error}"), "this file stays as it was");
        fs::create_dir_all(folder).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
        // A temporary file is for its owner only; a feed is for everybody whom the umask lets, or as it was.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut temporary = builder.tempfile_in(folder).map_err(failed)?;
        sweep(folder, temporary.path());
        temporary.write_all(bytes).map_err(failed)?;
        if let Ok(metadata) = fs::metadata(&file) {
            temporary.as_file().set_permissions(metadata.permissions()).map_err(failed)?;
        }
        temporary.as_file().sync_all().map_err(failed)?;
        temporary.persist(&file).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Sees to it that the new names of files like this one, which were replaced before, are on the disk: they are there only
    /// when their folder is.
    pub fn settle(&self, path: &str) {
        let file = self.path.join(path);
        // Not every file system can do it, and none needs it to be right.
        if let Ok(folder) = File::open(file.parent().unwrap_or(&self.path)) {
            let _ = folder.sync_all();
        }
    }
}

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

/// Takes away temporary files that a killed run left behind: those that are an hour older than `fresh`, since another run may
/// be writing just now.
fn sweep(folder: &Path, fresh: &Path) {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let Some(now) = modified(fresh) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let ours = name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1);
        if ours && modified(&entry.path()).is_some_and(|then| then + LEFT_BEHIND < now) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The start of a file, as far as what tells one feed from another stands in it.
fn start(file: &Path) -> String {
    let mut start = Vec::new();
    // What cannot be read has no mark.
    let _ = File::open(file).and_then(|file| file.take(MARK_WITHIN).read_to_end(&mut start));
    String::from_utf8_lossy(&start).into_owned()
}

/// The manifest of a run: what is written now, and what is kept of what was there.
///
/// A feed whose topic has gone stays, with its files; so does a file of a format that is no longer written.
#[must_use]
pub fn succeed(published: &Manifest, mut next: Manifest, former: &BTreeSet<String>, changes: &mut Changes) -> Manifest {
    for (path, file) in &published.files {
        next.files.entry(path.clone()).or_insert_with(|| file.clone());
    }
    for (key, feed) in &published.feeds {
        if next.feeds.contains_key(key) {
            continue;
        }
        let name = feed.slug.as_ref().map(|slug| slug.as_str().to_owned()).unwrap_or_default();
        if !former.contains(&name) {
            if feed.stale {
                changes.stale.insert(name)
            } else {
                changes.gone.insert(name)
            };
        }
        next.feeds.insert(key.clone(), manifest::Feed { stale: true, ..feed.clone() });
    }
    next
}
