//! The pages: whole and harmless whatever stands in the articles, right about each other, and files like any other.

use std::fs;
use std::path::Path;

use feedmill::feed::{Entry, EntryKind};
use feedmill::site::{Overrides, Site};
use feedmill::text::Line;
use feedmill::topic::{Slug, TopicKey};
use feedmill::write::page::{self, Listed, Neighbour, Page};
use proptest::prelude::*;
use scraper::{ElementRef, Html, Selector};

use crate::mill::{Mill, cases, files};
use crate::readers::{HOSTILE, any_entry, any_text, entry, line, name};

const SITE: &str = "id: mine\nbase_url: https://feeds.example.org/below/\nout: ../feeds\n";

/// What a site says of itself, with texts of any kind.
fn site(more: &str, title: &str, about: &str) -> Site {
    let text = format!("base_url: https://feeds.example.org/a&b/\n{more}");
    let site = Site::parse(Path::new("feedmill.yaml"), &text, &Overrides::default()).expect("a site");
    Site { title: name(title), title_given: true, description: line(about), ..site }
}

fn listed(called: &str, about: &str, entries: &[Entry]) -> Listed {
    Listed {
        slug: Slug::of(name(called).as_str(), &TopicKey::of(called)),
        name: name(called),
        about: Some(line(about)).filter(|about| !about.is_empty()),
        entries: entries.len(),
        newest: entries.first().map(|entry| entry.published),
        language: None,
        is_own: false,
    }
}

fn select<'h>(html: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    let selector = Selector::parse(selector).expect("a selector");
    html.select(&selector).collect()
}

fn texts(html: &Html, selector: &str) -> Vec<String> {
    select(html, selector).iter().map(|element| element.text().collect()).collect()
}

fn attributes(html: &Html, selector: &str, attribute: &str) -> Vec<String> {
    select(html, selector).iter().filter_map(|element| element.attr(attribute)).map(str::to_owned).collect()
}

/// What every page is, whatever stands in it.
#[track_caller]
fn check(page: &Page) -> Html {
    assert_eq!(page::verify(page), Ok(()), "{}", page.path);
    let text = String::from_utf8(page.bytes.clone()).expect("UTF-8");
    let html = Html::parse_document(&text);
    assert!(html.errors.is_empty(), "{}: {:?}\n{text}", page.path, html.errors);
    for element in select(&html, "*") {
        let name = element.value().name();
        assert!(!["style", "iframe", "object", "embed", "form", "base"].contains(&name), "{name}");
        for (attribute, value) in element.value().attrs() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{attribute}={value}");
        }
    }
    assert_eq!(texts(&html, "script").concat(), "");
    for (selector, attribute) in [("[href]", "href"), ("[src]", "src")] {
        for address in attributes(&html, selector, attribute) {
            let web = ["https://", "http://", "feed:https://"].iter().any(|start| address.starts_with(start));
            let own =
                address.trim_start_matches("../").bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-./#".contains(&byte));
            assert!(web || own, "{address}");
        }
    }
    // Every name that an element is labelled with is that of one element.
    for id in attributes(&html, "[aria-labelledby]", "aria-labelledby") {
        assert_eq!(select(&html, &format!("#{id}")).len(), 1, "{id}");
    }
    html
}

/// A topic's page says what its feed says.
#[track_caller]
fn check_topic(site: &Site, topic: &Listed, entries: &[Entry], neighbours: &[Neighbour]) {
    let page = page::topic(site, topic, &site.formats.feeds, entries, neighbours);
    let html = check(&page);
    assert_eq!(texts(&html, "h1"), [topic.name.as_str()]);
    assert_eq!(page::outline(&page.bytes).map(|outline| outline.title).as_deref(), Some(topic.name.as_str()));
    assert_eq!(texts(&html, ".about .description"), topic.about.iter().map(Line::as_str).collect::<Vec<_>>());
    assert_eq!(texts(&html, "nav a"), neighbours.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>());
    assert_eq!(attributes(&html, "link[rel=alternate]", "href").len(), site.formats.feeds.len());
    for entry in entries {
        let titled = |selector: &str| {
            let links = select(&html, selector).into_iter().filter(|link| link.attr("href") == Some(entry.link.as_str()));
            links.filter(|link| link.text().collect::<String>() == entry.title.as_str()).count()
        };
        let stories = titled("h3 a");
        assert!(stories + titled(".related li > a") > 0, "{}", entry.title);
        assert!(stories > 0 || entry.kind != EntryKind::Article, "{}", entry.title);
        let excerpt = entry.summary.paragraphs().next();
        assert!(excerpt.is_none() || stories == 0 || texts(&html, ".excerpt").iter().any(|text| Some(text.as_str()) == excerpt));
    }
}

