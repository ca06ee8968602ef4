//! `${{ … }}`: the part of GitHub's expressions that the workflows use. What it does not know is an error.
//! <https://docs.github.com/actions/reference/workflows-and-actions/expressions>

use serde_json::{Map, Value};

/// What an expression may look at.
#[derive(Debug, Clone, Default)]
pub(super) struct Contexts {
    /// `github`, `inputs`, `needs`, `steps`, `env`, `runner`, `jobs`: a name that is not there is an error.
    pub values: Map<String, Value>,
    /// Whether everything before went well: `success()`.
    pub success: bool,
}

impl Contexts {
    /// With this context as well.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Text with expressions in it; a text that is one expression has that expression's value.
    pub(super) fn interpolate(&self, text: &str) -> Result<Value, String> {
        if let Some(inner) = text.trim().strip_prefix("${{")
            && let Some(inner) = inner.strip_suffix("}}")
            && !inner.contains("}}")
        {
            return self.evaluate(inner);
        }
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (inner, after) =
                after.split_once("}}").ok_or_else(|| format!("{text}: no closing braces"))?;
            result.push_str(before);
            result.push_str(&to_text(&self.evaluate(inner)?));
            rest = after;
        }
        Ok(Value::String(result + rest))
    }

    /// Whether the condition of a job or step holds. Without a status function it asks for success as well.
    pub(super) fn condition(&self, condition: Option<&Value>) -> Result<bool, String> {
        let Some(condition) = condition.filter(|condition| !condition.is_null()) else {
            return Ok(self.success);
        };
        let Value::String(text) = condition else { return Ok(truthy(condition) && self.success) };
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix("${{").and_then(|inner| inner.strip_suffix("}}")).unwrap_or(trimmed);
        let asks =
            ["success()", "failure()", "always()", "cancelled()"].iter().any(|name| inner.contains(name));
        Ok(truthy(&self.evaluate(inner)?) && (asks || self.success))
    }

    fn evaluate(&self, text: &str) -> Result<Value, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { contexts: self, tokens: &tokens, at: 0 };
        let value = parser.or()?;
        match parser.tokens.get(parser.at) {
            None => Ok(value),
            Some(token) => Err(format!("{text}: unexpected {token:?}")),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Name(String),
    Mark(&'static str),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (value, after) =
                quoted.split_once('\'').ok_or_else(|| format!("{text}: no closing quote"))?;
            found.push(Token::Text(value.to_owned()));
            rest = after;
        } else if let Some(mark) =
            ["==", "!=", "&&", "||", "!", "(", ")", ".", ","].into_iter().find(|mark| rest.starts_with(mark))
        {
            found.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
        } else {
            let end = rest.find(|c| !name(c)).unwrap_or(rest.len());
            if end == 0 {
                return Err(format!("{text}: unknown character at {rest:?}"));
            }
            found.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(found)
}

struct Parser<'a> {
    contexts: &'a Contexts,
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn takes(&mut self, mark: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Mark(it)) if *it == mark);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Value, String> {
        let mut left = self.and()?;
        while self.takes("||") {
            let right = self.and()?;
            left = if truthy(&left) { left } else { right };
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Value, String> {
        let mut left = self.equality()?;
        while self.takes("&&") {
            let right = self.equality()?;
            left = if truthy(&left) { right } else { left };
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Value, String> {
        let left = self.unary()?;
        if self.takes("==") {
            return Ok(Value::Bool(equal(&left, &self.unary()?)?));
        }
        if self.takes("!=") {
            return Ok(Value::Bool(!equal(&left, &self.unary()?)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Value, String> {
        if self.takes("!") {
            return Ok(Value::Bool(!truthy(&self.unary()?)));
        }
        if self.takes("(") {
            let value = self.or()?;
            return if self.takes(")") { Ok(value) } else { Err("no closing parenthesis".to_owned()) };
        }
        let token = self.tokens.get(self.at).ok_or("the expression ends too early")?.clone();
        self.at += 1;
        match token {
            Token::Text(text) => Ok(Value::String(text)),
            Token::Name(name) if name == "true" || name == "false" => Ok(Value::Bool(name == "true")),
            Token::Name(name) if self.takes("(") => self.function(&name),
            Token::Name(name) => self.property(&name),
            Token::Mark(mark) => Err(format!("unexpected {mark}")),
        }
    }

    fn function(&mut self, name: &str) -> Result<Value, String> {
        let mut arguments = Vec::new();
        while !self.takes(")") {
            if !arguments.is_empty() && !self.takes(",") {
                return Err(format!("{name}: no comma between its arguments"));
            }
            arguments.push(self.or()?);
        }
        match (name, arguments.as_slice()) {
            ("success", []) => Ok(Value::Bool(self.contexts.success)),
            ("failure", []) => Ok(Value::Bool(!self.contexts.success)),
            ("always", []) => Ok(Value::Bool(true)),
            // `{0}`, `{1}`: nothing here writes a brace otherwise.
            ("format", [Value::String(text), values @ ..]) => {
                let filled = values.iter().enumerate().fold(text.clone(), |text, (index, value)| {
                    text.replace(&format!("{{{index}}}"), &to_text(value))
                });
                Ok(Value::String(filled))
            }
            _ => Err(format!("{name}() with {} arguments is not known", arguments.len())),
        }
    }

    /// `context.a.b`; a property that is not there is null, as on GitHub.
    fn property(&mut self, context: &str) -> Result<Value, String> {
        let contexts = &self.contexts.values;
        let mut value =
            contexts.get(context).ok_or_else(|| format!("there is no context {context:?} here"))?;
        while self.takes(".") {
            let Some(Token::Name(key)) = self.tokens.get(self.at) else {
                return Err(format!("{context}: no name after the dot"));
            };
            value = &value[key.as_str()];
            self.at += 1;
        }
        Ok(value.clone())
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Texts are equal whatever their case. Values of two kinds would be made numbers first: no workflow here means that,
/// but null, for a property that is not there, which equals the empty text.
fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Ok(left.eq_ignore_ascii_case(right)),
        (Value::Null, Value::String(text)) | (Value::String(text), Value::Null) => Ok(text.is_empty()),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Null, Value::Null) => Ok(true),
        _ => Err(format!("{left} and {right} are of two kinds")),
    }
}

/// A value within a text.
pub(super) fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn expressions_are_evaluated_as_github_does() {
    let contexts = Contexts { success: true, ..Contexts::default() }
        .with("github", serde_json::json!({ "event": { "release": { "prerelease": false } }, "sha": "abc" }))
        .with("steps", serde_json::json!({}));
    let value = |text: &str| contexts.interpolate(text).map(|value| value.to_string());
    assert_eq!(value("${{ !github.event.release.prerelease }}").unwrap(), "true");
    assert_eq!(
        value("ci-${{ github.event_name == 'push' && github.sha || github.ref }}").unwrap(),
        "\"ci-\""
    );
    assert_eq!(value("${{ steps.a.outputs.b || github.sha }}").unwrap(), "\"abc\"");
    assert_eq!(value("${{ 'A' == 'a' && (true || false) }}").unwrap(), "true");
    assert_eq!(value("${{ format('a-{0}-{1}', github.sha, 'b') }}").unwrap(), "\"a-abc-b\"");
    assert!(value("${{ secrets.TOKEN }}").unwrap_err().contains("no context"));
    assert!(value("${{ fromJSON('1') }}").unwrap_err().contains("not known"));
    let failed = Contexts { success: false, ..contexts.clone() };
    assert!(!failed.condition(Some(&Value::from("github.sha == 'abc'"))).unwrap(), "success() is implied");
    assert!(failed.condition(Some(&Value::from("always()"))).unwrap());
}
