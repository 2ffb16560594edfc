//! An http(s) address, its canonical key, and the entry id made of it (scheme 1, frozen).
//!
//! Readers know an entry by its id. The id is made of the key and of nothing else, so the same story has the same id
//! whichever file, topic or format it is in, and whether it is an article or a related link. **Nothing that changes the
//! key or the id of an address may be changed here:** every subscriber would see every entry again. New rules are a new
//! scheme with namespaces of its own.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use url::{ParseError, Position, Url};
use uuid::Uuid;

/// The namespace of entry ids: the version 5 UUID of `urn:x-feedmill:entry-id:1` in the namespace of URLs.
pub const ENTRY_NAMESPACE: Uuid = Uuid::from_u128(0x003a_1c35_46e9_50f0_ae40_2f5c_c3ad_d9e3);

/// The namespace of feed ids: the version 5 UUID of `urn:x-feedmill:feed-id:1` in the namespace of URLs.
pub const FEED_NAMESPACE: Uuid = Uuid::from_u128(0x538e_47de_5431_5657_b0eb_a7c6_90e8_da34);

/// Bytes of the longest address, as it is serialised: somewhat more than everybody is to take (8,000; RFC 9110, section 4.1).
pub const MAX_LENGTH: usize = 8192;

/// An absolute http or https address, parsed and serialised.
///
/// It is a valid URI of RFC 3986: pure ASCII, and everything that needs it percent-encoded, so it can stand in any
/// document. It names no user and no password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(String);

impl Link {
    /// Reads an address as a browser does (WHATWG), then percent-encodes what a browser leaves and RFC 3986 forbids.
    ///
    /// `text` is what the article says, its character references decoded and its ends trimmed.
    ///
    /// # Errors
    ///
    /// When the text is no address, or not one that a feed may hold; see [`LinkError`].
    pub fn parse(text: &str) -> Result<Link, LinkError> {
        if is_serialised(text) {
            return Ok(Link(text.to_owned()));
        }
        if text.trim().is_empty() {
            return Err(LinkError::Empty);
        }
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase => LinkError::Relative,
            ParseError::EmptyHost => LinkError::NoHost,
            _ => LinkError::Invalid,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(LinkError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(LinkError::Credentials);
        }
        let host = url.host_str().ok_or(LinkError::NoHost)?;
        // A browser takes `"`, "`", "{" and "}" in a name, and there they cannot be encoded. No real name has them.
        if !host.starts_with('[') && !host.bytes().all(is_uri_byte) {
            return Err(LinkError::Invalid);
        }
        let path_start = url[..Position::BeforePath].len();
        let address = percent_encoded(url.into(), path_start);
        if address.len() > MAX_LENGTH { Err(LinkError::Long) } else { Ok(Link(address)) }
    }

    /// The address of something below this one, which ends with `/`; `path` has no characters that would need encoding.
    #[must_use]
    pub fn child(&self, path: &str) -> Link {
        Link(format!("{}{path}", self.0))
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host as serialised: lower case, punycode, IPv6 in brackets, no port.
    #[must_use]
    pub fn host(&self) -> &str {
        host_and_port(self.authority_and_rest().0).0
    }

    /// Whether the host is this machine by its own word: `localhost`, 127.0.0.0/8 or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The host with its port, where that is not the usual one.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority_and_rest().0
    }

    /// The host for showing: without a leading `www.` and a final dot.
    #[must_use]
    pub fn site(&self) -> &str {
        bare_host(self.host())
    }

    /// The canonical key, by the rules of scheme 1; the key of `https://` and a key is that key.
    ///
    /// It is made of the address as it is here: `|` and `%7C` are the same, and so are `100%` and `100%25`.
    #[must_use]
    pub fn key(&self) -> Key {
        let (authority, rest) = self.authority_and_rest();
        let (rest, fragment) = split_at_sign(rest, b'#');
        let (path, query) = split_at_sign(rest, b'?');
        let (host, port) = host_and_port(authority);
        let host = bare_host(host);

        let mut key = String::with_capacity(self.0.len());
        key.push_str(host);
        // Both, whichever the scheme is: http and https have one key.
        if let Some(port) = port
            && !matches!(port, "80" | "443")
        {
            key.push(':');
            key.push_str(port);
        }

        let path_start = key.len();
        push_normalised(&mut key, path);
        key.truncate(path_start + key[path_start..].trim_end_matches('/').len());
        if key.len() == path_start {
            key.push('/');
        }

        let query_start = key.len();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let start = key.len();
            key.push(if start == query_start { '?' } else { '&' });
            push_normalised(&mut key, parameter);
            // After normalising: `utm%5Fsource` is `utm_source`, and would be dropped from the key's own key.
            if is_tracking(&key[start + 1..]) {
                key.truncate(start);
            }
        }

        if let Some(id) = video_id(host, &key[path_start..query_start], &key[query_start..]) {
            return Key(format!("youtube.com/watch?v={id}"));
        }

        // Sites of one page route by such fragments; any other is a place in the same document.
        if fragment.starts_with(['!', '/']) {
            key.push('#');
            key.push_str(fragment);
        }
        Key(key)
    }

    /// `example.com:8080` and `/path?query#fragment`.
    fn authority_and_rest(&self) -> (&str, &str) {
        let address = self.0.split_once("://").map_or("", |(_, address)| address);
        // There is a path in every serialised http(s) address.
        address.split_at(memchr::memchr(b'/', address.as_bytes()).unwrap_or(address.len()))
    }
}