#[test]
fn hostile_text_in_every_field_stays_text() {
    for (place, text) in HOSTILE.iter().enumerate() {
        let other = HOSTILE[(place * 7 + 3) % HOSTILE.len()];
        let entries: Vec<Entry> = (0..7).map(|kind| entry([text, other, text, other], kind, 1_600_000_000)).collect();
        let site = site("language: he\nhome: \"https://example.org/?a=<b>&c\"\n", text, other);
        let topic = listed(text, other, &entries);
        let neighbours = [Neighbour { slug: topic.slug.clone(), name: name(other) }];
        check_topic(&site, &topic, &entries, &neighbours);
        let html = check(&page::index(&site, &site.title, &vec![topic.clone(); 1 + place % 20]));
        assert_eq!(texts(&html, "h1"), [site.title.as_str()]);
        assert_eq!(texts(&html, "h3 a")[0], topic.name.as_str());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_field_makes_a_page(
        texts in [any_text(), any_text(), any_text(), any_text()],
        entries in prop::collection::vec(any_entry(), 0..5),
        language in prop::sample::select(vec!["en", "en-GB", "de", "he", "ar-EG", "az-Arab", "pt-BR"]),
    ) {
        let [a, b, c, d] = texts.each_ref().map(String::as_str);
        let site = site(&format!("language: {language}\n"), a, b);
        let topic = listed(c, d, &entries);
        let neighbours = [Neighbour { slug: topic.slug.clone(), name: name(a) }, Neighbour { slug: topic.slug.clone(), name: name(b) }];
        check_topic(&site, &topic, &entries, &neighbours);
        check(&page::index(&site, &site.title, &[topic]));
    }
}

#[test]
fn a_page_that_lacks_an_address_is_refused() {
    let site = site("", "A", "B");
    let entries = [entry(["a", "b", "c", "d"], 0, 1_600_000_000)];
    let page = page::topic(&site, &listed("AI", "", &entries), &site.formats.feeds, &entries, &[]);
    assert_eq!(page::verify(&page), Ok(()));
    let text = String::from_utf8(page.bytes.clone()).expect("UTF-8");
    for (from, to) in [("/ai/atom.xml", "/ai/other.xml"), (entries[0].link.as_str(), "https://other.example/")] {
        let other =
            Page { bytes: text.replace(&from.replace('&', "&amp;").replace('"', "&quot;"), to).into_bytes(), ..page.clone() };
        assert_ne!(other, page);
        assert!(page::verify(&other).is_err_and(|why| why.ends_with("is not in it")), "{from}");
    }
    let cut = Page { bytes: text.as_bytes()[..text.len() - 9].to_vec(), ..page };
    assert!(page::verify(&cut).is_err());
}

/// Two articles of one day on two topics, one of which the other has too, and coverage of both.
fn mill() -> Mill {
    let related = |of: &str| {
        format!(
            "related:\n- {{title: Of both, link: \"https://example.net/both\", date: 2020-11-12}}\n- {{title: Of {of}, link: \"https://example.net/{of}\"}}\n"
        )
    };
    let article = |name: &str, day: u32, topics: &str| {
        format!(
            "title: {name}\ndate: 2020-11-{day}\nlink: https://example.org/{name}\ntopics: [{topics}]\nexcerpt: Of {name}.\n{}",
            related(name)
        )
    };
    Mill::new()
        .file("in/feedmill.yaml", SITE)
        .article("in/a.md", &article("One", 13, "AI, Chips"))
        .article("in/b.md", &article("Two", 14, "AI"))
        .story("in/c.md", "Three", "2020-11-10", "Zebras")
}

fn page(mill: &Mill, path: &str) -> Html {
    Html::parse_document(&mill.read(&format!("feeds/{path}")))
}

#[test]
fn coverage_stands_once_below_the_newest_of_its_articles() {
    let mill = mill();
    mill.run("build in").silent();
    let html = page(&mill, "ai/index.html");
    let stories: Vec<(Vec<String>, Vec<String>)> = select(&html, ".story")
        .iter()
        .map(|story| Html::parse_fragment(&story.html()))
        .map(|story| (texts(&story, "h3"), texts(&story, ".related li > a")))
        .collect();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = [(words(&["Two"]), words(&["Of Two", "Of both"])), (words(&["One"]), words(&["Of One"]))];
    assert_eq!(stories, expected);
    assert_eq!(texts(&html, ".excerpt"), ["Of Two.", "Of One."]);

    // Without entries of its own, the coverage is what the articles say.
    let site = format!("{SITE}related: {{mode: list}}\n");
    let mill = mill.file("in/feedmill.yaml", site);
    mill.run("build in").silent();
    assert_eq!(texts(&page(&mill, "ai/index.html"), ".related li > a"), ["Of both", "Of Two", "Of both", "Of One"]);
}

#[test]
fn neighbours_are_topics_of_the_same_stories_else_those_beside_it() {
    let mill = mill();
    mill.run("build in").silent();
    for (topic, neighbours) in [("ai", vec!["Chips"]), ("chips", vec!["AI"]), ("zebras", vec!["AI", "Chips"])] {
        assert_eq!(texts(&page(&mill, &format!("{topic}/index.html")), "nav li"), neighbours, "{topic}");
    }
}

#[test]
fn the_nearest_topics_come_first_and_not_all_of_them() {
    let mut mill = Mill::new().file("in/feedmill.yaml", SITE);
    for (number, topics) in ["A, B, C, D, E, F, G, H, I, J, K", "A, K, C", "A, K", "L"].into_iter().enumerate() {
        let lines = format!("title: T{number}\ndate: 2020-11-1{number}\nlink: https://example.org/{number}\ntopics: [{topics}]");
        mill = mill.article(&format!("in/{number}.md"), &lines);
    }
    mill.run("build in").silent();
    assert_eq!(texts(&page(&mill, "a/index.html"), "nav li").concat(), "KCBDEFGH");
    assert_eq!(texts(&page(&mill, "l/index.html"), "nav li").concat(), "HIJK");
    assert_eq!(texts(&page(&mill, "d/index.html"), "nav li").concat(), "ABCEFGHI");
}

#[test]
fn topics_are_listed_by_name_with_what_their_owner_says_of_them() {
    let topics = "topics:\n  zebras: {slug: a, title: striped, description: Black and white}\n  AI: {slug: z}\n";
    let mill = mill().file("in/feedmill.yaml", format!("{SITE}title: News\ndescription: All of it\n{topics}"));
    mill.run("build in").silent();
    let html = page(&mill, "index.html");
    assert_eq!((texts(&html, "h1"), texts(&html, ".about .description")), (vec!["News".into()], vec!["All of it".into()]));
    assert_eq!(texts(&html, "h3"), ["AI", "Chips", "striped"]);
    assert_eq!(texts(&html, "li .description"), ["Black and white"]);
    assert_eq!(attributes(&html, "h3 a", "href"), ["z/index.html", "chips/index.html", "a/index.html"]);
    let facts = ["5 entries · newest 14 Nov 2020", "3 entries · newest 13 Nov 2020", "1 entry · newest 10 Nov 2020"];
    assert_eq!(texts(&html, "li .facts"), facts);
    assert_eq!(texts(&html, "title"), ["News"]);
    assert_eq!(texts(&page(&mill, "a/index.html"), "title"), ["striped – News"]);

    // In a preview the pages say so too.
    mill.run("build in --include-unpublished --out preview").silent();
    let preview = Html::parse_document(&mill.read("preview/z/index.html"));
    assert_eq!(
        (texts(&preview, "title"), texts(&preview, "h1")),
        (vec!["[Preview] AI – News".into()], vec!["[Preview] AI".into()])
    );

    // Without a topic there is nothing to list.
    let mill =
        Mill::new().file("in/feedmill.yaml", SITE).article("in/a.md", "title: A\ndate: 2020-11-10\nlink: https://example.org/a");
    mill.run("build in").silent();
    let html = page(&mill, "index.html");
    assert_eq!((select(&html, "ul").len(), texts(&html, "code").len()), (0, 1));
}

#[test]
fn whatever_a_page_names_beside_it_is_there() {
    let theme = "theme: {css: own.css, logo: own.PNG, icon: own.svg}\nbrowser_style: true\n";
    let mill = mill()
        .file("in/own.css", ":root { --accent: red }")
        .file("in/own.PNG", "p")
        .file("in/own.svg", "s")
        .file("in/feedmill.yaml", format!("{SITE}{theme}"));
    mill.run("build in").silent();
    let made = files(&mill.path("feeds"));
    for path in ["index.html", "ai/index.html", "chips/index.html", "zebras/index.html"] {
        let html = page(&mill, path);
        let folder = if path.contains('/') { "ai/" } else { "" };
        let addresses = [attributes(&html, "[href]", "href"), attributes(&html, "[src]", "src")].concat();
        let mut relative = 0;
        for address in addresses {
            let file = match address.strip_prefix("https://feeds.example.org/below/") {
                Some(path) => path.to_owned(),
                None if address.contains(':') || address.starts_with('#') => continue,
                None if folder.is_empty() => address,
                None => address.strip_prefix("../").expect("at the top").to_owned(),
            };
            relative += 1;
            assert!(made.contains_key(file.split('#').next().unwrap_or_default()), "{path} names {file}");
        }
        assert!(relative > 10, "{path}");
        for own in ["assets/theme.css", "assets/logo.png", "assets/icon.svg"] {
            assert!(mill.read(&format!("feeds/{path}")).contains(own), "{path} {own}");
        }
    }
    for (path, style) in [("rss.xml", "\"assets/feed.css\""), ("ai/atom.xml", "\"../assets/feed.css\"")] {
        let line = format!("<?xml-stylesheet type=\"text/css\" href={style}?>");
        assert_eq!(mill.read(&format!("feeds/{path}")).lines().nth(1), Some(line.as_str()), "{path}");
    }
    let rss = mill.read("feeds/ai/rss.xml");
    assert!(rss.contains("<url>https://feeds.example.org/below/assets/logo.png</url>"), "{rss}");
    let atom = mill.read("feeds/ai/atom.xml");
    assert!(atom.contains("/assets/icon.svg</icon>") && atom.contains("/assets/logo.png</logo>"), "{atom}");
}

#[test]
fn the_page_of_a_topic_is_the_home_of_its_feed() {
    let homes = |mill: &Mill| {
        ["rss.xml", "ai/rss.xml"].map(|path| {
            let feed = mill.read(&format!("feeds/{path}"));
            let (_, rest) = feed.split_once("<link>").expect("a link");
            rest.split('<').next().unwrap_or_default().to_owned()
        })
    };
    let base = "https://feeds.example.org/below/";
    let mill = mill();
    mill.run("build in").silent();
    assert_eq!(homes(&mill), [base.to_owned(), format!("{base}ai/")]);
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}home: https://example.org/\n"));
    mill.run("build in").silent();
    assert_eq!(homes(&mill), ["https://example.org/".to_owned(), format!("{base}ai/")]);
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}home: https://example.org/\nformats: [rss]\n"));
    mill.run("build in").silent();
    assert_eq!(homes(&mill), ["https://example.org/", "https://example.org/"]);
}

