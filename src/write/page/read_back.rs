//! Pages read back, more strictly than any browser does: what is not written as we write it is refused.

use std::collections::BTreeSet;
use std::ops::Range;

/// Elements without an end (WHATWG HTML, 13.1.2), of those that pages have.
const VOID: [&str; 5] = ["img", "input", "link", "meta", "wbr"];

/// What a page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its heading.
    pub(super) heading: String,
    /// Every absolute address in it.
    pub(super) links: BTreeSet<String>,
    /// Its stories.
    pub(super) stories: Vec<Story>,
    /// Where what it says of its topic stands: how many entries it has.
    pub(super) facts: Option<Range<usize>>,
}

/// A story of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Story {
    /// Where it stands, with the line break behind it.
    pub(super) place: Range<usize>,
    /// Every absolute address in it, its own first.
    pub(super) links: Vec<String>,
}

/// Reads a page. `Err`: why it is none, or not whole, or holds what a page must not.
pub(super) fn read(bytes: &[u8]) -> Result<Seen, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut rest = text.strip_prefix("<!DOCTYPE html>\n").ok_or("it does not begin with a DOCTYPE")?;
    let mut seen = Seen::default();
    let mut open: Vec<&str> = Vec::new();
    while let Some((before, tag)) = rest.split_once('<') {
        words(before, &open, &mut seen)?;
        let at = text.len() - tag.len() - 1;
        if let Some(tag) = tag.strip_prefix('/') {
            let name = open.last().copied();
            rest = end(tag, &mut open)?;
            let behind = text.len() - rest.len() + usize::from(rest.starts_with('\n'));
            match (name, &mut seen.facts, seen.stories.last_mut()) {
                (Some("p"), Some(facts), _) if facts.start == facts.end => facts.end = behind,
                (Some("article"), _, Some(story)) => story.place.end = behind,
                _ => {}
            }
        } else {
            if tag.starts_with("article ") {
                seen.stories.push(Story { place: at..at, links: Vec::new() });
            } else if tag.starts_with("p class=\"facts\"") && seen.facts.is_none() {
                seen.facts = Some(at..at);
            }
            rest = start(tag, &mut open, &mut seen)?;
        }
    }
    match (open.last(), rest) {
        (Some(name), _) => Err(format!("`{name}` is not closed")),
        (None, "\n") => Ok(seen),
        (None, _) => Err("text stands behind its end".to_owned()),
    }
}

/// Reads text between tags.
fn words(text: &str, open: &[&str], seen: &mut Seen) -> Result<(), String> {
    match open.last() {
        Some(&"script") if !text.is_empty() => return Err("a script stands in it".to_owned()),
        Some(&"h1") => seen.heading.push_str(&unescaped(text)),
        _ => {}
    }
    if text.contains('>') { Err("`>` stands in its text".to_owned()) } else { Ok(()) }
}

/// Reads an end tag behind `</`, and gives what follows it.
fn end<'t>(tag: &'t str, open: &mut Vec<&str>) -> Result<&'t str, String> {
    let (name, rest) = tag.split_once('>').ok_or("a tag is cut off")?;
    match open.pop() {
        Some(expected) if expected == name => Ok(rest),
        Some(expected) => Err(format!("`{expected}` is not closed, and `{name}` is")),
        None => Err(format!("`{name}` is closed, which was not open")),
    }
}

/// Reads a start tag behind `<`, and gives what follows it.
fn start<'t>(tag: &'t str, open: &mut Vec<&'t str>, seen: &mut Seen) -> Result<&'t str, String> {
    let (name, mut rest) = word(tag)?;
    if matches!(name, "base" | "embed" | "form" | "iframe" | "object" | "style") {
        return Err(format!("the element `{name}` stands in it"));
    }
    loop {
        if let Some(behind) = rest.strip_prefix('>') {
            if !VOID.contains(&name) {
                open.push(name);
            }
            return Ok(behind);
        }
        let (attribute, behind) = word(rest.strip_prefix(' ').ok_or("a tag is not as it is written")?)?;
        let (value, behind) = match behind.strip_prefix("=\"") {
            Some(behind) => behind.split_once('"').ok_or("a tag is cut off")?,
            None => ("", behind),
        };
        rest = behind;
        if value.contains(['<', '>']) {
            return Err(format!("markup stands in the attribute `{attribute}`"));
        }
        if attribute == "style" || attribute.starts_with("on") {
            return Err(format!("the attribute `{attribute}` stands in it"));
        }
        if attribute == "href" || attribute == "src" {
            address(unescaped(value), open.contains(&"article"), seen)?;
        }
    }
}

