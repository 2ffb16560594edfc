//! The first thing that anybody does: the sample.

use std::path::Path;

use crate::mill::{Mill, files};

/// `feeds/` in the repository is what `seeds/` gives, to the byte and the file.
#[test]
fn the_sample_feeds_are_what_the_sample_articles_give() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mill = Mill::copy_of(&root.join("seeds"));
    mill.run("build . --out made").silent();
    let (made, kept) = (files(&mill.path("made")), files(&root.join("feeds")));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    for (path, bytes) in made {
        assert!(bytes == kept[&path], "{path} is not what the sample gives: run `cargo run -- build seeds`");
    }
}
