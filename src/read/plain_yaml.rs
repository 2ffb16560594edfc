//! The fast path: front matter as programs write it, read without the full parser.
//!
//! Block maps and lists, plain and quoted scalars of one line, the usual escapes. On anything else, and on anything that is
//! not certain, it declines, and [`super::yaml`] reads the same text; so it never reports an error. Where it does not decline,
//! its tree is that of the full parser, places included: a property test holds it to that.

use super::field::{Level, Names};
use super::tree::{Key, Kind, Place, Tree};
use super::yaml::{MAX_DEPTH, MAX_KEYS};

/// Longer keys are left to the full parser, which has its own limit on them.
const MAX_KEY_LENGTH: usize = 128;

/// Reads the known keys of the top level into `tree`, or declines if the text is not certain to be plain; then what the tree
/// holds has no meaning.
#[must_use]
pub fn read(text: &str, names: &Names, tree: &mut Tree) -> bool {
    tree.clear();
    if !is_ordinary(text.as_bytes()) {
        return false;
    }
    let mut reader = Reader { text, names, tree, at: 0, line: Line::default(), done: false };
    reader.next_line();
    if reader.done || reader.line.indent != 0 {
        return false;
    }
    // What is left when the map ends does not belong to it.
    reader.map(0, Some(Level::Article), 0).is_some() && reader.done
}

/// Whether the text has none of the characters that YAML forbids, or treats as line breaks or marks: then lines end with
/// `\n` or `\r\n` and nothing else, and every character of a scalar stands for itself.
fn is_ordinary(bytes: &[u8]) -> bool {
    // Runs of plain ASCII are told at once; the rest is looked at byte by byte.
    const RUN: usize = 32;
    if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n')) {
        return false;
    }
    let is_text = |run: &[u8]| run.iter().fold(true, |all, &byte| all & matches!(byte, b' '..=b'~' | b'\n' | b'\r'));
    let mut rest = bytes;
    loop {
        let Some((run, more)) = rest.split_at_checked(RUN) else { return has_no_odd_one(rest) };
        if is_text(run) {
            rest = more;
            continue;
        }
        // What an odd character begins may end in the next run.
        let end = (RUN..rest.len()).find(|&at| rest[at] < 0x80).unwrap_or(rest.len());
        if !has_no_odd_one(&rest[..end]) {
            return false;
        }
        rest = &rest[end..];
    }
}

/// As [`is_ordinary`], byte by byte.
fn has_no_odd_one(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        let ordinary = match byte {
            b'\n' | b'\r' | b' '..=b'~' => true,
            0..0x20 | 0x7f => false,
            // C1 controls.
            0xc2 => rest.as_slice().first().is_some_and(|&next| next >= 0xa0),
            // U+2028 and U+2029.
            0xe2 => !matches!(rest.as_slice(), [0x80, 0xa8 | 0xa9, ..]),
            // U+FEFF, U+FFFE and U+FFFF.
            0xef => !matches!(rest.as_slice(), [0xbb, 0xbf, ..] | [0xbf, 0xbe | 0xbf, ..]),
            _ => true,
        };
        if !ordinary {
            return false;
        }
    }
    true
}

struct Reader<'r> {
    text: &'r str,
    names: &'r Names,
    tree: &'r mut Tree,
    /// Where the line after the current one begins.
    at: usize,
    /// The current line: what is next to be read.
    line: Line,
    /// There is no current line.
    done: bool,
}

/// The part of a line that is still to be read.
#[derive(Clone, Copy, Default)]
struct Line {
    /// The column of its first character that is no space.
    indent: usize,
    /// Where that is.
    start: usize,
    /// Where its last character that is no space ends.
    end: usize,
}

/// The keys that stand in a map twice are looked for only where they may: each key sets one of these bits.
#[derive(Clone, Copy, Default)]
struct Seen(u64);

impl Seen {
    /// Whether a key like this may have been there before.
    fn before(&mut self, key: &[u8]) -> bool {
        let (first, last) = (key.first().copied().unwrap_or(0), key.last().copied().unwrap_or(0));
        let bit = 1_u64 << ((key.len() * 7 + usize::from(first) + 5 * usize::from(last)) % 64);
        let before = self.0 & bit != 0;
        self.0 |= bit;
        before
    }
}

