//! Faults of the APIs themselves: throttled, denied, not answering.

use rollout_sim::fault::{API_OUTAGE, Fault, FaultKind, REFUSALS};
use rollout_sim::{ApiError, World};

use crate::caller;
use crate::protocol::{Protocol, Service};
use crate::request::ApiCall;

/// How often each call was refused; the same operation with the same body is the same call, whatever else is
/// called in between.
pub(crate) type Refusals = std::collections::BTreeMap<(Service, String, Vec<u8>), u32>;

/// The error that a fault answers this call with, and which fault.
pub(crate) fn refusal(world: &World, call: &ApiCall, refusals: &mut Refusals) -> Option<(Fault, ApiError)> {
    let is_meant = |name: &str| name == call.service.iam_prefix();
    let active = world.faults.iter().filter(|active| active.concerns(world.now(), is_meant));
    for active in active {
        let error = match active.fault.kind {
            FaultKind::Throttled if refuse_again(refusals, call) => throttled(call),
            FaultKind::ApiOutage if world.now().since(active.since) < API_OUTAGE => outage(call),
            // Nobody can be denied to ask who they are (IAM user guide, GetCallerIdentity).
            FaultKind::AccessDenied if call.service != Service::Sts => denied(world, call),
            _ => continue,
        };
        return Some((active.fault.clone(), error));
    }
    None
}

/// Counts a refusal; after the last one the call goes through, and the next is refused anew.
fn refuse_again(refusals: &mut Refusals, call: &ApiCall) -> bool {
    let key = (call.service, call.operation.clone(), call.body.clone());
    let count = refusals.entry(key.clone()).or_default();
    *count += 1;
    if *count <= REFUSALS {
        return true;
    }
    refusals.remove(&key);
    false
}

/// "Rate exceeded" under the code that each protocol's services use; all are retried by the SDKs.
fn throttled(call: &ApiCall) -> ApiError {
    let code = match call.protocol {
        Protocol::Rest => {
            return ApiError::new("SlowDown", "Please reduce your request rate.").with_status(503);
        }
        Protocol::Query | Protocol::Cbor | Protocol::Json10 => "Throttling",
        Protocol::Json11 | Protocol::RestJson => "ThrottlingException",
    };
    ApiError::new(code, "Rate exceeded")
}

fn outage(call: &ApiCall) -> ApiError {
    match call.protocol {
        Protocol::Json11 => {
            ApiError::new("ServerException", "Service Unavailable. Please try again later.").with_status(503)
        }
        _ => ApiError::new("ServiceUnavailable", "Service Unavailable. Please try again later.")
            .with_status(503),
    }
}

fn denied(world: &World, call: &ApiCall) -> ApiError {
    let caller = match caller::principal(world, call) {
        Ok(principal) => principal.arn(world),
        Err(error) => return error,
    };
    let message = format!(
        "User: {caller} is not authorized to perform: {}:{} with an explicit deny in a service control policy",
        call.service, call.operation
    );
    caller::denial(ApiError::new("AccessDenied", message), call.protocol)
}
