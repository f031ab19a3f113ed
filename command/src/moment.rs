//! A moment as typed: a date, a time (RFC 3339), or how long ago.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use doorward::{Code, Error};

/// Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub i64);

impl Moment {
    pub fn is_past(self) -> bool {
        now().is_none_or(|now| self.0 < now)
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Moment, &'static str> {
        let ago = |seconds| now()?.checked_sub(seconds);
        let found = duration(text).and_then(ago).or_else(|| date_time(text));
        found
            .map(Moment)
            .ok_or("expected a time such as 2026-01-31T08:00:00Z, or how long ago it was, such as 2h")
    }
}

/// Returns the time so many days from now, in Unix seconds. Failure: the machine's clock tells no time.
pub fn in_days(days: u16) -> Result<i64, Error> {
    days_after(now(), days)
}

fn days_after(now: Option<i64>, days: u16) -> Result<i64, Error> {
    let end = now.and_then(|now| now.checked_add(i64::from(days) * 86_400));
    end.ok_or_else(|| Error::new(Code::InvalidRequest, "the clock of this machine tells no time"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the engine has a clock; its command lives in this machine's time"
)]
fn now() -> Option<i64> {
    SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs().try_into().ok()
}

fn duration(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits(number).and_then(|number| number.checked_mul(seconds))
}

fn date_time(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
    let [year, month, day] = parts(date, '-', [4, 2, 2])?;
    let (time, offset) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => {
            let (time, offset) = time.split_at_checked(time.len().checked_sub(6)?)?;
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let [hours, minutes] = parts(offset.strip_prefix(['+', '-'])?, ':', [2, 2])?;
            (time, sign * (hours * 3600 + minutes * 60))
        }
    };
    let time = match time.split_once('.') {
        Some((time, fraction)) => digits(fraction).map(|_| time)?,
        None => time,
    };
    let [hour, minute, second] = parts(time, ':', [2, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since 1 March of the year 0, as `show::time` counts them.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5;
    Some((days + day - 1 - 719_468) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Parses numbers with the given numbers of digits.
fn parts<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let is_wide = parts.len() == N && parts.iter().zip(widths).all(|(part, width)| part.len() == width);
    let numbers: Option<Vec<i64>> = parts.into_iter().map(digits).collect();
    numbers.filter(|_| is_wide)?.try_into().ok()
}

fn digits(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{date_time, days_after, duration};

    /// A key that was to expire is not made without an end.
    #[test]
    fn without_a_clock_no_end_is_known() {
        assert_eq!(days_after(Some(1_767_225_600), 2).unwrap(), 1_767_398_400);
        for now in [None, Some(i64::MAX)] {
            days_after(now, 2).unwrap_err();
        }
    }

    #[test]
    fn what_is_typed_is_a_moment() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2024-02-29t23:59:59.999z", Some(1_709_251_199)),
            ("2100-03-01 02:00:00+02:00", Some(4_107_542_400)),
            ("9999-12-31T18:29:59-05:30", Some(253_402_300_799)),
            ("2023-02-29", None),
            ("2100-02-29", None),
            ("2026-1-01", None),
            ("2026-01-01T00:00", None),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01T24:00:00Z", None),
            ("+026-01-01", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(date_time(text), expected, "{text}");
        }
        let durations = ["90s", "15m", "2h", "7d", "1w", "h", "-1h", "2", "é", "99999999999999999999d"];
        let expected =
            [Some(90), Some(900), Some(7200), Some(604_800), Some(604_800), None, None, None, None, None];
        assert_eq!(durations.map(duration), expected);
    }
}
