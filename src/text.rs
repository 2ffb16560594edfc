//! Cleaned text: the only strings that may reach a document.
//!
//! Neither the feed crates nor their XML writers refuse a character that XML forbids, so every string is cleaned once,
//! where articles are read. [`Line`], [`Prose`] and [`html::Html`] can be made in no other way than by [`line()`], [`prose()`] and
//! [`html::Html::clean`]; a document that is built from them alone is well formed.
//!
//! The steps, in this order: repair mojibake, decode character references once, drop what may not stand in a document,
//! settle white space, drop what shows nothing, cut at the cap. Markup is no part of it: `<` is text and stays. Only in the
//! full text of an article is it markup; see [`html`].

use std::borrow::Cow;
use std::fmt;

use html_escape::NAMED_ENTITIES;
use unicode_segmentation::UnicodeSegmentation;

pub mod html;

/// The most characters of a [`Line`], the mark of a cut included.
const LINE_CAP: usize = 500;

/// The most characters of a [`Prose`], the mark of a cut and the line feeds between paragraphs included.
const PROSE_CAP: usize = 5000;

/// What stands between two paragraphs of a [`Prose`], and nowhere else.
const PARAGRAPH_GAP: &str = "\n\n";

/// One line of clean text, from an article's title, a provider's name or a topic; it may be empty.
///
/// It holds only characters that XML 1.0 allows, none of them a control, a non-character or a bidi override or isolate.
/// Words are parted by one space; there is no white space at either end, and there are at most 500 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(String);

impl Line {
    /// The text, unescaped: a writer escapes it for its own format.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to show, as for a title of white space and invisible characters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AsRef<str> for Line {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Clean text of one or more paragraphs, from an article's excerpt; it may be empty.
///
/// What is said of [`Line`] is true of each paragraph, but the cap is 5000 characters for all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prose(String);

impl Prose {
    /// The paragraphs in their order, each of which has something to show; none for empty text.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        // Splitting empty text gives one empty part.
        self.0.split(PARAGRAPH_GAP).filter(|paragraph| !paragraph.is_empty())
    }

    /// All paragraphs, unescaped, with two line feeds between each two.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no paragraph.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether damaged text is repaired, from the site file's `mojibake`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mojibake {
    /// Repair only what cannot be anything else: `Alexaâ€™s` becomes `Alexa’s`, but `Ã©` stays.
    #[default]
    Safe,
    /// Leave the text as it is.
    Off,
}

/// A [`Line`] or a [`Prose`], and what was done to it that somebody should hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned<T> {
    /// The clean text.
    pub text: T,
    /// Mojibake was repaired: the source is damaged.
    pub repaired: bool,
    /// The text was longer than its cap and has lost its end.
    pub cut: bool,
}

impl<T> Cleaned<T> {
    fn map<U>(self, wrap: impl FnOnce(T) -> U) -> Cleaned<U> {
        Cleaned { text: wrap(self.text), repaired: self.repaired, cut: self.cut }
    }
}

/// Cleans a title, a name or a topic: every run of white space, line breaks included, becomes one space.
///
/// Clean text comes back as it is, save that what still reads as a reference is decoded and what still reads as
/// mojibake is repaired: clean a string once.
#[must_use]
pub fn line(raw: &str, mojibake: Mojibake) -> Cleaned<Line> {
    clean(raw, mojibake, " ", LINE_CAP).map(Line)
}

/// A line of text that is clean already, or is put together of such: only its length may have to be cut.
#[must_use]
pub fn line_of_clean(text: &str) -> Line {
    // What reads as a character reference in clean text was meant to be seen: it must not be decoded a second time.
    line(&text.replace('&', "&amp;"), Mojibake::Off).text
}

/// Cleans an excerpt: a blank line or U+2029 parts two paragraphs, every other run of white space becomes one space.
///
/// As with [`line()`], clean a string once.
#[must_use]
pub fn prose(raw: &str, mojibake: Mojibake) -> Cleaned<Prose> {
    clean(raw, mojibake, PARAGRAPH_GAP, PROSE_CAP).map(Prose)
}

