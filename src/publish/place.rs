//! Where a file of the output goes, held fast: whatever becomes of the names of its folders meanwhile, no link is followed out of
//! the output folder, and nothing is put or taken away elsewhere.

use std::io;
use std::path::Path;

/// The folder of a file in the output folder.
pub(super) struct Place<'p> {
    #[cfg(unix)]
    folder: std::os::fd::OwnedFd,
    #[cfg(not(unix))]
    folder: std::path::PathBuf,
    name: &'p str,
}

#[cfg(unix)]
impl<'p> Place<'p> {
    /// The place of a file; its folders are made where that is wanted. `path` is relative to the output folder, with `/`, and may
    /// begin with `..` for the files of a host.
    pub(super) fn of(out: &Path, path: &'p str, make: bool) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, mkdirat, open, openat};
        use rustix::io::{Errno, retry_on_intr};

        // A folder that must not be listed will do, where the system can open it so.
        #[cfg(target_os = "linux")]
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::PATH;
        #[cfg(not(target_os = "linux"))]
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder = retry_on_intr(|| open(out, flags, Mode::empty()))?;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            let below = || retry_on_intr(|| openat(&folder, part, flags | OFlags::NOFOLLOW, Mode::empty()));
            folder = match below() {
                Err(Errno::NOENT) if make => {
                    match mkdirat(&folder, part, Mode::from_raw_mode(0o777)) {
                        Err(Errno::EXIST) | Ok(()) => {}
                        Err(error) => return Err(error.into()),
                    }
                    below()
                }
                opened => opened,
            }
            .map_err(|error| match error {
                Errno::LOOP | Errno::MLINK | Errno::NOTDIR => {
                    io::Error::new(io::ErrorKind::NotADirectory, "a link or a file is where a folder of its path was")
                }
                error => error.into(),
            })?;
        }
        Ok(Self { folder, name })
    }

    /// Puts a file that waits elsewhere here, in the place of what may be here.
    pub(super) fn put(&self, waiting: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat(rustix::fs::CWD, waiting, &self.folder, self.name)?)
    }

    /// Takes the file away.
    pub(super) fn remove(&self) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.folder, self.name, rustix::fs::AtFlags::empty())?)
    }

    /// Takes the folder of this name away, if it is empty.
    pub(super) fn remove_folder(&self) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.folder, self.name, rustix::fs::AtFlags::REMOVEDIR)?)
    }
}

#[cfg(not(unix))]
impl<'p> Place<'p> {
    /// As above, but a folder that becomes a link between this and what is done here is not seen.
    pub(super) fn of(out: &Path, path: &'p str, make: bool) -> io::Result<Self> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        if super::folders(out, path).any(|folder| folder.is_symlink()) {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "a link or a file is where a folder of its path was"));
        }
        let folder = out.join(folders);
        if make {
            std::fs::create_dir_all(&folder)?;
        }
        Ok(Self { folder, name })
    }

    pub(super) fn put(&self, waiting: &Path) -> io::Result<()> {
        std::fs::rename(waiting, self.folder.join(self.name))
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(self.folder.join(self.name))
    }

    pub(super) fn remove_folder(&self) -> io::Result<()> {
        std::fs::remove_dir(self.folder.join(self.name))
    }
}
