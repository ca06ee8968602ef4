//! PostgreSQL.

use std::collections::BTreeMap;

use cfn::Handle;
use cfn::kind::DnsName;
use cfn::rds::{DbInstance, DbParameterGroup, DbSubnetGroup};

use crate::error::ModelError;
use crate::logging::log_group;
use crate::network::Network;
use crate::scope::{Env, Scope, Template, Value};
use crate::secrets::Secrets;
use crate::security::Security;

/// Hours in which the platform's users sleep (UTC): backup first, maintenance after it.
const BACKUP_WINDOW: &str = "09:00-09:30";
const MAINTENANCE_WINDOW: &str = "sun:10:00-sun:10:30";

/// The database.
pub(crate) struct Database {
    pub(crate) instance: Handle<DbInstance<Env>>,
    pub(crate) address: Value<DnsName>,
}

pub(crate) fn database(
    t: &mut Template,
    scope: Scope<'_>,
    network: &Network,
    security: &Security,
    secrets: &Secrets,
) -> Result<Database, ModelError> {
    let (engine, settings) = (&scope.platform.database, &scope.environment.database);
    let prefix = scope.names.prefix();
    let subnets = t.add(
        "DatabaseSubnets",
        DbSubnetGroup {
            description: format!("Isolated subnets of {prefix}"),
            name: scope.names.database(),
            subnet_ids: network.isolated.clone(),
        },
    );
    let parameters = t.add(
        "DatabaseParameters",
        DbParameterGroup {
            description: format!("Database of {prefix}").into(),
            family: engine.version.parameter_group_family().to_owned(),
            parameters: BTreeMap::from([("rds.force_ssl", "1".to_owned())]),
        },
    );
    // RDS would make the group itself, and keep the log for ever. The log of upgrades is a few lines a year.
    let log = format!("/aws/rds/instance/{}/postgresql", scope.names.database());
    let logs = log_group(t, scope, "Database", log);
    let instance = t.add_with(
        "Database",
        DbInstance {
            allocated_storage: settings.allocated_storage_gib.to_string(),
            auto_minor_version_upgrade: true,
            backup_retention_period: settings.backup_retention_days,
            ca_certificate_identifier: "rds-ca-rsa2048-g1",
            copy_tags_to_snapshot: true,
            db_instance_class: settings.instance_class.to_string(),
            db_instance_identifier: scope.names.database(),
            db_name: engine.name.to_string(),
            db_parameter_group_name: parameters.name(),
            db_subnet_group_name: subnets.name(),
            database_insights_mode: "standard",
            // By default they go with the instance at once, and with them every time but that of the last snapshot.
            delete_automated_backups: scope.environment.protection.retain_data.then_some(false),
            deletion_protection: settings.deletion_protection,
            enable_cloudwatch_logs_exports: vec!["postgresql", "upgrade"],
            enable_performance_insights: false,
            engine: "postgres",
            engine_version: engine.version.engine_version().to_owned(),
            master_user_password: secrets
                .handle(&engine.password.secret)?
                .dynamic_reference(engine.password.key.as_str()),
            master_username: engine.username.to_string().into(),
            max_allocated_storage: settings.max_allocated_storage_gib,
            multi_az: settings.multi_az,
            port: engine.port.to_string(),
            preferred_backup_window: BACKUP_WINDOW.to_owned(),
            preferred_maintenance_window: MAINTENANCE_WINDOW.to_owned(),
            publicly_accessible: false,
            storage_encrypted: true,
            storage_type: "gp3",
            vpc_security_groups: vec![security.database.clone()],
        },
        scope.data_removal().after(&logs),
    );
    Ok(Database { address: instance.address(), instance })
}
