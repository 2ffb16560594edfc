//! The state of the last run: when it answers, when it must not, and that nobody needs it.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::mill::{Mill, files};

/// Longer than a file has to be as it is to be trusted.
pub const SETTLED: Duration = Duration::from_millis(3200);

const SITE: &str = "id: mine\nbase_url: https://feeds.example.org/\nout: ../feeds\n";

/// What a state is made to say, to be known again; no folder here holds as many articles.
const TAMPERED: &str = "77 published";

/// Two articles that are published, one of which links to a story of the future, and one that is to come.
fn mill() -> Mill {
    let related = "related:\n- title: Link\n  link: https://example.org/link\n  date: 2020-11-25";
    let one = format!("title: One\ndate: 2020-11-13\nlink: https://example.org/one\ntopics: [AI]\n{related}");
    let mill = Mill::new();
    let cache = mill.path("cache").to_string_lossy().into_owned();
    mill.variable("XDG_CACHE_HOME", &cache)
        .file("in/feedmill.yaml", SITE)
        .article("in/a.md", &one)
        .story("in/b.md", "Two", "2020-11-14", "AI")
        .story("in/c.md", "To come", "2020-11-30", "AI")
}

fn states(mill: &Mill) -> Vec<String> {
    mill.listing("cache").into_iter().filter(|path| path.strip_suffix(".json").is_some()).collect()
}

/// Takes away what was told before, so that it is told again.
fn forget(mill: &Mill) {
    for path in mill.listing("cache").into_iter().filter(|path| path.strip_suffix(".told").is_some()) {
        fs::remove_file(mill.path("cache").join(path)).expect("what was told");
    }
}

/// Makes every state say that so many articles are published as never are.
#[track_caller]
pub fn tamper(mill: &Mill) {
    assert!(!states(mill).is_empty(), "a state is kept");
    for path in states(mill) {
        let mut state: serde_json::Value = serde_json::from_str(&mill.read(&format!("cache/{path}"))).expect("a state");
        state["counts"]["published"] = 77.into();
        fs::write(mill.path("cache").join(path), state.to_string()).expect("a state");
    }
}

/// So many folders with feeds and a state that tells when it answers, in the time that one takes.
fn known(count: usize) -> Vec<Mill> {
    let mills: Vec<Mill> = (0..count).map(|_| mill()).collect();
    std::thread::sleep(SETTLED);
    for mill in &mills {
        mill.run("build in").silent();
        // Feeds came: the next run says what is so from then on.
        assert!(states(mill).is_empty());
        mill.run("build in").silent();
        assert_eq!(states(mill).len(), 1);
        tamper(mill);
    }
    mills
}

/// Whether the state answers.
#[track_caller]
pub fn answers(mill: &Mill, arguments: &str) -> bool {
    mill.run(&format!("{arguments} -v")).status(0).stdout.contains(TAMPERED)
}

/// Writes a file again with its old modification time.
fn rewrite(mill: &Mill, path: &str, from: &str, to: &str) {
    let text = mill.read(path);
    let modified = fs::metadata(mill.path(path)).and_then(|metadata| metadata.modified()).expect("a time");
    let changed = text.replace(from, to);
    assert!(changed != text && changed.len() == text.len());
    fs::write(mill.path(path), changed).expect("a change");
    date_back(mill, path, modified);
}

fn date_back(mill: &Mill, path: &str, modified: SystemTime) {
    fs::File::options().append(true).open(mill.path(path)).and_then(|file| file.set_modified(modified)).expect("a time");
}

#[test]
fn a_theme_that_changes_is_seen() {
    let mills = known(1);
    let theme = "theme: {css: own.css}\n";
    let mill = mills
        .into_iter()
        .next()
        .expect("one")
        .file("own.css", "a { color: red }")
        .file("site.yaml", format!("id: mine\nout: feeds\n{theme}"));
    mill.run("build in --site site.yaml --base-url https://feeds.example.org/").silent();
    let arguments = "build in --site site.yaml --base-url https://feeds.example.org/";
    tamper(&mill);
    assert!(answers(&mill, arguments));
    rewrite(&mill, "own.css", "red", "tan");
    assert!(!answers(&mill, arguments));
    assert_eq!(mill.read("feeds/assets/theme.css"), "a { color: tan }");
}

