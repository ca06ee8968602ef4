//! `database drop-kept`: the instance that a restoration kept goes, and leaves a snapshot.

use aws_sdk_rds::types::DbInstance;
use deploy_ops::call::Called as _;
use deploy_ops::confirm;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use serde::Serialize;

use super::plan::TAG_REPLACED;
use super::rds;
use super::restore::tag;
use super::wait::{CHANGE_LIMIT_SECS, Wait};

/// What `database drop-kept` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Environment name.
    pub environment: String,
    /// The instance that is gone; none where there was none.
    pub instance: Option<String>,
    /// Its last snapshot.
    pub snapshot: Option<String>,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Dropped {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match (&self.instance, &self.snapshot) {
            (Some(instance), Some(snapshot)) => {
                vec![format!(
                    "{}: {instance} is deleted; its data are in the snapshot {snapshot}",
                    self.environment
                )]
            }
            _ => vec![format!("{}: no restoration keeps an instance; nothing to do", self.environment)],
        }
    }
}

/// Deletes the kept instance that `confirmed` names.
///
/// # Errors
/// An instance that no completed restoration keeps, a name that was not given, a call that fails; the same command goes on.
pub async fn drop_kept(
    session: &EnvironmentSession,
    confirmed: Option<&str>,
    yes: bool,
) -> Result<Dropped, Failure> {
    let (environment, name) = (session.environment.name.to_string(), session.names().database());
    let command = |instance: &str| {
        session.command(&format!("database drop-kept {environment} --confirm {instance} --yes"))
    };
    let wait = Wait::new(session, command(confirmed.unwrap_or("NAME")));
    let all = rds::instances(&wait.client).await?;
    let kept: Vec<&DbInstance> = all.iter().filter(|it| is_kept(it, &name)).collect();
    let names: Vec<&str> = kept.iter().filter_map(|it| it.db_instance_identifier()).collect();
    let mut dropped = Dropped {
        environment: environment.clone(),
        instance: None,
        snapshot: None,
        exit_code: ops_cli::Exit::Done.code(),
    };
    let Some(confirmed) = confirmed else {
        let Some(first) = names.first() else { return Ok(dropped) };
        return Err(Failure::Guard {
            reason: format!("what is deleted has to be named; restorations keep {}", names.join(", ")),
            hint: format!("`{}` deletes it, after a last snapshot", command(first)),
        });
    };
    let last = format!("{confirmed}-last");
    let Some(instance) = kept.into_iter().find(|it| it.db_instance_identifier() == Some(confirmed)) else {
        let snapshots = rds::snapshots(&wait.client, confirmed).await?;
        if all.iter().all(|it| it.db_instance_identifier() != Some(confirmed))
            && snapshots.iter().any(|it| it.db_snapshot_identifier() == Some(&last))
        {
            wait.snapshot(confirmed, &last).await?;
            return Ok(Dropped { instance: Some(confirmed.to_owned()), snapshot: Some(last), ..dropped });
        }
        let list = session.command(&format!("database list {environment}"));
        return Err(Failure::Guard {
            reason: format!("{confirmed} is no instance that a completed restoration of {environment} keeps"),
            hint: format!("`{list}` shows what there is"),
        });
    };
    if instance.db_instance_status() != Some("deleting") {
        // The one that took its place has to be there: this one may be the last.
        wait.available(&name, CHANGE_LIMIT_SECS).await?;
        confirm::confirm(session, &format!("Delete the database instance {confirmed}?"), yes)?;
        session.report.step(&format!("Delete {confirmed}, after a last snapshot"));
        let begun = delete(&wait, confirmed, &last, instance.deletion_protection() == Some(true)).await;
        begun.map_err(|failure| wait.goes_on(failure, "the instance may be without its protection"))?;
    }
    let done = wait.gone(confirmed).await;
    done.map_err(|failure| wait.goes_on(failure, "RDS deletes the instance by itself"))?;
    let done = wait.snapshot(confirmed, &last).await;
    done.map_err(|failure| wait.goes_on(failure, "RDS completes the snapshot by itself"))?;
    dropped.instance = Some(confirmed.to_owned());
    dropped.snapshot = Some(last);
    Ok(dropped)
}

/// Whether a restoration that has come to its end keeps this instance.
pub(super) fn is_kept(instance: &DbInstance, in_service: &str) -> bool {
    let name = instance.db_instance_identifier().unwrap_or_default();
    name.starts_with(&format!("{in_service}-before-")) && tag(instance, TAG_REPLACED).is_some()
}

async fn delete(wait: &Wait<'_>, name: &str, last: &str, protected: bool) -> Result<(), Failure> {
    wait.available(name, CHANGE_LIMIT_SECS).await?;
    if protected {
        let call = wait.client.modify_db_instance().db_instance_identifier(name);
        let call = call.deletion_protection(false).apply_immediately(true);
        call.send().await.called("rds:ModifyDBInstance")?;
        wait.available(name, CHANGE_LIMIT_SECS).await?;
    }
    let call = wait.client.delete_db_instance().db_instance_identifier(name);
    let call = call.skip_final_snapshot(false).final_db_snapshot_identifier(last);
    call.send().await.called("rds:DeleteDBInstance")?;
    Ok(())
}