/// The name of an element or of an attribute, and what follows it.
fn word(text: &str) -> Result<(&str, &str), String> {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let length = text.bytes().position(|byte| !is_part(byte)).unwrap_or(text.len());
    if length == 0 { Err("a tag has no name".to_owned()) } else { Ok(text.split_at(length)) }
}

/// An address is of the web, or of a place that the page itself names.
fn address(address: String, in_story: bool, seen: &mut Seen) -> Result<(), String> {
    let absolute = address.strip_prefix("feed:").unwrap_or(&address);
    if absolute.starts_with("https://") || absolute.starts_with("http://") {
        if let Some(story) = seen.stories.last_mut().filter(|_| in_story) {
            story.links.push(address.clone());
        }
        seen.links.insert(address);
        return Ok(());
    }
    let path = address.strip_prefix("../").unwrap_or(&address);
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/' | b'#');
    let inside = !path.is_empty() && !path.starts_with('/') && !path.contains("..") && path.bytes().all(is_part);
    if inside { Ok(()) } else { Err(format!("it has the address {address:?}")) }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<Seen, String> {
        read(format!("<!DOCTYPE html>\n<html>{body}</html>\n").as_bytes())
    }

    #[test]
    fn what_a_page_says_is_told() {
        let body = "<h1 dir=\"auto\">A &amp;lt; <b>B</b></h1><a hidden href=\"https://a.example/?b&amp;c\">d</a><wbr>\
            <p class=\"facts\">1</p><article class=\"a\"><p class=\"facts\"><a href=\"http://b.example/\">g</a></p></article>\n<a href=\"feed:https://a.example/\">e</a><a href=\"../ai/index.html#x\">f</a><script src=\"a/b.js\"></script>";
        let links = ["feed:https://a.example/", "http://b.example/", "https://a.example/?b&c"].map(str::to_owned).into();
        let text = format!("<!DOCTYPE html>\n<html>{body}</html>\n");
        let seen = page(body).expect("a page");
        assert_eq!((seen.heading.as_str(), seen.links), ("A &lt; ", links));
        let [story] = &seen.stories[..] else { panic!("{:?}", seen.stories) };
        assert_eq!(story.links, ["http://b.example/"]);
        assert!(text[story.place.clone()].starts_with("<article ") && text[story.place.clone()].ends_with("</article>\n"));
        assert_eq!(seen.facts.map(|place| &text[place]), Some("<p class=\"facts\">1</p>"));
    }

    #[test]
    fn what_is_no_page() {
        for (body, why) in [
            ("<p>", "`p` is not closed, and `html` is"),
            ("</p>", "`html` is not closed, and `p` is"),
            ("<p", "a tag is not as it is written"),
            ("<p title=\"a", "a tag is cut off"),
            ("<p title=\"<b>\"></p>", "markup stands in the attribute `title`"),
            ("<p onclick=\"a\"></p>", "the attribute `onclick` stands in it"),
            ("<p style=\"a\"></p>", "the attribute `style` stands in it"),
            ("<P></P>", "a tag has no name"),
            ("a > b", "`>` stands in its text"),
            ("< b", "a tag has no name"),
            ("<script>a</script>", "a script stands in it"),
            ("<style></style>", "the element `style` stands in it"),
            ("<a href=\"javascript:a\"></a>", "it has the address \"javascript:a\""),
            ("<a href=\"//a.example/\"></a>", "it has the address \"//a.example/\""),
            ("<a href=\"../../a\"></a>", "it has the address \"../../a\""),
            ("</html>", "`html` is closed, which was not open"),
            ("</html>a<b>", "`b` is not closed, and `html` is"),
        ] {
            assert_eq!(page(body), Err(why.to_owned()), "{body}");
        }
        assert_eq!(read(b"<p></p>\n"), Err("it does not begin with a DOCTYPE".to_owned()));
        assert_eq!(read(b"<!DOCTYPE html>\n<p>\n"), Err("`p` is not closed".to_owned()));
        assert_eq!(read(b"<!DOCTYPE html>\n<p></p>"), Err("text stands behind its end".to_owned()));
    }
}
