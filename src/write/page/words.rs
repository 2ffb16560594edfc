//! What the pages themselves say, in one place for each language, so that others can be added.

/// The words of one language.
pub(super) struct Words {
    /// Its tag.
    pub(super) language: &'static str,
    /// The link that jumps over the head of a page.
    pub(super) skip: &'static str,
    /// The link to the index, and what its feed is called.
    pub(super) all_topics: &'static str,
    /// Above the stories of a topic.
    pub(super) newest: &'static str,
    /// Where there is no story.
    pub(super) nothing: &'static str,
    /// Where a topic has another address now, before that.
    pub(super) moved: &'static str,
    /// Where the feed of a topic has ended.
    pub(super) ended: &'static str,
    /// Above the topics of the index.
    pub(super) topics: &'static str,
    /// Above the address of a topic's feed.
    pub(super) follow: &'static str,
    /// Above the address of a feed of the owner's own.
    pub(super) follow_feed: &'static str,
    /// Above the address of the feed of all topics.
    pub(super) follow_all: &'static str,
    /// What to do with the address; it is that of this format.
    pub(super) how: fn(format: &str) -> String,
    /// The button that copies the address.
    pub(super) copy: &'static str,
    /// What it says when that is done.
    pub(super) copied: &'static str,
    /// What it says if it could only select the address.
    pub(super) selected: &'static str,
    /// The link that opens a feed reader.
    pub(super) open: &'static str,
    /// Which format to take, where there are several.
    pub(super) one_format: fn(format: &str) -> String,
    /// What becomes of a story of several topics.
    pub(super) once: &'static str,
    /// Before the other formats.
    pub(super) also: &'static str,
    /// What the feed with the articles only is called.
    pub(super) stories: &'static str,
    /// Before its formats.
    pub(super) only_stories: &'static str,
    /// Above the feeds of the index that are no topics.
    pub(super) more_feeds: &'static str,
    /// Above the coverage of a story.
    pub(super) related: &'static str,
    /// That there is more of it.
    pub(super) more: fn(usize) -> String,
    /// Above the topics beside a topic.
    pub(super) neighbours: &'static str,
    /// The field that filters the topics.
    pub(super) filter: &'static str,
    /// How many it leaves, which stands for `{}`.
    pub(super) found: &'static str,
    /// That it leaves none.
    pub(super) not_found: &'static str,
    /// The link to the list of all feeds.
    pub(super) opml: &'static str,
    /// So many entries.
    pub(super) entries: fn(usize) -> String,
    /// So many topics.
    pub(super) count_topics: fn(usize) -> String,
    /// Before the date of the newest entry.
    pub(super) newest_on: &'static str,
    /// A day: of the month, the month from 0, and the year.
    pub(super) day: fn(day: u32, month: u32, year: i32) -> String,
}

/// English.
pub(super) const ENGLISH: Words = Words {
    language: "en",
    skip: "Skip to content",
    all_topics: "All topics",
    newest: "Newest",
    nothing: "Nothing yet.",
    moved: "This topic has a new address:",
    ended: "This feed has ended: nothing new will appear in it.",
    topics: "Topics",
    follow: "Follow this topic",
    follow_feed: "Follow this feed",
    follow_all: "All topics in one feed",
    how: |format| format!("Copy the {format} address into your feed reader:"),
    copy: "Copy address",
    copied: "Copied",
    selected: "Selected: copy it yourself",
    open: "Open in reader",
    one_format: |format| format!("One format is enough: take {format}."),
    once: "In Newsboat and Thunderbird, a story that is in several topics appears once.",
    also: "Also as",
    stories: "stories",
    only_stories: "Without the coverage of others:",
    more_feeds: "More feeds",
    related: "Related coverage",
    more: |more| format!("{more} more"),
    neighbours: "Neighbouring topics",
    filter: "Filter",
    found: "{} found",
    not_found: "No topic found",
    opml: "All addresses (OPML)",
    entries: |entries| if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") },
    count_topics: |topics| if topics == 1 { "1 topic".to_owned() } else { format!("{topics} topics") },
    newest_on: "newest",
    day: |day, month, year| {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        format!("{day} {} {year}", MONTHS.get(month as usize).copied().unwrap_or_default())
    },
};
