#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;

fn world() -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    create(&mut world, "IMMUTABLE", &[]).unwrap();
    world
}

fn create(world: &mut World, mutability: &str, filters: &[&str]) -> Result<RepositoryOutput, ApiError> {
    create_repository(
        world,
        CreateRepositoryInput {
            repository_name: "team/api".to_owned(),
            image_tag_mutability: Some(mutability.to_owned()),
            image_tag_mutability_exclusion_filters: filters
                .iter()
                .map(|filter| ExclusionFilter {
                    filter_type: "WILDCARD".to_owned(),
                    filter: (*filter).to_owned(),
                })
                .collect(),
            image_scanning_configuration: Some(ScanningConfiguration { scan_on_push: true }),
            ..Default::default()
        },
    )
}

fn push_tagged(world: &mut World, content: &str, tags: &[&str]) -> Result<String, ApiError> {
    let input = PushInput {
        repository: "team/api".to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        content: content.to_owned(),
        architecture: Some(Architecture::Arm64),
        size_bytes: 50_000_000,
    };
    push(world, &input)
}

fn by_tag(tag: &str) -> ImageId {
    ImageId { image_tag: Some(tag.to_owned()), image_digest: None }
}

fn policy(world: &mut World, text: &str) -> Result<LifecyclePolicyOutput, ApiError> {
    put_lifecycle_policy(
        world,
        PutLifecyclePolicyInput {
            repository_name: "team/api".to_owned(),
            lifecycle_policy_text: text.to_owned(),
            ..Default::default()
        },
    )
}

#[test]
fn digest_is_the_sha256_of_the_manifest() {
    let mut world = world();
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#;
    let input = PutImageInput {
        repository_name: "team/api".to_owned(),
        image_manifest: manifest.to_owned(),
        image_tag: Some("a".to_owned()),
        ..Default::default()
    };
    let digest = put_image(&mut world, input).unwrap().image.image_id.image_digest.unwrap();
    assert_eq!(digest, format!("sha256:{}", wire::sha256_hex(manifest.as_bytes())));
    assert!(image_exists(&world, "team/api", &digest));
    assert_eq!(resolve(&world, "team/api", "a"), Some(digest.as_str()));
}

#[test]
fn immutable_tag_does_not_move_and_another_tag_may_be_added() {
    let mut world = world();
    let first = push_tagged(&mut world, "one", &["commit-1"]).unwrap();
    let error = push_tagged(&mut world, "two", &["commit-1"]).unwrap_err();
    assert_eq!(error.code, "ImageTagAlreadyExistsException");
    assert!(error.message.contains("because the tag is immutable"), "{}", error.message);
    assert_eq!(push_tagged(&mut world, "one", &["commit-1", "v0.1.0"]).unwrap(), first);
    assert_eq!(resolve(&world, "team/api", "v0.1.0"), Some(first.as_str()));
}

#[test]
fn exclusion_filters_keep_matching_tags_mutable() {
    let mut world = World::new("123456789012", "us-west-2", 7);
    create(&mut world, "IMMUTABLE_WITH_EXCLUSION", &["cache-*"]).unwrap();
    push_tagged(&mut world, "one", &["cache-main", "v1"]).unwrap();
    let second = push_tagged(&mut world, "two", &["cache-main"]).unwrap();
    assert_eq!(resolve(&world, "team/api", "cache-main"), Some(second.as_str()));
    assert_eq!(push_tagged(&mut world, "two", &["v1"]).unwrap_err().code, "ImageTagAlreadyExistsException");
}

#[test]
fn exclusion_filters_belong_to_the_forms_with_exclusion() {
    let mut world = World::new("123456789012", "us-west-2", 7);
    assert_eq!(create(&mut world, "IMMUTABLE", &["x"]).unwrap_err().code, "InvalidParameterException");
    assert!(create(&mut world, "IMMUTABLE_WITH_EXCLUSION", &[]).is_err());
    assert!(create(&mut world, "IMMUTABLE_WITH_EXCLUSION", &["a", "b", "c", "d", "e", "f"]).is_err());
    create(&mut world, "IMMUTABLE_WITH_EXCLUSION", &["a", "b", "c", "d", "e"]).unwrap();
}

