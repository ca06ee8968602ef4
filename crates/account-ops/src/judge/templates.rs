//! `cloudformation:ValidateTemplate` of the templates.

use deploy_ops::call::Called as _;
use deploy_ops::doctor::Finding;
use deploy_ops::failure::Failure;
use deploy_ops::inputs;
use deploy_ops::target::Target;
use deploy_ops::template::Template;
use env_config::{Config, Environment};

use super::not_asked;

const CHECK: &str = "templates";

/// Longest template that CloudFormation takes in a call (CFN:cloudformation-limits).
const MOST_BYTES: usize = 51_200;

/// Has CloudFormation read the templates of an environment and of what exists once.
pub(super) async fn validate(config: &Config, environment: &Environment, target: &Target) -> Vec<Finding> {
    let templates: [(&str, Result<Template, Failure>); 2] = [
        (config.platform.shared_stack_name.as_str(), inputs::shared_template(config)),
        (environment.stack_name.as_str(), inputs::environment_template(config, environment)),
    ];
    let mut findings = Vec::new();
    for (stack, template) in templates {
        let body = match template {
            Ok(template) => template.to_body(),
            Err(failure) => {
                findings.push(Finding::fail(CHECK, failure.chain(), "cargo xtask check"));
                continue;
            }
        };
        if body.len() > MOST_BYTES {
            let why = format!(
                "it has {} bytes, a call takes {MOST_BYTES}, and to put it into the bucket would change something",
                body.len()
            );
            findings.push(not_asked(CHECK, stack, why));
            continue;
        }
        let call = target.aws.cloudformation.validate_template().template_body(body);
        findings.push(match call.send().await.called("cloudformation:ValidateTemplate") {
            Ok(_) => Finding::ok(CHECK, format!("CloudFormation reads the template of {stack}")),
            Err(error) if error.is("ValidationError") => {
                let detail = format!("{stack}: {error}; the checks of this project take the template");
                Finding::fail(CHECK, detail, "crates/stack-model, then the same command again")
            }
            Err(error) => not_asked(CHECK, stack, error),
        });
    }
    findings
}
