//! The exact words and the exit status of everything that feedmill says about what is wrong.

use std::time::{Duration, Instant};

use crate::mill::{Mill, files};

const TITLE_AND_DATE: &str = "title: A\ndate: 2020-11-12";
const TITLE_AND_LINK: &str = "title: A\nlink: https://example.org/a";
const DATE_AND_LINK: &str = "date: 2020-11-12\nlink: https://example.org/a";
const ALL: &str = "title: A\ndate: 2020-11-12\nlink: https://example.org/a";

/// A folder with a good article, which is published whatever stands beside it.
fn mill() -> Mill {
    Mill::new().story("news/good.md", "Good", "2020-11-10", "AI")
}

/// A table: the first lines of an article that goes on with `rest`, `=>`, and all that is said about it. An empty line ends
/// a case.
#[track_caller]
fn says(rest: &str, table: &str) {
    for case in table.trim().split("\n\n") {
        let (lines, expected) = case.split_once("\n=>\n").expect("a case has an arrow");
        article_says(&format!("{lines}\n{rest}"), expected);
    }
}

/// An article of these lines makes feedmill say this.
#[track_caller]
fn article_says(lines: &str, expected: &str) {
    said(&mill().article("news/a.md", lines), expected);
}

/// A file of these bytes makes feedmill say this.
#[track_caller]
fn file_says(bytes: impl AsRef<[u8]>, expected: &str) {
    said(&mill().file("news/a.md", bytes), expected);
}

/// This and nothing else is said. `build` publishes what is good: an error leaves its article out, a warning does not.
/// `check` says the same, fails if there is an error, and writes nothing.
#[track_caller]
fn said(mill: &Mill, expected: &str) {
    let fails = expected.contains(": error: ");
    let _ = mill.run("build news --out out").status(0).stdout("").stderr(expected);
    let feed = mill.read("out/rss.xml");
    assert!(feed.contains("<title>Good</title>"), "{feed}");
    assert_eq!(feed.contains("<link>https://example.org/a</link>"), !fails, "{feed}");

    let before = files(&mill.path("out"));
    let _ = mill.run("check news").status(i32::from(fails)).stdout("").stderr(expected);
    assert!(files(&mill.path("out")) == before, "check writes");
}

/// The run fails and says this, and every file stays as it is.
#[track_caller]
fn refuses(mill: &Mill, arguments: &str, expected: &str) {
    let before = files(&mill.path("."));
    let _ = mill.run(arguments).status(2).stdout("").stderr(expected);
    assert!(files(&mill.path(".")) == before, "a run that fails writes");
}

#[test]
fn what_is_missing_is_named_with_a_line_to_write() {
    says(
        "",
        r#"
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:1:1: error: there is no title
  help: add a line such as `title: "What happened"`

title: A
link: https://example.org/a
=>
news/a.md:1:1: error: there is no date
  help: add a line such as `publishedDateTime: 2020-11-13T18:07:00Z`, or begin the file name with the date

title: A
date: 2020-11-12
=>
news/a.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it

date: 2020-11-12
=>
news/a.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it
news/a.md:1:1: error: there is no title
  help: add a line such as `title: "What happened"`

title: ~
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:1:1: error: there is no title
  help: add a line such as `title: "What happened"`
"#,
    );
}

#[test]
fn a_title_must_have_something_to_see() {
    says(
        DATE_AND_LINK,
        r#"
title: ""
=>
news/a.md:2:8: error: `title` is empty
  2 | title: ""
    |        ^^
  help: write what the story is called

title: "&#8203; \u202e"
=>
news/a.md:2:8: error: `title` is empty
  2 | title: "&#8203; \u202e"
    |        ^^^^^^^^^^^^^^^^
  help: write what the story is called
"#,
    );
}

#[test]
fn an_address_that_leads_nowhere_leaves_its_article_out() {
    says(
        TITLE_AND_DATE,
        r#"
webUrl: ''
=>
news/a.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it

webUrl: example.org/a
=>
news/a.md:2:9: error: `webUrl` is not an absolute address
  2 | webUrl: example.org/a
    |         ^^^^^^^^^^^^^
  help: write the whole address, beginning with https://

webUrl: //example.org/a
=>
news/a.md:2:9: error: `webUrl` is not an absolute address
  2 | webUrl: //example.org/a
    |         ^^^^^^^^^^^^^^^
  help: write the whole address, beginning with https://

originalUrl: javascript:alert(1)
=>
news/a.md:2:14: error: `originalUrl` is not an http or https address
  2 | originalUrl: javascript:alert(1)
    |              ^^^^^^^^^^^^^^^^^^^
  help: write an address that begins with https:// or http://

link: ftp://example.org/a
=>
news/a.md:2:7: error: `link` is not an http or https address
  2 | link: ftp://example.org/a
    |       ^^^^^^^^^^^^^^^^^^^
  help: write an address that begins with https:// or http://

webUrl: https://user:pass@example.org/a
=>
news/a.md:2:9: error: `webUrl` has a user name or password in it
  help: write the address without the part before the @, and consider the password known

canonical_url: "https://"
=>
news/a.md:2:16: error: `canonical_url` has no host
  2 | canonical_url: "https://"
    |                ^^^^^^^^^^
  help: write the name of the site after https://

webUrl: https://exa mple.org/
=>
news/a.md:2:9: error: `webUrl` is not a valid address
  2 | webUrl: https://exa mple.org/
    |         ^^^^^^^^^^^^^^^^^^^^^
  help: copy the address from a browser's address bar

webUrl: https://example.org:99999/
=>
news/a.md:2:9: error: `webUrl` is not a valid address
  2 | webUrl: https://example.org:99999/
    |         ^^^^^^^^^^^^^^^^^^^^^^^^^^
  help: copy the address from a browser's address bar

originalUrl: https://example.org/a
webUrl: /a
=>
news/a.md:3:9: error: `webUrl` is not an absolute address
  3 | webUrl: /a
    |         ^^
  help: write the whole address, beginning with https://

originalUrl: ftp://example.org/a
webUrl: /a
=>
news/a.md:2:14: error: `originalUrl` is not an http or https address
  2 | originalUrl: ftp://example.org/a
    |              ^^^^^^^^^^^^^^^^^^^
  help: write an address that begins with https:// or http://
news/a.md:3:9: error: `webUrl` is not an absolute address
  3 | webUrl: /a
    |         ^^
  help: write the whole address, beginning with https://
"#,
    );
}

