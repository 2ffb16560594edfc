//! A folder that was published stays with its topic, whatever one article or one line of the site file says.

use feedmill::manifest::Manifest;

use crate::mill::{Mill, files};

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\n";

fn site(mill: Mill, topics: &str) -> Mill {
    mill.file("in/feedmill.yaml", format!("{SITE}topics:\n{topics}\n"))
}

/// Five articles on a topic, as it is called now.
fn five(mill: Mill, file: &str, topic: &str) -> Mill {
    (1..=5).fold(mill, |mill, number| {
        mill.story(&format!("in/{file}-{number}.md"), &format!("{file} {number}"), &format!("2020-10-{number:02}"), topic)
    })
}

/// A published topic Beta.
fn beta() -> Mill {
    let mill = five(Mill::new().file("in/feedmill.yaml", SITE), "b", "Beta");
    mill.run("build in").silent();
    mill
}

/// The topics Alpha and Beta, published.
fn two() -> Mill {
    let mill = five(beta(), "a", "Alpha");
    mill.run("build in").silent();
    mill
}

/// The id of the feed in a folder, and how many entries it has.
fn feed(mill: &Mill, folder: &str) -> (String, usize) {
    let atom = mill.read(&format!("feeds/{folder}/atom.xml"));
    let id = atom.split("<id>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned();
    (id, atom.matches("<entry>").count())
}

/// The folders of topics that are there.
fn folders(mill: &Mill) -> Vec<String> {
    let files = mill.listing("feeds");
    files.iter().filter_map(|path| path.strip_suffix("/rss.xml")).map(str::to_owned).collect()
}

/// The folders that topics with articles have, by the manifest.
fn living(mill: &Mill) -> Vec<String> {
    let manifest = Manifest::parse(mill.read("feeds/feedmill.json").as_bytes()).expect("a manifest");
    let feeds = manifest.feeds.into_values().filter(|feed| !feed.stale);
    let mut folders: Vec<String> = feeds.filter_map(|feed| Some(feed.slug?.to_string())).collect();
    folders.sort();
    folders
}

#[test]
fn one_article_that_has_the_old_name_of_a_topic_is_on_it_and_moves_nothing() {
    for kept in ["  Boat: {former: [beta]}", "  Boat: {description: x}", "  {}"] {
        let mill = beta();
        let (id, _) = feed(&mill, "beta");
        let mill = site(five(mill, "b", "Boat"), "  Boat: {former: [beta]}");
        mill.run("build in").silent();
        assert_eq!(feed(&mill, "boat"), (id.clone(), 5));
        let mill = site(mill, kept);
        let _ = mill.run("build in").status(0);
        let mill = mill.story("in/stray.md", "Stray", "2020-11-01", "Beta");
        let run = mill.run("build in -v").status(0);
        assert!(!run.stderr.contains("error") && !run.stderr.contains("warning"), "{kept}: {}", run.stderr);
        assert!(run.stderr.contains("in/stray.md: note: the topic `Beta` is called `Boat` now"), "{}", run.stderr);
        assert_eq!(feed(&mill, "boat"), (id.clone(), 6), "{kept}");
        assert_eq!((folders(&mill), living(&mill)), (vec!["beta".to_owned(), "boat".to_owned()], vec!["boat".to_owned()]));
        assert!(!mill.read("feeds/boat/rss.xml").contains("<category>Beta<"));
        // Corrected, it is as it was.
        let mill = mill.story("in/stray.md", "Stray", "2020-11-01", "Boat");
        mill.run("build in").silent();
        assert_eq!((feed(&mill, "boat"), living(&mill)), ((id, 6), vec!["boat".to_owned()]), "{kept}");
    }
    // Where nothing was published yet, nothing is known of the old name, and nothing moves for it.
    let mill =
        site(five(Mill::new(), "b", "Boat").story("in/stray.md", "Stray", "2020-11-01", "Beta"), "  Boat: {former: [beta]}");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("since `beta` is taken"), "{}", run.stderr);
    assert_eq!((feed(&mill, "boat").1, feed(&mill, "beta").1), (5, 5));
}

/// The site file may have the new name before the articles have it.
#[test]
fn a_topic_is_renamed_before_its_articles_say_so() {
    let mill = beta();
    let (id, _) = feed(&mill, "beta");
    let mill = site(mill, "  Delta: {former: [beta]}\n  Beta: {description: x}");
    for _ in 0..2 {
        mill.run("build in").silent();
        assert_eq!((feed(&mill, "delta"), living(&mill)), ((id.clone(), 5), vec!["delta".to_owned()]));
        assert_eq!(mill.read("feeds/beta/rss.xml"), mill.read("feeds/delta/rss.xml"));
    }
    let mill = mill.story("in/b-1.md", "b 1", "2020-10-01", "Delta");
    mill.run("build in").silent();
    assert_eq!(feed(&mill, "delta"), (id.clone(), 5));
    let mill = five(mill, "b", "Delta");
    mill.run("build in").silent();
    assert_eq!((feed(&mill, "delta"), living(&mill)), ((id, 5), vec!["delta".to_owned()]));
}

