//! What must hold for every workflow, job and step.

use std::collections::BTreeSet;

use deploy_ops::clock::Moment;
use deploy_ops::plan::{Action, Change, Plan};
use deploy_ops::{inputs, rollout};
use serde_json::{Value, json};

use super::model::{self, called, list};

#[test]
fn nothing_is_interpolated_into_a_command() {
    for file in model::all() {
        for step in file.steps() {
            assert!(!step.content["run"].to_string().contains("${{"), "{}", step.place);
            assert!(step.content["working-directory"].is_null(), "{}", step.place);
        }
    }
}

#[test]
fn actions_are_pinned_by_commit_and_say_which_version_that_is() {
    for file in model::all() {
        for line in
            file.text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "))
        {
            if line.starts_with("./.github/") {
                continue;
            }
            let (action, version) =
                line.split_once(" # ").unwrap_or_else(|| panic!("{}: {line}: no version", file.name));
            let (_, commit) =
                action.split_once('@').unwrap_or_else(|| panic!("{}: {line}: no commit", file.name));
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{}: {line}",
                file.name
            );
            assert!(version.starts_with('v') && version.split('.').count() == 3, "{}: {line}", file.name);
        }
    }
}

#[test]
fn one_action_has_one_version() {
    let mut pins = std::collections::BTreeMap::new();
    for file in model::all() {
        for step in file.steps() {
            let Some((action, commit)) = step.content["uses"].as_str().and_then(|uses| uses.split_once('@'))
            else {
                continue;
            };
            let repository = action.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
            let pinned = pins.entry(repository).or_insert_with(|| commit.to_owned());
            assert_eq!(pinned, commit, "{}", step.place);
        }
    }
}

#[test]
fn no_secret_is_stored_and_the_token_reaches_two_steps_only() {
    let mut with_token = Vec::new();
    for file in model::all() {
        assert!(!file.text.contains("secrets"), "{}: AWS is reached without stored secrets", file.name);
        for step in file.steps() {
            let text = step.content.to_string();
            if text.contains("github.token") || text.contains("GITHUB_TOKEN") {
                with_token.push(step.place);
            }
        }
    }
    assert_eq!(
        with_token,
        [
            "cd.yml: newest: Ask for main's newest commit",
            "prod-deploy.yml: annotate: Say what runs since when"
        ]
    );
}

#[test]
fn checkouts_leave_no_credentials_behind() {
    let mut seen = 0;
    for file in model::all() {
        for step in file.steps() {
            if step.content["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@")) {
                seen += 1;
                assert_eq!(step.content["with"]["persist-credentials"], false, "{}", step.place);
            }
        }
    }
    assert!(seen > 5);
}

