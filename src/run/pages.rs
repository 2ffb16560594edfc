//! The pages beside the feeds: a topic's while its feed is in memory, the index when all feeds are there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Done, Mill, Piece};
use crate::error::FolderError;
use crate::feed::Feed;
use crate::format::{Format, Formats};
use crate::group::Plan;
use crate::manifest::{self, Manifest};
use crate::publish::stage::Turn;
use crate::text::Line;
use crate::topic::{Slug, TopicKey};
use crate::write::page::{self, Listed, Neighbour, Page};
use crate::{compose, text};

/// Topics that a page names beside its own.
const NEIGHBOURS: usize = 8;

impl Mill<'_> {
    /// Where pages go.
    pub(super) fn page_paths(&self) -> Vec<String> {
        let grouping = self.grouping;
        let plans = grouping.feeds.iter().filter(|_| self.request.site.formats.pages);
        plans
            .flat_map(|plan| grouping.slug(plan).into_iter().chain(self.former(plan)).map(Some))
            .chain([None])
            .map(page::path)
            .collect()
    }

    /// Refuses what is in the way of the files that pages and feeds need. Those of the owner bear no mark, but what is there
    /// already need not be replaced.
    pub(super) fn claim_assets(&self) -> Result<(), FolderError> {
        let assets = page::assets(self.request.site);
        let differs = |asset: &page::Asset| self.folder.differs(&asset.path, &asset.bytes).unwrap_or(true);
        let paths: Vec<&str> = assets.iter().filter(|asset| differs(asset)).map(|asset| asset.path.as_str()).collect();
        self.folder.claim(paths.into_iter().map(|path| (path, "")), self.request.adopt)
    }

    /// Makes the page of a topic, whose feed is in memory.
    pub(super) fn topic_page(&self, plan: &Plan, feed: &Feed, done: &mut Done) -> Result<(), FolderError> {
        let Self { request, grouping, .. } = self;
        let site = request.site;
        let Some(topic) = plan.topic.filter(|_| site.formats.pages) else { return Ok(()) };
        let newest = feed.entries.first().map(|entry| entry.published);
        let listed = self.listed(topic, feed.entries.len(), newest);
        let neighbours = grouping.neighbours(plan, NEIGHBOURS).into_iter().map(|topic| {
            let topic = &grouping.topics[topic];
            Neighbour { slug: topic.slug.clone(), name: compose::name(site, request.clock, Some(topic)) }
        });
        let neighbours: Vec<Neighbour> = neighbours.collect();
        self.page(&page::topic(site, &listed, &site.formats.feeds, &feed.entries, &neighbours), Some(&feed.key), done)?;
        for former in self.former(plan).iter().filter(|former| **former != listed.slug) {
            self.page(&page::moved(site, former, &listed), Some(&feed.key), done)?;
        }
        Ok(())
    }

    /// Publishes the files that pages and feeds need.
    pub(super) fn assets(&self) -> Result<Done, FolderError> {
        let mut done = Done::default();
        for asset in page::assets(self.request.site) {
            // There is nothing to read in it that is not as it was given.
            let piece =
                Piece { path: &asset.path, bytes: &asset.bytes, content_type: asset.content_type, turn: Turn::Asset, feed: None };
            self.document(piece, || Ok(()), &mut done)?;
        }
        Ok(done)
    }

    /// Makes the index, of the feeds that there are after the run.
    pub(super) fn index_page(&self, manifest: &Manifest) -> Result<Done, FolderError> {
        let Self { request, grouping, .. } = self;
        let site = request.site;
        let mut done = Done::default();
        if !site.formats.pages {
            return Ok(done);
        }
        let planned = grouping.feeds.iter().filter_map(|plan| plan.topic);
        let planned: BTreeMap<&TopicKey, usize> = planned.map(|topic| (&grouping.topics[topic].key, topic)).collect();
        let listed = |(key, feed): (&TopicKey, &manifest::Feed)| {
            let (slug, entries, newest) = (feed.slug.clone()?, feed.entries.len(), feed.entries.first().map(|entry| entry.date));
            Some(match planned.get(key) {
                Some(topic) => self.listed(*topic, entries, newest),
                // It is held back, though no article has its topic.
                None => Listed { entries, newest, ..named(slug, text::line_of_clean(&feed.title)) },
            })
        };
        let hidden = |key: &TopicKey| planned.get(key).is_some_and(|topic| grouping.topics[*topic].rules.hidden);
        let is_listed = |(key, feed): &(&TopicKey, &manifest::Feed)| !feed.stale && !key.is_stories() && !hidden(key);
        let mut topics: Vec<Listed> = manifest.feeds.iter().filter(is_listed).filter_map(listed).collect();
        topics.sort_by_cached_key(|topic| (topic.name.as_str().to_lowercase(), topic.slug.clone()));
        self.page(&page::index(site, &compose::name(site, request.clock, None), &topics), None, &mut done)?;
        Ok(done)
    }

    fn listed(&self, topic: usize, entries: usize, newest: Option<DateTime<Utc>>) -> Listed {
        let site = self.request.site;
        let topic = &self.grouping.topics[topic];
        let name = compose::name(site, self.request.clock, Some(topic));
        let language = Some(&topic.rules.language).filter(|language| **language != site.language).cloned();
        let about = topic.rules.description.clone();
        Listed { slug: topic.slug.clone(), name, about, entries, newest, language, is_own: topic.is_own }
    }

    /// Makes the page of a topic without stories, with the formats that there are of its feed.
    pub(super) fn empty_page(
        &self,
        slug: Slug,
        name: &Line,
        key: &TopicKey,
        manifest: &Manifest,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let formats = formats_of(&slug, manifest);
        let listed = named(slug, name.clone());
        self.page(&page::topic(self.request.site, &listed, &formats, &[], &[]), Some(key), done)
    }

    /// Makes the page of a topic whose feed has ended.
    pub(super) fn ended_page(
        &self,
        slug: Slug,
        name: &Line,
        key: &TopicKey,
        manifest: &Manifest,
        done: &mut Done,
    ) -> Result<(), FolderError> {
        let formats = formats_of(&slug, manifest);
        let listed = named(slug, name.clone());
        self.page(&page::ended(self.request.site, &listed, &formats), Some(key), done)
    }

    fn page(&self, page: &Page, feed: Option<&TopicKey>, done: &mut Done) -> Result<(), FolderError> {
        let content_type = Formats::PAGE_CONTENT_TYPE;
        let piece = Piece { path: &page.path, bytes: &page.bytes, content_type, turn: Turn::List, feed };
        self.document(piece, || page::verify(page), done)
    }
}

/// A topic of which no more than the name is known.
pub(super) fn named(slug: Slug, name: Line) -> Listed {
    Listed { slug, name, about: None, entries: 0, newest: None, language: None, is_own: false }
}

/// The formats that there are of a feed.
fn formats_of(slug: &Slug, manifest: &Manifest) -> Vec<Format> {
    Format::ALL.into_iter().filter(|format| manifest.files.contains_key(&format.path(Some(slug)))).collect()
}
