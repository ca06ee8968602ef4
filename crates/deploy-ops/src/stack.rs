//! Stacks: what is there, what would change, and making it so.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, Parameter, StackStatus, Tag, TemplateStage,
};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::clock::Clock;
use crate::early_validation;
use crate::pages::Tokens;
use crate::plan::{Change, Plan};
use crate::template::Template;

mod error;

pub use error::StackError;

/// Longest template that can be sent without an S3 bucket, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub const MAX_INLINE_TEMPLATE_BYTES: usize = 51_200;

/// CloudFormation needs seconds to work out a change set; a quarter of an hour means that it never will.
const CHANGE_SET_LIMIT: Duration = Duration::from_secs(15 * 60);

/// What can be done with a stack in its present status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no such stack, or only a change set that was never executed.
    Absent,
    /// It can be updated.
    Ready,
    /// An update, its cleanup or its rollback is running; an update can be cancelled.
    Busy,
    /// `UPDATE_ROLLBACK_FAILED`: the rollback has to be continued first.
    RollbackStuck,
    /// `CREATE_FAILED`, or an update after that which failed too: it stopped at a failure, keeps what was made, and an update goes
    /// on (CFN:stack-failure-options).
    CreateFailed,
    /// `ROLLBACK_COMPLETE` or `ROLLBACK_FAILED`: its creation was taken back, and it can only be deleted.
    CreateRolledBack,
    /// It is being deleted, or its deletion failed.
    Deleting,
}

/// A stack as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct StackView {
    /// ARN: two stacks of one name, one after the other, differ in it.
    pub id: String,
    /// Name.
    pub name: String,
    /// Status, such as `UPDATE_COMPLETE`.
    pub status: StackStatus,
    /// CloudFormation's reason for the status.
    pub reason: Option<String>,
    /// Parameter values.
    pub parameters: BTreeMap<String, String>,
    /// Output values.
    pub outputs: BTreeMap<String, String>,
    /// Whether deletion is refused.
    pub termination_protection: bool,
    /// Role that CloudFormation acts as in it: a stack keeps its role.
    pub role_arn: Option<String>,
}

impl StackView {
    /// What can be done with it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        // A stack has outputs once it was complete, and every template here has some.
        if self.status == StackStatus::UpdateFailed && self.outputs.is_empty() {
            return Standing::CreateFailed;
        }
        Standing::of(&self.status)
    }

    /// Whether it has been complete.
    #[must_use]
    pub fn was_complete(&self) -> bool {
        !matches!(self.standing(), Standing::Absent | Standing::CreateFailed | Standing::CreateRolledBack)
    }

    /// An output, by name.
    pub fn output(&self, name: &str) -> Result<&str, StackError> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| StackError::MissingOutput { stack: self.name.clone(), output: name.to_owned() })
    }
}

impl Standing {
    /// What can be done with a stack of this status.
    #[must_use]
    pub const fn of(status: &StackStatus) -> Self {
        match status {
            StackStatus::ReviewInProgress => Self::Absent,
            StackStatus::CreateComplete
            | StackStatus::UpdateComplete
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportComplete
            | StackStatus::ImportRollbackComplete => Self::Ready,
            StackStatus::UpdateRollbackFailed | StackStatus::UpdateFailed => Self::RollbackStuck,
            StackStatus::CreateFailed => Self::CreateFailed,
            StackStatus::RollbackComplete | StackStatus::RollbackFailed => Self::CreateRolledBack,
            StackStatus::DeleteInProgress | StackStatus::DeleteComplete | StackStatus::DeleteFailed => {
                Self::Deleting
            }
            _ => Self::Busy,
        }
    }
}

/// Where the value of a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterValue {
    /// This value.
    New(String),
    /// The value the stack has.
    Previous,
}

/// What a stack should become.
#[derive(Debug, Clone)]
pub struct StackRequest {
    /// Stack name.
    pub stack: String,
    /// Template body; `None` keeps the template that the stack has, byte for byte.
    pub body: Option<String>,
    /// Values of the template's parameters.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Role that CloudFormation assumes; the caller's own rights without one.
    pub role_arn: Option<String>,
    /// Stack tags, which CloudFormation puts on every resource.
    pub tags: BTreeMap<String, String>,
    /// Name of the change set: letters, digits and `-`, starting with a letter.
    pub change_set: String,
    /// Whether the stack stays as far as it came where a resource fails, and does not go back: so it is while it was never
    /// complete. Nothing can be replaced then (CFN:stack-failure-options).
    pub disable_rollback: bool,
}

impl StackRequest {
    /// The value that a parameter is given; `None` where it keeps the one it has, or its default.
    #[must_use]
    pub fn new_value(&self, parameter: &str) -> Option<&str> {
        match self.parameters.get(parameter)? {
            ParameterValue::New(value) => Some(value),
            ParameterValue::Previous => None,
        }
    }
}

/// Where CloudFormation reads templates from that are too long to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateBucket {
    /// Name of the bucket.
    pub name: String,
    /// Account that owns it: somebody else's bucket of that name is refused.
    pub owner: String,
    /// Region of the bucket.
    pub region: String,
}

