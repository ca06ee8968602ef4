//! `database restore`: a restored instance takes the name of the one in service.
//!
//! The stack knows its database by the identifier, and the services by an endpoint that begins with it
//! (RDS:USER_RenameInstance). With the name the new instance gets both: the template stays as it is, and CloudFormation goes on
//! as the single writer. `DBSnapshotIdentifier` in the template would replace the database, and again when it is dropped.

use std::time::Duration;

use aws_sdk_rds::Client;
use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};
use aws_sdk_rds::types::{DbInstance, Tag};
use deploy_ops::call::Called as _;
use deploy_ops::failure::Failure;
use deploy_ops::secrets::value::Values;
use deploy_ops::session::EnvironmentSession;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::plan::{self, Instance, Obstacle, Source, Step, TAG_KEPT, TAG_ORIGINAL, TAG_REPLACED, TAG_SOURCE};
use super::{rds, services};

/// Longest wait for a restored instance, in seconds. It depends on the size and is not documented; INF.
const RESTORE_LIMIT_SECS: f64 = 6.0 * 3600.0;
/// Longest wait for a change or a new name, in seconds: about ten minutes for a name (RDS:USER_RenameInstance), and then some.
const CHANGE_LIMIT_SECS: f64 = 3600.0;
const POLL: Duration = Duration::from_secs(15);

/// What is left to do.
#[derive(Debug)]
pub struct Planned {
    environment: String,
    name: String,
    source: Source,
    again: String,
    steps: Vec<Step>,
}

/// What `database restore` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Environment name.
    pub environment: String,
    /// What is or was restored.
    pub source: String,
    /// The steps that were done, or with `--plan` are left.
    pub steps: Vec<Step>,
    /// Whether they were done.
    pub done: bool,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Planned {
    /// Whether nothing is left to do.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.result(false).lines()
    }

    /// What is printed of it.
    #[must_use]
    pub fn result(&self, done: bool) -> Restored {
        Restored {
            environment: self.environment.clone(),
            source: self.source.to_string(),
            steps: self.steps.clone(),
            done,
            exit_code: ops_cli::Exit::Done.code(),
        }
    }
}

impl Restored {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { environment, source, .. } = self;
        if self.steps.is_empty() {
            return vec![format!("{environment}: the database is restored from {source}; nothing to do")];
        }
        if self.done {
            return vec![format!(
                "{environment}: the database is restored from {source}; the one before is kept"
            )];
        }
        let title = format!("{environment}: restore the database from {source}");
        std::iter::once(title).chain(self.steps.iter().map(|step| format!("  {step}"))).collect()
    }
}

/// Something took too long after the first change.
pub(super) fn unfinished(reason: &str, state: Vec<String>, again: &str) -> Failure {
    let source = Failure::Guard { reason: reason.to_owned(), hint: format!("`{again}` goes on") };
    Failure::Unfinished { source: Box::new(source), state, next: again.to_owned() }
}

fn tag(instance: &DbInstance, key: &str) -> Option<String> {
    let tag = instance.tag_list().iter().find(|tag| tag.key() == Some(key))?;
    tag.value().map(str::to_owned)
}

fn arn(instance: &DbInstance) -> Option<String> {
    instance.db_instance_arn().map(str::to_owned)
}

fn seen(instance: &DbInstance) -> Instance {
    Instance {
        name: instance.db_instance_identifier().unwrap_or_default().to_owned(),
        resource: instance.dbi_resource_id().unwrap_or_default().to_owned(),
        source: tag(instance, TAG_SOURCE),
        original: tag(instance, TAG_ORIGINAL),
        kept: tag(instance, TAG_KEPT),
        replaced: tag(instance, TAG_REPLACED),
    }
}

