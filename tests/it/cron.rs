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

/// The manifest agrees with the folder, and what is compressed with what it is made of.
#[track_caller]
fn agrees(mill: &Mill) {
    let manifest = manifest(mill);
    let found = files(&mill.path("feeds"));
    let listed: BTreeSet<&str> = manifest.files.keys().map(String::as_str).chain(["feedmill.json"]).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), listed);
    for (path, file) in &manifest.files {
        assert_eq!(feedmill::write::sha256(&found[path]), file.sha256, "{path}");
        if let Some((encoding, of)) = Encoding::of(path) {
            assert!(encoding.start(&*found[path], u64::MAX) == found[of], "{path}");
        }
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
fn an_output_folder_can_be_named_with_dots() {
    let mill = many(mill(""), "AI", 1..=3);
    mill.run("build in --out public/./feeds/.").silent();
    assert!(mill.path("public/feeds/ai/rss.xml").exists());
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
    // Whoever only looks leaves it.
    let _ = mill.run("build in --dry-run").status(0);
    mill.run("check in").silent();
    assert!(folder.join("plan.json").exists());
    let run = mill.run("build in -v").status(0).stderr("");
    assert!(run.stdout.contains("wrote feeds/assets/x.css") && run.stdout.contains("wrote feeds/ai/rss.xml"), "{}", run.stdout);
    assert_eq!(mill.read("feeds/assets/x.css"), "new");
    assert!(!folder.exists());
    let mill = mill.without("feeds/assets/x.css");
    assert!(files(&mill.path("feeds")) == before);
    assert_eq!(fs::read(mill.path("feeds/feedmill.json")).expect("a manifest"), published);
    // What it wrote and this run would have written too is counted once.
    let steps = "[{\"turn\":\"Feed\",\"path\":\"ai/rss.xml\",\"waits\":1}]";
    let mill = mill.file("feeds/.feedmill-run/1", &before["ai/rss.xml"]).file("feeds/.feedmill-run/plan.json", steps);
    let run = mill.run("build in -v").status(0).stderr("");
    assert!(run.stdout.ends_with(": 1 file written, 11 unchanged\n"), "{}", run.stdout);
}

/// Assets come before feeds, feeds before what leads to them, and the manifest last, behind what is taken away.
#[test]
fn a_run_that_fails_while_it_replaces_files_is_completed_by_the_next() {
    let mill = many(mill("precompress: [gzip]\n"), "AI", 1..=3);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}theme: {{css: own.css}}\n")).file("in/own.css", "a {}");
    let mill = mill.story("in/new.md", "Newest", "2020-11-20", "AI").without("feeds/rss.xml.gz").file("feeds/rss.xml.gz/x", "");
    let run = mill.run("build in --changed changed.txt").status(2);
    assert!(run.stderr.starts_with("feeds/rss.xml.gz: error: cannot be put in its place: "), "{}", run.stderr);
    assert!(
        run.stderr.ends_with("help: what is not replaced yet stays as it was; the next run goes on here\n"),
        "{}",
        run.stderr
    );
    assert_eq!(mill.read("changed.txt"), "", "the next run tells it");
    let folder = mill.path("feeds").join(stage::FOLDER);
    let plan: serde_json::Value = serde_json::from_str(&mill.read("feeds/.feedmill-run/plan.json")).expect("a plan");
    let turn = |path: &str| match path {
        "feedmill.json" => 4,
        path if Encoding::of(path).is_some() => 3,
        "feeds.opml" | "index.html" | "ai/index.html" => 2,
        path if path.starts_with("assets/") => 0,
        _ => 1,
    };
    let turns: Vec<i32> =
        plan.as_array().expect("steps").iter().map(|step| turn(step["path"].as_str().expect("a path"))).collect();
    assert!(turns.is_sorted() && (0..=4).all(|turn| turns.contains(&turn)), "{plan}");
    assert!(mill.read("feeds/ai/rss.xml").contains("Newest"));
    assert_eq!(mill.read("feeds/feedmill.json").as_bytes(), before["feedmill.json"]);
    // As long as it is in the way it is said, and nothing else happens.
    let run = mill.run("build in").status(2);
    assert!(run.stderr.starts_with("feedmill: feeds/rss.xml.gz: a folder is where a file has to go"), "{}", run.stderr);
    let mill = mill.without("feeds/rss.xml.gz");
    mill.run("build in --changed changed.txt").silent();
    assert!(mill.read("changed.txt").contains("/feeds.opml") || mill.read("changed.txt").contains("/ai/rss.xml"));
    assert!(!folder.exists());
    agrees(&mill);
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
    let run = mill.run("build in -v --report report.json").status(0).stderr(expected);
    assert!(run.stdout.contains("feeds/ai: held back, since 6 of its 10 entries would go\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("feeds/chips:"), "nothing becomes of it: {}", run.stdout);
    let report: serde_json::Value = serde_json::from_str(&mill.read("report.json")).expect("a report");
    assert_eq!((&report["feeds"][0]["fate"], &report["feeds"][0]["entries"]), (&"held".into(), &10.into()));
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
        ("what is named", |mill| mill.file("in/feedmill.yaml", format!("{SITE}include: [\"ai-0[7-9].md\", ai-10.md]\n")), 4),
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
    // In another folder it is made anew, and the old one stays.
    let mill = many(many(mill(""), "AI", 1..=10), "Chips", 11..=20);
    mill.run("build in").silent();
    let mill = without(mill, "AI", 1..=6).file("in/feedmill.yaml", format!("{SITE}topics: {{AI: {{slug: ki}}}}\n"));
    let _ = mill.run("build in").status(0);
    assert_eq!(count(&mill.read("feeds/ki/rss.xml"), "<item>"), 4);
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 10);
    // Another list of folders in the site file is meant.
    let site = |articles: &str| format!("{SITE}articles: {articles}\n");
    let mill = many(self::mill(""), "AI", 1..=10).file("in/feedmill.yaml", site("[ai, more]"));
    let mill = mill.story("in/ai/a.md", "A", "2020-11-01", "AI").file("in/more/x.txt", "");
    for number in 1..=10 {
        fs::rename(mill.path(&format!("in/ai-{number:02}.md")), mill.path(&format!("in/more/{number}.md"))).expect("a move");
    }
    mill.run("build --site in/feedmill.yaml").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 11);
    let mill = mill.file("in/feedmill.yaml", site("[ai]"));
    mill.run("build --site in/feedmill.yaml").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 1);
    // Files that move are the same stories.
    let mill = many(self::mill(""), "AI", 1..=10);
    mill.run("build in").silent();
    for number in 1..=9 {
        fs::create_dir_all(mill.path("in/old")).expect("a folder");
        fs::rename(mill.path(&format!("in/ai-{number:02}.md")), mill.path(&format!("in/old/{number}.md"))).expect("a move");
    }
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 10);
    // What is withdrawn does not wait for anybody, and takes nothing else with it.
    let mill = without(mill.without("in/old"), "AI", 10..=10).story("in/ai-11.md", "AI 11", "2020-10-11", "AI");
    let mill = mill.article("in/back.md", "title: x\ndate: 2020-10-01\nlink: https://example.org/ai-1\ndeleted: true");
    let run = mill.run("build in").status(0);
    assert_eq!(count(&run.stderr, "this feed would lose 9 of its 9 entries"), 2, "of the topic and of all: {}", run.stderr);
    let rss = mill.read("feeds/ai/rss.xml");
    assert_eq!((count(&rss, "<item>"), count(&rss, "/ai-1<")), (9, 0));
    agrees(&mill);
    // In its own feed, that is.
    let mill = many(many(self::mill(""), "AI", 1..=10), "Chips", 11..=20);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 11..=16);
    let mill = mill.article("in/ai-01.md", "title: x\ndate: 2020-10-01\nlink: https://example.org/ai-1\ndeleted: true");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.starts_with("feeds/chips: error: this feed would lose 6 of its 10 entries"), "{}", run.stderr);
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
    // Nor is it where another article that had it is still there.
    let mill =
        mill.article("in/a.md", &article).article("in/b.md", &article.replace("title: A", "title: B").replace("/a\n", "/b\n"));
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 11);
    let mill = mill.without("in/a.md").story("in/b.md", "B", "2020-11-02", "AI");
    mill.run("build in").silent();
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<item>"), 1);
}

