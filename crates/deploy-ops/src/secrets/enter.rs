//! Where a value comes from: a prompt without echo, a file, standard input, or the random numbers of the system.
//! Never an argument, which every process of the machine can see.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use env_config::{Alphabet, Secret, SecretKey, SecretKeyName, SecretName, SecretSource};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::value::{self, Values};
use super::{Checked, SecretsError, Standing, check_one, shape};
use crate::call::Called;
use crate::session::EnvironmentSession;

/// Largest secret of Secrets Manager, in bytes.
const MAX_BYTES: u64 = 65_536;
/// How often a value that does not fit is asked for again.
const ATTEMPTS: usize = 3;

/// Where the values of a secret come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Asked for on the terminal.
    Prompt,
    /// Read to the end.
    Stdin,
    /// Read from a file.
    File(PathBuf),
    /// Made here.
    Generate,
}

/// What `secrets set` is about.
pub struct Wanted<'a> {
    /// Name of the secret.
    pub name: &'a SecretName,
    /// The secret.
    pub secret: &'a Secret,
    /// The keys that are set, with their shapes.
    pub keys: Vec<(&'a SecretKeyName, &'a SecretKey)>,
}

impl<'a> Wanted<'a> {
    /// The secret of this name, and one of its keys or all.
    pub fn find(
        session: &'a EnvironmentSession,
        name: &str,
        key: Option<&str>,
    ) -> Result<Self, SecretsError> {
        let secrets = &session.config.platform.secrets;
        let (name, secret) = secrets.iter().find(|(known, _)| known.as_str() == name).ok_or_else(|| {
            let known = secrets.keys().map(ToString::to_string).collect();
            SecretsError::UnknownSecret { name: name.to_owned(), known }
        })?;
        let keys: Vec<_> =
            secret.keys.iter().filter(|(known, _)| key.is_none_or(|key| known.as_str() == key)).collect();
        if let (Some(key), true) = (key, keys.is_empty()) {
            let known = secret.keys.keys().map(ToString::to_string).collect();
            return Err(SecretsError::UnknownKey { secret: name.to_string(), key: key.to_owned(), known });
        }
        Ok(Self { name, secret, keys })
    }

    fn obtain(&self, input: &Input) -> Result<Values, SecretsError> {
        match input {
            Input::Prompt => self.ask(),
            Input::Generate => {
                let mut values = Values::default();
                for (name, key) in &self.keys {
                    values.set(name.as_str(), value::generate(key)?);
                }
                Ok(values)
            }
            Input::Stdin => self.take(&read(io::stdin().lock(), "standard input")?),
            Input::File(path) => {
                let failed = |source| SecretsError::File { path: path.clone(), source };
                let file = File::open(path).map_err(failed)?;
                self.take(&read(file, &display(path))?)
            }
        }
    }

    /// A text for one key, or a JSON object of several.
    fn take(&self, text: &str) -> Result<Values, SecretsError> {
        if let Some(values) = Values::parse(text).filter(|values| values.is_made_of(self.secret)) {
            return Ok(values);
        }
        let [(name, _)] = self.keys[..] else {
            let keys: Vec<String> = self.keys.iter().map(|(name, _)| format!("`{name}`")).collect();
            let problem = format!(
                "it has several keys, so a JSON object of texts with {} is needed",
                keys.join(" and ")
            );
            return Err(SecretsError::Unfit { secret: self.name.to_string(), problems: vec![problem] });
        };
        let mut values = Values::default();
        values.set(name.as_str(), SecretString::from(without_line_end(text)));
        Ok(values)
    }

    fn ask(&self) -> Result<Values, SecretsError> {
        let mut values = Values::default();
        for (name, key) in &self.keys {
            let question = format!("{} {name} ({}): ", self.name, shape(key));
            let mut attempt = 1;
            loop {
                let entered =
                    Zeroizing::new(rpassword::prompt_password(&question).map_err(SecretsError::Prompt)?);
                let entered = SecretString::from(without_line_end(&entered));
                match key.check(entered.expose_secret()) {
                    Ok(()) => {
                        values.set(name.as_str(), entered);
                        break;
                    }
                    Err(flaw) if attempt >= ATTEMPTS => {
                        let problems = vec![format!("`{name}` {flaw}")];
                        return Err(SecretsError::Unfit { secret: self.name.to_string(), problems });
                    }
                    Err(flaw) => ops_cli::say!("it {flaw}; once more"),
                }
                attempt += 1;
            }
        }
        Ok(values)
    }
}

