//! Time as the pipeline sees it: every wait goes through here, so that a rollout against the local AWS
//! takes milliseconds and no code path sleeps on its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use rollout_verdict::Moment;

/// RFC 3339 in UTC, to the second.
#[must_use]
pub fn rfc3339(moment: Moment) -> String {
    let secs = i64::try_from(moment.as_millis() / 1000).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(secs).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// A future that a trait object can return.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the pipeline gets its time from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Returns after `duration` on this clock.
    fn sleep(&self, duration: Duration) -> Boxed<'_, ()>;

    /// Told that somebody waits for `duration` on the wall clock: a clock of its own lets as much time pass.
    fn pass(&self, _duration: Duration) {}
}

/// The wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Moment::from_epoch_secs(since_epoch.map_or(0.0, |elapsed| elapsed.as_secs_f64()))
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// How far AWS's clock is ahead of this machine's. Clones share the value.
///
/// AWS's SDKs bear a difference of five minutes, and so does what is built on this: moments of AWS are only compared with
/// moments of AWS.
#[derive(Debug, Clone, Default)]
pub struct Offset(Arc<AtomicI64>);

/// The `Date` of an answer has whole seconds, and the answer was under way for a moment: less is no difference.
const NO_DIFFERENCE_MILLIS: i64 = 2000;

impl Offset {
    /// Takes note of an answer that came at `here` by this machine's clock and was made at `there` by AWS's.
    pub(crate) fn note(&self, here: Moment, there: Moment) {
        let millis = |moment: Moment| i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
        // The middle of the second that `there` names.
        let measured = millis(there) + 500 - millis(here);
        let known = self.0.load(Ordering::Relaxed);
        if (measured - known).abs() > NO_DIFFERENCE_MILLIS {
            let new = if measured.abs() > NO_DIFFERENCE_MILLIS { measured } else { 0 };
            self.0.store(new, Ordering::Relaxed);
        }
    }

    /// Seconds that AWS's clock is ahead; negative where it is behind, zero where the difference is not worth a word.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a difference of clocks is far below 2^53 ms")]
    pub fn secs(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

/// AWS's time, on a machine whose own clock may be wrong.
pub struct AwsClock {
    /// The machine's clock.
    pub machine: Arc<dyn Clock>,
    /// How far AWS's is ahead of it.
    pub offset: Offset,
}

impl Clock for AwsClock {
    fn now(&self) -> Moment {
        let (now, ahead) = (self.machine.now(), self.offset.secs());
        if ahead < 0.0 { now.minus_secs(-ahead) } else { now.plus_secs(ahead) }
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        self.machine.sleep(duration)
    }

    fn pass(&self, duration: Duration) {
        self.machine.pass(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_follows_the_date_of_answers_and_leaves_small_differences_alone() {
        let offset = Offset::default();
        let at = |secs: f64| Moment::from_epoch_secs(1_700_000_000.0 + secs);
        offset.note(at(1.9), at(0.0));
        assert!(offset.secs().abs() < f64::EPSILON);
        offset.note(at(0.0), at(300.0));
        assert!((offset.secs() - 300.5).abs() < 1e-6, "{}", offset.secs());
        // The next answer says nearly the same.
        offset.note(at(10.9), at(310.0));
        assert!((offset.secs() - 300.5).abs() < 1e-6, "{}", offset.secs());
        // The machine's clock was set right.
        offset.note(at(320.0), at(320.0));
        assert!(offset.secs().abs() < f64::EPSILON);
        offset.note(at(300.0), at(0.0));
        assert!((offset.secs() + 299.5).abs() < 1e-6, "{}", offset.secs());
    }
}
