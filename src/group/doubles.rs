//! Topics that are likely one under two names, and topics that nearly all articles have: what an owner may want to mend.
//!
//! Nothing is joined for it. It is a hint that people read, so a wrong one costs more than one that is missing: names are alike
//! if they differ in what nobody reads (hyphens, spaces, `&` and "and"), in a plural, in British and American spelling, or by
//! a slip of one letter in a long word, of the kinds that hardly ever make another word. They are never alike if they differ in
//! a digit: what is said of `Windows 10` is not said of `Windows 11`.
//!
//! No two names are compared unless they have something in common: a form without what may differ, or a long word without one
//! of its letters.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::site::pin::written;
use crate::topic::TopicKey;

/// Topics that are likely one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double {
    /// The name to keep: that of the most articles.
    pub keep: String,
    /// The other names, in their order.
    pub others: Vec<String>,
    /// What makes them one, to be pasted in the site file below the name that is kept.
    pub aliases: String,
}

/// Finds topics that are likely one. Topics: their names, and how many articles they have.
#[must_use]
pub fn doubles(topics: &[(&str, usize)]) -> Vec<Double> {
    let names: Vec<Name> = topics.iter().map(|(name, _)| Name::of(name)).collect();
    let mut groups = Groups((0..topics.len()).collect());
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    for (number, name) in names.iter().enumerate() {
        for form in name.forms() {
            groups.join(number, *forms.entry(form).or_insert(number));
        }
    }
    for (one, other) in neighbours(&names) {
        if is_slip(&names[one], &names[other], topics[one].1, topics[other].1) {
            groups.join(one, other);
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in 0..topics.len() {
        members.entry(groups.first(number)).or_default().push(number);
    }
    let double = |group: &Vec<usize>| {
        let keep = *group.iter().min_by_key(|number| (Reverse(topics[**number].1), topics[**number].0))?;
        let others = group.iter().filter(|number| **number != keep).map(|number| topics[*number].0.to_owned());
        let others: Vec<String> = others.collect::<BTreeSet<_>>().into_iter().collect();
        let list = others.iter().map(|name| written(name)).collect::<Vec<_>>().join(", ");
        (!others.is_empty()).then(|| Double { keep: topics[keep].0.to_owned(), others, aliases: format!("aliases: [{list}]") })
    };
    let mut doubles: Vec<Double> = members.values().filter_map(double).collect();
    doubles.sort_by(|a, b| a.keep.cmp(&b.keep));
    doubles
}

/// The topics that hold nine of ten articles or more, so that their feeds are hardly another than that of all topics. With few
/// topics or articles that says nothing.
#[must_use]
pub fn nearly_all<'t>(topics: &[(&'t str, usize)], articles: usize) -> Vec<(&'t str, usize)> {
    let is_nearly_all = |(_, count): &&(&str, usize)| count.saturating_mul(10) >= articles.saturating_mul(9);
    let mut found: Vec<_> = topics.iter().filter(is_nearly_all).copied().collect();
    found.retain(|_| topics.len() >= 3 && articles >= 20);
    found.sort_unstable();
    found
}

/// Topics that belong together: each number leads to a lower one of the same group, the lowest to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn first(&mut self, number: usize) -> usize {
        let mut first = number;
        while self.0[first] != first {
            self.0[first] = self.0[self.0[first]];
            first = self.0[first];
        }
        first
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }
}

/// Letters that a name must have, so that spaces in it mean nothing.
const LONG_ENOUGH: usize = 4;

/// Letters of the longest name in which slips are looked for: what is longer is a sentence.
const LONGEST: usize = 60;

/// Names that differ in one word at one place; more of them than this are no slips but a series.
const SERIES: usize = 8;

/// Words that mean something else than what they seem to be the plural of.
const NO_PLURALS: [&str; 22] = [
    "arms",
    "bonds",
    "canvas",
    "commons",
    "customs",
    "electronics",
    "futures",
    "gates",
    "glasses",
    "goods",
    "mars",
    "means",
    "news",
    "odds",
    "rights",
    "securities",
    "series",
    "spirits",
    "teams",
    "times",
    "windows",
    "works",
];

/// Words that are a letter apart, as a slip might be, and both meant.
const BOTH_MEANT: [(&str, &str); 12] = [
    ("automation", "automaton"),
    ("competing", "computing"),
    ("compile", "comply"),
    ("complaint", "compliant"),
    ("complement", "compliment"),
    ("installation", "instillation"),
    ("mediation", "meditation"),
    ("prediction", "predication"),
    ("prescription", "proscription"),
    ("redaction", "reduction"),
    ("stationary", "stationery"),
    ("stripping", "striping"),
];

