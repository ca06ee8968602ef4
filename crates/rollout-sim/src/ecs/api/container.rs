//! Containers of task definitions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::KeyValuePair;
use crate::scalar;

/// Container definitions are used in task definitions to describe the different containers that are launched as part of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ContainerDefinition {
    /// The name of a container.
    pub name: String,
    /// Image reference: `repository:tag` or `repository@digest`.
    pub image: String,
    /// The number of `cpu` units reserved for the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// The amount (in MiB) of memory to present to the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// The soft limit (in MiB) of memory to reserve for the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<u32>,
    /// The list of port mappings for the container.
    pub port_mappings: Vec<PortMapping>,
    /// If the `essential` parameter of a container is marked as `true`, and that container fails or stops for any reason, all other containers that are part of the task are stopped.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub essential: Option<bool>,
    /// Early versions of the Amazon ECS container agent don't properly handle `entryPoint` parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<Vec<String>>,
    /// The command that's passed to the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Environment variables.
    pub environment: Vec<KeyValuePair>,
    /// The mount points for data volumes in your container.
    pub mount_points: Vec<MountPoint>,
    /// Linux-specific modifications that are applied to the default Docker container configuration, such as Linux kernel capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Secrets put into the environment at start.
    pub secrets: Vec<Secret>,
    /// Time duration (in seconds) to wait before the container is forcefully killed if it doesn't exit normally on its own.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Specifies whether Amazon ECS will resolve the container image tag provided in the container definition to an image digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_consistency: Option<String>,
    /// The user to use inside the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory to run commands inside the container in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// When this parameter is true, the container is given elevated privileges on the host container instance (similar to the `root` user).
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// When this parameter is true, the container is given read-only access to its root file system.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// When this parameter is `true`, you can deploy containerized applications that require `stdin` or a `tty` to be allocated.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// When this parameter is `true`, a TTY is allocated.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub pseudo_terminal: Option<bool>,
    /// A key/value map of labels to add to the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_labels: Option<BTreeMap<String, String>>,
    /// A list of `ulimits` to set in the container.
    pub ulimits: Vec<Ulimit>,
    /// The log configuration specification for the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// The container health check command and associated configuration parameters for the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
}

/// Port mappings allow containers to access ports on the host container instance to send or receive traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PortMapping {
    /// The port number on the container that's bound to the user-specified or automatically assigned host port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub container_port: Option<u16>,
    /// The port number on the container instance to reserve for your container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
    /// The protocol used for the port mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The name that's used for the port mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The application protocol that's used for the port mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_protocol: Option<String>,
}

/// An object representing the secret to expose to your container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Secret {
    /// The name of the secret.
    pub name: String,
    /// The secret to expose to the container.
    pub value_from: String,
}

/// The log configuration for the container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LogConfiguration {
    /// Log driver; `awslogs` is modelled.
    pub log_driver: String,
    /// The configuration options to send to the log driver.
    pub options: BTreeMap<String, String>,
    /// The secrets to pass to the log configuration.
    pub secret_options: Vec<Secret>,
}

/// An object representing a container health check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HealthCheck {
    /// A string array representing the command that the container runs to determine if it is healthy.
    pub command: Vec<String>,
    /// The time period in seconds between each health check execution.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
    /// The time period in seconds to wait for a health check to succeed before it is considered a failure.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// The number of times to retry a failed health check before the container is considered unhealthy.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The optional grace period to provide containers time to bootstrap before failed health checks count towards the maximum number of retries.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub start_period: Option<u32>,
}

/// The Linux-specific options that are applied to the container, such as Linux KernelCapabilities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LinuxParameters {
    /// The Linux capabilities for the container that are added to or dropped from the default configuration provided by Docker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Run an `init` process inside the container that forwards signals and reaps processes.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// The value for the size (in MiB) of the `/dev/shm` volume.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<u32>,
    /// The container path, mount options, and size (in MiB) of the tmpfs mount.
    pub tmpfs: Vec<Tmpfs>,
}

/// The Linux capabilities to add or remove from the default Docker configuration for a container defined in the task definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct KernelCapabilities {
    /// The Linux capabilities for the container that have been added to the default configuration provided by Docker.
    pub add: Vec<String>,
    /// The Linux capabilities for the container that have been removed from the default configuration provided by Docker.
    pub drop: Vec<String>,
}

/// The container path, mount options, and size of the tmpfs mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tmpfs {
    /// The absolute file path where the tmpfs volume is to be mounted.
    pub container_path: String,
    /// The maximum size (in MiB) of the tmpfs volume.
    #[serde(deserialize_with = "scalar::lenient")]
    pub size: u32,
    /// The list of tmpfs volume mount options.
    pub mount_options: Vec<String>,
}

/// The details for a volume mount point that's used in a container definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MountPoint {
    /// The name of the volume to mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_volume: Option<String>,
    /// The path on the container to mount the host volume at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// If this value is `true`, the container has read-only access to the volume.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
}

/// The data volume configuration for tasks launched using this task definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Volume {
    /// The name of the volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// This parameter is specified when you use bind mount host volumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolumeProperties>,
    /// Indicates whether the volume should be configured at launch time.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub configured_at_launch: Option<bool>,
}

/// Details on a container instance bind mount host volume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HostVolumeProperties {
    /// When the `host` parameter is used, specify a `sourcePath` to declare the path on the host container instance that's presented to the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// The `ulimit` settings to pass to the container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Ulimit {
    /// The `type` of the `ulimit`.
    pub name: String,
    /// The soft limit for the `ulimit` type.
    #[serde(deserialize_with = "scalar::lenient")]
    pub soft_limit: u64,
    /// The hard limit for the `ulimit` type.
    #[serde(deserialize_with = "scalar::lenient")]
    pub hard_limit: u64,
}

/// The amount of ephemeral storage to allocate for the task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EphemeralStorage {
    /// The total amount, in GiB, of ephemeral storage to set for the task.
    #[serde(deserialize_with = "scalar::lenient")]
    pub size_in_gi_b: u32,
}

/// Information about the platform for the Amazon ECS service or task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RuntimePlatform {
    /// The CPU architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_architecture: Option<String>,
    /// The operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system_family: Option<String>,
}
