//! What makes it safe to run every few minutes and to forget about: a run at a time, no feed that shrinks by mistake, no flood,
//! and what becomes of feeds that go, move, or are copied.

use std::collections::BTreeSet;
use std::fs;

use feedmill::encoding::Encoding;
use feedmill::manifest::Manifest;
use feedmill::publish::lock::{Attempt, Lock};
use feedmill::publish::stage;
use feedmill::topic::TopicKey;

use crate::mill::{Mill, Run, files};

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\n";

fn mill(site: &str) -> Mill {
    Mill::new().file("in/feedmill.yaml", format!("{SITE}{site}"))
}

/// So many articles of a topic, each on a day of its own.
fn many(mill: Mill, topic: &str, numbers: std::ops::RangeInclusive<usize>) -> Mill {
    numbers.fold(mill, |mill, number| {
        let path = format!("in/{}-{number:02}.md", topic.to_lowercase());
        mill.story(&path, &format!("{topic} {number}"), &format!("2020-10-{number:02}"), topic)
    })
}

fn without(mill: Mill, topic: &str, numbers: std::ops::RangeInclusive<usize>) -> Mill {
    numbers.fold(mill, |mill, number| mill.without(&format!("in/{}-{number:02}.md", topic.to_lowercase())))
}

fn manifest(mill: &Mill) -> Manifest {
    Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest")
}

/// The manifest agrees with the folder.
#[track_caller]
fn agrees(mill: &Mill) {
    let manifest = manifest(mill);
    let found = files(&mill.path("feeds"));
    let listed: BTreeSet<&str> = manifest.files.keys().map(String::as_str).chain(["feedmill.json"]).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), listed);
    for (path, file) in &manifest.files {
        assert_eq!(feedmill::write::sha256(&found[path]), file.sha256, "{path}");
    }
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn a_second_run_leaves_and_says_so_in_one_line() {
    let mill = many(mill(""), "AI", 1..=3);
    fs::create_dir(mill.path("feeds")).expect("a folder");
    let lock = Lock::take(&mill.path("feeds"), false).expect("a lock");
    assert!(matches!(lock, Attempt::Locked(_)));
    let expected = "feedmill: feeds: another run is writing here; with `--wait` this one waits for it";
    let _ = mill.run("build in").status(3).stdout("").stderr(expected);
    assert_eq!(mill.listing("feeds"), [""; 0]);
    // Whoever only looks need not wait.
    let _ = mill.run("build in --dry-run").status(0).stderr("");
    mill.run("check in").silent();
    drop(lock);
    mill.run("build in").silent();
    agrees(&mill);
}

#[test]
fn a_second_run_that_waits_has_its_turn() {
    let mill = many(mill(""), "AI", 1..=3);
    fs::create_dir(mill.path("feeds")).expect("a folder");
    let lock = Lock::take(&mill.path("feeds"), false).expect("a lock");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| mill.run("build in --wait"));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!run.is_finished());
        assert_eq!(mill.listing("feeds"), [""; 0]);
        drop(lock);
        run.join().expect("a run").silent();
    });
    agrees(&mill);
}

#[test]
fn a_run_that_publishes_nothing_leaves_no_folder() {
    let mill = mill("").file("in/a.txt", "no article");
    let _ = mill.run("build in").status(0);
    assert!(!mill.path("feeds").exists());
}

