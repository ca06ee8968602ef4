//! Which exports of other stacks an expression imports.

use std::collections::BTreeSet;

use serde_json::Value;

use super::eval::Scope;
use super::expr::Expr;

impl Expr {
    /// Adds the names of the exports that this expression imports in `scope`. Only the branch of an `Fn::If` that its
    /// condition chooses imports anything.
    pub(in crate::cfn) fn imports(&self, scope: &dyn Scope, names: &mut BTreeSet<String>) {
        match self {
            Self::ImportValue(name) => {
                if let Ok(Value::String(name)) = name.eval(scope) {
                    names.insert(name);
                }
            }
            Self::If(condition, yes, no) => match scope.condition(condition) {
                Ok(true) => yes.imports(scope, names),
                Ok(false) => no.imports(scope, names),
                Err(_) => {}
            },
            Self::Literal(_) | Self::Ref(_) | Self::GetAtt(..) | Self::Condition(_) => {}
            Self::Object(entries) => entries.iter().for_each(|(_, entry)| entry.imports(scope, names)),
            Self::List(items) | Self::Concat(items) | Self::And(items) | Self::Or(items) => {
                items.iter().for_each(|item| item.imports(scope, names));
            }
            Self::Select(a, b)
            | Self::Equals(a, b)
            | Self::EachMemberIn(a, b)
            | Self::EachMemberEquals(a, b) => {
                a.imports(scope, names);
                b.imports(scope, names);
            }
            Self::FindInMap(keys, default) => {
                keys.iter().for_each(|key| key.imports(scope, names));
                if let Some(default) = default {
                    default.imports(scope, names);
                }
            }
            Self::Cidr(arguments) => arguments.iter().for_each(|argument| argument.imports(scope, names)),
            Self::Join(_, inner)
            | Self::Split(_, inner)
            | Self::Base64(inner)
            | Self::GetAzs(inner)
            | Self::ToJsonString(inner)
            | Self::Length(inner)
            | Self::Not(inner) => inner.imports(scope, names),
        }
    }
}
