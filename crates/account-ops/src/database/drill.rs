//! `database drill`: what a restoration would give, on an instance of its own that is removed again.
//!
//! Nothing that is in service is touched: no name, no setting, no service. The instance has no protection and no logs of its own,
//! so that nothing of it stays.

use aws_sdk_rds::types::{DbInstance, Endpoint};
use deploy_ops::call::Called as _;
use deploy_ops::clock::Moment;
use deploy_ops::failure::Failure;
use deploy_ops::report::duration;
use deploy_ops::session::EnvironmentSession;
use ops_cli::Exit;
use serde::Serialize;

use super::copy::{self, Copy, Origin};
use super::rds;
use super::restore::tag;
use super::wait::{CHANGE_LIMIT_SECS, RESTORE_LIMIT_SECS, Wait};

/// Tag of the instance of a drill: what it was made of.
pub(super) const TAG_DRILL: &str = "restore:drill";

/// What nobody can see from here.
const NOT_CHECKED: &str =
    "that the data are right, and that the password of the secret opens them: both need a client in the VPC";

/// What a drill restores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrillSource {
    /// The automated backups, to the latest time that they cover.
    Latest,
    /// A snapshot.
    Snapshot(String),
}

/// What `database drill` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drilled {
    /// Environment name.
    pub environment: String,
    /// The instance of the drill, which is gone.
    pub instance: String,
    /// What was restored.
    pub source: Option<String>,
    /// From the call to an instance that is available, in seconds.
    pub recovery_secs: Option<f64>,
    /// Age of what was restored when the drill began, in seconds: what was written since would be lost.
    pub data_loss_secs: Option<f64>,
    /// What is as in the instance in service.
    pub checked: Vec<String>,
    /// What is not.
    pub differences: Vec<String>,
    /// What a drill cannot see.
    pub not_checked: &'static str,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Drilled {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { environment, instance, .. } = self;
        let Some(source) = &self.source else {
            return vec![format!("{environment}: no drill has left {instance} behind")];
        };
        let passed = if self.differences.is_empty() { "passed" } else { "found differences" };
        let mut lines = vec![format!("{environment}: the drill {passed}")];
        let mut line = |name: &str, text: String| lines.push(format!("  {name:<11} {text}"));
        line("restored", source.clone());
        if let Some(secs) = self.data_loss_secs {
            line("data loss", format!("{}: what was written since then would be missing", duration(secs)));
        }
        if let Some(secs) = self.recovery_secs {
            let more = "`database restore` adds its settings and two new names, about 20 minutes";
            line("available", format!("after {}; {more}", duration(secs)));
        }
        line("checked", self.checked.join(", "));
        self.differences.iter().for_each(|it| line("differs", it.clone()));
        line("not checked", NOT_CHECKED.to_owned());
        line("removed", instance.clone());
        lines
    }
}

/// The name of a drill's instance.
pub(super) fn name_of(in_service: &str) -> String {
    format!("{in_service}-drill")
}

/// The command that removes what a drill left.
pub(super) fn removal(session: &EnvironmentSession) -> String {
    session.command(&format!("database drill {} --remove", session.environment.name))
}

/// Restores beside the instance in service, looks, and removes it again. One that an earlier drill left is removed first.
///
/// # Errors
/// What is in the way, a call that fails, a wait that takes too long; the command that removes what is left is named.
pub async fn drill(session: &EnvironmentSession, source: &DrillSource) -> Result<Drilled, Failure> {
    let (wait, instance) = (Wait::new(session, removal(session)), name_of(&session.names().database()));
    leftover(&wait, &instance).await?;
    let done = Box::pin(restored(&wait, &instance, source)).await;
    let mut drilled = done.map_err(|failure| goes_on(&wait, failure, &instance))?;
    session.report.step(&format!("Remove {instance}"));
    remove(&wait, &instance).await.map_err(|failure| goes_on(&wait, failure, &instance))?;
    drilled.exit_code = if drilled.differences.is_empty() { Exit::Done } else { Exit::Differences }.code();
    Ok(drilled)
}

/// Removes what an earlier drill left.
///
/// # Errors
/// An instance of that name that no drill made, a call that fails.
pub async fn remove_leftover(session: &EnvironmentSession) -> Result<Drilled, Failure> {
    let (wait, instance) = (Wait::new(session, removal(session)), name_of(&session.names().database()));
    let found = leftover(&wait, &instance).await?;
    let mut drilled = nothing_yet(session, &instance);
    drilled.source = found.map(|source| format!("{source}, by an earlier drill"));
    Ok(drilled)
}

fn nothing_yet(session: &EnvironmentSession, instance: &str) -> Drilled {
    Drilled {
        environment: session.environment.name.to_string(),
        instance: instance.to_owned(),
        source: None,
        recovery_secs: None,
        data_loss_secs: None,
        checked: Vec::new(),
        differences: Vec::new(),
        not_checked: NOT_CHECKED,
        exit_code: Exit::Done.code(),
    }
}

