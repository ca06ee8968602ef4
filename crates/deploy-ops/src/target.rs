//! Where a command runs: the AWS account of the configuration, or the embedded local AWS.
//!
//! Nothing outside this file knows which of the two it is: both are reached by the same SDK calls over
//! HTTP, with another endpoint, clock and address of the public names.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, timeout::TimeoutConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_types::retry::RetryConfig;
use env_config::Config;
use local_aws::{Control, Fault, LocalAws, Options, Running, StateError};
use ops_cli::{Place, TargetArgs};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::clock::{AwsClock, Clock, Moment, Offset, WallClock};
use crate::interrupt::Interrupt;
use crate::patience::Patience;
use crate::resolve::TagSource;
use crate::transport::Transport;

pub mod faults;
mod local;

/// Directory of the local account, below the top of the repository.
pub const LOCAL_STATE: &str = ".local-aws";

/// Who calls, as STS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account, twelve digits.
    pub account: String,
    /// ARN of the user or assumed role.
    pub arn: String,
}

/// How public names are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// By DNS and HTTPS, as users do.
    Public,
    /// All of them at one address, without TLS.
    At(SocketAddr),
}

/// Where a command runs, ready to be used.
pub struct Target {
    /// The clients.
    pub aws: Aws,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// How its public names are reached.
    pub front: Front,
    /// Where release tags are looked up.
    pub tags: TagSource,
    /// Who calls.
    pub identity: Identity,
    /// When the credentials end, in seconds since the Unix epoch, where they do.
    pub credentials_expire_at: Option<Moment>,
    /// How far AWS's clock is ahead of this machine's.
    pub clock_offset: Offset,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Whether the caller may do everything in an account of its own.
    self_contained: bool,
    local: Option<Running>,
}

