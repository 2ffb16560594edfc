//! Documents come back as the feed that they were made of, whoever reads them and whatever stands in it.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, Utc};
use feedmill::article::{Embed, Embeds, Image, Language};
use feedmill::feed::{Author, Entry, EntryKind, Feed, Look, Reference, Subscription, SubscriptionList};
use feedmill::format::Format;
use feedmill::link::{EntryId, Link};
use feedmill::text::html::Html as FullText;
use feedmill::text::{self, Line, Mojibake, Prose};
use feedmill::topic::{Slug, TopicKey};
use feedmill::write::{Document, Outline, cut, entries, outline, verify, verify_list, write, write_list, write_with};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::mill::cases;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
const THREAD: &str = "http://purl.org/syndication/thread/1.0";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Text that has broken a feed somewhere, or would break one here if any step were left out.
pub const HOSTILE: &[&str] = &[
    "]]>",
    "]]]]><![CDATA[>",
    "<![CDATA[ x ]]> and ]]&gt;",
    "<script>alert(1)</script>",
    "</p></content></entry></feed>",
    "</title><title>x",
    "\"><script src=//e.example></script>",
    "\" onerror=\"alert(1)",
    "' onerror='alert(1)",
    "&amp;",
    "&amp;amp;lt;b&amp;gt;",
    "&amp;#60;script&amp;#62;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "AT&T <3 “x” & R&D;x &copy &unknown;",
    "Amazon.com Inc <AMZN.O>",
    "<!-- x --> <?xml version=\"1.0\"?> <!DOCTYPE x>",
    "<!-- -- -->",
    "\"quoted\" 'and' `ticked`",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈 e\u{301} ❤\u{fe0f}",
    "שלום \u{200f}עולם\u{200e} مرحبا \u{202e}evil\u{202c} \u{2066}x\u{2069}",
    "a\u{85}b\u{2028}c\u{2029}d\u{a0}e\u{3000}f",
    "\0\u{1}\u{7}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}\u{80}\u{92}\u{9f}x",
    "\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{fdd0}\u{feff}x\u{fffd}",
    "a\rb\r\nc\nd\te",
    "a\n\nb\r\n\r\nc\r\rd",
    "  \u{a0}leading and trailing\u{a0} \n",
    "Alexaâ€™s “quotedâ€ â€\u{9d}",
    "\u{10000}\u{10fffd}\u{e000}\u{d7ff}",
    "{{ template }} ${shell} %s %n \\ \\n \\u0041",
    "javascript:alert(1)",
];

pub fn line(raw: &str) -> Line {
    text::line(raw, Mojibake::Safe).text
}

/// A line that has something to show, as every title and name of a feed has.
pub fn name(raw: &str) -> Line {
    Some(line(raw)).filter(|line| !line.is_empty()).unwrap_or_else(|| line("Untitled"))
}

fn prose(raw: &str) -> Prose {
    text::prose(raw, Mojibake::Safe).text
}

fn link(raw: &str) -> Link {
    Link::parse(raw).unwrap_or_else(|error| panic!("{raw:?} {error}"))
}

/// An address that has odd text in its path, query and fragment.
fn odd_link(odd: &str) -> Link {
    let odd: String = odd.chars().take(40).collect();
    link(&format!("https://example.org/a/{odd}?a=1&amp=2&b={odd}&lt;=3&\"x\"='y'&#{odd}"))
}

fn date(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).expect("a date")
}

/// The full text of an article with this markup.
fn full_text(markup: &str) -> Option<FullText> {
    FullText::clean(markup, &link("https://example.org/a/b"), Embeds::Iframe).ok().flatten()
}

/// Four texts go everywhere that text can go.
pub fn entry(texts: [&str; 4], kind: u8, seconds: i64) -> Entry {
    let [a, b, c, d] = texts;
    let reference = |raw: &str| Reference {
        id: EntryId::from_key(&odd_link(raw).key()),
        title: name(raw),
        link: odd_link(raw),
        provider: name(raw),
    };
    Entry {
        id: EntryId::own(a).unwrap_or_else(|_| EntryId::from_key(&odd_link(a).key())),
        kind: match kind % 3 {
            0 => EntryKind::Article,
            1 => EntryKind::Related { parents: vec![reference(c)] },
            _ => EntryKind::Related { parents: vec![reference(b), reference(d)] },
        },
        title: name(a),
        link: odd_link(b),
        published: date(seconds),
        updated: date(seconds + i64::from(kind)),
        author: Author { name: name(c), uri: kind.is_multiple_of(2).then(|| odd_link(d)) },
        provider: name(d),
        categories: [a, b, c, d].map(name).into_iter().take(usize::from(kind) % 5).collect(),
        summary: if kind % 7 == 6 { Prose::default() } else { prose(&format!("{b}\n\n{a}")) },
        image: (!kind.is_multiple_of(4)).then(|| Image {
            link: odd_link(c),
            width: (kind % 4 > 1).then_some(1200),
            height: (kind % 4 > 2).then_some(u32::MAX),
            title: line(d),
            attribution: line(b),
        }),
        embed: match kind % 5 {
            4 => Embed::new(link("https://www.youtube.com/embed/WJk-Y8LQlfE?a=1&b=2"), Embeds::Iframe),
            3 => Embed::new(link("https://www.youtube.com/embed/WJk-Y8LQlfE"), Embeds::Link),
            2 => Embed::new(link("https://odd.example/frame?a=1&b=2"), Embeds::Iframe),
            _ => None,
        },
        text: (kind % 4 == 1).then(|| full_text(&format!("<p>{a}</p><img src=\"{b}\"><p title=\"{c}\">{d}"))).flatten(),
        related: if kind.is_multiple_of(3) { vec![reference(b), reference(c)] } else { Vec::new() },
        language: (kind % 6 == 5).then(|| Language::parse("pt-BR").expect("a tag")),
    }
}

fn feed(texts: [&str; 4], entries: Vec<Entry>) -> Feed {
    let [a, b, c, d] = texts;
    let slug = Slug::of(name(a).as_str(), &TopicKey::of(a));
    Feed {
        ended: false,
        id: feedmill::link::feed_id(a, b),
        key: TopicKey::of(a),
        slug: Some(slug),
        title: name(a),
        description: name(b),
        home: odd_link(c),
        base_url: link("https://feeds.example.org/below/"),
        language: Language::parse("en").expect("a tag"),
        author: Author { name: name(d), uri: None },
        look: Look {
            style: a.len().is_multiple_of(2),
            logo: Some(odd_link(b)),
            icon: Some(link("https://feeds.example.org/a&b.png")),
        },
        ttl: 60,
        hub: (b.len() % 3 > 0).then(|| odd_link(d)),
        updated: entries.iter().map(|entry| entry.updated).max().unwrap_or_default(),
        entries,
    }
}

