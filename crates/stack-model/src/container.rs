//! A service's container, in its own task definition and in those of the one-off tasks on its image.

use cfn::ecs::{
    AwslogsOptions, ContainerDefinition, KeyValuePair, LinuxParameters, LogConfiguration, RuntimePlatform,
    Secret, TaskDefinition, Tmpfs,
};
use cfn::kind::{ImageDigest, ImageUri, LogGroupName, RoleArn, Text};
use env_config::{
    CpuArchitecture, EnvValue, EnvVarName, FargateSize, SecretRef, Service, ServiceName, ValueSource,
};
use indexmap::IndexMap;

use crate::cache::Cache;
use crate::database::Database;
use crate::error::ModelError;
use crate::scope::{Env, Scope, Value};
use crate::secrets::Secrets;

/// MiB of memory for `/tmp` where the rest of the file system is read-only.
const TMP_MIB: u32 = 64;

/// What containers are made of, besides their own configuration.
pub(crate) struct Parts<'a> {
    pub(crate) scope: Scope<'a>,
    pub(crate) secrets: &'a Secrets,
    pub(crate) database: &'a Database,
    pub(crate) cache: &'a Cache,
}

impl Parts<'_> {
    /// `registry/repository@digest`: a tag could be moved, a digest cannot.
    pub(crate) fn image(
        &self,
        name: &ServiceName,
        service: &Service,
        digest: &Value<ImageDigest>,
    ) -> Value<ImageUri> {
        let platform = self.scope.platform;
        let registry = format!("{}.dkr.ecr.{}.amazonaws.com", platform.account_id, platform.region);
        let repository = platform.repository(name, service);
        Value::concat([format!("{registry}/{repository}@").into(), digest.clone().text()])
    }

    /// Variables of a container: its own after those that every container gets.
    pub(crate) fn environment<'c>(
        &self,
        common: Vec<(&str, Value<Text>)>,
        configured: impl IntoIterator<Item = (&'c EnvVarName, &'c EnvValue)>,
    ) -> Result<Vec<KeyValuePair<Env>>, ModelError> {
        let mut variables: IndexMap<String, Value<Text>> =
            common.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for (name, value) in configured {
            variables.insert(name.to_string(), self.value(value)?);
        }
        Ok(variables.into_iter().map(|(name, value)| KeyValuePair { name, value }).collect())
    }

    /// Variables that ECS fills from secrets.
    pub(crate) fn secrets<'c>(
        &self,
        configured: impl IntoIterator<Item = (&'c EnvVarName, &'c SecretRef)>,
    ) -> Result<Vec<Secret<Env>>, ModelError> {
        let variables: IndexMap<&EnvVarName, &SecretRef> = configured.into_iter().collect();
        variables
            .into_iter()
            .map(|(name, reference)| {
                Ok(Secret { name: name.to_string(), value_from: self.secrets.value_from(reference)? })
            })
            .collect()
    }

    fn value(&self, value: &EnvValue) -> Result<Value<Text>, ModelError> {
        let Scope { platform, environment, .. } = self.scope;
        let source = match value {
            EnvValue::Literal(text) => return Ok(text.clone().into()),
            EnvValue::From(source) => &source.from,
        };
        Ok(match source {
            ValueSource::EnvironmentName => environment.name.to_string().into(),
            ValueSource::EnvironmentDomain => environment.domain.to_string().into(),
            ValueSource::EnvironmentUrl => environment.url().into(),
            ValueSource::Region => platform.region.to_string().into(),
            ValueSource::DatabaseHost => self.database.address.clone().text(),
            ValueSource::DatabasePort => platform.database.port.to_string().into(),
            ValueSource::DatabaseName => platform.database.name.to_string().into(),
            ValueSource::DatabaseUsername => platform.database.username.to_string().into(),
            ValueSource::CacheHost => self.cache.address.clone().text(),
            ValueSource::CachePort => platform.cache.port.to_string().into(),
            ValueSource::CacheUrl => Value::concat([
                "rediss://".into(),
                self.cache.address.clone().text(),
                format!(":{}", platform.cache.port).into(),
            ]),
            ValueSource::CacheUsername => platform.cache.user.to_string().into(),
            ValueSource::ServiceUrl(name) => {
                let callee =
                    platform.services.get(name).ok_or_else(|| ModelError::UnknownService(name.clone()))?;
                format!("http://{name}.{}:{}", platform.namespace, callee.port).into()
            }
        })
    }

    /// A container without ports and health check, on the service's image and as its user.
    pub(crate) fn container(
        &self,
        name: &str,
        service: &Service,
        image: Value<ImageUri>,
        log_group: Value<LogGroupName>,
    ) -> ContainerDefinition<Env> {
        let tmpfs = if service.read_only_root_filesystem {
            vec![Tmpfs { container_path: "/tmp".to_owned(), size: TMP_MIB }]
        } else {
            Vec::new()
        };
        ContainerDefinition {
            command: None,
            environment: Vec::new(),
            essential: true,
            health_check: None,
            image,
            linux_parameters: LinuxParameters { init_process_enabled: true, tmpfs },
            log_configuration: LogConfiguration {
                log_driver: "awslogs",
                options: AwslogsOptions {
                    awslogs_group: log_group,
                    awslogs_region: Value::region(),
                    awslogs_stream_prefix: name.to_owned(),
                },
            },
            name: name.to_owned(),
            port_mappings: Vec::new(),
            readonly_root_filesystem: service.read_only_root_filesystem,
            secrets: Vec::new(),
            stop_timeout: service.stop_timeout_secs,
            user: Some(service.user.to_string()),
        }
    }
}

/// The roles of a task definition.
pub(crate) struct Roles {
    /// What ECS starts the containers as.
    pub(crate) execution: Value<RoleArn>,
    /// What the code runs as; without one it has no AWS credentials.
    pub(crate) task: Option<Value<RoleArn>>,
}

/// A task definition of one container.
pub(crate) fn task_definition(
    family: String,
    size: FargateSize,
    architecture: CpuArchitecture,
    roles: Roles,
    container: ContainerDefinition<Env>,
) -> TaskDefinition<Env> {
    TaskDefinition {
        container_definitions: vec![container],
        cpu: size.cpu.to_string(),
        execution_role_arn: roles.execution,
        family,
        memory: size.memory_mib.to_string(),
        network_mode: "awsvpc",
        requires_compatibilities: vec!["FARGATE"],
        runtime_platform: RuntimePlatform {
            cpu_architecture: match architecture {
                CpuArchitecture::Arm64 => "ARM64",
                CpuArchitecture::X86_64 => "X86_64",
            },
            operating_system_family: "LINUX",
        },
        task_role_arn: roles.task,
    }
}

/// The secrets whose values a container gets, each once.
pub(crate) fn secret_names<'c>(
    references: impl IntoIterator<Item = &'c SecretRef>,
) -> impl Iterator<Item = &'c env_config::SecretName> {
    let names: std::collections::BTreeSet<_> =
        references.into_iter().map(|reference| &reference.secret).collect();
    names.into_iter()
}
