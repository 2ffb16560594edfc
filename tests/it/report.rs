//! What a run leaves for other programs: the report with its schema, and the addresses that changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use feedmill::error::{Diagnostic, Severity};
use feedmill::link::Link;
use feedmill::report::json::{Facts, render};
use feedmill::report::{Changes, Delivered, EntryChange, Failure, Fate, FeedChange, Ping, Report};
use feedmill::topic::Slug;
use serde_json::{Value, json};

use crate::mill::{Mill, NOW, files};

/// A folder with a good article, one with an error and a warning, one that is to come, and a file that is no article.
fn mill() -> Mill {
    Mill::new()
        .file("news/feedmill.yaml", "id: mine\nbase_url: https://feeds.example.org/\n")
        .story("news/good.md", "Good", "2020-11-10", "AI")
        .story("news/later.md", "Later", "2020-12-10", "AI")
        .article("news/bad.md", "date: soon\nlocale: '?'\ntitle: A\nlink: https://example.org/a?token=hunter2")
        .article("news/mojibake.md", "title: Alexaâ€™s\ndate: 2020-11-01\nlink: https://example.org/mojibake")
        .file("news/readme.md", "# Readme\n")
}

pub fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    serde_json::from_str(&fs::read_to_string(path).expect("a schema")).expect("JSON")
}

/// The report, which keeps to the schema.
#[track_caller]
pub fn checked(text: &str) -> Value {
    let report: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let validator = jsonschema::draft202012::new(&schema()).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(&report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:?}\n{text}");
    report
}

/// Runs and gives the exit status and the report, without the seconds.
#[track_caller]
fn report(mill: &Mill, arguments: &str) -> (i32, Value) {
    let status = mill.run(&format!("{arguments} --report report.json")).status.expect("a status");
    let mut report = checked(&mill.read("report.json"));
    let seconds = report.as_object_mut().and_then(|report| report.remove("seconds"));
    assert!(seconds.and_then(|seconds| seconds.as_f64()).is_some_and(|seconds| (0.0..600.0).contains(&seconds)));
    assert_eq!(report["status"], status);
    (status, report)
}

fn finding(severity: &str, place: (&str, Value, Value), message: &str, help: &str) -> Value {
    let (path, line, column) = place;
    json!({"severity": severity, "path": path, "line": line, "column": column, "message": message, "help": help})
}

/// What [`mill`] has to say.
fn findings() -> Value {
    json!([
        finding(
            "error",
            ("news/bad.md", json!(2), json!(7)),
            "`date` is not a date that can be read",
            "write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13"
        ),
        finding(
            "warning",
            ("news/bad.md", json!(3), json!(9)),
            "`locale` is not a language tag; it is ignored",
            "write it like en or pt-BR"
        ),
        finding(
            "note",
            ("news/mojibake.md", json!(2), json!(8)),
            "`title` held text in a wrong encoding, which was repaired",
            "`mojibake: off` in the site file leaves it alone"
        ),
    ])
}

const WRITTEN: [&str; 12] = [
    "ai/atom.xml",
    "ai/feed.json",
    "ai/index.html",
    "ai/rss.xml",
    "assets/feedmill.css",
    "assets/feedmill.js",
    "atom.xml",
    "feed.json",
    "feedmill.json",
    "feeds.opml",
    "index.html",
    "rss.xml",
];

