//! What cron sees: a finding once in 24 hours, and everything to whoever asks.

use std::fs;

use crate::mill::Mill;

const ONE: &str = "
news/bad.md:2:7: error: `date` is not a date that can be read
  2 | date: soon
    |       ^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13
";
const TWO: &str = "
news/locale.md:2:9: warning: `locale` is not a language tag; it is ignored
  2 | locale: '?'
    |         ^^^
  help: write it like en or pt-BR
";

/// A folder with an article that has an error.
fn mill() -> Mill {
    let mill = Mill::new().story("news/good.md", "Good", "2020-11-10", "AI");
    let cache = mill.path("cache").to_string_lossy().into_owned();
    mill.variable("XDG_CACHE_HOME", &cache).article("news/bad.md", "date: soon\ntitle: A\nlink: https://example.org/a")
}

/// The same with an article that has a warning.
fn with_two(mill: Mill) -> Mill {
    mill.article("news/locale.md", "locale: '?'\ntitle: B\ndate: 2020-11-11\nlink: https://example.org/b")
}

fn at(mill: Mill, time: &str) -> Mill {
    mill.variable("FEEDMILL_NOW", time)
}

/// A build says this, and succeeds.
#[track_caller]
fn says(mill: &Mill, expected: &str) {
    let _ = mill.run("build news --out out").status(0).stdout("").stderr(expected);
}

fn states(mill: &Mill) -> Vec<String> {
    mill.listing("cache").into_iter().filter(|path| path.strip_suffix(".told").is_some()).collect()
}

#[test]
fn what_was_told_is_told_again_after_a_day() {
    let mill = at(mill(), "2020-11-23T12:00:00Z");
    says(&mill, ONE);
    assert_eq!(states(&mill).len(), 1);
    says(&mill, "");
    let mill = with_two(at(mill, "2020-11-23T18:00:00Z"));
    says(&mill, TWO);
    says(&mill, "");
    // The one as a day has gone by, and the other six hours later.
    let mill = at(mill, "2020-11-24T11:59:59Z");
    says(&mill, "");
    let mill = at(mill, "2020-11-24T12:00:00Z");
    says(&mill, ONE);
    says(&mill, "");
    let mill = at(mill, "2020-11-24T18:00:00Z");
    says(&mill, TWO);
    says(&mill, "");
    let mill = at(mill, "2020-11-27T00:00:00Z");
    says(&mill, &format!("{ONE}{}", TWO.trim_start()));
    says(&mill, "");
    // Mended and broken again it is news.
    let bad = mill.read("news/bad.md");
    let mill = mill.without("news/bad.md");
    says(&mill, "");
    let mill = mill.file("news/bad.md", &bad);
    says(&mill, ONE);
    says(&mill, "");
    // On another line it is another one.
    let mill = mill.file("news/bad.md", bad.replace("date", "\n\ndate"));
    says(&mill, &ONE.replace(":2:7", ":4:7").replace("  2 |", "  4 |"));
    assert_eq!(states(&mill).len(), 1);
}

#[test]
fn the_exit_status_and_the_report_are_as_ever() {
    let mill = mill();
    let strict = "build news --out out --strict --report report.json";
    let _ = mill.run(strict).status(1).stdout("").stderr(ONE);
    let first = mill.read("report.json");
    let _ = mill.run(strict).status(1).stdout("").stderr(ONE);
    let diagnostics = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON")["diagnostics"].clone();
    assert_eq!(diagnostics(&first), diagnostics(&mill.read("report.json")));
    assert_eq!(diagnostics(&first).as_array().map(Vec::len), Some(1));
    // What stops a run is always said.
    let mill = mill.variable("FEEDMILL_NOW", "never");
    for _ in 0..2 {
        let help = "\n  help: write it like 2020-11-20T12:00:00Z";
        let _ = mill.run(strict).status(2).stderr(&format!("feedmill: `FEEDMILL_NOW` is not a time that can be read{help}"));
    }
}

