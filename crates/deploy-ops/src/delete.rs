//! Deleting a stack: refused while anything protects it, bounded, and honest about what stays behind.

use std::time::Duration;

use aws_sdk_cloudformation::types::ResourceStatus;
use env_config::Environment;
use ops_cli::Exit;
use serde::Serialize;
use serde_json::Value;

use crate::call::Called;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::infrastructure;
use crate::session::Session;
use crate::stack::{self, StackView, Standing};
use crate::stack_resources;
use crate::stuck;
use crate::template::{Section, Template};

/// Longest wait for a deletion. A Multi-AZ database with its last snapshot takes tens of minutes.
const LIMIT_SECS: f64 = 2.0 * 3600.0;
/// Seconds between two looks at it.
const POLL: Duration = Duration::from_secs(15);

/// Whose stack it is.
pub enum Subject<'a> {
    /// What exists once.
    Shared,
    /// An environment.
    Environment(&'a Environment),
}

impl Subject<'_> {
    /// As it is named on the command line.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Shared => "shared".to_owned(),
            Self::Environment(environment) => environment.name.to_string(),
        }
    }
}

/// What stays after a stack has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remains {
    /// Logical id.
    pub logical_id: String,
    /// CloudFormation type.
    pub resource_type: String,
    /// `retained`, or `snapshot`: the resource goes, and a last snapshot of it stays.
    pub what: &'static str,
    /// Name or id in its service, where it has one.
    pub physical_id: Option<String>,
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Name of the stack.
    pub stack: String,
    /// Whether there was one to delete.
    pub existed: bool,
    /// The process exit code.
    pub exit_code: u8,
    /// What stays behind.
    pub remains: Vec<Remains>,
    /// Resources that could not be deleted, with CloudFormation's reason.
    pub failed: Vec<(String, String)>,
    /// The command to run next, where there is one.
    pub next: Option<String>,
}

/// Deletes the stack and waits until it has gone.
pub async fn delete(
    session: &Session,
    subject: &Subject<'_>,
    confirmation: Option<&str>,
    yes: bool,
) -> Result<Deleted, Failure> {
    let name = match subject {
        Subject::Shared => session.config.platform.shared_stack_name.as_str(),
        Subject::Environment(environment) => environment.stack_name.as_str(),
    };
    let mut answer = Deleted {
        stack: name.to_owned(),
        existed: true,
        exit_code: Exit::Done.code(),
        remains: Vec::new(),
        failed: Vec::new(),
        next: None,
    };
    let Some((view, template)) = infrastructure::look(session, name).await? else {
        answer.existed = false;
        session.report.line(format!("{name} does not exist: nothing to delete"));
        return Ok(answer);
    };
    answer.remains = remains(session, &view, &template).await?;
    if view.status.as_str() != "DELETE_IN_PROGRESS" {
        guard(session, subject, &view, &template, confirmation).await?;
        let count = template.entries(Section::Resources).count();
        confirm(session, &format!("Delete {name} with its {count} resources?"), yes)?;
        session.report.step(&format!("Delete {name}"));
        if view.standing() == Standing::CreateFailed {
            // What a creation made that never ended holds nothing yet: it all goes, whatever its deletion policy, and with it the
            // names that the next creation needs.
            let until = session.target.clock.now().plus_secs(LIMIT_SECS);
            stuck::undo_creation(session, &view, until, &format!("stack delete {}", subject.name())).await?;
            answer.remains.clear();
        }
        let call = session.target.aws.cloudformation.delete_stack().stack_name(&view.id);
        call.send().await.called("cloudformation:DeleteStack")?;
    } else {
        session.report.step(&format!("{name} is being deleted already: following it"));
    }
    follow(session, subject, &view, &mut answer).await?;
    Ok(answer)
}

