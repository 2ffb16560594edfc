//! OPML 2.0 (opml.org/spec2.opml) through `quick-xml`: a subscription list, as readers import it.
//!
//! The list is flat, since folders mean different things to different readers. Every outline is of type `rss`, whatever the
//! format of the feed: the specification has no other for feeds, and newsboat takes no other.
//!
//! Titles and descriptions are plain text and escaped once. The specification lets `text` hold HTML, and the W3C validator
//! warns (`NotHtml`) of a `<` in a name; but readers show what stands there, and would show `&lt;` for a second escaping.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::read_back::{Said, Shape, read};
use super::rss2::date;
use crate::feed::{Subscription, SubscriptionList};
use crate::format::GENERATOR;

const SHAPE: Shape = Shape { root: "opml", depth: 2, entry: "outline", address: "xmlUrl" };

/// The bytes of the document.
pub(super) fn write(list: &SubscriptionList) -> Result<Vec<u8>, String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    let mut put = |event: Event| writer.write_event(event).map_err(|error| error.to_string());
    put(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    put(Event::Start(BytesStart::new("opml").with_attributes([("version", "2.0")])))?;
    put(Event::Start(BytesStart::new("head")))?;
    // No element of the head says what made it.
    put(Event::Comment(BytesText::from_escaped(format!(" generator=\"{GENERATOR}\" "))))?;
    for (name, value) in [("title", Some(list.title.to_string())), ("dateModified", list.modified.map(date))] {
        let Some(value) = value else { continue };
        put(Event::Start(BytesStart::new(name)))?;
        put(Event::Text(BytesText::new(&value)))?;
        put(Event::End(BytesEnd::new(name)))?;
    }
    put(Event::End(BytesEnd::new("head")))?;
    put(Event::Start(BytesStart::new("body")))?;
    for subscription in &list.subscriptions {
        put(Event::Empty(outline(subscription)))?;
    }
    put(Event::End(BytesEnd::new("body")))?;
    put(Event::End(BytesEnd::new("opml")))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// One feed. `title` is what `text` is: the specification asks for both, and readers show one or the other.
fn outline(subscription: &Subscription) -> BytesStart<'static> {
    let title = subscription.title.as_str();
    let mut outline = BytesStart::new("outline");
    for (name, value) in [
        ("type", "rss"),
        ("text", title),
        ("title", title),
        ("description", subscription.description.as_str()),
        ("language", subscription.language.as_str()),
        ("htmlUrl", subscription.home.as_str()),
        ("xmlUrl", subscription.address.as_str()),
    ] {
        outline.push_attribute((name, value));
    }
    outline
}

/// Reads a list back, and compares the addresses in it. `Err`: why it is not in order.
pub(super) fn verify(bytes: &[u8], list: &SubscriptionList) -> Result<(), String> {
    let mut expected = list.subscriptions.iter();
    let mut same = true;
    let tell = |_: Said, found: &str| same &= expected.next().is_some_and(|feed| feed.address.as_str() == found);
    read(bytes, &SHAPE, |said| said == Said::Href, tell)?;
    if same && expected.next().is_none() { Ok(()) } else { Err("its feeds are not those that were to be listed".into()) }
}
