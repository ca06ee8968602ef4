//! `local reset|status|serve`

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use env_config::Config;
use local_aws::{ClockMode, Options};
use ops_cli::{Exit, LocalCommand};

use super::{print, print_json};
use crate::failure::Failure;
use crate::target::{TargetError, local_state, open_local};

pub(super) async fn run(command: &LocalCommand, root: &Path) -> Result<Exit, Failure> {
    let state = local_state(root);
    match command {
        LocalCommand::Reset => {
            local_aws::reset(&state).map_err(TargetError::from)?;
            ops_cli::say!("the local account is empty");
        }
        LocalCommand::Status => {
            let running = open_local(&state, &options(root)?)?;
            let running = running.start().await.map_err(TargetError::Serve)?;
            print_json(&running.control().status())?;
            running.shutdown().await.map_err(TargetError::from)?;
        }
        LocalCommand::Serve { port, speed } => {
            let mut options = options(root)?;
            options.clock = ClockMode::Speed(*speed);
            options.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let running = open_local(&state, &options)?;
            let running = running.start().await.map_err(TargetError::Serve)?;
            print(&running.endpoint_url())?;
            ops_cli::say!(
                "serving until Ctrl-C; for other clients: AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY=local",
                running.endpoint_url(),
                local_aws::ADMIN_ACCESS_KEY
            );
            // Without a signal handler there is nothing to wait for.
            let _ = tokio::signal::ctrl_c().await;
            running.shutdown().await.map_err(TargetError::from)?;
        }
    }
    Ok(Exit::Done)
}

fn options(root: &Path) -> Result<Options, Failure> {
    let platform = Config::load(root)?.platform;
    Ok(Options::new(platform.account_id.as_str(), platform.region.as_str()))
}
