//! What the transform `AWS::LanguageExtensions` adds to templates.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html>

use serde_json::Value;

/// Name of the transform.
pub(super) const NAME: &str = "AWS::LanguageExtensions";

const SUPPORTED: &str = "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, \
    Fn::Select, Ref, Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, \
    Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr";

/// Checks that functions of the extensions are used under their transform only. Loops are not modelled either way.
///
/// # Errors
/// CloudFormation's message, or what is not modelled.
pub(super) fn check(value: &Value, declared: bool) -> Result<(), String> {
    match value {
        Value::Object(map) => {
            for (name, argument) in map {
                if name.starts_with("Fn::ForEach::") {
                    return Err(format!("not modelled: the loop {name}"));
                }
                let extension = match name.as_str() {
                    "Fn::Length" | "Fn::ToJsonString" => true,
                    // The default value.
                    "Fn::FindInMap" => argument.as_array().is_some_and(|arguments| arguments.len() > 3),
                    _ => false,
                };
                if extension && !declared {
                    return Err(format!(
                        "Template error: Encountered unsupported function: {name} Supported functions are: [{SUPPORTED}]"
                    ));
                }
                check(argument, declared)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| check(item, declared)),
        _ => Ok(()),
    }
}