#[test]
fn a_report_holds_all_that_was_found_and_done() {
    let mill = mill();
    let expected = |action: &str, status: i32, written: &[&str], unchanged: usize| {
        let counts = json!({
            "files": 5, "others": 1, "left_out": 1, "published": 2, "unpublished": 0, "withdrawn": 0, "waiting": 1,
            "stories": 2, "feeds": 2,
        });
        let changes = json!({"written": written, "removed": [], "unchanged": unchanged});
        json!({
            "feedmill_report": 1, "action": action, "status": status, "now": NOW, "out": "out",
            "base_url": "https://feeds.example.org/", "counts": counts, "diagnostics": findings(),
            "others": [{"path": "news/readme.md", "reason": "no front matter"}], "changes": changes, "delivery": null, "pings": [],
        })
    };
    // What becomes of feeds is looked at elsewhere.
    let run = |arguments: &str| {
        let (_, mut report) = report(&mill, arguments);
        assert!(report.as_object_mut().and_then(|report| report.remove("feeds")).is_some_and(|feeds| feeds.is_array()));
        report
    };
    assert_eq!(run("build news --out out --dry-run"), expected("dry-run", 0, &WRITTEN, 0));
    assert!(!mill.path("out").exists());
    assert_eq!(run("build news --out out"), expected("build", 0, &WRITTEN, 0));
    assert_eq!(run("build news --out out -q"), expected("build", 0, &[], 12));
    assert_eq!(run("build news --out out --strict"), expected("build", 1, &[], 0));
    let mut check = expected("check", 1, &[], 0);
    check["out"] = "news/feeds".into();
    assert_eq!(run("check news"), check);
    assert!(!mill.read("report.json").contains("hunter2"));
    assert!(!mill.read("report.json").contains("soon"), "a source line");
}

#[test]
fn a_run_that_fails_early_says_so_in_its_report() {
    let finding = |path: &str, message: &str, help: &str| {
        let help = if help.is_empty() { Value::Null } else { help.into() };
        let path = if path.is_empty() { Value::Null } else { path.into() };
        json!([{"severity": "error", "path": path, "line": null, "column": null, "message": message, "help": help}])
    };
    let mill = mill();
    let (status, none) = report(&mill, "build");
    assert_eq!((status, &none["out"], &none["base_url"], &none["now"]), (2, &Value::Null, &Value::Null, &Value::Null));
    let help = "write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)";
    assert_eq!(none["diagnostics"], finding("", "which folder holds the articles?", help));
    assert_eq!((&none["counts"]["files"], &none["changes"]["unchanged"]), (&json!(0), &json!(0)));

    let (_, nowhere) = report(&mill, "check nowhere");
    let message = "cannot read this folder: No such file or directory (os error 2)";
    assert_eq!(nowhere["diagnostics"], finding("nowhere", message, ""));
    assert_eq!((&nowhere["action"], &nowhere["now"]), (&json!("check"), &json!(NOW)));

    let (_, never) = report(&mill, "build news --now tomorrow");
    let help = "write it like 2020-11-20T12:00:00Z";
    assert_eq!(never["diagnostics"], finding("", "`--now` is not a time that can be read", help));
    assert_eq!((&never["out"], &never["now"]), (&json!("news/feeds"), &Value::Null));

    let mill = mill.file("out", "a file");
    let (_, file) = report(&mill, "build news --out out");
    assert_eq!(file["diagnostics"], finding("out", "the output folder is a file", "choose another folder with `--out`"));

    let mill = mill.file("news/feedmill.yaml", "id: mine\nbase_url: ftp://feeds.example.org/\n");
    let (status, site) = report(&mill, "build news");
    let found = &site["diagnostics"][0];
    assert_eq!(
        (status, &found["path"], &found["line"], &found["column"]),
        (2, &json!("news/feedmill.yaml"), &json!(2), &json!(11))
    );
    let stderr = mill.run("build news").status(2).stderr;
    let (message, help) = (found["message"].as_str().expect("text"), found["help"].as_str().expect("text"));
    assert_eq!(stderr.trim(), format!("feedmill: news/feedmill.yaml:2:11: {message}\n  help: {help}"));
}

/// What happens while feeds are published is a finding like others.
#[test]
fn a_run_that_fails_late_says_so_in_its_report() {
    let mill = mill().file("out/rss.xml", "<rss>theirs</rss>");
    let (status, late) = report(&mill, "build news --out out");
    assert_eq!((status, &late["counts"]["published"], &late["changes"]["written"]), (2, &json!(2), &json!([])));
    let found = late["diagnostics"].as_array().expect("findings").last().expect("one");
    assert_eq!((&found["path"], &found["severity"]), (&json!("out/rss.xml"), &json!("error")));
}

