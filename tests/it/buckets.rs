//! `feedmill publish`, as far as no store has to answer. What has to do with one is in `tests/buckets/`.

use crate::mill::{Mill, Run};

/// A folder that can be built; what the site file says besides.
fn mill(more: &str) -> Mill {
    Mill::new()
        .file("news/feedmill.yaml", format!("id: mine\nbase_url: https://feeds.example.org/\nout: ../feeds\n{more}"))
        .story("news/one.md", "One", "2020-11-10", "AI")
        // Nothing here may ask for a role of the machine that it runs on.
        .variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn built(more: &str) -> Mill {
    let mill = mill(more);
    mill.run("build news --no-cache").silent();
    mill
}

#[track_caller]
fn refused(run: Run, message: &str) {
    let _ = run.status(2).stdout("").stderr(message);
}

const SITE: &str = "publish --site news/feedmill.yaml";

const KINDS: &str = "\n  help: write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER";

#[test]
fn without_a_destination_nothing_is_published() {
    let nowhere = "feedmill: where are the feeds to be published?\n  help: write `feedmill publish s3://BUCKET/FOLDER`, or set `destination` in the site file";
    refused(built("").run(SITE), nowhere);
    refused(Mill::new().run("publish"), nowhere);
    refused(built("").variable("FEEDMILL_DESTINATION", "").run(SITE), nowhere);
    // It is known before anything is built.
    let mill = mill("");
    refused(mill.run("build news --no-cache --publish"), nowhere);
    assert!(!mill.path("feeds").exists());
}

#[test]
fn a_destination_that_is_none() {
    let mill = built("");
    for (destination, why) in [
        ("feeds", "is not an address of a bucket"),
        ("ftp://example.org/", "is of a kind that is not known"),
        ("s3://", "does not name a bucket"),
        ("s3://key:secret@bucket", "does not name a bucket"),
        ("s3://bucket/a?b", "has a folder that is not of letters, digits and `-._~`"),
    ] {
        refused(mill.run(&format!("{SITE} {destination}")), &format!("feedmill: the destination {why}{KINDS}"));
        refused(mill.run(&format!("build news --publish={destination}")), &format!("feedmill: the destination {why}{KINDS}"));
    }
    let mill = mill.variable("FEEDMILL_DESTINATION", "feeds");
    refused(mill.run(SITE), &format!("feedmill: FEEDMILL_DESTINATION is not an address of a bucket{KINDS}"));
}

#[test]
fn a_destination_in_the_site_file_that_is_none() {
    let mill = built("").file("news/feedmill.yaml", "id: mine\ndestination: s3:/bucket\n");
    let message = format!("feedmill: news/feedmill.yaml:2:14: `destination` is not an address of a bucket{KINDS}");
    refused(mill.run(SITE), &message);
    // It is known whatever is asked for.
    refused(mill.run("build news --no-cache"), &message);
}

#[test]
fn what_does_not_go_together() {
    let mill = built("destination: s3://bucket\n");
    for (arguments, one, other) in [
        ("build news --publish --dry-run", "--publish[=<DESTINATION>]", "--dry-run"),
        ("build news --out preview --publish --include-unpublished", "--publish[=<DESTINATION>]", "--include-unpublished"),
        ("publish -q -v", "--quiet", "--verbose"),
    ] {
        let run = mill.run(arguments);
        let expected = format!("error: the argument '{one}' cannot be used with '{other}'");
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
        let _ = run.status(2);
    }
    let run = mill.run("build news --delete-stale").status(2);
    let expected = "error: the following required arguments were not provided:\n  --publish[=<DESTINATION>]\n";
    assert!(run.stderr.starts_with(expected), "{}", run.stderr);
    let message = "feedmill: `--report` and `--changed` name one file\n  help: give each a file of its own";
    refused(mill.run(&format!("{SITE} --report a --changed a")), message);
}

#[test]
fn nothing_has_been_built() {
    let mill = mill("destination: s3://bucket\n");
    let message =
        "feedmill: feeds: there are no feeds here yet\n  help: run `feedmill build` first, or name their folder with `--out`";
    refused(mill.run(SITE), message);
    assert!(!mill.path("feeds").exists());
    refused(mill.run(&format!("{SITE} --dry-run")), message);
}

#[test]
fn a_preview_does_not_go_where_the_public_is() {
    let mill = mill("destination: s3://bucket\n");
    mill.run("build news --no-cache --include-unpublished --out preview").silent();
    let message = "feedmill: preview: these feeds are a preview, and this destination is for the public\n  help: name a destination of its own on the command line: `feedmill publish DESTINATION`";
    refused(mill.run(&format!("{SITE} --out preview")), message);
    refused(mill.variable("FEEDMILL_DESTINATION", "s3://bucket").run(&format!("{SITE} --out preview")), message);
}

#[cfg(feature = "buckets")]
#[test]
fn without_keys_it_is_said_at_once() {
    let mill = built("destination: s3://bucket\n").variable("HOME", "/nonexistent");
    let keys = "feedmill: s3://bucket/: there are no keys for S3\n  help: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_PROFILE; for R2, MinIO or Ceph also AWS_ENDPOINT_URL";
    refused(mill.run(SITE), keys);
    // What was built is there all the same.
    let mill = mill.story("news/two.md", "Two", "2020-11-11", "AI");
    refused(mill.run("build news --no-cache --publish"), keys);
    assert!(mill.read("feeds/ai/rss.xml").contains("Two"));
}

#[cfg(not(feature = "buckets"))]
#[test]
fn a_program_without_buckets_says_how_it_gets_them() {
    let mill = built("destination: s3://bucket\n");
    let message = "feedmill: publish: this feedmill was built without it\n  help: build it with `--features buckets`";
    refused(mill.run(SITE), message);
    refused(mill.run(&format!("{SITE} --dry-run")), message);
}
