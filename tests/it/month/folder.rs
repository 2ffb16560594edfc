//! The folder of the month: what its owner does to it, and what its feeds must say, worked out in the plainest way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::DateTime;
use feedmill::link::{EntryId, Link};
use feedmill::manifest::{self, Manifest};
use feedmill::topic::TopicKey;

/// Numbers that look like chance and are the same for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one less than this.
    pub fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).expect("a small number")
    }

    /// Whether it is one of so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Seconds, fewer than this.
    pub fn seconds(&mut self, most: usize) -> i64 {
        i64::try_from(self.below(most)).expect("a small number")
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let place = self.below(from.len());
        from.get(place).cloned()
    }
}

/// What an owner calls topics at first: three spellings of one, names that differ in a sign, two that want one folder, and
/// what is not Latin.
const TOPICS: &[&str] = &["AI", "ai ", "Ａｉ", "C++", "C", "Power Apps", "power-apps", "日本語"];

const DOMAINS: usize = 12;

/// What retracts a story.
const RETRACTS: &[&str] = &["deleted", "removed", "draft", "private"];

const FORMATS: &[&[&str]] = &[
    &["rss", "atom", "json", "opml", "pages"],
    &["rss", "atom", "json", "opml", "pages"],
    &["rss", "atom", "json"],
    &["atom", "opml", "pages"],
    &["rss", "opml"],
    &["json", "pages"],
];

/// What names a story besides the address at which it is read: every telling of it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Address,
    Original,
    OwnId,
}

/// A story, in a file of its own or told by others.
#[derive(Clone, Debug)]
struct Story {
    /// The id of its entries.
    id: String,
    date: i64,
    /// Coverage may have no date of its own: then it has that of an article that tells it.
    dated: bool,
    naming: Naming,
    domain: usize,
}

/// Why a file is not in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Away {
    Removed,
    /// With most of the others, by mistake.
    Mass,
}

/// A file that is or was in the folder; its number names what only it says.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // independent things that befall a file
struct File {
    path: String,
    story: usize,
    /// How often it was edited.
    version: usize,
    topics: Vec<String>,
    related: Vec<usize>,
    updated: Option<i64>,
    published: Option<bool>,
    /// The word by which it retracts its story.
    retracts: Option<&'static str>,
    broken: bool,
    /// It says nothing but that its story is retracted.
    bare: bool,
    tracked: bool,
    body: bool,
    away: Option<Away>,
}

/// What the site file says of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct TopicRules {
    slug: Option<String>,
    former: Vec<String>,
    also: Vec<(String, &'static str)>,
}

/// What the site file says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    limit: usize,
    stale: &'static str,
    formats: &'static [&'static str],
    precompress: &'static [&'static str],
    domains: BTreeSet<usize>,
    addresses: BTreeSet<usize>,
    also: Vec<(String, &'static str)>,
    topics: BTreeMap<String, TopicRules>,
}

/// The folder and its owner.
pub struct Owner {
    stories: Vec<Story>,
    files: Vec<File>,
    settings: Settings,
    /// Names that the owner writes.
    topics: Vec<String>,
    dates: BTreeSet<i64>,
    /// Names that are used once.
    next: usize,
    /// What was done since the last run, in words.
    pub done: Vec<String>,
    /// Topics that have a new name since the last run: the old key and the new one.
    pub renamed: Vec<(TopicKey, TopicKey)>,
    /// Folders that lead to a topic that was another one before.
    pub merged: BTreeSet<String>,
    /// The ids of coverage without a date.
    pub dateless: BTreeSet<String>,
}

/// An entry as it must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The one that it has; of coverage without a date, those of its articles, of which it has one when it is new.
    pub dates: BTreeSet<i64>,
    /// Of coverage, the ids of its articles.
    pub parents: BTreeSet<String>,
}

