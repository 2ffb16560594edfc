//! A player of another site, known by nothing but its address.

use crate::link::Link;

/// A player on another site, or a page that was to stand in a frame, rebuilt from nothing but its https address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    link: Link,
    player: Option<Player>,
    framed: bool,
}

/// Whether players are shown in frames, from the site file's `embeds`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Embeds {
    /// In an `<iframe>`, with a link for readers that take it out.
    #[default]
    Iframe,
    /// As a link alone: the W3C validator warns of every frame.
    Link,
}

/// What a player plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Player {
    Video,
    Sound,
}

/// Hosts whose players readers keep (Miniflux's allow-list has them), and how the path of a player begins there. Not of that
/// list: `cdn.embedly.com`, which frames whatever it is told to, and `soundcloud.com`, whose pages are no players.
const PLAYERS: &[(&str, &str, Player)] = &[
    ("youtube.com", "/embed/", Player::Video),
    ("youtube-nocookie.com", "/embed/", Player::Video),
    ("player.vimeo.com", "/video/", Player::Video),
    ("dailymotion.com", "/embed/", Player::Video),
    ("player.twitch.tv", "/", Player::Video),
    ("player.bilibili.com", "/player.html", Player::Video),
    ("vk.com", "/video_ext.php", Player::Video),
    ("w.soundcloud.com", "/player/", Player::Sound),
    ("bandcamp.com", "/EmbeddedPlayer/", Player::Sound),
];

impl Embed {
    /// What was to stand in a frame. Nothing if its address is not https: a page that is not would not be shown in one that is.
    #[must_use]
    pub fn new(link: Link, embeds: Embeds) -> Option<Self> {
        let rest = link.as_str().strip_prefix("https://")?;
        let path = rest.find('/').map_or("", |n| &rest[n..]);
        let player = PLAYERS
            .iter()
            .find(|(host, start, _)| link.site() == *host && path.len() > start.len() && path.starts_with(start))
            .map(|(_, _, player)| *player);
        let framed = player.is_some() && embeds == Embeds::Iframe;
        Some(Self { link, player, framed })
    }

    /// The address that was to stand in a frame.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Whether it may stand in a frame: a player of the allow-list, if the owner wants frames.
    #[must_use]
    pub fn framed(&self) -> bool {
        self.framed
    }

    /// Whether it is a player of the allow-list.
    #[must_use]
    pub fn is_player(&self) -> bool {
        self.player.is_some()
    }

    /// What people are asked to do with it.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match self.player {
            Some(Player::Video) => "Watch",
            Some(Player::Sound) => "Listen",
            None => "Open",
        }
    }

    /// Where people watch what it shows.
    #[must_use]
    pub fn page(&self) -> String {
        let address = self.link.as_str();
        match self.link.site() {
            "youtube.com" | "youtube-nocookie.com" if self.player.is_some() => {
                let id = address.split_once("/embed/").map_or("", |(_, id)| id.split(['?', '/', '#']).next().unwrap_or_default());
                // `videoseries` and `live_stream` stand where a video would.
                let video = id.len() == 11 && !["videoseries", "live_stream"].contains(&id);
                if video { format!("https://www.youtube.com/watch?v={id}") } else { address.to_owned() }
            }
            _ => address.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embed(address: &str) -> Option<Embed> {
        Embed::new(Link::parse(address).expect("an address"), Embeds::Iframe)
    }

    #[test]
    fn players_of_the_list_are_framed() {
        for (address, call, page) in [
            ("https://www.youtube.com/embed/WJk-Y8LQlfE?rel=0", "Watch", "https://www.youtube.com/watch?v=WJk-Y8LQlfE"),
            ("https://www.youtube-nocookie.com/embed/WJk-Y8LQlfE", "Watch", "https://www.youtube.com/watch?v=WJk-Y8LQlfE"),
            ("https://www.youtube.com/embed/videoseries?list=x", "Watch", "https://www.youtube.com/embed/videoseries?list=x"),
            ("https://player.vimeo.com/video/1?a=1&b=2", "Watch", "https://player.vimeo.com/video/1?a=1&b=2"),
            ("https://www.dailymotion.com/embed/video/x7t", "Watch", "https://www.dailymotion.com/embed/video/x7t"),
            ("https://player.twitch.tv/?video=v1", "Watch", "https://player.twitch.tv/?video=v1"),
            ("https://player.bilibili.com/player.html?bvid=1", "Watch", "https://player.bilibili.com/player.html?bvid=1"),
            ("https://vk.com/video_ext.php?id=1", "Watch", "https://vk.com/video_ext.php?id=1"),
            ("https://w.soundcloud.com/player/?url=x", "Listen", "https://w.soundcloud.com/player/?url=x"),
            ("https://bandcamp.com/EmbeddedPlayer/a=1/", "Listen", "https://bandcamp.com/EmbeddedPlayer/a=1/"),
        ] {
            let found = embed(address).expect("a player");
            assert!(found.framed() && found.is_player(), "{address}");
            assert_eq!((found.link().as_str(), found.call(), found.page().as_str()), (address, call, page));
        }
    }

    #[test]
    fn everything_else_is_a_link() {
        for address in [
            "https://evil.example/embed/x",
            "https://youtube.com.evil.example/embed/x",
            "https://evil-youtube.com/embed/x",
            "https://www.youtube.com/redirect?q=x",
            "https://www.youtube.com/embed/",
            "https://www.youtube.com/embed/../redirect?q=x",
            "https://cdn.embedly.com/widgets/media.html?src=x",
        ] {
            let found = embed(address).expect("a link");
            assert!(!found.framed() && !found.is_player(), "{address}");
            assert_eq!((found.call(), found.page()), ("Open", found.link().as_str().to_owned()));
        }
        assert_eq!(embed("http://www.youtube.com/embed/WJk-Y8LQlfE"), None, "not over https");
        let link = Link::parse("https://www.youtube.com/embed/WJk-Y8LQlfE").expect("an address");
        let linked = Embed::new(link, Embeds::Link).expect("a player");
        assert!(linked.is_player() && !linked.framed());
    }
}
