#![allow(clippy::unwrap_used)]

use super::*;

const GROUP: &str = "/platform/staging/api";

fn world() -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    create_log_group(
        &mut world,
        CreateLogGroupInput { log_group_name: GROUP.to_owned(), ..Default::default() },
    )
    .unwrap();
    world
}

fn messages(output: &GetLogEventsOutput) -> Vec<&str> {
    output.events.iter().map(|event| event.message.as_str()).collect()
}

fn get(limit: usize, token: Option<String>, head: bool) -> GetLogEventsInput {
    GetLogEventsInput {
        log_group_name: Some(GROUP.to_owned()),
        log_stream_name: "api/api/1".to_owned(),
        limit: Some(limit),
        next_token: token,
        start_from_head: Some(head),
        ..Default::default()
    }
}

#[test]
fn writing_creates_the_stream_but_not_the_group() {
    let mut world = world();
    put(&mut world, GROUP, "api/api/1", "hello").unwrap();
    assert_eq!(messages(&get_log_events(&world, &get(10, None, true)).unwrap()), ["hello"]);
    let error = put(&mut world, "/no/such", "s", "hello").unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ResourceNotFoundException", "The specified log group does not exist.")
    );
}

#[test]
fn the_newest_page_comes_first_and_tokens_repeat_at_the_ends() {
    let mut world = world();
    for line in ["1", "2", "3", "4", "5"] {
        world.advance_by(Duration::from_secs(1));
        put(&mut world, GROUP, "api/api/1", line).unwrap();
    }
    let newest = get_log_events(&world, &get(2, None, false)).unwrap();
    assert_eq!(messages(&newest), ["4", "5"]);
    let before = get_log_events(&world, &get(2, Some(newest.next_backward_token), false)).unwrap();
    assert_eq!(messages(&before), ["2", "3"]);
    let end = get_log_events(&world, &get(2, Some(newest.next_forward_token.clone()), false)).unwrap();
    assert_eq!((end.events.len(), &end.next_forward_token), (0, &newest.next_forward_token));
    put(&mut world, GROUP, "api/api/1", "6").unwrap();
    let new = get_log_events(&world, &get(2, Some(end.next_forward_token), false)).unwrap();
    assert_eq!(messages(&new), ["6"]);
}

#[test]
fn filter_terms_are_joined_by_and_optional_terms_by_or() {
    let mut world = world();
    for (stream, line) in [("a/1", "ERROR disk full"), ("b/1", "WARN disk slow"), ("a/2", "INFO fine")] {
        world.advance_by(Duration::from_secs(1));
        put(&mut world, GROUP, stream, line).unwrap();
    }
    let filter = |pattern: &str, prefix: Option<&str>| {
        let input = FilterLogEventsInput {
            log_group_name: Some(GROUP.to_owned()),
            filter_pattern: Some(pattern.to_owned()),
            log_stream_name_prefix: prefix.map(str::to_owned),
            ..Default::default()
        };
        filter_log_events(&world, &input)
            .map(|output| output.events.into_iter().map(|event| event.message).collect())
    };
    let found: Vec<String> = filter("?ERROR ?WARN", None).unwrap();
    assert_eq!(found, ["ERROR disk full", "WARN disk slow"]);
    assert_eq!(filter("disk -ERROR", None).unwrap(), ["WARN disk slow"]);
    assert_eq!(filter("\"disk full\"", None).unwrap(), ["ERROR disk full"]);
    assert_eq!(filter("", Some("a/")).unwrap(), ["ERROR disk full", "INFO fine"]);
    assert_eq!(filter("{ $.level = 1 }", None).unwrap_err().code, "NotModelled");
}

#[test]
fn lines_older_than_the_retention_are_gone() {
    let mut world = world();
    put(&mut world, GROUP, "api/api/1", "old").unwrap();
    put_retention_policy(
        &mut world,
        &PutRetentionPolicyInput { log_group_name: GROUP.to_owned(), retention_in_days: 1 },
    )
    .unwrap();
    world.advance_by(Duration::from_secs(25 * 3600));
    assert!(get_log_events(&world, &get(10, None, true)).unwrap().events.is_empty());
    let wrong = PutRetentionPolicyInput { log_group_name: GROUP.to_owned(), retention_in_days: 2 };
    assert_eq!(put_retention_policy(&mut world, &wrong).unwrap_err().code, "InvalidParameterException");
}

#[test]
fn put_log_events_wants_order_and_an_existing_stream() {
    let mut world = world();
    let now = world.now().as_millis();
    let mut input = PutLogEventsInput {
        log_group_name: GROUP.to_owned(),
        log_stream_name: "s".to_owned(),
        log_events: [now, now - 1]
            .map(|timestamp| InputLogEvent { timestamp, message: "x".to_owned() })
            .to_vec(),
        ..Default::default()
    };
    assert_eq!(put_log_events(&mut world, input.clone()).unwrap_err(), no_stream());
    let stream = LogStreamInput { log_group_name: GROUP.to_owned(), log_stream_name: "s".to_owned() };
    create_log_stream(&mut world, &stream).unwrap();
    assert_eq!(create_log_stream(&mut world, &stream).unwrap_err().code, "ResourceAlreadyExistsException");
    assert_eq!(put_log_events(&mut world, input.clone()).unwrap_err().code, "InvalidParameterException");
    input.log_events.reverse();
    put_log_events(&mut world, input).unwrap();
}

#[test]
fn streams_are_ordered_by_name_or_by_last_event() {
    let mut world = world();
    for stream in ["b", "a", "c"] {
        world.advance_by(Duration::from_secs(1));
        put(&mut world, GROUP, stream, "x").unwrap();
    }
    let mut input = DescribeLogStreamsInput { log_group_name: Some(GROUP.to_owned()), ..Default::default() };
    let names = |input: &DescribeLogStreamsInput| -> Vec<String> {
        let streams = describe_log_streams(&world, input).unwrap().log_streams;
        streams.into_iter().map(|stream| stream.log_stream_name).collect()
    };
    assert_eq!(names(&input), ["a", "b", "c"]);
    input.order_by = Some("LastEventTime".to_owned());
    input.descending = Some(true);
    assert_eq!(names(&input), ["c", "a", "b"]);
}

#[test]
fn a_protected_group_is_not_deleted() {
    let mut world = world();
    let input = CreateLogGroupInput {
        log_group_name: "/kept".to_owned(),
        deletion_protection_enabled: Some(true),
        ..Default::default()
    };
    create_log_group(&mut world, input).unwrap();
    let delete = |name: &str| LogGroupInput { log_group_name: name.to_owned() };
    assert_eq!(delete_log_group(&mut world, &delete("/kept")).unwrap_err().code, "ValidationException");
    delete_log_group(&mut world, &delete(GROUP)).unwrap();
    assert!(!group_exists(&world, GROUP));
    assert_eq!(delete_log_group(&mut world, &delete(GROUP)).unwrap_err(), no_group());
}

#[test]
fn group_arn_ends_in_a_star() {
    let world = world();
    let input =
        DescribeLogGroupsInput { log_group_name_prefix: Some("/platform".to_owned()), ..Default::default() };
    let groups = describe_log_groups(&world, &input).unwrap().log_groups;
    assert_eq!(groups[0].arn, "arn:aws:logs:us-west-2:123456789012:log-group:/platform/staging/api:*");
}
