//! Leaves an engine alone that fails. Pure: the clock is passed in.
//!
//! Closed: every request passes, and outcomes are counted. Open: none passes until a rest is over. Half open: one
//! request passes, the probe; its outcome closes the circuit or opens it again for twice as long.

use std::time::Duration;

use crate::backend::CircuitState;

/// This many failures in a row open the circuit.
const IN_A_ROW: u32 = 5;
/// So do failures of half the outcomes in this many ...
const WINDOW: u32 = 32;
/// ... as soon as there are this many of them.
const LEAST: u32 = 16;
/// The first rest; it doubles with each probe that fails.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The circuit of one engine. Times are since the client began.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Tells outcomes of this state from late ones of an earlier state.
    era: u64,
    last_failure: String,
}

#[derive(Debug)]
enum State {
    Closed {
        in_a_row: u32,
        /// One bit for each of the last outcomes, the newest lowest; a failure is 1.
        window: u32,
        /// How many of the bits are outcomes.
        filled: u32,
    },
    Open {
        until: Duration,
        rest: Duration,
        /// Whether the probe is under way.
        probing: bool,
    },
}

const CLOSED: State = State::Closed {
    in_a_row: 0,
    window: 0,
    filled: 0,
};

/// Leave to send one request; its outcome is to be reported with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    era: u64,
}

/// What an outcome says of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is alive.
    Alive,
    /// It fails, and how.
    Failing(String),
    /// Nothing: the asker left.
    Unknown,
}

/// Why no request may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rest {
    /// How long from now until another may try.
    pub(super) left: Duration,
    /// The last failure.
    pub(super) message: String,
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker {
            state: CLOSED,
            era: 0,
            last_failure: String::new(),
        }
    }
}

