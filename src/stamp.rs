//! Stamps: a number for a file that changes when the file does, told without reading it.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::SystemTime;

/// A number that stands for what is hashed, the same in every run of one program.
#[must_use]
pub fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What changes of a file when it is changed, restored with an old date, or replaced by one of the same size.
#[must_use]
pub fn of(folder: &Path, name: &OsStr, metadata: &std::fs::Metadata) -> u64 {
    let path = (folder.as_os_str().as_encoded_bytes(), name.as_encoded_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let times = (metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec());
        digest((path, metadata.len(), times, metadata.ino(), metadata.dev()))
    }
    #[cfg(not(unix))]
    digest((path, metadata.len(), metadata.modified().ok(), metadata.created().ok()))
}

/// The time at which a file was changed last, by the clock of the file system where it has one: the time of modification can be
/// set to anything, and lies in the future where another machine made the file.
#[must_use]
pub fn newest(metadata: &std::fs::Metadata) -> SystemTime {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let changed = u64::try_from(metadata.ctime()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(changed + 1)
    }
    #[cfg(not(unix))]
    metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}
