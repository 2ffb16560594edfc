//! Front matter to the tree of its known fields; whatever is not a known field is skipped and never stored.
//!
//! The tree comes from the events of `granit-parser`, the parser below serde-saphyr, and not through serde: a typed
//! deserializer stops at its first error, resolves `1984` to a number before a title can take it as text, and cannot see
//! tags. From events every finding of a file has its place, and a value of an unknown key is gone as soon as it is read.

use std::borrow::Cow;

use super::field::{Level, Names};
use super::plain_yaml;
use super::tree::{FrontMatter, Key, Kind, Node, Place, Tree};
use serde_yaml::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};

/// How deep lists and maps may lie in each other. Real articles have four levels.
pub(super) const MAX_DEPTH: usize = 16;

/// Keys of one map that are read. Real articles have about twenty.
pub(super) const MAX_KEYS: usize = 1000;

/// Why front matter cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes from the start of the front matter.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// Reads front matter without its fences: the known keys of the top level. Plain front matter takes the fast path.
pub fn parse<'t>(text: &'t str, names: &Names, tree: &'t mut Tree) -> Result<FrontMatter<'t>, Fault> {
    if !plain_yaml::read(text, names, tree) {
        read(text, names, tree)?;
    }
    Ok(FrontMatter::new(text, tree))
}

/// Reads front matter by the full parser.
pub fn parse_any<'t>(text: &'t str, names: &Names, tree: &'t mut Tree) -> Result<FrontMatter<'t>, Fault> {
    read(text, names, tree)?;
    Ok(FrontMatter::new(text, tree))
}

fn read(text: &str, names: &Names, tree: &mut Tree) -> Result<(), Fault> {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    tree.clear();
    let mut reader =
        Reader { events: Parser::new_from_str_with_options(text, options), names, text, tree, last: 0, flow: (0, 0) };
    loop {
        let (event, place) = reader.next()?;
        let map = match event {
            Event::StreamStart | Event::DocumentStart(..) => continue,
            Event::StreamEnd => return Ok(()),
            Event::MappingStart(..) => {
                plain(event, place.start, text)?;
                reader.map(Level::Article, 0)?;
                true
            }
            event => {
                reader.node(event, None, place, Level::Unknown, 0)?;
                let empty = FrontMatter::new(text, reader.tree).pairs().all(Node::is_null);
                reader.tree.clear();
                empty
            }
        };
        reader.only_one_document()?;
        return if map {
            Ok(())
        } else {
            Err(Fault {
                at: place.start,
                message: "this is not a list of `key: value` lines".into(),
                help: "begin each line with a key and a colon, such as `title: …`",
            })
        };
    }
}

struct Reader<'a, 't, I: granit_parser::BorrowedInput<'a>> {
    events: Parser<'a, I>,
    names: &'t Names,
    text: &'a str,
    tree: &'t mut Tree,
    /// Where the last node that was read ends.
    last: usize,
    /// The outermost `[` or `{` that is open: how many are, and where it is.
    flow: (usize, usize),
}