/// What must be true after a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// The entries of each feed, by the key of the topic's name.
    pub feeds: BTreeMap<TopicKey, BTreeMap<String, Due>>,
    /// Stories that must be nowhere.
    pub withdrawn: BTreeSet<usize>,
    /// Ids of stories of which some file can be read.
    pub known: BTreeSet<String>,
    /// Ids of those of which no file is to be shown: they have no entry of their own.
    pub unpublished: BTreeSet<String>,
    /// What files say that stand for a published story: their numbers and versions.
    pub shown: BTreeSet<(usize, usize)>,
    /// The ids of those that stand for them, and when they changed: what a run with nothing new has the same.
    updated: BTreeMap<usize, i64>,
    settings: Option<Settings>,
    pub broken: BTreeSet<String>,
}

impl Truth {
    /// The exit status: nothing is published in the place of feeds where there is nothing to publish.
    pub fn status(&self) -> i32 {
        if self.feeds.is_empty() { 2 } else { 0 }
    }
}

pub fn moment(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).expect("a time").format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Story {
    fn address(&self, number: usize, original: bool) -> String {
        let path = if original { "first/" } else { "" };
        format!("https://paper{}.example/{path}story-{number:05}-end", self.domain)
    }

    fn own_id(number: usize) -> String {
        format!("tag:example.org,2020:story-{number:05}-end")
    }

    /// The id that its entries must have.
    fn made_id(&self, number: usize) -> String {
        let of = |original| EntryId::from_key(&Link::parse(&self.address(number, original)).expect("an address").key());
        match self.naming {
            Naming::Address => of(false).to_string(),
            Naming::Original => of(true).to_string(),
            Naming::OwnId => Self::own_id(number),
        }
    }

    /// The lines that every telling of it has.
    fn lines(&self, number: usize, indent: &str, tracked: bool) -> String {
        let tracking = if tracked { "?utm_source=copy" } else { "" };
        let mut lines = format!("{indent}webUrl: \"{}{tracking}\"\n", self.address(number, false));
        match self.naming {
            Naming::Address => {}
            Naming::Original => writeln!(lines, "{indent}originalUrl: {}", self.address(number, true)).unwrap(),
            Naming::OwnId => writeln!(lines, "{indent}id: \"{}\"", Self::own_id(number)).unwrap(),
        }
        if self.dated {
            // In one of the ways to write it, always the same.
            let date = DateTime::from_timestamp(self.date, 0).expect("a time");
            let date = match number % 3 {
                0 => moment(self.date),
                1 => date.format("%Y-%m-%d %H:%M:%S").to_string(),
                _ => (date + chrono::TimeDelta::hours(2)).format("%Y-%m-%d %H:%M:%S +0200").to_string(),
            };
            writeln!(lines, "{indent}publishedDateTime: {date}").unwrap();
        }
        lines
    }
}

impl File {
    fn present(&self) -> bool {
        self.away.is_none()
    }
}

impl Settings {
    fn text(&self, stories: &[Story]) -> String {
        let list = |items: &[&str]| items.join(", ");
        let also = |also: &[(String, &'static str)]| {
            // A copy of a format that is not written is an error.
            let written = also.iter().filter(|(_, format)| self.formats.contains(format));
            let pairs: Vec<String> = written.map(|(path, format)| format!("{path}: {format}")).collect();
            format!("{{{}}}", pairs.join(", "))
        };
        let mut text = format!(
            "id: month\nbase_url: https://feeds.example.org/\nout: ../feeds\ntitle: Month\nlimit: {}\nstale: {}\nformats: [{}]\n\
             precompress: [{}]\nalso: {}\n",
            self.limit,
            self.stale,
            list(self.formats),
            list(self.precompress),
            also(&self.also)
        );
        let domains = self.domains.iter().map(|domain| format!("paper{domain}.example"));
        let addresses = self.addresses.iter().map(|&story| stories[story].address(story, false));
        let blocked: Vec<String> = domains.chain(addresses).collect();
        writeln!(text, "block: [{}]", blocked.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ")).unwrap();
        if !self.topics.is_empty() {
            text.push_str("topics:\n");
        }
        for (name, rules) in &self.topics {
            writeln!(text, "  \"{name}\":\n    former: [{}]\n    also: {}", rules.former.join(", "), also(&rules.also)).unwrap();
            if let Some(slug) = &rules.slug {
                writeln!(text, "    slug: {slug}").unwrap();
            }
        }
        text
    }
}

impl Owner {
    /// An empty folder.
    pub fn new() -> Self {
        let settings = Settings {
            limit: 8,
            stale: "keep",
            formats: FORMATS[0],
            precompress: &[],
            domains: BTreeSet::new(),
            addresses: BTreeSet::new(),
            also: Vec::new(),
            topics: BTreeMap::new(),
        };
        let topics = TOPICS.iter().map(|&name| name.to_owned()).collect();
        Self {
            stories: Vec::new(),
            files: Vec::new(),
            settings,
            topics,
            dates: BTreeSet::new(),
            next: 0,
            done: Vec::new(),
            renamed: Vec::new(),
            merged: BTreeSet::new(),
            dateless: BTreeSet::new(),
        }
    }

    /// The site file.
    pub fn site(&self) -> String {
        self.settings.text(&self.stories)
    }

    pub fn stale(&self) -> &'static str {
        self.settings.stale
    }

    pub fn feed_formats(&self) -> impl Iterator<Item = &'static str> {
        self.settings.formats.iter().copied().filter(|format| !["opml", "pages"].contains(format))
    }

