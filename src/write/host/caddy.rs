//! Caddy: directives to be imported in a site block.
//!
//! Headers are set for files that exist only: that a feed is not there yet must not be remembered for as long as one that is.

use std::fmt::Write;

use super::{MARK, copies, moved};
use crate::format::Formats;
use crate::host::{Host, Hosting, served};
use crate::topic::Slug;

pub(super) const NAME: &str = "feedmill.caddy";

pub(super) fn text(hosting: &Hosting) -> String {
    let prefix = &hosting.prefix;
    let mut text = format!(
        "{MARK}how Caddy serves these feeds. Each run writes this file; do not edit it.\n\
         #\n\
         # Import it in the site block whose `root` has this folder at {prefix}, beside its `file_server`:\n\
         #     import /path/to/this/folder/{NAME}\n\
         \n\
         @feedmill_own path {prefix}{NAME}\n\
         error @feedmill_own 404\n"
    );
    let mut all = String::new();
    let mut types: Vec<&str> = Vec::new();
    for kind in served() {
        let name = &kind.name;
        let paths = match (kind.in_topics, name.as_str()) {
            (_, Formats::PAGE_FILE_NAME) => format!("{prefix} {prefix}*/"),
            (true, _) if hosting.stories => format!("{prefix}{name} {prefix}*/{name} {prefix}*/{}/{name}", Slug::STORIES),
            (true, _) => format!("{prefix}{name} {prefix}*/{name}"),
            (false, folder) if folder.ends_with('/') => format!("{prefix}{name}*"),
            (false, _) => format!("{prefix}{name}"),
        };
        headers(&mut text, hosting, kind.label, &paths, kind.media_type, kind.for_readers);
        let _ = write!(all, " {paths}");
        types.extend(kind.media_type.and_then(|media_type| media_type.split(';').next()));
    }
    for (number, (path, media_type)) in (1..).zip(copies(hosting)) {
        let path = format!("{prefix}{path}");
        headers(&mut text, hosting, &format!("copy_{number}"), &path, Some(media_type), true);
        let _ = write!(all, " {path}");
    }
    let _ = write!(text, "\n@feedmill path{all}\nencode @feedmill {{\n\tgzip\n\tmatch {{\n");
    types.extend(["text/css", "text/javascript", "application/javascript", "image/svg+xml"]);
    for media_type in types {
        let _ = writeln!(text, "\t\theader Content-Type {media_type}*");
    }
    text.push_str("\t}\n}\n");
    if hosting.gzip || hosting.brotli {
        let brotli = if hosting.brotli { " br" } else { "" };
        let gzip = if hosting.gzip { " gzip" } else { "" };
        let _ = write!(text, "file_server @feedmill {{\n\tprecompressed{brotli}{gzip}\n}}\n");
    }
    let moved = moved(hosting);
    if !moved.is_empty() {
        text.push('\n');
    }
    for moved in moved {
        let _ = writeln!(text, "redir {} {} 301", moved.from, moved.to);
    }
    text
}

fn headers(text: &mut String, hosting: &Hosting, label: &str, paths: &str, media_type: Option<&str>, for_readers: bool) {
    // The address of a page is that of its folder.
    let file = if paths.ends_with('/') { "file {path}index.html" } else { "file" };
    let _ = write!(text, "\n@feedmill_{label} {{\n\tpath {paths}\n\t{file}\n}}\nheader @feedmill_{label} {{\n");
    if let Some(media_type) = media_type {
        let _ = writeln!(text, "\tContent-Type \"{}\"", Host::Caddy.content_type(media_type));
    }
    let _ = writeln!(text, "\tCache-Control \"{}\"", hosting.cache_control);
    if for_readers {
        text.push_str("\tAccess-Control-Allow-Origin *\n");
    }
    text.push_str("\t?Vary Accept-Encoding\n}\n");
}
