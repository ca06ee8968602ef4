//! The templates of the repository's own configuration: all of them, and how they change with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cfn::Document;
use env_config::Config;
use insta::assert_snapshot;
use serde_json::Value;

/// Longest template that CloudFormation reads from a bucket (CFN:cloudformation-limits); `check` counts the rest.
const MAX_BYTES: usize = 1_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All templates, the shared one first.
pub(crate) fn documents(config: &Config) -> Vec<Document> {
    let environments = config.environments.values();
    let environments = environments.map(|environment| stack_model::environment(config, environment).unwrap());
    std::iter::once(stack_model::shared(config).unwrap()).chain(environments).collect()
}

pub(crate) fn config() -> Config {
    Config::load(&root()).unwrap()
}

pub(crate) fn document(config: &Config, environment: &str) -> Document {
    stack_model::environment(config, config.environment(environment).unwrap()).unwrap()
}

/// Logical id and resource, sorted by id.
pub(crate) fn resources(document: &Document) -> BTreeMap<&str, &Value> {
    let resources = document.json()["Resources"].as_object().unwrap();
    resources.iter().map(|(id, resource)| (id.as_str(), resource)).collect()
}

/// The repository's configuration after an edit of its files.
struct Edited {
    directory: tempfile::TempDir,
}

impl Edited {
    fn new() -> Self {
        let edited = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir_all(edited.path("environments")).unwrap();
        for file in ["platform.toml", "environments/staging.toml", "environments/production.toml"] {
            fs::copy(root().join("infra").join(file), edited.path(file)).unwrap();
        }
        edited
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join("infra").join(file)
    }

    fn replace(self, file: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "`{from}` is not in {file}");
        fs::write(self.path(file), text.replacen(from, to, 1)).unwrap();
        self
    }

    fn append(self, file: &str, more: &str) -> Self {
        let text = fs::read_to_string(self.path(file)).unwrap_or_default();
        fs::write(self.path(file), text + more).unwrap();
        self
    }

    fn config(&self) -> Config {
        Config::load(self.directory.path()).unwrap()
    }
}

/// The lines that differ, as a reviewer of the snapshot sees them.
fn difference(before: &Document, after: &Document) -> String {
    let (before, after) = (before.pretty(), after.pretty());
    let changes = similar::TextDiff::from_lines(&before, &after);
    let lines = changes.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    lines.map(|change| format!("{}{}", change.tag(), change.value())).collect()
}

#[test]
fn whole_templates() {
    for document in documents(&config()) {
        assert_snapshot!(document.stack_name(), document.pretty());
    }
}

/// Another logical id is another resource: the old one goes, whatever it holds.
#[test]
fn logical_ids_and_types() {
    for document in documents(&config()) {
        let types: Vec<String> = document.resource_types().map(|(id, kind)| format!("{id} {kind}")).collect();
        assert_snapshot!(format!("{}-resources", document.stack_name()), types.join("\n"));
    }
}

#[test]
fn templates_are_the_same_on_every_run_and_fit_into_the_bucket() {
    for (one, other) in documents(&config()).iter().zip(documents(&config())) {
        assert_eq!(one.compact(), other.compact());
        assert!(one.compact().len() <= MAX_BYTES, "{}: {}", one.stack_name(), one.compact().len());
    }
}

#[test]
fn every_stack_is_tagged() {
    for document in documents(&config()) {
        let tags: BTreeMap<_, _> =
            document.tags().iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
        assert_eq!(tags.keys().copied().collect::<Vec<_>>(), ["Environment", "ManagedBy", "Project"]);
        let environment = document.stack_name().rsplit('-').next().unwrap();
        assert_eq!((tags["Project"], tags["Environment"]), ("doc-platform", environment));
        assert_eq!(document.json()["Metadata"]["Tags"], serde_json::to_value(&tags).unwrap());
    }
}

/// Properties that name something in the account: text that ends in one of these.
const NAMING: [&str; 4] = ["Name", "Identifier", "Family", "GroupId"];

/// Names that only have to be unique within something that each environment has of its own (its cluster, its VPC, its
/// database server), and names of what AWS has.
const LOCAL: [(&str, &str); 10] = [
    ("AWS::ElastiCache::User", "UserName"),
    ("AWS::ElastiCache::ParameterGroup", "CacheParameterGroupFamily"),
    ("AWS::RDS::DBInstance", "CACertificateIdentifier"),
    ("AWS::RDS::DBParameterGroup", "Family"),
    ("AWS::ECS::Service", "ServiceName"),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "Name"),
    ("AWS::ServiceDiscovery::Service", "Name"),
    ("AWS::RDS::DBInstance", "DBName"),
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::RDS::DBInstance", "MasterUsername"),
];

