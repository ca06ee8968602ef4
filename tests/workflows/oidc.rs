//! Who may sign in as what: the subject of every job's token against the trust policies of the shared template.
//!
//! GitHub writes the subject from the job's environment, or else from what the run is about:
//! <https://docs.github.com/actions/reference/security/oidc>

use std::collections::BTreeMap;

use env_config::{Config, GitHub, SharedNames};
use serde_json::{Value, json};

use super::expression::Contexts;
use super::hygiene::signs_in;
use super::model::{self, called, triggers};
use crate::templates::config;

/// What a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Ref(&'static str),
    PullRequest,
}

/// What a run with this trigger is about. `workflow_run`, `schedule` and a dispatch in the user interface are about the
/// default branch unless somebody chooses another one.
pub(super) fn about(trigger: &str) -> About {
    match trigger {
        "push" | "workflow_run" | "schedule" | "workflow_dispatch" => About::Ref("refs/heads/main"),
        "merge_group" => About::Ref("refs/heads/gh-readonly-queue/main/pr-1-0123456"),
        "release" => About::Ref("refs/tags/v0.1.0"),
        "pull_request" => About::PullRequest,
        other => panic!("what is a run of {other} about?"),
    }
}

/// Subject of the token: by names, or with the ids that cannot be taken over with a name.
pub(super) fn subject(github: &GitHub, by_id: bool, environment: Option<&str>, about: About) -> String {
    let GitHub { owner, repository, .. } = github;
    let repository = match (by_id, github.owner_id, github.repository_id) {
        (true, Some(owner_id), Some(repository_id)) => {
            format!("{owner}@{owner_id}/{repository}@{repository_id}")
        }
        (true, ..) => panic!("the configuration has no ids"),
        (false, ..) => format!("{owner}/{repository}"),
    };
    let context = match (environment, about) {
        (Some(environment), _) => format!("environment:{environment}"),
        (None, About::PullRequest) => "pull_request".to_owned(),
        (None, About::Ref(name)) => format!("ref:{name}"),
    };
    format!("repo:{repository}:{context}")
}

/// Whether the role's trust policy lets in who brings a token with this subject.
pub(super) fn trusts(template: &Value, role: &str, subject: &str) -> bool {
    let resources = template["Resources"].as_object().unwrap();
    let role = resources
        .values()
        .find(|resource| resource["Type"] == "AWS::IAM::Role" && resource["Properties"]["RoleName"] == role)
        .unwrap_or_else(|| panic!("no role {role}"));
    let statements = role["Properties"]["AssumeRolePolicyDocument"]["Statement"].as_array().unwrap();
    statements.iter().any(|statement| {
        let web = statement["Action"] == json!("sts:AssumeRoleWithWebIdentity");
        assert_eq!(statement["Effect"], "Allow", "this reader knows no denials");
        web && statement["Condition"].as_object().unwrap().iter().all(|(operator, keys)| {
            assert_eq!(operator, "StringEquals", "this reader knows exact comparison only: no wildcards");
            keys.as_object().unwrap().iter().all(|(key, accepted)| {
                let value = match key.as_str() {
                    "token.actions.githubusercontent.com:aud" => "sts.amazonaws.com",
                    "token.actions.githubusercontent.com:sub" => subject,
                    other => panic!("GitHub's tokens have no {other} here"),
                };
                accepted == value || accepted.as_array().is_some_and(|all| all.iter().any(|it| it == value))
            })
        })
    })
}

/// A job as it runs: in which environment, and as which role where it signs in.
#[derive(Debug)]
struct Running {
    place: String,
    about: About,
    environment: Option<String>,
    /// Whether GitHub gives it a token at all.
    token: bool,
    role: Option<String>,
}

