//! What a new template asks of a database that is there: what no update can do to one, and a new major version.
//!
//! Sources: `createOnlyProperties` of the registry schemas of `AWS::RDS::DBInstance`, `AWS::EC2::VPC` and `AWS::EC2::Subnet`;
//! RDS:USER_UpgradeDBInstance.PostgreSQL.MajorVersion.

use serde_json::Value;

use crate::failure::Failure;
use crate::template::{Section, Template};

const DATABASE: &str = "AWS::RDS::DBInstance";

/// A new major version of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// Logical id of the database.
    pub id: String,
    /// Major version that is live.
    pub from: u32,
    /// Major version that is wanted.
    pub to: u32,
}

/// Where the configuration says what is fixed once a database exists.
#[derive(Clone, Copy)]
enum Key {
    Platform(&'static str),
    Environment(&'static str),
    /// The name of the platform, or that of the environment.
    Names,
    /// No key: the template of another version of this program has it otherwise.
    None,
}

impl Key {
    fn place(&self, environment: &str) -> String {
        match self {
            Self::Platform(key) => format!("`{key}` in infra/platform.toml"),
            Self::Environment(key) => format!("`{key}` in infra/environments/{environment}.toml"),
            Self::Names => format!("`name` in infra/platform.toml or infra/environments/{environment}.toml"),
            Self::None => "the template of this version of the program (no key sets it)".to_owned(),
        }
    }
}

/// What is given to an instance when it is made, and never again.
const FIXED: &[(&str, &str, Key)] = &[
    ("DBInstanceIdentifier", "the name", Key::Names),
    ("Engine", "the engine", Key::None),
    ("DBName", "the first database", Key::Platform("database.name")),
    ("MasterUsername", "the owner", Key::Platform("database.username")),
    ("StorageEncrypted", "the encryption of the storage", Key::None),
    ("KmsKeyId", "the key of the storage", Key::None),
    ("DBSubnetGroupName", "the subnet group", Key::None),
];

/// Databases that both templates have: logical id, live and wanted.
fn databases<'a>(live: &'a Template, wanted: &'a Template) -> Vec<(&'a str, &'a Value, &'a Value)> {
    let ids = wanted.resources_of_type(DATABASE).into_iter();
    ids.filter_map(|id| Some((id, properties(live, id)?, properties(wanted, id)?))).collect()
}

fn properties<'a>(template: &'a Template, id: &str) -> Option<&'a Value> {
    template.get(Section::Resources, id)?.get("Properties")
}

fn referred<'a>(properties: &'a Value, name: &str) -> Option<&'a str> {
    properties.get(name)?.get("Ref")?.as_str()
}

fn text(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => match other.get("Ref").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => other.to_string(),
        },
    }
}

fn major(properties: &Value) -> Option<u32> {
    let version = properties.get("EngineVersion")?.as_str()?;
    version.split('.').next()?.parse().ok()
}

/// The new major versions that a template brings.
#[must_use]
pub fn upgrades(live: &Template, wanted: &Template) -> Vec<Upgrade> {
    let all = databases(live, wanted).into_iter();
    all.filter_map(|(id, live, wanted)| {
        let (from, to) = (major(live)?, major(wanted)?);
        (from < to).then(|| Upgrade { id: id.to_owned(), from, to })
    })
    .collect()
}

/// Refuses what no update can do to a database, with the one reason for it and the key of the configuration behind it: the plan of
/// CloudFormation would only list everything that hangs on it. `environment` is its name.
///
/// # Errors
/// [`Failure::Guard`] with that reason.
pub fn refuse(environment: &str, live: &Template, wanted: &Template) -> Result<(), Failure> {
    for (id, old, new) in databases(live, wanted) {
        let name = text(old.get("DBInstanceIdentifier"));
        let refusal = fixed(old, new).or_else(|| network(live, wanted, id)).or_else(|| downgrade(old, new));
        if let Some(Fixed { what, from, to, key, why, instead }) = refusal {
            return Err(Failure::Guard {
                reason: format!(
                    "{what} of the database {name} cannot change from {from} to {to}: {why}. It comes from {}",
                    key.place(environment)
                ),
                hint: format!("set it back to {from}; {instead}"),
            });
        }
    }
    Ok(())
}

