//! Smithy RPC v2 CBOR: JSON's data model, with timestamps as tag 1 (epoch seconds).

use ciborium::Value as Cbor;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::Service;

const TAG_EPOCH_SECS: u64 = 1;

pub(super) fn decode<I: DeserializeOwned>(body: &[u8]) -> Result<I, String> {
    let value = if body.is_empty() {
        Value::Object(Map::new())
    } else {
        let cbor: Cbor = ciborium::from_reader(body).map_err(|error| error.to_string())?;
        from_cbor(cbor)?
    };
    serde_json::from_value(value).map_err(|error| error.to_string())
}

pub(super) fn encode(service: Service, value: &Value) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    ciborium::into_writer(&to_cbor(service, "", value), &mut body).map_err(|error| error.to_string())?;
    Ok(body)
}

/// A value without timestamps.
pub(super) fn plain(value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    // Writing to memory does not fail; an empty body would be read as an error without details.
    let _ = ciborium::into_writer(value, &mut body);
    body
}

fn from_cbor(cbor: Cbor) -> Result<Value, String> {
    Ok(match cbor {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Integer(integer) => match (u64::try_from(integer), i64::try_from(integer)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => return Err("an integer beyond 64 bits".to_owned()),
        },
        Cbor::Float(number) => {
            Number::from_f64(number).map(Value::Number).ok_or_else(|| format!("{number} is not a number"))?
        }
        Cbor::Text(text) => Value::String(text),
        Cbor::Array(items) => Value::Array(items.into_iter().map(from_cbor).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let mut fields = Map::new();
            for (name, value) in entries {
                let Cbor::Text(name) = name else { return Err("a map key that is not text".to_owned()) };
                fields.insert(name, from_cbor(value)?);
            }
            Value::Object(fields)
        }
        Cbor::Tag(TAG_EPOCH_SECS, inner) => from_cbor(*inner)?,
        other => return Err(format!("{other:?} has no place in an AWS request")),
    })
}

fn to_cbor(service: Service, member: &str, value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Number(number) if service.is_timestamp(member) => {
            Cbor::Tag(TAG_EPOCH_SECS, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
        }
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Cbor::Integer(number.into()),
            (_, Some(number)) => Cbor::Integer(number.into()),
            _ => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(service, member, item)).collect()),
        Value::Object(fields) => Cbor::Map(
            fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (Cbor::Text(name.clone()), to_cbor(service, name, value)))
                .collect(),
        ),
    }
}