impl<'a, I: granit_parser::BorrowedInput<'a>> Reader<'a, '_, I> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Fault> {
        match self.events.next_event() {
            Some(Ok((event, span))) => {
                let place = |mark: granit_parser::Marker| mark.byte_offset().unwrap_or(0).min(self.text.len());
                let place = Place { start: place(span.start), end: place(span.end) };
                match event {
                    Event::Scalar(..) => self.last = place.end,
                    Event::SequenceStart(style, ..) | Event::MappingStart(style, ..)
                        if style == StructureStyle::Flow || self.flow.0 > 0 =>
                    {
                        self.flow = (self.flow.0 + 1, if self.flow.0 == 0 { place.start } else { self.flow.1 });
                    }
                    Event::SequenceEnd | Event::MappingEnd => self.flow.0 = self.flow.0.saturating_sub(1),
                    _ => {}
                }
                Ok((event, place))
            }
            Some(Err(error)) => Err(self.fault(&error)),
            None => Ok((Event::StreamEnd, Place { start: self.text.len(), end: self.text.len() })),
        }
    }

    /// The node that begins with `event`, and belongs to `key` if it is in a map.
    fn node(&mut self, event: Event<'a>, key: Option<Key>, place: Place, level: Level, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(too_deep(place.start));
        }
        match plain(event, place.start, self.text)? {
            Event::Scalar(text, style, ..) => {
                if style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    self.tree.null(key, place);
                } else {
                    self.tree.meant(key, place, |meant| meant.push_str(&text));
                }
            }
            Event::SequenceStart(..) => {
                let list = self.tree.open(key, place, Kind::List);
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break self.tree.close(list),
                        (event, place) => self.node(event, None, place, level, depth + 1)?,
                    }
                }
            }
            Event::MappingStart(..) => {
                let map = self.tree.open(key, place, Kind::Map);
                self.map(level, depth)?;
                self.tree.close(map);
            }
            _ => return Err(unexpected(place.start)),
        }
        Ok(())
    }

    fn map(&mut self, level: Level, depth: usize) -> Result<(), Fault> {
        let mut keys: Vec<Cow<str>> = Vec::new();
        loop {
            let (event, place) = self.next()?;
            let key = match plain(event, place.start, self.text)? {
                Event::MappingEnd => return Ok(()),
                Event::Scalar(key, ..) => key,
                event => {
                    // A list or map as a key is no field of ours, but its value has to be read over.
                    self.skip(event, place, depth + 1)?;
                    let (event, place) = self.next()?;
                    self.skip(event, place, depth + 1)?;
                    continue;
                }
            };
            let known = self.names.field(level, &key);
            if keys.contains(&key) {
                let message = match known {
                    Some(_) => format!("the key `{key}` stands here a second time"),
                    None => "a key stands here a second time".to_owned(),
                };
                return Err(Fault { at: place.start, message, help: "keep one of the two" });
            }
            if keys.len() == MAX_KEYS {
                let message = format!("there are more than {MAX_KEYS} keys in one map");
                return Err(Fault { at: place.start, message, help: "keep data of other programs in a file of its own" });
            }
            keys.push(key);
            let (event, value) = self.next()?;
            match known {
                None => self.skip(event, value, depth + 1)?,
                Some((field, rank)) => {
                    self.node(event, Some(Key { field, rank, place }), value, Level::below(field), depth + 1)?;
                }
            }
        }
    }

    /// Reads over a node of an unknown key, held to the same limits; nothing of it is kept.
    fn skip(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(too_deep(place.start));
        }
        match plain(event, place.start, self.text)? {
            Event::Scalar(..) => Ok(()),
            Event::MappingStart(..) => self.map(Level::Unknown, depth),
            Event::SequenceStart(..) => loop {
                match self.next()? {
                    (Event::SequenceEnd, _) => break Ok(()),
                    (event, place) => self.skip(event, place, depth + 1)?,
                }
            },
            _ => Err(unexpected(place.start)),
        }
    }

    fn only_one_document(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd, _) => {}
                (_, place) => return Err(unexpected(place.start)),
            }
        }
    }

    /// The parser's finding in words for somebody who does not know YAML. None of them holds text of the file.
    fn fault(&self, error: &ScanError) -> Fault {
        let mut at = error.marker().byte_offset().unwrap_or(0).min(self.text.len());
        let unclosed =
            ("a list in `[ ]` or a map in `{ }` is not closed", "close it, or put text that begins with a bracket in quotes");
        // A bracket that is not closed takes in the next lines, and any of them may be the first that does not fit.
        if self.flow.0 > 0 && self.text[self.flow.1..at].contains('\n') {
            return Fault { at: self.flow.1, message: unclosed.0.to_owned(), help: unclosed.1 };
        }
        let (message, help) = match error.kind() {
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
                ("a colon stands where none may be", "put text that holds `: ` in double quotes")
            }
            ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::UnexpectedEof => {
                // The parser says where it gave up; what is to be mended is where the text begins.
                at = self.text[self.last..].find(['"', '\'']).map_or(at, |quote| (self.last + quote).min(at));
                ("a quoted text is not closed", "close the quotes; inside double quotes write `\\\"` for a quote")
            }
            ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
                ("text follows the closing quote", "inside double quotes write `\\\"` for a quote, inside single quotes `''`")
            }
            ErrorKind::UnknownQuotedScalarEscape => (
                "a backslash stands before a character that cannot be escaped",
                "write `\\\\` for a backslash, or use single quotes",
            ),
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar => {
                at = self.text[at..].find('\t').map_or(at, |tab| at + tab);
                ("a tab stands where only spaces may be", "indent with spaces, and put text that holds a tab in quotes")
            }
            ErrorKind::RecursionLimitExceeded => return too_deep(at),
            ErrorKind::DirectiveDisallowed => ("a line begins with `%`", "put the text in quotes, or take the line out"),
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
                "no `key:` where one should be",
                "begin the line with a key and a colon, or indent it below the key that it belongs to",
            ),
            ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator => unclosed,
            ErrorKind::InvalidIndentation | ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::ExpectedBlockSequenceEntry => {
                ("this line is indented in a way that fits nothing above it", "line it up with the lines that it belongs to")
            }
            // No quotes help: YAML knows none of them as they are (YAML 1.2.2, section 5.1).
            ErrorKind::UnexpectedCharacter { .. } if self.text[at..].starts_with(char::is_control) => {
                let code = self.text[at..].chars().next().map_or(0, u32::from);
                let message = format!("a control character (U+{code:04X}) stands here, which no YAML may hold");
                return Fault { at, message, help: "take it out; an editor that shows every character finds it" };
            }
            ErrorKind::UnexpectedCharacter { .. } => {
                ("a character stands here that may not begin a text", "put the text in double quotes")
            }
            kind => {
                return Fault {
                    at,
                    message: format!("this is not YAML: {kind}"),
                    help: "put the text in double quotes, or mend the line",
                };
            }
        };
        Fault { at, message: message.to_owned(), help }
    }
}

