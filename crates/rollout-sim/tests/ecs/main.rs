//! ECS and the load balancer behave as the rules of AWS say: one test per rule, named after it.
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::needless_pass_by_value, reason = "members are written in place with json!")]

mod alarms;
mod api;
mod breaker;
mod credentials;
mod faults;
mod fixture;
mod formulas;
mod health;
mod http;
mod machine;
mod measured;
mod observed;
mod observers;
mod one_off;
mod quotas;
mod rebalancing;
mod rolling;
mod rules;
mod service_deployments;
mod stopping;
mod target_groups;
mod versions;
