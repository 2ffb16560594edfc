//! A month of a site, played: an owner who adds, edits, loses, renames and retracts between runs, a clock that moves, and runs
//! that are killed. After every run what was promised has to be true.
//!
//! The month is the same for the same seed: `FEEDMILL_MONTH_SEED` is the seed, and `FEEDMILL_MONTH_RUNS` says how many runs there
//! are. With `FEEDMILL_MONTH_KEEP`, the folder of a month that fails is copied there.
//!
//! A run is killed twice. In a copy of the folder it is killed for real, at whatever moment that happens to be, and the next run
//! there has to complete it. Then the month goes on from what a run leaves that is killed at a step of the seed's choice: the
//! moments of real ones are never the same, and the month would not be either.
//!
//! Where a promise cannot be kept, the owner of this month does not ask for it:
//! - A date is that of the article. The owner never changes it, and every copy and every telling of a story has the same one.
//! - Coverage without a date has the one of an article that tells it, in each feed for itself, and keeps it for as long as it is in
//!   that feed, or in any other when it comes into that. If it is in none, nobody knows the date that it had, and when it returns
//!   it may have that of another article. The owner never gives it a date later, nor a file of its own.
//! - An id is made of the story's own id or address. Every file and every telling of a story names it alike.
//! - The last entry of a feed that has ended is dated when it ended: if the topic comes back and goes again, it is dated anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use feedmill::link::{self, EntryId};
use feedmill::manifest::{self, Feed, Manifest};
use feedmill::topic::{Slug, TopicKey};

use crate::mill::{Mill, Run};
use folder::{Chance, Owner, Truth, name_of};
use look::{Output, STAGE, look, look_at};

mod folder;
mod look;

/// When it begins, in seconds: 1 November 2020.
const BEGIN: i64 = 1_604_188_800;
/// Between two runs, in seconds: 300 of them are a month.
const STEP: i64 = 8640;
/// Articles that are there at first.
const FIRST: usize = 14;
/// So many runs, of which the last few come after the owner has rested for so long that the state of a run can be trusted.
const REST_EVERY: usize = 150;
const REST_RUNS: usize = 8;
const REST: Duration = Duration::from_millis(2200);
/// A feed with fewer entries may lose them as it likes.
const GUARDED: usize = 10;