/// A report of everything that a run may come to, made by hand.
fn of_everything() -> String {
    let entry = |day: u32, title: Option<&str>| EntryChange {
        id: format!("urn:uuid:{day}"),
        date: format!("2020-11-{day:02}T12:00:00.5Z").parse().expect("a date"),
        title: title.map(str::to_owned),
    };
    let mut report = Report::default();
    report.diagnostics.push(Diagnostic::of_file(Severity::Warning, "a.md", "what", "help"));
    report.changes.removed.insert("old/rss.xml".to_owned());
    for (slug, fate) in [
        (None, Fate::Written),
        (Some("ai"), Fate::Held),
        (Some("b"), Fate::Kept),
        (Some("c"), Fate::Ended),
        (Some("d"), Fate::Removed),
    ] {
        // A title may be known or not.
        let known = Some("Old").filter(|_| fate != Fate::Removed);
        report.feeds.push(FeedChange {
            slug: slug.map(|slug| Slug::parse(slug).expect("a slug")),
            title: "A \"title\"\u{1}".to_owned(),
            fate,
            entries: 30,
            new: vec![entry(13, Some("New")), entry(3, known)],
            older: vec![entry(3, known)],
            gone: vec![entry(2, Some("Gone").filter(|_| known.is_none()))],
        });
    }
    let paths = |path: &str| [path.to_owned()].into();
    let (written, removed) = (paths("rss.xml"), paths("old/rss.xml"));
    report.delivery = Some(Delivered {
        destination: "s3://bucket/feeds/".to_owned(),
        changes: Changes { written, removed, ..Changes::default() },
        left: paths("older/rss.xml"),
        feeds: report.feeds.clone(),
        requests: 4,
        bytes: 7,
    });
    let base_url = Link::parse("https://feeds.example.org/").expect("an address");
    let topic = base_url.child("rss.xml");
    report.pings.push(Ping { topic: topic.clone(), status: Some(202), failure: None });
    let failure = Failure { message: "no answer".to_owned(), help: "wait" };
    report.pings.push(Ping { topic, status: None, failure: Some(failure) });
    let facts = Facts {
        action: "publish",
        status: 3,
        now: NOW.parse().ok(),
        took: Duration::from_millis(1500),
        out: Some(Path::new("out")),
        base_url: Some(&base_url),
    };
    render(&report, &facts)
}

#[test]
fn a_report_says_what_becomes_of_feeds() {
    let report = checked(&of_everything());
    assert_eq!(report["changes"]["removed"], json!(["old/rss.xml"]));
    assert_eq!((&report["seconds"], &report["status"]), (&json!(1.5), &json!(3)));
    let feeds = report["feeds"].as_array().expect("feeds");
    let all = |key: &str| Value::from(feeds.iter().map(|feed| feed[key].clone()).collect::<Vec<_>>());
    assert_eq!(all("slug"), json!([null, "ai", "b", "c", "d"]));
    assert_eq!(all("fate"), json!(["written", "held", "kept", "ended", "removed"]));
    let entry = |day: u32, title: Value| json!({"id": format!("urn:uuid:{day}"), "date": format!("2020-11-{day:02}T12:00:00Z"), "title": title});
    let expected = json!({
        "slug": null, "title": "A \"title\"\u{1}", "fate": "written", "entries": 30,
        "new": [entry(13, "New".into()), entry(3, "Old".into())], "older": [entry(3, "Old".into())],
        "gone": [entry(2, Value::Null)],
    });
    assert_eq!(feeds[0], expected);
    let delivery = json!({
        "destination": "s3://bucket/feeds/", "sent": ["rss.xml"], "deleted": ["old/rss.xml"], "unchanged": 0,
        "left": ["older/rss.xml"], "feeds": feeds, "requests": 4, "bytes": 7,
    });
    assert_eq!(report["delivery"], delivery);
    let url = "https://feeds.example.org/rss.xml";
    let told = json!({"url": url, "ok": true, "status": 202, "message": null});
    let lost = json!({"url": url, "ok": false, "status": null, "message": "no answer"});
    assert_eq!(report["pings"], json!([told, lost]));
}

