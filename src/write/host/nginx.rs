//! nginx: locations to be included in a server block.
//!
//! Each location says all that its files need: what the server block adds with `add_header` does not hold where a location adds
//! any. The charset is set apart from the type, since `gzip_types` knows types without one.

use std::fmt::Write;

use super::{MARK, copies, escaped, moved, topic};
use crate::format::Formats;
use crate::host::{Hosting, Served, served};

pub(super) const NAME: &str = "feedmill.nginx.conf";

pub(super) fn text(hosting: &Hosting) -> String {
    let prefix = &hosting.prefix;
    let mut text = format!(
        "{MARK}how nginx serves these feeds. Each run writes this file; do not edit it.\n\
         #\n\
         # Include it in the server block whose `root` has this folder at {prefix}, above your own locations with\n\
         # regular expressions:\n\
         #     include /path/to/this/folder/{NAME};\n\
         # What the server block sets with `add_header` does not hold in these locations.\n\
         \n\
         location = {prefix}{NAME} {{\n    return 404;\n}}\n"
    );
    for kind in served() {
        let (name, prefix) = (escaped(&kind.name), escaped(prefix));
        let topic = topic(hosting);
        let pattern = match (kind.in_topics, kind.name.as_str()) {
            (_, Formats::PAGE_FILE_NAME) => format!("~ ^{prefix}(?:{topic})?(?:{name})?$"),
            (true, _) => format!("~ ^{prefix}(?:{topic})?{name}$"),
            (false, folder) if folder.ends_with('/') => format!("~ ^{prefix}{name}"),
            (false, _) => format!("= {}{}", hosting.prefix, kind.name),
        };
        location(&mut text, hosting, &pattern, kind.media_type, &kind);
    }
    let feed = Served { label: "copy", name: String::new(), in_topics: false, media_type: None, for_readers: true };
    for (path, media_type) in copies(hosting) {
        location(&mut text, hosting, &format!("= {prefix}{path}"), Some(media_type), &feed);
    }
    for moved in moved(hosting) {
        // Without a scheme, which only what stands before nginx may know.
        let _ = write!(text, "\nlocation = {} {{\n    absolute_redirect off;\n    return 301 {};\n}}\n", moved.from, moved.to);
    }
    text
}

fn location(text: &mut String, hosting: &Hosting, pattern: &str, media_type: Option<&str>, kind: &Served) {
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    line("");
    line(&format!("location {pattern} {{"));
    if kind.name == Formats::PAGE_FILE_NAME {
        line("    index index.html;");
    }
    // nginx knows text/html by itself in every list of types, and warns of those that name it again.
    let bare = media_type.map(|media_type| media_type.split(';').next().unwrap_or(media_type));
    let listed = bare.filter(|media_type| *media_type != "text/html");
    if let Some(media_type) = bare {
        line("    types { }");
        line(&format!("    default_type {media_type};"));
        line("    charset utf-8;");
    }
    if let Some(media_type) = listed {
        line(&format!("    charset_types {media_type};"));
    }
    line(&format!("    add_header Cache-Control \"{}\";", hosting.cache_control));
    if kind.for_readers {
        line("    add_header Access-Control-Allow-Origin \"*\";");
    }
    line("    gzip on;");
    if let Some(media_type) = listed {
        line(&format!("    gzip_types {media_type};"));
    } else if bare.is_none() {
        line("    gzip_types text/css text/javascript application/javascript image/svg+xml;");
    }
    line("    gzip_proxied any;");
    line("    gzip_vary on;");
    if hosting.gzip {
        line("    gzip_static on;");
    }
    if hosting.brotli {
        line("    # With the module ngx_brotli: brotli_static on;");
    }
    line("}");
}