/// A longer text as it was meant, before it is read as Markdown or HTML: mojibake is repaired, and nothing else is changed.
/// It is borrowed if there was none.
#[must_use]
pub fn repaired(raw: &str, mojibake: Mojibake) -> Cow<'_, str> {
    if mojibake == Mojibake::Safe && has_mojibake_lead(raw) { repair_mojibake(raw) } else { Cow::Borrowed(raw) }
}

/// An address as it was meant: references decoded once, because sources write `&#038;` for `&`, and no white space at
/// its ends.
///
/// Nothing else is changed or checked, so this is not fit for a document until it has been parsed as a URL.
#[must_use]
pub fn address(raw: &str) -> Cow<'_, str> {
    match decode_references(raw) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn clean(raw: &str, mojibake: Mojibake, paragraph_gap: &str, cap: usize) -> Cleaned<String> {
    if is_surely_clean(raw, cap) {
        return Cleaned { text: raw.to_owned(), repaired: false, cut: false };
    }
    clean_any(raw, mojibake, paragraph_gap, cap)
}

/// Whether cleaning a line surely has nothing to report: it neither repairs nor cuts, and something is left.
pub(crate) fn is_sound_line(text: &str) -> bool {
    text.len() <= LINE_CAP
        && !has_mojibake_lead(text)
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && memchr::memchr(b'&', text.as_bytes()).is_none()
}

/// Whether cleaning an excerpt surely has nothing to report: it neither repairs nor cuts.
pub(crate) fn is_sound_prose(text: &str) -> bool {
    text.len() <= PROSE_CAP && !has_mojibake_lead(text)
}

fn has_mojibake_lead(text: &str) -> bool {
    // `â` is the bytes C3 A2.
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xC3, bytes).any(|at| bytes.get(at + 1) == Some(&0xA2))
}

/// Whether cleaning surely gives the text back: it is not longer than the cap, in bytes, and visible ASCII but `&`, single
/// spaces between, and the usual quotation marks and dashes. Most texts are so, and a folder has many.
fn is_surely_clean(text: &str, cap: usize) -> bool {
    text.len() <= cap && is_plain(text.as_bytes())
}

fn is_plain(bytes: &[u8]) -> bool {
    // Without a way out of the loop the compiler looks at many bytes at once.
    let visible = bytes.iter().fold(true, |all, &byte| all & matches!(byte, b' '..=b'%' | b'\''..=b'~'));
    let spaced = visible || is_plain_with_marks(bytes);
    let double = bytes.windows(2).filter(|pair| *pair == b"  ").count() > 0;
    spaced && !double && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ')
}

/// Whether all are visible ASCII but `&`, spaces, or from U+2010 to U+2027: quotation marks, dashes, dots.
fn is_plain_with_marks(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return true,
            [b'&', ..] => return false,
            [b' '..=b'~', rest @ ..] | [0xE2, 0x80, 0x90..=0xA7, rest @ ..] => rest,
            _ => return false,
        };
    }
}

fn clean_any(raw: &str, mojibake: Mojibake, paragraph_gap: &str, cap: usize) -> Cleaned<String> {
    let whole = match mojibake {
        Mojibake::Safe => repair_mojibake(raw),
        Mojibake::Off => Cow::Borrowed(raw),
    };
    let settled = settle(&decode_references(&whole), paragraph_gap);
    let (text, cut) = shorten(without_blank_paragraphs(settled), cap);
    Cleaned { text, repaired: matches!(whole, Cow::Owned(_)), cut }
}

/// Undoes UTF-8 that was read as cp1252, where three characters leave no doubt (see [`mojibake_run`]).
///
/// ftfy repairs much more, and on real titles damages sound ones: `Nestlé®’s` is not mojibake.
fn repair_mojibake(text: &str) -> Cow<'_, str> {
    replace_after(text, 'â', mojibake_run)
}

