//! Netlify and Cloudflare Pages: rules by path, in `_headers` and `_redirects`.
//!
//! Where several rules for headers match, both join the values with commas, so no two of ours match the same path. `:topic` is
//! one folder, in which `*` would be any number. `Vary`, `ETag` and compression are the host's own.

use std::fmt::Write;

use super::{copies, moved};
use crate::format::Formats;
use crate::host::{Host, Hosting, served};
use crate::topic::Slug;

pub(super) const HEADERS: &str = "_headers";
pub(super) const REDIRECTS: &str = "_redirects";

/// The headers of every file, by path.
pub(super) fn headers(hosting: &Hosting) -> String {
    let prefix = &hosting.prefix;
    let mut text = String::new();
    for kind in served() {
        let name = &kind.name;
        let paths = match (kind.in_topics, name.as_str()) {
            // To Netlify a path is the same with and without a last slash, and `:topic/` would be `rss.xml` too. Its pages are
            // asked for again each time anyway, and its copies renewed with each deploy.
            (_, Formats::PAGE_FILE_NAME) if hosting.host == Host::Netlify => continue,
            (_, Formats::PAGE_FILE_NAME) => vec![prefix.clone(), format!("{prefix}:topic/")],
            (true, _) => {
                let mut paths = vec![format!("{prefix}{name}"), format!("{prefix}:topic/{name}")];
                paths.extend(hosting.stories.then(|| format!("{prefix}:topic/{}/{name}", Slug::STORIES)));
                paths
            }
            (false, folder) if folder.ends_with('/') => vec![format!("{prefix}{name}*")],
            (false, _) => vec![format!("{prefix}{name}")],
        };
        for path in paths {
            // A page has its type from the host.
            let media_type = kind.media_type.filter(|_| kind.for_readers);
            rule(&mut text, hosting, &path, media_type, kind.for_readers);
        }
    }
    for (path, media_type) in copies(hosting) {
        // A copy that bears the name of a feed has its rule.
        let named = |name: &str| path == name || path.split_once('/').is_some_and(|(_, file)| file == name);
        if served().iter().any(|kind| kind.in_topics && named(&kind.name)) {
            continue;
        }
        rule(&mut text, hosting, &format!("{prefix}{path}"), Some(media_type), true);
    }
    text
}

fn rule(text: &mut String, hosting: &Hosting, path: &str, media_type: Option<&str>, for_readers: bool) {
    let _ = writeln!(text, "{path}");
    let mut header = |name: &str, value: &str| {
        // What a wider rule above has said is taken back first, where there is a way to.
        if hosting.host == Host::CloudflarePages {
            let _ = writeln!(text, "  ! {name}");
        }
        let _ = writeln!(text, "  {name}: {value}");
    };
    if let Some(media_type) = media_type {
        header("Content-Type", &hosting.host.content_type(media_type));
    }
    header("Cache-Control", &hosting.cache_control);
    if for_readers {
        header("Access-Control-Allow-Origin", "*");
    }
}

/// What has moved. Netlify serves a file that is still there unless it is told not to; Cloudflare never does.
pub(super) fn redirects(hosting: &Hosting) -> String {
    let status = if hosting.host == Host::Netlify { "301!" } else { "301" };
    let moved = moved(hosting).into_iter();
    // The two addresses of a folder are one to Netlify.
    let moved = moved.filter(|moved| hosting.host != Host::Netlify || !moved.to.ends_with('/') || names_more(&moved.from));
    moved.fold(String::new(), |mut text, moved| {
        let _ = writeln!(text, "{} {} {status}", moved.from, moved.to);
        text
    })
}

/// Whether a path is that of a file, or ends with a slash.
fn names_more(path: &str) -> bool {
    path.ends_with('/') || path.ends_with(Formats::PAGE_FILE_NAME)
}

/// Something of which a host takes so many, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it is.
    pub what: &'static str,
    /// How many there are.
    pub count: usize,
    /// How many the host takes.
    pub most: usize,
    /// What to do.
    pub help: &'static str,
}

