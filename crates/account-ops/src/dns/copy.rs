//! `dns copy`

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use deploy_ops::delegation;
use deploy_ops::dns::normal;
use deploy_ops::failure::Failure;
use deploy_ops::session::Session;
use deploy_ops::stack;
use serde::Serialize;

use super::plan::{Held, Plan, plan};
use super::{route53, zone_file};

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A zone file.
    File(PathBuf),
    /// Another hosted zone, by its id.
    Zone(String),
    /// The name servers in service.
    NameServers,
}

impl Source {
    fn option(&self) -> String {
        match self {
            Self::File(path) => format!("--from-zone-file {}", path.display()),
            Self::Zone(id) => format!("--from-zone {id}"),
            Self::NameServers => "--from-name-servers".to_owned(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Zone(id) => write!(f, "the hosted zone {id}"),
            Self::NameServers => f.write_str("the name servers in service"),
        }
    }
}

/// What is left to do.
#[derive(Debug)]
pub struct Planned {
    zone: String,
    zone_id: String,
    source: Source,
    plan: Plan,
    again: String,
}

/// What `dns copy` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// Name of the zone.
    pub zone: String,
    /// Id of the hosted zone that records are copied into.
    pub zone_id: String,
    /// Where they come from.
    pub source: String,
    /// What becomes of each record.
    #[serde(flatten)]
    pub plan: Plan,
    /// Whether it was done; not with `--plan`.
    pub done: bool,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Copied {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { zone, zone_id, source, plan, .. } = self;
        let count = plan.create.len();
        let title = match (self.done, count) {
            (_, 0) => format!("{zone}: nothing to copy from {source} into {zone_id}"),
            (true, _) => format!("{zone}: {count} record sets copied from {source} into {zone_id}"),
            (false, _) => format!("{zone}: copy {count} record sets from {source} into {zone_id}"),
        };
        std::iter::once(title).chain(plan.lines()).collect()
    }
}

impl Planned {
    /// Whether nothing is left to do.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.plan.create.is_empty()
    }

    /// What is printed of it.
    #[must_use]
    pub fn result(&self, done: bool) -> Copied {
        Copied {
            zone: self.zone.clone(),
            zone_id: self.zone_id.clone(),
            source: self.source.to_string(),
            plan: self.plan.clone(),
            done,
            exit_code: ops_cli::Exit::Done.code(),
        }
    }
}

/// Reads the records there and here; changes nothing.
///
/// # Errors
/// A source that cannot be read, no shared stack, a call that fails.
pub async fn prepare(session: &Session, source: Source) -> Result<Planned, Failure> {
    let platform = &session.config.platform;
    let zone = normal(platform.hosted_zone.as_str());
    // What cannot be read is answered before anything is asked.
    let from_file = match &source {
        Source::File(path) => Some(of_file(path, &zone)?),
        _ => None,
    };
    let name = platform.shared_stack_name.as_str();
    let view = stack::describe(&session.target.aws, name).await?;
    let view = view.ok_or_else(|| Failure::NoSharedStack { stack: name.to_owned() })?;
    let zone_id = view.output("HostedZoneId")?.to_owned();
    let client = route53::client(session);
    let found = match (&source, from_file) {
        (_, Some(found)) => found,
        (Source::Zone(id), _) if *id == zone_id => {
            return Err(Failure::Guard {
                reason: format!("{id} is the zone that records are copied into"),
                hint: "name the zone that they come from".to_owned(),
            });
        }
        (Source::Zone(id), _) => route53::record_sets(&client, id).await?,
        (Source::NameServers | Source::File(_), _) => {
            let sets = delegation::in_service(&session.config, &session.target).await?;
            sets.into_iter().map(Held::Records).collect()
        }
    };
    let held = route53::record_sets(&client, &zone_id).await?;
    let own = session.config.environments.values().filter(|it| it.hosted_zone_id.is_none());
    let own: BTreeSet<String> = own.map(|it| normal(it.domain.as_str())).collect();
    let plan = plan(&found, &held, &zone, &own);
    let again = session.command(&format!("dns copy {} --yes", source.option()));
    Ok(Planned { zone, zone_id, source, plan, again })
}

fn of_file(path: &std::path::Path, zone: &str) -> Result<Vec<Held>, Failure> {
    let contents = zone_file::read(path, zone).map_err(|error| Failure::Input {
        reason: error.to_string(),
        hint: "export the zone again where it is served today, or correct the line (in a value, write the name of the zone for `@`)"
            .to_owned(),
    })?;
    let unknown = contents.unknown.iter().filter_map(|it| it.rsplit_once(' '));
    let unknown = unknown.map(|(name, kind)| Held::Special {
        name: name.to_owned(),
        kind: kind.to_owned(),
        what: "of a type that is not copied".to_owned(),
    });
    Ok(contents.sets.into_iter().map(Held::Records).chain(unknown).collect())
}

/// Copies.
///
/// # Errors
/// A call that fails; what was copied before stays, and the same command goes on.
pub async fn carry_out(session: &Session, planned: &Planned) -> Result<Copied, Failure> {
    let client = route53::client(session);
    let mut copied = 0;
    for batch in planned.plan.batches() {
        if let Err(error) = route53::create(&client, &planned.zone_id, batch).await {
            return Err(unfinished(error.into(), copied, planned));
        }
        copied += batch.len();
        session.report.line(format!("{copied} of {} record sets copied", planned.plan.create.len()));
        if session.interrupt.requested() && copied < planned.plan.create.len() {
            let hint = format!("`{}` goes on", planned.again);
            return Err(unfinished(Failure::Interrupted { hint }, copied, planned));
        }
    }
    Ok(planned.result(true))
}

/// Before the first change a failure is what it is.
fn unfinished(source: Failure, copied: usize, planned: &Planned) -> Failure {
    if copied == 0 {
        return source;
    }
    let state = vec![format!("{copied} of {} record sets are copied", planned.plan.create.len())];
    Failure::Unfinished { source: Box::new(source), state, next: planned.again.clone() }
}
