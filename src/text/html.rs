//! Cleaned HTML: the full text of an article, such as may stand in any document and as readers keep it.
//!
//! [`Html`] can be made in no other way than by [`Html::clean`]. The markup goes through a parser of HTML and ammonia's
//! allow-list, and what comes out is gone through once more here: addresses become [`Link`]s, frames are rebuilt or become
//! links, and what may stand in no document is dropped as in [`super`]. That is repeated until nothing changes: a second
//! sanitiser finds nothing to cut, and every parser sees the same tree.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use ammonia::{Builder, UrlRelative};
use memchr::{memchr, memmem};
use url::Url;

use super::{Mojibake, Prose, decode_references, is_blank, is_forbidden, prose};
use crate::article::{Embed, Embeds};
use crate::link::Link;

/// Bytes of markup from which on it is not cleaned.
const MARKUP_CAP: usize = 1024 * 1024;
/// Bytes that a text has at most.
pub const CAP: usize = 256 * 1024;
/// Elements within each other that a text has at most: some readers lose what is deeper than 256.
const DEPTH_CAP: usize = 100;
/// A tag with more attributes than these is no work of people.
const ATTRIBUTES_CAP: usize = 200;
/// Bytes that writing the text of markup may look at; a second has many more.
const ESCAPES_CAP: u64 = 10_000_000_000;
/// How often a text is cleaned at most until nothing changes.
const ROUNDS: usize = 5;

/// What is kept. A sanitiser of a reader takes out little of it, and no text with it.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "audio",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "iframe",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "source",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];
/// What is kept as a `div`: without any element their texts would run into each other.
const LIKE_DIV: &[&str] = &["address", "article", "aside", "center", "fieldset", "footer", "header", "main", "nav", "section"];
/// What goes with all that is in it.
const DROPPED: &[&str] = &[
    "applet", "button", "canvas", "datalist", "embed", "form", "head", "map", "math", "noembed", "noframes", "noscript",
    "object", "script", "select", "style", "svg", "template", "textarea", "title",
];
/// The attributes that are kept. `width` and `height` of a frame only tell whether it is to be seen.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("audio", &["src"]),
    ("iframe", &["height", "src", "width"]),
    ("img", &["alt", "height", "src", "width"]),
    ("ol", &["start"]),
    ("source", &["src"]),
    ("td", &["colspan", "rowspan"]),
    ("th", &["colspan", "rowspan"]),
    ("video", &["src"]),
];
/// Elements that have no end tag.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta",
    "param", "source", "track", "wbr",
];
/// Elements whose end is often left out.
const IMPLIED: &[&str] = &[
    "body", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p", "rb", "rp", "rt", "rtc", "tbody", "td",
    "tfoot", "th", "thead", "tr",
];
/// Elements that a parser opens again where a block begins, if they are still open.
const FORMATTING: &[&str] = &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// Elements that are no part of a sentence: their beginnings and ends part what stands on both sides.
const BLOCKS: &[&str] = &[
    "blockquote",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];
/// Blocks whose text does not say what an article is about.
const BESIDE: &[&str] = &["details", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table"];

/// The full text of an article, with something to see.
///
/// It is well-formed HTML of few elements, none of which runs or loads anything but pictures and the players of
/// [`Embed`]'s list; every address is absolute. It holds only characters that XML 1.0 allows, none of them a control but the line
/// feed, a non-character or a bidi override or isolate, and at most 256 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(String);

/// Why markup is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is longer than 256 KiB.
    Long,
    /// Its elements are nested deeper than readers show, or so that no two parsers agree.
    Tangled,
}

impl Html {
    /// Cleans markup, in which addresses are relative to `base`. Nothing if nothing to see is left of it.
    ///
    /// # Errors
    ///
    /// When the markup cannot be shown; see [`Unfit`].
    pub fn clean(markup: &str, base: &Link, embeds: Embeds) -> Result<Option<Self>, Unfit> {
        if markup.len() > MARKUP_CAP || escapes_cost(markup) > ESCAPES_CAP {
            return Err(Unfit::Long);
        }
        if is_tangled(markup) {
            return Err(Unfit::Tangled);
        }
        let ammonia = ammonia(base);
        let mut html = Cow::Borrowed(markup);
        for _ in 0..ROUNDS {
            let cleaned = without_forbidden(ammonia.clean(&html).to_string());
            let mut settling = Settling::new(base, embeds, cleaned.len());
            settling.all(&cleaned);
            if settling.deepest > DEPTH_CAP {
                return Err(Unfit::Tangled);
            }
            let settled = settling.html.replace("<p></p>", "");
            let settled = settled.trim();
            if settled.len() > CAP {
                return Err(Unfit::Long);
            }
            if *settled == *html {
                return Ok(settling.shows.then(|| Self(settled.to_owned())));
            }
            html = Cow::Owned(settled.to_owned());
        }
        Err(Unfit::Tangled)
    }

