//! What lies at the destination: the manifest of what was sent, with a record of sending it.
//!
//! The manifest is the one object that is only ever put under the condition that it is still the one that was read. Before
//! anything else is sent it names the objects that are about to change; last of all it says what is there. So whoever comes later
//! knows which objects cannot be trusted, whatever happened to the one before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;

/// The destination, as its manifest has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remote {
    /// What was sent by the last run that came to its end.
    pub manifest: Manifest,
    /// What is known of the sending.
    pub record: Record,
}

/// What the manifest of a destination says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Stands for how objects are labelled: with another one, all of them are sent again.
    pub labels: String,
    /// A run that has begun to send, and has not come to its end: any text that no other run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Runs that have given way to that one when they had sent something already. With them no two manifests that were put one after
    /// the other are the same: what S3 knows a version by is made of nothing but its bytes.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub gave_way: BTreeSet<String>,
    /// Files whose objects may be anything: a run was about to change them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub pending: BTreeSet<String>,
    /// Files that are no longer part of the output, and whose objects are still there.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub left: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    delivery: Record,
}

impl Remote {
    /// Reads the manifest of a destination. One without a record was brought there by another program: then nothing is known of how
    /// objects are labelled. `Err`: why it is no manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest = Manifest::parse(bytes)?;
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        Ok(Self { manifest, record: wire.delivery })
    }

    /// The bytes of the manifest at the destination: the manifest, and a line for the record.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.manifest.bytes();
        // Only a map with keys that are no text could fail, and there is none.
        let record = serde_json::to_string(&self.record).unwrap_or_default();
        let end = bytes.iter().rposition(|byte| *byte == b'}').unwrap_or_default();
        bytes.truncate(end);
        while bytes.last().is_some_and(u8::is_ascii_whitespace) {
            bytes.pop();
        }
        bytes.extend(format!(",\n\"delivery\": {record}\n}}\n").bytes());
        bytes
    }

    /// Every file of which there may be an object that was sent.
    pub fn files(&self) -> impl Iterator<Item = &String> {
        let Record { pending, left, .. } = &self.record;
        self.manifest.files.keys().chain(pending).chain(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|&path| path.to_owned()).collect()
    }

    #[test]
    fn what_was_sent_comes_back_as_it_was() {
        let manifest = Manifest { site: "a }\n\"site\"".to_owned(), ..Manifest::default() };
        let record = Record {
            labels: "1f".into(),
            run: Some("me".into()),
            gave_way: set(&["you"]),
            pending: set(&["a", "b"]),
            left: set(&["c"]),
        };
        for remote in [
            Remote::default(),
            Remote { manifest: manifest.clone(), record: record.clone() },
            Remote { manifest: manifest.clone(), record: Record { run: None, gave_way: set(&[]), pending: set(&[]), ..record } },
        ] {
            let bytes = remote.bytes();
            assert_eq!(Remote::parse(&bytes).as_ref(), Ok(&remote));
            // It serves as the manifest of an output folder too.
            assert_eq!(Manifest::parse(&bytes), Ok(remote.manifest));
        }
    }

    #[test]
    fn a_manifest_that_another_program_brought_has_no_record() {
        let manifest = Manifest { site: "site".into(), ..Manifest::default() };
        assert_eq!(Remote::parse(&manifest.bytes()), Ok(Remote { manifest, record: Record::default() }));
        assert!(Remote::parse(b"{}").is_err());
    }
}
