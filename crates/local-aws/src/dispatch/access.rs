//! The permissions that a call needs.

use std::collections::BTreeMap;

use rollout_sim::World;

/// What a caller must be allowed to do for one call: the operation's own action on each of its resources,
/// and what it makes AWS do besides, such as passing a role.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) permissions: Vec<Need>,
    /// Why only the administrator may: what a role would need besides is not modelled.
    pub(super) not_for_roles: Option<&'static str>,
}

#[derive(Debug)]
pub(super) struct Need {
    /// `service:Action`; `None` is the action of the operation.
    pub(super) action: Option<&'static str>,
    /// ARN, or `*` for actions that know no resource.
    pub(super) resource: String,
    /// Condition keys of this request.
    pub(super) context: BTreeMap<String, String>,
}

impl Needs {
    /// The operation's action on `resource`.
    pub(super) fn on(resource: impl Into<String>) -> Self {
        Self::default().and_on(resource)
    }

    /// The operation's action on everything: it knows no resource-level permissions.
    pub(super) fn any() -> Self {
        Self::on("*")
    }

    /// The operation's action on each of `resources`; on `*` where there are none.
    pub(super) fn on_each(resources: impl IntoIterator<Item = String>) -> Self {
        let needs = resources.into_iter().fold(Self::default(), Self::and_on);
        if needs.permissions.is_empty() { Self::any() } else { needs }
    }

    /// The operation's action on another resource too.
    pub(super) fn and_on(mut self, resource: impl Into<String>) -> Self {
        self.permissions.push(Need { action: None, resource: resource.into(), context: BTreeMap::new() });
        self
    }

    /// Another action on `resource`.
    pub(super) fn and(mut self, action: &'static str, resource: impl Into<String>) -> Self {
        self.permissions.push(Need {
            action: Some(action),
            resource: resource.into(),
            context: BTreeMap::new(),
        });
        self
    }

    /// Another action on `resource`, under one condition key.
    pub(super) fn and_when(
        mut self,
        action: &'static str,
        resource: impl Into<String>,
        key: &str,
        value: &str,
    ) -> Self {
        let context = BTreeMap::from([(key.to_owned(), value.to_owned())]);
        self.permissions.push(Need { action: Some(action), resource: resource.into(), context });
        self
    }

    /// A condition key for everything needed so far; an absent value leaves it out.
    pub(super) fn with<'v>(mut self, key: &str, value: impl Into<Option<&'v str>>) -> Self {
        if let Some(value) = value.into() {
            for need in &mut self.permissions {
                need.context.insert(key.to_owned(), value.to_owned());
            }
        }
        self
    }

    /// Refuses every caller but the administrator by name of what is not modelled for them.
    pub(super) const fn not_for_roles(mut self, what: &'static str) -> Self {
        self.not_for_roles = Some(what);
        self
    }

    /// `iam:PassRole` on each role that is given, for `service`.
    pub(super) fn passing<'r>(
        mut self,
        world: &World,
        roles: impl IntoIterator<Item = Option<&'r str>>,
        service: &str,
    ) -> Self {
        for role in roles.into_iter().flatten() {
            let resource = if role.starts_with("arn:") {
                role.to_owned()
            } else {
                format!("arn:aws:iam::{}:role/{role}", world.account)
            };
            let context = BTreeMap::from([("iam:PassedToService".to_owned(), service.to_owned())]);
            self.permissions.push(Need { action: Some("iam:PassRole"), resource, context });
        }
        self
    }
}