/// Looks at the instances and the services; changes nothing.
///
/// # Errors
/// A call that fails, a stack that is being changed, what is in the way.
pub async fn prepare(session: &EnvironmentSession, source: Source) -> Result<Planned, Failure> {
    let (environment, name) = (session.environment.name.to_string(), session.names().database());
    let records = services::records(session).await?;
    let client = rds::client(session);
    let mut found = rds::instances(&client).await?;
    // A name changes by itself to its end; what is planned before that would be wrong by then.
    let began = session.target.clock.now();
    while found.iter().any(|it| it.db_instance_status() == Some("renaming") && belongs(it, &name)) {
        give_up_late(session, began, CHANGE_LIMIT_SECS, "an instance keeps being renamed", &source)?;
        session.target.clock.sleep(POLL).await;
        found = rds::instances(&client).await?;
    }
    let instances: Vec<Instance> = found.iter().map(seen).collect();
    let stamp = deploy_ops::clock::rfc3339(session.target.clock.now());
    let stamp: String = stamp.chars().filter(char::is_ascii_digit).take(12).collect();
    let again = again(session, &source);
    let steps = plan::steps(&instances, &name, &source, &stamp, services::started(&records))
        .map_err(|obstacle| refusal(session, &name, &obstacle))?;
    Ok(Planned { environment, name, source, again, steps })
}

fn belongs(instance: &DbInstance, name: &str) -> bool {
    instance.db_instance_identifier().is_some_and(|it| it == name || it.starts_with(&format!("{name}-")))
}

fn again(session: &EnvironmentSession, source: &Source) -> String {
    session.command(&format!("database restore {} {} --yes", session.environment.name, source.option()))
}

fn refusal(session: &EnvironmentSession, name: &str, obstacle: &Obstacle) -> Failure {
    let environment = &session.environment.name;
    let list = session.command(&format!("database list {environment}"));
    match obstacle {
        Obstacle::NoDatabase => Failure::Guard {
            reason: format!("there is no database instance {name}, and none that is being restored"),
            hint: format!("`{list}` shows what there is"),
        },
        Obstacle::Taken { name } => Failure::Guard {
            reason: format!("an instance {name} exists that this restoration did not make"),
            hint: format!("`{list}` shows it; rename or delete it, then run the same command again"),
        },
        Obstacle::Another { source } => {
            let (kind, value) = source.split_once(' ').unwrap_or(("", source));
            let option = if kind == "time" { "--to-time" } else { "--snapshot" };
            let next = session.command(&format!("database restore {environment} {option} {value} --yes"));
            Failure::Guard {
                reason: format!("a restoration from {source} is under way"),
                hint: format!("`{next}` goes on with it"),
            }
        }
    }
}

fn give_up_late(
    session: &EnvironmentSession,
    began: deploy_ops::clock::Moment,
    limit_secs: f64,
    reason: &str,
    source: &Source,
) -> Result<(), Failure> {
    let again = again(session, source);
    if session.interrupt.requested() {
        return Err(Failure::Interrupted { hint: format!("RDS goes on by itself; `{again}` follows it") });
    }
    if session.target.clock.now().secs_since(began) > limit_secs {
        return Err(unfinished(reason, vec!["RDS goes on by itself".to_owned()], &again));
    }
    Ok(())
}

/// Does what is left.
///
/// # Errors
/// A call that fails, a wait that takes too long; the same command goes on.
pub async fn carry_out(session: &EnvironmentSession, planned: Planned) -> Result<Restored, Failure> {
    let run = Run { session, client: rds::client(session), planned: &planned };
    for step in &planned.steps {
        session.report.step(&step.to_string());
        let done = match step {
            Step::Copy { as_name } => run.copy(as_name).await,
            Step::Equalise => run.equalise().await,
            Step::Stop => run.services(Some(0)).await,
            Step::Keep { as_name } => run.rename(&planned.name, as_name).await,
            Step::TakeName { as_name } => run.rename(&run.new_name(), as_name).await,
            Step::Start => run.services(None).await,
            Step::Note => run.note().await,
        };
        done.map_err(|failure| run.goes_on(failure))?;
    }
    Ok(planned.result(true))
}

struct Run<'a> {
    session: &'a EnvironmentSession,
    client: Client,
    planned: &'a Planned,
}

