//! A little chance in delays, so that many do not act in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Whether there is any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jitter(pub(crate) bool);

impl Jitter {
    /// `delay`, longer by up to `share` of it.
    #[must_use]
    pub(crate) fn longer(self, delay: Duration, share: f64) -> Duration {
        if !self.0 {
            return delay;
        }
        // Each `RandomState` has keys of its own: no more randomness is needed here.
        let thousandth = Duration::from_millis(RandomState::new().hash_one(0) % 1001);
        delay + delay.mul_f64(share * thousandth.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_becomes_longer_by_no_more_than_its_share() {
        let delay = Duration::from_secs(10);
        let longer: Vec<_> = (0..200).map(|_| Jitter(true).longer(delay, 0.5)).collect();
        assert!(longer.iter().all(|of| (delay..=delay * 3 / 2).contains(of)), "{longer:?}");
        let (least, most) = (longer.iter().min().unwrap(), longer.iter().max().unwrap());
        assert!(*most - *least > Duration::from_secs(2), "not by chance: {longer:?}");
        assert_eq!(Jitter(false).longer(delay, 0.5), delay);
    }
}
