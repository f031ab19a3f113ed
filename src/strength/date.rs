//! Dates and years in a password.

use super::part::{Cheapest, Part, Pattern};

/// The year from which others are counted: a constant, so that the verdict on a password stays.
const PRESENT: u32 = 2026;
/// The fewest years that are tried.
const LEAST_YEARS: u32 = 20;

const SHORTEST: usize = 4;
const LONGEST: usize = 10;

/// Finds the parts of a text that are dates, or years that are not long ago. Dates in longer ones are none.
pub(super) fn parts(text: &[char], parts: &mut Cheapest) {
    years(text, parts);
    for start in 0..text.len() {
        for end in start + SHORTEST..=text.len().min(start + LONGEST) {
            if let Some(guesses) = date(&text[start..end])
                && !is_in_longer(text, start, end)
            {
                parts.add(dated(start, end, guesses));
            }
        }
    }
}

fn is_in_longer(text: &[char], start: usize, end: usize) -> bool {
    (end.saturating_sub(LONGEST)..=start).any(|first| {
        let most = text.len().min(first + LONGEST);
        (end..=most).any(|last| (first, last) != (start, end) && date(&text[first..last]).is_some())
    })
}

fn dated(start: usize, end: usize, guesses: f64) -> Part {
    Part { start, end, pattern: Pattern::Date, guesses }
}

fn years(text: &[char], parts: &mut Cheapest) {
    let mut start = 0;
    while let Some(four) = text.get(start..start + 4) {
        match number(four) {
            Some(year @ 1900..2100) => {
                parts.add(dated(start, start + 4, years_to(year)));
                start += 4;
            }
            _ => start += 1,
        }
    }
}

/// Returns the number of years that are tried until this one is found.
fn years_to(year: u32) -> f64 {
    f64::from(year.abs_diff(PRESENT).max(LEAST_YEARS))
}

fn number(digits: &[char]) -> Option<u32> {
    digits.iter().try_fold(0, |number, c| Some(10 * number + c.to_digit(10)?))
}

/// Returns how many guesses find a text that is a date, with or without separators.
fn date(text: &[char]) -> Option<f64> {
    match text.iter().position(|c| !c.is_ascii_digit()) {
        None => without_separators(text),
        Some(first) => separated(text, first),
    }
}

/// The year may be one of several: it is the one nearest to the present.
fn without_separators(digits: &[char]) -> Option<f64> {
    let splits: &[(usize, usize)] = match digits.len() {
        4 => &[(1, 2), (2, 3)],
        5 => &[(1, 3), (2, 3)],
        6 => &[(1, 2), (2, 4), (4, 5)],
        7 => &[(1, 3), (2, 3), (4, 5), (4, 6)],
        8 => &[(2, 4), (4, 6)],
        _ => return None,
    };
    let year = |(second, third): &(usize, usize)| {
        let parts = [&digits[..*second], &digits[*second..*third], &digits[*third..]];
        year_of(parts.map(number))
    };
    splits.iter().filter_map(year).map(|year| 365.0 * years_to(year)).reduce(f64::min)
}

fn separated(text: &[char], first: usize) -> Option<f64> {
    let separator = text[first];
    let (before, rest) = (&text[..first], &text[first + 1..]);
    let second = rest.iter().position(|c| *c == separator)?;
    let (between, after) = (&rest[..second], &rest[second + 1..]);
    let is_separator = separator.is_whitespace() || "/\\_.-".contains(separator);
    let have_lengths = [(before, 4), (between, 2), (after, 4)]
        .into_iter()
        .all(|(digits, most)| (1..=most).contains(&digits.len()));
    (is_separator && have_lengths).then_some(())?;
    let year = year_of([before, between, after].map(number))?;
    Some(365.0 * 4.0 * years_to(year))
}

/// Returns the year of three numbers of which the first or the last is a year, and the others are a day and a
/// month.
fn year_of(numbers: [Option<u32>; 3]) -> Option<u32> {
    let [Some(first), Some(second), Some(third)] = numbers else { return None };
    let all = [first, second, third];
    let count = |is: fn(u32) -> bool| all.into_iter().filter(|number| is(*number)).count();
    let is_year = |number: u32| (1000..=2050).contains(&number);
    let is_refused = !(1..=31).contains(&second)
        || all.into_iter().any(|number| number > 99 && !is_year(number))
        || count(|number| number > 31) > 1
        || count(|number| number > 12) > 2
        || count(|number| number == 0) > 1;
    if is_refused {
        return None;
    }
    let ways = [(third, [first, second]), (first, [second, third])];
    // Beside a year of four digits there is no other.
    if let Some((year, rest)) = ways.into_iter().find(|(year, _)| is_year(*year)) {
        return are_day_and_month(rest).then_some(year);
    }
    let (year, _) = ways.into_iter().find(|(_, rest)| are_day_and_month(*rest))?;
    Some(match year {
        0..=50 => 2000 + year,
        51..=99 => 1900 + year,
        _ => year,
    })
}

fn are_day_and_month([one, other]: [u32; 2]) -> bool {
    let are = |day, month| (1..=31).contains(&day) && (1..=12).contains(&month);
    are(one, other) || are(other, one)
}
