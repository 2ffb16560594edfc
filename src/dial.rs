//! Dials: what an owner lets into a feed by what articles say of themselves. Which dial decides is the answer to why a story is
//! not there.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;

use crate::article::Story;
use crate::topic::TopicKey;

/// What a story must be like to enter a feed. All of it must hold; what is not set lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dials {
    /// The least `quality`. A story of which none is known does not pass.
    pub min_quality: Option<i32>,
    /// The least `heat`. A story of which none was measured does not pass.
    pub min_heat: Option<i32>,
    /// How old it may be by its date.
    pub max_age: Option<Age>,
    /// Its `type`.
    pub types: Option<Choice<TopicKey>>,
    /// Its `category`.
    pub categories: Option<Choice<TopicKey>>,
    /// Who published it.
    pub providers: Option<Choice<Publisher>>,
    /// Its title.
    pub title_matches: Option<Choice<Pattern>>,
}

impl Dials {
    /// What they say, in words that do not change from one version to the next: it stands for them in the manifest.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { min_quality, min_heat, max_age, types, categories, providers, title_matches } = self;
        let words = |choice: &Choice<TopicKey>| choice.text(|word| word.as_str().to_owned());
        let publishers = |choice: &Choice<Publisher>| {
            choice.text(|publisher| publisher.domain.clone().unwrap_or_else(|| publisher.name.as_str().to_owned()))
        };
        let parts = [
            min_quality.map(|least| format!("min_quality {least}")),
            min_heat.map(|least| format!("min_heat {least}")),
            max_age.map(|most| format!("max_age {most}")),
            types.as_ref().map(|choice| format!("types {}", words(choice))),
            categories.as_ref().map(|choice| format!("categories {}", words(choice))),
            providers.as_ref().map(|choice| format!("providers {}", publishers(choice))),
            title_matches.as_ref().map(|choice| format!("title_matches {}", choice.text(|pattern| pattern.text.clone()))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whether anything but the date is looked at.
    #[must_use]
    pub fn look_inside(&self) -> bool {
        let Self { min_quality, min_heat, max_age: _, types, categories, providers, title_matches } = self;
        let choice = types.is_some() || categories.is_some() || providers.is_some() || title_matches.is_some();
        choice || min_quality.is_some() || min_heat.is_some()
    }

    /// The dial that keeps a story out, if one does. `stays`: it is in the feed already, and these are the dials that let it in;
    /// then it does not go because its measures moved.
    #[must_use]
    pub fn keep_out(&self, facts: &Facts, now: DateTime<Utc>, stays: bool) -> Option<Dial> {
        let measured = |least: Option<i32>, is: Option<i32>| least.filter(|least| !stays && is.is_none_or(|is| is < *least));
        if let Some(least) = measured(self.min_quality, facts.quality) {
            return Some(Dial::MinQuality(least, facts.quality));
        }
        if let Some(least) = measured(self.min_heat, facts.heat) {
            return Some(Dial::MinHeat(least, facts.heat));
        }
        if let Some(most) = self.max_age.filter(|most| most.is_past(facts.published, now)) {
            return Some(Dial::MaxAge(most));
        }
        let word = |choice: &Option<Choice<TopicKey>>, word: &str| {
            choice.as_ref().is_some_and(|choice| !choice.lets_pass(|wanted| *wanted == TopicKey::of(word)))
        };
        if word(&self.types, facts.kind) {
            return Some(Dial::Types(facts.kind.to_owned()));
        }
        if word(&self.categories, facts.category) {
            return Some(Dial::Categories(facts.category.to_owned()));
        }
        if self.providers.as_ref().is_some_and(|choice| !choice.lets_pass(|wanted| wanted.is(&facts.publisher))) {
            let Published { name, domain, .. } = facts.publisher;
            return Some(Dial::Providers(if name.is_empty() { domain } else { name }.to_owned()));
        }
        if self.title_matches.as_ref().is_some_and(|choice| !choice.lets_pass(|wanted| wanted.matches(facts.title))) {
            return Some(Dial::TitleMatches);
        }
        None
    }
}

/// What dials look at in a story.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// Its `quality`, if it is known.
    pub quality: Option<i32>,
    /// Its `heat`, if it was measured.
    pub heat: Option<i32>,
    /// When it was published, in seconds of Unix time.
    pub published: i64,
    /// Its `type`; may be empty.
    pub kind: &'f str,
    /// Its `category`; may be empty.
    pub category: &'f str,
    /// Who published it.
    pub publisher: Published<'f>,
    /// What it is called.
    pub title: &'f str,
}

/// The measure of `heat`, if there is one: a negative one says that none was taken.
#[must_use]
pub fn measured(heat: Option<i32>) -> Option<i32> {
    heat.filter(|heat| *heat >= 0)
}

/// Who published a story, by every name.
#[derive(Clone, Copy, Debug)]
pub struct Published<'f> {
    /// The provider's name; may be empty.
    pub name: &'f str,
    /// The provider's domain, without `www.`; that of its address if it has none.
    pub domain: &'f str,
    /// The domain of its address.
    pub site: &'f str,
}

