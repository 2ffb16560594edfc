//! What a host reads beside the feeds: their types, how long they serve, who may read them, and what has moved.
//!
//! A server's file is wholly ours. What others write in too (`_headers`, `_redirects`, `.htaccess`) is theirs but for
//! [a block](merge) that is marked.

use std::collections::BTreeSet;

use crate::host::{Host, Hosting, served};

mod apache;
mod block;
mod caddy;
mod nginx;
mod rules;

pub use block::{Broken, merge};
pub use rules::{Limit, limits};

/// A file for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFile {
    /// Its name.
    pub name: &'static str,
    /// Whether it lies at the root of what is deployed, and not in the output.
    pub at_root: bool,
    /// How much of it is ours.
    pub share: Share,
    /// What is ours: lines, each with its end.
    pub text: String,
}

/// How much of a file is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of it.
    Whole,
    /// A block, which is put before everything else: what comes first is what holds.
    First,
    /// A block, which is put behind everything else: what comes last is what holds.
    Last,
    /// Nothing, if it is there already: what it holds has no meaning.
    Presence,
}

/// The first line of a file that is wholly ours, by which a later run knows it; it says how the file is used.
const MARK: &str = "# feedmill: ";

/// What only has to be there says why it is.
const PRESENCE: &str = "# feedmill: GitHub Pages serves these files as they are.\n";

/// What is left of a file for a host that is no longer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// What others wrote in it.
    Theirs(Vec<u8>),
    /// Nothing: all of it was ours.
    Nothing,
    /// All of it: a server has been told to read it, and does not start without it.
    Wanted,
}

/// What is left of the file of this name, if something in it is ours.
pub fn rest(name: &str, file: &[u8]) -> Result<Option<Rest>, Broken> {
    let share = Host::ALL.into_iter().flat_map(names).find(|(known, ..)| *known == name).map(|(.., share)| share);
    let rest = match share {
        Some(Share::Whole) => file.starts_with(MARK.as_bytes()).then_some(Rest::Wanted),
        Some(Share::Presence) => (file == PRESENCE.as_bytes()).then_some(Rest::Nothing),
        Some(share) => block::cut(file, share)?.map(|rest| if rest.is_empty() { Rest::Nothing } else { Rest::Theirs(rest) }),
        None => None,
    };
    Ok(rest)
}

/// Every file for a host. One without text has a block only if it had one before.
#[must_use]
pub fn files(hosting: &Hosting) -> Vec<HostFile> {
    let at_root = |name, share, text| HostFile { name, at_root: true, share, text };
    let in_output = |name, share, text| HostFile { name, at_root: false, share, text };
    match hosting.host {
        Host::Nginx => vec![in_output(nginx::NAME, Share::Whole, nginx::text(hosting))],
        Host::Apache => vec![in_output(apache::NAME, Share::Last, apache::text(hosting))],
        Host::Caddy => vec![in_output(caddy::NAME, Share::Whole, caddy::text(hosting))],
        Host::Netlify | Host::CloudflarePages => vec![
            at_root(rules::HEADERS, Share::Last, rules::headers(hosting)),
            at_root(rules::REDIRECTS, Share::First, rules::redirects(hosting)),
        ],
        Host::GithubPages => vec![at_root(".nojekyll", Share::Presence, PRESENCE.to_owned())],
    }
}

/// The files of a host by name, and whether each lies at the root of what is deployed. They do not depend on anything else.
#[must_use]
pub fn names(host: Host) -> Vec<(&'static str, bool, Share)> {
    let hosting = Hosting {
        host,
        prefix: "/".to_owned(),
        cache_control: String::new(),
        gzip: false,
        brotli: false,
        copies: Vec::new(),
        redirects: Vec::new(),
        stories: false,
        files: 0,
    };
    files(&hosting).into_iter().map(|file| (file.name, file.at_root, file.share)).collect()
}

/// One address that has moved, and where to, as paths from the root of the host.
struct Moved {
    from: String,
    to: String,
}

/// The copies of feeds: a path once, and none of a file that has a rule of its own.
fn copies(hosting: &Hosting) -> impl Iterator<Item = (&str, &str)> {
    let served = served();
    let known: Vec<String> = served.into_iter().filter(|kind| !kind.in_topics).map(|kind| kind.name).collect();
    let copies = hosting.copies.iter().map(|(path, media_type)| (path.as_str(), media_type.as_str()));
    let mut seen = BTreeSet::new();
    copies.filter(move |(path, _)| !known.iter().any(|known| known == path) && seen.insert(*path))
}

