//! Who may deploy: GitHub's workflows sign in with their tokens and get a role each for building images and for every
//! environment. A deploy role tells CloudFormation what to do; CloudFormation does it as a role of its own, and the roles of
//! containers that it makes stay within a boundary.

mod boundary;
mod build;
mod cloudformation;
mod deploy;
mod tags;

use cfn::iam::{OidcProvider, PolicyDocument, Principal, Statement};
use cfn::kind::{HostedZoneId, OidcProviderArn, PolicyResource, Text};
use env_config::{Config, Environment, EnvironmentName, SharedNames};

use crate::shared::{Shared, Template, Value};

pub use build::BUILD_SESSION_SECS;
pub use deploy::DEPLOY_SESSION_SECS;

/// Output of the shared stack with the names of the environments that it has roles for, joined by `,`.
pub const ENVIRONMENTS: &str = "Environments";
/// Output of the shared stack with the ARN of the role that pushes images.
pub const BUILD_ROLE_ARN: &str = "BuildRoleArn";

const ISSUER: &str = "token.actions.githubusercontent.com";
const AUDIENCE: &str = "sts.amazonaws.com";

pub(crate) fn identity(t: &mut Template, config: &Config, zone: &Value<HostedZoneId>) {
    let names = SharedNames::new(&config.platform);
    let provider = provider(t, config);
    let build = t.add("BuildRole", build::role(config, names, &provider));
    t.output(BUILD_ROLE_ARN, build.arn());
    let own_zone =
        |environment: &Environment| environment.hosted_zone_id.as_ref().map(|id| Value::literal(id.as_str()));
    let zones = config.environments.values().filter_map(own_zone);
    let policies = cloudformation::policies(config, std::iter::once(zone.clone()).chain(zones));
    let policies = ["Named", "Tagged", "Zones"]
        .into_iter()
        .zip(policies)
        .map(|(part, policy)| t.add(format!("CloudFormation{part}Policy"), policy).arn())
        .collect::<Vec<_>>();
    let deployment = t.add("DeployPolicy", deploy::policy(config)).arn();
    for environment in config.environments.values() {
        let id = environment.name.pascal_case();
        let own_zone = own_zone(environment);
        let zone = own_zone.as_ref().unwrap_or(zone);
        t.add(format!("{id}Boundary"), boundary::policy(config, environment));
        t.add(format!("{id}CloudFormationRole"), cloudformation::role(config, environment, zone, &policies));
        t.add(format!("{id}DeployRole"), deploy::role(config, environment, &provider, &deployment));
    }
    // One output for all of them: three for each environment would pass CloudFormation's 200 outputs. What they have in the
    // account follows from their names (`env_config::SharedNames`).
    let environments: Vec<&str> = config.environments.keys().map(EnvironmentName::as_str).collect();
    t.output(ENVIRONMENTS, Value::<Text>::from(environments.join(",")));
}

/// The account's provider for GitHub; an account has at most one.
fn provider(t: &mut Template, config: &Config) -> Value<OidcProviderArn> {
    if config.platform.github.existing_provider {
        return Value::sub(format!(
            "arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{ISSUER}"
        ));
    }
    t.add(
        "GitHubProvider",
        OidcProvider { client_id_list: vec![AUDIENCE.to_owned()], url: format!("https://{ISSUER}").into() },
    )
    .arn()
}

/// Trusts GitHub's tokens with one of these subjects, and no others.
fn trust(provider: &Value<OidcProviderArn>, subjects: Vec<String>) -> PolicyDocument<Shared> {
    PolicyDocument::new([Statement::allow(["sts:AssumeRoleWithWebIdentity"])
        .by(Principal::Federated(provider.clone()))
        .when("StringEquals", format!("{ISSUER}:aud"), [AUDIENCE.into()])
        .when("StringEquals", format!("{ISSUER}:sub"), subjects.into_iter().map(Value::from))])
}

/// An ARN in this account and region: `local("ecs", "cluster/example")`.
fn local(service: &str, resource: &str) -> Value<PolicyResource> {
    Value::sub(format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"))
}

/// An ARN in this account, of a service without regions: `global("iam", "role/example")`.
fn global(service: &str, resource: &str) -> Value<PolicyResource> {
    Value::sub(format!("arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{resource}"))
}

/// The repositories of all services: those under the platform's name together, since a policy has no room for a list of many,
/// and each that has a name of its own.
fn repositories(config: &Config) -> Vec<Value<PolicyResource>> {
    let platform = &config.platform;
    let usual = format!("{}/", platform.name);
    let names = platform.services.iter().map(|(name, service)| platform.repository(name, service));
    let patterns: std::collections::BTreeSet<String> =
        names.map(|name| if name.starts_with(&usual) { format!("{usual}*") } else { name }).collect();
    patterns.iter().map(|pattern| local("ecr", &format!("repository/{pattern}"))).collect()
}
