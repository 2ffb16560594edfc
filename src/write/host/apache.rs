//! Apache httpd: a block of the `.htaccess` in the output.
//!
//! It wants `AllowOverride FileInfo`, and whatever needs a module is left out where the module is missing.

use std::fmt::Write;

use super::{TOPIC, escaped, moved};
use crate::host::{Host, Hosting, served};

pub(super) const NAME: &str = ".htaccess";

pub(super) fn text(hosting: &Hosting) -> String {
    let prefix = &hosting.prefix;
    let mut text = String::from("# `AllowOverride FileInfo` makes httpd read this.\n");
    for kind in served() {
        let section = match kind.media_type {
            Some(_) => (format!("<Files \"{}\">", kind.name), "</Files>"),
            None => (format!("<If \"%{{REQUEST_URI}} =~ m#^{}{}#\">", escaped(prefix), kind.name), "</If>"),
        };
        files(&mut text, hosting, &section, kind.media_type, kind.for_readers);
    }
    for (path, media_type) in &hosting.copies {
        let section = (format!("<If \"%{{REQUEST_URI}} == '{prefix}{path}'\">"), "</If>");
        files(&mut text, hosting, &section, Some(media_type), true);
    }
    text.push_str(
        "# A compressed answer has an ETag of its own, which the file does not: asked for again, it is known without its ending.\n\
         <IfModule mod_headers.c>\n    RequestHeader edit* If-None-Match \"-(gzip|br)\\\"\" \"\\\"\"\n</IfModule>\n",
    );
    siblings(&mut text, hosting);
    let moved = moved(hosting);
    if !moved.is_empty() {
        text.push_str("<IfModule mod_alias.c>\n");
        for moved in moved {
            let _ = writeln!(text, "    RedirectMatch 301 \"^{}$\" \"{}\"", escaped(&moved.from), moved.to);
        }
        text.push_str("</IfModule>\n");
    }
    text
}

fn files(text: &mut String, hosting: &Hosting, section: &(String, &str), media_type: Option<&str>, for_readers: bool) {
    let (begin, end) = section;
    let _ = writeln!(text, "{begin}");
    if let Some(media_type) = media_type {
        let _ = writeln!(text, "    ForceType \"{}\"", Host::Apache.content_type(media_type));
    }
    headers(text, hosting, for_readers, "");
    if media_type.is_some() {
        text.push_str("    <IfModule mod_deflate.c>\n        SetOutputFilter DEFLATE\n    </IfModule>\n");
    }
    let _ = writeln!(text, "{end}");
}

fn headers(text: &mut String, hosting: &Hosting, for_readers: bool, more: &str) {
    let _ = writeln!(text, "    <IfModule mod_headers.c>\n        Header set Cache-Control \"{}\"", hosting.cache_control);
    if for_readers {
        text.push_str("        Header set Access-Control-Allow-Origin \"*\"\n");
    }
    text.push_str("        Header merge Vary Accept-Encoding\n");
    text.push_str(more);
    text.push_str("    </IfModule>\n");
}

/// The siblings that are compressed already, for who takes them: by mod_rewrite, which wants `Options FollowSymLinks`. Without
/// one of these modules they are not served, and the files are compressed as they go out.
fn siblings(text: &mut String, hosting: &Hosting) {
    let encodings = [("br", "br", hosting.brotli), ("gzip", "gz", hosting.gzip)];
    let encodings = encodings.into_iter().filter(|(.., made)| *made).map(|(coding, ending, _)| (coding, ending));
    let encodings: Vec<(&str, &str)> = encodings.collect();
    if encodings.is_empty() {
        return;
    }
    let kinds: Vec<_> = served().into_iter().filter(|kind| kind.media_type.is_some()).collect();
    text.push_str("<IfModule mod_rewrite.c>\n<IfModule mod_headers.c>\n<IfModule mod_env.c>\n");
    text.push_str("    RewriteEngine On\n");
    let one_of = |names: &[&str]| names.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("|");
    let in_topics: Vec<&str> = kinds.iter().filter(|kind| kind.in_topics).map(|kind| kind.name.as_str()).collect();
    let at_top: Vec<&str> = kinds.iter().filter(|kind| !kind.in_topics).map(|kind| kind.name.as_str()).collect();
    let copies: Vec<&str> = hosting.copies.iter().map(|(path, _)| path.as_str()).collect();
    let top = one_of(&[at_top, copies].concat());
    let paths = format!("^(?:(?:{TOPIC})?(?:{})|{top})$", one_of(&in_topics));
    for &(coding, ending) in &encodings {
        let _ = write!(
            text,
            "    RewriteCond %{{HTTP:Accept-Encoding}} \"(?:^|[ ,]){coding}(?:[ ,;]|$)\"\n\
             \x20   RewriteCond %{{HTTP:Accept-Encoding}} \"!{coding} *; *q=0(?:\\.0*)?(?:[ ,]|$)\"\n\
             \x20   RewriteCond %{{REQUEST_FILENAME}}.{ending} -f\n\
             \x20   RewriteRule \"{paths}\" \"%{{REQUEST_URI}}.{ending}\" [L]\n"
        );
    }
    for &(coding, ending) in &encodings {
        for kind in &kinds {
            let section = (format!("<Files \"{}.{ending}\">", kind.name), "</Files>");
            sibling(text, hosting, &section, kind.media_type.unwrap_or_default(), kind.for_readers, coding);
        }
        for (path, media_type) in &hosting.copies {
            let section = (format!("<If \"%{{REQUEST_URI}} == '{}{path}.{ending}'\">", hosting.prefix), "</If>");
            sibling(text, hosting, &section, media_type, true, coding);
        }
    }
    text.push_str("</IfModule>\n</IfModule>\n</IfModule>\n");
}

fn sibling(text: &mut String, hosting: &Hosting, section: &(String, &str), media_type: &str, for_readers: bool, coding: &str) {
    let (begin, end) = section;
    let _ = write!(text, "{begin}\n    ForceType \"{}\"\n", Host::Apache.content_type(media_type));
    // Their endings must say nothing: `.br` is Breton too.
    text.push_str(
        "    <IfModule mod_mime.c>\n        RemoveEncoding .gz .br\n        RemoveLanguage .gz .br\n    </IfModule>\n\
         \x20   SetEnv no-gzip 1\n    SetEnv no-brotli 1\n",
    );
    headers(text, hosting, for_readers, &format!("        Header set Content-Encoding {coding}\n"));
    let _ = writeln!(text, "{end}");
}