impl Run<'_> {
    fn new_name(&self) -> String {
        format!("{}-restored", self.planned.name)
    }

    /// After the first change no failure says that nothing was changed.
    fn goes_on(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Unfinished { .. } | Failure::Interrupted { .. } => failure,
            other if !self.session.target.aws.patience.has_changed() => other,
            other => Failure::Unfinished {
                source: Box::new(other),
                state: vec!["no instance was deleted".to_owned()],
                next: self.planned.again.clone(),
            },
        }
    }

    async fn services(&self, count: Option<u32>) -> Result<(), Failure> {
        let records = services::records(self.session).await?;
        services::set(self.session, &records, count, &self.planned.again).await
    }

    async fn find(&self, name: &str) -> Result<Option<DbInstance>, Failure> {
        let found = rds::instances(&self.client).await?;
        Ok(found.into_iter().find(|it| it.db_instance_identifier() == Some(name)))
    }

    /// Waits until an instance of this name is available.
    async fn available(&self, name: &str, limit_secs: f64) -> Result<DbInstance, Failure> {
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
                return Err(unfinished(&reason, vec!["it stays so".to_owned()], &self.planned.again));
            }
            give_up_late(self.session, began, limit_secs, &reason, &self.planned.source)?;
            self.session.target.clock.sleep(POLL).await;
        }
    }

    /// Beside the instance in service: in its subnet group, security groups and parameter group. Encryption is the source's.
    async fn copy(&self, as_name: &str) -> Result<(), Failure> {
        let original = self.available(&self.planned.name, CHANGE_LIMIT_SECS).await?;
        let kept = self.planned.steps.iter().find_map(|step| match step {
            Step::Keep { as_name } => Some(as_name.as_str()),
            _ => None,
        });
        let mut tags: Vec<Tag> = original
            .tag_list()
            .iter()
            .filter(|tag| {
                tag.key().is_some_and(|key| !key.starts_with("aws:") && !key.starts_with("restore:"))
            })
            .cloned()
            .collect();
        let own = [
            (TAG_SOURCE, self.planned.source.to_string()),
            (TAG_ORIGINAL, original.dbi_resource_id().unwrap_or_default().to_owned()),
            (TAG_KEPT, kept.unwrap_or_default().to_owned()),
        ];
        tags.extend(own.map(|(key, value)| Tag::builder().key(key).value(value).build()));
        let groups: Vec<String> = original
            .vpc_security_groups()
            .iter()
            .filter_map(|group| Some(group.vpc_security_group_id()?.to_owned()))
            .collect();
        let subnets = original.db_subnet_group().and_then(|group| group.db_subnet_group_name());
        let parameters = original.db_parameter_groups().first().and_then(|it| it.db_parameter_group_name());
        let logs = Some(original.enabled_cloudwatch_logs_exports().to_vec());
        macro_rules! common {
            ($call:expr) => {
                $call
                    .set_db_instance_class(original.db_instance_class().map(str::to_owned))
                    .set_db_subnet_group_name(subnets.map(str::to_owned))
                    .set_db_parameter_group_name(parameters.map(str::to_owned))
                    .set_vpc_security_group_ids(Some(groups))
                    .set_multi_az(original.multi_az())
                    .set_copy_tags_to_snapshot(original.copy_tags_to_snapshot())
                    .set_enable_cloudwatch_logs_exports(logs)
                    .publicly_accessible(false)
                    .set_tags(Some(tags))
            };
        }
        match &self.planned.source {
            Source::Snapshot(snapshot) => {
                let call = self.client.restore_db_instance_from_db_snapshot();
                let call = common!(call).db_instance_identifier(as_name).db_snapshot_identifier(snapshot);
                call.send().await.called("rds:RestoreDBInstanceFromDBSnapshot")?;
            }
            Source::Time(time) => {
                let time = DateTime::from_str(&time.to_string(), DateTimeFormat::DateTime).map_err(|_| {
                    Failure::Guard {
                        reason: format!("{time} is no time that RDS takes"),
                        hint: "write it as 2026-01-05T08:00:00Z".to_owned(),
                    }
                })?;
                let call = self.client.restore_db_instance_to_point_in_time().restore_time(time);
                let call = common!(call)
                    .source_db_instance_identifier(&self.planned.name)
                    .target_db_instance_identifier(as_name);
                call.send().await.called("rds:RestoreDBInstanceToPointInTime")?;
            }
        }
        Ok(())
    }

    /// What a restoration does not take over, and the password: a backup has that of its time.
    async fn equalise(&self) -> Result<(), Failure> {
        let restored = self.available(&self.new_name(), RESTORE_LIMIT_SECS).await?;
        let original = self.available(&self.planned.name, CHANGE_LIMIT_SECS).await?;
        let password = self.password().await?;
        let differs = |get: fn(&DbInstance) -> Option<&str>| {
            get(&original).filter(|_| get(&original) != get(&restored)).map(str::to_owned)
        };
        let number =
            |get: fn(&DbInstance) -> Option<i32>| get(&original).filter(|_| get(&original) != get(&restored));
        let call = self
            .client
            .modify_db_instance()
            .db_instance_identifier(self.new_name())
            .apply_immediately(true)
            .master_user_password(password.as_str())
            .set_backup_retention_period(number(DbInstance::backup_retention_period))
            .set_max_allocated_storage(number(DbInstance::max_allocated_storage))
            .set_preferred_backup_window(differs(DbInstance::preferred_backup_window))
            .set_preferred_maintenance_window(differs(DbInstance::preferred_maintenance_window))
            .set_deletion_protection(original.deletion_protection());
        call.send().await.called("rds:ModifyDBInstance")?;
        self.available(&self.new_name(), CHANGE_LIMIT_SECS).await?;
        Ok(())
    }

    /// The owner's password, from its secret.
    async fn password(&self) -> Result<Zeroizing<String>, Failure> {
        let reference = &self.session.config.platform.database.password;
        let path = self.session.environment.secret_path(&reference.secret);
        let call = self.session.target.aws.secrets.get_secret_value().secret_id(&path);
        let answer = call.send().await.called("secretsmanager:GetSecretValue")?;
        let text = answer.secret_string.map(Zeroizing::new);
        let values = text.and_then(|text| Values::parse(&text));
        let found = values.as_ref().and_then(|values| values.get(reference.key.as_str()));
        let found = found.map(|text| Zeroizing::new(text.expose_secret().to_owned()));
        found.ok_or_else(|| Failure::Guard {
            reason: format!("the secret {path} has no {}", reference.key),
            hint: format!(
                "enter it with `{}`",
                self.session.command(&format!("secrets set {}", self.session.environment.name))
            ),
        })
    }

    /// The stack's tags are all that the instance in service has in the end: others would be drift.
    async fn note(&self) -> Result<(), Failure> {
        let all = rds::instances(&self.client).await?;
        let current = all.iter().find(|it| it.db_instance_identifier() == Some(&self.planned.name));
        let Some(current) = current else { return Ok(()) };
        let original = tag(current, TAG_ORIGINAL);
        let kept = all.iter().find(|it| original.is_some() && it.dbi_resource_id() == original.as_deref());
        if let Some(kept) = kept {
            let text = plan::replacement(
                current.dbi_resource_id().unwrap_or_default(),
                &self.planned.source.to_string(),
            );
            let call = self.client.add_tags_to_resource().set_resource_name(arn(kept));
            let tag = Tag::builder().key(TAG_REPLACED).value(text).build();
            call.tags(tag).send().await.called("rds:AddTagsToResource")?;
        }
        let call = self.client.remove_tags_from_resource().set_resource_name(arn(current));
        let keys = [TAG_KEPT, TAG_ORIGINAL, TAG_SOURCE].map(str::to_owned);
        call.set_tag_keys(Some(keys.to_vec())).send().await.called("rds:RemoveTagsFromResource")?;
        Ok(())
    }

    /// Gives an instance another name, and waits until it is available under that.
    async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.available(from, CHANGE_LIMIT_SECS).await?;
        let call = self.client.modify_db_instance().db_instance_identifier(from);
        let call = call.new_db_instance_identifier(to).apply_immediately(true);
        call.send().await.called("rds:ModifyDBInstance")?;
        self.available(to, CHANGE_LIMIT_SECS).await?;
        Ok(())
    }
}
