//! Golden cases: what each folder `tests/cases/<name>/in` gives is exactly `tests/cases/<name>/out`.
//!
//! A file `args` beside `in` holds more arguments; a file `stderr` holds what is said, and without it nothing is. The rules
//! that a case is about stand in its articles: what is called "Right" is in a feed, what is called "Wrong" or "Not to be
//! seen" is not. `FEEDMILL_UPDATE=1 cargo test golden` writes what is made as what is expected; read the difference then.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::mill::{Mill, copy, files};

/// A case that gives other files, other bytes, or says something else fails; so does one that a second run writes again.
#[test]
fn every_case_gives_exactly_what_is_expected() {
    let update = std::env::var_os("FEEDMILL_UPDATE").is_some();
    let mut wrong = String::new();
    for case in cases() {
        let name = case.file_name().unwrap_or_default().to_string_lossy();
        for fault in faults(&case, update) {
            let _ = writeln!(wrong, "{name}: {fault}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}\nIf this is meant, run `FEEDMILL_UPDATE=1 cargo test golden` and read what changed.");
}

/// The folders of the cases. Anything else beside them has been forgotten there.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
    cases.sort();
    cases.retain(|path| !path.ends_with(".gitattributes"));
    assert!(!cases.is_empty(), "there are no cases");
    cases
}

/// What is wrong with one case. With `update`, what is expected is written first.
fn faults(case: &Path, update: bool) -> Vec<String> {
    let known = ["in", "out", "args", "stderr"];
    let beside = fs::read_dir(case).into_iter().flatten().map(|entry| entry.expect("an entry").file_name());
    let mut faults: Vec<String> = beside
        .filter(|name| !known.iter().any(|known| name == known))
        .map(|name| format!("`{}` is no part of a case", name.display()))
        .collect();
    if files(&case.join("in")).is_empty() {
        faults.push("there is no `in`".into());
        return faults;
    }

    let mill = Mill::new();
    copy(&case.join("in"), &mill.path("in"));
    let arguments = format!("build in --out out {}", fs::read_to_string(case.join("args")).unwrap_or_default());
    let run = mill.run(&arguments);
    if run.status != Some(0) {
        faults.push(format!("the exit status is {:?}; standard error was:\n{}", run.status, run.stderr));
        return faults;
    }
    if !run.stdout.is_empty() {
        faults.push(format!("standard output is not empty:\n{}", run.stdout));
    }
    let mut made = files(&mill.path("out"));
    faults.extend(assets(&mut made));
    if update {
        write_expectation(case, &made, &run.stderr);
    }
    if !case.join("out").is_dir() {
        faults.push("there is no `out`".into());
    }
    compare(&files(&case.join("out")), &made, &mut faults);
    let expected = fs::read_to_string(case.join("stderr")).unwrap_or_default();
    if expected != run.stderr {
        faults.push(format!("standard error is\n{}\nand should be\n{expected}", run.stderr));
    }

    let before = long_ago(&mill, &made);
    if mill.run(&arguments).status != Some(0) {
        faults.push("the second run fails".into());
    }
    let mut again = files(&mill.path("out"));
    faults.extend(assets(&mut again));
    if again != made {
        faults.push("the second run writes something else".into());
    }
    for path in made.keys().filter(|path| modified(&mill, path) != before) {
        faults.push(format!("the second run writes {path} again"));
    }
    faults
}

/// Takes out the stylesheet and the script of pages, which are what they are in `src`: cases do not hold them.
fn assets(made: &mut BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let source = |name: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/write/page").join(name)).ok();
    let other = |name: &&str| made.remove(&format!("assets/{name}")).is_some_and(|made| Some(made) != source(name));
    let others = ["feedmill.css", "feedmill.js"].into_iter().filter(other);
    others.map(|name| format!("out/assets/{name} is not what it is in src")).collect()
}

fn compare(expected: &BTreeMap<String, Vec<u8>>, made: &BTreeMap<String, Vec<u8>>, faults: &mut Vec<String>) {
    for path in expected.keys().filter(|path| !made.contains_key(*path)) {
        faults.push(format!("out/{path} is not made"));
    }
    for (path, bytes) in made {
        match expected.get(path) {
            None => faults.push(format!("out/{path} is made, which is not expected")),
            Some(expected) if expected != bytes => faults.push(format!("out/{path} {}", difference(expected, bytes))),
            Some(_) => {}
        }
    }
}

/// The first lines that differ.
fn difference(expected: &[u8], made: &[u8]) -> String {
    let (expected, made) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(made));
    let (mut expected, mut made) = (expected.lines(), made.lines());
    for number in 1.. {
        let (expected, made) = (expected.next(), made.next());
        if expected != made || made.is_none() {
            let shown = |line: Option<&str>| line.unwrap_or("nothing").trim().to_owned();
            return format!("is in line {number}\n  {}\nand should be\n  {}", shown(made), shown(expected));
        }
    }
    unreachable!("lines end")
}

fn write_expectation(case: &Path, made: &BTreeMap<String, Vec<u8>>, stderr: &str) {
    let out = case.join("out");
    if out.exists() {
        fs::remove_dir_all(&out).expect("the old expectation goes");
    }
    for (path, bytes) in made {
        let path = out.join(path);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
        fs::write(path, bytes).expect("an expectation");
    }
    let said = case.join("stderr");
    if !stderr.is_empty() {
        fs::write(said, stderr).expect("an expectation");
    } else if said.exists() {
        fs::remove_file(said).expect("the old expectation goes");
    }
}

/// Makes every file look old, so that a file that is written again shows even if the clock is coarse.
fn long_ago(mill: &Mill, made: &BTreeMap<String, Vec<u8>>) -> SystemTime {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in made.keys() {
        let file = fs::File::options().append(true).open(mill.path("out").join(path)).expect("a file");
        file.set_modified(time).expect("another time");
    }
    time
}

fn modified(mill: &Mill, path: &str) -> SystemTime {
    fs::metadata(mill.path("out").join(path)).and_then(|metadata| metadata.modified()).expect("a time")
}
