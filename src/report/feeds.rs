//! What becomes of feeds, said to people: a line for each feed and, before anything happens, lines for its entries.

use crate::error::safe;
use crate::report::{EntryChange, Fate, FeedChange};

/// Entries of one kind that are named below a feed. A count says how many more there are, and the report has them all.
const NAMED: usize = 10;

/// Whether it is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    /// It would happen.
    Ahead,
    /// It has happened.
    Done,
}

/// What becomes of a feed, in one line; `place` is its folder as the user would name it.
#[must_use]
pub fn line(feed: &FeedChange, place: &str, tense: Tense) -> String {
    let counted = counted(feed, tense);
    let and = |what: &str| if counted.is_empty() { what.to_owned() } else { format!("{what}: {counted}") };
    let what = match feed.fate {
        Fate::Written if is_first(feed) => format!("a new feed of {}", entries(feed.entries)),
        Fate::Written if counted.is_empty() => "no entry comes or goes".to_owned(),
        Fate::Written => counted,
        Fate::Held => {
            let gone = match feed.gone.len() {
                0 => "too much of it".to_owned(),
                gone => format!("{gone} of its {}", entries(feed.entries)),
            };
            let wait = match feed.new.len() {
                0 => String::new(),
                1 => "; 1 new one waits".to_owned(),
                new => format!("; {new} new ones wait"),
            };
            format!("held back, since {gone} would go{wait}")
        }
        Fate::Kept => and(if feed.gone.is_empty() {
            "no longer made, and it stays as it is"
        } else {
            "no longer made, and it stays as it is but for what is withdrawn"
        }),
        Fate::Ended => and("no longer made, and a last entry says so"),
        Fate::Removed if tense == Tense::Ahead => and("no longer made, and its files go"),
        Fate::Removed => and("no longer made, and so have its files"),
    };
    format!("{place}: {what}")
}

/// How many entries come and go; empty if none does.
fn counted(feed: &FeedChange, tense: Tense) -> String {
    let (new, older, gone) = (feed.new.len(), feed.older.len(), feed.gone.len());
    let mut parts = Vec::new();
    if new > 0 {
        parts.push(format!("{new} new"));
    }
    if older > 0 {
        let which = match (older, new) {
            (1, 1) => String::new(),
            _ if older == new => "all of them ".to_owned(),
            _ => format!("{older} of them "),
        };
        parts.push(format!("{which}older than what is published"));
    }
    if gone > 0 {
        let verb = match (tense, gone) {
            (Tense::Done, _) => "gone",
            (Tense::Ahead, 1) => "goes",
            (Tense::Ahead, _) => "go",
        };
        parts.push(format!("{gone} {verb}"));
    }
    parts.join(", ")
}

/// The entries that come (`+`), that come and are older than what is published (`<`), and that go (`-`), one a line.
///
/// All entries of a feed that was not published before are new, and none of them needs a line.
#[must_use]
pub fn entry_lines(feed: &FeedChange) -> Vec<String> {
    if is_first(feed) {
        return Vec::new();
    }
    let newer: Vec<&EntryChange> = feed.new.iter().filter(|entry| !feed.older.contains(entry)).collect();
    let (older, gone) = (feed.older.iter().collect(), feed.gone.iter().collect());
    let mut lines = Vec::new();
    for (sign, entries) in [('+', newer), ('<', older), ('-', gone)] {
        lines.extend(entries.iter().take(NAMED).map(|entry| {
            let name = safe(entry.title.as_ref().unwrap_or(&entry.id));
            format!("  {sign} {} {name}", entry.date.format("%Y-%m-%d"))
        }));
        if entries.len() > NAMED {
            lines.push(format!("  {sign} and {} more", entries.len() - NAMED));
        }
    }
    lines
}

