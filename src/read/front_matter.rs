//! Bytes to an article: where a field gets its meaning, and where the line and column of a finding are made right.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::body::Body;
use super::field::Field;
use super::tree::{Map, Node, Place, Tree, Value};
use super::{Found, Rules, embed, salvage, showable, sound, yaml};
use crate::article::{Article, Image, KnownBy, Language, Provider, RelatedLink, Status, Story};
use crate::error::{Diagnostic, Excerpt, Severity};
use crate::link::{EntryId, Link, LinkError};
use crate::text::{self, Line, Mojibake, Prose};
use crate::topic::TopicKey;

/// Front matter larger than this is not read: the largest real ones have 12 KB.
const MAX_FRONT_MATTER: usize = 256 * 1024;
/// Related links of one article that are read.
const MAX_RELATED: usize = 50;
/// Topics of one article that are read.
const MAX_TOPICS: usize = 20;

/// Whether a file that begins so can hold front matter. One in UTF-16 can, and is refused when it is read.
#[must_use]
pub fn begins(start: &[u8]) -> bool {
    if start.starts_with(b"\xff\xfe-\0-\0-\0") || start.starts_with(b"\xfe\xff\0-\0-\0-") {
        return true;
    }
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let Some(rest) = start.strip_prefix(b"---") else { return false };
    let rest = &rest[rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()..];
    matches!(rest.first(), None | Some(b'\n' | b'\r'))
}

/// Reads one file that [`begins`] with front matter. `source` is its path for people, `name` its file name.
pub fn read(rules: &Rules, source: &str, name: &str, bytes: &[u8], tree: &mut Tree, diagnostics: &mut Vec<Diagnostic>) -> Found {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let (line, column) = position(good, good.len());
            diagnostics.push(Diagnostic {
                line,
                column,
                ..Diagnostic::of_file(Severity::Error, source, "a byte here is not UTF-8", "save the file as UTF-8")
            });
            return Found::Faulty;
        }
    };
    let Some(block) = block(text) else {
        diagnostics.push(Diagnostic {
            line: 1,
            column: 1,
            ..Diagnostic::of_file(
                Severity::Error,
                source,
                "the front matter that begins here is not closed",
                "close it with a line of three hyphens, `---`",
            )
        });
        return Found::Faulty;
    };
    let mut conversion = Conversion {
        rules,
        source,
        text,
        block: block.start,
        diagnostics: Vec::new(),
        failed: false,
        repaired: false,
        link: None,
    };
    if block.end - block.start > MAX_FRONT_MATTER {
        let message = format!("the front matter has more than {} KiB", MAX_FRONT_MATTER / 1024);
        conversion.report(Severity::Error, Place::default(), false, message, "move long text below the closing fence");
        diagnostics.append(&mut conversion.diagnostics);
        return Found::Faulty;
    }
    let map = match yaml::parse(&text[block.start..block.end], &rules.names, tree) {
        Ok(read) => &Map::of(read.pairs()),
        Err(fault) => {
            let place = Place { start: fault.at, end: fault.at };
            conversion.report(Severity::Error, place, true, fault.message, fault.help);
            diagnostics.append(&mut conversion.diagnostics);
            return salvage::retraction(&text[block], &rules.names).map_or(Found::Faulty, Found::Retracted);
        }
    };
    let named_date = rules.date_of_name(name);
    let has = |field| map.has(field);
    let addressed = has(Field::OriginalUrl) || has(Field::WebUrl);
    let status = conversion.status(map);
    // A retraction may name its story by the id alone.
    let dated = named_date.is_some() || has(Field::Date);
    let retracted = status.withdrawn() && has(Field::Id);
    if !(dated || addressed || retracted) {
        return Found::Other("no date and no source address");
    }
    let (about_status, failed) = (conversion.diagnostics.clone(), conversion.failed);
    let article = conversion.article(map, status, named_date);
    if article.is_none() && status.withdrawn() {
        // What is retracted need not be in order otherwise: its addresses are all that matters.
        let mut quiet = Conversion { diagnostics: Vec::new(), ..conversion };
        let names = quiet.known_by(map);
        if !names.own().is_empty() {
            diagnostics.extend(about_status);
            return Found::Retracted(names);
        }
        conversion = Conversion { diagnostics: about_status, failed, ..quiet };
        conversion.article(map, status, named_date);
    }
    diagnostics.append(&mut conversion.diagnostics);
    let Some(mut article) = article else { return Found::Faulty };
    Body { source, file: text, start: below(text, block.end) }.read(rules, &mut article, diagnostics);
    Found::Article(Box::new(article))
}

