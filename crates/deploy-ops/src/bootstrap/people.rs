//! What only people can do, and what nothing in AWS shows to this tool.

use crate::doctor::github::approval_environment;
use crate::session::EnvironmentSession;

/// One line for each of them.
pub fn tasks(session: &EnvironmentSession) -> Vec<String> {
    let (platform, environment) = (&session.config.platform, &session.environment);
    let github = &platform.github;
    let name = &environment.name;
    let branch = &github.branch;
    let place = format!("https://github.com/{}/{}/settings/environments", github.owner, github.repository);
    let mut lines = vec![format!(
        "GitHub: create the environment {name} in {place}, for the branch {branch} alone: its jobs get the deploy role of {name}"
    )];
    if environment.protection.retain_data {
        let approval = approval_environment(name.as_str());
        lines.push(format!(
            "GitHub: create the environment {approval} there, for the branch {branch} alone and with required reviewers: they \
             approve what is deployed to {name}"
        ));
    }
    for path in admin_secrets(session) {
        lines.push(format!(
            "administrator: the password is in Secrets Manager under {path}; sign in at {} and change it",
            environment.url()
        ));
    }
    lines
}

/// Secrets that only the seed task reads: what it makes the administrator with.
fn admin_secrets(session: &EnvironmentSession) -> Vec<String> {
    let platform = &session.config.platform;
    let Some((seed, task)) = super::admin::task(session) else { return Vec::new() };
    let services = platform.services.values().flat_map(|service| service.secrets.values());
    let tasks = platform.tasks.iter().filter(|(name, _)| *name != seed);
    let others: Vec<_> =
        services.chain(tasks.flat_map(|(_, task)| task.secrets.values())).map(|it| &it.secret).collect();
    let own = task.secrets.values().map(|it| &it.secret).filter(|name| !others.contains(name));
    own.map(|name| session.environment.secret_path(name)).collect()
}
