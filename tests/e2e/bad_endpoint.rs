//! A verdict is never made of a bad connection.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use deploy_ops::deploy::{self, Outcome};
use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use local_aws::Control;
use ops_cli::{Exit, Verdict};

use super::endpoint::{Fate, html};
use super::scene::{Scene, block_on, close, options};

/// Deploys the next commit to staging while calls go wrong: `decide` is told the seconds since the start, by AWS's clock.
fn deployed(
    decide: impl Fn(f64, &Control, &str) -> Fate + Send + Sync + 'static,
) -> (Result<Outcome, Failure>, f64, Vec<String>) {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        scene.build("staging").await;
        let since = std::sync::Mutex::new(None);
        let session = scene
            .through("staging", 0.0, move |control, operation| {
                let now = control.now().as_epoch_secs();
                let began = *since.lock().unwrap().get_or_insert(now);
                decide(now - began, control, operation)
            })
            .await;
        let began = session.target.clock.now();
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await;
        let secs = session.target.clock.now().secs_since(began);
        let control = session.target.control().unwrap();
        let calls = control.seen_calls().into_iter().map(|call| call.operation).collect();
        close(session).await;
        (outcome, secs, calls)
    })
}

/// Ways in which nobody at AWS answers.
fn outages() -> Vec<(&'static str, Fate)> {
    let error = |status, media_type, text: &str| Fate::Instead(status, media_type, text.to_owned());
    vec![
        ("a page of HTML, 503", html(503)),
        ("a page of HTML, 502", html(502)),
        ("a page of HTML, 403", html(403)),
        (
            "an internal error with a code that no list has",
            error(500, "application/x-amz-json-1.1", r#"{"__type":"InternalServiceError","message":"x"}"#),
        ),
        ("nothing, 200", error(200, "text/xml", "")),
        ("half an answer", error(200, "text/xml", "<DescribeStacksResponse><DescribeStacksResu")),
        ("a lost connection", Fate::Lost),
    ]
}

#[test]
fn an_outage_in_the_middle_of_a_deployment_rolls_nothing_back() {
    // From the infrastructure to the last look at the alarms.
    for (number, from) in (20..400).step_by(20).enumerate() {
        let outages = outages();
        let (name, fate) = outages[number % outages.len()].clone();
        let from = f64::from(from);
        let (outcome, _, _) = deployed(move |secs, _, operation| {
            let out = (from..from + 70.0).contains(&secs) && operation != "GetCallerIdentity";
            if out { fate.clone() } else { Fate::Answered }
        });
        let result =
            outcome.unwrap_or_else(|failure| panic!("{name} from {from} s: {}", failure.chain())).result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{name} from {from} s: {:?}", result.cause);
    }
}

#[test]
fn silence_until_the_deadline_is_said_and_changes_nothing() {
    for (name, fate) in [("no answer", html(503)), ("throttled", throttled())] {
        // The services are rolled by the update that follows the migration.
        let (migrated, silent_from) = (AtomicBool::new(false), std::sync::Mutex::new(f64::INFINITY));
        let (outcome, secs, calls) = deployed(move |secs, _, operation| {
            let mut from = silent_from.lock().unwrap();
            match operation {
                "RunTask" => migrated.store(true, Ordering::Relaxed),
                "ExecuteChangeSet" if migrated.load(Ordering::Relaxed) => *from = secs + 30.0,
                _ => {}
            }
            if secs > *from { fate.clone() } else { Fate::Answered }
        });
        let outcome = outcome.unwrap_or_else(|failure| panic!("{name}: {}", failure.chain()));
        let result = outcome.result;
        assert_eq!(
            (result.verdict, result.exit_code),
            (Verdict::NeedsHuman, 21),
            "{name}: {:?}",
            result.cause
        );
        let cause = result.cause.unwrap();
        assert!(["api_outage", "throttled"].contains(&cause.kind.as_str()), "{name}: {cause:?}");
        assert!(cause.detail.contains("not known"), "{name}: {}", cause.detail);
        let rollout = &outcome.records.last().unwrap().rollout;
        let began = rollout.started_at.secs_since(outcome.records[0].rollout.started_at);
        let deadline = f64::from(rollout.deadline().secs);
        // What comes before the first update, and the pause and the calls in which the deadline passes.
        assert!(secs <= began + deadline + 180.0, "{name}: {secs} s, deadline {began} + {deadline} s");
        let acts = calls.iter().filter(|call| {
            ["cloudformation:CancelUpdateStack", "ecs:StopServiceDeployment"].contains(&call.as_str())
        });
        assert_eq!(acts.count(), 0, "{name}");
        assert!(result.next.unwrap().contains("diagnose staging"));
    }
}

fn throttled() -> Fate {
    let text = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    Fate::Instead(400, "application/x-amz-json-1.1", text.to_owned())
}

#[test]
fn what_only_informs_ends_nothing() {
    for service in ["logs", "cloudwatch", "elasticloadbalancing"] {
        let denied = std::sync::Once::new();
        let (outcome, ..) = deployed(move |_, control, operation| {
            if operation == "ExecuteChangeSet" {
                let fault = format!("access-denied:{service}").parse().unwrap();
                denied.call_once(|| control.add_fault(fault, Duration::ZERO).unwrap());
            }
            Fate::Answered
        });
        let result = outcome.unwrap_or_else(|failure| panic!("{service}: {}", failure.chain())).result;
        assert!(
            [Verdict::Succeeded, Verdict::Unhealthy].contains(&result.verdict),
            "{service}: {:?} {:?}",
            result.verdict,
            result.cause
        );
    }
}

#[test]
fn an_error_after_the_first_change_is_no_refusal_and_says_what_goes_on() {
    let denied = r#"{"__type":"AccessDeniedException","message":"not authorized"}"#;
    let migrates = AtomicBool::new(false);
    let (outcome, ..) = deployed(move |_, _, operation| {
        // The migration runs, and nobody may look at it any more.
        if operation == "RunTask" {
            migrates.store(true, Ordering::Relaxed);
        }
        if operation == "DescribeTasks" && migrates.load(Ordering::Relaxed) {
            return Fate::Instead(400, "application/x-amz-json-1.1", denied.to_owned());
        }
        Fate::Answered
    });
    let failure = outcome.unwrap_err();
    assert_eq!(failure.exit(), Exit::NeedsHuman, "{}", failure.chain());
    assert_eq!(failure.kind(), "access_denied");
    let told = failure.chain();
    assert!(told.contains("DocPlatform-staging is in UPDATE_COMPLETE"), "{told}");
    assert!(told.contains("whether a one-off task runs is not known at present"), "{told}");
    assert!(failure.hint().unwrap().contains("cargo xtask diagnose staging --local"), "{:?}", failure.hint());
}

#[test]
fn pages_without_an_end_are_an_answer_that_nobody_can_read() {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let endless = || {
        let token = NUMBER.fetch_add(1, Ordering::Relaxed);
        let result = format!("<StackResourceSummaries/><NextToken>ever-new-{token}</NextToken>");
        let operation = "ListStackResources";
        let text = format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        );
        Fate::Forged(text)
    };
    let scene = Scene::staging();
    block_on(async {
        let session = scene
            .through("staging", 0.0, move |_, called| match called {
                "ListStackResources" => endless(),
                _ => Fate::Answered,
            })
            .await;
        let listed = deploy_ops::stack_resources::list(&session.target.aws, "DocPlatform-staging").await;
        let error = listed.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert!(error.to_string().contains("have no end"), "{error}");
        close(session).await;
    });
}

