//! Drift detection.

use serde::{Deserialize, Serialize};

use super::*;

/// Request of `DetectStackDrift`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DetectStackDriftInput {
    pub stack_name: String,
    pub logical_resource_ids: Vec<String>,
}

/// Answer of `DetectStackDrift`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DetectStackDriftOutput {
    pub stack_drift_detection_id: String,
}

/// Request of `DescribeStackDriftDetectionStatus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeStackDriftDetectionStatusInput {
    pub stack_drift_detection_id: String,
}

/// Answer of `DescribeStackDriftDetectionStatus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeStackDriftDetectionStatusOutput {
    pub stack_id: String,
    pub stack_drift_detection_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_drift_status: Option<StackDriftStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_status: Option<StackDriftDetectionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_u32")]
    pub drifted_stack_resource_count: Option<u32>,
    pub timestamp: f64,
}

/// Request of `DescribeStackResourceDrifts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeStackResourceDriftsInput {
    pub stack_name: String,
    pub stack_resource_drift_status_filters: Vec<StackResourceDriftStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_u32")]
    pub max_results: Option<u32>,
}

/// Answer of `DescribeStackResourceDrifts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeStackResourceDriftsOutput {
    pub stack_resource_drifts: Vec<StackResourceDrift>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `StackResourceDrift` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct StackResourceDrift {
    pub stack_id: String,
    pub logical_resource_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_resource_id: Option<String>,
    pub resource_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_properties: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_properties: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub property_differences: Vec<PropertyDifference>,
    pub stack_resource_drift_status: StackResourceDriftStatus,
    pub timestamp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift_status_reason: Option<String>,
}

/// `PropertyDifference` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PropertyDifference {
    pub property_path: String,
    pub expected_value: String,
    pub actual_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference_type: Option<DifferenceType>,
}

/// Request of `DetectStackResourceDrift`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DetectStackResourceDriftInput {
    pub stack_name: String,
    pub logical_resource_id: String,
}

/// Answer of `DetectStackResourceDrift`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DetectStackResourceDriftOutput {
    pub stack_resource_drift: StackResourceDrift,
}
