//! Writes a folder of made-up articles of the shape that real ones have, the same ones every time:
//! `cargo run --release --example articles -- 100000 FOLDER`.
//!
//! About 4.5 KB each: 200 topics, one to four an article, of which a few have most articles; none to nine related links, a
//! tenth of them to other articles of the folder; one article in twenty is not published.

use std::fmt::Write;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(Ok(count)), Some(folder)) = (arguments.first().map(|count| count.parse()), arguments.get(1)) else {
        eprintln!("usage: articles COUNT FOLDER");
        std::process::exit(2);
    };
    write(count, Path::new(folder))
}

/// Writes so many articles below a folder.
pub(crate) fn write(count: u64, folder: &Path) -> std::io::Result<()> {
    for number in 0..count {
        let (path, text) = article(number, count);
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}

const WORDS: &str = "amazon begins shifting its cloud to own silicon maker says new chips for assistants arrive as rivals weigh \
    public research on open models and energy while regulators ask what deep learning means for retail health finance games law \
    data science policy robots quantum edge mobile security startups language vision ethics hardware media agents in schools \
    factories hospitals banks and homes after a year of growth that few had expected from a field so young";
const SENTENCES: [&str; 6] = [
    "On Thursday, a company’s blog post announced that it has moved most of the processing for its assistant to chips of its own.",
    "In addition to the team itself, the \\\"recognition\\\" service is adopting the new chip, said the company – but not everywhere yet.",
    "The workloads run at lower cost and with less delay than before, according to figures that were shown to reporters last week.",
    "Analysts had expected the step; what surprised them is how soon it came, and that hardly anybody outside noticed a change.",
    "The chip has many cores, each with a large cache of its own, which cuts down on the time that is lost in waiting for memory.",
    "Whether others follow is an open question: making chips takes years, and the market for those that can be bought is growing.",
];
const FIELDS: [&str; 20] = [
    "Hardware", "Vision", "Policy", "Research", "Security", "Startups", "Health", "Finance", "Learning", "Language", "Ethics",
    "Retail", "Science", "Energy", "Games", "Media", "Law", "Data", "Chips", "Agents",
];
const KINDS: [&str; 10] = ["AI", "Cloud", "Edge", "Open", "Deep", "Applied", "Quantum", "Mobile", "Public", "Robot"];

/// A sequence of numbers that looks like chance and is always the same (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[usize::try_from(self.roll(words.len() as u64)).unwrap_or(0)]
    }
}

/// What others need to know of an article to link to it.
struct Story {
    title: String,
    seconds: u64,
    site: String,
    address: String,
}

fn story(dice: &mut Dice, seconds: u64, mark: &str) -> Story {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let title: Vec<&str> = (0..5 + dice.roll(8)).map(|_| dice.pick(&words)).collect();
    let site = format!("{}-{}.example", dice.pick(&words), dice.roll(4));
    let (year, month, day) = date(seconds);
    let slug = title.join("-");
    let address = format!("https://www.{site}/{year}/{month:02}/{day:02}/{slug}-{mark}/");
    Story { title: format!("{} {mark}", title.join(" ")), seconds, site, address }
}

const THREE_YEARS: u64 = 3 * 365 * 86_400;

fn numbered(number: u64) -> Story {
    let mut dice = Dice(number.wrapping_mul(1_000_003));
    let seconds = dice.roll(THREE_YEARS);
    story(&mut dice, seconds, &number.to_string())
}

/// Year, month and day of a time since the beginning of 2018, in years of 365 days and months of 30: it only has to look like one.
fn date(seconds: u64) -> (u64, u64, u64) {
    let days = seconds / 86_400;
    (2018 + days / 365, (days % 365 / 30).min(11) + 1, days % 365 % 30 % 28 + 1)
}

fn time(seconds: u64) -> String {
    let (year, month, day) = date(seconds);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn image(text: &mut String, dice: &mut Dice, indent: &str, site: &str) {
    let (widths, heights) = ([640, 800, 970, 1200, 2560], [380, 405, 545, 675, 1440]);
    let which = usize::try_from(dice.roll(5)).unwrap_or(0);
    let _ = writeln!(
        text,
        "{indent}- url: \"https://cdn.{site}/uploads/{:016x}-1200x630.jpg\"\n{indent}  width: {}\n{indent}  height: {}\n{indent}  isCached: true",
        dice.roll(u64::MAX),
        widths[which],
        heights[which]
    );
}

/// The path and the text of an article of a folder of so many.
pub(crate) fn article(number: u64, count: u64) -> (String, String) {
    let Story { title, seconds, site, address } = numbered(number);
    let mut dice = Dice(number.wrapping_mul(1_000_003) ^ 0xfeed);
    let excerpt = |dice: &mut Dice| (0..2 + dice.roll(2)).map(|_| dice.pick(&SENTENCES)).collect::<Vec<_>>().join(" ");
    let mut text = String::from("---\ncategory: news\n");
    let _ = writeln!(text, "title: \"{title}\"\nexcerpt: \"{}\"\npublishedDateTime: {}", excerpt(&mut dice), time(seconds));
    let _ = writeln!(text, "originalUrl: \"{address}\"\nwebUrl: \"{address}\"");
    if dice.chance(10) {
        let _ = writeln!(text, "ampWebUrl: \"{address}amp/\"");
    }
    let published = !dice.chance(5);
    let (quality, heat) = (dice.roll(160), dice.roll(200));
    let _ = writeln!(text, "type: article\nquality: {quality}\nheat: {heat}\npublished: {published}\n");
    let _ = writeln!(text, "provider:\n  name: {} News\n  domain: {site}\n\ntopics:", site.split('-').next().unwrap_or("Some"));
    let mut topics = Vec::new();
    for _ in 0..=dice.roll(4) {
        // The product of three throws is mostly small: the first topics have most articles.
        let topic = dice.roll(200) * dice.roll(200) * dice.roll(200) / 40_000;
        let topic = usize::try_from(topic).unwrap_or(0);
        if !topics.contains(&topic) {
            topics.push(topic);
            let _ = writeln!(text, "  - {} {}", KINDS[topic % 10], FIELDS[topic / 10]);
        }
    }
    if dice.chance(90) {
        text.push_str("\nimages:\n");
        image(&mut text, &mut dice, "  ", &site);
    }
    let links = dice.roll(10);
    if links > 0 {
        text.push_str("\nrelated:\n");
    }
    for link in 0..links {
        let Story { title, seconds, site, address } = if dice.chance(10) {
            numbered(dice.roll(count))
        } else {
            let later = seconds + dice.roll(5 * 86_400);
            story(&mut dice, later, &format!("{number}x{link}"))
        };
        let _ = writeln!(text, "  - title: \"{title}\"\n    excerpt: \"{}\"", excerpt(&mut dice));
        let _ = writeln!(text, "    publishedDateTime: {}\n    webUrl: \"{address}\"", time(seconds));
        let _ = writeln!(text, "    provider:\n      name: {site}\n      domain: {site}\n    quality: {}", dice.roll(160));
        if dice.chance(90) {
            text.push_str("    images:\n");
            image(&mut text, &mut dice, "      ", &site);
        }
    }
    let _ = writeln!(text, "\nkey: \"{}\"\n---\n", "0123456789abcdef".repeat(28));
    let (year, month, day) = date(seconds);
    (format!("{year}/{month:02}/{year}-{month:02}-{day:02}-{}.md", title.replace(' ', "-")), text)
}