/// Where the lines between the fences are. YAML's own `...` closes as well (YAML 1.2.2, 9.1.2).
fn block(text: &str) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    // A line ends with LF, CR LF or CR.
    let first = memchr::memchr2(b'\n', b'\r', bytes)? + 1;
    let first = if bytes[first - 1] == b'\r' && bytes.get(first) == Some(&b'\n') { first + 1 } else { first };
    let closes = |start: usize| {
        let begins_line = start == first || matches!(bytes[start - 1], b'\n' | b'\r');
        let rest = || bytes[start + 3..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        begins_line && matches!(rest(), None | Some(b'\n' | b'\r'))
    };
    let fence = |sign: &str, end: usize| {
        memchr::memmem::find_iter(&bytes[first..end], sign).map(|at| first + at).find(|&start| closes(start))
    };
    let hyphens = fence("---", bytes.len());
    // Only one that comes first counts.
    let dots = fence("...", hyphens.unwrap_or(bytes.len()));
    dots.or(hyphens).map(|close| first..close)
}

/// Where what stands below the front matter begins: behind the line of the fence at `fence`.
fn below(text: &str, fence: usize) -> usize {
    let bytes = text.as_bytes();
    let Some(end) = memchr::memchr2(b'\n', b'\r', &bytes[fence..]).map(|end| fence + end + 1) else { return text.len() };
    if bytes[end - 1] == b'\r' && bytes.get(end) == Some(&b'\n') { end + 1 } else { end }
}

/// Line and column, both from 1, of the byte at `at`; a byte order mark has no column.
#[must_use]
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text[..at].strip_prefix('\u{feff}').unwrap_or(&text[..at]);
    let mut line = 1;
    let mut start = 0;
    for (index, c) in before.char_indices() {
        let end = match c {
            '\n' => true,
            '\r' => !before[index + 1..].starts_with('\n') && (index + 1 < before.len() || !text[at..].starts_with('\n')),
            _ => false,
        };
        if end {
            line += 1;
            start = index + 1;
        }
    }
    (line, before[start..].chars().count() + 1)
}

/// Whether this is the scheme of an address (RFC 3986, section 3.1).
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

struct Conversion<'r> {
    rules: &'r Rules,
    source: &'r str,
    text: &'r str,
    /// Where the front matter begins in the file, in bytes.
    block: usize,
    diagnostics: Vec<Diagnostic>,
    /// What is being read has to be left out.
    failed: bool,
    /// Mojibake was repaired in what is being read.
    repaired: bool,
    /// The related link that is being read, counted from 1, and its place: its errors leave out the link and not the article.
    link: Option<(usize, Place)>,
}

