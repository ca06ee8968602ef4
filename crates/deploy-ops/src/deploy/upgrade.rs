//! A new major version of the database: an update of its own, before everything else.

use std::collections::BTreeSet;

use super::Deployment;
use crate::database_change;
use crate::ending::End;
use crate::failure::Failure;
use crate::operation;
use crate::rollout;
use crate::template::Section;

impl Deployment<'_> {
    /// Refuses what no update can do to the database that is there.
    pub(super) fn refuse_database(&self) -> Result<(), Failure> {
        let Some((_, live)) = &self.live else { return Ok(()) };
        database_change::refuse(self.session.environment.name.as_str(), live, &self.template)
    }

    /// Upgrades the database, where the template brings a new major version. The guard has been asked for it.
    pub(super) async fn upgrade(&mut self) -> Result<Option<End>, Failure> {
        let Some((_, live)) = &self.live else { return Ok(None) };
        let upgrades = database_change::upgrades(live, &self.template);
        for upgrade in &upgrades {
            self.session.report.step(&format!("PostgreSQL {} to {}", upgrade.from, upgrade.to));
        }
        if upgrades.is_empty() {
            return Ok(None);
        }
        let template = database_change::upgraded(live, &self.template, &upgrades);
        let kept: BTreeSet<String> =
            template.entries(Section::Parameters).map(|(name, _)| name.clone()).collect();
        let request = self.request("upgrade", &template, &kept)?;
        let conclusion =
            operation::change(self.session, &self.job(request), rollout::of_infrastructure).await?;
        let end = self.note(conclusion);
        if end.is_none() {
            self.refresh().await?;
        }
        Ok(end)
    }
}