/// Where the value of a key is kept; nowhere if the key is unknown.
#[derive(Clone, Copy)]
struct Kept {
    key: Option<Key>,
    /// What the keys below mean.
    level: Level,
}

impl Reader<'_> {
    /// Goes to the next line that is neither empty nor a comment.
    fn next_line(&mut self) {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            let begin = self.at;
            let mut end = memchr::memchr(b'\n', &bytes[begin..]).map_or(bytes.len(), |length| begin + length);
            self.at = end + 1;
            let mut start = begin;
            while start < end && bytes[start] == b' ' {
                start += 1;
            }
            if end > start && bytes[end - 1] == b'\r' {
                end -= 1;
            }
            while end > start && bytes[end - 1] == b' ' {
                end -= 1;
            }
            if start == end || bytes[start] == b'#' {
                continue;
            }
            self.line = Line { indent: start - begin, start, end };
            return;
        }
        self.done = true;
    }

    fn rest(&self) -> &[u8] {
        &self.text.as_bytes()[self.line.start..self.line.end]
    }

    /// The length of the key that the line begins with, if it begins with one.
    fn key(&self) -> Option<usize> {
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
        let begins = rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
        let colon = rest.get(length) == Some(&b':') && matches!(rest.get(length + 1), None | Some(b' '));
        (begins && colon && length <= MAX_KEY_LENGTH).then_some(length)
    }

    /// Whether a key stands in a map twice, or is one too many. `outer` is where the keys of the map begin.
    fn is_refused(&mut self, outer: usize, key: Place, seen: &mut Seen) -> bool {
        let bytes = self.text.as_bytes();
        let name = &bytes[key.start..key.end];
        let keys = &self.tree.keys[outer..];
        let same = |&(start, end): &(u32, u32)| bytes[start as usize..end as usize] == *name;
        let (Ok(start), Ok(end)) = (u32::try_from(key.start), u32::try_from(key.end)) else { return true };
        let refused = keys.len() == MAX_KEYS || (seen.before(name) && keys.iter().any(same));
        self.tree.keys.push((start, end));
        refused
    }

    /// The map whose keys stand at `indent`. What its keys mean is nothing for a map that is not kept.
    fn map(&mut self, indent: usize, level: Option<Level>, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH - 1 {
            return None;
        }
        let outer = self.tree.keys.len();
        let mut seen = Seen::default();
        loop {
            let length = self.key()?;
            let place = Place { start: self.line.start, end: self.line.start + length };
            if self.is_refused(outer, place, &mut seen) {
                return None;
            }
            let name = &self.text[place.start..place.end];
            let kept = level
                .and_then(|level| self.names.field(level, name))
                .map(|(field, rank)| Kept { key: Some(Key { field, rank, place }), level: Level::below(field) });
            self.value(indent, length + 1, kept, depth)?;
            if self.done || self.line.indent < indent {
                self.tree.keys.truncate(outer);
                return Some(());
            }
            if self.line.indent > indent {
                return None;
            }
        }
    }

    /// The value after `skip` bytes of the current line: on it, or on the lines below.
    fn value(&mut self, indent: usize, skip: usize, kept: Option<Kept>, depth: usize) -> Option<()> {
        let blanks = self.rest()[skip..].iter().take_while(|&&byte| byte == b' ').count();
        let start = self.line.start + skip + blanks;
        if start < self.line.end {
            self.scalar(start, self.line.end, kept)?;
            self.next_line();
            return Some(());
        }
        self.next_line();
        if self.done {
            return None;
        }
        let place = Place { start: self.line.start, end: self.line.start };
        let list = self.begins_item();
        // A list may stand as far to the left as the key that it belongs to; a map may not.
        if self.line.indent < indent || (self.line.indent == indent && !list) {
            return None;
        }
        let inner = self.line.indent;
        if list { self.list(inner, place, kept, depth + 1) } else { self.inner_map(inner, place, kept, depth + 1) }
    }

    /// A map that is the value of a key, or an item of a list.
    fn inner_map(&mut self, indent: usize, place: Place, kept: Option<Kept>, depth: usize) -> Option<()> {
        let Some(Kept { key, level }) = kept else { return self.map(indent, None, depth) };
        let number = self.tree.open(key, place, Kind::Map);
        self.map(indent, Some(level), depth)?;
        self.tree.close(number);
        Some(())
    }

    fn begins_item(&self) -> bool {
        self.rest().starts_with(b"- ")
    }

    /// The list whose hyphens stand at `indent`.
    fn list(&mut self, indent: usize, place: Place, kept: Option<Kept>, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH - 1 {
            return None;
        }
        let number = kept.map(|kept| self.tree.open(kept.key, place, Kind::List));
        let item = kept.map(|kept| Kept { key: None, ..kept });
        loop {
            let blanks = self.rest()[1..].iter().take_while(|&&byte| byte == b' ').count();
            // What follows the hyphen is a line of its own, further to the right.
            self.line.indent += 1 + blanks;
            self.line.start += 1 + blanks;
            let start = self.line.start;
            if self.key().is_some() {
                self.inner_map(self.line.indent, Place { start, end: start }, item, depth + 1)?;
            } else {
                self.scalar(start, self.line.end, item)?;
                self.next_line();
            }
            if !self.done && self.line.indent > indent {
                return None;
            }
            // At the top of a file, or where the list stands below its key, the next key of the map may follow here.
            if self.done || self.line.indent < indent || !self.begins_item() {
                if let Some(number) = number {
                    self.tree.close(number);
                }
                return Some(());
            }
        }
    }

    /// A scalar that fills the line from `start` to `end`.
    fn scalar(&mut self, start: usize, end: usize, kept: Option<Kept>) -> Option<()> {
        let text = &self.text[start..end];
        let inner = match text.as_bytes()[0] {
            b'"' => double_quoted(&text[1..])?,
            b'\'' => single_quoted(&text[1..])?,
            _ if is_plain(text) => Scalar::Written(0),
            _ => return None,
        };
        let (Some(Kept { key, .. }), place) = (kept, Place { start, end }) else { return Some(()) };
        match inner {
            Scalar::Written(quotes) => self.tree.written(key, place, Place { start: start + quotes, end: end - quotes }),
            Scalar::Escaped(inner) => self.tree.meant(key, place, |meant| unescape(inner, meant)),
            Scalar::Doubled(inner) => self.tree.meant(key, place, |meant| undouble(inner, meant)),
        }
        Some(())
    }
}