#[test]
fn without_pages_there_are_none() {
    let mill = mill().file("in/feedmill.yaml", format!("{SITE}formats: [atom]\n"));
    mill.run("build in").silent();
    assert_eq!(mill.listing("feeds"), ["ai/atom.xml", "atom.xml", "chips/atom.xml", "feedmill.json", "zebras/atom.xml"]);
    // One format alone is advised as the only one.
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}formats: [pages, rss]\n"));
    mill.run("build in").silent();
    let html = page(&mill, "ai/index.html");
    assert_eq!(texts(&html, "code"), ["https://feeds.example.org/below/ai/rss.xml"]);
    assert!(!mill.read("feeds/ai/index.html").contains("One format"));
    assert!(select(&html, ".subscribe .formats").is_empty());
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    for (path, page) in [
        ("index.html", true),
        ("ai/index.html", true),
        ("assets/feedmill.css", false),
        ("assets/feedmill.js", false),
        ("assets/logo.svg", false),
    ] {
        let mill = mill()
            .file("in/own.svg", "<svg/>")
            .file("in/feedmill.yaml", format!("{SITE}theme: {{logo: own.svg}}\n"))
            .file(&format!("feeds/{path}"), "<h1>Mine</h1>");
        let before = files(&mill.path("."));
        let run = mill.run("build in").status(2);
        assert!(run.stderr.contains("feedmill did not write this file, and does not replace it"), "{}", run.stderr);
        assert_eq!(run.stderr.contains("leave `pages` out of `formats`"), page, "{path}");
        assert!(files(&mill.path(".")) == before, "nothing is changed");
        mill.run("build in --adopt").silent();
        assert!(!mill.read(&format!("feeds/{path}")).contains("Mine"));
    }
    // Ours are known though the manifest is lost, and so is what is there already.
    let mill = mill().file("in/own.svg", "<svg/>").file("in/feedmill.yaml", format!("{SITE}theme: {{logo: own.svg}}\n"));
    mill.run("build in").silent();
    let mill = mill.without("feeds/feedmill.json");
    mill.run("build in").tells_of_the_lost_manifest("feeds");
}

