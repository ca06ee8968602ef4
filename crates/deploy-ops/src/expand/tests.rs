use serde_json::{Value, json};

use super::*;

fn template(value: &Value) -> Template {
    Template::parse(&value.to_string()).unwrap()
}

fn new_template() -> Template {
    template(&json!({
        "Parameters": {"ApiImageDigest": {"Type": "String"}, "MigrateTaskImageDigest": {"Type": "String"}},
        "Resources": {
            "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"Name": "new"}},
            "MigrateTask": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Image": {"Ref": "MigrateTaskImageDigest"}}},
            "ApiTargets": {"Type": "TG", "Metadata": {"Layer": "service"}, "Properties": {"Path": "/new"}},
            "ApiService": {"Type": "AWS::ECS::Service", "Metadata": {"Layer": "service"},
                "Properties": {"Cluster": {"Ref": "Cluster"}, "Targets": {"Ref": "ApiTargets"}, "Image": {"Ref": "ApiImageDigest"}}},
        },
        "Outputs": {"Service": {"Value": {"Ref": "ApiService"}}, "Cluster": {"Value": {"Ref": "Cluster"}}},
    }))
}

fn live_template() -> Template {
    template(&json!({
        "Parameters": {"ApiImageDigest": {"Type": "String"}, "Size": {"Type": "String"}},
        "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]}},
        "Resources": {
            "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"Name": "old"}},
            "OldSecret": {"Type": "AWS::SecretsManager::Secret", "Condition": "Big"},
            "ApiTargets": {"Type": "TG", "Metadata": {"Layer": "service"}, "Properties": {"Path": "/old"}},
            "ApiService": {"Type": "AWS::ECS::Service", "Metadata": {"Layer": "service"},
                "Properties": {"Cluster": {"Ref": "Cluster"}, "Secret": {"Ref": "OldSecret"}, "Image": {"Ref": "ApiImageDigest"}}},
        },
        "Outputs": {"Service": {"Value": {"Ref": "ApiService"}}},
    }))
}

#[test]
fn without_a_live_stack_the_service_layer_is_left_out() {
    let expanded = expand(&new_template(), None).unwrap();
    let ids: Vec<_> = expanded.template.entries(Section::Resources).map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["Cluster", "MigrateTask"]);
    let outputs: Vec<_> = expanded.template.entries(Section::Outputs).map(|(id, _)| id.as_str()).collect();
    assert_eq!(outputs, ["Cluster"]);
    assert!(expanded.kept_parameters.is_empty());
}

#[test]
fn the_live_service_layer_stays_as_it_is_and_so_does_what_it_uses() {
    let live = live_template();
    let expanded = expand(&new_template(), Some(&live)).unwrap();
    for id in ["ApiTargets", "ApiService", "OldSecret"] {
        assert_eq!(expanded.template.get(Section::Resources, id), live.get(Section::Resources, id), "{id}");
    }
    let cluster = expanded.template.get(Section::Resources, "Cluster").unwrap();
    assert_eq!(cluster.pointer("/Properties/Name"), Some(&json!("new")));
    assert!(expanded.template.get(Section::Resources, "MigrateTask").is_some());
    assert!(expanded.template.get(Section::Parameters, "Size").is_some());
    assert!(expanded.template.get(Section::Conditions, "Big").is_some());
    assert_eq!(expanded.kept_parameters.iter().collect::<Vec<_>>(), ["ApiImageDigest"]);
}

#[test]
fn a_service_that_is_new_waits_for_the_roll() {
    let mut live = live_template();
    live.retain(Section::Resources, |id, _| id != "ApiService");
    live.retain(Section::Outputs, |_, _| false);
    let expanded = expand(&new_template(), Some(&live)).unwrap();
    assert!(expanded.template.get(Section::Resources, "ApiService").is_none());
    assert!(expanded.template.get(Section::Outputs, "Service").is_none());
}

#[test]
fn expanding_twice_changes_nothing_more() {
    let once = expand(&new_template(), Some(&live_template())).unwrap();
    let twice = expand(&new_template(), Some(&once.template)).unwrap();
    assert_eq!(once.template, twice.template);
}

#[test]
fn infrastructure_that_needs_a_service_is_an_error() {
    let mut new = new_template();
    new.set(
        Section::Resources,
        "Board",
        json!({"Type": "Dashboard", "Properties": {"Of": {"Ref": "ApiService"}}}),
    );
    let error = expand(&new, None).unwrap_err();
    assert_eq!(error, ExpandError::Dangling { resource: "Board".into(), missing: "ApiService".into() });
}

#[test]
fn a_resource_that_changes_layer_is_an_error() {
    let mut new = new_template();
    new.set(Section::Resources, "ApiTargets", json!({"Type": "TG"}));
    let error = expand(&new, Some(&live_template())).unwrap_err();
    assert_eq!(error, ExpandError::ChangedLayer { resource: "ApiTargets".into() });
}
