//! Whether a source line may be shown in a message: not if anything in it can be a secret.

use super::field::Names;

/// Whether this line may be shown; `above` is the front matter before it.
///
/// It has to begin with a known key, and so has every line that it stands below. Everything in it that looks like a key has to
/// be known too, and nothing may look like an address with a password.
pub(super) fn line(above: &str, line: &str, names: &Names) -> bool {
    let Some(key) = key(line) else { return false };
    let Some(value) = line.get(key.end + 1..) else { return false };
    if !names.knows(key.name) || has_password(value) || line.to_ascii_lowercase().contains("secured") {
        return false;
    }
    // In `{name: a, token: b}` and `[{token: b}]` other keys stand in the line.
    if value.trim_start().starts_with(['{', '[']) && !words_before_colons(value).all(|word| names.knows(word)) {
        return false;
    }
    stands_below_known_keys(above, key.column, names)
}

/// Whether a value may hold an address with a password, however it is written.
fn has_password(value: &str) -> bool {
    value.find('@').is_some_and(|at| value[..at].contains(':'))
}

struct Key<'a> {
    name: &'a str,
    /// Where the name begins, after the indentation and the hyphens of lists.
    column: usize,
    /// Where the colon is.
    end: usize,
}

/// The key that a line begins with.
fn key(line: &str) -> Option<Key<'_>> {
    let column = line.len() - line.trim_start_matches([' ', '-']).len();
    let end = column + line[column..].find(':')?;
    Some(Key { name: line[column..end].trim().trim_matches(['"', '\'']), column, end })
}

fn stands_below_known_keys(above: &str, column: usize, names: &Names) -> bool {
    let mut column = column;
    for line in above.split(['\n', '\r']).rev() {
        let blank = line.trim_start_matches([' ', '-']).is_empty() || line.trim_start().starts_with('#');
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if blank || indent >= column {
            continue;
        }
        if !key(line).is_some_and(|key| names.knows(key.name)) {
            return false;
        }
        column = indent;
        if column == 0 {
            break;
        }
    }
    true
}

/// What stands before each colon that a blank follows.
fn words_before_colons(value: &str) -> impl Iterator<Item = &str> {
    value.match_indices(": ").map(|(at, _)| {
        let before = value[..at].trim_end();
        let start = before.rfind(['{', '[', ',', ' ']).map_or(0, |n| n + 1);
        before[start..].trim_matches(['"', '\''])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> bool {
        let (above, last) = text.rsplit_once('\n').unwrap_or(("", text));
        line(above, last, &Names::default())
    }

    #[test]
    fn lines_of_known_keys_are_shown() {
        for text in [
            "title: Amazon: the story",
            "title: @Amazon",
            "related:\n  - title: a\n    link: https://example.org/a\n  - title: b\n    link: b",
            "related:\n  - title: a\n    date: yesterday",
            "related:\n- title: a\n  images:\n  - url: x",
            "title: a\n\n# c\nprovider: {name: a, domain: b}",
            "images: [{url: \"x: y\"}]",
        ] {
            assert_eq!(shown(text), !text.contains("x: y"), "{text}");
        }
    }

    #[test]
    fn lines_that_can_hold_a_secret_are_not() {
        for text in [
            "secured: abc",
            "token: abc",
            "secured:\n  title: abc",
            "x:\n  - y\n  - title: abc",
            "secured: \"abc\n  title: def",
            "related:\n  - token:\n      title: abc",
            "provider: {name: a, token: abc}",
            "related: [{title: a, \"token\": abc}]",
            "link: https://user:pw@example.org/",
            "link: user:pw@example.org/",
            "link: //user:pw@example.org/",
            "no key",
            "- abc",
        ] {
            assert!(!shown(text), "{text}");
        }
    }
}
