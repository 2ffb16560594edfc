//! Paths of very many files in little memory: each folder once, and the names one behind the other.

use std::cmp::Ordering;
use std::ffi::{OsStr, OsString};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// A list of files. A path of its own for each would cost more than all that is known of the article in it.
#[derive(Clone, Debug, Default)]
pub struct Files {
    folders: Vec<PathBuf>,
    names: String,
    /// Names that are not Unicode, or too long for a file system that we know.
    odd: Vec<OsString>,
    list: Vec<File>,
}

/// One file.
#[derive(Clone, Copy, Debug)]
struct File {
    /// Where its name begins in `names`, or its place in `odd`.
    start: u64,
    folder: u32,
    /// Bytes of the name; 0 for an odd one.
    len: u16,
}

impl Files {
    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The path of the file at a place of the list; empty if the list has no such place.
    #[must_use]
    pub fn path(&self, place: usize) -> PathBuf {
        let Some(&file) = self.list.get(place) else { return PathBuf::new() };
        self.folders[file.folder as usize].join(self.name(file))
    }

    fn name(&self, file: File) -> &OsStr {
        let start = usize::try_from(file.start).unwrap_or(usize::MAX);
        match file.len {
            0 => self.odd.get(start).map(OsString::as_os_str).unwrap_or_default(),
            len => OsStr::new(self.names.get(start..start + usize::from(len)).unwrap_or_default()),
        }
    }

    /// Adds a file. Those of one folder come one behind the other.
    pub fn push(&mut self, folder: &Path, name: &OsStr) {
        if self.folders.last().is_none_or(|last| last != folder) {
            self.folders.push(folder.to_owned());
        }
        let folder = narrow(self.folders.len() - 1);
        let length = |text: &str| u16::try_from(text.len()).ok().filter(|len| *len > 0);
        let file = if let Some((text, len)) = name.to_str().and_then(|text| Some((text, length(text)?))) {
            self.names.push_str(text);
            File { start: (self.names.len() - text.len()) as u64, folder, len }
        } else {
            self.odd.push(name.to_owned());
            File { start: self.odd.len() as u64 - 1, folder, len: 0 }
        };
        self.list.push(file);
    }

    /// Adds the files of another list.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let (folders, names, odd) = (narrow(self.folders.len()), self.names.len() as u64, self.odd.len() as u64);
        self.folders.extend(other.folders);
        self.names.push_str(&other.names);
        self.odd.extend(other.odd);
        let moved = |file: File| {
            let before = if file.len == 0 { odd } else { names };
            File { start: file.start + before, folder: file.folder + folders, ..file }
        };
        self.list.extend(other.list.into_iter().map(moved));
    }

    /// Gives folders other names.
    pub fn rename_folders(&mut self, mut other: impl FnMut(&Path) -> Option<PathBuf>) {
        for folder in &mut self.folders {
            if let Some(renamed) = other(folder) {
                *folder = renamed;
            }
        }
    }

    /// Puts the files in the order of their paths, byte by byte, each once.
    pub fn sort(&mut self) {
        let starts: Vec<Vec<u8>> = self.folders.iter().map(|folder| start_of_paths(folder)).collect();
        let mut list = std::mem::take(&mut self.list);
        let order = |a: &File, b: &File| {
            let (name, other) = (self.name(*a).as_encoded_bytes(), self.name(*b).as_encoded_bytes());
            if a.folder == b.folder {
                return name.cmp(other);
            }
            let (start, other_start) = (&starts[a.folder as usize], &starts[b.folder as usize]);
            let both = start.len().min(other_start.len());
            // The rest is of interest only if one of the folders lies in the other.
            start[..both].cmp(&other_start[..both]).then_with(|| {
                let rest = |start: &'_ [u8], name: &'_ [u8]| [start, name].concat();
                rest(&start[both..], name).cmp(&rest(&other_start[both..], other))
            })
        };
        // The files of a folder are beside each other. Sorting them first leaves long runs to the second, stable sort.
        for run in list.chunk_by_mut(|a, b| a.folder == b.folder) {
            run.sort_unstable_by(order);
        }
        list.sort_by(order);
        list.dedup_by(|a, b| order(a, b) == Ordering::Equal);
        self.list = list;
    }
}

/// What the paths of files in a folder begin with.
fn start_of_paths(folder: &Path) -> Vec<u8> {
    let mut start = folder.as_os_str().as_encoded_bytes().to_vec();
    if start.last().is_some_and(|last| !std::path::is_separator(char::from(*last))) {
        let mut separator = [0; 4];
        start.extend_from_slice(MAIN_SEPARATOR.encode_utf8(&mut separator).as_bytes());
    }
    start
}

impl<P: AsRef<Path>> FromIterator<P> for Files {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        let mut files = Self::default();
        for path in paths {
            let path = path.as_ref();
            files.push(path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        }
        files
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(files: &Files) -> Vec<PathBuf> {
        (0..files.len()).map(|place| files.path(place)).collect()
    }

    proptest! {
        #[test]
        fn a_list_holds_what_paths_would(
            files in prop::collection::vec(("(a|b|a/b|a/b/c|a-|a/)?", "[a-c./]?[a-é]{1,3}"), 0..12),
            split in any::<prop::sample::Index>(),
        ) {
            let files: Vec<(PathBuf, String)> = files.into_iter().map(|(folder, name)| (folder.into(), name.replace('/', "x"))).collect();
            let (left, right) = files.split_at(split.index(files.len() + 1));
            let list = |part: &[(PathBuf, String)]| {
                let mut list = Files::default();
                for (folder, name) in part {
                    list.push(folder, OsStr::new(name));
                }
                list
            };
            let mut all = list(left);
            all.append(list(right));
            let mut expected: Vec<PathBuf> = files.iter().map(|(folder, name)| folder.join(name)).collect();
            prop_assert_eq!(paths(&all), expected.clone());
            all.sort();
            expected.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
            expected.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
            prop_assert_eq!(paths(&all), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt;
        let mut files = Files::default();
        for name in [&b"b"[..], b"a\xff", b"a"] {
            files.push(Path::new("f"), OsStr::from_bytes(name));
        }
        let mut more = Files::default();
        more.push(Path::new("f"), OsStr::from_bytes(b"\xfe"));
        files.append(more);
        files.sort();
        let expected: Vec<PathBuf> =
            [&b"f/a"[..], b"f/a\xff", b"f/b", b"f/\xfe"].iter().map(|path| OsStr::from_bytes(path).into()).collect();
        assert_eq!(paths(&files), expected);
        assert_eq!(files.path(9), PathBuf::new());
    }
}
