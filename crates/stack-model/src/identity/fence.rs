//! Keeps the roles of an environment out of the subnets of the others.
//!
//! A task gets its network from whoever starts it. With production's subnets and security group, a task of staging's own
//! definition would be as near to production's data as production's services are. IAM can tell where a task is to run by
//! `ecs:subnet` only (service authorization reference of ECS). The subnets are in the environments' stacks, which come
//! after this one, so it is told them: a parameter for each environment.
//!
//! What is listed is denied, rather than all else: a list of what is allowed would have to have an environment's new subnets
//! before the update that makes them, and places services in them, has begun.

use cfn::Parameter;
use cfn::iam::Statement;
use cfn::kind::TextList;
use env_config::{Config, Environment, EnvironmentName};

use crate::shared::{Shared, Template, Value};

/// Value of [`subnets_parameter`] for an environment without subnets.
pub const NO_SUBNETS: &str = "none";

/// Whoever deploys the shared stack without a word about an environment leaves every subnet to it.
const EVERY_SUBNET: &str = "subnet-*";

/// Name of the shared stack's parameter with the ids of all subnets of an environment, separated by commas:
/// `ProductionSubnets`. [`NO_SUBNETS`] where it has none; without a value no task is placed in any subnet by the roles of the
/// other environments.
pub fn subnets_parameter(environment: &EnvironmentName) -> String {
    format!("{}Subnets", environment.pascal_case())
}

/// The subnets of each environment.
pub(super) fn subnets<'c>(
    t: &mut Template,
    config: &'c Config,
) -> Vec<(&'c EnvironmentName, Value<TextList>)> {
    // One alone has no others to keep out.
    let environments = config.environments.values().filter(|_| config.environments.len() > 1);
    environments
        .map(|environment| {
            let parameter = Parameter {
                allowed_pattern: Some(format!("^({NO_SUBNETS}|subnet-[0-9a-z*]+)$")),
                default: Some(EVERY_SUBNET.to_owned()),
            };
            (&environment.name, t.list_parameter(subnets_parameter(&environment.name), &parameter))
        })
        .collect()
}

/// Denies the roles of `environment` everything that names a subnet of another one. Calls without `ecs:subnet` are none of
/// it, so that no call that places tasks has to be known here by its name.
pub(super) fn statements(
    environment: &Environment,
    subnets: &[(&EnvironmentName, Value<TextList>)],
) -> Vec<Statement<Shared>> {
    let others = subnets.iter().filter(|(name, _)| **name != environment.name);
    others
        .map(|(_, subnets)| {
            let denied = Statement::deny(["ecs:*"]).on_all();
            denied.when_listed("ForAnyValue:StringLike", "ecs:subnet", subnets.clone())
        })
        .collect()
}