#[test]
fn an_address_that_a_story_can_do_without_is_ignored() {
    says(
        ALL,
        "
image: /a.png
=>
news/a.md:2:8: warning: `image` is not an absolute address; it is ignored
  2 | image: /a.png
    |        ^^^^^^
  help: write the whole address, beginning with https://

images:
- url: data:image/png;base64,AAAA
- url: https://user:pass@example.org/b.png
=>
news/a.md:3:8: warning: `url` is not an http or https address; it is ignored
  3 | - url: data:image/png;base64,AAAA
    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^
  help: write an address that begins with https:// or http://
news/a.md:4:8: warning: `url` has a user name or password in it; it is ignored
  help: write the address without the part before the @, and consider the password known

ampWebUrl: amp
cdnAmpWebUrl: ''
=>
news/a.md:2:12: warning: `ampWebUrl` is not an absolute address; it is ignored
  2 | ampWebUrl: amp
    |            ^^^
  help: write the whole address, beginning with https://

provider:
  domain: exa mple.org
=>
news/a.md:3:11: warning: `domain` is not a valid address; it is ignored
  3 |   domain: exa mple.org
    |           ^^^^^^^^^^^^
  help: copy the address from a browser's address bar

provider: {name: A, domain: 'https://user:pass@example.org'}
=>
news/a.md:2:29: warning: `domain` has a user name or password in it; it is ignored
  help: write the address without the part before the @, and consider the password known
",
    );
}

#[test]
fn a_date_that_cannot_be_read_is_pointed_at() {
    says(
        TITLE_AND_LINK,
        "
date: yesterday
=>
news/a.md:2:7: error: `date` is not a date that can be read
  2 | date: yesterday
    |       ^^^^^^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13

publishedDateTime: 2020-13-01T00:00:00Z
=>
news/a.md:2:20: error: `publishedDateTime` is not a date that can be read
  2 | publishedDateTime: 2020-13-01T00:00:00Z
    |                    ^^^^^^^^^^^^^^^^^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13

date: 2020-11-12T18:00 CET
=>
news/a.md:2:7: error: `date` is not a date that can be read
  2 | date: 2020-11-12T18:00 CET
    |       ^^^^^^^^^^^^^^^^^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13

date: 2020-11-12
lastmod: soon
=>
news/a.md:3:10: error: `lastmod` is not a date that can be read
  3 | lastmod: soon
    |          ^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13
",
    );
}

#[test]
fn a_change_before_the_publication_or_in_the_future_is_ignored() {
    says(
        ALL,
        "
updated: 2020-11-11
=>
news/a.md:2:10: warning: `updated` is before the publication; it is ignored
  2 | updated: 2020-11-11
    |          ^^^^^^^^^^
  help: readers would see the story jump; correct the date or take it out

updatedDateTime: 2021-01-01
=>
news/a.md:2:18: warning: `updatedDateTime` is in the future; it is ignored
  2 | updatedDateTime: 2021-01-01
    |                  ^^^^^^^^^^
  help: readers would see the story jump; correct the date or take it out

last_modified_at: 2020-11-11 23:59:59
=>
news/a.md:2:19: warning: `last_modified_at` is before the publication; it is ignored
  2 | last_modified_at: 2020-11-11 23:59:59
    |                   ^^^^^^^^^^^^^^^^^^^
  help: readers would see the story jump; correct the date or take it out
",
    );
}

#[test]
fn a_word_that_is_no_truth_and_no_number_is_pointed_at() {
    says(
        ALL,
        "
published: maybe
=>
news/a.md:2:12: error: `published` is neither true nor false
  2 | published: maybe
    |            ^^^^^
  help: write true or false

deleted: 2
=>
news/a.md:2:10: error: `deleted` is neither true nor false
  2 | deleted: 2
    |          ^
  help: write true or false

quality: high
heat: .nan
=>
news/a.md:2:10: error: `quality` is not a number
  2 | quality: high
    |          ^^^^
  help: write a whole number, or take the line out
news/a.md:3:7: error: `heat` is not a number
  3 | heat: .nan
    |       ^^^^
  help: write a whole number, or take the line out

image:
  url: https://example.org/a.png
  width: wide
=>
news/a.md:4:10: warning: `width` is not a number of pixels; it is ignored
  4 |   width: wide
    |          ^^^^
  help: write a whole number, or take the line out
",
    );
}

#[test]
fn an_id_has_no_white_space_and_is_not_empty() {
    says(
        ALL,
        r#"
id: a b
=>
news/a.md:2:5: error: `id` has white space in it
  2 | id: a b
    |     ^^^
  help: an id has 1 to 500 characters and no white space; without one it is made of the address

id: "a\u0007"
=>
news/a.md:2:5: error: `id` has a character in it that a feed cannot hold
  2 | id: "a\u0007"
    |     ^^^^^^^^^
  help: an id has 1 to 500 characters and no white space; without one it is made of the address
"#,
    );
}

