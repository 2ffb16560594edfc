//! What subscribers keep: stories that are taken back go from every feed, folders and ids stay whose they are, and what is
//! empty is as good as missing.

use std::fs;

use feedmill::manifest::{Feed, Manifest};
use feedmill::topic::TopicKey;

use crate::mill::{Mill, Run, files};

const SITE: &str = "id: mine\nbase_url: https://feeds.example.org/\nout: ../feeds\n";

/// Two articles on two topics, and a site file.
fn two() -> Mill {
    let two = "title: Two\ndate: 2020-11-14\nlink: https://chips.example/two\ntopics: [R&D <chips>]";
    Mill::new().file("in/feedmill.yaml", SITE).story("in/a.md", "One", "2020-11-13", "AI").article("in/b.md", two)
}

fn manifest(mill: &Mill) -> Manifest {
    Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest")
}

fn feed(mill: &Mill, key: &str) -> Feed {
    manifest(mill).feeds.remove(&TopicKey::of(key)).expect("a feed")
}

/// The folder of a topic.
fn folder(mill: &Mill, key: &str) -> String {
    feed(mill, key).slug.expect("a folder").to_string()
}

/// The first element of that name, as it stands there.
fn element(text: &str, name: &str) -> String {
    let rest = text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name}: {text}")).1;
    rest.split_once(&format!("</{name}>")).expect("an end").0.to_owned()
}

/// A run that refuses: this is said, and nothing is changed.
#[track_caller]
fn refused(mill: &Mill, arguments: &str, expected: &str) {
    let before = files(&mill.path("."));
    let _ = mill.run(arguments).status(2).stdout("").stderr(expected);
    assert!(files(&mill.path(".")) == before, "nothing is changed");
}

fn warnings(run: &Run) -> usize {
    run.stderr.matches(": warning: ").count()
}

