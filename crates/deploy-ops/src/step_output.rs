//! What a step of GitHub Actions hands to the steps and jobs after it.

use std::io::Write as _;

use ops_cli::DeployResult;

use crate::failure::Failure;

/// Makes the result the output `result` of the step: the object that `--json` prints, on one line. Elsewhere than in GitHub
/// Actions nothing asks for it.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter>
pub(crate) fn hand_on(result: &DeployResult) -> Result<(), Failure> {
    let Some(path) = std::env::var_os("GITHUB_OUTPUT").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let json = serde_json::to_string(result).map_err(|error| Failure::Output(error.into()))?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| writeln!(file, "result={json}")).map_err(Failure::Output)
}