/// Everything that speaks against it, found before anything is touched.
async fn guard(
    session: &Session,
    subject: &Subject<'_>,
    view: &StackView,
    template: &Template,
    confirmation: Option<&str>,
) -> Result<(), Failure> {
    let name = &view.name;
    let refuse = |reason: String, hint: String| Err(Failure::Guard { reason, hint });
    if view.standing() == Standing::Busy {
        return refuse(
            format!("{name} is in {}", view.status.as_str()),
            "wait until it has ended, then delete it".to_owned(),
        );
    }
    if matches!(subject, Subject::Shared) {
        let mut users = Vec::new();
        for environment in session.config.environments.values() {
            let stack = environment.stack_name.as_str();
            if infrastructure::look(session, stack).await?.is_some() {
                users.push(stack);
            }
        }
        if !users.is_empty() {
            return refuse(
                format!("{name} is in use by {}", users.join(", ")),
                "delete the environments first".to_owned(),
            );
        }
    }
    let keeps_data = match subject {
        Subject::Shared => true,
        Subject::Environment(environment) => {
            environment.protection.retain_data || environment.database.deletion_protection
        }
    };
    if keeps_data && confirmation != Some(name) {
        let found = match confirmation {
            Some(other) => format!("--confirm names {other}, but the stack is {name}"),
            None => format!("{name} holds data that must not be lost by mistake"),
        };
        return refuse(found, format!("to delete it all the same, add --confirm {name}"));
    }
    if view.termination_protection {
        let hint = match subject {
            Subject::Shared => format!(
                "it is lifted by hand only: aws cloudformation update-termination-protection \
                 --no-enable-termination-protection --stack-name {name}"
            ),
            Subject::Environment(environment) => format!(
                "set protection.stack = false in infra/environments/{}.toml, then {}",
                environment.name,
                session.command(&format!("stack deploy {}", environment.name))
            ),
        };
        return refuse(format!("{name} is protected against termination"), hint);
    }
    let protected = protected_resources(template);
    if !protected.is_empty() {
        return refuse(
            format!("deletion protection is on: {}", protected.join(", ")),
            format!(
                "turn it off in infra/environments/{0}.toml (database.deletion_protection, protection.load_balancer), \
                 then {1}",
                subject.name(),
                session.command(&format!("stack deploy {}", subject.name()))
            ),
        );
    }
    Ok(())
}

/// Resources whose service refuses to delete them: CloudFormation would fail at them half-way.
fn protected_resources(template: &Template) -> Vec<String> {
    let on = |resource: &Value| {
        let properties = &resource["Properties"];
        let attributes = properties["LoadBalancerAttributes"].as_array();
        properties["DeletionProtection"] == Value::Bool(true)
            || attributes.into_iter().flatten().any(|attribute| {
                attribute["Key"] == "deletion_protection.enabled" && attribute["Value"] == "true"
            })
    };
    let resources = template.entries(Section::Resources).filter(|(_, resource)| on(resource));
    resources.map(|(id, _)| id.clone()).collect()
}

async fn remains(session: &Session, view: &StackView, template: &Template) -> Result<Vec<Remains>, Failure> {
    let mut remains: Vec<Remains> = template
        .entries(Section::Resources)
        .filter_map(|(id, resource)| {
            let what = match resource.get("DeletionPolicy").and_then(Value::as_str) {
                Some("Retain" | "RetainExceptOnCreate") => "retained",
                Some("Snapshot") => "snapshot",
                _ => return None,
            };
            Some(Remains {
                logical_id: id.clone(),
                resource_type: template.resource_type(id).unwrap_or_default().to_owned(),
                what,
                physical_id: None,
            })
        })
        .collect();
    for resource in stack_resources::list(&session.target.aws, &view.id).await? {
        if let Some(found) = remains.iter_mut().find(|it| it.logical_id == resource.logical_id) {
            found.physical_id = resource.physical_id;
        }
    }
    Ok(remains)
}

async fn follow(
    session: &Session,
    subject: &Subject<'_>,
    view: &StackView,
    answer: &mut Deleted,
) -> Result<(), Failure> {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let started = clock.now();
    let again = session.command(&format!("stack delete {}", subject.name()));
    loop {
        // By id: a stack of that name that is made meanwhile is another one.
        let now = stack::describe(aws, &view.id).await?;
        let status = now.as_ref().map_or("DELETE_COMPLETE", |view| view.status.as_str()).to_owned();
        match status.as_str() {
            "DELETE_COMPLETE" => {
                session.report.line(format!("{} is gone", view.name));
                return Ok(());
            }
            "DELETE_FAILED" => {
                answer.failed = failed_resources(session, view).await?;
                for (id, reason) in &answer.failed {
                    session.report.warn(format!("{id} could not be deleted: {reason}"));
                }
                answer.exit_code = Exit::NeedsHuman.code();
                answer.next = Some(again);
                return Ok(());
            }
            _ => {}
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted {
                hint: format!("the deletion goes on; follow it with `{again}`"),
            });
        }
        if clock.now().secs_since(started) > LIMIT_SECS {
            session.report.warn(format!("{} is still in {status}", view.name));
            answer.exit_code = Exit::NeedsHuman.code();
            answer.next = Some(again);
            return Ok(());
        }
        clock.sleep(POLL).await;
    }
}

async fn failed_resources(session: &Session, view: &StackView) -> Result<Vec<(String, String)>, Failure> {
    let resources = stack_resources::list(&session.target.aws, &view.id).await?.into_iter();
    let failed = resources.filter(|resource| resource.status == ResourceStatus::DeleteFailed);
    Ok(failed.map(|resource| (resource.logical_id, resource.reason.unwrap_or_default())).collect())
}