#[test]
fn a_story_that_is_withdrawn_leaves_the_page_of_its_topic() {
    let mill = mill();
    mill.run("build in").silent();
    assert!(mill.read("feeds/zebras/index.html").contains("Three"));
    let three = mill.read("in/c.md").replace("topics", "deleted: true\ntopics");
    let mill = mill.file("in/c.md", three);
    let _ = mill.run("build in").status(0);
    let html = page(&mill, "zebras/index.html");
    assert_eq!((texts(&html, "h1"), select(&html, ".story").len()), (vec!["Zebras".to_owned()], 0));
    assert!(!mill.read("feeds/zebras/index.html").contains("hree"));
    assert!(!mill.read("feeds/index.html").contains("Zebras"));
    let before = files(&mill.path("feeds"));
    mill.run("build in").silent();
    assert!(files(&mill.path("feeds")) == before);

    // Where no story is left at all, and where there are no more pages.
    let two = mill.read("in/b.md").replace("topics", "deleted: true\ntopics");
    let one = mill.read("in/a.md").replace("topics", "deleted: true\ntopics");
    let mill = mill.file("in/b.md", two).file("in/a.md", one).file("in/feedmill.yaml", format!("{SITE}formats: [rss]\n"));
    let _ = mill.run("build in").status(2);
    for topic in ["ai", "chips"] {
        assert_eq!(select(&page(&mill, &format!("{topic}/index.html")), ".story").len(), 0, "{topic}");
    }
}

