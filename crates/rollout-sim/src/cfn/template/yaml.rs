//! Template text to a JSON value: JSON as it is, YAML with CloudFormation's short tags made long.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// Reads a template body. A body that begins with a brace is JSON, as for CloudFormation.
///
/// # Errors
/// The message CloudFormation answers a malformed template with.
pub(super) fn read(body: &str) -> Result<Value, String> {
    if body.trim_start().starts_with('{') {
        return serde_json::from_str(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("Template format error: JSON not well-formed. (line {line}, column {column})")
        });
    }
    let documents = Yaml::load_from_str(body).map_err(|error| {
        let at = error.marker();
        format!("Template format error: YAML not well-formed. (line {}, column {})", at.line(), at.col() + 1)
    })?;
    match documents.as_slice() {
        [document] => value(document),
        [] => Err("Template format error: unsupported structure.".to_owned()),
        _ => Err("Template format error: YAML aliases or several documents are not allowed".to_owned()),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => self::scalar(scalar),
        Yaml::Sequence(items) => Value::Array(items.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (name, entry) in entries {
                map.insert(key(name)?, value(entry)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tag, inner) => return tagged(&tag.suffix, inner),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err("Template format error: unsupported structure.".to_owned());
        }
    })
}

fn scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => json!(value.into_inner()),
        Scalar::String(text) => Value::String(text.to_string()),
    }
}

fn key(node: &Yaml<'_>) -> Result<String, String> {
    match value(node)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err("Template format error: [/] map keys must be strings".to_owned()),
    }
}

/// `!Ref x` is `{"Ref": x}`, `!Condition x` is `{"Condition": x}`, every other tag is a function.
fn tagged(tag: &str, inner: &Yaml<'_>) -> Result<Value, String> {
    let argument = match value(inner)? {
        Value::Null => Value::String(String::new()),
        other => other,
    };
    Ok(match tag {
        "Ref" | "Condition" => json!({ tag: argument }),
        "GetAtt" => match argument {
            Value::String(text) => match text.split_once('.') {
                Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
                None => return Err("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute".to_owned()),
            },
            list => json!({ "Fn::GetAtt": list }),
        },
        "And" | "Base64" | "Cidr" | "Contains" | "EachMemberEquals" | "EachMemberIn" | "Equals" | "FindInMap"
        | "ForEach" | "GetAZs" | "If" | "ImportValue" | "Join" | "Length" | "Not" | "Or" | "RefAll" | "Select"
        | "Split" | "Sub" | "ToJsonString" | "Transform" | "ValueOf" | "ValueOfAll" | "GetStackOutput" => {
            let function = format!("Fn::{tag}");
            json!({ function: argument })
        }
        // The core schema's own tags (`!!str`) resolve to a value already.
        "str" | "int" | "bool" | "float" | "null" | "seq" | "map" => argument,
        other => return Err(format!("Template format error: YAML tag !{other} is not supported")),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_functions() {
        let template = read(
            "A: !Ref X\nB: !GetAtt Db.Endpoint.Address\nC: !Join ['', [a, !Sub 'x-${Y}']]\nD: !If [Prod, 1, !Ref 'AWS::NoValue']\nE: !GetAZs ''\nF: !Condition Prod\nG: !Not [!Equals [a, b]]\n",
        )
        .unwrap();
        assert_eq!(
            template,
            json!({
                "A": {"Ref": "X"},
                "B": {"Fn::GetAtt": ["Db", "Endpoint.Address"]},
                "C": {"Fn::Join": ["", ["a", {"Fn::Sub": "x-${Y}"}]]},
                "D": {"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]},
                "E": {"Fn::GetAZs": ""},
                "F": {"Condition": "Prod"},
                "G": {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]},
            })
        );
    }

    #[test]
    fn dates_stay_text_and_keys_become_text() {
        assert_eq!(
            read("Version: 2012-10-17\n3: true\n").unwrap(),
            json!({"Version": "2012-10-17", "3": true})
        );
    }

    #[test]
    fn a_malformed_template_says_where() {
        assert!(
            read("{\"a\": }")
                .unwrap_err()
                .starts_with("Template format error: JSON not well-formed. (line 1")
        );
        assert!(
            read("a: [1,\nb: 2")
                .unwrap_err()
                .starts_with("Template format error: YAML not well-formed. (line")
        );
        assert!(read("a: !Nope 1").unwrap_err().contains("!Nope"));
    }
}
