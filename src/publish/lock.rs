//! One run at a time on one output folder.
//!
//! The folder itself is locked, so that nothing has to lie in it for it: no server shows it and no upload takes it along. Where
//! a folder cannot be locked (Windows, NFS), a file in it is. Either way a lock goes with its run, however that ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked where the folder cannot be.
const FILE_NAME: &str = ".feedmill-lock";

/// What the system says of a folder that was there a moment ago: whoever had made it took it away again.
const WENT: [io::ErrorKind; 2] = [io::ErrorKind::NotFound, io::ErrorKind::AlreadyExists];
/// How often that is taken for chance.
const LOST: usize = 100;

/// An output folder that no other run may change.
#[derive(Debug)]
pub struct Lock {
    /// What is locked.
    file: File,
    /// The file that was made for it.
    own: Option<PathBuf>,
    /// Folders that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

/// What became of the wish to lock.
#[derive(Debug)]
pub enum Attempt {
    /// Nobody else may change the folder now.
    Locked(Lock),
    /// Another run is changing it.
    Busy,
}

impl Lock {
    /// Locks a folder, which is made if need be; `wait` until nobody else has locked it.
    pub fn take(folder: &Path, wait: bool) -> io::Result<Attempt> {
        // `feeds/.` is `feeds`, but not to the system while there is none.
        let folder = &folder.components().collect::<PathBuf>();
        let made = missing(folder);
        let mut lost = 0;
        loop {
            let opened = match open(folder) {
                Err(error) if WENT.contains(&error.kind()) && lost < LOST => {
                    lost += 1;
                    continue;
                }
                opened => opened?,
            };
            let Some(Ok(attempt)) = opened.map(|file| lock(file, wait)) else {
                return take_file(folder, wait, made);
            };
            let Some(file) = attempt else { return Ok(Attempt::Busy) };
            // Whoever had it may have taken the folder away, which it had made for nothing.
            if is_at(&file, folder) {
                return Ok(Attempt::Locked(Self { file, own: None, made }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.own {
            let _ = fs::remove_file(path);
        }
        // A run that published nothing leaves no folder: one with anything in it is not taken away.
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
        // To close it would not do: a process that is being started by another thread has it open too, for a moment.
        let _ = self.file.unlock();
    }
}

/// The folders of this path that are not there yet, the innermost first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let named = folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    named.map(Path::to_path_buf).collect()
}

/// The folder, which is made if need be; nothing where folders cannot be opened.
fn open(folder: &Path) -> io::Result<Option<File>> {
    fs::create_dir_all(folder)?;
    match File::open(folder) {
        Err(error) if WENT.contains(&error.kind()) => Err(error),
        opened => Ok(opened.ok()),
    }
}

/// What was opened, locked; nothing if another run has it.
fn lock(file: File, wait: bool) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) if wait => file.lock().map(|()| Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn take_file(folder: &Path, wait: bool, made: Vec<PathBuf>) -> io::Result<Attempt> {
    let path = folder.join(FILE_NAME);
    loop {
        let file = File::options().write(true).create(true).truncate(false).open(&path)?;
        let Some(file) = lock(file, wait)? else { return Ok(Attempt::Busy) };
        // Whoever had it may have taken the file away between: then it is another one that others lock.
        if is_at(&file, &path) {
            return Ok(Attempt::Locked(Lock { file, own: Some(path), made }));
        }
    }
}

/// Whether this very file lies at the path.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        file.metadata().map(place).ok() == fs::metadata(path).map(place).ok()
    }
    // Elsewhere a file that is open cannot be taken away.
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Take = fn(&Path, bool) -> io::Result<Attempt>;

    const WAYS: [Take; 2] = [Lock::take, |folder, wait| take_file(folder, wait, Vec::new())];

    #[test]
    fn one_run_at_a_time() {
        for take in WAYS {
            let folder = tempfile::tempdir().expect("a folder");
            let first = take(folder.path(), false).expect("a lock");
            assert!(matches!(first, Attempt::Locked(_)));
            assert!(matches!(take(folder.path(), false), Ok(Attempt::Busy)));
            drop(first);
            assert!(matches!(take(folder.path(), false), Ok(Attempt::Locked(_))));
            assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        }
    }

    #[test]
    fn who_waits_has_it_when_the_other_is_done() {
        for take in WAYS {
            let base = tempfile::tempdir().expect("a folder");
            let count = std::sync::atomic::AtomicUsize::new(0);
            let turn = || {
                let lock = take(base.path(), true).expect("a lock");
                assert!(matches!(lock, Attempt::Locked(_)));
                let before = count.load(std::sync::atomic::Ordering::Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(1));
                count.store(before + 1, std::sync::atomic::Ordering::Relaxed);
            };
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    // Who comes again may find another file than those who still wait.
                    scope.spawn(|| (0..10).for_each(|_| turn()));
                }
            });
            assert_eq!(count.into_inner(), 80, "never two at once");
        }
    }

    /// The first makes the folder, and takes it away while others wait for it, or are about to look at it.
    #[cfg(unix)]
    #[test]
    fn a_folder_that_goes_and_comes_is_one_folder() {
        for round in 0..200 {
            let base = tempfile::tempdir().expect("a folder");
            let folder = base.path().join("public/feeds");
            let count = std::sync::atomic::AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let lock = Lock::take(&folder, true).expect("a lock");
                        let Attempt::Locked(lock) = lock else { panic!("a lock") };
                        assert!(lock.own.is_none(), "others lock the folder");
                        let before = count.load(std::sync::atomic::Ordering::Relaxed);
                        std::thread::sleep(std::time::Duration::from_micros(10));
                        count.store(before + 1, std::sync::atomic::Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(count.into_inner(), 8, "never two at once: {round}");
        }
    }

    #[test]
    fn a_lock_goes_though_another_process_has_its_file_open() {
        for take in WAYS {
            let folder = tempfile::tempdir().expect("a folder");
            let Ok(Attempt::Locked(lock)) = take(folder.path(), false) else { panic!("a lock") };
            let inherited = lock.file.try_clone().expect("what a child has until it runs a program of its own");
            drop(lock);
            assert!(matches!(take(folder.path(), false), Ok(Attempt::Locked(_))));
            drop(inherited);
        }
    }

    #[test]
    fn a_folder_that_was_made_for_nothing_goes_again() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("public/feeds");
        drop(Lock::take(&folder, false).expect("a lock"));
        assert!(!base.path().join("public").exists());
        let lock = Lock::take(&folder, false).expect("a lock");
        fs::write(folder.join("rss.xml"), "").expect("a file");
        drop(lock);
        assert!(folder.join("rss.xml").exists());
    }
}
