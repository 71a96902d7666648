use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::access::NewKey;

/// The first moment of some day.
const WALL: Duration = Duration::from_secs(20_000 * 86_400);

fn ring(rate: Option<Rate>, per_day: Option<u64>, started: Instant) -> (Keyring, NewKey) {
    let key = NewKey::generate().unwrap();
    let rules = KeyRules {
        digest: key.digest(),
        scopes: BTreeSet::from([Scope::Score]),
        rate,
        per_day,
    };
    (Keyring::new([("mobile".to_owned(), rules)], started), key)
}

#[test]
fn the_key_itself_is_found_and_nothing_else_is() {
    let (ring, key) = ring(None, None, Instant::now());
    let sent = key.reveal().as_bytes();
    let found = ring.find(sent).unwrap();
    assert_eq!(found.name(), "mobile");
    assert!(found.may(Scope::Score) && !found.may(Scope::Admin));
    assert!(ring.find(&sent[1..]).is_none());
    assert!(ring.find(b"").is_none());
    // The digest is no key: who reads the configuration cannot use it.
    assert!(ring.find(key.digest().to_string().as_bytes()).is_none());
    assert!(!format!("{ring:?}").contains(key.reveal()));
}

#[test]
fn sixty_four_clients_together_get_exactly_the_quota() {
    let started = Instant::now();
    let (ring, key) = ring(None, Some(1_000), started);
    let passed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let key = ring.find(key.reveal().as_bytes()).unwrap();
                    let granted = key.take(Instant::now(), WALL).1.is_ok();
                    passed.fetch_add(u64::from(granted), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 1_000);
}

#[test]
fn sixty_four_clients_together_get_exactly_the_rate() {
    let started = Instant::now();
    // At one moment a bucket has its burst; a tenth of a second later a tenth of what flows in within a second.
    let rate = Rate::new(500.0, 200).unwrap();
    let (ring, _) = ring(Some(rate), None, started);
    let key = &ring.keys[0];
    for (after, expected) in [(0, 200), (100, 50), (200, 50), (10_000, 200)] {
        let now = started + Duration::from_millis(after);
        let passed = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        passed
                            .fetch_add(u64::from(key.take(now, WALL).1.is_ok()), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), expected, "{after} ms");
    }
}

#[test]
fn what_one_limit_refuses_the_other_does_not_lose() {
    let started = Instant::now();
    let (ring, _) = ring(Some(Rate::new(1.0, 1).unwrap()), Some(2), started);
    let key = &ring.keys[0];
    let take = |seconds| {
        let after = Duration::from_secs(seconds);
        key.take(started + after, WALL + after)
    };
    assert_eq!(take(0).1, Ok(()));
    let (standing, refused) = take(0);
    assert_eq!(refused, Err(Spent::Rate(Duration::from_secs(1))));
    assert_eq!(standing.day.unwrap().left, 1);
    assert_eq!(take(1).1, Ok(()));
    let (standing, refused) = take(5);
    assert_eq!(refused, Err(Spent::Day(Duration::from_secs(86_395))));
    assert_eq!(standing.rate.unwrap().left, 1);
}

#[test]
fn what_was_used_goes_from_one_ring_to_the_next() {
    let started = Instant::now();
    let (one, _) = ring(None, Some(3), started);
    assert_eq!(one.day_uses(), []);
    for _ in 0..2 {
        one.keys[0].take(started, WALL).1.unwrap();
    }
    let uses = one.day_uses();
    assert_eq!((uses[0].key.as_str(), uses[0].used), ("mobile", 2));
    let gone = DayUse {
        key: "gone".into(),
        ..uses[0].clone()
    };
    let (next, _) = ring(None, Some(3), started);
    next.restore(&[gone, uses[0].clone()]);
    assert_eq!(next.day_uses(), uses);
    assert_eq!(next.keys[0].take(started, WALL).1, Ok(()));
    let day = Duration::from_secs(86_400);
    assert_eq!(next.keys[0].take(started, WALL).1, Err(Spent::Day(day)));
    assert_eq!(next.keys[0].take(started, WALL + day).1, Ok(()));
    // A ring without quotas has nothing to keep.
    let (free, _) = ring(None, None, started);
    free.restore(&uses);
    free.keys[0].take(started, WALL).1.unwrap();
    assert_eq!(free.day_uses(), []);
}

/// Welch's t between two samples, without the slowest twentieth of each: those were interrupted.
fn welch_t(mut one: Vec<f64>, mut other: Vec<f64>) -> f64 {
    let moments = |sample: &mut Vec<f64>| {
        sample.sort_by(f64::total_cmp);
        sample.truncate(sample.len() * 19 / 20);
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    };
    let ((first, v), (second, w)) = (moments(&mut one), moments(&mut other));
    (first - second) / (v + w).sqrt()
}

/// How long each of two keys takes to be refused, asked by lot, 100,000 times each in the mean.
fn timed(ring: &Keyring, keys: [&[u8]; 2]) -> f64 {
    let mut times = [Vec::with_capacity(200_000), Vec::with_capacity(200_000)];
    // Both are asked from one place: another place in memory would take another time.
    let mut sent = keys[0].to_vec();
    let mut lot = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200_000 {
        lot ^= lot << 13;
        lot ^= lot >> 7;
        lot ^= lot << 17;
        let which = usize::from(lot & 1 << 40 == 0);
        sent.copy_from_slice(keys[which]);
        let started = std::time::Instant::now();
        black_box(ring.find(black_box(&sent)).is_some());
        times[which].push(started.elapsed().as_nanos() as f64);
    }
    let [one, other] = times;
    welch_t(one, other)
}

#[test]
fn time_does_not_tell_where_a_key_is_wrong() {
    let (ring, key) = ring(None, None, Instant::now());
    let wrong_at = |index: usize| {
        let mut sent = key.reveal().as_bytes().to_vec();
        sent[index] ^= 1;
        sent
    };
    let (first, last) = (wrong_at(0), wrong_at(key.reveal().len() - 1));
    // A busy machine may disturb one measurement; a leak is there in all of them.
    let t = (0..3)
        .map(|_| timed(&ring, [&first, &last]))
        .min_by(|a, b| a.abs().total_cmp(&b.abs()))
        .unwrap();
    assert!(t.abs() < 4.5, "Welch's t is {t}");
}

#[test]
fn the_test_of_times_finds_a_difference_that_is_there() {
    let noisy = |mean: f64| (0..1_000).map(move |i| mean + f64::from(i % 7));
    let t = welch_t(noisy(100.0).collect(), noisy(101.0).collect());
    assert!(t.abs() > 4.5, "{t}");
}
