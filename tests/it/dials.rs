//! Dials, topics that are merged, and feeds of one's own, over several runs: what stays, what goes, and what is said of it.

use feedmill::manifest::Manifest;

use crate::cache::{SETTLED, answers, tamper};
use crate::mill::{Mill, files};

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\nformats: [rss, json]\n";

/// A folder of this site, with more lines in its site file.
fn site(mill: Mill, lines: &str) -> Mill {
    mill.file("in/feedmill.yaml", format!("{SITE}{lines}\n"))
}

/// An article of the first days of November 2020, which is on the topic Tea unless `lines` say otherwise.
fn tell(mill: Mill, name: &str, day: u32, lines: &str) -> Mill {
    let topics = if lines.contains("topics:") { "" } else { "\ntopics: [Tea]" };
    let text = format!("title: {name}\ndate: 2020-11-{day:02}\nlink: https://example.org/{name}{topics}\n{lines}");
    mill.article(&format!("in/{name}.md"), &text)
}

/// What the entries of a feed are called, in their order.
#[track_caller]
fn titles(mill: &Mill, folder: &str) -> Vec<String> {
    let rss = mill.read(&format!("feeds/{folder}/rss.xml"));
    let title = |item: &str| item.split("<title>").nth(1)?.split("</title>").next().map(str::to_owned);
    rss.split("<item>").skip(1).filter_map(title).collect()
}

/// The key, of which the id of a feed is made, of the one that is written to a folder.
#[track_caller]
fn key_of(mill: &Mill, folder: &str) -> String {
    let feeds = manifest(mill).feeds;
    let living = |feed: &feedmill::manifest::Feed| !feed.stale && feed.slug.as_ref().is_some_and(|slug| slug.as_str() == folder);
    feeds.iter().find(|(_, feed)| living(feed)).map(|(key, _)| key.as_str().to_owned()).expect("a feed")
}

fn manifest(mill: &Mill) -> Manifest {
    Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest")
}

/// A run that says nothing, and after which another one with the same clock writes nothing.
#[track_caller]
fn settles(mill: &Mill, arguments: &str) {
    mill.run(arguments).silent();
    let before = files(&mill.path("feeds"));
    let run = mill.run(&format!("{arguments} -v")).status(0).stderr("");
    assert!(run.stdout.contains(" 0 files written"), "{}", run.stdout);
    assert!(files(&mill.path("feeds")) == before);
}

/// Two stories that were good enough when they came, of which one has lost what made it so.
fn fallen(lines: &str) -> Mill {
    let mill = site(Mill::new(), lines);
    let mill = tell(mill, "falls", 10, "quality: 50\nheat: 10");
    let mill = tell(mill, "holds", 11, "quality: 50\nheat: 10");
    settles(&mill, "build in");
    let mill = tell(mill, "falls", 10, "quality: 10\nheat: -1");
    settles(&mill, "build in");
    mill
}

const MEASURES: &str = "min_quality: 40\nmin_heat: 5\n";

#[test]
fn a_published_story_stays_though_its_measures_fall() {
    let mill = fallen(MEASURES);
    for folder in ["", "tea"] {
        assert_eq!(titles(&mill, folder), ["holds", "falls"]);
    }
    // It is no rule for others.
    let mill = tell(mill, "new", 12, "quality: 10\nheat: 10");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, ""), ["holds", "falls"]);
    // A rule of something else changes nothing.
    let mill = site(mill, &format!("{MEASURES}title: Tea time\nlimit: 20\ntopics: {{Tea: {{description: All of it}}}}"));
    settles(&mill, "build in");
    assert_eq!((titles(&mill, ""), titles(&mill, "tea").len()), (vec!["holds".to_owned(), "falls".to_owned()], 2));
    // Measures that rise and fall again are no matter either.
    let mill = tell(mill, "falls", 10, "quality: 90\nheat: 90");
    settles(&mill, "build in");
    let mill = tell(mill, "falls", 10, "source: none");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "tea"), ["holds", "falls"], "none is known any more");
}

#[test]
fn a_published_story_goes_with_the_rule_that_let_it_in() {
    for rules in ["min_quality: 41\nmin_heat: 5", "min_quality: 40\nmin_heat: 4", "min_quality: 40", MEASURES] {
        let same = rules == MEASURES;
        let mill = site(fallen(MEASURES), rules);
        settles(&mill, "build in");
        assert_eq!(titles(&mill, "tea"), if same { vec!["holds", "falls"] } else { vec!["holds"] }, "{rules}");
        // And does not come back with it.
        let mill = site(mill, MEASURES);
        settles(&mill, "build in");
        assert_eq!(titles(&mill, ""), if same { vec!["holds", "falls"] } else { vec!["holds"] }, "{rules}");
    }
    // Only where the rule is another one.
    let mill = site(fallen(MEASURES), &format!("{MEASURES}topics: {{Tea: {{min_quality: 41}}}}"));
    settles(&mill, "build in");
    assert_eq!((titles(&mill, "").len(), titles(&mill, "tea").len()), (2, 1));
}

#[test]
fn a_published_story_goes_when_it_is_taken_back_too_old_or_pushed_out() {
    for lines in ["published: false", "deleted: true", "date: 2021-01-01"] {
        let mill = tell(fallen(MEASURES), "falls", 10, "quality: 10");
        let text = mill.read("in/falls.md").replace("quality: 10", &format!("quality: 10\n{lines}"));
        let text = if lines.starts_with("date") { text.replace("date: 2020-11-10\n", "") } else { text };
        let mill = mill.file("in/falls.md", text);
        settles(&mill, "build in");
        assert_eq!(titles(&mill, "tea"), ["holds"], "{lines}");
    }
    let mill = fallen(&format!("{MEASURES}max_age: 20 days\n"));
    settles(&mill, "build in --now 2020-11-29T23:59:59Z");
    assert_eq!(titles(&mill, "tea"), ["holds", "falls"]);
    settles(&mill, "build in --now 2020-11-30T00:00:00Z");
    assert_eq!(titles(&mill, "tea"), ["holds"]);
    // Newer ones push it out, and it does not come back when they go.
    let mill = tell(fallen(&format!("{MEASURES}limit: 2\n")), "new", 12, "quality: 50\nheat: 10");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "tea"), ["new", "holds"]);
    let mill = mill.without("in/new.md");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "tea"), ["holds"]);
}