impl<'f> Published<'f> {
    /// Who published a story.
    #[must_use]
    pub fn of(story: &'f Story) -> Self {
        let site = story.link.site();
        let domain = story.provider.site.as_ref().map_or(site, |site| site.site());
        Self { name: story.provider.name.as_str(), domain, site }
    }
}

/// The dial that keeps a story out, and what it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    /// `min_quality`, and the quality.
    MinQuality(i32, Option<i32>),
    /// `min_heat`, and the heat.
    MinHeat(i32, Option<i32>),
    /// `max_age`.
    MaxAge(Age),
    /// `types`, and the type.
    Types(String),
    /// `categories`, and the category.
    Categories(String),
    /// `providers`, and the provider.
    Providers(String),
    /// `title_matches`.
    TitleMatches,
}

impl Dial {
    /// Its key in the site file.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::MinQuality(..) => "min_quality",
            Self::MinHeat(..) => "min_heat",
            Self::MaxAge(_) => "max_age",
            Self::Types(_) => "types",
            Self::Categories(_) => "categories",
            Self::Providers(_) => "providers",
            Self::TitleMatches => "title_matches",
        }
    }
}

impl fmt::Display for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = |f: &mut fmt::Formatter<'_>, what: &str| match what {
            "" => f.write_str(" (has none)"),
            what => write!(f, " (is `{what}`)"),
        };
        match self {
            Self::MinQuality(least, Some(is)) => write!(f, "below min_quality {least} (is {is})"),
            Self::MinQuality(least, None) => write!(f, "below min_quality {least} (has none)"),
            Self::MinHeat(least, Some(is)) => write!(f, "below min_heat {least} (is {is})"),
            Self::MinHeat(least, None) => write!(f, "below min_heat {least} (not measured)"),
            Self::MaxAge(most) => write!(f, "older than max_age {most}"),
            Self::Types(kind) => f.write_str("not among types").and_then(|()| is(f, kind)),
            Self::Categories(category) => f.write_str("not among categories").and_then(|()| is(f, category)),
            Self::Providers(provider) => f.write_str("not among providers").and_then(|()| is(f, provider)),
            Self::TitleMatches => f.write_str("its title is none of title_matches"),
        }
    }
}

/// What may be, and what may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// One of these must be; empty: anything may.
    pub include: Vec<T>,
    /// None of these may be.
    pub exclude: Vec<T>,
}

impl<T> Choice<T> {
    fn text(&self, said: impl Fn(&T) -> String) -> String {
        let list = |of: &[T]| of.iter().map(|one| format!("`{}`", said(one))).collect::<Vec<_>>().join(" ");
        format!("include [{}] exclude [{}]", list(&self.include), list(&self.exclude))
    }

    /// Whether something may be that is what `is` says.
    pub fn lets_pass(&self, is: impl Fn(&T) -> bool) -> bool {
        (self.include.is_empty() || self.include.iter().any(&is)) && !self.exclude.iter().any(&is)
    }
}

/// A publisher, by domain or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// The domain, in lower case and without `www.`, if it can be one.
    pub domain: Option<String>,
    /// The name.
    pub name: TopicKey,
}

impl Publisher {
    /// Whether this is who published a story. A domain stands for all below it.
    #[must_use]
    pub fn is(&self, published: &Published) -> bool {
        let below = |domain: &str| {
            let wanted = self.domain.as_deref();
            let rest = wanted.and_then(|wanted| domain.strip_suffix(wanted));
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let named = || !published.name.is_empty() && TopicKey::of(published.name) == self.name;
        below(published.domain) || below(published.site) || named()
    }
}

/// A pattern of titles: a glob, or a regular expression between slashes.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Memory that a pattern may take: enough for any that a person writes, and not for one that grows without bounds.
    const LARGEST: usize = 1 << 20;

