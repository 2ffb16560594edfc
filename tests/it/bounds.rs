//! However much there is, a feed has a size that readers take, and its owner knows before it has not.

use feedmill::manifest::Manifest;

use crate::mill::Mill;

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\nformats: [rss]\nlimit: 300\n";

/// Articles with the longest excerpt that counts, four bytes for each letter, and a text.
fn more(mut mill: Mill, numbers: std::ops::Range<usize>) -> Mill {
    let (excerpt, text) = ("𠀀".repeat(5000), "𠀀 ".repeat(2000));
    for number in numbers {
        let lines = format!("title: T{number}\ndate: 2020-11-13\nlink: https://e.org/{number}\nexcerpt: {excerpt}\n");
        mill = mill.file(&format!("in/{number}.md"), format!("---\n{lines}---\n\n{text}\n"));
    }
    mill
}

#[test]
fn a_feed_that_grows_large_is_told_and_one_that_readers_would_cut_stays_as_it_is() {
    let mill = more(Mill::new().file("in/feedmill.yaml", SITE), 0..100);
    let help = "  help: lower `limit` or `related.per_article` in the site file, or set `content: excerpt`\n";
    let large = mill.run("build in").status(0).stderr;
    let told = (large.split_once(": ").expect("a place").1, large.ends_with(help));
    assert!(told.0.starts_with("warning: this feed has 2") && told.1, "{large}");
    let before = mill.read("feeds/rss.xml");
    let mill = more(mill, 100..300);
    let entries = |mill: &Mill| {
        let manifest = Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest");
        manifest.feeds.values().map(|feed| feed.entries.len()).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        let run = mill.run("build in -v").status(2);
        let message = "KiB, and readers cut feeds of that size; it stays as it is\n";
        assert!(run.stderr.starts_with("feeds/rss.xml: error: this feed would have 9"), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{message}{help}")), "{}", run.stderr);
        assert!(!run.stdout.contains("no longer written"), "{}", run.stdout);
        assert!(mill.read("feeds/rss.xml") == before);
        assert_eq!(entries(&mill), [100], "what is there, and not what was to be");
    }
    let mill = mill.file("in/feedmill.yaml", SITE.replace("300", "150"));
    let run = mill.run("build in").status(0);
    assert!(run.stderr.starts_with("feeds/rss.xml: warning: this feed has "), "{}", run.stderr);
    assert!(mill.read("feeds/rss.xml") != before);
    assert_eq!(entries(&mill), [150]);
    // Nobody has had it before.
    let fresh = more(Mill::new().file("in/feedmill.yaml", SITE), 0..300);
    let run = fresh.run("build in").status(2);
    assert!(run.stderr.contains("KiB, and readers cut feeds of that size; it is not published\n"), "{}", run.stderr);
    assert!(!fresh.path("feeds/rss.xml").exists());
}
