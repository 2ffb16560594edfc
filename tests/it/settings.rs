//! What editors and people are told of the site file: the schema, the reference and the examples, each held against the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use feedmill::site::{Overrides, SCHEMA, Site};
use serde_json::{Map, Value, json};

use crate::mill::{Mill, Run};

/// A map of the site file with keys of its own.
struct Level {
    /// The section of the reference that has its keys.
    section: &'static str,
    /// Where the schema has its keys.
    pointer: &'static str,
    /// Where it is in the site file; any name will do for that of a topic or a feed.
    path: &'static [&'static str],
    /// Whether the dials stand there too.
    has_dials: bool,
}

const LEVELS: [Level; 6] = [
    Level { section: "The site", pointer: "/properties", path: &[], has_dials: true },
    Level { section: "Author", pointer: "/$defs/author/properties", path: &["author"], has_dials: false },
    Level { section: "Related links", pointer: "/$defs/related/properties", path: &["related"], has_dials: false },
    Level { section: "Theme", pointer: "/$defs/theme/properties", path: &["theme"], has_dials: false },
    Level { section: "Topics", pointer: "/$defs/topic/properties", path: &["topics", "AI"], has_dials: true },
    Level { section: "Feeds of your own", pointer: "/$defs/feed/properties", path: &["feeds", "Mine"], has_dials: true },
];

/// What may stand for texts in a dial.
const TEXTS: Level = Level { section: "Dials", pointer: "/$defs/choice/anyOf/1/properties", path: &["types"], has_dials: false };

/// The section and the place of the dials, which stand on several levels.
const DIALS: (&str, &str) = ("Dials", "/$defs/dials/properties");

impl Level {
    /// A site file with this on the level.
    fn with(&self, key: &str, value: &Value) -> Value {
        self.path.iter().rev().fold(json!({key: value}), |inner, name| json!({*name: inner}))
    }

    /// The keys that the schema has on the level, without the dials.
    fn own(&self, schema: &Value) -> Map<String, Value> {
        let mut keys = keys(schema, self.pointer);
        if self.has_dials {
            for dial in keys_of(schema, DIALS.1) {
                let said = keys.remove(&dial);
                assert_eq!(said, Some(json!({"$ref": format!("#{}/{dial}", DIALS.1)})), "{}: {dial}", self.section);
            }
        }
        keys
    }
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("JSON")
}

/// What the schema says of the keys at a place.
fn keys(schema: &Value, pointer: &str) -> Map<String, Value> {
    schema.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("nothing is at {pointer}")).clone()
}

fn keys_of(schema: &Value, pointer: &str) -> BTreeSet<String> {
    keys(schema, pointer).into_iter().map(|(key, _)| key).collect()
}

