//! `graph`: what depends on what in a template, as Graphviz or Mermaid text.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::Value;

use crate::failure::Failure;
use crate::project::Project;
use crate::{output, templates};

/// Arguments of `graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Environment, or `shared`
    stack: String,
    /// Text to print
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Graphviz: `| dot -Tsvg`
    Dot,
    /// Mermaid: renders in a Markdown file on GitHub
    Mermaid,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let rendered = templates::one(&project.config()?, &args.stack)?;
    output::data(&draw(rendered.stack_name(), rendered.json(), args.format))
}

fn draw(stack: &str, template: &Value, format: Format) -> String {
    let none = serde_json::Map::new();
    let resources = template["Resources"].as_object().unwrap_or(&none);
    let mut lines = vec![match format {
        Format::Dot => {
            format!("digraph \"{stack}\" {{\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"];")
        }
        Format::Mermaid => "flowchart LR".to_owned(),
    }];
    for (id, resource) in resources {
        let kind = resource["Type"].as_str().unwrap_or_default().trim_start_matches("AWS::");
        lines.push(match format {
            Format::Dot => format!("  {id} [label=\"{id}\\n{kind}\"];"),
            Format::Mermaid => format!("  {id}[\"{id}<br/>{kind}\"]"),
        });
    }
    for (id, resource) in resources {
        let mut used = BTreeSet::new();
        collect_references(resource, &mut used);
        for target in used.iter().filter(|target| resources.contains_key(**target) && *target != id) {
            lines.push(match format {
                Format::Dot => format!("  {id} -> {target};"),
                Format::Mermaid => format!("  {id} --> {target}"),
            });
        }
    }
    if format == Format::Dot {
        lines.push("}".to_owned());
    }
    lines.join("\n") + "\n"
}

/// Logical ids and parameters that `value` refers to: `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`.
fn collect_references<'a>(value: &'a Value, used: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                match (key.as_str(), inner) {
                    ("Ref" | "DependsOn", Value::String(id)) => {
                        used.insert(id);
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => used.extend(parts.first().and_then(Value::as_str)),
                    ("DependsOn", Value::Array(ids)) => used.extend(ids.iter().filter_map(Value::as_str)),
                    ("Fn::Sub", Value::String(text)) => used.extend(names_in_sub(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        used.extend(parts.first().and_then(Value::as_str).into_iter().flat_map(names_in_sub));
                        parts.iter().for_each(|part| collect_references(part, used));
                    }
                    _ => collect_references(inner, used),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, used)),
        _ => {}
    }
}

/// The names in `${Name}` and `${Name.Attribute}`; `${!Literal}` is none.
fn names_in_sub(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split(['}', '.']).next()?;
        (!name.starts_with('!')).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_reference_is_an_arrow() {
        let template = json!({"Resources": {
            "A": {"Type": "AWS::S3::Bucket"},
            "B": {"Type": "AWS::SNS::Topic", "DependsOn": "A"},
            "C": {"Type": "AWS::ECS::Service", "Properties": {
                "X": {"Ref": "A"}, "Y": {"Fn::GetAtt": ["B", "Arn"]}, "Z": {"Fn::Sub": "${D.Arn}/${!E}/${Parameter}"},
            }},
            "D": {"Type": "AWS::IAM::Role"},
        }});
        assert_eq!(
            draw("Stack", &template, Format::Mermaid),
            "flowchart LR\n  A[\"A<br/>S3::Bucket\"]\n  B[\"B<br/>SNS::Topic\"]\n  C[\"C<br/>ECS::Service\"]\n  \
             D[\"D<br/>IAM::Role\"]\n  B --> A\n  C --> A\n  C --> B\n  C --> D\n"
        );
    }
}
