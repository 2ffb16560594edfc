//! Damaged articles: the samples cut at every byte, lines swapped, odd characters in every place. Whatever comes of it, there is
//! no panic, every finding has its place in the file, and the secret of the file is in no finding.

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use chrono_tz::Tz;
use feedmill::article::Embeds;
use feedmill::error::{Diagnostic, Severity};
use feedmill::read::field::Names;
use feedmill::read::tree::Tree;
use feedmill::read::{Found, Rules, front_matter};
use feedmill::text::Mojibake;
use proptest::prelude::*;

use crate::mill::{NOW, cases, files};

/// A run of this many characters of the secret is a leak.
const LEAK: usize = 12;

/// A sample article.
struct Sample {
    name: String,
    bytes: Vec<u8>,
    text: String,
    secret: String,
    runs: HashSet<Vec<u8>>,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let folder = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds"));
    let articles = folder.into_iter().filter(|(name, _)| name != "feedmill.yaml");
    let samples: Vec<Sample> = articles
        .map(|(name, bytes)| {
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            let secret = text.split("\nsecured: \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a secret");
            let (secret, runs) = (secret.to_owned(), runs_of(secret));
            Sample { name, bytes, text, secret, runs }
        })
        .collect();
    assert_eq!(samples.len(), 2);
    samples
});

fn runs_of(secret: &str) -> HashSet<Vec<u8>> {
    assert!(secret.len() > 100);
    secret.as_bytes().windows(LEAK).map(<[u8]>::to_vec).collect()
}

fn rules() -> Rules {
    Rules {
        names: Names::default(),
        zone: Tz::UTC,
        mojibake: Mojibake::Safe,
        embeds: Embeds::default(),
        now: NOW.parse().expect("a date"),
        whole: true,
        full_text: true,
        keep: feedmill::read::Keep::default(),
        dates: std::sync::Arc::default(),
    }
}

/// Reads a damaged file and checks everything that is true of every file.
#[track_caller]
fn read(bytes: &[u8], runs: &HashSet<Vec<u8>>) -> Found {
    let mut diagnostics = Vec::new();
    let found =
        front_matter::read(&rules(), "news/2020-11-13-a.md", "2020-11-13-a.md", bytes, &mut Tree::default(), &mut diagnostics);
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    match found {
        Found::Faulty => assert!(errors > 0, "{found:?}"),
        // A retraction that is not in order otherwise counts all the same.
        Found::Retracted(_) => {}
        _ => assert_eq!(errors, 0, "{found:?} {diagnostics:?}"),
    }
    if let Found::Retracted(names) = &found {
        assert!(!names.own().is_empty());
    }
    for diagnostic in &diagnostics {
        check_place(diagnostic, bytes);
        check_secret(&diagnostic.to_string(), runs);
    }
    found
}

/// How many characters a line of a file has, as editors count lines; `None`: there is no such line.
fn length_of_line(bytes: &[u8], number: usize) -> Option<usize> {
    let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    let mut starts = std::iter::once(0).chain((0..bytes.len()).filter(|&at| ends(at)).map(|at| at + 1));
    let rest = &bytes[starts.nth(number.checked_sub(1)?)?..];
    let line = rest.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    Some(String::from_utf8_lossy(line).chars().count())
}

#[track_caller]
fn check_place(diagnostic: &Diagnostic, bytes: &[u8]) {
    let length = length_of_line(bytes, diagnostic.line).unwrap_or_else(|| panic!("no such line: {diagnostic:?}"));
    assert!((1..=length + 1).contains(&diagnostic.column), "the line has {length} characters: {diagnostic:?}");
    assert!(!diagnostic.message.is_empty());
    if let Some(excerpt) = &diagnostic.excerpt {
        let shown = excerpt.text.chars().count();
        assert!(excerpt.before <= shown && excerpt.marked >= 1 && excerpt.before + excerpt.marked <= shown + 1, "{excerpt:?}");
        assert!(!excerpt.text.contains(['\n', '\r', '\0', '\u{1b}']), "{excerpt:?}");
    }
}

#[track_caller]
fn check_secret(text: &str, runs: &HashSet<Vec<u8>>) {
    let leak = text.as_bytes().windows(LEAK).find(|run| runs.contains(*run));
    assert!(leak.is_none(), "a part of the secret is in {text}");
}