    pub fn writes(&self, format: &str) -> bool {
        self.settings.formats.contains(&format)
    }

    pub fn compresses(&self) -> &'static [&'static str] {
        self.settings.precompress
    }

    /// The id of a story.
    pub fn id(&self, story: usize) -> &str {
        &self.stories[story].id
    }

    /// Folders that lead to that of a topic, and copies of its feed; with the empty key of the feed of all topics.
    pub fn copies(&self, name: &TopicKey) -> (Vec<String>, Vec<(String, &'static str)>) {
        if *name == TopicKey::all() {
            return (Vec::new(), self.settings.also.clone());
        }
        let rules = self.settings.topics.iter().find(|(topic, _)| TopicKey::of(topic) == *name).map(|(_, rules)| rules);
        rules.map(|rules| (rules.former.clone(), rules.also.clone())).unwrap_or_default()
    }

    /// Where each file is, and what it says; those that are put aside lie elsewhere.
    pub fn place(&self, number: usize) -> Option<(String, String)> {
        let file = &self.files[number];
        let path = match file.away {
            None => format!("in/{}", file.path),
            Some(Away::Mass) => format!("aside/{number}.md"),
            Some(Away::Removed) => return None,
        };
        Some((path, self.text(number)))
    }

    pub fn count(&self) -> usize {
        self.files.len()
    }

    fn text(&self, number: usize) -> String {
        let file = &self.files[number];
        let story = &self.stories[file.story];
        if file.bare {
            let word = file.retracts.unwrap_or(RETRACTS[0]);
            return format!("---\n{word}: true\nwebUrl: {}\n---\n", story.address(file.story, false));
        }
        let (version, of) = (file.version, file.story);
        let mut text = format!("---\ntitle: \"T{of:05}T in version {version}\"\n");
        text.push_str(&story.lines(file.story, "", file.tracked));
        writeln!(text, "excerpt: \"X{number:05}v{version}e of T{of:05}T\"").unwrap();
        let topics: Vec<String> = file.topics.iter().map(|topic| format!("\"{topic}\"")).collect();
        writeln!(text, "topics: [{}]", topics.join(", ")).unwrap();
        if let Some(updated) = file.updated {
            writeln!(text, "lastmod: {}", moment(updated)).unwrap();
        }
        if let Some(published) = file.published {
            writeln!(text, "published: {published}").unwrap();
        }
        if let Some(word) = file.retracts {
            writeln!(text, "{word}: true").unwrap();
        }
        if file.broken {
            text.push_str("provider: \"never closed\n");
        }
        if !file.related.is_empty() {
            text.push_str("related:\n");
        }
        for &told in &file.related {
            writeln!(text, "- title: \"T{told:05}T as it is told\"").unwrap();
            text.push_str(&self.stories[told].lines(told, "  ", told % 5 == 0));
        }
        text.push_str("---\n");
        if file.body {
            writeln!(text, "X{number:05}v{version}e at [length](more/{of}), *with* all that was said of T{of:05}T.").unwrap();
        }
        text
    }

    /// What must be true of a run at this time.
    pub fn truth(&self, now: i64) -> Truth {
        let mut truth = Truth { settings: Some(self.settings.clone()), ..Truth::default() };
        let blocked = |story: usize| {
            self.settings.domains.contains(&self.stories[story].domain) || self.settings.addresses.contains(&story)
        };
        // A file that is broken says nothing, unless it is that its story is retracted.
        let read = |file: &&File| file.present() && (!file.broken || file.retracts.is_some());
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, file) in self.files.iter().enumerate().filter(|(_, file)| read(file)) {
            rows.entry(file.story).or_default().push(number);
        }
        truth.broken = self.files.iter().filter(|file| file.present() && file.broken).map(|file| file.path.clone()).collect();
        for (story, files) in &rows {
            truth.known.insert(self.id(*story).to_owned());
            if files.iter().any(|&file| self.files[file].retracts.is_some()) {
                truth.withdrawn.insert(*story);
            }
            if files.iter().all(|&file| self.files[file].published == Some(false)) {
                truth.unpublished.insert(self.id(*story).to_owned());
            }
        }
        truth.withdrawn.extend((0..self.stories.len()).filter(|&story| blocked(story)));

        let due = |story: usize| self.stories[story].date <= now;
        let updated = |file: usize| {
            let date = self.stories[self.files[file].story].date;
            self.files[file].updated.filter(|&updated| updated >= date && (updated <= now || date > now)).unwrap_or(date)
        };
        // Published stories, and the file that stands for each.
        let mut winners: BTreeMap<usize, usize> = BTreeMap::new();
        let mut topics: BTreeMap<TopicKey, BTreeSet<usize>> = BTreeMap::new();
        for (&story, files) in rows.iter().filter(|(story, _)| !truth.withdrawn.contains(story)) {
            let public = || files.iter().copied().filter(|&file| self.files[file].published != Some(false) && due(story));
            let winner = public().max_by_key(|&file| (updated(file), std::cmp::Reverse(self.files[file].path.as_bytes())));
            let Some(winner) = winner else { continue };
            winners.insert(story, winner);
            truth.shown.insert((winner, self.files[winner].version));
            truth.updated.insert(winner, updated(winner));
            let named = public().flat_map(|file| &self.files[file].topics).map(|topic| TopicKey::of(topic));
            for key in named.chain([TopicKey::all()]) {
                topics.entry(key).or_default().insert(story);
            }
        }
        // What the site file names is there to subscribe to, whether or not anything is in it.
        if !topics.is_empty() {
            for name in self.settings.topics.keys() {
                topics.entry(TopicKey::of(name)).or_default();
            }
        }
        let waits = |story: usize| {
            let files = rows.get(&story).map(Vec::as_slice).unwrap_or_default();
            !winners.contains_key(&story) && !due(story) && files.iter().any(|&file| self.files[file].published != Some(false))
        };
        for (key, stories) in topics {
            let mut chosen: Vec<usize> = stories.into_iter().collect();
            chosen.sort_by_key(|&story| std::cmp::Reverse(self.stories[story].date));
            chosen.truncate(self.settings.limit);
            let mut entries: BTreeMap<String, Due> = BTreeMap::new();
            for &story in &chosen {
                let (id, date) = (self.id(story).to_owned(), self.stories[story].date);
                entries.insert(id.clone(), Due { dates: BTreeSet::from([date]), parents: BTreeSet::new() });
                for &told in &self.files[winners[&story]].related {
                    let coverage = &self.stories[told];
                    let shown = winners.contains_key(&told) || !coverage.dated || due(told);
                    if truth.withdrawn.contains(&told) || chosen.contains(&told) || waits(told) || !shown {
                        continue;
                    }
                    let entry = entries.entry(coverage.id.clone()).or_default();
                    entry.dates.insert(if coverage.dated { coverage.date } else { date });
                    entry.parents.insert(id.clone());
                }
            }
            truth.feeds.insert(key, entries);
        }
        truth
    }

    fn note(&mut self, what: String) {
        self.done.push(what);
    }

    fn new_story(&mut self, date: i64, chance: &mut Chance) -> usize {
        let mut date = date;
        // No two of one second, so that what is newest is never in doubt.
        while !self.dates.insert(date) {
            date -= 1;
        }
        let naming = match chance.below(6) {
            0 => Naming::Original,
            1 => Naming::OwnId,
            _ => Naming::Address,
        };
        let mut story = Story { id: String::new(), date, dated: true, naming, domain: chance.below(DOMAINS) };
        story.id = story.made_id(self.stories.len());
        self.stories.push(story);
        self.stories.len() - 1
    }

    /// Adds up to so many related links to a file.
    fn relate(&mut self, number: usize, most: usize, now: i64, chance: &mut Chance) {
        for _ in 0..=chance.below(most) {
            let date = now + chance.seconds(4 * 86400) - 3 * 86400;
            let told = match chance.below(6) {
                // Coverage that others have too, or a story that has a file, or will have one.
                0 | 1 => {
                    let shared: Vec<usize> = (0..self.stories.len()).rev().take(60).collect();
                    let Some(told) = chance.pick(&shared) else { continue };
                    told
                }
                2 => {
                    let told = self.new_story(date, chance);
                    self.stories[told].dated = false;
                    self.dateless.insert(self.id(told).to_owned());
                    told
                }
                _ => self.new_story(date, chance),
            };
            let related = &mut self.files[number].related;
            if related.len() < 8 && !related.contains(&told) {
                related.push(told);
            }
        }
    }

    fn some_topics(&mut self, chance: &mut Chance) -> Vec<String> {
        let mut topics: Vec<String> = Vec::new();
        for _ in 0..=chance.below(2) {
            topics.extend(chance.pick(&self.topics));
        }
        let mut seen = BTreeSet::new();
        topics.retain(|topic| seen.insert(TopicKey::of(topic)));
        topics
    }

    fn new_path(&mut self, chance: &mut Chance) -> String {
        self.next += 1;
        let folder = ["", "", "news/", "2020/11/"][chance.below(4)];
        format!("{folder}{}-{}.md", ["a", "m", "z"][chance.below(3)], self.next)
    }

    /// Writes a file of a story; gives its number.
    fn write(&mut self, story: usize, chance: &mut Chance) -> usize {
        let path = self.new_path(chance);
        let topics = self.some_topics(chance);
        self.files.push(File {
            path,
            story,
            version: 1,
            topics,
            related: Vec::new(),
            updated: None,
            published: None,
            retracts: None,
            broken: false,
            bare: false,
            tracked: false,
            body: chance.one_in(4),
            away: None,
        });
        self.files.len() - 1
    }

    /// Adds an article.
    pub fn add(&mut self, now: i64, back: usize, chance: &mut Chance) {
        let has_file: BTreeSet<usize> = self.files.iter().map(|file| file.story).collect();
        let coverage: Vec<usize> = (0..self.stories.len())
            .rev()
            .filter(|story| self.stories[*story].dated && !has_file.contains(story))
            .take(20)
            .collect();
        // Sometimes what others told becomes an article, and sometimes one is to come.
        let story = chance.pick(&coverage).filter(|_| chance.one_in(6)).unwrap_or_else(|| {
            let ahead = if chance.one_in(5) { chance.seconds(86400) } else { -chance.seconds(back) };
            self.new_story(now + ahead, chance)
        });
        let number = self.write(story, chance);
        if !chance.one_in(3) {
            self.relate(number, 4, now, chance);
        }
        if chance.one_in(10) {
            self.files[number].published = Some(chance.one_in(2));
        }
        let File { path, topics, related, .. } = &self.files[number];
        let what = format!("add {path}: story {story}, topics {topics:?}, related {related:?}");
        self.note(what);
    }

    fn some_file(&self, chance: &mut Chance, is: impl Fn(&File) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = (0..self.files.len()).rev().filter(|&number| is(&self.files[number])).take(80).collect();
        chance.pick(&fitting)
    }

    /// Files that are there as they should be.
    fn present(&self) -> usize {
        self.files.iter().filter(|file| file.present()).count()
    }

    /// Does one of the things that owners do. `published` is what the folder holds.
    pub fn act(&mut self, now: i64, published: &Manifest, chance: &mut Chance) {
        let whole = |file: &File| file.present() && !file.bare;
        match chance.below(112) {
            0..22 if self.present() < 24 => self.add(now, 2 * 86400, chance),
            0..34 => {
                let Some(number) = self.some_file(chance, whole) else { return };
                let file = &mut self.files[number];
                file.version += 1;
                if chance.one_in(2) {
                    file.updated = Some(now.max(file.updated.unwrap_or(now)));
                }
                file.body ^= chance.one_in(4);
                let what = format!("edit {}", file.path);
                self.note(what);
            }
            34..44 => {
                let Some(number) = self.some_file(chance, whole) else { return };
                self.relate(number, 2, now, chance);
                let what = format!("related of {}: {:?}", self.files[number].path, self.files[number].related);
                self.note(what);
            }
            44..48 => {
                let Some(number) = self.some_file(chance, |file| whole(file) && !file.related.is_empty()) else { return };
                let file = &mut self.files[number];
                let told = file.related.remove(chance.below(file.related.len()));
                let what = format!("no link to {told} in {}", file.path);
                self.note(what);
            }
            48..56 if self.present() > 14 => {
                let Some(number) = self.some_file(chance, File::present) else { return };
                self.files[number].away = Some(Away::Removed);
                let what = format!("remove {}", self.files[number].path);
                self.note(what);
            }
            48..62 => {
                let Some(number) = self.some_file(chance, |file| file.away == Some(Away::Removed)) else { return };
                self.files[number].away = None;
                let what = format!("restore {}", self.files[number].path);
                self.note(what);
            }
            62..67 => {
                let Some(number) = self.some_file(chance, File::present) else { return };
                let path = self.new_path(chance);
                let what = format!("move {} to {path}", self.files[number].path);
                self.files[number].path = path;
                self.note(what);
            }
            67..71 => {
                let Some(first) = self.some_file(chance, whole) else { return };
                let story = self.files[first].story;
                let number = self.write(story, chance);
                self.files[number].tracked = true;
                if chance.one_in(2) {
                    self.files[number].related = self.files[first].related.clone();
                }
                let what = format!(
                    "second file {} of {}, topics {:?}",
                    self.files[number].path, self.files[first].path, self.files[number].topics
                );
                self.note(what);
            }
            71..75 => {
                let Some(number) = self.some_file(chance, whole) else { return };
                let file = &mut self.files[number];
                file.published = Some(file.published == Some(false));
                let what = format!("published: {:?} in {}", file.published, file.path);
                self.note(what);
            }
            75..78 => {
                let Some(number) = self.some_file(chance, whole) else { return };
                let word = RETRACTS[chance.below(RETRACTS.len())];
                self.files[number].retracts = Some(word);
                let what = format!("{word}: true in {}", self.files[number].path);
                self.note(what);
            }
            78..82 => {
                let Some(number) = self.some_file(chance, |file| whole(file) && file.retracts.is_some()) else { return };
                self.files[number].retracts = None;
                let what = format!("no retraction in {}", self.files[number].path);
                self.note(what);
            }
            82..86 => {
                let Some(number) = self.some_file(chance, whole) else { return };
                self.files[number].broken = true;
                let what = format!("break {}", self.files[number].path);
                self.note(what);
            }
            86..89 => {
                let Some(number) = self.some_file(chance, |file| file.broken) else { return };
                self.files[number].broken = false;
                let what = format!("mend {}", self.files[number].path);
                self.note(what);
            }
            89..91 => self.lose_most_or_find_them(chance),
            roll => self.act_on_site(roll, published, chance),
        }
    }

    /// Does one of the things that concern more than a file.
    fn act_on_site(&mut self, roll: usize, published: &Manifest, chance: &mut Chance) {
        match roll {
            91..93 => self.retract_coverage(chance),
            93..97 => self.block(chance),
            97 => {
                self.settings.limit = [3, 5, 8, 12][chance.below(4)];
                self.note(format!("limit: {}", self.settings.limit));
            }
            98..101 => self.rename(published, chance),
            101 => self.merge(published, chance),
            102..104 => self.other_folder(published, chance),
            104..106 => {
                self.settings.stale = ["keep", "tombstone", "remove"][chance.below(3)];
                self.note(format!("stale: {}", self.settings.stale));
            }
            106..108 => {
                self.settings.precompress = [&[][..], &[], &["gzip"], &["gzip", "brotli"]][chance.below(4)];
                self.note(format!("precompress: {:?}", self.settings.precompress));
            }
            108..110 => self.copy_elsewhere(chance),
            _ => {
                self.settings.formats = FORMATS[chance.below(FORMATS.len())];
                self.note(format!("formats: {:?}", self.settings.formats));
            }
        }
    }

    /// Changes only what the site file says, which no file of an article shows.
    pub fn set(&mut self, chance: &mut Chance) {
        let roll = [93, 97, 110][chance.below(3)];
        self.act_on_site(roll, &Manifest::default(), chance);
    }

    /// Takes back coverage, which has no file of its own, with a file that says nothing else.
    fn retract_coverage(&mut self, chance: &mut Chance) {
        let told: BTreeSet<usize> =
            self.files.iter().filter(|file| file.present()).flat_map(|file| file.related.iter().copied()).collect();
        let told: Vec<usize> = told.into_iter().filter(|&story| self.stories[story].naming == Naming::Address).collect();
        let Some(story) = chance.pick(&told) else { return };
        let number = self.write(story, chance);
        let file = &mut self.files[number];
        (file.bare, file.retracts) = (true, Some(RETRACTS[chance.below(RETRACTS.len())]));
        file.topics.clear();
        let what = format!("retract coverage {story} in {}", file.path);
        self.note(what);
    }

    fn block(&mut self, chance: &mut Chance) {
        let settings = &mut self.settings;
        let blocked = settings.domains.len() + settings.addresses.len();
        if blocked > 0 && chance.below(4) < 1 + blocked {
            let (domain, address) = (settings.domains.pop_first(), settings.addresses.pop_first());
            self.note(format!("no block of domain {domain:?} and story {address:?}"));
        } else if chance.one_in(2) {
            let domain = chance.below(DOMAINS);
            settings.domains.insert(domain);
            self.note(format!("block paper{domain}.example"));
        } else if !self.stories.is_empty() {
            let story = self.stories.len() - 1 - chance.below(self.stories.len().min(60));
            settings.addresses.insert(story);
            self.note(format!("block story {story}"));
        }
    }

    /// Topics that have a feed and are written by the name that it has: the key of the name, the folder.
    fn live(&self, published: &Manifest) -> Vec<(TopicKey, String)> {
        let written: BTreeSet<TopicKey> = self
            .files
            .iter()
            .filter(|file| file.present())
            .flat_map(|file| &file.topics)
            .map(|name| TopicKey::of(name))
            .collect();
        let feeds = published.feeds.iter().filter(|(_, feed)| !feed.stale);
        let named = feeds.filter_map(|(key, feed)| Some((name_of(key, feed).clone(), feed.slug.as_ref()?.to_string())));
        named
            .filter(|(name, _)| written.contains(name) && !self.renamed.iter().any(|(old, new)| old == name || new == name))
            .collect()
    }

    /// Writes another name wherever this topic is named, in files that are away too.
    fn spell(&mut self, key: &TopicKey, name: &str) {
        let lists = self.files.iter_mut().map(|file| &mut file.topics).chain([&mut self.topics]);
        for list in lists {
            for topic in list.iter_mut().filter(|topic| TopicKey::of(topic) == *key) {
                name.clone_into(topic);
            }
            let mut seen = BTreeSet::new();
            list.retain(|topic| topic != name || seen.insert(topic.clone()));
        }
    }

    fn take_rules(&mut self, key: &TopicKey) -> (Option<String>, TopicRules) {
        let name = self.settings.topics.keys().find(|name| TopicKey::of(name) == *key).cloned();
        let rules = name.as_ref().and_then(|name| self.settings.topics.remove(name)).unwrap_or_default();
        (name, rules)
    }

    fn spelling(&self, key: &TopicKey) -> String {
        self.topics.iter().find(|name| TopicKey::of(name) == *key).map_or_else(|| key.as_str().to_owned(), Clone::clone)
    }

    /// Gives a topic another name, in every article and with its folder as a former one.
    fn rename(&mut self, published: &Manifest, chance: &mut Chance) {
        let Some((key, slug)) = chance.pick(&self.live(published)) else { return };
        self.next += 1;
        let name = format!("{} {}", ["Thema", "Ünder", "主題"][chance.below(3)], self.next);
        let (_, mut rules) = self.take_rules(&key);
        rules.slug = None;
        if !rules.former.contains(&slug) {
            rules.former.push(slug.clone());
        }
        self.settings.topics.insert(name.clone(), rules);
        self.spell(&key, &name);
        self.note(format!("rename topic {} in {slug} to {name}", key.as_str()));
        self.renamed.push((key, TopicKey::of(&name)));
    }

    /// Makes one topic a part of another.
    fn merge(&mut self, published: &Manifest, chance: &mut Chance) {
        let live = self.live(published);
        let (Some((from, slug)), Some((to, _))) = (chance.pick(&live), chance.pick(&live)) else { return };
        if from == to {
            return;
        }
        let (_, left) = self.take_rules(&from);
        let (name, mut rules) = self.take_rules(&to);
        let name = name.unwrap_or_else(|| self.spelling(&to));
        for slug in left.former.into_iter().chain([slug]) {
            self.merged.insert(slug.clone());
            rules.former.push(slug);
        }
        self.settings.topics.insert(name.clone(), rules);
        self.spell(&from, &name);
        self.note(format!("make topic {} a part of {name}", from.as_str()));
        self.renamed.push((from, to));
    }

    /// Gives a topic another folder; the old one leads to it, or is left as it is.
    fn other_folder(&mut self, published: &Manifest, chance: &mut Chance) {
        let Some((key, slug)) = chance.pick(&self.live(published)) else { return };
        self.next += 1;
        let (name, mut rules) = self.take_rules(&key);
        let name = name.unwrap_or_else(|| self.spelling(&key));
        let new = format!("place-{}", self.next);
        if !chance.one_in(3) && !rules.former.contains(&slug) {
            rules.former.push(slug.clone());
        }
        self.note(format!("topic {name} from {slug} to {new}, former {:?}", rules.former));
        rules.slug = Some(new);
        self.settings.topics.insert(name, rules);
    }

    fn copy_elsewhere(&mut self, chance: &mut Chance) {
        self.next += 1;
        let copy = (format!("old/{}.xml", self.next), ["rss", "atom", "json"][chance.below(3)]);
        let names: Vec<String> = self.settings.topics.keys().cloned().collect();
        let name = chance.pick(&names).filter(|_| chance.one_in(2));
        self.note(format!("copy {copy:?} of {name:?}"));
        let also = match name {
            Some(name) => &mut self.settings.topics.get_mut(&name).expect("a topic").also,
            None => &mut self.settings.also,
        };
        if also.len() > 1 {
            also.remove(0);
        }
        also.push(copy);
    }

    /// Most files are put aside by mistake, or put back.
    fn lose_most_or_find_them(&mut self, chance: &mut Chance) {
        let lost = self.files.iter().any(|file| file.away == Some(Away::Mass));
        if lost {
            return self.find();
        }
        for file in self.files.iter_mut().filter(|file| file.present()) {
            if chance.below(10) < 8 {
                file.away = Some(Away::Mass);
            }
        }
        self.note(format!("most files go, {} stay", self.present()));
    }

    /// Puts back what went by mistake.
    pub fn find(&mut self) {
        for file in self.files.iter_mut().filter(|file| file.away == Some(Away::Mass)) {
            file.away = None;
        }
        self.note("most files are back".to_owned());
    }

    pub fn has_lost(&self) -> bool {
        self.files.iter().any(|file| file.away == Some(Away::Mass))
    }
}

/// The key of the name that the topic of a published feed has.
pub fn name_of<'f>(key: &'f TopicKey, feed: &'f manifest::Feed) -> &'f TopicKey {
    feed.topic.as_ref().unwrap_or(key)
}