/// A name in words: what is between spaces, hyphens and other marks, in lower case. `&` is the word "and".
struct Name {
    words: Vec<Word>,
}

struct Word {
    text: String,
    /// Whether a space is before it, or the name begins with it.
    is_apart: bool,
    /// Whether its end is no plural, but "’s".
    is_possessive: bool,
}

impl Word {
    fn has_digit(&self) -> bool {
        self.text.contains(char::is_numeric)
    }

    /// The word without its plural, and as Americans spell it.
    fn stem(&self, shortest: usize, plural: &str) -> String {
        let is_plain = !self.is_possessive && !self.has_digit() && self.text.chars().count() >= shortest;
        if is_plain { american(&singular(&self.text, plural)) } else { american(&self.text) }
    }
}

impl Name {
    fn of(name: &str) -> Self {
        let key = TopicKey::of(name);
        let mut words: Vec<Word> = Vec::new();
        let (mut is_apart, mut begins, mut before) = (true, true, ' ');
        let word = |text: String, is_apart: &mut bool| Word { text, is_apart: std::mem::take(is_apart), is_possessive: false };
        let mut letters = key.as_str().chars().peekable();
        while let Some(c) = letters.next() {
            let after = letters.peek().copied().unwrap_or(' ');
            match c {
                '&' => {
                    words.push(word("and".to_owned(), &mut is_apart));
                    begins = true;
                }
                '\'' | '’' if before.is_alphanumeric() => {
                    let rest: String = letters.clone().take(2).collect();
                    if let Some(word) = words.last_mut().filter(|_| rest.trim_end() == "s") {
                        word.is_possessive = true;
                    }
                }
                // .NET is a name, and so is C#; #AI is AI.
                '.' if !before.is_alphanumeric() && after.is_alphabetic() => {
                    words.push(word(".".to_owned(), &mut is_apart));
                    begins = false;
                }
                '#' if !before.is_alphanumeric() => begins = true,
                ' ' => (is_apart, begins) = (true, true),
                '-' | '‐' | '‑' | '–' | '—' | '_' | '.' | ',' | ':' | ';' | '/' | '\\' | '|' | '(' | ')' | '[' | ']' | '!'
                | '?' | '"' | '\'' | '’' | '‘' | '“' | '”' | '·' | '•' | '…' | '®' | '™' => begins = true,
                c => {
                    if begins || words.is_empty() {
                        words.push(word(String::new(), &mut is_apart));
                        begins = false;
                    }
                    words.last_mut().into_iter().for_each(|last| last.text.push(c));
                }
            }
            before = c;
        }
        Self { words }
    }

    /// The words as one. What parts digits stays, for 2.0 is not 20.
    fn joined(&self, word: impl Fn(&Word) -> String) -> String {
        let is_short = self.words.iter().map(|word| word.text.chars().count()).sum::<usize>() < LONG_ENOUGH;
        let mut joined = String::new();
        for part in &self.words {
            let text = word(part);
            if is_short && part.is_apart && !joined.is_empty() {
                joined.push(' ');
            } else if joined.ends_with(char::is_numeric) && text.starts_with(char::is_numeric) {
                joined.push('.');
            }
            joined.push_str(&text);
        }
        joined
    }

    /// What the name is without what may differ: two with a form in common are likely one.
    fn forms(&self) -> BTreeSet<String> {
        // A short word may be another one than its plural: an ad, ads; but among others it is not.
        let shortest = if self.words.len() == 1 { 5 } else { 4 };
        let joined = self.joined(|word| word.text.clone());
        let mut forms: BTreeSet<String> =
            ["s", "es"].into_iter().map(|plural| self.joined(|word| word.stem(shortest, plural))).collect();
        if let Some(last) = self.words.last() {
            // Start-ups and startups.
            let is_plural = !last.is_possessive && !last.has_digit() && !NO_PLURALS.contains(&last.text.as_str());
            if self.words.len() > 1 && is_plural && joined.chars().count() >= 8 {
                forms.insert(american(&singular(&joined, "s")));
            }
        }
        forms.insert(joined);
        // There is nothing in a name of marks alone.
        forms.remove("");
        forms
    }
}

