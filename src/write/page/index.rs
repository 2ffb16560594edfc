//! The index: every topic with its feeds, and the feed of them all.

use maud::{Markup, html};

use super::{FILE_NAME, Frame, Head, Listed};
use crate::text::Line;

/// So many topics are read at a glance; more are set closer, and can be filtered.
const FEW: usize = 12;

impl Frame<'_> {
    /// The index, under the title of the publication.
    pub(super) fn index(&self, title: &Line, topics: &[Listed]) -> Markup {
        let words = self.words;
        let site = self.site;
        let description = Some(site.description.as_str()).filter(|text| !text.is_empty());
        let head = Head { title: title.as_str(), description, slug: None, moved: None, name: title.as_str() };
        let newest = topics.iter().filter_map(|topic| topic.newest).max();
        let (own, topics): (Vec<&Listed>, Vec<&Listed>) = topics.iter().partition(|topic| topic.is_own);
        let masthead = html! {
            @if site.theme.logo.is_some() || site.home_given {
                header.masthead { "\n"
                    (self.logo()) "\n"
                    @if site.home_given { a href=(site.home) { (site.home.site()) } "\n" }
                } "\n"
            }
        };
        let main = html! {
            div.about { "\n"
                h1 { (title) } "\n"
                @if let Some(description) = description { p.description { (description) } "\n" }
                @if !topics.is_empty() {
                    p.facts {
                        span lang=[self.ours().lang] dir=[self.ours().dir] { ((words.count_topics)(topics.len())) }
                        @if let Some(newest) = newest { " · " (self.newest(newest)) }
                    } "\n"
                }
            } "\n"
            (self.subscribe(None, words.all_topics, words.follow_all))
            @if !topics.is_empty() { (self.directory(&topics)) }
            @if !own.is_empty() {
                section.directory aria-labelledby="more" { "\n"
                    div.bar { "\n" h2 #more lang=[self.our_heading().lang] { (words.more_feeds) } "\n" } "\n"
                    ul.topics.many[own.len() > FEW] { "\n" @for feed in &own { (self.listed(feed)) } } "\n"
                } "\n"
            }
        };
        self.page("index", &head, &masthead, &main)
    }

    fn directory(&self, topics: &[&Listed]) -> Markup {
        let many = topics.len() > FEW;
        html! {
            section.directory aria-labelledby="topics" { "\n"
                div.bar { "\n"
                        h2 #topics lang=[self.our_heading().lang] { (self.words.topics) } "\n"
                    (self.opml("")) "\n"
                    @if many { (self.filter()) }
                } "\n"
                ul.topics.many[many] { "\n" @for topic in topics { (self.listed(topic)) } } "\n"
            } "\n"
        }
    }

    fn filter(&self) -> Markup {
        let words = self.words;
        html! {
            div.filter lang=[self.ours().lang] dir=[self.ours().dir] role="search" hidden { "\n"
                label for="filter" { (words.filter) } "\n"
                input #filter type="search" autocomplete="off" spellcheck="false" dir="auto"; "\n"
                output #filtered for="filter" data-some=(words.found) data-none=(words.not_found) {} "\n"
            } "\n"
        }
    }

    fn listed(&self, topic: &Listed) -> Markup {
        let name = self.theirs(topic.name.as_str(), topic.language.as_ref());
        html! {
            li { "\n"
                h3 lang=[name.lang] dir=[name.dir] { a href={ (topic.slug) "/" (FILE_NAME) } { (topic.name) } } "\n"
                @if let Some(about) = &topic.about {
                    @let tongue = self.theirs(about.as_str(), topic.language.as_ref());
                    p.description lang=[tongue.lang] dir=[tongue.dir] { (about) } "\n"
                }
                (self.facts(topic))
                p.formats { (self.formats(Some(&topic.slug), topic.name.as_str(), &self.formats)) } "\n"
            } "\n"
        }
    }
}