#[test]
fn ctrl_c_ends_a_command_that_waits_for_an_answer_within_seconds() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.through("staging", 0.0, |_, called| match called {
            "DescribeStacks" => Fate::Silence,
            _ => Fate::Answered,
        });
        let session = session.await;
        let interrupt = session.interrupt.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            interrupt.request();
        });
        // Without Ctrl-C the call would end by its time limit, and say so.
        let ended = deploy_ops::stack::describe(&session.target.aws, "DocPlatform-staging").await;
        assert!(ended.unwrap_err().to_string().contains("interrupted"));
        close(session).await;
    });
}

/// The members of a list in an answer of the query protocol, and what is around them.
fn members(answer: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (from, to) = (answer.find("<member>")?, answer.rfind("</member>")? + "</member>".len());
    let members = answer[from..to].split_inclusive("</member>").collect();
    Some((&answer[..from], members, &answer[to..]))
}

/// Every event twice, and the oldest first.
fn doubled_and_unordered(answer: &str) -> String {
    let Some((before, members, after)) = members(answer) else { return answer.to_owned() };
    let twice: String = members.iter().rev().chain(members.iter()).copied().collect();
    format!("{before}{twice}{after}")
}

/// Without the event that says that the operation is over.
fn without_its_end(answer: &str) -> String {
    let Some((before, members, after)) = members(answer) else { return answer.to_owned() };
    let is_end = |event: &&&str| {
        event.contains("<ResourceType>AWS::CloudFormation::Stack<")
            && (event.contains(">UPDATE_COMPLETE<") || event.contains(">UPDATE_ROLLBACK_COMPLETE<"))
    };
    let rest: String = members.iter().filter(|event| !is_end(event)).copied().collect();
    format!("{before}{rest}{after}")
}

#[test]
fn no_lost_doubled_or_unordered_event_hides_the_end() {
    let (_, usual, _) = deployed(|_, _, _| Fate::Answered);
    for name in ["doubled, unordered", "lost"] {
        let change = if name == "lost" { without_its_end } else { doubled_and_unordered };
        let (outcome, secs, _) = deployed(move |_, _, operation| match operation {
            "DescribeStackEvents" => Fate::Changed(change),
            _ => Fate::Answered,
        });
        let result = outcome.unwrap_or_else(|failure| panic!("{name}: {}", failure.chain())).result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{name}: {:?}", result.cause);
        // The stack itself is asked when there was no event for a minute, in each of the two updates.
        assert!(secs <= usual + 150.0, "{name}: {secs} s instead of {usual}");
    }
}