#[test]
fn retag_is_batch_get_and_put_of_the_same_manifest() {
    let mut world = world();
    let digest = push_tagged(&mut world, "one", &["a"]).unwrap();
    let input = BatchGetImageInput {
        repository_name: "team/api".to_owned(),
        image_ids: vec![by_tag("a"), by_tag("gone")],
        ..Default::default()
    };
    let output = batch_get_image(&world, &input).unwrap();
    assert_eq!(output.failures[0].failure_code, "ImageNotFound");
    let again = PutImageInput {
        repository_name: "team/api".to_owned(),
        image_manifest: output.images[0].image_manifest.clone(),
        image_tag: Some("b".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        put_image(&mut world, again.clone()).unwrap().image.image_id.image_digest,
        Some(digest.clone())
    );
    assert_eq!(put_image(&mut world, again).unwrap_err().code, "ImageAlreadyExistsException");
    assert_eq!(image_architecture(&world, "team/api", &digest), Some(Architecture::Arm64));
}

#[test]
fn describing_an_image_that_does_not_exist_is_an_error() {
    let mut world = world();
    push_tagged(&mut world, "one", &["a", "b"]).unwrap();
    let describe = |ids: Vec<ImageId>| DescribeImagesInput {
        repository_name: "team/api".to_owned(),
        image_ids: ids,
        ..Default::default()
    };
    assert_eq!(
        describe_images(&world, &describe(vec![by_tag("zz")])).unwrap_err().code,
        "ImageNotFoundException"
    );
    let details = describe_images(&world, &describe(vec![by_tag("a"), by_tag("b")])).unwrap().image_details;
    assert_eq!(details.len(), 1);
    assert_eq!(details[0].image_tags, ["a", "b"]);
    assert_eq!(
        describe_images(
            &world,
            &DescribeImagesInput { repository_name: "no/such".to_owned(), ..Default::default() }
        )
        .unwrap_err()
        .message,
        "The repository with name 'no/such' does not exist in the registry with id '123456789012'"
    );
}

#[test]
fn lists_are_paged_and_complete() {
    let mut world = world();
    for number in 0..7 {
        push_tagged(&mut world, &format!("image {number}"), &[&format!("t{number}")]).unwrap();
    }
    let mut input = ListImagesInput {
        repository_name: "team/api".to_owned(),
        max_results: Some(3),
        ..Default::default()
    };
    let mut tags = BTreeSet::new();
    for _ in 0..3 {
        let output = list_images(&world, &input).unwrap();
        tags.extend(output.image_ids.into_iter().filter_map(|id| id.image_tag));
        input.next_token = output.next_token;
    }
    assert_eq!((tags.len(), input.next_token), (7, None));
}

#[test]
fn lifecycle_keeps_the_newest_by_count_and_leaves_unselected_images_alone() {
    let mut world = world();
    let text = r#"{"rules":[
        {"rulePriority":1,"selection":{"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":2},"action":{"type":"expire"}}
    ]}"#;
    policy(&mut world, text).unwrap();
    let kept = push_tagged(&mut world, "commit", &["0123abc"]).unwrap();
    for version in ["v1", "v2", "v3"] {
        world.advance_by(Duration::from_secs(60));
        push_tagged(&mut world, version, &[version]).unwrap();
    }
    world.advance_by(Duration::from_secs(24 * 3600));
    assert_eq!(resolve(&world, "team/api", "v1"), None);
    assert!(resolve(&world, "team/api", "v2").is_some() && resolve(&world, "team/api", "v3").is_some());
    assert!(image_exists(&world, "team/api", &kept));
}

