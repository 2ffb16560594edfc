//! What stands below the front matter, from the file to the feed: how much of it, what is said of it, and what it may not do.

use proptest::prelude::*;

use crate::mill::Mill;

const SITE: &str = "id: example\nbase_url: https://feeds.example.org/\n";

/// An article of one day in November, with an excerpt and a text.
fn article(day: usize, text: &str) -> String {
    format!(
        "---\ntitle: Of {day}\nexcerpt: In short {day}.\ndate: 2020-11-{day:02}\nlink: https://example.org/{day}\n---\n{text}"
    )
}

fn bodies(mill: &Mill, path: &str) -> Vec<String> {
    let text = mill.read(path);
    let tree = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let content = tree.descendants().filter(|node| matches!(node.tag_name().name(), "content" | "encoded"));
    content.filter_map(|node| node.text().map(str::to_owned)).collect()
}

/// A feed of long texts stays one that readers can take: the newest show theirs.
#[test]
fn a_feed_has_two_mebibytes_of_text() {
    let text = format!("Long. {}", "a few words ".repeat(16_500));
    let mill = (1..=15).fold(Mill::new().file("news/feedmill.yaml", SITE), |mill, day| {
        mill.file(&format!("news/{day:02}.md"), article(day, if day == 1 { "Long no more." } else { &text }))
    });
    let run = mill.run("build news --out out").status(0);
    assert!(run.stderr.contains("readers fetch again and again"), "{}", run.stderr);
    assert!(run.stderr.contains("`content: excerpt`"), "{}", run.stderr);
    for path in ["out/rss.xml", "out/atom.xml"] {
        assert!(mill.read(path).len() < 8 * 1024 * 1024);
        let bodies: Vec<String> = bodies(&mill, path).into_iter().filter(|body| !body.is_empty()).collect();
        let full = bodies.iter().filter(|body| body.contains("Long.")).count();
        let short = bodies.iter().filter(|body| body.contains("In short")).count();
        assert_eq!((full, short), (10, 5), "{path}");
        assert!(bodies[9].contains("Long.") && bodies[10].contains("In short 5"), "the newest come first");
    }
}

/// In feeds of several topics too, and whether the feeds are made or the articles only checked.
#[test]
fn what_there_is_to_say_of_a_text_is_said_once() {
    let tag = article(1, "One\n\n{% include x %}\n").replace("---\nOne", "topics: [A, B, C]\n---\nOne");
    let deep = article(2, &">".repeat(300)).replace("---\n>", "topics: [A, B, C]\n---\n>");
    let mill = Mill::new().file("news/feedmill.yaml", SITE).file("news/tag.md", tag).file("news/deep.md", deep);
    let note = "
news/tag.md:10:1: note: the text has a template tag here, which only the program that it is for can run; the excerpt is shown instead
  help: take it out, or set it in code if it is to be seen";
    let warning = "
news/deep.md:8:1: warning: the text has elements nested too deep, or never closed, and is not shown; the excerpt is shown instead
  help: close the elements of its HTML";
    let _ = mill.run("check news -v").status(0).stderr(note);
    let _ = mill.run("build news --out out -v").status(0).stderr(&format!("{warning}{note}"));
    let _ = mill.run("build news --out out").status(0).stderr(warning);
    let mill = mill.file("news/feedmill.yaml", format!("{SITE}content: excerpt\n"));
    let _ = mill.run("build news --out out -v").status(0).stderr("");
    let mill = mill.file("news/feedmill.yaml", format!("{SITE}content: excerpt\ntopics: {{A: {{content: full}}}}\n"));
    let _ = mill.run("check news -v").status(0).stderr(note);
    let _ = mill.run("build news --out out -v").status(0).stderr(&format!("{warning}{note}"));
}

/// A story that is withdrawn empties the feeds that are kept and have it as coverage; one that a text links to does not.
#[test]
fn a_link_in_a_text_is_no_coverage() {
    let old = article(1, "See [this](https://example.org/2).").replace("---\nSee", "topics: [Old]\n---\nSee");
    let mill = Mill::new().file("news/feedmill.yaml", SITE).file("news/1.md", &old).file("news/2.md", article(2, ""));
    mill.run("build news --out out").silent();
    let before = mill.read("out/old/rss.xml");
    assert!(before.contains("https://example.org/2"));
    let mill = mill
        .file("news/1.md", old.replace("[Old]", "[]"))
        .file("news/2.md", article(2, "").replace("excerpt", "deleted: true\nexcerpt"));
    let _ = mill.run("build news --out out").status(0);
    assert_eq!(mill.read("out/old/rss.xml"), before);
}

/// What a program gives for other tags is as it was when the file had no text.
#[test]
fn white_space_below_the_front_matter_changes_no_byte() {
    let build = |text: &str| {
        let mill = Mill::new().file("news/feedmill.yaml", SITE).file("news/1.md", article(1, text));
        mill.run("build news --out out").silent();
        (mill.read("out/rss.xml"), mill.read("out/atom.xml"))
    };
    let without = build("");
    for text in ["\n", "\n \n\t\r\n", "\u{a0}\u{2028}", "<!-- a comment -->", "\n<script>alert(1)</script>"] {
        assert_eq!(build(text), without, "{text:?}");
    }
    assert_ne!(build("a"), without);
}

/// Bodies of any kind, in one folder: a run of the program for each would take too long.
#[test]
fn any_text_gives_documents_that_are_read_back() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};

    let part = prop_oneof![
        prop::sample::select(vec![
            "\n",
            "\n\n",
            "*",
            "`",
            "```\n",
            "> ",
            "- [ ] ",
            "# ",
            "| a |\n|-|\n",
            "[^a]",
            "[^a]: ",
            "[a](javascript:b)",
            "![a](b&c)",
            "]]>",
            "<![CDATA[",
            "</content>",
            "<p onclick=x>",
            "<script>",
            "</script>",
            "<iframe src=https://www.youtube.com/embed/aBcDeFgHiJk>",
            "<a href=b>",
            "<table><tr>",
            "&#7;",
            "&amp;lt;",
            "\u{7}",
            "\u{fffe}",
            "\u{202e}",
            "\r",
            "\0",
            "é",
            "<svg><style>",
            "<math>",
            "<plaintext>",
            "<!--",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let texts = prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat());
    let mut runner = TestRunner::new(Config::default());
    let mut mill = Mill::new().file("news/feedmill.yaml", format!("{SITE}limit: 300\n"));
    for number in 0..300 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        let ending = if number % 2 == 0 { "md" } else { "html" };
        let file = format!("---\ntitle: a\ndate: 2020-11-01\nlink: https://example.org/{number}\n---\n{text}");
        mill = mill.file(&format!("news/{number}.{ending}"), file);
    }
    let run = mill.run("build news --out out").status(0);
    assert!(!run.stderr.contains("held back"), "{}", run.stderr);
    for path in ["out/rss.xml", "out/atom.xml"] {
        for body in bodies(&mill, path) {
            let lower = body.to_lowercase();
            for wrong in ["<script", "<svg", "<math", "<style", "<p onclick", "<a href=\"javascript", "\u{7}", "\u{202e}", "\r"] {
                assert!(!lower.contains(wrong), "{wrong:?} in {body}");
            }
        }
    }
}
