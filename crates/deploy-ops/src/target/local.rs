//! The embedded local AWS as a target: reached by the same SDK calls over HTTP, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_types::retry::RetryConfig;
use env_config::{Config, Domain, ZoneId};
use local_aws::{Control, Existing, Running};

use super::{Front, Target, TargetError, identity, timeouts};
use crate::aws::Aws;
use crate::clock::{AwsClock, Boxed, Clock, Moment, Offset};
use crate::interrupt::Interrupt;
use crate::patience::Patience;
use crate::resolve::TagSource;
use crate::transport::Transport;

impl Target {
    /// A local AWS that is already served, called by its administrator.
    pub async fn local(config: &Config, running: Running) -> Result<Self, TargetError> {
        Self::local_as(config, running, local_aws::ADMIN_ACCESS_KEY).await
    }

    /// A local AWS that is already served, called with an access key of [`local_aws::role_access_key`].
    pub async fn local_as(config: &Config, running: Running, access_key: &str) -> Result<Self, TargetError> {
        Self::serving(config, running, access_key, Interrupt::default()).await
    }

    /// A local AWS that is already served, reached as AWS is: at `endpoint`, which leads there, by a machine whose clock is
    /// `ahead_secs` ahead of AWS's, and by a caller for whom nothing is made up.
    pub async fn through(
        config: &Config,
        running: Running,
        endpoint: &str,
        ahead_secs: f64,
    ) -> Result<Self, TargetError> {
        let machine: Arc<dyn Clock> =
            Arc::new(WrongClock { right: VirtualClock(running.control()), ahead_secs });
        let offset = Offset::default();
        let way = Way {
            endpoint: endpoint.to_owned(),
            access_key: local_aws::ADMIN_ACCESS_KEY.to_owned(),
            interrupt: Interrupt::default(),
            machine: Some((machine.clone(), offset.clone())),
            clock: Arc::new(AwsClock { machine, offset }),
        };
        Self::by(config, running, way, false).await
    }

    pub(super) async fn serving(
        config: &Config,
        running: Running,
        access_key: &str,
        interrupt: Interrupt,
    ) -> Result<Self, TargetError> {
        let way = Way {
            endpoint: running.endpoint_url(),
            access_key: access_key.to_owned(),
            interrupt,
            // Its clock is asked directly.
            machine: None,
            clock: Arc::new(VirtualClock(running.control())),
        };
        // A role is used as on AWS: it brings nothing that the account lacks.
        Self::by(config, running, way, access_key == local_aws::ADMIN_ACCESS_KEY).await
    }

    async fn by(
        config: &Config,
        running: Running,
        way: Way,
        self_contained: bool,
    ) -> Result<Self, TargetError> {
        let Way { endpoint, access_key, interrupt, machine, clock } = way;
        let clock_offset = machine.as_ref().map(|(_, offset)| offset.clone()).unwrap_or_default();
        let http = Transport { inner: Builder::new().build_http(), interrupt: interrupt.clone(), machine };
        let sdk_config = local_sdk_config(config.platform.region.as_str(), &endpoint, &access_key);
        let aws = Aws::new(&sdk_config, &http, Patience::new(interrupt.clone(), clock.clone()));
        let identity = identity(&aws, config).await?;
        for existing in existing(config) {
            running.control().provide(existing)?;
        }
        Ok(Self {
            aws,
            clock,
            front: Front::At(running.addr()),
            tags: TagSource::Registry,
            identity,
            credentials_expire_at: None,
            clock_offset,
            interrupt,
            self_contained,
            local: Some(running),
        })
    }
}

/// What the configuration says exists outside the stacks: in the local account it does.
fn existing(config: &Config) -> Vec<Existing> {
    let platform = &config.platform;
    let zone =
        |id: &ZoneId, name: &Domain| Existing::HostedZone { id: id.to_string(), name: name.to_string() };
    let shared = platform.hosted_zone_id.iter().map(|id| zone(id, &platform.hosted_zone));
    let own = config.environments.values();
    let own = own.filter_map(|it| it.hosted_zone_id.as_ref().map(|id| zone(id, &it.domain)));
    let certificate = platform.certificate_arn.iter().map(|arn| Existing::Certificate(arn.to_string()));
    shared.chain(own).chain(certificate).collect()
}

/// Retries wait in wall time, which means nothing to a virtual clock: they are kept short.
fn local_sdk_config(region: &str, endpoint: &str, access_key: &str) -> SdkConfig {
    let credentials = Credentials::new(access_key, "local", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .timeout_config(timeouts())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(4)
                .with_initial_backoff(Duration::from_millis(1))
                .with_max_backoff(Duration::from_millis(4)),
        )
        .build()
}

/// How a local AWS is reached.
struct Way {
    endpoint: String,
    access_key: String,
    interrupt: Interrupt,
    machine: Option<(Arc<dyn Clock>, Offset)>,
    clock: Arc<dyn Clock>,
}

/// The clock of a machine that is not set right.
struct WrongClock {
    right: VirtualClock,
    ahead_secs: f64,
}

impl Clock for WrongClock {
    fn now(&self) -> Moment {
        let now = self.right.now();
        if self.ahead_secs < 0.0 { now.minus_secs(-self.ahead_secs) } else { now.plus_secs(self.ahead_secs) }
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        self.right.sleep(duration)
    }

    fn pass(&self, duration: Duration) {
        self.right.pass(duration);
    }
}

/// Time of the local account: a sleep lets it pass, with everything that happens meanwhile.
struct VirtualClock(Control);

impl Clock for VirtualClock {
    fn now(&self) -> Moment {
        Moment::from_epoch_secs(self.0.now().as_epoch_secs())
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(async move {
            // A journal that cannot be written fails the next call too, and that one can say so.
            let _ = self.0.advance_by(duration);
            // The other tasks of this process (Ctrl-C) get their turn, as they would in a real sleep.
            tokio::task::yield_now().await;
        })
    }

    fn pass(&self, duration: Duration) {
        // As above.
        let _ = self.0.advance_by(duration);
    }
}