/// The target cannot be used; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No credentials anywhere in the chain.
    #[error("no AWS credentials were found")]
    NoCredentials(#[source] CredentialsError),
    /// STS did not answer, or refused.
    #[error("failed to ask AWS who is calling")]
    Identity(#[source] CallError),
    /// The credentials belong to another account.
    #[error("the credentials belong to account {found}, but infra/platform.toml names {wanted}")]
    WrongAccount {
        /// Account of the credentials.
        found: String,
        /// Account of the configuration.
        wanted: String,
    },
    /// The surroundings name another region.
    #[error("{variable} names region {found}, but infra/platform.toml names {wanted}")]
    WrongRegion {
        /// Environment variable that says so.
        variable: &'static str,
        /// Its region.
        found: String,
        /// Region of the configuration.
        wanted: String,
    },
    /// The local account cannot be opened.
    #[error(transparent)]
    Local(#[from] StateError),
    /// The local AWS cannot be served.
    #[error("failed to start the local AWS")]
    Serve(#[source] std::io::Error),
    /// Neither AWS nor the local AWS was asked for.
    #[error(transparent)]
    Place(#[from] ops_cli::PlaceError),
    /// A fault that does not exist.
    #[error("{0}")]
    UnknownFault(String),
}

/// Opens the local account in `dir`, and says what a kill tore.
pub(crate) fn open_local(dir: &Path, options: &Options) -> Result<LocalAws, TargetError> {
    let opened = LocalAws::open(dir, options)?;
    if let Some(torn) = opened.torn() {
        ops_cli::say!("note: {torn}");
    }
    Ok(opened)
}

impl Target {
    /// Connects, and refuses another account or region than the configuration's.
    ///
    /// `faults` are broken in the local account; elsewhere there are none.
    pub async fn connect(
        root: &Path,
        config: &Config,
        args: &TargetArgs,
        faults: Vec<Fault>,
    ) -> Result<Self, TargetError> {
        match args.place()? {
            Place::Aws => Self::aws(config).await,
            Place::Local => {
                let opened = open_local(&local_state(root), &options(config))?;
                let running = opened.start().await.map_err(TargetError::Serve)?;
                // Faults are those of this command: what an earlier one broke is whole again.
                running.control().remove_fault(None)?;
                for fault in faults {
                    running.control().add_fault(fault, Duration::ZERO)?;
                }
                Self::serving(config, running, local_aws::ADMIN_ACCESS_KEY, Interrupt::listen()).await
            }
        }
    }

    async fn aws(config: &Config) -> Result<Self, TargetError> {
        let region = config.platform.region.as_str();
        refuse_other_region(region, |variable| std::env::var(variable).ok())?;
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let (interrupt, clock_offset) = (Interrupt::listen(), Offset::default());
        let machine: Arc<dyn Clock> = Arc::new(WallClock);
        // The credentials' own requests are none to an API.
        let transport = Transport {
            inner: http.clone(),
            interrupt: interrupt.clone(),
            machine: Some((machine.clone(), clock_offset.clone())),
        };
        let sdk_config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .timeout_config(timeouts())
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            .load()
            .await;
        let expire_at = match sdk_config.credentials_provider() {
            Some(provider) => {
                let credentials = provider.provide_credentials().await.map_err(TargetError::NoCredentials)?;
                credentials.expiry().and_then(|expiry| expiry.duration_since(std::time::UNIX_EPOCH).ok())
            }
            None => None,
        };
        let expire_at = expire_at.map(|since_epoch| Moment::from_epoch_secs(since_epoch.as_secs_f64()));
        let clock: Arc<dyn Clock> = Arc::new(AwsClock { machine, offset: clock_offset.clone() });
        let aws = Aws::new(&sdk_config, &transport, Patience::new(interrupt.clone(), clock.clone()));
        let identity = identity(&aws, config).await?;
        Ok(Self {
            aws,
            clock,
            front: Front::Public,
            tags: TagSource::Git,
            identity,
            credentials_expire_at: expire_at,
            clock_offset,
            interrupt,
            self_contained: false,
            local: None,
        })
    }

    /// Whether images and secret values have to be made up, because nobody else brings them.
    #[must_use]
    pub const fn is_self_contained(&self) -> bool {
        self.self_contained
    }

    /// A copy of the account, in memory, called by its administrator; `None` where images and secrets are not made up.
    pub async fn copy(&self, config: &Config) -> Result<Option<Self>, TargetError> {
        let Some(control) = self.control().filter(|_| self.self_contained) else { return Ok(None) };
        let running = control.copy(&options(config)).start().await.map_err(TargetError::Serve)?;
        Ok(Some(Self::local(config, running).await?))
    }

    /// How the flag of this target is written in a command for the user.
    #[must_use]
    pub const fn flag(&self) -> &'static str {
        if self.local.is_some() { " --local" } else { "" }
    }

    /// The local AWS's own controls: time and faults.
    #[must_use]
    pub fn control(&self) -> Option<Control> {
        self.local.as_ref().map(Running::control)
    }

    /// Writes what has to last. A target that is dropped instead loses nothing but time at the next start.
    pub async fn close(self) -> Result<(), TargetError> {
        match self.local {
            Some(running) => Ok(running.shutdown().await?),
            None => Ok(()),
        }
    }
}

/// The local account that the configuration names.
fn options(config: &Config) -> Options {
    Options::new(config.platform.account_id.as_str(), config.platform.region.as_str())
}

/// Where the local account lives: `LOCAL_AWS_DIR`, or `.local-aws` at the top of the repository.
#[must_use]
pub fn local_state(root: &Path) -> PathBuf {
    match std::env::var_os("LOCAL_AWS_DIR") {
        Some(dir) if !dir.is_empty() => root.join(dir),
        _ => root.join(LOCAL_STATE),
    }
}

/// Nothing may wait without bound: not for a connection, not for an answer, not for all retries together.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_secs(90))
        .build()
}

/// The configuration names the region; surroundings that name another one are a mistake of somebody.
fn refuse_other_region(region: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<(), TargetError> {
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(found) = lookup(variable).filter(|found| !found.is_empty() && found != region) {
            return Err(TargetError::WrongRegion { variable, found, wanted: region.to_owned() });
        }
    }
    Ok(())
}

/// Who calls; refused where the account is not the configuration's.
async fn identity(aws: &Aws, config: &Config) -> Result<Identity, TargetError> {
    let answer = aws.sts.get_caller_identity().send().await.called("sts:GetCallerIdentity");
    let answer = answer.map_err(TargetError::Identity)?;
    let identity =
        Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() };
    if identity.account != config.platform.account_id.as_str() {
        return Err(TargetError::WrongAccount {
            found: identity.account,
            wanted: config.platform.account_id.to_string(),
        });
    }
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_that_name_another_region_are_refused() {
        let with = |name: &'static str, value: &'static str| {
            refuse_other_region("us-west-2", |asked| (asked == name).then(|| value.to_owned()))
        };
        assert!(with("AWS_REGION", "us-west-2").is_ok());
        assert!(with("AWS_REGION", "").is_ok());
        assert!(with("HOME", "eu-west-1").is_ok());
        for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            let refused = with(variable, "eu-west-1");
            assert!(matches!(refused, Err(TargetError::WrongRegion { found, .. }) if found == "eu-west-1"));
        }
    }
}
