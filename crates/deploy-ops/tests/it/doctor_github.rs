//! `doctor`, where `gh` is signed in: what protects the environment at GitHub.

use std::fs;

use serde_json::{Value, json};

use super::doctor::{healthy, unreachable};
use super::scene::{Run, Scene, Served};

const ENVIRONMENTS: &str = "repos/specboard/doc-platform/environments";

/// A machine with everything, AWS, and a `gh` that answers with the files below `bin/github`.
struct Machine {
    scene: Scene,
    served: Served,
}

impl Machine {
    fn new() -> Self {
        let scene = Scene::empty();
        healthy(&scene);
        unreachable(&scene);
        scene.stand_in(
            "gh",
            r#"echo "$*" >> gh.log
               [ "$1" = api ] || exit 0
               address=${!#}
               pages=1
               [[ " $* " == *" --paginate "* ]] && pages="1 2"
               for page in $pages; do
                   [ -f "bin/github/$address/$page" ] && cat "bin/github/$address/$page" && found=1
               done
               [ -z "$found" ] || exit 0
               echo '{"message":"Not Found","status":"404"}'
               echo 'gh: Not Found (HTTP 404)' >&2
               exit 1
            "#,
        );
        let served = scene.serve();
        Self { scene, served }
    }

    fn answers(&self, address: &str, page: usize, text: &str) {
        self.scene.write(&format!("bin/github/{address}/{page}"), text);
    }

    /// GitHub has the environment, with these settings and pages of patterns.
    fn environment(&self, name: &str, settings: Value, pages: &[&[(&str, &str)]]) {
        let mut settings = settings;
        settings["name"] = json!(name);
        let address = format!("{ENVIRONMENTS}/{name}");
        self.answers(&address, 1, &settings.to_string());
        for (page, patterns) in pages.iter().enumerate() {
            let patterns: Vec<Value> =
                patterns.iter().map(|(kind, name)| json!({ "id": 1, "name": name, "type": kind })).collect();
            let answer = json!({ "total_count": 2, "branch_policies": patterns });
            self.answers(&format!("{address}/deployment-branch-policies"), page + 1, &answer.to_string());
        }
    }

    /// What the command finds at GitHub; nothing of it is a failure.
    fn doctor(&self, environment: &str) -> Vec<Value> {
        let variables = self.served.as_role("test");
        let mut variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        variables.push(("GH_TOKEN", "hunter2"));
        let run = self.scene.run_with(&["doctor", environment, "--json"], "", &variables).expect(0);
        assert!(!run.text().contains("hunter2"), "{run:#?}");
        assert!(!self.asked().contains("hunter2"));
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(answer["healthy"], true);
        github(&run)
    }

    /// What `gh` was called with.
    fn asked(&self) -> String {
        fs::read_to_string(self.scene.root().join("gh.log")).unwrap_or_default()
    }
}

fn github(run: &Run) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:#?}"));
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().filter(|it| it["check"] == "github").cloned().collect()
}

fn well_protected() -> Value {
    json!({
        "protection_rules": [
            {
                "type": "required_reviewers",
                "prevent_self_review": true,
                "reviewers": [{ "type": "User", "reviewer": { "login": "ana", "id": 1 } }]
            },
            { "type": "branch_policy" }
        ],
        "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
        "can_admins_bypass": false
    })
}

/// Where what was approved is deployed.
fn without_reviewers() -> Value {
    let mut settings = well_protected();
    settings["protection_rules"] = json!([{ "type": "branch_policy" }]);
    settings
}

fn bare() -> Value {
    json!({ "protection_rules": [], "deployment_branch_policy": null, "can_admins_bypass": true })
}

/// There is one finding, a warning with these words.
#[track_caller]
fn assert_warned(found: &[Value], detail: &str, fix: &str) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["state"], "warn", "{found:#?}");
    assert!(found[0]["detail"].as_str().unwrap().contains(detail), "{found:#?}");
    assert!(found[0]["fix"].as_str().unwrap().contains(fix), "{found:#?}");
}

