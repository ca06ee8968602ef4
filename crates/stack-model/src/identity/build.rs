//! The role of workflows that build images: it can push, and nothing else.

use cfn::iam::{Policy, PolicyDocument, Role, Statement};
use cfn::kind::OidcProviderArn;
use env_config::{Config, SharedNames};

use super::{repositories, trust};
use crate::shared::{Shared, Value};

/// How long a workflow may be signed in to push images, in seconds: what IAM gives by default.
pub const BUILD_SESSION_SECS: u32 = 60 * 60;

pub(super) fn role(
    config: &Config,
    names: SharedNames<'_>,
    provider: &Value<OidcProviderArn>,
) -> Role<Shared> {
    let github = &config.platform.github;
    Role {
        assume_role_policy_document: trust(provider, github.branch_subjects()),
        description: Some(format!("Builds images of {} from branch {}", config.platform.name, github.branch)),
        managed_policy_arns: Vec::new(),
        max_session_duration: None,
        permissions_boundary: None,
        policies: vec![Policy {
            policy_document: PolicyDocument::new([
                Statement::allow(["ecr:GetAuthorizationToken"]).on_all(),
                Statement::allow([
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:DescribeImages",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ])
                .on(repositories(config)),
            ]),
            policy_name: "push-images".to_owned(),
        }],
        role_name: names.build_role(),
        tags: Vec::new(),
    }
}