/// How a scalar stands for its text.
enum Scalar<'a> {
    /// As it is, between so many quotes.
    Written(usize),
    /// With backslashes.
    Escaped(&'a str),
    /// With two quotes for one.
    Doubled(&'a str),
}

/// Whether this is a plain scalar: the line's whole text, and nothing in it means anything else to YAML.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = match bytes[0] {
        b'-' => bytes.get(1).is_some_and(u8::is_ascii_alphanumeric),
        b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`' => false,
        _ => true,
    };
    begins
        && !matches!(text, "~" | "null" | "Null" | "NULL")
        && memchr::memchr2_iter(b':', b'#', bytes).all(|at| match bytes[at] {
            b':' => !matches!(bytes.get(at + 1), None | Some(b' ')),
            _ => bytes[at - 1] != b' ',
        })
}

/// What stands between double quotes; `text` begins after the first. It has to end with the line.
fn double_quoted(text: &str) -> Option<Scalar<'_>> {
    let bytes = text.as_bytes();
    let mut at = memchr::memchr2(b'"', b'\\', bytes)?;
    let escaped = bytes[at] == b'\\';
    while bytes[at] == b'\\' {
        let length = match *bytes.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'n' | b't' | b'r' => 2,
            // Half of a surrogate pair is no character, and what a pair means is left to the full parser.
            b'u' => character(bytes.get(at + 2..at + 6)?).map(|_| 6)?,
            _ => return None,
        };
        at += length + memchr::memchr2(b'"', b'\\', bytes.get(at + length..)?)?;
    }
    let ends = at + 1 == bytes.len();
    ends.then(|| if escaped { Scalar::Escaped(&text[..at]) } else { Scalar::Written(1) })
}

/// The character of four hexadecimal digits.
fn character(digits: &[u8]) -> Option<char> {
    let value = digits.iter().try_fold(0, |value, &digit| Some(value * 16 + char::from(digit).to_digit(16)?))?;
    char::from_u32(value)
}

/// Appends what a text with backslashes stands for, which [`double_quoted`] has found to be in order.
fn unescape(text: &str, meant: &mut String) {
    let mut parts = text.split('\\');
    meant.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        let (length, character) = match part.as_bytes().first() {
            Some(b'n') => (1, '\n'),
            Some(b't') => (1, '\t'),
            Some(b'r') => (1, '\r'),
            Some(b'u') => (5, part.as_bytes().get(1..5).and_then(character).unwrap_or(char::REPLACEMENT_CHARACTER)),
            Some(&other) => (1, char::from(other)),
            // Two backslashes: what follows them stands for itself.
            None => {
                meant.push('\\');
                meant.push_str(parts.next().unwrap_or_default());
                continue;
            }
        };
        meant.push(character);
        meant.push_str(part.get(length..).unwrap_or_default());
    }
}

/// What stands between single quotes; `text` begins after the first. It has to end with the line.
fn single_quoted(text: &str) -> Option<Scalar<'_>> {
    let inner = text.strip_suffix('\'')?;
    if !inner.contains('\'') {
        return Some(Scalar::Written(1));
    }
    // What is left of each run of quotes must be pairs.
    let unpaired = inner.split(|c| c != '\'').any(|run| run.len() % 2 == 1);
    (!unpaired).then_some(Scalar::Doubled(inner))
}

/// Appends a text with one quote for each two.
fn undouble(text: &str, meant: &mut String) {
    let mut quote = false;
    for part in text.split("''") {
        if quote {
            meant.push('\'');
        }
        quote = true;
        meant.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::FrontMatter;
    use super::super::yaml::parse_any;
    use super::*;

    const ARTICLE: &str = "category: news\ntitle: \"Amazon \\\"begins\\\" shifting Alexa’s cloud AI\"\nexcerpt: 'It''s on'\n\
        publishedDateTime: 2020-11-13T18:07:00Z\nquality: 71\nheat: -1\npublished: true\n\nprovider:\n  name: Ars Technica\n  \
        domain: arstechnica.com\n  images:\n    - url: \"https://example.org/a.jpg\"\n      width: 50\n\n# a comment\ntopics:\n  - AI \
        Hardware\n  - \"AI\"\ntags:\n- a\n- b\nrelated:\n  - title: \"One \\u00e4\\n\"\n    images:\n      - url: x\n        width: 1\n  \
        - title: Two\n    provider:\n      name: b\n\nsecured: \"abc\"\nx:\n  y:\n    - 1\n";

    /// What the fast path reads, if it does not decline.
    fn fast(text: &str) -> Option<String> {
        let mut tree = Tree::default();
        let taken = read(text, &Names::default(), &mut tree);
        taken.then(|| format!("{:?}", FrontMatter::new(text, &tree)))
    }

    /// What the full parser reads, if it can.
    fn full(text: &str) -> Option<String> {
        parse_any(text, &Names::default(), &mut Tree::default()).ok().map(|read| format!("{read:?}"))
    }

    /// The fast path agrees with the full parser, or declines.
    fn agrees(text: &str) -> Result<bool, TestCaseError> {
        let Some(fast) = fast(text) else { return Ok(false) };
        prop_assert_eq!(Some(fast), full(text), "{}", text);
        Ok(true)
    }

    #[test]
    fn an_article_takes_it() {
        for article in articles() {
            assert!(agrees(&article).expect("the same tree"), "{article}");
        }
        let mut tree = Tree::default();
        assert!(read(ARTICLE, &Names::default(), &mut tree));
        assert_eq!(FrontMatter::new(ARTICLE, &tree).pairs().count(), 11);
    }

    /// What a tree held before never shows.
    #[test]
    fn a_tree_serves_again() {
        let mut tree = Tree::default();
        for text in ["title: \"a\\nb\"\nrelated:\n  - title: c\n", "x: [a\n", "title: \"c\\td\"\n"] {
            if read(text, &Names::default(), &mut tree) {
                assert_eq!(Some(format!("{:?}", FrontMatter::new(text, &tree))), full(text));
            }
        }
    }

    #[test]
    fn what_is_not_certain_is_declined() {
        for text in [
            "title: a\ntitle: b",
            "a: &x 1",
            "a: *x",
            "a: !x y",
            "a: [b]",
            "a: {b: c}",
            "a: |\n  b",
            "a: >\n  b",
            "a: b\n  c",
            "a: \"b\n  c\"",
            "a:\tb",
            "a: b\t",
            "a: b\r",
            "a: b\rc: d",
            "a: \"b\r\"",
            "a: ~",
            "a: null",
            "a:",
            "a:\nb: c",
            "a: b # c",
            "a: b: c",
            "a: b:",
            "? a\n: b",
            "a: @b",
            "a: `b",
            "a: \"b\" c",
            "a: \"b",
            "a: 'b",
            "a: 'b' c",
            "a: \"\\q\"",
            "a: \"\\ud800\"",
            "- a",
            "a",
            "a:b",
            " a: b",
            "a: b\n c: d",
            "a:\n  b: c\n d: e",
            "a:\n- b\n  - c",
            "a:\n  - b\n - c",
            "a:\n  -\n    b: c",
            "a:\n  - - b",
            "a: b\u{85}c",
            "a: b\u{2028}c",
            "a: \u{feff}b",
            "a: b\u{7f}",
            "a: b\u{fffe}",
            "--- a: b",
            "%a: b",
            "a: - b",
            "a: -",
            "a: ?b",
            "a: :b",
            "\"a\": b",
            "a : b",
            "1a: b",
            "é: b",
            "",
            "\n",
            "# a\n",
        ] {
            assert_eq!(fast(text), None, "{text:?}");
        }
    }

    /// Front matter of the shapes that the grammar has, and of shapes next to them.
    fn shapes() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "title", "provider", "images", "related", "topics", "name", "url", "x", "secured", "a-b", "_c",
        ]);
        let scalar = prop::sample::select(vec![
            "a",
            "a b",
            "1984",
            "-1",
            "- a",
            "true",
            "null",
            "~",
            "\"\"",
            "\"a\"",
            "\"a \\\" b\"",
            "\"\\u00e9\\n\\/\\\\\"",
            "\"\\ud83d\\ude00\"",
            "\"a\" b",
            "\"a",
            "''",
            "'a'",
            "'it''s'",
            "'a''",
            "a'b",
            "a\"b",
            "a: b",
            "a:b",
            "a #b",
            "a#b",
            "[a]",
            "{a: b}",
            "&a b",
            "*a",
            "!a b",
            "| ",
            ">",
            "%a",
            "@a",
            "é – “x”",
            "a\u{a0}b",
            "😀",
            "http://a.b/c?d=e#f",
            "2020-11-13T18:07:00Z",
            "a,b",
            "a]",
            "-",
            "?",
            ":",
            "",
            "# c",
            "\"a: b # c\"",
            "'a: b # c'",
            "a  ",
            "\"a\"  ",
            "---",
            "...",
            "=",
            "<<",
        ]);
        let line = (0_usize..5, 0_usize..3, key, 0_usize..4, scalar).prop_map(|(indent, hyphens, key, form, scalar)| {
            let start = " ".repeat(indent) + &"- ".repeat(hyphens);
            match form {
                0 => format!("{start}{key}:"),
                1 => format!("{start}{scalar}"),
                _ => format!("{start}{key}: {scalar}"),
            }
        });
        prop::collection::vec(line, 1..6).prop_map(|lines| lines.join("\n") + "\n")
    }

    /// The front matter to change: one article with either end of lines, and that of all files below `FEEDMILL_ARTICLES`, for
    /// who has a folder of them.
    fn articles() -> Vec<String> {
        let mut articles = vec![ARTICLE.to_owned(), ARTICLE.replace('\n', "\r\n")];
        let mut folders: Vec<std::path::PathBuf> = std::env::var_os("FEEDMILL_ARTICLES").into_iter().map(Into::into).collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(block) = std::fs::read_to_string(&path).ok().and_then(|text| front_matter(&text)) {
                    articles.push(block);
                }
            }
        }
        articles
    }

    fn front_matter(text: &str) -> Option<String> {
        let (_, rest) = text.split_once('\n').filter(|(fence, _)| fence.trim_end() == "---")?;
        rest.split_once("\n---").map(|(block, _)| format!("{block}\n"))
    }

    /// An article with a few bytes or lines changed.
    fn mutations() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            " ",
            "  ",
            "\n",
            "\n\n",
            ":",
            ": ",
            "-",
            "- ",
            "\"",
            "'",
            "#",
            " #",
            "[",
            "]",
            "{",
            "}",
            "&",
            "*",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "\t",
            "\r",
            "\r\n",
            "\\",
            "\\n",
            "~",
            "null",
            "é",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{0}",
            "a",
            "b c",
            "“",
            "title: x\n",
            "  ",
            "...",
            "---\n",
            ",",
            "?",
        ]);
        let change = (any::<prop::sample::Index>(), 0_usize..6, any::<prop::sample::Index>(), pieces);
        (prop::sample::select(articles()), prop::collection::vec(change, 1..3)).prop_map(|(article, changes)| {
            let mut text = article;
            let end = if text.contains('\r') { "\r\n" } else { "\n" };
            for (at, kind, other, piece) in changes {
                let boundary = |n: usize, text: &str| (0..=n).rev().find(|&n| text.is_char_boundary(n)).unwrap_or(0);
                let mut lines: Vec<&str> = text.lines().collect();
                if lines.is_empty() {
                    return text;
                }
                let line = at.index(lines.len());
                match kind {
                    0 => {
                        lines.remove(line);
                        text = lines.join(end) + end;
                    }
                    1 => {
                        let other = other.index(lines.len());
                        lines.swap(line, other);
                        text = lines.join(end) + end;
                    }
                    2 => {
                        let shifted = format!(" {}", lines[line]);
                        lines[line] = &shifted;
                        text = lines.join(end) + end;
                    }
                    3 => {
                        let at = boundary(at.index(text.len() + 1), &text);
                        text.insert_str(at, piece);
                    }
                    // Most changes of real articles are of words.
                    4 => {
                        let letters: Vec<usize> =
                            text.match_indices(|c: char| c.is_ascii_lowercase()).map(|(at, _)| at).collect();
                        let at = letters[at.index(letters.len())];
                        text.replace_range(at..=at, ["x", "Z", "7", "é"][other.index(4)]);
                    }
                    _ => {
                        let at = boundary(at.index(text.len() + 1), &text);
                        let end = boundary((at + 1 + other.index(4)).min(text.len()), &text).max(at);
                        text.replace_range(at..end, piece);
                    }
                }
            }
            text
        })
    }

    /// Two thousand, or as many as `PROPTEST_CASES` says.
    fn cases() -> u32 {
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

        #[test]
        fn shapes_of_the_grammar_agree_with_the_full_parser(text in shapes()) {
            agrees(&text)?;
        }

        #[test]
        fn changed_articles_agree_with_the_full_parser(text in mutations()) {
            agrees(&text)?;
        }
    }

    /// Of changed articles enough are still YAML, and enough of these take the fast path: otherwise the tests above say little.
    #[test]
    fn enough_changed_articles_are_still_yaml() {
        use proptest::strategy::ValueTree;
        use proptest::test_runner::TestRunner;
        let mut runner = TestRunner::deterministic();
        let strategy = mutations();
        let (mut valid, mut fast) = (0, 0);
        for _ in 0..500 {
            let text = strategy.new_tree(&mut runner).expect("a case").current();
            valid += usize::from(full(&text).is_some());
            fast += usize::from(self::fast(&text).is_some());
        }
        assert!(valid * 3 >= 500, "only {valid} of 500 are YAML");
        assert!(fast * 5 >= 500, "only {fast} of 500 take the fast path");
    }
}
