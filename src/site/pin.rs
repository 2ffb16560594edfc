//! Writes the folders that topics have into the text of a site file, so that they stay when names change, and touches nothing
//! else of it: the file is the owner's, with comments, order and line ends.
//!
//! Where something goes is told by the events of the YAML parser, which have places. What comes out is parsed again: unless it
//! says the same as before but for the slugs, there is no new text, and the owner gets the lines to put in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_yaml::granit_parser::{self, Event, Marker, Parser, ScalarStyle, StructureStyle};
use thiserror::Error;

use super::{Overrides, Site, SiteError};
use crate::topic::{Slug, TopicKey};

/// How deep lists and maps may lie in each other, as in a site file that is read.
const MAX_DEPTH: usize = 32;

/// A site file that cannot be changed without a risk to something else in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{why}; these lines are to be added by hand:\n\n{lines}")]
pub struct Unpinned {
    /// What is in the way.
    pub why: String,
    /// What to add: the topics with their slugs, as they would stand in a file that says nothing of topics.
    pub lines: String,
}

/// The text of a site file with a `slug` for each of these topics that has none there. `slugs`: names of topics and folders.
pub fn pin(text: &str, slugs: &[(&str, &Slug)]) -> Result<String, Unpinned> {
    let (mark, body) = match text.strip_prefix('\u{feff}') {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let mut known = BTreeSet::from([TopicKey::all()]);
    let wanted = slugs.iter().map(|(name, slug)| Wanted { key: TopicKey::of(name), name, slug: slug.as_str() });
    let mut wanted: Vec<Wanted> = wanted.filter(|topic| known.insert(topic.key.clone())).collect();
    match pinned(body, &mut wanted) {
        Ok(new) => Ok(format!("{mark}{new}")),
        Err(why) => {
            let lines = wanted.iter().map(|topic| topic.lines("\n", "  ", "    "));
            Err(Unpinned { why: why.to_owned(), lines: format!("topics:{}\n", lines.collect::<String>()) })
        }
    }
}

/// The new text of a site file with these folders; nothing if it has them already. Nothing is written.
pub fn file(path: &Path, slugs: &[(&str, &Slug)], overrides: &Overrides) -> Result<Option<String>, SiteError> {
    let fault = |message: String, help: String| SiteError { path: path.to_owned(), line: 0, column: 0, message, help };
    let text =
        std::fs::read_to_string(path).map_err(|error| fault(format!("cannot read the site file: {error}"), String::new()))?;
    let by_hand = |lines: &str| format!("write this by hand:\n{}", lines.trim_end());
    let pinned = pin(&text, slugs).map_err(|unpinned| fault(unpinned.why, by_hand(&unpinned.lines)))?;
    // A folder that is pinned may be another topic's by the site file.
    Site::parse(path, &pinned, overrides)?;
    Ok((pinned != text).then_some(pinned))
}

/// The new text, and of the topics those that had no slug. `Err`: what is in the way.
fn pinned(text: &str, wanted: &mut Vec<Wanted>) -> Result<String, &'static str> {
    let documents = parse(text)?;
    let (root, others) = match &documents.list[..] {
        [] => (None, &[][..]),
        [root, others @ ..] => (Some(root), others),
    };
    if let Some(topics) = root.and_then(|root| root.value("topics")) {
        let places = places(topics.pairs());
        wanted.retain(|topic| !places.get(&topic.key).is_some_and(|place| is_pinned(&topics.pairs()[*place].1)));
    }
    let mut edit = Edit { text, edits: Vec::new() };
    edit.file(root, documents.end, wanted)?;
    let new = edit.done();
    let after = parse(&new).map_err(|_| UNSAFE)?.list;
    let same_others = after.get(1..).unwrap_or_default() == others;
    if after.first() == expected(root, wanted).as_ref() && same_others { Ok(new) } else { Err(UNSAFE) }
}

const UNSAFE: &str = "this file is written in a way that cannot be changed safely";
const UNREAD: &str = "this is not YAML that can be read";
const NO_MAP: &str = "this is not a list of `key: value` lines";
const NO_TOPICS: &str = "`topics` is no map of topics";

/// A text as a YAML scalar that means it, in a block or between brackets: plain if nobody can take it for anything else.
#[must_use]
pub fn written(text: &str) -> String {
    // Words that some YAML takes for something else than text.
    const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    let fits = |c: char| c.is_alphanumeric() || " -_./&+'()".contains(c);
    let is_plain = text.starts_with(char::is_alphabetic)
        && text.chars().all(fits)
        && !text.ends_with(' ')
        && !WORDS.contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // What no editor shows, and what a line ends with.
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => _ = write!(quoted, "\\u{:04x}", u32::from(c)),
            c if c.is_control() => _ = write!(quoted, "\\x{:02x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A topic that is to have a slug.
struct Wanted<'a> {
    key: TopicKey,
    name: &'a str,
    slug: &'a str,
}

impl Wanted<'_> {
    /// Its lines in a block, each after a line end.
    fn lines(&self, end: &str, outer: &str, inner: &str) -> String {
        format!("{end}{outer}{}:{end}{inner}{}", written(self.name), self.pair())
    }

    /// What it is between brackets.
    fn flow(&self) -> String {
        format!("{}: {{{}}}", written(self.name), self.pair())
    }

    fn pair(&self) -> String {
        format!("slug: {}", written(self.slug))
    }
}

