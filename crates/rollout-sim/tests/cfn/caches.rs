//! Users of caches, their groups, and the caches that have them (ElastiCache developer guide, Clusters.RBAC).

use serde_json::{Value, json};

use crate::fixture::Fixture;

const PASSWORD: &str = "not-a-secret-0123456789";

fn user(name: &str, more: Value) -> Value {
    let mut properties = json!({"Engine": "redis", "UserId": format!("own-{name}"), "UserName": name,
        "AccessString": "on ~* +@all", "Passwords": [PASSWORD]});
    for (key, value) in more.as_object().unwrap() {
        properties[key] = value.clone();
    }
    json!({"Type": "AWS::ElastiCache::User", "Properties": properties})
}

fn group(engine: &str, users: Value) -> Value {
    json!({"Type": "AWS::ElastiCache::UserGroup",
        "Properties": {"Engine": engine, "UserGroupId": "users", "UserIds": users}})
}

fn cache(more: Value) -> Value {
    let mut properties = json!({"Engine": "valkey", "ReplicationGroupDescription": "sessions",
        "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 1, "TransitEncryptionEnabled": true});
    for (key, value) in more.as_object().unwrap() {
        properties[key] = value.clone();
    }
    json!({"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": properties})
}

fn template(resources: Value) -> String {
    json!({"Resources": resources}).to_string()
}

/// Why a stack of these resources is refused.
fn refusal(resources: Value) -> String {
    let mut fixture = Fixture::new();
    fixture.create("demo", &template(resources), json!({})).unwrap();
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "ROLLBACK_COMPLETE", "{:#?}", fixture.events());
    let failed = fixture.events().into_iter().find(|event| event.contains("CREATE_FAILED"));
    failed.unwrap_or_else(|| panic!("{:#?}", fixture.events()))
}

#[test]
fn a_group_of_engine_redis_has_a_user_named_default() {
    let named = json!([{"Ref": "App"}]);
    let reason = refusal(json!({"App": user("app", json!({})), "Users": group("redis", named.clone())}));
    assert!(reason.contains("user with the user name default"), "{reason}");
    // That of the account is one, and a group of engine valkey needs none.
    Fixture::with(&template(json!({"App": user("app", json!({})),
        "Users": group("redis", json!(["default", {"Ref": "App"}]))})));
    Fixture::with(&template(json!({"App": user("app", json!({})), "Users": group("valkey", named)})));
}

#[test]
fn a_group_of_engine_valkey_has_no_user_without_a_password() {
    let reason = refusal(json!({"Users": group("valkey", json!(["default"]))}));
    assert!(reason.contains("does not authenticate"), "{reason}");
}

#[test]
fn users_of_a_group_exist_and_have_names_of_their_own() {
    let reason = refusal(json!({"Users": group("redis", json!(["default", "nobody"]))}));
    assert!(reason.contains("nobody not found") && reason.contains("NotFound"), "{reason}");
    let twice = json!({"Own": user("default", json!({})),
        "Users": group("redis", json!(["default", {"Ref": "Own"}]))});
    let reason = refusal(twice);
    assert!(reason.contains("have the name default"), "{reason}");
}

#[test]
fn a_user_has_passwords_of_16_to_128_characters_or_needs_none() {
    for (more, said) in [
        (json!({"Passwords": []}), "A user has passwords"),
        (json!({"NoPasswordRequired": true}), "requires none"),
        (json!({"Passwords": ["too-short"]}), "16 to 128"),
        (
            json!({"Passwords": [PASSWORD, "not-a-secret-1123456789", "not-a-secret-2123456789"]}),
            "at most two",
        ),
        (json!({"AccessString": ""}), "AccessString"),
    ] {
        let reason = refusal(json!({"App": user("app", more)}));
        assert!(reason.contains(said), "{reason}");
        assert!(!reason.contains("not-a-secret"), "{reason}");
    }
}

#[test]
fn a_password_that_no_secret_has_fails_as_it_is_resolved() {
    let missing = json!({"Passwords": ["{{resolve:secretsmanager:nowhere:SecretString:password}}"]});
    let reason = refusal(json!({"App": user("app", missing)}));
    assert!(reason.contains("find the specified secret"), "{reason}");
}

#[test]
fn a_cache_takes_groups_that_exist_over_tls_and_of_an_engine_that_fits() {
    let valkey = || group("valkey", json!([{"Ref": "App"}]));
    let users = json!({"UserGroupIds": [{"Ref": "Users"}]});
    let with = |more: Value| {
        let mut more = more;
        more["UserGroupIds"] = users["UserGroupIds"].clone();
        json!({"App": user("app", json!({})), "Users": valkey(), "Cache": cache(more)})
    };
    let reason = refusal(json!({"Cache": cache(json!({"UserGroupIds": ["nobody"]}))}));
    assert!(reason.contains("nobody not found"), "{reason}");
    let reason = refusal(with(json!({"TransitEncryptionEnabled": false, "Engine": "redis"})));
    assert!(reason.contains("engine valkey"), "{reason}");
    let reason = refusal(with(json!({"AuthToken": PASSWORD})));
    assert!(reason.contains("AUTH token or user groups"), "{reason}");
}

/// What an environment from before there were passwords goes through: users that let everybody in, then one that does not.
#[test]
fn a_cache_gets_users_and_loses_the_open_one_in_place() {
    let open = json!({"Passwords": [], "NoPasswordRequired": true});
    let off = json!({"AccessString": "off -@all", "NoPasswordRequired": false});
    let with = |default: &Value| {
        template(json!({"App": user("app", json!({})), "Default": user("default", default.clone()),
            "Users": group("redis", json!([{"Ref": "Default"}, {"Ref": "App"}])),
            "Cache": cache(json!({"UserGroupIds": [{"Ref": "Users"}]}))}))
    };
    let mut fixture = Fixture::with(&template(json!({"Cache": cache(json!({}))})));
    let id = fixture.physical_id("Cache");
    for default in [open, off] {
        let set = fixture.change_set("next", json!({"TemplateBody": with(&default)})).unwrap();
        for change in set["Changes"].as_array().unwrap() {
            let change = &change["ResourceChange"];
            let replaced = change["Replacement"].as_str().unwrap_or("False");
            assert_eq!(replaced, "False", "{change:#}");
        }
        fixture.execute("next");
        fixture.until(3600.0, "UPDATE_COMPLETE");
        assert_eq!(fixture.physical_id("Cache"), id);
    }
}

#[test]
fn the_user_named_default_of_a_group_is_not_deleted() {
    let before = json!({"App": user("app", json!({})), "Default": user("default", json!({})),
        "Users": group("redis", json!(["own-default", {"Ref": "App"}]))});
    let mut fixture = Fixture::new();
    let mut ordered = before.clone();
    ordered["Users"]["DependsOn"] = json!("Default");
    fixture.create("demo", &template(ordered.clone()), json!({})).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
    let mut without = ordered;
    without.as_object_mut().unwrap().remove("Default");
    without["Users"].as_object_mut().unwrap().remove("DependsOn");
    fixture.update(json!({"TemplateBody": template(without)})).unwrap();
    fixture.run(3600.0);
    let told = fixture.events().iter().any(|event| event.contains("is the default user of user group users"));
    assert!(told, "{:#?}", fixture.events());
}
