//! Template values with their functions, compiled once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A value of a template: literals are folded, functions are nodes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cfn) enum Expr {
    Literal(Value),
    Object(Vec<(String, Expr)>),
    List(Vec<Expr>),
    Ref(String),
    /// Resource and attribute.
    GetAtt(String, String),
    /// `Fn::Sub`: its pieces, joined.
    Concat(Vec<Expr>),
    /// Delimiter and list.
    Join(String, Box<Expr>),
    /// Index and list.
    Select(Box<Expr>, Box<Expr>),
    /// Delimiter and text.
    Split(String, Box<Expr>),
    /// Condition, value when it holds, value otherwise.
    If(String, Box<Expr>, Box<Expr>),
    /// Map, two keys, and the default of the language extensions.
    FindInMap(Box<[Expr; 3]>, Option<Box<Expr>>),
    Base64(Box<Expr>),
    /// Block, count, host bits.
    Cidr(Box<[Expr; 3]>),
    GetAzs(Box<Expr>),
    ImportValue(Box<Expr>),
    ToJsonString(Box<Expr>),
    Length(Box<Expr>),
    Equals(Box<Expr>, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Condition(String),
    /// Whether every element of the first list is in the second (`Fn::Contains` takes them the other way).
    EachMemberIn(Box<Expr>, Box<Expr>),
    /// Whether every element of the list is the value.
    EachMemberEquals(Box<Expr>, Box<Expr>),
}

/// Compiles `value`.
///
/// # Errors
/// CloudFormation's message for a function with the wrong arguments.
pub(super) fn compile(value: &Value) -> Result<Expr, String> {
    match value {
        Value::Object(map) => {
            if let Some((name, argument)) = sole_entry(map)
                && let Some(function) = function(name, argument)?
            {
                return Ok(function);
            }
            let entries = map
                .iter()
                .map(|(name, entry)| Ok((name.clone(), compile(entry)?)))
                .collect::<Result<Vec<_>, String>>()?;
            Ok(if entries.iter().all(|(_, entry)| matches!(entry, Expr::Literal(_))) {
                Expr::Literal(value.clone())
            } else {
                Expr::Object(entries)
            })
        }
        Value::Array(items) => {
            let items = compile_all(items)?;
            Ok(if items.iter().all(|item| matches!(item, Expr::Literal(_))) {
                Expr::Literal(value.clone())
            } else {
                Expr::List(items)
            })
        }
        Value::Null => {
            Err("Template format error: [/] 'null' values are not allowed in templates".to_owned())
        }
        scalar => Ok(Expr::Literal(scalar.clone())),
    }
}

fn sole_entry(map: &Map<String, Value>) -> Option<(&String, &Value)> {
    if map.len() == 1 { map.iter().next() } else { None }
}

fn compile_all(items: &[Value]) -> Result<Vec<Expr>, String> {
    items.iter().map(compile).collect()
}

fn boxed(value: &Value) -> Result<Box<Expr>, String> {
    compile(value).map(Box::new)
}

fn items<'a>(argument: &'a Value, message: &str) -> Result<&'a [Value], String> {
    argument.as_array().map(Vec::as_slice).ok_or_else(|| message.to_owned())
}

fn text(value: &Value, message: &str) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| message.to_owned())
}