/// Something that cannot change.
struct Fixed {
    what: String,
    from: String,
    to: String,
    key: Key,
    why: String,
    instead: String,
}

const ANOTHER: &str =
    "another value needs another environment beside this one, which gets the data from a dump";

fn fixed(old: &Value, new: &Value) -> Option<Fixed> {
    let (name, what, key) = FIXED.iter().find(|(name, ..)| old.get(*name) != new.get(*name))?;
    Some(Fixed {
        what: (*what).to_owned(),
        from: text(old.get(*name)),
        to: text(new.get(*name)),
        key: *key,
        why:
            "RDS fixes it when the instance is made, and CloudFormation would make an empty one in its place"
                .to_owned(),
        instead: ANOTHER.to_owned(),
    })
}

/// The VPC and the subnets that the database is in.
fn network(live: &Template, wanted: &Template, database: &str) -> Option<Fixed> {
    let group = referred(properties(live, database)?, "DBSubnetGroupName")?;
    let subnets = properties(live, group)?.get("SubnetIds")?.as_array()?;
    let subnets = subnets.iter().filter_map(|it| it.get("Ref")?.as_str());
    let parts = |id: &str, names: &'static [&'static str]| {
        let (old, new) = (properties(live, id)?, properties(wanted, id)?);
        let changed = names.iter().find(|name| old.get(**name) != new.get(**name))?;
        Some((text(old.get(*changed)), text(new.get(*changed))))
    };
    for subnet in subnets {
        let vpc = properties(live, subnet).and_then(|it| referred(it, "VpcId"));
        let of_vpc = vpc.and_then(|vpc| parts(vpc, &["CidrBlock"]));
        let is_vpc = of_vpc.is_some();
        let changed = of_vpc.or_else(|| parts(subnet, &["VpcId", "CidrBlock", "AvailabilityZone"]));
        if let Some((from, to)) = changed {
            let what = if is_vpc { "the VPC".to_owned() } else { format!("the subnet {subnet}") };
            return Some(Fixed {
                what,
                from,
                to,
                key: Key::Environment("network.cidr"),
                why: "the addresses of a VPC and its subnets are fixed when they are made, so that others would be made, and a \
                      database cannot follow its stack there"
                    .to_owned(),
                instead: ANOTHER.to_owned(),
            });
        }
    }
    None
}

fn downgrade(old: &Value, new: &Value) -> Option<Fixed> {
    let (from, to) = (major(old)?, major(new)?);
    (to < from).then(|| Fixed {
        what: "the version".to_owned(),
        from: from.to_string(),
        to: to.to_string(),
        key: Key::Platform("database.version"),
        why: "RDS upgrades PostgreSQL and never goes back".to_owned(),
        instead: "an older version is an instance of its own, restored from a snapshot that was taken before the upgrade".to_owned(),
    })
}

