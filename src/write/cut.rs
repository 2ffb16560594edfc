//! Entries cut out of a document of an earlier run: what else stands in it stays, byte for byte.
//!
//! What it was made of may be gone, so it cannot be written again; but where its entries stand is known, and what each says.

use std::ops::Range;

use super::{Document, Outline, outline, places, verify};
use crate::format::Format;
use crate::link::EntryId;

/// What each entry of a document says: the first of its ids and links are its own. `Err`: it is not as it was written.
pub fn entries(bytes: &[u8], format: Format) -> Result<Vec<Outline>, String> {
    Ok(parts(bytes, format)?.into_iter().map(|(_, said)| said).collect())
}

/// A document without the entries that `goes` is true of: the same as if it had been written without them, but that RSS may
/// declare a prefix that none of the others has. It is read back as any other. `Err`: why that cannot be done.
pub fn cut(path: &str, bytes: &[u8], format: Format, goes: impl Fn(&Outline) -> bool) -> Result<Document, String> {
    let parts = parts(bytes, format)?;
    let begin = parts.first().map_or(bytes.len(), |(first, _)| first.start);
    let end = parts.last().map_or(bytes.len(), |(last, _)| last.end);
    let mut left = bytes[..begin].to_vec();
    let mut ids = Vec::new();
    for (place, said) in parts.into_iter().filter(|(_, said)| !goes(said)) {
        if format == Format::Json && !ids.is_empty() {
            left.push(b',');
        }
        left.extend_from_slice(&bytes[place]);
        let id = said.ids.first().ok_or("an entry has no id")?;
        ids.push(EntryId::own(id).map_err(|why| format!("the id of an entry {why}"))?);
    }
    // The end of a list of JSON has no line of its own where nothing is in the list.
    let tail = &bytes[end..];
    left.extend_from_slice(if format == Format::Json && ids.is_empty() { tail.trim_ascii_start() } else { tail });
    let document = Document { path: path.to_owned(), format, bytes: left, ids };
    verify(&document)?;
    Ok(document)
}

/// Where each entry stands, and what it says.
fn parts(bytes: &[u8], format: Format) -> Result<Vec<(Range<usize>, Outline)>, String> {
    let places = places(bytes, format)?;
    let begin = places.first().map_or(0, |first| first.start);
    let end = places.last().map_or(0, |last| last.end);
    let part = |place: Range<usize>| {
        // A document of this entry alone says what the entry says.
        let alone = [&bytes[..begin], &bytes[place.clone()], &bytes[end..]].concat();
        Ok((place, outline(&alone, format).ok_or("an entry cannot be read")?))
    };
    places.into_iter().map(part).collect()
}