/// Whatever stops a run, wherever it is found: it is said at every run, and so is what is wrong with articles.
#[test]
fn what_stops_a_run_is_said_every_time() {
    type Change<'c> = &'c dyn Fn(Mill) -> Mill;
    let netlify = "id: x\nhost: netlify\nbase_url: https://example.org/\nout: ../out\n";
    let broken = |mill: Mill| mill.file("news/feedmill.yaml", netlify).file("out/_headers", "# feedmill: begin\n");
    let nothing = |mill: Mill| {
        let _ = mill.run("build news --out out").status(0);
        mill.without("news/good.md")
    };
    let cases: &[(&str, i32, Change, &str)] = &[
        ("", 2, &|mill| mill.file("out/ai/rss.xml", "theirs"), "out/ai/rss.xml: error: feedmill did not write this file"),
        ("", 2, &|mill| mill.file("out/ai", "theirs"), "out/ai: error: a file is where a folder has to go"),
        ("", 2, &broken, "out/_headers:1:1: error: this begins a block of feedmill that has no end"),
        ("", 2, &nothing, "out: error: no published article was found, and there are feeds here"),
        ("--strict", 1, &|mill| mill, "news/bad.md:2:7: error: `date` is not a date that can be read"),
        ("-q --strict", 1, &|mill| mill, "news/bad.md:2:7: error: `date` is not a date that can be read"),
    ];
    for (arguments, status, change, expected) in cases {
        let mill = change(mill());
        let first = mill.run(&format!("build news --out out {arguments}")).status(*status).stdout("");
        assert!(first.stderr.contains(expected) && first.stderr.contains(ONE.trim()), "{}", first.stderr);
        for _ in 0..2 {
            let _ = mill.run(&format!("build news --out out {arguments}")).status(*status).stderr(&first.stderr);
        }
        // A warning that was told is not repeated with it, and what was told before is still known after it.
        let mill = mill.article("news/locale.md", "locale: '?'\ntitle: B\nlink: https://example.org/b\npublished: false");
        let run = mill.run(&format!("build news --out out {arguments}")).status(*status);
        assert_eq!(run.stderr.contains(TWO.trim()), !arguments.contains("-q"), "{}", run.stderr);
        let run = mill.run(&format!("build news --out out {arguments}")).status(*status);
        assert!(!run.stderr.contains(TWO.trim()) && run.stderr.contains(ONE.trim()), "{}", run.stderr);
    }
}

/// What a feed would lose is an error, and one that grows is another one.
#[test]
fn a_loss_that_grows_is_news() {
    let mill = mill().without("news/bad.md");
    let path = |number: usize| format!("news/{number}.md");
    let stories = |mill: Mill, numbers: std::ops::Range<usize>| {
        numbers.fold(mill, |mill, number| mill.story(&path(number), &format!("S {number}"), "2020-11-01", "Chips"))
    };
    let mill = stories(mill, 0..30);
    mill.run("build news --out out").silent();
    let without = |mill: Mill, numbers: std::ops::Range<usize>| numbers.fold(mill, |mill, number| mill.without(&path(number)));
    let said = |mill: &Mill| mill.run("build news --out out").status(0).stderr;
    let mill = without(mill, 0..16);
    assert!(said(&mill).contains("out/chips: error: this feed would lose 16 of its 30 entries"));
    assert_eq!(said(&mill), "");
    let mill = without(mill, 16..20);
    assert!(said(&mill).contains("out/chips: error: this feed would lose 20 of its 30 entries"));
    assert_eq!(said(&mill), "");
    // Put back, and gone again.
    let mill = stories(mill, 0..20);
    assert_eq!(said(&mill), "");
    let mill = without(mill, 0..20);
    assert!(said(&mill).contains("would lose 20 of its 30 entries"));
}

/// Feeds with addresses that lead nowhere are no secret of whoever made them.
#[test]
fn a_missing_base_url_is_told() {
    let mill = mill().without("news/bad.md").without_variable("FEEDMILL_BASE_URL");
    let said = |file: &str| {
        format!(
            "{file}: warning: `base_url` is not set, and every address of the feeds begins with http://localhost:8000/\n  help: write in feedmill.yaml where the output folder is served (`feedmill init` writes one), or give `build` a `--base-url`"
        )
    };
    says(&mill, &said("feedmill.yaml"));
    says(&mill, "");
    let _ = mill.run("check news").status(0).stdout("").stderr(&said("feedmill.yaml"));
    let _ = mill.run("build news --out out --dry-run -q").status(0).stderr("");
    let _ = mill.run("build news --out out --dry-run").status(0).stderr(&said("feedmill.yaml"));
    let _ = mill.run("check news --report report.json").status(0);
    assert!(mill.read("report.json").contains("\"message\": \"`base_url` is not set, and "));
    // A preview is for this machine, and a run that fails has something else to say.
    mill.run("build news --out preview --include-unpublished").silent();
    let failed = Mill::copy_of(&mill.path(".")).without_variable("FEEDMILL_BASE_URL").file("new/rss.xml", "theirs");
    assert!(!failed.run("build news --out new").status(2).stderr.contains("base_url"));
    // Whoever says it has said it, with any word.
    mill.run("build news --out out --base-url http://localhost:8000/").silent();
    let mill = mill.variable("FEEDMILL_BASE_URL", "https://feeds.example.org/");
    mill.run("build news --out out").silent();
    mill.run("check news").silent();
    let mill = mill.variable("FEEDMILL_BASE_URL", "").file("news/feedmill.yaml", "id: x\nout: ../site");
    let _ = mill.run("build news").status(0).stderr(&said("news/feedmill.yaml"));
    let mill = mill.file("news/feedmill.yaml", "id: x\nout: ../site\nbase_url: https://feeds.example.org/");
    mill.run("build news").silent();
    mill.run("check news").silent();
}

