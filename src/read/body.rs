//! What stands below the front matter: Markdown or HTML to clean HTML, the full text of the article.
//!
//! Site generators run template tags in it before they read it as Markdown, and only they can: a text that has any is not shown,
//! except for `{% raw %}`, which says that there are none. Footnotes are numbered here, without the ids that sanitisers take
//! out, and the boxes of task lists become characters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::Rules;
use super::front_matter::position;
use crate::article::Article;
use crate::error::{Diagnostic, Severity};
use crate::text;
use crate::text::html::{CAP, Html, Unfit};

/// What stands below the front matter of a file.
pub(super) struct Body<'a> {
    /// The file as the user would name it.
    pub(super) source: &'a str,
    /// All of the file.
    pub(super) file: &'a str,
    /// Where the body begins in it.
    pub(super) start: usize,
}

impl Body<'_> {
    /// Adds the full text to an article, and an excerpt if it has none. The first reading, which keeps neither, only says what
    /// there is to say; of what shows only when the text is made HTML, the second does.
    pub(super) fn read(&self, rules: &Rules, article: &mut Article, diagnostics: &mut Vec<Diagnostic>) {
        let text = &self.file[self.start..];
        let short = rules.whole && article.story.excerpt.is_empty();
        if !(rules.full_text || short) || text.chars().all(char::is_whitespace) {
            return;
        }
        let mut report = |finding: Diagnostic| {
            if rules.full_text {
                diagnostics.push(finding);
            }
        };
        if text.len() > CAP {
            return report(self.unfit(Unfit::Long));
        }
        let html = self.source.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("html"));
        let unwrapped = Unwrapped::of(text);
        if let Some(at) = unwrapped.template(html) {
            let message =
                "the text has a template tag here, which only the program that it is for can run; the excerpt is shown instead";
            let help = "take it out, or set it in code if it is to be seen";
            return report(self.finding(Severity::Note, self.start + unwrapped.place(at), message, help));
        }
        let repaired = text::repaired(&unwrapped.text, rules.mojibake);
        if matches!(repaired, Cow::Owned(_)) {
            let message = "the text was in a wrong encoding, which was repaired";
            let help = "`mojibake: off` in the site file leaves it alone";
            report(self.finding(Severity::Note, self.start, message, help));
        }
        if !rules.whole {
            return;
        }
        let markup = if html { repaired } else { Cow::Owned(markdown(&repaired)) };
        match Html::clean(&markup, &article.story.link, rules.embeds) {
            Ok(Some(html)) => {
                if short {
                    article.story.excerpt = html.first_paragraph();
                }
                article.text = rules.full_text.then_some(html);
            }
            Ok(None) => {}
            Err(unfit) => report(self.unfit(unfit)),
        }
    }

    fn unfit(&self, unfit: Unfit) -> Diagnostic {
        let (what, help) = match unfit {
            Unfit::Long => ("has more than 256 KiB", "split it in parts, or write what it says in short as `excerpt`"),
            Unfit::Tangled => ("has elements nested too deep, or never closed", "close the elements of its HTML"),
        };
        let message = format!("the text {what}, and is not shown; the excerpt is shown instead");
        self.finding(Severity::Warning, self.start, message, help)
    }

    fn finding(&self, severity: Severity, at: usize, message: impl Into<String>, help: &str) -> Diagnostic {
        let (line, column) = position(self.file, at);
        Diagnostic { line, column, ..Diagnostic::of_file(severity, self.source, message, help) }
    }
}

/// A text without the tags `{% raw %}` and `{% endraw %}`.
struct Unwrapped<'a> {
    text: Cow<'a, str>,
    /// What stood between them, and is meant as it is.
    raw: Vec<Range<usize>>,
    /// Places from which on so many bytes have been taken out.
    cuts: Vec<(usize, usize)>,
}