/// Every place of the schema, by its pointer in a report, with the words that may stand there.
fn promised(schema: &Value, part: &Value, place: &str, found: &mut BTreeSet<String>) {
    let part = match part["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).expect("what is referred to"),
        None => part,
    };
    if let Some(properties) = part["properties"].as_object() {
        assert_eq!(part["additionalProperties"], false, "{place}");
        let required: BTreeSet<&str> = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(required, properties.keys().map(String::as_str).collect(), "{place}: every key is always there");
        for (key, property) in properties {
            assert!(property["description"].is_string(), "{place}/{key} is described");
            promised(schema, property, &format!("{place}/{key}"), found);
        }
    } else if part["items"].is_object() {
        promised(schema, &part["items"], &format!("{place}/*"), found);
    } else if let Some(words) = part["enum"].as_array() {
        found.extend(words.iter().filter_map(Value::as_str).map(|word| format!("{place}={word}")));
    } else {
        found.insert(place.to_owned());
        let nullable = part["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
        found.extend(nullable.then(|| format!("{place}=null")));
    }
}

/// Every place of a report at which something stands, and every word that does.
fn kept(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| kept(value, &format!("{place}/{key}"), found)),
        Value::Array(list) => list.iter().for_each(|value| kept(value, &format!("{place}/*"), found)),
        Value::Null => found.extend([format!("{place}=null")]),
        Value::String(word) => found.extend([place.to_owned(), format!("{place}={word}")]),
        _ => found.extend([place.to_owned()]),
    }
}

#[test]
fn the_schema_promises_nothing_that_no_report_has() {
    let mill = mill();
    let mut reports = vec![checked(&of_everything())];
    let ping = "ping news --changed changed.txt";
    for arguments in ["check news", "build news --out out --dry-run", "build news --out out", "build", "check nowhere", ping] {
        reports.push(report(&mill, arguments).1);
    }
    let (mut found, mut expected) = (BTreeSet::new(), BTreeSet::new());
    for report in &reports {
        kept(report, "", &mut found);
    }
    let schema = schema();
    promised(&schema, &schema, "", &mut expected);
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(expected.len() > 40 && missing.is_empty(), "{missing:?}");
    // The other way round, the schema takes no report with a key more.
    let mut more = reports.remove(0);
    more["feeds"][0]["more"] = 1.into();
    assert!(!jsonschema::draft202012::is_valid(&schema, &more));
}

#[test]
fn a_report_goes_where_it_is_wanted() {
    let mill = mill();
    // On standard output it stands alone, and what is for people goes elsewhere.
    let plain = mill.run("build news --out out --dry-run -v").status(0);
    let run = mill.run("build news --out out --dry-run -v --report -").status(0);
    assert_eq!(checked(&run.stdout)["action"], "dry-run");
    assert!(plain.stdout.contains("would write out/rss.xml") && plain.stdout.contains("5 files read"));
    assert_eq!(run.stderr, format!("{}{}", plain.stderr, plain.stdout));
    let mill = mill.variable("GITHUB_ACTIONS", "true");
    let run = mill.run("check news --report -").status(1);
    assert!(checked(&run.stdout).is_object() && run.stderr.contains("\n::error file=news/bad.md,line=2,col=7::"));
    assert!(mill.run("check --report -").status(2).stderr.contains("\n::error::which folder holds the articles?%0A"));
    let mill = mill.without_variable("GITHUB_ACTIONS");

    // In the output folder it is none of what is published.
    assert_eq!(mill.run("build news --out out --report out/report.json").status, Some(0));
    assert_eq!(checked(&mill.read("out/report.json"))["changes"]["written"], json!(WRITTEN));
    assert_eq!(mill.run("build news --out out --report ./out/../out/report.json").status, Some(0));
    assert_eq!(checked(&mill.read("out/report.json"))["changes"]["unchanged"], 12);
    assert!(!mill.read("out/feedmill.json").contains("report.json"));
    let names: Vec<String> = mill.listing("out").into_iter().filter(|path| !WRITTEN.contains(&path.as_str())).collect();
    assert_eq!(names, ["report.json"], "nothing else is left");
}

