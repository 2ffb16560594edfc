//! Hosts: what serves the output folder, and what it has to be told of the files in it.

use std::path::PathBuf;

use crate::format::{Format, Formats};
use crate::link::Link;

/// A server or a service for which settings can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// nginx: a file to be included.
    Nginx,
    /// Apache httpd: an `.htaccess`.
    Apache,
    /// Caddy: a file to be imported.
    Caddy,
    /// Netlify: `_headers` and `_redirects`.
    Netlify,
    /// Cloudflare Pages, and Workers with static assets, which read the same files.
    CloudflarePages,
    /// GitHub Pages: nothing can be set but that files are served as they are.
    GithubPages,
}

impl Host {
    /// Every host.
    pub const ALL: [Self; 6] = [Self::Nginx, Self::Apache, Self::Caddy, Self::Netlify, Self::CloudflarePages, Self::GithubPages];

    /// Its name in the site file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Caddy => "caddy",
            Self::Netlify => "netlify",
            Self::CloudflarePages => "cloudflare-pages",
            Self::GithubPages => "github-pages",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
            Self::Netlify => "Netlify",
            Self::CloudflarePages => "Cloudflare Pages",
            Self::GithubPages => "GitHub Pages",
        }
    }

    /// Whether what it reads lies at the root of what is deployed and names files by their paths from there.
    #[must_use]
    pub fn reads_from_root(self) -> bool {
        matches!(self, Self::Netlify | Self::CloudflarePages)
    }

    /// Whether the path of the addresses stands in what is written for it.
    #[must_use]
    pub fn wants_paths(self) -> bool {
        self != Self::GithubPages
    }

    /// The `Content-Type` that a file of this media type is served with: the same, and that it is UTF-8.
    #[must_use]
    pub fn content_type(self, media_type: &str) -> String {
        in_utf8(if self == Self::CloudflarePages { widely_compressed(media_type) } else { media_type })
    }
}

/// What is compressed on its way by those that go by a list of types (Cloudflare, `CloudFront`): Atom and JSON Feed are not on it,
/// but are XML and JSON too, which every reader takes.
#[must_use]
pub fn widely_compressed(media_type: &str) -> &str {
    match Format::of_type(media_type) {
        Some(Format::Atom) => "application/xml",
        Some(Format::Json) => "application/json",
        _ => media_type,
    }
}

/// The media type, and of text that it is UTF-8.
#[must_use]
pub fn in_utf8(media_type: &str) -> String {
    let text = ["text/", "+xml", "/xml", "json", "javascript"].iter().any(|part| media_type.contains(part));
    if text && !media_type.contains(';') { format!("{media_type}; charset=utf-8") } else { media_type.to_owned() }
}

/// Every file that is written for a host, whichever it is: nobody fetches it.
pub const FILES: [&str; 6] = [".htaccess", "_headers", "_redirects", ".nojekyll", "feedmill.nginx.conf", "feedmill.caddy"];

/// Where a host finds the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The host.
    pub host: Host,
    /// The folder that is the root of what is deployed; the output lies in it, or is it.
    pub root: PathBuf,
    /// The path of the output below it: empty, or with a `/` at its end.
    pub below: String,
    /// Why nothing is written for the host after all: the command line put the output, or its address, elsewhere than the site
    /// file.
    pub elsewhere: Option<String>,
}

/// Everything that the settings for a host depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// The host.
    pub host: Host,
    /// The path of the address of the output: it begins and ends with `/`, and [is plain](is_plain).
    pub prefix: String,
    /// `Cache-Control` of every file.
    pub cache_control: String,
    /// Whether each file has a sibling that is compressed with gzip, `rss.xml.gz`.
    pub gzip: bool,
    /// Whether each file has a sibling that is compressed with Brotli, `rss.xml.br`.
    pub brotli: bool,
    /// Feeds that are at other addresses too: their paths relative to the output, and their media types. Paths are plain.
    pub copies: Vec<(String, String)>,
    /// What has moved: from where to where, as paths of files relative to the output. Paths are plain; an `index.html` stands for
    /// the address of its folder too.
    pub redirects: Vec<(String, String)>,
    /// Whether there is a folder `stories` in that of each topic, with feeds.
    pub stories: bool,
    /// How many files the output has.
    pub files: usize,
}