impl<'a> Unwrapped<'a> {
    fn of(text: &'a str) -> Self {
        let mut unwrapped = Self { text: Cow::Borrowed(text), raw: Vec::new(), cuts: Vec::new() };
        let (mut kept, mut done) = (String::new(), 0);
        let mut begun: Option<usize> = None;
        for at in memmem::find_iter(text.as_bytes(), "{%") {
            let Some(length) = tag(&text[at..], if begun.is_some() { "endraw" } else { "raw" }) else { continue };
            kept.push_str(&text[done..at]);
            done = at + length;
            unwrapped.cuts.push((kept.len(), done - kept.len()));
            match begun.take() {
                Some(start) => unwrapped.raw.push(start..kept.len()),
                None => begun = Some(kept.len()),
            }
        }
        if done > 0 {
            kept.push_str(&text[done..]);
            unwrapped.raw.extend(begun.map(|start| start..kept.len()));
            unwrapped.text = Cow::Owned(kept);
        }
        unwrapped
    }

    /// Where something was before the tags were taken out.
    fn place(&self, at: usize) -> usize {
        at + self.cuts.iter().take_while(|(from, _)| *from <= at).last().map_or(0, |(_, less)| *less)
    }

    /// The first template tag outside of code.
    fn template(&self, html: bool) -> Option<usize> {
        let text: &str = &self.text;
        let last = |sign| memmem::rfind(text.as_bytes(), sign).unwrap_or(0);
        let (last_tag, last_value) = (last(b"%}"), last(b"}}"));
        let begins = |at: usize| {
            let after = &text[at + 2..];
            let value =
                || after.trim_start_matches(['-', ' ']).starts_with(|c: char| c.is_ascii_alphabetic() || "_.$\"'<%".contains(c));
            let begins = if text[at..].starts_with("{%") { at < last_tag } else { at < last_value && value() };
            begins && !self.raw.iter().any(|raw| raw.contains(&at))
        };
        let mut signs =
            memmem::find_iter(text.as_bytes(), "{").filter(|&at| text[at + 1..].starts_with(['{', '%']) && begins(at));
        // Hardly any text has one, and then there is nothing to read it for.
        let first = signs.next()?;
        let code = if html { code_of_html(text) } else { code_of_markdown(text) };
        std::iter::once(first).chain(signs).find(|at| !code.iter().any(|range| range.contains(at)))
    }
}

/// The length of a template tag of this name, if the text begins with it.
fn tag(text: &str, name: &str) -> Option<usize> {
    let inside = text.strip_prefix("{%")?;
    let rest = inside.trim_start_matches('-').trim_start().strip_prefix(name)?;
    let rest = rest.trim_start().trim_start_matches('-').strip_prefix("%}")?;
    Some(text.len() - rest.len())
}

/// Where there is code in Markdown.
fn code_of_markdown(text: &str) -> Vec<Range<usize>> {
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    events
        .filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))))
        .map(|(_, range)| range)
        .collect()
}

/// Where there is code in HTML.
fn code_of_html(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for name in ["pre", "code", "script", "style"] {
        let (begin, end) = (format!("<{name}"), format!("</{name}"));
        let mut at = 0;
        while let Some(start) = memmem::find(&lower.as_bytes()[at..], begin.as_bytes()).map(|start| at + start) {
            let rest = start + begin.len();
            at = memmem::find(&lower.as_bytes()[rest..], end.as_bytes()).map_or(lower.len(), |end| rest + end);
            found.push(start..at);
        }
    }
    found
}

