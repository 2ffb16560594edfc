//! One story of many addresses: which articles are the same story, which copy stands for it, and whether it may be shown.

use std::collections::BTreeMap;

use super::{Clock, narrow, warning};
use crate::error::Diagnostic;
use crate::index::{Index, Row};
use crate::link::{EntryId, Fingerprint};
use crate::manifest::Dates;
use crate::site::{Blocked, Site};

/// Whether a story may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has an entry.
    Published,
    /// Its date has not come.
    Waiting,
    /// It has no entry of its own, but may be somebody's related link.
    Unpublished,
    /// It is in no entry and no list.
    Withdrawn,
}

/// One story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Story {
    /// Whether it may be shown.
    pub state: State,
    /// The row that stands for it.
    pub winner: u32,
    first: u32,
    len: u32,
}

/// All stories, and how to find one by any of its names.
#[derive(Clone, Debug, Default)]
pub struct Stories {
    /// The stories, in the order of their first files.
    pub list: Vec<Story>,
    /// For each row, whether it counts towards what is shown.
    pub public: Vec<bool>,
    members: Vec<u32>,
    names: Vec<(Fingerprint, u32)>,
    blocked: Vec<Fingerprint>,
    /// Stories that keep the date that they were published with, though the row that stands for them has another.
    dated: BTreeMap<u32, i64>,
}

impl Stories {
    /// The rows that are the story, in the order of their files.
    pub fn rows(&self, story: &Story) -> impl Iterator<Item = usize> {
        self.members[story.first as usize..][..story.len as usize].iter().map(|&row| row as usize)
    }

    /// When a story was published, in seconds of Unix time: as the row says that stands for it, unless it was published with
    /// another date that one of its rows still says. An entry must not move when a second file of its story comes.
    #[must_use]
    pub fn date(&self, index: &Index, story: u32) -> i64 {
        let said = || index.rows[self.list[story as usize].winner as usize].published;
        self.dated.get(&story).copied().unwrap_or_else(said)
    }

    /// The story that is known by the first of these names that any story is known by.
    #[must_use]
    pub fn find(&self, names: impl IntoIterator<Item = Fingerprint>) -> Option<u32> {
        names.into_iter().find_map(|name| self.by_name(name))
    }

    /// Whether any of these names belongs to a story that is withdrawn.
    #[must_use]
    pub fn withdrawn(&self, names: impl IntoIterator<Item = Fingerprint>) -> bool {
        names.into_iter().any(|name| {
            self.blocked.binary_search(&name).is_ok()
                || self.by_name(name).is_some_and(|story| self.list[story as usize].state == State::Withdrawn)
        })
    }

    /// Whether any story is withdrawn.
    #[must_use]
    pub fn any_withdrawn(&self) -> bool {
        self.list.iter().any(|story| story.state == State::Withdrawn)
    }

    fn by_name(&self, name: Fingerprint) -> Option<u32> {
        self.names.binary_search_by_key(&name, |(known, _)| *known).ok().map(|place| self.names[place].1)
    }
}