#[test]
fn a_language_that_is_none_is_ignored() {
    says(
        ALL,
        "
locale: English please
=>
news/a.md:2:9: warning: `locale` is not a language tag; it is ignored
  2 | locale: English please
    |         ^^^^^^^^^^^^^^
  help: write it like en or pt-BR
",
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named() {
    says(
        "",
        "
title: [A]
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `title` should be one value, but is a list
  2 | title: [A]
    | ^^^^^
  help: change the value, or take the field out

title: {a: b}
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `title` should be one value, but is a map
  help: change the value, or take the field out

title: A
date: 2020-11-12
link:
  - https://example.org/a
=>
news/a.md:4:1: error: `link` should be one value, but is a list
  4 | link:
    | ^^^^
  help: change the value, or take the field out

excerpt:
  - one
  - two
title: A
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `excerpt` should be one value, but is a list
  2 | excerpt:
    | ^^^^^^^
  help: change the value, or take the field out

published: []
title: A
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `published` should be one value, but is a list
  2 | published: []
    | ^^^^^^^^^
  help: change the value, or take the field out

provider: [A]
title: A
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `provider` should be a name, or a map with a name and a domain, but is a list
  2 | provider: [A]
    | ^^^^^^^^
  help: change the value, or take the field out

topics: {a: b}
title: A
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `topics` should be a list of names, but is a map
  help: change the value, or take the field out

related: none
title: A
date: 2020-11-12
link: https://example.org/a
=>
news/a.md:2:1: error: `related` should be a list of related links, each with a title and an address, but is a text
  2 | related: none
    | ^^^^^^^
  help: change the value, or take the field out
",
    );
}

/// It is only a warning: the article can do without the link.
#[test]
fn a_bad_related_link_is_left_out_and_its_article_stays() {
    says(
        ALL,
        r#"
related:
  - https://example.org/b
=>
news/a.md:3:5: warning: a related link is a map with a title and an address; related link 1 is left out
  help: write `- title: …` and `webUrl: …` below it

related:
  - title: B
=>
news/a.md:3:5: warning: there is no address: neither `webUrl` nor `originalUrl`; related link 1 is left out
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it

related:
  - link: https://example.org/b
=>
news/a.md:3:5: warning: there is no title; related link 1 is left out
  help: add a line such as `title: "What happened"`

related:
  - title: B
    link: /b
=>
news/a.md:4:11: warning: `link` is not an absolute address; related link 1 is left out
  4 |     link: /b
    |           ^^
  help: write the whole address, beginning with https://

related:
  - title: B
    link: https://user:pass@example.org/b
=>
news/a.md:4:11: warning: `link` has a user name or password in it; related link 1 is left out
  help: write the address without the part before the @, and consider the password known

related:
  - title: B
    link: https://example.org/b
    date: now
=>
news/a.md:5:11: warning: `date` is not a date that can be read; related link 1 is left out
  5 |     date: now
    |           ^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13

related:
  - title: B
    link: https://example.org/b
    published: perhaps
=>
news/a.md:5:16: warning: `published` is neither true nor false; related link 1 is left out
  5 |     published: perhaps
    |                ^^^^^^^
  help: write true or false

related:
  - title: B
    link: https://example.org/b
    quality: good
=>
news/a.md:5:14: warning: `quality` is not a number; related link 1 is left out
  5 |     quality: good
    |              ^^^^
  help: write a whole number, or take the line out

related:
  -
  - title: B
    link: b
  - 5
=>
news/a.md:5:11: warning: `link` is not an absolute address; related link 2 is left out
  5 |     link: b
    |           ^
  help: write the whole address, beginning with https://
news/a.md:6:5: warning: a related link is a map with a title and an address; related link 3 is left out
  help: write `- title: …` and `webUrl: …` below it
"#,
    );
}

#[test]
fn a_related_link_can_do_without_some_fields_too() {
    says(
        ALL,
        "
related:
  - title: B
    link: https://example.org/b
    date: 2020-11-12
    updated: 2020-11-11
=>
news/a.md:6:14: warning: `updated` is before the publication; it is ignored
  6 |     updated: 2020-11-11
    |              ^^^^^^^^^^
  help: readers would see the story jump; correct the date or take it out

related:
  - title: B
    link: https://example.org/b
    image: c.png
=>
news/a.md:5:12: warning: `image` is not an absolute address; it is ignored
  5 |     image: c.png
    |            ^^^^^
  help: write the whole address, beginning with https://
",
    );
}

#[test]
fn every_error_of_an_article_is_reported() {
    says(
        "",
        r#"
title: ''
date: soon
link: nowhere
quality: high
published: maybe
id: a b
locale: '?'
related:
  - title: B
=>
news/a.md:2:8: error: `title` is empty
  2 | title: ''
    |        ^^
  help: write what the story is called
news/a.md:3:7: error: `date` is not a date that can be read
  3 | date: soon
    |       ^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13
news/a.md:4:7: error: `link` is not an absolute address
  4 | link: nowhere
    |       ^^^^^^^
  help: write the whole address, beginning with https://
news/a.md:5:10: error: `quality` is not a number
  5 | quality: high
    |          ^^^^
  help: write a whole number, or take the line out
news/a.md:6:12: error: `published` is neither true nor false
  6 | published: maybe
    |            ^^^^^
  help: write true or false
news/a.md:7:5: error: `id` has white space in it
  7 | id: a b
    |     ^^^
  help: an id has 1 to 500 characters and no white space; without one it is made of the address
news/a.md:8:9: warning: `locale` is not a language tag; it is ignored
  8 | locale: '?'
    |         ^^^
  help: write it like en or pt-BR
news/a.md:10:5: warning: there is no address: neither `webUrl` nor `originalUrl`; related link 1 is left out
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it

draft: maybe
private: perhaps
heat: hot
date: 2020-11-12
=>
news/a.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it
news/a.md:1:1: error: there is no title
  help: add a line such as `title: "What happened"`
news/a.md:2:8: error: `draft` is neither true nor false
  2 | draft: maybe
    |        ^^^^^
  help: write true or false
news/a.md:3:10: error: `private` is neither true nor false
  3 | private: perhaps
    |          ^^^^^^^
  help: write true or false
news/a.md:4:7: error: `heat` is not a number
  4 | heat: hot
    |       ^^^
  help: write a whole number, or take the line out
"#,
    );
}

/// What is retracted need not be in order, but it must say which story is meant.
#[test]
fn a_retraction_that_names_no_story_is_reported_whole() {
    says(
        "",
        r#"
deleted: true
private: maybe
quality: high
date: 2020-11-12
=>
news/a.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it
news/a.md:1:1: error: there is no title
  help: add a line such as `title: "What happened"`
news/a.md:3:10: error: `private` is neither true nor false
  3 | private: maybe
    |          ^^^^^
  help: write true or false
news/a.md:4:10: error: `quality` is not a number
  4 | quality: high
    |          ^^^^
  help: write a whole number, or take the line out
"#,
    );
}

#[test]
fn yaml_that_cannot_be_read_is_explained_in_plain_words() {
    says(
        DATE_AND_LINK,
        r#"
title: Amazon: the story
=>
news/a.md:2:14: error: a colon stands where none may be
  2 | title: Amazon: the story
    |              ^
  help: put text that holds `: ` in double quotes

title: "A
=>
news/a.md:2:8: error: a quoted text is not closed
  2 | title: "A
    |        ^
  help: close the quotes; inside double quotes write `\"` for a quote

title: 'A
=>
news/a.md:2:8: error: a quoted text is not closed
  2 | title: 'A
    |        ^
  help: close the quotes; inside double quotes write `\"` for a quote

title: "A" B
=>
news/a.md:2:12: error: text follows the closing quote
  2 | title: "A" B
    |            ^
  help: inside double quotes write `\"` for a quote, inside single quotes `''`

title: 'A'B
=>
news/a.md:2:11: error: text follows the closing quote
  2 | title: 'A'B
    |           ^
  help: inside double quotes write `\"` for a quote, inside single quotes `''`

title: "a\qb"
=>
news/a.md:2:8: error: a backslash stands before a character that cannot be escaped
  2 | title: "a\qb"
    |        ^
  help: write `\\` for a backslash, or use single quotes

%title: A
=>
news/a.md:2:1: error: a line begins with `%`
  help: put the text in quotes, or take the line out

title: A
no colon here
=>
news/a.md:3:1: error: no `key:` where one should be
  help: begin the line with a key and a colon, or indent it below the key that it belongs to

title: @A
=>
news/a.md:2:8: error: a character stands here that may not begin a text
  2 | title: @A
    |        ^
  help: put the text in double quotes

title: `A`
=>
news/a.md:2:8: error: a character stands here that may not begin a text
  2 | title: `A`
    |        ^
  help: put the text in double quotes

title: A
title: B
=>
news/a.md:3:1: error: the key `title` stands here a second time
  3 | title: B
    | ^
  help: keep one of the two

token: 1
token: 2
=>
news/a.md:3:1: error: a key stands here a second time
  help: keep one of the two

title: }
=>
news/a.md:2:8: error: this is not YAML: misplaced bracket
  2 | title: }
    |        ^
  help: put the text in double quotes, or mend the line

title: A
--- # x
=>
news/a.md:3:1: error: a second YAML document begins here
  help: keep all fields between the first two fences
"#,
    );
}

