//! `bootstrap`

use std::path::Path;

use deploy_ops::commands::bootstrap;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use ops_cli::{BootstrapArgs, Exit};

use crate::quotas;

pub(super) async fn run(args: &BootstrapArgs, root: &Path) -> Result<Exit, Failure> {
    let quotas = async |session: &EnvironmentSession| {
        quotas::look(&session.config, Some(&session.environment), &session.target).await
    };
    bootstrap::run(args, root, quotas).await
}
