//! What must hold for any bytes whatever: each function panics where it does not. The fuzzer makes the bytes; the tests of the
//! crate try those that it has found worth keeping (`corpus/`), with any toolchain.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use feedmill::article::{Embeds, Language};
use feedmill::group::Clock;
use feedmill::link::Link;
use feedmill::manifest::Manifest;
use feedmill::read::field::Names;
use feedmill::read::tree::Tree;
use feedmill::read::{Found, Keep, Rules, front_matter as reading, yaml};
use feedmill::site::{Overrides, Site};
use feedmill::text::html::Html;
use feedmill::text::{self, Mojibake};
use feedmill::topic::{Slug, TopicKey};
use feedmill::{Action, Progress, Request, build};

/// The fast path reads what the full parser reads, or declines; neither panics.
pub fn front_matter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let names = Names::default();
    let (mut tree, mut other) = (Tree::default(), Tree::default());
    let full = yaml::parse_any(text, &names, &mut other).map(|read| format!("{read:?}"));
    if let Err(fault) = &full {
        assert!(text.is_char_boundary(fault.at.min(text.len())), "a fault in the middle of a character");
        assert!(!fault.message.is_empty());
    }
    // This one takes the fast path where that does not decline.
    let quick = yaml::parse(text, &names, &mut tree).map(|read| format!("{read:?}"));
    assert_eq!(quick, full);
}

/// Clean text is clean: nothing in it is illegal in XML, cleaning it again changes nothing, and clean text stays as it is.
pub fn text(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes);
    for mojibake in [Mojibake::Safe, Mojibake::Off] {
        let line = text::line(&raw, mojibake).text;
        assert!(line.as_str().chars().all(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')), "{line:?}");
        assert!(line.as_str().trim() == line.as_str() && !line.as_str().contains("  "), "{line:?}");
        // What is left of `&amp;lt;` is `&lt;`, which is text now and would be a sign again.
        if !line.as_str().contains('&') {
            assert_eq!(text::line(line.as_str(), Mojibake::Off).text, line, "a clean line stays");
        }
        let prose = text::prose(&raw, mojibake).text;
        let illegal = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!prose.as_str().contains(illegal), "{prose:?}");
        if !prose.as_str().contains(['&', '<']) {
            assert_eq!(text::prose(prose.as_str(), Mojibake::Off).text, prose, "clean prose stays");
        }
    }
}

/// Clean HTML has no script, no handler and no address of another scheme, and cleaning it again changes nothing.
pub fn html(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes);
    let base = Link::parse("https://example.org/a/b").expect("an address");
    for embeds in [Embeds::Iframe, Embeds::Link] {
        let Ok(Some(clean)) = Html::clean(&raw, &base, embeds) else { continue };
        let lower = clean.as_str().to_ascii_lowercase();
        for evil in ["<script", "<style", "<object", "<embed", "<form", "<base", "<meta", "<link", "javascript:", "vbscript:"] {
            // In text between tags a word is a word.
            assert!(!lower.contains(evil) || !evil.starts_with('<'), "{evil} in {lower}");
        }
        assert!(!clean.as_str().contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{clean:?}");
        let again = Html::clean(clean.as_str(), &base, embeds).ok().flatten();
        assert_eq!(again.as_ref().map(Html::as_str), Some(clean.as_str()), "clean markup stays");
    }
}

/// The key of a key is that key; http, https, `www.`, tracking parameters and a last slash make no difference.
pub fn link(bytes: &[u8]) {
    let raw = String::from_utf8_lossy(bytes);
    let Ok(link) = Link::parse(&raw) else { return };
    let text = link.as_str();
    // What is written with escapes has three times as many bytes.
    if 3 * text.len() > feedmill::link::MAX_LENGTH {
        return;
    }
    assert!(text.starts_with("https://") || text.starts_with("http://"), "{text}");
    assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace() || ['<', '>', '"'].contains(&c)), "{text}");
    assert_eq!(Link::parse(text).as_ref(), Ok(&link), "an address is that address");
    let key = link.key();
    let of_key = Link::parse(&format!("https://{}", key.as_str())).expect("a key is an address without its scheme");
    assert_eq!(of_key.key(), key, "the key of a key is that key");
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    for scheme in ["http", "https"] {
        let other = Link::parse(&format!("{scheme}://{rest}"));
        // Port 80 is http's own, and another one to https.
        if let Ok(other) = other.filter_port(rest) {
            assert_eq!(other.key(), key, "{text} by {scheme}");
        }
    }
    let (authority, behind) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // `www.` alone is a host's name where nothing with a dot follows; an address of numbers has none before it.
    if let Ok(www) = Link::parse(&format!("https://www.{rest}"))
        && link.host().trim_end_matches('.').contains('.')
        && !authority.starts_with(|c: char| c.is_ascii_digit())
    {
        assert_eq!(www.key(), key, "{text} with www.");
    }
    let escaped = Link::parse(&format!("https://{authority}{}", escape(behind))).expect("an address with escapes");
    let plain = Link::parse(&format!("https://{rest}")).expect("an address");
    assert_eq!(escaped.key(), plain.key(), "{text} with escapes");
    if !text.contains(['?', '#']) {
        let slash = Link::parse(&format!("{text}/")).expect("an address");
        assert_eq!(slash.key(), key, "{text} with a slash");
        let tracked = Link::parse(&format!("{text}?utm_source=x&fbclid=y")).expect("an address");
        assert_eq!(tracked.key(), key, "{text} with tracking");
    }
}