#[test]
fn old_entries_that_are_new_to_a_feed_are_told_where_they_are_many() {
    let mill = many(mill(""), "AI", 25..=28).story("in/new.md", "New", "2020-11-20", "AI");
    mill.run("build in").silent();
    let mill = many(mill, "AI", 1..=20);
    mill.run("build in").silent();
    let mill = many(without(mill, "AI", 1..=20), "Old", 1..=21);
    let _ = mill.run("build in --force").status(0).stderr(
        "feeds: warning: 21 entries are new to readers and older than what was published: they show as unread; 21 of them are in this feed\n  \
         help: `--dry-run` and `--report` list them before they go out",
    );
    mill.run("build in").silent();
}

#[test]
fn old_entries_are_told_of_the_feed_that_has_most_of_them() {
    // The feed of all topics is named where it has as many as that of a topic.
    let said = |count: usize| format!("older than what was published: they show as unread; {count} of them are in this feed\n");
    let flooded = |mill: Mill| {
        mill.run("build in").silent();
        many(mill, "AI", 1..=21).run("build in").status(0).stderr
    };
    let few = || many(mill(""), "AI", 27..=28);
    let told = flooded(few());
    assert!(told.starts_with("feeds: warning: 21 entries are new") && told.contains(&said(21)), "{told}");
    let recent = (1..=20).fold(few(), |mill, day| {
        mill.story(&format!("in/news-{day}.md"), &format!("News {day}"), &format!("2020-11-{day:02}"), "News")
    });
    let told = flooded(recent);
    assert!(told.starts_with("feeds/ai: warning: 21 entries are new") && told.contains(&said(21)), "{told}");
    // What is held back shows nobody anything.
    let mill = many(mill(""), "AI", 16..=28);
    mill.run("build in").silent();
    let held = many(without(mill, "AI", 16..=24), "Old", 1..=21).run("build in").status(0).stderr;
    assert_eq!((count(&held, "error: this feed would lose 9 of its 13 entries"), count(&held, "unread")), (2, 0), "{held}");
}

