//! Where the output goes from here: a bucket of an object store, and the start of every object's name in it.

use std::fmt;

use crate::format::Format;

/// A kind of object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Amazon S3, and all that speak its language: Cloudflare R2, `MinIO`, Ceph, …
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

impl Store {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::S3, Self::Gcs, Self::Azure];

    /// What an address of it begins with, before `://`.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        }
    }

    /// The `Content-Type` of an object that holds a file of this media type: the same, and that it is UTF-8.
    ///
    /// What stands before S3 and R2 compresses by a list of types, on which Atom and JSON Feed are not (`CloudFront`, "File types
    /// that `CloudFront` compresses"; Cloudflare, "Content compression"): there they are XML and JSON.
    #[must_use]
    pub fn content_type(self, media_type: &str) -> String {
        let media_type = match self {
            Self::S3 => crate::host::widely_compressed(media_type),
            Self::Gcs | Self::Azure => media_type,
        };
        crate::host::in_utf8(media_type)
    }
}

/// Where the output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The kind of store.
    pub store: Store,
    /// The bucket; of Azure, the container.
    pub bucket: String,
    /// What the name of every object begins with: empty, or with a `/` at its end and none at its start.
    pub prefix: String,
}

impl Destination {
    /// Reads an address such as `s3://bucket/feeds`. `Err`: what is wrong with it; the address is not repeated, since people
    /// paste keys into such places.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some((scheme, rest)) = text.trim().split_once("://") else {
            return Err("is not an address of a bucket");
        };
        let Some(store) = Store::ALL.into_iter().find(|store| scheme.eq_ignore_ascii_case(store.scheme())) else {
            return Err("is of a kind that is not known");
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // Names of buckets, of all three; they stand in addresses as they are.
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.$".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(known) {
            return Err("does not name a bucket");
        }
        let parts: Vec<&str> = prefix.split('/').filter(|part| !part.is_empty()).collect();
        let plain = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        if !parts.iter().all(plain) || parts.iter().any(|part| *part == "." || *part == "..") {
            return Err("has a folder that is not of letters, digits and `-._~`");
        }
        let prefix = parts.iter().fold(String::new(), |prefix, part| prefix + part + "/");
        Ok(Self { store, bucket: bucket.to_owned(), prefix })
    }

    /// What to write instead of what is none.
    pub const HELP: &str = "write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER";

    /// The name of the object that holds this file of the output.
    #[must_use]
    pub fn object(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The address of the object that holds this file of the output, for people.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.store.scheme(), self.bucket, self.prefix)
    }
}

/// The `Content-Type` of an object that holds a file: one that is compressed is handed out as it is, not unpacked by the way.
#[must_use]
pub fn content_type(store: Store, path: &str, media_type: &str, is_compressed: bool) -> String {
    match path.rsplit('.').next() {
        Some("gz") if is_compressed => "application/gzip".to_owned(),
        _ if is_compressed => "application/octet-stream".to_owned(),
        _ => store.content_type(media_type),
    }
}

/// Whether this media type is that of a feed.
#[must_use]
pub fn is_feed(media_type: &str) -> bool {
    Format::of_type(media_type).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_store_bucket_and_folder() {
        for (text, address, object) in [
            ("s3://feeds", "s3://feeds/", "rss.xml"),
            (" S3://feeds.example.org/ ", "s3://feeds.example.org/", "rss.xml"),
            ("gs://a-b_c/news//feeds", "gs://a-b_c/news/feeds/", "news/feeds/rss.xml"),
            ("az://$web/feeds/", "az://$web/feeds/", "feeds/rss.xml"),
        ] {
            let destination = Destination::parse(text).expect(text);
            assert_eq!(destination.to_string(), address);
            assert_eq!(destination.object("rss.xml"), object);
            assert_eq!(Destination::parse(address), Ok(destination));
        }
    }

    #[test]
    fn what_is_no_address_of_a_bucket() {
        for (text, why) in [
            ("", "is not an address of a bucket"),
            ("feeds", "is not an address of a bucket"),
            ("https://example.org/", "is of a kind that is not known"),
            ("s3://", "does not name a bucket"),
            ("s3:///feeds", "does not name a bucket"),
            ("s3://key:secret@feeds/", "does not name a bucket"),
            ("s3://feeds?x=y", "does not name a bucket"),
            ("s3://feeds/../x", "has a folder that is not of letters, digits and `-._~`"),
            ("s3://feeds/a b", "has a folder that is not of letters, digits and `-._~`"),
            ("s3://feeds/a?sig=x", "has a folder that is not of letters, digits and `-._~`"),
        ] {
            assert_eq!(Destination::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn types_are_those_that_are_compressed_on_the_way() {
        let atom = Format::Atom.content_type();
        assert_eq!(content_type(Store::S3, "atom.xml", atom, false), "application/xml; charset=utf-8");
        assert_eq!(content_type(Store::Gcs, "atom.xml", atom, false), "application/atom+xml; charset=utf-8");
        assert_eq!(content_type(Store::S3, "rss.xml", "application/rss+xml", false), "application/rss+xml; charset=utf-8");
        assert_eq!(content_type(Store::S3, "atom.xml.gz", atom, true), "application/gzip");
        assert_eq!(content_type(Store::S3, "atom.xml.br", atom, true), "application/octet-stream");
        assert_eq!(content_type(Store::S3, "assets/logo.svg", "image/svg+xml", false), "image/svg+xml; charset=utf-8");
        assert_eq!(content_type(Store::S3, "assets/a.gz", "image/png", false), "image/png");
    }
}
