//! Evaluation of template values.

use serde_json::{Map, Value};

use super::expr::Expr;

/// What stands for a value that is known only after its resource was created, as in change sets.
pub(in crate::cfn) const UNKNOWN: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// Where names in a template get their values from. Errors are messages in CloudFormation's wording.
pub(in crate::cfn) trait Scope {
    /// Value of a parameter, a pseudo parameter or a resource; `Null` for `AWS::NoValue`.
    fn reference(&self, name: &str) -> Result<Value, String>;
    /// Attribute of a resource.
    fn attribute(&self, resource: &str, attribute: &str) -> Result<Value, String>;
    /// Whether a condition holds.
    fn condition(&self, name: &str) -> Result<bool, String>;
    /// Entry of a mapping.
    fn mapping(&self, map: &str, top: &str, second: &str) -> Option<&Value>;
    /// Value of another stack's export.
    fn import(&self, name: &str) -> Result<Value, String>;
    /// Availability zones of a region; the empty name is this region.
    fn zones(&self, region: &str) -> Vec<String>;
}

/// Whether `value` holds something that is known only later.
pub(in crate::cfn) fn is_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(UNKNOWN),
        Value::Array(items) => items.iter().any(is_unknown),
        Value::Object(map) => map.values().any(is_unknown),
        _ => false,
    }
}

/// Text of a scalar, as `Fn::Join`, `Fn::Sub` and parameters write it.
pub(in crate::cfn) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

impl Expr {
    /// Value in `scope`; `Null` stands for `AWS::NoValue` at the top.
    ///
    /// # Errors
    /// CloudFormation's message.
    pub(in crate::cfn) fn eval(&self, scope: &dyn Scope) -> Result<Value, String> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Object(entries) => {
                let mut map = Map::new();
                for (name, entry) in entries {
                    let value = entry.eval(scope)?;
                    if !value.is_null() {
                        map.insert(name.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Self::List(items) => Value::Array(eval_all(items, scope)?),
            Self::Ref(name) => scope.reference(name)?,
            Self::GetAtt(resource, attribute) => scope.attribute(resource, attribute)?,
            Self::Concat(pieces) => {
                let mut joined = String::new();
                for piece in pieces {
                    joined.push_str(&piece.text(scope, "Template error: Fn::Sub variables must be strings")?);
                }
                Value::String(joined)
            }
            Self::Join(delimiter, list) => {
                let message = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined";
                match list.eval(scope)? {
                    Value::Array(items) => {
                        let parts = items.iter().map(|item| scalar_text(item).ok_or(message));
                        parts.collect::<Result<Vec<_>, _>>()?.join(delimiter).into()
                    }
                    Value::String(text) if text.contains(UNKNOWN) => UNKNOWN.into(),
                    _ => return Err(message.to_owned()),
                }
            }
            Self::Select(index, list) => {
                let message = "Template error: Fn::Select requires an integer index and a list";
                let index: usize = index.text(scope, message)?.parse().map_err(|_| message)?;
                match list.eval(scope)? {
                    Value::Array(items) => match items.into_iter().nth(index) {
                        Some(item) => item,
                        None => {
                            return Err(format!(
                                "Template error: Fn::Select cannot select nonexistent value at index {index}"
                            ));
                        }
                    },
                    Value::String(text) if text.contains(UNKNOWN) => UNKNOWN.into(),
                    _ => return Err(message.to_owned()),
                }
            }
            Self::Split(delimiter, source) => {
                let source = source.text(scope, "Template error: Fn::Split requires a string to split")?;
                if source.contains(UNKNOWN) {
                    return Ok(UNKNOWN.into());
                }
                Value::Array(source.split(delimiter.as_str()).map(Value::from).collect())
            }
            Self::If(condition, yes, no) => {
                if scope.condition(condition)? {
                    yes.eval(scope)?
                } else {
                    no.eval(scope)?
                }
            }
            Self::FindInMap(keys, default) => find_in_map(keys, default.as_deref(), scope)?,
            Self::Base64(inner) => {
                let source = inner
                    .text(scope, "Template error: every Fn::Base64 object must have a String-typed value.")?;
                if source.contains(UNKNOWN) { UNKNOWN.into() } else { base64(source.as_bytes()).into() }
            }
            Self::Cidr(arguments) => cidr(arguments, scope)?,
            Self::GetAzs(region) => {
                let region = region
                    .text(scope, "Template error: every Fn::GetAZs object must have a String-typed value")?;
                Value::Array(scope.zones(&region).into_iter().map(Value::from).collect())
            }
            Self::ImportValue(name) => {
                let name = name.text(
                    scope,
                    "Template error: the attribute in Fn::ImportValue must not depend on any resources",
                )?;
                scope.import(&name)?
            }
            Self::ToJsonString(inner) => inner.eval(scope)?.to_string().into(),
            Self::Length(list) => match list.eval(scope)? {
                Value::Array(items) => items.len().into(),
                _ => return Err("Template error: Fn::Length requires a list".to_owned()),
            },
            boolean => boolean.holds(scope)?.into(),
        })
    }

    /// Whether a condition expression holds.
    ///
    /// # Errors
    /// CloudFormation's message.
    pub(in crate::cfn) fn holds(&self, scope: &dyn Scope) -> Result<bool, String> {
        Ok(match self {
            Self::Equals(left, right) => {
                let (left, right) = (left.eval(scope)?, right.eval(scope)?);
                left == right || (scalar_text(&left).is_some() && scalar_text(&left) == scalar_text(&right))
            }
            Self::And(items) => all(items, true, scope)?,
            Self::Or(items) => !all(items, false, scope)?,
            Self::Not(inner) => !inner.holds(scope)?,
            Self::Condition(name) => scope.condition(name)?,
            Self::EachMemberIn(members, list) => {
                let list = strings(&list.eval(scope)?);
                strings(&members.eval(scope)?).iter().all(|member| list.contains(member))
            }
            Self::EachMemberEquals(list, value) => {
                let value = value.text(scope, "Template error: Fn::EachMemberEquals requires a string")?;
                strings(&list.eval(scope)?).iter().all(|member| *member == value)
            }
            _ => return Err("Template format error: conditions must evaluate to true or false".to_owned()),
        })
    }

    fn text(&self, scope: &dyn Scope, message: &str) -> Result<String, String> {
        scalar_text(&self.eval(scope)?).ok_or_else(|| message.to_owned())
    }
}

fn eval_all(items: &[Expr], scope: &dyn Scope) -> Result<Vec<Value>, String> {
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let value = item.eval(scope)?;
        if !value.is_null() {
            values.push(value);
        }
    }
    Ok(values)
}