/// The event, if it bears none of the things that front matter has no use for and that make YAML dangerous.
fn plain<'a>(event: Event<'a>, at: usize, text: &str) -> Result<Event<'a>, Fault> {
    let (sign, what, help) = match &event {
        Event::Alias(_) | Event::UnresolvedAlias(_) => {
            ('*', "a YAML alias (`*…`)", "put text that begins with `*` in quotes, or write the value out")
        }
        Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _)
            if *anchor > 0 =>
        {
            ('&', "a YAML anchor (`&…`)", "put text that begins with `&` in quotes, or take the anchor out")
        }
        Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, _, Some(_)) | Event::MappingStart(_, _, Some(_)) => {
            ('!', "a YAML tag (`!…`)", "put text that begins with `!` in quotes, or take the tag out")
        }
        _ => return Ok(event),
    };
    // The place is that of the node behind the sign.
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let at = text[line..at].find(sign).map_or(at, |n| line + n);
    Err(Fault { at, message: format!("{what} stands here, which is not read"), help })
}

fn too_deep(at: usize) -> Fault {
    Fault {
        at,
        message: format!("lists and maps lie more than {MAX_DEPTH} deep in each other"),
        help: "flatten them, or quote text that begins with a bracket",
    }
}

fn unexpected(at: usize) -> Fault {
    Fault { at, message: "a second YAML document begins here".into(), help: "keep all fields between the first two fences" }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Nodes, Value};
    use super::*;

    fn shown(text: &str) -> String {
        fn node(item: Node) -> String {
            match item.value() {
                Value::Null => "null".into(),
                Value::Text(text) => format!("{text:?}"),
                Value::List(items) => format!("[{}]", items.map(node).collect::<Vec<_>>().join(", ")),
                Value::Map(pairs) => map(pairs),
            }
        }
        fn map(pairs: Nodes) -> String {
            let name = |pair: Node| pair.field().map_or_else(String::new, |field| format!("{field:?}"));
            let pairs: Vec<_> = pairs.map(|pair| format!("{}: {}", name(pair), node(pair))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        match parse(text, &Names::default(), &mut Tree::default()) {
            Ok(read) => map(read.pairs()),
            Err(fault) => format!("{}: {}", fault.at, fault.message),
        }
    }

    #[test]
    fn scalars_stay_as_written() {
        assert_eq!(shown("title: 1984\nquality: 007\n"), r#"{Title: "1984", Quality: "007"}"#);
        assert_eq!(shown("title: yes\nexcerpt: 1.10\npublished: \"no\""), r#"{Title: "yes", Excerpt: "1.10", Published: "no"}"#);
        assert_eq!(
            shown("title: ~\nexcerpt:\nheat: null\ntype: 'null'"),
            r#"{Title: null, Excerpt: null, Heat: null, Type: "null"}"#
        );
        assert_eq!(shown("title: |\n  a\n  b\nexcerpt: >-\n  a\n  b\n"), r#"{Title: "a\nb\n", Excerpt: "a b"}"#);
    }

    #[test]
    fn unknown_keys_are_not_kept() {
        let text = "secured: abc\nx: {title: a, y: [1, {secured: b}]}\ntitle: t\nprovider:\n  name: n\n  secured: c\n  title: d\n? [a, b]\n: c\n";
        assert_eq!(shown(text), r#"{Title: "t", Provider: {Name: "n"}}"#);
    }

    #[test]
    fn related_links_have_the_fields_of_articles() {
        let text = "related:\n- title: a\n  images:\n  - url: u\n    width: 1\n- title: b\n";
        assert_eq!(shown(text), r#"{Related: [{Title: "a", Images: [{Url: "u", Width: "1"}]}, {Title: "b"}]}"#);
    }

    #[test]
    fn what_is_refused() {
        for (text, expected) in [
            ("a: &x 1\nb: *x", "3: a YAML anchor (`&…`) stands here, which is not read"),
            ("title: *x", "7: a YAML alias (`*…`) stands here, which is not read"),
            ("title: !!str x", "7: a YAML tag (`!…`) stands here, which is not read"),
            ("title: a\ntitle: b", "9: the key `title` stands here a second time"),
            ("token: a\ntoken: b", "9: a key stands here a second time"),
            ("title: Amazon: the story", "13: a colon stands where none may be"),
            ("title: \"abc", "7: a quoted text is not closed"),
            ("title: \"a\" b\n", "11: text follows the closing quote"),
            ("title: \"a\\qb\"", "7: a backslash stands before a character that cannot be escaped"),
            ("- a\n- b", "0: this is not a list of `key: value` lines"),
            ("title: [a, b", "7: a list in `[ ]` or a map in `{ }` is not closed"),
            ("title: @x", "7: a character stands here that may not begin a text"),
            ("title: a\0b", "8: a control character (U+0000) stands here, which no YAML may hold"),
            ("title: \"a\u{7}b\"", "9: a control character (U+0007) stands here, which no YAML may hold"),
            ("title: a\n\tb: c", "9: a tab stands where only spaces may be"),
            ("title: a\nno colon here\n", "9: no `key:` where one should be"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn nesting_ends_quickly() {
        let brackets = format!("title: {}", "[".repeat(20_000));
        assert!(shown(&brackets).ends_with("lists and maps lie more than 16 deep in each other"), "{}", shown(&brackets));
        let maps = (0..100).map(|n| " ".repeat(n) + "a:").collect::<Vec<_>>().join("\n");
        assert!(shown(&maps).ends_with("lists and maps lie more than 16 deep in each other"), "{}", shown(&maps));
    }

    #[test]
    fn nothing_is_an_empty_front_matter() {
        assert_eq!(shown(""), "{}");
        assert_eq!(shown("# only a comment\n"), "{}");
        assert_eq!(shown("~"), "{}");
    }
}
