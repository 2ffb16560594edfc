//! An explanation in words, for a terminal.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Explanation, Standing, Verdict, Why};
use crate::compose::NoEntry;
use crate::error::{safe, shown};
use crate::group::sieve::Out;
use crate::site::Each;

/// An explanation, line by line. Feeds whose topics the story does not have are counted unless `all` are wanted; `out` is where
/// the feeds are.
#[must_use]
pub fn lines(explanation: &Explanation, out: &Path, all: bool) -> Vec<String> {
    let Explanation { title, key, id, standing, files, links, feeds } = explanation;
    let mut lines = Vec::new();
    lines.extend(title.as_ref().map(|title| safe(title.as_str())));
    lines.extend(key.as_ref().map(|key| format!("  key   {}", safe(key))));
    lines.extend(id.as_ref().map(|id| format!("  id    {}", safe(id.as_str()))));
    lines.push(format!("  is    {}", said(standing)));
    for file in files {
        let why = match (file.wins, file.why) {
            (_, "") => String::new(),
            (true, why) => format!(": its entry is made of this file, since {why}"),
            (false, why) => format!(": a copy; {why}"),
        };
        lines.push(format!("  file  {}{why}", shown(&file.path)));
    }
    for link in links {
        lines.push(format!("  link  {}: related link {}, “{}”", shown(&link.path), link.number, safe(link.title.as_str())));
    }
    if let Standing::Faulty(found) = standing {
        lines.extend(found.iter().map(ToString::to_string));
    }
    let is_shown = |verdict: &&Verdict| all || !is_beside(&verdict.why);
    let width = feeds.iter().filter(is_shown).map(|verdict| place(verdict, out).chars().count()).max().unwrap_or(0).min(40);
    for verdict in feeds.iter().filter(is_shown) {
        let word = if verdict.is_in() { "in   " } else { "out  " };
        lines.push(format!("{word} {:width$}  {}", place(verdict, out), reason(verdict)));
    }
    let beside = feeds.iter().filter(|verdict| !is_shown(verdict)).count();
    match beside {
        0 => {}
        1 => lines.push("out   1 other feed, which it has nothing to do with (-v names it)".to_owned()),
        beside => lines.push(format!("out   {beside} other feeds, which it has nothing to do with (-v names them)")),
    }
    lines
}

/// Whether a feed is none that anybody would look for the story in.
fn is_beside(why: &Why) -> bool {
    matches!(why, Why::Out(Out::OffTopic | Out::Other(_)) | Why::NotLinked)
}

fn place(verdict: &Verdict, out: &Path) -> String {
    shown(&verdict.slug.as_ref().map_or_else(|| out.to_owned(), |slug| out.join(slug.as_str())))
}

fn said(standing: &Standing) -> String {
    match standing {
        Standing::Published(date) => format!("published {}", time(*date)),
        Standing::Waits(date) => format!("waiting until {}", time(*date)),
        Standing::Unpublished(why) => format!("not published: {why}"),
        Standing::Withdrawn(why, None) => format!("withdrawn: {why}"),
        Standing::Withdrawn(why, Some(path)) => format!("withdrawn by {}: {why}", shown(path)),
        Standing::Told => "told of by other articles only".to_owned(),
        Standing::NoArticle(why) => format!("no article: {why}"),
        Standing::Faulty(_) => "an article that cannot be read".to_owned(),
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What decides, in words.
#[must_use]
pub(super) fn reason(verdict: &Verdict) -> String {
    let place = verdict.place.map_or_else(String::new, |(place, of)| format!("entry {place} of {of}"));
    match &verdict.why {
        Why::Article => place,
        Why::Coverage(of) => {
            let titles: Vec<String> = of.iter().map(|title| format!("“{}”", safe(title.as_str()))).collect();
            format!("{place}, as coverage of {}", titles.join(" and "))
        }
        Why::Standing => "it is not to be shown".to_owned(),
        Why::Out(out) => out_of(out),
        Why::NoEntry(why, file) => format!("{} (in {})", no_entry(why), safe(file.as_str())),
        Why::NotLinked => "no article of this feed links to it".to_owned(),
        Why::Few(count, least) => format!("no feed is written: it would have {count}, below min_items {least}"),
        Why::NoFeed => "no feed is written: another topic has its `key`".to_owned(),
        Why::NotMade => "the feed has no room for it, or another entry has its id, or its file changed just now".to_owned(),
    }
}

fn out_of(out: &Out) -> String {
    let names = |names: &[String]| names.iter().map(|name| format!("`{}`", safe(name))).collect::<Vec<_>>().join(", ");
    match out {
        Out::OffTopic => "it is not on this topic".to_owned(),
        Out::Beyond(limit, place) => format!("beyond limit {limit} (place {place})"),
        Out::NoneOf(topics) => format!("on none of any: {}", names(topics)),
        Out::Lacks(topic) => format!("not on `{}`, which is among all", safe(topic)),
        Out::Has(topic) => format!("on `{}`, which is among none", safe(topic)),
        Out::Other(Each::Provider) => "of another provider".to_owned(),
        Out::Other(Each::Category) => "of another category".to_owned(),
        Out::Dial(dial) => safe(&dial.to_string()),
    }
}

fn no_entry(why: &NoEntry) -> String {
    match why {
        NoEntry::Blocked => "the site file blocks this link".to_owned(),
        NoEntry::Itself => "the link leads to its own article".to_owned(),
        NoEntry::Dial(dial) => format!("related link: {}", safe(&dial.to_string())),
        NoEntry::Mode("list") => "listed in its article, and no entry: related.mode is list".to_owned(),
        NoEntry::Mode(mode) => format!("related.mode is {mode}"),
        NoEntry::SameTitle => "called like its article or a better link: merge_same_title".to_owned(),
        NoEntry::Waits => "its date has not come".to_owned(),
        NoEntry::PerArticle(limit, place) => format!("beyond related.per_article {limit} (place {place})"),
        NoEntry::Full => "the feed has no room for more entries, or another entry has its id".to_owned(),
    }
}