/// What a reader finds in a feed.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    title: String,
    description: String,
    home: String,
    address: String,
    hub: Option<String>,
    language: String,
    /// JSON Feed does not say.
    updated: Option<DateTime<Utc>>,
    entries: Vec<SeenEntry>,
}

/// What a reader finds in an entry, of what every format can say.
#[derive(Debug, PartialEq, Eq)]
struct SeenEntry {
    id: String,
    title: String,
    link: String,
    published: DateTime<Utc>,
    categories: Vec<String>,
    author: String,
    summary: Vec<String>,
    body: String,
    media: Vec<(String, Option<String>, Option<String>)>,
    language: Option<String>,
}

fn expected(feed: &Feed, format: Format) -> Seen {
    Seen {
        title: feed.title.to_string(),
        description: feed.description.to_string(),
        home: feed.home.to_string(),
        address: feed.address(format).to_string(),
        hub: feed.hub.as_ref().map(Link::to_string),
        language: feed.language.as_str().to_owned(),
        updated: (format != Format::Json).then_some(feed.updated),
        entries: feed.entries.iter().map(|entry| expected_entry(entry, format)).collect(),
    }
}

fn expected_entry(entry: &Entry, format: Format) -> SeenEntry {
    let size = |size: Option<u32>| size.map(|size| size.to_string());
    let media = entry.image.iter().map(|image| (image.link.to_string(), size(image.width), size(image.height)));
    let media: Vec<_> = media.collect();
    let media = match format {
        Format::Rss | Format::Atom => [media.clone(), media].concat(),
        Format::Json => entry.image.iter().map(|image| (image.link.to_string(), None, None)).collect(),
    };
    SeenEntry {
        id: entry.id.to_string(),
        title: entry.title.to_string(),
        link: entry.link.to_string(),
        published: entry.published,
        categories: entry.categories.iter().map(Line::to_string).collect(),
        author: entry.author.name.to_string(),
        summary: entry.summary.paragraphs().map(str::to_owned).collect(),
        // The body has a check of its own.
        body: String::new(),
        media,
        language: entry.language.as_ref().map(|language| language.as_str().to_owned()),
    }
}

type Node<'a> = roxmltree::Node<'a, 'a>;

fn children<'a>(node: Node<'a>, space: &'a str, name: &'a str) -> impl Iterator<Item = Node<'a>> {
    node.children().filter(move |child| {
        let tag = child.tag_name();
        child.is_element() && tag.name() == name && tag.namespace().unwrap_or_default() == space
    })
}

/// All text in the one element of this name.
#[track_caller]
fn one(node: Node<'_>, space: &str, name: &str) -> String {
    let found: Vec<_> = children(node, space, name).collect();
    assert_eq!(found.len(), 1, "{name} in {node:?}");
    content(found[0])
}

fn content(node: Node<'_>) -> String {
    assert!(node.children().all(|child| child.is_text()), "only text in {node:?}");
    node.children().filter_map(|child| child.text()).collect()
}

fn attribute(node: Node<'_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

fn media(node: Node<'_>) -> Vec<(String, Option<String>, Option<String>)> {
    let elements = children(node, MEDIA, "content").chain(children(node, MEDIA, "thumbnail"));
    let elements = elements.inspect(|element| assert!(!element.has_children(), "{element:?} is empty"));
    elements
        .map(|element| {
            let is_content = element.tag_name().name() == "content";
            assert_eq!(element.attribute("medium"), is_content.then_some("image"));
            (attribute(element, "url").expect("a url"), attribute(element, "width"), attribute(element, "height"))
        })
        .collect()
}

fn rfc822(text: &str) -> DateTime<Utc> {
    assert!(text.ends_with(" +0000") && text.len() == "Fri, 13 Nov 2020 18:07:00 +0000".len(), "{text}");
    DateTime::parse_from_rfc2822(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_utc()
}

fn rfc3339(text: &str) -> DateTime<Utc> {
    assert!(!text.contains('.'), "newsboat loses the zone behind a fraction: {text}");
    DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_utc()
}

fn seen(document: &Document) -> Seen {
    let text = std::str::from_utf8(&document.bytes).expect("UTF-8");
    match document.format {
        Format::Rss => seen_rss(xml(text).root_element()),
        Format::Atom => seen_atom(xml(text).root_element()),
        Format::Json => seen_json(text),
    }
}

fn xml(text: &str) -> roxmltree::Document<'_> {
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<"), "{}", &text[..60]);
    assert!(text.ends_with(">\n") && !text.contains('\r'));
    roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn seen_rss(root: Node<'_>) -> Seen {
    assert_eq!((root.tag_name().name(), root.attribute("version")), ("rss", Some("2.0")));
    let channel = children(root, "", "channel").next().expect("a channel");
    let mut links = children(channel, ATOM, "link");
    let address = links.next().expect("a self link");
    let hub = seen_hub(links);
    assert_eq!((address.attribute("rel"), address.attribute("type")), (Some("self"), Some("application/rss+xml")));
    let entries = children(channel, "", "item").map(|item| {
        let guid = children(item, "", "guid").next().expect("a guid");
        assert_eq!(guid.attribute("isPermaLink"), Some("false"));
        assert_eq!(children(item, "", "author").count() + children(item, "", "enclosure").count(), 0);
        // A consumer that takes whichever comes last has to find the whole content.
        let place = |name: &str| item.children().position(|child| child.tag_name().name() == name);
        let encoded = children(item, CONTENT, "encoded").next().map(content);
        assert!(encoded.is_none() || place("description") < place("encoded"), "description stands first");
        // Without an excerpt the body is the description, and stands once.
        let description = one(item, "", "description");
        let (summary, body) = match encoded {
            Some(body) => (paragraphs(&description), body),
            None => (Vec::default(), description),
        };
        SeenEntry {
            id: one(item, "", "guid"),
            title: one(item, "", "title"),
            link: one(item, "", "link"),
            published: rfc822(&one(item, "", "pubDate")),
            categories: children(item, "", "category").map(content).collect(),
            author: one(item, DUBLIN_CORE, "creator"),
            summary,
            body,
            media: media(item),
            language: children(item, DUBLIN_CORE, "language").next().map(content),
        }
    });
    Seen {
        title: one(channel, "", "title"),
        description: one(channel, "", "description"),
        home: one(channel, "", "link"),
        address: attribute(address, "href").expect("an address"),
        hub,
        language: one(channel, "", "language"),
        updated: Some(rfc822(&one(channel, "", "lastBuildDate"))),
        entries: entries.collect(),
    }
}

fn seen_atom(root: Node<'_>) -> Seen {
    let alternate = |node: Node<'_>| {
        let first = children(node, ATOM, "link").next().expect("a link");
        assert_eq!((first.attribute("rel"), first.attribute("type")), (Some("alternate"), Some("text/html")));
        attribute(first, "href").expect("an address")
    };
    let plain = |node: Node<'_>, name: &str| {
        let element = children(node, ATOM, name).next().expect("text");
        assert!(matches!(element.attribute("type"), None | Some("text")), "{name} is plain text");
        content(element)
    };
    let address = children(root, ATOM, "link").find(|link| link.attribute("rel") == Some("self")).expect("a self link");
    let of_publisher = |link: &Node<'_>| !matches!(link.attribute("rel"), Some("self" | "alternate"));
    let hub = seen_hub(children(root, ATOM, "link").filter(of_publisher));
    let entries = children(root, ATOM, "entry").map(|entry| {
        let body = children(entry, ATOM, "content").next().expect("content");
        assert_eq!(body.attribute("type"), Some("html"));
        let author = children(entry, ATOM, "author").next().expect("an author");
        let title = children(entry, ATOM, "title").next().expect("a title");
        let summary = children(entry, ATOM, "summary").next().map(|_| plain(entry, "summary"));
        let summary = summary.iter().flat_map(|text| text.split("\n\n")).map(str::to_owned).collect();
        SeenEntry {
            id: one(entry, ATOM, "id"),
            title: plain(entry, "title"),
            link: alternate(entry),
            published: rfc3339(&one(entry, ATOM, "published")),
            categories: children(entry, ATOM, "category")
                .map(|category| {
                    assert_eq!(category.attribute("term"), category.attribute("label"), "some show one and some the other");
                    attribute(category, "term").expect("a term")
                })
                .collect(),
            author: one(author, ATOM, "name"),
            summary,
            body: content(body),
            media: media(entry),
            language: title.attribute((XML, "lang")).map(str::to_owned),
        }
    });
    Seen {
        title: plain(root, "title"),
        description: plain(root, "subtitle"),
        home: alternate(root),
        address: attribute(address, "href").expect("an address"),
        hub,
        language: root.attribute((XML, "lang")).expect("a language").to_owned(),
        updated: Some(rfc3339(&one(root, ATOM, "updated"))),
        entries: entries.collect(),
    }
}

