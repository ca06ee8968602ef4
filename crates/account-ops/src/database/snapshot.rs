//! `database snapshot`: a snapshot that stays until somebody deletes it, as before a new major version.

use deploy_ops::call::Called as _;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use serde::Serialize;

use super::wait::{CHANGE_LIMIT_SECS, Wait};

/// What `database snapshot` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Environment name.
    pub environment: String,
    /// Identifier of the snapshot.
    pub snapshot: String,
    /// Version of the engine in it.
    pub version: String,
    /// The command that restores it.
    pub restore: String,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Taken {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { environment, snapshot, version, restore, .. } = self;
        vec![
            format!("{environment}: snapshot {snapshot} of PostgreSQL {version} is complete"),
            format!("  restore  {restore}"),
        ]
    }
}

/// The time of now as part of a name: to the minute, digits alone.
pub(super) fn stamp(session: &EnvironmentSession) -> String {
    let stamp = deploy_ops::clock::rfc3339(session.target.clock.now());
    stamp.chars().filter(char::is_ascii_digit).take(12).collect()
}

/// Takes one and waits until it is complete.
///
/// # Errors
/// No database, a call that fails, a wait that takes too long; RDS completes the snapshot by itself.
pub async fn take(session: &EnvironmentSession) -> Result<Taken, Failure> {
    let (environment, instance) = (&session.environment.name, session.names().database());
    let list = session.command(&format!("database list {environment}"));
    let wait = Wait::new(session, list.clone());
    if wait.find(&instance).await?.is_none() {
        return Err(Failure::Guard {
            reason: format!("there is no database instance {instance}"),
            hint: format!("`{list}` shows what there is"),
        });
    }
    wait.available(&instance, CHANGE_LIMIT_SECS).await?;
    let name = format!("{instance}-{}", stamp(session));
    session.report.step(&format!("Snapshot {name}"));
    let call = wait.client.create_db_snapshot().db_instance_identifier(&instance);
    call.db_snapshot_identifier(&name).send().await.called("rds:CreateDBSnapshot")?;
    let done = wait.snapshot(&instance, &name).await;
    let found = done.map_err(|failure| wait.goes_on(failure, "RDS completes the snapshot by itself"))?;
    Ok(Taken {
        environment: environment.to_string(),
        restore: session.command(&format!("database restore {environment} --snapshot {name}")),
        snapshot: name,
        version: found.engine_version.unwrap_or_default(),
        exit_code: ops_cli::Exit::Done.code(),
    })
}
