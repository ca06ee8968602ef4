//! A world with something in every service of this page survives being written down.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use rollout_sim::{World, cloudwatch, ecr, logs, secrets};

fn world() -> World {
    let mut world = World::new("123456789012", "us-west-2", 3);
    let repository = ecr::CreateRepositoryInput {
        repository_name: "shop/api".to_owned(),
        image_tag_mutability: Some("IMMUTABLE".to_owned()),
        ..Default::default()
    };
    ecr::create_repository(&mut world, repository).unwrap();
    for number in 0..5 {
        let image = ecr::PushInput {
            repository: "shop/api".to_owned(),
            tags: vec![format!("v{number}")],
            content: number.to_string(),
            architecture: None,
            size_bytes: 1 << 20,
        };
        ecr::push(&mut world, &image).unwrap();
    }
    let policy = ecr::PutLifecyclePolicyInput {
        repository_name: "shop/api".to_owned(),
        lifecycle_policy_text: r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePushed","countUnit":"days","countNumber":2},"action":{"type":"expire"}}]}"#.to_owned(),
        ..Default::default()
    };
    ecr::put_lifecycle_policy(&mut world, policy).unwrap();
    let group = logs::CreateLogGroupInput { log_group_name: "/shop/api".to_owned(), ..Default::default() };
    logs::create_log_group(&mut world, group).unwrap();
    logs::put(&mut world, "/shop/api", "api/1", "listening").unwrap();
    let secret = secrets::CreateSecretInput {
        name: "staging/shop/key".to_owned(),
        secret_string: Some(secrets::SecretText("entered by hand".to_owned())),
        ..Default::default()
    };
    secrets::create_secret(&mut world, secret).unwrap();
    let alarm = cloudwatch::PutMetricAlarmInput {
        alarm_name: "errors".to_owned(),
        namespace: Some("AWS/ApplicationELB".to_owned()),
        metric_name: Some("HTTPCode_Target_5XX_Count".to_owned()),
        statistic: Some("Sum".to_owned()),
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: "GreaterThanOrEqualToThreshold".to_owned(),
        treat_missing_data: Some("notBreaching".to_owned()),
        ..Default::default()
    };
    cloudwatch::put_metric_alarm(&mut world, alarm).unwrap();
    cloudwatch::record(&mut world, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", &[], 1.0);
    world
}

#[test]
fn what_was_to_happen_still_happens_after_a_restart() {
    let mut restored: World = serde_json::from_str(&serde_json::to_string(&world()).unwrap()).unwrap();
    assert!(ecr::resolve(&restored, "shop/api", "v3").is_some());
    assert!(secrets::value_exists(&restored, "staging/shop/key", None));
    restored.advance_by(Duration::from_secs(150));
    assert_eq!(cloudwatch::alarm_state(&restored, "errors"), Some(cloudwatch::AlarmState::Alarm));
    restored.advance_by(Duration::from_secs(3 * 24 * 3600));
    assert_eq!(ecr::resolve(&restored, "shop/api", "v3"), None);
    assert_eq!(cloudwatch::alarm_state(&restored, "errors"), Some(cloudwatch::AlarmState::Ok));
}

#[test]
fn the_same_calls_make_the_same_world() {
    let (mut one, mut other) = (world(), world());
    for world in [&mut one, &mut other] {
        world.advance_by(Duration::from_secs(300));
    }
    assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
}

#[test]
fn pages_of_any_size_hold_every_image_once() {
    let world = world();
    for size in 1..8 {
        let mut input = ecr::DescribeImagesInput {
            repository_name: "shop/api".to_owned(),
            max_results: Some(size),
            ..Default::default()
        };
        let mut digests = Vec::new();
        for _ in 0..8 {
            let page = ecr::describe_images(&world, &input).unwrap();
            digests.extend(page.image_details.into_iter().map(|image| image.image_digest));
            input.next_token = page.next_token;
            if input.next_token.is_none() {
                break;
            }
        }
        digests.sort();
        digests.dedup();
        assert_eq!((digests.len(), input.next_token.is_none()), (5, true), "pages of {size}");
    }
}