impl Conversion<'_> {
    fn article(&mut self, map: &Map, status: Status, named_date: Option<DateTime<Utc>>) -> Option<Article> {
        let story = self.story(map);
        let published = match self.date(map, Field::Date) {
            Some(date) => Some(date),
            None if map.has(Field::Date) => None,
            None => {
                if named_date.is_none() {
                    let help =
                        "add a line such as `publishedDateTime: 2020-11-13T18:07:00Z`, or begin the file name with the date";
                    self.missing("there is no date", help);
                }
                named_date
            }
        };
        let updated = published.and_then(|published| self.updated(map, published));
        let topics = self.topics(map);
        let related = self.related(map);
        let (story, published) = (story?, published?);
        if self.failed {
            return None;
        }
        Some(Article {
            source: self.source.to_owned(),
            updated: updated.unwrap_or(published),
            story,
            published,
            status,
            topics,
            related,
            text: None,
        })
    }

    fn related(&mut self, map: &Map) -> Vec<RelatedLink> {
        let Some(pair) = map.get(Field::Related) else { return Vec::new() };
        let Value::List(items) = pair.value() else {
            self.wrong_type(pair, "a list of related links, each with a title and an address");
            return Vec::new();
        };
        if let Some(first) = items.clone().nth(MAX_RELATED) {
            let message = format!("there are {} related links; only the first {MAX_RELATED} are read", items.clone().count());
            self.report(Severity::Warning, first.place(), false, message, "keep the best ones");
        }
        let mut links = Vec::new();
        for (number, item) in (1..).zip(items.take(MAX_RELATED)) {
            if !self.rules.whole && sound::is_surely_sound(item, self.rules) {
                continue;
            }
            let outside = (std::mem::take(&mut self.failed), std::mem::take(&mut self.repaired));
            self.link = Some((number, item.place()));
            links.extend(self.related_link(item));
            self.link = None;
            self.failed = outside.0;
            self.repaired |= outside.1;
        }
        links
    }

    fn related_link(&mut self, item: Node) -> Option<RelatedLink> {
        let Value::Map(pairs) = item.value() else {
            if !item.is_null() {
                self.problem(
                    item.place(),
                    true,
                    "a related link is a map with a title and an address".into(),
                    "write `- title: …` and `webUrl: …` below it",
                );
            }
            return None;
        };
        let map = &Map::of(pairs);
        let status = self.status(map);
        let story = self.story(map);
        let published = self.date(map, Field::Date);
        let updated = published.and_then(|published| self.updated(map, published));
        // A link that says that it is unpublished or retracted is no coverage to send people to.
        let public = status.published != Some(false) && !status.withdrawn();
        story.filter(|_| public && !self.failed).map(|story| RelatedLink { story, published, updated, repaired: self.repaired })
    }

    fn story(&mut self, map: &Map) -> Option<Story> {
        let title = self.title(map);
        let excerpt = self.excerpt(map);
        let original = self.link(map, Field::OriginalUrl);
        let web = self.link(map, Field::WebUrl);
        if !map.has(Field::OriginalUrl) && !map.has(Field::WebUrl) {
            let help = "add a line such as `webUrl: https://example.org/story`, the page where people read it";
            self.missing("there is no address: neither `webUrl` nor `originalUrl`", help);
        }
        let amp = [Field::AmpWebUrl, Field::CdnAmpWebUrl].map(|field| self.lesser_link(map, field));
        let own_id = self.own_id(map);
        // Authors beside the provider are looked at only if it names none.
        let alone = !map.has(Field::Authors);
        let provider = if alone && self.only_checked(map, Field::Provider) { Provider::default() } else { self.provider(map) };
        let images = if self.only_checked(map, Field::Images) { Vec::new() } else { self.images(map) };
        let embed = self.text(map, Field::FeaturedContent).filter(|_| self.rules.whole);
        let embed = embed.and_then(|markup| embed::find(markup, self.rules.embeds));
        let quality = self.number(map, Field::Quality);
        let heat = self.number(map, Field::Heat);
        let mut word = |field| if self.only_checked(map, field) { None } else { self.line(map, field) };
        let (kind, category) = (word(Field::Type), word(Field::Category));
        let language = self.language(map);
        let (link, identity) = match (web, original) {
            (Some(web), Some(original)) => (web, original),
            (Some(one), None) | (None, Some(one)) => (one.clone(), one),
            (None, None) => return None,
        };
        // The two are nearly always one, and a fingerprint is the dearest thing about an article.
        let second = Some(&link).filter(|link| **link != identity);
        let known_by = KnownBy::new(std::iter::once(&identity).chain(second), amp.iter().flatten(), own_id.as_ref());
        Some(Story {
            title: title?,
            excerpt,
            link,
            identity,
            amp,
            known_by,
            own_id,
            provider,
            images,
            embed,
            quality,
            heat,
            kind,
            category,
            language,
        })
    }

    /// What a story is known by, as far as it can be read: what a retraction is about.
    fn known_by(&mut self, map: &Map) -> KnownBy {
        let mut links = |fields: [Field; 2]| fields.into_iter().filter_map(|field| self.link(map, field)).collect::<Vec<_>>();
        let own = links([Field::OriginalUrl, Field::WebUrl]);
        let amp = links([Field::AmpWebUrl, Field::CdnAmpWebUrl]);
        KnownBy::new(own.iter(), amp.iter(), self.own_id(map).as_ref())
    }

    /// Whether a field need not be converted, since its value is not wanted and surely sound.
    fn only_checked(&self, map: &Map, field: Field) -> bool {
        let kept = match field {
            Field::Title => self.rules.keep.titles,
            Field::Provider | Field::Type | Field::Category => self.rules.keep.facts,
            _ => false,
        };
        !self.rules.whole && !kept && map.get(field).is_some_and(|pair| sound::is_sound(pair, self.rules))
    }

    fn title(&mut self, map: &Map) -> Option<Line> {
        if !map.has(Field::Title) {
            self.missing("there is no title", "add a line such as `title: \"What happened\"`");
            return None;
        }
        if self.only_checked(map, Field::Title) {
            return Some(Line::default());
        }
        let text = self.text(map, Field::Title)?;
        let pair = map.get(Field::Title)?;
        let title = self.clean_line(pair, text);
        if title.is_empty() {
            let message = format!("`{}` is empty", self.key(pair));
            self.problem(pair.place(), true, message, "write what the story is called");
            return None;
        }
        Some(title)
    }

    fn excerpt(&mut self, map: &Map) -> Prose {
        if self.only_checked(map, Field::Excerpt) {
            return Prose::default();
        }
        let Some(text) = self.text(map, Field::Excerpt) else { return Prose::default() };
        let cleaned = text::prose(text, self.rules.mojibake);
        if let Some(pair) = map.get(Field::Excerpt) {
            self.cleaned(pair, cleaned.repaired, cleaned.cut);
        }
        cleaned.text
    }

    fn line(&mut self, map: &Map, field: Field) -> Option<Line> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        Some(self.clean_line(pair, text)).filter(|line| !line.is_empty())
    }

    fn clean_line(&mut self, pair: Node, text: &str) -> Line {
        let cleaned = text::line(text, self.rules.mojibake);
        self.cleaned(pair, cleaned.repaired, cleaned.cut);
        cleaned.text
    }

    fn cleaned(&mut self, pair: Node, repaired: bool, cut: bool) {
        if repaired {
            self.repaired = true;
            let message = format!("`{}` held text in a wrong encoding, which was repaired", self.key(pair));
            self.report(Severity::Note, pair.place(), true, message, "`mojibake: off` in the site file leaves it alone");
        }
        if cut {
            let message = format!("`{}` is too long; its end was cut off", self.key(pair));
            self.report(Severity::Warning, pair.place(), false, message, "titles have at most 500 characters, excerpts 5,000");
        }
    }

    fn date(&mut self, map: &Map, field: Field) -> Option<DateTime<Utc>> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        let date = self.rules.date(text);
        if date.is_none() {
            let message = format!("`{}` is not a date that can be read", self.key(pair));
            self.problem(pair.place(), true, message, "write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13");
        }
        date
    }

    /// The date of the last change, where it is later than the publication and not in the future.
    fn updated(&mut self, map: &Map, published: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let updated = self.date(map, Field::Updated)?;
        let pair = map.get(Field::Updated)?;
        let wrong = if updated < published {
            "is before the publication"
        } else if updated > self.rules.now && published <= self.rules.now {
            "is in the future"
        } else {
            return Some(updated);
        };
        let message = format!("`{}` {wrong}; it is ignored", self.key(pair));
        self.report(
            Severity::Warning,
            pair.place(),
            true,
            message,
            "readers would see the story jump; correct the date or take it out",
        );
        None
    }

    /// An address that has to be right.
    fn link(&mut self, map: &Map, field: Field) -> Option<Link> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        match Link::parse(&text::address(text)) {
            Ok(link) => Some(link),
            Err(error) => {
                let message = format!("`{}` {error}", self.key(pair));
                self.problem(pair.place(), error != LinkError::Credentials, message, error.help());
                None
            }
        }
    }

    /// An address that a story can do without.
    fn lesser_link(&mut self, map: &Map, field: Field) -> Option<Link> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        self.lesser(pair, pair.place(), text)
    }

    fn lesser(&mut self, pair: Node, place: Place, text: &str) -> Option<Link> {
        match Link::parse(&text::address(text)) {
            Ok(link) => Some(link),
            Err(error) => {
                let message = format!("`{}` {error}; it is ignored", self.key(pair));
                self.report(Severity::Warning, place, error != LinkError::Credentials, message, error.help());
                None
            }
        }
    }

    fn own_id(&mut self, map: &Map) -> Option<EntryId> {
        let text = self.text(map, Field::Id)?;
        let pair = map.get(Field::Id)?;
        let secret = Link::parse(text.trim()) == Err(LinkError::Credentials);
        let id = if secret { Err("has a user name or password in it") } else { EntryId::own(text.trim()) };
        match id {
            Ok(id) => {
                if !text.trim().split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty()) {
                    let message = format!("`{}` is not an absolute address, such as `urn:` or `tag:`", self.key(pair));
                    let help = "readers that know several sites may take it for another's";
                    self.report(Severity::Note, pair.place(), true, message, help);
                }
                Some(id)
            }
            Err(wrong) => {
                let message = format!("`{}` {wrong}", self.key(pair));
                self.problem(
                    pair.place(),
                    true,
                    message,
                    "an id has 1 to 500 characters and no white space; without one it is made of the address",
                );
                None
            }
        }
    }

    fn provider(&mut self, map: &Map) -> Provider {
        let mut provider = Provider::default();
        if let Some(pair) = map.get(Field::Provider) {
            match pair.value() {
                Value::Text(name) => provider.name = self.clean_line(pair, name),
                Value::Map(pairs) => {
                    let inner = &Map::of(pairs);
                    provider.name = self.line(inner, Field::Name).unwrap_or_default();
                    provider.site = self.domain(inner);
                    provider.authors = self.authors(inner);
                }
                _ => self.wrong_type(pair, "a name, or a map with a name and a domain"),
            }
        }
        if provider.authors.is_empty() {
            provider.authors = self.authors(map);
        }
        provider
    }

    fn domain(&mut self, map: &Map) -> Option<Link> {
        let text = self.text(map, Field::Domain)?;
        let pair = map.get(Field::Domain)?;
        let text = text.trim();
        let address = if text.contains("://") { Cow::Borrowed(text) } else { Cow::Owned(format!("https://{text}/")) };
        self.lesser(pair, pair.place(), &address)
    }

    fn authors(&mut self, map: &Map) -> Vec<Line> {
        let Some(pair) = map.get(Field::Authors) else { return Vec::new() };
        let mut authors = Vec::new();
        for item in pair.items() {
            match item.value() {
                Value::Null => {}
                Value::Text(name) => authors.push(self.clean_line(pair, name)),
                Value::Map(pairs) => authors.extend(self.line(&Map::of(pairs), Field::Name)),
                Value::List(_) => self.wrong_item(pair, item, "a name or a list of names"),
            }
        }
        authors.retain(|name| !name.is_empty());
        authors
    }

    fn images(&mut self, map: &Map) -> Vec<Image> {
        let Some(pair) = map.get(Field::Images) else { return Vec::new() };
        let mut images = Vec::new();
        for item in pair.items() {
            match item.value() {
                Value::Null => {}
                Value::Text(address) => images.extend(self.lesser(pair, item.place(), address).map(|link| Image {
                    link,
                    width: None,
                    height: None,
                    title: Line::default(),
                    attribution: Line::default(),
                })),
                Value::Map(pairs) => images.extend(self.image(&Map::of(pairs))),
                Value::List(_) => self.wrong_item(pair, item, "an address, a map with a `url`, or a list of them"),
            }
        }
        images
    }

    fn image(&mut self, map: &Map) -> Option<Image> {
        let link = self.lesser_link(map, Field::Url);
        let (width, height) = (self.size(map, Field::Width), self.size(map, Field::Height));
        let title = self.line(map, Field::Title).unwrap_or_default();
        let attribution = self.line(map, Field::Attribution).unwrap_or_default();
        Some(Image { link: link?, width, height, title, attribution })
    }

    /// A size in pixels; what is none is ignored, as the picture has others.
    fn size(&mut self, map: &Map, field: Field) -> Option<u32> {
        let pair = map.get(field)?;
        let Value::Text(text) = pair.value() else {
            self.wrong_type(pair, "a number");
            return None;
        };
        let size = text.trim().parse::<f64>().ok().filter(|size| (0.0..1e6).contains(size));
        if size.is_none() {
            let message = format!("`{}` is not a number of pixels; it is ignored", self.key(pair));
            self.report(Severity::Warning, pair.place(), true, message, "write a whole number, or take the line out");
        }
        // It is within bounds.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        size.map(|size| size.round() as u32).filter(|&size| size > 0)
    }

    fn topics(&mut self, map: &Map) -> Vec<Line> {
        let Some(pair) = map.get(Field::Topics) else { return Vec::new() };
        let mut names: Vec<&str> = Vec::new();
        match pair.value() {
            Value::Text(text) => names.extend(text.split(',')),
            Value::List(items) => {
                for item in items {
                    match item.value() {
                        Value::Null => {}
                        Value::Text(name) => names.push(name),
                        _ => self.wrong_item(pair, item, "a list of names"),
                    }
                }
            }
            _ => self.wrong_type(pair, "a list of names"),
        }
        let mut keys = BTreeSet::new();
        let mut topics = Vec::new();
        for name in names {
            // Repair would change which topic is meant; it is made when the topic gets its name.
            let name = text::line(name, Mojibake::Off).text;
            if !name.is_empty() && keys.insert(TopicKey::of(name.as_str())) {
                topics.push(name);
            }
        }
        if topics.len() > MAX_TOPICS {
            let message = format!("there are {} topics; only the first {MAX_TOPICS} are read", topics.len());
            self.report(Severity::Warning, pair.key(), false, message, "keep the most fitting ones");
            topics.truncate(MAX_TOPICS);
        }
        topics
    }

    fn language(&mut self, map: &Map) -> Option<Language> {
        let text = self.text(map, Field::Locale)?;
        let pair = map.get(Field::Locale)?;
        let language = Language::parse(text.trim());
        if language.is_none() {
            let message = format!("`{}` is not a language tag; it is ignored", self.key(pair));
            self.report(Severity::Warning, pair.place(), true, message, "write it like en or pt-BR");
        }
        language
    }

    fn status(&mut self, map: &Map) -> Status {
        let published = self.truth(map, Field::Published);
        // Who wrote one of these words meant to retract, whatever stands behind it: then it is safer to believe it.
        let mut said = |field| self.truth(map, field).unwrap_or_else(|| map.get(field).is_some());
        Status {
            published,
            deleted: said(Field::Deleted) | said(Field::Removed),
            draft: said(Field::Draft),
            private: said(Field::Private),
        }
    }

    fn truth(&mut self, map: &Map, field: Field) -> Option<bool> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some(true),
            "false" | "no" | "off" | "n" | "0" => Some(false),
            _ => {
                let message = format!("`{}` is neither true nor false", self.key(pair));
                self.problem(pair.place(), true, message, "write true or false");
                None
            }
        }
    }

    fn number(&mut self, map: &Map, field: Field) -> Option<i32> {
        let text = self.text(map, field)?;
        let pair = map.get(field)?;
        // A value beyond i32 is as good as the largest one: it is only compared.
        #[allow(clippy::cast_possible_truncation)]
        let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n.round() as i32);
        if number.is_none() {
            let message = format!("`{}` is not a number", self.key(pair));
            self.problem(pair.place(), true, message, "write a whole number, or take the line out");
        }
        number
    }

    /// The text of a field, as written.
    fn text<'n>(&mut self, map: &Map<'n>, field: Field) -> Option<&'n str> {
        let pair = map.get(field)?;
        if let Value::Text(text) = pair.value() {
            return Some(text);
        }
        self.wrong_type(pair, "one value");
        None
    }

    fn wrong_type(&mut self, pair: Node, wanted: &str) {
        let message = format!("`{}` should be {wanted}, but is {}", self.key(pair), pair.value().name());
        self.problem(pair.key(), true, message, "change the value, or take the field out");
    }

    /// As [`Self::wrong_type`], of one item of a list. Where the field has one value only, that is the item.
    fn wrong_item(&mut self, pair: Node, item: Node, wanted: &str) {
        if item.field().is_some() {
            return self.wrong_type(pair, wanted);
        }
        let message = format!("`{}` should be {wanted}, but has an item that is {}", self.key(pair), item.value().name());
        self.problem(item.place(), true, message, "change the value, or take the field out");
    }

    /// The key as it stands in the file.
    fn key(&self, pair: Node) -> &str {
        let key = pair.key();
        &self.text[self.block + key.start..self.block + key.end]
    }

    /// Something that leaves out the article, or the related link that is being read.
    fn problem(&mut self, place: Place, show: bool, message: String, help: &str) {
        self.failed = true;
        match self.link {
            None => self.report(Severity::Error, place, show, message, help),
            Some((number, _)) => {
                let message = format!("{message}; related link {number} is left out");
                self.report(Severity::Warning, place, show, message, help);
            }
        }
    }

    /// A field that has to be there and is not; its place is that of the article or link that lacks it.
    fn missing(&mut self, message: &str, help: &str) {
        self.failed = true;
        match self.link {
            None => {
                let missing = Diagnostic::of_file(Severity::Error, self.source, message, help);
                self.diagnostics.push(Diagnostic { line: 1, column: 1, ..missing });
            }
            Some((number, place)) => {
                self.report(Severity::Warning, place, false, format!("{message}; related link {number} is left out"), help);
            }
        }
    }

    fn report(&mut self, severity: Severity, place: Place, show: bool, message: String, help: &str) {
        let at = self.block + place.start;
        let (line, column) = position(self.text, at);
        let excerpt = if show { self.excerpt_of(at, self.block + place.end) } else { None };
        self.diagnostics.push(Diagnostic {
            severity,
            path: self.source.to_owned(),
            line,
            column,
            message,
            help: help.to_owned(),
            excerpt,
        });
    }

    /// The line at `at`, if nothing in it can be a secret.
    fn excerpt_of(&self, at: usize, end: usize) -> Option<Excerpt> {
        let breaks = |c| matches!(c, '\n' | '\r');
        let start = self.text[..at].rfind(breaks).map_or(0, |n| n + 1);
        let stop = self.text[at..].find(breaks).map_or(self.text.len(), |n| at + n);
        // What stands in a comment is nobody's business.
        let comment = |sign| self.text[at..stop].find(sign).map_or(stop, |n| at + n);
        let stop = comment(" #").min(comment("\t#"));
        if !showable::line(&self.text[self.block..start], &self.text[start..stop], &self.rules.names) {
            return None;
        }
        let before = self.text[start..at].chars().count();
        Some(Excerpt::new(&self.text[start..stop], before, self.text[at..end.clamp(at, stop)].chars().count()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences() {
        let inner = |text: &str| block(text).map(|range| text[range].to_owned());
        assert_eq!(inner("---\na: b\n---\nbody").as_deref(), Some("a: b\n"));
        assert_eq!(inner("---\r\na: b\r\n---\r\n").as_deref(), Some("a: b\r\n"));
        assert_eq!(inner("\u{feff}---  \na: b\n---  ").as_deref(), Some("a: b\n"));
        assert_eq!(inner("---\na: b\n...\n").as_deref(), Some("a: b\n"));
        assert_eq!(inner("---\n---\n").as_deref(), Some(""));
        assert_eq!(inner("---\na: b\n ---\n"), None);
        assert_eq!(inner("---\na: b\n----\n"), None);
        assert!(begins(b"---\n") && begins(b"\xef\xbb\xbf--- \t\r\n") && begins(b"---"));
        assert!(!begins(b"----\n") && !begins(b"--- a\n") && !begins(b"\n---\n") && !begins(b""));
    }

    #[test]
    fn places_are_counted_in_characters_of_the_file() {
        assert_eq!(position("---\nä: b\n", 7), (2, 3));
        assert_eq!(position("\u{feff}---\r\nab", 3 + 5 + 1), (2, 2));
        assert_eq!(position("a\rb\r\nc", 5), (3, 1));
    }
}
