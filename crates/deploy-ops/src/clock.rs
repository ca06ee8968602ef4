//! Time as the pipeline sees it: every wait goes through here, so that a rollout against the local AWS
//! takes milliseconds and no code path sleeps on its own.

use std::future::Future;
use std::pin::Pin;
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
