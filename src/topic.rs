//! A topic's key, which says which names are one topic, and its slug, which is the name of its folder.
//!
//! A key enters the id of a feed and a slug its address, so both are frozen: what a name gives today it gives for ever.
//! The crate that transliterates is pinned for the same reason.

use std::fmt;

use deunicode::deunicode_char;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::link::FEED_NAMESPACE;

/// Parts what a key of a feed is made of: the unit separator of ASCII, which is in no name.
const SEPARATOR: char = '\u{1f}';

/// How the key of a feed with the articles only ends.
const STORIES: &str = "\u{1f}\u{1f}stories";

/// What a topic's name says apart from the ways of writing it: names with one key are one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicKey(String);

impl TopicKey {
    /// The key of a name: NFKC, lower case, each run of white space one space, none at the ends.
    ///
    /// The key of a key is that key.
    #[must_use]
    pub fn of(name: &str) -> TopicKey {
        let mut key = folded(name);
        // Of ASCII one round is always enough, and most names are ASCII.
        if name.is_ascii() {
            return TopicKey(key);
        }
        // Lower case can make what NFKC composes ("J̌" has no composed form, "ǰ" has), so one round is not always enough.
        // The bound is there so that no text can go on for ever.
        for _ in 0..4 {
            let again = folded(&key);
            if again == key {
                break;
            }
            key = again;
        }
        TopicKey(key)
    }

    /// The key of the feed of all topics: empty, as that of a topic with a name never is.
    #[must_use]
    pub fn all() -> TopicKey {
        TopicKey(String::new())
    }

    /// The key of the feed of the owner's own that has this key among them. No topic has it: names hold no control characters.
    #[must_use]
    pub fn of_feed(&self) -> TopicKey {
        TopicKey(format!("feed{SEPARATOR}{}", self.0))
    }

    /// The key of the feed that a feed of the owner's own, of this key, has for one provider or category.
    #[must_use]
    pub fn of_each(&self, word: &str) -> TopicKey {
        TopicKey(format!("{}{SEPARATOR}{}", self.0, TopicKey::of(word).0))
    }

    /// The key of the feed beside that of this key which has the articles only.
    #[must_use]
    pub fn stories(&self) -> TopicKey {
        TopicKey(format!("{}{STORIES}", self.0))
    }

    /// Whether this is the key of a feed that has the articles only, beside another.
    #[must_use]
    pub fn is_stories(&self) -> bool {
        self.0.ends_with(STORIES)
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first hexadecimal digits of the key's UUID: they tell apart what letters cannot.
    fn digits(&self, count: usize) -> String {
        let mut digits = Uuid::new_v5(&FEED_NAMESPACE, self.0.as_bytes()).simple().to_string();
        digits.truncate(count);
        digits
    }
}

fn folded(text: &str) -> String {
    let lower = if text.is_ascii() { text.to_ascii_lowercase() } else { text.nfkc().collect::<String>().to_lowercase() };
    let mut folded = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// The name of a feed's folder, and so a part of its address: safe on every system.
///
/// It is 1 to 64 of `a-z`, `0-9` and `-`, begins and ends with a letter or digit, and is neither a device of Windows
/// nor a name that feedmill uses itself. No dot, slash, NUL or right-to-left mark can be in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Reads a slug that the owner wrote or an earlier run chose.
    ///
    /// # Errors
    ///
    /// When it is no slug; the error says which rule it breaks.
    pub fn parse(text: &str) -> Result<Slug, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.bytes().any(|byte| !is_slug_byte(byte)) {
            return Err(SlugError::Character);
        }
        if text.len() > LONGEST {
            return Err(SlugError::TooLong);
        }
        if text.starts_with('-') {
            return Err(SlugError::Start);
        }
        if text.ends_with('-') {
            return Err(SlugError::End);
        }
        if is_device(text) {
            return Err(SlugError::Device);
        }
        if RESERVED.contains(&text) {
            return Err(SlugError::Reserved);
        }
        Ok(Slug(text.to_owned()))
    }

    /// The slug that a topic has when nobody has chosen one.
    ///
    /// Names that differ only in case, white space or form give one slug: it is made of the name as [`TopicKey::of`]
    /// has it. `key` is the topic's key, which the owner may have set apart from the name; only a name without a
    /// letter or digit needs it.
    #[must_use]
    pub fn of(name: &str, key: &TopicKey) -> Slug {
        let words = with_symbols_spelled(TopicKey::of(name).as_str());
        let mut slug = cut_at_a_word(in_latin(&words));
        if slug.is_empty() {
            slug = format!("topic-{}", key.digits(8));
        } else if is_device(&slug) || RESERVED.contains(&slug.as_str()) {
            slug.push_str("-topic");
        }
        Slug(slug)
    }

