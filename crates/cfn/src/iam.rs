//! AWS IAM: roles, policies, identity providers.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

use crate::handle::resource;
use crate::kind::{ManagedPolicyArn, OidcProviderArn, PolicyResource, RoleArn, RoleName, Text};
use crate::value::Value;

/// `AWS::IAM::Role`
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role<S> {
    pub assume_role_policy_document: PolicyDocument<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Managed policies that the role has; at most 10, and 20 after a request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managed_policy_arns: Vec<Value<S, ManagedPolicyArn>>,
    /// Seconds, 3,600 to 43,200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_session_duration: Option<u32>,
    /// What the role may do at most, whatever its policies allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<Value<S, ManagedPolicyArn>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy<S>>,
    pub role_name: String,
    /// Tags of the role beside those of the stack: `${aws:PrincipalTag/KEY}` in its policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<RoleTag<S>>,
}
resource!(Role = "AWS::IAM::Role", ref name: RoleName, "Arn" arn: RoleArn);

/// A tag of a role.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleTag<S> {
    /// At most 128 characters.
    pub key: &'static str,
    /// At most 256 characters.
    pub value: Value<S, Text>,
}

/// An inline policy. All of a role's together have at most 10,240 characters, white space not counted.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy<S> {
    pub policy_document: PolicyDocument<S>,
    pub policy_name: String,
}

/// `AWS::IAM::ManagedPolicy`
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicy<S> {
    pub description: String,
    pub managed_policy_name: String,
    /// At most 6,144 characters, white space not counted.
    pub policy_document: PolicyDocument<S>,
}
resource!(ManagedPolicy = "AWS::IAM::ManagedPolicy", ref arn: ManagedPolicyArn);

/// `AWS::IAM::OIDCProvider`
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OidcProvider<S> {
    pub client_id_list: Vec<String>,
    pub url: Value<S, Text>,
}
resource!(OidcProvider = "AWS::IAM::OIDCProvider", ref arn: OidcProviderArn);

/// A policy in version 2012-10-17.
#[derive(Debug, Clone)]
pub struct PolicyDocument<S> {
    pub statements: Vec<Statement<S>>,
}

impl<S> PolicyDocument<S> {
    /// A document of these statements.
    pub fn new(statements: impl IntoIterator<Item = Statement<S>>) -> Self {
        Self { statements: statements.into_iter().collect() }
    }
}

impl<S: Serialize> Serialize for PolicyDocument<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Shape<'a, S> {
            version: &'static str,
            statement: &'a [Statement<S>],
        }
        Shape { version: "2012-10-17", statement: &self.statements }.serialize(serializer)
    }
}

/// Values of an element of a policy. One alone is written without brackets, which policies allow everywhere: templates
/// count bytes.
#[derive(Debug, Clone)]
struct Values<T>(Vec<T>);

impl<T> Values<T> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for Values<T> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            all => all.serialize(serializer),
        }
    }
}

/// Condition key to the values that one operator compares it with.
type Comparisons<S> = BTreeMap<String, Values<Value<S, Text>>>;

/// A statement of a policy. Built up: `Statement::allow(["s3:GetObject"]).on([bucket.objects()])`.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement<S> {
    action: Values<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, Comparisons<S>>,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal<S>>,
    #[serde(skip_serializing_if = "Values::is_empty")]
    resource: Values<Value<S, PolicyResource>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'static str>,
}

/// Whom a statement of a trust or resource policy is about.
#[derive(Debug, Clone)]
pub enum Principal<S> {
    /// Everybody.
    Anyone,
    /// An AWS service, such as `ecs-tasks.amazonaws.com`.
    Service(&'static str),
    /// Who signs in through an OpenID Connect provider.
    Federated(Value<S, OidcProviderArn>),
}

impl<S> Serialize for Principal<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self {
            Self::Anyone => serializer.serialize_str("*"),
            Self::Service(service) => BTreeMap::from([("Service", service)]).serialize(serializer),
            Self::Federated(provider) => BTreeMap::from([("Federated", provider)]).serialize(serializer),
        }
    }
}

impl<S> Statement<S> {
    /// Allows the actions.
    pub fn allow<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new("Allow", actions)
    }

    /// Denies the actions, whatever allows them.
    pub fn deny<A: Into<String>>(actions: impl IntoIterator<Item = A>) -> Self {
        Self::new("Deny", actions)
    }

    fn new<A: Into<String>>(effect: &'static str, actions: impl IntoIterator<Item = A>) -> Self {
        Self {
            action: Values(actions.into_iter().map(Into::into).collect()),
            condition: BTreeMap::new(),
            effect,
            principal: None,
            resource: Values(Vec::new()),
            sid: None,
        }
    }

    /// On these resources.
    #[must_use]
    pub fn on(mut self, resources: impl IntoIterator<Item = Value<S, PolicyResource>>) -> Self {
        self.resource.0.extend(resources);
        self
    }

    /// On `*`: for actions that know no resources.
    #[must_use]
    pub fn on_all(self) -> Self {
        self.on([Value::literal("*")])
    }

    /// For this principal.
    #[must_use]
    pub fn by(mut self, principal: Principal<S>) -> Self {
        self.principal = Some(principal);
        self
    }

    /// Only where the condition key has one of the values, as the operator (`StringEquals`) compares.
    #[must_use]
    pub fn when(
        mut self,
        operator: &'static str,
        key: impl Into<String>,
        values: impl IntoIterator<Item = Value<S, Text>>,
    ) -> Self {
        self.condition.entry(operator).or_default().insert(key.into(), Values(values.into_iter().collect()));
        self
    }

    /// Under this statement id: letters and digits.
    #[must_use]
    pub fn sid(mut self, sid: &'static str) -> Self {
        self.sid = Some(sid);
        self
    }
}