#[test]
fn a_feed_of_the_hottest_keeps_what_cools_until_something_hotter_comes() {
    let top = "feeds: {Hot: {top: true, min_heat: 5, limit: 2, max_age: 1 year}}";
    let mill = fallen(top);
    assert_eq!(titles(&mill, "hot"), ["holds", "falls"]);
    let mill = tell(mill, "older", 3, "heat: 7");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "hot"), ["holds", "older"]);
    let mill = mill.without("in/older.md");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "hot"), ["holds"]);
}

#[test]
fn a_published_link_stays_though_its_quality_falls() {
    let with = |mill: Mill, quality: u32| {
        let link = format!("related:\n- {{title: link, link: https://e.org/1, date: 2020-11-09, quality: {quality}}}");
        tell(mill, "article", 10, &link)
    };
    let mill = with(site(Mill::new(), "related: {min_quality: 40}"), 50);
    settles(&mill, "build in");
    let mill = with(mill, 10);
    settles(&mill, "build in");
    for folder in ["", "tea"] {
        assert_eq!(titles(&mill, folder), ["article", "link"]);
    }
    assert!(mill.read("feeds/tea/rss.xml").contains("Related coverage"));
    // Another rule.
    let changed = site(Mill::copy_of(&mill.path(".")), "related: {min_quality: 39}");
    settles(&changed, "build in");
    assert_eq!((titles(&changed, ""), titles(&changed, "tea")), (vec!["article".to_owned()], vec!["article".to_owned()]));
    assert!(!changed.read("feeds/tea/rss.xml").contains("https://e.org/1"));
    // Its age.
    let aged = with(site(Mill::new(), "related: {min_quality: 40, max_age: 20 days}"), 50);
    settles(&aged, "build in");
    let aged = with(aged, 10);
    settles(&aged, "build in --now 2020-11-28T23:59:59Z");
    assert_eq!(titles(&aged, "tea"), ["article", "link"]);
    settles(&aged, "build in --now 2020-11-29");
    assert_eq!(titles(&aged, "tea"), ["article"]);
    // A better one, where there is one place.
    let mill = site(Mill::new(), "related: {min_quality: 40, per_article: 1}");
    let mill = with(mill, 50);
    settles(&mill, "build in");
    let link = "related:\n- {title: link, link: https://e.org/1, date: 2020-11-09, quality: 10}\n- {title: better, link: https://e.org/2, date: 2020-11-09, quality: 45}";
    let mill = tell(mill, "article", 10, link);
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "tea"), ["article", "better"]);
    assert!(!mill.read("feeds/tea/rss.xml").contains("https://e.org/1"), "it is in no list either, or would go from it later");
}

/// It stays where it was let in, and not with another article that says less of it.
#[test]
fn a_link_that_one_article_praises_is_not_let_in_by_another_one() {
    let link = |quality: u32| format!("related:\n- {{title: link, link: https://e.org/1, date: 2020-11-09, quality: {quality}}}");
    let mill = tell(site(Mill::new(), "related: {min_quality: 40}"), "a", 10, &link(50));
    let mill = tell(mill, "b", 11, &link(10));
    settles(&mill, "build in");
    let lists = |mill: &Mill| mill.read("feeds/tea/rss.xml").matches("Related coverage").count();
    assert_eq!((titles(&mill, "tea"), lists(&mill)), (vec!["b".to_owned(), "a".to_owned(), "link".to_owned()], 1));
    let mill = tell(mill, "a", 10, &link(20));
    settles(&mill, "build in");
    assert_eq!((titles(&mill, "tea").len(), lists(&mill)), (3, 1));
}

/// An article can say the same link twice: what is good enough speaks for it, before it is published and ever after.
#[test]
fn a_poor_copy_of_a_published_link_does_not_speak_for_it() {
    for (first, second) in [(0, 1), (1, 0)] {
        let copies = [
            "- {title: link, link: https://e.org/1, date: 2020-11-09}",
            "- {title: link, link: https://e.org/1, date: 2020-11-08, quality: 10, excerpt: More of it.}",
        ];
        let lines = format!("related:\n{}\n{}", copies[first], copies[second]);
        let mill = tell(site(Mill::new(), "related: {min_quality: 40}"), "article", 10, &lines);
        settles(&mill, "build in");
        assert_eq!(titles(&mill, "tea"), ["article", "link"]);
        assert!(mill.read("feeds/tea/rss.xml").contains("09 Nov 2020"));
    }
}

/// Two runs with nothing new between which something grows too old: the state of the first must not answer the second.
#[test]
fn what_grows_too_old_goes_though_nothing_is_new() {
    const LINK: &str = "related:\n- {title: link, link: https://e.org/1, date: 2020-11-16}";
    // Each with what goes on the 26th.
    let cases = [
        ("max_age: 10 days", "", ["old", "link"]),
        ("topics: {Tea: {max_age: 10 days}}", "tea", ["old", "link"]),
        ("feeds: {Mine: {max_age: 240 hours}}", "mine", ["old", "link"]),
        ("feeds: {Hot: {top: true, max_age: 10d}}", "hot", ["old", "link"]),
        ("related: {max_age: 10 days}", "", ["link", ""]),
        ("topics: {Tea: {related: {max_age: 10 days}}}", "tea", ["link", ""]),
    ];
    let mills = cases.map(|(lines, ..)| {
        let mill = Mill::new();
        let cache = mill.path("cache").to_string_lossy().into_owned();
        let mill = site(mill.variable("XDG_CACHE_HOME", &cache), lines);
        tell(tell(mill, "old", 16, &format!("heat: 1\n{LINK}")), "new", 20, "")
    });
    std::thread::sleep(SETTLED);
    for ((lines, folder, gone), mill) in cases.into_iter().zip(mills) {
        for _ in 0..2 {
            mill.run("build in").silent();
        }
        let all = titles(&mill, folder);
        assert_eq!(all.len(), 3, "{lines}");
        tamper(&mill);
        assert!(answers(&mill, "build in"), "{lines}");
        assert!(answers(&mill, "build in --now 2020-11-25T23:59:59Z"), "{lines}");
        assert!(!answers(&mill, "build in --now 2020-11-26T00:00:00Z"), "{lines}");
        let left: Vec<String> = all.iter().filter(|title| !gone.contains(&title.as_str())).cloned().collect();
        assert_eq!(titles(&mill, folder), left, "{lines}");
        // And back, where the state of a later clock says nothing.
        tamper(&mill);
        assert!(!answers(&mill, "build in"), "{lines}");
        assert_eq!(titles(&mill, folder), all, "{lines}");
    }
}

