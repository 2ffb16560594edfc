//! The house keeps its order: which part of the program may know which, and what must be nowhere. Read from `src` itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::mill::files;

/// What does something, each in its turn; none uses another.
const STAGES: &[&str] = &["index", "group", "fetch", "compose", "write", "publish", "deliver"];

/// What is only known, free for all.
const DATA: &[&str] = &[
    "article",
    "destination",
    "dial",
    "encoding",
    "error",
    "feed",
    "files",
    "format",
    "host",
    "link",
    "manifest",
    "report",
    "site",
    "stamp",
    "text",
    "threads",
    "topic",
];

/// What knows the order of the stages: it goes through them, or asks what they decided.
const WHOLE: &[&str] = &["lib", "run", "explain", "overview"];

/// What a part may use besides data: `read` is shared by the two stages that read; of another stage it may take the values that
/// it is handed, by name, and nothing else.
const ALLOWED: &[(&str, &[&str])] = &[
    ("index", &["read"]),
    ("fetch", &["read", "index::Index", "group::Grouping", "group::Plan", "group::story::State"]),
    ("group", &["index::Index", "index::Row"]),
    (
        "compose",
        &[
            "index::Index",
            "group::story::State",
            "group::topics::Topic",
            "group::Clock",
            "group::Grouping",
            "group::Plan",
            "fetch::Material",
        ],
    ),
    // It takes what was published, and names it as it was named.
    ("deliver", &["publish::Folder", "publish::stage", "write::sha256", "Progress", "lock"]),
    // The site file may add to the names of fields, and what is wrong with its YAML is said as it is of an article.
    (
        "site",
        &[
            "read::field::Names",
            "read::field::NotAdded",
            "read::tree::Tree",
            "read::yaml::parse_any",
            "read::front_matter::position",
        ],
    ),
];

/// What must not be in a stage that is pure: files, environment, clock, chance, threads, and maps in hash order.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "Mutex",
    "RwLock",
    "Atomic",
    "OnceLock",
    "LazyLock",
    "std::thread",
    "std::time",
    "fs::",
    "env::",
    "io::",
    "thread::",
    "File::",
    "OpenOptions",
    "SystemTime",
    "Instant",
    "Local::",
    "now()",
    "HashMap",
    "HashSet",
    "RandomState",
    "DefaultHasher",
    "rand::",
    "getrandom",
    "new_v4",
    "tempfile",
];

/// A source file: its code without comments, and without the tests at its end.
struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    /// All of it.
    text: String,
    /// Without tests and comments, line by line.
    code: String,
}

impl Source {
    /// The part of the house: the first name of the path.
    fn part(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// Every path of the code that begins with `crate::`, in full.
    fn uses(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            paths(&self.code[at + "crate::".len()..], "", &mut found);
        }
        found
    }
}

/// Reads one path of a `use`, or several in braces; gives what follows it.
fn paths<'a>(text: &'a str, before: &str, found: &mut BTreeSet<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches([' ', '\n', ',']);
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let left = paths(rest, before, found);
            assert!(left.len() < rest.len(), "a use that this test cannot read: {rest}");
            rest = left;
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = match (before, name) {
        (before, "self") => before.to_owned(),
        ("", name) => name.to_owned(),
        (before, name) => format!("{before}::{name}"),
    };
    if let Some(rest) = rest.strip_prefix("::") {
        return paths(rest, &path, found);
    }
    found.insert(path);
    rest
}

fn sources() -> Vec<Source> {
    let folder = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let rust = folder.into_iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|ending| ending == "rs"));
    let sources: Vec<Source> = rust.map(|(path, bytes)| source(path, String::from_utf8(bytes).expect("UTF-8"))).collect();
    assert!(sources.len() > 20);
    sources
}

fn source(path: String, text: String) -> Source {
    let (code, tests) = text.split_once("\n#[cfg(test)]\n").unwrap_or((&text, "mod tests {"));
    assert!(tests.starts_with("mod tests {"), "{path}: tests stand in `mod tests` at the end");
    assert!(!code.contains("#[cfg(test)]"), "{path}: nothing but `mod tests` is for tests only");
    let kept = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code =
        kept.map(|line| line.split(" // ").next().unwrap_or_default()).fold(String::new(), |code, line| code + line + "\n");
    Source { path, text, code }
}

