//! What a change set would do, in the words of its reader, and the guard for what holds data.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_cloudformation::types as sdk;
use serde::Serialize;

use crate::template::{Section, Template};

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is created.
    Add,
    /// Its properties change in place.
    Change,
    /// It may be replaced: CloudFormation only knows when it gets there.
    MayReplace,
    /// A new one is created and the old one deleted.
    Replace,
    /// It is deleted.
    Remove,
}

/// What a change set does to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// Logical id.
    pub logical_id: String,
    /// CloudFormation type.
    pub resource_type: String,
    /// Names of the properties that change, sorted; empty for what is added or removed.
    pub properties: BTreeSet<String>,
    /// Whether the resource stays when it leaves the template (`DeletionPolicy: Retain`), or a snapshot of it.
    pub kept: bool,
}

/// Types whose replacement or removal loses data or an identity that others rely on.
/// Deleting a log group or a secret loses history; deleting a zone or a certificate takes the domain down.
const STATEFUL_TYPES: &[&str] = &[
    "AWS::CertificateManager::Certificate",
    "AWS::ECR::Repository",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::RDS::DBInstance",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
];

/// Whether resources of this type hold data, or an identity that others rely on.
#[must_use]
pub fn is_stateful(resource_type: &str) -> bool {
    STATEFUL_TYPES.contains(&resource_type)
}

impl Change {
    /// Reads one entry of `DescribeChangeSet`; `None` for what is no resource change.
    pub(crate) fn read(change: sdk::Change) -> Option<Self> {
        let change = change.resource_change?;
        let action = match (change.action?, change.replacement) {
            (sdk::ChangeAction::Add | sdk::ChangeAction::Import, _) => Action::Add,
            (sdk::ChangeAction::Remove, _) => Action::Remove,
            (sdk::ChangeAction::Modify, Some(sdk::Replacement::True)) => Action::Replace,
            (sdk::ChangeAction::Modify, Some(sdk::Replacement::Conditional)) => Action::MayReplace,
            (sdk::ChangeAction::Modify, _) => Action::Change,
            // Dynamic: a nested stack or a macro, of which the templates have none; the reader should see it.
            _ => Action::MayReplace,
        };
        let details = change.details.unwrap_or_default();
        let properties = details
            .into_iter()
            .filter_map(|detail| detail.target)
            .filter_map(|target| target.name.or_else(|| target.attribute.map(|it| it.as_str().to_owned())))
            .collect();
        let kept = matches!(
            change.policy_action,
            Some(sdk::PolicyAction::Retain | sdk::PolicyAction::ReplaceAndRetain)
        );
        Some(Self {
            action,
            logical_id: change.logical_resource_id?,
            resource_type: change.resource_type.unwrap_or_default(),
            properties,
            kept,
        })
    }

    /// Whether it takes something away that holds data or that others rely on.
    #[must_use]
    pub fn endangers_state(&self) -> bool {
        match self.action {
            Action::Replace | Action::Remove => is_stateful(&self.resource_type),
            // Secrets Manager makes a new value in place, and what the old one encrypted or unlocked is lost.
            // (CFN: AWS::SecretsManager::Secret, GenerateSecretString)
            Action::Change | Action::MayReplace => {
                self.resource_type == "AWS::SecretsManager::Secret"
                    && self.properties.contains("GenerateSecretString")
            }
            Action::Add => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Add => "+",
            Action::Change => "~",
            Action::MayReplace => "±?",
            Action::Replace => "±",
            Action::Remove => "-",
        };
        write!(f, "{sign} {} ({})", self.logical_id, self.resource_type)?;
        if !self.properties.is_empty() {
            let names: Vec<_> = self.properties.iter().map(String::as_str).collect();
            write!(f, ": {}", names.join(", "))?;
        }
        if self.kept {
            f.write_str(" (kept)")?;
        }
        Ok(())
    }
}

/// Everything a change set would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Most dangerous first, then by logical id.
    pub changes: Vec<Change>,
}

/// The change set takes away what holds state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this would replace, remove or generate anew {}", resources.join(", "))]
pub struct StatefulChange {
    /// Logical ids, in plan order.
    pub resources: Vec<String>,
}

