//! What enters feeds, of any articles and any rules: exactly what the rules say, looked at one article at a time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use feedmill::group::Clock;
use feedmill::link::{Fingerprint, Link};
use feedmill::manifest::Manifest;
use feedmill::site::{Overrides, Site};
use feedmill::{Action, Progress, Request, Survey, build, look};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::mill::{NOW, cases};

/// Topics, and behind them another name of the second.
const TOPICS: [&str; 6] = ["Ash", "Birch", "Cedar", "Date", "Elm", "Betula"];
const KINDS: [&str; 2] = ["article", "Video"];
const CATEGORIES: [&str; 2] = ["News", "sports"];
/// What stands for a provider in a dial: a name, and domains.
const PROVIDERS: [&str; 4] = ["alpha", "alpha.example.org", "beta.example.net", "example.org"];
/// Which of those a provider is: one that says nothing, Alpha with its domain and without, and Beta below its own.
const IS: [[bool; 4]; 4] =
    [[false, false, false, true], [true, true, false, true], [true, false, false, true], [false, false, true, true]];
const DOMAINS: [&str; 4] = ["news.example.org", "alpha.example.org", "news.example.org", "x.beta.example.net"];
/// Titles by how they end.
const TITLES: [&str; 3] = ["*1", "/[0-4]$/", "*[!3-9]"];

#[derive(Clone, Debug)]
struct Piece {
    /// Half days before the clock.
    age: i64,
    topics: Vec<usize>,
    quality: Option<i32>,
    heat: Option<i32>,
    kind: Option<usize>,
    category: Option<usize>,
    provider: usize,
    published: bool,
    /// Links to articles and, with larger numbers, to others: quality, and half days.
    related: Vec<(usize, Option<i32>, Option<i64>)>,
}

#[derive(Clone, Debug, Default)]
struct Dials {
    quality: Option<i32>,
    heat: Option<i32>,
    days: Option<i64>,
    kinds: Option<Choice>,
    categories: Option<Choice>,
    providers: Option<Choice>,
    titles: Option<Choice>,
}

/// What is included, and what is excluded.
type Choice = (Vec<usize>, Vec<usize>);

#[derive(Clone, Debug)]
struct Own {
    any: Vec<usize>,
    all: Vec<usize>,
    none: Vec<usize>,
    top: bool,
    each: Option<bool>,
    dials: Dials,
    limit: usize,
}

#[derive(Clone, Debug)]
struct Rules {
    limit: usize,
    /// The least quality of related links, and their greatest age in days.
    related: (Option<i32>, Option<i64>),
    /// Entries of an article's links, and whether those that say the same are one.
    links: (usize, bool),
    dials: Dials,
    /// For each topic its parent, which comes behind it, its dials and its limit.
    topics: Vec<(Option<usize>, Dials, Option<usize>)>,
    own: Vec<Own>,
}

fn now() -> DateTime<Utc> {
    NOW.parse().expect("a date")
}

fn address(number: usize) -> String {
    format!("https://news.example.org/{number}")
}

impl Piece {
    fn text(&self, number: usize) -> String {
        let mut lines = Map::new();
        let topics: Vec<&str> = self.topics.iter().map(|topic| TOPICS[*topic]).collect();
        let link = |(to, quality, age): &(usize, Option<i32>, Option<i64>)| {
            let date = age.map(|age| (now() - TimeDelta::hours(12 * age)).to_rfc3339());
            json!({"title": format!("Link {}", to % 3), "link": address(*to), "quality": quality, "date": date})
        };
        lines.insert("title".into(), json!(format!("Title {number}")));
        lines.insert("date".into(), json!(self.date().to_rfc3339()));
        lines.insert("link".into(), json!(address(number)));
        lines.insert("topics".into(), json!(topics));
        lines.insert("quality".into(), json!(self.quality));
        lines.insert("heat".into(), json!(self.heat));
        lines.insert("type".into(), json!(self.kind.map(|kind| KINDS[kind])));
        lines.insert("category".into(), json!(self.category.map(|category| CATEGORIES[category])));
        let provider = [
            json!(null),
            json!({"name": "Alpha", "domain": "www.alpha.example.org"}),
            json!("Alpha"),
            json!({"name": "Beta", "domain": "x.beta.example.net"}),
        ];
        lines.insert("provider".into(), provider[self.provider].clone());
        lines.insert("published".into(), json!(self.published));
        lines.insert("related".into(), json!(self.related.iter().map(link).collect::<Vec<_>>()));
        // What is written for a program is as good for a person.
        lines.iter().map(|(key, value)| format!("{key}: {value}\n")).fold("---\n".to_owned(), |text, line| text + &line) + "---\n"
    }

