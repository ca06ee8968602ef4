//! Service quotas (CFN:validate-stack-deployments, IAM:reference_iam-quotas).

use rollout_sim::iam::{self, Principal};
use rollout_sim::{Quotas, World};
use serde_json::{Value, json};

use crate::change_sets::findings;
use crate::fixture::{Fixture, input};

const TRUST: &str = "{Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]}";
const DOCUMENT: &str =
    "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]}";

/// A template with these resources: `role-NAME`, `policy-NAME`, `group-NAME` and `vpc-NAME`.
fn template(names: &[&str]) -> String {
    let resources = names.iter().map(|name| {
        let (kind, name) = name.split_once('-').unwrap();
        let definition = match kind {
            "role" => format!("{{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {TRUST}}}}}"),
            "policy" => {
                format!("{{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {DOCUMENT}}}}}")
            }
            "group" => "{Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: some}}".to_owned(),
            _ => "{Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}".to_owned(),
        };
        format!("  {name}: {definition}\n")
    });
    format!("Resources:\n{}", resources.collect::<String>())
}

const BEFORE: [&str; 4] = ["role-A", "policy-P", "vpc-V", "group-G"];

/// A stack of one resource of each kind, where two roles, two policies and three security groups may be.
fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.world.quotas = Quotas { roles: 2, policies: 2, security_groups: 3, ..Quotas::default() };
    let capabilities = json!({"Capabilities": ["CAPABILITY_IAM"]});
    fixture.create("demo", &template(&BEFORE), capabilities).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
    fixture
}

/// What a change set to these resources is warned of.
fn warned(fixture: &mut Fixture, name: &str, names: &[&str]) -> Vec<String> {
    let body = json!({"TemplateBody": template(names), "Capabilities": ["CAPABILITY_IAM"]});
    let set = fixture.change_set(name, body).unwrap();
    assert_eq!((&set["Status"], &set["ExecutionStatus"]), (&json!("CREATE_COMPLETE"), &json!("AVAILABLE")));
    findings(fixture, json!({"StackName": "demo", "ChangeSetName": name}))
}

#[test]
fn a_change_set_warns_of_what_it_adds_beyond_a_quota() {
    let mut fixture = fixture();
    let within = ["role-B", "policy-Q", "group-H"];
    assert_eq!(warned(&mut fixture, "within", &[&BEFORE[..], &within].concat()), Vec::<String>::new());
    let beyond = [&BEFORE[..], &["role-B", "role-C", "role-D", "policy-Q", "policy-R", "group-H", "group-I"]];
    let found = warned(&mut fixture, "beyond", &beyond.concat());
    let line = |name: &str, quota: &str, limit: u32, used: u32| {
        format!(
            "WARN {name} SERVICE_QUOTA_VALIDATION Creating this resource would exceed the service quota '{quota}': the quota is {limit}, and {used} are in use."
        )
    };
    assert_eq!(
        found,
        [
            line("C", "Roles per account", 2, 1),
            line("D", "Roles per account", 2, 1),
            line("R", "Customer managed policies per account", 2, 1),
            line("I", "VPC security groups per Region", 3, 2),
        ]
    );
    let request = input(json!({"StackName": "demo", "ChangeSetName": "beyond"}));
    let events = rollout_sim::cfn::describe_events(&fixture.world, &request).unwrap().operation_events;
    assert_eq!(events[0].validation_path.as_deref(), Some("/Resources/C"));
    // The group that a VPC comes with counts, and what is deleted is still there.
    let vpc = warned(&mut fixture, "vpc", &[&BEFORE[..], &["vpc-W", "group-H"]].concat());
    assert_eq!(vpc, [line("H", "VPC security groups per Region", 3, 2)]);
    let exchanged = warned(&mut fixture, "exchanged", &["role-B", "role-C", "policy-P", "vpc-V", "group-G"]);
    assert_eq!(exchanged, [line("C", "Roles per account", 2, 1)]);
    // With AWS's own quotas there is room.
    fixture.world.quotas = Quotas::default();
    assert_eq!(warned(&mut fixture, "room", &beyond.concat()), Vec::<String>::new());
}

#[test]
fn what_the_maker_of_a_change_set_may_not_count_is_not_warned_of() {
    let mut fixture = fixture();
    fixture.world.quotas = Quotas { roles: 3, ..fixture.world.quotas };
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": "maker", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut fixture.world, input(role)).unwrap();
    fixture.caller = Principal::role("maker");
    let beyond = ["role-B", "role-C", "policy-Q", "policy-R", "group-H", "group-I"];
    for (number, (actions, names)) in [
        (json!(["sns:Publish"]), ""),
        (json!(["iam:GetAccountSummary"]), "CR"),
        (json!(["ec2:DescribeSecurityGroups"]), ""),
        (json!(["servicequotas:GetServiceQuota"]), ""),
        (json!(["ec2:DescribeSecurityGroups", "servicequotas:GetServiceQuota"]), "I"),
    ]
    .into_iter()
    .enumerate()
    {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let put = json!({"RoleName": "maker", "PolicyName": "p", "PolicyDocument": policy});
        iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
        let found = warned(&mut fixture, &format!("set-{number}"), &[&BEFORE[..], &beyond].concat());
        let logical_ids: String = found.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(logical_ids, names, "{actions}: {found:?}");
    }
}

