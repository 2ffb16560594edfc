//! `feedmill explain`: why a story is in a feed, or is not. The words for each rule, and that they agree with the feeds.

use std::collections::BTreeMap;
use std::fmt::Write;

use feedmill::explain::{Asking, Standing};
use feedmill::group::Clock;
use feedmill::link::EntryId;
use feedmill::manifest::Manifest;
use feedmill::site::{Overrides, Site};
use feedmill::{Action, Progress, Request, look};

use crate::mill::{Mill, NOW};

const SITE: &str = "id: example\nbase_url: https://feeds.example.org/\ntitle: News\nformats: [rss]\n";

/// An article of a few lines.
fn article(mill: Mill, name: &str, date: &str, more: &str) -> Mill {
    let text = format!("---\ntitle: The {name}\ndate: {date}\noriginalUrl: https://e.org/{name}\n{more}---\n");
    mill.file(&format!("in/{name}.md"), text)
}

/// What `explain` says of something, without the address and the id.
fn said(mill: &Mill, asked: &str) -> String {
    let run = mill.run(&format!("explain {asked} in")).status(0).stderr("");
    let is_told = |line: &&str| !line.starts_with("  key") && !line.starts_with("  id");
    run.stdout.lines().filter(is_told).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_story_its_files_and_every_feed() {
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}limit: 2\ntopics: {{AI: {{min_quality: 40}}}}\n"));
    let mill = article(mill, "one", "2020-11-13", "topics: [AI, Chips]\nquality: 20\n");
    let mill = article(mill, "two", "2020-11-14", "topics: [Chips]\n");
    let mill = article(mill, "three", "2020-11-15", "topics: [Chips, Other]\n");
    let mill = mill.file(
        "in/copy.md",
        "---\ntitle: The one, older\ndate: 2020-11-12\nlink: http://www.e.org/one/?utm_source=x\ntopics: [AI]\n---\n",
    );
    let told = "\
The one
  key   e.org/one
  id    urn:uuid:01a51700-2911-565e-a145-4de0a4566ee4
  is    published 2020-11-13T00:00:00Z
  file  in/one.md: its entry is made of this file, since it is the newest
  file  in/copy.md: a copy; it is older
out   in/feeds        beyond limit 2 (place 3)
out   in/feeds/ai     below min_quality 40 (is 20)
out   in/feeds/chips  beyond limit 2 (place 3)
out   1 other feed, which it has nothing to do with (-v names it)";
    for asked in ["https://e.org/one", "http://www.e.org/one/?utm_source=y#z", "in/one.md", "in/copy.md", "./in/one.md"] {
        let _ = mill.run(&format!("explain {asked} in")).status(0).stderr("").stdout(told);
    }
    let _ = mill.run("explain urn:uuid:01a51700-2911-565e-a145-4de0a4566ee4 in").status(0).stderr("").stdout(told);
    let run = mill.run("explain in/one.md in -v").status(0);
    assert!(run.stdout.ends_with("out   in/feeds/other  it is not on this topic\n"), "{}", run.stdout);
    // The folder of the file is where the site file is looked for, and it says what the articles are.
    let _ = mill.run("explain in/one.md").status(0).stdout(told);
    assert!(!mill.path("in/feeds").exists(), "nothing is written");
}

#[test]
fn what_is_in_a_feed_and_where() {
    let mill = Mill::new().file("in/feedmill.yaml", SITE);
    let related = "related:\n  - {title: Elsewhere, originalUrl: 'https://e.net/x', publishedDateTime: 2020-11-12}\n";
    let mill = article(mill, "one", "2020-11-13", &format!("topics: [AI]\n{related}"));
    let mill = article(mill, "two", "2020-11-14", "topics: [Chips]\n");
    assert_eq!(
        said(&mill, "https://e.org/two"),
        "The two\n  is    published 2020-11-14T00:00:00Z\n  file  in/two.md\n\
         in    in/feeds        entry 1 of 3\n\
         in    in/feeds/chips  entry 1 of 1\n\
         out   1 other feed, which it has nothing to do with (-v names it)\n"
    );
    assert_eq!(
        said(&mill, "https://e.net/x"),
        "Elsewhere\n  is    told of by other articles only\n  link  in/one.md: related link 1, “Elsewhere”\n\
         in    in/feeds     entry 3 of 3, as coverage of “The one”\n\
         in    in/feeds/ai  entry 2 of 2, as coverage of “The one”\n\
         out   1 other feed, which it has nothing to do with (-v names it)\n"
    );
}