/// A word without what makes it a plural. It may be no word: it is only for comparison. `plural`: "es" if a word that ends in a
/// hiss is to lose the "e" too, for taxes are of a tax, and caches of a cache.
fn singular(word: &str, plural: &str) -> String {
    let no_plural = NO_PLURALS.contains(&word) || ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    let hisses = |stem: &&str| ["s", "x", "z", "sh", "ch"].iter().any(|end| stem.ends_with(end));
    let stem = word.strip_suffix('s').filter(|_| !no_plural);
    let short = stem.and_then(|stem| stem.strip_suffix('e')).filter(|_| plural == "es").filter(hisses);
    let stem = short.or(stem).unwrap_or(word);
    match stem.strip_suffix("ie") {
        Some(short) if short.chars().count() >= 3 => format!("{short}y"),
        _ => stem.to_owned(),
    }
}

/// A word as Americans spell it. It may be no word either.
fn american(word: &str) -> String {
    let endings = [
        (8, "isation", "ization"),
        (8, "ising", "izing"),
        (8, "ised", "ized"),
        (8, "ise", "ize"),
        (9, "ioural", "ioral"),
        (5, "our", "or"),
        (5, "tre", "ter"),
        (5, "bre", "ber"),
        (7, "ence", "ense"),
        (8, "alogue", "alog"),
    ];
    let length = word.chars().count();
    let ending = endings.iter().find(|(least, british, _)| length >= *least && word.ends_with(british));
    ending.map_or_else(|| word.to_owned(), |(_, british, american)| word[..word.len() - british.len()].to_owned() + american)
}

/// Pairs of names that differ in one long word, and in it by a letter or two that stand beside each other.
fn neighbours(names: &[Name]) -> BTreeSet<(usize, usize)> {
    let mut variants: Vec<(String, usize)> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        if name.words.iter().map(|word| word.text.chars().count()).sum::<usize>() > LONGEST {
            continue;
        }
        for (place, word) in name.words.iter().enumerate() {
            let letters: Vec<char> = word.text.chars().collect();
            // The shorter one of two may have a letter less than is asked for.
            if letters.len() < 7 || !letters.iter().all(|c| c.is_alphabetic()) {
                continue;
            }
            let around = |words: &[Word]| words.iter().fold(String::new(), |text, word| text + " " + &word.text);
            let (before, after) = (around(&name.words[..place]), around(&name.words[place + 1..]));
            let without = |left_out: usize| letters.iter().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, c)| *c);
            for left_out in 0..=letters.len() {
                let variant: String = without(left_out).collect();
                variants.push((format!("{before} _{variant}_{after}"), number));
            }
        }
    }
    variants.sort_unstable();
    variants.dedup();
    let mut pairs = BTreeSet::new();
    for alike in variants.chunk_by(|a, b| a.0 == b.0).filter(|alike| alike.len() <= SERIES) {
        for (at, (_, one)) in alike.iter().enumerate() {
            pairs.extend(alike[at + 1..].iter().map(|(_, other)| (*one, *other)));
        }
    }
    pairs
}

