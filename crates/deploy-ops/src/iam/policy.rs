//! The policy of a deploy role as the shared template has it, with the account's own names put in.

use std::collections::BTreeMap;
use std::fmt;

use env_config::{Config, Environment, SharedNames};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::inputs;
use crate::template::{Section, Template};

/// What a role may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Name of the role.
    pub role: String,
    /// Subjects of the tokens that it trusts.
    pub trusted_subjects: Vec<String>,
    /// Statements, in template order.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// Actions, with wildcards.
    pub actions: Vec<String>,
    /// ARNs, with wildcards.
    pub resources: Vec<String>,
    /// `OPERATOR KEY = VALUE, …`
    pub conditions: Vec<String>,
}

/// The policy of the role that deploys to an environment.
///
/// # Errors
/// [`Failure`]: the template cannot be made, or has no such role.
pub fn deploy_policy(config: &Config, environment: &Environment) -> Result<Policy, Failure> {
    let role = SharedNames::new(&config.platform).deploy_role(&environment.name);
    of_role(config, &role)
}

/// The policy of a role of the shared stack, by name.
pub(super) fn of_role(config: &Config, role: &str) -> Result<Policy, Failure> {
    let template = inputs::shared_template(config)?;
    let properties = template
        .entries(Section::Resources)
        .map(|(_, resource)| &resource["Properties"])
        .find(|properties| properties["RoleName"] == role)
        .ok_or_else(|| Failure::Guard {
            reason: format!("the shared template has no role {role}"),
            hint: "cargo xtask synth shared".to_owned(),
        })?;
    let mut render = Renderer { config, template: &template, tags: Vec::new() };
    let tags = list(&properties["Tags"]).into_iter();
    render.tags = tags.map(|tag| (render.text(&tag["Key"]), render.text(&tag["Value"]))).collect();
    let inline = list(&properties["Policies"]).into_iter().map(|policy| &policy["PolicyDocument"]);
    let managed = list(&properties["ManagedPolicyArns"]).into_iter().filter_map(|arn| {
        let policy = template.get(Section::Resources, arn["Ref"].as_str()?)?;
        Some(&policy["Properties"]["PolicyDocument"])
    });
    let statements = inline.chain(managed).flat_map(|document| list(&document["Statement"]));
    let trust = list(&properties["AssumeRolePolicyDocument"]["Statement"]);
    let subjects = trust.iter().flat_map(|statement| render.conditions(statement)).filter_map(|condition| {
        let (key, values) = condition.split_once(" = ")?;
        key.ends_with(":sub").then(|| values.split(", ").map(str::to_owned).collect::<Vec<_>>())
    });
    Ok(Policy {
        role: role.to_owned(),
        trusted_subjects: subjects.flatten().collect(),
        statements: statements.map(|statement| render.statement(statement)).collect(),
    })
}

/// One or many: policies write a single value without brackets.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

struct Renderer<'a> {
    config: &'a Config,
    template: &'a Template,
    /// Tags of the role: what `${aws:PrincipalTag/KEY}` stands for.
    tags: Vec<(String, String)>,
}

