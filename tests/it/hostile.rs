//! A folder of everything that could be meant badly, or look so: what becomes of each is in `SECURITY.md`, and nothing else suffers.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;

use crate::mill::Mill;

const SITE: &str = "id: x\nbase_url: https://feeds.example.org/\nout: ../feeds\n";

/// A sound article, with more lines in its front matter.
fn with(name: &str, lines: &str) -> String {
    format!("---\ntitle: T\ndate: 2020-11-13\nlink: https://e.org/{name}\n{lines}---\n")
}

/// What is told of each file: an error or a warning at its place.
const TOLD: [(&str, &str); 24] = [
    ("bomb.md:2:4", "error: a YAML anchor (`&…`) stands here, which is not read"),
    ("deep.md:5:20", "error: lists and maps lie more than 16 deep in each other"),
    ("steps.md:21:17", "error: lists and maps lie more than 16 deep in each other"),
    ("scalar.md:2:1", "error: the front matter has more than 256 KiB"),
    ("topics.md:5:1", "warning: there are 10000 topics; only the first 20 are read"),
    ("related.md:56:3", "warning: there are 4000 related links; only the first 50 are read"),
    ("huge.md", "error: the file has 104857600 bytes, and more than 1 MiB is not read"),
    ("key.md:4:7", "error: `link` has a user name or password in it"),
    ("scheme.md:4:7", "error: `link` is not an http or https address"),
    ("wide.md:1:1", "error: a byte here is not UTF-8"),
    ("zero.md:2:10", "error: a control character (U+0000) stands here, which no YAML may hold"),
    ("long.md:4:7", "error: `link` has more than 8,192 bytes"),
    ("longer.md:6:20", "warning: `link` has more than 8,192 bytes; related link 1 is left out"),
    ("data.md:4:7", "error: `link` is not an http or https address"),
    ("local.md:4:7", "error: `link` is not an http or https address"),
    ("tag.md:2:8", "error: a YAML tag (`!…`) stands here, which is not read"),
    ("twice.md:3:1", "error: the key `title` stands here a second time"),
    ("socket.md", "error: this is a socket and not a regular file; it is not read"),
    ("null.md", "warning: this link leads out of the article folder; it is not read"),
    ("a\u{fffd}b\u{fffd}[31mred.md:2:1", "error: `title` should be one value, but is a list"),
    ("pipe.md", "error: this is a named pipe and not a regular file; it is not read"),
    ("link.md", "warning: this link leads out of the article folder; it is not read"),
    ("loop", "warning: this link leads out of the article folder; it is not read"),
    ("script.md", "warning: the same story as in/hard.md; it has one entry, made of this file, with the topics of all"),
];