    /// The folder of the feed with the articles only beside the feed of a folder, or beside that of all topics: it lies in it.
    #[must_use]
    pub fn stories(slug: Option<&Slug>) -> Slug {
        slug.map_or_else(|| Slug(Self::STORIES.to_owned()), |slug| Slug(format!("{slug}/{}", Self::STORIES)))
    }

    /// What such a folder is called.
    pub const STORIES: &str = "stories";

    /// Reads the folder of a feed, as the manifest has it: a slug, or [`Self::stories`] in one.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn parse_folder(text: &str) -> Result<Slug, SlugError> {
        match text.split_once('/') {
            Some((slug, Self::STORIES)) => Ok(Self::stories(Some(&Self::parse(slug)?))),
            _ => Self::parse(text),
        }
    }

    /// The slug for the topic of this key when another topic has this slug already.
    #[must_use]
    pub fn with_suffix(&self, key: &TopicKey) -> Slug {
        let suffix = key.digits(6);
        let mut slug = self.0.clone();
        slug.truncate(LONGEST - 1 - suffix.len());
        let stem = slug.trim_end_matches('-');
        Slug(format!("{stem}-{suffix}"))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which rule a text breaks that is no [`Slug`]. The messages go after the name of a field ("`slug` is empty; …").
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SlugError {
    /// There is nothing.
    #[error("is empty; write 1 to 64 of a-z, 0-9 and \"-\"")]
    Empty,
    /// There are more than 64 characters.
    #[error("is longer than 64 characters; write 1 to 64 of a-z, 0-9 and \"-\"")]
    TooLong,
    /// There is a capital letter, a space, a dot, a slash or anything else that is not allowed.
    #[error("has a character that is not allowed; write 1 to 64 of a-z, 0-9 and \"-\"")]
    Character,
    /// The first character is a hyphen.
    #[error("begins with \"-\"; the first character is one of a-z and 0-9")]
    Start,
    /// The last character is a hyphen.
    #[error("ends with \"-\"; the last character is one of a-z and 0-9")]
    End,
    /// Windows has no folder of this name.
    #[error("is the name of a device on Windows; any but con, prn, aux, nul, com0 to com9 and lpt0 to lpt9 will do")]
    Device,
    /// The name belongs to the files of a feed or of the site.
    #[error("is a name that feedmill uses itself; any but assets, atom, feed, feedmill, feeds, index and rss will do")]
    Reserved,
}

const LONGEST: usize = 64;

/// The stems of the files beside the folders and in them, so that no address is ever both.
const RESERVED: [&str; 7] = ["assets", "atom", "feed", "feedmill", "feeds", "index", "rss"];

fn is_slug_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
}

fn is_device(text: &str) -> bool {
    matches!(text, "con" | "prn" | "aux" | "nul")
        || matches!(text.as_bytes(), [b'c', b'o', b'm', b'0'..=b'9'] | [b'l', b'p', b't', b'0'..=b'9'])
}

/// Writes out the symbols that tell one name from another: without them C, C++ and C# were one slug.
fn with_symbols_spelled(name: &str) -> String {
    let is_letter = char::is_alphabetic;
    let mut spelled = String::with_capacity(name.len() + 16);
    let mut before = None;
    let mut rest = name;
    while let Some(symbol) = rest.chars().next() {
        let starts_word = before.is_none_or(|c: char| !c.is_alphanumeric() && c != '.');
        let follows_letter = before.is_some_and(is_letter);
        let mut taken = symbol.len_utf8();
        match symbol {
            // The one name that the rules would have as another word, "asp-net".
            'a' if starts_word && is_word(rest, "asp.net") => {
                taken = "asp.net".len();
                spelled.push_str("asp-dot-net");
            }
            // C++, Google+, +Social; but not 1+1.
            '+' => {
                let after = rest.trim_start_matches('+');
                taken = rest.len() - after.len();
                let word = if follows_letter || after.starts_with(is_letter) { "-plus-" } else { "-" };
                spelled.push_str(&word.repeat(taken));
            }
            // C#, F#; but not #hashtag.
            '#' if follows_letter => spelled.push_str("-sharp-"),
            // .NET; but not Node.js and ../etc.
            '.' if starts_word && rest[taken..].starts_with(is_letter) => spelled.push_str("-dot-"),
            '&' => spelled.push_str("-and-"),
            _ => spelled.push(symbol),
        }
        before = rest[..taken].chars().next_back();
        rest = &rest[taken..];
    }
    spelled
}