/// Finds the stories of an index.
pub(super) fn stories(index: &Index, site: &Site, clock: Clock, dates: &Dates, diagnostics: &mut Vec<Diagnostic>) -> Stories {
    let rows = &index.rows;
    let own = names_of(index, |row| index.names(row).0);
    let amp = names_of(index, |row| index.names(row).1);
    let mut sets = Sets::new(rows.len());
    for group in own.chunk_by(|a, b| a.0 == b.0) {
        for pair in group.windows(2) {
            sets.unite(pair[0].1, pair[1].1);
        }
    }
    unite_by_amp(&own, &amp, &mut sets);

    let judge = Judge { site, clock };
    let public: Vec<bool> = rows.iter().map(|row| judge.public(row)).collect();
    let mut members: Vec<(u32, u32)> = (0..).zip(rows).map(|(row, _)| (narrow(sets.root(row as usize)), row)).collect();
    members.sort_unstable();
    let mut list: Vec<Story> = Vec::new();
    let mut kept_dates: BTreeMap<u32, i64> = BTreeMap::new();
    for group in members.chunk_by(|a, b| a.0 == b.0) {
        let rows_of = || group.iter().map(|(_, row)| *row as usize);
        let shown: Vec<usize> = rows_of().filter(|&row| public[row]).collect();
        let state = if rows_of().any(|row| judge.withdrawn(&rows[row])) {
            State::Withdrawn
        } else if !shown.is_empty() {
            State::Published
        } else if rows_of().any(|row| judge.waiting(&rows[row])) {
            State::Waiting
        } else {
            State::Unpublished
        };
        // The newer wins, then the one whose file comes first.
        let newest = |candidates: &mut dyn Iterator<Item = usize>| {
            candidates.max_by_key(|&row| (rows[row].published, rows[row].updated, std::cmp::Reverse(rows[row].file)))
        };
        let winner = newest(&mut shown.iter().copied()).or_else(|| newest(&mut rows_of())).unwrap_or(0);
        if state == State::Published && shown.len() > 1 {
            let others: Vec<_> = shown
                .iter()
                .filter(|&&row| row != winner)
                .map(|&row| index.file(&rows[row]).to_string_lossy().into_owned())
                .collect();
            let message = format!(
                "the same story as {}; it has one entry, made of this file, with the topics of all",
                others.join(" and ")
            );
            let help = "if they are different stories, give each its own `originalUrl` or `id`; else take one out";
            diagnostics.push(warning(&index.file(&rows[winner]), message, help));
        }
        let date = rows[winner].published;
        if state == State::Published && shown.iter().any(|&row| rows[row].published != date) {
            let names = shown.iter().flat_map(|&row| index.names(&rows[row]).0);
            let own_ids = names.clone().filter_map(|name| index.own_id(*name)).map(EntryId::fingerprint);
            let published = own_ids.chain(names.copied()).find_map(|name| dates.of(name));
            let kept = published.filter(|date| shown.iter().any(|&row| rows[row].published == *date));
            kept_dates.extend(kept.filter(|kept| *kept != date).map(|date| (narrow(list.len()), date)));
        }
        let first = list.last().map_or(0, |story: &Story| story.first + story.len);
        list.push(Story { state, winner: narrow(winner), first, len: narrow(group.len()) });
    }
    let members: Vec<u32> = members.into_iter().map(|(_, row)| row).collect();
    let mut story_of = vec![0; rows.len()];
    for (number, story) in (0..).zip(&list) {
        for row in &members[story.first as usize..][..story.len as usize] {
            story_of[*row as usize] = number;
        }
    }
    let mut blocked: Vec<Fingerprint> = Vec::new();
    for rule in &site.block {
        if let Blocked::Story(key) = rule {
            blocked.push(key.fingerprint());
        }
    }
    blocked.sort_unstable();
    Stories { list, public, members, names: lookup(own, &amp, &story_of), blocked, dated: kept_dates }
}

/// Names and the rows that have them, sorted.
fn names_of<'i>(index: &'i Index, names: impl Fn(&'i Row) -> &'i [Fingerprint]) -> Vec<(Fingerprint, u32)> {
    // Nearly every row has one: a list that grows by itself could be twice as long as needed.
    let mut all = Vec::new();
    all.reserve_exact(index.rows.iter().map(|row| names(row).len()).sum());
    for (number, row) in (0..).zip(&index.rows) {
        all.extend(names(row).iter().map(|name| (*name, number)));
    }
    all.sort_unstable();
    all
}