#[test]
fn what_a_killed_run_left_is_cleared_away_or_completed() {
    let mill = many(mill(""), "AI", 1..=3);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    // Before it is decided, nothing has happened.
    let folder = mill.path("feeds").join(stage::FOLDER);
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("1"), "half a fee").expect("a file");
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
    assert!(!folder.exists());
    // From then on it is completed, even if what it was made of is other now.
    let published = fs::read(mill.path("feeds/feedmill.json")).expect("a manifest");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("1"), "new").expect("a file");
    let steps = "[{\"turn\":\"Asset\",\"path\":\"assets/x.css\",\"waits\":1},{\"turn\":\"Removal\",\"path\":\"ai/rss.xml\",\"waits\":null}]";
    fs::write(folder.join("plan.json"), steps).expect("a file");
    let run = mill.run("build in -v").status(0).stderr("");
    assert!(run.stdout.contains("wrote feeds/assets/x.css") && run.stdout.contains("wrote feeds/ai/rss.xml"), "{}", run.stdout);
    assert_eq!(mill.read("feeds/assets/x.css"), "new");
    assert!(!folder.exists());
    let mill = mill.without("feeds/assets/x.css");
    assert!(files(&mill.path("feeds")) == before);
    assert_eq!(fs::read(mill.path("feeds/feedmill.json")).expect("a manifest"), published);
}

#[test]
fn a_feed_that_would_lose_most_of_its_entries_with_their_files_is_held_back() {
    let mill = many(many(mill(""), "AI", 1..=10), "Chips", 11..=14);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = without(mill, "AI", 1..=6).story("in/new.md", "New", "2020-11-01", "Chips");
    let expected = "feeds/ai: error: this feed would lose 6 of its 10 entries, since their files are gone or cannot be read; it stays as it is\n  \
                    help: put the articles back; or, if this is meant, run once with `--force`";
    let _ = mill.run("build in --dry-run").status(0).stderr(expected);
    let _ = mill.run("build in").status(0).stdout("").stderr(expected);
    let after = files(&mill.path("feeds"));
    for path in ["ai/rss.xml", "ai/atom.xml", "ai/feed.json", "ai/index.html"] {
        assert!(before[path] == after[path], "{path}");
    }
    assert_eq!(count(&mill.read("feeds/chips/rss.xml"), "<item>"), 5, "all others go out");
    agrees(&mill);
    assert_eq!(manifest(&mill).feeds[&TopicKey::of("AI")].entries.len(), 10);
    assert!(mill.read("feeds/index.html").contains("ai/index.html"));
    // It is so at the next run too, and a strict one fails.
    let _ = mill.run("build in").status(0).stderr(expected);
    let _ = mill.run("build in --strict").status(1).stderr(expected);
    let _ = mill.run("build in --force").status(0).stderr("");
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 4);
    agrees(&mill);
}

/// What makes entries go on purpose holds nothing back.
#[test]
fn a_feed_may_lose_entries_on_purpose() {
    type Change = fn(Mill) -> Mill;
    let hide = |mill: Mill, line: &str| {
        (1..=6).fold(mill, |mill, number| {
            let path = format!("in/ai-{number:02}.md");
            let text = mill.read(&path).replacen("---\n", &format!("---\n{line}\n"), 1);
            mill.file(&path, text)
        })
    };
    let cases: &[(&str, Change, usize)] = &[
        ("half of them", |mill| without(mill, "AI", 1..=5), 5),
        ("the limit", |mill| mill.file("in/feedmill.yaml", format!("{SITE}limit: 4\n")), 4),
        ("what is read", |mill| mill.file("in/feedmill.yaml", format!("{SITE}exclude: [\"ai-0[1-6].md\"]\n")), 4),
        ("a domain", |mill| mill.file("in/feedmill.yaml", format!("{SITE}block: [spam.example]\n")), 10),
    ];
    for (name, change, left) in cases {
        let mill = many(mill(""), "AI", 1..=10);
        mill.run("build in").silent();
        let mill = change(mill);
        mill.run("build in").silent();
        assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), *left, "{name}");
    }
    for line in ["published: false", "deleted: true", "draft: true"] {
        let mill = many(mill(""), "AI", 1..=10);
        mill.run("build in").silent();
        let mill = hide(mill, line);
        mill.run("build in").silent();
        assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 4, "{line}");
    }
    // Files that move are the same stories.
    let mill = many(mill(""), "AI", 1..=10);
    mill.run("build in").silent();
    for number in 1..=9 {
        fs::create_dir_all(mill.path("in/old")).expect("a folder");
        fs::rename(mill.path(&format!("in/ai-{number:02}.md")), mill.path(&format!("in/old/{number}.md"))).expect("a move");
    }
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 10);
    // What is withdrawn does not wait for anybody.
    let mill = without(mill.without("in/old"), "AI", 10..=10).story("in/ai-11.md", "AI 11", "2020-10-11", "AI");
    let mill = mill.article("in/back.md", "title: x\ndate: 2020-10-01\nlink: https://example.org/ai-1\ndeleted: true");
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 1);
}

