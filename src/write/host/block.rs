//! A block of lines in a file that is somebody else's otherwise.

use super::Share;

/// How the first line of a block begins, and what it tells whoever opens the file.
const BEGIN: &str = "# feedmill: begin";
const BEGIN_REST: &str = " (feedmill writes the lines from here to its end; yours go above or below)";
/// How its last line begins, and all of it.
const END: &str = "# feedmill: end";

/// Marks that do not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line of the mark, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: &'static str,
}

/// The file with these lines in our block, and every other byte as it is: also where the last line does not end, or where lines
/// end in CR LF. Nothing if there is nothing to be written: no lines, and no block from before.
///
/// Where there was no block it is put `First` or `Last`.
pub fn merge(file: Option<&[u8]>, lines: &str, share: Share) -> Result<Option<Vec<u8>>, Broken> {
    let block = format!("{BEGIN}{BEGIN_REST}\n{lines}{END}");
    let old = file.unwrap_or_default();
    let (before, after) = match find(old)? {
        Some((begin, end)) => (&old[..begin], &old[end..]),
        None if lines.is_empty() => return Ok(None),
        None => {
            let block = block.as_bytes();
            let whole = match share {
                Share::First => [block, b"\n", old].concat(),
                // A last line without an end keeps being one: the line break is between the two, and the block has none.
                _ if old.last().is_some_and(|byte| *byte != b'\n') => [old, b"\n", block].concat(),
                _ => [old, block, b"\n"].concat(),
            };
            return Ok(Some(whole));
        }
    };
    Ok(Some([before, block.as_bytes(), after].concat()))
}

/// The file without our block, as it was before there was one. Nothing, if there is none.
pub(super) fn cut(file: &[u8], share: Share) -> Result<Option<Vec<u8>>, Broken> {
    let Some((begin, end)) = find(file)? else { return Ok(None) };
    let (before, after) = (&file[..begin], &file[end..]);
    // The line break that came with it stands behind it, or before it where the file has none at its end.
    let behind = after.strip_prefix(b"\n").or_else(|| after.strip_prefix(b"\r\n"));
    let ahead = before.strip_suffix(b"\n").filter(|_| behind.is_none() && share == Share::Last);
    Ok(Some([ahead.unwrap_or(before), behind.unwrap_or(after)].concat()))
}

/// Where the block begins, and where its last line ends, without its line break.
fn find(file: &[u8]) -> Result<Option<(usize, usize)>, Broken> {
    let mut at = 0;
    let mut open: Option<(usize, usize)> = None;
    let mut found = None;
    for (number, line) in (1..).zip(file.split_inclusive(|byte| *byte == b'\n')) {
        let broken = |message| Err(Broken { line: number, message });
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if is_mark(text, BEGIN) {
            if open.is_some() {
                return broken("this begins a block of feedmill, and the one above has no end");
            }
            if found.is_some() {
                return broken("this is a second block of feedmill");
            }
            open = Some((number, at));
        } else if is_mark(text, END) {
            let Some((_, begin)) = open.take() else {
                return broken("this ends a block of feedmill that does not begin");
            };
            found = Some((begin, at + text.len()));
        }
        at += line.len();
    }
    match open {
        Some((line, _)) => Err(Broken { line, message: "this begins a block of feedmill that has no end" }),
        None => Ok(found),
    }
}

