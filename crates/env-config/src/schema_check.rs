//! Checks a file against the JSON Schema of its type, and reports everything that does not fit.
//!
//! Deserialising would stop at the first mistake; and with the schema as judge, the tool and the editors that use the same
//! schema agree. Understands the part of JSON Schema that `schemars` writes for the types of this crate.

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use crate::{document::Document, error::Problem, names};

/// Everything in the document that the schema does not allow.
pub(crate) fn check(document: &Document<'_>, schema: &Value) -> Vec<Problem> {
    let mut checker = Checker { document, root: schema, problems: Vec::new() };
    checker.table(document.root(), 0..0, schema, "");
    checker.problems
}

struct Checker<'a> {
    document: &'a Document<'a>,
    root: &'a Value,
    problems: Vec<Problem>,
}

type Span = std::ops::Range<usize>;

impl<'a> Checker<'a> {
    /// Follows `$ref`, and drops the `null` that stands for "may be left out".
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        if let Some(name) =
            schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"))
        {
            return self
                .root
                .get("$defs")
                .and_then(|defs| defs.get(name))
                .map_or(schema, |found| self.resolve(found));
        }
        let alternatives = schema.get("anyOf").and_then(Value::as_array);
        let mut present =
            alternatives.into_iter().flatten().filter(|one| one.get("type") != Some(&Value::from("null")));
        match (present.next(), present.next()) {
            (Some(only), None) => self.resolve(only),
            _ => schema,
        }
    }

    fn push(&mut self, span: Span, message: String, label: &str, help: Option<String>) {
        self.problems.push(self.document.problem(span, message, label, help));
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: &'a Value, path: &str) {
        let schema = self.resolve(schema);
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            return self.any_of(value, schema, alternatives, path);
        }
        let expected = types(schema);
        let found = type_name(value.get_ref());
        if !expected.is_empty() && !expected.contains(&found) {
            let message = format!("`{path}` is {}, expected {}", article(found), article(expected[0]));
            let listed: Vec<String> =
                allowed_texts(schema).iter().map(|text| format!("\"{text}\"")).collect();
            let help = match listed[..] {
                [] => describe(schema).map(|text| format!("expected {text}")),
                _ => Some(format!("allowed: {}", listed.join(", "))),
            };
            return self.push(value.span(), message, "wrong type", help);
        }
        match value.get_ref() {
            // A table in which everything is allowed.
            DeValue::Table(_) if *schema == Value::Bool(true) => {}
            DeValue::Table(table) => self.table(table, value.span(), schema, path),
            DeValue::Array(items) => {
                self.length(items.len(), ("minItems", "maxItems"), "entries", value.span(), schema, path);
                if let Some(item_schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.value(item, item_schema, &format!("{path}[{index}]"));
                    }
                }
            }
            DeValue::String(text) => self.text(text, value.span(), schema, path),
            DeValue::Integer(number) => self.integer(number, value.span(), schema, path),
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
        }
    }

    /// Alternatives: the one of the value's type decides; among several of that type one has to fit.
    fn any_of(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        schema: &'a Value,
        alternatives: &'a [Value],
        path: &str,
    ) {
        let found = type_name(value.get_ref());
        let candidates: Vec<&Value> = alternatives
            .iter()
            .map(|one| self.resolve(one))
            .filter(|one| types(one).contains(&found))
            .collect();
        if let [only] = candidates[..] {
            return self.value(value, only, path);
        }
        let fits = candidates.iter().any(|candidate| {
            let mut trial = Checker { document: self.document, root: self.root, problems: Vec::new() };
            trial.value(value, candidate, path);
            trial.problems.is_empty()
        });
        if !fits {
            let allowed: Vec<&str> = alternatives.iter().flat_map(allowed_texts).collect();
            let help = value.get_ref().as_str().and_then(|text| closest(text, &allowed));
            let help = help.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            let all = format!("{help}allowed: {}", describe(schema).unwrap_or_default());
            self.push(
                value.span(),
                format!("`{path}`: {} is not allowed here", show(value)),
                "not allowed",
                Some(all),
            );
        }
    }

    fn table(&mut self, table: &DeTable<'_>, span: Span, schema: &'a Value, path: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let place = if path.is_empty() { "at the top".to_owned() } else { format!("in `{path}`") };
        let mut misspelt = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if let Some(found) = properties.and_then(|all| all.get(name)) {
                self.value(value, found, &below);
            } else if let Some(patterns) = patterns {
                self.entry(key, value, patterns, &below);
            } else {
                let known: Vec<&str> =
                    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                let near = closest(name, &known);
                misspelt.extend(near);
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let help = format!("{near}allowed: {}", known.join(", "));
                self.push(key.span(), format!("unknown key `{name}` {place}"), "not known here", Some(help));
            }
        }
        let required =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let missing = required
            .filter(|name| !table.keys().any(|key| key.get_ref() == name) && !misspelt.contains(name));
        for name in missing {
            let property = properties.and_then(|all| all.get(name));
            let help = property.and_then(|property| property.get("description")).and_then(Value::as_str);
            let help = help.map(|text| format!("`{name}`: {}", one_line(text)));
            self.push(span.clone(), format!("missing key `{name}` {place}"), "missing here", help);
        }
    }

    /// An entry of a map whose keys are names.
    fn entry(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        patterns: &'a Map<String, Value>,
        path: &str,
    ) {
        let name: &str = key.get_ref();
        match patterns.iter().find(|(pattern, _)| matches(pattern, name)) {
            Some((_, schema)) => self.value(value, schema, path),
            None => {
                let expected = patterns.keys().find_map(|pattern| names::expected_for_key(pattern));
                let help = expected.map(|text| format!("expected {text}"));
                self.push(key.span(), format!("`{name}` is not a valid name"), "not allowed", help);
            }
        }
    }

    fn text(&mut self, text: &str, span: Span, schema: &'a Value, path: &str) {
        let allowed = allowed_texts(schema);
        if !allowed.is_empty() {
            if !allowed.contains(&text) {
                let near = closest(text, &allowed)
                    .map(|near| format!("did you mean `{near}`? "))
                    .unwrap_or_default();
                let all = match describe(schema) {
                    Some(description) if allowed.len() > 20 => description,
                    _ => allowed.join(", "),
                };
                let help = format!("{near}allowed: {all}");
                self.push(span, format!("`{path}`: `{text}` is not allowed"), "not allowed", Some(help));
            }
            return;
        }
        let too_long = limit(schema, "maxLength").is_some_and(|most| text.chars().count() as i128 > most);
        let too_short =
            limit(schema, "minLength").is_some_and(|least| (text.chars().count() as i128) < least);
        let mismatch =
            schema.get("pattern").and_then(Value::as_str).is_some_and(|pattern| !matches(pattern, text));
        if too_long || too_short || mismatch {
            let help = describe(schema).map(|description| format!("expected {description}"));
            let help = match limit(schema, "minLength") {
                Some(least) if too_short => Some(format!("expected at least {least} characters")),
                _ => help,
            };
            self.push(span, format!("`{path}`: `{text}` is not valid"), "not valid", help);
        }
    }

    fn integer(&mut self, number: &DeInteger<'_>, span: Span, schema: &'a Value, path: &str) {
        let Ok(value) = i128::from_str_radix(number.as_str(), number.radix()) else { return };
        let allowed: Vec<i128> = schema
            .get("enum")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .map(i128::from)
            .collect();
        let help = if !allowed.is_empty() {
            let all: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            (!allowed.contains(&value)).then(|| format!("allowed: {}", all.join(", ")))
        } else if let Some(step) = limit(schema, "multipleOf").filter(|step| value % step != 0) {
            Some(format!("allowed: multiples of {step}"))
        } else {
            match (limit(schema, "minimum"), limit(schema, "maximum")) {
                (Some(least), Some(most)) if value < least || value > most => {
                    Some(format!("allowed: {least} to {most}"))
                }
                (Some(least), None) if value < least => Some(format!("allowed: {least} or more")),
                _ => None,
            }
        };
        if help.is_some() {
            self.push(span, format!("`{path}`: {value} is not allowed"), "not allowed", help);
        }
    }

    fn length(
        &mut self,
        count: usize,
        keys: (&str, &str),
        what: &str,
        span: Span,
        schema: &'a Value,
        path: &str,
    ) {
        let (least, most) = (limit(schema, keys.0).unwrap_or(0), limit(schema, keys.1));
        if (count as i128) < least || most.is_some_and(|most| count as i128 > most) {
            let help = match most {
                Some(most) => format!("allowed: {least} to {most} {what}"),
                None => format!("allowed: {least} or more {what}"),
            };
            self.push(span, format!("`{path}` has {count} {what}"), "not allowed", Some(help));
        }
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

fn limit(schema: &Value, key: &str) -> Option<i128> {
    schema.get(key).and_then(Value::as_f64).map(|number| number as i128)
}

fn describe(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(one_line)
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// Names of the TOML types that the schema allows; empty when it allows any.
fn types(schema: &Value) -> Vec<&str> {
    let stated: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect()
        }
        _ if !allowed_texts(schema).is_empty() => vec!["string"],
        _ => Vec::new(),
    };
    stated
}

/// The texts that the schema lists, as `enum` or as `oneOf` constants.
fn allowed_texts(schema: &Value) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let constants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().flat_map(|one| {
        let constant = one.get("const").and_then(Value::as_str);
        constant
            .into_iter()
            .chain(one.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str))
    });
    listed.chain(constants).collect()
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

/// The type in words of TOML.
fn article(name: &str) -> &str {
    match name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a fraction",
        "boolean" => "true or false",
        "date" => "a date",
        "array" => "an array",
        "object" => "a table",
        other => other,
    }
}

fn show(value: &Spanned<DeValue<'_>>) -> String {
    value
        .get_ref()
        .as_str()
        .map_or_else(|| article(type_name(value.get_ref())).to_owned(), |text| format!("`{text}`"))
}

/// The known word nearest to the text, if it is near enough to be a slip of the finger.
pub(crate) fn closest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(text, word), *word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min()
        .map(|(_, word)| word)
}
