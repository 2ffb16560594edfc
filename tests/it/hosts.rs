//! What a host is told: the files for it, the blocks in files of others, and what is said where that cannot be.

use std::fs;
use std::path::Path;

use feedmill::host::{Host, Hosting};
use feedmill::write::host;

use crate::cache::SETTLED;
use crate::mill::{Mill, files};

/// A folder with one article, and a site file of these lines.
fn mill(lines: &str) -> Mill {
    Mill::new().story("news/good.md", "Good", "2020-11-10", "AI").file("feedmill.yaml", format!("id: x\n{lines}\n"))
}

const NETLIFY: &str = "host: netlify\nhost_root: public\nout: public/feeds\nbase_url: https://example.org/feeds/\nformats: [rss]";

/// Siblings, copies and redirects, in the settings for every host, word for word. Servers are run with these very files by
/// `tests/hosts/run.sh`. `FEEDMILL_UPDATE=1 cargo test settings` writes them anew.
#[test]
fn settings_with_everything() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/settings");
    let moved = |name: &str| (format!("was/{name}"), format!("ai/{name}"));
    for host in Host::ALL {
        let hosting = Hosting {
            host,
            prefix: "/feeds/".to_owned(),
            cache_control: feedmill::site::DEFAULT_CACHE_CONTROL.to_owned(),
            gzip: true,
            brotli: true,
            copies: vec![("old/feed.xml".to_owned(), "application/atom+xml".to_owned())],
            stories: true,
            redirects: ["rss.xml", "atom.xml", "feed.json", "index.html"].map(moved).to_vec(),
            files: 10,
        };
        for file in host::files(&hosting) {
            let path = folder.join(host.name()).join(file.name);
            let made = match file.share {
                host::Share::First | host::Share::Last => {
                    let merged = host::merge(None, &file.text, file.share).expect("in order").expect("a block");
                    String::from_utf8(merged).expect("UTF-8")
                }
                _ => file.text,
            };
            if std::env::var_os("FEEDMILL_UPDATE").is_some() {
                fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
                fs::write(&path, &made).expect("settings");
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(made, expected, "{}", path.display());
        }
    }
}

/// Where the files of each host lie, with the output at the root and below it.
#[test]
fn each_host_has_its_files_in_their_place() {
    let made = |host: &str, root: &str, path: &str| {
        let lines = format!("host: {host}\n{root}out: public/feeds\nbase_url: https://example.org{path}\nformats: [rss]");
        let mill = mill(&lines);
        mill.run("build news --site feedmill.yaml").silent();
        let feed = |path: &String| path.ends_with("rss.xml") || path.ends_with("feedmill.json");
        mill.listing("public").into_iter().filter(|path| !feed(path)).collect::<Vec<_>>().join(" ")
    };
    for (host, below, at_root) in [
        ("nginx", "feeds/feedmill.nginx.conf", "feeds/feedmill.nginx.conf"),
        ("apache", "feeds/.htaccess", "feeds/.htaccess"),
        ("caddy", "feeds/feedmill.caddy", "feeds/feedmill.caddy"),
        // Without a redirect there is no `_redirects`.
        ("netlify", "_headers", "feeds/_headers"),
        ("cloudflare-pages", "_headers", "feeds/_headers"),
        ("github-pages", ".nojekyll", "feeds/.nojekyll"),
    ] {
        assert_eq!(made(host, "host_root: public\n", "/feeds/"), below, "{host}");
        assert_eq!(made(host, "", "/"), at_root, "{host}");
    }
    // However it is written.
    assert_eq!(made("netlify", "host_root: news/../public/.\n", "/feeds/"), "_headers");
    // Where the paths do not matter the address may be anywhere.
    assert_eq!(made("github-pages", "host_root: public\n", "/repo/feeds/"), ".nojekyll");
    assert_eq!(made("nginx", "host_root: public\n", "/elsewhere/"), "feeds/feedmill.nginx.conf");
}

