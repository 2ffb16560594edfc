//! What the fuzzer tried and found worth keeping, tried again: `fuzz/corpus`, with the very promises that it looks at.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// What is tried, by the name of its corpus.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 7] = [
    ("article", targets::article),
    ("front_matter", targets::front_matter),
    ("html", targets::html),
    ("link", targets::link),
    ("site", targets::site),
    ("slug", targets::slug),
    ("text", targets::text),
];

#[test]
fn what_the_fuzzer_kept_keeps_its_promises() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (name, target) in TARGETS {
        let corpus = fs::read_dir(fuzz.join("corpus").join(name)).expect("a corpus");
        let mut count = 0;
        for file in corpus {
            let path = file.expect("a file").path();
            let bytes = fs::read(&path).expect("a file");
            let kept = std::panic::catch_unwind(|| target(&bytes));
            assert!(kept.is_ok(), "{} breaks what {name} promises", path.display());
            count += 1;
        }
        assert!(count >= 10, "{name} has {count} files");
        let program = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).expect("a target");
        assert!(program.contains(&format!("targets::{name}(bytes)")), "{name} is what the fuzzer runs");
    }
    let targets = fs::read_dir(fuzz.join("fuzz_targets")).expect("targets").count();
    assert_eq!(targets, TARGETS.len(), "every target is tried here");
}