#[test]
fn coverage_goes_with_the_files_of_its_articles() {
    let related: Vec<String> =
        (1..=9).map(|n| format!("- {{title: R {n}, webUrl: \"https://r.example/{n}\", date: 2020-10-01}}")).collect();
    let related = related.join("\n");
    let article = format!("title: A\ndate: 2020-11-01\nlink: https://example.org/a\ntopics: [AI]\nrelated:\n{related}");
    let mill = mill("").article("in/a.md", &article).story("in/b.md", "B", "2020-11-02", "AI");
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 11);
    let gone = "would lose 10 of its 11 entries";
    let mill = mill.without("in/a.md");
    let run = mill.run("build in").status(0);
    assert_eq!(count(&run.stderr, gone), 2, "of the topic and of all: {}", run.stderr);
    // An edit that takes the coverage out is not a file that vanished.
    let mill = mill.story("in/a.md", "A", "2020-11-01", "AI");
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 2);
}

#[test]
fn old_entries_that_are_new_to_a_feed_are_told_where_they_are_many() {
    let mill = many(mill(""), "AI", 25..=28).story("in/new.md", "New", "2020-11-20", "AI");
    mill.run("build in").silent();
    let mill = many(mill, "AI", 1..=20);
    mill.run("build in").silent();
    let mill = many(without(mill, "AI", 1..=20), "Old", 1..=21);
    let _ = mill.run("build in --force").status(0).stderr(
        "feeds: warning: 21 entries are new to their feeds and older than what was published there before: readers show them as unread (21 of them here)\n  \
         help: `--dry-run` and `--report` list them before they go out",
    );
    mill.run("build in").silent();
}

#[test]
fn a_feed_whose_topic_has_gone_ends_with_an_entry_that_says_so() {
    let mill = many(mill("stale: tombstone\nprecompress: [gzip]\ntopics: {Chips: {also: [old/chips.xml]}}\n"), "AI", 1..=3);
    let mill = many(mill, "Chips", 1..=3);
    mill.run("build in").silent();
    let id = |mill: &Mill| {
        let atom = mill.read("feeds/chips/atom.xml");
        atom.split("<id>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    let before = id(&mill);
    let mill = without(mill, "Chips", 1..=3);
    let warning = "feeds/chips: warning: no published article has the topic of this feed any more; a last entry says so\n  \
                   help: if the topic has a new name, write `former` below that under `topics`";
    let _ = mill.run("build in").status(0).stderr(warning);
    agrees(&mill);
    assert_eq!(id(&mill), before, "it is the same feed");
    for file in ["chips/rss.xml", "chips/atom.xml", "chips/feed.json", "old/chips.xml"] {
        let text = mill.read(&format!("feeds/{file}"));
        assert!(text.contains("This feed has ended: Chips") && !text.contains("Chips 1"), "{file}: {text}");
        assert!(text.contains("2020-11-23") || text.contains("23 Nov 2020"), "{file}: {text}");
    }
    assert!(mill.read("feeds/chips/feed.json").contains("\"expired\": true"));
    assert!(!mill.read("feeds/chips/index.html").contains("Chips 1"));
    assert!(!mill.read("feeds/feeds.opml").contains("chips"));
    // It is dated when it was made, and stays so.
    let after = files(&mill.path("feeds"));
    mill.run("build in --now 2020-12-01").silent();
    let mill = mill.story("in/new.md", "New", "2020-11-20", "AI");
    mill.run("build in --now 2020-12-02").silent();
    for (path, bytes) in files(&mill.path("feeds")) {
        assert!(!path.starts_with("chips/") || after[&path] == bytes, "{path}");
    }
    // And it comes back to life, with the entries that it had.
    let mill = many(mill, "Chips", 1..=3);
    mill.run("build in").silent();
    let text = mill.read("feeds/chips/feed.json");
    assert!(!text.contains("expired") && !text.contains("has ended") && text.contains("Chips 1"));
    agrees(&mill);
}

#[test]
fn a_feed_whose_topic_has_gone_can_go_too() {
    let mill = many(many(mill("stale: remove\nprecompress: [gzip, brotli]\n"), "AI", 1..=3), "Chips", 1..=3);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 1..=3).file("feeds/chips/mine.txt", "x");
    let _ = mill.run("build in").status(0).stderr(
        "feeds/chips: warning: no published article has the topic of this feed any more; its files are taken away\n  \
         help: if the topic has a new name, write `former` below that under `topics`",
    );
    assert_eq!(mill.listing("feeds/chips"), ["mine.txt"], "what is not ours stays");
    let mill = mill.without("feeds/chips");
    agrees(&mill);
    mill.run("build in").silent();
    // Its folder is not given to another topic meanwhile.
    let mill = many(mill, "chips!", 4..=5);
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("since `chips` is another topic's"), "{}", run.stderr);
    let mill = many(mill, "Chips", 1..=3);
    mill.run("build in").silent();
    assert!(mill.read("feeds/chips/rss.xml").contains("Chips 3"));
    agrees(&mill);
}