#[test]
fn a_story_that_is_withdrawn_leaves_the_feed_of_its_topic_though_no_other_is_there() {
    let link = "link: https://chips.example/two\n";
    for (way, file, site) in [
        ("deleted", format!("title: Two\ndate: 2020-11-14\n{link}topics: [R&D <chips>]\ndeleted: true"), ""),
        ("without its topic", format!("title: Two\ndate: 2020-11-14\n{link}deleted: true"), ""),
        ("not in order", format!("{link}deleted: true"), ""),
        ("not YAML", format!("title: A: b\n{link}removed: true"), ""),
        (
            "not YAML, and in quotes",
            "title: A: b\nwebUrl: 'https://chips.example/two?utm_source=x'\nremoved: \"true\"".into(),
            "",
        ),
        ("a date", format!("title: Two\ndate: 2020-11-14\n{link}topics: [R&D <chips>]\ndeleted: 2024-05-05"), ""),
        ("a domain", String::new(), "block: [chips.example]\n"),
        ("an address", String::new(), "block: ['https://chips.example/two']\n"),
    ] {
        let mill = two();
        mill.run("build in").silent();
        let old = feed(&mill, "R&D <chips>");
        let folder = format!("feeds/{}", folder(&mill, "R&D <chips>"));
        let paths = ["rss.xml", "atom.xml", "feed.json"].map(|file| format!("{folder}/{file}"));
        let before = paths.each_ref().map(|path| mill.read(path));
        assert!(before.iter().all(|text| text.contains("chips.example/two")));

        let mill = mill.file("in/feedmill.yaml", format!("{SITE}{site}"));
        let mill = if file.is_empty() { mill } else { mill.article("in/b.md", &file) };
        let run = mill.run("build in").status(0);
        let expected = format!("{folder}: warning: no published article has the topic of this feed any more\n");
        assert!(run.stderr.contains(&expected), "{way}: {}", run.stderr);
        let [rss, atom, json] = paths.each_ref().map(|path| mill.read(path));
        for text in [&rss, &atom, &json] {
            assert!(!text.contains("chips.example") && !text.contains("Two"), "{way}: {text}");
        }
        for (text, before) in [(&rss, &before[0]), (&atom, &before[1])] {
            assert_eq!(element(text, "title"), element(before, "title"), "{way}");
        }
        for name in ["id", "updated"] {
            assert_eq!(element(&atom, name), element(&before[1], name), "{way}");
        }
        let [json, json_before] = [&json, &before[2]].map(|text| serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        for name in ["version", "title", "feed_url", "_feedmill"] {
            assert_eq!(json[name], json_before[name], "{way}: {name}");
        }
        assert_eq!(json["items"], serde_json::json!([]), "{way}");
        assert!(json.get("expired").is_none(), "it may come back: {way}");
        let rss = rss.parse::<rss::Channel>().expect("an RSS feed");
        let atom = atom.parse::<atom_syndication::Feed>().expect("an Atom feed");
        assert!(rss.items().is_empty() && atom.entries().is_empty(), "{way}");
        let now = feed(&mill, "R&D <chips>");
        assert!(now.stale && now.entries.is_empty() && now.slug == old.slug && now.title == old.title, "{way}: {now:?}");
        for (path, file) in manifest(&mill).files {
            let bytes = fs::metadata(mill.path("feeds").join(&path)).expect("a file").len();
            assert_eq!(file.bytes, bytes, "{way}: {path}");
        }
        for format in ["rss.xml", "atom.xml", "feed.json", "feeds.opml"] {
            assert!(!mill.read(&format!("feeds/{format}")).contains("chips.example"), "{way}");
        }

        // From then on it stays so.
        let made = files(&mill.path("feeds"));
        let _ = mill.run("build in").status(0);
        assert!(files(&mill.path("feeds")) == made, "{way}");
    }
}

/// JSON alone tells as much as all formats together: the story of an entry, what it links to, and what it belongs to.
#[test]
fn a_story_that_is_withdrawn_leaves_a_kept_json_feed_wherever_it_is_named() {
    let related = "related: [{title: 'Coverage', date: 2020-11-14, link: 'https://coverage.example/it'}]";
    let parent =
        format!("title: Two\ndate: 2020-11-14\nlink: https://chips.example/two\ntopics: [Chips]\nid: 'tag:two'\n{related}");
    for (mode, file, lines, domain) in [
        // The story itself; by its id alone; by its address alone.
        ("both", "b", "link: https://chips.example/two\ndeleted: true", "chips.example"),
        ("both", "b", "link: https://elsewhere.example/\nid: 'tag:two'\ndeleted: true", "chips.example"),
        // Its coverage: an entry, and in the list of its article.
        ("both", "c", "link: https://coverage.example/it\ndeleted: true", "coverage.example"),
        ("list", "c", "link: https://coverage.example/it\ndeleted: true", "coverage.example"),
    ] {
        let site = format!("{SITE}formats: [json]\nrelated: {{mode: {mode}}}\n");
        let mill = two().file("in/feedmill.yaml", site).article("in/b.md", &parent);
        mill.run("build in").silent();
        assert!(mill.read("feeds/chips/feed.json").contains(domain), "{lines}");
        // The topic goes, and its feed is kept; then the story is withdrawn.
        let mill = mill.article("in/b.md", &parent.replace("[Chips]", "[AI]"));
        let _ = mill.run("build in").status(0);
        assert!(mill.read("feeds/chips/feed.json").contains(domain), "{lines}");
        let mill = mill.article(&format!("in/{file}.md"), lines);
        let _ = mill.run("build in").status(0);
        nowhere(&mill, domain);
        assert!(mill.read("feeds/chips/feed.json").contains("\"items\": []"), "{lines}");
    }
}

/// What was damaged by hand cannot be read, and is left alone: nobody knows what it says.
#[test]
fn a_kept_json_feed_that_cannot_be_read_stays() {
    let mill = two().file("in/feedmill.yaml", format!("{SITE}formats: [json]\n"));
    mill.run("build in").silent();
    let path = format!("feeds/{}/feed.json", folder(&mill, "R&D <chips>"));
    let good = mill.read(&path);
    for damaged in [good.replacen("\"items\"", "\"item\"", 1), good[..good.len() - 3].to_owned(), String::new(), "[]".to_owned()]
    {
        let mill = Mill::copy_of(&mill.path(".")).file(&path, &damaged).article("in/b.md", &retracted(""));
        let _ = mill.run("build in").status(0);
        assert_eq!(mill.read(&path), damaged);
    }
}

/// No file of the output folder says anything of the story any more, nor of what it linked to.
#[track_caller]
fn nowhere(mill: &Mill, domain: &str) {
    for path in mill.listing("feeds") {
        assert!(!mill.read(&format!("feeds/{path}")).contains(domain), "{path} still has {domain}");
    }
}

/// The story that is taken back in the tests below, with more lines.
fn retracted(more: &str) -> String {
    format!("title: Two\ndate: 2020-11-14\nlink: https://chips.example/two\ndeleted: true\n{more}")
}

#[test]
fn a_story_that_is_withdrawn_later_leaves_the_feed_whose_topic_went_before() {
    let mill = two();
    mill.run("build in").silent();
    let mill = mill.story("in/b.md", "Two", "2020-11-14", "AI");
    let lines = mill.read("in/b.md").replace("https://example.org/two", "https://chips.example/two");
    let mill = mill.file("in/b.md", lines);
    let _ = mill.run("build in").status(0);
    let mill = mill.article("in/b.md", &retracted(""));
    mill.run("build in").silent();
    nowhere(&mill, "chips.example");
}

#[test]
fn a_story_that_is_withdrawn_leaves_files_of_a_format_that_is_no_longer_written() {
    let mill = two();
    mill.run("build in").silent();
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}formats: [atom]\n")).article("in/b.md", &retracted(""));
    let _ = mill.run("build in").status(0);
    nowhere(&mill, "chips.example");
    assert_eq!(feed(&mill, "").entries.len(), 1, "the feed itself has what it has");
}

