//! Documents read back, by a parser that did not write them, as strictly as the strictest reader does.
//!
//! `quick-xml` finds most of what makes XML not well-formed. What it lets through is looked at here: characters that XML 1.0
//! forbids (section 2.2), references to nothing (4.1), `]]>` in text (2.4), `<` in attributes (3.1), prefixes that the root
//! does not declare (Namespaces in XML, 5), more or less than one root, and a DOCTYPE, which no document of ours may have.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// What is where in documents of one kind.
pub(super) struct Shape {
    /// The element that holds everything.
    pub(super) root: &'static str,
    /// How many elements are open at those of the feed itself, of which the entries are some.
    pub(super) depth: usize,
    /// What an entry is called.
    pub(super) entry: &'static str,
    /// The attribute that holds an address.
    pub(super) address: &'static str,
}

/// What a document says, as far as it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'d> {
    /// The text of an element of the feed itself, by its local name.
    Feed(&'d [u8]),
    /// The text of an element of an entry.
    Entry(&'d [u8]),
    /// The address that is an attribute of an entry, or of an element in it: `href`, in OPML `xmlUrl`.
    Href,
    /// The id of a story that an entry is tied to: the attribute `ref`.
    Tie,
}

/// Reads a document, and tells each thing that is `wanted` with its text. `Err`: why the document is not in order.
pub(super) fn read(
    bytes: &[u8],
    shape: &Shape,
    wanted: impl Fn(Said) -> bool,
    mut tell: impl FnMut(Said, &str),
) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    only_characters(bytes)?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut place = Place { open: 0, feed: shape.depth, entry: shape.entry.as_bytes(), in_entry: false };
    let mut prefixes = vec![b"xml".to_vec()];
    let mut roots = 0;
    let mut listener = Listener::default();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                roots += usize::from(place.open == 0);
                element(&start, shape, &place, &mut prefixes, &wanted, &mut tell)?;
                listener.begin(&place, start.local_name().into_inner(), &wanted);
                place.enter(start.name().into_inner());
            }
            Event::Empty(start) => {
                roots += usize::from(place.open == 0);
                element(&start, shape, &place, &mut prefixes, &wanted, &mut tell)?;
            }
            Event::End(_) => {
                place.leave();
                listener.end(&place, &mut tell);
            }
            Event::Text(text) => {
                if memchr::memchr_iter(b'>', &text).any(|at| text[..at].ends_with(b"]]")) {
                    return Err("`]]>` stands in its text".to_owned());
                }
                if place.open == 0 && !text.iter().all(u8::is_ascii_whitespace) {
                    return Err("text stands outside of its root".to_owned());
                }
                listener.hear(&String::from_utf8_lossy(listener.ear(&text)));
            }
            Event::CData(_) | Event::GeneralRef(_) if place.open == 0 => {
                return Err("text stands outside of its root".to_owned());
            }
            Event::CData(text) => listener.hear(&String::from_utf8_lossy(listener.ear(&text))),
            Event::GeneralRef(reference) => {
                let meant = character(&reference).ok_or("a reference in its text is to nothing")?;
                listener.hear(meant.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => return Err("it has a DOCTYPE".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (place.open, roots) {
        (0, 1) => Ok(()),
        (0, 0) => Err("it is empty".to_owned()),
        (0, _) => Err("it has more than one root".to_owned()),
        _ => Err("an element is not closed".to_owned()),
    }
}

/// Where each entry stands, with the white space before it. `Err`: what the parser does not like.
pub(super) fn places(bytes: &[u8], shape: &Shape) -> Result<Vec<Range<usize>>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    let mut place = Place { open: 0, feed: shape.depth, entry: shape.entry.as_bytes(), in_entry: false };
    let mut places = Vec::new();
    // Where what stands between two elements begins, and where the entry does that is being read.
    let (mut between, mut begin) = (0, 0);
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                let name = start.name().into_inner();
                if place.is_entry(name) {
                    begin = between;
                }
                place.enter(name);
            }
            Event::Empty(start) if place.is_entry(start.name().into_inner()) => {
                places.push(between..at(reader.buffer_position()));
            }
            Event::End(_) => {
                let was_entry = place.in_entry;
                place.leave();
                if was_entry && !place.in_entry {
                    places.push(begin..at(reader.buffer_position()));
                }
            }
            // White space belongs to what follows it.
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => continue,
            Event::Eof => return Ok(places),
            _ => {}
        }
        between = at(reader.buffer_position());
    }
}

/// How far in the document the reading is.
struct Place {
    /// How many elements are open.
    open: usize,
    /// How many are open at the elements of the feed itself.
    feed: usize,
    /// What an entry is called.
    entry: &'static [u8],
    in_entry: bool,
}

impl Place {
    /// Whether an element of this name is an entry here.
    fn is_entry(&self, name: &[u8]) -> bool {
        self.open == self.feed && name == self.entry
    }

    fn enter(&mut self, name: &[u8]) {
        self.in_entry |= self.is_entry(name);
        self.open += 1;
    }

