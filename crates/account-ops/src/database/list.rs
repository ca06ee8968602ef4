//! What there is of an environment's database: the instance in service, those that were kept, and what it can be restored from.

use aws_sdk_rds::types::DbInstance;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use serde::Serialize;

use super::restore::tag;
use super::{drill, drop_kept, rds};

/// What `database list` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Environment name.
    pub environment: String,
    /// Instances with the name of the environment's database, or one that begins with it.
    pub instances: Vec<Instance>,
    /// Times to which the database can be restored, where it has automated backups.
    pub window: Option<Window>,
    /// Times that backups of instances cover which are gone.
    pub retained: Vec<Window>,
    /// Snapshots, newest first.
    pub snapshots: Vec<Snapshot>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Identifier.
    pub name: String,
    /// Whether it is the one that the services use.
    pub in_service: bool,
    /// Status, as RDS calls it.
    pub status: String,
    /// Version of the engine.
    pub version: String,
    /// Storage in GiB.
    pub storage_gib: i32,
    /// Why it is there beside the one in service, and the command that removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A restorable period, both ends included, RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Earliest time.
    pub from: String,
    /// Latest time.
    pub to: String,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Identifier.
    pub name: String,
    /// `manual` or `automated`.
    pub kind: String,
    /// Status, as RDS calls it.
    pub status: String,
    /// When it was taken, RFC 3339; none while it is being taken.
    pub taken_at: Option<String>,
}

/// Lists them.
///
/// # Errors
/// A call that fails.
pub async fn list(session: &EnvironmentSession) -> Result<Listing, Failure> {
    let client = rds::client(session);
    let name = session.names().database();
    let text = |time: Option<aws_sdk_rds::primitives::DateTime>| time.map(|time| time.to_string());
    let mut instances: Vec<Instance> = rds::instances(&client)
        .await?
        .into_iter()
        .filter_map(|found| {
            let note = note(session, &found, &name);
            let identifier = found.db_instance_identifier?;
            (identifier == name || identifier.starts_with(&format!("{name}-"))).then(|| Instance {
                in_service: identifier == name,
                name: identifier,
                status: found.db_instance_status.unwrap_or_default(),
                version: found.engine_version.unwrap_or_default(),
                storage_gib: found.allocated_storage.unwrap_or_default(),
                note,
            })
        })
        .collect();
    instances.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut window, mut retained) = (None, Vec::new());
    for backup in rds::backups(&client, &name).await? {
        let times = backup
            .restore_window
            .and_then(|it| Some(Window { from: text(it.earliest_time)?, to: text(it.latest_time)? }));
        match backup.status.as_deref() {
            Some("retained") => retained.extend(times),
            _ => window = window.or(times),
        }
    }
    let mut found = rds::snapshots(&client, &name).await?;
    found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.snapshot_create_time));
    let snapshots = found
        .into_iter()
        .map(|snapshot| Snapshot {
            name: snapshot.db_snapshot_identifier.unwrap_or_default(),
            kind: snapshot.snapshot_type.unwrap_or_default(),
            status: snapshot.status.unwrap_or_default(),
            taken_at: text(snapshot.snapshot_create_time),
        })
        .collect();
    Ok(Listing { environment: session.environment.name.to_string(), instances, window, retained, snapshots })
}

/// Why an instance is there beside the one in service.
fn note(session: &EnvironmentSession, instance: &DbInstance, in_service: &str) -> Option<String> {
    if tag(instance, drill::TAG_DRILL).is_some() {
        return Some(format!("left by a drill; `{}` removes it", drill::removal(session)));
    }
    drop_kept::is_kept(instance, in_service).then(|| {
        let name = instance.db_instance_identifier().unwrap_or_default();
        let command = format!("database drop-kept {} --confirm {name}", session.environment.name);
        format!("kept by a restoration; `{}` deletes it after a last snapshot", session.command(&command))
    })
}

impl Listing {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .instances
            .iter()
            .map(|it| {
                let place = if it.in_service { "in service" } else { "not in service" };
                let note = it.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
                format!(
                    "instance  {}  {place}, {}, PostgreSQL {}, {} GiB{note}",
                    it.name, it.status, it.version, it.storage_gib
                )
            })
            .collect();
        if lines.is_empty() {
            lines.push(format!("{}: no database instance", self.environment));
        }
        lines.push(match &self.window {
            Some(window) => format!("any time  {} to {}", window.from, window.to),
            None => "any time  none: there are no automated backups".to_owned(),
        });
        for it in &self.retained {
            lines.push(format!("retained  {} to {}, of an instance that is gone", it.from, it.to));
        }
        for it in &self.snapshots {
            let taken = it.taken_at.as_deref().unwrap_or("not complete");
            lines.push(format!("snapshot  {}  {}, {}, {taken}", it.name, it.kind, it.status));
        }
        lines
    }
}
