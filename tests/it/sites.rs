//! The site file: where it is found, what stands above it, and what is said about one that cannot be followed.

use crate::mill::{Mill, files};

/// A folder with one article.
fn mill() -> Mill {
    Mill::new().story("news/good.md", "Good", "2020-11-10", "AI")
}

/// A table: the lines of a site file, `=>`, and what is said about it. An empty line ends a case. Nothing is published.
#[track_caller]
fn refused(table: &str) {
    for case in table.trim().split("\n\n") {
        let (lines, expected) = case.split_once("\n=>\n").expect("a case has an arrow");
        let mill = mill().file("news/feedmill.yaml", lines);
        let _ = mill.run("check news").status(2).stdout("").stderr(expected);
        let _ = mill.run("build news --out out").status(2).stdout("").stderr(expected);
        assert!(!mill.path("out").exists());
    }
}

/// The id of the site that the feeds in a folder were made for, as the manifest has it.
#[track_caller]
fn site(mill: &Mill, out: &str) -> String {
    let manifest = mill.read(&format!("{out}/feedmill.json"));
    let line = manifest.lines().find_map(|line| line.strip_prefix("\"site\": \"")).expect("a site");
    line.trim_end_matches("\",").to_owned()
}

/// Where the feed of all topics in a folder says that it is.
#[track_caller]
fn address(mill: &Mill, out: &str) -> String {
    let feed = mill.read(&format!("{out}/rss.xml"));
    let link = feed.split("<atom:link href=\"").nth(1).expect("an address");
    link.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn the_site_file_is_the_one_of_the_article_folder_or_the_nearest_above() {
    let mill = mill()
        .story("news/deep/er/more.md", "More", "2020-11-11", "AI")
        .file("feedmill.yaml", "id: above")
        .file("news/deep/feedmill.yaml", "id: deep");
    for (articles, id) in [("news", "above"), ("news/deep", "deep"), ("news/deep/er", "deep"), ("news/deep/er/more.md", "deep")] {
        mill.run(&format!("build {articles} --out out/{id}-{}", articles.len())).silent();
        assert_eq!(site(&mill, &format!("out/{id}-{}", articles.len())), id, "{articles}");
    }
    // Of several folders the first decides.
    mill.run("build news/deep news --out out/several").silent();
    assert_eq!(site(&mill, "out/several"), "deep");
}

#[test]
fn a_site_file_that_is_named_is_read_instead_of_one_that_is_found() {
    let mill = mill().file("news/feedmill.yaml", "id: found").file("sites/other.yaml", "id: named\nout: made");
    mill.run("build news --site sites/other.yaml").silent();
    assert_eq!(site(&mill, "sites/made"), "named");

    let mill = mill.variable("FEEDMILL_SITE", "sites/other.yaml");
    mill.run("build news --out out").silent();
    assert_eq!(site(&mill, "out"), "named");
    mill.run("build news --out other --site news/feedmill.yaml").silent();
    assert_eq!(site(&mill, "other"), "found");
    let _ = mill.run("build news --site nowhere.yaml").status(2).stdout("").stderr(
        "feedmill: nowhere.yaml: cannot read the site file: No such file or directory (os error 2)\n  help: `feedmill init` writes one",
    );
}

/// So that cron can run from anywhere.
#[test]
fn paths_in_the_site_file_are_relative_to_it() {
    let mill = mill()
        .story("more/b.md", "More", "2020-11-11", "AI")
        .story("site/c.md", "Not to be seen", "2020-11-12", "AI")
        .file("site/feedmill.yaml", "id: example\narticles: [../news, ../more]\nout: ../public/feeds\nformats: [rss]");
    mill.run("build --site site/feedmill.yaml").silent();
    assert_eq!(mill.listing("public"), ["feeds/ai/rss.xml", "feeds/feedmill.json", "feeds/rss.xml"]);
    let feed = mill.read("public/feeds/rss.xml");
    assert!(feed.contains("<title>Good</title>") && feed.contains("<title>More</title>"), "{feed}");
    assert!(!feed.contains("Not to be seen"), "{feed}");

    // What the command line names is relative to where the user is.
    mill.run("build site --site site/feedmill.yaml --out site/out").silent();
    assert!(mill.read("site/out/rss.xml").contains("<title>Not to be seen</title>"));
    assert!(!mill.read("site/out/rss.xml").contains("<title>Good</title>"));
}

#[test]
fn without_folders_the_one_of_the_site_file_is_read() {
    let mill = mill().file("feedmill.yaml", "id: example").file("news/feedmill.yaml", "id: below");
    mill.run("build").silent();
    assert_eq!(site(&mill, "feeds"), "example");
    mill.run("build --site news/feedmill.yaml").silent();
    assert_eq!(site(&mill, "news/feeds"), "below");
    mill.run("check").silent();
}

#[test]
fn the_command_line_stands_above_the_environment_and_that_above_the_site_file() {
    let mill = mill().file("news/feedmill.yaml", "id: example\nbase_url: https://file.example.org/feeds\nout: ../file");
    mill.run("build news").silent();
    assert_eq!(address(&mill, "file"), "https://file.example.org/feeds/rss.xml");

    let mill = mill.variable("FEEDMILL_BASE_URL", "https://environment.example.org").variable("FEEDMILL_OUT", "environment");
    mill.run("build news").silent();
    assert_eq!(address(&mill, "environment"), "https://environment.example.org/rss.xml");

    mill.run("build news --base-url https://line.example.org/ --out line").silent();
    assert_eq!(address(&mill, "line"), "https://line.example.org/rss.xml");
    // Where the feeds are served may change: the site stays the one that its file says.
    assert_eq!(site(&mill, "line"), "example");
}

#[test]
fn who_gave_an_address_is_told_what_is_wrong_with_it() {
    let mill = mill().file(
        "news/feedmill.yaml",
        "id: x\nbase_url: https://file.example.org/\ndestination: s3://bucket\nhub: https://hub.example.org/",
    );
    let no_address = "the address where the feeds will be served, such as https://feeds.example.org/";
    for (address, why, help) in [
        ("ftp://feeds.example.org/", "is not an http or https address", no_address),
        (
            "https://feeds.example.org/?a",
            "has a query or a fragment",
            "the address of the folder alone, such as https://feeds.example.org/",
        ),
    ] {
        for command in ["build news", "publish --site news/feedmill.yaml", "ping news --changed -"] {
            let said = |name: &str| format!("feedmill: {name}: the address {why}\n  help: write {help}");
            let line = format!("{command} --base-url {address}");
            let _ = mill.run(&line).status(2).stdout("").stderr(&said("--base-url"));
            let set = Mill::copy_of(&mill.path(".")).variable("FEEDMILL_BASE_URL", address);
            let _ = set.run(command).status(2).stdout("").stderr(&said("FEEDMILL_BASE_URL"));
            let _ = set.run(&line).status(2).stdout("").stderr(&said("--base-url"));
        }
    }
    let mill = mill.file("news/feedmill.yaml", "id: x\nbase_url: https://file.example.org/?a\n");
    let _ = mill.run("build news").status(2).stdout("").stderr(
        "feedmill: news/feedmill.yaml:2:11: `base_url` has a query or a fragment\n  help: write the address of the folder alone, such as https://feeds.example.org/",
    );
}

/// A variable that is set to nothing is as good as none: crontabs and containers have such.
#[test]
fn an_empty_variable_says_nothing() {
    let mill = mill().file("news/feedmill.yaml", "id: x\nbase_url: https://file.example.org/\nout: ../file");
    let mill = ["FEEDMILL_OUT", "FEEDMILL_BASE_URL", "FEEDMILL_SITE", "FEEDMILL_NOW"]
        .into_iter()
        .fold(mill, |mill, name| mill.variable(name, ""));
    mill.run("build news").silent();
    assert_eq!(address(&mill, "file"), "https://file.example.org/rss.xml");
    mill.run("check news").silent();
    // On the command line it is a mistake.
    assert!(mill.run_with(&["build", "news", "--out", ""]).status(2).stderr.contains("a value is required for '--out <DIR>'"));
}

#[test]
fn the_time_is_that_of_the_command_line_else_of_the_environment() {
    let mill = mill().story("news/later.md", "Later", "2021-06-01", "AI");
    let later = |mill: &Mill, arguments: &str| {
        let run = mill.run(&format!("check news -v {arguments}")).status(0);
        !run.stdout.contains("1 waiting for their date")
    };
    assert!(!later(&mill, ""));
    assert!(later(&mill, "--now 2021-06-01"));
    assert!(later(&mill, "--now 2021-06-01T00:00:00Z"));
    assert!(!later(&mill, "--now 2021-05-31T23:59:59Z"));
    assert!(later(&mill, "--now 1622505600"));
    assert!(!later(&mill, "--now 1622505599"));

    let mill = mill.variable("SOURCE_DATE_EPOCH", "1622505600");
    assert!(!later(&mill, ""), "FEEDMILL_NOW is nearer");
    let mill = mill.without_variable("FEEDMILL_NOW");
    assert!(later(&mill, ""));
    assert!(!later(&mill, "--now 2020-12-01"));
    // A year, a day and milliseconds are no seconds.
    for time in ["2024", "20210601", "0", "999999999", "1622505600000", "253402300800"] {
        let _ = mill
            .run(&format!("check news --now {time}"))
            .status(2)
            .stderr("feedmill: `--now` is not a time that can be read\n  help: write it like 2020-11-20T12:00:00Z");
    }
    assert!(later(&mill, "--now 253402300799"));
    let _ = mill.run("check news --now 1000000000").status(0);
    let mill = mill.variable("SOURCE_DATE_EPOCH", "yesterday");
    let _ = mill.run("check news").status(2).stdout("").stderr(
        "feedmill: SOURCE_DATE_EPOCH is not a number of seconds since 1970\n  help: unset it, or write seconds such as 1605880800",
    );
    let mill = mill.without_variable("SOURCE_DATE_EPOCH");
    assert!(later(&mill, ""), "the time of day");
}

/// The vectors of the entry ids are those of unit tests; these are of feeds, which are made of the site's `id` and the topic.
#[test]
fn the_id_of_a_feed_is_made_of_the_id_of_the_site_and_the_key_of_the_topic() {
    let id = |mill: &Mill, path: &str| {
        let feed = mill.read(path);
        feed.split("<id>").nth(1).and_then(|rest| rest.split("</id>").next()).unwrap_or_default().to_owned()
    };
    let all = "urn:uuid:62e2d1c4-205f-5772-9e65-4a4c0cc993f1";
    let hardware = "urn:uuid:db46eaf4-bf81-5bab-8c2a-4e98b47223cd";
    let mill = Mill::new()
        .story("news/a.md", "A", "2020-11-10", "AI  hardware")
        .story("news/b.md", "B", "2020-11-11", "Chips")
        .file("news/feedmill.yaml", "id: smartable-ai");
    mill.run("build news --out out").silent();
    assert_eq!(id(&mill, "out/atom.xml"), all);
    assert_eq!(id(&mill, "out/ai-hardware/atom.xml"), hardware);

    // Another address, title and folder change nothing; another name need not either.
    let mill = mill.without("news/a.md").file(
        "news/feedmill.yaml",
        "id: smartable-ai\nbase_url: https://example.org/\ntitle: Other\ntopics: {chips: {key: AI Hardware, slug: silicon}}",
    );
    mill.run("build news --out new").silent();
    assert_eq!(id(&mill, "new/atom.xml"), all);
    assert_eq!(id(&mill, "new/silicon/atom.xml"), hardware);

    // Without an `id` it is the address without scheme and slash that names the site.
    let mill = mill.file("news/feedmill.yaml", "base_url: https://smartable-ai");
    mill.run("build news --out address").silent();
    assert_eq!(id(&mill, "address/atom.xml"), all);
}

#[test]
fn a_site_file_that_says_nothing_changes_nothing() {
    let mill = mill();
    mill.run("build news --out out").silent();
    for (number, text) in ["", "# a comment\n\n", "\u{feff}", "title:\nlimit: ~\ntopics:\n  AI:\n"].iter().enumerate() {
        let mill = Mill::copy_of(&mill.path(".")).file("news/feedmill.yaml", text);
        mill.run("build news --out new").silent();
        let (mut old, mut new) = (files(&mill.path("out")), files(&mill.path("new")));
        old.remove("feedmill.json");
        new.remove("feedmill.json");
        assert!(old == new, "{number}");
    }
}

/// It was to be one: without it, the feeds would be others.
#[cfg(unix)]
#[test]
fn a_site_file_that_leads_nowhere_is_not_none() {
    let mill = mill();
    let file = mill.path("news/feedmill.yaml");
    let _ = std::fs::remove_file(&file);
    std::os::unix::fs::symlink("elsewhere.yaml", &file).expect("a link");
    let run = mill.run("build news --out out --report report.json").status(2);
    assert!(run.stderr.contains("news/feedmill.yaml: cannot see whether there is a site file: "), "{}", run.stderr);
    assert!(run.stderr.ends_with("  help: name it with `--site`\n"), "{}", run.stderr);
    assert!(mill.path("report.json").exists() && !mill.path("out").exists());
}

/// YAML takes them, and a comment at the start must not make the rest of it nothing.
#[test]
fn lines_may_end_as_they_once_did_on_a_mac() {
    let mill = mill().file("news/feedmill.yaml", "# a comment\rtitle: Mine\r");
    mill.run("build news --out out").silent();
    assert!(mill.read("out/rss.xml").contains("<title>Mine</title>"));
    let mill = mill.file("news/feedmill.yaml", "# a comment\rtitle: Mine\rparent: x\rlimit: [a]\r");
    let run = mill.run("build news --out out").status(2);
    assert!(run.stderr.starts_with("feedmill: news/feedmill.yaml:3:1: the key `parent` is not known\n"), "{}", run.stderr);
}

#[test]
fn the_order_of_formats_is_no_matter() {
    let mill = mill()
        .file("one.yaml", "id: x\nformats: [rss, atom, opml, pages, json]")
        .file("two.yaml", "id: x\nformats: [opml, json, pages, atom, rss, atom, opml]")
        .file("three.yaml", "id: x");
    mill.run("build news --site one.yaml --out one").silent();
    mill.run("build news --site two.yaml --out two").silent();
    assert!(files(&mill.path("one")) == files(&mill.path("two")));
    // And without the line it is all of them.
    mill.run("build news --site three.yaml --out three").silent();
    assert!(files(&mill.path("one")) == files(&mill.path("three")));
}

#[test]
fn nothing_is_made_but_the_formats_that_are_named() {
    for (formats, expected) in [
        ("atom", "ai/atom.xml atom.xml feedmill.json"),
        ("json", "ai/feed.json feed.json feedmill.json"),
        ("rss, opml", "ai/rss.xml feedmill.json feeds.opml rss.xml"),
        ("atom, pages", "ai/atom.xml ai/index.html assets/feedmill.css assets/feedmill.js atom.xml feedmill.json index.html"),
        ("json, atom", "ai/atom.xml ai/feed.json atom.xml feed.json feedmill.json"),
    ] {
        let mill = mill().file("site.yaml", format!("id: x\nformats: [{formats}]"));
        mill.run("build news --site site.yaml --out out").silent();
        assert_eq!(mill.listing("out").join(" "), expected);
    }
}

/// Feeds are no articles, though the folder may be among them.
#[test]
fn the_output_folder_is_not_read() {
    let mill = mill().file("news/feedmill.yaml", "id: x\ninclude: ['**/*']\nformats: [rss]");
    mill.run("build news").silent();
    let mill = mill.story("news/feeds/not.md", "Not to be seen", "2020-11-11", "AI");
    let run = mill.run("build news -v").status(0).stderr("");
    assert!(!run.stdout.contains("feeds/"), "{}", run.stdout);
    assert!(!mill.read("news/feeds/rss.xml").contains("Not to be seen"));
}

/// Feedbin reads no more. Articles come first, then what they link to, that of the newest first.
#[test]
fn a_feed_has_300_entries_at_most() {
    let mut mill = Mill::new().file("news/feedmill.yaml", "id: x\nlimit: 1000\nformats: [rss]\nrelated: {per_article: 2}");
    for number in 0..110 {
        let (month, day) = (number / 28 + 1, number % 28 + 1);
        let related: Vec<String> = (0..3)
            .map(|link| format!("- {{title: R{number}-{link}, link: 'https://r.example.org/{number}/{link}'}}\n"))
            .collect();
        let article = format!("title: A{number}\ndate: 2020-{month:02}-{day:02}\nlink: https://example.org/{number}");
        let lines = format!("{article}\nrelated:\n{}", related.concat());
        mill = mill.article(&format!("news/{number}.md"), &lines);
    }
    mill.run("build news --out out").silent();
    let feed = mill.read("out/rss.xml");
    let count = |what: &str| feed.matches(what).count();
    assert_eq!((count("<item>"), count("<title>A"), count("<title>R")), (300, 110, 190));
    // 95 articles have two entries each, which leaves none for the 15 oldest.
    assert!(feed.contains("<title>R15-1</title>") && !feed.contains("<title>R14-0</title>"));
    assert!(!feed.contains("<title>R109-2</title>"));

    for number in 110..310 {
        let lines = format!("title: A{number}\ndate: 2020-01-01\nlink: https://example.org/{number}");
        mill = mill.article(&format!("news/{number}.md"), &lines);
    }
    mill.run("build news --out more").silent();
    let feed = mill.read("more/rss.xml");
    let count = |what: &str| feed.matches(what).count();
    assert_eq!((count("<item>"), count("<title>A"), count("<title>R")), (300, 300, 0));
}

#[test]
fn a_value_of_the_wrong_kind_has_its_place() {
    let kind =
        |key: &str| format!("`{key}` wants a value of another kind\n  help: docs/settings.md has every key with its values");
    for (lines, place, wrong) in [
        ("title: [A]", "1:8", kind("title")),
        ("id: x\nlimit: many", "2:8", kind("limit")),
        ("related: both", "1:10", kind("related")),
        ("require_published: perhaps", "1:20", kind("require_published")),
        ("topics: [AI]", "1:9", kind("topics")),
        ("topics:\n  AI: ai", "2:7", kind("AI")),
        ("topics: {AI: {slug: x, title: [y]}}", "1:31", kind("title")),
        ("author: Somebody", "1:9", kind("author")),
        (
            "title: News: today",
            "1:12",
            "a colon stands where none may be\n  help: put text that holds `: ` in double quotes".to_owned(),
        ),
        (
            "- id: x",
            "1:1",
            "this is not a list of `key: value` lines\n  help: begin each line with a key and a colon, such as `title: …`"
                .to_owned(),
        ),
        (
            "id: &a x",
            "1:5",
            "a YAML anchor (`&…`) stands here, which is not read\n  help: put text that begins with `&` in quotes, or take the \
             anchor out"
                .to_owned(),
        ),
        (
            "id: x\ntitle: *a",
            "2:8",
            "a YAML alias (`*…`) stands here, which is not read\n  help: put text that begins with `*` in quotes, or write the \
             value out"
                .to_owned(),
        ),
    ] {
        let mill = mill().file("news/feedmill.yaml", lines);
        let _ = mill.run("check news").status(2).stdout("").stderr(&format!("feedmill: news/feedmill.yaml:{place}: {wrong}"));
    }
    let mill = mill().file("news/feedmill.yaml", b"title: \xff");
    let _ = mill
        .run("check news")
        .status(2)
        .stdout("")
        .stderr("feedmill: news/feedmill.yaml: the site file is not UTF-8\n  help: save it as UTF-8");
}

#[test]
fn a_slug_in_the_site_file_has_to_be_one() {
    for (slug, wrong) in [
        ("''", "is empty; write 1 to 64 of a-z, 0-9 and \"-\""),
        ("A I", "has a character that is not allowed; write 1 to 64 of a-z, 0-9 and \"-\""),
        ("../etc", "has a character that is not allowed; write 1 to 64 of a-z, 0-9 and \"-\""),
        ("-a", "begins with \"-\"; the first character is one of a-z and 0-9"),
        ("a-", "ends with \"-\"; the last character is one of a-z and 0-9"),
        ("con", "is the name of a device on Windows; any but con, prn, aux, nul, com0 to com9 and lpt0 to lpt9 will do"),
        ("index", "is a name that feedmill uses itself; any but assets, atom, feed, feedmill, feeds, index and rss will do"),
        (&"a".repeat(65), "is longer than 64 characters; write 1 to 64 of a-z, 0-9 and \"-\""),
    ] {
        let mill = mill().file("news/feedmill.yaml", format!("topics:\n  AI:\n    slug: {slug}"));
        let run = mill.run("check news").status(2).stdout("");
        assert!(
            run.stderr.starts_with(&format!("feedmill: news/feedmill.yaml:3:11: `slug` {wrong}\n")),
            "{slug}: {}",
            run.stderr
        );
    }
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_one_that_is_known() {
    refused("
titel: x
=>
feedmill: news/feedmill.yaml:1:1: the key `titel` is not known
  help: did you mean `title`?

# a comment
id: x
base_uri: x
=>
feedmill: news/feedmill.yaml:3:1: the key `base_uri` is not known
  help: did you mean `base_url`?

topics:
  AI:
    slugg: ai
=>
feedmill: news/feedmill.yaml:3:5: the key `slugg` is not known
  help: did you mean `slug`?

related:
  per_artikel: 5
=>
feedmill: news/feedmill.yaml:2:3: the key `per_artikel` is not known
  help: did you mean `per_article`?

author: {name: A, url: https://example.org/}
=>
feedmill: news/feedmill.yaml:1:19: the key `url` is not known
  help: did you mean `uri`?

zzzzzz: x
=>
feedmill: news/feedmill.yaml:1:1: the key `zzzzzz` is not known
  help: the keys that may stand here: id, base_url, title, description, language, timezone, author, home, articles, include, exclude, out, limit, min_items, require_published, block, fields, mojibake, embeds, content, topics, topics_from, feeds, stories, formats, browser_style, theme, also, stale, precompress, ttl, cache_control, host, host_root, destination, hub, related, min_quality, min_heat, max_age, types, categories, providers, title_matches

destination: ftp://bucket
=>
feedmill: news/feedmill.yaml:1:14: `destination` is of a kind that is not known
  help: write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER
");
}

#[test]
fn an_address_in_the_site_file_has_to_be_one() {
    refused(
        "
base_url: feeds.example.org
=>
feedmill: news/feedmill.yaml:1:11: `base_url` is not an absolute address
  help: write the address where the feeds will be served, such as https://feeds.example.org/

base_url: ftp://example.org/
=>
feedmill: news/feedmill.yaml:1:11: `base_url` is not an http or https address
  help: write the address where the feeds will be served, such as https://feeds.example.org/

base_url: https://user:pass@example.org/
=>
feedmill: news/feedmill.yaml:1:11: `base_url` has a user name or password in it
  help: write the address where the feeds will be served, such as https://feeds.example.org/

base_url: https://example.org/?a=1
=>
feedmill: news/feedmill.yaml:1:11: `base_url` has a query or a fragment
  help: write the address of the folder alone, such as https://feeds.example.org/

base_url: 'https://example.org/#a'
=>
feedmill: news/feedmill.yaml:1:11: `base_url` has a query or a fragment
  help: write the address of the folder alone, such as https://feeds.example.org/

home: /
=>
feedmill: news/feedmill.yaml:1:7: `home` is not an absolute address
  help: write the whole address, beginning with https://

author: {name: A, uri: nowhere}
=>
feedmill: news/feedmill.yaml:1:24: `author.uri` is not an absolute address
  help: write the whole address, beginning with https://

block: [a b]
=>
feedmill: news/feedmill.yaml:1:9: this is neither an address nor a domain
  help: write https://example.org/story or example.org

block:
- example.org
- https://
=>
feedmill: news/feedmill.yaml:3:3: this is neither an address nor a domain
  help: write https://example.org/story or example.org

block: ['user:pass@example.org']
=>
feedmill: news/feedmill.yaml:1:9: this is neither an address nor a domain
  help: write https://example.org/story or example.org
",
    );
}

#[test]
fn a_number_in_the_site_file_has_bounds() {
    refused(
        "
limit: 0
=>
feedmill: news/feedmill.yaml:1:8: `limit` is not a number from 1 to 10000
  help: without this line it is 30

limit: 10001
=>
feedmill: news/feedmill.yaml:1:8: `limit` is not a number from 1 to 10000
  help: without this line it is 30

limit: -1
=>
feedmill: news/feedmill.yaml:1:8: `limit` is not a number from 1 to 10000
  help: without this line it is 30

related: {per_article: 0}
=>
feedmill: news/feedmill.yaml:1:24: `related.per_article` is not a number from 1 to 10000
  help: without this line it is 10
",
    );
}

#[test]
fn a_word_in_the_site_file_is_one_of_a_few() {
    refused(
        "
formats: [RSS]
=>
feedmill: news/feedmill.yaml:1:11: `formats` is one of rss, atom, json, opml, pages
  help: did you mean `rss`?

formats: [rss, jsonfeed]
=>
feedmill: news/feedmill.yaml:1:16: `formats` is one of rss, atom, json, opml, pages

formats: [atom, ompl]
=>
feedmill: news/feedmill.yaml:1:17: `formats` is one of rss, atom, json, opml, pages
  help: did you mean `opml`?

formats: [opml]
=>
feedmill: news/feedmill.yaml:1:10: `formats` names no format of feeds
  help: add at least one of rss, atom, json: the others are about feeds, and there would be none

formats: []
=>
feedmill: news/feedmill.yaml:1:10: `formats` is empty
  help: name at least one format, or take the line out

mojibake: of
=>
feedmill: news/feedmill.yaml:1:11: `mojibake` is one of safe, off
  help: did you mean `off`?

mojibake: full
=>
feedmill: news/feedmill.yaml:1:11: `mojibake` is one of safe, off

content: ful
=>
feedmill: news/feedmill.yaml:1:10: `content` is one of full, excerpt
  help: did you mean `full`?

topics: {AI: {content: none}}
=>
feedmill: news/feedmill.yaml:1:24: `content` is one of full, excerpt

contents: full
=>
feedmill: news/feedmill.yaml:1:1: the key `contents` is not known
  help: did you mean `content`?

topics: {AI: {contnt: full}}
=>
feedmill: news/feedmill.yaml:1:15: the key `contnt` is not known
  help: did you mean `content`?

embeds: iframes
=>
feedmill: news/feedmill.yaml:1:9: `embeds` is one of iframe, link
  help: did you mean `iframe`?

embeds: off
=>
feedmill: news/feedmill.yaml:1:9: `embeds` is one of iframe, link

related: {mode: list_only}
=>
feedmill: news/feedmill.yaml:1:17: `related.mode` is one of both, entries, list, none

related: {mode: bot}
=>
feedmill: news/feedmill.yaml:1:17: `related.mode` is one of both, entries, list, none
  help: did you mean `both`?
",
    );
}

#[test]
fn a_name_in_the_site_file_has_to_be_known() {
    refused(
        "
language: English please
=>
feedmill: news/feedmill.yaml:1:11: `language` is not a language tag
  help: write it like en or pt-BR

timezone: Europe/Berln
=>
feedmill: news/feedmill.yaml:1:11: `timezone` is not a time zone
  help: did you mean Europe/Berlin?

timezone: Mars
=>
feedmill: news/feedmill.yaml:1:11: `timezone` is not a time zone
  help: write a name of the tz database, such as Europe/Berlin

fields: {titel: headline}
=>
feedmill: news/feedmill.yaml:1:17: `fields` has no field `titel`
  help: did you mean `title`?

fields:
  zzzzzz: [x]
=>
feedmill: news/feedmill.yaml:2:11: `fields` has no field `zzzzzz`
  help: write the name of a field on the left, and your own names for it in a list

fields: {title: [headline, date]}
=>
feedmill: news/feedmill.yaml:1:17: `date` is the name of another field
  help: choose a name that has no meaning yet

id: ' '
=>
feedmill: news/feedmill.yaml:1:5: `id` is empty
  help: write any text that no other site has; `feedmill init` makes one
",
    );
}

#[test]
fn two_topics_cannot_share_a_slug() {
    refused(
        "
topics: {AI: {slug: x}, ML: {slug: x}}
=>
feedmill: news/feedmill.yaml:1:36: the topics `AI` and `ML` have the slug `x` both
  help: give each a slug of its own

topics:
  AI:
    slug: x
  ML:
    former: [y, x]
=>
feedmill: news/feedmill.yaml:5:17: the topics `AI` and `ML` have the slug `x` both
  help: give each a slug of its own

topics: {AI: {former: [x, y, x]}}
=>
feedmill: news/feedmill.yaml:1:30: `former` of `AI` has `x` twice
  help: keep one of them

topics: {AI: {slug: x, former: x}}
=>
feedmill: news/feedmill.yaml:1:32: `x` is the folder that `AI` has, and no former one
  help: take it out of `former`

topics: {AI: {former: A I}}
=>
feedmill: news/feedmill.yaml:1:23: `former` has a character that is not allowed; write 1 to 64 of a-z, 0-9 and \"-\"
  help: a slug is a folder name of a–z, 0–9 and hyphens, at most 64 characters

topics: {AI: {former: {x: y}}}
=>
feedmill: news/feedmill.yaml:1:27: `former` is a list of slugs
  help: write it like `former: [old-name]`

topics: {AI: {former: 3}}
=>
feedmill: news/feedmill.yaml:1:23: `former` wants a text or a list of texts
  help: write it like `former: [old-name]`
",
    );
}

#[test]
fn a_glob_in_the_site_file_has_to_be_one() {
    refused("
include: 'a['
=>
feedmill: news/feedmill.yaml: `include` or `exclude` has a glob that cannot be read: error parsing glob '**/a[': unclosed character class; missing ']'
  help: write globs such as `drafts/**` or `*.draft.md`
");
}

#[test]
fn a_key_stands_in_the_site_file_once() {
    refused(
        "
id: a
id: b
=>
feedmill: news/feedmill.yaml:2:1: the key `id` stands here a second time
  help: keep one of the two

topics:
  AI: {slug: a}
  AI: {slug: b}
=>
feedmill: news/feedmill.yaml:3:3: a key stands here a second time
  help: keep one of the two
",
    );
}

/// Its key is empty, and no topic's is: they would have one id, and one place in the manifest.
#[test]
fn a_topic_cannot_take_the_key_of_the_feed_of_all_topics() {
    for key in ["''", "' '", "\"\\u3000\""] {
        let mill = mill().file("news/feedmill.yaml", format!("id: x\ntopics:\n  AI:\n    key: {key}"));
        let run = mill.run("check news").status(2).stdout("");
        assert!(run.stderr.starts_with("feedmill: news/feedmill.yaml:4:10: `key` is empty\n"), "{}", run.stderr);
    }
}

#[test]
fn how_long_a_feed_serves_has_bounds() {
    refused(
        "
ttl: 0
=>
feedmill: news/feedmill.yaml:1:6: `ttl` is not a number from 1 to 10080
  help: these are minutes, and 10080 of them are a week; without this line it is 60

ttl: 10081
=>
feedmill: news/feedmill.yaml:1:6: `ttl` is not a number from 1 to 10080
  help: these are minutes, and 10080 of them are a week; without this line it is 60

ttl: hourly
=>
feedmill: news/feedmill.yaml:1:6: `ttl` wants a value of another kind
  help: docs/settings.md has every key with its values

cache_control: ''
=>
feedmill: news/feedmill.yaml:1:16: `cache_control` is empty
  help: write directives of RFC 9111, such as: public, max-age=1800, stale-while-revalidate=3600, stale-if-error=86400
",
    );
    let long = format!("x{}", "=1".repeat(250));
    let another = "has a character that is not a letter, a digit, a space or one of `,` `=` `-` `_` `.`";
    let ends = "begins or ends with white space";
    for (value, wrong) in [
        (r#""public\n  X-A: b""#, another),
        (r#"'private="x"'"#, another),
        (r"'a\'", another),
        ("$http_cookie", another),
        ("'%{a}e'", another),
        ("'{env.HOME}'", another),
        ("max-age=1; x", another),
        ("é", another),
        ("' public'", ends),
        (r#""public\n""#, ends),
        (long.as_str(), "is longer than 500 bytes"),
    ] {
        let mill = mill().file("news/feedmill.yaml", format!("cache_control: {value}"));
        let run = mill.run("check news").status(2).stdout("");
        let expected = format!("feedmill: news/feedmill.yaml:1:16: `cache_control` {wrong}\n");
        assert!(run.stderr.starts_with(&expected), "{value}: {}", run.stderr);
    }
}

#[test]
fn a_ttl_is_said_in_every_way_of_rss() {
    for (line, ttl, period, frequency) in [("", 60, "hourly", 1), ("ttl: 30", 30, "hourly", 2), ("ttl: 1440", 1440, "daily", 1)] {
        let mill = mill().file("news/feedmill.yaml", format!("id: x\nformats: [rss]\n{line}"));
        mill.run("build news --out out").silent();
        let feed = mill.read("out/rss.xml");
        for element in [
            format!("<ttl>{ttl}</ttl>"),
            format!("<sy:updatePeriod>{period}</sy:updatePeriod>"),
            format!("<sy:updateFrequency>{frequency}</sy:updateFrequency>"),
            "xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"".to_owned(),
        ] {
            assert!(feed.contains(&element), "{element}: {feed}");
        }
    }
}

#[test]
fn a_host_finds_the_output_where_its_address_says() {
    refused(
        "
host: ngnix
=>
feedmill: news/feedmill.yaml:1:7: `host` is one of nginx, apache, caddy, netlify, cloudflare-pages, github-pages
  help: did you mean `nginx`?

host: cloudflare
=>
feedmill: news/feedmill.yaml:1:7: `host` is one of nginx, apache, caddy, netlify, cloudflare-pages, github-pages

host_root: public
=>
feedmill: news/feedmill.yaml:1:12: `host_root` is for a `host`, and there is none
  help: add `host`, which is one of nginx, apache, caddy, netlify, cloudflare-pages, github-pages
",
    );
    // Not where the command line has another output.
    for (lines, expected) in [
        (
            "host: caddy\nbase_url: https://example.org/a%20b/\nout: ../public",
            "1:7: `/a%20b/` in `base_url` has characters that may mean something to Caddy\n  help: let the path be of letters, \
             digits, `-`, `.`, `_`, `~` and `/`, or take `host` out",
        ),
        (
            "host: apache\nhost_root: ../public\nout: ../publicity",
            "2:12: the output folder publicity does not lie in `host_root`\n  help: write the folder that is deployed, relative \
             to this file",
        ),
        (
            "base_url: https://example.org/feeds\nhost: netlify\nout: ../public/feeds",
            "2:7: the output is at `/` of what is deployed, and at `/feeds/` in `base_url`\n  help: set `host_root` to the folder \
             that is deployed, in which the output is at `/feeds/`",
        ),
        (
            "base_url: https://example.org/\nhost: cloudflare-pages\nhost_root: ../public\nout: ../public/feeds",
            "3:12: the output is at `/feeds/` of what is deployed, and at `/` in `base_url`\n  help: let `base_url` end in \
             `/feeds/`, or set `host_root` so that the output is at `/` in it",
        ),
    ] {
        let mill = mill().file("news/feedmill.yaml", lines);
        for command in ["check news", "build news"] {
            let _ = mill.run(command).status(2).stdout("").stderr(&format!("feedmill: news/feedmill.yaml:{expected}"));
        }
        assert_eq!(mill.listing("."), ["news/feedmill.yaml", "news/good.md"]);
    }
}

#[test]
fn an_old_address_is_a_path_and_a_copy_of_what_is_written() {
    refused(
        "
also: [/a.xml]
=>
feedmill: news/feedmill.yaml:1:8: `/a.xml` in `also` is not a path below the output folder
  help: write it like feed.xml or blog/index.xml: letters, digits and ._~- between slashes

also:
- a.xml
- ../b.xml
=>
feedmill: news/feedmill.yaml:3:3: `../b.xml` in `also` is not a path below the output folder
  help: write it like feed.xml or blog/index.xml: letters, digits and ._~- between slashes

topics: {AI: {also: [.feedmill-run/1]}}
=>
feedmill: news/feedmill.yaml:1:22: `.feedmill-run/1` in `also` has a name that begins with a dot, which servers and uploads leave out
  help: write another path; the server can lead this one to the feed by a redirect

also: .htaccess
=>
feedmill: news/feedmill.yaml:1:7: `.htaccess` in `also` has a name that begins with a dot, which servers and uploads leave out
  help: write another path; the server can lead this one to the feed by a redirect

also: [old/.well-known/feed]
=>
feedmill: news/feedmill.yaml:1:8: `old/.well-known/feed` in `also` has a name that begins with a dot, which servers and uploads leave out
  help: write another path; the server can lead this one to the feed by a redirect

also: [a.xml.gz]
=>
feedmill: news/feedmill.yaml:1:8: `a.xml.gz` in `also` ends as files do that are compressed with gzip
  help: write the path of the file itself; `precompress` is for compressed files beside it

also: [a.xml, A.XML.BR]
=>
feedmill: news/feedmill.yaml:1:15: `A.XML.BR` in `also` ends as files do that are compressed with brotli
  help: write the path of the file itself; `precompress` is for compressed files beside it

also: [old/_headers]
=>
feedmill: news/feedmill.yaml:1:8: `old/_headers` in `also` is a file that a host takes for its settings
  help: write another path; the server can lead this one to the feed by a redirect

also: [_Redirects]
=>
feedmill: news/feedmill.yaml:1:8: `_Redirects` in `also` is a file that a host takes for its settings
  help: write another path; the server can lead this one to the feed by a redirect

also: {Index.PHP: rss}
=>
feedmill: news/feedmill.yaml:1:8: `Index.PHP` in `also` is a program to a server, which would run the feed instead of sending it
  help: write another path; the server can lead this one to the feed by a redirect

also: [assets/x.xml]
=>
feedmill: news/feedmill.yaml:1:8: `assets/x.xml` in `also` lies in the folder of the pages' own files
  help: write another path

also: {a.xml: rsss}
=>
feedmill: news/feedmill.yaml:1:15: `also` is one of rss, atom, json
  help: did you mean `rss`?

formats: [rss]
also: {a.xml: atom}
=>
feedmill: news/feedmill.yaml:2:15: `a.xml` in `also` is to be a copy of a format that is not written
  help: add the format to `formats`, or name another one, as in `also: {feed.xml: rss}`

formats: [rss]
also: [a.json]
=>
feedmill: news/feedmill.yaml:2:8: `a.json` in `also` is to be a copy of a format that is not written
  help: add the format to `formats`, or name another one, as in `also: {feed.xml: rss}`

also: 3
=>
feedmill: news/feedmill.yaml:1:7: `also` wants a text or a list of texts
  help: write it like `also: [feed.xml]`

stale: removed
=>
feedmill: news/feedmill.yaml:1:8: `stale` is one of keep, tombstone, remove
  help: did you mean `remove`?

id: x
precompress: true
=>
feedmill: news/feedmill.yaml:2:14: `precompress` wants a text or a list of texts
  help: write it like `precompress: [gzip, brotli]`

precompress: zip
=>
feedmill: news/feedmill.yaml:1:14: `precompress` is one of gzip, brotli
  help: did you mean `gzip`?

precompress: [gzip, br]
=>
feedmill: news/feedmill.yaml:1:21: `precompress` is one of gzip, brotli

precompress: {gzip: brotli}
=>
feedmill: news/feedmill.yaml:1:15: `precompress` is one of gzip, brotli
  help: did you mean `gzip`?
",
    );
}

#[test]
fn the_name_of_an_old_address_says_its_format() {
    for (formats, also, of) in [
        ("[rss, atom, json]", "feed.xml", "atom.xml"),
        ("[rss, json]", "feed.xml", "rss.xml"),
        ("[rss, atom]", "Blog/RSS", "rss.xml"),
        ("[rss, atom]", "feed", "atom.xml"),
        ("[rss, atom]", "index.xml", "rss.xml"),
        ("[atom]", "index.xml", "atom.xml"),
        ("[rss, atom]", "all.atom.xml", "atom.xml"),
        ("[rss, json]", "x.JSON", "feed.json"),
    ] {
        let mill = mill().file("news/feedmill.yaml", format!("formats: {formats}\nalso: {also}\nout: ../out\n"));
        mill.run("build news").silent();
        assert_eq!(mill.read(&format!("out/{also}")), mill.read(&format!("out/{of}")), "{also}");
    }
}

/// Whoever could change a ping on its way could tell the hub anything; on this machine nobody is on the way.
#[test]
fn a_hub_has_an_https_address_unless_it_is_this_machine() {
    refused(
        "
hub: hub.example.org
=>
feedmill: news/feedmill.yaml:1:6: `hub` is not an absolute address
  help: write the whole address, beginning with https://

hub: ''
=>
feedmill: news/feedmill.yaml:1:6: `hub` is empty
  help: write the address, or leave the field out

hub: [https://hub.example.org/]
=>
feedmill: news/feedmill.yaml:1:6: `hub` wants a value of another kind
  help: docs/settings.md has every key with its values

id: a
hub: http://hub.example.org/
=>
feedmill: news/feedmill.yaml:2:6: `hub` is not an https address
  help: write https://; http is for a hub on this machine, at localhost, 127.0.0.1 or [::1]

hub: http://localhost.example.org/
=>
feedmill: news/feedmill.yaml:1:6: `hub` is not an https address
  help: write https://; http is for a hub on this machine, at localhost, 127.0.0.1 or [::1]

hub: http://192.168.0.1/
=>
feedmill: news/feedmill.yaml:1:6: `hub` is not an https address
  help: write https://; http is for a hub on this machine, at localhost, 127.0.0.1 or [::1]

hub: http://[::ffff:127.0.0.1]/
=>
feedmill: news/feedmill.yaml:1:6: `hub` is not an https address
  help: write https://; http is for a hub on this machine, at localhost, 127.0.0.1 or [::1]

hub: https://me:secret@hub.example.org/
=>
feedmill: news/feedmill.yaml:1:6: `hub` has a user name or password in it
  help: write the address without the part before the @, and consider the password known

hub: 'https://hub.example.org/#a'
=>
feedmill: news/feedmill.yaml:1:6: `hub` has a fragment
  help: write the address without the `#` and what follows

hub: wss://hub.example.org/
=>
feedmill: news/feedmill.yaml:1:6: `hub` is not an http or https address
  help: write an address that begins with https:// or http://
",
    );
    for hub in [
        "https://hub.example.org",
        "https://hub.example.org:8443/push?a=1",
        "http://localhost:8080/",
        "http://127.1.2.3/",
        "http://[::1]:1/",
    ] {
        mill().file("news/feedmill.yaml", format!("hub: '{hub}'")).run("check news").silent();
    }
}
