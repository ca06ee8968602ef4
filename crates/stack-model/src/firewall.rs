//! The web application firewall in front of the load balancer, where the environment has one.

use cfn::wafv2::{FieldToRedact, HeaderName, LoggingConfiguration, WebAclAssociation};
use env_config::{Config, Environment};
use waf_rules::{Exemption, Firewall, Settings};

use crate::error::ModelError;
use crate::load_balancer::Balancing;
use crate::logging::log_group;
use crate::scope::{Options, Scope, Template, Value};

/// Headers that sign users in: they have no business in a log.
const SECRET_HEADERS: [&str; 2] = ["authorization", "cookie"];

/// The firewall of `environment`, whether or not it has one in front of it.
///
/// # Errors
///
/// [`ModelError`]: the configuration asks for what AWS ignores or rejects.
pub fn rules(config: &Config, environment: &Environment) -> Result<Firewall, ModelError> {
    Firewall::new(&settings(Scope::new(config, environment))).map_err(ModelError::Firewall)
}

pub(crate) fn firewall(t: &mut Template, scope: Scope<'_>, balancing: &Balancing) -> Result<(), ModelError> {
    if !scope.environment.waf.enabled {
        return Ok(());
    }
    let firewall = Firewall::new(&settings(scope)).map_err(ModelError::Firewall)?;
    let web_acl = t.add("WebAcl", firewall.web_acl(&scope.names.web_acl()));
    t.add(
        "WebAclAssociation",
        WebAclAssociation { resource_arn: balancing.load_balancer.arn(), web_acl_arn: web_acl.arn() },
    );
    let name = scope.names.waf_log_group();
    let logs = log_group(t, scope, "WebAcl", name.clone());
    t.add_with(
        "WebAclLogging",
        LoggingConfiguration {
            // The attribute `Arn` ends in `:*`, which this service does not take.
            log_destination_configs: vec![Value::sub(format!(
                "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{name}"
            ))],
            redacted_fields: SECRET_HEADERS
                .map(|name| FieldToRedact::SingleHeader(HeaderName { name: name.to_owned() }))
                .to_vec(),
            resource_arn: web_acl.arn(),
        },
        Options::new().after(&logs),
    );
    Ok(())
}

fn settings(scope: Scope<'_>) -> Settings {
    let exemptions = &scope.platform.waf.exemptions;
    Settings {
        rate_limit: scope.environment.waf.rate_limit_per_five_minutes,
        exemptions: exemptions
            .iter()
            .map(|exemption| Exemption {
                reason: exemption.reason.clone(),
                rules: exemption.rules.iter().map(ToString::to_string).collect(),
                methods: exemption.methods.iter().map(|method| method.as_str().to_owned()).collect(),
                paths: exemption.paths.iter().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}
