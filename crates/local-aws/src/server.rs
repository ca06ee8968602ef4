//! The HTTP server: reads requests, asks the account, writes answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use rollout_sim::ApiError;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::account::Account;
use crate::disruption::Treatment;
use crate::protocol::Answer;
use crate::{control, origin, request, traffic};

/// Largest request body; the largest that AWS takes here is a 1 MB policy or template.
const MAX_BODY: usize = 8 << 20;

/// How long requests that are open at the end have.
const OPEN_REQUESTS: Duration = Duration::from_secs(2);

/// The account, shared by all connections. Calls are short and purely computational, so one lock serves.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<Account>>);

impl Shared {
    pub(crate) fn new(account: Account) -> Self {
        Self(Arc::new(Mutex::new(account)))
    }

    /// A panic in a call leaves a world that may be half changed; serving on is the smaller harm.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop` fires, then lets the open requests finish.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, mut stop: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that failed before it began concerns its client only.
                if let Ok((stream, _)) = accepted {
                    connect(stream, &shared, &graceful);
                }
            }
            _ = &mut stop => break,
        }
    }
    // A client that never ends its request does not keep the server.
    let _ = tokio::time::timeout(OPEN_REQUESTS, graceful.shutdown()).await;
}

fn connect(stream: TcpStream, shared: &Shared, graceful: &GracefulShutdown) {
    // Answers are small and awaited one by one: without this each waits for the client's delayed ACK.
    let _ = stream.set_nodelay(true);
    let shared = shared.clone();
    let service = service_fn(move |request| answer(shared.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // The client went away in the middle: nobody is left to tell.
        let _ = connection.await;
    });
}

/// The connection is to break without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken on purpose")]
struct Broken;

/// The answer, dated by the account's own clock as AWS dates its answers by its own (RFC 9110, section 6.6.1).
async fn answer(shared: Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Broken> {
    let mut answer = answer_undated(&shared, request).await?;
    let now = Duration::from_secs_f64(shared.lock().world().now().as_epoch_secs().max(0.0));
    if let Ok(date) = httpdate::fmt_http_date(UNIX_EPOCH + now).parse() {
        answer.headers_mut().insert(hyper::header::DATE, date);
    }
    Ok(answer)
}

async fn answer_undated(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Ok(response(control::problem(413, &error.to_string()))),
    };
    let path = head.uri.path();
    let endpoint = path.strip_prefix("/_local/");
    let call = match endpoint {
        Some(_) => None,
        None => request::api_call(&head.method, &head.headers, &head.uri, &body),
    };
    if let Some(detail) = origin::refusal(&head).filter(|_| endpoint.is_some() || call.is_some()) {
        return Ok(response(control::problem(403, &detail)));
    }
    let answer = if let Some(endpoint) = endpoint {
        control::answer(&mut shared.lock(), &head.method, endpoint, &body)
    } else {
        match call {
            Some(Ok(call)) => return treated(shared, call),
            Some(Err(malformed)) => {
                let request_id = shared.lock().next_request_id();
                malformed.protocol.error(malformed.service, &request_id, &malformed.error)
            }
            None => traffic::answer(&mut shared.lock(), &head),
        }
    };
    Ok(response(answer))
}

/// An API call with what is planned to become of it.
fn treated(shared: &Shared, call: request::ApiCall) -> Result<Response<Full<Bytes>>, Broken> {
    let mut account = shared.lock();
    match account.treatment() {
        Treatment::Answer => Ok(response(api(&mut account, call))),
        Treatment::Break => {
            api(&mut account, call);
            Err(Broken)
        }
        Treatment::Refuse(error) => {
            let request_id = account.next_request_id();
            Ok(response(call.protocol.error(Some(call.service), &request_id, &error)))
        }
    }
}

fn api(account: &mut Account, call: request::ApiCall) -> Answer {
    let (protocol, service) = (call.protocol, call.service);
    account.call(call).unwrap_or_else(|error| {
        let request_id = account.next_request_id();
        let failure = ApiError::new("InternalFailure", chain(&error)).with_status(500);
        protocol.error(Some(service), &request_id, &failure)
    })
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(answer.body))).unwrap_or_else(|error| {
        // A header that cannot be sent, such as a line break in a simulated answer.
        let mut response = Response::new(Full::new(Bytes::from(error.to_string())));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// An error with its sources, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Where a server listens.
pub(crate) async fn bind(addr: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
