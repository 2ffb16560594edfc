//! The fast path: front matter as programs write it, read without the full parser.
//!
//! Block maps and lists, plain and quoted scalars of one line, the usual escapes. On anything else, and on anything that is
//! not certain, it declines, and [`super::yaml`] reads the same text; so it never reports an error. Where it does not decline,
//! its tree is that of the full parser, places included: a property test holds it to that.
//!
//! Machine-written articles take it, unless their lines end in CR LF.

use std::borrow::Cow;

use super::yaml::{Level, MAX_DEPTH, MAX_KEYS, Names, Node, Pair, Place, Value};

/// Longer keys are left to the full parser, which has its own limit on them.
const MAX_KEY_LENGTH: usize = 128;

/// The known keys of the top level, or nothing if the text is not certain to be plain.
#[must_use]
pub fn parse<'a>(text: &'a str, names: &Names) -> Option<Vec<Pair<'a>>> {
    if !is_ordinary(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader { text, names, at: 0, line: Line::default(), done: false, keys: Vec::new() };
    reader.next_line();
    if reader.done || reader.line.indent != 0 {
        return None;
    }
    let pairs = reader.map(0, Level::Article, 0)?;
    reader.done.then_some(pairs)
}

/// Whether the text has none of the characters that YAML forbids, or treats as line breaks or marks: then lines end with
/// `\n` and nothing else, and every character of a scalar stands for itself.
fn is_ordinary(bytes: &[u8]) -> bool {
    // Runs of plain ASCII are told at once; the rest is looked at byte by byte.
    const RUN: usize = 32;
    let is_text = |run: &[u8]| run.iter().fold(true, |all, &byte| all & matches!(byte, b' '..=b'~' | b'\n'));
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
            b'\n' | b' '..=b'~' => true,
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

struct Reader<'a, 'n> {
    text: &'a str,
    names: &'n Names,
    /// Where the line after the current one begins.
    at: usize,
    /// The current line: what is next to be read.
    line: Line,
    /// There is no current line.
    done: bool,
    /// The keys of the maps that are open, outermost first: to find those that stand in one twice.
    keys: Vec<&'a [u8]>,
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

impl<'a> Reader<'a, '_> {
    /// Goes to the next line that is neither empty nor a comment.
    fn next_line(&mut self) {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            let begin = self.at;
            let length = memchr::memchr(b'\n', &bytes[begin..]).unwrap_or(bytes.len() - begin);
            self.at = (begin + length + 1).min(bytes.len());
            let content = &bytes[begin..begin + length];
            let indent = content.iter().take_while(|&&byte| byte == b' ').count();
            let trailing = content.iter().rev().take_while(|&&byte| byte == b' ').count();
            if indent == length || content[indent] == b'#' {
                continue;
            }
            self.line = Line { indent, start: begin + indent, end: begin + length - trailing };
            return;
        }
        self.done = true;
    }

    fn rest(&self) -> &'a [u8] {
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

    /// The map whose keys stand at `indent`.
    fn map(&mut self, indent: usize, level: Level, depth: usize) -> Option<Vec<Pair<'a>>> {
        if depth > MAX_DEPTH - 1 {
            return None;
        }
        let mut pairs = Vec::with_capacity(if level == Level::Unknown { 0 } else { 8 });
        let outer = self.keys.len();
        loop {
            let length = self.key()?;
            let key = &self.rest()[..length];
            let keys = &self.keys[outer..];
            if keys.contains(&key) || keys.len() == MAX_KEYS {
                return None;
            }
            self.keys.push(key);
            let place = Place { start: self.line.start, end: self.line.start + length };
            let known = self.names.field(level, &self.text[place.start..place.end]);
            let below = known.map_or(Level::Unknown, |(field, _)| Level::below(field));
            let node = self.value(indent, length + 1, below, depth)?;
            if let Some((field, rank)) = known {
                pairs.push(Pair { field, rank, key: place, node });
            }
            if self.done || self.line.indent < indent {
                self.keys.truncate(outer);
                return Some(pairs);
            }
            if self.line.indent > indent {
                return None;
            }
        }
    }

    /// The value after `skip` bytes of the current line: on it, or on the lines below.
    fn value(&mut self, indent: usize, skip: usize, level: Level, depth: usize) -> Option<Node<'a>> {
        let blanks = self.rest()[skip..].iter().take_while(|&&byte| byte == b' ').count();
        let start = self.line.start + skip + blanks;
        if start < self.line.end {
            let node = self.scalar(start, self.line.end)?;
            self.next_line();
            return Some(node);
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
        let value = if list {
            Value::List(self.list(inner, level, depth + 1)?)
        } else {
            Value::Map(self.map(inner, level, depth + 1)?)
        };
        Some(Node::new(place, value))
    }

    fn begins_item(&self) -> bool {
        self.rest().starts_with(b"- ")
    }

    /// The list whose hyphens stand at `indent`.
    fn list(&mut self, indent: usize, level: Level, depth: usize) -> Option<Vec<Node<'a>>> {
        if depth > MAX_DEPTH - 1 {
            return None;
        }
        let mut items = Vec::new();
        loop {
            let blanks = self.rest()[1..].iter().take_while(|&&byte| byte == b' ').count();
            // What follows the hyphen is a line of its own, further to the right.
            self.line.indent += 1 + blanks;
            self.line.start += 1 + blanks;
            let start = self.line.start;
            if self.key().is_some() {
                let pairs = self.map(self.line.indent, level, depth + 1)?;
                items.push(Node { place: Place { start, end: start }, value: Value::Map(pairs) });
            } else {
                items.push(self.scalar(start, self.line.end)?);
                self.next_line();
            }
            if self.done || self.line.indent < indent {
                return Some(items);
            }
            if self.line.indent > indent {
                return None;
            }
            if !self.begins_item() {
                // At the top of a file, or where the list stands below its key, the next key of the map follows here.
                return Some(items);
            }
        }
    }

    /// A scalar that fills the line from `start` to `end`.
    fn scalar(&self, start: usize, end: usize) -> Option<Node<'a>> {
        let text = &self.text[start..end];
        let value = match text.as_bytes()[0] {
            b'"' => double_quoted(&text[1..])?,
            b'\'' => single_quoted(&text[1..])?,
            _ => plain(text)?,
        };
        Some(Node { place: Place { start, end }, value: Value::Text(value) })
    }
}

