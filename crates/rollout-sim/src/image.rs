//! How the program in a container image behaves: data, so that scenarios can say it in TOML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

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
    /// What the program answers for a path with a good status, by exact path, where it is not the usual body. Such a path is
    /// answered with 200 unless `paths` names it.
    pub bodies: BTreeMap<String, Body>,
    /// Header in which the program reports its release; `None` reports it in none.
    pub release_header: Option<String>,
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

/// Body of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Media type.
    pub content_type: String,
    /// Text, in which [`RELEASE`] stands for the release that the program reports.
    pub text: String,
}

/// What stands for the release in a [`Body`].
pub const RELEASE: &str = "{release}";

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
            bodies: BTreeMap::new(),
            release_header: Some("x-release".to_owned()),
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
        if let Some(&status) = self.paths.get(path) {
            return status;
        }
        if self.paths.is_empty() || self.bodies.contains_key(path) {
            return 200;
        }
        self.paths
            .iter()
            .filter_map(|(pattern, &status)| Some((pattern.strip_suffix('*')?, status)))
            .filter(|(prefix, _)| path.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(404, |(_, status)| status)
    }

    /// The same program, reporting its release in no header but in the body of one path: at a JSON pointer (RFC 6901), or as
    /// plain text.
    #[must_use]
    pub fn reporting_at(mut self, path: &str, json_pointer: Option<&str>) -> Self {
        let body = match json_pointer {
            None => Body { content_type: "text/plain".to_owned(), text: format!("{RELEASE}\n") },
            Some(pointer) => {
                let keys = pointer.strip_prefix('/').unwrap_or(pointer).rsplit('/');
                let keys = keys.map(|key| key.replace("~1", "/").replace("~0", "~"));
                let json = keys.fold(json!(RELEASE), |inner, key| json!({ key: inner }));
                Body { content_type: "application/json".to_owned(), text: json.to_string() }
            }
        };
        self.release_header = None;
        self.bodies.insert(path.to_owned(), body);
        self
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

    #[test]
    fn a_path_with_a_body_is_answered() {
        let paths: BTreeMap<String, u16> = [("/health".to_owned(), 200)].into();
        let image = ImageBehaviour { paths, ..ImageBehaviour::default() }.reporting_at("/version", None);
        assert_eq!((image.status("/version"), image.status("/other")), (200, 404));
    }

    #[test]
    fn a_release_is_reported_at_a_json_pointer() {
        let text = |pointer| {
            let image = ImageBehaviour::default().reporting_at("/version", pointer);
            assert_eq!(image.release_header, None);
            image.bodies["/version"].text.clone()
        };
        assert_eq!(text(Some("/build/a~1b")), r#"{"build":{"a/b":"{release}"}}"#);
        assert_eq!(text(None), "{release}\n");
    }
}
