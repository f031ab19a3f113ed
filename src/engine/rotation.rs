//! The rule of `refresh`: how an offered refresh token is treated, by its generation (RFC 9700 section
//! 4.14.2).

use crate::store::sessions::Generations;

/// How many repeats outside the grace window a session tolerates within [`REPEATS_SECONDS`].
pub(crate) const MOST_REPEATS: usize = 3;

/// How long a repeat counts.
const REPEATS_SECONDS: i64 = 30 * 86_400;

/// How far a clock may be set back without an effect. A rotation that is later than that from now was made
/// while a clock was wrong, and is not recent: its grace would last until that time.
const SET_BACK_SECONDS: i64 = 86_400;

/// The outcome of an offered refresh token. All but the last return the successor of the offered token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// The token is the newest: the session advances.
    Next,
    /// Its successor was made a while ago and has not been used: a reply was lost, or the token was copied.
    /// The repeat is counted and logged.
    Repeat,
    /// Its successor has only just been made: two tabs refreshed at once.
    Grace,
    /// The token was spent before: it was stolen or is being replayed, so the session ends.
    Reused,
}

impl Rotation {
    /// Returns the outcome for the token of generation `offered` of a session with these `generations`.
    pub fn of(offered: i64, generations: &Generations, now: i64, grace: i64) -> Rotation {
        let Generations { newest, rotated_at, replaced_at, repeats } = generations;
        let is_recent = |time: i64| now < time + grace && time <= now + SET_BACK_SECONDS;
        match newest - offered {
            0 => Rotation::Next,
            // Twenty callers that repeat one token at once are one repeat.
            1 if is_recent(*rotated_at) || repeats.last().is_some_and(|time| is_recent(*time)) => {
                Rotation::Grace
            }
            1 if counted(repeats, now).count() < MOST_REPEATS => Rotation::Repeat,
            2 if is_recent(*replaced_at) => Rotation::Grace,
            _ => Rotation::Reused,
        }
    }
}

/// Returns the repeats that count at `now`.
pub(crate) fn counted(repeats: &[i64], now: i64) -> impl Iterator<Item = i64> {
    repeats.iter().copied().filter(move |time| now < time + REPEATS_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::Rotation::{Grace, Next, Repeat, Reused};
    use super::*;

    const NOW: i64 = 1_767_225_600;
    const DAY: i64 = 86_400;

    /// Returns the outcomes for the tokens of a session whose generation 6 was made at `NOW` and 5 ten
    /// seconds before.
    fn outcomes(after: i64, repeats: &[i64]) -> [Rotation; 4] {
        let repeats = repeats.iter().map(|ago| NOW + after - ago).collect();
        let generations = Generations { newest: 6, rotated_at: NOW, replaced_at: NOW - 10, repeats };
        [6, 5, 4, 3].map(|offered| Rotation::of(offered, &generations, NOW + after, 30))
    }

    #[test]
    fn by_generation_and_age() {
        assert_eq!(outcomes(0, &[]), [Next, Grace, Grace, Reused]);
        assert_eq!(outcomes(19, &[]), [Next, Grace, Grace, Reused]);
        assert_eq!(outcomes(20, &[]), [Next, Grace, Reused, Reused]);
        assert_eq!(outcomes(29, &[]), [Next, Grace, Reused, Reused]);
        assert_eq!(outcomes(30, &[]), [Next, Repeat, Reused, Reused]);
        assert_eq!(outcomes(3 * DAY, &[]), [Next, Repeat, Reused, Reused]);
    }

    #[test]
    fn a_session_bears_three_repeats_in_thirty_days() {
        assert_eq!(outcomes(DAY, &[3 * DAY, 2 * DAY])[1], Repeat);
        assert_eq!(outcomes(DAY, &[3 * DAY, 2 * DAY, DAY]), [Next, Reused, Reused, Reused]);
        assert_eq!(outcomes(DAY, &[30 * DAY - 1, 2 * DAY, DAY])[1], Reused);
        assert_eq!(outcomes(DAY, &[30 * DAY, 2 * DAY, DAY])[1], Repeat);
        // The grace window for two tabs still holds.
        assert_eq!(outcomes(5, &[3 * DAY, 2 * DAY, DAY])[1], Grace);
    }

    #[test]
    fn repeats_at_once_are_one() {
        assert_eq!(outcomes(DAY, &[29])[1], Grace);
        assert_eq!(outcomes(DAY, &[30])[1], Repeat);
        assert_eq!(outcomes(DAY, &[2 * DAY, DAY, 29])[1], Grace);
        assert_eq!(outcomes(DAY, &[2 * DAY, DAY, 30])[1], Reused);
    }

    #[test]
    fn a_clock_that_is_set_back_ends_nothing() {
        assert_eq!(outcomes(-7200, &[]), [Next, Grace, Grace, Reused]);
        assert_eq!(outcomes(-7200, &[DAY, 2 * DAY, 3 * DAY])[1], Grace);
    }

    #[test]
    fn the_grace_of_a_clock_that_ran_ahead_ends() {
        assert_eq!(outcomes(-DAY, &[]), [Next, Grace, Grace, Reused]);
        assert_eq!(outcomes(-DAY - 1, &[]), [Next, Repeat, Grace, Reused]);
        assert_eq!(outcomes(-DAY - 11, &[]), [Next, Repeat, Reused, Reused]);
        assert_eq!(outcomes(-365 * DAY, &[]), [Next, Repeat, Reused, Reused]);
        assert_eq!(outcomes(-365 * DAY, &[0]), [Next, Grace, Reused, Reused]);
    }

    #[test]
    fn a_generation_that_was_never_made_is_refused() {
        let generations = Generations { newest: 6, rotated_at: NOW, replaced_at: NOW, repeats: Vec::new() };
        for offered in [7, 8, i64::from(u32::MAX)] {
            assert_eq!(Rotation::of(offered, &generations, NOW, 30), Reused);
        }
    }
}
