//! A second user of the database, as docs/runbooks/database-change.md has it: who is given which secret.

use deploy_ops::resolve::Wanted;
use deploy_ops::stack;
use deploy_ops::template::{Section, Template};
use ops_cli::Verdict;
use serde_json::Value;

use super::scene::{Scene, block_on, close, options};

/// The TOML blocks of the runbook, put into the configuration: a table that is there gets the keys, a new one is added.
fn apply(scene: &Scene) {
    let runbook = include_str!("../../docs/runbooks/database-change.md");
    let path = scene.root().join("infra/platform.toml");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let blocks = runbook.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let tables = blocks.flat_map(|block| block.split_inclusive('\n')).collect::<String>();
    for table in tables.split("\n[").map(|table| table.trim_start_matches('[')) {
        let (name, keys) = table.split_once("]\n").unwrap();
        let header = format!("[{name}]\n");
        if text.contains(&header) {
            for key in keys.lines().filter(|line| !line.is_empty()) {
                let variable = key.split(" = ").next().unwrap();
                let (before, rest) = text.split_once(&header).unwrap();
                let end = rest.find("\n[").unwrap_or(rest.len());
                let (own, after) = rest.split_at(end);
                let own: Vec<&str> =
                    own.lines().filter(|line| !line.starts_with(&format!("{variable} = "))).collect();
                text = format!("{before}{header}{key}\n{}\n{after}", own.join("\n"));
            }
        } else {
            text.push_str(&format!("\n{header}{keys}\n"));
        }
    }
    std::fs::write(path, text).unwrap();
}

fn container<'a>(template: &'a Template, id: &str) -> &'a Value {
    let task = template.get(Section::Resources, id).unwrap_or_else(|| panic!("{id} is in the template"));
    &task["Properties"]["ContainerDefinitions"][0]
}

fn named<'a>(list: &'a Value, name: &str) -> Option<&'a Value> {
    list.as_array().unwrap().iter().find(|it| it["Name"] == name)
}

#[test]
fn services_get_the_second_user_and_tasks_the_owner() {
    let scene = Scene::staging();
    apply(&scene);
    scene.commit("a user of its own for the services");
    block_on(async {
        let result = scene.deploy("staging", &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        let session = scene.session("staging", &[]).await;
        let template =
            stack::live_template(&session.target.aws, session.environment.stack_name.as_str()).await.unwrap();
        for (id, user, secret) in [
            ("ApiTaskDefinition", "specboard_app", "DatabaseAppSecret"),
            ("MigrateTaskDefinition", "specboard", "DatabaseSecret"),
            ("SeedTaskDefinition", "specboard", "DatabaseSecret"),
        ] {
            let container = container(&template, id);
            assert_eq!(named(&container["Environment"], "DB_USER").unwrap()["Value"], user, "{id}");
            let password = named(&container["Secrets"], "DB_PASSWORD").unwrap().to_string();
            assert!(password.contains(&format!("${{{secret}}}")), "{id}: {password}");
        }
        let migrate = container(&template, "MigrateTaskDefinition");
        assert!(named(&migrate["Secrets"], "DB_APP_PASSWORD").is_some());
        // Whoever starts the services' tasks can no longer read the owner's password.
        let role = template.get(Section::Resources, "ApiExecutionRole").unwrap().to_string();
        assert!(role.contains("DatabaseAppSecret") && !role.contains("DatabaseSecret"), "{role}");
        close(session).await;
    });
}