    /// Reads a pattern. A glob is about a whole title, in upper and lower case alike. `Err`: why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim_matches('/').trim().is_empty() {
            return Err("is empty".to_owned());
        }
        let slashes = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        let (source, ignores_case) = match slashes {
            Some((inner, "")) => (inner.to_owned(), false),
            Some((inner, "i")) => (inner.to_owned(), true),
            Some((_, letters)) if !letters.contains([' ', '*']) => {
                return Err(format!("has `{letters}` behind it; only `i` may be there, to ignore case"));
            }
            _ => (glob(text)?, true),
        };
        let regex = regex::RegexBuilder::new(&source).case_insensitive(ignores_case).size_limit(Self::LARGEST).build();
        let regex = regex.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "is too large".to_owned(),
            error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        })?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether a title is of this kind.
    #[must_use]
    pub fn matches(&self, title: &str) -> bool {
        self.regex.is_match(title)
    }
}

/// A glob as a regular expression: of characters, where the crate for paths knows bytes, and without regard to slashes.
fn glob(text: &str) -> Result<String, String> {
    let mut regex = "(?s)^".to_owned();
    let mut open = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '{' => {
                open += 1;
                regex.push_str("(?:");
            }
            ',' if open > 0 => regex.push('|'),
            '}' if open > 0 => {
                open -= 1;
                regex.push(')');
            }
            '[' => class(&mut chars, &mut regex)?,
            '\\' => regex.push_str(&regex::escape(chars.next().unwrap_or('\\').encode_utf8(&mut [0; 4]))),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    if open > 0 {
        return Err("has a `{` that is not closed".to_owned());
    }
    regex.push('$');
    Ok(regex)
}