/// Does it for every sample, on two threads.
fn for_samples(check: impl Fn(&Sample) + Sync) {
    std::thread::scope(|scope| {
        for sample in &*SAMPLES {
            scope.spawn(|| check(sample));
        }
    });
}

#[test]
fn the_samples_themselves_are_articles_and_keep_no_secret() {
    for sample in &*SAMPLES {
        let found = read(&sample.bytes, &sample.runs);
        assert!(matches!(found, Found::Article(_)), "{}", sample.name);
        check_secret(&format!("{found:?}"), &sample.runs);
    }
}

#[test]
fn a_file_cut_at_any_byte_is_an_error_until_the_fence_is_there() {
    for_samples(|sample| {
        let fence = sample.text.rfind("\n---").expect("a closing fence") + "\n---".len();
        for end in 3..=sample.bytes.len() {
            let found = read(&sample.bytes[..end], &sample.runs);
            assert_eq!(matches!(found, Found::Article(_)), end >= fence, "cut at {end}");
        }
    });
}

#[test]
fn front_matter_cut_at_any_byte_is_read_or_reported() {
    for_samples(|sample| {
        for end in (4..sample.bytes.len()).step_by(17) {
            let mut cut = sample.bytes[..end].to_vec();
            cut.extend(b"\n---\n");
            read(&cut, &sample.runs);
        }
    });
}

#[test]
fn lines_may_be_swapped_doubled_taken_out_or_joined() {
    for_samples(|sample| {
        let lines: Vec<&str> = sample.text.split_inclusive('\n').collect();
        for place in 0..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(place, (place + 1) % lines.len());
            let mut far = lines.clone();
            far.swap(place, (place * 31 + 7) % lines.len());
            let mut doubled = lines.clone();
            doubled.insert(place, lines[place]);
            let mut without = lines.clone();
            without.remove(place);
            let mut joined = lines.clone();
            joined[place] = joined[place].trim_end();
            let mut indented = lines.clone();
            indented.insert(place, "   ");
            // All six in the short sample; in the long one, where lines are much alike, two in turn.
            let long = lines.len() > 100;
            let mangled = [swapped, far, doubled, without, joined, indented].into_iter().enumerate();
            for (_, mangled) in mangled.filter(|(kind, _)| !long || (kind + place) % 3 == 0) {
                let text = mangled.concat();
                if front_matter::begins(text.as_bytes()) {
                    read(text.as_bytes(), &sample.runs);
                }
            }
        }
    });
}

/// What an editor, a converter or a disk may have put where it does not belong.
const ODD: &[&[u8]] = &[
    b"\0",
    "\u{feff}".as_bytes(),
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b":",
    b": ",
    b"-",
    b"\n- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"'",
    b"\\",
    b"#",
    b" #",
    b"&",
    b"*",
    b"!",
    b"%",
    b"@",
    b"`",
    b"|\n",
    b">",
    b",",
    b"?",
    b"~",
    b"\n---\n",
    b"\n...\n",
    b"\x1b[31m",
    "\u{85}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{202e}".as_bytes(),
    "é👩\u{200d}💻".as_bytes(),
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
];

/// `bytes` with `odd` put in at `place`, instead of the byte there or before it.
fn with_odd(bytes: &[u8], place: usize, odd: &[u8], instead: bool) -> Vec<u8> {
    let rest = &bytes[(place + usize::from(instead)).min(bytes.len())..];
    [&bytes[..place], odd, rest].concat()
}

#[test]
fn odd_characters_in_any_place_are_read_or_reported() {
    for_samples(|sample| {
        // The step is prime, so that each odd thing comes to stand in places of every kind.
        for place in (4..sample.bytes.len()).step_by(13) {
            let odd = ODD[(place / 13) % ODD.len()];
            read(&with_odd(&sample.bytes, place, odd, place % 2 == 0), &sample.runs);
        }
    });
}

#[test]
fn odd_characters_at_the_ends_of_keys_and_values_are_read_or_reported() {
    // The shorter sample, in every place where YAML looks for its own signs.
    let sample = SAMPLES.iter().min_by_key(|sample| sample.bytes.len()).expect("a sample");
    let head = sample.text.find("\nrelated:").expect("related links");
    let tail = sample.text.find("\nsecured:").expect("a secret");
    let text = format!("{}{}", &sample.text[..head], &sample.text[tail..]);
    let signs = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b':' | b'"' | b'\n' | b'-')).map(|(place, _)| place);
    for place in signs.filter(|&place| place > 3) {
        for (number, odd) in ODD.iter().enumerate() {
            // Before the sign, or behind it.
            read(&with_odd(text.as_bytes(), place + (place + number) % 2, odd, false), &sample.runs);
        }
    }
}

