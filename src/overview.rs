//! What topics there are, for an owner who keeps them tidy: a list, what may be one topic, and the folders to write down.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::Survey;
use crate::error::{Diagnostic, Severity};
use crate::group::doubles::{doubles, nearly_all};
use crate::group::story::State;
use crate::report::topics::Row;
use crate::site::{self, Site, pin};
use crate::topic::{Slug, TopicKey};

/// The topics of published articles, and those that the site file names.
#[must_use]
pub fn rows(survey: &Survey, site: &Site) -> Vec<Row> {
    let Survey { index, grouping, .. } = survey;
    let stories = &grouping.stories;
    let mut counts: Vec<(usize, Option<i64>)> = vec![(0, None); grouping.topics.len()];
    for (number, _) in (0..).zip(&stories.list).filter(|(_, story)| story.state == State::Published) {
        let date = stories.date(index, number);
        for topic in grouping.all_topics_of(number) {
            let (count, newest) = &mut counts[topic as usize];
            *count += 1;
            *newest = Some(date).max(*newest);
        }
    }
    let topics = grouping.topics.iter().zip(counts).filter(|(topic, _)| !topic.is_own);
    topics
        .map(|(topic, (articles, newest))| Row {
            name: topic.name.as_str().to_owned(),
            slug: topic.slug.to_string(),
            articles,
            newest: newest.and_then(|newest: i64| DateTime::<Utc>::from_timestamp(newest, 0)),
            parent: topic.above.first().map(|parent| grouping.topics[*parent as usize].name.as_str().to_owned()),
            hidden: topic.rules.hidden,
            written: topic.written,
            why: (!topic.written && articles > 0).then(|| match grouping.few.get(&topic.key) {
                Some(count) => format!("{count} would be in it, below min_items {}", topic.rules.min_items),
                None if site.topics.get(&topic.name_key).is_some_and(|rules| rules.key.is_some()) => {
                    "another topic has its key".to_owned()
                }
                None => "no article passes its dials".to_owned(),
            }),
        })
        .collect()
}

/// What an owner may want to do about the topics.
#[must_use]
pub fn advice(survey: &Survey, site: &Site, rows: &[Row]) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let mut tell = |message: String, help: String| {
        let file = site.file.as_deref().unwrap_or(Path::new(site::FILE_NAME));
        told.push(Diagnostic::of_file(Severity::Warning, &file.to_string_lossy(), message, help));
    };
    let used: Vec<(&str, usize)> =
        rows.iter().filter(|row| row.articles > 0).map(|row| (row.name.as_str(), row.articles)).collect();
    for (name, others) in spellings(survey, site) {
        let shown: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
        let aliases: Vec<String> = others.iter().map(|other| pin::written(other)).collect();
        tell(
            format!("the topic `{name}` is also written {}", shown.join(" and ")),
            format!(
                "they are one topic all the same; to settle it, write under `topics`: {}: {{aliases: [{}]}}",
                pin::written(name),
                aliases.join(", ")
            ),
        );
    }
    for double in doubles(&used) {
        let others: Vec<String> = double.others.iter().map(|other| format!("`{other}`")).collect();
        tell(
            format!("the topics `{}` and {} may be one", double.keep, others.join(" and ")),
            match double.others.iter().find(|other| site.topics.contains_key(&TopicKey::of(other))) {
                None => format!("if they are, write under `topics`: {}: {{{}}}", pin::written(&double.keep), double.aliases),
                Some(other) => format!(
                    "if they are, take `{other}` out of `topics` and write below `{}` there: {}",
                    double.keep, double.aliases
                ),
            },
        );
    }
    let all = survey.grouping.stories.list.iter().filter(|story| story.state == State::Published).count();
    for (name, count) in nearly_all(&used, all) {
        let is_hidden = rows.iter().any(|row| row.name == name && row.hidden);
        if !is_hidden {
            tell(
                format!("the topic `{name}` holds {count} of {all} articles, nearly as the feed of all topics does"),
                format!("to name it nowhere, write under `topics`: {}: {{hidden: true}}", pin::written(name)),
            );
        }
    }
    told
}

/// Topics that articles spell in several ways and that the site file does not name: the usual way, and the others.
fn spellings<'s>(survey: &'s Survey, site: &Site) -> Vec<(&'s str, Vec<&'s str>)> {
    let Survey { index, grouping, .. } = survey;
    let mut spelled: BTreeMap<TopicKey, Vec<&str>> = BTreeMap::new();
    for name in &index.topics {
        spelled.entry(TopicKey::of(name.as_str())).or_default().push(name.as_str());
    }
    let several = spelled.into_iter().filter(|(key, names)| names.len() > 1 && !site.topics.contains_key(key));
    several
        .filter_map(|(key, mut names)| {
            let topic = grouping.topics.iter().find(|topic| topic.name_key == key && !topic.is_own)?;
            names.retain(|name| *name != topic.name.as_str());
            Some((topic.name.as_str(), names))
        })
        .collect()
}

/// The folders of all topics that have feeds.
#[must_use]
pub fn slugs(survey: &Survey) -> Vec<(&str, &Slug)> {
    let topics = survey.grouping.topics.iter().filter(|topic| topic.written && !topic.is_own);
    topics.map(|topic| (topic.name.as_str(), &topic.slug)).collect()
}