/// That nothing can be left for other programs is said, after everything else is done.
#[test]
fn a_report_that_cannot_be_written_undoes_nothing() {
    let help = "\n  help: its folder has to be there, and writable; feeds are not affected";
    let mill = Mill::new().story("news/good.md", "Good", "2020-11-10", "AI").file("folder/file", "");
    let expected = |file: &str| format!("feedmill: {file}: cannot be written: No such file or directory (os error 2){help}");
    let _ = mill.run("build news --out out --report no/report.json").status(2).stdout("").stderr(&expected("no/report.json"));
    assert_eq!(mill.listing("out"), WRITTEN);
    let _ = mill.run("build news --out out --changed no/changed").status(2).stdout("").stderr(&expected("no/changed"));
    let _ = mill.run("check news --report folder").status(2).stderr("feedmill: folder: this is a folder\n  help: name a file");
    assert!(!mill.path("no").exists());

    // The report knows of the other one.
    let (_, report) = report(&mill, "build news --out out --changed no/changed");
    let message = "cannot be written: No such file or directory (os error 2)";
    assert_eq!(
        (&report["diagnostics"][0]["path"], &report["diagnostics"][0]["message"]),
        (&json!("no/changed"), &json!(message))
    );
    assert_eq!(report["changes"]["unchanged"], 12);

    // What is published is no place for it.
    let before = files(&mill.path("out"));
    for file in ["out/rss.xml", "out/feedmill.json", "./out/ai/../ai/index.html"] {
        for run in ["build news --out out", "check news --site site.yaml", "build news --out out --now never"] {
            let mill = Mill::copy_of(&mill.path(".")).file("site.yaml", "out: out");
            let run = mill.run(&format!("{run} --report {file}"));
            let shown = if file.starts_with("./") { "out/ai/index.html" } else { file };
            let said = format!("feedmill: {shown}: this file is published, and is not written over\n  help: name another file\n");
            assert!(run.status == Some(2) && run.stderr.ends_with(&said), "{run:?}");
            assert!(files(&mill.path("out")) == before);
        }
    }
    // Nor what would be.
    let run = Mill::copy_of(&mill.path("."))
        .without("out")
        .file("out/mine.txt", "")
        .run("build news --out out --dry-run --report out/rss.xml");
    assert!(run.status == Some(2) && run.stderr.contains("out/rss.xml: this file is published"), "{run:?}");
    // Findings do not make up for it, nor does it make up for them.
    let mill = mill.article("news/bad.md", "title: A\ndate: 2020-11-11");
    assert_eq!(mill.run("check news").status, Some(1));
    assert_eq!(mill.run("check news --report no/report.json").status, Some(2));
    let _ = mill
        .run("build news --report same --changed same")
        .status(2)
        .stdout("")
        .stderr("feedmill: `--report` and `--changed` name one file\n  help: give each a file of its own");
    assert_eq!(mill.run("check news --changed changed").status, Some(2), "a check changes nothing");
}