#[test]
fn a_byte_that_is_not_utf_8_is_shown_where_it_is() {
    let mut diagnostics = Vec::new();
    let bytes = b"\xef\xbb\xbf---\ntitle: \xc3\xa9\xff\n---\n";
    let found = front_matter::read(&rules(), "a.md", "a.md", bytes, &mut Tree::default(), &mut diagnostics);
    assert_eq!(found, Found::Faulty);
    assert_eq!((diagnostics[0].line, diagnostics[0].column), (2, 9));
}

/// The secret may stand under a key that means something elsewhere, or beside one: it is not shown there either.
#[test]
fn a_secret_in_an_odd_place_is_not_shown() {
    let secret = SAMPLES[0].secret.as_str();
    for lines in [
        format!("secured: {secret}: x"),
        format!("secured: \"{secret}"),
        format!("secured: '{secret}\"\ntitle: \"x"),
        format!("secured: [{secret}"),
        format!("secured: {{{secret}"),
        format!("secured: {{title: \"{secret}\" x}}"),
        format!("secured: !{secret} x"),
        format!("secured: !!{secret} x"),
        format!("secured: !<{secret}> x"),
        format!("secured: &{secret} x"),
        format!("secured: *{secret}"),
        format!("secured: %{secret}"),
        format!("%{secret} x"),
        format!("{secret}: 1\n{secret}: 2"),
        format!("? {secret}\n: 1\n? {secret}\n: 2"),
        secret.to_owned(),
        format!("- {secret}"),
        format!("secured:\n- {secret}\n {secret}"),
        format!("secured: |\n  {secret}\n {secret}"),
        format!("secured: \"{secret}\" {secret}"),
        format!("secured: \"\\{secret}\""),
        format!("title: x secured: {secret}"),
        format!("title: [x], secured: {secret}"),
        format!("title: x\n\tsecured: {secret}"),
        format!("published: maybe\nsecured: {secret}"),
    ] {
        let text = format!("---\n{lines}\n---\n");
        read(text.as_bytes(), &runs_of(secret));
    }
}

/// What lies below an unknown key is unknown too, however its own keys are called.
#[test]

fn what_lies_below_an_unknown_key_is_not_shown() {
    let secret = SAMPLES[0].secret.as_str();
    for lines in [
        format!("secured:\n  title: a\n  title: {secret}"),
        format!("secured:\n  url: {secret}: x"),
        format!("secured:\n  name: \"{secret}\" x"),
        format!("tokens:\n- url: {secret}: x"),
    ] {
        let text = format!("---\ntitle: x\n{lines}\n---\n");
        read(text.as_bytes(), &runs_of(secret));
    }
}

/// A password in an address is no less a secret when something else is wrong with the address too.
#[test]

fn a_password_in_an_address_is_not_shown() {
    let password = "QkDxW7pT2mZ5vB9nL4cR8sJ1";
    let runs = password.as_bytes().windows(LEAK).map(<[u8]>::to_vec).collect();
    for address in [
        format!("https://user:{password}@example.org/"),
        format!("https://user:{password}@example.org:99999/"),
        format!("https://user:{password}@exa mple.org/"),
        format!("https://user:/{password}@example.org/"),
        format!("ftp://user:{password}@example.org/"),
        format!("user:{password}@example.org/a"),
        format!("//user:{password}@example.org/a"),
    ] {
        for field in ["webUrl", "originalUrl", "ampWebUrl", "image", "related:\n- title: x\n  webUrl"] {
            let text = format!("---\ntitle: x\ndate: 2020-01-01\nlink: https://example.org/a\n{field}: {address}\n---\n");
            read(text.as_bytes(), &runs);
        }
    }
}

