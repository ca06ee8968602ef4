//! The shape of a value, kept as a stage of the version that has it.
//!
//! Whoever enters a value, or may read it, checks it and puts the stage on. A deployment asks for the stage and needs no
//! right to read values. A version never changes its value, so the stage stays true.

use std::collections::HashMap;

use env_config::{Alphabet, Secret};
use sha2::{Digest, Sha256};

use crate::aws::Aws;
use crate::call::{CallError, Called};

/// What the name of such a stage begins with.
const PREFIX: &str = "SHAPE-";

/// Most shapes that one version is on record with. All versions of a secret have at most 20 stages together (Secrets
/// Manager user guide, reference_limits).
const MOST: usize = 8;

/// The stages of each version, by version id.
pub type Versions = HashMap<String, Vec<String>>;

/// The stage of a version whose value has the shape of `secret`. It depends on the names of the keys, and on the length
/// and the characters of their values.
#[must_use]
pub fn stage(secret: &Secret) -> String {
    let mut keys: Vec<_> = secret.keys.iter().collect();
    keys.sort_by_key(|(name, _)| name.as_str());
    let mut definition = String::new();
    for (name, key) in keys {
        let alphabet = match key.alphabet {
            Alphabet::Hex => "hex",
            Alphabet::Alphanumeric => "alphanumeric",
            Alphabet::Printable => "printable",
        };
        let length = match (key.length, key.min_length) {
            (Some(exact), _) => exact.to_string(),
            (None, least) => format!("{} or more", least.unwrap_or(1)),
        };
        definition.push_str(&format!("{name} {alphabet} {length}\n"));
    }
    let digest = Sha256::digest(definition.as_bytes());
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{hex}")
}

/// Whether a stage says that a value has some shape.
pub(super) fn is_shape(stage: &str) -> bool {
    stage.starts_with(PREFIX)
}

/// Puts the stage on a version whose value was checked, and takes stages of shapes away that nothing goes by: on an
/// older version each would keep its value alive.
pub(super) async fn record(
    aws: &Aws,
    path: &str,
    stage: &str,
    version: &str,
    versions: &Versions,
) -> Result<(), CallError> {
    let holder = versions.iter().find(|(_, stages)| stages.iter().any(|it| it == stage)).map(|(id, _)| id);
    if holder.map(String::as_str) != Some(version) {
        let call = aws.secrets.update_secret_version_stage().secret_id(path).version_stage(stage);
        let call = call.move_to_version_id(version).set_remove_from_version_id(holder.cloned());
        call.send().await.called("secretsmanager:UpdateSecretVersionStage")?;
    }
    forget(aws, path, stage, version, versions).await
}

/// Takes away the stages of shapes that are on other versions than the current one, and those of the current one where they
/// are many.
pub(super) async fn forget(
    aws: &Aws,
    path: &str,
    stage: &str,
    version: &str,
    versions: &Versions,
) -> Result<(), CallError> {
    for (id, stages) in versions {
        let shapes: Vec<&String> = stages.iter().filter(|it| is_shape(it) && *it != stage).collect();
        if id == version && shapes.len() < MOST {
            continue;
        }
        for shape in shapes {
            let call = aws.secrets.update_secret_version_stage().secret_id(path).version_stage(shape);
            let call = call.remove_from_version_id(id);
            call.send().await.called("secretsmanager:UpdateSecretVersionStage")?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secret(toml: &str) -> Secret {
        serde_json::from_str(&format!("{{\"description\": \"d\", \"keys\": {{{toml}}}}}")).unwrap()
    }

    #[test]
    fn the_stage_changes_with_the_shape_and_with_nothing_else() {
        let key = |rest: &str| format!("{{\"source\": \"entered\", \"alphabet\": {rest}}}");
        let of = |keys: &str| stage(&secret(keys));
        let hex = format!("\"a\": {}", key("\"hex\", \"length\": 64"));
        assert_eq!(of(&hex).len(), PREFIX.len() + 12);
        assert_eq!(of(&hex), of(&hex.replace("entered", "generated")));
        assert_eq!(of(&hex), of(&hex.replace("64", "64, \"hint\": \"h\"")));
        let others = [
            hex.replace("\"a\"", "\"b\""),
            hex.replace("64", "65"),
            hex.replace("\"length\"", "\"min_length\""),
            hex.replace("hex", "printable"),
            format!("{hex}, \"b\": {}", key("\"hex\"")),
        ];
        for other in &others {
            assert_ne!(of(&hex), of(other), "{other}");
        }
        // No least length is one character; the order of keys means nothing.
        let (one, two) = (format!("\"a\": {}", key("\"hex\"")), format!("\"b\": {}", key("\"printable\"")));
        assert_eq!(of(&one), of(&format!("\"a\": {}", key("\"hex\", \"min_length\": 1"))));
        assert_eq!(of(&format!("{one}, {two}")), of(&format!("{two}, {one}")));
    }
}
