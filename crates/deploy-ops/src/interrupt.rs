//! Ctrl-C: noticed at the next look, so that what was started is stopped or explained instead of left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether the user pressed Ctrl-C. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    changed: Notify,
}

impl Interrupt {
    /// Listens for Ctrl-C from now on. The second one ends the process as it would without this.
    #[must_use]
    pub fn listen() -> Self {
        let interrupt = Self::default();
        let heard = interrupt.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                heard.request();
                ops_cli::say!(
                    "interrupted: finishing what must not be left half-done (Ctrl-C again to quit at once)"
                );
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(i32::from(ops_cli::Exit::Interrupted.code()));
            }
        });
        interrupt
    }

    /// Asks for the end, as Ctrl-C does.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Release);
        self.0.changed.notify_waiters();
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// Returns as soon as the end was asked for.
    pub async fn wait(&self) {
        loop {
            let changed = self.0.changed.notified();
            // Registered by `notified` before the look: a request in between wakes it all the same.
            if self.requested() {
                return;
            }
            changed.await;
        }
    }
}