/// The character meant by `â` and the two characters at the start of `after`, and the length of those two in bytes.
///
/// `â` is byte E2. The five second characters that are accepted confine the result to U+2000–203F, U+2080–20BF,
/// U+2100–213F, U+2180–21BF and U+2200–223F: punctuation, currency, letterlike signs, arrows, mathematics; no
/// non-character and nothing illegal among them.
fn mojibake_run(after: &str) -> Option<(Cow<'static, str>, usize)> {
    let mut chars = after.chars();
    let (second, third) = (chars.next()?, chars.next()?);
    if !matches!(second, '€' | '‚' | '„' | '†' | 'ˆ') {
        return None;
    }
    let bytes = [0xE2, cp1252_byte(second)?, cp1252_byte(third)?];
    let meant = str::from_utf8(&bytes).ok()?.chars().next()?;
    // `â€` alone is a closing quotation mark that lost its last byte, and must be left alone. Before a no-break space
    // it looks like a dagger, and before `®` and some others like a bidi control: believing that would swallow the
    // author's own character. For the marks U+200E and U+200F, which later steps keep, caution decides the same.
    if matches!(meant, '\u{2020}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}') {
        return None;
    }
    Some((Cow::Owned(meant.to_string()), second.len_utf8() + third.len_utf8()))
}

/// What cp1252 makes of the bytes 80 to 9F; the five that it leaves undefined are the C1 controls of the same value,
/// as decoders in browsers have it and as HTML has it for numeric references.
const CP1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', //
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// The byte from 80 to BF, that is a UTF-8 continuation byte, that cp1252 reads as `c`.
fn cp1252_byte(c: char) -> Option<u8> {
    match c {
        '\u{A0}'..='\u{BF}' => u8::try_from(c).ok(),
        _ => (0x80..=0x9F).zip(CP1252).find(|&(_, image)| image == c).map(|(byte, _)| byte),
    }
}

/// Decodes `&#n;`, `&#xh;` and the names of HTML that end in `;`, once: `&amp;lt;` becomes `&lt;`.
///
/// HTML also knows names without `;`. In text that is not HTML those are more often part of a word or an address
/// (`AT&T`, `?a=1&copy=2`).
fn decode_references(text: &str) -> Cow<'_, str> {
    replace_after(text, '&', reference)
}

/// What the reference at the start of `after`, which follows a `&`, stands for, and its length in bytes.
fn reference(after: &str) -> Option<(Cow<'static, str>, usize)> {
    // Stopping at the first character that cannot belong to a reference keeps a text of many `&` linear.
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '#')?;
    if !after[end..].starts_with(';') {
        return None;
    }
    let name = &after[..end];
    let meant = match name.strip_prefix('#') {
        Some(number) => Cow::Owned(numbered_character(number)?.to_string()),
        None => Cow::Borrowed(named_characters(name)?),
    };
    Some((meant, end + ';'.len_utf8()))
}

/// The character of the number, read as the HTML Living Standard says under "numeric character reference end state",
/// but nothing for NUL, surrogates, what lies beyond Unicode and non-characters: there the source shows more as it is
/// than with a replacement character.
///
/// A control is given, and dropped in the next step like one that was not written as a reference.
fn numbered_character(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        // Would take a sign too, but no sign gets past `reference`.
        None => number.parse::<u32>(),
    };
    match code.ok()? {
        0 => None,
        code @ 0x80..=0x9F => CP1252.get(usize::try_from(code - 0x80).ok()?).copied(),
        code => char::from_u32(code).filter(|&c| !is_noncharacter(c)),
    }
}

/// What a name of HTML stands for: one character, for a few names two.
fn named_characters(name: &str) -> Option<&'static str> {
    let at = NAMED_ENTITIES.binary_search_by(|(known, _)| (*known).cmp(name.as_bytes())).ok()?;
    Some(NAMED_ENTITIES[at].1)
}

