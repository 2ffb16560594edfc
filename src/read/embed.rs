//! The player in `featuredContent`: only its address is taken over, never its markup.

use crate::article::Embed;
use crate::link::Link;
use crate::text;

/// Hosts whose players readers keep (Miniflux's allow-list has them), and how the path of a player begins there.
const PLAYERS: &[(&str, &str)] = &[
    ("youtube.com", "/embed/"),
    ("youtube-nocookie.com", "/embed/"),
    ("player.vimeo.com", "/video/"),
    ("dailymotion.com", "/embed/"),
    ("player.twitch.tv", "/"),
];

/// The player of the first `<iframe>` in the markup, if it is on a host of the list.
#[must_use]
pub fn find(markup: &str) -> Option<Embed> {
    let lower = markup.to_ascii_lowercase();
    let start = lower.find("<iframe")?;
    let end = start + lower[start..].find('>')?;
    let address = attribute(&markup[start..end], &lower[start..end], "src")?;
    let address = text::address(address);
    // Players are often given without a scheme.
    let link = match address.strip_prefix("//") {
        Some(rest) => Link::parse(&format!("https://{rest}")),
        None => Link::parse(&address),
    };
    link.ok().filter(allowed).map(|link| Embed { link })
}

fn allowed(link: &Link) -> bool {
    let Some(rest) = link.as_str().strip_prefix("https://") else { return false };
    let path = rest.find('/').map_or("", |n| &rest[n..]);
    PLAYERS.iter().any(|(host, start)| link.site() == *host && path.len() > start.len() && path.starts_with(start))
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
        find(markup).map(|embed| embed.link.as_str().to_owned())
    }

    #[test]
    fn players_of_the_list() {
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
    fn everything_else_is_no_player() {
        for markup in [
            "",
            "<iframe>",
            "<iframe src=\"",
            "<iframe src=\"javascript:alert(1)\">",
            "<iframe src=\"http://www.youtube.com/embed/x\">",
            "<iframe src=\"https://evil.example/embed/x\">",
            "<iframe src=\"https://youtube.com.evil.example/embed/x\">",
            "<iframe src=\"https://www.youtube.com/redirect?q=x\">",
            "<img src=\"https://www.youtube.com/embed/x\">",
            "<iframe srcdoc=\"https://www.youtube.com/embed/x\">",
        ] {
            assert_eq!(found(markup), None, "{markup}");
        }
    }
}