fn folder() -> Mill {
    let lines = |line: &dyn Fn(usize) -> String, count: usize| (0..count).map(line).collect::<String>();
    let steps = lines(&|step| format!("{}a:\n", " ".repeat(step)), 200);
    let script = "---\ntitle: \"<script>alert(1)</script>\"\nexcerpt: \"<img src=x onerror=alert(1)>]]>\"\ndate: 2020-11-13\nupdated: \
                  2020-11-14\nlink: https://e.org/s\nprovider: {name: \"<script>x</script>\"}\ntopics: [\"<script>t</script>\"]\n---\n\
                  <script>alert(1)</script><p onclick=\"x()\">text <a href=\"javascript:x()\">link</a></p>\n";
    let mill = Mill::new()
        .file("in/feedmill.yaml", SITE)
        .file("in/sound.md", with("sound", "topics: [Sound]\n"))
        .file("in/bomb.md", "---\na: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b]\ntitle: T\n---\n")
        .file("in/deep.md", with("deep", &format!("x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000))))
        .file("in/steps.md", with("steps", &steps))
        .file("in/scalar.md", with("scalar", &format!("excerpt: \"{}\"\n", "x".repeat(300_000))))
        .file("in/topics.md", with("topics", &format!("topics:\n{}", lines(&|number| format!("- t{number}\n"), 10_000))))
        .file(
            "in/related.md",
            with(
                "related",
                &format!("related:\n{}", lines(&|n| format!("- {{title: r{n}, link: \"https://r.org/{n}\"}}\n"), 4000)),
            ),
        )
        .file("in/huge.md", "---\ntitle: T\n---\n")
        .file("in/key.md", "---\ntitle: T\ndate: 2020-11-13\nlink: https://user:hunter2@e.org/c\n---\n")
        .file("in/scheme.md", "---\ntitle: T\ndate: 2020-11-13\nlink: \"java\\tscript:alert(1)\"\n---\n")
        .file("in/data.md", "---\ntitle: T\ndate: 2020-11-13\nlink: \"data:text/html,<script>alert(1)</script>\"\n---\n")
        .file("in/long.md", format!("---\ntitle: T\ndate: 2020-11-13\nlink: https://e.org/{}\n---\n", "a".repeat(9000)))
        .file(
            "in/longer.md",
            with("longer", &format!("related:\n- {{title: r, link: \"https://r.org/{}\"}}\n", "a".repeat(9000))),
        )
        .file("in/local.md", "---\ntitle: T\ndate: 2020-11-13\nlink: file:///etc/passwd\n---\n")
        .file("in/tag.md", "---\ntitle: !!python/object/apply:os.system [id]\n---\n")
        .file("in/twice.md", "---\ntitle: T\ntitle: U\n---\n")
        .file("in/secret.md", with("secret", "secured: {token: hunter2}\npassword: hunter2\nid: \"<id>hunter</id>\"\n"))
        .file("in/paths.md", with("paths", "topics: [\"../../etc/passwd\", CON, a/b, .htaccess, nul, \"..\", feeds]\n"))
        .file("in/script.md", script)
        .file(
            "in/wide.md",
            [b"\xff\xfe".as_slice(), &"---\ntitle: T\n---\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()]
                .concat(),
        )
        .file("in/zero.md", "---\ntitle: \"a\0b\"\ndate: 2020-11-13\nlink: https://e.org/nul\n---\n");
    // Without a byte on the disk.
    let huge = fs::File::options().write(true).open(mill.path("in/huge.md")).expect("a file");
    huge.set_len(100 * 1024 * 1024).expect("a hole");
    mill
}

#[test]
fn each_threat_is_told_and_nothing_else_suffers() {
    let mill = folder().file("in/a\nb\u{1b}[31mred.md", "---\ntitle: [1]\ndate: 2020-11-13\nlink: https://e.org/n\n---\n");
    std::os::unix::fs::symlink("/etc/passwd", mill.path("in/link.md")).expect("a link");
    std::os::unix::fs::symlink("..", mill.path("in/loop")).expect("a link");
    fs::hard_link(mill.path("in/script.md"), mill.path("in/hard.md")).expect("a second name");
    std::os::unix::fs::symlink("/dev/null", mill.path("in/null.md")).expect("a link");
    let _socket = std::os::unix::net::UnixListener::bind(mill.path("in/socket.md")).expect("a socket");
    let pipe = std::process::Command::new("mkfifo").arg(mill.path("in/pipe.md")).status().expect("mkfifo");
    assert!(pipe.success());
    let run = mill.run("build in").status(0).stdout("");
    let heads: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("in/")).collect();
    for (place, told) in TOLD {
        // Of two names of one file the first stands for it.
        let (place, told) = match place {
            "script.md" => ("hard.md", told.replace("in/hard.md", "in/script.md")),
            place => (place, told.to_owned()),
        };
        let expected = format!("in/{place}: {told}");
        assert!(heads.contains(&expected.as_str()), "{expected}\n{}", run.stderr);
    }
    assert_eq!(heads.len(), TOLD.len(), "{}", run.stderr);
    assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", run.stderr);
    assert!(!run.stderr.contains("hunter2"), "what may be a password is not shown");

    // What is sound is published, in folders that are safe everywhere, and nothing is written elsewhere.
    let listing = mill.listing("feeds");
    assert!(listing.contains(&"sound/rss.xml".to_owned()), "{listing:?}");
    for folder in ["etc-passwd", "con-topic", "a-b", "dot-htaccess", "nul-topic", "feeds-topic"] {
        assert!(listing.contains(&format!("{folder}/atom.xml")), "{folder}: {listing:?}");
    }
    let top: BTreeSet<_> =
        fs::read_dir(mill.path("")).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(top, BTreeSet::from(["feeds".into(), "in".into()]));
    for path in listing {
        let text = mill.read(&format!("feeds/{path}"));
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ["xml", "opml"].contains(&ending) {
            let _ = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(!text.contains("<!DOCTYPE") && !text.contains("<!ENTITY"), "{path}");
        }
        if ending == "html" {
            assert_eq!(text.matches("<script").count(), text.matches("assets/feedmill.js").count(), "{path}");
        }
        let lower = text.to_lowercase();
        assert!(!lower.contains("onclick=") && !lower.contains("javascript:"), "{path}");
        assert!(!text.contains("hunter2") && !text.contains("root:"), "{path}");
    }
    let _ = mill.run("build in --quiet").status(0);
}

/// What lies in the output folder is not written through either, and a file of somebody else is not replaced.
#[test]
fn nothing_is_written_through_what_lies_in_the_output_folder() {
    let refused = |lay: &dyn Fn(&Mill), path: &str, message: &str| {
        let mill = Mill::new().file("in/feedmill.yaml", SITE).file("in/sound.md", with("sound", "topics: [Sound]\n"));
        let mill = mill.file("outside/rss.xml", "mine").file("feeds/keep", "");
        lay(&mill);
        let run = mill.run("build in").status(2);
        let told = [format!("feeds/{path}: error: {message}"), format!("feedmill: feeds/{path}: {message}")];
        assert!(run.stderr.lines().any(|line| told.iter().any(|told| told == line)), "{}", run.stderr);
        assert_eq!(mill.read("outside/rss.xml"), "mine");
        assert_eq!(mill.listing("outside"), ["rss.xml"]);
    };
    let link = |mill: &Mill, to: &str, path: &str| {
        std::os::unix::fs::symlink(mill.path(to), mill.path(path)).expect("a link");
    };
    refused(&|mill| link(mill, "outside", "feeds/sound"), "sound", "this is a symbolic link, which is not written through");
    refused(
        &|mill| link(mill, "outside/rss.xml", "feeds/rss.xml"),
        "rss.xml",
        "this is a symbolic link, which is not written through",
    );
    refused(
        &|mill| link(mill, "outside", "feeds/.feedmill-run"),
        ".feedmill-run",
        "this is a symbolic link, which is not written through",
    );
    refused(&|mill| fs::write(mill.path("feeds/sound"), "mine").expect("a file"), "sound", "a file is where a folder has to go");
    refused(
        &|mill| fs::create_dir(mill.path("feeds/rss.xml")).expect("a folder"),
        "rss.xml",
        "a folder is where a file has to go",
    );
}

/// A feed goes, and somebody has put something of their own in the place of a file of it.
#[test]
fn what_is_not_ours_in_a_feed_that_goes_stays_and_stops_nothing() {
    let site = format!("{SITE}stale: remove\n");
    let mill = Mill::new().file("in/feedmill.yaml", &site).file("in/sound.md", with("sound", "topics: [Sound]\n"));
    let mill = mill.file("in/other.md", with("other", "topics: [Other]\n"));
    mill.run("build in").silent();
    fs::remove_file(mill.path("feeds/other/rss.xml")).expect("gone");
    let mill = mill.file("feeds/other/rss.xml/mine", "mine").file("in/more.md", with("more", "topics: [Sound]\n"));
    let mill = mill.file("in/other.md", with("other", "topics: [Sound]\n"));
    let _ = mill.run("build in").status(0);
    assert_eq!(mill.read("feeds/sound/rss.xml").matches("<item>").count(), 3);
    assert_eq!(mill.listing("feeds/other"), ["rss.xml/mine"]);
}

/// A folder may be a link itself: what its owner names is meant.
#[test]
fn an_output_folder_may_be_a_link() {
    let mill =
        Mill::new().file("in/feedmill.yaml", SITE).file("in/sound.md", with("sound", "topics: [Sound]\n")).file("real/keep", "");
    std::os::unix::fs::symlink("real", mill.path("feeds")).expect("a link");
    mill.run("build in").silent();
    assert!(mill.listing("real").contains(&"sound/rss.xml".to_owned()));
    assert!(mill.path("feeds").is_symlink());
    mill.run("build in --no-cache").silent();
}