impl Renderer<'_> {
    fn statement(&self, statement: &Value) -> Statement {
        let texts = |key: &str| list(&statement[key]).into_iter().map(|it| self.text(it)).collect();
        Statement {
            effect: statement["Effect"].as_str().unwrap_or_default().to_owned(),
            actions: texts("Action"),
            resources: texts("Resource"),
            conditions: self.conditions(statement),
        }
    }

    fn conditions(&self, statement: &Value) -> Vec<String> {
        let operators = statement["Condition"].as_object();
        let each = operators.into_iter().flatten().flat_map(|(operator, keys)| {
            keys.as_object().into_iter().flatten().map(move |(key, values)| (operator, key, values))
        });
        each.map(|(operator, key, values)| {
            let values: Vec<String> = list(values).into_iter().map(|value| self.text(value)).collect();
            format!("{operator} {key} = {}", values.join(", "))
        })
        .collect()
    }

    /// A value as it will be; what only CloudFormation knows stays as `<LogicalId.Attribute>`.
    fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.tagged(text),
            Value::Object(function) => match function.iter().next() {
                Some((name, argument)) => self.function(name, argument),
                None => String::new(),
            },
            other => other.to_string(),
        }
    }

    fn function(&self, name: &str, argument: &Value) -> String {
        match (name, argument) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &BTreeMap::new()),
            ("Fn::Sub", Value::Array(parts)) => {
                let own = parts.get(1).and_then(Value::as_object);
                let own =
                    own.into_iter().flatten().map(|(name, value)| (name.clone(), self.text(value))).collect();
                self.substitute(parts.first().and_then(Value::as_str).unwrap_or_default(), &own)
            }
            ("Fn::GetAtt", path) => {
                let path: Vec<&str> = list(path).into_iter().filter_map(Value::as_str).collect();
                self.attribute(&path.join("."))
            }
            ("Fn::Join", Value::Array(parts)) => {
                let separator = parts.first().and_then(Value::as_str).unwrap_or_default();
                let items = parts.get(1).map(list).unwrap_or_default();
                items.into_iter().map(|item| self.text(item)).collect::<Vec<_>>().join(separator)
            }
            _ => format!("<{name}>"),
        }
    }

    fn substitute(&self, text: &str, own: &BTreeMap<String, String>) -> String {
        let mut rest = text;
        let mut answer = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, left) = after.split_once('}').unwrap_or((after, ""));
            answer.push_str(before);
            match own.get(name) {
                Some(value) => answer.push_str(value),
                None if name.starts_with('!') => answer.push_str(&format!("${{{}}}", &name[1..])),
                None if name.contains('.') => answer.push_str(&self.attribute(name)),
                None => answer.push_str(&self.reference(name)),
            }
            rest = left;
        }
        self.tagged(&(answer + rest))
    }

    /// With the role's own tags in place of their variables.
    fn tagged(&self, text: &str) -> String {
        let tags = self.tags.iter();
        tags.fold(text.to_owned(), |text, (key, value)| {
            text.replace(&format!("${{aws:PrincipalTag/{key}}}"), value)
        })
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::Partition" => "aws".to_owned(),
            "AWS::Region" => self.config.platform.region.to_string(),
            "AWS::AccountId" => self.config.platform.account_id.to_string(),
            name => match self.template.get(Section::Resources, name) {
                // The ARN of a policy with a name is known beforehand.
                Some(resource) if resource["Properties"]["ManagedPolicyName"].is_string() => {
                    let policy = self.text(&resource["Properties"]["ManagedPolicyName"]);
                    format!("arn:aws:iam::{}:policy/{policy}", self.config.platform.account_id)
                }
                _ => format!("<{name}>"),
            },
        }
    }

    /// The ARN of a role with a name is known beforehand.
    fn attribute(&self, path: &str) -> String {
        let role = path
            .strip_suffix(".Arn")
            .and_then(|id| self.template.get(Section::Resources, id))
            .and_then(|resource| resource["Properties"]["RoleName"].as_str());
        match role {
            Some(role) => format!("arn:aws:iam::{}:role/{role}", self.config.platform.account_id),
            None => format!("<{path}>"),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "role {}", self.role)?;
        writeln!(f, "  assumed by GitHub's tokens with the subject")?;
        for subject in &self.trusted_subjects {
            writeln!(f, "    {subject}")?;
        }
        for statement in &self.statements {
            writeln!(f, "\n{}", statement.effect.to_lowercase())?;
            statement.actions.iter().try_for_each(|action| writeln!(f, "  {action}"))?;
            let mut on = "on";
            for resource in &statement.resources {
                writeln!(f, "  {on:<4} {resource}")?;
                on = "";
            }
            statement.conditions.iter().try_for_each(|condition| writeln!(f, "  if   {condition}"))?;
        }
        Ok(())
    }
}