fn physical_names(document: &Document) -> BTreeSet<(String, String)> {
    let mut names = BTreeSet::new();
    for resource in resources(document).values() {
        let kind = resource["Type"].as_str().unwrap();
        for (property, value) in resource["Properties"].as_object().into_iter().flatten() {
            let naming = NAMING.iter().any(|end| property.ends_with(end));
            if let (true, Some(name)) = (naming && !LOCAL.contains(&(kind, property)), value.as_str()) {
                assert!(names.insert((kind.to_owned(), name.to_owned())), "{kind} {name} is there twice");
            }
        }
    }
    names
}

#[test]
fn no_physical_name_is_in_two_stacks() {
    let documents = documents(&config());
    let mut all = BTreeSet::new();
    for document in &documents {
        let names = physical_names(document);
        assert!(names.len() >= 5, "{names:?}");
        let shared: Vec<_> = all.intersection(&names).cloned().collect();
        assert!(shared.is_empty(), "{shared:?}");
        all.extend(names);
    }
    assert!(all.iter().any(|(kind, name)| kind == "AWS::ECS::Cluster" && name == "doc-platform-staging"));
}

#[test]
fn a_changed_value_is_a_change_of_few_lines() {
    let before = document(&config(), "staging");
    let after = |edited: Edited| document(&edited.config(), "staging");
    let staging = "environments/staging.toml";
    let tasks = Edited::new().replace(staging, "desired_count = 1", "desired_count = 3");
    assert_snapshot!(difference(&before, &after(tasks)), @r#"
    -        "DesiredCount": 1,
    +        "DesiredCount": 3,
    -        "DesiredCount": 1,
    +        "DesiredCount": 3,
    -        "DesiredCount": 1,
    +        "DesiredCount": 3,
    "#);
    let class = Edited::new().replace(staging, "db.t4g.micro", "db.t4g.small");
    assert_snapshot!(difference(&before, &after(class)), @r#"
    -        "DBInstanceClass": "db.t4g.micro",
    +        "DBInstanceClass": "db.t4g.small",
    "#);
    let path = Edited::new().replace("platform.toml", r#"path = "/mcp/health""#, r#"path = "/mcp/ready""#);
    assert_snapshot!(difference(&before, &after(path)), @r#"
    -        "HealthCheckPath": "/mcp/health",
    +        "HealthCheckPath": "/mcp/ready",
    "#);
    let protected = Edited::new().replace(staging, "retain_data = false", "retain_data = true");
    assert!(difference(&before, &after(protected)).lines().count() < 80);
}

#[test]
fn a_third_environment_is_a_file() {
    let staging = fs::read_to_string(root().join("infra/environments/staging.toml")).unwrap();
    let text = staging.replace("staging", "preview").replace("10.10.0.0/16", "10.30.0.0/16");
    let config = Edited::new().append("environments/preview.toml", &text).config();
    let before = documents(&self::config());
    let after = documents(&config);
    assert_eq!(after.len(), 4);
    let added: Vec<&str> =
        resources(&after[0]).into_keys().filter(|id| !resources(&before[0]).contains_key(id)).collect();
    assert_eq!(added, ["PreviewBoundary", "PreviewCloudFormationRole", "PreviewDeployRole"]);
    let preview = after.iter().find(|document| document.stack_name() == "DocPlatform-preview").unwrap();
    let ids = |document: &Document| resources(document).into_keys().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ids(preview), ids(&document(&config, "staging")));
    assert!(!preview.compact().contains("staging"));
}

#[test]
fn a_provider_that_the_account_has_already_is_used_and_not_made() {
    let config =
        Edited::new().replace("platform.toml", "[github]\n", "[github]\nexisting_provider = true\n").config();
    let (before, after) = (documents(&self::config()), documents(&config));
    let gone: Vec<&str> =
        resources(&before[0]).into_keys().filter(|id| !resources(&after[0]).contains_key(id)).collect();
    assert_eq!(gone, ["GitHubProvider"]);
    let arn =
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com";
    let trusting = after[0].compact().matches(&format!(r#""Federated":{{"Fn::Sub":"{arn}"}}"#)).count();
    assert_eq!(trusting, 1 + config.environments.len());
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn a_zone_and_a_certificate_that_exist_are_used_and_not_made() {
    const ARN: &str = "arn:aws:acm:us-west-2:123456789012:certificate/0f7c0a8e-1d1b-4a57-9a38-0a1f5f1c2d3e";
    let zone = "hosted_zone = \"specboard.io\"\n";
    let existing = format!("{zone}hosted_zone_id = \"ZEXISTING\"\ncertificate_arn = \"{ARN}\"\n");
    let config = Edited::new()
        .replace("platform.toml", zone, &existing)
        .replace("environments/staging.toml", "subdomain =", "hosted_zone_id = \"ZSTAGING\"\nsubdomain =")
        .config();
    let (before, after) = (documents(&self::config()), documents(&config));
    let shared = resources(&after[0]);
    let gone: Vec<&str> = resources(&before[0]).into_keys().filter(|id| !shared.contains_key(id)).collect();
    assert_eq!(gone, ["Certificate", "HostedZone"]);
    let template: Value = serde_json::from_str(&after[0].compact()).unwrap();
    assert_eq!(template["Outputs"]["HostedZoneId"]["Value"], "ZEXISTING");
    assert_eq!(template["Outputs"]["CertificateArn"]["Value"], ARN);
    assert!(template["Outputs"].get("HostedZoneNameServers").is_none());
    // Each environment's role reaches the zone of its own record.
    let zones = |role: &str| {
        let text = shared[role].to_string();
        (text.matches("ZEXISTING").count(), text.matches("ZSTAGING").count())
    };
    assert_eq!(zones("ProductionCloudFormationRole"), (1, 0));
    assert_eq!(zones("StagingCloudFormationRole"), (0, 1));
    // None of the roles may delete either.
    assert_eq!(zones("CloudFormationZonesPolicy"), (1, 1));
    // The environments' templates get zone and certificate as parameters, whoever made them.
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn a_certificate_is_validated_in_the_zone_that_exists() {
    let zone = "hosted_zone = \"specboard.io\"\n";
    let config = Edited::new()
        .replace("platform.toml", zone, &format!("{zone}hosted_zone_id = \"ZEXISTING\"\n"))
        .config();
    let shared = &documents(&config)[0];
    let options = &resources(shared)["Certificate"]["Properties"]["DomainValidationOptions"];
    assert_eq!(options[0]["HostedZoneId"], "ZEXISTING");
}

/// Logical ids that the edit adds to staging, and the lines that it changes in what was there.
fn growth(more: &str) -> String {
    let before = document(&config(), "staging");
    let after = document(&Edited::new().append("platform.toml", more).config(), "staging");
    let old = resources(&before);
    let mut lines = Vec::new();
    for (id, resource) in resources(&after) {
        match old.get(id) {
            None => lines.push(format!("+ {id} {}", resource["Type"].as_str().unwrap())),
            Some(same) if *same == resource => {}
            Some(_) => lines.push(format!("~ {id}")),
        }
    }
    lines.join("\n")
}

#[test]
fn a_fourth_service_is_a_table() {
    assert_snapshot!(growth(r#"
[services.export]
port = 3003
user = "1000"
database = true
build = { dockerfile = "export/Dockerfile" }
health_check = { path = "/export/health" }
routes = [{ priority = 400, paths = ["/export", "/export/*"] }]
"#), @r"
    ~ DatabaseSecurityGroup
    + ExportErrorAlarm AWS::CloudWatch::Alarm
    + ExportExecutionRole AWS::IAM::Role
    + ExportLogGroup AWS::Logs::LogGroup
    + ExportRule1 AWS::ElasticLoadBalancingV2::ListenerRule
    + ExportSecurityGroup AWS::EC2::SecurityGroup
    + ExportService AWS::ECS::Service
    + ExportTargetGroup AWS::ElasticLoadBalancingV2::TargetGroup
    + ExportTaskDefinition AWS::ECS::TaskDefinition
    + ExportTaskRole AWS::IAM::Role
    ~ LoadBalancerSecurityGroup
    ");
}

/// Production is the largest; its template then goes through S3, which `e2e::growth` does.
#[test]
fn more_services_fit_into_production() {
    let service = |name: &str, port: u32, priority: u32| {
        format!(
            "\n[services.{name}]\nport = {port}\nuser = \"1000\"\nbuild = {{ dockerfile = \"Dockerfile\" }}\n\
             health_check = {{ path = \"/{name}\" }}\nroutes = [{{ priority = {priority}, paths = [\"/{name}\"] }}]\n"
        )
    };
    let before = document(&config(), "production");
    let more = (0..5).map(|nth| service(&format!("s{nth}"), 4000 + nth, 400 + nth)).collect::<String>();
    let after = document(&Edited::new().append("platform.toml", &more).config(), "production");
    assert_eq!(resources(&after).len() - resources(&before).len(), 5 * 9);
}

#[test]
fn an_internal_service_has_a_name_and_no_door() {
    assert_snapshot!(growth(r#"
[services.render]
port = 3004
user = "1000"
build = { dockerfile = "render/Dockerfile" }
container_health_check = { command = ["CMD", "true"] }
"#), @r"
    + RenderDiscovery AWS::ServiceDiscovery::Service
    + RenderExecutionRole AWS::IAM::Role
    + RenderLogGroup AWS::Logs::LogGroup
    + RenderSecurityGroup AWS::EC2::SecurityGroup
    + RenderService AWS::ECS::Service
    + RenderTaskDefinition AWS::ECS::TaskDefinition
    + RenderTaskRole AWS::IAM::Role
    ");
}
