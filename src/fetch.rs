//! The second reading: the few articles that a feed shows, whole.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::article::Article;
use crate::error::{Diagnostic, Severity};
use crate::group::story::State;
use crate::group::{Grouping, Plan};
use crate::index::Index;
use crate::read::{self, Desk, Found, Rules};
use crate::site::Content;

/// The articles that one feed is made of, by story.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The articles of the feed, newest first.
    pub chosen: Vec<(u32, Article)>,
    /// Published articles that its related links lead to.
    pub linked: BTreeMap<u32, Article>,
    /// Whether something is left to the next run.
    pub unsteady: bool,
}

/// Reads what a feed needs. A file that changed since the first reading is left to the next run. `Err`: a file that could not
/// be opened for want of what every file needs, and what the system said.
pub fn fetch(
    index: &Index,
    rules: &Rules,
    grouping: &Grouping,
    plan: &Plan,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Material, (PathBuf, String)> {
    let full = Rules { full_text: plan.rules.content == Content::Full, ..rules.clone() };
    // What a related link leads to is an article of another feed: its excerpt will do.
    let short = Rules { full_text: false, ..rules.clone() };
    let mut fetch = Fetch { index, grouping, desk: Desk::default(), diagnostics, unsteady: false };
    let mut material = Material::default();
    for &story in &plan.chosen {
        material.chosen.extend(fetch.article(story, &full)?.map(|article| (story, article)));
    }
    let mut linked: Vec<u32> = Vec::new();
    for (_, article) in &material.chosen {
        for link in &article.related {
            linked.extend(grouping.stories.find(link.story.known_by.all().iter().copied()));
        }
    }
    linked.sort_unstable();
    linked.dedup();
    linked.retain(|story| grouping.stories.list[*story as usize].state == State::Published && !plan.chosen.contains(story));
    for story in linked {
        material.linked.extend(fetch.article(story, &short)?.map(|article| (story, article)));
    }
    material.unsteady = fetch.unsteady;
    Ok(material)
}

struct Fetch<'a> {
    index: &'a Index,
    grouping: &'a Grouping,
    desk: Desk,
    diagnostics: &'a mut Vec<Diagnostic>,
    unsteady: bool,
}

impl Fetch<'_> {
    fn article(&mut self, story: u32, rules: &Rules) -> Result<Option<Article>, (PathBuf, String)> {
        let story = &self.grouping.stories.list[story as usize];
        let row = &self.index.rows[story.winner as usize];
        let path = self.index.file(row);
        let source = path.to_string_lossy();
        // What there is to say about the file was said at the first reading, and is said once; only what its text is like shows
        // not before now.
        let mut said = Vec::new();
        let found = read::file(rules, &path, &source, &mut self.desk, &mut said);
        if let Found::Exhausted(why) = found {
            return Err((path, why));
        }
        if let Found::Article(article) = found
            && article.published.timestamp() == row.published
            && article.status == row.status
            && article.story.known_by.own() == self.index.names(row).0
        {
            self.diagnostics.append(&mut said);
            return Ok(Some(*article));
        }
        self.unsteady = true;
        let message = "this file changed during the run; it is left out until the next one";
        self.diagnostics.push(Diagnostic::of_file(Severity::Warning, &source, message, ""));
        // What keeps it from being read is new as well.
        self.diagnostics.extend(said.into_iter().filter(|said| said.severity == Severity::Error));
        Ok(None)
    }
}