#[test]
fn a_run_with_nothing_new_is_answered_by_the_state() {
    let mills = known(1);
    let mill = &mills[0];
    let before = files(&mill.path("feeds"));
    let run = mill.run("build in -v").status(0).stderr("");
    assert_eq!(run.stdout.trim(), "3 files read, 77 published, 1 waiting for their date; 2 feeds: 0 files written, 12 unchanged");
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
    let all = "ai/atom.xml ai/feed.json ai/index.html ai/rss.xml assets/feedmill.css assets/feedmill.js atom.xml feed.json feedmill.json feeds.opml index.html rss.xml";
    assert_eq!(mill.listing("feeds").join(" "), all);
    assert_eq!(mill.listing("in"), ["a.md", "b.md", "c.md", "feedmill.yaml"], "nothing is kept beside the articles");

    // From another place it is the same run, but files have other names.
    assert!(!answers(mill, "build ./in"));
    mill.run("build in").silent();
    assert!(!answers(mill, "build in"), "the state says again what is so");

    tamper(mill);
    assert!(!answers(mill, "build in --no-cache"));
    assert!(!answers(mill, "build in --strict"));
    mill.run("build in").silent();
    tamper(mill);
    assert!(!answers(mill, "build in --base-url https://other.example.org/"));
    assert!(mill.read("feeds/rss.xml").contains("https://other.example.org/rss.xml"));
    assert!(!answers(mill, "build in"));
    assert!(files(&mill.path("feeds")) == before);

    // A check has a state of its own, and a preview too.
    tamper(mill);
    mill.run("check in").silent();
    assert_eq!(states(mill).len(), 2);
    assert!(!answers(mill, "check in"));
    assert!(answers(mill, "build in"));
    tamper(mill);
    assert!(answers(mill, "check in"));
    assert!(!answers(mill, "build in --include-unpublished --out preview"));
    assert!(mill.read("preview/rss.xml").contains("[Preview] To come"));
    assert!(answers(mill, "build in"));

    // A state that says nothing is no state.
    for damaged in ["", "{}", "[1", "{\"articles\": \"x\"}"] {
        for path in states(mill) {
            fs::write(mill.path("cache").join(path), damaged).expect("a state");
        }
        mill.run("build in").silent();
        tamper_only_whole(mill);
        assert!(answers(mill, "build in"), "{damaged} is replaced");
    }
    assert!(files(&mill.path("feeds")) == before);
    // Without it, it is as it was.
    fs::remove_dir_all(mill.path("cache")).expect("a cache");
    mill.run("build in").silent();
    assert_eq!(states(mill).len(), 1);
}

/// The same as [`tamper`] where some states are damaged.
fn tamper_only_whole(mill: &Mill) {
    for path in states(mill) {
        let path = mill.path("cache").join(path);
        let text = fs::read_to_string(&path).expect("a state");
        if let Ok(mut state) = serde_json::from_str::<serde_json::Value>(&text)
            && state["counts"].is_object()
        {
            state["counts"]["published"] = 77.into();
            fs::write(path, state.to_string()).expect("a state");
        }
    }
}

type Change = fn(Mill) -> Mill;

/// Where nothing has gone.
const NOTHING: &str = "<title>Nothing</title>";

