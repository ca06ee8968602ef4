//! The Redis-compatible cache, which holds sessions.

use std::collections::BTreeMap;

use cfn::Handle;
use cfn::elasticache::{ParameterGroup, ReplicationGroup, SubnetGroup, User, UserGroup};
use cfn::kind::DnsName;

use crate::error::ModelError;
use crate::network::Network;
use crate::scope::{Env, Scope, Template, Value};
use crate::secrets::Secrets;
use crate::security::Security;

const SNAPSHOT_WINDOW: &str = "08:00-09:00";
const MAINTENANCE_WINDOW: &str = "sun:10:30-sun:11:30";

/// The cache.
pub(crate) struct Cache {
    pub(crate) group: Handle<ReplicationGroup<Env>>,
    pub(crate) address: Value<DnsName>,
}

pub(crate) fn cache(
    t: &mut Template,
    scope: Scope<'_>,
    network: &Network,
    security: &Security,
    secrets: &Secrets,
) -> Result<Cache, ModelError> {
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
    let users = users(t, scope, secrets)?;
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
            user_group_ids: vec![users.id()],
        },
        scope.data_removal(),
    );
    Ok(Cache { address: group.primary_address(), group })
}

/// Engine of users and their group. Caches of Redis and of Valkey take such a group, and it can have a user without a
/// password, which one of engine `valkey` cannot (ElastiCache developer guide, Clusters.RBAC).
const USERS_ENGINE: &str = "redis";

/// The services' user, and the one named `default`, which a client is that does not say who it is. A group of its engine
/// must have one of that name (`DefaultUserRequired`; ElastiCache API reference, `CreateUserGroup`); here it is switched off.
fn users(
    t: &mut Template,
    scope: Scope<'_>,
    secrets: &Secrets,
) -> Result<Handle<UserGroup<Env>>, ModelError> {
    let cache = &scope.platform.cache;
    let passwords = || {
        let references = cache.passwords();
        references
            .map(|password| Ok(secrets.handle(&password.secret)?.dynamic_reference(password.key.as_str())))
            .collect::<Result<Vec<_>, ModelError>>()
    };
    let user = t.add(
        "CacheUser",
        User {
            access_string: "on ~* +@all".to_owned(),
            engine: USERS_ENGINE,
            no_password_required: false,
            passwords: passwords()?,
            user_id: scope.names.cache_user(),
            user_name: cache.user.to_string(),
        },
    );
    let open = scope.environment.cache.allow_anonymous;
    let default = t.add(
        "CacheDefaultUser",
        User {
            access_string: if open { "on ~* +@all" } else { "off -@all" }.to_owned(),
            engine: USERS_ENGINE,
            no_password_required: open,
            // Without one it would be a user that needs none.
            passwords: if open { Vec::new() } else { passwords()? },
            user_id: scope.names.cache_default_user(),
            user_name: "default".to_owned(),
        },
    );
    Ok(t.add(
        "CacheUsers",
        UserGroup {
            engine: USERS_ENGINE,
            user_group_id: scope.names.cache_users(),
            user_ids: vec![default.id(), user.id()],
        },
    ))
}
