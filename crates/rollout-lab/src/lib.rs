//! What if: an environment's own template and a fault in the simulator, judged as the tool would judge it.
//!
//! A [`Case`] says what is deployed where. [`Stage`] sets the scene once: an account in which the environment runs its
//! old release, and a change set with the new one. [`Stage::play`] executes it with something broken and watches it:
//! with the tool's polls, its verdict and its cancellation ([`Watcher::Tool`]), or with nobody but CloudFormation and
//! the circuit breaker ([`Watcher::Nobody`]). The answer is an [`Outcome`]: [`Figures`], a timeline and, where asked
//! for, the tasks' lanes for a picture. [`sample`] plays it many times with the numbers that AWS does not document
//! drawn from their ranges; [`advise`] asks which setting dominates the time.
//!
//! Nothing in this library knows a clock, a file or a terminal; the binary beside it is `cargo xtask simulate`.

mod advice;
mod back;
mod case;
mod closer;
mod error;
mod expected;
mod figures;
mod guard;
mod lanes;
mod observe;
mod pipeline;
mod play;
mod probe;
mod sampling;
mod stage;
mod svg;
mod text;
mod timeline;
mod watch;

pub use advice::{Advice, Lever, advise};
pub use case::{Case, Texts};
pub use env_config::Watcher;
pub use error::LabError;
pub use figures::{Capacity, Ending, Figures};
pub use lanes::{Lane, LaneState, Span, Track};
pub use play::{Outcome, Play};
pub use sampling::{Percentiles, Sampled, sample};
pub use stage::Stage;
pub use svg::svg;
pub use text::{advised, comparison, deadline, fault_table, report, sampled};
pub use timeline::TimelineEntry;