/// Whether the feed was not published before.
fn is_first(feed: &FeedChange) -> bool {
    let FeedChange { fate, entries, new, older, gone, .. } = feed;
    *fate == Fate::Written && *entries > 0 && new.len() == *entries && older.is_empty() && gone.is_empty()
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(day: usize, title: Option<&str>) -> EntryChange {
        let date = format!("2020-11-{day:02}T12:00:00Z").parse().expect("a date");
        EntryChange { id: format!("urn:uuid:{day}"), date, title: title.map(str::to_owned) }
    }

    /// A feed of 30 entries of which so many are new, older than what is published, and gone.
    fn feed(fate: Fate, new: usize, older: usize, gone: usize) -> FeedChange {
        let new: Vec<_> = (1..=new).rev().map(|day| entry(day, Some("A\u{1b}title"))).collect();
        let older = new[new.len() - older..].to_vec();
        let gone = (1..=gone).map(|day| entry(day, None)).collect();
        FeedChange { slug: None, title: "AI".to_owned(), fate, entries: 30, new, older, gone }
    }

    #[test]
    fn a_line_says_what_becomes_of_a_feed() {
        let cases = [
            (Fate::Written, 3, 2, 1, "3 new, 2 of them older than what is published, 1 goes"),
            (Fate::Written, 3, 3, 2, "3 new, all of them older than what is published, 2 go"),
            (Fate::Written, 1, 1, 0, "1 new, older than what is published"),
            (Fate::Written, 2, 0, 0, "2 new"),
            (Fate::Written, 0, 0, 30, "30 go"),
            (Fate::Written, 0, 0, 0, "no entry comes or goes"),
            (Fate::Written, 30, 0, 0, "a new feed of 30 entries"),
            (Fate::Written, 30, 0, 30, "30 new, 30 go"),
            (Fate::Held, 0, 0, 25, "held back, since 25 of its 30 entries would go"),
            (Fate::Held, 1, 0, 25, "held back, since 25 of its 30 entries would go; 1 new one waits"),
            (Fate::Held, 2, 1, 25, "held back, since 25 of its 30 entries would go; 2 new ones wait"),
            (Fate::Held, 0, 0, 0, "held back, since too much of it would go"),
            (Fate::Kept, 0, 0, 0, "no longer made, and it stays as it is"),
            (Fate::Kept, 0, 0, 2, "no longer made, and it stays as it is but for what is withdrawn: 2 go"),
            (Fate::Ended, 1, 0, 29, "no longer made, and a last entry says so: 1 new, 29 go"),
            (Fate::Ended, 0, 0, 0, "no longer made, and a last entry says so"),
            (Fate::Removed, 0, 0, 30, "no longer made, and its files go: 30 go"),
        ];
        for (fate, new, older, gone, expected) in cases {
            assert_eq!(line(&feed(fate, new, older, gone), "out/ai", Tense::Ahead), format!("out/ai: {expected}"));
        }
        let done = |fate| line(&feed(fate, 3, 2, 1), "out/ai", Tense::Done);
        assert_eq!(done(Fate::Written), "out/ai: 3 new, 2 of them older than what is published, 1 gone");
        let removed = line(&feed(Fate::Removed, 0, 0, 0), "out/ai", Tense::Done);
        assert_eq!(removed, "out/ai: no longer made, and so have its files");
    }

    #[test]
    fn entries_are_named_and_those_that_are_not_are_counted() {
        let expected = "  + 2020-11-03 A\u{fffd}title
  < 2020-11-02 A\u{fffd}title
  < 2020-11-01 A\u{fffd}title
  - 2020-11-01 urn:uuid:1";
        assert_eq!(entry_lines(&feed(Fate::Written, 3, 2, 1)).join("\n"), expected);
        let lines = entry_lines(&feed(Fate::Written, 23, 11, 10));
        let of = |sign: &str| lines.iter().filter(|line| line.starts_with(sign)).cloned().collect::<Vec<_>>();
        assert_eq!((of("  + ").len(), of("  < ").len(), of("  - ").len()), (11, 11, 10));
        assert_eq!((of("  + ")[10].as_str(), of("  < ")[10].as_str()), ("  + and 2 more", "  < and 1 more"));
        assert_eq!(of("  - ")[9], "  - 2020-11-10 urn:uuid:10");
        assert!(entry_lines(&feed(Fate::Written, 30, 0, 0)).is_empty());
        assert!(entry_lines(&feed(Fate::Kept, 0, 0, 0)).is_empty());
    }
}
