//! The load balancer and its listeners. What is sent where is in `routing`.

use cfn::Handle;
use cfn::elbv2::{Action, Attribute, Certificate, FixedResponse, Listener, LoadBalancer, Redirect};
use cfn::kind::{CertificateArn, Text};

use crate::access_logs::access_logs;
use crate::network::Network;
use crate::scope::{Env, Options, Scope, Template, Value};
use crate::security::Security;

/// TLS 1.2 and 1.3 with forward secrecy, and post-quantum key exchange with clients that know it: what AWS recommends
/// (ALB guide, "Security policies").
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/// The load balancer and the listener that rules are added to.
pub(crate) struct Balancing {
    pub(crate) load_balancer: Handle<LoadBalancer<Env>>,
    pub(crate) https: Handle<Listener<Env>>,
}

pub(crate) fn load_balancer(
    t: &mut Template,
    scope: Scope<'_>,
    network: &Network,
    security: &Security,
    certificate: &Value<CertificateArn>,
) -> Balancing {
    let protected = scope.environment.protection.load_balancer;
    let attribute = |key, value: Value<Text>| Attribute { key, value };
    let mut attributes = vec![
        attribute("deletion_protection.enabled", protected.to_string().into()),
        attribute("routing.http.drop_invalid_header_fields.enabled", "true".into()),
    ];
    let mut options = Options::new().after(&network.attachment);
    if protected {
        let logs = access_logs(t, scope);
        attributes.push(attribute("access_logs.s3.enabled", "true".into()));
        attributes.push(attribute("access_logs.s3.bucket", logs.bucket.name().text()));
        options = options.after(&logs.policy);
    }
    let load_balancer = t.add_with(
        "LoadBalancer",
        LoadBalancer {
            load_balancer_attributes: attributes,
            name: scope.names.load_balancer(),
            scheme: "internet-facing",
            security_groups: vec![security.load_balancer.clone()],
            subnets: network.public.clone(),
        },
        options,
    );
    t.add(
        "HttpListener",
        Listener {
            certificates: Vec::new(),
            default_actions: vec![Action::Redirect {
                redirect_config: Redirect { port: "443", protocol: "HTTPS", status_code: "HTTP_301" },
            }],
            load_balancer_arn: load_balancer.arn(),
            port: 80,
            protocol: "HTTP",
            ssl_policy: None,
        },
    );
    let https = t.add(
        "HttpsListener",
        Listener {
            certificates: vec![Certificate { certificate_arn: certificate.clone() }],
            default_actions: vec![Action::FixedResponse {
                fixed_response_config: FixedResponse {
                    content_type: "text/plain",
                    message_body: "Not found",
                    status_code: "404",
                },
            }],
            load_balancer_arn: load_balancer.arn(),
            port: 443,
            protocol: "HTTPS",
            ssl_policy: Some(TLS_POLICY),
        },
    );
    Balancing { load_balancer, https }
}
