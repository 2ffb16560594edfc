//! Telling a `WebSub` hub (w3.org/TR/websub) which feeds have changed, so that it fetches them and hands them to subscribers.
//!
//! Each document of a feed, `rss.xml`, `atom.xml` and `feed.json`, is a topic of its own: what it names as `self` is its address,
//! and what it names as `hub` is who distributes it ("4. Discovery"). How a publisher tells a hub is left to the two of them
//! ("6. Publishing"); hubs take what `PubSubHubbub` 0.3 had in its section 7.1, one POST of `hub.mode=publish` and `hub.url`, and
//! that is a ping.
//!
//! The hub's address comes from the owner, and a ping goes nowhere else: by https, through no proxy, without following redirects,
//! and to no address of a private network, which the owner's machine may reach and outsiders may not. A hub by http, on this
//! machine alone, is for trying things out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Diagnostic, Severity, shown};
use crate::format::Format;
use crate::link::Link;
use crate::manifest::Manifest;
use crate::report::Ping;
use crate::site::Site;
use crate::topic::Slug;

#[cfg(feature = "hub")]
mod address;
#[cfg(feature = "hub")]
mod call;

/// Whether this build can tell hubs: it was made with the feature `hub`.
pub const BUILT: bool = cfg!(feature = "hub");

/// Which documents the hub is to be told of, sorted, each once: the addresses among `changed` that are feed documents of the site
/// by their own word.
///
/// `changed` is what [`crate::report::addresses::changed`] gives, one address a line. A document lies in the folder of its feed and
/// has the name of its format; a copy at an old address says that it is to be found there, and is no topic. Without a manifest the
/// names decide.
#[must_use]
pub fn topics(changed: &str, site: &Site, published: Option<&Manifest>) -> Vec<Link> {
    let documents = published.map(|published| documents(site, published));
    let is_document = |address: &Link| match &documents {
        Some(documents) => documents.contains(address),
        None => address.as_str().strip_prefix(site.base_url.as_str()).is_some_and(|path| is_named_so(path, site)),
    };
    let topics: BTreeSet<Link> = addresses(changed).filter(is_document).collect();
    topics.into_iter().collect()
}

/// That a list of addresses is one of another place, since none of them begins like the site's; `file` is where it was read.
#[must_use]
pub fn of_another_place(changed: &str, site: &Site, file: &str) -> Option<Diagnostic> {
    let mut addresses = addresses(changed).peekable();
    addresses.peek()?;
    if addresses.any(|address| address.as_str().starts_with(site.base_url.as_str())) {
        return None;
    }
    let message = format!("no address here begins with {}", site.base_url);
    let help = "is this the list of `feedmill build --changed`, and `base_url` the same as it was then?";
    Some(Diagnostic::of_file(Severity::Warning, file, message, help))
}

/// The addresses of a list, as they would be in a document. What is none is no feed of ours.
fn addresses(changed: &str) -> impl Iterator<Item = Link> {
    changed.lines().filter_map(|line| Link::parse(line.trim()).ok())
}

/// Where the documents are that are published.
fn documents(site: &Site, published: &Manifest) -> BTreeSet<Link> {
    let mut documents = BTreeSet::new();
    for (key, feed) in &published.feeds {
        for format in Format::ALL {
            let path = format.path(feed.slug.as_ref());
            if published.files.get(&path).is_some_and(|file| file.feed.as_ref() == Some(key)) {
                documents.insert(site.base_url.child(&path));
            }
        }
    }
    documents
}

/// Whether a path in the output folder is that of a feed document by its name, and of no copy that the site file tells of.
fn is_named_so(path: &str, site: &Site) -> bool {
    let (slug, name) = match path.rsplit_once('/') {
        None => (None, path),
        Some((folder, name)) => match Slug::parse_folder(folder) {
            Ok(slug) => (Some(slug), name),
            Err(_) => return false,
        },
    };
    let mut also = site.every_rules().flat_map(|rules| &rules.also);
    let mut former = site.topics.values().flat_map(|topic| &topic.former);
    Format::ALL.iter().any(|format| format.file_name() == name)
        && !also.any(|also| also.path == path)
        && !former.any(|former| Some(former) == slug.as_ref())
}

/// Tells the hub of each address, in the order in which they are given, and says what came of each.
///
/// One POST for each; any status from 200 to 299 is success. A hub that asks for patience for up to ten seconds (429 or 503 with
/// `Retry-After`) is asked once more. A call takes ten seconds at most, and after two without an answer, or that met a busy hub,
/// the rest is not tried.
#[must_use]
#[cfg(feature = "hub")]
pub fn ping(hub: &Link, topics: &[Link]) -> Vec<Ping> {
    call::ping(hub, topics)
}

/// Says that this build cannot tell the hub of any address: it was made without the feature `hub`.
#[must_use]
#[cfg(not(feature = "hub"))]
pub fn ping(_hub: &Link, topics: &[Link]) -> Vec<Ping> {
    let failure = crate::report::Failure { message: NOT_BUILT.to_owned(), help: BUILD_IT };
    topics.iter().map(|topic| Ping { topic: topic.clone(), status: None, failure: Some(failure.clone()) }).collect()
}

/// What is wrong where [`BUILT`] is not so.
pub const NOT_BUILT: &str = "this build of feedmill cannot tell hubs: it was made without the feature `hub`";
/// What to do about it.
pub const BUILD_IT: &str = "build it with `--features hub`, or without `--no-default-features`";

