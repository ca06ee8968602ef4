//! The Redis-compatible cache, which holds sessions.

use std::collections::BTreeMap;

use cfn::Handle;
use cfn::elasticache::{ParameterGroup, ReplicationGroup, SubnetGroup};
use cfn::kind::DnsName;

use crate::network::Network;
use crate::scope::{Env, Scope, Template, Value};
use crate::security::Security;

const SNAPSHOT_WINDOW: &str = "08:00-09:00";
const MAINTENANCE_WINDOW: &str = "sun:10:30-sun:11:30";

/// The cache.
pub(crate) struct Cache {
    pub(crate) group: Handle<ReplicationGroup<Env>>,
    pub(crate) address: Value<DnsName>,
}

pub(crate) fn cache(t: &mut Template, scope: Scope<'_>, network: &Network, security: &Security) -> Cache {
    let (engine, settings) = (&scope.platform.cache, &scope.environment.cache);
    let prefix = scope.names.prefix();
    let replicated = settings.nodes > 1;
    let subnets = t.add(
        "CacheSubnets",
        SubnetGroup {
            cache_subnet_group_name: scope.names.cache(),
            description: format!("Isolated subnets of {prefix}"),
            subnet_ids: network.isolated.clone(),
        },
    );
    let parameters = t.add(
        "CacheParameters",
        ParameterGroup {
            cache_parameter_group_family: engine.engine.parameter_group_family().to_owned(),
            description: format!("Cache of {prefix}").into(),
            // Sessions expire by themselves. When memory runs out all the same, those used least go first.
            properties: BTreeMap::from([("maxmemory-policy", "volatile-lru".to_owned())]),
        },
    );
    let group = t.add_with(
        "Cache",
        ReplicationGroup {
            at_rest_encryption_enabled: true,
            auto_minor_version_upgrade: true,
            automatic_failover_enabled: replicated,
            cache_node_type: settings.node_type.to_string(),
            cache_parameter_group_name: parameters.name(),
            cache_subnet_group_name: subnets.name(),
            engine: engine.engine.engine(),
            engine_version: engine.engine.engine_version().to_owned(),
            multi_az_enabled: replicated,
            num_cache_clusters: u32::from(settings.nodes),
            port: engine.port,
            preferred_maintenance_window: MAINTENANCE_WINDOW.to_owned(),
            replication_group_description: format!("Sessions of {prefix}"),
            replication_group_id: scope.names.cache(),
            security_group_ids: vec![security.cache.clone()],
            snapshot_retention_limit: settings.snapshot_retention_days,
            snapshot_window: SNAPSHOT_WINDOW.to_owned(),
            transit_encryption_enabled: true,
            transit_encryption_mode: "required",
        },
        scope.data_removal(),
    );
    Cache { address: group.primary_address(), group }
}
