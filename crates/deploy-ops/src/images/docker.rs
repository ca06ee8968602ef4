//! The docker program: builds, looks up and pushes images. What it prints goes to stderr.

use std::io;
use std::path::Path;
use std::process::Output;

use duct::{Expression, cmd};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::{Build, ImagesError};
use crate::names::CommitSha;

const PROGRAM: &str = "docker";

/// What goes into every image of a commit.
#[derive(Debug, Clone)]
pub struct Identity<'a> {
    /// The commit.
    pub commit: &'a CommitSha,
    /// When it was made, in seconds since the Unix epoch.
    pub committed_at: u64,
    /// Address of the repository.
    pub repository_url: String,
}

/// Checks that docker and buildx are there.
pub fn require_buildx() -> Result<(), ImagesError> {
    let output = run(&cmd!(PROGRAM, "buildx", "version").stdout_null().stderr_capture())?;
    if output.status.success() {
        return Ok(());
    }
    Err(ImagesError::NoBuildx(first_line(&output)))
}

/// Builds an image into docker's own store, under all its references. Blocks for as long as it takes.
///
/// Without provenance and bill of materials the image is a single manifest, and not an index that is different
/// each time; with the commit's date the same files make the same layers.
pub fn build(
    build: &Build,
    tree: &Path,
    references: &[String],
    identity: &Identity<'_>,
) -> Result<(), ImagesError> {
    let created = jiff::Timestamp::from_second(i64::try_from(identity.committed_at).unwrap_or_default())
        .unwrap_or_default();
    let mut args: Vec<String> =
        ["buildx", "build", "--load", "--provenance=false", "--sbom=false"].map(str::to_owned).to_vec();
    let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
    option("--platform", build.platform.to_owned());
    option("--file", tree.join(&build.dockerfile).to_string_lossy().into_owned());
    if let Some(target) = &build.target {
        option("--target", target.clone());
    }
    for reference in references {
        option("--tag", reference.clone());
    }
    option("--build-arg", format!("COMMIT={}", identity.commit));
    option("--label", format!("org.opencontainers.image.revision={}", identity.commit));
    option("--label", format!("org.opencontainers.image.created={created}"));
    option("--label", format!("org.opencontainers.image.source={}", identity.repository_url));
    args.push(tree.join(&build.context).to_string_lossy().into_owned());
    let command = cmd(PROGRAM, args)
        .env("SOURCE_DATE_EPOCH", identity.committed_at.to_string())
        .stdin_null()
        .stdout_to_stderr();
    succeed("buildx build", &run(&command)?)
}

/// The id that docker's store has for an image; `None` where it has none. With docker's classic store it is the
/// digest of the configuration, with that of containerd the digest of the manifest.
pub fn image_id(reference: &str) -> Result<Option<String>, ImagesError> {
    let command =
        cmd!(PROGRAM, "image", "inspect", "--format", "{{.Id}}", reference).stdout_capture().stderr_capture();
    let output = run(&command)?;
    if output.status.success() {
        return Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    }
    let message = first_line(&output);
    if message.to_lowercase().contains("no such image") {
        return Ok(None);
    }
    Err(ImagesError::Docker { command: "image inspect", message })
}

/// A session at a registry. Its credentials are in a directory of its own, which goes with it.
pub struct Login {
    config: TempDir,
    host: Option<String>,
}

impl Login {
    /// Signs in; the password travels through standard input.
    pub fn new(registry: &str, user: &str, password: &SecretString) -> Result<Self, ImagesError> {
        let config = private_directory().map_err(ImagesError::Temporary)?;
        // With an entry there docker keeps the credentials in this file, and not in a key chain that outlives it.
        let entry = serde_json::json!({ "auths": { registry: {} } }).to_string();
        std::fs::write(config.path().join("config.json"), entry).map_err(ImagesError::Temporary)?;
        let login = Self { config, host: daemon() };
        let command = cmd!(PROGRAM, "login", "--username", user, "--password-stdin", registry)
            .stdin_bytes(password.expose_secret().as_bytes())
            .stdout_null()
            .stderr_capture();
        let output = run(&login.with_config(&command))?;
        if output.status.success() {
            return Ok(login);
        }
        // Docker does not repeat the password; should it ever, it is not shown.
        let message = first_line(&output).replace(password.expose_secret(), "(secret)");
        Err(ImagesError::Docker { command: "login", message })
    }

    /// Pushes an image. Blocks for as long as it takes.
    pub fn push(&self, reference: &str) -> Result<(), ImagesError> {
        let command = cmd!(PROGRAM, "push", reference).stdin_null().stdout_to_stderr();
        succeed("push", &run(&self.with_config(&command))?)
    }

    fn with_config(&self, command: &Expression) -> Expression {
        let command = command.env("DOCKER_CONFIG", self.config.path());
        match &self.host {
            Some(host) => command.env("DOCKER_HOST", host),
            None => command,
        }
    }
}

/// A temporary directory that nobody else may look into: docker writes its file as readable as it finds it.
fn private_directory() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// Address of the daemon that the user's configuration names: the session's own configuration names none.
fn daemon() -> Option<String> {
    if std::env::var_os("DOCKER_HOST").is_some() {
        return None;
    }
    let command = cmd!(PROGRAM, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}");
    let output = run(&command.stdout_capture().stderr_null()).ok()?;
    let host = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && host.contains("://")).then_some(host)
}

fn run(command: &Expression) -> Result<Output, ImagesError> {
    command.unchecked().run().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ImagesError::NoDocker,
        _ => ImagesError::Docker { command: "", message: error.to_string() },
    })
}

fn succeed(command: &'static str, output: &Output) -> Result<(), ImagesError> {
    if output.status.success() {
        return Ok(());
    }
    Err(ImagesError::Docker { command, message: format!("failed ({})", output.status) })
}

fn first_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(|| output.status.to_string(), str::to_owned)
}