/// Unites two stories that share an AMP page.
///
/// AMP addresses are made by others, and a wrong one (the page of a section, a neighbour's) would pull different articles into
/// one. So an AMP page joins two stories only, and a story is joined with one other only: a third record never merges two.
fn unite_by_amp(own: &[(Fingerprint, u32)], amp: &[(Fingerprint, u32)], sets: &mut Sets) {
    let mut joins: Vec<(usize, usize)> = Vec::new();
    for group in amp.chunk_by(|a, b| a.0 == b.0) {
        let start = own.partition_point(|(name, _)| *name < group[0].0);
        let owners = own[start..].iter().take_while(|(name, _)| *name == group[0].0);
        let mut roots: Vec<usize> = owners.chain(group).map(|(_, row)| sets.root(*row as usize)).collect();
        roots.sort_unstable();
        roots.dedup();
        if let [a, b] = roots[..] {
            joins.extend([(a, b), (b, a)]);
        }
    }
    joins.sort_unstable();
    joins.dedup();
    let alone = |root: usize| {
        let start = joins.partition_point(|(from, _)| *from < root);
        joins[start..].iter().take_while(|(from, _)| *from == root).count() == 1
    };
    let pairs: Vec<_> = joins.iter().copied().filter(|&(a, b)| a < b && alone(a) && alone(b)).collect();
    for (a, b) in pairs {
        sets.unite(narrow(a), narrow(b));
    }
}

/// Names to stories. A name that is one story's own and another's AMP page is the former's; an AMP page of several is nobody's.
fn lookup(own: Vec<(Fingerprint, u32)>, amp: &[(Fingerprint, u32)], story_of: &[u32]) -> Vec<(Fingerprint, u32)> {
    // In the memory that the rows had.
    let mut names = own;
    for (_, row) in &mut names {
        *row = story_of[*row as usize];
    }
    names.dedup();
    let own = names.len();
    for group in amp.chunk_by(|a, b| a.0 == b.0) {
        let story = story_of[group[0].1 as usize];
        let one = group.iter().all(|(_, row)| story_of[*row as usize] == story);
        if one && names[..own].binary_search_by_key(&group[0].0, |(name, _)| *name).is_err() {
            names.push((group[0].0, story));
        }
    }
    names.sort_unstable();
    names
}

struct Judge<'a> {
    site: &'a Site,
    clock: Clock,
}

impl Judge<'_> {
    fn withdrawn(&self, row: &Row) -> bool {
        // A preview shows drafts, but what was taken back or is private stays so.
        if self.clock.preview {
            row.status.deleted || row.status.private || row.blocked
        } else {
            row.status.withdrawn() || row.blocked
        }
    }

    fn unpublished(&self, row: &Row) -> bool {
        match row.status.published {
            Some(published) => !published,
            None => self.site.require_published,
        }
    }

    fn waiting(&self, row: &Row) -> bool {
        !self.withdrawn(row) && !self.unpublished(row) && row.published > self.clock.now.timestamp()
    }

    fn public(&self, row: &Row) -> bool {
        !self.withdrawn(row) && (self.clock.preview || (!self.unpublished(row) && !self.waiting(row)))
    }
}

/// Sets of rows that are united step by step (union–find); the root is the least row, so that the order of steps never shows.
struct Sets(Vec<u32>);

impl Sets {
    fn new(len: usize) -> Self {
        Self((0..).take(len).collect())
    }

    fn root(&mut self, row: usize) -> usize {
        let mut at = row;
        while self.0[at] as usize != at {
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a as usize), self.root(b as usize));
        self.0[a.max(b)] = narrow(a.min(b));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::error::Severity;
    use crate::index;
    use crate::link::Link;
    use crate::read::{self, Rules};
    use crate::site::Overrides;

    /// What became of a few articles, each given by its lines.
    struct Judged {
        index: Index,
        stories: Stories,
        diagnostics: Vec<Diagnostic>,
    }

