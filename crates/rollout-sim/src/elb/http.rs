//! Requests through a load balancer: listener rules, choice of a target, and what comes back.

use std::collections::BTreeMap;

use super::api::*;
use super::{ListenerState, TargetGroupKey, TargetKey, listener, rule, slow_start, traffic};
use crate::{World, ecs, wire};

/// Answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: String,
}

impl HttpAnswer {
    fn plain(status: u16, body: &str) -> Self {
        let headers = BTreeMap::from([
            ("content-type".to_owned(), "text/html".to_owned()),
            ("server".to_owned(), "awselb/2.0".to_owned()),
        ]);
        Self { status, headers, body: body.to_owned() }
    }
}

/// Makes DNS point `host` at the load balancer with this DNS name, as an alias record does; `None` takes
/// the record away.
pub fn point_host_at(world: &mut World, host: &str, dns_name: Option<&str>) {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match dns_name {
        Some(dns_name) => {
            let target = dns_name.trim_end_matches('.').to_ascii_lowercase();
            world.elb.hosts.insert(host, target.strip_prefix("dualstack.").unwrap_or(&target).to_owned());
        }
        None => drop(world.elb.hosts.remove(&host)),
    }
}

/// One request for `path` (with its query) at `host`. It comes in over HTTPS where the load balancer listens
/// there, unless the header `x-forwarded-proto: http` says otherwise. `None` where no load balancer has
/// that name: the name does not resolve.
///
/// Rules are evaluated by priority, then a target is chosen in turn among the healthy ones, or among all
/// where none is healthy (fail open); without a target the load balancer answers 503 itself.
pub fn http_request(
    world: &mut World,
    host: &str,
    path: &str,
    method: &str,
    headers: &BTreeMap<String, String>,
) -> Option<HttpAnswer> {
    let request = Request { host: bare_host(host), path, method, headers };
    let listener = listener_for(world, &request)?;
    let action = action_for(listener, &request).clone();
    Some(match action.kind.as_str() {
        "fixed-response" => fixed(&action),
        "redirect" => redirect(&action, &request, listener.shape.port),
        _ => forward(world, &action, &request),
    })
}

struct Request<'a> {
    host: String,
    path: &'a str,
    method: &'a str,
    headers: &'a BTreeMap<String, String>,
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn path_only(&self) -> &str {
        self.path.split_once('?').map_or(self.path, |(path, _)| path)
    }
}

fn bare_host(host: &str) -> String {
    host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.').to_ascii_lowercase()
}

fn listener_for<'a>(world: &'a World, request: &Request<'_>) -> Option<&'a ListenerState> {
    let elb = &world.elb;
    let dns_name = elb.hosts.get(&request.host).unwrap_or(&request.host);
    let by_name = |balancer: &&super::Balancer| balancer.shape.dns_name.eq_ignore_ascii_case(dns_name);
    let balancer = elb.load_balancers.iter().find(by_name)?;
    let arn = &balancer.shape.load_balancer_arn;
    let of = |protocol: &'static str| {
        elb.listeners.iter().find(move |listener| {
            &listener.shape.load_balancer_arn == arn && listener.shape.protocol == protocol
        })
    };
    match request.header("x-forwarded-proto") {
        Some("http") => of("HTTP").or_else(|| of("HTTPS")),
        _ => of("HTTPS").or_else(|| of("HTTP")),
    }
}

fn action_for<'a>(listener: &'a ListenerState, request: &Request<'_>) -> &'a Action {
    static NOTHING: std::sync::LazyLock<Action> = std::sync::LazyLock::new(Action::default);
    let matching =
        listener.rules.values().find(|rule| rule.conditions.iter().all(|one| matches(one, request)));
    let actions = matching.map_or(&listener.shape.default_actions, |rule| &rule.actions);
    actions.last().unwrap_or(&NOTHING)
}

/// Paths and methods are matched with their case, hosts and header values without
/// (ALB:rule-condition-types).
fn matches(condition: &RuleCondition, request: &Request<'_>) -> bool {
    let values = rule::condition_values(condition);
    let any = |text: &str| values.iter().any(|pattern| wire::wildcard(pattern, text, Some('?')));
    let any_case = |text: &str| {
        let text = text.to_ascii_lowercase();
        values.iter().any(|pattern| wire::wildcard(&pattern.to_ascii_lowercase(), &text, Some('?')))
    };
    match condition.field.as_str() {
        "path-pattern" => any(request.path_only()),
        "host-header" => any_case(&request.host),
        "http-request-method" => values.iter().any(|method| method == request.method),
        _ => {
            let name =
                condition.http_header_config.as_ref().and_then(|config| config.http_header_name.as_deref());
            name.and_then(|name| request.header(name)).is_some_and(any_case)
        }
    }
}