    fn date(&self) -> DateTime<Utc> {
        now() - TimeDelta::hours(12 * self.age)
    }
}

impl Dials {
    fn lines(&self, lines: &mut Map<String, Value>) {
        let mut choice = |key: &str, choice: &Option<Choice>, words: &[&str]| {
            if let Some((include, exclude)) = choice {
                let words = |list: &Vec<usize>| list.iter().map(|word| words[*word]).collect::<Vec<_>>();
                lines.insert(key.into(), json!({"include": words(include), "exclude": words(exclude)}));
            }
        };
        choice("types", &self.kinds, &KINDS);
        choice("categories", &self.categories, &CATEGORIES);
        choice("providers", &self.providers, &PROVIDERS);
        choice("title_matches", &self.titles, &TITLES);
        lines.extend(self.quality.map(|least| ("min_quality".to_owned(), json!(least))));
        lines.extend(self.heat.map(|least| ("min_heat".to_owned(), json!(least))));
        lines.extend(self.days.map(|days| ("max_age".to_owned(), json!(days))));
    }

    fn over(&self, site: &Self) -> Self {
        Self {
            quality: self.quality.or(site.quality),
            heat: self.heat.or(site.heat),
            days: self.days.or(site.days),
            kinds: self.kinds.clone().or(site.kinds.clone()),
            categories: self.categories.clone().or(site.categories.clone()),
            providers: self.providers.clone().or(site.providers.clone()),
            titles: self.titles.clone().or(site.titles.clone()),
        }
    }

    /// Whether an article passes, one dial after the other.
    fn let_in(&self, number: usize, piece: &Piece) -> bool {
        let passes = |choice: &Option<Choice>, is: &dyn Fn(usize) -> bool| match choice {
            None => true,
            Some((include, exclude)) => {
                let included = include.is_empty() || include.iter().any(|word| is(*word));
                included && !exclude.iter().any(|word| is(*word))
            }
        };
        let last = number % 10;
        let ends = [last == 1, last <= 4, !(3..=9).contains(&last)];
        self.quality.is_none_or(|least| piece.quality.is_some_and(|is| is >= least))
            && self.heat.is_none_or(|least| piece.heat.is_some_and(|is| is >= 0 && is >= least))
            && self.days.is_none_or(|days| piece.age < 2 * days)
            && passes(&self.kinds, &|kind| piece.kind == Some(kind))
            && passes(&self.categories, &|category| piece.category == Some(category))
            && passes(&self.providers, &|provider| IS[piece.provider][provider])
            && passes(&self.titles, &|title| ends[title])
    }
}

