//! What changes an account, in a form that can be journalled and run again.

use rollout_sim::fault::{ActiveFault, Fault};
use serde::{Deserialize, Serialize};

use crate::request::ApiCall;

/// One change of the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Time passed; the moment is that of the journal's entry.
    Tick,
    /// An API call that may change something.
    Api(ApiCall),
    /// A fault begins.
    AddFault(ActiveFault),
    /// This fault ends; `None` ends all.
    RemoveFault(Option<Fault>),
}
