//! The page of a topic: its stories, each with its coverage below it, how to follow it, and the topics beside it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{FILE_NAME, Frame, Head, Listed, Neighbour};
use crate::article::Language;
use crate::feed::{Entry, EntryKind, Reference};
use crate::link::{EntryId, Link};
use crate::text::Line;

/// Coverage that is shown at once: the rest opens on a click. One more is shown rather than hidden alone.
const COVERAGE_SHOWN: usize = 4;

/// A story, and the coverage of it.
struct Told<'e> {
    entry: &'e Entry,
    coverage: Vec<Covered<'e>>,
}

/// A story in the coverage of another.
struct Covered<'e> {
    title: &'e Line,
    link: &'e Link,
    provider: &'e Line,
    /// Nothing is known of it but what the article says, where it is no entry of its own.
    published: Option<DateTime<Utc>>,
    language: Option<&'e Language>,
}

impl<'e> Covered<'e> {
    fn entry(entry: &'e Entry) -> Self {
        let Entry { title, link, provider, published, language, .. } = entry;
        Self { title, link, provider, published: Some(*published), language: language.as_ref() }
    }

    fn reference(reference: &'e Reference) -> Self {
        let Reference { title, link, provider, .. } = reference;
        Self { title, link, provider, published: None, language: None }
    }
}

/// Puts coverage below its article: each entry once, below the newest article that it is coverage of; then what the list of
/// the article has besides.
fn arrange(entries: &[Entry]) -> Vec<Told<'_>> {
    let articles: BTreeSet<&EntryId> =
        entries.iter().filter(|entry| entry.kind == EntryKind::Article).map(|entry| &entry.id).collect();
    let above = |entry: &'_ Entry| match &entry.kind {
        EntryKind::Article => None,
        EntryKind::Related { parents } => parents.iter().find_map(|parent| articles.get(&parent.id).copied()),
    };
    let mut told: Vec<Told> = Vec::new();
    let mut below: BTreeMap<&EntryId, Vec<Covered>> = BTreeMap::new();
    for entry in entries {
        match above(entry) {
            None => told.push(Told { entry, coverage: Vec::new() }),
            Some(article) => below.entry(article).or_default().push(Covered::entry(entry)),
        }
    }
    let shown: BTreeSet<&EntryId> = entries.iter().map(|entry| &entry.id).collect();
    for Told { entry, coverage } in &mut told {
        coverage.extend(below.remove(&entry.id).unwrap_or_default());
        coverage.extend(entry.related.iter().filter(|reference| !shown.contains(&reference.id)).map(Covered::reference));
    }
    told
}

