//! The encodings that files are compressed in beforehand, so that a server need not do it at every request (RFC 9110, 8.4.1).
//!
//! The same bytes give the same compressed bytes: no time and no name is in them.

use std::io::{self, Read, Write};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

/// The best: of feeds, it takes no longer than those before it.
const GZIP_LEVEL: u32 = 9;
/// The levels after it make feeds smaller by a thirtieth, and take six times as long.
const BROTLI_LEVEL: i32 = 6;
/// Bytes that are looked back, as a power of two: twice as many as a large feed has.
const BROTLI_WINDOW: i32 = 20;

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Brotli];

    /// Its name in the site file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "brotli",
        }
    }

    /// Its name in `Content-Encoding`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// What the names of its files end in, behind the name of the file that is compressed.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The encoding of a file with this name, and the name of the file that is compressed.
    #[must_use]
    pub fn of(name: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|encoding| Some((encoding, name.strip_suffix(encoding.ending())?)))
    }

    /// Compresses.
    #[must_use]
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::with_capacity(bytes.len() / 4);
        // Writing to memory cannot fail.
        let _ = match self {
            Self::Gzip => {
                let mut encoder = flate2::GzBuilder::new().write(&mut compressed, flate2::Compression::new(GZIP_LEVEL));
                encoder.write_all(bytes).and_then(|()| encoder.try_finish())
            }
            Self::Brotli => {
                let settings = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_LEVEL,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*bytes, &mut compressed, &settings).map(|_| ())
            }
        };
        compressed
    }

    /// The first so many bytes of what was compressed; as many as come out, if it is damaged.
    #[must_use]
    pub fn start(self, compressed: impl Read, most: u64) -> Vec<u8> {
        let mut start = Vec::new();
        let _: io::Result<usize> = match self {
            Self::Gzip => flate2::read::GzDecoder::new(compressed).take(most).read_to_end(&mut start),
            Self::Brotli => brotli::Decompressor::new(compressed, 4096).take(most).read_to_end(&mut start),
        };
        start
    }
}

/// Whether files of this type get smaller by it: text of any kind, and not pictures, which are compressed already.
#[must_use]
pub fn pays(content_type: &str) -> bool {
    let (kind, rest) = content_type.split_once('/').unwrap_or((content_type, ""));
    kind == "text" || ["xml", "json", "javascript"].iter().any(|word| rest.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_comes_back_and_is_smaller() {
        let text = "<entry><id>urn:uuid:1</id></entry>\n".repeat(5_000);
        for encoding in Encoding::ALL {
            let compressed = encoding.compress(text.as_bytes());
            assert!(compressed.len() < text.len() / 20, "{encoding:?}: {}", compressed.len());
            assert_eq!(encoding.start(&*compressed, u64::MAX), text.as_bytes(), "{encoding:?}");
            assert_eq!(encoding.start(&*compressed, 20), &text.as_bytes()[..20], "{encoding:?}");
            assert_eq!(encoding.compress(text.as_bytes()), compressed);
            assert_eq!(encoding.start(&b"damaged"[..], 20), b"");
        }
    }

    #[test]
    fn no_time_and_no_name_is_in_it() {
        // RFC 1952, 2.3: flags, time, that it is the best level, and the operating system, which is unknown.
        assert_eq!(Encoding::Gzip.compress(b"a")[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    }

    #[test]
    fn which_files_are_compressed() {
        for (content_type, expected) in [
            ("application/rss+xml", true),
            ("application/feed+json", true),
            ("text/x-opml", true),
            ("text/html; charset=utf-8", true),
            ("text/javascript; charset=utf-8", true),
            ("image/svg+xml", true),
            ("image/png", false),
            ("font/woff2", false),
        ] {
            assert_eq!(pays(content_type), expected, "{content_type}");
        }
        assert_eq!(Encoding::of("ai/rss.xml.gz"), Some((Encoding::Gzip, "ai/rss.xml")));
        assert_eq!(Encoding::of("ai/rss.xml"), None);
    }
}
