//! JSON Schemas, for editors and for the check of the files themselves.

use crate::{environment::Environment, platform::Platform};

/// Schema of `infra/platform.toml`.
pub(crate) fn platform() -> serde_json::Value {
    schemars::schema_for!(Platform).to_value()
}

/// Schema of a file under `infra/environments`.
pub(crate) fn environment() -> serde_json::Value {
    schemars::schema_for!(Environment).to_value()
}

/// Schema of a file under `infra/scenarios`.
pub(crate) fn scenario() -> serde_json::Value {
    crate::scenario::schema()
}

/// File name below `infra/schema` and text of every schema, with a newline at the end.
pub fn schemas() -> [(&'static str, String); 3] {
    [
        ("platform.schema.json", format!("{:#}\n", platform())),
        ("environment.schema.json", format!("{:#}\n", environment())),
        ("scenario.schema.json", format!("{:#}\n", scenario())),
    ]
}
