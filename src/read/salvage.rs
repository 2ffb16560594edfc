//! What can be told of an article whose front matter is not YAML: whether it was retracted, and which story it is.
//!
//! Somebody who retracts a story in a hurry may break the file with the same stroke; the story must not stay for it.

use super::field::{Field, Names};
use crate::article::KnownBy;
use crate::link::{EntryId, Link};
use crate::text;

/// What the story is known by, if a line of the top level says that it is retracted.
pub(super) fn retraction(front_matter: &str, names: &Names) -> Option<KnownBy> {
    let mut retracted = false;
    let (mut own, mut amp, mut id) = (Vec::new(), Vec::new(), None);
    for line in front_matter.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        let link = || Link::parse(&text::address(value)).ok();
        match names.article_key(key).map(|(field, _)| field) {
            Some(Field::Deleted | Field::Removed | Field::Draft | Field::Private) => {
                let denied = ["", "false", "no", "off", "n", "0", "~", "null"].contains(&value.to_ascii_lowercase().as_str());
                retracted |= !denied;
            }
            Some(Field::OriginalUrl) => own.splice(0..0, link()).for_each(drop),
            Some(Field::WebUrl) => own.extend(link()),
            Some(Field::AmpWebUrl | Field::CdnAmpWebUrl) => amp.extend(link()),
            Some(Field::Id) => id = EntryId::own(value).ok(),
            _ => {}
        }
    }
    let names = KnownBy::new(&own, &amp, id.as_ref());
    (retracted && !names.own().is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_retraction_still_names_its_story() {
        let names = |text| retraction(text, &Names::default());
        let link = Link::parse("https://example.org/a").expect("an address");
        let known = KnownBy::new([&link], [], None);
        assert_eq!(names("title: A: b\nremoved: true\nwebUrl: \"https://example.org/a\"\n"), Some(known));
        assert_eq!(names("title: A: b\nremoved: false\nwebUrl: https://example.org/a\n"), None);
        assert_eq!(names("title: A: b\nremoved: true\n"), None);
        assert_eq!(names("related:\n  - removed: true\n    webUrl: https://example.org/a\n"), None);
    }
}
