//! What a step of GitHub Actions hands to the steps and jobs after it.

use std::io::Write as _;

use ops_cli::{DeployResult, medium};

use crate::failure::Failure;
use crate::redact::Redactor;

/// Makes the result the output `result` of the step: the object that `--json` prints, on one line. Elsewhere than in GitHub
/// Actions nothing asks for it.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter>
pub(crate) fn hand_on(result: &DeployResult) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_OUTPUT").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut value = serde_json::to_value(result).map_err(|error| Failure::Output(error.into()))?;
    Redactor::default().value(&mut value);
    let json = value.to_string();
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "result={}", medium::json(&json))).map_err(Failure::Output)
}