#[test]
fn an_entry_of_the_same_time_as_the_newest_is_not_older() {
    let mill = many(mill(""), "AI", 1..=3);
    mill.run("build in").silent();
    let mill = mill.story("in/new.md", "New", "2020-10-03", "AI").story("in/old.md", "Old", "2020-10-02", "AI");
    let run = mill.run("build in --dry-run").status(0);
    assert!(
        run.stdout
            .contains("\nfeeds/ai: 2 new, 1 of them older than what is published\n  + 2020-10-03 New\n  < 2020-10-02 Old\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_feed_whose_topic_has_gone_ends_with_an_entry_that_says_so() {
    let named = "stale: tombstone\nprecompress: [gzip]\ntopics: {Chips: {also: [old/chips.xml]}}\n";
    let mill = many(mill(named), "AI", 1..=3);
    let mill = many(mill, "Chips", 1..=3);
    mill.run("build in").silent();
    let id = |mill: &Mill| {
        let atom = mill.read("feeds/chips/atom.xml");
        atom.split("<id>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
    };
    let before = id(&mill);
    // What the site file names has not gone.
    let mill = without(mill, "Chips", 1..=3).file("in/feedmill.yaml", format!("{SITE}stale: tombstone\nprecompress: [gzip]\n"));
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
    let page = mill.read("feeds/chips/index.html");
    assert!(page.contains("This feed has ended") && !page.contains("Chips 1") && !page.contains("Follow"), "{page}");
    assert_eq!(count(&mill.read("feeds/chips/feed.json"), "\"language\": \"en\""), 1, "of the feed, and none of the entry");
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
    let mill = many(mill, "Chips", 1..=3).file("in/feedmill.yaml", format!("{SITE}{named}"));
    let run = mill.run("build in -v").status(0).stderr("");
    assert!(run.stdout.contains("\nfeeds/chips: 3 new, all of them older than what is published, 1 gone\n"), "{}", run.stdout);
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
    assert!(run.stderr.contains("since `chips` is taken"), "{}", run.stderr);
    let mill = many(mill, "Chips", 1..=3);
    mill.run("build in").silent();
    assert!(mill.read("feeds/chips/rss.xml").contains("Chips 3"));
    agrees(&mill);
}

/// What is said of a feed whose topic has gone is what lies there, whatever the site file has said since.
#[test]
fn what_has_become_of_a_feed_is_what_is_said() {
    let stale = |mill: Mill, policy: &str| mill.file("in/feedmill.yaml", format!("{SITE}stale: {policy}\n"));
    let said = |mill: &Mill, what: &str| {
        let run = mill.run("build in -v").status(0);
        let expected = format!("feeds/chips: note: no published article has the topic of this feed; {what}");
        assert!(run.stderr.contains(&expected) && !run.stdout.contains("chips"), "{what}: {}{}", run.stderr, run.stdout);
        agrees(mill);
    };
    let mill = many(many(mill("stale: remove\n"), "AI", 1..=3), "Chips", 1..=3);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 1..=3);
    let _ = mill.run("build in").status(0);
    for policy in ["keep", "tombstone", "remove"] {
        let mill = stale(Mill::copy_of(&mill.path(".")), policy);
        said(&mill, "its files are taken away");
        assert_eq!(manifest(&mill).feeds[&TopicKey::of("Chips")].entries.len(), 3, "what its entries were is still known");
    }
    let mill = stale(many(mill, "Chips", 1..=3), "tombstone");
    let _ = mill.run("build in").status(0);
    let mill = without(mill, "Chips", 1..=3);
    let _ = mill.run("build in").status(0);
    for policy in ["keep", "tombstone"] {
        said(&stale(Mill::copy_of(&mill.path(".")), policy), "a last entry says so");
    }
}

#[test]
fn a_topic_that_comes_back_is_compared_with_what_was_there() {
    for (policy, counted) in
        [("keep", "1 new"), ("remove", "1 new"), ("tombstone", "26 new, all of them older than what is published, 1 goes")]
    {
        let mill = many(many(mill(&format!("stale: {policy}\nlimit: 40\n")), "AI", 1..=3), "Chips", 1..=25);
        mill.run("build in").silent();
        let mill = without(mill, "Chips", 1..=25);
        let _ = mill.run("build in --force").status(0);
        let mill = many(mill, "Chips", 1..=26);
        let run = mill.run("build in --dry-run").status(0);
        assert!(run.stdout.contains(&format!("feeds/chips: {counted}\n")), "{policy}: {}", run.stdout);
        assert_eq!(run.stderr.contains("26 entries are new to readers and older"), policy == "tombstone", "{}", run.stderr);
    }
}

#[test]
fn a_clock_that_is_behind_takes_nothing_away() {
    let mill = many(many(mill(""), "AI", 1..=20), "Chips", 15..=20);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let run = mill.run("build in --now 2020-10-03T12:00:00Z").status(0);
    let expected = "feeds/ai: error: this feed would lose 17 of its 20 entries, since they are dated after the clock, which says 2020-10-03T12:00:00Z; it stays as it is\n  \
                    help: set the clock right; or, if this is meant, run once with `--force`";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let small = "feeds/chips: warning: no published article that is dated before the clock has the topic of this feed any more";
    assert!(run.stderr.contains(small), "{}", run.stderr);
    for (path, bytes) in files(&mill.path("feeds")) {
        assert!(!(path.starts_with("ai/") || path.starts_with("chips/")) || before[&path] == bytes, "{path}");
    }
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
    // Who moves articles into the future means it.
    let mill = (1..=20)
        .fold(mill, |mill, number| mill.story(&format!("in/ai-{number:02}.md"), &format!("AI {number}"), "2020-12-01", "AI"));
    let run = mill.run("build in").status(0);
    assert!(!run.stderr.contains("feeds/ai: error"), "{}", run.stderr);
}

#[test]
fn a_topic_whose_files_cannot_be_read_has_not_gone() {
    let spoil = |mill: Mill, topic: &str, numbers: std::ops::RangeInclusive<usize>| {
        numbers.fold(mill, |mill, number| mill.file(&format!("in/{topic}-{number:02}.md"), "---\ntitle: [\n---\n"))
    };
    let mill = many(many(many(mill(""), "AI", 1..=3), "Chips", 1..=12), "Few", 1..=2);
    mill.run("build in").silent();
    let mill = spoil(spoil(mill, "chips", 1..=12), "few", 1..=2);
    for _ in 0..2 {
        let run = mill.run("build in").status(0);
        let held = "feeds/chips: error: this feed would lose 12 of its 12 entries, since their files are gone or cannot be read; it stays as it is";
        assert!(run.stderr.contains(held), "{}", run.stderr);
        assert!(!run.stderr.contains("feeds/chips: warning"), "{}", run.stderr);
        assert!(mill.read("feeds/feeds.opml").contains("chips/"));
    }
    let mill = many(many(mill, "Chips", 1..=12), "Few", 1..=2);
    mill.run("build in").silent();
    let mill = spoil(mill, "few", 1..=2);
    let run = mill.run("build in").status(0);
    let small = "feeds/few: warning: no published article that can be read has the topic of this feed any more\n  \
                 help: when its articles are there again, so is the feed";
    assert!(run.stderr.contains(small), "{}", run.stderr);
}

#[test]
fn a_file_of_the_owners_does_not_go_with_a_feed() {
    let mill = many(many(mill("stale: remove\n"), "AI", 1..=3), "Chips", 1..=3);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 1..=3).file("feeds/chips/rss.xml", "mine");
    for _ in 0..2 {
        let _ = mill.run("build in").status(0);
        assert_eq!(mill.listing("feeds/chips"), ["rss.xml"]);
        assert_eq!(mill.read("feeds/chips/rss.xml"), "mine");
    }
}

/// Its owner was told when the topic went: what the site file says later is meant.
#[test]
fn a_feed_that_was_kept_can_end_or_go_later() {
    let mill = many(many(mill(""), "AI", 11..=22), "Chips", 1..=10);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 1..=10);
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("feeds/chips: warning: no published article has the topic of this feed any more\n"));
    agrees(&mill);
    let run = mill.run("build in -v").status(0);
    assert!(!run.stdout.contains("feeds/chips"), "{}", run.stdout);
    let fate = |mill: &Mill| {
        let report: serde_json::Value = serde_json::from_str(&mill.read("report.json")).expect("a report");
        let feeds = report["feeds"].as_array().expect("feeds");
        feeds.iter().map(|feed| format!("{} {} {}", feed["slug"], feed["fate"], feed["entries"])).collect::<Vec<_>>()
    };
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}stale: tombstone\n"));
    let run = mill.run("build in -v --report report.json").status(0);
    assert_eq!(fate(&mill), ["\"chips\" \"ended\" 1"]);
    let note = "feeds/chips: note: no published article has the topic of this feed; a last entry says so";
    assert_eq!(run.stderr.trim(), note);
    assert!(run.stdout.contains("feeds/chips: no longer made, and a last entry says so: 10 gone"), "{}", run.stdout);
    assert!(mill.read("feeds/chips/rss.xml").contains("This feed has ended: Chips"));
    agrees(&mill);
    // It is said of a feed when it happens.
    let run = mill.run("build in -v").status(0);
    assert!(!run.stdout.contains("feeds/chips"), "{}", run.stdout);
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}stale: remove\n"));
    let before = files(&mill.path("feeds"));
    let run = mill.run("build in --dry-run -v").status(0);
    assert!(run.stdout.contains("would remove feeds/chips/rss.xml\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with(", 4 would be removed\n"), "{}", run.stdout);
    assert!(run.stdout.contains("feeds/chips: no longer made, and its files go: 1 goes\n"), "{}", run.stdout);
    assert!(files(&mill.path("feeds")) == before);
    let run = mill.run("build in -v --report report.json").status(0);
    assert_eq!(fate(&mill), ["\"chips\" \"removed\" 0"]);
    assert_eq!(run.stderr.trim(), note.replace("a last entry says so", "its files are taken away"));
    assert!(run.stdout.contains("feeds/chips: no longer made, and so have its files: 1 gone"), "{}", run.stdout);
    assert!(run.stdout.contains("removed feeds/chips/rss.xml") && run.stdout.ends_with(", 4 removed\n"), "{}", run.stdout);
    assert!(!mill.path("feeds/chips").exists());
    agrees(&mill);
    let run = mill.run("build in -v").status(0);
    assert!(!run.stdout.contains("feeds/chips"), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn a_feed_does_not_end_through_a_link() {
    let mill = many(many(mill("stale: tombstone\n"), "AI", 1..=3), "Chips", 1..=3);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 1..=3).file("theirs", "theirs").without("feeds/chips/atom.xml");
    let mill = mill.link("feeds/chips/atom.xml", "../../theirs");
    let run = mill.run("build in").status(2);
    assert!(run.stderr.starts_with("feeds/chips/atom.xml: error: this is a symbolic link"), "{}", run.stderr);
    assert_eq!(mill.read("theirs"), "theirs");
    assert!(mill.read("feeds/chips/rss.xml").contains("Chips 1"));
    // Nor is a story withdrawn through one.
    for file in ["atom.xml", "index.html"] {
        let path = format!("feeds/chips/{file}");
        let mill = many(many(self::mill(""), "AI", 1..=3), "Chips", 1..=3);
        mill.run("build in").silent();
        let kept = mill.read(&path);
        let mill = without(mill, "Chips", 1..=3).file("theirs", &kept).without(&path).link(&path, "../../theirs");
        let mill = mill.article("in/back.md", "title: x\ndate: 2020-10-01\nlink: https://example.org/chips-1\ndeleted: true");
        let run = mill.run("build in").status(2);
        assert!(run.stderr.starts_with(&format!("{path}: error: this is a symbolic link")), "{}", run.stderr);
        assert_eq!(mill.read("theirs"), kept);
    }
}

#[test]
fn a_feed_ends_in_what_it_was_written_in_even_if_its_stories_are_withdrawn() {
    let mill = many(mill("stale: tombstone\nformats: [json]\nlanguage: de\nhome: https://home.example/\n"), "AI", 1..=3);
    let mill = many(many(mill, "Chips", 1..=1), "Silicon", 2..=2);
    mill.run("build in").silent();
    let mill = ["chips-01", "silicon-02"].into_iter().fold(mill, |mill, name| {
        let path = format!("in/{name}.md");
        let text = mill.read(&path).replacen("---\n", "---\ndeleted: true\n", 1);
        mill.file(&path, text)
    });
    let _ = mill.run("build in --now 2020-11-23T00:00:00.7Z").status(0);
    assert_eq!(mill.listing("feeds/chips"), ["feed.json"]);
    let feed: serde_json::Value = serde_json::from_str(&mill.read("feeds/chips/feed.json")).expect("JSON");
    let items = feed["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["title"]), (1, &"This feed has ended: Chips".into()));
    let other: serde_json::Value = serde_json::from_str(&mill.read("feeds/silicon/feed.json")).expect("JSON");
    assert_ne!(items[0]["id"], other["items"][0]["id"], "each says it of itself");
    // It is said in English, and leads to the site where there are no pages.
    assert_eq!((&items[0]["language"], &items[0]["url"]), (&"en".into(), &"https://home.example/".into()));
    let before = files(&mill.path("feeds"));
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
}

#[test]
fn the_page_of_a_feed_that_has_ended_leads_to_what_there_is_of_it() {
    let mill = many(many(mill("stale: tombstone\nformats: [rss, pages]\n"), "AI", 1..=3), "Chips", 4..=6);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 4..=6);
    let _ = mill.run("build in").status(0);
    let page = mill.read("feeds/chips/index.html");
    assert!(page.contains("/chips/rss.xml") && !page.contains("atom.xml") && !page.contains("feed.json"), "{page}");
    agrees(&mill);
}

/// What is compressed of a feed that is kept is not read when a story is withdrawn: what it is made of is.
#[test]
fn compressed_files_of_a_feed_that_is_kept_are_not_read() {
    let mill = many(many(mill("precompress: [gzip]\n"), "AI", 1..=3), "Chips", 4..=6);
    mill.run("build in").silent();
    let mill = without(mill, "Chips", 4..=6);
    let _ = mill.run("build in").status(0);
    let text = mill.read("in/ai-01.md").replacen("---\n", "---\ndeleted: true\n", 1);
    let mill = mill.file("in/ai-01.md", text);
    mill.run("build in").silent();
    agrees(&mill);
    // Nor does it want a line of its own when its format is no longer written.
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}precompress: [gzip]\nformats: [atom]\n"));
    mill.run("build in").silent();
    let notes = mill.run("build in -v").status(0).stderr;
    assert!(notes.contains("feeds/rss.xml: note: this format is no longer written") && !notes.contains(".gz"), "{notes}");
    // Without it there is nothing that a server could show it for.
    let mill = mill.without("feeds/rss.xml");
    mill.run("build in").silent();
    assert!(!mill.path("feeds/rss.xml.gz").exists());
    agrees(&mill);
}

#[test]
fn a_feed_that_goes_with_its_files_by_mistake_is_held_back() {
    for policy in ["remove", "tombstone"] {
        let mill = many(many(mill(&format!("stale: {policy}\n")), "AI", 1..=3), "Chips", 1..=10);
        mill.run("build in").silent();
        let before = files(&mill.path("feeds/chips"));
        let mill = without(mill, "Chips", 1..=10);
        for _ in 0..2 {
            let run = mill.run("build in -v").status(0);
            assert!(run.stderr.contains("\nfeeds/chips: error: this feed would lose 10 of its 10 entries"), "{}", run.stderr);
            assert!(!run.stderr.contains("has the topic of this feed"), "{}", run.stderr);
            assert!(run.stdout.contains("\nfeeds/chips: held back, since 10 of its 10 entries would go\n"), "{}", run.stdout);
            assert!(files(&mill.path("feeds/chips")) == before);
            assert_eq!(count(&mill.read("feeds/feeds.opml"), "/chips/atom.xml"), 1, "people can subscribe to it");
            assert_eq!(count(&mill.read("feeds/index.html"), "href=\"chips/index.html\""), 1);
        }
        let _ = mill.run("build in --force").status(0);
        assert!(files(&mill.path("feeds/chips")) != before, "{policy}");
        agrees(&mill);
    }
}

#[test]
fn a_retraction_does_not_wait_for_a_feed_that_has_moved() {
    let mill = many(mill(""), "AI", 1..=12);
    mill.run("build in").silent();
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}topics: {{AI: {{slug: new}}}}\n"));
    let mill = mill.story("in/late.md", "Late", "2020-11-01", "AI");
    let _ = mill.run("build in").status(0);
    // What is left in the old folder never named it, and must not be taken for the feed.
    let mill = without(mill, "AI", 1..=8);
    let mill = mill.article("in/late.md", "title: Late\ndate: 2020-11-01\nlink: https://example.org/late\ndeleted: true");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("feeds/new: error: this feed would lose 8 of its 12 entries"), "{}", run.stderr);
    let rss = mill.read("feeds/new/rss.xml");
    assert_eq!((count(&rss, "<item>"), count(&rss, "Late")), (12, 0));
    agrees(&mill);
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
    let _ = mill.run("build in").status(0).stderr(
        "feeds/chips: warning: this folder does not lead to `silicon` any more; its files stay as they are\n  \
         help: subscribers of this address get nothing new; with `former: [chips]` below the topic it does again",
    );
    assert_eq!(id(&mill, "feeds/silicon/atom.xml"), before);
    assert!(mill.read("feeds/silicon/rss.xml").contains("Newest"));
    mill.run("build in").silent();
    agrees(&mill);
}