/// Every address that has moved, once, and none that is that of a copy: of two rules for an address, some servers take neither.
/// A page has the address of its folder, with and without the last slash, and that of the file.
fn moved(hosting: &Hosting) -> Vec<Moved> {
    let prefix = &hosting.prefix;
    let mut taken: BTreeSet<String> = copies(hosting).map(|(path, _)| format!("{prefix}{path}")).collect();
    let mut moved = Vec::new();
    for (from, to) in &hosting.redirects {
        let to = format!("{prefix}{}", folder(to).unwrap_or(to));
        let froms = match folder(from) {
            // That of the output itself is not somewhere else without its slash.
            Some("") => vec![prefix.clone(), format!("{prefix}{from}")],
            Some(folder) => {
                vec![format!("{prefix}{folder}"), format!("{prefix}{}", folder.trim_end_matches('/')), format!("{prefix}{from}")]
            }
            None => vec![format!("{prefix}{from}")],
        };
        let froms = froms.into_iter().filter(|from| *from != to && taken.insert(from.clone()));
        moved.extend(froms.map(|from| Moved { from, to: to.clone() }));
    }
    moved
}

/// The folder of which this file is the page.
fn folder(path: &str) -> Option<&str> {
    path.strip_suffix(crate::format::Formats::PAGE_FILE_NAME).filter(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// A plain path as it stands in a regular expression.
fn escaped(path: &str) -> String {
    path.replace('.', "\\.")
}

/// The folder of a feed in a regular expression: a slug, perhaps with `stories` in it.
fn topic(hosting: &Hosting) -> &'static str {
    if hosting.stories { "[a-z0-9-]+/(?:stories/)?" } else { "[a-z0-9-]+/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn hosting(host: Host, prefix: &str) -> Hosting {
        Hosting {
            host,
            prefix: prefix.to_owned(),
            cache_control: "public, max-age=60".to_owned(),
            gzip: false,
            brotli: false,
            copies: vec![("old/feed.xml".to_owned(), "application/atom+xml".to_owned())],
            stories: false,
            redirects: vec![
                ("was/rss.xml".to_owned(), "is/rss.xml".to_owned()),
                ("was/index.html".to_owned(), "is/index.html".to_owned()),
            ],
            files: 10,
        }
    }

    #[test]
    fn a_page_moves_with_all_its_addresses() {
        let said = |redirects: &[(&str, &str)]| {
            let redirects = redirects.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
            let hosting = Hosting { redirects, ..hosting(Host::Nginx, "/feeds/") };
            moved(&hosting).into_iter().map(|moved| format!("{} {}", moved.from, moved.to)).collect::<Vec<_>>()
        };
        assert_eq!(said(&[("a/rss.xml", "b/rss.xml")]), ["/feeds/a/rss.xml /feeds/b/rss.xml"]);
        assert_eq!(
            said(&[("a/index.html", "b/index.html")]),
            ["/feeds/a/ /feeds/b/", "/feeds/a /feeds/b/", "/feeds/a/index.html /feeds/b/"]
        );
        // Once, and not where a copy is.
        assert_eq!(said(&[("a/rss.xml", "b/rss.xml"), ("a/rss.xml", "c/rss.xml"), ("old/feed.xml", "x")]).len(), 1);
        // Not to itself.
        assert_eq!(said(&[("a/index.html", "index.html"), ("index.html", "index.html")])[3..], ["/feeds/index.html /feeds/"]);
        assert_eq!(said(&[("myindex.html", "b/rss.xml")]), ["/feeds/myindex.html /feeds/b/rss.xml"]);
    }

    /// What is written for any host is known by name, and what is left without it is what others wrote.
    #[test]
    fn what_is_ours_is_known_again_when_the_host_is_another() {
        for host in Host::ALL {
            for file in files(&hosting(host, "/feeds/")) {
                assert!(crate::host::FILES.contains(&file.name), "{}", file.name);
                let written = match file.share {
                    Share::First | Share::Last => merge(None, &file.text, file.share).expect("in order").expect("a block"),
                    _ => file.text.into_bytes(),
                };
                let expected = if file.share == Share::Whole { Rest::Wanted } else { Rest::Nothing };
                assert_eq!(rest(file.name, &written), Ok(Some(expected)), "{}", file.name);
                assert_eq!(rest(file.name, b"theirs\n"), Ok(None), "{}", file.name);
            }
        }
        assert_eq!(rest("rss.xml", b""), Ok(None));
    }

    #[test]
    fn what_is_wholly_ours_is_known_again() {
        for host in Host::ALL {
            for file in files(&hosting(host, "/feeds/")).into_iter().filter(|file| file.share == Share::Whole) {
                assert!(crate::format::is_marked(&file.text), "{}", file.name);
            }
        }
    }
}
