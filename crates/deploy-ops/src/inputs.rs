//! What the stacks are given: templates of the configuration and values of their parameters.

use std::collections::{BTreeMap, BTreeSet};

use env_config::{Config, Environment, SharedNames};

use crate::aws::Aws;
use crate::failure::Failure;
use crate::names::ImageDigest;
use crate::resolve::Release;
use crate::stack::{self, ParameterValue, StackRequest, StackView, Standing};
use crate::template::{Section, Template};

/// The template of an environment.
pub fn environment_template(config: &Config, environment: &Environment) -> Result<Template, Failure> {
    let document = stack_model::environment(config, environment).map_err(Failure::Model)?;
    Ok(Template::parse(&document.compact())?)
}

/// The template of what exists once.
pub fn shared_template(config: &Config) -> Result<Template, Failure> {
    let document = stack_model::shared(config).map_err(Failure::Model)?;
    Ok(Template::parse(&document.compact())?)
}

/// ECR repository by service name.
#[must_use]
pub fn repositories(config: &Config) -> BTreeMap<String, String> {
    let services = &config.platform.services;
    services
        .iter()
        .map(|(name, service)| (name.to_string(), config.platform.repository(name, service)))
        .collect()
}

/// What an environment's stack needs of the shared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    hosted_zone_id: String,
    certificate_arn: String,
    boundary_arn: String,
    /// Role that CloudFormation acts as in the environment.
    pub cloudformation_role_arn: String,
}

impl Shared {
    /// Reads the outputs of the shared stack.
    pub async fn read(aws: &Aws, config: &Config, environment: &Environment) -> Result<Self, Failure> {
        let stack = config.platform.shared_stack_name.as_str();
        let view = stack::describe(aws, stack).await?.filter(StackView::was_complete);
        let view = view.ok_or_else(|| Failure::NoSharedStack { stack: stack.to_owned() })?;
        let known = view.outputs.get(stack_model::ENVIRONMENTS).map_or("", String::as_str);
        if !known.split(',').any(|name| name == environment.name.as_str()) {
            return Err(Failure::Guard {
                reason: format!(
                    "stack {stack} has no roles for {}: it is older than this environment's configuration",
                    environment.name
                ),
                hint: "cargo xtask stack deploy shared".to_owned(),
            });
        }
        let names = SharedNames::new(&config.platform);
        // Partition and account, as the stack itself has them; the rest of these ARNs is names.
        let build_role = view.output(stack_model::BUILD_ROLE_ARN)?;
        let account = build_role.split(":role/").next().unwrap_or_default();
        Ok(Self {
            hosted_zone_id: match &environment.hosted_zone_id {
                Some(own) => own.to_string(),
                None => view.output("HostedZoneId")?.to_owned(),
            },
            certificate_arn: view.output("CertificateArn")?.to_owned(),
            boundary_arn: format!("{account}:policy/{}", names.boundary(&environment.name)),
            cloudformation_role_arn: format!(
                "{account}:role/{}",
                names.cloudformation_role(&environment.name)
            ),
        })
    }
}

impl Shared {
    /// Parameters of an environment whose values do not depend on a release.
    #[must_use]
    pub fn parameters(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("HostedZoneId".to_owned(), self.hosted_zone_id.clone()),
            ("CertificateArn".to_owned(), self.certificate_arn.clone()),
            ("Boundary".to_owned(), self.boundary_arn.clone()),
        ])
    }
}

/// Values of an environment's parameters for a release: everything runs it.
#[must_use]
pub fn parameters(config: &Config, shared: &Shared, release: &Release) -> BTreeMap<String, String> {
    let label = release.label().to_owned();
    let mut values = shared.parameters();
    values.extend([
        ("Release".to_owned(), label.clone()),
        ("Commit".to_owned(), release.commit.to_string()),
        ("TasksRelease".to_owned(), label),
    ]);
    let digest = |service: &str| release.digests.get(service).map(ImageDigest::to_string);
    for name in config.platform.services.keys() {
        if let Some(digest) = digest(name.as_str()) {
            values.insert(stack_model::service_digest_parameter(name), digest);
        }
    }
    for (name, task) in &config.platform.tasks {
        if let Some(digest) = digest(task.service.as_str()) {
            values.insert(stack_model::task_digest_parameter(name), digest);
        }
    }
    values
}

/// A request to bring a stack to a template.
///
/// Parameters in `kept` keep the value they have; the others get theirs of `values`. One that is in
/// neither keeps its value too, if the live stack has one: an older service needs it until it has gone.
pub fn request(
    stack: &str,
    template: &Template,
    values: &BTreeMap<String, String>,
    kept: &BTreeSet<String>,
    live: Option<&StackView>,
    role_arn: Option<&str>,
    change_set: String,
) -> Result<StackRequest, Failure> {
    let mut parameters = BTreeMap::new();
    for (name, definition) in template.entries(Section::Parameters) {
        let has_value = live.is_some_and(|live| live.parameters.contains_key(name));
        let value = match values.get(name) {
            _ if has_value && kept.contains(name) => ParameterValue::Previous,
            Some(value) => ParameterValue::New(value.clone()),
            None if has_value => ParameterValue::Previous,
            None if definition.get("Default").is_some() => continue,
            None => return Err(Failure::UnknownParameter { parameter: name.clone() }),
        };
        parameters.insert(name.clone(), value);
    }
    Ok(StackRequest {
        stack: stack.to_owned(),
        body: Some(template.to_body()),
        parameters,
        role_arn: role_arn.map(str::to_owned),
        tags: template.stack_tags(),
        change_set,
        disable_rollback: live.is_none_or(|live| live.standing() == Standing::CreateFailed),
    })
}
