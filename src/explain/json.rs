//! An explanation for programs.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::words::reason;
use super::{Explanation, Standing, Verdict, Why};
use crate::compose::NoEntry;
use crate::group::sieve::Out;
use crate::link::EntryId;
use crate::text::Line;
use crate::topic::Slug;

#[derive(Serialize)]
struct Wire<'e> {
    title: Option<&'e str>,
    key: Option<&'e str>,
    id: Option<&'e str>,
    /// `published`, `waiting`, `unpublished`, `withdrawn`, `linked`, `no-article` or `faulty`.
    standing: &'static str,
    date: Option<String>,
    why: Option<&'e str>,
    files: Vec<File<'e>>,
    links: Vec<Link<'e>>,
    feeds: Vec<Feed<'e>>,
}

#[derive(Serialize)]
struct File<'e> {
    path: String,
    wins: bool,
    why: &'e str,
}

#[derive(Serialize)]
struct Link<'e> {
    path: String,
    number: usize,
    title: &'e str,
}

#[derive(Serialize)]
struct Feed<'e> {
    slug: Option<&'e str>,
    name: &'e str,
    #[serde(rename = "in")]
    is_in: bool,
    place: Option<usize>,
    entries: Option<usize>,
    /// The rule that decides, by its name in the site file where it has one.
    rule: &'static str,
    why: String,
}

/// The text of an explanation as JSON.
#[must_use]
pub fn render(explanation: &Explanation) -> String {
    let Explanation { title, key, id, standing, files, links, feeds } = explanation;
    let time = |time: &DateTime<Utc>| Some(time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let (word, date, why) = match standing {
        Standing::Published(date) => ("published", time(date), None),
        Standing::Waits(date) => ("waiting", time(date), None),
        Standing::Unpublished(why) => ("unpublished", None, Some(*why)),
        Standing::Withdrawn(why, _) => ("withdrawn", None, Some(*why)),
        Standing::Told => ("linked", None, None),
        Standing::NoArticle(why) => ("no-article", None, Some(why.as_str())),
        Standing::Faulty(found) => ("faulty", None, found.first().map(|finding| finding.message.as_str())),
    };
    let wire = Wire {
        title: title.as_ref().map(Line::as_str),
        key: key.as_deref(),
        id: id.as_ref().map(EntryId::as_str),
        standing: word,
        date,
        why,
        files: files
            .iter()
            .map(|file| File { path: file.path.to_string_lossy().into_owned(), wins: file.wins, why: file.why })
            .collect(),
        links: links
            .iter()
            .map(|link| Link { path: link.path.to_string_lossy().into_owned(), number: link.number, title: link.title.as_str() })
            .collect(),
        feeds: feeds.iter().map(feed).collect(),
    };
    // Only a map with keys that are no text could fail, and there is none.
    serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
}

fn feed(verdict: &Verdict) -> Feed<'_> {
    Feed {
        slug: verdict.slug.as_ref().map(Slug::as_str),
        name: verdict.name.as_str(),
        is_in: verdict.is_in(),
        place: verdict.place.map(|(place, _)| place),
        entries: verdict.place.map(|(_, of)| of),
        rule: rule(&verdict.why),
        why: reason(verdict),
    }
}

fn rule(why: &Why) -> &'static str {
    match why {
        Why::Article => "article",
        Why::Coverage(_) => "coverage",
        Why::Standing => "standing",
        Why::Out(Out::OffTopic) => "topic",
        Why::Out(Out::Beyond(..)) => "limit",
        Why::Out(Out::NoneOf(_)) => "any",
        Why::Out(Out::Lacks(_)) => "all",
        Why::Out(Out::Has(_)) => "none",
        Why::Out(Out::Other(_)) => "each",
        Why::Out(Out::Dial(dial)) | Why::NoEntry(NoEntry::Dial(dial), _) => dial.key(),
        Why::NoEntry(NoEntry::Blocked, _) => "block",
        Why::NoEntry(NoEntry::Itself, _) => "itself",
        Why::NoEntry(NoEntry::Mode(_), _) => "mode",
        Why::NoEntry(NoEntry::SameTitle, _) => "merge_same_title",
        Why::NoEntry(NoEntry::Waits, _) => "date",
        Why::NoEntry(NoEntry::PerArticle(..), _) => "per_article",
        Why::NoEntry(NoEntry::Full, _) | Why::NotMade => "room",
        Why::NotLinked => "link",
        Why::Few(..) => "min_items",
        Why::NoFeed => "key",
    }
}