/// What was written for a host goes with it, wherever it lies, and nothing of the owner's does.
#[test]
fn what_is_for_a_host_that_is_no_longer_set_goes() {
    let site = |lines: &str| format!("id: x\nout: public/feeds\nbase_url: https://example.org/feeds/\nformats: [rss]\n{lines}\n");
    let netlify = "host: netlify\nhost_root: public\ntopics: {AI: {former: [ml]}}";
    let theirs = "/*\n  X-Frame-Options: DENY";
    let none = |mill: Mill| mill.file("feedmill.yaml", site("topics: {AI: {former: [ml]}}"));
    let mill = Mill::new()
        .story("news/good.md", "Good", "2020-11-10", "AI")
        .file("feedmill.yaml", site(netlify))
        .file("public/_headers", theirs);
    mill.run("build news --site feedmill.yaml").silent();
    assert!(mill.read("public/_redirects").contains("301"));
    assert!(mill.read("public/feeds/feedmill.json").contains("\"host_files\": [\"../_headers\", \"../_redirects\"],"));
    // A run to elsewhere, or without an article, takes nothing away.
    let before = files(&mill.path("public"));
    let _ = mill.run("build news --site feedmill.yaml --base-url https://example.org/").status(0);
    let _ = mill.run("build news --site feedmill.yaml --include-unpublished --out preview").status(0);
    assert_eq!(mill.read("public/_redirects").as_bytes(), before["_redirects"]);
    assert!(mill.read("public/feeds/feedmill.json").contains("host_files"));

    let mill = none(mill);
    let run = mill.run("build news --site feedmill.yaml --dry-run").status(0).stderr("");
    assert!(run.stdout.contains("would write public/_headers\n") && run.stdout.contains("would remove public/_redirects\n"));
    let run = mill.run("build news --site feedmill.yaml -v --changed -").status(0);
    assert!(
        run.stderr.contains("wrote public/_headers\n") && run.stderr.contains("removed public/_redirects\n"),
        "{}",
        run.stderr
    );
    assert!(!run.stdout.contains("_headers") && !run.stdout.contains("_redirects"), "{}", run.stdout);
    assert_eq!(mill.read("public/_headers"), theirs);
    assert!(!mill.path("public/_redirects").exists());
    assert!(!mill.read("public/feeds/feedmill.json").contains("host_files"));
    mill.run("build news --site feedmill.yaml").silent();

    // From one host to the next: what both write stays.
    for (from, to, gone, left) in [
        ("netlify", "cloudflare-pages", "", "../_headers ../_redirects"),
        ("netlify", "github-pages", "../_headers ../_redirects", "../.nojekyll"),
        ("github-pages", "netlify", "../.nojekyll", "../_headers ../_redirects"),
        ("apache", "github-pages", ".htaccess", "../.nojekyll"),
    ] {
        let lines = |host: &str| site(&netlify.replace("netlify", host));
        let mill = Mill::new().story("news/good.md", "Good", "2020-11-10", "AI").file("feedmill.yaml", lines(from));
        mill.run("build news --site feedmill.yaml").silent();
        let mill = mill.file("feedmill.yaml", lines(to));
        mill.run("build news --site feedmill.yaml").silent();
        let is_there = |path: &&str| mill.path("public/feeds").join(path).exists();
        assert!(!gone.split_whitespace().any(|path| is_there(&path)), "{from} {to}");
        assert!(left.split_whitespace().all(|path| is_there(&path)), "{from} {to}");
        let expected = format!("\"host_files\": [\"{}\"]", left.replace(' ', "\", \""));
        assert!(mill.read("public/feeds/feedmill.json").contains(&expected), "{from} {to}");
    }
}

/// A server that is told to read a file does not start without it: the owner has the first word.
#[test]
fn settings_that_a_server_reads_are_named_until_they_are_deleted() {
    for (host, file) in [("nginx", "feedmill.nginx.conf"), ("caddy", "feedmill.caddy")] {
        let mill = mill(&format!("host: {host}\nout: out\nformats: [rss]"));
        mill.run("build news --site feedmill.yaml").silent();
        let mill = mill.file("feedmill.yaml", "id: x\nout: out\nformats: [rss]\n");
        let said = format!(
            "out/{file}: warning: this file is for a host that is no longer set; it stays as it is, since the server may read it\n  \
             help: take the line that reads it out of the settings of the server, and delete it then"
        );
        for _ in 0..2 {
            let _ = mill.run("build news --site feedmill.yaml").status(0).stderr(&said);
        }
        let mill = mill.without(&format!("out/{file}"));
        mill.run("build news --site feedmill.yaml").silent();
        assert!(!mill.read("out/feedmill.json").contains("host_files"));
    }
}

/// What cannot be told from the rest, or leads elsewhere, is left to the owner, and stops nothing.
#[test]
fn what_is_in_doubt_stays_when_the_host_goes() {
    let none =
        |mill: Mill| mill.file("feedmill.yaml", format!("id: x\n{}", NETLIFY.replace("host: netlify\nhost_root: public\n", "")));
    let help = "take the lines from `# feedmill: begin` to `# feedmill: end` out by hand";
    let broken = mill(NETLIFY);
    broken.run("build news --site feedmill.yaml").silent();
    let broken = none(broken.file("public/_headers", "/*\n# feedmill: begin\n"));
    let _ = broken.run("build news --site feedmill.yaml").status(0).stderr(&format!(
        "public/_headers:2:1: warning: this begins a block of feedmill that has no end; what is here for a host that is no longer \
         set stays\n  help: {help}"
    ));
    let broken = broken.file("public/_headers", "/*\n");
    broken.run("build news --site feedmill.yaml").silent();
    assert_eq!(broken.read("public/_headers"), "/*\n");
}

