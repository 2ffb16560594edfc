//! What a run is going to change, laid out beside the output and put in its place at one go.
//!
//! Files are written and synced in a folder of the output folder's own, where nothing that fails harms what is published. Then
//! the plan is written; from there on the run is decided: whoever is killed while files are renamed is completed by the next
//! run, and before it nothing has happened. So no run ends between two states, and what the manifest says is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::{in_the_way, is_gone};
use crate::error::FolderError;
use crate::report::Changes;

/// The folder in which files wait. Its name begins with a dot, so that no server that is set up with care shows it.
pub const FOLDER: &str = ".feedmill-run";

const PLAN: &str = "plan.json";
const DRAFT: &str = "plan.tmp";

/// When a file is put in its place: what others lead to comes before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Turn {
    /// Stylesheets and the like, without which a page looks broken.
    Asset,
    /// Feeds.
    Feed,
    /// What leads to feeds: the list of them, pages, and what a host has to know.
    List,
    /// What is taken away, since nothing leads to it any more.
    Removal,
    /// The manifest, which says that all is there.
    Manifest,
}

/// One file that is to be put in its place or taken away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Step {
    turn: Turn,
    /// Where it goes, relative to the output folder, with `/`.
    path: String,
    /// The number that it waits under; none if the file at the path is taken away.
    waits: Option<usize>,
}

/// Where the changes of a run wait.
#[derive(Debug)]
pub struct Stage<'f> {
    out: &'f Path,
    staged: Mutex<Staged>,
}

#[derive(Debug, Default)]
struct Staged {
    begun: bool,
    steps: BTreeMap<String, Step>,
    next: usize,
    decided: bool,
}

impl<'f> Stage<'f> {
    /// A stage in an output folder. Nothing is made before there is something to wait.
    #[must_use]
    pub fn new(out: &'f Path) -> Self {
        Self { out, staged: Mutex::default() }
    }

    /// Lays out a file. Of two with one path, the later counts.
    pub fn put(&self, turn: Turn, path: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let target = self.out.join(path);
        let failed = |error: io::Error| failed(&target, &error);
        let number = self.number().map_err(failed)?;
        let waiting = self.out.join(FOLDER).join(number.to_string());
        self.can_be_put(&target)?;
        let mut file = File::create_new(&waiting).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        // A new file is for everybody whom the umask lets; an old one keeps the mode that it was given.
        if let Ok(metadata) = fs::metadata(&target) {
            file.set_permissions(metadata.permissions()).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        self.add(Step { turn, path: path.to_owned(), waits: Some(number) });
        Ok(())
    }

    /// Marks a file to be taken away.
    pub fn remove(&self, path: &str) {
        self.add(Step { turn: Turn::Removal, path: path.to_owned(), waits: None });
    }

    /// Puts everything in its place: in turn, and each file at once, so that whoever reads it sees the old one or the new one,
    /// whole.
    pub fn apply(self) -> Result<(), FolderError> {
        let steps = {
            let mut staged = self.staged();
            let mut steps: Vec<Step> = std::mem::take(&mut staged.steps).into_values().collect();
            if steps.is_empty() {
                return Ok(());
            }
            steps.sort_unstable();
            let folder = self.out.join(FOLDER);
            staged.begun = true;
            make(&folder).and_then(|()| write_plan(&folder, &steps)).map_err(|error| failed(self.out, &error))?;
            staged.decided = true;
            steps
        };
        carry_out(self.out, &steps)
    }

    /// The number of the next file. The folder in which it waits is there then.
    fn number(&self) -> io::Result<usize> {
        let mut staged = self.staged();
        if !staged.begun {
            make(&self.out.join(FOLDER))?;
            staged.begun = true;
        }
        staged.next += 1;
        Ok(staged.next)
    }

    fn add(&self, step: Step) {
        let old = self.staged().steps.insert(step.path.clone(), step);
        if let Some(number) = old.and_then(|step| step.waits) {
            let _ = fs::remove_file(self.out.join(FOLDER).join(number.to_string()));
        }
    }

    fn staged(&self) -> std::sync::MutexGuard<'_, Staged> {
        // A thread that panicked ends the run anyway.
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be seen before anything is replaced is said before: that a folder must not be written, or is not on the same
    /// disk, which a file cannot be renamed to.
    fn can_be_put(&self, target: &Path) -> Result<(), FolderError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let Some(folder) = target.parent() else { return Ok(()) };
            let (Ok(there), Ok(here)) = (fs::metadata(folder), fs::metadata(self.out.join(FOLDER))) else { return Ok(()) };
            if there.dev() != here.dev() {
                let message = "this folder is on another file system than the output folder, and files cannot be put in their place at once";
                return Err(FolderError::new(folder, message, "keep the output folder on one file system"));
            }
            let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
            rustix::fs::access(folder, access).map_err(|error| failed(target, &error.into()))?;
        }
        #[cfg(not(unix))]
        let _ = target;
        Ok(())
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        let staged = self.staged.get_mut().unwrap_or_else(PoisonError::into_inner);
        // What is decided is completed by the next run, if this one could not.
        if staged.begun && !staged.decided {
            clear(&self.out.join(FOLDER));
        }
    }
}