/// The page of a topic that has gone names its feeds, and these are no stories.
#[test]
fn a_kept_page_is_emptied_for_its_stories_alone() {
    let elsewhere = "title: Three\ndate: 2020-11-10\nlink: https://zebras.example/three\ntopics: [Zebras]";
    let mill = mill().article("in/c.md", elsewhere);
    mill.run("build in").silent();
    let before = mill.read("feeds/zebras/index.html");
    let mill = mill.without("in/c.md").file("in/feedmill.yaml", format!("{SITE}block: [feeds.example.org]\n"));
    let _ = mill.run("build in").status(0);
    assert_eq!(mill.read("feeds/zebras/index.html"), before);
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}block: [zebras.example]\n"));
    let _ = mill.run("build in").status(0);
    assert_eq!(select(&page(&mill, "zebras/index.html"), ".story").len(), 0);
}

#[test]
fn pages_that_are_no_longer_written_stay_and_are_told() {
    let mill = mill();
    mill.run("build in").silent();
    let before = mill.read("feeds/ai/index.html");
    let mill = mill.file("in/feedmill.yaml", format!("{SITE}formats: [rss, atom, json, opml]\n"));
    mill.run("build in").silent();
    assert_eq!(mill.read("feeds/ai/index.html"), before);
    let said = mill.run("build in -v").status(0).stderr;
    let told: Vec<&str> = said.lines().filter_map(|line| line.split_once(": note: ")).map(|(path, _)| path).collect();
    let pages =
        ["ai/index.html", "assets/feedmill.css", "assets/feedmill.js", "chips/index.html", "index.html", "zebras/index.html"];
    assert_eq!(told, pages.map(|path| format!("feeds/{path}")), "{said}");
}