#[test]
fn front_matter_is_a_list_of_keys_and_values() {
    says(
        "",
        "
- a
- b
=>
news/a.md:2:1: error: this is not a list of `key: value` lines
  help: begin each line with a key and a colon, such as `title: …`

just text
=>
news/a.md:2:1: error: this is not a list of `key: value` lines
  help: begin each line with a key and a colon, such as `title: …`
",
    );
}

#[test]
fn what_makes_yaml_dangerous_is_refused() {
    says(
        DATE_AND_LINK,
        "
title: *x
=>
news/a.md:2:8: error: a YAML alias (`*…`) stands here, which is not read
  2 | title: *x
    |        ^
  help: put text that begins with `*` in quotes, or write the value out

title: &x A
=>
news/a.md:2:8: error: a YAML anchor (`&…`) stands here, which is not read
  2 | title: &x A
    |        ^
  help: put text that begins with `&` in quotes, or take the anchor out

title: !!str A
=>
news/a.md:2:8: error: a YAML tag (`!…`) stands here, which is not read
  2 | title: !!str A
    |        ^
  help: put text that begins with `!` in quotes, or take the tag out

a: &a [x]
b: &b [*a, *a]
title: A
=>
news/a.md:2:4: error: a YAML anchor (`&…`) stands here, which is not read
  help: put text that begins with `&` in quotes, or take the anchor out

<<: *x
title: A
=>
news/a.md:2:5: error: a YAML alias (`*…`) stands here, which is not read
  help: put text that begins with `*` in quotes, or write the value out
",
    );
}

#[test]
fn what_is_too_much_is_cut_off() {
    article_says(
        &format!("{ALL}\nrelated:\n{}", "  - {title: B, link: 'https://example.org/b'}\n".repeat(51)),
        "news/a.md:56:5: warning: there are 51 related links; only the first 50 are read\n  help: keep the best ones",
    );
    let topics: Vec<String> = (1..=21).map(|number| format!("T{number}")).collect();
    article_says(
        &format!("{ALL}\ntopics: [{}]", topics.join(", ")),
        "news/a.md:5:1: warning: there are 21 topics; only the first 20 are read\n  help: keep the most fitting ones",
    );
    article_says(
        &format!("title: {}\n{DATE_AND_LINK}", "a".repeat(501)),
        "news/a.md:2:8: warning: `title` is too long; its end was cut off\n  help: titles have at most 500 characters, excerpts 5,000",
    );
    article_says(
        &format!("{ALL}\nexcerpt: {}", "a".repeat(5001)),
        "news/a.md:5:10: warning: `excerpt` is too long; its end was cut off\n  help: titles have at most 500 characters, excerpts 5,000",
    );
    article_says(
        &format!("{ALL}\nid: {}", "a".repeat(501)),
        &format!(
            "news/a.md:5:5: error: `id` is longer than 500 characters\n  5 | id: {}…\n    |     {}\n  help: an id has 1 to 500 characters and no white space; without one it is made of the address",
            "a".repeat(92),
            "^".repeat(92),
        ),
    );
}