/// A part of a YAML text, and where it stands in bytes. Two are the same if they say the same, wherever they stand.
#[derive(Clone, Debug)]
struct Node {
    start: usize,
    /// Of a list or map in a block, where something else begins: see [`Edit::end`].
    end: usize,
    style: Style,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// On lines of its own, by indentation; of a text: after `|` or `>`.
    Block,
    /// Between brackets; of a text: on its line.
    Flow,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Text { text: String, is_plain: bool },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Node {}

impl Node {
    /// One that stands nowhere, for comparison.
    fn new(kind: Kind) -> Self {
        Self { start: 0, end: 0, style: Style::Flow, kind }
    }

    fn text(text: &str) -> Self {
        Self::new(Kind::Text { text: text.to_owned(), is_plain: !written(text).starts_with('"') })
    }

    fn pairs(&self) -> &[(Node, Node)] {
        if let Kind::Map(pairs) = &self.kind { pairs } else { &[] }
    }

    fn value(&self, key: &str) -> Option<&Node> {
        self.pair(key).map(|(_, value)| value)
    }

    fn pair(&self, key: &str) -> Option<&(Node, Node)> {
        self.pairs().iter().find(|(own, _)| own.is(key))
    }

    fn is(&self, key: &str) -> bool {
        matches!(&self.kind, Kind::Text { text, .. } if text == key)
    }

    /// Whether nothing stands where it is.
    fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

fn is_pinned(topic: &Node) -> bool {
    topic.value("slug").is_some_and(|slug| slug.kind != Kind::Null)
}

/// Where each topic stands among those of the file.
fn places(topics: &[(Node, Node)]) -> BTreeMap<TopicKey, usize> {
    let names = topics.iter().enumerate().rev();
    names
        .filter_map(
            |(place, (name, _))| if let Kind::Text { text, .. } = &name.kind { Some((TopicKey::of(text), place)) } else { None },
        )
        .collect()
}

/// What the file is to say in the end.
fn expected(root: Option<&Node>, wanted: &[Wanted]) -> Option<Node> {
    if wanted.is_empty() {
        return root.cloned();
    }
    let pairs_of = |node: Option<&Node>| node.map(Node::pairs).unwrap_or_default().to_vec();
    let mut topics = pairs_of(root.and_then(|root| root.value("topics")));
    let places = places(&topics);
    for topic in wanted {
        let slug = (Node::text("slug"), Node::text(topic.slug));
        let Some((_, value)) = places.get(&topic.key).and_then(|place| topics.get_mut(*place)) else {
            topics.push((Node::text(topic.name), Node::new(Kind::Map(vec![slug]))));
            continue;
        };
        let mut pairs = value.pairs().to_vec();
        match pairs.iter_mut().find(|(key, _)| key.is("slug")) {
            Some((_, null)) => *null = slug.1,
            None => pairs.insert(0, slug),
        }
        value.kind = Kind::Map(pairs);
    }
    let mut pairs = pairs_of(root);
    let topics = Node::new(Kind::Map(topics));
    match pairs.iter_mut().find(|(key, _)| key.is("topics")) {
        Some((_, value)) => *value = topics,
        None => pairs.push((Node::text("topics"), topics)),
    }
    Some(Node::new(Kind::Map(pairs)))
}

/// The documents of a YAML text.
struct Documents {
    list: Vec<Node>,
    /// Where the first of them ends: at a marker, or with the text.
    end: usize,
}

fn parse(text: &str) -> Result<Documents, &'static str> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let place = |mark: Marker| mark.byte_offset().unwrap_or(text.len()).min(text.len());
    let events = Parser::new_from_str_with_options(text, options);
    let events = events.map(|event| event.map(|(event, span)| (event, place(span.start), place(span.end))).map_err(|_| UNREAD));
    let mut events = events.collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut documents = Documents { list: Vec::new(), end: text.len() };
    while let Some((event, start, end)) = events.next() {
        match event {
            Event::StreamStart | Event::StreamEnd => {}
            // Markers that stand in the text. The first document has ended before any that follows it.
            Event::DocumentStart(..) | Event::DocumentEnd => {
                if documents.list.len() == 1 && start < end {
                    documents.end = documents.end.min(start);
                }
            }
            event => documents.list.push(node(event, start, end, &mut events)?),
        }
    }
    Ok(documents)
}

/// The node that begins with an event. What a site file may not have is not read.
fn node<'t>(
    event: Event<'t>,
    start: usize,
    end: usize,
    events: &mut impl Iterator<Item = (Event<'t>, usize, usize)>,
) -> Result<Node, &'static str> {
    let style_of = |style| if style == StructureStyle::Flow { Style::Flow } else { Style::Block };
    match event {
        Event::Scalar(text, style, 0, None) => {
            let is_plain = style == ScalarStyle::Plain;
            let is_null = is_plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
            let kind = if is_null { Kind::Null } else { Kind::Text { text: text.into_owned(), is_plain } };
            let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
            Ok(Node { start, end, style: if is_block { Style::Block } else { Style::Flow }, kind })
        }
        Event::SequenceStart(style, 0, None) => {
            let mut items = Vec::new();
            loop {
                match events.next().ok_or(UNREAD)? {
                    (Event::SequenceEnd, _, end) => {
                        break Ok(Node { start, end, style: style_of(style), kind: Kind::List(items) });
                    }
                    (event, start, end) => items.push(node(event, start, end, events)?),
                }
            }
        }
        Event::MappingStart(style, 0, None) => {
            let mut pairs = Vec::new();
            loop {
                let key = match events.next().ok_or(UNREAD)? {
                    (Event::MappingEnd, _, end) => break Ok(Node { start, end, style: style_of(style), kind: Kind::Map(pairs) }),
                    (event, start, end) => node(event, start, end, events)?,
                };
                let (event, start, end) = events.next().ok_or(UNREAD)?;
                pairs.push((key, node(event, start, end, events)?));
            }
        }
        _ => Err(UNSAFE),
    }
}

