//! Who may talk to whom: a security group per part, and a rule for each pair that the platform table names.

use cfn::Handle;
use cfn::ec2::{
    Destination, EgressRule, IngressRule, Ports, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress,
    Source,
};
use cfn::kind::{SecurityGroupId, VpcId};
use env_config::{Service, ServiceName};
use indexmap::IndexMap;

use crate::network::Network;
use crate::scope::{Env, Scope, Template, Value};

/// The security groups.
pub(crate) struct Security {
    pub(crate) load_balancer: Value<SecurityGroupId>,
    pub(crate) services: IndexMap<ServiceName, Value<SecurityGroupId>>,
    pub(crate) tasks: Value<SecurityGroupId>,
    pub(crate) database: Value<SecurityGroupId>,
    pub(crate) cache: Value<SecurityGroupId>,
}

/// A rule that names a group at either end would be a resource of its own. Where a whole tier of subnets is as good, the
/// rule for leaving names the tier's addresses and the rule for entering names the group.
pub(crate) fn security(t: &mut Template, scope: Scope<'_>, network: &Network) -> Security {
    let platform = scope.platform;
    let mut groups = Groups { t, prefix: scope.names.prefix(), vpc: &network.vpc };
    let to_database = || to_tier("database", &network.isolated_block, platform.database.port);
    let to_cache = || to_tier("cache", &network.isolated_block, platform.cache.port);

    let public = || platform.services.iter().filter(|(_, service)| service.is_public());
    let load_balancer = groups.add(
        "LoadBalancer",
        "Load balancer",
        vec![from_anywhere(443, "HTTPS"), from_anywhere(80, "HTTP, redirected to HTTPS")],
        public()
            .map(|(name, service)| to_tier(name.as_str(), &network.private_block, service.port))
            .collect(),
    );
    let mut services = IndexMap::new();
    for (name, service) in &platform.services {
        let mut ingress = Vec::new();
        if service.is_public() {
            ingress.push(from(&load_balancer, service.port));
        }
        let mut egress = vec![https()];
        if service.database {
            egress.push(to_database());
        }
        if service.cache {
            egress.push(to_cache());
        }
        let group = groups.add(&name.pascal_case(), &format!("Service {name}"), ingress, egress);
        services.insert(name.clone(), group);
    }
    // Services may call each other both ways, so neither group can be made with a rule about the other.
    for (name, service) in &platform.services {
        for callee in &service.calls {
            if let (Some(caller), Some(to), Some(target)) =
                (services.get(name), services.get(callee), platform.services.get(callee))
            {
                groups.allow(caller, to, target.port);
            }
        }
    }
    let tasks = groups.add("Tasks", "One-off tasks", Vec::new(), vec![https(), to_database()]);

    let users = |uses: fn(&Service) -> bool| {
        platform
            .services
            .iter()
            .filter(move |(_, service)| uses(service))
            .filter_map(|(name, _)| services.get(name))
    };
    let port = platform.database.port;
    let ingress = users(|service| service.database).chain([&tasks]).map(|user| from(user, port)).collect();
    let database = groups.add("Database", "Database", ingress, vec![nothing()]);
    let ingress = users(|service| service.cache).map(|user| from(user, platform.cache.port)).collect();
    let cache = groups.add("Cache", "Cache", ingress, vec![nothing()]);

    Security {
        load_balancer: load_balancer.handle.id(),
        tasks: tasks.handle.id(),
        database: database.handle.id(),
        cache: cache.handle.id(),
        services: services.into_iter().map(|(name, group)| (name, group.handle.id())).collect(),
    }
}

struct Group {
    /// Logical id without `SecurityGroup`.
    label: String,
    /// What is in it, for the descriptions of rules.
    what: String,
    handle: Handle<SecurityGroup<Env>>,
}

struct Groups<'t> {
    t: &'t mut Template,
    prefix: String,
    vpc: &'t Value<VpcId>,
}

impl Groups<'_> {
    fn add(
        &mut self,
        label: &str,
        what: &str,
        ingress: Vec<IngressRule<Env>>,
        egress: Vec<EgressRule<Env>>,
    ) -> Group {
        let group = SecurityGroup {
            group_description: format!("{what} of {}", self.prefix),
            security_group_egress: egress,
            security_group_ingress: ingress,
            vpc_id: self.vpc.clone(),
        };
        let handle = self.t.add(format!("{label}SecurityGroup"), group);
        Group { label: label.to_owned(), what: what.to_lowercase(), handle }
    }

    /// Lets `source` open connections to a port of `to`: a rule at either end.
    fn allow(&mut self, source: &Group, to: &Group, port: u16) {
        let pair = format!("{}To{}", source.label, to.label);
        let egress = EgressRule {
            description: format!("To {}", to.what),
            ports: Ports::tcp(port),
            to: Destination::Group(to.handle.id()),
        };
        self.t
            .add(format!("{pair}Egress"), SecurityGroupEgress { group_id: source.handle.id(), rule: egress });
        self.t.add(
            format!("{pair}Ingress"),
            SecurityGroupIngress { group_id: to.handle.id(), rule: from(source, port) },
        );
    }
}

fn to_tier(what: &str, block: &str, port: u16) -> EgressRule<Env> {
    EgressRule {
        description: format!("To {what}"),
        ports: Ports::tcp(port),
        to: Destination::Cidr(block.to_owned()),
    }
}

fn from(source: &Group, port: u16) -> IngressRule<Env> {
    IngressRule {
        description: format!("From {}", source.what),
        ports: Ports::tcp(port),
        from: Source::Group(source.handle.id()),
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