#[test]
fn lifecycle_expires_untagged_images_by_age() {
    let mut world = world();
    let text = r#"{"rules":[
        {"rulePriority":9,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":3},"action":{"type":"expire"}}
    ]}"#;
    policy(&mut world, text).unwrap();
    let digest = push_tagged(&mut world, "untagged", &[]).unwrap();
    world.advance_by(Duration::from_secs(2 * 24 * 3600 + 60));
    assert!(image_exists(&world, "team/api", &digest));
    world.advance_by(Duration::from_secs(2 * 24 * 3600));
    assert!(!image_exists(&world, "team/api", &digest));
}

#[test]
fn an_image_belongs_to_the_first_rule_that_selects_it() {
    let mut world = world();
    let text = r#"{"rules":[
        {"rulePriority":1,"selection":{"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":10},"action":{"type":"expire"}},
        {"rulePriority":2,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}
    ]}"#;
    policy(&mut world, text).unwrap();
    for tag in ["v1", "v2", "x1", "x2"] {
        world.advance_by(Duration::from_secs(1));
        push_tagged(&mut world, tag, &[tag]).unwrap();
    }
    let expired = evaluate_lifecycle(&mut world, "team/api");
    assert_eq!(expired.iter().filter_map(|id| id.image_tag.as_deref()).collect::<Vec<_>>(), ["x1"]);
}

#[test]
fn images_of_an_index_are_safe_until_it_goes() {
    let mut world = world();
    let child = push_tagged(&mut world, "child", &[]).unwrap();
    let index = format!(
        r#"{{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"digest":"{child}","platform":{{"architecture":"arm64","os":"linux"}}}}]}}"#
    );
    let put = PutImageInput {
        repository_name: "team/api".to_owned(),
        image_manifest: index,
        image_tag: Some("v1".to_owned()),
        ..Default::default()
    };
    let digest = put_image(&mut world, put).unwrap().image.image_id.image_digest.unwrap();
    assert_eq!(image_architecture(&world, "team/api", &digest), Some(Architecture::Arm64));
    policy(
        &mut world,
        r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#,
    )
    .unwrap();
    push_tagged(&mut world, "newer one", &[]).unwrap();
    world.advance_by(Duration::from_secs(1));
    push_tagged(&mut world, "newest", &[]).unwrap();
    evaluate_lifecycle(&mut world, "team/api");
    assert!(image_exists(&world, "team/api", &child));
    let gone = ImageId { image_tag: None, image_digest: Some(digest) };
    let delete = BatchDeleteImageInput {
        repository_name: "team/api".to_owned(),
        image_ids: vec![gone],
        ..Default::default()
    };
    batch_delete_image(&mut world, &delete).unwrap();
    evaluate_lifecycle(&mut world, "team/api");
    assert!(!image_exists(&world, "team/api", &child), "nothing refers to it any more");
}

#[test]
fn several_patterns_are_joined_by_and() {
    let mut world = world();
    let text = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"tagged","tagPatternList":["v*","*-old"],
        "countType":"sinceImagePushed","countUnit":"days","countNumber":1},"action":{"type":"expire"}}]}"#;
    policy(&mut world, text).unwrap();
    for (content, tags) in [("one", &["v1"][..]), ("two", &["a-old"]), ("three", &["v3", "b-old"])] {
        push_tagged(&mut world, content, tags).unwrap();
    }
    world.advance_by(Duration::from_secs(24 * 3600));
    let expired = evaluate_lifecycle(&mut world, "team/api");
    let left: Vec<_> =
        ["v1", "a-old", "v3"].into_iter().filter(|tag| resolve(&world, "team/api", tag).is_some()).collect();
    assert_eq!(left, ["v1", "a-old"], "{expired:?}");
}

#[test]
fn lifecycle_acts_within_24_hours() {
    let mut world = world();
    let text = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan",
        "countNumber":1},"action":{"type":"expire"}}]}"#;
    push_tagged(&mut world, "one", &["a"]).unwrap();
    world.advance_by(Duration::from_secs(1));
    push_tagged(&mut world, "two", &["b"]).unwrap();
    policy(&mut world, text).unwrap();
    assert!(resolve(&world, "team/api", "a").is_some(), "not at once");
    world.advance_by(Duration::from_secs(24 * 3600));
    assert_eq!(resolve(&world, "team/api", "a"), None);
}