/// What is to be changed in a text.
struct Edit<'a> {
    text: &'a str,
    /// Where, how many bytes go, and what comes in their place. At one place, the first is first.
    edits: Vec<(usize, usize, String)>,
}

impl Edit<'_> {
    fn done(mut self) -> String {
        self.edits.sort_by_key(|(at, ..)| *at);
        let (mut new, mut done) = (String::with_capacity(self.text.len() + 64), 0);
        for (at, cut, put) in self.edits {
            new.push_str(self.text.get(done..at).unwrap_or_default());
            new.push_str(&put);
            done = at + cut;
        }
        new + self.text.get(done..).unwrap_or_default()
    }

    fn put(&mut self, at: usize, text: impl Into<String>) {
        self.edits.push((at, 0, text.into()));
    }

    fn replace(&mut self, node: &Node, text: impl Into<String>) {
        self.edits.push((node.start, node.end - node.start, text.into()));
    }

    fn file(&mut self, root: Option<&Node>, end: usize, wanted: &[Wanted]) -> Result<(), &'static str> {
        if wanted.is_empty() {
            return Ok(());
        }
        let Some(root) = root.filter(|root| root.kind != Kind::Null || !root.is_empty()) else {
            self.append_block(end, "", None, wanted);
            return Ok(());
        };
        let Kind::Map(pairs) = &root.kind else { return Err(NO_MAP) };
        let Some((key, topics)) = root.pair("topics") else {
            if root.style == Style::Flow {
                self.append_flow(root, &format!("topics: {{{}}}", flow(wanted)));
            } else {
                let pad = pairs.first().and_then(|(first, _)| self.pad(first)).ok_or(UNSAFE)?.to_owned();
                self.append_block(end, &pad, pairs.last().map(|(_, last)| last), wanted);
            }
            return Ok(());
        };
        let is_nothing = topics.kind == Kind::Null
            || (topics.pairs().is_empty()
                && matches!(topics.kind, Kind::Map(_))
                // With a comment between the brackets, they stay.
                && self.text[topics.start..topics.end].chars().all(|c| matches!(c, '{' | '}' | ' ')));
        match topics.kind {
            _ if is_nothing && root.style == Style::Block => {
                let pad = format!("{}  ", self.pad(key).ok_or(UNSAFE)?);
                if !topics.is_empty() {
                    self.replace(topics, "");
                }
                let at = self.after_comments(self.colon(key).ok_or(UNSAFE)?, pad.len() - 1);
                self.append_topics(at, &pad, &format!("{pad}  "), wanted.iter());
                Ok(())
            }
            Kind::Null => {
                self.fill(key, topics, &format!("{{{}}}", flow(wanted)));
                Ok(())
            }
            Kind::Map(_) => self.topics(root, topics, wanted),
            _ => Err(NO_TOPICS),
        }
    }

    /// Gives the topics that are there their slugs, and adds the others at the end.
    fn topics(&mut self, root: &Node, topics: &Node, wanted: &[Wanted]) -> Result<(), &'static str> {
        let mut new = Vec::new();
        let (step, places) = (self.step(root, topics), places(topics.pairs()));
        for topic in wanted {
            match places.get(&topic.key).map(|place| &topics.pairs()[*place]) {
                None => new.push(topic),
                Some((name, value)) => self.topic(topics.style, step, name, value, topic)?,
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let (Style::Block, Some(last)) = (topics.style, topics.pairs().last()) else {
            self.append_flow(topics, &new.iter().map(|topic| topic.flow()).collect::<Vec<_>>().join(", "));
            return Ok(());
        };
        let pad = self.pad(&last.0).ok_or(UNSAFE)?.to_owned();
        let at = self.after_comments(self.end(last), pad.len());
        self.append_topics(at, &pad, &format!("{pad}{}", " ".repeat(step)), new.into_iter());
        Ok(())
    }

    fn topic(&mut self, style: Style, step: usize, name: &Node, value: &Node, topic: &Wanted) -> Result<(), &'static str> {
        if let Some((key, null)) = value.pair("slug") {
            self.fill(key, null, &written(topic.slug));
            return Ok(());
        }
        match &value.kind {
            Kind::Map(pairs) if value.style == Style::Flow => match pairs.first() {
                Some((first, _)) => self.put(first.start, format!("{}, ", topic.pair())),
                None => self.put(value.start + 1, topic.pair()),
            },
            Kind::Null if style == Style::Flow => self.fill(name, value, &format!("{{{}}}", topic.pair())),
            Kind::Map(_) | Kind::Null => {
                // A line of its own right below the name, so that no comment is parted from what it is about.
                let at = self.line_end(self.colon(name).ok_or(UNSAFE)?);
                let pad = match value.pairs().first() {
                    Some((first, _)) if first.start > at => self.pad(first).ok_or(UNSAFE)?.to_owned(),
                    Some(_) => return Err(UNSAFE),
                    None => format!("{}{}", self.pad(name).ok_or(UNSAFE)?, " ".repeat(step)),
                };
                if value.kind == Kind::Null && !value.is_empty() {
                    self.replace(value, "");
                }
                self.put(at, format!("{}{pad}{}", self.line_break(at), topic.pair()));
            }
            _ => return Err(NO_TOPICS),
        }
        Ok(())
    }

    /// Puts something in the place of nothing, after a key.
    fn fill(&mut self, key: &Node, null: &Node, text: &str) {
        match self.colon(key) {
            _ if !null.is_empty() => self.replace(null, text),
            Some(at) => self.put(at, format!(" {text}")),
            None => self.put(key.end, format!(": {text}")),
        }
    }

    /// A map between brackets gets more at its end.
    fn append_flow(&mut self, map: &Node, text: &str) {
        match map.pairs().last() {
            Some(last) => self.put(self.end(last), format!(", {text}")),
            None => self.put(map.start + 1, text),
        }
    }

    /// The key `topics` at the end of a document. `last`: the value before it.
    fn append_block(&mut self, end: usize, pad: &str, last: Option<&Node>, wanted: &[Wanted]) {
        let before = &self.text[..end];
        let at = before.strip_suffix('\n').map_or(before, |before| before.strip_suffix('\r').unwrap_or(before)).len();
        let line_break = self.line_break(at);
        // A blank line could be a part of a text after `|`.
        let is_apart = before[..at].is_empty()
            || before[..at].ends_with('\n')
            || last.is_some_and(|last| last.style == Style::Block && matches!(last.kind, Kind::Text { .. }));
        let mut text = if is_apart { String::new() } else { line_break.to_owned() };
        _ = write!(text, "{line_break}{pad}topics:");
        for topic in wanted {
            text += &topic.lines(line_break, &format!("{pad}  "), &format!("{pad}    "));
        }
        if before.is_empty() {
            text = text[line_break.len()..].to_owned() + line_break;
        }
        self.put(at, text);
    }

    fn append_topics<'w>(&mut self, at: usize, outer: &str, inner: &str, wanted: impl Iterator<Item = &'w Wanted<'w>>) {
        let line_break = self.line_break(at);
        self.put(at, wanted.map(|topic| topic.lines(line_break, outer, inner)).collect::<String>());
    }

    /// How much deeper what is said of a topic stands than its name: as in the file, as far as that shows.
    fn step(&self, root: &Node, topics: &Node) -> usize {
        let deeper =
            |outer: &Node, inner: &Node| self.pad(inner)?.len().checked_sub(self.pad(outer)?.len()).filter(|step| *step > 0);
        let is_block = |value: &&(Node, Node)| value.1.style == Style::Block;
        let own = topics.pairs().iter().filter(is_block).find_map(|(name, value)| deeper(name, &value.pairs().first()?.0));
        let theirs = || deeper(&root.pairs().first()?.0, &topics.pairs().first()?.0);
        own.or_else(theirs).unwrap_or(2)
    }

    /// The spaces before a key that begins a line.
    fn pad(&self, key: &Node) -> Option<&str> {
        let start = self.text[..key.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        Some(&self.text[start..key.start]).filter(|pad| pad.bytes().all(|byte| byte == b' '))
    }

    /// Where the colon behind a key ends, if there is one.
    fn colon(&self, key: &Node) -> Option<usize> {
        let rest = &self.text[key.end..];
        let after = rest.trim_start_matches([' ', '\t']).strip_prefix(':')?;
        Some(self.text.len() - after.len())
    }

    /// Where a pair ends, without what may follow on its line.
    fn end(&self, (key, value): &(Node, Node)) -> usize {
        match &value.kind {
            Kind::Null if value.is_empty() => self.colon(key).unwrap_or(key.end),
            Kind::Map(pairs) if value.style == Style::Block => pairs.last().map_or(key.end, |last| self.end(last)),
            Kind::List(items) if value.style == Style::Block => self.end_of_items(items, key.end),
            // It ends with a line, and what is put behind it begins with one.
            Kind::Text { .. } if value.style == Style::Block => {
                let text = &self.text[..value.end];
                text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)).len()
            }
            _ => value.end,
        }
    }

    fn end_of_items(&self, items: &[Node], before: usize) -> usize {
        let Some(last) = items.last() else { return before };
        // An item has no key: its place is as good as one.
        let place = Node { end: last.start.max(before), ..Node::new(Kind::Null) };
        if last.kind == Kind::Null && last.is_empty() { last.end } else { self.end(&(place, last.clone())) }
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |end| at + end)
    }

    /// The end of the line at `at`, or of the last comment below it that is indented at least so far.
    fn after_comments(&self, at: usize, indent: usize) -> usize {
        let end = self.line_end(at);
        let mut after = end;
        for line in self.text[end..].split_inclusive('\n').scan(end, |start, line| {
            *start += line.len();
            Some((*start - line.len(), line))
        }) {
            let (start, line) = line;
            let content = line.trim_start_matches(' ');
            if content.starts_with('#') && line.len() - content.len() >= indent {
                after = start + line.trim_end_matches(['\n', '\r']).len();
            } else if !content.trim().is_empty() {
                break;
            }
        }
        after
    }

    /// How the line at `at` ends; the last line of a file may have no end, and then it is as the first one's.
    fn line_break(&self, at: usize) -> &'static str {
        let of = |text: &str| match text {
            _ if text.starts_with("\r\n") => Some("\r\n"),
            _ if text.starts_with('\n') => Some("\n"),
            _ if text.starts_with('\r') => Some("\r"),
            _ => None,
        };
        let first = || self.text.find(['\n', '\r']).and_then(|at| of(&self.text[at..]));
        of(&self.text[at..]).or_else(first).unwrap_or("\n")
    }
}