#[test]
fn a_topic_that_is_renamed_back_has_its_folder_again() {
    for (back, folder) in [("  Beta: {former: [boat]}", "beta"), ("  {}", "boat")] {
        let mill = beta();
        let (id, _) = feed(&mill, "beta");
        let mill = site(five(mill, "b", "Boat"), "  Boat: {former: [beta]}");
        mill.run("build in").silent();
        let mill = site(five(mill, "b", "Beta"), back).story("in/stray.md", "Stray", "2020-11-01", "Beta");
        let _ = mill.run("build in").status(0);
        assert_eq!((feed(&mill, folder), living(&mill)), ((id.clone(), 6), vec![folder.to_owned()]), "{back}");
        assert_eq!(folders(&mill), ["beta", "boat"]);
        if folder == "beta" {
            assert_eq!(feed(&mill, "boat"), (id, 6), "it leads there");
        }
        mill.run("build in").silent();
    }
}

#[test]
fn the_folder_of_a_topic_that_has_articles_is_not_given_to_another() {
    let stays = "the feed of `Beta` stays where it is";
    for (topics, message) in [
        (
            "  Beta: {former: [alpha]}",
            "5:19: error: `alpha` is the folder of the topic `Alpha`, which has articles; it does not lead to `Beta`".to_owned(),
        ),
        (
            "  Beta: {slug: alpha}",
            format!("5:16: error: `alpha` is the folder of the topic `Alpha`, which has articles; {stays}"),
        ),
        (
            "  Beta: {slug: alpha}\n  Alpha: {slug: beta}",
            format!("5:16: error: `alpha` is the folder of the topic `Alpha`, which has articles; {stays}"),
        ),
        (
            "  Beta: {slug: alpha}\n  Alpha: {slug: new}",
            format!("5:16: error: `alpha` is the folder of the topic `Alpha`, which has articles; {stays}"),
        ),
        (
            "  Beta: {key: alpha}",
            "5:15: error: `key` is the name of the topic `alpha`, which has articles; the feed of `Beta` keeps its id".to_owned(),
        ),
    ] {
        let mill = two();
        let (alpha, beta) = (feed(&mill, "alpha"), feed(&mill, "beta"));
        let before = files(&mill.path("feeds"));
        let mill = site(mill, topics);
        let run = mill.run("build in").status(0);
        assert!(run.stderr.contains(&format!("in/feedmill.yaml:{message}")), "{topics}: {}", run.stderr);
        assert_eq!((feed(&mill, "alpha"), feed(&mill, "beta")), (alpha, beta), "{topics}");
        if !topics.contains("new") {
            assert!(files(&mill.path("feeds")) == before, "{topics}");
        }
        let _ = mill.run("build in --strict").status(1);
        let mill = mill.file("in/feedmill.yaml", SITE);
        let _ = mill.run("build in").status(0);
        assert_eq!(feed(&mill, "beta").1, 5);
    }
}

/// Two topics can become one: then the articles say so first.
#[test]
fn a_topic_can_be_made_part_of_another() {
    let mill = two();
    let (beta, _) = feed(&mill, "beta");
    let mill = site(five(mill, "a", "Beta"), "  Beta: {former: [alpha]}");
    mill.run("build in").silent();
    assert_eq!((feed(&mill, "beta"), feed(&mill, "alpha")), ((beta.clone(), 10), (beta.clone(), 10)));
    // Who still says the old name begins a topic of its own, and nothing moves for it.
    let mill = mill.story("in/stray.md", "Stray", "2020-11-01", "Alpha");
    let run = mill.run("build in").status(0);
    assert!(run.stderr.contains("since `alpha` is taken"), "{}", run.stderr);
    assert_eq!((feed(&mill, "beta"), feed(&mill, "alpha")), ((beta.clone(), 10), (beta, 10)));
}

#[test]
fn a_topic_does_not_lead_to_itself() {
    let mill = beta();
    let before = files(&mill.path("feeds"));
    let mill = site(mill, "  Beta: {former: [beta]}");
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);
    let run = mill.run("build in -v").status(0);
    assert!(run.stderr.contains("in/feedmill.yaml:5:19: note: `beta` is the folder that the topic `Beta` has"), "{}", run.stderr);
}

/// What is at an address is compared with what was there.
#[test]
fn a_dry_run_tells_who_reads_an_address_what_changes_there() {
    let mill = two();
    // Alpha has gone, and its folder is given away on purpose.
    let mill = (1..=5).fold(mill, |mill, number| mill.without(&format!("in/a-{number}.md")));
    let _ = mill.run("build in").status(0);
    let mill = site(mill, "  Beta: {slug: alpha}");
    let run = mill.run("build in --dry-run").status(0);
    assert!(run.stdout.contains("feeds/alpha: 5 new, 4 of them older than what is published, 5 go"), "{}", run.stdout);
}
