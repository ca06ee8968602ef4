//! How long a call goes on trying while AWS does not answer.
//!
//! Before the first change a command that cannot read says so soon: nothing is lost. Once something was changed, the next
//! step is worth waiting for. A loop that asks again by itself is best told at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::clock::Clock;
use crate::interrupt::Interrupt;

/// Longest time for one call once something was changed, with all its attempts.
const LONG: Duration = Duration::from_secs(5 * 60);
/// Longest pause between two of its attempts: the user may press Ctrl-C in it.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Longest time for one call of a loop that asks again by itself.
const SHORT: Duration = Duration::from_secs(25);
/// Attempts of such a call.
const SHORT_ATTEMPTS: u32 = 3;
/// Attempts of a call once something was changed: with full pauses they fill [`LONG`].
const LONG_ATTEMPTS: u32 = 62;

/// How patient calls are, and whether one of them has changed something. Clones share it.
#[derive(Clone)]
pub struct Patience(Arc<Shared>);

struct Shared {
    changed: AtomicBool,
    asks_again: AtomicBool,
    interrupt: Interrupt,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A command that has changed nothing may end.
    Usual,
    /// To end would leave something half done.
    Long,
    /// A loop asks again by itself.
    Short,
}

impl std::fmt::Debug for Patience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Patience").field(&self.mode()).finish()
    }
}

/// While it lives, calls are those of a loop that asks again by itself.
#[must_use]
pub struct Asking(Patience);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.0.asks_again.store(false, Ordering::Relaxed);
    }
}

impl Patience {
    /// The usual patience, given up at Ctrl-C.
    pub(crate) fn new(interrupt: Interrupt, clock: Arc<dyn Clock>) -> Self {
        let (changed, asks_again) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Shared { changed, asks_again, interrupt, clock }))
    }

    /// Calls end early until the answer is dropped: their caller asks again by itself.
    pub fn ask_again(&self) -> Asking {
        self.0.asks_again.store(true, Ordering::Relaxed);
        Asking(self.clone())
    }

    /// Whether the command has sent a call that changes something.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.0.changed.load(Ordering::Relaxed)
    }

    /// What was sent so far only prepared an account that is the command's own.
    pub fn nothing_changed_yet(&self) {
        self.0.changed.store(false, Ordering::Relaxed);
    }

    fn mode(&self) -> Mode {
        match (self.0.asks_again.load(Ordering::Relaxed), self.has_changed()) {
            (true, _) => Mode::Short,
            (false, true) => Mode::Long,
            (false, false) => Mode::Usual,
        }
    }

    /// Attempts of a call, and the longest time for all of them; `None` where they are as configured.
    fn limits(&self) -> Option<(u32, Duration)> {
        match self.mode() {
            Mode::Usual => None,
            Mode::Long => Some((LONG_ATTEMPTS, LONG)),
            Mode::Short => Some((SHORT_ATTEMPTS, SHORT)),
        }
    }
}

impl Intercept for Patience {
    fn name(&self) -> &'static str {
        "Patience"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some((attempts, time)) = self.limits() else { return Ok(()) };
        if let Some(usual) = config.load::<RetryConfig>().cloned() {
            let pause = usual.max_backoff().min(LONGEST_PAUSE);
            let retries = usual.with_max_attempts(attempts).with_max_backoff(pause);
            config.interceptor_state().store_put(retries);
        }
        if let Some(usual) = config.load::<TimeoutConfig>().cloned() {
            config.interceptor_state().store_put(usual.to_builder().operation_timeout(time).build());
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        if attempt == 1 {
            return Ok(());
        }
        if self.0.interrupt.requested() {
            return Err("interrupted while AWS did not answer".into());
        }
        if self.mode() == Mode::Long {
            let pause = Duration::from_secs(1 << (attempt - 2).min(3)).min(LONGEST_PAUSE);
            self.0.clock.pass(pause);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<Metadata>().is_none_or(|operation| changes_something(operation.name())) {
            self.0.changed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether an operation of AWS changes what runs or is kept. Change sets and the templates they are made of are plans; what
/// is not known to read is taken for a change.
fn changes_something(operation: &str) -> bool {
    const READS: &[&str] = &[
        "Assume",
        "BatchCheck",
        "BatchGet",
        "Check",
        "Describe",
        "Detect",
        "Filter",
        "Get",
        "Head",
        "List",
        "Simulate",
        "Validate",
    ];
    const PLANS: &[&str] = &["CreateChangeSet", "DeleteChangeSet", "PutObject"];
    !READS.iter().any(|verb| operation.starts_with(verb)) && !PLANS.contains(&operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_and_what_only_plans_changes_nothing() {
        for operation in ["DescribeStacks", "GetTemplate", "BatchGetImage", "ListTasks", "CreateChangeSet"] {
            assert!(!changes_something(operation), "{operation}");
        }
        for operation in ["ExecuteChangeSet", "RunTask", "StopTask", "UpdateService", "SomethingNew"] {
            assert!(changes_something(operation), "{operation}");
        }
    }
}