    fn leave(&mut self) {
        // The parser has seen to it that no element ends that did not begin.
        self.open = self.open.saturating_sub(1);
        self.in_entry &= self.open != self.feed;
    }
}

/// The element whose text is wanted.
#[derive(Default)]
struct Listener {
    name: Vec<u8>,
    in_entry: bool,
    /// How many elements were open when it began; nothing if there is none.
    at: Option<usize>,
    heard: String,
}

impl Listener {
    fn said(&self) -> Said<'_> {
        if self.in_entry { Said::Entry(&self.name) } else { Said::Feed(&self.name) }
    }

    fn begin(&mut self, place: &Place, name: &[u8], wanted: impl Fn(Said) -> bool) {
        let in_place = place.open == place.feed + usize::from(place.in_entry);
        let told = in_place && (place.in_entry || name != place.entry);
        let said = if place.in_entry { Said::Entry(name) } else { Said::Feed(name) };
        if told && self.at.is_none() && wanted(said) {
            self.at = Some(place.open);
            self.in_entry = place.in_entry;
            self.name.clear();
            self.name.extend_from_slice(name);
            self.heard.clear();
        }
    }

    fn end(&mut self, place: &Place, mut tell: impl FnMut(Said, &str)) {
        if self.at == Some(place.open) {
            self.at = None;
            tell(self.said(), &self.heard);
        }
    }

    /// The text if somebody listens, else nothing: most of a document is not wanted.
    fn ear<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        if self.at.is_some() { text } else { &[] }
    }

    fn hear(&mut self, text: &str) {
        if self.at.is_some() {
            self.heard.push_str(text);
        }
    }
}

/// Looks at the name and the attributes of an element.
fn element(
    start: &BytesStart,
    shape: &Shape,
    place: &Place,
    prefixes: &mut Vec<Vec<u8>>,
    wanted: impl Fn(Said) -> bool,
    mut tell: impl FnMut(Said, &str),
) -> Result<(), String> {
    let name = start.name().into_inner();
    if place.open == 0 && name != shape.root.as_bytes() {
        return Err(format!("its root is `{}` and not `{}`", utf8(name), shape.root));
    }
    let in_entry = place.in_entry || place.is_entry(name);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.into_inner();
        if let Some(prefix) = key.strip_prefix(b"xmlns:") {
            if place.open > 0 {
                return Err(format!("the prefix `{}` is declared below the root", utf8(prefix)));
            }
            prefixes.push(prefix.to_vec());
        } else {
            is_declared(key, prefixes)?;
        }
        let value = value(&attribute.value)?;
        if key == shape.address.as_bytes() && in_entry && wanted(Said::Href) {
            tell(Said::Href, utf8(&value));
        } else if key == b"ref" && in_entry && wanted(Said::Tie) {
            tell(Said::Tie, utf8(&value));
        }
    }
    is_declared(name, prefixes)
}

/// Whether a name is one, and its prefix, if it has any, is declared. Names of ours are ASCII.
fn is_declared(name: &[u8], prefixes: &[Vec<u8>]) -> Result<(), String> {
    let is_name = |name: &[u8]| {
        name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let mut parts = name.splitn(2, |byte| *byte == b':');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    if !is_name(first) || second.is_some_and(|local| !is_name(local)) {
        return Err(format!("`{}` is no name", utf8(name)));
    }
    if second.is_some() && !prefixes.iter().any(|known| known == first) {
        return Err(format!("the prefix `{}` is not declared", utf8(first)));
    }
    Ok(())
}

/// The value of an attribute.
fn value(raw: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let Some(first) = memchr::memchr2(b'<', b'&', raw) else { return Ok(Cow::Borrowed(raw)) };
    if memchr::memchr(b'<', &raw[first..]).is_some() {
        return Err("`<` stands in an attribute".to_owned());
    }
    let value = quick_xml::escape::unescape(utf8(raw)).map_err(|error| error.to_string())?;
    // The characters that stand as they are have been looked at.
    if !value.chars().all(is_character) {
        return Err("a reference in an attribute is to a character that XML does not have".to_owned());
    }
    Ok(Cow::Owned(value.into_owned().into_bytes()))
}

/// What a reference in text stands for.
fn character(reference: &BytesRef) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character).filter(|character| is_character(*character)),
        Ok(None) => resolve_xml_entity(utf8(reference))?.chars().next(),
        Err(_) => None,
    }
}

/// XML 1.0, production 2.
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether every character may stand in XML. That the bytes are UTF-8 is known.
fn only_characters(bytes: &[u8]) -> Result<(), String> {
    // Without a way out of the loop the compiler looks at many bytes at once.
    let control = bytes.iter().fold(false, |any, &byte| any | matches!((byte < 0x20, byte), (true, 0..=0x8 | 0xb | 0xc | 0xe..)));
    let nothing = memchr::memchr_iter(0xef, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xbf, 0xbe | 0xbf])));
    if control || nothing { Err("a character stands in it that XML does not have".to_owned()) } else { Ok(()) }
}