/// Whatever an owner has in `_headers`: it stays, and a run with nothing new touches nothing.
#[test]
fn what_others_wrote_stays_byte_for_byte() {
    for theirs in ["/*\n  X-Frame-Options: DENY\n", "/*\r\n  X-A: b\r\n", "/*\n  X-A: b", "", "\n\n", "# feedmill is fine\n"] {
        let mill = mill(NETLIFY).file("public/_headers", theirs);
        mill.run("build news --site feedmill.yaml").silent();
        let written = mill.read("public/_headers");
        let ours = written.strip_prefix(theirs).expect("theirs comes first");
        assert!(ours.trim_start_matches('\n').starts_with("# feedmill: begin"), "{ours}");
        assert_eq!(ours.ends_with('\n'), theirs.is_empty() || theirs.ends_with('\n'));

        let before = files(&mill.path("."));
        mill.run("build news --site feedmill.yaml --no-cache").silent();
        assert!(files(&mill.path(".")) == before);

        // Other lines take the place of ours.
        let mill = mill.file("feedmill.yaml", format!("id: x\n{NETLIFY}\ncache_control: public, max-age=7\n"));
        mill.run("build news --site feedmill.yaml").silent();
        let again = mill.read("public/_headers");
        let default = format!("Cache-Control: {}", feedmill::site::DEFAULT_CACHE_CONTROL);
        assert!(again.contains("max-age=7") && !again.contains(&default));
        assert_eq!(again, written.replace(&default, "Cache-Control: public, max-age=7"));
    }
}

/// A half of a block is not guessed at: nothing is written, not even a feed.
#[test]
fn a_block_without_its_end_stops_the_run() {
    let mill = mill(NETLIFY).file("public/_headers", "/*\n  X-A: b\n# feedmill: begin (once)\n/feeds/rss.xml\n");
    let before = files(&mill.path("public"));
    let _ = mill.run("build news --site feedmill.yaml").status(2).stdout("").stderr(
        "public/_headers:3:1: error: this begins a block of feedmill that has no end\n  help: the lines of feedmill stand \
         between `# feedmill: begin` and `# feedmill: end`; delete what is left of them, and the next run writes them anew",
    );
    assert!(files(&mill.path("public")) == before);
}

/// One in the output is named as it lies there.
#[test]
fn a_block_in_the_output_is_named_there() {
    let mill = mill("host: apache\nhost_root: public\nout: public/feeds\nbase_url: https://example.org/feeds/\nformats: [rss]");
    let mill = mill.file("public/feeds/.htaccess", "# feedmill: end\n");
    let run = mill.run("build news --site feedmill.yaml").status(2);
    assert!(run.stderr.starts_with("public/feeds/.htaccess:1:1: error: this ends a block"), "{}", run.stderr);
}

/// Copies, folders that topics had, and compressed siblings: what the site file says of them stands in the settings.
#[test]
fn settings_are_of_this_site() {
    let lines = "base_url: https://example.org/feeds/\nout: out\ncache_control: public, max-age=7\nprecompress: [gzip, brotli]
also: {feed.xml: rss}\ntopics: {AI: {former: [ki], also: [old/ai.xml]}}\n";
    let settings = |host: &str, file: &str, less: &str| {
        let mill = mill(&format!("{}host: {host}", lines.replace(less, "")));
        mill.run("build news --site feedmill.yaml").silent();
        mill.read(&format!("out/{file}"))
    };
    let caddy = settings("caddy", "feedmill.caddy", "nothing");
    for part in [
        "path /feeds/feed.xml\n\tfile\n}\nheader @feedmill_copy_1 {\n\tContent-Type \"application/rss+xml; charset=utf-8\"\n\tCache-Control \"public, max-age=7\"",
        "path /feeds/old/ai.xml\n\tfile\n}\nheader @feedmill_copy_2 {\n\tContent-Type \"application/atom+xml; charset=utf-8\"",
        "\tprecompressed br gzip\n",
        "redir /feeds/ki/rss.xml /feeds/ai/rss.xml 301\n",
        "redir /feeds/ki/ /feeds/ai/ 301\n",
    ] {
        assert!(caddy.contains(part), "{part}: {caddy}");
    }
    assert!(settings("caddy", "feedmill.caddy", ", brotli").contains("\tprecompressed gzip\n"));
    assert!(settings("caddy", "feedmill.caddy", "gzip, ").contains("\tprecompressed br\n"));
}

