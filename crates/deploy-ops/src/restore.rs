//! Back to the release before, when a stack update is complete and the services turn out not to live.
//!
//! CloudFormation calls an update complete when every service was stable once. What dies later is nobody's to roll back
//! but this tool's: a further update with the template and the parameters of before.

use std::collections::BTreeSet;

use ops_cli::Verdict;

use crate::failure::Failure;
use crate::inputs;
use crate::operation::{self, Conclusion, Job, Times, Whole};
use crate::roll;
use crate::session::EnvironmentSession;
use crate::stack::{self, StackView};
use crate::template::Template;

/// Puts the stack back to `before`. Answers `failed` with the verdict that it then deserves, and the record of going back.
pub async fn put_back(
    session: &EnvironmentSession,
    before: &(StackView, Template),
    role_arn: &str,
    failed: &Conclusion,
) -> Result<(Conclusion, Option<rollout_verdict::Record>), Failure> {
    let (view, template) = before;
    let aws = &session.target.aws;
    let stack_name = session.environment.stack_name.as_str();
    let now = stack::describe(aws, stack_name).await?;
    let request = inputs::request(
        stack_name,
        template,
        &view.parameters,
        &BTreeSet::new(),
        now.as_ref(),
        Some(role_arn),
        operation::unique_name(session, "restore"),
    )?;
    let job = Job { takes_back: true, ..roll::job(session, request, true, &[], false) };
    let back = roll::roll(session, &job, template).await?;
    let verdict = match &back {
        None => Verdict::RolledBack,
        Some(back) if back.succeeded() => Verdict::RolledBack,
        Some(_) => Verdict::NeedsHuman,
    };
    let record = back.map(|back| back.record);
    let times = failed.times.map(|times| after(times, failed, record.as_ref()));
    Ok((Conclusion { verdict, times, ..failed.clone() }, record))
}

/// The course of the failure with that of going back, by the clock of the first.
fn after(times: Times, failed: &Conclusion, back: Option<&rollout_verdict::Record>) -> Times {
    let end = back.and_then(|record| record.snapshots.last()).map(|snapshot| snapshot.at);
    let Some(end) = end else { return times };
    let ended_secs = end.secs_since(failed.record.rollout.started_at);
    Times { whole: Whole::of(&failed.record.rollout, back.and_then(whole_at)), ended_secs, ..times }
}

/// When every service that rolled ran its new revision alone, with all its tasks: in an update that goes back, the old release.
fn whole_at(record: &rollout_verdict::Record) -> Option<rollout_verdict::Moment> {
    let mut assessments = rollout_verdict::replay(record).zip(&record.snapshots);
    let done = assessments.find(|(assessment, _)| {
        let mut rolling = assessment
            .services
            .iter()
            .filter(|service| service.new_running + service.old_running > 0)
            .peekable();
        rolling.peek().is_some()
            && rolling.all(|service| service.old_running == 0 && service.new_healthy >= service.desired)
    });
    done.map(|(_, snapshot)| snapshot.at)
}