#[test]
fn a_story_that_may_not_be_shown() {
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}block: [spam.example]\n"));
    let mill = article(mill, "good", "2020-11-13", "topics: [AI]\n");
    let mill = article(mill, "hidden", "2020-11-13", "topics: [AI]\npublished: false\n");
    let mill = article(mill, "later", "2021-01-01", "topics: [AI]\n");
    let mill = article(mill, "gone", "2020-11-13", "topics: [AI]\ndeleted: true\n");
    let mill = article(mill, "draft", "2020-11-13", "topics: [AI]\ndraft: true\n");
    let mill = mill.file("in/spam.md", "---\ntitle: Spam\ndate: 2020-11-13\nlink: https://spam.example/a\n---\n");
    for (name, is) in [
        ("hidden", "not published: it says `published: false`"),
        ("later", "waiting until 2021-01-01T00:00:00Z"),
        ("gone", "withdrawn by in/gone.md: it says `deleted` or `removed`"),
        ("draft", "withdrawn by in/draft.md: it says `draft`"),
        ("spam", "withdrawn: the site file blocks it"),
    ] {
        let told = said(&mill, &format!("in/{name}.md"));
        assert!(told.contains(&format!("\n  is    {is}\n")), "{told}");
        assert!(
            told.ends_with("\nout   in/feeds     it is not to be shown\nout   in/feeds/ai  it is not to be shown\n"),
            "{told}"
        );
    }
}

#[test]
fn what_keeps_a_related_link_from_being_an_entry() {
    let link =
        |title: &str, name: &str, more: &str| format!("  - {{title: '{title}', originalUrl: 'https://e.net/{name}'{more}}}\n");
    let related = [
        link("The one – Daily", "same", ", quality: 60"),
        link("Good", "good", ", quality: 90"),
        link("Poor", "poor", ", quality: 10"),
        link("Old", "old", ", quality: 50, publishedDateTime: 2019-01-01"),
        link("Later", "later", ", quality: 50, publishedDateTime: 2021-01-01"),
        link("Third", "third", ", quality: 30"),
    ]
    .concat();
    let site = "related: {per_article: 1, min_quality: 20, max_age: 1y, merge_same_title: true}\ntopics: {AI: {related: {mode: list}}}\n";
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}{site}"));
    let mill = article(mill, "one", "2020-11-13", &format!("topics: [AI]\nrelated:\n{related}"));
    for (name, why) in [
        ("same", "called like its article or a better link: merge_same_title (in in/one.md)"),
        ("poor", "related link: below min_quality 20 (is 10) (in in/one.md)"),
        ("old", "related link: older than max_age 1 year (in in/one.md)"),
        ("later", "its date has not come (in in/one.md)"),
        ("third", "beyond related.per_article 1 (place 2) (in in/one.md)"),
    ] {
        let told = said(&mill, &format!("https://e.net/{name}"));
        assert!(told.contains(&format!("\nout   in/feeds     {why}\n")), "{told}");
    }
    let told = said(&mill, "https://e.net/good");
    assert!(told.contains("\nin    in/feeds     entry 2 of 2, as coverage of “The one”\n"), "{told}");
    assert!(
        told.contains("\nout   in/feeds/ai  listed in its article, and no entry: related.mode is list (in in/one.md)\n"),
        "{told}"
    );
}

#[test]
fn what_keeps_an_article_out_of_a_feed_of_ones_own() {
    let site =
        "feeds:\n  A: {any: [Chips, Other]}\n  B: {all: [AI, Chips]}\n  C: {none: [AI]}\n  D: {each: provider, min_items: 2}\n";
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}{site}"));
    let mill = article(mill, "one", "2020-11-13", "topics: [AI]\n");
    let mill = article(mill, "two", "2020-11-13", "topics: [Chips, Other]\n");
    let told = said(&mill, "in/one.md");
    for line in [
        "out   in/feeds/a      on none of any: `Chips`, `Other`\n",
        "out   in/feeds/b      not on `Chips`, which is among all\n",
        "out   in/feeds/c      on `AI`, which is among none\n",
        "in    in/feeds/e-org  entry 1 of 2\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let mill = article(mill, "three", "2020-11-13", "provider: {name: Lone, domain: lone.example}\n");
    let told = said(&mill, "in/three.md");
    assert!(told.contains("out   in/feeds/lone  no feed is written: it would have 1, below min_items 2\n"), "{told}");
}