/// Every job of every workflow under each of its triggers and choices.
fn all_jobs(config: &Config) -> Vec<Running> {
    let mut found = Vec::new();
    for (name, file) in model::workflows() {
        for trigger in triggers(&file).into_iter().filter(|trigger| *trigger != "workflow_call") {
            for inputs in choices(&file) {
                let contexts = Contexts { success: true, ..Contexts::default() }
                    .with("inputs", inputs)
                    .with("github", json!({ "event": {}, "event_name": trigger }));
                collect(
                    config,
                    &format!("{name} on {trigger}"),
                    &file,
                    about(trigger),
                    &contexts,
                    &mut found,
                );
            }
        }
    }
    found
}

/// Every combination of what a person can choose in a dispatch; one without choices where there are none.
fn choices(file: &model::File) -> Vec<Value> {
    let mut all = vec![json!({})];
    let inputs = file.content["on"]["workflow_dispatch"]["inputs"].as_object();
    for (name, input) in inputs.into_iter().flatten() {
        let values = model::list(&input["options"]);
        let values = if values.is_empty() { vec!["v0.1.0"] } else { values };
        let with = |value: &str| {
            all.iter()
                .map(|so_far| {
                    let mut more = so_far.clone();
                    more[name] = json!(value);
                    more
                })
                .collect::<Vec<_>>()
        };
        all = values.into_iter().flat_map(with).collect();
    }
    all
}

fn collect(
    config: &Config,
    place: &str,
    file: &model::File,
    about: About,
    contexts: &Contexts,
    found: &mut Vec<Running>,
) {
    for (id, job) in file.jobs() {
        let place = format!("{place}: {id}");
        if let Some(inner) = job["uses"].as_str().and_then(called) {
            let mut inputs = json!({});
            for (name, value) in job["with"].as_object().into_iter().flatten() {
                inputs[name] = contexts.interpolate(value.as_str().unwrap()).unwrap();
            }
            let inner_contexts = Contexts { success: true, ..Contexts::default() }.with("inputs", inputs);
            collect(config, &place, &inner, about, &inner_contexts, found);
            continue;
        }
        let environment = job["environment"].as_str().map(|text| contexts.interpolate(text).unwrap());
        let environment = environment.map(|value| value.as_str().unwrap().to_owned());
        found.push(Running {
            about,
            environment,
            token: job["permissions"]["id-token"] == "write",
            role: signs_in(job).then(|| role(config, &place, job, contexts)),
            place,
        });
    }
}

/// The role that the job's step `role` asks for.
fn role(config: &Config, place: &str, job: &Value, contexts: &Contexts) -> String {
    let steps = job["steps"].as_array().unwrap();
    let step =
        steps.iter().find(|step| step["id"] == "role").unwrap_or_else(|| panic!("{place}: no step role"));
    let command = step["run"].as_str().unwrap();
    let names = SharedNames::new(&config.platform);
    if command == "cargo xtask github role --build" {
        return names.build_role();
    }
    let environment = command
        .strip_prefix("cargo xtask github role --env=")
        .unwrap_or_else(|| panic!("{place}: {command}"));
    let environment = match environment.trim_matches('"').strip_prefix('$') {
        Some(variable) => contexts.interpolate(step["env"][variable].as_str().unwrap()).unwrap(),
        None => json!(environment),
    };
    names.deploy_role(&config.environment(environment.as_str().unwrap()).unwrap().name)
}

/// The template that has the roles.
pub(super) fn shared_template(config: &Config) -> Value {
    serde_json::from_str(&stack_model::shared(config).unwrap().compact()).unwrap()
}

#[test]
fn every_job_that_signs_in_is_let_in() {
    let config = config();
    let template = shared_template(&config);
    let mut roles = BTreeMap::<String, usize>::new();
    for job in all_jobs(&config) {
        let Some(role) = &job.role else { continue };
        assert!(job.token, "{}: without id-token: write there is no token", job.place);
        for by_id in [false, true] {
            let subject = subject(&config.platform.github, by_id, job.environment.as_deref(), job.about);
            assert!(trusts(&template, role, &subject), "{}: {role} does not trust {subject}", job.place);
        }
        *roles.entry(role.clone()).or_default() += 1;
    }
    let expected = ["doc-platform-build", "doc-platform-production-deploy", "doc-platform-staging-deploy"];
    assert!(roles.keys().eq(expected), "{roles:?}");
}

