//! The stack of what exists once: image repositories, the zone and its certificate, and who may deploy.

use cfn::acm::{Certificate, DomainValidation};
use cfn::kind::HostedZoneId;
use cfn::route53::{HostedZone, HostedZoneConfig};
use cfn::{Document, Removal};
use env_config::{Config, Domain};
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
    let decides = "the files of infra/environments and [services] of infra/platform.toml";
    template.finish().map_err(|error| ModelError::Template { error, decides })
}

/// The public zone and its certificate: those that exist already, or new ones, which stay whatever happens to the stack.
fn zone(t: &mut Template, config: &Config) -> Value<HostedZoneId> {
    let platform = &config.platform;
    let kept = || Options::new().removal(Removal::Retain, Removal::Retain);
    let zone = match &platform.hosted_zone_id {
        Some(id) => Value::literal(id.as_str()),
        None => {
            let zone = t.add_with(
                "HostedZone",
                HostedZone {
                    hosted_zone_config: HostedZoneConfig {
                        comment: format!("Public zone of {}", platform.name),
                    },
                    name: platform.hosted_zone.to_string().into(),
                },
                kept(),
            );
            t.output("HostedZoneNameServers", zone.name_servers().joined(","));
            zone.id()
        }
    };
    let certificate = match &platform.certificate_arn {
        Some(arn) => Value::literal(arn.as_str()),
        None => t.add_with("Certificate", certificate(&platform.hosted_zone, &zone), kept()).arn(),
    };
    t.output("HostedZoneId", zone.clone());
    t.output("CertificateArn", certificate);
    zone
}

fn certificate(domain: &Domain, zone: &Value<HostedZoneId>) -> Certificate<Shared> {
    Certificate {
        domain_name: domain.to_string(),
        // The wildcard is validated by the same record.
        domain_validation_options: vec![DomainValidation {
            domain_name: domain.to_string(),
            hosted_zone_id: zone.clone(),
        }],
        subject_alternative_names: vec![format!("*.{domain}")],
        validation_method: "DNS",
    }
}
