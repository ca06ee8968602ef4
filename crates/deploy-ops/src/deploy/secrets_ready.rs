//! Whether the secrets that tasks need have values: a task without one does not start.

use super::Deployment;
use crate::failure::Failure;
use crate::{prepare, secrets};

impl Deployment<'_> {
    /// A secret that is there and has no fit value is found before anything is changed; one that the deployment itself makes
    /// is looked at once it is there.
    pub(super) async fn known_secrets(&self) -> Result<(), Failure> {
        if self.live.is_none() {
            return Ok(());
        }
        let placeholders = self.session.target.is_self_contained();
        let mut checks = secrets::check(self.session).await?;
        checks.retain(|check| match check.standing {
            secrets::Standing::Absent => false,
            // It gets one, where nobody else brings it.
            secrets::Standing::Empty => !placeholders,
            _ => true,
        });
        self.refuse_unready(checks, placeholders)
    }

    /// A task that needs a secret without value does not start: found before any is touched.
    pub(super) async fn secrets(&self) -> Result<(), Failure> {
        let placeholders = self.session.target.is_self_contained();
        let mut checks = secrets::check(self.session).await?;
        if placeholders {
            prepare::placeholder_secrets(self.session, &checks).await?;
            checks.retain(|check| check.standing != secrets::Standing::Empty);
        }
        self.refuse_unready(checks, placeholders)
    }

    fn refuse_unready(
        &self,
        mut checks: Vec<secrets::SecretCheck>,
        placeholders: bool,
    ) -> Result<(), Failure> {
        checks.retain(|check| !check.is_ready(placeholders));
        let environment = &self.session.environment.name;
        let command = match checks.as_slice() {
            [] => return Ok(()),
            [one] => format!("secrets set {environment} {}", one.name),
            several if several.iter().all(|check| check.standing == secrets::Standing::Empty) => {
                format!("secrets init {environment}")
            }
            _ => format!("secrets check {environment}"),
        };
        let names = checks.iter().map(|check| format!("{} ({})", check.path, check.words())).collect();
        Err(Failure::MissingSecrets { names, hint: self.session.command(&command) })
    }
}
