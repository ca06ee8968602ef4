//! How the program in a container image behaves: data, so that scenarios can say it in TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// CPU architecture of an image, in the words of ECS `runtimePlatform.cpuArchitecture`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// `linux/amd64`
    #[serde(rename = "X86_64")]
    X86_64,
    /// `linux/arm64`
    #[serde(rename = "ARM64")]
    Arm64,
}

/// Behaviour of one image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageBehaviour {
    /// Platform the image was built for; `None` fits every task definition.
    pub architecture: Option<Architecture>,
    /// Compressed size in MiB; pulling takes time in proportion.
    pub size_mib: u32,
    /// From container start until the port answers, in seconds.
    pub listen_after_secs: f64,
    /// Status by path, most specific first: an exact path, or a prefix ending in `*`. A path that matches
    /// nothing is answered with 404; an empty map answers 200 everywhere.
    pub paths: BTreeMap<String, u16>,
    /// The release that the program reports; `None` reports its `RELEASE` environment variable.
    pub release: Option<String>,
    /// When the program exits by itself.
    pub crash: Option<Crash>,
    /// Whether the container health check's command succeeds once the port answers.
    pub container_check_passes: bool,
    /// Behaviour of one-off commands: the first whose `contains` occurs in the joined command wins.
    pub commands: Vec<CommandBehaviour>,
}

/// A program that exits by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// Seconds after container start.
    pub after_secs: f64,
    /// Exit code.
    pub exit_code: i32,
    /// Lines it writes before it goes.
    #[serde(default)]
    pub log: Vec<String>,
}

/// What a one-off command does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandBehaviour {
    /// Text that occurs in the command.
    pub contains: String,
    /// Seconds it runs; `None` hangs until it is stopped.
    pub duration_secs: Option<f64>,
    /// Exit code.
    #[serde(default)]
    pub exit_code: i32,
    /// Lines it writes.
    #[serde(default)]
    pub log: Vec<String>,
}

impl Default for ImageBehaviour {
    fn default() -> Self {
        Self {
            architecture: None,
            size_mib: 180,
            listen_after_secs: 4.0,
            paths: BTreeMap::new(),
            release: None,
            crash: None,
            container_check_passes: true,
            commands: Vec::new(),
        }
    }
}
