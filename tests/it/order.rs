//! What must never show: the order in which files were made, the number of threads, and that there was a run before. And what is
//! true of the feeds of any articles whatever.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use feedmill::group::Clock;
use feedmill::link::{EntryId, Link};
use feedmill::manifest::Manifest;
use feedmill::report::Report;
use feedmill::site::{Overrides, Site};
use feedmill::topic::TopicKey;
use feedmill::{Action, Progress, Request, build};
use proptest::prelude::*;

use crate::mill::{NOW, cases, files};

/// Spellings of few topics: four of one, and two whose folders would have one name.
const TOPICS: &[&str] = &["AI", "ai", " A.I.", "Ａｉ", "C++", "c++", "C plus plus", "Power  Apps", "power apps", "日本語"];

/// Dates few enough to be equal often; the last is after the run's clock.
const DATES: &[&str] = &["2020-11-13T18:07:00Z", "2020-11-13", "2020-11-14T00:00:00+01:00", "2020-11-20", "2020-11-25"];

/// Files of which each thread takes a run at a time: so many others stand between two articles that every thread has some.
const APART: usize = 9;

/// A generated article.
#[derive(Clone, Debug)]
struct Piece {
    original: usize,
    web: usize,
    amp: Option<usize>,
    own_id: Option<usize>,
    date: usize,
    quality: u8,
    topics: Vec<usize>,
    status: u8,
    related: Vec<(usize, Option<usize>, u8)>,
}

/// An own id, spelled in two ways that mean the same.
fn own_id(number: usize) -> &'static str {
    ["urn:uuid:7F1D20C2-0000-4000-8000-00000000000A", "urn:uuid:7f1d20c2-0000-4000-8000-00000000000a", "old-1"][number]
}

/// An address that is no part of another one.
fn address(number: usize) -> String {
    format!("https://example.org/story-{number}-end")
}

impl Piece {
    fn text(&self, number: usize) -> String {
        use std::fmt::Write;
        let mut text = format!(
            "---\ntitle: \"Piece {number}\"\nexcerpt: Of {number}\ndate: {}\noriginalUrl: {}\nwebUrl: {}\n",
            DATES[self.date],
            address(self.original),
            // A copy with a parameter that does not count.
            address(self.web) + if self.quality.is_multiple_of(2) { "" } else { "/?utm_source=x" },
        );
        if let Some(amp) = self.amp {
            writeln!(text, "ampWebUrl: https://amp.example.org/{amp}").unwrap();
        }
        if let Some(id) = self.own_id {
            writeln!(text, "id: {}", own_id(id)).unwrap();
        }
        let topics: Vec<_> = self.topics.iter().map(|&topic| format!("\"{}\"", TOPICS[topic])).collect();
        writeln!(text, "quality: {}\ntopics: [{}]", self.quality, topics.join(", ")).unwrap();
        text.push_str(match self.status {
            0 => "deleted: true\n",
            1 => "draft: yes\n",
            2..=4 => "published: false\n",
            5 => "published: true\n",
            _ => "",
        });
        if !self.related.is_empty() {
            text.push_str("related:\n");
        }
        for (link, date, quality) in &self.related {
            writeln!(text, "- title: \"Link {link} of {number}\"\n  webUrl: {}\n  quality: {quality}", address(*link)).unwrap();
            if let Some(date) = date {
                writeln!(text, "  date: {}", DATES[*date]).unwrap();
            }
            if quality % 2 == 0 {
                writeln!(text, "  excerpt: Alexaâ€™s {quality}").unwrap();
            }
        }
        text + "---\n"
    }

    fn withdrawn(&self) -> bool {
        self.status < 2
    }

    fn public(&self) -> bool {
        self.status > 4 && self.date + 1 < DATES.len()
    }

    /// The moment, in seconds.
    fn moment(&self) -> i64 {
        feedmill::read::date::parse(DATES[self.date], chrono_tz::Tz::UTC).expect("a date").timestamp()
    }
}

