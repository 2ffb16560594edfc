//! A feed that is held back, or whose topic has gone, loses what is withdrawn and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use feedmill::encoding::Encoding;
use feedmill::manifest::Manifest;
use feedmill::topic::TopicKey;

use crate::mill::{Mill, files};

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\n";
const HELD: &str = "since their files are gone or cannot be read; it stays as it is";

/// Twenty articles on AI with the site file, and two on chips.
fn twenty(site: &str) -> Mill {
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}{site}"));
    let mill = (1..=20).fold(mill, |mill, number| {
        mill.story(&format!("in/ai-{number:02}.md"), &format!("Story {number}z"), &format!("2020-10-{number:02}"), "AI")
    });
    let mill = (1..=2).fold(mill, |mill, number| {
        mill.story(&format!("in/chip-{number}.md"), &format!("Chip {number}z"), &format!("2020-11-{number:02}"), "Chips")
    });
    mill.run("build in").silent();
    mill
}

/// The articles on AI with these numbers vanish.
fn without(mill: Mill, numbers: impl Iterator<Item = usize>) -> Mill {
    numbers.fold(mill, |mill, number| mill.without(&format!("in/ai-{number:02}.md")))
}

/// Puts a line at the start of an article.
fn say(mill: Mill, path: &str, line: &str) -> Mill {
    let text = mill.read(path).replacen("---\n", &format!("---\n{line}\n"), 1);
    mill.file(path, text)
}

fn manifest(mill: &Mill) -> Manifest {
    Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest")
}

/// The manifest agrees with the folder.
#[track_caller]
fn agrees(mill: &Mill) {
    let manifest = manifest(mill);
    for (path, bytes) in files(&mill.path("feeds")) {
        if path != "feedmill.json" {
            assert_eq!(feedmill::write::sha256(&bytes), manifest.files[&path].sha256, "{path}");
        }
        if let Some((encoding, of)) = Encoding::of(&path) {
            assert!(encoding.start(&*bytes, u64::MAX) == mill.read(&format!("feeds/{of}")).as_bytes(), "{path}");
        }
    }
}

/// The entries of a topic's feed as they stand in each format, by what they say of their story.
fn entries(mill: &Mill, folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let parts = |text: String, begin: &str, end: &str| {
        let found = text.split(begin).skip(1).map(|part| part.split(end).next().unwrap_or_default().trim().to_owned());
        found.collect::<BTreeSet<_>>()
    };
    let read = |file: &str| mill.read(&format!("feeds/{folder}/{file}"));
    [
        ("rss.xml", parts(read("rss.xml"), "<item>", "</item>")),
        ("atom.xml", parts(read("atom.xml"), "<entry>", "</entry>")),
        ("feed.json", parts(read("feed.json"), "\n  {\n", "\n  }")),
        ("index.html", parts(read("index.html"), "<article", "</article>")),
    ]
    .map(|(file, entries)| (file.to_owned(), entries))
    .into()
}

/// What a feed had, without the entries that say this.
fn all_but(before: &BTreeMap<String, BTreeSet<String>>, gone: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let left = |entries: &BTreeSet<String>| {
        entries.iter().filter(|entry| !gone.iter().any(|gone| entry.contains(gone))).cloned().collect()
    };
    before.iter().map(|(file, entries)| (file.clone(), left(entries))).collect()
}

#[track_caller]
fn nowhere(mill: &Mill, part: &str) {
    for (path, bytes) in files(&mill.path("feeds")) {
        assert!(!String::from_utf8_lossy(&bytes).contains(part), "{path} still has {part}");
    }
}

#[test]
fn a_feed_that_is_held_back_loses_what_is_withdrawn_and_nothing_else() {
    for (line, site) in [("deleted: true", ""), ("published: false", ""), ("", "block: ['https://example.org/story-18z']\n")] {
        let base = "precompress: [gzip]\ntopics: {AI: {also: [old/ai.xml]}}\n";
        let mill = twenty(base);
        let before = entries(&mill, "ai");
        let mill = without(mill, 1..=16);
        let run = mill.run("build in").status(0);
        assert!(run.stderr.contains("feeds/ai: error: this feed would lose 16 of its 20 entries"), "{}", run.stderr);
        let mill = if line.is_empty() { mill } else { say(mill, "in/ai-18.md", line) };
        let mill = mill.file("in/feedmill.yaml", format!("{SITE}{base}{site}"));
        let run = mill.run("build in -v").status(0);
        // What is cut out is none of it: the next run says the same, and who was told is not told again.
        let said = format!("feeds/ai: error: this feed would lose 16 of its 19 entries, {HELD}");
        assert!(run.stderr.contains(&said), "{line}{site}: {}", run.stderr);
        assert!(run.stderr.contains("feeds/ai: note: 1 entry is taken out of this feed"), "{}", run.stderr);
        nowhere(&mill, "tory 18z");
        nowhere(&mill, "story-18z");
        assert!(entries(&mill, "ai") == all_but(&before, &["story-18z"]), "{line}{site}");
        assert_eq!(mill.read("feeds/old/ai.xml"), mill.read("feeds/ai/atom.xml"));
        assert!(mill.read("feeds/ai/index.html").contains(">19 entries<"));
        assert_eq!(manifest(&mill).feeds[&TopicKey::of("AI")].entries.len(), 19);
        agrees(&mill);
        // And it stays so, until the articles are back.
        let now = files(&mill.path("feeds"));
        assert!(mill.run("build in").status(0).stderr.contains(&said));
        assert!(files(&mill.path("feeds")) == now);
        let mill = (1..=16).fold(mill, |mill, number| {
            let (path, title) = (format!("in/ai-{number:02}.md"), format!("Story {number}z"));
            mill.story(&path, &title, &format!("2020-10-{number:02}"), "AI")
        });
        mill.run("build in").silent();
        assert_eq!(entries(&mill, "ai")["rss.xml"], all_but(&before, &["story-18z"])["rss.xml"]);
        assert!(!manifest(&mill).feeds[&TopicKey::of("AI")].held);
    }
}

