//! The scene: an account in which an environment runs its old release.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use env_config::{Config, EnvironmentNames, JsonPointer, Platform, Probe, SecretSource, Service};
use rollout_sim::acm;
use rollout_sim::cfn;
use rollout_sim::cfn::api::{
    ChangeAction, ChangeSetStatus, CreateChangeSetInput, CreateStackInput, DescribeChangeSetInput,
    DescribeStacksInput, Parameter, ResourceChange, StackStatus,
};
use rollout_sim::ecr::{self, CreateRepositoryInput, PushInput};
use rollout_sim::iam::{self, CreatePolicyInput, Principal};
use rollout_sim::image::{Architecture, ImageBehaviour};
use rollout_sim::route53;
use rollout_sim::s3::{self, PutObjectInput};
use rollout_sim::secrets::{self, PutSecretValueInput, SecretText};
use rollout_sim::{SimTime, World};

use crate::{Case, LabError};

/// Longest that a new environment may take to come up: databases take many minutes.
const COME_UP: Duration = Duration::from_secs(3 * 3600);
/// Step in which the stack is looked at meanwhile.
const LOOK: Duration = Duration::from_secs(30);

/// The commits of the two releases.
pub(crate) const OLD_COMMIT: &str = "1111111111111111111111111111111111111111";
pub(crate) const NEW_COMMIT: &str = "2222222222222222222222222222222222222222";

/// Name of the policy that bounds the roles of containers; a real account has it from the shared stack.
const BOUNDARY: &str = "boundary";

/// Hosted zone of the platform; a real account has it from the shared stack.
const ZONE: &str = "Z0000000000000000000";

/// Name of the change set with the new release.
pub(crate) const CHANGE_SET: &str = "simulated";

/// An account in which the environment of a case runs its old release, with a change set that brings the new one: ready
/// to be played from again and again.
#[derive(Debug, Clone)]
pub struct Stage {
    pub(crate) case: Case,
    pub(crate) world: World,
    pub(crate) services: Vec<StagedService>,
    pub(crate) stack_name: String,
    pub(crate) cluster: String,
    /// Domain at which users reach the public services.
    pub(crate) domain: String,
    /// What the tool's health check asks after the rollout.
    pub(crate) probes: Vec<Probe>,
    /// Release that answers after a rollout that succeeds.
    pub(crate) release: String,
    /// Logical ids of the ECS services that the change set rolls.
    pub(crate) rolling: BTreeSet<String>,
    /// Template and parameters of the old release: what a rollout that ends badly is put back to.
    pub(crate) before: (String, Vec<Parameter>),
}

/// A service of the environment.
#[derive(Debug, Clone)]
pub(crate) struct StagedService {
    pub name: String,
    pub log_group: String,
    /// A path that users ask for; `None` for an internal service.
    pub user_path: Option<String>,
    pub desired_count: u32,
    pub logical_id: Option<String>,
    pub task_definition_logical_id: Option<String>,
}

impl Stage {
    /// Sets the scene: images, secrets, the stack with the old release, up and stable.
    ///
    /// # Errors
    /// [`LabError`] names the step that failed.
    pub fn set(case: Case) -> Result<Self, LabError> {
        let platform = &case.before.platform;
        let mut world = World::new(platform.account_id.as_str(), platform.region.as_str(), case.seed);
        bound(&mut world)?;
        route53::make_zone(&mut world, ZONE, platform.hosted_zone.as_str());
        acm::make_certificate(&mut world, &certificate(platform));
        let old_digests = push_images(&mut world, &case, OLD_COMMIT)?;
        let new_digests = push_images(&mut world, &case, NEW_COMMIT)?;

        let old_parameters = parameters(&case.before, &old_digests, OLD_COMMIT, &old_digests);
        let before = (template(&case.before, &case.environment)?, old_parameters);
        let after = template(&case.after, &case.environment)?;
        let environment = case.environment()?;
        let stack_name = environment.stack_name.to_string();
        let (template_body, template_url) = sent(&mut world, &before.0)?;
        let input = CreateStackInput {
            stack_name: stack_name.clone(),
            template_body,
            template_url,
            parameters: before.1.clone(),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            ..CreateStackInput::default()
        };
        cfn::create_stack(&mut world, input).map_err(LabError::api("create the stack"))?;
        come_up(&mut world, &stack_name, entered_secrets(&case)?)?;

        // A pipeline that only restarts services on another image leaves the release as it is.
        let release = if case.new_images.is_empty() { NEW_COMMIT } else { OLD_COMMIT };
        let digests: BTreeMap<String, String> = new_digests
            .into_iter()
            .map(|(name, new)| {
                let digest =
                    if case.gets_new_image(&name) { Some(new) } else { old_digests.get(&name).cloned() };
                (name, digest.unwrap_or_default())
            })
            .collect();
        // The pipeline brings the one-off tasks up to date, and runs them, before the rollout that is played.
        let parameters = parameters(&case.after, &digests, release, &old_digests);
        let Some(rolling) = propose(&mut world, &stack_name, CHANGE_SET, &after, parameters)? else {
            return Err(LabError::Case("there is nothing to roll out".to_owned()));
        };
        let names = case.after.names(environment);
        let services = services(&case, &names, &after)?;
        let (cluster, domain) = (names.cluster(), environment.domain.to_string());
        let release = release.to_owned();
        let probes = case.after.platform.probes();
        Ok(Self { rolling, before, services, stack_name, cluster, domain, probes, release, world, case })
    }