impl Rules {
    fn file(&self) -> String {
        let names = |list: &Vec<usize>| list.iter().map(|topic| TOPICS[*topic]).collect::<Vec<_>>();
        let mut topics = Map::new();
        for (number, (parent, dials, limit)) in self.topics.iter().enumerate() {
            let mut lines = Map::new();
            dials.lines(&mut lines);
            lines.extend(limit.map(|limit| ("limit".to_owned(), json!(limit))));
            lines.extend(parent.map(|parent| ("parent".to_owned(), json!(TOPICS[parent]))));
            if TOPICS[number] == "Birch" {
                lines.insert("aliases".into(), json!("betula"));
            }
            topics.insert(TOPICS[number].into(), lines.into());
        }
        let mut feeds = Map::new();
        for (number, own) in self.own.iter().enumerate() {
            let mut lines = Map::new();
            own.dials.lines(&mut lines);
            lines.extend(own.each.map(|each| ("each".to_owned(), json!(if each { "provider" } else { "category" }))));
            lines.insert("any".into(), json!(names(&own.any)));
            lines.insert("all".into(), json!(names(&own.all)));
            lines.insert("none".into(), json!(names(&own.none)));
            lines.insert("top".into(), json!(own.top));
            lines.insert("limit".into(), json!(own.limit));
            feeds.insert(format!("Own {number}"), lines.into());
        }
        let mut site = Map::new();
        self.dials.lines(&mut site);
        site.insert("base_url".into(), json!("https://feeds.example.org/"));
        site.insert("formats".into(), json!(["rss"]));
        site.insert("limit".into(), json!(self.limit));
        site.insert(
            "related".into(),
            json!({
                "per_article": self.links.0,
                "merge_same_title": self.links.1,
                "min_quality": self.related.0,
                "max_age": self.related.1,
            }),
        );
        site.insert("topics".into(), topics.into());
        site.insert("feeds".into(), feeds.into());
        Value::from(site).to_string()
    }

    /// The topics that an article counts in: its own, and all above them.
    fn topics_of(&self, piece: &Piece) -> BTreeSet<usize> {
        let mut topics = BTreeSet::new();
        for topic in &piece.topics {
            let mut next = Some(if *topic == 5 { 1 } else { *topic });
            while let Some(topic) = next {
                topics.insert(topic);
                next = self.topics[topic].0;
            }
        }
        topics
    }
}

/// The numbers of the articles that a feed has, by its key: of all that are published those that it wants, sorted, and of these
/// as many as there is room for.
fn expected(rules: &Rules, pieces: &[Piece]) -> BTreeMap<String, Vec<usize>> {
    let name = |number: usize| Link::parse(&address(number)).expect("an address").key().fingerprint();
    let order = |number: &usize| (Reverse(pieces[*number].date()), name(*number));
    let take = |limit: usize, dials: &Dials, top: bool, wants: &dyn Fn(usize, &Piece) -> bool| -> Vec<usize> {
        let all = pieces.iter().enumerate().filter(|(_, piece)| piece.published);
        let passed = all.filter(|(number, piece)| wants(*number, piece) && dials.let_in(*number, piece));
        let mut chosen: Vec<usize> = passed.map(|(number, _)| number).collect();
        let best = |number: &usize| {
            let Piece { heat, quality, .. } = &pieces[*number];
            let rank = (heat.filter(|heat| *heat >= 0), *quality);
            (Reverse(top.then_some(rank)), order(number))
        };
        chosen.sort_by_key(best);
        chosen.truncate(limit);
        chosen.sort_by_key(order);
        chosen
    };
    let mut feeds = BTreeMap::from([(String::new(), take(rules.limit, &rules.dials, false, &|_, _| true))]);
    for (topic, (_, dials, limit)) in rules.topics.iter().enumerate() {
        let limit = limit.unwrap_or(rules.limit);
        let chosen = take(limit, &dials.over(&rules.dials), false, &|_, piece| rules.topics_of(piece).contains(&topic));
        feeds.insert(TOPICS[topic].to_lowercase(), chosen);
    }
    for (number, own) in rules.own.iter().enumerate() {
        let mut dials = own.dials.over(&rules.dials);
        if own.top {
            // Of the last week, or of what the site lets in of it.
            dials.days = own.dials.days.or(Some(dials.days.map_or(7, |days| days.min(7))));
        }
        let wants = |piece: &Piece| {
            let topics = rules.topics_of(piece);
            let has = |topic: &usize| topics.contains(&if *topic == 5 { 1 } else { *topic });
            (own.any.is_empty() || own.any.iter().any(has)) && own.all.iter().all(has) && !own.none.iter().any(has)
        };
        let key = format!("feed\u{1f}own {number}");
        let word = |piece: &Piece| match own.each {
            None => Some(String::new()),
            Some(true) => Some(DOMAINS[piece.provider].to_owned()),
            Some(false) => piece.category.map(|category| CATEGORIES[category].to_lowercase()),
        };
        if own.each.is_none() {
            feeds.insert(key, take(own.limit, &dials, own.top, &|_, piece| wants(piece)));
            continue;
        }
        let words: BTreeSet<String> = pieces.iter().filter_map(word).collect();
        for one in words {
            let chosen = take(own.limit, &dials, own.top, &|_, piece| wants(piece) && word(piece).as_ref() == Some(&one));
            // Nobody asked for one without an article.
            if !chosen.is_empty() {
                feeds.insert(format!("{key}\u{1f}{one}"), chosen);
            }
        }
    }
    feeds
}

