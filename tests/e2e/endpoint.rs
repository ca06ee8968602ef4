//! An address between the tool and AWS at which calls go wrong: what proxies, load balancers, networks and AWS's own front
//! doors do to them. Behind it is the local AWS; the tool reaches it as it reaches AWS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deploy_ops::origin::Origin;
use deploy_ops::prepare;
use deploy_ops::secrets::enter::{self, Input, Wanted};
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::{LOCAL_STATE, Target};
use env_config::Config;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use local_aws::{Control, LocalAws};
use tokio::net::{TcpListener, TcpStream};

use super::scene::{Scene, close, silent};

/// What becomes of a call.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// AWS answers it.
    Answered,
    /// It never reaches AWS: this status, media type and body come back.
    Instead(u16, &'static str, String),
    /// It never reaches AWS, and an answer comes back that looks like AWS's.
    Forged(String),
    /// It is done, and the connection breaks before the answer.
    Lost,
    /// It is never answered.
    Silence,
    /// It is answered, and the answer's text is changed on the way.
    Changed(fn(&str) -> String),
}

/// A page that a load balancer in front of an API writes.
pub(crate) fn html(status: u16) -> Fate {
    let page = format!("<html><head><title>{status}</title></head><body>Try again</body></html>");
    Fate::Instead(status, "text/html", page)
}

/// Decides by operation what becomes of a call; `control` tells AWS's time and what is there.
pub(crate) type Decide = dyn Fn(&Control, &str) -> Fate + Send + Sync;

/// Serves on a port of the loopback interface until the runtime ends; answers its address.
async fn serve(behind: SocketAddr, control: Control, decide: Arc<Decide>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (control, decide) = (control.clone(), decide.clone());
            let service = service_fn(move |request| answer(behind, control.clone(), decide.clone(), request));
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    format!("http://{address}")
}

async fn answer(
    behind: SocketAddr,
    control: Control,
    decide: Arc<Decide>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let named = named(&head, &body);
    let fate = decide(&control, &named);
    match fate {
        Fate::Instead(status, media_type, text) => {
            let answer = Response::builder().status(status).header("content-type", media_type);
            Ok(answer.body(Full::new(Bytes::from(text))).unwrap())
        }
        Fate::Forged(text) => {
            let answer = Response::builder().header("x-amzn-requestid", "forged");
            Ok(answer.body(Full::new(Bytes::from(text))).unwrap())
        }
        Fate::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Err(std::io::ErrorKind::TimedOut.into())
        }
        Fate::Lost => {
            pass_on(behind, head, body).await;
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
        Fate::Answered => Ok(pass_on(behind, head, body).await),
        Fate::Changed(change) => {
            let (mut parts, body) = pass_on(behind, head, body).await.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let text = change(&String::from_utf8_lossy(&body));
            parts.headers.remove("content-length");
            Ok(Response::from_parts(parts, Full::new(Bytes::from(text))))
        }
    }
}

/// Operation of a request, as its protocol names it.
fn named(head: &hyper::http::request::Parts, body: &[u8]) -> String {
    if let Some(target) = head.headers.get("x-amz-target") {
        return target.to_str().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned();
    }
    if let Some((_, operation)) = head.uri.path().split_once("/operation/") {
        return operation.to_owned();
    }
    let text = String::from_utf8_lossy(body);
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or("REST").to_owned()
}

async fn pass_on(
    behind: SocketAddr,
    head: hyper::http::request::Parts,
    body: Bytes,
) -> Response<Full<Bytes>> {
    let stream = TcpStream::connect(behind).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::from_parts(head, Full::new(body));
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, Full::new(body))
}

impl Scene {
    /// Brings what a caller finds for whom nothing is made up: images of the commit that is checked out, entered secrets.
    pub(crate) async fn build(&self, environment: &str) {
        let session = self.session(environment, &[]).await;
        let file = self.root().join("oauth.json");
        std::fs::write(&file, r#"{"client_id": "entered-id-7", "client_secret": "entered-secret-1234"}"#)
            .unwrap();
        let wanted = Wanted::find(&session, "oauth", None).unwrap();
        enter::set(&session, &wanted, &Input::File(file), false).await.unwrap();
        let commit = self.git(&["rev-parse", "HEAD"]).trim().parse().unwrap();
        prepare::images(&session, &commit, None).await.unwrap();
        close(session).await;
    }

    /// A command on an environment of the local account, which it reaches as AWS is reached: at an address where calls go
    /// wrong as `decide` says, from a machine whose clock is `ahead_secs` ahead of AWS's. Its own tags and images are there.
    pub(crate) async fn through(
        &self,
        environment: &str,
        ahead_secs: f64,
        decide: impl Fn(&Control, &str) -> Fate + Send + Sync + 'static,
    ) -> EnvironmentSession {
        let config = Config::load(self.root()).unwrap();
        let platform = &config.platform;
        let place = local_aws::Options::new(platform.account_id.as_str(), platform.region.as_str());
        let local = LocalAws::open(&self.root().join(LOCAL_STATE), &place).unwrap();
        let running = local.start().await.unwrap();
        running.control().remove_fault(None).unwrap();
        let behind = running.endpoint_url().trim_start_matches("http://").parse().unwrap();
        let endpoint = serve(behind, running.control(), Arc::new(decide)).await;
        let target = Target::through(&config, running, &endpoint, ahead_secs).await.unwrap();
        let environment = config.environment(environment).unwrap().clone();
        let report = silent(target.clock.clone());
        let mut session = Session::connected(self.root().to_owned(), config, target, report);
        session.origin = Origin::new("ana", "laptop");
        EnvironmentSession { session, environment }
    }
}
