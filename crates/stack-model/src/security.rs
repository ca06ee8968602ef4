//! Who may talk to whom: a security group per part, and a rule for each pair that the platform table names.

use cfn::Handle;
use cfn::ec2::{
    Destination, EgressRule, IngressRule, Ports, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress,
    Source,
};
use cfn::kind::SecurityGroupId;
use env_config::ServiceName;
use indexmap::IndexMap;

use crate::network::Network;
use crate::scope::{Env, Options, Scope, Template, Value};

/// The security groups.
pub(crate) struct Security {
    pub(crate) load_balancer: Value<SecurityGroupId>,
    pub(crate) services: IndexMap<ServiceName, Value<SecurityGroupId>>,
    pub(crate) tasks: Value<SecurityGroupId>,
    pub(crate) database: Value<SecurityGroupId>,
    pub(crate) cache: Value<SecurityGroupId>,
}

pub(crate) fn security(t: &mut Template, scope: Scope<'_>, network: &Network) -> Security {
    let platform = scope.platform;
    let mut groups = Groups { t, scope, network };
    let load_balancer = groups.add(
        "LoadBalancer",
        "load-balancer",
        "Load balancer",
        vec![from_anywhere(443, "HTTPS"), from_anywhere(80, "HTTP, redirected to HTTPS")],
        nothing(),
    );
    let services: IndexMap<_, _> = platform
        .services
        .keys()
        .map(|name| {
            let group = groups.add(
                &name.pascal_case(),
                name.as_str(),
                &format!("Service {name}"),
                Vec::new(),
                https(),
            );
            (name.clone(), group)
        })
        .collect();
    let tasks = groups.add("Tasks", "tasks", "One-off tasks", Vec::new(), https());
    let database = groups.add("Database", "database", "Database", Vec::new(), nothing());
    let cache = groups.add("Cache", "cache", "Cache", Vec::new(), nothing());

    for (name, service) in &platform.services {
        let Some(group) = services.get(name) else { continue };
        if service.is_public() {
            groups.allow(&load_balancer, group, service.port);
        }
        for callee in &service.calls {
            if let (Some(to), Some(target)) = (services.get(callee), platform.services.get(callee)) {
                groups.allow(group, to, target.port);
            }
        }
        if service.database {
            groups.allow(group, &database, platform.database.port);
        }
        if service.cache {
            groups.allow(group, &cache, platform.cache.port);
        }
    }
    let used = |what: fn(&env_config::Service) -> bool| {
        platform.tasks.values().filter_map(|task| platform.services.get(&task.service)).any(what)
    };
    if used(|service| service.database) {
        groups.allow(&tasks, &database, platform.database.port);
    }
    if used(|service| service.cache) {
        groups.allow(&tasks, &cache, platform.cache.port);
    }

    Security {
        load_balancer: load_balancer.handle.id(),
        services: services.into_iter().map(|(name, group)| (name, group.handle.id())).collect(),
        tasks: tasks.handle.id(),
        database: database.handle.id(),
        cache: cache.handle.id(),
    }
}

struct Group {
    /// Logical id without `SecurityGroup`.
    label: String,
    /// What is in it, for the descriptions of rules.
    what: String,
    handle: Handle<SecurityGroup<Env>>,
}

struct Groups<'t, 's> {
    t: &'t mut Template,
    scope: Scope<'s>,
    network: &'t Network,
}

impl Groups<'_, '_> {
    fn add(
        &mut self,
        label: &str,
        name: &str,
        what: &str,
        ingress: Vec<IngressRule<Env>>,
        egress: EgressRule<Env>,
    ) -> Group {
        let prefix = self.scope.names.prefix();
        let group = SecurityGroup {
            group_description: format!("{what} of {prefix}"),
            security_group_egress: vec![egress],
            security_group_ingress: ingress,
            vpc_id: self.network.vpc.clone(),
        };
        let options = Options::new().name(format!("{prefix}-{name}"));
        let handle = self.t.add_with(format!("{label}SecurityGroup"), group, options);
        Group { label: label.to_owned(), what: what.to_lowercase(), handle }
    }

    /// Lets `from` open connections to a port of `to`: a rule at either end.
    fn allow(&mut self, from: &Group, to: &Group, port: u16) {
        let pair = format!("{}To{}", from.label, to.label);
        self.t.add(
            format!("{pair}Egress"),
            SecurityGroupEgress {
                group_id: from.handle.id(),
                rule: EgressRule {
                    description: format!("To {}", to.what),
                    ports: Ports::tcp(port),
                    to: Destination::Group(to.handle.id()),
                },
            },
        );
        self.t.add(
            format!("{pair}Ingress"),
            SecurityGroupIngress {
                group_id: to.handle.id(),
                rule: IngressRule {
                    description: format!("From {}", from.what),
                    ports: Ports::tcp(port),
                    from: Source::Group(from.handle.id()),
                },
            },
        );
    }
}

fn from_anywhere(port: u16, description: &str) -> IngressRule<Env> {
    IngressRule {
        description: description.to_owned(),
        ports: Ports::tcp(port),
        from: Source::Cidr("0.0.0.0/0".to_owned()),
    }
}

/// Images, secrets and logs are fetched and written over HTTPS, and so are the APIs of others.
fn https() -> EgressRule<Env> {
    EgressRule {
        description: "AWS and public APIs".to_owned(),
        ports: Ports::tcp(443),
        to: Destination::Cidr("0.0.0.0/0".to_owned()),
    }
}

/// A group without an egress rule of its own would let everything out; this one leads nowhere.
fn nothing() -> EgressRule<Env> {
    EgressRule {
        description: "Nowhere".to_owned(),
        ports: Ports::tcp(1),
        to: Destination::Cidr("127.0.0.1/32".to_owned()),
    }
}