/// What a hub was not told of, a warning for each reason; `file` is the site file, where the hub stands.
#[must_use]
pub fn findings(hub: &Link, pings: &[Ping], file: &Path) -> Vec<Diagnostic> {
    let mut reasons: Vec<(&Ping, usize)> = Vec::new();
    for ping in pings.iter().filter(|ping| ping.failure.is_some()) {
        match reasons.iter_mut().find(|(first, _)| first.failure == ping.failure) {
            Some((_, count)) => *count += 1,
            None => reasons.push((ping, 1)),
        }
    }
    let finding = |(first, count): (&Ping, usize)| {
        let failure = first.failure.as_ref()?;
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!("the hub {} was not told of {}{more}: {}", hub.authority(), first.topic, failure.message);
        Some(Diagnostic::of_file(Severity::Warning, &shown(file), message, failure.help))
    };
    reasons.into_iter().filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Feed, File};
    use crate::report::Failure;
    use crate::site::Overrides;
    use crate::topic::TopicKey;

    fn link(text: &str) -> Link {
        Link::parse(text).expect("an address")
    }

    fn site(more: &str) -> Site {
        let text = format!("base_url: https://example.org/feeds\n{more}");
        Site::parse(Path::new("feedmill.yaml"), &text, &Overrides::default()).expect("a site file")
    }

    /// A manifest of files, each with the key of the feed that it is of, and of feeds, each in the folder that is its key.
    fn manifest(files: &[(&str, &str)], feeds: &[&str]) -> Manifest {
        let file = |key: &str| File { feed: Some(TopicKey::of(key)), ..File::default() };
        let feed = |key: &str| Feed { slug: Slug::parse(key).ok(), ..Feed::default() };
        Manifest {
            files: files.iter().map(|(path, key)| ((*path).to_owned(), file(key))).collect(),
            feeds: feeds.iter().map(|key| (TopicKey::of(key), feed(key))).collect(),
            ..Manifest::default()
        }
    }

    fn told(changed: &str, site: &Site, published: Option<&Manifest>) -> Vec<String> {
        topics(changed, site, published).iter().map(|topic| topic.as_str().replace("https://example.org/feeds/", "")).collect()
    }

    const CHANGED: &str = "
https://example.org/feeds/ai/rss.xml
https://example.org/feeds/ai/atom.xml\r
  https://example.org/feeds/ai/atom.xml

https://example.org/feeds/ai/
https://example.org/feeds/ai/index.html
https://example.org/feeds/ai/deep/rss.xml
https://example.org/feeds/old/atom.xml
https://example.org/feeds/ml/atom.xml
https://example.org/feeds/gone/atom.xml
https://example.org/feeds/A I/atom.xml
https://example.org/feeds/feeds.opml
https://example.org/feeds/feed.json
https://example.org/atom.xml
https://other.example/feeds/rss.xml
http://example.org/feeds/rss.xml
no address
";

    #[test]
    fn what_the_manifest_has_as_a_feed_of_its_own_is_told() {
        // `old` is a copy at an old address, and `ml` a folder that the topic had.
        let files =
            [("ai/rss.xml", "ai"), ("ai/atom.xml", "ai"), ("old/atom.xml", "ai"), ("ml/atom.xml", "ai"), ("feed.json", "")];
        let published = manifest(&files, &["", "ai"]);
        assert_eq!(told(CHANGED, &site(""), Some(&published)), ["ai/atom.xml", "ai/rss.xml", "feed.json"]);
        // A file that has taken the place of a feed is none.
        let published = manifest(&[("ai/rss.xml", "ml"), ("feed.json", "ai")], &["", "ai"]);
        assert!(told(CHANGED, &site(""), Some(&published)).is_empty());
        assert!(told(CHANGED, &site(""), Some(&Manifest::default())).is_empty());
    }

    #[test]
    fn without_a_manifest_the_names_tell() {
        let every = ["ai/atom.xml", "ai/rss.xml", "feed.json", "gone/atom.xml", "ml/atom.xml", "old/atom.xml"];
        assert_eq!(told(CHANGED, &site(""), None), every);
        let known = site("also: [old/atom.xml]\ntopics: {AI: {former: [ml], also: [gone/atom.xml]}}\n");
        assert_eq!(told(CHANGED, &known, None), ["ai/atom.xml", "ai/rss.xml", "feed.json"]);
    }

    #[test]
    fn a_list_of_another_place_is_told() {
        let site = site("");
        let found = of_another_place("https://example.com/feeds/rss.xml\n", &site, "c.txt").expect("a finding");
        assert_eq!(found.message, "no address here begins with https://example.org/feeds/");
        assert_eq!((found.severity, found.path.as_str()), (Severity::Warning, "c.txt"));
        assert_eq!(of_another_place(CHANGED, &site, ""), None);
        assert_eq!(of_another_place("\n\n", &site, ""), None);
    }

    #[test]
    fn a_reason_is_said_once() {
        let ping = |name: &str, message: Option<&str>| Ping {
            topic: link(&format!("https://example.org/{name}")),
            status: None,
            failure: message.map(|message| Failure { message: message.to_owned(), help: "wait" }),
        };
        let pings =
            [ping("a", Some("no")), ping("b", None), ping("c", Some("never")), ping("d", Some("no")), ping("e", Some("no"))];
        let found = findings(&link("http://127.0.0.1:8080/push"), &pings, Path::new("news/feedmill.yaml"));
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "news/feedmill.yaml: warning: the hub 127.0.0.1:8080 was not told of https://example.org/a and 2 more: no\n  help: wait",
                "news/feedmill.yaml: warning: the hub 127.0.0.1:8080 was not told of https://example.org/c: never\n  help: wait",
            ]
        );
    }
}