    /// The HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it shows what lies at this address: a picture, or a player in a frame.
    #[must_use]
    pub fn shows(&self, link: &Link) -> bool {
        let address = escaped(link.as_str());
        // Most texts do not even name it.
        let named = memmem::find(self.0.as_bytes(), address.as_bytes()).is_some();
        let mut rest = if named { self.0.as_str() } else { "" };
        while !rest.is_empty() {
            let (_, tag, after) = next_tag(rest);
            let list = tag.split_once(' ').filter(|(name, _)| matches!(*name, "img" | "iframe")).map_or("", |(_, list)| list);
            if attributes(list).any(|(name, value)| name == "src" && value == address) {
                return true;
            }
            rest = after;
        }
        false
    }

    /// Its first paragraph, as plain text: what it says in short, if its author does not. Headings, tables, figures and code are
    /// passed over, and so is what consists of links.
    #[must_use]
    pub fn first_paragraph(&self) -> Prose {
        let (mut text, mut beside, mut linked, mut plain) = (String::new(), 0_usize, false, false);
        let mut rest = self.0.as_str();
        loop {
            let (before, tag, after) = next_tag(rest);
            if beside == 0 {
                text.push_str(before);
                plain = plain || (!linked && !is_blank(&decode_references(before)));
            }
            rest = after;
            let (name, end) = tag.strip_prefix('/').map_or((tag, false), |name| (name, true));
            let name = name.split(' ').next().unwrap_or_default();
            if name.is_empty() || BLOCKS.contains(&name) {
                if plain {
                    // Any mojibake was repaired before, and a blank line in HTML parts nothing.
                    return prose(&text.replace('\n', " "), Mojibake::Off).text;
                }
                text.clear();
            }
            match name {
                "" => return Prose::default(),
                "a" => linked = !end,
                "br" => text.push(' '),
                // The number of a footnote means nothing without it.
                "sup" if !end && rest.starts_with('[') => rest = rest.split_once("</sup>").map_or("", |(_, rest)| rest),
                _ if BESIDE.contains(&name) => beside = if end { beside.saturating_sub(1) } else { beside + 1 },
                _ => {}
            }
        }
    }
}

/// Ammonia with what is kept here.
fn ammonia(base: &Link) -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().chain(LIKE_DIV).copied().collect())
        .clean_content_tags(DROPPED.iter().copied().collect())
        .tag_attributes(ATTRIBUTES.iter().map(|&(name, list)| (name, list.iter().copied().collect())).collect::<HashMap<_, _>>())
        .generic_attributes(HashSet::from(["lang", "title"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None);
    match Url::parse(base.as_str()) {
        Ok(base) => builder.url_relative(UrlRelative::RewriteWithBase(base)),
        Err(_) => builder.url_relative(UrlRelative::Deny),
    };
    builder
}

/// Drops what may stand in no document; every kind of line end is a line feed.
fn without_forbidden(html: String) -> String {
    if html.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return html;
    }
    let mut kept = String::with_capacity(html.len());
    let mut previous = ' ';
    for c in html.chars().filter(|&c| !is_forbidden(c)) {
        match c {
            '\n' if previous == '\r' => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => kept.push('\n'),
            c => kept.push(c),
        }
        previous = c;
    }
    kept
}

/// Goes through what ammonia gives: only there does `<` begin a tag wherever it stands, and every tag looks alike.
struct Settling<'a> {
    base: &'a Link,
    embeds: Embeds,
    html: String,
    /// The elements that are open, each by the name that its end tag is written with.
    open: Vec<Option<&'a str>>,
    deepest: usize,
    /// How many links are open: there is none in a link.
    links: usize,
    film: Option<Film>,
    /// A line feed that comes next would be lost to the next parser.
    begins_pre: bool,
    /// There is something to see.
    shows: bool,
}

/// A film or a sound, which becomes a link with all that is in it.
struct Film {
    /// How many elements are open around it.
    depth: usize,
    call: &'static str,
    link: Option<Link>,
}

impl<'a> Settling<'a> {
    fn new(base: &'a Link, embeds: Embeds, capacity: usize) -> Self {
        let html = String::with_capacity(capacity);
        Self { base, embeds, html, open: Vec::new(), deepest: 0, links: 0, film: None, begins_pre: false, shows: false }
    }