/// Whether every item is `expected`: stops at the first that is not.
fn all(items: &[Expr], expected: bool, scope: &dyn Scope) -> Result<bool, String> {
    for item in items {
        if item.holds(scope)? != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(scalar_text).collect(),
        other => scalar_text(other).into_iter().collect(),
    }
}

fn find_in_map(keys: &[Expr; 3], default: Option<&Expr>, scope: &dyn Scope) -> Result<Value, String> {
    let message = "Template error: Fn::FindInMap keys must be strings";
    let [map, top, second] = keys;
    let (map, top, second) =
        (map.text(scope, message)?, top.text(scope, message)?, second.text(scope, message)?);
    match (scope.mapping(&map, &top, &second), default) {
        (Some(found), _) => Ok(found.clone()),
        (None, Some(default)) => default.eval(scope),
        (None, None) => Err(format!("Template error: Unable to get mapping for {map}::{top}::{second}")),
    }
}

/// RFC 4648 with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (group >> (18 - 6 * position) & 63) as usize;
            text.push(if position <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

/// `count` blocks of `bits` host bits each, from the start of the block.
fn cidr(arguments: &[Expr; 3], scope: &dyn Scope) -> Result<Value, String> {
    let message =
        "Template error: Fn::Cidr requires a CIDR block, a count from 1 to 256 and a number of host bits";
    let [block, count, bits] = arguments;
    let block = block.text(scope, message)?;
    if block.contains(UNKNOWN) {
        return Ok(UNKNOWN.into());
    }
    let count: u32 = count.text(scope, message)?.parse().map_err(|_| message)?;
    let bits: u32 = bits.text(scope, message)?.parse().map_err(|_| message)?;
    let (address, prefix) = block.split_once('/').ok_or(message)?;
    let Ok(address) = address.parse::<std::net::Ipv4Addr>() else {
        return Err("not modelled: Fn::Cidr of an IPv6 block".to_owned());
    };
    let prefix: u32 = prefix.parse().map_err(|_| message)?;
    let fits = prefix <= 32 && (1..=256).contains(&count) && bits > 0 && bits < 32;
    let available = 1_u64 << (32 - prefix.min(32));
    if !fits || u64::from(count) << bits > available {
        return Err(message.to_owned());
    }
    let start = u32::from(address);
    let blocks = (0..count).map(|index| {
        let network = std::net::Ipv4Addr::from(start + (index << bits));
        Value::from(format!("{network}/{}", 32 - bits))
    });
    Ok(Value::Array(blocks.collect()))
}
