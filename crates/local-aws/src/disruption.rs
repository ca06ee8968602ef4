//! One call that goes wrong between client and AWS: what a client has to survive and what a fault of the account is not.

use rollout_sim::ApiError;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disruption {
    /// It is done, and the connection breaks before the answer.
    BrokenConnection,
    /// It is refused: the caller is not allowed to.
    Denied,
    /// It and its retries are answered "Rate exceeded".
    Throttled,
}

/// Attempts that SDKs make at most (standard mode: three; this project's pipeline: four).
const ATTEMPTS: u64 = 4;

/// A disruption that is to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) disruption: Disruption,
    /// Number of the call, counted from the account's start.
    pub(crate) call: u64,
}

/// What the server does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// Answers it.
    Answer,
    /// Does it and breaks the connection.
    Break,
    /// Answers with an error.
    Refuse(ApiError),
}

impl Planned {
    /// What becomes of the call with this number.
    pub(crate) fn treatment(self, call: u64) -> Treatment {
        if self.disruption == Disruption::Throttled && (self.call..self.call + ATTEMPTS).contains(&call) {
            return Treatment::Refuse(ApiError::new("Throttling", "Rate exceeded"));
        }
        if call != self.call {
            return Treatment::Answer;
        }
        match self.disruption {
            Disruption::BrokenConnection => Treatment::Break,
            Disruption::Denied => Treatment::Refuse(
                ApiError::new("AccessDenied", "the caller is not authorized to perform this action")
                    .with_status(403),
            ),
            Disruption::Throttled => Treatment::Answer,
        }
    }
}