    fn all(&mut self, html: &'a str) {
        let mut rest = html;
        while !rest.is_empty() {
            let (text, tag, after) = next_tag(rest);
            self.text(text);
            rest = after;
            if tag.starts_with('/') {
                self.end();
            } else if !tag.is_empty() {
                rest = self.start(tag, rest);
            }
        }
    }

    fn text(&mut self, text: &str) {
        let begins_pre = std::mem::take(&mut self.begins_pre);
        if self.film.is_some() {
            return;
        }
        let text = if begins_pre { text.trim_start_matches('\n') } else { text };
        self.shows = self.shows || !is_blank(&decode_references(text));
        self.html.push_str(text);
    }

    /// The beginning of an element; gives what follows it, in which a frame is passed over whole.
    fn start(&mut self, tag: &'a str, rest: &'a str) -> &'a str {
        let (name, list) = tag.split_once(' ').unwrap_or((tag, ""));
        match name {
            "iframe" => {
                // What stands in a frame is nothing that is ever seen, and it is not escaped.
                let rest = memmem::find(rest.as_bytes(), b"</iframe>").map_or("", |at| &rest[at + "</iframe>".len()..]);
                if self.film.is_none() {
                    self.frame(list, rest);
                }
                return rest;
            }
            "img" if self.film.is_none() => self.image(list),
            "source" => {
                let link = link_in(list, "src");
                if let Some(film) = &mut self.film {
                    film.link = film.link.take().or(link);
                }
            }
            "audio" | "video" => {
                if self.film.is_none() {
                    let call = if name == "audio" { "Listen" } else { "Watch" };
                    self.film = Some(Film { depth: self.open.len(), call, link: link_in(list, "src") });
                }
                self.open.push(None);
            }
            _ if self.film.is_some() => {
                if !VOID.contains(&name) {
                    self.open.push(None);
                }
            }
            "a" => match Self::address(list) {
                Some(address) => {
                    self.html.push_str("<a href=\"");
                    self.html.push_str(&escaped(&address));
                    self.html.push('"');
                    self.generic(list);
                    self.links += 1;
                    self.open.push(Some("a"));
                }
                None => self.open.push(None),
            },
            _ => self.element(name, list),
        }
        self.deepest = self.deepest.max(self.open.len());
        rest
    }

    fn element(&mut self, name: &'a str, list: &str) {
        let name = if LIKE_DIV.contains(&name) { "div" } else { name };
        self.html.push('<');
        self.html.push_str(name);
        for (attribute, value) in attributes(list) {
            let sign = attribute == "start" && value.starts_with('-');
            let number = value.len() <= 6 && value[usize::from(sign)..].bytes().all(|byte| byte.is_ascii_digit());
            if matches!(attribute, "colspan" | "rowspan" | "start") && number && !value.is_empty() {
                let _ = write!(self.html, " {attribute}=\"{value}\"");
            }
        }
        self.generic(list);
        self.begins_pre = name == "pre";
        if !VOID.contains(&name) {
            self.open.push(Some(name));
        }
    }

    /// The attributes that any element may have, and the end of its tag.
    fn generic(&mut self, list: &str) {
        for (name, value) in attributes(list) {
            let tag = || value.len() <= 35 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if name == "title" || (name == "lang" && !value.is_empty() && tag()) {
                let _ = write!(self.html, " {name}=\"{value}\"");
            }
        }
        self.html.push('>');
    }

    fn end(&mut self) {
        let name = self.open.pop().flatten();
        if self.film.as_ref().is_some_and(|film| film.depth == self.open.len()) {
            if let Some(Film { call, link: Some(link), .. }) = self.film.take() {
                self.link_to(link.as_str(), call, link.site());
            }
        } else if let Some(name) = name {
            self.links -= usize::from(name == "a");
            let _ = write!(self.html, "</{name}>");
        }
    }

    /// A picture, unless it has no address, or a size of one pixel, with which it counts readers.
    fn image(&mut self, list: &str) {
        let link = link_in(list, "src").filter(|link| link != self.base);
        let Some(link) = link.filter(|_| is_seen(list)) else { return };
        let _ = write!(self.html, "<img src=\"{}\"", escaped(link.as_str()));
        for (name, value) in attributes(list) {
            if matches!(name, "width" | "height") && size(value).is_some() {
                let _ = write!(self.html, " {name}=\"{value}\"");
            }
        }
        let alt = attributes(list).find(|(name, _)| *name == "alt").map_or("", |(_, value)| value);
        let _ = write!(self.html, " alt=\"{alt}\"");
        self.generic(list);
        self.shows = true;
    }

    /// A player, rebuilt from its address, and a link for readers that take it out; of any other frame the link alone.
    fn frame(&mut self, list: &str, rest: &str) {
        let embed = link_in(list, "src").filter(|_| is_seen(list)).and_then(|link| Embed::new(link, self.embeds));
        let Some(embed) = embed else { return };
        let (page, site) = (embed.page(), embed.link().site());
        if !embed.framed() {
            return self.link_to(&page, embed.call(), site);
        }
        let _ = write!(self.html, "<iframe width=\"560\" height=\"315\" src=\"{}\"", escaped(embed.link().as_str()));
        if let Some((_, title)) = attributes(list).find(|(name, _)| *name == "title") {
            let _ = write!(self.html, " title=\"{title}\"");
        }
        self.html.push_str(" allowfullscreen></iframe>");
        self.shows = true;
        let link = format!("<br><a href=\"{}\">{} at {site}</a>", escaped(&page), embed.call());
        if self.links == 0 && !rest.starts_with(&link) {
            self.html.push_str(&link);
        }
    }

    fn link_to(&mut self, page: &str, call: &str, site: &str) {
        self.shows = true;
        // Two links in a row would read as one.
        if self.html.ends_with("</a>") {
            self.html.push_str("<br>");
        }
        let _ = match self.links {
            0 => write!(self.html, "<a href=\"{}\">{call} at {site}</a>", escaped(page)),
            _ => write!(self.html, "{call} at {site}"),
        };
    }

    /// The address that a link leads to, as it is written.
    fn address(list: &str) -> Option<String> {
        if let Some(link) = link_in(list, "href") {
            return Some(link.as_str().to_owned());
        }
        let (_, value) = attributes(list).find(|(name, _)| *name == "href")?;
        let value = decode_references(value);
        let mail = value.strip_prefix("mailto:")?;
        // As Link does it of others, only without mending: what is not fit is no address of mail.
        let fit = mail.contains('@') && mail.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        fit.then(|| value.into_owned())
    }
}