fn function(name: &str, argument: &Value) -> Result<Option<Expr>, String> {
    let expr = match name {
        "Ref" => {
            Expr::Ref(text(argument, "Template error: every Ref object must have a single String value.")?)
        }
        // A property may be called Condition too; as a function its argument is the name of one.
        "Condition" => match argument {
            Value::String(condition) => Expr::Condition(condition.clone()),
            _ => return Ok(None),
        },
        "Fn::GetAtt" => get_att(argument)?,
        "Fn::Sub" => sub(argument)?,
        "Fn::Join" => {
            let message = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.";
            match items(argument, message)? {
                [delimiter, list] => Expr::Join(text(delimiter, message)?, boxed(list)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::Select" => {
            let message = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list";
            match items(argument, message)? {
                [index, list] => Expr::Select(boxed(index)?, boxed(list)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::Split" => {
            let message = "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.";
            match items(argument, message)? {
                [delimiter, source] => Expr::Split(text(delimiter, message)?, boxed(source)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::If" => {
            let message = "Template error: Fn::If requires a list argument with three elements";
            match items(argument, message)? {
                [condition, yes, no] => Expr::If(text(condition, message)?, boxed(yes)?, boxed(no)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::FindInMap" => {
            let message = "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value";
            match items(argument, message)? {
                [map, top, second] => {
                    Expr::FindInMap(Box::new([compile(map)?, compile(top)?, compile(second)?]), None)
                }
                [map, top, second, default] => {
                    let default = default.get("DefaultValue").ok_or(message)?;
                    Expr::FindInMap(
                        Box::new([compile(map)?, compile(top)?, compile(second)?]),
                        Some(boxed(default)?),
                    )
                }
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::Base64" => Expr::Base64(boxed(argument)?),
        "Fn::Cidr" => {
            let message = "Template error: Fn::Cidr requires a list argument with two or three elements";
            match items(argument, message)? {
                [block, count] => {
                    Expr::Cidr(Box::new([compile(block)?, compile(count)?, Expr::Literal(8.into())]))
                }
                [block, count, bits] => {
                    Expr::Cidr(Box::new([compile(block)?, compile(count)?, compile(bits)?]))
                }
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::GetAZs" => Expr::GetAzs(boxed(argument)?),
        "Fn::ImportValue" => Expr::ImportValue(boxed(argument)?),
        "Fn::ToJsonString" => Expr::ToJsonString(boxed(argument)?),
        "Fn::Length" => Expr::Length(boxed(argument)?),
        "Fn::Equals" => {
            let message = "Template error: every Fn::Equals object requires a list of 2 string parameters.";
            match items(argument, message)? {
                [left, right] => Expr::Equals(boxed(left)?, boxed(right)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::And" | "Fn::Or" => {
            let message = format!(
                "Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters."
            );
            let list = items(argument, &message)?;
            if !(2..=10).contains(&list.len()) {
                return Err(message);
            }
            let list = compile_all(list)?;
            if name == "Fn::And" { Expr::And(list) } else { Expr::Or(list) }
        }
        "Fn::Not" => {
            let message = "Template error: every Fn::Not object requires one boolean parameter.";
            match items(argument, message)? {
                [condition] => Expr::Not(boxed(condition)?),
                _ => return Err(message.to_owned()),
            }
        }
        "Fn::Contains" | "Fn::EachMemberIn" | "Fn::EachMemberEquals" => {
            let message = format!("Template error: every {name} object requires a list of 2 parameters.");
            match items(argument, &message)? {
                [list, value] if name == "Fn::EachMemberIn" => {
                    Expr::EachMemberIn(boxed(list)?, boxed(value)?)
                }
                [list, value] if name == "Fn::EachMemberEquals" => {
                    Expr::EachMemberEquals(boxed(list)?, boxed(value)?)
                }
                [list, value] => {
                    Expr::EachMemberIn(Box::new(Expr::List(vec![compile(value)?])), boxed(list)?)
                }
                _ => return Err(message),
            }
        }
        other if other.starts_with("Fn::") => return Err(format!("not modelled: the function {other}")),
        _ => return Ok(None),
    };
    Ok(Some(expr))
}

fn get_att(argument: &Value) -> Result<Expr, String> {
    let message = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute";
    let (resource, attribute) = match argument {
        Value::String(text) => text.split_once('.').ok_or(message)?,
        Value::Array(list) => match list.as_slice() {
            [Value::String(resource), Value::String(attribute)] => (resource.as_str(), attribute.as_str()),
            _ => return Err(message.to_owned()),
        },
        _ => return Err(message.to_owned()),
    };
    if resource.is_empty() || attribute.is_empty() {
        return Err(message.to_owned());
    }
    Ok(Expr::GetAtt(resource.to_owned(), attribute.to_owned()))
}

fn sub(argument: &Value) -> Result<Expr, String> {
    let message = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string";
    let empty = Map::new();
    let (source, variables) = match argument {
        Value::String(source) => (source.as_str(), &empty),
        Value::Array(list) => match list.as_slice() {
            [Value::String(source), Value::Object(variables)] => (source.as_str(), variables),
            _ => return Err(message.to_owned()),
        },
        _ => return Err(message.to_owned()),
    };
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        if let Some(literal) = name.strip_prefix('!') {
            pieces.push(Expr::Literal(format!("{}${{{literal}}}", &rest[..start]).into()));
        } else {
            if start > 0 {
                pieces.push(Expr::Literal(rest[..start].into()));
            }
            let name = name.trim();
            pieces.push(match (variables.get(name), name.split_once('.')) {
                (Some(variable), _) => compile(variable)?,
                (None, Some((resource, attribute))) => {
                    Expr::GetAtt(resource.to_owned(), attribute.to_owned())
                }
                (None, None) => Expr::Ref(name.to_owned()),
            });
        }
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Expr::Literal(rest.into()));
    }
    Ok(match pieces.as_slice() {
        [Expr::Literal(_)] => pieces.swap_remove(0),
        _ => Expr::Concat(pieces),
    })
}

/// What an expression depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::cfn) struct Uses {
    /// Names in `Ref` and `Fn::Sub`: parameters, pseudo parameters or resources.
    pub refs: BTreeSet<String>,
    /// Resource and attribute of `Fn::GetAtt`.
    pub attributes: BTreeSet<(String, String)>,
    /// Conditions.
    pub conditions: BTreeSet<String>,
    /// Whether it imports values of other stacks.
    pub imports: bool,
}

impl Expr {
    /// Adds what this expression depends on to `uses`.
    pub(in crate::cfn) fn collect(&self, uses: &mut Uses) {
        match self {
            Self::Literal(_) => {}
            Self::Ref(name) => {
                uses.refs.insert(name.clone());
            }
            Self::GetAtt(resource, attribute) => {
                uses.attributes.insert((resource.clone(), attribute.clone()));
            }
            Self::Condition(name) => {
                uses.conditions.insert(name.clone());
            }
            Self::Object(entries) => entries.iter().for_each(|(_, entry)| entry.collect(uses)),
            Self::List(items) | Self::Concat(items) | Self::And(items) | Self::Or(items) => {
                items.iter().for_each(|item| item.collect(uses));
            }
            Self::If(condition, yes, no) => {
                uses.conditions.insert(condition.clone());
                yes.collect(uses);
                no.collect(uses);
            }
            Self::Select(a, b)
            | Self::Equals(a, b)
            | Self::EachMemberIn(a, b)
            | Self::EachMemberEquals(a, b) => {
                a.collect(uses);
                b.collect(uses);
            }
            Self::FindInMap(keys, default) => {
                keys.iter().for_each(|key| key.collect(uses));
                if let Some(default) = default {
                    default.collect(uses);
                }
            }
            Self::Cidr(arguments) => arguments.iter().for_each(|argument| argument.collect(uses)),
            Self::ImportValue(name) => {
                uses.imports = true;
                name.collect(uses);
            }
            Self::Join(_, inner)
            | Self::Split(_, inner)
            | Self::Base64(inner)
            | Self::GetAzs(inner)
            | Self::ToJsonString(inner)
            | Self::Length(inner)
            | Self::Not(inner) => inner.collect(uses),
        }
    }
}