#[cfg(unix)]
#[test]
fn a_report_keeps_the_mode_of_its_file_and_heeds_the_umask() {
    use std::io::{Read, Write};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    let mill = Mill::new().story("news/good.md", "Good", "2020-11-10", "AI").file("old.json", "old").file("target", "");
    let mode = |path: &str| fs::metadata(mill.path(path)).expect("a file").permissions().mode() & 0o777;
    let number = |path: &str| fs::metadata(mill.path(path)).expect("a file").ino();
    fs::set_permissions(mill.path("old.json"), fs::Permissions::from_mode(0o640)).expect("a mode");
    let before = number("old.json");
    let _ = mill.run_after("umask 022", "check news --report new.json").status(0).stderr("");
    let _ = mill.run_after("umask 077", "check news --report private.json").status(0).stderr("");
    let _ = mill.run_after("umask 022", "check news --report old.json").status(0).stderr("");
    assert_eq!((mode("new.json"), mode("private.json"), mode("old.json")), (0o644, 0o600, 0o640));
    assert_ne!(number("old.json"), before, "it is replaced at once, and not written over");
    assert_eq!(checked(&mill.read("old.json"))["status"], 0);

    // A link stays one, and what is no file is written to.
    let mill = mill.link("link", "target");
    let _ = mill.run("check news --report link").status(0).stderr("");
    assert!(fs::symlink_metadata(mill.path("link")).is_ok_and(|metadata| metadata.is_symlink()));
    assert_eq!(checked(&mill.read("target"))["status"], 0);
    // A pipe of this folder, and no device: a program that is wrong must not replace one of the system's.
    let mill = mill.pipe("pipe");
    let mut pipe = fs::File::options().read(true).write(true).open(mill.path("pipe")).expect("both ends");
    let _ = mill.run("check news --report pipe").status(0).stderr("");
    assert!(fs::metadata(mill.path("pipe")).is_ok_and(|metadata| metadata.file_type().is_fifo()));
    // So that there is something to read at any rate.
    pipe.write_all(b"\n").expect("room");
    let mut bytes = vec![0; 64 * 1024];
    let read = pipe.read(&mut bytes).expect("what was written");
    assert_eq!(checked(&String::from_utf8_lossy(&bytes[..read]))["status"], 0);
}

#[test]
fn the_addresses_that_changed_are_named() {
    let mill = Mill::new().file("news/feedmill.yaml", "id: mine\nbase_url: https://example.org/feeds\n").story(
        "news/good.md",
        "Good",
        "2020-11-10",
        "AI",
    );
    let all = "https://example.org/feeds/
https://example.org/feeds/ai/
https://example.org/feeds/ai/atom.xml
https://example.org/feeds/ai/feed.json
https://example.org/feeds/ai/index.html
https://example.org/feeds/ai/rss.xml
https://example.org/feeds/assets/feedmill.css
https://example.org/feeds/assets/feedmill.js
https://example.org/feeds/atom.xml
https://example.org/feeds/feed.json
https://example.org/feeds/feedmill.json
https://example.org/feeds/feeds.opml
https://example.org/feeds/index.html
https://example.org/feeds/rss.xml
";
    let changed = |arguments: &str| {
        mill.run(&format!("build news --out out --changed changed.txt {arguments}")).silent();
        mill.read("changed.txt")
    };
    // A dry run says what would change, and nothing of it to people.
    let dry = mill.run("build news --out out --dry-run --changed -").status(0);
    assert_eq!(dry.stdout, all);
    assert_eq!(dry.stderr.matches("would write out/").count(), 12);
    assert!(!mill.path("out").exists());
    assert_eq!(changed(""), all);
    assert_eq!(changed(""), "", "nothing did");
    fs::remove_file(mill.path("out/ai/index.html")).expect("a page");
    assert_eq!(changed(""), "https://example.org/feeds/ai/\nhttps://example.org/feeds/ai/index.html\n");
    // A run that fails changed nothing, whatever the last one said.
    fs::remove_file(mill.path("out/ai/index.html")).expect("a page");
    assert!(!changed("").is_empty());
    assert_eq!(mill.run("build news --out out --now never --changed changed.txt").status, Some(2));
    assert_eq!(mill.read("changed.txt"), "");
    assert!(mill.run("build --changed changed.txt").status(2).stderr.contains("which folder holds the articles?"));
    assert_eq!(mill.read("changed.txt"), "");
}
