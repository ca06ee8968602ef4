//! Requests that are none of AWS's APIs: users of the platform, through its load balancer, and downloads of what
//! ECR keeps in S3.
//!
//! The request comes in over the scheme that `X-Forwarded-Proto` names, HTTPS where it names none: there is no
//! TLS here.

use std::collections::BTreeMap;

use hyper::http::request::Parts;
use rollout_sim::elb::{self, HttpAnswer};
use rollout_sim::{World, ecr};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::control;
use crate::protocol::Answer;
use crate::server::chain;

/// A user's request, without its body, which nothing looks at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UserRequest {
    host: String,
    /// With its query.
    path: String,
    method: String,
    /// Names in lower case.
    headers: BTreeMap<String, String>,
}

impl UserRequest {
    fn read(head: &Parts) -> Self {
        let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Self {
            host: crate::request::host(&head.headers).to_owned(),
            path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            method: head.method.to_string(),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        }
    }

    /// What the load balancer answers; `None` where none has the name.
    pub(crate) fn send(&self, world: &mut World) -> Option<HttpAnswer> {
        elb::http_request(world, &self.host, &self.path, &self.method, &self.headers)
    }
}

/// What S3, for the layers of the registry, or the load balancer of the request's `Host` answers.
pub(crate) fn answer(account: &mut Account, head: &Parts) -> Answer {
    let request = UserRequest::read(head);
    let host = request.host.clone();
    if let Some(found) = ecr::download(account.world(), &host, head.uri.path()) {
        return match found {
            Some(blob) => Answer { status: 200, headers: Vec::new(), body: blob.as_bytes().to_vec() },
            None => control::problem(404, "no such layer"),
        };
    }
    match account.user_request(request) {
        Ok(Some(answer)) => Answer {
            status: answer.status,
            headers: answer.headers.into_iter().collect(),
            body: answer.body.into_bytes(),
        },
        Ok(None) => control::problem(502, &format!("no load balancer has the name {host}")),
        Err(error) => control::problem(500, &chain(&error)),
    }
}