#[test]
fn a_feed_that_goes_with_its_files_by_mistake_is_held_back() {
    for policy in ["remove", "tombstone"] {
        let mill = many(many(mill(&format!("stale: {policy}\n")), "AI", 1..=3), "Chips", 1..=10);
        mill.run("build in").silent();
        let before = files(&mill.path("feeds/chips"));
        let mill = without(mill, "Chips", 1..=10);
        let run = mill.run("build in").status(0);
        assert!(run.stderr.contains("\nfeeds/chips: error: this feed would lose 10 of its 10 entries"), "{}", run.stderr);
        assert!(files(&mill.path("feeds/chips")) == before);
        let _ = mill.run("build in --force").status(0);
        assert!(files(&mill.path("feeds/chips")) != before, "{policy}");
        agrees(&mill);
    }
}

#[test]
fn a_renamed_topic_keeps_its_feed_and_leads_there_from_its_old_folder() {
    let mill = many(many(mill(""), "AI", 1..=3), "Chips", 4..=6);
    mill.run("build in").silent();
    let id = |mill: &Mill, path: &str| {
        let atom = mill.read(path);
        atom.split("<id>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    let before = id(&mill, "feeds/chips/atom.xml");
    let mill = (4..=6).fold(mill, |mill, number| {
        let path = format!("in/chips-{number:02}.md");
        let text = mill.read(&path).replace("topics: [\"Chips\"]", "topics: [\"Silicon\"]");
        mill.file(&path, text)
    });
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}topics: {{Silicon: {{former: [chips]}}}}\n"));
    mill.run("build in").silent();
    agrees(&mill);
    assert_eq!(id(&mill, "feeds/silicon/atom.xml"), before);
    for file in ["rss.xml", "atom.xml", "feed.json"] {
        assert_eq!(mill.read(&format!("feeds/chips/{file}")), mill.read(&format!("feeds/silicon/{file}")), "{file}");
    }
    let page = mill.read("feeds/chips/index.html");
    for part in [
        "<link rel=\"canonical\" href=\"https://feeds.example.org/silicon/\">",
        "<meta http-equiv=\"refresh\" content=\"0; url=https://feeds.example.org/silicon/\">",
    ] {
        assert!(page.contains(part), "{page}");
    }
    assert_eq!(count(&mill.read("feeds/feeds.opml"), "silicon/atom.xml"), 1);
    assert!(!mill.read("feeds/feeds.opml").contains("chips"));
    // It stays so when the line is taken out of the site file, months later, and when news comes.
    let mill = mill.file("in/feedmill.yaml", SITE).story("in/new.md", "Newest", "2020-11-20", "Silicon");
    let _ = mill.run("build in").status(0);
    assert_eq!(id(&mill, "feeds/silicon/atom.xml"), before);
    assert!(mill.read("feeds/silicon/rss.xml").contains("Newest"));
    agrees(&mill);
}

#[test]
fn copies_of_a_feed_lie_at_its_old_addresses() {
    let site = "also: [feed.xml, blog/index.xml]\ntopics: {AI: {also: {old/ai.xml: rss, feeds/ai.json: json}}}\n";
    let mill = many(mill(site), "AI", 1..=3);
    mill.run("build in").silent();
    for (copy, of) in
        [("feed.xml", "atom.xml"), ("blog/index.xml", "rss.xml"), ("old/ai.xml", "ai/rss.xml"), ("feeds/ai.json", "ai/feed.json")]
    {
        assert_eq!(mill.read(&format!("feeds/{copy}")), mill.read(&format!("feeds/{of}")), "{copy}");
    }
    agrees(&mill);
    // They follow, and a story that is withdrawn leaves them even when they are no longer made.
    let mill = mill.story("in/new.md", "Latest", "2020-11-20", "AI");
    mill.run("build in").silent();
    assert!(mill.read("feeds/old/ai.xml").contains("Latest"));
    let mill = mill.file("in/feedmill.yaml", SITE);
    mill.run("build in").silent();
    let mill = mill.article("in/new.md", "title: Latest\ndate: 2020-11-20\nlink: https://example.org/latest\ndeleted: true");
    mill.run("build in").silent();
    for (path, bytes) in files(&mill.path("feeds")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Latest") && !text.contains("/latest"), "{path}");
    }
    agrees(&mill);
}

#[test]
fn two_files_of_one_name_are_refused() {
    for (site, path) in [
        ("topics: {AI: {also: [rss.xml]}}\n", "4:22: error: two files would be at `rss.xml`"),
        ("also: ai\n", "4:7: error: a file would be at `ai`, and a folder for ai/atom.xml"),
        ("also: [Feedmill.JSON]\n", "4:8: error: two files would be at `Feedmill.JSON`"),
        ("also: [ai/rss.xml/feed]\n", "4:8: error: a file would be at `ai/rss.xml`, and a folder for ai/rss.xml/feed"),
        ("topics: {AI: {also: [a.xml]}, Chips: {also: [a.xml]}}\n", "4:46: error: two files would be at `a.xml`"),
    ] {
        let mill = many(many(mill(site), "AI", 1..=3), "Chips", 1..=3);
        let run = mill.run("build in").status(2);
        let help = "write another path here, or give the topic another `slug`";
        let _ = run.stderr(&format!("in/feedmill.yaml:{path}\n  help: {help}"));
        assert!(!mill.path("feeds").exists());
    }
}

#[test]
fn compressed_files_lie_beside_what_is_text_and_go_with_it() {
    let mill = many(mill("precompress: [gzip, brotli]\n"), "AI", 1..=3);
    mill.run("build in").silent();
    agrees(&mill);
    let found = files(&mill.path("feeds"));
    let sources: Vec<&String> = found.keys().filter(|path| Encoding::of(path).is_none() && *path != "feedmill.json").collect();
    assert!(sources.len() >= 10);
    for source in sources {
        for encoding in Encoding::ALL {
            let compressed = &found[&format!("{source}{}", encoding.ending())];
            assert!(encoding.start(&**compressed, u64::MAX) == found[source], "{source} {encoding:?}");
        }
    }
    // They are written with their source, and not otherwise.
    let mill = many(mill, "Chips", 4..=4);
    mill.run("build in").silent();
    let after = files(&mill.path("feeds"));
    assert!(after["ai/rss.xml.gz"] == found["ai/rss.xml.gz"] && after["rss.xml.gz"] != found["rss.xml.gz"]);
    // One that was spoiled is made again; one of which another version of the compressor made something else is not.
    let spoiled = mill.file("feeds/ai/rss.xml.br", "spoiled");
    spoiled.run("build in").silent();
    assert!(files(&spoiled.path("feeds")) == after);
    // Without them, an old one would be served instead of what is new.
    let mill = spoiled.file("in/feedmill.yaml", format!("{SITE}precompress: [brotli]\n"));
    mill.run("build in").silent();
    assert!(mill.listing("feeds").iter().all(|path| !matches!(Encoding::of(path), Some((Encoding::Gzip, _)))));
    agrees(&mill);
    // Without the manifest they are known by what is in them.
    let mill = mill.without("feeds/feedmill.json");
    mill.run("build in").tells_of_the_lost_manifest("feeds");
    agrees(&mill);
    // So are those that are no longer made; what is not ours stays.
    let mill = mill.without("feeds/feedmill.json").file("in/feedmill.yaml", SITE).file("feeds/mine.br", "theirs");
    let mill = mill.file("feeds/index.html.gz", "theirs");
    mill.run("build in").tells_of_the_lost_manifest("feeds");
    let left = mill.listing("feeds").into_iter().filter(|path| Encoding::of(path).is_some()).collect::<Vec<_>>();
    assert_eq!(left, ["index.html.gz", "mine.br"]);
    let mill = mill
        .without("feeds/index.html.gz")
        .without("feeds/mine.br")
        .file("in/feedmill.yaml", format!("{SITE}precompress: [brotli]\n"));
    agrees(&mill);
    let mill = mill.without("feeds").file("feeds/rss.xml.br", "theirs");
    let run = mill.run("build in").status(2);
    assert!(run.stderr.starts_with("feeds/rss.xml.br: error: feedmill did not write this file"), "{}", run.stderr);
}

/// What the manifest alone knew is named where it can be told.
#[test]
fn a_manifest_that_is_lost_is_told_once() {
    for formats in ["", "formats: [rss]\n", "formats: [json]\n"] {
        let mill = many(many(mill(formats), "AI", 1..=3), "Chips", 1..=3).story("in/old.md", "Old", "2020-10-01", "Old");
        mill.run("build in").silent();
        let mill = without(mill, "Chips", 1..=3)
            .without("in/old.md")
            .without("feeds/feedmill.json")
            .file("feeds/theirs/rss.xml", "<rss/>");
        let orphans = "feeds: warning: feeds that are no longer written are in `chips`, `old`, and stay as they are\n  help: delete \
                       them, if nobody subscribes to them; `stale` in the site file is about feeds that are in the manifest";
        for arguments in ["build in --dry-run", "build in"] {
            let run = mill.run(arguments).status(0);
            let rest = run.stderr.strip_prefix(&format!("{orphans}\n")).unwrap_or_else(|| panic!("{}", run.stderr)).to_owned();
            Run { stdout: String::new(), stderr: rest, ..run }.tells_of_the_lost_manifest("feeds");
        }
        mill.run("build in").silent();
    }
    // Where there was none, none is lost.
    let mill = many(mill(""), "AI", 1..=3).file("feeds/theirs/rss.xml", "<rss/>");
    mill.run("build in").silent();
}

/// The folder of a topic that comes is not a file that is there: everything else goes out, and so does the topic.
#[test]
fn a_copy_with_the_name_of_a_topic_stops_nothing() {
    for copy in ["chips", "Chips"] {
        let mill = many(mill(&format!("also: [feed, {copy}]\n")), "AI", 1..=3);
        mill.run("build in").silent();
        let mill = many(mill, "Chips", 4..=5);
        let _ = mill.run("build in").status(0).stderr(
            "in/chips-04.md: warning: the topic `Chips` gets the folder `chips-e73ef1`, since `chips` is another topic's\n  help: \
             choose a `slug` for it under `topics` in the site file",
        );
        mill.run("build in").silent();
        agrees(&mill);
        for path in [copy, "feed"] {
            assert_eq!(mill.read(&format!("feeds/{path}")), mill.read("feeds/atom.xml"));
        }
    }
}

/// A manifest in which two topics have one folder was not written so: the one gets another.
#[test]
fn a_folder_is_given_to_one_topic_alone() {
    let mill = many(many(mill("formats: [rss]\n"), "AI", 1..=3), "Chips", 4..=6);
    mill.run("build in").silent();
    let damaged = mill.read("feeds/feedmill.json").replace("\"slug\": \"chips\"", "\"slug\": \"ai\"");
    let mill = mill.file("feeds/feedmill.json", damaged);
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("the topic `Chips` gets the folder `chips-"), "{}", run.stderr);
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<title>AI "), 3);
    let slugs: BTreeSet<_> = manifest(&mill).feeds.into_values().map(|feed| feed.slug).collect();
    assert_eq!(slugs.len(), 3);
}