/// Reads a class such as `[a-z]` or `[!0-9]` up to its end. A bracket that comes first is one of its characters.
fn class(chars: &mut std::str::Chars, regex: &mut String) -> Result<(), String> {
    const OPEN: &str = "has a `[` that is not closed";
    regex.push('[');
    let rest = chars.as_str();
    let inner = rest.strip_prefix(['!', '^']).unwrap_or(rest);
    if inner.len() < rest.len() {
        regex.push('^');
    }
    let first = inner.chars().next().ok_or(OPEN)?.len_utf8();
    let end = first + inner[first..].find(']').ok_or(OPEN)?;
    for c in inner[..end].chars() {
        // In a regular expression more has a meaning here than in a glob.
        if c != '-' && !c.is_alphanumeric() {
            regex.push('\\');
        }
        regex.push(c);
    }
    regex.push(']');
    *chars = inner[end + 1..].chars();
    Ok(())
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// How old something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Units of time: what they are called, and how many seconds they have.
const UNITS: [(Unit, &[&str], i64); 6] = [
    (Unit::Minute, &["minute", "minutes", "min"], 60),
    (Unit::Hour, &["hour", "hours", "h"], 60 * 60),
    (Unit::Day, &["day", "days", "d"], 24 * 60 * 60),
    (Unit::Week, &["week", "weeks", "w"], 7 * 24 * 60 * 60),
    (Unit::Month, &["month", "months"], 30 * 24 * 60 * 60),
    (Unit::Year, &["year", "years", "y"], 365 * 24 * 60 * 60),
];

/// More is no age of an article.
const OLDEST: i64 = 1000 * 365 * 24 * 60 * 60;

impl Age {
    /// A week.
    pub const WEEK: Self = Self { count: 1, unit: Unit::Week };

    /// Reads what a person writes: `30 days`, `12h`, `4w`, `1 year`. A number alone is of days.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at(end);
        let count = count.parse().ok().filter(|count| *count > 0)?;
        let unit = unit.trim().to_ascii_lowercase();
        let unit = match unit.as_str() {
            "" => Unit::Day,
            unit => UNITS.iter().find(|(_, names, _)| names.contains(&unit))?.0,
        };
        let age = Self { count, unit };
        (age.seconds() <= OLDEST).then_some(age)
    }

    fn seconds(self) -> i64 {
        let seconds = UNITS.iter().find(|(unit, ..)| *unit == self.unit).map_or(0, |(.., seconds)| *seconds);
        i64::from(self.count) * seconds
    }

    /// When something of this date is too old, in seconds of Unix time.
    #[must_use]
    pub fn end(self, published: i64) -> i64 {
        published.saturating_add(self.seconds())
    }

    /// Whether something of this date is too old.
    #[must_use]
    pub fn is_past(self, published: i64, now: DateTime<Utc>) -> bool {
        self.end(published) <= now.timestamp()
    }

    /// The same as a span of time.
    #[must_use]
    pub fn delta(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = UNITS.iter().find(|(unit, ..)| *unit == self.unit).map_or(&[][..], |(_, names, _)| names);
        let name = names.get(usize::from(self.count != 1)).copied().unwrap_or_default();
        write!(f, "{} {name}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'f>() -> Facts<'f> {
        Facts {
            quality: Some(40),
            heat: Some(10),
            published: 1_000_000,
            kind: "Article",
            category: "news",
            publisher: Published { name: "The Verge", domain: "theverge.com", site: "e.org" },
            title: "Alexa moves to Inferentia",
        }
    }

    fn kept_out(dials: &Dials, facts: &Facts) -> Option<String> {
        let now = DateTime::from_timestamp(1_000_000 + 24 * 60 * 60, 0).expect("a time");
        dials.keep_out(facts, now, false).map(|dial| dial.to_string())
    }

    fn include<T>(include: Vec<T>) -> Choice<T> {
        Choice { include, exclude: Vec::new() }
    }

    fn exclude<T>(exclude: Vec<T>) -> Choice<T> {
        Choice { include: Vec::new(), exclude }
    }

    #[test]
    fn what_is_below_a_measure_or_not_measured_is_kept_out() {
        for (least, is, out) in [
            (40, Some(40), None),
            (41, Some(40), Some("below min_quality 41 (is 40)")),
            (0, None, Some("below min_quality 0 (has none)")),
        ] {
            let dials = Dials { min_quality: Some(least), ..Dials::default() };
            assert_eq!(kept_out(&dials, &Facts { quality: is, ..facts() }).as_deref(), out);
        }
        for (least, is, out) in [
            (10, Some(10), None),
            (11, Some(10), Some("below min_heat 11 (is 10)")),
            (0, None, Some("below min_heat 0 (not measured)")),
        ] {
            let dials = Dials { min_heat: Some(least), ..Dials::default() };
            assert_eq!(kept_out(&dials, &Facts { heat: is, ..facts() }).as_deref(), out);
        }
        assert_eq!((measured(Some(-1)), measured(Some(0)), measured(None)), (None, Some(0), None));
        assert_eq!(kept_out(&Dials::default(), &Facts { quality: None, heat: None, ..facts() }), None);
    }

    #[test]
    fn what_was_published_stays_though_its_measures_move() {
        let dials = Dials { min_quality: Some(50), min_heat: Some(50), ..Dials::default() };
        let now = DateTime::from_timestamp(1_000_000, 0).expect("a time");
        assert!(dials.keep_out(&facts(), now, false).is_some());
        assert!(dials.keep_out(&facts(), now, true).is_none());
        let dials = Dials { categories: Some(include(vec![TopicKey::of("events")])), ..dials };
        assert!(dials.keep_out(&facts(), now, true).is_some());
    }

    #[test]
    fn what_is_too_old_is_kept_out() {
        for (age, out) in [("1 day", true), ("24h", true), ("25 hours", false), ("1441 min", false), ("2", false)] {
            let dials = Dials { max_age: Age::parse(age), ..Dials::default() };
            assert!(dials.max_age.is_some(), "{age}");
            assert_eq!(kept_out(&dials, &facts()).is_some(), out, "{age}");
        }
        let dials = Dials { max_age: Age::parse("1d"), ..Dials::default() };
        assert_eq!(kept_out(&dials, &facts()).as_deref(), Some("older than max_age 1 day"));
    }

    #[test]
    fn ages_as_people_write_them() {
        for (text, shown) in [
            ("30 days", "30 days"),
            ("30d", "30 days"),
            (" 1 Week ", "1 week"),
            ("1w", "1 week"),
            ("6 months", "6 months"),
            ("1y", "1 year"),
            ("90min", "90 minutes"),
            ("7", "7 days"),
        ] {
            assert_eq!(Age::parse(text).map(|age| age.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "d", "0", "0d", "-1d", "1.5d", "soon", "1m", "30 dys", "1001y", "99999999999d", "1d 2h"] {
            assert_eq!(Age::parse(text), None, "{text}");
        }
    }

    #[test]
    fn types_and_categories_are_words_in_any_case() {
        let key = |word: &str| vec![TopicKey::of(word)];
        for (types, out) in [
            (include(key("ARTICLE")), None),
            (include(key("video")), Some("not among types (is `Article`)")),
            (exclude(key("article")), Some("not among types (is `Article`)")),
            (exclude(key("video")), None),
        ] {
            let dials = Dials { types: Some(types), ..Dials::default() };
            assert_eq!(kept_out(&dials, &facts()).as_deref(), out);
        }
        let dials = Dials { categories: Some(include(key("news"))), ..Dials::default() };
        assert_eq!(kept_out(&dials, &facts()), None);
        let none = Facts { category: "", ..facts() };
        assert_eq!(kept_out(&dials, &none).as_deref(), Some("not among categories (has none)"));
        let dials = Dials { categories: Some(exclude(key("news"))), ..Dials::default() };
        assert_eq!(kept_out(&dials, &none), None);
    }

    #[test]
    fn a_publisher_is_a_domain_with_all_below_it_or_a_name() {
        let publisher = |domain: Option<&str>, name: &str| Publisher { domain: domain.map(Into::into), name: TopicKey::of(name) };
        let is = |wanted: &Publisher, name, domain, site| wanted.is(&Published { name, domain, site });
        let verge = publisher(Some("theverge.com"), "theverge.com");
        assert!(is(&verge, "", "theverge.com", "e.org"));
        assert!(is(&verge, "", "news.theverge.com", "e.org"));
        assert!(is(&verge, "", "e.org", "theverge.com"));
        assert!(!is(&verge, "", "nottheverge.com", "theverge.com.e.org"));
        let named = publisher(None, "the  VERGE");
        assert!(is(&named, "The Verge", "e.org", "e.org"));
        assert!(!is(&named, "", "e.org", "e.org"));
        assert!(is(&publisher(Some("booking.com"), "Booking.com"), "Booking.com", "e.org", "e.org"));
    }

    #[test]
    fn titles_by_globs_and_regular_expressions() {
        for (pattern, title, matches) in [
            ("alexa*", "Alexa moves", true),
            ("alexa", "Alexa moves", false),
            ("*MOVES*", "Alexa moves on", true),
            ("*/*", "AC/DC", true),
            ("*", "any/thing\\at all", true),
            ("a?c", "aéc", true),
            ("{alexa,siri} *", "Siri moves", true),
            ("[ab]*", "Cortana", false),
            ("[!ab]*", "Cortana", true),
            ("[]x]*", "]", true),
            ("[a-c&&x]", "&", true),
            ("{a,{b,c}}", "c", true),
            ("a,b}", "A,B}", true),
            ("\\*x\\[", "*x[", true),
            ("a.c", "abc", false),
            ("*\n*", "a\nb", true),
            ("ÜBER*", "über alles", true),
            ("/moves$/", "Alexa moves", true),
            ("/^moves/", "Alexa moves", false),
            ("/ALEXA/", "Alexa moves", false),
            ("/ALEXA/i", "Alexa moves", true),
            (r"/\bAI\b/", "Is AI here", true),
            ("/a/b/", "a/b", true),
            ("/of all/ *", "/of all/ things", true),
        ] {
            let pattern = Pattern::parse(pattern).expect("a pattern");
            assert_eq!(pattern.matches(title), matches, "{pattern:?} on {title}");
        }
        for (pattern, why) in [
            ("[a", "has a `[` that is not closed"),
            ("[", "has a `[` that is not closed"),
            ("[]", "has a `[` that is not closed"),
            ("", "is empty"),
            ("//", "is empty"),
            ("{a,b", "has a `{` that is not closed"),
            ("[z-a]", "invalid character class range, the start must be <= the end"),
            ("/(/", "unclosed group"),
            ("/a/x", "has `x` behind it; only `i` may be there, to ignore case"),
            ("/(((a{1000}){1000}){1000})/", "is too large"),
        ] {
            assert_eq!(Pattern::parse(pattern).map_err(|error| error.clone()), Err(why.to_owned()), "{pattern}");
        }
    }
}