/// Text that YAML, or a field, has an opinion on.
fn any_value() -> impl Strategy<Value = String> {
    let special = [
        "",
        " ",
        "~",
        "null",
        "true",
        "no",
        "-1",
        "1e999",
        "NaN",
        "0x10",
        "2020-11-13",
        "2020-11-13T18:07:00Z",
        "2020-13-45",
        "https://example.org/a",
        "http://[::1]:99999/",
        "https://u:p@e.example/",
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "#",
        " #",
        "- ",
        "-",
        "|",
        ">",
        "\n",
        "\n  ",
        "\r",
        "\t",
        "&a",
        "*a",
        "!!str",
        "!x",
        "%",
        "@",
        "`",
        "\\",
        "\\u00",
        "&#8217;",
        "&amp;",
        "<iframe src=",
        "\u{0}",
        "\u{7}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{202e}",
        "👩\u{200d}💻",
        "é",
        ",",
        "?",
        ":",
        "---",
        "...",
        "a",
    ];
    let part = prop_oneof![
        3 => prop::sample::select(special.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,8}",
    ];
    prop_oneof![prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat()), any::<String>()]
}

const KEYS: &[&str] = &[
    "title",
    "excerpt",
    "description",
    "publishedDateTime",
    "date",
    "updatedDateTime",
    "originalUrl",
    "webUrl",
    "link",
    "ampWebUrl",
    "cdnAmpWebUrl",
    "type",
    "category",
    "quality",
    "heat",
    "published",
    "deleted",
    "removed",
    "draft",
    "private",
    "featuredContent",
    "provider",
    "authors",
    "topics",
    "tags",
    "images",
    "image",
    "locale",
    "id",
    "guid",
    "related",
    "secured",
    "unknown",
    "\"title\"",
];

const INNER: &[&str] =
    &["title", "url", "webUrl", "name", "domain", "width", "date", "images", "provider", "secured", "published"];

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(512), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_may_be_a_file(bytes in prop::collection::vec(any::<u8>(), 0..400), fences in any::<bool>()) {
        let start: &[u8] = if fences { b"---\n" } else { b"" };
        let end: &[u8] = if fences { b"\n---\n" } else { b"" };
        let file = [start, &bytes, end].concat();
        // Whoever calls it asks `begins` first, which has to stand any bytes; what comes through by mistake does no harm either.
        let _ = front_matter::begins(&file);
        read(&file, &HashSet::new());
    }

    #[test]
    fn any_text_may_be_front_matter(text in any_value(), more in any_value(), break_ in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let file = format!("---{break_}title: {text}{break_}{more}{break_}---{break_}");
        read(file.as_bytes(), &HashSet::new());
    }

    #[test]
    fn any_text_may_be_the_value_of_any_key(
        values in prop::collection::vec((prop::sample::select(KEYS), any_value(), any::<u8>()), 1..6),
        inner in prop::collection::vec((prop::sample::select(INNER), any_value()), 0..3),
    ) {
        let mut lines = "date: 2020-11-13\nlink: https://example.org/a\n".to_owned();
        for (key, value, form) in &values {
            let inner: Vec<String> = inner.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let line = match form % 6 {
                0 => format!("{key}: {value}"),
                1 => format!("{key}: \"{quoted}\""),
                2 => format!("{key}:\n- {value}\n- \"{quoted}\""),
                3 => format!("{key}:\n- {}", inner.join("\n  ")),
                4 => format!("{key}:\n  {}", inner.join("\n  ")),
                _ => format!("{key}: {{{}}}", inner.join(", ")),
            };
            lines = format!("{lines}{line}\n");
        }
        read(format!("---\n{lines}---\nbody").as_bytes(), &HashSet::new());
    }

    /// One damage seldom gets past two guards, several at once may.
    #[test]
    fn several_damages_at_once_leak_nothing(
        damages in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(ODD), 0_u8..4), 1..6),
        near in any::<bool>(),
    ) {
        let sample = SAMPLES.iter().min_by_key(|sample| sample.bytes.len()).expect("a sample");
        let secured = sample.text.find("\nsecured:").expect("a secret");
        let mut bytes = sample.bytes.clone();
        for (place, odd, kind) in &damages {
            // Around the key of the secret, or anywhere.
            let place = if near { secured - 24 + place.index(60) } else { 4 + place.index(bytes.len() - 4) };
            let place = place.min(bytes.len() - 1);
            match kind {
                0 => bytes = with_odd(&bytes, place, odd, false),
                1 => bytes = with_odd(&bytes, place, odd, true),
                2 => drop(bytes.remove(place)),
                _ => bytes[place] = bytes[place].wrapping_add(1),
            }
        }
        read(&bytes, &sample.runs);
    }
}