/// However small it has become by what was withdrawn.
#[test]
fn a_feed_that_is_held_back_stays_so() {
    let mill = without(twenty(""), 5..=14);
    let mill = without(mill.file("in/feedmill.yaml", format!("{SITE}limit: 10\n")), 15..=18);
    mill.run("build in --force").silent();
    let mill = (5..=12).fold(mill, |mill, number| {
        mill.story(&format!("in/ai-{number:02}.md"), &format!("Story {number}z"), &format!("2020-10-{number:02}"), "AI")
    });
    let _ = mill.run("build in").status(0);
    // Ten entries, of which eight vanish; then one more is withdrawn, and nine are left.
    let mill = say(without(mill, 5..=12), "in/ai-20.md", "deleted: true");
    for _ in 0..2 {
        let run = mill.run("build in").status(0);
        assert!(run.stderr.contains("feeds/ai: error: this feed would lose"), "{}", run.stderr);
        assert_eq!(entries(&mill, "ai")["rss.xml"].len(), 9);
    }
    assert!(mill.run("build in --force").status(0).stderr.is_empty());
    assert!(entries(&mill, "ai")["rss.xml"].len() < 9);
}

#[test]
fn a_feed_whose_topic_has_gone_loses_what_is_withdrawn_and_nothing_else() {
    let mill = twenty("precompress: [gzip]\n");
    let before = entries(&mill, "ai");
    // All of them are on chips now.
    let mill = (1..=20).fold(mill, |mill, number| {
        let path = format!("in/ai-{number:02}.md");
        let text = mill.read(&path).replace("[\"AI\"]", "[\"Chips\"]");
        mill.file(&path, text)
    });
    let _ = mill.run("build in").status(0);
    assert!(entries(&mill, "ai") == before);
    let mill = say(say(mill, "in/ai-03.md", "deleted: true"), "in/ai-20.md", "draft: true");
    let run = mill.run("build in -v").status(0);
    assert!(
        run.stdout.contains("feeds/ai: no longer made, and it stays as it is but for what is withdrawn: 2 gone"),
        "{}",
        run.stdout
    );
    assert!(entries(&mill, "ai") == all_but(&before, &["story-3z", "story-20z"]));
    assert_eq!(manifest(&mill).feeds[&TopicKey::of("AI")].entries.len(), 18);
    nowhere(&mill, "tory 3z");
    agrees(&mill);
}

#[test]
fn all_of_a_topic_and_of_a_site_can_vanish_and_one_story_be_withdrawn() {
    let mill = twenty("");
    let before = entries(&mill, "ai");
    let mill = without(mill, 1..=20).article("in/back.md", "link: https://example.org/story-7z\ndeleted: true");
    let _ = mill.run("build in").status(0);
    assert!(entries(&mill, "ai") == all_but(&before, &["story-7z"]));
    nowhere(&mill, "tory 7z");
    agrees(&mill);

    let mill = without(twenty(""), 1..=20).without("in/chip-1.md").without("in/chip-2.md");
    let mill = mill.article("in/back.md", "link: https://example.org/story-7z\ndeleted: true");
    let run = mill.run("build in").status(2);
    assert!(run.stderr.contains("they stay as they are but for what was withdrawn"), "{}", run.stderr);
    assert!(entries(&mill, "ai") == all_but(&before, &["story-7z"]));
    nowhere(&mill, "tory 7z");
    agrees(&mill);
    // They are no less alive for it: what comes back is not taken for all there is.
    let mill = mill.story("in/ai-01.md", "Story 1z", "2020-10-01", "AI");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("feeds/ai: error: this feed would lose 18 of its 19 entries"), "{}", run.stderr);
}

