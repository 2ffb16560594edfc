//! Apache httpd: a block of the `.htaccess` in the output.
//!
//! It wants `AllowOverride FileInfo`, and whatever needs a module is left out where the module is missing.

use std::fmt::Write;

use super::{copies, escaped, moved, topic};
use crate::host::{Host, Hosting, served};

pub(super) const NAME: &str = ".htaccess";

pub(super) fn text(hosting: &Hosting) -> String {
    let prefix = escaped(&hosting.prefix);
    let mut text = String::from("# `AllowOverride FileInfo` makes httpd read this.\n");
    let endings = one_of(&codings(hosting).iter().map(|(_, ending)| *ending).collect::<Vec<_>>());
    let endings = if endings.is_empty() { endings } else { format!("(?:\\.(?:{endings}))?") };
    let uri = |pattern: &str| (format!("<If \"%{{REQUEST_URI}} =~ m#^{prefix}{pattern}#\">"), "</If>");
    for kind in served() {
        let name = escaped(&kind.name);
        let section = match kind.media_type {
            Some(_) => (format!("<FilesMatch \"^{name}{endings}$\">"), "</FilesMatch>"),
            None => uri(&name),
        };
        files(&mut text, hosting, &section, kind.media_type, kind.for_readers);
    }
    for (path, media_type) in copies(hosting) {
        let section = uri(&format!("{}{endings}$", escaped(path)));
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
    let _ = writeln!(text, "    <IfModule mod_headers.c>\n        Header set Cache-Control \"{}\"", hosting.cache_control);
    if for_readers {
        text.push_str("        Header set Access-Control-Allow-Origin \"*\"\n");
    }
    text.push_str("        Header merge Vary Accept-Encoding\n    </IfModule>\n");
    if media_type.is_some() {
        text.push_str("    <IfModule mod_deflate.c>\n        SetOutputFilter DEFLATE\n    </IfModule>\n");
    }
    let _ = writeln!(text, "{end}");
}

/// The codings of the siblings that there are, the better one first, and how their names end.
fn codings(hosting: &Hosting) -> Vec<(&'static str, &'static str)> {
    let codings = [("br", "br", hosting.brotli), ("gzip", "gz", hosting.gzip)];
    codings.into_iter().filter(|(.., made)| *made).map(|(coding, ending, _)| (coding, ending)).collect()
}

fn one_of(paths: &[&str]) -> String {
    paths.iter().map(|path| escaped(path)).collect::<Vec<_>>().join("|")
}

/// The siblings that are compressed already, for who takes them: by `mod_rewrite`, which wants `Options FollowSymLinks`. Without
/// one of these modules they are not served, and the files are compressed as they go out.
fn siblings(text: &mut String, hosting: &Hosting) {
    let codings = codings(hosting);
    if codings.is_empty() {
        return;
    }
    let kinds: Vec<_> = served().into_iter().filter(|kind| kind.media_type.is_some()).collect();
    let names = |in_topics| kinds.iter().filter(move |kind| kind.in_topics == in_topics).map(|kind| kind.name.as_str());
    let copies: Vec<&str> = copies(hosting).map(|(path, _)| path).collect();
    let in_topics = one_of(&names(true).collect::<Vec<_>>());
    let at_top = one_of(&names(false).chain(copies.iter().copied()).collect::<Vec<_>>());
    let paths = format!("(?:{})?(?:{in_topics})|{at_top}", topic(hosting));
    text.push_str("<IfModule mod_rewrite.c>\n<IfModule mod_headers.c>\n<IfModule mod_env.c>\n    RewriteEngine On\n");
    for &(coding, ending) in &codings {
        let _ = write!(
            text,
            "    RewriteCond %{{HTTP:Accept-Encoding}} \"(?:^|[ ,]){coding}(?:[ ,;]|$)\"\n\
             \x20   RewriteCond %{{HTTP:Accept-Encoding}} \"!{coding} *; *q=0(?:\\.0*)?(?:[ ,]|$)\"\n\
             \x20   RewriteCond %{{REQUEST_FILENAME}}.{ending} -f\n\
             \x20   RewriteRule \"^(?:{paths})$\" \"%{{REQUEST_URI}}.{ending}\" [L]\n"
        );
    }
    for &(coding, ending) in &codings {
        // Their endings must say nothing: `.br` is Breton too.
        let _ = write!(
            text,
            "    <If \"%{{REQUEST_URI}} =~ m#^{}(?:{paths})\\.{ending}$#\">\n\
             \x20       <IfModule mod_mime.c>\n\
             \x20           RemoveEncoding .{ending}\n\
             \x20           RemoveLanguage .{ending}\n\
             \x20       </IfModule>\n\
             \x20       SetEnv no-gzip 1\n\
             \x20       SetEnv no-brotli 1\n\
             \x20       Header set Content-Encoding {coding}\n\
             \x20   </If>\n",
            escaped(&hosting.prefix)
        );
    }
    text.push_str("</IfModule>\n</IfModule>\n</IfModule>\n");
}