/// What stands before the first such sign and behind it. Addresses are ASCII.
fn split_at_sign(text: &str, sign: u8) -> (&str, &str) {
    memchr::memchr(sign, text.as_bytes()).map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

/// Whether a text is certain to be an address already as [`Link::parse`] would write it, so that it need not be taken apart:
/// most addresses are, and a folder has many.
pub(crate) fn is_serialised(text: &str) -> bool {
    if text.len() > MAX_LENGTH {
        return false;
    }
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let Some(slash) = memchr::memchr(b'/', rest.as_bytes()) else { return false };
    let (host, rest) = rest.split_at(slash);
    is_name(host) && (is_plain(rest.as_bytes()) || is_plain_with_escapes(rest.as_bytes()))
}

/// Whether a path with its query is of the usual characters alone. Without a way out of the loops the compiler looks at many
/// bytes at once.
fn is_plain(bytes: &[u8]) -> bool {
    let usual = |&byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'/' | b'.');
    // A segment that begins with a dot may be `.` or `..`.
    let dots = bytes.windows(2).filter(|pair| *pair == b"/.").count();
    bytes.iter().fold(true, |all, byte| all & usual(byte)) && dots == 0
}

/// As [`is_plain`], one byte after the other, with everything that stands for itself.
fn is_plain_with_escapes(bytes: &[u8]) -> bool {
    let mut in_query = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if IS_PLAIN[usize::from(byte)] {
            continue;
        }
        let plain = match byte {
            // A segment that begins with a dot may be `.` or `..`.
            b'.' => in_query || bytes[at - 2] != b'/',
            b'%' => {
                let digits = bytes.get(at..at + 2).unwrap_or_default();
                at += 2;
                // An encoded dot is a dot to the parser.
                digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit) && !digits.eq_ignore_ascii_case(b"2e")
            }
            b'?' => {
                in_query = true;
                true
            }
            _ => false,
        };
        if !plain {
            return false;
        }
    }
    true
}

/// Bytes of a path or a query that stand for themselves, wherever they are.
const IS_PLAIN: [bool; 256] = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~/!$&()*+,;=:@");

/// Which bytes are among these: every byte of every address is asked for.
const fn table(bytes: &[u8]) -> [bool; 256] {
    let mut among = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        among[bytes[at] as usize] = true;
        at += 1;
    }
    among
}

/// Whether a host is surely a name, and one that serialises to itself: a last label with a digit at its start may be an IPv4
/// address, and `xn--` has to be checked.
pub(crate) fn is_name(host: &str) -> bool {
    let mut label = 0;
    let bytes = host.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'-' if at > label && bytes.get(at + 1).is_some_and(|&next| next != b'.') => {}
            b'.' if at > label && !bytes[at..].starts_with(b".xn--") => label = at + 1,
            _ => return false,
        }
    }
    bytes.get(label).is_some_and(u8::is_ascii_lowercase) && !host.starts_with("xn--")
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no [`Link`].
///
/// The messages go after the name of a field ("`webUrl` is not an absolute address"). They never hold the text itself:
/// it may be a secret that got into the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// There is nothing but white space.
    #[error("is empty")]
    Empty,
    /// There is no scheme: `example.com/a`, `/a`, `//example.com/a`.
    #[error("is not an absolute address")]
    Relative,
    /// The scheme is another: `ftp:`, `javascript:`, `mailto:`.
    #[error("is not an http or https address")]
    Scheme,
    /// There is a user name or a password before the host.
    #[error("has a user name or password in it")]
    Credentials,
    /// There is no host.
    #[error("has no host")]
    NoHost,
    /// It has more than [`MAX_LENGTH`] bytes.
    #[error("has more than 8,192 bytes")]
    Long,
    /// Anything else: a host or a port that cannot be.
    #[error("is not a valid address")]
    Invalid,
}

impl LinkError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            LinkError::Empty => "write the address, or leave the field out",
            LinkError::Relative => "write the whole address, beginning with https://",
            LinkError::Scheme => "write an address that begins with https:// or http://",
            LinkError::Credentials => "write the address without the part before the @, and consider the password known",
            LinkError::NoHost => "write the name of the site after https://",
            LinkError::Long => "write the address without what only says where a click came from",
            LinkError::Invalid => "copy the address from a browser's address bar",
        }
    }
}

/// What an address says apart from the ways of writing it: `example.com/a?id=1`.
///
/// Two links with one key are one story. It has no scheme, no `www.`, no slash at the end of the path, no parameters
/// that only say where a click came from, and one form for every video of `YouTube`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 128 bits that stand for this key in the index; the entry id is made of the same bits.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(Uuid::new_v5(&ENTRY_NAMESPACE, self.0.as_bytes()))
    }
}

/// The identity of an entry in every format: RSS `guid`, Atom `id`, JSON Feed `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(String);

impl EntryId {
    /// The id of the entry that says that a feed has ended. No story has it.
    #[must_use]
    pub fn ending(feed_id: &str) -> EntryId {
        EntryId(Uuid::new_v5(&FEED_NAMESPACE, format!("{feed_id}\nended").as_bytes()).urn().to_string())
    }

