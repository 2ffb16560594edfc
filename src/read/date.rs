//! Dates as people and programs write them, to UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A date of one of these forms, in UTC to the second; one without a zone is in `zone`.
///
/// RFC 3339 with or without a fraction, `YYYY-MM-DD`, `YYYY-MM-DD HH:MM[:SS] [±HH:MM|±HHMM|±HH|Z|UTC|GMT]`, with `T` or
/// white space before the time. Fractions are cut, a leap second counts as the second before it. `None`: not a date.
#[must_use]
pub fn parse(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let date = leading_date(text)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return local(date.and_time(NaiveTime::MIN), zone);
    }
    let rest = rest.strip_prefix(['T', 't']).or_else(|| rest.strip_prefix([' ', '\t'])).map(str::trim_start)?;
    let (time, rest) = time(rest)?;
    let naive = date.and_time(time);
    match rest.trim_start() {
        "" => local(naive, zone),
        "Z" | "z" | "UTC" | "GMT" => in_range(naive.and_utc()),
        offset => in_range(naive.checked_sub_signed(TimeDelta::minutes(minutes(offset)?))?.and_utc()),
    }
}

/// The date that a file name begins with, as Jekyll posts do, at midnight in `zone`.
#[must_use]
pub fn of_file_name(name: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let date = leading_date(name)?;
    if name.as_bytes().get(10).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    local(date.and_time(NaiveTime::MIN), zone)
}

/// The `YYYY-MM-DD` at the start of `text`.
fn leading_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes().get(..10)?;
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(&bytes[..4])?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, digits(&bytes[5..7])?, digits(&bytes[8..])?)
}

/// `HH:MM[:SS[.fraction]]` and what follows it.
fn time(text: &str) -> Option<(NaiveTime, &str)> {
    let bytes = text.as_bytes();
    let hour = digits(bytes.get(..2)?)?;
    if bytes.get(2) != Some(&b':') {
        return None;
    }
    let minute = digits(bytes.get(3..5)?)?;
    let mut second = 0;
    let mut end = 5;
    if bytes.get(5) == Some(&b':') {
        second = digits(bytes.get(6..8)?)?;
        end = 8;
        if matches!(bytes.get(8), Some(b'.' | b',')) {
            let fraction = bytes[9..].iter().take_while(|b| b.is_ascii_digit()).count();
            if fraction == 0 {
                return None;
            }
            end = 9 + fraction;
        }
    }
    // RFC 3339 allows second 60 in a leap second, which no feed format can say.
    let time = NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second })?;
    Some((time, text.get(end..)?))
}

/// `±HH:MM`, `±HHMM` or `±HH` in minutes.
fn minutes(offset: &str) -> Option<i64> {
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let rest = &offset.as_bytes()[1..];
    let (hours, minutes) = match rest.len() {
        2 => (digits(rest)?, 0),
        4 => (digits(&rest[..2])?, digits(&rest[2..])?),
        5 if rest[2] == b':' => (digits(&rest[..2])?, digits(&rest[3..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 60 + minutes))
}

/// A number of ASCII digits only: `u32::from_str` would take a sign.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// A wall-clock time in `zone`: the earlier one where it occurs twice, an hour later where the clock leaps over it.
fn local(naive: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let found = zone.from_local_datetime(&naive).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&naive.checked_add_signed(TimeDelta::hours(1))?).earliest());
    in_range(found?.to_utc())
}

/// Feeds write years with four digits (RFC 822 as amended by RFC 2822, RFC 3339).
fn in_range(date: DateTime<Utc>) -> Option<DateTime<Utc>> {
    use chrono::Datelike;
    (1..=9999).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        parse(text, Tz::UTC).map(|d| d.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    #[test]
    fn forms_that_are_understood() {
        for (text, expected) in [
            ("2020-11-13T18:07:00Z", "2020-11-13T18:07:00Z"),
            ("2020-11-13t18:07:00z", "2020-11-13T18:07:00Z"),
            ("2020-11-13T18:07:00.123456789Z", "2020-11-13T18:07:00Z"),
            ("2020-11-13T18:07:00+05:30", "2020-11-13T12:37:00Z"),
            ("2020-11-13T18:07:00-0800", "2020-11-14T02:07:00Z"),
            ("2020-11-13", "2020-11-13T00:00:00Z"),
            ("2020-11-13 18:07", "2020-11-13T18:07:00Z"),
            ("2020-11-13 18:07:09", "2020-11-13T18:07:09Z"),
            ("2020-11-13 18:07:09 +0100", "2020-11-13T17:07:09Z"),
            ("2020-11-13 18:07 -08", "2020-11-14T02:07:00Z"),
            ("2020-11-13  18:07:09 Z", "2020-11-13T18:07:09Z"),
            ("2020-11-13 18:07:09 UTC", "2020-11-13T18:07:09Z"),
            ("  2016-12-31T23:59:60Z ", "2016-12-31T23:59:59Z"),
            ("2020-02-29", "2020-02-29T00:00:00Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date() {
        for text in [
            "",
            "yesterday",
            "13 Nov 2020",
            "2020-13-01",
            "2021-02-29",
            "2020-11-13T",
            "2020-11-13T25:00:00Z",
            "2020-11-13T18:07:00.Z",
            "2020-11-13T18:07:00 CET",
            "2020-11-13T18:07:00+99:00",
            "2020-11-1318:07",
            "+020-11-13",
            "20201113",
            "0000-01-01",
            "2020-11-13é",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_without_a_zone_is_in_the_zone_of_the_site() {
        let berlin = |text| parse(text, Tz::Europe__Berlin).map(|d| d.to_rfc3339());
        assert_eq!(berlin("2020-07-01 12:00").as_deref(), Some("2020-07-01T10:00:00+00:00"));
        assert_eq!(berlin("2020-07-01").as_deref(), Some("2020-06-30T22:00:00+00:00"));
        assert_eq!(berlin("2020-07-01T12:00:00Z").as_deref(), Some("2020-07-01T12:00:00+00:00"));
        assert_eq!(berlin("2020-10-25 02:30").as_deref(), Some("2020-10-25T00:30:00+00:00"), "twice: the earlier");
        assert_eq!(berlin("2020-03-29 02:30").as_deref(), Some("2020-03-29T01:30:00+00:00"), "never: an hour later");
    }

    #[test]
    fn a_file_name_may_begin_with_the_date() {
        let date = |name| of_file_name(name, Tz::UTC).map(|d| d.format("%F").to_string());
        assert_eq!(date("2020-11-13-alexa.md").as_deref(), Some("2020-11-13"));
        assert_eq!(date("2020-11-13.md").as_deref(), Some("2020-11-13"));
        assert_eq!(date("2020-11-131.md"), None);
        assert_eq!(date("alexa-2020-11-13.md"), None);
    }
}
