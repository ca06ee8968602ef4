//! Property values: literals, references and the intrinsic functions that combine them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::kind::{ArnKind, AvailabilityZone, PolicyResource, Text, TextList};

/// Keys under which a typed reference travels from a resource's serialisation to [`Template`](crate::Template), which
/// checks it and puts `Ref` or `Fn::GetAtt` there. The NUL keeps them out of the way of real property names.
pub(crate) const REFERENCE: &str = "\0Reference";

/// A property value of kind `K` in stack `S`: known now, or known to CloudFormation when it deploys.
///
/// Serialises to the literal or to the intrinsic function. Made from a literal ([`Value::literal`]; texts also by
/// `into()`), by a handle's methods, by [`Template::parameter`](crate::Template::parameter) or by the functions here.
pub struct Value<S, K> {
    expr: Expr,
    brand: PhantomData<fn() -> (S, K)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Literal(String),
    Reference { template: Arc<str>, target: Arc<str>, attribute: Option<&'static str> },
    Pseudo(&'static str),
    Sub(String),
    Join { separator: &'static str, parts: Vec<Expr> },
    JoinList { separator: &'static str, list: Box<Expr> },
    AvailabilityZone(usize),
    If { condition: String, then: Box<Expr>, otherwise: Box<Expr> },
}

impl<S, K> Value<S, K> {
    fn new(expr: Expr) -> Self {
        Self { expr, brand: PhantomData }
    }

    /// A value that is known now. Nothing checks that the text is of the kind: prefer a handle's method.
    pub fn literal(text: impl Into<String>) -> Self {
        Self::new(Expr::Literal(text.into()))
    }

    pub(crate) fn reference(template: Arc<str>, target: Arc<str>, attribute: Option<&'static str>) -> Self {
        Self::new(Expr::Reference { template, target, attribute })
    }

    /// `Fn::If`: this where the condition holds.
    pub(crate) fn choice(condition: String, then: Self, otherwise: Self) -> Self {
        Self::new(Expr::If { condition, then: Box::new(then.expr), otherwise: Box::new(otherwise.expr) })
    }

    /// `Fn::Sub` over pseudo parameters only (`${AWS::Partition}`, `${AWS::Region}`, `${AWS::AccountId}`): the way to
    /// write an ARN or an endpoint; `${!aws:PrincipalTag/Team}` is what a policy has as `${aws:PrincipalTag/Team}`. Resources are referred to by handles, so a `${LogicalId}` in here is reported by
    /// [`Template::finish`](crate::Template::finish).
    pub fn sub(pattern: impl Into<String>) -> Self {
        Self::new(Expr::Sub(pattern.into()))
    }

    /// The parts written one after another.
    pub fn concat(parts: impl IntoIterator<Item = Value<S, Text>>) -> Self {
        Self::join("", parts)
    }

    /// The parts with `separator` between them (`Fn::Join`); adjoining literals become one.
    pub fn join(separator: &'static str, parts: impl IntoIterator<Item = Value<S, Text>>) -> Self {
        let mut folded: Vec<Expr> = Vec::new();
        for Value { expr, .. } in parts {
            match (folded.last_mut(), expr) {
                (Some(Expr::Literal(before)), Expr::Literal(text)) => {
                    before.push_str(separator);
                    before.push_str(&text);
                }
                (_, expr) => folded.push(expr),
            }
        }
        match <[Expr; 1]>::try_from(folded) {
            Ok([only]) => Self::new(only),
            Err(parts) => Self::new(Expr::Join { separator, parts }),
        }
    }

    /// The same value where any text will do: a part of [`Value::concat`], an environment variable, an output.
    pub fn text(self) -> Value<S, Text> {
        Value::new(self.expr)
    }

    /// The text of a literal; `None` for what only CloudFormation knows.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.expr {
            Expr::Literal(text) => Some(text),
            _ => None,
        }
    }
}

impl<S, K: ArnKind> Value<S, K> {
    /// The ARN as the resource of a policy statement.
    pub fn resource(self) -> Value<S, PolicyResource> {
        Value::new(self.expr)
    }
}

impl<S> Value<S, Text> {
    /// The JSON text of `value`, for properties that hold a document as text; empty if it has none.
    pub fn json(value: &impl Serialize) -> Self {
        Self::literal(serde_json::to_string(value).unwrap_or_default())
    }

    /// The account that the stack is in.
    pub fn account_id() -> Self {
        Self::new(Expr::Pseudo("AWS::AccountId"))
    }

    /// The region that the stack is in.
    pub fn region() -> Self {
        Self::new(Expr::Pseudo("AWS::Region"))
    }
}

impl<S> Value<S, TextList> {
    /// The list's texts with `separator` between them.
    pub fn joined(self, separator: &'static str) -> Value<S, Text> {
        Value::new(Expr::JoinList { separator, list: Box::new(self.expr) })
    }
}

impl<S> Value<S, AvailabilityZone> {
    /// The region's availability zone number `index`, from 0, in the account's order.
    pub fn nth(index: usize) -> Self {
        Self::new(Expr::AvailabilityZone(index))
    }
}

impl<S> From<&str> for Value<S, Text> {
    fn from(text: &str) -> Self {
        Self::literal(text)
    }
}

impl<S> From<String> for Value<S, Text> {
    fn from(text: String) -> Self {
        Self::literal(text)
    }
}

// Written out: derived, these would ask the same of the markers `S` and `K`, which are not there at run time.
impl<S, K> Clone for Value<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<S, K> fmt::Debug for Value<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl<S, K> PartialEq for Value<S, K> {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl<S, K> Serialize for Value<S, K> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        self.expr.serialize(serializer)
    }
}

impl Serialize for Expr {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        if let Self::Literal(text) = self {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Literal(_) => {}
            Self::Reference { template, target, attribute } => {
                map.serialize_entry(REFERENCE, &(&**template, &**target, attribute))?;
            }
            Self::Pseudo(name) => map.serialize_entry("Ref", name)?,
            Self::Sub(pattern) => map.serialize_entry("Fn::Sub", pattern)?,
            Self::Join { separator, parts } => map.serialize_entry("Fn::Join", &(separator, parts))?,
            Self::JoinList { separator, list } => map.serialize_entry("Fn::Join", &(separator, list))?,
            Self::If { condition, then, otherwise } => {
                map.serialize_entry("Fn::If", &(condition, then, otherwise))?;
            }
            Self::AvailabilityZone(index) => {
                map.serialize_entry("Fn::Select", &(index, serde_json::json!({"Fn::GetAZs": ""})))?;
            }
        }
        map.end()
    }
}