/// That a feed is too long is said with how long it is, which may change every few minutes.
#[test]
fn a_finding_that_counts_is_the_same_with_another_count() {
    let stories = |mill: Mill, count: usize| {
        (0..count).fold(mill, |mill, number| mill.file(&format!("news/toml-{number}.md"), "+++\ntitle = 'x'\n+++\n"))
    };
    let mill = stories(mill().without("news/bad.md"), 3);
    let said = |more: usize| {
        format!(
            "news/toml-0.md: warning: this file and {more} more have TOML front matter (`+++`), which is not read\n  help: write the front matter in YAML, between lines of `---`"
        )
    };
    says(&mill, &said(2));
    let mill = stories(mill, 12);
    says(&mill, "");
    let _ = mill.run("build news --out out -v").status(0).stderr(&said(11));
}

#[test]
fn who_asks_is_told_everything() {
    let mill = mill();
    says(&mill, ONE);
    let before = fs::read(mill.path("cache").join(&states(&mill)[0])).expect("a state");
    for _ in 0..2 {
        for arguments in ["build news --out out -v", "build news --out out --no-cache", "build news --out out --no-cache -q"] {
            assert_eq!(mill.run(arguments).status(0).stderr.trim(), ONE.trim(), "{arguments}");
        }
        let _ = mill.run("check news").status(1).stderr(ONE);
        let _ = mill.run("build news --out out --dry-run").status(0).stderr(ONE);
    }
    // Each job has a log of its own.
    let mill = mill.variable("GITHUB_ACTIONS", "true");
    for _ in 0..2 {
        let run = mill.run("build news --out out").status(0).stderr(ONE);
        assert!(run.stdout.starts_with("::error file=news/bad.md,line=2,col=7::"), "{}", run.stdout);
    }
    let mill = mill.without_variable("GITHUB_ACTIONS");
    assert_eq!(states(&mill).len(), 1);
    assert!(fs::read(mill.path("cache").join(&states(&mill)[0])).is_ok_and(|after| after == before), "nothing is noted");
    // None of them took anything from what cron is told.
    let mill = with_two(mill);
    let _ = mill.run("build news --out out -v").status(0).stderr(&format!("{ONE}{}", TWO.trim_start()));
    says(&mill, TWO);
}

/// What was not printed was not told.
#[test]
fn quiet_runs_tell_errors_alone() {
    let mill = with_two(mill());
    let _ = mill.run("build news --out out -q").status(0).stdout("").stderr(ONE);
    let _ = mill.run("build news --out out -q").status(0).stdout("").stderr("");
    says(&mill, TWO);
    says(&mill, "");
}

#[test]
fn whatever_is_in_doubt_is_told() {
    let mill = at(mill(), "2020-11-23T12:00:00Z");
    says(&mill, ONE);
    says(&mill, "");
    // The clock is set back: what was told then is told by no clock that counts.
    let mill = at(mill, "2020-11-23T11:59:59Z");
    says(&mill, ONE);
    says(&mill, "");
    let state = mill.path("cache").join(&states(&mill)[0]);
    let good = fs::read_to_string(&state).expect("a state");
    for damaged in ["", "{}", "[1", "null", "{\"feedmill_told\": 1}", &good.replace("\"feedmill_told\":1", "\"feedmill_told\":2")]
    {
        assert_ne!(damaged, good);
        fs::write(&state, damaged).expect("a state");
        says(&mill, ONE);
        says(&mill, "");
    }
    fs::write(&state, [0xff, 0xfe, 0]).expect("a state");
    says(&mill, ONE);
    fs::remove_file(&state).expect("a state");
    says(&mill, ONE);
    says(&mill, "");
    assert_eq!(fs::read_to_string(&state).expect("a state"), good);
}

#[test]
fn where_nothing_can_be_kept_everything_is_told() {
    let nowhere = mill().without_variable("XDG_CACHE_HOME");
    let file = mill().file("cache", "a file");
    let never = mill().variable("XDG_CACHE_HOME", "/proc/none");
    for mill in [nowhere, file, never] {
        for _ in 0..2 {
            says(&mill, ONE);
        }
    }
}

/// One memory for one output: what is told of one is not told of another.
#[test]
fn runs_with_another_output_or_other_articles_are_others() {
    let mill = mill().file("other/good.md", "").file("here/x", "").file("there/x", "");
    says(&mill, ONE);
    let _ = mill.run("build news --out elsewhere").status(0).stderr(ONE);
    let _ = mill.run("build news other --out out").status(0).stderr(ONE);
    let _ = mill.run("build news --out preview --include-unpublished").status(0).stderr(ONE);
    assert_eq!(states(&mill).len(), 4);
    says(&mill, "");
    // Neither are outputs of one name that are not there yet, in two places.
    let mill = mill.without("news/good.md");
    let news = mill.path("news").to_string_lossy().into_owned();
    for place in ["here", "there"] {
        let run = mill.run_after(&format!("cd {place}"), &format!("build {news} --out feeds"));
        assert!(run.stderr.contains(": error: `date` is not a date that can be read"), "{place}: {}", run.stderr);
    }
    assert_eq!(states(&mill).len(), 6);
}