    /// Failures at which the circuit breaker of a service trips.
    pub(crate) fn breaker_threshold(&self) -> u32 {
        self.case.after.platform.deployment.circuit_breaker.threshold_count
    }

    /// The present moment on the stage: when the rollout starts.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.world.now()
    }

    /// Seconds that the migration may take; `None` where there is none.
    pub(crate) fn migration_timeout_secs(&self) -> Option<u32> {
        let mut tasks = self.case.after.platform.tasks.iter();
        tasks.find(|(name, _)| name.as_str() == "migrate").map(|(_, task)| task.timeout_secs)
    }
}

/// Makes a change set, and answers which services it rolls; `None` where there is nothing to change.
pub(crate) fn propose(
    world: &mut World,
    stack_name: &str,
    name: &str,
    template: &str,
    parameters: Vec<Parameter>,
) -> Result<Option<BTreeSet<String>>, LabError> {
    let (template_body, template_url) = sent(world, template)?;
    let input = CreateChangeSetInput {
        stack_name: stack_name.to_owned(),
        change_set_name: name.to_owned(),
        template_body,
        template_url,
        parameters,
        capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
        ..CreateChangeSetInput::default()
    };
    cfn::create_change_set(world, &Principal::Admin, input).map_err(LabError::api("make the change set"))?;
    let mut rolling = BTreeSet::new();
    let mut next_token = None;
    loop {
        let input = DescribeChangeSetInput {
            change_set_name: name.to_owned(),
            stack_name: Some(stack_name.to_owned()),
            next_token,
            ..DescribeChangeSetInput::default()
        };
        let answer = cfn::describe_change_set(world, &input).map_err(LabError::api("read the change set"))?;
        if answer.status != Some(ChangeSetStatus::CreateComplete) {
            let reason = answer.status_reason.unwrap_or_default();
            if reason.contains("didn't contain changes") {
                return Ok(None);
            }
            return Err(LabError::Case(format!("the change set cannot be made: {reason}")));
        }
        let changes = answer.changes.into_iter().filter_map(|change| change.resource_change);
        rolling.extend(changes.filter(rolls).filter_map(|change| change.logical_resource_id));
        next_token = answer.next_token;
        if next_token.is_none() {
            return Ok(Some(rolling));
        }
    }
}

/// Whether a change starts a deployment of an ECS service; some properties change without one
/// (bc:ecs/UpdateServiceRequest).
fn rolls(change: &ResourceChange) -> bool {
    const QUIET: &[&str] = &[
        "DesiredCount",
        "DeploymentConfiguration",
        "EnableECSManagedTags",
        "HealthCheckGracePeriodSeconds",
        "PropagateTags",
        "Tags",
    ];
    let mut names = change.details.iter().filter_map(|detail| detail.target.as_ref()?.name.as_deref());
    change.resource_type.as_deref() == Some("AWS::ECS::Service")
        && change.action != Some(ChangeAction::Remove)
        && (change.action != Some(ChangeAction::Modify) || names.any(|name| !QUIET.contains(&name)))
}

/// How the image in service of a service behaves.
pub(crate) fn old_behaviour(case: &Case, service: &str) -> ImageBehaviour {
    let image = case.images.get(service).map(|(old, _)| old.clone()).unwrap_or_default();
    let platform = &case.before.platform;
    match platform.services.get(service) {
        Some(service) => reporting(image, platform, service),
        None => image,
    }
}