/// What a report says of each feed: its folder, and how many entries are new there and how many are gone.
fn told(report: &str) -> Vec<(String, usize, usize)> {
    let report: serde_json::Value = serde_json::from_str(report).expect("a report");
    let count = |feed: &serde_json::Value, key: &str| feed[key].as_array().map_or(0, Vec::len);
    let feeds = report["feeds"].as_array().expect("feeds");
    feeds
        .iter()
        .map(|feed| (feed["slug"].as_str().unwrap_or_default().to_owned(), count(feed, "new"), count(feed, "gone")))
        .collect()
}

/// A run, with what its report says.
#[track_caller]
fn reported(mill: &Mill) -> Vec<(String, usize, usize)> {
    mill.run("build in --report report.json").silent();
    told(&mill.read("report.json"))
}

#[test]
fn two_published_feeds_become_one_and_the_old_folder_leads_to_it_for_good() {
    let articles = |mill: Mill, chips: &str| {
        let both = if chips == "Chips" { "AI Hardware, Chips" } else { chips };
        let topics = [("a1", 1, chips), ("a2", 2, chips), ("b1", 3, "AI Hardware"), ("b2", 4, both)];
        topics.into_iter().fold(mill, |mill, (name, day, topics)| tell(mill, name, day, &format!("topics: [{topics}]")))
    };
    let mill = articles(site(Mill::new(), ""), "Chips");
    mill.run("build in").silent();
    let id = key_of(&mill, "ai-hardware");
    let mill = site(mill, "topics: {AI Hardware: {aliases: [Chips]}}");
    // What was told to the readers of the one is new to those of the other.
    assert_eq!(reported(&mill), [(String::new(), 0, 0), ("ai-hardware".to_owned(), 2, 0)]);
    let one = |mill: &Mill| {
        assert_eq!(titles(mill, "ai-hardware"), ["b2", "b1", "a2", "a1"]);
        assert_eq!(mill.read("feeds/chips/rss.xml"), mill.read("feeds/ai-hardware/rss.xml"));
        assert_eq!(mill.read("feeds/chips/feed.json"), mill.read("feeds/ai-hardware/feed.json"));
        assert_eq!(manifest(mill).feeds.len(), 2);
        assert_eq!(key_of(mill, "ai-hardware"), id);
        assert!(!mill.read("feeds/rss.xml").contains("<category>Chips<"));
    };
    one(&mill);
    for _ in 0..2 {
        assert_eq!(reported(&mill), []);
        one(&mill);
    }
    // The articles are corrected.
    let mill = articles(mill, "AI Hardware");
    for _ in 0..2 {
        assert_eq!(reported(&mill), []);
        one(&mill);
    }
    let mill = tell(mill, "c1", 5, "topics: [chips]");
    assert_eq!(reported(&mill), [(String::new(), 1, 0), ("ai-hardware".to_owned(), 1, 0)]);
    assert_eq!(mill.read("feeds/chips/rss.xml"), mill.read("feeds/ai-hardware/rss.xml"));
    // Without the line it is left, which is told once.
    let mill = site(mill.without("in/c1.md"), "");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("feeds/chips: warning: this folder does not lead to `ai-hardware` any more"), "{}", run.stderr);
    assert!(!mill.run("build in").status(0).stderr.contains("warning"));
}

#[test]
fn a_topic_with_an_alias_that_was_published_is_the_same_feed() {
    let articles = |mill: Mill, topic: &str| {
        let mill = tell(mill, "a1", 1, &format!("topics: [{topic}]"));
        tell(mill, "a2", 2, &format!("topics: [{topic}]"))
    };
    let mill = articles(site(Mill::new(), ""), "Chips");
    mill.run("build in").silent();
    for lines in ["topics: {AI Hardware: {aliases: [chips]}}", "topics: {AI Hardware: {aliases: [Chips, CPUs], slug: hardware}}"]
    {
        let mill = site(Mill::copy_of(&mill.path(".")), lines);
        let folder = if lines.contains("slug") { "hardware" } else { "chips" };
        for name in ["Chips", "Chips", "AI Hardware", "AI Hardware"] {
            let mill = articles(Mill::copy_of(&mill.path(".")), name);
            let _ = reported(&mill);
            assert_eq!((key_of(&mill, folder), titles(&mill, folder).len()), ("chips".to_owned(), 2), "{lines} {name}");
            assert!(told(&mill.read("report.json")).iter().all(|(_, new, gone)| (*new, *gone) == (0, 0)), "{lines} {name}");
            assert_eq!(mill.read("feeds/chips/rss.xml"), mill.read(&format!("feeds/{folder}/rss.xml")));
            assert!(mill.read("feeds/rss.xml").contains("<category>AI Hardware<"));
            assert_eq!(manifest(&mill).feeds.len(), 2);
        }
    }
}

/// What is said of a site file with these lines, by `check` and by `build` alike: a run that is refused has status 2; otherwise
/// the one has status 1 for it, and the other 0.
#[track_caller]
fn says(lines: &str, said: &str) {
    let mill = tell(site(Mill::new(), lines), "a1", 1, "topics: [Artificial Intelligence]");
    let mill = tell(mill, "a2", 2, "topics: [Chips]");
    let refused = said.starts_with("feedmill: ");
    let said = said.replace("SITE", "in/feedmill.yaml");
    let _ = mill.run("check in").status(if refused { 2 } else { 1 }).stdout("").stderr(&said);
    let _ = mill.run("build in").status(if refused { 2 } else { 0 }).stdout("").stderr(&said);
    assert_eq!(mill.path("feeds").exists(), !refused);
}