#[test]
fn whatever_is_in_doubt_is_read() {
    /// What is done to a folder, and what the feed of all topics holds then and not.
    const CASES: [(&str, Change, &str, &str); 11] = [
        (
            "an article of the same size and time",
            |mill| {
                rewrite(&mill, "in/b.md", "Two", "Too");
                mill
            },
            "<title>Too</title>",
            "<title>Two</title>",
        ),
        (
            "an article that another one of the same size and time is renamed to",
            |mill| {
                let modified = fs::metadata(mill.path("in/b.md")).and_then(|metadata| metadata.modified()).expect("a time");
                let text = mill.read("in/b.md").replace("Two", "Too");
                let mill = mill.file("new", text);
                date_back(&mill, "new", modified);
                fs::rename(mill.path("new"), mill.path("in/b.md")).expect("a name");
                mill
            },
            "<title>Too</title>",
            "<title>Two</title>",
        ),
        (
            "a new article",
            |mill| {
                let mill = mill.story("in/d.md", "Four", "2020-11-12", "AI");
                date_back(&mill, "in/d.md", SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
                mill
            },
            "<title>Four</title>",
            NOTHING,
        ),
        ("an article that went", |mill| mill.without("in/b.md"), "<title>One</title>", "<title>Two</title>"),
        (
            "an article that was moved over another one",
            |mill| {
                fs::rename(mill.path("in/b.md"), mill.path("in/a.md")).expect("a name");
                mill
            },
            "<title>Two</title>",
            "<title>One</title>",
        ),
        ("an output that went", |mill| mill.without("feeds/rss.xml"), "<title>Two</title>", NOTHING),
        ("an output folder that went", |mill| mill.without("feeds"), "<title>Two</title>", NOTHING),
        ("a manifest that went", |mill| mill.without("feeds/feedmill.json"), "<title>Two</title>", NOTHING),
        (
            "an output that was edited",
            |mill| {
                rewrite(&mill, "feeds/rss.xml", "<title>Two</title>", "<title>Too</title>");
                mill
            },
            "<title>Two</title>",
            "<title>Too</title>",
        ),
        (
            "the site file",
            |mill| mill.file("in/feedmill.yaml", format!("{SITE}title: Another\n")),
            "<title>Another</title>",
            NOTHING,
        ),
        (
            "another site file",
            |mill| mill.file("in/feedmill.yaml", SITE.replace("out: ../feeds", "out: ../feeds/.")),
            "<title>Two</title>",
            NOTHING,
        ),
    ];
    let mills = known(CASES.len());
    for ((name, change, holds, lacks), mill) in CASES.into_iter().zip(mills) {
        assert!(answers(&mill, "build in"), "before {name}");
        let mill = change(mill);
        let run = mill.run("build in -v").status(0);
        assert!(!run.stdout.contains(TAMPERED), "{name}: {}", run.stdout);
        assert!(run.stderr.is_empty() || name == "a manifest that went", "{name}: {}", run.stderr);
        let feed = mill.read("feeds/rss.xml");
        assert!(feed.contains(holds) && !feed.contains(lacks), "{name}: {feed}");
        // It is what is made where nothing is known.
        let made = files(&mill.path("feeds"));
        mill.run("build in --no-cache").silent();
        assert!(files(&mill.path("feeds")) == made, "{name}");
        let fresh = Mill::copy_of(&mill.path(".")).without("feeds");
        fresh.run("build in").silent();
        assert!(files(&fresh.path("feeds")) == made, "{name}");
    }
}

/// What is kept of earlier runs may hold what is withdrawn since: it is looked at too.
#[test]
fn a_kept_file_that_is_put_back_is_read() {
    let mill = known(1).remove(0);
    fs::create_dir_all(mill.path("old")).expect("a folder");
    fs::copy(mill.path("feeds/ai/rss.xml"), mill.path("old/rss.xml")).expect("a copy");
    let retracted = "title: One\ndate: 2020-11-13\nlink: https://example.org/one\nremoved: true";
    let mill = mill.article("in/a.md", retracted).story("in/b.md", "Two", "2020-11-14", "Chips");
    std::thread::sleep(SETTLED);
    for _ in 0..2 {
        assert_eq!(mill.run("build in").status, Some(0));
    }
    tamper(&mill);
    assert!(answers(&mill, "build in"));
    fs::copy(mill.path("old/rss.xml"), mill.path("feeds/ai/rss.xml")).expect("a copy");
    assert!(mill.read("feeds/ai/rss.xml").contains("https://example.org/one"));
    assert!(!answers(&mill, "build in"));
    assert!(!mill.read("feeds/ai/rss.xml").contains("https://example.org/one"));
}

#[test]
fn a_date_that_comes_or_goes_is_seen() {
    let mills = known(4);
    let titles = |mill: &Mill| -> Vec<bool> {
        let feed = mill.read("feeds/rss.xml");
        ["One", "Two", "Link", "To come"].map(|title| feed.contains(&format!("<title>{title}</title>"))).to_vec()
    };
    let mill = &mills[0];
    assert_eq!(titles(mill), [true, true, false, false]);
    // Until the next date, and back to the last one, nothing changes.
    assert!(answers(mill, "build in --now 2020-11-24T23:59:59Z"));
    assert!(answers(mill, "build in --now 2020-11-14T00:00:00Z"));
    // The date of a related link.
    assert!(!answers(mill, "build in --now 2020-11-25T00:00:00Z"));
    assert_eq!(titles(mill), [true, true, true, false]);
    // That of an article.
    let mill = &mills[1];
    assert!(!answers(mill, "build in --now 2020-11-30T00:00:00Z"));
    assert_eq!(titles(mill), [true, true, true, true]);
    tamper(mill);
    assert!(answers(mill, "build in --now 2031-01-01"));
    // And back.
    let mill = &mills[2];
    assert!(!answers(mill, "build in --now 2020-11-13T23:59:59Z"));
    assert_eq!(titles(mill), [true, false, false, false]);
    assert!(!answers(mill, "build in"));
    assert_eq!(titles(mill), [true, true, false, false]);

    // A state that is kept says what the next date is by its own clock.
    let mill = &mills[3];
    mill.run("build in --no-cache --now 2020-11-26").silent();
    mill.run("build in --now 2020-11-26").silent();
    tamper(mill);
    assert!(!answers(mill, "build in --now 2020-11-24"));
    assert_eq!(titles(mill), [true, true, false, false]);
}

#[test]
fn what_was_found_is_said_again_word_for_word() {
    let mill = mill()
        .article("in/bad.md", "date: 2020-11-13\nlink: https://example.org/x\nimage: /a.png\nquality: höh")
        .article("in/yaml.md", "title: A: b")
        .story("in/d.md", "Comma", "2020-11-13", "a, b")
        .file("in/e.md", "no front matter")
        .file("in/f.txt", "+++\ntitle = 'x'\n+++\n");
    std::thread::sleep(SETTLED);
    let _ = mill.run("build in").status(0);
    for (command, status) in [("build in", 0), ("build in --strict", 1), ("check in", 1), ("check in -v", 1), ("build in -v", 0)]
    {
        let read = mill.run(&format!("{command} --no-cache")).status(status);
        assert!(read.stderr.contains("in/bad.md:") && read.stderr.contains("in/yaml.md:"), "{}", read.stderr);
        forget(&mill);
        let _ = mill.run(command).status(status).stdout(&read.stdout).stderr(&read.stderr);
        assert!(!states(&mill).is_empty());
        forget(&mill);
        let _ = mill.run(command).status(status).stdout(&read.stdout).stderr(&read.stderr);
    }
    // That it was the state that spoke.
    tamper(&mill);
    let run = mill.run("build in -v").status(0);
    assert!(run.stdout.contains(TAMPERED) && run.stdout.contains("in/e.md: not an article: no front matter"), "{}", run.stdout);
    // Under another verbosity it is the same state.
    let _ = mill.run("check in -q").status(1);
    assert!(mill.run("check in -v").status(1).stdout.contains(TAMPERED));
}

#[test]
fn a_dry_run_says_the_same_whether_the_state_answers_or_not() {
    let mills = known(1);
    let mill = &mills[0];
    mill.run("build in --no-cache").silent();
    let read = mill.run("build in --dry-run -v --no-cache").status(0);
    fs::remove_dir_all(mill.path("cache")).expect("a cache");
    mill.run("build in").silent();
    let _ = mill.run("build in --dry-run -v").status(0).stdout(&read.stdout).stderr(&read.stderr);
}

#[test]
fn an_article_that_has_just_changed_is_not_trusted() {
    let mill = mill();
    for _ in 0..3 {
        // The clock that the file shows is the one of its place too, and cannot be set back.
        let mut text = mill.read("in/a.md");
        text.push('\n');
        fs::write(mill.path("in/a.md"), text).expect("a change");
        date_back(&mill, "in/a.md", SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        mill.run("build in").silent();
        if cfg!(unix) {
            assert_eq!(states(&mill), Vec::<String>::new());
        }
    }
}

#[test]
fn a_run_goes_on_where_no_state_can_be_kept() {
    let plain = mill().without_variable("XDG_CACHE_HOME");
    plain.run("build in").silent();
    let made = files(&plain.path("feeds"));
    assert!(!plain.path("cache").exists());
    // A folder that is a file, one below a file, one that nobody can make, and one that is not absolute.
    let file = mill().file("cache", "a file");
    let below = file.path("cache/below").to_string_lossy().into_owned();
    let mills = [file, mill().file("cache", "a file").variable("XDG_CACHE_HOME", &below)];
    let more = [mill().variable("XDG_CACHE_HOME", "/proc/none"), mill().variable("XDG_CACHE_HOME", "relative")];
    for mill in mills.into_iter().chain(more) {
        for _ in 0..2 {
            mill.run("build in").silent();
            assert!(files(&mill.path("feeds")) == made);
        }
        assert!(!mill.path("relative").exists());
    }
}

#[test]
fn a_state_that_goes_by_the_home_folder_is_below_its_cache() {
    let mill = mill().without_variable("XDG_CACHE_HOME");
    let home = mill.path("home").to_string_lossy().into_owned();
    let mill = mill.variable("HOME", &home);
    mill.run("build in").silent();
    assert!(mill.path("home/.cache/feedmill").is_dir());
    assert_eq!(mill.listing("home"), Vec::<String>::new());
}

/// Another machine made it, whose clock is ahead.
#[cfg(unix)]
#[test]
fn a_file_of_the_future_is_a_file_like_others() {
    let mill = mill();
    date_back(&mill, "in/a.md", SystemTime::now() + Duration::from_secs(86_400));
    std::thread::sleep(SETTLED);
    mill.run("build in").silent();
    mill.run("build in").silent();
    assert_eq!(states(&mill).len(), 1);
    tamper(&mill);
    assert!(answers(&mill, "build in"));
    rewrite(&mill, "in/a.md", "title: One", "title: Two");
    assert!(!answers(&mill, "build in"));
}

/// What a run said once, why it failed, what it is told to do, and what a killed run left: none of it is answered by what was
/// before.
#[test]
fn what_is_said_once_refused_forced_or_left_is_no_state() {
    let stories = |mill: Mill, topic: &str, month: u32, days: std::ops::RangeInclusive<u32>| {
        days.fold(mill, |mill, day| {
            let path = format!("in/{month}-{day}.md");
            mill.story(&path, &format!("{topic} {day}"), &format!("2020-{month:02}-{day:02}"), topic)
        })
    };
    let flooded = stories(mill(), "Old", 9, 1..=1);
    let held = stories(mill(), "Old", 9, 1..=10);
    let refused = mill();
    for mill in [&flooded, &held, &refused] {
        mill.run("build in").silent();
    }
    let flooded = stories(flooded, "AI", 10, 1..=21);
    let held = (1..=6).fold(held, |mill, day| mill.without(&format!("in/9-{day}.md")));
    let refused = ["a", "b"].iter().fold(refused, |mill, name| {
        let path = format!("in/{name}.md");
        let text = mill.read(&path).replacen("---\n", "---\npublished: false\n", 1);
        mill.file(&path, text)
    });
    std::thread::sleep(SETTLED);

    // What fails fails until it is mended.
    for _ in 0..3 {
        let _ = refused.run("build in").status(2);
    }

    // That there are many old entries is no longer so at the next run.
    let flood = "they show as unread";
    assert!(flooded.run("build in -v").status(0).stderr.contains(flood));
    assert_eq!(flooded.run("build in -v").status(0).stderr, "");
    assert_eq!(states(&flooded).len(), 1);

    // A preview is another run.
    let preview = flooded.run("build in --include-unpublished --out in/../feeds").status(2);
    assert!(preview.stderr.contains("these feeds are for the public"), "{}", preview.stderr);

    // What is held back is held back until somebody says that it is meant.
    let said = "this feed would lose 6 of its 10 entries";
    for _ in 0..2 {
        assert!(held.run("build in -v").status(0).stderr.contains(said));
    }
    assert!(states(&held).is_empty());
    assert!(!held.run("build in -v --force").status(0).stderr.contains(said));
    assert_eq!(held.read("feeds/old/rss.xml").matches("<item>").count(), 4);

    // Nothing that is published shows it, and it is completed or cleared away all the same.
    let left = flooded.file("feeds/.feedmill-run/1", "half a fee");
    tamper(&left);
    assert!(!answers(&left, "build in"));
    assert!(!left.path("feeds/.feedmill-run").exists());
}