/// The same image, naming its release where the configuration of its time says that the service does.
fn reporting(image: ImageBehaviour, platform: &Platform, service: &Service) -> ImageBehaviour {
    match &service.version_endpoint {
        Some(endpoint) => image
            .reporting_at(endpoint.path.as_str(), endpoint.json_pointer.as_ref().map(JsonPointer::as_str)),
        None => ImageBehaviour { release_header: Some(platform.release_header().to_owned()), ..image },
    }
}

fn template(config: &Config, environment: &str) -> Result<String, LabError> {
    Ok(stack_model::environment(config, config.environment(environment)?)?.compact())
}

/// Makes the boundary: roles do nothing in a case, so that it may as well allow everything.
fn bound(world: &mut World) -> Result<(), LabError> {
    let allow_all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let input = CreatePolicyInput {
        policy_name: BOUNDARY.to_owned(),
        policy_document: allow_all.to_owned(),
        ..CreatePolicyInput::default()
    };
    iam::create_policy(world, input).map(drop).map_err(LabError::api("make the boundary"))
}

fn push_images(world: &mut World, case: &Case, commit: &str) -> Result<BTreeMap<String, String>, LabError> {
    let platform = &case.after.platform;
    let mut digests = BTreeMap::new();
    for (name, service) in &platform.services {
        let repository = platform.repository(name, service);
        let input = CreateRepositoryInput { repository_name: repository.clone(), ..Default::default() };
        match ecr::create_repository(world, input) {
            Err(error) if error.code == "RepositoryAlreadyExistsException" => {}
            other => drop(other.map_err(LabError::api("create a repository"))?),
        }
        let given = case.images.get(name.as_str());
        let behaviour = if commit == OLD_COMMIT {
            old_behaviour(case, name.as_str())
        } else {
            reporting(given.map(|(_, new)| new.clone()).unwrap_or_default(), platform, service)
        };
        let push = PushInput {
            repository,
            tags: vec![commit.to_owned()],
            content: format!("{name} {commit}"),
            architecture: behaviour.architecture.or(Some(match service.architecture {
                env_config::CpuArchitecture::X86_64 => Architecture::X86_64,
                env_config::CpuArchitecture::Arm64 => Architecture::Arm64,
            })),
            size_bytes: u64::from(behaviour.size_mib) * 1024 * 1024,
        };
        let digest = ecr::push(world, &push).map_err(LabError::api("push an image"))?;
        world.images.insert(digest.clone(), behaviour);
        digests.insert(name.to_string(), digest);
    }
    Ok(digests)
}

/// Values of the secrets that people enter, by name; what they say is of no matter here. The stack makes up the others.
fn entered_secrets(case: &Case) -> Result<Vec<(String, String)>, LabError> {
    let environment = case.before.environment(&case.environment)?;
    let entered = case
        .before
        .platform
        .secrets
        .iter()
        .filter(|(_, secret)| secret.keys.values().any(|key| key.source == SecretSource::Entered));
    let values = entered.map(|(name, secret)| {
        let keys = secret.keys.iter().map(|(key, shape)| {
            let length = shape.length.or(shape.min_length).unwrap_or(16);
            (key.to_string(), serde_json::Value::String("a".repeat(usize::from(length))))
        });
        (environment.secret_path(name), serde_json::Value::Object(keys.collect()).to_string())
    });
    Ok(values.collect())
}