/// What the schema says of a key, with all that it refers to.
fn whole(schema: &Value, said: &Value) -> Map<String, Value> {
    let mut whole = said.as_object().expect("an object").clone();
    while let Some(Value::String(place)) = whole.remove("$ref") {
        let more = schema.pointer(place.trim_start_matches('#')).and_then(Value::as_object).expect("what it refers to");
        for (key, value) in more {
            whole.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    whole
}

/// What the schema has to say against a site file, and of which place.
fn faults(site: &Value) -> Vec<(String, String)> {
    let validator = jsonschema::draft202012::new(&schema()).expect("a schema");
    validator.iter_errors(site).map(|fault| (fault.instance_path().to_string(), fault.to_string())).collect()
}

/// A folder with an article on each of the topics, and with the files, that examples name.
fn mill() -> Mill {
    let topics = ["AI", "AI Hardware", "Artificial Intelligence", "Chips", "Microsoft", "Power Automate", "Robots", "Rumours"];
    let mill = topics
        .into_iter()
        .fold(Mill::new(), |mill, topic| mill.story(&format!("news/{topic}.md"), &format!("On {topic}"), "2020-11-10", topic));
    ["own.css", "logo.svg", "icon.png", "pictures/ai-hardware.png"].into_iter().fold(mill, |mill, path| mill.file(path, ""))
}

/// What the program makes of a site file.
fn check(mill: Mill, text: &str) -> Run {
    mill.file("feedmill.yaml", text).run("check news")
}

/// Who does not take a site file, the schema or the program, and why.
fn refused(mill: Mill, text: &str) -> Option<String> {
    let faults = faults(&serde_yaml::from_str(text).expect("YAML"));
    let run = check(mill, text);
    let said = || format!("{text}\nschema: {faults:?}\nprogram: {}", run.stderr);
    (!faults.is_empty() || run.status != Some(0)).then(said)
}

#[track_caller]
fn none(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn text_of(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// A line of a table in the reference.
#[derive(Debug)]
struct Row {
    value: String,
    default: String,
}

/// The rows of the reference by section and key.
fn reference() -> BTreeMap<String, BTreeMap<String, Row>> {
    let mut sections: BTreeMap<String, BTreeMap<String, Row>> = BTreeMap::new();
    let mut section = String::new();
    let text = text_of("docs/settings.md");
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        }
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells = cells.replace("\\|", "¦");
        let cells: Vec<&str> = cells.split(" | ").collect();
        if cells == ["key", "value", "default", "meaning"] || cells == ["---"; 4] {
            continue;
        }
        let [key, value, default, meaning] = cells[..] else { panic!("four columns are wanted: {line}") };
        let key = key.strip_prefix('`').and_then(|key| key.strip_suffix('`')).unwrap_or_else(|| panic!("no key: {line}"));
        assert!(!value.is_empty() && !default.is_empty() && !meaning.is_empty(), "{line}");
        let row = Row { value: value.to_owned(), default: default.to_owned() };
        let before = sections.entry(section.clone()).or_default().insert(key.to_owned(), row);
        assert!(before.is_none(), "`{key}` has two rows in {section}");
    }
    sections
}

/// The YAML blocks of a text, each with what stands behind `yaml` on its first line.
fn examples(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("\n```yaml").skip(1);
    blocks.map(|block| block.split("\n```").next().and_then(|block| block.split_once('\n')).expect("lines")).collect()
}

#[test]
fn the_command_prints_the_schema_as_it_is() {
    let run = Mill::new().run("schema").status(0).stderr("");
    assert_eq!(run.stdout, text_of("src/site/schema.json"));
    let _ = Mill::new().run("schema more").status(2).stdout("");
}

#[cfg(target_os = "linux")]
#[test]
fn a_schema_that_cannot_be_printed_is_a_failure() {
    let _ = Mill::new()
        .run_after("exec > /dev/full", "schema")
        .status(2)
        .stderr("feedmill: standard output cannot be written: No space left on device (os error 28)");
}

#[test]
fn the_schema_is_one_and_explains_every_key() {
    let schema = schema();
    jsonschema::draft202012::meta::validate(&schema).expect("a schema");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for pointer in LEVELS.iter().map(|level| level.pointer).chain([DIALS.1]) {
        for (key, said) in keys(&schema, pointer) {
            let whole = whole(&schema, &said);
            let text = |what: &str| whole.get(what).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (title, description) = (text("title"), text("description"));
            assert!(!title.is_empty() && !title.ends_with('.'), "{pointer}/{key}: {title:?}");
            // One sentence: what an editor shows beside the line.
            let is_sentence = description.ends_with('.') && !description.contains(". ") && description.len() < 200;
            assert!(is_sentence && description.starts_with(char::is_uppercase), "{pointer}/{key}: {description:?}");
        }
        let parent = pointer.trim_end_matches("/properties");
        let closed = pointer == DIALS.1 || schema.pointer(parent).is_some_and(|level| level["additionalProperties"] == false);
        assert!(closed, "{parent} takes any key");
    }
}

/// Each level is asked by a key that is like none.
#[test]
fn the_schema_has_the_keys_that_the_program_knows() {
    let schema = schema();
    for level in LEVELS.iter().chain([&TEXTS]) {
        let run = check(mill(), &level.with("zzzzzzzz", &json!("x")).to_string());
        let known = run.stderr.split("the keys that may stand here: ").nth(1).unwrap_or_else(|| panic!("{}", run.stderr));
        let known: BTreeSet<String> = known.trim().split(", ").map(str::to_owned).collect();
        assert_eq!(keys_of(&schema, level.pointer), known, "{}", level.section);
    }
}

/// What the program makes of a site file in the schema's words, or what it says against it.
fn read(mill: &Mill, site: &Value) -> Result<Site, String> {
    Site::parse(&mill.path("feedmill.yaml"), &site.to_string(), &Overrides::default()).map_err(|error| error.to_string())
}

/// A site file that says what the schema has for a default is one that says nothing.
#[test]
fn defaults_are_those_of_the_program() {
    let (schema, mill) = (schema(), mill());
    let meant = |site: &Value| {
        // That the owner says so is all that is different.
        let site = read(&mill, site).map(|site| Site { base_url_given: false, ..site });
        format!("{site:?}")
    };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for level in &LEVELS {
        let without = level.path.iter().rev().fold(json!({}), |inner, name| json!({*name: inner}));
        for (key, said) in level.own(&schema) {
            let Some(default) = whole(&schema, &said).remove("default") else { continue };
            let given = level.with(&key, &default);
            let faults = faults(&given);
            if !faults.is_empty() || read(&mill, &given).is_err() || meant(&given) != meant(&without) {
                wrong.push(format!("{given}\nschema: {faults:?}\nprogram: {}", meant(&given)));
            }
            seen += 1;
        }
    }
    none(wrong);
    assert!(seen > 18, "{seen}");
}

#[test]
fn every_choice_is_one_to_the_program() {
    let (schema, mill) = (schema(), mill());
    let mut choices: Vec<Value> = Vec::new();
    for level in &LEVELS {
        for (key, said) in level.own(&schema) {
            let whole = whole(&schema, &said);
            let of = |value: Option<&Value>| {
                value.and_then(|value| value.get("enum")).and_then(Value::as_array).cloned().unwrap_or_default()
            };
            choices.extend(of(Some(&json!(whole))).iter().map(|choice| level.with(&key, choice)));
            let names = of(whole.get("propertyNames"));
            choices.extend(names.iter().map(|name| level.with(&key, &json!({name.as_str().expect("a text"): "own"}))));
        }
    }
    assert!(choices.len() > 60, "{}", choices.len());
    none(choices.iter().filter_map(|choice| read(&mill, choice).err().map(|error| format!("{choice}\n{error}"))));
}

#[test]
fn the_reference_has_a_row_for_every_key_and_no_other() {
    let schema = schema();
    let reference = reference();
    let mut expected: BTreeMap<&str, BTreeSet<String>> =
        LEVELS.iter().map(|level| (level.section, level.own(&schema).into_iter().map(|(key, _)| key).collect())).collect();
    expected.insert(DIALS.0, keys_of(&schema, DIALS.1));
    let rows = |rows: &BTreeMap<String, Row>| rows.keys().cloned().collect::<BTreeSet<String>>();
    let found: BTreeMap<&str, BTreeSet<String>> = reference.iter().map(|(section, keys)| (&**section, rows(keys))).collect();
    assert_eq!(found, expected);

    // Where the dials may stand too, this is said.
    let text = text_of("docs/settings.md");
    for level in &LEVELS {
        let section = text.split("\n## ").find(|section| section.starts_with(level.section)).expect("a section");
        assert_eq!(
            section.contains("[dials](#dials) may stand here") || section.contains("the [dials](#dials) besides"),
            level.has_dials
        );
    }
}

#[test]
fn the_reference_and_the_schema_say_the_same_of_values_and_defaults() {
    let schema = schema();
    let reference = reference();
    let places = LEVELS.iter().map(|level| (level.section, level.own(&schema))).chain([(DIALS.0, keys(&schema, DIALS.1))]);
    for (section, keys) in places {
        for (key, said) in keys {
            let (said, row) = (whole(&schema, &said), &reference[section][&key]);
            let code = row.default.strip_prefix('`').and_then(|default| default.strip_suffix('`'));
            match (said.get("default"), code) {
                (Some(Value::String(default)), Some(code)) => assert_eq!(default, code, "{section}: {key}"),
                (Some(default), Some(code)) => {
                    assert_eq!(Ok(default), serde_yaml::from_str(code).as_ref().map_err(drop), "{section}: {key}");
                }
                // The value of another key.
                (None, Some(code)) => assert!(said["description"].as_str().is_some_and(|text| text.contains(code)), "{row:?}"),
                (None, None) => {}
                (Some(default), None) => panic!("{section}: {key}: {default} is the default in the schema alone"),
            }
            let of_items = said.get("items").unwrap_or(&Value::Null);
            for choice in [said.get("enum"), of_items.get("enum")].into_iter().flatten().filter_map(Value::as_array).flatten() {
                let named = choice.as_str().is_none_or(|choice| row.value.contains(&format!("`{choice}`")));
                assert!(named, "{section}: {key}: {choice} is not in {row:?}");
            }
            if let (Some(least), Some(most)) = (said.get("minimum"), said.get("maximum")) {
                assert!(row.value.contains(&format!("{least} to {most}")), "{section}: {key}: {row:?}");
            }
            if said.get("type") == Some(&json!("boolean")) {
                assert_eq!(row.value, "`true` or `false`", "{section}: {key}");
            }
        }
    }
}

#[test]
fn every_example_of_the_reference_can_be_used() {
    let text = text_of("docs/settings.md");
    let (sites, others): (Vec<_>, Vec<_>) = examples(&text).into_iter().partition(|(path, _)| path.is_empty());
    assert!(sites.len() > 4 && !others.is_empty());
    let mill = || others.iter().fold(mill(), |mill, (path, file)| mill.file(path.trim(), file));
    none(sites.iter().filter_map(|(_, site)| refused(mill(), site)));
}

#[test]
fn the_example_of_the_readme_can_be_used() {
    let text = text_of("README.md");
    let section = text.split("\n## ").find(|section| section.starts_with("The site file\n")).expect("a section");
    let examples = examples(section);
    assert_eq!(examples.len(), 1);
    assert!(section.contains("(docs/settings.md)"));
    none(refused(mill().file("topics/ai-hardware.yaml", "name: AI Hardware\n"), examples[0].1));
}

/// Every line of it that is commented out is one that can be used.
#[test]
fn what_init_writes_can_be_used_with_its_comments_taken_off() {
    let text = text_of("src/init.yaml").replace("{id}", "example");
    let begins = |rest: &&str| {
        rest.starts_with("  ") || rest.split(':').next().is_some_and(|key| key.chars().all(|c| c.is_lowercase() || c == '_'))
    };
    let lines: Vec<&str> = text.lines().map(|line| line.strip_prefix("# ").filter(begins).unwrap_or(line)).collect();
    assert!(lines.contains(&"base_url: https://feeds.example.org/") && lines.contains(&"    slug: ai"), "{lines:?}");
    none(refused(mill().file("topics/ai-hardware.yaml", "name: AI Hardware\n"), &lines.join("\n")));
}

/// Ways of writing that are not those of the reference, and are taken all the same.
#[test]
fn the_schema_takes_what_the_program_takes() {
    let texts = [
        "title: 2024",
        "id: 5",
        "base_url: HTTPS://example.org",
        "home: https://example.org?a=@b",
        "home: https://example.org/@people/",
        "language: pt_BR.UTF-8",
        "timezone: EST5EDT",
        "timezone: Etc/GMT+5",
        "articles: news",
        "exclude: []",
        "block: [example.org, ' https://example.com/one story ', '*.example.net']",
        "block: []",
        "fields: {tags: labels, date: []}",
        "mojibake: off",
        "mojibake: false",
        "formats: [rss, rss]",
        "theme: {}",
        "precompress: gzip",
        "precompress: []",
        "also: feed",
        "also: [404, old/index.xml]",
        "also: {feed: json}",
        "cache_control: no-store",
        "destination: ' S3://bucket '",
        "destination: az://$web/feeds/",
        "hub: http://localhost:8080/hub",
        "hub: http://127.1.2.3",
        "hub: 'http://[::1]:5/'",
        "related: {min_quality: -5}",
        "topics: {AI: }",
        "topics: {AI: {slug: 2024, former: [2023, ai]}}",
        "topics: {AI: {former: ai}}",
        "topics: {AI: {key: 5, title: 1.5}}",
        "max_age: 30",
        "max_age: 90 min",
        "max_age: 1y",
        "min_heat: -1",
        "types: article",
        "types: []",
        "categories: {}",
        "providers: {include: example.org}",
        "related: {providers: example.org, max_age: 12h}",
        "topics_from: [a/*.yaml, b/*.yaml]",
        "topics: {Child: {parent: AI, aliases: kid}}",
        "topics: {AI: {image: 'https://example.org/picture'}}",
        "feeds: {All: {limit: 5}}",
        "feeds: {Mine: {any: AI, all: [AI], none: []}}",
        "feeds: {From: {each: category, limit: 5}}",
    ];
    let mill = || mill().file("a/ai.yaml", "name: AI\n").file("b/chips.yaml", "name: Chips\n");
    none(texts.into_iter().filter_map(|text| refused(mill(), text)));
}

/// Values that cannot be followed, of keys that are known.
const WRONG: &[&str] = &[
    "id: ''",
    "base_url: feeds.example.org",
    "base_url: https://example.org/?a=1",
    "base_url: https://user:word@example.org/",
    "title: [A]",
    "language: english please",
    "timezone: ''",
    "author: Somebody",
    "author: {uri: 'https://example.org/'}",
    "author: {name: A, uri: example.org}",
    "home: example.org",
    "articles: {news: x}",
    "out: ''",
    "limit: many",
    "limit: 0",
    "limit: 10001",
    "limit: 1.5",
    "require_published: perhaps",
    "block: spam.example",
    "block: [spam.example/story]",
    "fields: {pubdate: x}",
    "fields: [date]",
    "mojibake: repair",
    "content: all",
    "embeds: none",
    "formats: rss",
    "formats: []",
    "formats: [opml, pages]",
    "formats: [rss, html]",
    "browser_style: 1",
    "theme: own.css",
    "theme: {css: logo.svg}",
    "theme: {logo: own.css}",
    "also: 404",
    "also: [../feed.xml]",
    "also: [.htaccess]",
    "also: {feed.xml: opml}",
    "stale: gone",
    "precompress: zip",
    "precompress: {gzip: x}",
    "ttl: 0",
    "ttl: 10081",
    "cache_control: ''",
    "cache_control: 'max-age=\"5\"'",
    "host: iis",
    "destination: ftp://bucket",
    "destination: s3://key:word@bucket",
    "hub: http://hub.example.org/",
    "hub: http://localhost.example.org/",
    "hub: https://hub.example.org/#a",
    "related: both",
    "related: {mode: all}",
    "related: {per_article: 0}",
    "related: {min_quality: high}",
    "topics: [AI]",
    "topics: {AI: ai}",
    "topics: {AI: {slug: A I}}",
    "topics: {AI: {slug: -a}}",
    "topics: {AI: {slug: feeds}}",
    "topics: {AI: {slug: lpt1}}",
    "topics: {AI: {former: {a: b}}}",
    "topics: {AI: {key: ''}}",
    "topics: {AI: {content: all}}",
    "min_quality: high",
    "min_heat: [1]",
    "max_age: soon",
    "max_age: 3 fortnights",
    "max_age: -1",
    "types: {exclude: {a: b}}",
    "categories: {include: {a: b}}",
    "title_matches: {exclude: {a: b}}",
    "related: {max_age: soon}",
    "related: {providers: {include: {a: b}}}",
    "related: {merge_same_title: perhaps}",
    "topics_from: {a: b}",
    "stories: perhaps",
    "min_items: -1",
    "topics: {AI: {limit: 0}}",
    "topics: {AI: {limit: many}}",
    "topics: {AI: {min_items: 10001}}",
    "topics: {AI: {hidden: perhaps}}",
    "topics: {AI: {image: picture.txt}}",
    "topics: {AI: {language: english please}}",
    "topics: {AI: {related: {mode: all}}}",
    "topics: {AI: {max_age: soon}}",
    "topics: {AI: {parent: [A, B]}}",
    "feeds: [Mine]",
    "feeds: {Mine: {top: perhaps}}",
    "feeds: {Mine: {each: title}}",
    "feeds: {Mine: {each: provider, title: A}}",
    "feeds: {Mine: {each: provider, slug: a}}",
    "feeds: {Mine: {each: category, former: a}}",
    "feeds: {Mine: {each: category, image: logo.svg}}",
    "feeds: {Mine: {each: category, also: feed.xml}}",
    "feeds: {Mine: {limit: 0}}",
    "feeds: {Mine: {any: {a: b}}}",
];

/// The program must refuse each for its value, and not since it does not know the key.
#[test]
fn both_refuse_wrong_values() {
    let taken = |text: &str| {
        let key = text.split(':').next().expect("a key");
        let faults = faults(&serde_yaml::from_str(text).expect("YAML"));
        let run = check(mill(), text);
        let by_schema = faults.iter().any(|(place, _)| place.split('/').nth(1) == Some(key));
        let by_program = run.status == Some(2) && run.stderr.starts_with("feedmill: feedmill.yaml:");
        let refused = by_schema && by_program && !run.stderr.contains(": the key `");
        (!refused).then(|| format!("{text}\nschema: {faults:?}\nprogram: {}", run.stderr))
    };
    none(WRONG.iter().filter_map(|text| taken(text)));
    // The fault is of two keys, and the schema places it at the map of both.
    let site = "host_root: public";
    assert!(!faults(&serde_yaml::from_str(site).expect("YAML")).is_empty());
    let _ = check(mill(), site).status(2);
}

#[test]
fn both_refuse_unknown_keys_on_every_level() {
    for level in LEVELS.iter().chain([&TEXTS]) {
        let site = level.with("zzzzzzzz", &json!("x"));
        let place: String = level.path.iter().flat_map(|name| ["/", name]).collect();
        assert!(faults(&site).iter().any(|(found, why)| *found == place && why.contains("zzzzzzzz")), "{site}");
        let run = check(mill(), &site.to_string()).status(2);
        assert!(run.stderr.contains("the key `zzzzzzzz` is not known"), "{site}: {}", run.stderr);
    }
}
