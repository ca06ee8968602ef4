//! Scalars as clients and templates write them: `5` and `"5"`, `true` and `"true"`.
//!
//! The query protocol sends every scalar as text, and CloudFormation accepts either form.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads a scalar from itself or from text; absent or null is `None`.
pub(crate) fn lenient_opt<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    deserializer.deserialize_any(ScalarVisitor(PhantomData))
}

/// Reads a scalar from itself or from text.
pub(crate) fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    lenient_opt(deserializer)?.ok_or_else(|| Error::custom("null where a value is required"))
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<T> ScalarVisitor<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn parse<E: Error>(text: &str) -> Result<Option<T>, E> {
        text.parse().map(Some).map_err(|error| E::custom(format_args!("{text:?}: {error}")))
    }
}

impl<'de, T> Visitor<'de> for ScalarVisitor<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar or its text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Self::parse(if value { "true" } else { "false" })
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Self::parse(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Self::parse(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Self::parse(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Self::parse(value)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Sample {
        #[serde(deserialize_with = "super::lenient_opt")]
        count: Option<u32>,
        #[serde(deserialize_with = "super::lenient")]
        enabled: bool,
    }

    #[test]
    fn text_and_scalars_read_the_same() {
        for text in [
            r#"{"count": "5", "enabled": "true"}"#,
            r#"{"count": 5, "enabled": true}"#,
            r#"{"count": 5.0, "enabled": true}"#,
        ] {
            assert_eq!(
                serde_json::from_str::<Sample>(text).unwrap(),
                Sample { count: Some(5), enabled: true }
            );
        }
        assert_eq!(serde_json::from_str::<Sample>(r#"{"count": null}"#).unwrap(), Sample::default());
        assert!(serde_json::from_str::<Sample>(r#"{"count": "many"}"#).is_err());
    }
}
