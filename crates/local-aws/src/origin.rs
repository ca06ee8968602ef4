//! Who may call the APIs and the control endpoints: programs of this machine, no page in its browser.
//!
//! A page cannot choose its `Host` and `Origin`. A name that resolves to the loopback address (DNS rebinding) shows in
//! the one, a request across origins in the other.

use hyper::http::request::Parts;

/// Why a request to an API or a control endpoint is refused, if it is.
pub(crate) fn refusal(head: &Parts) -> Option<String> {
    let host = crate::request::host(&head.headers);
    if !is_loopback(host) {
        return Some(format!(
            "Host {host:?} is no name of the loopback interface; call http://127.0.0.1 or http://localhost"
        ));
    }
    let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(origin) = header("origin") {
        let own = header("host").is_some_and(|host| origin == format!("http://{host}"));
        if !own {
            return Some(format!(
                "Origin {origin:?} is another one than the server's; a web page may not call it"
            ));
        }
    }
    header("sec-fetch-site").filter(|site| !matches!(*site, "same-origin" | "none")).map(|site| {
        format!("Sec-Fetch-Site {site:?} is a call of another origin; a web page may not call it")
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