/// A part of the document, which is known to be UTF-8.
fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ATOM: Shape = Shape { root: "feed", depth: 1, entry: "entry", address: "href" };

    fn heard(text: &str) -> Result<Vec<String>, String> {
        let mut heard = Vec::new();
        let tell = |said: Said, text: &str| {
            let (place, name) = match said {
                Said::Feed(name) => ("feed", utf8(name)),
                Said::Entry(name) => ("entry", utf8(name)),
                Said::Href => ("href", ""),
                Said::Tie => ("tie", ""),
            };
            heard.push(format!("{place} {name} {text}"));
        };
        read(text.as_bytes(), &ATOM, |_| true, tell)?;
        Ok(heard)
    }

    #[test]
    fn what_a_document_says_is_told() {
        let text = "<?xml version=\"1.0\"?>\n<feed xmlns=\"a\" xmlns:m=\"b\"><id>f&amp;<![CDATA[<g>]]></id><m:x y=\"1\"><id>no</id></m:x>\
            <link href=\"no\"/><entry><id>1&#x41;</id><m:r href=\"a&amp;b\" ref=\"t\"/><content>c<b>d</b></content></entry>\n<entry/></feed>\n";
        let expected = ["feed id f&<g>", "feed x no", "entry id 1A", "href  a&b", "tie  t", "entry content cd"];
        assert_eq!(heard(text).expect("in order"), expected);
    }

    #[test]
    fn entries_have_their_places() {
        let text = "<feed>\n <id>f</id>\n <entry>\n  <entry/>\n </entry><!-- a -->\n <entry/><m>\n <entry></entry></m>\n</feed>";
        let found = places(text.as_bytes(), &ATOM).expect("in order");
        let found: Vec<&str> = found.into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, ["\n <entry>\n  <entry/>\n </entry>", "\n <entry/>"]);
    }

    #[test]
    fn what_is_not_in_order() {
        for (text, why) in [
            ("", "it is empty"),
            ("<rss/>", "its root is `rss` and not `feed`"),
            ("<feed/><feed/>", "it has more than one root"),
            ("<feed>", "an element is not closed"),
            ("<feed/>a", "text stands outside of its root"),
            ("<feed/>&amp;", "text stands outside of its root"),
            ("<feed><![CDATA[a]]></feed><![CDATA[b]]>", "text stands outside of its root"),
            ("<!DOCTYPE feed><feed/>", "it has a DOCTYPE"),
            ("<feed>\u{b}</feed>", "a character stands in it that XML does not have"),
            ("<feed>\u{fffe}</feed>", "a character stands in it that XML does not have"),
            ("<feed>&nbsp;</feed>", "a reference in its text is to nothing"),
            ("<feed>&#11;</feed>", "a reference in its text is to nothing"),
            ("<feed>]]></feed>", "`]]>` stands in its text"),
            ("<feed a=\"<\"/>", "`<` stands in an attribute"),
            ("<feed a=\"&#11;\"/>", "a reference in an attribute is to a character that XML does not have"),
            ("<feed m:a=\"b\"/>", "the prefix `m` is not declared"),
            ("<feed><m:a/></feed>", "the prefix `m` is not declared"),
            ("<feed><a xmlns:m=\"b\"/></feed>", "the prefix `m` is declared below the root"),
            ("<feed><1/></feed>", "`1` is no name"),
        ] {
            assert_eq!(heard(text), Err(why.to_owned()), "{text}");
        }
        // What the parser finds, in its own words.
        for text in [
            "<feed></fed>",
            "<feed a=b/>",
            "<feed a=\"1\" a=\"2\"/>",
            "<feed>&</feed>",
            "<feed a=\"&\"/>",
            "<feed><!-- -- --></feed>",
            "<feed",
            "</feed>",
        ] {
            assert!(heard(text).is_err(), "{text}");
        }
    }

    proptest! {
        /// It is no less strict than a reader known to be strict.
        #[test]
        fn what_is_not_well_formed_is_refused(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "<feed>", "</feed>", "<a>", "</a>", "<a/>", "<m:a/>", "<a b=\"c\">", "<a b='c'/>", "<a b=c>", "<a b>", "<a b=\"c\" b=\"d\"/>", "&amp;",
                "&lt;", "&#38;", "&#x0;", "&", ";", "&x;", "<", ">", "]]>", "<![CDATA[", "<![CDATA[a]]>", "<!--a-->", "<!-- -- -->", "<?a b?>", "<?xml?>", "a",
                " ", "\n", "\"", "'", "é", "\u{1}", "\u{ffff}", "\u{85}", "=", "/", ":",
            ]), 0..8),
        ) {
            let text = format!("<feed xmlns:m=\"n\">{}</feed>", pieces.concat());
            if read(text.as_bytes(), &ATOM, |_| true, |_, _| {}).is_ok() {
                let other = roxmltree::Document::parse(&text);
                prop_assert!(other.is_ok(), "{text}: {other:?}");
            }
        }
    }
}