const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_FOOTNOTES).union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// Markdown to markup, which is not clean yet.
fn markdown(text: &str) -> String {
    let mut notes: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    // The text itself, and above it the notes that are being read.
    let mut levels: Vec<(Option<CowStr>, Vec<Event>)> = vec![(None, Vec::new())];
    for event in Parser::new_ext(text, OPTIONS) {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => levels.push((Some(label), Vec::new())),
            Event::End(TagEnd::FootnoteDefinition) => {
                if let Some((Some(label), events)) = levels.pop() {
                    notes.entry(named(&label)).or_insert(events);
                }
            }
            Event::TaskListMarker(done) => add(&mut levels, Event::Text(if done { "☑ " } else { "☐ " }.into())),
            event => add(&mut levels, event),
        }
    }
    let mut footnotes = Footnotes { notes, numbers: BTreeMap::new(), order: Vec::new() };
    let mut events = footnotes.of(levels.into_iter().next().map(|(_, events)| events).unwrap_or_default());
    let mut number = 0;
    while let Some(label) = footnotes.order.get(number).cloned() {
        events.push(Event::Html(if number == 0 { "<hr><ol><li>" } else { "<li>" }.into()));
        let note = footnotes.notes.get_mut(&label).map(std::mem::take).unwrap_or_default();
        events.extend(footnotes.of(note));
        events.push(Event::Html("</li>".into()));
        number += 1;
    }
    if number > 0 {
        events.push(Event::Html("</ol>".into()));
    }
    let mut markup = String::with_capacity(text.len() + text.len() / 2);
    pulldown_cmark::html::push_html(&mut markup, events.into_iter());
    markup
}

fn add<'t>(levels: &mut [(Option<CowStr<'t>>, Vec<Event<'t>>)], event: Event<'t>) {
    if let Some((_, events)) = levels.last_mut() {
        events.push(event);
    }
}

/// What a footnote is known by: Markdown knows no case in it.
fn named(label: &str) -> String {
    label.to_lowercase()
}

/// The footnotes, numbered in the order in which they are referred to.
struct Footnotes<'t> {
    notes: BTreeMap<String, Vec<Event<'t>>>,
    numbers: BTreeMap<String, usize>,
    order: Vec<String>,
}

