//! How long the commands take that people wait for: `cargo bench --profile dev --package integration-tests`, the profile that
//! `cargo xtask` itself is built with.
//!
//! With `-- cold` it prints what a newcomer waits for instead: the same from a fresh clone, once.
//!
//! Prints figures; judges nothing. Commands are timed as whole processes, debug builds as people run them,
//! after one run that is not counted. The synth itself is timed in this process.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 5;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    if std::env::args().any(|argument| argument == "cold") {
        return cold(root);
    }
    println!("{:<46} {:>9} {:>9} {:>9}", "", "min", "median", "max");
    row("synth of all stacks, in process", || synth(root));
    row("cargo xtask synth all (warm)", || cargo(root, &["xtask", "synth", "all"]));
    row("cargo build (nothing to do)", || cargo(root, &["build", "--quiet", "--package", "deploy-ops"]));
    let state = tempfile_dir(root);
    row("cargo xtask deploy staging --local (warm, new account)", || {
        // A new account each time: the second deployment into the same one has nothing to do.
        let _ = std::fs::remove_dir_all(&state);
        cargo(root, &["xtask", "deploy", "staging", "--local", "--yes"]);
    });
    row("cargo xtask deploy staging --local (nothing to do)", || {
        cargo(root, &["xtask", "deploy", "staging", "--local", "--yes"]);
    });
}

/// Each in a clone of its own, with nothing compiled.
fn cold(root: &Path) {
    let folder = root.join("target/bench-cold");
    for args in [&["xtask", "synth", "all"][..], &["xtask", "deploy", "staging", "--local", "--yes"]] {
        let _ = std::fs::remove_dir_all(&folder);
        let clone = Command::new("git").args(["clone", "--quiet"]).args([root, &folder]).status();
        assert!(clone.is_ok_and(|status| status.success()), "git clone");
        let start = Instant::now();
        cargo(&folder, args);
        println!("cargo {:<40} {:>9.1} s", args.join(" "), start.elapsed().as_secs_f64());
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn tempfile_dir(root: &Path) -> std::path::PathBuf {
    root.join("target/bench-local-aws")
}

fn synth(root: &Path) {
    let config = env_config::Config::load(root).expect("the project's own configuration loads");
    let mut bytes = stack_model::shared(&config).expect("shared stack").compact().len();
    for environment in config.environments.values() {
        bytes += stack_model::environment(&config, environment).expect("environment stack").compact().len();
    }
    assert!(bytes > 0);
}

fn cargo(root: &Path, args: &[&str]) {
    let status = Command::new("cargo")
        .args(args)
        .current_dir(root)
        .env("LOCAL_AWS_DIR", tempfile_dir(root))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo {args:?} failed with {status}");
}

fn row(name: &str, mut work: impl FnMut()) {
    work();
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    let show = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    println!("{name:<46} {:>9} {:>9} {:>9}", show(times[0]), show(times[RUNS / 2]), show(times[RUNS - 1]));
}