/// Enters what exists already; answers what does not.
fn enter_secrets(
    world: &mut World,
    secrets: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, LabError> {
    let mut missing = Vec::new();
    for (name, value) in secrets {
        let input = PutSecretValueInput {
            secret_id: name.clone(),
            secret_string: Some(SecretText(value.clone())),
            ..PutSecretValueInput::default()
        };
        match secrets::put_secret_value(world, input) {
            Err(error) if error.code == "ResourceNotFoundException" => missing.push((name, value)),
            other => drop(other.map_err(LabError::api("enter a secret"))?),
        }
    }
    Ok(missing)
}

/// Certificate of the platform; a real account has it from the shared stack.
fn certificate(platform: &Platform) -> String {
    format!(
        "arn:aws:acm:{}:{}:certificate/00000000-0000-4000-8000-000000000000",
        platform.region, platform.account_id
    )
}

/// Parameters of the stack for a release; the one-off tasks stay on the old one.
fn parameters(
    config: &Config,
    digests: &BTreeMap<String, String>,
    commit: &str,
    task_digests: &BTreeMap<String, String>,
) -> Vec<Parameter> {
    let platform = &config.platform;
    let mut values = vec![
        ("HostedZoneId".to_owned(), ZONE.to_owned()),
        ("CertificateArn".to_owned(), certificate(platform)),
        ("Boundary".to_owned(), format!("arn:aws:iam::{}:policy/{BOUNDARY}", platform.account_id)),
        ("Release".to_owned(), commit.to_owned()),
        ("Commit".to_owned(), commit.to_owned()),
        ("TasksRelease".to_owned(), OLD_COMMIT.to_owned()),
    ];
    let digest = |of: &BTreeMap<String, String>, service: &str| of.get(service).cloned().unwrap_or_default();
    for name in platform.services.keys() {
        values.push((stack_model::service_digest_parameter(name), digest(digests, name.as_str())));
    }
    for (name, task) in &platform.tasks {
        values.push((stack_model::task_digest_parameter(name), digest(task_digests, task.service.as_str())));
    }
    let parameter = |(key, value)| Parameter {
        parameter_key: Some(key),
        parameter_value: Some(value),
        ..Parameter::default()
    };
    values.into_iter().map(parameter).collect()
}

/// A template as it is sent: inline, or by the address of a bucket where it is too long (CFN:cloudformation-limits).
fn sent(world: &mut World, template: &str) -> Result<(Option<String>, Option<String>), LabError> {
    const INLINE_BYTES: usize = 51_200;
    const BUCKET: &str = "templates";
    if template.len() <= INLINE_BYTES {
        return Ok((Some(template.to_owned()), None));
    }
    s3::make_bucket(world, BUCKET);
    let key = format!("{}.json", template.len());
    let object = PutObjectInput {
        bucket: BUCKET.to_owned(),
        key: key.clone(),
        body: template.to_owned(),
        expected_bucket_owner: None,
    };
    s3::put_object(world, object).map_err(LabError::api("keep the template"))?;
    Ok((None, Some(format!("https://{BUCKET}.s3.{}.amazonaws.com/{key}", world.region))))
}

fn come_up(world: &mut World, stack_name: &str, mut secrets: Vec<(String, String)>) -> Result<(), LabError> {
    let until = world.now() + COME_UP;
    loop {
        secrets = enter_secrets(world, secrets)?;
        let input = DescribeStacksInput { stack_name: Some(stack_name.to_owned()), ..Default::default() };
        let answer = cfn::describe_stacks(world, &input).map_err(LabError::api("look at the stack"))?;
        let stack = answer.stacks.into_iter().next();
        let status = stack.as_ref().map(|stack| stack.stack_status);
        match status {
            Some(StackStatus::CreateComplete) => return Ok(()),
            Some(StackStatus::CreateInProgress) if world.now() < until => world.advance_by(LOOK),
            _ => {
                let reason = stack.and_then(|stack| stack.stack_status_reason).unwrap_or_default();
                return Err(LabError::NotUp(format!("{status:?} {reason}")));
            }
        }
    }
}

fn services(
    case: &Case,
    names: &EnvironmentNames<'_>,
    template: &str,
) -> Result<Vec<StagedService>, LabError> {
    let document: serde_json::Value = serde_json::from_str(template)
        .map_err(|error| LabError::Case(format!("the template is no JSON: {error}")))?;
    let resources = document.get("Resources").and_then(|resources| resources.as_object());
    let environment = case.environment()?;
    let platform = &case.after.platform;
    let staged = platform.services.iter().map(|(name, service)| {
        let found = resources.into_iter().flatten().find(|(_, resource)| {
            resource.get("Type").and_then(|it| it.as_str()) == Some("AWS::ECS::Service")
                && resource.pointer("/Properties/ServiceName").and_then(|it| it.as_str())
                    == Some(name.as_str())
        });
        let definition = found.and_then(|(_, resource)| {
            // The stack's own, unless it is given another revision.
            let own = resource.pointer("/Properties/TaskDefinition/Fn::If/2/Ref");
            own.and_then(|it| it.as_str()).map(str::to_owned)
        });
        let route = service.routes.iter().flat_map(|route| &route.paths).next();
        let user_path = route.map(|path| path.to_string().replace('*', ""));
        StagedService {
            name: name.to_string(),
            log_group: names.service_log_group(name),
            user_path,
            desired_count: environment.service_scale(name).desired_count,
            logical_id: found.map(|(id, _)| id.clone()),
            task_definition_logical_id: definition,
        }
    });
    Ok(staged.collect())
}