/// A file that we would write whole, and somebody else did.
#[test]
fn settings_of_others_are_not_replaced() {
    let mill = mill("host: nginx\nout: out\nformats: [rss]").file("out/feedmill.nginx.conf", "server { }\n");
    let _ = mill.run("build news --site feedmill.yaml").status(2).stdout("").stderr(
        "out/feedmill.nginx.conf: error: feedmill did not write this file, and does not replace it\n  help: choose another \
         folder with `--out`, or let it be replaced with `--adopt`",
    );
    assert_eq!(mill.listing("out"), ["feedmill.nginx.conf"]);
    mill.run("build news --site feedmill.yaml --adopt").silent();
    assert!(mill.read("out/feedmill.nginx.conf").starts_with("# feedmill: "));
    mill.run("build news --site feedmill.yaml --no-cache").silent();

    // What only has to be there is left as it is.
    let mill = self::mill("host: github-pages\nout: out\nformats: [rss]").file("out/.nojekyll", "");
    mill.run("build news --site feedmill.yaml").silent();
    assert_eq!(mill.read("out/.nojekyll"), "");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through() {
    let mill = mill(NETLIFY).file("elsewhere", "theirs").file("public/x", "").link("public/_headers", "../elsewhere");
    let run = mill.run("build news --site feedmill.yaml").status(2).stdout("");
    assert!(run.stderr.starts_with("public/_headers: error: this is a symbolic link"), "{}", run.stderr);
    assert_eq!(mill.read("elsewhere"), "theirs");
}

/// What changes in a file for the host is seen by a run that would have nothing to do.
#[test]
fn a_file_that_was_taken_away_comes_back() {
    let apache = "host: apache\nout: public/feeds\nformats: [rss]";
    let mills: Vec<(Mill, &str)> = [(NETLIFY, "public/_headers"), (apache, "public/feeds/.htaccess")]
        .map(|(lines, path)| {
            let mill = mill(lines);
            let cache = mill.path("cache").to_string_lossy().into_owned();
            (mill.variable("XDG_CACHE_HOME", &cache), path)
        })
        .into();
    // What is younger is not trusted to stay as it is.
    std::thread::sleep(SETTLED);
    for (mill, path) in mills {
        // A run in which feeds come keeps nothing; the next does.
        mill.run("build news --site feedmill.yaml").silent();
        mill.run("build news --site feedmill.yaml").silent();
        assert_eq!(mill.listing("cache").len(), 1, "a state is kept");
        let mill = mill.without(path);
        mill.run("build news --site feedmill.yaml").silent();
        assert!(mill.path(path).exists(), "{path}");
    }
}

#[test]
fn what_would_change_is_told_with_its_path() {
    let mill = mill(NETLIFY);
    let _ = mill.run("build news --site feedmill.yaml --dry-run").status(0).stderr("").stdout(
        "would write public/_headers\nwould write public/feeds/ai/rss.xml\nwould write public/feeds/feedmill.json\nwould write \
         public/feeds/rss.xml\npublic/feeds: a new feed of 1 entry\npublic/feeds/ai: a new feed of 1 entry",
    );
    assert!(!mill.path("public").exists());
}

/// The command line is for one run: what the site file says of the host is not wrong for that.
#[test]
fn a_run_to_elsewhere_writes_nothing_for_the_host() {
    let mill = mill(NETLIFY);
    let _ = mill.run("build news --site feedmill.yaml --out other").status(0).stdout("").stderr(
        "feedmill.yaml: warning: the output folder other does not lie in `host_root`; nothing is written for Netlify in this run\n  \
         help: take the option from the command line, or `host` from the site file",
    );
    let _ = mill.run("build news --site feedmill.yaml --base-url https://example.org/").status(0).stdout("").stderr(
        "feedmill.yaml: warning: the output is at `/feeds/` of what is deployed, and at `/` in `base_url`; nothing is written for \
         Netlify in this run\n  help: take the option from the command line, or `host` from the site file",
    );
    mill.run("build news --site feedmill.yaml --include-unpublished --out public/preview").silent();
    let preview = self::mill(NETLIFY);
    preview.run("build news --site feedmill.yaml --include-unpublished --out public/feeds").silent();
    assert!(!preview.path("public/_headers").exists());
    assert!(!mill.path("public/_headers").exists());
    mill.run("check news --site feedmill.yaml").silent();
}

#[test]
fn an_owner_is_warned_near_the_limits_of_the_host() {
    let lines = NETLIFY.replace("netlify", "cloudflare-pages");
    let theirs = "/blog/*\n  X-A: b\n".repeat(80);
    let mill = mill(&lines).file("public/_headers", theirs);
    let _ = mill.run("build news --site feedmill.yaml").status(0).stdout("").stderr(
        "feedmill.yaml: warning: `_headers` has 91 rules and Cloudflare Pages takes 100\n  help: those below the hundredth do \
         nothing; let one rule stand for many paths",
    );
}