#[test]
fn a_story_with_an_id_leaves_the_feed_of_its_topic_though_the_retraction_has_only_its_address() {
    let two = two();
    let lines = "title: Two\ndate: 2020-11-14\nlink: https://chips.example/two\ntopics: [Chips]\nid: tag:two";
    let mill = two.article("in/b.md", lines);
    mill.run("build in").silent();
    let mill = mill.article("in/b.md", &retracted(""));
    let _ = mill.run("build in").status(0);
    nowhere(&mill, "chips.example");
}

#[test]
fn a_blocked_story_leaves_the_feed_of_its_topic_though_its_file_went_too() {
    let mill = two();
    mill.run("build in").silent();
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}block: [chips.example]\n")).without("in/b.md");
    let _ = mill.run("build in").status(0);
    nowhere(&mill, "chips.example");
}

#[test]
fn a_blocked_related_link_leaves_the_list_of_an_article_in_a_feed_without_a_topic() {
    let site = format!("{SITE}related: {{mode: list}}\n");
    let lines = |topic| {
        let related = "related:\n- title: X\n  link: https://bad.example/x";
        format!("title: Two\ndate: 2020-11-14\nlink: https://chips.example/two\ntopics: [{topic}]\n{related}")
    };
    let mill = two().file("in/feedmill.yaml", &site).article("in/b.md", &lines("Chips"));
    mill.run("build in").silent();
    let mill = mill.file("in/feedmill.yaml", format!("{site}block: [bad.example]\n")).article("in/b.md", &lines("AI"));
    let _ = mill.run("build in").status(0);
    nowhere(&mill, "bad.example");
}

