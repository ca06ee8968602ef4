//! The updates in which a stack comes to its infrastructure, one after the other. A plan shows this value, and the same value
//! is carried out.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::failure::Failure;
use crate::operation::{self, Conclusion, Job};
use crate::protection;
use crate::rollout;
use crate::session::Session;
use crate::stack::{ParameterValue, StackRequest, StackView};
use crate::template::{Section, Template};

/// What a stage is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The stack is made, without what refuses a deletion.
    Create,
    /// A creation that stopped goes on: what was made is kept, and nothing of it can be replaced.
    GoOn,
    /// A complete stack is brought to the template.
    Update,
    /// What was left out until the stack was complete: protection against deletion, and the release where it is another one by now.
    Complete,
}

/// One update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// What it is for.
    pub kind: Kind,
    /// Logical ids of the resources that it protects against deletion.
    pub protects: Vec<String>,
    /// What is sent in place of the whole template: that without protection.
    #[serde(skip)]
    bare: Option<Template>,
    /// Parameters that keep the value they have.
    #[serde(skip)]
    keeps: Vec<String>,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Create => f.write_str("create the stack, with nothing in it that refuses its own deletion"),
            Kind::GoOn => f.write_str("go on with the creation; what was made is kept"),
            Kind::Update => f.write_str("update the infrastructure"),
            Kind::Complete if self.protects.is_empty() => {
                f.write_str("update to the release, once the stack is complete")
            }
            Kind::Complete => {
                write!(f, "once the stack is complete, protect {} against deletion", self.protects.join(", "))
            }
        }
    }
}

impl Stage {
    const fn new(kind: Kind) -> Self {
        Self { kind, protects: Vec::new(), bare: None, keeps: Vec::new() }
    }

    /// The request of this stage, after that of a single update to the whole template.
    fn request(&self, session: &Session, whole: &StackRequest) -> StackRequest {
        let mut request = whole.clone();
        if let Some(bare) = &self.bare {
            request.body = Some(bare.to_body());
        }
        request.disable_rollback = matches!(self.kind, Kind::Create | Kind::GoOn);
        for name in &self.keeps {
            request.parameters.insert(name.clone(), ParameterValue::Previous);
        }
        if self.kind == Kind::Complete {
            request.change_set = operation::unique_name(session, "complete");
        }
        request
    }
}

/// The stages in which the stack, as it is, comes to the template. `release` are the values that a release brings: a creation
/// that goes on keeps those that it began with, as most of what they change can only be replaced (a task definition).
#[must_use]
pub fn of(template: &Template, view: Option<&StackView>, release: &BTreeMap<String, String>) -> Vec<Stage> {
    // A stack has outputs once it had everything: before, it can be complete with the bucket for its own template alone.
    if view.is_some_and(|view| view.was_complete() && !view.outputs.is_empty()) {
        return vec![Stage::new(Kind::Update)];
    }
    let (bare, protects) = protection::taken_off(template);
    let mut first = Stage::new(if view.is_some() { Kind::GoOn } else { Kind::Create });
    first.bare = (!protects.is_empty()).then_some(bare);
    let before = |name: &String| view.and_then(|view| view.parameters.get(name));
    let has_parameter = |name: &&String| template.get(Section::Parameters, name).is_some();
    let keeps = release.keys().filter(has_parameter).filter(|name| before(name).is_some());
    first.keeps = keeps.cloned().collect();
    let moved = first.keeps.iter().any(|name| before(name) != release.get(name));
    let mut stages = vec![first];
    if moved || !protects.is_empty() {
        stages.push(Stage { protects, ..Stage::new(Kind::Complete) });
    }
    stages
}

/// The stages for people, numbered; nothing where they are what the changes say already.
#[must_use]
pub fn lines(stages: &[Stage]) -> Vec<String> {
    if stages.iter().all(|stage| stage.kind == Kind::Update) {
        return Vec::new();
    }
    stages.iter().enumerate().map(|(index, stage)| format!("{}. {stage}", index + 1)).collect()
}

/// Carries the stages out, in order, until one does not succeed. Answers what those came to that changed something.
pub async fn carry_out<'a>(
    session: &Session,
    stages: &[Stage],
    whole: &StackRequest,
    job: impl Fn(StackRequest, bool) -> Job<'a>,
) -> Result<Vec<Conclusion>, Failure> {
    let mut done: Vec<Conclusion> = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        if stages.len() > 1 {
            session.report.line(format!("{} of {}: {stage}", number + 1, stages.len()));
        }
        let job = job(stage.request(session, whole), stage.kind != Kind::Create);
        done.extend(operation::change(session, &job, rollout::of_infrastructure).await?);
        if done.last().is_some_and(|conclusion| !conclusion.succeeded()) {
            break;
        }
    }
    Ok(done)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use aws_sdk_cloudformation::types::StackStatus;
    use serde_json::json;

    use super::*;

    fn view(status: StackStatus, outputs: &[&str]) -> StackView {
        StackView {
            id: String::new(),
            name: "stack".to_owned(),
            status,
            reason: None,
            parameters: [("Release", "v1"), ("Zone", "Z1")].map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            outputs: outputs.iter().map(|name| ((*name).to_owned(), String::new())).collect(),
            termination_protection: false,
            role_arn: None,
        }
    }

    /// Kinds of the stages, and what the first of them keeps.
    fn stages(protected: bool, view: Option<&StackView>, release: &str) -> (Vec<Kind>, Vec<String>) {
        let template = json!({
            "Parameters": {"Release": {}, "Zone": {}},
            "Resources": {"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": protected}}},
        });
        let template = Template::parse(&template.to_string()).unwrap();
        let release = BTreeMap::from([("Release".to_owned(), release.to_owned())]);
        let stages = of(&template, view, &release);
        let protects: Vec<&[String]> = stages.iter().map(|stage| stage.protects.as_slice()).collect();
        let last = stages.last().map(|stage| stage.kind);
        assert_eq!(protects.concat() == ["Db"], protected && last == Some(Kind::Complete));
        (stages.iter().map(|stage| stage.kind).collect(), stages[0].keeps.clone())
    }

    #[test]
    fn protection_and_another_release_wait_until_the_stack_is_complete() {
        let failed = view(StackStatus::CreateFailed, &[]);
        let again = view(StackStatus::UpdateFailed, &[]);
        let bucket_alone = view(StackStatus::CreateComplete, &[]);
        let complete = view(StackStatus::CreateComplete, &["LoadBalancer"]);
        let release = vec!["Release".to_owned()];
        use Kind::{Complete, Create, GoOn, Update};
        assert_eq!(stages(false, None, "v1"), (vec![Create], vec![]));
        assert_eq!(stages(true, None, "v1"), (vec![Create, Complete], vec![]));
        for begun in [&failed, &again, &bucket_alone] {
            assert_eq!(stages(false, Some(begun), "v1"), (vec![GoOn], release.clone()));
            assert_eq!(stages(true, Some(begun), "v1"), (vec![GoOn, Complete], release.clone()));
            assert_eq!(stages(false, Some(begun), "v2"), (vec![GoOn, Complete], release.clone()));
        }
        assert_eq!(stages(true, Some(&complete), "v2"), (vec![Update], vec![]));
    }
}