impl Plan {
    /// Sorts the changes.
    #[must_use]
    pub fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by(|a, b| b.action.cmp(&a.action).then_with(|| a.logical_id.cmp(&b.logical_id)));
        Self { changes }
    }

    /// Everything in the template of a stack that does not exist yet is added.
    #[must_use]
    pub fn of_new(template: &Template) -> Self {
        let changes = template.entries(Section::Resources).map(|(id, _)| Change {
            action: Action::Add,
            logical_id: id.clone(),
            resource_type: template.resource_type(id).unwrap_or_default().to_owned(),
            properties: BTreeSet::new(),
            kept: false,
        });
        Self::new(changes.collect())
    }

    /// Refuses what takes state away, unless each of the resources is named.
    pub fn guard(&self, allowed: &[String]) -> Result<(), StatefulChange> {
        let resources: Vec<String> = self
            .changes
            .iter()
            .filter(|change| change.endangers_state() && !allowed.contains(&change.logical_id))
            .map(|change| change.logical_id.clone())
            .collect();
        if resources.is_empty() { Ok(()) } else { Err(StatefulChange { resources }) }
    }

    /// Logical ids of the ECS services whose tasks are replaced: their task definition or anything else
    /// that starts a deployment changes.
    pub fn rolling_services(&self) -> impl Iterator<Item = &Change> {
        // Changing the desired count, the grace period or the deployment configuration starts no deployment.
        // (botocore, ecs UpdateServiceRequest)
        const QUIET: &[&str] = &[
            "DesiredCount",
            "DeploymentConfiguration",
            "EnableECSManagedTags",
            "HealthCheckGracePeriodSeconds",
            "PropagateTags",
            "Tags",
        ];
        self.changes.iter().filter(|change| {
            change.resource_type == "AWS::ECS::Service"
                && change.action != Action::Remove
                && (change.action != Action::Change
                    || change.properties.iter().any(|name| !QUIET.contains(&name.as_str())))
        })
    }

    /// `3 added, 2 changed, 1 replaced, 0 removed`
    #[must_use]
    pub fn counts(&self) -> String {
        let count = |actions: &[Action]| {
            self.changes.iter().filter(|change| actions.contains(&change.action)).count()
        };
        format!(
            "{} added, {} changed, {} replaced, {} removed",
            count(&[Action::Add]),
            count(&[Action::Change]),
            count(&[Action::Replace, Action::MayReplace]),
            count(&[Action::Remove]),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn change(action: Action, logical_id: &str, resource_type: &str, properties: &[&str]) -> Change {
        Change {
            action,
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            properties: properties.iter().map(|&name| name.to_owned()).collect(),
            kept: false,
        }
    }

    #[test]
    fn state_is_only_taken_away_by_name() {
        let plan = Plan::new(vec![
            change(Action::Replace, "Database", "AWS::RDS::DBInstance", &["StorageEncrypted"]),
            change(Action::Change, "Cache", "AWS::ElastiCache::ReplicationGroup", &["Engine"]),
            change(Action::Replace, "ApiTask", "AWS::ECS::TaskDefinition", &["ContainerDefinitions"]),
            change(Action::Remove, "OldBucket", "AWS::S3::Bucket", &[]),
            change(Action::Change, "Session", "AWS::SecretsManager::Secret", &["Description"]),
        ]);
        assert_eq!(plan.guard(&[]).unwrap_err().resources, ["OldBucket", "Database"]);
        assert_eq!(plan.guard(&["Database".into()]).unwrap_err().resources, ["OldBucket"]);
        assert!(plan.guard(&["Database".into(), "OldBucket".into()]).is_ok());
    }

    #[test]
    fn a_secret_is_generated_anew_only_by_name() {
        let changed = change(Action::Change, "Key", "AWS::SecretsManager::Secret", &["GenerateSecretString"]);
        let plan = Plan::new(vec![changed]);
        assert_eq!(plan.guard(&[]).unwrap_err().resources, ["Key"]);
        assert!(plan.guard(&["Key".into()]).is_ok());
    }

    #[test]
    fn a_service_rolls_when_what_its_tasks_see_changes() {
        let plan = Plan::new(vec![
            change(Action::Change, "Api", "AWS::ECS::Service", &["TaskDefinition"]),
            change(Action::Change, "Mcp", "AWS::ECS::Service", &["DesiredCount", "Tags"]),
            change(Action::Add, "Worker", "AWS::ECS::Service", &[]),
        ]);
        let rolling: Vec<_> = plan.rolling_services().map(|change| change.logical_id.as_str()).collect();
        assert_eq!(rolling, ["Api", "Worker"]);
        assert_eq!(plan.counts(), "1 added, 2 changed, 0 replaced, 0 removed");
    }

    #[test]
    fn changes_read_well() {
        let change = change(Action::Change, "Api", "AWS::ECS::Service", &["TaskDefinition", "DesiredCount"]);
        assert_eq!(change.to_string(), "~ Api (AWS::ECS::Service): DesiredCount, TaskDefinition");
    }
}
