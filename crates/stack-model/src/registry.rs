//! Image repositories, one per service, for all environments: images are promoted, not rebuilt.

use cfn::Removal;
use cfn::ecr::{
    EncryptionConfiguration, ImageScanning, LifecycleAction, LifecyclePolicy, LifecycleRule, LifecycleRules,
    Repository, Selection,
};
use env_config::{Platform, Registry};

use crate::shared::{Options, Template, Value};

/// More releases than there will be: a rule must name a number, and this one is there so that its images are left alone
/// by the rules behind it.
const ALL_RELEASES: u32 = 10_000;
/// Tags of releases; other tags are commit ids.
const RELEASE_TAGS: &str = "v*";

pub(crate) fn registry(t: &mut Template, platform: &Platform) {
    let rules = lifecycle(&platform.registry);
    for (name, service) in &platform.services {
        let id = name.pascal_case();
        t.add_with(
            format!("{id}Repository"),
            Repository {
                encryption_configuration: EncryptionConfiguration { encryption_type: "AES256" },
                image_scanning_configuration: ImageScanning { scan_on_push: true },
                image_tag_mutability: "IMMUTABLE",
                lifecycle_policy: LifecyclePolicy { lifecycle_policy_text: Value::json(&rules) },
                repository_name: platform.repository(name, service).into(),
            },
            Options::new().removal(Removal::Retain, Removal::Retain),
        );
    }
}

/// An image that a rule is about is not looked at by the rules behind it, whatever they say.
fn lifecycle(registry: &Registry) -> LifecycleRules {
    let rule = |rule_priority, description: &str, selection| LifecycleRule {
        rule_priority,
        description: description.to_owned(),
        selection,
        action: LifecycleAction { kind: "expire" },
    };
    let tagged = |pattern: &str, count_number| Selection {
        tag_status: "tagged",
        tag_pattern_list: vec![pattern.to_owned()],
        count_type: "imageCountMoreThan",
        count_unit: None,
        count_number,
    };
    let untagged = Selection {
        tag_status: "untagged",
        tag_pattern_list: Vec::new(),
        count_type: "sinceImagePushed",
        count_unit: Some("days"),
        count_number: registry.untagged_days,
    };
    LifecycleRules {
        rules: vec![
            rule(1, "Keep releases", tagged(RELEASE_TAGS, ALL_RELEASES)),
            rule(2, "Keep the newest of the others", tagged("*", registry.keep_images)),
            rule(3, "Drop what has no tag", untagged),
        ],
    }
}
