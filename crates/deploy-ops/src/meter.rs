//! Counts the calls to AWS, to stay within the budgets of its APIs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use rollout_verdict::Moment;

/// Counts operations and the requests that they took. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    operations: AtomicU64,
    requests: AtomicU64,
}

impl Meter {
    /// Requests sent so far, repeats included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Requests that repeated one that was throttled or not answered.
    #[must_use]
    pub fn repeats(&self) -> u64 {
        self.requests().saturating_sub(self.0.operations.load(Ordering::Relaxed))
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.operations.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// How many requests may still be sent in the minute that ends now.
#[derive(Debug, Default)]
pub struct Budget {
    /// Moments, with the meter's count of requests by then.
    spent: VecDeque<(Moment, u64)>,
}

impl Budget {
    /// Whether `cost` further requests keep any minute within `per_minute`.
    pub fn allows(&mut self, meter: &Meter, now: Moment, cost: u64, per_minute: u64) -> bool {
        while self.spent.get(1).is_some_and(|(at, _)| now.secs_since(*at) >= 60.0) {
            self.spent.pop_front();
        }
        let before = self.spent.front().map_or(meter.requests(), |(_, requests)| *requests);
        meter.requests() - before + cost <= per_minute
    }

    /// Notes the count before the requests of a poll.
    pub fn note(&mut self, meter: &Meter, now: Moment) {
        self.spent.push_back((now, meter.requests()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_that_was_spent_is_free_again_a_minute_later() {
        let (meter, mut budget) = (Meter::default(), Budget::default());
        let at = |secs: f64| Moment::from_millis(1_000_000).plus_secs(secs);
        let spend = |count| meter.0.requests.fetch_add(count, Ordering::Relaxed);
        budget.note(&meter, at(0.0));
        spend(30);
        budget.note(&meter, at(10.0));
        assert!(budget.allows(&meter, at(10.0), 10, 40));
        assert!(!budget.allows(&meter, at(10.0), 11, 40));
        spend(5);
        budget.note(&meter, at(70.0));
        assert!(budget.allows(&meter, at(70.0), 35, 40));
        assert!(budget.allows(&meter, at(130.0), 40, 40));
        assert!(!budget.allows(&meter, at(130.0), 41, 40));
    }
}
