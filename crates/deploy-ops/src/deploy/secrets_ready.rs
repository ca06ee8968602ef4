//! Whether the secrets that tasks need have values: a task without one does not start.

use std::collections::BTreeSet;

use env_config::SecretName;

use super::Deployment;
use crate::failure::Failure;
use crate::prepare;
use crate::secrets::look::{Recipes, look};
use crate::secrets::{SecretCheck, Standing, next};

impl Deployment<'_> {
    /// A secret that is there and has no fit value is found before anything is changed. Answers those that are ready; what
    /// the deployment itself makes is looked at once it is there.
    pub(super) async fn known_secrets(&self) -> Result<BTreeSet<SecretName>, Failure> {
        let Some((_, live)) = &self.live else { return Ok(BTreeSet::new()) };
        let placeholders = self.session.target.is_self_contained();
        let recipes = Recipes { live, wanted: &self.template };
        let mut checks = look(self.session, &recipes, |name| !recipes.change(name)).await?;
        checks.retain(|_, check| match check.standing {
            Standing::Absent => false,
            // It gets one, where nobody else brings it.
            Standing::Empty => !placeholders,
            _ => true,
        });
        self.refuse_unready(checks.values(), placeholders)?;
        Ok(checks.into_keys().collect())
    }

    /// A task that needs a secret without value does not start: found before any is touched. Not asked for again: those that
    /// are `known` to be ready.
    pub(super) async fn secrets(&self, known: &BTreeSet<SecretName>) -> Result<(), Failure> {
        let Some((_, live)) = &self.live else { return Ok(()) };
        let placeholders = self.session.target.is_self_contained();
        let recipes = Recipes { live, wanted: &self.template };
        let checks = look(self.session, &recipes, |name| !known.contains(name)).await?;
        let mut checks: Vec<SecretCheck> = checks.into_values().collect();
        if placeholders {
            prepare::placeholder_secrets(self.session, &checks).await?;
            checks.retain(|check| check.standing != Standing::Empty);
        }
        self.refuse_unready(&checks, placeholders)
    }

    fn refuse_unready<'c>(
        &self,
        checks: impl IntoIterator<Item = &'c SecretCheck>,
        placeholders: bool,
    ) -> Result<(), Failure> {
        let open: Vec<&SecretCheck> =
            checks.into_iter().filter(|check| !check.is_ready(placeholders)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let names = open.iter().map(|check| format!("{} ({})", check.path, check.words())).collect();
        Err(Failure::MissingSecrets { names, hint: next(self.session, &open) })
    }
}