/// Writes articles, in files of which the first comes from `first` on, and asks with so many threads.
fn with<T>(folder: &Path, rules: &Rules, pieces: &[Piece], first: usize, threads: usize, ask: impl FnOnce(&Request) -> T) -> T {
    let articles = folder.join("in");
    std::fs::create_dir_all(&articles).expect("a folder");
    for (number, piece) in pieces.iter().enumerate() {
        let place = (number * 7 + first) % pieces.len().max(1);
        // Every seventh, and so on, if that meets all; else as they come.
        let place = if pieces.len().is_multiple_of(7) { number } else { place };
        std::fs::write(articles.join(format!("{place:04}.md")), piece.text(number)).expect("an article");
    }
    let overrides = Overrides { out: Some(folder.join("out")), ..Overrides::default() };
    let site = Site::parse("feedmill.yaml".as_ref(), &rules.file(), &overrides).expect("a site");
    let request = Request {
        articles: &[articles],
        site: &site,
        clock: Clock { now: now(), preview: false },
        action: Action::Publish,
        strict: false,
        adopt: false,
        force: true,
        wait: false,
        threads,
        progress: &Progress::default(),
        program: 0,
        cache: None,
    };
    ask(&request)
}

/// A folder that is gone afterwards, in memory where there is such a place.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
}

/// The numbers of the articles that each feed has, by its key.
fn found(rules: &Rules, pieces: &[Piece], first: usize, threads: usize) -> BTreeMap<String, Vec<usize>> {
    let folder = folder();
    let Survey { index, grouping, .. } =
        with(folder.path(), rules, pieces, first, threads, |request| look(request).expect("a look"));
    let names: BTreeMap<Fingerprint, usize> = (0..pieces.len())
        .map(|number| (Link::parse(&address(number)).expect("an address").key().fingerprint(), number))
        .collect();
    let number = |story: &u32| {
        let row = &index.rows[grouping.stories.list[*story as usize].winner as usize];
        names[&index.names(row).0[0]]
    };
    let key = |topic: Option<usize>| topic.map_or_else(String::new, |topic| grouping.topics[topic].key.as_str().to_owned());
    grouping.feeds.iter().map(|plan| (key(plan.topic), plan.chosen.iter().map(number).collect())).collect()
}

/// Publishes one state of the same articles after another into one folder, the last one twice; what the last run wrote.
fn written_again(rules: &Rules, states: &[&[Piece]]) -> BTreeSet<String> {
    let folder = folder();
    let mut last = BTreeSet::new();
    for pieces in states.iter().chain(states.last()) {
        let report = with(folder.path(), rules, pieces, 0, 1, |request| build(request).expect("a run"));
        assert!(!report.failed, "{:?}", report.diagnostics);
        last = report.changes.written;
    }
    last
}

