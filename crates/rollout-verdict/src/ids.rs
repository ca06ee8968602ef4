//! Identifiers, as AWS writes them. They are shared, not copied: every failure and sighting carries some.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Arc<str>);

            impl $name {
                /// The text of the identifier.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl From<String> for $name {
                fn from(text: String) -> Self {
                    Self(text.into())
                }
            }

            impl From<&str> for $name {
                fn from(text: &str) -> Self {
                    Self(text.into())
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

ids! {
    /// Name of a service inside its cluster, such as `api`.
    ServiceName;
    /// Id of an entry of `deployments[]` of a service, `ecs-svc/…`. The tasks it starts carry it as `startedBy`.
    DeploymentId;
    /// `arn:aws:ecs:…:service-deployment/CLUSTER/SERVICE/ID`
    ServiceDeploymentArn;
    /// `arn:aws:ecs:…:task-definition/FAMILY:REVISION`
    TaskDefinitionArn;
    /// `arn:aws:ecs:…:task/CLUSTER/ID`
    TaskArn;
    /// `EventId` of a stack event.
    StackEventId;
}

impl TaskArn {
    /// The task's id: what follows the last slash.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl TaskDefinitionArn {
    /// `FAMILY:REVISION`: what follows the last slash.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}
