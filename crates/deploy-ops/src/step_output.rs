//! What a step of GitHub Actions hands to the steps and jobs after it.

use std::io::Write as _;

use ops_cli::{DeployResult, medium};

use crate::redact::Redactor;
use crate::report::Report;

/// Makes the result the output `result` of the step: the object that `--json` prints, on one line. Elsewhere than in GitHub
/// Actions nothing asks for it. A file that cannot be written is said, and changes nothing about how the operation ended.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter>
pub(crate) fn hand_on(report: &Report, result: &DeployResult) {
    let Some(path) = std::env::var_os("GITHUB_OUTPUT").filter(|path| !path.is_empty()) else { return };
    let written = serde_json::to_value(result).map_err(std::io::Error::from).and_then(|mut value| {
        Redactor::default().value(&mut value);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "result={}", medium::json(&value.to_string()))
    });
    if let Err(error) = written {
        report.warn(format!("failed to write the output of the step (GITHUB_OUTPUT): {error}"));
    }
}
