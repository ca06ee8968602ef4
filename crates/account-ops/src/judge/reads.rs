//! Reads of what an environment is given: image repositories, certificate, hosted zone.

use deploy_ops::call::{CallError, Called as _};
use deploy_ops::dns::is_below;
use deploy_ops::doctor::Finding;
use deploy_ops::inputs;
use deploy_ops::stack::{self, StackView};
use deploy_ops::target::Target;
use env_config::{Config, Environment};
use serde_json::Value;

use super::not_asked;

/// Reads them. What the shared stack makes and is not there yet is a warning.
pub(super) async fn look(config: &Config, environment: &Environment, target: &Target) -> Vec<Finding> {
    let make = format!("cargo xtask stack deploy shared{}", target.flag());
    let shared = match stack::describe(&target.aws, config.platform.shared_stack_name.as_str()).await {
        Ok(shared) => shared,
        Err(error) => return vec![not_asked("account", config.platform.shared_stack_name.as_str(), error)],
    };
    let mut findings = repositories(config, target, &make).await;
    findings.push(certificate(config, environment, target, shared.as_ref(), &make).await);
    findings.push(zone(config, environment, target, shared.as_ref(), &make).await);
    findings
}

async fn repositories(config: &Config, target: &Target, make: &str) -> Vec<Finding> {
    const CHECK: &str = "ecr";
    let (mut there, mut findings) = (Vec::new(), Vec::new());
    for name in inputs::repositories(config).into_values() {
        let call = target.aws.ecr.describe_repositories().repository_names(&name);
        match call.send().await.called("ecr:DescribeRepositories") {
            Ok(_) => there.push(name),
            Err(error) if error.is("RepositoryNotFoundException") => {
                findings.push(Finding::warn(CHECK, format!("{name} does not exist yet"), make));
            }
            Err(error) => findings.push(not_asked(CHECK, &name, error)),
        }
    }
    if !there.is_empty() {
        findings.insert(0, Finding::ok(CHECK, format!("there are {}", there.join(", "))));
    }
    findings
}

fn output<'a>(shared: Option<&'a StackView>, name: &str) -> Option<&'a str> {
    shared?.outputs.get(name).map(String::as_str)
}

async fn certificate(
    config: &Config,
    environment: &Environment,
    target: &Target,
    shared: Option<&StackView>,
    make: &str,
) -> Finding {
    const CHECK: &str = "acm";
    let given = config.platform.certificate_arn.as_ref().map(ToString::to_string);
    let made = output(shared, "CertificateArn").map(str::to_owned);
    let Some(arn) = given.or(made) else {
        return Finding::warn(CHECK, "there is no certificate yet", make);
    };
    let client = deploy_ops::client!(&target.aws, aws_sdk_acm);
    let answer = client.describe_certificate().certificate_arn(&arn).send().await;
    let found = match answer.called("acm:DescribeCertificate") {
        Ok(answer) => answer.certificate,
        Err(error) if error.is("ResourceNotFoundException") => {
            return Finding::fail(
                CHECK,
                format!("{arn} does not exist"),
                "correct `certificate_arn` in infra/platform.toml",
            );
        }
        Err(error) => return not_asked(CHECK, &arn, error),
    };
    let Some(found) = found else { return not_asked(CHECK, &arn, "AWS's answer is empty") };
    let status = found.status().map_or("unknown", |status| status.as_str()).to_owned();
    let names = found.subject_alternative_names.unwrap_or_default();
    let domain = environment.domain.as_str();
    if status != "ISSUED" {
        return Finding::fail(
            CHECK,
            format!("{arn} is {status}"),
            "delegate the hosted zone, or renew the certificate",
        );
    }
    if !names.iter().any(|name| covers(name, domain)) {
        let detail = format!("{arn} is for {}, not for {domain}", names.join(", "));
        return Finding::fail(CHECK, detail, "a certificate for the domain of every environment");
    }
    Finding::ok(CHECK, format!("{arn} is issued for {domain}"))
}

/// `*` stands for one label (ACM:acm-certificate-characteristics).
fn covers(name: &str, domain: &str) -> bool {
    name == domain
        || name.strip_prefix("*.").is_some_and(|above| {
            domain.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == above)
        })
}

async fn zone(
    config: &Config,
    environment: &Environment,
    target: &Target,
    shared: Option<&StackView>,
    make: &str,
) -> Finding {
    const CHECK: &str = "route53";
    let given = environment.hosted_zone_id.as_ref().or(config.platform.hosted_zone_id.as_ref());
    let made = output(shared, "HostedZoneId").map(str::to_owned);
    let Some(id) = given.map(ToString::to_string).or(made) else {
        return Finding::warn(CHECK, "there is no hosted zone yet", make);
    };
    let name = match zone_name(target, &id).await {
        Ok(name) => name,
        Err(error) if error.is("ResourceNotFoundException") => {
            return Finding::fail(
                CHECK,
                format!("hosted zone {id} does not exist"),
                "correct `hosted_zone_id`",
            );
        }
        Err(error) => return not_asked(CHECK, &id, error),
    };
    let domain = environment.domain.as_str();
    if domain == name || is_below(domain, &name) {
        return Finding::ok(CHECK, format!("hosted zone {id} is {name}"));
    }
    let detail = format!("hosted zone {id} is {name:?}, and {domain} is not in it");
    Finding::fail(CHECK, detail, "correct `hosted_zone_id`, or the domain of the environment")
}

/// Cloud Control calls Route 53 with the rights of the caller; its SDK is not compiled for this one question.
async fn zone_name(target: &Target, id: &str) -> Result<String, CallError> {
    let client = deploy_ops::client!(&target.aws, aws_sdk_cloudcontrol);
    let call = client.get_resource().type_name("AWS::Route53::HostedZone").identifier(id);
    let answer = call.send().await.called("cloudformation:GetResource")?;
    let text = answer.resource_description.and_then(|it| it.properties).unwrap_or_default();
    let properties: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(properties["Name"].as_str().unwrap_or_default().trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(covers("example.com", "example.com") && covers("*.example.com", "staging.example.com"));
        assert!(!covers("*.example.com", "example.com") && !covers("*.example.com", "a.b.example.com"));
    }
}