/// Lines and columns are those of an editor: a byte order mark has no column, a letter has one, a comment is a line.
#[test]
fn a_place_is_counted_from_the_first_line_of_the_file_in_characters() {
    file_says(
        "\u{feff}---\r\n# a comment\r\n\r\ntitle: Äöü 🚀 once: twice\r\n---\r\n",
        "
news/a.md:4:18: error: a colon stands where none may be
  4 | title: Äöü 🚀 once: twice
    |                  ^
  help: put text that holds `: ` in double quotes
",
    );
    file_says(
        "---\rtitle: A\rdate: soon\rlink: https://example.org/a\r---\r",
        "
news/a.md:3:7: error: `date` is not a date that can be read
  3 | date: soon
    |       ^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13
",
    );
}

#[test]
fn front_matter_that_is_not_closed_is_refused() {
    let expected = "
news/a.md:1:1: error: the front matter that begins here is not closed
  help: close it with a line of three hyphens, `---`
";
    for file in ["---\ntitle: A\n", "---", "---\ntitle: A\n ---\n", "---\ntitle: A\n----\n"] {
        file_says(file, expected);
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_at_the_byte() {
    for (file, place) in [
        (&b"---\ntitle: caf\xe9\n---\n"[..], "2:11"),
        (b"---\ntitle: A\n---\n\nThe body is read too: \xc3\xa9\xff\n", "5:24"),
        (b"\xff\xfe-\0-\0-\0\n\0", "1:1"),
        (b"\xfe\xff\0-\0-\0-\0\n", "1:1"),
    ] {
        file_says(file, &format!("news/a.md:{place}: error: a byte here is not UTF-8\n  help: save the file as UTF-8"));
    }
}

/// None of these may take long, or much memory.
#[test]
fn what_would_take_long_is_refused_at_once() {
    let start = Instant::now();
    file_says(
        format!("---\n{ALL}\ntitle: {}\n---\n", "[".repeat(20_000)).replacen("title: A\n", "", 1),
        &format!(
            "news/a.md:4:24: error: lists and maps lie more than 16 deep in each other\n  4 | title: {}…\n    |                        ^\n  help: flatten them, or quote text that begins with a bracket",
            "[".repeat(89)
        ),
    );
    file_says(
        format!("---\n{ALL}\nunknown: {}\n---\n", "[".repeat(20_000)),
        "news/a.md:5:26: error: lists and maps lie more than 16 deep in each other\n  help: flatten them, or quote text that begins with a bracket",
    );
    let keys = (1..=1001).map(|number| format!("key{number}: 1\n")).collect::<Vec<_>>().concat();
    file_says(
        format!("---\n{keys}{ALL}\n---\n"),
        "news/a.md:1002:1: error: there are more than 1000 keys in one map\n  help: keep data of other programs in a file of its own",
    );
    file_says(
        format!("---\n{ALL}\nnotes: {}\n---\n", "a".repeat(256 * 1024)),
        "news/a.md:2:1: error: the front matter has more than 256 KiB\n  help: move long text below the closing fence",
    );
    file_says(
        format!("---\n{ALL}\n---\n{}", "a".repeat(1024 * 1024)),
        "news/a.md: error: the file has 1048638 bytes, and more than 1 MiB is not read\n  help: split it, or leave it out with `exclude`",
    );
    let mill = mill().article("news/a.md", ALL);
    let file = std::fs::File::options().write(true).open(mill.path("news/a.md")).expect("the article");
    file.set_len(100_000_000).expect("a large file");
    said(
        &mill,
        "news/a.md: error: the file has 100000000 bytes, and more than 1 MiB is not read\n  help: split it, or leave it out with `exclude`",
    );
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_not_waited_for() {
    said(
        &mill().pipe("news/pipe.md").pipe("news/a pipe that looks like no article"),
        "
news/pipe.md: error: this is a named pipe and not a regular file; it is not read
  help: take it out of the folder, or leave it out with `exclude`
",
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed_and_one_within_it_is_read_once() {
    said(
        &mill()
            .article("elsewhere/b.md", "title: Not to be seen\ndate: 2020-11-12\nlink: https://example.org/b")
            .article("news/a.md", ALL)
            .link("news/again.md", "a.md")
            .link("news/around", ".")
            .link("news/folder", "../elsewhere")
            .link("news/gone", "nowhere")
            .link("news/gone.md", "nowhere.md")
            .link("news/out.md", "../elsewhere/b.md")
            .link("news/zero.md", "/dev/zero"),
        "
news/folder: warning: this link leads out of the article folder; it is not read
  help: name the folder that it leads to as well: `feedmill build ARTICLES…`
news/gone.md: warning: this link leads nowhere; it is not read
  help: mend the link, or take it away
news/out.md: warning: this link leads out of the article folder; it is not read
  help: name the folder that it leads to as well: `feedmill build ARTICLES…`
news/zero.md: warning: this link leads out of the article folder; it is not read
  help: name the folder that it leads to as well: `feedmill build ARTICLES…`
",
    );
}

/// A name may hold what moves the cursor, or turns the line around.
#[test]
fn a_file_name_cannot_steer_the_terminal() {
    said(
        &mill().article("news/2020-11-12-\u{1b}[31m\u{202e}.md", "title: A"),
        "
news/2020-11-12-\u{fffd}[31m\u{fffd}.md:1:1: error: there is no address: neither `webUrl` nor `originalUrl`
  help: add a line such as `webUrl: https://example.org/story`, the page where people read it
",
    );
}

/// What stands under a key that feedmill does not know, wherever that stands, and a password in an address are shown nowhere:
/// not in what is said, not in what is written.
#[track_caller]
fn keeps_secret(cases: &[&str]) {
    let mut leaks = Vec::new();
    for lines in cases {
        assert!(lines.contains("hunter2"), "{lines}");
        // As the first lines, and as the last: what is read over and what ends the reading are both met.
        for lines in [format!("{lines}\n{ALL}"), format!("{ALL}\n{lines}")] {
            let mill = mill().article("news/a.md", &lines).variable("GITHUB_ACTIONS", "true");
            let mut shown = String::new();
            for arguments in ["build news --out out -v", "check news -v"] {
                let run = mill.run(arguments);
                shown = shown + &run.stdout + &run.stderr;
            }
            for bytes in files(&mill.path("out")).into_values() {
                shown += &String::from_utf8_lossy(&bytes);
            }
            leaks.extend(shown.lines().find(|line| line.contains("hunter2")).map(|line| format!("{lines:?}\n{line}\n")));
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn no_secret_is_said_or_written() {
    keeps_secret(&[
        "secured: hunter2\ntoken: [hunter2, {a: hunter2}]",
        "provider:\n  name: A\n  secured: hunter2\nimages:\n- {url: 'https://example.org/a.png', secured: hunter2}",
        "related:\n- title: B\n  link: https://example.org/b\n  secured: hunter2",
        "hunter2: hunter2",
        "related: [{title: B, token: hunter2}]",
        "related:\n- {title: B, link: /b, secured: hunter2}",
        "secured: hunter2\nsecured: hunter2",
        "hunter2: a\nhunter2: b",
        "secured: hunter2: b",
        "secured: \"hunter2",
        "secured: \"hunter2\" hunter2",
        "secured: [hunter2",
        "secured: *hunter2",
        "secured: &hunter2 a",
        "secured: !hunter2 a",
        "{title: A, secured: hunter2",
        "provider: {name: A, secured: *hunter2}",
        "@hunter2",
        "image: https://user:hunter2@example.org/a.png",
        "ampWebUrl: https://user:hunter2@example.org/a.png",
        "provider: {name: A, domain: 'https://user:hunter2@example.org'}",
        "provider: {name: A, domain: 'user:hunter2@example.org'}",
        "featuredContent: <iframe src='https://user:hunter2@www.youtube.com/embed/aBcDeFgHiJk'></iframe>",
        "related:\n- title: B\n  link: https://user:hunter2@example.org/b",
        "originalUrl: https://user:hunter2@example.org/a",
        "originalUrl: https://hunter2@example.org/a",
    ]);
}

#[test]
fn no_secret_is_shown_in_a_source_line() {
    keeps_secret(&[
        "provider: {name: [A], token: hunter2}",
        "provider: {token: hunter2, domain: exa mple.org}",
        "image: {url: /a.png, token: hunter2}",
        "related:\n- title: {token: hunter2}",
        "published: {token: hunter2}",
        "secured: 'a\n  link: hunter2' b",
        "originalUrl: ftp://user:hunter2@example.org/a",
        "originalUrl: //user:hunter2@example.org/a",
        "originalUrl: user:hunter2@example.org/a",
        "originalUrl: https://user:hunter2@exa mple.org/a",
        "originalUrl: https://user:hunter2@example.org/a: b",
        "originalUrl: \"https://user:hunter2@example.org/a",
        "originalUrl: [https://user:hunter2@example.org/a]",
        "originalUrl: {https://user:hunter2@example.org/a: b}",
        "date: https://user:hunter2@example.org/a",
    ]);
}

#[test]
fn a_file_of_others_is_not_replaced() {
    let mill = mill().file("out/rss.xml", "<rss>theirs</rss>");
    let expected = "
out/rss.xml: error: feedmill did not write this file, and does not replace it
  help: choose another folder with `--out`, or let it be replaced with `--adopt`
";
    refuses(&mill, "build news --out out", expected);
    refuses(&mill, "build news --out out --dry-run", expected);
    mill.run("build news --out out --adopt").silent();
    assert!(mill.read("out/rss.xml").contains("<title>Good</title>"));
    mill.run("build news --out out").silent();
}

#[test]
fn what_is_in_the_way_is_named() {
    let mill = mill();
    for (path, expected) in [
        ("out", "feedmill: out: the output folder is a file\n  help: choose another folder with `--out`"),
        (
            "out/rss.xml/file",
            "out/rss.xml: error: a folder is where a file has to go\n  help: take it away, or choose another folder with `--out`",
        ),
        ("out/ai", "out/ai: error: a file is where a folder has to go\n  help: take it away, or give the topic another `slug`"),
    ] {
        let blocked = Mill::copy_of(&mill.path(".")).file(path, "");
        refuses(&blocked, "build news --out out", expected);
        refuses(&blocked, "build news --out out --adopt", expected);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let help = "take it away, or choose another folder with `--out`";
    for (path, target) in [
        ("out/rss.xml", "../theirs.xml"),
        ("out/ai", "../theirs"),
        ("out/feeds.opml", "../theirs.xml"),
        ("out/feedmill.json", "nowhere"),
    ] {
        let mill = mill().file("theirs.xml", "theirs").file("theirs/rss.xml", "theirs").file("out/other", "").link(path, target);
        let expected = format!("{path}: error: this is a symbolic link, which is not written through\n  help: {help}");
        refuses(&mill, "build news --out out --adopt", &expected);
    }
    let mill = mill().file("out/other", "").pipe("out/rss.xml");
    let _ = mill
        .run("build news --out out")
        .status(2)
        .stdout("")
        .stderr(&format!("out/rss.xml: error: this is not a regular file\n  help: {help}"));
}

#[test]
fn a_manifest_that_is_none_is_not_replaced() {
    for (manifest, why) in [
        ("{}", "missing field `feedmill` at line 1 column 2"),
        ("", "EOF while parsing a value at line 1 column 0"),
        (
            r#"{"feedmill": 2, "site": "", "site_file": false, "preview": false, "files": [], "feeds": []}"#,
            "it has form 2, and this program knows form 1",
        ),
        // Whoever can write in it must not have files taken away elsewhere.
        (
            r#"{"feedmill": 1, "site": "x", "files": [{"path": "../../secret.gz", "sha256": "", "bytes": 1, "content_type": "", "source": ""}], "feeds": []}"#,
            "`../../secret.gz` is no path of a file that feedmill writes",
        ),
        (
            r#"{"feedmill": 1, "site": "x", "files": [{"path": "/etc/secret.gz", "sha256": "", "bytes": 1, "content_type": "", "source": ""}], "feeds": []}"#,
            "`/etc/secret.gz` is no path of a file that feedmill writes",
        ),
    ] {
        let expected = format!(
            "feedmill: out/feedmill.json: this is not a manifest of feedmill: {why}\n  help: if it was damaged, delete it: the next run writes it anew; topics whose folders were decided by it may then get others"
        );
        refuses(&mill().file("out/feedmill.json", manifest), "build news --out out", &expected);
    }
}

#[test]
fn feeds_are_not_emptied_because_no_article_is_found() {
    let mill = mill();
    mill.run("build news --out out").silent();
    let mill = mill.without("news/good.md").article("news/draft.md", &format!("{ALL}\ndraft: true"));
    let expected = "
out: error: no published article was found, and there are feeds here; they stay as they are
  help: if this is meant, delete the folder; `feedmill check -v` lists what was found and why it is not shown
";
    refuses(&mill, "build news --out out", expected);
    refuses(&mill, "build news --out out --dry-run", expected);
    let expected = "
news: warning: no published article was found
  help: is this the folder of articles? `-v` lists what was found and why it is not shown
";
    let _ = mill.run("check news").status(0).stdout("").stderr(expected);
    let _ = mill.run("build news --out new").status(0).stdout("").stderr(expected);
    assert!(mill.listing("new").is_empty());
}

#[test]
fn feeds_of_a_site_are_not_written_over_without_its_file() {
    let mill = mill().file("news/feedmill.yaml", "id: example");
    mill.run("build news --out out").silent();
    let mill = mill.without("news/feedmill.yaml");
    refuses(
        &mill,
        "build news --out out",
        "
feedmill: out: these feeds were made with a site file, and none was found now; every feed would get another id
  help: name it with `--site`, or choose another folder with `--out`
",
    );
    mill.run("check news").silent();
}

#[test]
fn a_preview_and_the_public_feeds_do_not_mix() {
    let mill = mill();
    mill.run("build news --out out").silent();
    mill.run("build news --out preview --include-unpublished").silent();
    refuses(
        &mill,
        "build news --include-unpublished",
        "feedmill: `--include-unpublished` wants an output folder of its own\n  help: add `--out preview`",
    );
    refuses(
        &mill,
        "build news --out out --include-unpublished",
        "feedmill: out: these feeds are for the public, and a preview must not replace them\n  help: choose another folder with `--out`",
    );
    refuses(
        &mill,
        "build news --out preview",
        "feedmill: preview: these feeds are a preview\n  help: choose another folder with `--out`, or delete this one",
    );
}

#[test]
fn a_run_that_cannot_begin_says_why() {
    let mill = mill();
    let which = "
feedmill: which folder holds the articles?
  help: write `feedmill build FOLDER`, or name it in a site file (`feedmill init` writes one)
";
    let time = "feedmill: `--now` is not a time that can be read\n  help: write it like 2020-11-20T12:00:00Z";
    refuses(&mill, "build --out out", which);
    refuses(&mill, "check", which);
    refuses(
        &mill,
        "build nowhere --out out",
        "feedmill: nowhere: cannot read this folder: No such file or directory (os error 2)",
    );
    refuses(&mill, "build news --out out --now tomorrow", time);
    let mill = mill.variable("FEEDMILL_NOW", "yesterday");
    refuses(&mill, "check news", &time.replace("--now", "FEEDMILL_NOW"));
    refuses(&mill, "check news --now tomorrow", time);
}

#[test]
fn errors_are_for_every_run_warnings_unless_quiet_and_notes_if_asked_for() {
    let mill = mill()
        .file("news/feedmill.yaml", "base_url: https://feeds.example.org/")
        .article("news/bad.md", &format!("date: soon\nlocale: '?'\n{TITLE_AND_LINK}"))
        .article("news/hidden.md", &format!("{}\npublished: false", ALL.replace("/a", "/hidden")))
        .article("news/deleted.md", &format!("{}\ndeleted: true", ALL.replace("/a", "/deleted")))
        .article("news/later.md", "title: A\ndate: 2021-01-01\nlink: https://example.org/later")
        .article("news/layout.html", "layout: default")
        .article("news/mojibake.md", "title: Alexaâ€™s\ndate: 2020-11-01\nlink: https://example.org/mojibake")
        .file("news/readme.md", "# Readme\n");
    let error = "
news/bad.md:2:7: error: `date` is not a date that can be read
  2 | date: soon
    |       ^^^^
  help: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13";
    let warning = "
news/bad.md:3:9: warning: `locale` is not a language tag; it is ignored
  3 | locale: '?'
    |         ^^^
  help: write it like en or pt-BR";
    let note = "
news/mojibake.md:2:8: note: `title` held text in a wrong encoding, which was repaired
  2 | title: Alexaâ€™s
    |        ^^^^^^^^^
  help: `mojibake: off` in the site file leaves it alone";
    let others = "
news/layout.html: not an article: no date and no source address
news/readme.md: not an article: no front matter";
    let counts = "8 files read, 2 published, 1 unpublished, 1 withdrawn, 1 waiting for their date, 1 left out because of errors, 2 not articles";

    let _ = mill.run("check news -q").status(1).stdout("").stderr(error);
    let _ = mill.run("check news").status(1).stdout("").stderr(&format!("{error}{warning}"));
    let _ = mill.run("check news -v").status(1).stdout(&format!("{others}\n{counts}")).stderr(&format!("{error}{warning}{note}"));
    let _ = mill.run("build news --out out -q").status(0).stdout("").stderr(error);
    let mill = mill.without("out");
    let wrote = "wrote out/ai/atom.xml\nwrote out/ai/feed.json\nwrote out/ai/index.html\nwrote out/ai/rss.xml\n\
                 wrote out/assets/feedmill.css\nwrote out/assets/feedmill.js\nwrote out/atom.xml\nwrote out/feed.json\n\
                 wrote out/feedmill.json\nwrote out/feeds.opml\nwrote out/index.html\nwrote out/rss.xml\nout: a new feed of 2 entries\nout/ai: a new feed of 1 entry";
    let _ = mill
        .run("build news --out out -v")
        .status(0)
        .stdout(&format!("{others}\n{wrote}\n{counts}; 2 feeds: 12 files written, 0 unchanged"))
        .stderr(&format!("{error}{warning}{note}"));
    let _ = mill
        .run("build news --out out -v")
        .status(0)
        .stdout(&format!("{others}\n{counts}; 2 feeds: 0 files written, 12 unchanged"))
        .stderr(&format!("{error}{warning}{note}"));
}

/// A warning is not enough: the article is published all the same.
#[test]
fn a_strict_build_publishes_nothing_if_there_is_an_error() {
    let mill = mill().article("news/a.md", &format!("locale: '?'\n{ALL}"));
    assert_eq!(mill.run("build news --out out --strict").status, Some(0));
    let before = files(&mill.path("out"));
    assert!(!before.is_empty());

    let mill = mill.article("news/b.md", "title: B\ndate: soon\nlink: https://example.org/b");
    for arguments in ["build news --out out --strict", "build news --out out --strict --dry-run", "build news --out new --strict"]
    {
        let run = mill.run(arguments).status(1).stdout("");
        assert!(run.stderr.contains("news/b.md:3:7: error: `date` is not a date that can be read"), "{}", run.stderr);
    }
    assert!(files(&mill.path("out")) == before);
    assert!(!mill.path("new").exists());
    assert_eq!(mill.run("build news --out new").status, Some(0));
}

#[test]
fn a_dry_run_says_what_it_would_write_and_writes_nothing() {
    let mill = mill();
    let would = "
would write out/ai/atom.xml
would write out/ai/feed.json
would write out/ai/index.html
would write out/ai/rss.xml
would write out/assets/feedmill.css
would write out/assets/feedmill.js
would write out/atom.xml
would write out/feed.json
would write out/feedmill.json
would write out/feeds.opml
would write out/index.html
would write out/rss.xml
out: a new feed of 1 entry
out/ai: a new feed of 1 entry";
    let _ = mill.run("build news --out out --dry-run").status(0).stdout(would).stderr("");
    assert!(!mill.path("out").exists());

    mill.run("build news --out out").silent();
    mill.run("build news --out out --dry-run").silent();
    let mill = mill.story("news/b.md", "Another", "2020-11-11", "Robots");
    let before = files(&mill.path("out"));
    // The page of the other topic names it as its neighbour.
    let would = "
would write out/ai/index.html
would write out/atom.xml
would write out/feed.json
would write out/feedmill.json
would write out/feeds.opml
would write out/index.html
would write out/robots/atom.xml
would write out/robots/feed.json
would write out/robots/index.html
would write out/robots/rss.xml
would write out/rss.xml
out: 1 new
  + 2020-11-11 Another
out/ai: no entry comes or goes
out/robots: a new feed of 1 entry";
    let _ = mill.run("build news --out out --dry-run").status(0).stdout(would).stderr("");
    assert!(files(&mill.path("out")) == before);
}

#[test]
fn under_github_actions_findings_are_annotations_too() {
    let mill = mill()
        .article("news/50%, a: b.md", &format!("locale: '?'\n{ALL}"))
        .article("news/b.md", "title: B\ndate: soon\nlink: https://example.org/b")
        .variable("GITHUB_ACTIONS", "true");
    let run = mill.run("check news").status(1).stdout(
        "
::warning file=news/50%25%2C a%3A b.md,line=2,col=9::`locale` is not a language tag; it is ignored%0Ahelp: write it like en or pt-BR
::error file=news/b.md,line=3,col=7::`date` is not a date that can be read%0Ahelp: write it like 2020-11-13T18:07:00Z, 2020-11-13 18:07 +0100 or 2020-11-13
",
    );
    assert!(run.stderr.contains("news/50%, a: b.md:2:9: warning: `locale` is not a language tag; it is ignored\n"));
    let _ = mill.variable("GITHUB_ACTIONS", "false").run("check news -q").status(1).stdout("");
}

/// What `init` writes can be used as it is, and names a site that no other has.
#[test]
fn init_writes_a_site_file_once() {
    let mill = mill();
    let _ = mill.run("init").status(0).stderr("").stdout("wrote feedmill.yaml; next: set base_url in it, then `feedmill build`");
    let _ = mill
        .run("init news")
        .status(0)
        .stderr("")
        .stdout("wrote news/feedmill.yaml; next: set base_url in it, then `feedmill build news`");
    refuses(&mill, "init", "feedmill: feedmill.yaml: there is a site file already; it stays as it is");
    refuses(&mill, "init nowhere", "feedmill: nowhere/feedmill.yaml: cannot be written: No such file or directory (os error 2)");

    let (one, other) = (mill.read("feedmill.yaml"), mill.read("news/feedmill.yaml"));
    let id = |text: &str| text.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    assert_eq!(id(&one).len(), 36, "{one}");
    assert_ne!(id(&one), id(&other));
    assert_eq!(one.replace(&id(&one), ""), other.replace(&id(&other), ""));

    mill.run("build").silent();
    assert!(mill.read("feeds/feedmill.json").contains(&format!("\"site\": \"{}\"", id(&one))));
}

/// A build without the feature `hub` has the command, and says what it is without.
#[test]
#[cfg(not(feature = "hub"))]
fn without_the_feature_a_hub_is_named_and_cannot_be_told() {
    let mill = mill().file("news/feedmill.yaml", "hub: https://hub.example.org/").file("changed.txt", "");
    let _ = mill.run("build news --out out").status(0).stderr("");
    assert!(mill.read("out/rss.xml").contains("rel=\"hub\""));
    let expected = "feedmill: this build of feedmill cannot tell hubs: it was made without the feature `hub`
  help: build it with `--features hub`, or without `--no-default-features`";
    refuses(&mill, "ping news --changed changed.txt", expected);
    refuses(&mill, "ping news --changed changed.txt --dry-run", expected);
}
