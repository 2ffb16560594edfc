//! The player in `featuredContent`: only its address is taken over, never its markup.

use crate::article::{Embed, Embeds};
use crate::link::Link;
use crate::text;

/// The first `<iframe>` in the markup, by its address.
#[must_use]
pub fn find(markup: &str, embeds: Embeds) -> Option<Embed> {
    let lower = markup.to_ascii_lowercase();
    let Some(start) = lower.find("<iframe") else { return page(markup).and_then(|link| Embed::new(link, embeds)) };
    let end = start + lower[start..].find('>')?;
    let address = attribute(&markup[start..end], &lower[start..end], "src")?;
    let address = text::address(address);
    // Players are often given without a scheme.
    let link = match address.strip_prefix("//") {
        Some(rest) => Link::parse(&format!("https://{rest}")),
        None => Link::parse(&address),
    };
    link.ok().and_then(|link| Embed::new(link, embeds))
}

/// The address of a page, as people copy it from a browser in the place of a frame; of a video of `YouTube`, that of its player.
fn page(markup: &str) -> Option<Link> {
    let link = Link::parse(&text::address(markup)).ok()?;
    let key = link.key();
    let video = key.as_str().strip_prefix("youtube.com/watch?v=").filter(|id| id.len() == 11 && !id.contains('&'));
    match video {
        Some(id) => Link::parse(&format!("https://www.youtube.com/embed/{id}")).ok(),
        None => Some(link),
    }
}

/// The value of an attribute of one tag.
fn attribute<'a>(tag: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let mut from = 0;
    while let Some(found) = lower[from..].find(name).map(|n| n + from) {
        from = found + name.len();
        let alone = lower[..found].ends_with(|c: char| c.is_ascii_whitespace() || c == '"' || c == '\'');
        let rest = tag[from..].trim_start();
        if let Some(value) = rest.strip_prefix('=').filter(|_| alone) {
            let value = value.trim_start();
            return match value.chars().next()? {
                quote @ ('"' | '\'') => value[1..].split(quote).next(),
                _ => value.split(|c: char| c.is_ascii_whitespace()).next(),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markup: &str) -> Option<String> {
        find(markup, Embeds::Iframe).map(|embed| embed.link().as_str().to_owned())
    }

    #[test]
    fn the_address_of_a_frame() {
        let youtube = "https://www.youtube.com/embed/WJk-Y8LQlfE";
        for markup in [
            format!("<iframe width=\"800\" src=\"{youtube}\" allowfullscreen></iframe>"),
            format!("<p>x</p><IFRAME data-src='no' SRC = '{youtube}'></IFRAME>"),
            format!("<iframe src={youtube} width=1>"),
            "<iframe src=\"//www.youtube.com/embed/WJk-Y8LQlfE\">".to_owned(),
        ] {
            assert_eq!(found(&markup).as_deref(), Some(youtube), "{markup}");
        }
        assert_eq!(
            found("<iframe src='https://player.vimeo.com/video/1?a=1&amp;b=2'>").as_deref(),
            Some("https://player.vimeo.com/video/1?a=1&b=2")
        );
    }

    #[test]
    fn the_address_of_a_page() {
        for (markup, address) in [
            ("https://youtu.be/WJk-Y8LQlfE?si=x", "https://www.youtube.com/embed/WJk-Y8LQlfE"),
            (" https://www.youtube.com/watch?a=b&amp;v=WJk-Y8LQlfE ", "https://www.youtube.com/embed/WJk-Y8LQlfE"),
            ("https://www.youtube.com/watch?v=short", "https://www.youtube.com/watch?v=short"),
            ("https://example.org/video/1", "https://example.org/video/1"),
        ] {
            assert_eq!(found(markup).as_deref(), Some(address), "{markup}");
        }
        for markup in ["none", "http://example.org/video", "<p>https://example.org/</p>", "https://user:pw@example.org/"] {
            assert_eq!(found(markup), None, "{markup}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for markup in [
            "",
            "<iframe>",
            "<iframe src=\"",
            "<iframe src=\"javascript:alert(1)\">",
            "<iframe src=\"http://www.youtube.com/embed/x\">",
            "<iframe src=\"https://www.youtube.com@evil.example/embed/x\">",
            "<img src=\"https://www.youtube.com/embed/x\">",
            "<iframe srcdoc=\"https://www.youtube.com/embed/x\">",
        ] {
            assert_eq!(found(markup), None, "{markup}");
        }
    }
}
