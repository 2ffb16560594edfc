//! The parts of a run, each by itself: `cargo bench`.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use feedmill::article::{Article, Embeds};
use feedmill::feed::{Author, Entry, EntryKind, Feed, Look, Reference};
use feedmill::format::Format;
use feedmill::link::Link;
use feedmill::read::field::Names;
use feedmill::read::tree::Tree;
use feedmill::read::{Found, Rules, Span, front_matter, plain_yaml, yaml};
use feedmill::text::{self, Mojibake};
use feedmill::topic::TopicKey;
use feedmill::write;

#[path = "articles.rs"]
#[allow(dead_code)] // it is a program too
mod articles;

fn main() {
    divan::main();
}

fn rules(whole: bool) -> Rules {
    let now = "2021-02-01T00:00:00Z".parse().expect("a date");
    Rules {
        names: Names::default(),
        zone: chrono_tz::Tz::UTC,
        mojibake: Mojibake::Safe,
        now,
        whole,
        full_text: whole,
        keep: feedmill::read::Keep::default(),
        embeds: Embeds::Iframe,
        dates: Arc::new(Span::default()),
    }
}

fn texts() -> Vec<String> {
    (0..100).map(|number| articles::article(number, 100).1).collect()
}

/// What stands between the fences.
fn block(text: &str) -> &str {
    text.strip_prefix("---\n").and_then(|rest| rest.split_once("---\n")).map_or("", |(block, _)| block)
}

fn bytes(texts: &[String]) -> BytesCount {
    BytesCount::new(texts.iter().map(String::len).sum::<usize>())
}

/// Front matter to a tree, by the fast path.
#[divan::bench]
fn front_matter_by_the_fast_path(bencher: Bencher) {
    let (texts, names, mut tree) = (texts(), Names::default(), Tree::default());
    bencher.counter(bytes(&texts)).bench_local(|| {
        for text in &texts {
            assert!(plain_yaml::read(block(text), &names, &mut tree));
        }
    });
}

/// The same by the full parser.
#[divan::bench]
fn front_matter_by_the_full_parser(bencher: Bencher) {
    let (texts, names, mut tree) = (texts(), Names::default(), Tree::default());
    bencher.counter(bytes(&texts)).bench_local(|| {
        for text in &texts {
            assert!(yaml::parse_any(block(text), &names, &mut tree).is_ok());
        }
    });
}

fn read(texts: &[String], rules: &Rules, tree: &mut Tree) -> Vec<Article> {
    let read = texts.iter().map(|text| front_matter::read(rules, "a.md", "a.md", text.as_bytes(), tree, &mut Vec::new()));
    read.filter_map(|found| if let Found::Article(article) = found { Some(*article) } else { None }).collect()
}

/// Bytes to what the index keeps of an article.
#[divan::bench]
fn first_reading(bencher: Bencher) {
    let (texts, rules, mut tree) = (texts(), rules(false), Tree::default());
    bencher.counter(bytes(&texts)).bench_local(|| read(&texts, &rules, &mut tree).len());
}

/// Bytes to a whole article.
#[divan::bench]
fn second_reading(bencher: Bencher) {
    let (texts, rules, mut tree) = (texts(), rules(true), Tree::default());
    bencher.counter(bytes(&texts)).bench_local(|| read(&texts, &rules, &mut tree).len());
}

/// An address to what a story is known by.
#[divan::bench]
fn key_and_fingerprint() -> impl Sized {
    let link = Link::parse(divan::black_box("https://www.example.com/2020/11/amazon-begins-shifting?utm_source=x&id=1#top"));
    link.map(|link| link.key().fingerprint())
}

fn feed() -> Feed {
    let stories = read(&texts(), &rules(true), &mut Tree::default());
    let author =
        |story: &feedmill::article::Story| Author { name: story.provider.name.clone(), uri: story.provider.site.clone() };
    let reference = |story: &feedmill::article::Story| Reference {
        id: story.entry_id(),
        title: story.title.clone(),
        link: story.link.clone(),
        provider: story.provider.name.clone(),
    };
    let entries: Vec<Entry> = stories
        .iter()
        .map(|article| Entry {
            id: article.story.entry_id(),
            kind: EntryKind::Article,
            title: article.story.title.clone(),
            link: article.story.link.clone(),
            published: article.published,
            updated: article.updated,
            author: author(&article.story),
            provider: article.story.provider.name.clone(),
            categories: article.topics.clone(),
            summary: article.story.excerpt.clone(),
            image: article.story.images.first().cloned(),
            embed: None,
            text: article.text.clone(),
            related: article.related.iter().map(|link| reference(&link.story)).collect(),
            language: None,
        })
        .collect();
    let base = Link::parse("https://feeds.example.org/").expect("an address");
    Feed {
        ended: false,
        id: "urn:uuid:62e2d1c4-205f-5772-9e65-4a4c0cc993f1".to_owned(),
        key: TopicKey::all(),
        slug: None,
        title: text::line_of_clean("Benchmark"),
        description: text::line_of_clean("A feed to measure with"),
        home: base.clone(),
        look: Look::default(),
        ttl: 60,
        hub: None,
        base_url: base,
        language: feedmill::article::Language::parse("en").expect("a language"),
        author: Author { name: text::line_of_clean("Benchmark"), uri: None },
        updated: entries.iter().map(|entry| entry.updated).max().expect("an entry"),
        entries,
    }
}

fn size(feed: &Feed, format: Format) -> BytesCount {
    BytesCount::new(write::write(feed, format).expect("a document").bytes.len())
}

/// A feed to the bytes of a document, bodies included.
#[divan::bench(args = Format::ALL)]
fn write_a_document(bencher: Bencher, format: Format) {
    let feed = feed();
    bencher.counter(size(&feed, format)).bench_local(|| write::write(&feed, format));
}

/// A document read back.
#[divan::bench(args = Format::ALL)]
fn read_a_document_back(bencher: Bencher, format: Format) {
    let feed = feed();
    let document = write::write(&feed, format).expect("a document");
    bencher.counter(size(&feed, format)).bench_local(|| write::verify(&document));
}

/// The checksum that the manifest has of a document.
#[divan::bench]
fn checksum(bencher: Bencher) {
    let feed = feed();
    let document = write::write(&feed, Format::Rss).expect("a document");
    bencher.counter(size(&feed, Format::Rss)).bench_local(|| write::sha256(&document.bytes));
}
