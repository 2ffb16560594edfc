//! The HTML body of an entry, the same in every format: player, picture, full text or excerpt, where to read it, and what it is
//! related to.
//!
//! No `id`, `class`, `style` or script, and every address absolute: readers take them out, or resolve them wrongly.

use std::fmt::Write;

use crate::article::{Embed, Image};
use crate::feed::{Entry, EntryKind, Reference};
use crate::link::Link;
use crate::text::Prose;

/// What stands before and after the entry's address, in the line that ends what the entry itself says.
const READ_AT: &str = "<p><a href=\"";
const READ_AT_PROVIDER: &str = "\">Read at ";

/// The body. The format escapes it once more.
pub(super) fn html(entry: &Entry) -> String {
    let text = entry.text.as_ref();
    let mut html = String::with_capacity(1024 + entry.related.len() * 256 + text.map_or(0, |text| text.as_str().len()));
    let link = entry.link.as_str();
    // What the text shows itself need not be shown above it.
    let shown = |link: &Link| text.is_some_and(|text| text.shows(link));
    if let Some(player) = entry.embed.as_ref().filter(|player| !shown(player.link())) {
        embed(&mut html, player, entry);
    }
    if let Some(image) = entry.image.as_ref().filter(|image| !shown(&image.link)) {
        picture(&mut html, image, link);
    }
    match text {
        Some(text) => html.push_str(text.as_str()),
        None => html.push_str(&paragraphs(&entry.summary)),
    }
    html.push_str(READ_AT);
    escape(&mut html, link);
    html.push_str(READ_AT_PROVIDER);
    escape(&mut html, entry.provider.as_str());
    html.push_str("</a>");
    html.push_str("</p>");
    if !entry.related.is_empty() {
        html.push_str("<h3>Related coverage</h3><ul>");
        for reference in &entry.related {
            html.push_str("<li>");
            source(&mut html, reference);
            html.push_str("</li>");
        }
        html.push_str("</ul>");
    }
    if let EntryKind::Related { parents } = &entry.kind {
        for parent in parents {
            html.push_str("<p>Related to: ");
            source(&mut html, parent);
            html.push_str("</p>");
        }
    }
    html
}

/// The paragraphs of an excerpt.
pub(super) fn paragraphs(text: &Prose) -> String {
    let mut html = String::with_capacity(text.as_str().len() + 16);
    for paragraph in text.paragraphs() {
        html.push_str("<p>");
        escape(&mut html, paragraph);
        html.push_str("</p>");
    }
    html
}

/// A player, rebuilt from its address; after it a link for readers that take it out. Of any other page the link alone.
fn embed(html: &mut String, embed: &Embed, entry: &Entry) {
    if embed.framed() {
        html.push_str("<p><iframe width=\"560\" height=\"315\" src=\"");
        escape(html, embed.link().as_str());
        html.push_str("\" title=\"");
        escape(html, entry.title.as_str());
        html.push_str("\" allowfullscreen></iframe></p>");
    }
    html.push_str("<p>");
    if embed.is_player() {
        anchor(html, &embed.page(), &[embed.call(), ": ", entry.title.as_str()]);
    } else {
        anchor(html, &embed.page(), &[embed.call(), " at ", embed.link().site()]);
    }
    html.push_str("</p>");
}

/// The picture, linked. Its address is the very string that stands in `media:content`: some readers would show it twice otherwise.
fn picture(html: &mut String, image: &Image, link: &str) {
    html.push_str("<p><a href=\"");
    escape(html, link);
    html.push_str("\"><img src=\"");
    escape(html, image.link.as_str());
    html.push('"');
    for (name, size) in [("width", image.width), ("height", image.height)] {
        if let Some(size) = size {
            // Writing to a string cannot fail.
            let _ = write!(html, " {name}=\"{size}\"");
        }
    }
    html.push_str(" alt=\"");
    escape(html, image.title.as_str());
    html.push_str("\"></a>");
    if !image.attribution.is_empty() {
        html.push_str("<br><small>");
        escape(html, image.attribution.as_str());
        html.push_str("</small>");
    }
    html.push_str("</p>");
}

/// `<a>title</a> — provider`.
fn source(html: &mut String, reference: &Reference) {
    anchor(html, reference.link.as_str(), &[reference.title.as_str()]);
    html.push_str(" — ");
    escape(html, reference.provider.as_str());
}

fn anchor(html: &mut String, link: &str, text: &[&str]) {
    html.push_str("<a href=\"");
    escape(html, link);
    html.push_str("\">");
    for part in text {
        escape(html, part);
    }
    html.push_str("</a>");
}

/// The addresses that a body of ours links to, without those in the text of the article: what an author points to in passing is
/// no coverage.
pub(super) fn links(html: &str) -> impl Iterator<Item = String> + '_ {
    let ends = |at: &usize| {
        html[at + READ_AT.len()..]
            .split_once('"')
            .is_some_and(|(link, _)| html[at + READ_AT.len() + link.len()..].starts_with(READ_AT_PROVIDER))
    };
    let from = html.rmatch_indices(READ_AT).map(|(at, _)| at).find(ends).unwrap_or(0);
    html[from..].split("<a href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link.replace("&amp;", "&"))
}

/// Escapes text for HTML, in content and in quoted attributes alike.
fn escape(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        html.push_str(&rest[..at]);
        html.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_the_text_of_an_article_are_not_those_of_its_body() {
        let found = |html: &str| links(html).collect::<Vec<_>>();
        let read = "<p><a href=\"https://e.example/?a=1&amp;b=2\">Read at E</a></p>";
        let related = "<h3>Related coverage</h3><ul><li><a href=\"https://f.example/\">Read at dawn</a> — F</li></ul>";
        let all = ["https://e.example/?a=1&b=2", "https://f.example/"];
        assert_eq!(found(&format!("{read}{related}")), all);
        assert_eq!(found(&format!("<p><a href=\"https://g.example/\">in passing</a></p>{read}{related}")), all);
        assert_eq!(found(&format!("<p><a href=\"https://g.example/\">Read at G</a></p>{read}{related}")), all);
        assert_eq!(found("<p><a href=\"https://g.example/\">a body of another time</a></p>"), ["https://g.example/"]);
        assert_eq!(found("<p><a href=\"never closed"), Vec::<String>::new());
    }
}