#[test]
fn a_topic_that_nobody_knows_is_an_error_with_the_nearest_name() {
    let near = "help: did you mean `Artificial Intelligence`?";
    says(
        "topics:\n  Chips: {parent: Artificial Inteligence}",
        &format!("SITE:6:19: error: `parent` names the topic `Artificial Inteligence`, which no article has\n  {near}"),
    );
    says(
        "feeds:\n  Mine: {any: [Chips, artificial  inteligence]}",
        &format!("SITE:6:23: error: `any` names the topic `artificial  inteligence`, which no article has\n  {near}"),
    );
    says(
        "feeds:\n  Mine:\n    all: Chip\n    none:\n    - Chipz\n    - chips",
        "SITE:7:10: error: `all` names the topic `Chip`, which no article has\n  help: did you mean `Chips`?\n\
         SITE:9:7: error: `none` names the topic `Chipz`, which no article has\n  help: did you mean `Chips`?",
    );
    says(
        "feeds:\n  Mine: {all: Wholly other}",
        "SITE:6:15: error: `all` names the topic `Wholly other`, which no article has\n  help: `feedmill topics` lists those \
         that there are; name it under `topics` if it is still to come",
    );
    // One that is named under `topics`, or by an alias, or that only waiting articles have, is known.
    let lines = "topics: {To come: {aliases: [Other]}}\nfeeds: {Mine: {any: [to COME, other, Next], none: Past}}";
    let mill = tell(site(Mill::new(), lines), "a", 1, "");
    let mill = tell(mill, "next", 30, "topics: [Next]");
    tell(mill, "past", 1, "topics: [Past]\npublished: false").run("check in").silent();
    // And one that was published, though no article has it any more.
    let mill = tell(tell(site(Mill::new(), "stale: remove"), "a", 1, ""), "b", 2, "topics: [Chips]");
    mill.run("build in").silent();
    let mill = site(mill.without("in/b.md"), "feeds: {Mine: {any: [Tea, Chips]}}");
    assert_eq!(mill.run("build in").status(0).stderr.matches("error").count(), 0);
}

#[test]
fn topics_that_are_above_themselves_are_refused() {
    let help = "help: take one of these `parent` lines out";
    for (lines, circle) in [
        ("topics:\n  A: {parent: A}", "6:15: `parent` leads back to where it began: A → A"),
        ("topics:\n  A: {parent: B}\n  B: {parent: a}", "6:15: `parent` leads back to where it began: A → B → a"),
        (
            "topics:\n  A: {parent: B}\n  B: {parent: C}\n  C: {parent: c2}\n  D: {aliases: [C2], parent: a}",
            "6:15: `parent` leads back to where it began: A → B → C → c2 → a",
        ),
        // One that only leads into a circle is not named for it.
        (
            "topics:\n  A: {parent: B}\n  B: {parent: C}\n  C: {parent: B}",
            "7:15: `parent` leads back to where it began: B → C → B",
        ),
    ] {
        says(lines, &format!("feedmill: SITE:{circle}\n  {help}"));
    }
}

#[test]
fn an_alias_is_the_name_of_one_topic() {
    says(
        "topics:\n  Chips: {aliases: [Silicon, artificial intelligence]}\n  Artificial Intelligence:",
        "feedmill: SITE:6:30: `Artificial Intelligence` is another name of `Chips`, and a topic of its own under `topics`\n  \
         help: take one of them out",
    );
    says(
        "topics:\n  Chips: {aliases: [AI]}\n  Artificial Intelligence: {aliases: [x, ai]}",
        "feedmill: SITE:6:21: `AI` is another name of `Artificial Intelligence` and of `Chips`\n  help: keep one of them",
    );
    // Another spelling of its own name is no matter.
    let mill = tell(site(Mill::new(), "topics: {Tea: {aliases: [TEA, tea, Tee, TEE]}}"), "a", 1, "topics: [tee]");
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "tea"), ["a"]);
}

#[test]
fn dials_that_cannot_be_followed_are_refused() {
    let title = "help: write a glob over the whole title, such as \"*update*\", or a regular expression such as '/\\bAI\\b/'";
    let age = "help: write a whole number and a unit, such as 12 hours, 30 days, 4 weeks, 6 months or 1 year";
    let provider = "help: write a domain, such as example.org, or the name of a provider";
    for (lines, said, help) in [
        ("title_matches: '/(/'", "5:16: `/(/` in `title_matches` cannot be read: unclosed group", title),
        ("title_matches: {exclude: ['a*', '[a']}", "5:33: `[a` in `title_matches` has a `[` that is not closed", title),
        ("title_matches: ['{a']", "5:17: `{a` in `title_matches` has a `{` that is not closed", title),
        (
            "topics:\n  Tea: {title_matches: '/a/x'}",
            "6:24: `/a/x` in `title_matches` has `x` behind it; only `i` may be there, to ignore case",
            title,
        ),
        ("max_age: soon", "5:10: `max_age` is not an age", age),
        ("max_age: 0", "5:10: `max_age` is not an age", age),
        ("max_age: 1.5", "5:10: `max_age` is not an age", age),
        ("feeds:\n  Mine: {max_age: 30 dys}", "6:19: `max_age` is not an age", age),
        ("related: {max_age: x}", "5:20: `related.max_age` is not an age", age),
        ("providers: ''", "5:12: this is no provider in `providers`", provider),
        ("providers: [example.org, 'https://']", "5:26: this is no provider in `providers`", provider),
        ("types: ['']", "5:9: a word in `types` is empty", "help: take it out"),
        ("types: 2020", "5:8: `types` wants a text or a list of texts", "help: write it like `types: [news]`"),
        ("providers: {only: [a]}", "5:13: the key `only` is not known", "help: the keys that may stand here: include, exclude"),
        ("feeds:\n  Mine: {each: author}", "6:16: `each` is one of provider, category", ""),
        (
            "feeds:\n  Mine: {each: provider, title: x}",
            "6:16: `title` is of one feed, and `each` makes many of `Mine`",
            "help: take `title` or `each` out",
        ),
    ] {
        says(lines, &format!("feedmill: SITE:{said}\n  {help}"));
    }
}