#[test]
fn a_file_that_is_no_article_and_what_nobody_knows() {
    let mill = article(Mill::new().file("in/feedmill.yaml", SITE), "one", "2020-11-13", "");
    let mill = mill
        .file("in/page.md", "---\ntitle: About\n---\n")
        .file("in/bad.md", "---\ndate: 2020-11-13\nlink: https://e.org/b\n---\n");
    let _ = mill
        .run("explain in/page.md in")
        .status(0)
        .stderr("")
        .stdout("  is    no article: no date and no source address\n  file  in/page.md");
    let _ = mill.run("explain in/bad.md in").status(0).stderr("").stdout(
        "  is    an article that cannot be read\n  file  in/bad.md\nin/bad.md:1:1: error: there is no title\n  help: add a line such as `title: \"What happened\"`",
    );
    for asked in ["https://e.org/none", "in/none.md", "nonsense"] {
        let _ = mill.run(&format!("explain {asked} in")).status(2).stdout("").stderr(&format!(
            "feedmill: nothing is known of {asked}\n  help: write an address of the story as an article or a related link has it, \
             the id of an entry, or a file below the folder of articles"
        ));
    }
}

#[test]
fn an_explanation_as_json() {
    let mill = Mill::new().file("in/feedmill.yaml", format!("{SITE}min_quality: 40\n"));
    let mill = article(mill, "one", "2020-11-13", "topics: [AI]\nquality: 20\n");
    let _ = mill.run("explain in/one.md in --json").status(0).stderr("").stdout(
        r#"{
  "title": "The one",
  "key": "e.org/one",
  "id": "urn:uuid:01a51700-2911-565e-a145-4de0a4566ee4",
  "standing": "published",
  "date": "2020-11-13T00:00:00Z",
  "why": null,
  "files": [
    {
      "path": "in/one.md",
      "wins": true,
      "why": ""
    }
  ],
  "links": [],
  "feeds": [
    {
      "slug": null,
      "name": "News",
      "in": false,
      "place": null,
      "entries": null,
      "rule": "min_quality",
      "why": "below min_quality 40 (is 20)"
    },
    {
      "slug": "ai",
      "name": "AI",
      "in": false,
      "place": null,
      "entries": null,
      "rule": "min_quality",
      "why": "below min_quality 40 (is 20)"
    }
  ]
}"#,
    );
}

/// What many articles are like: of every kind, and none by chance.
fn many(mill: Mill, count: usize) -> Mill {
    const TOPICS: [&str; 12] =
        ["AI", "Chips", "Cloud", "Robots", "Phones", "Games", "Law", "Money", "Health", "Space", "Energy", "Art"];
    let mut seed = 7_u64;
    let mut roll = |sides: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % sides
    };
    (0..count).fold(mill, |mill, number| {
        let mut text = format!("---\ntitle: Story {number}\n");
        let days = 1 + roll(400);
        let date = chrono::DateTime::from_timestamp(
            1_606_435_200 - i64::try_from(days).unwrap_or(0) * 86_400 + i64::try_from(roll(500_000)).unwrap_or(0),
            0,
        );
        let date = date.expect("a date").format("%Y-%m-%dT%H:%M:%SZ");
        // A few are one story with another.
        let address = if roll(20) == 0 { number / 2 } else { number };
        let _ = writeln!(text, "date: {date}\noriginalUrl: https://s{}.example/{address}", number % 9);
        let _ = writeln!(text, "topics: [{}, {}]", TOPICS[roll(12)], TOPICS[roll(12)]);
        match roll(8) {
            0 => {}
            1 => text.push_str("heat: -1\n"),
            _ => drop(writeln!(text, "quality: {}\nheat: {}", roll(100), roll(100))),
        }
        text.push_str(["type: video\n", "type: article\n", "category: events\n", "category: news\n"][roll(4)]);
        text.push_str(["published: false\n", "deleted: true\n", "", "", "", "", "", "", "", "", "", ""][roll(12)]);
        if roll(3) == 0 {
            text.push_str("related:\n");
            for place in 0..=roll(4) {
                let of = roll(count);
                let site = if roll(3) == 0 { of % 9 } else { 10 + of % 5 };
                let quality = roll(100);
                let _ = writeln!(
                    text,
                    "  - {{title: Link {place}, originalUrl: 'https://s{site}.example/{of}', quality: {quality}}}"
                );
            }
        }
        mill.file(&format!("in/{:02}/{number}.md", number % 17), text + "---\n")
    })
}

