//! What if: an environment's own template and a fault in the simulator, judged as the tool would judge it.
//!
//! A [`Case`] says what is deployed where and what is broken. [`Stage`] sets the scene once: an account in which the
//! environment runs its old release. [`Stage::play`] rolls out the new release and watches it: with the tool's polls,
//! its verdict and its cancellation ([`Watcher::Tool`]), or with nobody but CloudFormation and the circuit breaker
//! ([`Watcher::Nobody`]). The answer is an [`Outcome`]: [`Figures`], a timeline and, where asked for, the tasks'
//! lanes for a picture. [`sample`] plays it many times with the numbers that AWS does not document drawn from their
//! ranges; [`advise`] asks which setting dominates the time.
//!
//! Nothing here knows a clock, a file or a terminal.

mod advice;
mod case;
mod error;
mod expected;
mod figures;
mod lanes;
mod observe;
mod play;
mod probe;
mod sampling;
mod scenario;
mod stage;
mod svg;
mod text;
mod watcher;

pub use advice::{Advice, Lever, advise};
pub use case::{Case, Overrides};
pub use error::LabError;
pub use figures::{Capacity, Ending, Figures};
pub use lanes::{Lane, LaneState, Span, Track};
pub use play::{Outcome, TimelineEntry};
pub use sampling::{Percentiles, Sampled, sample};
pub use scenario::{Scenario, Side};
pub use stage::Stage;
pub use svg::svg;
pub use text::{comparison, report, sampled};
pub use watcher::Watcher;
