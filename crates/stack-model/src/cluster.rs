//! The ECS cluster and the private names of services.

use cfn::Handle;
use cfn::ecs::{Cluster, ClusterSetting};
use cfn::kind::DiscoveryServiceArn;
use cfn::servicediscovery::{DnsConfig, DnsRecord, HealthCheckCustomConfig, PrivateDnsNamespace, Service};
use env_config::ServiceName;
use indexmap::IndexMap;

use crate::network::Network;
use crate::scope::{Env, Scope, Template, Value};

/// Seconds that a private name may be cached: a task that was replaced is not called for longer.
const DISCOVERY_TTL_SECS: u32 = 10;

/// Where services run and how they find each other.
pub(crate) struct Runtime {
    pub(crate) cluster: Handle<Cluster<Env>>,
    pub(crate) discovery: IndexMap<ServiceName, Value<DiscoveryServiceArn>>,
}

pub(crate) fn cluster(t: &mut Template, scope: Scope<'_>, network: &Network) -> Runtime {
    let cluster = t.add(
        "Cluster",
        Cluster {
            cluster_name: scope.names.cluster().into(),
            cluster_settings: vec![ClusterSetting { name: "containerInsights", value: "enabled".to_owned() }],
        },
    );
    let discoverable = scope.platform.discoverable_services();
    if discoverable.is_empty() {
        return Runtime { cluster, discovery: IndexMap::new() };
    }
    // The zone belongs to this VPC alone, so every environment has its own under the same name.
    let namespace = t.add(
        "Namespace",
        PrivateDnsNamespace {
            description: format!("Services of {}", scope.names.prefix()).into(),
            name: scope.platform.namespace.to_string(),
            vpc: network.vpc.clone(),
        },
    );
    let discovery = discoverable
        .into_iter()
        .map(|name| {
            let entry = t.add(
                format!("{}Discovery", name.pascal_case()),
                Service {
                    description: format!("{name}.{} of {}", scope.platform.namespace, scope.names.prefix())
                        .into(),
                    dns_config: DnsConfig {
                        dns_records: vec![DnsRecord { ttl: DISCOVERY_TTL_SECS, kind: "A" }],
                        namespace_id: namespace.id(),
                        routing_policy: "MULTIVALUE",
                    },
                    health_check_custom_config: HealthCheckCustomConfig { failure_threshold: 1 },
                    name: name.to_string(),
                },
            );
            (name.clone(), entry.arn())
        })
        .collect();
    Runtime { cluster, discovery }
}
