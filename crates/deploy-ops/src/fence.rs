//! What the shared stack is told of the environments' subnets, so that it can keep the roles of each environment out of the
//! subnets of the others (`stack-model/src/identity/fence.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use env_config::{Config, Environment};
use stack_model::{NO_SUBNETS, subnets_parameter};

use crate::aws::Aws;
use crate::call::CallError;
use crate::stack::{self, StackView};
use crate::stack_resources::{self, StackResource};

/// Type of what the shared stack is told the ids of.
const SUBNET: &str = "AWS::EC2::Subnet";

/// Ids of the subnets of an environment, all tiers; empty where there is no stack.
///
/// # Errors
/// [`CallError`]: the stack cannot be seen.
pub async fn subnets(aws: &Aws, environment: &Environment) -> Result<BTreeSet<String>, CallError> {
    let resources = match stack_resources::list(aws, environment.stack_name.as_str()).await {
        Ok(resources) => resources,
        Err(error) if stack::is_absent(&error) => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let subnets = resources.into_iter().filter(|it| it.resource_type == SUBNET && it.exists());
    Ok(subnets.filter_map(|StackResource { physical_id, .. }| physical_id).collect())
}

/// Values of the shared stack's parameters with the subnets of every environment. One whose stack has none keeps what
/// `live`, the shared stack, was told before: a stack that went may have left its subnets behind.
///
/// # Errors
/// [`CallError`]: a stack cannot be seen. Nothing is told then, for what is not named is open.
pub async fn parameters(
    aws: &Aws,
    config: &Config,
    live: Option<&StackView>,
) -> Result<BTreeMap<String, String>, CallError> {
    let mut values = BTreeMap::new();
    for environment in config.environments.values() {
        let found = subnets(aws, environment).await?;
        let name = subnets_parameter(&environment.name);
        if !found.is_empty() {
            values.insert(name, found.into_iter().collect::<Vec<_>>().join(","));
        } else if !live.is_some_and(|live| live.parameters.contains_key(&name)) {
            values.insert(name, NO_SUBNETS.to_owned());
        }
    }
    Ok(values)
}

/// How the subnets of an environment stand with the shared stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Name of the shared stack.
    shared: String,
    /// Name of the environment.
    environment: String,
    /// How many subnets there are.
    pub subnets: usize,
    /// How many of them the shared stack does not name: the roles of other environments could place tasks there.
    pub open: usize,
}

impl Fence {
    /// Looks at both stacks, as anybody may who deploys to the environment.
    ///
    /// # Errors
    /// [`CallError`]: one of them cannot be seen.
    pub async fn look(aws: &Aws, config: &Config, environment: &Environment) -> Result<Self, CallError> {
        let name = config.platform.shared_stack_name.as_str();
        let subnets = subnets(aws, environment).await?;
        let shared = stack::describe(aws, name).await?;
        let parameter = subnets_parameter(&environment.name);
        let named = shared.as_ref().and_then(|shared| shared.parameters.get(&parameter));
        let named: BTreeSet<&str> = named.into_iter().flat_map(|ids| ids.split(',')).map(str::trim).collect();
        // Alone there are no others to keep out, and the shared stack has no parameter.
        let has_others = config.environments.len() > 1;
        let open = subnets.iter().filter(|id| has_others && !named.contains(id.as_str())).count();
        Ok(Self {
            shared: name.to_owned(),
            environment: environment.name.to_string(),
            subnets: subnets.len(),
            open,
        })
    }
}

/// For people.
impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shared, environment, subnets, open } = self;
        if *open == 0 {
            return write!(f, "{shared} names {subnets} subnets of {environment}");
        }
        write!(
            f,
            "{shared} does not name {open} of {subnets} subnets of {environment}, which is what keeps the roles of other \
             environments out of them"
        )
    }
}