fn is_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
}

/// The Latin letters and digits of a text in lower case, and one hyphen for each run of anything else between them.
fn in_latin(text: &str) -> String {
    let mut latin = String::with_capacity(text.len());
    let mut is_apart = false;
    for letter in text.chars() {
        // The crate gives nothing for NUL and its like; "a\0b" is no more "ab" than "a b" is.
        let bytes = deunicode_char(letter).filter(|_| !letter.is_control()).unwrap_or(" ");
        for byte in bytes.bytes() {
            if byte.is_ascii_alphanumeric() {
                if is_apart && !latin.is_empty() {
                    latin.push('-');
                }
                is_apart = false;
                latin.push(char::from(byte.to_ascii_lowercase()));
            // "don’t" is one word; and a letter whose transliteration is a mark (Cyrillic "ь", Hebrew "ע") ends none.
            } else if byte != b'\'' && (byte == b' ' || !letter.is_alphabetic()) {
                is_apart = true;
            }
        }
    }
    latin
}

/// At most 64 characters; a word that began in the last 16 of them and does not end there is left out.
fn cut_at_a_word(mut slug: String) -> String {
    if slug.len() > LONGEST {
        let is_inside_word = !slug[LONGEST..].starts_with('-');
        slug.truncate(LONGEST);
        if is_inside_word
            && let Some(hyphen) = slug.rfind('-')
            && hyphen >= LONGEST - 16
        {
            slug.truncate(hyphen);
        }
        slug.truncate(slug.trim_end_matches('-').len());
    }
    slug
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slug(name: &str) -> Slug {
        Slug::of(name, &TopicKey::of(name))
    }

    #[track_caller]
    fn check_slugs(golden: &[(&str, &str)]) {
        for (name, expected) in golden {
            assert_eq!(slug(name).as_str(), *expected, "{name:?}");
        }
    }

    #[test]
    fn names_of_one_topic_have_one_key() {
        for name in [
            "Teams Integration",
            "Teams  Integration",
            "teams integration",
            "TEAMS INTEGRATION",
            " \tTeams\u{a0}\u{3000}Integration\r\n",
            "Ｔｅａｍｓ Integration",
        ] {
            assert_eq!(TopicKey::of(name).as_str(), "teams integration", "{name:?}");
        }
        assert_eq!(TopicKey::of("Cafe\u{301} ﬁnance"), TopicKey::of("CAFÉ FINANCE"));
    }

    /// Published. A failure here means that readers take the feed for another.
    #[test]
    fn keys_are_frozen() {
        for (name, key) in [
            ("AI Hardware", "ai hardware"),
            ("C++", "c++"),
            ("R&D", "r&d"),
            ("Machine Learning, Ops", "machine learning, ops"),
            ("Straße", "straße"),
            ("İstanbul", "i\u{307}stanbul"),
            ("ΟΔΟΣ", "οδος"),
            ("J\u{30c}", "\u{1f0}"),
            ("①½…", "11⁄2..."),
            ("日本語", "日本語"),
            ("", ""),
            (" \n ", ""),
        ] {
            assert_eq!(TopicKey::of(name).as_str(), key, "{name:?}");
        }
        assert_eq!(TopicKey::all().as_str(), "");
    }

    /// Published. A failure here means that a feed's address changes.
    #[test]
    fn slugs_are_frozen() {
        check_slugs(&[
            ("AI Hardware", "ai-hardware"),
            ("Power Apps", "power-apps"),
            ("Machine Learning & AI", "machine-learning-and-ai"),
            ("Ünïcödé Straße", "unicode-strasse"),
            ("İstanbul", "istanbul"),
            ("日本語", "ri-ben-yu"),
            ("한국어", "hangugeo"),
            ("Ελληνικά", "ellenika"),
            ("объект", "obekt"),
            ("שלום עולם", "shlvm-vlm"),
            ("العربية", "lrby"),
            ("\u{202e}evil\u{202c}", "evil"),
            ("🚀🤖", "rocket-robot"),
            ("👩\u{200d}💻", "woman-computer"),
            ("don’t panic", "dont-panic"),
            ("don't panic", "dont-panic"),
            ("'quoted' players’ union", "quoted-players-union"),
            ("a/b\\c", "a-b-c"),
            ("a\0b", "a-b"),
            ("-x-", "x"),
            ("a -- b", "a-b"),
            ("x_y.z", "x-y-z"),
            ("2020", "2020"),
            ("../../etc", "etc"),
            ("\u{fffe}a\u{10ffff}", "a"),
        ]);
    }

    #[test]
    fn symbols_that_tell_names_apart_are_words() {
        check_slugs(&[
            ("C", "c"),
            ("C++", "c-plus-plus"),
            ("c++17, C++20", "c-plus-plus-17-c-plus-plus-20"),
            ("C＋＋", "c-plus-plus"),
            ("C#", "c-sharp"),
            ("F#", "f-sharp"),
            ("#hashtag", "hashtag"),
            ("Issue #5", "issue-5"),
            (".NET", "dot-net"),
            ("VB and .NET Core", "vb-and-dot-net-core"),
            ("(.NET)", "dot-net"),
            ("...more", "more"),
            (".5", "5"),
            ("ASP.NET", "asp-dot-net"),
            ("ASP.NET/Blazor", "asp-dot-net-blazor"),
            ("grasp.net", "grasp-net"),
            ("asp.nets", "asp-nets"),
            ("Node.js", "node-js"),
            ("Google+", "google-plus"),
            ("+Social", "plus-social"),
            ("1+1", "1-1"),
            ("LGBTQ+ Film", "lgbtq-plus-film"),
            ("R&D", "r-and-d"),
            ("AT&T", "at-and-t"),
            ("&", "and"),
        ]);
    }

    #[test]
    fn a_name_without_letters_is_called_by_its_key() {
        check_slugs(&[
            ("", "topic-a0112a22"),
            ("   ", "topic-a0112a22"),
            ("…", "topic-158ef076"),
            ("- / -", "topic-50930a21"),
            ("\u{200d}\u{0}", "topic-ad480d3c"),
        ]);
        assert_eq!(Slug::of("…", &TopicKey::of("own")).as_str(), "topic-b08785c0");
    }

    #[test]
    fn names_of_devices_and_files_are_avoided() {
        check_slugs(&[
            ("CON", "con-topic"),
            ("prn", "prn-topic"),
            ("Aux", "aux-topic"),
            (".NUL", "dot-nul"),
            ("NUL.", "nul-topic"),
            ("com1", "com1-topic"),
            ("COM⁰", "com0-topic"),
            ("LPT9", "lpt9-topic"),
            ("com10", "com10"),
            ("console", "console"),
            ("index", "index-topic"),
            ("Assets", "assets-topic"),
            ("Feeds", "feeds-topic"),
            ("feed", "feed-topic"),
            ("Feedmill", "feedmill-topic"),
            ("RSS", "rss-topic"),
            ("Atom", "atom-topic"),
        ]);
    }

    #[test]
    fn a_long_name_is_cut_at_a_word() {
        let words = "Announcements of the quarter and everything that came after ".repeat(5);
        check_slugs(&[
            (&"a".repeat(300), &"a".repeat(64)),
            (&words, "announcements-of-the-quarter-and-everything-that-came-after"),
            // The last hyphen is the 48th of the 64 characters, and the 49th.
            (&format!("{} {}", "a".repeat(47), "b".repeat(20)), &format!("{}-{}", "a".repeat(47), "b".repeat(16))),
            (&format!("{} {}", "a".repeat(48), "b".repeat(20)), &"a".repeat(48)),
            // A word that ends just there stays.
            (&format!("{} {} c", "a".repeat(58), "b".repeat(5)), &format!("{}-{}", "a".repeat(58), "b".repeat(5))),
            (&format!("{} b", "a".repeat(63)), &"a".repeat(63)),
            (&"C+".repeat(100), "c-plus-c-plus-c-plus-c-plus-c-plus-c-plus-c-plus-c-plus-c-plus-c"),
        ]);
    }

    #[test]
    fn a_suffix_tells_two_topics_apart() {
        let suffixed = |name: &str, key: &str| slug(name).with_suffix(&TopicKey::of(key)).to_string();
        assert_eq!(suffixed("AI Hardware", "ai hardware"), "ai-hardware-181e0e");
        assert_eq!(suffixed("AI Hardware", "ai-hardware"), "ai-hardware-b30b56");
        assert_eq!(suffixed("CON", ""), "con-topic-a0112a");
        assert_eq!(suffixed(&"a".repeat(300), "a"), format!("{}-f7d160", "a".repeat(57)));
        assert_eq!(suffixed(&format!("{} bbbbbbb", "a".repeat(56)), "a"), format!("{}-f7d160", "a".repeat(56)));
    }

    #[test]
    fn a_written_slug_is_taken_as_it_is() {
        for text in ["a", "0", "ai-hardware", "a--b", "com10", "con-topic", "index2", &"a".repeat(64)] {
            assert_eq!(Slug::parse(text).map(|slug| slug.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_written_slug_that_breaks_a_rule_is_told_which() {
        let check = |texts: &[&str], message: &str| {
            for text in texts {
                let error = Slug::parse(text).err().map(|error| error.to_string());
                assert_eq!(error.as_deref(), Some(message), "{text:?}");
            }
        };
        check(&[""], "is empty; write 1 to 64 of a-z, 0-9 and \"-\"");
        check(&[&"a".repeat(65)], "is longer than 64 characters; write 1 to 64 of a-z, 0-9 and \"-\"");
        check(
            &["AI", "a b", "a.b", "a/b", "a\\b", "..", "ä", "a_b", "a\0", "-A", &"é".repeat(64)],
            "has a character that is not allowed; write 1 to 64 of a-z, 0-9 and \"-\"",
        );
        check(&["-", "-a", "--a-"], "begins with \"-\"; the first character is one of a-z and 0-9");
        check(&["a-", "a--"], "ends with \"-\"; the last character is one of a-z and 0-9");
        check(
            &["con", "prn", "aux", "nul", "com0", "com9", "lpt0", "lpt9"],
            "is the name of a device on Windows; any but con, prn, aux, nul, com0 to com9 and lpt0 to lpt9 will do",
        );
        check(
            &["assets", "atom", "feed", "feedmill", "feeds", "index", "rss"],
            "is a name that feedmill uses itself; any but assets, atom, feed, feedmill, feeds, index and rss will do",
        );
    }

    /// Names that are likely to meet a rule.
    const NAME: &str =
        r"([a-zA-Z0-9]{1,3}|[ .+#&'’/\\_-]|asp\.net|con|COM1|rss|é|ß|İ|Σ|ǆ|J\x{30c}|ﬁ|日|ع|ь|🚀|\x{200d}|\x{a0}|\x{0}){0,60}";

    proptest! {
        #[test]
        fn the_key_of_a_key_is_the_key(name in NAME, any in any::<String>()) {
            for name in [name, any] {
                let key = TopicKey::of(&name);
                prop_assert_eq!(TopicKey::of(key.as_str()), key);
            }
        }

        #[test]
        fn any_name_has_a_safe_slug(name in NAME, any in any::<String>(), key in any::<String>()) {
            let key = TopicKey::of(&key);
            for name in [name, any] {
                let slug = Slug::of(&name, &key);
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug.clone()));
                prop_assert!(!slug.as_str().contains("--"));
                let suffixed = slug.with_suffix(&key);
                prop_assert_eq!(Slug::parse(suffixed.as_str()), Ok(suffixed.clone()));
                prop_assert!(!suffixed.as_str().contains("--"));
                prop_assert_ne!(suffixed, slug);
            }
        }

        #[test]
        fn names_with_one_key_have_one_slug(name in NAME) {
            let key = TopicKey::of(&name);
            for same in [name.clone(), format!(" {}\t", name.replace(' ', " \u{3000}")), key.as_str().to_owned()] {
                prop_assert_eq!(TopicKey::of(&same), key.clone());
                prop_assert_eq!(Slug::of(&same, &key), Slug::of(&name, &key));
            }
        }

        #[test]
        fn a_slug_is_the_name_of_itself(name in NAME) {
            let slug = slug(&name);
            prop_assert_eq!(Slug::of(slug.as_str(), &TopicKey::all()), slug);
        }

        #[test]
        fn a_slug_that_is_taken_is_one_that_can_be(text in "[a-z0-9-]{0,66}|con|com[0-9]|index|.{0,3}") {
            if let Ok(slug) = Slug::parse(&text) {
                prop_assert_eq!(slug.as_str(), &text);
                let suffixed = slug.with_suffix(&TopicKey::all());
                prop_assert_eq!(Slug::parse(suffixed.as_str()), Ok(suffixed));
            }
        }
    }
}
