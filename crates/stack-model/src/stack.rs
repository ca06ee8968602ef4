//! The stack of an environment: its layers in the order in which they need each other.

use cfn::Document;
use env_config::{Config, Environment};

use crate::alarms::{alarms, topic};
use crate::cache::cache;
use crate::cluster::cluster;
use crate::container::Parts;
use crate::database::database;
use crate::dns::dns;
use crate::error::ModelError;
use crate::firewall::firewall;
use crate::load_balancer::load_balancer;
use crate::network::network;
use crate::parameters::parameters;
use crate::routing::routing;
use crate::scope::{Scope, Template, Value, tags};
use crate::secrets::secrets;
use crate::security::security;
use crate::service::{Surroundings, service};
use crate::tasks::tasks;

/// The stack of `environment`.
///
/// # Errors
///
/// [`ModelError`]: the configuration contradicts itself, or the template is not one that CloudFormation takes.
pub fn environment(config: &Config, environment: &Environment) -> Result<Document, ModelError> {
    let scope = Scope::new(config, environment);
    let description = format!("{}: environment {}", config.platform.name, environment.name);
    let tags = tags(&config.platform, environment.name.as_str());
    let mut template = Template::new(environment.stack_name.as_str(), description, tags);
    let t = &mut template;

    let parameters = parameters(t, scope);
    let network = network(t, scope);
    let security = security(t, scope, &network);
    let secrets = secrets(t, scope)?;
    let database = database(t, scope, &network, &security, &secrets)?;
    let cache = cache(t, scope, &network, &security, &secrets)?;
    let topic = topic(t, scope);
    let balancing = load_balancer(t, scope, &network, &security, &parameters.certificate_arn);
    firewall(t, scope, &balancing)?;
    dns(t, scope, &balancing, &parameters.hosted_zone_id);
    let runtime = cluster(t, scope, &network);
    alarms(t, scope, &topic, &balancing, &database, &cache);

    let parts = Parts { scope, secrets: &secrets, database: &database, cache: &cache };
    for one_off in tasks(t, &parts, &parameters)? {
        let id = one_off.name.pascal_case();
        t.output(format!("{id}TaskDefinitionArn"), one_off.definition.arn());
        t.output(format!("{id}LogGroupName"), one_off.log_group.name());
    }
    let around =
        Surroundings { network: &network, runtime: &runtime, parameters: &parameters, parts: &parts };
    for entry in &config.platform.services {
        let (name, id) = (entry.0, entry.0.pascal_case());
        let group = security.services.get(name).ok_or_else(|| ModelError::UnknownService(name.clone()))?;
        let routing = routing(t, scope, &network, &balancing, &topic, entry);
        let service = service(t, &around, entry, group, routing.as_ref())?;
        t.output(format!("{id}ServiceArn"), service.arn());
    }

    t.output("ClusterName", runtime.cluster.name());
    t.output("Url", Value::<cfn::kind::Text>::from(environment.url()));
    let subnets = Value::<cfn::kind::Text>::join(",", network.private.iter().cloned().map(Value::text));
    t.output("TaskSubnetIds", subnets);
    t.output("TaskSecurityGroupId", security.tasks.clone());
    let decides = "[services], their `routes` and `calls`, and [tasks] of infra/platform.toml";
    template.finish().map_err(|error| ModelError::Template { error, decides })
}
