//! The harness: a folder of its own for each test, and the only place that runs the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The time that every run goes by unless a test says otherwise: ten days after the sample articles.
pub const NOW: &str = "2020-11-23T00:00:00Z";

/// Where every run is told that its feeds are served, unless a site file says it: what the program takes without either, and
/// warns of.
const BASE_URL: (&str, &str) = ("FEEDMILL_BASE_URL", "http://localhost:8000/");

/// A folder in which the program runs.
pub struct Mill {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Mill {
    /// An empty folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let variables = [("FEEDMILL_NOW", NOW), BASE_URL].map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { folder, variables: BTreeMap::from(variables) }
    }

    /// The variables of a run.
    fn variables(&self) -> BTreeMap<&str, &str> {
        let mut variables: BTreeMap<&str, &str> = self.variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (name, value) = BASE_URL;
        if variables.get(name) == Some(&value) && says_base_url(self.folder.path()) {
            variables.remove(name);
        }
        variables
    }

    /// An empty folder in memory, where there is such a place: every file of a feed is synced to the disk.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { folder: folder.expect("a temporary folder"), ..Self::new() }
    }

    /// A folder that holds a copy of another, links and all.
    pub fn copy_of(folder: &Path) -> Self {
        let mill = Self::new();
        copy(folder, mill.folder.path());
        mill
    }

    /// Writes a file; folders above it come along.
    pub fn file(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
        fs::write(path, contents).expect("a file");
        self
    }

    /// Writes an article of these front matter lines.
    pub fn article(self, path: &str, lines: &str) -> Self {
        let lines = lines.trim_matches('\n');
        self.file(path, format!("---\n{lines}\n---\n"))
    }

    /// Writes a good article on a topic; its address is made of the title.
    pub fn story(self, path: &str, title: &str, date: &str, topic: &str) -> Self {
        let address = title.to_lowercase().replace(' ', "-");
        let lines = format!("title: \"{title}\"\ndate: {date}\nlink: https://example.org/{address}\ntopics: [\"{topic}\"]");
        self.article(path, &lines)
    }

    /// Takes a file or a folder away.
    pub fn without(self, path: &str) -> Self {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("something to take away");
        self
    }

    /// Sets an environment variable for the runs that follow.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where something in the folder is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// What a file holds.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}; there is {:?}", self.listing(".")))
    }

    /// Every file below a folder, sorted.
    pub fn listing(&self, folder: &str) -> Vec<String> {
        files(&self.path(folder)).into_keys().collect()
    }

    /// Runs the program in the folder, with arguments parted by white space.
    pub fn run(&self, arguments: &str) -> Run {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs the program in the folder.
    pub fn run_with(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_feedmill"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Whether a site file in a folder, or below it, says where the feeds are served.
fn says_base_url(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            return says_base_url(&path);
        }
        let is_site_file = kind.is_file() && path.extension().is_some_and(|ending| ending == "yaml");
        let says = |text: &str| text.lines().any(|line| line.contains("base_url") && !line.starts_with('#'));
        is_site_file && fs::read(&path).is_ok_and(|text| says(&String::from_utf8_lossy(&text)))
    })
}

impl Mill {
    /// Starts the program in the folder, and does not wait for it; what it says is not heard.
    pub fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_feedmill"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }
}

/// What a run came to.
#[must_use]
#[derive(Debug)]
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// All went well, and nothing was said.
    #[track_caller]
    pub fn silent(self) {
        let _ = self.status(0).stdout("").stderr("");
    }

    /// All went well, and what was said is that the manifest of this folder is lost.
    #[track_caller]
    pub fn tells_of_the_lost_manifest(self, folder: &str) {
        let said = format!(
            "{folder}/feedmill.json: warning: this file is gone, and feeds of this site are here: it is written anew, without the \
             dates at which entries came, the folders of renamed topics, and feeds whose topics have gone\n  help: put it back if \
             there is a copy of it, and keep it with the feeds"
        );
        let _ = self.status(0).stdout("").stderr(&said);
    }

    #[track_caller]
    pub fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, Some(expected), "exit status; standard error was:\n{}", self.stderr);
        self
    }

    /// Standard output, exactly but for white space at both ends.
    #[track_caller]
    pub fn stdout(self, expected: &str) -> Self {
        assert_eq!(self.stdout.trim(), expected.trim(), "standard output");
        self
    }

    /// Standard error, exactly but for white space at both ends.
    #[track_caller]
    pub fn stderr(self, expected: &str) -> Self {
        assert_eq!(self.stderr.trim(), expected.trim(), "standard error");
        self
    }
}

/// How many cases a property is tried with: as many as `PROPTEST_CASES` says.
pub fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

/// Every file below a folder and what it holds, by its path with `/`.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(base: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(base, &path, found);
            } else {
                let name = path.strip_prefix(base).expect("below").to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let to = to.join(path);
        fs::create_dir_all(to.parent().expect("a folder above")).expect("folders");
        fs::write(to, bytes).expect("a copy");
    }
}

#[cfg(unix)]
impl Mill {
    /// Makes a symbolic link.
    pub fn link(self, path: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.path(path)).expect("a link");
        self
    }

    /// Makes a named pipe.
    pub fn pipe(self, path: &str) -> Self {
        let made = Command::new("mkfifo").arg(self.path(path)).status();
        assert!(made.is_ok_and(|status| status.success()), "a named pipe");
        self
    }
}

impl Mill {
    /// Takes an environment variable from the runs that follow.
    pub fn without_variable(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }
}

#[cfg(unix)]
impl Mill {
    /// Runs the program in the folder from a shell that has done something before, such as setting the umask.
    pub fn run_after(&self, before: &str, arguments: &str) -> Run {
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("{before}; exec \"$0\" {arguments}"), env!("CARGO_BIN_EXE_feedmill")])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
