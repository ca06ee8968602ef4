//! Protection against deletion comes last: what is protected would be in the way of a creation that failed, and of taking
//! back what it made. A stack is made without it, and gets it by an update of its own once it is complete, as it gets
//! its termination protection.

use serde_json::Value;

use crate::template::{Section, Template};

/// Attribute of a load balancer that refuses its deletion (bc:elbv2/LoadBalancerAttribute).
const LOAD_BALANCER: &str = "deletion_protection.enabled";

/// The template without what refuses a deletion, and the logical ids of the resources that have less in it.
#[must_use]
pub fn taken_off(template: &Template) -> (Template, Vec<String>) {
    let (mut template, mut ids) = (template.clone(), Vec::new());
    template.edit(Section::Resources, |id, resource| {
        let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(properties) = resource.get_mut("Properties") else { return };
        let switch = match kind.as_str() {
            "AWS::RDS::DBInstance" | "AWS::RDS::DBCluster" => {
                properties.get_mut("DeletionProtection").filter(|value| **value == Value::Bool(true))
            }
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
                let attributes = properties.get_mut("LoadBalancerAttributes").and_then(Value::as_array_mut);
                let own = attributes.into_iter().flatten().find(|it| it["Key"] == LOAD_BALANCER);
                own.and_then(|attribute| attribute.get_mut("Value")).filter(|value| **value == "true")
            }
            _ => None,
        };
        if let Some(value) = switch {
            *value = if value.is_boolean() { Value::Bool(false) } else { Value::String("false".to_owned()) };
            ids.push(id.to_owned());
        }
    });
    (template, ids)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_refuses_a_deletion_is_taken_off() {
        let template = |on: bool| {
            let text = on.to_string();
            let body = json!({"Resources": {
                "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"LoadBalancerAttributes": [
                    {"Key": "access_logs.s3.enabled", "Value": "true"},
                    {"Key": "deletion_protection.enabled", "Value": text},
                ]}},
                "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": on, "MultiAZ": true}},
                "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DeletionProtection": true}},
            }});
            Template::parse(&body.to_string()).unwrap()
        };
        let (off, ids) = taken_off(&template(true));
        assert_eq!((off, ids), (template(false), vec!["Balancer".to_owned(), "Database".to_owned()]));
        assert_eq!(taken_off(&template(false)), (template(false), Vec::new()));
    }
}