fn fixed(action: &Action) -> HttpAnswer {
    let config = action.fixed_response_config.clone().unwrap_or_default();
    let mut answer = HttpAnswer::plain(
        config.status_code.parse().unwrap_or(503),
        config.message_body.as_deref().unwrap_or(""),
    );
    if let Some(kind) = config.content_type {
        answer.headers.insert("content-type".to_owned(), kind);
    }
    answer
}

fn redirect(action: &Action, request: &Request<'_>, listener_port: u16) -> HttpAnswer {
    let config = action.redirect_config.clone().unwrap_or_default();
    let protocol = if listener_port == 443 { "https" } else { "http" };
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let fill = |text: &str| {
        text.replace("#{protocol}", protocol)
            .replace("#{host}", &request.host)
            .replace("#{port}", &listener_port.to_string())
            .replace("#{path}", request.path_only().trim_start_matches('/'))
            .replace("#{query}", query)
    };
    let part = |value: &Option<String>, default: &str| fill(value.as_deref().unwrap_or(default));
    let query = part(&config.query, "#{query}");
    let location = format!(
        "{}://{}:{}{}{}{query}",
        part(&config.protocol, "#{protocol}").to_ascii_lowercase(),
        part(&config.host, "#{host}"),
        part(&config.port, "#{port}"),
        part(&config.path, "/#{path}"),
        if query.is_empty() { "" } else { "?" },
    );
    let status = if config.status_code == "HTTP_302" { 302 } else { 301 };
    let mut answer = HttpAnswer::plain(status, "");
    answer.headers.insert("location".to_owned(), location);
    answer
}

fn forward(world: &mut World, action: &Action, request: &Request<'_>) -> HttpAnswer {
    world.elb.turn += 1;
    let turn = world.elb.turn;
    let Some(group) = choose_group(world, action, turn) else {
        return HttpAnswer::plain(503, "503 Service Temporarily Unavailable");
    };
    let targets = answering_keys(world, group);
    let Some(entry) = world.elb.target_groups.get(&group) else {
        return HttpAnswer::plain(503, "503 Service Temporarily Unavailable");
    };
    let chosen = slow_start::choose(world, entry, &targets, turn);
    let Some(target) = chosen.and_then(|chosen| entry.targets.get(&chosen)) else {
        return HttpAnswer::plain(503, "503 Service Temporarily Unavailable");
    };
    match ecs::respond(world, target.task, target.port, request.path_only()) {
        Some((status, headers, body)) => {
            traffic::record(world, group, status);
            HttpAnswer { status, headers, body }
        }
        None => HttpAnswer::plain(502, "502 Bad Gateway"),
    }
}

/// A group of the action by weight.
fn choose_group(world: &World, action: &Action, turn: u64) -> Option<TargetGroupKey> {
    let groups: Vec<(&str, u32)> = listener::forward_groups(action).collect();
    let total: u64 = groups.iter().map(|&(_, weight)| u64::from(weight)).sum();
    let mut place = turn % total.max(1);
    for (arn, weight) in groups {
        if place < u64::from(weight) {
            return world.elb.group_key(arn);
        }
        place -= u64::from(weight);
    }
    None
}

/// Targets that get requests: the healthy ones, or all registered ones where none is (fail open).
pub(super) fn answering_keys(world: &World, group: TargetGroupKey) -> Vec<TargetKey> {
    let Some(entry) = world.elb.target_groups.get(&group) else { return Vec::new() };
    let in_state = |states: &[TargetState]| -> Vec<TargetKey> {
        entry
            .targets
            .iter()
            .filter(|(_, target)| states.contains(&target.state))
            .map(|(&key, _)| key)
            .collect()
    };
    let healthy = in_state(&[TargetState::Healthy]);
    if healthy.is_empty() { in_state(&[TargetState::Initial, TargetState::Unhealthy]) } else { healthy }
}

/// How many targets of the group get requests, and how many of those answer `path` without a server error:
/// what users of the service see at this moment. Zero targets is a 503 for everyone.
///
/// An unknown group counts as one without targets.
#[must_use]
pub fn answering_targets(world: &World, target_group_arn: &str, path: &str) -> (usize, usize) {
    let Some(group) = world.elb.group_key(target_group_arn) else { return (0, 0) };
    let Some(entry) = world.elb.target_groups.get(&group) else { return (0, 0) };
    let keys = answering_keys(world, group);
    let good = keys.iter().filter_map(|key| entry.targets.get(key)).filter(|target| {
        ecs::status_of(world, target.task, target.port, path).is_some_and(|status| status < 500)
    });
    (keys.len(), good.count())
}