#[test]
fn a_second_file_of_a_story_does_not_move_its_entry() {
    let article = |date: &str| format!("title: One\ndate: {date}\nlink: https://example.org/one\ntopics: [AI]");
    let dates = |mill: &Mill| -> BTreeSet<String> {
        let feeds = manifest(mill).feeds;
        feeds.values().flat_map(|feed| &feed.entries).map(|entry| entry.date.format("%F").to_string()).collect()
    };
    let mill = mill("").article("in/a.md", &article("2020-11-01"));
    mill.run("build in").silent();
    let mill = mill.article("in/b.md", &article("2020-11-05"));
    let _ = mill.run("build in").status(0);
    assert_eq!(dates(&mill), ["2020-11-01".to_owned()].into());
    assert!(mill.read("feeds/ai/rss.xml").contains("<pubDate>Sun, 01 Nov 2020 00:00:00 +0000</pubDate>"));
    // Who corrects a date is heard.
    let mill = mill.without("in/b.md").article("in/a.md", &article("2020-11-03"));
    mill.run("build in").silent();
    assert_eq!(dates(&mill), ["2020-11-03".to_owned()].into());
}

#[test]
fn a_link_without_a_date_keeps_the_one_that_it_was_published_with() {
    let article = |name: &str, date: &str| {
        format!(
            "title: {name}\ndate: {date}\nlink: https://example.org/{name}\ntopics: [AI]\nrelated:\n- {{title: R, webUrl: \"https://r.example/\"}}"
        )
    };
    let date = |mill: &Mill| {
        let feed = manifest(mill).feeds.remove(&TopicKey::of("AI")).expect("a feed");
        let link = feed.entries.into_iter().find(|entry| !entry.parents.is_empty()).expect("an entry");
        link.date.format("%F").to_string()
    };
    let mill = mill("").article("in/a.md", &article("a", "2020-11-01"));
    mill.run("build in").silent();
    assert_eq!(date(&mill), "2020-11-01");
    let mill = mill.article("in/b.md", &article("b", "2020-11-05"));
    mill.run("build in").silent();
    assert_eq!(date(&mill), "2020-11-01");
    let mill = mill.without("in/a.md");
    mill.run("build in").silent();
    assert_eq!(date(&mill), "2020-11-01");
}

#[cfg(target_os = "linux")]
#[test]
fn too_many_open_files_publish_nothing() {
    let mill = many(mill(""), "AI", 1..=12);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = many(mill, "AI", 13..=24);
    let mut told = BTreeSet::new();
    for limit in 4..40 {
        let run = mill.run_after(&format!("ulimit -n {limit}"), "build in");
        match run.status {
            Some(0) => break,
            Some(2) => {
                assert!(run.stderr.contains("Too many open files"), "{limit}: {}", run.stderr);
                told.insert(run.stderr);
            }
            // The system cannot even start it.
            _ => assert!(!run.stderr.contains("panicked"), "{limit}: {}", run.stderr),
        }
        assert!(files(&mill.path("feeds")) == before, "{limit}");
    }
    assert!(!told.is_empty());
    mill.run("build in").silent();
    agrees(&mill);
}
