//! A checkout with a local account, programs that stand in for others, and the binary that is run there.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a command left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Everything it printed.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }
}

/// A checkout with the project's own configuration.
pub(crate) struct Scene {
    dir: TempDir,
}

impl Scene {
    /// One commit with the Dockerfiles of the services, and an account that does not exist yet.
    pub(crate) fn empty() -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        copy(&project.join("infra"), &scene.root().join("infra"));
        for service in ["api", "frontend", "mcp"] {
            scene.write(&format!("{service}/Dockerfile"), "FROM scratch\n");
        }
        fs::create_dir(scene.root().join("bin")).unwrap();
        scene.write(".gitignore", "bin/\n.local-aws/\n*.log\n");
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene.commit("first");
        scene
    }

    /// A checkout whose account runs the current commit in staging. Made once; every call gets a copy.
    pub(crate) fn staging() -> Self {
        static MADE: OnceLock<Scene> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let scene = Self::empty();
            scene.run(&["deploy", "staging", "--local", "--yes"]).expect(0);
            scene
        });
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        copy(made.root(), scene.root());
        scene
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Commits everything; answers the commit id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        let author =
            ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
        self.git(&[&author[..], &["commit", "--quiet", "--allow-empty", "--message", message]].concat());
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.surroundings(Command::new("git")).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A program that stands in for another, first on PATH. `script` is for bash.
    pub(crate) fn stand_in(&self, name: &str, script: &str) {
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{script}")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn bin(&self) -> PathBuf {
        self.root().join("bin")
    }

    /// Runs the binary without input.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "", &[])
    }

    /// Runs the binary with standard input and variables.
    pub(crate) fn run_with(&self, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = self.binary();
        command.args(args).envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The binary in the checkout, with the stand-ins first on PATH and nothing of the surroundings' AWS.
    pub(crate) fn binary(&self) -> Command {
        self.surroundings(Command::new(env!("CARGO_BIN_EXE_deploy-ops")))
    }

    fn surroundings(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.bin()).chain(std::env::split_paths(&path));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("AWS_") || text.starts_with("GIT_") || text.starts_with("DOCKER_") {
                command.env_remove(&name);
            }
        }
        command
            .current_dir(self.root())
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("HOME", self.root())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("DEPLOY_TARGET")
            .env_remove("LOCAL_AWS_DIR")
            .env_remove("GITHUB_ACTIONS");
        command
    }

    /// Serves the account, for commands that take it for AWS.
    pub(crate) fn serve(&self) -> Served {
        let mut child = self
            .binary()
            .args(["local", "serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut endpoint = String::new();
        stdout.read_line(&mut endpoint).unwrap();
        Served { child, endpoint: endpoint.trim().to_owned(), _stdout: stdout }
    }
}

/// A served account, until it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) endpoint: String,
    _stdout: BufReader<ChildStdout>,
}

impl Served {
    /// Variables with which a command takes this account for AWS, as the role `role`.
    pub(crate) fn as_role(&self, role: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", if role == "test" { role.to_owned() } else { format!("role/{role}") }),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ]
    }

    /// Stands in for `docker push` of an image.
    pub(crate) fn push(&self, image: &serde_json::Value) {
        use std::io::Read as _;
        let body = image.to_string();
        let address = self.endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST /_local/images HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Served {
    /// Sends the signal of Ctrl-C; the exit code, or nothing if it has not ended after a minute.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        None
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Everything answered is on disk already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder, joined; what is no text is taken byte by byte.
pub(crate) fn contents(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &contents(&path);
        } else {
            text += &String::from_utf8_lossy(&fs::read(path).unwrap());
        }
    }
    text
}
