//! The checks that a template passes before it may leave.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use crate::value::REFERENCE;

/// Size limit of a template in S3, in bytes ("CloudFormation quotas"). Inline the limit is 51,200.
pub(crate) const MAX_TEMPLATE_BYTES: usize = 1_000_000;
const MAX_RESOURCES: usize = 500;
const MAX_PARAMETERS: usize = 200;
const MAX_OUTPUTS: usize = 200;
/// Length limit of a logical id and of a parameter's or output's name.
const MAX_ID_CHARS: usize = 255;
/// Stands for "the id itself" (`DependsOn`) in the attribute's place of a travelling reference.
pub(crate) const ID_ONLY: &str = "\0Id";

/// Why a template cannot be deployed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// Two resources, parameters or outputs have one name.
    #[error("`{id}` is given twice")]
    DuplicateId {
        /// The name.
        id: String,
    },
    /// Logical ids are letters and digits.
    #[error("`{id}` is not a logical id: 1 to 255 letters and digits")]
    MalformedId {
        /// The name.
        id: String,
    },
    /// A handle of another stack's resource.
    #[error("`{place}` refers to `{target}` of stack `{owner}`")]
    Foreign {
        /// Where the reference stands, from the resource on.
        place: String,
        /// The logical id referred to.
        target: String,
        /// The stack that made the handle.
        owner: String,
    },
    /// A reference to what is not in the template.
    #[error("`{place}` refers to `{target}`, which is not in the template")]
    Dangling {
        /// Where the reference stands, from the resource on.
        place: String,
        /// The logical id referred to.
        target: String,
    },
    /// A `Fn::Sub` with something other than a pseudo parameter.
    #[error("`{place}` substitutes `{variable}`: only pseudo parameters such as `AWS::Region` may be")]
    Substitution {
        /// Where the pattern stands.
        place: String,
        /// What stands between the braces.
        variable: String,
    },
    /// More than CloudFormation takes.
    #[error("{count} {what}: at most {limit}")]
    TooMany {
        /// resources, parameters or outputs.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More bytes than CloudFormation takes.
    #[error("{bytes} bytes rendered compactly: at most {MAX_TEMPLATE_BYTES}")]
    TooLarge {
        /// Size, rendered compactly.
        bytes: usize,
    },
    /// A resource that has no JSON form.
    #[error("`{id}` cannot be serialised: {reason}")]
    NotSerializable {
        /// The logical id.
        id: String,
        /// What serde says.
        reason: String,
    },
}

/// Every problem of one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishError {
    /// The stack's name.
    pub stack: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the template of `{}` cannot be deployed", self.stack)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for FinishError {}

/// Puts `Ref` and `Fn::GetAtt` where typed references stand and notes what is wrong.
pub(crate) fn check(template: &str, body: Map<String, Json>, problems: &mut Vec<Problem>) -> Json {
    for (section, limit) in
        [("Resources", MAX_RESOURCES), ("Parameters", MAX_PARAMETERS), ("Outputs", MAX_OUTPUTS)]
    {
        let Some(Json::Object(entries)) = body.get(section) else { continue };
        if entries.len() > limit {
            let what = match section {
                "Resources" => "resources",
                "Parameters" => "parameters",
                _ => "outputs",
            };
            problems.push(Problem::TooMany { what, count: entries.len(), limit });
        }
        for id in entries.keys().filter(|id| !is_logical_id(id)) {
            problems.push(Problem::MalformedId { id: id.clone() });
        }
    }
    let names = |section: &str| -> BTreeSet<String> {
        body.get(section).and_then(Json::as_object).into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    let (resources, parameters) = (names("Resources"), names("Parameters"));
    for id in resources.intersection(&parameters) {
        problems.push(Problem::DuplicateId { id: id.clone() });
    }
    let mut check = Check { template, resources, parameters, place: Vec::new(), problems };
    let body = body.into_iter().map(|(section, entry)| (section, check.resolve(entry))).collect();
    Json::Object(body)
}

fn is_logical_id(id: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `Fn::Join` without a separator as the shorter `Fn::Sub`.
fn substitute(map: Map<String, Json>) -> Json {
    let pattern = match map.get("Fn::Join").and_then(Json::as_array).map(Vec::as_slice) {
        Some([Json::String(separator), Json::Array(parts)]) if separator.is_empty() => {
            parts.iter().map(pattern).collect::<Option<String>>()
        }
        _ => None,
    };
    match pattern {
        Some(pattern) => json!({"Fn::Sub": pattern}),
        None => Json::Object(map),
    }
}

/// A part of a join as it stands in a substitution.
fn pattern(part: &Json) -> Option<String> {
    if let Some(text) = part.as_str() {
        return Some(text.replace("${", "${!"));
    }
    let member = |key: &str| part.get(key);
    let attribute = || {
        let pair = member("Fn::GetAtt")?.as_array()?;
        Some(format!("${{{}.{}}}", pair.first()?.as_str()?, pair.get(1)?.as_str()?))
    };
    let reference = || Some(format!("${{{}}}", member("Ref")?.as_str()?));
    let substitution = || member("Fn::Sub")?.as_str().map(str::to_owned);
    reference().or_else(attribute).or_else(substitution)
}

struct Check<'a> {
    template: &'a str,
    resources: BTreeSet<String>,
    parameters: BTreeSet<String>,
    place: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn resolve(&mut self, json: Json) -> Json {
        match json {
            Json::Object(mut map) => match map.remove(REFERENCE) {
                Some(reference) => self.reference(&reference),
                None => {
                    if let Some(Json::String(pattern)) = map.get("Fn::Sub") {
                        self.substitution(pattern);
                    }
                    let map = map.into_iter().map(|(key, value)| self.member(key, value)).collect();
                    substitute(map)
                }
            },
            Json::Array(items) => Json::Array(items.into_iter().map(|item| self.resolve(item)).collect()),
            scalar => scalar,
        }
    }

    fn member(&mut self, key: String, value: Json) -> (String, Json) {
        self.place.push(key.clone());
        let value = self.resolve(value);
        self.place.pop();
        (key, value)
    }

    fn reference(&mut self, reference: &Json) -> Json {
        let text = |index: usize| reference.get(index).and_then(Json::as_str);
        let (owner, target) = (text(0).unwrap_or_default(), text(1).unwrap_or_default());
        let attribute = text(2);
        let known =
            self.resources.contains(target) || (attribute.is_none() && self.parameters.contains(target));
        if owner != self.template {
            let (target, owner) = (target.to_owned(), owner.to_owned());
            self.problems.push(Problem::Foreign { place: self.place.join("."), target, owner });
        } else if !known {
            self.problems.push(Problem::Dangling { place: self.place.join("."), target: target.to_owned() });
        }
        match attribute {
            None => json!({"Ref": target}),
            Some(ID_ONLY) => json!(target),
            Some(attribute) => json!({"Fn::GetAtt": [target, attribute]}),
        }
    }

    fn substitution(&mut self, pattern: &str) {
        for part in pattern.split("${").skip(1) {
            let variable = part.split('}').next().unwrap_or_default();
            // `${!name}` stands for `${name}` itself: a variable of a policy.
            if !variable.starts_with("AWS::") && !variable.starts_with('!') {
                let variable = variable.to_owned();
                self.problems.push(Problem::Substitution { place: self.place.join("."), variable });
            }
        }
    }
}
