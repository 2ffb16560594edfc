//! What is to be sent, and in which order: a comparison of two manifests, and nothing else.

use std::collections::BTreeSet;

use crate::deliver::record::Remote;
use crate::destination::is_feed;
use crate::manifest::{File, Manifest};
use crate::report::{Fate, FeedChange};

/// What is to happen at the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Files that are sent first: feeds, and what pages are made with.
    pub first: BTreeSet<String>,
    /// Files that are sent when those are there: pages and lists, which lead to them.
    pub second: BTreeSet<String>,
    /// Files whose objects are deleted then.
    pub delete: BTreeSet<String>,
    /// Files that are no longer part of the output, and whose objects stay.
    pub left: BTreeSet<String>,
    /// Files whose objects are what they should be.
    pub unchanged: BTreeSet<String>,
}

/// What it takes to make the destination what the output is. `labels` stands for how objects are labelled.
#[must_use]
pub fn plan(output: &Manifest, remote: &Remote, labels: &str, delete_stale: bool) -> Plan {
    let mut plan = Plan::default();
    for (path, file) in &output.files {
        let same = |there: &File| there.sha256 == file.sha256 && there.content_type == file.content_type;
        let trusted = remote.record.labels == labels && !remote.record.pending.contains(path);
        if trusted && remote.manifest.files.get(path).is_some_and(same) {
            plan.unchanged.insert(path.clone());
        } else if is_feed(&file.content_type) || path.starts_with("assets/") {
            plan.first.insert(path.clone());
        } else {
            plan.second.insert(path.clone());
        }
    }
    let gone: BTreeSet<String> = remote.files().filter(|path| !output.files.contains_key(*path)).cloned().collect();
    *(if delete_stale { &mut plan.delete } else { &mut plan.left }) = gone;
    plan
}

impl Plan {
    /// Files whose objects are going to change, which nobody can trust until they have.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<String> {
        self.first.iter().chain(&self.second).chain(&self.delete).cloned().collect()
    }
}

/// What those see who subscribe: every feed of which a file is sent, the feed of all topics first, then by slug.
#[must_use]
pub fn feeds(output: &Manifest, remote: &Manifest, plan: &Plan) -> Vec<FeedChange> {
    let sent = |path: &String| plan.first.contains(path) || plan.second.contains(path);
    let keys: BTreeSet<_> =
        output.files.iter().filter(|(path, _)| sent(path)).filter_map(|(_, file)| file.feed.as_ref()).collect();
    let change = |key| {
        let feed = output.feeds.get(key)?;
        let entries = feed.entries.iter().map(|entry| (entry.id.as_str(), entry.date, None));
        let change = FeedChange::between(feed.slug.clone(), &feed.title, entries, remote.feeds.get(key));
        Some(FeedChange { fate: if feed.stale { Fate::Ended } else { Fate::Written }, ..change })
    };
    let mut changes: Vec<FeedChange> = keys.into_iter().filter_map(change).collect();
    changes.sort_by(|a, b| a.slug.cmp(&b.slug));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::record::Record;
    use crate::topic::TopicKey;

    fn file(sha256: &str, content_type: &str) -> File {
        File { sha256: sha256.into(), content_type: content_type.into(), feed: Some(TopicKey::all()), ..File::default() }
    }

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let typed = |path: &str| match path.rsplit('.').next() {
            Some("xml") => "application/rss+xml",
            Some("opml") => "text/x-opml",
            _ => "text/html",
        };
        let files = files.iter().map(|&(path, sha256)| (path.to_owned(), file(sha256, typed(path))));
        Manifest { files: files.collect(), ..Manifest::default() }
    }

    fn remote(files: &[(&str, &str)], pending: &[&str], left: &[&str]) -> Remote {
        let set = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
        let record = Record { labels: "1".into(), pending: set(pending), left: set(left), ..Record::default() };
        Remote { manifest: manifest(files), record }
    }

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|&path| path.to_owned()).collect()
    }

    const OUTPUT: [(&str, &str); 5] =
        [("rss.xml", "1"), ("assets/style.css", "2"), ("index.html", "3"), ("feeds.opml", "4"), ("ai/rss.xml", "5")];

    #[test]
    fn a_new_destination_gets_all_feeds_first() {
        let plan = plan(&manifest(&OUTPUT), &Remote::default(), "1", false);
        let expected = Plan {
            first: set(&["ai/rss.xml", "assets/style.css", "rss.xml"]),
            second: set(&["feeds.opml", "index.html"]),
            ..Plan::default()
        };
        assert_eq!(plan, expected);
    }

    #[test]
    fn only_what_differs_or_cannot_be_trusted_is_sent() {
        let there = [("rss.xml", "1"), ("assets/style.css", "2"), ("index.html", "3"), ("feeds.opml", "0"), ("ai/rss.xml", "5")];
        let plan_of = |remote: &Remote| plan(&manifest(&OUTPUT), remote, "1", false);
        let plan_now = plan_of(&remote(&there, &["ai/rss.xml"], &[]));
        assert_eq!((plan_now.first, plan_now.second), (set(&["ai/rss.xml"]), set(&["feeds.opml"])));
        assert_eq!(plan_now.unchanged, set(&["assets/style.css", "index.html", "rss.xml"]));
        assert_eq!(plan_of(&remote(&OUTPUT, &[], &[])).touched(), set(&[]));
        let other_labels = Remote { record: Record { labels: "2".into(), ..Record::default() }, ..remote(&OUTPUT, &[], &[]) };
        assert_eq!(plan_of(&other_labels).touched().len(), OUTPUT.len());
    }

    #[test]
    fn what_is_no_longer_there_is_deleted_only_if_asked() {
        let there = remote(&[("old/rss.xml", "1"), ("rss.xml", "1")], &["pending.xml"], &["left.xml", "feeds.opml"]);
        let gone = set(&["left.xml", "old/rss.xml", "pending.xml"]);
        let kept = plan(&manifest(&OUTPUT), &there, "1", false);
        assert_eq!((&kept.left, &kept.delete), (&gone, &set(&[])));
        let deleted = plan(&manifest(&OUTPUT), &there, "1", true);
        assert_eq!((&deleted.left, &deleted.delete), (&set(&[]), &gone));
        assert!(deleted.touched().is_superset(&gone));
    }
}
