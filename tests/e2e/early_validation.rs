//! What CloudFormation's early validation warns of is shown, and stops nobody.

use std::collections::BTreeMap;
use std::time::Duration;

use deploy_ops::deploy::{self, Options};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::stack;
use deploy_ops::stack::{ParameterValue, Proposal, StackError, StackRequest};
use ops_cli::Verdict;
use serde_json::{Map, Value, json};

use super::scene::{Scene, Told, block_on, close, options};

const STACK: &str = "DocPlatform-staging";

/// A name that the stack's role may give a bucket; staging itself has none.
fn bucket(session: &EnvironmentSession) -> String {
    session.names().access_log_bucket(&session.config.platform.account_id)
}

/// Proposes the template that the stack has, changed by hand.
async fn propose(
    session: &EnvironmentSession,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Proposal, StackError> {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let live = stack::live_template(aws, STACK).await.unwrap();
    let mut template: Value = serde_json::from_str(&live.to_body()).unwrap();
    change(template["Resources"].as_object_mut().unwrap());
    let view = stack::describe(aws, STACK).await.unwrap().unwrap();
    let request = StackRequest {
        stack: STACK.to_owned(),
        body: Some(template.to_string()),
        parameters: view.parameters.into_keys().map(|name| (name, ParameterValue::Previous)).collect(),
        role_arn: None,
        tags: BTreeMap::new(),
        change_set: "by-hand".to_owned(),
        disable_rollback: false,
    };
    stack::propose(aws, clock, &session.template_bucket(), &request, true).await
}

/// Somebody puts a bucket with an object into the stack, past the configuration.
async fn add_a_bucket_by_hand(session: &EnvironmentSession) {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let bucket = bucket(session);
    let attic = json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}});
    let proposal = propose(session, |resources| drop(resources.insert("Attic".to_owned(), attic)));
    let Proposal::Changes(change_set) = proposal.await.unwrap() else { panic!("nothing to do") };
    stack::execute(aws, &change_set, "by-hand").await.unwrap();
    clock.sleep(Duration::from_secs(600)).await;
    let put = aws.s3.put_object().bucket(bucket).key("old").body(b"x".to_vec().into());
    put.send().await.unwrap();
}

#[test]
fn a_warning_of_early_validation_is_shown_and_stops_nothing() {
    let scene = Scene::staging();
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        add_a_bucket_by_hand(&session).await;
        let told = Told::default();
        told.listen(&mut session);
        // What holds data goes only where that is said.
        let allowed = Options { allow_replace: vec!["Attic".to_owned()], ..options(Wanted::Head) };
        let plan = Options { plan_only: true, ..allowed.clone() };
        Box::pin(deploy::deploy(&session, &plan)).await.unwrap();
        let bucket = bucket(&session);
        let warning = format!(
            "early validation: Attic (AWS::S3::Bucket): The bucket '{bucket}' is not empty. You must either delete all objects and versions or use the deletion policy to retain it, otherwise the delete operation will fail."
        );
        assert_eq!(told.warnings(), [warning.as_str()]);

        let result = Box::pin(deploy::deploy(&session, &allowed)).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        // Once more in the plan of the deployment, and before that is executed.
        assert_eq!(told.warnings(), [warning.as_str(); 3]);
        close(session).await;
    });
}

#[test]
fn a_change_set_that_fails_is_not_blamed_on_what_is_only_warned_of() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        add_a_bucket_by_hand(&session).await;
        let taken = session.log_groups().into_values().next().unwrap();
        let again = json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": taken}});
        let proposal = propose(&session, |resources| {
            resources.remove("Attic");
            resources.insert("Again".to_owned(), again);
        });
        let refused = proposal.await.unwrap_err().to_string();
        assert!(refused.contains("/Resources/Again"), "{refused}");
        assert!(!refused.contains("Attic"), "{refused}");
        close(session).await;
    });
}
