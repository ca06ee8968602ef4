//! From a call's name to the function of the simulator that answers it.
//!
//! One table per service. An entry says how the operation is called, whether it changes the account, and
//! which permissions the caller needs for this input.

mod access;
mod access_analyzer;
mod acm;
mod cloudcontrol;
mod cloudformation;
mod cloudwatch;
mod ecr;
mod ecs;
mod elb;
mod iam;
mod logs;
mod rds;
mod route53;
mod s3;
mod secretsmanager;
mod servicequotas;
mod sns;
mod sts;
mod wafv2;

use rollout_sim::iam::Principal;
use rollout_sim::{ApiError, World};
use serde::Serialize;
use serde::de::DeserializeOwned;

use access::Needs;

use crate::caller;
use crate::protocol::{Answer, Protocol, Service};
use crate::request::{ApiCall, not_implemented};

/// What an operation does to the account, and so how it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Read,
    /// Changes it.
    Write,
    /// Changes it, and the input holds a secret, which must not reach the journal.
    WriteSecret,
}

/// One operation of a service.
struct Operation {
    name: &'static str,
    effect: Effect,
    run: fn(&mut Call<'_>) -> Result<Vec<u8>, ApiError>,
}

/// A call in progress.
struct Call<'a> {
    world: &'a mut World,
    principal: &'a Principal,
    protocol: Protocol,
    service: Service,
    operation: &'a str,
    request_id: &'a str,
    body: &'a [u8],
}

/// A table of operations: how each is called, whether it changes the account, what the caller must be
/// allowed to do for this input, and the function that answers, which may ask for the caller.
macro_rules! operations {
    (@effect read) => { $crate::dispatch::Effect::Read };
    (@effect write) => { $crate::dispatch::Effect::Write };
    (@effect secret) => { $crate::dispatch::Effect::WriteSecret };
    ($($effect:ident $name:ident($world:ident, $input:ident: $type:ty $(, $caller:ident)?) {
        needs: $needs:expr,
        does: $does:expr,
    })+) => {
        &[$($crate::dispatch::Operation {
            name: stringify!($name),
            effect: operations!(@effect $effect),
            run: |call| {
                let $input: $type = call.input()?;
                let needs = {
                    // What knows no resources does not look at the account.
                    #[allow(unused_variables)]
                    let $world = &*call.world;
                    $needs
                };
                call.authorise(&needs)?;
                $(let $caller = call.principal;)?
                let output = {
                    // What looks at its input alone does not look at the account.
                    #[allow(unused_variables)]
                    let $world = &mut *call.world;
                    $does?
                };
                call.output(&output)
            },
        }),+]
    };
}
use operations;

impl Call<'_> {
    /// Checks that the caller may do all that is needed, and has the account remember that it was.
    fn authorise(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let own = format!("{}:{}", self.service, self.operation);
        for need in &needs.permissions {
            let action = need.action.unwrap_or(&own);
            rollout_sim::iam::access(self.world, self.principal, action, &need.resource, &need.context)
                .map_err(|error| caller::denial(error, self.protocol))?;
        }
        match needs.not_for_roles {
            Some(what) if *self.principal != Principal::Admin => Err(ApiError::not_modelled(what)),
            _ => Ok(()),
        }
    }

    fn input<I: DeserializeOwned>(&self) -> Result<I, ApiError> {
        self.protocol.decode(self.body)
    }

    fn output<O: Serialize>(&self, output: &O) -> Result<Vec<u8>, ApiError> {
        self.protocol.encode(self.service, self.operation, self.request_id, output)
    }
}

/// Answers a call.
pub(crate) fn run(world: &mut World, call: &ApiCall, request_id: &str) -> (Answer, Effect) {
    let ApiCall { service, operation, protocol, .. } = call;
    let known = table(*service).iter().find(|known| known.name == operation);
    let (result, effect) = match (known, caller::principal(world, call)) {
        (None, _) => (Err(not_implemented(service, operation)), Effect::Read),
        (_, Err(error)) => (Err(error), Effect::Read),
        (Some(known), Ok(principal)) => {
            let mut call = Call {
                world,
                principal: &principal,
                protocol: *protocol,
                service: *service,
                operation,
                request_id,
                body: &call.body,
            };
            ((known.run)(&mut call), known.effect)
        }
    };
    let answer = match result {
        Ok(body) => protocol.success(request_id, body),
        Err(error) => protocol.error(Some(*service), request_id, &error),
    };
    (answer, effect)
}

const fn table(service: Service) -> &'static [Operation] {
    match service {
        Service::AccessAnalyzer => access_analyzer::OPERATIONS,
        Service::Acm => acm::OPERATIONS,
        Service::CloudControl => cloudcontrol::OPERATIONS,
        Service::CloudFormation => cloudformation::OPERATIONS,
        Service::CloudWatch => cloudwatch::OPERATIONS,
        Service::Ecr => ecr::OPERATIONS,
        Service::Ecs => ecs::OPERATIONS,
        Service::Elb => elb::OPERATIONS,
        Service::Iam => iam::OPERATIONS,
        Service::Logs => logs::OPERATIONS,
        Service::Rds => rds::OPERATIONS,
        Service::Route53 => route53::OPERATIONS,
        Service::S3 => s3::OPERATIONS,
        Service::SecretsManager => secretsmanager::OPERATIONS,
        Service::Quotas => servicequotas::OPERATIONS,
        Service::Sns => sns::OPERATIONS,
        Service::Sts => sts::OPERATIONS,
        Service::Wafv2 => wafv2::OPERATIONS,
    }
}
