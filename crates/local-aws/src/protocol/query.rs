//! Inputs of the AWS query protocol: a form whose dotted names spell a tree.
//!
//! Every scalar is text; [`Node`] is a serde deserializer that reads it as the type the input asks for.
//! A list is `Name.member.1`, a map `Name.entry.1.key` and `.value`, an empty list a name without a value.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

/// Deepest nesting of a name; botocore's models stay below ten.
const MAX_DEPTH: usize = 32;

/// What an item of a list is called: `member`, and in RDS by what it is (`locationName` in botocore's model).
const ITEM_NAMES: [&str; 3] = ["member", "Tag", "VpcSecurityGroupId"];

/// The form field `Action`.
pub(crate) fn action(body: &[u8]) -> Option<String> {
    form_urlencoded::parse(body).find(|(name, _)| name == "Action").map(|(_, value)| value.into_owned())
}

pub(super) fn decode<I: DeserializeOwned>(body: &[u8]) -> Result<I, QueryError> {
    let mut root = Node::default();
    for (name, value) in form_urlencoded::parse(body) {
        if name != "Action" && name != "Version" {
            root.insert(&name, epoch_secs(&name, &value).unwrap_or_else(|| value.into_owned()))?;
        }
    }
    I::deserialize(Branch(root))
}

/// The input members that are timestamps (botocore's models of the query services): RFC 3339 on the wire,
/// seconds since the epoch inside.
fn epoch_secs(name: &str, value: &str) -> Option<String> {
    let member = name.rsplit('.').next()?;
    if !matches!(member, "RestoreTime" | "StartTime" | "EndTime" | "StartDate" | "EndDate" | "Timestamp") {
        return None;
    }
    let moment: jiff::Timestamp = value.parse().ok()?;
    Some((moment.as_duration().as_secs_f64()).to_string())
}

#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn insert(&mut self, name: &str, value: String) -> Result<(), QueryError> {
        let mut node = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth >= MAX_DEPTH {
                return Err(QueryError(format!("parameter {name:?} is nested too deeply")));
            }
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.value = Some(value);
        Ok(())
    }
}

/// A [`Node`] to be read; owns it, so that texts are moved and not copied.
struct Branch(Node);

impl Branch {
    fn text(self) -> Result<String, QueryError> {
        if self.0.children.is_empty() {
            Ok(self.0.value.unwrap_or_default())
        } else {
            Err(QueryError("a structure where a plain value belongs".into()))
        }
    }

    fn parse<T: std::str::FromStr>(self, what: &str) -> Result<T, QueryError> {
        let text = self.text()?;
        text.parse().map_err(|_| QueryError(format!("{text:?} is not {what}")))
    }

    /// The items under `member` in the order of their numbers.
    fn items(mut self) -> Result<Vec<Self>, QueryError> {
        let name = ITEM_NAMES.iter().find(|name| self.0.children.contains_key(**name));
        let Some(members) = name.and_then(|name| self.0.children.remove(*name)) else {
            return match self.0.children.keys().next() {
                None if self.0.value.as_deref().unwrap_or_default().is_empty() => Ok(Vec::new()),
                None => Err(QueryError("a plain value where a list belongs".into())),
                Some(name) => Err(QueryError(format!("expected `member` in a list, found {name:?}"))),
            };
        };
        numbered(members)
    }
}

fn numbered(members: Node) -> Result<Vec<Branch>, QueryError> {
    let mut items = Vec::with_capacity(members.children.len());
    for (number, node) in members.children {
        let position: usize =
            number.parse().map_err(|_| QueryError(format!("{number:?} is not a position in a list")))?;
        items.push((position, Branch(node)));
    }
    items.sort_by_key(|(position, _)| *position);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

macro_rules! parsed {
    ($($method:ident => $visit:ident, $what:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
            visitor.$visit(self.parse($what)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Branch {
    type Error = QueryError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        if ITEM_NAMES.iter().any(|name| self.0.children.contains_key(*name)) {
            self.deserialize_seq(visitor)
        } else if self.0.children.is_empty() {
            visitor.visit_string(self.text()?)
        } else {
            self.deserialize_map(visitor)
        }
    }

    parsed! {
        deserialize_bool => visit_bool, "true or false";
        deserialize_i8 => visit_i8, "an integer";
        deserialize_i16 => visit_i16, "an integer";
        deserialize_i32 => visit_i32, "an integer";
        deserialize_i64 => visit_i64, "an integer";
        deserialize_u8 => visit_u8, "a non-negative integer";
        deserialize_u16 => visit_u16, "a non-negative integer";
        deserialize_u32 => visit_u32, "a non-negative integer";
        deserialize_u64 => visit_u64, "a non-negative integer";
        deserialize_f32 => visit_f32, "a number";
        deserialize_f64 => visit_f64, "a number";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, QueryError> {
        visitor.visit_seq(SeqDeserializer::new(self.items()?.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, QueryError> {
        let Some(entries) = self.0.children.remove("entry") else {
            let members = self.0.children.into_iter().map(|(name, node)| (name, Self(node)));
            return visitor.visit_map(MapDeserializer::new(members));
        };
        let mut pairs = Vec::new();
        for mut entry in numbered(entries)? {
            let mut half = |name| Self(entry.0.children.remove(name).unwrap_or_default());
            pairs.push((half("key").text()?, half("value")));
        }
        visitor.visit_map(MapDeserializer::new(pairs.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, QueryError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, QueryError> {
        let text: StringDeserializer<QueryError> = self.text()?.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, QueryError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, QueryError> for Branch {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A form that does not spell the operation's input.
#[derive(Debug)]
pub(super) struct QueryError(String);

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for QueryError {}

impl serde::de::Error for QueryError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