fn any_piece(amp: bool, ids: bool) -> impl Strategy<Value = Piece> {
    let addresses = 0_usize..9;
    let related = (addresses.clone(), prop::option::of(0..DATES.len()), 0_u8..4);
    let one = (
        addresses.clone(),
        prop::option::weighted(0.2, addresses),
        prop::option::weighted(0.4, 0_usize..4).prop_map(move |page| page.filter(|_| amp)),
        prop::option::weighted(0.3, 1_usize..3).prop_map(move |id| id.filter(|_| ids)),
        0..DATES.len(),
    );
    let more = (0_u8..4, prop::collection::vec(0..TOPICS.len(), 0..4), 0_u8..14, prop::collection::vec(related, 0..5));
    (one, more).prop_map(|((original, web, amp, own_id, date), (quality, topics, status, related))| Piece {
        original,
        web: web.unwrap_or(original),
        amp,
        own_id,
        date,
        quality,
        topics,
        status,
        related,
    })
}

fn any_pieces() -> impl Strategy<Value = Vec<Piece>> {
    (any::<bool>(), any::<bool>()).prop_flat_map(|(amp, ids)| prop::collection::vec(any_piece(amp, ids), 2..11))
}

/// A folder of articles, and where their feeds go.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        // In memory where there is such a place: every file of a feed is synced to the disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { folder: folder.expect("a temporary folder") }
    }

    fn articles(&self) -> PathBuf {
        self.folder.path().join("articles")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("feeds")
    }

    /// Writes the files in this order, from nothing.
    fn fill(&self, files: &[(String, String)]) {
        for folder in [self.articles(), self.out()] {
            if folder.exists() {
                fs::remove_dir_all(folder).expect("gone");
            }
        }
        for (path, text) in files {
            let path = self.articles().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }

    fn build(&self, settings: &str, threads: usize) -> Report {
        let overrides = Overrides { out: Some(self.out()), ..Overrides::default() };
        let site = Site::parse(&self.articles().join("feedmill.yaml"), settings, &overrides).expect("a site");
        let request = Request {
            articles: &[self.articles()],
            site: &site,
            clock: Clock { now: NOW.parse().expect("a date"), preview: false },
            action: Action::Publish,
            strict: false,
            adopt: false,
            force: false,
            wait: false,
            threads,
            progress: &Progress::default(),
            program: 0,
            cache: None,
        };
        build(&request).expect("a run")
    }
}

fn sources(pieces: &[Piece]) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        sources.push((format!("{number:02}/a.md"), piece.text(number)));
        sources.extend((0..APART).map(|other| (format!("{number:02}/b{other}.md"), String::new())));
    }
    sources
}

/// What an entry looks like from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: String,
    link: String,
    published: String,
    related: bool,
    categories: Vec<String>,
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let tree = roxmltree::Document::parse(text).expect("XML");
    let entries = tree.root_element().children().filter(|child| child.has_tag_name(("http://www.w3.org/2005/Atom", "entry")));
    let of = |entry: roxmltree::Node<'_, '_>| {
        let child = |name: &str| entry.children().find(|child| child.tag_name().name() == name).expect("a child");
        let text = |name: &str| child(name).text().expect("text").to_owned();
        let categories = entry.children().filter(|child| child.tag_name().name() == "category");
        let categories: Vec<_> = categories.map(|category| category.attribute("term").expect("a term").to_owned()).collect();
        Entry {
            id: text("id"),
            link: child("link").attribute("href").expect("an address").to_owned(),
            published: text("published"),
            related: categories.first().is_some_and(|first| first == "Related link"),
            categories,
        }
    };
    entries.map(of).collect()
}

/// What the rules say of generated articles, worked out in the plainest way.
struct Truth {
    /// Pieces that are one story.
    stories: Vec<Vec<usize>>,
}