/// Every file in which one of these stands, however it is written.
fn with(patterns: &[&str]) -> BTreeSet<String> {
    let has = |source: &Source| {
        patterns.iter().any(|pattern| {
            source.code.match_indices(pattern).any(|(at, _)| {
                // A whole word, where the pattern begins with one.
                let before = source.code[..at].chars().next_back();
                !pattern.starts_with(char::is_alphanumeric) || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            })
        })
    };
    sources().iter().filter(|source| has(source)).map(|source| source.path.clone()).collect()
}

#[track_caller]
fn only_in(patterns: &[&str], places: &[&str]) {
    let stray: Vec<_> = with(patterns).into_iter().filter(|path| !places.iter().any(|place| path.starts_with(place))).collect();
    assert!(stray.is_empty(), "{patterns:?} belongs in {places:?} and stands in {stray:?} too");
}

#[test]
fn every_part_is_a_stage_or_data_or_reading_or_the_whole() {
    let known: BTreeSet<&str> = [STAGES, DATA, WHOLE, &["read", "cache", "aside", "main", "cli"]].concat().into_iter().collect();
    let sources = sources();
    let parts: BTreeSet<&str> = sources.iter().map(Source::part).collect();
    assert_eq!(parts, known, "a new part has its place in this test");
}

#[test]
fn no_stage_uses_another() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut unused: BTreeSet<(&str, &str)> =
        ALLOWED.iter().flat_map(|(part, paths)| paths.iter().map(move |path| (*part, *path))).collect();
    let sources = sources();
    for source in sources.iter().filter(|source| !WHOLE.contains(&source.part())) {
        let part = source.part();
        assert!(!source.code.contains("super::super"), "{}", source.path);
        for used in source.uses() {
            let first = used.split("::").next().unwrap_or_default();
            if first == part || DATA.contains(&first) {
                continue;
            }
            let exception = allowed
                .get(part)
                .into_iter()
                .copied()
                .flatten()
                .find(|path| used == **path || used.strip_prefix(**path).is_some_and(|rest| rest.starts_with("::")));
            let exception = exception.unwrap_or_else(|| panic!("{} uses {used}", source.path));
            unused.remove(&(part, exception));
        }
    }
    assert!(unused.is_empty(), "no longer needed: {unused:?}");
}

#[test]
fn grouping_composing_and_writing_are_pure() {
    for word in IMPURE {
        let pure = |path: &String| ["group", "compose", "write"].iter().any(|part| path.starts_with(part));
        let stray: Vec<_> = with(&[word]).into_iter().filter(pure).collect();
        assert!(stray.is_empty(), "{word} is in {stray:?}");
    }
}

#[test]
fn each_crate_has_its_room() {
    only_in(&["clap::", "clap("], &["cli.rs", "main.rs"]);
    only_in(&["serde_yaml::", "granit_parser::"], &["read/", "site.rs", "site/"]);
    only_in(&["regex::"], &["dial.rs"]);
    only_in(&["rss::"], &["write/rss2.rs"]);
    only_in(&["atom_syndication::"], &["write/atom1.rs"]);
    only_in(&["quick_xml::"], &["write/read_back.rs", "write/opml2.rs"]);
    only_in(&["ammonia::"], &["text/html.rs"]);
    only_in(&["pulldown_cmark::"], &["read/body.rs"]);
    only_in(&["maud::"], &["write/page.rs", "write/page/"]);
    only_in(&["tempfile::"], &["publish.rs", "publish/", "cache.rs", "cache/", "aside.rs"]);
    only_in(&["indicatif::"], &["main.rs"]);
    only_in(&["ureq::"], &["deliver/hub/call.rs", "deliver/wire.rs", "deliver/bucket.rs"]);
    only_in(&["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"], &["deliver/"]);
    only_in(
        &["serde_json::"],
        &[
            "manifest.rs",
            "cache.rs",
            "cache/",
            "publish/stage.rs",
            "report/json.rs",
            "explain/json.rs",
            "write/json_feed.rs",
            "deliver/record.rs",
        ],
    );
    only_in(&["object_store::", "tokio::", "ini::"], &["deliver.rs", "deliver/"]);
    // So that what is looked for is there at all.
    assert_eq!(with(&["rss::"]).len() + with(&["atom_syndication::"]).len(), 2);
}

