//! Errors of a simulation: each names what it could not set up.

use env_config::ConfigError;
use rollout_sim::ApiError;

/// A simulation that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The configuration, with the case's changes, is not valid.
    #[error("the configuration of the case is not valid")]
    Config(#[from] ConfigError),
    /// The configuration, with the case's changes, gives no template.
    #[error("the configuration of the case gives no template")]
    Model(#[from] stack_model::ModelError),
    /// The simulated account refused a step of the set-up.
    #[error("failed to {step}")]
    Api {
        /// What was done.
        step: &'static str,
        /// What the simulated AWS answered.
        #[source]
        source: ApiError,
    },
    /// The environment did not come up with the old release, before anything was rolled out.
    #[error("the environment did not come up with its old release: {0}")]
    NotUp(String),
    /// A case that says something impossible.
    #[error("{0}")]
    Case(String),
    /// A fault that breaks nothing here.
    #[error("{message}")]
    Fault {
        /// What is wrong.
        message: String,
        /// What there is instead.
        allowed: String,
    },
    /// A TOML text that is none.
    #[error("failed to read {what}")]
    Toml {
        /// Which text.
        what: String,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
}

impl LabError {
    pub(crate) fn api(step: &'static str) -> impl FnOnce(ApiError) -> Self {
        move |source| Self::Api { step, source }
    }
}