#[test]
fn a_story_that_is_withdrawn_leaves_the_old_folder_of_its_topic() {
    let site = |slug| format!("{SITE}topics: {{AI: {{slug: {slug}}}}}\n");
    let mill = two().article("in/b.md", &retracted("topics: [AI]").replace("deleted: true\n", ""));
    let mill = mill.file("in/feedmill.yaml", site("old"));
    mill.run("build in").silent();
    let mill = mill.file("in/feedmill.yaml", site("new"));
    let _ = mill.run("build in").status(0);
    let mill = mill.article("in/b.md", &retracted(""));
    mill.run("build in").silent();
    nowhere(&mill, "chips.example");
}

#[test]
fn the_only_story_of_a_site_can_be_withdrawn() {
    let mill = two().without("in/a.md");
    mill.run("build in").silent();
    let mill = mill.article("in/b.md", &retracted(""));
    let run = mill.run("build in").status(2);
    assert!(run.stderr.contains("they stay as they are but for what was withdrawn"), "{}", run.stderr);
    nowhere(&mill, "chips.example");
}

#[test]
fn a_retraction_that_does_not_retract_leaves_the_feed_as_it_was() {
    for lines in [
        "title: A: b\nlink: https://chips.example/two\nremoved: false",
        "title: Two\nlink: https://chips.example/two\ndeleted: no",
    ] {
        let mill = two();
        mill.run("build in").silent();
        let path = format!("feeds/{}/rss.xml", folder(&mill, "R&D <chips>"));
        let before = mill.read(&path);
        let mill = mill.article("in/b.md", lines);
        let _ = mill.run("build in").status(0);
        assert_eq!(mill.read(&path), before);
    }
}

#[test]
fn a_dry_run_empties_nothing() {
    let mill = two();
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let path = folder(&mill, "R&D <chips>");
    let mill = mill.article("in/b.md", "deleted: true\nlink: https://chips.example/two");
    let run = mill.run("build in --dry-run").status(0);
    assert!(run.stdout.contains(&format!("would write feeds/{path}/rss.xml")), "{}", run.stdout);
    assert!(files(&mill.path("feeds")) == before);
}

#[test]
fn a_topic_with_another_slug_leaves_its_old_folder_and_says_so_once() {
    let site = |rules: &str| format!("{SITE}topics: {{AI: {{{rules}}}}}\n");
    for silenced in [false, true] {
        let mill = two().file("in/feedmill.yaml", site("slug: old"));
        mill.run("build in").silent();
        let rss = mill.read("feeds/old/rss.xml");
        let atom = mill.read("feeds/old/atom.xml");
        let rules = if silenced { "slug: new, former: [old]" } else { "slug: new" };
        let mill = mill.file("in/feedmill.yaml", site(rules));
        let expected = "feeds/old: warning: the feed that was here is written to `new` now; these files stay as they are\n  \
                        help: subscribers of this address get nothing new; with `former: [old]` below the topic it leads to the new one";
        let _ = mill.run("build in").status(0).stdout("").stderr(if silenced { "" } else { expected });
        let now = |path: &str, before: &str| if silenced { mill.read(&path.replace("old", "new")) } else { before.to_owned() };
        assert_eq!(mill.read("feeds/old/rss.xml"), now("feeds/old/rss.xml", &rss));
        assert_eq!(mill.read("feeds/old/atom.xml"), now("feeds/old/atom.xml", &atom));
        assert_eq!(element(&mill.read("feeds/new/atom.xml"), "id"), element(&atom, "id"), "the feed is the same one");
        assert!(manifest(&mill).files.contains_key("old/rss.xml"));
        mill.run("build in").silent();

        // Who has subscribed to the old folder does not get the feed of another topic.
        let (rss, atom) = (mill.read("feeds/old/rss.xml"), mill.read("feeds/old/atom.xml"));
        let mill = mill.story("in/c.md", "Three", "2020-11-15", "Old");
        let run = mill.run("build in").status(0);
        assert_eq!(warnings(&run), 1, "{}", run.stderr);
        let newcomer = folder(&mill, "Old");
        assert!(
            run.stderr.starts_with(&format!("in/c.md: warning: the topic `Old` gets the folder `{newcomer}`")),
            "{}",
            run.stderr
        );
        assert!(newcomer.starts_with("old-"));
        assert_eq!(mill.read("feeds/old/rss.xml"), rss);
        assert_eq!(mill.read("feeds/old/atom.xml"), atom);
        mill.run("build in").silent();
    }
}

