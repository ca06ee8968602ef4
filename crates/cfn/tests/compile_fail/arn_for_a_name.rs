//! A cluster's ARN where a service wants its name.

use cfn::Template;
use cfn::ecs::Cluster;
use cfn::kind::ClusterName;

#[derive(Debug, Clone, serde::Serialize)]
struct Env;
impl cfn::Stack for Env {}

fn main() {
    let mut template = Template::<Env>::new("staging", "", Vec::new());
    let cluster = template.add("Cluster", Cluster { cluster_name: "main".into(), cluster_settings: Vec::new() });
    let _name: cfn::Value<Env, ClusterName> = cluster.arn();
}