/// A path and query in which every second letter or digit is written as an escape, which means the same.
fn escape(behind: &str) -> String {
    let (path, fragment) = behind.split_at(behind.find('#').unwrap_or(behind.len()));
    let hex = |digit: u8| char::from(b"0123456789abcdef"[usize::from(digit)]);
    let bytes = path.as_bytes();
    let mut escaped = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_escape = bytes[at] == b'%' && bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if is_escape {
            escaped.push_str(&path[at..at + 3]);
            at += 3;
            continue;
        }
        if bytes[at].is_ascii_alphanumeric() && at % 2 == 1 {
            escaped.extend(['%', hex(bytes[at] >> 4), hex(bytes[at] & 15)]);
        } else {
            escaped.push(char::from(bytes[at]));
        }
        at += 1;
    }
    escaped + fragment
}

/// An address that has the same port in http and https.
trait Ported: Sized {
    fn filter_port(self, rest: &str) -> Result<Link, ()>;
}

impl<E> Ported for Result<Link, E> {
    fn filter_port(self, rest: &str) -> Result<Link, ()> {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        if has_port { Err(()) } else { self.map_err(drop) }
    }
}

/// Any name has a safe folder, which is its own; the key of a key is that key.
pub fn slug(bytes: &[u8]) {
    let name = String::from_utf8_lossy(bytes);
    let key = TopicKey::of(&name);
    assert_eq!(TopicKey::of(key.as_str()), key);
    let slug = Slug::of(&name, &key);
    for slug in [slug.with_suffix(&key), slug] {
        assert_eq!(Slug::parse(slug.as_str()).as_ref(), Ok(&slug), "{name:?}");
        assert_eq!(Slug::of(slug.as_str(), &TopicKey::all()), slug, "{name:?}");
    }
    let _ = Language::parse(&name);
}

/// A site file is read, or refused with a place that is in it; and pinning folders never breaks it. So it is with a manifest.
pub fn site(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, overrides) = (Path::new("feedmill.yaml"), Overrides::default());
    match Site::parse(path, text, &overrides) {
        Ok(_) => {
            let slug = Slug::parse("pinned").expect("a slug");
            if let Ok(pinned) = feedmill::site::pin::pin(text, &[("A topic: of #its own", &slug)]) {
                let site = Site::parse(path, &pinned, &overrides);
                // Another topic may have the folder.
                assert!(site.is_ok() || text.contains("pinned"), "{site:?}");
            }
        }
        Err(error) => {
            // YAML ends a line with a carriage return too.
            assert!(error.line <= text.split(['\n', '\r']).count() + 1, "{error}");
            assert!(!error.message.is_empty());
        }
    }
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert_eq!(Manifest::parse(&manifest.bytes()), Ok(manifest));
    }
}

/// A file becomes an article or is refused with a finding; and whatever it is, the documents that are made of it and of a sound
/// one are read back by others.
pub fn article(bytes: &[u8]) {
    let rules = Rules {
        names: Names::default(),
        zone: Tz::UTC,
        mojibake: Mojibake::Safe,
        embeds: Embeds::Iframe,
        now: "2021-01-01T00:00:00Z".parse().expect("a date"),
        whole: true,
        full_text: true,
        keep: Keep::default(),
        dates: Arc::default(),
    };
    let mut found = Vec::new();
    if !reading::begins(bytes) {
        return;
    }
    match reading::read(&rules, "a.md", "a.md", bytes, &mut Tree::default(), &mut found) {
        Found::Article(_) | Found::Retracted(_) => {}
        Found::Faulty => {
            assert!(!found.is_empty(), "what is left out is told");
            return;
        }
        _ => return,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let sound = "---\ntitle: Sound\ndate: 2020-11-13\nlink: https://sound.example/a\ntopics: [Sound]\n---\n";
    std::fs::write(folder.path().join("a.md"), bytes).expect("a file");
    std::fs::write(folder.path().join("sound.md"), sound).expect("a file");
    let out = folder.path().join("feeds");
    let overrides =
        Overrides { base_url: Some("https://feeds.example.org/".into()), out: Some(out.clone()), ..Overrides::default() };
    let site = Site::load(None, &overrides).expect("a site");
    let report = build(&Request {
        articles: &[folder.path().to_owned()],
        site: &site,
        clock: Clock { now: rules.now, preview: false },
        action: Action::Publish,
        strict: false,
        adopt: false,
        force: false,
        wait: false,
        threads: 1,
        progress: &Progress::default(),
        program: 0,
        cache: None,
    })
    .expect("feeds");
    assert!(!report.failed, "{:?}", report.diagnostics);
    let mut folders = vec![out];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            match path.file_name().and_then(|name| name.to_str()) {
                Some("rss.xml" | "atom.xml" | "feed.json") => {
                    let feed = feed_rs::parser::parse(&bytes[..]);
                    let feed = feed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    assert!(!feed.entries.is_empty() || feed.title.is_some());
                }
                Some("feeds.opml") => {}
                _ => continue,
            }
            if path.extension().is_some_and(|ending| ending == "xml" || ending == "opml") {
                let text = std::str::from_utf8(&bytes).expect("UTF-8");
                drop(roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            }
        }
    }
}
