//! Who may deploy: GitHub's workflows sign in with their tokens and get a role each for building images and for every
//! environment. A deploy role tells CloudFormation what to do; CloudFormation does it as a role of its own, and the roles of
//! containers that it makes stay within a boundary.

mod boundary;
mod build;
mod cloudformation;
mod deploy;

use cfn::Handle;
use cfn::iam::{OidcProvider, PolicyDocument, Principal, Role, Statement};
use cfn::kind::{HostedZoneId, OidcProviderArn, PolicyResource};
use env_config::{Config, SharedNames};

use crate::shared::{Shared, Template, Value};

pub use build::BUILD_SESSION_SECS;
pub use deploy::DEPLOY_SESSION_SECS;

const ISSUER: &str = "token.actions.githubusercontent.com";
const AUDIENCE: &str = "sts.amazonaws.com";

pub(crate) fn identity(t: &mut Template, config: &Config, zone: &Value<HostedZoneId>) {
    let names = SharedNames::new(&config.platform);
    let provider = provider(t, config);
    let build = t.add("BuildRole", build::role(config, names, &provider));
    t.output("BuildRoleArn", build.arn());
    for environment in config.environments.values() {
        let id = environment.name.pascal_case();
        let own_zone = environment.hosted_zone_id.as_ref().map(|id| Value::literal(id.as_str()));
        let zone = own_zone.as_ref().unwrap_or(zone);
        let boundary = t.add(format!("{id}Boundary"), boundary::policy(config, environment)).arn();
        let cloudformation: Handle<Role<Shared>> = t.add(
            format!("{id}CloudFormationRole"),
            cloudformation::role(config, environment, zone, &boundary),
        );
        let deploy = t.add(
            format!("{id}DeployRole"),
            deploy::role(config, environment, &provider, &cloudformation.arn()),
        );
        t.output(format!("{id}BoundaryArn"), boundary);
        t.output(format!("{id}CloudFormationRoleArn"), cloudformation.arn());
        t.output(format!("{id}DeployRoleArn"), deploy.arn());
    }
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

/// The repositories of all services.
fn repositories(config: &Config) -> Vec<Value<PolicyResource>> {
    let platform = &config.platform;
    let names: std::collections::BTreeSet<String> =
        platform.services.iter().map(|(name, service)| platform.repository(name, service)).collect();
    names.iter().map(|name| local("ecr", &format!("repository/{name}"))).collect()
}