#[test]
fn another_site_does_not_take_the_place_of_one() {
    let expected = |id: &str| {
        format!(
            "feedmill: feeds: these feeds are of a site with another `id`; every feed would get another id\n  \
             help: write `id: {id}` in the site file to keep it, or choose another folder with `--out`"
        )
    };
    let mill = two().file("in/feedmill.yaml", "id: mine\n");
    mill.run("build in --out feeds").silent();
    let mill = mill.file("in/feedmill.yaml", "id: other\n");
    refused(&mill, "build in --out feeds", &expected("mine"));
    refused(&mill, "build in --out feeds --dry-run", &expected("mine"));
    mill.run("check in").silent();
    mill.run("build in --out others").silent();
    // The address alone is no other site where there is an id.
    let mill = mill.file("in/feedmill.yaml", "id: mine\nbase_url: https://moved.example.org/\n");
    mill.run("build in --out feeds").silent();

    // Without an id it is one, but for the address that nobody can have subscribed to.
    let mill = two().without("in/feedmill.yaml");
    mill.run("build in").silent();
    mill.run("build in --base-url https://feeds.example.org/").silent();
    refused(&mill, "build in --base-url https://other.example.org/", &expected("feeds.example.org"));
    refused(&mill, "build in", &expected("feeds.example.org"));
    let mill = mill.file("in/feedmill.yaml", "id: feeds.example.org\nbase_url: https://other.example.org/\nout: ../feeds\n");
    mill.run("build in").silent();
}

#[test]
fn a_feed_is_known_by_its_id_where_the_manifest_is_lost() {
    let made = two();
    made.run("build in").silent();
    let made = made.without("feeds/feedmill.json");
    let expected = |path: &str, id: &str| {
        format!(
            "{path}: error: this is the feed {id}, and another one would take its place\n  \
             help: choose another folder with `--out`, or let it be replaced with `--adopt`"
        )
    };
    let all = element(&made.read("feeds/atom.xml"), "id");

    // The same feeds.
    let mill = Mill::copy_of(&made.path("."));
    mill.run("build in").silent();

    // Another topic's.
    let chips = files(&made.path("feeds")).into_iter().find(|(path, _)| path.ends_with("/atom.xml") && path != "ai/atom.xml");
    let (_, chips) = chips.expect("a feed");
    let id = element(&String::from_utf8(chips.clone()).expect("UTF-8"), "id");
    let mill = Mill::copy_of(&made.path(".")).file("feeds/ai/atom.xml", chips);
    refused(&mill, "build in", &expected("feeds/ai/atom.xml", &id));
    mill.run("build in --adopt").silent();
    mill.run("build in").silent();

    // Another site's.
    let mill = Mill::copy_of(&made.path(".")).file("in/feedmill.yaml", SITE.replace("mine", "other"));
    let run = mill.run("build in").status(2).stdout("");
    assert!(run.stderr.contains(": error: this is the feed urn:uuid:"), "{}", run.stderr);
    assert!(files(&mill.path("feeds")) == files(&made.path("feeds")));
    mill.run("build in --adopt").silent();
    assert_ne!(element(&mill.read("feeds/atom.xml"), "id"), all);

    // JSON alone says as much.
    let json = format!("{SITE}formats: [json]\n");
    let mill = Mill::copy_of(&made.path(".")).file("in/feedmill.yaml", &json);
    mill.run("build in").silent();
    let chips = files(&made.path("feeds")).into_iter().find(|(path, _)| path.ends_with("/feed.json") && path != "ai/feed.json");
    let (_, chips) = chips.expect("a feed");
    let mill = Mill::copy_of(&made.path(".")).file("in/feedmill.yaml", &json).file("feeds/ai/feed.json", chips);
    refused(&mill, "build in", &expected("feeds/ai/feed.json", &id));
    mill.run("build in --adopt").silent();
    let mill = Mill::copy_of(&made.path(".")).file("in/feedmill.yaml", json.replace("mine", "other"));
    refused(&mill, "build in", &expected("feeds/feed.json", &all));

    // What is for the public and a preview.
    let mill = Mill::copy_of(&made.path("."));
    let run = mill.run("build in --include-unpublished --out feeds").status(2).stdout("");
    assert!(run.stderr.contains("a preview must not replace them"), "{}", run.stderr);
    assert!(files(&mill.path("feeds")) == files(&made.path("feeds")));
}