/// The entries of each feed, by their ids.
fn published(rules: &Rules, pieces: &[Piece]) -> BTreeMap<String, BTreeSet<String>> {
    let folder = folder();
    let report = with(folder.path(), rules, pieces, 0, 1, |request| build(request).expect("a run"));
    assert!(!report.failed, "{:?}", report.diagnostics);
    let manifest = std::fs::read(folder.path().join("out/feedmill.json")).unwrap_or_default();
    let Ok(manifest) = Manifest::parse(&manifest) else { return BTreeMap::new() };
    let ids = |feed: feedmill::manifest::Feed| feed.entries.into_iter().map(|entry| entry.id).collect();
    manifest.feeds.into_iter().map(|(key, feed)| (key.as_str().to_owned(), ids(feed))).collect()
}

fn piece() -> impl Strategy<Value = Piece> {
    let measures = (option::of(0..6), option::weighted(0.8, -1..6));
    let words = (option::of(0..2_usize), option::of(0..2_usize), 0..4_usize);
    let related = vec((0..60_usize, option::of(0..6), option::of(0..40_i64)), 0..3);
    (0..30_i64, vec(0..6_usize, 0..3), measures, words, prop::bool::weighted(0.95), related).prop_map(
        |(age, topics, (quality, heat), (kind, category, provider), published, related)| Piece {
            age,
            topics,
            quality,
            heat,
            kind,
            category,
            provider,
            published,
            related,
        },
    )
}

fn dials() -> impl Strategy<Value = Dials> {
    let seldom = 0.2;
    let choice = move |words: usize| option::weighted(seldom, (vec(0..words, 0..2), vec(0..words, 0..2)));
    let measures = (option::weighted(seldom, 0..4), option::weighted(seldom, 0..4), option::weighted(seldom, 1..20_i64));
    (measures, choice(2), choice(2), choice(4), choice(3)).prop_map(
        |((quality, heat, days), kinds, categories, providers, titles)| Dials {
            quality,
            heat,
            days,
            kinds,
            categories,
            providers,
            titles,
        },
    )
}

fn own() -> impl Strategy<Value = Own> {
    let topics = || vec(0..6_usize, 0..2);
    let each = option::weighted(0.25, any::<bool>());
    (topics(), topics(), topics(), any::<bool>(), each, dials(), 1..6_usize)
        .prop_map(|(any, all, none, top, each, dials, limit)| Own { any, all, none, top, each, dials, limit })
}

