//! Requests that are none of AWS's APIs: users of the platform, through its load balancer.

use hyper::http::request::Parts;

use crate::account::Account;
use crate::control;
use crate::protocol::Answer;

/// What the load balancer that answers for the request's `Host` answers.
pub(crate) fn answer(_account: &mut Account, head: &Parts, path: &str) -> Answer {
    let host = crate::request::host(&head.headers);
    control::problem(404, &format!("no load balancer answers for {host} (asked for {path})"))
}