    fn judged_as(articles: &[&str], settings: &str, preview: bool) -> Judged {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let paths = articles.iter().enumerate().map(|(number, lines)| {
            let path = folder.path().join(format!("{number}.md"));
            std::fs::write(&path, format!("---\ntitle: x\n{lines}\n---\n")).expect("a file");
            path
        });
        let paths = paths.collect();
        let site = Site::parse("feedmill.yaml".as_ref(), settings, &Overrides::default()).expect("a site");
        let clock = Clock { now: "2020-11-23T00:00:00Z".parse().expect("a date"), preview };
        let rules = Rules {
            names: site.names.clone(),
            zone: site.zone,
            mojibake: site.mojibake,
            embeds: site.embeds,
            now: clock.now,
            whole: false,
            full_text: false,
            keep: read::Keep::default(),
            dates: std::sync::Arc::default(),
        };
        let (index, mut diagnostics) = index::index(paths, &rules, &site.block, 1, &AtomicUsize::new(0));
        assert_eq!((index.faulty, index.others.len()), (0, 0), "{diagnostics:?}");
        let stories = stories(&index, &site, clock, &Dates::default(), &mut diagnostics);
        Judged { index, stories, diagnostics }
    }

    fn judged(articles: &[&str]) -> Judged {
        judged_as(articles, "", false)
    }

    impl Judged {
        /// The files of each story, by number; the one that stands for it first.
        fn together(&self) -> Vec<Vec<usize>> {
            let files = |story: &Story| {
                let mut rows: Vec<usize> = self.stories.rows(story).filter(|row| *row != story.winner as usize).collect();
                rows.insert(0, story.winner as usize);
                rows
            };
            self.stories.list.iter().map(files).collect()
        }

        fn states(&self) -> Vec<State> {
            self.stories.list.iter().map(|story| story.state).collect()
        }

        fn found(&self, address: &str) -> Option<u32> {
            self.stories.find([name(address)])
        }
    }

    fn name(address: &str) -> Fingerprint {
        Link::parse(&format!("https://{address}")).expect("an address").key().fingerprint()
    }

    #[test]
    fn articles_that_share_an_address_are_one_story() {
        let judged = judged(&[
            "date: 2020-11-13\noriginalUrl: https://e.org/a",
            "date: 2020-11-13\noriginalUrl: https://e.org/b",
            "date: 2020-11-12\noriginalUrl: https://e.org/c\nwebUrl: http://www.e.org/a/?utm_source=x",
        ]);
        assert_eq!(judged.together(), [vec![0, 2], vec![1]]);
        assert_eq!(judged.found("e.org/c"), judged.found("e.org/a"));
        assert_eq!(judged.found("e.org/d"), None);
        let [warning] = &judged.diagnostics[..] else { panic!("{:?}", judged.diagnostics) };
        assert_eq!(warning.severity, Severity::Warning);
        assert!(warning.path.ends_with("0.md") && warning.message.contains("2.md"), "{warning}");
    }

    #[test]
    fn one_story_goes_through_any_number_of_articles() {
        // Each shares one address with the next; the third comes last and joins what was two.
        let judged = judged(&[
            "date: 2020-11-13\noriginalUrl: https://e.org/a\nwebUrl: https://e.org/b",
            "date: 2020-11-14\noriginalUrl: https://e.org/c\nwebUrl: https://e.org/d",
            "date: 2020-11-12\noriginalUrl: https://e.org/d\nwebUrl: https://e.org/e",
            "date: 2020-11-12\noriginalUrl: https://e.org/b\nwebUrl: https://e.org/c",
        ]);
        assert_eq!(judged.together(), [[1, 0, 2, 3]]);
        let [warning] = &judged.diagnostics[..] else { panic!("{:?}", judged.diagnostics) };
        assert!(warning.path.ends_with("1.md"), "the newest stands for all: {warning}");
    }