/// Replaces `lead` and what `read` takes of the text after it, wherever `read` recognises that text. `read` gives the
/// replacement and how many bytes it has taken, none of which may be a `lead`.
///
/// What comes back is borrowed when nothing was replaced.
fn replace_after(text: &str, lead: char, read: impl Fn(&str) -> Option<(Cow<'static, str>, usize)>) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut done = 0;
    for (at, lead) in text.match_indices(lead) {
        let after = at + lead.len();
        if let Some((meant, length)) = read(&text[after..]) {
            replaced.push_str(&text[done..at]);
            replaced.push_str(&meant);
            done = after + length;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(&text[done..]);
    Cow::Owned(replaced)
}

/// The white space since the last character that is not white space.
#[derive(Clone, Copy)]
enum Gap {
    None,
    Space,
    LineBreak,
    Paragraph,
}

impl Gap {
    fn widened(self, white: char) -> Self {
        let breaks_line = matches!(white, '\n' | '\r' | '\u{85}' | '\u{2028}');
        match self {
            _ if white == '\u{2029}' => Self::Paragraph,
            Self::LineBreak if breaks_line => Self::Paragraph,
            Self::None | Self::Space if breaks_line => Self::LineBreak,
            Self::None => Self::Space,
            wider => wider,
        }
    }
}

/// Drops the characters that may not stand in a document and makes one space or one `paragraph_gap` of each run of
/// white space, nothing of those at the ends.
fn settle(text: &str, paragraph_gap: &str) -> String {
    let mut settled = String::with_capacity(text.len());
    let mut gap = Gap::None;
    let mut previous = None;
    for c in text.chars().filter(|&c| !is_forbidden(c)) {
        if c.is_whitespace() {
            let ends_crlf = c == '\n' && previous == Some('\r');
            if !ends_crlf {
                gap = gap.widened(c);
            }
        } else {
            match gap {
                Gap::Space | Gap::LineBreak if !settled.is_empty() => settled.push(' '),
                Gap::Paragraph if !settled.is_empty() => settled.push_str(paragraph_gap),
                _ => {}
            }
            gap = Gap::None;
            settled.push(c);
        }
        previous = Some(c);
    }
    settled
}

/// Whether a character may stand in no document.
fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        // A byte order mark inside a text is left over from gluing files together. An override or isolate that is never
        // closed would spill over the rest of the page.
        '\u{FEFF}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        // XML 1.0 section 2.2 forbids the controls below U+0020 and U+FFFE and U+FFFF, and discourages the rest.
        _ => c.is_control() || is_noncharacter(c),
    }
}

/// Whether Unicode promises never to assign this code point.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

fn without_blank_paragraphs(text: String) -> String {
    if !text.split(PARAGRAPH_GAP).any(is_blank) {
        return text;
    }
    let shown: Vec<&str> = text.split(PARAGRAPH_GAP).filter(|paragraph| !is_blank(paragraph)).collect();
    shown.join(PARAGRAPH_GAP)
}

/// Whether there is nothing to see: a title of one zero-width space would give an entry that cannot be clicked.
fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether Unicode gives the character the property `Default_Ignorable_Code_Point`: the zero-width characters, the
/// marks of direction, the soft hyphen, the variation selectors, the Hangul fillers and some of the kind.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// The text with at most `cap` characters, and whether it had to be cut.
///
/// The cut falls between two graphemes, so that neither an emoji nor an accented letter is torn.
fn shorten(text: String, cap: usize) -> (String, bool) {
    // There are never more characters than bytes, and for most texts that settles it.
    if text.len() <= cap || text.chars().count() <= cap {
        return (text, false);
    }
    let mut room = cap - 1;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let Some(left) = room.checked_sub(grapheme.chars().count()) else { break };
        room = left;
        end = at + grapheme.len();
    }
    let kept = text[..end].trim_end();
    // Not even one grapheme may fit, and "…" alone says nothing.
    if is_blank(kept) {
        return (String::new(), true);
    }
    (format!("{kept}…"), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_line(raw: &str, expected: &str) {
        assert_eq!(line(raw, Mojibake::Safe).text.as_str(), expected, "{raw:?}");
    }

    #[track_caller]
    fn check_prose(raw: &str, expected: &[&str]) {
        let prose = prose(raw, Mojibake::Safe).text;
        assert_eq!(prose.paragraphs().collect::<Vec<_>>(), expected, "{raw:?}");
        assert_eq!(prose.as_str(), expected.join("\n\n"), "{raw:?}");
        assert_eq!(prose.is_empty(), expected.is_empty(), "{raw:?}");
    }

    #[track_caller]
    fn check_unchanged(text: &str) {
        let expected = Cleaned { text: text.to_owned(), repaired: false, cut: false };
        assert_eq!(line(text, Mojibake::Safe).map(|line| line.to_string()), expected);
        assert_eq!(prose(text, Mojibake::Safe).map(|prose| prose.as_str().to_owned()), expected);
    }

    #[test]
    fn three_certain_characters_are_repaired() {
        let title = line("Alexaâ€™s", Mojibake::Safe);
        assert_eq!(title, Cleaned { text: Line("Alexa’s".into()), repaired: true, cut: false });
        check_line("â€œsoâ€\u{9D} â€˜itâ€™ isâ€¦", "“so” ‘it’ is…");
        check_line("1990â€“99 â€” â€¢ â€¹aâ€º â€\u{9D}", "1990–99 — • ‹a› ”");
        check_line("â‚¬5, Brandâ„¢, aâ†’b, 1âˆ’1, âˆž", "€5, Brand™, a→b, 1−1, ∞");
        check_prose("Alexaâ€™s\n\nItâ€™s", &["Alexa’s", "It’s"]);
        // A separator is repaired like the rest, and then parts.
        check_prose("aâ€¨b", &["a b"]);
        check_prose("aâ€©b", &["a", "b"]);
    }

    #[test]
    fn doubtful_mojibake_is_left_alone() {
        for text in ["Nestlé®’s Ã‚© mark", "“quotedâ€", "“quotedâ€ twice", "Ã©", "café", "â", "pâte à pain"]
        {
            check_unchanged(text);
        }
        // A closing quotation mark without its last byte, followed by a character of the author's own.
        check_line("“Cokeâ€® is", "“Cokeâ€® is");
        check_line("“quotedâ€\u{A0}twice", "“quotedâ€ twice");
        // Direction marks, of which later steps would keep two.
        check_line("â€Ž", "â€Ž");
        check_line("aâ€\u{8F}b", "aâ€b");
    }

    #[test]
    fn mojibake_can_be_left_as_it_is() {
        let title = line("Alexaâ€™s", Mojibake::Off);
        assert_eq!(title, Cleaned { text: Line("Alexaâ€™s".into()), repaired: false, cut: false });
        assert!(!prose("Alexaâ€™s", Mojibake::Off).repaired);
        assert_eq!(Mojibake::default(), Mojibake::Safe);
    }

    #[test]
    fn repair_goes_one_level_deep_and_comes_before_references() {
        check_line("ââ‚¬™", "â€™");
        check_line("&acirc;&euro;&trade;", "â€™");
    }

    #[test]
    fn references_are_decoded_once() {
        check_line("It&#8217;s R&amp;D", "It’s R&D");
        check_line("&#x27;a&#X27; &#0000000000000000000038;", "'a' &");
        check_line("a&nbsp;b", "a b");
        check_line("&amp;lt;b&amp;gt; &amp;#39;", "&lt;b&gt; &#39;");
        check_line("&lt;b&gt; &hellip; &NotEqualTilde;", "<b> … ≂\u{338}");
        check_line("&&amp;&#x1F600;&", "&&😀&");
        check_prose("a&NewLine;&#10;b&#x2029;c", &["a", "b", "c"]);
    }

    #[test]
    fn references_to_windows_bytes_mean_what_browsers_read() {
        check_line("It&#146;s &#x93;so&#148; &#128;5 &#x9f;", "It’s “so” €5 Ÿ");
        // The bytes that cp1252 leaves undefined are controls.
        check_line("a&#129;b&#x9D;c", "abc");
    }

    #[test]
    fn what_is_no_reference_is_text() {
        for text in [
            "AT&T",
            "R&D;x",
            "&unknown;",
            "&copy",
            "&copy 2020",
            "a & b; c",
            "&;",
            "&#;",
            "&#x;",
            "&#xG;",
            "&#12a;",
            "&#+65;",
            "&##65;",
            "&# 65;",
            "&AMP ;",
            "&Nbsp;",
        ] {
            check_unchanged(text);
        }
    }

    #[test]
    fn references_to_what_is_no_character_stay() {
        for text in ["&#0;", "&#x0;", "&#xD800;", "&#57343;", "&#x110000;", "&#99999999999;", "&#xFFFE;", "&#xFDD0;"] {
            check_unchanged(text);
        }
    }

    #[test]
    fn markup_is_text() {
        for text in ["Amazon <AMZN.O> rises", "I <3 Rust", "]]>", "<script>\"it's\"</script>"] {
            check_unchanged(text);
        }
    }

    #[test]
    fn forbidden_characters_are_dropped() {
        let controls = "\0\u{7}\u{B}\u{C}\u{1F}\u{7F}\u{80}\u{9F}";
        let directing = "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}";
        let others = "\u{FDD0}\u{FDEF}\u{FEFF}\u{FFFE}\u{FFFF}\u{1FFFE}\u{10FFFF}";
        for c in [controls, directing, others].concat().chars() {
            check_line(&format!("{c}a{c}b{c} {c} c{c}"), "ab c");
            check_prose(&format!("{c}a{c}b{c} {c} c{c}\r{c}\nd\n{c}\ne"), &["ab c d", "e"]);
            check_line(&c.to_string(), "");
        }
        check_line("a&#7;b&#x202E;c&#xFEFF;d", "abcd");
    }

    #[test]
    fn characters_that_languages_need_are_kept() {
        for text in ["می\u{200C}خواهم", "👩\u{200D}🚀", "a\u{200E}b\u{200F}c", "so\u{AD}lar", "a\u{200B}b", "❤\u{FE0F}"]
        {
            check_unchanged(text);
        }
        check_unchanged("\u{FFFD}");
    }

    #[test]
    fn white_space_in_a_line_is_one_space() {
        check_line(" \t a \r\n\r\n b\u{A0}\u{A0}c\u{85}d\u{2028}e\u{2029}f\u{3000}g \n", "a b c d e f g");
        check_line(" \u{A0}\r\n", "");
    }

    #[test]
    fn a_blank_line_parts_paragraphs() {
        check_prose("a\r\n\r\nb", &["a", "b"]);
        check_prose("\r\n\r\na \u{A0}b\n \t\u{A0}\n\n\n c\r\rd\u{85}\u{2028}e\u{2029}f\n\n", &["a b", "c", "d", "e", "f"]);
        check_prose("a\r\nb\rc\nd\u{85}e\u{2028}f", &["a b c d e f"]);
        check_prose("a\n\rb", &["a", "b"]);
        check_prose(" \r\n\r\n ", &[]);
        check_prose("", &[]);
    }

    #[test]
    fn text_with_nothing_to_see_is_empty() {
        for raw in ["\u{200B}", "\u{200B} \u{200D}\u{200C}", "\u{200E}\u{200F}\u{AD}\u{2060}", "&#xFE0F;&shy;\u{E0100}"] {
            check_line(raw, "");
            check_prose(raw, &[]);
            check_prose(&format!("a\n\n{raw}\n\nb\n\n{raw}"), &["a", "b"]);
        }
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        let just = "é".repeat(500);
        assert_eq!(line(&just, Mojibake::Safe), Cleaned { text: Line(just.clone()), repaired: false, cut: false });
        let over = line(&format!("{just}é"), Mojibake::Safe);
        assert_eq!(over, Cleaned { text: Line(format!("{}…", "é".repeat(499))), repaired: false, cut: true });
        check_line(&format!("{} {}", "x".repeat(498), "y".repeat(9)), &format!("{}…", "x".repeat(498)));

        let just = "é".repeat(5000);
        assert_eq!(prose(&just, Mojibake::Safe), Cleaned { text: Prose(just.clone()), repaired: false, cut: false });
        let over = prose(&format!("{just}é"), Mojibake::Safe);
        assert_eq!(over, Cleaned { text: Prose(format!("{}…", "é".repeat(4999))), repaired: false, cut: true });
        check_prose(&format!("{}\n\n{}", "x".repeat(4998), "y".repeat(9)), &[&format!("{}…", "x".repeat(4998))]);
    }

    #[test]
    fn white_space_that_goes_does_not_count_for_the_cap() {
        let spaced = line(&format!("a{}b", " ".repeat(9000)), Mojibake::Safe);
        assert_eq!(spaced, Cleaned { text: Line("a b".into()), repaired: false, cut: false });
    }

    #[test]
    fn no_grapheme_is_torn() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(family.chars().count(), 7);
        check_line(&format!("{}{family}", "x".repeat(493)), &format!("{}{family}", "x".repeat(493)));
        check_line(&format!("{}{family}", "x".repeat(494)), &format!("{}…", "x".repeat(494)));
        check_line(&format!("{}{family}yz", "x".repeat(492)), &format!("{}{family}…", "x".repeat(492)));

        let overloaded = format!("e{}", "\u{301}".repeat(600));
        check_line(&format!("ab{overloaded}"), "ab…");
        assert_eq!(line(&overloaded, Mojibake::Safe), Cleaned { text: Line::default(), repaired: false, cut: true });
    }

    #[test]
    fn an_address_is_decoded_and_trimmed_only() {
        assert_eq!(address("https://e.org/?resize=620%2C497&#038;ssl=1"), "https://e.org/?resize=620%2C497&ssl=1");
        assert_eq!(address(" https://e.org/?a=1&amp;b=2&#10;"), "https://e.org/?a=1&b=2");
        assert_eq!(address("https://e.org/?a=1&copy=2&amp;lt;"), "https://e.org/?a=1&copy=2&lt;");
        assert_eq!(address("https://e.org/a  b/â€™\u{7}"), "https://e.org/a  b/â€™\u{7}");
        assert!(matches!(address("\thttps://e.org/\n"), Cow::Borrowed("https://e.org/")));
    }

    #[test]
    fn a_line_is_shown_as_it_is() {
        let title = line("a  b", Mojibake::Safe).text;
        assert_eq!(format!("{title}|{title:>5}"), "a b|  a b");
        assert_eq!(title.as_ref(), "a b");
        assert!(!title.is_empty());
        assert!(Line::default().is_empty());
    }

    /// Any text, but rich in what is treated specially, and at times longer than a line may be.
    fn any_text() -> impl Strategy<Value = String> {
        let white = "  \n\r\t\u{85}\u{A0}\u{2028}\u{2029}\u{B}";
        let dropped = "\u{7}\u{7F}\u{9D}\u{FDD0}\u{FEFF}\u{FFFE}\u{202E}\u{2066}";
        let kept = "\u{200B}\u{200D}\u{200F}\u{FE0F}\u{301}👩â€†®’&#x;a<";
        let references = "&amp; &nbsp; &#10; &#7; &#x202E; &#xFEFF; &#xFFFE; &#x9D; &zwj; &NewLine; &# 202E; amp;";
        let mojibake = "â€ â€™ â€® â€¨ â€©";
        let mut special: Vec<String> = [white, dropped, kept].concat().chars().map(String::from).collect();
        special.extend([references, mojibake].iter().flat_map(|parts| parts.split(' ')).map(str::to_owned));
        let part = prop_oneof![
            3 => prop::sample::select(special),
            1 => any::<char>().prop_map(String::from),
        ];
        prop_oneof![
            any::<String>(),
            prop::collection::vec(part.clone(), 0..40).prop_map(|parts| parts.concat()),
            prop::collection::vec(part, 400..700).prop_map(|parts| parts.concat()),
        ]
    }

    /// XML 1.0 section 2.2, production `Char`, without what the notes there discourage.
    fn is_welcome(c: char) -> bool {
        let allowed = matches!(c, '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
        let discouraged = matches!(c, '\u{7F}'..='\u{9F}' | '\u{FDD0}'..='\u{FDEF}')
            || (1..=16).any(|plane| matches!(u32::from(c).checked_sub(plane << 16), Some(0xFFFE | 0xFFFF)));
        let directs = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
        allowed && !discouraged && !directs
    }

    #[track_caller]
    fn check_clean_paragraph(text: &str) {
        assert!(text.chars().all(is_welcome), "{text:?}");
        assert!(text.chars().all(|c| c == ' ' || !c.is_whitespace()), "{text:?}");
        assert!(!text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  "), "{text:?}");
    }

    proptest! {
        /// What is taken for clean is what cleaning makes of it.
        #[test]
        fn plain_text_is_clean(text in "[ -~’“”–…&é]{0,12}|[ -%'-~’“”–…]{0,12}") {
            if is_plain(text.as_bytes()) {
                let any = clean_any(&text, Mojibake::Safe, PARAGRAPH_GAP, LINE_CAP);
                prop_assert_eq!(any, Cleaned { text, repaired: false, cut: false });
            }
        }

        #[test]
        fn any_string_becomes_a_clean_line(raw in any_text()) {
            for mojibake in [Mojibake::Safe, Mojibake::Off] {
                let Cleaned { text, cut, .. } = line(&raw, mojibake);
                check_clean_paragraph(text.as_str());
                let length = text.as_str().chars().count();
                prop_assert!(length <= LINE_CAP);
                prop_assert!(!cut || text.is_empty() || text.as_str().ends_with('…'));
                prop_assert!(text.is_empty() || !is_blank(text.as_str()));
            }
        }

        #[test]
        fn any_string_becomes_clean_prose(raw in any_text(), times in 1_usize..9) {
            let text = prose(&raw.repeat(times), Mojibake::Safe).text;
            prop_assert!(text.as_str().chars().count() <= PROSE_CAP);
            prop_assert_eq!(text.paragraphs().collect::<Vec<_>>().join("\n\n"), text.as_str());
            for paragraph in text.paragraphs() {
                check_clean_paragraph(paragraph);
                prop_assert!(!is_blank(paragraph));
            }
        }

        #[test]
        fn clean_text_stays_as_it_is(raw in any_text(), times in 1_usize..9) {
            let raw = raw.replace(['&', 'â'], "").repeat(times);
            let once = line(&raw, Mojibake::Safe).text;
            let again = line(once.as_str(), Mojibake::Safe);
            prop_assert_eq!(again, Cleaned { text: once, repaired: false, cut: false });
            let once = prose(&raw, Mojibake::Safe).text;
            let again = prose(once.as_str(), Mojibake::Safe);
            prop_assert_eq!(again, Cleaned { text: once, repaired: false, cut: false });
        }

        #[test]
        fn an_escaped_text_is_read_back(raw in any_text()) {
            let escaped = raw.replace('&', "&amp;").replace('<', "&lt;");
            prop_assert_eq!(decode_references(&escaped), raw.as_str());
        }

        #[test]
        fn a_numbered_character_is_treated_like_the_character(raw in any_text()) {
            let is_itself = |&c: &char| !matches!(c, '\0' | '\u{80}'..='\u{9F}' | '&') && !is_noncharacter(c);
            let raw: String = raw.chars().filter(is_itself).collect();
            let numbered = raw.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect::<Vec<_>>().concat();
            prop_assert_eq!(line(&numbered, Mojibake::Off), line(&raw, Mojibake::Off));
            prop_assert_eq!(prose(&numbered, Mojibake::Off), prose(&raw, Mojibake::Off));
        }

        #[test]
        fn an_address_never_grows_white_space(raw in any_text()) {
            let decoded = address(&raw);
            prop_assert_eq!(decoded.trim(), decoded.as_ref());
        }
    }
}