/// What CloudFormation would do for a [`StackRequest`].
#[derive(Debug)]
pub enum Proposal {
    /// Nothing differs.
    Nothing,
    /// These changes, ready to be executed or discarded.
    Changes(ChangeSet),
}

/// A change set that was worked out and not executed.
#[derive(Debug)]
pub struct ChangeSet {
    /// ARN of the change set.
    pub id: String,
    /// ARN of the stack.
    pub stack_id: String,
    /// What would change.
    pub plan: Plan,
    /// What CloudFormation's early validation warns of: it stops nothing.
    pub warnings: Vec<String>,
    /// As in the request.
    disable_rollback: bool,
}

/// The stack of this name or ARN; `None` where there is none.
pub async fn describe(aws: &Aws, stack: &str) -> Result<Option<StackView>, CallError> {
    let answer = aws.cloudformation.describe_stacks().stack_name(stack).send().await;
    let answer = match answer.called("cloudformation:DescribeStacks") {
        Ok(answer) => answer,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(answer.stacks.unwrap_or_default().into_iter().next().map(|found| StackView {
        id: found.stack_id.unwrap_or_default(),
        name: found.stack_name.unwrap_or_else(|| stack.to_owned()),
        status: found.stack_status.unwrap_or_else(|| StackStatus::from("UNKNOWN")),
        reason: found.stack_status_reason,
        parameters: pairs(
            found.parameters.unwrap_or_default().into_iter().map(|it| (it.parameter_key, it.parameter_value)),
        ),
        outputs: pairs(
            found.outputs.unwrap_or_default().into_iter().map(|it| (it.output_key, it.output_value)),
        ),
        termination_protection: found.enable_termination_protection.unwrap_or(false),
        role_arn: found.role_arn,
    }))
}

/// Whether a call failed because there is no stack of that name. CloudFormation has no code of its own for this.
#[must_use]
pub fn is_absent(error: &CallError) -> bool {
    error.is("ValidationError") && error.message.contains("does not exist")
}

fn pairs(items: impl Iterator<Item = (Option<String>, Option<String>)>) -> BTreeMap<String, String> {
    items.filter_map(|(key, value)| Some((key?, value?))).collect()
}

/// The template that the stack was last given.
pub async fn live_template(aws: &Aws, stack: &str) -> Result<Template, StackError> {
    let call = aws.cloudformation.get_template().stack_name(stack).template_stage(TemplateStage::Original);
    let answer = call.send().await.called("cloudformation:GetTemplate")?;
    let body = answer
        .template_body
        .ok_or(StackError::Incomplete { operation: "cloudformation:GetTemplate", missing: "TemplateBody" })?;
    Template::parse(&body).map_err(|source| StackError::LiveTemplate { stack: stack.to_owned(), source })
}

/// Whether the stack already is what the request asks for, so that no change set is needed to find out.
#[must_use]
pub fn is_already(view: &StackView, live: &Template, wanted: &Template, request: &StackRequest) -> bool {
    let same_parameters = request.parameters.iter().all(|(name, value)| match value {
        ParameterValue::New(value) => view.parameters.get(name) == Some(value),
        ParameterValue::Previous => true,
    });
    view.standing() == Standing::Ready && same_parameters && live == wanted
}

/// Asks CloudFormation what it would do, and waits for the answer.
///
/// A template that is too long to send goes through `bucket`. With `existing: false` the stack is to be created.
pub async fn propose(
    aws: &Aws,
    clock: &dyn Clock,
    bucket: &TemplateBucket,
    request: &StackRequest,
    existing: bool,
) -> Result<Proposal, StackError> {
    let kind = if existing { ChangeSetType::Update } else { ChangeSetType::Create };
    let mut call = aws
        .cloudformation
        .create_change_set()
        .stack_name(&request.stack)
        .change_set_name(&request.change_set)
        // A retry after an answer that was lost is then no second change set of that name.
        .client_token(&request.change_set)
        .change_set_type(kind)
        .capabilities(Capability::CapabilityNamedIam)
        .set_role_arn(request.role_arn.clone());
    call = match &request.body {
        None => call.use_previous_template(true),
        Some(body) if body.len() <= MAX_INLINE_TEMPLATE_BYTES => call.template_body(body),
        Some(body) => call.template_url(upload(aws, bucket, request, body).await?),
    };
    for (name, value) in &request.parameters {
        let parameter = Parameter::builder().parameter_key(name);
        call = call.parameters(match value {
            ParameterValue::New(value) => parameter.parameter_value(value).build(),
            ParameterValue::Previous => parameter.use_previous_value(true).build(),
        });
    }
    for (key, value) in &request.tags {
        call = call.tags(Tag::builder().key(key).value(value).build());
    }
    let created = call.send().await.called("cloudformation:CreateChangeSet")?;
    let id = created
        .id
        .ok_or(StackError::Incomplete { operation: "cloudformation:CreateChangeSet", missing: "Id" })?;
    let stack_id = created
        .stack_id
        .ok_or(StackError::Incomplete { operation: "cloudformation:CreateChangeSet", missing: "StackId" })?;
    wait_for_change_set(aws, clock, request, id, stack_id).await
}

/// Puts the template into the bucket, beside those of earlier changes, and answers its URL.
async fn upload(
    aws: &Aws,
    bucket: &TemplateBucket,
    request: &StackRequest,
    body: &str,
) -> Result<String, StackError> {
    let key = format!("{}/{}.json", request.stack, request.change_set);
    let put = aws
        .s3
        .put_object()
        .bucket(&bucket.name)
        .key(&key)
        .expected_bucket_owner(&bucket.owner)
        .content_type("application/json")
        .body(body.to_owned().into_bytes().into())
        .send()
        .await;
    match put.called("s3:PutObject") {
        Ok(_) => {}
        Err(error) if error.is("NoSuchBucket") => {
            return Err(StackError::TooLong { stack: request.stack.clone(), bytes: body.len() });
        }
        Err(error) => return Err(error.into()),
    }
    Ok(format!("https://{}.s3.{}.amazonaws.com/{key}", bucket.name, bucket.region))
}

async fn wait_for_change_set(
    aws: &Aws,
    clock: &dyn Clock,
    request: &StackRequest,
    id: String,
    stack_id: String,
) -> Result<Proposal, StackError> {
    let mut changes: Vec<Change> = Vec::new();
    let (mut next_token, mut tokens) = (None, Tokens::of("cloudformation:DescribeChangeSet"));
    let started = clock.now();
    let mut pause = Duration::from_secs(2);
    loop {
        let call =
            aws.cloudformation.describe_change_set().change_set_name(&id).set_next_token(next_token.take());
        let answer = call.send().await.called("cloudformation:DescribeChangeSet")?;
        match answer.status {
            Some(ChangeSetStatus::CreateComplete) => {
                changes.extend(answer.changes.unwrap_or_default().into_iter().filter_map(Change::read));
                let Some(token) = answer.next_token else {
                    let warnings = early_validation::warnings(aws, &id).await;
                    let plan = Plan::new(changes);
                    let disable_rollback = request.disable_rollback;
                    return Ok(Proposal::Changes(ChangeSet {
                        id,
                        stack_id,
                        plan,
                        warnings,
                        disable_rollback,
                    }));
                };
                tokens.note(&token)?;
                next_token = Some(token);
                continue;
            }
            Some(ChangeSetStatus::Failed) => {
                let reason = answer.status_reason.unwrap_or_default();
                let reason = early_validation::explained(aws, &id, reason).await;
                discard(aws, &id).await?;
                return if says_no_change(&reason) {
                    Ok(Proposal::Nothing)
                } else {
                    Err(StackError::ChangeSetFailed { stack: request.stack.clone(), reason })
                };
            }
            _ => {}
        }
        if clock.now().secs_since(started) > CHANGE_SET_LIMIT.as_secs_f64() {
            return Err(StackError::ChangeSetSlow { stack: request.stack.clone() });
        }
        clock.sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_secs(15));
    }
}

