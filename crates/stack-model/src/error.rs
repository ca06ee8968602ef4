//! Why a configuration has no templates.

use cfn::{FinishError, Problem};
use env_config::{SecretName, ServiceName, TaskName};
use thiserror::Error;

/// Why a configuration has no templates.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The template is not one that CloudFormation takes.
    #[error("{error}{}", decided_by(error, decides))]
    Template {
        /// What is wrong with it.
        error: FinishError,
        /// What in the configuration decides how long it is.
        decides: &'static str,
    },
    /// CloudFormation makes up one value per secret.
    #[error("secret `{0}` has a generated key beside others: each generated key needs a secret of its own")]
    MixedSecret(SecretName),
    /// A variable names a secret that is not configured.
    #[error("there is no secret `{0}`")]
    UnknownSecret(SecretName),
    /// A caller or a task names a service that is not configured.
    #[error("there is no service `{0}`")]
    UnknownService(ServiceName),
    /// The firewall's rules cannot be made.
    #[error("the firewall's rules cannot be made: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Firewall(Vec<waf_rules::WafError>),
    /// A task runs on the image of a service that is not configured.
    #[error("task `{task}` runs on service `{service}`, which is not configured")]
    TaskWithoutService {
        /// The task.
        task: TaskName,
        /// The service that it names.
        service: ServiceName,
    },
}

/// Where a template is too long, what in the configuration made it so.
fn decided_by(error: &FinishError, decides: &str) -> String {
    let limits = |problem: &Problem| matches!(problem, Problem::TooMany { .. } | Problem::TooLarge { .. });
    match error.problems.iter().any(limits) {
        true => format!("\n  decided by {decides}"),
        false => String::new(),
    }
}