impl Frame<'_> {
    /// The page of a topic.
    pub(super) fn topic(&self, topic: &Listed, entries: &[Entry], neighbours: &[Neighbour]) -> Markup {
        let words = self.words;
        let site = self.site.title.as_str();
        let name = topic.name.as_str();
        let title = if self.site.title_given { format!("{name} – {site}") } else { name.to_owned() };
        let about = topic.about.as_ref().map(Line::as_str);
        let head = Head { title: &title, description: about, slug: Some(&topic.slug), name, moved: None };
        let heading = self.theirs(name, None);
        let ours = self.our_heading();
        let masthead = html! {
            header.masthead { "\n"
                a.brand href={ (self.root) (FILE_NAME) } { (self.logo()) (site) } "\n"
                a href={ (self.root) (FILE_NAME) "#topics" } lang=[self.ours().lang] dir=[self.ours().dir] { (words.all_topics) } "\n"
            } "\n"
        };
        let main = html! {
            div.about { "\n"
                h1 lang=[heading.lang] dir=[heading.dir] { (name) } "\n"
                @if let Some(about) = about {
                    @let tongue = self.theirs(about, None);
                    p.description lang=[tongue.lang] dir=[tongue.dir] { (about) } "\n"
                }
                (self.facts(topic))
            } "\n"
            (self.subscribe(Some(&topic.slug), name, if topic.is_own { words.follow_feed } else { words.follow }))
            section.stories aria-labelledby="newest" { "\n"
                h2 #newest lang=[ours.lang] { (words.newest) } "\n"
                @for told in arrange(entries) { (self.story(&told)) }
                @if entries.is_empty() { p lang=[self.ours().lang] dir=[self.ours().dir] { (words.nothing) } "\n" }
            } "\n"
            @if !neighbours.is_empty() {
                nav.neighbours aria-labelledby="neighbours" { "\n"
                    h2 #neighbours lang=[ours.lang] { (words.neighbours) } "\n"
                    ul { "\n"
                        @for topic in neighbours {
                            li { a href={ (self.root) (topic.slug) "/" (FILE_NAME) } { bdi { (topic.name) } } } "\n"
                        }
                    } "\n"
                } "\n"
            }
        };
        self.page("topic", &head, &masthead, &main)
    }

    /// The page in a folder that a topic had: whoever comes is led on to the new one, with or without their doing; or told that
    /// there is none.
    pub(super) fn left(&self, topic: &Listed, new: Option<&Link>) -> Markup {
        let words = self.words;
        let site = self.site.title.as_str();
        let name = topic.name.as_str();
        let head = Head { title: name, description: None, slug: Some(&topic.slug), name, moved: new };
        let heading = self.theirs(name, None);
        let masthead = html! {
            header.masthead { "\n"
                a.brand href={ (self.root) (FILE_NAME) } { (self.logo()) (site) } "\n"
            } "\n"
        };
        let main = html! {
            div.about { "\n"
                h1 lang=[heading.lang] dir=[heading.dir] { (name) } "\n"
                p lang=[self.ours().lang] dir=[self.ours().dir] {
                    @match new {
                        Some(new) => { (words.moved) " " a href=(new) { (new) } },
                        None => { (words.ended) },
                    }
                } "\n"
            } "\n"
        };
        self.page("topic", &head, &masthead, &main)
    }

    fn story(&self, told: &Told) -> Markup {
        let Told { entry, coverage } = told;
        let language = entry.language.as_ref();
        let link = entry.link.as_str();
        let title = self.theirs(entry.title.as_str(), language);
        let day = self.day(entry.published, self.ours());
        let shown = if coverage.len() > COVERAGE_SHOWN + 1 { COVERAGE_SHOWN } else { coverage.len() };
        let (first, rest) = coverage.split_at(shown);
        html! {
            article.story { "\n"
                h3 lang=[title.lang] dir=[title.dir] { a href=(link) { (entry.title) } } "\n"
                p.facts { b { bdi { (entry.provider) } } " · " (day) } "\n"
                @if let Some(excerpt) = entry.summary.paragraphs().next() {
                    @let tongue = self.theirs(excerpt, language);
                    p.excerpt lang=[tongue.lang] dir=[tongue.dir] { (excerpt) } "\n"
                }
                @if let Some(image) = &entry.image {
                    // The title leads to the same place: who goes from link to link need not come by twice.
                    a.picture href=(link) tabindex="-1" aria-hidden="true" data-source=(entry.provider) {
                        img src=(image.link) width=[image.width] height=[image.height] alt="" loading="lazy" decoding="async"
                            referrerpolicy="no-referrer";
                    } "\n"
                }
                @if !coverage.is_empty() {
                    div.related { "\n"
                        h4 lang=[self.our_heading().lang] { (self.words.related) } "\n"
                        (self.coverage(first))
                        @if !rest.is_empty() {
                            details { "\n"
                                summary lang=[self.ours().lang] dir=[self.ours().dir] { ((self.words.more)(rest.len())) } "\n"
                                (self.coverage(rest))
                            } "\n"
                        }
                    } "\n"
                }
            } "\n"
        }
    }

    fn coverage(&self, coverage: &[Covered]) -> Markup {
        html! {
            ul { "\n"
                @for covered in coverage {
                    @let tongue = self.theirs(covered.title.as_str(), covered.language);
                    li {
                        a href=(covered.link) lang=[tongue.lang] dir=[tongue.dir] { (covered.title) }
                        p.facts {
                            bdi { (covered.provider) }
                            @if let Some(published) = covered.published { " · " (self.day(published, self.ours())) }
                        }
                    } "\n"
                }
            } "\n"
        }
    }
}
