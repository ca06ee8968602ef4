//! Who the cache lets in.

use std::collections::BTreeSet;

use serde_json::json;

use crate::template_rules::{of_type, references};
use crate::templates::{config, document, documents, resources};

/// Whoever reaches the cache needs a password of this environment: network and roles alone do not keep others out
/// (`ecs:subnet` guards no `RunTask`; service authorization reference of ECS).
#[test]
fn the_cache_lets_nobody_in_without_a_password_of_its_environment() {
    let config = config();
    for environment in ["staging", "production"] {
        let document = document(&config, environment);
        let (_, cache) = of_type(&document, "AWS::ElastiCache::ReplicationGroup")[0];
        assert_eq!(cache["UserGroupIds"], json!([{"Ref": "CacheUsers"}]));
        assert_eq!(cache["TransitEncryptionMode"], "required");
        let (_, group) = of_type(&document, "AWS::ElastiCache::UserGroup")[0];
        assert_eq!(group["UserIds"], json!([{"Ref": "CacheDefaultUser"}, {"Ref": "CacheUser"}]));
        let users = of_type(&document, "AWS::ElastiCache::User");
        assert_eq!(users.len(), 2);
        for (id, user) in users {
            assert_eq!(user["NoPasswordRequired"], false, "{id}");
            assert_eq!(references(&user["Passwords"]), BTreeSet::from(["CacheSecret".to_owned()]));
            let (is_default, off) = (user["UserName"] == "default", user["AccessString"] == "off -@all");
            assert_eq!(is_default, off, "{id}");
        }
        for (id, definition) in of_type(&document, "AWS::ECS::TaskDefinition") {
            let container = &definition["ContainerDefinitions"][0];
            // The name of the secret is part of its ARN only: no variable names it, and none has its value.
            assert!(!references(&container["Environment"]).contains("CacheSecret"), "{id}");
            let read = references(&container["Secrets"]).contains("CacheSecret");
            assert_eq!(read, id == "ApiTaskDefinition", "{id}");
        }
    }
}

/// The change-over of a cache from before there were passwords: only the user named `default` differs, so that the second
/// step replaces nothing and touches no service.
#[test]
fn letting_clients_in_without_a_password_changes_the_default_user_alone() {
    let mut open = config();
    let strict = document(&open, "staging");
    for environment in open.environments.values_mut() {
        environment.cache.allow_anonymous = true;
    }
    let open = document(&open, "staging");
    let (open, strict) = (resources(&open), resources(&strict));
    let differ: Vec<_> = strict.iter().filter(|(id, resource)| open[*id] != **resource).collect();
    assert_eq!(differ.iter().map(|(id, _)| **id).collect::<Vec<_>>(), ["CacheDefaultUser"]);
    let user = &open["CacheDefaultUser"]["Properties"];
    assert_eq!((&user["NoPasswordRequired"], user.get("Passwords")), (&json!(true), None));
    assert_eq!(user["AccessString"], "on ~* +@all");
}

/// While one password takes the place of another, both users accept either, and CloudFormation may read both.
#[test]
fn two_passwords_are_accepted_while_one_replaces_the_other() {
    let mut config = config();
    let mut next = config.platform.cache.password.clone();
    next.secret = "session".parse().unwrap();
    next.key = "key".parse().unwrap();
    config.platform.cache.second_password = Some(next);
    let document = document(&config, "staging");
    for (id, user) in of_type(&document, "AWS::ElastiCache::User") {
        let expected = ["CacheSecret", "SessionSecret"].map(str::to_owned);
        assert_eq!(references(&user["Passwords"]), BTreeSet::from(expected), "{id}");
    }
    let shared = documents(&config).remove(0);
    let policy = shared.json()["Resources"]["CloudFormationNamedPolicy"].to_string();
    for secret in ["cache", "session"] {
        let path = format!("secret:${{!aws:PrincipalTag/DeploysSecrets}}/{secret}-*");
        assert!(policy.contains(&path), "{secret}");
    }
}