fn goes_on(wait: &Wait<'_>, failure: Failure, instance: &str) -> Failure {
    wait.goes_on(failure, &format!("{instance} may be left, and costs money until it is removed"))
}

/// Removes an instance that an earlier drill left; answers what that was made of.
async fn leftover(wait: &Wait<'_>, instance: &str) -> Result<Option<String>, Failure> {
    let Some(found) = wait.find(instance).await? else { return Ok(None) };
    let Some(source) = tag(&found, TAG_DRILL) else {
        return Err(Failure::Guard {
            reason: format!("an instance {instance} exists that no drill made"),
            hint: "rename or delete it, then run the same command again".to_owned(),
        });
    };
    wait.session.report.step(&format!("Remove {instance}, which an earlier drill left"));
    remove(wait, instance).await.map_err(|failure| goes_on(wait, failure, instance))?;
    Ok(Some(source))
}

async fn remove(wait: &Wait<'_>, instance: &str) -> Result<(), Failure> {
    let found = wait.find(instance).await?;
    if found.as_ref().and_then(DbInstance::db_instance_status) != Some("deleting") {
        wait.available(instance, RESTORE_LIMIT_SECS).await?;
        let call = wait.client.delete_db_instance().db_instance_identifier(instance);
        let call = call.skip_final_snapshot(true).delete_automated_backups(true);
        call.send().await.called("rds:DeleteDBInstance")?;
    }
    wait.gone(instance).await
}

async fn restored(wait: &Wait<'_>, instance: &str, source: &DrillSource) -> Result<Drilled, Failure> {
    let session = wait.session;
    let in_service = session.names().database();
    let original = wait.find(&in_service).await?;
    if original.is_none() {
        return Err(Failure::Guard {
            reason: format!("there is no database instance {in_service} to restore beside"),
            hint: format!(
                "`{}` shows what there is",
                session.command(&format!("database list {}", session.environment.name))
            ),
        });
    }
    let original = wait.available(&in_service, CHANGE_LIMIT_SECS).await?;
    let began = session.target.clock.now();
    let (origin, described, taken) = match source {
        DrillSource::Latest => {
            let latest = original.latest_restorable_time();
            let text = latest.map_or_else(|| "the latest time".to_owned(), |time| format!("time {time}"));
            (Origin::Latest, text, latest.copied())
        }
        DrillSource::Snapshot(name) => {
            let all = rds::snapshots(&wait.client, &in_service).await?;
            let found = all.into_iter().find(|it| it.db_snapshot_identifier() == Some(name));
            let taken = found.and_then(|it| it.snapshot_create_time);
            (Origin::Snapshot(name), format!("snapshot {name}"), taken)
        }
    };
    session.report.step(&format!("Restore {described} into {instance}"));
    let tags = vec![(TAG_DRILL, described.clone())];
    let copy =
        Copy { original: &original, origin, as_name: instance, tags, multi_az: false, logs: Vec::new() };
    copy::make(&wait.client, copy).await?;
    let copy = wait.available(instance, RESTORE_LIMIT_SECS).await?;
    let mut drilled = nothing_yet(session, instance);
    drilled.source = Some(described);
    drilled.recovery_secs = Some(session.target.clock.now().secs_since(began));
    drilled.data_loss_secs =
        taken.map(|taken| began.secs_since(Moment::from_epoch_secs(taken.as_secs_f64())));
    compare(&original, &copy, &mut drilled);
    Ok(drilled)
}

/// How a property of an instance is written.
type Read = fn(&DbInstance) -> String;

/// What both have to be alike in, so that the copy could take the original's place.
const ALIKE: [(&str, Read); 7] = [
    ("version", |it| text(it.engine_version())),
    ("storage in GiB", |it| it.allocated_storage().unwrap_or_default().to_string()),
    ("encryption", |it| it.storage_encrypted().unwrap_or_default().to_string()),
    ("owner", |it| text(it.master_username())),
    ("first database", |it| text(it.db_name())),
    ("port", |it| it.endpoint().and_then(Endpoint::port).unwrap_or_default().to_string()),
    ("parameter group", parameter_group),
];

fn text(value: Option<&str>) -> String {
    value.unwrap_or("nothing").to_owned()
}

fn parameter_group(instance: &DbInstance) -> String {
    let Some(group) = instance.db_parameter_groups().first() else { return text(None) };
    format!("{} ({})", text(group.db_parameter_group_name()), text(group.parameter_apply_status()))
}

fn compare(original: &DbInstance, copy: &DbInstance, drilled: &mut Drilled) {
    for (what, get) in ALIKE {
        let (expected, found) = (get(original), get(copy));
        if expected == found {
            drilled.checked.push(format!("{what} {found}"));
        } else {
            drilled.differences.push(format!("{what}: {found} instead of {expected}"));
        }
    }
}