#[test]
fn every_other_job_is_kept_out() {
    let config = config();
    let template = shared_template(&config);
    let roles = role_names(&template);
    assert_eq!(roles.len(), 3);
    for job in all_jobs(&config) {
        for role in roles.iter().filter(|role| job.role.as_ref() != Some(role)) {
            for by_id in [false, true] {
                let subject = subject(&config.platform.github, by_id, job.environment.as_deref(), job.about);
                // Jobs of main without an environment share a subject: only the permission tells who gets a token at all.
                assert!(
                    !job.token || !trusts(&template, role, &subject),
                    "{}: {role} trusts {subject}",
                    job.place
                );
                assert!(
                    !trusts(&template, role, &subject) || role == "doc-platform-build",
                    "{}: {role}",
                    job.place
                );
            }
        }
    }
}

#[test]
fn no_branch_tag_pull_request_or_fork_is_let_in() {
    let config = config();
    let template = shared_template(&config);
    let own = &config.platform.github;
    let fork = GitHub {
        owner: "somebody".parse().unwrap(),
        owner_id: Some(1),
        repository_id: Some(2),
        ..own.clone()
    };
    let renamed =
        GitHub { repository: "doc-platform-2".parse().unwrap(), repository_id: Some(3), ..own.clone() };
    // The name of a repository that was given up, taken over by somebody else: the ids differ.
    let taken_over = GitHub { owner_id: Some(4), repository_id: Some(5), ..own.clone() };
    let refs =
        ["refs/heads/main", "refs/heads/feature", "refs/heads/main2", "refs/tags/main", "refs/tags/v0.1.0"];
    let abouts = || refs.into_iter().map(About::Ref).chain([About::PullRequest]);
    let environments =
        ["production", "staging", "Production", "production-2", "production-approval", "preview"];
    for role in role_names(&template) {
        for by_id in [false, true] {
            let mut let_in = Vec::new();
            for about in abouts() {
                let_in.push(subject(own, by_id, None, about));
            }
            let_in.extend(environments.map(|name| subject(own, by_id, Some(name), About::Ref(refs[1]))));
            let_in.retain(|subject| trusts(&template, &role, subject));
            assert_eq!(let_in.len(), 1, "{role} trusts {let_in:?}");
            let strangers = if by_id { vec![&fork, &renamed, &taken_over] } else { vec![&fork, &renamed] };
            for stranger in strangers {
                for about in abouts() {
                    let subject = subject(stranger, by_id, None, about);
                    assert!(!trusts(&template, &role, &subject), "{role} trusts {subject}");
                }
                for name in environments {
                    let subject = subject(stranger, by_id, Some(name), About::PullRequest);
                    assert!(!trusts(&template, &role, &subject), "{role} trusts {subject}");
                }
            }
        }
    }
}

/// Roles that trust GitHub's tokens.
fn role_names(template: &Value) -> Vec<String> {
    let roles = template["Resources"].as_object().unwrap().values();
    let roles = roles
        .filter(|role| role["Properties"]["AssumeRolePolicyDocument"].to_string().contains("WebIdentity"));
    roles.map(|role| role["Properties"]["RoleName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn production_is_signed_in_to_from_its_environment_only() {
    let config = config();
    let jobs = all_jobs(&config);
    let production: Vec<_> =
        jobs.iter().filter(|job| job.role.as_deref() == Some("doc-platform-production-deploy")).collect();
    let workflows: Vec<&str> = production.iter().map(|job| job.place.split(" on ").next().unwrap()).collect();
    assert!(
        workflows.contains(&"prod-deploy.yml") && workflows.contains(&"prod-rollback.yml"),
        "{workflows:?}"
    );
    for job in &production {
        assert_eq!(job.environment.as_deref(), Some("production"), "{}", job.place);
    }
}