/// Coverage names its articles, and articles their coverage.
#[test]
fn what_mentions_a_story_that_is_withdrawn_goes_with_it() {
    let related = |topic: &str, extra: &str| {
        format!(
            "title: Mother\ndate: 2020-10-30\nlink: https://mother.example/m\ntopics: [{topic}]\n{extra}related:\n\
             - {{title: Daughter, link: 'https://daughter.example/d', date: 2020-10-29}}\n\
             - {{title: Son, link: 'https://son.example/s', date: 2020-10-28}}"
        )
    };
    for (back, gone, left) in [
        ("link: https://mother.example/m\ndeleted: true", &["mother.example"][..], 20),
        // By its id alone.
        ("link: https://other.example/\nid: 'tag:mother'\ndeleted: true", &["mother.example"], 20),
        // The list of its article has it.
        ("link: https://son.example/s\ndeleted: true", &["son.example"], 21),
    ] {
        let mill = twenty("").article("in/mother.md", &related("AI", "id: 'tag:mother'\n"));
        mill.run("build in").silent();
        let before = entries(&mill, "ai");
        assert_eq!(before["rss.xml"].len(), 23);
        let mill = without(mill, 1..=20).without("in/mother.md").article("in/back.md", back);
        let _ = mill.run("build in").status(0);
        let after = entries(&mill, "ai");
        for file in ["rss.xml", "atom.xml", "feed.json"] {
            assert!(after[file] == all_but(&before, gone)[file], "{file} {back}");
            assert_eq!(after[file].len(), left, "{file} {back}");
        }
        for part in gone {
            nowhere(&mill, part);
        }
        agrees(&mill);
    }
}

/// Of a feed that was taken away the manifest alone knows what was in it, and what that belonged to.
#[test]
fn a_story_that_is_withdrawn_is_forgotten_with_a_feed_that_was_taken_away() {
    let mother = |topic: &str| {
        format!(
            "title: Mother\ndate: 2020-10-30\nlink: https://mother.example/m\nid: 'tag:mother'\ntopics: [{topic}]\nrelated:\n\
             - {{title: Daughter, link: 'https://daughter.example/d', date: 2020-10-29}}"
        )
    };
    let mill = twenty("stale: remove\n").article("in/mother.md", &mother("Gone"));
    mill.run("build in").silent();
    let mill = mill.article("in/mother.md", &mother("AI"));
    let _ = mill.run("build in").status(0);
    let of_it = |mill: &Mill| manifest(mill).feeds[&TopicKey::of("Gone")].entries.len();
    assert_eq!((mill.listing("feeds/gone").len(), of_it(&mill)), (0, 2));
    let mill = say(mill, "in/mother.md", "deleted: true");
    let _ = mill.run("build in").status(0);
    nowhere(&mill, "tag:mother");
    assert_eq!(of_it(&mill), 0);
    agrees(&mill);
}

/// A list in a text has addresses alone, and who withdraws a story may name it by its id alone: that they are one is known from the
/// entry of the story, in the document itself.
#[test]
fn what_mentions_a_story_by_another_name_goes_with_it_too() {
    let mother = "title: Mother\ndate: 2020-10-30\nlink: https://mother.example/m\ntopics: [AI]\nrelated:\n\
                  - {title: Son, link: 'https://son.example/s', id: 'tag:son', date: 2020-10-28}";
    for formats in ["rss", "atom", "json", "rss, pages", "rss, atom, json, pages"] {
        let mill = twenty(&format!("formats: [{formats}]\n")).article("in/mother.md", mother);
        mill.run("build in").silent();
        let mill = without(mill, 1..=20).without("in/mother.md");
        let mill = mill.article("in/back.md", "link: https://other.example/\nid: 'tag:son'\ndeleted: true");
        let _ = mill.run("build in").status(0);
        for gone in ["son.example", "tag:son", "mother.example"] {
            nowhere(&mill, gone);
        }
        assert_eq!(manifest(&mill).feeds[&TopicKey::of("AI")].entries.len(), 20, "{formats}");
        agrees(&mill);
    }
}

#[test]
fn a_document_that_somebody_has_changed_is_emptied_and_that_is_said() {
    let mill = without(twenty(""), 1..=16);
    let _ = mill.run("build in").status(0);
    let changed = mill.read("feeds/ai/rss.xml").replace("<ttl>60</ttl>", "<ttl>61</ttl>");
    let mill = say(mill.file("feeds/ai/rss.xml", changed), "in/ai-18.md", "deleted: true");
    let run = mill.run("build in").status(0);
    let expected = "feeds/ai/rss.xml: error: a story in this file is withdrawn, and could not be cut out of it (it is not as feedmill wrote it); the file is emptied";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert_eq!(entries(&mill, "ai")["rss.xml"].len(), 0);
    assert_eq!(entries(&mill, "ai")["atom.xml"].len(), 19);
    nowhere(&mill, "tory 18z");
    agrees(&mill);
}
