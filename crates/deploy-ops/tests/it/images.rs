//! `images build|push|verify` with a stand-in for docker.

use serde_json::json;

use super::scene::{Scene, Served};

const REGISTRY: &str = "123456789012.dkr.ecr.us-west-2.amazonaws.com";

/// Records arguments, standard input and the variables that matter; answers like docker. With `PUSH_TO` a push
/// arrives in the local registry.
const DOCKER: &str = r#"
{ echo "argv: $*"; env | grep -E '^(DOCKER_|SOURCE_DATE_EPOCH|AWS_)' | sort | sed 's/^/env: /'; } >> docker.log
case "$1 $2" in
  "buildx version") echo "github.com/docker/buildx v0.30.0" ;;
  "buildx build")
    for last; do :; done
    ls -R "$last" | sed 's/^/tree: /' >> docker.log
    for arg in "$@"; do case "$arg" in *.dkr.ecr.*) echo "$arg" >> built.log ;; esac; done ;;
  "image inspect")
    for reference; do :; done
    if grep -qx "$reference" built.log 2>/dev/null; then echo "sha256:$(printf '%064d' 0)"
    else echo "Error response from daemon: No such image: $reference" >&2; exit 1; fi ;;
  "context inspect") echo "unix:///var/run/docker.sock" ;;
  "login "*) sed 's/^/stdin: /' >> docker.log; echo >> docker.log; ls -ld "$DOCKER_CONFIG" >> docker.log
    cp "$DOCKER_CONFIG/config.json" config.log; echo "Login Succeeded" ;;
  "push "*)
    name=${2#*/}; repository=${name%:*}; tag=${name##*:}
    body="{\"repository\":\"$repository\",\"tags\":[\"$tag\"],\"content\":\"$name\",\"architecture\":\"ARM64\"}"
    exec 3<>"/dev/tcp/${PUSH_TO%:*}/${PUSH_TO##*:}"
    printf 'POST /_local/images HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
    head -1 <&3 | grep -q " 200 " ;;
esac
"#;

fn scene_with_docker() -> Scene {
    let scene = Scene::staging();
    scene.stand_in("docker", DOCKER);
    scene
}

fn push(scene: &Scene, served: &Served, args: &[&str]) -> super::scene::Run {
    let mut variables = served.as_role("doc-platform-build");
    variables.push(("PUSH_TO", served.endpoint.strip_prefix("http://").unwrap().to_owned()));
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    scene.run_with(&[&["images", "push"], args].concat(), "", &variables)
}

#[test]
fn images_are_built_from_the_commit_alone() {
    let scene = scene_with_docker();
    scene.write("not-committed.txt", "no part of any image");
    scene.write("api/Dockerfile", "FROM broken\n");
    let commit = scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let run = scene.run(&["images", "build"]).expect(0);
    let wanted: String = ["api", "frontend", "mcp"]
        .map(|service| format!("{service} {REGISTRY}/doc-platform/{service}:{commit}\n"))
        .concat();
    assert_eq!(run.stdout, wanted);
    assert!(run.stderr.contains("built without them"), "{}", run.stderr);

    let log = scene.read("docker.log");
    let builds: Vec<&str> = log.lines().filter(|line| line.starts_with("argv: buildx build")).collect();
    assert_eq!(builds.len(), 3);
    for part in [
        "--platform linux/arm64",
        "--provenance=false",
        &format!("--build-arg COMMIT={commit}"),
        &format!("--label org.opencontainers.image.revision={commit}"),
        "--label org.opencontainers.image.source=https://github.com/specboard/doc-platform",
    ] {
        assert!(builds[0].contains(part), "{part} in {}", builds[0]);
    }
    let date = scene.git(&["show", "--no-patch", "--format=%ct", "HEAD"]);
    assert!(log.contains(&format!("env: SOURCE_DATE_EPOCH={}", date.trim())));
    assert!(log.contains("tree: Dockerfile") && !log.contains("not-committed"), "{log}");
    // The index and the files of the checkout are as they were.
    let status = scene.git(&["status", "--porcelain"]);
    assert_eq!(status, " M api/Dockerfile\n?? not-committed.txt\n");
}

#[test]
fn services_that_share_a_build_are_built_once() {
    let scene = scene_with_docker();
    let platform = scene.read("infra/platform.toml");
    scene.write("infra/platform.toml", &platform.replace("\"mcp/Dockerfile\"", "\"api/Dockerfile\""));
    scene.run(&["images", "build", "--service", "api", "--service", "mcp"]).expect(0);
    let log = scene.read("docker.log");
    let builds: Vec<&str> = log.lines().filter(|line| line.starts_with("argv: buildx build")).collect();
    assert_eq!(builds.len(), 1, "{log}");
    assert!(builds[0].contains("/doc-platform/api:") && builds[0].contains("/doc-platform/mcp:"));
}

#[test]
fn what_is_missing_is_named() {
    let scene = Scene::empty();
    let run = scene.run(&["images", "build", "--service", "apo"]).expect(3);
    assert!(run.stderr.contains("services: api, frontend, mcp"), "{}", run.stderr);
    let run = scene.run(&["images", "build", "--source", "nowhere"]).expect(3);
    assert!(run.stderr.contains("not a git checkout") && run.stderr.contains("--source"), "{}", run.stderr);
    let run = scene.run(&["images", "build", "--commit", "0123abc"]).expect(3);
    assert!(run.stderr.contains("0123abc"), "{}", run.stderr);

    scene.stand_in("docker", "echo \"docker: 'buildx' is not a docker command.\" >&2; exit 1");
    let run = scene.run(&["images", "build"]).expect(3);
    assert!(run.stderr.contains("no buildx") && run.stderr.contains("install-buildx"), "{}", run.stderr);

    scene.stand_in("docker", DOCKER);
    scene.git(&["rm", "--quiet", "mcp/Dockerfile"]);
    scene.commit("without");
    let run = scene.run(&["images", "build"]).expect(3);
    assert!(run.stderr.contains("has no mcp/Dockerfile"), "{}", run.stderr);
}

#[test]
fn a_push_signs_in_without_showing_the_password() {
    let scene = scene_with_docker();
    let commit = scene.commit("second");
    let served = scene.serve();
    let run = push(&scene, &served, &[]).expect(4);
    assert!(run.stderr.contains("neither on this machine nor in the registry"), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("images build --commit {commit}")), "{}", run.stderr);

    scene.run(&["images", "build"]).expect(0);
    scene.write("docker.log", "");
    let run = push(&scene, &served, &[]).expect(0);
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stdout);
    let log = scene.read("docker.log");
    let password = log.lines().find_map(|line| line.strip_prefix("stdin: ")).unwrap();
    assert!(password.len() > 20, "{log}");
    assert!(log.contains(&format!("argv: login --username AWS --password-stdin {REGISTRY}")), "{log}");
    // Standard input is the only place where it was.
    assert_eq!(log.matches(password).count(), 1, "{log}");
    assert!(!run.text().contains(password));
    assert!(log.contains("drwx------"), "{log}");
    let configuration = log.lines().find_map(|line| line.strip_prefix("env: DOCKER_CONFIG=")).unwrap();
    assert!(!std::path::Path::new(configuration).exists(), "the credentials are still in {configuration}");

    // Again: it is there already, and docker has the same image no longer.
    scene.write("docker.log", "");
    scene.write("built.log", "");
    let run = push(&scene, &served, &[]).expect(0);
    assert!(run.stderr.contains("api: was in the registry already"), "{}", run.stderr);
    assert!(!scene.read("docker.log").contains("argv: push"));

    // Another image under the tag.
    scene.run(&["images", "build", "--service", "mcp"]).expect(0);
    let run = push(&scene, &served, &[]).expect(4);
    assert!(
        run.stderr.contains("tags are immutable") && run.stderr.contains("doc-platform/mcp:"),
        "{}",
        run.stderr
    );
    assert!(!scene.read("docker.log").contains("argv: push"));
}