#[test]
fn a_preview_without_its_manifest_is_not_taken_for_the_public_feeds() {
    let mill =
        two().article("in/c.md", "title: Three\ndate: 2020-11-13\nlink: https://example.org/three\ntopics: AI\ndraft: true");
    mill.run("build in --include-unpublished --out preview").silent();
    let mill = mill.without("preview/feedmill.json");
    let before = files(&mill.path("preview"));
    let _ = mill.run("build in --out preview").status(2).stdout("").stderr(
        "preview: error: these feeds are a preview\n  help: choose another folder with `--out`, or let them be replaced with `--adopt`",
    );
    assert!(files(&mill.path("preview")) == before);
    mill.run("build in --out preview --adopt").silent();

    // Whatever the format in which it is there.
    for formats in ["rss", "atom", "json"] {
        let mill = two().file("in/feedmill.yaml", format!("id: mine\nformats: [{formats}]\n"));
        mill.run("build in --include-unpublished --out preview").silent();
        let mill = mill.without("preview/feedmill.json");
        let run = mill.run("build in --out preview").status(2);
        assert!(run.stderr.starts_with("preview: error: these feeds are a preview\n"), "{formats}: {}", run.stderr);
        mill.run("build in --include-unpublished --out preview").silent();
    }
}

#[test]
fn an_id_of_an_older_copy_stays_the_id_of_its_story() {
    let mill = two().article(
        "in/a.md",
        "title: One\ndate: 2020-11-13\nlink: https://example.org/one\ntopics: AI\nid: 'tag:example.org,2020:1'",
    );
    mill.run("build in").silent();
    let mill = mill.story("in/0.md", "One", "2020-11-16", "AI").story("in/z.md", "One", "2020-11-17", "AI");
    let _ = mill.run("build in").status(0).stdout("").stderr(
        "in/z.md: warning: the same story as in/0.md and in/a.md; it has one entry, made of this file, with the topics of all\n  \
         help: if they are different stories, give each its own `originalUrl` or `id`; else take one out",
    );
    let rss = mill.read("feeds/ai/rss.xml").parse::<rss::Channel>().expect("an RSS feed");
    let atom = mill.read("feeds/ai/atom.xml").parse::<atom_syndication::Feed>().expect("an Atom feed");
    assert_eq!(
        rss.items().iter().map(|item| item.guid().expect("an id").value()).collect::<Vec<_>>(),
        ["tag:example.org,2020:1"]
    );
    assert_eq!(atom.entries().iter().map(atom_syndication::Entry::id).collect::<Vec<_>>(), ["tag:example.org,2020:1"]);
    assert_eq!(feed(&mill, "AI").entries[0].id, "tag:example.org,2020:1");
}