/// People can subscribe to both: then each keeps its id, and the folder of the one leads to the other.
#[test]
fn a_topic_that_becomes_part_of_another_leads_to_it() {
    let mill = many(many(mill(""), "Chips", 4..=6), "Silicon", 7..=7);
    mill.run("build in").silent();
    let before = mill.read("feeds/silicon/feed.json");
    let mill = (4..=6).fold(mill, |mill, number| {
        let path = format!("in/chips-{number:02}.md");
        let text = mill.read(&path).replace("topics: [\"Chips\"]", "topics: [\"Silicon\"]");
        mill.file(&path, text)
    });
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}topics: {{Silicon: {{former: [chips]}}}}\n"));
    mill.run("build in").silent();
    let after = mill.read("feeds/silicon/feed.json");
    let id = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON")["_feedmill"].clone();
    assert_eq!(id(&before), id(&after));
    assert_eq!(mill.read("feeds/chips/feed.json"), after);
    assert_eq!(count(&mill.read("feeds/chips/rss.xml"), "<item>"), 4);
    let feeds = manifest(&mill).feeds;
    assert!(!feeds.contains_key(&TopicKey::of("Chips")) && !feeds[&TopicKey::of("Silicon")].stale);
    agrees(&mill);
}

#[test]
fn a_topic_whose_articles_have_two_names_is_one() {
    let mill = many(mill(""), "Chips", 4..=6);
    mill.run("build in").silent();
    let mill = many(mill, "Silicon", 7..=8);
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}topics: {{Silicon: {{former: [chips]}}}}\n"));
    let run = mill.run("build in").status(0);
    assert!(!run.stderr.contains("error:"), "{}", run.stderr);
    // The topic has its new name in all articles from now on, whatever they say.
    let feeds = manifest(&mill).feeds;
    assert_eq!(feeds.keys().map(TopicKey::as_str).collect::<Vec<_>>(), ["", "chips"]);
    assert_eq!(feeds[&TopicKey::of("Chips")].slug.as_ref().map(ToString::to_string).as_deref(), Some("silicon"));
    assert_eq!(feeds[&TopicKey::of("Chips")].entries.len(), 5);
    agrees(&mill);
}