fn failed(target: &Path, error: &io::Error) -> FolderError {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room; nothing was replaced",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable for this user, or choose another one with `--out`; nothing was replaced"
        }
        _ => "nothing was replaced",
    };
    FolderError::new(target, format!("cannot be written: {error}"), help)
}

/// Makes the folder in which files wait, empty.
fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(folder) => Ok(()),
        made => made,
    }
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Decides: from when the plan has its name, it is what happens.
fn write_plan(folder: &Path, steps: &[Step]) -> io::Result<()> {
    let draft = folder.join(DRAFT);
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec(steps)?)?;
    file.sync_all()?;
    // The files have to be there before the plan is.
    sync(folder);
    fs::rename(&draft, folder.join(PLAN))?;
    sync(folder);
    Ok(())
}

/// Carries out a plan, or the rest of it.
fn carry_out(out: &Path, steps: &[Step]) -> Result<(), FolderError> {
    let stage = out.join(FOLDER);
    let mut touched: BTreeSet<PathBuf> = BTreeSet::new();
    for step in steps {
        let target = out.join(&step.path);
        let folder = target.parent().unwrap_or(out).to_path_buf();
        if step.turn == Turn::Manifest {
            // Whoever finds the manifest after a power failure finds all that it says.
            settle(&touched);
        }
        let outcome = match step.waits {
            Some(number) => put_in_place(&stage.join(number.to_string()), out, &step.path),
            None => take_away(out, &step.path),
        };
        outcome.map_err(|error| {
            let help = "what is not replaced yet stays as it was; the next run goes on here";
            FolderError::new(&target, format!("cannot be put in its place: {error}"), help)
        })?;
        touched.insert(folder);
    }
    sync(out);
    clear(&stage);
    Ok(())
}

fn put_in_place(waiting: &Path, out: &Path, path: &str) -> io::Result<()> {
    match Place::of(out, path, true)?.put(waiting) {
        // A run that was killed has done it.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !waiting.exists() => Ok(()),
        done => done,
    }
}

/// Takes a file away, and its folder if that is empty then.
fn take_away(out: &Path, path: &str) -> io::Result<()> {
    // It is ours, but what lies behind a link that was put in its way since is not.
    match Place::of(out, path, false).and_then(|place| place.remove()) {
        Err(error) if !is_gone(&error) => return Err(error),
        _ => {}
    }
    if let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| !folder.ends_with("..")) {
        let _ = Place::of(out, folder, false).and_then(|place| place.remove_folder());
    }
    Ok(())
}

/// Completes what a killed run had decided, and clears away what it had not; says what it changed.
pub fn recover(out: &Path) -> Result<Changes, FolderError> {
    let stage = out.join(FOLDER);
    let mut changes = Changes::default();
    // To take what cannot be read for nothing would let what is decided go, half done.
    let unread =
        |error: io::Error| FolderError::new(&stage, format!("cannot be read: {error}"), "make it readable for this user");
    match fs::symlink_metadata(&stage) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(changes),
        Err(error) => return Err(unread(error)),
        Ok(_) => {}
    }
    if let Some(problem) = in_the_way(&stage, false) {
        return Err(problem);
    }
    let plan = match fs::read(stage.join(PLAN)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => Some(read.map_err(unread)?),
    };
    let plan = plan.and_then(|bytes| serde_json::from_slice::<Vec<Step>>(&bytes).ok());
    let Some(steps) = plan.filter(|steps| steps.iter().all(|step| stays_near(&step.path))) else {
        clear(&stage);
        return Ok(changes);
    };
    for step in &steps {
        let target = out.join(&step.path);
        let folder = target.parent().filter(|folder| *folder != out);
        let problem = folder.and_then(|folder| in_the_way(folder, false)).or_else(|| in_the_way(&target, true));
        if let Some(problem) = problem {
            return Err(problem);
        }
        let paths = if step.waits.is_some() { &mut changes.written } else { &mut changes.removed };
        paths.insert(step.path.clone());
    }
    carry_out(out, &steps)?;
    Ok(changes)
}

