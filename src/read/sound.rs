//! Whether a related link is surely sound: then the first reading, which keeps nothing of it, need not take it apart.
//!
//! It is a shorter way to "nothing to report", and says no where it is not sure: the whole conversion then has the word.

use super::Rules;
use super::field::Field;
use super::tree::{Node, Value};
use crate::link;
use crate::text;

/// Whether converting this item of `related` would give a link and no finding.
pub(super) fn is_surely_sound(item: Node, rules: &Rules) -> bool {
    let Value::Map(pairs) = item.value() else { return false };
    let (mut titled, mut addressed) = (false, false);
    for pair in pairs {
        if !is_sound(pair, rules) {
            return false;
        }
        let given = !pair.is_null();
        titled |= given && pair.field() == Some(Field::Title);
        addressed |= given && matches!(pair.field(), Some(Field::WebUrl | Field::OriginalUrl));
    }
    titled && addressed
}

/// Whether converting the value of this key would give no finding.
pub(super) fn is_sound(pair: Node, rules: &Rules) -> bool {
    let Some(field) = pair.field() else { return false };
    match (field, pair.value()) {
        (_, Value::Null) => true,
        (Field::Title | Field::Type | Field::Category | Field::Name | Field::Attribution, Value::Text(text)) => {
            text::is_sound_line(text)
        }
        (Field::Excerpt, Value::Text(text)) => text::is_sound_prose(text),
        (Field::Date, Value::Text(text)) => rules.date(text).is_some(),
        (Field::WebUrl | Field::OriginalUrl | Field::AmpWebUrl | Field::CdnAmpWebUrl | Field::Url, Value::Text(text)) => {
            // What holds `&` may hold a character reference.
            link::is_serialised(text) && memchr::memchr(b'&', text.as_bytes()).is_none()
        }
        (Field::Domain, Value::Text(text)) => link::is_name(text),
        (Field::Quality | Field::Heat | Field::Width | Field::Height, Value::Text(text)) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        (Field::Provider, Value::Map(mut pairs)) => pairs.all(|pair| is_sound(pair, rules)),
        (Field::Images, Value::List(mut items)) => items.all(|item| match item.value() {
            Value::Map(mut pairs) => pairs.all(|pair| is_sound(pair, rules)),
            _ => false,
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use chrono_tz::Tz;

    use super::super::field::Names;
    use super::super::tree::Tree;
    use super::super::{front_matter, yaml};
    use std::sync::Arc;

    use super::*;
    use crate::article::Embeds;
    use crate::error::Diagnostic;
    use crate::text::Mojibake;

    /// What there is to report about an article with this related link, whether its links are wanted or only checked.
    fn reported(link: &str, whole: bool) -> (Vec<Diagnostic>, (i64, i64)) {
        let rules = rules(whole);
        let text = format!("---\ntitle: a\ndate: 2020-11-13\nlink: https://example.org/a\nrelated:\n{link}---\n");
        let mut diagnostics = Vec::new();
        front_matter::read(&rules, "a.md", "a.md", text.as_bytes(), &mut Tree::default(), &mut diagnostics);
        (diagnostics, rules.dates.get())
    }

    fn rules(whole: bool) -> Rules {
        let now = "2020-11-20T00:00:00Z".parse().expect("a date");
        let names = Names::default();
        let embeds = Embeds::default();
        Rules {
            names,
            zone: Tz::UTC,
            mojibake: Mojibake::Safe,
            embeds,
            now,
            whole,
            full_text: true,
            keep: crate::read::Keep::default(),
            dates: Arc::default(),
        }
    }

    fn sound(link: &str) -> bool {
        let text = format!("related:\n{link}");
        let mut tree = Tree::default();
        let related = yaml::parse(&text, &Names::default(), &mut tree).expect("YAML").pairs().next();
        match related.map(Node::value) {
            Some(Value::List(mut items)) => is_surely_sound(items.next().expect("a link"), &rules(false)),
            _ => false,
        }
    }

    #[test]
    fn a_link_as_programs_write_it_is_surely_sound() {
        let link = "- title: \"Alexa – now\"\n  excerpt: \"In addition …\"\n  publishedDateTime: 2020-11-13T23:04:00Z\n  webUrl: \
            \"https://www.techradar.com/news/alexa?a=1\"\n  type: article\n  provider:\n    name: TechRadar\n    domain: techradar.com\n  \
            quality: -1\n  images:\n    - url: \"https://cdn.example.org/a.jpg\"\n      width: 970\n      height: 546\n      isCached: true\n";
        assert!(sound(link));
        assert_eq!(reported(link, true).0, []);
    }

    proptest! {
        #[test]
        fn nothing_is_reported_differently_when_links_are_only_checked(
            fields in prop::collection::vec((
                prop::sample::select(vec![
                    "title", "excerpt", "date", "updated", "webUrl", "originalUrl", "ampWebUrl", "type", "quality", "heat", "provider", "images",
                    "image", "locale", "id", "draft", "author", "topics", "featuredContent",
                ]),
                prop::sample::select(vec![
                    "a", "\"\"", "\" \"", "null", "\"a  b\"", "\"Alexaâ€™s\"", "\"a &amp; b\"", "2020-11-13", "2030-01-01", "yesterday", "71", "-1", "x1",
                    "99999999999", "https://example.org/b", "https://example.org/b?a=1&amp;b=2", "http://user:pw@example.org/", "ftp://example.org/",
                    "//example.org", "{name: a, domain: example.org}", "{name: \"\", domain: \"not a domain\"}", "[https://example.org/a.jpg]",
                    "[{url: \"https://example.org/a.jpg\", width: 10}]", "[{url: x, width: wide}]", "[a, [b]]", "{a: b}", "true", "en",
                ]),
            ), 1..7)
        ) {
            let mut seen = Vec::new();
            let mut link = String::new();
            for (key, value) in fields {
                if !seen.contains(&key) {
                    seen.push(key);
                    link = format!("{link}{} {key}: {value}\n", if link.is_empty() { "-" } else { " " });
                }
            }
            prop_assert_eq!(reported(&link, false), reported(&link, true), "{}", link);
        }
    }
}