impl Truth {
    fn of(pieces: &[Piece]) -> Self {
        let mut stories: Vec<Vec<usize>> = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            let same = |&other: &usize| {
                let (a, b) = (piece, &pieces[other]);
                let addresses = [b.original, b.web];
                let names = |id: Option<usize>| id.map(|id| own_id(id).to_lowercase());
                addresses.contains(&a.original)
                    || addresses.contains(&a.web)
                    || (a.own_id.is_some() && names(a.own_id) == names(b.own_id))
            };
            let (joined, apart): (Vec<_>, Vec<_>) = stories.into_iter().partition(|story| story.iter().any(same));
            stories = apart;
            stories.push(joined.into_iter().flatten().chain([number]).collect());
        }
        Self { stories }
    }

    /// Ids of the stories that are shown, and the keys of their topics.
    fn shown(&self, pieces: &[Piece]) -> BTreeMap<String, BTreeSet<TopicKey>> {
        let mut shown = BTreeMap::new();
        for story in self.stories.iter().filter(|story| !story.iter().any(|&number| pieces[number].withdrawn())) {
            let public: Vec<usize> = story.iter().copied().filter(|&number| pieces[number].public()).collect();
            let newest = public.iter().copied().max_by_key(|&number| (pieces[number].moment(), std::cmp::Reverse(number)));
            let Some(winner) = newest.map(|number| &pieces[number]) else { continue };
            let link = Link::parse(&address(winner.original)).expect("an address");
            // Any copy may give the story its id; that of the one that stands for it counts first.
            let copies: BTreeSet<usize> = story.iter().copied().collect();
            let given = winner.own_id.or_else(|| copies.iter().find_map(|&number| pieces[number].own_id));
            let id = given.map_or_else(|| EntryId::from_key(&link.key()).to_string(), |id| own_id(id).to_owned());
            let topics = public.iter().flat_map(|&number| &pieces[number].topics).map(|&topic| TopicKey::of(TOPICS[topic]));
            shown.insert(id, topics.collect());
        }
        shown
    }

    /// Addresses that must be nowhere.
    fn withdrawn(&self, pieces: &[Piece]) -> BTreeSet<String> {
        let gone = self.stories.iter().filter(|story| story.iter().any(|&number| pieces[number].withdrawn()));
        gone.flatten().flat_map(|&number| [address(pieces[number].original), address(pieces[number].web)]).collect()
    }
}

fn check_invariants(out: &BTreeMap<String, Vec<u8>>, pieces: &[Piece], report: &Report) {
    let truth = Truth::of(pieces);
    let withdrawn = truth.withdrawn(pieces);
    let manifest = Manifest::parse(&out["feedmill.json"]).expect("a manifest");
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut articles: BTreeMap<TopicKey, BTreeSet<String>> = BTreeMap::new();
    for (path, bytes) in out {
        let text = String::from_utf8_lossy(bytes);
        for address in &withdrawn {
            assert!(!text.contains(address.as_str()), "{address} was withdrawn and is in {path}");
        }
    }
    for (key, feed) in &manifest.feeds {
        let folder = feed.slug.as_ref().map_or_else(String::new, |slug| format!("{slug}/"));
        let entries = entries(&out[&format!("{folder}atom.xml")]);
        assert!(entries.len() <= 300);
        let unique: BTreeSet<_> = entries.iter().map(|entry| &entry.id).collect();
        assert_eq!(unique.len(), entries.len(), "an id twice in the feed {key:?}");
        let order = |entry: &Entry| (std::cmp::Reverse(entry.published.clone()), entry.related, entry.id.clone());
        assert!(entries.is_sorted_by_key(order), "{entries:#?}");
        for entry in &entries {
            let known = ids.entry(entry.link.clone()).or_insert_with(|| entry.id.clone());
            assert_eq!(*known, entry.id, "one story has one id in every feed: {}", entry.link);
            assert_eq!(entry.categories.len(), entry.categories.iter().collect::<BTreeSet<_>>().len(), "{entry:?}");
        }
        let own: BTreeSet<_> = entries.iter().filter(|entry| !entry.related).map(|entry| entry.id.clone()).collect();
        articles.insert(key.clone(), own);
        let listed: Vec<_> = feed.entries.iter().map(|entry| entry.id.clone()).collect();
        assert_eq!(listed, entries.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>());
    }
    // A story that has a file of two addresses has one id, whichever of them a link names.
    let mut addresses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (link, id) in &ids {
        addresses.entry(id).or_default().insert(link);
    }
    for (id, links) in addresses.into_iter().filter(|(_, links)| links.len() > 1) {
        let of_story = |story: &Vec<usize>| -> BTreeSet<String> {
            story.iter().flat_map(|&number| [address(pieces[number].original), address(pieces[number].web)]).collect()
        };
        let is_one = truth.stories.iter().map(of_story).any(|story| links.iter().all(|link| story.contains(*link)));
        assert!(is_one, "two addresses have one id, {id}: {links:?}");
    }

    // AMP pages may join more stories than this plain reckoning knows of.
    if pieces.iter().all(|piece| piece.amp.is_none()) {
        let shown = truth.shown(pieces);
        assert_eq!(report.counts.stories, shown.len());
        let mut expected: BTreeMap<TopicKey, BTreeSet<String>> = BTreeMap::new();
        for (id, topics) in &shown {
            for key in topics.iter().cloned().chain([TopicKey::all()]) {
                expected.entry(key).or_default().insert(id.clone());
            }
        }
        assert_eq!(articles, expected);
    }
}

