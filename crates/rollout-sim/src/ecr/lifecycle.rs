//! Lifecycle policies: which images expire.
//!
//! Rules of docs/fact-sheet.md (`ECR:LifecyclePolicies`): unique priorities, lowest first, an image belongs to the
//! first rule that selects it; `any` last; several patterns are joined by AND; images that an index refers
//! to are safe until the index goes. Nothing knows which images run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Event, Image, ImageId, LifecyclePolicyInput, LifecyclePolicyOutput, PutLifecyclePolicyInput, invalid,
};
use super::{repository, repository_mut};
use crate::{ApiError, SimTime, World, wire};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Policy {
    text: String,
    rules: Vec<Rule>,
    evaluated_at: Option<SimTime>,
    scheduled: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    rule_priority: u32,
    #[serde(default)]
    description: Option<String>,
    selection: Selection,
    action: Action,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selection {
    tag_status: TagStatus,
    #[serde(default)]
    tag_prefix_list: Vec<String>,
    #[serde(default)]
    tag_pattern_list: Vec<String>,
    count_type: CountType,
    #[serde(default)]
    storage_class: Option<String>,
    #[serde(default)]
    count_unit: Option<String>,
    count_number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CountType {
    ImageCountMoreThan,
    SinceImagePushed,
    /// Known, and refused: see [`CountType::not_modelled`].
    SinceImagePulled,
    SinceImageTransitioned,
}

impl CountType {
    /// Age by pull only archives and age in the archive only exists there (ECR:lifecycle_policy_examples shows no other
    /// use; that AWS refuses to expire by pull is reported, not documented). There is no archive here.
    const fn not_modelled(self) -> Option<&'static str> {
        match self {
            Self::ImageCountMoreThan | Self::SinceImagePushed => None,
            Self::SinceImagePulled => Some("sinceImagePulled"),
            Self::SinceImageTransitioned => Some("sinceImageTransitioned"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Action {
    r#type: String,
    #[serde(default)]
    target_storage_class: Option<String>,
}

impl Selection {
    fn selects(&self, image: &Image) -> bool {
        let prefixes = self
            .tag_prefix_list
            .iter()
            .all(|prefix| image.tags.iter().any(|tag| tag.starts_with(prefix.as_str())));
        let patterns = self
            .tag_pattern_list
            .iter()
            .all(|pattern| image.tags.iter().any(|tag| wire::wildcard(pattern, tag, None)));
        match self.tag_status {
            TagStatus::Any => true,
            TagStatus::Untagged => image.tags.is_empty(),
            TagStatus::Tagged => !image.tags.is_empty() && prefixes && patterns,
        }
    }
}

fn parse(text: &str) -> Result<Vec<Rule>, ApiError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        rules: Vec<Rule>,
    }
    let reject = |why: String| {
        invalid(format!("Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: '{why}'"))
    };
    let Document { mut rules } = serde_json::from_str(text)
        .map_err(|error| reject(format!("Lifecycle policy validation failure: {error}")))?;
    rules.sort_by_key(|rule| rule.rule_priority);
    let last = rules.last().map(|rule| rule.rule_priority);
    for (index, rule) in rules.iter().enumerate() {
        let selection = &rule.selection;
        let lists = selection.tag_prefix_list.len() + selection.tag_pattern_list.len();
        let problem = if let Some(class) = selection.storage_class.as_deref().filter(|&it| it != "standard") {
            return Err(ApiError::not_modelled(format_args!("lifecycle storageClass {class}")));
        } else if rule.action.r#type != "expire" {
            return Err(ApiError::not_modelled(format_args!("lifecycle action {}", rule.action.r#type)));
        } else if let Some(count) = selection.count_type.not_modelled() {
            return Err(ApiError::not_modelled(format_args!("lifecycle countType {count}")));
        } else if rule.action.target_storage_class.is_some() {
            "targetStorageClass belongs to action transition"
        } else if rule.rule_priority == 0 || selection.count_number == 0 {
            "rulePriority and countNumber are at least 1"
        } else if index > 0 && rules[index - 1].rule_priority == rule.rule_priority {
            "rulePriority values are unique"
        } else if selection.tag_status == TagStatus::Any && Some(rule.rule_priority) != last {
            "the rule with tagStatus any has the highest rulePriority"
        } else if (selection.tag_status == TagStatus::Tagged) != (lists > 0) {
            "tagPrefixList or tagPatternList belong to tagStatus tagged, which needs one"
        } else if !selection.tag_prefix_list.is_empty() && !selection.tag_pattern_list.is_empty() {
            "tagPrefixList and tagPatternList exclude each other"
        } else if selection.tag_pattern_list.iter().any(|pattern| pattern.matches('*').count() > 4) {
            "a pattern has at most four wildcards"
        } else if (selection.count_type == CountType::SinceImagePushed)
            != (selection.count_unit.as_deref() == Some("days"))
        {
            "countUnit days belongs to countType sinceImagePushed, which needs it"
        } else {
            continue;
        };
        return Err(reject(problem.to_owned()));
    }
    Ok(rules)
}

/// `PutLifecyclePolicy`; it is applied within 24 hours.
///
/// # Errors
/// `InvalidParameterException` for a policy that breaks a rule; `RepositoryNotFoundException`.
pub fn put_lifecycle_policy(
    world: &mut World,
    input: PutLifecyclePolicyInput,
) -> Result<LifecyclePolicyOutput, ApiError> {
    let rules = parse(&input.lifecycle_policy_text)?;
    let repository = repository_mut(world, input.registry_id.as_deref(), &input.repository_name)?;
    let scheduled = repository.policy.as_ref().is_some_and(|policy| policy.scheduled);
    let text = input.lifecycle_policy_text;
    repository.policy = Some(Policy { text: text.clone(), rules, evaluated_at: None, scheduled });
    schedule(world, &input.repository_name);
    Ok(LifecyclePolicyOutput {
        registry_id: world.account.clone(),
        repository_name: input.repository_name,
        lifecycle_policy_text: text,
        last_evaluated_at: None,
    })
}

/// `GetLifecyclePolicy`.
///
/// # Errors
/// `LifecyclePolicyNotFoundException`; `RepositoryNotFoundException`.
pub fn get_lifecycle_policy(
    world: &World,
    input: &LifecyclePolicyInput,
) -> Result<LifecyclePolicyOutput, ApiError> {
    let name = &input.repository_name;
    let policy = repository(world, input.registry_id.as_deref(), name)?
        .policy
        .as_ref()
        .ok_or_else(|| no_policy(world, name))?;
    Ok(LifecyclePolicyOutput {
        registry_id: world.account.clone(),
        repository_name: name.clone(),
        lifecycle_policy_text: policy.text.clone(),
        last_evaluated_at: policy.evaluated_at.map(SimTime::as_epoch_secs),
    })
}

/// `DeleteLifecyclePolicy`.
///
/// # Errors
/// `LifecyclePolicyNotFoundException`; `RepositoryNotFoundException`.
pub fn delete_lifecycle_policy(
    world: &mut World,
    input: &LifecyclePolicyInput,
) -> Result<LifecyclePolicyOutput, ApiError> {
    let output = get_lifecycle_policy(world, input)?;
    repository_mut(world, None, &input.repository_name)?.policy = None;
    Ok(output)
}

fn no_policy(world: &World, name: &str) -> ApiError {
    ApiError::new(
        "LifecyclePolicyNotFoundException",
        format!(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{}'",
            world.account
        ),
    )
}

/// Plans the next application of the repository's policy, if it has one and none is planned.
pub(super) fn schedule(world: &mut World, name: &str) {
    let Some(repository) = world.ecr.repositories.get_mut(name) else { return };
    if let Some(policy) = repository.policy.as_mut().filter(|policy| !policy.scheduled) {
        policy.scheduled = true;
        world.schedule_in(DAY, crate::Event::Ecr(Event::ApplyLifecycle { repository: name.to_owned() }));
    }
}

pub(crate) fn handle(world: &mut World, event: Event) {
    let Event::ApplyLifecycle { repository: name } = event;
    evaluate_lifecycle(world, &name);
    let Some(repository) = world.ecr.repositories.get_mut(&name) else { return };
    let Some(policy) = repository.policy.as_mut() else { return };
    policy.scheduled = false;
    // Rules that count change their mind only at the next push; rules by age with each day that passes.
    let by_age = policy.rules.iter().any(|rule| rule.selection.count_type == CountType::SinceImagePushed);
    if by_age && !repository.images.is_empty() {
        schedule(world, &name);
    }
}

/// Applies the repository's policy now. Returns what expired, one id per tag.
pub fn evaluate_lifecycle(world: &mut World, name: &str) -> Vec<ImageId> {
    let now = world.now();
    let Some(repository) = world.ecr.repositories.get_mut(name) else { return Vec::new() };
    let Some(policy) = repository.policy.as_mut() else { return Vec::new() };
    policy.evaluated_at = Some(now);
    let rules = policy.rules.clone();
    let referenced = repository.referenced();

    let mut claimed: BTreeSet<&String> = BTreeSet::new();
    let mut expired: Vec<String> = Vec::new();
    for rule in &rules {
        let mut selected: Vec<(&String, &Image)> = repository
            .images
            .iter()
            .filter(|(digest, image)| !claimed.contains(digest) && rule.selection.selects(image))
            .collect();
        claimed.extend(selected.iter().map(|(digest, _)| *digest));
        selected.sort_by_key(|(digest, image)| (std::cmp::Reverse(image.pushed_at), digest.to_owned()));
        let number = rule.selection.count_number;
        let goes =
            selected.into_iter().enumerate().filter(|(newer, (_, image))| match rule.selection.count_type {
                CountType::ImageCountMoreThan => *newer >= usize::try_from(number).unwrap_or(usize::MAX),
                CountType::SinceImagePushed => now.since(image.pushed_at) >= DAY * number,
                CountType::SinceImagePulled | CountType::SinceImageTransitioned => false,
            });
        expired.extend(
            goes.map(|(_, (digest, _))| digest.clone()).filter(|digest| !referenced.contains(digest)),
        );
    }
    expired.iter().flat_map(|digest| repository.remove(digest)).collect()
}
