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
    /// From a request until its answer, in seconds. A health check that waits longer than its time-out fails.
    pub answer_secs: f64,
    /// From the stop signal until the program is gone, in seconds; a program that takes longer than the stop
    /// time-out is killed.
    pub stop_secs: f64,
    /// Header in which the program reports its release.
    pub release_header: String,
    /// The release that the program reports; `None` reports its `RELEASE` environment variable.
    pub release: Option<String>,
    /// When the program exits by itself.
    pub crash: Option<Crash>,
    /// From container start until the program goes wrong without exiting, in seconds: it answers every request with
    /// 500 from then on, and its health check fails; `None` never.
    pub fails_after_secs: Option<f64>,
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
            answer_secs: 0.0,
            stop_secs: 1.0,
            release_header: "x-release".to_owned(),
            release: None,
            crash: None,
            fails_after_secs: None,
            container_check_passes: true,
            commands: Vec::new(),
        }
    }
}

impl ImageBehaviour {
    /// Status with which the program answers a request for `path` (without its query) once it listens.
    #[must_use]
    pub fn status(&self, path: &str) -> u16 {
        if self.paths.is_empty() {
            return 200;
        }
        if let Some(&status) = self.paths.get(path) {
            return status;
        }
        self.paths
            .iter()
            .filter_map(|(pattern, &status)| Some((pattern.strip_suffix('*')?, status)))
            .filter(|(prefix, _)| path.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(404, |(_, status)| status)
    }

    /// What a one-off command does; `None` where the image says nothing about it.
    #[must_use]
    pub fn command(&self, command: &str) -> Option<&CommandBehaviour> {
        self.commands.iter().find(|behaviour| command.contains(&behaviour.contains))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_path_answers() {
        let paths = [("/api/health", 200), ("/api/*", 401), ("/*", 302)];
        let image = ImageBehaviour {
            paths: paths.iter().map(|&(path, status)| (path.to_owned(), status)).collect(),
            ..ImageBehaviour::default()
        };
        assert_eq!(image.status("/api/health"), 200);
        assert_eq!(image.status("/api/documents"), 401);
        assert_eq!(image.status("/"), 302);
        assert_eq!(image.status("health"), 404);
        assert_eq!(ImageBehaviour::default().status("/anything"), 200);
    }
}
