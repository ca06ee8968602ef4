//! Clusters, tags and what every operation uses.

use serde::{Deserialize, Serialize};

use crate::scalar;

/// Request of `CreateCluster`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateClusterInput {
    /// The name of your cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The setting to use when creating a cluster.
    pub settings: Vec<ClusterSetting>,
    /// The short name of one or more capacity providers to associate with the cluster.
    pub capacity_providers: Vec<String>,
}

/// Answer of `CreateCluster`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateClusterOutput {
    /// Name or ARN of the cluster; default `default`.
    pub cluster: Cluster,
}

/// Request of `DeleteCluster`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeleteClusterInput {
    /// Name or ARN of the cluster; default `default`.
    pub cluster: String,
}

/// Answer of `DeleteCluster`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeleteClusterOutput {
    /// Name or ARN of the cluster; default `default`.
    pub cluster: Cluster,
}

/// Request of `DescribeClusters`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeClustersInput {
    /// A list of up to 100 cluster names or full cluster Amazon Resource Name (ARN) entries.
    pub clusters: Vec<String>,
    /// Further parts of the answer, such as `TAGS`.
    pub include: Vec<String>,
}

/// Answer of `DescribeClusters`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeClustersOutput {
    /// The list of clusters.
    pub clusters: Vec<Cluster>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// Request of `ListClusters`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListClustersInput {
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
}

/// Answer of `ListClusters`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListClustersOutput {
    /// The list of full Amazon Resource Name (ARN) entries for each cluster that's associated with your account.
    pub cluster_arns: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A regional grouping of one or more container instances where you can run task requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Cluster {
    /// The Amazon Resource Name (ARN) that identifies the cluster.
    pub cluster_arn: String,
    /// A user-generated string that you use to identify your cluster.
    pub cluster_name: String,
    /// The status of the cluster.
    pub status: String,
    /// The number of container instances registered into the cluster.
    #[serde(deserialize_with = "scalar::lenient")]
    pub registered_container_instances_count: u32,
    /// The number of tasks in the cluster that are in the `RUNNING` state.
    #[serde(deserialize_with = "scalar::lenient")]
    pub running_tasks_count: u32,
    /// The number of tasks in the cluster that are in the `PENDING` state.
    #[serde(deserialize_with = "scalar::lenient")]
    pub pending_tasks_count: u32,
    /// The number of services that are running on the cluster in an `ACTIVE` state.
    #[serde(deserialize_with = "scalar::lenient")]
    pub active_services_count: u32,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The settings for the cluster.
    pub settings: Vec<ClusterSetting>,
    /// The capacity providers associated with the cluster.
    pub capacity_providers: Vec<String>,
}

/// The settings to use when creating a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClusterSetting {
    /// The name of the cluster setting.
    pub name: String,
    /// The value to set for the cluster setting.
    pub value: String,
}

/// A failed resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Failure {
    /// The Amazon Resource Name (ARN) of the failed resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The reason for the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The details of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// A name and its value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct KeyValuePair {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// Request of `TagResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TagResourceInput {
    /// ARN of the resource.
    pub resource_arn: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Answer of `TagResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TagResourceOutput {}

/// Request of `UntagResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UntagResourceInput {
    /// ARN of the resource.
    pub resource_arn: String,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}

/// Answer of `UntagResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UntagResourceOutput {}

/// Request of `ListTagsForResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTagsForResourceInput {
    /// ARN of the resource.
    pub resource_arn: String,
}

/// Answer of `ListTagsForResource`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTagsForResourceOutput {
    /// Tags.
    pub tags: Vec<Tag>,
}