impl<'t> Footnotes<'t> {
    /// The events with numbers for references.
    fn of(&mut self, events: Vec<Event<'t>>) -> Vec<Event<'t>> {
        let numbered = events.into_iter().map(|event| match event {
            Event::FootnoteReference(label) if self.notes.contains_key(&named(&label)) => {
                let next = self.order.len() + 1;
                let number = *self.numbers.entry(named(&label)).or_insert(next);
                if number == next {
                    self.order.push(named(&label));
                }
                Event::InlineHtml(format!("<sup>[{number}]</sup>").into())
            }
            Event::FootnoteReference(label) => Event::Text(format!("[^{label}]").into()),
            event => event,
        });
        numbered.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::super::field::Names;
    use super::super::tree::Tree;
    use super::super::{Found, front_matter};
    use super::*;
    use crate::article::Embeds;
    use crate::text::Mojibake;

    /// What an article file of this name and body gives, and the findings.
    fn read(name: &str, excerpt: &str, body: &str, whole: bool, full_text: bool) -> (Option<Article>, Vec<String>) {
        let rules = Rules {
            names: Names::default(),
            zone: Tz::UTC,
            mojibake: Mojibake::Safe,
            embeds: Embeds::Iframe,
            now: "2020-11-20T00:00:00Z".parse().expect("a date"),
            whole,
            full_text,
            keep: crate::read::Keep::default(),
            dates: Arc::default(),
        };
        let file = format!("---\ntitle: a\ndate: 2020-11-13\nlink: https://example.org/a/b\n{excerpt}\n---\n{body}");
        let mut findings = Vec::new();
        let found = front_matter::read(&rules, name, name, file.as_bytes(), &mut Tree::default(), &mut findings);
        let findings = findings.iter().map(|finding| finding.to_string().lines().next().unwrap_or_default().to_owned()).collect();
        let Found::Article(article) = found else { return (None, findings) };
        (Some(*article), findings)
    }

    fn text(name: &str, body: &str) -> String {
        let (article, findings) = read(name, "excerpt: b", body, true, true);
        assert_eq!(findings, Vec::<String>::new(), "{body}");
        article.and_then(|article| article.text).map_or_else(String::new, |text| text.as_str().to_owned())
    }

    #[test]
    fn markdown_with_what_most_sites_use() {
        for (body, html) in [
            ("One *two*.\n\nThree ~~four~~", "<p>One <em>two</em>.</p>\n<p>Three <del>four</del></p>"),
            (
                "| a | b |\n| - | -: |\n| 1 | 2 |",
                "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>",
            ),
            ("- [x] done\n- [ ] not", "<ul>\n<li>☑ done</li>\n<li>☐ not</li>\n</ul>"),
            (
                "[a](c.html) ![d](/e.png)",
                "<p><a href=\"https://example.org/a/c.html\">a</a> <img src=\"https://example.org/e.png\" alt=\"d\"></p>",
            ),
            ("a\n\n<!--more-->\n\nb<!-- more -->", "<p>a</p>\n\n<p>b</p>"),
            ("Alexaâ€™s", "<p>Alexa’s</p>"),
            ("```rust\nlet a = \"{{ b }}\";\n```", "<pre><code>let a = \"{{ b }}\";\n</code></pre>"),
        ] {
            let text = read("a.md", "excerpt: b", body, true, true).0.and_then(|article| article.text);
            assert_eq!(text.as_ref().map(Html::as_str), Some(html), "{body}");
        }
    }

    #[test]
    fn footnotes_are_numbered_as_they_are_referred_to() {
        let body =
            "One[^b] two[^A] three[^b] four[^none].\n\n[^a]: About two.[^c]\n[^b]: About *one*.\n[^c]: Deep.\n[^d]: Nobody asks.";
        let html = "<p>One<sup>[1]</sup> two<sup>[2]</sup> three<sup>[1]</sup> four[^none].</p>\n<hr><ol><li>\n<p>About <em>one</em>.</p>\n</li>\
            <li>\n<p>About two.<sup>[3]</sup></p>\n</li><li>\n<p>Deep.</p>\n</li></ol>";
        assert_eq!(text("a.md", body), html);
    }

    #[test]
    fn the_ending_tells_markdown_from_html() {
        for name in ["a.md", "a.markdown", "a.txt", "a"] {
            assert_eq!(text(name, "*a* <b>b</b>"), "<p><em>a</em> <b>b</b></p>", "{name}");
        }
        for name in ["a.html", "b/a.HTML"] {
            assert_eq!(text(name, "*a* <b>b</b>"), "*a* <b>b</b>", "{name}");
        }
    }

    #[test]
    fn a_text_is_made_only_where_it_is_wanted() {
        let made = |excerpt, whole, full_text| {
            let (article, findings) = read("a.md", excerpt, "One\n\ntwo", whole, full_text);
            assert_eq!(findings, Vec::<String>::new());
            article.map(|article| (article.text.is_some(), article.story.excerpt.as_str().to_owned()))
        };
        assert_eq!(made("excerpt: b", true, true), Some((true, "b".into())));
        assert_eq!(made("", true, true), Some((true, "One".into())), "without an excerpt the first paragraph is it");
        assert_eq!(made("", true, false), Some((false, "One".into())));
        assert_eq!(made("excerpt: b", true, false), Some((false, "b".into())));
        assert_eq!(made("", false, true), Some((false, String::new())), "the first reading keeps nothing");
        assert_eq!(text("a.md", " \n\t\u{a0}\n"), "");
    }

    #[test]
    fn template_tags_cannot_be_run() {
        for (name, body, place) in [
            ("a.md", "One\n\n  {% include b.html %}", Some("9:3")),
            ("a.md", "{{< figure src=\"b\" >}}", Some("7:1")),
            ("a.md", "{{<figure src=\"b\">}}", Some("7:1")),
            ("a.md", "{{% note %}} a {{% /note %}}", Some("7:1")),
            ("a.md", "[a]({{ site.url }}/b)", Some("7:5")),
            ("a.md", "[a]({% link _posts/b.md %})", Some("7:5")),
            ("a.md", "`{{ a }}` {{- page['b'] }}", Some("7:11")),
            ("a.md", "<a href=\"{{ .Site }}\">b</a>", Some("7:10")),
            ("a.html", "<p>{{ a }}</p>", Some("7:4")),
            ("a.html", "<PRE>{{ a }}</PRE><script>{{ b }}</script>{% c %}", Some("7:43")),
            ("a.md", "{% raw %}{{ a }}\n{% endraw %}\n{{ b }}", Some("9:1")),
            ("a.md", "{%- raw -%}{{ a }}{%- endraw -%} {% raw %}{% b %}{%endraw%}", None),
            ("a.md", "`{{ a }}` and ``{% b %}``\n\n    {{ c }}\n\n~~~\n{% d %}\n~~~", None),
            ("a.html", "<pre>{{ a }}</pre><code>{% b %}</code>", None),
            ("a.md", "{{2}} {{ {% x^{{2}} {{ a } } 100 {%", None),
        ] {
            for whole in [true, false] {
                let (article, findings) = read(name, "excerpt: b", body, whole, true);
                let expected = place.map(|place| format!("{name}:{place}: note: the text has a template tag here, which only the program that it is for can run; the excerpt is shown instead"));
                assert_eq!(findings, Vec::from_iter(expected), "{body}");
                assert_eq!(article.is_some_and(|article| article.text.is_some()), whole && place.is_none(), "{body}");
            }
            assert_eq!(read(name, "excerpt: b", body, true, false).1, Vec::<String>::new());
        }
        assert_eq!(text("a.md", "a {% raw %}{{ b }}{% endraw %} c"), "<p>a {{ b }} c</p>");
    }

    #[test]
    fn what_cannot_be_shown_is_told_once() {
        let long = "a ".repeat(CAP / 2 + 1);
        let deep = ">".repeat(200);
        for (body, readings, what) in [
            (long.as_str(), [true, true], "the text has more than 256 KiB, and is not shown; the excerpt is shown instead"),
            (
                &deep,
                [false, true],
                "the text has elements nested too deep, or never closed, and is not shown; the excerpt is shown instead",
            ),
        ] {
            for (whole, told) in [false, true].into_iter().zip(readings) {
                let (article, findings) = read("a.md", "excerpt: b", body, whole, true);
                let expected = format!("a.md:7:1: warning: {what}");
                assert_eq!(findings, Vec::from_iter(told.then_some(expected)));
                assert!(article.is_some_and(|article| article.text.is_none()));
            }
        }
        let (_, findings) = read("a.md", "excerpt: b", "a\n\nAlexaâ€™s", false, true);
        assert_eq!(findings, ["a.md:7:1: note: the text was in a wrong encoding, which was repaired"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_body_is_read(
            parts in prop::collection::vec(prop_oneof![
                prop::sample::select(vec![
                    "\n", "\n\n", " ", "    ", "\t", "*", "**", "_", "~~", "`", "```\n", "> ", "- ", "- [ ] ", "1. ", "# ", "---\n", "| a | b |\n",
                    "|-|-|\n", "[^a]", "[^a]: ", "[a](b)", "![a](b)", "[a]: b\n", "<p>", "</p>", "<script>", "<div\n", "&amp;", "<!--", "-->",
                    "{% raw %}", "{% endraw %}", "{% a %}", "{{ a }}", "{{", "}}", "{%", "%}", "\\", "a", "é", "â€™", "\r\n", "\0", "<http://a.b>",
                ]).prop_map(str::to_owned),
                any::<char>().prop_map(String::from),
            ], 0..40),
            html in any::<bool>(),
        ) {
            let body = parts.concat();
            let name = if html { "a.html" } else { "a.md" };
            let (article, told) = read(name, "", &body, true, true);
            let article = article.expect("an article");
            let (_, first) = read(name, "", &body, false, true);
            prop_assert!(first.iter().all(|finding| told.contains(finding)), "{:?} {:?}", first, told);
            // Not by its first paragraph alone: it may be a heading.
            prop_assert!(article.text.is_some() || article.story.excerpt.is_empty());
            let unwrapped = Unwrapped::of(&body);
            for at in 0..=unwrapped.text.len() {
                let place = unwrapped.place(at);
                prop_assert!(place <= body.len());
                prop_assert_eq!(unwrapped.text.as_bytes().get(at), body.as_bytes().get(place));
            }
        }
    }
}