/// Whether one of two names that differ in a single word is a slip of the other, with so many articles.
fn is_slip(one: &Name, other: &Name, count: usize, other_count: usize) -> bool {
    let differ = one.words.iter().zip(&other.words).filter(|(one, other)| one.text != other.text);
    let mut differ = differ.map(|(one, other)| (one.text.as_str(), other.text.as_str()));
    let (Some((one, other)), None) = (differ.next(), differ.next()) else { return false };
    let is_meant = |(a, b): &(&str, &str)| {
        let (one, other) = (singular(one, "s"), singular(other, "s"));
        (one == *a && other == *b) || (one == *b && other == *a)
    };
    if BOTH_MEANT.iter().any(is_meant) {
        return false;
    }
    // What two plurals end with says nothing of their words.
    let (one, other) = one.strip_suffix('s').zip(other.strip_suffix('s')).unwrap_or((one, other));
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (long, short) = if one.len() < other.len() { (&other, &one) } else { (&one, &other) };
    let same = long.iter().zip(short).take_while(|(a, b)| a == b).count();
    let rest = long.len() - same;
    // Another beginning or another end makes another word: astronomy and gastronomy, inventor and inventory.
    if same == 0 || long.last() != short.last() || rest < 2 {
        return false;
    }
    // Slips are rare beside what is meant.
    let (many, few) = (count.max(other_count), count.min(other_count));
    let is_rare = |times: usize| few.saturating_mul(times) <= many;
    let is_vowel = |c: char| "aeiouy".contains(c);
    if long.len() > short.len() {
        if long[same + 1..] != short[same..] {
            return false;
        }
        let is_doubled = long[same] == long[same - 1];
        return long.len() >= if is_doubled { 8 } else { 10 } && (is_doubled || (same >= 3 && is_rare(10)));
    }
    if long[same + 1..] == short[same + 1..] {
        let vowels = is_vowel(long[same]) && is_vowel(short[same]);
        let (least, times) = if vowels { (9, 5) } else { (12, 10) };
        return long.len() >= least && same >= 3 && is_rare(times);
    }
    let is_swapped = long[same] == short[same + 1] && long[same + 1] == short[same] && long[same + 2..] == short[same + 2..];
    is_swapped && long.len() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each other name of each group, behind the one to keep.
    fn found(topics: &[(&str, usize)]) -> Vec<String> {
        doubles(topics).into_iter().map(|double| format!("{} < {}", double.keep, double.others.join(" < "))).collect()
    }

    #[test]
    fn names_that_are_likely_one() {
        for (keep, other) in [
            ("AI in Autos", "AI in Auto"),
            ("E-commerce", "Ecommerce"),
            ("E-commerce", "E commerce"),
            ("Robotics", "Robotic"),
            ("R&D", "R and D"),
            ("R&D", "R & D"),
            ("Food & Drink", "Food and Drinks"),
            ("Wi-Fi", "WiFi"),
            ("AI", "A.I."),
            ("AI", "#AI"),
            ("US Economy", "U.S. Economy"),
            ("Node.js", "NodeJS"),
            ("Windows 10", "Windows10"),
            ("Web 2.0", "Web-2.0"),
            ("TCP/IP", "TCP-IP"),
            ("Yahoo!", "Yahoo"),
            ("Start-ups", "Startup"),
            ("Startups", "Start-up"),
            ("Start Ups", "Startup"),
            ("Model-driven apps", "Model driven app"),
            ("Women's Health", "Womens Health"),
            ("Movies", "Movie"),
            ("Policies", "Policy"),
            ("Viruses", "Virus"),
            ("Taxes", "Tax"),
            ("Houses", "House"),
            ("Caches", "Cache"),
            ("Tax Offices", "Tax Office"),
            ("Data Catalog", "Data Catalogue"),
            ("Environments", "Enviroments"),
            ("Data Center", "Data Centre"),
            ("Data Centers", "Data Centre"),
            ("Labor Market", "Labour Markets"),
            ("Digitalization", "Digitalisation"),
            ("Behavioral Science", "Behavioural Sciences"),
            ("National Defense", "National Defence"),
            ("Programming", "Programing"),
            ("Web Programming", "Web Programing"),
            ("Counseling", "Counselling"),
            ("Artificial Intelligence", "Artificial Inteligence"),
            ("Artificial Intelligence", "Artificial Intellignece"),
            ("Artificial Intelligence", "Artifical Intelligence"),
            ("Environment", "Enviroment"),
            ("Independence", "Independance"),
            ("Infrastructure", "Infrastrukture"),
            ("Künstliche Intelligenz", "Künstliche Inteligenz"),
        ] {
            let expected = format!("{keep} < {other}");
            assert_eq!(found(&[(keep, 30), (other, 2)]), [expected.as_str()]);
            assert_eq!(found(&[(other, 2), ("Kayaks", 30), (keep, 30)]), [expected]);
        }
    }

    #[test]
    fn names_that_are_near_and_two() {
        for (one, other) in [
            ("Windows 10", "Windows 11"),
            ("Web 2.0", "Web 20"),
            ("Web 2.0", "Web 3.0"),
            ("24/7", "247"),
            ("1990s", "1990"),
            ("iPhone 4s", "iPhone 4"),
            ("Programming 101", "Programing 102"),
            ("C", "C++"),
            ("C", "C#"),
            ("C++", "C#"),
            (".NET", "Net"),
            ("A*", "A"),
            ("Ad", "Ads"),
            ("App", "Apps"),
            ("A I", "AI"),
            ("New", "News"),
            ("Local New", "Local News"),
            ("Window", "Windows"),
            ("Series A", "Serie A"),
            ("Series A", "Series B"),
            ("Hepatitis B", "Hepatitis C"),
            ("Security", "Securities"),
            ("Future", "Futures"),
            ("Canva", "Canvas"),
            ("Bus", "Bu"),
            ("Claus", "Clause"),
            ("License", "Licensee"),
            ("Subscriber", "Subscribe"),
            ("Subscribers", "Subscribes"),
            ("Inventors", "Investors"),
            ("Constraints", "Constrains"),
            ("Computing", "Competing"),
            ("Prolog", "Prologue"),
            ("Astronomy", "Gastronomy"),
            ("Genetics", "Kinetics"),
            ("Marketing", "Marketint"),
            ("Economics", "Economies"),
            ("Analysis", "Analysts"),
            ("Oncology", "Ontology"),
            ("Ethnology", "Ethology"),
            ("Inventor", "Investor"),
            ("Inventor", "Inventory"),
            ("Discover", "Discovery"),
            ("Developer", "Developed"),
            ("Investing", "Inventing"),
            ("Detection", "Detention"),
            ("Infection", "Injection"),
            ("Irrigation", "Irritation"),
            ("Projection", "Protection"),
            ("Regression", "Repression"),
            ("Reaction", "Redaction"),
            ("Simulation", "Stimulation"),
            ("Mediation", "Meditation"),
            ("Automation", "Automaton"),
            ("Complaints", "Compliant"),
            ("Complaint", "Compliant"),
            ("Microeconomics", "Macroeconomics"),
            ("Conservation", "Conversation"),
            ("Colombia", "Columbia"),
            ("Austria", "Australia"),
            ("Supervised Learning", "Unsupervised Learning"),
            ("Machine Learning", "Machine Leaning"),
            ("Virtual Reality", "Virtual Realty"),
            ("Christian", "Christina"),
            ("Power Apps", "Power BI"),
            ("…", "—"),
        ] {
            assert_eq!(found(&[(one, 30), (other, 2)]), [""; 0], "{one} {other}");
            assert_eq!(found(&[(other, 30), (one, 2)]), [""; 0], "{other} {one}");
        }
        // As common as each other, both are meant.
        assert_eq!(found(&[("Independence", 4), ("Independance", 3)]), [""; 0]);
    }

    #[test]
    fn three_names_are_one_group() {
        let topics =
            [("E-Commerce", 3), ("Ecommerce", 3), ("C#, .NET", 1), ("e commerce", 1), ("C# .NET", 2), ("E-commerces", 0)];
        let doubles = doubles(&topics);
        assert_eq!(doubles.iter().map(|double| double.keep.as_str()).collect::<Vec<_>>(), ["C# .NET", "E-Commerce"]);
        assert_eq!(doubles[0].aliases, "aliases: [\"C#, .NET\"]");
        assert_eq!(doubles[1].aliases, "aliases: [E-commerces, Ecommerce, e commerce]");
        assert_eq!(doubles[1].others, ["E-commerces", "Ecommerce", "e commerce"]);
    }

    #[test]
    fn a_series_is_no_slip() {
        let names: Vec<String> = ('a'..='z').map(|c| format!("Quarterlyx{c}{c}reports")).collect();
        let topics: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        assert_eq!(found(&topics), [""; 0]);
        let many: Vec<String> = ('b'..='z').map(|c| format!("Internationaliz{c}ations")).collect();
        let mut topics: Vec<(&str, usize)> = many.iter().map(|name| (name.as_str(), 1)).collect();
        topics.push(("Internationalizations", 90));
        assert_eq!(found(&topics), [""; 0]);
        assert_eq!(found(&topics[23..]).len(), 1);
    }

    #[test]
    fn the_order_of_topics_does_not_show() {
        let mut topics = vec![("Programming", 9), ("Programing", 1), ("Startups", 2), ("Start-up", 2), ("Start Ups", 2)];
        let first = doubles(&topics);
        topics.reverse();
        assert_eq!(doubles(&topics), first);
        assert_eq!(first[1].keep, "Start Ups");
    }

    /// So many names, many of them alike, are still looked through in the time of a few clicks, even unoptimised.
    #[test]
    fn ten_thousand_topics_take_no_time_that_matters() {
        let word = |mut number: usize, length: usize| {
            let mut word = String::new();
            for _ in 0..length {
                word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
                number = number / 26 * 7 + number % 26 * 31 + 5;
            }
            word
        };
        let names: Vec<String> = (0..10_000).map(|number| format!("{} {}", word(number, 14), word(number * 3, 9))).collect();
        let mut topics: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        topics.extend([("Programming", 9), ("Programing", 1)]);
        let doubles = doubles(&topics);
        assert!(doubles.iter().any(|double| double.keep == "Programming"));
    }

    #[test]
    fn a_topic_of_nearly_all_articles() {
        let topics = [("News", 18), ("AI", 17), ("Cars", 20)];
        assert_eq!(nearly_all(&topics, 20), [("Cars", 20), ("News", 18)]);
        assert_eq!(nearly_all(&topics, 21), [("Cars", 20)]);
        assert_eq!(nearly_all(&topics, 23), []);
        assert_eq!(nearly_all(&topics[..2], 20), []);
        assert_eq!(nearly_all(&topics, 19), []);
        assert_eq!(nearly_all(&[], 0), []);
    }
}