/// What stands before the next tag, the tag without its angle brackets, and what follows; the tag is empty if there is none.
fn next_tag(html: &str) -> (&str, &str, &str) {
    let Some(start) = memchr(b'<', html.as_bytes()) else { return (html, "", "") };
    let end = memchr(b'>', &html.as_bytes()[start..]).map_or(html.len(), |end| start + end);
    (&html[..start], &html[start + 1..end], html.get(end + 1..).unwrap_or_default())
}

/// The attributes of a tag, their values as they are written.
fn attributes(mut list: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let (name, rest) = list.split_once("=\"")?;
        let (value, rest) = rest.split_once('"')?;
        list = rest;
        Some((name.trim_start(), value))
    })
}

/// The address in an attribute, if it is one of http or https.
fn link_in(list: &str, name: &str) -> Option<Link> {
    let (_, value) = attributes(list).find(|(found, _)| *found == name)?;
    Link::parse(decode_references(value).trim()).ok()
}

/// A size in pixels.
fn size(value: &str) -> Option<u32> {
    value.parse().ok().filter(|size| (1..100_000).contains(size) && value.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the sizes in a tag leave something to see.
fn is_seen(list: &str) -> bool {
    let tiny = |value: &str| value.trim().trim_end_matches("px").parse().is_ok_and(|size: f64| size <= 1.0);
    !attributes(list).any(|(name, value)| matches!(name, "width" | "height") && tiny(value))
}

/// An address as it stands in an attribute; it has no other characters that would have to be escaped.
fn escaped(address: &str) -> String {
    address.replace('&', "&amp;")
}

/// Whether a parser would take long over markup, or make much of little: elements nested without end, formatting that is opened
/// again in every block, tags of thousands of attributes. It may take what is merely careless for it, if there is very much of
/// that.
fn is_tangled(markup: &str) -> bool {
    let bytes = markup.as_bytes();
    let mut open: Vec<&str> = Vec::new();
    let mut active = 0_usize;
    let mut at = 0;
    while let Some(start) = memchr(b'<', &bytes[at..]).map(|found| at + found + 1) {
        at = start;
        let end = bytes.get(start) == Some(&b'/');
        let from = start + usize::from(end);
        if !bytes.get(from).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let stop = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>');
        let length = bytes[from..].iter().position(stop).unwrap_or(bytes.len() - from);
        let name = &markup[from..from + length];
        let is = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        let Some((after, list)) = end_of_tag(bytes, from + length) else { return true };
        at = after;
        if is(VOID) || is(IMPLIED) {
            // A cell ends what the one before it left open.
            if is(&["td", "th", "tr"])
                && let Some(table) = open.iter().rposition(|other| other.eq_ignore_ascii_case("table"))
            {
                open.truncate(table + 1);
            }
            continue;
        }
        let formatting = is(FORMATTING);
        if !end {
            // What a parser takes for text up to its own end tag has no elements.
            if is(&["script", "style"]) {
                let rest = bytes[at..].windows(2).enumerate().filter(|(_, two)| *two == b"</").map(|(found, _)| at + found + 2);
                let closes =
                    |&place: &usize| bytes[place..].get(..length).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
                at = { rest }.find(closes).unwrap_or(bytes.len());
                continue;
            }
            // A link ends where the next begins.
            if name.eq_ignore_ascii_case("a")
                && let Some(last) = open.iter().rposition(|other| other.eq_ignore_ascii_case("a"))
            {
                open.remove(last);
            } else if formatting && list {
                active += 1;
            }
            open.push(name);
        } else if let Some(last) = open.iter().rposition(|other| other.eq_ignore_ascii_case(name)) {
            let above = &open[last + 1..];
            if !formatting {
                open.truncate(last);
            } else if above.iter().all(|other| FORMATTING.iter().any(|known| known.eq_ignore_ascii_case(other))) {
                open.remove(last);
                active = active.saturating_sub(1);
            }
        }
        if open.len() > DEPTH_CAP || active > DEPTH_CAP {
            return true;
        }
    }
    false
}

/// The bytes that html5ever may look at when it writes text: at each `&`, and at each character that begins like a no-break space,
/// it looks for the next angle bracket.
fn escapes_cost(markup: &str) -> u64 {
    let escapes = memchr::memchr2_iter(b'&', 0xC2, markup.as_bytes()).count();
    (escapes as u64).saturating_mul(markup.len() as u64)
}

/// Where a tag ends, and whether it has attributes. Nothing if it has too many.
fn end_of_tag(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut parts = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'>' => break,
            b'"' | b'\'' if bytes[..at - 1].trim_ascii_end().ends_with(b"=") => {
                at = memchr(byte, &bytes[at..]).map_or(bytes.len(), |end| at + end + 1);
                parts += 1;
            }
            b'=' | b'/' | b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' => parts += 1,
            _ => {}
        }
        if parts > 4 * ATTRIBUTES_CAP {
            return None;
        }
    }
    Some((at, parts > 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Link {
        Link::parse("https://news.example.org/a/page?x=1&y=2").expect("an address")
    }

    fn cleaned(markup: &str) -> String {
        match Html::clean(markup, &base(), Embeds::Iframe) {
            Ok(html) => html.map_or_else(String::new, |html| html.0),
            Err(unfit) => format!("{unfit:?}"),
        }
    }

    #[track_caller]
    fn check(markup: &str, expected: &str) {
        assert_eq!(cleaned(markup), expected, "{markup}");
        assert_eq!(cleaned(expected), expected, "cleaned twice: {markup}");
    }

    #[test]
    fn what_readers_keep_is_kept() {
        for html in [
            "<h1>a</h1><h6>b</h6><p>c <em>d</em> <strong>e</strong> <code>f</code> <del>g</del> x<sup>2</sup> y<sub>3</sub></p>",
            "<ul><li>a</li></ul><ol start=\"3\"><li>b</li></ol><dl><dt>c</dt><dd>d</dd></dl>",
            "<table><caption>a</caption><thead><tr><th colspan=\"2\">b</th></tr></thead><tbody><tr><td rowspan=\"2\">c</td></tr></tbody></table>",
            "<blockquote><p>a<br>b</p></blockquote><hr><pre><code>a\n b</code></pre>",
            "<figure><img src=\"https://e.example/a.png\" width=\"640\" height=\"480\" alt=\"b\"><figcaption>c</figcaption></figure>",
            "<details><summary>a</summary>b</details><p lang=\"pt-BR\" title=\"c &amp; &quot;d&quot;\">e</p>",
            "<p>&lt;b&gt; &amp;amp; “é” &nbsp; 👩\u{200d}🚀</p>",
        ] {
            check(html, html);
        }
    }

    #[test]
    fn what_runs_styles_or_names_is_cut() {
        check("<p onclick=\"alert(1)\" style=\"x\" class=\"y\" id=\"z\" data-a=\"b\" align=\"right\">a</p>", "<p>a</p>");
        check("a<script>b</script><style>c</style><!--more--><svg><script>d</script></svg><math><mi>e</mi></math>f", "af");
        check("<form><input name=a><button>b</button></form>c<select><option>d</select><textarea>e</textarea>", "c");
        check("<object data=x>a</object><embed src=x><base href=x><link rel=x><meta charset=x><noscript>b</noscript>c", "c");
        check(
            "<html><head><title>a</title></head><body><main><section>b</section>c</main></body></html>",
            "<div><div>b</div>c</div>",
        );
        check("<blink>a</blink> <font color=red>b</font> <o:p>c</o:p>", "a b c");
        check("<ol start=\"x\"><li value=\"3\">a</li></ol><p lang=\"a b\">c</p>", "<ol><li>a</li></ol><p>c</p>");
        check("<xmp><b>a</b></xmp><plaintext>c</p>", "&lt;b&gt;a&lt;/b&gt;c&lt;/p&gt;");
    }

    #[test]
    fn addresses_are_absolute_and_of_the_web() {
        for (href, address) in [
            ("b.html", "https://news.example.org/a/b.html"),
            ("/b?c=1&amp;d=2", "https://news.example.org/b?c=1&amp;d=2"),
            ("../é |", "https://news.example.org/%C3%A9%20%7C"),
            ("#below", "https://news.example.org/a/page?x=1&amp;y=2#below"),
            ("//other.example/x", "https://other.example/x"),
            ("HTTPS://Other.Example", "https://other.example/"),
            ("mailto:a@b.example?subject=c%20d", "mailto:a@b.example?subject=c%20d"),
        ] {
            check(&format!("<a href=\"{href}\" rel=x target=_blank ping=y>c</a>"), &format!("<a href=\"{address}\">c</a>"));
        }
        for href in [
            "javascript:alert(1)",
            " &#1;javascript:alert(1)",
            "JaVaScRiPt&colon;alert(1)",
            "java&#9;script:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "vbscript:x",
            "https://user:password@e.example/",
            "https://",
            "ftp://e.example/",
            "mailto:x",
            "tel:1",
            "mailto:<a@b.example>",
        ] {
            check(&format!("<a href=\"{href}\">c</a>"), "c");
        }
        check("<a name=x>a</a> <a>b</a>", "a b");
    }

    #[test]
    fn pictures_have_an_address_and_more_than_a_pixel() {
        check(
            "<img src=b.png srcset='c.png 2x' onerror=x loading=lazy width=10px height=20>",
            "<img src=\"https://news.example.org/a/b.png\" height=\"20\" alt=\"\">",
        );
        for img in
            ["<img>", "<img src=''>", "<img src=b width=1>", "<img src=b height='0px'>", "<img src=data:image/gif;base64,R0>"]
        {
            check(&format!("<p>{img}</p>a"), "a");
        }
        check(
            "<picture><source srcset=b.webp><img src=b.jpg></picture>",
            "<img src=\"https://news.example.org/a/b.jpg\" alt=\"\">",
        );
    }

    #[test]
    fn frames_are_rebuilt_or_become_links() {
        let youtube = "https://www.youtube.com/embed/aBcDeFgHiJk";
        let link = "<a href=\"https://www.youtube.com/watch?v=aBcDeFgHiJk\">Watch at youtube.com</a>";
        let frame = format!("<iframe width=\"560\" height=\"315\" src=\"{youtube}\" allowfullscreen></iframe>");
        check(
            &format!("<iframe src={youtube} onload=x srcdoc=y width=99><script>z</script></iframe>a"),
            &format!("{frame}<br>{link}a"),
        );
        let titled = frame.replace(" allow", " title=\"A &amp; B\" allow");
        check(&format!("<iframe title='A & B' src={youtube}></iframe>"), &format!("{titled}<br>{link}"));
        check(
            &format!("<a href=b><iframe src={youtube}></iframe></a>"),
            &format!("<a href=\"https://news.example.org/a/b\">{frame}</a>"),
        );
        let evil = "<a href=\"https://evil.example/\">Open at evil.example</a>";
        check("<iframe src=//evil.example></iframe><iframe src=//evil.example></iframe>", &format!("{evil}<br>{evil}"));
        for none in [
            "<iframe></iframe>a",
            "<iframe src=http://evil.example></iframe>a",
            "<iframe src=javascript:x></iframe>a",
            "<iframe srcdoc='<p>x'></iframe>a",
            "<iframe height=0 src=//evil.example></iframe>a",
            "<iframe hidden width=1 src=//e.example></iframe>a",
        ] {
            check(none, "a");
        }
        let linked = Html::clean(&frame, &base(), Embeds::Link).expect("fit").expect("something");
        assert_eq!(linked.as_str(), link);
        assert_eq!(cleaned("<iframe src=//evil.example>"), evil, "never closed");
    }

    #[test]
    fn films_and_sounds_become_links() {
        let film = "<a href=\"https://news.example.org/a/b.mp4\">Watch at news.example.org</a>";
        check("<video src=b.mp4 controls autoplay>no <b>film</b></video>a", &format!("{film}a"));
        check("<video><source src=b.mp4><source src=b.webm><img src=c.png><iframe src=//d.example></iframe></video>", film);
        check(
            "<audio src=b.mp3></audio><video></video>",
            "<a href=\"https://news.example.org/a/b.mp3\">Listen at news.example.org</a>",
        );
        check("<a href=b><video src=c></video></a>", "<a href=\"https://news.example.org/a/b\">Watch at news.example.org</a>");
    }

    #[test]
    fn what_no_document_may_hold_is_dropped() {
        check("<p>a\u{7}&#7;&#x202E;b\u{fffe}\u{202e}c</p>", "<p>abc</p>");
        check("<p title='\u{7}&#x2066;a'>b&#13;&#10;c&#13;d\u{85}e&#x2028;f\r\ng</p>", "<p title=\"a\">b\nc\nd\ne\nf\ng</p>");
        check("<p>\0a&#0;</p>", "<p>a\u{fffd}</p>");
        check(&format!("<pre>{}a\n</pre>", "\n".repeat(20)), "<pre>a\n</pre>");
    }

    #[test]
    fn nothing_to_see_is_nothing() {
        for markup in
            ["", " \n", "<p></p>", "<script>a</script>", "<p>&nbsp;\u{200b}</p>", "<hr>", "<!-- a -->", "<video></video>"]
        {
            assert_eq!(Html::clean(markup, &base(), Embeds::Iframe), Ok(None), "{markup}");
        }
    }

    #[test]
    fn markup_that_costs_too_much_is_refused() {
        use std::fmt::Write;

        let many = |one: &str| one.repeat(200_000 / one.len());
        let numbered = |before: &str, after: &str| {
            (0..2000).fold(String::new(), |mut all, number| {
                let _ = write!(all, "{before}{number}{after}");
                all
            })
        };
        for markup in [
            many("<div>"),
            many("<b>x<p>"),
            many("<table><tr><td>"),
            many("<details>"),
            many("<svg>"),
            many("<ul><li>"),
            format!("{}{}", numbered("<font color=", ">"), many("<p>x")),
            format!("<div>{}</div>{}", numbered("<b a=", ">"), many("<div>x</div>")),
            format!("<p {}>", numbered("a", "=1 ")),
            format!("<p {}>", numbered("a", "/")),
            numbered("<font a=", "><table></font><caption></caption></table>"),
            numbered("<div><b a=", "></div>"),
        ] {
            assert_eq!(cleaned(&markup), "Tangled", "{}…", &markup[..40]);
        }
        assert_eq!(cleaned(&"a".repeat(MARKUP_CAP + 1)), "Long");
        assert_eq!(cleaned(&"a".repeat(CAP + 1)), "Long");
        assert_eq!(cleaned(&"a".repeat(CAP)).len(), CAP);
        assert_eq!((cleaned(&many("&")), cleaned(&many("«"))), ("Long".to_owned(), "Long".to_owned()));
    }

    #[test]
    fn careless_markup_is_shown() {
        let links = "<p><a name=\"x\">a <a href=\"b\">c</a>".repeat(300);
        let cells = format!("<table>{}</table>", "<tr><td><b>a<td><p>b<br>".repeat(300));
        let crossed = "<p><b>a<i>b</b>c</i></p>".repeat(300);
        let unclosed = "<ul><li>a<li>b</ul>".repeat(300);
        let script = format!("<script>{}</script>d", "if (a<b && c<d) x('<div>');".repeat(300));
        for markup in [links, cells, crossed, unclosed, script] {
            assert!(cleaned(&markup).len() > 10 || cleaned(&markup) == "d", "{}", cleaned(&markup));
        }
        let nested = format!("{}a{}", "<div>".repeat(90), "</div>".repeat(90));
        check(&nested, &nested);
    }

    #[test]
    fn the_first_paragraph_says_what_a_text_is_about() {
        for (markup, text) in [
            (
                "<h1>Title</h1><p><img src=b></p><p>One &amp; <em>two</em>\n three<br>four.<sup>[1]</sup></p><p>Five</p>",
                "One & two three four.",
            ),
            ("<p><a href=b>A link</a> <a href=c>and another</a></p><p>See <a href=b>this</a>.</p>", "See this."),
            ("Bare text <b>here</b><p>Not this</p>", "Bare text here"),
            ("Only text", "Only text"),
            ("<div><ul><li>Item</li></ul></div>", "Item"),
            ("<p>a &amp;lt; b</p>", "a &lt; b"),
            ("<table><tr><td>1</td></tr></table><figure><img src=b><figcaption>c</figcaption></figure><pre>d</pre>", ""),
            ("<iframe src=https://www.youtube.com/embed/aBcDeFgHiJk></iframe><p>Text</p>", "Text"),
        ] {
            let html = Html::clean(markup, &base(), Embeds::Iframe).expect("fit").expect("something");
            assert_eq!(html.first_paragraph().as_str(), text, "{markup}");
        }
    }

    #[test]
    fn what_is_shown_is_found() {
        let html = Html::clean("<img src='/b?c=1&amp;d=2'>", &base(), Embeds::Iframe).expect("fit").expect("something");
        let link = |text: &str| Link::parse(text).expect("an address");
        assert!(html.shows(&link("https://news.example.org/b?c=1&d=2")));
        assert!(!html.shows(&link("https://news.example.org/b?c=1")));
        let only_said = "<code>&lt;img src=\"https://e.example/\"></code><a href=https://e.example/>a</a>";
        let html = Html::clean(only_said, &base(), Embeds::Iframe).expect("fit").expect("something");
        assert!(!html.shows(&link("https://e.example/")));
    }

    /// Markup that is rich in what parsers disagree about.
    fn any_markup() -> impl Strategy<Value = String> {
        let tags = [
            ELEMENTS,
            LIKE_DIV,
            DROPPED,
            FORMATTING,
            VOID,
            IMPLIED,
            &["plaintext", "xmp", "marquee", "listing", "image", "frameset"],
        ]
        .concat();
        let tag = prop::sample::select(tags);
        let attribute = prop::sample::select(vec![
            "",
            " src=a.png",
            " href=/b",
            " href='javascript:x'",
            " src=https://www.youtube.com/embed/aBcDeFgHiJk",
            " src=//e.example",
            " title='a\"<b>&amp;'",
            " onclick=x",
            " style=x",
            " id=a",
            " alt='><p>'",
            " width=1",
            " height=20",
            " color=1",
            " lang=en",
            " a='",
            " =\"",
            " /",
            " xlink:href=x",
            " href=' mailto:a@b.example'",
            " start=-3",
            " encoding=text/html",
        ]);
        let part = prop_oneof![
            4 => (tag.clone(), attribute).prop_map(|(tag, attribute)| format!("<{tag}{attribute}>")),
            3 => tag.prop_map(|tag| format!("</{tag}>")),
            2 => prop::sample::select(vec![
                "a", " ", "\n", "\r\n", "&lt;", "&amp;lt;", "&nbsp;", "&#7;", "&#13;", "\u{7}", "\u{202e}", "<!--", "-->", "<![CDATA[", "]]>",
                "</", "<", ">", "\"", "'", "=", "&", "é", "javascript:", "<br/>", "\0", "\u{2028}", "<?x", "\u{fffe}",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop_oneof![prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat()), any::<String>()]
    }

    /// A sanitiser as readers have it: ammonia as it comes, with the players.
    fn as_readers_clean(html: &str) -> String {
        let mut builder = Builder::default();
        builder.link_rel(None).add_tags(["iframe"]).add_tag_attributes("iframe", ["width", "height", "src", "allowfullscreen"]);
        builder.clean(html).to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_second_sanitiser_finds_nothing_to_cut(markup in any_markup()) {
            for embeds in [Embeds::Iframe, Embeds::Link] {
                let Ok(Some(html)) = Html::clean(&markup, &base(), embeds) else { continue };
                let again = Html::clean(html.as_str(), &base(), embeds);
                prop_assert_eq!(&again, &Ok(Some(html.clone())));
                let read = as_readers_clean(html.as_str()).replace(" allowfullscreen=\"\"", " allowfullscreen");
                prop_assert_eq!(read.as_str(), html.as_str());
                let lower = html.as_str().to_ascii_lowercase();
                for (tag, list) in tags(&lower) {
                    prop_assert!(ELEMENTS.contains(&tag), "{}", tag);
                    for (name, value) in attributes(list) {
                        prop_assert!(!name.starts_with("on") && !["style", "id", "class", "srcdoc"].contains(&name), "{}", name);
                        if matches!(name, "href" | "src") {
                            prop_assert!(["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)), "{}", value);
                        }
                    }
                }
                let forbidden = html.as_str().chars().find(|&c| is_forbidden(c) || "\r\u{85}\u{2028}".contains(c));
                prop_assert_eq!(forbidden, None);
                let _ = html.first_paragraph();
            }
        }
    }

    fn tags(html: &str) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = html;
        std::iter::from_fn(move || {
            let (_, tag, after) = next_tag(rest);
            rest = after;
            (!tag.is_empty()).then(|| tag.trim_start_matches('/').split_once(' ').unwrap_or((tag.trim_start_matches('/'), "")))
        })
    }
}