    /// The id derived from a key: `urn:uuid:` and the version 5 UUID of the key in [`ENTRY_NAMESPACE`].
    #[must_use]
    pub fn from_key(key: &Key) -> EntryId {
        EntryId::from_fingerprint(key.fingerprint())
    }

    /// The id derived from the key that has this fingerprint: what [`EntryId::from_key`] gives for that key.
    ///
    /// It is only meant for a key's fingerprint; an own id is not found again from its fingerprint.
    #[must_use]
    pub fn from_fingerprint(fingerprint: Fingerprint) -> EntryId {
        let mut buffer = Uuid::encode_buffer();
        let urn = fingerprint.uuid().urn().encode_lower(&mut buffer);
        EntryId(urn.to_owned())
    }

    /// The id that an article's front matter gives itself, taken as it is: a site that moves here keeps the ids that
    /// its subscribers know.
    ///
    /// # Errors
    ///
    /// When it is not 1 to 500 characters, or holds white space or a character that has no place in a document; the
    /// message is a fragment that goes after the name of the field.
    pub fn own(text: &str) -> Result<EntryId, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.chars().count() > OWN_ID_CHARACTERS {
            return Err("is longer than 500 characters");
        }
        if text.contains(char::is_whitespace) {
            return Err("has white space in it");
        }
        if text.contains(|c: char| c.is_control() || is_noncharacter(c) || is_override(c)) {
            return Err("has a character in it that a feed cannot hold");
        }
        Ok(EntryId(text.to_owned()))
    }

    /// The id as it stands in the documents.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 128 bits that stand for this id in the index.
    ///
    /// For a derived id these are its key's, and so they are for an own id that spells one (its digits in any case):
    /// the two are one entry.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let uuid = self
            .0
            .strip_prefix("urn:uuid:")
            // Uuid also reads forms without hyphens, in braces and after another "urn:uuid:"; their lengths differ.
            .filter(|digits| digits.len() == HYPHENATED_UUID)
            .and_then(|digits| Uuid::try_parse(digits).ok())
            // No key has a space in it, so no key's fingerprint can be met by accident.
            .unwrap_or_else(|| Uuid::new_v5(&ENTRY_NAMESPACE, format!("id {}", self.0).as_bytes()));
        Fingerprint::new(uuid)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 128 bits that stand for a key, or for an article's own id, where a hundred thousand of them are held at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u64; 2]);

impl Fingerprint {
    /// In two halves, which need not lie in memory as a whole number would: a row is smaller for it.
    fn new(uuid: Uuid) -> Self {
        let (high, low) = uuid.as_u64_pair();
        Self([high, low])
    }

    fn uuid(self) -> Uuid {
        Uuid::from_u64_pair(self.0[0], self.0[1])
    }
}

/// The id of a feed, which outlives its slug, title and address.
///
/// Two sites have a topic "AI", so the site's id is part of it; the all-topics feed has the empty topic key.
#[must_use]
pub fn feed_id(site_id: &str, topic_key: &str) -> String {
    Uuid::new_v5(&FEED_NAMESPACE, format!("{site_id}\n{topic_key}").as_bytes()).urn().to_string()
}

const OWN_ID_CHARACTERS: usize = 500;
const HYPHENATED_UUID: usize = uuid::fmt::Hyphenated::LENGTH;

/// Parameters that only say where a click came from. Frozen: `ref`, `source` and their like choose content somewhere.
const TRACKING_PREFIXES: [&str; 2] = ["utm_", "mtm_"];
const TRACKING_NAMES: [&str; 32] = [
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "twclid",
    "ttclid",
    "yclid",
    "ysclid",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "mkt_tok",
    "vero_id",
    "vero_conv",
    "oly_anon_id",
    "oly_enc_id",
    "wickedid",
    "rb_clickid",
    "srsltid",
    "_openstat",
    "li_fat_id",
    "_branch_match_id",
];

fn is_tracking(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or(parameter);
    TRACKING_PREFIXES.iter().any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
        || TRACKING_NAMES.iter().any(|tracking| name.eq_ignore_ascii_case(tracking))
}

/// The video that an address of `YouTube` shows. Host, path and query are those of a key.
fn video_id<'a>(host: &str, path: &'a str, query: &'a str) -> Option<&'a str> {
    match host {
        "youtu.be" => path.strip_prefix('/').filter(|id| is_video_id(id)),
        "youtube.com" | "m.youtube.com" | "music.youtube.com" | "youtube-nocookie.com" => {
            if path == "/watch" {
                query.get(1..)?.split('&').filter_map(|parameter| parameter.strip_prefix("v=")).find(|id| is_video_id(id))
            } else {
                ["/embed/", "/shorts/", "/live/"].iter().find_map(|place| path.strip_prefix(place)).filter(|id| is_video_id(id))
            }
        }
        _ => None,
    }
}

fn is_video_id(text: &str) -> bool {
    text.len() == 11
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        // `/embed/videoseries?list=…` and `/embed/live_stream?channel=…` have the length of an id and show whatever
        // the query names: all playlists would be one story.
        && !matches!(text, "videoseries" | "live_stream")
}

