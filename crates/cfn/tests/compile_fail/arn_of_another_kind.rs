//! A target group's ARN where a listener wants its load balancer's.

use cfn::elbv2::Listener;
use cfn::kind::TargetGroupArn;
use cfn::{Template, Value};

#[derive(Debug, Clone, serde::Serialize)]
struct Env;
impl cfn::Stack for Env {}

fn main() {
    let mut template = Template::<Env>::new("staging", "", Vec::new());
    let target_group: Value<Env, TargetGroupArn> = Value::literal("arn");
    template.add(
        "Listener",
        Listener {
            certificates: Vec::new(),
            default_actions: Vec::new(),
            load_balancer_arn: target_group,
            port: 80,
            protocol: "HTTP",
            ssl_policy: None,
        },
    );
}
