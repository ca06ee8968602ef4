//! `wafv2:CheckCapacity` of the firewall's rules, beside what `waf-rules` counts.

use aws_sdk_wafv2::types::Scope;
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deploy_ops::call::{CallError, Called as _};
use deploy_ops::doctor::Finding;
use deploy_ops::inputs;
use deploy_ops::target::Target;
use deploy_ops::template::{Section, Template};
use env_config::{Config, Environment};
use serde_json::{Value, json};

use super::not_asked;

const CHECK: &str = "firewall";

/// Has AWS count the capacity of an environment's firewall, where it has one.
pub(super) async fn capacity(config: &Config, environment: &Environment, target: &Target) -> Vec<Finding> {
    let template = inputs::environment_template(config, environment).ok();
    let Some(rules) = template.as_ref().and_then(rules) else { return Vec::new() };
    let counted = match stack_model::firewall(config, environment) {
        Ok(firewall) => i64::from(firewall.capacity()),
        Err(error) => return vec![Finding::fail(CHECK, error.to_string(), "cargo xtask check")],
    };
    vec![match ask(target, rules).await {
        Ok(capacity) if capacity == counted => {
            Finding::ok(CHECK, format!("AWS counts a capacity of {capacity}, as this project does"))
        }
        Ok(capacity) => Finding::fail(
            CHECK,
            format!("AWS counts a capacity of {capacity}, this project {counted}"),
            "AWS is right: correct crates/waf-rules/src/capacity.rs or groups.rs, with the source",
        ),
        Err(error) => not_asked(CHECK, "capacity of the rules", error),
    }]
}

/// The rules of the web ACL as the API takes them: what CloudFormation has as text is bytes there.
fn rules(template: &Template) -> Option<Value> {
    let resources = template.entries(Section::Resources);
    let acl = resources.map(|(_, resource)| resource).find(|it| it["Type"] == "AWS::WAFv2::WebACL")?;
    let mut rules = acl["Properties"]["Rules"].clone();
    as_bytes(&mut rules);
    Some(rules)
}

fn as_bytes(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "SearchString" => *text = STANDARD.encode(&*text),
                    other => as_bytes(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_bytes),
        _ => {}
    }
}

/// The rules are JSON already, in the shape of the API: they go into the request as they are, before it is signed.
async fn ask(target: &Target, rules: Value) -> Result<i64, CallError> {
    let client = deploy_ops::client!(&target.aws, aws_sdk_wafv2);
    let body = json!({ "Scope": Scope::Regional.as_str(), "Rules": rules }).to_string();
    let call = client.check_capacity().scope(Scope::Regional).set_rules(Some(Vec::new())).customize();
    let call = call.mutate_request(move |request| {
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body.as_str());
    });
    Ok(call.send().await.called("wafv2:CheckCapacity")?.capacity())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_to_search_for_are_bytes_wherever_they_stand() {
        let mut rules = json!([{"Statement": {"AndStatement": {"Statements": [
            {"ByteMatchStatement": {"SearchString": "/mcp", "PositionalConstraint": "EXACTLY"}}]}}, "Name": "a"}]);
        as_bytes(&mut rules);
        let found = &rules[0]["Statement"]["AndStatement"]["Statements"][0]["ByteMatchStatement"];
        assert_eq!(found, &json!({"SearchString": "L21jcA==", "PositionalConstraint": "EXACTLY"}));
        assert_eq!(rules[0]["Name"], "a");
    }
}