/// The host without final dots and any leading `www.`.
fn bare_host(host: &str) -> &str {
    let mut bare = host.trim_end_matches('.');
    // `1.2..` is a name and `1.2` is the number 1.0.0.2, so such a name keeps its dots, as does one of dots only.
    if bare.rsplit('.').next().is_none_or(|last| last.is_empty() || last.starts_with(|c: char| c.is_ascii_digit())) {
        bare = host;
    }
    // `www.com` is a site of its own: what is left must have a dot.
    while let Some(rest) = bare.strip_prefix("www.")
        && rest.contains('.')
    {
        bare = rest;
    }
    bare
}

fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The last colon of `[::1]` is inside the host.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// Appends a text of a link with one way of writing each escape (RFC 3986, 6.2.2): unreserved characters are written
/// out, the digits of others are upper case.
fn push_normalised(key: &mut String, text: &str) {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return key.push_str(text);
    }
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        key.push_str(before);
        rest = after;
        match escaped_byte(after.as_bytes()) {
            Some(byte) => {
                rest = &after[2..];
                if is_unreserved(byte) {
                    key.push(char::from(byte));
                } else {
                    push_escape(key, byte);
                }
            }
            // A link has no such thing.
            None => key.push('%'),
        }
    }
    key.push_str(rest);
}

/// Writes as `%XX` what RFC 3986 does not allow from the start of the path on, and the "%" that begins no escape.
///
/// A browser leaves `[`, `]`, `^` and `|`, in the query also "`", `{`, `}` and `\`, and in the fragment a second `#`.
fn percent_encoded(address: String, path_start: usize) -> String {
    let bytes = address.as_bytes();
    // Most addresses have nothing that needs a second look.
    let Some(first) = bytes[path_start..].iter().position(|byte| !is_uri_byte(*byte)) else {
        return address;
    };
    let first = path_start + first;
    let fragment = address.find('#');
    let mut encoded = String::with_capacity(bytes.len() + 16);
    encoded.push_str(&address[..first]);
    for (at, &byte) in bytes.iter().enumerate().skip(first) {
        let is_allowed = match byte {
            b'%' => escaped_byte(&bytes[at + 1..]).is_some(),
            b'#' => fragment == Some(at),
            byte => is_uri_byte(byte),
        };
        if is_allowed {
            encoded.push(char::from(byte));
        } else {
            push_escape(&mut encoded, byte);
        }
    }
    encoded
}

