//! What pages and feeds need beside them: a stylesheet, a script, and what the owner adds.

use std::borrow::Cow;

use crate::feed::STYLE;
use crate::site::Site;

/// The folder of what pages and feeds need.
pub const ASSETS: &str = "assets/";

/// A file that pages need, the same for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset<'a> {
    /// Where it goes, relative to the output folder, with `/`.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: Cow<'a, [u8]>,
}

/// The files that the pages and feeds of a site name in `assets/`: ours, which say so in their first line, and the owner's.
#[must_use]
pub fn assets(site: &Site) -> Vec<Asset<'_>> {
    let ours = |name: &str, content_type, text: &'static str| Asset {
        path: format!("{ASSETS}{name}"),
        content_type,
        bytes: Cow::Borrowed(text.as_bytes()),
    };
    let mut assets = Vec::new();
    if site.formats.pages {
        assets.push(ours("feedmill.css", "text/css", include_str!("feedmill.css")));
        assets.push(ours("feedmill.js", "text/javascript", include_str!("feedmill.js")));
    }
    if site.browser_style {
        let bytes = Cow::Borrowed(include_bytes!("feed.css").as_slice());
        assets.push(Asset { path: STYLE.to_owned(), content_type: "text/css", bytes });
    }
    // Feeds show the pictures too.
    let theme = site
        .theme
        .files()
        .filter(|file| site.formats.pages || Some(*file) != site.theme.css.as_ref())
        .map(|file| Asset { path: file.path(), content_type: file.content_type, bytes: Cow::Borrowed(&file.bytes) });
    assets.extend(theme);
    assets
}