/// Whether a job signs in to AWS, itself or in the workflow that it calls.
pub(super) fn signs_in(job: &Value) -> bool {
    let inside = job["uses"].as_str().and_then(called);
    let inside = inside.is_some_and(|file| file.jobs().values().any(signs_in));
    let steps = job["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    inside
        || steps.iter().any(|step| {
            step["uses"]
                .as_str()
                .is_some_and(|uses| uses.starts_with("aws-actions/configure-aws-credentials@"))
        })
}

#[test]
fn a_job_may_do_what_it_needs_and_nothing_else() {
    for (name, file) in model::workflows() {
        assert_eq!(file.content["permissions"], json!({}), "{name}: no permissions for all jobs");
        for (id, job) in file.jobs() {
            let edits_release = job["steps"].to_string().contains("cargo xtask release annotate");
            let mut wanted = json!({ "contents": if edits_release { "write" } else { "read" } });
            if signs_in(job) {
                assert!(!edits_release, "{name}: {id}: who deploys cannot rewrite releases");
                wanted["id-token"] = json!("write");
            }
            assert_eq!(job["permissions"], wanted, "{name}: {id}");
        }
    }
}

/// GitHub takes no `environment` where a workflow is called: the called job has it.
#[test]
fn a_job_that_calls_a_workflow_has_no_environment() {
    let mut calling = 0;
    for (_, file) in model::workflows() {
        for (id, job) in file.jobs() {
            if job["uses"].is_string() {
                calling += 1;
                assert!(job["environment"].is_null(), "{}: {id}", file.name);
            }
        }
    }
    assert!(calling > 2);
}

#[test]
fn every_job_ends_and_its_session_lasts_as_long() {
    for (name, file) in model::workflows() {
        for (id, job) in file.jobs() {
            if job["uses"].is_string() {
                continue;
            }
            let minutes =
                job["timeout-minutes"].as_u64().unwrap_or_else(|| panic!("{name}: {id}: no timeout"));
            assert!(minutes <= 255, "{name}: {id}");
            let sign_in = job["steps"]
                .as_array()
                .unwrap()
                .iter()
                .find(|step| step["with"]["role-to-assume"].is_string());
            if let Some(sign_in) = sign_in {
                let expected = json!("${{ steps.role.outputs.session-secs }}");
                assert_eq!(sign_in["with"]["role-duration-seconds"], expected, "{name}: {id}");
            }
            let deploys = ["cargo xtask deploy \"", "cargo xtask rollback"];
            if deploys.iter().any(|command| job["steps"].to_string().contains(&command.replace('"', "\\\"")))
            {
                let session = u64::from(stack_model::DEPLOY_SESSION_SECS);
                assert!(minutes * 60 > session, "{name}: {id}: the tool must end before its job does");
            }
        }
    }
}

#[test]
fn a_session_outlasts_the_longest_deployment_and_its_rollback() {
    let config = crate::templates::config();
    for environment in config.environments.values() {
        let template = inputs::environment_template(&config, environment).unwrap();
        let document = crate::templates::document(&config, environment.name.as_str());
        let resources = crate::templates::resources(&document).into_iter();
        let changes = resources.map(|(logical_id, resource)| Change {
            action: Action::Add,
            logical_id: logical_id.to_owned(),
            resource_type: resource["Type"].as_str().unwrap().to_owned(),
            properties: BTreeSet::new(),
            kept: false,
        });
        let begin = Moment::from_epoch_secs(0.0);
        let infrastructure =
            rollout::of_infrastructure(&Plan { changes: changes.collect() }, begin).deadline().secs;
        let services =
            rollout::of_services(&config, environment, &template, &[], begin, |_| true).deadline().secs;
        let tasks: u32 = config.platform.tasks.values().map(|task| task.timeout_secs).sum();
        let longest = infrastructure + tasks + 2 * services;
        assert!(infrastructure > 3600 && services > 300, "{infrastructure} {services}");
        let session = stack_model::DEPLOY_SESSION_SECS;
        assert!(longest < session, "{}: {longest} s, but a session ends after {session} s", environment.name);
    }
}

#[test]
fn the_tool_is_kept_under_the_name_of_its_sources() {
    let action = model::action(".github/actions/deploy-tool");
    let steps = action.steps();
    let restore = &steps[0].content["with"];
    let key = restore["key"].as_str().unwrap();
    let hashed: Vec<&str> = key.split_once("hashFiles(").unwrap().1.split('\'').skip(1).step_by(2).collect();
    assert_eq!(hashed, ["Cargo.toml", "Cargo.lock", ".cargo/**", "crates/**", "xtask/**"]);
    for pattern in hashed {
        let path = model::repository().join(pattern.trim_end_matches("/**"));
        assert!(path.exists(), "{pattern} names nothing");
    }
    let save = steps.iter().find(|step| step.place.ends_with("Keep the tool")).unwrap().content;
    assert_eq!(save["with"]["path"], restore["path"]);
    assert_eq!(save["with"]["key"], "${{ steps.cache.outputs.cache-primary-key }}");
    assert_eq!(list(&save["if"]), ["steps.cache.outputs.cache-hit != 'true'"]);
}

/// The end of anybody's pull request starts them: what they keep in main's cache would run with a role later.
#[test]
fn runs_that_others_can_start_only_read_the_cache() {
    let mut seen = Vec::new();
    for (name, file) in model::workflows() {
        if model::triggers(&file).contains(&"workflow_run") {
            assert_eq!(file.content["cache-mode"], "read", "{name}");
            seen.push(name);
        }
    }
    assert_eq!(seen, ["cd.yml", "prod-deploy.yml"]);
}

#[test]
fn images_are_built_on_a_machine_of_the_tasks_architecture() {
    let config = env_config::Config::load(&model::repository()).unwrap();
    let arm = |service: &env_config::Service| service.architecture == env_config::CpuArchitecture::Arm64;
    let services: Vec<bool> = config.platform.services.values().map(arm).collect();
    let workflows = model::workflows();
    let file = &workflows.iter().find(|(name, _)| *name == "_build-images.yml").unwrap().1;
    let runner = file.jobs()["build"]["runs-on"].as_str().unwrap().to_owned();
    assert_eq!(services, vec![runner.ends_with("-arm"); services.len()], "{runner}");
    let tool = workflows.iter().find(|(name, _)| *name == "ci.yml").unwrap().1.jobs()["tool"].to_string();
    assert!(tool.contains(&format!("{runner:?}")), "the tool is kept for {runner}: {tool}");
}
