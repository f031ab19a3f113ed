//! What a refresh token is good for, by its generation (RFC 9700 section 4.14.2): the rule of `refresh`.

use crate::store::sessions::Generations;

/// How many repeats outside the grace window a session bears in [`REPEATS_SECONDS`].
pub(crate) const MOST_REPEATS: usize = 3;

/// For how long a repeat is counted.
const REPEATS_SECONDS: i64 = 30 * 86_400;

/// What the offer of a refresh token comes to. All but the last hand out the successor of the token that was
/// offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// It is the newest token: the session advances.
    Next,
    /// Its successor was made a while ago and is not used yet: the reply was lost, or somebody else has the token
    /// too. It is counted, and logged.
    Repeat,
    /// Its successor was made only just: two tabs.
    Grace,
    /// It is spent. It was stolen, or is being replayed: the session ends.
    Reused,
}

impl Rotation {
    /// The outcome for the token of generation `offered` of a session with these `generations`.
    pub fn of(offered: i64, generations: &Generations, now: i64, grace: i64) -> Rotation {
        let Generations { newest, rotated_at, replaced_at, repeats } = generations;
        let is_recent = |time: i64| now < time + grace;
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

/// The repeats that count at `now`.
pub(crate) fn counted(repeats: &[i64], now: i64) -> impl Iterator<Item = i64> {
    repeats.iter().copied().filter(move |time| now < time + REPEATS_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::Rotation::{Grace, Next, Repeat, Reused};
    use super::*;

    const NOW: i64 = 1_767_225_600;
    const DAY: i64 = 86_400;

    /// Of the tokens of a session whose generation 6 was made at `NOW` and 5 ten seconds before.
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
        // The window of two tabs holds even so.
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
    fn a_generation_that_was_never_made_is_refused() {
        let generations = Generations { newest: 6, rotated_at: NOW, replaced_at: NOW, repeats: Vec::new() };
        for offered in [7, 8, i64::from(u32::MAX)] {
            assert_eq!(Rotation::of(offered, &generations, NOW, 30), Reused);
        }
    }
}
