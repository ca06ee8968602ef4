//! Texts of ECS, Fargate and the registries that say why a task cannot start, as data: each row has the words that tell it,
//! the kind of cause, an example and the source. Rows are tried in order; what none tells is quoted, never explained away.
//!
//! Sources: ECS:stopped-task-error-codes, ECS:task_cannot_pull_image, ECS:resource-initialization-error,
//! ECS:cannot-start-container, ECS:service-event-messages-list (pages of the ECS developer guide). "observed" is a text that
//! users quoted in public reports and that no page of AWS lists; INF is inferred from a neighbouring text.

use crate::CauseKind;

/// One kind of message.
pub(crate) struct Message {
    /// Each group needs one of its words in the text, whose letters are lower case.
    pub words: &'static [&'static [&'static str]],
    pub kind: CauseKind,
    /// A text of this kind; the tests read every one.
    #[cfg(test)]
    pub example: &'static str,
}

macro_rules! messages {
    ($($kind:ident, [$([$($word:literal),+ $(,)?]),+ $(,)?], $example:literal, $source:literal;)+) => {
        /// Every kind of message, in the order in which they are tried.
        pub(crate) const MESSAGES: &[Message] = &[$(Message {
            words: &[$(&[$($word),+]),+],
            kind: CauseKind::$kind,
            #[cfg(test)]
            example: $example,
        }),+];

        #[cfg(test)]
        pub(crate) const SOURCES: &[&str] = &[$($source),+];
    };
}

messages! {
    WrongArchitecture, [["exec format error", "descriptor matching platform", "no matching manifest"]],
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
        "ECS:task_cannot_pull_image";
    PullLimit, [["toomanyrequests", "429 too many requests", "reached your pull rate limit"]],
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit",
        "ECS:task_cannot_pull_image";
    NoDisk, [["no space left on device"]],
        "CannotPullContainerError: failed to register layer: write /usr/bin/node: no space left on device",
        "ECS:task_cannot_pull_image";
    ImageMissing, [
        ["cannotpull"],
        ["not found", "can't find", "cannot find", "can\u{2019}t find", "manifest unknown", "does not exist", "name unknown"],
    ],
        "CannotPullContainerError: The task can\u{2019}t find the image with the tag 'v9' in the repository.",
        "ECS:task_cannot_pull_image";
    LogGroupMissing, [["log group does not exist"]],
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
        "ECS:resource-initialization-error";
    LogGroupMissing, [
        ["resourceinitializationerror"],
        ["logger", "log group", "log stream"],
        ["does not exist", "resourcenotfound"],
    ],
        "ResourceInitializationError: failed to validate logger args: ResourceNotFoundException: log group /shop/api does not exist",
        "ECS:resource-initialization-error";
    LogDriver, [["failed to initialize logging driver", "unknown log driver", "logger: no log driver", "failed to validate logger args: invalid"]],
        "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: awslogs-region is missing",
        "observed";
    KeyUnusable, [["kms"], ["not allowed", "accessdenied", "disabled", "pending", "invalidstate", "notfound", "not found", "not authorized"]],
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException: Access to KMS is not allowed",
        "observed; the texts of KMS: kms:KMSInvalidStateException, kms:DisabledException";
    SecretMissing, [["resourceinitializationerror"], ["marked for deletion", "marked deleted", "scheduled for deletion"]],
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.",
        "secretsmanager:GetSecretValue";
    SecretUnfit, [["resourceinitializationerror"], ["invalid character", "cannot unmarshal", "unexpected end of json"]],
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character 's' looking for beginning of value",
        "observed";
    NoAddress, [["insufficient free addresses", "insufficientfreeaddresses", "not have enough free addresses"]],
        "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0f1e': InsufficientFreeAddressesInSubnet",
        "ECS:stopped-task-error-codes";
    QuotaReached, [["limitexceeded", "limit exceeded"], ["network interface", "networkinterface"]],
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled: NetworkInterfaceLimitExceeded",
        "ec2:CreateNetworkInterface";
    AccessDenied, [["accessdenied", "access denied", "not authorized", "403 forbidden", "unable to assume", "no basic auth credentials", "unauthorizedoperation"]],
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop-staging-api-execution' that was provided for this task.",
        "ECS:stopped-task-error-codes";
    SecretMissing, [
        ["resourceinitializationerror"],
        ["secret", "asm", "ssm", "parameter"],
        ["resourcenotfound", "can't find", "can\u{2019}t find", "did not contain json key", "invalid parameters", "invalid ssm parameters"],
    ],
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password",
        "ECS:resource-initialization-error";
    QuotaReached, [["reached the limit on the number", "above your limit", "has reached its limit"]],
        "(service api) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
        "ECS:service-event-messages-list";
    InactiveRevision, [["taskdefinition is inactive", "task definition is inactive", "taskdefinition not found", "unable to describe task definition"]],
        "(service api) was unable to place a task. Reason: TaskDefinition is inactive.",
        "INF: the text is that of ecs:RunTask";
    DeploymentSettings, [["because of the service deployment configuration"]],
        "(service api) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
        "ECS:service-event-messages-list";
    NoCapacity, [["capacity is unavailable", "resource:"]],
        "(service api) was unable to place a task. Reason: Capacity is unavailable at this time.",
        "ECS:service-event-messages-list";
    VolumeFailed, [["cannotcreatevolume", "efs utils", "mount.nfs4", "failed to invoke efs", "failed to mount"]],
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection reset by peer",
        "ECS:resource-initialization-error";
    OutOfMemory, [["outofmemory", "oomkilled"]],
        "OutOfMemoryError: Container killed due to memory usage",
        "ECS:stopped-task-error-codes";
    Unreachable, [
        ["cannotpull", "resourceinitializationerror", "taskfailedtostart"],
        ["i/o timeout", "connection issue", "context deadline exceeded", "timed out", "dial tcp", "context canceled", "no such host", "tls handshake timeout", "connection reset"],
    ],
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: dial tcp: lookup registry.example: no such host",
        "ECS:task_cannot_pull_image";
    NoAddress, [["create network interface", "network interface provisioning"]],
        "Timeout waiting for network interface provisioning to complete.",
        "ECS:stopped-task-error-codes";
    CannotStart, [["cannotstartcontainer", "cannotcreatecontainer", "containerruntime", "cannotinspectcontainer"]],
        "CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: \"/app/start\": permission denied: unknown",
        "ECS:cannot-start-container";
    StartFailed, [["cannotpull", "resourceinitializationerror", "taskfailedtostart", "was unable to place a task", "internalerror"]],
        "(service api) was unable to place a task. Reason: Internal error.",
        "ECS:service-event-messages-list";
}

/// The kind of the first row that tells the text.
pub(crate) fn kind_of(text: &str) -> Option<CauseKind> {
    let lower = text.to_lowercase();
    let told =
        |message: &&Message| message.words.iter().all(|group| group.iter().any(|word| lower.contains(word)));
    MESSAGES.iter().find(told).map(|message| message.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_told_by_its_own_words_and_has_a_source() {
        assert_eq!(MESSAGES.len(), SOURCES.len());
        for (message, source) in MESSAGES.iter().zip(SOURCES) {
            assert!(!source.is_empty(), "{}", message.example);
            let lower = message.example.to_lowercase();
            let first = MESSAGES
                .iter()
                .find(|other| other.words.iter().all(|group| group.iter().any(|word| lower.contains(word))));
            assert_eq!(first.map(|first| first.words), Some(message.words), "{}", message.example);
        }
    }

    #[test]
    fn what_no_row_tells_is_not_told() {
        for text in
            ["", "Essential container in task exited", "Scaling activity initiated by (deployment ecs-svc/2)"]
        {
            assert_eq!(kind_of(text), None, "{text}");
        }
    }

    /// Texts that were once explained by the entry point of the image, or not at all.
    #[test]
    fn a_text_that_is_not_known_is_quoted_without_advice_about_the_image() {
        for text in [
            "CannotPullContainerError: something new",
            "ResourceInitializationError: something new",
            "(service api) was unable to place a task. Reason: something new.",
        ] {
            assert_eq!(kind_of(text), Some(CauseKind::StartFailed), "{text}");
        }
    }

    #[test]
    fn registries_keys_quotas_and_networks_are_told_apart() {
        use CauseKind as K;
        let cases = [
            (
                "CannotPullContainerError: Error response from daemon: pull access denied for shop/api, repository does not exist or may require 'docker login': denied: User: x is not authorized to perform: ecr:BatchGetImage",
                K::ImageMissing,
            ),
            (
                "CannotPullContainerError: Error response from daemon: Get https://registry.example/v2/: no basic auth credentials",
                K::AccessDenied,
            ),
            (
                "CannotPullContainerError: Error response from daemon: Get https://registry.example/v2/: net/http: TLS handshake timeout",
                K::Unreachable,
            ),
            (
                "ResourceInitializationError: unable to retrieve secret from asm: KMSInvalidStateException: arn:aws:kms:us-west-2:123456789012:key/0f is pending deletion.",
                K::KeyUnusable,
            ),
            (
                "(service api) was unable to place a task. Reason: You've reached the limit on the number of tasks you can run concurrently.",
                K::QuotaReached,
            ),
            (
                "(service api) was unable to place a task. Reason: The requested MEMORY configuration is above your limit.",
                K::QuotaReached,
            ),
            (
                "Fetching secret data from AWS Secrets Manager in region us-west-2: secret x: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue",
                K::AccessDenied,
            ),
            ("CannotCreateVolumeError: Error response from daemon: create efs: failed", K::VolumeFailed),
            (
                "CannotStartContainerError: Error response from daemon: failed to create task for container: exec: \"/bin/shh\": stat /bin/shh: no such file or directory",
                K::CannotStart,
            ),
        ];
        for (text, kind) in cases {
            assert_eq!(kind_of(text), Some(kind), "{text}");
        }
    }
}
