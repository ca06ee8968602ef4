//! Waits for RDS, each with a limit. RDS goes on by itself whatever becomes of the command.

use std::time::Duration;

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, DbSnapshot};
use deploy_ops::clock::Moment;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;

use super::rds;

/// Longest wait for a restored instance, in seconds. It depends on the size and is not documented; INF.
pub(super) const RESTORE_LIMIT_SECS: f64 = 6.0 * 3600.0;
/// Longest wait for a change or a new name, in seconds: about ten minutes for a name (RDS:USER_RenameInstance), and then some.
pub(super) const CHANGE_LIMIT_SECS: f64 = 3600.0;
const POLL: Duration = Duration::from_secs(15);

/// Who waits, and the command that goes on later.
pub(super) struct Wait<'a> {
    pub(super) session: &'a EnvironmentSession,
    pub(super) client: Client,
    pub(super) again: String,
}

impl<'a> Wait<'a> {
    pub(super) fn new(session: &'a EnvironmentSession, again: String) -> Self {
        Self { session, client: rds::client(session), again }
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<DbInstance>, Failure> {
        let found = rds::instances(&self.client).await?;
        Ok(found.into_iter().find(|it| it.db_instance_identifier() == Some(name)))
    }

    /// Until an instance of this name is available.
    pub(super) async fn available(&self, name: &str, limit_secs: f64) -> Result<DbInstance, Failure> {
        let began = self.session.target.clock.now();
        loop {
            let found = self.find(name).await?;
            let status = found.as_ref().and_then(|it| it.db_instance_status()).unwrap_or("absent").to_owned();
            match found {
                Some(instance) if status == "available" => return Ok(instance),
                _ => {}
            }
            let reason = format!("the database instance {name} is {status} and not available");
            if matches!(status.as_str(), "failed" | "incompatible-restore" | "incompatible-parameters") {
                return Err(unfinished(&reason, vec!["it stays so".to_owned()], &self.again));
            }
            self.pause(began, limit_secs, &reason).await?;
        }
    }

    /// Until there is no instance of this name.
    pub(super) async fn gone(&self, name: &str) -> Result<(), Failure> {
        let began = self.session.target.clock.now();
        while let Some(found) = self.find(name).await? {
            let status = found.db_instance_status().unwrap_or_default();
            let reason = format!("the database instance {name} is {status} and not gone");
            self.pause(began, CHANGE_LIMIT_SECS, &reason).await?;
        }
        Ok(())
    }

    /// Until a snapshot of an instance is complete.
    pub(super) async fn snapshot(&self, instance: &str, name: &str) -> Result<DbSnapshot, Failure> {
        let began = self.session.target.clock.now();
        loop {
            let all = rds::snapshots(&self.client, instance).await?;
            let found = all.into_iter().find(|it| it.db_snapshot_identifier() == Some(name));
            let status = found.as_ref().and_then(|it| it.status()).unwrap_or("absent").to_owned();
            match found {
                Some(snapshot) if status == "available" => return Ok(snapshot),
                _ => {}
            }
            let reason = format!("the snapshot {name} is {status} and not available");
            if status == "failed" {
                return Err(unfinished(&reason, vec!["it stays so".to_owned()], &self.again));
            }
            self.pause(began, RESTORE_LIMIT_SECS, &reason).await?;
        }
    }

    /// One pause between two looks, unless it has been long enough or the user has.
    pub(super) async fn pause(&self, began: Moment, limit_secs: f64, reason: &str) -> Result<(), Failure> {
        if self.session.interrupt.requested() {
            let hint = format!("RDS goes on by itself; `{}` follows it", self.again);
            return Err(Failure::Interrupted { hint });
        }
        if self.session.target.clock.now().secs_since(began) > limit_secs {
            return Err(unfinished(reason, vec!["RDS goes on by itself".to_owned()], &self.again));
        }
        self.session.target.clock.sleep(POLL).await;
        Ok(())
    }

    /// After the first change no failure says that nothing was changed.
    pub(super) fn goes_on(&self, failure: Failure, state: &str) -> Failure {
        match failure {
            Failure::Unfinished { .. } | Failure::Interrupted { .. } => failure,
            other if !self.session.target.aws.patience.has_changed() => other,
            other => Failure::Unfinished {
                source: Box::new(other),
                state: vec![state.to_owned()],
                next: self.again.clone(),
            },
        }
    }
}

/// Something took too long after the first change.
pub(super) fn unfinished(reason: &str, state: Vec<String>, again: &str) -> Failure {
    let source = Failure::Guard { reason: reason.to_owned(), hint: format!("`{again}` goes on") };
    Failure::Unfinished { source: Box::new(source), state, next: again.to_owned() }
}