/// Whether a path leads to the output folder, or to folders above it, as the files of a host do, and nowhere else.
fn stays_near(path: &str) -> bool {
    let below = Path::new(path).components().skip_while(|part| *part == Component::ParentDir);
    below.clone().next().is_some() && below.into_iter().all(|part| matches!(part, Component::Normal(_)))
}

/// Takes away what waits: nothing else, should somebody have put it there.
fn clear(stage: &Path) {
    // The plan last but one: without it, a run that is killed here has decided nothing that is not done.
    for name in [PLAN, DRAFT] {
        let _ = fs::remove_file(stage.join(name));
    }
    for entry in fs::read_dir(stage).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let _ = fs::remove_dir(stage);
}

fn settle(folders: &BTreeSet<PathBuf>) {
    for folder in folders {
        sync(folder);
    }
}

/// Sees to it that the names in a folder are on the disk.
fn sync(folder: &Path) {
    // Not every file system can do it, and none needs it to be right.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                    found.insert(name, fs::read_to_string(&path).expect("text"));
                }
            }
        }
        found
    }

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn staged(out: &Path) -> Stage<'_> {
        fs::write(out.join("old.xml"), "old").expect("a file");
        fs::create_dir(out.join("gone")).expect("a folder");
        fs::write(out.join("gone/rss.xml"), "old").expect("a file");
        let stage = Stage::new(out);
        for (turn, path, text) in [
            (Turn::Manifest, "feedmill.json", "new"),
            (Turn::Feed, "old.xml", "first"),
            (Turn::Feed, "ai/rss.xml", "new"),
            (Turn::Feed, "old.xml", "new"),
        ] {
            stage.put(turn, path, text.as_bytes()).expect("it is laid out");
        }
        stage.remove("gone/rss.xml");
        stage.remove("gone/never.xml");
        stage
    }

    const BEFORE: &[(&str, &str)] = &[("gone/rss.xml", "old"), ("old.xml", "old")];
    const AFTER: &[(&str, &str)] = &[("ai/rss.xml", "new"), ("feedmill.json", "new"), ("old.xml", "new")];

    #[test]
    fn everything_is_put_in_its_place_and_nothing_is_left() {
        let out = tempfile::tempdir().expect("a folder");
        staged(out.path()).apply().expect("it is applied");
        assert_eq!(files(out.path()), pairs(AFTER));
        assert!(!out.path().join("gone").exists() && !out.path().join(FOLDER).exists());
    }

    #[test]
    fn what_is_not_decided_has_not_happened() {
        let out = tempfile::tempdir().expect("a folder");
        drop(staged(out.path()));
        assert_eq!(files(out.path()), pairs(BEFORE));
        assert!(!out.path().join(FOLDER).exists());
        // A killed run does not even clear away.
        let killed = Stage::new(out.path());
        killed.put(Turn::Feed, "old.xml", b"new").expect("it is laid out");
        std::mem::forget(killed);
        assert!(out.path().join(FOLDER).exists());
        assert_eq!(recover(out.path()).expect("it is recovered"), Changes::default());
        assert_eq!(files(out.path()), pairs(BEFORE));
        assert!(!out.path().join(FOLDER).exists());
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_not_none() {
        let out = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(out.path().join(FOLDER).join(PLAN)).expect("a folder");
        let error = recover(out.path()).expect_err("nobody knows what was decided");
        assert!(error.message.starts_with("cannot be read: "), "{error:?}");
        assert!(out.path().join(FOLDER).exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_became_a_link_after_it_was_looked_at_leads_nowhere() {
        let (out, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::create_dir(out.path().join("ai")).expect("a folder");
        let stage = Stage::new(out.path());
        stage.put(Turn::Feed, "ai/rss.xml", b"new").expect("laid out");
        stage.remove("ai/old.xml");
        fs::write(outside.path().join("old.xml"), "theirs").expect("a file");
        fs::remove_dir(out.path().join("ai")).expect("gone");
        std::os::unix::fs::symlink(outside.path(), out.path().join("ai")).expect("a link");
        let error = stage.apply().expect_err("a link is in the way");
        assert_eq!(error.message, "cannot be put in its place: a link or a file is where a folder of its path was");
        assert_eq!(files(outside.path()), pairs(&[("old.xml", "theirs")]));
        // What is decided waits until the link is gone.
        assert!(recover(out.path()).is_err());
        fs::remove_file(out.path().join("ai")).expect("gone");
        recover(out.path()).expect("it is recovered");
        assert_eq!(files(out.path()), pairs(&[("ai/rss.xml", "new")]));
    }

    #[test]
    fn what_is_decided_is_completed_wherever_a_run_was_killed() {
        for done in 0..=5 {
            let out = tempfile::tempdir().expect("a folder");
            let stage = staged(out.path());
            let mut steps: Vec<Step> = stage.staged().steps.values().cloned().collect();
            steps.sort_unstable();
            assert_eq!(steps.len(), 5);
            write_plan(&out.path().join(FOLDER), &steps).expect("a plan");
            for step in &steps[..done] {
                match step.waits {
                    Some(number) => put_in_place(&out.path().join(FOLDER).join(number.to_string()), out.path(), &step.path),
                    None => take_away(out.path(), &step.path),
                }
                .expect("a step");
            }
            std::mem::forget(stage);
            let changes = recover(out.path()).expect("it is recovered");
            assert_eq!(changes.written.len() + changes.removed.len(), 5, "all of it is told");
            assert_eq!(files(out.path()), pairs(AFTER), "after {done} steps");
            assert!(!out.path().join(FOLDER).exists());
        }
    }

    /// Whoever finds the manifest finds all that it says, and what leads nowhere any more goes after what led to it.
    #[test]
    fn a_step_that_fails_is_where_the_next_run_goes_on() {
        let out = tempfile::tempdir().expect("a folder");
        let stage = staged(out.path());
        // It came when everything had been looked at.
        let in_the_way = out.path().join("gone/never.xml");
        fs::create_dir_all(in_the_way.join("x")).expect("a folder");
        let error = stage.apply().expect_err("a folder is no file");
        assert_eq!(
            (error.path, error.help.as_str()),
            (in_the_way.clone(), "what is not replaced yet stays as it was; the next run goes on here")
        );
        let now = |path: &str| fs::read_to_string(out.path().join(path)).unwrap_or_default();
        let found = ["ai/rss.xml", "old.xml", "gone/rss.xml", "feedmill.json"].map(now);
        assert_eq!(found, ["new", "new", "old", ""], "feeds, then what goes, then the manifest");
        fs::remove_dir_all(in_the_way).expect("a folder");
        recover(out.path()).expect("it is recovered");
        assert_eq!(files(out.path()), pairs(AFTER));
        assert!(!out.path().join(FOLDER).exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_completed_through_a_link() {
        use std::os::unix::fs::symlink;
        let (out, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let stage = out.path().join(FOLDER);
        fs::write(elsewhere.path().join("1"), "x").expect("a file");
        symlink(elsewhere.path(), &stage).expect("a link");
        assert!(recover(out.path()).is_err());
        assert_eq!(files(elsewhere.path()), pairs(&[("1", "x")]));
        fs::remove_file(&stage).expect("a link");
        for (link, path) in [("ai", "ai/rss.xml"), ("rss.xml", "rss.xml")] {
            let plan = format!("[{{\"turn\":\"Feed\",\"path\":\"{path}\",\"waits\":1}}]");
            fs::create_dir_all(&stage).expect("a folder");
            fs::write(stage.join("1"), "new").expect("a file");
            fs::write(stage.join(PLAN), plan).expect("a file");
            symlink(elsewhere.path(), out.path().join(link)).expect("a link");
            assert_eq!(recover(out.path()).expect_err("a link").path, out.path().join(link));
            assert_eq!(files(elsewhere.path()), pairs(&[("1", "x")]));
            fs::remove_file(out.path().join(link)).expect("a link");
            assert_eq!(recover(out.path()).map(|changes| changes.written.len()).ok(), Some(1));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_put_in_its_place_at_once_is_refused_beforehand() {
        let out = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("/proc", out.path().join("far")).expect("a link");
        let stage = Stage::new(out.path());
        let error = stage.put(Turn::Feed, "far/rss.xml", b"new").expect_err("another file system");
        assert_eq!(error.help, "keep the output folder on one file system");
    }

    #[test]
    fn a_plan_reaches_nowhere_else() {
        for (path, expected) in [
            ("ai/rss.xml", true),
            ("../_headers", true),
            ("/etc/passwd", false),
            ("ai/../../x", false),
            ("..", false),
            ("", false),
        ] {
            assert_eq!(stays_near(path), expected, "{path}");
        }
        let out = tempfile::tempdir().expect("a folder");
        fs::create_dir(out.path().join(FOLDER)).expect("a folder");
        for (name, text) in [(PLAN, "[{\"turn\":\"Feed\",\"path\":\"/tmp/x\",\"waits\":1}]"), ("1", "x"), ("mine", "x")] {
            fs::write(out.path().join(FOLDER).join(name), text).expect("a file");
        }
        assert_eq!(recover(out.path()).expect("nothing to do"), Changes::default());
        assert_eq!(files(out.path()), pairs(&[(".feedmill-run/mine", "x")]), "what is not ours stays");
    }
}
