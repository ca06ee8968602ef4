#![allow(clippy::unwrap_used)]

use ops_cli::ServiceResult;

use super::*;

fn outcome() -> Outcome {
    let digest = format!("sha256:{}", "a".repeat(64));
    let result = DeployResult {
        verdict: Verdict::RolledBack,
        exit_code: 20,
        environment: "staging".to_owned(),
        release: "v1.2.0".to_owned(),
        commit: "b".repeat(40),
        services: vec![ServiceResult {
            name: "api".to_owned(),
            digest: digest.clone(),
            task_definition: "arn:aws:ecs:us-west-2:123456789012:task-definition/shop-staging-api:6"
                .to_owned(),
            running_digests: vec![digest],
        }],
        elapsed_secs: 340.0,
        detected_secs: Some(7.0),
        cause: Some(Cause {
            kind: "image_missing".to_owned(),
            service: Some("api".to_owned()),
            detail: "api: its image does not exist: `docker`\n<b>gone</b>".to_owned(),
        }),
        next: None,
        overrides: vec!["health-path:api".to_owned()],
        local_only: Vec::new(),
    };
    let times = Times { noticed_secs: 90.0, whole: Whole::After(130.0), ended_secs: 220.0 };
    Outcome { result, records: Vec::new(), forecast: None, times: Some(times) }
}

#[test]
fn the_summary_reads_from_the_verdict_to_the_evidence() {
    let outcome = outcome();
    let lines = lines(
        "https://staging.example.com",
        &outcome,
        Duration::from_secs(2),
        Command::Deployment.sentence(outcome.result.verdict),
    );
    let expected = [
        "staging: failed; everything is back as it was",
        "  cause    api: its image does not exist: `docker`\n<b>gone</b>",
        "  course   called after 1m30s, services whole after 2m10s, over after 3m40s",
        "  override health-path:api",
        "  release  v1.2.0",
        "  commit   bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "  api      sha256:aaaaaaaaaaaa",
        "  url      https://staging.example.com",
        "  time     5m40s (2.0 s of wall time)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_step_summary_has_a_table_and_the_timeline() {
    let outcome = outcome();
    let timeline = [
        Entry { at_secs: 0.0, text: "Services".to_owned() },
        Entry { at_secs: 90.0, text: "error: ```".to_owned() },
    ];
    let sentence = Command::Deployment.sentence(outcome.result.verdict);
    let text = markdown(
        "https://staging.example.com",
        sentence,
        &outcome.result,
        outcome.times,
        &timeline,
        &Redactor::default(),
    );
    let expected = "\
## staging: failed; everything is back as it was

- **Cause:** ``api: its image does not exist: `docker` <b>gone</b>``
- **Course:** called after 1m30s, services whole after 2m10s, over after 3m40s
- **Overridden guard:** `health-path:api`
- **Release:** `v1.2.0`
- **Commit:** `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`
- **Where:** https://staging.example.com
- **Time:** 5m40s

| service | release's image | running | task definition |
|---|---|---|---|
| api | `sha256:aaaaaaaaaaaa` | `sha256:aaaaaaaaaaaa` | `shop-staging-api:6` |

<details><summary>Timeline</summary>

````
     0s  Services
  1m30s  error: ```
````

</details>
";
    assert_eq!(text, expected);
}

#[test]
fn the_first_deployment_has_nothing_to_be_whole_again_and_no_empty_cell() {
    let mut outcome = outcome();
    outcome.result.services[0].running_digests.clear();
    outcome.result.services[0].task_definition.clear();
    let times = outcome.times.map(|times| Times { whole: Whole::NothingBefore, ..times });
    let text =
        markdown("https://staging.example.com", "failed", &outcome.result, times, &[], &Redactor::default());
    assert!(text.contains("- **Course:** called after 1m30s, over after 3m40s\n"), "{text}");
    assert!(text.contains("| api | `sha256:aaaaaaaaaaaa` | - | - |\n"), "{text}");
}

#[test]
fn a_rollback_is_not_called_a_deployment() {
    assert_eq!(Command::Rollback.sentence(Verdict::Succeeded), "rolled back and healthy");
    assert_eq!(
        Command::Rollback.sentence(Verdict::RolledBack),
        "the rollback failed; everything is as it was before it"
    );
    assert_eq!(Command::Rollback.sentence(Verdict::NeedsHuman), "failed; a person has to act");
}

#[test]
fn text_of_others_stays_text_in_markdown() {
    let mut outcome = outcome();
    let hostile = "``` <img src=x> ``\u{202e}\x1b[2J\r\n## forged `` ` ```` @all | [a](javascript:b)";
    outcome.result.cause = Some(Cause { kind: "x".to_owned(), service: None, detail: hostile.to_owned() });
    outcome.result.release = "v1`<b>".to_owned();
    outcome.result.next = Some("a `b` c".to_owned());
    outcome.result.services[0].task_definition = "x/a|b`c".to_owned();
    let timeline = [Entry { at_secs: 0.0, text: "a\n````\n</details>\r```\u{0}".to_owned() }];
    let text = markdown(
        "https://staging.example.com",
        "failed",
        &outcome.result,
        None,
        &timeline,
        &Redactor::default(),
    );
    let cause = text.lines().find(|line| line.starts_with("- **Cause:**")).unwrap();
    assert_eq!(
        cause,
        "- **Cause:** ````` ``` <img src=x> ``\\u{202e}\\u{1b}[2J ## forged `` ` ```` @all | [a](javascript:b) `````"
    );
    assert!(text.contains("- **Release:** ``v1`<b>``\n"), "{text}");
    assert!(text.contains("- **Next:** ``a `b` c``\n"), "{text}");
    assert!(text.contains("| ``a\\|b`c`` |\n"), "{text}");
    assert!(text.contains("\n`````\n     0s  a\n````\n</details>\\u{d}```\\u{0}\n`````\n"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("## forged")), "{text}");
}

#[test]
fn a_step_summary_holds_no_token() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let mut outcome = outcome();
    let detail = format!("api: cannot push with {token}");
    outcome.result.cause = Some(Cause { kind: "x".to_owned(), service: None, detail });
    let timeline = [Entry { at_secs: 0.0, text: format!("| git push --password hunter2 {token}") }];
    let text = markdown(
        "https://staging.example.com",
        "failed",
        &outcome.result,
        None,
        &timeline,
        &Redactor::default(),
    );
    assert!(!text.contains("ghp_") && !text.contains("hunter2"), "{text}");
}