fn rules() -> impl Strategy<Value = Rules> {
    let topic = |number: usize| {
        let parent = (number + 1..=5).prop_map(|parent| Some(parent).filter(|parent| *parent < 5));
        (parent, dials(), option::of(1..6_usize))
    };
    let topics = (topic(0), topic(1), topic(2), topic(3), topic(4));
    let topics = topics.prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e]);
    let related = (option::of(0..4), option::of(5..20_i64));
    (1..6_usize, related, prop_oneof![2 => Just(Dials::default()), 1 => dials()], topics, vec(own(), 0..5))
        .prop_map(|(limit, related, dials, topics, own)| Rules { limit, related, links: (1000, false), dials, topics, own })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(96), failure_persistence: None, ..ProptestConfig::default() })]

    /// So many articles that what has no place any more is not looked at: that must not show, nor the order of files, nor how
    /// many threads there are.
    #[test]
    fn every_feed_has_what_its_rules_say(rules in rules(), pieces in vec(piece(), 90..200), first in 0..90_usize) {
        let mut pieces = pieces;
        // One that is surely published, for without any there is no feed.
        pieces[0].published = true;
        let expected = expected(&rules, &pieces);
        prop_assert_eq!(&found(&rules, &pieces, 0, 1), &expected);
        prop_assert_eq!(&found(&rules, &pieces, first, 3), &expected);
    }

    #[test]
    fn a_parent_without_dials_has_the_newest_of_all_below_it(rules in rules(), pieces in vec(piece(), 1..60)) {
        let mut rules = Rules { dials: Dials::default(), own: Vec::new(), ..rules };
        let parents: BTreeSet<usize> = rules.topics.iter().filter_map(|(parent, ..)| *parent).collect();
        for parent in &parents {
            rules.topics[*parent].1 = Dials::default();
        }
        let found = found(&rules, &pieces, 0, 2);
        for parent in parents.iter().filter(|_| !found.is_empty()) {
            let limit = rules.topics[*parent].2.unwrap_or(rules.limit);
            let is_below = |piece: &Piece| rules.topics_of(piece).contains(parent);
            let below = pieces.iter().filter(|piece| piece.published && is_below(piece));
            let mut ages: Vec<i64> = below.map(|piece| piece.age).collect();
            ages.sort_unstable();
            ages.truncate(limit);
            let chosen = &found[&TOPICS[*parent].to_lowercase()];
            prop_assert_eq!(chosen.iter().collect::<BTreeSet<_>>().len(), chosen.len(), "each once");
            prop_assert_eq!(chosen.iter().map(|number| pieces[*number].age).collect::<Vec<_>>(), ages);
            prop_assert!(chosen.iter().all(|number| is_below(&pieces[*number])));
        }
    }

    /// Measures, dates and links move, and what was let in stays: that depends on what was published, but it comes to rest.
    #[test]
    fn a_run_with_nothing_new_writes_nothing(
        rules in rules(),
        pieces in vec((piece(), piece()), 1..25),
        links in (1..4_usize, any::<bool>()),
    ) {
        let rules = Rules { links, ..rules };
        let (mut before, mut after): (Vec<Piece>, Vec<Piece>) = pieces.into_iter().unzip();
        // One that is surely published, for without any all stays as it is.
        (before[0].published, after[0].published) = (true, true);
        // What is told of another article is of the same one, but for what moves.
        let moved = |(before, after): (&Piece, &Piece)| {
            let links = before.related.iter().zip(after.related.iter().map(|link| link.1).chain([None, None, None]));
            let related = links.map(|((to, _, age), quality)| (*to, quality, *age)).collect();
            Piece { quality: after.quality, heat: after.heat, related, ..before.clone() }
        };
        let moved: Vec<Piece> = before.iter().zip(&after).map(moved).collect();
        prop_assert_eq!(written_again(&rules, &[&before, &moved]), BTreeSet::new());
        prop_assert_eq!(written_again(&rules, &[&before, &moved, &after]), BTreeSet::new());
    }

    /// As long as there is room: where there is none, what goes makes room for what had none.
    #[test]
    fn a_threshold_that_is_raised_adds_no_entry(
        rules in rules(),
        pieces in vec(piece(), 1..25),
        place in 0..14_usize,
        (quality, heat, days) in (1..3, 1..3, 0..4_i64),
    ) {
        let mut rules = rules;
        rules.limit = 100;
        rules.topics.iter_mut().for_each(|(.., limit)| *limit = None);
        rules.own.iter_mut().for_each(|own| own.limit = 100);
        let before = published(&rules, &pieces);
        let count = rules.own.len();
        let mut of_related = Dials { quality: rules.related.0, days: rules.related.1, ..Dials::default() };
        let dials = match place {
            11.. => &mut of_related,
            0 => &mut rules.dials,
            1..6 => &mut rules.topics[place - 1].1,
            _ if count > 0 => &mut rules.own[place % count].dials,
            _ => &mut rules.dials,
        };
        dials.quality = dials.quality.map(|least| least + quality).or(Some(3));
        dials.heat = dials.heat.map(|least| least + heat).or((heat > 1).then_some(3));
        dials.days = dials.days.map(|most| (most - days).max(1));
        rules.related = (of_related.quality, of_related.days);
        for (key, entries) in published(&rules, &pieces) {
            // A feed for each may be new where nothing is in it: then it is none.
            let had = before.get(&key).cloned().unwrap_or_default();
            prop_assert!(entries.is_subset(&had), "{:?}: {:?} and before {:?}", key, entries, had);
        }
    }
}