#[test]
fn a_build_of_what_is_missing_leaves_the_rest_alone() {
    let scene = scene_with_docker();
    let served = scene.serve();
    let variables = served.as_role("doc-platform-build");
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // The deployment made up every image of this commit.
    let run = scene.run_with(&["images", "build", "--missing"], "", &variables).expect(0);
    assert!(run.stderr.contains("the registry holds every image"), "{}", run.stderr);
}

#[test]
fn the_local_aws_has_nothing_to_push_to() {
    let scene = scene_with_docker();
    let run = scene.run(&["images", "push", "--local"]).expect(4);
    assert!(
        run.stderr.contains("no docker registry") && run.stderr.contains("deploy <env> --local"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_verification_names_every_missing_image_at_once() {
    let scene = Scene::staging();
    let run = scene.run(&["images", "verify", "--local"]).expect(0);
    assert_eq!(run.stdout.matches("linux/arm64").count(), 3, "{}", run.stdout);
    assert_eq!(run.stdout.matches("scan: no findings").count(), 3, "{}", run.stdout);

    let commit = scene.commit("second");
    {
        let served = scene.serve();
        let image = |repository: &str, architecture: &str| json!({"repository": repository, "tags": [commit], "content": commit, "architecture": architecture});
        served.push(&image("doc-platform/api", "X86_64"));
    }
    let run = scene.run(&["images", "verify", "--local"]).expect(4);
    assert!(run.stderr.contains("has no image in doc-platform/frontend, doc-platform/mcp"), "{}", run.stderr);
    let run = scene.run(&["images", "verify", "--commit", &commit, "--local", "--json"]).expect(4);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["deployable"], false);
    assert_eq!(answer["images"][0]["platforms"], json!(["linux/amd64"]));
    assert_eq!(answer["images"][0]["scan"]["status"], "IN_PROGRESS");
    assert_eq!(answer["images"][1]["digest"], json!(null));

    {
        let served = scene.serve();
        for repository in ["doc-platform/frontend", "doc-platform/mcp"] {
            served.push(&json!({"repository": repository, "tags": [commit], "content": commit, "architecture": "ARM64"}));
        }
    }
    let run = scene.run(&["images", "verify", "--local"]).expect(4);
    assert!(run.stderr.contains("api (linux/amd64 instead of linux/arm64)"), "{}", run.stderr);
}

#[test]
fn a_release_is_verified_by_its_tag() {
    let scene = Scene::staging();
    scene.run(&["release", "v0.1.0", "--local"]).expect(0);
    let run = scene.run(&["images", "verify", "--release", "v0.1.0", "--local"]).expect(0);
    assert!(run.stdout.starts_with("release v0.1.0, commit "), "{}", run.stdout);
    let run = scene.run(&["images", "verify", "--release", "v9.9.9", "--local"]).expect(3);
    assert!(run.stderr.contains("there is no release v9.9.9"), "{}", run.stderr);
}