/// Nobody brings a crate along without saying why.
#[test]
fn every_crate_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    let mut named: Vec<(String, bool)> = Vec::new();
    let (mut section, text) = (String::new(), read("Cargo.toml"));
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if section.ends_with("dependencies")
            && let Some((name, _)) = line.split_once(" = ")
            && !name.starts_with('#')
        {
            named.push((name.to_owned(), section.starts_with("dev-")));
        }
    }
    let mut reasons: Vec<(String, bool)> = Vec::new();
    for row in read("docs/dependencies.md").lines().filter(|line| line.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, why] = cells[..] else { panic!("{row}") };
        assert!(why.len() > 10, "{row}");
        reasons.push((name.to_owned(), why.starts_with("tests: ")));
    }
    named.sort();
    reasons.sort();
    assert_eq!(reasons, named);
}

/// How long a store wants to be left alone is no time that anything goes by.
#[test]
fn only_main_prints_and_only_main_asks_the_time() {
    only_in(&["println!", "eprintln!", "print!", "eprint!", "stdout", "stderr"], &["main.rs"]);
    only_in(&["Utc::now", "Local::now", "SystemTime::now", "Instant::now"], &["main.rs", "deliver/wire.rs"]);
    only_in(&["std::env", "env::var"], &["main.rs", "site.rs", "deliver/bucket.rs"]);
    assert!(with(&["Utc::now"]).contains("main.rs"));
}

/// Articles are opened by `read`, the site file by `site`; the output folder is written by `publish`, and what a
/// run keeps for the next by `cache`; it is read by `deliver`, as are files of keys; what the command line names besides is written by `aside`. `init` is the exception.
#[test]
fn only_reading_publishing_and_init_touch_files() {
    only_in(
        &["fs::", "File::", "fs;", "fs,", "fs}"],
        &[
            "read.rs",
            "read/",
            "site.rs",
            "site/",
            "publish.rs",
            "publish/",
            "cache.rs",
            "cache/",
            "aside.rs",
            "stamp.rs",
            "deliver/",
            "main.rs",
        ],
    );
    let writing =
        ["fs::write", "create_dir", "rename(", "remove_", "set_permissions", "persist(", ".create_new(", ".write(true)"];
    only_in(&writing, &["publish.rs", "publish/", "cache.rs", "cache/", "aside.rs", "main.rs"]);
    let main = sources().into_iter().find(|source| source.path == "main.rs").expect("main.rs");
    assert_eq!(main.code.matches("fs::").count(), 1, "init writes one file");
}

#[test]
fn nothing_is_left_undone() {
    for source in sources() {
        for word in ["todo!", "unimplemented!", "dbg!", "FIXME", "XXX"] {
            assert!(!source.text.contains(word), "{} has {word}", source.path);
        }
        for call in [".unwrap()", ".expect(", ".unwrap_err()", "panic!(", "unsafe "] {
            assert!(!source.code.contains(call), "{} has {call}", source.path);
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    for source in sources() {
        let first: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//! ")).collect();
        let sentence = first.iter().map(|line| line.trim_start_matches("//! ")).collect::<Vec<_>>().join(" ");
        assert!(sentence.len() > 20 && sentence.ends_with(['.', ':']), "{}: {sentence:?}", source.path);
    }
}

#[test]
fn the_changelog_knows_this_version() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changelog = std::fs::read_to_string(root.join("CHANGELOG.md")).expect("a changelog");
    let headings: Vec<&str> = changelog.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let version = env!("CARGO_PKG_VERSION");
    let known = headings.iter().any(|heading| heading.starts_with("Unreleased") || heading.split(' ').next() == Some(version));
    assert!(known, "neither {version} nor Unreleased is in {headings:?}");
}

/// The test itself: it would be of no use if it read no path right.
#[test]
fn uses_are_read_whole() {
    let text =
        "use crate::a::{self, B, c::{D, e::F}};\nlet x: crate::g::H<crate::i::J> = 1; // crate::k\n// crate::l\nmod m {}\n";
    let found = source("x.rs".to_owned(), text.to_owned()).uses();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "a::B", "a::c::D", "a::c::e::F", "g::H", "i::J"]);
}
