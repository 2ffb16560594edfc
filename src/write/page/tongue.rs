//! Languages on one page: which words are in which, and from which side they are written.

use super::Frame;
use crate::article::Language;

/// How a browser is told what a text is, where it is not what is around it: `lang` and `dir`.
#[derive(Clone, Copy, Default)]
pub(super) struct Tongue<'a> {
    pub(super) lang: Option<&'a str>,
    pub(super) dir: Option<&'static str>,
}

impl Frame<'_> {
    /// For what the pages themselves say, where they have no words in the language of the page.
    pub(super) fn ours(&self) -> Tongue<'static> {
        let same = primary(self.language.as_str()).eq_ignore_ascii_case(self.words.language);
        if same { Tongue::default() } else { Tongue { lang: Some(self.words.language), dir: Some("ltr") } }
    }

    /// For headings of our own: they stay at the side where the others are.
    pub(super) fn our_heading(&self) -> Tongue<'static> {
        Tongue { dir: None, ..self.ours() }
    }

    /// For a text that others wrote, in a language of its own if it says so.
    ///
    /// Its first letter decides about its direction on a page from left to right. On one from right to left it must not, since
    /// Hebrew and Arabic titles often begin with a Latin name.
    pub(super) fn theirs<'t>(&self, text: &str, language: Option<&'t Language>) -> Tongue<'t> {
        match language.filter(|language| !language.as_str().eq_ignore_ascii_case(self.language.as_str())) {
            Some(language) => Tongue { lang: Some(language.as_str()), dir: Some(direction(language)) },
            None if direction(self.language) == "ltr" => Tongue { lang: None, dir: Some("auto") },
            None => Tongue { lang: None, dir: Some("ltr").filter(|_| !text.chars().any(is_right_to_left)) },
        }
    }
}

/// The part of a language tag that names the language.
fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// The side that a language begins at: by its script if the tag names one, else by the one that it is mostly written in.
pub(super) fn direction(language: &Language) -> &'static str {
    const SCRIPTS: [&str; 11] = ["adlm", "arab", "aran", "hebr", "mand", "mend", "nkoo", "rohg", "samr", "syrc", "thaa"];
    const LANGUAGES: [&str; 12] = ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"];
    let tag = language.as_str().to_ascii_lowercase();
    let script = tag.split('-').skip(1).find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let right_to_left = script.map_or_else(|| LANGUAGES.contains(&primary(&tag)), |script| SCRIPTS.contains(&script));
    if right_to_left { "rtl" } else { "ltr" }
}

/// Whether a letter is of a script that is written from right to left (the blocks that Unicode keeps for them).
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
