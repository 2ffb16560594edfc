//! The addresses that answer otherwise after a run, for whoever keeps copies of them.

use std::collections::BTreeSet;

use crate::format::Formats;
use crate::host;
use crate::link::Link;
use crate::report::Changes;

/// How the compressed siblings of files end: they are served under the names of the files.
const COMPRESSED: [&str; 2] = [".gz", ".br"];

/// The addresses of the files that are written and taken away, one a line, sorted, each once. A page has the address of its
/// folder too.
#[must_use]
pub fn changed(changes: &Changes, base_url: &Link) -> String {
    let mut addresses = BTreeSet::new();
    for path in changes.written.union(&changes.removed).filter(|path| is_fetched(path)) {
        let whole = base_url.child(path);
        // What an earlier run or the owner called a file may want encoding.
        let whole = Link::parse(whole.as_str()).unwrap_or(whole);
        let folder = whole.as_str().strip_suffix(Formats::PAGE_FILE_NAME).filter(|folder| folder.ends_with('/'));
        addresses.extend(folder.map(str::to_owned));
        addresses.insert(whole.as_str().to_owned());
    }
    addresses.into_iter().fold(String::new(), |text, address| text + &address + "\n")
}

/// Whether a file of the output has an address that people or programs fetch.
fn is_fetched(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.starts_with("../") && !host::FILES.contains(&name) && !COMPRESSED.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_url() -> Link {
        Link::parse("https://example.org/feeds/").expect("an address")
    }

    fn changes(written: &[&str], removed: &[&str]) -> Changes {
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        Changes { written: set(written), removed: set(removed), unchanged: set(&["opml.xml"]), ..Changes::default() }
    }

    #[test]
    fn what_is_written_and_what_goes_has_an_address_once() {
        let changes = changes(&["rss.xml", "ai/index.html", "index.html", "both"], &["old/rss.xml", "old/index.html", "both"]);
        let expected = "https://example.org/feeds/
https://example.org/feeds/ai/
https://example.org/feeds/ai/index.html
https://example.org/feeds/both
https://example.org/feeds/index.html
https://example.org/feeds/old/
https://example.org/feeds/old/index.html
https://example.org/feeds/old/rss.xml
https://example.org/feeds/rss.xml
";
        assert_eq!(changed(&changes, &base_url()), expected);
        assert_eq!(changed(&Changes::default(), &base_url()), "");
    }

    #[test]
    fn what_nobody_fetches_is_left_out() {
        let all = [&host::FILES[..], &["../netlify.toml", "rss.xml.gz", "ai/index.html.br", "rss.xml"]].concat();
        let expected = "https://example.org/feeds/rss.xml\n";
        assert_eq!(changed(&changes(&all, &[]), &base_url()), expected);
        assert_eq!(changed(&changes(&[], &all), &base_url()), expected);
    }

    #[test]
    fn an_address_is_encoded() {
        let changes = changes(&["a b/é.xml", "myindex.html"], &[]);
        let expected = "https://example.org/feeds/a%20b/%C3%A9.xml\nhttps://example.org/feeds/myindex.html\n";
        assert_eq!(changed(&changes, &base_url()), expected);
    }
}