/// For every article, and every related link of some: what is said to be in a feed is in it, at that place, and nothing else.
#[test]
fn it_agrees_with_the_feeds() {
    let site = "limit: 12\nmin_quality: 10\nstories: true\nrelated: {per_article: 2, min_quality: 15, max_age: 300d}\n\
        topics:\n  Tech: {aliases: [Chips], min_heat: 20}\n  AI: {parent: Tech, limit: 5}\n  Robots: {parent: AI, max_age: 90d}\n  \
        Law: {min_quality: 95, min_items: 4}\n  Empty:\n  Games: {types: [video], related: {mode: none}}\n\
        feeds:\n  Hot: {top: true, max_age: 60d}\n  Both: {all: [Tech, Cloud]}\n  Not: {none: [Tech, Art], categories: [events]}\n  \
        Each: {each: provider, limit: 3}\n";
    let mill = many(Mill::in_memory().file("in/feedmill.yaml", format!("{SITE}{site}")), 2000);
    // Measures of what was published count no more: the second run knows the first.
    let _ = mill.run("build in --now 2020-10-01").status(0);
    let site = Site::load(Some(&mill.path("in/feedmill.yaml")), &Overrides::default()).expect("a site");
    let articles = [mill.path("in")];
    let progress = Progress::default();
    let request = Request {
        articles: &articles,
        site: &site,
        clock: Clock { now: NOW.parse().expect("a date"), preview: false },
        action: Action::Check,
        strict: false,
        adopt: false,
        force: false,
        wait: false,
        threads: 2,
        progress: &progress,
        program: 0,
        cache: None,
    };
    let survey = look(&request).expect("articles");
    let mut asking = Asking::new(&request, &survey);
    asking.remember();
    let _ = mill.run("build in --force").status(0);
    let manifest = Manifest::parse(mill.read("in/feeds/feedmill.json").as_bytes()).expect("a manifest");
    let mut places: BTreeMap<(String, EntryId), usize> = BTreeMap::new();
    let feeds = manifest.feeds.iter().filter(|(key, feed)| !feed.stale && !key.is_stories());
    for (_, feed) in feeds.clone() {
        let slug = feed.slug.as_ref().map_or_else(String::new, ToString::to_string);
        for (place, entry) in (1..).zip(&feed.entries) {
            places.insert((slug.clone(), EntryId::own(&entry.id).expect("an id")), place);
        }
    }
    let links = (0..2000).map(|number| format!("https://s{}.example/{number}", 10 + number % 5));
    let files = (0..2000).map(|number| mill.path(&format!("in/{:02}/{number}.md", number % 17)).to_string_lossy().into_owned());
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut met: BTreeMap<(String, EntryId), usize> = BTreeMap::new();
    for asked in files.chain(links) {
        let Some(told) = asking.about(&asked).expect("an answer") else { continue };
        let word = match told.standing {
            Standing::Published(_) => "published",
            Standing::Unpublished(_) => "unpublished",
            Standing::Withdrawn(..) => "withdrawn",
            Standing::Waits(_) => "waits",
            Standing::Told => "told",
            Standing::NoArticle(_) | Standing::Faulty(_) => "none",
        };
        *seen.entry(word).or_default() += 1;
        let id = told.id.clone().expect("an id");
        for verdict in &told.feeds {
            let slug = verdict.slug.as_ref().map_or_else(String::new, ToString::to_string);
            let place = places.get(&(slug.clone(), id.clone())).copied();
            assert_eq!(verdict.place.map(|(place, _)| place), place, "{asked} in {slug:?}: {:?}", verdict.why);
            met.extend(place.map(|place| ((slug, id.clone()), place)));
        }
        assert!(told.feeds.len() >= feeds.clone().count(), "every feed is told of");
    }
    // So that there was something to agree on.
    for word in ["published", "unpublished", "withdrawn", "told"] {
        assert!(seen.get(word).is_some_and(|count| *count > 20), "{word}: {seen:?}");
    }
    let articles = places.iter().filter(|(_, place)| **place > 0).count();
    assert!(met.len() * 100 > articles * 95, "{} of {articles} entries were met", met.len());
}