/// Topics between brackets.
fn flow(wanted: &[Wanted]) -> String {
    wanted.iter().map(Wanted::flow).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::site::{Overrides, Site};

    fn slug(text: &str) -> Slug {
        Slug::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
    }

    fn pin_all(text: &str, topics: &[(&str, &str)]) -> Result<String, Unpinned> {
        let slugs: Vec<Slug> = topics.iter().map(|(_, text)| slug(text)).collect();
        pin(text, &topics.iter().zip(&slugs).map(|((name, _), slug)| (*name, slug)).collect::<Vec<_>>())
    }

    /// Pins AI to `ai` and C# to `c-sharp`, with either kind of line end, and twice.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let topics = [("AI", "ai"), ("C#", "c-sharp")];
        for (text, expected) in [
            (text.to_owned(), expected.to_owned()),
            (text.replace('\n', "\r\n"), if text.contains('\n') { expected.replace('\n', "\r\n") } else { expected.to_owned() }),
            (format!("\u{feff}{text}"), format!("\u{feff}{expected}")),
        ] {
            let pinned = pin_all(&text, &topics).unwrap_or_else(|unpinned| panic!("{text:?}: {unpinned}"));
            assert_eq!(pinned, expected, "{text:?}");
            assert_eq!(pin_all(&pinned, &topics).as_ref(), Ok(&pinned), "a second time: {text:?}");
        }
        let site = Site::parse(Path::new("feedmill.yaml"), expected, &Overrides::default());
        let site = site.unwrap_or_else(|error| panic!("{error}"));
        for (name, slug) in topics {
            let found = site.topics[&TopicKey::of(name)].slug.as_ref().map(Slug::as_str);
            assert_eq!(found, Some(slug), "{text:?}");
        }
    }

    const BLOCK: &str = "topics:\n  AI:\n    slug: ai\n  \"C#\":\n    slug: c-sharp\n";

    #[test]
    fn a_file_without_topics_gets_them_at_its_end() {
        check("", BLOCK);
        check("# only a comment", &format!("# only a comment\n\n{}", BLOCK.trim_end()));
        check("title: A # b\n", &format!("title: A # b\n\n{BLOCK}"));
        check("title: A\n\n\n", &format!("title: A\n\n\n{BLOCK}"));
        check("title: A", &format!("title: A\n\n{}", BLOCK.trim_end()));
        check("title: A\n# the end\n", &format!("title: A\n# the end\n\n{BLOCK}"));
        check("---\ntitle: A\n...\n", &format!("---\ntitle: A\n\n{BLOCK}...\n"));
        check("---\n# nothing\n", &format!("---\n# nothing\n\n{BLOCK}"));
        check("description: |+\n  A\n\n", &format!("description: |+\n  A\n\n{BLOCK}"));
        check("description: |\n  A\n", &format!("description: |\n  A\n{BLOCK}"));
        check("description: |\n  A", &format!("description: |\n  A\n{}", BLOCK.trim_end()));
        check("  title: A\n", "  title: A\n\n  topics:\n    AI:\n      slug: ai\n    \"C#\":\n      slug: c-sharp\n");
        check("{title: A}\n", "{title: A, topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp}}}\n");
        check("{}\n", "{topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp}}}\n");
    }

    #[test]
    fn empty_topics_are_filled() {
        let block = &BLOCK["topics:\n".len()..];
        check("topics:\ntitle: A\n", &format!("topics:\n{block}title: A\n"));
        check("topics:  # none yet\ntitle: A\n", &format!("topics:  # none yet\n{block}title: A\n"));
        check("topics: ~ # none yet\n", &format!("topics:  # none yet\n{block}"));
        check("topics: {}\n", &format!("topics: \n{block}"));
        check("\"topics\" : null", &format!("\"topics\" : \n{}", block.trim_end()));
        check(
            "topics:\n  # one: {}\n\n# what is read\ntitle: A\n",
            &format!("topics:\n  # one: {{}}\n{block}\n# what is read\ntitle: A\n"),
        );
        check("topics: { # none\n}\n", "topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp} # none\n}\n");
        check("{topics: ~, title: A}", "{topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp}}, title: A}");
        check("{topics}", "{topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp}}}");
    }

    #[test]
    fn topics_that_are_there_get_a_line() {
        check(
            "topics:\n    ai :   # the topic\n        # of its feed\n        title: A\n    \"C#\":\n      title: >-\n        b\n\n\n    # D:\n\ntitle: A\n",
            "topics:\n    ai :   # the topic\n        slug: ai\n        # of its feed\n        title: A\n    \"C#\":\n      slug: c-sharp\n      title: >-\n        b\n\n\n    # D:\n\ntitle: A\n",
        );
        check("topics:\n  'C#':\n  AI: # c", "topics:\n  'C#':\n    slug: c-sharp\n  AI: # c\n    slug: ai");
        check("topics:\n  AI: ~ # c\n  C#: null\n", "topics:\n  AI:  # c\n    slug: ai\n  C#: \n    slug: c-sharp\n");
        check(
            "topics:\n   B:\n        title: B\n   AI:\n   C#:\n",
            "topics:\n   B:\n        title: B\n   AI:\n        slug: ai\n   C#:\n        slug: c-sharp\n",
        );
        check("topics:\n    AI:\n    C#:\n", "topics:\n    AI:\n        slug: ai\n    C#:\n        slug: c-sharp\n");
    }

    #[test]
    fn topics_between_brackets_stay_there() {
        check("topics:\n  AI: {title: A} # c\n  C#: {}\n", "topics:\n  AI: {slug: ai, title: A} # c\n  C#: {slug: c-sharp}\n");
        check(
            "topics:\n  AI: { # c\n    title: A,\n  }\n  C#: {\n  }\n",
            "topics:\n  AI: { # c\n    slug: ai, title: A,\n  }\n  C#: {slug: c-sharp\n  }\n",
        );
        check("topics: {AI, C#: }\n", "topics: {AI: {slug: ai}, C#: {slug: c-sharp} }\n");
        check("topics: {AI , B: {title: b},}\n", "topics: {AI: {slug: ai} , B: {title: b}, \"C#\": {slug: c-sharp},}\n");
        check("topics: {AI: ~, C#: {title: c}}\n", "topics: {AI: {slug: ai}, C#: {slug: c-sharp, title: c}}\n");
        check("topics: {AI}\n", "topics: {AI: {slug: ai}, \"C#\": {slug: c-sharp}}\n");
        check("topics: {\n  AI: # c\n}\n", "topics: {\n  AI: {slug: ai}, \"C#\": {slug: c-sharp} # c\n}\n");
        check("{\"topics\":{\"AI\":null,\"B\":{}}}\n", "{\"topics\":{\"AI\":{slug: ai},\"B\":{}, \"C#\": {slug: c-sharp}}}\n");
    }

    #[test]
    fn new_topics_come_last() {
        let new = "  \"C#\":\n    slug: c-sharp\n";
        check("topics:\n  AI: {slug: ai}\n", &format!("topics:\n  AI: {{slug: ai}}\n{new}"));
        check(
            "topics:\n  AI: {slug: ai} # c\n  # d\n# e\ntitle: A\n",
            &format!("topics:\n  AI: {{slug: ai}} # c\n  # d\n{new}# e\ntitle: A\n"),
        );
        check(
            "topics:\n  AI:\n    slug: ai\n    former:\n    - b # c\n\ntitle: A\n",
            &format!("topics:\n  AI:\n    slug: ai\n    former:\n    - b # c\n{new}\ntitle: A\n"),
        );
        check("topics:\n  AI:\n", &format!("topics:\n  AI:\n    slug: ai\n{new}"));
        check(
            "topics:\n  AI:\n    slug: ai\n    title: |+\n      b\n\n\nlimit: 1\n",
            &format!("topics:\n  AI:\n    slug: ai\n    title: |+\n      b\n\n\n{new}limit: 1\n"),
        );
        check(
            "topics:\n  AI:\n    slug: ai\n    title: a\n      b\n",
            &format!("topics:\n  AI:\n    slug: ai\n    title: a\n      b\n{new}"),
        );
    }

    #[test]
    fn a_slug_that_is_there_stays_and_one_of_nothing_is_filled() {
        let own = "topics:\n  AI: {slug: own} # mine\n  C#:\n    slug: other\n";
        assert_eq!(pin_all(own, &[("ai", "ai"), ("C#", "c-sharp")]).as_deref(), Ok(own));
        assert_eq!(pin_all("title: [\n", &[]).map_err(|unpinned| unpinned.why), Err(UNREAD.to_owned()));
        check(
            "topics:\n  AI:\n    title: A\n    slug: # none\n  C#: {slug}\n",
            "topics:\n  AI:\n    title: A\n    slug: ai # none\n  C#: {slug: c-sharp}\n",
        );
        check(
            "topics:\n  AI:\n    slug: ~\n  C#: {slug: , title: c}\n",
            "topics:\n  AI:\n    slug: ai\n  C#: {slug: c-sharp , title: c}\n",
        );
    }

    #[test]
    fn names_and_slugs_are_quoted_where_they_mean_something_else() {
        for (text, expected) in [
            ("AI", "AI"),
            ("Machine Learning & AI", "Machine Learning & AI"),
            ("R&D (new)", "R&D (new)"),
            ("日本語", "日本語"),
            ("Node.js", "Node.js"),
            ("C++", "C++"),
            ("don't", "don't"),
            ("yes", "\"yes\""),
            ("Null", "\"Null\""),
            ("1.0", "\"1.0\""),
            ("3D Printing", "\"3D Printing\""),
            (".NET", "\".NET\""),
            ("a: b", "\"a: b\""),
            ("- x", "\"- x\""),
            ("a, b", "\"a, b\""),
            ("[x]", "\"[x]\""),
            ("", "\"\""),
            ("a ", "\"a \""),
            ("🚀", "\"🚀\""),
            ("say \"a\\b\"", "\"say \\\"a\\\\b\\\"\""),
            ("a\n\u{85}\u{2028}b", "\"a\\x0a\\x85\\u2028b\""),
        ] {
            assert_eq!(written(text), expected);
        }
        let pinned = pin_all("", &[("yes", "no"), ("1.0", "null"), ("- x", "2020"), ("a: b", "a")]).expect("a text");
        assert_eq!(
            pinned,
            "topics:\n  \"yes\":\n    slug: \"no\"\n  \"1.0\":\n    slug: \"null\"\n  \"- x\":\n    slug: \"2020\"\n  \"a: b\":\n    slug: a\n"
        );
    }

    #[test]
    fn what_cannot_be_changed_safely_is_left_to_the_owner() {
        let lines = "topics:\n  AI:\n    slug: ai\n";
        for (text, why) in [
            ("topics: [AI]\n", NO_TOPICS),
            ("topics:\n  AI: text\n", NO_TOPICS),
            ("topics:\n  ? AI\n  : title: x\n", UNSAFE),
            ("topics: &a\n  B:\n", UNSAFE),
            ("topics:\n  AI: !!map {}\n", UNSAFE),
            ("topics: {AI # c\n : , B}\n", UNSAFE),
            // Only what comes out tells that the text would have another line.
            ("description: >+\n  A\n  ", UNSAFE),
            ("- a\n", NO_MAP),
            ("title: [", UNREAD),
            ("topics: {? AI : {title: b}}\n", ""),
        ] {
            let expected = if why.is_empty() { None } else { Some(Unpinned { why: why.into(), lines: lines.into() }) };
            assert_eq!(pin_all(text, &[("AI", "ai")]).err(), expected, "{text:?}");
        }
        let unpinned = pin_all("topics: [AI]\n", &[("C#", "c-sharp"), ("AI", "ai")]).expect_err("a list");
        assert_eq!(unpinned.lines, "topics:\n  \"C#\":\n    slug: c-sharp\n  AI:\n    slug: ai\n");
        assert!(unpinned.to_string().starts_with("`topics` is no map of topics; these lines"), "{unpinned}");
    }

    #[test]
    fn thousands_of_topics_are_pinned_at_once() {
        let names: Vec<String> = (0..10_000).map(|number| format!("Topic {number}")).collect();
        let topics: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let half = names[..5000].iter().fold("topics:\n".to_owned(), |text, name| format!("{text}  {name}: # c\n"));
        let pinned = pin_all(&half, &topics).expect("a text");
        assert_eq!((pinned.matches("slug: x\n").count(), pinned.matches("# c\n").count()), (10_000, 5000));
        assert_eq!(pin_all(&pinned, &topics).as_ref(), Ok(&pinned));
    }

    /// A topic as somebody may have written it: its name, and what is said of it.
    fn topic() -> impl Strategy<Value = (String, String)> {
        let name = prop_oneof!["[A-E]", "\"[A-E]: #x\"", "'[A-E]'", "[A-E] [a-e]", "é[A-E]"];
        let said = prop_oneof![
            Just("\n".to_owned()),
            Just("  # c\n".to_owned()),
            Just(" ~ # c\n".to_owned()),
            Just(" {}\n".to_owned()),
            Just(" {title: \"a # b\", former: [f%]} # c\n".to_owned()),
            Just(" { # c\n      title: x, # d\n    }\n".to_owned()),
            Just("\n    # c\n    title: x # d\n\n    # e\n".to_owned()),
            Just(" # c\n      description: |\n        # no comment\n        x\n\n      # c\n".to_owned()),
            Just("\n    description: >+\n      x\n\n\n".to_owned()),
            Just("\n    slug:\n    title: a\n      b\n".to_owned()),
            Just("\n    former:\n    - g% # c\n".to_owned()),
            Just("\n    title: 'a\n\n      b' # c\n  # d\n".to_owned()),
            Just("\n    slug: own-%\n".to_owned()),
        ];
        (name, said)
    }

    fn file() -> impl Strategy<Value = String> {
        let topics = proptest::collection::vec(topic(), 0..5).prop_map(|topics| {
            let mut known = BTreeSet::new();
            let own = topics.into_iter().filter(|(name, _)| known.insert(TopicKey::of(name.trim_matches(['"', '\'']))));
            let numbered =
                own.enumerate().map(|(number, (name, said))| format!("  {name}:{}", said.replace('%', &number.to_string())));
            "topics: # all\n".to_owned() + &numbered.collect::<String>()
        });
        let before = prop_oneof![Just(""), Just("# c\n\ntitle: x # c\n"), Just("---\n")];
        let after = prop_oneof![Just(""), Just("# c\nlimit: 3\n"), Just("...\n"), Just("\n\n"), Just("  # c\n# d")];
        let ends = prop_oneof![Just("\n"), Just("\r\n")];
        (before, prop_oneof![4 => topics, 1 => Just(String::new())], after, ends)
            .prop_map(|(before, topics, after, end)| format!("{before}{topics}{after}").replace('\n', end))
    }

    fn comments(text: &str) -> Vec<&str> {
        let comments = text.lines().filter_map(|line| line.find("# ").map(|at| line[at..].trim_end()));
        comments.collect()
    }

    proptest! {
        #[test]
        fn only_slugs_are_added(text in file(), names in proptest::collection::btree_set("[A-E]|[a-e]: #x|É[a-e]|[A-E] [a-e]|.{1,6}", 0..5)) {
            let mut known = BTreeSet::from([TopicKey::all()]);
            let names: Vec<&String> = names.iter().filter(|name| known.insert(TopicKey::of(name))).collect();
            let slugs: Vec<Slug> = (0..names.len()).map(|number| slug(&format!("s{number}"))).collect();
            let topics: Vec<(&str, &Slug)> = names.iter().map(|name| name.as_str()).zip(&slugs).collect();
            let before = Site::parse(Path::new("x"), &text, &Overrides::default());
            let before = before.unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let pinned = pin(&text, &topics).unwrap_or_else(|unpinned| panic!("{text:?}: {unpinned}"));
            let again = pin(&pinned, &topics);
            prop_assert_eq!(again.as_ref(), Ok(&pinned));
            prop_assert_eq!(comments(&text), comments(&pinned));
            prop_assert_eq!(text.contains("\r\n"), pinned.contains("\r\n"));
            prop_assert!(!pinned.contains("\r\n") || !pinned.replace("\r\n", "").contains('\n'));
            let after = Site::parse(Path::new("x"), &pinned, &Overrides::default());
            let after = after.unwrap_or_else(|error| panic!("{pinned:?}: {error}"));
            let said = |rules: &crate::site::TopicRules| {
                let feed = &rules.feed;
                (rules.slug.clone(), feed.title.clone(), feed.description.clone(), rules.former.clone())
            };
            let said = |site: &Site| -> BTreeMap<TopicKey, _> {
                site.topics.iter().map(|(key, rules)| (key.clone(), said(rules))).collect()
            };
            let mut expected = said(&before);
            for (name, slug) in topics {
                expected.entry(TopicKey::of(name)).or_default().0.get_or_insert(slug.clone());
            }
            prop_assert_eq!(said(&after), expected);
            prop_assert_eq!((after.title, after.rules.limit), (before.title, before.rules.limit));
        }

        #[test]
        fn any_name_can_be_written(name in prop_oneof![any::<String>(), "[aA]([-a1é #:,~!&*|>%@`'\"?{}\\[\\]\\\\.]|: | #){0,9}"]) {
            let name = name.replace(['\0', '\u{fffd}'], "");
            for text in [format!("{}: x\n", written(&name)), format!("{{{}: x}}", written(&name))] {
                let documents = parse(&text).map_err(|why| TestCaseError::fail(format!("{text:?}: {why}")))?;
                prop_assert_eq!(&documents.list[0].pairs()[0].0, &Node::text(&name));
            }
        }
    }
}