#[test]
fn what_is_created_beyond_a_quota_is_refused_in_the_words_of_aws() {
    for (name, reason) in [
        ("role-Y", "Cannot exceed quota for RolesPerAccount: 2 (Service: Iam, Status Code: 409, "),
        ("policy-Y", "Cannot exceed quota for PoliciesPerAccount: 2 (Service: Iam, Status Code: 409, "),
        (
            "group-Y",
            "The maximum number of security groups has been reached. (Service: Ec2, Status Code: 400, ",
        ),
    ] {
        let (kind, _) = name.split_once('-').unwrap();
        let first = format!("{kind}-X");
        let mut fixture = fixture();
        let update = |fixture: &mut Fixture, names: &[&str]| {
            let body = json!({"TemplateBody": template(names), "Capabilities": ["CAPABILITY_IAM"]});
            fixture.update(body).unwrap();
            fixture.run(600.0);
            fixture.status()
        };
        let full = [&BEFORE[..], &[first.as_str()]].concat();
        assert_eq!(update(&mut fixture, &full), "UPDATE_COMPLETE", "the quota itself can be reached");
        assert_eq!(update(&mut fixture, &[&full[..], &[name]].concat()), "UPDATE_ROLLBACK_COMPLETE");
        let events = fixture.events();
        let event = events.iter().find(|event| event.starts_with("Y CREATE_FAILED")).unwrap();
        assert!(event.contains(reason), "{event}");
        assert!(event.ends_with("HandlerErrorCode: ServiceLimitExceeded)"), "{event}");
    }
}

#[test]
fn recorders_and_rules_of_config_are_refused_by_name() {
    let mut fixture = fixture();
    for kind in ["AWS::Config::ConfigurationRecorder", "AWS::Config::ConfigRule"] {
        let body = format!("{}  It: {{Type: '{kind}'}}\n", template(&BEFORE));
        let members = json!({"TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]});
        let told = format!("not modelled: resource type {kind} (resource It)");
        for refused in [
            fixture.change_set("config", members.clone()).unwrap_err(),
            fixture.update(members).unwrap_err(),
            fixture.create("other", &body, json!({"Capabilities": ["CAPABILITY_IAM"]})).unwrap_err(),
        ] {
            assert_eq!(
                (refused.code.as_str(), refused.status, refused.message),
                ("NotModelled", 501, told.clone())
            );
        }
        assert_eq!(fixture.status(), "CREATE_COMPLETE");
    }
}

#[test]
fn a_world_that_was_written_down_before_there_were_quotas_has_those_of_aws() {
    let mut written: Value = serde_json::to_value(&fixture().world).unwrap();
    assert_eq!(written.as_object_mut().unwrap().remove("quotas").unwrap()["roles"], 2);
    let read: World = serde_json::from_value(written).unwrap();
    assert_eq!(read.quotas, Quotas::default());
}

#[test]
fn every_quota_that_is_modelled_refuses_one_more() {
    let rules = "[{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}, \
                 {IpProtocol: tcp, FromPort: 2, ToPort: 2, CidrIp: 10.0.0.0/8}]";
    let group = format!(
        "{{Type: AWS::EC2::SecurityGroup, Properties: {{GroupDescription: g, SecurityGroupIngress: {rules}}}}}"
    );
    for (code, resource, reason) in [
        ("L-0263D0A3", "{Type: AWS::EC2::EIP, Properties: {Domain: vpc}}", "maximum number of addresses"),
        (
            "L-F678F1CE",
            "{Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}",
            "maximum number of VPCs",
        ),
        ("L-A4707A72", "{Type: AWS::EC2::InternetGateway}", "maximum number of internet gateways"),
        (
            "L-FE5A380F",
            "{Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-a, ConnectivityType: private}}",
            "would exceed the limit of 1 NAT gateways",
        ),
        ("L-0EA8095F", group.as_str(), "maximum number of rules per security group"),
        (
            "L-53DA6B97",
            "{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Scheme: internal, Subnets: [subnet-a, subnet-b]}}",
            "maximum number of load balancers",
        ),
        (
            "L-B22855CB",
            "{Type: AWS::ElasticLoadBalancingV2::TargetGroup, \
              Properties: {TargetType: ip, Protocol: HTTP, Port: 80, VpcId: vpc-1}}",
            "maximum number of target groups",
        ),
        (
            "L-7B6409FD",
            "{Type: AWS::RDS::DBInstance, Properties: {DBInstanceClass: db.t4g.micro, Engine: postgres, \
              AllocatedStorage: '20', MasterUsername: owner, MasterUserPassword: abcdefgh12}}",
            "Instance quota exceeded",
        ),
    ] {
        let mut fixture = Fixture::new();
        assert!(fixture.world.quotas.set(code, 1), "{code}");
        let body = format!("Resources:\n  A: {resource}\n  B: {resource}\n");
        fixture.create("demo", &body, json!({})).unwrap();
        fixture.run(3600.0);
        let events = fixture.events();
        let failed = events.iter().find(|event| event.contains("CREATE_FAILED"));
        let failed = failed.unwrap_or_else(|| panic!("{code}: {events:#?}"));
        assert!(failed.contains(reason) && failed.contains("ServiceLimitExceeded"), "{code}: {failed}");
        // With AWS's own quota both fit.
        fixture.world.quotas = Quotas::default();
        fixture.create("room", &body, json!({})).unwrap();
        fixture.run(3600.0);
        let request = input(json!({"StackName": "room"}));
        let stacks = rollout_sim::cfn::describe_stacks(&fixture.world, &request).unwrap();
        let status = serde_json::to_value(&stacks.stacks[0]).unwrap()["StackStatus"].clone();
        assert_eq!(status, "CREATE_COMPLETE", "{code}");
    }
}
