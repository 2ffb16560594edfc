//! The output folder: what is written, what is left alone, what is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::SystemTime;

use feedmill::compose::subscriptions;
use feedmill::group::{Clock, group};
use feedmill::index::index;
use feedmill::manifest::Manifest;
use feedmill::read::Keep;
use feedmill::read::Rules;
use feedmill::read::walk::{Selection, walk};
use feedmill::site::{Overrides, Site};
use feedmill::topic::{Slug, TopicKey};
use sha2::{Digest, Sha256};

use crate::mill::{Mill, NOW, files};

/// Two articles on two topics.
fn two() -> Mill {
    Mill::new().story("in/a.md", "One", "2020-11-13", "AI").story("in/b.md", "Two", "2020-11-14", "Chips")
}

/// What they give.
const ALL: [&str; 16] = [
    "ai/atom.xml",
    "ai/feed.json",
    "ai/index.html",
    "ai/rss.xml",
    "assets/feedmill.css",
    "assets/feedmill.js",
    "atom.xml",
    "chips/atom.xml",
    "chips/feed.json",
    "chips/index.html",
    "chips/rss.xml",
    "feed.json",
    "feedmill.json",
    "feeds.opml",
    "index.html",
    "rss.xml",
];

/// What another article on AI changes.
const AI: [&str; 10] = [
    "ai/atom.xml",
    "ai/feed.json",
    "ai/index.html",
    "ai/rss.xml",
    "atom.xml",
    "feed.json",
    "feedmill.json",
    "feeds.opml",
    "index.html",
    "rss.xml",
];

fn manifest(mill: &Mill) -> Manifest {
    Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest")
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What tells whether a file is the same one: modification time, and on Unix its inode.
fn identity(path: &Path) -> (SystemTime, u64) {
    let metadata = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    (metadata.modified().expect("a time"), inode)
}

fn identities(mill: &Mill) -> BTreeMap<String, (SystemTime, u64)> {
    mill.listing("feeds").into_iter().map(|path| (path.clone(), identity(&mill.path("feeds").join(path)))).collect()
}

/// Sets the modification time of every feed to a day long ago: a clock that is coarse could hide that a file was written again.
fn age(mill: &Mill) {
    for path in mill.listing("feeds") {
        let file = fs::File::options().append(true).open(mill.path("feeds").join(path)).expect("a file");
        file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).expect("a time");
    }
}

/// Which files are not those that they were.
fn replaced(before: &BTreeMap<String, (SystemTime, u64)>, mill: &Mill) -> Vec<String> {
    identities(mill).into_iter().filter(|(path, now)| before.get(path) != Some(now)).map(|(path, _)| path).collect()
}

#[test]
fn a_run_leaves_the_feeds_and_the_manifest_and_nothing_else() {
    let mill = two();
    mill.run("build in").silent();
    assert_eq!(mill.listing("feeds"), ALL);
    assert_eq!(mill.listing("in"), ["a.md", "b.md"]);
    assert_eq!(mill.listing(".").len(), ALL.len() + 2);
}