/// What is near a limit of the host, or over it: from nine tenths of it on. `file` is a whole file for the host, with what others
/// wrote in it; without a name it is about the output as a whole.
#[must_use]
pub fn limits(hosting: &Hosting, name: &str, file: &[u8]) -> Vec<Limit> {
    let text = String::from_utf8_lossy(file);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let limit = |what, count, most, help| Limit { what, count, most, help };
    let counted = match (hosting.host, name) {
        (Host::CloudflarePages, "") => {
            vec![limit("files", hosting.files, 20_000, "paid plans take 100,000; fewer `formats` make fewer files")]
        }
        (Host::CloudflarePages, HEADERS) => {
            let is_path = |line: &&str| {
                let scheme = line.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(char::is_whitespace));
                line.starts_with('/') || scheme
            };
            let rules = lines.filter(is_path).count();
            vec![limit("rules", rules, 100, "those below the hundredth do nothing; let one rule stand for many paths")]
        }
        (Host::CloudflarePages, REDIRECTS) => {
            let rules: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
            let dynamic = |from: &&str| from.contains('*') || from.split("/:").count() > 1;
            // Whatever stands below the first with a wildcard counts as one.
            let fixed = rules.iter().position(dynamic).unwrap_or(rules.len());
            let help = "those beyond do nothing; Bulk Redirects take more";
            vec![
                limit("redirects", fixed, 2000, help),
                limit("redirects with wildcards, or below one with a wildcard,", rules.len() - fixed, 100, help),
            ]
        }
        (Host::Netlify, REDIRECTS) => {
            vec![limit("redirects", lines.count(), 10_000, "a deploy with more may fail; let one with a wildcard stand for many")]
        }
        _ => Vec::new(),
    };
    counted.into_iter().filter(|limit| limit.count * 10 >= limit.most * 9).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::hosting;
    use super::*;

    /// Of two rules that match, both would be heard at once.
    #[test]
    fn a_copy_that_is_called_like_a_feed_has_its_rule() {
        let copies =
            ["old/rss.xml", "old/feed.xml", "very/old/rss.xml"].map(|path| (path.to_owned(), "application/rss+xml".to_owned()));
        let text = headers(&Hosting { copies: copies.to_vec(), ..hosting(Host::Netlify, "/") });
        let rules: Vec<&str> = text.lines().filter(|line| line.contains("old/")).collect();
        assert_eq!(rules, ["/old/feed.xml", "/very/old/rss.xml"]);
        assert!(text.contains("/:topic/rss.xml\n"));
    }

    #[test]
    fn a_limit_is_told_from_nine_tenths_of_it_on() {
        let told = |host: Host, name: &str, file: &str, files: usize| -> Vec<(&str, usize)> {
            let hosting = Hosting { files, ..hosting(host, "/") };
            limits(&hosting, name, file.as_bytes()).into_iter().map(|limit| (limit.what, limit.count)).collect()
        };
        let cloudflare = Host::CloudflarePages;
        assert_eq!(told(cloudflare, "", "", 17_999), []);
        assert_eq!(told(cloudflare, "", "", 18_000), [("files", 18_000)]);
        assert_eq!(told(Host::Netlify, "", "", 18_000), []);

        let rules = |count| "/a\n  X: http://b\n# /c\n\n".repeat(count);
        assert_eq!(told(cloudflare, HEADERS, &rules(89), 0), []);
        assert_eq!(told(cloudflare, HEADERS, &rules(90), 0), [("rules", 90)]);
        assert_eq!(told(Host::Netlify, HEADERS, &rules(90), 0), []);

        let fixed = "/a /b 301\n".repeat(1799);
        assert_eq!(told(cloudflare, REDIRECTS, &fixed, 0), []);
        assert_eq!(told(cloudflare, REDIRECTS, &format!("{fixed}# x\n/a /b\n"), 0), [("redirects", 1800)]);
        let dynamic = "redirects with wildcards, or below one with a wildcard,";
        assert_eq!(told(cloudflare, REDIRECTS, &format!("/x/* /y\n{}", "/a /b\n".repeat(89)), 0), [(dynamic, 90)]);
        assert_eq!(told(cloudflare, REDIRECTS, &format!("/x/:z /y\n{}", "/a /b\n".repeat(89)), 0), [(dynamic, 90)]);
        assert_eq!(told(cloudflare, REDIRECTS, &format!("/x/:z /y\n{}", "/a /b\n".repeat(88)), 0), []);
        assert_eq!(told(Host::Netlify, REDIRECTS, &"/a /b\n".repeat(8999), 0), []);
        assert_eq!(told(Host::Netlify, REDIRECTS, &"/a/* /b\n".repeat(9000), 0), [("redirects", 9000)]);
    }
}
