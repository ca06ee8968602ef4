//! The stack of what exists once: image repositories, the zone and its certificate, and who may deploy.

use cfn::acm::{Certificate, DomainValidation};
use cfn::kind::HostedZoneId;
use cfn::route53::{HostedZone, HostedZoneConfig};
use cfn::{Document, Removal};
use env_config::Config;
use serde::Serialize;

use crate::error::ModelError;
use crate::identity::identity;
use crate::registry::registry;
use crate::scope::tags;
use crate::templates::templates;

/// Marker of the shared stack.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Shared;

impl cfn::Stack for Shared {}

/// The shared template.
pub(crate) type Template = cfn::Template<Shared>;
/// A value in the shared template.
pub(crate) type Value<K> = cfn::Value<Shared, K>;
/// Resource options in the shared template.
pub(crate) type Options = cfn::Options<Shared>;

/// The stack of what exists once.
///
/// # Errors
///
/// [`ModelError`]: the template is not one that CloudFormation takes.
pub fn shared(config: &Config) -> Result<Document, ModelError> {
    let platform = &config.platform;
    let description = format!("{}: what all environments share", platform.name);
    let mut template =
        Template::new(platform.shared_stack_name.as_str(), description, tags(platform, "shared"));
    registry(&mut template, platform);
    templates(&mut template, platform);
    let zone = zone(&mut template, config);
    identity(&mut template, config, &zone);
    Ok(template.finish()?)
}

/// Others point at the name servers of the zone, so it stays whatever happens to the stack.
fn zone(t: &mut Template, config: &Config) -> Value<HostedZoneId> {
    let domain = config.platform.hosted_zone.to_string();
    let kept = || Options::new().removal(Removal::Retain, Removal::Retain);
    let zone = t.add_with(
        "HostedZone",
        HostedZone {
            hosted_zone_config: HostedZoneConfig {
                comment: format!("Public zone of {}", config.platform.name),
            },
            name: domain.clone().into(),
        },
        kept(),
    );
    let certificate = t.add_with(
        "Certificate",
        Certificate {
            domain_name: domain.clone(),
            // The wildcard is validated by the same record.
            domain_validation_options: vec![DomainValidation {
                domain_name: domain.clone(),
                hosted_zone_id: zone.id(),
            }],
            subject_alternative_names: vec![format!("*.{domain}")],
            validation_method: "DNS",
        },
        kept(),
    );
    t.output("HostedZoneId", zone.id());
    t.output("HostedZoneNameServers", zone.name_servers().joined(","));
    t.output("CertificateArn", certificate.arn());
    zone.id()
}