#[test]
fn a_file_that_would_not_change_is_not_touched() {
    let mill = two();
    mill.run("build in").silent();
    age(&mill);
    let before = identities(&mill);
    mill.run("build in").silent();
    assert_eq!(identities(&mill), before);
    // Another article on chips: the feed of AI stays the file that it is.
    let mill = mill.story("in/c.md", "Three", "2020-11-15", "Chips");
    mill.run("build in").silent();
    let changed = ALL.into_iter().filter(|path| !path.starts_with("ai/") && !path.starts_with("assets/"));
    assert_eq!(replaced(&before, &mill), changed.collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_everybody_whom_the_umask_lets() {
    for (umask, mode) in [("022", 0o644), ("027", 0o640), ("077", 0o600)] {
        let mill = two();
        mill.run_after(&format!("umask {umask}"), "build in").silent();
        for path in ALL {
            assert_eq!(mode_of(&mill, path), mode, "{path} under umask {umask}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_changed_file_is_a_new_file_of_the_mode_that_the_old_one_had() {
    use std::os::unix::fs::PermissionsExt;

    let mill = two();
    mill.run_after("umask 022", "build in").silent();
    fs::set_permissions(mill.path("feeds/ai/rss.xml"), fs::Permissions::from_mode(0o664)).expect("a mode");
    let before = identities(&mill);
    let mill = mill.story("in/c.md", "Three", "2020-11-15", "AI");
    mill.run_after("umask 022", "build in").silent();
    // Whoever has the old file open reads it to its end.
    for path in AI {
        assert_ne!(identity(&mill.path("feeds").join(path)).1, before[path].1, "{path} has another inode");
    }
    assert_eq!((mode_of(&mill, "ai/rss.xml"), mode_of(&mill, "ai/atom.xml")), (0o664, 0o644));
}

#[cfg(unix)]
fn mode_of(mill: &Mill, path: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(mill.path("feeds").join(path)).expect("a file").permissions().mode() & 0o7777
}

#[test]
fn the_manifest_says_what_is_there() {
    let mill = two().story("in/c.md", "Three", "2020-11-15", "AI");
    mill.run("build in").silent();
    let manifest = manifest(&mill);
    let mut made = files(&mill.path("feeds"));
    made.remove("feedmill.json");
    assert_eq!(made.keys().collect::<Vec<_>>(), manifest.files.keys().collect::<Vec<_>>());
    for (path, bytes) in &made {
        let file = &manifest.files[path];
        let digest: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((file.sha256.as_str(), file.bytes), (digest.concat().as_str(), bytes.len() as u64), "{path}");
        let format = match path.rsplit('/').next() {
            Some("rss.xml") => "application/rss+xml",
            Some("atom.xml") => "application/atom+xml",
            Some("feed.json") => "application/feed+json",
            Some("index.html") => "text/html; charset=utf-8",
            Some("feedmill.css") => "text/css",
            Some("feedmill.js") => "text/javascript",
            _ => "text/x-opml",
        };
        assert_eq!(file.content_type, format, "{path}");
    }
    let of = |(key, feed): (&TopicKey, &feedmill::manifest::Feed)| {
        (key.as_str().to_owned(), feed.slug.as_ref().map(ToString::to_string), feed.entries.len())
    };
    let feeds: Vec<_> = manifest.feeds.iter().map(of).collect();
    let topic = |name: &str, entries| (name.to_owned(), Some(name.to_owned()), entries);
    assert_eq!(feeds, [(String::new(), None, 3), topic("ai", 2), topic("chips", 1)]);
    for feed in manifest.feeds.into_values() {
        let folder = feed.slug.map_or_else(String::new, |slug| format!("{slug}/"));
        for (format, begin, end) in [("rss.xml", '>', '<'), ("atom.xml", '>', '<'), ("feed.json", '"', '"')] {
            let text = mill.read(&format!("feeds/{folder}{format}"));
            let place = |id: &str| text.find(&format!("{begin}{id}{end}")).expect("an id");
            let places: Vec<_> = feed.entries.iter().map(|entry| place(&entry.id)).collect();
            assert!(places.is_sorted(), "the entries of {folder}{format} in their order");
        }
    }
    let text = mill.read("feeds/feedmill.json");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    assert!(!text.contains(env!("CARGO_PKG_VERSION")), "a new release changes nothing:\n{text}");
}

#[test]
fn a_run_that_is_refused_leaves_the_manifest_of_the_run_before() {
    let mill = two();
    mill.run("build in").silent();
    let before = mill.read("feeds/feedmill.json");
    let mill = mill.story("in/c.md", "Three", "2020-11-15", "New").file("feeds/new", "a file where a folder has to go");
    let _ = mill.run("build in").status(2);
    assert_eq!(mill.read("feeds/feedmill.json"), before);
    assert!(!mill.read("feeds/rss.xml").contains("Three"));
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let mill = two();
    let run = mill.run("build in --dry-run").status(0);
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("would write ")).count(), ALL.len());
    assert!(!mill.path("feeds").exists());
    mill.run("build in").silent();
    let before = identities(&mill);
    let mill = mill.story("in/c.md", "Three", "2020-11-15", "AI");
    let run = mill.run("build in --dry-run").status(0);
    let named: Vec<_> = run.stdout.lines().filter_map(|line| line.strip_prefix("would write ")).collect();
    assert_eq!(named, AI.map(|path| format!("feeds/{path}")));
    assert_eq!(identities(&mill), before);
}

#[test]
fn check_touches_nothing() {
    let mill = two();
    mill.run("check in").silent();
    assert_eq!(mill.listing("."), ["in/a.md", "in/b.md"]);
}

#[test]
fn a_strict_run_with_errors_publishes_nothing() {
    let mill = two().article("in/bad.md", "date: 2020-11-13\nlink: https://example.org/x");
    let _ = mill.run("build in --strict").status(1);
    assert!(!mill.path("feeds").exists());
    let _ = mill.run("build in").status(0);
    assert_eq!(mill.listing("feeds"), ALL);
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    // The last of them speaks of the mark, and does not bear it.
    for (theirs, text) in [
        ("rss.xml", "<rss>theirs</rss>"),
        ("ai/atom.xml", "<rss>theirs</rss>"),
        ("ai/feed.json", "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"theirs\", \"items\": []}"),
        ("feeds.opml", "<opml version=\"2.0\"><head/><body/></opml>"),
        ("feed.json", r#"{"title": "\"_feedmill\": {\n  \"generator\": \"feedmill\""}"#),
    ] {
        let mill = two().file(&format!("feeds/{theirs}"), text);
        let _ = mill.run("build in").status(2).stdout("").stderr(&format!(
            "feeds/{theirs}: error: feedmill did not write this file, and does not replace it\n  \
             help: choose another folder with `--out`, or let it be replaced with `--adopt`"
        ));
        assert_eq!(mill.listing("feeds"), [theirs], "nothing else is written either");
        assert_eq!(mill.read(&format!("feeds/{theirs}")), text);
        mill.run("build in --adopt").silent();
        assert_eq!(mill.listing("feeds"), ALL);
        assert!(feedmill::format::is_marked(&mill.read(&format!("feeds/{theirs}"))));
        mill.run("build in").silent();
    }
}

#[test]
fn files_of_somebody_else_that_are_not_in_the_way_stay() {
    let mill =
        two().file("feeds/assets/own.css", "theirs").file("feeds/ai/notes.txt", "theirs").file("feeds/old/rss.xml", "theirs");
    mill.run("build in").silent();
    for path in ["feeds/assets/own.css", "feeds/ai/notes.txt", "feeds/old/rss.xml"] {
        assert_eq!(mill.read(path), "theirs");
    }
}

#[test]
fn without_the_manifest_its_own_files_are_known_by_their_mark() {
    let mill = two();
    mill.run("build in").silent();
    let before = identities(&mill);
    let kept = mill.read("feeds/feedmill.json");
    let mill = mill.without("feeds/feedmill.json").story("in/c.md", "Three", "2020-11-15", "AI");
    mill.run("build in").tells_of_the_lost_manifest("feeds");
    assert_eq!(replaced(&before, &mill), AI);
    let mill = mill.without("feeds/feedmill.json").without("in/c.md");
    mill.run("build in").tells_of_the_lost_manifest("feeds");
    assert_eq!(mill.read("feeds/feedmill.json"), kept, "the manifest depends on nothing but the feeds");
}

#[test]

fn the_mark_is_found_behind_the_longest_title_and_description() {
    // As long as they can be, of characters that take much room.
    let (text, path) = ("👩".repeat(500), "a".repeat(500));
    let site = format!("title: \"{text}\"\ndescription: \"{text}\"\nhome: https://example.org/{path}\nout: ../feeds\n");
    let mill = two().file("in/feedmill.yaml", site);
    mill.run("build in").silent();
    let mill = mill.without("feeds/feedmill.json").story("in/c.md", "Three", "2020-11-15", "AI");
    let _ = mill.run("build in").status(0);
}

#[test]
fn a_manifest_that_is_none_is_not_replaced() {
    let made = two();
    made.run("build in").silent();
    for text in ["", "{}", "not JSON", "{\"feedmill\": 2, \"site\": \"x\", \"files\": [], \"feeds\": []}"] {
        let mill = Mill::copy_of(&made.path(".")).file("feeds/feedmill.json", text);
        let run = mill.run("build in").status(2);
        assert!(run.stderr.starts_with("feedmill: feeds/feedmill.json: this is not a manifest of feedmill: "), "{}", run.stderr);
        assert_eq!(mill.read("feeds/feedmill.json"), text);
    }
}

#[test]
fn a_feed_that_was_deleted_is_written_again_as_it_was() {
    let mill = two();
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = mill.without("feeds/ai/rss.xml").without("feeds/chips");
    mill.run("build in").silent();
    assert_eq!(files(&mill.path("feeds")), before);
}

#[test]
fn a_feed_that_was_edited_by_hand_is_restored() {
    let mill = two();
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    // Of the same length, of another, and without the mark that it is ours.
    for (path, from, to) in [
        ("ai/rss.xml", "One", "Own"),
        ("ai/rss.xml", "One", "Another"),
        ("ai/rss.xml", "<generator>feedmill</generator>", ""),
        ("ai/feed.json", "\"generator\": \"feedmill\"", "\"generator\": null"),
        ("feeds.opml", "<!-- generator=\"feedmill\" -->", ""),
        ("feeds.opml", "ai/atom.xml", "AI/atom.xml"),
    ] {
        let edited = mill.read(&format!("feeds/{path}")).replace(from, to);
        assert_ne!(edited.as_bytes(), before[path]);
        fs::write(mill.path("feeds").join(path), edited).expect("an edit");
        mill.run("build in").silent();
        assert!(files(&mill.path("feeds")) == before, "{from} is there again");
    }
}

#[test]
fn a_feed_whose_topic_has_gone_is_kept_and_reported_once() {
    let mill = two();
    mill.run("build in").silent();
    let before = identities(&mill);
    let chips = |mill: &Mill| manifest(mill).feeds.remove(&TopicKey::of("Chips")).expect("a feed");
    let entries = chips(&mill).entries;
    let mill = mill.without("in/b.md").story("in/c.md", "Three", "2020-11-14", "AI");
    let _ = mill.run("build in").status(0).stdout("").stderr(
        "feeds/chips: warning: no published article has the topic of this feed any more\n  \
         help: it is kept as it is; if the topic has a new name, write `former` below that under `topics`, else `stale` in the site file says what becomes of it",
    );
    assert_eq!(identities(&mill)["chips/rss.xml"], before["chips/rss.xml"]);
    assert_eq!(mill.listing("feeds"), ALL);
    let gone = chips(&mill);
    assert!(gone.stale && gone.entries == entries && gone.slug.is_some_and(|slug| slug.as_str() == "chips"));

    // From then on it is known.
    let before = identities(&mill);
    mill.run("build in").silent();
    let run = mill.run("build in -v").status(0);
    assert_eq!(run.stderr.trim(), "feeds/chips: note: no published article has the topic of this feed; it is kept as it is");
    assert_eq!(identities(&mill), before);

    // And it comes back to life.
    let mill = mill.story("in/d.md", "Four", "2020-11-16", "chips");
    mill.run("build in").silent();
    let back = chips(&mill);
    assert!(!back.stale && back.entries.len() == 1);
    assert!(mill.read("feeds/chips/rss.xml").contains("Four"));
    assert_eq!(mill.listing("feeds"), ALL);
    assert_eq!(mill.run("build in -v").status(0).stderr, "");
}

/// The folder of each topic, by key.
fn folders(mill: &Mill) -> BTreeMap<String, String> {
    let feeds = manifest(mill).feeds.into_iter();
    feeds.filter_map(|(key, feed)| Some((key.as_str().to_owned(), feed.slug?.to_string()))).collect()
}

#[test]
fn a_published_folder_stays_with_its_topic_when_a_newcomer_wants_it() {
    // "C plus plus" makes the folder that "C++" makes, and comes first by key and by file.
    let mill = Mill::new().story("in/b.md", "Two", "2020-11-14", "C++");
    mill.run("build in").silent();
    assert!(mill.path("feeds/c-plus-plus/rss.xml").is_file());
    let before = identities(&mill);
    let mill = mill.story("in/a.md", "One", "2020-11-13", "C plus plus");
    let run = mill.run("build in").status(0);
    assert_eq!(run.stderr.matches("warning: ").count(), 1, "{}", run.stderr);
    assert!(run.stderr.starts_with("in/a.md: warning: the topic `C plus plus` gets the folder `c-plus-plus-"), "{}", run.stderr);
    let both = folders(&mill);
    assert_eq!(both["c++"], "c-plus-plus");
    assert!(both["c plus plus"].starts_with("c-plus-plus-") && both["c plus plus"].len() == "c-plus-plus-".len() + 6);
    assert!(!replaced(&before, &mill).iter().any(|path| path.starts_with("c-plus-plus/") && file_name(path) != "index.html"));

    // Both keep theirs, also when the first has no article for a while.
    mill.run("build in").silent();
    let mill = mill.without("in/b.md");
    let _ = mill.run("build in").status(0);
    assert_eq!(folders(&mill), both);
    let mill = mill.story("in/b.md", "Two", "2020-11-14", "C++");
    mill.run("build in").silent();
    assert_eq!(folders(&mill), both);
}

#[test]
fn a_published_folder_stays_with_its_topic_while_the_topic_has_no_article() {
    let mill = Mill::new().story("in/b.md", "Two", "2020-11-14", "C++");
    mill.run("build in").silent();
    let kept = mill.read("feeds/c-plus-plus/rss.xml");
    // The newcomer comes as the other goes: who has subscribed to the one must not get the other.
    let mill = mill.without("in/b.md").story("in/a.md", "One", "2020-11-13", "C plus plus");
    let run = mill.run("build in").status(0);
    assert_eq!(run.stderr.matches("warning: ").count(), 2, "{}", run.stderr);
    assert_eq!(folders(&mill)["c++"], "c-plus-plus");
    assert_eq!(mill.read("feeds/c-plus-plus/rss.xml"), kept);
    assert!(mill.read(&format!("feeds/{}/rss.xml", folders(&mill)["c plus plus"])).contains("One"));
}

#[test]
fn without_a_manifest_a_collision_is_resolved_the_same_way_every_time() {
    let mill = Mill::new().story("in/a.md", "One", "2020-11-13", "C plus plus").story("in/b.md", "Two", "2020-11-14", "C++");
    let run = mill.run("build in").status(0);
    assert_eq!(run.stderr.matches("warning: ").count(), 1, "{}", run.stderr);
    let first = folders(&mill);
    let made = files(&mill.path("feeds"));
    assert_eq!(first.values().collect::<BTreeSet<_>>().len(), 2);
    // The other file first: the same.
    let other = Mill::new().story("in/z.md", "One", "2020-11-13", "C plus plus").story("in/b.md", "Two", "2020-11-14", "C++");
    let _ = other.run("build in").status(0);
    assert_eq!(folders(&other), first);
    let mill = mill.without("feeds/feedmill.json");
    let _ = mill.run("build in").status(0);
    assert_eq!(files(&mill.path("feeds")), made);
    // With the manifest there is nothing more to say.
    mill.run("build in").silent();
}

#[test]
fn no_published_article_at_all_is_not_published_over_feeds() {
    let mill = two();
    mill.run("build in").silent();
    let before = identities(&mill);
    let mill = mill.without("in/a.md").without("in/b.md");
    let expected = "feeds: error: no published article was found, and there are feeds here; they stay as they are\n  \
                    help: if this is meant, delete the folder; `feedmill check -v` lists what was found and why it is not shown";
    let _ = mill.run("build in").status(2).stdout("").stderr(expected);
    let _ = mill.run("build in --dry-run").status(2).stdout("").stderr(expected);
    let lines = "title: One\ndate: 2020-11-13\nlink: https://example.org/one\ntopics: AI\npublished: false";
    let mill = mill.article("in/a.md", lines);
    let _ = mill.run("build in").status(2).stdout("").stderr(expected);
    assert_eq!(identities(&mill), before);
}

#[test]
fn no_published_article_where_nothing_was_is_a_warning() {
    let mill = Mill::new().file("in/a.txt", "no article");
    let _ = mill.run("build in").status(0).stdout("").stderr(
        "in: warning: no published article was found\n  \
         help: is this the folder of articles? `-v` lists what was found and why it is not shown",
    );
    assert_eq!(mill.listing("."), ["in/a.txt"]);
}

#[test]
fn an_output_folder_that_is_a_file_is_refused() {
    let mill = two().file("feeds", "a file");
    let expected = "feedmill: feeds: the output folder is a file\n  help: choose another folder with `--out`";
    let _ = mill.run("build in").status(2).stdout("").stderr(expected);
    assert_eq!(mill.read("feeds"), "a file");
    let run = mill.run("build in --out feeds/below").status(2);
    assert!(run.stderr.starts_with("feedmill: feeds/below"), "{}", run.stderr);
}

#[test]
fn a_file_in_the_place_of_a_folder_and_the_other_way_round_are_refused() {
    for (theirs, message) in [
        ("ai", "feeds/ai: error: a file is where a folder has to go"),
        ("ai/rss.xml/x", "feeds/ai/rss.xml: error: a folder is where a file has to go"),
        ("rss.xml/x", "feeds/rss.xml: error: a folder is where a file has to go"),
    ] {
        let mill = two().file(&format!("feeds/{theirs}"), "theirs");
        let run = mill.run("build in --adopt").status(2);
        assert!(run.stderr.starts_with(&format!("{message}\n  help: ")), "{}", run.stderr);
        assert_eq!(mill.listing("feeds"), [theirs]);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_symbolic_link() {
    use std::os::unix::fs::symlink;

    for (link, target) in [("rss.xml", "elsewhere/file"), ("ai", "elsewhere"), ("feedmill.json", "elsewhere/none")] {
        let mill = two().file("elsewhere/file", "theirs").file("feeds/x", "");
        symlink(mill.path(target), mill.path("feeds").join(link)).expect("a link");
        let run = mill.run("build in --adopt").status(2);
        let expected = format!("feeds/{link}: error: this is a symbolic link, which is not written through\n");
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
        assert_eq!(mill.listing("elsewhere"), ["file"]);
        assert_eq!(mill.read("elsewhere/file"), "theirs");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_made_is_a_failure_that_says_so() {
    // Nobody, not even the administrator, can make a folder there.
    let run = two().run("build in --out /proc/feeds").status(2);
    let expected = "feedmill: /proc/feeds: this folder cannot be made: No such file or directory (os error 2)\n  help: choose another one with `--out`";
    let _ = run.stderr(expected);
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_is_a_link_to_nowhere_is_named() {
    let mill = two().link("feeds", "nowhere");
    let expected = "feedmill: feeds: the output folder is a symbolic link that leads nowhere\n  help: make the folder that it leads to, or choose another one with `--out`";
    let _ = mill.run("build in").status(2).stdout("").stderr(expected);
    fs::create_dir(mill.path("nowhere")).expect("a folder");
    mill.run("build in").silent();
}

/// What lies behind a link is not ours to take away, whatever the manifest says.
#[cfg(unix)]
#[test]
fn nothing_is_taken_away_through_a_symbolic_link() {
    let mill =
        two().file("in/feedmill.yaml", "id: x\nprecompress: [gzip]\nout: ../feeds\n").file("elsewhere/secret.gz", "theirs");
    mill.run("build in").silent();
    let entry = "{\"path\": \"link/secret.gz\", \"sha256\": \"00\", \"bytes\": 6, \"content_type\": \"text/plain\", \"source\": \"00\"},\n";
    let manifest = mill.read("feeds/feedmill.json");
    let (before, after) = manifest.split_once("\"files\": [\n").expect("a list");
    let mill =
        mill.link("feeds/link", "../elsewhere").file("feeds/feedmill.json", format!("{before}\"files\": [\n{entry}{after}"));
    let _ = mill.run("build in").status(0);
    assert_eq!(mill.read("elsewhere/secret.gz"), "theirs");
    assert_eq!(mill.read("feeds/feedmill.json"), manifest);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_a_failure_that_changes_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let mill = two();
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = mill.story("in/c.md", "Three", "2020-11-15", "AI");
    // All of it, or one folder of which it is seen before anything is replaced.
    for folders in [&["feeds", "feeds/ai", "feeds/chips"][..], &["feeds/ai"]] {
        let set = |mode| {
            for folder in folders {
                fs::set_permissions(mill.path(folder), fs::Permissions::from_mode(mode)).expect("a mode");
            }
        };
        set(0o555);
        // For the administrator there is no such folder.
        if fs::write(mill.path("feeds/ai/probe"), "").is_err() {
            let run = mill.run("build in").status(2);
            assert!(run.stderr.contains(": error: cannot be written: Permission denied"), "{}", run.stderr);
            let help = "make the folder writable for this user, or choose another one with `--out`; nothing was replaced\n";
            assert!(run.stderr.ends_with(help), "{}", run.stderr);
            assert_eq!(files(&mill.path("feeds")), before);
        }
        set(0o755);
        let _ = fs::remove_file(mill.path("feeds/ai/probe"));
    }
}

#[test]
fn feeds_made_with_a_site_file_are_not_replaced_without_it() {
    let mill = two().file("in/feedmill.yaml", "id: mine\nbase_url: https://feeds.example.org/\nout: ../feeds\n");
    mill.run("build in").silent();
    let before = identities(&mill);
    let mill = mill.without("in/feedmill.yaml");
    let _ = mill.run("build in").status(2).stdout("").stderr(
        "feedmill: feeds: these feeds were made with a site file, and none was found now; every feed would get another id\n  \
         help: name it with `--site`, or choose another folder with `--out`",
    );
    assert_eq!(identities(&mill), before);
    mill.run("check in").silent();
    let mill = mill.file("elsewhere.yaml", "id: mine\nbase_url: https://feeds.example.org/\n");
    mill.run("build in --site elsewhere.yaml").silent();
    assert_eq!(identities(&mill), before);
}

#[test]
fn a_preview_and_public_feeds_never_replace_each_other() {
    let draft = "title: Three\ndate: 2020-11-13\nlink: https://example.org/three\ntopics: AI\ndraft: true";
    let mill = two().article("in/c.md", draft);
    mill.run("build in").silent();
    let before = identities(&mill);
    let run = mill.run("build in --include-unpublished").status(2);
    assert!(run.stderr.contains("wants an output folder of its own"), "{}", run.stderr);
    let run = mill.run("build in --include-unpublished --out feeds").status(2);
    assert!(run.stderr.contains("a preview must not replace them"), "{}", run.stderr);
    assert_eq!(identities(&mill), before);
    mill.run("build in --include-unpublished --out preview").silent();
    assert!(mill.read("preview/ai/rss.xml").contains("[Preview] Three"));
    let run = mill.run("build in --out preview").status(2);
    assert!(run.stderr.contains("these feeds are a preview"), "{}", run.stderr);
    mill.run("build in").silent();
    assert_eq!(identities(&mill), before);
}

#[test]
fn a_format_that_is_no_longer_written_stays_and_stays_ours() {
    let both = "id: mine\nout: ../feeds\n";
    let mill = two().file("in/feedmill.yaml", both);
    mill.run("build in").silent();
    let mill =
        mill.file("in/feedmill.yaml", format!("{both}formats: [atom, pages]\n")).story("in/c.md", "Three", "2020-11-15", "AI");
    let before = identities(&mill);
    mill.run("build in").silent();
    let changed = ["ai/atom.xml", "ai/index.html", "atom.xml", "chips/index.html", "feedmill.json", "index.html"];
    assert_eq!(replaced(&before, &mill), changed);
    assert_eq!(mill.listing("feeds"), ALL);
    let run = mill.run("build in -v").status(0);
    let note = "note: this format is no longer written; the file stays as it is\n  help: delete it, or add it to `formats`\n";
    let kept = ALL.into_iter().filter(|path| ["rss.xml", "feed.json", "feeds.opml"].contains(&file_name(path)));
    assert_eq!(run.stderr, kept.map(|path| format!("feeds/{path}: {note}")).collect::<Vec<_>>().concat());
    // One that is deleted is ours no more, and nothing is said of it.
    let mill = mill.without("feeds/ai/rss.xml");
    assert!(!mill.run("build in -v").status(0).stderr.contains("feeds/ai/rss.xml"));
    assert!(!mill.read("feeds/feedmill.json").contains("ai/rss.xml"));
    let mill = mill.file("in/feedmill.yaml", both);
    mill.run("build in").silent();
    assert!(mill.read("feeds/ai/rss.xml").contains("Three"));
    assert_eq!(mill.run("build in -v").status(0).stderr, "");
}

/// Whoever reads a feed while it is being replaced sees the old one or the new one, whole.
#[test]
fn a_reader_never_sees_half_a_feed() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let mill = two();
    mill.run("build in").silent();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert!(mill.read("feeds/rss.xml").ends_with("</rss>\n"));
                assert!(mill.read("feeds/feed.json").ends_with("\n}\n"));
                assert!(mill.read("feeds/feeds.opml").ends_with("</opml>\n"));
                assert!(mill.read("feeds/feedmill.json").ends_with("]\n}\n"));
                std::thread::sleep(std::time::Duration::from_micros(200));
            }
        });
        for round in 0..6 {
            let text = format!("---\ntitle: Round {round}\ndate: 2020-11-15\nlink: https://example.org/{round}\n---\n");
            fs::write(mill.path("in/c.md"), text).expect("an article");
            mill.run("build in").silent();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(mill.listing("feeds"), ALL);
}

/// The feeds that the OPML lists, as the last part of their addresses and their titles, and its date.
fn listed(mill: &Mill) -> (Vec<(String, String)>, String) {
    let text = mill.read("feeds/feeds.opml");
    let tree = roxmltree::Document::parse(&text).expect("XML");
    let outlines = tree.descendants().filter(|node| node.has_tag_name("outline"));
    let part = |node: roxmltree::Node| {
        let address = node.attribute("xmlUrl").expect("an address");
        let path = address.strip_prefix("http://localhost:8000/").expect("an address below the site's").to_owned();
        assert!(mill.path("feeds").join(&path).is_file(), "{path} is there");
        (path, node.attribute("text").expect("a text").to_owned())
    };
    let date = tree.descendants().find(|node| node.has_tag_name("dateModified")).and_then(|node| node.text());
    (outlines.map(part).collect(), date.expect("a date").to_owned())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, title)| ((*path).to_owned(), (*title).to_owned())).collect()
}

#[test]
fn the_list_of_feeds_has_every_topic_once() {
    let mill = two();
    mill.run("build in").silent();
    let both = [("ai/atom.xml", "AI"), ("chips/atom.xml", "Chips")];
    assert_eq!(listed(&mill), (pairs(&both), "Sat, 14 Nov 2020 00:00:00 +0000".to_owned()));

    // Of what is written, in the format that readers get most right.
    for (formats, file) in [("json, rss, opml", "rss.xml"), ("json, opml", "feed.json"), ("rss, json, atom, opml", "atom.xml")] {
        let mill = two().file("in/feedmill.yaml", format!("out: ../feeds\nformats: [{formats}]\n"));
        mill.run("build in").silent();
        assert_eq!(listed(&mill).0, pairs(&[(&format!("ai/{file}"), "AI"), (&format!("chips/{file}"), "Chips")]));
    }

    // A feed whose topic has gone is kept, and nobody new is sent to it.
    let mill = mill.without("in/b.md").story("in/c.md", "Three", "2020-11-15", "New");
    let _ = mill.run("build in").status(0);
    let (found, date) = listed(&mill);
    assert_eq!(
        (found, date.as_str()),
        (pairs(&[("ai/atom.xml", "AI"), ("new/atom.xml", "New")]), "Sun, 15 Nov 2020 00:00:00 +0000")
    );
    let before = mill.read("feeds/feeds.opml");
    mill.run("build in").silent();
    assert_eq!(mill.read("feeds/feeds.opml"), before);
    assert!(mill.path("feeds/chips/atom.xml").is_file());

    // A preview says so in every title.
    let _ = mill.run("build in --include-unpublished --out feeds").status(2).stdout("");
    let mill = two();
    mill.run("build in --include-unpublished --out feeds").silent();
    assert_eq!(listed(&mill).0, pairs(&[("ai/atom.xml", "[Preview] AI"), ("chips/atom.xml", "[Preview] Chips")]));
    assert!(mill.read("feeds/feeds.opml").contains("<title>[Preview] localhost</title>"));
}

/// A feed that was held back, or whose articles changed while they were read, is there all the same: the list is made of what
/// the manifest has after the run.
#[test]
fn the_list_of_feeds_is_made_of_what_is_there() {
    let mill = two();
    mill.run("build in").silent();
    let published = manifest(&mill);
    let site = Site::load(None, &Overrides { out: Some(mill.path("feeds")), base_url: None }).expect("a site");
    let clock = Clock { now: NOW.parse().expect("a date"), preview: false };
    let rules = Rules {
        names: site.names.clone(),
        zone: site.zone,
        mojibake: site.mojibake,
        now: clock.now,
        whole: false,
        full_text: false,
        embeds: feedmill::article::Embeds::Iframe,
        keep: Keep::default(),
        dates: Arc::default(),
    };
    let selection = Selection::new(&site.include, &site.exclude, &site.out).expect("globs");
    let sources = walk(&[mill.path("in")], &selection, 1).expect("articles").sorted();
    let (index, _) = index(sources.files, &rules, &site.block, 1, &AtomicUsize::new(0));
    let grouping = group(&index, &site, clock, &published, &mut Vec::new());
    let listed = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = published.clone();
        change(&mut manifest);
        let list = subscriptions(&site, clock, &grouping, &manifest);
        let addresses = list.subscriptions.iter().map(|feed| feed.address.as_str().trim_start_matches("http://localhost:8000/"));
        (addresses.collect::<Vec<_>>().join(" "), list.modified.map(|date| date.date_naive().to_string()))
    };
    let newest = Some("2020-11-14".to_owned());
    assert_eq!(listed(&|_| ()), ("ai/atom.xml chips/atom.xml".into(), newest.clone()));
    // The first format that is there.
    let without =
        |paths: &'static [&str]| move |manifest: &mut Manifest| manifest.files.retain(|path, _| !paths.contains(&&**path));
    assert_eq!(listed(&without(&["ai/atom.xml"])).0, "ai/rss.xml chips/atom.xml");
    assert_eq!(listed(&without(&["ai/atom.xml", "ai/rss.xml"])).0, "ai/feed.json chips/atom.xml");
    assert_eq!(listed(&without(&["chips/atom.xml", "chips/rss.xml", "chips/feed.json"])).0, "ai/atom.xml");
    // Not one that has gone; and where it lies is in the manifest.
    let chips = |change: fn(&mut feedmill::manifest::Feed)| {
        move |manifest: &mut Manifest| manifest.feeds.get_mut(&TopicKey::of("Chips")).into_iter().for_each(change)
    };
    assert_eq!(listed(&chips(|feed| feed.stale = true)), ("ai/atom.xml".into(), Some("2020-11-13".to_owned())));
    assert_eq!(listed(&chips(|feed| feed.slug = Slug::parse("ai").ok())).0, "ai/atom.xml ai/atom.xml");
    assert_eq!(listed(&|manifest| manifest.feeds.clear()), (String::new(), None));
}

/// The feed of all topics is not among the others: an import would bring every story twice.
#[test]
fn where_there_is_no_topic_the_list_has_the_feed_of_all() {
    let mill = Mill::new().article("in/a.md", "title: One\ndate: 2020-11-13\nlink: https://example.org/one");
    mill.run("build in").silent();
    assert_eq!(listed(&mill).0, pairs(&[("atom.xml", "localhost")]));
    let mill = mill.story("in/b.md", "Two", "2020-11-14", "AI");
    mill.run("build in").silent();
    assert_eq!(listed(&mill).0, pairs(&[("ai/atom.xml", "AI")]));
}