/// Modification times, by path.
fn times(folder: &Path) -> BTreeMap<String, std::time::SystemTime> {
    let time = |path: &str| fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified()).expect("a time");
    files(folder).into_keys().map(|path| (path.clone(), time(&path))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(32), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_the_order_of_files_nor_the_number_of_threads_shows(
        pieces in any_pieces(),
        shuffled in Just((0..110).collect::<Vec<usize>>()).prop_shuffle(),
        limited in any::<bool>(),
    ) {
        let settings = if limited { "limit: 2\nrelated: {per_article: 2}\n" } else { "limit: 100\n" };
        let place = Place::new();
        let sources = sources(&pieces);
        let mut seen: Option<(BTreeMap<String, Vec<u8>>, String)> = None;
        for threads in [1, 2, 7] {
            let mut order: Vec<usize> = (0..sources.len()).collect();
            match threads {
                1 => {}
                2 => order.reverse(),
                _ => order.sort_by_key(|&place| shuffled[place]),
            }
            let sources: Vec<_> = order.into_iter().map(|place| sources[place].clone()).collect();
            place.fill(&sources);
            let report = place.build(settings, threads);
            let made = files(&place.out());
            let said = format!("{:#?}\n{:#?}\n{:#?}", report.diagnostics, report.counts, report.others);
            prop_assert!(!report.failed);
            if made.is_empty() {
                prop_assert_eq!(report.counts.stories, 0);
            } else if !limited {
                check_invariants(&made, &pieces, &report);
            }
            match &seen {
                None => seen = Some((made, said)),
                Some((before, said_before)) => {
                    prop_assert_eq!(&said, said_before, "with {} threads", threads);
                    prop_assert_eq!(before.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
                    for (path, bytes) in &made {
                        prop_assert!(bytes == &before[path], "{} differs with {} threads", path, threads);
                    }
                }
            }
        }
    }

    #[test]
    fn a_second_run_changes_nothing(pieces in any_pieces()) {
        let place = Place::new();
        place.fill(&sources(&pieces));
        let first = place.build("limit: 100\n", 2);
        let (made, before) = (files(&place.out()), times(&place.out()));
        if !made.is_empty() {
            let second = place.build("limit: 100\n", 7);
            prop_assert!(second.changes.written.is_empty(), "{:?}", second.changes);
            prop_assert_eq!(second.changes.unchanged, first.changes.written);
            prop_assert_eq!(made, files(&place.out()));
            prop_assert_eq!(before, times(&place.out()));
            prop_assert_eq!(first.counts, second.counts);
        }
    }
}

fn piece(number: usize) -> Piece {
    let topics = vec![0];
    Piece { original: number, web: number, amp: None, own_id: None, date: 0, quality: 0, topics, status: 5, related: Vec::new() }
}

#[test]
fn a_feed_has_300_entries_at_most_and_articles_before_related_links() {
    let mut pieces: Vec<Piece> = (0..60).map(piece).collect();
    for (number, piece) in pieces.iter_mut().enumerate() {
        piece.related = (0..10).map(|link| (100 + 10 * number + link, Some(1), 0)).collect();
    }
    let place = Place::new();
    place
        .fill(&pieces.iter().enumerate().map(|(number, piece)| (format!("{number}.md"), piece.text(number))).collect::<Vec<_>>());
    let report = place.build("limit: 60\n", 2);
    let out = files(&place.out());
    check_invariants(&out, &pieces, &report);
    for path in ["atom.xml", "ai/atom.xml"] {
        let entries = entries(&out[path]);
        assert_eq!((entries.len(), entries.iter().filter(|entry| !entry.related).count()), (300, 60), "{path}");
    }
    place.build("limit: 1000\nrelated: {per_article: 1}\n", 2);
    assert_eq!(entries(&files(&place.out())["atom.xml"]).len(), 120);
}

#[test]
fn more_articles_than_300_are_cut_to_the_newest() {
    let pieces: Vec<Piece> = (0..310)
        .map(|number| Piece { date: usize::from(number >= 10), related: vec![(999, None, 0)], ..piece(number) })
        .collect();
    let place = Place::new();
    place
        .fill(&pieces.iter().enumerate().map(|(number, piece)| (format!("{number}.md"), piece.text(number))).collect::<Vec<_>>());
    let _ = place.build("limit: 1000\n", 2);
    let entries = entries(&files(&place.out())["atom.xml"]);
    assert_eq!((entries.len(), entries.iter().filter(|entry| entry.related).count()), (300, 0));
    // The ten of 18:07 are newer than those of midnight.
    let newest: BTreeSet<_> = entries[..10].iter().map(|entry| entry.link.clone()).collect();
    assert_eq!(newest, (0..10).map(address).collect());
}

#[test]
fn what_the_files_are_called_does_not_show_in_feeds_of_equal_dates() {
    let pieces: Vec<Piece> = (0..8).map(piece).collect();
    let place = Place::new();
    let mut seen = BTreeSet::new();
    for names in [[0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0], [3, 0, 7, 1, 6, 2, 5, 4]] {
        let sources = pieces.iter().zip(names).map(|(piece, name)| (format!("{name}.md"), piece.text(piece.original)));
        place.fill(&sources.collect::<Vec<_>>());
        // Three of eight that are of one second.
        place.build("limit: 3\n", 2);
        seen.insert(files(&place.out()));
    }
    assert_eq!(seen.len(), 1);
}

/// Links by several addresses of a story that has a file are one entry, though the file is not shown.
#[test]
fn two_addresses_of_a_hidden_story_are_one_entry() {
    let hidden = Piece { web: 5, status: 2, ..piece(0) };
    for related in [vec![(0, None, 1), (5, Some(2), 0)], vec![(5, Some(2), 1), (0, None, 0)]] {
        let place = Place::new();
        place.fill(&sources(&[hidden.clone(), Piece { related, ..piece(1) }]));
        place.build("limit: 100\n", 1);
        let made = files(&place.out());
        assert_eq!(entries(&made["atom.xml"]).len(), 2);
        assert_eq!(place.build("limit: 100\n", 1).changes.written, BTreeSet::new());
    }
}

/// Of two spellings of one own id it must not be chance which one an entry bears.
#[test]

fn which_of_two_spellings_of_an_id_an_entry_bears_is_no_matter_of_threads() {
    let mut hidden = [piece(0), piece(0)];
    for (number, piece) in hidden.iter_mut().enumerate() {
        piece.status = 2;
        piece.own_id = Some(number);
    }
    let mut pieces: Vec<Piece> = hidden.into();
    pieces.push(Piece { related: vec![(0, Some(0), 1)], ..piece(1) });
    let place = Place::new();
    let mut found = BTreeSet::new();
    for round in 0..24 {
        let mut sources: Vec<(String, String)> =
            pieces.iter().enumerate().map(|(number, piece)| (format!("{number}/a.md"), piece.text(number))).collect();
        for other in 0..40 {
            sources.push((format!("0/b{other}.md"), "---\ntitle: \"x\"\n---\n".repeat(20)));
            sources.push((format!("1/b{other}.md"), "---\ntitle: \"x\"\n---\n".repeat(20)));
        }
        place.fill(&sources);
        place.build("limit: 100\n", 1 + round % 8);
        found.extend(entries(&files(&place.out())["atom.xml"]).into_iter().filter(|entry| entry.related).map(|entry| entry.id));
    }
    assert_eq!(found.len(), 1, "{found:?}");
}

/// The story keeps the name that it had as somebody's related link, or readers would show it twice.
#[test]

fn a_hidden_story_keeps_its_id_when_it_is_published() {
    let parent = Piece { related: vec![(1, Some(0), 2)], ..piece(2) };
    let mut ids = BTreeSet::new();
    for status in [2, 5] {
        let story = Piece { original: 0, web: 1, status, ..piece(0) };
        let place = Place::new();
        place.fill(&[("a.md".to_owned(), story.text(0)), ("b.md".to_owned(), parent.text(1))]);
        place.build("", 1);
        let found = entries(&files(&place.out())["atom.xml"]);
        ids.extend(found.into_iter().filter(|entry| entry.link == address(1)).map(|entry| entry.id));
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
}