#[test]
fn two_feeds_cannot_have_one_folder() {
    let both = "help: give each a slug of its own";
    let other = "help: choose another slug";
    let stories = "`stories` is the folder of the feed with articles only, which `stories: true` makes";
    for (lines, said) in [
        (
            "feeds:\n  Mine: {slug: x}\n  Yours: {slug: x}",
            format!("7:17: the feeds `Mine` and `Yours` have the slug `x` both\n  {both}"),
        ),
        (
            "feeds:\n  Mine: {slug: x}\ntopics:\n  Chips: {slug: x}",
            format!("8:17: the topic `Chips` and the feed `Mine` have the slug `x` both\n  {both}"),
        ),
        (
            "topics:\n  Chips: {former: [y, x]}\nfeeds:\n  Mine: {slug: x}",
            format!("8:16: the topic `Chips` and the feed `Mine` have the slug `x` both\n  {both}"),
        ),
        ("stories: true\ntopics:\n  Chips: {slug: stories}", format!("7:17: {stories}\n  {other}")),
        ("stories: true\ntopics:\n  Chips: {former: stories}", format!("7:19: {stories}\n  {other}")),
        ("stories: true\nfeeds:\n  Mine: {slug: stories}", format!("7:16: {stories}\n  {other}")),
    ] {
        says(lines, &format!("feedmill: SITE:{said}"));
    }
    // Where nobody says where it is to be, one of them gets another folder.
    let mill = tell(site(Mill::new(), "feeds: {Tea: {any: Tea}, Mine: {slug: cups}}"), "a", 1, "topics: [Tea, Cups]");
    let run = mill.run("build in").status(0);
    let taken = |line: &str| line.contains("gets the folder");
    assert_eq!(run.stderr.lines().filter(|line| taken(line)).count(), 2, "{}", run.stderr);
    settles(&mill, "build in");
    assert_eq!((key_of(&mill, "tea"), key_of(&mill, "cups")), ("tea".to_owned(), "feed\u{1f}mine".to_owned()));
}

/// Two stories on chips, and one on tea, with this site file.
fn three(lines: &str) -> Mill {
    let mill = tell(site(Mill::new(), lines), "a1", 1, "topics: [Chips]\nquality: 50");
    let mill = tell(mill, "a2", 2, "topics: [Chips]\nquality: 60");
    tell(mill, "a3", 3, "topics: [Tea]\nquality: 60")
}