/// The path of the address of a folder, which ends with `/`.
#[must_use]
pub fn prefix(address: &Link) -> &str {
    let rest = address.as_str().split_once("://").map_or("", |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// Whether a path can stand in the settings of every host as it is, without a meaning of its own: letters, digits and `-._~`
/// between single slashes.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    !path.is_empty() && path.bytes().all(known) && !path.contains("//")
}

/// Whether a text can be the value of a header in the settings of every host as it is: words, numbers and `,=-_. ` on one line.
#[must_use]
pub fn is_value(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b",=-_. ".contains(&byte);
    !text.is_empty() && text.trim() == text && text.bytes().all(known)
}

/// Files of one name, or of one folder, and how they are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// What they have for a name in the settings.
    pub label: &'static str,
    /// The name of the files; for a folder, its name with `/`.
    pub name: String,
    /// Whether there is one in the folder of each topic too.
    pub in_topics: bool,
    /// Their media type, if it is the same for all.
    pub media_type: Option<&'static str>,
    /// Whether scripts of other sites may read them: a reader in a browser does.
    pub for_readers: bool,
}

/// Every kind of file of the output.
#[must_use]
pub fn served() -> Vec<Served> {
    let feed = |format: Format| Served {
        label: format.name(),
        name: format.file_name().to_owned(),
        in_topics: true,
        media_type: Some(format.content_type()),
        for_readers: true,
    };
    let one = |label, name: &str, media_type| Served {
        label,
        name: name.to_owned(),
        in_topics: false,
        media_type: Some(media_type),
        for_readers: true,
    };
    let mut served = Format::ALL.map(feed).to_vec();
    served.push(one("opml", Formats::OPML_FILE_NAME, Formats::OPML_CONTENT_TYPE));
    served.push(one("manifest", crate::manifest::FILE_NAME, "application/json"));
    served.push(Served {
        label: "pages",
        name: Formats::PAGE_FILE_NAME.to_owned(),
        in_topics: true,
        media_type: Some(Formats::PAGE_CONTENT_TYPE),
        for_readers: false,
    });
    served.push(Served { label: "assets", name: "assets/".to_owned(), in_topics: false, media_type: None, for_readers: false });
    served
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_exact_but_where_only_others_are_compressed() {
        for (media_type, exact, cloudflare) in [
            ("application/rss+xml", "application/rss+xml; charset=utf-8", "application/rss+xml; charset=utf-8"),
            ("application/atom+xml", "application/atom+xml; charset=utf-8", "application/xml; charset=utf-8"),
            ("application/feed+json", "application/feed+json; charset=utf-8", "application/json; charset=utf-8"),
            ("text/x-opml", "text/x-opml; charset=utf-8", "text/x-opml; charset=utf-8"),
            ("text/html; charset=utf-8", "text/html; charset=utf-8", "text/html; charset=utf-8"),
            ("image/png", "image/png", "image/png"),
        ] {
            assert_eq!(Host::CloudflarePages.content_type(media_type), cloudflare);
            for host in Host::ALL.into_iter().filter(|host| *host != Host::CloudflarePages) {
                assert_eq!(host.content_type(media_type), exact, "{host:?}");
            }
        }
    }

    #[test]
    fn the_path_of_an_address() {
        for (address, path) in
            [("https://example.org/", "/"), ("https://example.org:8080/a/b/", "/a/b/"), ("http://[::1]/~x/", "/~x/")]
        {
            assert_eq!(Link::parse(address).as_ref().map(prefix), Ok(path));
        }
    }

    #[test]
    fn what_would_mean_something_to_a_host_is_not_plain() {
        for path in ["/", "/feeds/", "/~me/a-b_c.d/", "old/rss.xml"] {
            assert!(is_plain(path), "{path}");
        }
        for path in
            ["", "//", "/a b/", "/a%20b/", "/*/", "/:a/", "/{a}/", "/$a/", "/a;/", "/a'/", "/a\"/", "/é/", "/a\\/", "/(a)/"]
        {
            assert!(!is_plain(path), "{path}");
        }
        for value in ["public", "public, max-age=1800, stale-if-error=86400", "x_y=1.5"] {
            assert!(is_value(value), "{value}");
        }
        for value in ["", " a", "a ", "a\n", "a\"", "a'", "a\\", "$a", "%t", "{a}", "a;b", "a#b", ":a", "é"] {
            assert!(!is_value(value), "{value}");
        }
    }
}