/// Enters values and answers the services that read them. What does not fit is refused before anything changes.
pub async fn set(
    session: &EnvironmentSession,
    wanted: &Wanted<'_>,
    input: &Input,
    database_changed: bool,
) -> Result<Vec<String>, SecretsError> {
    if *input == Input::Generate && wanted.keys.iter().any(|(_, key)| key.source == SecretSource::Entered) {
        let command = session.command(&format!("secrets set {} {}", session.environment.name, wanted.name));
        return Err(SecretsError::NotGenerated { secret: wanted.name.to_string(), command });
    }
    let checked = check_one(session, wanted.name, wanted.secret).await?;
    let check = &checked.check;
    if check.standing == Standing::Absent {
        let command = session.command(&format!("deploy {}", session.environment.name))
            + " makes it, then asks for its value";
        return Err(SecretsError::Absent { path: check.path.clone(), command });
    }
    if wanted.name == &session.config.platform.database.password.secret
        && check.standing != Standing::Empty
        && !database_changed
    {
        return Err(SecretsError::DatabasePassword { path: check.path.clone() });
    }
    // CloudFormation reads it when the user is made or changed, and not because the value changed
    // (CloudFormation user guide, dynamic-references-secretsmanager).
    if session.config.platform.cache.passwords().any(|password| password.secret == *wanted.name)
        && !matches!(check.standing, Standing::Empty | Standing::Unfit)
    {
        return Err(SecretsError::CachePassword { path: check.path.clone() });
    }
    let entered = tokio::task::block_in_place(|| wanted.obtain(input))?;
    let mut concerned: Vec<String> = wanted.keys.iter().map(|(name, _)| name.to_string()).collect();
    concerned.extend(entered.keys().map(str::to_owned));
    let mut values = checked.values.clone().unwrap_or_default();
    values.merge(entered);
    let problems = values.problems(wanted.secret);
    // A first key may be entered before the others; what was entered has to fit.
    let is_concerned =
        |problem: &String| concerned.iter().any(|name| problem.starts_with(&format!("`{name}` ")));
    let (mut refused, others): (Vec<String>, Vec<String>) = problems.into_iter().partition(is_concerned);
    let repeated = values.repeated().filter(|key| concerned.iter().any(|name| name == key));
    refused.extend(repeated.map(|key| format!("`{key}` is one character over and over")));
    if !refused.is_empty() {
        return Err(SecretsError::Unfit { secret: wanted.name.to_string(), problems: refused });
    }
    let fit = others.is_empty() && !values.is_placeholder();
    put(session, wanted.secret, &checked, &values, fit).await?;
    Ok(checked.check.services)
}

/// Enters a value as the current version; one that is fit as a whole carries the stage that says so.
async fn put(
    session: &EnvironmentSession,
    secret: &Secret,
    checked: &Checked,
    values: &Values,
    fit: bool,
) -> Result<(), SecretsError> {
    let (aws, path, stage) = (&session.target.aws, &checked.check.path, shape::stage(secret));
    let call = aws.secrets.put_secret_value().secret_id(path);
    let call = call.secret_string(values.to_json().expose_secret()).version_stages("AWSCURRENT");
    let call = if fit { call.version_stages(&stage) } else { call };
    let answer = call.send().await.called("secretsmanager:PutSecretValue")?;
    let version = answer.version_id.unwrap_or_default();
    let kept = if fit { stage.as_str() } else { "" };
    if let Err(error) = shape::forget(aws, path, kept, &version, &checked.versions).await {
        session
            .report
            .warn(format!("the value was entered, but an older version of {path} is kept: {error}"));
    }
    Ok(())
}

/// Where a value comes from when nothing else is said: who sits at a terminal is asked.
#[must_use]
pub fn default_input() -> Input {
    if io::stdin().is_terminal() { Input::Prompt } else { Input::Stdin }
}

fn read(from: impl Read, name: &str) -> Result<Zeroizing<String>, SecretsError> {
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES).unwrap_or_default() + 1));
    let read = from.take(MAX_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(0) => Err(SecretsError::NoInput(name.to_owned())),
        Ok(length) if length as u64 > MAX_BYTES => {
            let problems = vec![format!("more than {MAX_BYTES} bytes came from {name}")];
            Err(SecretsError::Unfit { secret: "the secret".to_owned(), problems })
        }
        Ok(_) => Ok(text),
        Err(source) => Err(SecretsError::File { path: name.into(), source }),
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Editors and `echo` end a line that the value does not have.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// What a value looks like and where it is found.
fn shape(key: &SecretKey) -> String {
    let characters = match key.alphabet {
        Alphabet::Hex => "characters 0-9 and a-f",
        Alphabet::Alphanumeric => "letters and digits",
        Alphabet::Printable => "printable characters, no spaces",
    };
    let length = match (key.length, key.min_length) {
        (Some(length), _) => format!("{length} "),
        (None, Some(length)) => format!("{length} or more "),
        (None, None) => String::new(),
    };
    let hint = key.hint.as_ref().map(|hint| format!("{hint}; ")).unwrap_or_default();
    format!("{hint}{length}{characters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_value() {
        assert_eq!(without_line_end("a\n"), "a");
        assert_eq!(without_line_end("a\r\n"), "a");
        assert_eq!(without_line_end("a\n\n"), "a\n");
        assert_eq!(without_line_end(" a "), " a ");
    }
}
