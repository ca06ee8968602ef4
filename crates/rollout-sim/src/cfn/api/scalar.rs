//! Scalars that arrive as themselves or as text.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Number(u32),
    Text(String),
}

/// An optional boolean: `true`, `"true"`, `"false"`.
pub(super) fn opt_bool<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    match Option::<Scalar>::deserialize(from)? {
        None => Ok(None),
        Some(Scalar::Bool(value)) => Ok(Some(value)),
        Some(Scalar::Text(text)) => text
            .to_ascii_lowercase()
            .parse()
            .map(Some)
            .map_err(|_| D::Error::custom(format!("{text:?} is not a boolean"))),
        Some(Scalar::Number(number)) => Err(D::Error::custom(format!("{number} is not a boolean"))),
    }
}

/// An optional count: `5`, `"5"`.
pub(super) fn opt_u32<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match Option::<Scalar>::deserialize(from)? {
        None => Ok(None),
        Some(Scalar::Number(number)) => Ok(Some(number)),
        Some(Scalar::Text(text)) => {
            text.parse().map(Some).map_err(|_| D::Error::custom(format!("{text:?} is not a whole number")))
        }
        Some(Scalar::Bool(value)) => Err(D::Error::custom(format!("{value} is not a number"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::cfn::api::{CreateStackInput, DescribeStackResourceDriftsInput};

    #[test]
    fn the_query_protocol_sends_scalars_as_text() {
        let input: CreateStackInput = serde_json::from_str(
            r#"{"StackName":"a","DisableRollback":"true","TimeoutInMinutes":"5","EnableTerminationProtection":false}"#,
        )
        .unwrap_or_default();
        assert_eq!(input.disable_rollback, Some(true));
        assert_eq!(input.timeout_in_minutes, Some(5));
        assert_eq!(input.enable_termination_protection, Some(false));
    }

    #[test]
    fn a_number_that_is_none_is_refused() {
        let bad =
            serde_json::from_str::<DescribeStackResourceDriftsInput>(r#"{"StackName":"a","MaxResults":"x"}"#);
        assert!(bad.is_err());
    }
}