/// The hub, which is the only one that is left of the links of a feed.
fn seen_hub<'a>(mut links: impl Iterator<Item = Node<'a>>) -> Option<String> {
    let hub = links.next()?;
    assert_eq!((hub.attribute("rel"), hub.attributes().len()), (Some("hub"), 2), "{hub:?}");
    assert!(links.next().is_none(), "there is one hub");
    attribute(hub, "href")
}

/// A text that has to be there.
#[track_caller]
fn said(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

/// Reads what the specification names, and lets nothing stand that it does not.
fn seen_json(text: &str) -> Seen {
    assert!(text.starts_with("{\n \"version\": \"https://jsonfeed.org/version/1.1\",\n \"title\": ") && text.ends_with("\n}\n"));
    let feed: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let hub = feed.get("hubs").map(|hubs| {
        assert_eq!(hubs.as_array().map(Vec::len), Some(1), "there is one hub");
        assert_eq!((names(&hubs[0]), &hubs[0]["type"]), (vec!["type".to_owned(), "url".to_owned()], &json!("WebSub")));
        said(&hubs[0], "url")
    });
    let mut known =
        vec!["_feedmill", "description", "favicon", "feed_url", "home_page_url", "icon", "items", "language", "title", "version"];
    if hub.is_some() {
        known.insert(5, "hubs");
    }
    assert_eq!(names(&feed), known, "no authors of the feed, which Miniflux would add to those of every item");
    assert_eq!(names(&feed["_feedmill"]), ["generator", "id"]);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let entries = list(&feed["items"]).into_iter().map(|item| {
        let known = [
            "_feedmill",
            "author",
            "authors",
            "content_html",
            "date_modified",
            "date_published",
            "id",
            "image",
            "language",
            "summary",
            "tags",
            "title",
            "url",
        ];
        assert!(names(&item).iter().all(|name| known.contains(&&**name)), "{item}");
        assert_eq!(list(&item["authors"]), [item["author"].clone()], "the same author, as 1.1 has it and as 1.0 had it");
        let text = |name: &str| item.get(name).map(|_| said(&item, name));
        assert!(text("date_modified").is_none_or(|date| date != said(&item, "date_published")));
        let summary = text("summary").unwrap_or_default();
        SeenEntry {
            id: said(&item, "id"),
            title: said(&item, "title"),
            link: said(&item, "url"),
            published: rfc3339(&said(&item, "date_published")),
            categories: list(&item["tags"]).iter().map(|tag| tag.as_str().expect("a tag").to_owned()).collect(),
            author: said(&item["author"], "name"),
            summary: summary.split("\n\n").filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect(),
            body: said(&item, "content_html"),
            media: text("image").into_iter().map(|image| (image, None, None)).collect(),
            language: text("language"),
        }
    });
    Seen {
        title: said(&feed, "title"),
        description: said(&feed, "description"),
        home: said(&feed, "home_page_url"),
        address: said(&feed, "feed_url"),
        hub,
        language: said(&feed, "language"),
        updated: None,
        entries: entries.collect(),
    }
}

/// A piece of an HTML body.
#[derive(Debug, PartialEq, Eq)]
enum Html {
    Tag(String, Vec<(String, String)>),
    Text(String),
}

/// Reads HTML in which nothing may stand but the tags that feedmill writes; anything else is a failure.
fn html(body: &str) -> Vec<Html> {
    let decoded = |text: &str| html_escape::decode_html_entities(text).into_owned();
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix('<') {
            let (tag, after) = tag.split_once('>').unwrap_or_else(|| panic!("an open tag in {body}"));
            let (tag, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            let known = ["p", "/p", "a", "/a", "img", "br", "small", "/small", "h3", "/h3", "ul", "/ul", "li", "/li"];
            assert!(known.contains(&tag) || ["iframe", "/iframe"].contains(&tag), "<{tag}> in {body}");
            let mut list = Vec::new();
            while !attributes.is_empty() {
                if let Some(more) = attributes.strip_prefix("allowfullscreen") {
                    attributes = more.trim_start();
                    continue;
                }
                let (name, value) = attributes.split_once("=\"").unwrap_or_else(|| panic!("an attribute in {body}"));
                let (value, more) = value.split_once('"').unwrap_or_else(|| panic!("a closing quote in {body}"));
                let known = ["href", "src", "alt", "title", "width", "height"];
                assert!(known.contains(&name) && !value.contains('<'), "{name}={value} in {body}");
                list.push((name.to_owned(), decoded(value)));
                attributes = more.trim_start();
            }
            found.push(Html::Tag(tag.to_owned(), list));
            rest = after;
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            assert!(!rest[..end].contains(['>', '"']), "{body}");
            found.push(Html::Text(decoded(&rest[..end])));
            rest = &rest[end..];
        }
    }
    found
}

/// The paragraphs of a description.
fn paragraphs(body: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    for piece in html(body) {
        match piece {
            Html::Tag(tag, attributes) => assert!(["p", "/p"].contains(&&*tag) && attributes.is_empty(), "{body}"),
            Html::Text(text) => paragraphs.push(text),
        }
    }
    paragraphs
}

/// A body without the full text, which stands in it once and as it is: it has a test of its own where it is made.
fn without_text(entry: &Entry, body: &str) -> String {
    let Some(text) = &entry.text else { return body.to_owned() };
    let (before, after) = body.split_once(text.as_str()).unwrap_or_else(|| panic!("{text:?} in {body}"));
    format!("{before}{after}")
}

/// The body says what the entry says, in this order, and every address in it is the very one.
fn check_body(entry: &Entry, body: &str) {
    let mut texts: Vec<String> = Vec::new();
    let mut addresses: Vec<String> = Vec::new();
    if let Some(embed) = &entry.embed {
        if embed.framed() {
            addresses.push(embed.link().to_string());
        }
        if embed.is_player() {
            addresses.push("https://www.youtube.com/watch?v=WJk-Y8LQlfE".to_owned());
            texts.push(format!("Watch: {}", entry.title));
        } else {
            addresses.push("https://odd.example/frame?a=1&b=2".to_owned());
            texts.push("Open at odd.example".to_owned());
        }
    }
    if let Some(image) = &entry.image {
        addresses.extend([entry.link.to_string(), image.link.to_string()]);
        texts.push(image.attribution.to_string());
    }
    if entry.text.is_none() {
        texts.extend(entry.summary.paragraphs().map(str::to_owned));
    }
    texts.push(format!("Read at {}", entry.provider));
    addresses.push(entry.link.to_string());
    let mut source = |reference: &Reference| {
        addresses.push(reference.link.to_string());
        [reference.title.to_string(), format!(" — {}", reference.provider)]
    };
    if !entry.related.is_empty() {
        texts.push("Related coverage".to_owned());
        texts.extend(entry.related.iter().flat_map(&mut source));
    }
    if let EntryKind::Related { parents } = &entry.kind {
        for parent in parents {
            texts.push("Related to: ".to_owned());
            texts.extend(source(parent));
        }
    }
    texts.retain(|text| !text.is_empty());

    let (mut found_texts, mut found_addresses, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for piece in html(body) {
        match piece {
            Html::Text(text) => found_texts.push(text),
            Html::Tag(tag, attributes) => {
                for (name, value) in attributes {
                    match name.as_str() {
                        "href" | "src" => found_addresses.push(value),
                        "alt" => assert_eq!(Some(value), entry.image.as_ref().map(|image| image.title.to_string())),
                        "title" => assert_eq!(value, entry.title.as_str()),
                        _ => assert!(value.bytes().all(|byte| byte.is_ascii_digit()), "{name}={value}"),
                    }
                }
                match tag.strip_prefix('/') {
                    Some(tag) => assert_eq!(open.pop().as_deref(), Some(tag), "{body}"),
                    None if ["img", "br"].contains(&&*tag) => {}
                    None => open.push(tag),
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?} is left open in {body}");
    assert_eq!(found_texts, texts);
    assert_eq!(found_addresses, addresses);
    assert!(!body.to_ascii_lowercase().contains("<script"));
}

/// Everything that this file is about, for one feed.
fn check(feed: &Feed) {
    let mut all = Format::ALL.map(|format| {
        let document = write(feed, format).expect("a document");
        verify(&document).expect("a document that reads back");
        let mut found = seen(&document);
        for (entry, seen) in feed.entries.iter().zip(&mut found.entries) {
            let body = without_text(entry, &seen.body);
            check_body(entry, &body);
            if let Some(image) = &entry.image {
                let shown =
                    |piece: &Html| matches!(piece, Html::Tag(tag, list) if tag == "img" && list[0].1 == image.link.as_str());
                assert!(html(&body).iter().any(shown), "the picture has one address");
            }
        }
        let bodies: Vec<String> = found.entries.iter_mut().map(|entry| std::mem::take(&mut entry.body)).collect();
        assert_eq!(found, expected(feed, format));
        match format {
            Format::Rss => check_crate_rss(feed, &document.bytes, &bodies),
            Format::Atom => check_crate_atom(feed, &document.bytes, &bodies),
            Format::Json => check_ties(feed, &document.bytes),
        }
        check_feed_rs(feed, &document);
        check_outline(feed, &document, &bodies);
        for entry in &mut found.entries {
            // A picture has its size only where the format can say it, and stands there twice.
            entry.media.dedup_by(|a, b| a.0 == b.0);
            entry.media.iter_mut().for_each(|(_, width, height)| (*width, *height) = (None, None));
        }
        (found.entries, bodies)
    });
    let [rss, atom, json] = &mut all;
    assert_eq!(rss, atom, "both formats have the same entries");
    assert_eq!(atom, json, "both formats have the same entries");
}

/// What only the extension says.
fn check_ties(feed: &Feed, bytes: &[u8]) {
    let found: Value = serde_json::from_slice(bytes).expect("JSON");
    assert_eq!(
        (said(&found["_feedmill"], "generator"), said(&found["_feedmill"], "id")),
        ("feedmill".to_owned(), feed.id.clone())
    );
    for (entry, item) in feed.entries.iter().zip(found["items"].as_array().expect("items")) {
        let url = entry.author.uri.as_ref().map(|uri| Value::from(uri.as_str()));
        assert_eq!(item["author"].get("url"), url.as_ref());
        let modified = item.get("date_modified").and_then(Value::as_str).map(rfc3339);
        assert_eq!(modified.unwrap_or(entry.published), entry.updated);
        let tie = |to: &Reference| serde_json::json!({"id": to.id.as_str(), "url": to.link.as_str()});
        let titled =
            |to: &Reference| serde_json::json!({"id": to.id.as_str(), "url": to.link.as_str(), "title": to.title.as_str()});
        let mut expected = match &entry.kind {
            EntryKind::Article => serde_json::json!({"kind": "article"}),
            EntryKind::Related { parents } => {
                serde_json::json!({"kind": "related", "parents": parents.iter().map(tie).collect::<Vec<_>>()})
            }
        };
        if !entry.related.is_empty() {
            expected["related"] = entry.related.iter().map(titled).collect();
        }
        assert_eq!(item["_feedmill"], expected);
    }
}

/// What a later run takes out of the document, to find a story that has been withdrawn since.
fn check_outline(feed: &Feed, document: &Document, bodies: &[String]) {
    let found = outline(&document.bytes, document.format).expect("a document of ours");
    assert_eq!(found.title, feed.title.as_str());
    assert_eq!(found.id.unwrap_or_else(|| feed.id.clone()), feed.id);
    assert_eq!(found.updated.unwrap_or(feed.updated), feed.updated);
    assert_eq!(found.ids, feed.entries.iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>());
    for (entry, body) in feed.entries.iter().zip(bodies) {
        // What stands before the line that says where to read the story is its author's.
        let ours = entry.text.as_ref().map_or_else(|| body.clone(), |text| body.replacen(text.as_str(), "", 1));
        let pieces = html(&ours);
        let read_at = |piece: &Html| matches!(piece, Html::Text(text) if text.starts_with("Read at "));
        let from = pieces.iter().rposition(read_at).map_or(0, |at| at - 1);
        let in_body = pieces[from..].iter().filter_map(|piece| match piece {
            Html::Tag(tag, attributes) if tag == "a" => Some(attributes[0].1.clone()),
            _ => None,
        });
        for link in in_body.chain([entry.link.to_string()]) {
            assert!(found.links.contains(&link), "{link} in {:?}", found.links);
        }
    }
}

/// The crate that wrote it reads the same.
fn check_crate_rss(feed: &Feed, bytes: &[u8], bodies: &[String]) {
    let channel = rss::Channel::read_from(bytes).expect("RSS");
    assert_eq!((channel.title(), channel.link()), (feed.title.as_str(), feed.home.as_str()));
    assert_eq!(channel.items().len(), feed.entries.len());
    for ((entry, item), body) in feed.entries.iter().zip(channel.items()).zip(bodies) {
        assert_eq!(item.guid().map(|guid| (guid.value(), guid.is_permalink())), Some((entry.id.as_str(), false)));
        assert_eq!((item.title(), item.link()), (Some(entry.title.as_str()), Some(entry.link.as_str())));
        assert_eq!(item.pub_date().map(rfc822), Some(entry.published));
        assert_eq!(item.content().or(item.description()), Some(body.as_str()));
        let categories: Vec<_> = item.categories().iter().map(rss::Category::name).collect();
        assert_eq!(categories, entry.categories.iter().map(Line::as_str).collect::<Vec<_>>());
        let creators = item.dublin_core_ext().map(|extension| extension.creators().to_vec());
        assert_eq!(creators, Some(vec![entry.author.name.to_string()]));
        for name in ["content", "thumbnail"] {
            let media = item.extensions().get("media").and_then(|media| media.get(name));
            let found = media.map(|elements| elements[0].attrs()["url"].clone());
            assert_eq!(found, entry.image.as_ref().map(|image| image.link.to_string()));
        }
    }
}

/// The crate that wrote it reads the same.
fn check_crate_atom(feed: &Feed, bytes: &[u8], bodies: &[String]) {
    let found = atom_syndication::Feed::read_from(bytes).expect("Atom");
    assert_eq!((found.id(), found.title().as_str()), (feed.id.as_str(), feed.title.as_str()));
    assert_eq!(found.authors()[0].name(), feed.author.name.as_str());
    assert_eq!(found.entries().len(), feed.entries.len());
    for ((entry, found), body) in feed.entries.iter().zip(found.entries()).zip(bodies) {
        assert_eq!((found.id(), found.title().as_str()), (entry.id.as_str(), entry.title.as_str()));
        assert_eq!(found.links()[0].href(), entry.link.as_str());
        assert_eq!(found.published().map(DateTime::to_utc), Some(entry.published));
        assert_eq!(found.updated().to_utc(), entry.updated);
        let author = &found.authors()[0];
        assert_eq!(author.name(), entry.author.name.as_str());
        assert_eq!(author.uri(), entry.author.uri.as_ref().map(Link::as_str));
        let categories: Vec<_> = found.categories().iter().map(atom_syndication::Category::term).collect();
        assert_eq!(categories, entry.categories.iter().map(Line::as_str).collect::<Vec<_>>());
        let summary = found.summary().map_or("", atom_syndication::Text::as_str);
        assert_eq!(summary, entry.summary.as_str());
        assert_eq!(found.content().and_then(atom_syndication::Content::value), Some(body.as_str()));
        for name in ["content", "thumbnail"] {
            let media = found.extensions().get("media").and_then(|media| media.get(name));
            let found = media.map(|elements| elements[0].attrs()["url"].clone());
            assert_eq!(found, entry.image.as_ref().map(|image| image.link.to_string()));
        }
        let replies = found.extensions().get("thr").and_then(|thread| thread.get("in-reply-to"));
        let replies: Vec<_> =
            replies.into_iter().flatten().map(|reply| (reply.attrs()["ref"].clone(), reply.attrs()["href"].clone())).collect();
        let parents = match &entry.kind {
            EntryKind::Article => Vec::new(),
            EntryKind::Related { parents } => {
                parents.iter().map(|parent| (parent.id.to_string(), parent.link.to_string())).collect()
            }
        };
        assert_eq!(replies, parents, "{THREAD}");
    }
}

/// A reader of its own, which shares no code with what wrote the document.
fn check_feed_rs(feed: &Feed, document: &Document) {
    let found = feed_rs::parser::parse(&document.bytes[..]).expect("a feed");
    assert_eq!(found.title.map(|title| title.content), Some(feed.title.to_string()));
    assert_eq!(found.updated, (document.format != Format::Json).then_some(feed.updated));
    assert_eq!(found.entries.len(), feed.entries.len());
    for (entry, found) in feed.entries.iter().zip(&found.entries) {
        assert_eq!(found.id, entry.id.as_str());
        assert_eq!(found.title.as_ref().map(|title| title.content.as_str()), Some(entry.title.as_str()));
        assert_eq!(found.links[0].href, entry.link.as_str());
        assert_eq!(found.published.map(|date| date.trunc_subsecs(0)), Some(entry.published));
        match document.format {
            Format::Rss => {}
            Format::Atom => assert_eq!(found.updated, Some(entry.updated)),
            Format::Json => {
                assert_eq!(found.updated.unwrap_or(entry.published), entry.updated);
                // It takes a name that looks like an address for one.
                assert_eq!(found.authors.len(), 1);
                assert_eq!(found.authors[0].uri, entry.author.uri.as_ref().map(Link::to_string));
                let tags: Vec<_> = found.categories.iter().map(|category| category.term.as_str()).collect();
                assert_eq!(tags, entry.categories.iter().map(Line::as_str).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn hostile_text_comes_back_as_it_was_cleaned() {
    for (number, hostile) in (0..).zip(HOSTILE) {
        let texts = [*hostile; 4];
        let entries = (number..number + 12).map(|kind| entry(texts, kind, 1_605_290_820)).collect();
        check(&feed(texts, entries));
    }
}

#[test]
fn what_readers_see_is_what_was_meant() {
    for (raw, shown) in [
        ("R&amp;D &#8217;20", "R&D ’20"),
        ("Amazon.com Inc <AMZN.O>", "Amazon.com Inc <AMZN.O>"),
        ("a\u{7}b\u{fffe}c\u{202e}d", "abcd"),
        ("one\u{85}two", "one two"),
        ("Alexaâ€™s", "Alexa’s"),
        ("]]>", "]]>"),
    ] {
        let made = feed([raw; 4], vec![entry([raw; 4], 4, 0)]);
        for format in Format::ALL {
            let found = seen(&write(&made, format).expect("a document"));
            assert_eq!((found.title.as_str(), found.entries[0].title.as_str()), (shown, shown));
            assert_eq!(found.entries[0].summary, [shown, shown]);
        }
    }
}

#[test]
fn dates_of_every_year_that_a_feed_can_write_come_back() {
    for text in
        ["0001-01-01T00:00:00Z", "1752-09-14T00:00:00Z", "1970-01-01T00:00:00Z", "2020-02-29T23:59:59Z", "9999-12-31T23:59:59Z"]
    {
        let seconds = rfc3339(text).timestamp();
        let made = feed(["a"; 4], vec![entry(["a"; 4], 0, seconds)]);
        for format in Format::ALL {
            let found = seen(&write(&made, format).expect("a document"));
            assert_eq!(found.entries[0].published.timestamp(), seconds, "{text} in {format:?}");
        }
    }
}

#[test]
fn markup_in_a_body_is_escaped_once() {
    let made = feed(["a"; 4], vec![entry(["<b>\"x\"</b> & y", "a", "a", "<i>"], 0, 0)]);
    let [rss, atom, json] =
        Format::ALL.map(|format| String::from_utf8(write(&made, format).expect("a document").bytes).expect("UTF-8"));
    // As HTML in RSS, where the crate writes CDATA; as HTML that is escaped for XML in Atom.
    assert!(rss.contains("<p>&lt;b&gt;&quot;x&quot;&lt;/b&gt; &amp; y</p>"), "{rss}");
    assert!(atom.contains("&lt;p&gt;&amp;lt;b&amp;gt;&amp;quot;x&amp;quot;&amp;lt;/b&amp;gt; &amp;amp; y&lt;/p&gt;"), "{atom}");
    assert!(json.contains("<p>&lt;b&gt;&quot;x&quot;&lt;/b&gt; &amp; y</p>"), "{json}");
}

#[test]
fn a_document_with_other_entries_than_were_meant_is_not_accepted() {
    let made = feed(["a"; 4], vec![entry(["urn:x:one"; 4], 0, 0), entry(["urn:x:two"; 4], 0, 0)]);
    for format in [Format::Rss, Format::Atom] {
        let good = write(&made, format).expect("a document");
        let text = String::from_utf8(good.bytes.clone()).expect("UTF-8");
        let damaged = |text: &str| verify(&Document { bytes: text.as_bytes().to_vec(), ..good.clone() });
        assert_eq!(verify(&good), Ok(()));
        assert!(damaged(&text.replace(">urn:x:two<", ">urn:x:three<")).is_err());
        assert!(damaged(&text[..text.len() - 8]).is_err());
        assert!(damaged(&text.replacen("<title>", "<title>\u{7}", 1)).is_err());
        assert!(damaged("<feed xmlns=\"http://www.w3.org/2005/Atom\"/>").is_err());
        assert!(damaged("<rss version=\"2.0\"><channel/></rss>").is_err());
        let mut fewer = good.clone();
        fewer.ids.pop();
        assert!(verify(&fewer).is_err());
    }
}

#[test]
fn a_json_feed_that_is_not_in_order_is_not_accepted() {
    let made = feed(["a"; 4], vec![entry(["urn:x:one", "a", "a", "a"], 1, 0), entry(["urn:x:two", "a", "a", "a"], 3, 0)]);
    let good = write(&made, Format::Json).expect("a document");
    let text = String::from_utf8(good.bytes.clone()).expect("UTF-8");
    let verified = |bytes: &[u8]| verify(&Document { bytes: bytes.to_vec(), ..good.clone() });
    assert_eq!(verified(text.as_bytes()), Ok(()));
    let (start, rest) = text.split_once("\"content_html\"").expect("content");
    let rest = rest.split_once(",\n").expect("an end").1;
    let second = text.find("  {\n   \"id\": \"urn:x:two\"").expect("the second item");
    let first = text.find("  {\n   \"id\": \"urn:x:one\"").expect("the first item");
    let end = text.rfind("\n ]").expect("the end of the items");
    for (damage, damaged) in [
        ("another id", text.replace("\"urn:x:two\"", "\"urn:x:three\"")),
        ("the same id twice", text.replace("\"urn:x:two\"", "\"urn:x:one\"")),
        ("a number for an id", text.replace("\"id\": \"urn:x:two\"", "\"id\": 2")),
        (
            "another order",
            format!("{}{},\n{}{}", &text[..first], &text[second..end], text[first..second].trim_end_matches(",\n"), &text[end..]),
        ),
        ("an item less", format!("{}{}", text[..second].trim_end_matches(",\n"), &text[end..])),
        ("no content", format!("{start}{}", rest.trim_start())),
        ("empty content", format!("{start}\"content_html\": \"\",\n{rest}")),
        ("content that is no text", format!("{start}\"content_html\": null,\n{rest}")),
        ("another version", text.replace("/version/1.1", "/version/1")),
        ("no version", text.replace("\"version\"", "\"Version\"")),
        ("no title", text.replacen("\"title\": \"a\"", "\"titel\": \"a\"", 1)),
        ("an empty title", text.replacen("\"title\": \"a\"", "\"title\": \"\"", 1)),
        ("a field twice", text.replacen("{\n", "{\n \"title\": \"a\",\n", 1)),
        ("no mark", text.replacen("_feedmill", "_another", 1)),
        ("no items", text.replace("\"items\"", "\"entries\"")),
        ("half of it", text[..text.len() / 2].to_owned()),
        ("all but its end", text[..text.len() - 2].to_owned()),
        ("twice", text.repeat(2)),
        ("a comma too many", text.replacen("\n ]", ",\n ]", 1)),
        ("a control character", text.replacen("\"title\": \"", "\"title\": \"\u{7}", 1)),
        ("half a character", text.replacen("\"title\": \"", "\"title\": \"\\ud800", 1)),
        ("XML", "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_ne!(damaged, text, "{damage}");
        assert!(verified(damaged.as_bytes()).is_err(), "{damage}: {damaged}");
    }
    assert!(verified(&[text.as_bytes(), &[0xff]].concat()).is_err());
    let mut fewer = good.clone();
    fewer.ids.pop();
    assert!(verify(&fewer).is_err());
}

/// Own files as a full disk or an editor may leave them: no panic, and none that is cut passes for whole.
#[test]
fn a_document_that_is_cut_or_damaged_anywhere_is_read_without_a_panic() {
    let made = feed(["a"; 4], vec![entry(["a", "b", "c", "d"], 2, 0), entry(["e", "f", "g", "h"], 3, 0)]);
    let feeds = list(["a", "b", "c", "d"]);
    for format in Format::ALL {
        let good = write(&made, format).expect("a document");
        let whole = good.bytes.len() - 1;
        for at in (0..whole).step_by(5).chain(whole - 40..whole) {
            let cut = Document { bytes: good.bytes[..at].to_vec(), ..good.clone() };
            assert!(verify(&cut).is_err() && outline(&cut.bytes, format).is_none(), "{format:?} cut at {at}");
            let mut bytes = good.bytes.clone();
            bytes[at] = b"\"<\0\xff"[at % 4];
            let _ = outline(&bytes, format);
            let _ = verify(&Document { bytes, ..good.clone() });
        }
    }
    let good = write_list(&feeds).expect("a document");
    for at in 0..good.len() - 1 {
        assert!(verify_list(&good[..at], &feeds).is_err(), "cut at {at}");
    }
}

/// Whatever the body says, a story that has been withdrawn since is found by the addresses of the entries and of those that they
/// are tied to.
#[test]
fn what_an_entry_is_tied_to_is_found_without_its_body() {
    let made = feed(["a"; 4], vec![entry(["a", "b", "c", "d"], 0, 0), entry(["e", "f", "g", "h"], 2, 0)]);
    let bodies = vec!["<p>Nothing</p>".to_owned(); 2];
    let document = write_with(&made, &bodies, Format::Json, Vec::new()).expect("a document");
    let found = outline(&document.bytes, Format::Json).expect("a document of ours");
    // The first one's own and its coverage's; the second one's own and its articles'.
    assert_eq!(found.links, ["b", "b", "c", "f", "f", "h"].map(|odd| odd_link(odd).to_string()));
}

/// A list of feeds with these texts wherever there can be text.
fn list(texts: [&str; 4]) -> SubscriptionList {
    let [a, b, c, d] = texts;
    let subscription = |title: &str, path: &str| Subscription {
        title: name(title),
        description: name(b),
        language: Language::parse("pt-BR").expect("a tag"),
        home: odd_link(c),
        address: link(&format!("https://feeds.example.org/below/{path}/atom.xml")),
    };
    let subscriptions = vec![subscription(a, "one"), subscription(c, "two"), subscription(d, "three")];
    SubscriptionList { title: name(d), modified: Some(date(1_605_290_820)), subscriptions }
}

/// The list as OPML 2.0 has it: flat, and every outline a feed.
fn check_list(list: &SubscriptionList) {
    let bytes = write_list(list).expect("a document");
    verify_list(&bytes, list).expect("a list that reads back");
    let text = std::str::from_utf8(&bytes).expect("UTF-8");
    let tree = xml(text);
    let root = tree.root_element();
    assert_eq!((root.tag_name().name(), root.attribute("version")), ("opml", Some("2.0")));
    let parts: Vec<_> = root.children().filter(Node::is_element).collect();
    assert_eq!(parts.iter().map(|part| part.tag_name().name()).collect::<Vec<_>>(), ["head", "body"]);
    assert_eq!(one(parts[0], "", "title"), list.title.as_str());
    let modified = children(parts[0], "", "dateModified").next().map(|date| rfc822(&content(date)));
    assert_eq!(modified, list.modified);
    let found: Vec<_> = children(parts[1], "", "outline").collect();
    assert_eq!(found.len(), parts[1].children().filter(Node::is_element).count());
    assert_eq!(found.len(), list.subscriptions.len());
    for (outline, feed) in found.into_iter().zip(&list.subscriptions) {
        let attributes: Vec<_> = outline.attributes().map(|attribute| (attribute.name(), attribute.value())).collect();
        let title = feed.title.as_str();
        let expected = [
            ("type", "rss"),
            ("text", title),
            ("title", title),
            ("description", feed.description.as_str()),
            ("language", feed.language.as_str()),
            ("htmlUrl", feed.home.as_str()),
            ("xmlUrl", feed.address.as_str()),
        ];
        assert_eq!(attributes, expected);
        assert!(!outline.has_children());
    }
}

#[test]
fn a_list_of_feeds_comes_back_whatever_they_are_called() {
    for hostile in HOSTILE {
        check_list(&list([hostile; 4]));
    }
    check_list(&SubscriptionList { modified: None, ..list(["a"; 4]) });
}

#[test]
fn a_list_of_feeds_that_is_not_in_order_is_not_accepted() {
    let made = list(["a", "b", "c", "d"]);
    let text = String::from_utf8(write_list(&made).expect("a document")).expect("UTF-8");
    assert_eq!(verify_list(text.as_bytes(), &made), Ok(()));
    let lines: Vec<&str> = text.lines().collect();
    let outline = lines.iter().position(|line| line.contains("<outline")).expect("an outline");
    let without = |number: usize| [&lines[..number], &lines[number + 1..]].concat().join("\n");
    let swapped = [&lines[..outline], &[lines[outline + 1], lines[outline]], &lines[outline + 2..]].concat().join("\n");
    for (damage, damaged) in [
        ("another address", text.replace("/one/", "/four/")),
        ("an address twice", text.replace("/one/", "/two/")),
        ("no address", text.replacen("xmlUrl", "xmlurl", 1)),
        ("another order", swapped),
        ("an outline less", without(outline)),
        ("an outline less at the end", without(outline + 2)),
        (
            "an outline more",
            text.replacen("</body>", "<outline type=\"rss\" text=\"a\" xmlUrl=\"https://e.example/\"/></body>", 1),
        ),
        (
            "an outline in the head",
            text.replacen("</head>", "<outline type=\"rss\" text=\"a\" xmlUrl=\"https://e.example/\"/></head>", 1),
        ),
        ("an element that is not closed", without(lines.len() - 2)),
        ("half of it", text[..text.len() / 2].to_owned()),
        ("an attribute twice", text.replacen("title=", "text=", 1)),
        ("an attribute with a tag", text.replacen("text=\"a", "text=\"<a", 1)),
        ("a character that XML does not have", text.replacen("text=\"a", "text=\"\u{7}", 1)),
        ("a reference to nothing", text.replacen("text=\"a", "text=\"&nbsp;", 1)),
        ("a DOCTYPE", text.replacen("<opml", "<!DOCTYPE opml><opml", 1)),
        ("two roots", text.clone() + "<opml/>"),
        ("a feed", "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>".to_owned()),
        ("nothing", String::new()),
    ] {
        assert_ne!(damaged, text, "{damage}");
        assert!(verify_list(damaged.as_bytes(), &made).is_err(), "{damage}: {damaged}");
    }
}

/// `atom_syndication` writes the attributes of extension elements as they are, so `src/write/atom1.rs` escapes them before.
///
/// If this fails after an update of the crate, it has begun to escape them itself: take the escaping out of `extension` there.
#[test]
fn the_atom_crate_still_leaves_attributes_of_extensions_to_us() {
    use std::collections::BTreeMap;

    use atom_syndication::extension::Extension;

    let escaped = "https://e.example/?a=1&amp;b=2";
    let element = Extension {
        name: "media:content".to_owned(),
        attrs: BTreeMap::from([("url".to_owned(), escaped.to_owned())]),
        ..Extension::default()
    };
    let elements = BTreeMap::from([("content".to_owned(), vec![element])]);
    let entry = atom_syndication::Entry { extensions: BTreeMap::from([("media".to_owned(), elements)]), ..Default::default() };
    let feed = atom_syndication::Feed { entries: vec![entry], ..Default::default() };
    let written = String::from_utf8(feed.write_to(Vec::new()).expect("a document")).expect("UTF-8");
    assert!(written.contains(&format!("url=\"{escaped}\"")), "{written}");
}

/// Any text, rich in what is treated specially somewhere.
pub fn any_text() -> impl Strategy<Value = String> {
    let special: Vec<String> = "<>&\"'];[!-/?=#%{}\\|^` \n\r\t\0\u{7}\u{85}\u{a0}\u{200d}\u{202e}\u{2028}\u{feff}\u{fffe}é👩"
        .chars()
        .map(String::from)
        .chain(HOSTILE.iter().map(|&text| text.to_owned()))
        .collect();
    let part = prop_oneof![2 => prop::sample::select(special), 2 => any::<char>().prop_map(String::from), 1 => "[ -~]{0,6}"];
    prop_oneof![
        any::<String>(),
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()),
        prop::sample::select(HOSTILE).prop_map(str::to_owned),
    ]
}

pub fn any_entry() -> impl Strategy<Value = Entry> {
    // Year 1000 to 9999: feed-rs guesses at shorter years.
    let seconds = -30_610_224_000_i64..253_402_300_000;
    ([any_text(), any_text(), any_text(), any_text()], any::<u8>(), seconds)
        .prop_map(|(texts, kind, seconds)| entry(texts.each_ref().map(String::as_str), kind, seconds))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_field_comes_back_as_it_was_cleaned(
        texts in [any_text(), any_text(), any_text(), any_text()],
        entries in prop::collection::vec(any_entry(), 1..5),
    ) {
        let texts = texts.each_ref().map(String::as_str);
        check(&feed(texts, entries));
        check_list(&list(texts));
    }

    /// A document out of which entries are cut is the one that would have been written without them.
    #[test]
    fn what_is_cut_out_of_a_document_leaves_the_rest_as_it_is(
        texts in [any_text(), any_text(), any_text(), any_text()],
        given in prop::collection::vec((any_entry(), any::<bool>()), 0..6),
    ) {
        let mut ids = BTreeSet::new();
        let (mut whole, mut left, mut goes) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, out) in given.into_iter().filter(|(entry, _)| ids.insert(entry.id.clone())) {
            if out { &mut goes } else { &mut left }.push(entry.clone());
            whole.push(entry);
        }
        let whole = feed(texts.each_ref().map(String::as_str), whole);
        let rest = Feed { entries: left, ..whole.clone() };
        for format in Format::ALL {
            let bytes = write(&whole, format).expect("a document").bytes;
            let out = |said: &Outline| goes.iter().any(|entry| entry.id.as_str() == said.ids[0]);
            let left = cut("a", &bytes, format, out).expect("a document");
            let expected = write(&rest, format).expect("a document");
            // Only what RSS declares for entries at its start depends on there being any that need it.
            let from_channel = |bytes: &[u8]| {
                let text = String::from_utf8_lossy(bytes).into_owned();
                text[text.find("<channel>").unwrap_or(0)..].to_owned()
            };
            prop_assert_eq!(from_channel(&left.bytes), from_channel(&expected.bytes));
            prop_assert_eq!(left.ids, expected.ids);
            // What an entry says of itself comes first, and whom it is tied to is known.
            for (entry, said) in whole.entries.iter().zip(entries(&bytes, format).expect("entries")) {
                prop_assert_eq!((entry.id.as_str(), entry.link.as_str()), (said.ids[0].as_str(), said.links[0].as_str()));
                if let (EntryKind::Related { parents }, false) = (&entry.kind, format == Format::Rss) {
                    prop_assert!(parents.iter().all(|parent| said.ties.iter().any(|tie| tie == parent.id.as_str())));
                }
            }
        }
    }
}