/// A plain scalar: the line's whole text, if nothing in it means anything else to YAML.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let bytes = text.as_bytes();
    let begins = match bytes[0] {
        b'-' => bytes.get(1).is_some_and(u8::is_ascii_alphanumeric),
        b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`' => false,
        _ => true,
    };
    let null = matches!(text, "~" | "null" | "Null" | "NULL");
    let colon = memchr::memchr_iter(b':', bytes).any(|at| matches!(bytes.get(at + 1), None | Some(b' ')))
        || memchr::memchr_iter(b'#', bytes).any(|at| at > 0 && bytes[at - 1] == b' ');
    (begins && !null && !colon).then_some(Cow::Borrowed(text))
}

/// The text between double quotes; `text` begins after the first. It has to end with the line.
fn double_quoted(text: &str) -> Option<Cow<'_, str>> {
    let special = |text: &str| memchr::memchr2(b'"', b'\\', text.as_bytes());
    let first = special(text)?;
    if text.as_bytes()[first] == b'"' {
        return (first + 1 == text.len()).then(|| Cow::Borrowed(&text[..first]));
    }
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let at = special(rest)?;
        value.push_str(&rest[..at]);
        if rest.as_bytes()[at] == b'"' {
            return (at + 1 == rest.len()).then_some(Cow::Owned(value));
        }
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = &rest[at + 1..];
        value.push(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'u' => {
                let digits = rest.get(1..5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                // Half of a surrogate pair is no character, and what a pair means is left to the full parser.
                let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
                rest = &rest[4..];
                character
            }
            _ => return None,
        });
        rest = &rest[1..];
    }
}

/// The text between single quotes; `text` begins after the first. It has to end with the line.
fn single_quoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_suffix('\'')?;
    if !inner.contains('\'') {
        return Some(Cow::Borrowed(inner));
    }
    let unpaired = inner.replace("''", "");
    (!unpaired.contains('\'')).then(|| Cow::Owned(inner.replace("''", "'")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::yaml::parse_any;
    use super::*;

    const ARTICLE: &str = "category: news\ntitle: \"Amazon \\\"begins\\\" shifting Alexa’s cloud AI\"\nexcerpt: 'It''s on'\n\
        publishedDateTime: 2020-11-13T18:07:00Z\nquality: 71\nheat: -1\npublished: true\n\nprovider:\n  name: Ars Technica\n  \
        domain: arstechnica.com\n  images:\n    - url: \"https://example.org/a.jpg\"\n      width: 50\n\n# a comment\ntopics:\n  - AI \
        Hardware\n  - \"AI\"\ntags:\n- a\n- b\nrelated:\n  - title: \"One \\u00e4\\n\"\n    images:\n      - url: x\n        width: 1\n  \
        - title: Two\n    provider:\n      name: b\n\nsecured: \"abc\"\nx:\n  y:\n    - 1\n";

    /// The fast path agrees with the full parser, or declines.
    fn agrees(text: &str) -> Result<bool, TestCaseError> {
        let names = Names::default();
        let Some(fast) = parse(text, &names) else { return Ok(false) };
        prop_assert_eq!(Ok(fast), parse_any(text, &names), "{}", text);
        Ok(true)
    }

    #[test]
    fn an_article_takes_it() {
        assert!(agrees(ARTICLE).expect("the same tree"));
        let pairs = parse(ARTICLE, &Names::default()).expect("plain");
        assert_eq!(pairs.len(), 11);
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
            "a: b\r\n",
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
            assert_eq!(parse(text, &Names::default()), None, "{text:?}");
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
            "title: x\n",
            "  ",
            "...",
            "---\n",
            ",",
            "?",
        ]);
        let change = (any::<prop::sample::Index>(), 0_usize..5, any::<prop::sample::Index>(), pieces);
        prop::collection::vec(change, 1..3).prop_map(|changes| {
            let mut text = ARTICLE.to_owned();
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
                        text = lines.join("\n") + "\n";
                    }
                    1 => {
                        let other = other.index(lines.len());
                        lines.swap(line, other);
                        text = lines.join("\n") + "\n";
                    }
                    2 => {
                        let shifted = format!(" {}", lines[line]);
                        lines[line] = &shifted;
                        text = lines.join("\n") + "\n";
                    }
                    3 => {
                        let at = boundary(at.index(text.len() + 1), &text);
                        text.insert_str(at, piece);
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
            valid += usize::from(parse_any(&text, &Names::default()).is_ok());
            fast += usize::from(parse(&text, &Names::default()).is_some());
        }
        assert!(valid * 3 >= 500, "only {valid} of 500 are YAML");
        assert!(fast * 5 >= 500, "only {fast} of 500 take the fast path");
    }
}