#[test]
fn what_somebody_else_has_in_a_folder_that_a_topic_had_is_not_replaced() {
    for file in ["index.html", "rss.xml"] {
        let path = format!("feeds/was/{file}");
        let mill = many(mill("topics: {AI: {former: [was]}}\n"), "AI", 1..=3).file(&path, "mine");
        let run = mill.run("build in").status(2);
        assert!(run.stderr.starts_with(&format!("{path}: error: feedmill did not write this file")), "{}", run.stderr);
        assert_eq!(mill.listing("feeds"), [format!("was/{file}")]);
    }
}

#[test]
fn copies_of_a_feed_lie_at_its_old_addresses() {
    // One that is the address of the feed itself is no copy.
    let site = "also: [feed.xml, blog/index.xml, rss.xml]\ntopics: {AI: {also: {old/ai.xml: rss, feeds/ai.json: json}}}\n";
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
    let left = |path: &str| {
        format!(
            "feeds/{path}: warning: this copy of a feed is no longer written; it stays as it is\n  \
             help: subscribers of this address get nothing new: add it to `also` again, or delete it\n"
        )
    };
    let expected = ["blog/index.xml", "feed.xml", "feeds/ai.json", "old/ai.xml"].map(left).concat();
    let _ = mill.run("build in").status(0).stderr(&expected);
    // It is said once.
    mill.run("build in").silent();
    let run = mill.run("build in -v").status(0);
    assert_eq!(count(&run.stderr, ": note: this address was left; the file stays as it is"), 4, "{}", run.stderr);
    agrees(&mill);
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
    // Pictures are compressed already.
    let picture = Mill::copy_of(&mill.path(".")).file("in/logo.png", "\u{89}PNG");
    let picture = picture.file("in/feedmill.yaml", format!("{SITE}precompress: [gzip]\ntheme: {{logo: logo.png}}\n"));
    picture.run("build in").silent();
    let names: Vec<String> = picture.listing("feeds/assets").into_iter().filter(|path| path.contains("logo")).collect();
    assert_eq!(names, ["logo.png"]);
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

/// Another version of the compressor would make other bytes of the same: no reader is to fetch them again for that.
#[test]
fn a_compressed_file_is_made_again_with_its_source_only() {
    use std::io::Write;
    let mill = many(mill("precompress: [gzip]\n"), "AI", 1..=3);
    mill.run("build in").silent();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(mill.read("feeds/ai/rss.xml").as_bytes()).expect("memory");
    let other = encoder.finish().expect("memory");
    let mut manifest = manifest(&mill);
    let file = manifest.files.get_mut("ai/rss.xml.gz").expect("a file");
    (file.sha256, file.bytes) = (feedmill::write::sha256(&other), other.len() as u64);
    let mill = mill.file("feeds/ai/rss.xml.gz", &other).file("feeds/feedmill.json", manifest.bytes());
    let before = files(&mill.path("feeds"));
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
    let mill = mill.story("in/new.md", "Newest", "2020-11-20", "AI");
    mill.run("build in").silent();
    let after = files(&mill.path("feeds"));
    assert!(Encoding::Gzip.start(&*after["ai/rss.xml.gz"], u64::MAX) == after["ai/rss.xml"]);
    agrees(&mill);
}

/// Where no article is left, what is withdrawn leaves what was compressed too.
#[test]
fn the_only_story_leaves_compressed_files_too() {
    for site in ["precompress: [gzip]\n", ""] {
        let mill = mill("precompress: [gzip]\n").story("in/a.md", "One", "2020-11-13", "AI");
        mill.run("build in").silent();
        let mill = mill.file("in/feedmill.yaml", format!("{SITE}{site}"));
        let mill = mill.article("in/a.md", "title: One\ndate: 2020-11-13\nlink: https://example.org/one\ndeleted: true");
        let run = mill.run("build in").status(2);
        assert!(run.stderr.contains("they stay as they are but for what was withdrawn"), "{}", run.stderr);
        for (path, bytes) in files(&mill.path("feeds")) {
            let plain = Encoding::of(&path).map_or_else(|| bytes.clone(), |(gzip, _)| gzip.start(&*bytes, u64::MAX));
            assert!(!String::from_utf8_lossy(&plain).contains("example.org/one"), "{path}");
        }
        assert!(manifest(&mill).feeds.values().all(|feed| !feed.stale && feed.entries.is_empty()));
        agrees(&mill);
        // And it comes back.
        let mill = mill.story("in/a.md", "Two", "2020-11-13", "AI");
        mill.run("build in").silent();
        assert!(mill.read("feeds/ai/rss.xml").contains("Two"));
        agrees(&mill);
    }
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

/// Who brings back the manifest alone has lost the feeds that nobody makes any more, and is told while the manifest still has them.
#[test]
fn feeds_that_are_kept_in_name_alone_are_told_once() {
    let with = |policy: &str| {
        let mill = many(mill(&format!("stale: {policy}\nprecompress: [gzip]\n")), "AI", 1..=8);
        let mill = (1..=7).fold(mill, |mill, number| many(mill, &format!("Old{number}"), 1..=1));
        mill.run("build in").silent();
        let mill = (1..=7).fold(mill, |mill, number| without(mill, &format!("Old{number}"), 1..=1));
        let _ = mill.run("build in").status(0);
        mill.run("build in").silent();
        mill
    };
    let told = |names: &str| {
        format!(
            "feeds/feedmill.json: warning: the files of feeds whose topics have gone are listed here, and are not there: {names}; \
             they are not kept any more\n  help: if they were lost, put them back together with this file as it was before this \
             run; if you deleted them, all is well"
        )
    };
    for policy in ["keep", "tombstone"] {
        let made = with(policy);
        let known = made.read("feeds/feedmill.json");
        let mill = Mill::copy_of(&made.path(".")).without("feeds").file("feeds/feedmill.json", &known);
        for arguments in ["build in --dry-run --quiet", "build in"] {
            let said =
                if arguments == "build in" { told("`old1`, `old2`, `old3`, `old4`, `old5`, 2 more") } else { String::new() };
            assert_eq!(mill.run(arguments).status(0).stderr.trim(), said, "{policy}");
        }
        mill.run("build in --no-cache").silent();
        agrees(&mill);
        // It is as it was with all of it put back.
        let mill = Mill::copy_of(&made.path("."));
        mill.run("build in").silent();
        assert_eq!(mill.read("feeds/feedmill.json"), known, "{policy}");
        // A file of one is enough to tell that it was not lost.
        let mill = mill.without("feeds/old2").without("feeds/old3/rss.xml");
        let _ = mill.run("build in").status(0).stderr(&told("`old2`"));
        mill.run("build in --no-cache").silent();
        agrees(&mill);
        // A topic that comes back has its feed again.
        let mill = many(Mill::copy_of(&made.path(".")).without("feeds/old2"), "Old2", 1..=1);
        mill.run("build in").silent();
        agrees(&mill);
    }
    // What is to go need not be there.
    let mill = with("keep").without("feeds/old1").file("in/feedmill.yaml", format!("{SITE}stale: remove\n"));
    mill.run("build in").silent();
    agrees(&mill);
}

/// The folder of a topic that comes is not a file that is there: everything else goes out, and so does the topic.
#[test]
fn a_copy_with_the_name_of_a_topic_stops_nothing() {
    for copy in ["chips", "Chips"] {
        let mill = many(mill(&format!("also: [feed, {copy}]\n")), "AI", 1..=3);
        mill.run("build in").silent();
        let mill = many(mill, "Chips", 4..=5);
        let _ = mill.run("build in").status(0).stderr(
            "in/chips-04.md: warning: the topic `Chips` gets the folder `chips-e73ef1`, since `chips` is taken\n  help: \
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
    assert!(run.stderr.starts_with("feeds/ai: warning: the feed that was here is written to `chips` now"), "{}", run.stderr);
    assert_eq!(count(&mill.read("feeds/ai/rss.xml"), "<title>AI "), 3);
    let slugs: BTreeSet<_> = manifest(&mill).feeds.into_values().map(|feed| feed.slug).collect();
    assert_eq!(slugs.len(), 3);
}

#[test]
fn a_second_file_of_a_story_does_not_move_its_entry() {
    for id in ["", "\nid: tag:one"] {
        let article = |date: &str| format!("title: One\ndate: {date}\nlink: https://example.org/one\ntopics: [AI]{id}");
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
        let mill = mill.article("in/a.md", &article("2020-11-02"));
        let _ = mill.run("build in").status(0);
        assert_eq!(dates(&mill), ["2020-11-05".to_owned()].into());
        let mill = mill.without("in/b.md").article("in/a.md", &article("2020-11-03"));
        mill.run("build in").silent();
        assert_eq!(dates(&mill), ["2020-11-03".to_owned()].into());
    }
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

#[test]
fn a_link_that_is_told_with_two_dates_keeps_the_one_that_it_was_published_with() {
    let article = |name: &str, topic: &str, date: &str| {
        format!(
            "title: {name}\ndate: 2020-11-11\nlink: https://example.org/{name}\ntopics: [{topic}]\nrelated:\n- {{title: R, webUrl: \"https://r.example/\"{date}}}"
        )
    };
    let dates = |mill: &Mill| {
        let feeds = manifest(mill).feeds;
        let links = feeds.values().flat_map(|feed| &feed.entries).filter(|entry| !entry.parents.is_empty());
        links.map(|entry| entry.date.format("%F").to_string()).collect::<BTreeSet<String>>()
    };
    let with = |mill: Mill, a: &str, b: &str| {
        let said = |date: &str| if date.is_empty() { String::new() } else { format!(", date: {date}") };
        let mill = mill.article("in/a.md", &article("a", "AI", &said(a))).article("in/b.md", &article("b", "AI", &said(b)));
        mill.run("build in").silent();
        mill
    };
    let mill = mill("").article("in/a.md", &article("a", "AI", ", date: 2020-10-05"));
    mill.run("build in").silent();
    assert_eq!(dates(&mill), ["2020-10-05".to_owned()].into());
    let mut mill = mill;
    for (a, b, expected) in [
        ("2020-10-01", "2020-10-05", "2020-10-05"),
        // Both correct it.
        ("2020-10-07", "2020-10-07", "2020-10-07"),
        // Nobody says it any more: the file that comes first is heard.
        ("2020-10-08", "2020-10-09", "2020-10-08"),
        ("", "2020-10-10", "2020-10-10"),
        ("", "", "2020-10-10"),
    ] {
        mill = with(mill, a, b);
        assert_eq!(dates(&mill), [expected.to_owned()].into(), "{a} {b}");
    }
    // Two that agree are heard over one that says nothing, though that is shown.
    let c = article("c", "AI", ", date: 2020-10-12");
    let mill = with(mill.article("in/c.md", &c), "", "2020-10-12");
    assert_eq!(dates(&mill), ["2020-10-12".to_owned()].into());
    // It is the same in a feed that it is new to.
    let mill = with(mill.article("in/c.md", &article("c", "Chips", "")), "", "");
    assert!(manifest(&mill).feeds[&TopicKey::of("Chips")].entries.len() == 2);
    assert_eq!(dates(&mill), ["2020-10-12".to_owned()].into());
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