#[test]
fn a_theme_that_cannot_be_read_is_told_at_its_line() {
    let large = vec![b' '; 1024 * 1024 + 1];
    for (line, told) in [
        (
            "css: none.css",
            "`theme.css`: in/none.css cannot be read: No such file or directory (os error 2)\n  help: paths are relative to the site file",
        ),
        (
            "logo: own.txt",
            "`theme.logo`: in/own.txt is a file of another kind\n  help: the name of the file ends in one of: png, jpg, jpeg, svg, webp, gif",
        ),
        ("icon: folder.ico", "`theme.icon`: in/folder.ico is not a regular file\n  help: paths are relative to the site file"),
        (
            "css: large.css",
            "`theme.css`: in/large.css has 1024 KiB\n  help: everybody who opens a page fetches it; at most 1024 KiB are taken",
        ),
    ] {
        let column = line.find(' ').map_or(0, |at| at + 4);
        let mill = mill()
            .file("in/large.css", &large)
            .file("in/own.txt", "")
            .file("in/folder.ico/a", "")
            .file("in/feedmill.yaml", format!("{SITE}theme:\n  {line}\n"));
        let _ = mill.run("build in").status(2).stdout("").stderr(&format!("feedmill: in/feedmill.yaml:5:{column}: {told}"));
    }
}

#[test]
fn languages_that_are_written_from_the_right() {
    let hebrew = "title: חדשות\ndate: 2020-11-13\nlink: https://example.org/he\ntopics: [בינה]\nexcerpt: Google אמרה";
    let latin =
        "title: Google says\ndate: 2020-11-12\nlink: https://example.org/en\nlocale: en\ntopics: [בינה]\nexcerpt: Google אמרה";
    for (language, dir) in [("he", "rtl"), ("ar-EG", "rtl"), ("az-Arab", "rtl"), ("de", "ltr"), ("ar-Latn", "ltr")] {
        let mill = Mill::new()
            .file("in/feedmill.yaml", format!("{SITE}language: {language}\n"))
            .article("in/a.md", hebrew)
            .article("in/b.md", latin);
        mill.run("build in").silent();
        let html = page(
            &mill,
            &format!(
                "{}/index.html",
                fs::read_dir(mill.path("feeds"))
                    .expect("feeds")
                    .find_map(|entry| {
                        let entry = entry.expect("an entry");
                        (entry.path().is_dir() && entry.file_name() != "assets")
                            .then(|| entry.file_name().into_string().expect("UTF-8"))
                    })
                    .expect("a topic")
            ),
        );
        assert_eq!(
            (attributes(&html, "html", "lang"), attributes(&html, "html", "dir")),
            (vec![language.to_owned()], vec![dir.to_owned()])
        );
        // What the page says itself is English.
        assert_eq!(
            (attributes(&html, ".subscribe", "lang"), attributes(&html, ".subscribe", "dir")),
            (vec!["en".into()], vec!["ltr".into()])
        );
        let titles: Vec<_> = select(&html, "h3").iter().map(|title| (title.attr("lang"), title.attr("dir"))).collect();
        assert_eq!(titles, [(None, Some("auto").filter(|_| dir == "ltr")), (Some("en"), Some("ltr"))], "{language}");
    }
    let mill = mill().file("in/feedmill.yaml", format!("{SITE}language: en-GB\n"));
    mill.run("build in").silent();
    assert!(select(&page(&mill, "ai/index.html"), "body [lang]").is_empty());
}

/// A page of the owner's own that has taken the place of ours is never replaced, though the manifest has it.
#[test]
fn a_page_that_became_the_owners_is_theirs() {
    let mill = Mill::new().story("in/a.md", "One", "2020-11-13", "AI");
    mill.run("build in").silent();
    fs::write(mill.path("feeds/index.html"), "<h1>mine</h1>").expect("a page");
    let run = mill.run("build in").status(2);
    assert!(run.stderr.contains("feeds/index.html"), "{}", run.stderr);
    assert!(run.stderr.contains("feedmill did not write this file, and does not replace it"), "{}", run.stderr);
    assert_eq!(mill.read("feeds/index.html"), "<h1>mine</h1>");
    mill.run("build in --adopt").silent();
    assert!(mill.read("feeds/index.html").contains("AI"));
}
