//! The HTML body of an entry, the same in every format: player, picture, excerpt, where to read it, and what it is related to.
//!
//! No `id`, `class`, `style` or script, and every address absolute: readers take them out, or resolve them wrongly.

use std::fmt::Write;

use crate::article::{Embed, Image};
use crate::feed::{Entry, EntryKind, Reference};
use crate::text::Prose;

/// The body. The format escapes it once more.
pub(super) fn html(entry: &Entry) -> String {
    let mut html = String::with_capacity(1024 + entry.related.len() * 256);
    let link = entry.link.as_str();
    if let Some(player) = &entry.embed {
        embed(&mut html, player, entry);
    }
    if let Some(image) = &entry.image {
        picture(&mut html, image, link);
    }
    html.push_str(&paragraphs(&entry.summary));
    html.push_str("<p>");
    anchor(&mut html, link, &["Read at ", entry.provider.as_str()]);
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

/// A player, rebuilt from its address; after it a link for readers that take it out.
fn embed(html: &mut String, embed: &Embed, entry: &Entry) {
    html.push_str("<p><iframe width=\"560\" height=\"315\" src=\"");
    escape(html, embed.link.as_str());
    html.push_str("\" title=\"");
    escape(html, entry.title.as_str());
    html.push_str("\" allowfullscreen></iframe></p><p>");
    anchor(html, &watch_page(embed), &["Watch: ", entry.title.as_str()]);
    html.push_str("</p>");
}

/// Where people watch what a player shows.
fn watch_page(embed: &Embed) -> String {
    let player = embed.link.as_str();
    match embed.link.site() {
        "youtube.com" | "youtube-nocookie.com" => {
            let id = player.split_once("/embed/").map_or("", |(_, id)| id.split(['?', '/', '#']).next().unwrap_or_default());
            // `videoseries` and `live_stream` stand where a video would.
            let video = id.len() == 11 && !["videoseries", "live_stream"].contains(&id);
            if video { format!("https://www.youtube.com/watch?v={id}") } else { player.to_owned() }
        }
        _ => player.to_owned(),
    }
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

/// The addresses that a body of ours links to.
pub(super) fn links(html: &str) -> impl Iterator<Item = String> + '_ {
    html.split("<a href=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link.replace("&amp;", "&"))
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