fn push_escape(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// The byte whose two hexadecimal digits stand first.
fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether RFC 3986 allows the byte in a path, a query and a fragment alike; "?" is no concern, since the first one
/// begins the query.
fn is_uri_byte(byte: u8) -> bool {
    const ALLOWED: [bool; 256] = table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?");
    ALLOWED[usize::from(byte)]
}

/// A byte order mark, and what turns the direction of the text around it: in an id they are there by mistake or malice.
fn is_override(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The code points that Unicode keeps for no character; XML forbids two of them.
fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn link(text: &str) -> Link {
        Link::parse(text).unwrap_or_else(|error| panic!("{text:?} {error}"))
    }

    #[track_caller]
    fn check_key(text: &str, key: &str) {
        assert_eq!(link(text).key().as_str(), key, "{text}");
        assert_eq!(link(&format!("https://{key}")).key().as_str(), key, "the key of the key of {text}");
    }

    #[track_caller]
    fn check_id(text: &str, id: &str) {
        assert_eq!(EntryId::from_key(&link(text).key()).as_str(), id, "{text}");
    }

    #[track_caller]
    fn check_link(text: &str, address: &str) {
        assert_eq!(link(text).as_str(), address);
        assert_eq!(link(address).as_str(), address);
    }

    #[track_caller]
    fn check_refused(text: &str, error: LinkError) {
        assert_eq!(Link::parse(text), Err(error), "{text}");
    }

    #[test]
    fn an_address_has_a_length() {
        let start = "https://example.com/";
        let longest = format!("{start}{}", "a".repeat(MAX_LENGTH - start.len()));
        assert_eq!(Link::parse(&longest).map(|link| link.as_str().len()), Ok(MAX_LENGTH));
        check_refused(&format!("{longest}a"), LinkError::Long);
        // As it is serialised: each of these takes three bytes more.
        check_refused(&format!("{start}{}", "é".repeat(MAX_LENGTH / 6)), LinkError::Long);
        check_refused(&format!("https://user:hunter2@example.com/{longest}"), LinkError::Credentials);
    }

    #[test]
    fn namespaces_are_made_of_their_names() {
        assert_eq!(ENTRY_NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:x-feedmill:entry-id:1"));
        assert_eq!(FEED_NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:x-feedmill:feed-id:1"));
    }

    /// Published. A failure here means that every subscriber sees every entry again.
    #[test]
    fn entry_ids_are_frozen() {
        let alexa = "urn:uuid:19c0a1d7-98fe-5e04-8ead-b385976bd4d9";
        check_id("https://arstechnica.com/gadgets/2020/11/amazon-begins-shifting-alexas-cloud-ai-to-its-own-silicon/", alexa);
        check_id(
            "http://www.arstechnica.com:80/gadgets/2020/11/amazon-begins-shifting-alexas-cloud-ai-to-its-own-silicon\
             ?utm_source=x&fbclid=1#comments",
            alexa,
        );
        let video = "urn:uuid:5c1ded01-6179-5167-821a-d89437947c20";
        check_id("https://youtube.com/watch?v=WJk-Y8LQlfE", video);
        check_id("https://www.youtube.com/embed/WJk-Y8LQlfE", video);
        check_id("https://youtu.be/WJk-Y8LQlfE?si=abc", video);
        check_id(
            "https://www.fool.com/investing/2020/11/12/amazons-inferentia-ai-chip-is-ready-for-prime-time/",
            "urn:uuid:d3964dff-1e88-59e6-9f7f-595303cb611f",
        );
        check_id("https://example.com/%7euser/%e2%82%ac?b=2&a=1&ref=hn", "urn:uuid:0fbf0997-a2f4-58ab-89d4-23d1cb59483c");
        check_id("https://i2.wp.com/a.png?resize=620%2C497&ssl=1", "urn:uuid:c8baa4d9-603c-51b2-b6f7-9c5dd72aa887");
    }

    /// Published. A failure here means that readers take every feed for another.
    #[test]
    fn feed_ids_are_frozen() {
        assert_eq!(feed_id("smartable-ai", "ai hardware"), "urn:uuid:db46eaf4-bf81-5bab-8c2a-4e98b47223cd");
        assert_eq!(feed_id("smartable-ai", ""), "urn:uuid:62e2d1c4-205f-5772-9e65-4a4c0cc993f1");
    }

    #[test]
    fn a_key_has_no_scheme_www_or_usual_port() {
        check_key("https://example.com/%7euser/%e2%82%ac?b=2&a=1&ref=hn", "example.com/~user/%E2%82%AC?b=2&a=1&ref=hn");
        check_key("HTTP://WWW.Example.COM", "example.com/");
        check_key("https://www.www.example.com./", "example.com/");
        check_key("https://example.com.../", "example.com/");
        check_key("https://www2.example.com/", "www2.example.com/");
        check_key("https://m.example.com/amp/a", "m.example.com/amp/a");
        check_key("http://example.com:443/a", "example.com/a");
        check_key("https://example.com:80/a", "example.com/a");
        check_key("https://example.com:8080/a", "example.com:8080/a");
        check_key("https://bücher.example/ä", "xn--bcher-kva.example/%C3%A4");
        check_key("https://127.0.0.1:8000/", "127.0.0.1:8000/");
        check_key("https://[2001:DB8::1]/a/", "[2001:db8::1]/a");
        check_key("http://[::1]:8080/", "[::1]:8080/");
        check_key("http://localhost/a", "localhost/a");
    }

    #[test]
    fn a_host_never_becomes_another_sites() {
        check_key("https://www.com/a", "www.com/a");
        check_key("https://www.www.com/a", "www.com/a");
        check_key("https://www.localhost/a", "www.localhost/a");
        check_key("https://www./a", "www/a");
        check_key("https://1.2../a", "1.2../a");
        check_key("https://./a", "./a");
    }

    #[test]
    fn a_path_loses_its_last_slashes_and_nothing_else() {
        check_key("https://example.com/a/", "example.com/a");
        check_key("https://example.com/a///", "example.com/a");
        check_key("https://example.com//", "example.com/");
        check_key("https://example.com//a//b", "example.com//a//b");
        check_key("https://example.com/a/?b=1", "example.com/a?b=1");
        check_key("https://example.com?b=1", "example.com/?b=1");
        check_key("https://example.com/A/index.html", "example.com/A/index.html");
        check_key("https://example.com/a/../b/./c", "example.com/b/c");
        check_key("https://example.com/a/%2e%2E/b/%2e/c/.%2e/", "example.com/b");
        check_key("https://example.com/a%2Ehtml", "example.com/a.html");
        check_key("https://example.com\\a\\", "example.com/a");
        check_key("https://example.com/a+b;c=1,d@e:f!*'()", "example.com/a+b;c=1,d@e:f!*'()");
    }

    #[test]
    fn escapes_have_one_form() {
        check_key("https://example.com/%41%2d%5f%7E%2f%3f", "example.com/A-_~%2F%3F");
        check_key("https://example.com/é", "example.com/%C3%A9");
        check_key("https://example.com/%c3%a9", "example.com/%C3%A9");
        check_key("https://example.com/100%", "example.com/100%25");
        // Were the lone "%" left alone, the key of the key would be "example.com/A".
        check_key("https://example.com/%%34%31", "example.com/%2541");
        check_key("https://example.com/%2541", "example.com/%2541");
        check_key("https://example.com/a|b[c]", "example.com/a%7Cb%5Bc%5D");
    }

    #[test]
    fn a_query_loses_only_what_tracks_clicks() {
        check_key("https://i2.wp.com/a.png?resize=620%2C497&ssl=1", "i2.wp.com/a.png?resize=620%2C497&ssl=1");
        check_key("https://example.com/a?", "example.com/a");
        check_key("https://example.com/a?&&", "example.com/a");
        check_key("https://example.com/a?utm_source=x", "example.com/a");
        check_key("https://example.com/a?b&&utm_source=x&c=&d==1&", "example.com/a?b&c=&d==1");
        check_key("https://example.com/a?UTM_Source=x&MtM_=1&HsCtaTracking=1&FBCLID", "example.com/a");
        check_key("https://example.com/a?utm%5Fsource=x&%66bclid=1", "example.com/a");
        check_key("https://example.com/a?utm=1&fbclidx=1&xgclid=2", "example.com/a?utm=1&fbclidx=1&xgclid=2");
        check_key("https://example.com/a?q=utm_source=x", "example.com/a?q=utm_source=x");
        check_key("https://example.com/a?b=2&a=1&b=2", "example.com/a?b=2&a=1&b=2");
        check_key("https://example.com/a?b=1+2%202&?", "example.com/a?b=1+2%202&?");
        for name in TRACKING_NAMES {
            check_key(&format!("https://example.com/a?{name}=1&b=1"), "example.com/a?b=1");
        }
    }

    #[test]
    fn a_fragment_counts_only_when_it_is_a_route() {
        check_key("https://example.com/a#top", "example.com/a");
        check_key("https://example.com/a#", "example.com/a");
        check_key("https://example.com/a/#!/b", "example.com/a#!/b");
        check_key("https://example.com/#/b?c=1", "example.com/#/b?c=1");
        check_key("https://example.com/?utm_source=x#/b", "example.com/#/b");
    }

    #[test]
    fn a_video_has_one_key() {
        let key = "youtube.com/watch?v=WJk-Y8LQlfE";
        for text in [
            "https://www.youtube.com/watch?v=WJk-Y8LQlfE",
            "http://m.youtube.com/watch?feature=share&v=WJk-Y8LQlfE&t=5s#a",
            "https://music.youtube.com/watch/?v=WJk-Y8LQlfE",
            "https://www.m.youtube.com/watch?v=WJk%2DY8LQlfE",
            "https://www.youtube-nocookie.com/embed/WJk-Y8LQlfE?rel=0",
            "https://youtube-nocookie.com/embed/WJk-Y8LQlfE/",
            "https://youtube.com/shorts/WJk-Y8LQlfE",
            "https://youtube.com/live/WJk-Y8LQlfE?feature=share",
            "https://www.youtu.be/WJk-Y8LQlfE/",
            "https://youtube.com./watch?v=x&v=WJk-Y8LQlfE",
        ] {
            check_key(text, key);
        }
    }

    #[test]
    fn what_is_no_video_keeps_its_address() {
        check_key("https://youtube.com/watch?v=short", "youtube.com/watch?v=short");
        check_key("https://youtube.com/watch?v=WJk-Y8LQlfEx", "youtube.com/watch?v=WJk-Y8LQlfEx");
        check_key("https://youtube.com/watch?V=WJk-Y8LQlfE", "youtube.com/watch?V=WJk-Y8LQlfE");
        check_key("https://youtube.com/watch?xv=WJk-Y8LQlfE", "youtube.com/watch?xv=WJk-Y8LQlfE");
        check_key("https://youtube.com/embed/WJk-Y8LQlfE/x", "youtube.com/embed/WJk-Y8LQlfE/x");
        check_key("https://youtu.be/a/WJk-Y8LQlfE", "youtu.be/a/WJk-Y8LQlfE");
        check_key("https://notyoutube.com/watch?v=WJk-Y8LQlfE", "notyoutube.com/watch?v=WJk-Y8LQlfE");
        check_key("https://youtube.com/watch?a?v=WJk-Y8LQlfE", "youtube.com/watch?a?v=WJk-Y8LQlfE");
        check_key("https://youtube.com/watch??v=WJk-Y8LQlfE", "youtube.com/watch??v=WJk-Y8LQlfE");
        check_key("https://youtube.com/@channel/", "youtube.com/@channel");
        check_key("https://www.youtube.com/embed/videoseries?list=PL1", "youtube.com/embed/videoseries?list=PL1");
        check_key("https://www.youtube.com/embed/live_stream?channel=UC1", "youtube.com/embed/live_stream?channel=UC1");
    }

    #[test]
    fn a_link_is_a_valid_uri() {
        check_link("https://example.com", "https://example.com/");
        check_link("  https://example.com/a b\t ", "https://example.com/a%20b");
        check_link("ht\ntps://exam\tple.com/a", "https://example.com/a");
        check_link(
            "https://example.com/a|b[c]^d`e{f}g\"h<i>j'k",
            "https://example.com/a%7Cb%5Bc%5D%5Ed%60e%7Bf%7Dg%22h%3Ci%3Ej'k",
        );
        check_link(
            "https://example.com/?a|b[c]^d`e{f}g\"h<i>j'k\\l?m",
            "https://example.com/?a%7Cb%5Bc%5D%5Ed%60e%7Bf%7Dg%22h%3Ci%3Ej%27k%5Cl?m",
        );
        check_link(
            "https://example.com/#a|b[c]^d`e{f}g\"h<i>j'k\\l?m#n",
            "https://example.com/#a%7Cb%5Bc%5D%5Ed%60e%7Bf%7Dg%22h%3Ci%3Ej'k%5Cl?m%23n",
        );
        check_link("https://example.com/%?%4#%zz%é", "https://example.com/%25?%254#%25zz%25%C3%A9");
        check_link("https://example.com/%7e%e2%82%ac", "https://example.com/%7e%e2%82%ac");
        check_link("https://example.com/\u{0}\u{7f}\u{85}\u{2028}\u{ffff}", "https://example.com/%00%7F%C2%85%E2%80%A8%EF%BF%BF");
        check_link("https://ÜBER.example/über", "https://xn--ber-goa.example/%C3%BCber");
        check_link("https:example.com:443/a", "https://example.com/a");
        check_link("http://0x7f.1/", "http://127.0.0.1/");
        check_link("https://@example.com/", "https://example.com/");
    }

    #[test]
    fn a_host_is_found_again() {
        for (text, host, site) in [
            ("https://WWW.Example.com:8080/a:b@c", "www.example.com", "example.com"),
            ("http://example.com.", "example.com.", "example.com"),
            ("https://www.com/", "www.com", "www.com"),
            ("http://[::1]/", "[::1]", "[::1]"),
            ("http://[::1]:8080/", "[::1]", "[::1]"),
            ("https://1.2.3.4:5/", "1.2.3.4", "1.2.3.4"),
        ] {
            assert_eq!((link(text).host(), link(text).site()), (host, site), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        check_refused("", LinkError::Empty);
        check_refused(" \n\u{a0}", LinkError::Empty);
        check_refused("example.com/a", LinkError::Relative);
        check_refused("//example.com/a", LinkError::Relative);
        check_refused("/a?b=https://example.com", LinkError::Relative);
        check_refused("javascript:alert(1)", LinkError::Scheme);
        check_refused("java\tscript:alert(1)", LinkError::Scheme);
        check_refused("ftp://example.com/a", LinkError::Scheme);
        check_refused("data:text/html,a", LinkError::Scheme);
        check_refused("file:///etc/passwd", LinkError::Scheme);
        check_refused("https://user:pw@example.com/", LinkError::Credentials);
        check_refused("https://user@example.com/", LinkError::Credentials);
        check_refused("https://:pw@example.com/", LinkError::Credentials);
        check_refused("https://", LinkError::NoHost);
        check_refused("https:///?a", LinkError::NoHost);
        check_refused("https://exa mple.com/", LinkError::Invalid);
        check_refused("https://example.com:99999/", LinkError::Invalid);
        check_refused("https://exa\"mple.com/", LinkError::Invalid);
        check_refused("https://{host}/", LinkError::Invalid);
        check_refused("https://[::1/", LinkError::Invalid);
        check_refused("https://1.2.3.999/", LinkError::Invalid);
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_to_write() {
        for (error, message, help) in [
            (LinkError::Empty, "is empty", "write the address, or leave the field out"),
            (LinkError::Relative, "is not an absolute address", "write the whole address, beginning with https://"),
            (LinkError::Scheme, "is not an http or https address", "write an address that begins with https:// or http://"),
            (
                LinkError::Credentials,
                "has a user name or password in it",
                "write the address without the part before the @, and consider the password known",
            ),
            (LinkError::NoHost, "has no host", "write the name of the site after https://"),
            (LinkError::Invalid, "is not a valid address", "copy the address from a browser's address bar"),
        ] {
            assert_eq!((error.to_string().as_str(), error.help()), (message, help));
        }
    }

    #[test]
    fn an_own_id_is_taken_as_it_is() {
        for id in ["1", "tag:example.com,2020:a", "https://example.com/?p=1&x=<y>", "ä日本", "urn:uuid:x", &"é".repeat(500)] {
            assert_eq!(EntryId::own(id).map(|id| id.to_string()), Ok(id.to_owned()));
        }
    }

    #[test]
    fn an_own_id_has_no_place_for_what_no_feed_can_hold() {
        assert_eq!(EntryId::own(""), Err("is empty"));
        assert_eq!(EntryId::own(&"é".repeat(501)), Err("is longer than 500 characters"));
        for id in [" a", "a ", "a b", "a\nb", "a\u{a0}b", "a\u{2028}b", "\u{85}"] {
            assert_eq!(EntryId::own(id), Err("has white space in it"), "{id:?}");
        }
        for id in ["\0", "a\u{7}", "a\u{7f}", "\u{9f}", "\u{fffe}", "\u{ffff}", "\u{fdd0}", "\u{fdef}", "\u{1ffff}", "\u{10fffe}"]
        {
            assert_eq!(EntryId::own(id), Err("has a character in it that a feed cannot hold"), "{id:?}");
        }
    }

    #[test]
    fn an_own_id_that_spells_a_derived_one_meets_it() {
        let key = link("https://example.com/a").key();
        let derived = EntryId::from_key(&key);
        let uuid = derived.as_str().trim_start_matches("urn:uuid:").to_owned();
        let fingerprint = |id: &str| EntryId::own(id).map(|id| id.fingerprint());
        assert_eq!(derived.fingerprint(), key.fingerprint());
        assert_eq!(fingerprint(derived.as_str()), Ok(key.fingerprint()));
        assert_eq!(fingerprint(&format!("urn:uuid:{}", uuid.to_uppercase())), Ok(key.fingerprint()));
        for other in [
            uuid.clone(),
            format!("urn:uuid:{}", uuid.replace('-', "")),
            format!("urn:uuid:{{{uuid}}}"),
            format!("urn:uuid:urn:uuid:{uuid}"),
            format!("urn:uuid:{uuid}x"),
            key.as_str().to_owned(),
        ] {
            assert_ne!(fingerprint(&other), Ok(key.fingerprint()), "{other}");
        }
        assert_eq!(fingerprint("post-1"), Ok(Fingerprint::new(Uuid::new_v5(&ENTRY_NAMESPACE, b"id post-1"))));
    }

    /// Text that is likely to mean something to a parser of addresses.
    const TEXT: &str = r#"([a-zA-Z0-9._~-]|%[0-9a-fA-F]{2}|%2[eE]|[/?#&=+%;:@!'|\[\]{}^`"<>\\ é日\t]|utm_|v=|www\.){0,24}"#;
    const HOST: &str = r"(www\.){0,2}([a-z0-9_-]{1,8}\.|bücher\.|日本\.|\.){0,3}([a-z]{2,5}|[0-9]{1,3}|youtube\.com|youtu\.be|x)\.{0,2}(:[0-9]{1,4})?";

    proptest! {
        /// What is taken for serialised is what the parser makes of it.
        #[test]
        fn an_address_that_is_taken_as_it_is_parses_to_itself(
            text in "https?://(www\\.)?[a-z0-9.-]{1,8}(\\.[a-z0-9]{1,3})?(:80)?(/[a-zA-Z0-9%._~!$&'()*+,;=:@?#/\\\\|-]{0,6}){0,3}(%2[eEfF])?(/\\.\\.?/?)?(\\?[a-z%'/.?]{0,4})?"
        ) {
            if is_serialised(&text) {
                let url = Url::parse(&text);
                prop_assert_eq!(url.map(String::from), Ok(text));
            }
        }

        #[test]
        fn the_key_of_a_key_is_the_key(host in HOST, text in TEXT) {
            if let Ok(link) = Link::parse(&format!("https://{host}/{text}")) {
                let key = link.key();
                let again = Link::parse(&format!("https://{}", key.as_str())).map(|link| link.key());
                prop_assert_eq!(again, Ok(key));
            }
        }

        #[test]
        fn the_key_of_a_youtube_key_is_the_key(
            place in "(www\\.)?(m\\.|music\\.)?(youtube|youtube-nocookie)\\.com/(watch|%77atch|embed/|shorts/|live/)",
            rest in "[A-Za-z0-9_/-]{0,3}(\\?([vV]|%76)=|[?&/]|)[A-Za-z0-9_-]{10,12}([/&?#]|%2D|v=|x)?",
        ) {
            let key = link(&format!("https://{place}{rest}")).key();
            prop_assert_eq!(link(&format!("https://{}", key.as_str())).key(), key);
        }

        #[test]
        fn a_link_is_ascii_and_reads_back_as_itself(host in HOST, text in TEXT, any in any::<String>()) {
            for text in [format!("https://{host}/{text}"), format!("http://{host}/{any}"), any] {
                if let Ok(link) = Link::parse(&text) {
                    let address = link.as_str();
                    prop_assert!(address.bytes().all(|byte| byte.is_ascii_graphic()));
                    let has_forbidden = address.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}']);
                    prop_assert!(!has_forbidden);
                    prop_assert!(address.matches('#').count() <= 1);
                    let url = Url::parse(address).ok();
                    prop_assert_eq!(url.as_ref().map(Url::as_str), Some(address));
                    prop_assert_eq!(url.as_ref().and_then(Url::host_str), Some(link.host()));
                    prop_assert_eq!(Link::parse(address), Ok(link));
                }
            }
        }

        #[test]
        fn ways_of_writing_an_address_have_one_key(
            host in "[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?\\.(com|org|co\\.uk)",
            path in "(/[A-Za-z0-9._~é%-]{1,8}){0,4}",
            query in "([a-f]{1,3}(=[A-Za-z0-9+/%é-]{0,6})?(&[a-f]=[0-9]{1,3}){0,3})?",
            noise in "(utm_[a-z]{0,8}|mtm_x|FBCLID|Gclid|_hsmi)(=[a-zA-Z0-9]{0,5})?",
            fragment in "[a-zA-Z0-9 é/!]{0,6}",
        ) {
            let mark = if query.is_empty() { "" } else { "?" };
            let plain = link(&format!("https://{host}{path}{mark}{query}"));
            for same in [
                format!("http://{host}{path}{mark}{query}"),
                format!("https://www.{host}{path}{mark}{query}"),
                format!("https://{}.{path}{mark}{query}", host.to_uppercase()),
                format!("https://{host}:443{path}{mark}{query}"),
                format!("http://www.{host}:80{path}/{mark}{query}"),
                format!("https://{host}{path}//?{query}"),
                format!("https://{host}{path}?{query}&{noise}"),
                format!("https://{host}{path}?{noise}&&{query}"),
                format!("https://{host}{path}{mark}{query}#-{fragment}"),
            ] {
                prop_assert_eq!(link(&same).key(), plain.key(), "{}", same);
            }
            let other = format!("https://{host}{path}/other{mark}{query}");
            prop_assert_ne!(link(&other).key(), plain.key());
        }

        #[test]
        fn any_own_id_is_refused_or_kept(text in any::<String>()) {
            if let Ok(id) = EntryId::own(&text) {
                prop_assert_eq!(id.as_str(), &text);
                prop_assert_eq!(id.fingerprint(), id.clone().fingerprint());
            }
        }
    }
}