/// The two wordings of "nothing to do"; there is no code for it.
fn says_no_change(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// Throws a change set away; one that is gone already is fine.
pub async fn discard(aws: &Aws, change_set_id: &str) -> Result<(), CallError> {
    let call = aws.cloudformation.delete_change_set().change_set_name(change_set_id);
    match call.send().await.called("cloudformation:DeleteChangeSet") {
        Ok(_) => Ok(()),
        Err(error) if error.is("ChangeSetNotFound") => Ok(()),
        Err(error) => Err(error),
    }
}

/// Starts a change set. Every event of the operation carries `token`.
pub async fn execute(aws: &Aws, change_set: &ChangeSet, token: &str) -> Result<(), CallError> {
    aws.cloudformation
        .execute_change_set()
        .change_set_name(&change_set.id)
        .client_request_token(token)
        // The API's own documentation contradicts itself about the default. `OnStackFailure=DO_NOTHING` is said to be the same
        // (bc:cloudformation/ExecuteChangeSetInput.DisableRollback), but a stack created with `OnFailure=DO_NOTHING` was seen to be
        // refused the update that goes on (code-dot-org#68524).
        .disable_rollback(change_set.disable_rollback)
        // What the operation made itself goes again when it fails, whatever its deletion policy: it holds nothing yet, and
        // its name would be taken when the operation is repeated.
        .retain_except_on_create(true)
        .send()
        .await
        .called("cloudformation:ExecuteChangeSet")?;
    Ok(())
}

/// Turns the refusal of deletions on or off, where it is not as wanted.
pub async fn protect(aws: &Aws, view: &StackView, wanted: bool) -> Result<bool, CallError> {
    if view.termination_protection == wanted {
        return Ok(false);
    }
    aws.cloudformation
        .update_termination_protection()
        .stack_name(&view.name)
        .enable_termination_protection(wanted)
        .send()
        .await
        .called("cloudformation:UpdateTerminationProtection")?;
    Ok(true)
}
