//! Names and identifiers of the configuration.
//!
//! The lengths are chosen so that every physical name made of them fits the tightest AWS limit:
//! `{platform}-{environment}` 32 characters (load balancer), `{platform}-{environment}-{service}-execution` 64 (IAM role).

use crate::text::text_type;

text_type! {
    /// Name of the platform, the first part of every physical name (`doc-platform`).
    PlatformName,
    pattern: "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$",
    max_len: 20,
    expected: "lower-case letters, digits and single hyphens, starting with a letter, at most 20 characters",
}

text_type! {
    /// Name of an environment, also its file name under `infra/environments` and its GitHub environment (`staging`).
    EnvironmentName,
    pattern: "^[a-z][a-z0-9]{1,10}$",
    max_len: 11,
    expected: "2 to 11 lower-case letters and digits, starting with a letter",
}

text_type! {
    /// Name of a service: ECS service, container and, when called by others, DNS name (`api`).
    ServiceName,
    pattern: "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$",
    max_len: 16,
    expected: "lower-case letters, digits and single hyphens, starting with a letter, at most 16 characters",
}

text_type! {
    /// Name of a one-off task (`migrate`).
    TaskName,
    pattern: "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$",
    max_len: 16,
    expected: "lower-case letters, digits and single hyphens, starting with a letter, at most 16 characters",
}

text_type! {
    /// CloudFormation stack name (`DocPlatform-staging`).
    StackName,
    pattern: "^[A-Za-z][A-Za-z0-9-]{0,127}$",
    max_len: 128,
    expected: "letters, digits and hyphens, starting with a letter, at most 128 characters",
}

text_type! {
    /// Fully qualified domain name without the final dot (`staging.specboard.io`).
    Domain,
    pattern: "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$",
    max_len: 253,
    expected: "a domain name in lower case, such as app.example.com",
}

text_type! {
    /// Id of a Route 53 hosted zone (`Z0123456789ABCDEFGHIJ`), without `/hostedzone/` in front of it.
    ZoneId,
    pattern: "^Z[A-Z0-9]{1,31}$",
    max_len: 32,
    expected: "the id of a Route 53 hosted zone: Z and up to 31 capital letters and digits, without /hostedzone/",
}

text_type! {
    /// ARN of a certificate in AWS Certificate Manager.
    CertificateArn,
    pattern: "^arn:aws(?:-[a-z]+)*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$",
    max_len: 256,
    expected: "the ARN of a certificate in AWS Certificate Manager: arn:aws:acm:REGION:ACCOUNT:certificate/ID",
}

impl CertificateArn {
    /// Region and account that the certificate is in.
    pub fn place(&self) -> (&str, &str) {
        let mut parts = self.as_str().split(':').skip(3);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }
}

text_type! {
    /// One label of a domain name (`staging`).
    DomainLabel,
    pattern: "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
    max_len: 63,
    expected: "one label of a domain name: lower-case letters, digits and hyphens, at most 63 characters",
}

text_type! {
    /// AWS account id: 12 digits.
    AccountId,
    pattern: "^[0-9]{12}$",
    max_len: 12,
    expected: "an AWS account id of 12 digits, in quotes",
}

text_type! {
    /// AWS region (`us-west-2`).
    Region,
    pattern: "^[a-z]{2}(?:-[a-z]+)+-[0-9]$",
    max_len: 32,
    expected: "an AWS region, such as us-west-2",
}

text_type! {
    /// Path in front of the secret names of an environment (`staging/doc-platform`), without slash at either end.
    SecretsPrefix,
    pattern: "^[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*$",
    max_len: 128,
    expected: "lower-case path segments joined by single slashes, such as staging/example, without slash at either end",
}

text_type! {
    /// Name of a secret below the prefix of the environment (`database`).
    SecretName,
    pattern: "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$",
    max_len: 64,
    expected: "lower-case letters, digits and single hyphens, starting with a letter, at most 64 characters",
}

text_type! {
    /// Key in the JSON object that a secret holds (`password`).
    SecretKeyName,
    pattern: "^[A-Za-z][A-Za-z0-9_]{0,63}$",
    max_len: 64,
    expected: "letters, digits and underscores, starting with a letter, at most 64 characters",
}

text_type! {
    /// Name of an environment variable (`DB_HOST`).
    EnvVarName,
    pattern: "^[A-Z_][A-Z0-9_]*$",
    max_len: 128,
    expected: "upper-case letters, digits and underscores, not starting with a digit",
}

