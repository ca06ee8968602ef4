//! Downloads from addresses that AWS hands out.

use std::time::Duration;

use crate::target::Front;

impl Front {
    /// What is at `url`, up to `limit` bytes; what went wrong, in words, without the address, which carries a
    /// signature.
    pub(crate) async fn download(self, url: &str, limit: usize) -> Result<Vec<u8>, String> {
        // Fails where another part of the process has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let text = |error: reqwest::Error| error.without_url().to_string();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none());
        let request = match self {
            Self::Public => client.https_only(true).build().map_err(text)?.get(url),
            Self::At(address) => {
                let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let client = client.no_proxy().build().map_err(text)?;
                client.get(format!("http://{address}/{path}")).header("host", host)
            }
        };
        let mut answer = request.send().await.and_then(reqwest::Response::error_for_status).map_err(text)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(text)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > limit {
                return Err(format!("more than {limit} bytes"));
            }
        }
        Ok(bytes)
    }
}