const MANIFEST: &str = manifest::FILE_NAME;
/// What a run writes in its stage when it has decided.
const PLAN: &str = "plan.json";

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn a_month_of_runs_keeps_what_is_promised() {
    let seed = number("FEEDMILL_MONTH_SEED", 1);
    let runs = number("FEEDMILL_MONTH_RUNS", 300);
    let mut month = Month::begin(seed);
    for run in 0..runs {
        let outcome = catch_unwind(AssertUnwindSafe(|| month.step(usize::try_from(run).expect("few"))));
        if let Err(cause) = outcome {
            let text = cause.downcast_ref::<String>().cloned();
            let text = text.or_else(|| cause.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default();
            if let Ok(keep) = std::env::var("FEEDMILL_MONTH_KEEP") {
                crate::mill::copy(&month.mill.path("."), keep.as_ref());
            }
            panic!(
                "the promise is broken in run {run} of the month FEEDMILL_MONTH_SEED={seed} FEEDMILL_MONTH_RUNS={runs}, at {}: {text}\n\
                 before it: {:#?}",
                folder::moment(month.now),
                month.owner.done
            );
        }
    }
    eprintln!("seed {seed}, {runs} runs: {:?}", month.tally);
    assert!(runs < 300 || (month.tally.staged > 0 && month.tally.states > 0 && month.tally.held > 0), "{:?}", month.tally);
}

/// What happened how often.
#[derive(Debug, Default)]
struct Tally {
    killed: usize,
    /// Killed runs that had begun to lay out their changes, had decided on them, had replaced some files.
    staged: usize,
    decided: usize,
    halfway: usize,
    /// Runs that had a state to go by.
    states: usize,
    /// Feeds that were held back.
    held: usize,
    documents: usize,
    took: Duration,
}

struct Month {
    mill: Mill,
    owner: Owner,
    chance: Chance,
    now: i64,
    /// The output folder as it is.
    output: Output,
    /// Where each file of the owner lies, and what it says.
    placed: Vec<Option<(String, String)>>,
    site: String,
    /// The date that each id has, for all time.
    dates: BTreeMap<String, i64>,
    /// The ids of what ends a feed.
    endings: BTreeSet<String>,
    /// The id of the feed that lies in each place.
    places: BTreeMap<String, String>,
    /// The ids of topics' feeds, by the keys of their names.
    identities: BTreeMap<TopicKey, String>,
    /// What was public at any time.
    shown: BTreeSet<(usize, usize)>,
    /// What was true after the last run.
    before: Option<Truth>,
    /// How long a run takes.
    pace: Duration,
    /// A run was killed, and the next one has nothing new: what it has to come to.
    again: Option<Output>,
    touched: Instant,
    tally: Tally,
}

impl Month {
    fn begin(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut owner = Owner::new();
        for _ in 0..FIRST {
            owner.add(BEGIN, 20 * 86400, &mut chance);
        }
        Self {
            mill: place(),
            owner,
            chance,
            now: BEGIN,
            output: Output::new(),
            placed: Vec::new(),
            site: String::new(),
            dates: BTreeMap::new(),
            endings: BTreeSet::new(),
            places: BTreeMap::new(),
            identities: BTreeMap::new(),
            shown: BTreeSet::new(),
            before: None,
            pace: Duration::from_millis(200),
            again: None,
            touched: Instant::now(),
            tally: Tally::default(),
        }
    }

    fn out(&self) -> PathBuf {
        self.mill.path("feeds")
    }

    fn look(&self) -> Output {
        look(&self.out(), &self.output)
    }

    /// One run, and what comes before it.
    fn step(&mut self, run: usize) {
        let resting = run % REST_EVERY >= REST_EVERY - REST_RUNS;
        let expected = self.again.take();
        if expected.is_none() {
            let kills = self.chance.one_in(8);
            self.go_on(run, resting, kills);
            if kills {
                return self.kill();
            }
        }
        let decided = plan(&self.out()).is_some();
        let before = self.completed();
        let published = manifest_of(&before);
        let truth = self.owner.truth(self.now);
        let guarded = self.guarded(&truth, &published);
        let state = self.mill.listing("cache").iter().any(|path| path.strip_suffix(".json").is_some());
        self.tally.states += usize::from(state);
        let begun = Instant::now();
        let outcome = self.run(resting);
        self.pace = (self.pace * 7 + begun.elapsed()) / 8;
        self.tally.took += begun.elapsed();
        self.output = look(&self.out(), &before);
        self.tally.documents += self.output.iter().filter(|(path, seen)| touched(&before, path) != Some(seen.touched)).count();
        self.judge(&truth, &before, (&published, guarded), &outcome);
        if !decided {
            outcome.tells(&before, &self.output);
        }
        if let Some(expected) = expected {
            alike(&expected, &self.output);
        }
        if self.before.as_ref() == Some(&truth) && self.owner.done.is_empty() {
            untouched(&before, &self.output, "nothing is new, and files are touched");
        }
        if run % 10 == 3 || resting {
            let again = self.run(resting);
            assert_eq!(again.status, outcome.status);
            untouched(&self.output, &self.look(), "a second run touches files");
            let more: Vec<_> = again.findings.difference(&outcome.findings).filter(|finding| finding.0 != "note").collect();
            assert!(more.is_empty(), "a second run finds {more:?}");
        }
        self.before = Some(truth);
        self.owner.done.clear();
        self.owner.renamed.clear();
    }

    /// Time passes, and the owner does what owners do.
    fn go_on(&mut self, run: usize, resting: bool, kills: bool) {
        let back = self.chance.one_in(30);
        self.now += if back { -self.chance.seconds(4 * 3600) } else { STEP / 2 + self.chance.seconds(8640) };
        if !resting {
            let published = manifest_of(&self.completed());
            // A run that has nothing to do is soon over.
            let least = if kills { 2 } else { 0 };
            for _ in 0..least.max([0, 0, 1, 1, 2, 3, 4, 6][self.chance.below(8)]) {
                self.owner.act(self.now, &published, &mut self.chance);
            }
            if self.owner.has_lost() && self.chance.one_in(4) {
                self.owner.find();
            }
        } else if run % REST_EVERY == REST_EVERY - REST_RUNS {
            std::thread::sleep(REST.saturating_sub(self.touched.elapsed()));
        } else if self.chance.one_in(2) {
            self.owner.set(&mut self.chance);
        }
        self.put_files();
    }

    fn run(&mut self, with_state: bool) -> Outcome {
        let now = folder::moment(self.now);
        let mut arguments = vec!["build", "in", "--now", &now, "--report", "report.json"];
        if !with_state && self.chance.one_in(3) {
            arguments.push("--no-cache");
        }
        Outcome::of(&self.mill, &arguments)
    }

    /// Brings the folder to what the owner has made of it: what is moved is moved, and nothing is written that stays the same.
    fn put_files(&mut self) {
        let site = self.owner.site();
        if site != self.site {
            self.put("in/feedmill.yaml", &site);
            self.site = site;
        }
        self.placed.resize(self.owner.count(), None);
        for number in 0..self.placed.len() {
            let due = self.owner.place(number);
            let lies = self.placed[number].take();
            if due != lies {
                self.touched = Instant::now();
                match (&lies, &due) {
                    (Some((from, _)), Some((to, _))) if from != to => {
                        fs::create_dir_all(self.mill.path(to).parent().expect("a folder above")).expect("folders");
                        fs::rename(self.mill.path(from), self.mill.path(to)).expect("a move");
                    }
                    (Some((from, _)), None) => fs::remove_file(self.mill.path(from)).expect("a file"),
                    _ => {}
                }
                if let Some((path, text)) = due.as_ref().filter(|due| lies.as_ref().is_none_or(|lies| lies.1 != due.1)) {
                    self.put(path, text);
                }
            }
            self.placed[number] = due;
        }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.mill.path(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    /// The output folder as it is when the next run has completed what a killed one had decided.
    fn completed(&self) -> Output {
        let mut output = self.output.clone();
        for (path, waits) in plan(&self.out()).unwrap_or_default() {
            match waits {
                None => drop(output.remove(&path)),
                Some(waits) if waits.exists() => drop(output.insert(path.clone(), look_at(&path, &waits, &self.output))),
                Some(_) => {}
            }
        }
        output
    }

    /// A run that is killed: for real in a copy of the folder, and here where the seed says.
    fn kill(&mut self) {
        let truth = self.owner.truth(self.now);
        self.shown.extend(&truth.shown);
        let whole = self.kill_aside(&truth);
        self.leave_half_done(&whole);
        let left = self.look();
        self.note_dates(&left);
        self.output = left;
        self.before = None;
        self.again = self.chance.one_in(2).then_some(whole);
    }

    /// Kills a run at some moment, looks at what it has left, and lets the next one complete it. Gives what that comes to.
    fn kill_aside(&mut self, truth: &Truth) -> Output {
        let aside = place();
        for folder in ["in", "feeds"] {
            crate::mill::copy(&self.mill.path(folder), &aside.path(folder));
        }
        let (old, completed) = (self.output.clone(), self.completed());
        let out = aside.path("feeds");
        let now = folder::moment(self.now);
        self.kill_at_some_moment(aside.start(&["build", "in", "--now", &now]), &out);
        let left = look(&out, &old);
        let plan = plan(&out);
        self.tally.killed += 1;
        self.tally.staged += usize::from(out.join(STAGE).exists());
        if let Some(plan) = &plan {
            let done = done(&out, plan);
            self.tally.decided += 1;
            self.tally.halfway += usize::from(0 < done && done < plan.len());
        }
        let outcome = Outcome::of(&aside, &["build", "in", "--now", &now, "--report", "report.json"]);
        assert_eq!(outcome.status, Some(truth.status()), "the run after a killed one: {}", outcome.stderr);
        assert!(!out.join(STAGE).exists(), "something waits still, after the run that follows a killed one");
        let whole = look(&out, &old);
        for path in [&left, &old, &completed, &whole].into_iter().flat_map(Output::keys) {
            let is = bytes(&left, path);
            let known = [&old, &completed, &whole].iter().any(|output| bytes(output, path) == is);
            assert!(known, "a killed run has left {path} as it neither was nor is to be");
        }
        for (path, seen) in &left {
            let named = |output: &Output| output.get(path).map(|seen| seen.stories.clone()).unwrap_or_default();
            let known: BTreeSet<usize> = named(&old).union(&named(&completed)).copied().collect();
            let stray: Vec<_> = seen.stories.intersection(&truth.withdrawn).filter(|story| !known.contains(story)).collect();
            assert!(stray.is_empty(), "a killed run has left {path}, which names what is withdrawn now: {stray:?}");
        }
        // Without a plan nothing has happened, or everything has; and the manifest comes last.
        let manifest = bytes(&left, MANIFEST);
        let ended = ![&old, &completed].iter().any(|output| bytes(output, MANIFEST) == manifest);
        if ended || (plan.is_none() && !changes(&completed, &left).is_empty()) {
            alike(&whole, &left);
        }
        agrees(&manifest_of(&whole), &whole);
        self.nowhere(truth, &whole);
        whole
    }

    /// Kills a run at any moment; when it has begun to write; or when it has decided, and files are replaced.
    fn kill_at_some_moment(&mut self, mut child: Child, out: &Path) {
        let way = self.chance.below(4);
        let part = u32::try_from(self.chance.below(1000)).expect("a small number");
        let mut until = |there: &dyn Fn() -> bool| while !there() && child.try_wait().expect("a child").is_none() {};
        match way {
            0 => std::thread::sleep(self.pace * part / 900),
            1 => {
                until(&|| out.join(STAGE).exists());
                std::thread::sleep(self.pace * part / 3000);
            }
            _ => {
                until(&|| out.join(STAGE).join(PLAN).exists());
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_micros(u64::from(part)) / if way == 2 { 4 } else { 1 } {}
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Leaves the output folder as a run does that is killed at some step, and that would have come to this.
    fn leave_half_done(&mut self, whole: &Output) {
        let out = self.out();
        let stage = out.join(STAGE);
        if let Some(plan) = plan(&out) {
            // It is killed while it completes what another one had decided.
            let done = self.chance.below(plan.len() + 1);
            self.owner.done.push(format!("killed when it had completed {done} of {} steps", plan.len()));
            return carry_out(&out, &plan[..done]);
        }
        let _ = fs::remove_dir_all(&stage);
        let mut steps: Vec<(&str, String)> =
            changes(&self.output, whole).into_iter().map(|path| (turn(&path, whole), path)).collect();
        if steps.is_empty() {
            return;
        }
        steps.sort_by_key(|(turn, path)| (TURNS.iter().position(|other| other == turn), path.clone()));
        fs::create_dir_all(&stage).expect("a folder");
        let decided = !self.chance.one_in(4);
        let laid = if decided { steps.len() } else { self.chance.below(steps.len()) };
        for (number, (_, path)) in steps.iter().enumerate().take(laid) {
            let Some(seen) = whole.get(path) else { continue };
            // The last one is written in part.
            let most = if decided || number + 1 < laid { seen.bytes.len() } else { self.chance.below(seen.bytes.len()) };
            fs::write(stage.join(number.to_string()), &seen.bytes[..most]).expect("a file that waits");
        }
        if !decided {
            self.owner.done.push(format!("killed when it had laid out {laid} of {} files", steps.len()));
            return;
        }
        let step = |(number, (turn, path)): (usize, &(&str, String))| {
            let waits = whole.contains_key(path).then_some(number);
            serde_json::json!({ "turn": turn, "path": path, "waits": waits })
        };
        let text = serde_json::Value::Array(steps.iter().enumerate().map(step).collect()).to_string();
        fs::write(stage.join(PLAN), text).expect("a plan");
        let plan = plan(&out).expect("a plan");
        let done = self.chance.below(plan.len() + 1);
        carry_out(&out, &plan[..done]);
        self.owner.done.push(format!("killed when it had replaced {done} of {} files", plan.len()));
        if done == plan.len() && self.chance.one_in(2) {
            fs::remove_file(stage.join(PLAN)).expect("a plan");
        }
    }

    /// The feeds that must be held back, since most of what they have would go with files that vanished.
    fn guarded(&self, truth: &Truth, published: &Manifest) -> BTreeSet<TopicKey> {
        let none = BTreeMap::new();
        let mut guarded = BTreeSet::new();
        for (key, feed) in published.feeds.iter().filter(|(_, feed)| !feed.stale && (feed.held || feed.entries.len() >= GUARDED))
        {
            let name = name_of(key, feed);
            let renamed = self.owner.renamed.iter().find(|(old, _)| old == name).map(|(_, new)| new);
            let due = truth.feeds.get(renamed.unwrap_or(name));
            if due.is_none() && self.owner.stale() == "keep" {
                continue;
            }
            let gone: Vec<_> = feed.entries.iter().filter(|entry| !due.unwrap_or(&none).contains_key(&entry.id)).collect();
            let vanished = gone.iter().filter(|entry| {
                let itself = [entry.id.clone()];
                let articles = if entry.parents.is_empty() { &itself[..] } else { &entry.parents };
                !articles.iter().any(|id| truth.known.contains(id)) && !self.is_withdrawn(&entry.id, truth)
            });
            let (had, vanished) = (feed.entries.len(), vanished.count());
            if gone.len() * 2 > had && vanished * 2 > had {
                guarded.insert(key.clone());
            }
        }
        guarded
    }

    fn is_withdrawn(&self, id: &str, truth: &Truth) -> bool {
        truth.withdrawn.iter().any(|&story| self.owner.id(story) == id)
    }

    /// Whether everything that was promised is true after a run.
    fn judge(
        &mut self,
        truth: &Truth,
        before: &Output,
        (published, mut guarded): (&Manifest, BTreeSet<TopicKey>),
        outcome: &Outcome,
    ) {
        let said = &outcome.stderr;
        assert_eq!(outcome.status, Some(truth.status()), "exit status; standard error was:\n{said}");
        assert_eq!(outcome.stdout, "");
        assert!(!self.out().join(STAGE).exists(), "something waits still");
        let output = self.output.clone();
        let manifest = manifest_of(&output);
        agrees(&manifest, &output);
        for (path, seen) in &output {
            let old = before.get(path).filter(|old| old.bytes == seen.bytes);
            assert!(old.is_none_or(|old| old.touched == seen.touched), "{path} is touched, and has the bytes that it had");
        }
        self.note_dates(&output);
        self.shown.extend(&truth.shown);
        for path in &truth.broken {
            let path = format!("in/{path}");
            assert!(outcome.findings.iter().any(|finding| finding.1 == path), "nothing is said of {path}");
        }
        if !truth.feeds.is_empty() {
            // A feed with another folder is not guarded.
            guarded.retain(|key| manifest.feeds.get(key).is_some_and(|feed| feed.slug == published.feeds[key].slug));
            let held = outcome.held(&manifest);
            assert_eq!(held, guarded, "held back, and what should be:\n{said}");
            self.tally.held += held.len();
            self.live(truth, (published, &manifest), &held, before);
            self.ended((published, &manifest), &held);
            self.list(&manifest);
            self.index(&manifest);
        }
        self.nowhere(truth, &self.output);
        self.places(&manifest);
    }

    /// Every id has the date that it had when it was first seen; of coverage without a date, see `entries`, and of what ends a
    /// feed, `ended`.
    fn note_dates(&mut self, output: &Output) {
        self.endings.extend(manifest_of(output).feeds.keys().map(ending));
        for (path, seen) in output {
            let entries = seen.document.iter().flat_map(|document| &document.entries);
            let dated = |id: &String| !self.owner.dateless.contains(id) && !self.endings.contains(id);
            for (id, date) in entries.filter(|(id, _)| dated(id)) {
                let first = *self.dates.entry(id.clone()).or_insert(*date);
                assert_eq!(folder::moment(first), folder::moment(*date), "the date of {id} in {path} is another one than it was");
            }
        }
    }

    /// Feeds of topics that there are: they have their entries, in every format and copy, and nothing else.
    fn live(&mut self, truth: &Truth, (published, manifest): (&Manifest, &Manifest), held: &BTreeSet<TopicKey>, before: &Output) {
        let alive = manifest.feeds.iter().filter(|(_, feed)| !feed.stale);
        let feeds: BTreeMap<&TopicKey, (&TopicKey, &Feed)> = alive.map(|(key, feed)| (name_of(key, feed), (key, feed))).collect();
        let names: BTreeSet<&TopicKey> =
            feeds.iter().filter(|(_, (key, _))| !held.contains(*key)).map(|(name, _)| *name).collect();
        let due: BTreeSet<&TopicKey> =
            truth.feeds.keys().filter(|name| !feeds.get(name).is_some_and(|(key, _)| held.contains(*key))).collect();
        assert_eq!(names, due, "the topics that have feeds");
        for key in held {
            let unpublished = |entry: &&manifest::Entry| entry.parents.is_empty() && truth.unpublished.contains(&entry.id);
            let shown = manifest.feeds[key].entries.iter().find(unpublished);
            assert!(shown.is_none(), "{key:?} is held back, and shows what is not to be shown: {shown:?}");
            let unpublished = published.feeds[key].entries.iter().any(|entry| unpublished(&entry));
            let of_it = || manifest.files.iter().filter(|(_, file)| file.feed.as_ref() == Some(key)).map(|(path, _)| path);
            // What is withdrawn is cut out of it, and what is unpublished; an entry that is cut out of one of its documents, for what
            // that mentions, is cut out of all.
            let names_withdrawn =
                |path: &String| before.get(path).is_some_and(|seen| !seen.stories.is_disjoint(&truth.withdrawn));
            let cut = unpublished || of_it().any(names_withdrawn);
            for path in of_it() {
                let same = touched(before, path) == touched(&self.output, path);
                assert!(same || cut, "{path} is held back, and is another one");
                let entries = |output: &Output| output.get(path)?.document.as_ref().map(|document| document.entries.clone());
                let left = entries(&self.output).unwrap_or_default();
                let mut there = entries(before).unwrap_or_default();
                there.retain(|entry| left.contains(entry));
                assert_eq!(left, there, "{path} is held back, and has what it had not");
            }
        }
        for name in names {
            let (key, feed) = feeds[name];
            let folder = feed.slug.as_ref().map_or_else(String::new, |slug| format!("{slug}/"));
            self.entries((key, feed), &truth.feeds[name], published);
            let entries: Vec<(String, i64)> =
                feed.entries.iter().map(|entry| (entry.id.clone(), entry.date.timestamp())).collect();
            let (former, also) = self.owner.copies(name);
            let mut paths: Vec<String> = Vec::new();
            for format in self.owner.feed_formats() {
                let file = file_of(format);
                let own = format!("{folder}{file}");
                let former = former.iter().map(|slug| format!("{slug}/{file}"));
                let also = also.iter().filter(|(_, of)| *of == format).map(|(path, _)| path.clone());
                for copy in former.chain(also) {
                    assert_eq!(bytes(&self.output, &copy), bytes(&self.output, &own), "{copy} is a copy of {own}");
                    paths.push(copy);
                }
                paths.push(own);
            }
            for path in paths {
                let seen = self.output.get(&path).unwrap_or_else(|| panic!("{path} is missing"));
                let document = seen.document.as_ref().unwrap_or_else(|| panic!("{path} is no feed"));
                assert_eq!(document.entries, entries, "{path} and the manifest");
                assert!(
                    seen.texts.is_subset(&truth.shown),
                    "{path} shows what is not public: {:?}",
                    seen.texts.difference(&truth.shown)
                );
                if let Some(id) = &document.id {
                    let first = self.identities.entry(name.clone()).or_insert_with(|| id.clone());
                    assert_eq!(first, id, "the id of the feed {path}");
                }
                assert_eq!(manifest.files[&path].feed.as_ref(), Some(key), "whose file {path} is");
                for encoding in self.owner.compresses() {
                    let path = format!("{path}.{}", if *encoding == "gzip" { "gz" } else { "br" });
                    assert!(self.output.contains_key(&path), "{path} is missing");
                }
            }
            if self.owner.writes("pages") && name != &TopicKey::all() {
                let page = &self.output[&format!("{folder}index.html")];
                assert!(page.texts.is_subset(&truth.shown), "the page in {folder} shows what is not public");
            }
        }
    }

    /// A feed has the entries that it must have, each with its date.
    fn entries(&self, (key, feed): (&TopicKey, &Feed), due: &BTreeMap<String, folder::Due>, published: &Manifest) {
        let folder = feed.slug.as_ref().map_or("", Slug::as_str);
        let parents = |entry: &manifest::Entry| (entry.id.clone(), entry.parents.iter().cloned().collect());
        let listed: BTreeMap<String, BTreeSet<String>> = feed.entries.iter().map(parents).collect();
        let due_parents = due.iter().map(|(id, due)| (id.clone(), due.parents.clone())).collect();
        assert_eq!(listed, due_parents, "the entries of {folder:?} and their parents");
        let date_in =
            |feed: &Feed, id: &str| feed.entries.iter().find(|entry| entry.id == id).map(|entry| entry.date.timestamp());
        for entry in &feed.entries {
            let (id, date) = (entry.id.as_str(), entry.date.timestamp());
            let dates = &due[id].dates;
            if self.owner.dateless.contains(id) {
                let here = published.feeds.get(key).filter(|feed| !feed.stale).and_then(|feed| date_in(feed, id));
                let kept = here.or_else(|| published.feeds.values().filter_map(|feed| date_in(feed, id)).min());
                assert!(
                    kept.map_or(dates.contains(&date), |kept| kept == date),
                    "the date of {id} in {folder:?}: {date}, was {kept:?}"
                );
            } else {
                assert_eq!(*dates, BTreeSet::from([date]), "the date of {id} in {folder:?}");
            }
        }
    }

    /// The list has every feed of a topic once, and nothing else; where there is no topic, that of all.
    fn list(&self, manifest: &Manifest) {
        if !self.owner.writes("opml") {
            return;
        }
        let alive: Vec<&Feed> = manifest.feeds.values().filter(|feed| !feed.stale).collect();
        let topics = alive.iter().any(|feed| feed.slug.is_some());
        let address = |feed: &&Feed| {
            let folder = feed.slug.as_ref().map_or_else(String::new, |slug| format!("{slug}/"));
            let written =
                |format: &&str| self.owner.writes(format) && manifest.files.contains_key(&format!("{folder}{}", file_of(format)));
            let format = ["atom", "rss", "json"].into_iter().find(written)?;
            Some(format!("https://feeds.example.org/{folder}{}", file_of(format)))
        };
        let mut due: Vec<String> = alive.iter().filter(|feed| feed.slug.is_some() == topics).filter_map(address).collect();
        let mut listed = self.output.get("feeds.opml").and_then(|seen| seen.document.clone()).unwrap_or_default().addresses;
        due.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, due, "the feeds in the list");
    }

    /// The index leads to the page of every topic that has a feed.
    fn index(&self, manifest: &Manifest) {
        if self.owner.writes("pages") {
            let page = String::from_utf8_lossy(&self.output["index.html"].bytes);
            let links =
                page.split("<a href=\"").skip(1).filter_map(|rest| rest.split_once("/index.html\"")).map(|(folder, _)| folder);
            let listed: BTreeSet<&str> = links.filter(|folder| !folder.contains(['"', '/', ':'])).collect();
            let alive = manifest.feeds.values().filter(|feed| !feed.stale);
            let due: BTreeSet<&str> = alive.filter_map(|feed| feed.slug.as_ref()).map(Slug::as_str).collect();
            assert_eq!(listed, due, "the topics in the index");
        }
    }

    /// Feeds of topics that have gone: they are what the site file says.
    fn ended(&self, (published, manifest): (&Manifest, &Manifest), held: &BTreeSet<TopicKey>) {
        for (key, feed) in manifest.feeds.iter().filter(|(key, feed)| feed.stale && !held.contains(*key)) {
            let of_it = manifest.files.iter().filter(|(_, file)| file.feed.as_ref() == Some(key) && file.source.is_none());
            let files: Vec<&String> = of_it.map(|(path, _)| path).collect();
            match self.owner.stale() {
                "remove" => assert!(files.is_empty(), "{key:?} has gone, and there is {files:?}"),
                "tombstone" => {
                    let [entry] = &feed.entries[..] else { panic!("{key:?} has ended, and has {:?}", feed.entries) };
                    assert_eq!(entry.id, ending(key), "the last entry of {key:?}");
                    let before = published.feeds.get(key).and_then(|feed| feed.entries.iter().find(|other| other.id == entry.id));
                    assert!(before.is_none_or(|before| before.date == entry.date), "{key:?} has ended, and ends again");
                    let entries = [(entry.id.clone(), entry.date.timestamp())];
                    for path in files {
                        let Some(document) = &self.output[path].document else { continue };
                        assert_eq!(document.entries, entries, "{path}, whose topic has ended");
                    }
                }
                _ => {}
            }
        }
    }

    /// What is withdrawn is in no file, and what never was public neither.
    fn nowhere(&self, truth: &Truth, output: &Output) {
        let ids: BTreeSet<String> = truth.withdrawn.iter().map(|&story| self.owner.id(story).to_owned()).collect();
        for (path, seen) in output {
            let stray: Vec<_> = seen.stories.intersection(&truth.withdrawn).collect();
            assert!(stray.is_empty(), "{path} names what is withdrawn: {stray:?}");
            let stray: Vec<_> = seen.ids.intersection(&ids).collect();
            assert!(stray.is_empty(), "{path} has the id of what is withdrawn: {stray:?}");
            let secret: Vec<_> = seen.texts.difference(&self.shown).collect();
            assert!(secret.is_empty(), "{path} says what never was public: {secret:?}");
        }
    }

    /// In the place of a feed there is never another one, unless its topic was made a part of that.
    fn places(&mut self, manifest: &Manifest) {
        for (path, seen) in &self.output {
            let Some(document) = &seen.document else { continue };
            let folder = path.split_once('/').map_or("", |(folder, _)| folder);
            if let Some(id) = &document.id {
                let first = self.places.entry(path.clone()).or_insert_with(|| id.clone());
                if self.owner.merged.contains(folder) {
                    first.clone_from(id);
                }
                assert_eq!(first, id, "another feed is in the place of {path}");
            }
        }
        for (path, file) in manifest.files.iter().filter(|(_, file)| file.source.is_some()) {
            let of = source_of(path);
            assert_eq!(file.source.as_ref(), Some(&self.output[of].sha256), "{path} is made of {of}");
            assert_eq!(self.output[path].plain, self.output[of].bytes, "{path} holds {of}");
        }
    }
}

/// A folder in memory in which the program keeps its state.
fn place() -> Mill {
    let mill = Mill::in_memory();
    let cache = mill.path("cache").to_string_lossy().into_owned();
    mill.variable("XDG_CACHE_HOME", &cache).without_variable("FEEDMILL_NOW")
}

/// What a run says of itself.
struct Outcome {
    status: Option<i32>,
    stdout: String,
    stderr: String,
    /// What it found: how bad, where, and what.
    findings: BTreeSet<(String, String, String)>,
    written: BTreeSet<String>,
    removed: BTreeSet<String>,
}

impl Outcome {
    fn of(mill: &Mill, arguments: &[&str]) -> Self {
        let Run { status, stdout, stderr } = mill.run_with(arguments);
        // What was told is not told again for a day; the report has all of it.
        let report: serde_json::Value = serde_json::from_str(&mill.read("report.json")).expect("a report");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
        let findings = list(&report["diagnostics"]);
        let findings = findings.iter().map(|one| (text(&one["severity"]), text(&one["path"]), text(&one["message"]))).collect();
        let [written, removed] = ["written", "removed"].map(|what| list(&report["changes"][what]).iter().map(text).collect());
        Self { status, stdout, stderr, findings, written, removed }
    }

    /// The feeds that were held back.
    fn held(&self, manifest: &Manifest) -> BTreeSet<TopicKey> {
        let shrinking = self.findings.iter().filter(|finding| finding.2.starts_with("this feed would lose"));
        let places: BTreeSet<&str> = shrinking.map(|finding| finding.1.as_str()).collect();
        let place = |feed: &Feed| feed.slug.as_ref().map_or_else(|| "feeds".to_owned(), |slug| format!("feeds/{slug}"));
        let held = manifest.feeds.iter().filter(|(_, feed)| places.contains(&*place(feed)));
        held.map(|(key, _)| key.clone()).collect()
    }

    /// It tells what it has written and taken away, and nothing else.
    fn tells(&self, before: &Output, after: &Output) {
        let other = |path: &&String| touched(before, path) != touched(after, path);
        let written: BTreeSet<String> = after.keys().filter(other).cloned().collect();
        let removed: BTreeSet<String> = before.keys().filter(|path| !after.contains_key(*path)).cloned().collect();
        assert_eq!((&self.written, &self.removed), (&written, &removed), "what the report says, and what was done");
    }
}

/// What a killed run had decided, in turn: each path, and where the file waits that goes there; nothing if it is taken away.
fn plan(out: &Path) -> Option<Plan> {
    let stage = out.join(STAGE);
    let plan: serde_json::Value = serde_json::from_slice(&fs::read(stage.join(PLAN)).ok()?).expect("a plan");
    let step = |step: &serde_json::Value| {
        let waits = step["waits"].as_u64().map(|number| stage.join(number.to_string()));
        (step["path"].as_str().expect("a path").to_owned(), waits)
    };
    Some(plan.as_array().expect("steps").iter().map(step).collect())
}

type Plan = Vec<(String, Option<PathBuf>)>;

/// Carries out steps of a plan as a run does.
fn carry_out(out: &Path, steps: &[(String, Option<PathBuf>)]) {
    for (path, waits) in steps {
        let target = out.join(path);
        let folder = target.parent().expect("a folder above");
        match waits {
            Some(waits) if waits.exists() => {
                fs::create_dir_all(folder).expect("folders");
                fs::rename(waits, &target).expect("a file in its place");
            }
            Some(_) => {}
            None => {
                let _ = fs::remove_file(&target);
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// How many steps of a plan are done. Panics if not those that come first, or if what others lead to does not come before them.
fn done(out: &Path, plan: &[(String, Option<PathBuf>)]) -> usize {
    let rank = |(path, waits): &(String, Option<PathBuf>)| TURNS.iter().position(|turn| *turn == turn_of(path, waits.is_none()));
    assert!(plan.is_sorted_by_key(rank), "a plan goes from feeds to what leads to them: {plan:?}");
    let is_done =
        |(path, waits): &(String, Option<PathBuf>)| waits.as_ref().map_or(!out.join(path).exists(), |waits| !waits.exists());
    let done = plan.iter().take_while(|step| is_done(step)).count();
    let rest = plan[done..].iter().filter(|(_, waits)| waits.is_some());
    assert!(!rest.clone().any(is_done), "a step was done before its turn: {plan:?}");
    done
}

/// In which turns files are replaced.
const TURNS: &[&str] = &["Asset", "Feed", "List", "Removal", "Manifest"];

fn turn(path: &str, whole: &Output) -> &'static str {
    turn_of(path, !whole.contains_key(path))
}

fn turn_of(path: &str, removed: bool) -> &'static str {
    match (path, source_of(path).rsplit('.').next().unwrap_or_default()) {
        _ if removed => "Removal",
        (MANIFEST, _) => "Manifest",
        _ if path.starts_with("assets/") => "Asset",
        (_, "html" | "opml") => "List",
        _ => "Feed",
    }
}

/// Of a compressed file, the path of what is compressed in it; else its own.
fn source_of(path: &str) -> &str {
    [".gz", ".br"].into_iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

/// The id of the entry that says of a feed that it has ended.
fn ending(key: &TopicKey) -> String {
    EntryId::ending(&link::feed_id("month", key.as_str())).to_string()
}

/// The name of a feed's file.
fn file_of(format: &str) -> &'static str {
    match format {
        "rss" => "rss.xml",
        "atom" => "atom.xml",
        _ => "feed.json",
    }
}

fn manifest_of(output: &Output) -> Manifest {
    output.get(MANIFEST).map_or_else(Manifest::default, |seen| Manifest::parse(&seen.bytes).expect("a manifest"))
}

fn bytes<'o>(output: &'o Output, path: &str) -> Option<&'o [u8]> {
    output.get(path).map(|seen| &seen.bytes[..])
}

fn touched(output: &Output, path: &str) -> Option<(u64, i64, i64)> {
    output.get(path).map(|seen| seen.touched)
}

/// The paths at which there is something else.
fn changes(before: &Output, after: &Output) -> BTreeSet<String> {
    let paths = before.keys().chain(after.keys());
    paths.filter(|path| bytes(before, path) != bytes(after, path)).cloned().collect()
}

/// Every file has the bytes that it must have.
fn alike(expected: &Output, output: &Output) {
    let other = changes(expected, output);
    assert!(other.is_empty(), "these are not what they were to be, or would have been without the kill: {other:?}");
}

/// The manifest lists exactly what lies there.
fn agrees(manifest: &Manifest, output: &Output) {
    let listed: BTreeSet<&str> = manifest.files.keys().map(String::as_str).chain([MANIFEST]).collect();
    let there: BTreeSet<&str> = output.keys().map(String::as_str).collect();
    assert_eq!(listed, there, "the manifest and the folder");
    for (path, file) in &manifest.files {
        let seen = &output[path];
        assert_eq!((file.bytes, &file.sha256), (seen.bytes.len() as u64, &seen.sha256), "what the manifest says of {path}");
    }
}

/// No file is touched, comes or goes.
fn untouched(before: &Output, after: &Output, why: &str) {
    let stamps = |output: &Output| output.iter().map(|(path, seen)| (path.clone(), seen.touched)).collect::<BTreeSet<_>>();
    let (before, after) = (stamps(before), stamps(after));
    let paths: BTreeSet<&String> = before.symmetric_difference(&after).map(|(path, _)| path).collect();
    assert!(paths.is_empty(), "{why}: {paths:?}");
}