impl Breaker {
    /// Whether the engine is asked, for people and programs that watch.
    pub(super) fn state(&self, now: Duration) -> CircuitState {
        let message = || self.last_failure.clone();
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { until, probing, .. } if probing || now >= until => {
                CircuitState::HalfOpen { message: message() }
            }
            State::Open { until, .. } => {
                let left = until.saturating_sub(now);
                CircuitState::Open {
                    seconds: left.as_secs() + u64::from(left.subsec_nanos() > 0),
                    message: message(),
                }
            }
        }
    }

    /// Whether a request would be let through; takes nothing.
    pub(super) fn check(&self, now: Duration) -> Result<(), Rest> {
        match self.state {
            State::Open { until, probing, .. } if probing || now < until => Err(Rest {
                left: until.saturating_sub(now),
                message: self.last_failure.clone(),
            }),
            State::Open { .. } | State::Closed { .. } => Ok(()),
        }
    }

    /// Lets a request through, or says how long the engine rests.
    pub(super) fn pass(&mut self, now: Duration) -> Result<Pass, Rest> {
        self.check(now)?;
        if let State::Open { probing, .. } = &mut self.state {
            *probing = true;
            self.era += 1;
        }
        Ok(Pass { era: self.era })
    }

    /// Takes note of what became of a request.
    pub(super) fn report(&mut self, pass: Pass, outcome: Outcome, now: Duration) {
        if pass.era != self.era {
            return;
        }
        match (&mut self.state, outcome) {
            (State::Closed { .. }, Outcome::Unknown) => {}
            (State::Closed { .. }, Outcome::Alive) => self.count(0, now),
            (State::Closed { .. }, Outcome::Failing(message)) => {
                self.last_failure = message;
                self.count(1, now);
            }
            (State::Open { .. }, Outcome::Alive) => {
                self.state = CLOSED;
                self.era += 1;
            }
            // The next one is the probe.
            (State::Open { probing, .. }, Outcome::Unknown) => {
                *probing = false;
                self.era += 1;
            }
            (State::Open { rest, .. }, Outcome::Failing(message)) => {
                let rest = (*rest * 2).min(LONGEST_REST);
                self.last_failure = message;
                self.open(rest, now);
            }
        }
    }

    fn count(&mut self, failure: u32, now: Duration) {
        let State::Closed {
            in_a_row,
            window,
            filled,
        } = &mut self.state
        else {
            return;
        };
        *in_a_row = (*in_a_row + 1) * failure;
        *window = *window << 1 | failure;
        *filled = (*filled + 1).min(WINDOW);
        let half = *filled >= LEAST && 2 * window.count_ones() >= *filled;
        if failure == 1 && (*in_a_row >= IN_A_ROW || half) {
            self.open(FIRST_REST, now);
        }
    }

    fn open(&mut self, rest: Duration, now: Duration) {
        self.era += 1;
        self.state = State::Open {
            until: now + rest,
            rest,
            probing: false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    fn failing() -> Outcome {
        Outcome::Failing("as told".into())
    }

    fn send(breaker: &mut Breaker, outcome: Outcome, now: Duration) -> bool {
        let pass = breaker.pass(now);
        if let Ok(pass) = pass {
            breaker.report(pass, outcome, now);
        }
        breaker.check(now).is_err()
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        assert!((0..5).any(|_| send(&mut breaker, failing(), START)));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            assert!((0..4).all(|_| !send(&mut breaker, failing(), START)));
            assert!((0..9).all(|_| !send(&mut breaker, Outcome::Alive, START)));
        }
        assert!((0..4).all(|_| !send(&mut breaker, failing(), START)));
        assert!(send(&mut breaker, failing(), START));
    }

    #[test]
    fn half_of_the_window_failing_opens_it_however_they_are_mixed() {
        let mut breaker = Breaker::default();
        let opened = (0..WINDOW).position(|turn| {
            let outcome = if turn % 2 == 1 {
                failing()
            } else {
                Outcome::Alive
            };
            send(&mut breaker, outcome, START)
        });
        assert_eq!(opened, Some(LEAST as usize - 1));
        // Old failures are forgotten.
        let mut breaker = Breaker::default();
        for turn in 0..10_000 {
            let outcome = if turn % 3 == 0 {
                failing()
            } else {
                Outcome::Alive
            };
            assert!(!send(&mut breaker, outcome, START));
        }
    }

    #[test]
    fn one_probe_passes_after_the_rest_and_closes_it() {
        let mut breaker = opened();
        let just_before = START + FIRST_REST - Duration::from_millis(1);
        let rest = breaker.pass(just_before).unwrap_err();
        assert_eq!(rest.left, Duration::from_millis(1));
        assert_eq!(rest.message, "as told");
        let resting = CircuitState::Open {
            seconds: 1,
            message: "as told".into(),
        };
        assert_eq!(breaker.state(just_before), resting);
        let later = START + FIRST_REST;
        assert_eq!(breaker.state(later).name(), "half_open");
        let probe = breaker.pass(later).unwrap();
        assert_eq!(breaker.state(later).name(), "half_open");
        assert!(breaker.pass(later).is_err(), "two probes");
        breaker.report(probe, Outcome::Alive, later);
        assert_eq!(breaker.state(later), CircuitState::Closed);
        assert!((0..9).all(|_| breaker.pass(later).is_ok()));
    }

    #[test]
    fn a_failed_probe_doubles_the_rest_up_to_the_longest() {
        let mut breaker = opened();
        let (mut now, mut rest) = (START, FIRST_REST);
        for _ in 0..9 {
            now += rest;
            let probe = breaker.pass(now).unwrap();
            breaker.report(probe, failing(), now);
            rest = (rest * 2).min(LONGEST_REST);
            assert_eq!(breaker.pass(now).unwrap_err().left, rest);
        }
        assert_eq!(rest, LONGEST_REST);
    }

    #[test]
    fn a_probe_whose_asker_leaves_makes_room_for_another() {
        let mut breaker = opened();
        let later = START + FIRST_REST;
        let left = breaker.pass(later).unwrap();
        breaker.report(left, Outcome::Unknown, later);
        let probe = breaker.pass(later).unwrap();
        assert_ne!(left, probe);
    }

    #[test]
    fn what_was_sent_before_it_opened_says_nothing_later() {
        let mut breaker = Breaker::default();
        let early = breaker.pass(START).unwrap();
        while !send(&mut breaker, failing(), START) {}
        breaker.report(early, Outcome::Alive, START);
        assert!(breaker.check(START).is_err(), "a late success closed it");
        let later = START + FIRST_REST;
        let probe = breaker.pass(later).unwrap();
        breaker.report(early, failing(), later);
        assert_eq!(breaker.check(later).unwrap_err().left, Duration::ZERO);
        breaker.report(probe, Outcome::Alive, later);
        assert!(breaker.check(later).is_ok());
    }
}