/// Whether a line is a mark, whatever stands behind it.
fn is_mark(line: &[u8], mark: &str) -> bool {
    line.strip_prefix(mark.as_bytes()).is_some_and(|rest| rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn merged(file: &str, lines: &str, share: Share) -> Result<String, (usize, &'static str)> {
        let merged = merge(Some(file.as_bytes()), lines, share).map_err(|broken| (broken.line, broken.message))?;
        Ok(merged.map_or_else(|| "nothing".to_owned(), |bytes| String::from_utf8(bytes).expect("UTF-8")))
    }

    /// What a file is without our block.
    fn without(file: &[u8], share: Share) -> Vec<u8> {
        cut(file, share).expect("in order").unwrap_or_else(|| file.to_vec())
    }

    const BLOCK: &str =
        "# feedmill: begin (feedmill writes the lines from here to its end; yours go above or below)\na\n# feedmill: end";

    #[test]
    fn a_block_is_put_where_it_holds() {
        assert_eq!(merge(None, "a\n", Share::Last), Ok(Some(format!("{BLOCK}\n").into_bytes())));
        assert_eq!(merge(None, "", Share::Last), Ok(None));
        assert_eq!(merged("x\n", "a\n", Share::Last), Ok(format!("x\n{BLOCK}\n")));
        assert_eq!(merged("x\n", "a\n", Share::First), Ok(format!("{BLOCK}\nx\n")));
        assert_eq!(merged("x", "a\n", Share::Last), Ok(format!("x\n{BLOCK}")));
        assert_eq!(merged("x", "a\n", Share::First), Ok(format!("{BLOCK}\nx")));
        assert_eq!(merged("x\r\n", "a\n", Share::Last), Ok(format!("x\r\n{BLOCK}\n")));
        assert_eq!(merged("", "a\n", Share::First), Ok(format!("{BLOCK}\n")));
        assert_eq!(merged("x", "", Share::First), Ok("nothing".to_owned()));
    }

    #[test]
    fn a_block_is_replaced_where_it_stands() {
        for share in [Share::First, Share::Last] {
            assert_eq!(merged("x\n# feedmill: begin\nold\n# feedmill: end\ny", "a\n", share), Ok(format!("x\n{BLOCK}\ny")));
            assert_eq!(merged("# feedmill: begin, once\r\nold\r\n# feedmill: end\r\n", "a\n", share), Ok(format!("{BLOCK}\r\n")));
            assert_eq!(merged("# feedmill: begin\n# feedmill: end", "a\n", share), Ok(BLOCK.to_owned()));
            // What has gone leaves an empty block, which says whose it is.
            assert_eq!(merged(&format!("x\n{BLOCK}\ny\n"), "", share), Ok(format!("x\n{}\ny\n", BLOCK.replace("\na\n", "\n"))));
        }
        assert_eq!(merged("# feedmill: beginning\n", "a\n", Share::Last), Ok(format!("# feedmill: beginning\n{BLOCK}\n")));
    }

    #[test]
    fn a_block_is_taken_out_as_if_it_had_never_been() {
        for (file, expected) in [
            ("x\n# feedmill: begin\nold\n# feedmill: end\ny\n", Some("x\ny\n")),
            ("# feedmill: begin\r\nold\r\n# feedmill: end\r\ny\r\n", Some("y\r\n")),
            ("# feedmill: begin\n# feedmill: end", Some("")),
            ("x\n", None),
            ("", None),
        ] {
            assert_eq!(cut(file.as_bytes(), Share::First), Ok(expected.map(|text| text.as_bytes().to_vec())), "{file}");
        }
        assert!(cut(b"# feedmill: begin\n", Share::Last).is_err());
    }

    #[test]
    fn marks_that_do_not_match_are_left_alone() {
        for (file, line, message) in [
            ("x\n# feedmill: begin\ny\n", 2, "this begins a block of feedmill that has no end"),
            ("x\n\n# feedmill: end\n", 3, "this ends a block of feedmill that does not begin"),
            ("# feedmill: end\n# feedmill: begin\n", 1, "this ends a block of feedmill that does not begin"),
            ("# feedmill: begin\n# feedmill: begin\n", 2, "this begins a block of feedmill, and the one above has no end"),
            ("# feedmill: begin\n# feedmill: end\n# feedmill: begin\n# feedmill: end\n", 3, "this is a second block of feedmill"),
        ] {
            assert_eq!(merged(file, "a\n", Share::Last), Err((line, message)), "{file}");
        }
    }

    proptest! {
        /// Whatever the file holds: the rest stays, a second time changes nothing, other lines replace the first ones, and without
        /// the block the file is what it was.
        #[test]
        fn the_rest_of_a_file_stays_byte_for_byte(
            pieces in prop::collection::vec(prop::sample::select(vec![
                &b"/a /b 301"[..], b"# mine", b"\n", b"\r\n", b"\r", b" ", b"\xff", b"\xef\xbb\xbf", b"# feedmill: ", b"/*\n  X: y",
            ]), 0..12),
            first in any::<bool>(),
        ) {
            let file = pieces.concat();
            let share = if first { Share::First } else { Share::Last };
            let once = merge(Some(&file), "a\nb\n", share).expect("in order").expect("a block");
            prop_assert_eq!(&without(&once, share), &file);
            let twice = merge(Some(&once), "a\nb\n", share).expect("in order");
            prop_assert_eq!(twice.as_ref(), Some(&once));
            let other = merge(Some(&once), "c\n", share).expect("in order").expect("a block");
            prop_assert_eq!(&without(&other, share), &file);
            prop_assert_eq!(merge(Some(&file), "c\n", share), Ok(Some(other)));
        }
    }
}