/// What a run says of a folder, with its notes.
#[track_caller]
fn said_of(mill: &Mill, folder: &str) -> String {
    let run = mill.run("build in -v").status(0);
    let start = format!("feeds/{folder}: ");
    let mut lines = run.stderr.lines().skip_while(|line| !line.starts_with(&start));
    let first = lines.next().map(|line| line.trim_start_matches(&start).to_owned());
    let help = lines.next().filter(|line| line.starts_with("  help: "));
    first.into_iter().chain(help.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_feed_with_too_few_articles_is_written_no_more() {
    let now = "there is 1 article for this feed, fewer than the 2 of `min_items`";
    for (policy, then, later, left) in [
        (
            "keep",
            "\n  help: meanwhile it is kept as it is; `stale` in the site file says what becomes of it",
            "it is kept as it is",
            vec!["a2", "a1"],
        ),
        ("tombstone", "; a last entry says so", "a last entry says so", vec!["This feed has ended: Chips"]),
        ("remove", "; its files are taken away", "its files are taken away", Vec::new()),
    ] {
        let mill = three(&format!("stale: {policy}\ntopics: {{Chips: {{min_items: 2}}}}"));
        mill.run("build in").silent();
        let mill = tell(mill, "a2", 2, "topics: [Tea]");
        assert_eq!(said_of(&mill, "chips"), format!("warning: {now}{then}"), "{policy}");
        for _ in 0..2 {
            assert_eq!(said_of(&mill, "chips"), format!("note: {now}; {later}"), "{policy}");
        }
        let said = mill.run("build in -v").status(0).stderr;
        let few = "in/feedmill.yaml: note: the topic `Chips` has 1 article, fewer than the 2 of `min_items`: no feed is written";
        assert!(said.contains(few), "{said}");
        let there = mill.path("feeds/chips/rss.xml").exists();
        assert_eq!(if there { titles(&mill, "chips") } else { Vec::new() }, left, "{policy}");
        // With enough of them it is there again, in its folder.
        let mill = tell(mill, "a2", 2, "topics: [Chips]");
        settles(&mill, "build in");
        assert_eq!(titles(&mill, "chips"), ["a2", "a1"], "{policy}");
    }
    // A feed that was never there is told of without a word of what is kept.
    let mill = three("min_items: 2\nfeeds: {Mine: {min_quality: 60, min_items: 3}}\ntopics: {Nobody: }");
    let run = mill.run("build in -v").status(0);
    let told = |what: &str, many: &str, least: u32| {
        format!("in/feedmill.yaml: note: the {what} has {many}, fewer than the {least} of `min_items`: no feed is written\n")
    };
    let expected =
        [told("feed `Mine`", "2 articles", 3), told("topic `Nobody`", "no article", 2), told("topic `Tea`", "1 article", 2)];
    assert_eq!(run.stderr.split_inclusive('\n').filter(|line| !line.trim().is_empty()).collect::<String>(), expected.concat());
    // It is as its owner wants it, and said only to who asks.
    mill.run("build in").silent();
}

#[test]
fn feeds_with_articles_only_can_be_turned_off_and_on() {
    let now = "the site file does not want feeds with articles only";
    for (policy, then, later) in [
        ("keep", "\n  help: it is kept as it is; `stale` in the site file says what becomes of it", "it is kept as it is"),
        ("tombstone", "; a last entry says so", "a last entry says so"),
        ("remove", "; its files are taken away", "its files are taken away"),
    ] {
        let mill = three(&format!("stories: true\nstale: {policy}"));
        settles(&mill, "build in");
        let all = mill.listing("feeds");
        let beside = ["stories", "chips/stories", "tea/stories"];
        let mill = site(mill, &format!("stale: {policy}"));
        let off = Mill::copy_of(&mill.path("."));
        for (number, folder) in beside.into_iter().enumerate() {
            let mill = Mill::copy_of(&off.path("."));
            assert_eq!(said_of(&mill, folder), format!("warning: {now} any more{then}"), "{policy}");
            assert_eq!(said_of(&mill, folder), format!("note: {now}; {later}"), "{policy}");
            assert_eq!(mill.listing("feeds").len(), all.len() - if policy == "remove" { 6 } else { 0 }, "{number}");
            assert_eq!(manifest(&mill).feeds.values().filter(|feed| feed.stale).count(), 3);
        }
        let _ = mill.run("build in").status(0);
        let mill = site(mill, &format!("stories: true\nstale: {policy}"));
        settles(&mill, "build in");
        assert_eq!(mill.listing("feeds"), all);
        assert_eq!((titles(&mill, "stories").len(), titles(&mill, "chips/stories").len()), (3, 2));
        // Where the topic has gone with it, that is why.
        let mill = tell(tell(mill, "a1", 1, ""), "a2", 2, "");
        let why = said_of(&mill, "chips/stories");
        assert!(why.starts_with("warning: no published article has the topic of this feed any more"), "{why}");
    }
}

#[test]
fn a_published_topic_called_stories_keeps_its_folder() {
    let mill = tell(tell(site(Mill::new(), ""), "a", 1, "topics: [Stories]"), "b", 2, "");
    mill.run("build in").silent();
    let mill = site(mill, "stories: true");
    let said = "in/feedmill.yaml: warning: `stories` is the folder that the feed `Stories` was published in: beside that of all \
                topics there is none with articles only\n  help: with another `slug` for it, there is one from the next run on";
    for _ in 0..2 {
        let _ = mill.run("build in").status(0).stderr(said);
        assert_eq!((key_of(&mill, "stories"), titles(&mill, "stories")), ("stories".to_owned(), vec!["a".to_owned()]));
        assert_eq!((titles(&mill, "stories/stories").len(), titles(&mill, "tea/stories").len()), (1, 1));
    }
    // Where it comes later, it gets another one.
    let mill = tell(tell(site(Mill::new(), "stories: true"), "a", 1, "topics: [Stories]"), "b", 2, "");
    let run = mill.run("build in").status(0);
    assert!(
        run.stderr.contains("the topic `Stories` gets the folder `stories-8b3af7`, since `stories` is taken"),
        "{}",
        run.stderr
    );
    settles(&mill, "build in");
    assert_eq!(titles(&mill, "stories"), ["b", "a"]);
}

#[test]
fn a_feed_of_ones_own_that_is_renamed_with_its_key_is_the_same() {
    let mill = three("feeds: {Mine: {min_quality: 55}}");
    mill.run("build in").silent();
    let before = key_of(&mill, "mine");
    // What it was let in with stays so, too.
    let mill = tell(mill, "a2", 2, "topics: [Chips]\nquality: 10");
    let mill = site(mill, "feeds: {Ours: {key: mine, min_quality: 55}}");
    settles(&mill, "build in");
    assert_eq!((key_of(&mill, "mine"), titles(&mill, "mine")), (before, vec!["a3".to_owned(), "a2".to_owned()]));
    assert!(mill.read("feeds/mine/rss.xml").contains("<title>Ours</title>"));
    // Without it, it is another feed.
    let mill = site(mill, "feeds: {Yours: {min_quality: 55}}");
    assert_eq!(
        said_of(&mill, "mine"),
        "warning: the site file does not have this feed any more\n  help: it is kept as it is; if it has a new name, write the \
         old one as `key` below that under `feeds`, else `stale` in the site file says what becomes of it"
    );
    assert_eq!(said_of(&mill, "mine"), "note: the site file does not have this feed; it is kept as it is");
    assert_eq!(titles(&mill, "yours"), ["a3"]);
}

#[test]
fn a_feed_for_each_goes_with_what_it_is_for() {
    let mill = site(Mill::new(), "feeds: {By: {each: category}}");
    let mill = tell(tell(mill, "a1", 1, "category: News"), "a2", 2, "category: Sport");
    settles(&mill, "build in");
    assert_eq!((titles(&mill, "news"), titles(&mill, "sport")), (vec!["a1".to_owned()], vec!["a2".to_owned()]));
    let mill = tell(mill, "a2", 2, "category: news");
    let said = said_of(&mill, "sport");
    assert!(said.starts_with("warning: no published article has the category of this feed any more\n"), "{said}");
    assert_eq!(said_of(&mill, "sport"), "note: no published article has the category of this feed; it is kept as it is");
    assert_eq!(titles(&mill, "news"), ["a2", "a1"]);
}

#[test]
fn a_slug_of_ones_own_feed_is_not_taken_from_a_published_topic() {
    let mill = three("");
    mill.run("build in").silent();
    let mill = site(mill, "feeds:\n  Mine:\n    slug: chips");
    let said = "in/feedmill.yaml:7:11: error: `chips` is the folder of the topic `Chips`, which has articles; the feed of `Mine` \
                stays where it is\n  help: choose another; a topic that was renamed has its new name in all articles first";
    let _ = mill.run("build in").status(0).stderr(said);
    assert_eq!((key_of(&mill, "chips"), titles(&mill, "mine").len()), ("chips".to_owned(), 3));
}

/// Twelve stories, more than are guarded.
fn twelve(lines: &str) -> Mill {
    (1..=12).fold(site(Mill::new(), lines), |mill, day| {
        tell(mill, &format!("n{day}"), day, "quality: 50\nheat: 9\ntype: article\ncategory: news")
    })
}

#[test]
fn a_feed_that_shrinks_by_its_rules_is_not_held_back() {
    for (lines, now, left) in [
        ("min_quality: 51", "2020-11-23", 0),
        ("min_heat: 10", "2020-11-23", 0),
        ("types: video", "2020-11-23", 0),
        ("categories: {exclude: News}", "2020-11-23", 0),
        ("providers: {exclude: example.org}", "2020-11-23", 0),
        ("title_matches: '*2'", "2020-11-23", 2),
        ("max_age: 12 days", "2020-11-23", 1),
        ("limit: 1", "2020-11-23", 1),
        ("topics: {Tea: {max_age: 1 day}}", "2020-11-23", 0),
    ] {
        let mill = twelve("");
        mill.run("build in").silent();
        let mill = site(mill, lines);
        settles(&mill, &format!("build in --now {now}"));
        assert_eq!(titles(&mill, "tea").len(), left, "{lines}");
    }
    // Age alone.
    let mill = twelve("max_age: 30 days");
    mill.run("build in").silent();
    settles(&mill, "build in --now 2020-12-11");
    assert_eq!(titles(&mill, "tea"), ["n12"]);
    settles(&mill, "build in --now 2021-12-11");
    assert_eq!((titles(&mill, "").len(), titles(&mill, "tea").len()), (0, 0));
    // A file that is gone is another matter, in a feed of one's own and in one with articles only too.
    let mill = twelve("stories: true\nfeeds: {Mine: {min_quality: 1}}");
    mill.run("build in").silent();
    let mill = (1..=8).fold(mill, |mill, day| mill.without(&format!("in/n{day}.md")));
    let run = mill.run("build in").status(0);
    let held = "error: this feed would lose 8 of its 12 entries, since their files are gone or cannot be read; it stays as it is";
    assert_eq!(run.stderr.matches(held).count(), 6, "{}", run.stderr);
    assert_eq!((titles(&mill, "mine").len(), titles(&mill, "tea/stories").len()), (12, 12));
}

#[test]
fn what_is_withdrawn_is_in_no_feed_of_any_kind() {
    let lines = "stories: true\nfeeds:\n  Mine: {any: Chips}\n  Hot: {top: true, max_age: 1y}\n  By: {each: provider}";
    for taken_back in ["deleted: true", "removed: true", "draft: true"] {
        let mill = three(lines);
        mill.run("build in").silent();
        let holds = |mill: &Mill| {
            let all = files(&mill.path("feeds"));
            all.into_iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("example.org/a1")).count()
        };
        // Five feeds and those beside them, in two formats.
        assert_eq!(holds(&mill), 5 * 2 * 2);
        let mill = tell(mill, "a1", 1, &format!("topics: [Chips]\n{taken_back}"));
        settles(&mill, "build in");
        assert_eq!(holds(&mill), 0, "{taken_back}");
        // What the site file does not have any more, too.
        let mill = site(mill, "");
        let _ = mill.run("build in").status(0);
        let mill = tell(mill, "a2", 2, &format!("topics: [Chips]\n{taken_back}"));
        let run = mill.run("build in").status(0);
        let left: Vec<String> = mill
            .listing("feeds")
            .into_iter()
            .filter(|path| mill.read(&format!("feeds/{path}")).contains("example.org/a2"))
            .collect();
        assert!(left.is_empty(), "{left:?} {}", run.stderr);
    }
}

#[test]
fn topics_that_are_named_are_no_reason_to_publish_nothing() {
    let lines = "stories: true\ntopics: {Tea: {}, Nobody: }\nfeeds: {Mine: {any: Tea}}";
    for article in ["published: false", "date: 2021-01-01", "deleted: true"] {
        let text = format!("title: a\nlink: https://example.org/a\ntopics: [Tea]\n{article}");
        let text = if article.starts_with("date") { text } else { format!("{text}\ndate: 2020-11-01") };
        let mill = site(Mill::new(), lines).article("in/a.md", &text);
        let run = mill.run("build in").status(0);
        assert!(run.stderr.starts_with("in: warning: no published article was found"), "{article}: {}", run.stderr);
        assert_eq!(mill.listing("feeds"), Vec::<String>::new());
    }
    // Nor over feeds that are there.
    let mill = three(lines);
    mill.run("build in").silent();
    let before = files(&mill.path("feeds"));
    let mill = ["a1", "a2", "a3"].into_iter().fold(mill, |mill, name| mill.without(&format!("in/{name}.md")));
    let run = mill.run("build in").status(2);
    assert!(
        run.stderr.contains("no published article was found, and there are feeds here; they stay as they are"),
        "{}",
        run.stderr
    );
    assert!(files(&mill.path("feeds")) == before);
    // One that no dial lets in is published all the same, and every feed is empty.
    let mill = three("types: none");
    settles(&mill, "build in");
    assert_eq!((titles(&mill, "").len(), mill.listing("feeds").len()), (0, 3));
}

#[test]
fn none_lifts_a_measure_or_an_age_that_holds_for_all() {
    let site = "min_quality: 40\nmin_heat: 5\nmax_age: 30d\nrelated: {min_quality: 40, max_age: 30d}\n\
        topics:\n  AI: {min_quality: none, min_heat: none, max_age: none, related: {min_quality: none, max_age: none}}\n";
    let mill =
        Mill::new().file("in/feedmill.yaml", format!("id: x\nbase_url: https://feeds.example.org/\nformats: [rss]\n{site}"));
    let related = "related:\n  - {title: Poor, originalUrl: 'https://e.net/p', publishedDateTime: 2019-01-01, quality: 1}\n";
    let mill = mill
        .file("in/old.md", format!("---\ntitle: Old\ndate: 2019-01-01\nlink: https://e.org/o\ntopics: [AI]\n{related}---\n"))
        .file("in/new.md", "---\ntitle: New\ndate: 2020-11-20\nlink: https://e.org/n\ntopics: [AI]\nquality: 50\nheat: 9\n---\n");
    mill.run("build in").silent();
    let titles = |path: &str| mill.read(path).matches("<item>").count();
    assert_eq!((titles("in/feeds/rss.xml"), titles("in/feeds/ai/rss.xml")), (1, 3));
    for (wrong, place) in
        [("min_quality: nothing", "4:14"), ("topics: {AI: {min_heat: 1.5}}", "4:25"), ("related: {min_quality: x}", "4:24")]
    {
        let mill = Mill::new()
            .file("in/feedmill.yaml", format!("id: x\nbase_url: https://feeds.example.org/\nformats: [rss]\n{wrong}\n"));
        let key = if wrong.contains("heat") {
            "min_heat"
        } else if wrong.contains("related") {
            "related.min_quality"
        } else {
            "min_quality"
        };
        let _ = mill.run("build in").status(2).stdout("").stderr(&format!(
            "feedmill: in/feedmill.yaml:{place}: `{key}` is not a whole number\n  help: write it like `{key}: 40`, or `{key}: none` to lift one \
             that holds for all"
        ));
    }
}

/// Where folders are, by what is in them: each with the key of the feed that lies there.
fn folders(mill: &Mill) -> Vec<(String, String)> {
    let folders = mill.listing("feeds").into_iter().filter_map(|path| Some(path.strip_suffix("/rss.xml")?.to_owned()));
    let files = manifest(mill).files;
    folders
        .map(|folder| (files[&format!("{folder}/rss.xml")].feed.clone(), folder))
        .map(|(key, folder)| (folder, key.map_or_else(String::new, |key| key.as_str().to_owned())))
        .collect()
}

fn pair(folder: &str, key: &str) -> (String, String) {
    (folder.to_owned(), key.to_owned())
}

#[test]
fn a_folder_that_is_refused_moves_nothing_however_often_it_is_asked_for() {
    let mill = tell(tell(site(Mill::new(), ""), "a", 1, "topics: [Machines]"), "b", 2, "topics: [Engines]");
    mill.run("build in").silent();
    let mill = site(mill, "topics:\n  Machinery: {aliases: [Machines], slug: engines}");
    let before = folders(&mill);
    for _ in 0..3 {
        let run = mill.run("build in --no-cache").status(0);
        assert!(run.stderr.contains("`engines` is the folder of the topic `Engines`"), "{}", run.stderr);
        assert_eq!(folders(&mill), before);
    }
}

#[test]
fn too_few_articles_are_articles_all_the_same() {
    let mill = tell(tell(site(Mill::new(), ""), "k", 1, "topics: [Ko]"), "m", 2, "topics: [Mo]");
    mill.run("build in").silent();
    let mill = site(mill, "stale: remove\ntopics:\n  Mo: {min_items: 2, former: ko}");
    for _ in 0..3 {
        let run = mill.run("build in --no-cache").status(0);
        assert!(run.stderr.contains("`ko` is the folder of the topic `Ko`, which has articles"), "{}", run.stderr);
        assert_eq!(folders(&mill), [pair("ko", "ko")]);
    }
}

#[test]
fn topics_that_were_one_are_two_again_and_one_again() {
    let two = |mill| tell(tell(mill, "m", 1, "topics: [Machines]"), "e", 2, "topics: [Engines]");
    let one = "topics:\n  Machines: {aliases: [Engines]}";
    let mill = two(site(Mill::new(), ""));
    mill.run("build in").silent();
    let mill = site(mill, one);
    let _ = mill.run("build in").status(0);
    assert_eq!(folders(&mill), [pair("engines", "machines"), pair("machines", "machines")]);
    // The folder is Engines' own by name, and whoever says so has it back.
    let mill = site(mill, "topics:\n  Engines: {slug: engines}");
    let _ = mill.run("build in").status(0);
    assert_eq!(folders(&mill), [pair("engines", "engines"), pair("machines", "machines")]);
    mill.run("build in").silent();
    let mill = tell(site(mill, one), "x", 3, "topics: [Engines]");
    let _ = mill.run("build in").status(0);
    assert_eq!(folders(&mill), [pair("engines", "machines"), pair("machines", "machines")]);
    assert_eq!(mill.read("feeds/engines/rss.xml"), mill.read("feeds/machines/rss.xml"));
    // Without a word it gets another folder, and says which; asked for later, its own leads there again.
    let mill = site(mill, "");
    let _ = mill.run("build in").status(0);
    let mill = site(mill, one);
    let _ = mill.run("build in").status(0);
    assert_eq!(mill.read("feeds/engines/rss.xml"), mill.read("feeds/machines/rss.xml"));
}

#[test]
fn feeds_with_articles_only_move_with_the_feeds_that_they_are_beside() {
    let mill = tell(site(Mill::new(), "stories: true"), "a", 1, "topics: [Mo]");
    mill.run("build in").silent();
    let mill = tell(site(mill, "stories: true\ntopics:\n  Tea: {former: mo, slug: tea}"), "a", 1, "topics: [Tea]");
    mill.run("build in").silent();
    mill.run("build in --no-cache").silent();
    assert_eq!(mill.read("feeds/mo/stories/rss.xml"), mill.read("feeds/tea/stories/rss.xml"));
    // Two that become one, too.
    let mill = tell(mill, "b", 2, "topics: [Li]");
    mill.run("build in").silent();
    let mill = site(mill, "stories: true\ntopics:\n  Tea: {former: mo, slug: tea, aliases: [Li]}");
    mill.run("build in").silent();
    mill.run("build in --no-cache").silent();
    assert_eq!(mill.read("feeds/li/stories/rss.xml"), mill.read("feeds/tea/stories/rss.xml"));
    assert_eq!(titles(&mill, "li/stories"), ["b", "a"]);
}

#[test]
fn a_feed_of_ones_own_that_moves_leaves_its_address_to_itself() {
    let mill = tell(site(Mill::new(), "feeds: {X: {any: Tea}}"), "a", 1, "");
    mill.run("build in").silent();
    let mill = site(mill, "feeds: {X: {any: Tea, slug: new-x, former: x}}");
    mill.run("build in").silent();
    assert_eq!(mill.read("feeds/x/rss.xml"), mill.read("feeds/new-x/rss.xml"));
    // The name of a line that makes many shows nowhere but in ids, which `key` keeps.
    let mill = site(mill, "feeds: {By provider: {each: provider}}");
    let _ = mill.run("build in").status(0);
    let mill = site(mill, "feeds: {Publishers: {each: provider, key: By provider}}");
    mill.run("build in").silent();
    assert_eq!(key_of(&mill, "example-org"), "feed\u{1f}by provider\u{1f}example.org");
}

#[test]
fn a_copy_in_a_folder_of_another_topic_is_no_hold_on_it() {
    let mill = tell(tell(site(Mill::new(), "topics:\n  B: {also: a/old.xml}"), "a", 1, "topics: [A]"), "b", 2, "topics: [B]");
    mill.run("build in").silent();
    let mill = site(mill, "topics:\n  B: {also: a/old.xml, slug: a}");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("error: `a` is the folder of the topic `A`, which has articles"), "{}", run.stderr);
    assert_eq!((key_of(&mill, "a"), key_of(&mill, "b")), ("a".to_owned(), "b".to_owned()));
}

#[test]
fn names_and_patterns_that_say_nothing_are_refused() {
    for (lines, told) in [
        ("topics:\n  A: {aliases: ['']}", "6:17: a name in `aliases` is empty\n  help: take it out"),
        (
            "title_matches: ''",
            "5:16: `` in `title_matches` is empty\n  help: write a glob over the whole title, such as \"*update*\", or a regular \
             expression such as '/\\bAI\\b/'",
        ),
    ] {
        let mill = tell(site(Mill::new(), lines), "a", 1, "");
        let _ = mill.run("build in").status(2).stdout("").stderr(&format!("feedmill: in/feedmill.yaml:{told}"));
    }
}
