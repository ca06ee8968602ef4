//! The secrets of the environment. Their values are never here: CloudFormation makes them up, or people enter them.

use cfn::Handle;
use cfn::kind::{SecretArn, SecretValueFrom};
use cfn::secretsmanager::{GenerateSecretString, Secret};
use env_config::{Alphabet, SecretKey, SecretKeyName, SecretName, SecretRef, SecretSource};
use indexmap::IndexMap;

use crate::error::ModelError;
use crate::scope::{Env, Scope, Template, Value};

/// Length of a generated value whose length the configuration leaves open.
const DEFAULT_LENGTH: u16 = 64;

/// The secrets by name.
pub(crate) struct Secrets {
    handles: IndexMap<SecretName, Handle<Secret<Env>>>,
}

impl Secrets {
    /// Where a container reads a value.
    pub(crate) fn value_from(&self, reference: &SecretRef) -> Result<Value<SecretValueFrom>, ModelError> {
        Ok(self.handle(&reference.secret)?.value_from(reference.key.as_str()))
    }

    pub(crate) fn arn(&self, name: &SecretName) -> Result<Value<SecretArn>, ModelError> {
        Ok(self.handle(name)?.arn())
    }

    pub(crate) fn handle(&self, name: &SecretName) -> Result<&Handle<Secret<Env>>, ModelError> {
        self.handles.get(name).ok_or_else(|| ModelError::UnknownSecret(name.clone()))
    }
}

/// Secrets with a generated key get their value as they are created. The others are created without any value: a secret
/// that nobody has entered yet is one without a version, and a task that needs it does not start.
pub(crate) fn secrets(t: &mut Template, scope: Scope<'_>) -> Result<Secrets, ModelError> {
    let mut handles = IndexMap::new();
    for (name, secret) in &scope.platform.secrets {
        let mut generated = secret.keys.iter().filter(|(_, key)| key.source == SecretSource::Generated);
        let generate_secret_string = match generated.next() {
            Some(_) if secret.keys.len() > 1 => return Err(ModelError::MixedSecret(name.clone())),
            Some((key_name, key)) => Some(generator(key_name, key)),
            None => None,
        };
        let handle = t.add_with(
            format!("{}Secret", name.pascal_case()),
            Secret {
                description: secret.description.clone().into(),
                generate_secret_string,
                name: scope.environment.secret_path(name),
            },
            scope.records_removal(),
        );
        handles.insert(name.clone(), handle);
    }
    Ok(Secrets { handles })
}

/// Secrets Manager draws from letters, digits and punctuation; the alphabet is what is not excluded.
fn generator(name: &SecretKeyName, key: &SecretKey) -> GenerateSecretString {
    let (exclude_characters, exclude_uppercase, exclude_punctuation) = match key.alphabet {
        Alphabet::Hex => (Some(('g'..='z').collect()), true, true),
        Alphabet::Alphanumeric => (None, false, true),
        Alphabet::Printable => (None, false, false),
    };
    GenerateSecretString {
        exclude_characters,
        exclude_punctuation,
        exclude_uppercase,
        generate_string_key: name.to_string(),
        password_length: u32::from(key.length.unwrap_or(DEFAULT_LENGTH)),
        require_each_included_type: false,
        secret_string_template: "{}".to_owned(),
    }
}