    #[test]
    fn an_own_id_is_a_name_as_good_as_an_address() {
        let id = "urn:uuid:19c0a1d7-98fe-5e04-8ead-b385976bd4d9";
        let judged = judged(&[
            "date: 2020-11-13\nlink: https://e.org/a\nid: old-1",
            "date: 2020-11-12\nlink: https://e.org/b\nid: old-1",
            "date: 2020-11-13\nlink: https://e.org/c\nid: old-2",
            &format!("date: 2020-11-13\nlink: https://e.org/d\nid: {id}"),
            "date: 2020-11-12\nlink: https://arstechnica.com/gadgets/2020/11/amazon-begins-shifting-alexas-cloud-ai-to-its-own-silicon/",
        ]);
        assert_eq!(judged.together(), [vec![0, 1], vec![2], vec![3, 4]]);
    }

    #[test]
    fn the_newest_public_copy_stands_for_a_story_and_of_equals_the_first_file() {
        let judged = judged(&[
            "date: 2020-11-10\nlink: https://e.org/a",
            "date: 2020-11-12\nlink: https://e.org/a",
            "date: 2020-11-12\nlink: https://e.org/a",
            "date: 2020-11-13\nlink: https://e.org/a\npublished: false",
            "date: 2020-12-24\nlink: https://e.org/a",
            "date: 2020-11-12\nlink: https://e.org/b",
            "date: 2020-11-12\nupdated: 2020-11-13\nlink: https://e.org/b",
        ]);
        assert_eq!(judged.together(), [vec![1, 0, 2, 3, 4], vec![6, 5]]);
        assert_eq!(judged.states(), [State::Published; 2]);
        assert_eq!(judged.stories.public, [true, true, true, false, false, true, true]);
    }

    #[test]
    fn an_amp_page_that_two_stories_name_makes_them_one() {
        for (own, amp) in [
            // Both name the page, as AMP or in a cache; or it is the other's own address.
            ("link: https://e.org/b\nampWebUrl: https://e.org/amp/a", "ampWebUrl: https://e.org/amp/a"),
            ("link: https://e.org/b\ncdnAmpWebUrl: https://e.org/amp/a", "ampWebUrl: https://e.org/amp/a"),
            ("link: https://e.org/amp/a", "ampWebUrl: https://e.org/amp/a"),
        ] {
            let judged = judged(&[
                &format!("date: 2020-11-13\nlink: https://e.org/a\n{amp}"),
                &format!("date: 2020-11-12\n{own}"),
                "date: 2020-11-12\nlink: https://e.org/other",
            ]);
            assert_eq!(judged.together(), [vec![0, 1], vec![2]], "{own}");
            assert_eq!(judged.found("e.org/amp/a"), Some(0), "{own}");
        }
    }

    #[test]
    fn an_amp_page_of_three_stories_joins_none_and_is_nobodys() {
        let judged = judged(&[
            "date: 2020-11-13\nlink: https://e.org/a\nampWebUrl: https://e.org/amp",
            "date: 2020-11-13\nlink: https://e.org/b\nampWebUrl: https://e.org/amp",
            "date: 2020-11-13\nlink: https://e.org/c\nampWebUrl: https://e.org/amp",
        ]);
        assert_eq!(judged.together(), [[0], [1], [2]]);
        assert_eq!(judged.found("e.org/amp"), None);
        assert!(judged.diagnostics.is_empty());
    }

    #[test]
    fn a_third_record_never_makes_two_articles_one_by_its_amp_pages() {
        let judged = judged(&[
            "date: 2020-11-13\nlink: https://e.org/a",
            "date: 2020-11-13\nlink: https://e.org/b",
            "date: 2020-11-13\nlink: https://e.org/c\nampWebUrl: https://e.org/a\ncdnAmpWebUrl: https://e.org/b",
        ]);
        assert_eq!(judged.together(), [[0], [1], [2]]);
        // A page that is somebody's own address is his.
        assert_eq!((judged.found("e.org/a"), judged.found("e.org/b")), (Some(0), Some(1)));
    }