#[test]
fn what_is_empty_is_as_good_as_missing() {
    let plain = Mill::new().story("in/2020-11-13-a.md", "One", "2020-11-13", "AI");
    plain.run("build in").silent();
    let made = files(&plain.path("feeds"));
    let good = "title: One\ndate: 2020-11-13\noriginalUrl: https://example.org/one\ntopics: AI\n";
    let no_date = good.replace("date: 2020-11-13\n", "");
    let empty = ["''", "\"\"", "", "~", "'  '"];
    for empty in empty {
        for key in
            ["webUrl", "quality", "related", "id", "image", "images", "locale", "ampWebUrl", "updated", "excerpt", "provider"]
        {
            let mill = Mill::new().article("in/2020-11-13-a.md", &format!("{good}{key}: {empty}"));
            mill.run("build in").silent();
            assert!(files(&mill.path("feeds")) == made, "{key}: {empty}");
        }
        for status in ["deleted", "removed", "draft", "private", "published"] {
            let mill = Mill::new().article("in/2020-11-13-a.md", &format!("{good}{status}: {empty}"));
            mill.run("build in").silent();
            assert!(files(&mill.path("feeds")) == made, "{status}: {empty}");
        }
        let mill = Mill::new().article("in/2020-11-13-a.md", &format!("{no_date}date: {empty}"));
        mill.run("build in").silent();
        assert!(files(&mill.path("feeds")) == made, "date: {empty}");
        let mill =
            Mill::new().article("in/2020-11-13-a.md", &good.replace("originalUrl", &format!("originalUrl: {empty}\nwebUrl")));
        mill.run("build in").silent();
        assert!(files(&mill.path("feeds")) == made, "originalUrl: {empty}");
    }
}

#[test]
fn a_folder_of_toml_front_matter_is_explained_once() {
    let toml = "+++\ntitle = 'x'\n+++\n";
    let mill = Mill::new().file("in/a.md", toml).file("in/b.md", toml).file("in/c/d.md", toml);
    let found = "in: warning: no published article was found\n  \
                 help: is this the folder of articles? `-v` lists what was found and why it is not shown\n\
                 in/a.md: warning: this file and 2 more have TOML front matter (`+++`), which is not read\n  \
                 help: write the front matter in YAML, between lines of `---`";
    let _ = mill.run("check in").status(0).stdout("").stderr(found);
    let _ = mill.run("build in").status(0).stdout("").stderr(found);
    assert!(!mill.path("feeds").exists());
}

#[test]
fn one_file_of_toml_front_matter_is_counted_right() {
    let mill = two().file("in/t.md", "+++\ntitle = 'x'\n+++\n");
    let run = mill.run("build in").status(0).stdout("");
    assert!(run.stderr.starts_with("in/t.md: warning: this file "), "{}", run.stderr);
    assert!(!run.stderr.contains("0 others"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_manifest_that_is_a_named_pipe_is_not_waited_for() {
    let mill = two();
    mill.run("build in").silent();
    let mill = mill.without("feeds/feedmill.json").pipe("feeds/feedmill.json");
    let expected = "feedmill: feeds/feedmill.json: this is not a regular file\n  \
                    help: take it away, or choose another folder with `--out`";
    let _ = mill.run("build in").status(2).stdout("").stderr(expected);
    let _ = mill.run("build in --adopt").status(2).stdout("").stderr(expected);
    mill.run("check in").silent();
}

#[test]
fn the_folder_of_articles_is_not_the_output_folder() {
    let expected = |out: &str| {
        format!(
            "feedmill: {out}: the folder of articles is the output folder\n  \
             help: the output folder is never read for articles; choose another one with `--out`"
        )
    };
    let mill = two();
    for out in ["in", "./in", "in/../in", "in/"] {
        let run = mill.run(&format!("build in --out {out}")).status(2).stdout("");
        assert!(run.stderr.contains("the folder of articles is the output folder"), "{}", run.stderr);
    }
    refused(&mill, "build in --out in", &expected("in"));
    refused(&mill, "build other in --out in", &expected("in"));
    // One below the other is a use.
    mill.run("build in --out in/feeds").silent();
    mill.run("build in --out in/feeds").silent();
}
