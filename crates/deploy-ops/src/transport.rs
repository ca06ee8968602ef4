//! What every request to an API of AWS goes through: bounded in bytes, given up after Ctrl-C, and the source of AWS's time.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use http_body_util::Limited;

use crate::clock::{Clock, Moment, Offset};
use crate::interrupt::Interrupt;

/// Longest answer that is read, in bytes. The longest that AWS gives to what is asked here is a template of 1 MB, in JSON,
/// twice escaped.
const LONGEST_ANSWER: usize = 16 << 20;

/// How long an open request may take after Ctrl-C.
const AFTER_INTERRUPT: Duration = Duration::from_secs(5);

/// An HTTP client around another one.
#[derive(Clone)]
pub(crate) struct Transport {
    /// The client that sends.
    pub(crate) inner: SharedHttpClient,
    /// Ctrl-C.
    pub(crate) interrupt: Interrupt,
    /// The machine's clock, and where its difference from AWS's is noted; `None` where the clock is AWS's own.
    pub(crate) machine: Option<(Arc<dyn Clock>, Offset)>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Transport").field(&self.inner).finish()
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            inner,
            interrupt: self.interrupt.clone(),
            machine: self.machine.clone(),
        })
    }
}

struct Connector {
    inner: SharedHttpConnector,
    interrupt: Interrupt,
    machine: Option<(Arc<dyn Clock>, Offset)>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connector").field(&self.inner).finish()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.inner.call(request);
        let (interrupt, machine) = (self.interrupt.clone(), self.machine.clone());
        HttpConnectorFuture::new(async move {
            let given_up = async {
                interrupt.wait().await;
                tokio::time::sleep(AFTER_INTERRUPT).await;
            };
            let answer = tokio::select! {
                biased;
                answer = answer => answer?,
                () = given_up => return Err(ConnectorError::user("interrupted before AWS answered".into())),
            };
            // What stands in front of AWS, or instead of it, has a clock of its own, and its success is none.
            if is_of_aws(&answer) {
                if let (Some((clock, offset)), Some(date)) = (machine, date(&answer)) {
                    offset.note(clock.now(), date);
                }
            } else if answer.status().is_success() {
                let status = answer.status().as_u16();
                return Err(ConnectorError::io(
                    format!("somebody else than AWS answers (HTTP {status} without a request id)").into(),
                ));
            }
            Ok(answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, LONGEST_ANSWER))))
        })
    }
}

/// Whether an answer has the id that every API of AWS gives to a request (aws-types, `RequestId`).
fn is_of_aws(answer: &HttpResponse) -> bool {
    ["x-amzn-requestid", "x-amz-request-id"].iter().any(|name| answer.headers().get(*name).is_some())
}

/// When AWS answered, to the second (RFC 9110, section 6.6.1).
fn date(answer: &HttpResponse) -> Option<Moment> {
    let date = DateTime::from_str(answer.headers().get("date")?, Format::HttpDate).ok()?;
    Some(Moment::from_epoch_secs(date.as_secs_f64()))
}