    #[test]
    fn stories_that_are_one_already_count_once_for_an_amp_page() {
        // Three articles name the page, but two of them are one story by their address.
        let judged = judged(&[
            "date: 2020-11-13\nlink: https://e.org/a\nampWebUrl: https://e.org/amp",
            "date: 2020-11-12\nlink: https://e.org/a\nampWebUrl: https://e.org/amp",
            "date: 2020-11-11\nlink: https://e.org/b\nampWebUrl: https://e.org/amp",
        ]);
        assert_eq!(judged.together(), [[0, 1, 2]]);
    }

    #[test]
    fn withdrawal_wins_over_every_copy() {
        for word in ["deleted: true", "removed: yes", "draft: on", "private: \"true\""] {
            let judged = judged(&[
                "date: 2020-11-13\nlink: https://e.org/a\nampWebUrl: https://e.org/amp",
                &format!("date: 2020-11-12\noriginalUrl: https://e.org/b\nwebUrl: https://e.org/a\n{word}"),
                "date: 2020-11-12\nlink: https://e.org/c",
            ]);
            assert_eq!(judged.states(), [State::Withdrawn, State::Published], "{word}");
            for address in ["e.org/a", "e.org/b", "e.org/amp"] {
                assert!(judged.stories.withdrawn([name("e.org/x"), name(address)]), "{address} with {word}");
            }
            assert!(!judged.stories.withdrawn([name("e.org/c"), name("e.org/x")]));
            assert!(judged.diagnostics.is_empty(), "nothing is shown, so there is nothing to warn of");
        }
    }

    #[test]
    fn what_the_owner_blocks_is_withdrawn_whether_there_is_a_file_or_not() {
        let articles = ["date: 2020-11-13\nlink: https://news.e.org/a", "date: 2020-11-13\nlink: https://e.net/b"];
        let by_domain = judged_as(&articles, "block: [e.org]", false);
        assert_eq!(by_domain.states(), [State::Withdrawn, State::Published]);
        let by_address = judged_as(&articles, "block: ['http://www.e.net/b/', 'https://e.net/none']", false);
        assert_eq!(by_address.states(), [State::Published, State::Withdrawn]);
        assert!(by_address.stories.withdrawn([name("e.net/none")]));
    }

    #[test]
    fn a_story_is_published_or_waits_or_is_only_somebodys_link() {
        use State::{Published, Unpublished, Waiting, Withdrawn};

        let articles = [
            "date: 2020-11-23T00:00:00Z\nlink: https://e.org/a",
            "date: 2020-11-23T00:00:01Z\nlink: https://e.org/b",
            "date: 2020-11-13\nlink: https://e.org/c\npublished: false",
            "date: 2020-12-24\nlink: https://e.org/d\npublished: false",
            "date: 2020-11-13\nlink: https://e.org/e\npublished: true",
            "date: 2020-11-13\nlink: https://e.org/f\ndraft: true",
            "date: 2020-11-13\nlink: https://e.org/g\ndeleted: true",
            "date: 2020-11-13\nlink: https://e.org/h\nprivate: true",
        ];
        let usual = [Published, Waiting, Unpublished, Unpublished, Published, Withdrawn, Withdrawn, Withdrawn];
        assert_eq!(judged(&articles).states(), usual);
        let strict = [Unpublished, Unpublished, Unpublished, Unpublished, Published, Withdrawn, Withdrawn, Withdrawn];
        assert_eq!(judged_as(&articles, "require_published: true", false).states(), strict);
        let preview = [Published, Published, Published, Published, Published, Published, Withdrawn, Withdrawn];
        assert_eq!(judged_as(&articles, "", true).states(), preview);
    }

    #[test]
    fn a_retracted_file_that_is_not_in_order_retracts_its_story() {
        let judged = judged(&["date: 2020-11-13\nlink: https://e.org/a", "deleted: true\nwebUrl: https://e.org/a"]);
        assert_eq!(judged.states(), [State::Withdrawn]);
        assert_eq!(judged.index.rows.len(), 2);
    }
}