text_type! {
    /// Path asked by a health check (`/api/health`).
    HttpPath,
    pattern: "^/[A-Za-z0-9_.~/-]{0,1023}$",
    max_len: 1024,
    expected: "a path that starts with / and has no query",
}

text_type! {
    /// Path pattern of an ALB listener rule (`/api/*`): `*` matches any characters, `?` exactly one.
    /// Source: ALB developer guide, path conditions (at most 128 characters, case-sensitive).
    PathPattern,
    pattern: "^/[A-Za-z0-9_.$~'@:+&*?/-]{0,127}$",
    max_len: 128,
    expected: "a path pattern that starts with /, at most 128 characters; * and ? are wildcards",
}

text_type! {
    /// Repository name in ECR (`doc-platform/api`).
    RepositoryName,
    pattern: "^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$",
    max_len: 256,
    expected: "a repository name in lower case, such as example/api",
}

text_type! {
    /// Name of an HTTP header in lower case (`x-release`).
    HeaderName,
    pattern: "^[a-z][a-z0-9-]*$",
    max_len: 64,
    expected: "a header name in lower case, such as x-release",
}

text_type! {
    /// JSON pointer (RFC 6901) to a value inside a document (`/version`).
    JsonPointer,
    pattern: "^(?:/(?:[^/~]|~[01])+)+$",
    max_len: 256,
    expected: "a JSON pointer (RFC 6901) to the release in the body, such as /version or /build/version",
}

text_type! {
    /// Mail address that receives alarms.
    EmailAddress,
    pattern: "^[^@ ]+@[^@ ]+\\.[^@ ]+$",
    max_len: 254,
    expected: "a mail address",
}

text_type! {
    /// Account or repository name on GitHub.
    GitHubName,
    pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
    max_len: 100,
    expected: "the name of a GitHub account or repository",
}

text_type! {
    /// Private DNS namespace of service discovery (`internal`).
    Namespace,
    pattern: "^[a-z][a-z0-9]*(?:\\.[a-z][a-z0-9]*)*$",
    max_len: 64,
    expected: "a private DNS name in lower case, such as internal",
}

text_type! {
    /// Name of a PostgreSQL database or role.
    DatabaseName,
    pattern: "^[a-z][a-z0-9_]{0,62}$",
    max_len: 63,
    expected: "a PostgreSQL name: lower-case letters, digits and underscores, starting with a letter, at most 63 characters",
}

text_type! {
    /// User of the cache. `default` is the one that clients are who do not say who they are.
    CacheUserName,
    pattern: "^[a-z][a-z0-9-]{0,31}$",
    max_len: 32,
    expected: "lower-case letters, digits and hyphens, starting with a letter, at most 32 characters",
}

text_type! {
    /// User that a container runs as (`1000` or `1000:1000`); root is refused.
    ContainerUser,
    pattern: "^[1-9][0-9]{0,9}(?::[0-9]{1,10})?$",
    max_len: 21,
    expected: "a numeric user id other than 0, such as 1000 or 1000:1000",
}

text_type! {
    /// Name of a rule in an AWS managed rule group (`SizeRestrictions_BODY`).
    WafRuleName,
    pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$",
    max_len: 128,
    expected: "the name of a rule in an AWS managed rule group, such as SizeRestrictions_BODY",
}

/// `mail-worker` -> `MailWorker`: the form of names in logical ids and stack parameters.
fn pascal_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split('-') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            out.push(first.to_ascii_uppercase());
            out.push_str(letters.as_str());
        }
    }
    out
}

macro_rules! with_pascal_case {
    ($($name:ident),+) => {
        $(impl $name {
            /// The name in the form used by logical ids, parameters and outputs: `mail-worker` -> `MailWorker`.
            pub fn pascal_case(&self) -> String {
                pascal_case(self.as_str())
            }
        })+
    };
}

with_pascal_case!(EnvironmentName, ServiceName, TaskName, SecretName);

/// What a key of a table has to look like, by the pattern of its type: the schema of a table names only that.
pub(crate) fn expected_for_key(pattern: &str) -> Option<&'static str> {
    [
        (EnvVarName::PATTERN, EnvVarName::EXPECTED),
        (SecretKeyName::PATTERN, SecretKeyName::EXPECTED),
        (ServiceName::PATTERN, "lower-case letters, digits and single hyphens, starting with a letter"),
    ]
    .into_iter()
    .find_map(|(known, expected)| (known == pattern).then_some(expected))
}
