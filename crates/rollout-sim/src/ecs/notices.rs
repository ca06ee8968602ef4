//! What ECS tells EventBridge about deployments (ECS:ecs_service_deployment_events). Rules and targets are not modelled:
//! the notices are kept, and whoever is interested reads them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ServiceKey;
use crate::{SimTime, World};

/// Notices that are kept; older ones are forgotten.
const KEPT: usize = 1000;

/// Names of the notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    /// A deployment begins, or the one that is gone back to.
    InProgress,
    /// It completed.
    Completed,
    /// It failed: the only notice that is an error.
    Failed,
}

/// A notice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Notice {
    at: SimTime,
    change: Change,
    service: String,
    deployment: String,
    reason: String,
}

/// The primary deployment of a service changed its state.
pub(super) fn primary_changed(world: &mut World, key: ServiceKey, change: Change) {
    let at = world.now();
    let service = world.ecs.service(key);
    let Some(primary) = service.primary() else { return };
    let (deployment, reason) = (primary.id.clone(), primary.reason.clone());
    let notice = Notice { at, change, service: service.arn.clone(), deployment, reason };
    let notices = &mut world.ecs.notices;
    notices.push_back(notice);
    if notices.len() > KEPT {
        notices.pop_front();
    }
}

/// The events "ECS Deployment State Change" of the account as EventBridge delivers them, oldest first.
#[must_use]
pub fn deployment_state_changes(world: &World) -> Vec<Value> {
    let event = |notice: &Notice| {
        let (kind, name) = match notice.change {
            Change::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
            Change::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
            Change::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
        };
        let at = notice.at.to_rfc3339();
        json!({
            "version": "0",
            "detail-type": "ECS Deployment State Change",
            "source": "aws.ecs",
            "account": world.account,
            "time": at,
            "region": world.region,
            "resources": [notice.service],
            "detail": {
                "eventType": kind,
                "eventName": name,
                "deploymentId": notice.deployment,
                "updatedAt": at,
                "reason": notice.reason,
            },
        })
    };
    world.ecs.notices.iter().map(event).collect()
}
