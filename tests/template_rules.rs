//! What must hold for every template, whatever the configuration says.

use std::collections::BTreeSet;

use cfn::Document;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::templates::{config, document, documents, resources};

pub(crate) const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

pub(crate) fn of_type<'a>(document: &'a Document, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = resources(document).into_iter().filter(|(_, resource)| resource["Type"] == kind);
    let found: Vec<_> = all.map(|(id, resource)| (id, &resource["Properties"])).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

/// Every text in a value.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

/// Logical ids and parameters that a value refers to.
pub(crate) fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match value {
        Value::Array(items) => items.iter().for_each(|item| found.extend(references(item))),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(id)) => found.extend([id.clone()]),
                    ("Fn::GetAtt", Value::Array(path)) => found.extend(path[0].as_str().map(str::to_owned)),
                    ("Fn::Sub", Value::String(pattern)) => found.extend(
                        pattern
                            .split("${")
                            .skip(1)
                            .map(|part| part.split(['}', '.']).next().unwrap().to_owned()),
                    ),
                    _ => found.extend(references(inner)),
                }
            }
        }
        _ => {}
    }
    found
}

#[test]
fn services_roll_safely() {
    let config = config();
    for environment in ENVIRONMENTS {
        let document = document(&config, environment);
        for (id, service) in of_type(&document, "AWS::ECS::Service") {
            let deployment = &service["DeploymentConfiguration"];
            let breaker = &deployment["DeploymentCircuitBreaker"];
            assert_eq!((&breaker["Enable"], &breaker["Rollback"]), (&json!(true), &json!(true)), "{id}");
            assert_eq!(breaker["ThresholdConfiguration"], json!({"Type": "COUNT", "Value": 3}), "{id}");
            assert!(breaker["ResetOnHealthyTask"].is_boolean(), "{id}");
            let limits = (&deployment["MinimumHealthyPercent"], &deployment["MaximumPercent"]);
            assert_eq!(limits, (&json!(100), &json!(200)), "{id}");
            assert_eq!(service["EnableExecuteCommand"], false, "{id}");
            assert_eq!(service["AvailabilityZoneRebalancing"], "ENABLED", "{id}");
            assert!(service["HealthCheckGracePeriodSeconds"].is_u64(), "{id}");
            let name = service["ServiceName"].as_str().unwrap();
            let alarm = deployment["Alarms"]["AlarmNames"][0]["Ref"].as_str().unwrap();
            let alarm = &resources(&document)[alarm]["Properties"];
            assert_eq!(alarm["AlarmName"], format!("doc-platform-{environment}-{name}-target-5xx"));
            assert_eq!(alarm["TreatMissingData"], "notBreaching");
        }
        for (id, group) in of_type(&document, "AWS::ElasticLoadBalancingV2::TargetGroup") {
            let attributes = json!([{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]);
            assert_eq!(group["TargetGroupAttributes"], attributes, "{id}");
            assert!(group.get("Name").is_none(), "{id}: a replacement needs another name");
        }
    }
}

#[test]
fn rules_are_tried_in_the_order_of_the_route_table() {
    let document = document(&config(), "staging");
    let mut rules: Vec<_> = of_type(&document, "AWS::ElasticLoadBalancingV2::ListenerRule")
        .into_iter()
        .map(|(id, rule)| {
            (rule["Priority"].as_u64().unwrap(), id, &rule["Conditions"][0]["PathPatternConfig"])
        })
        .collect();
    rules.sort_by_key(|rule| rule.0);
    let lines: Vec<String> =
        rules.iter().map(|(at, id, paths)| format!("{at} {id} {}", paths["Values"])).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    100 FrontendRule1 ["/oauth/consent"]
    200 ApiRule1 ["/api/*","/oauth/*","/.well-known/*"]
    300 McpRule1 ["/mcp","/mcp/*"]
    10000 FrontendRule2 ["/*"]
    "#);
}

#[test]
fn containers_are_pinned_and_confined() {
    for environment in ENVIRONMENTS {
        for (id, task) in of_type(&document(&config(), environment), "AWS::ECS::TaskDefinition") {
            let container = &task["ContainerDefinitions"][0];
            let image = container["Image"]["Fn::Sub"].as_str().unwrap();
            assert!(image.contains("@${") && image.ends_with("ImageDigest}"), "{id}: {image}");
            assert_eq!(container["ReadonlyRootFilesystem"], true, "{id}");
            assert_ne!(container["User"].as_str().unwrap().split(':').next(), Some("0"), "{id}");
            assert_eq!(container["LogConfiguration"]["LogDriver"], "awslogs", "{id}");
            assert!(container["StopTimeout"].is_u64(), "{id}");
            let variables = container["Environment"].as_array().unwrap();
            assert!(variables.iter().any(|variable| variable["Name"] == "RELEASE"), "{id}");
        }
    }
}

/// From whom to whom, on which ports: the whole of it.
#[test]
fn security_groups_let_through_the_platform_table() {
    let document = document(&config(), "staging");
    let end = |rule: &Value| {
        let group =
            ["SourceSecurityGroupId", "DestinationSecurityGroupId"].map(|key| rule[key]["Ref"].as_str());
        let group = group.into_iter().flatten().next().map(|id| id.trim_end_matches("SecurityGroup"));
        group.unwrap_or_else(|| rule["CidrIp"].as_str().unwrap()).to_owned()
    };
    let mut lines = Vec::new();
    let mut line = |group: &str, arrow: &str, rule: &Value| {
        assert_eq!(rule["FromPort"], rule["ToPort"]);
        let group = group.trim_end_matches("SecurityGroup");
        lines.push(format!("{group} {arrow} {} {}", end(rule), rule["FromPort"]));
    };
    for (id, group) in of_type(&document, "AWS::EC2::SecurityGroup") {
        for (key, arrow) in [("SecurityGroupIngress", "<-"), ("SecurityGroupEgress", "->")] {
            for rule in group[key].as_array().into_iter().flatten() {
                line(id, arrow, rule);
            }
        }
    }
    for (kind, arrow) in [("Ingress", "<-"), ("Egress", "->")] {
        for (_, rule) in of_type(&document, &format!("AWS::EC2::SecurityGroup{kind}")) {
            line(rule["GroupId"]["Ref"].as_str().unwrap(), arrow, rule);
        }
    }
    lines.sort();
    assert_snapshot!(lines.join("\n"), @r"
    Api -> 0.0.0.0/0 443
    Api -> 10.10.128.0/18 5432
    Api -> 10.10.128.0/18 6379
    Api <- LoadBalancer 3001
    Api <- Mcp 3001
    Cache -> 127.0.0.1/32 1
    Cache <- Api 6379
    Database -> 127.0.0.1/32 1
    Database <- Api 5432
    Database <- Tasks 5432
    Frontend -> 0.0.0.0/0 443
    Frontend <- LoadBalancer 3000
    LoadBalancer -> 10.10.64.0/18 3000
    LoadBalancer -> 10.10.64.0/18 3001
    LoadBalancer -> 10.10.64.0/18 3002
    LoadBalancer <- 0.0.0.0/0 443
    LoadBalancer <- 0.0.0.0/0 80
    Mcp -> 0.0.0.0/0 443
    Mcp -> Api 3001
    Mcp <- LoadBalancer 3002
    Tasks -> 0.0.0.0/0 443
    Tasks -> 10.10.128.0/18 5432
    ");
}

#[test]
fn secrets_are_there_by_reference_only() {
    for environment in ENVIRONMENTS {
        let document = document(&config(), environment);
        for (id, secret) in of_type(&document, "AWS::SecretsManager::Secret") {
            assert!(secret.get("SecretString").is_none(), "{id}");
            let name = secret["Name"].as_str().unwrap();
            assert!(name.starts_with(&format!("{environment}/doc-platform/")), "{name}");
        }
        for (id, task) in of_type(&document, "AWS::ECS::TaskDefinition") {
            for secret in task["ContainerDefinitions"][0]["Secrets"].as_array().into_iter().flatten() {
                let from = secret["ValueFrom"]["Fn::Sub"].as_str().unwrap();
                assert!(from.starts_with("${") && from.contains("Secret}:"), "{id}: {from}");
            }
        }
        let password = &of_type(&document, "AWS::RDS::DBInstance")[0].1["MasterUserPassword"];
        let reference = "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}";
        assert_eq!(*password, json!({"Fn::Sub": reference}));
    }
}

/// 64 hex digits: what is left of letters and digits when these are excluded.
#[test]
fn cloudformation_makes_the_encryption_key() {
    let document = document(&config(), "production");
    let secret = &resources(&document)["ApiKeyEncryptionSecret"]["Properties"]["GenerateSecretString"];
    let excluded = secret["ExcludeCharacters"].as_str().unwrap();
    let left: String = ('0'..='9').chain('a'..='z').filter(|c| !excluded.contains(*c)).collect();
    assert_eq!(left, "0123456789abcdef");
    assert_eq!((&secret["ExcludeUppercase"], &secret["ExcludePunctuation"]), (&json!(true), &json!(true)));
    assert_eq!(secret["PasswordLength"], 64);
    let entered = &resources(&document)["OauthSecret"]["Properties"];
    assert!(entered.get("GenerateSecretString").is_none(), "an entered secret starts without a value");
}

#[test]
fn data_is_encrypted_and_protected_where_it_must_be() {
    for (environment, on) in [("staging", false), ("production", true)] {
        let document = document(&config(), environment);
        let (_, database) = of_type(&document, "AWS::RDS::DBInstance")[0];
        assert_eq!(database["StorageEncrypted"], true);
        assert_eq!((&database["DeletionProtection"], &database["MultiAZ"]), (&json!(on), &json!(on)));
        assert_eq!(database["DatabaseInsightsMode"], "standard");
        let (_, parameters) = of_type(&document, "AWS::RDS::DBParameterGroup")[0];
        assert_eq!(parameters["Parameters"]["rds.force_ssl"], "1");
        let (_, cache) = of_type(&document, "AWS::ElastiCache::ReplicationGroup")[0];
        let encrypted = (&cache["AtRestEncryptionEnabled"], &cache["TransitEncryptionEnabled"]);
        assert_eq!(encrypted, (&json!(true), &json!(true)));
        let deletion = if on { "Snapshot" } else { "Delete" };
        assert_eq!(resources(&document)["Database"]["DeletionPolicy"], deletion);
        assert_eq!(resources(&document)["Database"]["UpdateReplacePolicy"], "Snapshot");
        // With the instance would go what it can be restored to, but for its last snapshot.
        let backups = if on { json!(false) } else { Value::Null };
        assert_eq!(database["DeleteAutomatedBackups"], backups);
        let (_, balancer) = of_type(&document, "AWS::ElasticLoadBalancingV2::LoadBalancer")[0];
        let attributes = balancer["LoadBalancerAttributes"].as_array().unwrap();
        let protection = json!({"Key": "deletion_protection.enabled", "Value": on.to_string()});
        assert!(attributes.contains(&protection));
        assert_eq!(attributes.iter().any(|one| one["Key"] == "access_logs.s3.enabled"), on);
        assert_eq!(resources(&document).contains_key("WebAclAssociation"), on);
    }
}

/// RDS would rotate the password under the running tasks, which keep what they were given when they started
/// (RDS:rds-secrets-manager). A token of IAM lasts 15 minutes, and IAM authentication takes hundreds of MiB of memory, which a
/// micro instance does not have to spare (RDS:UsingWithRDS.IAMDBAuth).
#[test]
fn no_database_has_a_password_that_ends_under_running_tasks() {
    let config = config();
    for environment in ENVIRONMENTS {
        let document = document(&config, environment);
        for (id, database) in of_type(&document, "AWS::RDS::DBInstance") {
            for property in [
                "ManageMasterUserPassword",
                "EnableIAMDatabaseAuthentication",
                "MasterUserAuthenticationType",
            ] {
                assert!(database.get(property).is_none(), "{environment} {id}: {property}");
            }
            let password = database["MasterUserPassword"].to_string();
            assert!(password.contains("{{resolve:secretsmanager:"), "{environment} {id}: read from a secret");
        }
    }
}

/// Web ACLs have rules of their own that AWS checks late or not at all (bc:wafv2).
#[test]
fn the_firewall_is_written_as_waf_reads_it() {
    let document = document(&config(), "production");
    let (_, acl) = of_type(&document, "AWS::WAFv2::WebACL")[0];
    // It could not raise the 8 KiB that are inspected for a load balancer.
    assert!(acl.get("AssociationConfig").is_none());
    let mut labelled_at = std::collections::BTreeMap::new();
    let mut labels_read = 0;
    let mut rules: Vec<&Value> = acl["Rules"].as_array().unwrap().iter().collect();
    rules.sort_by_key(|rule| rule["Priority"].as_u64());
    for rule in rules {
        let statement = &rule["Statement"];
        if let Some(group) = statement.get("ManagedRuleGroupStatement") {
            assert_eq!(rule["OverrideAction"], json!({"None": {}}), "{}", rule["Name"]);
            assert!(rule.get("Action").is_none() && group.get("ExcludedRules").is_none());
            for changed in group["RuleActionOverrides"].as_array().unwrap() {
                assert_eq!(changed["ActionToUse"], json!({"Count": {}}), "{changed}");
            }
            let known = waf_rules::GROUPS.iter().find(|known| group["Name"] == known.name).unwrap();
            labelled_at.insert(known.label_prefix.to_owned(), rule["Priority"].as_u64());
        }
        let mut found = Vec::new();
        texts(statement, &mut found);
        // What reads a label comes after what sets it, or it never matches.
        for label in found.into_iter().filter(|text| text.starts_with("awswaf:managed:")) {
            assert!(labelled_at.keys().any(|prefix| label.starts_with(prefix)), "{label}: {labelled_at:?}");
            labels_read += 1;
        }
        if let Some(rate) = statement.get("RateBasedStatement") {
            assert_eq!((&rate["Limit"], &rate["EvaluationWindowSec"]), (&json!(2000), &json!(300)));
            assert_eq!(rate["AggregateKeyType"], "IP");
        }
    }
    assert_eq!(labelled_at.len(), 3);
    assert!(labels_read > 0, "production has exemptions");
    let (_, log) = of_type(&document, "AWS::WAFv2::LoggingConfiguration")[0];
    let destinations = log["LogDestinationConfigs"].as_array().unwrap();
    assert_eq!(destinations.len(), 1, "one destination per web ACL");
    let mut found = Vec::new();
    texts(&destinations[0], &mut found);
    assert!(found.iter().any(|text| text.contains(":log-group:aws-waf-logs-")), "{found:?}");
    for field in log["RedactedFields"].as_array().unwrap() {
        let kinds: Vec<_> = field.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(["UriPath", "QueryString", "SingleHeader", "Method"].contains(&kinds[0]), "{field}");
    }
}

/// The mark decides what an infrastructure change leaves alone.
#[test]
fn the_service_layer_is_what_a_deployment_rolls() {
    let document = document(&config(), "production");
    let all = resources(&document);
    let marked: BTreeSet<&str> =
        all.iter().filter(|(_, one)| one["Metadata"]["Layer"] == "service").map(|(id, _)| *id).collect();
    assert_snapshot!(marked.iter().copied().collect::<Vec<_>>().join(" "), @r"ApiErrorAlarm ApiRule1 ApiService ApiTargetGroup ApiTaskDefinition FrontendErrorAlarm FrontendRule1 FrontendRule2 FrontendService FrontendTargetGroup FrontendTaskDefinition McpErrorAlarm McpRule1 McpService McpTargetGroup McpTaskDefinition");
    for (id, resource) in &all {
        let mut refers = references(&resource["Properties"]);
        refers.extend(list(&resource["DependsOn"]).into_iter().map(|id| id.as_str().unwrap().to_owned()));
        let to: Vec<_> = refers.iter().filter(|id| marked.contains(id.as_str())).collect();
        assert!(marked.contains(id) || to.is_empty(), "{id} is infrastructure and refers to {to:?}");
    }
}

/// One or many: a single value is written without brackets.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

fn statements(role: &Value) -> Vec<&Value> {
    let policies = role["Policies"].as_array().into_iter().flatten();
    policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap()).collect()
}

#[test]
fn roles_stay_in_their_environment() {
    let config = config();
    for document in documents(&config) {
        for (id, role) in of_type(&document, "AWS::IAM::Role") {
            let statements = statements(role);
            let bytes: usize = statements.iter().map(|one| one.to_string().len()).sum();
            assert!(bytes <= 10_240, "{id}: {bytes} characters of inline policy");
            for statement in statements {
                assert!(!list(&statement["Action"]).contains(&&json!("*")), "{id}");
                let mut resources = Vec::new();
                texts(&statement["Resource"], &mut resources);
                let other = ENVIRONMENTS.iter().find(|name| !id.to_lowercase().contains(**name)).unwrap();
                if id.contains("Deploy") || id.contains("CloudFormation") {
                    assert!(!resources.iter().any(|one| one.contains(other)), "{id}: {resources:?}");
                }
            }
        }
    }
}

#[test]
fn roles_trust_one_source_each() {
    let documents = documents(&config());
    let roles = of_type(&documents[0], "AWS::IAM::Role");
    let subjects = |id: &str| {
        let (_, role) = roles.iter().find(|(one, _)| *one == id).unwrap();
        let condition = &role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(condition["token.actions.githubusercontent.com:aud"], json!("sts.amazonaws.com"));
        condition["token.actions.githubusercontent.com:sub"].clone()
    };
    let expected = |context: &str| {
        json!([
            format!("repo:specboard/doc-platform:{context}"),
            format!("repo:specboard@100200300/doc-platform@900800700:{context}"),
        ])
    };
    assert_eq!(subjects("StagingDeployRole"), expected("environment:staging"));
    assert_eq!(subjects("ProductionDeployRole"), expected("environment:production"));
    assert_eq!(subjects("BuildRole"), expected("ref:refs/heads/main"));
}

/// What containers may do: nothing by themselves; ECS reads their image and their secrets and writes their log.
#[test]
fn containers_get_what_they_need() {
    let document = document(&config(), "staging");
    let lines: Vec<String> = of_type(&document, "AWS::IAM::Role")
        .into_iter()
        .map(|(id, role)| {
            let needs = statements(role).into_iter().map(|one| {
                let ids: Vec<String> =
                    references(&one["Resource"]).into_iter().filter(|id| !id.starts_with("AWS::")).collect();
                format!("{} [{}]", list(&one["Action"]).len(), ids.join(" "))
            });
            format!("{id}: {}", needs.collect::<Vec<_>>().join(", ")).trim_end().to_owned()
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
    ApiExecutionRole: 1 [], 5 [ApiKeyEncryptionSecret ApiLogGroup CacheSecret DatabaseSecret OauthSecret SessionSecret]
    ApiTaskRole:
    FrontendExecutionRole: 1 [], 4 [FrontendLogGroup]
    FrontendTaskRole:
    McpExecutionRole: 1 [], 4 [McpLogGroup]
    McpTaskRole:
    TasksExecutionRole: 1 [], 5 [DatabaseSecret MigrateLogGroup SeedLogGroup SuperadminSecret]
    ");
}