/// The live template with the new major version and its parameter group, and nothing else: an update that fails after the database
/// has been upgraded could not be rolled back, because CloudFormation would give it the parameter group of the old version.
#[must_use]
pub fn upgraded(live: &Template, wanted: &Template, upgrades: &[Upgrade]) -> Template {
    let mut template = live.clone();
    for Upgrade { id, .. } in upgrades {
        let Some(new) = properties(wanted, id) else { continue };
        if let Some(group) = referred(new, "DBParameterGroupName")
            && let Some(resource) = wanted.get(Section::Resources, group)
        {
            template.set(Section::Resources, group, resource.clone());
        }
        template.edit(Section::Resources, |resource, body| {
            let Some(properties) = body.get_mut("Properties").filter(|_| resource == id) else { return };
            for name in ["EngineVersion", "DBParameterGroupName"] {
                if let Some(value) = new.get(name) {
                    properties[name] = value.clone();
                }
            }
            properties["AllowMajorVersionUpgrade"] = Value::Bool(true);
        });
    }
    template
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(change: impl FnOnce(&mut Value)) -> Template {
        let mut body = json!({"Resources": {
            "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "Subnet1": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
            "Public1": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.9.0/24"}},
            "Subnets": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": [{"Ref": "Subnet1"}]}},
            "Parameters": {"Type": "AWS::RDS::DBParameterGroup", "Properties": {"Family": "postgres16"}},
            "Database": {"Type": DATABASE, "Properties": {
                "DBInstanceIdentifier": "shop-live", "DBSubnetGroupName": {"Ref": "Subnets"}, "EngineVersion": "16",
                "DBParameterGroupName": {"Ref": "Parameters"}, "Engine": "postgres", "DBName": "shop",
                "MasterUsername": "owner", "StorageEncrypted": true,
            }},
        }});
        change(&mut body);
        Template::parse(&body.to_string()).unwrap()
    }

    fn refusal(change: impl FnOnce(&mut Value)) -> String {
        match refuse("live", &template(|_| {}), &template(change)) {
            Err(Failure::Guard { reason, hint }) => format!("{reason}\n{hint}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_no_update_can_do_is_refused_with_its_key() {
        let properties = |id: &'static str, name: &'static str, value: Value| {
            move |body: &mut Value| body["Resources"][id]["Properties"][name] = value
        };
        for (id, name, value, words) in [
            (
                "Vpc",
                "CidrBlock",
                json!("10.7.0.0/16"),
                "the VPC of the database shop-live cannot change from 10.0.0.0/16 to 10.7.0.0/16",
            ),
            ("Vpc", "CidrBlock", json!("10.7.0.0/16"), "`network.cidr` in infra/environments/live.toml"),
            ("Subnet1", "CidrBlock", json!("10.0.2.0/24"), "the subnet Subnet1 of the database"),
            ("Subnet1", "VpcId", json!({"Ref": "Other"}), "cannot change from Vpc to Other"),
            (
                "Database",
                "DBSubnetGroupName",
                json!({"Ref": "Others"}),
                "the subnet group of the database shop-live cannot change from Subnets to Others",
            ),
            (
                "Database",
                "StorageEncrypted",
                json!(false),
                "the encryption of the storage of the database shop-live cannot change from true to false",
            ),
            (
                "Database",
                "KmsKeyId",
                json!("own"),
                "the key of the storage of the database shop-live cannot change from nothing to own",
            ),
            ("Database", "DBName", json!("store"), "`database.name` in infra/platform.toml"),
            ("Database", "MasterUsername", json!("root"), "`database.username` in infra/platform.toml"),
            (
                "Database",
                "DBInstanceIdentifier",
                json!("shop-prod"),
                "`name` in infra/platform.toml or infra/environments/live.toml",
            ),
            (
                "Database",
                "EngineVersion",
                json!("15"),
                "`database.version` in infra/platform.toml\nset it back to 16;",
            ),
        ] {
            let told = refusal(properties(id, name, value));
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn what_is_beside_the_database_and_what_can_change_in_place_is_not_refused() {
        for change in [
            |body: &mut Value| body["Resources"]["Public1"]["Properties"]["CidrBlock"] = json!("10.0.8.0/24"),
            |body: &mut Value| body["Resources"]["Database"]["Properties"]["EngineVersion"] = json!("17"),
            |body: &mut Value| body["Resources"]["Database"]["Properties"]["MultiAZ"] = json!(true),
        ] {
            assert!(refuse("live", &template(|_| {}), &template(change)).is_ok());
        }
    }

    #[test]
    fn an_upgrade_is_a_change_of_its_own() {
        let live = template(|_| {});
        let wanted = template(|body| {
            let resources = &mut body["Resources"];
            resources["Database"]["Properties"]["EngineVersion"] = json!("17");
            resources["Database"]["Properties"]["MultiAZ"] = json!(true);
            resources["Parameters"]["Properties"]["Family"] = json!("postgres17");
            resources["Public1"]["Properties"]["CidrBlock"] = json!("10.0.8.0/24");
        });
        let found = upgrades(&live, &wanted);
        assert_eq!(found, [Upgrade { id: "Database".to_owned(), from: 16, to: 17 }]);
        let expected = template(|body| {
            let resources = &mut body["Resources"];
            resources["Database"]["Properties"]["EngineVersion"] = json!("17");
            resources["Database"]["Properties"]["AllowMajorVersionUpgrade"] = json!(true);
            resources["Parameters"]["Properties"]["Family"] = json!("postgres17");
        });
        assert_eq!(upgraded(&live, &wanted, &found), expected);
        assert!(upgrades(&wanted, &live).is_empty(), "the way back is no upgrade");
    }
}
