//! The topics of a site in a table for a terminal: what they are called, where their feeds lie, and how much is in them.

use chrono::{DateTime, Utc};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::error::safe;
use crate::topic::TopicKey;

/// Columns of a terminal that a name may take.
const WIDEST_NAME: usize = 40;

/// What stands between two columns.
const GAP: &str = "  ";

/// What the columns are called.
const HEADINGS: [&str; 6] = ["TOPIC", "SLUG", "ARTICLES", "NEWEST", "PARENT", "REMARKS"];

/// Which of them are numbers, and end where the column does.
const NUMBERS: usize = 2;

/// What is said of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// Its folder.
    pub slug: String,
    /// Articles that people can read.
    pub articles: usize,
    /// The date of the newest of them.
    pub newest: Option<DateTime<Utc>>,
    /// The topic above it.
    pub parent: Option<String>,
    /// Its feed is named nowhere.
    pub hidden: bool,
    /// It has a feed.
    pub written: bool,
    /// Why it has none, or what else is to be known of it.
    pub why: Option<String>,
}

/// The rows by name, in aligned columns with their headings. Nothing but slugs and dates is there to be read by programs: names
/// are cut.
#[must_use]
pub fn lines(rows: &[Row]) -> Vec<String> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| (TopicKey::of(&row.name), &row.name, &row.slug));
    if rows.is_empty() {
        return Vec::new();
    }
    let table: Vec<[String; 6]> = [HEADINGS.map(str::to_owned)].into_iter().chain(rows.into_iter().map(cells)).collect();
    // A column that has nothing but a heading is left out.
    let is_used = |column: usize| table[1..].iter().any(|cells| !cells[column].is_empty());
    let widest = |column: usize| table.iter().map(|cells| cells[column].width()).max().unwrap_or_default();
    let columns: Vec<(usize, usize)> =
        (0..HEADINGS.len()).filter(|&column| is_used(column)).map(|column| (column, widest(column))).collect();
    let line = |cells: &[String; 6]| {
        let aligned = columns.iter().map(|&(column, width)| {
            let cell = &cells[column];
            let pad = " ".repeat(width - cell.width());
            if column == NUMBERS { pad + cell } else { cell.clone() + &pad }
        });
        aligned.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    table.iter().map(line).collect()
}

fn cells(row: &Row) -> [String; 6] {
    let date = row.newest.map_or_else(String::new, |date| date.format("%Y-%m-%d").to_string());
    let parent = row.parent.as_deref().map(cut).unwrap_or_default();
    [cut(&row.name), safe(&row.slug), row.articles.to_string(), date, parent, remarks(row)]
}

/// What is unusual about a topic.
fn remarks(row: &Row) -> String {
    let why = row.why.as_deref().map(safe);
    let not_written = match &why {
        Some(why) => format!("no feed: {why}"),
        None => "no feed".to_owned(),
    };
    let feed = if row.written { why } else { Some(not_written) };
    row.hidden.then(|| "hidden".to_owned()).into_iter().chain(feed).collect::<Vec<_>>().join("; ")
}

/// A name that is not wider than a name may be, and does nothing to a terminal.
fn cut(name: &str) -> String {
    let name = safe(name);
    if name.width() <= WIDEST_NAME {
        return name;
    }
    // By what people take for a letter, and with room for the mark.
    let mut short = String::new();
    for letter in name.graphemes(true) {
        if short.width() + letter.width() >= WIDEST_NAME {
            break;
        }
        short.push_str(letter);
    }
    short.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, slug: &str, articles: usize) -> Row {
        let (name, slug) = (name.to_owned(), slug.to_owned());
        Row { name, slug, articles, newest: None, parent: None, hidden: false, written: true, why: None }
    }

    fn shown(rows: &[Row]) -> String {
        lines(rows).join("\n")
    }

    #[test]
    fn the_columns_are_aligned_and_the_rows_sorted() {
        let newest = "2020-11-13T23:59:00Z".parse().ok();
        let rows = [
            Row { newest, parent: Some("Power Apps".into()), ..row("portals", "portals", 1200) },
            Row { newest, ..row("Power Apps", "power-apps", 7) },
            Row { hidden: true, ..row("AI Builder", "ai-builder", 0) },
        ];
        let expected = "TOPIC       SLUG        ARTICLES  NEWEST      PARENT      REMARKS
AI Builder  ai-builder         0                          hidden
portals     portals         1200  2020-11-13  Power Apps
Power Apps  power-apps         7  2020-11-13";
        assert_eq!(shown(&rows), expected);
    }

    #[test]
    fn a_column_without_anything_is_left_out() {
        assert_eq!(shown(&[row("A", "a", 1)]), "TOPIC  SLUG  ARTICLES\nA      a            1");
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn what_is_unusual_is_remarked() {
        let remark = |hidden, written, why: Option<&str>| {
            remarks(&Row { hidden, written, why: why.map(str::to_owned), ..row("A", "a", 1) })
        };
        assert_eq!(remark(false, true, None), "");
        assert_eq!(remark(false, false, None), "no feed");
        assert_eq!(remark(true, false, Some("fewer than 3 articles")), "hidden; no feed: fewer than 3 articles");
        assert_eq!(remark(false, true, Some("not in the site file")), "not in the site file");
    }

    #[test]
    fn wide_and_long_names_stay_in_their_column() {
        let rows = [
            row("日本語", "ri-ben-yu", 1),
            row(&"é".repeat(40), "e", 1),
            row(&"x y".repeat(20), "x", 1),
            row(&"日".repeat(30), "r", 1),
            row("a\nb\u{1b}[1m", "a", 1),
        ];
        let lines = lines(&rows);
        let slugs: Vec<usize> = lines
            .iter()
            .map(|line| line[..line.len() - 10].trim_end().rsplit_once(' ').map_or(0, |(before, _)| before.width()))
            .collect();
        assert_eq!(slugs, [41; 6], "{}", lines.join("\n"));
        assert!(lines[1].starts_with("a\u{fffd}b\u{fffd}[1m "), "{}", lines[1]);
        assert!(lines[2].starts_with("x yx yx yx yx yx yx yx yx yx yx yx yx y…  x "), "{}", lines[2]);
        assert!(lines[3].starts_with(&"é".repeat(40)), "{}", lines[3]);
        assert!(lines[4].starts_with(&format!("{}…   r", "日".repeat(19))), "{}", lines[4]);
    }
}