#[test]
fn what_protects_the_environment_is_asked_of_github() {
    let machine = Machine::new();
    machine.environment("production-approval", well_protected(), &[&[("branch", "main")]]);
    machine.environment("production", without_reviewers(), &[&[("branch", "main")], &[]]);
    let found = machine.doctor("production");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().all(|it| it["state"] == "ok"), "{found:#?}");
    assert!(found[0]["detail"].as_str().unwrap().contains("one reviewer of 1 has to approve"), "{found:#?}");
    assert!(found[1]["detail"].as_str().unwrap().starts_with("production: only branch main"), "{found:#?}");
    let asked = machine.asked();
    assert!(asked.contains("--hostname github.com"), "{asked}");
    // A pattern on the second page is one like any other.
    machine.environment("production", without_reviewers(), &[&[("branch", "main")], &[("tag", "v*")]]);
    let found = machine.doctor("production");
    assert_warned(&found[1..], "asks nobody: tag v*", "Settings > Environments > production >");
}

#[test]
fn the_configuration_says_what_is_guarded() {
    let machine = Machine::new();
    machine.environment("staging", bare(), &[]);
    assert_warned(&machine.doctor("staging"), "every branch and tag may use it", "only branch main");
    let file = "infra/environments/staging.toml";
    let kept = machine.scene.read(file).replace("retain_data = false", "retain_data = true");
    machine.scene.write(file, &kept);
    machine.environment("staging-approval", bare(), &[]);
    let found = machine.doctor("staging");
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found.iter().all(|it| it["state"] == "warn"), "{found:#?}");
}

#[test]
fn an_environment_that_github_does_not_have_has_no_protection() {
    let machine = Machine::new();
    assert_warned(
        &machine.doctor("production"),
        "shows no repository specboard/doc-platform",
        "platform.toml",
    );
    machine.answers("repos/specboard/doc-platform", 1, "{}");
    let found = machine.doctor("production");
    assert_eq!(found.len(), 2, "{found:#?}");
    for (found, place, settings) in [
        (&found[..1], "production-approval before any run", "branch main, required reviewers"),
        (&found[1..], "production before any run", "branch main, no reviewers"),
    ] {
        assert_warned(found, "makes one without any protection on the first run", place);
        assert_warned(found, "makes one without any protection on the first run", settings);
    }
}

#[test]
fn what_github_does_not_answer_is_a_warning() {
    let machine = Machine::new();
    machine.environment("production-approval", well_protected(), &[&[("branch", "main")]]);
    machine.answers(&format!("{ENVIRONMENTS}/production"), 1, "<html>unicorn</html>");
    assert_warned(
        &machine.doctor("production")[1..],
        "not understood",
        "gh api repos/specboard/doc-platform/environments",
    );
    machine.environment("production", without_reviewers(), &[]);
    machine.answers(&format!("{ENVIRONMENTS}/production/deployment-branch-policies"), 1, "[]");
    assert_warned(&machine.doctor("production")[1..], "not understood", "/deployment-branch-policies");
    machine.scene.stand_in(
        "gh",
        "[ $1 = api ] || exit 0\necho 'gh: Resource not accessible by personal access token (HTTP 403)' >&2; exit 1",
    );
    assert_warned(&machine.doctor("production"), "(HTTP 403)", "Actions, read");
}

#[test]
fn github_is_asked_where_gh_is_signed_in_and_about_aws_only() {
    let machine = Machine::new();
    machine.environment("staging", bare(), &[]);
    // The account is in use by who serves it: that is what fails.
    let run = machine.scene.run(&["doctor", "staging", "--local", "--json"]).expect(10);
    assert_eq!(github(&run), [] as [Value; 0]);
    machine.scene.stand_in("gh", "echo \"$*\" >> gh.log\necho 'You are not logged in.' >&2; exit 1");
    assert_eq!(machine.doctor("staging"), [] as [Value; 0]);
    let asked = machine.asked();
    assert!(asked.lines().all(|line| line == "auth status"), "{asked}");
    assert_eq!(asked.lines().count(), 2, "{asked}");
}