#[test]
fn malformed_policies_are_refused() {
    let mut world = world();
    let rule = |priority: u32, selection: &str| {
        format!(r#"{{"rulePriority":{priority},"selection":{{{selection}}},"action":{{"type":"expire"}}}}"#)
    };
    let count = r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":1"#;
    let pattern = |pattern: &str| {
        let list = format!(r#""tagStatus":"tagged","tagPatternList":["{pattern}"]"#);
        format!(r#"{list},"countType":"imageCountMoreThan","countNumber":1"#)
    };
    for (rules, why) in [
        (format!("{},{}", rule(1, count), rule(2, count)), Some("highest rulePriority")),
        (format!("{},{}", rule(1, &pattern("v*")), rule(1, count)), Some("rulePriority values are unique")),
        (format!("{},{}", rule(1, &pattern("v*")), rule(2, count)), None),
        (
            rule(1, r#""tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":1"#),
            Some("which needs one"),
        ),
        (
            rule(1, r#""tagStatus":"any","countType":"sinceImagePushed","countNumber":1"#),
            Some("countUnit days belongs to countType sinceImagePushed"),
        ),
        (rule(1, &pattern("*a*b*c*d*")), Some("at most four wildcards")),
        (rule(1, &pattern("*a*b*c*d")), None),
    ] {
        let error = policy(&mut world, &format!(r#"{{"rules":[{rules}]}}"#)).err();
        assert_eq!(error.is_some(), why.is_some(), "{rules}");
        if let Some((error, why)) = error.zip(why) {
            assert_eq!(error.code, "InvalidParameterException", "{rules}");
            assert!(error.message.contains(why), "{error}");
        }
    }
}

#[test]
fn repository_with_images_is_deleted_only_by_force() {
    let mut world = world();
    push_tagged(&mut world, "one", &["a"]).unwrap();
    let mut input = DeleteRepositoryInput { repository_name: "team/api".to_owned(), ..Default::default() };
    assert_eq!(delete_repository(&mut world, &input).unwrap_err().code, "RepositoryNotEmptyException");
    input.force = true;
    delete_repository(&mut world, &input).unwrap();
    assert_eq!(delete_repository(&mut world, &input).unwrap_err().code, "RepositoryNotFoundException");
}

#[test]
fn the_configuration_of_an_image_says_its_platform() {
    let mut world = world();
    let digest = push_tagged(&mut world, "one", &["a"]).unwrap();
    let manifest = batch_get_image(
        &world,
        &BatchGetImageInput {
            repository_name: "team/api".to_owned(),
            image_ids: vec![ImageId { image_digest: Some(digest), image_tag: None }],
            ..Default::default()
        },
    )
    .unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest.images[0].image_manifest).unwrap();
    let url = |digest: &str| {
        let input = GetDownloadUrlForLayerInput {
            repository_name: "team/api".to_owned(),
            layer_digest: digest.to_owned(),
            ..Default::default()
        };
        get_download_url_for_layer(&world, &input)
    };
    let config = manifest["config"]["digest"].as_str().unwrap();
    let found = url(config).unwrap().download_url;
    let (host, path) = found.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let blob = download(&world, host, &format!("/{path}")).unwrap().unwrap();
    assert_eq!(format!("sha256:{}", wire::sha256_hex(blob.as_bytes())), config);
    assert_eq!(blob.len() as u64, manifest["config"]["size"].as_u64().unwrap());
    let blob: serde_json::Value = serde_json::from_str(blob).unwrap();
    assert_eq!(blob["architecture"], "arm64");

    assert_eq!(download(&world, "other.example.com", &format!("/{path}")), None);
    assert_eq!(download(&world, host, "/team/api/sha256:00"), Some(None));
    let unknown = format!("sha256:{}", "0".repeat(64));
    assert_eq!(url(&unknown).unwrap_err().code, "LayersNotFoundException");
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    assert!(url(layer).unwrap_err().message.contains("not model"), "{:?}", url(layer));
}
